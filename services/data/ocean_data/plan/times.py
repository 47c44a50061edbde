"""Time steps: axes of variables, times as requests name them, and instants that variables share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import Assets, File, Steps
from ocean_common.contracts.data import Minuend, TimedRequest
from ocean_core.errors import InvalidRequest, Message, TimeNotFound
from ocean_core.time import (
    Calendar,
    DateScale,
    Period,
    find_date_scale,
    month_of_middle,
    parse_iso_period,
)

FORMS = Message("2016-02-01, 2016-02-01T12:00:00Z, the raw integer of a time step, or -1 for the last")

_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True, kw_only=True)
class TimeSteps:
    """Time steps, ascending."""

    raw: NDArray[np.int64]  # (step,): in the units of the file
    seconds: NDArray[np.int64]  # (step,): since 1970-01-01 UTC
    dates: DateScale  # of the steps, by which they are found and written
    dated: bool  # else steps have only their numbers, and values of unknown meaning

    def label(self, step: int | np.integer) -> str:
        """Write the date of a step, or its number."""
        return self.dates.take([int(step)]).format()[0] if self.dated else str(self.raw[step])


@dataclass(frozen=True, kw_only=True)
class Axis(TimeSteps):
    """The time steps of a variable."""

    file: NDArray[np.int32]  # (step,): which of the variable's files
    position: NDArray[np.int32]  # (step,): index along that file's time dimension
    values: NDArray[np.float64] | None  # (step,): of undated steps, as in the files
    monthly: bool  # steps are listed as the 15th of their month

    def files(self, steps: Sequence[int]) -> set[int]:
        """The files that hold some steps."""
        if len(steps) == 1:
            return {int(self.file[steps[0]])}
        return set(self.file[list(steps)].tolist())

    @staticmethod
    @lru_cache(maxsize=128)
    def of(steps: Steps, quantum: str | None = None) -> "Axis":
        """Unpack the arrays of the contract: once for all requests."""
        names = ("raw", "seconds", "file", "position")
        raw, seconds, file, position = (unpack_array(getattr(steps, name)) for name in names)
        dates = find_date_scale(seconds, raw, steps.units, steps.calendar)
        return Axis(
            raw=raw,
            seconds=seconds,
            file=file,
            position=position,
            dates=dates,
            dated=steps.dated,
            values=unpack_array(steps.values) if steps.values is not None else None,
            monthly=quantum == "month",
        )


@dataclass(frozen=True, kw_only=True)
class Instants(TimeSteps):
    """The same instants in several variables; `raw` is that of the first variable that has time."""

    units: str  # of `raw`, or of `values`
    values: NDArray[np.float64] | None = None  # (time,): of undated steps, as in the files
    steps: list[NDArray[np.intp] | None]  # of each variable: its indices; None: it has no time

    def of_rows(self, rows: slice) -> list[list[int] | None]:
        """Return the steps of each variable at some of the instants."""
        return [None if steps is None else steps[rows].tolist() for steps in self.steps]


def common_scale(axis: TimeSteps, instants: TimeSteps) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return two series of instants in seconds on one scale: that of their calendar, if it is the same."""
    if axis.dated != instants.dated:
        raise TimeNotFound("some of these time steps have dates and others have none", field="time")
    if axis.dates.calendar == instants.dates.calendar:
        return axis.dates.seconds, instants.dates.seconds
    return axis.seconds, instants.seconds


