"""Bilinear means at the pixels of a map on rectilinear grids, where rows and columns of cells are those of pixels.

Of each row and each column of pixels, the two lines of cells beside it are known: 512 pairs instead of 65,536 times
four cells.
"""

from typing import NamedTuple

import numpy as np

from ocean_core.geometry import Floats
from ocean_data.grids.base import Cells
from ocean_data.grids.means import Lanes, LatticeMeans
from ocean_data.jit import kernel


class Lines(NamedTuple):
    """The lines of cells before and after each row, or each column, of pixels: (n,)."""

    before: Cells  # what the line adds to the flat index
    after: Cells
    fraction: Floats  # of the way from the one to the other, 0 to 1


class CornerMeans(LatticeMeans):
    """Means of the four cells around each crossing, by their distances along rows and columns."""

    def __init__(self, home: Cells, rows: Lines, columns: Lines) -> None:
        """Take the nearest cell of each crossing, (row, column), -1 outside the grid; and the lines around them."""
        self.home, self._rows, self._columns = home, rows, columns

    @property
    def nbytes(self) -> int:
        return self.home.nbytes + sum(array.nbytes for lines in (self._rows, self._columns) for array in lines)

    def average(self, field: Lanes) -> Lanes:
        means = np.empty(self.home.shape, np.float32)
        _average_corners(field, self.home, self._rows, self._columns, means)
        return means


@kernel()
def _average_corners(field, home, rows, columns, means):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Average the wet ones of the four cells around each crossing; NaN where the nearest cell is NaN, or none."""
    for i in range(len(home)):
        south, north, v = rows[0][i], rows[1][i], rows[2][i]
        for j in range(home.shape[1]):
            own = home[i, j]
            value = field[own] if own >= 0 else np.nan
            if not np.isnan(value):
                west, east, u = columns[0][j], columns[1][j], columns[2][j]
                total, wet = 0.0, 0.0
                for number, weight in (
                    (field[south + west], (1 - v) * (1 - u)),
                    (field[south + east], (1 - v) * u),
                    (field[north + west], v * (1 - u)),
                    (field[north + east], v * u),
                ):
                    if not np.isnan(number):
                        total += weight * number
                        wet += weight
                value = total / wet if wet > 0.0 else value
            means[i, j] = value
