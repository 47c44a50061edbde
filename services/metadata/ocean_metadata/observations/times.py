"""Times of observations: milliseconds since 1970-01-01 inside, ISO 8601 outside."""

from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

import numpy as np

from ocean_common.errors import InvalidRequest

Quantum = Literal["year", "month", "week", "day", "hour", "minute"]
QUANTA: tuple[Quantum, ...] = get_args(Quantum)

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000  # ms
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONDAY = 4 * DAY  # 1970-01-05

# What the database can part by itself: length and offset, in ms; months and years are put together from days.
BUCKETS: dict[Quantum, tuple[int, int]] = {
    "year": (DAY, 0), "month": (DAY, 0), "week": (7 * DAY, _MONDAY), "day": (DAY, 0), "hour": (HOUR, 0),
    "minute": (MINUTE, 0),
}  # fmt: skip


def iso(time: int | None) -> str | None:
    """ISO 8601 in UTC, to the second where that is all."""
    if time is None:
        return None
    return (_EPOCH + timedelta(milliseconds=time)).isoformat(timespec="milliseconds" if time % 1000 else "seconds")


def parse(text: str, field: str, *, end: bool = False) -> int:
    """An instant in ms; a date is its midnight, or with ``end`` the last millisecond of its day."""
    whole = text.strip()
    try:
        found = datetime.fromisoformat(whole)
    except ValueError as error:
        raise InvalidRequest(
            "{name}: {text!r} is no date; write 2019-05-27 or 2019-05-27T12:00:00Z",
            name=field,
            text=text[:40],
            field=field,
        ) from error
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    time = (found - _EPOCH) // timedelta(milliseconds=1)
    return time + DAY - 1 if end and len(whole) <= len("2019-05-27") else time


def period(bucket: int, quantum: Quantum) -> int:
    """The number of the period that the first instant of a bucket (ms) falls into."""
    length, offset = BUCKETS[quantum]
    if quantum in {"year", "month"}:
        return int(
            np.datetime64(bucket, "ms").astype("datetime64[Y]" if quantum == "year" else "datetime64[M]").astype(int)
        )
    return (bucket - offset) // length
