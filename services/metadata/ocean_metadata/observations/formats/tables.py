"""A folder of JSON tables, as other observation databases are written out."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np

from ocean_common.contracts.observations import PlatformType
from ocean_common.errors import InvalidRequest
from ocean_metadata.observations.formats.credits import attribution, credited
from ocean_metadata.observations.formats.names import Apart, quantity, unit
from ocean_metadata.observations.formats.reasons import Unreadable
from ocean_metadata.observations.records import Cast, Measured, Platform
from ocean_metadata.observations.times import iso, parse

TABLES = ("platforms", "platform_metadata", "stations", "samples", "datatypes")


class _Platform(msgspec.Struct):
    id: int
    type: str
    unique_id: str | None = None


class _Metadata(msgspec.Struct):
    platform_id: int
    key: str
    value: str


class _Station(msgspec.Struct):
    id: int
    platform_id: int
    time: str
    latitude: float
    longitude: float
    name: str | None = None


class _Sample(msgspec.Struct):
    station_id: int
    datatype_key: str
    value: float
    depth: float = 0.0


class _DataType(msgspec.Struct):
    key: str
    name: str = ""
    unit: str = ""


def is_tables(folder: Path) -> bool:
    """Whether a folder holds such tables."""
    return all((folder / f"{name}.json").is_file() for name in ("platforms", "stations"))


def read(folder: Path) -> Iterator[Platform]:
    """The platforms, with their stations and samples."""
    told: dict[int, dict[str, str]] = defaultdict(dict)
    for one in _table(folder, "platform_metadata", _Metadata):
        told[one.platform_id][one.key] = one.value
    kinds = {one.key: one for one in _table(folder, "datatypes", _DataType)}
    samples: dict[int, list[_Sample]] = defaultdict(list)
    for one in _table(folder, "samples", _Sample):
        samples[one.station_id].append(one)
    stations: dict[int, list[Cast]] = defaultdict(list)
    for one in _table(folder, "stations", _Station):
        stations[one.platform_id].append(_cast(one, samples[one.id], kinds))
    for one in _table(folder, "platforms", _Platform):
        if one.type not in get_args(PlatformType):
            raise Unreadable("its platform {id} is of an unknown type: {type!r}", id=one.id, type=one.type)
        about = told[one.id]
        name = (one.unique_id or about.get("wmo") or about.get("buoyid") or str(one.id)).strip()
        name = name.removeprefix(f"{one.type}_")
        if stations[one.id]:
            yield Platform(
                key=f"{one.type}:{name}",
                type=msgspec.convert(one.type, PlatformType),
                name=name,
                attributes=credited(about, attribution(about, argo=one.type == "argo")),
                casts=stations[one.id],
            )


def _cast(station: _Station, samples: list[_Sample], kinds: dict[str, _DataType]) -> Cast:
    try:
        time = parse(station.time, "time")
    except InvalidRequest as error:
        raise Unreadable("its station {id} has no time: {error}", id=station.id, error=error) from error
    apart = Apart()
    by_kind: dict[str, list[_Sample]] = defaultdict(list)
    for one in samples:
        by_kind[one.datatype_key].append(one)
    return Cast(
        key=iso(time) or "",
        time=time,
        latitude=station.latitude,
        longitude=station.longitude,
        name=station.name,
        measured=[_measured(apart, kinds.get(key, _DataType(key)), some) for key, some in by_kind.items()],
    )


def _measured(apart: Apart, kind: _DataType, samples: list[_Sample]) -> Measured:
    known = apart(quantity(kind.key, None, kind.name or None))
    units, shift = unit(kind.unit)
    return Measured(
        key=known.key,
        name=known.name,
        unit=units,
        depth=np.array([one.depth for one in samples]),
        values=np.array([one.value for one in samples]) + shift,
    )


def _table(folder: Path, name: str, kind: type[Any]) -> list[Any]:
    path = folder / f"{name}.json"
    if not path.is_file():
        return []
    try:
        found: list[Any] = msgspec.json.decode(path.read_bytes(), type=list[kind])  # type: ignore[valid-type]  # made of its argument
    except msgspec.DecodeError as error:
        raise Unreadable("{name}.json: {error}", name=name, error=error) from error
    return found
