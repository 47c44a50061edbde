"""Class 4: observed profiles beside what models say of the same places and times."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, cast, get_args

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_common.contracts.class4 import Class4Kind, Class4Profiles
from ocean_common.errors import InvalidRequest, OceanError
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import compared, labels, stations
from ocean_plotting.figure.compared import Dotted, Series
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import MUTED, About, Picture, folded, frame, inches
from ocean_plotting.plots.comparison import Agreement
from ocean_plotting.plots.matchup import CLIMATOLOGY, OBSERVED, Quantity, model_key, read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import Fetched, ShowMap, Title, keys_of, named_as_asked
from ocean_plotting.plots.table import Column, Rows, Table
from ocean_plotting.plots.words import one_of

MOST = 100  # profiles, and models
LINES_ABOVE = 4  # of a panel
Errors = Literal["none", "climatology", "observation"]
REFERENCES: dict[Errors, str | None] = {"none": None, "climatology": CLIMATOLOGY, "observation": OBSERVED}


class Class4Query(msgspec.Struct, frozen=True, kw_only=True):
    """What a Class 4 plot is asked for. Members that it does not know are ignored, as the web front end needs."""

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
    dataset: Annotated[str | None, msgspec.Meta(description="not read: the files have the values")] = None
    forecast: Annotated[
        int | str | None, msgspec.Meta(description="best, or the index of a forecast", examples=["best", 0])
    ] = "best"
    climatology: Annotated[bool | int | None, msgspec.Meta(description="show the climatology too")] = True
    error: Annotated[
        str | None,
        msgspec.Meta(
            extra_json_schema={
                "description": "draw differences from the climatology or from the observation",
                "extra": {"enum": list(get_args(Errors))},
            }
        ),
    ] = "none"
    models: Annotated[
        str | list[str] | None,
        msgspec.Meta(description="ids of other models' files of the same day", examples=[[]]),
    ] = None
    showmap: ShowMap = True
    plotTitle: Title = None  # noqa: N815 - as the API spells it

    def datasets(self) -> list[str]:
        """None: the files are of no dataset, and have no revision that is known here."""
        return []

    def difference(self) -> Errors:
        """What differences are drawn from.

        Raises
        ------
        InvalidRequest
            There is no such thing.
        """
        return cast(Errors, one_of(self.error or "none", get_args(Errors), "$.error"))


Query = Class4Query


class Matched(Fetched, frozen=True, kw_only=True):
    """The profiles, and beside them the other models."""

    found: Class4Profiles


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What every panel shows."""

    reference: str | None  # from what differences are drawn
    series: list[Series]
    marked: list[Dotted]


async def fetch(near: Neighbours, query: Query) -> Matched:
    """Ask for the profiles and for the other models at once."""
    query.difference()
    lead = _lead(query)
    ids = keys_of(query.class4id, "$.class4id", MOST)
    models = keys_of(query.models, "$.models", MOST) if query.models else []
    kind: Class4Kind = "ocean_predict" if query.class4type == "ocean_predict" else "riops_obs"
    try:
        with named_as_asked(members={"id": "$.class4id", "ids": "$.class4id", "models": "$.models"}):
            found = await near.compared.class4(ids, kind, models)
    except OceanError as error:
        if any(repr(one) in str(error) for one in models):
            error.field = "$.models"
        raise
    if lead is not None and lead >= len(found.forecasts) - 1:
        known = [str(one.id) for one in found.forecasts]
        raise InvalidRequest(
            "$.forecast is {value}; this file has {available}",
            value=lead,
            available=", ".join(known),
            field="$.forecast",
            allowed=known,
        )
    time = min((one.time for one in found.profiles if one.time), default="")
    return Matched(time=time, revisions={}, found=found)


