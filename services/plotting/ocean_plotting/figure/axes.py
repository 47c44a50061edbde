"""Axes of depth and of quantities, with ticks and numbers in the reader's language."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.scale import SymmetricalLogTransform
from matplotlib.ticker import FixedLocator, MaxNLocator, ScalarFormatter
from numpy.typing import NDArray

from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import MINUS, NO_BREAK, SUPERSCRIPT, LabelFormatter, fold_lines
from ocean_plotting.figure.layout import MUTED, Sizes, axes_inches, fold_text, panel_length

TICK_STEPS = [1, 2, 5, 10]  # between tick labels, but for powers of ten: short numbers
LAID_OUT_WIDTH = 0.75  # of a panel's first width, that the layout leaves
CATEGORY_LETTERS = 14  # on a line
FEW_LEVELS = 60  # levels that are marked one by one
LETTER_WIDTH = 0.6  # in sizes of the text
LABEL_SPACING = 1.9  # lines of text from one stretched depth label to the next
LINEAR_DECADES = 0.9  # for matplotlib: the linear part is as long as a decade below
ROUND_DEPTHS = (5.0, 2.0, 3.0, 1.5, 7.0)  # between powers of ten, the most useful first

Floats = NDArray[np.float64]


class NumberFormatter(ScalarFormatter):
    """Tick labels in the reader's language, and never as an offset: 34.95, not 0.05 + 34.9."""

    def __init__(self, labels: LabelFormatter, power_limits: tuple[int, int] | None = None) -> None:
        super().__init__(useOffset=False)
        self._labels = labels
        if power_limits:
            self.set_powerlimits(power_limits)

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Format one tick."""
        return self._labels.localize_number(super().__call__(x, pos))

    def get_offset(self) -> str:
        """Format the power of ten that is common to all ticks, not as 1e-5."""
        power = super().get_offset().replace(MINUS, "-").partition("e")[2]
        return f"×{NO_BREAK}10{str(int(power)).translate(SUPERSCRIPT)}" if power else ""


def set_depth_axis(
    axes: Axes, deepest: float, context: DrawContext, *, label: bool = True, top: float = 0.0, units: str = "m"
) -> None:
    """Draw depth (m) or pressure downwards along y, from ``top`` (negative above the datum) to ``deepest``."""
    if label:
        text = context.translate("Depth (m)") if units == "m" else f"{context.translate('Pressure')} ({units})"
        axes.set_ylabel(text, fontsize=context.sizes.body)
    if deepest > top:
        length = deepest - top
        axes.set_ylim(deepest + 0.03 * length, top - 0.02 * length)
        set_even_ticks(axes, context, vertical=True)
    else:  # the surface alone
        axes.set_ylim(1, -1)
        axes.set_yticks([0])
        style_ticks(axes, context)


def depth_scale(linear: float) -> SymmetricalLogTransform:
    """Return the scale of a stretched axis: linear down to a depth (m); below, each tenfold depth adds as much."""
    return SymmetricalLogTransform(10, linear, LINEAR_DECADES)


def choose_depth_ticks(linear: float, deepest: float, most: float) -> list[float]:
    """Choose depths to label on a stretched axis that has room for ``most`` labels."""
    scale = depth_scale(linear)
    decades = 10.0 ** np.arange(np.floor(np.log10(linear)), np.ceil(np.log10(deepest)) + 1)
    even = [linear * fraction for fraction in (0.5, 0.25, 0.75)] if linear >= 1 else []
    candidates = [0.0, linear, *decades, *(step * decade for step in ROUND_DEPTHS for decade in decades), *even]
    spacing = float(scale.transform(deepest)) / most
    ticks: dict[float, float] = {}  # positions by depth
    for depth in candidates:
        allowed = depth in {0.0, linear} or depth > linear or depth in even
        position = float(scale.transform(depth))
        if allowed and depth <= deepest and all(abs(position - tick) >= spacing for tick in ticks.values()):
            ticks[depth] = position
    return sorted(ticks)


def set_stretched_depth_axis(
    axes: Axes, deepest: float, linear: float, context: DrawContext, *, top: float = 0.0, units: str = "m"
) -> None:
    """Draw depth (m) or pressure along y from ``top`` to ``deepest``, stretched below ``linear`` (0: nowhere)."""
    height = axes_inches(axes)[1] * 72  # points
    set_depth_axis(axes, deepest, context, units=units)
    if LETTER_WIDTH * context.sizes.body * len(axes.get_ylabel()) >= height:
        axes.set_ylabel("")
    if 0 < linear < deepest:
        axes.set_yscale("symlog", base=10, linthresh=linear, linscale=LINEAR_DECADES)
        axes.yaxis.minorticks_off()
        axes.yaxis.set_major_formatter(NumberFormatter(context.labels))
        most = max(1.5, height / (LABEL_SPACING * context.sizes.small))
        axes.yaxis.set_major_locator(FixedLocator(choose_depth_ticks(linear, deepest, most)))
        axes.axhline(linear, color=MUTED, linewidth=0.6, linestyle=(0, (1, 3)), zorder=4)
        style_ticks(axes, context)
    axes.set_ylim(deepest, top)


def make_steps(positions: Floats, values: Floats) -> tuple[Floats, Floats]:
    """Return a line that has each value half-way to the next positions: (2 n,) each, of (n,)."""
    between = (positions[1:] + positions[:-1]) / 2
    return np.repeat(np.concatenate([positions[:1], between, positions[-1:]]), 2)[1:-1], np.repeat(values, 2)


def draw_profile_line(axes: Axes, values: Floats, depths: Floats, style: dict[str, Any], *, steps: bool) -> None:
    """Draw values over depth, (level,) each; ``steps``: they stand for categories."""
    if steps and depths.size:
        axes.plot(*make_steps(depths, values)[::-1], **style | {"marker": None})
        style = style | {"linestyle": ""}
    axes.plot(values, depths, **style)


def label_categories(axes: Axes, categories: Sequence[str], context: DrawContext, *, vertical: bool) -> None:
    """Write the names of categories beside their positions on an axis, as many as have room."""
    if not categories:
        return
    sizes, length = context.sizes, panel_length(axes, vertical=vertical) * 72
    # Names below an axis are inclined, each on one line.
    names = ["\n".join(fold_lines(category, CATEGORY_LETTERS, 1 + vertical)) for category in categories]
    lines = max(name.count("\n") + 1 for name in names) if vertical else 1.8
    every = max(1, math.ceil(len(names) * lines * 1.3 * sizes.small / length))
    axis = axes.yaxis if vertical else axes.xaxis
    axis.set_ticks(range(0, len(names), every), names[::every])
    (axes.set_ylim if vertical else axes.set_xlim)(-0.5, len(names) - 0.5)
    if not vertical:
        axes.tick_params(axis="x", labelrotation=30)
        for text in axes.get_xticklabels():
            text.set(ha="right", rotation_mode="anchor")


def set_quantity_axis(
    axes: Axes, label: str, limits: tuple[float, float] | None, context: DrawContext, *, vertical: bool = False
) -> None:
    """Draw a quantity along x, or ``vertical`` along y, its label folded to the panel's size."""
    sizes, axis = context.sizes, axes.yaxis if vertical else axes.xaxis
    if limits:
        (axes.set_ylim if vertical else axes.set_xlim)(*limits)
    else:
        axes.margins(y=0.07) if vertical else axes.margins(x=0.07)
    length = panel_length(axes, vertical=vertical) * (1.0 if vertical else 1.1)
    axis.set_label_text(fold_text(label, length, sizes.body), fontsize=sizes.body)
    style_ticks(axes, context)
    # The layout takes from the width what labels beside the panel need.
    width, (low, high) = LAID_OUT_WIDTH * axes_inches(axes)[0] * 72, sorted(axes.get_xlim())
    for most in range(count_fitting_ticks(axes, int(vertical), sizes), 1, -1):
        locator = MaxNLocator(nbins=most, steps=TICK_STEPS, min_n_ticks=3 if most > 3 else 2)
        if vertical:
            break
        ticks = [tick for tick in locator.tick_values(low, high) if low <= tick <= high]
        longest = max(map(len, axes.xaxis.get_major_formatter().format_ticks(ticks)), default=0)
        if len(ticks) * (0.6 * longest + 1.5) * sizes.small <= width:  # a letter and a half apart
            break
    axis.set_major_locator(locator)


