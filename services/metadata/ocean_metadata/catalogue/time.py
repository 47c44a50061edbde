"""Times: from the numbers in files to ids, seconds since 1970 and ISO 8601."""

import re
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_metadata.catalogue.calendars import ALIASES, Calendar, Dates, Ints, dates, day_numbers, unix_days

DAY = 86_400  # s
_UNIT = {  # s
    "nanosecond": 1e-9, "ns": 1e-9, "microsecond": 1e-6, "us": 1e-6, "millisecond": 1e-3, "msec": 1e-3, "ms": 1e-3,
    "second": 1, "sec": 1, "s": 1, "minute": 60, "min": 60, "hour": 3600, "hr": 3600, "h": 3600,
    "day": DAY, "d": DAY, "week": 7 * DAY, "common_year": 365 * DAY,
}  # fmt: skip
_MONTHS = {"month": 1, "mon": 1, "year": 12, "yr": 12}
_MONTH = 365.242198781 * DAY / 12  # s; what UDUNITS means by a month

_SINCE = re.compile(r"\s*([A-Za-z_]+)\s+(?:since|after|from|ref)\s+(.*)", re.IGNORECASE)
_DATE = re.compile(
    r"(-?\d{1,4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2})(?::(\d{1,2}))?(?::(\d{1,2}(?:\.\d*)?))?)?"
    r"\s*(?:Z|UTC|GMT|([+-])(\d{1,2}):?(\d{2})?)?\s*$",
    re.IGNORECASE,
)


class TimeUnits(msgspec.Struct, frozen=True, kw_only=True):
    """CF time units, understood."""

    text: str
    seconds: float  # in one unit; of a month, its mean
    months: int  # in one unit, where it is a month or a year; else 0
    epoch: int  # s since the calendar's origin
    epoch_text: str
    calendar: Calendar


class RawTimes(msgspec.Struct, frozen=True, kw_only=True):
    """The time coordinate of one file."""

    values: NDArray[np.generic]  # (time,), in `units`
    units: str
    calendar: str = ""


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """The times of one or several files on one scale."""

    raw: list[Ints]  # ids, one array a file
    seconds: list[Ints]  # since 1970-01-01, by the calendar's own date
    units: str  # of `raw`
    calendar: Calendar


def parse_units(units: str, calendar: str = "") -> TimeUnits | None:
    """Understand CF time units; None where that cannot be done."""
    since = _SINCE.match(units)
    date = _DATE.match(since[2].strip()) if since else None
    if not since or not date:
        return None
    kind = ALIASES.get(calendar.strip().lower(), "standard")
    word = since[1].lower()
    unit = next((one for one in (word, word.removesuffix("s")) if one in _UNIT or one in _MONTHS), None)
    if unit is None:
        return None
    year, month, day = int(date[1]), max(1, int(date[2])), max(1, int(date[3]))
    if month > 12 or day > 31:
        return None
    first = Dates(*(np.array([part], dtype=np.int64) for part in (year, month, day)))
    clock = int(date[4] or 0) * 3600 + int(date[5] or 0) * 60 + round(float(date[6] or 0))
    offset = (int(date[8] or 0) * 3600 + int(date[9] or 0) * 60) * (-1 if date[7] == "-" else 1)
    return TimeUnits(
        text=units.strip(),
        seconds=_UNIT.get(unit, _MONTH * _MONTHS.get(unit, 0)),
        months=_MONTHS.get(unit, 0),
        epoch=int(day_numbers(first, kind)[0]) * DAY + clock - offset,
        epoch_text=since[2].strip(),
        calendar=kind,
    )


def usable(units: str) -> bool:
    """Whether these are time units that can be understood."""
    return parse_units(units) is not None


def instants(values: NDArray[np.generic], units: TimeUnits) -> Ints:
    """Put numbers on the calendar's own scale.

    Parameters
    ----------
    values : ndarray, shape (time,)
        In ``units``. float32 is coarse: where one of its steps is more than a second, times are rounded to minutes.
    units : TimeUnits
        Of the values.

    Returns
    -------
    ndarray of int64, shape (time,)
        Seconds since the calendar's origin.
    """
    if units.months and _integral(values):
        return _add_months(values.astype(np.int64) * units.months, units)
    if units.seconds >= 1 and not units.months and _integral(values):
        return values.astype(np.int64) * np.int64(units.seconds) + units.epoch
    exact = values.astype(np.float64) * units.seconds
    found = np.rint(exact).astype(np.int64) + units.epoch
    if values.dtype == np.float32 and values.size:
        step = float(np.spacing(np.abs(values).max())) * units.seconds
        if step > 1:
            return np.rint(found / 60).astype(np.int64) * 60
    return found


