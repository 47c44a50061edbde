"""Hovmöller diagrams: one level along a path, through time."""

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ocean_common.contracts.data import Coverage, SectionRequest
from ocean_core.errors import NotSupported
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Table, make_header, make_place_columns
from ocean_plotting.figure.axes import show_message, style_ticks
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import TimePrecision, join_parts
from ocean_plotting.figure.layout import LAND, Picture
from ocean_plotting.figure.legends import add_colour_bar
from ocean_plotting.figure.path import has_map_column, locate_waypoints
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
from ocean_plotting.plots.common.coverage import (
    CoverageReader,
    Floats,
    compare_coverages,
    format_level,
    select_times,
)
from ocean_plotting.plots.common.panels import have_difference
from ocean_plotting.plots.common.path import (
    PathCoverage,
    PathData,
    PathField,
    PathPanel,
    PathQuery,
    fetch_sides,
    find_extremes,
    join_path_credits,
    make_panels,
    make_path_title,
    read_parts,
)
from ocean_plotting.plots.common.query import ComparedDataset, Level, Time
from ocean_plotting.plots.kind import PlotKind, Services

Steps = NDArray[np.intp]


class HovmollerQuery(PathQuery, frozen=True, kw_only=True):
    """Query of a Hovmöller diagram."""

    starttime: Time | None = None
    endtime: Time | None = None
    depth: Level = 0


class PathSeries:
    """One dataset along the path through time."""

    def __init__(self, data: PathCoverage, context: DrawContext, quantum: str | None = None) -> None:
        reader = CoverageReader(data.coverage)
        self.coverage = data.coverage
        self.about, self.precision = data.about, TimePrecision.of(data.about, quantum)
        self.seconds, self.times, self.time_units = reader.seconds, reader.times, reader.time_units
        self.distance, self.points = reader.coordinate("distance"), reader.places
        self.field = read_parts(reader, context.labels, "time", "distance")[0]
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
        if self.depth is None:
            return format_level(self.coverage, context)
        return translate("at {depth}", depth=context.labels.value(self.depth, "m"))

    def make_subtitle(self, context: DrawContext) -> str:
        span = context.labels.time_span(self.times[0], self.times[-1], self.precision)
        return join_parts(context.labels.dataset_name(self.about), span, self.describe_level(context))


def make_request(query: HovmollerQuery) -> SectionRequest:
    """Request the variable, or the magnitude of the two, at one level through time."""
    return _make_request(query, query.count_points(None), None, query.variable_keys(2))


def _make_request(
    query: HovmollerQuery, points: int, second: ComparedDataset | None, keys: list[str]
) -> SectionRequest:
    return SectionRequest(
        **query.request_options(second, keys, points),
        vector=["magnitude"] if len(keys) == 2 else [],
        start=query.choose("starttime", second),
        end=query.choose("endtime", second),
        depth=str(query.choose("depth", second)),
    )


async def fetch(services: Services, query: HovmollerQuery, output: Output) -> PathData:
    """Request the level through time, in both datasets."""
    query.check_members()
    sides = await fetch_sides(services, query, partial(_make_request, query, query.count_points(output)))
    if len(sides) > 1:
        match_steps(*(PathSeries(side, DrawContext()) for side in sides))
    return PathData.of_sides(sides)


def match_steps(first: PathSeries, second: PathSeries) -> tuple[Steps, Steps]:
    """Return the steps of both datasets that belong together."""
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


