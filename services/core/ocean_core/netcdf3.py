"""Headers of NetCDF-3 files (classic, 64-bit offset and 64-bit data), as the "File Format Specifications" have them.

The header is at the beginning of a file and says where every variable lies, so it is enough to read variables, and to
see whether the end of a file is missing.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

FIRST_READ = 64 * 1024  # bytes of a header that are read at first
LONGEST = 64 << 20  # bytes: no header is so long
STREAMING = {4: 0xFFFFFFFF, 8: 0xFFFFFFFFFFFFFFFF}  # the number of records is not known
TYPES = {
    1: "i1", 2: "S1", 3: ">i2", 4: ">i4", 5: ">f4", 6: ">f8", 7: "u1", 8: ">u2", 9: ">u4", 10: ">i8", 11: ">u8",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class HeaderVariable:
    """A variable as the header describes it."""

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Any]
    begin: int  # of its first byte
    record_step: int | None  # bytes from one record to the next; None: it has no records

    @property
    def record_size(self) -> int:  # bytes of one record without padding; of a variable without records, all of them
        shape = self.shape if self.record_step is None else self.shape[1:]
        return math.prod(shape) * self.dtype.itemsize

    @property
    def end(self) -> int:  # of its last byte, from the start of the file
        if self.record_step is None:
            return self.begin + self.record_size
        return self.begin + (self.shape[0] - 1) * self.record_step + self.record_size if self.shape[0] else 0


@dataclass(frozen=True, kw_only=True)
class Header:
    """The variables and attributes of a file."""

    variables: dict[str, HeaderVariable]
    attributes: dict[str, Any]  # of the file
    streaming: bool  # the file does not tell its number of records: it is told by the size of the file

    @property
    def end(self) -> int | None:  # least size of the whole file, bytes; None where records depend on its size
        recorded = any(variable.record_step is not None for variable in self.variables.values())
        if self.streaming and recorded:
            return None
        return max((variable.end for variable in self.variables.values()), default=0)


class HeaderIncomplete(ValueError):
    """The bytes end before the header does."""


def read_netcdf3_header(read: Callable[[int], bytes], size: int) -> Header | None:
    """Read the header of a file of ``size`` bytes.

    ``read`` returns the first so many bytes. None for a file of another format; HeaderIncomplete where the file ends
    within its header, ValueError or LookupError where that is damaged.
    """
    if size < 4 or read(4) not in {b"CDF\1", b"CDF\2", b"CDF\5"}:
        return None
    length = min(FIRST_READ, size)
    while True:
        try:
            return _Parser(read(length), size).header()
        except struct.error as error:
            if length >= min(size, LONGEST):
                raise HeaderIncomplete from error
            length = min(2 * length, size)


class _Parser:
    """Parser of the first bytes of a file of ``size`` bytes; struct.error where these end within the header."""

    def __init__(self, content: bytes, size: int) -> None:
        self._content, self._size = content, size
        self._position = 4
        self._count_size = 8 if content[3] == 5 else 4  # bytes of a number that counts
        self._offset_size = 4 if content[3] == 1 else 8

    def header(self) -> Header:
        records = self._number(self._count_size)
        dimensions = [(self._name(), self._number(self._count_size)) for _ in range(self._list_length())]
        attributes = self._attributes()
        variables = dict(self._variable(dimensions) for _ in range(self._list_length()))
        recorded = [variable for variable in variables.values() if variable.record_step is not None]
        # The records of a single variable are not padded to four bytes.
        sizes = [variable.record_size for variable in recorded]
        step = sizes[0] if len(sizes) == 1 else sum(-(-size // 4) * 4 for size in sizes)
        streaming = records == STREAMING[self._count_size]
        if streaming:
            begin = min((variable.begin for variable in recorded), default=self._size)
            records = max(0, self._size - begin) // step if step else 0
        for name, variable in variables.items():
            if variable.record_step is not None:
                variables[name] = replace(variable, shape=(records, *variable.shape[1:]), record_step=step)
        return Header(variables=variables, attributes=attributes, streaming=streaming)

    def _variable(self, dimensions: list[tuple[str, int]]) -> tuple[str, HeaderVariable]:
        name = self._name()
        used = [dimensions[self._number(self._count_size)] for _ in range(self._number(self._count_size))]
        attributes = self._attributes()
        dtype = np.dtype(TYPES[self._number(4)])
        self._number(self._count_size)  # its size, which is wrong for large ones
        recorded = bool(used) and used[0][1] == 0  # the record dimension has no length of its own
        return name, HeaderVariable(
            dimensions=tuple(dimension for dimension, _ in used),
            shape=tuple(length for _, length in used),
            dtype=dtype,
            attributes=attributes,
            begin=self._number(self._offset_size),
            record_step=0 if recorded else None,
        )

    def _attributes(self) -> dict[str, Any]:
        attributes = {}
        for _ in range(self._list_length()):
            name, dtype = self._name(), np.dtype(TYPES[self._number(4)])
            content = self._bytes(self._number(self._count_size) * dtype.itemsize)
            text = dtype.kind == "S"
            values = np.frombuffer(content, dtype).astype(dtype.newbyteorder("="))
            attributes[name] = content.decode(errors="replace") if text else values
        return attributes

    def _list_length(self) -> int:
        self._number(4)  # what it is a list of
        return self._number(self._count_size)

    def _name(self) -> str:
        return self._bytes(self._number(self._count_size)).decode(errors="replace")

    def _number(self, size: int) -> int:
        (number,) = struct.unpack_from(">I" if size == 4 else ">Q", self._content, self._position)
        self._position += size
        return int(number)

    def _bytes(self, count: int) -> bytes:
        content = self._content[self._position : self._position + count]
        self._position += -(-count // 4) * 4
        if len(content) < count:
            raise struct.error
        return content
