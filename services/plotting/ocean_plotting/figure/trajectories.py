"""Ways of platforms: panels through time, and a map on which colour tells the time."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from babel.dates import format_date
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import compared, dates, labels, stations
from ocean_plotting.figure.compared import Dotted, Series
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.locator import draw_map, over_list, positions
from ocean_plotting.figure.picture import INK, LINES, MUTED, Sizes, inches
from ocean_plotting.palettes import colormap_colours
from ocean_plotting.plots.coverage import Floats, array
from ocean_plotting.plots.trajectories import Along, Way, instant

FEW = 60  # steps that are marked one by one
GAP = 8  # usual steps without a position, after which the line goes on anew
NARROW = 120.0  # km from the middle of the map to its edge, at least
OUTLINE = 60  # places of a way that decide what the map shows
TIME = "salinity"  # id of the colormap of times: from dark to light
PANELS, LEAST = 0.62, 6.5  # of the height of the figure; and of a panel, in heights of its text
TICK = 0.85  # size of the labels of the map, in those of the panels
MONTHS = 90 * 86_400  # s, from where on months tell a way's first and last time
SHARE = 0.42  # of the width of the panels: the map


@dataclass(frozen=True, kw_only=True)
class Line(Series):
    """A line of a colour of its own."""

    colour: str = INK
    dashed: bool = False

    def style(self, station: Dotted, sizes: Sizes, values: int = FEW + 1) -> dict[str, Any]:  # noqa: ARG002 - as of all
        """How it is drawn."""
        return {
            "color": self.colour,
            "linestyle": (0, (4, 1.6)) if self.dashed else "-",
            "linewidth": sizes.line,
            "marker": "o" if values <= FEW and not self.dashed else None,
            "markersize": sizes.marker,
        }


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is drawn of the ways."""

    ways: list[Way]
    quantities: list[Along]
    model: str  # its name
    latlon: bool
    chart: bool
    quantum: str

    @property
    def alone(self) -> bool:
        """Whether there is one way: its colours tell what was measured and what is of the model."""
        return len(self.ways) == 1

    def line(self, way: int, *, modelled: bool = False) -> Line:
        """The line of a way."""
        if self.alone:
            return Line(role="model", label="", colour=LINES[1] if modelled else INK)
        return Line(role="model", label="", colour=LINES[way % len(LINES)], dashed=modelled)


def draw(figure: Figure, plan: Plan, sheet: Sheet) -> None:
    """Draw the panels one below the other, and beside them the map. After `frame`."""
    _legend(figure, plan, sheet)
    makers: list[Callable[[Axes], None]] = []
    fitting = int(PANELS * 72 * sheet.height / (LEAST * sheet.sizes.small))
    if plan.latlon and (2 + len(plan.quantities) <= fitting or not plan.quantities):
        makers += [partial(_position, plan=plan, sheet=sheet, east=east) for east in (False, True)]
    makers += [partial(_quantity, quantity=one, plan=plan, sheet=sheet) for one in plan.quantities]
    side = plan.chart and sheet.width >= stations.ROOM[0] and sheet.height >= stations.ROOM[1]
    grid = figure.add_gridspec(len(makers), 1 + side, width_ratios=[1.0, SHARE] if side else [1.0])
    panels: list[Axes] = []
    seconds = np.unique(np.concatenate([array(one.seconds) for one in plan.ways]))
    begin, end = dates.days(seconds[[0, -1]]).tolist()
    room = 0.02 * (end - begin) or 0.5
    for row, make in enumerate(makers):
        panel = figure.add_subplot(grid[row, 0], sharex=panels[0] if panels else None)
        make(panel)
        panel.set_xlim(begin - room, end + room)
        panels.append(panel)
    quantum = {"week": "day", "day": "day", "month": "month", "year": "year"}.get(plan.quantum)
    dates.label(panels[-1], seconds, quantum, sheet)
    for panel in panels[:-1]:
        panel.tick_params(labelbottom=False)
    if side:
        _map(figure, grid[:, 1], plan, sheet)


def _legend(figure: Figure, plan: Plan, sheet: Sheet) -> None:
    translate, lines = sheet.translate, list[Series]()
    measured = any(one.is_measured for one in plan.quantities)
    modelled = any(one.is_modelled for one in plan.quantities)
    if plan.alone:
        observed, model = plan.line(0).colour, plan.line(0, modelled=True).colour
    else:
        lines += [Line(role="model", label=one.name, colour=plan.line(at).colour) for at, one in enumerate(plan.ways)]
        observed = model = MUTED
    if measured and modelled:
        lines.append(Line(role="model", label=translate("Observed"), colour=observed))
    if modelled:
        lines.append(Line(role="model", label=plan.model, colour=model, dashed=not plan.alone))
    if lines:
        compared.legend(figure, lines, sheet, alone=True)


def _position(panel: Axes, plan: Plan, sheet: Sheet, *, east: bool) -> None:
    """Latitude or longitude through time."""
    translate, write = sheet.translate, sheet.words.longitude if east else sheet.words.latitude
    for number, way in enumerate(plan.ways):
        _through_time(panel, way, array(way.longitude if east else way.latitude), plan.line(number), sheet.sizes)
    _headed(panel, translate("Longitude") if east else translate("Latitude"), "", "", sheet)
    low, high = panel.get_ylim()
    digits = 0 if high - low > 8 else 1 if high - low > 0.8 else 2
    panel.yaxis.set_major_formatter(lambda value, _: write(value, digits))


