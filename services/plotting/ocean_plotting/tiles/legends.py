"""Legends of map layers, as pictures and as values with their colours, and the list of colormaps."""

import asyncio
import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast
from unicodedata import normalize

import numpy as np
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from msgspec import Struct
from msgspec.structs import replace

from ocean_common import problems
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import VariableInfo
from ocean_common.http import Freshness
from ocean_common.i18n import Language, Translator
from ocean_common.parameters import DatasetId, parse_choice, path_parameter, query_parameter
from ocean_core import errors
from ocean_core.colour import COLORMAPS, DEFAULT_COLORMAP, Scale
from ocean_plotting import __version__
from ocean_plotting.export.output import Output
from ocean_plotting.figure.labels import LabelFormatter
from ocean_plotting.figure.legends import LEGEND_DPI, draw_colormap_chart, draw_layer_legend
from ocean_plotting.palettes import FEW, LEVELS, choose_colours, colormap_colours, parse_scale, scale_colours
from ocean_plotting.tiles import api as tiles_api
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
    logarithmic: bool  # the colours are spread over the logarithms of values
    kind: Literal["ramp", "steps", "categories"]  # colours change from stop to stop, at each, or are of one value each
    stops: list[LegendStop]  # ascending


def build_legend(info: VariableInfo, colormap: str, scale: Scale) -> Legend:
    """Return the colours of a variable in a scale, which has no effect on categories."""
    low, high = scale.limits
    ramp, colours = colormap_colours(colormap), scale_colours(colormap, scale, len(info.categories))
    kind: Literal["ramp", "steps", "categories"] = "ramp"
    if info.categories:
        values = info.category_numbers[: len(colours)]
        low, high, kind = values[0], values[-1], "categories"
    elif len(ramp) <= FEW:
        colours, kind = ramp, "steps"
        values = _spread_values(scale, len(ramp), len(ramp))
    else:
        values = _spread_values(scale, LEVELS, LEVELS - 1)
    labels: list[str | None] = [*info.categories] or [None] * len(values)
    return Legend(
        dataset=info.dataset,
        variable=info.key,
        name=info.name,
        units=info.units,
        colormap=colormap,
        min=low,
        max=high,
        logarithmic=scale.logarithmic and not info.categories,
        kind=kind,
        stops=[
            LegendStop(value=value, colour=f"#{bytes(colour).hex()}", label=label)
            for value, colour, label in zip(values, colours, labels, strict=False)
        ],
    )


def _spread_values(scale: Scale, count: int, parts: int) -> list[float]:
    """Return the values at the beginnings of equal parts of a scale, as exact as its width is worth."""
    values = scale.value(np.arange(count) / parts).tolist()
    if scale.logarithmic:
        digits = SIGNIFICANT_DIGITS - min(0, math.floor(math.log10(math.log(scale.high / scale.low))))
        return [float(f"{value:.{digits}g}") for value in values]
    digits = SIGNIFICANT_DIGITS - math.floor(math.log10(scale.high - scale.low))
    return [round(value, digits) for value in values]


@dataclass(frozen=True)
class LegendService:
    """Draws colour bars and keeps them."""

    catalogue: Catalogue
    drawing: FigureRenderer
    images: ImageCache

    async def describe_variable(self, dataset: str, variable: str, labels: LabelFormatter) -> VariableInfo:
        """Return a variable, or the magnitude of two, with its name in the reader's language and its own colours."""
        keys = tiles_api.parse_one_or_two_keys(variable)
        info, *second = await asyncio.gather(*(self.catalogue.variable(dataset, key) for key in keys))
        name = labels.variable_name(info)
        if second:
            info = info.magnitude_with(second[0])
            name = labels.variable_name(info)
        # The colours are those of the name in the configuration, as in the tiles.
        colours, categories = info.colours, labels.translate.categories(info)
        return replace(
            info, name=name, colormap=colours.colormap, logarithmic=colours.logarithmic, categories=categories
        )

    async def draw(
        self, key: tuple[Hashable, ...], translate: Translator, make: Callable[..., object], *arguments: object
    ) -> Response[bytes]:
        """Answer with a picture; it does not wait in the queue of tiles."""
        output = Output(dpi=LEGEND_DPI, language=cast(Language, translate.language))

        async def render() -> RenderedImage:
            return RenderedImage((await self.drawing.draw(output, make, *arguments)).content)

        image = await self.images.get_async((*key, translate.language), render)
        return Response(image.content, media_type=tiles_api.PNG)


