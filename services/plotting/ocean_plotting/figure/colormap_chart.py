"""All colormaps on one page."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import MUTED, About, Picture, Sizes, frame

COLUMNS = 2
SIZE = (11.0, 8.5)  # inches

Ramps = list[tuple[str, str, NDArray[np.uint8]]]  # id, name in the reader's language, colours (n, 3)


def draw(ramps: Ramps, sheet: Sheet) -> Picture:
    """Draw every ramp with its name and id."""
    figure, sizes, translate = Figure(figsize=SIZE), Sizes(10), sheet.translate
    title = translate("Colormaps")
    credit = translate("cmocean (MIT) and ramps of our own")
    frame(figure, title, translate("Name, and the id to ask for it"), credit, sizes)
    rows = -(-len(ramps) // COLUMNS)
    grid = figure.add_gridspec(rows, COLUMNS, wspace=0.05)
    for position, (key, name, ramp) in enumerate(ramps):
        axes = figure.add_subplot(grid[position % rows, position // rows])
        axes.imshow(ramp[np.newaxis], aspect="auto", extent=(0.012, 0.42, 0, 1))
        axes.set(xlim=(0, 1), ylim=(0, 1))
        axes.set_axis_off()
        axes.text(0.44, 0.52, name, fontsize=8.5, va="bottom")
        axes.text(0.44, 0.46, key, fontsize=6.5, va="top", color=MUTED)
    about = About.of(title=title, alt=translate("The colormaps that pictures can be drawn in"), source="cmocean")
    return Picture(figure=figure, about=about)
