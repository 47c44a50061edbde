"""Class 4: observed profiles beside what models say of the same places and times."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal, cast, get_args

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_common.contracts.observations import Class4Kind, Class4Profile, Class4Profiles, Class4Values
from ocean_core.errors import InvalidRequest, OceanError
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Rows, Table
from ocean_plotting.figure.axes import set_depth_axis, set_quantity_axis, show_message
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts, shorten, to_one_line
from ocean_plotting.figure.layout import MUTED, Picture, PictureInfo, add_titles, axes_inches, fold_text
from ocean_plotting.figure.stations import (
    PANELS_IN_ROW,
    ComparedSeries,
    DottedStation,
    add_comparison_legend,
    add_depth_panels,
    draw_compared_profile,
)
from ocean_plotting.plots.common.comparison import Agreement, Measure
from ocean_plotting.plots.common.coverage import Floats, to_array
from ocean_plotting.plots.common.query import (
    PlotData,
    ShowMap,
    Title,
    check_choice,
    choice_schema,
    map_error_fields,
    parse_keys,
)
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.kind import PlotKind

MOST = 100  # profiles, and models
MOST_AGREEMENTS = 4  # lines above a panel
OBSERVED, CLIMATOLOGY = "observed", "climatology"  # keys of values, beside those of models: `model_key`
DifferenceFrom = Literal["none", "climatology", "observation"]
REFERENCES: dict[DifferenceFrom, str | None] = {"none": None, "climatology": CLIMATOLOGY, "observation": OBSERVED}


class Class4Query(msgspec.Struct, frozen=True, kw_only=True):
    """Query of a Class 4 plot. Unknown members are ignored, as the web front end needs."""

    class4id: Annotated[
        str | list[str],
        msgspec.Meta(
            description="profiles file_index, as a list or with commas",
            examples=["class4_19970729_ATLANTIC_demo_profile_0"],
        ),
    ]
    class4type: Annotated[str, msgspec.Meta(description="ocean_predict; anything else means riops_obs")] = (
        "ocean_predict"
    )
    dataset: Annotated[str | None, msgspec.Meta(description="ignored: the files have the values")] = None
    forecast: Annotated[
        int | str | None, msgspec.Meta(description="best, or the index of a forecast", examples=["best", 0])
    ] = "best"
    climatology: Annotated[bool | int | None, msgspec.Meta(description="show the climatology too")] = True
    error: Annotated[
        str | None,
        choice_schema("draw differences from the climatology or from the observation", get_args(DifferenceFrom)),
    ] = "none"
    models: Annotated[
        str | list[str] | None,
        msgspec.Meta(description="ids of other models' files of the same day", examples=[[]]),
    ] = None
    showmap: ShowMap = True
    plotTitle: Title = None  # noqa: N815 - as the API spells it

    def dataset_ids(self) -> list[str]:
        """Return no ids: the files belong to no dataset, and have no known revision."""
        return []

    def difference_from(self) -> DifferenceFrom:
        """Return the reference of the differences to draw.

        Raises
        ------
        InvalidRequest
            There is no such reference.
        """
        return cast(DifferenceFrom, check_choice(self.error or "none", get_args(DifferenceFrom), "$.error"))

    def forecast_index(self) -> int | None:
        """Return the index of a forecast; None: the best estimate.

        Raises
        ------
        InvalidRequest
            It is neither.
        """
        forecast = "best" if self.forecast in (None, "") else self.forecast
        if isinstance(forecast, str) and forecast.isascii() and forecast.isdigit():
            forecast = int(forecast[:9])
        if forecast == "best":
            return None
        if isinstance(forecast, str) or forecast is None or forecast < 0:
            raise InvalidRequest(
                "$.forecast is {value!r}; it is best, or the index of a forecast: 0",
                value=str(forecast)[:40],
                field="$.forecast",
            )
        return forecast


class Class4Data(PlotData, frozen=True, kw_only=True):
    """The profiles, and beside them the other models."""

    profiles: Class4Profiles


async def fetch(services: Services, query: Class4Query, _: Output) -> Class4Data:
    """Request the profiles and the other models at once."""
    query.difference_from()
    forecast = query.forecast_index()
    ids = parse_keys(query.class4id, "$.class4id", MOST)
    models = parse_keys(query.models, "$.models", MOST) if query.models else []
    kind: Class4Kind = "ocean_predict" if query.class4type == "ocean_predict" else "riops_obs"
    try:
        with map_error_fields(members={"id": "$.class4id", "ids": "$.class4id", "models": "$.models"}):
            profiles = await services.metadata.class4(ids, kind, models)
    except OceanError as error:
        if any(repr(model) in str(error) for model in models):
            error.field = "$.models"
        raise
    if forecast is not None and forecast >= len(profiles.forecasts) - 1:
        allowed = [str(lead.id) for lead in profiles.forecasts]
        raise InvalidRequest(
            "$.forecast is {value}; this file has {available}",
            value=forecast,
            available=", ".join(allowed),
            field="$.forecast",
            allowed=allowed,
        )
    time = min((profile.time for profile in profiles.profiles if profile.time), default="")
    return Class4Data(time=time, revisions={}, profiles=profiles)


def model_key(number: int) -> str:
    """Return the key of a model's values: 0 for that of the file, then the others as requested."""
    return f"model{number}"