def draw(query: HovmollerQuery, data: PathData, context: DrawContext) -> Picture:
    """Draw distance across and time upwards; of two datasets, both and their difference."""
    translate, sides = context.translate, [PathSeries(side, context, query.quantum) for side in data.sides]
    first, steps = sides[0], [np.arange(len(side.seconds)) for side in sides]
    fields, titles = [side.field for side in sides], [""]
    subtitle, told = first.make_subtitle(context), fields
    if data.second:
        fields, told, common_steps = _compare(sides, context)
        steps.append(common_steps[0])
        titles = [side.make_subtitle(context) for side in sides]
        titles.append(
            translate("Difference: the first less the second")
            if _have_equal_intervals(sides[0], sides[1], *common_steps)
            else translate("Difference: the first less the second, step by step")
        )
        titles = titles[: len(fields)]
        names = [context.labels.dataset_name(side.about) for side in sides]
        subtitle = translate("{first} compared with {second}", first=names[0], second=names[1])
    panels = make_panels(query, fields, [field.values for field in fields], titles, context)
    quantities = [field.name for field in fields] if len(fields) == len(sides) else [first.field.name]
    name = context.labels.join_quantities(list(dict.fromkeys(quantities)))
    title, credit = make_path_title(query, name, first.points, context.labels), join_path_credits(data, context.labels)
    figure = context.add_figure(title, subtitle, credit)
    show_map = bool(query.showmap) and has_map_column(context)
    layout = add_section_panels(figure, len(panels), 1, context, show_map=show_map)
    sentences = [translate("{title}: {what}.", title=title, what=subtitle)]
    for row, (panel, series, axes) in enumerate(zip(panels, [*sides, first], layout.panels[0], strict=False)):
        if panel.title:
            set_panel_title(axes, panel.title, context, above_letters=row == 0)
        _draw_panel(axes, panel, series, series.seconds[steps[row]], context)
        add_colour_bar(figure, axes, panel.shading, context)
        times = [series.times[step] for step in (common_steps[row % 2] if data.second else steps[row])]
        sentences.append(_describe(panel.name, told[row], series, times, context))
    layout.finish(locate_waypoints(query.waypoints(), first.points, first.distance), context)
    return data.describe_picture(
        figure, context.labels.title(title, first.about), sentences, credit, first.about.dataset
    )


def _draw_panel(axes: Axes, panel: PathPanel, series: PathSeries, seconds: Floats, context: DrawContext) -> None:
    """Draw a field with distance across and time upwards, and the land along the path."""
    values, shading = panel.field.values, panel.shading
    axes.grid(visible=False)
    axes.set_facecolor(UNKNOWN)
    if not np.isfinite(values).any():
        show_message(axes, context.translate("no data along this path"), context.sizes)
        return
    times = seconds_to_days(time_edges(seconds))
    x, y = np.meshgrid(distance_edges(series.distance), times)
    axes.pcolormesh(x, y, np.ma.masked_invalid(values), cmap=shading.colours, norm=shading.norm, rasterized=True)
    empty = np.all(np.isnan(series.field.values), axis=0)
    land = classify_land(empty, find_land(context.land, series.points))
    axes.fill_between(
        series.distance, 0, 1, where=land, step="mid", transform=axes.get_xaxis_transform(), color=LAND, linewidth=0
    )
    style_ticks(axes, context)
    if seconds[-1] > seconds[0]:  # labels of the data, not of the ends of the outer cells
        axes.set_ylim(*seconds_to_days(seconds[[0, -1]]))
    label_time_axis(axes, seconds, series.precision, context, vertical=True, units=series.time_units)
    axes.set_ylim(times[0], times[-1])
    axes.spines[["top", "right"]].set_visible(True)


def time_edges(seconds: Floats) -> Floats:
    """Return the edges of time steps, shape (time + 1,), s: half-way between them; a single one has a day."""
    if seconds.size == 1:
        return np.array([seconds[0] - DAY / 2, seconds[0] + DAY / 2])
    return cell_edges(seconds)


def _have_equal_intervals(first: PathSeries, second: PathSeries, steps: Steps, second_steps: Steps) -> bool:
    """Return whether steps that belong together are equally long after the first."""
    seconds, second_seconds = first.seconds[steps], second.seconds[second_steps]
    # Months are not equally long.
    spacing = float(np.diff(seconds).min()) if len(steps) > 1 else np.inf
    return bool(np.abs(seconds - seconds[0] - (second_seconds - second_seconds[0])).max() < spacing / 4)


