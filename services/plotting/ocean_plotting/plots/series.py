"""Values through time: as cells, as lines that are no finer than paper, and what they do on the whole."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_plotting.plots.section_cells import edges

Floats = NDArray[np.float64]
GAP = 2.5  # usual spacings without an instant, from which on something is missing
CERTAIN = 0.5  # share of the variance that a straight line explains, from which on there is a trend


def broken(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Break a line where instants are missing. Shapes (time,); x ascending."""
    steps = np.diff(x)
    if steps.size < 2:
        return x, y
    gaps = np.flatnonzero(steps > GAP * np.median(steps)) + 1
    return np.insert(x, gaps, (x[gaps] + x[gaps - 1]) / 2), np.insert(y, gaps, np.nan)


def thinned(x: Floats, y: Floats, most: int) -> tuple[Floats, Floats]:
    """Keep of a long line what is seen of it: the least and the greatest value in each of many intervals.

    Parameters
    ----------
    x, y : ndarray, shape (time,)
        x ascending; y NaN where there is nothing.
    most
        Intervals. A line of up to twice as many instants is kept as it is.

    Returns
    -------
    two ndarrays
        No extreme is lost, and where whole intervals have nothing there is a gap.
    """
    if x.size <= 2 * most or x[-1] <= x[0]:
        return x, y
    number = np.minimum(((x - x[0]) / (x[-1] - x[0]) * most).astype(np.intp), most - 1)
    starts = np.flatnonzero(np.diff(number, prepend=-1))
    low, high = np.fmin.reduceat(y, starts), np.fmax.reduceat(y, starts)
    return np.repeat(x[starts], 2), np.stack([low, high], axis=-1).ravel()


def alone(y: Floats) -> NDArray[np.bool_]:
    """Values that have none before and after them: no line shows them. Shape (time,)."""
    there = np.isfinite(np.pad(y, 1, constant_values=np.nan))
    found: NDArray[np.bool_] = there[1:-1] & ~there[:-2] & ~there[2:]
    return found


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Instants as what they stand for."""

    ends: Floats  # (cell + 1,): in the units of the instants
    instant: NDArray[np.intp]  # (cell,): which one a cell is of; -1: a gap


def cells(at: Floats, least: float) -> Cells:
    """Give every instant its time: half-way to the next ones, and no more than usual beside a gap.

    Parameters
    ----------
    at : ndarray, shape (time,)
        Ascending.
    least
        How long one instant is that stands alone.
    """
    if at.size < 2:
        return Cells(ends=np.array([at[0] - least / 2, at[0] + least / 2]), instant=np.zeros(1, dtype=np.intp))
    steps = np.diff(at)
    usual = float(np.median(steps))
    ends = edges(at)
    before, after = ends[:-1].copy(), ends[1:].copy()
    gaps = np.flatnonzero(steps > GAP * usual)
    after[gaps], before[gaps + 1] = at[gaps] + usual / 2, at[gaps + 1] - usual / 2
    bounds = np.insert(before, gaps + 1, after[gaps])
    instant = np.insert(np.arange(at.size, dtype=np.intp), gaps + 1, -1)
    return Cells(ends=np.append(bounds, after[-1]), instant=instant)


def averaged(values: Floats, most: int) -> tuple[Floats, int]:
    """Means of so many neighbours along the first axis that at most ``most`` remain, and of how many they are."""
    count = -(-len(values) // most)
    if count <= 1:
        return values, 1
    starts = np.arange(0, len(values), count)
    there = np.isfinite(values)
    total = np.add.reduceat(np.where(there, values, 0.0), starts)
    number = np.add.reduceat(there.astype(float), starts)
    return np.divide(total, number, out=np.full_like(total, np.nan), where=number > 0), count


def trend(x: Floats, y: Floats) -> float:
    """How much values rise from the first instant to the last, on a straight line; 0 if they follow none."""
    there = np.isfinite(y)
    x, y = x[there], y[there]
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    slope = float(np.cov(x, y, bias=True)[0, 1] / x.var())
    explained = slope**2 * x.var() / y.var()
    return slope * float(np.ptp(x)) if explained >= CERTAIN else 0.0
