"""A small map that says where something is: land, a graticule, nothing else to wait for."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import NDArray

from ocean_core.geometry import EARTH_RADIUS, mean_position, wrap_longitude
from ocean_plotting.basemap.land import Land
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import COAST, LAND, MERIDIAN, MUTED, SEA
from ocean_plotting.figure.projection import Point, azimuthal

NARROWEST, WIDEST = 700.0, 5500.0  # km from the middle to the edge; wider: the whole world
STEPS = (1, 2, 5, 10, 15, 30, 45)  # degrees between lines of the graticule

Points = NDArray[np.float64]


def positions(places: list[Point], among: list[Point] | None = None) -> Points:
    """Where places lie on the map that `draw_map` draws of them, or of others, shape (n, 2)."""
    return _project(np.array(places, dtype=float), among or places)


def draw_map(axes: Axes, places: list[Point], sheet: Sheet, narrowest: float = NARROWEST) -> None:
    """Draw the surroundings of places (latitude, longitude), as wide as it must be: ``narrowest`` km at least."""
    reach = _reach(places, narrowest)
    axes.set_facecolor(SEA)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    if reach is None:
        axes.set(xlim=(-180, 180), ylim=(-90, 90))
        rings = [np.asarray(ring, dtype=float) for ring in sheet.land.rings]
    else:
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
        rings = _near(sheet.land, mean_position(*np.array(places, dtype=float).T), reach)
    axes.add_collection(PolyCollection(rings, facecolors=LAND, edgecolors=COAST, linewidths=0.6, zorder=1))
    _graticule(axes, places, reach, sheet)


def over_list(
    figure: Figure,
    room: SubplotSpec,
    places: list[Point],
    *,
    narrowest: float = NARROWEST,
    most: float = 0.65,
    anchor: Literal["N", "NW"] = "NW",
) -> tuple[Axes, SubplotSpec, float]:
    """Axes for the map of places, and room for a list of these below, with how high that is, inches.

    ``most``: of the column's height, for the map.
    """
    tall, column = 0.8 * figure.get_figheight(), room.get_position(figure).width * figure.get_figwidth()
    across = 1.0 if _reach(places, narrowest) else 2.0  # the world is twice as wide as it is high
    share = min(most, column / across / tall)
    rows = room.subgridspec(2, 1, height_ratios=[share, 1 - share])
    return figure.add_subplot(rows[0], anchor=anchor), rows[1], (1 - share) * tall


def _reach(places: list[Point], narrowest: float = NARROWEST) -> float | None:
    """From the middle to the edge, km; None for the whole world."""
    latitude, longitude = np.array(places, dtype=float).T
    reach = 1.6 * float(np.abs(azimuthal(latitude, longitude, mean_position(*np.array(places, dtype=float).T))).max())
    return max(reach, narrowest) if reach <= WIDEST else None


def _project(places: Points, among: list[Point]) -> Points:
    if _reach(among) is None:
        return np.stack([wrap_longitude(places[:, 1]), places[:, 0]], axis=-1)
    return azimuthal(places[:, 0], places[:, 1], mean_position(*np.array(among, dtype=float).T))


def _near(land: Land, middle: Point, reach: float) -> list[Points]:
    """The rings that come near the map. Those that do not may hold the opposite point, and would turn inside out."""
    projected = (azimuthal(ring[:, 1], ring[:, 0], middle) for ring in land.rings)
    return [ring for ring in projected if np.hypot(*ring.T).min() < max(2 * reach, 0.3 * EARTH_RADIUS)]


def _graticule(axes: Axes, places: list[Point], reach: float | None, sheet: Sheet) -> None:
    """Meridians and parallels, labelled where they meet the lower and the left edge."""
    words, sizes, middle = sheet.words, sheet.sizes, mean_position(*np.array(places, dtype=float).T)
    half = 180.0 if reach is None else float(np.degrees(reach / EARTH_RADIUS))
    step = next((one for one in STEPS if one >= half / 2), STEPS[-1])
    # Meridians draw together towards the poles.
    wide = next((one for one in STEPS if one >= step / max(np.cos(np.radians(middle[0])), 0.2)), STEPS[-1])
    wide = wide if reach else 90
    fine = np.linspace(-1, 1, 181)
    meridians = {
        at: _project(np.stack([90 * fine, np.full(181, at)], -1), places) for at in np.arange(-180.0, 180, wide)
    }
    around = middle[1] + 180 * fine if reach else 180 * fine
    parallels = {
        at: _project(np.stack([np.full(181, at), around], -1), places) for at in np.arange(-90.0 + step, 90, step)
    }
    lines = [*meridians.values(), *parallels.values()]
    axes.add_collection(LineCollection(lines, colors=MERIDIAN, linewidths=0.5, zorder=2))
    low, left = axes.get_ylim()[0], axes.get_xlim()[0]
    x = {
        at: found
        for at, line in meridians.items()
        if (found := _crossing(line[:, ::-1], low, axes.get_xlim())) is not None
    }
    y = {at: found for at, line in parallels.items() if (found := _crossing(line, left, axes.get_ylim())) is not None}
    for at, line in parallels.items():
        foot = line[np.argmin(line[:, 1])]
        if at not in y and np.abs(line).max() < (reach or 0):  # round a pole, within the map
            name = words.latitude(at, 0)
            axes.annotate(name, foot, fontsize=0.8 * sizes.small, color=MUTED, ha="center", va="center",
                          bbox={"facecolor": SEA, "edgecolor": "none", "pad": 1})  # fmt: skip
    axes.set_xticks(list(x.values()), [words.longitude(at, 0) for at in x])
    axes.set_yticks(list(y.values()), [words.latitude(at, 0) for at in y])
    axes.tick_params(labelsize=0.85 * sizes.small, length=2)


def _crossing(line: Points, edge: float, limits: tuple[float, float]) -> float | None:
    """Where a line meets an edge of the map: its second coordinate there; None if outside the map."""
    across, along = line.T
    side, room = np.sign(across - edge), limits[1] - limits[0]
    for at in np.flatnonzero(side[1:] * side[:-1] <= 0):
        share = (edge - across[at]) / ((across[at + 1] - across[at]) or 1.0)
        found = float(along[at] + share * (along[at + 1] - along[at]))
        # A step as wide as the map leads past the opposite point of the Earth.
        if limits[0] <= found <= limits[1] and np.abs(line[at + 1] - line[at]).max() < room:
            return found
    return None
