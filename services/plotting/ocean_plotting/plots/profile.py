"""Profiles: variables over depth, at one time, at several stations."""

import asyncio
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from msgspec.structs import replace

from ocean_common.contracts.extractions import Coverage, PointsAsked
from ocean_common.errors import NotSupported
from ocean_common.texts import Say
from ocean_plotting.domain.coverage import Read
from ocean_plotting.domain.table import Column, Rows, Table
from ocean_plotting.figures import axes as axis
from ocean_plotting.figures import stations
from ocean_plotting.figures.picture import About, Picture, frame
from ocean_plotting.figures.sheet import Sheet
from ocean_plotting.plots.asked import AtStations, Fetched, Range, Time, named_as_asked, positions, ranges
from ocean_plotting.plots.neighbours import Neighbours

PANELS = 3  # in a row


class ProfileQuery(AtStations, frozen=True, kw_only=True):
    """What a profile plot is asked for."""

    time: Time = -1
    variable_range: Annotated[
        list[Range | None] | None, msgspec.Meta(description="[min, max] of each variable's axis; null: by the values")
    ] = None


Query = ProfileQuery  # the name that every kind has; the document names it by what it is


class Profiles(Fetched, frozen=True, kw_only=True):
    """Each variable, in the order asked for, at every station: on levels of its own."""

    coverages: list[Coverage]


class Profile:
    """One variable at every station."""

    def __init__(self, coverage: Coverage) -> None:
        read = Read(coverage)
        self.info = read.variables[0]
        self.places = read.places
        self.values = read.field(self.info.key, "depth", "point", "time")[..., 0]  # (depth, point)
        depths = read.coordinate("depth", "depth", "point", "time") if read.has("depth") else np.zeros((1, 1, 1))
        self.depths = np.broadcast_to(depths[..., 0], self.values.shape)  # m; true ones where levels follow the floor
        self.levels = read.has("depth") or len(self.values) == 1

    def at(self, station: int) -> tuple[list[float], list[float]]:
        """Depths (m) at which a station has values, and the values."""
        depth, value = self.depths[:, station], self.values[:, station]
        there = ~np.isnan(value)
        return np.where(np.isnan(depth), 0.0, depth)[there].tolist(), value[there].tolist()

    @property
    def deepest(self) -> float:
        """Greatest depth (m) at which any station has a value."""
        depths = np.where(np.isnan(self.values), 0.0, self.depths)
        return float(np.nan_to_num(depths).max(initial=0.0))


def asked(query: Query) -> PointsAsked:
    """All variables at all stations at once."""
    variables, points = query.variables(), positions(query.station)
    ranges(query.variable_range, len(variables))
    return PointsAsked(
        dataset=query.dataset,
        variables=variables,
        points=points,
        time=str(query.time),
        depth="all",
        form="points",
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )


async def fetch(near: Neighbours, query: Query) -> Profiles:
    """Ask for every variable, each on its own levels."""
    whole = asked(query)
    each = [replace(whole, variables=[key]) for key in whole.variables]
    with named_as_asked():
        coverages = await asyncio.gather(*map(near.numbers.extract, each))
    for one in map(Profile, coverages):
        if not one.levels:
            raise NotSupported(
                f"the levels of {one.info.key} have no depth in m: the data service has their values level by level",
                field="$.variable",
            )
    return Profiles(
        time=Read(coverages[0]).times[0],
        revisions={query.dataset: coverages[0].revision},
        coverages=list(coverages),
    )


