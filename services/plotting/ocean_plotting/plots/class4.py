"""Class 4: observed profiles beside what models say of the same places and times."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ocean_common.contracts.observations import Class4Kind, Class4Profile, Class4Profiles, Class4Values
from ocean_core.errors import InvalidRequest, OceanError
from ocean_core.time import format_time, parse_period
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_header, make_place_columns
from ocean_plotting.figure.axes import set_quantity_axis, show_message
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import EXACT, TimePrecision, join_parts, shorten, to_one_line
from ocean_plotting.figure.layout import MUTED, Picture, axes_inches, fold_text
from ocean_plotting.figure.stations import (
    ComparedSeries,
    DottedStation,
    add_comparison_panels,
    draw_compared_profile,
    mark_dotted_stations,
    model_key,
)
from ocean_plotting.plots.common.comparison import Agreement, Measure
from ocean_plotting.plots.common.coverage import Floats, to_array
from ocean_plotting.plots.common.query import ShowMap, Title, check_choice, choice_schema, map_error_fields, parse_keys
from ocean_plotting.plots.kind import PlotData, PlotKind, Services

MOST = 100  # profiles, and models
MOST_AGREEMENTS = 4  # lines above a panel
OBSERVED, CLIMATOLOGY = "observed", "climatology"  # keys of values, beside those of models: `model_key`
REFERENCES = {"none": None, "climatology": CLIMATOLOGY, "observation": OBSERVED}  # of differences, by `error`


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
        choice_schema("draw differences from the climatology or from the observation", list(REFERENCES)),
    ] = "none"
    models: Annotated[
        str | list[str] | None, msgspec.Meta(description="ids of other models' files of the same day", examples=[[]])
    ] = None
    showmap: ShowMap = True
    plotTitle: Title = None  # noqa: N815 - as the API spells it

    def dataset_ids(self) -> list[str]:
        """Return no ids: the files belong to no dataset, and have no known revision."""
        return []

    def reference(self) -> str | None:
        """Return the key of what differences are drawn from; None: values are drawn."""
        return REFERENCES[check_choice(self.error or "none", list(REFERENCES), "$.error")]

    def forecast_index(self) -> int | None:
        """Return the index of a forecast; None: the best estimate."""
        forecast = "best" if self.forecast in (None, "") else self.forecast
        if isinstance(forecast, str) and forecast.isascii() and forecast.isdigit():
            forecast = int(forecast[:9])
        if forecast == "best":
            return None
        if isinstance(forecast, str) or forecast is None or forecast < 0:
            raise InvalidRequest(
                "{field} is {value!r}; it is best, or the index of a forecast: 0",
                value=str(forecast)[:40],
                field="$.forecast",
            )
        return forecast


class Class4Data(PlotData, frozen=True, kw_only=True):
    """The profiles, and beside them the other models."""

    profiles: Class4Profiles


async def fetch(services: Services, query: Class4Query, _: Output) -> Class4Data:
    """Request the profiles and the other models at once."""
    query.reference()
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
            "{field} is {value}; this file has {available}",
            value=forecast,
            available=", ".join(allowed),
            field="$.forecast",
            allowed=allowed,
        )
    time = min((profile.time for profile in profiles.profiles if profile.time), default="")
    return Class4Data(time=time, revisions={}, profiles=profiles)


@dataclass(frozen=True, kw_only=True)
class MatchedQuantity:
    """A quantity in every profile. Arrays (level,) have the levels of all profiles, one after the other."""

    measure: Measure
    depth: Floats  # (level,): m
    profile: NDArray[np.intp]  # (level,): its position
    values: dict[str, Floats]  # by key, each (level,) in the quantity's units; NaN: none
    flagged: int = 0  # observed values that are left out for their quality flags
    incompatible: list[int] = field(default_factory=list)  # models whose units measure something else

    def difference(self, key: str, reference: str | None) -> Floats:
        """Return the values (level,) of a key, or their difference from those of a reference."""
        missing = np.full(self.depth.shape, np.nan)
        values = self.values.get(key, missing)
        return values if reference is None else values - self.values.get(reference, missing)

    def has(self, key: str) -> bool:
        return bool(np.isfinite(self.difference(key, None)).any())

    @property
    def deepest(self) -> float:
        """Greatest depth (m) with a value."""
        finite = np.isfinite(list(self.values.values())).any(axis=0) & np.isfinite(self.depth)
        return float(self.depth[finite].max(initial=0.0))


def read_quantities(profiles: Class4Profiles, forecast: int | None) -> list[MatchedQuantity]:
    """Read every quantity of the profiles, in their order; ``forecast`` None: the best estimate."""
    first = {values.key: values for profile in reversed(profiles.profiles) for values in reversed(profile.variables)}
    order = dict.fromkeys(values.key for profile in profiles.profiles for values in profile.variables)
    return [_read_quantity(profiles, first[key], forecast) for key in order]


def _read_quantity(profiles: Class4Profiles, first: Class4Values, forecast: int | None) -> MatchedQuantity:
    depths = [to_array(profile.depth) for profile in profiles.profiles]
    values: defaultdict[str, list[Floats]] = defaultdict(lambda: [np.full(depth.shape, np.nan) for depth in depths])
    incompatible, flagged = set[int](), 0
    for position, (profile, depth) in enumerate(zip(profiles.profiles, depths, strict=True)):
        if (own := _find_values(profile, first.key)) is not None:
            values[OBSERVED][position], bad = _read_good_observations(own)
            flagged += bad
            values[model_key(0)][position] = _read_model(own, forecast)
            if own.climatology is not None:
                values[CLIMATOLOGY][position] = to_array(own.climatology)
        for number, model in enumerate(profiles.models, 1):
            model_profile = model.profiles[position]
            model_values = _find_values(model_profile, first.key) if model_profile is not None else None
            if model_values is None or model_profile is None:
                continue
            converted = Measure.of(model_values).convert(_read_model(model_values, forecast), first.units)
            if converted is None:
                incompatible.add(number)
            else:
                moved = _move_to_depths(depth, to_array(model_profile.depth), converted)
                values[model_key(number)][position] = moved
    return MatchedQuantity(
        measure=Measure.of(first),
        depth=np.concatenate(depths),
        profile=np.repeat(np.arange(len(depths)), list(map(len, depths))),
        values={key: np.concatenate(arrays) for key, arrays in values.items()},
        flagged=flagged,
        incompatible=sorted(incompatible),
    )


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


def draw(query: Class4Query, data: Class4Data, context: DrawContext) -> Picture:
    """Draw a panel for each quantity, and beside them the profiles on a map."""
    translate, profiles = context.translate, data.profiles
    quantities, reference = read_quantities(profiles, query.forecast_index()), query.reference()
    series = [
        entry
        for entry in _make_series(query, data, context)
        if entry.key != reference
        and (entry.role != "climatology" or any(quantity.has(entry.key) for quantity in quantities))
    ]
    observed = [(quantity.profile, np.isfinite(quantity.difference(OBSERVED, None))) for quantity in quantities]
    stations = mark_dotted_stations(
        [(profile.latitude, profile.longitude) for profile in profiles.profiles],
        [profile.name or None for profile in profiles.profiles],
        [any(known[profile == at].any() for profile, known in observed) for at in range(len(profiles.profiles))],
    )
    when = _format_times(profiles, context)
    title = query.plotTitle or _make_title(quantities, stations, reference, context)
    subtitle, credit = join_parts(_name_models(profiles), when), _make_credit(profiles, context)
    figure = context.add_figure(title, subtitle, credit)
    depths = [max(quantity.deepest for quantity in quantities)] * len(quantities)
    all_axes = add_comparison_panels(figure, series, stations, depths, context, show_map=bool(query.showmap))
    sentences = [translate("{title}, {time}.", title=title, time=when) if when else translate("{title}.", title=title)]
    for axes, quantity in zip(all_axes, quantities, strict=True):
        agreements = _format_agreements(quantity, series, reference, context)
        _draw_quantity(axes, quantity, series, stations, reference=reference, agreements=agreements, context=context)
        sentences.append(_describe(quantity, agreements, context))
    file = profiles.profiles[0].file
    return data.describe_picture(figure, title, sentences, profiles.title or file, file)


def _make_series(query: Class4Query, data: Class4Data, context: DrawContext) -> list[ComparedSeries]:
    """Return observation, models, and the climatology, if it is requested or the reference."""
    translate, profiles, forecast = context.translate, data.profiles, query.forecast_index()
    models = [(_parse_model(profiles.profiles[0].file), profiles.forecasts)]
    models += [(model.model, model.forecasts) for model in profiles.models]
    series = [ComparedSeries(role="observed", label=translate("Observed"))]
    for number, (model, forecasts) in enumerate(models):
        lead = next((entry.value for entry in forecasts if entry.id == forecast), None)
        if forecast is None:
            label = translate("{model}, best estimate", model=model)
        elif lead is None:
            label = translate("{model}: has no such forecast", model=model)
        else:
            label = translate("{model}, forecast: {lead}", model=model, lead=_translate_lead(lead, context))
        series.append(ComparedSeries(role="model", label=label, name=model, number=number))
    if query.climatology or query.reference() == CLIMATOLOGY:
        series.append(ComparedSeries(role="climatology", label=translate("Climatology")))
    return series


def _parse_model(file: str) -> str:
    """Return the model in the name of a file: class4_20200101_GIOPS_CONCEPTS_2.3_profile."""
    return next(iter(file.split("_")[2:]), file)


def _translate_lead(lead: str, context: DrawContext) -> str:
    """Translate a forecast, whose day or lead time the metadata service formats in English."""
    if lead.startswith("Lead time "):
        time = context.labels.localize_number(lead.removeprefix("Lead time "))
        return context.translate("lead time {time}", time=time)
    with suppress(ValueError):
        return context.labels.time(format_time(parse_period(lead).first), TimePrecision("day"))
    return lead


def _name_models(profiles: Class4Profiles) -> str:
    names = [_parse_model(profile.file) for profile in profiles.profiles] + [model.model for model in profiles.models]
    return ", ".join(dict.fromkeys(names))


def _format_times(profiles: Class4Profiles, context: DrawContext) -> str:
    times = sorted(profile.time for profile in profiles.profiles if profile.time)
    if not times:
        return ""
    return context.labels.time_span(times[0], times[-1], EXACT if times[0] == times[-1] else TimePrecision("day"))


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


def _draw_quantity(
    axes: Axes,
    quantity: MatchedQuantity,
    series: list[ComparedSeries],
    stations: list[DottedStation],
    *,
    reference: str | None,
    agreements: list[str],
    context: DrawContext,
) -> None:
    """Draw a quantity: its values, or their differences about a line at zero."""
    translate, sizes, drawn = context.translate, context.sizes, False
    for station in stations:
        inside = quantity.profile == station.number
        for entry in series:
            profile = quantity.depth[inside], quantity.difference(entry.key, reference)[inside]
            drawn |= draw_compared_profile(axes, entry, station, profile, sizes)
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
    text = "\n".join(fold_text(line, width, sizes.small) for line in agreements)
    axes.set_title(text, loc="left", fontsize=sizes.small, color=MUTED)


def _format_agreements(
    quantity: MatchedQuantity, series: list[ComparedSeries], reference: str | None, context: DrawContext
) -> list[str]:
    """Format how well models agree with the observation, or everything with the reference."""
    lines = []
    for entry in series:
        if entry.key == (reference or OBSERVED) or (reference is None and entry.role == "climatology"):
            continue
        if agreement := Agreement.compute(quantity.difference(entry.key, reference or OBSERVED)):
            name, texts = shorten(entry.name or entry.label, 30), agreement.format(quantity.measure.units, context)
            lines.append(context.translate("{series}: bias {bias}, RMSE {error}", series=name, **texts))
    return lines[:MOST_AGREEMENTS]


def _describe(quantity: MatchedQuantity, agreements: list[str], context: DrawContext) -> str:
    """Describe the range of the observations, and how well models agree."""
    labels, observed, units = context.labels, quantity.difference(OBSERVED, None), quantity.measure.units
    name, depth = _name_quantity(quantity, context), labels.value(quantity.deepest, "m", 0)
    if not np.isfinite(observed).any():
        return context.translate("{name}: nothing was measured.", name=name)
    texts = labels.range(observed, units)
    text = context.translate("{name}: observed from {low} to {high}, down to {depth}.", name=name, depth=depth, **texts)
    return " ".join([text, *(f"{line}." for line in agreements)])


def table(query: Class4Query, data: Class4Data, context: DrawContext) -> Table:
    """Return a row for every level with a value."""
    translate, profiles = context.translate, data.profiles
    quantities, series = read_quantities(profiles, query.forecast_index()), _make_series(query, data, context)
    own_model = [entry for entry in series if entry.role == "model"][:1]
    series = own_model + [entry for entry in series if entry.key != model_key(0)]
    pairs = [(quantity, entry) for quantity in quantities for entry in series]
    depth, values = quantities[0].depth, [quantity.difference(entry.key, None) for quantity, entry in pairs]
    used = np.flatnonzero(np.isfinite(values).any(axis=0) & np.isfinite(depth))
    rows = [profiles.profiles[number] for number in quantities[0].profile[used]]
    columns = make_place_columns(
        translate,
        context=("time",),
        station_name=translate("ID"),
        station=[f"{profile.file}_{profile.index}" for profile in rows],
        time=[profile.time or "" for profile in rows],
        latitude=np.array([profile.latitude for profile in rows]),
        longitude=np.array([profile.longitude for profile in rows]),
        depth=depth[used],
    )
    columns += [
        Column(name=_name_column(quantity, entry, context), units=quantity.measure.units, values=column[used])
        for (quantity, entry), column in zip(pairs, values, strict=True)
    ]
    header = make_header(translate, profiles.title or profiles.profiles[0].file, "", data.time)
    header += [(translate("Model"), entry.label) for entry in series if entry.role == "model"]
    header += [(translate("Note"), note) for note in _make_notes(quantities, series, context)]
    return Table(header=header, columns=columns)


def _name_column(quantity: MatchedQuantity, series: ComparedSeries, context: DrawContext) -> str:
    """Return the name of a column, as in the v2.0 API."""
    translate, name = context.translate, _name_quantity(quantity, context)
    if series.role == "observed":
        return translate("{name} Observed", name=name)
    if series.role == "climatology":
        return translate("{name} Climatology", name=name)
    if series.number == 0:
        return translate("{name} Model", name=name)
    return translate("{name} Model {model}", name=name, model=to_one_line(series.name))


def _make_notes(quantities: list[MatchedQuantity], series: list[ComparedSeries], context: DrawContext) -> list[str]:
    translate = context.translate
    models = {entry.number: entry.label for entry in series if entry.role == "model"}
    notes = []
    for quantity in quantities:
        name, flagged = _name_quantity(quantity, context), quantity.flagged
        if flagged:
            notes.append(
                translate("{name}: {count} observed values are left out for their quality", name=name, count=flagged)
            )
        notes += [
            translate("{name}: the units of {model} measure something else", name=name, model=models[number])
            for number in quantity.incompatible
        ]
    return notes


KIND = PlotKind(
    name="class4",
    summary="Observed profiles beside those of models at the same places and times",
    example={"class4id": "class4_19970729_ATLANTIC_demo_profile_0", "models": ["class4_19970729_OSTIA_demo_profile"]},
    query=Class4Query,
    fetch=fetch,
    draw=draw,
    table=table,
)
