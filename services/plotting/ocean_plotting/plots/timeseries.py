"""Time series: a variable at stations from one time to another, at one depth or at all of them."""

import math
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_common.contracts.extractions import PointsRequest
from ocean_common.errors import InvalidRequest
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import columns, dates, panels, stations
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import MUTED, Picture, frame
from ocean_plotting.figure.shading import Shading, bar, shading
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots import mooring_series as moored
from ocean_plotting.plots.mooring_series import Moored, Series, ThroughTime
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import Colormap, Level, ScaleText, named_as_asked, positions, ranges, scale_of
from ocean_plotting.plots.series import alone, broken, thinned, trend
from ocean_plotting.plots.table import Column, Table

MANY, THIN = 1000, 0.6  # steps from which on lines are thinner, and how much
PER_INCH = 200  # intervals of a line of which the extremes are kept
QUANTA = {"hour": 3600.0, "day": 86_400.0, "month": 30 * 86_400.0, "season": 91 * 86_400.0, "year": 365 * 86_400.0}


class TimeseriesQuery(ThroughTime, frozen=True, kw_only=True):
    """What a time series is asked for."""

    depth: Level = 0
    variable_range: Annotated[
        list[list[float] | float | None] | None,
        msgspec.Meta(
            description="[min, max] of the values' axis or colours, also as [[min, max]]; null: by the values"
        ),
    ] = None
    scale: ScaleText = "auto"
    colormap: Colormap = None
    linearthresh: Annotated[
        float | str | bool | None,
        msgspec.Meta(description="m: below it the depth axis of depth=all is stretched; false, null or 0: nowhere"),
    ] = None


Query = TimeseriesQuery


def asked(query: Query) -> PointsRequest:
    """The variable, or the parts of the vector that two make."""
    keys = _checked(query)
    return moored.points_asked(query, keys, moored.PARTS if len(keys) > 1 else [], str(query.depth))


async def fetch(near: Neighbours, query: Query) -> Moored:
    """Ask for the variable at all stations."""
    keys = _checked(query)
    with named_as_asked():
        return await moored.fetched(near, query, await moored.wanted(near, query.dataset, keys), [str(query.depth)])


def draw(query: Query, fetched: Moored, sheet: Sheet) -> Picture:
    """Draw a line for each station, or a section of all depths."""
    figure, words, translate, info = Figure(figsize=sheet.size), sheet.words, sheet.translate, fetched.info
    series = Series(fetched.coverages[0], info)
    deep, quantum = series.values.shape[1] > 1, query.quantum or info.quantum
    marked = moored.marked(query.names, series.places, series.has_data)
    title = query.plotTitle or _title(words.name(info), marked, sheet, deep=deep)
    when = [] if deep else [series.level(str(query.depth), words)]
    when = [one for one in (*when, words.span(series.times[0], series.times[-1], quantum)) if one]
    source = info.dataset_name or info.dataset
    side = panels.has_side(sheet, bar=deep) and (bool(query.showmap) or len(marked) > 1 or not all(series.has_data))
    room = panels.laid_out(figure, len(marked) if deep else 1, sheet, side=side, bar=deep)
    if len(room.panels) < len(marked) and deep:
        when.append(translate("{shown} of {count} stations", shown=len(room.panels), count=len(marked)))
    frame(figure, title, "  ·  ".join((source, *when)), info.attribution or source, sheet.sizes)
    if not deep:
        _lines(query, room, series, marked, sheet)
    elif (shaded := _sections(query, room, series, marked, sheet)) is not None:
        bar(figure, room.panels, shaded, sheet)
    if room.beside is not None:
        stations.show(figure, room.beside, marked, sheet, chart=bool(query.showmap))
    told = translate("{title}, {time}.", title=title, time=", ".join(when))
    return Picture(figure=figure, about=moored.about(fetched, title, [told, *_told(series, marked, quantum, sheet)]))


