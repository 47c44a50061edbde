"""Protocol of the sources that computing reads, the grids of a process, and its threads."""

import asyncio
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Literal, ParamSpec, Protocol, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_common.contracts.assets import Assets
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import TooBusy
from ocean_core.packing import Encoding
from ocean_data.compute.tiles import OVERHEAD, MapPart, TileMap, TileStencil, block_stencil, map_stencil, tile_stencil
from ocean_data.grids import build
from ocean_data.grids.base import Cells, Coordinates, Grid, require_grid

Depth = int | Literal["bottom"] | None
P = ParamSpec("P")
T = TypeVar("T")


@runtime_checkable
class Source(Protocol):
    """Reads numbers of variables: NaN over land. Without time or depth these axes have the length one."""

    def level(self, variable: Assets, step: int | None, depth: Depth) -> NDArray[np.float32]:
        """Read one horizontal field, or the deepest value of every column: (y, x).

        ``step`` indexes the variable's time steps, ``depth`` its levels.
        """

    def columns(
        self, variable: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells
    ) -> NDArray[np.float64]:
        """Read a few cells: (step, depth, cell)."""

    def window(
        self, variable: Assets, step: int | None, depths: slice, box: tuple[slice, slice]
    ) -> NDArray[np.floating]:
        """Read rows and columns at one time, without strides, in the type `precision`: (depth, y, x)."""

    def precision(self, variable: Assets, steps: Sequence[int] | None) -> type[np.floating]:
        """Return the type that holds the values in the files of some steps without loss: float32, or float64."""

    def encodings(self, variable: Assets, steps: Sequence[int] | None) -> set[Encoding | None]:
        """Return the encodings of values in the files of some steps, None for floats: None alone if the first is so."""

    def chunking(self, variable: Assets) -> tuple[int, int, int, int]:
        """Return time steps, levels, rows and columns of what is read at once in the variable's first file."""

    def coordinates(self, grid: assets.Grid) -> Coordinates:
        """Read the coordinate variables of a grid."""

    def as_indexed(self, variable: Assets, steps: Sequence[int] | None) -> bool:
        """Return True if the files of these time steps are as the catalogue describes them."""

    def signature(self, path: str) -> Hashable:
        """Return the state of a file: another one as soon as the file is replaced or written to."""


class GridStore:
    """Grids and index maps of tiles, each kind bounded in bytes."""

    def __init__(self, source: Source, grid_bytes: int, map_bytes: int) -> None:
        self._source = source
        self._grids: ByteBoundedCache[Grid] = ByteBoundedCache(grid_bytes, lambda grid: grid.nbytes)
        self._maps: ByteBoundedCache[TileStencil] = ByteBoundedCache(map_bytes, lambda kept: kept.nbytes)
        self._blocks: ByteBoundedCache[TileStencil | None] = ByteBoundedCache(
            map_bytes // 8, lambda kept: kept.nbytes if kept else OVERHEAD
        )

    def grid(self, grid: assets.Grid) -> Grid:
        """Return the grid that the catalogue describes, or raise NotSupported."""
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file))
        return self._grids.get(key, lambda: build(grid, lambda: self._source.coordinates(grid)))

    def tile(self, grid: assets.Grid, tile: TileMap) -> TileStencil:
        """Return the cells of each pixel of a tile."""
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file), tile)
        return self._maps.get(key, lambda: tile_stencil(self.grid(grid), tile))

    def map_part(self, grid: assets.Grid, part: MapPart) -> TileStencil:
        """Return the cells of each pixel of rows of a map."""
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file), part)
        return self._maps.get(key, lambda: map_stencil(self.grid(grid), part))

    def block(self, grid: assets.Grid, tile: TileMap) -> TileStencil | None:
        """Return the cells of each pixel of a block of tiles; None if that costs much more than one tile."""
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file), tile)
        return self._blocks.get(key, lambda: block_stencil(self.grid(grid), tile))


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Source and grids with which computing reads."""

    source: Source
    grids: GridStore


class ThreadPool:
    """Threads for work that blocks, behind a bounded queue: reading and resampling release the interpreter lock."""

    def __init__(self, count: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="data")
        self._room = count + queue

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``work`` off the event loop, or raise TooBusy."""
        if self._room == 0:
            raise TooBusy("too many requests are waiting for the data service", retry_after=1)
        self._room -= 1
        try:
            call = partial(copy_context().run, work, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        finally:
            self._room += 1

    def close(self) -> None:
        """Wait for running work, and start no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