LimitsText = Annotated[
    str, path_parameter("`min,max` in the variable's units; `min,max,log` for a logarithmic scale.", "-5,30")
]
LegendFormat = Annotated[
    str,
    query_parameter(
        "`png`: a colour bar. `json`: its values and colours.", name="format", schema_extra={"enum": ["png", "json"]}
    ),
]


@get(
    "/scale/{dataset:str}/{variable:str}/{limits:str}",
    summary="Colour bar of a variable",
    description="The legend of the variable's tiles in the same scale: a colour bar on a transparent background, or"
    " with `format=json` its values and colours.",
    tags=["tiles"],
    operation_class=tiles_api.offer_media_types(tiles_api.PNG),
    media_type=tiles_api.PNG,
    responses={
        200: ResponseSpec(
            Legend, description="The colours and the values that they stand for.", generate_examples=False
        )
    }
    | problems.document_errors(
        errors.DatasetNotFound, errors.VariableNotFound, errors.TooBusy, errors.ServiceUnavailable
    ),
)
async def get_scale(
    *,
    request: Request[Any, Any, Any],
    legends: NamedDependency[LegendService],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: DatasetId,
    variable: tiles_api.VariableKeys,
    limits: LimitsText,
    colormap: tiles_api.ColormapId = None,
    file_format: LegendFormat = "png",
    rev: tiles_api.Revision = None,  # noqa: ARG001 - read by `freshness`
) -> Response[Any]:
    """The colours of a variable and the values that they stand for."""
    scale = parse_scale(limits, "limits")
    legend_format = parse_choice(file_format, ["png", "json"], "format")
    await freshness(request, dataset, repeatable=True)
    info = await legends.describe_variable(dataset, variable, LabelFormatter(translate))
    colormap = choose_colours(info, colormap).colormap
    if legend_format == "json":
        return Response(build_legend(info, colormap, scale), media_type="application/json")
    key = ("scale", dataset, info.key, scale, colormap, await legends.catalogue.revision(dataset))
    return await legends.draw(key, translate, draw_layer_legend, info, scale, colormap)


class Colormap(Struct, frozen=True, kw_only=True):
    """A colormap."""

    id: str
    value: str  # display name


def sorted_colormaps(translate: Translator) -> list[Colormap]:
    """Return every colormap by its name; accents do not count."""
    colormaps = [Colormap(id=key, value=translate(name)) for key, (name, _) in COLORMAPS.items()]
    return sorted(colormaps, key=lambda colormap: normalize("NFKD", colormap.value.lower()))


@get("/plot/colormaps", summary="Colormaps", tags=["plots"], responses=problems.document_errors())
async def list_colormaps(translate: NamedDependency[Translator]) -> list[Colormap]:
    """Ids and names of the colormaps; the first stands for the default of each variable."""
    return [Colormap(id=DEFAULT_COLORMAP, value=translate("Default for Variable")), *sorted_colormaps(translate)]


@get(
    "/plot/colormaps.png",
    summary="Chart of the colormaps",
    tags=["plots"],
    media_type=tiles_api.PNG,
    responses=tiles_api.document_image("The chart.") | problems.document_errors(errors.TooBusy),
)
async def get_colormap_chart(
    legends: NamedDependency[LegendService], translate: NamedDependency[Translator]
) -> Response[bytes]:
    """Every colormap, with its name."""
    rows = [(item.id, item.value, colormap_colours(item.id)) for item in sorted_colormaps(translate)]
    return await legends.draw(("colormaps", __version__), translate, draw_colormap_chart, rows)


HANDLERS = [get_scale, list_colormaps, get_colormap_chart]
