"""Dates as files write them: in the units of their times, and as texts of arrays of characters.

Parts of dates, of any calendar: 30 February is one. Instants that people write in requests are `ocean_core.time`'s.
"""

import re
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Hours east of Greenwich of the zones that files name: UTC, those of RFC 5322, and of Newfoundland, the Atlantic
# provinces and western Europe.
_ZONES = {
    "z": 0.0, "utc": 0.0, "gmt": 0.0, "ut": 0.0, "wet": 0.0, "cet": 1.0, "cest": 2.0, "bst": 1.0,
    "nst": -3.5, "ndt": -2.5, "ast": -4.0, "adt": -3.0, "est": -5.0, "edt": -4.0, "cst": -6.0, "cdt": -5.0,
    "mst": -7.0, "mdt": -6.0, "pst": -8.0, "pdt": -7.0,
}  # fmt: skip
_UTC = {"z", "utc", "gmt", "ut"}
_MONTH_NAME = r"(?P<name>[a-z]{3,9})\.?"
_CLOCK = r"(?P<hour>\d{1,2})(?::?(?P<minute>\d{1,2})(?::?(?P<second>\d{1,2}(?:\.\d*)?))?)?"
_OFFSET = r"\d{1,2}(?::?\d{2})?"
_NAMED_ZONE = rf"\s*(?:[a-z]{{1,4}}(?:[+-]?{_OFFSET})?|\([a-z]{{1,4}}\))"
_ZONES_BEHIND = rf"(?P<zone>(?:{_NAMED_ZONE}|\s*[+-]{_OFFSET}|\s+\d{{1,2}}:\d{{2}})*)"
_BEHIND = rf"(?:(?:[t\s_,]+|(?<=\d{{8}})){_CLOCK}{_ZONES_BEHIND}|(?P<date_zone>{_NAMED_ZONE})?)"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"(?P<year>[+-]?\d{{1,6}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}){_BEHIND}",  # 2000-01-31, of CF
        rf"(?P<year>\d{{4}})(?P<separator>[/.: ])(?P<month>\d{{1,2}})(?P=separator)(?P<day>\d{{1,2}}){_BEHIND}",
        rf"(?P<year>\d{{4}})(?P<month>\d{{2}})(?P<day>\d{{2}}){_BEHIND}",
        rf"(?P<day>\d{{1,2}})[-/. ]{_MONTH_NAME}[-/., ]+(?P<year>\d{{4}}){_BEHIND}",  # 31-JAN-2000
        rf"{_MONTH_NAME}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}){_BEHIND}",
        rf"(?P<year>\d{{4}})[-/. ]{_MONTH_NAME}[-/. ](?P<day>\d{{1,2}}){_BEHIND}",
        rf"(?P<first>\d{{1,2}})(?P<separator>[-/.])(?P<other>\d{{1,2}})(?P=separator)(?P<year>\d{{4}}){_BEHIND}",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        rf"{_MONTH_NAME}[-/., ]+(?P<year>\d{{4}})",
        r"(?P<year>\d{1,4})",
    )
)
_ZONE_PARTS = re.compile(r"([a-z]+)|([+-]?)(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)
# What every reader of CF understands alike.
_STANDARD = re.compile(
    r"-?\d{1,4}-\d{1,2}-\d{1,2}(?:[T\s]+\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d*)?)?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?"
)


class ReferenceDate(NamedTuple):
    """Parts of a date; the clock is that of its zone."""

    year: int  # astronomical
    month: int  # 1 to 12
    day: int  # 0 to 31
    clock: float  # s
    offset: float  # s east of Greenwich
    zone: str = ""  # name of a zone other than UTC, which may have other meanings too
    standard: bool = True  # in the form that every reader of CF understands


def parse_reference_date(text: str) -> ReferenceDate | None:
    """Parse a date with or without a clock and a zone; None: it is none, or might be two (05/04/2000).

    A date without a day is the first of its month or year, and so is the day 0 of the month 0; that of another month
    is the day before it (0000-01-00 is the first day of Matlab).
    """
    text = text.strip()
    parts = next((match.groupdict() for form in _FORMS if (match := form.fullmatch(text))), None)
    if parts is None:
        return None
    month, day = _find_month_and_day(parts)
    zone = parse_zone(parts.get("zone") or parts.get("date_zone") or "")
    hour, minute, second = (float(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    if zone is None or month is None or month > 12 or day > 31 or hour > 24 or minute >= 60 or second >= 61:
        return None
    return ReferenceDate(
        year=int(parts["year"]),
        month=max(1, month),
        day=day if month else max(1, day),
        clock=3600 * hour + 60 * minute + second,
        offset=zone[0],
        zone=zone[1],
        standard=month > 0 and day > 0 and _STANDARD.fullmatch(text) is not None,
    )


def _find_month_and_day(parts: dict[str, str | None]) -> tuple[int | None, int]:
    """Return month and day of a date; None as the month of one that is not known, or may be two days."""
    if name := parts.get("name"):
        months = [number for number, month in enumerate(_MONTHS, 1) if name.lower().startswith(month)]
        return next(iter(months), None), int(parts.get("day") or 1)
    if parts.get("first") is not None:
        first, second = int(parts["first"] or 0), int(parts["other"] or 0)
        if first <= 12 and second <= 12 and first != second:
            return None, 1
        return (second, first) if second <= 12 else (first, second)
    return int(parts.get("month") or 1), int(parts.get("day") or 1)


def parse_zone(text: str) -> tuple[float, str] | None:
    """Return the offset (s) of a zone, and its name where it may have other meanings; None for an unknown name."""
    offset, zone = 0.0, ""
    for name, sign, hours, minutes in _ZONE_PARTS.findall(text):
        if name and name.lower() not in _ZONES:
            return None
        if name:
            offset += 3600 * _ZONES[name.lower()]
            zone = zone or ("" if name.lower() in _UTC else name)
        else:
            offset += (-1 if sign == "-" else 1) * (3600 * int(hours) + 60 * int(minutes or 0))
    return offset, zone
