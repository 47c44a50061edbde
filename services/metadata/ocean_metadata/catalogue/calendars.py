"""Days of the calendars that ocean models use, counted and named, on whole arrays at once."""

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Calendar = Literal["standard", "proleptic_gregorian", "julian", "noleap", "all_leap", "360_day"]
Ints: TypeAlias = NDArray[np.int64]

ALIASES: dict[str, Calendar] = {
    "": "standard",
    "gregorian": "standard",
    "standard": "standard",
    "none": "standard",
    "proleptic_gregorian": "proleptic_gregorian",
    "julian": "julian",
    "noleap": "noleap",
    "no_leap": "noleap",
    "365_day": "noleap",
    "all_leap": "all_leap",
    "366_day": "all_leap",
    "360_day": "360_day",
    "360": "360_day",
}

_SWITCH = -141_427  # 15 October 1582, the first Gregorian day, counted from 1 January 1970
_CUMULATED = {
    "noleap": np.array([0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]),
    "all_leap": np.array([0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335]),
}
_YEAR = {"noleap": 365, "all_leap": 366}


class Dates(NamedTuple):
    """Dates by their names: arrays of equal shape."""

    year: Ints
    month: Ints
    day: Ints


def day_numbers(dates: Dates, calendar: Calendar) -> Ints:
    """Number the days of a calendar.

    Parameters
    ----------
    dates : Dates
        Arrays of any one shape; years are astronomical (there is a year 0).
    calendar : Calendar
        Their calendar.

    Returns
    -------
    ndarray of int64, same shape
        Days since an origin that belongs to the calendar: 1970-01-01 for the real ones, 0000-01-01 for those of
        models.
    """
    year, month, day = dates
    if calendar == "360_day":
        return year * 360 + (month - 1) * 30 + day - 1
    if calendar in _YEAR:
        before: Ints = _CUMULATED[calendar][month - 1]
        return year * _YEAR[calendar] + before + day - 1
    if calendar == "julian":
        return _julian_number(dates)
    gregorian = _gregorian_number(dates)
    if calendar == "proleptic_gregorian":
        return gregorian
    return np.where(gregorian >= _SWITCH, gregorian, _julian_number(dates))


def dates(numbers: Ints, calendar: Calendar) -> Dates:
    """Name the days of a calendar: the inverse of `day_numbers`.

    Parameters
    ----------
    numbers : ndarray of int64
        Days since the calendar's origin.
    calendar : Calendar
        The calendar.

    Returns
    -------
    Dates
        Arrays of the same shape.
    """
    if calendar == "360_day":
        return Dates(numbers // 360, numbers % 360 // 30 + 1, numbers % 30 + 1)
    if calendar in _YEAR:
        year, rest = np.divmod(numbers, _YEAR[calendar])
        month = np.searchsorted(_CUMULATED[calendar], rest, side="right")
        return Dates(year, month.astype(np.int64), rest - _CUMULATED[calendar][month - 1] + 1)
    if calendar == "julian":
        return _julian_date(numbers)
    gregorian = _gregorian_date(numbers)
    if calendar == "proleptic_gregorian":
        return gregorian
    julian = _julian_date(numbers)
    late = numbers >= _SWITCH
    return Dates(*(np.where(late, new, old) for new, old in zip(gregorian, julian, strict=True)))


def unix_days(named: Dates) -> Ints:
    """Days since 1970-01-01 of the Gregorian dates with the same names.

    A day that its month does not have there (30 February) becomes the month's last.
    """
    year, month, day = named
    following = Dates(year + month // 12, month % 12 + 1, np.ones_like(day))
    return np.minimum(_gregorian_number(named), _gregorian_number(following) - 1)


def _from_march(named: Dates) -> tuple[Ints, Ints]:
    """Years that begin in March, so that the leap day is the last, and the day in them."""
    year, month, day = named
    shifted = np.where(month > 2, month - 3, month + 9)
    return year - (month <= 2), (153 * shifted + 2) // 5 + day - 1


def _to_january(year: Ints, day_of_year: Ints) -> Dates:
    shifted = (5 * day_of_year + 2) // 153
    month = np.where(shifted < 10, shifted + 3, shifted - 9)
    return Dates(year + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1)


def _gregorian_number(named: Dates) -> Ints:
    year, day_of_year = _from_march(named)
    era, in_era = np.divmod(year, 400)
    number: Ints = era * 146_097 + in_era * 365 + in_era // 4 - in_era // 100 + day_of_year - 719_468
    return number


def _gregorian_date(numbers: Ints) -> Dates:
    era, day = np.divmod(numbers + 719_468, 146_097)
    in_era = (day - day // 1460 + day // 36_524 - day // 146_096) // 365
    return _to_january(era * 400 + in_era, day - (365 * in_era + in_era // 4 - in_era // 100))


def _julian_number(named: Dates) -> Ints:
    year, day_of_year = _from_march(named)
    era, in_era = np.divmod(year, 4)
    number: Ints = era * 1461 + in_era * 365 + day_of_year - 719_470
    return number


def _julian_date(numbers: Ints) -> Dates:
    era, day = np.divmod(numbers + 719_470, 1461)
    in_era = (day - day // 1460) // 365
    return _to_january(era * 4 + in_era, day - 365 * in_era)
