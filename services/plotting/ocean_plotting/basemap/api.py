"""Routes of the map under the data: topography, depth contours, and vector tiles of land and depths."""

from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency, Provide

from ocean_common import problems
from ocean_common.http import Freshness, cancel_on_disconnect, client_address
from ocean_common.parameters import (
    TileColumn,
    TileRow,
    Zoom,
    check_tile,
    parse_choice,
    parse_qualities,
    path_parameter,
    query_parameter,
)
from ocean_core import errors
from ocean_core.errors import Message
from ocean_core.tiles import MERCATOR, PROJECTIONS, Tile
from ocean_plotting.basemap.render import BasemapRenderer
from ocean_plotting.tiles.api import PNG, WEBP, ProjectionCode, document_image, media_quality, offer_media_types
from ocean_plotting.tiles.store import ImageCache, RenderedImage

VECTOR = "application/vnd.mapbox-vector-tile"
MEDIA_TYPES = {"topo": PNG, "shaded": PNG, "shaded_webp": WEBP, "contours": PNG, "lands": VECTOR, "bath": VECTOR}
NEGOTIATED = {"shaded", "shaded_webp"}  # by the Accept header
VECTOR_LAYERS = ("lands", "bath")
NO_LAYER = Message("vector tiles {value!r} not found; available: {choices}")

Shaded = Annotated[bool, query_parameter("Hill shading, lit from the upper left.")]
TileType = Annotated[
    str,
    path_parameter(
        "`lands`: polygons of the land. `bath`: lines of equal depth, each with its `depth` in metres.",
        "lands",
        schema_extra={"enum": list(VECTOR_LAYERS)},
    ),
]
FileRevision = Annotated[
    str | None,
    query_parameter(
        "Revision of the basemap. With the current revision, the response may be cached for a year.",
        "76a597a47eab86b9b076d73a",
        name="rev",
    ),
]
FAILURES = problems.document_errors(errors.NotFound, errors.TileNotFound, errors.TooBusy)


@dataclass(frozen=True)
class BasemapService:
    """Draws tiles of the basemap and keeps them."""

    renderer: BasemapRenderer
    images: ImageCache
    freshness: Freshness

    async def answer(self, request: Request[Any, Any, Any], layer: str, tile: Tile) -> Response[bytes]:
        """Answer with a tile that is kept, or drawn in the client's turn, in a thread."""
        negotiated = layer in NEGOTIATED
        await self.freshness(request, layer, form=layer if negotiated else "")
        revision = await self.renderer.revision(layer)

        async def draw() -> RenderedImage:
            return RenderedImage(await sync_to_thread(self.renderer.draw, layer, tile))

        drawing = self.images.get_async(("map", layer, tile, revision), draw, client=client_address(request))
        image = await cancel_on_disconnect(request, drawing)
        headers = {"vary": "accept"} if negotiated else {}
        return Response(image.content, media_type=MEDIA_TYPES[layer], headers=headers)


def parse_tile(*, zoom: Zoom, x: TileColumn, y: TileRow, projection: ProjectionCode = "EPSG:3857") -> Tile:
    """Read the tile of a request."""
    code = parse_choice(projection, PROJECTIONS, "projection")
    check_tile(zoom, x, y, bounded=code == MERCATOR)
    return Tile(code, zoom, x, y)


DEPENDENCIES = {"tile": Provide(parse_tile, sync_to_thread=False)}


@get(
    "/tiles/topo/{zoom:int}/{x:int}/{y:int}",
    summary="Map tile of land and sea floor",
    description="256 × 256 pixels: heights and depths in colours, transparent outside the world. Shaded relief is a"
    " WebP if the Accept header names that format and does not prefer PNG, as that of browsers does.",
    tags=["tiles"],
    operation_class=offer_media_types(PNG, WEBP),
    dependencies=DEPENDENCIES,
    media_type=PNG,
    responses=document_image("The tile.") | FAILURES,
)
async def get_topography_tile(
    *,
    request: Request[Any, Any, Any],
    basemap: NamedDependency[BasemapService],
    tile: NamedDependency[Tile],
    shaded_relief: Shaded = False,
    rev: FileRevision = None,  # noqa: ARG001 - read by `Freshness`
) -> Response[bytes]:
    """Land and sea floor in colours."""
    layer = "topo"
    if shaded_relief and tile.exists:
        named = WEBP in parse_qualities(request.headers.get("accept", ""))
        webp = media_quality(request, WEBP)
        layer = "shaded_webp" if named and webp > 0 and webp >= media_quality(request, PNG) else "shaded"
    return await basemap.answer(request, layer, tile)


@get(
    "/tiles/bath/{zoom:int}/{x:int}/{y:int}",
    summary="Map tile of depth contours",
    description="256 × 256 pixels: thin lines at 100, 200, 500, 1000, 2000 … 6000 m on a transparent background.",
    tags=["tiles"],
    dependencies=DEPENDENCIES,
    media_type=PNG,
    responses=document_image("The tile.") | FAILURES,
)
async def get_depth_contour_tile(
    *,
    request: Request[Any, Any, Any],
    basemap: NamedDependency[BasemapService],
    tile: NamedDependency[Tile],
    rev: FileRevision = None,  # noqa: ARG001 - read by `Freshness`
) -> Response[bytes]:
    """Lines of equal depth."""
    return await basemap.answer(request, "contours", tile)


@get(
    "/mbt/{tiletype:str}/{zoom:int}/{x:int}/{y:int}",
    summary="Vector tile of land or depth contours",
    description="A Mapbox vector tile with one layer, named as its type. It is empty without features, in projections"
    " other than EPSG:3857, and below the zoom level that the operator has set (7 by default), since front ends draw"
    " the land over the topography.",
    tags=["tiles"],
    dependencies=DEPENDENCIES,
    media_type=VECTOR,
    responses=document_image("The tile.", VECTOR) | FAILURES,
)
async def get_vector_tile(
    *,
    request: Request[Any, Any, Any],
    basemap: NamedDependency[BasemapService],
    tile: NamedDependency[Tile],
    tiletype: TileType,
    rev: FileRevision = None,  # noqa: ARG001 - read by `Freshness`
) -> Response[bytes]:
    """Land or depth contours as shapes."""
    layer = parse_choice(tiletype, VECTOR_LAYERS, "tiletype", NO_LAYER, errors.NotFound)
    return await basemap.answer(request, layer, tile)


HANDLERS = [get_topography_tile, get_depth_contour_tile, get_vector_tile]
