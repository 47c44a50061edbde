"""Stick plots: a vector through time, as arrows from a line, at stations and depths. North is up."""

from dataclasses import replace
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.figure import Figure

from ocean_common.errors import InvalidRequest, RequestTooLarge
from ocean_plotting.figure import dates, panels, stations, sticks
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import Picture, frame
from ocean_plotting.figure.sticks import Row, Vectors
from ocean_plotting.plots import mooring_series as moored
from ocean_plotting.plots.coverage import Floats
from ocean_plotting.plots.mooring_series import Moored, Series, ThroughTime
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import named_as_asked, positions
from ocean_plotting.plots.table import Column, Role, Table

MOST = 24  # depths
ORDER: tuple[Role, ...] = ("time", "station", "latitude", "longitude", "depth")


class StickQuery(ThroughTime, frozen=True, kw_only=True):
    """What a stick plot is asked for."""

    depth: Annotated[
        int | str | list[int | str],
        msgspec.Meta(
            description="index of a depth level, bottom, mean, all, or a list of these", examples=[[0, 5, "bottom"]]
        ),
    ] = 0


Query = StickQuery


async def fetch(near: Neighbours, query: Query) -> Moored:
    """Ask for the vector at all stations and depths."""
    positions(query.station)
    keys, depths = query.variables(2), _depths(query)
    with named_as_asked():
        what = await moored.wanted(near, query.dataset, keys, own=False)
        if not what.vector:
            raise InvalidRequest(
                "{keys} is one variable; a stick plot shows a vector: name its two components, as u,v",
                keys=keys[0],
                field="$.variable",
            )
        found = await moored.fetched(near, query, what, depths)
    levels = sum(coverage.dims.get("depth", 1) for coverage in found.coverages)
    if levels > MOST:
        raise RequestTooLarge(
            "these are {levels} depths, and at most {limit} are drawn; name some of them, as [0, 5, 10]",
            levels=levels,
            limit=MOST,
            field="$.depth",
        )
    return found


def draw(query: Query, fetched: Moored, sheet: Sheet) -> Picture:
    """Draw a panel for each station, and in it a line for each depth."""
    figure, words, translate, info = Figure(figsize=sheet.size), sheet.words, sheet.translate, fetched.info
    every = [Series(one, info) for one in fetched.coverages]
    first, quantum = every[0], query.quantum or info.quantum
    data = [any(each) for each in zip(*(one.has_data for one in every), strict=True)]
    marked = moored.marked(query.names, first.places, data)
    title = query.plotTitle or _title(words.name(info), marked, sheet)
    side = panels.has_side(sheet) and (bool(query.showmap) or len(marked) > 1 or not all(data))
    lines = [_rows(every, _depths(query), number, sheet) for number in range(len(marked))]
    room = panels.laid_out(figure, len(marked), sheet, side=side, rows_of=[one.label for one in lines[0]])
    count = sticks.averaging(len(first.seconds), room)
    when = [words.span(first.times[0], first.times[-1], quantum)]
    if len(lines[0]) == 1 and lines[0][0].label and len(marked) == 1:
        when.insert(0, lines[0][0].label)
    notes = [translate("means of {count} time steps", count=count)] if count > 1 else []
    if len(room.panels) < len(marked):
        notes.append(translate("{shown} of {count} stations", shown=len(room.panels), count=len(marked)))
    source = info.dataset_name or info.dataset
    frame(figure, title, "  ·  ".join((source, *when, *notes)), info.attribution or source, sheet.sizes)
    drawn = list(zip(marked, lines, strict=True))
    sticks.show(room, Vectors(seconds=first.seconds, stations=drawn, units=info.units, count=count), sheet)
    for number, panel in enumerate(room.panels):
        dates.label(panel, first.seconds, quantum, sheet)
        panel.tick_params(labelbottom=room.is_lowest(number))
    if room.beside is not None:
        stations.show(figure, room.beside, marked, sheet, chart=bool(query.showmap))
    told = translate("{title}, {time}.", title=title, time=", ".join(when))
    return Picture(figure=figure, about=moored.about(fetched, title, [told, *_told(every, marked, quantum, sheet)]))


def table(query: Query, fetched: Moored, sheet: Sheet) -> Table:
    """Put every station, depth and time in a row."""
    translate, words, info = sheet.translate, sheet.words, fetched.info
    parts = [_columns(Series(one, info), query, sheet) for one in fetched.coverages]
    fewest = min(parts, key=len)  # a depth column where every level has one
    joined = [
        replace(column, values=_joined([next(one for one in each if one.name == column.name) for each in parts]))
        for column in fewest
    ]
    header = [
        (translate("Dataset"), info.dataset_name or info.dataset),
        (translate("Attribution"), info.attribution or ""),
        (translate("Variable"), words.quantity(info)),
    ]
    return Table(header=header, columns=joined)


