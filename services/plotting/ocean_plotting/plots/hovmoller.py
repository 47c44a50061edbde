"""Hovmöller diagrams: one level along a path, through time."""

from dataclasses import replace
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ocean_common.contracts.data import Coverage, SectionRequest
from ocean_core.errors import NotSupported
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Table, make_place_columns
from ocean_plotting.figure import section
from ocean_plotting.figure.axes import show_message, style_ticks
from ocean_plotting.figure.labels import LabelFormatter, TimePrecision, join_parts
from ocean_plotting.figure.layout import LAND
from ocean_plotting.figure.legends import add_colour_bar
from ocean_plotting.figure.path import has_map_column
from ocean_plotting.figure.time_axis import DAY, label_time_axis, seconds_to_days
from ocean_plotting.plots.common import path
from ocean_plotting.plots.common.comparison import have_difference
from ocean_plotting.plots.common.coverage import CoverageReader, Floats, compare_coverages, format_level, select_times
from ocean_plotting.plots.common.query import ComparedDataset, Level, Time
from ocean_plotting.plots.kind import PlotKind, Services

Steps = NDArray[np.intp]


class HovmollerQuery(path.PathQuery, frozen=True, kw_only=True):
    """Query of a Hovmöller diagram."""

    starttime: Time | None = None
    endtime: Time | None = None
    depth: Level = 0


class PathSeries:
    """One dataset along the path through time."""

    def __init__(self, data: path.PathCoverage, labels: LabelFormatter, quantum: str | None = None) -> None:
        reader = CoverageReader(data.coverage)
        self.about, self.precision = data.about, TimePrecision.of(data.about, quantum)
        self.seconds, self.times, self.time_units = reader.seconds, reader.times, reader.time_units
        self.distance, self.points = reader.coordinate("distance"), reader.places
        self.field = path.read_parts(reader, labels, "time", "distance")[0]
        self.level = self._describe_level(reader, labels)
        span = labels.time_span(self.times[0], self.times[-1], self.precision)
        self.title = join_parts(labels.dataset_name(self.about), span, self.level)

    @staticmethod
    def _describe_level(reader: CoverageReader, labels: LabelFormatter) -> str:
        """Return the depth in words; empty for variables without depth."""
        match reader.coverage.facts.get("depth"):
            case "bottom":
                return labels.translate("at the sea floor")
            case "mean":
                return labels.translate("mean over the depth")
        depths = reader.coordinate("depth").ravel()
        if depths.size != 1:
            return format_level(reader.coverage, labels)
        return labels.translate("at {depth}", depth=labels.value(float(depths[0]), "m"))


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


async def fetch(services: Services, query: HovmollerQuery, output: Output) -> path.PathData:
    """Request the level through time, in both datasets."""
    query.check_members()
    sides = await path.fetch_sides(services, query, partial(_make_request, query, query.count_points(output)))
    if len(sides) > 1:
        match_steps(*(PathSeries(side, LabelFormatter()) for side in sides))
    return path.PathData.of_sides(sides)


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


def time_edges(seconds: Floats) -> Floats:
    """Return the edges of time steps, shape (time + 1,), s: half-way between them; a single one has a day."""
    if seconds.size == 1:
        return np.array([seconds[0] - DAY / 2, seconds[0] + DAY / 2])
    return section.cell_edges(seconds)


