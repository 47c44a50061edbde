"""Routes of maps and tiles of collections; a style of a collection is one of its variables."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

import numpy as np
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation

from ocean_common import problems
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import TileRequest
from ocean_common.http import request_address
from ocean_common.i18n import Translator
from ocean_common.parameters import (
    DatasetId,
    TileColumn,
    TileRow,
    Zoom,
    check_tile,
    parse_choice,
    path_parameter,
    query_parameter,
    refuse_unknown_parameters,
)
from ocean_core.errors import InvalidRequest, OceanError, VariableNotFound
from ocean_core.projections import MAP_PROJECTIONS, WORLD
from ocean_plotting.ogc.matrices import MATRIX_SETS, MatrixSet, find_matrix_set, write_matrix_set
from ocean_plotting.tiles import api as tiles_api
from ocean_plotting.tiles.store import TileStore
from ocean_plotting.wms.api import WmsService
from ocean_plotting.wms.dimensions import choose_level, choose_time
from ocean_plotting.wms.parameters import WmsQuery

HttpRequest = Request[Any, Any, Any]
Json = dict[str, Any]
Tiles = NamedDependency[SkipValidation[TileStore]]
Wms = NamedDependency[SkipValidation[WmsService]]

COLLECTION = "/collections/{dataset:str}"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
SCHEME = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
MAP_REL, TILES_REL = "http://www.opengis.net/def/rel/ogc/1.0/map", "http://www.opengis.net/def/rel/ogc/1.0/tilesets-map"
JSON, PNG = "application/json", "image/png"
FORMATS = {"png": PNG, "jpeg": "image/jpeg", "jpg": "image/jpeg", "webp": "image/webp"}
WIDTH = 1024  # pixels of a map that has no width
DEGREES = "CRS:84"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/{}"

StyleId = Annotated[str, path_parameter("Key of a variable.", ("sea water potential temperature", "votemper"))]
MatrixSetId = Annotated[str, path_parameter("Id of a tile matrix set.", "WebMercatorQuad")]
Datetime = Annotated[
    str | None,
    query_parameter(
        "Instant, or interval whose first step is drawn; of an open one its end (RFC 3339). Absent: the last step.",
        "2016-02-01",
    ),
]
Height = Annotated[
    str | None, query_parameter("Level, m below the surface: the nearest is drawn. Absent: the first.", "10")
]
Form = Annotated[
    str | None,
    query_parameter(
        "Format of the picture.", "png", schema_extra={"enum": ["png", "jpeg", "webp"], "title": "MapFormat"}
    ),
]
_describe = partial(
    get,
    tags=["collections"],
    before_request=refuse_unknown_parameters,
    responses={200: ResponseSpec(Json, description="Links.", generate_examples=False)} | tiles_api.TILE_ERRORS,
)
_draw = partial(
    get,
    tags=["collections"],
    before_request=refuse_unknown_parameters,
    media_type=PNG,
    operation_class=tiles_api.offer_media_types(*dict.fromkeys(FORMATS.values())),
    responses=tiles_api.document_image("The picture.") | tiles_api.TILE_ERRORS,
)


def _link(href: str, rel: str, media_type: str = JSON, **more: Any) -> Json:
    return {"href": href, "rel": rel, "type": media_type, **more}


# Tile matrix sets


@_describe("/tileMatrixSets", operation_id="getTileMatrixSets", summary="List tile matrix sets")
async def list_matrix_sets(request: HttpRequest) -> Json:
    """Web Mercator, and the squares of both poles."""
    root = f"{request_address(request)}/ogc/tileMatrixSets"
    return {
        "tileMatrixSets": [
            {
                "id": item.id,
                "title": item.title,
                **({"uri": item.uri} if item.uri else {}),
                "crs": item.crs,
                "links": [_link(f"{root}/{item.id}", "self")],
            }
            for item in MATRIX_SETS.values()
        ]
    }


@_describe("/tileMatrixSets/{matrix_set:str}", operation_id="getTileMatrixSet", summary="Define a tile matrix set")
async def get_matrix_set(matrix_set: MatrixSetId) -> Json:
    """Scales and corners of each zoom."""
    return write_matrix_set(find_matrix_set(matrix_set))


# Styles


@_describe(f"{COLLECTION}/styles", operation_id="getStyles", summary="List styles of a collection")
async def list_styles(
    request: HttpRequest, wms: Wms, translate: NamedDependency[Translator], dataset: DatasetId
) -> Json:
    """A style for each variable, with its maps, tiles and legend."""
    variables = await wms.catalogue.variables(dataset)
    address, name = request_address(request), quote(dataset, safe="")
    root = f"{address}/ogc/collections/{name}/styles"
    styles = []
    for info in variables:
        key, scale = quote(info.key, safe=""), ",".join(f"{limit:g}" for limit in info.scale)
        styles.append(
            {
                "id": info.key,
                "title": translate.variable_name(info),
                "links": [
                    _link(f"{root}/{key}/map", MAP_REL, PNG),
                    _link(f"{root}/{key}/map/tiles", TILES_REL),
                    _link(f"{address}/api/v2.0/scale/{name}/{key}/{scale}", "legend", PNG),
                    _link(f"{address}/api/v2.0/tilejson/{name}/{key}", "describedby", title="TileJSON"),
                ],
            }
        )
    return {"default": variables[0].key if variables else None, "styles": styles}


async def find_variable(wms: WmsService, dataset: str, style: str | None) -> VariableInfo:
    """Return the variable of a style; without one the first of the dataset."""
    if style is not None:
        return await wms.catalogue.variable(dataset, style)
    variables = await wms.catalogue.variables(dataset)
    if not variables:
        raise VariableNotFound("{dataset} has no variables", dataset=dataset, field="styleId")
    return variables[0]


def parse_datetime(text: str | None) -> str:
    """Return the time as WMS reads it: an open end is left out; empty for the last step."""
    return (text or "").strip().removeprefix("../").removesuffix("/..")


# Maps


@dataclass(frozen=True, kw_only=True)
class MapParameters:
    """Parameters of a map."""

    box: tuple[float, float, float, float] | None
    box_code: str
    code: str  # of the projection
    width: int | None
    height: int | None
    query: dict[str, str]  # the others, as WMS has them


def parse_map(
    *,
    bbox: Annotated[
        str | None, query_parameter("`west,south,east,north` in `bbox-crs`. Absent: the dataset.", "5,66,30,80")
    ] = None,
    bbox_crs: Annotated[
        str | None, query_parameter("System of `bbox`: CRS84, or that of the map.", "CRS84", name="bbox-crs")
    ] = None,
    crs: Annotated[str | None, query_parameter("Projection of the map: CRS84, or a code.", "EPSG:3857")] = None,
    width: Annotated[int | None, query_parameter("Pixels.", 800, ge=1)] = None,
    height: Annotated[int | None, query_parameter("Pixels.", 600, ge=1)] = None,
    datetime: Datetime = None,
    z: Height = None,
    bgcolor: Annotated[str | None, query_parameter("Colour behind the map: 0xRRGGBB.", "0xFFFFFF")] = None,
    transparent: Annotated[bool, query_parameter("Whether places without values are transparent.", True)] = True,
    f: Form = None,
) -> MapParameters:
    """Parse the parameters of a map."""
    code, box_code = _find_code(crs, "crs"), _find_code(bbox_crs, "bbox-crs")
    if box_code not in {DEGREES, code}:
        raise InvalidRequest("bbox-crs is CRS84 or that of the map", field="bbox-crs")
    form = FORMATS[parse_choice((f or "png").lower().removeprefix("image/"), tuple(FORMATS), "f")]
    query = {
        "format": form,
        "time": parse_datetime(datetime),
        "elevation": z or "",
        "transparent": str(transparent).upper(),
        **({"bgcolor": bgcolor} if bgcolor else {}),
    }
    box = None if bbox is None else _parse_box(bbox)
    return MapParameters(box=box, box_code=box_code, code=code, width=width, height=height, query=query)


def _find_code(text: str | None, field: str) -> str:
    """Return the code of a reference system that is named by a code, a URI or a safe CURIE."""
    name = (text or "CRS84").strip("[]")
    if name in {"CRS84", "OGC:CRS84", DEGREES, CRS84}:
        return DEGREES
    if "/EPSG/" in name:
        name = f"EPSG:{name.rpartition('/')[2]}"
    if not name.upper().startswith("EPSG:"):
        raise InvalidRequest(
            "{name} {text!r} is no code, as EPSG:3857", name=field, text=(text or "")[:60], field=field
        )
    return name.upper()


def _parse_box(text: str) -> tuple[float, float, float, float]:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidRequest("bbox {text!r} is not west,south,east,north", text=text[:80], field="bbox") from None
    if not (np.isfinite([west, south, east, north]).all() and west < east and south < north):
        raise InvalidRequest("bbox {text!r} has no area on the map", text=text[:80], field="bbox")
    return west, south, east, north


def _project(box: tuple[float, float, float, float], code: str) -> tuple[float, float, float, float]:
    """Return the bounds of a box of degrees on the plane of a projection."""
    projection = MAP_PROJECTIONS.get(code)
    bounds = None if projection is None else projection.cover(box)
    if bounds is None:
        raise InvalidRequest("bbox has no place in the projection of the map", field="bbox")
    return bounds


async def draw_map(
    request: HttpRequest, wms: WmsService, info: VariableInfo, parameters: MapParameters
) -> Response[Any]:
    """Draw a map of a variable by the Web Map Service: the same pixels."""
    box = parameters.box
    if box is None:
        assets = await wms.catalogue.assets(info.dataset, info.key)
        west, south, east, north = assets.grid.bounds or WORLD
        box = west, south, east + 360.0 if east <= west else east, north
    if parameters.box_code == DEGREES and parameters.code != DEGREES:
        box = _project(box, parameters.code)
    aspect, width, height = (box[3] - box[1]) / (box[2] - box[0]), parameters.width, parameters.height
    columns = width or (WIDTH if height is None else max(1, round(height / aspect)))
    query = {
        "version": "1.1.1",  # x is first in every projection
        "layers": f"{info.dataset}/{info.key}",
        "srs": parameters.code,
        "bbox": ",".join(map(repr, box)),
        "width": str(columns),
        "height": str(height or max(1, round(columns * aspect))),
        **parameters.query,
    }
    response = await wms.get_map(request, WmsQuery(query.items()), "")
    uri = CRS84 if parameters.code == DEGREES else EPSG.format(parameters.code.partition(":")[2])
    response.headers["content-crs"] = f"<{uri}>"
    response.headers["content-bbox"] = ",".join(f"{edge:.9g}" for edge in box)
    return response


MapQuery = NamedDependency[SkipValidation[MapParameters]]
_map = partial(_draw, dependencies={"parameters": Provide(parse_map, sync_to_thread=False)})


@_map(f"{COLLECTION}/map", operation_id="getCollectionMap", summary="Map of a collection")
async def get_map(request: HttpRequest, wms: Wms, dataset: DatasetId, parameters: MapQuery) -> Response[Any]:
    """The first variable of the dataset."""
    return await draw_map(request, wms, await find_variable(wms, dataset, None), parameters)


@_map(f"{COLLECTION}/styles/{{style:str}}/map", operation_id="getStyledMap", summary="Map of a variable")
async def get_styled_map(
    request: HttpRequest, wms: Wms, dataset: DatasetId, style: StyleId, parameters: MapQuery
) -> Response[Any]:
    """A variable in its own colours."""
    return await draw_map(request, wms, await find_variable(wms, dataset, style), parameters)


# Tiles


def _describe_tile_set(root: str, item: MatrixSet, address: str) -> Json:
    return {
        "title": item.title,
        "dataType": "map",
        "crs": item.crs,
        **({"tileMatrixSetURI": item.uri} if item.uri else {}),
        "links": [
            _link(f"{root}/{item.id}", "self"),
            _link(f"{address}/ogc/tileMatrixSets/{item.id}", SCHEME),
            _link(f"{root}/{item.id}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}", "item", PNG, templated=True),
        ],
    }


async def list_tile_sets(request: HttpRequest, wms: WmsService, dataset: str, style: str | None) -> Json:
    """Return the tile sets of a variable."""
    await find_variable(wms, dataset, style)
    address, root = request_address(request), _tiles_address(request, dataset, style)
    return {"tilesets": [_describe_tile_set(root, item, address) for item in MATRIX_SETS.values()]}


async def describe_tile_set(
    request: HttpRequest, wms: WmsService, dataset: str, style: str | None, matrix_set: str
) -> Json:
    """Return one tile set of a variable, with its bounds."""
    info = await find_variable(wms, dataset, style)
    assets = await wms.catalogue.assets(dataset, info.key)
    west, south, east, north = assets.grid.bounds or WORLD
    described = _describe_tile_set(
        _tiles_address(request, dataset, style), find_matrix_set(matrix_set), request_address(request)
    )
    corners = {"lowerLeft": [west, south], "upperRight": [east, north]}
    return {**described, "title": info.name, "boundingBox": {**corners, "crs": CRS84}}


def _tiles_address(request: HttpRequest, dataset: str, style: str | None) -> str:
    styled = "" if style is None else f"/styles/{quote(style, safe='')}"
    return f"{request_address(request)}/ogc/collections/{quote(dataset, safe='')}{styled}/map/tiles"


@dataclass(frozen=True, kw_only=True)
class TileParameters:
    """Parameters of a tile."""

    item: MatrixSet
    zoom: int
    x: int
    y: int
    datetime: str
    z: str


def parse_tile(
    *,
    matrix_set: MatrixSetId,
    zoom: Zoom,
    row: TileRow,
    column: TileColumn,
    datetime: Datetime = None,
    z: Height = None,
) -> TileParameters:
    """Parse the parameters of a tile."""
    item = find_matrix_set(matrix_set)
    check_tile(zoom, column, row)
    return TileParameters(item=item, zoom=zoom, x=column, y=row, datetime=parse_datetime(datetime), z=z or "")


async def draw_tile(
    request: HttpRequest, tile_store: TileStore, info: VariableInfo, tile: TileParameters
) -> Response[bytes]:
    """Draw a tile: that of `/api/v2.0/tiles`."""
    assets = await tile_store.catalogue.assets(info.dataset, info.key)
    asked = TileRequest(
        dataset=info.dataset,
        variable=info.key,
        time=choose_time(assets, tile.datetime).value,
        depth=choose_level(assets, tile.z).value,
        zoom=tile.zoom,
        x=tile.x,
        y=tile.y,
        projection=tile.item.projection,
        folded=True,
    )
    return await tiles_api.answer_tile(request, tile_store, asked)


TileQuery = NamedDependency[SkipValidation[TileParameters]]
_tile = partial(_draw, dependencies={"tile": Provide(parse_tile, sync_to_thread=False)})
_TILE = "/{matrix_set:str}/{zoom:int}/{row:int}/{column:int}"
_STYLED = f"{COLLECTION}/styles/{{style:str}}/map/tiles"


@_describe(f"{COLLECTION}/map/tiles", operation_id="getCollectionTileSets", summary="List tile sets of a collection")
async def get_tile_sets(request: HttpRequest, wms: Wms, dataset: DatasetId) -> Json:
    """Of the first variable of the dataset, for each projection."""
    return await list_tile_sets(request, wms, dataset, None)


@_describe(
    f"{COLLECTION}/map/tiles/{{matrix_set:str}}", operation_id="getCollectionTileSet", summary="Describe a tile set"
)
async def get_tile_set(request: HttpRequest, wms: Wms, dataset: DatasetId, matrix_set: MatrixSetId) -> Json:
    """Address of the tiles, and where there are any."""
    return await describe_tile_set(request, wms, dataset, None, matrix_set)


@_tile(f"{COLLECTION}/map/tiles{_TILE}", operation_id="getCollectionTile", summary="Tile of a collection")
async def get_tile(
    request: HttpRequest, tile_store: Tiles, wms: Wms, dataset: DatasetId, tile: TileQuery
) -> Response[bytes]:
    """The first variable of the dataset."""
    return await draw_tile(request, tile_store, await find_variable(wms, dataset, None), tile)


@_describe(_STYLED, operation_id="getStyledTileSets", summary="List tile sets of a variable")
async def get_styled_tile_sets(request: HttpRequest, wms: Wms, dataset: DatasetId, style: StyleId) -> Json:
    """For each projection."""
    return await list_tile_sets(request, wms, dataset, style)


@_describe(
    f"{_STYLED}/{{matrix_set:str}}", operation_id="getStyledTileSet", summary="Describe a tile set of a variable"
)
async def get_styled_tile_set(
    request: HttpRequest, wms: Wms, dataset: DatasetId, style: StyleId, matrix_set: MatrixSetId
) -> Json:
    """Address of the tiles, and where there are any."""
    return await describe_tile_set(request, wms, dataset, style, matrix_set)


@_tile(f"{_STYLED}{_TILE}", operation_id="getStyledTile", summary="Tile of a variable by row and column")
async def get_styled_tile(
    *, request: HttpRequest, tile_store: Tiles, wms: Wms, dataset: DatasetId, style: StyleId, tile: TileQuery
) -> Response[bytes]:
    """A variable in its own colours."""
    return await draw_tile(request, tile_store, await find_variable(wms, dataset, style), tile)


ogc_router = Router(
    "/ogc",
    route_handlers=[
        list_matrix_sets,
        get_matrix_set,
        list_styles,
        get_map,
        get_styled_map,
        get_tile_sets,
        get_tile_set,
        get_tile,
        get_styled_tile_sets,
        get_styled_tile_set,
        get_styled_tile,
    ],
    exception_handlers=dict.fromkeys((OceanError, HTTPException, Exception), problems.answer_ogc_problem),
)
