"""Units of measurement: the spellings that files use, and conversions by UDUNITS.

UDUNITS, here through cf-units, is the library by which the CF conventions define what a unit is. It does not know the
spellings of `SPELLINGS`, and reads some of them as other units (``C`` as coulomb, ``ms-1`` as per millisecond).
"""

import re
from functools import lru_cache
from threading import Lock

from cf_units import Unit

# The usual spelling of a unit, and others that files use, in lower case.
SPELLINGS: dict[str, tuple[str, ...]] = {
    "degree_C": ("c", "celsius", "degc", "deg c", "deg_c", "degree_c", "degrees_c", "degree c", "degrees c",
                 "degree celsius", "degrees celsius", "degree_celsius", "degrees_celsius", "°c", "ºc"),
    "K": ("k", "kelvin", "kelvins", "degk", "deg k", "deg_k", "degree_k", "degrees_k", "degree k", "degrees k",
          "degree_kelvin", "degrees_kelvin"),
    "m": ("m", "meter", "meters", "metre", "metres"),
    "m s-1": ("m/s", "m s-1", "m.s-1", "m s^-1", "ms-1", "m/sec", "m sec-1", "meter second-1", "meters second-1",
              "meter s-1", "meters s-1", "metre s-1", "metres s-1", "meter/sec", "meter/second", "meters/second",
              "m s**-1", "metres/second"),
    "1": ("", "1", "none", "-", "unitless", "dimensionless", "non-dimensional", "nondimensional"),
    "1e-3": ("1e-3", "1e-03", "0.001", "1.e-3"),
    "PSU": ("psu", "pss", "pss-78", "practical_salinity_unit", "practical_salinity_units", "practical salinity units"),
    "degree": ("degree", "degrees", "deg"),
    "Pa": ("pa", "pascal", "pascals"),
    "dbar": ("dbar", "db", "decibar", "decibars"),
    "s": ("s", "sec", "second", "seconds"),
}  # fmt: skip
_CANONICAL = {spelling: units for units, spellings in SPELLINGS.items() for spelling in spellings}
_UDUNITS = {"cms-1": "cm s-1", "pa": "Pa", "hpa": "hPa", "kpa": "kPa", "mbar": "mbar", "fraction": "1"}
# A practical salinity is a number on a scale of its own, not a ratio: 35 PSU is neither 0.035 nor 35 g/kg.
_PRACTICAL_SALINITY = {"PSU", "1e-3"}
_ANGLE = re.compile("rad|deg|arc", re.IGNORECASE)
_DIRECTION = re.compile(r"(?<=[a-z])[\s_]*(north|east|south|west|_[nesw])$", re.IGNORECASE)
_VERTICAL_DIRECTION = re.compile(r"[\s,(_]+(below|beneath|under|above|positive|down|up|of|from)\b.*", re.IGNORECASE)
_SPACES = re.compile(r"[\s_]+")
# The C library keeps its parser's state in globals.
_UDUNITS_LOCK = Lock()


def canonical_units(units: str) -> str:
    """Return the usual spelling of ``units``; what is not in `SPELLINGS` stays as it is, but for blanks."""
    text = " ".join(units.split())
    return _CANONICAL.get(text.lower(), text)


@lru_cache(maxsize=4096)
def unit_conversion(source: str, target: str) -> tuple[float, float] | None:
    """Return factor and offset: ``values * factor + offset`` is in the unit ``target``.

    None if one of the units is not known, if they measure different quantities, or if their relation is not linear.
    """
    source, target = source.strip(), target.strip()
    units = canonical_units(source), canonical_units(target)
    if source == target or (source and target and units[0] == units[1]):
        return 1.0, 0.0
    if _PRACTICAL_SALINITY.intersection(units):
        return (1.0, 0.0) if _PRACTICAL_SALINITY.issuperset(units) else None
    return _udunits_conversion(*units) if source and target else None


def is_known_unit(units: str) -> bool:
    """Return True for units that can be compared with others."""
    canonical = canonical_units(units)
    if canonical in SPELLINGS:
        return True
    with _UDUNITS_LOCK:
        return _parse_units(canonical) is not None


def length_in_metres(units: str) -> float | None:
    """Return how many metres a unit of length is, also with its direction (metres below surface); None for others."""
    conversion = unit_conversion(_VERTICAL_DIRECTION.sub("", units), "m")
    return None if conversion is None else conversion[0]


def angle_in_degrees(units: str) -> float | None:
    """Return how many degrees a unit of latitude or longitude is (``radians_north``); None for other units."""
    # UDUNITS takes a radian for a mere number.
    is_angle = _ANGLE.search(units) is not None
    conversion = unit_conversion(_DIRECTION.sub("", units.strip()), "degree") if is_angle else None
    return None if conversion is None else conversion[0]


def _udunits_conversion(source: str, target: str) -> tuple[float, float] | None:
    with _UDUNITS_LOCK:
        first, second = _parse_units(source), _parse_units(target)
        if first is None or second is None or not first.is_convertible(second):
            return None
        offset, at_one, at_two = (first.convert(value, second) for value in (0.0, 1.0, 2.0))
    if offset == 0.0:
        return (at_one, 0.0) if at_two == 2 * at_one else None
    factor = float(f"{at_one - offset:.12g}")  # the subtraction loses digits
    return (factor, offset) if abs(2 * factor + offset - at_two) <= 1e-9 * abs(at_two) else None


def _parse_units(text: str) -> Unit | None:
    """Read units as UDUNITS does, then in lower case with blanks for underscores; None if that fails."""
    lower = text.lower()
    for spelling in (_UDUNITS.get(lower, text), lower, _SPACES.sub(" ", lower)):
        try:
            unit = Unit(spelling)
        except ValueError:
            continue
        # Instants since an epoch need a calendar: see `ocean_core.time`.
        return None if unit.is_unknown() or unit.is_no_unit() or unit.is_time_reference() else unit
    return None
