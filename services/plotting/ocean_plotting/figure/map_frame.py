"""The ground of a map: its frame, land, meridians and parallels, and the outlines of areas."""

from collections.abc import Callable, Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray

from ocean_core.geometry import unwrap_longitudes
from ocean_plotting.basemap.shore import coast_in, land_in
from ocean_plotting.figure import labels
from ocean_plotting.figure.arrangement import Room
from ocean_plotting.figure.cell_weights import placed
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.outline import Area, unwrapped
from ocean_plotting.figure.picture import INK, LAND, MUTED, SEA, inches
from ocean_plotting.figure.view import View

STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90)  # degrees between lines
ACROSS, UP = 9.0, 5.0  # sizes of the text between labels, at least
WORLD = 9e6  # m: wider maps show the coarser coast
LOCAL = 6e5  # m: on narrower ones the coast is coarser than the data, which stand above the land
SHORE = "#8d8672"
FRAMED = 200  # places along an edge of the frame
# What lies above what.
FIELD, GROUND, SHADE, LINES, NET, ARROWS, RIM = 1.0, 2.0, 2.4, 2.6, 3.0, 3.2, 3.4

Points = NDArray[np.float64]


def begin(figure: Figure, room: Room, view: View, sheet: Sheet) -> Axes:
    """Axes of a map, in metres of its plane."""
    axes = figure.add_axes(room.of(sheet.size))
    left, bottom, right, top = view.extent
    axes.set(xlim=(left, right), ylim=(bottom, top), facecolor=SEA)
    axes.grid(visible=False)
    axes.set_axisbelow(False)
    return axes


def land(axes: Axes, view: View, sheet: Sheet) -> None:
    """The land: above the data, but on maps of such a small part of the Earth that it is coarser than they are."""
    wide = view.extent[2] - view.extent[0]
    ground = sheet.land if wide > WORLD or not sheet.fine_land.rings else sheet.fine_land
    filled, shore = land_in(view, ground), coast_in(view, ground)
    if filled:
        path = Path.make_compound_path(*(Path(one, closed=True) for one in filled))
        above = GROUND if wide > LOCAL else FIELD - 0.5
        # The line closes the gaps where the polygons of the file are cut.
        axes.add_artist(PathPatch(path, facecolor=LAND, edgecolor=LAND, linewidth=0.3, zorder=above))
    if shore:
        path = Path.make_compound_path(*(Path(one) for one in shore))
        axes.add_artist(PathPatch(path, facecolor="none", edgecolor=SHORE, linewidth=0.5, zorder=GROUND + 0.1))


def outlines(axes: Axes, view: View, areas: Iterable[Area], sheet: Sheet) -> None:
    """The rims of areas and their holes, and their names."""
    lines = []
    for area in areas:
        rings = [placed(view, _cut(unwrapped(one))) for one in [*area.rims, *area.holes]]
        lines += rings
        if area.name and rings:
            x, y = np.nanmin(rings[0], axis=0), np.nanmax(rings[0], axis=0)
            axes.annotate(
                labels.shortened(area.name, 40), ((x[0] + y[0]) / 2, y[1]), xytext=(0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=sheet.sizes.small, color=INK, zorder=RIM + 0.1, clip_on=True,
                bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 1.0},
            )  # fmt: skip
    axes.add_collection(LineCollection(lines, colors="white", linewidths=2.2, alpha=0.8, zorder=RIM), autolim=False)
    axes.add_collection(LineCollection(lines, colors=INK, linewidths=1.0, zorder=RIM), autolim=False)


def _cut(ring: Points) -> Points:
    """A ring that goes around the Earth without its way to the pole and back, which is no rim of anything."""
    if np.ptp(ring[:, 1]) < 360.0 - 1e-6:
        return ring
    ends = (ring[:, 1] == ring[:, 1].min()) | (ring[:, 1] == ring[:, 1].max()) | (np.abs(ring[:, 0]) == 90.0)
    return np.where((ends & np.roll(ends, 1) & np.roll(ends, -1))[:, np.newaxis], np.nan, ring)


def graticule(axes: Axes, view: View, sheet: Sheet) -> None:
    """Meridians and parallels, labelled where they meet the frame."""
    em = sheet.sizes.small / 72
    width, height = inches(axes)
    edges = {name: _edge(view, name) for name in ("bottom", "left", "top")}
    west, south, east, north = view.box()
    along = abs(np.ptp(edges["bottom"][1])) if view.pole is None else 360.0
    meridians = _step(along, max(width / (ACROSS * em), 2.0)) if view.pole is None else 45.0 if width < 4 else 30.0
    parallels = _step(north - south, max(height / (UP * em), 2.0))
    _lines(axes, view, meridians, parallels, (west, south, east, north))
    digits = tuple(max(0, -int(np.floor(np.log10(one) + 1e-9))) for one in (meridians, parallels))
    words = sheet.words
    families: tuple[tuple[float, Callable[[float], str]], ...] = (
        (parallels, lambda at: words.latitude(at, digits[1])),
        (meridians, lambda at: words.longitude(at, digits[0])),
    )
    crossing = {name: [_crossings(edge, which, families[which][0]) for which in (0, 1)] for name, edge in edges.items()}
    # Around a pole meridians meet the frame; parallels are named within.
    lower = 1 if view.pole is not None or len(crossing["bottom"][1]) >= len(crossing["bottom"][0]) else 0
    beside = 1 if view.pole is not None else 1 - lower
    for name, which in (("bottom", lower), ("left", beside), ("top", 1)):
        if name == "top" and view.pole is None:
            continue
        _labels(axes, name, [(at, families[which][1](line)) for at, line in crossing[name][which]], sheet)
    if view.pole is not None:
        _inside(axes, view, parallels, families[0][1], sheet)
    axes.tick_params(labelsize=sheet.sizes.small, length=3, pad=2)


