"""Sea-Bird's converted casts (`.cnv`)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import gsw
import numpy as np

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.observations.formats.credits import attribution, credited
from ocean_metadata.observations.formats.digits import Floats
from ocean_metadata.observations.formats.names import Apart, quantity, unit
from ocean_metadata.observations.formats.reasons import Unreadable
from ocean_metadata.observations.formats.texts import lines, table
from ocean_metadata.observations.records import Cast, Measured, Platform

_NAME = re.compile(r"# name (\d+) = ([^:]+):\s*(.*)")
_VALUE = re.compile(r"# (bad_flag|start_time) = (.*)")
_NOTE = re.compile(r"\*+ *([A-Za-z ()]+?) *[:=] *(.*)")
_UNIT = re.compile(r"\[([^]]*)\]")
_DATE = re.compile(r"([A-Z][a-z]{2} +\d{1,2} +\d{4} +\d\d:\d\d:\d\d)")
_PLACE = re.compile(
    r"([NSEW])?\s*(-?\d+(?:\.\d*)?)(?:\s+(\d+(?:\.\d*)?))?(?:\s+(\d+(?:\.\d*)?))?\s*([NSEW])?", re.IGNORECASE
)
_CENTURY = 100  # years
_NOT_MEASURED = ("scan", "time", "pr", "dep", "flag", "nbin", "latitude", "longitude", "pump")
_ABOUT = {"ship": "Ship", "cruise": "Cruise"}


class Column(NamedTuple):
    """A column of the table."""

    short: str
    unit: str


def read(path: Path, kind: PlatformType | None = None) -> Iterator[Platform]:
    """The cruise, with one cast."""
    text = lines(path)
    end = next((place for place, line in enumerate(text) if line.strip() == "*END*"), None)
    if end is None:
        raise Unreadable("it is no Sea-Bird cast: there is no line *END*")
    head = text[:end]
    columns = _columns(head)
    notes = {found[1].strip().lower(): found[2].strip() for line in head if (found := _NOTE.match(line))}
    values = {found[1]: found[2].strip() for line in head if (found := _VALUE.match(line))}
    data = np.array(table(text[end + 1 :], len(columns)))
    data[data == float(values.get("bad_flag", "nan"))] = np.nan
    latitude, longitude = _place(notes, "latitude", 90), _place(notes, "longitude", 360)
    station = notes.get("station") or None
    time = _time(values.get("start_time", ""), notes.get("system upload time", ""))
    cast = Cast(
        key=f"{station or path.name.split('.')[0]}@{time}",
        time=time,
        latitude=latitude,
        longitude=longitude,
        name=station,
        measured=list(_measured(columns, data, latitude)),
    )
    about = {called: notes[key] for key, called in _ABOUT.items() if notes.get(key)}
    about = credited(about, attribution(notes))
    name = notes.get("cruise") or notes.get("ship") or path.name.split(".")[0]
    yield Platform(key=f"mission:{name}", type=kind or "mission", name=name, attributes=about, casts=[cast])


def _columns(head: list[str]) -> list[Column]:
    found = []
    for line in head:
        if named := _NAME.match(line):
            units = _UNIT.search(named[3])
            found.append(Column(named[2].strip(), units[1] if units else ""))
    return found


def _place(notes: dict[str, str], what: str, most: float) -> float:
    """`N44 41.056`, `44 41.056 N`, `-63.64`: degrees."""
    text = notes.get(f"nmea {what}") or notes.get(what, "")
    found = _PLACE.fullmatch(text.strip())
    if not found:
        raise Unreadable("its {subject} is {text!r}", subject=what, text=text)
    degrees = abs(float(found[2])) + float(found[3] or 0) / 60 + float(found[4] or 0) / 3600
    side = (found[1] or found[5] or "").upper()
    if degrees > most:
        raise Unreadable("its {subject} is {text!r}", subject=what, text=text)
    return -degrees if side in {"S", "W"} or found[2].startswith("-") else degrees


def _time(start: str, uploaded: str) -> int:
    """The start in ms. Old programs took 2003 for 1903: the time of the upload knows better."""
    found = _date(start) or _date(uploaded)
    if found is None:
        raise Unreadable("its start_time is {start!r}", start=start)
    later = _date(uploaded)
    if later and later.year - found.year == _CENTURY:
        found = found.replace(year=later.year)
    return round(found.timestamp() * 1000)


def _date(text: str) -> datetime | None:
    date = _DATE.search(text)
    return datetime.strptime(" ".join(date[1].split()), "%b %d %Y %H:%M:%S").replace(tzinfo=UTC) if date else None


def _measured(columns: list[Column], data: Floats, latitude: float) -> Iterator[Measured]:
    """Each quantity, at the depths of the cast; what no sea has is not a measurement."""
    depth, apart = _depth(columns, data, latitude), Apart()
    for place, column in enumerate(columns):
        if column.short.lower().startswith(_NOT_MEASURED) and column.short.lower() != "par":
            continue
        known, (units, shift) = apart(quantity(column.short)), unit(column.unit)
        values = data[:, place] + shift
        kept = np.isfinite(values) & np.isfinite(depth) & (values >= known.low) & (values <= known.high)
        if kept.any():
            yield Measured(key=known.key, name=known.name, unit=units, depth=depth[kept], values=values[kept])


def _depth(columns: list[Column], data: Floats, latitude: float) -> Floats:
    for place, column in enumerate(columns):
        if column.short.lower().startswith("dep"):
            return data[:, place]
    for place, column in enumerate(columns):
        if column.short.lower().startswith("pr"):
            found: Floats = -gsw.z_from_p(data[:, place], latitude)
            return found
    raise Unreadable("it has neither a depth nor a pressure")
