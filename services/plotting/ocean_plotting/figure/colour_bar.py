"""The legend of a map layer: a bar of its colours, readable on any ground."""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.colour import Limits
from ocean_plotting.figure import labels
from ocean_plotting.figure.axes import Numbers
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import INK, About, Picture
from ocean_plotting.palettes import LEVELS, category_colours, resample_colours

SIZE = (1.55, 4.2)  # inches
DPI = 100
TEXT = 10  # points
LETTERS, CATEGORY = 36, 11  # of the name, and of a category, on a line
ROOMY, MOST = 12, 26  # categories that have room for two lines each, and for one


def draw(info: VariableInfo, scale: Limits, ramp: NDArray[np.uint8], sheet: Sheet) -> Picture:
    """Draw a vertical bar with its values and the variable's name; or the categories, one below the other.

    The name is in the reader's language already.
    """
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    # The units are never what is left out.
    translate, words = sheet.translate, sheet.words
    name = words.measured(labels.shortened(info.name, 2 * LETTERS - 2 * len(info.units) - 8), info.units)
    colours = (
        category_colours(ramp, len(info.categories)) if info.categories else resample_colours(ramp, LEVELS)
    ) / 255
    low, high = (-0.5, len(colours) - 0.5) if info.categories else scale
    steps = np.arange(len(colours))[:, np.newaxis]
    axes.imshow(steps, cmap=ListedColormap(colours), aspect="auto", origin="lower", extent=(0, 1, low, high))
    axes.set_box_aspect(13)
    axes.set_anchor("W")
    axes.grid(visible=False)
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    if info.categories:
        every = -(-len(colours) // MOST)
        lines = 2 if len(colours) <= ROOMY else 1
        named = ["\n".join(labels.folded(one, CATEGORY, lines)) for one in info.categories[: len(colours) : every]]
        axes.set_yticks(steps[::every, 0], named)
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 2.5, 5, 10]))
        formatter = Numbers(words)
        formatter.set_powerlimits((-4, 5))
        axes.yaxis.set_major_formatter(formatter)
    rows = labels.folded(name, LETTERS)
    axes.set_ylabel("\n".join(rows), fontsize=TEXT if len(rows) == 1 else TEXT - 2)
    axes.tick_params(labelsize=TEXT - 1, length=3, color=INK)
    # Dark letters with a light rim: the front end shows them on land, on sea and on white.
    texts = [axes.yaxis.label, axes.yaxis.get_offset_text(), *axes.get_yticklabels()]
    for text in texts:
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white", alpha=0.85)])
    about = About.of(
        title=name,
        alt=translate(
            "Colours of {name} from {low} to {high}", name=name, low=words.number(low), high=words.number(high)
        ),
        source=info.attribution or info.dataset,
    )
    return Picture(figure=figure, about=about, transparent=True)
