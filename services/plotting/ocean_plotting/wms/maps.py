"""Maps of any box: fields of the data service in the colours of palettes, layer over layer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from litestar.concurrency import sync_to_thread
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocean_common.arrays import unpack_array
from ocean_common.clients.data import DataClient
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import MapRequest, TileField
from ocean_core.cache import ByteBoundedCache
from ocean_core.colour import Scale, data_limits, widen_limits
from ocean_core.errors import InvalidRequest
from ocean_plotting.encoders import (
    Pixels,
    encode_jpeg,
    encode_palette_png,
    encode_rgb_png,
    encode_rgb_webp,
    encode_rgba_webp,
)
from ocean_plotting.palettes import (
    LEVELS,
    Palette,
    category_positions,
    choose_colours,
    colormap_colours,
    make_palette,
    palette_indices,
    resample_colours,
)
from ocean_plotting.tiles.store import OVERHEAD, ImageCache, RenderedImage
from ocean_plotting.wms.parameters import CLEAR, Colour, MapFormat, MapStyle

OPAQUE = 255
ENDS = 2  # colours of values below and above a scale
MAX_COLOURS = 253  # beside these and the one of no value


@dataclass(frozen=True, kw_only=True)
class MapPicture:
    """All that a picture depends on, besides the data."""

    layers: tuple[MapRequest, ...]  # the lowest first
    styles: tuple[MapStyle, ...]
    form: MapFormat
    background: Colour | None  # None: transparent


class PaintedLayer(NamedTuple):
    """Pixels of a layer, (y, x), and their colours by their indices, (n, 4); index 0 is of no value."""

    indices: Pixels
    colours: NDArray[np.uint8]


def field_values(field: TileField) -> NDArray[np.float32] | None:
    """Return the values of a field, folded or not; None: there are none."""
    return None if field.values is None else unpack_array(field.values)


def choose_scale(info: VariableInfo, style: MapStyle, values: NDArray[np.floating] | None) -> Scale:
    """Return the scale of a style: its own, that of the values in view, or that of the variable."""
    own = choose_colours(info, style.colormap).scale(info.scale)
    if isinstance(style.limits, Scale):
        scale = style.limits
    else:
        limits = data_limits(values, zero_centered=info.zero_centered) if style.limits and values is not None else None
        scale = own if limits is None else Scale(*widen_limits(*limits), own.logarithmic and limits[0] > 0)
    if style.logarithmic is None or style.logarithmic == scale.logarithmic:
        return scale
    if style.logarithmic and scale.low <= 0:
        raise InvalidRequest("a logarithmic scale begins above zero", field="colorscalerange")
    return Scale(*scale.limits, style.logarithmic)


def choose_palette(info: VariableInfo, style: MapStyle, scale: Scale) -> Palette:
    """Return the palette of a style, of so many bands; categories have their own colours, and no bands."""
    palette = make_palette(choose_colours(info, style.colormap).colormap, scale, len(info.categories))
    bands = style.bands or (MAX_COLOURS if style.below or style.above else None)
    if bands is None or info.categories:
        return palette
    colours = np.frombuffer(palette.colours, np.uint8).reshape(-1, 3)
    return palette._replace(colours=resample_colours(colours, bands).tobytes())


def paint_layer(field: TileField, style: MapStyle, shape: tuple[int, int]) -> PaintedLayer:
    """Return a field in its colours; ``shape``: rows and columns of the map."""
    values, info = field_values(field), field.variable
    if values is None:
        return PaintedLayer(np.zeros(shape, np.uint8), np.zeros((1, 4), np.uint8))
    scale = choose_scale(info, style, values)
    palette = choose_palette(info, style, scale)
    indices = palette_indices(category_positions(info, values), palette)
    colours = np.frombuffer(palette.colours, np.uint8).reshape(-1, 3)
    table = np.zeros((1 + len(colours) + ENDS, 4), np.uint8)
    table[1 : 1 + len(colours)] = np.insert(colours, 3, OPAQUE, axis=1)
    if not info.categories:
        beyond = ((style.below, values < scale.low), (style.above, values > scale.high))
        for number, (colour, pixels) in enumerate(beyond, 1 + len(colours)):
            if colour is not None:
                indices[pixels] = number
                table[number] = colour
    table = table[: 1 + int(indices.max(initial=0))]
    table[:, 3] = np.rint(table[:, 3] * (style.opacity / 100))
    if field.rows is not None and field.columns is not None:
        indices = indices.take(unpack_array(field.rows), axis=0).take(unpack_array(field.columns), axis=1)
    return PaintedLayer(indices, table)


def draw_map(layers: Sequence[PaintedLayer], form: MapFormat, background: Colour | None) -> bytes:
    """Draw layers over each other, the lowest first, and write the picture."""
    (lowest, *others), is_png = layers, form == "image/png"
    if is_png and not others and _is_flat(lowest.colours):
        # The way of tiles: pixels are indices of a palette.
        clear = np.flatnonzero(lowest.colours[1:, 3] == 0) + 1
        indices = np.where(np.isin(lowest.indices, clear), 0, lowest.indices) if clear.size else lowest.indices
        return encode_palette_png(
            indices, lowest.colours[1:, :3].tobytes(), None if background is None else bytes(background[:3])
        )
    picture = Image.fromarray(lowest.colours[lowest.indices])
    for layer in others:
        picture = Image.alpha_composite(picture, Image.fromarray(layer.colours[layer.indices]))
    if background is None and form != "image/jpeg":
        pixels = np.asarray(picture)
        return encode_rgb_png(pixels) if is_png else encode_rgba_webp(pixels)
    ground = Image.new("RGBA", picture.size, (*(background or (255, 255, 255, 255))[:3], OPAQUE))
    pixels = np.asarray(Image.alpha_composite(ground, picture).convert("RGB"))
    return {"image/png": encode_rgb_png, "image/webp": encode_rgb_webp, "image/jpeg": encode_jpeg}[form](pixels)


def _is_flat(colours: NDArray[np.uint8]) -> bool:
    """Return whether all colours are opaque or clear."""
    return bool(np.isin(colours[:, 3], (0, OPAQUE)).all())


def draw_colour_strip(colormap: str, bands: int | None, size: tuple[int, int], *, is_vertical: bool) -> bytes:
    """Draw the colours of a colormap, the lowest at the bottom or on the left, as a picture of (width, height)."""
    colours, (width, height) = resample_colours(colormap_colours(colormap), bands or LEVELS), size
    along = height if is_vertical else width
    line = colours[np.arange(along) * len(colours) // along]
    pixels = line[::-1, np.newaxis] if is_vertical else line[np.newaxis]
    return encode_rgb_png(np.ascontiguousarray(np.broadcast_to(pixels, (height, width, 3))))


def draw_message(text: str, size: tuple[int, int], form: MapFormat, background: Colour | None) -> bytes:
    """Write a text into a picture of (width, height), or leave it blank."""
    picture = Image.new("RGBA", size, background or CLEAR)
    if text:
        letters = max(10, (size[0] - 10) // 7)
        lines = [text[first : first + letters] for first in range(0, len(text), letters)]
        ImageDraw.Draw(picture).text((5, 5), "\n".join(lines), fill=(176, 0, 32, OPAQUE))
    if form == "image/jpeg":
        ground = Image.new("RGBA", size, (255, 255, 255, OPAQUE))
        return encode_jpeg(np.asarray(Image.alpha_composite(ground, picture).convert("RGB")))
    pixels = np.asarray(picture)
    return encode_rgb_png(pixels) if form == "image/png" else encode_rgba_webp(pixels)


class MapStore:
    """Maps: kept, or drawn from fields that are kept or fetched, each in the client's turn."""

    def __init__(self, numbers: DataClient, images: ImageCache, field_bytes: int) -> None:
        self._numbers = numbers
        self._images = images
        # Another style of a map needs no data request.
        self._fields: ByteBoundedCache[TileField] = ByteBoundedCache(
            field_bytes, lambda field: OVERHEAD + (len(field.values.data) if field.values else 0)
        )

    async def field(self, request: MapRequest, revision: str) -> TileField:
        """Return the field of a map, and keep it if it is of this revision."""
        return await self._fields.get_async(
            (request, revision),
            lambda: self._numbers.map_field(request),
            keep=lambda field: field.revision == revision,
        )

    async def render(self, picture: MapPicture, revisions: Sequence[str], client: str) -> RenderedImage:
        """Return a picture, and keep it if it is of these revisions, one for each layer."""
        expected = " ".join(revisions)

        async def make() -> RenderedImage:
            fields = [
                await self.field(request, revision) for request, revision in zip(picture.layers, revisions, strict=True)
            ]
            content = await sync_to_thread(_draw_fields, fields, picture)
            return RenderedImage(content, " ".join(field.revision for field in fields))

        return await self._images.get_async(
            ("map", picture, expected), make, client=client, keep=lambda image: image.revision == expected
        )


def _draw_fields(fields: Sequence[TileField], picture: MapPicture) -> bytes:
    layers = [
        paint_layer(field, style, (request.height, request.width))
        for field, style, request in zip(fields, picture.styles, picture.layers, strict=True)
    ]
    return draw_map(layers, picture.form, picture.background)
