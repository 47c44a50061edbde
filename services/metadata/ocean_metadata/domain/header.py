"""What is known of a file without its fields: names, dimensions, attributes, and the values of its axes."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array


class VariableHeader(msgspec.Struct, frozen=True, kw_only=True):
    """A variable as its file declares it."""

    name: str
    dtype: str  # as numpy spells it; "str" and "S1" are text
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: dict[str, Any]

    @property
    def numeric(self) -> bool:
        """Whether it holds numbers."""
        return np.dtype(self.dtype).kind in "iuf" if self.dtype != "str" else False

    def text(self, attribute: str) -> str:
        """An attribute as text; empty where there is none, or where it is no text."""
        value = self.attributes.get(attribute)
        return value.strip() if isinstance(value, str) else ""


class FileHeader(msgspec.Struct, frozen=True, kw_only=True):
    """A file, without its fields."""

    dimensions: dict[str, int]
    variables: dict[str, VariableHeader]
    attributes: dict[str, Any]
    groups: list[str]  # beneath the root, which alone is read
    values: dict[str, Array]  # of time and vertical coordinates, unpacked
    prints: dict[str, str]  # fingerprints of horizontal coordinates: unequal means other places


def pack(values: NDArray[Any]) -> Array:
    """An array as it crosses a border."""
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    return Array(dtype=little.dtype.str, shape=values.shape, data=little.tobytes())


def unpack(array: Array) -> NDArray[Any]:
    """The array behind what crossed a border."""
    return np.frombuffer(array.data, dtype=array.dtype).reshape(array.shape)
