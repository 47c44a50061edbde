"""Transects: the slice of the sea beneath a path, at one time."""

import asyncio
import math
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from msgspec.structs import replace

from ocean_common.contracts.extractions import Coverage, TransectRequest
from ocean_common.errors import InvalidRequest, NotSupported
from ocean_plotting.export.output import Output
from ocean_plotting.figure import along, section
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import About, Picture, figure_of, frame
from ocean_plotting.figure.shading import bar
from ocean_plotting.figure.tick_thinning import relieve
from ocean_plotting.plots import path as paths
from ocean_plotting.plots.coverage import Floats, Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.panels import Shown, columns_of, told
from ocean_plotting.plots.path import VECTOR, AlongPath, Side, source_of
from ocean_plotting.plots.query_common import Comparison, Fetched, Time
from ocean_plotting.plots.sea_floor import Beneath, Part, compared
from ocean_plotting.plots.section_cells import onto
from ocean_plotting.plots.table import Column, Table

NONE = ("", "none")  # as front ends write "no variable"
NARROWEST = 1.5  # inches of a column of panels: a stamp has no room for three
STRIP_ROOM = 2.6  # inches that a figure must be high for a strip above its panels
Number = float | str | bool | None


class TransectQuery(AlongPath, frozen=True, kw_only=True):
    """What a transect is asked for."""

    time: Time = -1
    surfacevariable: (
        Annotated[
            str, msgspec.Meta(max_length=200, description="key of a variable to draw above; none, empty, null: none")
        ]
        | None
    ) = None
    selectedPlots: Annotated[  # noqa: N815 - as the API spells it
        str | list[int] | None,
        msgspec.Meta(
            description="of a vector: flags for its magnitude, its part along the path and that across it",
            examples=["0,1,1"],
        ),
    ] = None
    linearthresh: Annotated[
        Number,
        msgspec.Meta(description="m: below it the depth axis is stretched; false, null or 0: nowhere", examples=[200]),
    ] = None
    depth_limit: Annotated[
        Number,
        msgspec.Meta(description="m: down to where it is drawn; false or null: to the sea floor", examples=[500]),
    ] = None
    profile_distance: Annotated[
        Number,
        msgspec.Meta(description="metres along the path, of a profile to draw beside; -1 or null: none", examples=[-1]),
    ] = None


Query = TransectQuery


class Transects(Fetched, frozen=True, kw_only=True):
    """What is beneath the path, in one or two datasets, and above it."""

    first: Side
    second: Side | None = None
    surface: Coverage | None = None


def asked(query: Query) -> TransectRequest:
    """Its variable, or the parts of its two, beneath the path."""
    return _asked(query, query.variables(2), query.dataset, query.time, paths.places_of(query, None))


def _asked(query: Query, keys: list[str], dataset: str, time: Time, points: int) -> TransectRequest:
    return TransectRequest(
        dataset=dataset,
        variables=keys,
        vector=VECTOR if len(keys) == 2 else [],
        path=paths.way_points(query),
        points=points,
        time=str(time),
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )


async def fetch(near: Neighbours, query: Query, output: Output | None = None) -> Transects:
    """Ask for what is beneath the path, in both datasets, and for what is above."""
    paths.check(query)
    shown, wanted = selected(query), query.selectedPlots is not None
    for name in ("linearthresh", "depth_limit", "profile_distance"):
        metres(getattr(query, name), f"$.{name}")
    second, points = query.compare_to or None, paths.places_of(query, output)
    first, other, surface = await asyncio.gather(
        paths.side(
            near, query, None, lambda keys, dataset: _asked(query, keys, dataset, query.time, points), parts=wanted
        ),
        _second(near, query, second, points, parts=wanted),
        _surface(near, query, points),
    )
    found = Transects(
        time=next(iter(Read(first.coverage).times), ""),
        revisions={one.about.dataset: one.coverage.revision for one in (other, first) if one},
        first=first,
        second=other,
        surface=surface,
    )
    _check(query, found, shown)
    return found


async def _second(
    near: Neighbours, query: Query, second: Comparison | None, points: int, *, parts: bool
) -> Side | None:
    if second is None:
        return None
    time = query.time if second.time is None else second.time
    return await paths.side(
        near, query, second, lambda keys, dataset: _asked(query, keys, dataset, time, points), parts=parts
    )


async def _surface(near: Neighbours, query: Query, points: int) -> Coverage | None:
    key = (query.surfacevariable or "").strip()
    if key.lower() in NONE:
        return None
    ask = replace(_asked(query, [key], query.dataset, query.time, points), depth="0", bathymetry=False)
    members = paths.OF_PATH | dict.fromkeys(("variable", "variables"), "$.surfacevariable")
    with paths.on_the_path(members=members):
        return await near.numbers.extract(ask)


