"""Observed profiles, and beside them a model's at the same places and the nearest times."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from msgspec.structs import replace

from ocean_common.contracts.assets import Array, Assets, VariableInfo
from ocean_common.contracts.data import Coverage, PointsRequest
from ocean_common.contracts.observations import ObservedStation, ObservedValues
from ocean_core.errors import InvalidRequest, PointOutsideGrid, RequestTooLarge
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Rows, Table
from ocean_plotting.figure.axes import set_depth_axis, set_quantity_axis, show_message
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts
from ocean_plotting.figure.layout import MUTED, Picture, PictureInfo, add_titles, axes_inches, fold_text
from ocean_plotting.figure.stations import (
    PANELS_IN_ROW,
    ComparedSeries,
    DottedStation,
    add_comparison_legend,
    add_depth_panels,
    draw_compared_profile,
)
from ocean_plotting.plots.common.comparison import (
    NO_LEVELS,
    Agreement,
    ComparedQuantity,
    LevelValues,
    Measure,
    align_levels,
    compare_stations,
    describe_observed_and_modelled,
    format_credit,
)
from ocean_plotting.plots.common.coverage import from_array, to_array
from ocean_plotting.plots.common.profiles import Profile, check_depths
from ocean_plotting.plots.common.query import (
    MAX_VARIABLES,
    Numbers,
    PlotData,
    PlotQuery,
    ShowMap,
    Variables,
    map_error_fields,
    parse_id,
    parse_point,
    parse_selection,
    parse_time,
)
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.kind import PlotKind

MOST_STATIONS = 60
MOST_VALUES = 20_000  # of a quantity of a station in the query
SHALLOW = 30.0  # m
QUANTA = {"hour": 3_600.0, "day": 86_400.0, "month": 31 * 86_400.0, "year": 366 * 86_400.0}  # s
DEPTH_NAMES = ("depth", "profondeur", "pressure", "pression")  # of the datatype that holds the depths

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


class ObservationQuery(PlotQuery, frozen=True, kw_only=True):
    """Query of a plot of observations."""

    observation: Annotated[
        list[int | str | InlineStation],
        msgspec.Meta(min_length=1, description="ids of stations, or stations with their values", examples=[[1]]),
    ]
    observation_variable: Annotated[
        Numbers | None,
        msgspec.Meta(description="indices of the first station's quantities, from 0; null: all", examples=[[0]]),
    ] = None
    variable: Variables | None = "votemper"  # type: ignore[assignment] # null: no model
    names: Annotated[list[str | None] | None, msgspec.Meta(description="names of the stations; null: their own")] = None
    showmap: ShowMap = True

    def dataset_ids(self) -> list[str]:
        """Return no ids: observations have no revision."""
        return []

    def model_keys(self) -> list[str]:
        """Return the keys of the model's variables; there may be none."""
        return self.variable_keys() if self.variable else []


class ModelColumns(msgspec.Struct, frozen=True, kw_only=True):
    """A variable of the model at the stations, each at the time step nearest to its own time."""

    variable: VariableInfo
    coverages: list[Coverage]
    where: list[tuple[int, int] | None]  # of each station: index of coverage, and of its point; None: off the grid
    steps: list[int | None]  # of each station: seconds since 1970-01-01 UTC; None: the variable has no time

    def read_columns(self) -> list[LevelValues]:
        """Return depths (m) and values at each station, downwards."""
        profiles = [Profile(coverage) for coverage in self.coverages]
        return [NO_LEVELS if index is None else profiles[index[0]].at_station(index[1]) for index in self.where]


class ObservationData(PlotData, frozen=True, kw_only=True):
    """Observations, and the model at their places and times."""

    stations: list[ObservedStation]
    chosen: list[str]  # keys of the observed quantities that are shown
    modelled: list[ModelColumns]


