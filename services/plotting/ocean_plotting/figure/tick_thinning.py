"""Takes away what has no room in low panels: labels, and some of their ticks."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator

LOW = 1.6  # inches: panels that are higher have room
SMALLEST = 0.7  # of the size that a label should have


def relieve(figure: Figure, panels: list[Axes]) -> None:
    """Lay a figure out, and fit labels and ticks to the heights that its axes have come to."""
    if min(one.get_position().height for one in panels) * figure.get_figheight() > LOW:
        return
    figure.draw_without_rendering()
    for axes in figure.axes:
        if axes.axison:
            height = axes.get_window_extent().height
            _fit_label(axes, height)
            _fit_ticks(axes, height)


def _fit_label(axes: Axes, height: float) -> None:
    label = axes.yaxis.label
    long = label.get_window_extent().height
    if label.get_text() and long > height:
        if height / long >= SMALLEST:
            label.set_fontsize(float(label.get_fontsize()) * height / long)
        else:
            label.set_text("")


def _fit_ticks(axes: Axes, height: float) -> None:
    """As many as stand apart; a last one that is alone is the first."""
    low, high = sorted(axes.get_ylim())
    ticks = [one for one in axes.get_yticks() if low <= one <= high]
    high_each = max((one.get_window_extent().height for one in axes.get_yticklabels()), default=0.0)
    fitting = max(1, int(height / (1.3 * high_each))) if high_each else len(ticks)
    if len(ticks) > fitting:
        kept = ticks[:: -(-len(ticks) // fitting)]
        formatter = axes.yaxis.get_major_formatter()
        axes.yaxis.set_major_locator(FixedLocator([float(one) for one in kept]))
        axes.yaxis.set_major_formatter(formatter)
