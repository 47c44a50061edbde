"""Overlays of maps: contour lines and hatching, depth contours, arrows, and the scale bar."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patches import Rectangle as RectanglePatch
from matplotlib.patheffects import withStroke
from matplotlib.quiver import Quiver
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from ocean_core.colour import data_limits
from ocean_core.geometry import WGS84
from ocean_plotting.basemap.relief import ReliefFile
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import INK, axes_inches
from ocean_plotting.figure.legends import Shading
from ocean_plotting.figure.map import Z_ARROWS, Z_HATCHING, Z_LINES, Z_OUTLINES
from ocean_plotting.figure.view import View

ISOBATHS = (100.0, 200.0, 500.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0)  # m
RELIEF_CELLS = 240  # along the longer side of a map
HATCHES = ("", "..", "//", "xx", "\\\\", "++", "oo", "--", "OO", "**")
ISOBATH_COLOUR = "#3c4a57"
CHOSEN_LEVELS = 6
LABEL_MARGIN = 0.06  # of a map: so close to its frame stands no label

LONGEST_ARROW = 1.3  # of the longest usual arrow, in their spacing
USUAL_PERCENTILE = 95.0  # longer arrows are outliers
ARROW_OUTLINE = 0.4  # points
EQUAL_LENGTH = 0.85  # of arrows whose length shows nothing, in their spacing
BEARING_STEP = 1e-3  # degrees north, in which the direction of north is measured

SHORTEST_MAP = 1.2  # inches: on a smaller one a scale bar would be in the way
WIDEST_BAR = 0.25  # of the map's width
BOX_HEIGHT, BOX_PADDING, BOX_MARGIN, BAR_TICK = 2.1, 0.5, 0.5, 0.5  # of a scale bar, in heights of its text
KILOMETRE = 1000.0  # m
ROUND_LENGTHS = (1.0, 2.0, 5.0)  # times a power of ten
MOST_UNEVEN = 1.25  # the greatest ratio of scales within a map with a scale bar: on others no length is true
SCALE_SAMPLES = 9  # points along each side of the map

Floats = NDArray[np.float64]


def draw_isobaths(axes: Axes, view: View, relief: ReliefFile, context: DrawContext) -> None:
    """Draw contours of depth, each labelled once."""
    shape = view.shape(RELIEF_CELLS)
    x, y = view.cells(shape)
    depth = -sample_relief(relief, view, shape)
    if not np.isfinite(depth).any():
        return
    levels = [level for level in ISOBATHS if np.nanmin(depth) < level < np.nanmax(depth)]
    if levels:
        widths = [0.5 if level < 1000 else 0.8 for level in levels]
        lines = axes.contour(x, y, depth, levels, colors=ISOBATH_COLOUR, linewidths=widths, alpha=0.75, zorder=Z_LINES)
        size = 0.8 * context.sizes.small
        label_contours(axes, lines, lambda level: context.labels.number(level, 0), size, view)


def sample_relief(relief: ReliefFile, view: View, shape: tuple[int, int]) -> Floats:
    """Interpolate heights (m) bilinearly at the cells of a map; NaN where there is none."""
    x, y = view.cells(shape)
    latitude, longitude = view.earth(*np.meshgrid(x, y))
    west, south, east, north = view.box()
    cells = max(shape) * 2 if view.pole is not None else max(shape)
    latitudes, longitudes, heights = relief.heights((west, max(south, -90.0), east, min(north, 90.0)), cells)
    row = (latitude - latitudes[0]) / (latitudes[1] - latitudes[0])
    column = (longitude - longitudes[0]) % 360.0 / (longitudes[1] - longitudes[0])
    inside = np.isfinite(row) & (row >= 0) & (row <= len(latitudes) - 1) & (column <= len(longitudes) - 1)
    row = np.clip(np.nan_to_num(row), 0, len(latitudes) - 1.001)
    column = np.clip(np.nan_to_num(column), 0, len(longitudes) - 1.001)
    i, j = row.astype(int), column.astype(int)
    di, dj = row - i, column - j
    lower = heights[i, j] * (1 - dj) + heights[i, j + 1] * dj
    upper = heights[i + 1, j] * (1 - dj) + heights[i + 1, j + 1] * dj
    return np.where(inside, lower * (1 - di) + upper * di, np.nan)


def label_contours(axes: Axes, contours: Any, format_level: Callable[[float], str], size: float, view: View) -> None:
    """Label each level once: on the longest of its lines, far from the labels that stand already."""
    left, bottom, right, top = view.extent
    corner, side = np.array([left, bottom]), np.array([right - left, top - bottom])
    occupied: list[Floats] = []  # positions of labels, in fractions of the map
    for level, lines in zip(contours.levels, contours.allsegs, strict=True):
        best, farthest, angle = None, 0.12, 0.0
        for line in sorted(lines, key=len, reverse=True)[:3]:
            fractions = (line - corner) / side
            for index in range(2, len(line) - 2, max(1, len(line) // 24)):
                position = fractions[index]
                if min(*position, *(1 - position)) < LABEL_MARGIN:
                    continue
                distance = min((float(np.hypot(*(position - label))) for label in occupied), default=1.0)
                if distance > farthest:
                    ahead = line[index + 2] - line[index - 2]
                    best, farthest = line[index], distance
                    angle = float(np.degrees(np.arctan2(ahead[1], ahead[0])))
        if best is not None:
            occupied.append((best - corner) / side)
            axes.text(
                best[0], best[1], format_level(float(level)), fontsize=size, color=INK, ha="center", va="center",
                clip_on=True, rotation=(angle + 90) % 180 - 90, rotation_mode="anchor", zorder=Z_LINES + 0.1,
                bbox={"facecolor": "white", "alpha": 0.65, "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip


def choose_levels(values: Floats, requested: Sequence[float] | None) -> list[float]:
    """Return the requested levels, or some even ones within the values."""
    if requested is not None:
        return sorted(requested)
    low, high = data_limits(values) or (0.0, 0.0)
    if low == high:
        return []
    ticks = MaxNLocator(nbins=CHOSEN_LEVELS).tick_values(low, high)
    return [float(tick) for tick in ticks if low < tick < high]


class ContourField(NamedTuple):
    """Values that contours are drawn of."""

    values: Floats  # (row, column): at the cells of the map
    levels: list[float]
    colours: list[Any] | None = None  # of the levels; None: ink


def draw_contours(axes: Axes, view: View, field: ContourField, context: DrawContext) -> list[Line2D]:
    """Draw contour lines, each level labelled once; return the handles of a legend."""
    values, levels, labels = field.values, field.levels, context.labels
    x, y = view.cells((values.shape[0], values.shape[1]))
    colours = field.colours or [INK] * len(levels)
    lines = axes.contour(
        x, y, values, levels, colors=colours, linewidths=1.1, zorder=Z_LINES, negative_linestyles="dashed"
    )
    # Seen on light and on dark colours alike.
    lines.set_path_effects([withStroke(linewidth=2.4, foreground="white", alpha=0.7)])
    label_contours(axes, lines, labels.number, 0.85 * context.sizes.small, view)
    return [
        Line2D([], [], color=colour, linewidth=1.3, label=labels.number(level))
        for level, colour in zip(levels, colours, strict=True)
    ]


def draw_hatching(axes: Axes, view: View, field: ContourField, context: DrawContext) -> list[Patch]:
    """Hatch between the levels, and beyond the first and the last; return the handles of a legend."""
    values, levels, number = field.values, field.levels, context.labels.number
    x, y = view.cells((values.shape[0], values.shape[1]))
    hatches = [HATCHES[index % len(HATCHES)] for index in range(len(levels) + 1)]
    bounds, bound_hatches = levels, hatches
    if len(levels) == 1:  # matplotlib fills between two levels
        bounds = [levels[0], float(np.nextafter(levels[0], np.inf))]
        bound_hatches = [hatches[0], *hatches[1:], hatches[-1]]
    filled = axes.contourf(x, y, values, bounds, hatches=bound_hatches, colors="none", extend="both", zorder=Z_HATCHING)
    filled.set_edgecolor("#00000088")
    filled.set_linewidth(0.0)
    axes.contour(x, y, values, levels, colors=field.colours or INK, linewidths=0.8, alpha=0.8, zorder=Z_HATCHING)
    names = [
        f"< {number(levels[0])}",
        *(f"{number(low)} – {number(high)}" for low, high in pairwise(levels)),
        f"> {number(levels[-1])}",
    ]
    return [
        Patch(facecolor="none", edgecolor=INK, hatch=hatch, linewidth=0.5, label=name)
        for hatch, name in zip(hatches, names, strict=True)
    ]


class Arrows(NamedTuple):
    """Arrows on a map."""

    quiver: Quiver
    key: float | None  # the value of the arrow that explains the lengths


def rotate_to_plane(view: View, x: Floats, y: Floats, east: Floats, north: Floats) -> tuple[Floats, Floats]:
    """Rotate true components at positions (m) to those along x and y of a map; the lengths stay."""
    latitude, longitude = view.earth(x, y)
    step = np.where(latitude > 0, -BEARING_STEP, BEARING_STEP)  # away from the nearer pole
    ahead = view.project(latitude + step, longitude) - view.project(latitude, longitude)
    bearing = np.arctan2(*np.moveaxis(ahead * np.sign(step)[..., np.newaxis], -1, 0))  # of north in the plane
    return east * np.cos(bearing) + north * np.sin(bearing), north * np.cos(bearing) - east * np.sin(bearing)


def draw_arrows(
    axes: Axes, view: View, components: tuple[Floats, Floats], *, lengths: bool, shading: Shading | None
) -> Arrows | None:
    """Draw arrows of eastward and northward components at the cells of a map; None where there is none."""
    east, north = components
    x, y = np.meshgrid(*view.cells((east.shape[0], east.shape[1])))
    size = np.hypot(east, north)
    drawn = np.isfinite(size) & (size > 0)
    if not drawn.any():
        return None
    x, y, size = x[drawn], y[drawn], size[drawn]
    along_x, along_y = rotate_to_plane(view, x, y, east[drawn], north[drawn])
    key = round_down(float(np.percentile(size, USUAL_PERCENTILE)))
    spacing = 1.0 / east.shape[1]  # of the map's width
    if lengths:
        scale = key / (LONGEST_ARROW * spacing)
    else:
        along_x, along_y = along_x / size, along_y / size
        scale = 1.0 / (EQUAL_LENGTH * spacing)
    width = min(0.0022, 0.075 * spacing)
    style: dict[str, Any] = {"scale": scale, "units": "width", "width": width, "zorder": Z_ARROWS, "pivot": "mid"}
    style |= {"headwidth": 4.0, "headlength": 4.5, "headaxislength": 4.0, "minlength": 0.6}
    colours = [] if shading is None else [size]
    if shading is None:
        style |= {"color": INK}
    else:  # outlined: the map may have the same colours
        style |= {"cmap": shading.colours, "norm": shading.norm, "edgecolor": INK, "linewidth": ARROW_OUTLINE}
    quiver = axes.quiver(x, y, along_x, along_y, *colours, **style)
    return Arrows(quiver=quiver, key=key if lengths else None)


def round_down(value: float) -> float:
    """Round a positive value down to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(power * max(digit for digit in ROUND_LENGTHS if digit <= value / power + 1e-9))


