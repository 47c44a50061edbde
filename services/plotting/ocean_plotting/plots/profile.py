"""Profile plots: variables over depth at stations, at one time, and beside them those of a second dataset."""

import asyncio
from itertools import product, zip_longest
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from msgspec.structs import replace

from ocean_common.contracts.data import Coverage, PointsRequest
from ocean_core.errors import InvalidRequest, RequestTooLarge, TimeNotFound
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Rows, Table
from ocean_plotting.figure.axes import FEW_LEVELS, set_depth_axis, set_quantity_axis, show_message
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import SEPARATOR, join_parts
from ocean_plotting.figure.layout import MUTED, Picture, add_titles
from ocean_plotting.figure.stations import (
    PANELS_IN_ROW,
    StationMark,
    add_depth_panels,
    mark_stations,
)
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.common.profiles import (
    Profile,
    StationProfileQuery,
    check_depths,
    describe_profile,
    describe_range,
    format_source,
    join_credits,
    make_profile_header,
    make_profile_request,
    make_station_columns,
    subtract_profiles,
)
from ocean_plotting.plots.common.query import (
    ComparedDataset,
    CompareTo,
    PlotData,
    ValueRange,
    map_error_fields,
    parse_keys,
    parse_ranges,
    parse_scale,
)
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.kind import PlotKind

SECOND_STYLE = {"linestyle": (0, (4, 1.6)), "markerfacecolor": "white"}  # of the second dataset


class ProfileQuery(StationProfileQuery, frozen=True, kw_only=True):
    """Query of a profile plot."""

    variable_range: Annotated[
        list[ValueRange | None] | None,
        msgspec.Meta(description="[min, max] of each variable's axis; null: by the values"),
    ] = None
    compare_to: CompareTo = None

    def second_dataset(self) -> ComparedDataset | None:
        """Return the second dataset of a comparison, if there is one."""
        return self.compare_to or None


class ProfileData(PlotData, frozen=True, kw_only=True):
    """Variables at every station: in one coverage, or in one each."""

    coverages: list[Coverage]
    second_coverages: list[Coverage] = msgspec.field(default_factory=list)  # the same of the second dataset


def make_request(query: ProfileQuery) -> PointsRequest:
    """Request all variables at all stations."""
    variables = query.variable_keys()
    parse_ranges(query.variable_range, len(variables))
    return make_profile_request(query, variables)


def _make_second_request(query: ProfileQuery) -> PointsRequest | None:
    second = query.second_dataset()
    if second is None:
        return None
    first = make_request(query)
    variables = parse_keys(second.variable, "$.compare_to.variable") if second.variable else first.variables
    if len(variables) != len(first.variables):
        raise InvalidRequest(
            "compare_to has {variables_count} variables and the plot {second_variables_count}; each is compared with "
            "one",
            variables_count=len(variables),
            second_variables_count=len(first.variables),
            field="$.compare_to.variable",
        )
    parse_scale(second.scale_diff, "$.compare_to.scale_diff")
    time = query.time if second.time is None else second.time
    return replace(first, dataset=second.dataset, variables=variables, time=str(time))


async def fetch(services: Services, query: ProfileQuery, _: Output) -> ProfileData:
    """Request all variables of both datasets."""
    requests = [make_request(query)]
    if (second := _make_second_request(query)) is not None:
        requests.append(second)
    prefixes = ("$", "$.compare_to")
    first, *rest = await asyncio.gather(
        *(_extract(services, request, prefix) for request, prefix in zip(requests, prefixes, strict=False))
    )
    second_coverages = rest[0] if rest else []
    revisions = {coverage.dataset: coverage.revision for coverage in [*second_coverages[:1], *first[:1]]}
    time = next(filter(None, (CoverageReader(coverage).time for coverage in first)), "")  # a sea floor has none
    return ProfileData(time=time, revisions=revisions, coverages=first, second_coverages=second_coverages)


async def _extract(services: Services, request: PointsRequest, prefix: str) -> list[Coverage]:
    """Request all variables at once; one by one if they have no time in common, or are too many together."""
    with map_error_fields(prefix):
        coverages: list[Coverage] = []
        if len(set(request.variables)) == len(request.variables):
            try:
                coverages = [await services.data.extract(request)]
            except (TimeNotFound, RequestTooLarge):
                if len(request.variables) == 1:
                    raise
        if not coverages or _shares_true_depths(coverages[0]):
            single = [replace(request, variables=[key]) for key in request.variables]
            coverages = list(await asyncio.gather(*map(services.data.extract, single)))
    check_depths(_read_profiles(coverages), f"{prefix}.variable")
    return coverages


