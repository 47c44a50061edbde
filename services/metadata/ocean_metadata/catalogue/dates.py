"""Dates as people write them: what part of time they mean."""

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from ocean_common.errors import InvalidRequest
from ocean_metadata.catalogue.words import folded

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 64  # characters
_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january janvier", "february fevrier", "march mars", "april avril", "may mai", "june juin", "july juillet",
         "august aout", "september septembre", "october octobre", "november novembre", "december decembre"), 1)
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = r"(?:mon|tue|wed|thu|fri|sat|sun|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,?\s+(?=\d|[a-z])"
_CLOCK = r"(?P<hour>\d{1,2})[:h](?P<minute>\d{2})?(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
_ZONE = r"(?P<zone>z|utc|gmt|(?:utc|gmt)?[+-]\d{2}:?(?:\d{2})?)(?:\s*\([^)]*\))?"
_REST = rf"(?:(?:\s*,?\s+(?:at\s+|a\s+)?|t){_CLOCK})?(?:\s*{_ZONE})?$"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?"
_FORMS = tuple(
    re.compile(form + _REST)
    for form in (
        rf"(?:{_WEEKDAYS})?{_DAY}[\s-]+(?P<name>[a-z]{{3,}})\.?,?[\s-]+(?P<year>\d{{4}})",  # 5 April 2022
        rf"(?:{_WEEKDAYS})?(?P<name>[a-z]{{3,}})\.?\s+{_DAY},?\s+(?P<year>\d{{4}})",  # April 5, 2022
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<name>[a-z]{3,})\.?,?\s+(?P<year>\d{4})",
        r"(?P<year>\d{4})[-/](?P<month>\d{1,2})",
        r"(?P<year>\d{4})",
    )
)
_EITHER = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_EXAMPLES = "write it as 2022-04-05, 2022-04-05T12:00Z or 5 April 2022"


class Period(NamedTuple):
    """A part of time: a date means its whole day, a date with a clock an instant."""

    first: int  # s since 1970-01-01 UTC
    last: int  # inclusive


def period(text: str, field: str) -> Period:
    """Understand a date.

    Parameters
    ----------
    text : str
        ISO 8601, RFC 5322, or as English and French write it; without a zone it is UTC.
    field : str
        Which parameter it is, for the message.

    Returns
    -------
    Period
        In seconds since 1970-01-01 UTC.
    """
    found = None
    if len(text) <= _LONGEST:
        plain = " ".join(folded(text).split())
        try:
            found = _iso(text.strip()) or _written(_year_first(plain, field)) or _mail(text)
        except (ValueError, OverflowError):  # 31 February, the year 0
            found = None
    if found is None:
        raise InvalidRequest("{text!r} is no date; {examples}", text=text[:_LONGEST], examples=_EXAMPLES, field=field)
    return found


def _iso(text: str) -> Period | None:
    """ISO 8601 in full: basic and extended, weeks, any zone."""
    if not re.match(r"\d{8}|\d{4}-\d\d-\d\d|\d{4}-?W", text):
        return None
    try:
        # A plus sign in an address is a blank.
        instant = datetime.fromisoformat(re.sub(r"(?<=:\d\d) (?=\d\d:?\d\d$)", "+", text))
    except ValueError:
        return None
    first = _seconds(instant)
    whole_day = ":" not in text and "T" not in text.upper() and " " not in text
    return Period(first, first + 86_399 if whole_day else first)


def _mail(text: str) -> Period | None:
    """RFC 5322: `Tue, 05 Apr 2022 00:00:00 EST`."""
    found = _seconds(parsedate_to_datetime(text))
    return Period(found, found)


def _written(text: str) -> Period | None:
    for form in _FORMS:
        if match := form.match(text):
            return _of_parts({name: part for name, part in match.groupdict().items() if part is not None})
    return None


def _of_parts(parts: dict[str, str]) -> Period | None:
    month = int(parts.get("month", 0)) or _month(parts.get("name", ""))
    if "name" in parts and not month:
        return None
    numbers = {name: int(parts[name]) for name in ("year", "day", "hour", "minute", "second") if name in parts}
    zone = _zone(parts.get("zone", ""))
    first = datetime(
        numbers["year"],
        month or 1,
        numbers.get("day", 1),
        numbers.get("hour", 0),
        numbers.get("minute", 0),
        numbers.get("second", 0),
        tzinfo=zone,
    )
    if "hour" in parts:
        return Period(_seconds(first), _seconds(first))
    if "day" in parts:
        after = first + timedelta(days=1)
    elif month:
        after = (first + timedelta(days=31)).replace(day=1)
    else:
        after = first.replace(year=first.year + 1)
    return Period(_seconds(first), _seconds(after) - 1)


def _month(name: str) -> int:
    """The number of a month by its name or the beginning of it; 0 where there is none, or several."""
    found = {number for whole, number in _MONTHS.items() if whole.startswith(name)}
    return found.pop() if len(found) == 1 else 0


def _zone(text: str) -> timezone:
    match = re.search(r"([+-])(\d{2}):?(\d{2})?", text)
    if not match:
        return UTC
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return timezone(timedelta(minutes=-minutes if match[1] == "-" else minutes))


def _year_first(text: str, field: str) -> str:
    """Turn 25/12/2022 around, where it can only mean one day."""
    match = _EITHER.match(text)
    if not match:
        return text
    one, _, other, year = match.groups()
    if int(one) <= 12 and int(other) <= 12 and one != other:
        raise InvalidRequest(
            "{value!r} may mean two days; write the year first: {year}-{second:02d}-{name:02d} or "
            "{year}-{name:02d}-{second:02d}",
            value=match[0],
            year=year,
            second=int(other),
            name=int(one),
            field=field,
        )
    day, month = (one, other) if int(one) > 12 else (other, one)
    return f"{year}-{month}-{day}{text[match.end() :]}"


def _seconds(instant: datetime) -> int:
    aware = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(seconds=1)
