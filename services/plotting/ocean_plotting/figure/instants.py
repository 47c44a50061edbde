"""Values along a path through time, as an image."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import dates
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import LAND
from ocean_plotting.figure.section import NOTHING
from ocean_plotting.figure.shading import Shading
from ocean_plotting.plots.section_cells import ends, instant_ends

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
        axis.nothing(axes, sheet.translate("no data along this path"), sheet.sizes)
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
