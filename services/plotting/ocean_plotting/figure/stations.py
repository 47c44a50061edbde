"""Stations on figures: their signs, a map and a list of them, panels beside these, and compared profiles."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.transforms import ScaledTranslation
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_plotting.figure.axes import set_depth_axis
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import LabelFormatter, fold_lines, shorten
from ocean_plotting.figure.layout import INK, LINE_COLOURS, MUTED, Sizes, axes_inches, fold_text, get_figure
from ocean_plotting.figure.locator import add_map_over_list, draw_locator_map, project_points

DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

PANELS_IN_ROW = 3  # of panels over depth
SMALLEST_FIGURE = (4.0, 2.5)  # inches that a figure must have for a column of stations beside its panels
LIST_WIDTH = 0.6  # of a column with a list of lines alone, in widths of one with a map
MOST_POSITIONS = 6  # stations that are listed with name and position
HANDLE_WIDTH, COLUMN_GAP, LETTER_WIDTH = 3.0, 1.5, 0.57  # in the list, in heights of its text
COLUMN_WIDTH, PANEL_LABELS = 18.0, 2.0  # of the column, and more for each further panel, in heights of the text
POSITION_LETTERS = 20  # of the longest position: there is always room for it

# Panels of equal size, one for each station.
LEAST_PANEL = (15.0, 7.5)  # width and height of a panel, in heights of its text
COLUMN_FRACTION = 0.24  # of the figure's width: least width of the stations' column
TICK_LABELS, TITLE_LETTER = 5.5, 0.56  # widths of an axis's numbers, and of a letter, in heights of the text
CROWDED = 0.2  # of its width more for each further column of panels, whose labels take from it
BAR_WIDTH = 0.6  # inches more, beside a colour bar

SPARSE = 3  # values of a line that must be marked to be seen
DENSE = 80  # dots of a profile beyond which they are small
MODEL_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1)))
MODEL_MARKERS = ("D", "s", "^", "v")  # where a line has hardly a value

Floats = NDArray[np.float64]


class StationMark(msgspec.Struct, frozen=True, kw_only=True):
    """A station and its colour and sign."""

    place: tuple[float, float]  # latitude, longitude
    name: str | None
    number: int
    data: bool  # whether there is anything to draw at it

    def label(self, labels: LabelFormatter) -> str:
        """Return its name, or its position."""
        return shorten(self.name, 60) if self.name and self.name.strip() else labels.position(self.place)

    @property
    def colour(self) -> str:
        """Colour in every panel and on the map; grey where there are no data."""
        return LINE_COLOURS[self.number % len(LINE_COLOURS)] if self.data else MUTED

    @property
    def marker(self) -> str:
        """Sign beside the colour."""
        return MARKERS[self.number // len(LINE_COLOURS) % len(MARKERS)] if self.data else "x"

    def shift(self, info: VariableInfo, count: int) -> float:
        """Return how far its line is from the middle of a category, so that those of ``count`` stations are seen."""
        return min(0.08, 0.5 / count) * (self.number - (count - 1) / 2) if info.categories else 0.0

    def style(self, sizes: Sizes, *, markers: bool) -> dict[str, Any]:
        """Return the style of its line."""
        return {
            "color": self.colour,
            "linestyle": DASHES[self.number // len(LINE_COLOURS) % len(DASHES)] if self.data else "",
            "linewidth": sizes.line,
            "marker": self.marker if markers else None,
            "markersize": sizes.marker,
        }


def mark_stations(
    places: Sequence[tuple[float, float]], names: Sequence[str | None] | None, has_data: Sequence[bool]
) -> list[StationMark]:
    """Give every station its sign; ``names`` may be fewer."""
    padded = [*(names or []), *[None] * len(places)]
    marks = enumerate(zip(places, padded, has_data, strict=False))
    return [StationMark(place=place, name=name, number=number, data=data) for number, (place, name, data) in marks]


def name_stations(stations: Sequence[StationMark], labels: LabelFormatter) -> str:
    """Return the name of a single station, else their number, for titles."""
    return (
        stations[0].label(labels) if len(stations) == 1 else labels.translate("{count} stations", count=len(stations))
    )


def has_side_column(context: DrawContext, *, bar: bool = False) -> bool:
    """Return whether a column of stations fits beside the panels, and the ``bar`` of their colours."""
    return context.width >= SMALLEST_FIGURE[0] + 2 * BAR_WIDTH * bar and context.height >= SMALLEST_FIGURE[1]


def needs_list(stations: Sequence[StationMark], *, show_map: bool) -> bool:
    """Return whether the stations must be explained: on a map, because they are several, or lack data."""
    return show_map or len(stations) > 1 or not all(station.data for station in stations)


def add_depth_panels(
    figure: Figure,
    number: int,
    stations: Sequence[StationMark],
    context: DrawContext,
    *,
    show_map: bool,
    lines: bool = True,
) -> list[Axes]:
    """Add panels in rows of three and, if it helps and fits, the stations on their right: on a map, or in a list.

    ``lines``: stations are lines in the panels, else dots.
    """
    needed = needs_list(stations, show_map=show_map) if lines else show_map or len(stations) > 1
    side = needed and has_side_column(context)
    columns = min(number, PANELS_IN_ROW)
    # In panels: on a small figure enough for a position to be read.
    needed_width = (COLUMN_WIDTH + PANEL_LABELS * (columns - 1)) * context.sizes.body / 72
    side_width = max((0.6, 0.75, 0.9)[columns - 1], columns * needed_width / (context.width - needed_width))
    side_width *= LIST_WIDTH if lines and not show_map else 1.0
    widths = [1.0] * columns + ([side_width] if side else [])
    grid = figure.add_gridspec(-(-number // columns), len(widths), width_ratios=widths)
    panels = [figure.add_subplot(grid[position // columns, position % columns]) for position in range(number)]
    if side:
        draw_stations(figure, grid[:, -1], stations, context, show_map=show_map)
    return panels


def draw_stations(
    figure: Figure, area: SubplotSpec, stations: Sequence[StationMark], context: DrawContext, *, show_map: bool = True
) -> None:
    """Draw the map, if ``show_map``, and list the stations below it."""
    if not show_map:
        _draw_list(figure.add_subplot(area), stations, context, 0.8 * context.height)
        return
    places = [station.place for station in stations]
    axes, below, height = add_map_over_list(figure, area, places, most=0.6)
    draw_locator_map(axes, places, context)
    for station, (x, y) in zip(stations, project_points(places), strict=True):
        axes.plot(
            x, y, station.marker, color=station.colour, markersize=context.sizes.dot,
            markeredgecolor="white" if station.data else None, clip_on=False,
        )  # fmt: skip
    _draw_list(figure.add_subplot(below), stations, context, height)


def _draw_list(axes: Axes, stations: Sequence[StationMark], context: DrawContext, height: float) -> None:
    """List the stations in a height in inches: no line can run beneath the names."""
    axes.set_axis_off()
    sizes, labels = context.sizes, context.labels
    # What stands between the columns is as wide on a small figure as on a large one.
    width = min(0.92, max(0.6, 0.98 - 0.6 / context.width)) * axes_inches(axes)[0] * 72
    size = min(sizes.small, width / (HANDLE_WIDTH + LETTER_WIDTH * POSITION_LETTERS))
    available, letters = height * 72 / size, int((width / size - HANDLE_WIDTH) / LETTER_WIDTH)
    texts, columns = [_name_and_position(station, letters, labels) for station in stations], 1
    if len(stations) > MOST_POSITIONS or sum(map(_entry_height, texts)) > available:
        rooms = [letters - len(_mark_missing(station, "", labels)) for station in stations]
        texts = [
            _mark_missing(station, shorten(station.label(labels), room), labels)
            for station, room in zip(stations, rooms, strict=True)
        ]
        widest = HANDLE_WIDTH + LETTER_WIDTH * max(map(len, texts)) + COLUMN_GAP
        needed = math.ceil(len(texts) * _entry_height("") / available)
        columns = max(1, min(int((width / size + COLUMN_GAP) / widest), needed))
    most = max(columns * int(available / _entry_height("")), 1)
    count = len(texts) if len(texts) <= most else max(most - 1, 1)
    handles = [
        Line2D([], [], label=text, **station.style(sizes, markers=True))
        for station, text in zip(stations[:count], texts[:count], strict=True)
    ]
    if count < len(texts):
        rest = labels.translate("… and {count} more", count=len(texts) - count)
        handles.append(Line2D([], [], linestyle="", label=rest))
    axes.legend(
        handles=handles, loc="upper left", fontsize=size, frameon=False, borderaxespad=0, borderpad=0,
        handlelength=2.2, columnspacing=COLUMN_GAP, ncols=columns,
    )  # fmt: skip


def _entry_height(text: str) -> float:
    return 1.2 * (text.count("\n") + 1) + 0.5


def _name_and_position(station: StationMark, letters: int, labels: LabelFormatter) -> str:
    """Return the name, folded to two lines, and the position."""
    name = _mark_missing(station, station.label(labels), labels)
    position = [labels.position(station.place)] if station.name and station.name.strip() else []
    # A space that does not break holds a position together.
    return "\n".join([*fold_lines(name, letters), *position])


def _mark_missing(station: StationMark, name: str, labels: LabelFormatter) -> str:
    return name if station.data else labels.translate("{station}: no data", station=name)


@dataclass(frozen=True)
class StationPanels:
    """Axes of a figure with one panel for each station."""

    panels: list[Axes]  # by station, row by row
    columns: int
    side: SubplotSpec | None  # for the map and the list of stations

    def is_lowest(self, number: int) -> bool:
        """Return whether nothing stands below a panel."""
        return number + self.columns >= len(self.panels)

    def thin_ylabels(self, context: DrawContext) -> None:
        """Leave y labels only in the first column, and only in its middle panel if they are too long."""
        size, rows = context.sizes.body / 72, math.ceil(len(self.panels) / self.columns)
        height = (context.height - 9 * size) / rows - 2 * size  # without titles, dates and names of stations
        for number, panel in enumerate(self.panels):
            too_long = TITLE_LETTER * len(panel.get_ylabel()) * size > height
            middle = number // self.columns == rows // 2
            if number % self.columns or (too_long and not middle):
                panel.set_ylabel("")


def add_station_panels(
    figure: Figure, count: int, context: DrawContext, *, side: bool, row_labels: Sequence[str] = (), bar: bool = False
) -> StationPanels:
    """Divide a figure into panels: one column if they fit, else more; those that do not fit are left out.

    ``row_labels``: of what stands one below the other in each panel. ``bar``: a colour bar comes beside all.
    """
    width, height = context.size
    letter = context.sizes.body / 72
    needed = COLUMN_WIDTH * letter + BAR_WIDTH * bar
    side_width = max(needed, COLUMN_FRACTION * width) if side else 0.0
    rows = max(1, int((height - 7 * letter) / (max(LEAST_PANEL[1], 1.6 * len(row_labels) + 4.0) * letter)))
    most = max(1, int((width - side_width - 5 * letter) / (LEAST_PANEL[0] * letter)))
    columns = min(most, math.ceil(count / rows))
    count = min(count, rows * columns)
    rows = math.ceil(count / columns)
    side_width = max(side_width, needed * (1 + CROWDED * (columns - 1))) if side else 0.0
    widths = [(width - side_width) / columns] * columns + [side_width] * side
    # What stands between the axes, in letters: texts are fitted to the width that will remain.
    label_width = TITLE_LETTER * max(map(len, row_labels)) + 1.5 if row_labels else TICK_LABELS
    between = label_width * columns + TICK_LABELS * (side + bar) + 2.5
    free = min(1 - between * letter / width, 0.89)
    grid = figure.add_gridspec(rows, len(widths), width_ratios=widths, left=0.1, right=0.1 + max(free, 0.3))
    panels = [figure.add_subplot(grid[number // columns, number % columns]) for number in range(count)]
    return StationPanels(panels, columns, grid[:, -1] if side else None)


def add_panel_title(axes: Axes, station: StationMark, context: DrawContext) -> None:
    """Write above a panel the station's name, with its sign on the map."""
    size = context.sizes.small
    width = 0.95 * axes_inches(axes)[0]
    text = fold_text(station.label(context.labels), width - 1.4 * size / 72, size, 1)
    above, scale = 0.4 * size, get_figure(axes).dpi_scale_trans
    axes.annotate(text, (0, 1), (1.4 * size, above), "axes fraction", "offset points", fontsize=size, color=INK)
    middle = ScaledTranslation(0.6 * size / 72, (above + 0.4 * size) / 72, scale)
    sign = Line2D([0], [1], marker=station.marker, color=station.colour, markersize=0.6 * size, linestyle="")
    sign.set(transform=axes.transAxes + middle, clip_on=False)
    axes.add_artist(sign)


