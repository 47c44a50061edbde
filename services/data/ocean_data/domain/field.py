"""The field behind a map tile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import TileAsked, TileField
from ocean_common.errors import InvalidRequest
from ocean_common.pairs import magnitude_of
from ocean_data.domain import tile, vectors
from ocean_data.domain.interpolation import gather, stencil
from ocean_data.domain.level import Level, revision
from ocean_data.domain.ports import Grid, Grids, Source, TileMap, TileStencil

Pixels = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """Makes the fields behind map tiles."""

    source: Source
    grids: Grids

    def field(self, variables: list[Assets], asked: TileAsked) -> TileField:
        """Values at the centres of a tile's pixels: of one variable, or the magnitude of two."""
        tile.check(asked.radius, asked.neighbours)
        if len(variables) > 2:
            raise InvalidRequest("name one variable, or the two components of a vector", field="variable")
        levels = [Level.of(one, asked.time, asked.depth) for one in variables]
        parts = [self._pixels(one, asked) for one in levels]
        info = variables[0].variable
        values = parts[0]
        if len(parts) == 2:
            info = magnitude_of(info, variables[1].variable)
            values = None if parts[0] is None or parts[1] is None else vectors.magnitude(parts[0], parts[1])
        return TileField(variable=info, values=_array(values), revision=revision(self.source, levels))

    def _pixels(self, level: Level, asked: TileAsked) -> Pixels | None:
        kept = self.grids.tile(level.assets.grid, tile_map(asked))
        if kept.stencil.home.size == 0:
            return None
        found: Pixels = gather(level.read(self.source), kept.stencil)[0]
        if kept.pixels is None:
            return found.reshape(tile.SIZE, tile.SIZE)
        whole = np.full(tile.SIZE * tile.SIZE, np.nan, dtype=np.float32)
        whole[kept.pixels] = found
        return whole.reshape(tile.SIZE, tile.SIZE)


def tile_map(asked: TileAsked) -> TileMap:
    """What the index map of a tile depends on; what it does not is left out, so that one serves several."""
    searched = asked.interpolation in {"gaussian", "inverse"}
    return TileMap(
        projection=asked.projection,
        zoom=asked.zoom,
        x=asked.x,
        y=asked.y,
        interpolation=asked.interpolation,
        radius=asked.radius if searched else 0.0,
        neighbours=asked.neighbours if searched else 0,
    )


def tile_stencil(grid: Grid, asked: TileMap) -> TileStencil:
    """Which cells make the pixels of a tile: made once for all variables, depths and times of a grid."""
    latitude, longitude = tile.centres(asked.projection, asked.zoom, asked.x, asked.y)
    home = grid.nearest(latitude, longitude)
    inside = np.flatnonzero(home >= 0).astype(np.int32)
    made = stencil(
        grid,
        latitude[inside],
        longitude[inside],
        asked.interpolation,
        radius=asked.radius,
        neighbours=asked.neighbours,
        home=home[inside],
    )
    return TileStencil(pixels=None if inside.size == latitude.size else inside, stencil=made.compact())


def _array(values: Pixels | None) -> Array | None:
    if values is None or np.isnan(values).all():
        return None
    return Array(dtype="<f4", shape=values.shape, data=np.ascontiguousarray(values, dtype="<f4").tobytes())
