"""What figures along a path share: its distances, its way-points, the map of where it lies."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_core.geometry import wrap_longitude
from ocean_plotting.figure.axes import STEPS, fitting, plain
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.locator import draw_map, over_list, positions
from ocean_plotting.figure.picture import INK, LINES, MUTED, inches
from ocean_plotting.figure.projection import Point

ROOM = (4.5, 2.5)  # inches that a figure must have for a map beside its panels
SHRUNK = 0.85  # of its first width: a panel when everything is laid out
COLUMN = 3.5  # inches of a further column of panels
LETTER, LINE = 0.57, 1.3  # width and height of letters, in sizes of the text
RIM = 0.08  # of a map: beyond it stand the labels of its lines
NAMED = 8  # way-points that have room for a letter on the map

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A way-point."""

    name: str
    at: int  # which place of the way


@dataclass(frozen=True, kw_only=True)
class Way:
    """A path: points close together, some of which it was asked for by."""

    places: list[Point]  # latitude, longitude
    distance: Floats  # (place,), km
    marks: list[Mark]

    def named(self, mark: Mark, sheet: Sheet) -> str:
        """A way-point's letter and where it is."""
        return f"{mark.name}  {sheet.words.place(self.places[mark.at])}"


def way_of(path: Sequence[Point], places: list[Point], distance: Floats) -> Way:
    """Find the way-points among the places, in their order; repeated ones are one."""
    found: list[int] = []
    start = 0
    latitude, longitude = np.array(places, dtype=float).T
    for north, east in path:
        aside = np.abs(wrap_longitude(longitude[start:] - east)) * np.cos(np.radians(latitude[start:]))
        apart = np.hypot(latitude[start:] - north, aside)
        # The first that is there: a path may come by again.
        start += int(np.argmax(apart <= apart.min() + 1e-9))
        if not found or found[-1] != start:
            found.append(start)
    names = ascii_uppercase if len(found) <= len(ascii_uppercase) else [str(one + 1) for one in range(len(found))]
    marks = [Mark(name=name, at=at) for name, at in zip(names, found, strict=False)]
    return Way(places=places, distance=distance, marks=marks)


def has_room(sheet: Sheet, columns: int = 1) -> bool:
    """Whether a map fits beside columns of panels."""
    return sheet.width >= ROOM[0] + COLUMN * (columns - 1) and sheet.height >= ROOM[1]


def distance_axis(axes: Axes, way: Way, sheet: Sheet) -> None:
    """Distance along x, and below its ends where they are."""
    sizes, translate = sheet.sizes, sheet.translate
    axes.set_xlim(way.distance[0], way.distance[-1])
    axes.xaxis.set_major_locator(MaxNLocator(nbins=fitting(axes, 0, sizes), steps=STEPS))
    plain(axes, sheet)
    label = translate("Distance (km)")
    width = inches(axes)[0] * 72 / (LETTER * sizes.small)  # letters
    first, last = (way.named(way.marks[end], sheet) for end in (0, -1))
    needed = max(len(first), len(last)) * 2 + len(label) + 6
    below = 0.0 if needed <= width else LINE * sizes.small
    axes.set_xlabel(label, fontsize=sizes.body, labelpad=2.0 + below)
    if len(first) + len(last) + 2 > SHRUNK * width:
        return
    down = -(5.5 + 1.15 * sizes.small + 2.5)
    for text, x, side in ((first, 0.0, "left"), (last, 1.0, "right")):
        axes.annotate(
            text, (x, 0.0), (0.0, down), xycoords="axes fraction", textcoords="offset points", ha=side, va="top",
            fontsize=sizes.small, color=MUTED,
        )  # fmt: skip


