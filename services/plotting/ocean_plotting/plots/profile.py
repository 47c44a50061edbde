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
from ocean_core.colour import DIVERGING_COLORMAP, Limits
from ocean_core.errors import InvalidRequest, RequestTooLarge, TimeNotFound
from ocean_core.units import unit_conversion
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.axes import label_categories, set_depth_axis, set_quantity_axis, show_message
from ocean_plotting.figure.labels import SEPARATOR, join_parts
from ocean_plotting.figure.layout import MUTED
from ocean_plotting.figure.stations import PANELS_IN_ROW
from ocean_plotting.palettes import category_positions
from ocean_plotting.plots.common import profiles as casts
from ocean_plotting.plots.common import query as members
from ocean_plotting.plots.common.comparison import check_level_units, have_difference
from ocean_plotting.plots.common.coverage import PRESSURE_UNITS, CoverageReader, Floats, compare_coverages
from ocean_plotting.plots.kind import PlotData, PlotKind, Services

SECOND_STYLE = {"linestyle": (0, (4, 1.6)), "markerfacecolor": "white"}  # of the second dataset


class ProfileQuery(casts.StationProfileQuery, frozen=True, kw_only=True):
    """Query of a profile plot."""

    variable_range: Annotated[
        list[members.ValueRange | None] | None,
        msgspec.Meta(description="[min, max] of each variable's axis; null: by the values"),
    ] = None
    compare_to: members.CompareTo = None


class ProfileData(PlotData, frozen=True, kw_only=True):
    """Variables at every station: in one coverage, or in one each."""

    coverages: list[Coverage]
    second_coverages: list[Coverage] = msgspec.field(default_factory=list)  # the same of the second dataset


def make_request(query: ProfileQuery) -> PointsRequest:
    """Request all variables at all stations."""
    variables = query.variable_keys()
    members.parse_ranges(query.variable_range, len(variables))
    return casts.make_profile_request(query, variables)


async def fetch(services: Services, query: ProfileQuery, _: Output) -> ProfileData:
    """Request all variables of both datasets."""
    requests = {"$": make_request(query)}
    if second := query.second_dataset():
        keys = query.variable_keys()
        variables = members.parse_keys(second.variable, "$.compare_to.variable") if second.variable else keys
        if len(variables) != len(keys):
            raise InvalidRequest(
                "compare_to has {count} variables and the plot {plot_count}; each is compared with one",
                count=len(variables),
                plot_count=len(keys),
                field="$.compare_to.variable",
            )
        members.parse_scale(second.scale_diff, "$.compare_to.scale_diff")
        time = str(query.time if second.time is None else second.time)
        requests["$.compare_to"] = replace(requests["$"], dataset=second.dataset, variables=variables, time=time)
    first, *rest = await asyncio.gather(*(_extract(services, request, path) for path, request in requests.items()))
    second_coverages = rest[0] if rest else []
    revisions = {coverage.dataset: coverage.revision for coverage in [*second_coverages[:1], *first[:1]]}
    time = next(filter(None, (CoverageReader(coverage).time for coverage in first)), "")  # a sea floor has none
    deep = [profile for profile in _read_profiles([*first, *second_coverages]) if len(profile.values) > 1]
    check_level_units([(profile.info, profile.level_units) for profile in deep], "$.variable")
    return ProfileData(time=time, revisions=revisions, coverages=first, second_coverages=second_coverages)


async def _extract(services: Services, request: PointsRequest, path: str) -> list[Coverage]:
    """Request all variables at once; one by one if they have no time in common, or are too many together."""
    with members.map_error_fields(path):
        coverages: list[Coverage] = []
        if len(set(request.variables)) == len(request.variables):
            try:
                coverages = [await services.data.extract(request)]
            except (TimeNotFound, RequestTooLarge):
                if len(request.variables) == 1:
                    raise
        # Variables with levels of their own would share the true depths of the first.
        fields = [field for coverage in coverages for field in coverage.fields]
        levels = {dim for field in fields if not field.auxiliary for dim in field.dims if dim.startswith("depth")}
        has_true_depths = any(field.auxiliary and field.variable.key == "depth" for field in fields)
        if not coverages or (len(levels) > 1 and has_true_depths):
            single = [replace(request, variables=[key]) for key in request.variables]
            coverages = list(await asyncio.gather(*map(services.data.extract, single)))
    casts.check_depths(_read_profiles(coverages), f"{path}.variable", allow_pressure=True)
    return coverages


def _read_profiles(coverages: list[Coverage]) -> list[casts.Profile]:
    return [casts.Profile(coverage, info.key) for coverage in coverages for info in CoverageReader(coverage).variables]


