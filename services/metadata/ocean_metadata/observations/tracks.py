"""Tracks of platforms: positions averaged over periods, and lines that cross the date line."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ocean_core.geometry import unwrap_longitudes, wrap_longitude
from ocean_core.time import Quantum, period_numbers
from ocean_metadata.observations.model import DAY

_DIGITS = 6  # of coordinates: a tenth of a metre

Point = tuple[float, float]  # longitude, latitude


class Bucket(NamedTuple):
    """Positions of a platform in one interval of time, summed up; degrees."""

    platform: int
    start: int  # ms since 1970-01-01
    positions: int
    latitude_sum: float
    longitude_sum: float
    eastern_sum: float  # of the longitudes from 0 to below 360
    west: float  # the least longitude
    east: float  # the greatest


def bucket_length(quantum: Quantum) -> tuple[int, int]:
    """Return length and offset (ms) of what the database can group by itself; months and years are made from days."""
    # Weeks begin on a Monday: 1970-01-05.
    lengths = {"week": (7 * DAY, 4 * DAY), "hour": (DAY // 24, 0), "minute": (60_000, 0)}
    return lengths.get(quantum, (DAY, 0))


def average_tracks(buckets: Sequence[Bucket], quantum: Quantum) -> dict[int, list[Point]]:
    """Return the mean position of each platform in each period, in order of time, by platform.

    ``buckets`` are ordered by platform and time. Longitudes go on beyond ±180 where the line crosses the date line.
    Platforms with a single mean position are left out.
    """
    numbers = period_numbers(np.array([bucket.start for bucket in buckets], dtype=np.int64) // 1000, quantum)
    periods: dict[int, dict[int, list[Bucket]]] = {}
    for bucket, number in zip(buckets, numbers.tolist(), strict=True):
        periods.setdefault(bucket.platform, {}).setdefault(number, []).append(bucket)
    means = {platform: [_mean_position(group) for group in groups.values()] for platform, groups in periods.items()}
    return {platform: unwrap_track(points) for platform, points in means.items() if len(points) > 1}


def unwrap_track(points: list[Point]) -> list[Point]:
    """Return a line that goes the shorter way round from each point to the next."""
    longitudes = unwrap_longitudes(wrap_longitude([longitude for longitude, _ in points])).round(_DIGITS)
    return list(zip(longitudes.tolist(), [round(latitude, _DIGITS) for _, latitude in points], strict=True))


def _mean_position(group: list[Bucket]) -> Point:
    count = sum(bucket.positions for bucket in group)
    crosses_date_line = max(bucket.east for bucket in group) - min(bucket.west for bucket in group) > 180
    longitude = sum(bucket.eastern_sum if crosses_date_line else bucket.longitude_sum for bucket in group) / count
    return longitude, sum(bucket.latitude_sum for bucket in group) / count