# Observed profiles beside modelled ones


def model_key(number: int) -> str:
    """Return the key of a model's values: 0 for that of the file, then the others as requested."""
    return f"model{number}"


@dataclass(frozen=True, kw_only=True)
class ComparedSeries:
    """Observation, model or climatology, as it is drawn at every station."""

    role: Literal["observed", "model", "climatology"]
    label: str
    name: str = ""  # of the model alone
    number: int = 0  # among the models

    @property
    def key(self) -> str:
        """Key of its values."""
        return model_key(self.number) if self.role == "model" else self.role

    def style(self, station: "DottedStation", sizes: Sizes, values: int = DENSE) -> dict[str, Any]:
        """Return its style: in the colour of one of several stations, else in its own."""
        own_colours = {"observed": INK, "climatology": "#7a6a3a"}
        own_colour = own_colours.get(self.role, LINE_COLOURS[self.number % len(LINE_COLOURS)])
        colour = own_colour if station.alone else station.colour
        if self.role == "observed":
            return {
                "color": colour,
                "marker": station.marker,
                "markersize": sizes.marker * (1.0 if values <= DENSE else 0.6),
                "linestyle": "-" if values <= DENSE else "",  # few dots far apart need a line to read as one profile
                "linewidth": 0.35 * sizes.line,
            }
        dashes = (0, (1.2, 1.2)) if self.role == "climatology" else MODEL_DASHES[self.number % len(MODEL_DASHES)]
        return {
            "color": colour,
            "linestyle": dashes,
            "linewidth": sizes.line,
            "marker": MODEL_MARKERS[self.number % len(MODEL_MARKERS)] if values <= SPARSE else None,
            "markersize": 1.3 * sizes.marker,
        }


