"""Subsets as files that simple programs read: fixed names, temperatures in degrees Celsius, hours since 1950."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from ocean_core.units import canonical_units
from ocean_data.plan.extraction import Body, Coordinate, Extraction, Field, Reading, Values

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


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """Reads under other keys, and less what has to be taken off."""

    body: Body
    names: Mapping[str, str]  # of each key of the body
    less: Mapping[str, float]

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """As the body reads."""
        found = self.body.read(reading, rows)
        return {self.names[key]: values - self.less.get(key, 0.0) for key, values in found.items()}


def plain(extraction: Extraction) -> Extraction:
    """The same with fixed names and units."""
    names: dict[str, str] = {}
    for one in extraction.fields:
        wanted = _name(one)
        names[one.key] = one.key if wanted in names.values() else wanted
    kelvin = {one.key for one in extraction.fields if canonical_units(one.variable.units) == "K"}
    return replace(
        extraction,
        dims={PLACES.get(name, name): size for name, size in extraction.dims.items()},
        coordinates=[_plain(extraction, one) for one in extraction.coordinates],
        fields=[_field(one, names[one.key], one.key in kelvin) for one in extraction.fields],
        body=Renamed(body=extraction.body, names=names, less=dict.fromkeys(kelvin, KELVIN)),
    )


def _name(one: Field) -> str:
    words = set((one.variable.standard_name or "").split("_"))
    return next((name for told, name in NAMES.items() if words.issuperset(told)), one.key)


def _field(one: Field, name: str, kelvin: bool) -> Field:
    celsius = kelvin or (name == "water_temp" and canonical_units(one.variable.units) == "degree_C")
    info = msgspec.structs.replace(one.variable, key=name, units="degC" if celsius else one.variable.units)
    return replace(one, variable=info, dims=tuple(PLACES.get(dim, dim) for dim in one.dims))


def _plain(extraction: Extraction, one: Coordinate) -> Coordinate:
    made = replace(one, name=PLACES.get(one.name, one.name), dims=tuple(PLACES.get(dim, dim) for dim in one.dims))
    if one.name == "raw_time" and extraction.calendar in COMMON:
        seconds = np.asarray(getattr(extraction.coordinate("time"), "values", []), dtype=np.int64)
        hours = (seconds + SINCE_1950) / 3600
        return replace(made, values=hours.astype(np.int64) if (hours % 1 == 0).all() else hours, units=HOURS)
    if one.name == "depth":
        metres = np.rint(np.asarray(one.values, dtype=np.float64)).astype(np.int64)
        # Whole metres, unless two levels would become one.
        return replace(made, values=metres) if np.unique(metres).size == metres.size else made
    return made
