"""ODF, the text format of Fisheries and Oceans Canada: one CTD cast a file."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import gsw
import numpy as np

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.observations.formats.credits import attribution, credited
from ocean_metadata.observations.formats.digits import Floats
from ocean_metadata.observations.formats.names import Apart, quantity, unit
from ocean_metadata.observations.formats.reasons import Unreadable
from ocean_metadata.observations.formats.texts import lines, table
from ocean_metadata.observations.records import Cast, Measured, Platform

Block = dict[str, str]

_FIELD = re.compile(r"\s*([A-Z0-9_]+)\s*=\s*(.*?),?\s*$")
_FLAG = re.compile(r"QQQQ|FFFF|QC")
_GOOD = [0, 1, 2, 5]  # not looked at, correct, inconsistent with others, changed
_NOT_MEASURED = ("CNTR", "PRES", "DEPH", "SYTM", "TIME")
_ABOUT = {
    "CRUISE_NUMBER": "Cruise", "CRUISE_NAME": "Cruise name", "ORGANIZATION": "Organization",
    "CHIEF_SCIENTIST": "Chief scientist", "PLATFORM": "Ship",
}  # fmt: skip


def read(path: Path, kind: PlatformType | None = None) -> Iterator[Platform]:
    """The cruise, with one cast."""
    text = lines(path)
    end = next((place for place, line in enumerate(text) if line.strip() == "-- DATA --"), None)
    if end is None:
        raise Unreadable("it is no ODF: there is no line -- DATA --")
    blocks = _blocks(text[:end])
    cruise, event = _first(blocks, "CRUISE_HEADER"), _first(blocks, "EVENT_HEADER")
    parameters = [block for name, block in blocks if name == "PARAMETER_HEADER"]
    data = np.array(table(text[end + 1 :], len(parameters)))
    latitude, longitude = _degrees(event, "INITIAL_LATITUDE"), _degrees(event, "INITIAL_LONGITUDE")
    number = "-".join(
        filter(None, (event.get(key) for key in ("EVENT_NUMBER", "EVENT_QUALIFIER1", "EVENT_QUALIFIER2")))
    )
    cast = Cast(
        key=number or path.name,
        time=_time(event.get("START_DATE_TIME", "")),
        latitude=latitude,
        longitude=longitude,
        name=event.get("EVENT_COMMENTS") or number or None,
        measured=list(_measured(parameters, data, latitude)),
    )
    name = cruise.get("CRUISE_NUMBER") or path.stem
    about = {called: cruise[key] for key, called in _ABOUT.items() if cruise.get(key)}
    about = credited(about, attribution(cruise))
    yield Platform(key=f"mission:{name}", type=kind or "mission", name=name, attributes=about, casts=[cast])


def _blocks(text: list[str]) -> list[tuple[str, Block]]:
    """The header's blocks; of a field that is repeated, the first."""
    found: list[tuple[str, Block]] = []
    for line in text:
        if field := _FIELD.match(line):
            if found:
                found[-1][1].setdefault(field[1], field[2].strip().strip("'").strip())
        elif line.strip().rstrip(",").endswith("_HEADER"):
            found.append((line.strip().rstrip(","), {}))
    return found


def _first(blocks: list[tuple[str, Block]], name: str) -> Block:
    return next((block for one, block in blocks if one == name), {})


def _degrees(event: Block, key: str) -> float:
    try:
        found = float(event.get(key, ""))
    except ValueError:
        found = 999.0
    if abs(found) > (90 if "LATITUDE" in key else 360):
        raise Unreadable("its {key} is {event}", key=key, event=event.get(key, "missing"))
    return found


def _time(text: str) -> int:
    """`16-DEC-2014 14:09:09.00`, in ms."""
    try:
        found = datetime.strptime(text.title(), "%d-%b-%Y %H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError as error:
        raise Unreadable("its START_DATE_TIME is {text!r}", text=text) from error
    return round(found.timestamp() * 1000)


def _measured(parameters: list[Block], data: Floats, latitude: float) -> Iterator[Measured]:
    """Each quantity with the flags that stand behind it, at the depths of the cast."""
    codes = [block.get("CODE", block.get("NAME", "")) for block in parameters]
    values = [_values(block, data[:, place]) for place, block in enumerate(parameters)]
    for place in range(len(codes) - 1):
        if codes[place + 1].startswith("QQQQ"):
            values[place][~np.isin(data[:, place + 1], _GOOD)] = np.nan
    depth = _depth(codes, values, latitude)
    apart = Apart()
    for place, (code, block) in enumerate(zip(codes, parameters, strict=True)):
        if _FLAG.match(code) or code.startswith(_NOT_MEASURED):
            continue
        known, (units, shift) = apart(quantity(code)), unit(block.get("UNITS"))
        kept = np.isfinite(values[place]) & np.isfinite(depth)
        if not kept.any():
            continue
        yield Measured(
            key=known.key, name=known.name, unit=units, depth=depth[kept], values=values[place][kept] + shift
        )


def _values(block: Block, column: Floats) -> Floats:
    found = column.copy()
    absent = block.get("NULL_VALUE", "").replace("D", "E")
    found[found == (float(absent) if absent else np.nan)] = np.nan
    return found


def _depth(codes: list[str], values: list[Floats], latitude: float) -> Floats:
    for place, code in enumerate(codes):
        if code.startswith("DEPH"):
            return values[place]
        if code.startswith("PRES"):
            found: Floats = -gsw.z_from_p(values[place], latitude)
            return found
    raise Unreadable("it has neither PRES nor DEPH")
