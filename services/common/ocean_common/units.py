"""Units that mean the same thing, however they are spelt: as much as differences need."""

import re
from typing import NamedTuple

_SPACES = re.compile(r"[\s_.]+")
_PER = re.compile(r"\^|\*\*")


class Unit(NamedTuple):
    """How many of the kind's own unit one is, and where its zero lies."""

    kind: str
    factor: float
    offset: float = 0.0


def _spelt(unit: Unit, *spellings: str) -> dict[str, Unit]:
    return {_key(one): unit for one in spellings}


def _key(text: str) -> str:
    return _SPACES.sub(" ", _PER.sub("", text.strip().lower())).replace("metre", "meter").replace("degrees", "degree")


UNITS: dict[str, Unit] = {
    **_spelt(Unit("temperature", 1.0), "K", "kelvin", "kelvins", "degK", "degree_K", "degree_kelvin", "deg K"),
    **_spelt(
        Unit("temperature", 1.0, 273.15),
        "degC",
        "deg C",
        "C",
        "°C",
        "celsius",
        "degree_C",
        "degree_celsius",
        "degree C",
    ),
    **_spelt(
        Unit("speed", 1.0),
        *("m s-1", "m/s", "ms-1", "m s^-1", "meter s-1", "meters s-1", "meter second-1", "meters second-1"),
        *("meter/second", "meters/second", "m sec-1", "m/sec", "meter/sec"),
    ),
    **_spelt(Unit("speed", 0.01), "cm s-1", "cm/s", "cms-1", "cm sec-1", "cm/sec", "centimeter second-1"),
    **_spelt(Unit("speed", 1 / 3.6), "km h-1", "km/h", "km hr-1"),
    **_spelt(Unit("speed", 1852 / 3600), "knot", "knots", "kt", "kts"),
    **_spelt(Unit("length", 1.0), "m", "meter", "meters"),
    **_spelt(Unit("length", 0.01), "cm", "centimeter", "centimeters"),
    **_spelt(Unit("length", 0.001), "mm", "millimeter", "millimeters"),
    **_spelt(Unit("length", 1000.0), "km", "kilometer", "kilometers"),
    **_spelt(Unit("fraction", 1.0), "1", "fraction"),
    **_spelt(Unit("fraction", 0.01), "%", "percent"),
    **_spelt(
        Unit("salinity", 1.0), "PSU", "psu", "PSS", "PSS-78", "1e-3", "1.e-3", "0.001", "practical salinity units"
    ),
    **_spelt(Unit("pressure", 1.0), "Pa", "pascal"),
    **_spelt(Unit("pressure", 100.0), "hPa", "mbar", "millibar"),
    **_spelt(Unit("pressure", 10_000.0), "dbar", "decibar"),
}


def conversion(given: str, wanted: str) -> tuple[float, float] | None:
    """The factor and the offset that turn values in one unit into another; None if that cannot be said."""
    if given.strip() == wanted.strip() or _key(given) == _key(wanted):
        return 1.0, 0.0
    one, other = UNITS.get(_key(given)), UNITS.get(_key(wanted))
    if one is None or other is None or one.kind != other.kind:
        return None
    return one.factor / other.factor, (one.offset - other.offset) / other.factor
