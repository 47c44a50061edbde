"""Vertical sections beneath a path: the edges of cells, the sea floor, and the panels that show them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.path import Path
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.geometry import unwrap_longitudes, wrap_longitude
from ocean_core.seawater import sea_pressure
from ocean_plotting.basemap.land import Land
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import LINE_COLOURS, MUTED, axes_inches, fold_text, get_figure, thin_ticks
from ocean_plotting.figure.legends import Shading
from ocean_plotting.figure.locator import Point
from ocean_plotting.figure.path import (
    SampledPath,
    draw_path_map,
    draw_waypoint_letters,
    set_distance_axis,
)
from ocean_plotting.palettes import category_positions

FLOOR, FLOOR_LINE = "#b3aa9f", "#7f766b"
UNKNOWN = "#eceff1"  # where there may be sea without known values
BAR_EXPONENT = 0.35  # inches of a title's width: the power of ten of the bar on the right stands there
RELIEF_CELLS = 600  # along the longer side of a path's box
MAP_WIDTH, PANEL_LABELS = 20.0, 2.0  # of the map's column, and more for each column of panels, in heights of the text
STRIP_HEIGHT, PROFILE_WIDTH = 0.3, 0.3  # of a panel: the strip above, the profile on the right

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class SectionGrid:
    """Cells of a section: levels from the surface down, places along the path; depths in m, or pressures in dbar."""

    distance: Floats  # (place,), km
    depths: Floats  # (level, place), m, positive down, growing; NaN where a column has no levels
    wet: Bools  # (level, place): where there is a value
    model_floor: Floats | None = None  # (place,), m: the model's own sea floor, NaN where it has none
    follows_floor: bool = False  # whether levels are known to follow it
    units: str = "m"  # of the depths; or dbar, also of the sea floor

    @property
    def edges(self) -> Floats:
        """Boundaries of levels, shape (level + 1, place), m: half-way between them.

        The last of levels that follow the sea floor ends there.
        """
        edges = make_level_edges(np.where(np.isfinite(self.depths), self.depths, 0.0))
        follows = self.follows_floor or np.unique(self.depths[-1, self.wet[-1]]).size > 1
        if self.model_floor is not None and follows:
            edges[-1] = np.where(self.model_floor > self.depths[-1], self.model_floor, edges[-1])
        return edges

    @property
    def corners(self) -> Floats:
        """Depths of cell corners, shape (level + 1, place + 1): half-way between columns, but not dry ones."""
        padded = np.pad(np.where(self.dry, np.nan, self.edges), ((0, 0), (1, 1)), constant_values=np.nan)
        left, right = padded[:, :-1], padded[:, 1:]
        left, right = np.where(np.isnan(left), right, left), np.where(np.isnan(right), left, right)
        corners = (left + right) / 2
        if self.model_floor is not None:  # which is drawn over the last level, without a gap
            corners[-1] = np.maximum(left[-1], right[-1])
        return np.asarray(np.nan_to_num(corners))

    @property
    def top(self) -> float:
        """Upper end of the highest value, m: the datum, or above it (negative) where the water reaches higher."""
        return float(np.where(self.wet, self.edges[:-1], 0.0).min(initial=0.0))

    @property
    def dry(self) -> Bools:
        """Columns without any value, shape (place,)."""
        return np.asarray(~self.wet.any(axis=0))

    @property
    def lowest(self) -> Floats:
        """Lower end of the lowest value of each column, shape (place,), m; NaN in dry ones."""
        last = self.wet.shape[0] - np.argmax(self.wet[::-1], axis=0)
        return np.where(self.dry, np.nan, np.take_along_axis(self.edges, last[np.newaxis], axis=0)[0])

    @property
    def open(self) -> Bools:
        """Columns that have a value at their last level, shape (place,): the floor is somewhere below."""
        return np.asarray(self.wet[-1])


def cell_edges(centres: Floats) -> Floats:
    """Return the edges of cells, shape (n + 1, ...): half-way between centres, the outer ones as far out as in.

    ``centres`` of shape (n, ...) grow along the first axis; n > 1.
    """
    between = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[:1] - between[:1], 2 * centres[-1:] - between[-1:]
    return np.asarray(np.concatenate([first, between, last]))


def make_level_edges(depths: Floats) -> Floats:
    """Return the edges of levels, shape (level + 1, ...), m: the first is the datum, unless its level is above it."""
    edges = cell_edges(depths)
    edges[:1] = np.where(depths[:1] < 0, edges[:1], np.maximum(edges[:1], 0.0))
    return np.asarray(np.maximum.accumulate(edges, axis=0))


def distance_edges(distance: Floats) -> Floats:
    """Return the edges of cells along a path, shape (place + 1,), km: the path's ends are the outer ones."""
    edges = cell_edges(distance)
    edges[[0, -1]] = distance[[0, -1]]
    return edges


