"""Panels of a section: values beneath a path, the sea floor, and a profile beside them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.path import Path
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_core.geometry import unwrap_longitudes, wrap_longitude
from ocean_plotting.basemap.land import Land
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.figure import along
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.depths import depth_axis
from ocean_plotting.figure.picture import INK, LINES, MUTED, folded, inches
from ocean_plotting.figure.projection import Point
from ocean_plotting.figure.shading import Shading
from ocean_plotting.plots.section_cells import Slice, coasts, corners, ends, floor

FLOOR, FLOOR_LINE = "#b3aa9f", "#7f766b"
BESIDE = 0.35  # inches of a title's room: the power of ten of the bar beside stands there
NOTHING = "#eceff1"  # where there may be sea, and nobody knows its values
CELLS = 600  # of the relief along the longer side of a path's box
COLUMN, CROWDED = 20.0, 2.0  # width of the map's column, and more for each column of panels, in heights of the text
STRIP, PROFILE = 0.3, 0.3  # of a panel: height of the strip above, width of the profile beside

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Room:
    """Axes of a figure: what is drawn where."""

    panels: list[list[Axes]]  # by column, from above
    profiles: list[list[Axes]]  # beside them; empty if there are none
    strips: list[Axes]  # above each column; empty if there are none
    beside: SubplotSpec | None  # for the map


def laid_out(
    figure: Figure,
    rows: int,
    columns: int,
    sheet: Sheet,
    *,
    strip: bool = False,
    profile: bool = False,
    side: bool = False,
) -> Room:
    """Divide a figure: columns of panels over one distance axis each."""
    each = 1 + profile
    widths = [1.0, *([PROFILE] * profile)] * columns
    if side:
        needed = (COLUMN + CROWDED * (len(widths) - 1)) * sheet.sizes.body / 72  # inches
        widths.append(max((0.36, 0.62, 0.85)[min(columns, 3) - 1], sum(widths) * needed / (sheet.width - needed)))
    heights = [STRIP * rows**0.5] * strip + [1.0] * rows
    grid = figure.add_gridspec(len(heights), len(widths), width_ratios=widths, height_ratios=heights)
    panels: list[list[Axes]] = []
    profiles: list[list[Axes]] = []
    strips = []
    for column in range(columns):
        first: Axes | None = None
        if strip:
            first = figure.add_subplot(grid[0, column * each])
            strips.append(first)
        panels.append([])
        profiles.append([])
        for row in range(int(strip), len(heights)):
            first = made = figure.add_subplot(grid[row, column * each], sharex=first)
            panels[-1].append(made)
            if profile:
                profiles[-1].append(figure.add_subplot(grid[row, column * each + 1]))
    return Room(panels=panels, profiles=profiles, strips=strips, beside=grid[:, -1] if side else None)


def deepest(cuts: list[Slice], floors: list[Floats], limit: float | None) -> float:
    """Down to where sections are shown, m: to the floor under their values, or as far as asked."""
    if limit is not None:
        return limit
    lowest = [float(np.nanmax(cut.lowest)) for cut in cuts if not cut.dry.all()]
    found = max(lowest, default=1.0)
    bottoms = [below[~cut.dry & np.isfinite(below)] for cut, below in zip(cuts, floors, strict=True)]
    under = float(np.concatenate(bottoms).max(initial=0.0)) if all(map(len, bottoms)) else found
    return 1.02 * max(min(found, under), 1e-3)


def shade(axes: Axes, cut: Slice, values: Floats, shaded: Shading) -> None:
    """Colour every cell of a section, by its true edges."""
    axes.set_facecolor(NOTHING)
    axes.grid(visible=False)
    x = np.broadcast_to(ends(cut.distance), (cut.depths.shape[0] + 1, cut.distance.size + 1))
    masked = np.ma.masked_invalid(values)
    axes.pcolormesh(x, corners(cut.edges), masked, cmap=shaded.colours, norm=shaded.norm, rasterized=True)


def to_floor(cut: Slice, values: Floats, below: Floats) -> Floats:
    """The lowest value of each column down to a floor that is above the next level."""
    lowest = cut.wet.shape[0] - 1 - np.argmax(cut.wet[::-1], axis=0)
    place = np.flatnonzero(~cut.dry & ~cut.open)
    under = lowest[place] + 1
    near = (cut.edges[under, place] < below[place]) & (below[place] <= cut.depths[under, place])
    found = values.copy()
    found[under[near], place[near]] = values[under[near] - 1, place[near]]
    return found


def _say_nothing(axes: Axes, cut: Slice, below: Floats, sheet: Sheet) -> None:
    """Name the widest part where there may be sea and there are no values, if there is room for the words."""
    empty = np.concatenate([[False], cut.dry & ~(below <= 0), [False]])
    first, last = np.flatnonzero(empty[1:] & ~empty[:-1]), np.flatnonzero(empty[:-1] & ~empty[1:]) - 1
    if not first.size:
        return
    widths = cut.distance[last] - cut.distance[first]
    at, words = int(widths.argmax()), sheet.translate("no data")
    share = widths[at] / cut.distance[-1] * inches(axes)[0] * 72
    if share < 0.8 * len(words) * sheet.sizes.small:
        return
    x = (cut.distance[first[at]] + cut.distance[last[at]]) / 2
    axes.text(
        x, 0.5, words, transform=axes.get_xaxis_transform(), ha="center", va="center", fontsize=sheet.sizes.small,
        color=MUTED,
    )  # fmt: skip


def fill_floor(axes: Axes, cut: Slice, below: Floats, bottom: float) -> None:
    """Fill the sea floor; where the values alone tell it, it has their steps."""
    step: Literal["mid"] | None = "mid" if cut.told is None else None
    known = np.isfinite(below)
    axes.fill_between(
        cut.distance, below, max(bottom, float(np.nanmax(below, initial=0.0))), where=known, step=step,
        facecolor=FLOOR, edgecolor=FLOOR_LINE, linewidth=0.6, zorder=3,
    )  # fmt: skip


def panel(
    axes: Axes, cut: Slice, values: Floats, below: Floats, shaded: Shading, *, depths: tuple[float, float], sheet: Sheet
) -> None:
    """Draw a section; ``depths``: down to where, and from where on stretched."""
    depth_axis(axes, *depths, sheet)
    if not np.isfinite(values).any():
        axis.nothing(axes, sheet.translate("no data along this path"), sheet.sizes)
        axes.set_facecolor(NOTHING)
        return
    shade(axes, cut, to_floor(cut, values, below), shaded)
    _say_nothing(axes, cut, below, sheet)
    fill_floor(axes, cut, below, depths[0])
    axes.spines[["top", "right"]].set_visible(True)


def titled(axes: Axes, text: str, sheet: Sheet, *, above: bool) -> None:
    """Say what a panel shows; ``above``: the letters of way-points, which stand between."""
    width, size = 0.95 * inches(axes)[0] - BESIDE, sheet.sizes.small
    axes.set_title(folded(text, width, size, 1), fontsize=size, loc="left", pad=(1.5 * size if above else 0) + 4)


def beside(
    axes: Axes, cut: Slice, values: Floats, sheet: Sheet, *, at: int, label: str, depths: tuple[float, float]
) -> None:
    """Draw the profile at one place of the path, on the panel's depths."""
    depth_axis(axes, *depths, sheet)
    axes.set_ylabel("")
    axes.tick_params(labelleft=False)
    column = np.isfinite(values[:, at])
    marker = "o" if column.sum() <= axis.FEW_LEVELS else None
    axes.plot(
        values[column, at], cut.depths[column, at], color=LINES[1], linewidth=sheet.sizes.line, marker=marker,
        markersize=0.8 * sheet.sizes.marker,
    )  # fmt: skip
    axis.quantity(axes, label, None, sheet)
    axes.set_ylim(depths[0], 0.0)
    if not column.any():
        axis.nothing(axes, sheet.translate("no data"), sheet.sizes)


