"""OGC API – Environmental Data Retrieval over every dataset: a collection for each, on every kind of grid."""

from functools import partial
from typing import Annotated, Any, ClassVar

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation

from ocean_common import problems
from ocean_common.clients.metadata import Areas
from ocean_common.parameters import DatasetId, parse_choice, path_parameter, query_parameter, refuse_unknown_parameters
from ocean_core import errors
from ocean_core.errors import InvalidRequest, NothingInView, OceanError, PointOutsideGrid
from ocean_data.aggregation import FileCatalogue
from ocean_data.api.parameters import (
    EXTRACTION_ERRORS,
    ExtractionOperation,
    HttpRequest,
    Service,
    find_polygon,
    parse_keys,
    parse_numbers,
)
from ocean_data.edr.geometry import parse_distance
from ocean_data.edr.queries import (
    Query,
    QuerySelection,
    query_area,
    query_corridor,
    query_cube,
    query_polygon,
    query_position,
    query_radius,
    query_trajectory,
)
from ocean_data.extraction import accepted_format, check_variable_count
from ocean_data.writing.covjson import COVJSON

PATH = "/ogc/collections/{dataset:str}"
# Formats by the words for `f`; the first is the default.
FORMATS = {"CoverageJSON": "covjson-crs84", "GeoJSON": "geojson", "CSV": "csv", "NetCDF": "netcdf"}
_ALIASES = {"netcdf4": "NetCDF", "application/vnd.cov+json": "CoverageJSON", "application/prs.coverage+json":
            "CoverageJSON", "application/geo+json": "GeoJSON", "text/csv": "CSV", "application/x-netcdf": "NetCDF",
            "covjson": "CoverageJSON", "json": "CoverageJSON"}  # fmt: skip
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CRS_NAMES = ("CRS84", "OGC:CRS84", CRS84, "https://www.opengis.net/def/crs/OGC/1.3/CRS84")
# Parameters of extractions by those of EDR: errors name the ones that were sent.
_FIELDS = {
    **dict.fromkeys(("time", "start", "end", "times"), "datetime"),
    **dict.fromkeys(("depth", "depths"), "z"),
    **dict.fromkeys(("variables", "variable"), "parameter-name"),
    **dict.fromkeys(("polygon", "latitude", "path", "points", "spacing"), "coords"),
    **dict.fromkeys(("box", "shape", "extent"), "bbox"),
    "format": "f",
}

Coords = Annotated[
    str,
    query_parameter(
        "Place as Well-Known Text, longitude first.",
        ("a point", "POINT(20 74.5)"),
    ),
]
PolygonCoords = Annotated[
    str,
    query_parameter(
        "POLYGON or MULTIPOLYGON as Well-Known Text, longitude first.", "POLYGON((10 70,30 70,30 76,10 76,10 70))"
    ),
]
LineCoords = Annotated[
    str,
    query_parameter(
        "LINESTRING as Well-Known Text, longitude first; with Z its depths (m, positive down), with M its times "
        "(seconds since 1970-01-01).",
        "LINESTRING(18 70.5,19 74.5)",
    ),
]
Datetime = Annotated[
    str | None,
    query_parameter(
        "Instant or interval (RFC 3339), open with `..`; several with commas; or a repetition. Absent: all times.",
        ("a day", "2016-02-01"),
        ("an interval", "2016-02-01/.."),
        ("three days", "R3/2016-02-01T12:00:00Z/P1D"),
    ),
]
Heights = Annotated[
    str | None,
    query_parameter(
        "Level, interval or list: m, positive down, where the levels are depths. A single value is the nearest "
        "level. Absent: all levels.",
        ("a level", "10"),
        ("an interval", "0/100"),
    ),
]
ParameterNames = Annotated[
    str | None,
    query_parameter("Keys of variables, with commas. Absent: all.", "votemper", name="parameter-name"),
]
ParameterAlias = Annotated[
    str | None,
    query_parameter("As `parameter-name`, which OWSLib writes so.", "votemper", name="parameter_names"),
]
Crs = Annotated[str | None, query_parameter("Reference system of `coords`: CRS84.", "CRS84")]
FormatName = Annotated[
    str | None,
    query_parameter(
        "Format; else the Accept header decides.",
        "CoverageJSON",
        schema_extra={"enum": list(FORMATS), "title": "CoverageFormat"},
    ),
]
Width = Annotated[float, query_parameter("Width of the whole corridor.", 100.0, name="corridor-width", gt=0)]
WidthUnit = Annotated[str, query_parameter("Unit of the width: km, m, mi, nmi, ft.", "km", name="width-units")]
Height = Annotated[
    float | None, query_parameter("Height of the whole corridor, around Z or `z`.", 20.0, name="corridor-height", ge=0)
]
HeightUnit = Annotated[str, query_parameter("Unit of the height: m.", "m", name="height-units")]
Within = Annotated[float, query_parameter("Radius.", 50.0, gt=0)]
WithinUnit = Annotated[str, query_parameter("Unit of the radius: km, m, mi, nmi, ft.", "km", name="within-units")]
Chosen = NamedDependency[SkipValidation[QuerySelection]]
_RESOLUTION = "Points along {}, both ends of the box included; 0: the spacing of the model."


