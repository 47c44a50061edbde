"""Small maps that show where stations or paths are: land and a graticule in an azimuthal projection."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import ArrayLike, NDArray
from pyproj import Proj

from ocean_core.geometry import EARTH_RADIUS, mean_position, wrap_longitude
from ocean_plotting.basemap.land import Land
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import COAST, LAND, MERIDIAN, MUTED, SEA

NARROWEST, WIDEST = 700.0, 5500.0  # km from the middle to the edge; wider: the whole world
STEPS = (1, 2, 5, 10, 15, 30, 45)  # degrees between lines of the graticule

Point = tuple[float, float]  # latitude and longitude, degrees
Points = NDArray[np.float64]


class LocatorProjection:
    """Projection of the map that `draw_locator_map` draws of points (latitude, longitude).

    It shows at least ``narrowest`` km from the middle to the edge.
    """

    def __init__(self, points: list[Point], narrowest: float = NARROWEST) -> None:
        latitude, longitude = np.array(points, dtype=float).T
        self.centre = mean_position(latitude, longitude)
        self._azimuthal = Proj(proj="laea", lat_0=self.centre[0], lon_0=self.centre[1], R=EARTH_RADIUS)
        radius = 1.6 * float(np.abs(self.project_azimuthal(latitude, longitude)).max())
        self.radius = max(radius, narrowest) if radius <= WIDEST else None  # km to the edge; None: the whole world

    def project(self, latitude: ArrayLike, longitude: ArrayLike) -> Points:
        """Project points, shape (n, 2): km from the centre, or degrees on a map of the world."""
        if self.radius is None:
            return np.stack([wrap_longitude(longitude), np.asarray(latitude, dtype=float)], axis=-1)
        return self.project_azimuthal(latitude, longitude)

    def project_azimuthal(self, latitude: ArrayLike, longitude: ArrayLike) -> Points:
        """Project points with Lambert's azimuthal equal-area projection, shape (n, 2): km, north up at the centre."""
        latitude, longitude = np.asarray(latitude, dtype=float), np.asarray(longitude, dtype=float)
        return np.stack(self._azimuthal(longitude, latitude), axis=-1)

    def project_land(self, land: Land) -> list[Points]:
        """Project the land; of a smaller map than the world, the rings that come near it.

        A ring around the antipode would turn inside out.
        """
        if self.radius is None:
            return land.rings
        projected = (self.project_azimuthal(ring[:, 1], ring[:, 0]) for ring in land.rings)
        nearest = max(2 * self.radius, 0.3 * EARTH_RADIUS)
        return [ring for ring in projected if np.hypot(*ring.T).min() < nearest]


def project_points(points: list[Point], mapped: list[Point] | None = None) -> Points:
    """Project points onto the map that `draw_locator_map` draws of them, or of ``mapped``, shape (n, 2)."""
    return LocatorProjection(mapped or points).project(*np.array(points, dtype=float).T)


def draw_locator_map(axes: Axes, points: list[Point], context: DrawContext, narrowest: float = NARROWEST) -> None:
    """Draw the surroundings of points (latitude, longitude), at least ``narrowest`` km from middle to edge."""
    projection = LocatorProjection(points, narrowest)
    width, height = (projection.radius, projection.radius) if projection.radius else (180.0, 90.0)
    axes.set(facecolor=SEA, aspect="equal", xlim=(-width, width), ylim=(-height, height))
    axes.grid(visible=False)
    rings = projection.project_land(context.land)
    axes.add_collection(PolyCollection(rings, facecolors=LAND, edgecolors=COAST, linewidths=0.6, zorder=1))
    _draw_graticule(axes, projection, context)


