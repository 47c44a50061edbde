"""Dates along an axis, in the reader's language: as exact as the data are, and on the data where they are regular."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from babel.dates import format_datetime
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import figure_of, inches
from ocean_plotting.plots.coverage import Floats

DAY = 86_400.0  # s
LETTER, LINE = 0.56, 1.3  # width and height of letters, in sizes of the text
MOST = 12  # labels along an axis
BEYOND = 0.03  # of their span, that labels go beyond the data

Dates = NDArray[np.datetime64]


@dataclass(frozen=True)
class Unit:
    """A part of the calendar that labels may be apart."""

    code: str  # of numpy
    whole: str  # the unit that it is counted in
    seconds: float  # how long it is, about
    label: str  # babel's pattern
    context: str  # what stands below the first label, and below every one where it has changed
    steps: tuple[int, ...]


UNITS = (
    Unit("m", "h", 60, "HH:mm", "d MMM y", (1, 2, 5, 10, 15, 30)),
    Unit("h", "D", 3600, "HH:mm", "d MMM y", (1, 2, 3, 6, 12)),
    Unit("D", "M", DAY, "d MMM", "y", (1, 2, 5, 10, 15)),
    Unit("M", "Y", 30.4 * DAY, "LLL", "y", (1, 2, 3, 6)),
    Unit("Y", "", 365.25 * DAY, "y", "", (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)
QUANTA = {"year": "Y", "season": "M", "month": "M", "day": "D"}  # the finest unit that means something


def days(seconds: Floats) -> Floats:
    """Where instants (seconds since 1970) stand on an axis of dates."""
    return seconds / DAY


def label(axes: Axes, seconds: Floats, quantum: str | None, sheet: Sheet, *, down: bool = False) -> None:
    """Put dates along the x axis, or ``down`` the y axis, whose limits are set already.

    Parameters
    ----------
    seconds : ndarray, shape (time,)
        All instants of the data, ascending: labels stand on them.
    """
    axis = axes.yaxis if down else axes.xaxis
    low, high = sorted(axes.get_ylim() if down else axes.get_xlim())
    size = sheet.sizes.small
    room = 72 * inches(axes)[int(down)]  # points
    if down and (engine := figure_of(axes).get_layout_engine()) is not None:
        room *= engine.get().get("rect", (0, 0, 1, 1))[3]  # titles take from the height of small figures
    places, words = _chosen(seconds, (low, high), quantum, room / size, sheet.words.language, down=down)
    if len(places) < 2:  # too short, or too narrow: the data's own ends say it
        ends = seconds[[0, -1]] if len(seconds) > 1 and seconds[0] < seconds[-1] else seconds[:1]
        places = days(ends)
        words = [sheet.words.instant(_date(one).isoformat(), quantum) for one in ends.astype("datetime64[s]")]
        apart = (places - low) * room / size / max(high - low, 1e-9)
        if len(words) > 1 and (words[0] == words[1] or not _fit(apart, words, down=down)):
            places, words = places[:1], words[:1]
    axis.set_ticks(places.tolist(), words)
    axis.set_tick_params(labelsize=size, length=3)


def _chosen(
    seconds: Floats, limits: tuple[float, float], quantum: str | None, room: float, language: str, *, down: bool
) -> tuple[Floats, list[str]]:
    """The closest labels that fit in ``room`` (heights of the text): where they stand, in days, and what they say."""
    low, high = limits
    beyond = BEYOND * float(seconds[-1] - seconds[0]) / DAY
    first, last = float(seconds[0] / DAY) - beyond, float(seconds[-1] / DAY) + beyond
    finest = QUANTA.get(quantum or "", "m")
    known = seconds.astype("datetime64[s]")
    own = known.astype(f"datetime64[{finest}]")
    shift = known[:1] - own[:1].astype("datetime64[s]")
    for unit in UNITS[next(number for number, one in enumerate(UNITS) if one.code == finest) :]:
        for step in unit.steps:
            if not 0.5 < (high - low) * DAY / (unit.seconds * step) < 4 * MOST:
                continue
            marks = _marks(limits, unit, step)
            places = days(_on_data(marks.astype(own.dtype), own, known, shift).astype(float))
            within = (places >= max(low, first) - 1e-9) & (places <= min(high, last) + 1e-9)
            marks, places = marks[within], places[within]
            words = _words(marks, unit, language)
            if len(marks) > 1 and _fit((places - low) * room / (high - low), words, down=down):
                return places, words
    return np.empty(0), []


def _marks(limits: tuple[float, float], unit: Unit, step: int) -> Dates:
    """The beginnings of units within limits (days): every so many, counted from the beginning of the whole one."""
    first, last = (np.datetime64(int(one * DAY), "s").astype(f"datetime64[{unit.code}]") for one in limits)
    every: Dates = np.arange(first, last + 1)
    if unit.whole:
        whole = every.astype(f"datetime64[{unit.whole}]")
        count = (every - whole.astype(every.dtype)).astype(int)
        # The 31st would stand next to the 1st.
        left = ((whole + 1).astype(every.dtype) - every).astype(int)
        marked: Dates = every[(count % step == 0) & (left > step // 2)]
    else:
        marked = every[(every.astype(int) + 1970) % step == 0]
    return marked


def _on_data(marks: Dates, own: Dates, known: Dates, shift: Any) -> Dates:
    """The instants of the data that marks mean; where there is none, as long after the mark as elsewhere."""
    if not len(own):
        return marks.astype("datetime64[s]")
    found = np.minimum(np.searchsorted(own, marks), len(own) - 1)
    placed: Dates = np.where(own[found] == marks, known[found], marks.astype("datetime64[s]") + shift)
    return placed


def _words(marks: Dates, unit: Unit, language: str) -> list[str]:
    """What labels say: the year or day below the first of each."""
    words, before = [], ""
    for mark in marks:
        date = _date(mark.astype("datetime64[s]"))
        context = _written(date, unit.context, language)
        words.append("\n".join(filter(None, (_written(date, unit.label, language), context * (context != before)))))
        before = context
    return words


def _written(date: datetime, pattern: str, language: str) -> str:
    text = format_datetime(date, pattern, locale=language) if pattern else ""
    return f"1er{text[1:]}" if language == "fr" and pattern.startswith("d ") and date.day == 1 else text


def _date(instant: Any) -> datetime:
    found = instant.astype("datetime64[s]").item()
    assert isinstance(found, datetime)  # noqa: S101 - within the years of the calendar
    return found


def _fit(places: Floats, words: Sequence[str], *, down: bool) -> bool:
    """Whether labels at places (in heights of the text) keep apart."""
    if len(words) > MOST:
        return False
    if down:
        sizes = np.array([LINE * (text.count("\n") + 1) for text in words]) + 0.4
    else:
        sizes = np.array([LETTER * max(map(len, text.split("\n"))) for text in words]) + 1.0
    apart = np.diff(places)
    return bool((apart >= (sizes[1:] + sizes[:-1]) / 2).all())