def find_sea_floor(grid: SectionGrid, relief: Floats | None, land: Bools) -> Floats:
    """Find the depth of the sea floor: the model's own, else its lowest value, else the relief.

    Parameters
    ----------
    relief : ndarray, shape (place,), optional
        Depths of another source, m; negative on land, NaN where it has none.
    land : ndarray of bool, shape (place,)
        Places without values that are on land, where the relief has none.

    Returns
    -------
    ndarray, shape (place,)
        m; 0 on land, NaN where it is unknown.
    """
    lowest = grid.lowest
    below = np.full(lowest.shape, np.nan) if relief is None else np.maximum(relief, 0.0)
    unsure = np.where(np.isfinite(below), below, np.where(land, 0.0, np.nan))
    deeper = np.where(below > lowest, below, np.nan)
    floor = np.where(grid.dry, unsure, np.where(grid.open, deeper, lowest))
    if grid.model_floor is None:
        return floor
    # Models have a depth of land too, which has no meaning.
    model_floor = np.where(grid.dry & land, 0.0, np.maximum(grid.model_floor, 0.0))
    return np.where(np.isfinite(grid.model_floor), model_floor, floor)


def classify_land(dry: Bools, on_land: Bools) -> Bools:
    """Return the places without values that are land: all between water, and an end that has land on the map."""
    land = dry.copy()
    wet = np.flatnonzero(~dry)
    if not wet.size:
        return on_land & dry
    for end in (slice(0, wet[0]), slice(wet[-1] + 1, None)):
        land[end] = on_land[end].any()
    return land


def interpolate_columns(values: Floats, depths: Floats, new_depths: Floats) -> Floats:
    """Interpolate columns (level, place) linearly to other depths (other, place), m, growing.

    NaN above the first and below the last level, and between two of which one has no value.
    """
    depths, new_depths = depths.round(6), new_depths.round(6)  # equal ones may come from different files
    interpolated = np.full(new_depths.shape, np.nan)
    for place in range(new_depths.shape[1]):
        finite = np.isfinite(depths[:, place])
        if finite.any():
            levels = depths[finite, place], values[finite, place]
            interpolated[:, place] = np.interp(new_depths[:, place], *levels, left=np.nan, right=np.nan)
    return interpolated


def choose_deepest(grids: list[SectionGrid], floors: list[Floats], limit: float | None) -> float:
    """Choose the depth down to which sections are shown, m: the floor under their values, or the limit."""
    if limit is not None:
        return limit
    lowest = max((float(np.nanmax(grid.lowest)) for grid in grids if not grid.dry.all()), default=1.0)
    bottoms = [floor[~grid.dry & np.isfinite(floor)] for grid, floor in zip(grids, floors, strict=True)]
    floor_depth = float(np.concatenate(bottoms).max(initial=0.0)) if all(map(len, bottoms)) else lowest
    return 1.02 * max(min(lowest, floor_depth), 1e-3)


def locate_sea_floor(grid: SectionGrid, points: list[Point], context: DrawContext) -> Floats:
    """Find the sea floor beneath a path: where the model does not know it, from the relief or the land of maps."""
    depths = None
    if context.relief is not None and (grid.dry | grid.open).any():
        latitude, longitude = np.array(points, dtype=float).T
        east = unwrap_longitudes(longitude)
        box = (float(east.min()), float(latitude.min()), float(east.max()), float(latitude.max()))
        latitudes, longitudes, heights = context.relief.heights(box, RELIEF_CELLS)
        row = np.abs(latitudes[:, np.newaxis] - latitude).argmin(axis=0)
        column = np.abs(wrap_longitude(longitudes[:, np.newaxis] - longitude)).argmin(axis=0)
        depths = to_level_units(-heights[row, column], points, grid.units)
    return find_sea_floor(grid, depths, classify_land(grid.dry, find_land(context.land, points)))


def to_level_units(depths: Floats, points: list[Point], units: str) -> Floats:
    """Convert depths (m) at points to the units of levels: m, or dbar."""
    return depths if units == "m" else sea_pressure(depths, np.array([latitude for latitude, _ in points]))


def find_land(land: Land, points: list[Point]) -> Bools:
    """Return which points are within the land of locator maps."""
    positions = np.array(points, dtype=float)[:, ::-1]
    positions[:, 0] = wrap_longitude(positions[:, 0])
    inside = np.zeros(len(positions), dtype=bool)
    for ring in land.rings:
        inside |= Path(ring).contains_points(positions)
    return inside


