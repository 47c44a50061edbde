"""Time steps as intervals of equal spacing: 100,000 steps are told in one line."""

import msgspec
import numpy as np

from ocean_common.contracts.finding import TimeInterval
from ocean_common.errors import InvalidRequest
from ocean_core.time import (
    LONGEST_DATE,
    AmbiguousDateError,
    Ints,
    Period,
    format_duration,
    format_month_duration,
    format_times,
    parse_period,
)
from ocean_metadata.catalogue.model import StepArrays


class Run(msgspec.Struct, frozen=True):
    """Neighbouring time steps of one spacing."""

    first: int  # indices of time steps
    last: int  # inclusive
    step: str | None  # ISO 8601 duration


def runs(seconds: Ints, quantum: str | None = None) -> list[Run]:
    """Cut time steps into runs of equal spacing, in seconds or in calendar months.

    Parameters
    ----------
    seconds : ndarray of int64, shape (time,)
        Since 1970-01-01 UTC, ascending.
    quantum : str or None
        Of monthly data only the month counts: the middle of February is no regular step after that of January.

    Returns
    -------
    list of Run
        Together all time steps, in their order. A step that starts no run of three stands for itself, unless it is
        one of the last two.
    """
    steps = np.diff(seconds)
    months = _month_steps(seconds, monthly=quantum == "month")
    even, monthly = _ahead(steps), np.where(months > 0, _ahead(months), 0)
    lengths = np.maximum(even, monthly)
    found, at, count = [], 0, seconds.size
    while at < count:
        length = int(lengths[at]) if at < count - 1 else 0
        if length == 1 and at + 1 < count - 1 and lengths[at + 1] > 1:
            length = 0  # a gap before a longer run
        step = None
        if length:
            in_months = monthly[at] >= even[at]
            step = format_month_duration(int(months[at])) if in_months else format_duration(int(steps[at]))
        found.append(Run(at, at + length, step))
        at += length + 1
    return found


def intervals(steps: StepArrays, quantum: str | None, some: list[Run]) -> list[TimeInterval]:
    """Runs as people read them."""
    starts, ends = (np.array([getattr(one, end) for one in some], dtype=np.intp) for end in ("first", "last"))
    labels = zip(format_times(steps.seconds[starts], quantum), format_times(steps.seconds[ends], quantum), strict=True)
    return [
        TimeInterval(
            start=start,
            end=end,
            step=one.step,
            count=one.last - one.first + 1,
            start_id=int(steps.raw[one.first]),
            end_id=int(steps.raw[one.last]),
        )
        for one, (start, end) in zip(some, labels, strict=True)
    ]


def between(steps: StepArrays, first: int | None, last: int | None) -> StepArrays:
    """The time steps within a period: seconds since 1970-01-01, both included."""
    start = 0 if first is None else int(np.searchsorted(steps.seconds, first, "left"))
    end = steps.seconds.size if last is None else int(np.searchsorted(steps.seconds, last, "right"))
    whole = slice(start, max(start, end))
    return StepArrays(
        raw=steps.raw[whole], seconds=steps.seconds[whole], file=steps.file[whole], position=steps.position[whole]
    )


def parse_period_parameter(text: str, field: str) -> Period:
    """Parse a date of a request.

    Raises
    ------
    InvalidRequest
        It is no date, or may be two.
    """
    try:
        return parse_period(text)
    except AmbiguousDateError as error:
        raise InvalidRequest(
            "{text!r} may mean two days; write the year first: {first} or {second}",
            text=error.text,
            first=error.readings[0],
            second=error.readings[1],
            field=field,
        ) from error
    except (ValueError, OverflowError) as error:  # also 31 February, and the year 0
        raise InvalidRequest(
            "{text!r} is no date; write it as 2022-04-05, 2022-04-05T12:00Z or 5 April 2022",
            text=text[:LONGEST_DATE],
            field=field,
        ) from error


def _month_steps(seconds: Ints, *, monthly: bool) -> Ints:
    """Steps in calendar months; 0 where the day of the month or the clock changes."""
    month = seconds.astype("datetime64[s]").astype("datetime64[M]")
    within = seconds - month.astype("datetime64[s]").astype(np.int64)
    numbers: Ints = month.astype(np.int64)
    steps = np.diff(numbers)
    found: Ints = steps if monthly else np.where(np.diff(within) == 0, steps, 0)
    return found


def _ahead(steps: Ints) -> Ints:
    """How many equal values follow each other from each place on, itself included."""
    changes = np.flatnonzero(np.diff(steps))
    ends = np.concatenate([changes, [steps.size - 1]]) if steps.size else changes
    sizes = np.diff(ends, prepend=-1)
    found: Ints = np.repeat(ends, sizes) - np.arange(steps.size) + 1
    return found