class DottedStation(StationMark, frozen=True, kw_only=True):
    """A station that is listed by its dot, since lines stand for models."""

    alone: bool = False  # the only one: colours stand for observation and models

    @property
    def colour(self) -> str:
        """Colour of the observation."""
        return INK if self.alone else super().colour

    def style(self, sizes: Sizes, *, markers: bool) -> dict[str, Any]:
        """Return the style of a dot."""
        return {**super().style(sizes, markers=markers), "linestyle": "", "marker": self.marker}


def mark_dotted_stations(
    places: Sequence[tuple[float, float]], names: Sequence[str | None], has_data: Sequence[bool]
) -> list[DottedStation]:
    """Give every station its dot."""
    return [
        DottedStation(place=place, name=name, number=number, data=data, alone=len(places) == 1)
        for number, (place, name, data) in enumerate(zip(places, names, has_data, strict=True))
    ]


def draw_compared_profile(
    panel: Axes, series: ComparedSeries, station: DottedStation, profile: tuple[Floats, Floats], sizes: Sizes
) -> bool:
    """Draw a series at one station, given its depths and values (level,); return whether it has any."""
    finite = np.isfinite(profile).all(axis=0)
    if finite.any():
        depth, values = (column[finite] for column in profile)
        zorder = 3 if series.role == "observed" else 2
        panel.plot(values, depth, **series.style(station, sizes, len(values)), zorder=zorder)
    return bool(finite.any())


