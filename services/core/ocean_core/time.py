"""Times: CF time axes in every calendar, instants that people write, and how both are written out.

Instants are seconds since 1970-01-01 UTC as int64 wherever nothing else is said. Dates of the calendars of models
(noleap, 360_day, ...) become the instant of the Gregorian date with the same year, month, day and clock.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import cftime
import numpy as np
from numpy.typing import NDArray

from ocean_core.reference_dates import ReferenceDate, parse_reference_date, parse_zone

Ints: TypeAlias = NDArray[np.int64]

Calendar = Literal["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]
CALENDARS: dict[str, Calendar] = {  # by their names without underscores, hyphens and blanks
    "": "standard", "none": "standard", "standard": "standard", "gregorian": "standard", "utc": "standard",
    "prolepticgregorian": "proleptic_gregorian", "julian": "julian",
    "noleap": "noleap", "365day": "noleap", "365days": "noleap", "365": "noleap",
    "allleap": "all_leap", "366day": "all_leap", "366days": "all_leap", "366": "all_leap",
    "360day": "360_day", "360days": "360_day", "360": "360_day",
}  # fmt: skip

Quantum = Literal["year", "month", "week", "day", "hour", "minute"]
QUANTA: tuple[Quantum, ...] = get_args(Quantum)

MINUTE, HOUR, DAY = 60, 3600, 86_400  # s
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_GREGORIAN_START = -141_427  # days since 1970-01-01 of 15 October 1582, where `standard` leaves the Julian calendar
_FARTHEST_YEAR = 100_000
_MONTH_STARTS = np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334])  # days, in a year of 365
# Leap years from year 0 up to a year, and days from year 0 to 1970-01-01; of the Julian calendar to its 19 December
# 1969, the same day, so that it and `standard` count alike.
_LEAP_YEARS: dict[Calendar, tuple[Callable[[Ints], Ints], int]] = {
    "proleptic_gregorian": (lambda year: (year + 3) // 4 - (year + 99) // 100 + (year + 399) // 400, 719_528),
    "julian": (lambda year: (year + 3) // 4, 719_530),
    "noleap": (lambda year: 0 * year, 365 * 1970),
    "all_leap": (lambda year: year, 366 * 1970),
}

_UNIT_SECONDS = {
    "nanosecond": 1e-9, "ns": 1e-9, "microsecond": 1e-6, "us": 1e-6, "millisecond": 1e-3, "msec": 1e-3, "ms": 1e-3,
    "second": 1, "sec": 1, "s": 1, "minute": MINUTE, "min": MINUTE, "hour": HOUR, "hr": HOUR, "h": HOUR,
    "day": DAY, "d": DAY, "week": 7 * DAY, "fortnight": 14 * DAY, "common_year": 365 * DAY, "julian_year": 365.25 * DAY,
}  # fmt: skip
_UNIT_MONTHS = {"month": 1, "mon": 1, "year": 12, "yr": 12}
# Names in full, which every reader of CF understands, of the units that files abbreviate.
_FULL_NAMES = {
    "ns": "nanosecond", "us": "microsecond", "msec": "millisecond", "ms": "millisecond", "sec": "second", "s": "second",
    "min": "minute", "hr": "hour", "h": "hour", "d": "day", "mon": "month", "yr": "year",
}  # fmt: skip
_MONTH_SECONDS = 365.242198781 * DAY / 12  # the month of UDUNITS

_MODIFIED_JULIAN = re.compile(r"\s*(mjd|modified[\s_]+julian[\s_]+(days?|dates?))\s*", re.IGNORECASE)
_SINCE = re.compile(r"\s*(?:(?:modified\s+)?julian\s+)?([A-Za-z_]+)\s+(?:since|after|from|ref)\s+(.*)", re.IGNORECASE)
# Dates written as one number: `day as %Y%m%d.%f` of CDO, YYYYMMDD.
_ABSOLUTE = re.compile(r"(?:[a-z]+ as )?%Y(?P<rest>(?:%m(?:%d(?:%H(?:%M(?:%S)?)?)?)?)?)(?:\.%f)?", re.IGNORECASE)
_ABSOLUTE_LETTERS = re.compile(r"YYYY(?P<rest>MM(?:DD(?:HH(?:MM(?:SS)?)?)?)?)(?:\.f+)?", re.IGNORECASE)
# What times of coarse numbers may be rounded to, s.
_GRAINS = (DAY, 12 * HOUR, 6 * HOUR, 3 * HOUR, HOUR, 30 * MINUTE, 15 * MINUTE, 10 * MINUTE, 5 * MINUTE, MINUTE)


@dataclass(frozen=True, kw_only=True)
class TimeUnits:
    """CF time units, parsed."""

    text: str  # that readers of CF understand
    seconds: float  # in one unit; of a month or year the mean
    months: int  # in one unit where it is a month or a year, else 0
    epoch: int  # reference date: seconds on the calendar's own scale
    epoch_month: int  # its month, counted from January of year 0
    epoch_text: str
    calendar: Calendar
    zone: str = ""  # name of the reference date's zone, where it may have other meanings too
    digits: int | None = None  # of numbers that are dates (20000131.5): behind the year


@lru_cache(4096)
def parse_time_units(units: str, calendar: str = "") -> TimeUnits | None:
    """Parse CF time units (``days since 1950-01-01``); None for anything else. An unknown calendar is `standard`."""
    calendar_name = find_calendar(calendar) or "standard"
    if absolute := _ABSOLUTE.fullmatch(units.strip()) or _ABSOLUTE_LETTERS.fullmatch(units.strip()):
        base = parse_time_units("seconds since 1950-01-01", calendar)
        return base and replace(base, text=units.strip(), digits=len(absolute["rest"]))
    units = "days since 1858-11-17" if _MODIFIED_JULIAN.fullmatch(units) else units
    since = _SINCE.match(units)
    date = parse_reference_date(since[2]) if since else None
    if since is None or date is None:
        return None
    word = since[1].lower()
    unit = next((name for name in (word, word.removesuffix("s")) if name in _UNIT_SECONDS | _UNIT_MONTHS), None)
    if unit is None:
        return None
    # The real calendars of CF have no year 0: -1 is the year before 1, and Julian days count from -4713-01-01 12:00.
    has_year_0 = calendar_name not in {"standard", "julian"}
    if date.year < 0 and not has_year_0:
        date = date._replace(year=date.year + 1)
    epoch = to_day_seconds(date, calendar_name)
    if epoch is None:
        return None
    # Units are written in UTC, except those whose months would begin on another day.
    offset = round(date.offset) if unit in _UNIT_MONTHS else 0
    months, day, clock = (int(part[0]) for part in split_dates(np.array([epoch + offset]), calendar_name))
    written = months if months >= 0 or has_year_0 else months - 12
    text = f"{_format_month(written)}-{day:02d} {clock // HOUR:02d}:{clock // MINUTE % 60:02d}:{clock % 60:02d}"
    if offset:
        text += f" {'-' if offset < 0 else '+'}{abs(offset) // HOUR:02d}:{abs(offset) // MINUTE % 60:02d}"
    epoch_text = since[2].strip() if date.standard and not date.offset else text
    name = since[1] if since[1] in (unit, f"{unit}s") and unit not in _FULL_NAMES else f"{_FULL_NAMES.get(unit, unit)}s"
    return TimeUnits(
        text=f"{name} since {epoch_text}",
        seconds=_UNIT_SECONDS.get(unit, _MONTH_SECONDS * _UNIT_MONTHS.get(unit, 0)),
        months=_UNIT_MONTHS.get(unit, 0),
        epoch=epoch,
        epoch_month=date.year * 12 + date.month - 1,
        epoch_text=epoch_text,
        calendar=calendar_name,
        zone=date.zone,
    )


def find_calendar(name: str) -> Calendar | None:
    """Return the calendar of a CF attribute; None for an unknown one."""
    return CALENDARS.get(re.sub(r"[\s_-]", "", name.lower()))


def to_day_seconds(date: ReferenceDate, calendar: Calendar) -> int | None:
    """Convert a date with its clock and zone to seconds on a calendar's own scale; None: its month has no such day."""
    month = np.array([date.year * 12 + date.month - 1])
    day = _day_numbers(month, date.day, calendar)
    if date.day > 28 and split_dates(day * DAY, calendar)[0] != month:
        return None
    return int(day[0]) * DAY + round(date.clock - date.offset)


