"""Sea-Bird's converted casts (`.cnv`)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ocean_common.contracts.observations import PlatformType
from ocean_core.units import length_in_metres
from ocean_metadata.observations.formats import decoding, quantities
from ocean_metadata.observations.model import Cast, Floats, Platform, QuantitySamples

_COLUMN = re.compile(r"# name (\d+) = ([^:]+):\s*(.*)")
_VALUE = re.compile(r"# (bad_flag|start_time) = (.*)")
_NOTE = re.compile(r"\*+ *([A-Za-z ()]+?) *[:=] *(.*)")
_UNITS = re.compile(r"\[([^]]*)\]")
_DATE = re.compile(r"([A-Z][a-z]{2} +\d{1,2} +\d{4} +\d\d:\d\d:\d\d)")
_POSITION = re.compile(
    r"([NSEW])?\s*(-?\d+(?:\.\d*)?)(?:\s+(\d+(?:\.\d*)?))?(?:\s+(\d+(?:\.\d*)?))?\s*([NSEW])?", re.IGNORECASE
)
_COORDINATES = ("scan", "time", "pr", "dep", "flag", "nbin", "latitude", "longitude", "pump")


Columns = list[tuple[str, str]]  # short names and units


def read_cnv(path: Path, platform_type: PlatformType | None = None) -> Iterator[Platform]:
    """Read the cruise, with one cast."""
    header, rows = decoding.read_text_table(path, "*END*", "a Sea-Bird cast")
    matches = [match for line in header if (match := _COLUMN.match(line))]
    columns = [(match[2].strip(), units[1] if (units := _UNITS.search(match[3])) else "") for match in matches]
    notes = {match[1].strip().lower(): match[2].strip() for line in header if (match := _NOTE.match(line))}
    values = {match[1]: match[2].strip() for line in header if (match := _VALUE.match(line))}
    data = decoding.parse_table(rows, len(columns))
    data[data == float(values.get("bad_flag", "nan"))] = np.nan
    latitude, longitude = _parse_position(notes, "latitude", 90), _parse_position(notes, "longitude", 360)
    station = notes.get("station") or None
    file_name = path.name.split(".")[0]
    time = _parse_start(values.get("start_time", ""), notes.get("system upload time", ""))
    cast = Cast(
        key=f"{station or file_name}@{time}",
        time=time,
        latitude=latitude,
        longitude=longitude,
        name=station,
        quantities=list(_parse_quantities(columns, data, latitude)),
    )
    name = notes.get("cruise") or notes.get("ship") or file_name
    labelled = {key.capitalize(): notes[key] for key in ("ship", "cruise") if notes.get(key)}
    attributes, kind = quantities.add_attribution(labelled, notes), platform_type or "mission"
    yield Platform(key=f"mission:{name}", type=kind, name=name, attributes=attributes, casts=[cast])


def _parse_position(notes: dict[str, str], coordinate: str, maximum: float) -> float:
    """Parse `N44 41.056`, `44 41.056 N` or `-63.64` to degrees."""
    text = notes.get(f"nmea {coordinate}") or notes.get(coordinate, "")
    match = _POSITION.fullmatch(text.strip())
    degrees = abs(float(match[2])) + float(match[3] or 0) / 60 + float(match[4] or 0) / 3600 if match else np.inf
    if not match or degrees > maximum:
        raise decoding.UnreadableFile("its {coordinate} is {text!r}", coordinate=coordinate, text=text)
    hemisphere = (match[1] or match[5] or "").upper()
    return -degrees if hemisphere in {"S", "W"} or match[2].startswith("-") else degrees


def _parse_start(start: str, uploaded: str) -> int:
    """Return the start in ms. Old programs wrote 1903 for 2003: the century is then that of the upload."""
    date, upload_date = _parse_date(start) or _parse_date(uploaded), _parse_date(uploaded)
    if date is None:
        raise decoding.UnreadableFile("its start_time is {start!r}", start=start)
    if upload_date and upload_date.year - date.year == 100:
        date = date.replace(year=upload_date.year)
    return round(date.timestamp() * 1000)


def _parse_date(text: str) -> datetime | None:
    date = _DATE.search(text)
    return datetime.strptime(" ".join(date[1].split()), "%b %d %Y %H:%M:%S").replace(tzinfo=UTC) if date else None


def _parse_quantities(columns: Columns, data: Floats, latitude: float) -> Iterator[QuantitySamples]:
    """Yield each quantity at the depths of the cast, without values that occur in no sea."""
    depth, sensors = _find_depth(columns, data, latitude), quantities.SensorCounter()
    for (name, units), values in zip(columns, data.T, strict=True):
        if name.lower().startswith(_COORDINATES) and name.lower() != "par":
            continue
        quantity = quantities.find_quantity(name)
        converted = values + quantities.normalize_units(units)[1]
        plausible = (converted >= quantity.minimum) & (converted <= quantity.maximum)
        yield from sensors.samples(quantity, units, depth, np.where(plausible, values, np.nan))


def _find_depth(columns: Columns, data: Floats, latitude: float) -> Floats:
    for (name, units), values in zip(columns, data.T, strict=True):
        if name.lower().startswith("dep"):  # in `salt water, m` or `fresh water, ft`
            depth: Floats = values * (length_in_metres(units.rpartition(",")[2]) or 1.0)
            return depth
    for (name, units), values in zip(columns, data.T, strict=True):
        if name.lower().startswith("pr"):
            return decoding.pressure_to_depth(values, units, latitude)
    raise decoding.UnreadableFile("it has neither a depth nor a pressure")
