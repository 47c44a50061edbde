"""Profile plots: variables over depth at stations, at one time, and beside them those of a second dataset."""

import asyncio
from functools import partial
from itertools import product, zip_longest
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from msgspec.structs import replace

from ocean_common.arrays import pack_array
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, Field, PointsRequest
from ocean_core.colour import DIVERGING_COLORMAP
from ocean_core.errors import InvalidRequest, NotSupported, RequestTooLarge, TimeNotFound
from ocean_core.units import unit_conversion
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.axes import FEW_LEVELS, set_depth_axis, set_quantity_axis, show_message
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import SEPARATOR, join_parts
from ocean_plotting.figure.layout import MUTED, Picture
from ocean_plotting.figure.stations import PANELS_IN_ROW, StationMark, add_depth_panels, mark_stations
from ocean_plotting.plots.common.coverage import PRESSURE_UNITS, CoverageReader, Floats, compare_coverages
from ocean_plotting.plots.common.panels import have_difference
from ocean_plotting.plots.common.profiles import (
    Profile,
    StationProfileQuery,
    check_depths,
    describe_profile,
    describe_range,
    find_level_units,
    format_source,
    join_credits,
    make_profile_request,
    make_profile_table,
    subtract_profiles,
)
from ocean_plotting.plots.common.query import (
    CompareTo,
    ValueRange,
    map_error_fields,
    parse_keys,
    parse_ranges,
    parse_scale,
)
from ocean_plotting.plots.kind import PlotData, PlotKind, Services

SECOND_STYLE = {"linestyle": (0, (4, 1.6)), "markerfacecolor": "white"}  # of the second dataset


class ProfileQuery(StationProfileQuery, frozen=True, kw_only=True):
    """Query of a profile plot."""

    variable_range: Annotated[
        list[ValueRange | None] | None,
        msgspec.Meta(description="[min, max] of each variable's axis; null: by the values"),
    ] = None
    compare_to: CompareTo = None


class ProfileData(PlotData, frozen=True, kw_only=True):
    """Variables at every station: in one coverage, or in one each."""

    coverages: list[Coverage]
    second_coverages: list[Coverage] = msgspec.field(default_factory=list)  # the same of the second dataset


def make_request(query: ProfileQuery) -> PointsRequest:
    """Request all variables at all stations."""
    variables = query.variable_keys()
    parse_ranges(query.variable_range, len(variables))
    return make_profile_request(query, variables)


async def fetch(services: Services, query: ProfileQuery, _: Output) -> ProfileData:
    """Request all variables of both datasets."""
    requests = {"$": make_request(query)}
    if second := query.second_dataset():
        keys = query.variable_keys()
        variables = parse_keys(second.variable, "$.compare_to.variable") if second.variable else keys
        if len(variables) != len(keys):
            raise InvalidRequest(
                "compare_to has {count} variables and the plot {plot_count}; each is compared with one",
                count=len(variables),
                plot_count=len(keys),
                field="$.compare_to.variable",
            )
        parse_scale(second.scale_diff, "$.compare_to.scale_diff")
        time = str(query.time if second.time is None else second.time)
        requests["$.compare_to"] = replace(requests["$"], dataset=second.dataset, variables=variables, time=time)
    first, *rest = await asyncio.gather(*(_extract(services, request, path) for path, request in requests.items()))
    second_coverages = rest[0] if rest else []
    revisions = {coverage.dataset: coverage.revision for coverage in [*second_coverages[:1], *first[:1]]}
    time = next(filter(None, (CoverageReader(coverage).time for coverage in first)), "")  # a sea floor has none
    check_level_units(_read_profiles([*first, *second_coverages]))
    return ProfileData(time=time, revisions=revisions, coverages=first, second_coverages=second_coverages)


def check_level_units(profiles: list[Profile]) -> None:
    """Refuse depths beside pressures, which are no one axis."""
    deep = [profile for profile in profiles if len(profile.values) > 1]
    for profile in deep:
        if profile.level_units != deep[0].level_units:
            raise NotSupported(
                "the levels of {key} and {second_key} are in {units} and {second_units}: draw them in two plots",
                key=deep[0].info.key,
                second_key=profile.info.key,
                units=deep[0].level_units,
                second_units=profile.level_units,
                field="$.variable",
            )


async def _extract(services: Services, request: PointsRequest, path: str) -> list[Coverage]:
    """Request all variables at once; one by one if they have no time in common, or are too many together."""
    with map_error_fields(path):
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
    check_depths(_read_profiles(coverages), f"{path}.variable", allow_pressure=True)
    return coverages


def _shares_true_depths(coverage: Coverage) -> bool:
    """Return whether variables with levels of their own share the true depths of the first."""
    reader = CoverageReader(coverage)
    levels = {dim for info in reader.variables for dim in reader.dims(info.key) if dim.startswith("depth")}
    return len(levels) > 1 and any(field.auxiliary and field.variable.key == "depth" for field in coverage.fields)