@dataclass(frozen=True, kw_only=True)
class ProfileMatchup:
    """Observed and modelled values of a quantity in one profile."""

    depth: Floats  # (level,): m
    values: dict[str, Floats]  # by key, each (level,) in the quantity's units; NaN: none

    def difference(self, key: str, reference: str | None) -> Floats:
        """Return the values (level,) of a key, or their difference from those of a reference."""
        missing = np.full(self.depth.shape, np.nan)
        values = self.values.get(key, missing)
        return values if reference is None else values - self.values.get(reference, missing)


@dataclass(frozen=True, kw_only=True)
class MatchedQuantity:
    """A quantity in every profile."""

    measure: Measure
    profiles: list[ProfileMatchup]
    flagged: int = 0  # observed values that are left out for their quality flags
    incompatible: list[int] = field(default_factory=list)  # models whose units measure something else

    @property
    def deepest(self) -> float:
        """Greatest depth (m) with a value."""
        depths = [
            profile.depth[np.isfinite(values) & np.isfinite(profile.depth)].max(initial=0.0)
            for profile in self.profiles
            for values in profile.values.values()
        ]
        return float(max(depths, default=0.0))

    def has(self, key: str) -> bool:
        """Return whether any profile has a value of a key."""
        return bool(np.isfinite(self.pool(key)).any())

    def pool(self, key: str) -> Floats:
        """Return the values of a key in all profiles, one after the other."""
        return np.concatenate([profile.difference(key, None) for profile in self.profiles])


def read_quantities(profiles: Class4Profiles, forecast: int | None) -> list[MatchedQuantity]:
    """Read every quantity of the profiles, in their order; ``forecast`` None: the best estimate."""
    first = {values.key: values for profile in reversed(profiles.profiles) for values in reversed(profile.variables)}
    order = dict.fromkeys(values.key for profile in profiles.profiles for values in profile.variables)
    return [_read_quantity(profiles, first[key], forecast) for key in order]


def _read_quantity(profiles: Class4Profiles, first: Class4Values, forecast: int | None) -> MatchedQuantity:
    measure = Measure(key=first.key, name=first.name, units=first.units)
    matchups, incompatible, flagged = [], set[int](), 0
    for position, profile in enumerate(profiles.profiles):
        own = _find_values(profile, first.key)
        depth = to_array(profile.depth)
        values: dict[str, Floats] = {}
        if own is not None:
            observed, bad = _read_good_observations(own)
            flagged += bad
            values = {OBSERVED: observed, model_key(0): _read_model(own, forecast)}
            if own.climatology is not None:
                values[CLIMATOLOGY] = to_array(own.climatology)
        for number, model in enumerate(profiles.models, 1):
            model_profile = model.profiles[position]
            model_values = _find_values(model_profile, first.key) if model_profile is not None else None
            if model_values is None or model_profile is None:
                continue
            model_measure = Measure(key=model_values.key, name=model_values.name, units=model_values.units)
            converted = model_measure.convert(_read_model(model_values, forecast), first.units)
            if converted is None:
                incompatible.add(number)
            else:
                values[model_key(number)] = _move_to_depths(depth, to_array(model_profile.depth), converted)
        matchups.append(ProfileMatchup(depth=depth, values=values))
    return MatchedQuantity(measure=measure, profiles=matchups, flagged=flagged, incompatible=sorted(incompatible))


def _find_values(profile: Class4Profile, key: str) -> Class4Values | None:
    return next((values for values in profile.variables if values.key == key), None)


def _read_good_observations(values: Class4Values) -> tuple[Floats, int]:
    """Return the observed values of good quality, and the number of the others."""
    observed = to_array(values.observed)
    if values.flags is None:
        return observed, 0
    flags = to_array(values.flags)
    bad = np.isfinite(observed) & np.isfinite(flags) & (flags != 0)
    return np.where(bad, np.nan, observed), int(bad.sum())


