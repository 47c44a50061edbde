"""Variables as they are stored, wherever that is: windows of them, and what their packed numbers mean."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_data.reading.files import State

ORDER = ("time", "depth", "y", "x")  # the dimensions of a window, whatever their order in the file
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

Shape = tuple[int, int, int, int]  # by ORDER
Box = tuple[range, range, range, range]  # what is wanted along each of ORDER; one of a dimension that is not there


@dataclass(frozen=True, kw_only=True)
class StoredVariable:
    """A variable of an open file: its numbers as they are stored."""

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Any]  # those of ATTRIBUTES that it has, in their own types
    chunks: tuple[int, ...]  # shape of the part that is read at once
    read: Callable[[tuple[slice, ...]], NDArray[Any]]  # a slice with start and stop for every dimension

    @property
    def packing(self) -> "Packing":
        """The meaning of its numbers."""
        return Packing.from_attributes(self.attributes, self.dtype)

    def read_all(self) -> NDArray[Any]:
        """All numbers as they are stored."""
        return self.read(tuple(slice(0, size) for size in self.shape))

    def read_window(self, selection: "Selection") -> NDArray[Any]:
        """Read a hyperslab and turn it into (time, depth, y, x), as it is stored."""
        raw = self.read(tuple(map(slice, selection.starts, selection.stops)))
        used = [axis for axis in selection.axes if axis is not None]
        others = [axis for axis in range(raw.ndim) if axis not in used]
        return raw.transpose(used + others).reshape(selection.shape)


Variables = Callable[[str], StoredVariable]  # by name; LookupError for one that is not there


class StorageBackend(Protocol):
    """One kind of place where files are."""

    def state(self, path: str) -> State:
        """The state of a file now, or not long ago; SourceUnreadable if there is none."""

    def open_file(self, state: State) -> AbstractContextManager[Variables]:
        """The variables of a file in this state.

        OSError, RuntimeError, LookupError or ValueError, then or while they are read, if it is broken or changed.
        """

    def close(self) -> None:
        """Close what is open."""


class Selection(NamedTuple):
    """The part of a stored variable that makes a window."""

    starts: tuple[int, ...]  # along each dimension of the file
    stops: tuple[int, ...]
    axes: tuple[int | None, ...]  # of each of ORDER: its dimension in the file
    shape: Shape  # of the window


def select(dimensions: tuple[str, ...], shape: tuple[int, ...], variable: Assets, box: Box) -> Selection | None:
    """Find a box in a stored variable of some dimensions; None if it is not as the catalogue describes it."""
    # The cells of a mesh are one row.
    roles = ["x" if known.role in {"node", "face"} else known.role for known in variable.dimensions]
    axes = tuple(roles.index(role) if role in roles else None for role in ORDER)
    starts, stops = [0] * len(roles), [1] * len(roles)  # of a dimension without a role: the first
    for axis, part in zip(axes, box, strict=True):
        if axis is not None:
            starts[axis], stops[axis] = part.start, part.stop
    if (
        dimensions != tuple(known.name for known in variable.dimensions)
        or sum(role in ORDER for role in roles) > sum(axis is not None for axis in axes)
        or not all(start < stop <= size for start, stop, size in zip(starts, stops, shape, strict=True))
        or any(axis is not None and shape[axis] != size for axis, size in zip(axes[2:], plane(variable), strict=True))
    ):
        return None
    time, depth, y, x = (1 if axis is None else len(part) for axis, part in zip(axes, box, strict=True))
    return Selection(tuple(starts), tuple(stops), axes, (time, depth, y, x))


def plane(variable: Assets) -> tuple[int, int]:
    """Return rows and columns of the grid of a variable; the cells of a mesh are one row."""
    shape = variable.grid.shape
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[-1])


def chunking(found: StoredVariable, variable: Assets) -> Shape:
    """Return the shape of the part that is read at once, as (time, depth, y, x)."""
    roles = [known.role for known in variable.dimensions]
    sizes = dict(zip(roles, map(int, found.chunks), strict=True))
    along = sizes.get("x", sizes.get("node", sizes.get("face", 1)))
    return sizes.get("time", 1), sizes.get("depth", 1), sizes.get("y", 1), along


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