def _read_profiles(coverages: list[Coverage]) -> list[Profile]:
    return [Profile(coverage, info.key) for coverage in coverages for info in CoverageReader(coverage).variables]


def _read_variables(data: ProfileData) -> list[list[Profile]]:
    """Return the profiles of each panel: both datasets in the same units, or one where they have other quantities."""
    first, second = _read_profiles(data.coverages), _read_profiles(data.second_coverages)
    panels = []
    for profile, other in zip_longest(first, second):
        if other is None:
            panels.append([profile])
        elif have_difference(profile.info, other.info):
            panels.append([profile, _convert_units(other, profile.info.units)])
        else:
            panels += [[profile], [other]]
    return panels


def _convert_units(profile: Profile, units: str) -> Profile:
    factor, offset = unit_conversion(profile.info.units, units) or (1.0, 0.0)
    return profile.with_values(replace(profile.info, units=units), profile.values * factor + offset)


def draw(query: ProfileQuery, data: ProfileData, context: DrawContext) -> Picture:
    """Draw a panel for each variable with all stations, and beside them the stations on a map."""
    labels, variables, subtitle = context.labels, _read_variables(data), _make_subtitle(query, data, context)
    first, places, count = variables[0][0], variables[0][0].places, len(variables)
    profiles = [profile for variable in variables for profile in variable]
    has_data = [any(profile.at_station(number)[0].size for profile in profiles) for number in range(len(places))]
    stations = mark_stations(places, query.names, has_data)
    names = labels.join_quantities([labels.variable_name(variable[0].info) for variable in variables])
    title = query.plotTitle or _make_title(names, stations, context)
    credit = join_credits([profile.info for profile in profiles], context.labels)
    figure = context.add_figure(title, subtitle, credit)
    limits, depths = parse_ranges(query.variable_range, count), [_find_deepest(variable) for variable in variables]
    with_difference = len(profiles) == 2 and count == 1
    seconds = profiles[1::2] if data.second_coverages else []
    level_units = find_level_units(profiles)
    panels = add_depth_panels(figure, count + with_difference, stations, context, show_map=bool(query.showmap))
    for position, panel in enumerate(panels):
        variable = variables[min(position, count - 1)]
        # The same depths in every panel, but for variables of the surface alone.
        is_deep = depths[min(position, count - 1)] > 0
        limits_of_depth = (max(depths), min(profile.top for profile in profiles)) if is_deep else (0.0, 0.0)
        set_depth_axis(
            panel, limits_of_depth[0], context, label=position % PANELS_IN_ROW == 0, top=limits_of_depth[1],
            units=level_units,
        )  # fmt: skip
        if position < count:
            _draw_variable(panel, variable, stations, limits[position], context, dashed=seconds)
        else:
            _draw_difference(panel, variable, stations, query, context)
    sentences = [f"{title}, {subtitle}.", *(describe_profile(variable[0], context) for variable in variables)]
    if with_difference:
        values = np.concatenate([subtract_profiles(profiles, station)[1] for station in range(len(places))])
        sentences.append(describe_range(_name_difference(context), values, first.info.units, context))
    return data.describe_picture(figure, context.labels.title(title, first.info), sentences, credit, first.info.dataset)


def _find_deepest(variable: list[Profile]) -> float:
    return max(profile.deepest for profile in variable)


def _draw_variable(
    panel: Axes,
    variable: list[Profile],
    stations: list[StationMark],
    limits: tuple[float, float] | None,
    context: DrawContext,
    *,
    dashed: list[Profile],
) -> None:
    for profile, station in product(variable, stations):
        depth, value = profile.at_station(station.number)
        if depth.size:
            style = station.style(context.sizes, markers=len(depth) <= FEW_LEVELS)
            panel.plot(value, depth, **(style | SECOND_STYLE if profile in dashed else style))
    labels = context.labels
    names = dict.fromkeys(labels.variable_name(profile.info) for profile in variable)
    label = labels.with_units(labels.join_quantities(list(names)), variable[0].info.units)
    set_quantity_axis(panel, label, limits, context)
    if not panel.lines:
        show_message(panel, context.translate("no data at these stations"), context.sizes)


