"""Arrows along time: each from a line of its own, north up, all on one scale."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import panels
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.dates import days
from ocean_plotting.figure.picture import INK, MUTED, inches
from ocean_plotting.figure.stations import Marked
from ocean_plotting.plots.coverage import Floats
from ocean_plotting.plots.series import averaged

PER_INCH = 30  # sticks: more are no longer told apart
FEW = 80  # sticks that have heads
REACH = 0.92  # of the way to the next line, that sticks of two lines towards each other take
WIDEST = 0.2  # of a panel's width, that a stick takes
EDGE = 0.12  # of a line's room, above and below all
LETTER = 0.5  # width of a letter, in heights of its text
KEY = 2.0  # height of the strip for the key, in heights of its text


@dataclass(frozen=True, kw_only=True)
class Row:
    """A vector through time at one depth."""

    label: str
    east: Floats  # (time,)
    north: Floats


@dataclass(frozen=True, kw_only=True)
class Vectors:
    """What is drawn: at each station the rows of its depths."""

    seconds: Floats  # (time,)
    stations: list[tuple[Marked, list[Row]]]
    units: str
    count: int = 1  # of how many time steps one stick is the mean


@dataclass(frozen=True, kw_only=True)
class Frame:
    """How vectors become sticks: the same in all panels, so that they can be compared."""

    scale: float  # rows that a vector of length one takes
    top: float  # of the panels, in rows; the first row is at 0, the next at -1
    bottom: float
    key: float  # height of the strip for the key, in rows
    edge: float  # part of a panel's width that sticks need before the first and after the last instant
    row: float  # inches


def averaging(steps: int, room: panels.Room) -> int:
    """Of how many time steps one stick is the mean."""
    return -(-steps // max(10, int(PER_INCH * inches(room.panels[0])[0])))


def show(room: panels.Room, vectors: Vectors, sheet: Sheet) -> None:
    """Draw a panel for each station that there is a panel for, its rows from above."""
    most = -(-len(vectors.seconds) // vectors.count)
    at = days(averaged(vectors.seconds, most)[0])
    shown = [
        [Row(label=one.label, east=averaged(one.east, most)[0], north=averaged(one.north, most)[0]) for one in rows]
        for _, rows in vectors.stations[: len(room.panels)]
    ]
    frame = framed(shown, inches(room.panels[0]), sheet)
    edge = (float(at[-1] - at[0]) or 1.0) * max(frame.edge / (1 - 2 * frame.edge), 0.02)
    for (station, _), panel, rows in zip(vectors.stations, room.panels, shown, strict=False):
        if len(vectors.stations) > 1:
            panels.named(panel, station, sheet)
        panel.set(xlim=(float(at[0]) - edge, float(at[-1]) + edge), ylim=(frame.bottom, frame.top + frame.key))
        if not station.data:
            axis.nothing(panel, sheet.translate("no data at this station"), sheet.sizes)
            continue
        _ruled(panel, rows, sheet)
        for row, one in enumerate(rows):
            there = np.isfinite(one.east) & np.isfinite(one.north)
            panel.quiver(
                at[there], np.full(there.sum(), -float(row)), one.east[there], one.north[there],
                color=station.colour, **_measures(frame, sheet, heads=len(at) <= FEW),
            )  # fmt: skip
    fastest = max((_most(np.hypot(one.east, one.north)) for rows in shown for one in rows), default=0.0)
    if fastest > 0:
        _key(room.panels[0], nice(0.75 * fastest), frame, vectors.units, sheet)


def framed(shown: list[list[Row]], panel: tuple[float, float], sheet: Sheet) -> Frame:
    """Find the scale at which no stick crosses one of another row; ``panel``: width and height, inches."""
    width, height = panel
    number = len(shown[0])
    up = [max(_most(rows[row].north) for rows in shown) for row in range(number)]
    down = [max(_most(-rows[row].north) for rows in shown) for row in range(number)]
    towards = [_most(-rows[row].north) + _most(rows[row + 1].north) for rows in shown for row in range(number - 1)]
    east = max(_most(np.abs(one.east)) for rows in shown for one in rows)
    fastest = max(_most(np.hypot(one.east, one.north)) for rows in shown for one in rows)
    strip = KEY * sheet.sizes.small / 72
    limits = [
        (REACH, max(towards, default=0.0)),
        (1.0, up[0] + down[-1]),
        (WIDEST * width * number / height, fastest),
    ]
    scale = min((room / size for room, size in limits if size > 0), default=1.0)
    top, bottom = scale * up[0] + EDGE, 1.0 - number - scale * down[-1] - EDGE
    more = max(0.0, number - (top - bottom)) / 2  # sticks that lie along the line would be too long
    top, bottom = top + more, bottom - more
    row = max(height - strip, 0.1) / (top - bottom)
    return Frame(scale=scale, top=top, bottom=bottom, key=strip / row, edge=scale * east * row / width, row=row)


def nice(size: float) -> float:
    """The greatest of 1, 2, 5, 10, … that is not more."""
    decade = 10.0 ** math.floor(math.log10(size))
    return max(one * decade for one in (1.0, 2.0, 5.0) if one * decade <= size * (1 + 1e-9))


def _ruled(panel: Axes, rows: list[Row], sheet: Sheet) -> None:
    """The lines that sticks begin at, named by their depths."""
    at = [-row for row in range(len(rows))]
    panel.grid(visible=False, axis="y")
    panel.set_yticks(at, [one.label for one in rows])
    axis.plain(panel, sheet)
    panel.tick_params(axis="y", length=0)
    panel.hlines(at, *panel.get_xlim(), color=MUTED, linewidth=0.6, zorder=1)


def _key(panel: Axes, size: float, frame: Frame, units: str, sheet: Sheet) -> None:
    """A stick of a told length, in the corner above all rows."""
    translate, words, small = sheet.translate, sheet.words, sheet.sizes.small
    speed, width = words.value(size, units), inches(panel)[0]
    text, letter = translate("{speed}; north is up", speed=speed), LETTER * small / 72
    if (len(text) + 4) * letter + size * frame.scale * frame.row > width:
        text = speed
    low, high = panel.get_xlim()
    middle = frame.top + 0.5 * frame.key
    tip = high - (len(text) + 1.5) * letter / width * (high - low)
    panel.quiver([tip], [middle], [size], [0.0], color=INK, pivot="tip", **_measures(frame, sheet, heads=True))
    panel.text(high, middle, text, ha="right", va="center", fontsize=small)


def _measures(frame: Frame, sheet: Sheet, *, heads: bool) -> dict[str, Any]:
    """How sticks are drawn: as long as the frame says, as thick as lines, with or without a head."""
    shape = {} if heads else {"headwidth": 0, "headlength": 0, "headaxislength": 0}
    return {
        "angles": "uv", "scale_units": "y", "scale": 1 / frame.scale, "units": "inches",
        "width": 0.9 * sheet.sizes.line / 72, "zorder": 3, **shape,
    }  # fmt: skip


def _most(values: Floats) -> float:
    """The greatest value; 0 where there is none, or none above."""
    return float(np.nan_to_num(values).max(initial=0.0))
