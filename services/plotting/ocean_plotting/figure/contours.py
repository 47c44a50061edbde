"""Lines of equal value on maps, each named once or hatched between, and the depth of the sea."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.map_frame import LINES, SHADE
from ocean_plotting.figure.picture import INK
from ocean_plotting.figure.view import View

DEPTHS = (100.0, 200.0, 500.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0)  # m
CELLS = 240  # along the longer side, of the relief
HATCHES = ("", "..", "//", "xx", "\\\\", "++", "oo", "--", "OO", "**")
ISOBATH = "#3c4a57"
FEW = 6  # levels that are chosen
INSIDE = 0.06  # of a map: so far from its frame no label stands

Floats = NDArray[np.float64]


def bathymetry(axes: Axes, view: View, relief: ReliefFile, sheet: Sheet) -> None:
    """Lines of equal depth, each named once."""
    shape = view.shape(CELLS)
    x, y = view.cells(shape)
    depth = -heights(relief, view, shape)
    if not np.isfinite(depth).any():
        return
    levels = [one for one in DEPTHS if np.nanmin(depth) < one < np.nanmax(depth)]
    if levels:
        widths = [0.5 if one < 1000 else 0.8 for one in levels]
        made = axes.contour(x, y, depth, levels, colors=ISOBATH, linewidths=widths, alpha=0.75, zorder=LINES)
        name_lines(axes, made, lambda at: sheet.words.number(at, 0), 0.8 * sheet.sizes.small, view)


def heights(relief: ReliefFile, view: View, shape: tuple[int, int]) -> Floats:
    """Heights at the cells of a map, m; NaN where there is none."""
    x, y = view.cells(shape)
    latitude, longitude = view.earth(*np.meshgrid(x, y))
    west, south, east, north = view.box()
    cells = max(shape) * 2 if view.pole is not None else max(shape)
    rows, columns, known = relief.heights((west, max(south, -90.0), east, min(north, 90.0)), cells)
    down = (latitude - rows[0]) / (rows[1] - rows[0])
    right = (longitude - columns[0]) % 360.0 / (columns[1] - columns[0])
    inside = np.isfinite(down) & (down >= 0) & (down <= len(rows) - 1) & (right <= len(columns) - 1)
    row = np.clip(np.nan_to_num(down), 0, len(rows) - 1.001)
    column = np.clip(np.nan_to_num(right), 0, len(columns) - 1.001)
    r, c = row.astype(int), column.astype(int)
    dr, dc = row - r, column - c
    upper = known[r, c] * (1 - dc) + known[r, c + 1] * dc
    lower = known[r + 1, c] * (1 - dc) + known[r + 1, c + 1] * dc
    return np.where(inside, upper * (1 - dr) + lower * dr, np.nan)


def name_lines(axes: Axes, made: Any, write: Callable[[float], str], size: float, view: View) -> None:
    """Write each level once: on the longest of its lines, far from the names that stand already."""
    left, bottom, right, top = view.extent
    corner, side = np.array([left, bottom]), np.array([right - left, top - bottom])
    taken: list[Floats] = []
    for level, lines in zip(made.levels, made.allsegs, strict=True):
        best, far, turn = None, 0.12, 0.0
        for line in sorted(lines, key=len, reverse=True)[:3]:
            share = (line - corner) / side
            for at in range(2, len(line) - 2, max(1, len(line) // 24)):
                here = share[at]
                if min(*here, *(1 - here)) < INSIDE:
                    continue
                apart = min((float(np.hypot(*(here - one))) for one in taken), default=1.0)
                if apart > far:
                    ahead = line[at + 2] - line[at - 2]
                    best, far, turn = line[at], apart, float(np.degrees(np.arctan2(ahead[1], ahead[0])))
        if best is not None:
            taken.append((best - corner) / side)
            axes.text(
                best[0], best[1], write(float(level)), fontsize=size, color=INK, ha="center", va="center", clip_on=True,
                rotation=(turn + 90) % 180 - 90, rotation_mode="anchor", zorder=LINES + 0.1,
                bbox={"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip


def chosen(values: Floats, asked: Sequence[float] | None) -> list[float]:
    """The levels that are asked for, or some even ones."""
    if asked is not None:
        return sorted(asked)
    there = values[np.isfinite(values)]
    if not there.size or there.min() == there.max():
        return []
    ticks = MaxNLocator(nbins=FEW).tick_values(float(there.min()), float(there.max()))
    return [float(one) for one in ticks if there.min() < one < there.max()]


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """What lines are drawn of."""

    values: Floats  # (row, column): at the cells of the map
    levels: list[float]
    colours: list[Any] | None = None  # of the levels; None: ink


def overlay(axes: Axes, view: View, drawn: Overlay, sheet: Sheet) -> list[Line2D]:
    """Lines of equal value, named once each; answers what a legend shows."""
    values, levels = drawn.values, drawn.levels
    x, y = view.cells((values.shape[0], values.shape[1]))
    used = drawn.colours or [INK] * len(levels)
    made = axes.contour(x, y, values, levels, colors=used, linewidths=1.1, zorder=LINES, negative_linestyles="dashed")
    # Seen on light and on dark colours alike.
    made.set_path_effects([withStroke(linewidth=2.4, foreground="white", alpha=0.7)])
    name_lines(axes, made, sheet.words.number, 0.85 * sheet.sizes.small, view)
    return [
        Line2D([], [], color=colour, linewidth=1.3, label=sheet.words.number(level))
        for level, colour in zip(levels, used, strict=True)
    ]


def hatched(axes: Axes, view: View, drawn: Overlay, sheet: Sheet) -> list[Patch]:
    """Hatching between the levels, and beyond the first and the last; answers what a legend shows."""
    values, levels = drawn.values, drawn.levels
    x, y = view.cells((values.shape[0], values.shape[1]))
    hatches = [HATCHES[number % len(HATCHES)] for number in range(len(levels) + 1)]
    filled, between = levels, hatches
    if len(levels) == 1:  # what is filled lies between two
        filled, between = [levels[0], float(np.nextafter(levels[0], np.inf))], [hatches[0], *hatches[1:], hatches[-1]]
    made = axes.contourf(x, y, values, filled, hatches=between, colors="none", extend="both", zorder=SHADE)
    made.set_edgecolor("#00000088")
    made.set_linewidth(0.0)
    axes.contour(x, y, values, levels, colors=drawn.colours or INK, linewidths=0.8, alpha=0.8, zorder=SHADE)
    number = sheet.words.number
    names = [
        f"< {number(levels[0])}",
        *(f"{number(low)} – {number(high)}" for low, high in pairwise(levels)),
        f"> {number(levels[-1])}",
    ]
    return [
        Patch(facecolor="none", edgecolor=INK, hatch=hatch, linewidth=0.5, label=name)
        for hatch, name in zip(hatches, names, strict=True)
    ]
