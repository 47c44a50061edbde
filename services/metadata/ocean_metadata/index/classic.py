"""How long a classic NetCDF file must be by its own header: the library reads zeros beyond a cut."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}  # bytes a value, by type
_STREAMING = 0xFFFFFFFF  # number of records unknown
_DIMENSIONS, _ATTRIBUTES, _VARIABLES = 10, 12, 11


def expected_size(path: Path) -> int | None:
    """The size in bytes; None where the file is not of a classic format, or does not know its records."""
    with path.open("rb") as file:
        magic = file.read(4)
        if magic[:3] != b"CDF" or magic[3] not in {1, 2, 5}:
            return None
        try:
            return _Header(file, magic[3]).size()
        except (struct.error, KeyError):
            return path.stat().st_size + 1  # the header itself is cut


class _Header:
    """The classic header (NetCDF Classic Format Specification), read as far as sizes need it."""

    def __init__(self, file: BinaryIO, version: int) -> None:
        self._file = file
        self._count = ">Q" if version == 5 else ">I"
        self._offset = ">I" if version == 1 else ">Q"

    def size(self) -> int | None:
        """The end of the variable that lies last."""
        records = self._number(self._count)
        lengths = [self._dimension() for _ in self._list(_DIMENSIONS)]
        self._skip_attributes()
        fixed, recorded = [0], []
        for _ in self._list(_VARIABLES):
            shape, width, begin = self._variable(lengths)
            if shape and shape[0] == 0:  # the record dimension has no length of its own
                recorded.append((begin, _product(shape[1:]) * width))
            else:
                fixed.append(begin + _product(shape) * width)
        if not recorded:
            return max(fixed)
        if records in {_STREAMING, 2**64 - 1}:
            return None
        # Records of a single variable are not padded to four bytes.
        step = recorded[0][1] if len(recorded) == 1 else sum(-(-size // 4) * 4 for _, size in recorded)
        ends = [begin + (records - 1) * step + size for begin, size in recorded if records]
        return max(fixed + ends)

    def _number(self, form: str) -> int:
        return int(struct.unpack(form, self._file.read(struct.calcsize(form)))[0])

    def _list(self, tag: int) -> Iterator[int]:
        found, count = self._number(">I"), self._number(self._count)
        if found not in {0, tag}:
            raise struct.error
        return iter(range(count))

    def _name(self) -> None:
        self._skip(self._number(self._count))

    def _skip(self, size: int) -> None:
        self._file.seek(-(-size // 4) * 4, 1)

    def _dimension(self) -> int:
        self._name()
        return self._number(self._count)

    def _skip_attributes(self) -> None:
        for _ in self._list(_ATTRIBUTES):
            self._name()
            width = _SIZES[self._number(">I")]
            self._skip(self._number(self._count) * width)

    def _variable(self, lengths: list[int]) -> tuple[list[int], int, int]:
        self._name()
        shape = [lengths[self._number(self._count)] for _ in range(self._number(self._count))]
        self._skip_attributes()
        width = _SIZES[self._number(">I")]
        self._number(self._count)  # its size, which overflows in large files
        return shape, width, self._number(self._offset)


def _product(shape: list[int]) -> int:
    total = 1
    for each in shape:
        total *= each
    return total
