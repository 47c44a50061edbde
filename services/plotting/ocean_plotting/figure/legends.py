"""Colours of fields, the bars that explain them, and the pages that show colour scales and colormaps."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import ListedColormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.colour import Limits, Scale, fit_scale
from ocean_plotting.figure.axes import CATEGORY_LETTERS, TICK_STEPS, NumberFormatter
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import fold_lines, shorten
from ocean_plotting.figure.layout import INK, MUTED, Picture, PictureInfo, Sizes, add_titles, fold_text
from ocean_plotting.palettes import category_positions, choose_colours, resample_colours, scale_colours

BAR_THICKNESS = 0.16  # inches
LETTER_WIDTH = 0.58  # in heights of the text
LABEL_OVERHANG = 1.4  # the longest label, in lengths of its bar
POWER_LIMITS = (-4, 5)  # of numbers beside a bar, beyond which a power of ten is taken out

# The legend of a map layer.
LEGEND_SIZE = (1.55, 4.2)  # inches
LEGEND_DPI = 100
LEGEND_TEXT = 10  # points
LEGEND_TICKS = 8
NAME_LETTERS, LEGEND_CATEGORY_LETTERS, MOST_CATEGORY_LETTERS = 36, 11, 30  # on a line
ROOMY, MOST_CATEGORIES = 12, 26  # categories that have room for two lines each (half of them for three), and for one

CHART_COLUMNS = 2
CHART_SIZE = (11.0, 8.5)  # inches


class CategoryNorm(Normalize):
    """Position of each category of a variable, from 0 to 1; masked where a number is none of them."""

    def __init__(self, info: VariableInfo, count: int) -> None:
        super().__init__(-0.5, count - 0.5)
        self._info = info

    def __call__(self, value: Any, clip: bool | None = None) -> Any:
        numbers: NDArray[np.float64] = np.ma.filled(np.ma.asarray(value, dtype=float), np.nan)
        return super().__call__(np.ma.masked_invalid(category_positions(self._info, numbers)), clip)


class PositiveLogNorm(LogNorm):
    """Logarithms of values; those that have none get the colour of values below the scale."""

    def __call__(self, value: Any, clip: bool | None = None) -> Any:
        return super().__call__(np.ma.maximum(value, (self.vmin or 1.0) / 10), clip)


@dataclass(frozen=True, kw_only=True)
class Shading:
    """Colours of the values of one variable."""

    colours: ListedColormap
    norm: Normalize
    label: str
    categories: tuple[str, ...] = ()
    extend: str = "neither"  # at which ends values go beyond the scale

    @property
    def limits(self) -> Limits:
        """Lower and upper end of its scale."""
        return float(self.norm.vmin or 0.0), float(self.norm.vmax or 0.0)


def choose_shading(
    context: DrawContext,
    info: VariableInfo,
    values: NDArray[np.floating],
    *,
    scale: Scale | None = None,
    colormap: str | None = None,
    label: str | None = None,
) -> Shading:
    """Choose colours for values: of categories one for each.

    None stands for: the ``scale`` of the values, the ``colormap`` of the variable, its name and units as ``label``.
    """
    own, text = choose_colours(info, colormap), label or context.labels.axis_label(info)
    scale = scale or fit_scale(values, own, zero_centered=info.zero_centered, fallback=info.scale)
    colours = ListedColormap(scale_colours(own.colormap, scale, len(info.categories)) / 255)
    if info.categories:
        categories = tuple(context.translate.categories(info)[: colours.N])
        return Shading(colours=colours, norm=CategoryNorm(info, colours.N), label=text, categories=categories)
    finite = values[np.isfinite(values)]
    under, over = bool((finite < scale.low).any()), bool((finite > scale.high).any())
    extend = "both" if under and over else "min" if under else "max" if over else "neither"
    norm = (PositiveLogNorm if scale.logarithmic else Normalize)(*scale.limits)
    return Shading(colours=colours, norm=norm, label=text, extend=extend)


def add_colour_bar(
    figure: Figure,
    axes: Axes | list[Axes],
    shading: Shading,
    context: DrawContext,
    *,
    vertical: bool = True,
    bar_axes: Axes | None = None,
) -> Colorbar:
    """Add a colour bar on the right of axes, or below them if not ``vertical``; its label never runs beyond it.

    ``bar_axes``: axes that the bar fills; None: it takes its room from ``axes``.
    """
    sizes = context.sizes
    norm = Normalize(*shading.limits) if shading.categories else shading.norm
    mappable = ScalarMappable(norm=norm, cmap=shading.colours)
    extend = "neither" if shading.categories else shading.extend
    length = _shared_length(figure, axes, vertical=vertical)
    placement: dict[str, Any]
    if bar_axes is not None:
        placement = {"cax": bar_axes, "orientation": "vertical" if vertical else "horizontal"}
    else:
        placement = {"ax": axes, "location": "right" if vertical else "bottom", "pad": 0.015, "fraction": 0.05}
        placement["aspect"] = max(8.0, math.floor(length / BAR_THICKNESS))
    bar = figure.colorbar(mappable, extend=extend, extendfrac=0.03, **placement)
    length = _shared_length(figure, axes, vertical=vertical)
    bar.outline.set_visible(False)
    # Smaller and on more lines before its end, with the units, is cut off.
    for size, lines in [(sizes.body, 2), (sizes.small, 2), (sizes.small, 3), (sizes.fine, 3), (sizes.fine, 4)]:
        text = fold_text(shading.label, max(length, 1.0), size, lines)
        if not text.endswith("…"):
            break
    # Beside a map there is room for the names of categories or for that of the variable, which the title has.
    has_room = bar_axes is None or not shading.categories
    if has_room and LETTER_WIDTH * size / 72 * max(map(len, text.split("\n"))) <= LABEL_OVERHANG * length:
        bar.set_label(text, fontsize=size, labelpad=size if shading.categories else None)
    bar.ax.tick_params(labelsize=sizes.small, length=3)
    axis = bar.ax.yaxis if vertical else bar.ax.xaxis
    if shading.categories:
        letters, lines = (CATEGORY_LETTERS, 2) if has_room else (LEGEND_CATEGORY_LETTERS, 3)
        names = ["\n".join(fold_lines(category, letters, lines)) for category in shading.categories]
        every = math.ceil(len(names) * 1.2 * sizes.small / (72 * length))
        bar.set_ticks(list(range(0, len(names), every)), labels=names[::every])
        bar.ax.minorticks_off()
    else:
        most = min(9, max(3, int(length * 72 / ((3.0 if vertical else 4.5) * sizes.small))))
        if isinstance(shading.norm, LogNorm):
            ticks = choose_logarithmic_ticks(*shading.limits, most)
            bar.set_ticks(ticks, labels=[context.labels.number(tick) for tick in ticks])
            bar.ax.minorticks_off()
        else:
            axis.set_major_locator(MaxNLocator(nbins=most, steps=sorted([*TICK_STEPS, 2.5])))
            axis.set_major_formatter(NumberFormatter(context.labels, POWER_LIMITS))
            axis.get_offset_text().set_fontsize(sizes.small)
    return bar


def choose_logarithmic_ticks(low: float, high: float, most: int) -> list[float]:
    """Choose at most so many round values in a logarithmic scale: the densest of 1, 2, 5, of 1, 3, or of powers."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    candidates = [[digit * 10.0**power for power in powers for digit in digits] for digits in ((1, 2, 5), (1, 3), (1,))]
    candidates += [[10.0**power for power in powers if power % every == 0] for every in range(2, len(powers) + 1)]
    within = ([float(f"{tick:.3g}") for tick in ticks if low <= tick <= high] for ticks in candidates)
    fitting = next((ticks for ticks in within if len(ticks) <= most), [])
    if len(fitting) < 2:  # far less than a power of ten
        return [float(tick) for tick in MaxNLocator(nbins=most).tick_values(low, high) if low <= tick <= high]
    return fitting


