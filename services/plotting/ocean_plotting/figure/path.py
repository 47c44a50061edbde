"""Axes along a path: distances, letters of waypoints, and the map of the path."""

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from numpy.typing import NDArray

from ocean_core.geometry import wrap_longitude
from ocean_plotting.figure.axes import set_even_ticks
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import INK, LINE_COLOURS, MUTED, axes_inches
from ocean_plotting.figure.locator import Point, add_map_over_list, draw_locator_map, project_points

SMALLEST_FIGURE = (4.5, 2.5)  # inches that a figure must have for a map beside its panels
FURTHER_COLUMN = 3.5  # inches of a further column of panels
LAID_OUT_WIDTH = 0.85  # of a panel's first width, that the layout leaves
LETTER_WIDTH, LINE_HEIGHT = 0.57, 1.3  # in sizes of the text
MAP_RIM = 0.08  # of a map: beyond it stand the labels of its lines
MOST_LETTERS = 8  # waypoints that have room for a letter on the map

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Waypoint:
    """A waypoint of a sampled path."""

    letter: str
    index: int  # into the points of the path


@dataclass(frozen=True, kw_only=True)
class SampledPath:
    """Points close together along a path, some of which are its waypoints."""

    points: list[Point]  # latitude, longitude
    distance: Floats  # (point,), km
    waypoints: list[Waypoint]

    def describe(self, waypoint: Waypoint, context: DrawContext) -> str:
        """Return a waypoint's letter and position."""
        return f"{waypoint.letter}  {context.labels.position(self.points[waypoint.index])}"


def locate_waypoints(path: Sequence[Point], points: list[Point], distance: Floats) -> SampledPath:
    """Find the waypoints of a path among its points, in their order; repeated ones are one."""
    indices: list[int] = []
    start = 0
    latitude, longitude = np.array(points, dtype=float).T
    for north, east in path:
        d_longitude = np.abs(wrap_longitude(longitude[start:] - east)) * np.cos(np.radians(latitude[start:]))
        offset = np.hypot(latitude[start:] - north, d_longitude)
        # The first of the nearest: a path may come by again.
        start += int(np.argmax(offset <= offset.min() + 1e-9))
        if not indices or indices[-1] != start:
            indices.append(start)
    few = len(indices) <= len(ascii_uppercase)
    letters = ascii_uppercase if few else [str(number + 1) for number in range(len(indices))]
    waypoints = [Waypoint(letter, index) for letter, index in zip(letters, indices, strict=False)]
    return SampledPath(points=points, distance=distance, waypoints=waypoints)


def has_map_column(context: DrawContext, columns: int = 1) -> bool:
    """Return whether a map fits beside columns of panels."""
    width = SMALLEST_FIGURE[0] + FURTHER_COLUMN * (columns - 1)
    return context.width >= width and context.height >= SMALLEST_FIGURE[1]


def set_distance_axis(axes: Axes, path: SampledPath, context: DrawContext) -> None:
    """Draw distance along x, and below its ends their positions."""
    sizes = context.sizes
    axes.set_xlim(path.distance[0], path.distance[-1])
    set_even_ticks(axes, context, vertical=False)
    label = context.translate("Distance (km)")
    width = axes_inches(axes)[0] * 72 / (LETTER_WIDTH * sizes.small)  # letters
    first, last = (path.describe(path.waypoints[end], context) for end in (0, -1))
    needed = max(len(first), len(last)) * 2 + len(label) + 6
    below = 0.0 if needed <= width else LINE_HEIGHT * sizes.small
    axes.set_xlabel(label, fontsize=sizes.body, labelpad=2.0 + below)
    if len(first) + len(last) + 2 > LAID_OUT_WIDTH * width:
        return
    offset = -(5.5 + 1.15 * sizes.small + 2.5)
    for text, x, side in ((first, 0.0, "left"), (last, 1.0, "right")):
        axes.annotate(
            text, (x, 0.0), (0.0, offset), xycoords="axes fraction", textcoords="offset points", ha=side, va="top",
            fontsize=sizes.small, color=MUTED,
        )  # fmt: skip