async def fetch(services: Services, query: ObservationQuery, _: Output) -> ObservationData:
    """Request the stations, then the model at their places and times."""
    query.interpolation()
    keys, stations = query.model_keys(), await _fetch_stations(services, query)
    chosen = _choose_quantities(query, stations)
    if not keys and not chosen:
        raise InvalidRequest(
            "nothing is chosen to be drawn: choose a quantity that was observed, or a variable of the model",
            field="$.observation_variable",
        )
    with map_error_fields():
        if not keys:
            await services.metadata.revision(query.dataset)
        modelled = await asyncio.gather(*(_fetch_model_columns(services, query, key, stations) for key in keys))
    revision = next((coverage.revision for columns in modelled for coverage in columns.coverages), "")
    return ObservationData(
        time=min(station.time for station in stations),
        revisions={query.dataset: revision},
        stations=stations,
        chosen=chosen,
        modelled=list(modelled),
    )


async def _fetch_stations(services: Services, query: ObservationQuery) -> list[ObservedStation]:
    """Return the stations with values in the query, and those requested by their ids."""
    if len(query.observation) > MOST_STATIONS:
        raise RequestTooLarge(
            "observation has {observation_count} stations; at most {limit} are drawn",
            observation_count=len(query.observation),
            limit=MOST_STATIONS,
            field="$.observation",
        )
    ids = [
        parse_id(station, f"$.observation[{position}]")
        for position, station in enumerate(query.observation)
        if not isinstance(station, InlineStation)
    ]
    with map_error_fields(members={"id": "$.observation", "ids": "$.observation"}):
        fetched = iter(await services.metadata.observed(ids) if ids else [])
    return [
        read_inline_station(station, f"$.observation[{position}]")
        if isinstance(station, InlineStation)
        else next(fetched)
        for position, station in enumerate(query.observation)
    ]


