"""Tracks of platforms: observations along them, and what a model says of the same places and times."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from babel.dates import format_date
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.gridspec import SubplotSpec
from msgspec.structs import replace

from ocean_common.arrays import pack_array
from ocean_common.contracts.assets import Array, VariableInfo
from ocean_common.contracts.data import TrajectoryRequest
from ocean_common.contracts.observations import ObservedValues, PlatformTrack
from ocean_common.parameters import parse_choice
from ocean_core.errors import (
    DepthNotFound,
    NothingInView,
    NotSupported,
    PointOutsideGrid,
    RequestTooLarge,
    TimeNotFound,
)
from ocean_core.geometry import great_circle_distance, unwrap_longitudes, wrap_longitude
from ocean_core.time import QUANTA, Quantum, format_time, format_times, parse_instant, period_numbers
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_place_columns
from ocean_plotting.figure.axes import set_quantity_axis
from ocean_plotting.figure.labels import TimePrecision, join_parts, shorten
from ocean_plotting.figure.layout import INK, LINE_COLOURS, MUTED, axes_inches
from ocean_plotting.figure.locator import add_map_over_list, draw_locator_map, project_points
from ocean_plotting.figure.stations import add_legend_above, has_side_column
from ocean_plotting.figure.time_axis import DAY, label_time_axis, seconds_to_days
from ocean_plotting.palettes import colormap_colours
from ocean_plotting.plots.common import comparison
from ocean_plotting.plots.common import query as members
from ocean_plotting.plots.common.coverage import CoverageReader, Floats, to_array
from ocean_plotting.plots.common.mooring_series import average_groups, break_at_gaps
from ocean_plotting.plots.kind import PlotData, PlotKind, Services

Outside = Literal["", "time", "grid"]

MOST_PLATFORMS = 20
MOST_STEPS = 10_000  # of a trajectory
TRACK_MEMBERS = {"start": "$.starttime", "end": "$.endtime", "id": "$.track", "platform": "$.track"}
FEW_STEPS = 60  # that are marked one by one
GAP = 8  # usual steps without a position, after which the line is broken
NARROWEST = 120.0  # km from the middle of the map to its edge, at least
OUTLINE_POINTS = 60  # of a trajectory, that decide what the map shows
TIME_COLORMAP = "salinity"  # from dark to light
PANELS_HEIGHT, LEAST_PANEL = 0.62, 6.5  # of the height of the figure; and of a panel, in heights of its text
MAP_WIDTH = 0.42  # of the width of the panels
MAP_LABELS = 0.85  # size of the labels of the map, in those of the panels
LONG_SPAN = 90 * DAY  # s, from which on a trajectory's first and last time are written as months
AXIS_QUANTA = {"week": "day", "day": "day", "month": "month", "year": "year"}


class TrackQuery(members.ObservedQuery, frozen=True, kw_only=True):
    """Query of a plot of tracks."""

    track: Annotated[members.Numbers, msgspec.Meta(description="ids of platforms", examples=[[3]])]
    trackvariable: Annotated[
        members.Numbers | None,
        msgspec.Meta(description="indices of the first platform's quantities, from 0; null: all"),
    ] = None
    starttime: Annotated[
        str | None, msgspec.Meta(description="date, or ISO 8601; null: from the first", examples=["2022-10-07"])
    ] = None
    endtime: Annotated[str | None, msgspec.Meta(description="date: its whole day, or ISO 8601; null: to the last")] = (
        None
    )
    track_quantum: Annotated[
        str | None, members.choice_schema("values are the means of hours, days, …", QUANTA[::-1])
    ] = "hour"
    latlon: Annotated[bool | int | None, msgspec.Meta(description="draw latitude and longitude too")] = True
    depth: members.Level | None = 0
    observed_depth: Annotated[
        Annotated[float, msgspec.Meta(ge=0)] | None,
        msgspec.Meta(description="m, of the measurements; null: the shallowest of most positions"),
    ] = None


class ModelledValues(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the model along a trajectory."""

    variable: VariableInfo
    values: Array | None  # (step,), "<f8"; None: the trajectory is outside of the model
    outside: Outside = ""
    revision: str = ""
    depth: float | None = None  # m; None: unknown


