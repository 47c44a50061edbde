"""Profiles that are compared: what was measured as dots, what models say of it as lines, and which is which."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from ocean_plotting.figure import stations
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import INK, LINES, MUTED, Sizes, folded
from ocean_plotting.plots.coverage import Floats
from ocean_plotting.plots.matchup import model_key

PANELS = 3  # in a row
SPARSE = 3  # values of a line that must be marked to be seen
DENSE = 80  # dots of a profile beyond which they are small
ALONE = {"observed": INK, "climatology": "#7a6a3a"}  # colours of a single station; models have those of lines
LINE = {"climatology": (0, (1.2, 1.2))}
MODELS: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1)))
SIGNS = ("D", "s", "^", "v")  # of models, where a line has hardly a value

Role = Literal["observed", "model", "climatology"]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One of the things that are compared."""

    role: Role
    label: str
    name: str = ""  # of the model alone
    number: int = 0  # among the models

    @property
    def key(self) -> str:
        """Of its values in a `Matchup`."""
        return model_key(self.number) if self.role == "model" else self.role

    def style(self, station: "Dotted", sizes: Sizes, values: int = DENSE) -> dict[str, Any]:
        """How it is drawn: at one of several stations by the station's colour, else by its own."""
        colour = ALONE.get(self.role, LINES[self.number % len(LINES)]) if station.alone else station.colour
        if self.role == "observed":
            size = sizes.marker * (1.0 if values <= DENSE else 0.6)
            # Few dots far apart need a line to be seen as one profile.
            joined = "-" if values <= DENSE else ""
            return {
                "color": colour, "marker": station.marker, "markersize": size, "linestyle": joined,
                "linewidth": 0.35 * sizes.line,
            }  # fmt: skip
        return {
            "color": colour,
            "linestyle": LINE.get(self.role, MODELS[self.number % len(MODELS)]),
            "linewidth": sizes.line,
            "marker": SIGNS[self.number % len(SIGNS)] if values <= SPARSE else None,
            "markersize": 1.3 * sizes.marker,
        }


class Dotted(stations.Marked, frozen=True, kw_only=True):
    """A station that is listed by its dot: lines tell what is compared."""

    alone: bool = False  # there is no other: colours tell what is compared, too

    @property
    def colour(self) -> str:
        """Of what was measured."""
        return INK if self.alone else super().colour

    def style(self, sizes: Sizes, *, markers: bool) -> dict[str, Any]:
        """A dot."""
        return {**super().style(sizes, markers=markers), "linestyle": "", "marker": self.marker}


def panels(figure: Figure, number: int, sheet: Sheet, *, side: bool) -> tuple[list[Axes], SubplotSpec]:
    """Room for so many panels, and beside them for the stations."""
    across = min(number, PANELS)
    down = -(-number // across)
    widths = [1.0] * across + ([stations.share(across, sheet)] if side else [])
    grid = figure.add_gridspec(down, len(widths), width_ratios=widths)
    made = [figure.add_subplot(grid[position // across, position % across]) for position in range(number)]
    return made, grid[:, -1]


def draw(panel: Axes, series: Series, station: Dotted, level: tuple[Floats, Floats], sizes: Sizes) -> bool:
    """Draw one series at one station, ``level`` being its depths and values (level,); whether there are any."""
    there = np.isfinite(level).all(axis=0)
    if there.any():
        depth, values = (one[there] for one in level)
        above = 3 if series.role == "observed" else 2
        panel.plot(values, depth, **series.style(station, sizes, len(values)), zorder=above)
    return bool(there.any())


def legend(figure: Figure, series: list[Series], sheet: Sheet, *, alone: bool) -> None:
    """Say above the panels what dots and lines are. After `frame`, which has left room for the panels."""
    sizes, engine = sheet.sizes, figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # noqa: S101 - `frame` has set it
    size, width = sizes.small, sheet.width * 72 / sizes.small  # of the text, and of the figure in its heights
    texts = [folded(one.label, 0.8 * sheet.width, size) for one in series]
    station = Dotted(place=(0.0, 0.0), name=None, number=0, data=True, alone=alone)
    styles = [one.style(station, sizes) | ({} if alone else {"color": MUTED}) for one in series]
    longest = max(len(line) for text in texts for line in text.split("\n"))
    columns = max(1, min(int(0.97 * width / (0.57 * longest + 5)), len(series)))
    rows = -(-len(series) // columns) * max(text.count("\n") + 1 for text in texts)
    left, bottom, across, up = engine.get()["rect"]
    figure.legend(
        handles=[Line2D([], [], label=text, **style) for text, style in zip(texts, styles, strict=True)],
        loc="upper left", bbox_to_anchor=(left, bottom + up), ncols=columns, fontsize=size, frameon=False,
        borderpad=0, borderaxespad=0.9, handlelength=2.4, columnspacing=1.6, labelspacing=0.3,
    )  # fmt: skip
    engine.set(rect=(left, bottom, across, up - (1.55 * rows + 0.5) * size / 72 / sheet.height))
