"""Class 4: observed profiles beside what models say of the same places and times."""

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from ocean_common.contracts.observations import Class4Kind, Class4Profile, Class4Profiles, Class4Values
from ocean_common.parameters import parse_choice
from ocean_core.errors import InvalidRequest, OceanError
from ocean_core.time import format_time, parse_period
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_header, make_place_columns
from ocean_plotting.figure import stations as marks
from ocean_plotting.figure.labels import EXACT, TimePrecision, join_parts, shorten, to_one_line
from ocean_plotting.figure.layout import MUTED
from ocean_plotting.plots.common.comparison import Agreement, Measure, ProfileComparison
from ocean_plotting.plots.common.coverage import Floats, to_array
from ocean_plotting.plots.common.query import ShowMap, Title, choice_schema, map_error_fields, parse_keys
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
        return REFERENCES[parse_choice(self.error or "none", list(REFERENCES), "$.error")]

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
            observed = to_array(own.observed)
            if own.flags is not None:  # values of bad quality are left out
                flags = to_array(own.flags)
                bad = np.isfinite(observed) & np.isfinite(flags) & (flags != 0)
                observed, flagged = np.where(bad, np.nan, observed), flagged + int(bad.sum())
            values[OBSERVED][position] = observed
            values[marks.model_key(0)][position] = _read_model(own, forecast)
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
                values[marks.model_key(number)][position] = moved
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