class Trajectory(msgspec.Struct, frozen=True, kw_only=True):
    """The trajectory of a platform, with measurements and model values along it."""

    name: str
    seconds: Array  # (step,), "<f8": since 1970-01-01 UTC
    latitude: Array  # (step,), "<f8": degrees
    longitude: Array  # (step,), "<f8": degrees, continuous
    measured: list[ObservedValues]
    modelled: list[ModelledValues]
    attribution: str = ""  # of the measurements

    def positions(self) -> list[tuple[float, float]]:
        return list(zip(to_array(self.latitude).tolist(), to_array(self.longitude).tolist(), strict=True))


class TrackData(PlotData, frozen=True, kw_only=True):
    """The trajectories, each with its values."""

    trajectories: list[Trajectory]


async def fetch(services: Services, query: TrackQuery, _: Output) -> TrackData:
    """Request the tracks, then the model along them."""
    quantum = parse_choice(query.track_quantum or "hour", QUANTA[::-1], "$.track_quantum")
    query.search_options()
    keys = query.model_keys()
    platforms = members.parse_ids(query.track, "$.track")
    if not 0 < len(platforms) <= MOST_PLATFORMS:
        raise RequestTooLarge(
            "track has {platforms_count} platforms; 1 to {limit} are drawn",
            platforms_count=len(platforms),
            limit=MOST_PLATFORMS,
            field="$.track",
        )
    with members.map_error_fields(members=TRACK_MEMBERS):
        start, end = query.starttime or "", query.endtime or ""
        tracks = await asyncio.gather(
            *(services.metadata.track(platform, start, end, depth=query.observed_depth) for platform in platforms)
        )
    names, selection = [variable.key for variable in tracks[0].variables], None
    if query.trackvariable is not None:  # of positions alone the front end requests the first quantity all the same
        indices = members.parse_selection(query.trackvariable, names, "$.trackvariable") if names else []
        selection = [names[index] for index in indices]
    time_field = "$.endtime" if query.starttime is None and query.endtime is not None else "$.starttime"
    trajectories = [_make_trajectory(track, quantum, selection, time_field) for track in tracks]
    with members.map_error_fields():
        depths = await asyncio.gather(*(_find_depth(services, query, key) for key in keys))
        for number, trajectory in enumerate(trajectories):
            pairs = zip(keys, depths, strict=True)
            fetches = (_fetch_modelled(services, query, trajectory, key, depth) for key, depth in pairs)
            trajectories[number] = replace(trajectory, modelled=list(await asyncio.gather(*fetches)))
    revisions = (values.revision for trajectory in trajectories for values in trajectory.modelled)
    return TrackData(
        time=format_time(min(int(to_array(trajectory.seconds)[0]) for trajectory in trajectories)),
        revisions={query.dataset: next(filter(None, revisions), "")},
        trajectories=trajectories,
    )


def _make_trajectory(
    track: PlatformTrack, quantum: Quantum, selection: list[str] | None, time_field: str
) -> Trajectory:
    """Average a track, and refuse an empty one, or one of too many steps; ``time_field``: what limits its time."""
    trajectory = average_track(track, quantum, selection)
    steps = trajectory.seconds.shape[0]
    if not steps:
        raise NothingInView(
            "the platform {name} has no positions in this time; tracktimerange/{id}.json tells its own",
            name=track.name,
            id=track.id,
            field=time_field,
        )
    if steps > MOST_STEPS:
        raise RequestTooLarge(
            "the track of {name} has {steps} steps of a {quantum}; at most {limit} are drawn: ask for a "
            "longer track_quantum or a shorter time",
            name=track.name,
            steps=steps,
            quantum=quantum,
            limit=MOST_STEPS,
            field="$.track_quantum",
        )
    return trajectory


