"""Arrows on maps: currents and their like, each turned as its plane is."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.quiver import Quiver
from numpy.typing import NDArray

from ocean_plotting.figure.map_frame import ARROWS
from ocean_plotting.figure.picture import INK
from ocean_plotting.figure.shading import Shading
from ocean_plotting.figure.view import View

LONGEST = 1.3  # of the longest usual arrow, in their spacing
USUAL = 95.0  # per cent: longer ones are outliers
ALIKE = 0.85  # length of arrows whose length says nothing, in their spacing
STEP = 1e-3  # degrees: how far north and east are looked for

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Arrows:
    """What is drawn."""

    made: Quiver
    key: float | None  # the value of the arrow that explains the lengths


def turned(view: View, x: Floats, y: Floats, east: Floats, north: Floats) -> tuple[Floats, Floats]:
    """Parts along x and y of a map of vectors with true parts.

    Parameters
    ----------
    x, y : ndarray, shape (row, column)
        Places, m.
    east, north : ndarray, shape (row, column)
        True parts, in any units; the lengths stay.
    """
    latitude, longitude = view.earth(x, y)
    side = np.where(latitude > 0, -STEP, STEP)  # away from the nearer pole
    x0, y0 = view.plane(latitude, longitude, wrapped=False)
    x1, y1 = view.plane(latitude + side, longitude, wrapped=False)
    up = np.arctan2((x1 - x0) * np.sign(side), (y1 - y0) * np.sign(side))  # bearing of north in the plane
    return east * np.cos(up) + north * np.sin(up), north * np.cos(up) - east * np.sin(up)


def draw(
    axes: Axes, view: View, parts: tuple[Floats, Floats], *, lengths: bool, shaded: Shading | None
) -> Arrows | None:
    """Draw arrows with these true parts at the cells of a map; None where there is none."""
    east, north = parts
    x, y = np.meshgrid(*view.cells((east.shape[0], east.shape[1])))
    size = np.hypot(east, north)
    there = np.isfinite(size) & (size > 0)
    if not there.any():
        return None
    along, up = turned(view, x[there], y[there], east[there], north[there])
    size = size[there]
    key = _round(float(np.percentile(size, USUAL)))
    spacing = 1.0 / east.shape[1]  # of the map's width
    if lengths:
        scale = key / (LONGEST * spacing)
    else:
        along, up = along / size, up / size
        scale = 1.0 / (ALIKE * spacing)
    width = min(0.0022, 0.075 * spacing)
    style: dict[str, Any] = {"scale": scale, "units": "width", "width": width, "zorder": ARROWS, "pivot": "mid"}
    style |= {"headwidth": 4.0, "headlength": 4.5, "headaxislength": 4.0, "minlength": 0.6}
    if shaded is None:
        made = axes.quiver(x[there], y[there], along, up, color=INK, **style)
    else:
        made = axes.quiver(x[there], y[there], along, up, size, cmap=shaded.colours, norm=shaded.norm, **style)
    return Arrows(made=made, key=key if lengths else None)


def _round(value: float) -> float:
    """A value of one digit, 1, 2 or 5, near another."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(one for one in (1.0, 2.0, 5.0) if one <= value / power + 1e-9))