def _edge(view: View, name: str) -> tuple[Points, Points, Points]:
    """Latitudes and longitudes (without jumps) along an edge of the frame, and how far along: 0 to 1."""
    left, bottom, right, top = view.extent
    share = np.linspace(0.0, 1.0, FRAMED)
    if name == "left":
        x, y = np.full(FRAMED, left), bottom + share * (top - bottom)
    else:
        x, y = left + share * (right - left), np.full(FRAMED, bottom if name == "bottom" else top)
    latitude, longitude = view.earth(x, y)
    there = np.isfinite(latitude)
    return latitude[there], unwrap_longitudes(longitude[there]), share[there]


def _step(degrees: float, most: float) -> float:
    """The smallest step between lines with which no more labels stand than fit."""
    return next((one for one in STEPS if degrees / one <= most), STEPS[-1])


def _crossings(edge: tuple[Points, Points, Points], which: int, step: float) -> list[tuple[float, float]]:
    """Where lines cross an edge, 0 to 1 along it, and their degrees."""
    counted, share = edge[which] / step, edge[2]
    found = []
    for at in np.flatnonzero(np.floor(counted[1:]) != np.floor(counted[:-1])):
        low, high = counted[at], counted[at + 1]
        line = np.ceil(min(low, high))
        if abs(high - low) <= 1.0:
            place = share[at] + (line - low) / (high - low) * (share[at + 1] - share[at])
            found.append((float(place), float(line * step)))
    return found


def _labels(axes: Axes, name: str, named: list[tuple[float, str]], sheet: Sheet) -> None:
    """Ticks on an edge, by how far along they are: as many as stand beside one another."""
    low, high = axes.get_ylim() if name == "left" else axes.get_xlim()
    size, length = sheet.sizes.small, inches(axes)[int(name == "left")] * 72
    places, texts, end = [], [], -np.inf
    for share, text in sorted(named):
        half = (0.7 if name == "left" else 0.32 * len(text)) * size
        beyond = share * length + half > length + 0.5 * half and name != "left"
        if share * length - half > end and not beyond:
            places.append(low + share * (high - low))
            texts.append(text)
            end = share * length + half + 0.3 * size
    if name == "top":
        above = axes.secondary_xaxis("top")
        above.set_xticks(places, texts)
        above.tick_params(labelsize=size, length=3, pad=2)
    else:
        (axes.set_yticks if name == "left" else axes.set_xticks)(places, texts)


def _lines(axes: Axes, view: View, meridians: float, parallels: float, box: tuple[float, float, float, float]) -> None:
    west, south, east, north = box
    fine = np.linspace(max(south, -90.0), min(north, 90.0), 91)
    around = np.linspace(west, east, 181)
    lines = []
    for line in np.arange(np.floor(west / meridians) * meridians, east + 1e-9, meridians):
        # Meridians end before the pole, or there would be a knot.
        held = fine if view.pole is None else np.clip(fine, -90 + parallels, 90 - parallels)
        lines.append(np.stack(view.plane(held, np.full(held.shape, line), wrapped=False), axis=-1))
    lines += [
        np.stack(view.plane(np.full(around.shape, line), around, wrapped=False), axis=-1)
        for line in np.arange(np.ceil(south / parallels) * parallels, north + 1e-9, parallels)
    ]
    axes.add_collection(LineCollection(lines, colors=INK, alpha=0.22, linewidths=0.5, zorder=NET), autolim=False)


def _inside(axes: Axes, view: View, step: float, write: Callable[[float], str], sheet: Sheet) -> None:
    """Name the parallels around a pole within the map, down from the pole."""
    pole, (_, bottom, _, top) = view.pole or 90.0, view.extent
    room = 1.6 * sheet.sizes.small / 72 * (top - bottom)
    room /= inches(axes)[1]
    x, y = (one[0] for one in view.plane(np.array([pole]), np.array([view.middle])))
    down = y - bottom > top - y  # the longer way from the pole
    above, end = np.linspace(y, bottom if down else top, FRAMED), np.inf
    latitude, longitude = view.earth(np.full(FRAMED, x), above)
    for place, line in _crossings((latitude[1:], longitude[1:], above[1:]), 0, step):
        if abs(place - end) > room and min(place - bottom, top - place) > 0.6 * room and abs(line) < 90:
            axes.text(
                x, place, write(line), fontsize=0.9 * sheet.sizes.small, color=MUTED, ha="center", va="center",
                zorder=NET + 0.1, bbox={"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.8},
            )  # fmt: skip
            end = place