def _shares_true_depths(coverage: Coverage) -> bool:
    """Return whether variables with levels of their own share the true depths of the first."""
    reader = CoverageReader(coverage)
    levels = {dim for info in reader.variables for dim in reader.dims(info.key) if dim.startswith("depth")}
    return len(levels) > 1 and any(field.auxiliary and field.variable.key == "depth" for field in coverage.fields)


def _read_profiles(coverages: list[Coverage]) -> list[Profile]:
    return [Profile(coverage, info.key) for coverage in coverages for info in CoverageReader(coverage).variables]


class ComparedProfile:
    """A variable at every station, and in the same units that of the second dataset, if there is one."""

    def __init__(self, first: Profile, second: Profile | None) -> None:
        self.first, self.second, self.info = first, second, first.info
        if second:
            second.convert_units(self.info.units, "$.compare_to.variable")

    @classmethod
    def read(cls, data: ProfileData) -> "list[ComparedProfile]":
        """Read all variables."""
        first, second = _read_profiles(data.coverages), _read_profiles(data.second_coverages)
        return [cls(*pair) for pair in zip_longest(first, second)]

    @property
    def profiles(self) -> list[Profile]:
        """One profile, or two."""
        return [self.first, self.second] if self.second else [self.first]

    @property
    def deepest(self) -> float:
        """Greatest depth (m) with a value."""
        return max(profile.deepest for profile in self.profiles)

    def difference(self, station: int) -> tuple[Floats, Floats]:
        """Return depths (m) and the first less the second at a station."""
        return subtract_profiles(self.profiles[0], self.profiles[-1], station)

    def axis_label(self, context: DrawContext) -> str:
        """Label its axis."""
        names = dict.fromkeys(context.labels.variable_name(profile.info) for profile in self.profiles)
        return context.labels.with_units(context.labels.join_quantities(list(names)), self.info.units)


def draw(query: ProfileQuery, data: ProfileData, context: DrawContext) -> Picture:
    """Draw a panel for each variable with all stations, and beside them the stations on a map."""
    figure, labels = Figure(figsize=context.size), context.labels
    variables, subtitle = ComparedProfile.read(data), _make_subtitle(query, data, context)
    first, places = variables[0].info, variables[0].first.places
    profiles = [profile for variable in variables for profile in variable.profiles]
    has_data = [any(profile.at_station(number)[0].size for profile in profiles) for number in range(len(places))]
    stations = mark_stations(places, query.names, has_data)
    names = labels.join_quantities([labels.variable_name(variable.info) for variable in variables])
    title, credit = query.plotTitle or _make_title(names, stations, context), join_credits([p.info for p in profiles])
    add_titles(figure, title, subtitle, credit, context.sizes)
    limits, deepest = parse_ranges(query.variable_range, len(variables)), max(v.deepest for v in variables)
    with_difference = bool(data.second_coverages) and len(variables) == 1
    count = len(variables) + with_difference
    panels = add_depth_panels(figure, count, stations, context, show_map=bool(query.showmap))
    for position, panel in enumerate(panels):
        variable = variables[min(position, len(variables) - 1)]
        # The same depths in every panel, but for variables of the surface alone.
        panel_depth = deepest if variable.deepest > 0 else 0.0
        set_depth_axis(panel, panel_depth, context, label=position % PANELS_IN_ROW == 0)
        if position < len(variables):
            _draw_variable(panel, variable, stations, limits[position], context)
        else:
            _draw_difference(panel, variable, stations, query, context)
    sentences = [f"{title}, {subtitle}.", *_describe(variables, context)]
    return Picture(figure=figure, info=data.make_picture_info(title, sentences, first, credit))


def _draw_variable(
    panel: Axes,
    variable: ComparedProfile,
    stations: list[StationMark],
    limits: tuple[float, float] | None,
    context: DrawContext,
) -> None:
    for profile, station in product(variable.profiles, stations):
        depth, value = profile.at_station(station.number)
        if depth.size:
            style = station.style(context.sizes, markers=len(depth) <= FEW_LEVELS)
            panel.plot(value, depth, **(style | SECOND_STYLE if profile is variable.second else style))
    set_quantity_axis(panel, variable.axis_label(context), limits, context)
    if not panel.lines:
        show_message(panel, context.translate("no data at these stations"), context.sizes)


