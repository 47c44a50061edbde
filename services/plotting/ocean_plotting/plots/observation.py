"""Observed profiles, and beside them a model's at the same places and the nearest times."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import chain
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from msgspec.structs import replace

from ocean_common.arrays import pack_array, unpack_array
from ocean_common.contracts.assets import Array, Assets, VariableInfo
from ocean_common.contracts.data import PointsRequest
from ocean_common.contracts.observations import ObservedStation, ObservedValues
from ocean_core.errors import InvalidRequest, PointOutsideGrid
from ocean_core.time import format_time, parse_instant
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_place_columns
from ocean_plotting.figure import stations as marks
from ocean_plotting.figure.labels import EXACT, TimePrecision, join_parts
from ocean_plotting.plots.common import comparison
from ocean_plotting.plots.common import query as members
from ocean_plotting.plots.common.coverage import to_array
from ocean_plotting.plots.common.profiles import Profile, check_depths
from ocean_plotting.plots.common.query import check_count
from ocean_plotting.plots.kind import PlotData, PlotKind, Services

MOST_STATIONS = 60
MOST_VALUES = 20_000  # of a quantity of a station in the query
SHALLOW = 30.0  # m
YEAR = 365.2425 * 86_400.0  # s
QUANTA = {"hour": 3_600.0, "day": 86_400.0, "month": 31 * 86_400.0, "year": 366 * 86_400.0}  # s
DEPTH_NAMES = ("depth", "profondeur", "pressure", "pression")  # of the datatype that holds the depths
OBSERVED, MODELLED = marks.ComparedSeries(role="observed", label=""), marks.ComparedSeries(role="model", label="")

Values = list[float | None]


class InlineStation(msgspec.Struct, frozen=True, kw_only=True):
    """A station with its observations."""

    latitude: Annotated[float, msgspec.Meta(description="degrees")]
    longitude: Annotated[float, msgspec.Meta(description="degrees")]
    time: Annotated[str, msgspec.Meta(description="ISO 8601", examples=["2016-02-05T12:00:00Z"])]
    datatypes: Annotated[
        list[str],
        msgspec.Meta(min_length=1, description="Name [unit]", examples=[["Depth [m]", "Sea water temperature [degC]"]]),
    ]
    data: Annotated[list[Values], msgspec.Meta(description="the values of each of them, from the first depth on")]
    depth: Annotated[
        Values | None, msgspec.Meta(description="m, positive down; null: one of the datatypes is the depth")
    ] = None
    station: Annotated[str | int | None, msgspec.Meta(description="its name")] = None


class ObservationQuery(members.ObservedQuery, frozen=True, kw_only=True):
    """Query of a plot of observations."""

    observation: Annotated[
        list[int | str | InlineStation],
        msgspec.Meta(min_length=1, description="ids of stations, or stations with their values", examples=[[1]]),
    ]
    observation_variable: Annotated[
        members.Numbers | None,
        msgspec.Meta(description="indices of the first station's quantities, from 0; null: all", examples=[[0]]),
    ] = None
    names: Annotated[list[str | None] | None, msgspec.Meta(description="names of the stations; null: their own")] = None


class ModelColumn(msgspec.Struct, frozen=True, kw_only=True):
    """Values of the model at one station, downwards."""

    depth: Array  # (level,): m
    values: Array  # (level,)
    revision: str = ""


class ModelColumns(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the model at the stations, each at the time step nearest to its own time."""

    variable: VariableInfo
    columns: list[ModelColumn | None]  # of each station; None: off the grid
    steps: list[int | None]  # of each station: seconds since 1970-01-01 UTC; None: the variable has no time


class ObservationData(PlotData, frozen=True, kw_only=True):
    """Observations, and the model at their places and times."""

    stations: list[ObservedStation]
    chosen: list[str]  # keys of the observed quantities that are shown
    modelled: list[ModelColumns]


