"""Rows of the tables, as the arrays that cross to plotting."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.observations import ObservedStation, ObservedValues, PlatformTrack, TrackValues
from ocean_metadata.observations.times import iso


def stations(rows: Sequence[Any], samples: Sequence[tuple[Any, ...]], owed: Mapping[int, str]) -> list[ObservedStation]:
    """Stations with their samples: station, key, name, unit, depth, value; ordered by station and key."""
    values: dict[int, list[ObservedValues]] = {}
    for (station, key, name, unit), some in groupby(samples, key=lambda row: row[:4]):
        pairs = np.array([row[4:] for row in some])
        one = ObservedValues(key=key, name=name, units=unit, depth=_array(pairs[:, 0]), values=_array(pairs[:, 1]))
        values.setdefault(station, []).append(one)
    return [
        ObservedStation(
            id=row.id,
            name=row.name,
            platform=row.platform,
            platform_type=row.type,
            time=iso(row.time) or "",
            latitude=row.latitude,
            longitude=row.longitude,
            variables=values.get(row.id, []),
            attribution=owed.get(row.platform, ""),
        )
        for row in rows
    ]


def track(
    platform: Any, positions: Sequence[Any], values: Sequence[tuple[Any, Sequence[Any]]], owed: Mapping[int, str]
) -> PlatformTrack:
    """A way, with the shallowest sample of each quantity at each of its stations."""
    places = {row.id: place for place, row in enumerate(positions)}
    found = []
    for kind, rows in values:
        shallowest = np.full((2, len(positions)), np.nan)
        for station, depth, value in reversed(rows):  # the first of a station is written last
            shallowest[:, places[station]] = depth, value
        found.append(
            TrackValues(
                key=kind.key,
                name=kind.name,
                units=kind.unit,
                depth=_array(shallowest[0]),
                values=_array(shallowest[1]),
            )
        )
    return PlatformTrack(
        id=platform.id,
        name=platform.name,
        platform_type=platform.type,
        times=_array(np.array([row.time for row in positions], dtype="<i8"), "<i8"),
        latitude=_array(np.array([row.latitude for row in positions])),
        longitude=_array(np.array([row.longitude for row in positions])),
        variables=found,
        attribution=owed.get(platform.id, ""),
    )


def _array(values: np.ndarray[Any, Any], dtype: str = "<f8") -> Array:
    return Array(dtype=dtype, shape=values.shape, data=np.ascontiguousarray(values, dtype=dtype).tobytes())
