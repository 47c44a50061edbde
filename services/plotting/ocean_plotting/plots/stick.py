"""Stick plots: a vector through time as arrows from a line, at stations and depths. North is up."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_core.errors import InvalidRequest
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Role, Table, make_value_column
from ocean_plotting.figure.axes import show_message, style_ticks
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import TimePrecision, join_parts
from ocean_plotting.figure.layout import INK, MUTED, Picture, add_titles, axes_inches
from ocean_plotting.figure.map_overlays import round_down
from ocean_plotting.figure.stations import (
    StationMark,
    add_panel_title,
    add_station_panels,
    draw_stations,
    has_side_column,
    mark_stations,
    name_stations,
    needs_list,
)
from ocean_plotting.figure.time_axis import label_time_axis, seconds_to_days
from ocean_plotting.plots.common.coverage import Floats, format_level
from ocean_plotting.plots.common.mooring_series import (
    VECTOR_PARTS,
    MooringData,
    MooringSeries,
    StationTimeQuery,
    average_neighbours,
    fetch_series,
)
from ocean_plotting.plots.common.query import check_count, parse_stations
from ocean_plotting.plots.kind import PlotKind, Services

MOST_DEPTHS = 24
COLUMN_ORDER: tuple[Role, ...] = ("time", "station", "latitude", "longitude", "depth")

STICKS_PER_INCH = 30  # more are no longer told apart
FEW_STICKS = 80  # that have heads
STILL = 1e-12  # of any unit: smaller vectors have no length, and their inverse may be infinite
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
    query.variable_keys(2)
    data = await fetch_series(services, query, query.depth_texts(), vectors=True)
    levels = sum(coverage.dims.get("depth", 1) for coverage in data.coverages)
    check_count(
        "these are {count} depths, and at most {limit} are drawn; name some of them, as [0, 5, 10]",
        levels,
        MOST_DEPTHS,
        "$.depth",
    )
    return data


def draw(query: StickQuery, data: MooringData, context: DrawContext) -> Picture:
    """Draw a panel for each station, and in it a line for each depth."""
    figure, labels, translate, info = Figure(figsize=context.size), context.labels, context.translate, data.info
    series = [MooringSeries(coverage, info) for coverage in data.coverages]
    first, precision = series[0], TimePrecision.of(info, query.quantum)
    has_data = [any(station) for station in zip(*(depth.has_data for depth in series), strict=True)]
    stations = mark_stations(first.places, query.names, has_data)
    where = name_stations(stations, labels)
    title = query.plotTitle or translate(
        "{name} and direction at {where}", name=labels.variable_name(info), where=where
    )
    show_map = bool(query.showmap)
    side = has_side_column(context) and needs_list(stations, show_map=show_map)
    rows = [
        (depth_series, depth, level)
        for depth_series, depth in zip(series, query.depth_texts(), strict=True)
        for level in np.flatnonzero(np.isfinite(depth_series.values).any(axis=(0, 2))).tolist() or [0]
    ]
    row_labels = [[_label_row(*row, number, context) for row in rows] for number in range(len(stations))]
    layout = add_station_panels(figure, len(stations), context, side=side, row_labels=row_labels[0])
    count = -(-len(first.seconds) // max(10, int(STICKS_PER_INCH * axes_inches(layout.panels[0])[0])))
    when = [labels.time_span(first.times[0], first.times[-1], precision)]
    if len(rows) == 1 and row_labels[0][0] and len(stations) == 1:
        when.insert(0, row_labels[0][0])
    notes = [translate("means of {count} time steps", count=count)] if count > 1 else []
    if len(layout.panels) < len(stations):
        notes.append(translate("{shown} of {count} stations", shown=len(layout.panels), count=len(stations)))
    add_titles(
        figure,
        title,
        join_parts(context.labels.dataset_name(info), *when, *notes),
        context.labels.credit(info),
        context.sizes,
    )
    most = -(-len(first.seconds) // count)
    east, north = (
        average_neighbours(np.stack([depth.parts[part][:, level] for depth, _, level in rows], axis=1), most)
        for part in ("eastward", "northward")
    )
    days, shown = seconds_to_days(average_neighbours(first.seconds, most)), len(layout.panels)
    scale = choose_stick_scale(east[..., :shown], north[..., :shown], axes_inches(layout.panels[0]), context)
    for station, panel, texts in zip(stations, layout.panels, row_labels, strict=False):
        if len(stations) > 1:
            add_panel_title(panel, station, context)
        vectors = east[..., station.number], north[..., station.number]
        _draw_panel(panel, days, vectors, scale, texts=texts, station=station, context=context)
    if (fastest := _greatest(np.hypot(east, north)[..., :shown])) > 0:
        _draw_key(layout.panels[0], round_down(0.75 * fastest), scale, info.units, context)
    for number, panel in enumerate(layout.panels):
        label_time_axis(panel, first.seconds, precision, context, units=first.reader.time_units)
        panel.tick_params(labelbottom=layout.is_lowest(number))
        if not layout.is_lowest(number):
            panel.set_xlabel("")
    if layout.side is not None:
        draw_stations(figure, layout.side, stations, context, show_map=show_map)
    sentence = translate("{title}, {time}.", title=title, time=", ".join(when))
    sentences = [sentence, *_describe(series, stations, precision, context)]
    return data.describe_picture(
        figure, context.labels.title(title, info), sentences, context.labels.credit(info), info.dataset
    )


def _label_row(series: MooringSeries, depth: str, level: int, station: int, context: DrawContext) -> str:
    translate, depths = context.translate, series.depths[:, level, station]
    finite = depths[np.isfinite(depths)]
    if depth == "mean":
        return translate("mean over the water column")
    if depth == "bottom" and not finite.size:
        return translate("bottom")
    if not finite.size:
        return format_level(series.reader.coverage, context, alone=True)
    metres = context.labels.value(float(finite.mean()), "m")
    return translate("bottom, {depth}", depth=metres) if depth == "bottom" else metres


def _draw_panel(
    panel: Axes,
    days: Floats,
    vectors: tuple[Floats, Floats],
    scale: StickScale,
    *,
    texts: list[str],
    station: StationMark,
    context: DrawContext,
) -> None:
    """Draw the vectors (time, row) of a station, rows from above, with lines that sticks begin at."""
    margin = (float(days[-1] - days[0]) or 1.0) * max(scale.edge / (1 - 2 * scale.edge), 0.02)
    panel.set(xlim=(float(days[0]) - margin, float(days[-1]) + margin), ylim=(scale.bottom, scale.top + scale.key))
    if not station.data:
        show_message(panel, context.translate("no data at this station"), context.sizes)
        return
    positions = [-row for row in range(len(texts))]
    panel.grid(visible=False, axis="y")
    panel.set_yticks(positions, texts)
    style_ticks(panel, context)
    panel.tick_params(axis="y", length=0)
    panel.hlines(positions, *panel.get_xlim(), color=MUTED, linewidth=0.6, zorder=1)
    for position, east, north in zip(positions, vectors[0].T, vectors[1].T, strict=True):
        finite = np.isfinite(east) & np.isfinite(north)
        if not finite.any():
            text = context.translate("no data at this depth")
            panel.text(
                0.5, position, text, transform=panel.get_yaxis_transform(), ha="center", va="center",
                fontsize=context.sizes.small, color=MUTED, backgroundcolor=panel.get_facecolor(),
            )  # fmt: skip
            continue
        panel.quiver(
            days[finite], np.full(finite.sum(), float(position)), east[finite], north[finite],
            color=station.colour, **_stick_style(scale, context, heads=len(days) <= FEW_STICKS),
        )  # fmt: skip


def choose_stick_scale(east: Floats, north: Floats, panel: tuple[float, float], context: DrawContext) -> StickScale:
    """Choose the scale at which no stick crosses one of another row.

    Parameters
    ----------
    east, north : ndarray, shape (time, row, station)
    panel
        Width and height, inches.
    """
    width, height = panel
    number = east.shape[1]
    up, down = (np.nan_to_num(values).max(axis=0, initial=0.0) for values in (north, -north))  # (row, station)
    towards = float((down[:-1] + up[1:]).max(initial=0.0))
    highest, lowest, fastest = float(up[0].max()), float(down[-1].max()), _greatest(np.hypot(east, north))
    strip = KEY_HEIGHT * context.sizes.small / 72
    limits = [(MOST_REACH, towards), (1.0, highest + lowest), (WIDEST * width * number / height, fastest)]
    scale = min((available / size for available, size in limits if size > STILL), default=1.0)
    top, bottom = scale * highest + EDGE, 1.0 - number - scale * lowest - EDGE
    margin = max(0.0, number - (top - bottom)) / 2  # sticks that lie along the line would be too long
    top, bottom = top + margin, bottom - margin
    row_height = max(height - strip, 0.1) / (top - bottom)
    return StickScale(
        scale=scale,
        top=top,
        bottom=bottom,
        key=strip / row_height,
        edge=scale * _greatest(np.abs(east)) * row_height / width,
        row=row_height,
    )


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
    series: list[MooringSeries], stations: list[StationMark], precision: TimePrecision, context: DrawContext
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
    return [
        translate(
            "{name}: strongest {speed} towards {direction} ({where}).",
            name=name,
            speed=labels.value(float(strongest.values[index]), info.units),
            direction=f"{labels.number(float(strongest.parts['bearing'][index]), 0)}°",
            where=strongest.locate(index, stations, precision, context, with_depth=True),
        ),
        translate(
            "The mean of all is {speed} towards {direction}.",
            speed=labels.value(float(np.hypot(east, north)), info.units),
            direction=f"{labels.number(float(np.degrees(np.arctan2(east, north))) % 360.0, 0)}°",
        ),
    ]


def table(query: StickQuery, data: MooringData, context: DrawContext) -> Table:
    """Return a row for every station, depth and time."""
    series = [MooringSeries(coverage, data.info) for coverage in data.coverages]
    parts = [_make_columns(depth, query, context) for depth in series]
    fewest = min(parts, key=len)  # a depth column only where every level has one
    columns = [
        replace(column, values=np.concatenate([part[name].values for part in parts])) for name, column in fewest.items()
    ]
    header = [*series[0].make_header(context), (context.translate("Variable"), context.labels.axis_label(data.info))]
    return Table(header=header, columns=columns)


def _make_columns(series: MooringSeries, query: StickQuery, context: DrawContext) -> dict[str, Column]:
    """Return columns by their names."""
    rows = series.row_index()
    places = sorted(series.columns(rows, query.names, context), key=lambda column: COLUMN_ORDER.index(column.role))
    columns = [replace(column, context=False) for column in places]
    for part in VECTOR_PARTS:
        info = series.info if part == "magnitude" else series.reader.info(part)
        values = series.values if part == "magnitude" else series.parts[part]
        columns.append(make_value_column(context.labels, info, values[rows], circular=part == "bearing"))
    return {column.name: column for column in columns}


KIND = PlotKind(
    name="stick",
    summary="Vectors through time at stations and depths, as arrows",
    example={
        "dataset": "arctic_day",
        "variable": "x_velocity,y_velocity",
        "station": [[73.0, 20.0]],
        "depth": [0, 5, 8],
    },
    query=StickQuery,
    fetch=fetch,
    draw=draw,
    table=table,
)