async def fetch(services: Services, query: ObservationQuery, _: Output) -> ObservationData:
    """Request the stations, then the model at their places and times."""
    query.search_options()
    keys = query.model_keys()
    stations = await _fetch_stations(services, query)
    if query.observation_variable is None:
        measured = (values.key for station in stations for values in station.variables)
        chosen = list(dict.fromkeys(measured))[: members.MAX_VARIABLES]
    else:
        names = [values.key for values in stations[0].variables]
        indices = members.parse_selection(query.observation_variable, names, "$.observation_variable")
        chosen = [names[index] for index in indices]
    if not keys and not chosen:
        raise InvalidRequest(
            "nothing is chosen to be drawn: choose a quantity that was observed, or a variable of the model",
            field="$.observation_variable",
        )
    with members.map_error_fields():
        if not keys:
            await services.metadata.revision(query.dataset)
        modelled = await asyncio.gather(*(_fetch_model_columns(services, query, key, stations) for key in keys))
    revision = next((column.revision for model in modelled for column in model.columns if column), "")
    return ObservationData(
        time=min(station.time for station in stations),
        revisions={query.dataset: revision},
        stations=stations,
        chosen=chosen,
        modelled=list(modelled),
    )


async def _fetch_stations(services: Services, query: ObservationQuery) -> list[ObservedStation]:
    """Return the stations with values in the query, and those requested by their ids."""
    count = len(query.observation)
    check_count("observation has {count} stations; at most {limit} are drawn", count, MOST_STATIONS, "$.observation")
    ids = [
        members.parse_id(station, f"$.observation[{position}]")
        for position, station in enumerate(query.observation)
        if not isinstance(station, InlineStation)
    ]
    with members.map_error_fields(members={"id": "$.observation", "ids": "$.observation"}):
        fetched = iter(await services.metadata.observed(ids) if ids else [])
    return [
        read_inline_station(station, f"$.observation[{position}]")
        if isinstance(station, InlineStation)
        else next(fetched)
        for position, station in enumerate(query.observation)
    ]


def read_inline_station(station: InlineStation, path: str) -> ObservedStation:
    """Read a station with its values; ``path``: its place in the query."""
    latitude, longitude = members.parse_point([station.latitude, station.longitude], path)
    data_field = f"{path}.data"
    if len(station.data) != len(station.datatypes):
        raise InvalidRequest(
            "{field} has {count} lists for {datatypes_count} datatypes; give one for each",
            count=len(station.data),
            datatypes_count=len(station.datatypes),
            field=data_field,
        )
    types = [_parse_datatype(text) for text in station.datatypes]
    depths, depth_index = station.depth, None
    if depths is None:
        depth_index = next((number for number, (name, _) in enumerate(types) if name.lower() in DEPTH_NAMES), None)
        if depth_index is None:
            raise InvalidRequest(
                "{path} has no depths; give depth, or the datatype Depth [m]", path=path, field=f"{path}.depth"
            )
        depths = station.data[depth_index]
    check_count("{path} has {count} values; at most {limit} are drawn", len(depths), MOST_VALUES, data_field, path=path)
    for number, values in enumerate(station.data):
        if len(values) != len(depths):
            raise InvalidRequest(
                "{field} has {count} values for {depths_count} depths",
                count=len(values),
                depths_count=len(depths),
                field=f"{data_field}[{number}]",
            )
    return ObservedStation(
        id=0,
        name=None if station.station is None else str(station.station),
        platform=0,
        platform_type="mission",
        time=members.parse_time(station.time, f"{path}.time"),
        latitude=latitude,
        longitude=longitude,
        variables=[
            ObservedValues(
                key=name, name=name, units=units, depth=_to_array(depths), values=_to_array(station.data[number])
            )
            for number, (name, units) in enumerate(types)
            if number != depth_index
        ],
    )


def _parse_datatype(text: str) -> tuple[str, str]:
    """Read name and units of `Name [unit]`."""
    name, _, units = text.partition("[")
    return name.strip(), units.strip().removesuffix("]").strip()


def _to_array(values: Values) -> Array:
    return pack_array(np.array([np.nan if value is None else value for value in values], dtype=float))


async def _fetch_model_columns(
    services: Services, query: ObservationQuery, key: str, stations: Sequence[ObservedStation]
) -> ModelColumns:
    """Request a variable of the model: stations that share a time step at once."""
    assets = await services.metadata.assets(query.dataset, key)
    steps = [_find_nearest_step(assets, station.time) for station in stations]
    groups: defaultdict[tuple[str, int] | None, list[int]] = defaultdict(list)
    for position, step in enumerate(steps):
        groups[step].append(position)
    requests = []
    for step, positions in groups.items():
        points = [(stations[position].latitude, stations[position].longitude) for position in positions]
        requests.append(query.request_points([key], points, time=step and step[0], depth="all"))
    answers = await asyncio.gather(*(_extract_columns(services, request) for request in requests))
    columns = dict(zip(chain(*groups.values()), chain(*answers), strict=True))
    return ModelColumns(
        variable=assets.variable,
        columns=[columns[position] for position in range(len(stations))],
        steps=[step and step[1] for step in steps],
    )