def average_track(track: PlatformTrack, quantum: Quantum, selection: list[str] | None = None) -> Trajectory:
    """Average positions and values over each step of time in which the platform was seen.

    Parameters
    ----------
    track
        Ascending in time.
    quantum
        Length of a step: a part of the calendar, in UTC; weeks begin on Monday.
    selection
        Keys of the quantities; None: all.
    """
    seconds, latitude, longitude = (to_array(array) for array in (track.times, track.latitude, track.longitude))
    located = np.isfinite(latitude) & np.isfinite(longitude)
    seconds = seconds[located] / 1000
    starts = np.flatnonzero(np.diff(period_numbers(seconds, quantum).astype(np.float64), prepend=-np.inf))

    def average(array: Array) -> Array:
        return pack_array(average_groups(to_array(array)[located], starts))

    return Trajectory(
        name=track.name,
        seconds=pack_array(np.round(average_groups(seconds, starts))),
        latitude=average(track.latitude),
        longitude=pack_array(average_groups(unwrap_longitudes(longitude[located]), starts)),
        measured=[
            replace(variable, depth=average(variable.depth), values=average(variable.values))
            for variable in track.variables
            if selection is None or variable.key in selection
        ],
        modelled=[],
        attribution=track.attribution,
    )


async def _find_depth(services: Services, query: TrackQuery, key: str) -> tuple[float | None, float | None]:
    """Return the requested depth (m) of a variable, None for its first level; and the depth of that level, if known."""
    depth = str(query.depth if query.depth is not None else 0).strip()
    if not depth.isdigit():
        raise NotSupported(
            "{field} is {value!r}; a track is at one level: give its index", value=depth[:40], field="$.depth"
        )
    level, axis = int(depth[:9]), (await services.metadata.assets(query.dataset, key)).depth
    if level == 0 or axis is None:
        return None, axis.values[0] if axis is not None and axis.kind == "depth" else None
    if level >= len(axis.values):
        raise DepthNotFound(
            "{field} is {level}; {key} has the levels 0 to {deepest}",
            level=level,
            key=key,
            deepest=len(axis.values) - 1,
            field="$.depth",
        )
    if axis.kind not in {"depth", "height"}:
        raise NotSupported(
            "the levels of {key} have no depth in m that is the same everywhere: a track can be at level 0 alone",
            key=key,
            field="$.depth",
        )
    return abs(axis.values[level]), abs(axis.values[level])


async def _fetch_modelled(
    services: Services,
    query: TrackQuery,
    trajectory: Trajectory,
    key: str,
    depths: tuple[float | None, float | None],
) -> ModelledValues:
    """Request a variable along a trajectory, at a depth of `_find_depth`; no values outside of its time or grid."""
    latitude, longitude = to_array(trajectory.latitude), wrap_longitude(to_array(trajectory.longitude))
    points = list(zip(latitude.tolist(), longitude.tolist(), strict=True))
    request = TrajectoryRequest(
        dataset=query.dataset,
        variables=[key],
        points=points,
        times=format_times(to_array(trajectory.seconds)),
        depths=[] if depths[0] is None else [depths[0]] * len(points),
        between="linear",
        **query.search_options(),
    )
    outside: Outside
    try:
        coverage = await services.data.extract(request)
    except TimeNotFound:
        outside = "time"
    except PointOutsideGrid:
        outside = "grid"
    else:
        reader = CoverageReader(coverage)
        info = reader.variables[0]
        values = pack_array(reader.field(info.key, "point"))
        return ModelledValues(variable=info, values=values, revision=coverage.revision, depth=depths[1])
    info = await services.metadata.variable(query.dataset, key)
    return ModelledValues(variable=info, values=None, outside=outside)


