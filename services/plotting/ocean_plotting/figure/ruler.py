"""The scale of a map, as a line of a round length."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.map_frame import RIM
from ocean_plotting.figure.picture import INK, inches
from ocean_plotting.figure.scale_length import ruler
from ocean_plotting.figure.view import View

SHORTEST = 1.2  # inches of a map: on a smaller one it would be in the way
MOST = 0.25  # of the map's width
TALL, AROUND, OFF, TICK = 2.1, 0.5, 0.5, 0.5  # heights of the text: of the box; around the line; off the frame; at ends
KILOMETRE = 1000.0  # m


def draw(axes: Axes, view: View, values: NDArray[np.floating], sheet: Sheet) -> None:
    """Draw it in the corner that hides the fewest ``values`` (row, column); on no map where no length is true."""
    size, (width, height) = 0.9 * sheet.sizes.small, inches(axes)
    found = ruler(view, MOST)
    if found is None or min(width, height) < SHORTEST:
        return
    across, up = size / 72 / width, size / 72 / height  # the height of the text, in shares of the map
    kilometres = found.length >= KILOMETRE
    text = sheet.words.value(found.length / (KILOMETRE if kilometres else 1.0), "km" if kilometres else "m")
    wide = max(found.share, 0.6 * len(text) * across) + 2 * AROUND * across
    x, y = _corner(values, wide + OFF * across, (TALL + OFF) * up)
    left = OFF * across if x == 0 else 1 - wide - OFF * across
    low = OFF * up if y == 0 else 1 - (TALL + OFF) * up
    place: dict[str, Any] = {"transform": axes.transAxes, "zorder": RIM + 0.2}
    axes.add_patch(Rectangle((left, low), wide, TALL * up, facecolor="white", alpha=0.75, linewidth=0, **place))
    middle, line = left + wide / 2, low + AROUND * up
    ends = [middle - found.share / 2, middle + found.share / 2]
    tick = line + TICK * up
    axes.add_artist(
        Line2D([ends[0], *ends, ends[1]], [tick, line, line, tick], color=INK, linewidth=0.12 * size, **place)
    )
    axes.text(
        middle, line + 0.35 * up, text, fontsize=size, color=INK, ha="center", va="bottom", gid="ruler",
        transform=axes.transAxes, zorder=RIM + 0.3,
    )  # fmt: skip


def _corner(values: NDArray[np.floating], wide: float, tall: float) -> tuple[int, int]:
    """The corner with the fewest values in a box of these shares of the map: 0 or 1 from the left, and from below."""
    rows, columns = (max(1, round(share * size)) for share, size in zip((tall, wide), values.shape, strict=True))
    known = np.isfinite(values)
    corners = {
        (0, 0): known[-rows:, :columns],
        (1, 0): known[-rows:, -columns:],
        (0, 1): known[:rows, :columns],
        (1, 1): known[:rows, -columns:],
    }
    return min(corners, key=lambda one: float(corners[one].mean()))
