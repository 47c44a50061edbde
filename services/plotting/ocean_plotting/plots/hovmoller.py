"""Hovmöller diagrams: one level along a path, through time."""

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ocean_common.contracts.data import SectionRequest
from ocean_core.colour import Limits
from ocean_core.errors import NotSupported
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.axes import show_message, style_ticks
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts
from ocean_plotting.figure.layout import LAND, Picture, add_titles, thin_ticks
from ocean_plotting.figure.legends import Shading, add_colour_bar, choose_shading
from ocean_plotting.figure.path import draw_path_map, has_map_column, locate_waypoints
from ocean_plotting.figure.section import (
    UNKNOWN,
    add_section_panels,
    cell_edges,
    classify_land,
    distance_edges,
    find_land,
    set_panel_title,
)
from ocean_plotting.figure.time_axis import DAY, label_time_axis, seconds_to_days
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.common.path import (
    PathCoverage,
    PathField,
    PathQuery,
    choose_difference_colormap,
    choose_scales,
    convert_field,
    fetch_path_coverage,
    find_extremes,
    find_unit_conversion,
    join_dataset_credits,
    make_path_title,
    name_dataset,
    name_part,
)
from ocean_plotting.plots.common.query import ComparedDataset, Level, PlotData, Time, parse_scale
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.kind import PlotKind

Steps = NDArray[np.intp]


class HovmollerQuery(PathQuery, frozen=True, kw_only=True):
    """Query of a Hovmöller diagram."""

    starttime: Time | None = None
    endtime: Time | None = None
    depth: Level = 0


class HovmollerData(PlotData, frozen=True, kw_only=True):
    """One level along the path through time, in one or two datasets."""

    first: PathCoverage
    second: PathCoverage | None = None


class PathSeries:
    """One dataset along the path through time."""

    def __init__(self, data: PathCoverage, context: DrawContext) -> None:
        reader = CoverageReader(data.coverage)
        info = reader.variables[0]
        self.about = data.about
        self.seconds, self.times = reader.seconds, reader.times
        self.distance, self.points = reader.coordinate("distance"), reader.places
        name = name_part(reader, info, context.labels)
        self.field = PathField(info=info, name=name, values=reader.field(info.key, "time", "distance"))
        self.level = data.coverage.facts.get("depth")
        depths = reader.coordinate("depth").ravel()
        self.depth = float(depths[0]) if depths.size == 1 else None

    def describe_level(self, context: DrawContext) -> str:
        """Return the depth in words; empty for variables without depth."""
        translate = context.translate
        if self.level == "bottom":
            return translate("at the sea floor")
        if self.level == "mean":
            return translate("mean over the depth")
        return "" if self.depth is None else translate("at {depth}", depth=context.labels.value(self.depth, "m"))

    def make_subtitle(self, quantum: str | None, context: DrawContext) -> str:
        """Return dataset, times and depth."""
        span = context.labels.time_span(self.times[0], self.times[-1], quantum or self.about.quantum)
        return join_parts(name_dataset(self.about), span, self.describe_level(context))


def make_request(query: HovmollerQuery) -> SectionRequest:
    """Request the variable, or the magnitude of the two, at one level through time."""
    return _make_request(query, None, query.variable_keys(2), query.dataset, query.count_points(None))


def _make_request(
    query: HovmollerQuery, second: ComparedDataset | None, keys: list[str], dataset: str, points: int
) -> SectionRequest:
    def choose(own: Any, common: Any) -> str | None:
        value = common if own is None else own
        return None if value is None else str(value)

    return SectionRequest(
        dataset=dataset,
        variables=keys,
        vector=["magnitude"] if len(keys) == 2 else [],
        path=query.waypoints(),
        points=points,
        start=choose(second and second.starttime, query.starttime),
        end=choose(second and second.endtime, query.endtime),
        depth=str(choose(second and second.depth, query.depth)),
        **query.search_options(),
    )


