"""Where points of the Earth lie on a small map."""

import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import EARTH_RADIUS

Point = tuple[float, float]


def azimuthal(latitude: NDArray[np.floating], longitude: NDArray[np.floating], centre: Point) -> NDArray[np.float64]:
    """Lambert's azimuthal equal-area projection: true at its centre, fair around it, at the poles too.

    Parameters
    ----------
    latitude, longitude : ndarray, shape (n,)
        Degrees.
    centre
        Latitude and longitude of the middle of the map, degrees.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        x and y, km, north up at the centre.
    """
    phi, east = np.radians(latitude), np.radians(np.asarray(longitude) - centre[1])
    middle = np.radians(centre[0])
    cosine = np.sin(middle) * np.sin(phi) + np.cos(middle) * np.cos(phi) * np.cos(east)
    # The opposite point of the Earth is the whole rim: held off it.
    scale = EARTH_RADIUS * np.sqrt(2 / np.maximum(1 + cosine, 1e-9))
    x = scale * np.cos(phi) * np.sin(east)
    y = scale * (np.cos(middle) * np.sin(phi) - np.sin(middle) * np.cos(phi) * np.cos(east))
    return np.stack([x, y], axis=-1)
