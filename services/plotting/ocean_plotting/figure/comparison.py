"""Observed profiles beside modelled ones: dots and lines, and the legend that explains them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import INK, LINE_COLOURS, MUTED, Sizes, fold_text
from ocean_plotting.figure.stations import StationMark

SPARSE = 3  # values of a line that must be marked to be seen
DENSE = 80  # dots of a profile beyond which they are small
OWN_COLOURS = {"observed": INK, "climatology": "#7a6a3a"}  # at a single station; models have those of lines
DASHES = {"climatology": (0, (1.2, 1.2))}
MODEL_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1)))
MODEL_MARKERS = ("D", "s", "^", "v")  # where a line has hardly a value

Role = Literal["observed", "model", "climatology"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ComparedSeries:
    """Observation, model or climatology, as it is drawn at every station."""

    role: Role
    label: str
    name: str = ""  # of the model alone
    number: int = 0  # among the models

    def style(self, station: "DottedStation", sizes: Sizes, values: int = DENSE) -> dict[str, Any]:
        """Return its style: in the colour of one of several stations, else in its own."""
        own_colour = OWN_COLOURS.get(self.role, LINE_COLOURS[self.number % len(LINE_COLOURS)])
        colour = own_colour if station.alone else station.colour
        if self.role == "observed":
            return {
                "color": colour,
                "marker": station.marker,
                "markersize": sizes.marker * (1.0 if values <= DENSE else 0.6),
                "linestyle": "-" if values <= DENSE else "",  # few dots far apart need a line to read as one profile
                "linewidth": 0.35 * sizes.line,
            }
        return {
            "color": colour,
            "linestyle": DASHES.get(self.role, MODEL_DASHES[self.number % len(MODEL_DASHES)]),
            "linewidth": sizes.line,
            "marker": MODEL_MARKERS[self.number % len(MODEL_MARKERS)] if values <= SPARSE else None,
            "markersize": 1.3 * sizes.marker,
        }


class DottedStation(StationMark, frozen=True, kw_only=True):
    """A station that is listed by its dot, since lines stand for models."""

    alone: bool = False  # the only one: colours stand for observation and models

    @property
    def colour(self) -> str:
        """Colour of the observation."""
        return INK if self.alone else super().colour

    def style(self, sizes: Sizes, *, markers: bool) -> dict[str, Any]:
        """Return the style of a dot."""
        return {**super().style(sizes, markers=markers), "linestyle": "", "marker": self.marker}


def draw_compared_profile(
    panel: Axes, series: ComparedSeries, station: DottedStation, profile: tuple[Floats, Floats], sizes: Sizes
) -> bool:
    """Draw a series at one station, given its depths and values (level,); return whether it has any."""
    finite = np.isfinite(profile).all(axis=0)
    if finite.any():
        depth, values = (column[finite] for column in profile)
        zorder = 3 if series.role == "observed" else 2
        panel.plot(values, depth, **series.style(station, sizes, len(values)), zorder=zorder)
    return bool(finite.any())


def add_comparison_legend(
    figure: Figure, series: Sequence[ComparedSeries], context: DrawContext, *, alone: bool
) -> None:
    """Explain dots and lines above the panels, which take their room from what `add_titles` left."""
    sizes, engine = context.sizes, figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # noqa: S101 - set by `add_titles`
    size, width = sizes.small, context.width * 72 / sizes.small  # of the text, and of the figure in its heights
    texts = [fold_text(entry.label, 0.8 * context.width, size) for entry in series]
    station = DottedStation(place=(0.0, 0.0), name=None, number=0, data=True, alone=alone)
    styles = [entry.style(station, sizes) | ({} if alone else {"color": MUTED}) for entry in series]
    longest = max(len(line) for text in texts for line in text.split("\n"))
    columns = max(1, min(int(0.97 * width / (0.57 * longest + 5)), len(series)))
    rows = -(-len(series) // columns) * max(text.count("\n") + 1 for text in texts)
    left, bottom, across, up = engine.get()["rect"]
    figure.legend(
        handles=[Line2D([], [], label=text, **style) for text, style in zip(texts, styles, strict=True)],
        loc="upper left", bbox_to_anchor=(left, bottom + up), ncols=columns, fontsize=size, frameon=False,
        borderpad=0, borderaxespad=0.9, handlelength=2.4, columnspacing=1.6, labelspacing=0.3,
    )  # fmt: skip
    engine.set(rect=(left, bottom, across, up - (1.55 * rows + 0.5) * size / 72 / context.height))
