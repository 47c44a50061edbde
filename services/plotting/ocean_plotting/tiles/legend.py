"""The colours of a scale and the values that they stand for, for those who draw legends of their own."""

import math
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_core.colour import Limits
from ocean_plotting.palettes import FEW, LEVELS, category_colours, resample_colours

DIGITS = 6  # significant ones of the width of a scale


class Stop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A value and its colour."""

    value: float
    colour: str  # "#rrggbb"
    label: str | None = None  # of a category


class Legend(msgspec.Struct, frozen=True, kw_only=True):
    """What the colours of a variable's tiles mean."""

    dataset: str
    variable: str
    name: str
    units: str
    colormap: str
    min: float
    max: float
    kind: Literal["ramp", "steps", "categories"]  # colours change from stop to stop, at each, or are of one value each
    stops: list[Stop]  # ascending


def legend(info: VariableInfo, colormap: str, ramp: NDArray[np.uint8], scale: Limits) -> Legend:
    """Tell the colours of a variable in a scale.

    Parameters
    ----------
    info
        With the name in the reader's language.
    colormap
        The id of the colormap.
    ramp : ndarray of uint8, shape (n, 3)
        Its colours from the lowest value to the highest.
    scale
        In the variable's units; of categories it does not count.
    """
    low, high = scale
    if info.categories:
        low, high = 0.0, float(min(len(info.categories), LEVELS) - 1)
        colours, kind = category_colours(ramp, int(high) + 1), "categories"
        values: list[float] = [float(value) for value in range(len(colours))]
    elif len(ramp) <= FEW:
        colours, kind = ramp, "steps"
        values = _spread(low, high, len(ramp), len(ramp))
    else:
        colours, kind = resample_colours(ramp, LEVELS), "ramp"
        values = _spread(low, high, LEVELS, LEVELS - 1)
    labels: list[str | None] = [*info.categories] or [None] * len(values)
    return Legend(
        dataset=info.dataset,
        variable=info.key,
        name=info.name,
        units=info.units,
        colormap=colormap,
        min=low,
        max=high,
        kind=kind,  # type: ignore[arg-type]  # one of the three above
        stops=[
            Stop(value=value, colour=f"#{bytes(colour).hex()}", label=label)
            for value, colour, label in zip(values, colours, labels, strict=False)
        ],
    )


def _spread(low: float, high: float, count: int, parts: int) -> list[float]:
    """Values at the beginnings of equal parts of a scale, as exact as its width is worth."""
    digits = DIGITS - math.floor(math.log10(high - low))
    return [round(low + (high - low) * part / parts, digits) for part in range(count)]
