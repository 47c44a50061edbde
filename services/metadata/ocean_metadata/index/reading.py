"""Numbers from a file's variables: unpacked, with NaN where there is nothing."""

from types import EllipsisType
from typing import Any, TypeAlias

import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_metadata.index.stores import Variable, attribute

Index: TypeAlias = tuple[slice | int, ...] | EllipsisType
Floats: TypeAlias = NDArray[np.float64]

NOTHING = 1e30  # beyond any quantity of the sea: a fill value that nobody declared


def floats(variable: Variable, index: Index = ...) -> Floats:
    """Read and unpack; valid_min and valid_max are not trusted to mask: some files have them swapped."""
    raw = np.asarray(variable[index])
    values = raw.astype(np.float64)
    for missing in _missing(variable):
        values[raw == missing] = np.nan
    values[~(np.abs(values) < NOTHING)] = np.nan
    scale, offset = attribute(variable, "scale_factor", 1.0), attribute(variable, "add_offset", 0.0)
    unpacked: Floats = values * scale + offset
    return unpacked


def plain(variable: Variable) -> NDArray[Any]:
    """Read a coordinate; whole numbers stay whole."""
    if np.dtype(variable.dtype).kind in "iu" and "scale_factor" not in variable.ncattrs():
        return np.asarray(variable[...])
    values = floats(variable)
    return values.astype(np.float32) if variable.dtype == np.float32 else values


def _missing(variable: Variable) -> list[Any]:
    found: list[Any] = []
    for name in ("_FillValue", "missing_value"):
        value = np.ravel(attribute(variable, name, []))
        if value.dtype.kind in "iuf":
            with np.errstate(invalid="ignore", over="ignore"):  # 1e20 as the missing value of int16: none is
                found.extend(value.astype(variable.dtype, casting="unsafe"))
    kind = np.dtype(variable.dtype)
    if not found and kind.itemsize > 1:  # CF: single bytes have no default
        found.append(np.array(netCDF4.default_fillvals[kind.str[1:]]).astype(kind))
    return found