def _shared_length(figure: Figure, axes: Axes | list[Axes], *, vertical: bool) -> float:
    """Return the length that axes have together, inches."""
    boxes = [panel.get_position() for panel in (axes if isinstance(axes, list) else [axes])]
    ends = [(box.y0, box.y1) if vertical else (box.x0, box.x1) for box in boxes]
    fraction: float = max(high for _, high in ends) - min(low for low, _ in ends)
    return fraction * float(figure.get_size_inches()[1 if vertical else 0])


def draw_layer_legend(
    info: VariableInfo, scale: Scale, colormap: str, context: DrawContext, *, bands: int | None = None
) -> Picture:
    """Draw the legend of a map layer: a vertical bar with values and name, or the categories one below the other.

    The name is in the reader's language already. ``bands``: colours of the bar; None: all of them.
    """
    labels, table = context.labels, scale_colours(colormap, scale, len(info.categories))
    colours = (table if bands is None or info.categories else resample_colours(table, bands)) / 255
    names, more_letters = _fold_categories(info.categories[: len(colours)])
    width, height = LEGEND_SIZE
    figure = Figure(figsize=(width + more_letters * LETTER_WIDTH * LEGEND_TEXT / 72, height), layout="constrained")
    axes = figure.add_subplot()
    # The units are never what is left out.
    name = labels.with_units(shorten(info.name, 2 * NAME_LETTERS - 2 * len(info.units) - 8), info.units)
    low, high = (-0.5, len(colours) - 0.5) if info.categories else scale.limits
    steps = np.arange(len(colours))[:, np.newaxis]
    ends = (0.0, 1.0) if scale.logarithmic and not info.categories else (low, high)
    axes.imshow(steps, cmap=ListedColormap(colours), aspect="auto", origin="lower", extent=(0, 1, *ends))
    axes.set_box_aspect(13)
    axes.set_anchor("W")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    if info.categories:
        axes.set_yticks(steps[:: -(-len(colours) // MOST_CATEGORIES), 0], names)
    elif scale.logarithmic:
        ticks = choose_logarithmic_ticks(low, high, LEGEND_TICKS)
        axes.set_yticks(scale.position(np.array(ticks)), [labels.number(tick) for tick in ticks])
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=LEGEND_TICKS, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(NumberFormatter(labels, POWER_LIMITS))
    rows = fold_lines(name, NAME_LETTERS)
    axes.set_ylabel("\n".join(rows), fontsize=LEGEND_TEXT if len(rows) == 1 else LEGEND_TEXT - 2)
    axes.tick_params(labelsize=LEGEND_TEXT - 1, length=3, color=INK)
    # Dark letters with a light rim: the front end shows them on land, on sea and on white.
    for text in [axes.yaxis.label, axes.yaxis.get_offset_text(), *axes.get_yticklabels()]:
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white", alpha=0.85)])
    alt = context.translate(
        "Colours of {name} from {low} to {high}", name=name, low=labels.number(low), high=labels.number(high)
    )
    picture_info = PictureInfo(title=name, alt=alt, source=context.translate.attribution(info) or info.dataset)
    return Picture(figure=figure, info=picture_info, transparent=True)


def _fold_categories(categories: list[str]) -> tuple[list[str], int]:
    """Break the names of the categories that a legend has room for, and count the letters by which it is to be wider.

    A narrow legend is enough where the names are not cut.
    """
    lines = 1 + (len(categories) <= ROOMY) + (len(categories) <= ROOMY // 2)
    shown = categories[:: max(1, -(-len(categories) // MOST_CATEGORIES))]
    for letters in range(LEGEND_CATEGORY_LETTERS, MOST_CATEGORY_LETTERS + 1):
        names = ["\n".join(fold_lines(category, letters, lines)) for category in shown]
        if not any(name.endswith("…") for name in names):
            break
    return names, letters - LEGEND_CATEGORY_LETTERS


def draw_colormap_chart(ramps: list[tuple[str, str, NDArray[np.uint8]]], context: DrawContext) -> Picture:
    """Draw every colormap on one page: its id, its name in the reader's language, and its colours (n, 3)."""
    figure, translate = Figure(figsize=CHART_SIZE), context.translate
    title, credit = translate("Colormaps"), translate("cmocean (MIT) and ramps of our own")
    add_titles(figure, title, translate("Name, and the id to ask for it"), credit, Sizes(10))
    rows = -(-len(ramps) // CHART_COLUMNS)
    grid = figure.add_gridspec(rows, CHART_COLUMNS, wspace=0.05)
    for position, (key, name, ramp) in enumerate(ramps):
        axes = figure.add_subplot(grid[position % rows, position // rows])
        axes.imshow(ramp[np.newaxis], aspect="auto", extent=(0.012, 0.42, 0, 1))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_axis_off()
        axes.text(0.44, 0.52, name, fontsize=8.5, va="bottom")
        axes.text(0.44, 0.46, key, fontsize=6.5, va="top", color=MUTED)
    alt = translate("The colormaps that pictures can be drawn in")
    return Picture(figure=figure, info=PictureInfo(title=title, alt=alt, source="cmocean"))
