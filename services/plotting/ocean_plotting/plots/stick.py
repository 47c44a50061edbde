"""Stick plots: a vector through time as arrows from a line, at stations and depths. North is up."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_core.errors import InvalidRequest, RequestTooLarge
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Role, Table
from ocean_plotting.figure.axes import show_message, style_ticks
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts
from ocean_plotting.figure.layout import INK, MUTED, Picture, add_titles, axes_inches
from ocean_plotting.figure.map_overlays import round_down
from ocean_plotting.figure.stations import (
    StationMark,
    StationPanels,
    add_panel_title,
    add_station_panels,
    draw_stations,
    has_side_column,
    mark_stations,
    needs_list,
)
from ocean_plotting.figure.time_axis import label_time_axis, seconds_to_days
from ocean_plotting.plots.common.coverage import Floats
from ocean_plotting.plots.common.mooring_series import (
    VECTOR_PARTS,
    MooringData,
    MooringSeries,
    StationTimeQuery,
    average_neighbours,
    fetch_series,
    resolve_variable,
)
from ocean_plotting.plots.common.query import map_error_fields, parse_stations
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.kind import PlotKind

MOST_DEPTHS = 24
COLUMN_ORDER: tuple[Role, ...] = ("time", "station", "latitude", "longitude", "depth")

STICKS_PER_INCH = 30  # more are no longer told apart
FEW_STICKS = 80  # that have heads
MOST_REACH = 0.92  # of the distance of two rows, that sticks towards each other take
WIDEST = 0.2  # of a panel's width, that a stick takes
EDGE = 0.12  # of a row's height, above and below all
LETTER_WIDTH = 0.5  # in heights of the text
KEY_HEIGHT = 2.0  # of the strip for the key, in heights of the text


class StickQuery(StationTimeQuery, frozen=True, kw_only=True):
    """Query of a stick plot."""

    depth: Annotated[
        int | str | list[int | str],
        msgspec.Meta(
            description="index of a depth level, bottom, mean, all, or a list of these", examples=[[0, 5, "bottom"]]
        ),
    ] = 0

    def depth_texts(self) -> list[str]:
        """Return the requested depths, each once."""
        depths = self.depth if isinstance(self.depth, list) else [self.depth]
        if not 1 <= len(depths) <= MOST_DEPTHS:
            raise InvalidRequest(
                "depth has {value_count} levels; it can have 1 to {limit}",
                value_count=len(depths),
                limit=MOST_DEPTHS,
                field="$.depth",
            )
        return list(dict.fromkeys(str(depth).strip() for depth in depths))


@dataclass(frozen=True, kw_only=True)
class StickRow:
    """A vector through time at one depth."""

    label: str
    east: Floats  # (time,)
    north: Floats


@dataclass(frozen=True, kw_only=True)
class StickScale:
    """Scale of vectors, the same in all panels, so that they can be compared."""

    scale: float  # rows that a vector of length one takes
    top: float  # of the panels, in rows; the first row is at 0, the next at -1
    bottom: float
    key: float  # height of the strip for the key, in rows
    edge: float  # part of a panel's width that sticks need before the first and after the last instant
    row: float  # inches


async def fetch(services: Services, query: StickQuery, _: Output) -> MooringData:
    """Request the vector at all stations and depths."""
    parse_stations(query.station)
    keys, depths = query.variable_keys(2), query.depth_texts()
    with map_error_fields():
        variable = await resolve_variable(services, query.dataset, keys, own_magnitude=False)
        if not variable.vector:
            raise InvalidRequest(
                "{keys} is one variable; a stick plot shows a vector: name its two components, as u,v",
                keys=keys[0],
                field="$.variable",
            )
        data = await fetch_series(services, query, variable, depths)
    levels = sum(coverage.dims.get("depth", 1) for coverage in data.coverages)
    if levels > MOST_DEPTHS:
        raise RequestTooLarge(
            "these are {levels} depths, and at most {limit} are drawn; name some of them, as [0, 5, 10]",
            levels=levels,
            limit=MOST_DEPTHS,
            field="$.depth",
        )
    return data


def draw(query: StickQuery, data: MooringData, context: DrawContext) -> Picture:
    """Draw a panel for each station, and in it a line for each depth."""
    figure, labels, translate, info = Figure(figsize=context.size), context.labels, context.translate, data.info
    series = [MooringSeries(coverage, info) for coverage in data.coverages]
    first, quantum = series[0], query.quantum or info.quantum
    has_data = [any(station) for station in zip(*(depth.has_data for depth in series), strict=True)]
    stations = mark_stations(first.places, query.names, has_data)
    title = query.plotTitle or _make_title(labels.variable_name(info), stations, context)
    show_map = bool(query.showmap)
    side = has_side_column(context) and needs_list(stations, show_map=show_map)
    rows = [_make_rows(series, query.depth_texts(), number, context) for number in range(len(stations))]
    layout = add_station_panels(figure, len(stations), context, side=side, row_labels=[row.label for row in rows[0]])
    count = -(-len(first.seconds) // max(10, int(STICKS_PER_INCH * axes_inches(layout.panels[0])[0])))
    when = [labels.time_span(first.times[0], first.times[-1], quantum)]
    if len(rows[0]) == 1 and rows[0][0].label and len(stations) == 1:
        when.insert(0, rows[0][0].label)
    notes = [translate("means of {count} time steps", count=count)] if count > 1 else []
    if len(layout.panels) < len(stations):
        notes.append(translate("{shown} of {count} stations", shown=len(layout.panels), count=len(stations)))
    source = info.dataset_name or info.dataset
    add_titles(figure, title, join_parts(source, *when, *notes), info.attribution or source, context.sizes)
    _draw_panels(layout, first.seconds, stations, rows, count=count, units=info.units, context=context)
    for number, panel in enumerate(layout.panels):
        label_time_axis(panel, first.seconds, quantum, context)
        panel.tick_params(labelbottom=layout.is_lowest(number))
    if layout.side is not None:
        draw_stations(figure, layout.side, stations, context, show_map=show_map)
    sentence = translate("{title}, {time}.", title=title, time=", ".join(when))
    sentences = [sentence, *_describe(series, stations, quantum, context)]
    return Picture(figure=figure, info=data.make_picture_info(title, sentences, info, info.attribution or source))


def _make_title(name: str, stations: list[StationMark], context: DrawContext) -> str:
    translate = context.translate
    if len(stations) > 1:
        return translate("{name} and direction at {count} stations", name=name, count=len(stations))
    return translate("{name} and direction at {station}", name=name, station=stations[0].label(context.labels))


def _make_rows(series: list[MooringSeries], depths: list[str], station: int, context: DrawContext) -> list[StickRow]:
    """Return the rows of one station, one a depth."""
    rows = []
    for depth_series, depth in zip(series, depths, strict=True):
        finite = np.isfinite(depth_series.values).any(axis=(0, 2))
        for level in np.flatnonzero(finite).tolist() or [0]:
            east, north = (depth_series.parts[part][:, level, station] for part in ("eastward", "northward"))
            label = _label_row(depth_series, depth, level, station, context)
            rows.append(StickRow(label=label, east=east, north=north))
    return rows


def _label_row(series: MooringSeries, depth: str, level: int, station: int, context: DrawContext) -> str:
    """Return the depth of a row."""
    translate, depths = context.translate, series.depths[:, level, station]
    finite = depths[np.isfinite(depths)]
    if depth == "mean":
        return translate("mean over the water column")
    if depth == "bottom" and not finite.size:
        return translate("bottom")
    if not finite.size:
        return translate("level {number}", number=depth) if series.reader.has("level") else ""
    metres = context.labels.value(float(finite.mean()), "m")
    return translate("bottom, {depth}", depth=metres) if depth == "bottom" else metres


def _draw_panels(
    layout: StationPanels,
    seconds: Floats,
    stations: list[StationMark],
    rows: list[list[StickRow]],
    *,
    count: int,
    units: str,
    context: DrawContext,
) -> None:
    """Draw the sticks of each station that has a panel, its rows from above; each is the mean of ``count`` steps."""
    most = -(-len(seconds) // count)
    days = seconds_to_days(average_neighbours(seconds, most))
    averaged = [
        [
            StickRow(
                label=row.label, east=average_neighbours(row.east, most), north=average_neighbours(row.north, most)
            )
            for row in station_rows
        ]
        for station_rows in rows[: len(layout.panels)]
    ]
    scale = choose_stick_scale(averaged, axes_inches(layout.panels[0]), context)
    margin = (float(days[-1] - days[0]) or 1.0) * max(scale.edge / (1 - 2 * scale.edge), 0.02)
    for station, panel, station_rows in zip(stations, layout.panels, averaged, strict=False):
        if len(stations) > 1:
            add_panel_title(panel, station, context)
        panel.set(xlim=(float(days[0]) - margin, float(days[-1]) + margin), ylim=(scale.bottom, scale.top + scale.key))
        if not station.data:
            show_message(panel, context.translate("no data at this station"), context.sizes)
            continue
        _draw_base_lines(panel, station_rows, context)
        for number, row in enumerate(station_rows):
            finite = np.isfinite(row.east) & np.isfinite(row.north)
            panel.quiver(
                days[finite], np.full(finite.sum(), -float(number)), row.east[finite], row.north[finite],
                color=station.colour, **_stick_style(scale, context, heads=len(days) <= FEW_STICKS),
            )  # fmt: skip
    speeds = (_greatest(np.hypot(row.east, row.north)) for station_rows in averaged for row in station_rows)
    fastest = max(speeds, default=0.0)
    if fastest > 0:
        _draw_key(layout.panels[0], round_down(0.75 * fastest), scale, units, context)


def choose_stick_scale(rows: list[list[StickRow]], panel: tuple[float, float], context: DrawContext) -> StickScale:
    """Choose the scale at which no stick crosses one of another row; ``panel``: width and height, inches."""
    width, height = panel
    number = len(rows[0])
    up = [max(_greatest(station[row].north) for station in rows) for row in range(number)]
    down = [max(_greatest(-station[row].north) for station in rows) for row in range(number)]
    towards = [
        _greatest(-station[row].north) + _greatest(station[row + 1].north)
        for station in rows
        for row in range(number - 1)
    ]
    east = max(_greatest(np.abs(row.east)) for station in rows for row in station)
    fastest = max(_greatest(np.hypot(row.east, row.north)) for station in rows for row in station)
    strip = KEY_HEIGHT * context.sizes.small / 72
    limits = [
        (MOST_REACH, max(towards, default=0.0)),
        (1.0, up[0] + down[-1]),
        (WIDEST * width * number / height, fastest),
    ]
    scale = min((available / size for available, size in limits if size > 0), default=1.0)
    top, bottom = scale * up[0] + EDGE, 1.0 - number - scale * down[-1] - EDGE
    margin = max(0.0, number - (top - bottom)) / 2  # sticks that lie along the line would be too long
    top, bottom = top + margin, bottom - margin
    row_height = max(height - strip, 0.1) / (top - bottom)
    return StickScale(
        scale=scale,
        top=top,
        bottom=bottom,
        key=strip / row_height,
        edge=scale * east * row_height / width,
        row=row_height,
    )


def _draw_base_lines(panel: Axes, rows: list[StickRow], context: DrawContext) -> None:
    """Draw the lines that sticks begin at, labelled by their depths."""
    positions = [-row for row in range(len(rows))]
    panel.grid(visible=False, axis="y")
    panel.set_yticks(positions, [row.label for row in rows])
    style_ticks(panel, context)
    panel.tick_params(axis="y", length=0)
    panel.hlines(positions, *panel.get_xlim(), color=MUTED, linewidth=0.6, zorder=1)


def _draw_key(panel: Axes, size: float, scale: StickScale, units: str, context: DrawContext) -> None:
    """Draw a stick of a round length, in the corner above all rows."""
    speed, width, small = context.labels.value(size, units), axes_inches(panel)[0], context.sizes.small
    text, letter = context.translate("{speed}; north is up", speed=speed), LETTER_WIDTH * small / 72
    if (len(text) + 4) * letter + size * scale.scale * scale.row > width:
        text = speed
    low, high = panel.get_xlim()
    middle = scale.top + 0.5 * scale.key
    tip = high - (len(text) + 1.5) * letter / width * (high - low)
    panel.quiver([tip], [middle], [size], [0.0], color=INK, pivot="tip", **_stick_style(scale, context, heads=True))
    panel.text(high, middle, text, ha="right", va="center", fontsize=small)


def _stick_style(scale: StickScale, context: DrawContext, *, heads: bool) -> dict[str, Any]:
    shape = {} if heads else {"headwidth": 0, "headlength": 0, "headaxislength": 0}
    return {
        "angles": "uv", "scale_units": "y", "scale": 1 / scale.scale, "units": "inches",
        "width": 0.9 * context.sizes.line / 72, "zorder": 3, **shape,
    }  # fmt: skip


def _greatest(values: Floats) -> float:
    """Return the greatest value; 0 where there is none, or none above."""
    return float(np.nan_to_num(values).max(initial=0.0))


def _describe(
    series: list[MooringSeries], stations: list[StationMark], quantum: str | None, context: DrawContext
) -> list[str]:
    """Describe the strongest vector with place and time, and the mean of all."""
    translate, labels, info = context.translate, context.labels, series[0].info
    name = labels.variable_name(info)
    with_data = [depth for depth in series if any(depth.has_data)]
    if not with_data:
        return [translate("{name}: no data at these stations.", name=name)]
    strongest = max(with_data, key=lambda depth: float(np.nanmax(depth.values)))
    index = np.unravel_index(np.nanargmax(strongest.values), strongest.values.shape)
    east, north = (
        float(np.nanmean(np.concatenate([depth.parts[part].ravel() for depth in with_data])))
        for part in ("eastward", "northward")
    )
    where = [labels.time(strongest.times[index[0]], quantum)]
    if np.isfinite(strongest.depths[index]):
        where.append(labels.value(float(strongest.depths[index]), "m"))
    if len(stations) > 1:
        where.append(stations[index[2]].label(labels))
    return [
        translate(
            "{name}: strongest {speed} towards {direction} ({where}).",
            name=name,
            speed=labels.value(float(strongest.values[index]), info.units),
            direction=f"{labels.number(float(strongest.parts['bearing'][index]), 0)}°",
            where=", ".join(where),
        ),
        translate(
            "The mean of all is {speed} towards {direction}.",
            speed=labels.value(float(np.hypot(east, north)), info.units),
            direction=f"{labels.number(float(np.degrees(np.arctan2(east, north))) % 360.0, 0)}°",
        ),
    ]


def table(query: StickQuery, data: MooringData, context: DrawContext) -> Table:
    """Return a row for every station, depth and time."""
    translate, info = context.translate, data.info
    parts = [_make_columns(MooringSeries(coverage, info), query, context) for coverage in data.coverages]
    fewest = min(parts, key=len)  # a depth column only where every level has one
    columns = [
        replace(column, values=_join_values([next(c for c in part if c.name == column.name) for part in parts]))
        for column in fewest
    ]
    header = [
        (translate("Dataset"), info.dataset_name or info.dataset),
        (translate("Attribution"), info.attribution or ""),
        (translate("Variable"), context.labels.axis_label(info)),
    ]
    return Table(header=header, columns=columns)


def _make_columns(series: MooringSeries, query: StickQuery, context: DrawContext) -> list[Column]:
    rows = series.row_index()
    places = sorted(series.columns(rows, query.names, context), key=lambda column: COLUMN_ORDER.index(column.role))
    columns = [replace(column, context=False) for column in places]
    for part in VECTOR_PARTS:
        info = series.info if part == "magnitude" else series.reader.info(part)
        values = series.values if part == "magnitude" else series.parts[part]
        name = context.labels.variable_name(info)
        columns.append(Column(name=name, units=info.units, values=values[rows], circular=part == "bearing"))
    return columns


def _join_values(columns: list[Column]) -> list[str] | Floats:
    if isinstance(columns[0].values, np.ndarray):
        return np.concatenate([np.asarray(column.values, dtype=float) for column in columns])
    return [str(value) for column in columns for value in column.values]


KIND = PlotKind(
    name="stick",
    summary="Vectors through time at stations and depths, as arrows",
    example={
        "dataset": "giops_day",
        "variable": "x_velocity,y_velocity",
        "station": [[73.0, 20.0]],
        "depth": [0, 5, 8],
    },
    query=StickQuery,
    fetch=fetch,
    draw=draw,
    table=table,
)
