"""Fields in colour, and the bars that explain them."""

import math
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.colour import Limits, figure_limits
from ocean_plotting.figure import labels
from ocean_plotting.figure.axes import STEPS, Numbers
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import Sizes, folded
from ocean_plotting.palettes import LEVELS, category_colours, colormap_colours, colormap_of, resample_colours

FEWEST, MOST = 3, 9  # ticks of a bar
CATEGORY = 14  # letters of a category on a line
THICK = 0.16  # of a bar, inches
LETTER, BEYOND = 0.58, 1.4  # width of a letter, in heights of its text; how much longer than its bar a label may be


@dataclass(frozen=True, kw_only=True)
class Shading:
    """How the values of one variable are coloured."""

    colours: ListedColormap
    norm: Normalize
    label: str
    categories: tuple[str, ...] = ()
    extend: str = "neither"  # at which ends of the scale values go on beyond it


def shading(
    sheet: Sheet,
    info: VariableInfo,
    values: NDArray[np.floating],
    *,
    scale: Limits | None = None,
    colormap: str | None = None,
    label: str | None = None,
) -> Shading:
    """Choose colours for values: by the scale that was asked for, or by what there is.

    Parameters
    ----------
    values : ndarray
        NaN where there is nothing; of a variable with categories, their numbers.
    scale
        None: that of the values.
    colormap
        Id; None: by what the variable is.
    label
        Of the bar; None: the variable's name and units.
    """
    ramp = colormap_colours(colormap_of(info, colormap))
    text = label or sheet.words.quantity(info)
    if info.categories:
        number = min(len(info.categories), LEVELS)
        return Shading(
            colours=ListedColormap(category_colours(ramp, number) / 255),
            norm=Normalize(-0.5, number - 0.5),
            label=text,
            categories=tuple(info.categories[:number]),
        )
    low, high = scale or figure_limits(values, zero_centered=info.zero_centered, fallback=info.scale)
    there = values[np.isfinite(values)]
    under, over = bool((there < low).any()), bool((there > high).any())
    extend = "both" if under and over else "min" if under else "max" if over else "neither"
    return Shading(
        colours=ListedColormap(resample_colours(ramp, LEVELS) / 255),
        norm=Normalize(low, high),
        label=text,
        extend=extend,
    )


def bar(
    figure: Figure,
    axes: Axes | list[Axes],
    shaded: Shading,
    sheet: Sheet,
    *,
    down: bool = True,
    room: Axes | None = None,
) -> Colorbar:
    """Explain colours beside (``down``) or below axes; its label never runs beyond it.

    ``room``: axes that the bar fills; None: it takes its room from ``axes``.
    """
    sizes = sheet.sizes
    mappable = ScalarMappable(norm=shaded.norm, cmap=shaded.colours)
    extend = "neither" if shaded.categories else shaded.extend
    if room is not None:
        made = figure.colorbar(
            mappable, cax=room, orientation="vertical" if down else "horizontal", extend=extend, extendfrac=0.03
        )
    else:
        made = figure.colorbar(
            mappable,
            ax=axes,
            location="right" if down else "bottom",
            extend=extend,
            extendfrac=0.03,
            aspect=_aspect(figure, axes, down=down),
            pad=0.015,
            fraction=0.05,
        )
    made.outline.set_visible(False)
    length = _length(figure, axes, down=down)
    text, size = _fitted_label(shaded.label, max(length, 1.0), sizes)
    if LETTER * size / 72 * max(map(len, text.split("\n"))) <= BEYOND * length:
        made.set_label(text, fontsize=size)
    made.ax.tick_params(labelsize=sizes.small, length=3)
    along = made.ax.yaxis if down else made.ax.xaxis
    if shaded.categories:
        names = ["\n".join(labels.folded(one, CATEGORY)) for one in shaded.categories]
        made.set_ticks(list(range(len(names))), labels=names)
        made.ax.minorticks_off()
    else:
        most = int(length * 72 / ((3.0 if down else 4.5) * sizes.small))
        along.set_major_locator(MaxNLocator(nbins=min(MOST, max(FEWEST, most)), steps=sorted([*STEPS, 2.5])))
        formatter = Numbers(sheet.words)
        formatter.set_powerlimits((-4, 5))
        along.set_major_formatter(formatter)
        along.get_offset_text().set_fontsize(sizes.small)
    return made


def _fitted_label(label: str, length: float, sizes: Sizes) -> tuple[str, float]:
    """Fold a label to a length, smaller and on more lines before its end, where the units are, is left out."""
    ways = [(sizes.body, 2), (sizes.small, 2), (sizes.small, 3), (sizes.fine, 3), (sizes.fine, 4)]
    for size, lines in ways:
        text = folded(label, length, size, lines)
        if not text.endswith("…"):
            break
    return text, size


def _aspect(figure: Figure, axes: Axes | list[Axes], *, down: bool) -> float:
    return max(8.0, math.floor(_length(figure, axes, down=down) / THICK))


def _length(figure: Figure, axes: Axes | list[Axes], *, down: bool) -> float:
    """How far axes reach together, inches."""
    boxes = [one.get_position() for one in (axes if isinstance(axes, list) else [axes])]
    ends = [(one.y0, one.y1) if down else (one.x0, one.x1) for one in boxes]
    part: float = max(high for _, high in ends) - min(low for low, _ in ends)
    return part * float(figure.get_size_inches()[1 if down else 0])
