"""ODF, the text format of Fisheries and Oceans Canada: one CTD cast per file."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ocean_common.contracts.observations import PlatformType
from ocean_metadata.observations.formats import decoding
from ocean_metadata.observations.formats.quantities import SensorCounter, add_attribution, find_quantity
from ocean_metadata.observations.model import Cast, Floats, Platform, QuantitySamples

Block = dict[str, str]

_FIELD = re.compile(r"\s*([A-Z0-9_]+)\s*=\s*(.*?),?\s*$")
_FLAG_CODE = re.compile(r"QQQQ|FFFF|QC")
_GOOD_FLAGS = [0, 1, 2, 5]  # not checked, correct, inconsistent with others, changed
_COORDINATES = ("CNTR", "PRES", "DEPH", "SYTM", "TIME")
_ATTRIBUTES = {
    "CRUISE_NUMBER": "Cruise", "CRUISE_NAME": "Cruise name", "ORGANIZATION": "Organization",
    "CHIEF_SCIENTIST": "Chief scientist", "PLATFORM": "Ship",
}  # fmt: skip


def read_odf(path: Path, platform_type: PlatformType | None = None) -> Iterator[Platform]:
    """Read the cruise, with one cast."""
    header, rows = decoding.read_text_table(path, "-- DATA --", "an ODF file")
    blocks = _parse_blocks(header)
    cruise, event = _find_block(blocks, "CRUISE_HEADER"), _find_block(blocks, "EVENT_HEADER")
    parameters = [block for name, block in blocks if name == "PARAMETER_HEADER"]
    data = decoding.parse_table(rows, len(parameters))
    latitude, longitude = _parse_degrees(event, "INITIAL_LATITUDE"), _parse_degrees(event, "INITIAL_LONGITUDE")
    event_parts = (event.get(key) for key in ("EVENT_NUMBER", "EVENT_QUALIFIER1", "EVENT_QUALIFIER2"))
    event_id = "-".join(filter(None, event_parts))
    cast = Cast(
        key=event_id or path.name,
        time=_parse_start(event.get("START_DATE_TIME", "")),
        latitude=latitude,
        longitude=longitude,
        name=event.get("EVENT_COMMENTS") or event_id or None,
        quantities=list(_parse_quantities(parameters, data, latitude)),
    )
    name = cruise.get("CRUISE_NUMBER") or path.stem
    labelled = {label: cruise[key] for key, label in _ATTRIBUTES.items() if cruise.get(key)}
    attributes, kind = add_attribution(labelled, cruise), platform_type or "mission"
    yield Platform(key=f"mission:{name}", type=kind, name=name, attributes=attributes, casts=[cast])


def _parse_blocks(lines: list[str]) -> list[tuple[str, Block]]:
    """Return the header's blocks; of a repeated field the first value."""
    blocks: list[tuple[str, Block]] = []
    for line in lines:
        if field := _FIELD.match(line):
            if blocks:
                blocks[-1][1].setdefault(field[1], field[2].strip().strip("'").strip())
        elif line.strip().rstrip(",").endswith("_HEADER"):
            blocks.append((line.strip().rstrip(","), {}))
    return blocks


def _find_block(blocks: list[tuple[str, Block]], name: str) -> Block:
    return next((block for block_name, block in blocks if block_name == name), {})


def _parse_degrees(event: Block, key: str) -> float:
    try:
        degrees = float(event.get(key, ""))
    except ValueError:
        degrees = 999.0
    if abs(degrees) > (90 if "LATITUDE" in key else 360):
        raise decoding.UnreadableFile("its {key} is {value}", key=key, value=event.get(key, "missing"))
    return degrees


def _parse_start(text: str) -> int:
    """Parse `16-DEC-2014 14:09:09.00` to ms since 1970-01-01."""
    try:
        start = datetime.strptime(text.title(), "%d-%b-%Y %H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError as error:
        raise decoding.UnreadableFile("its START_DATE_TIME is {text!r}", text=text) from error
    return round(start.timestamp() * 1000)


def _parse_quantities(parameters: list[Block], data: Floats, latitude: float) -> Iterator[QuantitySamples]:
    """Yield each quantity at the depths of the cast, without what the flags behind it call bad."""
    codes = [block.get("CODE", block.get("NAME", "")) for block in parameters]
    columns = [_mask_nulls(block, column) for block, column in zip(parameters, data.T, strict=True)]
    for position, code in enumerate(codes[1:]):
        if code.startswith("QQQQ"):
            columns[position][~np.isin(data[:, position + 1], _GOOD_FLAGS)] = np.nan
    depth = _find_depth(codes, columns, parameters, latitude)
    sensors = SensorCounter()
    for code, block, values in zip(codes, parameters, columns, strict=True):
        if _FLAG_CODE.match(code) or code.startswith(_COORDINATES):
            continue
        yield from sensors.samples(find_quantity(code), block.get("UNITS"), depth, values)


def _mask_nulls(block: Block, column: Floats) -> Floats:
    values = column.copy()
    if null := block.get("NULL_VALUE", "").replace("D", "E"):
        values[values == float(null)] = np.nan
    return values


def _find_depth(codes: list[str], columns: list[Floats], parameters: list[Block], latitude: float) -> Floats:
    for code, values, block in zip(codes, columns, parameters, strict=True):
        if code.startswith("DEPH"):
            return values
        if code.startswith("PRES"):
            return decoding.pressure_to_depth(values, block.get("UNITS", ""), latitude)
    raise decoding.UnreadableFile("it has neither PRES nor DEPH")
