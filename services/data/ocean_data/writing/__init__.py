"""Formats: each is written by a `StreamWriter` or a `FileWriter`; and how numbers and coordinates become text."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_core.errors import UnsupportedFormat
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Extraction, Parts, Values

_DIGITS = (6, 7, 8, 9)  # six are always enough for what was written with six; nine for every float32
_EXACT = 22  # powers of ten up to this are float64 without error


@runtime_checkable
class StreamWriter(Protocol):
    """Writes an extraction piece by piece: the first pieces are sent while the rest is read."""

    media_type: str
    suffix: str  # of the file's name: "csv"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """Write the answer."""


@runtime_checkable
class FileWriter(Protocol):
    """Writes an extraction as a file that must be complete before it is sent."""

    media_type: str
    suffix: str

    def save(self, extraction: Extraction, parts: Parts, revision: str, path: str) -> None:
        """Write the file."""


@dataclass
class DocumentWriter:
    """Writes a JSON document in one piece, since it needs all values before its first array is complete."""

    media_type: str
    suffix: str
    document: Callable[[Extraction, dict[str, Values], str], Any]

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """Write the document."""
        yield msgspec.json.encode(self.document(extraction, extraction.collect(parts), revision))


def shortest_decimals(values: NDArray[Any]) -> NDArray[Any]:
    """Return float32 as the float64 that is written as shortly: 0.3, not 0.30000001192092896. Others stay."""
    if values.dtype != np.float32:
        return values
    flat = values.ravel()
    result = flat.astype(np.float64)
    remaining = np.flatnonzero(np.isfinite(flat) & (flat != 0))
    size = np.floor(np.log10(np.abs(result[remaining]))).astype(np.int64)
    far = (_DIGITS[-1] - 1 - size > _EXACT) | (size - _DIGITS[0] + 1 > _EXACT)
    result[remaining[far]] = [float(str(value)) for value in flat[remaining[far]]]
    remaining, size = remaining[~far], size[~far]
    for digits in _DIGITS:
        power = digits - 1 - size
        scale, wide = 10.0 ** np.abs(power), flat[remaining].astype(np.float64)
        # Both the whole number and the power of ten are exact, so that only the last operation rounds: correctly.
        rounded = np.where(power >= 0, np.rint(wide * scale) / scale, np.rint(wide / scale) * scale)
        same = rounded.astype(np.float32) == flat[remaining]
        result[remaining[same]] = rounded[same]
        remaining, size = remaining[~same], size[~same]
    return result.reshape(values.shape)


def nest_numbers(values: NDArray[Any]) -> Any:
    """Return lists in lists; what is not finite is written as null by the encoder."""
    return shortest_decimals(values).tolist()


def format_numbers(values: NDArray[Any], absent: bytes) -> list[bytes]:
    """Return every number as text, flat; ``absent`` for what is not finite."""
    if not values.size:
        return []
    written = msgspec.json.encode(nest_numbers(values.ravel()))[1:-1]
    return written.replace(b"null", absent).split(b",")


def format_coordinate(coordinate: Coordinate) -> NDArray[Any]:
    """Return the values of a coordinate for people, flat: texts, times in ISO 8601, or the numbers themselves."""
    if isinstance(coordinate.values, list):
        return np.array(coordinate.values, dtype=object)
    if coordinate.is_time:
        return np.array(coordinate.format_times(), dtype=object)
    return np.ravel(coordinate.values)


def level_direction(coordinate: Coordinate) -> Literal["up", "down"]:
    """Return the direction in which values of depths or levels grow: levels come from the surface down."""
    values = np.ravel(np.asarray(coordinate.values, dtype=np.float64))
    if not coordinate.name.startswith("level") or not values.size:
        return "down"
    # A single sigma is negative.
    return "up" if values[-1] < (values[0] if values.size > 1 else 0.0) else "down"


def no_places(extraction: Extraction) -> UnsupportedFormat:
    """Return the error for a format that needs the places of the values."""
    return UnsupportedFormat(
        "{kind} have no places of their own: ask for json or csv",
        kind=extraction.kind,
        field="format",
        allowed=["json", "csv"],
    )
