"""Points on the Earth as they are asked for, and paths: way-points joined by geodesics of WGS 84."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from ocean_common.contracts.data import Point
from ocean_core.errors import InvalidRequest, RequestTooLarge
from ocean_core.geometry import MAX_LONGITUDE, Floats, wrap_far_longitudes, wrap_longitude

MOST = 5_000  # points of a path
USUAL = 100  # points of a path that does not say how many
SHORTEST = 0.001  # km: spacing of points
SAME = 1e-6  # km: way-points nearer than this are one

WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, kw_only=True)
class Path:
    """Points along a path: (point,) each."""

    latitude: Floats  # degrees
    longitude: Floats  # degrees, -180 to 180
    distance: Floats  # km from the first, along the path
    bearing: Floats  # degrees clockwise from north, 0 up to 360: where the path goes on to from here


def on_earth(points: Sequence[Point], field: str, most: int) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of points, (point,) each; or why they are none."""
    if not points:
        raise InvalidRequest("give at least one point, as latitude and longitude", field=field)
    if len(points) > most:
        raise RequestTooLarge(
            "{count} points are asked for, and the limit is {limit}",
            count=len(points),
            limit=most,
            field=field,
        )
    positions = np.array(points, dtype=np.float64).reshape(-1, 2)
    good = (np.abs(positions[:, 0]) <= 90) & (np.abs(positions[:, 1]) <= MAX_LONGITUDE)
    if not good.all():
        number = int(np.flatnonzero(~good)[0])
        latitude, longitude = positions[number]
        raise InvalidRequest(
            "the point {latitude:g}, {longitude:g} is not on the Earth: latitude first, -90 to 90, "
            "then longitude, -{limit:g} to {limit:g}",
            latitude=latitude,
            longitude=longitude,
            limit=MAX_LONGITUDE,
            field=f"{field}[{number}]",
        )
    return np.ascontiguousarray(positions[:, 0]), wrap_far_longitudes(positions[:, 1])


def along(way: Sequence[Point], points: int | None = None, spacing: float | None = None) -> Path:
    """Return points along way-points, which are among them; one that repeats the one before adds nothing.

    ``points``: how many in all, shared out among the legs by their lengths; or ``spacing``, km: each leg is cut into
    equal pieces no longer than this.
    """
    if points is not None and spacing is not None:
        raise InvalidRequest("give either points or spacing, not both", field="spacing")
    latitude, longitude = on_earth(way, "path", MOST)
    bearing, length = _legs(latitude, longitude)
    distinct = np.concatenate([[True], length > SAME])
    latitude, longitude = latitude[distinct], longitude[distinct]
    if latitude.size < 2:
        raise InvalidRequest("a path goes through at least two different points, as 60,-20;62,-10", field="path")
    bearing, length = _legs(latitude, longitude)
    pieces = _by_spacing(length, spacing) if spacing is not None else _by_number(length, points)
    return _cut(latitude, longitude, bearing, length, pieces)


def bearings(latitude: Floats, longitude: Floats) -> Floats:
    """Return the bearing of each point, (point,), from the one before it; of the first, that of the way on.

    A point that stands still keeps its bearing; where nothing moves it is NaN.
    """
    if latitude.size < 2:
        return np.full(latitude.shape, np.nan)
    _, back, length = WGS84.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    moved = np.flatnonzero(np.asarray(length) / 1000 > SAME)
    if not moved.size:
        return np.full(latitude.shape, np.nan)
    last = np.searchsorted(moved, np.arange(latitude.size) - 1, side="right") - 1
    bearing = np.mod(np.asarray(back)[moved[np.maximum(last, 0)]] + 180.0, 360.0)
    start, _, _ = WGS84.inv(*(axis[moved[0] + k] for k in (0, 1) for axis in (longitude, latitude)))
    bearing[: moved[0] + 1] = np.mod(start, 360.0)
    return np.asarray(bearing, dtype=np.float64)


def _legs(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Bearing at the start (degrees) and length (km) of each leg."""
    bearing, _, length = WGS84.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    return np.asarray(bearing, dtype=np.float64), np.asarray(length, dtype=np.float64) / 1000


def _by_spacing(length: Floats, spacing: float) -> NDArray[np.int64]:
    if not (np.isfinite(spacing) and spacing >= SHORTEST):
        raise InvalidRequest(
            "spacing is a distance of {shortest} km or more, not {spacing:g}",
            shortest=SHORTEST,
            spacing=spacing,
            field="spacing",
        )
    # A leg of exactly three spacings is three pieces, whatever the last bit of its length says.
    pieces = np.maximum(np.ceil(length / spacing * (1 - 1e-12)), 1)
    if pieces.sum() + 1 > MOST:
        fits = length.sum() / max(1, MOST - 1 - length.size)
        raise RequestTooLarge(
            "{total:.0f} points are asked for, and the limit is {limit}; spacing={spacing:g} would fit",
            total=pieces.sum() + 1,
            limit=MOST,
            spacing=np.ceil(fits),
            field="spacing",
        )
    return pieces.astype(np.int64)


def _by_number(length: Floats, points: int | None) -> NDArray[np.int64]:
    if points is None:
        points = max(USUAL, length.size + 1)
    if points > MOST:
        raise RequestTooLarge(
            "{count} points are asked for, and the limit is {limit}", count=points, limit=MOST, field="points"
        )
    if points < length.size + 1:
        raise InvalidRequest(
            "the path goes through {size} way-points, and points={points} are too few to hold them",
            size=length.size + 1,
            points=points,
            field="points",
        )
    spare = points - 1 - length.size
    share = length / length.sum() * spare
    pieces = np.floor(share).astype(np.int64)
    # What is left over goes to the legs that lack the most.
    lacking = np.argsort(pieces - share, kind="stable")[: spare - int(pieces.sum())]
    pieces[lacking] += 1
    counts: NDArray[np.int64] = pieces + 1
    return counts


def _cut(latitude: Floats, longitude: Floats, bearing: Floats, length: Floats, pieces: NDArray[np.int64]) -> Path:
    """The points that cut each leg into so many equal pieces."""
    leg = np.repeat(np.arange(pieces.size), pieces)
    number = np.arange(leg.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    gone = number * (length / pieces)[leg]
    before = np.concatenate([[0.0], np.cumsum(length)])
    east, north, back = WGS84.fwd(longitude[leg], latitude[leg], bearing[leg], gone * 1000)
    _, last, _ = WGS84.inv(longitude[-2], latitude[-2], longitude[-1], latitude[-1])
    first = number == 0  # the way-points themselves, to the last bit
    inner = {
        "latitude": np.where(first, latitude[leg], north),
        "longitude": np.where(first, longitude[leg], east),
        "bearing": np.where(first, bearing[leg], np.asarray(back) + 180.0),
        "distance": before[leg] + gone,
    }
    ends = {"latitude": latitude[-1], "longitude": longitude[-1], "bearing": last + 180.0, "distance": before[-1]}
    columns = {name: np.append(values, ends[name]) for name, values in inner.items()}
    columns |= {"longitude": wrap_longitude(columns["longitude"]), "bearing": np.mod(columns["bearing"], 360.0)}
    return Path(**columns)
