"""T–S diagrams: temperature over salinity at stations, among lines of equal potential density."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ocean_core.seawater import CELSIUS, Floats, SeaWater, to_celsius
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import over_depth, shading
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.label_placement import Room, settle
from ocean_plotting.figure.labels import units as typeset
from ocean_plotting.figure.picture import INK, MUTED, About, Picture, frame
from ocean_plotting.figure.stations import Marked
from ocean_plotting.palettes import colormap_colours
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.over_depth import OverDepth, credits_of, header, source, table_columns, told, told_range
from ocean_plotting.plots.table import Column, Rows, Table
from ocean_plotting.plots.water import Casts, Columns, fetch_water, in_celsius

DENSITY = "kg m-3"
FINE = 60  # points along each side of the panel, at which density is calculated
ISOPYCNALS = 9  # lines, about
MARGIN = 0.08  # of the range of values, around them
NARROWEST = (0.1, 0.5)  # salinity and temperature across the panel
LABELS, APART = 12, 26.0  # depths written at most, and how far apart: points
LINE, GROUND = "#8a98a5", {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.6}
FREEZING = "#3a7fc1"


class TsQuery(OverDepth, frozen=True, kw_only=True):
    """What a T–S diagram is asked for; its variables are found among those of the dataset."""


Query = TsQuery


async def fetch(near: Neighbours, query: Query) -> Casts:
    """Ask for temperature and salinity on the same levels."""
    return await fetch_water(near, query)


def draw(query: Query, fetched: Casts, sheet: Sheet) -> Picture:
    """Draw every station's water, and where the stations are."""
    figure, translate, columns = Figure(figsize=sheet.size), sheet.translate, Columns(fetched)
    x, y = _plotted(columns)
    infos = [columns.temperature.info, columns.salinity.info]
    data = [bool(one.any()) for one in np.isfinite(x + y).T]
    marked = over_depth.mark(columns.temperature.places, query.names, data)
    title, credit = query.plotTitle or _title(marked, sheet), credits_of(infos)
    subtitle = source(infos[0], fetched.time, query.quantum, sheet)
    lines = translate(
        "{source}, with lines of equal potential density less 1000 {units}", source=subtitle, units=typeset(DENSITY)
    )
    frame(figure, title, lines, credit, sheet.sizes)
    (panel,) = over_depth.panels(figure, 1, marked, sheet, chart=bool(query.showmap))
    _points(figure, panel, columns, marked, sheet)
    axis.quantity(panel, sheet.words.quantity(infos[1]), _limits(x, NARROWEST[0]), sheet)
    axis.quantity(panel, _named_temperature(columns, sheet), _limits(y, NARROWEST[1]), sheet, upright=True)
    if np.isfinite(x + y).any():
        _labelled(figure, panel, columns, marked, sheet)
    else:
        axis.nothing(panel, translate("no data at these stations"), sheet.sizes)
    parts = [
        f"{title}, {subtitle}.",
        told_range(sheet.words.name(infos[0]), to_celsius(columns.temperature.values, infos[0].units), CELSIUS, sheet),
        told(columns.salinity, sheet),
        told_range(translate("Potential density anomaly"), columns.water.potential_density_anomaly, DENSITY, sheet),
    ]
    about = About.of(
        title=f"{title} ({infos[0].dataset_name or infos[0].dataset})",
        alt=" ".join(parts),
        source=credit,
        dataset=infos[0].dataset,
        revision=fetched.revisions[infos[0].dataset],
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def table(query: Query, fetched: Casts, sheet: Sheet) -> Table:
    """Put every station and depth that has a value in a row."""
    translate, words, columns, rows, stations = sheet.translate, sheet.words, Columns(fetched), Rows(), list[int]()
    warm, salt, density = columns.temperature, columns.salinity, columns.water.potential_density_anomaly
    for station, place in enumerate(warm.places):
        there = np.isfinite(warm.values[:, station]) | np.isfinite(salt.values[:, station])
        values = (one[there, station].tolist() for one in (warm.depths, salt.values, warm.values, density))
        rows.rows += [(*place, *row) for row in zip(*values, strict=True)]
        stations += [station] * int(there.sum())
    valued = [
        Column(name=words.name(salt.info), units=salt.info.units, values=rows.column(3)),
        Column(name=words.name(warm.info), units=warm.info.units, values=rows.column(4)),
        Column(name=translate("Potential density anomaly"), units=DENSITY, values=rows.column(5)),
    ]
    return Table(
        header=header([warm.info, salt.info], fetched.time, sheet),
        columns=[*table_columns(query, rows, stations, fetched.time, sheet), *valued],
    )


def _title(marked: list[Marked], sheet: Sheet) -> str:
    translate = sheet.translate
    if len(marked) > 1:
        return translate("T–S diagram of {count} stations", count=len(marked))
    return translate("T–S diagram at {station}", station=marked[0].label(sheet.words))


def _plotted(columns: Columns) -> tuple[Floats, Floats]:
    """Salinity and temperature as they are drawn: at all depths of the kind that density is made of."""
    water = columns.water
    return water.salinity, water.conservative_temperature if water.temperature_kind == "in situ" else water.temperature


def _named_temperature(columns: Columns, sheet: Sheet) -> str:
    translate, info = sheet.translate, columns.temperature.info
    if columns.water.temperature_kind == "in situ":
        return sheet.words.measured(translate("Conservative temperature"), CELSIUS)
    return sheet.words.quantity(in_celsius(info))


def _limits(values: Floats, narrowest: float) -> tuple[float, float]:
    there = values[np.isfinite(values)]
    if not there.size:
        return 0.0, 1.0
    low, high = float(there.min()), float(there.max())
    room = max(MARGIN * (high - low), (narrowest - (high - low)) / 2)
    return low - room, high + room


def _points(figure: Figure, panel: Axes, columns: Columns, marked: list[Marked], sheet: Sheet) -> None:
    """A line for each station; of one alone, its depths in colour."""
    x, y = _plotted(columns)
    sizes, depths = sheet.sizes, columns.temperature.depths
    if len(marked) > 1:
        for one in marked:
            there = np.isfinite(x[:, one.number] + y[:, one.number])
            if there.any():
                style = one.style(sizes, markers=there.sum() <= axis.FEW_LEVELS)
                panel.plot(x[there, one.number], y[there, one.number], **style, zorder=3)
        return
    there = np.isfinite(x[:, 0] + y[:, 0])
    if not there.any():
        return
    deep = depths[there, 0]
    # Most levels, and most of what differs, lie in the first few hundred metres.
    norm = PowerNorm(0.5, vmin=0.0, vmax=max(float(deep.max()), 1.0))
    colours = ListedColormap(colormap_colours("deep") / 255)
    panel.plot(x[there, 0], y[there, 0], color=MUTED, linewidth=0.6 * sizes.line, zorder=2.5)
    panel.scatter(
        x[there, 0], y[there, 0], c=deep, cmap=colours, norm=norm, s=(1.9 * sizes.marker) ** 2, edgecolors=INK,
        linewidths=0.5, zorder=3,
    )  # fmt: skip
    translate = sheet.translate
    bar = shading.bar(figure, panel, shading.Shading(colours=colours, norm=norm, label=translate("Depth (m)")), sheet)
    bar.ax.invert_yaxis()


def _labelled(figure: Figure, panel: Axes, columns: Columns, marked: list[Marked], sheet: Sheet) -> None:
    """Lines of equal density with their values, and depths along a lone station's line; no label covers another."""
    x, y = _plotted(columns)
    settle(figure)
    room = Room(panel)
    for one in marked:
        room.keep_clear(x[:, one.number], y[:, one.number], 0.6 * sheet.sizes.marker, line=True)
        room.keep_clear(x[:, one.number], y[:, one.number], sheet.sizes.marker)
    if len(marked) == 1:
        _depths(room, columns, sheet)
    _isopycnals(panel, room, columns.water, sheet)


def _depths(room: Room, columns: Columns, sheet: Sheet) -> None:
    """Write depths beside points that lie far from each other: the first, the last, then always the farthest."""
    x, y = (one[:, 0] for one in _plotted(columns))
    depths = columns.temperature.depths[:, 0]
    there = np.flatnonzero(np.isfinite(x + y))
    at = room.points(x[there], y[there])
    far, next_one = np.full(len(there), np.inf), 0
    for turn in range(min(LABELS, len(there))):
        text = sheet.words.value(float(depths[there[next_one]]), "m", 0)
        room.beside(
            (x[there[next_one]], y[there[next_one]]), text, 1.9 * sheet.sizes.marker,
            fontsize=0.9 * sheet.sizes.small, color=INK, zorder=4,
        )  # fmt: skip
        far = np.minimum(far, np.hypot(*(at - at[next_one]).T))
        next_one = len(there) - 1 if turn == 0 else int(far.argmax())
        if far[next_one] < APART:
            return


def _isopycnals(panel: Axes, room: Room, water: SeaWater, sheet: Sheet) -> None:
    """Lines of equal potential density, and where sea water freezes, for water in the middle of the stations."""
    west, east = panel.get_xlim()
    south, north = panel.get_ylim()
    salinity, temperature = np.meshgrid(np.linspace(max(west, 0.0), east, FINE), np.linspace(south, north, FINE))
    surface = SeaWater(
        temperature=temperature,
        salinity=salinity,
        depth=np.zeros(1),
        latitude=np.median(water.latitude, keepdims=True),
        longitude=water.longitude[:1],
        temperature_kind="conservative" if water.temperature_kind == "in situ" else water.temperature_kind,
        salinity_kind=water.salinity_kind,
    )
    small = 0.85 * sheet.sizes.small
    density = surface.potential_density_anomaly
    levels = MaxNLocator(nbins=ISOPYCNALS, steps=axis.STEPS).tick_values(density.min(), density.max())
    digits = max(0, -math.floor(math.log10(levels[1] - levels[0]) + 1e-9))
    drawn = panel.contour(salinity, temperature, density, levels=levels, colors=LINE, linewidths=0.7, zorder=1.5)
    for level, segments in zip(drawn.levels, drawn.allsegs, strict=True):
        for line in (one for one in segments if len(one) > 1):
            text = sheet.words.number(float(level), digits)
            room.along(line, text, fontsize=small, color=MUTED, bbox=GROUND, zorder=1.6)
    _freezing(panel, room, salinity[0], surface.freezing_temperature[0], sheet)


def _freezing(panel: Axes, room: Room, salinity: Floats, freezing: Floats, sheet: Sheet) -> None:
    """Where sea water freezes at the surface, if the panel goes so low."""
    translate, (south, north) = sheet.translate, panel.get_ylim()
    seen = (freezing > south) & (freezing < north)
    if seen.sum() > 1:
        line = np.column_stack([salinity[seen], freezing[seen]])
        panel.plot(*line.T, color=FREEZING, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5)
        small = 0.85 * sheet.sizes.small
        room.along(line, translate("freezing point"), fontsize=small, color=FREEZING, bbox=GROUND, zorder=1.6)
