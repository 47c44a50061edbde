"""Keeps grids with their search trees, and the index maps of tiles: what is costly to make and serves many."""

from ocean_common.contracts import assets
from ocean_core.cache import ByteBoundedCache
from ocean_data.compute.field import tile_stencil
from ocean_data.grids import build, require_grid
from ocean_data.grids.base import Grid
from ocean_data.ports import Source, TileMap, TileStencil


class GridStore:
    """Grids and index maps, each kind bounded in bytes."""

    def __init__(self, source: Source, grid_bytes: int, map_bytes: int) -> None:
        self._source = source
        self._grids: ByteBoundedCache[Grid] = ByteBoundedCache(grid_bytes, lambda grid: grid.nbytes)
        self._maps: ByteBoundedCache[TileStencil] = ByteBoundedCache(map_bytes, lambda kept: kept.nbytes)

    def grid(self, grid: assets.Grid) -> Grid:
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file))
        return self._grids.get(key, lambda: build(grid, lambda: self._source.coordinates(grid)))

    def tile(self, grid: assets.Grid, asked: TileMap) -> TileStencil:
        require_grid(grid)
        key = (grid.id, self._source.signature(grid.file), asked)
        return self._maps.get(key, lambda: tile_stencil(self.grid(grid), asked))
