"""Places for labels in a panel, where they cover neither each other nor what is drawn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from numpy.typing import NDArray

from ocean_plotting.figure.picture import figure_of

Points = NDArray[np.float64]
Boxes = NDArray[np.float64]  # (n, 4): left, bottom, right, top; points from the figure's lower left corner

# Beside a point, the likeliest first: how the label is aligned.
SIDES = (
    ("left", "center", 1, 0), ("right", "center", -1, 0), ("left", "bottom", 1, 1), ("left", "top", 1, -1),
    ("right", "bottom", -1, 1), ("right", "top", -1, -1), ("center", "bottom", 0, 1), ("center", "top", 0, -1),
)  # fmt: skip


# On a line, the likeliest first: part of its length.
SHARES = (0.5, 0.62, 0.38, 0.74, 0.26, 0.86, 0.14, 0.93, 0.07)
GAPS = {"center": 0.0, "bottom": 1.5, "top": -1.5}  # points between a line and what is written above or below it
REACH = 10.0  # points to each side, over which a line's direction is taken


def settle(figure: Figure) -> None:
    """Lay a figure out for good: labels are placed by where things lie, and that is not to be found out twice."""
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
    figure.set_layout_engine("none")


class Room:
    """What is free in a panel. The figure must be settled, and the panel's limits must stay."""

    def __init__(self, axes: Axes) -> None:
        self._axes, self._points = axes, 72 / figure_of(axes).dpi
        self._frame = np.array(axes.get_window_extent().extents) * self._points
        self._taken: Boxes = np.empty((0, 4))

    def points(self, x: Sequence[float] | Points, y: Sequence[float] | Points) -> Points:
        """Where data lie, (n, 2): points from the figure's lower left corner."""
        found: Points = self._axes.transData.transform(np.column_stack([x, y])) * self._points
        return found

    def keep_clear(
        self, x: Sequence[float] | Points, y: Sequence[float] | Points, radius: float, *, line: bool = False
    ) -> None:
        """Have no label within so many points of data; with ``line``, of what lies between them as well."""
        at = self.points(x, y)
        at = at[np.isfinite(at).all(axis=1)]
        if line and len(at) > 1:
            steps = np.clip(np.hypot(*np.diff(at, axis=0).T) / max(radius, 2.0), 1, 500).astype(int)
            parts = [
                np.linspace(one, other, count, endpoint=False)
                for one, other, count in zip(at, at[1:], steps, strict=False)
            ]
            at = np.concatenate([*parts, at[-1:]])
        self._taken = np.concatenate([self._taken, np.column_stack([at - radius, at + radius])])

    def take(self, label: Text, pad: float = 1.0) -> bool:
        """Take a label's place, if it is free and within the panel."""
        left, bottom, right, top = np.array(label.get_window_extent().extents) * self._points
        taken, (west, south, east, north) = self._taken, self._frame
        meets = (taken[:, 0] < right + pad) & (taken[:, 2] > left - pad)
        meets &= (taken[:, 1] < top + pad) & (taken[:, 3] > bottom - pad)
        if meets.any() or left < west + pad or right > east - pad or bottom < south + pad or top > north - pad:
            return False
        self._taken = np.vstack([taken, [left, bottom, right, top]])
        label.set_in_layout(False)
        return True

    def beside(self, at: tuple[float, float], text: str, gap: float, **style: Any) -> bool:
        """Write ``text`` on the first free side of a point, ``gap`` points away; False if there is none."""
        label = self._axes.annotate(text, at, xytext=(0, 0), textcoords="offset points", **style)
        for across, upright, right, up in SIDES:
            label.set(ha=across, va=upright)
            label.xyann = (gap * right, gap * up)
            if self.take(label):
                return True
        label.remove()
        return False

    def along(self, line: Points, text: str, *, va: str = "center", **style: Any) -> bool:
        """Write ``text`` on a line (n, 2), turned as it runs, where it is free: near its middle if it can be.

        ``va``: center: on it; bottom: above it; top: below it.
        """
        at = self._axes.transData.transform(line) * self._points
        length = np.concatenate([[0.0], np.hypot(*np.diff(at, axis=0).T).cumsum()])
        back = self._axes.transData.inverted()
        label = self._axes.text(0, 0, text, rotation_mode="anchor", ha="center", va=va, **style)
        for share in SHARES:
            here = share * length[-1]
            before, point, after = (_on(at, length, here + step) for step in (-REACH, 0.0, REACH))
            angle = np.degrees(np.arctan2(*(after - before)[::-1]))
            turn = (angle + 90) % 180 - 90
            aside = GAPS[va] * np.array([-np.sin(np.radians(turn)), np.cos(np.radians(turn))])
            label.set(position=back.transform((point + aside) / self._points), rotation=turn)
            if self.take(label):
                return True
        label.remove()
        return False


def _on(line: Points, length: Points, here: float) -> Points:
    return np.array([np.interp(here, length, one) for one in line.T])
