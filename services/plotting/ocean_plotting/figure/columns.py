"""Columns of water through time: every cell in colour, the sea floor beneath."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes

from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.dates import days
from ocean_plotting.figure.depths import depth_axis
from ocean_plotting.figure.section import FLOOR, FLOOR_LINE, NOTHING
from ocean_plotting.figure.shading import Shading
from ocean_plotting.plots.coverage import Floats
from ocean_plotting.plots.section_cells import corners, edges
from ocean_plotting.plots.series import averaged, cells

PER_INCH = 120  # cells: more are not seen
BELOW, STRETCHED = 1.04, 1.2  # how much of the sea floor is seen, in depths


@dataclass(frozen=True, kw_only=True)
class Water:
    """A column through time."""

    instants: Floats  # (time,), s, ascending
    values: Floats  # (time, level), from the surface down
    depths: Floats  # (time, level), m
    least: float  # how long a single instant is drawn, s
    floored: bool  # the last level lies on the sea floor; else there is one beneath columns that end above it


def show(axes: Axes, water: Water, shaded: Shading, linear: float, sheet: Sheet) -> None:
    """Draw a column through time; ``linear``: from where on depth is stretched, m, 0 for nowhere."""
    most = max(8, int(PER_INCH * sheet.width * axes.get_position().width))
    along = cells(averaged(water.instants, most)[0], water.least)
    # Edges of depth (level + 1, cell) and values (level, cell).
    level_edges = edges(_known(averaged(water.depths, most)[0]).T, least=0.0)[:, along.instant]
    shown = np.where(along.instant < 0, np.nan, averaged(water.values, most)[0].T[:, along.instant])
    bottom, ends = _lowest(shown, level_edges), days(along.ends)
    deepest = float(np.nanmax(bottom))
    floor = np.where(np.isfinite(shown[-1]) & (not water.floored), np.nan, bottom)
    lower = deepest * (1.0 if np.isnan(floor).all() else STRETCHED if 0 < linear < deepest else BELOW)
    depth_axis(axes, lower, linear, sheet)
    axes.set_facecolor(NOTHING)
    axes.grid(visible=False)
    x = np.broadcast_to(ends, (len(level_edges), len(ends)))
    masked = np.ma.masked_invalid(shown)
    axes.pcolormesh(x, corners(level_edges), masked, cmap=shaded.colours, norm=shaded.norm, rasterized=True)
    if np.isfinite(floor).any():
        beneath = np.where(np.isfinite(floor), floor, float(np.nanmax(floor)))
        axes.stairs(
            beneath,
            ends,
            baseline=2 * deepest,
            fill=True,
            facecolor=FLOOR,
            edgecolor=FLOOR_LINE,
            linewidth=0.6,
            zorder=3,
        )
    axes.set(xlim=(ends[0], ends[-1]), ylim=(lower, 0.0))
    axes.spines[["top", "right"]].set_visible(True)


def _known(depths: Floats) -> Floats:
    """Depths without holes: where a column has no level, it has that of another time, or the one above."""
    usual = np.where(np.isfinite(depths), depths, -np.inf).max(axis=0)
    filled = np.where(np.isfinite(depths), depths, usual)
    return np.maximum.accumulate(np.where(np.isfinite(filled), filled, 0.0), axis=1)


def _lowest(shown: Floats, level_edges: Floats) -> Floats:
    """The lower end of the lowest value of each column, m; NaN where there is none."""
    there = np.isfinite(shown)
    last = len(shown) - np.argmax(there[::-1], axis=0)
    found = np.take_along_axis(level_edges, last[np.newaxis], axis=0)[0]
    return np.where(there.any(axis=0), found, np.nan)