def to_calendar_seconds(values: NDArray[np.generic], units: TimeUnits) -> Ints:
    """Convert numbers of a time axis, (time,), to seconds on the calendar's own scale, (time,).

    They are for `unix_seconds`, and to compare axes of one calendar. A part of a month or year is that part of its
    length in the calendar. float32 is coarse: where one of its steps is more than a second, times are rounded to the
    longest of the usual intervals (a day to a minute) with which all of them agree within that step. ValueError: too
    far from 1970, or no dates.
    """
    numbers = values.astype(np.float64)
    if np.any(np.abs(numbers) * units.seconds > _FARTHEST_YEAR * 366.0 * DAY) and units.digits is None:
        raise ValueError("a time is too far from 1970")
    error = np.spacing(np.abs(values)).astype(np.float64) / 2 if values.dtype == np.float32 else np.zeros(values.shape)
    if units.digits is not None:
        seconds, error = _read_absolute(numbers, error, units)
    elif units.months:
        whole = np.floor(numbers)
        start, end = (_shift_months(whole.astype(np.int64) + step, units) for step in (0, 1))
        seconds, error = start + (numbers - whole) * (end - start), error * units.seconds
    elif units.seconds >= 1 and units.seconds % 1 == 0 and is_integral(values) and values.dtype != np.float32:
        return values.astype(np.int64) * np.int64(units.seconds) + units.epoch
    else:
        seconds, error = numbers * units.seconds + units.epoch, error * units.seconds
    return _round_coarse(seconds, error)