def _check(query: Query, found: Transects, shown: list[int]) -> None:
    """Refuse what cannot be drawn."""
    sides = [Beneath(one, Sheet()) for one in (found.first, found.second) if one]
    for one, field in zip(sides, ("$.variable", "$.compare_to.variable"), strict=False):
        if not one.levels:
            raise NotSupported(
                "the levels of {key} have no depth in m: there is no section to draw of them",
                key=one.about.key,
                field=field,
            )
    if len(sides) == 2:
        if len(sides[0].parts) != len(sides[1].parts) or sides[0].deep != sides[1].deep:
            raise NotSupported(
                "{key} and {second_key} cannot be compared: both are vectors, or none is, and "
                "both have depths, or none has",
                key=sides[0].about.key,
                second_key=sides[1].about.key,
                field="$.compare_to.variable",
            )
        paths.fitting(sides[0].parts[0].info, sides[1].parts[0].info)
    at, length = metres(query.profile_distance, "$.profile_distance"), 1000 * float(sides[0].cut.distance[-1])
    if at is not None and at > length + 1:
        raise InvalidRequest(
            "profile_distance is {position:.0f} m, and the path is {length:.0f} m long",
            position=at,
            length=length,
            field="$.profile_distance",
        )
    if len(sides[0].parts) > 1 and not shown:
        raise InvalidRequest(
            "selectedPlots chooses nothing; of magnitude, along and across one is 1: 0,1,1", field="$.selectedPlots"
        )


def selected(query: Query) -> list[int]:
    """Which of the parts of a vector are drawn: 0 for magnitude, 1 for along, 2 for across.

    Raises
    ------
    InvalidRequest
        It is not three flags.
    """
    given = "0,1,1" if query.selectedPlots is None else query.selectedPlots
    flags = [str(one).strip() for one in (given.split(",") if isinstance(given, str) else given)]
    if len(flags) != len(VECTOR) or not set(flags) <= {"0", "1"}:
        raise InvalidRequest(
            "selectedPlots is {value!r}; it is three flags, 0 or 1, for magnitude, along and across: 0,1,1",
            value=str(given)[:40],
            field="$.selectedPlots",
        )
    return [number for number, flag in enumerate(flags) if flag == "1"]


def metres(given: Number, field: str) -> float | None:
    """Read a number of metres as front ends write it: false, null, nothing and negative ones are none.

    Raises
    ------
    InvalidRequest
        It is no number.
    """
    if given is None or given is False or (isinstance(given, str) and not given.strip()):
        return None
    try:
        read = math.nan if given is True else float(given)
    except ValueError:
        read = math.nan
    if not math.isfinite(read):
        raise InvalidRequest(
            "{name} is {value!r}; it is a number of metres, or false", name=field, value=str(given)[:40], field=field
        )
    return read if read > 0 or (read == 0 and field == "$.profile_distance") else None