def _find_nearest_step(assets: Assets, time: str) -> tuple[str, int] | None:
    """Return the time step nearest to an instant: raw, and in seconds; of a climatology by the time of the year."""
    if assets.steps is None or not assets.steps.seconds.shape[0]:
        return None
    if not assets.steps.dated:
        raise InvalidRequest(
            "the time steps of {key} have no dates: they cannot be compared with observations",
            key=assets.variable.key,
            field="$.variable",
        )
    seconds = to_array(assets.steps.seconds)
    differences = seconds - parse_instant(time).timestamp()
    if assets.steps.climatology:
        differences = (differences + YEAR / 2) % YEAR - YEAR / 2
    step = int(np.abs(differences).argmin())
    return str(unpack_array(assets.steps.raw)[step]), int(seconds[step])


async def _extract_columns(services: Services, request: PointsRequest) -> list[ModelColumn | None]:
    """Request the columns at all points; one by one where a point is off the grid, and none there."""
    try:
        coverage = await services.data.extract(request)
    except PointOutsideGrid:
        if len(request.points) == 1:
            return [None]
        single = (_extract_columns(services, replace(request, points=[point])) for point in request.points)
        return [column for answer in await asyncio.gather(*single) for column in answer]
    profile = Profile(coverage)
    check_depths([profile], "$.variable")
    return [
        ModelColumn(depth=pack_array(depth), values=pack_array(values), revision=coverage.revision)
        for depth, values in map(profile.at_station, range(len(request.points)))
    ]


