"""Stations: how each is marked, where they are, and which is which."""

import math
from typing import Any

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from ocean_plotting.figure import labels
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.locator import draw_map, over_list, positions
from ocean_plotting.figure.picture import DASHES, LINES, MARKERS, MUTED, Sizes, inches
from ocean_plotting.figure.speech import Words

ROOM = (4.0, 2.5)  # inches that a figure must have for a column beside its panels
EXPLAINED = 6  # stations of which the list gives name and position
HANDLE, GAP, LETTER = 3.0, 1.5, 0.57  # widths in the list, in heights of its text
COLUMN, CROWDED = 18.0, 2.0  # width of the column, and more for each further panel, in heights of the text
POSITION = 20  # letters of the longest position: there is always room for it


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A station and how it is drawn."""

    place: tuple[float, float]  # latitude, longitude
    name: str | None
    number: int
    data: bool  # whether there is anything to draw at it

    def label(self, words: Words) -> str:
        """Its name, or where it is."""
        return labels.shortened(self.name, 60) if self.name and self.name.strip() else words.place(self.place)

    @property
    def colour(self) -> str:
        """The same in every panel and on the map; grey where there are no data."""
        return LINES[self.number % len(LINES)] if self.data else MUTED

    @property
    def marker(self) -> str:
        """A second sign beside the colour."""
        return MARKERS[self.number // len(LINES) % len(MARKERS)] if self.data else "x"

    def style(self, sizes: Sizes, *, markers: bool) -> dict[str, Any]:
        """How its line is drawn."""
        return {
            "color": self.colour,
            "linestyle": DASHES[self.number // len(LINES) % len(DASHES)] if self.data else "",
            "linewidth": sizes.line,
            "marker": self.marker if markers else None,
            "markersize": sizes.marker,
        }


def share(panels: int, sheet: Sheet) -> float:
    """Width of the stations' column, in panels: on a small figure wide enough for a position that can be read."""
    needed = (COLUMN + CROWDED * (panels - 1)) * sheet.sizes.body / 72
    return max((0.6, 0.75, 0.9)[min(panels, 3) - 1], panels * needed / (sheet.width - needed))


def show(figure: Figure, room: SubplotSpec, marked: list[Marked], sheet: Sheet, *, chart: bool = True) -> None:
    """Draw the map, if ``chart``, and list the stations below it."""
    if not chart:
        _list(figure.add_subplot(room), marked, sheet, 0.8 * sheet.height)
        return
    places = [one.place for one in marked]
    axes, below, height = over_list(figure, room, places, most=0.6)
    draw_map(axes, places, sheet)
    for one, (x, y) in zip(marked, positions(places), strict=True):
        edge = "white" if one.data else None
        axes.plot(x, y, one.marker, color=one.colour, markersize=sheet.sizes.dot, markeredgecolor=edge, clip_on=False)
    _list(figure.add_subplot(below), marked, sheet, height)


def _list(axes: Axes, marked: list[Marked], sheet: Sheet, height: float) -> None:
    """Name the stations beside the panels, in a height in inches: no line can run beneath the names."""
    axes.set_axis_off()
    sizes, translate = sheet.sizes, sheet.translate
    # What stands between the columns is as wide on a small figure as on a large one.
    width = min(0.92, max(0.6, 0.98 - 0.6 / sheet.width)) * inches(axes)[0] * 72
    size = min(sizes.small, width / (HANDLE + LETTER * POSITION))
    room, letters = height * 72 / size, int((width / size - HANDLE) / LETTER)
    words, columns = [_explained(one, letters, sheet.words) for one in marked], 1
    if len(marked) > EXPLAINED or sum(map(_height, words)) > room:
        words = [_named(one, letters, sheet.words) for one in marked]
        widest = HANDLE + LETTER * max(map(len, words)) + GAP
        columns = max(1, min(int((width / size + GAP) / widest), math.ceil(len(words) * _height("") / room)))
    most = max(columns * int(room / _height("")), 1)
    shown = len(words) if len(words) <= most else max(most - 1, 1)
    handles = [
        Line2D([], [], label=text, **one.style(sizes, markers=True))
        for one, text in zip(marked[:shown], words[:shown], strict=True)
    ]
    if shown < len(words):
        handles.append(Line2D([], [], linestyle="", label=translate("… and {count} more", count=len(words) - shown)))
    axes.legend(
        handles=handles, loc="upper left", fontsize=size, frameon=False, borderaxespad=0, borderpad=0,
        handlelength=2.2, columnspacing=GAP, ncols=columns,
    )  # fmt: skip


def _height(text: str) -> float:
    return 1.2 * (text.count("\n") + 1) + 0.5


def _named(one: Marked, letters: int, words: Words) -> str:
    """The name on one line."""
    name = one.label(words)
    if one.data:
        return labels.shortened(name, letters)
    rest = len(_empty(words, ""))
    return _empty(words, labels.shortened(name, letters - rest))


def _explained(one: Marked, letters: int, words: Words) -> str:
    """The name, folded to two lines, and where it is."""
    name = one.label(words) if one.data else _empty(words, one.label(words))
    where = [words.place(one.place)] if one.name and one.name.strip() else []
    # A space that does not break holds a position together.
    return "\n".join([*labels.folded(name, letters), *where])


def _empty(words: Words, name: str) -> str:
    translate = words.translate
    return translate("{station}: no data", station=name)
