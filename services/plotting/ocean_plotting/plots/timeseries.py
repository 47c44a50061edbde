"""Time series: a variable at stations through time, at one depth as lines, or at all depths as sections."""

from typing import Annotated, cast

import msgspec
import numpy as np
from matplotlib.axes import Axes

from ocean_common.contracts.data import PointsRequest
from ocean_core.colour import Scale
from ocean_core.errors import InvalidRequest
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_value_column
from ocean_plotting.figure import section
from ocean_plotting.figure.axes import (
    FEW_LEVELS,
    label_categories,
    make_steps,
    set_quantity_axis,
    set_stretched_depth_axis,
    show_message,
)
from ocean_plotting.figure.labels import join_parts
from ocean_plotting.figure.layout import MUTED
from ocean_plotting.figure.legends import Shading, add_colour_bar, choose_shading
from ocean_plotting.figure.stations import add_panel_title
from ocean_plotting.figure.time_axis import DAY, label_time_axis, seconds_to_days
from ocean_plotting.palettes import category_positions, validate_colormap
from ocean_plotting.plots.common import mooring_series
from ocean_plotting.plots.common.coverage import format_level
from ocean_plotting.plots.common.query import (
    Colormap,
    Level,
    LinearDepth,
    ScaleText,
    parse_length,
    parse_ranges,
    parse_scale,
    parse_stations,
)
from ocean_plotting.plots.kind import PlotKind, Services

MANY_STEPS, THIN = 1000, 0.6  # steps from which on lines are thinner, and by which factor
LINE_INTERVALS = 200  # per inch of a line, of which the extremes are drawn
CELLS_PER_INCH = 120  # of a section: more are not seen
FLOOR_MARGIN, STRETCHED_MARGIN = 1.04, 1.2  # lower end of a section with a sea floor, in depths of the floor
QUANTA = {"hour": 3600.0, "day": DAY, "month": 30 * DAY, "season": 91 * DAY, "year": 365 * DAY}  # s


class TimeseriesQuery(mooring_series.StationTimeQuery, frozen=True, kw_only=True):
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
    linearthresh: LinearDepth = None

    def linear_depth(self) -> float:
        """Return the depth below which the depth axis of depth=all is stretched, m or dbar; 0: nowhere."""
        return parse_length(self.linearthresh, "$.linearthresh") or 0.0


def make_request(query: TimeseriesQuery) -> PointsRequest:
    """Request the variable, or the components of the vector that two make."""
    keys = _check_query(query)
    return mooring_series.make_series_request(
        query, keys, mooring_series.VECTOR_PARTS if len(keys) > 1 else [], str(query.depth)
    )


async def fetch(services: Services, query: TimeseriesQuery, _: Output) -> mooring_series.MooringData:
    """Request the variable at all stations."""
    _check_query(query)
    return await mooring_series.fetch_series(services, query, [str(query.depth)])


def _check_query(query: TimeseriesQuery) -> list[str]:
    """Return the variable's key, or two; refuse invalid members before anything is requested."""
    parse_stations(query.station)
    _parse_limits(query)
    query.linear_depth()
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


