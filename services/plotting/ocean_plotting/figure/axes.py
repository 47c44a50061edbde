"""Axes as oceanographers read them."""

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.labels import NO_BREAK, SUPERSCRIPT
from ocean_plotting.figure.picture import MUTED, Sizes, figure_of, folded, inches
from ocean_plotting.figure.speech import MINUS, Words

STEPS = [1, 2, 5, 10]  # between tick labels, but for powers of ten: short numbers
SHRUNK = 0.75  # of its first width: a panel when everything is laid out
FEW_LEVELS = 60  # levels that are marked one by one


class Numbers(ScalarFormatter):
    """Tick labels in the reader's language, and never as an offset: 34.95, not 0.05 + 34.9."""

    def __init__(self, words: Words) -> None:
        super().__init__(useOffset=False)
        self._words = words

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Write one tick."""
        return self._words.ticked(super().__call__(x, pos))

    def get_offset(self) -> str:
        """Write the power of ten that is common to all ticks, not as 1e-5."""
        power = super().get_offset().replace(MINUS, "-").partition("e")[2]
        return f"×{NO_BREAK}10{str(int(power)).translate(SUPERSCRIPT)}" if power else ""


def depth_down(axes: Axes, deepest: float, sheet: Sheet, *, named: bool) -> None:
    """Depth in metres, the surface on top; the axis is ``named`` in the first panel of a row."""
    sizes, translate = sheet.sizes, sheet.translate
    if named:
        axes.set_ylabel(translate("Depth (m)"), fontsize=sizes.body)
    if deepest <= 0:  # the surface alone
        axes.set_ylim(1, -1)
        axes.set_yticks([0])
        plain(axes, sheet)
        return
    axes.set_ylim(1.03 * deepest, -0.02 * deepest)
    # Deep water has many metres and few labels: 4 to 8 of them, never more than fit.
    axes.yaxis.set_major_locator(MaxNLocator(nbins=fitting(axes, 1, sizes), steps=STEPS))
    plain(axes, sheet)


def quantity(axes: Axes, label: str, limit: tuple[float, float] | None, sheet: Sheet, *, upright: bool = False) -> None:
    """A variable along x, or ``upright`` along y, its label folded to the panel's size."""
    sizes, along = sheet.sizes, axes.yaxis if upright else axes.xaxis
    if limit:
        (axes.set_ylim if upright else axes.set_xlim)(*limit)
    else:
        axes.margins(y=0.07) if upright else axes.margins(x=0.07)
    room, engine = inches(axes)[int(upright)], figure_of(axes).get_layout_engine()
    # Titles and credits take from the height of small figures.
    room *= engine.get().get("rect", (0, 0, 1, 1))[3] if upright and engine else 1.1
    along.set_label_text(folded(label, room, sizes.body), fontsize=sizes.body)
    plain(axes, sheet)
    most = fitting(axes, int(upright), sizes)
    while (locator := _few(most)) and not upright and most > 2 and _crowded(axes, locator, sizes):
        most -= 1
    along.set_major_locator(locator)


def _few(most: int) -> MaxNLocator:
    return MaxNLocator(nbins=most, steps=STEPS, min_n_ticks=3 if most > 3 else 2)


def _crowded(axes: Axes, locator: MaxNLocator, sizes: Sizes) -> bool:
    """Whether the labels that ``locator`` would give stand closer than a letter and a half."""
    low, high = sorted(axes.get_xlim())
    ticks = [one for one in locator.tick_values(low, high) if low <= one <= high]
    formatter = axes.xaxis.get_major_formatter()
    longest = max(map(len, formatter.format_ticks(ticks)), default=0)
    # The layout takes from the width what labels beside the panel need.
    room = SHRUNK * inches(axes)[0] * 72
    return len(ticks) * (0.6 * longest + 1.5) * sizes.small > room


def nothing(axes: Axes, words: str, sizes: Sizes) -> None:
    """Say that a panel is empty on purpose."""
    axes.text(0.5, 0.5, words, transform=axes.transAxes, ha="center", va="center", fontsize=sizes.body, color=MUTED)
    axes.set_xticks([])
    axes.set_yticks([])


def fitting(axes: Axes, direction: int, sizes: Sizes) -> int:
    """How many tick labels fit: one needs some six letters of width, or three lines of height."""
    room = inches(axes)[direction] * 72  # points
    return max(2, min(8, int(room / ((3.6 if direction == 0 else 3.0) * sizes.small))))


def plain(axes: Axes, sheet: Sheet) -> None:
    """Ticks of the figure's size, numbers of its language, no lines on the right and on top."""
    axes.tick_params(labelsize=sheet.sizes.small, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    for one in (axes.xaxis, axes.yaxis):
        if isinstance(one.get_major_formatter(), ScalarFormatter):
            one.set_major_formatter(Numbers(sheet.words))
        one.get_offset_text().set_fontsize(sheet.sizes.small)