async def fetch(services: Services, query: HovmollerQuery, output: Output) -> HovmollerData:
    """Request the level through time, in both datasets."""
    query.check_members()
    second, points = query.second_dataset(), query.count_points(output)
    sides = [None, second] if second else [None]
    coverages = await asyncio.gather(*(_fetch_side(services, query, side, points) for side in sides))
    if second:
        match_steps(*(PathSeries(coverage, DrawContext()) for coverage in coverages))
    return HovmollerData(
        time=CoverageReader(coverages[0].coverage).times[0],
        revisions={side.about.dataset: side.coverage.revision for side in reversed(coverages)},
        first=coverages[0],
        second=coverages[1] if second else None,
    )


async def _fetch_side(
    services: Services, query: HovmollerQuery, second: ComparedDataset | None, points: int
) -> PathCoverage:
    def request(keys: list[str], dataset: str) -> SectionRequest:
        return _make_request(query, second, keys, dataset, points)

    return await fetch_path_coverage(services, query, second, request, components=False)


def match_steps(first: PathSeries, second: PathSeries) -> tuple[Steps, Steps]:
    """Return the steps of both datasets that belong together.

    Raises
    ------
    NotSupported
        There are none, or the units differ.
    """
    find_unit_conversion(first.field.info, second.field.info)
    steps, second_steps = pair_steps(first.seconds, second.seconds)
    if len(steps) < min(2, len(first.seconds), len(second.seconds)):
        raise NotSupported(
            "{seconds_count} time steps from {times} and {second_seconds_count} from {second_times} cannot be "
            "compared: they are not as many, nor equally long after the first; choose starttime and endtime of both so "
            "that they are",
            seconds_count=len(first.seconds),
            times=first.times[0],
            second_seconds_count=len(second.seconds),
            second_times=second.times[0],
            field="$.compare_to.starttime",
        )
    return steps, second_steps


def pair_steps(first: Floats, second: Floats) -> tuple[Steps, Steps]:
    """Pair the steps of two series: by their order if there are as many, else by the time since the first.

    Parameters
    ----------
    first, second : ndarray, shape (time,)
        s, growing.

    Returns
    -------
    two arrays of int
        Indices, of one length; fewer than two if the series do not fit.
    """
    if first.size == second.size:
        steps = np.arange(first.size)
        return steps, steps
    elapsed, second_elapsed = first - first[0], second - second[0]
    nearest = np.abs(elapsed[:, np.newaxis] - second_elapsed).argmin(axis=1)
    series = (elapsed, second_elapsed)
    spacing = min((float(np.diff(times).min()) for times in series if times.size > 1), default=0.0)
    fits = np.abs(elapsed - second_elapsed[nearest]) <= spacing / 4
    return np.flatnonzero(fits), nearest[fits]


@dataclass(frozen=True, kw_only=True)
class HovmollerPanel:
    """A field and its colours."""

    series: PathSeries
    field: PathField
    steps: Steps  # of the series that are shown
    shading: Shading
    title: str = ""


def draw(query: HovmollerQuery, data: HovmollerData, context: DrawContext) -> Picture:
    """Draw distance across and time upwards; of two datasets, both and their difference."""
    figure, translate = Figure(figsize=context.size), context.translate
    first = PathSeries(data.first, context)
    second = PathSeries(data.second, context) if data.second else None
    panels = _make_panels(query, first, second, context)
    title = make_path_title(query, first.field.name, first.points, context.labels)
    subtitle = first.make_subtitle(query.quantum, context)
    if second:
        names = [name_dataset(series.about) for series in (first, second)]
        subtitle = translate("{first} compared with {second}", first=names[0], second=names[1])
    credit = join_dataset_credits([series.about for series in (first, second) if series])
    add_titles(figure, title, subtitle, credit, context.sizes)
    path = locate_waypoints(query.waypoints(), first.points, first.distance)
    show_map = bool(query.showmap) and has_map_column(context)
    layout = add_section_panels(figure, len(panels), 1, context, show_map=show_map)
    for row, (panel, axes) in enumerate(zip(panels, layout.panels[0], strict=True)):
        if panel.title:
            set_panel_title(axes, panel.title, context, above_letters=row == 0)
        _draw_panel(axes, panel, query.quantum or panel.series.about.quantum, context)
        add_colour_bar(figure, axes, panel.shading, context)
    layout.finish(path, context)
    if layout.map_area is not None:
        draw_path_map(figure, layout.map_area, path, context)
    thin_ticks(figure, layout.panels[0])
    sentences = [translate("{title}: {what}.", title=title, what=subtitle)]
    sentences += [_describe(panel, context) for panel in panels]
    return Picture(figure=figure, info=data.make_picture_info(title, sentences, first.about, credit))


