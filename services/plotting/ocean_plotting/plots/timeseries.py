"""Time series: a variable at stations through time, at one depth as lines, or at all depths as sections."""

import math
from typing import Annotated, cast

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_common.contracts.data import PointsRequest
from ocean_core.colour import Scale
from ocean_core.errors import InvalidRequest
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_value_column
from ocean_plotting.figure.axes import FEW_LEVELS, set_quantity_axis, set_stretched_depth_axis, show_message
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import TimePrecision, join_parts
from ocean_plotting.figure.layout import MUTED, Picture, add_titles
from ocean_plotting.figure.legends import Shading, add_colour_bar, choose_shading
from ocean_plotting.figure.section import (
    FLOOR,
    FLOOR_LINE,
    UNKNOWN,
    SectionGrid,
    cell_corners,
    extend_to_floor,
    find_sea_floor,
)
from ocean_plotting.figure.stations import (
    StationMark,
    StationPanels,
    add_panel_title,
    add_station_panels,
    draw_stations,
    has_side_column,
    mark_stations,
    name_stations,
    needs_list,
)
from ocean_plotting.figure.time_axis import DAY, label_time_axis, seconds_to_days
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots.common.coverage import Floats
from ocean_plotting.plots.common.mooring_series import (
    VECTOR_PARTS,
    MooringData,
    MooringSeries,
    StationTimeQuery,
    average_neighbours,
    break_at_gaps,
    compute_trend,
    fetch_series,
    find_isolated,
    make_series_request,
    make_time_cells,
    thin_line,
)
from ocean_plotting.plots.common.query import Colormap, Level, ScaleText, parse_ranges, parse_scale, parse_stations
from ocean_plotting.plots.kind import PlotKind, Services

MANY_STEPS, THIN = 1000, 0.6  # steps from which on lines are thinner, and by which factor
LINE_INTERVALS = 200  # per inch of a line, of which the extremes are drawn
CELLS_PER_INCH = 120  # of a section: more are not seen
FLOOR_MARGIN, STRETCHED_MARGIN = 1.04, 1.2  # lower end of a section with a sea floor, in depths of the floor
QUANTA = {"hour": 3600.0, "day": DAY, "month": 30 * DAY, "season": 91 * DAY, "year": 365 * DAY}  # s


class TimeseriesQuery(StationTimeQuery, frozen=True, kw_only=True):
    """Query of a time series."""

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


def make_request(query: TimeseriesQuery) -> PointsRequest:
    """Request the variable, or the components of the vector that two make."""
    keys = _check_query(query)
    return make_series_request(query, keys, VECTOR_PARTS if len(keys) > 1 else [], str(query.depth))


async def fetch(services: Services, query: TimeseriesQuery, _: Output) -> MooringData:
    """Request the variable at all stations."""
    _check_query(query)
    return await fetch_series(services, query, [str(query.depth)])


def _check_query(query: TimeseriesQuery) -> list[str]:
    """Return the variable's key, or two; refuse invalid members before anything is requested."""
    parse_stations(query.station)
    _parse_limits(query)
    _parse_linear_depth(query)
    validate_colormap(query.colormap, "$.colormap")
    return query.variable_keys(2)


def _parse_limits(query: TimeseriesQuery) -> Scale | None:
    """Read the limits of the values' axis or colours; None: by the values."""
    ranges = query.variable_range
    if not ranges or ranges[0] is None:
        return parse_scale(query.scale, "$.scale")
    pairs = ranges if isinstance(ranges[0], list) else [ranges]
    if any(pair is not None and (not isinstance(pair, list) or len(pair) != 2 or None in pair) for pair in pairs):
        raise InvalidRequest(
            "variable_range is {value}; it is [min, max], [[min, max]] or null", value=ranges, field="$.variable_range"
        )
    limits = parse_ranges(cast("list[list[float] | None]", pairs), 1)[0]
    return Scale(*limits) if limits else parse_scale(query.scale, "$.scale")