def add_map_over_list(
    figure: Figure,
    area: SubplotSpec,
    points: list[Point],
    *,
    narrowest: float = NARROWEST,
    most: float = 0.65,
    anchor: Literal["N", "NW"] = "NW",
) -> tuple[Axes, SubplotSpec, float]:
    """Divide a column into axes for the map of points, and an area for a list of them below.

    ``most``: of the column's height, for the map. Return the axes, the area and its height in inches.
    """
    height, width = 0.8 * figure.get_figheight(), area.get_position(figure).width * figure.get_figwidth()
    aspect = 1.0 if LocatorProjection(points, narrowest).radius else 2.0  # the world is twice as wide as it is high
    fraction = min(most, width / aspect / height)
    rows = area.subgridspec(2, 1, height_ratios=[fraction, 1 - fraction])
    return figure.add_subplot(rows[0], anchor=anchor), rows[1], (1 - fraction) * height


def _draw_graticule(axes: Axes, projection: LocatorProjection, context: DrawContext) -> None:
    """Draw meridians and parallels, labelled where they meet the lower and the left edge."""
    labels, sizes, middle, radius = context.labels, context.sizes, projection.centre, projection.radius
    half_width = 180.0 if radius is None else float(np.degrees(radius / EARTH_RADIUS))
    step = next((step for step in STEPS if step >= half_width / 2), STEPS[-1])
    # Meridians draw together towards the poles.
    wide = next((wide for wide in STEPS if wide >= step / max(np.cos(np.radians(middle[0])), 0.2)), STEPS[-1])
    wide = wide if radius else 90
    fine = np.linspace(-1, 1, 181)
    meridians = {
        degrees: projection.project(90 * fine, np.full(181, degrees)) for degrees in np.arange(-180.0, 180, wide)
    }
    around = middle[1] + 180 * fine if radius else 180 * fine
    parallels = {
        degrees: projection.project(np.full(181, degrees), around) for degrees in np.arange(-90.0 + step, 90, step)
    }
    lines = [*meridians.values(), *parallels.values()]
    axes.add_collection(LineCollection(lines, colors=MERIDIAN, linewidths=0.5, zorder=2))
    bottom, left = axes.get_ylim()[0], axes.get_xlim()[0]
    x = _find_crossings({degrees: line[:, ::-1] for degrees, line in meridians.items()}, bottom, axes.get_xlim())
    y = _find_crossings(parallels, left, axes.get_ylim())
    for degrees, line in parallels.items():
        lowest = line[np.argmin(line[:, 1])]
        if degrees not in y and np.abs(line).max() < (radius or 0):  # round a pole, within the map
            text = labels.latitude(degrees, 0)
            axes.annotate(text, lowest, fontsize=0.8 * sizes.small, color=MUTED, ha="center", va="center",
                          bbox={"facecolor": SEA, "edgecolor": "none", "pad": 1})  # fmt: skip
    axes.set_xticks(list(x.values()), [labels.longitude(degrees, 0) for degrees in x])
    axes.set_yticks(list(y.values()), [labels.latitude(degrees, 0) for degrees in y])
    axes.tick_params(labelsize=0.85 * sizes.small, length=2)


def _find_crossings(lines: dict[float, Points], edge: float, limits: tuple[float, float]) -> dict[float, float]:
    crossings = {degrees: _find_crossing(line, edge, limits) for degrees, line in lines.items()}
    return {degrees: crossing for degrees, crossing in crossings.items() if crossing is not None}


def _find_crossing(line: Points, edge: float, limits: tuple[float, float]) -> float | None:
    """Find where a line meets an edge of the map: its second coordinate there; None if outside the map."""
    across, along = line.T
    side, width = np.sign(across - edge), limits[1] - limits[0]
    for index in np.flatnonzero(side[1:] * side[:-1] <= 0):
        step = line[index + 1] - line[index]
        if np.abs(step).max() >= width:  # past the antipode, which is infinitely far
            continue
        crossing = float(along[index] + (edge - across[index]) / (step[0] or 1.0) * step[1])
        if limits[0] <= crossing <= limits[1]:
            return crossing
    return None
