"""Map tiles."""

from dataclasses import dataclass
from typing import Annotated, Any, cast, get_args

from litestar import Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import PathParameter, QueryParameter, SkipValidation

from ocean_common import errors, problems
from ocean_common.caching import Freshness, made_from
from ocean_common.clients.data import Numbers
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation, TileAsked
from ocean_common.parameters import DatasetId, TileColumn, TileRow, Zoom, check_tile
from ocean_core.tiles import Projection, Tile
from ocean_plotting.palettes import parse_scale, validate_colormap
from ocean_plotting.plots.words import one_of, one_or_two
from ocean_plotting.ports import Fields, Image, Images
from ocean_plotting.tiles.accept import prefers
from ocean_plotting.tiles.cancellation import ClientLeft, answer_nobody, client_of, while_wanted
from ocean_plotting.tiles.coverage import tile_is_outside, tile_misses_grid
from ocean_plotting.tiles.parameters import Colormap, Revision, Variables
from ocean_plotting.tiles.render import EMPTY_TILES, TileFormat, TileStyle, render_tile

Time = Annotated[
    str,
    PathParameter(
        description="Raw time as listed by `timestamps`, ISO 8601, or -1: the last.",
        examples=[Example(summary="the last", value="-1")],
    ),
]
Depth = Annotated[str, PathParameter(description="Index of a depth level, or `bottom`.", examples=[Example(value="0")])]
ScaleText = Annotated[
    str | None,
    QueryParameter(
        description="`min,max` in the variable's units. Left out: the variable's own scale.",
        examples=[Example(value="-5,30")],
    ),
]
Radius = Annotated[float, QueryParameter(gt=0, le=MAX_RADIUS, description="km, for gaussian and inverse.")]
Neighbours = Annotated[int, QueryParameter(ge=1, le=MAX_NEIGHBOURS, description="Cells, for gaussian and inverse.")]
Interp = Annotated[
    str,
    QueryParameter(
        description="How values between grid cells are found.", schema_extra={"enum": list(get_args(Interpolation))}
    ),
]
Plane = Annotated[
    str, QueryParameter(description="Projection of the map.", schema_extra={"enum": list(get_args(Projection))})
]


# Rendered in a third of a millisecond: a thread would not begin much sooner.
RENDERED_INLINE: set[TileFormat] = {"image/png"}


@dataclass(frozen=True, kw_only=True)
class Studio:
    """What tiles are made with: who has the numbers, who colours them, and what is kept.

    One thing, since several are given to a handler in tasks.
    """

    catalogue: Catalogue
    numbers: Numbers
    fields: Fields
    images: Images
    freshness: Freshness

    async def tile(self, asked: TileAsked, style: TileStyle, revision: str, client: str) -> Image:
        """The image of a tile. Another style of a field that is kept costs no question."""

        async def paint() -> Image:
            field = await self.fields.get((asked,), lambda: self.numbers.tile_field(asked), revision)
            if style.format in RENDERED_INLINE:
                content = render_tile(field, style)
            else:
                content = await sync_to_thread(render_tile, field, style)
            return Image(content=content, revision=field.revision)

        if await self._blank(asked):
            return Image(content=EMPTY_TILES[style.format], revision=revision)
        return await self.images.get(("tile", asked, style), paint, revision, client)

    async def _blank(self, asked: TileAsked) -> bool:
        """Whether the tile holds nothing, wherever the numbers of its dataset are."""
        tile = Tile(asked.projection, asked.zoom, asked.x, asked.y)
        if tile_is_outside(tile):
            return True
        assets = [await self.catalogue.assets(asked.dataset, key) for key in asked.variable.split(",")]
        return any(tile_misses_grid(tile, one.grid) for one in assets)


def liked(request: Request[Any, Any, Any]) -> TileFormat:
    """PNG, unless WebP is liked better: it takes ten times as long, and is no smaller before it takes forty."""
    return "image/webp" if prefers(request.headers.get("accept", ""), "image/webp", "image/png") else "image/png"


@dataclass
class TileOperation(Operation):
    """Documents every format that a tile may have."""

    def __post_init__(self) -> None:
        drawn = (self.responses or {}).get("200")
        if isinstance(drawn, OpenAPIResponse):
            binary = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            drawn.content = dict.fromkeys(get_args(TileFormat), binary)


@get(
    "/tiles/{dataset:str}/{variable:str}/{time:str}/{depth:str}/{zoom:int}/{x:int}/{y:int}",
    operation_id="getTile",
    summary="Map tile of a variable",
    description="256 × 256 pixels; transparent where there are no data. Values outside the scale have its end colours."
    " A PNG, or a lossless WebP where the Accept header likes that better.",
    tags=["tiles"],
    operation_class=TileOperation,
    media_type="image/png",
    exception_handlers={ClientLeft: answer_nobody},
    responses={200: ResponseSpec(bytes, media_type="image/png", description="The tile.", generate_examples=False)}
    | problems.documented(
        errors.DatasetNotFound,
        errors.VariableNotFound,
        errors.TimeNotFound,
        errors.DepthNotFound,
        errors.TileNotFound,
        errors.SourceUnreadable,
        errors.TooBusy,
        errors.ServiceUnavailable,
    ),
)
async def tile(
    *,
    request: Request[Any, Any, Any],
    tile_studio: NamedDependency[SkipValidation[Studio]],
    dataset: DatasetId,
    variable: Variables,
    time: Time,
    depth: Depth,
    zoom: Zoom,
    x: TileColumn,
    y: TileRow,
    projection: Plane = "EPSG:3857",
    interp: Interp = "gaussian",
    radius: Radius = 25.0,
    neighbours: Neighbours = 10,
    scale: ScaleText = None,
    colormap: Colormap = None,
    rev: Revision = None,  # noqa: ARG001 - read by `freshness`
) -> Response[bytes]:
    """A variable on the map."""
    check_tile(zoom, x, y, bounded=projection == "EPSG:3857")
    asked = TileAsked(
        dataset=dataset,
        variable=",".join(one_or_two(variable)),
        time=time,
        depth=depth,
        zoom=zoom,
        x=x,
        y=y,
        projection=cast(Projection, one_of(projection, get_args(Projection), "projection")),
        interpolation=cast(Interpolation, one_of(interp, get_args(Interpolation), "interp")),
        radius=radius,
        neighbours=neighbours,
        folded=True,
    )
    style = TileStyle(parse_scale(scale) if scale is not None else None, validate_colormap(colormap), liked(request))
    await tile_studio.freshness(request, dataset, form=style.format)
    revision = await tile_studio.catalogue.revision(dataset)
    image = await while_wanted(request, tile_studio.tile(asked, style, revision, client_of(request)))
    made_from(request, revision, image.revision)
    return Response(image.content, media_type=style.format, headers={"vary": "accept"})
