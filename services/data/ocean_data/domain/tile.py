"""Map tiles: 256 × 256 pixels of a projection, ``zoom/x/y`` from the upper left."""

import math

import numpy as np
from numpy.typing import NDArray

from ocean_common.errors import InvalidRequest, NotSupported, TileNotFound

SIZE = 256  # pixels
MAX_ZOOM = 22


def centres(
    projection: str, zoom: int, x: int, y: int, count: int = SIZE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the centres of a tile's pixels lie, or of other equal parts.

    Parameters
    ----------
    projection : str
        EPSG:3857, the only one so far.
    zoom, x, y : int
        The tile.
    count : int
        Parts of each side.

    Returns
    -------
    latitude, longitude : ndarray of float, shape (count * count,)
        Degrees, rows from north to south; longitudes from -180 to 180.
    """
    if projection != "EPSG:3857":
        raise NotSupported(
            f"tiles in {projection} are not made yet; EPSG:3857 is", field="projection", allowed=("EPSG:3857",)
        )
    if not 0 <= zoom <= MAX_ZOOM:
        raise TileNotFound(f"there is no zoom {zoom}; zooms go from 0 to {MAX_ZOOM}", field="zoom")
    across = 1 << zoom
    for name, value in (("x", x), ("y", y)):
        if not 0 <= value < across:
            raise TileNotFound(f"at zoom {zoom}, {name} goes from 0 to {across - 1}: {value} is outside", field=name)
    into = (np.arange(count) + 0.5) / count
    longitude = (x + into) / across * 360.0 - 180.0
    northing = math.pi * (1.0 - 2.0 * (y + into) / across)
    latitude = np.degrees(np.arctan(np.sinh(northing)))
    return np.repeat(latitude, count), np.tile(longitude, count)


def check(radius: float, neighbours: int) -> None:
    """Refuse a search that makes no sense."""
    if not 0 < radius <= 500:
        raise InvalidRequest(f"radius {radius:g} is not between 0 and 500 km", field="radius")
    if not 1 <= neighbours <= 50:
        raise InvalidRequest(f"neighbours {neighbours} is not between 1 and 50", field="neighbours")
