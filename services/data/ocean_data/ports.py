"""What the domain needs of the world, and what every kind of grid can do."""

from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_common.contracts.data import Interpolation
from ocean_data.compute.fold import Fold
from ocean_data.grids.base import Cells, Coordinates, Grid

if TYPE_CHECKING:
    from ocean_data.plan.extraction import Extraction, Values

P = ParamSpec("P")
T = TypeVar("T")

AROUND = 1_000  # bytes of what is kept of a tile beside its arrays


@runtime_checkable
class Source(Protocol):
    """Who reads the numbers."""

    def level(self, variable: assets.Assets, step: int | None, depth: int | None) -> NDArray[np.float32]:
        """One horizontal field: (y, x), NaN over land. ``step`` indexes the variable's time steps."""

    def bottom(self, variable: assets.Assets, step: int | None) -> NDArray[np.float32]:
        """The deepest value of every column at one time: (y, x), NaN over land."""

    def columns(
        self, variable: assets.Assets, steps: Sequence[int] | None, depths: slice, cells: Cells
    ) -> NDArray[np.float64]:
        """Values of a few cells: (step, depth, cell), NaN over land.

        Without time or depth these axes have the length one.
        """

    def window(
        self, variable: assets.Assets, step: int | None, depths: slice, box: tuple[slice, slice]
    ) -> NDArray[np.floating]:
        """A box of cells at one time, of the type `precision`: (depth, y, x), NaN over land.

        Without depth that axis has the length one. ``box``: rows and columns, without strides.
        """

    def precision(self, variable: assets.Assets) -> type[np.floating]:
        """The type that holds the variable's values without loss: float32, or float64."""

    def chunking(self, variable: assets.Assets) -> tuple[int, int, int, int]:
        """Time steps, levels, rows and columns of what is read at once in the variable's first file."""

    def coordinates(self, grid: assets.Grid) -> Coordinates:
        """The coordinate variables of a grid."""

    def as_indexed(self, variable: assets.Assets, steps: Sequence[int] | None) -> bool:
        """Whether the files of these time steps are still what the catalogue knows of them."""

    def signature(self, path: str) -> Hashable:
        """The state of a file: another one as soon as the file is replaced or written to."""


@runtime_checkable
class Grids(Protocol):
    """Who keeps grids, and the index maps of tiles."""

    def grid(self, grid: assets.Grid) -> Grid:
        """The grid that the catalogue describes, or NotSupported."""

    def tile(self, grid: assets.Grid, asked: "TileMap") -> "TileStencil":
        """Which cells make the pixels of a tile."""


@runtime_checkable
class Workers(Protocol):
    """Who does work that blocks."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``work`` off the event loop, or TooBusy."""


@dataclass(frozen=True, kw_only=True)
class Stencil:
    """Which cells make each point."""

    home: NDArray[np.int32]  # (point,): the nearest cell, -1 outside the grid
    cells: NDArray[np.int32]  # (point, k), -1 where there are fewer; k = 0: the nearest alone
    weights: NDArray[np.floating]  # (point, k)

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self.home.nbytes + self.cells.nbytes + self.weights.nbytes

    def compact(self) -> "Stencil":
        """The same with weights in single precision: half the memory, enough for a picture."""
        return Stencil(home=self.home, cells=self.cells, weights=self.weights.astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class TileMap:
    """A tile, and how its pixels are made from cells."""

    projection: str
    zoom: int
    x: int
    y: int
    interpolation: Interpolation
    radius: float  # km
    neighbours: int


@dataclass(frozen=True, kw_only=True)
class TileStencil:
    """The pixels of a tile that lie in the grid, and which cells make them.

    Where it is folded, its points are those of the folded field.
    """

    pixels: NDArray[np.int32] | None  # flat positions in the tile; None: all of them
    stencil: Stencil
    fold: Fold | None = None  # of the points, where that are fewer than pixels

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self.stencil.nbytes + sum(one.nbytes for one in (self.pixels, self.fold) if one is not None) + AROUND


Parts = Iterator[tuple[slice, "dict[str, Values]"]]
"""What is read of an extraction, in order: rows of its first dimension, and their values by key of field."""


@runtime_checkable
class Stream(Protocol):
    """Who writes an extraction piece by piece: what is written can leave while the rest is read."""

    media_type: str
    suffix: str  # of the file's name: "csv"

    def pieces(self, extraction: "Extraction", parts: Parts, revision: str) -> Iterator[bytes]:
        """The bytes of the answer."""


@runtime_checkable
class Saved(Protocol):
    """Who writes an extraction as a file that must be whole before it leaves."""

    media_type: str
    suffix: str

    def save(self, extraction: "Extraction", parts: Parts, revision: str, path: str) -> None:
        """Write the file."""


@runtime_checkable
class Sink(Protocol):
    """What an answer is written to while others read it. Its methods end the work when nobody waits for it."""

    def check(self) -> None:
        """End the work if nobody waits for it."""

    def write(self, piece: bytes) -> None:
        """Add some bytes; wait while readers are far behind."""

    def save(self, write: Callable[[str], None]) -> None:
        """Take the file that ``write`` makes at a path as the whole answer."""


@runtime_checkable
class SpoolReader(Protocol):
    """One reader of an answer that is being made."""

    @property
    def size(self) -> int | None:
        """Bytes of the answer; None while it is made."""

    async def begun(self, *, whole: bool) -> None:
        """Wait for the first bytes, or for all. A failure until then is raised."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """The bytes, as they come. A failure is raised when all bytes before it have been read."""

    def close(self) -> None:
        """Read no more. The last who leaves ends the work."""


@runtime_checkable
class Spool(Protocol):
    """Who keeps answers while they are made, so that the same is made once for all who ask for it."""

    def follow(self, key: str, work: Callable[[Sink], None], workers: Workers, *, room: int = 0) -> SpoolReader:
        """Read the answer of ``key``: the one that is being made, or a new one that ``work`` makes.

        ``room``: bytes that are held for it from the beginning, for work that cannot wait for its readers.
        """
