"""Columns of water through time: every cell in colour, the sea floor beneath."""

import numpy as np
from matplotlib.axes import Axes

from ocean_plotting.domain.coverage import Floats
from ocean_plotting.domain.section import corners, edges
from ocean_plotting.domain.series import averaged, cells
from ocean_plotting.figures.dates import days
from ocean_plotting.figures.depths import depth_axis
from ocean_plotting.figures.section import FLOOR, FLOOR_LINE, NOTHING
from ocean_plotting.figures.shading import Shading
from ocean_plotting.figures.sheet import Sheet

PER_INCH = 120  # cells: more are not seen
BELOW, STRETCHED = 1.04, 1.2  # how much of the sea floor is seen, in depths


def show(
    axes: Axes,
    instants: Floats,
    values: Floats,
    depths: Floats,
    shaded: Shading,
    *,
    least: float,
    linear: float,
    floored: bool,
    sheet: Sheet,
) -> None:
    """Draw a column through time.

    Parameters
    ----------
    instants : ndarray, shape (time,)
        s, ascending.
    values, depths : ndarray, shape (time, level)
        Levels from the surface down; depths in m.
    least
        How long a single instant is drawn, s.
    linear
        From where on depth is stretched, m; 0: nowhere.
    floored
        The last level lies on the sea floor; else there is one beneath columns that end above it.
    """
    most = max(8, int(PER_INCH * sheet.width * axes.get_position().width))
    (instants, _), (values, _), (depths, _) = (averaged(one, most) for one in (instants, values, depths))
    along = cells(instants, least)
    gap = along.instant < 0
    level_edges = edges(_known(depths).T, least=0.0)[:, along.instant]
    shown = np.where(gap, np.nan, values.T[:, along.instant])
    bottom = _lowest(shown, level_edges)
    open_below = np.isfinite(shown[-1]) & (not floored)
    deepest, ends = float(np.nanmax(bottom)), days(along.ends)
    floor = np.where(np.isfinite(bottom), np.where(open_below, np.nan, bottom), np.nan)
    has_floor = bool(np.isfinite(floor).any())
    lower = deepest * (1.0 if not has_floor else STRETCHED if 0 < linear < deepest else BELOW)
    depth_axis(axes, lower, linear, sheet)
    axes.set_facecolor(NOTHING)
    axes.grid(visible=False)
    x = np.broadcast_to(ends, (len(level_edges), len(ends)))
    masked = np.ma.masked_invalid(shown)
    axes.pcolormesh(x, corners(level_edges), masked, cmap=shaded.colours, norm=shaded.norm, rasterized=True)
    if has_floor:
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
    axes.set_xlim(ends[0], ends[-1])
    axes.set_ylim(lower, 0.0)
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