def _quantity(panel: Axes, quantity: Along, plan: Plan, sheet: Sheet) -> None:
    """What was measured, and what the model says, through time."""
    translate, words, sizes = sheet.translate, sheet.words, sheet.sizes
    for number, way in enumerate(plan.ways):
        for values, modelled in ((quantity.measured[number], False), (quantity.modelled[number], True)):
            if values.size:
                _through_time(panel, way, values, plan.line(number, modelled=modelled), sizes)
    found, agreed = quantity.agreement, ""
    if found is not None:
        error = words.value(found.error, quantity.units, 2)
        agreed = translate("model: bias {bias}, RMSE {error}", bias=words.number(found.bias, 2), error=error)
    _headed(panel, translate.quantity(quantity.name) or quantity.name, quantity.units, agreed, sheet)


def _headed(panel: Axes, name: str, unit: str, agreed: str, sheet: Sheet) -> None:
    """Name a panel above it: along the axis of a low one there is no room; and say beside how well values agree."""
    words, sizes = sheet.words, sheet.sizes
    axis.quantity(panel, "", None, sheet, upright=True)
    letters = int(inches(panel)[0] * 72 / (0.58 * sizes.body))
    rest = len(words.measured("", unit)) + (len(agreed) + 2 if letters >= len(agreed) + 30 else 0)
    panel.set_title(
        words.measured(labels.shortened(name, max(letters - rest, 10)), unit), loc="left", fontsize=sizes.body, pad=3
    )
    if rest > len(agreed):
        panel.set_title(agreed, loc="right", fontsize=sizes.small, color=MUTED, pad=3)


def _through_time(panel: Axes, way: Way, values: Floats, line: Line, sizes: Sizes) -> None:
    """Draw a line that ends where the platform was not seen for long."""
    x, there = dates.days(array(way.seconds)), np.isfinite(values)
    x, values = x[there], values[there]
    apart = np.diff(x)
    if apart.size:
        breaks = np.flatnonzero(apart > GAP * np.median(apart)) + 1
        x, values = np.insert(x, breaks, np.nan), np.insert(values, breaks, np.nan)
    panel.plot(x, values, **line.style(Dotted(place=(0, 0), name=None, number=0, data=True), sizes, len(values)))


def _map(figure: Figure, room: SubplotSpec, plan: Plan, sheet: Sheet) -> None:
    """The ways, coloured by time, each from an open to a full dot."""
    sizes = sheet.sizes
    each = [list(zip(array(way.latitude).tolist(), array(way.longitude).tolist(), strict=True)) for way in plan.ways]
    outline = [place for way in each for place in way[:: max(1, len(way) // OUTLINE)] + way[-1:]]
    column = room.get_position(figure).width * sheet.width
    axes, _, _ = over_list(figure, room, outline, narrowest=NARROW, most=0.75, anchor="N")
    draw_map(axes, outline, sheet, NARROW)
    every = [array(way.seconds) for way in plan.ways]
    norm = Normalize(min(float(one[0]) for one in every), max(float(one[-1]) for one in every))
    colours = ListedColormap(colormap_colours(TIME) / 255)
    for number, (way, seconds) in enumerate(zip(each, every, strict=True)):
        points = positions(way, outline)
        pieces = np.stack([points[:-1], points[1:]], axis=1)
        near = np.hypot(*(points[1:] - points[:-1]).T) < 0.5 * np.ptp(axes.get_xlim())  # not once round the world
        pieces, at = pieces[near], (seconds[1:] + seconds[:-1])[near] / 2
        axes.add_collection(LineCollection(list(pieces), colors=INK, linewidths=1.9 * sizes.line, zorder=3))
        axes.add_collection(
            LineCollection(list(pieces), array=at, cmap=colours, norm=norm, linewidths=1.3 * sizes.line, zorder=4)
        )
        colour = plan.line(number).colour
        for point, filling in ((points[0], "white"), (points[-1], colour)):
            axes.plot(*point, "o", color=filling, markeredgecolor=colour, markersize=sizes.dot, zorder=5)
    if norm.vmin != norm.vmax:
        _times(figure, axes, ScalarMappable(norm, colours), column, sheet)


def _times(figure: Figure, axes: Axes, colours: ScalarMappable, column: float, sheet: Sheet) -> None:
    """Explain the colours of times below the map, by the first and the last day."""
    width, height = np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())
    letter = sheet.sizes.small / 72 / max(column, 0.5) * width / height  # of the map's height
    below = axes.inset_axes((0.0, -3.1 * letter, 1.0, letter))
    bar = figure.colorbar(colours, cax=below, orientation="horizontal")
    bar.outline.set_visible(False)
    low, high = colours.get_clim()
    letters = 0.72 * column * 72 / (0.55 * TICK * sheet.sizes.small) - 2
    forms = ("d MMM y", "LLL y" if high - low > MONTHS else "d MMM")
    written = ([format_date(instant(one), form, sheet.words.language) for one in (low, high)] for form in forms)
    words = next((both for both in written if sum(map(len, both)) <= letters), ["", ""])
    bar.set_ticks([low, high], labels=words)
    bar.ax.tick_params(labelsize=TICK * sheet.sizes.small, length=2)
    first, last = bar.ax.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")
