"""Class 4 profiles on a map, and the same profile in the files of two models."""

import math
from functools import cache
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.class4 import Class4Kind, Class4Point, Class4Points, Class4Properties
from ocean_common.contracts.geojson import PointGeometry
from ocean_common.errors import InvalidRequest
from ocean_core.geometry import wrap_longitude
from ocean_core.tiles import Projection
from ocean_metadata.class4.records import Points

WORST = 1.5  # the error that is drawn as the largest: that of the first variable, in its units
DIGITS = 6  # of degrees
NEAR = 1e-3  # degrees within which two files mean the same place
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)
_MERCATOR = "EPSG:3857"
_WORLD = 2 * math.pi * 6_378_137.0  # m, once around EPSG:3857

Floats = NDArray[np.float64]
Extent = tuple[float, float, float, float]  # left, bottom, right, top: m in the projection


def extent(text: str) -> Extent | None:
    """Read `left,bottom,right,top`; None where nothing is told: everything is in view."""
    if not text:
        return None
    try:
        left, bottom, right, top = (float(one) for one in text.split(","))
    except ValueError as error:
        raise InvalidRequest(
            "extent={text!r} is not left,bottom,right,top in metres", text=text[:80], field="extent"
        ) from error
    if not all(map(math.isfinite, (left, bottom, right, top))) or left >= right or bottom >= top:
        raise InvalidRequest(
            "extent is left,bottom,right,top in metres, with left < right and bottom < top", field="extent"
        )
    return left, bottom, right, top


def projection_of(text: str) -> Projection:
    """One of the map's projections, or InvalidRequest."""
    for one in PROJECTIONS:
        if text == one:
            return one
    raise InvalidRequest(
        "there is no map in {text!r}; there are {projections}",
        text=text[:80],
        projections=", ".join(PROJECTIONS),
        field="projection",
        allowed=PROJECTIONS,
    )


def features(kind: Class4Kind, file: str, points: Points, projection: Projection, view: Extent | None) -> Class4Points:
    """The profiles of a file that are in view, by their index."""
    latitude, longitude, error = values(points.latitude), values(points.longitude), values(points.error)
    wrapped = np.round(wrap_longitude(longitude), DIGITS)
    shown = np.flatnonzero(in_view(latitude, longitude, projection, view))
    found = []
    for index in shown.tolist():
        wrong = None if math.isnan(error[index]) else float(error[index])
        about = Class4Properties(
            name=points.names[index],
            id=f"{file}/{index}",
            error=wrong,
            error_norm=None if wrong is None else min(max(wrong / WORST, 0.0), 1.0),
            class4_type=kind,
        )
        place = PointGeometry(coordinates=(float(wrapped[index]), round(float(latitude[index]), DIGITS)))
        found.append(Class4Point(geometry=place, properties=about))
    return Class4Points(features=found)


def in_view(latitude: Floats, longitude: Floats, projection: Projection, view: Extent | None) -> NDArray[np.bool_]:
    """Which places are in view.

    Parameters
    ----------
    latitude, longitude : ndarray, shape (profile,)
        Degrees; NaN where the file does not tell.
    projection : str
        Of the map.
    view : tuple of float, or None
        m in the projection; in EPSG:3857 it may lie beyond the date line. None: everything.

    Returns
    -------
    ndarray of bool, shape (profile,)
    """
    known = np.isfinite(latitude) & np.isfinite(longitude)
    if view is None:
        return known
    left, bottom, right, top = view
    with np.errstate(invalid="ignore"):
        x, y = _from_earth(projection).transform(longitude, latitude)
        across = (x - left) % _WORLD <= right - left if projection == _MERCATOR else (x >= left) & (x <= right)
        inside: NDArray[np.bool_] = known & across & (y >= bottom) & (y <= top)
    return inside


def rms(observed: Floats, estimate: Floats) -> Floats:
    """How far an estimate is from what was observed.

    Parameters
    ----------
    observed, estimate : ndarray, shape (profile, level)
        In one unit; NaN where there is nothing.

    Returns
    -------
    ndarray, shape (profile,)
        Root mean square in that unit; NaN where no level has both.
    """
    squares = (estimate - observed) ** 2
    both = np.isfinite(squares)
    count = both.sum(axis=1)
    total = np.where(both, squares, 0.0).sum(axis=1)
    found: Floats = np.sqrt(np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0))
    return found


def same_profile(points: Points, index: int, others: Points) -> int | None:
    """The index in another model's file of the profile that one has; None where there is none.

    Files of one day mostly hold the same profiles in the same order, but each leaves out what its grid has not.
    """
    names = np.array(others.names, dtype=object)
    near = (
        (names == points.names[index])
        & (np.abs(values(others.latitude) - values(points.latitude)[index]) < NEAR)
        & (np.abs(values(others.longitude) - values(points.longitude)[index]) < NEAR)
    )
    found = np.flatnonzero(near).tolist()
    if not found:
        return None
    return index if index in found else int(found[0])


def values(array: Array) -> Floats:
    """An array of floats as numpy has it."""
    found: Floats = np.frombuffer(array.data, array.dtype).reshape(array.shape)
    return found


@cache
def _from_earth(projection: Projection) -> Transformer:
    return Transformer.from_crs("EPSG:4326", projection, always_xy=True)