def _parse_linear_depth(query: TimeseriesQuery) -> float:
    """Read the depth (m) below which the depth axis is stretched; 0: nowhere."""
    text = query.linearthresh
    try:
        depth = float(text or 0)
    except ValueError:
        depth = math.nan
    if not math.isfinite(depth):
        raise InvalidRequest(
            "linearthresh is {value!r}; it is a depth in m, or false", value=str(text)[:40], field="$.linearthresh"
        )
    return max(0.0, depth)


def draw(query: TimeseriesQuery, data: MooringData, context: DrawContext) -> Picture:
    """Draw a line for each station, or a section of all depths."""
    figure, labels, translate, info = Figure(figsize=context.size), context.labels, context.translate, data.info
    series = MooringSeries(data.coverages[0], info)
    deep, precision = series.values.shape[1] > 1, TimePrecision.of(info, query.quantum)
    stations = mark_stations(series.places, query.names, series.has_data)
    title = query.plotTitle or _make_title(labels.variable_name(info), stations, context, deep=deep)
    level = "" if deep else series.level_name(str(query.depth), context)
    span = labels.time_span(series.times[0], series.times[-1], precision)
    subtitle = [part for part in (level, span) if part]
    show_map = bool(query.showmap)
    side = has_side_column(context, bar=deep) and needs_list(stations, show_map=show_map)
    layout = add_station_panels(figure, len(stations) if deep else 1, context, side=side, bar=deep)
    if len(layout.panels) < len(stations) and deep:
        subtitle.append(translate("{shown} of {count} stations", shown=len(layout.panels), count=len(stations)))
    add_titles(
        figure,
        title,
        join_parts(context.labels.dataset_name(info), *subtitle),
        context.labels.credit(info),
        context.sizes,
    )
    if not deep:
        _draw_lines(query, layout.panels[0], series, stations, context)
    elif (shading := _draw_sections(query, layout, series, stations, context)) is not None:
        add_colour_bar(figure, layout.panels, shading, context)
    if layout.side is not None:
        draw_stations(figure, layout.side, stations, context, show_map=show_map)
    sentence = translate("{title}, {time}.", title=title, time=", ".join(subtitle))
    sentences = [sentence, *_describe(series, stations, precision, context)]
    return data.describe_picture(
        figure, context.labels.title(title, info), sentences, context.labels.credit(info), info.dataset
    )


def _make_title(name: str, stations: list[StationMark], context: DrawContext, *, deep: bool) -> str:
    translate, where = context.translate, name_stations(stations, context.labels)
    if deep:
        return translate("{name} over depth and time at {where}", name=name, where=where)
    if len(stations) > 1:
        return translate("{name} through time at {count} stations", name=name, count=len(stations))
    return translate("{name} through time at {station}", name=name, station=where)


def _draw_lines(
    query: TimeseriesQuery, panel: Axes, series: MooringSeries, stations: list[StationMark], context: DrawContext
) -> None:
    info, days = series.info, seconds_to_days(series.seconds)
    few, most = len(days) <= FEW_LEVELS, int(LINE_INTERVALS * context.width)
    for station in stations:
        values = series.values[:, 0, station.number]
        style = station.style(context.sizes, markers=few)
        style["linewidth"] *= THIN if len(days) > MANY_STEPS else 1.0
        panel.plot(*thin_line(*break_at_gaps(days, values), most), **style)
        if not few and (isolated := find_isolated(values)).any():
            dots = {"linestyle": "", "marker": ".", "markersize": context.sizes.line}
            panel.plot(days[isolated], values[isolated], **style | dots)
    if not any(series.has_data):
        show_message(panel, context.translate("no data at these stations"), context.sizes)
        return
    scale = _parse_limits(query)
    _set_value_axis(panel, series, scale and scale.limits, context)
    least = QUANTA.get(info.quantum or "", 3600.0) / DAY
    margin = 0.02 * float(days[-1] - days[0]) or least
    panel.set_xlim(float(days[0]) - margin, float(days[-1]) + margin)
    precision = TimePrecision.of(info, query.quantum)
    label_time_axis(panel, series.seconds, precision, context, units=series.reader.time_units)


