"""TileJSON 3.0.0 of a variable: the addresses of its tiles, for MapLibre, Leaflet and others."""

import math
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation
from msgspec import Struct

from ocean_common import problems
from ocean_common.contracts.assets import Grid
from ocean_common.i18n import Translator
from ocean_common.parameters import DatasetId, parse_choice, query_parameter
from ocean_core import errors
from ocean_core.tiles import MAX_ZOOM, SIZE
from ocean_plotting.palettes import parse_scale, validate_colormap
from ocean_plotting.tiles import api as tiles_api
from ocean_plotting.tiles.store import TileStore

WORLD = (-180.0, -90.0, 180.0, 90.0)
CELL_PIXELS = 4.0  # of a cell at the largest zoom: beyond it, clients enlarge the tiles that they have

Time = Annotated[
    str,
    query_parameter("Raw time, ISO 8601, or -1 for the last time step.", ("the last time step", "-1")),
]
Depth = Annotated[str, query_parameter("Index of a depth level, or `bottom`.", "0")]


class TileJSON(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Description of a tile set."""

    tilejson: str
    tiles: list[str]
    name: str
    description: str
    attribution: str
    bounds: tuple[float, float, float, float]  # west, south, east, north; degrees
    center: tuple[float, float, int]  # longitude, latitude, zoom
    minzoom: int
    maxzoom: int
    version: str
    legend: str  # address of the colour bar
    scheme: str = "xyz"


@get(
    "/tilejson/{dataset:str}/{variable:str}",
    summary="TileJSON of a variable",
    description="Addresses of map tiles in Web Mercator, as TileJSON 3.0.0: a source of MapLibre and the like. Time,"
    " depth, scale, colormap and interpolation of the request are in the addresses, and so is the revision of the"
    " dataset: tiles of these addresses may be kept for a year.",
    tags=["tiles"],
    responses={200: ResponseSpec(TileJSON, description="The tile set.", generate_examples=False)}
    | problems.document_errors(errors.DatasetNotFound, errors.VariableNotFound, errors.ServiceUnavailable),
)
async def get_tilejson(
    *,
    request: Request[Any, Any, Any],
    tile_store: NamedDependency[SkipValidation[TileStore]],
    translate: NamedDependency[Translator],
    dataset: DatasetId,
    variable: tiles_api.VariableKeys,
    time: Time = "-1",
    depth: Depth = "0",
    interp: tiles_api.InterpolationName = "gaussian",
    scale: tiles_api.ScaleText = None,
    colormap: tiles_api.ColormapId = None,
) -> TileJSON:
    """The tile set of a variable at one time and depth."""
    await tile_store.freshness(request, dataset, repeatable=True)
    keys = tiles_api.parse_one_or_two_keys(variable)
    parse_choice(interp, tiles_api.INTERPOLATIONS, "interp")
    validate_colormap(colormap)
    assets = [await tile_store.catalogue.assets(dataset, key) for key in keys]
    info = assets[0].variable if len(assets) == 1 else assets[0].variable.magnitude_with(assets[1].variable)
    limits = scale or ",".join(f"{limit:g}" for limit in info.scale)
    parse_scale(limits)
    info, revision = translate.describe(info), await tile_store.catalogue.revision(dataset)
    base, key = f"{str(request.base_url).rstrip('/')}/api/v2.0", quote(",".join(keys))
    look = {name: value for name, value in (("scale", limits), ("colormap", colormap)) if value}
    query = urlencode({"interp": interp, **look, "rev": revision}, safe=",")
    chosen = f"?colormap={colormap}" if colormap else ""
    west, south, east, north = bounds = _map_bounds(assets[0].grid)
    return TileJSON(
        tilejson="3.0.0",
        tiles=[f"{base}/tiles/{quote(dataset)}/{key}/{quote(time)}/{quote(depth)}/{{z}}/{{x}}/{{y}}?{query}"],
        name=info.name,
        description=f"{translate.dataset_name(info)}: {info.name} ({info.units})",
        attribution=info.attribution or "",
        bounds=bounds,
        center=((west + east) / 2, (south + north) / 2, _overview_zoom(bounds)),
        minzoom=0,
        maxzoom=_largest_zoom(assets[0].grid, bounds),
        version="1.0.0",
        legend=f"{base}/scale/{quote(dataset)}/{key}/{quote(limits, safe=',')}" + chosen,
    )


def _map_bounds(grid: Grid) -> tuple[float, float, float, float]:
    """Return the bounds of a grid for maps that end at 180°: all longitudes, where it lies on both sides of it."""
    west, south, east, north = grid.bounds or WORLD
    return (west, south, east, north) if west < east else (WORLD[0], south, WORLD[2], north)


def _overview_zoom(bounds: tuple[float, float, float, float]) -> int:
    """Return the zoom at which a grid is about two tiles wide."""
    return max(0, min(MAX_ZOOM, math.floor(math.log2(720.0 / max(bounds[2] - bounds[0], 1e-3)))))


def _largest_zoom(grid: Grid, bounds: tuple[float, float, float, float]) -> int:
    """Return the zoom at which a mean cell has `CELL_PIXELS` pixels."""
    area = max(bounds[2] - bounds[0], 1e-3) * max(bounds[3] - bounds[1], 1e-3)
    cell = math.sqrt(area / max(1, math.prod(grid.shape)))  # degrees
    return max(0, min(MAX_ZOOM, math.ceil(math.log2(CELL_PIXELS * 360.0 / (SIZE * cell)))))


HANDLERS = [get_tilejson]