def _shift_months(steps: Ints, units: TimeUnits) -> Ints:
    """Return the reference date so many months or years later, (time,): with its day of the month and its clock."""
    months = units.epoch_month + np.append(steps, 0) * units.months
    starts = _day_numbers(months, 1, units.calendar) * DAY
    seconds: Ints = units.epoch + starts[:-1] - starts[-1]
    return seconds


def _read_absolute(numbers: NDArray[np.float64], error: NDArray[np.float64], units: TimeUnits) -> tuple[Any, Any]:
    """Read numbers that are dates (20000131.5): seconds on the calendar's scale, and their errors."""
    whole = np.floor(numbers)
    if np.any(error >= 0.5):
        raise ValueError("the numbers are too coarse to be dates")
    parts: list[Ints] = []
    digits = units.digits or 0
    rest = whole.astype(np.int64)
    for _ in range(digits // 2):
        rest, part = np.divmod(rest, 100)
        parts.insert(0, part)
    month = parts[0] if parts else np.ones_like(rest)
    day = parts[1] if digits >= 4 else np.ones_like(rest)
    if np.any((month < 1) | (month > 12) | (day < 1) | (day > 31) | (np.abs(rest) > _FARTHEST_YEAR)):
        raise ValueError("the numbers are no dates")
    months = rest * 12 + month - 1
    clock = sum((part * length for part, length in zip(parts[2:], (HOUR, MINUTE, 1), strict=False)), 0 * rest)
    start = (_day_numbers(months, 1, units.calendar) + day - 1) * DAY + clock
    if digits < 4:
        length = _day_numbers(months + (1 if digits else 12), 1, units.calendar) * DAY - start
    else:
        length = np.full(start.shape, {4: DAY, 6: HOUR, 8: MINUTE}.get(digits, 1))
    return start + (numbers - whole) * length, error * length


def _round_coarse(seconds: NDArray[np.float64], error: NDArray[np.float64]) -> Ints:
    """Round times (s), which may be wrong by so much, to the longest interval with which all agree, else to seconds."""
    largest = float(error.max(initial=0.0))
    if largest > 0.5:
        for grain in _GRAINS:
            rounded = np.rint(seconds / grain) * grain
            if grain > 2 * largest and np.all(np.abs(rounded - seconds) <= error + 0.5):
                return rounded.astype(np.int64)
    return np.rint(seconds).astype(np.int64)


def unix_seconds(calendar_seconds: Ints, calendar: Calendar) -> Ints:
    """Convert seconds on a calendar's own scale to seconds since 1970-01-01 of the same Gregorian date and clock.

    The result ascends where the argument does: a day that its Gregorian month lacks (30 February) becomes the last
    second of that month, so that none of its hours precedes an hour of 28 February. ValueError: too far from 1970.
    """
    if calendar == "proleptic_gregorian":
        return calendar_seconds
    if calendar == "standard" and not (calendar_seconds < _GREGORIAN_START * DAY).any():
        return calendar_seconds
    months, day, clock = split_dates(calendar_seconds, calendar)
    month = (months - 1970 * 12).astype("datetime64[M]")
    start, end = (edge.astype("datetime64[D]").astype(np.int64) for edge in (month, month + 1))
    unix_days: Ints = start + day - 1
    return np.where(unix_days < end, unix_days * DAY + clock, end * DAY - 1)


def split_dates(seconds: Ints, calendar: Calendar = "proleptic_gregorian") -> tuple[Ints, Ints, Ints]:
    """Split instants (s on a calendar's own scale) into month (from January of year 0), day (from 1) and clock (s).

    ValueError: too far from 1970.
    """
    days, clock = np.divmod(seconds, DAY)
    if calendar != "standard":
        return (*_split_days(days, calendar), clock)
    months, day = _split_days(days, "proleptic_gregorian")
    julian = days < _GREGORIAN_START
    months[julian], day[julian] = _split_days(days[julian], "julian")
    return months, day, clock


class DateParts(NamedTuple):
    """Date and clock, of any calendar and year."""

    year: int
    month: int  # from 1
    day: int
    hour: int
    minute: int

    @classmethod
    def of(cls, second: float, calendar: Calendar = "proleptic_gregorian") -> "DateParts":
        """Return those of an instant, in s on the calendar's own scale."""
        month, day, clock = (int(part[0]) for part in split_dates(np.array([int(second)]), calendar))
        return cls(month // 12, month % 12 + 1, day, clock // HOUR, clock // MINUTE % 60)


class DateScale(NamedTuple):
    """Time steps on the scale by which their dates are written."""

    seconds: Ints  # (step,): on the calendar's own scale
    calendar: Calendar

    def take(self, selection: Ints | slice | list[int]) -> "DateScale":
        return DateScale(self.seconds[selection], self.calendar)

    def format(self, quantum: str | None = None, zone: str = "+00:00") -> list[str]:
        """Write the dates, as `format_times` does."""
        return format_times(self.seconds, quantum, zone, self.calendar)


def find_date_scale(seconds: Ints, raw: Ints, units: str, calendar: str) -> DateScale:
    """Return time steps on the scale of their calendar where it may have days that the Gregorian calendar lacks.

    Others, given in s since 1970-01-01 UTC and as ``raw`` numbers in ``units``, stay as they are.
    """
    gregorian = DateScale(seconds, "proleptic_gregorian")
    name = find_calendar(calendar) or "standard"
    if name in {"proleptic_gregorian", "noleap"} or not seconds.size:
        return gregorian
    if name == "standard" and seconds.min() >= _GREGORIAN_START * DAY:
        return gregorian
    parsed = parse_time_units(units, calendar)
    if parsed is None:
        return gregorian
    own = to_calendar_seconds(raw, parsed)
    return DateScale(own, name) if np.array_equal(unix_seconds(own, name), seconds) else gregorian


def is_integral(values: NDArray[np.generic]) -> bool:
    """Return whether all values are whole numbers, of whichever type."""
    if values.dtype.kind in "iu":
        return True
    numbers = values.astype(np.float64)
    return bool(np.all(numbers == np.rint(numbers)))


def is_cf_time(value: NDArray[Any], units: str, calendar: str) -> bool:
    """Return whether a CF reader (cftime) can decode a value in these units.

    CF has no year 0 in the real calendars, and readers disagree on the dates before the year 1.
    """
    parsed = parse_time_units(units, calendar)
    if parsed is None:
        return False
    if parsed.calendar in {"standard", "julian"} and parsed.epoch_month < 12:
        return False
    try:
        cftime.num2date(value, units, calendar)
    except (ValueError, OverflowError):  # months, or numbers of steps
        return False
    return True


def _day_numbers(months: Ints, day: int, calendar: Calendar) -> Ints:
    """Count the days from 1970-01-01 to a day of months; one that its month lacks is counted on into the next month.

    Months are counted from January of year 0: years are astronomical.
    """
    if calendar == "standard":
        gregorian = _day_numbers(months, day, "proleptic_gregorian")
        return np.where(gregorian >= _GREGORIAN_START, gregorian, _day_numbers(months, day, "julian"))
    if calendar == "360_day":
        return 30 * (months - 1970 * 12) + day - 1
    year, month = np.divmod(months, 12)
    leap_years, origin = _LEAP_YEARS[calendar]
    numbers: Ints = 365 * year + _MONTH_STARTS[month] + leap_years(year + (month > 1)) + day - 1 - origin
    return numbers


def _split_days(days: Ints, calendar: Calendar) -> tuple[Ints, Ints]:
    """Split days from 1970-01-01 on a calendar's own scale into month (from January of year 0) and day (from 1)."""
    if calendar == "proleptic_gregorian" or not days.size:
        starts_of_months = days.astype("datetime64[D]").astype("datetime64[M]")
        starts = starts_of_months.astype("datetime64[D]").astype(np.int64)
        return starts_of_months.astype(np.int64) + 1970 * 12, days - starts + 1
    low, high = int(days.min()), int(days.max())
    first, last = min(low // 360, low // 366) + 1969, max(high // 360, high // 366) + 1972
    if first < -_FARTHEST_YEAR or last > _FARTHEST_YEAR:
        raise ValueError("a time is too far from 1970")
    months = np.arange(first * 12, last * 12)
    starts = _day_numbers(months, 1, calendar)
    positions = np.searchsorted(starts, days, side="right") - 1
    return months[positions], days - starts[positions] + 1


def format_times(
    seconds: NDArray[Any],
    quantum: str | None = None,
    zone: str = "+00:00",
    calendar: Calendar = "proleptic_gregorian",
) -> list[str]:
    """Write instants (s on the calendar's own scale, of any shape) in ISO 8601, flat, each with ``zone`` behind it.

    Of the quantum month they are written as the 15th day, without a zone. Years are astronomical, of four digits at
    least: 0000, -0044, 12000.
    """
    if calendar != "proleptic_gregorian":
        return _format_calendar_times(np.ravel(seconds).astype(np.int64), quantum, zone, calendar)
    instants = np.ravel(seconds).astype("datetime64[s]")
    if quantum == "month":
        middle = instants.astype("datetime64[M]").astype("datetime64[D]") + 14
        return [f"{day}T00:00:00" for day in _write_dates(middle)]
    return [f"{text}{zone}" for text in _write_dates(instants)]


def _write_dates(dates: NDArray[np.datetime64]) -> list[str]:
    """Write dates in ISO 8601; numpy counts the sign of a year among its four digits."""
    texts: list[str] = np.datetime_as_string(dates).tolist()
    return [f"-0{text[1:]}" if text[0] == "-" and text[4] == "-" else text for text in texts]


def _format_calendar_times(seconds: Ints, quantum: str | None, zone: str, calendar: Calendar) -> list[str]:
    months, days, clocks = (numbers.tolist() for numbers in split_dates(seconds, calendar))
    if quantum == "month":
        return [f"{_format_month(month)}-15T00:00:00" for month in months]
    return [
        f"{_format_month(month)}-{day:02d}T{clock // HOUR:02d}:{clock // MINUTE % 60:02d}:{clock % 60:02d}{zone}"
        for month, day, clock in zip(months, days, clocks, strict=True)
    ]


def _format_month(month: int) -> str:
    year, number = divmod(month, 12)
    return f"{'-' if year < 0 else ''}{abs(year):04d}-{number + 1:02d}"


def format_time(seconds: np.integer[Any] | int) -> str:
    """Write one instant in ISO 8601, UTC."""
    return format_times(np.array([int(seconds)]))[0]


def infer_quantum(seconds: Ints, calendar: Calendar = "proleptic_gregorian") -> str | None:
    """Return the quantum that the spacing of ascending time steps suggests: hour, day, month, season or year.

    None for fewer than two steps. A month, season or year only where steps are as far apart: two in one month would
    have one label.
    """
    if seconds.size < 2:
        return None
    days, months = float(np.median(np.diff(seconds))) / DAY, int(np.diff(split_dates(seconds, calendar)[0]).min())
    limits = ((0, 0.9, "hour"), (1, 27.5, "day"), (1, 32, "month"), (2, 80, "day"), (2, 95, "season"), (11, 350, "day"))
    apart, quantum = next(((apart, quantum) for apart, limit, quantum in limits if days < limit), (11, "year"))
    return quantum if months >= apart else "day"


def period_numbers(seconds: NDArray[Any], quantum: Quantum) -> Ints:
    """Number the years, months, weeks (from Monday), days, ... that instants (s since 1970-01-01 UTC) fall into.

    0 is the period of 1970-01-01; of weeks that of 1970-01-05.
    """
    if quantum in {"year", "month"}:
        code = "Y" if quantum == "year" else "M"
        numbers: Ints = seconds.astype("datetime64[s]").astype(f"datetime64[{code}]").astype(np.int64)
        return numbers
    length = {"week": 7 * DAY, "day": DAY, "hour": HOUR, "minute": MINUTE}[quantum]
    counted: Ints = np.floor_divide(seconds - (4 * DAY if quantum == "week" else 0), length).astype(np.int64)
    return counted


def format_duration(seconds: int) -> str:
    """Write a duration in ISO 8601: ``PT1H``, ``P1DT12H``."""
    days, rest = divmod(seconds, DAY)
    parts = zip((rest // HOUR, rest // MINUTE % 60, rest % 60), "HMS", strict=True)
    clock = "".join(f"{number}{letter}" for number, letter in parts if number)
    return f"P{f'{days}D' if days else ''}{'T' if clock else ''}{clock}" if seconds else "PT0S"


def format_month_duration(months: int) -> str:
    """Write a duration of calendar months in ISO 8601: ``P3M``, ``P1Y``."""
    years, rest = divmod(months, 12)
    return f"P{f'{years}Y' if years else ''}{f'{rest}M' if rest else ''}"


class Period(NamedTuple):
    """Part of time that a text means: a date means its whole day, a date with a clock an instant."""

    first: int  # s since 1970-01-01 UTC
    last: int  # inclusive


class AmbiguousDateError(ValueError):
    """A date like 05/04/2022, which may be two days; ``readings`` are both, year first."""

    def __init__(self, text: str, readings: tuple[str, str]) -> None:
        super().__init__(text)
        self.text = text
        self.readings = readings


LONGEST_DATE = 64  # characters
_ISO_DATE = re.compile(
    r"(?P<year>[+-]?\d{4,6})-(?P<month>\d{2})(?:-(?P<day>\d{2})"
    r"(?:[T ](?P<hour>\d{2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2}(?:[.,]\d+)?))?)?\s?"
    r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?)?$",
    re.ASCII | re.IGNORECASE,
)
_MONTH_NAMES = {
    name: number
    for number, names in enumerate(
        ("january janvier", "february fevrier", "march mars", "april avril", "may mai", "june juin", "july juillet",
         "august aout", "september septembre", "october octobre", "november novembre", "december decembre"), 1)
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = r"(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,?\s+(?=\d|[a-z])"
_CLOCK = r"(?P<hour>\d{1,2})[:h](?P<minute>\d{2})?(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_ZONE = r"(?P<zone>z|utc|gmt|(?:utc|gmt)?[+-]\d{2}:?(?:\d{2})?)(?:\s*\([^)]*\))?"
_CLOCK_AND_ZONE = rf"(?:(?:\s*,?\s+(?:at\s+|a\s+)?|t){_CLOCK})?(?:\s*{_ZONE})?$"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?"
_WRITTEN_FORMS = tuple(
    re.compile(form + _CLOCK_AND_ZONE)
    for form in (
        rf"(?:{_WEEKDAYS})?{_DAY}[\s-]+(?P<name>[a-z]{{3,}})\.?,?[\s-]+(?P<year>\d{{4}})",  # 5 April 2022
        rf"(?:{_WEEKDAYS})?(?P<name>[a-z]{{3,}})\.?\s+{_DAY},?\s+(?P<year>\d{{4}})",  # April 5, 2022
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<name>[a-z]{3,})\.?,?\s+(?P<year>\d{4})",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        r"(?P<year>\d{4})",
    )
)
_YEAR_LAST = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")


def parse_instant(text: str) -> datetime:
    """Parse an instant of ISO 8601, UTC without a zone; ValueError, OverflowError: it is none, or before the year 1."""
    instant = datetime.fromisoformat(text.strip())
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def parse_iso_period(text: str, calendar: Calendar = "proleptic_gregorian") -> Period:
    """Parse an instant, a day or a month of ISO 8601, of any year, on the scale of a calendar.

    Without a zone it is UTC. A day that only the Gregorian calendar has is a period that ends before it begins.
    ValueError: it is none.
    """
    text = restore_plus_sign(text.strip())
    match = _ISO_DATE.match(text) or _ISO_DATE.match(parse_instant(text).isoformat())  # basic forms, days of weeks
    assert match is not None  # noqa: S101 - datetime writes what the expression reads
    return _make_period(match.groupdict(), calendar)


def split_iso_time(text: str) -> DateParts:
    """Split an instant as `format_times` writes it; its zone is left out. ValueError: it is none."""
    match = _ISO_DATE.match(text)
    if match is None:
        raise ValueError(text)
    return DateParts(*(int(match[name] or 0) for name in DateParts._fields))


def month_of_middle(period: Period, calendar: Calendar = "proleptic_gregorian") -> Period | None:
    """Return the month of a period that begins with its 15th day, as which `format_times` writes the whole of it."""
    months, days, clock = split_dates(np.array([period.first]), calendar)
    if (days[0], clock[0]) != (15, 0):
        return None
    start, end = _day_numbers(months + np.arange(2), 1, calendar).tolist()
    return Period(start * DAY, end * DAY - 1)


def restore_plus_sign(text: str) -> str:
    """Restore the plus sign of a zone that arrives as a blank where an address was not encoded."""
    return re.sub(r"([T ]\d\d(?::?\d\d){0,2}(?:\.\d+)?) (\d\d:?\d\d)$", r"\1+\2", text)


def parse_period(text: str, calendar: Calendar = "proleptic_gregorian") -> Period:
    """Parse a date or instant of ISO 8601 or RFC 5322, or as English and French write it; without a zone it is UTC.

    The period is on the scale of a calendar, as that of `parse_iso_period`. ValueError or OverflowError: it is none;
    `AmbiguousDateError` where it may be two.
    """
    if len(text) > LONGEST_DATE:
        raise ValueError(text)
    if period := _parse_iso(text.strip(), calendar):
        return period
    plain = _put_year_first(" ".join(_fold(text).split()))
    for form in _WRITTEN_FORMS:
        if (match := form.match(plain)) and (period := _period_of_parts(match.groupdict(), calendar)):
            return period
    first = _to_seconds(parsedate_to_datetime(text))  # `Tue, 05 Apr 2022 00:00:00 EST`
    return Period(first, first)


def _parse_iso(text: str, calendar: Calendar) -> Period | None:
    """Parse ISO 8601 in full: basic and extended, weeks, any zone."""
    if _ISO_DATE.match(restore_plus_sign(text)):
        return parse_iso_period(text, calendar)
    if not re.match(r"\d{8}|\d{4}-?W", text):
        return None
    try:
        first = _to_seconds(datetime.fromisoformat(restore_plus_sign(text)))
    except ValueError:
        return None
    has_clock = ":" in text or "T" in text.upper() or " " in text
    return Period(first, first if has_clock else first + DAY - 1)


def _period_of_parts(parts: dict[str, str | None], calendar: Calendar) -> Period | None:
    if name := parts.get("name"):
        months = {number for month, number in _MONTH_NAMES.items() if month.startswith(name)}
        if len(months) != 1:  # no month begins so, or several do
            return None
        parts = {**parts, "month": str(months.pop())}
    return _make_period(parts, calendar)


def _make_period(parts: dict[str, str | None], calendar: Calendar) -> Period:
    """Make the period of a year, month, day or instant, from the digits of its parts; ValueError: there is none."""
    year, month, day = (int(parts.get(name) or 1) for name in ("year", "month", "day"))
    hour, minute = (int(parts.get(name) or 0) for name in ("hour", "minute"))
    second = float((parts.get("second") or "0").replace(",", "."))
    offset, _ = parse_zone(parts.get("zone") or "") or (DAY, "")
    if not (1 <= month <= 12 and hour < 24 and minute < 60 and second < 60 and abs(offset) < DAY):
        raise ValueError("no such month, clock or zone")
    months = np.array(year * 12 + month - 1) + np.array([0, 1 if parts.get("month") else 12])
    start, end = _day_numbers(months, 1, calendar).tolist()
    if not parts.get("day"):
        return Period(start * DAY, end * DAY - 1)
    if not 1 <= day <= end - start:
        low, high = _day_numbers(months, 1, "proleptic_gregorian").tolist()
        if not 1 <= day <= high - low:
            raise ValueError("no such day")
        return Period(end * DAY, end * DAY - 1)
    first = (start + day - 1) * DAY
    if not parts.get("hour"):
        return Period(first, first + DAY - 1)
    # 23:59:59.999 ends a day, and 11:59:59.99999 is noon.
    instant = first + hour * HOUR + minute * MINUTE + int(second + 1e-4) - round(offset)
    return Period(instant, instant)


def _put_year_first(text: str) -> str:
    """Rewrite 25/12/2022 as 2022-12-25, where it can only be one day."""
    match = _YEAR_LAST.match(text)
    if not match:
        return text
    first, _, second, year = match.groups()
    if int(first) <= 12 and int(second) <= 12 and first != second:
        month_last, day_last = (f"{year}-{int(a):02d}-{int(b):02d}" for a, b in ((second, first), (first, second)))
        raise AmbiguousDateError(match[0], (month_last, day_last))
    day, month = (first, second) if int(first) > 12 else (second, first)
    return f"{year}-{month}-{day}{text[match.end() :]}"


def _fold(text: str) -> str:
    """Fold to small letters without accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _to_seconds(instant: datetime) -> int:
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - EPOCH) // timedelta(seconds=1)