def letter(axes: Axes, way: Way, sheet: Sheet) -> None:
    """Name the way-points above axes, those that have room: the ends always."""
    size, width = sheet.sizes.small, inches(axes)[0] * 72
    x = way.distance / (way.distance[-1] or 1.0) * width
    last = way.marks[-1]
    shown = [way.marks[0]]
    for mark in way.marks[1:]:
        wide = LETTER * size * (len(mark.name) + 1.5)
        if x[mark.at] - x[shown[-1].at] >= wide and (mark is last or x[last.at] - x[mark.at] >= wide):
            shown.append(mark)
    for mark in {one.at: one for one in [*shown, last]}.values():
        axes.annotate(
            mark.name, (way.distance[mark.at], 1.0), (0, 2), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", va="bottom", fontsize=size, fontweight="bold", color=INK,
        )  # fmt: skip


def mark_between(axes: Axes, way: Way) -> None:
    """Mark where the path bends."""
    for mark in way.marks[1:-1]:
        axes.axvline(way.distance[mark.at], color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=4)


def beside(figure: Figure, room: SubplotSpec, way: Way, sheet: Sheet) -> None:
    """Draw where the path lies, and list its way-points below."""
    sizes = sheet.sizes
    axes, below, height = over_list(figure, room, way.places)
    draw_map(axes, way.places, sheet)
    line = positions(way.places)
    jumps = np.abs(np.diff(line[:, 0])) > np.ptp(axes.get_xlim()) / 2  # over the edge of the world
    broken = np.insert(line, np.flatnonzero(jumps) + 1, np.nan, axis=0)
    axes.plot(*broken.T, color=LINES[0], linewidth=1.2 * sizes.line, clip_on=True, zorder=3)
    bends = line[[one.at for one in way.marks[1:-1]]]
    axes.plot(*bends.T, ".", color=LINES[0], markersize=0.5 * sizes.dot, zorder=4)
    for mark, shape in ((way.marks[0], "o"), (way.marks[-1], "s")):
        axes.plot(*line[mark.at], shape, color=LINES[0], markersize=0.8 * sizes.dot, markeredgecolor="white", zorder=5)
    _name_on_map(axes, way, line, sheet)
    _listed(figure.add_subplot(below), way, sheet, height)


def _name_on_map(axes: Axes, way: Way, line: Floats, sheet: Sheet) -> None:
    """Letters beside the way-points, on the side where the path does not go; of many, at its ends alone."""
    shown = range(len(way.marks)) if len(way.marks) <= NAMED else (0, len(way.marks) - 1)
    low, high = np.transpose([axes.get_xlim(), axes.get_ylim()])
    for number in shown:
        at = line[way.marks[number].at]
        beside = [way.marks[one].at for one in (number - 1, number + 1) if 0 <= one < len(way.marks)]
        towards = sum((_unit(line[one] - at) for one in beside), np.zeros(2))
        # Straight on: to the side.
        away = -_unit(towards) if np.hypot(*towards) > 0.1 else _unit(line[beside[0]] - at)[::-1] * (1, -1)
        inward = (at - low) / (high - low)
        away = np.where(inward < RIM, (1.0, 1.0), np.where(inward > 1 - RIM, (-1.0, -1.0), away))
        axes.annotate(
            way.marks[number].name, tuple(at), tuple(1.15 * sheet.sizes.small * away), textcoords="offset points",
            ha="center", va="center", fontsize=sheet.sizes.small, fontweight="bold", color=INK, zorder=6,
        )  # fmt: skip


def _unit(vector: Floats) -> Floats:
    found: Floats = vector / (np.hypot(*vector) or 1.0)
    return found


def _listed(axes: Axes, way: Way, sheet: Sheet, height: float) -> None:
    """The way-points and where they are, as many as fit in a height in inches."""
    axes.set_axis_off()
    texts = [way.named(one, sheet) for one in way.marks]
    width = 0.7 * inches(axes)[0] * 72
    size = min(sheet.sizes.small, width / (LETTER * max(map(len, texts))))
    most = max(2, int(height * 72 / (1.4 * size)) - 1)
    if len(texts) > most:
        translate = sheet.translate
        texts = [*texts[: max(1, most - 2)], translate("… and {count} more", count=len(texts) - most + 1), texts[-1]]
    axes.text(0, 1, "\n".join(texts), transform=axes.transAxes, va="top", ha="left", fontsize=size, linespacing=1.4)
