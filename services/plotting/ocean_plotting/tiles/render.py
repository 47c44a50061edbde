"""Tiles from fields: values to indices of a palette to an image, without a figure."""

from typing import Any, Literal, TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from ocean_common.contracts.assets import Array
from ocean_common.contracts.data import TileField
from ocean_core.colour import Limits
from ocean_core.tiles import SIZE
from ocean_plotting.encoders import encode_palette_png, encode_palette_webp
from ocean_plotting.palettes import category_palette, colormap_of, continuous_palette, palette_indices

TileFormat: TypeAlias = Literal["image/png", "image/webp"]

ENCODERS = {"image/png": encode_palette_png, "image/webp": encode_palette_webp}
_EMPTY = np.zeros((SIZE, SIZE), dtype=np.uint8)
EMPTY_TILES: dict[TileFormat, bytes] = {
    "image/png": encode_palette_png(_EMPTY, b""),
    "image/webp": encode_palette_webp(_EMPTY, b""),
}


class TileStyle(Struct, frozen=True):
    """Scale, colormap and format of a tile; None: that of its variable."""

    scale: Limits | None
    colormap: str | None
    format: TileFormat


def render_tile(field: TileField, style: TileStyle) -> bytes:
    """Return the image of a field."""
    info = field.variable
    colormap = colormap_of(info, style.colormap)
    if field.values is None:
        return EMPTY_TILES[style.format]
    if info.categories:
        palette = category_palette(colormap, len(info.categories))
    else:
        palette = continuous_palette(colormap, style.scale or info.scale)
    indices = palette_indices(_as_ndarray(field.values), palette, clip=not info.categories)
    if not indices.any():
        return EMPTY_TILES[style.format]
    if field.rows and field.columns:  # rows and columns that repeat were sent once
        indices = indices.take(_as_ndarray(field.rows), axis=0).take(_as_ndarray(field.columns), axis=1)
    return ENCODERS[style.format](indices, palette.colours)


def _as_ndarray(array: Array) -> NDArray[Any]:
    return np.frombuffer(array.data, dtype=array.dtype).reshape(array.shape)
