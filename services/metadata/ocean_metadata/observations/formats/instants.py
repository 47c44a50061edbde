"""Times in files as milliseconds since 1970-01-01."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_metadata.catalogue.time import parse_units, unix_seconds
from ocean_metadata.observations.formats.reasons import Unreadable

_ROUNDED = 10  # ms; days with eight decimals are no more exact than that

MISSING = np.iinfo(np.int64).min

Ints = NDArray[np.int64]


def milliseconds(variable: Any) -> Ints:
    """The times of a netCDF variable; `MISSING` where there is none."""
    text = str(getattr(variable, "units", ""))
    units = parse_units(text, str(getattr(variable, "calendar", "")))
    if units is None or units.months:
        raise Unreadable("its times are in {text!r}, which is not understood", text=text)
    epoch = int(unix_seconds(np.array([units.epoch]), units.calendar)[0])
    # Digits of single precision are none of a time: they are as exact as they are.
    values = np.ma.filled(np.ma.asanyarray(variable[...]).astype(np.float64), np.nan)
    found = np.full(values.shape, MISSING, dtype=np.int64)
    known = np.isfinite(values) & (abs(values) * units.seconds < 1e12)
    exact = epoch * 1000 + np.rint(values[known] * units.seconds * 1000).astype(np.int64)
    whole = (exact + 500) // 1000 * 1000
    found[known] = np.where(abs(exact - whole) <= _ROUNDED, whole, exact)
    return found