def table(query: Query, fetched: Moored, sheet: Sheet) -> Table:
    """Put every station, time and depth in a row; in CSV depths stand beside each other, as the v2.0 API has them."""
    translate, words, info = sheet.translate, sheet.words, fetched.info
    series = Series(fetched.coverages[0], info)
    rows = series.rows()
    name, deep = words.name(info), series.values.shape[1] > 1
    place = series.columns(rows, query.names, sheet)
    values = [Column(name=name, units=info.units, values=series.values[rows])]
    for part in series.parts:
        about = series.read.info(part)
        values.append(Column(name=words.name(about), units=about.units, values=series.parts[part][rows],
                             circular=part == "bearing"))  # fmt: skip
    header = [
        (translate("Dataset"), info.dataset_name or info.dataset),
        (translate("Attribution"), info.attribution or ""),
    ]
    if deep:
        header.append((translate("Variable"), words.quantity(info)))
    elif level := series.level(str(query.depth), words, alone=True):
        header.append((translate("Depth"), level))
    wide = _beside_each_other(series, sheet) if deep and series.flat and not series.parts else None
    return Table(header=header, columns=[*place, *values], wide=wide)


def _beside_each_other(series: Series, sheet: Sheet) -> list[Column]:
    """A column for each depth that has a value somewhere, named as in the v2.0 API: 10m."""
    there = np.isfinite(series.values)
    levels = np.flatnonzero(there.any(axis=(0, 2)))
    rows = series.rows(of_each=False)
    first = [one for one in series.columns(rows, None, sheet) if one.role in {"latitude", "longitude", "time"}]
    depths = [np.format_float_positional(np.float32(one), trim="-") for one in series.depths[0, :, 0]]
    return [
        *first,
        *(Column(name=f"{depths[level]}m", values=series.values[rows[0], level, rows[2]]) for level in levels),
    ]


def _checked(query: Query) -> list[str]:
    """The variable's key, or two; everything that can be refused before anything is asked, is."""
    positions(query.station)
    _limits(query)
    _stretched(query)
    with named_as_asked(members={"colormap": "$.colormap"}):
        validate_colormap(query.colormap)
    return query.variables(2)


def _limits(query: Query) -> tuple[float, float] | None:
    """From where to where the axis of values or the colours go; None: by the values."""
    given = query.variable_range
    pair = [given] if given and not isinstance(given[0], list) and given != [None] else given
    for one in pair or []:
        if one is not None and (not isinstance(one, list) or len(one) != 2 or None in one):
            raise InvalidRequest(
                "variable_range is {value}; it is [min, max], [[min, max]] or null",
                value=given,
                field="$.variable_range",
            )
    read = ranges(pair, 1)  # type: ignore[arg-type] # pairs of numbers and nulls, as was just seen
    return read[0] or scale_of(query.scale, "$.scale")


def _stretched(query: Query) -> float:
    """From where on the depth axis is stretched, m; 0: nowhere."""
    given = query.linearthresh
    try:
        read = float(given or 0)
    except ValueError:
        read = math.nan
    if not math.isfinite(read):
        raise InvalidRequest(
            "linearthresh is {value!r}; it is a depth in m, or false", value=str(given)[:40], field="$.linearthresh"
        )
    return max(0.0, read)


def _title(name: str, marked: list[stations.Marked], sheet: Sheet, *, deep: bool) -> str:
    translate, count, station = sheet.translate, len(marked), marked[0].label(sheet.words)
    if deep and count > 1:
        return translate("{name} over depth and time at {count} stations", name=name, count=count)
    if deep:
        return translate("{name} over depth and time at {station}", name=name, station=station)
    if count > 1:
        return translate("{name} through time at {count} stations", name=name, count=count)
    return translate("{name} through time at {station}", name=name, station=station)


def _lines(query: Query, room: panels.Room, series: Series, marked: list[stations.Marked], sheet: Sheet) -> None:
    panel, translate, info = room.panels[0], sheet.translate, series.info
    at = dates.days(series.seconds)
    few, most = len(at) <= axis.FEW_LEVELS, int(PER_INCH * sheet.width)
    for station in marked:
        values = series.values[:, 0, station.number]
        style = station.style(sheet.sizes, markers=few)
        style["linewidth"] *= THIN if len(at) > MANY else 1.0
        panel.plot(*thinned(*broken(at, values), most), **style)
        if not few and (lone := alone(values)).any():
            panel.plot(
                at[lone], values[lone], **style | {"linestyle": "", "marker": ".", "markersize": sheet.sizes.line}
            )
    if not any(series.has_data):
        axis.nothing(panel, translate("no data at these stations"), sheet.sizes)
        return
    _upright(panel, series, _limits(query), sheet)
    least = QUANTA.get(info.quantum or "", 3600.0) / dates.DAY
    edge = 0.02 * float(at[-1] - at[0]) or least
    panel.set_xlim(float(at[0]) - edge, float(at[-1]) + edge)
    dates.label(panel, series.seconds, query.quantum or info.quantum, sheet)