def unix_seconds(found: Ints, calendar: Calendar) -> Ints:
    """Seconds since 1970-01-01 of the Gregorian instants with the same date and clock.

    Parameters
    ----------
    found : ndarray of int64, shape (time,)
        Seconds since the calendar's origin.
    calendar : Calendar
        Theirs.

    Returns
    -------
    ndarray of int64, shape (time,)
        Ascending where ``found`` is: 30 February becomes the last second of the month's last day, so that no hour of
        it comes before an hour of 28 February.
    """
    number, clock = np.divmod(found, DAY)
    named = dates(number, calendar)
    day = unix_days(named)
    absent = day_numbers(named, "proleptic_gregorian") > day
    return day * DAY + np.where(absent, DAY - 1, clock)


def merge(parts: Sequence[RawTimes], configured: str | None = None) -> Axis:
    """Bring the times of several files to one scale.

    Whole numbers stay as they are in the file, in its units: those of the first file, or the configured ones.
    Others become seconds since the same epoch. Times that cannot be understood are numbered, in units of "1":
    the data are worth more than their dates.

    Parameters
    ----------
    parts : sequence of RawTimes
        The time coordinate of every file, in order.
    configured : str, optional
        Units that a configuration gives to the raw times.

    Returns
    -------
    Axis
        One array of ids and one of seconds for each file, in the order given.
    """
    calendar = parts[0].calendar
    understood = [parse_units(one.units, one.calendar) or parse_units(configured or "", calendar) for one in parts]
    target = parse_units(configured or "", calendar) or understood[0]
    known = [one for one in understood if one is not None]
    if target is None or len(known) < len(parts):
        return _numbered(parts)
    found = [instants(one.values, units) for one, units in zip(parts, known, strict=True)]
    seconds = [unix_seconds(one, units.calendar) for one, units in zip(found, known, strict=True)]
    same = all(units.text == target.text for units in known)
    if same and all(_integral(one.values) for one in parts):
        raw = [one.values.astype(np.int64) for one in parts]
        return Axis(raw=raw, seconds=seconds, units=target.text, calendar=target.calendar)
    elapsed = [one - target.epoch for one in found]
    whole = int(target.seconds) if target.seconds >= 1 and not target.months else 0
    if whole and all(not np.any(one % whole) for one in elapsed):
        return Axis(raw=[one // whole for one in elapsed], seconds=seconds, units=target.text, calendar=target.calendar)
    units = f"seconds since {target.epoch_text}"
    return Axis(raw=elapsed, seconds=seconds, units=units, calendar=target.calendar)


def iso_times(seconds: Ints, quantum: str | None) -> list[str]:
    """Write instants as the v2.0 API does.

    Parameters
    ----------
    seconds : ndarray of int64, shape (time,)
        Since 1970-01-01 UTC.
    quantum : str or None
        A month is told by its 15th day, without a zone.

    Returns
    -------
    list of str, length (time,)
        ISO 8601.
    """
    found = seconds.astype("datetime64[s]")
    if quantum == "month":
        days = found.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        middle = (days + 14).astype("datetime64[D]")
        return [f"{one}T00:00:00" for one in np.datetime_as_string(middle).tolist()]
    return [f"{one}+00:00" for one in np.datetime_as_string(found).tolist()]


def spacing(seconds: Ints) -> str | None:
    """The quantum that the spacing of time steps suggests.

    Parameters
    ----------
    seconds : ndarray of int64, shape (time,)
        Ascending.

    Returns
    -------
    str or None
        hour, day, month, season or year; None for fewer than two steps.
    """
    if seconds.size < 2:
        return None
    days = float(np.median(np.diff(seconds))) / DAY
    steps = ((0.9, "hour"), (27.5, "day"), (32, "month"), (80, "day"), (95, "season"), (350, "day"))
    return next((name for limit, name in steps if days < limit), "year")


def _numbered(parts: Sequence[RawTimes]) -> Axis:
    starts = np.cumsum([0, *(one.values.size for one in parts)])
    raw = [np.arange(start, start + one.values.size) for start, one in zip(starts, parts, strict=False)]
    return Axis(raw=raw, seconds=raw, units="1", calendar="standard")


def _integral(values: NDArray[np.generic]) -> bool:
    if values.dtype.kind in "iu":
        return True
    numbers = values.astype(np.float64)
    return bool(np.all(numbers == np.rint(numbers)))


def _add_months(months: Ints, units: TimeUnits) -> Ints:
    number, clock = divmod(units.epoch, DAY)
    first = dates(np.array([number]), units.calendar)
    total = first.year * 12 + first.month - 1 + months
    named = Dates(total // 12, total % 12 + 1, np.broadcast_to(first.day, total.shape))
    return day_numbers(named, units.calendar) * DAY + clock
