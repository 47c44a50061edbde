"""Fetches the numbers of a map: on the cells of its plane for pictures, on the model's own for tables."""

import asyncio
from typing import Any

import msgspec

from ocean_common.contracts.data import AreaRequest, Coverage, DifferenceRequest, StatisticsRequest
from ocean_core.errors import InvalidRequest, NothingInView
from ocean_plotting.export.output import Output
from ocean_plotting.figure.map import KEY_ROW, LEGEND_ROW, MapLayout
from ocean_plotting.figure.view import Area, View, choose_view, find_bounds, to_geojson
from ocean_plotting.plots.common.coverage import CoverageReader
from ocean_plotting.plots.common.query import QUERY_MEMBERS, ComparedDataset, PlotData, map_error_fields, parse_keys
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.map.query import ArrowOptions, ContourOptions, MapQuery, make_minuend

FIELD_CELLS = 500  # along the longer side of a map
CONTOUR_CELLS = 250
ARROW_CELLS = 30
STATISTICS_LETTERS = 88  # on narrow maps they take two lines


class MapField(msgspec.Struct, frozen=True, kw_only=True):
    """One field in the plane of the map, and its statistics in the areas."""

    field: Coverage
    statistics: Coverage | None  # None: no cell of the grid lies in the areas


class MapData(PlotData, frozen=True, kw_only=True, tag="Maps"):
    """Numbers of a picture."""

    areas: list[Area]
    view: View
    grid: tuple[int, int]  # rows and columns of maps
    first: MapField
    second: MapField | None = None  # of the second dataset
    difference: Coverage | None = None  # the first less the second
    arrows: Coverage | None = None
    contours: Coverage | None = None


class MapCells(PlotData, frozen=True, kw_only=True, tag="Cells"):
    """Numbers of a table: on the model's own cells in the areas."""

    areas: list[Area]
    first: Coverage | None = None
    arrows: Coverage | None = None
    difference: Coverage | None = None  # the differences
    statistics: list[Coverage]


