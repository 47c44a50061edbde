"""Colour limits of a variable that need no look at its values."""

import numpy as np

from ocean_core.colour import Limits, choose_limits
from ocean_metadata.index.file_header import VariableHeader


def header_limits(header: VariableHeader, units: str) -> Limits | None:
    """Return the valid range of the file, unless it is far too wide, else the usual limits of the quantity, if any."""
    name = header.text("standard_name") or header.text("long_name").replace(" ", "_").lower()
    return choose_limits(valid_range(header), name, units)


def valid_range(header: VariableHeader) -> Limits | None:
    """Return the valid range of a variable in its own units, if the file has one.

    CF gives it in packed units; a pair of another type than the data is taken as unpacked.
    """
    pair = header.attributes.get("valid_range")
    low, high = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
    low, high = header.attributes.get("valid_min", low), header.attributes.get("valid_max", high)
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    if isinstance(low, int) and np.dtype(header.dtype).kind in "iu":
        factor, offset = header.attributes.get("scale_factor", 1.0), header.attributes.get("add_offset", 0.0)
        low, high = sorted((low * factor + offset, high * factor + offset))
    return float(low), float(high)
