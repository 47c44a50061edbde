"""Profiles: variables over depth, at one time, at several stations; and those of a second dataset beside them."""

import asyncio
from itertools import product, zip_longest
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from msgspec.structs import replace

from ocean_common.contracts.extractions import Coverage, PointsRequest
from ocean_common.errors import InvalidRequest
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import over_depth
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import MUTED, About, Picture, frame
from ocean_plotting.figure.stations import Marked
from ocean_plotting.plots.coverage import Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.over_depth import (
    DOT,
    OverDepth,
    asked_over_depth,
    credits_of,
    header,
    refuse_unknown_depths,
    source,
    table_columns,
    told,
    told_range,
)
from ocean_plotting.plots.profile_columns import Floats, Profile, difference
from ocean_plotting.plots.query_common import (
    CompareTo,
    Comparison,
    Fetched,
    Range,
    keys_of,
    named_as_asked,
    ranges,
    scale_of,
)
from ocean_plotting.plots.table import Column, Rows, Table

Limits = tuple[float, float] | None
BESIDE = {"linestyle": (0, (4, 1.6)), "markerfacecolor": "white"}  # of the second dataset
SCALE_DIFF = "$.compare_to.scale_diff"


class ProfileQuery(OverDepth, frozen=True, kw_only=True):
    """What a profile plot is asked for."""

    variable_range: Annotated[
        list[Range | None] | None, msgspec.Meta(description="[min, max] of each variable's axis; null: by the values")
    ] = None
    compare_to: CompareTo = None


Query = ProfileQuery  # the name that every kind has; the document names it by what it is


class Profiles(Fetched, frozen=True, kw_only=True):
    """Each variable, in the order asked for, at every station: on levels of its own."""

    coverages: list[Coverage]
    others: list[Coverage] = msgspec.field(default_factory=list)  # the same of the second dataset


class Pair:
    """A variable at every station, and in the same units that of the second dataset, if there is one."""

    def __init__(self, coverage: Coverage, beside: Coverage | None) -> None:
        self.one = Profile(coverage)
        self.info = self.one.info
        self.other = Profile(beside) if beside else None
        if self.other:
            self.other.into(self.info.units, "$.compare_to.variable")

    @property
    def both(self) -> list[Profile]:
        """Those that there are."""
        return [self.one, self.other] if self.other else [self.one]

    @property
    def deepest(self) -> float:
        """Greatest depth (m) at which there is a value."""
        return max(one.deepest for one in self.both)

    def label(self, sheet: Sheet) -> str:
        """Name its axis."""
        names = dict.fromkeys(sheet.words.name(one.info) for one in self.both)
        return sheet.words.measured(sheet.words.quantities(list(names)), self.info.units)


def _pairs(fetched: Profiles) -> list[Pair]:
    return [Pair(*both) for both in zip_longest(fetched.coverages, fetched.others)]


def asked(query: Query) -> PointsRequest:
    """All variables at all stations at once."""
    variables = query.variables()
    ranges(query.variable_range, len(variables))
    return asked_over_depth(query, variables)


def _asked_beside(query: Query) -> PointsRequest | None:
    """The same of the second dataset; what it does not tell is as in the query."""
    second = query.compare_to
    if not isinstance(second, Comparison):
        return None
    first = asked(query)
    variables = keys_of(second.variable, "$.compare_to.variable") if second.variable else first.variables
    if len(variables) != len(first.variables):
        raise InvalidRequest(
            "compare_to has {variables_count} variables and the plot {second_variables_count}; "
            "each is compared with one",
            variables_count=len(variables),
            second_variables_count=len(first.variables),
            field="$.compare_to.variable",
        )
    scale_of(second.scale_diff, SCALE_DIFF)
    time = query.time if second.time is None else second.time
    return replace(first, dataset=second.dataset, variables=variables, time=str(time))


