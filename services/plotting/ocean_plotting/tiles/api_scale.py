"""The legend of a map layer."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, cast

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import PathParameter, QueryParameter
from msgspec.structs import replace

from ocean_common import errors, problems
from ocean_common.caching import Freshness
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import VariableInfo
from ocean_common.i18n import Language, Translator
from ocean_common.parameters import DatasetId
from ocean_common.vector_components import magnitude_info
from ocean_core.colour import Limits
from ocean_core.vectors import is_velocity
from ocean_plotting.export.output import Output
from ocean_plotting.figure import colour_bar
from ocean_plotting.figure.speech import Words
from ocean_plotting.palettes import colormap_colours, colormap_of, parse_scale
from ocean_plotting.plots.words import one_of, one_or_two
from ocean_plotting.ports import Drawing, Image, Images
from ocean_plotting.tiles.legend import Legend, legend
from ocean_plotting.tiles.parameters import Colormap, Revision, Variables

LimitsText = Annotated[
    str,
    PathParameter(description="`min,max` in the variable's units.", examples=[Example(value="-5,30")]),
]


class Studio:
    """What legends are made with: who knows the variables, who draws, the colours, and what is kept."""

    def __init__(self, catalogue: Catalogue, drawing: Drawing, images: Images) -> None:
        self.catalogue = catalogue
        self.drawing = drawing
        self.images = images

    def stops(self, info: VariableInfo, limits: Limits, colormap: str) -> Legend:
        """The values and their colours."""
        return legend(info, colormap, colormap_colours(colormap), limits)

    async def bar(self, info: VariableInfo, limits: Limits, colormap: str, translate: Translator) -> Image:
        """The colour bar; it waits for no tile, only for who draws."""
        revision = await self.catalogue.revision(info.dataset)
        output = Output(dpi=colour_bar.DPI, language=cast(Language, translate.language))

        async def draw() -> Image:
            ramp = colormap_colours(colormap)
            drawn = await self.drawing.draw(output, colour_bar.draw, info, limits, ramp)
            return Image(content=drawn.content, revision=revision)

        return await self.images.get(
            ("scale", info.dataset, info.key, limits, colormap, translate.language), draw, revision
        )


Format = Annotated[
    str,
    QueryParameter(
        name="format",
        description="`png`: a colour bar. `json`: its values and colours.",
        schema_extra={"enum": ["png", "json"]},
    ),
]


async def described(catalogue: Catalogue, dataset: str, variable: str, words: Words) -> VariableInfo:
    """What a variable is, or the magnitude of two, with its name in the reader's language."""
    infos = await asyncio.gather(*(catalogue.variable(dataset, key) for key in one_or_two(variable)))
    if len(infos) == 1:
        return replace(infos[0], name=words.name(infos[0]))
    first, second = infos
    pair = magnitude_info(first, second)
    if is_velocity(first.standard_name, second.standard_name):
        return replace(pair, name=words.name(pair))
    name = words.translate("Magnitude of {first} and {second}", first=words.name(first), second=words.name(second))
    return replace(pair, name=name)


@dataclass
class ScaleOperation(Operation):
    """Documents both forms of a scale."""

    def __post_init__(self) -> None:
        told = (self.responses or {}).get("200")
        if isinstance(told, OpenAPIResponse) and told.content:
            bar = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            told.content = {"image/png": bar, "application/json": told.content["application/json"]}


@get(
    "/scale/{dataset:str}/{variable:str}/{limits:str}",
    operation_id="getScale",
    summary="Colour bar of a variable",
    description="The legend of the variable's tiles in the same scale, on a transparent ground; or, with `format=json`,"
    " the values and their colours.",
    tags=["tiles"],
    operation_class=ScaleOperation,
    media_type="image/png",
    responses={200: ResponseSpec(Legend, description="The colours, and what they mean.", generate_examples=False)}
    | problems.documented(errors.DatasetNotFound, errors.VariableNotFound, errors.TooBusy, errors.ServiceUnavailable),
)
async def scale(
    *,
    request: Request[Any, Any, Any],
    scale_studio: NamedDependency[Studio],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: DatasetId,
    variable: Variables,
    limits: LimitsText,
    colormap: Colormap = None,
    file_format: Format = "png",
    rev: Revision = None,  # noqa: ARG001 - read by `freshness`
) -> Response[Any]:
    """The colours of a variable and the values that they stand for."""
    low_high, form = parse_scale(limits, "limits"), one_of(file_format, ["png", "json"], "format")
    await freshness(request, dataset)
    info = await described(scale_studio.catalogue, dataset, variable, Words(translate))
    chosen = colormap_of(info, colormap)
    if form == "json":
        return Response(scale_studio.stops(info, low_high, chosen), media_type="application/json")
    return Response((await scale_studio.bar(info, low_high, chosen, translate)).content, media_type="image/png")