def draw(query: Query, fetched: Matched, sheet: Sheet) -> Picture:
    """Draw a panel for each quantity, and beside them where the profiles are."""
    figure, translate, found = Figure(figsize=sheet.size), sheet.translate, fetched.found
    quantities, reference = read(found, _lead(query)), REFERENCES[query.difference()]
    series = [
        one
        for one in _series(query, fetched, sheet)
        if one.key != reference and (one.role != "climatology" or any(each.has(one.key) for each in quantities))
    ]
    marked, when = _stations(found, quantities), _when(found, sheet)
    title = query.plotTitle or _title(quantities, marked, reference, sheet)
    frame(figure, title, "  ·  ".join(filter(None, [_subject(found), when])), _credit(found, sheet), sheet.sizes)
    shown = Shown(reference=reference, series=series, marked=marked)
    compared.legend(figure, series, sheet, alone=len(marked) == 1)
    roomy = sheet.width >= stations.ROOM[0] and sheet.height >= stations.ROOM[1]
    side = roomy and (bool(query.showmap) or len(marked) > 1)
    panels, beside = compared.panels(figure, len(quantities), sheet, side=side)
    deepest = max(one.deepest for one in quantities)
    for position, (panel, quantity) in enumerate(zip(panels, quantities, strict=True)):
        axis.depth_down(panel, deepest, sheet, named=position % compared.PANELS == 0)
        _panel(panel, quantity, shown, sheet)
    if side:
        stations.show(figure, beside, list(marked), sheet, chart=bool(query.showmap))
    told = [translate("{title}, {time}.", title=title, time=when) if when else translate("{title}.", title=title)]
    told += [_told(one, shown, sheet) for one in quantities]
    first = found.profiles[0]
    about = About.of(
        title=title, alt=" ".join(told), source=found.title or first.file, dataset=first.file, time=fetched.time
    )
    return Picture(figure=figure, about=about)


def table(query: Query, fetched: Matched, sheet: Sheet) -> Table:
    """Put every level that has a value in a row."""
    translate, found = sheet.translate, fetched.found
    quantities, series = read(found, _lead(query)), _series(query, fetched, sheet)
    series = [one for one in series if one.role == "model"][:1] + [one for one in series if one.key != model_key(0)]
    rows, names, times = Rows(), [], []
    for position, profile in enumerate(found.profiles):
        depth = quantities[0].profiles[position].depth
        columns = [one.profiles[position].less(each.key, None) for one in quantities for each in series]
        for level in np.flatnonzero(np.isfinite(columns).any(axis=0) & np.isfinite(depth)).tolist():
            rows.rows.append((profile.latitude, profile.longitude, depth[level], *(one[level] for one in columns)))
            names.append(f"{profile.file}_{profile.index}")
            times.append(profile.time or "")
    fixed = [
        Column(name=translate("ID"), role="station", values=names),
        Column(name=translate("Time"), role="time", values=times, context=True),
        Column(name=translate("Latitude"), role="latitude", values=rows.column(0)),
        Column(name=translate("Longitude"), role="longitude", values=rows.column(1)),
        Column(name=translate("Depth"), role="depth", units="m", values=rows.column(2)),
    ]
    places = [(quantity, one) for quantity in quantities for one in series]
    values = [
        Column(name=_column(quantity, one, sheet), units=quantity.measure.units, values=rows.column(3 + number))
        for number, (quantity, one) in enumerate(places)
    ]
    header = [(translate("Dataset"), found.title or found.profiles[0].file), (translate("Timestamp"), fetched.time)]
    header += [(translate("Model"), one.label) for one in series if one.role == "model"]
    header += [(translate("Note"), note) for note in _notes(quantities, series, sheet)]
    return Table(header=header, columns=[*fixed, *values])


def _lead(query: Query) -> int | None:
    """The index of a forecast; None: the best estimate.

    Raises
    ------
    InvalidRequest
        It is neither.
    """
    given = "best" if query.forecast in (None, "") else query.forecast
    if isinstance(given, str) and given.isascii() and given.isdigit():
        given = int(given[:9])
    if given == "best":
        return None
    if isinstance(given, str) or given is None or given < 0:
        raise InvalidRequest(
            "$.forecast is {value!r}; it is best, or the index of a forecast: 0",
            value=str(given)[:40],
            field="$.forecast",
        )
    return given


