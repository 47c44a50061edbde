"""Packed numbers of files as values: scale, offset, missing values and valid range of a variable (CF 8.1, NUG)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ocean_core.errors import MessageError

PACKING_ATTRIBUTES = (
    "_FillValue",
    "_Unsigned",
    "add_offset",
    "missing_value",
    "scale_factor",
    "valid_max",
    "valid_min",
    "valid_range",
)
INTEGER_FILLS = {"i2": -32767, "u2": 65535, "i4": -2147483647, "u4": 4294967295}  # NetCDF's own; bytes have none
_SUFFIX = re.compile(r"(?<=[\d.])u?[bslfd]$", re.IGNORECASE)  # of types, as `ncdump` writes them
DEFAULT_FILL = 9.9e36  # NetCDF writes 9.96921e36 where nothing was written: no quantity of the sea is so large


class InvalidPacking(MessageError, ValueError):
    """Attributes with which numbers cannot be unpacked."""


@dataclass(frozen=True, kw_only=True)
class Packing:
    """Scale and offset of a variable in its file, and the numbers that stand for missing values."""

    scale: float
    offset: float
    missing: tuple[float, ...]
    low: float
    high: float
    working: type[np.floating[Any]]  # what the values are worked out in
    unpacked_range: bool  # `low` and `high` are in the units of the unpacked values
    unsigned: bool

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> Self:
        """Take the attributes of a variable whose numbers are stored as `dtype`; raise InvalidPacking."""
        low, high = _valid_range(attributes, dtype)
        edge = attributes.get("valid_range", attributes.get("valid_min", attributes.get("valid_max", 0)))
        packed = "scale_factor" in attributes or "add_offset" in attributes
        fills = (attributes.get(name) for name in ("_FillValue", "missing_value"))
        return cls(
            scale=packing_number(attributes, "scale_factor", 1.0),
            offset=packing_number(attributes, "add_offset", 0.0),
            missing=tuple(number for fill in fills for number in read_numbers(fill)),
            working=_working_type(dtype, attributes),
            low=low,
            high=high,
            unpacked_range=packed and np.asarray(edge).dtype.kind == "f" and dtype.kind in "iu",
            unsigned=is_unsigned(attributes),
        )

    def number_type(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """Return the type of numbers that are stored as ``dtype``: the unsigned one where `_Unsigned` says so."""
        return np.dtype(dtype.str.replace("i", "u")) if self.unsigned and dtype.kind == "i" else dtype

    def unpack(self, raw: NDArray[Any], dtype: type[np.floating]) -> NDArray[np.floating]:
        """Return the numbers of a file as values of ``dtype``; NaN where there is nothing."""
        raw = raw.view(self.number_type(raw.dtype))
        values = raw.astype(self.working)
        nothing = np.zeros(raw.shape, dtype=bool)
        for value in self.missing:
            nothing |= raw == as_stored(raw.dtype, value)
        if raw.dtype.kind == "f":
            nothing |= np.abs(raw) > DEFAULT_FILL
        if not self.unpacked_range and np.isfinite([self.low, self.high]).any():
            nothing |= (raw < self.low) | (raw > self.high)
        if self.scale != 1.0:
            values *= self.working(self.scale)
        if self.offset != 0.0:
            values += self.working(self.offset)
        if self.unpacked_range:
            nothing |= (values < self.low) | (values > self.high)
        values[nothing] = np.nan
        return values.astype(dtype, copy=False)


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """Type and packing of integers in a file that come back from their values by rounding."""

    dtype: np.dtype[Any]  # as stored
    packing: Packing
    fill: int
    numbers: tuple[tuple[str, np.generic], ...]  # scale_factor and add_offset, in the types of the file

    @classmethod
    def from_attributes(cls, attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> Self | None:
        """Take the attributes of a variable whose numbers are stored as `dtype`; None if these do not come back.

        So it is with floats, with 64 bits, with steps that are finer than the type of the values, and with bytes of
        which none stands for missing values.
        """
        if dtype.kind not in "iu" or dtype.itemsize > 4:
            return None
        dtype, packing = dtype.newbyteorder("="), Packing.from_attributes(attributes, dtype)
        native, working = packing.number_type(dtype), packing.working
        fills = [as_stored(native, value) for value in packing.missing]
        fill = next((int(value) for value in fills if np.isfinite(value)), INTEGER_FILLS.get(native.str[1:]))
        largest = abs(packing.offset) + abs(packing.scale) * 2.0 ** (8 * dtype.itemsize)
        with np.errstate(over="ignore", invalid="ignore"):
            if fill is None or not 4 * np.spacing(working(largest)) < abs(working(packing.scale)):
                return None
        numbers = tuple(
            (name, number if number.dtype.kind in "iuf" else np.float64(value))
            for name, value in (("scale_factor", packing.scale), ("add_offset", packing.offset))
            for number in np.asarray(attributes.get(name, [])).ravel()[:1]
        )
        return cls(dtype=dtype, packing=packing, fill=fill, numbers=numbers)

    @property
    def signed(self) -> Self:
        """The same bits in a signed type: `_Unsigned` tells of it where a format has no unsigned ones."""
        if self.dtype.kind == "i":
            return self
        dtype = np.dtype(self.dtype.str.replace("u", "i"))
        return replace(self, dtype=dtype, packing=replace(self.packing, unsigned=True))

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of a variable that is stored so."""
        packing, native = self.packing, self.packing.number_type(self.dtype)
        attributes: dict[str, Any] = {"_FillValue": native.type(self.fill).view(self.dtype), **dict(self.numbers)}
        if native != self.dtype:
            attributes["_Unsigned"] = "true"
        limits = np.iinfo(native)
        for name, limit, whole in (("valid_min", packing.low, np.ceil), ("valid_max", packing.high, np.floor)):
            if packing.unpacked_range and np.isfinite(limit):
                attributes[name] = packing.working(limit)
            elif limits.min <= limit <= limits.max:
                attributes[name] = native.type(whole(limit)).view(self.dtype)
        return attributes

    def pack(self, values: NDArray[np.floating]) -> NDArray[Any]:
        """Return the integers of values, the fill of NaN; raise InvalidPacking for what none of them stands for."""
        packing, native = self.packing, self.packing.number_type(self.dtype)
        scale, offset = (float(packing.working(number)) for number in (packing.scale, packing.offset))
        exact = (values.astype(np.float64) - offset) / scale
        there = np.isfinite(exact)
        numbers = np.rint(np.where(there, exact, self.fill))
        limits = np.iinfo(native)
        misfit = np.max(np.abs(exact - numbers), initial=0.0, where=there)
        if misfit > 0.25 or not (numbers.min(initial=0) >= limits.min and numbers.max(initial=0) <= limits.max):
            raise InvalidPacking("its values are none of its scale_factor and add_offset")
        packed: NDArray[Any] = numbers.astype(native).view(self.dtype)
        return packed