def mark_profile(axes: Axes, at: float) -> None:
    """Mark where along the path (km) the profile beside is."""
    axes.axvline(at, color="white", linewidth=2.6, zorder=4)
    axes.axvline(at, color=LINES[1], linewidth=1.3, zorder=5)


def strip(axes: Axes, distance: Floats, values: Floats, label: str, sheet: Sheet) -> None:
    """Draw a variable of the surface above a section."""
    line(axes, distance, values, None, sheet)
    axes.tick_params(labelbottom=False)
    height = inches(axes)[1]
    axes.set_ylabel(folded(label, 1.25 * height, sheet.sizes.small, 3), fontsize=sheet.sizes.small)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=min(3, axis.fitting(axes, 1, sheet.sizes)), steps=axis.STEPS))


def line(axes: Axes, distance: Floats, values: Floats, limits: tuple[float, float] | None, sheet: Sheet) -> None:
    """Draw a variable without depth along the path."""
    if not np.isfinite(values).any():
        axis.nothing(axes, sheet.translate("no data along this path"), sheet.sizes)
        return
    axes.plot(distance, values, color=LINES[0], linewidth=sheet.sizes.line)
    if limits:
        axes.set_ylim(*limits)
    else:
        axes.margins(y=0.08)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=axis.fitting(axes, 1, sheet.sizes), steps=axis.STEPS))
    axis.plain(axes, sheet)