@dataclass(frozen=True, kw_only=True)
class SectionPanels:
    """Axes of a figure of sections."""

    panels: list[list[Axes]]  # by column, from above
    profiles: list[list[Axes]]  # on their right; empty if there are none
    strips: list[Axes]  # above each column; empty if there are none
    map_area: SubplotSpec | None

    def finish(self, path: SampledPath, context: DrawContext) -> None:
        """Draw distances below every column, waypoints above it, and the map; thin ticks of low panels."""
        figure = get_figure(self.panels[0][0])
        for number, column in enumerate(self.panels):
            strips = self.strips[number : number + 1]
            for panel in column:
                for waypoint in path.waypoints[1:-1]:  # where the path bends
                    distance = path.distance[waypoint.index]
                    panel.axvline(distance, color=MUTED, linewidth=0.7, linestyle=(0, (4, 3)), zorder=4)
            for panel in [*strips, *column[:-1]]:
                panel.tick_params(labelbottom=False)
            set_distance_axis(column[-1], path, context)
            draw_waypoint_letters([*strips, *column][0], path, context)
        if self.map_area is not None:
            draw_path_map(figure, self.map_area, path, context)
        thin_ticks(figure, [panel for column in self.panels for panel in column])


def add_section_panels(
    figure: Figure,
    rows: int,
    columns: int,
    context: DrawContext,
    *,
    strip: bool = False,
    profile: bool = False,
    show_map: bool = False,
) -> SectionPanels:
    """Divide a figure into columns of panels over one distance axis each."""
    per_column = 1 + profile
    widths = [1.0, *([PROFILE_WIDTH] * profile)] * columns
    if show_map:
        needed = (MAP_WIDTH + PANEL_LABELS * (len(widths) - 1)) * context.sizes.body / 72  # inches
        least = (0.36, 0.62, 0.85)[min(columns, 3) - 1]
        widths.append(max(least, sum(widths) * needed / (context.width - needed)))
    heights = [STRIP_HEIGHT * rows**0.5] * strip + [1.0] * rows
    grid = figure.add_gridspec(len(heights), len(widths), width_ratios=widths, height_ratios=heights)
    panels: list[list[Axes]] = []
    profiles: list[list[Axes]] = []
    for column in range(0, columns * per_column, per_column):
        panels.append([])
        profiles.append([])
        for row in range(len(heights)):
            panels[-1].append(figure.add_subplot(grid[row, column], sharex=panels[-1][-1] if row else None))
            if profile and row >= strip:
                profiles[-1].append(figure.add_subplot(grid[row, column + 1]))
    strips = [column.pop(0) for column in panels] if strip else []
    return SectionPanels(panels=panels, profiles=profiles, strips=strips, map_area=grid[:, -1] if show_map else None)


def draw_section(
    axes: Axes,
    grid: SectionGrid,
    values: Floats,
    floor: Floats,
    shading: Shading,
    *,
    deepest: float,
    linear: float,
    context: DrawContext,
) -> None:
    """Draw a section (level, place) down to ``deepest`` (m), its depth axis stretched below ``linear`` (m; 0: not)."""
    axis.set_stretched_depth_axis(axes, deepest, linear, context, top=grid.top, units=grid.units)
    axes.set_facecolor(UNKNOWN)
    if not np.isfinite(values).any():
        axis.show_message(axes, context.translate("no data along this path"), context.sizes)
        return
    axes.grid(visible=False)
    x = np.broadcast_to(distance_edges(grid.distance), (grid.depths.shape[0] + 1, grid.distance.size + 1))
    masked = np.ma.masked_invalid(extend_to_floor(grid, values, floor))
    axes.pcolormesh(x, grid.corners, masked, cmap=shading.colours, norm=shading.norm, rasterized=True)
    _label_gap(axes, grid, floor, context)
    # Where only the values show the floor, it has their steps; the model's own has steps at coasts.
    step: Literal["mid"] | None = "mid"
    outline = grid.distance, floor
    if grid.model_floor is not None:
        coast, step = np.repeat(np.flatnonzero(np.diff(grid.dry)) + 1, 2), None
        ends = floor[coast - np.resize([1, 0], coast.size)]
        outline = np.insert(grid.distance, coast, distance_edges(grid.distance)[coast]), np.insert(floor, coast, ends)
    axes.fill_between(
        *outline, max(deepest, float(np.nanmax(floor, initial=0.0))), where=np.isfinite(outline[1]), step=step,
        facecolor=FLOOR, edgecolor=FLOOR_LINE, linewidth=0.6, zorder=3,
    )  # fmt: skip
    axes.spines[["top", "right"]].set_visible(True)


