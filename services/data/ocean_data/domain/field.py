"""The field behind a map tile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import TileAsked, TileField
from ocean_common.errors import InvalidRequest
from ocean_data.domain import depth, tile, time, vectors
from ocean_data.domain.interpolation import gather, stencil
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
        steps = [time.one(time.Axis.of(one.steps), asked.time) if one.steps else None for one in variables]
        parts = [self._pixels(one, asked, step) for one, step in zip(variables, steps, strict=True)]
        info = variables[0].variable
        values = parts[0]
        if len(parts) == 2:
            info = vectors.describe(info, variables[1].variable)
            values = None if parts[0] is None or parts[1] is None else vectors.magnitude(parts[0], parts[1])
        known = all(
            self.source.as_indexed(one, None if step is None else [step])
            for one, step in zip(variables, steps, strict=True)
        )
        return TileField(variable=info, values=_array(values), revision=variables[0].revision if known else "")

    def _pixels(self, assets: Assets, asked: TileAsked, step: int | None) -> Pixels | None:
        level = depth.parse(asked.depth, ("bottom",))
        depth.check(assets, level)
        kept = self.grids.tile(assets.grid, tile_map(asked))
        if kept.stencil.home.size == 0:
            return None
        if level == "bottom" and assets.depth is not None:
            field = self.source.bottom(assets, step)
        else:
            field = self.source.level(assets, step, level if assets.depth and isinstance(level, int) else None)
        found: Pixels = gather(field.reshape(1, -1), kept.stencil)[0]
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
