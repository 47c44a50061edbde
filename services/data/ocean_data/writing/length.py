"""How many bytes an answer has: told by writing a few made-up values of it, without reading one."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_data.grids.outlines import Corners
from ocean_data.plan.extraction import Coordinate, Extraction, Values
from ocean_data.ports import Stream

FEW = 4_096  # values of the largest field that are written
LESS = 4  # times as few, for what is written once

Kept = dict[str, NDArray[np.intp]]  # by dimension: which of its places


def about(extraction: Extraction, writer: Stream) -> int:
    """Bytes of an answer, as if there were values everywhere.

    What is written once is told apart from what each value takes by writing two parts of it. Of values only the type
    and the usual range are known: those of text may be some digits longer or shorter.
    """
    sizes = _sizes(extraction, FEW)
    more = _written(extraction, writer, sizes)
    if sizes == extraction.dims:
        return more
    fewer = _sizes(extraction, FEW // LESS)
    less = _written(extraction, writer, fewer)
    many, some, few = (_values(extraction, one) for one in (extraction.dims, sizes, fewer))
    each = (more - less) / (some - few)
    return round(more + each * (many - some))


def _sizes(extraction: Extraction, most: int) -> dict[str, int]:
    """Dimensions of a part: the longest are cut first."""
    sizes = dict(extraction.dims)
    while sizes and _largest(extraction, sizes) > most:
        longest = max(sizes, key=lambda name: sizes[name])
        sizes[longest] = -(-sizes[longest] // 2)
    return sizes


def _largest(extraction: Extraction, sizes: dict[str, int]) -> int:
    shapes = [*(one.dims for one in extraction.fields), *(one.dims for one in extraction.coordinates)]
    return max((prod(sizes[name] for name in dims) for dims in shapes), default=0)


def _values(extraction: Extraction, sizes: dict[str, int]) -> int:
    return sum(prod(sizes[name] for name in one.dims) for one in extraction.fields)


def _written(extraction: Extraction, writer: Stream, sizes: dict[str, int]) -> int:
    """Bytes of a part of the answer."""
    kept = {
        name: np.linspace(0, extraction.dims[name] - 1, size).round().astype(np.intp) for name, size in sizes.items()
    }
    part = replace(
        extraction,
        dims=sizes,
        coordinates=[replace(one, values=_some(one, kept)) for one in extraction.coordinates],
        outline=extraction.outline and partial(_corners, extraction.outline, extraction, kept),
    )
    random = np.random.default_rng(0)
    values: dict[str, Values] = {}
    for one in extraction.fields:
        low, high = one.variable.scale
        shape = [sizes[name] for name in one.dims]
        values[one.key] = random.uniform(low, high if high > low else low + 1, shape).astype(one.dtype)
    rows = slice(0, next(iter(sizes.values()), 1))
    return sum(map(len, writer.pieces(part, iter([(rows, values)]), extraction.used[0][0].revision)))


def _some(one: Coordinate, kept: Kept) -> NDArray[np.float64] | NDArray[np.int64] | list[str]:
    if isinstance(one.values, list):
        return [one.values[int(place)] for place in kept[one.dims[0]]] if one.dims else one.values
    found: NDArray[Any] = one.values
    for axis, name in enumerate(one.dims):
        found = np.take(found, kept[name], axis=axis)
    return found


def _corners(outline: Callable[[], Corners | None], extraction: Extraction, kept: Kept) -> Corners | None:
    """Of the cells of a part."""
    corners = outline()
    if corners is None:
        return None
    latitude, longitude = corners
    places = [name for name in extraction.fields[0].dims if name != "time" and not name.startswith("depth")]
    for axis, name in enumerate(places):
        latitude, longitude = (np.take(one, kept[name], axis=axis) for one in (latitude, longitude))
    return latitude, longitude
