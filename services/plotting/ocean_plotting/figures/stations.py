"""Stations: how each is marked, where they are, and which is which."""

from typing import Any

import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from ocean_plotting.domain import labels
from ocean_plotting.domain.ports import Land
from ocean_plotting.figures.locator import draw_map, positions
from ocean_plotting.figures.picture import DASHES, LINES, MARKERS, MUTED, Sizes

ROOM = (4.0, 2.5)  # inches that a figure must have for a column beside its panels
EXPLAINED = 6  # stations of which the list gives name and position


class Marked(msgspec.Struct, frozen=True, kw_only=True):
    """A station and how it is drawn."""

    place: tuple[float, float]  # latitude, longitude
    name: str | None
    number: int
    data: bool  # whether there is anything to draw at it

    @property
    def label(self) -> str:
        """Its name, or where it is."""
        return labels.shortened(self.name, 60) if self.name and self.name.strip() else labels.place(self.place)

    @property
    def colour(self) -> str:
        """The same in every panel and on the map; grey where there are no data."""
        return LINES[self.number % len(LINES)] if self.data else MUTED

    @property
    def marker(self) -> str:
        """A second sign beside the colour."""
        return MARKERS[self.number // len(LINES) % len(MARKERS)] if self.data else "x"

    def style(self, *, markers: bool) -> dict[str, Any]:
        """How its line is drawn."""
        return {
            "color": self.colour,
            "linestyle": DASHES[self.number // len(LINES) % len(DASHES)] if self.data else "",
            "linewidth": 1.8,
            "marker": self.marker if markers else None,
            "markersize": 4,
        }


def share(panels: int) -> float:
    """Width of the stations' column, in panels."""
    return (0.6, 0.75, 0.9)[min(panels, 3) - 1]


def show(figure: Figure, room: SubplotSpec, marked: list[Marked], land: Land | None, sizes: Sizes) -> None:
    """Draw the map, if ``land`` is given, and list the stations below it."""
    if land is None:
        _list(figure.add_subplot(room), marked, sizes, 0.8)
        return
    column = room.get_position(figure).width * figure.get_figwidth()
    square = min(0.6, column / (0.8 * figure.get_figheight()))  # of the column's height: the map
    rows = room.subgridspec(2, 1, height_ratios=[square, 1 - square])
    chart = figure.add_subplot(rows[0], anchor="N")
    draw_map(chart, [one.place for one in marked], land, sizes)
    for one, (x, y) in zip(marked, positions([one.place for one in marked]), strict=True):
        chart.plot(x, y, one.marker, color=one.colour, markersize=7, markeredgecolor="white" if one.data else None)
    _list(figure.add_subplot(rows[1]), marked, sizes, 0.8 * (1 - square))


def _list(axes: Axes, marked: list[Marked], sizes: Sizes, height: float) -> None:
    """Name the stations beside the panels, where no line can run beneath the names."""
    axes.set_axis_off()
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - axes that were just added to one
    explained = len(marked) <= EXPLAINED
    lines = int(height * figure.get_figheight() * 72 / (1.5 * sizes.small * (2 if explained else 1)))
    letters = int(figure.get_figwidth() * axes.get_position().width * 72 / (0.6 * sizes.small))
    shown = marked if len(marked) <= lines else marked[: max(lines - 1, 1)]
    handles = [
        Line2D([], [], label=_words(one, letters, explained=explained), **one.style(markers=True)) for one in shown
    ]
    if len(shown) < len(marked):
        handles.append(Line2D([], [], linestyle="", label=f"… and {len(marked) - len(shown)} more"))
    axes.legend(
        handles=handles, loc="upper left", fontsize=sizes.small, frameon=False, borderaxespad=0, handlelength=2.2
    )


def _words(one: Marked, letters: int, *, explained: bool) -> str:
    name = labels.shortened(one.label, max(letters, 12))
    where = [labels.place(one.place)] if explained and one.name and one.name.strip() else []
    return "\n".join([name, *where]) if one.data else "\n".join([f"{name}: no data", *where])
