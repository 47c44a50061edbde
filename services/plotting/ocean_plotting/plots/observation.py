"""Observed profiles beside the model's at the same places and the nearest times."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_common.contracts.observations import ObservedStation
from ocean_common.errors import InvalidRequest, RequestTooLarge
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import compared as comparing
from ocean_plotting.figure import stations as places
from ocean_plotting.figure.compared import Dotted, Series
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import MUTED, About, Picture, folded, frame, inches
from ocean_plotting.plots.attribution import credit
from ocean_plotting.plots.comparison import Agreement, Measure
from ocean_plotting.plots.id_list import Numbers, chosen, number
from ocean_plotting.plots.inline import InlineStation, read_inline
from ocean_plotting.plots.nearest import Modelled, modelled
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import MAX_VARIABLES, Common, Fetched, ShowMap, Variables, named_as_asked
from ocean_plotting.plots.soundings import Compared, compared, levelled
from ocean_plotting.plots.table import Column, Rows, Table

MOST = 60  # stations
SHALLOW = 30.0  # m
QUANTA = {"hour": 3_600.0, "day": 86_400.0, "month": 31 * 86_400.0, "year": 366 * 86_400.0}  # s


class ObservationQuery(Common, frozen=True, kw_only=True):
    """What a plot of observations is asked for."""

    observation: Annotated[
        list[int | str | InlineStation],
        msgspec.Meta(min_length=1, description="ids of stations, or stations with their values", examples=[[1]]),
    ]
    observation_variable: Annotated[
        Numbers | None,
        msgspec.Meta(description="which of the first station's quantities, from 0; null: all", examples=[[0]]),
    ] = None
    variable: Variables | None = "votemper"  # type: ignore[assignment] # null: no model
    names: Annotated[list[str | None] | None, msgspec.Meta(description="names of the stations; null: their own")] = None
    showmap: ShowMap = True

    def datasets(self) -> list[str]:
        """None: observations have no revision."""
        return []

    def modelled(self) -> list[str]:
        """The keys of the model's variables; there may be none."""
        return self.variables() if self.variable else []


Query = ObservationQuery


class Observations(Fetched, frozen=True, kw_only=True):
    """What was measured, and what the model says of it."""

    stations: list[ObservedStation]
    chosen: list[str]  # keys of what is shown of that which was measured
    modelled: list[Modelled]


async def fetch(near: Neighbours, query: Query) -> Observations:
    """Ask for the stations, then for the model at their places and times."""
    query.interpolation()
    keys, stations = query.modelled(), await _stations(near, query)
    wanted = _chosen(query, stations)
    if not keys and not wanted:
        raise InvalidRequest(
            "nothing is chosen to be drawn: choose a quantity that was observed, or a variable of the model",
            field="$.observation_variable",
        )
    with named_as_asked():
        if not keys:
            await near.catalogue.revision(query.dataset)
        found = await asyncio.gather(*(modelled(near, query, key, stations) for key in keys))
    revision = next((one.revision for each in found for one in each.coverages), "")
    time = min(one.time for one in stations)
    return Observations(
        time=time, revisions={query.dataset: revision}, stations=stations, chosen=wanted, modelled=list(found)
    )


