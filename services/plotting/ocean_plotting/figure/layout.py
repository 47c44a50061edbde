"""Pictures and the layout that all figures share: titles, credits, sizes of text, and free places for labels."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import matplotlib as mpl
import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator
from numpy.typing import ArrayLike, NDArray

from ocean_plotting import __version__
from ocean_plotting.figure.labels import fold_lines, to_one_line

INK, MUTED, GRID = "#1b2733", "#5b6975", "#dfe5ea"
LAND, COAST, SEA, MERIDIAN = "#e4dfd3", "#b9b1a0", "#f3f8fb", "#c4ced6"

# Paul Tol's "bright" without its grey: told apart by every kind of colour vision.
LINE_COLOURS = ("#4477aa", "#ee6677", "#228833", "#b89b1e", "#3fa7c8", "#aa3377")

BOLD_WIDTH = 0.88  # of the figure's width, that titles are folded to: bold letters are wider
LOW_PANEL = 1.6  # inches: higher panels need no thinning of ticks
SMALLEST_LABEL = 0.7  # of its usual size, that an axis label may shrink to

# Alignment of a label beside a point, and its direction from there; the likeliest first.
SIDES = (
    ("left", "center", 1, 0), ("right", "center", -1, 0), ("left", "bottom", 1, 1), ("left", "top", 1, -1),
    ("right", "bottom", -1, 1), ("right", "top", -1, -1), ("center", "bottom", 0, 1), ("center", "top", 0, -1),
)  # fmt: skip
LINE_FRACTIONS = (0.5, 0.62, 0.38, 0.74, 0.26, 0.86, 0.14, 0.93, 0.07)  # of a line's length, the likeliest first
LINE_GAPS = {"center": 0.0, "bottom": 1.5, "top": -1.5}  # points between a line and its label above or below
TANGENT_REACH = 10.0  # points to each side, over which a line's direction is taken

Points = NDArray[np.float64]

# Constant for the process. Names come from files and callers: a dollar sign in one is a dollar sign.
mpl.rcParams.update(
    {
        "text.parse_math": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.8,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.7,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "ocean",  # the same ids in every file
        "pdf.fonttype": 42,
        "ps.fonttype": 3,  # the other kind takes three seconds a page
    }
)


class PictureInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Title, alternative text and provenance of a picture, for its file and for screen readers."""

    title: str
    alt: str  # variables, place and time, with the range of the values
    source: str  # who made the data
    dataset: str = ""  # id
    revision: str = ""
    time: str = ""  # of the data, ISO 8601
    software: str = f"Ocean Navigator plotting {__version__}"

    def __post_init__(self) -> None:
        for name in ("title", "alt", "source", "dataset", "revision", "time"):
            msgspec.structs.force_setattr(self, name, to_one_line(getattr(self, name)))


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure, ready to be written to a file."""

    figure: Figure
    info: PictureInfo
    transparent: bool = False


class Sizes:
    """Sizes of text, lines and markers in points."""

    def __init__(self, body: float) -> None:
        self.body = body
        self.title = 1.35 * body
        self.small = 0.9 * body  # of tick labels and legends
        self.fine = 0.75 * body  # of credits
        self.line = 0.14 * body  # width of the lines that show data
        self.marker = 0.3 * body  # of the values along a line
        self.dot = 0.65 * body  # of the stations on a map

    @classmethod
    def for_figure(cls, width: float, height: float) -> "Sizes":
        """Fit the text to a figure of this size in inches: smaller on a small figure."""
        return cls(min(12.0, max(5.5, 3.6 + 0.6 * min(width, 1.6 * height))))


def fold_text(text: str, width: float, size: float, lines: int = 2) -> str:
    """Break ``text`` into at most ``lines`` lines that fit a width in inches at a size in points."""
    letters = max(8, int(width * 72 / (0.58 * size)))
    return "\n".join(fold_lines(text, letters, lines))


def get_figure(axes: Axes) -> Figure:
    """Return the figure of axes."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - axes that were just added to one
    return figure


def axes_inches(axes: Axes) -> tuple[float, float]:
    """Return width and height of axes, before the layout takes from them what labels need."""
    (width, height), position = get_figure(axes).get_size_inches(), axes.get_position()
    return float(width * position.width), float(height * position.height)


