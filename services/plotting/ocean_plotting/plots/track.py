"""Ways of platforms: what was measured along them, and what the model says of the same places and times."""

import asyncio
from typing import Annotated, cast

import msgspec
import numpy as np
from matplotlib.figure import Figure
from msgspec.structs import replace

from ocean_common.contracts.extractions import TrajectoryRequest
from ocean_common.contracts.observations import PlatformTrack
from ocean_common.errors import (
    DepthNotFound,
    NothingInView,
    NotSupported,
    PointOutsideGrid,
    RequestTooLarge,
    TimeNotFound,
)
from ocean_core.geometry import wrap_longitude
from ocean_core.time import QUANTA, Quantum
from ocean_plotting.figure import labels
from ocean_plotting.figure import trajectories as drawing
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import About, Picture, frame
from ocean_plotting.figure.trajectories import Plan
from ocean_plotting.plots import attribution as owed
from ocean_plotting.plots.coverage import Floats, Read, array
from ocean_plotting.plots.id_list import Numbers, chosen, numbers
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import Common, Fetched, Level, ShowMap, Variables, named_as_asked
from ocean_plotting.plots.table import Column, Table
from ocean_plotting.plots.trajectories import (
    Along,
    Measured,
    Modelled,
    Outside,
    Way,
    along,
    averaged,
    iso,
    packed,
    travelled,
)
from ocean_plotting.plots.words import one_of

MOST = 20  # platforms
MOST_STEPS = 10_000  # of a way
ASKED = {"start": "$.starttime", "end": "$.endtime", "id": "$.track", "platform": "$.track"}


class TrackQuery(Common, frozen=True, kw_only=True):
    """What a plot of tracks is asked for."""

    track: Annotated[Numbers, msgspec.Meta(description="ids of platforms", examples=[[3]])]
    trackvariable: Annotated[
        Numbers | None, msgspec.Meta(description="which of the first platform's quantities, from 0; null: all")
    ] = None
    starttime: Annotated[
        str | None, msgspec.Meta(description="date, or ISO 8601; null: from the first", examples=["2022-10-07"])
    ] = None
    endtime: Annotated[str | None, msgspec.Meta(description="date: its whole day, or ISO 8601; null: to the last")] = (
        None
    )
    variable: Variables | None = "votemper"  # type: ignore[assignment] # null: no model
    track_quantum: Annotated[
        str | None,
        msgspec.Meta(
            extra_json_schema={
                "description": "values are the means of hours, days, …",
                "extra": {"enum": list(QUANTA[::-1])},
            }
        ),
    ] = "hour"
    latlon: Annotated[bool | int | None, msgspec.Meta(description="draw latitude and longitude too")] = True
    depth: Level | None = 0
    showmap: ShowMap = True

    def datasets(self) -> list[str]:
        """None: observations have no revision."""
        return []


Query = TrackQuery


class Tracks(Fetched, frozen=True, kw_only=True):
    """The ways, each with its values."""

    ways: list[Way]


async def fetch(near: Neighbours, query: Query) -> Tracks:
    """Ask for the ways, then for the model along them."""
    quantum = cast(Quantum, one_of(query.track_quantum or "hour", QUANTA[::-1], "$.track_quantum"))
    query.interpolation()
    keys = query.variables() if query.variable else []
    platforms = numbers(query.track, "$.track")
    if not 0 < len(platforms) <= MOST:
        raise RequestTooLarge(
            "track has {platforms_count} platforms; 1 to {limit} are drawn",
            platforms_count=len(platforms),
            limit=MOST,
            field="$.track",
        )
    with named_as_asked(members=ASKED):
        asked = (near.observed.track(one, query.starttime or "", query.endtime or "") for one in platforms)
        tracks = await asyncio.gather(*asked)
    wanted = _wanted(query, tracks[0])
    ends = "$.endtime" if query.starttime is None and query.endtime is not None else "$.starttime"
    ways = [_way(one, quantum, wanted, ends) for one in tracks]
    with named_as_asked():
        depths = await asyncio.gather(*(_depth(near, query, key) for key in keys))
        modelled = [
            await asyncio.gather(
                *(_modelled(near, query, way, key, depth) for key, depth in zip(keys, depths, strict=True))
            )
            for way in ways
        ]
    revision = next((one.revision for each in modelled for one in each if one.revision), "")
    ways = [replace(way, modelled=list(each)) for way, each in zip(ways, modelled, strict=True)]
    first = min(float(array(one.seconds)[0]) for one in ways)
    return Tracks(time=iso(np.array([first]))[0], revisions={query.dataset: revision}, ways=ways)


