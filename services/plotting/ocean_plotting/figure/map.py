"""Maps: their rectangles on a figure, frame, land, meridians and parallels, and the outlines of areas."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from ocean_core.geometry import unwrap_longitudes
from ocean_plotting.basemap.land import Land, select_parts
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import shorten
from ocean_plotting.figure.layout import INK, LAND, MUTED, SEA, Sizes, axes_inches
from ocean_plotting.figure.view import Area, View, fill_edges

# Rectangles of maps, in sizes of the text unless in inches.
GRIDS = {1: ((1, 1),), 2: ((1, 2), (2, 1)), 3: ((1, 3), (3, 1), (2, 2))}  # rows and columns, by the number of maps
HEADER, FOOTER = 4.4, 1.7  # heights of a title and of a credit of one line
LEFT, RIGHT, BELOW, ABOVE = 5.2, 8.2, 1.9, 1.1  # around a map: tick labels on the left, bar and its label on the right
STATISTICS_LINE = 1.45
PANEL_TITLE = 1.5
KEY_ROW, LEGEND_ROW = 2.4, 4.6  # at the bottom: for an arrow; for a second bar or a legend
BAR_TICKS, TICK = 0.15, 0.07  # inches
SMALLEST = 0.3  # inches: on less nothing can be read anyway

GRATICULE_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90)  # degrees
LABEL_WIDTH, LABEL_HEIGHT = 9.0, 5.0  # least distance of labels along x and y
WORLD = 9e6  # m: wider maps show the coarser coast
LOCAL = 6e5  # m: on narrower ones the coast is coarser than the data, which stand above the land
LAND_MARGIN = 0.02  # of the map, around it
SHORE = "#8d8672"
EDGE_POINTS = 200  # along an edge of the frame
# What lies above what.
Z_FIELD, Z_LAND, Z_HATCHING, Z_LINES, Z_GRATICULE, Z_ARROWS, Z_OUTLINES = 1.0, 2.0, 2.4, 2.6, 3.0, 3.2, 3.4

Points = NDArray[np.float64]


class Rectangle(NamedTuple):
    """A rectangle on a figure, inches from its lower left corner."""

    x: float
    y: float
    width: float
    height: float

    def fit_inside(self, aspect: float) -> "Rectangle":
        """Return the largest rectangle of this aspect (width by height) in its middle."""
        width, height = min(self.width, aspect * self.height), min(self.height, self.width / aspect)
        return Rectangle(self.x + (self.width - width) / 2, self.y + (self.height - height) / 2, width, height)

    def fractions(self, size: tuple[float, float]) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height in fractions of a figure."""
        return self.x / size[0], self.y / size[1], self.width / size[0], self.height / size[1]


@dataclass(frozen=True, kw_only=True)
class MapLayout:
    """Sizes that decide the rectangles of maps: as large as labels, bars and rows below allow."""

    width: float  # inches
    height: float
    maps: int
    lines: int = 1  # of statistics, below each map
    bottom_row: float = 0.3  # sizes of the text

    @property
    def em(self) -> float:  # size of the text, inches
        return Sizes.for_figure(self.width, self.height).body / 72

    @property
    def row_height(self) -> float:
        """Height of the row at the bottom, inches: a bar and its ticks are of a size on any figure."""
        return self.bottom_row * self.em + (BAR_TICKS if self.bottom_row >= LEGEND_ROW else 0.0)

    def rectangles(self, grid: tuple[int, int], vertical: tuple[float, float] | None = None) -> list[Rectangle]:
        """Return the rectangles of the maps, in rows and columns from the upper left.

        ``vertical``: where the credit ends and the title begins, inches; None: of one line each.
        """
        bottom, top = vertical or (FOOTER * self.em, self.height - HEADER * self.em)
        bottom += self.row_height
        rows, columns = grid
        column_width, row_height = self.width / columns, (top - bottom) / rows
        above = (ABOVE + (PANEL_TITLE if self.maps > 1 else 0.0)) * self.em + TICK
        below = (BELOW + STATISTICS_LINE * self.lines) * self.em
        # A map alone in its row stands in the middle.
        centred_row = (self.maps - 1) // columns if self.maps % columns == 1 and columns > 1 else rows
        return [
            Rectangle(
                (column + 0.5 * (row == centred_row)) * column_width + LEFT * self.em,
                bottom + (rows - 1 - row) * row_height + below,
                max(column_width - (LEFT + RIGHT) * self.em, SMALLEST),
                max(row_height - above - below, SMALLEST),
            )
            for row in range(rows)
            for column in range(columns)
        ][: self.maps]

    def choose_grid(self, aspect: float) -> tuple[int, int]:
        """Choose rows and columns in which maps of an aspect are largest."""
        return max(GRIDS[self.maps], key=lambda grid: self.rectangles(grid)[0].fit_inside(aspect).width)

    def bottom_rectangles(self, vertical: tuple[float, float], first_map: Rectangle) -> list[Rectangle]:
        """Return the two halves of the row at the bottom; of a single map, right below it."""
        half, left, y = self.width / 2, LEFT * self.em, vertical[0]
        if self.maps == 1:
            y = max(y, first_map.y - (BELOW + STATISTICS_LINE * self.lines) * self.em - self.row_height)
        width = max(half - 1.5 * left, SMALLEST)
        return [Rectangle(number * half + left, y, width, self.row_height) for number in range(2)]


