"""Weighted means of the cells around the pixels of a map, many pixels at once: the kernels that all grids share.

The idea. A mean of the nearest cells needs no list of them: it is enough to know how far the farthest of them is. All
cells of a *block* around the pixel are weighed, and those that are farther weigh nothing. The sums over a block ask
nothing in between, and neighbouring pixels, the *lanes*, are summed by one instruction. Of a pixel, only the bound
between the farthest cell that is used and the next one is kept: a single number.

The bound is found by going from square to square, from the least one up: mostly it begins just below the bound of the
pixel above, since a bound does not change by more than the way between two pixels. Where a block cannot be proven to
hold all of the nearest cells, or two cells are as good as equally far, the pixel is left to `Grid.neighbours`.

All distances are squares of chords on the unit sphere, in single precision; arrays are (cell of the block, lane).
"""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import EARTH_RADIUS
from ocean_data.grids.neighbours import NEAR, Search, gaussian_weight, inverse_weight, square_of_arc
from ocean_data.jit import kernel_part

Lanes = NDArray[np.float32]
Cells = NDArray[np.int32]

LANES = 64  # pixels at once
NO_CELL = np.float32(1e30)  # the square of a cell that is not there
CLOSE = np.float32(8e-6)  # of a square: so close together, the nearer of two cells is not known
MOST_CELLS = 121  # of a block: more are faster listed
FARTHEST = 2 * EARTH_RADIUS * np.arcsin(np.sqrt(NEAR) / 2)  # km: so far, arcs are known by their series
ONE, NONE = np.float32(1.0), np.float32(0.0)


class LatticeMeans(ABC):
    """Weighted means of cells at the crossings of parallels and meridians, without a list of cells of each."""

    home: Cells  # (row, column): the nearest cell of each crossing; -1 outside the grid

    @property
    @abstractmethod
    def nbytes(self) -> int:
        """Memory that it takes."""

    @property
    def unknown(self) -> NDArray[np.intp]:
        """The crossings whose cells must be listed: flat positions."""
        return np.empty(0, np.intp)

    @abstractmethod
    def average(self, field: Lanes) -> Lanes:
        """Return the means of a field, (cell,): (row, column), NaN outside the grid and where `home` is NaN."""


class NeighbourMeans(LatticeMeans):
    """Means of the nearest cells."""

    def __init__(self, home: Cells, search: Search) -> None:
        """Take the nearest cell of each crossing, (row, column), -1 outside the grid; and find the bounds."""
        self.home = home
        self.gaussian = search.gaussian
        within = search.within.reshape(home.shape).astype(np.float32)
        self.factors = -4 / (16 * within**2)
        # Between the farthest cell of a mean and the next: (row, column); 0: not known.
        self.bounds = np.zeros(home.shape, np.float32)
        self._find_bounds(search.most, (2 * np.sin(within / (2 * EARTH_RADIUS))) ** 2 * (1 - CLOSE / 2))

    @property
    def nbytes(self) -> int:
        return self.home.nbytes + self.bounds.nbytes + self.factors.nbytes

    @property
    def unknown(self) -> NDArray[np.intp]:
        return np.flatnonzero((self.bounds == 0) & (self.home >= 0))

    @abstractmethod
    def _find_bounds(self, most: int, limits: Lanes) -> None:
        """Fill in the bounds of so many cells; those beyond ``limits``, (row, column), are not used."""


def suits_lanes(shape: tuple[int, int], block: tuple[int, int], search: Search) -> bool:
    """Return whether the pixels of a lattice can be averaged so, with blocks of these rows and columns."""
    return shape[1] % LANES == 0 and block[0] * block[1] <= MOST_CELLS and float(search.within.max()) < FARTHEST