def _draw_difference(
    panel: Axes, variable: list[Profile], stations: list[StationMark], query: ProfileQuery, context: DrawContext
) -> None:
    """Draw the first less the second, on a scale about zero."""
    second, most = query.second_dataset(), 0.0
    for station in stations:
        depth, value = subtract_profiles(variable, station.number)
        if depth.size:
            panel.plot(value, depth, **station.style(context.sizes, markers=len(depth) <= FEW_LEVELS))
            most = max(most, float(np.abs(value).max()))
    scale = parse_scale(second.scale_diff, "$.compare_to.scale_diff") if second else None
    empty = not panel.lines
    panel.axvline(0.0, color=MUTED, linewidth=0.8, zorder=1)
    margin = 1.07 * most or 1.0
    label = context.labels.with_units(_name_difference(context), variable[0].info.units)
    set_quantity_axis(panel, label, scale.limits if scale else (-margin, margin), context)
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
    return text if SEPARATOR in text else join_parts(context.labels.dataset_name(info), text)


def table(query: ProfileQuery, data: ProfileData, context: DrawContext) -> Table:
    """Return a row for every station and depth with a value."""
    labels, variables = context.labels, _read_variables(data)
    profiles = [profile for variable in variables for profile in variable]
    names = [(labels.variable_name(profile.info), profile.info.units) for profile in profiles]
    if data.second_coverages:
        sources = _make_sources(query, data, context)
        names = [(f"{name} – {sources[index % 2]}", units) for index, (name, units) in enumerate(names)]
    if data.second_coverages and len(variables) == 1:  # one quantity
        names.append((_name_difference(context), profiles[0].info.units))
    depths, columns = _align_levels(variables, data)
    stations, rows = np.nonzero(np.isfinite(depths.T))  # station by station, downwards
    values = [
        Column(
            name=name,
            units=units,
            values=columns[index][rows, stations],
            categorical=index < len(profiles) and bool(profiles[index].info.categories),
        )
        for index, (name, units) in enumerate(names)
    ]
    return make_profile_table(
        profiles, (stations, depths[rows, stations]), values, context, query=query, time=data.time
    )


def _align_levels(variables: list[list[Profile]], data: ProfileData) -> tuple[Floats, list[Floats]]:
    """Return the depths at which a station has a value, from the surface down, and all values there: (row, station).

    Last is the difference of two that are of one quantity.
    """
    read_values = [profile.at_station for variable in variables for profile in variable]
    if data.second_coverages and len(variables) == 1:
        read_values.append(partial(subtract_profiles, variables[0]))
    stations = [
        [dict(np.transpose(read(station)).tolist()) for read in read_values]
        for station in range(len(variables[0][0].places))
    ]
    levels = [sorted(set().union(*columns)) for columns in stations]
    depths = np.array(list(zip_longest(*levels, fillvalue=np.nan)), dtype=float).reshape(-1, len(levels))
    values = [
        np.array(
            [
                [columns[index].get(depth, np.nan) for depth, columns in zip(row, stations, strict=True)]
                for row in depths.tolist()
            ]
        )
        for index in range(len(read_values))
    ]
    return depths, [array.reshape(depths.shape) for array in values]


def compare(_: ProfileQuery, data: ProfileData) -> Coverage:
    """Return the profiles of both datasets at all depths of both, and their difference, as tables have them."""
    variables, coverage = _read_variables(data), data.coverages[0]
    profiles = [profile for variable in variables for profile in variable]
    depths, columns = _align_levels(variables, data)
    kept = {"time", "point"}
    dims = {name: size for name, size in coverage.dims.items() if name in kept} | {"depth": len(depths)}
    in_time = ("time",) if "time" in dims else ()
    is_pressure = find_level_units(profiles) == PRESSURE_UNITS
    level = VariableInfo(
        dataset=coverage.dataset,
        key="level" if is_pressure else "depth",
        name="Pressure" if is_pressure else "Depth",
        units=find_level_units(profiles),
        scale=(0.0, 1.0),
        standard_name="sea_water_pressure" if is_pressure else "depth",
    )
    numbers = list(zip([profile.info for profile in profiles], columns, strict=False))
    parts = [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
    if len(columns) > len(profiles):
        info = replace(profiles[0].info, zero_centered=True, standard_name=None, colormap=DIVERGING_COLORMAP)
        parts[0].append((info, columns[-1]))
    values = pack_array(depths)
    fields = [Field(variable=pair[0][0], dims=(*in_time, "depth", "point"), values=values) for pair in parts]
    fields.append(Field(variable=level, dims=("depth", "point"), values=values, auxiliary=True))
    coordinates = [item for item in coverage.coordinates if kept.issuperset(item.dims)]
    on_rows = replace(coverage, dims=dims, coordinates=coordinates, fields=fields)
    return compare_coverages(on_rows, data.second_coverages[0], parts)


KIND = PlotKind(
    name="profile",
    summary="Variables over depth at stations",
    example={"dataset": "arctic_day", "variable": "votemper,vosaline", "station": [[73.0, 20.0]]},
    query=ProfileQuery,
    fetch=fetch,
    draw=draw,
    table=table,
    more_formats=("nc",),
    data_request=make_request,
    compare=compare,
)