def read_inline_station(station: InlineStation, path: str) -> ObservedStation:
    """Read a station with its values.

    Raises
    ------
    InvalidRequest, RequestTooLarge
        With the member that is wrong, under ``path``.
    """
    latitude, longitude = parse_point([station.latitude, station.longitude], path)
    if len(station.data) != len(station.datatypes):
        raise InvalidRequest(
            "{path}.data has {data_count} lists for {datatypes_count} datatypes; give one for each",
            path=path,
            data_count=len(station.data),
            datatypes_count=len(station.datatypes),
            field=f"{path}.data",
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
    if len(depths) > MOST_VALUES:
        raise RequestTooLarge(
            "{path} has {depths_count} values; at most {limit} are drawn",
            path=path,
            depths_count=len(depths),
            limit=MOST_VALUES,
            field=f"{path}.data",
        )
    for number, values in enumerate(station.data):
        if len(values) != len(depths):
            raise InvalidRequest(
                "{path}.data[{number}] has {values_count} values for {depths_count} depths",
                path=path,
                number=number,
                values_count=len(values),
                depths_count=len(depths),
                field=f"{path}.data[{number}]",
            )
    return ObservedStation(
        id=0,
        name=None if station.station is None else str(station.station),
        platform=0,
        platform_type="mission",
        time=parse_time(station.time, f"{path}.time"),
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
    return from_array(np.array([np.nan if value is None else value for value in values], dtype=float))


def _choose_quantities(query: ObservationQuery, stations: Sequence[ObservedStation]) -> list[str]:
    """Return the keys of the requested quantities."""
    if query.observation_variable is None:
        return list(dict.fromkeys(values.key for station in stations for values in station.variables))[:MAX_VARIABLES]
    keys = [values.key for values in stations[0].variables]
    return [keys[index] for index in parse_selection(query.observation_variable, keys, "$.observation_variable")]


async def _fetch_model_columns(
    services: Services, query: ObservationQuery, key: str, stations: Sequence[ObservedStation]
) -> ModelColumns:
    """Request a variable of the model: stations that share a time step at once."""
    assets = await services.metadata.assets(query.dataset, key)
    steps = [_find_nearest_step(assets, station.time) for station in stations]
    groups: defaultdict[str | None, list[int]] = defaultdict(list)
    for position, step in enumerate(steps):
        groups[step and step[0]].append(position)
    requests = [
        (members, _make_request(query, key, [stations[position] for position in members], raw_time))
        for raw_time, members in groups.items()
    ]
    answers = await asyncio.gather(*(_extract_columns(services, members, request) for members, request in requests))
    coverages: list[Coverage] = []
    where: list[tuple[int, int] | None] = [None] * len(stations)
    for members, coverage in (answer for group in answers for answer in group):
        for point, position in enumerate(members):
            where[position] = (len(coverages), point)
        coverages.append(coverage)
    check_depths(map(Profile, coverages), "$.variable")
    return ModelColumns(
        variable=assets.variable, coverages=coverages, where=where, steps=[step and step[1] for step in steps]
    )


def _find_nearest_step(assets: Assets, time: str) -> tuple[str, int] | None:
    """Return the time step nearest to an instant: raw, and in seconds."""
    if assets.steps is None or not assets.steps.seconds.shape[0]:
        return None
    seconds = to_array(assets.steps.seconds)
    step = int(np.abs(seconds - datetime.fromisoformat(time).timestamp()).argmin())
    return str(int(to_array(assets.steps.raw)[step])), int(seconds[step])


def _make_request(
    query: ObservationQuery, key: str, stations: Sequence[ObservedStation], raw_time: str | None
) -> PointsRequest:
    return PointsRequest(
        dataset=query.dataset,
        variables=[key],
        points=[(station.latitude, station.longitude) for station in stations],
        time=raw_time,
        depth="all",
        form="points",
        **query.search_options(),
    )


async def _extract_columns(
    services: Services, members: list[int], request: PointsRequest
) -> list[tuple[list[int], Coverage]]:
    """Request the columns at all points; one by one where a point is off the grid, and none there."""
    try:
        return [(members, await services.data.extract(request))]
    except PointOutsideGrid:
        if len(members) == 1:
            return []
    answers = await asyncio.gather(
        *(
            _extract_columns(services, [member], replace(request, points=[point]))
            for member, point in zip(members, request.points, strict=True)
        )
    )
    return [pair for answer in answers for pair in answer]


def draw(query: ObservationQuery, data: ObservationData, context: DrawContext) -> Picture:
    """Draw a panel for each quantity with all stations, and beside them the stations on a map."""
    figure, translate, stations = Figure(figsize=context.size), context.translate, _mark_stations(query, data)
    quantities = _compare(data)
    title = query.plotTitle or _make_title(quantities, stations, context)
    when, notes, credit = (
        _format_times(data, context),
        _make_notes(data, quantities, context),
        _make_credit(query, data, context),
    )
    add_titles(figure, title, join_parts(when, *notes), credit, context.sizes)
    series = []
    if any(quantity.is_observed for quantity in quantities):
        series.append(ComparedSeries(role="observed", label=translate("Observed")))
    if _has_model(quantities):
        series.append(ComparedSeries(role="model", label=_name_model(query, data)))
    if series:
        add_comparison_legend(figure, series, context, alone=len(stations) == 1)
    show_map = bool(query.showmap)
    panels = add_depth_panels(figure, len(quantities), stations, context, show_map=show_map, lines=False)
    deepest = max(map(_choose_deepest, quantities))
    for position, (panel, quantity) in enumerate(zip(panels, quantities, strict=True)):
        set_depth_axis(panel, deepest, context, label=position % PANELS_IN_ROW == 0)
        _draw_quantity(panel, quantity, stations, deepest, context)
    sentences = [translate("{title}, {time}.", title=title, time=when)]
    sentences += [_describe(quantity, context) for quantity in quantities] + [f"{note}." for note in notes]
    info = PictureInfo(
        title=title,
        alt=" ".join(sentences),
        source=credit,
        dataset=query.dataset if data.modelled else "",
        revision=data.revisions.get(query.dataset, ""),
        time=data.time,
    )
    return Picture(figure=figure, info=info)


def _compare(data: ObservationData) -> list[ComparedQuantity]:
    measures = {
        values.key: Measure(key=values.key, name=values.name, units=values.units)
        for station in reversed(data.stations)
        for values in station.variables
    }
    columns = [(model.variable, model.read_columns()) for model in data.modelled]
    return compare_stations(data.stations, [measures[key] for key in data.chosen], columns)


def _mark_stations(query: ObservationQuery, data: ObservationData) -> list[DottedStation]:
    return [
        DottedStation(
            place=(station.latitude, station.longitude),
            name=_name_station(query, data, position),
            number=position,
            data=bool(station.variables) or any(model.where[position] for model in data.modelled),
            alone=len(data.stations) == 1,
        )
        for position, station in enumerate(data.stations)
    ]


def _name_station(query: ObservationQuery, data: ObservationData, position: int) -> str | None:
    names = query.names or []
    return (names[position] if position < len(names) else None) or data.stations[position].name


def _name_model(query: ObservationQuery, data: ObservationData) -> str:
    names = (model.variable.dataset_name for model in data.modelled)
    return next(filter(None, names), query.dataset)


def _make_credit(query: ObservationQuery, data: ObservationData, context: DrawContext) -> str:
    attributions = (model.variable.attribution for model in data.modelled)
    model = next(filter(None, attributions), _name_model(query, data)) if data.modelled else ""
    return format_credit((station.attribution for station in data.stations), model, context)


def _make_title(quantities: list[ComparedQuantity], stations: list[DottedStation], context: DrawContext) -> str:
    translate, labels = context.translate, context.labels
    names = labels.join_quantities([labels.quantity_name(quantity.name) for quantity in quantities])
    where = stations[0].label(labels) if len(stations) == 1 else translate("{count} stations", count=len(stations))
    compared = any(quantity.variable is not None and quantity.is_observed for quantity in quantities)
    if compared and _has_model(quantities):
        return translate("{names} at {where}: observed and modelled", names=names, where=where)
    return translate("{names} at {where}", names=names, where=where)


def _has_model(quantities: list[ComparedQuantity]) -> bool:
    return any(np.isfinite(values).any() for quantity in quantities for _, values in quantity.modelled)


def _format_times(data: ObservationData, context: DrawContext) -> str:
    times = sorted(station.time for station in data.stations)
    return context.labels.time_span(times[0], times[-1], None if times[0] == times[-1] else "day")


def _make_notes(data: ObservationData, quantities: list[ComparedQuantity], context: DrawContext) -> list[str]:
    """Note that the model has no values, or that its time is far from the observation's."""
    translate, labels = context.translate, context.labels
    if data.modelled and not _has_model(quantities):
        model = data.modelled[0].variable.dataset_name or translate("the model")
        return [translate("{model} has no values here", model=model)]
    differences = [
        (step - datetime.fromisoformat(station.time).timestamp(), step, model.variable.quantum)
        for model in data.modelled
        for station, step, where in zip(data.stations, model.steps, model.where, strict=True)
        if step is not None and where is not None
    ]
    if not differences:
        return []
    largest, step, quantum = max(differences, key=lambda difference: abs(difference[0]))
    if abs(largest) <= QUANTA.get(quantum or "", QUANTA["day"]):
        return []
    when, duration = labels.time(datetime.fromtimestamp(step, UTC).isoformat(), quantum), labels.duration(largest)
    if largest > 0:
        return [translate("model of {when}, {long} later", when=when, long=duration)]
    return [translate("model of {when}, {long} earlier", when=when, long=duration)]


def _choose_deepest(quantity: ComparedQuantity) -> float:
    """Return the depth of a panel's lower end: that of the observations, a little more where these are shallow."""
    model_depth = max((float(depth.max(initial=0.0)) for depth, _ in quantity.modelled), default=0.0)
    return max(1.05 * quantity.deepest, min(SHALLOW, model_depth))


def _draw_quantity(
    panel: Axes, quantity: ComparedQuantity, stations: list[DottedStation], deepest: float, context: DrawContext
) -> None:
    labels, sizes, drawn = context.labels, context.sizes, False
    observed_series, model_series = ComparedSeries(role="observed", label=""), ComparedSeries(role="model", label="")
    for station, observed, (depth, values) in zip(stations, quantity.observed, quantity.modelled, strict=True):
        # One level more than is visible, so that the line goes on to the edge.
        last = int(np.searchsorted(depth, 1.03 * deepest)) + 1
        drawn |= draw_compared_profile(panel, model_series, station, (depth[:last], values[:last]), sizes)
        drawn |= draw_compared_profile(panel, observed_series, station, observed, sizes)
    set_quantity_axis(panel, labels.with_units(labels.quantity_name(quantity.name), quantity.units), None, context)
    if not drawn:
        show_message(panel, context.translate("no data at these stations"), sizes)
    elif agreement := _format_agreement(quantity, context):
        title = fold_text(agreement, axes_inches(panel)[0], sizes.small)
        panel.set_title(title, loc="left", fontsize=sizes.small, color=MUTED)


def _format_agreement(quantity: ComparedQuantity, context: DrawContext) -> str:
    observed, model = quantity.pool()
    agreement = Agreement.compute(model, observed)
    if agreement is None:
        return ""
    error = context.labels.value(agreement.error, quantity.units, 2)
    bias = context.labels.number(agreement.bias, 2)
    return context.translate("model: bias {bias}, RMSE {error}", bias=bias, error=error)


def _describe(quantity: ComparedQuantity, context: DrawContext) -> str:
    """Describe the ranges of a quantity, and how well the model agrees."""
    name = context.labels.quantity_name(quantity.name)
    observed, modelled = (
        np.concatenate([values for _, values in profiles]) for profiles in (quantity.observed, quantity.modelled)
    )
    sentences = describe_observed_and_modelled(name, observed, modelled, quantity.units, context)
    if agreement := _format_agreement(quantity, context):
        sentences.append(f"{agreement[:1].upper()}{agreement[1:]}.")
    return " ".join(sentences) or context.translate("{name}: no data at these stations.", name=name)


def table(query: ObservationQuery, data: ObservationData, context: DrawContext) -> Table:
    """Return a row for every depth with an observation, with the model's value there."""
    translate, quantities, rows = context.translate, _compare(data), Rows()
    names, times = [], []
    for position, station in enumerate(data.stations):
        depths, values = align_levels(quantities, position)
        for row, depth in enumerate(depths.tolist()):
            rows.rows.append((station.latitude, station.longitude, depth, *values[:, row].tolist()))
        names += [_name_station(query, data, position) or f"{station.id or position + 1}"] * len(depths)
        times += [station.time] * len(depths)
    header = [
        (translate("Dataset"), _name_model(query, data)),
        (translate("Attribution"), _make_credit(query, data, context)),
        (translate("Timestamp"), _format_times(data, context)),
        *((translate("Note"), note) for note in _make_notes(data, quantities, context)),
    ]
    columns = [
        Column(name=translate("Station"), role="station", values=names),
        Column(name=translate("Time"), role="time", values=times),
        Column(name=translate("Latitude"), role="latitude", values=rows.column(0)),
        Column(name=translate("Longitude"), role="longitude", values=rows.column(1)),
        Column(name=translate("Depth"), role="depth", units="m", values=rows.column(2)),
    ]
    for number, quantity in enumerate(quantities):
        name, units = context.labels.quantity_name(quantity.name), quantity.units
        if quantity.is_observed or quantity.variable is None:
            observed = rows.column(3 + 2 * number)
            columns.append(Column(name=translate("{name} Observed", name=name), units=units, values=observed))
        if quantity.variable is not None:
            model = rows.column(4 + 2 * number)
            columns.append(Column(name=translate("{name} Model", name=name), units=units, values=model))
    return Table(header=header, columns=columns)


KIND = PlotKind(
    name="observation",
    summary="Observed profiles beside the model's at the same places and the nearest times",
    example={"dataset": "giops_day", "variable": ["votemper"], "observation": [141], "observation_variable": [1]},
    query=ObservationQuery,
    fetch=fetch,
    draw=draw,
    table=table,
    station_formats=True,
)
