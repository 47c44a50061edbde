"""Where a moving platform is in time and depth: which steps and levels hold each point, with which weights."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import Floats
from ocean_core.time import DAY

Between = Literal["nearest", "linear"]

# How long a step stands for, where there is no other beside it to tell.
QUANTA = {"second": 1, "hour": 3_600, "day": DAY, "month": 30 * DAY, "year": 365 * DAY}


def in_time(
    axis: NDArray[np.int64], seconds: NDArray[np.int64], between: Between, quantum: str | None = None
) -> tuple[NDArray[np.intp], Floats]:
    """The steps that make each point, with their weights.

    A step stands for the time half-way to its neighbours. Between the first and the last step a linear value is made
    of the two around; up to half a step beyond, the nearest holds.

    Parameters
    ----------
    axis : ndarray of int, shape (step,)
        Seconds, ascending.
    seconds : ndarray of int, shape (point,)
        When the points are wanted.
    between : {"nearest", "linear"}
        How a value between two steps is made.
    quantum : str, optional
        The spacing of the steps, as the catalogue names it.

    Returns
    -------
    steps : ndarray of int, shape (2, point)
        -1 where there is none: outside the time of the axis.
    weights : ndarray of float, shape (2, point)
        They add up to one where there is a step.
    """
    low = np.clip(np.searchsorted(axis, seconds, side="right") - 1, 0, axis.size - 1)
    high = np.minimum(low + 1, axis.size - 1)
    apart = axis[high] - axis[low]
    share = np.clip(np.divide(seconds - axis[low], apart, out=np.zeros(seconds.shape), where=apart > 0), 0.0, 1.0)
    if between == "nearest":
        share = np.where(share > 0.5, 1.0, 0.0)
    first, last = _reach(axis, quantum)
    inside = (seconds >= axis[0] - first) & (seconds <= axis[-1] + last)
    steps = np.where(inside, np.stack([low, high]), -1)
    weights = np.stack([1.0 - share, share])
    return np.where(weights > 0, steps, -1), np.where(inside, weights, 0.0)


def _reach(axis: NDArray[np.int64], quantum: str | None) -> tuple[float, float]:
    """How long before the first step and after the last one these still hold: s."""
    if axis.size > 1:
        return float(axis[1] - axis[0]) / 2, float(axis[-1] - axis[-2]) / 2
    return QUANTA.get(quantum or "", 0) / 2, QUANTA.get(quantum or "", 0) / 2


def at_depth(values: Floats, deep: Floats, wanted: Floats, between: Between) -> Floats:
    """Values at a depth of each column.

    A level stands for the water half-way to its neighbours, the shallowest for all above it, and the deepest wet one
    as far down as up. Between two wet levels a linear value is made of both; elsewhere that of the nearest holds:
    the sea floor does not thin the water above it.

    Parameters
    ----------
    values : ndarray of float, shape (..., level, point)
        NaN over land and below the sea floor.
    deep : ndarray of float, shape (level, point)
        m, positive down, in any order; NaN where a level has none.
    wanted : ndarray of float, shape (point,)
        m, positive down.
    between : {"nearest", "linear"}
        How a value between two levels is made.

    Returns
    -------
    ndarray of float, shape (..., point)
        NaN below the sea floor.
    """
    some = values.reshape(-1, *deep.shape)[0]
    deep = np.where(np.isfinite(some) & np.isfinite(deep), deep, np.inf)
    # Dry levels go to the end: the wet ones of a column are its first.
    order = np.argsort(deep, axis=0, kind="stable")
    values = np.take_along_axis(values, np.broadcast_to(order, values.shape), axis=-2)
    deep = np.take_along_axis(deep, order, axis=0)
    wet = np.isfinite(deep).sum(axis=0)
    last = np.maximum(wet - 1, 0)
    low = np.minimum(np.maximum((deep <= wanted).sum(axis=0) - 1, 0), last)
    high = np.minimum(low + 1, last)
    deep = np.where(np.isfinite(deep), deep, 0.0)
    upper, apart = _pick(deep, low), _pick(deep, high) - _pick(deep, low)
    share = np.clip(np.divide(wanted - upper, apart, out=np.zeros(wanted.shape), where=apart > 0), 0.0, 1.0)
    if between == "nearest":
        share = np.where(share > 0.5, 1.0, 0.0)
    one, two = _pick(values, low), _pick(values, high)
    found = np.where(share == 0, one, np.where(share == 1, two, (1 - share) * one + share * two))
    return np.where((wet > 0) & (wanted <= _floor(deep, last)), found, np.nan)


def _floor(deep: Floats, last: NDArray[np.intp]) -> Floats:
    """How far down the deepest wet level reaches: as far as it does up."""
    bottom, above = _pick(deep, last), _pick(deep, np.maximum(last - 1, 0))
    upper = np.where(last > 0, (bottom + above) / 2, np.minimum(bottom, 0.0))
    floor: Floats = 2 * bottom - upper
    return floor


def _pick(values: Floats, levels: NDArray[np.intp]) -> Floats:
    """The values at a level of each point."""
    taken = np.take_along_axis(values, np.broadcast_to(levels, (*values.shape[:-2], 1, levels.size)), axis=-2)
    return np.asarray(taken[..., 0, :], dtype=np.float64)