def add_map_axes(figure: Figure, rectangle: Rectangle, view: View, context: DrawContext) -> Axes:
    """Add axes of a map, in metres of its plane."""
    axes = figure.add_axes(rectangle.fractions(context.size))
    left, bottom, right, top = view.extent
    axes.set(xlim=(left, right), ylim=(bottom, top), facecolor=SEA)
    axes.grid(visible=False)
    axes.set_axisbelow(False)
    return axes


def draw_land(axes: Axes, view: View, context: DrawContext) -> None:
    """Draw the land: above the data, but below them on maps so small that the coast is coarser than they are."""
    width = view.extent[2] - view.extent[0]
    land = context.land if width > WORLD or not context.fine_land.rings else context.fine_land
    polygons, shore = land_in_view(view, land), coast_in_view(view, land)
    if polygons:
        path = Path.make_compound_path(*(Path(polygon, closed=True) for polygon in polygons))
        zorder = Z_LAND if width > LOCAL else Z_FIELD - 0.5
        # The line closes the gaps where the polygons of the file are cut.
        axes.add_artist(PathPatch(path, facecolor=LAND, edgecolor=LAND, linewidth=0.3, zorder=zorder))
    if shore:
        path = Path.make_compound_path(*(Path(line) for line in shore))
        axes.add_artist(PathPatch(path, facecolor="none", edgecolor=SHORE, linewidth=0.5, zorder=Z_LAND + 0.1))


def land_in_view(view: View, land: Land) -> list[Points]:
    """Return the land in the rectangle of a map, as closed rings (vertex, 2), m.

    Rims go to the left, holes to the right, as the nonzero rule of filling needs them.
    """
    parts = select_parts(_project_to_view(view, land.polygons))
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.orient_polygons(parts))]


def coast_in_view(view: View, land: Land) -> list[Points]:
    """Return the lines where land meets sea, each of shape (vertex, 2), m, without the edges of the world."""
    lines = select_parts(_project_to_view(view, land.coast), shapely.GeometryType.LINESTRING)
    return [shapely.get_coordinates(line) for line in lines]