def _upright(panel: Axes, series: Series, limit: tuple[float, float] | None, sheet: Sheet) -> None:
    """The values' axis: about zero where that means something, names for categories."""
    info = series.info
    if info.zero_centered:
        panel.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
        most = float(np.nanmax(np.abs(series.values)))
        limit = limit or ((-1.07 * most, 1.07 * most) if most else None)
    axis.quantity(panel, sheet.words.quantity(info), limit, sheet, upright=True)
    if info.categories:
        number = len(info.categories)
        panel.set_yticks(range(number), info.categories)
        panel.set_ylim(limit or (-0.5, number - 0.5))


def _sections(
    query: Query, room: panels.Room, series: Series, marked: list[stations.Marked], sheet: Sheet
) -> Shading | None:
    translate, info, quantum = sheet.translate, series.info, query.quantum or series.info.quantum
    shaded = shading(sheet, info, series.values, scale=_limits(query), colormap=query.colormap)
    for station, panel in zip(marked, room.panels, strict=False):
        if len(marked) > 1:
            panels.named(panel, station, sheet)
        if not station.data:
            axis.nothing(panel, translate("no data at this station"), sheet.sizes)
            continue
        values, depths = (one[..., station.number] for one in (series.values, series.depths))
        least = QUANTA.get(info.quantum or "", 3600.0)
        water = columns.Water(
            instants=series.seconds, values=values, depths=depths, least=least, floored=series.follows
        )
        columns.show(panel, water, shaded, _stretched(query), sheet)
        dates.label(panel, series.seconds, quantum, sheet)
        if not room.is_lowest(station.number):
            panel.tick_params(labelbottom=False)
    panels.name_upright(room, sheet)
    return shaded if any(series.has_data) else None


def _told(series: Series, marked: list[stations.Marked], quantum: str | None, sheet: Sheet) -> list[str]:
    """A series in words: from where to where its values go, when, and whether they rise or fall."""
    translate, words, info, values = sheet.translate, sheet.words, series.info, series.values
    name = words.name(info)
    if not any(series.has_data):
        return [translate("{name}: no data at these stations.", name=name)]
    ends = [np.unravel_index(find(values), values.shape) for find in (np.nanargmin, np.nanargmax)]
    where = [_where(series, marked, end, quantum, sheet) for end in ends]
    if values[ends[0]] == values[ends[1]]:
        same = words.value(float(values[ends[0]]), info.units)
        return [translate("{name}: {value} ({where}).", name=name, value=same, where=where[0])]
    told = [
        translate(
            "{name} from {low} ({low_where}) to {high} ({high_where}).",
            name=name,
            low=words.number(float(values[ends[0]])),
            high=words.value(float(values[ends[1]]), info.units),
            low_where=where[0],
            high_where=where[1],
        )
    ]
    if values.shape[1:] == (1, 1) and (change := trend(series.seconds, values[:, 0, 0])):
        size = words.value(abs(change), info.units)
        told.append(
            translate("On the whole it rises by {change}.", change=size)
            if change > 0
            else translate("On the whole it falls by {change}.", change=size)
        )
    return told


def _where(
    series: Series, marked: list[stations.Marked], at: tuple[np.intp, ...], quantum: str | None, sheet: Sheet
) -> str:
    words = sheet.words
    parts = [words.instant(series.times[at[0]], quantum)]
    if series.values.shape[1] > 1:
        parts.append(words.value(float(series.depths[at]), "m"))
    if len(marked) > 1:
        parts.append(marked[at[2]].label(words))
    return ", ".join(parts)
