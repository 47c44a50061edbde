"""The range of a variable in view: limits for its colours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import ValueRange
from ocean_core.colour import data_limits
from ocean_core.errors import InvalidRequest, NothingInView
from ocean_core.geometry import Floats
from ocean_core.messages import Message
from ocean_core.tiles import MAJOR, Projection
from ocean_data.compute.field import Level, revision
from ocean_data.compute.interpolation import check_search, gather, stencil
from ocean_data.plan.sampling import Search
from ocean_data.ports import Grids, Source

SAMPLES = 50  # along each side of the view
HALF_WORLD = np.pi * MAJOR  # m: half a side of the square of EPSG:3857
FARTHEST = 40_000_000.0  # m: polar views reach past the equator with this

Extent = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class View:
    """View of a variable on a map."""

    projection: Projection
    extent: str  # x0,y0,x1,y1: m
    depth: str
    time: str
    search: Search


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """Finds ranges."""

    source: Source
    grids: Grids

    def limits(self, variables: list[Assets], view: View) -> tuple[ValueRange, str]:
        """The least and the greatest of a sample of one variable, or of the magnitude of two; and the revision."""
        check_search(view.search.radius, view.search.neighbours)
        latitude, longitude = sample(view.projection, read_extent(view.extent, view.projection))
        levels = [Level.of(variable, view.time, view.depth) for variable in variables]
        parts = [self._values(level, latitude, longitude, view.search) for level in levels]
        info, values = variables[0].variable, parts[0]
        if len(parts) == 2:
            info, values = info.magnitude_with(variables[1].variable), np.hypot(*parts)
        return around(values, info), revision(self.source, levels)

    def _values(self, level: Level, latitude: Floats, longitude: Floats, search: Search) -> NDArray[np.float32]:
        grid = self.grids.grid(level.assets.grid)
        cells = stencil(
            grid, latitude, longitude, search.interpolation, radius=search.radius, neighbours=search.neighbours
        )
        values: NDArray[np.float32] = gather(level.read(self.source), cells)[0]
        return values


def read_extent(text: str, projection: Projection) -> Extent:
    """Read an extent as it is written in an address, and cut it to the map: x0, y0, x1, y1 in m, ascending.

    Corners may come in any order. A map in EPSG:3857 goes on beyond the date line: there x is cut to one turn only.
    """
    try:
        corners = np.array([float(part) for part in text.split(",")])
    except ValueError:
        corners = np.empty(0)
    if corners.size != 4 or not np.isfinite(corners).all():
        raise InvalidRequest(
            "extent {text!r} is not x0,y0,x1,y1: four numbers, in metres of {projection}",
            text=text[:80],
            projection=projection,
            field="extent",
        )
    (x0, x1), (y0, y1) = sorted(corners[::2].tolist()), sorted(corners[1::2].tolist())
    around = projection == "EPSG:3857"
    reach = HALF_WORLD if around else FARTHEST
    bottom, top = max(y0, -reach), min(y1, reach)
    left, right = max(x0, -reach), min(x1, reach)
    if around:
        middle, half = (x0 + x1) / 2, min((x1 - x0) / 2, reach)
        left, right = middle - half, middle + half
    if not (left < right and bottom < top and abs(left) < 1e12):
        if around:
            limits = Message("y from {low:.0f} to {high:.0f} m", low=-reach, high=reach)
        else:
            limits = Message("x and y from {low:.0f} to {high:.0f} m", low=-reach, high=reach)
        raise InvalidRequest(
            "extent {text!r} has no area on the map, whose limits in {projection} are {limits}",
            text=text[:80],
            projection=projection,
            limits=limits,
            field="extent",
        )
    return left, bottom, right, top


def sample(projection: Projection, extent: Extent) -> tuple[Floats, Floats]:
    """Return the centres of the pixels of a coarse picture.

    Parameters
    ----------
    projection : str
        Of the map.
    extent : tuple of float
        x0, y0, x1, y1: m.

    Returns
    -------
    latitude, longitude : ndarray of float, shape (SAMPLES * SAMPLES,)
        Degrees, longitudes from -180 to 180.
    """
    x0, y0, x1, y1 = extent
    into = (np.arange(SAMPLES) + 0.5) / SAMPLES
    x, y = np.meshgrid(x0 + into * (x1 - x0), y0 + into * (y1 - y0))
    if projection == "EPSG:3857":
        x = (x + HALF_WORLD) % (2 * HALF_WORLD) - HALF_WORLD
    longitude, latitude = Transformer.from_crs(projection, "EPSG:4326", always_xy=True).transform(x.ravel(), y.ravel())
    return latitude, longitude


def around(values: NDArray[np.float32], info: VariableInfo) -> ValueRange:
    """Return limits around values: of fractions always 0 and 1, symmetric where zero is the centre."""
    limits = data_limits(values, zero_centered=info.zero_centered)
    if limits is None:
        raise NothingInView(
            "{key} has no values in this extent: it is on land, below the sea floor, or outside the grid",
            key=info.key,
            field="extent",
        )
    low, high = (0.0, 1.0) if info.units == "fraction" else limits
    return ValueRange(min=low, max=high)
