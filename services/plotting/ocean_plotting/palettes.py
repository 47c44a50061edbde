"""Colours of the colormaps, and palettes: which colour each value of a variable gets.

Which colormap a variable has is decided in ``ocean_core.colour``. A palette has at most 255 colours, so that the pixels
of a tile are one byte each; index 0 is transparent.
"""

import math
from functools import cache, lru_cache
from importlib.metadata import distribution
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.colour import (
    COLORMAPS,
    DEFAULT_COLORMAP,
    LARGEST_LIMIT,
    Colours,
    Scale,
    ramp_span,
    widen_limits,
)
from ocean_core.errors import InvalidRequest

F = TypeVar("F", bound=np.floating[Any])
ColourTable = NDArray[np.uint8]  # (n, 3): red, green and blue, from the lowest value to the highest

LEVELS = 255  # colours of a palette
CATEGORY_TOLERANCE = 0.01  # of the smallest distance between the numbers of two categories
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
    "viridis": "440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725",
    "white-black": "ffffff 000000",
    "white-blue": "ffffff 57a6bd",
}
# Distinct colours for categories.
LISTS: dict[str, str] = {
    "distinct": "4477aa ee6677 228833 ccbb44 66ccee aa3377 bbbbbb 44aa99 882255 999933 332288 cc6677",
}


class Palette(NamedTuple):
    """The values that the indices of an image stand for; index 0 is transparent."""

    scale: Scale  # value at the lower edge of the first colour, and at the upper edge of the last
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


def choose_colours(info: VariableInfo, requested: str | None = None) -> Colours:
    """Return the colours of a variable: in the requested colormap, or its own."""
    own = info.colours
    colormap = validate_colormap(requested)
    return own if colormap is None else Colours(colormap, own.logarithmic)


def parse_scale(text: str, field: str = "scale") -> Scale:
    """Read `min,max` or `min,max,log`.

    Equal limits are widened: clients round the range of a constant, or of values that are all tiny.
    """
    *limits, last = (part.strip() for part in text.split(","))
    logarithmic = last.lower() == "log"
    try:
        low, high = map(float, limits if logarithmic else [*limits, last])
    except ValueError:
        low = high = math.nan
    if logarithmic and low <= 0:
        raise InvalidRequest(
            "{name} is {text!r}; a logarithmic scale begins above zero: 0.01,10,log",
            name=field,
            text=text[:60],
            field=field,
        )
    if not -LARGEST_LIMIT <= low <= high <= LARGEST_LIMIT:
        raise InvalidRequest(
            "{name} is {text!r}; expected two numbers separated by a comma, the lower one first: -5,30",
            name=field,
            text=text[:60],
            field=field,
        )
    wide_low, wide_high = widen_limits(low, high)
    return Scale(max(wide_low, low / 2) if logarithmic else wide_low, wide_high, logarithmic)


@cache
def colormap_colours(colormap: str) -> ColourTable:
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


def control_points(text: str) -> ColourTable:
    """Read hexadecimal colours with blanks between, shape (n, 3)."""
    return np.array([list(bytes.fromhex(code)) for code in text.split()], dtype=np.uint8)


def _interpolate(colours: ColourTable, number: int, span: tuple[float, float] = (0.0, 1.0)) -> ColourTable:
    positions = np.linspace(*span, number) * (len(colours) - 1)
    channels = [np.interp(positions, np.arange(len(colours)), colours[:, channel]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=1)), dtype=np.uint8)


def resample_colours(colours: ColourTable, number: int, span: tuple[float, float] = (0.0, 1.0)) -> ColourTable:
    """Return ``number`` evenly spaced colours of a part of a colormap, shape (number, 3), its ends included.

    A few colours are a list of distinct ones: they are repeated, never mixed.
    """
    if len(colours) <= FEW:
        return colours[np.arange(number) * len(colours) // number]
    return _interpolate(colours, number, span)


def scale_colours(colormap: str, scale: Scale, categories: int = 0) -> ColourTable:
    """Return the LEVELS colours of a scale, or one for each of some categories, shape (n, 3)."""
    colours, number = colormap_colours(colormap), min(categories, LEVELS)
    if number and len(colours) <= FEW:
        return colours[np.arange(number) % len(colours)]  # a list of colours begins again
    return resample_colours(colours, number or LEVELS, (0.0, 1.0) if categories else ramp_span(colormap, scale))


def category_positions(info: VariableInfo, values: NDArray[F]) -> NDArray[F]:
    """Return the positions of categories among those of a variable, from 0; NaN for a number that is none of them.

    Values of other variables, and of categories that are numbered from 0, stay.
    """
    if not info.category_values:
        return values
    numbers = np.array(info.category_values)
    between = (numbers[1:] + numbers[:-1]) / 2
    positions = np.searchsorted(between, values)
    # Packed numbers are not exact.
    tolerance = CATEGORY_TOLERANCE * np.diff(numbers).min(initial=max(1.0, np.abs(numbers).max()))
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values - numbers[positions]) <= tolerance, positions, np.nan).astype(values.dtype)


@lru_cache(maxsize=64)
def make_palette(colormap: str, scale: Scale, categories: int = 0) -> Palette:
    """Spread a colormap over a scale; or give each of some categories a colour: category i has the value i."""
    colours = scale_colours(colormap, scale, categories)
    limits = Scale(-0.5, len(colours) - 0.5) if categories else scale
    return Palette(limits, colours.tobytes(), clip=not categories)


def palette_indices(values: NDArray[np.floating], palette: Palette) -> NDArray[np.uint8]:
    """Return the index of the colour of every value (y, x): 1 for the first colour, 0 for NaN."""
    number = len(palette.colours) // 3
    levels = palette.scale.position(values)
    levels *= number
    if palette.clip:
        np.clip(levels, 0, number - 1, out=levels)
    else:
        levels[(levels < 0) | (levels >= number)] = np.nan
    levels += 1
    np.fmax(levels, 0, out=levels)  # NaN becomes 0
    return np.asarray(levels, dtype=np.uint8)