def _read_model(values: Class4Values, forecast: int | None) -> Floats:
    """Return the best estimate, or a forecast (level,); NaN where the file has none of this index."""
    if forecast is None:
        return to_array(values.best_estimate)
    forecasts = [] if values.forecasts is None else list(to_array(values.forecasts))
    return forecasts[forecast] if forecast < len(forecasts) else np.full(to_array(values.observed).shape, np.nan)


def _move_to_depths(depth: Floats, model_depth: Floats, values: Floats) -> Floats:
    """Return values of another file at the depths of the first: the same levels, though one may have more."""
    if model_depth.shape == depth.shape and np.array_equal(model_depth, depth, equal_nan=True):
        return values
    moved = np.full(depth.shape, np.nan)
    for level, metres in enumerate(depth):
        same = np.flatnonzero(np.isclose(model_depth, metres, rtol=0, atol=0.05))
        if same.size:
            moved[level] = values[same[0]]
    return moved


@dataclass(frozen=True, kw_only=True)
class Class4Series(ComparedSeries):
    """Observation, model or climatology."""

    @property
    def key(self) -> str:
        """Key of its values in a matchup."""
        return model_key(self.number) if self.role == "model" else self.role


@dataclass(frozen=True, kw_only=True)
class Class4Panels:
    """Contents of all panels."""

    reference: str | None  # of the differences that are drawn
    series: list[Class4Series]
    stations: list[DottedStation]


def draw(query: Class4Query, data: Class4Data, context: DrawContext) -> Picture:
    """Draw a panel for each quantity, and beside them the profiles on a map."""
    figure, translate, profiles = Figure(figsize=context.size), context.translate, data.profiles
    quantities, reference = read_quantities(profiles, query.forecast_index()), REFERENCES[query.difference_from()]
    series = [
        entry
        for entry in _make_series(query, data, context)
        if entry.key != reference
        and (entry.role != "climatology" or any(quantity.has(entry.key) for quantity in quantities))
    ]
    stations, when = _mark_stations(profiles, quantities), _format_times(profiles, context)
    title = query.plotTitle or _make_title(quantities, stations, reference, context)
    add_titles(figure, title, join_parts(_name_models(profiles), when), _make_credit(profiles, context), context.sizes)
    panels = Class4Panels(reference=reference, series=series, stations=stations)
    add_comparison_legend(figure, series, context, alone=len(stations) == 1)
    show_map = bool(query.showmap)
    all_axes = add_depth_panels(figure, len(quantities), stations, context, show_map=show_map, lines=False)
    deepest = max(quantity.deepest for quantity in quantities)
    for position, (axes, quantity) in enumerate(zip(all_axes, quantities, strict=True)):
        set_depth_axis(axes, deepest, context, label=position % PANELS_IN_ROW == 0)
        _draw_quantity(axes, quantity, panels, context)
    sentences = [translate("{title}, {time}.", title=title, time=when) if when else translate("{title}.", title=title)]
    sentences += [_describe(quantity, panels, context) for quantity in quantities]
    file = profiles.profiles[0].file
    info = PictureInfo(
        title=title, alt=" ".join(sentences), source=profiles.title or file, dataset=file, time=data.time
    )
    return Picture(figure=figure, info=info)


def _make_series(query: Class4Query, data: Class4Data, context: DrawContext) -> list[Class4Series]:
    """Return observation, models, and the climatology, if it is requested or the reference."""
    translate, profiles, forecast = context.translate, data.profiles, query.forecast_index()
    models = [(_parse_model(profiles.profiles[0].file), profiles.forecasts)]
    models += [(model.model, model.forecasts) for model in profiles.models]
    series = [Class4Series(role="observed", label=translate("Observed"))]
    for number, (model, forecasts) in enumerate(models):
        lead = next((entry.value for entry in forecasts if entry.id == forecast), None)
        if forecast is None:
            label = translate("{model}, best estimate", model=model)
        elif lead is None:
            label = translate("{model}: has no such forecast", model=model)
        else:
            label = translate("{model}, forecast: {lead}", model=model, lead=_translate_lead(lead, context))
        series.append(Class4Series(role="model", label=label, name=model, number=number))
    if query.climatology or query.difference_from() == "climatology":
        series.append(Class4Series(role="climatology", label=translate("Climatology")))
    return series


def _parse_model(file: str) -> str:
    """Return the model in the name of a file: class4_20200101_GIOPS_CONCEPTS_2.3_profile."""
    return next(iter(file.split("_")[2:]), file)