def _project_to_view(view: View, shapes: Any) -> Any:
    """Return the shapes of longitude and latitude that a map shows, in its plane, cut a little outside of it."""
    if not len(shapes):
        return shapes
    west, south, east, north = view.box()
    margin = LAND_MARGIN * max(east - west, north - south)
    south, north = max(south - margin, -90.0), min(north + margin, 90.0)
    around = east - west + 2 * margin >= 360.0
    if around and not view.is_mercator:
        west, east = view.middle - 180.0, view.middle + 180.0
    else:
        west, east = west - margin, east + margin
    if view.is_mercator:
        south, north = max(south, -89.0), min(north, 89.0)
    bounds = shapely.bounds(shapes)
    copies = []
    for turn in range(int((west - 180.0) // 360.0), int((east + 180.0) // 360.0) + 1):
        low, high = west - 360.0 * turn, east - 360.0 * turn
        near = (bounds[:, 2] >= low) & (bounds[:, 0] <= high) & (bounds[:, 3] >= south) & (bounds[:, 1] <= north)
        cut = shapely.clip_by_rect(shapes[near], low, south, high, north)
        cut = shapely.segmentize(cut[~shapely.is_empty(cut)], max((east - west) / 180.0, 0.1))
        copies.append(shapely.transform(cut, lambda points, turn=turn: np.add(points, (360.0 * turn, 0.0))))
    left, bottom, right, top = view.extent
    across, up = LAND_MARGIN * (right - left), LAND_MARGIN * (top - bottom)
    projected = shapely.transform(np.concatenate(copies), lambda points: view.project(points[:, 1], points[:, 0]))
    return shapely.clip_by_rect(projected, left - across, bottom - up, right + across, top + up)


def draw_outlines(axes: Axes, view: View, areas: Iterable[Area], context: DrawContext) -> None:
    """Draw the rims of areas and their holes, and their names."""
    lines = []
    for area in areas:
        rings = []
        for ring in map(_cut_at_pole, map(fill_edges, [*area.rims, *area.holes])):
            middle = (np.nanmin(ring[:, 1]) + np.nanmax(ring[:, 1])) / 2  # in one piece over the antimeridian
            rings.append(view.project(ring[:, 0], ring[:, 1] - 360.0 * np.round((middle - view.middle) / 360.0)))
        lines += rings
        if area.name and rings:
            low, high = np.nanmin(rings[0], axis=0), np.nanmax(rings[0], axis=0)
            axes.annotate(
                shorten(area.name, 40), ((low[0] + high[0]) / 2, high[1]), xytext=(0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=context.sizes.small, color=INK, zorder=Z_OUTLINES + 0.1,
                clip_on=True, bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1.0},
            )  # fmt: skip
    white = LineCollection(lines, colors="white", linewidths=2.2, alpha=0.8, zorder=Z_OUTLINES)
    axes.add_collection(white, autolim=False)
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=1.0, zorder=Z_OUTLINES), autolim=False)


def _cut_at_pole(ring: Points) -> Points:
    """Remove from a ring around the Earth its way to the pole and back, which is no rim of anything."""
    if np.ptp(ring[:, 1]) < 360.0 - 1e-6:
        return ring
    ends = (ring[:, 1] == ring[:, 1].min()) | (ring[:, 1] == ring[:, 1].max()) | (np.abs(ring[:, 0]) == 90.0)
    return np.where((ends & np.roll(ends, 1) & np.roll(ends, -1))[:, np.newaxis], np.nan, ring)


def draw_graticule(axes: Axes, view: View, context: DrawContext) -> None:
    """Draw meridians and parallels, labelled where they meet the frame."""
    em, labels, pole = context.sizes.small / 72, context.labels, view.pole
    width, height = axes_inches(axes)
    edges = {name: _sample_edge(view, name) for name in ("bottom", "left", "top")}
    west, south, east, north = view.box()
    if pole is None:
        meridians = _choose_step(abs(np.ptp(edges["bottom"][1])), max(width / (LABEL_WIDTH * em), 2.0))
    else:
        meridians = 45.0 if width < 4 else 30.0
    parallels = _choose_step(north - south, max(height / (LABEL_HEIGHT * em), 2.0))
    _draw_lines(axes, view, meridians, parallels, (west, south, east, north))
    steps, formats = (parallels, meridians), (labels.latitude, labels.longitude)
    digits = [_count_digits(step) for step in steps]
    crossings = {
        name: [_find_crossings(edge, family, steps[family]) for family in (0, 1)] for name, edge in edges.items()
    }
    # Around a pole meridians meet the frame; parallels are labelled within.
    bottom = 1 if pole is not None or len(crossings["bottom"][1]) >= len(crossings["bottom"][0]) else 0
    left = 1 if pole is not None else 1 - bottom
    families = {"bottom": bottom, "left": left}
    if pole is not None:
        families["top"] = 1
        _label_parallels_inside(axes, view, pole, parallels, context)
    for name, family in families.items():
        texts = [(fraction, formats[family](degrees, digits[family])) for fraction, degrees in crossings[name][family]]
        _label_edge(axes, name, texts, context)
    axes.tick_params(labelsize=context.sizes.small, length=3, pad=2)


def _count_digits(step: float) -> int:
    return max(0, -int(np.floor(np.log10(step) + 1e-9)))


def _sample_edge(view: View, name: str) -> tuple[Points, Points, Points]:
    """Return latitudes and longitudes (without jumps) along an edge of the frame, and the fraction of its length."""
    left, bottom, right, top = view.extent
    fraction = np.linspace(0.0, 1.0, EDGE_POINTS)
    if name == "left":
        x, y = np.full(EDGE_POINTS, left), bottom + fraction * (top - bottom)
    else:
        x, y = left + fraction * (right - left), np.full(EDGE_POINTS, bottom if name == "bottom" else top)
    latitude, longitude = view.earth(x, y)
    finite = np.isfinite(latitude)
    return latitude[finite], unwrap_longitudes(longitude[finite]), fraction[finite]