def panel_length(axes: Axes, *, vertical: bool) -> float:
    """Return width or height of axes, inches, without what titles and credits take from the height of small figures."""
    length, engine = axes_inches(axes)[int(vertical)], get_figure(axes).get_layout_engine()
    return float(length * engine.get().get("rect", (0, 0, 1, 1))[3]) if vertical and engine else length


class RoundedLayoutEngine(ConstrainedLayoutEngine):
    """Constrained layout with rounded positions: the order of its solver's sums depends on memory addresses."""

    def execute(self, fig: Figure) -> None:
        """Lay out, and round."""
        super().execute(fig)
        for axes in fig.axes:
            in_layout, position = axes.get_in_layout(), axes.get_position(original=True).bounds
            left, bottom, width, height = (round(side, 6) for side in position)
            axes.set_position((left, bottom, width, height), which="original")
            axes.set_in_layout(in_layout)


def add_titles(figure: Figure, title: str, subtitle: str, credit: str, sizes: Sizes) -> None:
    """Write the title above and the credit below, and lay everything else out between them."""
    width, height = figure.get_size_inches()
    margin = 0.9 * sizes.body / 72 / width
    title, credit = fold_text(title, BOLD_WIDTH * width, sizes.title), fold_text(credit, 0.97 * width, sizes.fine)
    subtitle = fold_text(subtitle, 0.97 * width, sizes.body)
    point = 1 / 72 / height  # of the figure's height
    top = 1 - 0.8 * sizes.body * point
    figure.text(margin, top, title, fontsize=sizes.title, fontweight="bold", va="top", ha="left")
    top -= (1.3 * (title.count("\n") + 1)) * sizes.title * point
    figure.text(margin, top, subtitle, fontsize=sizes.body, color=MUTED, va="top", ha="left")
    top -= (1.3 * (subtitle.count("\n") + 1) + 0.4) * sizes.body * point
    bottom = 0.7 * sizes.fine * point
    figure.text(margin, bottom, credit, fontsize=sizes.fine, color=MUTED, va="bottom", ha="left")
    bottom += (1.3 * (credit.count("\n") + 1) + 0.3) * sizes.fine * point
    pad = 0.5 * sizes.body / 72
    figure.set_layout_engine(RoundedLayoutEngine(rect=(0, bottom, 1, top - bottom), w_pad=pad, h_pad=pad))


def get_content_box(figure: Figure) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height of what `add_titles` left free, in fractions of the figure."""
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # noqa: S101 - set by `add_titles`
    left, bottom, width, height = engine.get()["rect"]
    return left, bottom, width, height


def draw_warmup() -> None:
    """Draw what every figure has, so that the first one requested finds fonts and code loaded."""
    figure = Figure(figsize=(3, 2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], label="°C m s⁻¹")
    axes.legend()
    axes.set_title("Warm-up", fontweight="bold")
    figure.savefig(BytesIO(), format="png")


def freeze_layout(figure: Figure) -> None:
    """Lay the figure out now and never again: labels are placed by where things lie."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
    figure.set_layout_engine("none")


