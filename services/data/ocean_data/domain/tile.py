"""Map tiles: 256 × 256 pixels of a projection, ``zoom/x/y`` from the upper left."""

import math

import numpy as np
from numpy.typing import NDArray

from ocean_common.errors import InvalidRequest, NotSupported, TileNotFound

SIZE = 256  # pixels
MAX_ZOOM = 22


def centres(projection: str, zoom: int, x: int, y: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where the centres of a tile's pixels lie.

    Parameters
    ----------
    projection : str
        EPSG:3857, the only one so far.
    zoom, x, y : int
        The tile.

    Returns
    -------
    latitude, longitude : ndarray of float, shape (256 * 256,)
        Degrees, rows from north to south; longitudes from -180 to 180.
    """
    if projection != "EPSG:3857":
        raise NotSupported(
            f"tiles in {projection} are not made yet; EPSG:3857 is", field="projection", allowed=("EPSG:3857",)
        )
    if not 0 <= zoom <= MAX_ZOOM:
        raise TileNotFound(f"there is no zoom {zoom}; zooms go from 0 to {MAX_ZOOM}", field="zoom")
    count = 1 << zoom
    for name, value in (("x", x), ("y", y)):
        if not 0 <= value < count:
            raise TileNotFound(f"at zoom {zoom}, {name} goes from 0 to {count - 1}: {value} is outside", field=name)
    pixels = (np.arange(SIZE) + 0.5) / SIZE
    longitude = (x + pixels) / count * 360.0 - 180.0
    northing = math.pi * (1.0 - 2.0 * (y + pixels) / count)
    latitude = np.degrees(np.arctan(np.sinh(northing)))
    return np.repeat(latitude, SIZE), np.tile(longitude, SIZE)


def check(radius: float, neighbours: int) -> None:
    """Refuse a search that makes no sense."""
    if not 0 < radius <= 500:
        raise InvalidRequest(f"radius {radius:g} is not between 0 and 500 km", field="radius")
    if not 1 <= neighbours <= 50:
        raise InvalidRequest(f"neighbours {neighbours} is not between 1 and 50", field="neighbours")