@kernel_part()
def create_squares(size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Create the squares of a block of so many cells, filled up to a multiple of four."""
    return np.full((-(-size // 4) * 4, LANES), NO_CELL, np.float32)


@kernel_part(fastmath=True)
def _count_within(squares, bounds, counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    for lane in range(LANES):
        counts[lane] = NONE
    for cell in range(len(squares)):
        row = squares[cell]
        for lane in range(LANES):
            counts[lane] += ONE if row[lane] <= bounds[lane] else NONE


@kernel_part(fastmath=True)
def _find_next(squares, bounds, least):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Find the least square of each lane above its bound; four cells at a time, so that less is stored in between."""
    for lane in range(LANES):
        least[lane] = NO_CELL
    for cell in range(0, len(squares), 4):
        first, second, third, fourth = squares[cell], squares[cell + 1], squares[cell + 2], squares[cell + 3]
        for lane in range(LANES):
            bound = bounds[lane]
            a = first[lane] if first[lane] > bound else NO_CELL
            b = second[lane] if second[lane] > bound else NO_CELL
            c = third[lane] if third[lane] > bound else NO_CELL
            d = fourth[lane] if fourth[lane] > bound else NO_CELL
            a = min(b, a)
            c = min(d, c)
            a = min(c, a)
            least[lane] = min(least[lane], a)


@kernel_part()
def find_bounds(squares, most, limits, likely, proven, bounds):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the bounds of the ``most`` nearest cells within a limit: (lane,) each.

    ``likely``: squares that mostly no more cells are within, and almost as many. ``proven``: no cell outside the block
    is nearer. Bounds of lanes that are not sure are 0.
    """
    counts, following = np.empty(LANES, np.float32), np.empty(LANES, np.float32)
    _count_within(squares, limits, counts)
    for lane in range(LANES):
        bounds[lane] = limits[lane] if counts[lane] <= most else likely[lane]
    _count_within(squares, bounds, counts)
    missing = 0
    for lane in range(LANES):
        if bounds[lane] == limits[lane]:
            counts[lane] = most
        elif counts[lane] > most:
            bounds[lane], counts[lane] = -ONE, NONE
        missing = max(missing, most - int(counts[lane]))
    for _ in range(missing):
        _find_next(squares, bounds, following)
        for lane in range(LANES):
            if counts[lane] < most:
                bounds[lane] = following[lane]
                counts[lane] += ONE
    _find_next(squares, bounds, following)
    _count_within(squares, bounds, counts)  # two cells that are equally far were found as one
    for lane in range(LANES):
        above = bounds[lane] * (ONE + CLOSE)
        sure = above < following[lane] and above < proven[lane] and counts[lane] <= most
        bounds[lane] = (bounds[lane] + following[lane]) / 2 if sure else NONE


@kernel_part()
def lower_bounds(bounds, step, lower):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Return what the bounds are at least after a step, a chord: squares below which no more cells lie."""
    for lane in range(LANES):
        chord = np.sqrt(bounds[lane]) - step
        lower[lane] = chord * chord if chord > 0 else -ONE


@kernel_part(fastmath=True)
def add_cell(squares, bounds, factors, gaussian, values, total, share):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Add a cell of the blocks to the sums of values and of weights, (lane,) each.

    ``factors``: of `gaussian_weight`. The square of a cell without a value is `NO_CELL`.
    """
    used = NONE
    for lane in range(LANES):
        used += ONE if squares[lane] <= bounds[lane] else NONE
    if used == NONE:
        return
    if gaussian:
        for lane in range(LANES):
            weight = gaussian_weight(square_of_arc(squares[lane]), factors[lane])
            weight = weight if squares[lane] <= bounds[lane] else NONE
            total[lane] += weight * values[lane]
            share[lane] += weight
    else:
        for lane in range(LANES):
            weight = inverse_weight(square_of_arc(squares[lane]))
            weight = weight if squares[lane] <= bounds[lane] else NONE
            total[lane] += weight * values[lane]
            share[lane] += weight


@kernel_part()
def divide_sums(field, home, total, share, means):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Divide the sums of values by those of weights; NaN outside the grid and where the nearest cell is NaN."""
    for lane in range(LANES):
        own = home[lane]
        means[lane] = total[lane] / share[lane] if own >= 0 and not np.isnan(field[own]) and share[lane] > 0 else np.nan