def _draw_difference(
    panel: Axes, variable: ComparedProfile, stations: list[StationMark], query: ProfileQuery, context: DrawContext
) -> None:
    """Draw the first less the second, on a scale about zero."""
    second, most = query.second_dataset(), 0.0
    for station in stations:
        depth, value = variable.difference(station.number)
        if depth.size:
            panel.plot(value, depth, **station.style(context.sizes, markers=len(depth) <= FEW_LEVELS))
            most = max(most, float(np.abs(value).max()))
    scale = parse_scale(second.scale_diff, "$.compare_to.scale_diff") if second else None
    empty = not panel.lines
    panel.axvline(0.0, color=MUTED, linewidth=0.8, zorder=1)
    margin = 1.07 * most or 1.0
    label = context.labels.with_units(_name_difference(context), variable.info.units)
    set_quantity_axis(panel, label, scale or (-margin, margin), context)
    if empty:
        show_message(panel, context.translate("no depths in common"), context.sizes)


def _name_difference(context: DrawContext) -> str:
    return context.translate("Difference, first less second")


def _make_title(names: str, stations: list[StationMark], context: DrawContext) -> str:
    translate = context.translate
    if len(stations) > 1:
        return translate("{names} profiles at {count} stations", names=names, count=len(stations))
    return translate("{names} profile at {station}", names=names, station=stations[0].label(context.labels))


def _make_sources(query: ProfileQuery, data: ProfileData, context: DrawContext) -> list[str]:
    """Return names and times of the datasets; of one dataset at two times only the times."""
    readers = [CoverageReader(coverages[0]) for coverages in (data.coverages, data.second_coverages) if coverages]
    times = [data.time, *(reader.time for reader in readers[1:])]
    sources = [
        format_source(reader.variables[0], time, query.quantum, context)
        for reader, time in zip(readers, times, strict=True)
    ]
    same_dataset = len({reader.coverage.dataset for reader in readers}) == 1
    if len(sources) == 2 and same_dataset and sources[0] != sources[1]:
        return [source.rpartition(SEPARATOR)[2] for source in sources]
    return sources


def _make_subtitle(query: ProfileQuery, data: ProfileData, context: DrawContext) -> str:
    sources = _make_sources(query, data, context)
    if len(sources) == 1:
        return sources[0]
    text = context.translate("{first} (lines), {second} (dashes)", first=sources[0], second=sources[1])
    info = CoverageReader(data.coverages[0]).variables[0]
    return text if SEPARATOR in text else join_parts(info.dataset_name or info.dataset, text)


def _describe(variables: list[ComparedProfile], context: DrawContext) -> list[str]:
    sentences = [describe_profile(variable.first, context) for variable in variables]
    variable = variables[0]
    if variable.second and len(variables) == 1:
        stations = range(len(variable.second.places))
        values = np.concatenate([variable.difference(station)[1] for station in stations])
        sentences.append(describe_range(_name_difference(context), values, variable.info.units, context))
    return sentences


def table(query: ProfileQuery, data: ProfileData, context: DrawContext) -> Table:
    """Return a row for every station and depth with a value."""
    labels, variables, rows, stations = context.labels, ComparedProfile.read(data), Rows(), list[int]()
    profiles = [profile for variable in variables for profile in variable.profiles]
    with_difference = bool(data.second_coverages) and len(variables) == 1
    for station, place in enumerate(profiles[0].places):
        columns = [_by_depth(profile.at_station(station)) for profile in profiles]
        if with_difference:
            columns.append(_by_depth(variables[0].difference(station)))
        depths = sorted(set().union(*columns))
        rows.rows += [(*place, depth, *(column.get(depth, np.nan) for column in columns)) for depth in depths]
        stations += [station] * len(depths)
    names = [(labels.variable_name(profile.info), profile.info.units) for profile in profiles]
    if data.second_coverages:
        sources = _make_sources(query, data, context)
        names = [(f"{name} – {sources[index % 2]}", units) for index, (name, units) in enumerate(names)]
    if with_difference:
        names.append((_name_difference(context), profiles[0].info.units))
    values = [
        Column(name=name, units=units, values=rows.column(3 + index)) for index, (name, units) in enumerate(names)
    ]
    return Table(
        header=make_profile_header([profile.info for profile in profiles], data.time, context),
        columns=[*make_station_columns(query, rows, stations, data.time, context), *values],
    )


def _by_depth(profile: tuple[Floats, Floats]) -> dict[float, float]:
    return dict(zip(profile[0].tolist(), profile[1].tolist(), strict=True))


KIND = PlotKind(
    name="profile",
    summary="Variables over depth at stations",
    example={"dataset": "giops_day", "variable": "votemper,vosaline", "station": [[73.0, 20.0]]},
    query=ProfileQuery,
    fetch=fetch,
    draw=draw,
    table=table,
    station_formats=True,
    statistics=True,
    data_request=make_request,
)
