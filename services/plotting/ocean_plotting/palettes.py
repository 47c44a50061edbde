"""Colours of the colormaps, and palettes: which colour each value of a variable gets.

Which colormap a variable has is decided in ``ocean_core.colour``. A palette has at most 255 colours, so that the pixels
of a tile are one byte each; index 0 is transparent.
"""

import math
from functools import cache, lru_cache
from importlib.metadata import distribution
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.colour import COLORMAPS, DEFAULT_COLORMAP, Limits, choose_colormap, is_distinguishable
from ocean_core.errors import InvalidRequest

Colours = NDArray[np.uint8]  # (n, 3): red, green and blue, from the lowest value to the highest

LEVELS = 255  # colours of a palette
FEW = 20  # colours of a list of distinct ones, which are never mixed

# Evenly spaced control points, from the lowest value to the highest.
RAMPS: dict[str, str] = {
    "blue-white-red": "08124f 1f3fae 5f8be0 b9d0f5 f7f7f7 f6c3b7 e07a63 b02a2c 5c0b17",
    "blue-cream-red": "1c2f6f 2f62ac 4f97c4 8fc5d2 d3e6d5 fbf0c2 f9cf83 ef9a55 d65f3c a92a33 6b1029",
    "blue-yellow-red": "313695 4f7fbc 86bdd9 c4e5ee fffdbf fdd484 f99254 e04a35 a50026",
    "cream-purple": "fdf6e3 f2dcd0 e1b8c6 c78fbd a069b0 734b9b 46307c 211a4d",
    "currents": "eaf6fc b5dcf0 6fb8df 3f8fc0 45a56a 9ecb4c f2e25a f2a541 e0622f bb2525 7c1016",
    "green-cream": "0b3b2e 1d6a4f 4a9a6c 8cc389 cbe3ae f7f7d9",
    "grey-teal": "e3e3e3 9fc4c3 4f9d9b 0f6a6d",
    "indigo-yellow": "20124d 3a2b8f 3560b8 2d97bd 4cc0a0 a0da74 e8e25a fbb93f f27a2e c43a2b",
    "rainbow": "1d2f6f 1f5fc4 3f97ec 5fc9ee 4fdcc0 46c46a 86cc3d d9de3f fbc335 f58a2c e04a26 b01c20 6e0d14",
    "sand-green": "f8f1dc dfd9a8 b3c382 7aaa70 45896a 1f6562 123f4c",
    "white-black": "ffffff 000000",
    "white-blue": "ffffff 57a6bd",
}
# Distinct colours for categories.
LISTS: dict[str, str] = {
    "distinct": "4477aa ee6677 228833 ccbb44 66ccee aa3377 bbbbbb 44aa99 882255 999933 332288 cc6677",
}


class Palette(NamedTuple):
    """The values that the indices of an image stand for; index 0 is transparent."""

    scale: Limits  # value at the lower edge of the first colour, and at the upper edge of the last
    colours: bytes  # red, green, blue of each colour, from index 1
    clip: bool = True  # values outside the scale have its end colours; else they are transparent


def validate_colormap(text: str | None, field: str = "colormap") -> str | None:
    """Read the id of a colormap from a request; None: the variable's own."""
    if not text or text == DEFAULT_COLORMAP:
        return None
    if text not in COLORMAPS:
        raise InvalidRequest(
            "colormap {requested!r} not found; see /api/v2.0/plot/colormaps",
            requested=text[:60],
            field=field,
            allowed=COLORMAPS,
        )
    return text


def colormap_of(info: VariableInfo, requested: str | None = None) -> str:
    """Return the id of the colormap of a variable: the requested one, or by what the variable is."""
    return validate_colormap(requested) or choose_colormap(
        standard_name=info.standard_name,
        name=info.name,
        limits=info.scale,
        zero_centered=info.zero_centered,
        categorical=bool(info.categories),
        magnitude="," in info.key,
    )


def parse_scale(text: str, field: str = "scale") -> Limits:
    """Read `min,max`."""
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not is_distinguishable(low, high):
        raise InvalidRequest(
            "{name} is {text!r}; expected two numbers separated by a comma, the lower one first: -5,30",
            name=field,
            text=text[:60],
            field=field,
        )
    return low, high


@cache
def colormap_colours(colormap: str) -> Colours:
    """Return the colours of a colormap id, shape (n, 3), from the lowest value to the highest."""
    palette = COLORMAPS[colormap][1]
    if palette in LISTS:
        colours = control_points(LISTS[palette])
    elif palette in RAMPS:
        colours = _interpolate(control_points(RAMPS[palette]), 256)
    else:  # from its file: importing cmocean would import pyplot and all its state
        file = distribution("cmocean").locate_file(f"cmocean/rgb/{palette}-rgb.txt")
        colours = np.rint(np.loadtxt(str(file)) * 255).astype(np.uint8)
    colours.flags.writeable = False  # it is shared
    return colours


def control_points(text: str) -> Colours:
    """Read hexadecimal colours with blanks between, shape (n, 3)."""
    return np.array([list(bytes.fromhex(code)) for code in text.split()], dtype=np.uint8)


def _interpolate(colours: Colours, number: int) -> Colours:
    positions = np.linspace(0, len(colours) - 1, number)
    channels = [np.interp(positions, np.arange(len(colours)), colours[:, channel]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=1)), dtype=np.uint8)


def resample_colours(colours: Colours, number: int) -> Colours:
    """Return ``number`` evenly spaced colours of a colormap, shape (number, 3), its ends included.

    A few colours are a list of distinct ones: they are repeated, never mixed.
    """
    if len(colours) <= FEW:
        return colours[np.arange(number) * len(colours) // number]
    return _interpolate(colours, number)


def scale_colours(colours: Colours, categories: int = 0) -> Colours:
    """Return the LEVELS colours of a scale, or one for each of some categories, shape (n, 3)."""
    number = min(categories, LEVELS)
    if number and len(colours) <= FEW:
        return colours[np.arange(number) % len(colours)]  # a list of colours begins again
    return resample_colours(colours, number or LEVELS)


@lru_cache(maxsize=64)
def make_palette(colormap: str, scale: Limits, categories: int = 0) -> Palette:
    """Spread a colormap over a scale; or give each of some categories a colour: category i has the value i."""
    colours = scale_colours(colormap_colours(colormap), categories)
    limits = (-0.5, len(colours) - 0.5) if categories else scale
    return Palette(limits, colours.tobytes(), clip=not categories)


def palette_indices(values: NDArray[np.floating], palette: Palette) -> NDArray[np.uint8]:
    """Return the index of the colour of every value (y, x): 1 for the first colour, 0 for NaN."""
    low, high = palette.scale
    number = len(palette.colours) // 3
    # In double precision: a scale may be far narrower than its distance from zero.
    levels = np.subtract(values, low, dtype=np.float64)
    levels *= number / (high - low)
    if palette.clip:
        np.clip(levels, 0, number - 1, out=levels)
    else:
        levels[(levels < 0) | (levels >= number)] = np.nan
    levels += 1
    np.fmax(levels, 0, out=levels)  # NaN becomes 0
    return np.asarray(levels, dtype=np.uint8)
