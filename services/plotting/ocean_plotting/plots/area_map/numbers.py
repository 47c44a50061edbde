"""Fetches the numbers behind a map: on the cells of its own plane for pictures, on the model's own for tables."""

import asyncio
from typing import Any

import msgspec

from ocean_common.contracts.extractions import AreaRequest, Coverage, DifferenceRequest, StatisticsRequest
from ocean_common.errors import InvalidRequest, NothingInView
from ocean_plotting.export.output import Output
from ocean_plotting.figure.arrangement import EXPLAINED, KEY, Plan
from ocean_plotting.figure.outline import Area, geojson, span
from ocean_plotting.figure.view import View, view
from ocean_plotting.plots.area_map.query import (
    Arrowed,
    Contoured,
    MapQuery,
    check,
    common,
    minuend,
    other_of,
)
from ocean_plotting.plots.coverage import Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import MEMBERS, Comparison, Fetched, keys_of, named_as_asked

CELLS = 500  # along the longer side of a map
FINE = 250  # along that of the field of contour lines
ARROWS = 30  # along the longer side
OUTPUT = Output()
LETTERS = 88  # of the statistics: on narrow maps they take two lines


class Map(msgspec.Struct, frozen=True, kw_only=True):
    """One field in the plane of the map, and what it is in the areas."""

    field: Coverage
    summed: Coverage | None  # None: no cell of the grid lies in the areas


class Maps(Fetched, frozen=True, kw_only=True, tag=True):
    """All that is on a picture."""

    areas: list[Area]
    view: View
    grid: tuple[int, int]  # rows and columns of maps
    own: Map
    other: Map | None = None  # of the second dataset
    less: Coverage | None = None  # the first less the second
    arrows: Coverage | None = None
    lines: Coverage | None = None


class Cells(Fetched, frozen=True, kw_only=True, tag=True):
    """All that is in a table: on the model's own cells in the areas."""

    areas: list[Area]
    own: Coverage | None = None
    arrows: Coverage | None = None
    less: Coverage | None = None  # the differences
    summed: list[Coverage]


