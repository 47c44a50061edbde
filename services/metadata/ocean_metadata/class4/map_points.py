"""Class 4 profiles on a map, and the same profile in the files of two models."""

import math

import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import unpack_array
from ocean_common.contracts.observations import Class4Kind, Class4Point, Class4Points, Class4Properties
from ocean_common.contracts.places import PointGeometry
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats, wrap_longitude
from ocean_core.tiles import MAJOR, MERCATOR, Projection, to_plane
from ocean_metadata.class4.model import ProfilePoints

MAX_ERROR = 1.5  # drawn as the largest: that of the first variable, in its units
_DIGITS = 6  # of degrees
_SAME_POSITION = 1e-3  # degrees within which two files mean the same place
_WORLD = 2 * math.pi * MAJOR  # m, once around EPSG:3857

Extent = tuple[float, float, float, float]  # left, bottom, right, top: m in the projection


def parse_extent(text: str) -> Extent | None:
    """Parse `left,bottom,right,top`; None for an empty text: everything is in view."""
    if not text:
        return None
    try:
        left, bottom, right, top = (float(number) for number in text.split(","))
    except ValueError as error:
        raise InvalidRequest(
            "extent={text!r} is not left,bottom,right,top in metres", text=text[:80], field="extent"
        ) from error
    if not all(map(math.isfinite, (left, bottom, right, top))) or left >= right or bottom >= top:
        raise InvalidRequest(
            "extent is left,bottom,right,top in metres, with left < right and bottom < top", field="extent"
        )
    return left, bottom, right, top


def map_points(
    kind: Class4Kind, file: str, points: ProfilePoints, projection: Projection, extent: Extent | None
) -> Class4Points:
    """Return the profiles of a file that are in view, by index."""
    latitude, longitude, errors = map(unpack_array, (points.latitude, points.longitude, points.error))
    wrapped = wrap_longitude(longitude).round(_DIGITS)
    features = []
    for index in np.flatnonzero(is_in_view(latitude, longitude, projection, extent)).tolist():
        error = None if math.isnan(errors[index]) else float(errors[index])
        properties = Class4Properties(
            name=points.names[index],
            id=f"{file}/{index}",
            error=error,
            error_norm=None if error is None else min(max(error / MAX_ERROR, 0.0), 1.0),
            class4_type=kind,
        )
        position = PointGeometry(coordinates=(float(wrapped[index]), round(float(latitude[index]), _DIGITS)))
        features.append(Class4Point(geometry=position, properties=properties))
    return Class4Points(features=features)


def is_in_view(latitude: Floats, longitude: Floats, projection: Projection, extent: Extent | None) -> NDArray[np.bool_]:
    """Return which positions are in view, shape (profile,); none where the file has NaN.

    Without an extent everything is in view. In EPSG:3857 the extent may lie beyond the date line.
    """
    finite = np.isfinite(latitude) & np.isfinite(longitude)
    if extent is None:
        return finite
    left, bottom, right, top = extent
    with np.errstate(invalid="ignore"):
        x, y = to_plane(projection, latitude, longitude)
        across = (x - left) % _WORLD <= right - left if projection == MERCATOR else (x >= left) & (x <= right)
        inside: NDArray[np.bool_] = finite & across & (y >= bottom) & (y <= top)
    return inside


def root_mean_square_error(observed: Floats, estimate: Floats) -> Floats:
    """Return the root mean square of the differences over the levels, shape (profile,); NaN where no level has both.

    ``observed`` and ``estimate`` are of shape (profile, level) and in one unit, with NaN where there is no value.
    """
    squares = np.ma.masked_invalid((estimate - observed) ** 2)
    error: Floats = np.ma.filled(np.ma.sqrt(squares.mean(axis=1)), np.nan)
    return error


def find_same_profile(points: ProfilePoints, index: int, other_points: ProfilePoints) -> int | None:
    """Return the index of a profile in another model's file; None where that file does not have it.

    Files of one day mostly hold the same profiles in the same order, but each leaves out those outside its grid.
    """
    same = np.array(other_points.names, dtype=object) == points.names[index]
    for field in ("latitude", "longitude"):
        degrees, others = unpack_array(getattr(points, field)), unpack_array(getattr(other_points, field))
        same &= np.abs(others - degrees[index]) < _SAME_POSITION
    indices = np.flatnonzero(same).tolist()
    return index if index in indices else next(iter(indices), None)
