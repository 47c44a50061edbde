"""Which time steps of several variables are read together."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.errors import TimeNotFound
from ocean_core.time import format_time
from ocean_data.plan import time

Steps = NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Instants:
    """The same instants in several variables."""

    seconds: NDArray[np.int64]  # (time,): since 1970-01-01 UTC
    raw: NDArray[np.int64]  # (time,): in the units of the first variable that has time
    units: str  # of `raw`
    steps: list[Steps | None]  # of each variable: its indices; None: it has no time

    @classmethod
    def of(
        cls, variables: Sequence[Assets], at: str | None, start: str | None = None, end: str | None = None
    ) -> "Instants | None":
        """Select times as they are written in an address; None if no variable has time."""
        axes = [time.Axis.of(one.steps) if one.steps else None for one in variables]
        leading = next(((axis, one.steps) for axis, one in zip(axes, variables, strict=True) if axis), None)
        if leading is None or leading[1] is None:
            return None
        first = leading[0]
        chosen = time.select(first, at, start, end)
        seconds, raw = first.seconds[chosen], first.raw[chosen]
        steps = [
            None if axis is None else _matching(axis, seconds, raw, one)
            for axis, one in zip(axes, variables, strict=True)
        ]
        return cls(seconds=seconds, raw=raw, units=leading[1].units, steps=steps)

    def of_variable(self, number: int, rows: slice) -> list[int] | None:
        """The steps of one variable at some of the instants."""
        steps = self.steps[number]
        return None if steps is None else steps[rows].tolist()


def _matching(axis: time.Axis, seconds: NDArray[np.int64], raw: NDArray[np.int64], assets: Assets) -> Steps:
    """The steps of a variable at instants. Days that have no date of their own share one: the raw time tells which."""
    low = np.searchsorted(axis.seconds, seconds)
    there = low < axis.seconds.size
    there[there] = axis.seconds[low[there]] == seconds[there]
    if not there.all():
        missing = format_time(seconds[np.flatnonzero(~there)[0]])
        raise TimeNotFound(
            "{key} has no time step at {missing}", key=assets.variable.key, missing=missing, field="time"
        )
    high = np.searchsorted(axis.seconds, seconds, side="right")
    for place in np.flatnonzero(high - low > 1):
        low[place] += int(np.argmax(axis.raw[low[place] : high[place]] == raw[place]))
    return low.astype(np.intp)
