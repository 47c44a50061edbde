"""The colormaps that there are."""

from typing import cast
from unicodedata import normalize

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from msgspec import Struct

from ocean_common import errors, problems
from ocean_common.i18n import Language, Translator
from ocean_core.colour import COLORMAPS, DEFAULT_COLORMAP
from ocean_plotting import __version__
from ocean_plotting.export.output import Output
from ocean_plotting.figure import colormap_chart
from ocean_plotting.palettes import colormap_colours
from ocean_plotting.ports import Drawing, Image, Images


class Colormap(Struct, frozen=True, kw_only=True):
    """A colormap."""

    id: str
    value: str  # display name


def listed(translate: Translator) -> list[Colormap]:
    """Every colormap, by its name; accents do not count."""
    found = [Colormap(id=key, value=translate(name)) for key, (name, _) in COLORMAPS.items()]
    return sorted(found, key=lambda one: normalize("NFKD", one.value.lower()))


@get(
    "/plot/colormaps",
    operation_id="listColormaps",
    summary="Colormaps",
    tags=["plots"],
    responses=problems.documented(),
)
async def colormaps(translate: NamedDependency[Translator]) -> list[Colormap]:
    """Ids and names; the first stands for each variable's own."""
    return [Colormap(id=DEFAULT_COLORMAP, value=translate("Default for Variable")), *listed(translate)]


@get(
    "/plot/colormaps.png",
    operation_id="getColormapChart",
    summary="Chart of the colormaps",
    tags=["plots"],
    media_type="image/png",
    responses={200: ResponseSpec(bytes, media_type="image/png", description="The chart.", generate_examples=False)}
    | problems.documented(errors.TooBusy),
)
async def chart(
    drawing: NamedDependency[Drawing],
    images: NamedDependency[Images],
    translate: NamedDependency[Translator],
) -> Response[bytes]:
    """Every colormap, with its name."""
    output = Output(dpi=100, language=cast(Language, translate.language))

    async def draw() -> Image:
        ramps = [(one.id, one.value, colormap_colours(one.id)) for one in listed(translate)]
        drawn = await drawing.draw(output, colormap_chart.draw, ramps)
        return Image(content=drawn.content, revision=__version__)

    image = await images.get(("colormaps", translate.language), draw, __version__)
    return Response(image.content, media_type="image/png")