class ProfilePlot(casts.DepthPlot[ProfileQuery, ProfileData]):
    """A panel for each variable with all stations."""

    def prepare(self) -> None:
        first, second = _read_profiles(self.data.coverages), _read_profiles(self.data.second_coverages)
        self.variables: list[
            list[casts.Profile]
        ] = []  # of each panel: of both datasets, if they have the same quantity
        for profile, other in zip_longest(first, second):
            if other is None:
                self.variables.append([profile])
            elif have_difference(profile.info, other.info):
                factor, offset = unit_conversion(other.info.units, profile.info.units) or (1.0, 0.0)
                info = replace(other.info, units=profile.info.units)
                self.variables.append([profile, other.with_values(info, other.values * factor + offset)])
            else:
                self.variables += [[profile], [other]]
        self.profiles = [profile for variable in self.variables for profile in variable]
        self.has_difference = len(self.profiles) == 2 and len(self.variables) == 1
        self.difference_name = self.translate("Difference, first less second")
        super().prepare()
        self.sources = self._make_sources()
        if len(self.sources) > 1:
            texts = {"first": self.sources[0], "second": self.sources[1]}
            text = self.translate("{first} (lines), {second} (dashes)", **texts)
            self.subtitle = text if SEPARATOR in text else join_parts(self.labels.dataset_name(first[0].info), text)
        self.title = self.query.plotTitle or self._make_title()

    def _make_title(self) -> str:
        first = [self.labels.variable_name(variable[0].info) for variable in self.variables]
        names, count = self.labels.join_quantities(first), len(self.stations)
        if count > 1:
            return self.translate("{names} profiles at {count} stations", names=names, count=count)
        return self.translate("{names} profile at {station}", names=names, station=self.stations[0].label(self.labels))

    def _make_sources(self) -> list[str]:
        """Return names and times of the datasets; of one dataset at two times only the times."""
        coverages = [group[0] for group in (self.data.coverages, self.data.second_coverages) if group]
        readers = list(map(CoverageReader, coverages))
        times = [self.data.time, *(reader.time for reader in readers[1:])]
        sources = [self.format_source(reader.variables[0], time) for reader, time in zip(readers, times, strict=True)]
        same_dataset = len({coverage.dataset for coverage in coverages}) == 1
        if len(sources) == 2 and same_dataset and sources[0] != sources[1]:
            return [source.rpartition(SEPARATOR)[2] for source in sources]
        return sources

    def draw_panels(self) -> None:
        count = len(self.variables)
        limits = members.parse_ranges(self.query.variable_range, count)
        depths = [max(profile.deepest for profile in variable) for variable in self.variables]
        top = min(profile.top for profile in self.profiles)
        for position, panel in enumerate(self.add_panels(count + self.has_difference)):
            number = min(position, count - 1)
            # The same depths in every panel, but for variables of the surface alone.
            ends = {"deepest": max(depths), "top": top} if depths[number] > 0 else {"deepest": 0.0}
            label = position % PANELS_IN_ROW == 0
            set_depth_axis(panel, context=self.context, label=label, units=self.level_units, **ends)
            if position < count:
                self._draw_variable(panel, self.variables[number], limits[position])
            else:
                self._draw_difference(panel, self.variables[number])

    def _draw_variable(self, panel: Axes, variable: list[casts.Profile], limits: Limits | None) -> None:
        seconds = self.profiles[1::2] if self.data.second_coverages else []
        for profile, station in product(variable, self.stations):
            depth, value = profile.at_station(station.number)
            value = category_positions(profile.info, value) + station.shift(profile.info, len(self.stations))
            style = SECOND_STYLE if profile in seconds else {}
            self.draw_line(panel, station, value, depth, steps=profile.info.is_discrete, **style)
        names = dict.fromkeys(self.labels.variable_name(profile.info) for profile in variable)
        label = self.labels.with_units(self.labels.join_quantities(list(names)), variable[0].info.units)
        set_quantity_axis(panel, label, limits, self.context)
        label_categories(panel, self.translate.categories(variable[0].info), self.context, vertical=False)
        if not panel.lines:
            show_message(panel, self.translate("no data at these stations"), self.sizes)

    def _draw_difference(self, panel: Axes, variable: list[casts.Profile]) -> None:
        """Draw the first less the second, on a scale about zero."""
        second, most = self.query.second_dataset(), 0.0
        for station in self.stations:
            depth, value = casts.subtract_profiles(variable, station.number)
            self.draw_line(panel, station, value, depth)
            most = max(most, float(np.abs(value).max(initial=0.0)))
        scale = members.parse_scale(second.scale_diff, "$.compare_to.scale_diff") if second else None
        empty = not panel.lines
        panel.axvline(0.0, color=MUTED, linewidth=0.8, zorder=1)
        margin = 1.07 * most or 1.0
        label = self.labels.with_units(self.difference_name, variable[0].info.units)
        set_quantity_axis(panel, label, scale.limits if scale else (-margin, margin), self.context)
        if empty:
            show_message(panel, self.translate("no depths in common"), self.sizes)

    def make_sentences(self) -> list[str]:
        sentences = [f"{self.title}, {self.subtitle}."]
        sentences += [self.describe_profile(variable[0]) for variable in self.variables]
        if self.has_difference:
            differences = [casts.subtract_profiles(self.profiles, station.number)[1] for station in self.stations]
            values, units = np.concatenate(differences), self.profiles[0].info.units
            sentences.append(self.describe_range(self.difference_name, values, units))
        return sentences

    def _align_levels(self) -> tuple[Floats, list[Floats]]:
        """Return the depths at which a station has a value, downwards, and all values there: (row, station).

        Last is the difference of two that are of one quantity.
        """
        read_values = [profile.at_station for profile in self.profiles]
        if self.has_difference:
            read_values.append(partial(casts.subtract_profiles, self.profiles))
        stations = [
            [dict(np.transpose(read(station.number)).tolist()) for read in read_values] for station in self.stations
        ]
        levels = [sorted(set().union(*columns)) for columns in stations]
        depths = np.array(list(zip_longest(*levels, fillvalue=np.nan)), dtype=float).reshape(-1, len(levels))
        values = np.array(
            [
                [columns[index].get(depth, np.nan) for depth, columns in zip(row, stations, strict=True)]
                for index in range(len(read_values))
                for row in depths.tolist()
            ]
        )
        return depths, list(values.reshape(len(read_values), *depths.shape))

    def make_table(self) -> Table:
        """Return a row for every station and depth with a value."""
        names = [(self.labels.variable_name(profile.info), profile.info.units) for profile in self.profiles]
        if self.data.second_coverages:
            names = [(f"{name} – {self.sources[index % 2]}", units) for index, (name, units) in enumerate(names)]
        if self.has_difference:
            names.append((self.difference_name, self.profiles[0].info.units))
        depths, columns = self._align_levels()
        stations, rows = np.nonzero(np.isfinite(depths.T))  # station by station, downwards
        infos = [profile.info for profile in self.profiles] + [None]
        values = [
            Column(name=name, units=units, values=column[rows, stations], categorical=bool(info and info.is_discrete))
            for (name, units), column, info in zip(names, columns, infos, strict=False)
        ]
        return self.fill_table(stations, depths[rows, stations], values)

    def make_comparison(self) -> Coverage:
        """Return the profiles of both datasets at all depths of both, and their difference."""
        profiles, coverage, dims_of_all = self.profiles, self.data.coverages[0], {"time", "point"}
        depths, columns = self._align_levels()
        dims = {name: size for name, size in coverage.dims.items() if name in dims_of_all} | {"depth": len(depths)}
        in_time = ("time",) if "time" in dims else ()
        is_pressure = self.level_units == PRESSURE_UNITS
        level = VariableInfo(
            dataset=coverage.dataset,
            key="level" if is_pressure else "depth",
            name="Pressure" if is_pressure else "Depth",
            units=self.level_units,
            scale=(0.0, 1.0),
            standard_name="sea_water_pressure" if is_pressure else "depth",
        )
        numbers = list(zip([profile.info for profile in profiles], columns, strict=False))
        parts = [list(pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]
        if self.has_difference:
            info = replace(profiles[0].info, zero_centered=True, standard_name=None, colormap=DIVERGING_COLORMAP)
            parts[0].append((info, columns[-1]))
        values = pack_array(depths)
        fields = [Field(variable=pair[0][0], dims=(*in_time, "depth", "point"), values=values) for pair in parts]
        fields.append(Field(variable=level, dims=("depth", "point"), values=values, auxiliary=True))
        coordinates = [item for item in coverage.coordinates if dims_of_all.issuperset(item.dims)]
        on_rows = replace(coverage, dims=dims, coordinates=coordinates, fields=fields)
        return compare_coverages(on_rows, self.data.second_coverages[0], parts)


KIND = PlotKind(
    name="profile",
    summary="Variables over depth at stations",
    example={"dataset": "arctic_day", "variable": "votemper,vosaline", "station": [[73.0, 20.0]]},
    query=ProfileQuery,
    fetch=fetch,
    plot=ProfilePlot,
    data_request=make_request,
)
