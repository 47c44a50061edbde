"""What variables, units and axes are called in public vocabularies."""

import re
from typing import Any

from pyproj import CRS

from ocean_common.contracts.assets import VariableInfo

Json = dict[str, Any]

STANDARD_NAME = "http://vocab.nerc.ac.uk/standard_name/{}/"
UCUM = "http://www.opengis.net/def/uom/UCUM/"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CALENDAR = "https://cfconventions.org/cf-conventions/cf-conventions.html#{}"
REAL = {"standard", "gregorian", "proleptic_gregorian"}

# Units whose symbol in UCUM is another word; the others are the same in both, or unknown.
_WORDS = {
    "degc": "Cel",
    "degree_c": "Cel",
    "degrees_c": "Cel",
    "deg_c": "Cel",
    "celsius": "Cel",
    "degree_celsius": "Cel",
    "°c": "Cel",
    "kelvin": "K",
    "degk": "K",
    "meter": "m",
    "meters": "m",
    "metre": "m",
    "metres": "m",
    "degree": "deg",
    "degrees": "deg",
    "degree_north": "deg",
    "degrees_north": "deg",
    "degree_east": "deg",
    "degrees_east": "deg",
    "percent": "%",
    "1e-3": "10*-3",
    "0.001": "10*-3",
    "1e3": "10*3",
    "second": "s",
    "seconds": "s",
    "day": "d",
    "days": "d",
    "hour": "h",
    "hours": "h",
}
_SAME = {
    "1", "m", "km", "cm", "mm", "s", "d", "h", "K", "kg", "g", "mg", "ug", "mol", "mmol", "umol", "nmol", "l", "L",
    "ml", "Pa", "hPa", "kPa", "dbar", "bar", "W", "kW", "J", "N", "%", "rad", "deg", "Hz", "S", "mS", "V", "Sv",
}  # fmt: skip
_POWER = re.compile(r"([A-Za-z%]+)(?:\^|\*\*)?(-?\d+)?")


def ucum(units: str) -> str | None:
    """The UCUM symbol of units as CF writes them; None if they are not known."""
    text = units.strip()
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    found: list[str] = []
    for number, group in enumerate(text.split("/")):
        pieces = [_POWER.fullmatch(piece) for piece in re.split(r"[ .]+", group.strip())]
        if text == "1":
            return text
        for piece in pieces:
            if piece is None or piece[1] not in _SAME:
                return None
            power = int(piece[2] or 1) * (-1 if number else 1)
            found.append(piece[1] if power == 1 else f"{piece[1]}{power}")
    return ".".join(found)


def parameter(info: VariableInfo) -> Json:
    """A variable as CoverageJSON tells it."""
    observed: Json = {"label": {"en": (info.standard_name or info.name).replace("_", " ")}}
    if info.standard_name:
        observed["id"] = STANDARD_NAME.format(info.standard_name)
    told: Json = {
        "type": "Parameter",
        "label": {"en": info.name},
        "description": {"en": info.long_name or info.name},
        "observedProperty": observed,
    }
    if info.categories:
        ids = [f"#{number}" for number in range(len(info.categories))]
        observed["categories"] = [
            {"id": one, "label": {"en": label}} for one, label in zip(ids, info.categories, strict=True)
        ]
        told["categoryEncoding"] = {one: number for number, one in enumerate(ids)}
    elif info.units:
        known = ucum(info.units)
        told["unit"] = {
            "label": {"en": info.units},
            "symbol": {"value": known, "type": UCUM} if known else info.units,
        }
    return told


def horizontal(crs: CRS | None) -> Json:
    """The reference system of x and y."""
    if crs is None or crs.is_geographic:
        return {"coordinates": ["x", "y"], "system": {"type": "GeographicCRS", "id": CRS84}}
    authority = crs.to_authority()
    system: Json = {"type": "ProjectedCRS", "description": {"en": crs.name}}
    if authority:
        system["id"] = "http://www.opengis.net/def/crs/{}/0/{}".format(*authority)
    return {"coordinates": ["x", "y"], "system": system}


def vertical(name: str, units: str) -> Json:
    """The reference system of z."""
    axis = {"name": {"en": name}, "direction": "down", "unit": {"symbol": units}}
    return {"coordinates": ["z"], "system": {"type": "VerticalCRS", "cs": {"csAxes": [axis]}}}


def temporal(calendar: str) -> Json:
    """The reference system of t."""
    named = "Gregorian" if calendar in REAL else CALENDAR.format(calendar)
    return {"coordinates": ["t"], "system": {"type": "TemporalRS", "calendar": named}}