class LabelPlacer:
    """Finds places in a panel where labels cover neither each other nor the data.

    The figure's layout must be frozen, and the panel's limits must stay.
    """

    def __init__(self, axes: Axes) -> None:
        self._axes, self._points = axes, 72 / get_figure(axes).dpi
        self._frame = np.array(axes.get_window_extent().extents) * self._points
        # (n, 4): left, bottom, right, top of what is covered, in points from the figure's lower left corner.
        self._covered = np.empty((0, 4))

    def to_points(self, x: ArrayLike, y: ArrayLike) -> Points:
        """Convert data coordinates to points from the figure's lower left corner, shape (n, 2)."""
        return np.asarray(self._axes.transData.transform(np.column_stack([x, y])) * self._points)

    def keep_clear(self, x: ArrayLike, y: ArrayLike, radius: float, *, line: bool = False) -> None:
        """Keep labels off data by ``radius`` points; with ``line``, also off the line between them."""
        positions = self.to_points(x, y)
        positions = positions[np.isfinite(positions).all(axis=1)]
        if line and len(positions) > 1:
            steps = np.clip(np.hypot(*np.diff(positions, axis=0).T) / max(radius, 2.0), 1, 500).astype(int)
            pieces = [
                np.linspace(start, end, count, endpoint=False)
                for start, end, count in zip(positions, positions[1:], steps, strict=False)
            ]
            positions = np.concatenate([*pieces, positions[-1:]])
        self._covered = np.concatenate([self._covered, np.column_stack([positions - radius, positions + radius])])

    def reserve(self, label: Text, pad: float = 1.0) -> bool:
        """Reserve the place of a label, if it is free and within the panel; return whether it was."""
        left, bottom, right, top = np.array(label.get_window_extent().extents) * self._points
        covered, (west, south, east, north) = self._covered, self._frame
        overlaps = (covered[:, 0] < right + pad) & (covered[:, 2] > left - pad)
        overlaps &= (covered[:, 1] < top + pad) & (covered[:, 3] > bottom - pad)
        if overlaps.any() or left < west + pad or right > east - pad or bottom < south + pad or top > north - pad:
            return False
        self._covered = np.vstack([covered, [left, bottom, right, top]])
        label.set_in_layout(False)
        return True

    def label_point(self, position: tuple[float, float], text: str, gap: float, **style: Any) -> bool:
        """Write ``text`` on the first free side of a point, ``gap`` points away; return False if there is none."""
        label = self._axes.annotate(text, position, xytext=(0, 0), textcoords="offset points", **style)
        for horizontal, vertical, right, up in SIDES:
            label.set(ha=horizontal, va=vertical)
            label.xyann = (gap * right, gap * up)
            if self.reserve(label):
                return True
        label.remove()
        return False

    def label_line(self, line: Points, text: str, *, va: str = "center", **style: Any) -> bool:
        """Write ``text`` along a line (n, 2) where it is free, near its middle if possible.

        ``va``: "center" on the line, "bottom" above it, "top" below it. Return False if there is no free place.
        """
        positions = self._axes.transData.transform(line) * self._points
        length = np.concatenate([[0.0], np.hypot(*np.diff(positions, axis=0).T).cumsum()])
        to_data = self._axes.transData.inverted()
        label = self._axes.text(0, 0, text, rotation_mode="anchor", ha="center", va=va, **style)
        for fraction in LINE_FRACTIONS:
            distance = fraction * length[-1]
            before, point, after = (
                np.array([np.interp(distance + step, length, column) for column in positions.T])
                for step in (-TANGENT_REACH, 0.0, TANGENT_REACH)
            )
            angle = (np.degrees(np.arctan2(*(after - before)[::-1])) + 90) % 180 - 90
            offset = LINE_GAPS[va] * np.array([-np.sin(np.radians(angle)), np.cos(np.radians(angle))])
            label.set(position=to_data.transform((point + offset) / self._points), rotation=angle)
            if self.reserve(label):
                return True
        label.remove()
        return False


def thin_ticks(figure: Figure, panels: list[Axes]) -> None:
    """Shrink axis labels and drop ticks that have no room, if any of the panels has become low."""
    if min(panel.get_position().height for panel in panels) * figure.get_figheight() > LOW_PANEL:
        return
    figure.draw_without_rendering()
    for axes in filter(lambda axes: axes.axison, figure.axes):
        height, label = axes.get_window_extent().height, axes.yaxis.label
        length = label.get_window_extent().height
        if label.get_text() and length > height:
            if height / length >= SMALLEST_LABEL:
                label.set_fontsize(float(label.get_fontsize()) * height / length)
            else:
                label.set_text("")
        low, high = sorted(axes.get_ylim())
        ticks = [tick for tick in axes.get_yticks() if low <= tick <= high]
        label_height = max((label.get_window_extent().height for label in axes.get_yticklabels()), default=0.0)
        most = max(1, int(height / (1.3 * label_height))) if label_height else len(ticks)
        if len(ticks) > most:  # as many as fit, counted from the first
            axes.yaxis.set_major_locator(FixedLocator(ticks[:: -(-len(ticks) // most)]))
