"""Map tiles: 256 × 256 pixels of a projection, ``zoom/x/y`` from the upper left."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS
from ocean_common.parameters import check_tile
from ocean_core.errors import InvalidRequest, NotSupported

SIZE = 256  # pixels
MERCATOR = "EPSG:3857"

# The squares that tile 0/0/0 covers in polar views: left, top and side, m. They are the extents that Ocean Navigator's
# front end gives to its projections, so where it draws a tile. (Its server had the corners of the southern square at
# ±3,333,134 m: tiles were drawn 8 % too small.)
POLAR = {
    "EPSG:32661": (-1_154_826.7379766018, 5_154_826.737976602, 6_309_653.4759532036),
    "EPSG:3031": (-3_087_442.3458218463, 3_087_442.3458218463, 6_174_884.6916436926),
}

Floats = NDArray[np.float64]


def centres(projection: str, zoom: int, x: int, y: int, count: int = SIZE) -> tuple[Floats, Floats]:
    """Where the centres of a tile's pixels lie, or of other equal parts.

    Parameters
    ----------
    projection : str
        EPSG:3857, EPSG:32661 or EPSG:3031.
    zoom, x, y : int
        The tile.
    count : int
        Parts of each side.

    Returns
    -------
    latitude, longitude : ndarray of float, shape (count * count,)
        Degrees, rows from the top; longitudes from -180 to 180. Shape (0,) for a tile beside the square of a polar
        view: a map asks for these too.
    """
    if projection == MERCATOR:
        rows, columns = axes(zoom, x, y, count)
        return np.repeat(rows, count), np.tile(columns, count)
    if projection not in POLAR:
        known = (MERCATOR, *POLAR)
        raise NotSupported(
            "there are no tiles in {projection}", projection=projection[:40], field="projection", allowed=known
        )
    check_tile(zoom, x, y, bounded=False)
    across = 1 << zoom
    if not (0 <= x < across and 0 <= y < across):
        return np.empty(0), np.empty(0)
    left, top, side = POLAR[projection]
    into = (np.arange(count) + 0.5) / count
    easting, northing = np.meshgrid(left + side * (x + into) / across, top - side * (y + into) / across)
    longitude, latitude = _to_earth(projection).transform(easting.ravel(), northing.ravel())
    return latitude, longitude


def axes(zoom: int, x: int, y: int, count: int = SIZE) -> tuple[Floats, Floats]:
    """The parallels and meridians of a tile in EPSG:3857: the centres of its pixels are where they cross.

    Returns
    -------
    latitude, longitude : ndarray of float, shape (count,)
        Degrees, from north to south and from west to east.
    """
    check_tile(zoom, x, y)
    across = 1 << zoom
    into = (np.arange(count) + 0.5) / count
    northing = math.pi * (1.0 - 2.0 * (y + into) / across)
    return np.degrees(np.arctan(np.sinh(northing))), (x + into) / across * 360.0 - 180.0


@cache
def blocks(count: int = SIZE) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pixels of a tile in another order: each quarter of them is a square, and each quarter of that, and so on.

    What follows each other lies together, so that searches can go on from where they are. Returns that order, and the
    way back: where each pixel is in it.
    """
    row, column = np.divmod(np.arange(count * count), count)
    code = np.zeros_like(row)
    for bit in range(count.bit_length()):
        code |= (column >> bit & 1) << 2 * bit | (row >> bit & 1) << 2 * bit + 1
    return np.argsort(code), code


@cache
def _to_earth(projection: str) -> Transformer:
    return Transformer.from_crs(projection, "EPSG:4326", always_xy=True)


def check(radius: float, neighbours: int) -> None:
    """Refuse a search that makes no sense."""
    if not 0 < radius <= MAX_RADIUS:
        raise InvalidRequest(
            "radius {radius:g} is not between 0 and {limit:g} km", radius=radius, limit=MAX_RADIUS, field="radius"
        )
    if not 1 <= neighbours <= MAX_NEIGHBOURS:
        raise InvalidRequest(
            "neighbours {neighbours} is not between 1 and {limit}",
            neighbours=neighbours,
            limit=MAX_NEIGHBOURS,
            field="neighbours",
        )
