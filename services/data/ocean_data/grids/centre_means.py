"""Means of the cells around the pixels of a map, on grids of which only the centres of the cells are known."""

import numpy as np

from ocean_core.geometry import Floats
from ocean_data.grids.base import Cells
from ocean_data.grids.means import (
    LANES,
    NO_CELL,
    Lanes,
    NeighbourMeans,
    add_cell,
    create_squares,
    divide_sums,
    find_bounds,
    lower_bounds,
)
from ocean_data.grids.neighbours import Search
from ocean_data.grids.search import WAITING, Squares, cosine_and_sine, measure_clearance, square_of_chord
from ocean_data.jit import kernel, kernel_part


def square_of_most(most: int) -> int:
    """Return how many cells on each side of the nearest one mostly hold so many: a disc of them, and a little more."""
    return int(np.ceil(1.1 * np.sqrt(most / np.pi)))


class CentreMeans(NeighbourMeans):
    """Means on a grid of which only the centres of the cells are known."""

    def __init__(self, home: Cells, search: Search, squares: Squares, lattice: tuple[Floats, Floats]) -> None:
        """Take the nearest cells, and the latitudes and longitudes of the lattice, degrees."""
        self._squares = squares
        self._parallels, self._meridians = (cosine_and_sine(np.radians(degrees)) for degrees in lattice)
        super().__init__(home, search)

    def _find_bounds(self, most: int, limits: Lanes) -> None:
        pyramid, width, clearances = self._squares
        _find_centre_bounds(
            pyramid, width, clearances, self._parallels, self._meridians, self.home, most, limits, self.bounds
        )

    def average(self, field: Lanes) -> Lanes:
        means = np.empty(self.home.shape, np.float32)
        (vectors, _, _, sizes, _), width, _ = self._squares
        _average_squares(
            field,
            (vectors, sizes, width),
            self._parallels,
            self._meridians,
            self.home,
            self.bounds,
            self.factors,
            self.gaussian,
            means,
        )
        return means


@kernel_part()
def _measure_lanes(vectors, shape, around, parallel, meridians, home, field, squares, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Measure the squares of cells around the nearest ones: `NO_CELL` for those without a place, or outside.

    With a field, (cell,), its values are gathered too, and cells without a value are none.
    """
    rows, columns = shape
    for lane in range(LANES):
        own, x, y, z = (
            max(home[lane], 0),
            parallel[0] * meridians[lane, 0],
            parallel[0] * meridians[lane, 1],
            parallel[1],
        )
        row, column, k = own // columns, own % columns, 0
        complete = around <= row < rows - around and around <= column < columns - around
        for r in range(row - around, row + around + 1):
            for c in range(column - around, column + around + 1):
                square, value = NO_CELL, np.float32(0)
                if complete or (0 <= r < rows and 0 <= c < columns):
                    cell = r * columns + c
                    measured = np.float32(square_of_chord(vectors, cell, x, y, z))
                    here = field[cell] if field.size else value
                    if measured + here < NO_CELL:  # neither is NaN
                        square, value = measured, here
                squares[k, lane], values[k, lane] = square, value
                k += 1


@kernel()
def _find_centre_bounds(grid, around, clearances, parallels, meridians, home, most, limits, bounds):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Find the bounds of all crossings, parallel by parallel."""
    vectors, shape = grid[0], (grid[3][0, 0], grid[3][0, 1])
    listed, waiting = np.empty(128, np.int64), np.empty((WAITING, 2), np.int64)
    squares, no_field = create_squares((2 * around + 1) ** 2), np.empty(0, np.float32)
    values = np.empty_like(squares)
    middle = 2 * around * (around + 1)
    likely, proven = np.full(LANES, np.float32(-1)), np.empty(LANES, np.float32)
    for row in range(len(bounds)):
        before = max(row - 1, 0)
        step = np.hypot(parallels[row, 0] - parallels[before, 0], parallels[row, 1] - parallels[before, 1])
        for first in range(0, bounds.shape[1], LANES):
            lanes = slice(first, first + LANES)
            own = home[row, lanes]
            _measure_lanes(vectors, shape, around, parallels[row], meridians[lanes], own, no_field, squares, values)
            if row:
                lower_bounds(bounds[before, lanes], np.float32(step), likely)
            else:
                likely[:] = -1
            for lane in range(LANES):
                cell = own[lane]
                if cell >= 0 and clearances[cell] < 0:
                    measure_clearance(grid, around, cell, clearances, listed, waiting)
                # What is not around the cell is farther than its clearance, less the way to the cell.
                room = clearances[cell] - np.sqrt(squares[middle, lane]) if cell >= 0 else 0.0
                proven[lane] = room * room if room > 0 else 0.0
            find_bounds(squares, most, limits[row, lanes], likely, proven, bounds[row, lanes])


@kernel()
def _average_squares(field, grid, parallels, meridians, home, bounds, factors, gaussian, means):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Average the squares of cells of all crossings, parallel by parallel."""
    vectors, sizes, around = grid
    shape, side = (sizes[0, 0], sizes[0, 1]), 2 * around + 1
    squares = create_squares(side * side)
    values = np.empty_like(squares)
    total, share = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for row in range(len(bounds)):
        for first in range(0, bounds.shape[1], LANES):
            lanes = slice(first, first + LANES)
            own, bound, factor = home[row, lanes], bounds[row, lanes], factors[row, lanes]
            _measure_lanes(vectors, shape, around, parallels[row], meridians[lanes], own, field, squares, values)
            total[:], share[:] = 0.0, 0.0
            for k in range(side * side):
                add_cell(squares[k], bound, factor, gaussian, values[k], total, share)
            divide_sums(field, own, total, share, means[row, lanes])