class Class4Plot(ProfileComparison[Class4Query, Class4Data]):
    """A panel for each quantity: values, or their differences about a line at zero."""

    def prepare(self) -> None:
        translate, profiles = self.translate, self.data.profiles
        self.quantities, self.reference = read_quantities(profiles, self.query.forecast_index()), self.query.reference()
        self.all_series = self._make_series()
        self.series = [
            entry
            for entry in self.all_series
            if entry.key != self.reference
            and (entry.role != "climatology" or any(quantity.has(entry.key) for quantity in self.quantities))
        ]
        observed = [
            (quantity.profile, np.isfinite(quantity.difference(OBSERVED, None))) for quantity in self.quantities
        ]
        self.stations = marks.mark_dotted_stations(
            [(profile.latitude, profile.longitude) for profile in profiles.profiles],
            [profile.name or None for profile in profiles.profiles],
            [any(known[profile == at].any() for profile, known in observed) for at in range(len(profiles.profiles))],
        )
        times = sorted(profile.time for profile in profiles.profiles if profile.time)
        precision = EXACT if times and times[0] == times[-1] else TimePrecision("day")
        self.when = self.labels.time_span(times[0], times[-1], precision) if times else ""
        models = [_parse_model(profile.file) for profile in profiles.profiles] + [
            model.model for model in profiles.models
        ]
        self.subtitle = join_parts(", ".join(dict.fromkeys(models)), self.when)
        self.dataset = file = profiles.profiles[0].file
        self.credit, self.source = file, profiles.title or file
        if profiles.title:
            self.credit = translate("{title} (Class 4: {file})", title=profiles.title, file=file)
        self.title = self.query.plotTitle or self._make_title()

    def _make_series(self) -> list[marks.ComparedSeries]:
        """Return observation, models, and the climatology, if it is requested or the reference."""
        translate, profiles, forecast = self.translate, self.data.profiles, self.query.forecast_index()
        models = [(_parse_model(profiles.profiles[0].file), profiles.forecasts)]
        models += [(model.model, model.forecasts) for model in profiles.models]
        series = [marks.ComparedSeries(role="observed", label=translate("Observed"))]
        for number, (model, forecasts) in enumerate(models):
            lead = next((entry.value for entry in forecasts if entry.id == forecast), None)
            if forecast is None:
                label = translate("{model}, best estimate", model=model)
            elif lead is None:
                label = translate("{model}: has no such forecast", model=model)
            else:
                label = translate("{model}, forecast: {lead}", model=model, lead=self._translate_lead(lead))
            series.append(marks.ComparedSeries(role="model", label=label, name=model, number=number))
        if self.query.climatology or self.reference == CLIMATOLOGY:
            series.append(marks.ComparedSeries(role="climatology", label=translate("Climatology")))
        return series

    def _translate_lead(self, lead: str) -> str:
        """Translate a forecast, whose day or lead time the metadata service formats in English."""
        if lead.startswith("Lead time "):
            time = self.labels.localize_number(lead.removeprefix("Lead time "))
            return self.translate("lead time {time}", time=time)
        with suppress(ValueError):
            return self.labels.time(format_time(parse_period(lead).first), TimePrecision("day"))
        return lead

    def _make_title(self) -> str:
        translate, labels, stations = self.translate, self.labels, self.stations
        where = stations[0].label(labels) if len(stations) == 1 else translate("{count} profiles", count=len(stations))
        words = {"names": labels.join_quantities([*map(self._name_quantity, self.quantities)]), "where": where}
        if self.reference == OBSERVED:
            return translate("{names} at {where}: difference from the observation", **words)
        if self.reference == CLIMATOLOGY:
            return translate("{names} at {where}: difference from the climatology", **words)
        return translate("{names} at {where}: observed and modelled", **words)

    def _name_quantity(self, quantity: MatchedQuantity) -> str:
        return self.labels.quantity_name(quantity.measure.name)

    def draw_panels(self) -> None:
        depths = [max(quantity.deepest for quantity in self.quantities)] * len(self.quantities)
        for axes, quantity in zip(self.add_panels(depths), self.quantities, strict=True):
            self._draw_quantity(axes, quantity)

    def _draw_quantity(self, axes: Axes, quantity: MatchedQuantity) -> None:
        translate, drawn, limits, empty = self.translate, False, None, ""
        for station, entry in product(self.stations, self.series):
            inside = quantity.profile == station.number
            profile = quantity.depth[inside], quantity.difference(entry.key, self.reference)[inside]
            drawn |= marks.draw_compared_profile(axes, entry, station, profile, self.sizes)
        name = self._name_quantity(quantity)
        if self.reference is not None and drawn:
            axes.axvline(0.0, color=MUTED, linewidth=0.5 * self.sizes.line, zorder=1)
            most = max((abs(end) for end in axes.dataLim.intervalx if np.isfinite(end)), default=0.0) or 1.0
            limits = (-1.07 * most, 1.07 * most)
            name = translate("{name}, difference", name=name)
        if not drawn:
            no_climatology = self.reference == CLIMATOLOGY and not quantity.has(CLIMATOLOGY)
            empty = translate("the file has no climatology") if no_climatology else translate("nothing to compare")
        label = self.labels.with_units(name, quantity.measure.units)
        self.finish_panel(axes, label, limits, self._format_agreements(quantity), empty)

    def _format_agreements(self, quantity: MatchedQuantity) -> list[str]:
        """Format how well models agree with the observation, or everything with the reference."""
        reference, lines = self.reference or OBSERVED, []
        for entry in self.series:
            if entry.key == reference or (self.reference is None and entry.role == "climatology"):
                continue
            if agreement := Agreement.compute(quantity.difference(entry.key, reference)):
                texts = agreement.format(quantity.measure.units, self.labels)
                name = shorten(entry.name or entry.label, 30)
                lines.append(self.translate("{series}: bias {bias}, RMSE {error}", series=name, **texts))
        return lines[:MOST_AGREEMENTS]

    def make_sentences(self) -> list[str]:
        words = {"title": self.title, "time": self.when}
        first = (
            self.translate("{title}, {time}.", **words) if self.when else self.translate("{title}.", title=self.title)
        )
        return [first, *map(self._describe, self.quantities)]

    def _describe(self, quantity: MatchedQuantity) -> str:
        """Describe the range of the observations, and how well models agree."""
        name, observed = self._name_quantity(quantity), quantity.difference(OBSERVED, None)
        if not np.isfinite(observed).any():
            return self.translate("{name}: nothing was measured.", name=name)
        texts = self.labels.range(observed, quantity.measure.units)
        texts |= {"name": name, "depth": self.labels.value(quantity.deepest, "m", 0)}
        text = self.translate("{name}: observed from {low} to {high}, down to {depth}.", **texts)
        return " ".join([text, *(f"{line}." for line in self._format_agreements(quantity))])

    def make_table(self) -> Table:
        """Return a row for every level with a value."""
        translate, profiles, quantities = self.translate, self.data.profiles, self.quantities
        own_model = [entry for entry in self.all_series if entry.role == "model"][:1]
        series = own_model + [entry for entry in self.all_series if entry.key != marks.model_key(0)]
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
            Column(name=self._name_column(quantity, entry), units=quantity.measure.units, values=column[used])
            for (quantity, entry), column in zip(pairs, values, strict=True)
        ]
        header = make_header(translate, self.source, "", self.data.time)
        header += [(translate("Model"), entry.label) for entry in series if entry.role == "model"]
        header += [(translate("Note"), note) for note in self._make_notes()]
        return Table(header=header, columns=columns)

    def _name_column(self, quantity: MatchedQuantity, series: marks.ComparedSeries) -> str:
        """Return the name of a column, as in the v2.0 API."""
        translate, name = self.translate, self._name_quantity(quantity)
        if series.role == "observed":
            return translate("{name} Observed", name=name)
        if series.role == "climatology":
            return translate("{name} Climatology", name=name)
        if series.number == 0:
            return translate("{name} Model", name=name)
        return translate("{name} Model {model}", name=name, model=to_one_line(series.name))

    def _make_notes(self) -> list[str]:
        translate, notes = self.translate, list[str]()
        models = {entry.number: entry.label for entry in self.all_series if entry.role == "model"}
        for quantity in self.quantities:
            name, count = self._name_quantity(quantity), quantity.flagged
            if count:
                text = translate(
                    "{name}: {count} observed values are left out for their quality", name=name, count=count
                )
                notes.append(text)
            notes += [
                translate("{name}: the units of {model} measure something else", name=name, model=models[number])
                for number in quantity.incompatible
            ]
        return notes


def _parse_model(file: str) -> str:
    """Return the model in the name of a file: class4_20200101_GIOPS_CONCEPTS_2.3_profile."""
    return next(iter(file.split("_")[2:]), file)


KIND = PlotKind(
    name="class4",
    summary="Observed profiles beside those of models at the same places and times",
    example={"class4id": "class4_19970729_ATLANTIC_demo_profile_0", "models": ["class4_19970729_OSTIA_demo_profile"]},
    query=Class4Query,
    fetch=fetch,
    plot=Class4Plot,
)