async def fetch(near: Neighbours, query: Query) -> Profiles:
    """Ask for every variable, each on its own levels."""
    beside = _asked_beside(query)
    coverages, others = await asyncio.gather(
        _fetched(near, asked(query), "$"), _fetched(near, beside, "$.compare_to") if beside else _nothing()
    )
    revisions = {one.dataset: one.revision for one in [*others[:1], *coverages[:1]]}
    time = next(filter(None, (Read(one).time for one in coverages)), "")  # a sea floor has none
    return Profiles(time=time, revisions=revisions, coverages=coverages, others=others)


async def _fetched(near: Neighbours, whole: PointsRequest, prefix: str) -> list[Coverage]:
    with named_as_asked(prefix):
        each = [replace(whole, variables=[key]) for key in whole.variables]
        found = await asyncio.gather(*map(near.numbers.extract, each))
    refuse_unknown_depths(found, f"{prefix}.variable")
    return found


async def _nothing() -> list[Coverage]:
    return []


def draw(query: Query, fetched: Profiles, sheet: Sheet) -> Picture:
    """Draw a panel for each variable, every station in each, and beside them where the stations are."""
    figure, words = Figure(figsize=sheet.size), sheet.words
    pairs, subtitle = _pairs(fetched), _subtitle(query, fetched, sheet)
    first, places = pairs[0].info, pairs[0].one.places
    marked = over_depth.mark(places, query.names, [_known(pairs, number) for number in range(len(places))])
    names = words.quantities([words.name(one.info) for one in pairs])
    title, credit = (
        query.plotTitle or _title(names, marked, sheet),
        credits_of([one.info for pair in pairs for one in pair.both]),
    )
    frame(figure, title, subtitle, credit, sheet.sizes)
    limits, deepest = ranges(query.variable_range, len(pairs)), max(one.deepest for one in pairs)
    apart = bool(fetched.others) and len(pairs) == 1
    made = over_depth.panels(figure, len(pairs) + apart, marked, sheet, chart=bool(query.showmap))
    for position, panel in enumerate(made):
        pair = pairs[min(position, len(pairs) - 1)]
        # The same depths in every panel, but for variables of the surface alone.
        axis.depth_down(panel, deepest if pair.deepest > 0 else 0.0, sheet, named=position % over_depth.IN_A_ROW == 0)
        if position < len(pairs):
            _panel(panel, pair, marked, limits[position], sheet)
        else:
            _difference(panel, pair, marked, query, sheet)
    about = About.of(
        title=f"{title} ({first.dataset_name or first.dataset})",
        alt=" ".join([f"{title}, {subtitle}.", *_told(pairs, sheet)]),
        source=credit,
        dataset=first.dataset,
        revision=fetched.revisions[first.dataset],
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def table(query: Query, fetched: Profiles, sheet: Sheet) -> Table:
    """Put every station and depth that has a value in a row."""
    words, pairs, rows, stations = sheet.words, _pairs(fetched), Rows(), list[int]()
    columns = [one for pair in pairs for one in pair.both]
    apart = bool(fetched.others) and len(pairs) == 1
    for station, place in enumerate(columns[0].places):
        values = [_by_depth(one.at(station)) for one in columns]
        if apart:
            values.append(_by_depth(difference(columns[0], columns[1], station)))
        depths = sorted(set().union(*values))
        rows.rows += [(*place, depth, *(one.get(depth, np.nan) for one in values)) for depth in depths]
        stations += [station] * len(depths)
    named = [(words.name(one.info), one.info.units) for one in columns]
    if fetched.others:
        sources = _sources(query, fetched, sheet)
        named = [(f"{name} – {sources[at % 2]}", units) for at, (name, units) in enumerate(named)]
    if apart:
        named.append((_difference_name(sheet), columns[0].info.units))
    valued = [Column(name=name, units=units, values=rows.column(3 + at)) for at, (name, units) in enumerate(named)]
    return Table(
        header=header([one.info for one in columns], fetched.time, sheet),
        columns=[*table_columns(query, rows, stations, fetched.time, sheet), *valued],
    )


def _title(names: str, marked: list[Marked], sheet: Sheet) -> str:
    translate = sheet.translate
    if len(marked) > 1:
        return translate("{names} profiles at {count} stations", names=names, count=len(marked))
    return translate("{names} profile at {station}", names=names, station=marked[0].label(sheet.words))


def _sources(query: Query, fetched: Profiles, sheet: Sheet) -> list[str]:
    """Whose numbers, and of when; of one dataset at two times the times alone."""
    first, *second = (Read(one[0]) for one in (fetched.coverages, fetched.others) if one)
    times = [fetched.time, *(one.time for one in second)]
    made = [
        source(one.variables[0], time, query.quantum, sheet) for one, time in zip((first, *second), times, strict=True)
    ]
    if second and first.coverage.dataset == second[0].coverage.dataset and made[0] != made[1]:
        return [one.rpartition(DOT)[2] for one in made]
    return made


def _subtitle(query: Query, fetched: Profiles, sheet: Sheet) -> str:
    translate, sources = sheet.translate, _sources(query, fetched, sheet)
    if len(sources) == 1:
        return sources[0]
    both = translate("{first} (lines), {second} (dashes)", first=sources[0], second=sources[1])
    info = Read(fetched.coverages[0]).variables[0]
    return both if DOT in both else f"{info.dataset_name or info.dataset}{DOT}{both}"


def _told(pairs: list[Pair], sheet: Sheet) -> list[str]:
    found = [told(pair.one, sheet) for pair in pairs]
    other = pairs[0].other
    if other and len(pairs) == 1:
        stations = range(len(other.places))
        values = np.concatenate([difference(pairs[0].one, other, station)[1] for station in stations])
        found.append(told_range(_difference_name(sheet), values, pairs[0].info.units, sheet))
    return found


def _known(pairs: list[Pair], station: int) -> bool:
    return any(one.at(station)[0].size for pair in pairs for one in pair.both)


def _by_depth(profile: tuple[Floats, Floats]) -> dict[float, float]:
    return dict(zip(profile[0].tolist(), profile[1].tolist(), strict=True))


def _panel(panel: Axes, pair: Pair, marked: list[Marked], limit: Limits, sheet: Sheet) -> None:
    translate = sheet.translate
    for one, station in product(pair.both, marked):
        depth, value = one.at(station.number)
        if depth.size:
            style = station.style(sheet.sizes, markers=len(depth) <= axis.FEW_LEVELS)
            panel.plot(value, depth, **(style | BESIDE if one is pair.other else style))
    axis.quantity(panel, pair.label(sheet), limit, sheet)
    if not panel.lines:
        axis.nothing(panel, translate("no data at these stations"), sheet.sizes)


def _difference_name(sheet: Sheet) -> str:
    translate = sheet.translate
    return translate("Difference, first less second")


def _difference(panel: Axes, pair: Pair, marked: list[Marked], query: Query, sheet: Sheet) -> None:
    """What the first has more than the second, on a scale about zero."""
    translate, second, most = sheet.translate, query.compare_to, 0.0
    for station in marked:
        depth, value = difference(pair.both[0], pair.both[-1], station.number)
        if depth.size:
            panel.plot(value, depth, **station.style(sheet.sizes, markers=len(depth) <= axis.FEW_LEVELS))
            most = max(most, float(np.abs(value).max()))
    limit = scale_of(second.scale_diff, SCALE_DIFF) if isinstance(second, Comparison) else None
    nothing = not panel.lines
    panel.axvline(0.0, color=MUTED, linewidth=0.8, zorder=1)
    room = 1.07 * most or 1.0
    axis.quantity(panel, sheet.words.measured(_difference_name(sheet), pair.info.units), limit or (-room, room), sheet)
    if nothing:
        axis.nothing(panel, translate("no depths in common"), sheet.sizes)
