"""Descriptions of variables in CoverageJSON (OGC 21-069r2), which collections of EDR share."""

import re
from typing import Any

from ocean_common.contracts.assets import VariableInfo
from ocean_core.units import canonical_units

Json = dict[str, Any]

# Units with another symbol in UCUM, by the core's spelling or in lower case; the others are the same, or unknown.
UCUM_SYMBOLS = {
    "degree_C": "Cel", "degree": "deg", "degree_north": "deg", "degrees_north": "deg", "degree_east": "deg",
    "degrees_east": "deg", "percent": "%", "1e-3": "10*-3", "1e3": "10*3", "day": "d", "days": "d", "hour": "h",
    "hours": "h", "1": "1",
}  # fmt: skip
SAME_SYMBOLS = {
    "m", "km", "cm", "mm", "s", "d", "h", "K", "kg", "g", "mg", "ug", "mol", "mmol", "umol", "nmol", "l", "L",
    "ml", "Pa", "hPa", "kPa", "dbar", "bar", "W", "kW", "J", "N", "%", "rad", "deg", "Hz", "S", "mS", "V", "Sv",
}  # fmt: skip
_POWER = re.compile(r"([A-Za-z%]+)(?:\^|\*\*)?(-?\d+)?")


def ucum_symbol(units: str) -> str | None:
    """Return the UCUM symbol of units as CF writes them; None if they are not known."""
    text = canonical_units(units) if units.strip() else ""
    symbol = UCUM_SYMBOLS.get(text, UCUM_SYMBOLS.get(text.lower()))
    if symbol is not None:
        return symbol
    symbols: list[str] = []
    for number, group in enumerate(text.split("/")):
        for piece in re.split(r"[ .]+", group.strip()):
            match = _POWER.fullmatch(piece)
            if match is None or match[1] not in SAME_SYMBOLS:
                return None
            power = int(match[2] or 1) * (-1 if number else 1)
            symbols.append(match[1] if power == 1 else f"{match[1]}{power}")
    return ".".join(symbols)


def describe_parameter(info: VariableInfo) -> Json:
    """Describe a variable as CoverageJSON does."""
    observed: Json = {"label": {"en": (info.standard_name or info.name).replace("_", " ")}}
    if info.standard_name:
        observed["id"] = f"http://vocab.nerc.ac.uk/standard_name/{info.standard_name}/"
    parameter: Json = {
        "type": "Parameter",
        "label": {"en": info.name},
        "description": {"en": info.long_name or info.name},
        "observedProperty": observed,
    }
    if info.categories:
        observed["categories"] = [
            {"id": f"#{number}", "label": {"en": label}} for number, label in enumerate(info.categories)
        ]
        parameter["categoryEncoding"] = {
            f"#{number}": int(value) if value.is_integer() else value
            for number, value in enumerate(info.category_numbers)
        }
    elif info.units:
        symbol = ucum_symbol(info.units)
        parameter["unit"] = {
            "label": {"en": info.units},
            "symbol": {"value": symbol, "type": "http://www.opengis.net/def/uom/UCUM/"} if symbol else info.units,
        }
    return parameter
