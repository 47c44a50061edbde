"""Legends of map layers, as pictures and as values with their colours, and the list of colormaps."""

import asyncio
import math
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast
from unicodedata import normalize

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import PathParameter, QueryParameter
from msgspec import Struct
from msgspec.structs import replace

from ocean_common import problems
from ocean_common.caching import Freshness
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import VariableInfo
from ocean_common.i18n import Language, Translator
from ocean_common.parameters import DatasetId
from ocean_core import errors
from ocean_core.colour import COLORMAPS, DEFAULT_COLORMAP, Limits
from ocean_core.vectors import is_velocity
from ocean_plotting import __version__
from ocean_plotting.export.output import Output
from ocean_plotting.figure import legends as figure_legends
from ocean_plotting.figure.labels import LabelFormatter
from ocean_plotting.palettes import (
    FEW,
    LEVELS,
    category_colours,
    colormap_colours,
    colormap_of,
    parse_scale,
    resample_colours,
)
from ocean_plotting.plots.common.query import check_choice, parse_one_or_two_keys
from ocean_plotting.tiles.api import ColormapId, Revision, VariableKeys
from ocean_plotting.tiles.store import ImageCache, RenderedImage
from ocean_plotting.workers import FigureRenderer

SIGNIFICANT_DIGITS = 6  # of the width of a scale


class LegendStop(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value and its colour."""

    value: float
    colour: str  # "#rrggbb"
    label: str | None = None  # of a category


class Legend(Struct, frozen=True, kw_only=True):
    """The colours of a variable's tiles and the values that they stand for."""

    dataset: str
    variable: str
    name: str
    units: str
    colormap: str
    min: float
    max: float
    kind: Literal["ramp", "steps", "categories"]  # colours change from stop to stop, at each, or are of one value each
    stops: list[LegendStop]  # ascending


def build_legend(info: VariableInfo, colormap: str, limits: Limits) -> Legend:
    """Return the colours of a variable in a scale.

    Parameters
    ----------
    info
        With the name in the reader's language.
    colormap
        The id of the colormap.
    limits
        In the variable's units; without effect on categories.
    """
    low, high = limits
    colours = colormap_colours(colormap)
    kind: Literal["ramp", "steps", "categories"]
    if info.categories:
        low, high = 0.0, float(min(len(info.categories), LEVELS) - 1)
        colours, kind = category_colours(colours, int(high) + 1), "categories"
        values = [float(value) for value in range(len(colours))]
    elif len(colours) <= FEW:
        kind = "steps"
        values = _spread_values(low, high, len(colours), len(colours))
    else:
        colours, kind = resample_colours(colours, LEVELS), "ramp"
        values = _spread_values(low, high, LEVELS, LEVELS - 1)
    labels: list[str | None] = [*info.categories] or [None] * len(values)
    return Legend(
        dataset=info.dataset,
        variable=info.key,
        name=info.name,
        units=info.units,
        colormap=colormap,
        min=low,
        max=high,
        kind=kind,
        stops=[
            LegendStop(value=value, colour=f"#{bytes(colour).hex()}", label=label)
            for value, colour, label in zip(values, colours, labels, strict=False)
        ],
    )


def _spread_values(low: float, high: float, count: int, parts: int) -> list[float]:
    """Return the values at the beginnings of equal parts of a scale, as exact as its width is worth."""
    digits = SIGNIFICANT_DIGITS - math.floor(math.log10(high - low))
    return [round(low + (high - low) * part / parts, digits) for part in range(count)]


class LegendService:
    """Draws colour bars and keeps them."""

    def __init__(self, catalogue: Catalogue, drawing: FigureRenderer, images: ImageCache) -> None:
        self._catalogue = catalogue
        self._drawing = drawing
        self._images = images

    async def describe_variable(self, dataset: str, variable: str, labels: LabelFormatter) -> VariableInfo:
        """Return a variable, or the magnitude of two, with its name in the reader's language."""
        infos = await asyncio.gather(
            *(self._catalogue.variable(dataset, key) for key in parse_one_or_two_keys(variable))
        )
        if len(infos) == 1:
            return replace(infos[0], name=labels.variable_name(infos[0]))
        first, second = infos
        magnitude = first.magnitude_with(second)
        if is_velocity(first.standard_name, second.standard_name):
            return replace(magnitude, name=labels.variable_name(magnitude))
        name = labels.translate(
            "Magnitude of {first} and {second}", first=labels.variable_name(first), second=labels.variable_name(second)
        )
        return replace(magnitude, name=name)

    async def draw_bar(self, info: VariableInfo, limits: Limits, colormap: str, translate: Translator) -> RenderedImage:
        """Return the colour bar of a variable; it does not wait in the queue of tiles."""
        revision = await self._catalogue.revision(info.dataset)
        output = Output(dpi=figure_legends.LEGEND_DPI, language=cast(Language, translate.language))

        async def draw() -> RenderedImage:
            drawn = await self._drawing.draw(
                output, figure_legends.draw_layer_legend, info, limits, colormap_colours(colormap)
            )
            return RenderedImage(content=drawn.content, revision=revision)

        key = ("scale", info.dataset, info.key, limits, colormap, translate.language)
        return await self._images.get(key, draw, revision)

    async def draw_chart(self, translate: Translator) -> RenderedImage:
        """Return a picture of all colormaps."""
        output = Output(dpi=100, language=cast(Language, translate.language))

        async def draw() -> RenderedImage:
            rows = [(item.id, item.value, colormap_colours(item.id)) for item in sorted_colormaps(translate)]
            drawn = await self._drawing.draw(output, figure_legends.draw_colormap_chart, rows)
            return RenderedImage(content=drawn.content, revision=__version__)

        return await self._images.get(("colormaps", translate.language), draw, __version__)


LimitsText = Annotated[
    str,
    PathParameter(description="`min,max` in the variable's units.", examples=[Example(value="-5,30")]),
]
LegendFormat = Annotated[
    str,
    QueryParameter(
        name="format",
        description="`png`: a colour bar. `json`: its values and colours.",
        schema_extra={"enum": ["png", "json"]},
    ),
]


@dataclass
class LegendOperation(Operation):
    """OpenAPI operation with both forms of a legend."""

    def __post_init__(self) -> None:
        response = (self.responses or {}).get("200")
        if isinstance(response, OpenAPIResponse) and response.content:
            bar = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))
            response.content = {"image/png": bar, "application/json": response.content["application/json"]}