def add_comparison_panels(
    figure: Figure,
    series: Sequence[ComparedSeries],
    stations: Sequence[DottedStation],
    depths: Sequence[float],
    context: DrawContext,
    *,
    show_map: bool,
) -> list[Axes]:
    """Add the legend, the stations, and a panel for each of the greatest ``depths`` (m) that are shown."""
    station = DottedStation(place=(0.0, 0.0), name=None, number=0, data=True, alone=len(stations) == 1)
    colour = {} if station.alone else {"color": MUTED}
    add_legend_above(figure, [(entry.label, entry.style(station, context.sizes) | colour) for entry in series], context)
    panels = add_depth_panels(figure, len(depths), stations, context, show_map=show_map, lines=False)
    for position, panel in enumerate(panels):
        set_depth_axis(panel, max(depths), context, label=position % PANELS_IN_ROW == 0)
    return panels


def add_legend_above(figure: Figure, entries: Sequence[tuple[str, dict[str, Any]]], context: DrawContext) -> None:
    """Explain lines by label and style above the panels, which take their room from what `add_titles` left."""
    if not entries:
        return
    sizes, engine = context.sizes, figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # noqa: S101 - set by `add_titles`
    size, width = sizes.small, context.width * 72 / sizes.small  # of the text, and of the figure in its heights
    texts = [fold_text(label, 0.8 * context.width, size) for label, _ in entries]
    longest = max(len(line) for text in texts for line in text.split("\n"))
    columns = max(1, min(int(0.97 * width / (0.57 * longest + 5)), len(texts)))
    rows = -(-len(texts) // columns) * max(text.count("\n") + 1 for text in texts)
    left, bottom, across, up = engine.get()["rect"]
    figure.legend(
        handles=[Line2D([], [], label=text, **style) for text, (_, style) in zip(texts, entries, strict=True)],
        loc="upper left", bbox_to_anchor=(left, bottom + up), ncols=columns, fontsize=size, frameon=False,
        borderpad=0, borderaxespad=0.9, handlelength=2.4, columnspacing=1.6, labelspacing=0.3,
    )  # fmt: skip
    engine.set(rect=(left, bottom, across, up - (1.55 * rows + 0.5) * size / 72 / context.height))
