"""The query of a map, and its numbers: on the cells of its plane for pictures, on the model's own for tables."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractContextManager
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from ocean_common.contracts.data import (
    MAX_VERTICES,
    AreaRequest,
    Coverage,
    DifferencePart,
    DifferenceRequest,
    Minuend,
    StatisticsRequest,
)
from ocean_common.parameters import parse_choice
from ocean_core.errors import InvalidRequest, NotFound, NothingInView, NotSupported
from ocean_core.tiles import PROJECTIONS
from ocean_plotting.export.output import Output
from ocean_plotting.figure.map import KEY_ROW, LEGEND_ROW, MapLayout
from ocean_plotting.figure.view import Area, View, choose_view, find_bounds, read_ring, to_geojson
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots.common import query as members
from ocean_plotting.plots.common.comparison import have_difference
from ocean_plotting.plots.common.coverage import CoverageReader
from ocean_plotting.plots.kind import PlotData, Services

MAX_AREAS, MAX_LEVELS = 50, 20
NO_VARIABLE = {"", "none", "None"}  # as front ends write it
FIELD_CELLS = 500  # along the longer side of a map
CONTOUR_CELLS = 250
ARROW_CELLS = 30
STATISTICS_LETTERS = 102  # on narrow maps they take two lines
Magnitude = Literal["length", "color", "none"]
PARTS: tuple[DifferencePart, ...] = ("first", "second", "difference")

Rings = list[list[list[float]]]
Flag = bool | int | None


class DrawnArea(msgspec.Struct, frozen=True, kw_only=True):
    """Polygons drawn in the web front end."""

    polygons: Annotated[
        Rings,
        msgspec.Meta(
            min_length=1,
            max_length=500,
            description="rims, each a list of [latitude, longitude]",
            examples=[[[[70, 10], [70, 30], [76, 30], [76, 10], [70, 10]]]],
        ),
    ]
    innerrings: Annotated[Rings | None, msgspec.Meta(description="holes in the polygons, written in the same way")] = (
        None
    )
    name: Annotated[str, msgspec.Meta(max_length=200, description="shown with the outline and in the title")] | None = (
        ""
    )


class ArrowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Arrows over the map."""

    variable: Annotated[
        members.Variables | None,
        msgspec.Meta(description="the two components of a vector, or a variable that has them; none: no arrows"),
    ] = None
    magnitude: Annotated[
        str,
        members.choice_schema(
            "how the magnitude is shown: by the arrows' length, by their color, or not", get_args(Magnitude)
        ),
    ] = "length"
    colormap: members.Colormap = None


class ContourOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Contours over the map."""

    variable: Annotated[members.Variables | None, msgspec.Meta(description="key of a variable; none: no contours")] = (
        None
    )
    colormap: members.Colormap = None
    levels: Annotated[
        str | list[float] | None,
        msgspec.Meta(description="auto, or values with commas or in a list", examples=["auto", "-10,0,10"]),
    ] = "auto"
    hatch: Annotated[Flag, msgspec.Meta(description="hatching between the levels instead of lines")] = False
    legend: Annotated[Flag, msgspec.Meta(description="explain the levels below the map")] = False

    def parse_levels(self) -> list[float] | None:
        """Read the levels; None: they are chosen by the values."""
        text = self.levels
        if text is None or (isinstance(text, str) and ("auto" in text or not text.strip())):
            return None
        try:
            levels = {float(level) for level in (text.split(",") if isinstance(text, str) else text)}
        except ValueError:
            levels = set()
        if not 1 <= len(levels) <= MAX_LEVELS or not all(abs(level) <= 1e30 for level in levels):
            raise InvalidRequest(
                "{field} is {value!r}; it is auto, or 1 to {limit} numbers: -10,0,10",
                value=str(text)[:60],
                limit=MAX_LEVELS,
                field="$.contour.levels",
            )
        return sorted(levels)


class MapQuery(members.PlotQuery, frozen=True, kw_only=True):
    """Query of a map."""

    area: Annotated[
        list[DrawnArea | str],
        msgspec.Meta(
            min_length=1,
            max_length=MAX_AREAS,
            description="what is shown: drawn areas, or keys group/name of predefined ones",
            examples=[[{"polygons": [[[70, 10], [70, 30], [76, 30], [76, 10]]], "name": "Barents Sea"}]],
        ),
    ]
    time: members.Time = -1
    depth: members.Level = 0
    scale: members.ScaleText = "auto"
    colormap: members.Colormap = None
    projection: Annotated[
        str | None,
        members.choice_schema("of the map; null: a conformal one that is fitted to the area", [*PROJECTIONS, None]),
    ] = None
    bathymetry: Annotated[Flag, msgspec.Meta(description="draw contours of depth")] = False
    showarea: Annotated[Flag, msgspec.Meta(description="draw the outlines of the areas")] = False
    quiver: Annotated[ArrowOptions | bool | str | None, msgspec.Meta(description="arrows; null or false: none")] = None
    contour: Annotated[
        ContourOptions | bool | str | None, msgspec.Meta(description="contours; null or false: none")
    ] = None
    compare_to: members.CompareTo = None

    def areas(self) -> list[Area]:
        areas = []
        for number, drawn in enumerate(self.area):
            path = f"$.area[{number}]"
            if isinstance(drawn, str):
                raise InvalidRequest("{field} names an area that was not looked up", field=path)
            rims, holes = (
                [
                    read_ring(ring, f"{path}.{member}[{index}]", self.projection)
                    for index, ring in enumerate(getattr(drawn, member) or [])
                ]
                for member in ("polygons", "innerrings")
            )
            areas.append(Area(name=(drawn.name or "").strip(), rims=rims, holes=holes))
        if sum(len(ring) for area in areas for ring in [*area.rims, *area.holes]) > MAX_VERTICES:
            raise InvalidRequest(
                "area has more than {limit} positions; draw it with fewer", limit=MAX_VERTICES, field="$.area"
            )
        return areas

    def arrows(self) -> ArrowOptions | None:
        return self.quiver if isinstance(self.quiver, ArrowOptions) and _is_chosen(self.quiver.variable) else None

    def contours(self) -> ContourOptions | None:
        return self.contour if isinstance(self.contour, ContourOptions) and _is_chosen(self.contour.variable) else None

    def check_members(self) -> None:
        second, arrows, contours = self.second_dataset(), self.arrows(), self.contours()
        members.parse_scale(self.scale, "$.scale")
        validate_colormap(self.colormap, "$.colormap")
        if second:
            second.check_colours()
        if arrows:
            parse_choice(arrows.magnitude, get_args(Magnitude), "$.quiver.magnitude")
            validate_colormap(arrows.colormap, "$.quiver.colormap")
        if contours:
            contours.parse_levels()
            validate_colormap(contours.colormap, "$.contour.colormap")
        for path, depth in (("$.depth", self.depth), ("$.compare_to.depth", second.depth if second else None)):
            if depth == "all":
                raise InvalidRequest("{field} is all; a map is of one level: an index, or bottom", field=path)
        self.search_options()
        self.variable_keys(2)

    def request_options(self) -> dict[str, Any]:
        """Return the members of every request for the first dataset."""
        options = {"dataset": self.dataset, "time": str(self.time), "depth": str(self.depth), **self.search_options()}
        return options | _request_variables(self.variable_keys(2))

    def request_fields(self, **target: Any) -> AreaRequest | DifferenceRequest:
        """Request the variable; of a comparison, both variables on the cells of the first, and their difference."""
        compared = self._compare()
        return (DifferenceRequest if compared else AreaRequest)(**self.request_options(), **target, **compared)

    def request_statistics(self, polygon: dict[str, Any]) -> StatisticsRequest:
        return StatisticsRequest(**self.request_options(), polygon=polygon, quantiles=(), **self._compare())

    def _compare(self) -> dict[str, Any]:
        """Return the members of requests about two datasets; what the second leaves out is as in the query."""
        second = self.second_dataset()
        if second is None:
            return {}
        keys = members.parse_keys(second.variable, "$.compare_to.variable", 2) if second.variable else []
        time, depth = (None if value is None else str(value) for value in (second.time, second.depth))
        return {"minus": Minuend(dataset=second.dataset, variables=keys, time=time, depth=depth), "parts": PARTS}


def _request_variables(keys: list[str]) -> dict[str, Any]:
    """Return the members that request a variable, or the magnitude of two."""
    return {"variables": keys, "vector": ["magnitude"] if len(keys) > 1 else []}


def _is_chosen(variable: str | list[str] | None) -> bool:
    return bool(variable) and not (isinstance(variable, str) and variable.strip() in NO_VARIABLE)


class MapData(PlotData, frozen=True, kw_only=True, tag="Maps"):
    """Numbers of a picture."""

    areas: list[Area]
    view: View
    grid: tuple[int, int]  # rows and columns of maps
    fields: Coverage  # in the plane of the map: the variable, or the parts of a comparison
    statistics: Coverage | None  # of the model's cells in the areas; None: no cell of the grid lies in them
    arrows: Coverage | None = None
    contours: Coverage | None = None


class MapCells(PlotData, frozen=True, kw_only=True, tag="Cells"):
    """Numbers of a table: on the model's own cells in the areas."""

    areas: list[Area]
    fields: Coverage | None = None
    statistics: Coverage | None = None
    arrows: Coverage | None = None