def _choose_step(degrees: float, most: float) -> float:
    """Choose the smallest step between lines with at most so many labels."""
    return next((step for step in GRATICULE_STEPS if degrees / step <= most), GRATICULE_STEPS[-1])


def _find_crossings(edge: tuple[Points, Points, Points], family: int, step: float) -> list[tuple[float, float]]:
    """Find where parallels (0) or meridians (1) cross an edge: the fraction of its length, and degrees."""
    counted, fraction = edge[family] / step, edge[2]
    crossings = []
    for index in np.flatnonzero(np.floor(counted[1:]) != np.floor(counted[:-1])):
        low, high = counted[index], counted[index + 1]
        line = np.ceil(min(low, high))
        if abs(high - low) <= 1.0:
            position = fraction[index] + (line - low) / (high - low) * (fraction[index + 1] - fraction[index])
            crossings.append((float(position), float(line * step)))
    return crossings


def _label_edge(axes: Axes, name: str, texts: list[tuple[float, str]], context: DrawContext) -> None:
    """Put ticks on an edge, by the fraction of its length: as many as stand beside one another."""
    low, high = axes.get_ylim() if name == "left" else axes.get_xlim()
    size, length = context.sizes.small, axes_inches(axes)[int(name == "left")] * 72
    positions, shown, end = [], [], -np.inf
    for fraction, text in sorted(texts):
        half = (0.7 if name == "left" else 0.32 * len(text)) * size
        beyond = fraction * length + half > length + 0.5 * half and name != "left"
        if fraction * length - half > end and not beyond:
            positions.append(low + fraction * (high - low))
            shown.append(text)
            end = fraction * length + half + 0.3 * size
    if name == "top":
        top_axis = axes.secondary_xaxis("top")
        top_axis.set_xticks(positions, shown)
        top_axis.tick_params(labelsize=size, length=3, pad=2)
    else:
        (axes.set_yticks if name == "left" else axes.set_xticks)(positions, shown)


def _draw_lines(
    axes: Axes, view: View, meridians: float, parallels: float, box: tuple[float, float, float, float]
) -> None:
    west, south, east, north = box
    latitudes = np.linspace(max(south, -90.0), min(north, 90.0), 91)
    if view.pole is not None:  # meridians end before the pole, or there would be a knot
        latitudes = np.clip(latitudes, -90 + parallels, 90 - parallels)
    longitudes = np.linspace(west, east, 181)
    lines = [
        view.project(latitudes, np.full(latitudes.shape, meridian))
        for meridian in np.arange(np.floor(west / meridians) * meridians, east + 1e-9, meridians)
    ]
    lines += [
        view.project(np.full(longitudes.shape, parallel), longitudes)
        for parallel in np.arange(np.ceil(south / parallels) * parallels, north + 1e-9, parallels)
    ]
    collection = LineCollection(lines, colors=INK, alpha=0.22, linewidths=0.5, zorder=Z_GRATICULE)
    axes.add_collection(collection, autolim=False)


def _label_parallels_inside(axes: Axes, view: View, pole: float, step: float, context: DrawContext) -> None:
    """Label the parallels around a pole within the map, on the longer way from the pole to the frame."""
    _, bottom, _, top = view.extent
    label_height = 1.6 * context.sizes.small / 72 * (top - bottom) / axes_inches(axes)[1]
    x, y = (position[0] for position in view.plane(np.array([pole]), np.array([view.middle])))
    downwards = y - bottom > top - y
    line, previous = np.linspace(y, bottom if downwards else top, EDGE_POINTS), np.inf
    latitude, longitude = view.earth(np.full(EDGE_POINTS, x), line)
    for position, parallel in _find_crossings((latitude[1:], longitude[1:], line[1:]), 0, step):
        clear = min(position - bottom, top - position) > 0.6 * label_height
        if abs(position - previous) > label_height and clear and abs(parallel) < 90:
            axes.text(
                x, position, context.labels.latitude(parallel, _count_digits(step)),
                fontsize=0.9 * context.sizes.small, color=MUTED, ha="center",
                va="center", zorder=Z_GRATICULE + 0.1,
                bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
            previous = position
