"""Sizes of answers in bytes, estimated without reading a value."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_data.grids.base import Coordinate, Outlines
from ocean_data.plan.extraction import Extraction, Values
from ocean_data.writing import StreamWriter

SAMPLE = 4_096  # values of the largest field that are written
SMALLER = 4  # times as few, for a second sample
OVERHEAD = 1 << 20  # bytes of a file beside its values

Selection = Mapping[str, NDArray[np.intp]]  # indices by dimension


def largest_file_size(extraction: Extraction) -> int:
    """Return the bytes of an uncompressed file with all values."""
    fields = sum(
        prod(extraction.dims[name] for name in field.dims) * np.dtype(field.dtype).itemsize
        for field in extraction.fields
    )
    return OVERHEAD + fields + 8 * sum(len(coordinate.values) for coordinate in extraction.coordinates)


def estimate_stream_size(extraction: Extraction, writer: StreamWriter) -> int:
    """Estimate the bytes of an answer, as if there were values everywhere.

    Two samples with made-up values are written: their difference is what each value takes, the rest is written once.
    Only the type and the usual range of values are known, so texts may be some digits longer or shorter.
    """
    dims, fewer_dims = (_sample_dims(extraction, count) for count in (SAMPLE, SAMPLE // SMALLER))
    size = _sample_size(extraction, writer, dims)
    if dims == extraction.dims:
        return size
    total, count, fewer = (
        sum(prod(sizes[name] for name in field.dims) for field in extraction.fields)
        for sizes in (extraction.dims, dims, fewer_dims)
    )
    bytes_per_value = (size - _sample_size(extraction, writer, fewer_dims)) / (count - fewer)
    return round(size + bytes_per_value * (total - count))


def _sample_dims(extraction: Extraction, most: int) -> dict[str, int]:
    """Halve the longest dimensions until the largest array has no more than ``most`` values."""
    dims = dict(extraction.dims)
    shapes = [*(field.dims for field in extraction.fields), *(coordinate.dims for coordinate in extraction.coordinates)]
    while dims and max((prod(dims[name] for name in names) for names in shapes), default=0) > most:
        longest = max(dims, key=lambda name: dims[name])
        dims[longest] = -(-dims[longest] // 2)
    return dims


def _sample_size(extraction: Extraction, writer: StreamWriter, dims: dict[str, int]) -> int:
    """Write a sample of the answer and return its bytes."""
    selection = {
        name: np.linspace(0, extraction.dims[name] - 1, size).round().astype(np.intp) for name, size in dims.items()
    }

    def outline() -> Outlines | None:
        corners = extraction.outline() if extraction.outline else None
        if corners is None:
            return None
        latitude, longitude = (_select(values, extraction.places, selection) for values in corners)
        return latitude, longitude

    sample = replace(
        extraction,
        dims=dims,
        coordinates=[_select_coordinate(coordinate, selection) for coordinate in extraction.coordinates],
        outline=outline,
        inside=None if extraction.inside is None else _select(extraction.inside, extraction.places, selection),
    )
    random = np.random.default_rng(0)
    values: dict[str, Values] = {}
    for field in extraction.fields:
        low, high = field.variable.scale
        shape = [dims[name] for name in field.dims]
        values[field.key] = random.uniform(low, high if high > low else low + 1, shape).astype(field.dtype)
    rows = slice(0, next(iter(dims.values()), 1))
    return sum(map(len, writer.pieces(sample, iter([(rows, values)]), extraction.used[0][0].revision)))


def _select(values: Any, dims: Sequence[str], selection: Selection) -> Any:
    for axis, name in enumerate(dims):
        values = np.take(values, selection[name], axis=axis)
    return values


def _select_coordinate(coordinate: Coordinate, selection: Selection) -> Coordinate:
    values = _select(coordinate.values, coordinate.dims, selection)
    values = np.asarray(values).tolist() if isinstance(coordinate.values, list) else values
    if coordinate.dates is None:
        return replace(coordinate, values=values)
    seconds = coordinate.dates.seconds.reshape(np.shape(coordinate.values))
    dates = coordinate.dates._replace(seconds=_select(seconds, coordinate.dims, selection))
    return replace(coordinate, values=values, dates=dates)