@get(
    "/scale/{dataset:str}/{variable:str}/{limits:str}",
    operation_id="getScale",
    summary="Colour bar of a variable",
    description="The legend of the variable's tiles in the same scale: a colour bar on a transparent background, or"
    " with `format=json` its values and colours.",
    tags=["tiles"],
    operation_class=LegendOperation,
    media_type="image/png",
    responses={
        200: ResponseSpec(
            Legend, description="The colours and the values that they stand for.", generate_examples=False
        )
    }
    | problems.document_errors(
        errors.DatasetNotFound, errors.VariableNotFound, errors.TooBusy, errors.ServiceUnavailable
    ),
)
async def scale(
    *,
    request: Request[Any, Any, Any],
    legends: NamedDependency[LegendService],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: DatasetId,
    variable: VariableKeys,
    limits: LimitsText,
    colormap: ColormapId = None,
    file_format: LegendFormat = "png",
    rev: Revision = None,  # noqa: ARG001 - read by `freshness`
) -> Response[Any]:
    """The colours of a variable and the values that they stand for."""
    low_high, legend_format = parse_scale(limits, "limits"), check_choice(file_format, ["png", "json"], "format")
    await freshness(request, dataset)
    info = await legends.describe_variable(dataset, variable, LabelFormatter(translate))
    colormap = colormap_of(info, colormap)
    if legend_format == "json":
        return Response(build_legend(info, colormap, low_high), media_type="application/json")
    bar = await legends.draw_bar(info, low_high, colormap, translate)
    return Response(bar.content, media_type="image/png")


class Colormap(Struct, frozen=True, kw_only=True):
    """A colormap."""

    id: str
    value: str  # display name


def sorted_colormaps(translate: Translator) -> list[Colormap]:
    """Return every colormap by its name; accents do not count."""
    colormaps = [Colormap(id=key, value=translate(name)) for key, (name, _) in COLORMAPS.items()]
    return sorted(colormaps, key=lambda colormap: normalize("NFKD", colormap.value.lower()))


@get(
    "/plot/colormaps",
    operation_id="listColormaps",
    summary="Colormaps",
    tags=["plots"],
    responses=problems.document_errors(),
)
async def list_colormaps(translate: NamedDependency[Translator]) -> list[Colormap]:
    """Ids and names of the colormaps; the first stands for the default of each variable."""
    return [Colormap(id=DEFAULT_COLORMAP, value=translate("Default for Variable")), *sorted_colormaps(translate)]


@get(
    "/plot/colormaps.png",
    operation_id="getColormapChart",
    summary="Chart of the colormaps",
    tags=["plots"],
    media_type="image/png",
    responses={200: ResponseSpec(bytes, media_type="image/png", description="The chart.", generate_examples=False)}
    | problems.document_errors(errors.TooBusy),
)
async def draw_colormap_chart(
    legends: NamedDependency[LegendService], translate: NamedDependency[Translator]
) -> Response[bytes]:
    """Every colormap, with its name."""
    return Response((await legends.draw_chart(translate)).content, media_type="image/png")
