"""How long a round length of the Earth is on a map."""

import msgspec
import numpy as np
from pyproj import Geod

from ocean_plotting.figure.view import View

ROUND = (1.0, 2.0, 5.0)  # times a power of ten: lengths that are read at a glance
UNEVEN = 1.25  # the most that the scale differs between parts of a map with a ruler: of others no length is true
GRID = 9  # places along each side at which it is looked at
EARTH = Geod(ellps="WGS84")


class Ruler(msgspec.Struct, frozen=True):
    """A length of the Earth, and of how much of the map's width it takes in the map's middle."""

    length: float  # m
    share: float


def ruler(view: View, most: float) -> Ruler | None:
    """The longest round length that takes at most a share ``most`` of a map's width, true in its middle.

    Returns
    -------
    Ruler or None
        None for a map on which the same length differs much from place to place, as on one of the world.
    """
    left, bottom, right, top = view.extent
    x, y = (one.ravel() for one in np.meshgrid(np.linspace(left, right, GRID), np.linspace(bottom, top, GRID)))
    scales = _metres(view, x, y)
    if not np.isfinite(scales).all() or scales.max() > UNEVEN * scales.min():
        return None
    width = float(scales[scales.size // 2]) * (right - left)
    power = 10.0 ** np.floor(np.log10(most * width))
    length = float(max(one for one in ROUND if one * power <= most * width) * power)
    return Ruler(length, length / width)


def _metres(view: View, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Metres of the Earth in a metre of the plane, at places: the same in all directions."""
    step = 1e-3 * (view.extent[2] - view.extent[0])
    (south, west), (north, east) = view.earth(x - step / 2, y), view.earth(x + step / 2, y)
    _, _, apart = EARTH.inv(west, south, east, north)
    return np.asarray(apart) / step