def _series(query: Query, fetched: Matched, sheet: Sheet) -> list[Series]:
    """What was measured, the models, and the climatology, where it is asked for or compared with."""
    translate, found, lead = sheet.translate, fetched.found, _lead(query)
    models = [(_model(found.profiles[0].file), found.forecasts)] + [(one.model, one.forecasts) for one in found.models]
    all_series = [Series(role="observed", label=translate("Observed"))]
    for number, (model, forecasts) in enumerate(models):
        told = next((one.value for one in forecasts if one.id == lead), None)
        if lead is None:
            label = translate("{model}, best estimate", model=model)
        elif told is None:
            label = translate("{model}: has no such forecast", model=model)
        else:
            label = translate("{model}, forecast: {lead}", model=model, lead=_spoken(told, sheet))
        all_series.append(Series(role="model", label=label, name=model, number=number))
    if query.climatology or query.difference() == "climatology":
        all_series.append(Series(role="climatology", label=translate("Climatology")))
    return all_series


def _model(file: str) -> str:
    """The model in the name of a file: class4_20200101_GIOPS_CONCEPTS_2.3_profile."""
    return next(iter(file.split("_")[2:]), file)


def _spoken(lead: str, sheet: Sheet) -> str:
    """A forecast in the reader's language: the metadata service tells its day, or its lead time, in English."""
    translate = sheet.translate
    with suppress(ValueError):
        return sheet.words.instant(datetime.strptime(lead, "%d %B %Y").replace(tzinfo=UTC).isoformat(), "day")
    _, known, time = lead.partition("Lead time ")
    return translate("lead time {time}", time=sheet.words.ticked(time)) if known and not _ else lead


def _subject(found: Class4Profiles) -> str:
    """The models."""
    names = [_model(one.file) for one in found.profiles] + [one.model for one in found.models]
    return ", ".join(dict.fromkeys(names))


def _when(found: Class4Profiles, sheet: Sheet) -> str:
    times = sorted(one.time for one in found.profiles if one.time)
    if not times:
        return ""
    return sheet.words.span(times[0], times[-1], None if len(times) == 1 else "day")


def _title(quantities: list[Quantity], marked: list[Dotted], reference: str | None, sheet: Sheet) -> str:
    translate = sheet.translate
    names = sheet.words.quantities([_name(one, sheet) for one in quantities])
    where = marked[0].label(sheet.words) if len(marked) == 1 else translate("{count} profiles", count=len(marked))
    if reference == OBSERVED:
        return translate("{names} at {where}: difference from the observation", names=names, where=where)
    if reference == CLIMATOLOGY:
        return translate("{names} at {where}: difference from the climatology", names=names, where=where)
    return translate("{names} at {where}: observed and modelled", names=names, where=where)


def _name(quantity: Quantity, sheet: Sheet) -> str:
    return sheet.translate.quantity(quantity.measure.name) or quantity.measure.name


def _credit(found: Class4Profiles, sheet: Sheet) -> str:
    file = found.profiles[0].file
    return sheet.translate("{title} (Class 4: {file})", title=found.title, file=file) if found.title else file


def _stations(found: Class4Profiles, quantities: list[Quantity]) -> list[Dotted]:
    return [
        Dotted(
            place=(one.latitude, one.longitude),
            name=one.name or None,
            number=position,
            alone=len(found.profiles) == 1,
            data=any(np.isfinite(each.profiles[position].less(OBSERVED, None)).any() for each in quantities),
        )
        for position, one in enumerate(found.profiles)
    ]


