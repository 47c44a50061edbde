"""Answers of OPeNDAP (DAP 2.0): the descriptions DDS and DAS, and the numbers in XDR (RFC 4506).

Every variable is an array with named dimensions, or one number: clients find coordinates by the names. The protocol has
no 64-bit integers, which become Float64, and no signed bytes; all bytes become Int16, since clients take those of the
protocol for signed or for unsigned ones.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_data.plan.constraint import Projection, encode_name
from ocean_data.reading.aggregation import Aggregation, JoinedVariable, StoredFiles, read_stored, split_ranges

PART = 4 << 20  # bytes that are read at once
MOST_TEXT = 32_767  # characters of an attribute: clients have limits


class SentType(NamedTuple):
    """A type of the protocol."""

    name: str
    dtype: str  # of the numbers as they are sent


TYPES = {
    "i1": SentType("Int16", ">i4"),
    "u1": SentType("Int16", ">i4"),
    "i2": SentType("Int16", ">i4"),
    "u2": SentType("UInt16", ">u4"),
    "i4": SentType("Int32", ">i4"),
    "u4": SentType("UInt32", ">u4"),
    "i8": SentType("Float64", ">f8"),
    "u8": SentType("Float64", ">f8"),
    "f4": SentType("Float32", ">f4"),
    "f8": SentType("Float64", ">f8"),
}
TEXT = SentType("String", "")


def sent_type(dtype: np.dtype[Any]) -> SentType:
    """Return the type as which numbers, characters or texts are sent."""
    if dtype.kind in "SUO":
        return TEXT
    if dtype.kind == "f" and dtype.itemsize not in {4, 8}:
        return TYPES["f8"]
    return TYPES[dtype.str[1:]]


def write_dds(name: str, projections: Iterable[Projection]) -> str:
    """Write the declarations of what is asked for."""
    lines = ["Dataset {"]
    for variable, ranges in projections:
        sizes = [len(part) for part in ranges]
        dimensions = list(zip(variable.dimensions, sizes, strict=True))[: len(variable.shape_of_elements)]
        axes = "".join(f"[{encode_name(dimension)} = {size}]" for dimension, size in dimensions)
        lines.append(f"    {sent_type(variable.dtype).name} {encode_name(variable.name)}{axes};")
    return "\n".join([*lines, f"}} {encode_name(name)};", ""])


def write_das(aggregation: Aggregation) -> str:
    """Write the attributes of all variables, and those of the dataset."""
    lines = ["Attributes {"]
    for variable in aggregation.variables.values():
        lines += _container(variable.name, _packed_attributes(variable))
    lines += _container("NC_GLOBAL", aggregation.attributes)
    if aggregation.joined:
        lines += _container("DODS_EXTRA", {"Unlimited_Dimension": aggregation.joined[0]})
    return "\n".join([*lines, "}", ""])


def _packed_attributes(variable: JoinedVariable) -> dict[str, Any]:
    """Return the attributes of a variable, those that are numbers of it in the type in which it is sent."""
    dtype, attributes = variable.dtype, dict(variable.attributes)
    if dtype.kind not in "iu" or dtype.itemsize not in {1, 8}:
        return attributes
    unsigned = dtype == np.int8 and str(attributes.pop("_Unsigned", "")).lower() == "true"
    target = np.int16 if dtype.itemsize == 1 else np.float64
    for name in ("_FillValue", "missing_value", "valid_min", "valid_max", "valid_range", "flag_values", "flag_masks"):
        numbers = np.asarray(attributes[name]) if name in attributes else None
        if numbers is not None and numbers.dtype.kind in "iu":
            attributes[name] = (numbers.astype(np.int8).view(np.uint8) if unsigned else numbers).astype(target)
    return attributes


def _container(name: str, attributes: Mapping[str, Any]) -> list[str]:
    lines = [f"    {encode_name(name)} {{"]
    for key, value in attributes.items():
        if (written := _write_attribute(value)) is not None:
            lines.append(f"        {written[0]} {encode_name(key)} {written[1]};")
    return [*lines, "    }"]


def _write_attribute(value: Any) -> tuple[str, str] | None:
    """Return type and text of an attribute; None for what is neither numbers nor text."""
    if isinstance(value, str | bool):
        return TEXT.name, _quote(str(value))
    array = np.atleast_1d(np.asarray(value)).ravel()
    if array.dtype.kind in "iuf" and array.size:
        if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.min() >= -(2**31) and array.max() < 2**31:
            array = array.astype(np.int32)  # JSON and Python do not tell the type
        kind = sent_type(array.dtype)
        numbers = array.astype(kind.dtype) if kind.dtype == ">f8" else array
        return kind.name, ", ".join(_write_number(number) for number in numbers)
    if array.dtype.kind in "SUO" and all(isinstance(item, str | bytes) for item in array.tolist()):
        texts = [item.decode(errors="replace") if isinstance(item, bytes) else item for item in array.tolist()]
        return TEXT.name, ", ".join(map(_quote, texts)) or '""'
    return None


def _write_number(number: np.generic) -> str:
    text = str(number if isinstance(number, np.floating) else int(number))
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)


def _quote(text: str) -> str:
    escaped = text[:MOST_TEXT].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# Numbers


def sent_size(projections: Iterable[Projection]) -> int:
    """Return the bytes of numbers as they are sent; of texts those of their lengths."""
    total = 0
    for variable, ranges in projections:
        kind = sent_type(variable.dtype)
        total += math.prod(map(len, ranges)) * (np.dtype(kind.dtype).itemsize if kind.dtype else 4)
    return total


def write_dods(name: str, projections: list[Projection], source: StoredFiles) -> Iterator[bytes]:
    """Write declarations and numbers, in parts as they are read."""
    yield f"{write_dds(name, projections)}\nData:\n".encode()
    for variable, ranges in projections:
        outer = ranges[: len(variable.shape_of_elements)]  # characters of one text come together
        if outer:
            # Arrays of numbers have their length twice (DAP 2.0, section 7.3.2), those of texts once.
            repeats = 1 if sent_type(variable.dtype) is TEXT else 2
            yield np.full(repeats, math.prod(map(len, outer)), ">u4").tobytes()
        for part in split_ranges(outer, variable.dtype.itemsize, PART):
            yield encode_numbers(read_stored(variable, (*part, *ranges[len(outer) :]), source), variable)


def encode_numbers(values: NDArray[Any], variable: JoinedVariable) -> bytes:
    """Encode the numbers or texts of a part of a variable, without their count."""
    kind = sent_type(variable.dtype)
    if kind is TEXT:
        return b"".join(_encode_text(text) for text in _list_texts(values, variable))
    if values.dtype == np.int8 and str(variable.attributes.get("_Unsigned", "")).lower() == "true":
        values = values.view(np.uint8)
    return values.astype(kind.dtype).tobytes()


def _list_texts(values: NDArray[Any], variable: JoinedVariable) -> list[bytes]:
    if variable.is_characters:
        width = values.shape[-1]
        rows = np.ascontiguousarray(values).view(f"S{width}") if width else np.zeros(values.shape[:-1], "S1")
        return [bytes(row) for row in rows.ravel().tolist()]
    return [item if isinstance(item, bytes) else str(item).encode() for item in values.ravel().tolist()]


def _encode_text(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text + bytes(-len(text) % 4)


def write_ascii(name: str, projections: list[Projection], source: StoredFiles) -> Iterator[bytes]:
    """Write declarations, and numbers as text: a line for each row, after its indices within the part."""
    yield f"{write_dds(name, projections)}{45 * '-'}\n".encode()
    for variable, ranges in projections:
        outer = ranges[: len(variable.shape_of_elements)]
        shape = tuple(map(len, outer))
        yield (encode_name(variable.name) + "".join(f"[{size}]" for size in shape) + "\n").encode()
        rows = np.ndindex(*shape[:-1])
        width = shape[-1] if shape else 1
        # Rows are never split: a line is one.
        for part in split_ranges(outer[:-1], variable.dtype.itemsize * width, PART):
            values = read_stored(variable, (*part, *ranges[len(part) :]), source)
            texts = _write_texts(values, variable)
            for first in range(0, len(texts), width):
                place = "".join(f"[{number}]" for number in next(rows))
                line = ", ".join(texts[first : first + width])
                yield f"{place}, {line}\n".encode() if place else f"{line}\n".encode()
        yield b"\n"


def _write_texts(values: NDArray[Any], variable: JoinedVariable) -> list[str]:
    if sent_type(variable.dtype) is TEXT:
        return [_quote(text.decode(errors="replace")) for text in _list_texts(values, variable)]
    return [_write_number(number) for number in values.ravel()]


def write_error(status: int, text: str) -> str:
    """Write an error."""
    return f"Error {{\n    code = {status};\n    message = {_quote(text)};\n}};\n"
