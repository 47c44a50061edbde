"""A drawn figure and what is said about it in its file; the look that all figures share."""

from dataclasses import dataclass
from io import BytesIO

import matplotlib as mpl
import msgspec
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ocean_plotting import __version__
from ocean_plotting.figure import labels

INK, MUTED, GRID = "#1b2733", "#5b6975", "#dfe5ea"
LAND, COAST, SEA, MERIDIAN = "#e4dfd3", "#b9b1a0", "#f3f8fb", "#c4ced6"

BOLD = 0.88  # of the figure's width, that titles are folded to: bold letters are wider

# Paul Tol's "bright" without its grey: told apart by every kind of colour vision.
LINES = ("#4477aa", "#ee6677", "#228833", "#b89b1e", "#3fa7c8", "#aa3377")
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

# Constant for the process, so that threads may draw as well. Names come from files and
# callers: a dollar sign in one is a dollar sign.
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
        "svg.hashsalt": "ocean",  # not a new set of ids for every picture
        "pdf.fonttype": 42,
        "ps.fonttype": 3,  # the other kind costs three seconds a page
    }
)


class About(msgspec.Struct, frozen=True, kw_only=True):
    """A picture in words, and where it comes from: for its file, and for who cannot see it."""

    title: str
    alt: str  # what it shows of what, where and when; from where to where values go, and how
    source: str  # who made the data
    dataset: str = ""  # id
    revision: str = ""
    time: str = ""  # of the data, ISO 8601
    software: str = f"Ocean Navigator plotting {__version__}"

    @classmethod
    def of(cls, *, title: str, alt: str, source: str, dataset: str = "", revision: str = "", time: str = "") -> "About":
        """What is said, each on one line."""
        words = (labels.one_line(text) for text in (title, alt, source, dataset, revision, time))
        return cls(**dict(zip(("title", "alt", "source", "dataset", "revision", "time"), words, strict=True)))


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A figure, ready to be written."""

    figure: Figure
    about: About
    transparent: bool = False


class Sizes(msgspec.Struct, frozen=True):
    """Sizes of text, lines and markers, points: smaller on a small figure."""

    body: float

    @classmethod
    def on(cls, width: float, height: float) -> "Sizes":
        """Fit the text to a figure of this size in inches."""
        return cls(min(12.0, max(5.5, 3.6 + 0.6 * min(width, 1.6 * height))))

    @property
    def title(self) -> float:
        """Of the figure."""
        return 1.35 * self.body

    @property
    def small(self) -> float:
        """Of tick labels and legends."""
        return 0.9 * self.body

    @property
    def fine(self) -> float:
        """Of credits."""
        return 0.75 * self.body

    @property
    def line(self) -> float:
        """Width of the lines that show data."""
        return 0.14 * self.body

    @property
    def marker(self) -> float:
        """Of values along a line."""
        return 0.3 * self.body

    @property
    def dot(self) -> float:
        """Of places on a map."""
        return 0.65 * self.body


def folded(text: str, width: float, size: float, lines: int = 2) -> str:
    """Break ``text`` into at most ``lines`` lines that fit a width in inches at a size in points."""
    letters = max(8, int(width * 72 / (0.58 * size)))
    return "\n".join(labels.folded(text, letters, lines))


def figure_of(axes: Axes) -> Figure:
    """The figure that axes stand on."""
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101 - axes that were just added to one
    return figure


def inches(axes: Axes) -> tuple[float, float]:
    """Width and height of axes, before a layout takes from them what labels need."""
    (width, height), place = figure_of(axes).get_size_inches(), axes.get_position()
    return float(width * place.width), float(height * place.height)


class Steady(ConstrainedLayoutEngine):
    """A layout that comes out the same each time: the order of its solver's sums is that of addresses in memory."""

    def execute(self, fig: Figure) -> None:
        """Lay out, and round."""
        super().execute(fig)
        for axes in fig.axes:
            laid, place = axes.get_in_layout(), axes.get_position(original=True).bounds
            left, low, width, height = (round(one, 6) for one in place)
            axes.set_position((left, low, width, height), which="original")
            axes.set_in_layout(laid)


def frame(figure: Figure, title: str, subtitle: str, credit: str, sizes: Sizes) -> None:
    """Write the title above, the credit below, and lay everything else out between them."""
    width, height = figure.get_size_inches()
    margin = 0.9 * sizes.body / 72 / width
    title, credit = folded(title, BOLD * width, sizes.title), folded(credit, 0.97 * width, sizes.fine)
    subtitle = folded(subtitle, 0.97 * width, sizes.body)
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
    figure.set_layout_engine(Steady(rect=(0, bottom, 1, top - bottom), w_pad=pad, h_pad=pad))


def warm() -> None:
    """Draw what every figure has, so that the first one asked for finds fonts and code loaded."""
    figure = Figure(figsize=(3, 2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], label="°C m s⁻¹")
    axes.legend()
    axes.set_title("Warm", fontweight="bold")
    figure.savefig(BytesIO(), format="png")
