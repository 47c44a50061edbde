"""The legend of a map layer."""

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from ocean_common import errors, problems
from ocean_common.caching import Freshness
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import VariableInfo
from ocean_common.pairs import magnitude_of
from ocean_common.parameters import DatasetId
from ocean_plotting.domain.colormaps import choose
from ocean_plotting.domain.colour import read_scale
from ocean_plotting.domain.output import Output
from ocean_plotting.domain.ports import Colours, Drawing, Image, Images
from ocean_plotting.domain.words import one_or_two
from ocean_plotting.figures import colour_bar
from ocean_plotting.routes.parameters import Colormap, Revision, Variables

Limits = Annotated[
    str,
    PathParameter(description="`min,max` in the variable's units.", examples=[Example(value="-5,30")]),
]


async def described(catalogue: Catalogue, dataset: str, variable: str) -> VariableInfo:
    """What a variable is, or the magnitude of two."""
    infos = await asyncio.gather(*(catalogue.variable(dataset, key) for key in one_or_two(variable)))
    return infos[0] if len(infos) == 1 else magnitude_of(infos[0], infos[1])


@get(
    "/scale/{dataset:str}/{variable:str}/{limits:str}",
    operation_id="getScale",
    summary="Colour bar of a variable",
    description="The legend of the variable's tiles in the same scale, on a transparent ground.",
    tags=["tiles"],
    media_type="image/png",
    responses={200: ResponseSpec(bytes, media_type="image/png", description="The colour bar.", generate_examples=False)}
    | problems.documented(errors.DatasetNotFound, errors.VariableNotFound, errors.TooBusy, errors.ServiceUnavailable),
)
async def scale(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    drawing: NamedDependency[Drawing],
    colours: NamedDependency[Colours],
    images: NamedDependency[Images],
    dataset: DatasetId,
    variable: Variables,
    limits: Limits,
    colormap: Colormap = None,
    rev: Revision = None,  # noqa: ARG001 - read by `freshness`
) -> Response[bytes]:
    """The colours of a variable and the values that they stand for."""
    low_high = read_scale(limits, "limits")
    await freshness(request, dataset)
    revision = await catalogue.revision(dataset)
    info = await described(catalogue, dataset, variable)
    ramp = colours.ramp(chosen := choose(info, colormap))
    form = Output(dpi=colour_bar.DPI)

    async def draw() -> Image:
        return Image(
            content=(await drawing.draw(form, colour_bar.draw, info, low_high, ramp)).content, revision=revision
        )

    image = await images.get(("scale", dataset, variable, low_high, chosen), draw, revision)
    return Response(image.content, media_type="image/png")
