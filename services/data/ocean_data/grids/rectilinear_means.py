"""Means of the cells around the pixels of a map, on rectilinear grids."""

from typing import NamedTuple

import numpy as np

from ocean_core.geometry import Floats
from ocean_data.grids.base import Cells, Positions
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
from ocean_data.jit import kernel, kernel_part


class Blocks(NamedTuple):
    """The cells around the crossings of a lattice: some rows of cells of each parallel, some columns of each meridian.

    The square of the chord to a cell is ``heights + widths * across``.
    """

    rows: Cells  # (parallel, r): what a row adds to the flat index; -1 outside the grid
    columns: Cells  # (c, meridian)
    heights: Lanes  # (parallel, r): squares of chords from the parallel to the row
    widths: Lanes  # (parallel, r): products of their cosines
    across: Lanes  # (c, meridian): squares of chords at the equator from the meridian to the column
    above: Lanes  # (parallel,): squares of sines of angles to the nearest row that is not in the block
    beside: Lanes  # (meridian,): the same, at the equator, of columns
    slopes: Lanes  # (parallel,): cosines of latitudes
    steps: Lanes  # (parallel,): chords from the parallel before, or more
    places: Cells  # (parallel, r): of a row among as many that follow each other


def lay_blocks(
    axes: tuple[Floats, Floats],
    order: tuple[Cells, Cells],
    lattice: tuple[Floats, Floats],
    own: tuple[Positions, Positions],
    around: tuple[int, int],
) -> Blocks:
    """Lay a block around every crossing of a lattice of parallels and meridians, radians.

    ``own``: the nearest row of each parallel and the nearest column of each meridian; ``around``: rows and columns on
    each side. Columns go on around the Earth, but none is taken twice.
    """
    (phis, lams), (phi, lam) = axes, lattice
    high, wide = around
    rows = own[0][:, np.newaxis] + np.arange(-high - 1, high + 2)
    exists, rows = (rows >= 0) & (rows < phis.size), np.clip(rows, 0, phis.size - 1)
    apart = phi[:, np.newaxis] - phis[rows]
    beyond = np.where(exists, np.sin(apart) ** 2, 1.0)
    inner = np.s_[:, 1:-1]
    columns = own[1] + np.arange(-wide - 1, wide + 2)[:, np.newaxis]
    turns = lam - lams[columns % lams.size]
    # Beyond a quarter turn, the pole is nearer than the foot of the perpendicular to the meridian.
    sides = np.where(np.cos(turns) > 0, np.sin(turns) ** 2, 1.0)
    once = (np.arange(2 * wide + 1) < lams.size)[:, np.newaxis]
    closed = 2 * wide + 1 >= lams.size
    return Blocks(
        rows=np.where(exists, order[0][rows], -1)[inner].astype(np.int32),
        columns=np.where(once, order[1][columns % lams.size][1:-1], -1).astype(np.int32),
        heights=np.where(exists, 4 * np.sin(apart / 2) ** 2, NO_CELL)[inner].astype(np.float32),
        widths=(np.cos(phi)[:, np.newaxis] * np.cos(phis[rows]))[inner].astype(np.float32),
        across=np.where(once, 4 * np.sin(turns[1:-1] / 2) ** 2, NO_CELL).astype(np.float32),
        above=beyond[:, [0, -1]].min(axis=1).astype(np.float32),
        beside=(np.ones(lam.size) if closed else sides[[0, -1]].min(axis=0)).astype(np.float32),
        slopes=np.cos(phi).astype(np.float32),
        steps=np.abs(np.diff(phi, prepend=phi[0])).astype(np.float32),
        places=((own[0][:, np.newaxis] + np.arange(2 * high + 1)) % (2 * high + 1)).astype(np.int32),
    )