def _compare(
    sides: list[PathSeries], context: DrawContext
) -> tuple[list[PathField], list[PathField], tuple[Steps, Steps]]:
    """Return the fields to draw, those at the steps that both have, and these steps.

    The fields are both, and of the same quantity in the units of the first, with the difference at common steps.
    """
    steps, second_steps = match_steps(*sides)
    first, second = (side.field for side in sides)
    is_same = have_difference(first.info, second.info)
    if is_same:
        second = second.convert(first.info.units)
    common = [replace(first, values=first.values[steps]), replace(second, values=second.values[second_steps])]
    difference = [common[0].minus(common[1].values, context)] if is_same else []
    return [first, second, *difference], [*common, *difference], (steps, second_steps)


def _describe(name: str, field: PathField, series: PathSeries, times: list[str], context: DrawContext) -> str:
    """Describe the range of a field with places and times, and the change of the mean."""
    translate, labels, values = context.translate, context.labels, field.values
    if (extremes := find_extremes(values)) is None:
        return translate("{name}: no data along this path.", name=name)
    precision, units = TimePrecision.of(series.about), field.info.units
    low, high = (labels.value(float(values[index]), units) for index in extremes)
    low_place, high_place = (labels.value(float(series.distance[index[1]]), "km", 0) for index in extremes)
    low_time, high_time = (labels.time(times[index[0]], precision) for index in extremes)
    sentence = translate(
        "{name} from {low} at {low_place}, {low_time} to {high} at {high_place}, {high_time}.",
        name=name, low=low, low_place=low_place, low_time=low_time, high=high, high_place=high_place,
        high_time=high_time,
    )  # fmt: skip
    wet = np.flatnonzero(np.isfinite(values).any(axis=1))
    if len(wet) < 2 or field.info.categories:
        return sentence
    first, last = (labels.value(float(np.nanmean(values[step])), units) for step in (wet[0], wet[-1]))
    return f"{sentence} {translate('Its mean goes from {first} to {last}.', first=first, last=last)}"


def table(__: HovmollerQuery, data: PathData, context: DrawContext) -> Table:
    """Return a row for every time and place with a value; of two datasets, for times that both have."""
    translate, sides = context.translate, [PathSeries(side, context) for side in data.sides]
    first, steps, fields = sides[0], np.arange(len(sides[0].seconds)), [sides[0].field]
    header = make_header(
        translate,
        context.labels.dataset_name(first.about),
        context.translate.attribution(first.about),
        f"{first.times[0]}/{first.times[-1]}",
    )
    header.append((translate("Depth"), first.describe_level(context)))
    for second in sides[1:]:
        _, fields, (steps, _) = _compare(sides, context)
        label = context.labels.dataset_name(second.about)
        fields[1] = replace(fields[1], name=f"{fields[1].name}, {label}")
        header.append((translate("Compared with"), f"{label}, {second.times[0]}/{second.times[-1]}"))
    step, place = np.nonzero(np.any([np.isfinite(field.values) for field in fields], axis=0))
    latitude, longitude = np.array(first.points, dtype=float).T
    columns = make_place_columns(
        translate,
        time=[first.times[steps[index]] for index in step],
        latitude=latitude[place],
        longitude=longitude[place],
        distance=first.distance[place],
    )
    columns += [field.make_column(field.values[step, place]) for field in fields]
    return Table(header=header, columns=columns)


def compare(__: HovmollerQuery, data: PathData) -> Coverage:
    """Return both datasets and their difference at the times that both have, as tables have them."""
    context = DrawContext()
    _, fields, paired_steps = _compare([PathSeries(side, context) for side in data.sides], context)
    pairs = zip(data.sides, paired_steps, strict=True)
    first, second = (select_times(side.coverage, steps) for side, steps in pairs)
    return compare_coverages(first, second, [[(item.info, item.values) for item in fields]])


KIND = PlotKind(
    name="hovmoller",
    summary="One level along a path, through time",
    example={"dataset": "arctic_day", "variable": "votemper", "path": [[73.0, 20.0], [70.0, -5.0]], "depth": 0},
    query=HovmollerQuery,
    fetch=fetch,
    draw=draw,
    table=table,
    more_formats=("nc",),
    data_request=make_request,
    compare=compare,
)