def name_quantity(axes: Axes, label: str, sheet: Sheet) -> None:
    """Name the values of a line along the path."""
    axes.set_ylabel(folded(label, inches(axes)[1], sheet.sizes.body), fontsize=sheet.sizes.body, color=INK)


def finish(room: Room, way: along.Way, sheet: Sheet) -> None:
    """Distances below every column, way-points above it."""
    for number, column in enumerate(room.panels):
        for one in column:
            along.mark_between(one, way)
        for one in [*([room.strips[number]] if room.strips else []), *column[:-1]]:
            one.tick_params(labelbottom=False)
        along.distance_axis(column[-1], way, sheet)
        along.letter(room.strips[number] if room.strips else column[0], way, sheet)


def floor_of(cut: Slice, places: list[Point], sheet: Sheet) -> Floats:
    """The sea floor beneath a path, m; of what the model does not tell, as the ground of maps has it."""
    unsure = cut.dry | cut.open
    heights = relief_along(sheet.relief, places) if sheet.relief is not None and unsure.any() else None
    return floor(cut, heights, coasts(cut.dry, on_land(sheet.land, places)))


def relief_along(relief: ReliefFile, places: list[Point]) -> Floats:
    """Depths (m, negative on land) of the relief's nearest cells."""
    latitude, longitude = np.array(places, dtype=float).T
    east = unwrap_longitudes(longitude)
    box = (float(east.min()), float(latitude.min()), float(east.max()), float(latitude.max()))
    rows, columns, heights = relief.heights(box, CELLS)
    row = np.abs(rows[:, np.newaxis] - latitude).argmin(axis=0)
    column = np.abs(wrap_longitude(columns[:, np.newaxis] - longitude)).argmin(axis=0)
    depths: Floats = -heights[row, column].astype(np.float64)
    return depths


def on_land(land: Land, places: list[Point]) -> NDArray[np.bool_]:
    """Which places are within the land of locator maps."""
    points = np.array(places, dtype=float)[:, ::-1]
    points[:, 0] = wrap_longitude(points[:, 0])
    found = np.zeros(len(points), dtype=bool)
    for ring in land.rings:
        found |= Path(ring).contains_points(points)
    return found