def show_message(axes: Axes, text: str, sizes: Sizes) -> None:
    """Write in the middle of a panel why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", fontsize=sizes.body, color=MUTED)
    axes.set_xticks([])
    axes.set_yticks([])


def count_fitting_ticks(axes: Axes, direction: int, sizes: Sizes) -> int:
    """Count the tick labels that fit along x (0) or y (1): each takes six letters of width, or three lines."""
    length = axes_inches(axes)[direction] * 72  # points
    return max(2, min(8, int(length / ((3.6 if direction == 0 else 3.0) * sizes.small))))


def set_even_ticks(axes: Axes, context: DrawContext, *, vertical: bool, most: int = 8) -> None:
    """Put as many ticks on an axis as have room, at most so many, and style them."""
    locator = MaxNLocator(nbins=min(most, count_fitting_ticks(axes, int(vertical), context.sizes)), steps=TICK_STEPS)
    (axes.yaxis if vertical else axes.xaxis).set_major_locator(locator)
    style_ticks(axes, context)


def style_ticks(axes: Axes, context: DrawContext) -> None:
    """Give ticks the figure's size and language, and hide the frame on the right and on top."""
    axes.tick_params(labelsize=context.sizes.small, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    for axis in (axes.xaxis, axes.yaxis):
        if isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.set_major_formatter(NumberFormatter(context.labels))
        axis.get_offset_text().set_fontsize(context.sizes.small)