def _wanted(query: Query, first: PlatformTrack) -> list[str] | None:
    """The keys of the quantities that are asked for; None: all."""
    if query.trackvariable is None:
        return None
    names = [one.key for one in first.variables]
    if not names:
        return []  # of positions alone; the front end asks for the first quantity all the same
    return [names[one] for one in chosen(query.trackvariable, names, "$.trackvariable")]


def _way(track: PlatformTrack, quantum: Quantum, wanted: list[str] | None, ends: str = "$.starttime") -> Way:
    """The means of a way; ``ends``: the member that says from when to when.

    Raises
    ------
    NothingInView, RequestTooLarge
        It is empty, or of too many steps.
    """
    steps = averaged(track, quantum)
    if not steps.seconds.size:
        raise NothingInView(
            "the platform {name} has no positions in this time; tracktimerange/{id}.json tells its own",
            name=track.name,
            id=track.id,
            field=ends,
        )
    if steps.seconds.size > MOST_STEPS:
        raise RequestTooLarge(
            "the track of {name} has {size} steps of a {quantum}; at most {max_steps} are drawn:"
            " ask for a longer track_quantum or a shorter time",
            name=track.name,
            size=steps.seconds.size,
            quantum=quantum,
            max_steps=MOST_STEPS,
            field="$.track_quantum",
        )
    return Way(
        name=track.name,
        seconds=packed(steps.seconds),
        latitude=packed(steps.latitude),
        longitude=packed(steps.longitude),
        measured=[
            Measured(key=one.key, name=one.name, units=one.units, values=packed(values))
            for one, values in zip(track.variables, steps.values, strict=True)
            if wanted is None or one.key in wanted
        ],
        modelled=[],
        attribution=track.attribution,
    )


async def _depth(near: Neighbours, query: Query, key: str) -> float | None:
    """How deep (m) a variable is wanted; None: its first level.

    Raises
    ------
    NotSupported, DepthNotFound
        Platforms are at one depth, and levels must have theirs in m.
    """
    given = str(query.depth if query.depth is not None else 0).strip()
    if not given.isdigit():
        raise NotSupported(
            "$.depth is {value!r}; a track is at one level: give its index", value=given[:40], field="$.depth"
        )
    level, vertical = int(given[:9]), (await near.catalogue.assets(query.dataset, key)).depth
    if level == 0 or vertical is None:
        return None
    if level >= len(vertical.values):
        raise DepthNotFound(
            "$.depth is {level}; {key} has the levels 0 to {values_count}",
            level=level,
            key=key,
            values_count=len(vertical.values) - 1,
            field="$.depth",
        )
    if vertical.kind not in {"depth", "height"}:
        raise NotSupported(
            "the levels of {key} have no depth in m that is the same everywhere: a track can be at level 0 alone",
            key=key,
            field="$.depth",
        )
    return abs(vertical.values[level])


