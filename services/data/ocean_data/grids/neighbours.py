"""The nearest of the cells around a point, and their weights: the kernels that all searches share.

A search measures the cells of a *block*, some rows and columns around the point, without a question in between, so that
a processor measures several at once. Points are mostly asked for one beside the other: the nearest of the block are
mostly in the same places of it as for the point before, and then nothing is sorted.

All distances are squares of chords on the unit sphere.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import EARTH_RADIUS, Floats
from ocean_data.jit import kernel, kernel_part

Weights = NDArray[np.float32]

NEAR = 0.04  # square of a chord, 1,300 km: up to here five terms of the series of the arc are exact to 1e-11
TOUCHING = 1e-3  # km: nearer than this, a point lies on the centre of a cell
SLACK = 1 + 1e-9  # of bounds, against rounding
TOUCHING_CHORD = 1e-15  # a cell at the bound itself is within it


class Search(NamedTuple):
    """The cells around points that make their values: so many, within so many km of each point, and their weights."""

    most: int
    within: Floats  # (point,)
    gaussian: bool  # weights exp(-(2 distance / within)²); else they are 1/distance², km


@kernel_part()
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


@kernel_part()
def _farthest(squares, candidates, count):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The position of the farthest of some cells; of equal ones that of the last."""
    last, most = 0, squares[candidates[0]]
    for k in range(1, count):
        square = squares[candidates[k]]
        if square > most or (square == most and candidates[k] > candidates[last]):
            last, most = k, square
    return last


@kernel()
def chord_bound(distance):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Return the chord of a great-circle distance (km), and a little more: what is so near is within it."""
    return 2 * np.sin(min(distance / (2 * EARTH_RADIUS), np.pi / 2)) * SLACK + TOUCHING_CHORD


# Constants of single precision: with others, numba would calculate in double precision, half as fast.
_SQUARED_RADIUS, _ONE = np.float32(EARTH_RADIUS**2), np.float32(1.0)
_ARC = np.float32(1 / 12), np.float32(1 / 90), np.float32(1 / 560), np.float32(1 / 3150)
_LEAST_EXPONENT, _LEAST_SQUARE = np.float32(-0.26), np.float32(TOUCHING**2)
_EXP = tuple(np.float32(1 / n) for n in (2, 6, 24, 120, 720, 5040))


@kernel_part()
def square_of_arc(s):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Return the square of a distance, km², by the series of the square of its chord: at most `NEAR`."""
    return _SQUARED_RADIUS * s * (_ONE + s * (_ARC[0] + s * (_ARC[1] + s * (_ARC[2] + s * _ARC[3]))))


@kernel_part()
def gaussian_weight(square, factor):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Return exp(-(2 distance / within)²) of the square of a distance, km²; ``factor``: -4 / (16 within²).

    exp(16 x) of the series of exp(x): a loop without calls, of which several run at once.
    """
    x = square * factor
    x = max(_LEAST_EXPONENT, x)
    series = _EXP[2] + x * (_EXP[3] + x * (_EXP[4] + x * _EXP[5]))
    e = _ONE + x * (_ONE + x * (_EXP[0] + x * (_EXP[1] + x * series)))
    e = e * e
    e = e * e
    e = e * e
    return e * e


@kernel_part()
def inverse_weight(square):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Return 1 / distance², for the square of a distance, km²."""
    return _ONE / (max(_LEAST_SQUARE, square))


@kernel_part(error_model="numpy")
def weigh(gaussian, within, squares, count, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Turn squares of chords into weights, as `Grid.neighbours` has them; 0 beyond the first ``count``."""
    factor = np.float32(-4.0 / (16.0 * within * within))
    for k in range(weights.size):
        if k >= count:
            weights[k] = 0.0
            continue
        if squares[k] <= NEAR:
            square = square_of_arc(np.float32(squares[k]))
        else:
            square = np.float32((2 * EARTH_RADIUS * np.arcsin(min(np.sqrt(squares[k]) / 2, 1.0))) ** 2)
        weights[k] = gaussian_weight(square, factor) if gaussian else inverse_weight(square)


@kernel()
def weigh_all(gaussian, within, squares, counts, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Do so for several points: (point, neighbour) each, the cells that there are first."""
    for p in range(len(within)):
        weigh(gaussian, within[p], squares[p], counts[p], weights[p])