class ScaleBar(NamedTuple):
    """A round length of the Earth, and the fraction of the map's width that it takes in the map's middle."""

    length: float  # m
    fraction: float


def choose_scale_bar(view: View, most: float) -> ScaleBar | None:
    """Choose the longest round length that takes at most a fraction ``most`` of a map's width.

    None for a map on which the scale differs much from place to place, as on one of the world.
    """
    left, bottom, right, top = view.extent
    samples = (np.linspace(*ends, SCALE_SAMPLES) for ends in ((left, right), (bottom, top)))
    x, y = (grid.ravel() for grid in np.meshgrid(*samples))
    # Metres of the Earth in a metre of the plane: the same in all directions, as the projections are conformal.
    step = 1e-3 * (right - left)
    (south, west), (north, east) = view.earth(x - step / 2, y), view.earth(x + step / 2, y)
    scales = np.asarray(WGS84.inv(west, south, east, north)[2]) / step
    if not np.isfinite(scales).all() or scales.max() > MOST_UNEVEN * scales.min():
        return None
    width = float(scales[scales.size // 2]) * (right - left)
    length = round_down(most * width)
    return ScaleBar(length, length / width)


def draw_scale_bar(axes: Axes, view: View, values: NDArray[np.floating], context: DrawContext) -> None:
    """Draw a scale bar in the corner that hides the fewest ``values`` (row, column), where a length is true."""
    size, (width, height) = 0.9 * context.sizes.small, axes_inches(axes)
    bar = choose_scale_bar(view, WIDEST_BAR)
    if bar is None or min(width, height) < SHORTEST_MAP:
        return
    em_x, em_y = size / 72 / width, size / 72 / height  # the height of the text, in fractions of the map
    kilometres = bar.length >= KILOMETRE
    text = context.labels.value(bar.length / (KILOMETRE if kilometres else 1.0), "km" if kilometres else "m")
    box_width = max(bar.fraction, 0.6 * len(text) * em_x) + 2 * BOX_PADDING * em_x
    x, y = _emptiest_corner(values, box_width + BOX_MARGIN * em_x, (BOX_HEIGHT + BOX_MARGIN) * em_y)
    left = BOX_MARGIN * em_x if x == 0 else 1 - box_width - BOX_MARGIN * em_x
    bottom = BOX_MARGIN * em_y if y == 0 else 1 - (BOX_HEIGHT + BOX_MARGIN) * em_y
    style: dict[str, Any] = {"transform": axes.transAxes, "zorder": Z_OUTLINES + 0.2}
    style_box = {"facecolor": "white", "alpha": 0.75, "linewidth": 0, **style}
    axes.add_patch(RectanglePatch((left, bottom), box_width, BOX_HEIGHT * em_y, **style_box))
    middle, line = left + box_width / 2, bottom + BOX_PADDING * em_y
    start, end = middle - bar.fraction / 2, middle + bar.fraction / 2
    tick = line + BAR_TICK * em_y
    axes.add_artist(
        Line2D([start, start, end, end], [tick, line, line, tick], color=INK, linewidth=0.12 * size, **style)
    )
    axes.text(
        middle, line + 0.35 * em_y, text, fontsize=size, color=INK, ha="center", va="bottom", gid="ruler",
        transform=axes.transAxes, zorder=Z_OUTLINES + 0.3,
    )  # fmt: skip


def _emptiest_corner(values: NDArray[np.floating], width: float, height: float) -> tuple[int, int]:
    """Return the corner with the fewest values in a box of these fractions: 0 or 1 from the left, and from below."""
    rows, columns = (
        max(1, round(fraction * size)) for fraction, size in zip((height, width), values.shape, strict=True)
    )
    finite = np.isfinite(values)
    corners = {
        (0, 0): finite[-rows:, :columns],
        (1, 0): finite[-rows:, -columns:],
        (0, 1): finite[:rows, :columns],
        (1, 1): finite[:rows, -columns:],
    }
    return min(corners, key=lambda corner: float(corners[corner].mean()))
