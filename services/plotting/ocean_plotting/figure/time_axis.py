"""Axes of time: dates in the reader's language, as exact as the data are, on the data's own instants."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_core.time import DateParts, format_times
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import LabelFormatter, TimePrecision, without_year
from ocean_plotting.figure.layout import panel_length

DAY = 86_400.0  # s
LETTER_WIDTH, LINE_HEIGHT = 0.56, 1.3  # in sizes of the text
MOST_LABELS = 12  # along an axis
MARGIN = 0.03  # of the data's span, that labels may go beyond it

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]


class CalendarUnit(NamedTuple):
    """Unit of the calendar that labels may be spaced by."""

    code: str  # of numpy
    parent: str  # the unit that it is counted in
    seconds: float  # its length, about
    label: str  # babel's pattern
    context: str  # pattern of what stands below the first label, and below every one where it has changed
    steps: tuple[int, ...]


UNITS = (
    CalendarUnit("m", "h", 60, "HH:mm", "d MMM y", (1, 2, 5, 10, 15, 30)),
    CalendarUnit("h", "D", 3600, "HH:mm", "d MMM y", (1, 2, 3, 6, 12)),
    CalendarUnit("D", "M", DAY, "d MMM", "y", (1, 2, 5, 10, 15)),
    CalendarUnit("M", "Y", 30.4 * DAY, "LLL", "y", (1, 2, 3, 6)),
    CalendarUnit("Y", "", 365.25 * DAY, "y", "", (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)),
)
FINEST_UNITS = {"year": "Y", "season": "M", "month": "M", "day": "D"}  # by quantum


def seconds_to_days(seconds: Floats) -> Floats:
    """Convert instants (s since 1970) to positions on an axis of time (days)."""
    return seconds / DAY


def label_time_axis(
    axes: Axes,
    seconds: Floats,
    precision: TimePrecision,
    context: DrawContext,
    *,
    vertical: bool = False,
    units: str = "",
) -> None:
    """Label the x axis, or ``vertical`` the y axis, with dates on instants of the data; its limits must be set.

    ``units``: of times without dates, whose values in the files label the axis.
    """
    axis = axes.yaxis if vertical else axes.xaxis
    if not precision.dated:
        axis.set_major_locator(MaxNLocator(MOST_LABELS // 2, integer=True))
        axis.set_major_formatter(lambda value, _: context.labels.number(value))
        axis.set_tick_params(labelsize=context.sizes.small, length=3)
        axis.set_label_text(context.labels.with_units(context.translate("Time"), units), fontsize=context.sizes.small)
        return
    low, high = sorted(axes.get_ylim() if vertical else axes.get_xlim())
    size = context.sizes.small
    length = 72 * panel_length(axes, vertical=vertical)  # points
    labels = context.labels
    positions, texts = _choose_labels(seconds, (low, high), precision, length / size, labels, vertical=vertical)
    if len(positions) < 2:  # too short a span, or too narrow an axis: label the first and the last instant
        ends = seconds[[0, -1]] if len(seconds) > 1 and seconds[0] < seconds[-1] else seconds[:1]
        positions = seconds_to_days(ends)
        texts = [labels.time(text, precision) for text in format_times(ends)]
        scaled = (positions - low) * length / size / max(high - low, 1e-9)
        if len(texts) > 1 and (texts[0] == texts[1] or not _labels_fit(scaled, texts, vertical=vertical)):
            positions, texts = positions[:1], texts[:1]
    axis.set_ticks(positions.tolist(), texts)
    axis.set_tick_params(labelsize=size, length=3)


def _choose_labels(
    seconds: Floats,
    limits: tuple[float, float],
    precision: TimePrecision,
    length: float,
    labels: LabelFormatter,
    *,
    vertical: bool,
) -> tuple[Floats, list[str]]:
    """Choose the closest labels that fit in ``length`` (heights of the text): positions in days, and texts."""
    low, high = limits
    margin = MARGIN * float(seconds[-1] - seconds[0]) / DAY
    first, last = float(seconds[0] / DAY) - margin, float(seconds[-1] / DAY) + margin
    finest = FINEST_UNITS.get(precision.quantum or "", "m")
    instants = seconds.astype("datetime64[s]")
    periods = instants.astype(f"datetime64[{finest}]")
    offset = instants[:1] - periods[:1].astype("datetime64[s]")
    for unit in UNITS[next(number for number, unit in enumerate(UNITS) if unit.code == finest) :]:
        for step in unit.steps:
            if not 0.5 < (high - low) * DAY / (unit.seconds * step) < 4 * MOST_LABELS:
                continue
            marks = _list_marks(limits, unit, step)
            begins = marks.astype(periods.dtype)
            index = np.minimum(np.searchsorted(periods, begins), len(periods) - 1)
            # The data's instant in each mark's period; where there is none, the mark and the usual offset.
            snapped = np.where(periods[index] == begins, instants[index], begins.astype("datetime64[s]") + offset)
            positions = seconds_to_days(snapped.astype(float))
            within = (positions >= max(low, first) - 1e-9) & (positions <= min(high, last) + 1e-9)
            marks, positions = marks[within], positions[within]
            texts = _format_marks(marks, unit, precision, labels)
            scaled = (positions - low) * length / (high - low)
            if len(marks) > 1 and _labels_fit(scaled, texts, vertical=vertical):
                return positions, texts
    return np.empty(0), []


def _list_marks(limits: tuple[float, float], unit: CalendarUnit, step: int) -> Dates:
    """List the beginnings of every ``step``-th unit within limits (days), counted from the parent's beginning."""
    first, last = (np.datetime64(int(limit * DAY), "s").astype(f"datetime64[{unit.code}]") for limit in limits)
    units: Dates = np.arange(first, last + 1)
    if not unit.parent:
        return np.asarray(units[(units.astype(int) + 1970) % step == 0])
    parents = units.astype(f"datetime64[{unit.parent}]")
    count = (units - parents.astype(units.dtype)).astype(int)
    # The 31st would stand next to the 1st.
    remaining = ((parents + 1).astype(units.dtype) - units).astype(int)
    return np.asarray(units[(count % step == 0) & (remaining > step // 2)])


def _format_marks(marks: Dates, unit: CalendarUnit, precision: TimePrecision, labels: LabelFormatter) -> list[str]:
    """Format labels, with the year or day below the first of each."""
    patterns, texts, previous = (unit.label, unit.context), [], ""
    if precision.climatology:
        patterns = without_year(unit.label), without_year(unit.context)
    for mark in marks.astype("datetime64[s]").astype(np.int64):
        label, context = (labels.date(DateParts.of(mark), pattern) for pattern in patterns)
        parts = (label, context if context != previous else "")
        texts.append("\n".join(filter(None, parts)))
        previous = context
    return texts


def _labels_fit(positions: Floats, texts: Sequence[str], *, vertical: bool) -> bool:
    """Return whether labels at positions (in heights of the text) keep apart."""
    if len(texts) > MOST_LABELS:
        return False
    if vertical:
        sizes = np.array([LINE_HEIGHT * (text.count("\n") + 1) for text in texts]) + 0.4
    else:
        sizes = np.array([LETTER_WIDTH * max(map(len, text.split("\n"))) for text in texts]) + 1.0
    return bool((np.diff(positions) >= (sizes[1:] + sizes[:-1]) / 2).all())