def _draw_panel(axes: Axes, panel: HovmollerPanel, quantum: str | None, context: DrawContext) -> None:
    """Draw a field with distance across and time upwards, and the land along the path."""
    series, values, seconds = panel.series, panel.field.values, panel.series.seconds[panel.steps]
    axes.grid(visible=False)
    axes.set_facecolor(UNKNOWN)
    if not np.isfinite(values).any():
        show_message(axes, context.translate("no data along this path"), context.sizes)
        return
    times = seconds_to_days(time_edges(seconds))
    x, y = np.meshgrid(distance_edges(series.distance), times)
    axes.pcolormesh(
        x, y, np.ma.masked_invalid(values), cmap=panel.shading.colours, norm=panel.shading.norm, rasterized=True
    )
    empty = np.all(np.isnan(series.field.values), axis=0)
    land = classify_land(empty, find_land(context.land, series.points))
    axes.fill_between(
        series.distance, 0, 1, where=land, step="mid", transform=axes.get_xaxis_transform(), color=LAND, linewidth=0
    )
    style_ticks(axes, context)
    if seconds[-1] > seconds[0]:  # labels of the data, not of the ends of the outer cells
        axes.set_ylim(*seconds_to_days(seconds[[0, -1]]))
    label_time_axis(axes, seconds, quantum, context, vertical=True)
    axes.set_ylim(times[0], times[-1])
    axes.spines[["top", "right"]].set_visible(True)


def time_edges(seconds: Floats) -> Floats:
    """Return the edges of time steps, shape (time + 1,), s: half-way between them; a single one has a day."""
    if seconds.size == 1:
        return np.array([seconds[0] - DAY / 2, seconds[0] + DAY / 2])
    return cell_edges(seconds)


def _make_panels(
    query: HovmollerQuery, first: PathSeries, second: PathSeries | None, context: DrawContext
) -> list[HovmollerPanel]:
    compared = query.second_dataset()
    steps = np.arange(len(first.seconds))
    if second is None or compared is None:
        shading = _choose_shading(first.field, parse_scale(query.scale, "$.scale"), query.colormap, context)
        return [HovmollerPanel(series=first, field=first.field, steps=steps, shading=shading)]
    second_field, difference, (steps, _) = _compare(first, second, context)
    scales = choose_scales(query, compared, first.field.info, [first.field.values, second_field.values])
    colormaps = (query.colormap, compared.colormap or query.colormap)
    panels = [
        HovmollerPanel(
            series=series,
            field=field,
            steps=np.arange(len(series.seconds)),
            shading=_choose_shading(field, scale, colormap, context),
            title=series.make_subtitle(query.quantum, context),
        )
        for series, field, scale, colormap in zip(
            (first, second), (first.field, second_field), scales, colormaps, strict=True
        )
    ]
    scale = parse_scale(compared.scale_diff, "$.compare_to.scale_diff")
    colormap, name = choose_difference_colormap(compared), context.translate("Difference")
    labelled = PathField(info=difference.info, name=name, values=difference.values)
    shading = _choose_shading(labelled, scale, colormap, context)
    title = context.translate("Difference: the first less the second")
    if not _have_equal_intervals(first, second):
        title = context.translate("Difference: the first less the second, step by step")
    return [*panels, HovmollerPanel(series=first, field=difference, steps=steps, shading=shading, title=title)]


def _have_equal_intervals(first: PathSeries, second: PathSeries) -> bool:
    """Return whether steps that belong together are equally long after the first."""
    steps, second_steps = pair_steps(first.seconds, second.seconds)
    elapsed = first.seconds[steps] - first.seconds[steps[0]]
    second_elapsed = second.seconds[second_steps] - second.seconds[second_steps[0]]
    # Months are not equally long.
    spacing = float(np.diff(first.seconds[steps]).min()) if len(steps) > 1 else np.inf
    return bool(np.abs(elapsed - second_elapsed).max() < spacing / 4)