class TimeseriesPlot(mooring_series.MooringPlot[TimeseriesQuery]):
    """A line for each station, or sections of all depths."""

    def prepare(self) -> None:
        super().prepare()
        self.deep = self.series.values.shape[1] > 1
        self.least_step = QUANTA.get(self.data.info.quantum or "", 3600.0)  # s
        self.add_panels(len(self.stations) if self.deep else 1, bar=self.deep)
        level = "" if self.deep else self.name_level()
        self.facts = [*filter(None, (level, self.span)), *self.notes]
        self.title = self.query.plotTitle or self._make_title()
        self.subtitle = join_parts(self.labels.dataset_name(self.data.info), *self.facts)

    def name_level(self, *, alone: bool = False) -> str:
        """Describe the requested depth, within a sentence or ``alone``; empty for variables without levels."""
        depth, known = str(self.query.depth), self.series.depths[np.isfinite(self.series.depths)]
        of_values = self.series.depths[np.isfinite(self.series.depths) & np.isfinite(self.series.values)]
        metres = self.labels.span(of_values if of_values.size else known, self.series.level_units) if known.size else ""
        if depth == "mean":
            return self.translate("mean over the water column")
        if depth == "bottom" and metres:
            return self.translate("at the bottom, {depth}", depth=metres)
        if metres:
            return metres if alone else self.translate("at {depth}", depth=metres)
        return format_level(self.series.reader.coverage, self.labels, alone=alone)

    def _make_title(self) -> str:
        name, count = self.quantity, len(self.stations)
        if self.deep and self.series.level_units != "m":
            return self.translate("{name} over pressure and time at {where}", name=name, where=self.where)
        if self.deep:
            return self.translate("{name} over depth and time at {where}", name=name, where=self.where)
        if count > 1:
            return self.translate("{name} through time at {count} stations", name=name, count=count)
        return self.translate("{name} through time at {station}", name=name, station=self.where)

    def draw_panels(self) -> None:
        if not self.deep:
            self._draw_lines(self.layout.panels[0])
        elif (shading := self._draw_sections()) is not None:
            add_colour_bar(self.figure, self.layout.panels, shading, self.context)
        self.draw_stations()

    def _draw_lines(self, panel: Axes) -> None:
        series, days = self.series, seconds_to_days(self.series.seconds)
        few, most, info = len(days) <= FEW_LEVELS, int(LINE_INTERVALS * self.context.width), self.data.info
        for station in self.stations:
            values = category_positions(info, series.values[:, 0, station.number])
            values = values + station.shift(info, len(self.stations))
            style = station.style(self.sizes, markers=few)
            style["linewidth"] *= THIN if len(days) > MANY_STEPS else 1.0
            line = mooring_series.thin_line(*mooring_series.break_at_gaps(days, values), most)
            if info.is_discrete:
                line, style["marker"] = make_steps(*line), None
            panel.plot(*line, **style)
            if not few and (isolated := mooring_series.find_isolated(values)).any():
                dots = {"linestyle": "", "marker": ".", "markersize": self.sizes.line}
                panel.plot(days[isolated], values[isolated], **style | dots)
        if not any(series.has_data):
            show_message(panel, self.translate("no data at these stations"), self.sizes)
            return
        self._set_value_axis(panel)
        margin = 0.02 * float(days[-1] - days[0]) or self.least_step / DAY
        panel.set_xlim(float(days[0]) - margin, float(days[-1]) + margin)
        label_time_axis(panel, series.seconds, self.precision, self.context, units=series.reader.time_units)

    def _set_value_axis(self, panel: Axes) -> None:
        """Draw the values' axis: about zero where that means something, with names for categories."""
        info, scale = self.data.info, _parse_limits(self.query)
        limits = scale and scale.limits
        if info.zero_centered:
            panel.axhline(0, color=MUTED, linewidth=0.8, zorder=1)
            most = float(np.nanmax(np.abs(self.series.values)))
            limits = limits or ((-1.07 * most, 1.07 * most) if most else None)
        set_quantity_axis(panel, self.labels.axis_label(info), limits, self.context, vertical=True)
        label_categories(panel, self.translate.categories(info), self.context, vertical=True)

    def _draw_sections(self) -> Shading | None:
        """Draw a section for each station; return their colours, if there are any values."""
        query, series = self.query, self.series
        scale, linear = _parse_limits(query), query.linear_depth()
        shading = choose_shading(self.context, self.data.info, series.values, scale=scale, colormap=query.colormap)
        for station, panel in zip(self.stations, self.layout.panels, strict=False):
            if len(self.stations) > 1:
                add_panel_title(panel, station, self.context)
            if not station.data:
                show_message(panel, self.translate("no data at this station"), self.sizes)
                continue
            self._draw_section(panel, station.number, shading, linear)
            label_time_axis(panel, series.seconds, self.precision, self.context, units=series.reader.time_units)
            if not self.layout.is_lowest(station.number):
                panel.tick_params(labelbottom=False)
                panel.set_xlabel("")
        self.layout.thin_ylabels(self.context)
        return shading if any(series.has_data) else None

    def _draw_section(self, axes: Axes, station: int, shading: Shading, linear: float) -> None:
        """Draw the cells of a column of water; ``linear``: where depth begins to be stretched (0: nowhere)."""
        series = self.series
        most = max(8, int(CELLS_PER_INCH * self.context.width * axes.get_position().width))
        cell_bounds, instants = mooring_series.make_time_cells(
            mooring_series.average_neighbours(series.seconds, most), self.least_step
        )
        # Depths and values are (level, cell). Missing depths are those of another time, or of the level above.
        depths = mooring_series.average_neighbours(series.depths[..., station], most)
        usual = np.where(np.isfinite(depths), depths, -np.inf).max(axis=0)
        depths = np.where(np.isfinite(depths), depths, usual)
        depths = np.maximum.accumulate(np.where(np.isfinite(depths), depths, 0.0), axis=1).T[:, instants]
        averages = mooring_series.average_neighbours(
            series.values[..., station], most, discrete=self.data.info.is_discrete
        )
        values = np.where(instants < 0, np.nan, averages.T[:, instants])
        edges, model_floor = seconds_to_days(cell_bounds), np.full(len(instants), series.model_floor[station])
        cells = section.SectionGrid(
            distance=edges[:-1], depths=depths, wet=np.isfinite(values), model_floor=model_floor,
            follows_floor=series.terrain_following, units=series.level_units,
        )  # fmt: skip
        floor = section.find_sea_floor(cells, None, np.zeros(len(instants), dtype=bool))
        if series.terrain_following:  # the last level ends at the floor
            floor = np.where(np.isfinite(floor), floor, cells.lowest)
        deepest = float(np.nanmax(np.append(floor, cells.lowest)))
        margin = STRETCHED_MARGIN if 0 < linear < deepest else FLOOR_MARGIN
        lower, top = deepest * (1.0 if np.isnan(floor).all() else margin), cells.top
        set_stretched_depth_axis(axes, lower, linear, self.context, top=top, units=cells.units)
        axes.set_facecolor(section.UNKNOWN)
        axes.grid(visible=False)
        masked = np.ma.masked_invalid(section.extend_to_floor(cells, values, floor))
        x = np.broadcast_to(edges, (len(cells.edges), len(edges)))
        axes.pcolormesh(x, cells.corners, masked, cmap=shading.colours, norm=shading.norm, rasterized=True)
        if np.isfinite(floor).any():
            filled = np.where(np.isfinite(floor), floor, float(np.nanmax(floor)))
            axes.stairs(
                filled, edges, baseline=2 * deepest, fill=True, facecolor=section.FLOOR,
                edgecolor=section.FLOOR_LINE, linewidth=0.6, zorder=3,
            )  # fmt: skip
        axes.set(xlim=(edges[0], edges[-1]), ylim=(lower, top))
        axes.spines[["top", "right"]].set_visible(True)

    def make_sentences(self) -> list[str]:
        """Describe the range of a series with places and times, and its trend."""
        translate, labels, units, values = self.translate, self.labels, self.data.info.units, self.series.values
        sentences = [translate("{title}, {time}.", title=self.title, time=", ".join(self.facts))]
        name = self.quantity
        if not any(self.series.has_data):
            return [*sentences, translate("{name}: no data at these stations.", name=name)]
        if self.data.info.is_discrete:
            return [*sentences, labels.list_categories(name, self.data.info, values)]
        ends = [np.unravel_index(find(values), values.shape) for find in (np.nanargmin, np.nanargmax)]
        low, high = (float(values[end]) for end in ends)
        low_place, high_place = (self.locate(self.series, end, with_depth=self.deep) for end in ends)
        top = labels.value(high, units)
        if low == high:
            return [*sentences, translate("{name}: {value} ({where}).", name=name, value=top, where=low_place)]
        sentences.append(
            translate(
                "{name} from {low} ({low_where}) to {high} ({high_where}).",
                name=name, low=labels.number(low), high=top, low_where=low_place, high_where=high_place,
            )
        )  # fmt: skip
        has_trend = self.data.info.dated and not self.data.info.climatology and values.shape[1:] == (1, 1)
        if has_trend and (change := mooring_series.compute_trend(self.series.seconds, values[:, 0, 0])):
            size = labels.value(abs(change), units)
            sentences.append(
                translate("On the whole it rises by {change}.", change=size)
                if change > 0
                else translate("On the whole it falls by {change}.", change=size)
            )
        return sentences

    def make_table(self) -> Table:
        """Return a row for every station, time and depth; in CSV a column for every depth, as in the v2.0 API."""
        labels, series = self.labels, self.series
        rows = series.row_index()
        columns = [
            *self.make_place_columns(series, rows),
            make_value_column(labels, self.data.info, series.values[rows]),
        ]
        columns += [
            make_value_column(labels, series.reader.info(part), values[rows], circular=part == "bearing")
            for part, values in series.parts.items()
        ]
        header = self.make_header()
        if self.deep:
            header.append((self.translate("Variable"), labels.axis_label(self.data.info)))
        elif level := self.name_level(alone=True):
            header.append((self.translate("Depth"), level))
        wide = self._make_wide_columns() if self.deep and series.has_fixed_levels and not series.parts else None
        return Table(header=header, columns=columns, wide=wide)

    def _make_wide_columns(self) -> list[Column]:
        """Return a column for each depth with a value, named as in the v2.0 API: 10m, or 10dbar."""
        values, rows = self.series.values, self.series.row_index(by_depth=False)
        places = self.make_place_columns(self.series, rows)
        depths = [np.format_float_positional(np.float32(depth), trim="-") for depth in self.series.depths[0, :, 0]]
        return [
            *(column for column in places if column.role in {"latitude", "longitude", "time"}),
            *(
                Column(name=f"{depths[level]}{self.series.level_units}", values=values[rows[0], level, rows[2]])
                for level in np.flatnonzero(np.isfinite(values).any(axis=(0, 2)))
            ),
        ]


KIND = PlotKind(
    name="timeseries",
    summary="A variable through time at stations, at one depth or at all",
    example={"dataset": "arctic_day", "variable": "votemper", "station": [[73.0, 20.0]], "depth": "all"},
    query=TimeseriesQuery,
    fetch=fetch,
    plot=TimeseriesPlot,
    data_request=make_request,
)
