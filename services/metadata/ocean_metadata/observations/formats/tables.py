"""Folders of JSON tables, as other observation databases are exported."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from ocean_common.contracts.observations import PlatformType
from ocean_core.errors import InvalidRequest
from ocean_metadata.observations.formats.decoding import UnreadableFile
from ocean_metadata.observations.formats.quantities import SensorCounter, add_attribution, find_quantity
from ocean_metadata.observations.model import Cast, Platform, QuantitySamples, format_instant, parse_instant

T = TypeVar("T")


class _PlatformRow(msgspec.Struct):
    id: int
    type: PlatformType
    unique_id: str | None = None


class _MetadataRow(msgspec.Struct):
    platform_id: int
    key: str
    value: str


class _StationRow(msgspec.Struct):
    id: int
    platform_id: int
    time: str
    latitude: float
    longitude: float
    name: str | None = None


class _SampleRow(msgspec.Struct):
    station_id: int
    datatype_key: str
    value: float
    depth: float = 0.0


class _DataTypeRow(msgspec.Struct):
    key: str
    name: str = ""
    unit: str = ""


def is_tables(folder: Path) -> bool:
    """Return whether a folder holds such tables."""
    return all((folder / f"{name}.json").is_file() for name in ("platforms", "stations"))


def read_tables(folder: Path) -> Iterator[Platform]:
    """Read the platforms, with their stations and samples."""
    attributes: dict[int, dict[str, str]] = defaultdict(dict)
    for entry in _read_table(folder, "platform_metadata", _MetadataRow):
        attributes[entry.platform_id][entry.key] = entry.value
    datatypes = {datatype.key: datatype for datatype in _read_table(folder, "datatypes", _DataTypeRow)}
    samples: dict[int, list[_SampleRow]] = defaultdict(list)
    for sample in _read_table(folder, "samples", _SampleRow):
        samples[sample.station_id].append(sample)
    casts: dict[int, list[Cast]] = defaultdict(list)
    for station in _read_table(folder, "stations", _StationRow):
        casts[station.platform_id].append(_make_cast(station, samples[station.id], datatypes))
    for platform in _read_table(folder, "platforms", _PlatformRow):
        texts = attributes[platform.id]
        name = (platform.unique_id or texts.get("wmo") or texts.get("buoyid") or str(platform.id)).strip()
        name = name.removeprefix(f"{platform.type}_")
        if casts[platform.id]:
            yield Platform(
                key=f"{platform.type}:{name}",
                type=platform.type,
                name=name,
                attributes=add_attribution(texts, texts, argo=platform.type == "argo"),
                casts=casts[platform.id],
            )


def _make_cast(station: _StationRow, samples: list[_SampleRow], datatypes: dict[str, _DataTypeRow]) -> Cast:
    try:
        time = parse_instant(station.time, "time")
    except InvalidRequest as error:
        raise UnreadableFile("its station {id} has no time: {error}", id=station.id, error=error) from error
    by_key: dict[str, list[_SampleRow]] = defaultdict(list)
    for sample in samples:
        by_key[sample.datatype_key].append(sample)
    sensors, quantities = SensorCounter(), list[QuantitySamples]()
    for key, rows in by_key.items():
        datatype = datatypes.get(key, _DataTypeRow(key))
        depth, values = np.array([(row.depth, row.value) for row in rows]).T
        quantities += sensors.samples(find_quantity(key, None, datatype.name or None), datatype.unit, depth, values)
    return Cast(
        key=format_instant(time),
        time=time,
        latitude=station.latitude,
        longitude=station.longitude,
        name=station.name,
        quantities=quantities,
    )


def _read_table(folder: Path, name: str, row_type: type[T]) -> list[T]:
    path = folder / f"{name}.json"
    if not path.is_file():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[row_type])  # type: ignore[valid-type]  # its argument
    except msgspec.DecodeError as error:
        raise UnreadableFile("{name}.json: {error}", name=name, error=error) from error