def _columns(series: Series, query: Query, sheet: Sheet) -> list[Column]:
    rows, words = series.rows(), sheet.words
    place = sorted(series.columns(rows, query.names, sheet), key=lambda one: ORDER.index(one.role))
    shown = [replace(one, context=False) for one in place]
    for part in moored.PARTS:
        about = series.info if part == "magnitude" else series.read.info(part)
        values = series.values if part == "magnitude" else series.parts[part]
        shown.append(Column(name=words.name(about), units=about.units, values=values[rows], circular=part == "bearing"))
    return shown


def _joined(columns: list[Column]) -> list[str] | Floats:
    if isinstance(columns[0].values, np.ndarray):
        return np.concatenate([np.asarray(one.values, dtype=float) for one in columns])
    return [str(value) for one in columns for value in one.values]


def _depths(query: Query) -> list[str]:
    """The depths that are asked for, each once."""
    given = query.depth if isinstance(query.depth, list) else [query.depth]
    if not 1 <= len(given) <= MOST:
        raise InvalidRequest(
            "depth has {value_count} levels; it can have 1 to {limit}",
            value_count=len(given),
            limit=MOST,
            field="$.depth",
        )
    return list(dict.fromkeys(str(one).strip() for one in given))


def _title(name: str, marked: list[stations.Marked], sheet: Sheet) -> str:
    translate = sheet.translate
    if len(marked) > 1:
        return translate("{name} and direction at {count} stations", name=name, count=len(marked))
    return translate("{name} and direction at {station}", name=name, station=marked[0].label(sheet.words))


def _rows(every: list[Series], asked: list[str], station: int, sheet: Sheet) -> list[Row]:
    """The depths of one station."""
    found = []
    for series, depth in zip(every, asked, strict=True):
        there = np.isfinite(series.values).any(axis=(0, 2))
        for level in np.flatnonzero(there).tolist() or [0]:
            east, north = (series.parts[part][:, level, station] for part in ("eastward", "northward"))
            found.append(Row(label=_label(series, depth, level, station, sheet), east=east, north=north))
    return found


def _label(series: Series, asked: str, level: int, station: int, sheet: Sheet) -> str:
    """How deep a row is."""
    translate, words = sheet.translate, sheet.words
    depths = series.depths[:, level, station]
    known = depths[np.isfinite(depths)]
    if asked == "mean":
        return translate("mean over the water column")
    if asked == "bottom" and not known.size:
        return translate("bottom")
    if not known.size:
        return translate("level {number}", number=asked) if series.read.has("level") else ""
    depth = words.value(float(known.mean()), "m")
    return translate("bottom, {depth}", depth=depth) if asked == "bottom" else depth


def _told(every: list[Series], marked: list[stations.Marked], quantum: str | None, sheet: Sheet) -> list[str]:
    """The vectors in words: the strongest, where and when, and where all of them lead."""
    translate, words, info = sheet.translate, sheet.words, every[0].info
    name = words.name(info)
    known = [one for one in every if any(one.has_data)]
    if not known:
        return [translate("{name}: no data at these stations.", name=name)]
    series = max(known, key=lambda one: float(np.nanmax(one.values)))
    at = np.unravel_index(np.nanargmax(series.values), series.values.shape)
    east, north = (float(np.nanmean(np.concatenate([one.parts[part].ravel() for one in known])))
                   for part in ("eastward", "northward"))  # fmt: skip
    where = [words.instant(series.times[at[0]], quantum)]
    if np.isfinite(series.depths[at]):
        where.append(words.value(float(series.depths[at]), "m"))
    if len(marked) > 1:
        where.append(marked[at[2]].label(words))
    return [
        translate(
            "{name}: strongest {speed} towards {direction} ({where}).",
            name=name,
            speed=words.value(float(series.values[at]), info.units),
            direction=f"{words.number(float(series.parts['bearing'][at]), 0)}°",
            where=", ".join(where),
        ),
        translate(
            "The mean of all is {speed} towards {direction}.",
            speed=words.value(float(np.hypot(east, north)), info.units),
            direction=f"{words.number(float(np.degrees(np.arctan2(east, north))) % 360.0, 0)}°",
        ),
    ]
