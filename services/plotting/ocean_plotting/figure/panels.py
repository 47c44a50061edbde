"""Panels of equal size, one for each station, as many as can be read."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation

from ocean_plotting.figure import stations
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import INK, figure_of, folded, inches

LEAST = (15.0, 7.5)  # width and height of a panel, in heights of its text
COLUMN = (18.0, 0.24)  # of the stations beside: at least, in heights of the text, and part of the figure's width
LABELLED, LETTER = 5.5, 0.56  # widths of the numbers of an axis, and of a letter, in heights of its text
CROWDED = 0.2  # of its width more for each further column of panels, whose labels take from it
BAR = 0.6  # inches more, beside a colour bar


@dataclass(frozen=True, kw_only=True)
class Room:
    """Axes of a figure."""

    panels: list[Axes]  # by station, row by row
    columns: int
    beside: SubplotSpec | None  # for the stations

    def is_lowest(self, number: int) -> bool:
        """Whether nothing stands below a panel."""
        return number + self.columns >= len(self.panels)


def name_upright(room: Room, sheet: Sheet) -> None:
    """Keep the names of the upright axes in the first column: each, or if they are too long the middle one."""
    size, rows = sheet.sizes.body / 72, math.ceil(len(room.panels) / room.columns)
    height = (sheet.height - 9 * size) / rows - 2 * size  # without titles, dates and names of stations
    for number, panel in enumerate(room.panels):
        tight = LETTER * len(panel.get_ylabel()) * size > height
        middle = number // room.columns == rows // 2
        if number % room.columns or (tight and not middle):
            panel.set_ylabel("")


def laid_out(
    figure: Figure, count: int, sheet: Sheet, *, side: bool, rows_of: Sequence[str] = (), bar: bool = False
) -> Room:
    """Divide a figure: one column of panels if they fit, else more; those that do not fit are left out.

    ``rows_of``: labels of what stands one below the other in each panel. ``bar``: a colour bar comes beside all.
    """
    width, height = sheet.size
    letter = sheet.sizes.body / 72
    aside = max(COLUMN[0] * letter + BAR * bar, COLUMN[1] * width) if side else 0.0
    rows = max(1, int((height - 7 * letter) / (max(LEAST[1], 1.6 * len(rows_of) + 4.0) * letter)))
    most = max(1, int((width - aside - 5 * letter) / (LEAST[0] * letter)))
    columns = min(most, math.ceil(count / rows))
    shown = min(count, rows * columns)
    rows = math.ceil(shown / columns)
    aside = max(aside, (COLUMN[0] * letter + BAR * bar) * (1 + CROWDED * (columns - 1))) if side else 0.0
    widths = [(width - aside) / columns] * columns + [aside] * side
    # What stands between the axes, in letters: that texts are fitted to the room there will be.
    named = LETTER * max(map(len, rows_of)) + 1.5 if rows_of else LABELLED
    between = named * columns + LABELLED * (side + bar) + 2.5
    free = min(1 - between * letter / width, 0.89)
    grid = figure.add_gridspec(rows, len(widths), width_ratios=widths, left=0.1, right=0.1 + max(free, 0.3))
    panels = [figure.add_subplot(grid[number // columns, number % columns]) for number in range(shown)]
    return Room(panels=panels, columns=columns, beside=grid[:, -1] if side else None)


def has_side(sheet: Sheet, *, bar: bool = False) -> bool:
    """Whether there is room for the stations beside the panels, and the ``bar`` of their colours."""
    return sheet.width >= stations.ROOM[0] + 2 * BAR * bar and sheet.height >= stations.ROOM[1]


def named(axes: Axes, station: stations.Marked, sheet: Sheet) -> None:
    """Say above a panel which station it is of, with its sign on the map."""
    size = sheet.sizes.small
    width = 0.95 * inches(axes)[0]
    text = folded(station.label(sheet.words), width - 1.4 * size / 72, size, 1)
    above, root = 0.4 * size, figure_of(axes).dpi_scale_trans
    axes.annotate(text, (0, 1), (1.4 * size, above), "axes fraction", "offset points", fontsize=size, color=INK)
    middle = ScaledTranslation(0.6 * size / 72, (above + 0.4 * size) / 72, root)
    sign = Line2D([0], [1], marker=station.marker, color=station.colour, markersize=0.6 * size, linestyle="")
    sign.set(transform=axes.transAxes + middle, clip_on=False)
    axes.add_artist(sign)