class TrackPlot(comparison.ObservedPlot[TrackQuery, TrackData]):
    """A panel for each quantity through time, and beside them the map."""

    def prepare(self) -> None:
        trajectories, labels, translate = self.data.trajectories, self.labels, self.translate
        self.infos = [values.variable for values in trajectories[0].modelled]
        self.name_sources((trajectory.attribution for trajectory in trajectories), self.infos)
        self.seconds = [to_array(trajectory.seconds) for trajectory in trajectories]
        self.all_quantities = self._compare()
        self.quantities = [quantity for quantity in self.all_quantities if quantity.is_observed or quantity.is_modelled]
        first, last = min(seconds[0] for seconds in self.seconds), max(seconds[-1] for seconds in self.seconds)
        precision = TimePrecision("day" if last - first > 2 * DAY else self.query.quantum)
        begin, end = format_times(np.array([first, last]))
        self.when = labels.time_span(begin, end, precision)
        self.notes = [*self._note_depths(), *self._note_gaps()]
        platforms = labels.join_names([shorten(trajectory.name, 40) for trajectory in trajectories[:3]])
        if len(trajectories) > 3:
            platforms = translate("{count} platforms", count=len(trajectories))
        title = translate("Track of {platforms}", platforms=platforms)
        if self.quantities:
            names = labels.join_quantities([labels.quantity_name(quantity.name) for quantity in self.quantities])
            title = translate("{names} along the track of {platforms}", names=names, platforms=platforms)
        self.title, self.subtitle = self.query.plotTitle or title, join_parts(self.when, *self.notes)

    def _compare(self) -> list[comparison.ComparedQuantity]:
        """Match measured quantities with those of the model, both with their instants."""
        trajectories = self.data.trajectories
        by_key = {
            values.key: comparison.Measure.of(values)
            for trajectory in reversed(trajectories)
            for values in reversed(trajectory.measured)
        }

        def read_measured(
            trajectory: Trajectory, seconds: Floats, measure: comparison.Measure
        ) -> comparison.LevelValues:
            measured = next((values for values in trajectory.measured if values.key == measure.key), None)
            if measured is None:
                return comparison.NO_LEVELS
            values = comparison.Measure.of(measured).convert_or_drop(to_array(measured.values), measure.units)
            finite = np.isfinite(values)
            return seconds[finite], values[finite]

        pairs = list(zip(trajectories, self.seconds, strict=True))
        modelled = [
            [
                comparison.NO_LEVELS if model.values is None else (seconds, to_array(model.values))
                for model in trajectory.modelled
            ]
            for trajectory, seconds in pairs
        ]
        return comparison.compare_quantities(
            list(by_key.values())[::-1],
            list(zip(self.infos, map(list, zip(*modelled, strict=True)), strict=True)),
            lambda measure: [read_measured(*pair, measure) for pair in pairs],
        )

    def draw_panels(self) -> None:
        context, count = self.context, len(self.quantities)
        self._add_legend()
        most = int(PANELS_HEIGHT * 72 * context.height / (LEAST_PANEL * self.sizes.small))
        painters: list[Callable[[Axes], None]] = []
        if not count or (self.query.latlon and 2 + count <= most):
            painters = [partial(self._draw_coordinate, is_longitude=flag) for flag in (False, True)]
        painters += [partial(self._draw_quantity, quantity) for quantity in self.quantities]
        side = self.show_map and has_side_column(context)
        grid = self.figure.add_gridspec(len(painters), 1 + side, width_ratios=[1.0, MAP_WIDTH] if side else [1.0])
        all_axes: list[Axes] = []
        seconds = np.unique(np.concatenate(self.seconds))
        begin, end = seconds_to_days(seconds[[0, -1]]).tolist()
        margin = 0.02 * (end - begin) or 0.5
        for row, paint in enumerate(painters):
            axes = self.figure.add_subplot(grid[row, 0], sharex=all_axes[0] if all_axes else None)
            paint(axes)
            axes.set_xlim(begin - margin, end + margin)
            all_axes.append(axes)
        quantum = AXIS_QUANTA.get(self.query.track_quantum or "hour")
        label_time_axis(all_axes[-1], seconds, TimePrecision(quantum), context)
        for axes in all_axes[:-1]:
            axes.tick_params(labelbottom=False)
        if side:
            self._draw_map(grid[:, 1])

    def _line_style(self, number: int, *, modelled: bool = False) -> dict[str, Any]:
        """Return the line of a trajectory; the colours of a single one stand for measurement and model."""
        is_single = len(self.data.trajectories) == 1
        colour = LINE_COLOURS[number % len(LINE_COLOURS)]
        if is_single:
            colour = LINE_COLOURS[1] if modelled else INK
        dashes = (0, (4, 1.6)) if modelled and not is_single else "-"
        return {"color": colour, "linestyle": dashes, "linewidth": self.sizes.line}

    def _add_legend(self) -> None:
        several, entries = len(self.data.trajectories) > 1, []
        muted = {"color": MUTED} if several else {}
        if several:
            trajectories = enumerate(self.data.trajectories)
            entries = [(trajectory.name, self._line_style(number)) for number, trajectory in trajectories]
        if any(quantity.is_modelled for quantity in self.quantities):
            if any(quantity.is_observed for quantity in self.quantities):
                entries.append((self.translate("Observed"), self._line_style(0) | muted))
            entries.append((self.model, self._line_style(0, modelled=True) | muted))
        add_legend_above(self.figure, entries, self.context)

    def _draw_coordinate(self, axes: Axes, *, is_longitude: bool) -> None:
        for number, (trajectory, seconds) in enumerate(zip(self.data.trajectories, self.seconds, strict=True)):
            degrees = to_array(trajectory.longitude if is_longitude else trajectory.latitude)
            self._draw_line(axes, (seconds, degrees), self._line_style(number))
        self._set_title(axes, self.translate("Longitude") if is_longitude else self.translate("Latitude"), "", "")
        low, high = axes.get_ylim()
        digits = 0 if high - low > 8 else 1 if high - low > 0.8 else 2
        format_degrees = self.labels.longitude if is_longitude else self.labels.latitude
        axes.yaxis.set_major_formatter(lambda value, _: format_degrees(value, digits))

    def _draw_quantity(self, quantity: comparison.ComparedQuantity, axes: Axes) -> None:
        for number, pair in enumerate(zip(quantity.observed, quantity.modelled, strict=True)):
            for series, modelled in zip(pair, (False, True), strict=True):
                if series[1].size:
                    self._draw_line(axes, series, self._line_style(number, modelled=modelled))
        agreement = quantity.format_agreement(self.labels)
        self._set_title(axes, self.labels.quantity_name(quantity.name), quantity.units, agreement)

    def _set_title(self, axes: Axes, name: str, units: str, agreement: str) -> None:
        """Label a panel above it, since the axis of a low one has no room, and write the agreement on the right."""
        labels, sizes = self.labels, self.sizes
        set_quantity_axis(axes, "", None, self.context, vertical=True)
        letters = int(axes_inches(axes)[0] * 72 / (0.58 * sizes.body))
        rest = len(labels.with_units("", units)) + (len(agreement) + 2 if letters >= len(agreement) + 30 else 0)
        title = labels.with_units(shorten(name, max(letters - rest, 10)), units)
        axes.set_title(title, loc="left", fontsize=sizes.body, pad=3)
        if rest > len(agreement):
            axes.set_title(agreement, loc="right", fontsize=sizes.small, color=MUTED, pad=3)

    def _draw_line(self, axes: Axes, series: comparison.LevelValues, style: dict[str, Any]) -> None:
        """Draw a line that is broken where the platform was not seen for long; few steps are marked one by one."""
        finite = np.isfinite(series[1])
        days, values = break_at_gaps(seconds_to_days(series[0][finite]), series[1][finite], GAP)
        marker = "o" if len(values) <= FEW_STEPS and style["linestyle"] == "-" else None
        axes.plot(days, values, **style, marker=marker, markersize=self.sizes.marker)

    def _draw_map(self, area: SubplotSpec) -> None:
        """Draw the trajectories, coloured by time, each from an open to a full dot."""
        figure, sizes = self.figure, self.sizes
        tracks = [trajectory.positions() for trajectory in self.data.trajectories]
        outline = [point for track in tracks for point in track[:: max(1, len(track) // OUTLINE_POINTS)] + track[-1:]]
        width = area.get_position(figure).width * self.context.width
        axes, _, _ = add_map_over_list(figure, area, outline, narrowest=NARROWEST, most=0.75, anchor="N")
        draw_locator_map(axes, outline, self.context, NARROWEST)
        first, last = (float(find([seconds[end] for seconds in self.seconds])) for find, end in ((min, 0), (max, -1)))
        norm, colours = Normalize(first, last), ListedColormap(colormap_colours(TIME_COLORMAP) / 255)
        for number, (track, seconds) in enumerate(zip(tracks, self.seconds, strict=True)):
            points = project_points(track, outline)
            segments = np.stack([points[:-1], points[1:]], axis=1)
            short = np.hypot(*(points[1:] - points[:-1]).T) < 0.5 * np.ptp(axes.get_xlim())  # not round the world
            lines, middles = list(segments[short]), (seconds[1:] + seconds[:-1])[short] / 2
            by_time = {"array": middles, "cmap": colours, "norm": norm, "linewidths": 1.3 * sizes.line}
            axes.add_collection(LineCollection(lines, colors=INK, linewidths=1.9 * sizes.line, zorder=3))
            axes.add_collection(LineCollection(lines, zorder=4, **by_time))
            colour = self._line_style(number)["color"]
            for point, fill in ((points[0], "white"), (points[-1], colour)):
                axes.plot(*point, "o", color=fill, markeredgecolor=colour, markersize=sizes.dot, zorder=5)
        if first != last:
            self._add_time_bar(axes, ScalarMappable(norm, colours), width)

    def _add_time_bar(self, axes: Axes, colours: ScalarMappable, width: float) -> None:
        """Explain colours below the map by the first and the last day; ``width``: of the column, inches."""
        small = self.sizes.small
        aspect = np.ptp(axes.get_xlim()) / np.ptp(axes.get_ylim())
        letter = small / 72 / max(width, 0.5) * aspect  # of the map's height
        place = axes.inset_axes((0.0, -3.1 * letter, 1.0, letter))
        bar = self.figure.colorbar(colours, cax=place, orientation="horizontal")
        bar.outline.set_visible(False)
        ends = colours.get_clim()
        letters = 0.72 * width * 72 / (0.55 * MAP_LABELS * small) - 2
        days = [parse_instant(format_time(int(end))) for end in ends]
        patterns = ("d MMM y", "LLL y" if ends[1] - ends[0] > LONG_SPAN else "d MMM")
        candidates = ([format_date(day, pattern, self.labels.language) for day in days] for pattern in patterns)
        texts = next((pair for pair in candidates if sum(map(len, pair)) <= letters), ["", ""])
        bar.set_ticks(list(ends), labels=texts)
        bar.ax.tick_params(labelsize=MAP_LABELS * small, length=2)
        left, right = bar.ax.get_xticklabels()
        left.set_horizontalalignment("left")
        right.set_horizontalalignment("right")

    def _note_depths(self) -> list[str]:
        """Note the depths of measurements and of the model."""
        translate, labels, notes = self.translate, self.labels, list[str]()
        measured = [values for trajectory in self.data.trajectories for values in trajectory.measured]
        known = [to_array(values.depth)[np.isfinite(to_array(values.values))] for values in measured]
        depths = np.concatenate([np.empty(0), *known])
        if depths.size:
            notes.append(translate("observed at {depth}", depth=labels.span(depths, "m")))
        if left_out := max((values.left_out for values in measured), default=0):
            notes.append(translate("{count} positions were measured at other depths alone", count=left_out))
        levels = {values.depth for values in self.data.trajectories[0].modelled if values.depth is not None}
        if depths.size and levels:
            where = ", ".join(labels.value(level, "m") for level in sorted(levels))
            notes.append(translate("{model} at {depth}", model=labels.dataset_name(self.infos[0]), depth=where))
        return notes

    def _note_gaps(self) -> list[str]:
        """Note places and times without values of the model."""
        translate = self.translate
        modelled = [values for trajectory in self.data.trajectories for values in trajectory.modelled]
        if not modelled:
            return []
        model = self.labels.dataset_name(self.infos[0])
        if all(values.outside == "time" for values in modelled):
            return [translate("{model} has no values at these times", model=model)]
        if all(values.outside == "grid" for values in modelled):
            return [translate("{model} has no values at these places", model=model)]
        steps = sum(map(len, self.seconds)) * len(self.infos)
        count = sum(int(np.isfinite(to_array(values.values)).sum()) for values in modelled if values.values is not None)
        if count == 0:
            return [translate("{model} has no values here", model=model)]
        if count < steps:
            share = self.labels.number(100 * count / steps, 0)
            return [translate("{model} has values on {share} % of the way", model=model, share=share)]
        return []

    def make_sentences(self) -> list[str]:
        first, *others = super().make_sentences()
        return [first, *map(self._describe_trajectory, self.data.trajectories), *others]

    def _describe_trajectory(self, trajectory: Trajectory) -> str:
        """Describe the ends and the length of a trajectory."""
        labels, positions = self.labels, trajectory.positions()
        latitude, longitude = np.transpose(positions)
        length = float(great_circle_distance(latitude[:-1], longitude[:-1], latitude[1:], longitude[1:]).sum())
        return self.translate(
            "{platform} went from {begin} to {end}, at least {distance}.",
            platform=trajectory.name,
            begin=labels.position(positions[0]),
            end=labels.position(positions[-1]),
            distance=labels.value(length, "km", 0),
        )

    def make_table(self) -> Table:
        """Return a row for every step of every trajectory."""
        translate, trajectories = self.translate, self.data.trajectories
        platform = translate("Platform")
        columns = make_place_columns(
            translate,
            context=("station",) if len(trajectories) == 1 else (),
            station_name=platform,
            station=[trajectory.name for trajectory in trajectories for _ in range(trajectory.seconds.shape[0])],
            time=format_times(np.concatenate(self.seconds)),
            latitude=np.concatenate([to_array(trajectory.latitude) for trajectory in trajectories]),
            longitude=wrap_longitude(np.concatenate([to_array(trajectory.longitude) for trajectory in trajectories])),
        )
        for quantity in self.all_quantities:
            name, units = self.labels.quantity_name(quantity.name), quantity.units
            if quantity.is_observed:
                values = self._join_steps(quantity.observed)
                columns.append(Column(name=translate("Buoy {name}", name=name), units=units, values=values))
                measured = [
                    next((values for values in trajectory.measured if values.name == quantity.name), None)
                    for trajectory in trajectories
                ]
                pairs = zip(measured, self.seconds, strict=True)
                depths = self._join_steps(
                    [(seconds, to_array(values.depth)) if values else comparison.NO_LEVELS for values, seconds in pairs]
                )
                if np.unique(depths[np.isfinite(depths)]).size > 1:  # one depth is in the header
                    columns.append(Column(name=translate("Depth of buoy {name}", name=name), units="m", values=depths))
            if quantity.variable is not None:
                values = self._join_steps(quantity.modelled)
                columns.append(Column(name=translate("Model {name}", name=name), units=units, values=values))
        header = [(platform, ", ".join(trajectory.name for trajectory in trajectories)), *self.make_header()]
        return Table(header=header, columns=columns)

    def _join_steps(self, series: list[comparison.LevelValues]) -> Floats:
        """Return values at every step of all trajectories; NaN where there are none."""
        joined = [np.full(steps.shape, np.nan) for steps in self.seconds]
        for values, steps, (instants, known) in zip(joined, self.seconds, series, strict=True):
            values[np.searchsorted(steps, instants)] = known
        return np.concatenate(joined)


KIND = PlotKind(
    name="track",
    summary="Tracks of platforms, with observations and the model's values along them",
    example={"dataset": "arctic_day", "track": [3], "variable": "votemper", "track_quantum": "hour"},
    query=TrackQuery,
    fetch=fetch,
    plot=TrackPlot,
)
