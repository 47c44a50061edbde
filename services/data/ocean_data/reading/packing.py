"""Packing of a variable in its file: scale and offset, and the numbers that stand for missing values."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

ATTRIBUTES = (
    "_FillValue",
    "_Unsigned",
    "add_offset",
    "missing_value",
    "scale_factor",
    "valid_max",
    "valid_min",
    "valid_range",
)
DEFAULT_FILL = 9.9e36  # NetCDF writes 9.96921e36 where nothing was written: no quantity of the sea is so large


@dataclass(frozen=True, kw_only=True)
class Packing:
    """The attributes of one variable that say what its numbers mean."""

    scale: float
    offset: float
    missing: tuple[float, ...]
    low: float
    high: float
    working: type[np.floating[Any]]  # what the values are worked out in
    unpacked_range: bool  # `low` and `high` are in the units of the unpacked values
    unsigned: bool

    @classmethod
    def from_attributes(cls, said: dict[str, Any], dtype: np.dtype[Any]) -> Self:
        """Take the attributes of a variable whose numbers are stored as `dtype`."""
        low, high = _range(said)
        edge = said.get("valid_range", said.get("valid_min", said.get("valid_max", 0)))
        packed = "scale_factor" in said or "add_offset" in said
        return cls(
            scale=_number(said.get("scale_factor"), 1.0),
            offset=_number(said.get("add_offset"), 0.0),
            missing=tuple(value for name in ("_FillValue", "missing_value") for value in _numbers(said.get(name))),
            working=_working(dtype, said),
            low=low,
            high=high,
            unpacked_range=packed and np.asarray(edge).dtype.kind == "f" and dtype.kind in "iu",
            unsigned=str(said.get("_Unsigned", "")).lower() == "true",
        )

    def unpack(self, raw: NDArray[Any], dtype: type[np.floating]) -> NDArray[np.floating]:
        """The numbers of a file as values of ``dtype``; NaN where there is nothing."""
        if self.unsigned and raw.dtype.kind == "i":
            raw = raw.view(raw.dtype.str.replace("i", "u"))
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


def _working(dtype: np.dtype[Any], said: dict[str, Any]) -> type[np.floating[Any]]:
    """The type of unpacked values: that of scale and offset (CF 8.1), as long as it holds the packed ones."""
    packing = {np.asarray(said[name]).dtype for name in ("scale_factor", "add_offset") if name in said}
    single = dtype.itemsize <= (4 if dtype.kind == "f" else 2) and packing <= {np.dtype(np.float32)}
    return np.float32 if single else np.float64


def _range(said: dict[str, Any]) -> tuple[float, float]:
    """Valid minimum and maximum. Files exist in which they are exchanged, or equal: those say nothing."""
    limits = _numbers(said.get("valid_range"))
    if len(limits) == 2:
        low, high = limits
    else:
        low, high = _number(said.get("valid_min"), -np.inf), _number(said.get("valid_max"), np.inf)
    return (low, high) if low < high else (-np.inf, np.inf)


def _numbers(value: Any) -> list[float]:
    """The numbers in an attribute; none if it is text."""
    array = np.atleast_1d(np.asarray(value if value is not None else []))
    return [float(number) for number in array.ravel()] if array.dtype.kind in "iuf" else []


def _number(value: Any, default: float) -> float:
    numbers = _numbers(value)
    return numbers[0] if numbers else default


def as_stored(dtype: np.dtype[Any], value: float) -> Any:
    """``value`` as it is stored: 1e20 in a file of float32 is not the float64 1e20. NaN where it cannot be stored."""
    if dtype.kind == "f":
        return dtype.type(value)
    limits = np.iinfo(dtype)
    # A fill of -1 in an unsigned byte is 255.
    value = value % (limits.max + 1) if limits.min == 0 and value < 0 else value
    return dtype.type(value) if limits.min <= value <= limits.max else np.nan