async def resolve_areas(services: Services, query: MapQuery) -> MapQuery:
    """Replace the names of predefined areas by their polygons."""
    areas: list[DrawnArea | str] = []
    for number, drawn in enumerate(query.area):
        if not isinstance(drawn, str):
            areas.append(drawn)
            continue
        try:
            area = await services.metadata.area(drawn)
        except NotFound as error:
            error.field = f"$.area[{number}]"
            raise
        polygons = [
            [[[north, east] for east, north in ring] for ring in polygon] for polygon in area.geometry.coordinates
        ]
        holes = [hole for polygon in polygons for hole in polygon[1:]]
        areas.append(DrawnArea(polygons=[polygon[0] for polygon in polygons], innerrings=holes, name=area.name))
    return replace(query, area=areas)


def make_request(query: MapQuery) -> AreaRequest | DifferenceRequest:
    """Request the model's own cells in the areas."""
    query.check_members()
    return query.request_fields(polygon=to_geojson(query.areas()))


def make_map_layout(query: MapQuery, width: float, height: float, maps: int) -> MapLayout:
    """Return the sizes that decide where the maps stand."""
    contours, arrows = query.contours(), query.arrows()
    bottom_row = 0.3
    if (contours is not None and contours.legend) or (arrows is not None and arrows.magnitude == "color"):
        bottom_row = LEGEND_ROW
    elif arrows is not None and arrows.magnitude == "length":
        bottom_row = KEY_ROW
    layout = MapLayout(width=width, height=height, maps=maps, bottom_row=bottom_row)
    narrow = STATISTICS_LETTERS * 0.48 * 0.9 * layout.em > layout.rectangles((1, maps))[0].width + 4 * layout.em
    return MapLayout(width=width, height=height, maps=maps, bottom_row=bottom_row, lines=2 if narrow else 1)


async def fetch(services: Services, query: MapQuery, output: Output) -> MapData | MapCells:
    """Request all fields of a map at once, as large as it is drawn; for a table, the model's own cells."""
    query.check_members()
    areas = query.areas()
    if output.file_format.content == "table":
        return await _fetch_cells(services, query, areas, statistics=output.format == "stats")
    arrows, contours = query.arrows(), query.contours()
    layout = make_map_layout(query, output.width, output.height, await _count_maps(services, query))
    bounds = find_bounds(areas)
    grid = layout.choose_grid(choose_view(bounds, query.projection, None).aspect)
    rectangle = layout.rectangles(grid)[0]
    view = choose_view(bounds, query.projection, rectangle.width / rectangle.height)
    target = {"projection": view.projection, "extent": view.extent, "places": False}
    # Two small maps beside a third need not be as fine as one alone.
    cells = FIELD_CELLS if query.second_dataset() is None else FIELD_CELLS * 3 // 5
    fetches: dict[str, Coroutine[Any, Any, Any]] = {
        "fields": _extract(services, query.request_fields(**target, shape=view.shape(cells))),
        "statistics": _fetch_statistics(services, query.request_statistics(to_geojson(areas))),
    }
    if arrows:
        arrow_target = target | {"shape": view.shape(ARROW_CELLS)}
        fetches["arrows"] = _fetch_arrows(services, query, arrows, "magnitude", arrow_target)
    if contours:
        contour_target = target | {"shape": view.shape(CONTOUR_CELLS)}
        fetches["contours"] = _fetch_contours(services, query, contours, contour_target)
    numbers = dict(zip(fetches, await asyncio.gather(*fetches.values()), strict=True))
    time = CoverageReader(numbers["fields"]).time
    revisions = _find_revisions(query, numbers["fields"])
    return MapData(time=time, revisions=revisions, areas=areas, view=view, grid=grid, **numbers)