class CoverageOperation(ExtractionOperation):
    """Operation whose response is a coverage, or has another format."""

    formats: ClassVar = {
        "application/geo+json": "Places as features, their values as properties (RFC 7946).",
        "text/csv": "One row per value, coordinates first (RFC 4180).",
        "application/x-netcdf": "NetCDF-4 by the CF conventions.",
    }


_RESPONSES = {
    200: ResponseSpec(
        dict[str, Any], media_type=COVJSON.media_type, description="CoverageJSON.", generate_examples=False
    ),
    204: ResponseSpec(None, description="There is no data at this place; the header Warning has the reason."),
} | problems.document_errors(*EXTRACTION_ERRORS)


_query = partial(get, operation_class=CoverageOperation, responses=_RESPONSES, media_type=COVJSON.media_type)


async def parse_selection(
    *,
    catalogue: NamedDependency[SkipValidation[FileCatalogue]],
    dataset: DatasetId,
    datetime: Datetime = None,
    z: Heights = None,
    names: ParameterNames = None,
    other_names: ParameterAlias = None,
    crs: Crs = None,
) -> QuerySelection:
    """Parse what every query selects; without names all variables that lists show."""
    if crs is not None and crs not in CRS_NAMES:
        raise InvalidRequest("crs is {crs!r}; it can be CRS84", crs=crs[:60], field="crs", allowed=("CRS84",))
    text = names if names is not None else other_names
    keys = parse_keys(text) if text else [info.key for info in await catalogue.variables(dataset)]
    check_variable_count(keys)
    return QuerySelection(dataset=dataset, names=keys, datetime=datetime, z=z)


async def answer(
    request: HttpRequest, service: Service, selection: QuerySelection, query: Query, form: str | None
) -> Response[Any]:
    """Answer a query by its extraction."""
    assets = [await service.catalogue.assets(selection.dataset, name) for name in selection.names]
    if not assets:
        raise errors.VariableNotFound("{dataset} has no variables", dataset=selection.dataset, field="parameter-name")
    extraction = await service.workers.run(query, service.reading, assets, selection)
    return await service.answer(request, extraction, parse_format(request, service, form))


def parse_format(request: HttpRequest, service: Service, text: str | None) -> str:
    """Return the writer that `f` names, or the Accept header prefers."""
    if text is None:
        return accepted_format(request, {name: service.formats[name] for name in FORMATS.values()})
    names = {name.lower(): name for name in FORMATS} | _ALIASES
    return FORMATS[parse_choice(names.get(text.strip().lower(), text), tuple(FORMATS), "f")]


@_query("/position", operation_id="getCollectionPosition", summary="Values at points")
async def get_position(
    request: HttpRequest, service: Service, selection: Chosen, coords: Coords, f: FormatName = None
) -> Response[Any]:
    """POINT or MULTIPOINT: the nearest cells, over their levels and times."""
    return await answer(request, service, selection, query_position(coords), f)


@_query("/radius", operation_id="getCollectionRadius", summary="Values around points")
async def get_radius(
    *,
    request: HttpRequest,
    service: Service,
    selection: Chosen,
    coords: Coords,
    within: Within,
    unit: WithinUnit,
    f: FormatName = None,
) -> Response[Any]:
    """The cells whose centres lie within a distance of a POINT or MULTIPOINT."""
    query = query_radius(coords, parse_distance(within, unit, "within-units"))
    return await answer(request, service, selection, query, f)