class HovmollerPlot(path.PathPlot[HovmollerQuery]):
    """Distance across and time upwards; of two datasets, both and their difference."""

    def prepare(self) -> None:
        super().prepare()
        self.sides = [PathSeries(side, self.labels, self.query.quantum) for side in self.data.sides]
        first, fields = self.sides[0], [side.field for side in self.sides]
        self.first, self.subtitle, titles = first, first.title, [""]
        self.steps = [np.arange(len(first.seconds))]  # those of each dataset that both have
        if len(self.sides) > 1:
            self.steps = list(match_steps(*self.sides))
            names = {"first": self.dataset_names[0], "second": self.dataset_names[1]}
            self.subtitle = self.translate("{first} compared with {second}", **names)
            titles = [*(side.title for side in self.sides), self._name_difference()]
            if is_same := have_difference(fields[0].info, fields[1].info):
                fields[1] = fields[1].convert(fields[0].info.units)
        self.common = [
            replace(field, values=field.values[steps]) for field, steps in zip(fields, self.steps, strict=True)
        ]
        if len(self.sides) > 1 and is_same:
            difference = self.common[0].minus(self.common[1].values, self.labels)
            self.common.append(difference)
            fields.append(difference)
        self.panels = self.make_panels(fields, [field.values for field in fields], titles)
        different = fields if len(fields) == len(self.sides) else fields[:1]
        self.title = self.make_title([field.name for field in different], first.points)

    def _name_difference(self) -> str:
        """Name the difference: of steps that are equally long after the first, or not."""
        since = [
            side.seconds[steps] - side.seconds[steps[0]] for side, steps in zip(self.sides, self.steps, strict=True)
        ]
        # Months are not equally long.
        spacing = float(np.diff(since[0]).min()) if len(since[0]) > 1 else np.inf
        if np.abs(since[0] - since[1]).max() < spacing / 4:
            return self.translate("Difference: the first less the second")
        return self.translate("Difference: the first less the second, step by step")

    def draw_panels(self) -> None:
        show_map = self.show_map and has_map_column(self.context)
        layout = section.add_section_panels(self.figure, len(self.panels), 1, self.context, show_map=show_map)
        for row, (panel, axes) in enumerate(zip(self.panels, layout.panels[0], strict=True)):
            if panel.title:
                section.set_panel_title(axes, panel.title, self.context, above_letters=row == 0)
            series = [*self.sides, self.first][row] if row < len(self.sides) else self.first
            self._draw_panel(
                axes, panel, series, series.seconds if row < len(self.sides) else series.seconds[self.steps[0]]
            )
            add_colour_bar(self.figure, axes, panel.shading, self.context)
        self.finish(layout, self.first.points, self.first.distance)

    def _draw_panel(self, axes: Axes, panel: path.PathPanel, series: PathSeries, seconds: Floats) -> None:
        """Draw a field with distance across and time upwards, and the land along the path."""
        values, shading = panel.field.values, panel.shading
        axes.grid(visible=False)
        axes.set_facecolor(section.UNKNOWN)
        if not np.isfinite(values).any():
            show_message(axes, self.translate("no data along this path"), self.sizes)
            return
        times = seconds_to_days(time_edges(seconds))
        x, y = np.meshgrid(section.distance_edges(series.distance), times)
        axes.pcolormesh(x, y, np.ma.masked_invalid(values), cmap=shading.colours, norm=shading.norm, rasterized=True)
        empty = np.all(np.isnan(series.field.values), axis=0)
        land = section.classify_land(empty, section.find_land(self.context.land, series.points))
        transform = axes.get_xaxis_transform()
        axes.fill_between(series.distance, 0, 1, where=land, step="mid", transform=transform, color=LAND, linewidth=0)
        style_ticks(axes, self.context)
        if seconds[-1] > seconds[0]:  # labels of the data, not of the ends of the outer cells
            axes.set_ylim(*seconds_to_days(seconds[[0, -1]]))
        label_time_axis(axes, seconds, series.precision, self.context, vertical=True, units=series.time_units)
        axes.set_ylim(times[0], times[-1])
        axes.spines[["top", "right"]].set_visible(True)

    def make_sentences(self) -> list[str]:
        series = [*self.sides, self.first]
        fields = zip(self.panels, self.common, series, [*self.steps, self.steps[0]], strict=False)
        return [
            self.translate("{title}: {what}.", title=self.title, what=self.subtitle),
            *(self._describe(panel.name, field, side, steps) for panel, field, side, steps in fields),
        ]

    def _describe(self, name: str, field: path.PathField, series: PathSeries, steps: Steps) -> str:
        """Describe the range of a field with places and times, and the change of the mean."""
        translate, labels, values, units = self.translate, self.labels, field.values, field.info.units
        if not (extremes := self.find_extremes(values)):
            return translate("{name}: no data along this path.", name=name)
        if field.info.is_discrete:
            return labels.list_categories(name, field.info, values)
        precision, words = TimePrecision.of(series.about), {}
        for end, (step, place) in zip(("low", "high"), extremes, strict=True):
            words[end] = labels.value(float(values[step, place]), units)
            words[f"{end}_place"] = labels.value(float(series.distance[place]), "km", 0)
            words[f"{end}_time"] = labels.time(series.times[steps[step]], precision)
        text = translate(
            "{name} from {low} at {low_place}, {low_time} to {high} at {high_place}, {high_time}.", name=name, **words
        )
        wet = np.flatnonzero(np.isfinite(values).any(axis=1))
        if len(wet) < 2:
            return text
        first, last = (labels.value(float(np.nanmean(values[step])), units) for step in (wet[0], wet[-1]))
        return f"{text} {translate('Its mean goes from {first} to {last}.', first=first, last=last)}"

    def make_table(self) -> Table:
        """Return a row for every time and place with a value; of two datasets, for times that both have."""
        first, fields = self.first, list(self.common)
        if len(self.sides) > 1:
            fields[1] = replace(fields[1], name=f"{fields[1].name}, {self.dataset_names[1]}")
        step, place = np.nonzero(np.any([np.isfinite(field.values) for field in fields], axis=0))
        latitude, longitude = np.array(first.points, dtype=float).T
        columns = make_place_columns(
            self.translate,
            time=[first.times[self.steps[0][index]] for index in step],
            latitude=latitude[place],
            longitude=longitude[place],
            distance=first.distance[place],
        )
        table = self.fill_table(
            columns, fields, (step, place), [f"{side.times[0]}/{side.times[-1]}" for side in self.sides]
        )
        table.header.insert(3, (self.translate("Depth"), first.level))
        return table

    def make_comparison(self) -> Coverage:
        """Return both datasets and their difference at the times that both have."""
        pairs = zip(self.data.sides, self.steps, strict=True)
        first, second = (select_times(side.coverage, steps) for side, steps in pairs)
        return compare_coverages(first, second, [[(item.info, item.values) for item in self.common]])


KIND = PlotKind(
    name="hovmoller",
    summary="One level along a path, through time",
    example={"dataset": "arctic_day", "variable": "votemper", "path": [[73.0, 20.0], [70.0, -5.0]], "depth": 0},
    query=HovmollerQuery,
    fetch=fetch,
    plot=HovmollerPlot,
    data_request=make_request,
)