def _translate_lead(lead: str, context: DrawContext) -> str:
    """Translate a forecast, whose day or lead time the metadata service formats in English."""
    with suppress(ValueError):
        day = datetime.strptime(lead, "%d %B %Y").replace(tzinfo=UTC)
        return context.labels.time(day.isoformat(), "day")
    if not lead.startswith("Lead time "):
        return lead
    time = context.labels.localize_number(lead.removeprefix("Lead time "))
    return context.translate("lead time {time}", time=time)


def _name_models(profiles: Class4Profiles) -> str:
    names = [_parse_model(profile.file) for profile in profiles.profiles] + [model.model for model in profiles.models]
    return ", ".join(dict.fromkeys(names))


def _format_times(profiles: Class4Profiles, context: DrawContext) -> str:
    times = sorted(profile.time for profile in profiles.profiles if profile.time)
    if not times:
        return ""
    return context.labels.time_span(times[0], times[-1], None if len(times) == 1 else "day")


def _make_title(
    quantities: list[MatchedQuantity], stations: list[DottedStation], reference: str | None, context: DrawContext
) -> str:
    translate, labels = context.translate, context.labels
    names = labels.join_quantities([_name_quantity(quantity, context) for quantity in quantities])
    where = stations[0].label(labels) if len(stations) == 1 else translate("{count} profiles", count=len(stations))
    if reference == OBSERVED:
        return translate("{names} at {where}: difference from the observation", names=names, where=where)
    if reference == CLIMATOLOGY:
        return translate("{names} at {where}: difference from the climatology", names=names, where=where)
    return translate("{names} at {where}: observed and modelled", names=names, where=where)


def _name_quantity(quantity: MatchedQuantity, context: DrawContext) -> str:
    return context.labels.quantity_name(quantity.measure.name)


def _make_credit(profiles: Class4Profiles, context: DrawContext) -> str:
    file = profiles.profiles[0].file
    if not profiles.title:
        return file
    return context.translate("{title} (Class 4: {file})", title=profiles.title, file=file)


def _mark_stations(profiles: Class4Profiles, quantities: list[MatchedQuantity]) -> list[DottedStation]:
    return [
        DottedStation(
            place=(profile.latitude, profile.longitude),
            name=profile.name or None,
            number=position,
            alone=len(profiles.profiles) == 1,
            data=any(
                np.isfinite(quantity.profiles[position].difference(OBSERVED, None)).any() for quantity in quantities
            ),
        )
        for position, profile in enumerate(profiles.profiles)
    ]


def _draw_quantity(axes: Axes, quantity: MatchedQuantity, panels: Class4Panels, context: DrawContext) -> None:
    """Draw a quantity: its values, or their differences about a line at zero."""
    translate, sizes, reference, drawn = context.translate, context.sizes, panels.reference, False
    for station, profile in zip(panels.stations, quantity.profiles, strict=True):
        for series in panels.series:
            values = profile.depth, profile.difference(series.key, reference)
            drawn |= draw_compared_profile(axes, series, station, values, sizes)
    limits, name = None, _name_quantity(quantity, context)
    if reference is not None and drawn:
        axes.axvline(0.0, color=MUTED, linewidth=0.5 * sizes.line, zorder=1)
        most = max((abs(end) for end in axes.dataLim.intervalx if np.isfinite(end)), default=0.0) or 1.0
        limits = (-1.07 * most, 1.07 * most)
        name = translate("{name}, difference", name=name)
    set_quantity_axis(axes, context.labels.with_units(name, quantity.measure.units), limits, context)
    if not drawn:
        no_climatology = reference == CLIMATOLOGY and not quantity.has(CLIMATOLOGY)
        text = translate("the file has no climatology") if no_climatology else translate("nothing to compare")
        show_message(axes, text, sizes)
        return
    width = axes_inches(axes)[0]
    lines = [fold_text(line, width, sizes.small) for line in _format_agreements(quantity, panels, context)]
    if lines:
        axes.set_title("\n".join(lines), loc="left", fontsize=sizes.small, color=MUTED)


def _format_agreements(quantity: MatchedQuantity, panels: Class4Panels, context: DrawContext) -> list[str]:
    """Format how well models agree with the observation, or everything with the climatology."""
    labels, lines = context.labels, []
    reference = panels.reference or OBSERVED
    for series in panels.series:
        if series.key == reference or (panels.reference is None and series.role == "climatology"):
            continue
        agreement = Agreement.compute(quantity.pool(series.key), quantity.pool(reference))
        if agreement is not None:
            lines.append(
                context.translate(
                    "{series}: bias {bias}, RMSE {error}",
                    series=shorten(series.name or series.label, 30),
                    bias=labels.number(agreement.bias, 2),
                    error=labels.value(agreement.error, quantity.measure.units, 2),
                )
            )
    return lines[:MOST_AGREEMENTS]