@_query("/area", operation_id="getCollectionArea", summary="Values in polygons")
async def get_area(
    request: HttpRequest, service: Service, selection: Chosen, coords: PolygonCoords, f: FormatName = None
) -> Response[Any]:
    """The cells of the model whose centres lie in a POLYGON or MULTIPOLYGON."""
    return await answer(request, service, selection, query_area(coords), f)


@_query("/cube", operation_id="getCollectionCube", summary="Values on parallels and meridians in a box")
async def get_cube(
    *,
    request: HttpRequest,
    service: Service,
    selection: Chosen,
    bbox: Annotated[
        str, query_parameter("`west,south,east,north`, or with the levels third and sixth.", "10,70,30,76")
    ],
    columns: Annotated[
        int, query_parameter(_RESOLUTION.format("each row"), 0, name="resolution-x", ge=0, le=10_000)
    ] = 0,
    rows: Annotated[
        int, query_parameter(_RESOLUTION.format("each column"), 0, name="resolution-y", ge=0, le=10_000)
    ] = 0,
    f: FormatName = None,
) -> Response[Any]:
    """Cells of the model where they lie on parallels and meridians; else nearest values, as far apart as its cells."""
    edges = parse_numbers(bbox, "bbox", "10,70,30,76")
    if len(edges) not in {4, 6}:
        raise InvalidRequest("bbox has four numbers, or six with levels: west,south,east,north", field="bbox")
    return await answer(request, service, selection, query_cube(edges, (rows, columns)), f)


@_query("/trajectory", operation_id="getCollectionTrajectory", summary="Values along a line")
async def get_line_trajectory(
    request: HttpRequest, service: Service, selection: Chosen, coords: LineCoords, f: FormatName = None
) -> Response[Any]:
    """A LINESTRING at all levels, with points as far apart as the cells; with Z or M the values at its own points."""
    return await answer(request, service, selection, query_trajectory(coords), f)


@_query("/corridor", operation_id="getCollectionCorridor", summary="Values along a line of some width")
async def get_corridor(
    *,
    request: HttpRequest,
    service: Service,
    selection: Chosen,
    coords: LineCoords,
    width: Width,
    width_unit: WidthUnit,
    height: Height = None,
    height_unit: HeightUnit = "m",
    f: FormatName = None,
) -> Response[Any]:
    """The cells whose centres lie within half a width of a LINESTRING, and half a height of its Z or of `z`."""
    metres = None if height is None else 1000.0 * parse_distance(height, height_unit, "height-units")
    query = query_corridor(coords, parse_distance(width, width_unit, "width-units"), metres)
    return await answer(request, service, selection, query, f)


@_query("/locations/{location:path}", operation_id="getCollectionLocation", summary="Values in a predefined area")
async def get_location(
    *,
    request: HttpRequest,
    service: Service,
    areas: NamedDependency[Areas],
    selection: Chosen,
    location: Annotated[
        str, path_parameter("Key `group/name` of an area, as `/locations` lists them.", "nordic_seas/Lofoten Basin")
    ],
    f: FormatName = None,
) -> Response[Any]:
    """The cells of the model whose centres lie in an area that the service knows by name."""
    polygon = await find_polygon(areas, location.strip("/"))
    return await answer(request, service, selection, query_polygon(polygon), f)


def _answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer a failure with its problem, and no data with 204."""
    if isinstance(error, NothingInView | PointOutsideGrid):
        reason = problems.answer_problem(request, error).content.detail.replace('"', "'")
        warning = f'299 - "{reason}"'.encode("latin-1", "replace").decode("latin-1")
        return Response(None, status_code=204, headers={"warning": warning})
    return problems.answer_ogc_problem(request, error, _FIELDS)


edr_router = Router(
    PATH,
    route_handlers=[get_position, get_radius, get_area, get_cube, get_line_trajectory, get_corridor, get_location],
    dependencies={"selection": Provide(parse_selection)},
    before_request=refuse_unknown_parameters,
    exception_handlers={OceanError: _answer_error, HTTPException: _answer_error, Exception: _answer_error},
    tags=["collections"],
)
