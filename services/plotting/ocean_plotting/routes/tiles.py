"""Map tiles."""

from typing import Annotated, Any, cast, get_args

from litestar import Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from ocean_common import errors, problems
from ocean_common.caching import Freshness, made_from
from ocean_common.clients.data import Numbers
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.data import Interpolation, Projection, TileAsked
from ocean_common.parameters import DatasetId
from ocean_plotting.domain import tiles
from ocean_plotting.domain.colour import Scale, read_scale
from ocean_plotting.domain.ports import Fields, Image, Images, Painter
from ocean_plotting.domain.words import one_of, one_or_two
from ocean_plotting.routes.leaving import ClientLeft, answer_nobody, client_of, while_wanted
from ocean_plotting.routes.parameters import Colormap, Revision, Variables

Time = Annotated[
    str,
    PathParameter(
        description="Raw time as listed by `timestamps`, ISO 8601, or -1: the last.",
        examples=[Example(summary="the last", value="-1")],
    ),
]
Depth = Annotated[str, PathParameter(description="Index of a depth level, or `bottom`.", examples=[Example(value="0")])]
Zoom = Annotated[int, PathParameter(description="Zoom level, 0 to 24.", examples=[Example(value=4)])]
Column = Annotated[int, PathParameter(description="From the left, 0 to 2^zoom - 1.", examples=[Example(value=8)])]
Row = Annotated[int, PathParameter(description="From the top, 0 to 2^zoom - 1.", examples=[Example(value=3)])]
ScaleText = Annotated[
    str | None,
    QueryParameter(
        description="`min,max` in the variable's units. Left out: the variable's own scale.",
        examples=[Example(value="-5,30")],
    ),
]
Radius = Annotated[float, QueryParameter(gt=0, le=1000, description="km, for gaussian and inverse.")]
Neighbours = Annotated[int, QueryParameter(ge=1, le=100, description="Cells, for gaussian and inverse.")]
Interp = Annotated[
    str,
    QueryParameter(
        description="How values between grid cells are found.", schema_extra={"enum": list(get_args(Interpolation))}
    ),
]
Plane = Annotated[
    str, QueryParameter(description="Projection of the map.", schema_extra={"enum": list(get_args(Projection))})
]


class Studio:
    """What tiles are made with: who has the numbers, who colours them, and what is kept."""

    def __init__(
        self, catalogue: Catalogue, numbers: Numbers, painter: Painter, fields: Fields, images: Images
    ) -> None:
        self.catalogue = catalogue
        self.numbers = numbers
        self.painter = painter
        self.fields = fields
        self.images = images

    async def tile(
        self, asked: TileAsked, scale: Scale | None, colormap: str | None, revision: str, client: str
    ) -> Image:
        """The image of a tile. Another scale or colormap of a field that is kept costs no question."""

        async def paint() -> Image:
            field = await self.fields.get((asked,), lambda: self.numbers.tile_field(asked), revision)
            content = await sync_to_thread(self.painter.tile, field, scale, colormap)
            return Image(content=content, revision=field.revision)

        return await self.images.get(("tile", asked, scale, colormap), paint, revision, client)


def asked_tile(
    *,
    dataset: DatasetId,
    variable: Variables,
    time: Time,
    depth: Depth,
    zoom: Zoom,
    x: Column,
    y: Row,
    projection: Plane = "EPSG:3857",
    interp: Interp = "gaussian",
    radius: Radius = 25.0,
    neighbours: Neighbours = 10,
) -> TileAsked:
    """Read which tile is asked for; what there cannot be is refused before anybody is asked."""
    tiles.check(zoom, x, y, bounded=projection == "EPSG:3857")
    return TileAsked(
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
    )


@get(
    "/tiles/{dataset:str}/{variable:str}/{time:str}/{depth:str}/{zoom:int}/{x:int}/{y:int}",
    operation_id="getTile",
    summary="Map tile of a variable",
    description="256 × 256 pixels; transparent where there are no data. Values outside the scale have its end colours.",
    tags=["tiles"],
    dependencies={"asked": Provide(asked_tile, sync_to_thread=False)},
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
    tile_studio: NamedDependency[Studio],
    freshness: NamedDependency[Freshness],
    asked: NamedDependency[TileAsked],
    scale: ScaleText = None,
    colormap: Colormap = None,
    rev: Revision = None,  # noqa: ARG001 - read by `freshness`
) -> Response[bytes]:
    """A variable on the map."""
    limits = read_scale(scale) if scale is not None else None
    await freshness(request, asked.dataset)
    revision = await tile_studio.catalogue.revision(asked.dataset)
    work = tile_studio.tile(asked, limits, colormap, revision, client_of(request))
    image = await while_wanted(request, work)
    made_from(request, revision, image.revision)
    return Response(image.content, media_type="image/png")
