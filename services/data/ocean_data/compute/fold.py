"""Folded tiles: where neighbouring rows or columns of pixels have the same cells, each of them is there once."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.int32]


class Fold(NamedTuple):
    """Rows and columns of a folded field, by row and by column of pixels: (size,) each, from 0."""

    rows: NDArray[np.uint8]
    columns: NDArray[np.uint8]

    @property
    def shape(self) -> tuple[int, int]:
        """Of the folded field."""
        return int(self.rows[-1]) + 1, int(self.columns[-1]) + 1

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self.rows.nbytes + self.columns.nbytes

    def expand(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """A folded field with a value for every pixel again: (size, size)."""
        return values.take(self.rows, axis=0).take(self.columns, axis=1)


def folded(rows: Cells, columns: Cells) -> tuple[Cells, Fold]:
    """Fold a tile whose pixels have the cells ``row + column``.

    Parameters
    ----------
    rows, columns : ndarray of int32, shape (size,)
        What each row and each column of pixels, at most 256, adds to a flat index; -1 outside the grid.

    Returns
    -------
    cells : ndarray of int32, shape (row * column,)
        Of the folded tile; -1 outside the grid.
    fold : Fold
        How the tile is folded.
    """
    (row, of_rows), (column, of_columns) = _runs(rows), _runs(columns)
    cells = np.where((row[:, np.newaxis] < 0) | (column < 0), -1, row[:, np.newaxis] + column)
    return cells.astype(np.int32).ravel(), Fold(of_rows, of_columns)


def _runs(values: Cells) -> tuple[Cells, NDArray[np.uint8]]:
    """Equal values that follow each other, once; and which of them each value is."""
    begins = np.diff(values, prepend=values[0] - 1) != 0
    return values[begins], (np.cumsum(begins) - 1).astype(np.uint8)
