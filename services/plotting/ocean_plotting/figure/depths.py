"""Depth that is linear near the surface, and stretched: below, each tenfold depth has as much room."""

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray

from ocean_plotting.figure.axes import depth_down, plain
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import MUTED, inches

Floats = NDArray[np.float64]
LETTER = 0.6  # width of letters, in sizes of the text
ROWS = 1.9  # lines of text from label to label
NICE = (5.0, 2.0, 3.0, 1.5, 7.0)  # between powers of ten, the most telling first


def stretching(linear: float) -> tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]:
    """From depth (m) to its place on the axis and back: 1 at ``linear``, 2 at ten times that."""

    def place(depth: Floats) -> Floats:
        depth = np.asarray(depth, dtype=float)
        return np.where(depth <= linear, depth / linear, 1.0 + np.log10(np.maximum(depth, linear) / linear))

    def depth(place: Floats) -> Floats:
        place = np.asarray(place, dtype=float)
        return np.where(place <= 1.0, place * linear, linear * 10.0 ** (np.clip(place, 1.0, 300.0) - 1.0))

    return place, depth


def ticks(linear: float, deepest: float, most: float) -> list[float]:
    """Choose depths to name, as many as there is room for: ``most`` labels, one above the other."""
    place, _ = stretching(linear)
    decades = 10.0 ** np.arange(np.floor(np.log10(linear)), np.ceil(np.log10(deepest)) + 1)
    even = [linear * share for share in (0.5, 0.25, 0.75)] if linear >= 1 else []
    wanted = [0.0, linear, *decades, *(nice * decade for nice in NICE for decade in decades), *even]
    apart = float(place(np.array(deepest))) / most
    chosen: list[float] = []
    for depth in wanted:
        below = depth in {0.0, linear} or depth > linear or depth in even
        at = float(place(np.array(depth)))
        if below and depth <= deepest and all(abs(at - float(place(np.array(one)))) >= apart for one in chosen):
            chosen.append(depth)
    return sorted(chosen)


def depth_axis(axes: Axes, deepest: float, linear: float, sheet: Sheet) -> None:
    """Depth in metres from the surface down to ``deepest``; ``linear``: from where on it is stretched, 0 for never."""
    room = inches(axes)[1] * 72  # points
    depth_down(axes, deepest, sheet, named=room > LETTER * sheet.sizes.body * len(sheet.translate("Depth (m)")))
    if 0 < linear < deepest:
        axes.set_yscale("function", functions=stretching(linear))
        most = max(1.5, room / (ROWS * sheet.sizes.small))
        axes.yaxis.set_major_locator(FixedLocator(ticks(linear, deepest, most)))
        axes.axhline(linear, color=MUTED, linewidth=0.6, linestyle=(0, (1, 3)), zorder=4)
        plain(axes, sheet)
    axes.set_ylim(deepest, 0.0)