def _panel(panel: Axes, quantity: Quantity, shown: Shown, sheet: Sheet) -> None:
    """Draw a quantity: its values, or their differences about a line at zero."""
    translate, sizes, reference, any_drawn = sheet.translate, sheet.sizes, shown.reference, False
    for station, one in zip(shown.marked, quantity.profiles, strict=True):
        for each in shown.series:
            level = one.depth, one.less(each.key, reference)
            any_drawn |= compared.draw(panel, each, station, level, sizes)
    limit, label = None, sheet.words.measured(_name(quantity, sheet), quantity.measure.units)
    if reference is not None and any_drawn:
        panel.axvline(0.0, color=MUTED, linewidth=0.5 * sizes.line, zorder=1)
        most = max((abs(one) for one in panel.dataLim.intervalx if np.isfinite(one)), default=0.0) or 1.0
        limit = (-1.07 * most, 1.07 * most)
        label = sheet.words.measured(
            translate("{name}, difference", name=_name(quantity, sheet)), quantity.measure.units
        )
    axis.quantity(panel, label, limit, sheet)
    if not any_drawn:
        lacking = reference == CLIMATOLOGY and not quantity.has(CLIMATOLOGY)
        axis.nothing(
            panel, translate("the file has no climatology") if lacking else translate("nothing to compare"), sizes
        )
        return
    lines = [folded(line, inches(panel)[0], sizes.small) for line in _agreement(quantity, shown, sheet)]
    if lines:
        panel.set_title("\n".join(lines), loc="left", fontsize=sizes.small, color=MUTED)


def _agreement(quantity: Quantity, shown: Shown, sheet: Sheet) -> list[str]:
    """How well models agree with what was measured, or everything with the climatology: in words."""
    translate, words, found = sheet.translate, sheet.words, []
    against = shown.reference or OBSERVED
    for one in shown.series:
        agreed = Agreement.of(quantity.pooled(one.key), quantity.pooled(against)) if one.key != against else None
        if agreed is None or (shown.reference is None and one.role == "climatology"):
            continue
        found.append(
            translate(
                "{series}: bias {bias}, RMSE {error}",
                series=labels.shortened(one.name or one.label, 30),
                bias=words.number(agreed.bias, 2),
                error=words.value(agreed.error, quantity.measure.units, 2),
            )
        )
    return found[:LINES_ABOVE]


def _told(quantity: Quantity, shown: Shown, sheet: Sheet) -> str:
    """A quantity in words: from where to where it was measured, and how models agree."""
    translate, words, observed = sheet.translate, sheet.words, quantity.pooled(OBSERVED)
    name, there = _name(quantity, sheet), observed[np.isfinite(observed)]
    if not there.size:
        return translate("{name}: nothing was measured.", name=name)
    ranging = translate(
        "{name}: observed from {low} to {high}, down to {depth}.",
        name=name,
        low=words.number(float(there.min())),
        high=words.value(float(there.max()), quantity.measure.units),
        depth=words.value(quantity.deepest, "m", 0),
    )
    return " ".join([ranging, *(f"{line}." for line in _agreement(quantity, shown, sheet))])


def _column(quantity: Quantity, series: Series, sheet: Sheet) -> str:
    """The name of a column, as the v2.0 API has it."""
    translate, name = sheet.translate, _name(quantity, sheet)
    if series.role == "observed":
        return translate("{name} Observed", name=name)
    if series.role == "climatology":
        return translate("{name} Climatology", name=name)
    if series.number == 0:
        return translate("{name} Model", name=name)
    return translate("{name} Model {model}", name=name, model=labels.one_line(series.name))


def _notes(quantities: list[Quantity], series: list[Series], sheet: Sheet) -> list[str]:
    """What is left out, and why."""
    translate = sheet.translate
    models = {one.number: one.label for one in series if one.role == "model"}
    bad = [
        translate(
            "{name}: {count} observed values are left out for their quality", name=_name(one, sheet), count=one.bad
        )
        for one in quantities
        if one.bad
    ]
    return bad + [
        translate("{name}: the units of {model} measure something else", name=_name(one, sheet), model=models[number])
        for one in quantities
        for number in one.foreign
    ]