async def _modelled(near: Neighbours, query: Query, way: Way, key: str, depth: float | None) -> Modelled:
    """Ask for a variable along a way; where the way leaves the model's time or grid it has none."""
    points = list(zip(array(way.latitude).tolist(), wrap_longitude(array(way.longitude)).tolist(), strict=True))
    asked = TrajectoryRequest(
        dataset=query.dataset,
        variables=[key],
        points=points,
        times=iso(array(way.seconds)),
        depths=[] if depth is None else [depth] * len(points),
        between="linear",
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )
    outside: Outside
    try:
        coverage = await near.numbers.extract(asked)
    except TimeNotFound:
        outside = "time"
    except PointOutsideGrid:
        outside = "grid"
    else:
        read = Read(coverage)
        info = read.variables[0]
        return Modelled(variable=info, values=packed(read.field(info.key, "point")), revision=coverage.revision)
    return Modelled(variable=await near.catalogue.variable(query.dataset, key), values=None, outside=outside)


def draw(query: Query, fetched: Tracks, sheet: Sheet) -> Picture:
    """Draw a panel for each quantity through time, and beside them the map."""
    figure, translate, ways = Figure(figsize=sheet.size), sheet.translate, fetched.ways
    every, notes = along(ways), _notes(fetched, sheet)
    shown = [one for one in every if one.is_measured or one.is_modelled]
    title, when = query.plotTitle or _title(ways, shown, sheet), _when(ways, query, sheet)
    credit = _credit(query, fetched, sheet)
    frame(figure, title, "  ·  ".join([when, *notes]), credit, sheet.sizes)
    plan = Plan(
        ways=ways,
        quantities=shown,
        model=_source(query, fetched),
        latlon=bool(query.latlon) or not shown,
        chart=bool(query.showmap),
        quantum=query.track_quantum or "hour",
    )
    drawing.draw(figure, plan, sheet)
    told = [translate("{title}, {time}.", title=title, time=when), *(_told_way(one, sheet) for one in ways)]
    told += [_told(one, sheet) for one in shown] + [f"{note}." for note in notes]
    about = About.of(
        title=title,
        alt=" ".join(told),
        source=credit,
        dataset=query.dataset if ways[0].modelled else "",
        revision=fetched.revisions.get(query.dataset, ""),
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def table(query: Query, fetched: Tracks, sheet: Sheet) -> Table:
    """Put every step of every way in a row."""
    translate, ways, quantities = sheet.translate, fetched.ways, along(fetched.ways)
    lengths = [array(one.seconds).size for one in ways]
    names = [one.name for one, length in zip(ways, lengths, strict=True) for _ in range(length)]

    def column(parts: list[Floats]) -> Floats:
        filled = [one if one.size else np.full(length, np.nan) for one, length in zip(parts, lengths, strict=True)]
        return np.concatenate(filled)

    fixed = [
        Column(name=translate("Platform"), role="station", values=names, context=len(ways) == 1),
        Column(name=translate("Time"), role="time", values=[one for way in ways for one in iso(array(way.seconds))]),
        Column(name=translate("Latitude"), role="latitude", values=column([array(one.latitude) for one in ways])),
        Column(
            name=translate("Longitude"),
            role="longitude",
            values=wrap_longitude(column([array(one.longitude) for one in ways])),
        ),
    ]
    values = []
    for one in quantities:
        name = _name(one, sheet)
        if one.is_measured:
            values.append(
                Column(name=translate("Buoy {name}", name=name), units=one.units, values=column(one.measured))
            )
        if one.variable is not None:
            values.append(
                Column(name=translate("Model {name}", name=name), units=one.units, values=column(one.modelled))
            )
    header = [
        (translate("Platform"), ", ".join(one.name for one in ways)),
        (translate("Dataset"), _source(query, fetched)),
        (translate("Attribution"), _credit(query, fetched, sheet)),
        (translate("Timestamp"), _when(ways, query, sheet)),
        *((translate("Note"), note) for note in _notes(fetched, sheet)),
    ]
    return Table(header=header, columns=[*fixed, *values])


def _name(quantity: Along, sheet: Sheet) -> str:
    return sheet.translate.quantity(quantity.name) or quantity.name


def _source(query: Query, fetched: Tracks) -> str:
    """The model."""
    names = [one.variable.dataset_name for way in fetched.ways for one in way.modelled]
    return next(filter(None, names), query.dataset)


def _credit(query: Query, fetched: Tracks, sheet: Sheet) -> str:
    """Who made what was measured, and who the model's values."""
    known = (one.variable.attribution for way in fetched.ways for one in way.modelled)
    model = next(filter(None, known), _source(query, fetched)) if fetched.ways[0].modelled else ""
    return owed.credit((one.attribution for one in fetched.ways), model, sheet)


def _title(ways: list[Way], quantities: list[Along], sheet: Sheet) -> str:
    translate, words = sheet.translate, sheet.words
    where = words.listing([labels.shortened(one.name, 40) for one in ways[:3]])
    if len(ways) > 3:
        where = translate("{count} platforms", count=len(ways))
    if not quantities:
        return translate("Track of {platforms}", platforms=where)
    names = words.quantities([_name(one, sheet) for one in quantities])
    return translate("{names} along the track of {platforms}", names=names, platforms=where)


def _when(ways: list[Way], query: Query, sheet: Sheet) -> str:
    first = min(array(one.seconds)[0] for one in ways)
    last = max(array(one.seconds)[-1] for one in ways)
    whole = last - first > 2 * 86_400
    begin, end = iso(np.array([first, last]))
    return sheet.words.span(begin, end, "day" if whole else query.quantum)


def _notes(fetched: Tracks, sheet: Sheet) -> list[str]:
    """Where and when the model has nothing to say."""
    translate, notes = sheet.translate, []
    every = [one for way in fetched.ways for one in way.modelled]
    model = next((one.variable.dataset_name or one.variable.dataset for one in every), "")
    if every and all(one.outside == "time" for one in every):
        notes.append(translate("{model} has no values at these times", model=model))
    elif every and all(one.outside == "grid" for one in every):
        notes.append(translate("{model} has no values at these places", model=model))
    elif every:
        values = [array(one.values) for one in every if one.values is not None]
        steps = sum(array(way.seconds).size for way in fetched.ways for _ in way.modelled)
        there = sum(int(np.isfinite(one).sum()) for one in values)
        if there == 0:
            notes.append(translate("{model} has no values here", model=model))
        elif there < steps:
            share = sheet.words.number(100 * there / steps, 0)
            notes.append(translate("{model} has values on {share} % of the way", model=model, share=share))
    return notes


def _told_way(way: Way, sheet: Sheet) -> str:
    """A way in words."""
    translate, words = sheet.translate, sheet.words
    latitude, longitude = array(way.latitude), array(way.longitude)
    return translate(
        "{platform} went from {begin} to {end}, at least {distance}.",
        platform=way.name,
        begin=words.place((float(latitude[0]), float(longitude[0]))),
        end=words.place((float(latitude[-1]), float(longitude[-1]))),
        distance=words.value(travelled(latitude, longitude), "km", 0),
    )


def _told(quantity: Along, sheet: Sheet) -> str:
    """A quantity in words."""
    translate, words, name, parts = sheet.translate, sheet.words, _name(quantity, sheet), []
    for role, each in (("observed", quantity.measured), ("model", quantity.modelled)):
        values = np.concatenate(each)
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        low, high = words.number(float(values.min())), words.value(float(values.max()), quantity.units)
        if role == "observed":
            parts.append(translate("{name}: observed from {low} to {high}.", name=name, low=low, high=high))
        else:
            parts.append(translate("{name}: modelled from {low} to {high}.", name=name, low=low, high=high))
    found = quantity.agreement
    if found is not None:
        error = words.value(found.error, quantity.units, 2)
        parts.append(translate("Model: bias {bias}, RMSE {error}.", bias=words.number(found.bias, 2), error=error))
    return " ".join(parts)
