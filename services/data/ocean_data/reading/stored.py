"""Variables as they are stored, wherever that is; the places that have them; and windows of them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Dimension, Grid
from ocean_data.reading.packing import Packing
from ocean_data.reading.state import State, changed

ORDER = ("time", "depth", "y", "x")  # the dimensions of a window, whatever their order in the file
Picks = dict[str, slice]  # what is wanted of each; all of it, if it is not said

_ALONG = {"node": "x", "face": "x"}  # the cells of a mesh are one row


def roles_of(dimensions: Sequence[Dimension]) -> list[str]:
    """Return the role of each dimension of a variable in a window."""
    return [_ALONG.get(dimension.role, dimension.role) for dimension in dimensions]


def plane(grid: Grid) -> tuple[int, int]:
    """Rows and columns of a grid."""
    return (1, grid.shape[0]) if len(grid.shape) == 1 else (grid.shape[0], grid.shape[-1])


Chunks = tuple[int, ...]


class StoredVariable(Protocol):
    """A variable of an open file: its numbers as they are stored."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Their names."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Their sizes."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers."""

    @property
    def attributes(self) -> dict[str, Any]:
        """Those of `packing.ATTRIBUTES` that it has, in their own types."""

    @property
    def chunks(self) -> Chunks:
        """Shape of the part that is read at once."""

    def read(self, index: tuple[slice, ...]) -> NDArray[Any]:
        """Numbers as they are stored: a slice with start and stop for every dimension."""


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


def packing_of(found: StoredVariable) -> Packing:
    """Return the packing of a variable."""
    return Packing.from_attributes(found.attributes, found.dtype)


def cut(found: StoredVariable, dimensions: Sequence[Dimension], picks: Picks, path: str) -> NDArray[Any]:
    """Read a hyperslab and turn it into (time, depth, y, x), as it is stored."""
    if found.dimensions != tuple(dimension.name for dimension in dimensions):
        raise changed(path)
    roles = roles_of(dimensions)
    index = []
    for role, size in zip(roles, found.shape, strict=True):
        pick = picks.get(role, slice(None)) if role in ORDER else slice(0, 1)
        if pick.stop is not None and pick.stop > size and role in ORDER:
            raise changed(path)
        index.append(slice(pick.start or 0, size if pick.stop is None else pick.stop))
    raw = found.read(tuple(index))
    raw = raw.reshape([size for role, size in zip(roles, raw.shape, strict=True) if role in ORDER])
    window_roles = [role for role in roles if role in ORDER]
    raw = raw.transpose([window_roles.index(role) for role in ORDER if role in window_roles])
    return raw.reshape(
        [
            raw.shape[[r for r in ORDER if r in window_roles].index(role)] if role in window_roles else 1
            for role in ORDER
        ]
    )


def whole(found: StoredVariable) -> NDArray[Any]:
    """All numbers as they are stored."""
    return found.read(tuple(slice(0, size) for size in found.shape))


def chunking(found: StoredVariable, dimensions: Sequence[Dimension]) -> tuple[int, int, int, int]:
    """Return the shape of the part that is read at once, as (time, depth, y, x)."""
    sizes = dict(zip(roles_of(dimensions), map(int, found.chunks), strict=True))
    return sizes.get("time", 1), sizes.get("depth", 1), sizes.get("y", 1), sizes.get("x", 1)