async def fetch(services: Services, query: MapQuery, output: Output) -> MapData | MapCells:
    """Request all fields of a map at once, as large as it is drawn; for a table, the model's own cells."""
    query.check_members()
    areas = query.areas()
    if output.file_format.content == "table":
        return await _fetch_cells(services, query, areas, statistics=output.format == "stats")
    second, arrows, contours = query.second_dataset(), query.arrows(), query.contours()
    layout = make_map_layout(query, output.width, output.height)
    bounds = find_bounds(areas)
    grid = layout.choose_grid(choose_view(bounds, query.projection, None).aspect)
    rectangle = layout.rectangles(grid)[0]
    view = choose_view(bounds, query.projection, rectangle.width / rectangle.height)
    target = {"projection": view.projection, "extent": view.extent, "places": False}
    # Two small maps beside a third need not be as fine as one alone.
    field_target = target | {"shape": view.shape(FIELD_CELLS if second is None else FIELD_CELLS * 3 // 5)}
    polygon = to_geojson(areas)
    first_field, difference, arrow_field, contour_field = await asyncio.gather(
        _fetch_field(services, query.request_options(), field_target, polygon, "$"),
        _fetch_difference(services, query, second, field_target) if second else _fetch_nothing(),
        _fetch_arrows(services, query, arrows, target | {"shape": view.shape(ARROW_CELLS)})
        if arrows
        else _fetch_nothing(),
        _fetch_contours(services, query, contours, target | {"shape": view.shape(CONTOUR_CELLS)})
        if contours
        else _fetch_nothing(),
    )
    time = CoverageReader(first_field.field).time
    revisions = {query.dataset: first_field.field.revision}
    second_field = None
    if second is not None and difference is not None:
        options = query.second_request_options(second, str(difference.facts.get("minus_time") or time))
        second_field = await _fetch_field(services, options, field_target, polygon, "$.compare_to")
        revisions.setdefault(second.dataset, second_field.field.revision)
    return MapData(
        time=time,
        revisions=revisions,
        areas=areas,
        view=view,
        grid=grid,
        first=first_field,
        second=second_field,
        difference=difference,
        arrows=arrow_field,
        contours=contour_field,
    )


def make_map_layout(query: MapQuery, width: float, height: float) -> MapLayout:
    """Return the sizes that decide where the maps stand."""
    maps = 1 if query.second_dataset() is None else 3
    contours, arrows = query.contours(), query.arrows()
    bottom_row = 0.3
    if (contours is not None and contours.legend) or (arrows is not None and arrows.magnitude == "color"):
        bottom_row = LEGEND_ROW
    elif arrows is not None and arrows.magnitude == "length":
        bottom_row = KEY_ROW
    layout = MapLayout(width=width, height=height, maps=maps, bottom_row=bottom_row)
    narrow = STATISTICS_LETTERS * 0.48 * 0.9 * layout.em > layout.rectangles((1, maps))[0].width + 4 * layout.em
    return MapLayout(width=width, height=height, maps=maps, bottom_row=bottom_row, lines=2 if narrow else 1)


async def _fetch_nothing() -> None:
    return None


async def _fetch_field(
    services: Services, options: dict[str, Any], target: dict[str, Any], polygon: dict[str, Any], prefix: str
) -> MapField:
    with map_error_fields(prefix):
        field, statistics = await asyncio.gather(
            services.data.extract(AreaRequest(**options, **target)), _fetch_statistics(services, options, polygon)
        )
    return MapField(field=field, statistics=statistics)


async def _fetch_statistics(services: Services, options: dict[str, Any], polygon: dict[str, Any]) -> Coverage | None:
    """Request statistics of the model's own cells in the areas."""
    try:
        return await services.data.extract(StatisticsRequest(**options, polygon=polygon, quantiles=()))
    except NothingInView:
        return None


async def _find_components(services: Services, query: MapQuery, arrows: ArrowOptions) -> list[str]:
    """Return the two components of the arrows: as requested, or those of a variable in the catalogue."""
    path = "$.quiver.variable"
    keys = parse_keys(arrows.variable or "", path, 2)
    if len(keys) == 1:
        with _map_variable_errors(path):
            components = (await services.metadata.assets(query.dataset, keys[0])).components
        keys = [components[part] for part in ("east", "north") if part in components]
    if len(keys) != 2:
        raise InvalidRequest(
            "{path} is {variable!r}, one variable that has no components in the catalogue; it is "
            "a vector variable, or two components with a comma: u,v",
            path=path,
            variable=str(arrows.variable)[:60],
            field=path,
        )
    return keys


async def _fetch_arrows(services: Services, query: MapQuery, arrows: ArrowOptions, target: dict[str, Any]) -> Coverage:
    options = query.request_options() | {
        "variables": await _find_components(services, query, arrows),
        "vector": ["eastward", "northward", "magnitude"],
        "interpolation": "nearest",
    }
    with _map_variable_errors("$.quiver.variable"):
        return await services.data.extract(AreaRequest(**options, **target))


async def _fetch_difference(
    services: Services, query: MapQuery, second: ComparedDataset, target: dict[str, Any]
) -> Coverage:
    with map_error_fields():
        request = DifferenceRequest(**query.request_options(), **target, minus=make_minuend(second))
        return await services.data.extract(request)


async def _fetch_contours(
    services: Services, query: MapQuery, contours: ContourOptions, target: dict[str, Any]
) -> Coverage:
    path = "$.contour.variable"
    keys = parse_keys(contours.variable or "", path, 2)
    options = query.request_options() | {"variables": keys, "vector": ["magnitude"] if len(keys) > 1 else []}
    if options["interpolation"] == "nearest":  # lines around each cell would be staircases
        options["interpolation"] = "bilinear"
    with _map_variable_errors(path):
        return await services.data.extract(AreaRequest(**options, **target))


def _map_variable_errors(path: str) -> Any:
    """Rename the field of errors about variables to another member."""
    return map_error_fields(members=QUERY_MEMBERS | {"variable": path, "variables": path})


async def _fetch_cells(services: Services, query: MapQuery, areas: list[Area], *, statistics: bool) -> MapCells:
    polygon, second, arrows, options = (
        to_geojson(areas),
        query.second_dataset(),
        query.arrows(),
        query.request_options(),
    )
    requests: list[AreaRequest] = [] if statistics else [AreaRequest(**options, polygon=polygon)]
    components = await _find_components(services, query, arrows) if arrows is not None and not statistics else []
    if components:
        vector = {"variables": components, "vector": ["eastward", "northward", "bearing"], "interpolation": "nearest"}
        requests.append(AreaRequest(**options | vector, polygon=polygon))
    if second is not None:
        requests.append(DifferenceRequest(**options, polygon=polygon, minus=make_minuend(second)))
    with map_error_fields():
        first_statistics, *cells = await asyncio.gather(
            services.data.extract(StatisticsRequest(**options, polygon=polygon, quantiles=())),
            *map(services.data.extract, requests),
        )
    difference = cells[-1] if second is not None else None
    time, revisions = CoverageReader(first_statistics).time, {query.dataset: first_statistics.revision}
    all_statistics = [first_statistics]
    if second is not None and difference is not None:
        second_options = query.second_request_options(second, str(difference.facts.get("minus_time") or time))
        with map_error_fields("$.compare_to"):
            request = StatisticsRequest(**second_options, polygon=polygon, quantiles=())
            all_statistics.append(await services.data.extract(request))
        revisions.setdefault(second.dataset, all_statistics[1].revision)
    return MapCells(
        time=time,
        revisions=revisions,
        areas=areas,
        first=None if statistics else cells[0],
        arrows=cells[1] if components else None,
        difference=difference,
        statistics=all_statistics,
    )