class RectilinearMeans(NeighbourMeans):
    """Means on a rectilinear grid: distances of rows and of columns are known apart from each other."""

    def __init__(self, home: Cells, search: Search, blocks: Blocks) -> None:
        """Take the nearest cells, and the blocks around the crossings."""
        self._blocks = blocks
        super().__init__(home, search)

    @property
    def nbytes(self) -> int:
        return super().nbytes + sum(array.nbytes for array in self._blocks)

    def _find_bounds(self, most: int, limits: Lanes) -> None:
        _find_row_bounds(self._blocks, most, limits, self.bounds)

    def average(self, field: Lanes) -> Lanes:
        means = np.empty(self.home.shape, np.float32)
        _average_rows(field, self.home, self._blocks, self.bounds, self.factors, self.gaussian, means)
        return means


@kernel_part()
def _measure_lanes(blocks, row, first, squares):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Measure the blocks of the lanes from a meridian on."""
    _, _, heights, widths, across, _, _, _, _, _ = blocks
    cell = 0
    for r in range(heights.shape[1]):
        height, width = heights[row, r], widths[row, r]
        for c in range(len(across)):
            apart, measured = across[c, first : first + LANES], squares[cell]
            for lane in range(LANES):
                measured[lane] = height + width * apart[lane]
            cell += 1


@kernel()
def _find_row_bounds(blocks, most, limits, bounds):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Find the bounds of all crossings, parallel by parallel."""
    _, columns, heights, _, _, above, beside, slopes, steps, _ = blocks
    squares = create_squares(heights.shape[1] * len(columns))
    likely, proven = np.full(LANES, np.float32(-1)), np.empty(LANES, np.float32)
    for row in range(len(bounds)):
        for first in range(0, bounds.shape[1], LANES):
            lanes = slice(first, first + LANES)
            _measure_lanes(blocks, row, first, squares)
            if row:
                lower_bounds(bounds[row - 1, lanes], steps[row], likely)
            else:
                likely[:] = -1
            for lane in range(LANES):
                # The square of the chord of an angle is s where that of its sine is s - s²/4.
                sine = min(above[row], slopes[row] * slopes[row] * beside[first + lane])
                proven[lane] = 2 * sine / (1 + np.sqrt(1 - sine))
            find_bounds(squares, most, limits[row, lanes], likely, proven, bounds[row, lanes])


@kernel_part()
def _gather_row(field, row, columns, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Gather the cells of a row for all meridians: values, (c, meridian), and how much farther those without are."""
    for c in range(len(columns)):
        for k in range(columns.shape[1]):
            value = field[row + columns[c, k]] if row >= 0 and columns[c, k] >= 0 else np.nan
            wet = not np.isnan(value)
            values[0, c, k] = value if wet else 0.0
            values[1, c, k] = 0.0 if wet else NO_CELL


@kernel()
def _average_rows(field, home, blocks, bounds, factors, gaussian, means):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Average the blocks of all crossings, parallel by parallel; a row of cells is gathered once for several."""
    rows, columns, heights, places = blocks[0], blocks[1], blocks[2], blocks[9]
    high, wide = heights.shape[1], len(columns)
    squares = create_squares(high * wide)
    gathered, values = np.full(high, -2), np.empty((high, 2, wide, bounds.shape[1]), np.float32)
    total, share = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    for parallel in range(len(bounds)):
        for r in range(high):
            place = places[parallel, r]
            if gathered[place] != rows[parallel, r]:
                gathered[place] = rows[parallel, r]
                _gather_row(field, rows[parallel, r], columns, values[place])
        for first in range(0, bounds.shape[1], LANES):
            lanes = slice(first, first + LANES)
            _measure_lanes(blocks, parallel, first, squares)
            total[:], share[:] = 0.0, 0.0
            bound, factor = bounds[parallel, lanes], factors[parallel, lanes]
            for r in range(high):
                gathered_row = values[places[parallel, r]]
                for c in range(wide):
                    square, farther = squares[r * wide + c], gathered_row[1, c, lanes]
                    for lane in range(LANES):
                        square[lane] += farther[lane]
                    add_cell(square, bound, factor, gaussian, gathered_row[0, c, lanes], total, share)
            divide_sums(field, home[parallel, lanes], total, share, means[parallel, lanes])