def _describe(quantity: MatchedQuantity, panels: Class4Panels, context: DrawContext) -> str:
    """Describe the range of the observations, and how well models agree."""
    labels, observed = context.labels, quantity.pool(OBSERVED)
    name, finite = _name_quantity(quantity, context), observed[np.isfinite(observed)]
    if not finite.size:
        return context.translate("{name}: nothing was measured.", name=name)
    sentence = context.translate(
        "{name}: observed from {low} to {high}, down to {depth}.",
        name=name,
        low=labels.number(float(finite.min())),
        high=labels.value(float(finite.max()), quantity.measure.units),
        depth=labels.value(quantity.deepest, "m", 0),
    )
    return " ".join([sentence, *(f"{line}." for line in _format_agreements(quantity, panels, context))])


def table(query: Class4Query, data: Class4Data, context: DrawContext) -> Table:
    """Return a row for every level with a value."""
    translate, profiles = context.translate, data.profiles
    quantities, series = read_quantities(profiles, query.forecast_index()), _make_series(query, data, context)
    own_model = [entry for entry in series if entry.role == "model"][:1]
    series = own_model + [entry for entry in series if entry.key != model_key(0)]
    rows, names, times = Rows(), [], []
    for position, profile in enumerate(profiles.profiles):
        depth = quantities[0].profiles[position].depth
        values = [
            quantity.profiles[position].difference(entry.key, None) for quantity in quantities for entry in series
        ]
        for level in np.flatnonzero(np.isfinite(values).any(axis=0) & np.isfinite(depth)).tolist():
            rows.rows.append((profile.latitude, profile.longitude, depth[level], *(row[level] for row in values)))
            names.append(f"{profile.file}_{profile.index}")
            times.append(profile.time or "")
    columns = [
        Column(name=translate("ID"), role="station", values=names),
        Column(name=translate("Time"), role="time", values=times, context=True),
        Column(name=translate("Latitude"), role="latitude", values=rows.column(0)),
        Column(name=translate("Longitude"), role="longitude", values=rows.column(1)),
        Column(name=translate("Depth"), role="depth", units="m", values=rows.column(2)),
    ]
    pairs = [(quantity, entry) for quantity in quantities for entry in series]
    columns += [
        Column(
            name=_name_column(quantity, entry, context), units=quantity.measure.units, values=rows.column(3 + number)
        )
        for number, (quantity, entry) in enumerate(pairs)
    ]
    header = [(translate("Dataset"), profiles.title or profiles.profiles[0].file), (translate("Timestamp"), data.time)]
    header += [(translate("Model"), entry.label) for entry in series if entry.role == "model"]
    header += [(translate("Note"), note) for note in _make_notes(quantities, series, context)]
    return Table(header=header, columns=columns)


def _name_column(quantity: MatchedQuantity, series: Class4Series, context: DrawContext) -> str:
    """Return the name of a column, as in the v2.0 API."""
    translate, name = context.translate, _name_quantity(quantity, context)
    if series.role == "observed":
        return translate("{name} Observed", name=name)
    if series.role == "climatology":
        return translate("{name} Climatology", name=name)
    if series.number == 0:
        return translate("{name} Model", name=name)
    return translate("{name} Model {model}", name=name, model=to_one_line(series.name))


def _make_notes(quantities: list[MatchedQuantity], series: list[Class4Series], context: DrawContext) -> list[str]:
    """Note what is left out, and why."""
    translate = context.translate
    models = {entry.number: entry.label for entry in series if entry.role == "model"}
    notes = [
        translate(
            "{name}: {count} observed values are left out for their quality",
            name=_name_quantity(quantity, context),
            count=quantity.flagged,
        )
        for quantity in quantities
        if quantity.flagged
    ]
    return notes + [
        translate(
            "{name}: the units of {model} measure something else",
            name=_name_quantity(quantity, context),
            model=models[number],
        )
        for quantity in quantities
        for number in quantity.incompatible
    ]


KIND = PlotKind(
    name="class4",
    summary="Observed profiles beside those of models at the same places and times",
    example={"class4id": "class4_19970729_ATLANTIC_demo_profile_0", "models": ["class4_19970729_OSTIA_demo_profile"]},
    query=Class4Query,
    fetch=fetch,
    draw=draw,
    table=table,
)
