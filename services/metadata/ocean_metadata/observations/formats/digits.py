"""Values with the digits of their files: 28.592 in single precision is not to become 28.591999."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def floats(values: Any) -> Floats:
    """Any numbers as float64, NaN where they are masked."""
    found = np.ma.asanyarray(values)
    if found.dtype == np.float32:
        filled = np.ma.filled(found, np.nan)
        return filled.astype("U").astype(np.float64)
    return np.ma.filled(found.astype(np.float64), np.nan)