async def fetch(near: Neighbours, query: MapQuery, output: Output = OUTPUT) -> Maps | Cells:
    """Ask for all fields of a map at once, as large as it is drawn; for a table, for the model's own cells."""
    check(query)
    areas = query.areas()
    if output.form.made == "table":
        return await _cells(near, query, areas, statistics=output.format == "stats")
    other = query.compared()
    plan = plan_of(query, output.width, output.height)
    around = span(areas)
    grid = plan.best(view(around, query.projection, None).aspect)
    seen = view(around, query.projection, plan.rooms(grid)[0].aspect)
    target = {"projection": seen.projection, "extent": seen.extent, "places": False}
    # Two small maps beside a third need not be as fine as one alone.
    whole = target | {"shape": seen.shape(CELLS if other is None else CELLS * 3 // 5)}
    where = geojson(areas)
    arrows, lines = query.arrows(), query.lines()
    mine, less, drawn, contoured = await asyncio.gather(
        _map(near, common(query), whole, where, "$"),
        _less(near, query, other, whole) if other else _nothing(),
        _arrows(near, query, arrows, target | {"shape": seen.shape(ARROWS)}) if arrows else _nothing(),
        _lines(near, query, lines, target | {"shape": seen.shape(FINE)}) if lines else _nothing(),
    )
    told = _told(mine.field, query)
    theirs = None
    if other is not None and less is not None:
        then = str(less.facts.get("minus_time") or told["time"])
        theirs = await _map(near, other_of(query, other, then), whole, where, "$.compare_to")
        told["revisions"].setdefault(other.dataset, theirs.field.revision)
    return Maps(
        areas=areas, view=seen, grid=grid, own=mine, other=theirs, less=less, arrows=drawn, lines=contoured, **told
    )


def plan_of(query: MapQuery, width: float, height: float) -> Plan:
    """What stands on the figure beside the maps."""
    maps = 1 if query.compared() is None else 3
    lines, arrows = query.lines(), query.arrows()
    tall = (lines is not None and bool(lines.legend)) or (arrows is not None and arrows.magnitude == "color")
    extra = EXPLAINED if tall else KEY if arrows is not None and arrows.magnitude == "length" else 0.3
    plan = Plan(width=width, height=height, maps=maps, extra=extra)
    across = plan.rooms((1, maps))[0].width
    narrow = LETTERS * 0.48 * 0.9 * plan.em > across + 4 * plan.em
    return Plan(width=width, height=height, maps=maps, extra=extra, lines=2 if narrow else 1)


def _told(own: Coverage, query: MapQuery) -> dict[str, Any]:
    times = Read(own).times
    return {"time": times[0] if times else "", "revisions": {query.dataset: own.revision}}


async def _nothing() -> None:
    return None


async def _map(
    near: Neighbours, asked: dict[str, Any], target: dict[str, Any], where: dict[str, Any], prefix: str
) -> Map:
    with named_as_asked(prefix):
        field, summed = await asyncio.gather(
            near.numbers.extract(AreaRequest(**asked, **target)), _summed(near, asked, where)
        )
    return Map(field=field, summed=summed)


async def _summed(near: Neighbours, asked: dict[str, Any], where: dict[str, Any]) -> Coverage | None:
    """Statistics over the areas, of the model's own cells."""
    try:
        return await near.numbers.extract(StatisticsRequest(**asked, polygon=where, quantiles=()))
    except NothingInView:
        return None


async def components(near: Neighbours, query: MapQuery, arrows: Arrowed) -> list[str]:
    """The two components of the arrows: as they are named, or as the catalogue knows them of a variable."""
    path = "$.quiver.variable"
    keys = keys_of(arrows.variable or "", path, 2)
    if len(keys) == 1:
        with _named(path):
            found = (await near.catalogue.assets(query.dataset, keys[0])).components
        keys = [found[part] for part in ("east", "north") if part in found]
    if len(keys) != 2:
        raise InvalidRequest(
            "{path} is {variable!r}, one variable that has no components in the catalogue; it is "
            "a vector variable, or two components with a comma: u,v",
            path=path,
            variable=str(arrows.variable)[:60],
            field=path,
        )
    return keys


async def _arrows(near: Neighbours, query: MapQuery, arrows: Arrowed, target: dict[str, Any]) -> Coverage:
    asked = common(query) | {
        "variables": await components(near, query, arrows),
        "vector": ["eastward", "northward", "magnitude"],
        "interpolation": "nearest",
    }
    with _named("$.quiver.variable"):
        return await near.numbers.extract(AreaRequest(**asked, **target))


async def _less(near: Neighbours, query: MapQuery, other: Comparison, target: dict[str, Any]) -> Coverage:
    with named_as_asked():
        return await near.numbers.extract(DifferenceRequest(**common(query), **target, minus=minuend(other)))


async def _lines(near: Neighbours, query: MapQuery, lines: Contoured, target: dict[str, Any]) -> Coverage:
    path = "$.contour.variable"
    keys = keys_of(lines.variable or "", path, 2)
    asked = common(query) | {"variables": keys, "vector": ["magnitude"] if len(keys) > 1 else []}
    if asked["interpolation"] == "nearest":  # lines around each cell would be staircases
        asked["interpolation"] = "bilinear"
    with _named(path):
        return await near.numbers.extract(AreaRequest(**asked, **target))


def _named(path: str) -> Any:
    """Have what is said of variables said of another member."""
    return named_as_asked(members=MEMBERS | {"variable": path, "variables": path})


async def _cells(near: Neighbours, query: MapQuery, areas: list[Area], *, statistics: bool) -> Cells:
    where, other, arrows, mine = geojson(areas), query.compared(), query.arrows(), common(query)
    summing = near.numbers.extract(StatisticsRequest(**mine, polygon=where, quantiles=()))
    asked: list[AreaRequest] = [] if statistics else [AreaRequest(**mine, polygon=where)]
    parts = await components(near, query, arrows) if arrows is not None and not statistics else []
    if parts:
        turned = mine | {"variables": parts, "vector": ["eastward", "northward", "bearing"], "interpolation": "nearest"}
        asked.append(AreaRequest(**turned, polygon=where))
    if other is not None:
        asked.append(DifferenceRequest(**mine, polygon=where, minus=minuend(other)))
    with named_as_asked():
        summed, *cells = await asyncio.gather(summing, *map(near.numbers.extract, asked))
    less = cells[-1] if other is not None else None
    told = _told(summed, query)
    found = [summed]
    if other is not None and less is not None:
        then = str(less.facts.get("minus_time") or told["time"])
        with named_as_asked("$.compare_to"):
            theirs = StatisticsRequest(**other_of(query, other, then), polygon=where, quantiles=())
            found.append(await near.numbers.extract(theirs))
        told["revisions"].setdefault(other.dataset, found[1].revision)
    return Cells(
        areas=areas,
        own=None if statistics else cells[0],
        arrows=cells[1] if parts else None,
        less=less,
        summed=found,
        **told,
    )