async def _count_maps(services: Services, query: MapQuery) -> int:
    """Return how many maps are drawn: one; of two datasets both, and the difference of the same quantity."""
    second = query.second_dataset()
    if second is None:
        return 1
    keys, prefixes = query.variable_keys(2), ("$", "$.compare_to")
    both = keys, members.parse_keys(second.variable, "$.compare_to.variable", 2) if second.variable else keys
    infos = []
    for dataset, names, prefix in zip(query.dataset_ids(), both, prefixes, strict=True):
        with members.map_error_fields(prefix):
            parts = [(await services.metadata.assets(dataset, name)).variable for name in names]
        infos.append(parts[0].magnitude_with(parts[1]) if len(parts) > 1 else parts[0])
    return 3 if have_difference(*infos) else 2


def _find_revisions(query: MapQuery, coverage: Coverage) -> dict[str, str]:
    """Return the revision of the dataset; of both there is none if a file of either has changed."""
    return {query.dataset: coverage.revision} if coverage.revision else dict.fromkeys(query.dataset_ids(), "")


async def _extract(services: Services, request: AreaRequest) -> Coverage:
    with members.map_error_fields():
        return await services.data.extract(request)


async def _fetch_statistics(services: Services, request: StatisticsRequest) -> Coverage | None:
    try:
        return await _extract(services, request)
    except NothingInView:
        return None


async def _fetch_contours(
    services: Services, query: MapQuery, contours: ContourOptions, target: dict[str, Any]
) -> Coverage:
    path = "$.contour.variable"
    options = query.request_options() | _request_variables(members.parse_keys(contours.variable or "", path, 2))
    if options["interpolation"] == "nearest":  # lines around each cell would be staircases
        options["interpolation"] = "bilinear"
    with _map_variable_errors(path):
        coverage = await services.data.extract(AreaRequest(**options, **target))
    if (info := coverage.fields[0].variable).is_discrete:
        raise NotSupported(
            "the numbers of {key} stand for categories or flags: there are no contours between them",
            key=info.key,
            field=path,
        )
    return coverage


def _map_variable_errors(path: str) -> AbstractContextManager[None]:
    """Rename the field of errors about variables to another member."""
    return members.map_error_fields(members=members.QUERY_MEMBERS | {"variable": path, "variables": path})


async def _fetch_arrows(
    services: Services, query: MapQuery, arrows: ArrowOptions, third_part: str, target: dict[str, Any]
) -> Coverage:
    """Request the two components of arrows, those requested or of a variable in the catalogue, and a third part."""
    path = "$.quiver.variable"
    keys = members.parse_keys(arrows.variable or "", path, 2)
    if len(keys) == 1:
        with _map_variable_errors(path):
            components = (await services.metadata.assets(query.dataset, keys[0])).components
        keys = [components[part] for part in ("east", "north") if part in components]
    if len(keys) != 2:
        raise InvalidRequest(
            "{field} is {variable!r}, one variable that has no components in the catalogue; it is "
            "a vector variable, or two components with a comma: u,v",
            variable=str(arrows.variable)[:60],
            field=path,
        )
    options = query.request_options() | {"variables": keys, "interpolation": "nearest"}
    options["vector"] = ["eastward", "northward", third_part]
    with _map_variable_errors(path):
        return await services.data.extract(AreaRequest(**options, **target))


async def _fetch_cells(services: Services, query: MapQuery, areas: list[Area], *, statistics: bool) -> MapCells:
    polygon, arrows = to_geojson(areas), query.arrows()
    if statistics:
        numbers = {"statistics": await _extract(services, query.request_statistics(polygon))}
    else:
        fetches = {"fields": _extract(services, query.request_fields(polygon=polygon))}
        if arrows:
            fetches["arrows"] = _fetch_arrows(services, query, arrows, "bearing", {"polygon": polygon})
        numbers = dict(zip(fetches, await asyncio.gather(*fetches.values()), strict=True))
    coverage = next(iter(numbers.values()))
    time = CoverageReader(coverage).time
    return MapCells(time=time, revisions=_find_revisions(query, coverage), areas=areas, **numbers)