def draw(query: Query, fetched: Profiles, sheet: Sheet) -> Picture:
    """Draw a panel for each variable, every station in each, and beside them where the stations are."""
    figure, words, say = Figure(figsize=sheet.size), sheet.words, sheet.say
    profiles = list(map(Profile, fetched.coverages))
    first = profiles[0].info
    names = words.listing([words.name(one.info) for one in profiles])
    when = words.instant(fetched.time, query.quantum or first.quantum)
    marked = _stations(query, profiles)
    title = query.plotTitle or _title(say, names, marked, sheet)
    source = first.dataset_name or first.dataset
    frame(figure, title, f"{source}  ·  {when}", first.attribution or source, sheet.sizes)
    explain = bool(query.showmap) or len(marked) > 1 or not all(one.data for one in marked)
    side = explain and sheet.width >= stations.ROOM[0] and sheet.height >= stations.ROOM[1]
    panels, beside = _panels(figure, len(profiles), side=side)
    limits = ranges(query.variable_range, len(profiles))
    deepest = max(one.deepest for one in profiles)
    for position, (panel, profile, limit) in enumerate(zip(panels, profiles, limits, strict=True)):
        # The same depths in every panel, but for variables of the surface alone.
        axis.depth_down(panel, deepest if profile.deepest > 0 else 0.0, sheet, named=position % PANELS == 0)
        _panel(panel, profile, marked, limit, sheet)
    if side:
        stations.show(figure, beside, marked, sheet, chart=bool(query.showmap))
    about = About.of(
        title=f"{title} ({source})",
        alt=" ".join([say("{title}, {time}.", title=title, time=when), *(_told(one, sheet) for one in profiles)]),
        source=first.attribution or source,
        dataset=first.dataset,
        revision=fetched.revisions[first.dataset],
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def table(query: Query, fetched: Profiles, sheet: Sheet) -> Table:
    """Put every station and depth that has a value in a row."""
    say, words, profiles = sheet.say, sheet.words, list(map(Profile, fetched.coverages))
    first, rows, names = profiles[0].info, Rows(), []
    for station, place in enumerate(profiles[0].places):
        columns = [dict(zip(*one.at(station), strict=True)) for one in profiles]
        depths = sorted(set().union(*columns))
        rows.rows += [(*place, depth, *(column.get(depth, np.nan) for column in columns)) for depth in depths]
        names += [_named(query, station) or f"{station + 1}"] * len(depths)
    header = [
        (say("Dataset"), first.dataset_name or first.dataset),
        (say("Attribution"), first.attribution or ""),
        (say("Timestamp"), fetched.time),
    ]
    fixed = [
        Column(name=say("Station"), role="station", values=names, context=True),
        Column(name=say("Time"), role="time", values=[fetched.time] * len(names), context=True),
        Column(name=say("Latitude"), role="latitude", values=rows.column(0)),
        Column(name=say("Longitude"), role="longitude", values=rows.column(1)),
        Column(name=say("Depth"), role="depth", units="m", values=rows.column(2)),
    ]
    values = [
        Column(name=words.name(one.info), units=one.info.units, values=rows.column(3 + position))
        for position, one in enumerate(profiles)
    ]
    return Table(header=header, columns=[*fixed, *values])


def _title(say: Say, names: str, marked: list[stations.Marked], sheet: Sheet) -> str:
    if len(marked) > 1:
        return say("{names} profiles at {count} stations", names=names, count=len(marked))
    return say("{names} profile at {station}", names=names, station=marked[0].label(sheet.words))


def _told(profile: Profile, sheet: Sheet) -> str:
    """A variable in words: from where to where its values go, and how from the surface down."""
    say, words, name = sheet.say, sheet.words, sheet.words.name(profile.info)
    if np.isnan(profile.values).all():
        return say("{name}: no data at these stations.", name=name)
    low, high = np.nanmin(profile.values), np.nanmax(profile.values)
    return say(
        "{name} from {low} to {high}, down to {depth}.",
        name=name,
        low=words.number(float(low)),
        high=words.value(float(high), profile.info.units),
        depth=words.value(profile.deepest, "m", 0),
    )


def _named(query: Query, station: int) -> str | None:
    given = query.names or []
    return given[station] if station < len(given) else None


def _stations(query: Query, profiles: list[Profile]) -> list[stations.Marked]:
    return [
        stations.Marked(
            place=where,
            name=_named(query, position),
            number=position,
            data=any(one.at(position)[0] for one in profiles),
        )
        for position, where in enumerate(profiles[0].places)
    ]


def _panels(figure: Figure, number: int, *, side: bool) -> tuple[list[Axes], SubplotSpec]:
    """Room for the variables, and beside them for the stations."""
    across = min(number, PANELS)
    down = -(-number // across)
    widths = [1.0] * across + ([stations.share(across)] if side else [])
    grid = figure.add_gridspec(down, len(widths), width_ratios=widths)
    panels = [figure.add_subplot(grid[position // across, position % across]) for position in range(number)]
    return panels, grid[:, -1]


def _panel(
    panel: Axes, profile: Profile, marked: list[stations.Marked], limit: tuple[float, float] | None, sheet: Sheet
) -> None:
    say, found = sheet.say, False
    for station in marked:
        depth, value = profile.at(station.number)
        if depth:
            panel.plot(value, depth, **station.style(sheet.sizes, markers=len(depth) <= axis.FEW_LEVELS))
            found = True
    axis.quantity(panel, sheet.words.quantity(profile.info), limit, sheet)
    if not found:
        axis.nothing(panel, say("no data at these stations"), sheet.sizes)