class ObservationPlot(
    comparison.ObservedPlot[ObservationQuery, ObservationData],
    comparison.ProfileComparison[ObservationQuery, ObservationData],
):
    """A panel for each quantity with all stations."""

    def prepare(self) -> None:
        translate, labels, data, stations = self.translate, self.labels, self.data, self.data.stations
        infos = [columns.variable for columns in data.modelled]
        self.name_sources((station.attribution for station in stations), infos)
        measures = {
            values.key: comparison.Measure.of(values) for station in reversed(stations) for values in station.variables
        }
        columns = [
            (
                model.variable,
                [(to_array(at.depth), to_array(at.values)) if at else comparison.NO_LEVELS for at in model.columns],
            )
            for model in data.modelled
        ]
        self.quantities = comparison.compare_quantities(
            [measures[key] for key in data.chosen],
            columns,
            lambda measure: [comparison.read_observed(station, measure) for station in stations],
        )
        names = dict(enumerate(self.query.names or []))
        self.stations = marks.mark_dotted_stations(
            [(station.latitude, station.longitude) for station in stations],
            [names.get(position) or station.name for position, station in enumerate(stations)],
            [
                bool(station.variables) or any(model.columns[position] for model in data.modelled)
                for position, station in enumerate(stations)
            ],
        )
        times = sorted(station.time for station in stations)
        self.when = labels.time_span(times[0], times[-1], EXACT if times[0] == times[-1] else TimePrecision("day"))
        self.is_modelled = any(quantity.is_modelled for quantity in self.quantities)
        is_observed = any(quantity.is_observed for quantity in self.quantities)
        self.series = [marks.ComparedSeries(role="observed", label=translate("Observed"))] if is_observed else []
        if self.is_modelled:
            self.series.append(marks.ComparedSeries(role="model", label=self.model))
        self.notes = self._make_notes()
        quantities = labels.join_quantities([labels.quantity_name(quantity.name) for quantity in self.quantities])
        words = {"names": quantities, "where": marks.name_stations(self.stations, labels)}
        compared = any(quantity.variable is not None and quantity.is_observed for quantity in self.quantities)
        self.title = self.query.plotTitle or (
            translate("{names} at {where}: observed and modelled", **words)
            if compared and self.is_modelled
            else translate("{names} at {where}", **words)
        )
        self.subtitle = join_parts(self.when, *self.notes)

    def _make_notes(self) -> list[str]:
        """Note that the model has no values, or that its time is far from the observation's."""
        translate, labels, data = self.translate, self.labels, self.data
        if data.modelled and not self.is_modelled:
            model = comparison.name_model([model.variable for model in data.modelled], "", translate) or translate(
                "the model"
            )
            return [translate("{model} has no values here", model=model)]
        months = [
            labels.time(format_time(step), TimePrecision.of(model.variable))
            for model in data.modelled
            for step in model.steps
            if step is not None and model.variable.climatology
        ]
        if months:
            return [translate("model of {when}", when=labels.join_names(list(dict.fromkeys(months))))]
        differences = [
            (step - parse_instant(station.time).timestamp(), step, model.variable.quantum)
            for model in data.modelled
            for station, step, column in zip(data.stations, model.steps, model.columns, strict=True)
            if step is not None and column is not None
        ]
        if not differences:
            return []
        largest, step, quantum = max(differences, key=lambda difference: abs(difference[0]))
        if abs(largest) <= QUANTA.get(quantum or "", QUANTA["day"]):
            return []
        when, duration = labels.time(format_time(step), TimePrecision(quantum)), labels.duration(largest)
        if largest > 0:
            return [translate("model of {when}, {long} later", when=when, long=duration)]
        return [translate("model of {when}, {long} earlier", when=when, long=duration)]

    def draw_panels(self) -> None:
        # Down to the observations, a little more where these are shallow.
        deepest = [
            max([float(depth.max(initial=0.0)) for depth, _ in quantity.modelled], default=0.0)
            for quantity in self.quantities
        ]
        depths = [
            max(1.05 * quantity.deepest, min(SHALLOW, depth))
            for quantity, depth in zip(self.quantities, deepest, strict=True)
        ]
        for panel, quantity in zip(self.add_panels(depths), self.quantities, strict=True):
            self._draw_quantity(panel, quantity, max(depths))

    def _draw_quantity(self, panel: Axes, quantity: comparison.ComparedQuantity, deepest: float) -> None:
        labels, drawn = self.labels, False
        for station, observed, (depth, values) in zip(self.stations, quantity.observed, quantity.modelled, strict=True):
            # One level more than is visible, so that the line goes on to the edge.
            last = int(np.searchsorted(depth, 1.03 * deepest)) + 1
            model = depth[:last], values[:last]
            drawn |= marks.draw_compared_profile(panel, MODELLED, station, model, self.sizes)
            drawn |= marks.draw_compared_profile(panel, OBSERVED, station, observed, self.sizes)
        label = labels.with_units(labels.quantity_name(quantity.name), quantity.units)
        agreements = [*filter(None, [quantity.format_agreement(labels)])]
        empty = "" if drawn else self.translate("no data at these stations")
        self.finish_panel(panel, label, None, agreements, empty)

    def make_table(self) -> Table:
        """Return a row for every depth with an observation, with the model's value there."""
        translate, quantities, stations = self.translate, self.quantities, self.data.stations
        depths, values = zip(
            *(comparison.align_levels(quantities, position) for position in range(len(stations))), strict=True
        )
        rows = [
            (mark.name or f"{station.id or mark.number + 1}", station)
            for mark, station in zip(self.stations, stations, strict=True)
            for _ in depths[mark.number]
        ]
        columns = make_place_columns(
            translate,
            station=[name for name, _ in rows],
            time=[station.time for _, station in rows],
            latitude=np.array([station.latitude for _, station in rows]),
            longitude=np.array([station.longitude for _, station in rows]),
            depth=np.concatenate(depths),
        )
        pairs = np.concatenate(values, axis=1).reshape(len(quantities), 2, -1)
        for quantity, (observed, modelled) in zip(quantities, pairs, strict=True):
            name, units = self.labels.quantity_name(quantity.name), quantity.units
            if quantity.is_observed or quantity.variable is None:
                columns.append(Column(name=translate("{name} Observed", name=name), units=units, values=observed))
            if quantity.variable is not None:
                columns.append(Column(name=translate("{name} Model", name=name), units=units, values=modelled))
        return Table(header=self.make_header(), columns=columns)


KIND = PlotKind(
    name="observation",
    summary="Observed profiles beside the model's at the same places and the nearest times",
    example={"dataset": "arctic_day", "variable": ["votemper"], "observation": [141], "observation_variable": [1]},
    query=ObservationQuery,
    fetch=fetch,
    plot=ObservationPlot,
)
