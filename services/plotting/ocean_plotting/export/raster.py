"""A field on even cells of a map projection."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Raster:
    """What a georeferenced image holds."""

    values: NDArray[np.float32]  # (row, column), from the upper left; NaN where there is nothing
    extent: tuple[float, float, float, float]  # left, bottom, right, top of the outermost cells, m
    projection: str  # a code, or a PROJ string
    name: str  # of what the values are, with units
    source: str = ""
    time: str = ""  # ISO 8601