def draw_waypoint_letters(axes: Axes, path: SampledPath, context: DrawContext) -> None:
    """Write the letters of waypoints above axes, those that have room: the ends always."""
    size, width = context.sizes.small, axes_inches(axes)[0] * 72
    x = path.distance / (path.distance[-1] or 1.0) * width
    last = path.waypoints[-1]
    shown = [path.waypoints[0]]
    for waypoint in path.waypoints[1:]:
        needed = LETTER_WIDTH * size * (len(waypoint.letter) + 1.5)
        clear = waypoint is last or x[last.index] - x[waypoint.index] >= needed
        if clear and x[waypoint.index] - x[shown[-1].index] >= needed:
            shown.append(waypoint)
    for waypoint in {waypoint.index: waypoint for waypoint in [*shown, last]}.values():
        axes.annotate(
            waypoint.letter, (path.distance[waypoint.index], 1.0), (0, 2), xycoords=axes.get_xaxis_transform(),
            textcoords="offset points", ha="center", va="bottom", fontsize=size, fontweight="bold", color=INK,
        )  # fmt: skip


def draw_path_map(figure: Figure, area: SubplotSpec, path: SampledPath, context: DrawContext) -> None:
    """Draw the path on a map, and list its waypoints below."""
    sizes, colour = context.sizes, LINE_COLOURS[0]
    axes, below, height = add_map_over_list(figure, area, path.points)
    draw_locator_map(axes, path.points, context)
    line = project_points(path.points)
    jumps = np.abs(np.diff(line[:, 0])) > np.ptp(axes.get_xlim()) / 2  # over the edge of the world
    pieces = np.insert(line, np.flatnonzero(jumps) + 1, np.nan, axis=0)
    axes.plot(*pieces.T, color=colour, linewidth=1.2 * sizes.line, clip_on=True, zorder=3)
    bends = line[[waypoint.index for waypoint in path.waypoints[1:-1]]]
    axes.plot(*bends.T, ".", color=colour, markersize=0.5 * sizes.dot, zorder=4)
    for waypoint, shape in ((path.waypoints[0], "o"), (path.waypoints[-1], "s")):
        position = line[waypoint.index]
        axes.plot(*position, shape, color=colour, markersize=0.8 * sizes.dot, markeredgecolor="white", zorder=5)
    _draw_letters_on_map(axes, path, line, context)
    _list_waypoints(figure.add_subplot(below), path, context, height)


def _draw_letters_on_map(axes: Axes, path: SampledPath, line: Floats, context: DrawContext) -> None:
    """Write letters beside the waypoints, away from the path; of many waypoints, at the ends alone."""
    waypoints = path.waypoints
    shown = range(len(waypoints)) if len(waypoints) <= MOST_LETTERS else (0, len(waypoints) - 1)
    low, high = np.transpose([axes.get_xlim(), axes.get_ylim()])
    for number in shown:
        position = line[waypoints[number].index]
        neighbours = [
            waypoints[neighbour].index for neighbour in (number - 1, number + 1) if 0 <= neighbour < len(waypoints)
        ]
        towards = sum((_unit_vector(line[index] - position) for index in neighbours), np.zeros(2))
        # Where the path goes straight on: to its side.
        sideways = _unit_vector(line[neighbours[0]] - position)[::-1] * (1, -1)
        away = -_unit_vector(towards) if np.hypot(*towards) > 0.1 else sideways
        fraction = (position - low) / (high - low)
        away = np.where(fraction < MAP_RIM, (1.0, 1.0), np.where(fraction > 1 - MAP_RIM, (-1.0, -1.0), away))
        axes.annotate(
            waypoints[number].letter, tuple(position), tuple(1.15 * context.sizes.small * away),
            textcoords="offset points", ha="center", va="center", fontsize=context.sizes.small, fontweight="bold",
            color=INK, zorder=6,
        )  # fmt: skip


def _unit_vector(vector: Floats) -> Floats:
    return np.asarray(vector / (np.hypot(*vector) or 1.0))


def _list_waypoints(axes: Axes, path: SampledPath, context: DrawContext, height: float) -> None:
    """List the waypoints and their positions, as many as fit in a height in inches."""
    axes.set_axis_off()
    texts = [path.describe(waypoint, context) for waypoint in path.waypoints]
    width = 0.7 * axes_inches(axes)[0] * 72
    size = min(context.sizes.small, width / (LETTER_WIDTH * max(map(len, texts))))
    most = max(2, int(height * 72 / (1.4 * size)) - 1)
    if len(texts) > most:
        rest = context.translate("… and {count} more", count=len(texts) - most + 1)
        texts = [*texts[: max(1, most - 2)], rest, texts[-1]]
    axes.text(0, 1, "\n".join(texts), transform=axes.transAxes, va="top", ha="left", fontsize=size, linespacing=1.4)
