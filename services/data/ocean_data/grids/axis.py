"""One coordinate axis in ascending order: where a value lies between its points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """The points of an axis, ascending, and where each is in the file."""

    values: Floats  # (n,), ascending
    order: NDArray[np.int32]  # (n,): index in the file

    @classmethod
    def of(cls, values: Floats) -> "Axis":
        """Sort an axis of any order; what is not a number is left out, and a value said twice is kept once."""
        finite = np.flatnonzero(np.isfinite(values))
        _, first = np.unique(np.round(values[finite], 7), return_index=True)
        kept = finite[first]
        return cls(values[kept], kept.astype(np.int32))

    def bracket(self, asked: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
        """The points before and after each value, and how far it is from the one to the other.

        Returns
        -------
        before, after : ndarray of int
            Positions in `values`; the end point twice for what lies beyond it.
        fraction : ndarray of float
            0..1.
        """
        after = np.clip(np.searchsorted(self.values, asked, side="right"), 1, max(self.values.size - 1, 1))
        before = after - 1
        after = np.minimum(after, self.values.size - 1)
        gap = self.values[after] - self.values[before]
        with np.errstate(invalid="ignore", divide="ignore"):
            fraction = np.where(gap > 0, (asked - self.values[before]) / gap, 0.0)
        return before, after, np.clip(fraction, 0.0, 1.0)

    def spacing(self, lone: float) -> Floats:
        """Size of the cell of each point: (n,); ``lone`` where there is one point only."""
        if self.values.size == 1:
            return np.array([lone])
        steps = np.diff(self.values)
        return np.concatenate([steps[:1], (steps[:-1] + steps[1:]) / 2, steps[-1:]])

    def covers(self, asked: Floats, lone: float) -> NDArray[np.bool_]:
        """Whether each value is within half a cell of the axis."""
        size = self.spacing(lone)
        slack = 1e-9 * (1 + np.abs(self.values[-1] - self.values[0]))
        low, high = self.values[0] - size[0] / 2 - slack, self.values[-1] + size[-1] / 2 + slack
        within: NDArray[np.bool_] = (asked >= low) & (asked <= high)
        return within
