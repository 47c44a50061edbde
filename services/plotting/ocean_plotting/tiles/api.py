"""Map tiles of variables."""

from dataclasses import dataclass
from typing import Annotated, Any, get_args

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation
from litestar.params import SkipValidation

from ocean_common import problems
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation, TileRequest
from ocean_common.http import cancel_on_disconnect, client_address, made_from
from ocean_common.parameters import (
    DatasetId,
    TileColumn,
    TileRow,
    Zoom,
    check_tile,
    parse_choice,
    parse_qualities,
    path_parameter,
    query_parameter,
)
from ocean_common.service import body_schema
from ocean_core import errors
from ocean_core.tiles import MERCATOR, PROJECTIONS
from ocean_plotting.palettes import parse_scale, validate_colormap
from ocean_plotting.tiles.store import TileFormat, TileStore, TileStyle

INTERPOLATIONS: tuple[Interpolation, ...] = get_args(Interpolation)
PNG, WEBP = "image/png", "image/webp"
TILE_ERRORS = problems.document_errors(
    errors.DatasetNotFound,
    errors.VariableNotFound,
    errors.TimeNotFound,
    errors.DepthNotFound,
    errors.TileNotFound,
    errors.SourceUnreadable,
    errors.TooBusy,
    errors.ServiceUnavailable,
)

VariableKeys = Annotated[
    str,
    path_parameter(
        "Key of a variable, or two keys separated by a comma for the magnitude of a vector.",
        ("sea water potential temperature", "votemper"),
    ),
]
ColormapId = Annotated[
    str | None,
    query_parameter(
        "Id of a colormap, as listed by `/api/v2.0/plot/colormaps`. Default: that of the variable.", "thermal"
    ),
]
Revision = Annotated[
    str | None,
    query_parameter(
        "Revision of the dataset. With the current revision, the response may be cached for a year.",
        "76a597a47eab86b9b076d73a",
        name="rev",
    ),
]
Time = Annotated[
    str,
    path_parameter(
        "Raw time as listed by `timestamps`, ISO 8601, or -1 for the last time step.", ("the last time step", "-1")
    ),
]
Depth = Annotated[str, path_parameter("Index of a depth level, or `bottom`.", "0")]
ScaleText = Annotated[
    str | None,
    query_parameter(
        "`min,max` in the variable's units, or `min,max,log` for a logarithmic scale. Default: the scale of the"
        " variable, logarithmic for chlorophyll and the like where it begins above zero.",
        "-5,30",
    ),
]
Radius = Annotated[float, query_parameter("Search radius in km, for `gaussian` and `inverse`.", gt=0, le=MAX_RADIUS)]
Neighbours = Annotated[int, query_parameter("Number of cells, for `gaussian` and `inverse`.", ge=1, le=MAX_NEIGHBOURS)]
InterpolationName = Annotated[
    str,
    query_parameter(
        "Interpolation between grid cells.", schema_extra={"enum": list(INTERPOLATIONS), "title": "Interpolation"}
    ),
]
ProjectionCode = Annotated[str, query_parameter("Projection of the map.", schema_extra={"enum": list(PROJECTIONS)})]


def parse_one_or_two_keys(variable: str) -> list[str]:
    """Read the key of a variable, or the two of a vector's components."""
    keys = variable.split(",")
    if len(keys) > 2 or not all(key.strip() for key in keys):
        raise errors.InvalidRequest(
            "variable is {variable!r}; it is one key, or two of a vector: u,v", variable=variable[:60], field="variable"
        )
    return keys


def document_image(description: str, media_type: str = PNG) -> dict[int, ResponseSpec]:
    """Return the OpenAPI description of a response that is an image."""
    return {200: ResponseSpec(bytes, media_type=media_type, description=description, generate_examples=False)}


def offer_media_types(*media_types: str, headers: dict[str, Any] | None = None) -> type[Operation]:
    """Return the OpenAPI operation of a route that also answers in binary forms of these media types."""

    @dataclass
    class BinaryOperation(Operation):
        def __post_init__(self) -> None:
            response = (self.responses or {}).get("200")
            if isinstance(response, OpenAPIResponse):
                bodies = {name: OpenAPIMediaType(schema=body_schema(name)) for name in media_types}
                response.content = {**(response.content or {}), **bodies}
                response.headers = headers

    return BinaryOperation


@get(
    "/tiles/{dataset:str}/{variable:str}/{time:str}/{depth:str}/{zoom:int}/{x:int}/{y:int}",
    summary="Map tile of a variable",
    description="256 × 256 pixels, transparent where there are no data. Values outside the scale have its end colours."
    " PNG, or lossless WebP if the Accept header prefers it.",
    tags=["tiles"],
    operation_class=offer_media_types(*get_args(TileFormat)),
    media_type=PNG,
    responses=document_image("The tile.") | TILE_ERRORS,
)
async def get_tile(
    *,
    request: Request[Any, Any, Any],
    tile_store: NamedDependency[SkipValidation[TileStore]],
    dataset: DatasetId,
    variable: VariableKeys,
    time: Time,
    depth: Depth,
    zoom: Zoom,
    x: TileColumn,
    y: TileRow,
    projection: ProjectionCode = "EPSG:3857",
    interp: InterpolationName = "gaussian",
    radius: Radius = 25.0,
    neighbours: Neighbours = 10,
    scale: ScaleText = None,
    colormap: ColormapId = None,
    rev: Revision = None,  # noqa: ARG001 - read by `freshness`
) -> Response[bytes]:
    """A variable on the map."""
    check_tile(zoom, x, y, bounded=projection == MERCATOR)
    field_request = TileRequest(
        dataset=dataset,
        variable=",".join(parse_one_or_two_keys(variable)),
        time=time,
        depth=depth,
        zoom=zoom,
        x=x,
        y=y,
        projection=parse_choice(projection, PROJECTIONS, "projection"),
        interpolation=parse_choice(interp, INTERPOLATIONS, "interp"),
        radius=radius,
        neighbours=neighbours,
        folded=True,
    )
    return await answer_tile(request, tile_store, field_request, scale, colormap)


async def answer_tile(
    request: Request[Any, Any, Any],
    tile_store: TileStore,
    field_request: TileRequest,
    scale: str | None = None,
    colormap: str | None = None,
) -> Response[bytes]:
    """Draw a tile in the format that the client prefers."""
    # WebP takes ten times as long, and is no smaller before it takes forty.
    webp = media_quality(request, WEBP) > media_quality(request, PNG)
    tile_format: TileFormat = "image/webp" if webp else "image/png"
    await tile_store.freshness(request, field_request.dataset, form=tile_format, repeatable=True)
    revision = await tile_store.catalogue.revision(field_request.dataset)
    limits = parse_scale(scale) if scale is not None else None
    style = TileStyle(limits, validate_colormap(colormap), tile_format)
    rendering = tile_store.render(field_request, style, revision, client_address(request))
    image = await cancel_on_disconnect(request, rendering)
    made_from(request, revision, image.revision)
    return Response(image.content, media_type=tile_format, headers={"vary": "accept"})


def media_quality(request: Request[Any, Any, Any], media_type: str) -> float:
    """Return the quality of a media type in the Accept header: that of the narrowest range that it is in.

    See RFC 9110 §12.5.1.
    """
    qualities = parse_qualities(request.headers.get("accept", ""))
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((qualities[media_range] for media_range in ranges if media_range in qualities), 0.0)
