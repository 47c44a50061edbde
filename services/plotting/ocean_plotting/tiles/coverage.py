"""Which tiles can hold data, as geometry alone tells it: of the others nobody needs to be asked."""

import math

import msgspec
import numpy as np

from ocean_common.contracts.assets import Grid
from ocean_core.tiles import Projection

EARTH = 6_378_137.0  # m
# Cells are not equally large, and bounds are of their centres: so many mean cells, and at least so many degrees.
CELLS, LEAST = 10.0, 1.0


class Polar(msgspec.Struct, frozen=True):
    """A polar stereographic view: where its square lies, and how it is scaled at the pole."""

    left: float  # m
    top: float
    side: float
    pole: float  # easting and northing
    sign: int  # 1: the north pole
    factor: float


# The squares of tile 0/0/0 as the data service has them.
POLAR: dict[Projection, Polar] = {
    "EPSG:32661": Polar(-1_154_826.738, 5_154_826.738, 6_309_653.476, 2_000_000.0, 1, 0.994),
    "EPSG:3031": Polar(-3_087_442.346, 3_087_442.346, 6_174_884.692, 0.0, -1, (1 + math.sin(math.radians(71))) / 2),
}


class Box(msgspec.Struct, frozen=True):
    """Degrees; ``width`` to the east of ``west``."""

    west: float
    width: float
    south: float
    north: float


def outside(projection: Projection, zoom: int, x: int, y: int) -> bool:
    """Whether a tile lies beside the square of its view: maps ask for these too."""
    across = 1 << zoom
    return projection in POLAR and not (0 <= x < across and 0 <= y < across)


def apart(projection: Projection, zoom: int, x: int, y: int, grid: Grid) -> bool:
    """Whether a tile is so far from all cells of a grid that it can hold none.

    The Earth is taken for a sphere, and cells for larger than they are: a tile near the rim may hold some.
    """
    if grid.bounds is None:
        return False
    tile = _polar(POLAR[projection], zoom, x, y) if projection in POLAR else _mercator(zoom, x, y)
    west, south, east, north = grid.bounds
    width = (east - west) % 360.0 or (360.0 if east > west else 0.0)
    cells = math.sqrt(math.prod(grid.shape)) or 1.0
    margin = max(LEAST, CELLS * max(north - south, width * math.cos(math.radians((south + north) / 2))) / cells)
    if tile.south > north + margin or tile.north < south - margin:
        return True
    # Meridians run together towards the poles: the same distance is more degrees.
    highest = min(90.0, max(abs(south), abs(north)) + margin)
    wide = min(180.0, margin / max(1e-6, math.cos(math.radians(highest))))
    gap = (tile.west - (west - wide)) % 360.0  # from the west of the widened grid to that of the tile
    return gap > width + 2 * wide and gap + tile.width < 360.0


def _mercator(zoom: int, x: int, y: int) -> Box:
    across = 1 << zoom
    north, south = (math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / across)))) for row in (y, y + 1))
    return Box(x / across * 360.0 - 180.0, 360.0 / across, south, north)


def _polar(view: Polar, zoom: int, x: int, y: int) -> Box:
    size = view.side / (1 << zoom)
    left, bottom = view.left + x * size - view.pole, view.top - (y + 1) * size - view.pole
    east, north = left + np.array([0.0, size, size, 0.0]), bottom + np.array([0.0, 0.0, size, size])
    nearest = math.hypot(*(max(low, -low - size, 0.0) for low in (left, bottom)))
    poleward, away = (_latitude(view, distance) for distance in (nearest, float(np.hypot(east, north).max())))
    south, north_edge = sorted((poleward, away))
    if nearest == 0.0:
        return Box(-180.0, 360.0, south, north_edge)
    # Seen from the pole, a square that does not hold it is less than 180° wide.
    angles = np.degrees(np.arctan2(east, -view.sign * north))
    turned = (angles - angles[0] + 180.0) % 360.0 - 180.0
    return Box(float(angles[0] + turned.min()), float(np.ptp(turned)), south, north_edge)


def _latitude(view: Polar, distance: float) -> float:
    """Latitude at a distance (m) from the pole."""
    return view.sign * (90.0 - 2 * math.degrees(math.atan2(distance, 2 * EARTH * view.factor)))
