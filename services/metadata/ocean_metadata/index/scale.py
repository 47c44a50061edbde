"""Colour limits where nobody gave any: what the file calls valid, what is usual, or what a sample shows."""

import math
import re
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ocean_core.units import canonical_units
from ocean_metadata.index.file_header import VariableHeader

Scale: TypeAlias = tuple[float, float]
DEFAULT: Scale = (0.0, 1.0)
_WIDEST = 1e4  # a valid range beyond this says nothing,
_WIDER = 3.0  # nor does one that is so many times as wide as what is usual


class _Usual(NamedTuple):
    meaning: re.Pattern[str]  # of the standard name
    units: str
    scale: Scale


_USUAL = [
    _Usual(re.compile(meaning), units, scale)
    for meaning, units, scale in (
        (r"sea_surface_wave_significant_height", "m", (0, 8)),
        (r".*(sea|water|surface|potential)_.*temperature.*", "degree_C", (-2, 30)),
        (r".*(sea|water|potential)_.*temperature.*", "K", (271, 303)),
        (r"sea_(water|surface)_.*salinity|salinity", "PSU", (30, 38)),
        (r"sea_(water|surface)_.*salinity", "1e-3", (30, 38)),
        (r"sea_(water|surface)_.*salinity", "1", (30, 38)),
        (r"sea_ice_(area|fraction).*", "1", (0, 1)),
        (r"sea_ice_thickness", "m", (0, 4)),
        (r"(sea_surface|surface_sea_water)_.*(height|elevation).*", "m", (-1.5, 1.5)),
        (r".*sea_water.*velocity.*|barotropic.*velocity", "m s-1", (-1, 1)),
        (r"(x|y|eastward|northward)_wind", "m s-1", (-20, 20)),
        (r"wind_speed", "m s-1", (0, 25)),
        (r".*(from|to)_direction", "degree", (0, 360)),
    )
]


def told(one: VariableHeader, units: str) -> Scale | None:
    """Limits that need no look at the values: the file's own, unless they are far too wide, else the usual ones."""
    name = one.text("standard_name") or one.text("long_name").replace(" ", "_").lower()
    own, common = valid(one), usual(name, units)
    if own and common and own[1] - own[0] > _WIDER * (common[1] - common[0]):
        return common
    return own or common


def valid(one: VariableHeader) -> Scale | None:
    """The limits that a file calls valid, where they are limits at all.

    CF gives them in packed units; a pair of another type than the data is taken as unpacked.
    """
    both = one.attributes.get("valid_range")
    low, high = both if isinstance(both, list) and len(both) == 2 else (None, None)
    low, high = one.attributes.get("valid_min", low), one.attributes.get("valid_max", high)
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    if isinstance(low, int) and np.dtype(one.dtype).kind in "iu":
        factor, offset = one.attributes.get("scale_factor", 1.0), one.attributes.get("add_offset", 0.0)
        low, high = sorted((low * factor + offset, high * factor + offset))
    sane = math.isfinite(low) and math.isfinite(high) and low < high and max(abs(low), abs(high)) <= _WIDEST
    return (float(low), float(high)) if sane else None


def usual(name: str, units: str) -> Scale | None:
    """The limits that suit a quantity of the sea, by its standard name or what is like one."""
    spelt = canonical_units(units)
    found = (each.scale for each in _USUAL if each.units == spelt and each.meaning.fullmatch(name))
    return next(found, None)


def from_sample(values: NDArray[np.float64]) -> Scale:
    """Round limits around most of a sample.

    Parameters
    ----------
    values : ndarray, any shape
        In the variable's units; NaN where there is nothing.

    Returns
    -------
    tuple of float
        Low and high, at one, two or five times a power of ten; symmetric where the values lie on both sides of 0.
    """
    known = values[np.isfinite(values)]
    if not known.size:
        return DEFAULT
    low, high = (float(each) for each in np.percentile(known, (2, 98)))
    if low == high:
        low, high = low - max(0.5, abs(low) * 0.1), high + max(0.5, abs(high) * 0.1)
    if low < 0 < high and min(-low, high) > 0.2 * max(-low, high):
        low, high = -max(-low, high), max(-low, high)
    if known.min() >= -0.01 * (high - low):  # packing leaves dust below zero
        low = max(0.0, low)
    step = 10 ** math.floor(math.log10((high - low) / 2))
    step = next(each * step for each in (1, 2, 5, 10) if (high - low) / (each * step) <= 10)
    return _round(math.floor(low / step) * step), _round(math.ceil(high / step) * step)


def _round(value: float) -> float:
    """Without the dust of binary fractions."""
    return float(f"{value:.12g}")