def packing_number(attributes: Mapping[str, Any], name: str, default: float) -> float:
    """Return the number of `scale_factor` or `add_offset`, also if it is written as text; raise InvalidPacking."""
    value = attributes.get(name)
    numbers = set(read_numbers(value))
    if len(numbers) == 1:
        number = numbers.pop()
        if np.isfinite(number) and (number or name != "scale_factor"):
            return number
    if len(numbers) > 1:
        raise InvalidPacking("its {attribute} has several values", attribute=name)
    if numbers or (np.size(value if value is not None else []) and _text(value) != ""):
        raise InvalidPacking(
            "its {attribute} is {value}: its values cannot be unpacked", attribute=name, value=_text(value)
        )
    return default


def _working_type(dtype: np.dtype[Any], attributes: Mapping[str, Any]) -> type[np.floating[Any]]:
    """Return the type of unpacked values: that of scale and offset (CF 8.1), as long as it holds the packed ones."""
    packing = {np.asarray(attributes[name]).dtype for name in ("scale_factor", "add_offset") if name in attributes}
    single = dtype.itemsize <= (4 if dtype.kind == "f" else 2) and packing <= {np.dtype(np.float32)}
    return np.float32 if single else np.float64


def _valid_range(attributes: Mapping[str, Any], dtype: np.dtype[Any]) -> tuple[float, float]:
    """Return valid minimum and maximum. Files exist in which they are exchanged, or equal: those say nothing."""
    pair = read_unsigned(attributes, "valid_range", dtype)
    if len(pair) == 2:
        low, high = pair
    else:
        low = next(iter(read_unsigned(attributes, "valid_min", dtype)), -np.inf)
        high = next(iter(read_unsigned(attributes, "valid_max", dtype)), np.inf)
    return (low, high) if low < high else (-np.inf, np.inf)


def read_unsigned(attributes: Mapping[str, Any], name: str, dtype: np.dtype[Any]) -> list[float]:
    """Return the numbers in an attribute of packed values: where `_Unsigned` is true, -6 in a byte stands for 250."""
    numbers = read_numbers(attributes.get(name))
    if dtype.kind == "i" and is_unsigned(attributes) and np.asarray(attributes.get(name)).dtype.kind in "iu":
        return [number % 2.0 ** (8 * dtype.itemsize) for number in numbers]
    return numbers


def is_unsigned(attributes: Mapping[str, Any]) -> bool:
    """Return True for integers that stand for unsigned ones."""
    return _text(attributes.get("_Unsigned")).lower() == "true"


def read_numbers(value: Any) -> list[float]:
    """Return the numbers in an attribute, also if it is a text of numbers (`0, 1`, `0b 1b`)."""
    array = np.atleast_1d(np.asarray(value if value is not None else []))
    if array.dtype.kind in "iuf":
        return [float(number) for number in array.ravel()]
    try:
        return [float(_SUFFIX.sub("", word)) for word in _text(value).replace(",", " ").split()]
    except ValueError:
        return []


def _text(value: Any) -> str:
    """Return an attribute as people would write it."""
    parts = np.atleast_1d(np.asarray(value if value is not None else [])).ravel().tolist()
    return ", ".join(part.decode(errors="replace") if isinstance(part, bytes) else str(part) for part in parts).strip()


def as_stored(dtype: np.dtype[Any], value: float) -> Any:
    """Return ``value`` as it is stored: 1e20 in a file of float32 is not the float64 1e20. NaN if it cannot be."""
    if dtype.kind == "f":
        return dtype.type(value)
    limits = np.iinfo(dtype)
    # A fill of -1 in an unsigned byte is 255.
    value = value % (limits.max + 1) if limits.min == 0 and value < 0 else value
    return dtype.type(value) if limits.min <= value <= limits.max else np.nan
