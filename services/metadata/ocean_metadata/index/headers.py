"""Headers of files: names, dimensions, attributes, and the values of axes."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from ocean_common.contracts.assets import Array

_DIGITS = re.compile(r"\d+")


class VariableHeader(msgspec.Struct, frozen=True, kw_only=True):
    """Declaration of a variable in its file."""

    name: str
    dtype: str  # numpy's name; "str" and "S1" are text
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    attributes: dict[str, Any]

    @property
    def numeric(self) -> bool:
        """True if the values are numbers."""
        return np.dtype(self.dtype).kind in "iuf" if self.dtype != "str" else False

    def text(self, attribute: str) -> str:
        """Return an attribute as text; empty if it is missing or no text."""
        value = self.attributes.get(attribute)
        return value.strip() if isinstance(value, str) else ""


class FileHeader(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """File without its fields. Headers of one structure are equal, so that what follows from it is computed once."""

    structure: str  # digest of `variables`
    dimensions: dict[str, int]
    variables: dict[str, VariableHeader]
    attributes: dict[str, Any]
    groups: list[str]  # below the root; only the root is read
    values: dict[str, Array]  # of time and vertical coordinates, unpacked
    prints: dict[str, str]  # digests of horizontal coordinates: different digests mean different places

    def __hash__(self) -> int:
        return hash(self.structure)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FileHeader) and other.structure == self.structure


def digest_structure(variables: Mapping[str, VariableHeader]) -> str:
    """Digest names, dimensions and attributes; numbers in texts (dates, versions) do not count."""
    declarations = [
        (name, header.dtype, header.dimensions, header.shape, _DIGITS.sub("#", repr(sorted(header.attributes.items()))))
        for name, header in variables.items()
    ]
    return hashlib.blake2b(repr(declarations).encode(), digest_size=12).hexdigest()
