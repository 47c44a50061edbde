"""Times and levels of EDR queries: instants, intervals, lists and repetitions, and the nearest levels of an axis."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from ocean_common.contracts.assets import Assets
from ocean_core.errors import DepthNotFound, InvalidRequest
from ocean_core.geometry import Floats
from ocean_core.time import parse_instant

MOST_REPETITIONS = 1_000

_REPETITION = re.compile(r"[Rr](\d{1,9})/([^/]{1,64})/([^/]{1,64})", re.ASCII)
_DURATION = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?",
    re.ASCII | re.IGNORECASE,
)


def select_times(text: str | None) -> dict[str, str]:
    """Return the time, or start and end, of an extraction for ``datetime``; without one all times."""
    if text is None or not text.strip():
        return {"end": "-1"}
    if repetition := _REPETITION.fullmatch(text.strip()):
        return {"time": ",".join(_repeat_instants(*repetition.groups()))}
    if "/" not in text:
        return {"time": text}
    start, _, end = text.partition("/")
    if "/" in end or "," in text or not (start.strip() and end.strip()):
        raise InvalidRequest(
            "datetime {text!r} is no time or interval; write 2016-02-01T12:00:00Z, 2016-02-01/2016-02-03, "
            "../2016-02-03 or 2016-02-01,2016-02-03",
            text=text[:60],
            field="datetime",
        )
    ends = {name: part.strip() for name, part in (("start", start), ("end", end)) if part.strip() != ".."}
    return ends or {"end": "-1"}


def _repeat_instants(count: str, start: str, duration: str) -> list[str]:
    parts = _DURATION.fullmatch(duration.strip())
    try:
        first = parse_instant(start)
    except (ValueError, OverflowError):
        parts = None
    if parts is None or not any(parts.groups()) or not 1 <= int(count) <= MOST_REPETITIONS:
        raise InvalidRequest(
            "datetime is no repetition: write R3/2016-02-01T00:00:00Z/P1D, up to R{limit}",
            limit=MOST_REPETITIONS,
            field="datetime",
        )
    years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    step = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    try:
        return [
            (_add_months(first, number * (12 * years + months)) + number * step).isoformat()
            for number in range(int(count))
        ]
    except (ValueError, OverflowError) as error:
        raise InvalidRequest("datetime repeats beyond the year 9999", field="datetime") from error


def _add_months(instant: datetime, months: int) -> datetime:
    """Return the same day of a later month; the last day of one that is shorter."""
    month = np.datetime64(f"{instant:%Y-%m}", "M") + months
    last = (month + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    text = str(month)
    return instant.replace(year=int(text[:4]), month=int(text[5:7]), day=min(instant.day, int(str(last)[8:10])))


def select_levels(variables: Sequence[Assets], text: str | None) -> str:
    """Return the depth of an extraction for ``z``: the levels that lie in an interval, or are nearest to values."""
    deep = [variable for variable in variables if variable.depth is not None]
    if text is None or not text.strip() or not deep:
        return "all"
    first = deep[0]
    if other := next((variable for variable in deep if variable.depth != first.depth), None):
        raise InvalidRequest(
            "{key} and {other_key} have different levels: name parameters of the same levels with parameter-name",
            key=first.variable.key,
            other_key=other.variable.key,
            field="z",
        )
    levels = np.array(first.depth.levels if first.depth else [], dtype=np.float64)
    chosen = _find_levels(levels, text.strip())
    return ",".join(map(str, chosen))


def _find_levels(levels: Floats, text: str) -> list[int]:
    if repetition := _REPETITION.fullmatch(text):
        count, start, step = int(repetition[1]), *(_parse_number(part) for part in repetition.groups()[1:])
        if not 1 <= count <= MOST_REPETITIONS:
            raise _no_levels(text)
        return sorted({_nearest_level(levels, start + number * step) for number in range(count)})
    if "/" not in text:
        return sorted({_nearest_level(levels, _parse_number(part)) for part in text.split(",")})
    ends = text.split("/")
    if len(ends) != 2 or "," in text:
        raise _no_levels(text)
    low, high = (
        open_end if end.strip() == ".." else _parse_number(end)
        for end, open_end in zip(ends, (-np.inf, np.inf), strict=True)
    )
    found = np.flatnonzero((levels >= min(low, high)) & (levels <= max(low, high)))
    if found.size == 0:
        raise DepthNotFound(
            "no level lies in z={text}; the levels are {levels}", text=text[:40], levels=_list_levels(levels), field="z"
        )
    return [int(level) for level in found]


def _nearest_level(levels: Floats, value: float) -> int:
    """Return the level that is nearest to a value, which is no farther off the ends than half a level."""
    order = np.sort(levels)
    sides = np.diff(order)
    above, below = (sides[0] / 2, sides[-1] / 2) if sides.size else (np.inf, np.inf)
    # The surface belongs to the first level, however thick that is.
    if not min(order[0] - above, 0.0) <= value <= order[-1] + below:
        raise DepthNotFound(
            "no level is at z={value}; the levels are {levels}",
            value=f"{value:g}",
            levels=_list_levels(levels),
            field="z",
        )
    return int(np.abs(levels - value).argmin())


def _list_levels(levels: Floats) -> str:
    texts = [f"{level:g}" for level in levels]
    return ", ".join(texts if len(texts) <= 12 else [*texts[:5], "…", *texts[-5:]])


def _parse_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise _no_levels(text)
    return number


def _no_levels(text: str) -> InvalidRequest:
    return InvalidRequest("z {text!r} is no level; write 10, 10/100, ../100 or 10,50,100", text=text[:40], field="z")
