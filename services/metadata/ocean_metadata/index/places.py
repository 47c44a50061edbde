"""Where cells lie on the Earth: bounding boxes and footprints, whatever the longitudes' convention."""

import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import wrap_longitude

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]  # west, south, east, north; west > east crosses the antimeridian


def bounds(latitude: Floats, longitude: Floats) -> Bounds:
    """The smallest box around cells.

    Parameters
    ----------
    latitude, longitude : ndarray, each of any shape
        Degrees, in any convention; NaN is left out.

    Returns
    -------
    tuple of float
        West, south, east and north in degrees. West is greater than east where the box crosses the antimeridian;
        cells all around the Earth give -180 and 180.
    """
    known = latitude[np.isfinite(latitude)]
    south, north = round(float(known.min()), 6), round(float(known.max()), 6)
    around = np.unique(np.round(wrap_longitude(longitude[np.isfinite(longitude)]), 6))
    gaps = np.diff(around, append=around[0] + 360.0)
    widest = int(gaps.argmax())
    spacing = float(np.median(gaps[:-1])) if gaps.size > 2 else 0.0
    if gaps.size > 2 and gaps[widest] <= max(2.0 * spacing, 2.0):
        return -180.0, south, 180.0, north
    west, east = around[(widest + 1) % around.size], around[widest]
    return round(float(west), 6), south, round(float(east), 6), north


def edges(count: int, most: int) -> NDArray[np.intp]:
    """Cut a dimension into at most ``most`` blocks: their first cells, and the last cell of all.

    Parameters
    ----------
    count : int
        Cells along the dimension.
    most : int
        Blocks wanted.

    Returns
    -------
    ndarray of int, shape (blocks + 1,)
        Ascending; a single cell gives two equal edges.
    """
    return (
        np.unique(np.linspace(0, count - 1, min(count - 1, most) + 1).astype(np.intp))
        if count > 1
        else np.array([0, 0])
    )


def join(boxes: list[Bounds]) -> Bounds | None:
    """One box around several."""
    if not boxes:
        return None
    corners = [(south, west) for west, south, _, _ in boxes] + [(north, east) for _, _, east, north in boxes]
    if any(west == -180.0 and east == 180.0 for west, _, east, _ in boxes):
        return -180.0, min(each[0] for each in corners), 180.0, max(each[0] for each in corners)
    spans = [np.linspace(west, east if east >= west else east + 360.0, 91) for west, _, east, _ in boxes]
    latitude = np.array([each[0] for each in corners])
    west, _, east, _ = bounds(latitude[:1], np.concatenate(spans))
    return west, float(latitude.min()), east, float(latitude.max())
