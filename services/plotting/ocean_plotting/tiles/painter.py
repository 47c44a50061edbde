"""Colours tiles: values to palette indices to an image, without a figure."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import TileField
from ocean_core.tiles import SIZE
from ocean_plotting.colormaps import choose
from ocean_plotting.ports import Colours, TileForm
from ocean_plotting.tiles import png, webp
from ocean_plotting.tiles.colour import Palette, Scale, continuous, discrete, indices

ENCODERS = {"image/png": png.encode, "image/webp": webp.encode}
NOTHING = np.zeros((SIZE, SIZE), dtype=np.uint8)


class TilePainter:
    """Colours tiles with the colours that it was given."""

    def __init__(self, colours: Colours) -> None:
        self._ramp = lru_cache(colours.ramp)
        self._scaled = lru_cache(64)(self._continuous)
        self._blank = {form: encode(NOTHING, b"") for form, encode in ENCODERS.items()}

    def blank(self, form: TileForm) -> bytes:
        """A tile with nothing on it."""
        return self._blank[form]

    def tile(self, field: TileField, scale: Scale | None, colormap: str | None, form: TileForm = "image/png") -> bytes:
        """The image of a field, in a scale and colormap, or in those of its variable."""
        chosen = choose(field.variable, colormap)
        if field.values is None:
            return self.blank(form)
        palette = self._palette(field.variable, chosen, scale)
        painted = indices(_read(field.values), palette, clip=not field.variable.categories)
        if not painted.any():
            return self.blank(form)
        if field.rows and field.columns:
            painted = painted.take(_read(field.rows), axis=0).take(_read(field.columns), axis=1)
        return ENCODERS[form](painted, palette.colours)

    def _palette(self, info: VariableInfo, colormap: str, scale: Scale | None) -> Palette:
        """Colours of a variable's tiles: of its categories, or spread over a scale (its own by default)."""
        if info.categories:
            return discrete(self._ramp(colormap), info.categories)
        return self._scaled(colormap, scale or info.scale)

    def _continuous(self, colormap: str, scale: Scale) -> Palette:
        return continuous(self._ramp(colormap), scale)


def _read(array: Array) -> NDArray[Any]:
    return np.frombuffer(array.data, dtype=array.dtype).reshape(array.shape)