def _set_value_axis(
    panel: Axes, series: MooringSeries, limits: tuple[float, float] | None, context: DrawContext
) -> None:
    """Draw the values' axis: about zero where that means something, with names for categories."""
    info = series.info
    if info.zero_centered:
        panel.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
        most = float(np.nanmax(np.abs(series.values)))
        limits = limits or ((-1.07 * most, 1.07 * most) if most else None)
    set_quantity_axis(panel, context.labels.axis_label(info), limits, context, vertical=True)
    if info.categories:
        number = len(info.categories)
        panel.set_yticks(range(number), info.categories)
        panel.set_ylim(limits or (-0.5, number - 0.5))


def _draw_sections(
    query: TimeseriesQuery,
    layout: StationPanels,
    series: MooringSeries,
    stations: list[StationMark],
    context: DrawContext,
) -> Shading | None:
    """Draw a section for each station; return their colours, if there are any values."""
    shading = choose_shading(context, series.info, series.values, scale=_parse_limits(query), colormap=query.colormap)
    linear = _parse_linear_depth(query)
    for station, panel in zip(stations, layout.panels, strict=False):
        if len(stations) > 1:
            add_panel_title(panel, station, context)
        if not station.data:
            show_message(panel, context.translate("no data at this station"), context.sizes)
            continue
        _draw_time_section(panel, series, station.number, shading, linear=linear, context=context)
        precision = TimePrecision.of(series.info, query.quantum)
        label_time_axis(panel, series.seconds, precision, context, units=series.reader.time_units)
        if not layout.is_lowest(station.number):
            panel.tick_params(labelbottom=False)
            panel.set_xlabel("")
    layout.thin_ylabels(context)
    return shading if any(series.has_data) else None


def _draw_time_section(
    axes: Axes, series: MooringSeries, station: int, shading: Shading, *, linear: float, context: DrawContext
) -> None:
    """Draw the cells of a water column through time; ``linear``: where depth begins to be stretched, m (0: nowhere)."""
    most = max(8, int(CELLS_PER_INCH * context.width * axes.get_position().width))
    least = QUANTA.get(series.info.quantum or "", 3600.0)
    cell_bounds, instants = make_time_cells(average_neighbours(series.seconds, most), least)
    # Depths and values are (level, cell).
    depths = _fill_depths(average_neighbours(series.depths[..., station], most)).T[:, instants]
    averages = average_neighbours(series.values[..., station], most)
    values = np.where(instants < 0, np.nan, averages.T[:, instants])
    edges, model_floor = seconds_to_days(cell_bounds), np.full(len(instants), series.model_floor[station])
    cells = SectionGrid(
        distance=edges[:-1], depths=depths, wet=np.isfinite(values), model_floor=model_floor,
        follows_floor=series.terrain_following,
    )  # fmt: skip
    floor = find_sea_floor(cells, None, np.zeros(len(instants), dtype=bool))
    if series.terrain_following:  # the last level ends at the floor
        floor = np.where(np.isfinite(floor), floor, cells.lowest)
    deepest = float(np.nanmax(np.append(floor, cells.lowest)))
    margin = STRETCHED_MARGIN if 0 < linear < deepest else FLOOR_MARGIN
    lower, top = deepest * (1.0 if np.isnan(floor).all() else margin), cells.top
    set_stretched_depth_axis(axes, lower, linear, context, top=top)
    axes.set_facecolor(UNKNOWN)
    axes.grid(visible=False)
    masked = np.ma.masked_invalid(extend_to_floor(cells, values, floor))
    x = np.broadcast_to(edges, (len(cells.edges), len(edges)))
    axes.pcolormesh(x, cell_corners(cells.edges), masked, cmap=shading.colours, norm=shading.norm, rasterized=True)
    if np.isfinite(floor).any():
        filled = np.where(np.isfinite(floor), floor, float(np.nanmax(floor)))
        axes.stairs(
            filled, edges, baseline=2 * deepest, fill=True, facecolor=FLOOR, edgecolor=FLOOR_LINE, linewidth=0.6,
            zorder=3,
        )  # fmt: skip
    axes.set(xlim=(edges[0], edges[-1]), ylim=(lower, top))
    axes.spines[["top", "right"]].set_visible(True)


