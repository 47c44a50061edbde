"""The map under the data: topography, depth contours, and vector tiles of land and depths."""

from typing import Annotated, Any, cast, get_args

from litestar import Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from ocean_common import errors, problems
from ocean_common.caching import Freshness
from ocean_common.parameters import TileColumn, TileRow, Zoom, check_tile
from ocean_core.tiles import MERCATOR, Projection, Tile
from ocean_plotting.plots.words import one_of
from ocean_plotting.ports import Basemap, Image, Images, Piece
from ocean_plotting.tiles.accept import welcomes
from ocean_plotting.tiles.api import Plane, TileOperation
from ocean_plotting.tiles.cancellation import ClientLeft, answer_nobody, client_of, while_wanted

PNG, VECTOR = "image/png", "application/vnd.mapbox-vector-tile"
MEDIA: dict[Piece, str] = {
    "topo": PNG,
    "shaded": PNG,
    "shaded_webp": "image/webp",
    "contours": PNG,
    "lands": VECTOR,
    "bath": VECTOR,
}
NEGOTIATED = {"shaded", "shaded_webp"}  # by the Accept header
VECTOR_PIECES: tuple[Piece, ...] = ("lands", "bath")

Shaded = Annotated[bool, QueryParameter(description="Light on the slopes, from the upper left.")]
TileType = Annotated[
    str,
    PathParameter(
        description="`lands`: polygons of the land. `bath`: lines of equal depth, each with its `depth` in metres.",
        schema_extra={"enum": list(VECTOR_PIECES)},
        examples=[Example(value="lands")],
    ),
]
FileRevision = Annotated[
    str | None,
    QueryParameter(
        name="rev",
        description="Revision of the map: an address that names it may be kept by browsers for ever.",
    ),
]
FAILURES = problems.documented(errors.NotFound, errors.TileNotFound, errors.TooBusy)


class Studio:
    """What the pieces of the map are made with, and what is kept of them."""

    def __init__(self, basemap: Basemap, images: Images, version: str, max_age: int) -> None:
        self._basemap = basemap
        self._images = images
        self._freshness = Freshness(self, version, max_age)

    async def revision(self, dataset: str) -> str:
        """The revision of a piece: that of the files that it is drawn from."""
        return self._basemap.version(cast(Piece, dataset))

    async def answer(self, request: Request[Any, Any, Any], piece: Piece, tile: Tile) -> Response[bytes]:
        """A tile that is kept, or drawn in its turn, in a thread."""
        negotiated = piece in NEGOTIATED
        await self._freshness(request, piece, form=piece if negotiated else "")
        revision = await self.revision(piece)

        async def draw() -> Image:
            return Image(content=await sync_to_thread(self._basemap.draw, piece, tile), revision=revision)

        image = await while_wanted(request, self._images.get(("map", piece, tile), draw, revision, client_of(request)))
        headers = {"vary": "accept"} if negotiated else {}
        return Response(image.content, media_type=MEDIA[piece], headers=headers)


def asked_tile(*, zoom: Zoom, x: TileColumn, y: TileRow, projection: Plane = "EPSG:3857") -> Tile:
    """Read which tile is asked for."""
    plane = cast(Projection, one_of(projection, get_args(Projection), "projection"))
    check_tile(zoom, x, y, bounded=plane == MERCATOR)
    return Tile(plane, zoom, x, y)


ASKED = {"asked": Provide(asked_tile, sync_to_thread=False)}
PICTURE = {200: ResponseSpec(bytes, media_type=PNG, description="The tile.", generate_examples=False)}


@get(
    "/tiles/topo/{zoom:int}/{x:int}/{y:int}",
    operation_id="getTopographyTile",
    summary="Map tile of land and sea floor",
    description="256 × 256 pixels: heights and depths in colours. Transparent outside the world."
    " Shaded relief is a WebP where the Accept header names that and likes PNG no better, as that of browsers does.",
    tags=["tiles"],
    operation_class=TileOperation,
    dependencies=ASKED,
    media_type=PNG,
    exception_handlers={ClientLeft: answer_nobody},
    responses=PICTURE | FAILURES,
)
async def topography(
    *,
    request: Request[Any, Any, Any],
    map_studio: NamedDependency[Studio],
    asked: NamedDependency[Tile],
    shaded_relief: Shaded = False,
    rev: FileRevision = None,  # noqa: ARG001 - read by `Freshness`
) -> Response[bytes]:
    """Land and sea floor in colours."""
    piece: Piece = "topo"
    if shaded_relief and asked.exists:
        small = welcomes(request.headers.get("accept", ""), "image/webp", PNG)
        piece = "shaded_webp" if small else "shaded"
    return await map_studio.answer(request, piece, asked)


@get(
    "/tiles/bath/{zoom:int}/{x:int}/{y:int}",
    operation_id="getDepthContourTile",
    summary="Map tile of depth contours",
    description="256 × 256 pixels: thin lines at 100, 200, 500, 1000, 2000 … 6000 m on a transparent ground.",
    tags=["tiles"],
    dependencies=ASKED,
    media_type=PNG,
    exception_handlers={ClientLeft: answer_nobody},
    responses=PICTURE | FAILURES,
)
async def contours(
    *,
    request: Request[Any, Any, Any],
    map_studio: NamedDependency[Studio],
    asked: NamedDependency[Tile],
    rev: FileRevision = None,  # noqa: ARG001 - read by `Freshness`
) -> Response[bytes]:
    """Lines of equal depth."""
    return await map_studio.answer(request, "contours", asked)


@get(
    "/mbt/{tiletype:str}/{zoom:int}/{x:int}/{y:int}",
    operation_id="getVectorTile",
    summary="Vector tile of land or depth contours",
    description="A Mapbox vector tile of one layer, named as its type. Empty where there is nothing, in projections"
    " other than EPSG:3857, and below the zoom that the operator has chosen (7): front ends paint the land over the"
    " topography.",
    tags=["tiles"],
    dependencies=ASKED,
    media_type=VECTOR,
    exception_handlers={ClientLeft: answer_nobody},
    responses={200: ResponseSpec(bytes, media_type=VECTOR, description="The tile.", generate_examples=False)}
    | FAILURES,
)
async def vectors(
    *,
    request: Request[Any, Any, Any],
    map_studio: NamedDependency[Studio],
    asked: NamedDependency[Tile],
    tiletype: TileType,
    rev: FileRevision = None,  # noqa: ARG001 - read by `Freshness`
) -> Response[bytes]:
    """Land or depth contours as shapes."""
    if tiletype not in VECTOR_PIECES:
        raise errors.NotFound(
            "there are no vector tiles of {tiletype!r}; there are: {vector_pieces}",
            tiletype=tiletype[:40],
            vector_pieces=", ".join(VECTOR_PIECES),
            field="tiletype",
            allowed=VECTOR_PIECES,
        )
    return await map_studio.answer(request, tiletype, asked)


HANDLERS = [topography, contours, vectors]
