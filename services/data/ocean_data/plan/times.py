"""Time steps: axes of variables, times as requests name them, and instants that variables share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Assets, Steps
from ocean_common.contracts.data import Minuend, TimedRequest
from ocean_core.errors import InvalidRequest, Message, TimeNotFound
from ocean_core.time import DAY, EPOCH, format_time, is_date_only, parse_instant, restore_plus_sign

FORMS = Message("2016-02-01, 2016-02-01T12:00:00Z, the raw integer of a time step, or -1 for the last")

_INTEGER = re.compile(r"[+-]?\d{1,18}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The time steps of a variable, ascending."""

    raw: NDArray[np.int64]  # (step,): in the units of the file
    seconds: NDArray[np.int64]  # (step,): since 1970-01-01 UTC
    file: NDArray[np.int32]  # (step,): which of the variable's files
    position: NDArray[np.int32]  # (step,): index along that file's time dimension

    def files(self, steps: Sequence[int]) -> set[int]:
        """The files that hold some steps."""
        if len(steps) == 1:
            return {int(self.file[steps[0]])}
        return set(self.file[list(steps)].tolist())

    @staticmethod
    @lru_cache(maxsize=128)
    def of(steps: Steps) -> "Axis":
        """Unpack the arrays of the contract: once for all requests."""
        arrays = {"raw": steps.raw, "seconds": steps.seconds, "file": steps.file, "position": steps.position}
        return Axis(**{name: unpack_array(array) for name, array in arrays.items()})


@dataclass(frozen=True, kw_only=True)
class Span:
    """The meaning of a text: an instant or a day in seconds, or a raw integer; both ends included."""

    first: int
    last: int
    raw: bool = False


@lru_cache(maxsize=1024)
def parse_time(text: str, field: str) -> Span | None:
    """Read a time as it is written in an address; None for -1, the last step."""
    text = text.strip()
    if text == "-1":
        return None
    if _INTEGER.fullmatch(text):
        return Span(first=int(text), last=int(text), raw=True)
    try:
        instant = parse_instant(restore_plus_sign(text))
        seconds = round((instant - EPOCH) / timedelta(seconds=1))
        if is_date_only(text):
            return Span(first=seconds, last=seconds + DAY - 1)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            "{name} {text!r} is no time; write {formats}", name=field, text=text[:40], formats=FORMS, field=field
        ) from error
    return Span(first=seconds, last=seconds)


def find_step(axis: Axis, text: str) -> int:
    """Return the step at an instant; the last one of a day."""
    low, high = _ends(axis, text, "time")
    return high - 1 if low < high else int(_steps_at(axis, text)[-1])


def _steps_at(axis: Axis, text: str) -> NDArray[np.intp]:
    """Return the steps at an instant, or of a day. An unknown time is answered with the steps beside it."""
    _check_steps(axis)
    low, high = _ends(axis, text, "time")
    if low >= high:
        beside = [
            f"{format_time(axis.seconds[step])} ({axis.raw[step]})"
            for step in (low - 1, low)
            if 0 <= step < axis.raw.size
        ]
        raise TimeNotFound(
            "there is no time step at {text}; the nearest are {nearest}",
            text=text[:40],
            nearest=", ".join(beside),
            field="time",
            allowed=beside,
        )
    return np.arange(low, high)


def _check_steps(axis: Axis) -> None:
    if axis.raw.size == 0:
        raise TimeNotFound("this variable has no time steps", field="time")


def _steps_of_period(axis: Axis, start: str | None, end: str | None) -> NDArray[np.intp]:
    low, _ = (0, 0) if start is None else _ends(axis, start, "start")
    _, high = (0, axis.raw.size) if end is None else _ends(axis, end, "end")
    if low >= high:
        if start is not None and end is not None and _before(axis, end, start):
            raise InvalidRequest("end is before start; exchange them", field="end")
        raise TimeNotFound(
            "no time step is in this period; the steps go from {first} to {last}",
            first=format_time(axis.seconds[0]),
            last=format_time(axis.seconds[-1]),
            field="start" if start is not None else "end",
        )
    return np.arange(low, high)


def _ends(axis: Axis, text: str, field: str) -> tuple[int, int]:
    """The first step not before, and the first step after what a text means."""
    span = parse_time(text, field)
    if span is None:
        return axis.raw.size - 1, axis.raw.size
    values = axis.raw if span.raw else axis.seconds
    return int(values.searchsorted(span.first)), int(values.searchsorted(span.last, side="right"))


def _before(axis: Axis, end: str, start: str) -> bool:
    first, last = parse_time(start, "start"), parse_time(end, "end")
    if first is None or last is None or first.raw != last.raw:
        return _ends(axis, end, "end")[1] <= _ends(axis, start, "start")[0] and last is not None
    return last.last < first.first


@dataclass(frozen=True, kw_only=True)
class Instants:
    """The same instants in several variables."""

    seconds: NDArray[np.int64]  # (time,): since 1970-01-01 UTC
    raw: NDArray[np.int64]  # (time,): in the units of the first variable that has time
    units: str  # of `raw`
    steps: list[NDArray[np.intp] | None]  # of each variable: its indices; None: it has no time

    def of_rows(self, rows: slice) -> list[list[int] | None]:
        """Return the steps of each variable at some of the instants."""
        return [None if steps is None else steps[rows].tolist() for steps in self.steps]


def select_instants(
    variables: Sequence[Assets], query: TimedRequest | Minuend, *, latest: bool = False
) -> Instants | None:
    """Select the times of a request, all if it has none, or with ``latest`` the last; None if no variable has time."""
    axes = [Axis.of(variable.steps) if variable.steps else None for variable in variables]
    leading = next((variable.steps for variable in variables if variable.steps), None)
    if leading is None:
        return None
    first = Axis.of(leading)
    _check_steps(first)
    if query.time is not None and (query.start is not None or query.end is not None):
        raise InvalidRequest("give either time, or start and end, not both", field="time")
    if query.time is not None or (latest and query.start is None and query.end is None):
        chosen = _steps_at(first, "-1" if query.time is None else query.time)
    else:
        chosen = _steps_of_period(first, query.start, query.end)
    seconds, raw = first.seconds[chosen], first.raw[chosen]
    steps = [
        None if axis is None else _matching(axis, seconds, raw, variable)
        for axis, variable in zip(axes, variables, strict=True)
    ]
    return Instants(seconds=seconds, raw=raw, units=leading.units, steps=steps)


def _matching(axis: Axis, seconds: NDArray[np.int64], raw: NDArray[np.int64], assets: Assets) -> NDArray[np.intp]:
    """The steps of a variable at instants. Days that have no date of their own share one: the raw time tells which."""
    low = np.searchsorted(axis.seconds, seconds)
    exists = low < axis.seconds.size
    exists[exists] = axis.seconds[low[exists]] == seconds[exists]
    if not exists.all():
        missing = format_time(seconds[np.flatnonzero(~exists)[0]])
        raise TimeNotFound(
            "{key} has no time step at {missing}", key=assets.variable.key, missing=missing, field="time"
        )
    high = np.searchsorted(axis.seconds, seconds, side="right")
    for place in np.flatnonzero(high - low > 1):
        low[place] += int(np.argmax(axis.raw[low[place] : high[place]] == raw[place]))
    return low.astype(np.intp)
