"""Variables as they are stored, wherever that is: windows of them, and what their packed numbers mean."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_core.packing import Packing
from ocean_data.reading.files import State

ORDER = ("time", "depth", "y", "x")  # the dimensions of a window, whatever their order in the file

Shape = tuple[int, int, int, int]  # by ORDER
Box = tuple[range, range, range, range]  # what is wanted along each of ORDER; one of a dimension that is not there


@dataclass(frozen=True, kw_only=True)
class StoredVariable:
    """A variable of an open file: its numbers as they are stored."""

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    attributes: dict[str, Any]  # those of PACKING_ATTRIBUTES that it has, in their own types
    chunks: tuple[int, ...]  # shape of the part that is read at once
    read: Callable[[tuple[slice, ...]], NDArray[Any]]  # a slice with start and stop for every dimension

    @property
    def packing(self) -> Packing:
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