def _compare(
    first: PathSeries, second: PathSeries, context: DrawContext
) -> tuple[PathField, PathField, tuple[Steps, Steps]]:
    """Return the second field in the units of the first, the difference at the steps of both, and these."""
    steps, second_steps = match_steps(first, second)
    converted = convert_field(second.field, first.field.info)
    at_steps = PathField(info=first.field.info, name=first.field.name, values=first.field.values[steps])
    return converted, at_steps.minus(converted.values[second_steps], context), (steps, second_steps)


def _choose_shading(field: PathField, scale: Limits | None, colormap: str | None, context: DrawContext) -> Shading:
    label = context.labels.with_units(field.name, field.info.units)
    return choose_shading(context, field.info, field.values, scale=scale, colormap=colormap, label=label)


def _describe(panel: HovmollerPanel, context: DrawContext) -> str:
    """Describe the range of a panel with places and times, and the change of the mean."""
    translate, labels, values = context.translate, context.labels, panel.field.values
    extremes, name = find_extremes(values), panel.field.name
    if panel.title and panel.field is panel.series.field:
        name = f"{name} ({panel.title})"
    if extremes is None:
        return translate("{name}: no data along this path.", name=name)
    times = [panel.series.times[step] for step in panel.steps]
    quantum, units = panel.series.about.quantum, panel.field.info.units
    low, high = (labels.value(float(values[index]), units) for index in extremes)
    low_place, high_place = (labels.value(float(panel.series.distance[index[1]]), "km", 0) for index in extremes)
    low_time, high_time = (labels.time(times[index[0]], quantum) for index in extremes)
    sentence = translate(
        "{name} from {low} at {low_place}, {low_time} to {high} at {high_place}, {high_time}.",
        name=name, low=low, low_place=low_place, low_time=low_time, high=high, high_place=high_place,
        high_time=high_time,
    )  # fmt: skip
    wet = np.flatnonzero(np.isfinite(values).any(axis=1))
    if len(wet) < 2:
        return sentence
    first, last = (labels.value(float(np.nanmean(values[step])), units) for step in (wet[0], wet[-1]))
    return f"{sentence} {translate('Its mean goes from {first} to {last}.', first=first, last=last)}"


def table(_: HovmollerQuery, data: HovmollerData, context: DrawContext) -> Table:
    """Return a row for every time and place with a value; of two datasets, for times that both have."""
    translate = context.translate
    first = PathSeries(data.first, context)
    second = PathSeries(data.second, context) if data.second else None
    steps, fields = np.arange(len(first.seconds)), [first.field]
    if second is not None:
        converted, difference, (steps, second_steps) = _compare(first, second, context)
        name = f"{converted.name}, {name_dataset(second.about)}"
        fields = [
            PathField(info=first.field.info, name=first.field.name, values=first.field.values[steps]),
            PathField(info=converted.info, name=name, values=converted.values[second_steps]),
            difference,
        ]
    step, place = np.nonzero(np.any([np.isfinite(field.values) for field in fields], axis=0))
    latitude, longitude = np.array(first.points, dtype=float).T
    columns = [
        Column(name=translate("Time"), role="time", values=[first.times[steps[index]] for index in step]),
        Column(name=translate("Latitude"), role="latitude", values=latitude[place]),
        Column(name=translate("Longitude"), role="longitude", values=longitude[place]),
        Column(name=translate("Distance"), role="distance", units="km", values=first.distance[place]),
        *(Column(name=field.name, units=field.info.units, values=field.values[step, place]) for field in fields),
    ]
    header = [
        (translate("Dataset"), name_dataset(first.about)),
        (translate("Attribution"), first.about.attribution or ""),
        (translate("Timestamp"), f"{first.times[0]}/{first.times[-1]}"),
        (translate("Depth"), first.describe_level(context)),
    ]
    if second is not None:
        span = f"{second.times[0]}/{second.times[-1]}"
        header.append((translate("Compared with"), f"{name_dataset(second.about)}, {span}"))
    return Table(header=header, columns=columns)


KIND = PlotKind(
    name="hovmoller",
    summary="One level along a path, through time",
    example={"dataset": "giops_day", "variable": "votemper", "path": [[73.0, 20.0], [70.0, -5.0]], "depth": 0},
    query=HovmollerQuery,
    fetch=fetch,
    draw=draw,
    table=table,
    data_request=make_request,
)
