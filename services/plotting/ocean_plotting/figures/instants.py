"""Values along a path through time, as an image."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ocean_plotting.domain.section import ends, instant_ends
from ocean_plotting.figures import axes as axis
from ocean_plotting.figures import dates
from ocean_plotting.figures.picture import LAND
from ocean_plotting.figures.section import NOTHING
from ocean_plotting.figures.shading import Shading
from ocean_plotting.figures.sheet import Sheet

Floats = NDArray[np.float64]


def panel(
    axes: Axes,
    distance: Floats,
    seconds: Floats,
    values: Floats,
    shaded: Shading,
    *,
    land: NDArray[np.bool_],
    quantum: str | None,
    sheet: Sheet,
) -> None:
    """Draw distance across and time upwards; ``land``: places that have no values because they are on it."""
    axes.grid(visible=False)
    axes.set_facecolor(NOTHING)
    if not np.isfinite(values).any():
        axis.nothing(axes, sheet.say("no data along this path"), sheet.sizes)
        return
    times = dates.days(instant_ends(seconds))
    x, y = np.meshgrid(ends(distance), times)
    axes.pcolormesh(x, y, np.ma.masked_invalid(values), cmap=shaded.colours, norm=shaded.norm, rasterized=True)
    axes.fill_between(
        distance, 0, 1, where=land, step="mid", transform=axes.get_xaxis_transform(), color=LAND, linewidth=0
    )
    axis.plain(axes, sheet)
    if seconds[-1] > seconds[0]:  # labels of what there is, not of where the outer cells end
        axes.set_ylim(*dates.days(seconds[[0, -1]]))
    dates.label(axes, seconds, quantum, sheet, down=True)
    axes.set_ylim(times[0], times[-1])
    axes.spines[["top", "right"]].set_visible(True)
