"""From values to colours: one index a pixel, and the palette that it points into."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.errors import InvalidRequest

LEVELS = 255  # index 0 is transparent
FEW = 20  # colours of a list, not of a ramp
MOST = 1e30  # of the ends of a scale: between greater ones the steps of an axis overflow
NARROW = 1e-12  # of a scale, beside its distance from zero: within less there are no numbers to write at an axis
LEAST = 1e-30  # between the ends of a scale

Scale = tuple[float, float]


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """What the indices of an image mean; index 0 is transparent."""

    scale: Scale  # value at the lower edge of the first colour, and at the upper edge of the last
    colours: bytes  # red, green, blue of each colour, from index 1


def read_scale(text: str, field: str = "scale") -> Scale:
    """Read `min,max`.

    Raises
    ------
    InvalidRequest
        It is not two numbers of which the second is greater.
    """
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low = high = math.nan
    if not wide(low, high):
        raise InvalidRequest(
            "{name} is {text!r}; it is two numbers, the lower first, with a comma between: -5,30",
            name=field,
            text=text[:60],
            field=field,
        )
    return low, high


def wide(low: float, high: float) -> bool:
    """Whether values can be told apart between two ends: neither overflows, nor are they one for an axis."""
    most = max(abs(low), abs(high))
    return most <= MOST and high - low >= max(LEAST, NARROW * most)


def continuous(ramp: NDArray[np.uint8], scale: Scale) -> Palette:
    """Spread a colormap over a scale.

    Parameters
    ----------
    ramp : ndarray of uint8, shape (n, 3)
        Colours from the lowest value to the highest.
    scale
        In the units of the values.
    """
    return Palette(scale=scale, colours=resample(ramp, LEVELS).tobytes())


def discrete(ramp: NDArray[np.uint8], labels: list[str]) -> Palette:
    """Give each category a colour of its own; category i has the value i."""
    number = min(len(labels), LEVELS)
    return Palette(scale=(-0.5, number - 0.5), colours=distinct(ramp, number).tobytes())


def distinct(ramp: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Take a colour for each of ``number`` categories, shape (number, 3); a list of colours begins again."""
    return ramp[np.arange(number) % len(ramp)] if len(ramp) <= FEW else resample(ramp, number)


def resample(ramp: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """Take ``number`` evenly spaced colours of a ramp, shape (n, 3), its ends included.

    A ramp of few colours is a list of distinct ones: they are never mixed.
    """
    if len(ramp) <= FEW:
        return ramp[np.arange(number) * len(ramp) // number]
    at = np.linspace(0, len(ramp) - 1, number)
    known = np.arange(len(ramp))
    channels = [np.interp(at, known, ramp[:, channel]) for channel in range(3)]
    colours: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return colours


def indices(values: NDArray[np.floating], palette: Palette, *, clip: bool = True) -> NDArray[np.uint8]:
    """Point every value at its colour.

    Parameters
    ----------
    values : ndarray, shape (y, x)
        NaN where there is nothing.
    palette
        Whose scale is in the units of the values.
    clip
        Give values outside the scale its end colours; otherwise they are transparent.

    Returns
    -------
    ndarray of uint8, shape (y, x)
        1 for the first colour; 0 where there is nothing.
    """
    low, high = palette.scale
    number = len(palette.colours) // 3
    # In double precision: a scale may be far narrower than its distance from zero.
    levels = np.subtract(values, low, dtype=np.float64)
    levels *= number / (high - low)
    if clip:
        np.clip(levels, 0, number - 1, out=levels)
    else:
        levels[(levels < 0) | (levels >= number)] = np.nan
    levels += 1
    np.fmax(levels, 0, out=levels)  # NaN becomes 0
    pointed: NDArray[np.uint8] = levels.astype(np.uint8)
    return pointed
