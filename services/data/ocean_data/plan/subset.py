"""Subsets as files that simple programs read: fixed names, temperatures in degrees Celsius, hours since 1950."""

from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from functools import partial

import msgspec
import numpy as np

from ocean_core.packing import Encoding
from ocean_core.time import parse_time_units
from ocean_core.units import canonical_units
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Body, Extraction, Field, Values
from ocean_data.reading.base import Reading

SHAPE = 50, 50
KELVIN = 273.15
HOURS = "hours since 1950-01-01 00:00:00"
SINCE_1950 = 631_152_000  # s from there to 1970
PLACES = {"latitude": "lat", "longitude": "lon"}
COMMON = {"standard", "gregorian", "proleptic_gregorian"}  # calendars whose hours are everybody's
# What each is called, by words of its standard name.
NAMES = {
    ("temperature",): "water_temp",
    ("salinity",): "salinity",
    ("eastward", "velocity"): "water_u",
    ("northward", "velocity"): "water_v",
    ("x", "velocity"): "water_u",
    ("y", "velocity"): "water_v",
}


def plain(extraction: Extraction) -> Extraction:
    """Give an extraction the fixed names and units of `NETCDF3_NC`."""
    names: dict[str, str] = {}
    for field in extraction.fields:
        name = _name(field)
        names[field.key] = field.key if name in names.values() else name
    kelvin = {field.key for field in extraction.fields if canonical_units(field.variable.units) == "K"}
    return replace(
        extraction,
        dims={PLACES.get(name, name): size for name, size in extraction.dims.items()},
        coordinates=[_plain(extraction, coordinate) for coordinate in extraction.coordinates],
        fields=[_field(field, names[field.key], field.key in kelvin) for field in extraction.fields],
        body=partial(_read_renamed, extraction.body, names, kelvin),
        encodings={
            names[key]: partial(_find_encoding, find, key in kelvin)
            for key, find in extraction.encodings.items()
            if key in names
        },
    )


def _find_encoding(find: Callable[[], Encoding | str], is_kelvin: bool) -> Encoding | str:
    encoding = find()
    return "converted to degC" if is_kelvin and isinstance(encoding, Encoding) else encoding


def _read_renamed(
    body: Body, names: Mapping[str, str], kelvin: Set[str], reading: Reading, rows: slice
) -> dict[str, Values]:
    part = body(reading, rows)
    return {names[key]: values - (KELVIN if key in kelvin else 0.0) for key, values in part.items()}


def _name(field: Field) -> str:
    words = set((field.variable.standard_name or "").split("_"))
    return next((name for parts, name in NAMES.items() if words.issuperset(parts)), field.key)


def _field(field: Field, name: str, kelvin: bool) -> Field:
    celsius = kelvin or (name == "water_temp" and canonical_units(field.variable.units) == "degree_C")
    info = msgspec.structs.replace(field.variable, key=name, units="degC" if celsius else field.variable.units)
    return replace(field, variable=info, dims=tuple(PLACES.get(dim, dim) for dim in field.dims))


def _plain(extraction: Extraction, coordinate: Coordinate) -> Coordinate:
    result = replace(
        coordinate,
        name=PLACES.get(coordinate.name, coordinate.name),
        dims=tuple(PLACES.get(dim, dim) for dim in coordinate.dims),
    )
    time = extraction.coordinate("time")
    is_dated = time is not None and time.is_time and parse_time_units(coordinate.units or "") is not None
    if coordinate.name == "raw_time" and extraction.calendar in COMMON and time is not None and is_dated:
        seconds = np.asarray(time.values if time.dates is None else time.dates.seconds, dtype=np.int64)
        hours = (seconds + SINCE_1950) / 3600
        return replace(result, values=hours.astype(np.int64) if (hours % 1 == 0).all() else hours, units=HOURS)
    if coordinate.name == "depth":
        metres = np.rint(np.asarray(coordinate.values, dtype=np.float64)).astype(np.int64)
        # Whole metres, unless two levels would become one.
        return replace(result, values=metres) if np.unique(metres).size == metres.size else result
    return result