def _fill_depths(depths: Floats) -> Floats:
    """Fill missing depths (time, level) with those of another time, or of the level above."""
    usual = np.where(np.isfinite(depths), depths, -np.inf).max(axis=0)
    filled = np.where(np.isfinite(depths), depths, usual)
    return np.maximum.accumulate(np.where(np.isfinite(filled), filled, 0.0), axis=1)


def _describe(
    series: MooringSeries, stations: list[StationMark], precision: TimePrecision, context: DrawContext
) -> list[str]:
    """Describe the range of a series with places and times, and its trend."""
    translate, labels, info, values = context.translate, context.labels, series.info, series.values
    name = labels.variable_name(info)
    if not any(series.has_data):
        return [translate("{name}: no data at these stations.", name=name)]
    ends = [np.unravel_index(find(values), values.shape) for find in (np.nanargmin, np.nanargmax)]
    low, high = (float(values[end]) for end in ends)
    with_depth = values.shape[1] > 1
    low_place, high_place = (series.locate(end, stations, precision, context, with_depth=with_depth) for end in ends)
    top = labels.value(high, info.units)
    if low == high:
        return [translate("{name}: {value} ({where}).", name=name, value=top, where=low_place)]
    sentences = [
        translate(
            "{name} from {low} ({low_where}) to {high} ({high_where}).",
            name=name, low=labels.number(low), high=top, low_where=low_place, high_where=high_place,
        )
    ]  # fmt: skip
    has_trend = series.info.dated and not series.info.climatology and values.shape[1:] == (1, 1)
    if has_trend and (change := compute_trend(series.seconds, values[:, 0, 0])):
        size = labels.value(abs(change), info.units)
        sentences.append(
            translate("On the whole it rises by {change}.", change=size)
            if change > 0
            else translate("On the whole it falls by {change}.", change=size)
        )
    return sentences


def table(query: TimeseriesQuery, data: MooringData, context: DrawContext) -> Table:
    """Return a row for every station, time and depth; in CSV a column for every depth, as in the v2.0 API."""
    translate, labels, info = context.translate, context.labels, data.info
    series = MooringSeries(data.coverages[0], info)
    rows = series.row_index()
    deep = series.values.shape[1] > 1
    columns = [*series.columns(rows, query.names, context), make_value_column(labels, info, series.values[rows])]
    columns += [
        make_value_column(labels, series.reader.info(part), values[rows], circular=part == "bearing")
        for part, values in series.parts.items()
    ]
    header = series.make_header(context)
    if deep:
        header.append((translate("Variable"), labels.axis_label(info)))
    elif level := series.level_name(str(query.depth), context, alone=True):
        header.append((translate("Depth"), level))
    wide = _make_wide_columns(series, context) if deep and series.has_fixed_levels and not series.parts else None
    return Table(header=header, columns=columns, wide=wide)


def _make_wide_columns(series: MooringSeries, context: DrawContext) -> list[Column]:
    """Return a column for each depth with a value, named as in the v2.0 API: 10m."""
    levels = np.flatnonzero(np.isfinite(series.values).any(axis=(0, 2)))
    rows = series.row_index(by_depth=False)
    first = [c for c in series.columns(rows, None, context) if c.role in {"latitude", "longitude", "time"}]
    depths = [np.format_float_positional(np.float32(depth), trim="-") for depth in series.depths[0, :, 0]]
    return [
        *first,
        *(Column(name=f"{depths[level]}m", values=series.values[rows[0], level, rows[2]]) for level in levels),
    ]


KIND = PlotKind(
    name="timeseries",
    summary="A variable through time at stations, at one depth or at all",
    example={"dataset": "arctic_day", "variable": "votemper", "station": [[73.0, 20.0]], "depth": "all"},
    query=TimeseriesQuery,
    fetch=fetch,
    draw=draw,
    table=table,
    more_formats=("nc",),
    data_request=make_request,
)
