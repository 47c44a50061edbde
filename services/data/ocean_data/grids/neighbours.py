"""The nearest of the cells around a point, and their weights: the kernels that all searches share.

A search measures the cells of a *block*, some rows and columns around the point, without a question in between, so that
a processor measures several at once. Points are mostly asked for one beside the other: the nearest of the block are
mostly in the same places of it as for the point before, and then nothing is sorted.

All distances are squares of chords on the unit sphere.
"""

from typing import Literal, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ocean_core.geometry import EARTH_RADIUS, Floats

Weights = NDArray[np.float32]

NEAR = 0.04  # square of a chord, 1,300 km: up to here five terms of the series of the arc are exact to 1e-11
TOUCHING = 1e-3  # km: nearer than this, a point lies on the centre of a cell


class Search(NamedTuple):
    """The cells around points that make their values: so many, within so many km of each point, and their weights."""

    most: int
    within: Floats  # (point,)
    weighting: Literal["gaussian", "inverse"]

    @property
    def gaussian(self) -> bool:
        """True for weights exp(-(2 distance / within)²); else they are 1/distance², relative to the nearest cell."""
        return self.weighting == "gaussian"


@njit(nogil=True, cache=True)
def choose_nearest(squares, size, limit, candidates, chosen, best):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Choose the nearest of the first ``size`` cells within a limit, in any order; NaN is no cell.

    ``chosen``: the likely ones, -1 for none; afterwards the chosen ones. ``best``: their squares. Of cells that are
    equally near, the first is chosen. ``candidates``: space for one more than ``size``. Returns how many there are, and
    the square of the farthest: the limit where there are fewer than are wanted.
    """
    # As many cells as are wanted are no farther than the farthest of the likely ones: the others need not be compared.
    farthest, total = 0.0, 0.0
    for k in range(best.size):
        square = squares[chosen[k]] if chosen[k] >= 0 else np.inf
        farthest, total = max(farthest, square), total + square
    farthest = farthest if total < np.inf and farthest < limit else limit
    count = 0
    for k in range(size):
        candidates[count] = k
        count += squares[k] <= farthest
    while count > best.size:
        last = _farthest(squares, candidates, count)
        count -= 1
        candidates[last] = candidates[count]
    farthest = 0.0
    for k in range(best.size):
        chosen[k] = candidates[k] if k < count else -1
        best[k] = squares[candidates[k]] if k < count else limit
        farthest = max(farthest, best[k])
    return count, farthest


@njit(nogil=True, cache=True, inline="always")
def _farthest(squares, candidates, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The position of the farthest of some cells; of equal ones that of the last."""
    last, most = 0, squares[candidates[0]]
    for k in range(1, count):
        square = squares[candidates[k]]
        if square > most or (square == most and candidates[k] > candidates[last]):
            last, most = k, square
    return last


@njit(nogil=True, cache=True, fastmath=True)
def weigh(gaussian, within, squares, count, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Turn squares of chords into weights, as `Grid.neighbours` has them; 0 beyond the first ``count``."""
    widest = 0.0
    for k in range(count):
        widest = max(widest, squares[k])
    radius = EARTH_RADIUS * EARTH_RADIUS
    if widest <= NEAR:
        for k in range(count):
            s = squares[k]
            squares[k] = radius * s * (1 + s * (1 / 12 + s * (1 / 90 + s * (1 / 560 + s / 3150))))
    else:
        for k in range(count):
            squares[k] = radius * (2 * np.arcsin(min(np.sqrt(squares[k]) / 2, 1.0))) ** 2
    if gaussian:
        # exp(16 x) of the series of exp(x), exact to 1e-9: a loop without calls, of which several run at once.
        factor = -4.0 / (16.0 * within * within)
        for k in range(count):
            x = max(squares[k] * factor, -0.26)
            e = 1 + x * (1 + x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7 * (1 + x / 8)))))))
            e *= e
            e *= e
            e *= e
            weights[k] = e * e
    else:  # relative to the nearest: no number is out of the range of single precision
        nearest = radius * 16.0  # more than to any place; an infinite number may not be compared with fastmath
        for k in range(count):
            squares[k] = max(squares[k], TOUCHING * TOUCHING)
            nearest = min(nearest, squares[k])
        for k in range(count):
            weights[k] = nearest / squares[k]
    for k in range(count, weights.size):
        weights[k] = 0.0


@njit(nogil=True, cache=True)
def weigh_all(gaussian, within, squares, counts, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Do so for several points: (point, neighbour) each, the cells that there are first."""
    for p in range(len(within)):
        weigh(gaussian, within[p], squares[p], counts[p], weights[p])