def match_instants(axis: TimeSteps, instants: TimeSteps) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Find the steps of an axis at some instants, and whether there are any."""
    own, sought = common_scale(axis, instants)
    steps = np.searchsorted(own, sought)
    exists = steps < own.size
    exists[exists] = own[steps[exists]] == sought[exists]
    return steps, exists


@dataclass(frozen=True, kw_only=True)
class Span:
    """The meaning of a text: an instant, a day or a month in seconds, or a raw integer; both ends included."""

    first: int
    last: int
    raw: bool = False


@lru_cache(maxsize=1024)
def parse_time(text: str, field: str, calendar: Calendar = "proleptic_gregorian") -> Span | None:
    """Read a time as it is written in an address, on the scale of a calendar; None for -1, the last step."""
    text = text.strip()
    if text == "-1":
        return None
    if _INTEGER.fullmatch(text):
        number = min(max(int(text), _INT64.min), _INT64.max)
        return Span(first=number, last=number, raw=True)
    try:
        return Span(**parse_iso_period(text, calendar)._asdict())
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            "{name} {text!r} is no time; write {formats}", name=field, text=text[:40], formats=FORMS, field=field
        ) from error


def find_step(axis: Axis, text: str) -> int:
    """Return the step at an instant; the last one of a day."""
    low, high = _ends(axis, text, "time")
    return high - 1 if low < high else int(_steps_at(axis, text)[-1])


def check_time(variable: Assets, text: str | None, field: str) -> None:
    """Refuse a time that means nothing for a variable without time: no time at all, or a date where none is known."""
    span = parse_time(text, field) if text is not None else None
    if variable.timeless and span is not None and not span.raw:
        raise InvalidRequest(
            "{key} has no time steps: leave {name} out", key=variable.variable.key, name=field, field=field
        )


def _steps_at(axis: Axis, text: str) -> NDArray[np.intp]:
    """Return the steps at an instant, or of a day. An unknown time is answered with the steps beside it."""
    _check_steps(axis)
    low, high = _ends(axis, text, "time")
    if low >= high:
        near = [step for step in (low - 1, low) if 0 <= step < axis.raw.size]
        beside = [f"{axis.label(step)} ({axis.raw[step]})" if axis.dated else axis.label(step) for step in near]
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
            first=axis.label(0),
            last=axis.label(-1),
            field="start" if start is not None else "end",
        )
    return np.arange(low, high)


def _ends(axis: Axis, text: str, field: str) -> tuple[int, int]:
    """The first step not before, and the first step after what a text means.

    Of monthly data the 15th is the step of its month: where it is an end of a period, or there is no other step.
    """
    span = parse_time(text, field, axis.dates.calendar)
    if span is None:
        return axis.raw.size - 1, axis.raw.size
    if not (axis.dated or span.raw):
        raise InvalidRequest(
            "{name} {text!r} is a date, and these time steps have none; write the number of a step, {first} to {last}, "
            "or -1 for the last",
            name=field,
            text=text[:40],
            first=axis.label(0),
            last=axis.label(-1),
            field=field,
        )
    values = axis.raw if span.raw else axis.dates.seconds
    low, high = int(values.searchsorted(span.first)), int(values.searchsorted(span.last, side="right"))
    if axis.monthly and not span.raw and (field != "time" or low >= high):
        month = month_of_middle(Period(span.first, span.last), axis.dates.calendar)
        if month is not None:
            return int(values.searchsorted(month.first)), int(values.searchsorted(month.last, side="right"))
    return low, high


def _before(axis: Axis, end: str, start: str) -> bool:
    first, last = (parse_time(text, name, axis.dates.calendar) for text, name in ((start, "start"), (end, "end")))
    if first is None or last is None or first.raw != last.raw:
        return _ends(axis, end, "end")[1] <= _ends(axis, start, "start")[0] and last is not None
    return last.last < first.first


def select_instants(
    variables: Sequence[Assets], query: TimedRequest | Minuend, *, latest: bool = False
) -> Instants | None:
    """Select the times of a request, all if it has none, or with ``latest`` the last; None if no variable has time."""
    axes = [Axis.of(variable.steps, variable.variable.quantum) if variable.steps else None for variable in variables]
    first = next((axis for axis in axes if axis is not None), None)
    if first is None:
        for name, text in (("time", query.time), ("start", query.start), ("end", query.end)):
            check_time(variables[0], text, name)
        return None
    _check_steps(first)
    if query.time is not None and (query.start is not None or query.end is not None):
        raise InvalidRequest("give either time, or start and end, not both", field="time")
    if query.time is not None or (latest and query.start is None and query.end is None):
        texts = ["-1"] if query.time is None else query.time.split(",")
        chosen = np.unique(np.concatenate([_steps_at(first, text) for text in texts]))
    else:
        chosen = _steps_of_period(first, query.start, query.end)
    return instants_of_steps(variables, first, chosen)


def instants_of_steps(variables: Sequence[Assets], first: Axis, chosen: NDArray[np.intp]) -> Instants:
    """Return the instants of some steps of the first variable with time, and the steps of all at them."""
    units = next(variable.steps.units for variable in variables if variable.steps)
    instants = take_steps(first, chosen, units, [])
    steps = [_matching(variable, instants) if variable.steps else None for variable in variables]
    return replace(instants, steps=steps)


def take_steps(axis: Axis, chosen: NDArray[np.intp], units: str, steps: list[NDArray[np.intp] | None]) -> Instants:
    """Return the instants of some steps of an axis."""
    return Instants(
        seconds=axis.seconds[chosen],
        dates=axis.dates.take(chosen),
        raw=axis.raw[chosen],
        dated=axis.dated,
        values=None if axis.values is None else axis.values[chosen],
        units=units,
        steps=steps,
    )


def _matching(variable: Assets, instants: Instants) -> NDArray[np.intp]:
    """The steps of a variable at instants. Steps within one second share their date: the raw time tells which."""
    axis = Axis.of(variable.steps)
    low, exists = match_instants(axis, instants)
    if not exists.all():
        missing = instants.label(np.flatnonzero(~exists)[0])
        raise TimeNotFound(
            "{key} has no time step at {missing}", key=variable.variable.key, missing=missing, field="time"
        )
    own, sought = common_scale(axis, instants)
    high = np.searchsorted(own, sought, side="right")
    for place in np.flatnonzero(high - low > 1):
        low[place] += int(np.argmax(axis.raw[low[place] : high[place]] == instants.raw[place]))
    return low.astype(np.intp)


def used_files(variable: Assets, steps: Sequence[int] | None) -> list[File]:
    """Return the files of time steps; of a variable without time the first."""
    if variable.steps is None or steps is None:
        return variable.files[:1]
    return [variable.files[number] for number in sorted(Axis.of(variable.steps).files(steps))]


def first_and_last(steps: Sequence[int] | None) -> list[int] | None:
    """Return the ends of time steps: what is planned with their files opens no more of them."""
    return None if steps is None else [*steps[:1], *steps[-1:]]
