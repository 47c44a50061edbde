"""Panels over depth, and beside them where the stations are and which is which."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_plotting.figure import stations
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.stations import Marked

IN_A_ROW = 3
LIST = 0.6  # of the width of a column with a chart: of one without


def mark(
    places: Sequence[tuple[float, float]], names: Sequence[str | None] | None, data: Sequence[bool]
) -> list[Marked]:
    """Give every station its sign; ``names`` may be fewer, ``data`` says at which there is something to draw."""
    given = [*(names or []), *[None] * len(places)]
    return [
        Marked(place=place, name=given[number], number=number, data=data[number]) for number, place in enumerate(places)
    ]


def panels(figure: Figure, number: int, marked: list[Marked], sheet: Sheet, *, chart: bool) -> list[Axes]:
    """Make so many panels, and beside them show the stations where that helps and there is room: in a ``chart`` too."""
    explain = chart or len(marked) > 1 or not all(one.data for one in marked)
    side = explain and sheet.width >= stations.ROOM[0] and sheet.height >= stations.ROOM[1]
    across = min(number, IN_A_ROW)
    column = stations.share(across, sheet) * (1.0 if chart else LIST)
    widths = [1.0] * across + ([column] if side else [])
    grid = figure.add_gridspec(-(-number // across), len(widths), width_ratios=widths)
    made = [figure.add_subplot(grid[position // across, position % across]) for position in range(number)]
    if side:
        stations.show(figure, grid[:, -1], marked, sheet, chart=chart)
    return made
