"""The ways of platforms: positions averaged over periods, and lines that cross the date line."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ocean_metadata.observations.area import wrap
from ocean_metadata.observations.times import Quantum, period

_DIGITS = 6  # of coordinates: a tenth of a metre


class Bucket(NamedTuple):
    """The positions of a platform in one piece of time, as the database sums them up; degrees."""

    platform: int
    start: int  # ms since 1970-01-01
    positions: int
    latitude: float  # sum
    longitude: float  # sum
    turned: float  # sum of the longitudes from 0 to below 360
    west: float  # the least longitude
    east: float  # the greatest


def lines(buckets: Iterable[Bucket], quantum: Quantum) -> dict[int, list[tuple[float, float]]]:
    """The mean position (longitude, latitude) of each platform in each period, in order of time.

    Parameters
    ----------
    buckets : iterable of Bucket
        Ordered by platform and time; longitudes from -180 to below 180.
    quantum : str
        How long a period is.

    Returns
    -------
    dict
        By platform: longitudes go on beyond ±180 where the line crosses the date line. Platforms with a single mean
        position are left out.
    """
    found: dict[int, dict[int, list[Bucket]]] = {}
    for one in buckets:
        found.setdefault(one.platform, {}).setdefault(period(one.start, quantum), []).append(one)
    means = {platform: [_mean(each) for each in periods.values()] for platform, periods in found.items()}
    return {platform: unwrapped(points) for platform, points in means.items() if len(points) > 1}


def unwrapped(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """(longitude, latitude) along a line that goes the shorter way round from each point to the next."""
    longitudes = np.unwrap([longitude for longitude, _ in points], period=360).round(_DIGITS)
    return list(zip(longitudes.tolist(), [round(latitude, _DIGITS) for _, latitude in points], strict=True))


def _mean(parts: list[Bucket]) -> tuple[float, float]:
    count = sum(each.positions for each in parts)
    across = max(each.east for each in parts) - min(each.west for each in parts) > 180
    longitude = sum(each.turned if across else each.longitude for each in parts) / count
    return wrap(longitude), sum(each.latitude for each in parts) / count
