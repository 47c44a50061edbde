"""What is known of a file without its fields: names, dimensions, attributes, and the values of its axes."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Array

_DIGITS = re.compile(r"\d+")


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


class FileHeader(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A file, without its fields. Headers of one structure are equal: what follows from it is found once."""

    structure: str  # of `variables`
    dimensions: dict[str, int]
    variables: dict[str, VariableHeader]
    attributes: dict[str, Any]
    groups: list[str]  # beneath the root, which alone is read
    values: dict[str, Array]  # of time and vertical coordinates, unpacked
    prints: dict[str, str]  # fingerprints of horizontal coordinates: unequal means other places

    def __hash__(self) -> int:
        return hash(self.structure)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileHeader) and other.structure == self.structure


def structure(variables: Mapping[str, VariableHeader]) -> str:
    """A fingerprint of names, dimensions and attributes; numbers in texts (dates, versions) do not count."""
    told = [
        (name, one.dtype, one.dimensions, one.shape, _DIGITS.sub("#", repr(sorted(one.attributes.items(), key=_first))))
        for name, one in variables.items()
    ]
    return hashlib.blake2b(repr(told).encode(), digest_size=12).hexdigest()


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def pack(values: NDArray[Any]) -> Array:
    """An array as it crosses a border."""
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"), copy=False)
    return Array(dtype=little.dtype.str, shape=values.shape, data=little.tobytes())


def unpack(array: Array) -> NDArray[Any]:
    """The array behind what crossed a border."""
    return np.frombuffer(array.data, dtype=array.dtype).reshape(array.shape)