def extend_to_floor(grid: SectionGrid, values: Floats, floor: Floats) -> Floats:
    """Repeat the lowest value of each column down to a floor that is above the next level."""
    lowest = grid.wet.shape[0] - 1 - np.argmax(grid.wet[::-1], axis=0)
    place = np.flatnonzero(~grid.dry & ~grid.open)
    below = lowest[place] + 1
    near = (grid.edges[below, place] < floor[place]) & (floor[place] <= grid.depths[below, place])
    extended = values.copy()
    extended[below[near], place[near]] = values[below[near] - 1, place[near]]
    return extended


def _label_gap(axes: Axes, grid: SectionGrid, floor: Floats, context: DrawContext) -> None:
    """Write "no data" into the widest part where there may be sea without values, if it is wide enough."""
    empty = np.concatenate([[False], grid.dry & ~(floor <= 0), [False]])
    first, last = np.flatnonzero(empty[1:] & ~empty[:-1]), np.flatnonzero(empty[:-1] & ~empty[1:]) - 1
    if not first.size:
        return
    widths = grid.distance[last] - grid.distance[first]
    widest, text, size = int(widths.argmax()), context.translate("no data"), context.sizes.small
    if widths[widest] / grid.distance[-1] * axes_inches(axes)[0] * 72 < 0.8 * len(text) * size:
        return
    x = (grid.distance[first[widest]] + grid.distance[last[widest]]) / 2
    axes.text(x, 0.5, text, transform=axes.get_xaxis_transform(), ha="center", va="center", fontsize=size, color=MUTED)


def set_panel_title(axes: Axes, text: str, context: DrawContext, *, above_letters: bool) -> None:
    """Write a panel's title, ``above_letters`` of waypoints or right above the panel."""
    width, size = 0.95 * axes_inches(axes)[0] - BAR_EXPONENT, context.sizes.small
    pad = (1.5 * size if above_letters else 0) + 4
    axes.set_title(fold_text(text, width, size, 1), fontsize=size, loc="left", pad=pad)


def draw_section_profile(
    axes: Axes,
    grid: SectionGrid,
    values: Floats,
    place: int,
    label: str,
    *,
    info: VariableInfo,
    deepest: float,
    linear: float,
    context: DrawContext,
) -> None:
    """Draw the profile at one place of the path, on the depth axis of the section."""
    axis.set_stretched_depth_axis(axes, deepest, linear, context, top=grid.top)
    axes.set_ylabel("")
    axes.tick_params(labelleft=False)
    finite = np.isfinite(values[:, place])
    marker = {"marker": "o" if finite.sum() <= axis.FEW_LEVELS else None, "markersize": 0.8 * context.sizes.marker}
    style = {"color": LINE_COLOURS[1], "linewidth": context.sizes.line, **marker}
    shown = category_positions(info, values[finite, place])
    axis.draw_profile_line(axes, shown, grid.depths[finite, place], style, steps=info.is_discrete)
    axis.set_quantity_axis(axes, label, None, context)
    axis.label_categories(axes, context.translate.categories(info), context, vertical=False)
    axes.set_ylim(deepest, grid.top)
    if not finite.any():
        axis.show_message(axes, context.translate("no data"), context.sizes)


def draw_strip(axes: Axes, distance: Floats, values: Floats, info: VariableInfo, context: DrawContext) -> None:
    """Draw a variable of the surface above a section."""
    draw_path_line(axes, distance, values, info, context)
    axes.tick_params(labelbottom=False)
    height, sizes = axes_inches(axes)[1], context.sizes
    label = context.labels.axis_label(info)
    axes.set_ylabel(fold_text(label, 1.25 * height, sizes.small, 3), fontsize=sizes.small)
    if not info.categories:
        axis.set_even_ticks(axes, context, vertical=True, most=3)


def draw_path_line(
    axes: Axes,
    distance: Floats,
    values: Floats,
    info: VariableInfo,
    context: DrawContext,
    *,
    limits: tuple[float, float] | None = None,
) -> None:
    """Draw a variable without depth along the path: of categories, steps."""
    if not np.isfinite(values).any():
        axis.show_message(axes, context.translate("no data along this path"), context.sizes)
        return
    line = distance, category_positions(info, values)
    line = axis.make_steps(*line) if info.is_discrete else line
    axes.plot(*line, color=LINE_COLOURS[0], linewidth=context.sizes.line)
    if limits:
        axes.set_ylim(*limits)
    else:
        axes.margins(y=0.08)
    axis.set_even_ticks(axes, context, vertical=True)
    axis.label_categories(axes, context.translate.categories(info), context, vertical=True)