def draw(query: Query, fetched: Observations, sheet: Sheet) -> Picture:
    """Draw a panel for each quantity, every station in each, and beside them where the stations are."""
    figure, translate, marked = Figure(figsize=sheet.size), sheet.translate, _marked(query, fetched)
    quantities = _compared(fetched)
    title = query.plotTitle or _title(quantities, marked, sheet)
    notes = _notes(fetched, quantities, sheet)
    frame(figure, title, "  ·  ".join([_when(fetched, sheet), *notes]), _credit(query, fetched, sheet), sheet.sizes)
    series = [
        one
        for one, shown in (
            (Series(role="observed", label=translate("Observed")), any(one.is_measured for one in quantities)),
            (Series(role="model", label=_source(query, fetched)), _has_model(quantities)),
        )
        if shown
    ]
    if series:
        comparing.legend(figure, series, sheet, alone=len(marked) == 1)
    roomy = sheet.width >= places.ROOM[0] and sheet.height >= places.ROOM[1]
    side = roomy and (bool(query.showmap) or len(marked) > 1)
    panels, beside = comparing.panels(figure, len(quantities), sheet, side=side)
    deepest = max(map(_deepest, quantities))
    for position, (panel, quantity) in enumerate(zip(panels, quantities, strict=True)):
        axis.depth_down(panel, deepest, sheet, named=position % comparing.PANELS == 0)
        _panel(panel, quantity, marked, deepest, sheet)
    if side:
        places.show(figure, beside, list(marked), sheet, chart=bool(query.showmap))
    told = [translate("{title}, {time}.", title=title, time=_when(fetched, sheet))]
    told += [_told(one, sheet) for one in quantities] + [f"{note}." for note in notes]
    first = next(iter(fetched.modelled), None)
    about = About.of(
        title=title,
        alt=" ".join(told),
        source=_credit(query, fetched, sheet),
        dataset=query.dataset if first else "",
        revision=fetched.revisions.get(query.dataset, ""),
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def table(query: Query, fetched: Observations, sheet: Sheet) -> Table:
    """Put every depth that was measured in a row, with the model's value there."""
    translate, quantities, rows = sheet.translate, _compared(fetched), Rows()
    names, times = [], []
    for position, station in enumerate(fetched.stations):
        depths, values = levelled(quantities, position)
        for row, depth in enumerate(depths.tolist()):
            rows.rows.append((station.latitude, station.longitude, depth, *values[:, row].tolist()))
        names += [_named(query, fetched, position) or f"{station.id or position + 1}"] * len(depths)
        times += [station.time] * len(depths)
    header = [
        (translate("Dataset"), _source(query, fetched)),
        (translate("Attribution"), _credit(query, fetched, sheet)),
    ]
    header += [(translate("Timestamp"), _when(fetched, sheet))]
    header += [(translate("Note"), note) for note in _notes(fetched, quantities, sheet)]
    fixed = [
        Column(name=translate("Station"), role="station", values=names),
        Column(name=translate("Time"), role="time", values=times),
        Column(name=translate("Latitude"), role="latitude", values=rows.column(0)),
        Column(name=translate("Longitude"), role="longitude", values=rows.column(1)),
        Column(name=translate("Depth"), role="depth", units="m", values=rows.column(2)),
    ]
    columns = []
    for place, one in enumerate(quantities):
        name = _name(one, sheet)
        if one.is_measured or one.variable is None:
            observed = rows.column(3 + 2 * place)
            columns.append(Column(name=translate("{name} Observed", name=name), units=one.units, values=observed))
        if one.variable is not None:
            model = rows.column(4 + 2 * place)
            columns.append(Column(name=translate("{name} Model", name=name), units=one.units, values=model))
    return Table(header=header, columns=[*fixed, *columns])


async def _stations(near: Neighbours, query: Query) -> list[ObservedStation]:
    """Those of the query, and those asked for by their ids."""
    if len(query.observation) > MOST:
        raise RequestTooLarge(
            "observation has {observation_count} stations; at most {limit} are drawn",
            observation_count=len(query.observation),
            limit=MOST,
            field="$.observation",
        )
    ids = [
        None if isinstance(one, InlineStation) else number(one, f"$.observation[{position}]")
        for position, one in enumerate(query.observation)
    ]
    with named_as_asked(members={"id": "$.observation", "ids": "$.observation"}):
        wanted = [one for one in ids if one is not None]
        known = iter(await near.observed.observed(wanted) if wanted else [])
    return [
        read_inline(one, f"$.observation[{position}]") if isinstance(one, InlineStation) else next(known)
        for position, one in enumerate(query.observation)
    ]


def _chosen(query: Query, stations: Sequence[ObservedStation]) -> list[str]:
    """The keys of the quantities that are asked for."""
    offered = list(dict.fromkeys(each.key for one in stations for each in one.variables))
    if query.observation_variable is None:
        return offered[:MAX_VARIABLES]
    first = [each.key for each in stations[0].variables]
    return [first[one] for one in chosen(query.observation_variable, first, "$.observation_variable")]


def _compared(fetched: Observations) -> list[Compared]:
    measures = {
        each.key: Measure(key=each.key, name=each.name, units=each.units)
        for one in reversed(fetched.stations)
        for each in one.variables
    }
    columns = [(one.variable, one.columns()) for one in fetched.modelled]
    return compared(fetched.stations, [measures[key] for key in fetched.chosen], columns)


def _marked(query: Query, fetched: Observations) -> list[Dotted]:
    return [
        Dotted(
            place=(one.latitude, one.longitude),
            name=_named(query, fetched, position),
            number=position,
            data=bool(one.variables) or any(each.where[position] for each in fetched.modelled),
            alone=len(fetched.stations) == 1,
        )
        for position, one in enumerate(fetched.stations)
    ]


def _named(query: Query, fetched: Observations, position: int) -> str | None:
    given = query.names or []
    return (given[position] if position < len(given) else None) or fetched.stations[position].name


def _name(quantity: Compared, sheet: Sheet) -> str:
    return sheet.translate.quantity(quantity.name) or quantity.name


def _source(query: Query, fetched: Observations) -> str:
    """The model."""
    return next((one.variable.dataset_name for one in fetched.modelled if one.variable.dataset_name), query.dataset)


def _credit(query: Query, fetched: Observations, sheet: Sheet) -> str:
    """Who made what was measured, and who the model's values."""
    known = next((one.variable.attribution for one in fetched.modelled if one.variable.attribution), None)
    model = known or _source(query, fetched) if fetched.modelled else ""
    return credit((one.attribution for one in fetched.stations), model, sheet)


def _title(quantities: list[Compared], marked: list[Dotted], sheet: Sheet) -> str:
    translate, words = sheet.translate, sheet.words
    names = words.quantities([_name(one, sheet) for one in quantities])
    where = marked[0].label(words) if len(marked) == 1 else translate("{count} stations", count=len(marked))
    if any(map(_is_both, quantities)) and _has_model(quantities):
        return translate("{names} at {where}: observed and modelled", names=names, where=where)
    return translate("{names} at {where}", names=names, where=where)


def _is_both(quantity: Compared) -> bool:
    return quantity.variable is not None and quantity.is_measured


def _has_model(quantities: list[Compared]) -> bool:
    return any(np.isfinite(values).any() for one in quantities for _, values in one.modelled)


def _when(fetched: Observations, sheet: Sheet) -> str:
    times = sorted(one.time for one in fetched.stations)
    return sheet.words.span(times[0], times[-1], None if times[0] == times[-1] else "day")


def _notes(fetched: Observations, quantities: list[Compared], sheet: Sheet) -> list[str]:
    """When the model's values are of, where that is another time than the observation's, and that it has none."""
    translate, words = sheet.translate, sheet.words
    if fetched.modelled and not _has_model(quantities):
        return [
            translate(
                "{model} has no values here", model=fetched.modelled[0].variable.dataset_name or translate("the model")
            )
        ]
    apart = [
        (step - datetime.fromisoformat(station.time).timestamp(), step, one.variable.quantum)
        for one in fetched.modelled
        for station, step, where in zip(fetched.stations, one.steps, one.where, strict=True)
        if step is not None and where is not None
    ]
    if not apart:
        return []
    most, step, quantum = max(apart, key=lambda one: abs(one[0]))
    if abs(most) <= QUANTA.get(quantum or "", QUANTA["day"]):
        return []
    when, long = words.instant(datetime.fromtimestamp(step, UTC).isoformat(), quantum), words.lasting(most)
    if most > 0:
        return [translate("model of {when}, {long} later", when=when, long=long)]
    return [translate("model of {when}, {long} earlier", when=when, long=long)]


def _deepest(quantity: Compared) -> float:
    """How far down a panel goes: as far as was measured, and where that is the surface alone a little further."""
    return max(1.05 * quantity.deepest, min(SHALLOW, _levels_end(quantity)))


def _levels_end(quantity: Compared) -> float:
    return max((float(depth.max(initial=0.0)) for depth, _ in quantity.modelled), default=0.0)


def _panel(panel: Axes, quantity: Compared, marked: list[Dotted], deepest: float, sheet: Sheet) -> None:
    translate, sizes, drawn = sheet.translate, sheet.sizes, False
    for station, measured, (depth, values) in zip(marked, quantity.measured, quantity.modelled, strict=True):
        # One level more than is seen, so that the line goes on to the edge.
        last = int(np.searchsorted(depth, 1.03 * deepest)) + 1
        drawn |= comparing.draw(panel, Series(role="model", label=""), station, (depth[:last], values[:last]), sizes)
        drawn |= comparing.draw(panel, Series(role="observed", label=""), station, measured, sizes)
    axis.quantity(panel, sheet.words.measured(_name(quantity, sheet), quantity.units), None, sheet)
    if not drawn:
        axis.nothing(panel, translate("no data at these stations"), sizes)
        return
    if line := _agreement(quantity, sheet):
        title = folded(line, inches(panel)[0], sizes.small)
        panel.set_title(title, loc="left", fontsize=sizes.small, color=MUTED)


def _agreement(quantity: Compared, sheet: Sheet) -> str:
    """How well the model agrees with what was measured."""
    translate, words = sheet.translate, sheet.words
    observed, model = quantity.pooled()
    found = Agreement.of(model, observed)
    if found is None:
        return ""
    error = words.value(found.error, quantity.units, 2)
    return translate("model: bias {bias}, RMSE {error}", bias=words.number(found.bias, 2), error=error)


def _told(quantity: Compared, sheet: Sheet) -> str:
    """A quantity in words."""
    translate, name, parts = sheet.translate, _name(quantity, sheet), []
    for role, levels in (("observed", quantity.measured), ("model", quantity.modelled)):
        values = np.concatenate([one[1] for one in levels])
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        low, high = sheet.words.number(float(values.min())), sheet.words.value(float(values.max()), quantity.units)
        if role == "observed":
            parts.append(translate("{name}: observed from {low} to {high}.", name=name, low=low, high=high))
        else:
            parts.append(translate("{name}: modelled from {low} to {high}.", name=name, low=low, high=high))
    if line := _agreement(quantity, sheet):
        parts.append(f"{line[:1].upper()}{line[1:]}.")
    return " ".join(parts) or translate("{name}: no data at these stations.", name=name)
