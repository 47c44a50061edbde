"""Protocols of the sources and stores that computing uses, and the structures that they share."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_common.contracts.data import Interpolation
from ocean_data.compute.fold import Fold
from ocean_data.grids.base import Cells, Coordinates, Grid

AROUND = 1_000  # bytes of what is kept of a tile beside its arrays


@runtime_checkable
class Source(Protocol):
    """Reads numbers of variables."""

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
        """Return True if the files of these time steps are as the catalogue describes them."""

    def signature(self, path: str) -> Hashable:
        """The state of a file: another one as soon as the file is replaced or written to."""


@runtime_checkable
class Grids(Protocol):
    """Holds grids, and the index maps of tiles."""

    def grid(self, grid: assets.Grid) -> Grid:
        """The grid that the catalogue describes, or NotSupported."""

    def tile(self, grid: assets.Grid, asked: "TileMap") -> "TileStencil":
        """Return the cells of each pixel of a tile."""


@dataclass(frozen=True, kw_only=True)
class Stencil:
    """Cells and weights of each point."""

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
