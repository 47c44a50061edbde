"""NetCDF-3, classic and with 64-bit offsets, as a stream: the header tells where everything will be, then it comes.

The rows of the first dimension are records if they are read in more than one part, or if they are times: a record
holds one row of every variable that has that dimension, so that parts follow one another.
"""

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocean_common.errors import RequestTooLarge
from ocean_core.messages import Message
from ocean_data.plan.extraction import Extraction, Values
from ocean_data.ports import Parts
from ocean_data.writing.cf import Attribute, Layout, Variable, filled, layout

AT_ONCE = 8_000_000  # bytes of one piece
DIMENSIONS, VARIABLES, ATTRIBUTES, ABSENT = 10, 11, 12, bytes(8)
TYPES = {"S1": (2, 1), "i4": (4, 4), "f4": (5, 4), "f8": (6, 8)}  # their codes and sizes

# The largest offset, and the most bytes that one variable, or one record of it, may take.
LIMITS: dict[int, tuple[int, int]] = {1: (2**31 - 1, 2**31 - 4), 2: (2**63 - 1, 2**32 - 4)}
NAMES = {1: "NetCDF-3 classic", 2: "NetCDF-3 with 64-bit offsets"}


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A variable, and where it is."""

    variable: Variable
    record: bool
    size: int  # bytes, padded; of a record variable, in one record
    begin: int = 0


class Netcdf3:
    """Writes NetCDF-3; version 1: classic, version 2: with 64-bit offsets."""

    media_type = "application/x-netcdf"
    suffix = "nc"

    def __init__(self, version: Literal[1, 2] = 2) -> None:
        self._version = version

    def size(self, extraction: Extraction, revision: str) -> int:
        """Bytes of the whole file, or RequestTooLarge."""
        return _File.of(extraction, revision, self._version).size

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """The header and all that has no records, with the first part; then records."""
        file = _File.of(extraction, revision, self._version)
        for rows, part in parts:
            if rows.start == 0:
                yield file.header
                yield from file.fixed(part)
            yield from file.records(rows, part)


@dataclass(frozen=True, kw_only=True)
class _File:
    """Where everything is."""

    header: bytes
    placed: Sequence[Placed]
    rows: int
    size: int

    @classmethod
    def of(cls, extraction: Extraction, revision: str, version: int) -> "_File":
        plan = layout(extraction, revision, classic=True)
        many = plan.first is not None and (plan.first == "time" or len(extraction.parts()) > 1)
        record = plan.first if many else None
        rows = plan.dims[record] if record else 0
        placed = [_placed(one, plan, record) for one in plan.variables]
        _check(placed, version)
        # Offsets have the same width whatever they are: a header with none tells how long it will be.
        start = len(_header(plan, placed, record, version))
        begins = _begins(placed, start)
        held = [
            Placed(variable=one.variable, record=one.record, size=one.size, begin=begin)
            for one, begin in zip(placed, begins, strict=True)
        ]
        if max(begins, default=0) > LIMITS[version][0]:
            raise _refusal(version, Message("its variables begin beyond {limits} bytes", limits=LIMITS[version][0]))
        each = sum(one.size for one in placed if one.record)
        total = start + sum(one.size for one in placed if not one.record) + rows * each
        return cls(header=_header(plan, held, record, version), placed=held, rows=rows, size=total)

    def fixed(self, part: dict[str, Values]) -> Iterator[bytes]:
        """What has no records: known before, or come with the first part."""
        for one in self.placed:
            if not one.record:
                values = one.variable.values if one.variable.key is None else part[one.variable.key]
                data = _big(np.asarray(values), one.variable)
                yield data.tobytes().ljust(one.size, b"\0")

    def records(self, rows: slice, part: dict[str, Values]) -> Iterator[bytes]:
        """Some records, a few at a time."""
        held = [one for one in self.placed if one.record]
        each = sum(one.size for one in held)
        step = max(1, AT_ONCE // each) if each else rows.stop
        for first in range(rows.start, rows.stop if each else rows.start, step):
            last = min(first + step, rows.stop)
            block = np.zeros((last - first, each), dtype=np.uint8)
            offset = 0
            for one in held:
                variable = one.variable
                whole = variable.values[first:last] if variable.values is not None else None
                values = part[variable.key or ""][first - rows.start : last - rows.start] if whole is None else whole
                data = np.ascontiguousarray(_big(values, variable)).reshape(last - first, -1).view(np.uint8)
                block[:, offset : offset + data.shape[1]] = data
                offset += one.size
            yield block.tobytes()


def _big(values: NDArray[Any], variable: Variable) -> NDArray[Any]:
    """As it is written: big-endian."""
    return filled(values, variable.dtype.newbyteorder(">"))


def _placed(one: Variable, plan: Layout, record: str | None) -> Placed:
    recorded = record is not None and one.dims[:1] == (record,)
    shape = [plan.dims[name] for name in one.dims[recorded:]]
    return Placed(variable=one, record=recorded, size=-(-math.prod(shape) * one.dtype.itemsize // 4) * 4)


def _begins(placed: Sequence[Placed], start: int) -> list[int]:
    found = {}
    for recorded in (False, True):
        for number, one in enumerate(placed):
            if one.record == recorded:
                found[number] = start
                start += one.size
    return [found[number] for number in range(len(placed))]


def _check(placed: Sequence[Placed], version: int) -> None:
    """Refuse what the format has no room for."""
    most = LIMITS[version][1]
    for one in placed:
        if one.size > most:
            name = one.variable.name
            if one.record:
                raise _refusal(
                    version,
                    Message(
                        "one record of {name} takes {size} bytes, and the limit is {limit}",
                        name=name,
                        size=one.size,
                        limit=most,
                    ),
                )
            raise _refusal(
                version,
                Message("{name} takes {size} bytes, and the limit is {limit}", name=name, size=one.size, limit=most),
            )


def _refusal(version: int, why: Message) -> RequestTooLarge:
    others = "NETCDF3_64BIT, NETCDF4" if version == 1 else "NETCDF4"
    return RequestTooLarge(
        "this is too large for {names}: {reason}; ask for a smaller area, or for one of {variables}",
        names=NAMES[version],
        reason=why,
        variables=others,
        field="format",
    )


def _header(plan: Layout, placed: Sequence[Placed], record: str | None, version: int) -> bytes:
    numbers = {name: number for number, name in enumerate(plan.dims)}
    rows = plan.dims[record] if record else 0
    dims = [_name(name) + struct.pack(">i", 0 if name == record else size) for name, size in plan.dims.items()]
    variables = [_variable(one, numbers, version) for one in placed]
    return b"".join(
        [
            b"CDF" + bytes([version]),
            struct.pack(">i", rows),
            _list(DIMENSIONS, dims),
            _attributes(plan.attributes),
            _list(VARIABLES, variables),
        ]
    )


def _variable(one: Placed, numbers: dict[str, int], version: int) -> bytes:
    variable = one.variable
    code, _ = TYPES[_kind(variable.dtype)]
    dims = [numbers[name] for name in variable.dims]
    return b"".join(
        [
            _name(variable.name),
            struct.pack(f">i{len(dims)}i", len(dims), *dims),
            _attributes(variable.attributes),
            # A size that has no room is told as the largest: readers take the shape.
            struct.pack(">iI", code, min(one.size, 2**32 - 1)),
            struct.pack(">i" if version == 1 else ">q", min(one.begin, LIMITS[version][0])),
        ]
    )


def _kind(dtype: np.dtype[Any]) -> str:
    return dtype.newbyteorder("=").str[1:]


def _list(tag: int, items: Sequence[bytes]) -> bytes:
    return struct.pack(">ii", tag, len(items)) + b"".join(items) if items else ABSENT


def _name(text: str) -> bytes:
    written = text.encode()
    return struct.pack(">i", len(written)) + _padded(written)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _attributes(attributes: dict[str, Attribute]) -> bytes:
    return _list(ATTRIBUTES, [_name(key) + _attribute(value) for key, value in attributes.items()])


def _attribute(value: Attribute) -> bytes:
    if isinstance(value, str):
        written = value.encode()
        return struct.pack(">ii", TYPES["S1"][0], len(written)) + _padded(written)
    values = np.atleast_1d(np.asarray(value))
    if values.dtype.kind in "iub":
        values = values.astype("i4")
    code, _ = TYPES[_kind(values.dtype)]
    return struct.pack(">ii", code, values.size) + _padded(values.astype(values.dtype.newbyteorder(">")).tobytes())