def draw(query: Query, fetched: Transects, sheet: Sheet) -> Picture:
    """Draw a panel for each part; of two datasets, both and their difference."""
    figure, words, translate = Figure(figsize=sheet.size), sheet.words, sheet.translate
    first = Beneath(fetched.first, sheet)
    second = Beneath(fetched.second, sheet) if fetched.second else None
    source, when = source_of(first.about), _when(first, query, sheet)
    chosen_parts = chosen(query, first)
    shown = columns_of(
        query, first, second, sheet, chosen=chosen_parts, limit=metres(query.depth_limit, "$.depth_limit")
    )
    shown = shown[: max(1, int(sheet.width / NARROWEST))]
    name = first.parts[chosen_parts[0]].name if len(chosen_parts) == 1 else first.name
    title = paths.title_of(query, name, first.places, words)
    under = f"{source}  ·  {when}" if when else source
    if second:
        both = [f"{source_of(one.about)}, {_when(one, query, sheet)}" for one in (first, second)]
        under = translate("{first} compared with {second}", first=both[0], second=both[1])
    credit = paths.credit_of([one.about for one in (first, second) if one])
    frame(figure, title, under, credit, sheet.sizes)
    way = along.way_of(paths.way_points(query), first.places, first.cut.distance)
    side = bool(query.showmap) and along.has_room(sheet, len(shown))
    at = _profile_at(query, first.cut.distance) if first.deep and sheet.width >= along.ROOM[0] else None
    room = section.laid_out(
        figure,
        len(shown[0]),
        len(shown),
        sheet,
        strip=fetched.surface is not None and sheet.height >= STRIP_ROOM,
        profile=at is not None,
        side=side,
    )
    for number, column in enumerate(shown):
        axes = room.panels[number], room.profiles[number]
        _column(query, column, axes, sheet, at=at, above=not room.strips)
        if fetched.surface and room.strips:
            label, values = _surface_values(fetched.surface, sheet)
            section.strip(room.strips[number], first.cut.distance, values, label, sheet)
    section.finish(room, way, sheet)
    if room.beside is not None:
        along.beside(figure, room.beside, way, sheet)
    relieve(figure, [one for column in room.panels for one in column])
    about = About.of(
        title=f"{title} ({source})",
        alt=" ".join([translate("{title}, {time}.", title=title, time=when), *told(shown, sheet)]),
        source=credit,
        dataset=first.about.dataset,
        revision=fetched.revisions[first.about.dataset],
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def _column(
    query: Query, column: list[Shown], axes: tuple[list[Axes], list[Axes]], sheet: Sheet, *, at: int | None, above: bool
) -> None:
    """Draw the panels of a column, one above the other, and profiles at a place beside them."""
    linear = metres(query.linearthresh, "$.linearthresh") or 0.0
    for row, (one, panel) in enumerate(zip(column, axes[0], strict=True)):
        if one.title:
            section.titled(panel, one.title, sheet, above=row == 0 and above)
        if one.floor is None:
            section.line(panel, one.cut.distance, one.part.values[0], one.limits, sheet)
            section.name_quantity(panel, one.shaded.label, sheet)
            continue
        depths = (one.deepest, linear)
        section.panel(panel, one.cut, one.part.values, one.floor, one.shaded, depths=depths, sheet=sheet)
        bar(figure_of(panel), panel, one.shaded, sheet)
        if at is not None:
            section.mark_profile(panel, float(one.cut.distance[at]))
            label = one.shaded.label
            section.beside(axes[1][row], one.cut, one.part.values, sheet, at=at, label=label, depths=depths)


def chosen(query: Query, beneath: Beneath) -> list[int]:
    """Which parts are drawn: of one variable the only one."""
    return selected(query) if len(beneath.parts) > 1 else [0]


def table(query: Query, fetched: Transects, sheet: Sheet) -> Table:
    """Put every place and depth that has a value in a row; of two datasets, on the levels of the first."""
    translate = sheet.translate
    first = Beneath(fetched.first, sheet)
    second = Beneath(fetched.second, sheet) if fetched.second else None
    parts = [_columns(first, second, number, sheet) for number in chosen(query, first)]
    values = [column for columns in parts for column in columns]
    there = np.any([np.isfinite(one.values) for one in values], axis=0)
    place, level = np.nonzero(there.T)  # place by place, from the surface down

    def at_places(each: Floats) -> Floats:
        return each[place]

    latitude, longitude = np.array(first.places, dtype=float).T
    columns = [
        Column(name=translate("Time"), role="time", values=[fetched.time] * len(place), context=True),
        Column(name=translate("Latitude"), role="latitude", values=at_places(latitude)),
        Column(name=translate("Longitude"), role="longitude", values=at_places(longitude)),
        Column(name=translate("Distance"), role="distance", units="km", values=at_places(first.cut.distance)),
    ]
    if first.deep:
        depths = first.cut.depths[level, place]
        columns.append(Column(name=translate("Depth"), role="depth", units="m", values=depths))
    if fetched.surface:
        read = Read(fetched.surface)
        info = read.variables[0]
        above = at_places(read.field(info.key, "time", "depth", "distance")[0, 0])
        columns.append(Column(name=sheet.words.name(info), role="other", units=info.units, values=above))
    columns += [Column(name=one.name, units=one.info.units, values=one.values[level, place]) for one in values]
    about = first.about
    header = [
        (translate("Dataset"), source_of(about)),
        (translate("Attribution"), about.attribution or ""),
        (translate("Timestamp"), fetched.time),
    ]
    if second:
        header.append((translate("Compared with"), f"{source_of(second.about)}, {second.time}"))
    return Table(header=header, columns=columns)


def _columns(first: Beneath, second: Beneath | None, number: int, sheet: Sheet) -> list[Part]:
    """A part; in two datasets, both on the levels of the first, and the difference."""
    if second is None:
        return [first.parts[number]]
    both = compared(first, second, number, sheet)
    there = onto(both.second.values, second.cut.depths, first.cut.depths) if first.deep else both.second.values
    name = f"{both.second.name}, {source_of(second.about)}"
    return [both.first, Part(info=both.second.info, name=name, values=there), both.difference]


def _surface_values(surface: Coverage, sheet: Sheet) -> tuple[str, Floats]:
    read = Read(surface)
    info = read.variables[0]
    return sheet.words.quantity(info), read.field(info.key, "time", "depth", "distance")[0, 0]


def _profile_at(query: Query, distance: Floats) -> int | None:
    """The place nearest to the distance that a profile is asked for at."""
    at = metres(query.profile_distance, "$.profile_distance")
    return None if at is None else int(np.abs(distance - at / 1000).argmin())


def _when(one: Beneath, query: Query, sheet: Sheet) -> str:
    return sheet.words.instant(one.time, query.quantum or one.about.quantum)
