"""The field behind a map tile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Array, Assets
from ocean_common.contracts.data import TileField, TileRequest
from ocean_common.parameters import check_tile
from ocean_core.errors import InvalidRequest, NotSupported
from ocean_core.geometry import Floats
from ocean_core.tiles import MERCATOR, PROJECTIONS, SIZE, Tile, morton_order, pixel_offsets
from ocean_data.compute import depth
from ocean_data.compute.depth import Depth
from ocean_data.compute.fold import Fold, folded
from ocean_data.compute.interpolation import check_search, picture, stencil, taken
from ocean_data.grids.base import Cells, Grid
from ocean_data.plan.times import Axis, find_step
from ocean_data.ports import Grids, Source, Stencil, TileMap, TileStencil

Pixels = NDArray[np.float32]

NONE = np.empty(0, np.int32)


@dataclass(frozen=True, kw_only=True)
class Level:
    """One horizontal field of a variable."""

    assets: Assets
    step: int | None  # None: the variable has no time
    depth: Depth  # a level, or the bottom

    @classmethod
    def of(cls, assets: Assets, when: str, deep: str) -> "Level":
        """Find what is written in an address, or TimeNotFound or DepthNotFound."""
        step = find_step(Axis.of(assets.steps), when) if assets.steps else None
        level = depth.parse(deep, ("bottom",))
        depth.check(assets, level)
        return cls(assets=assets, step=step, depth=level)

    def read(self, source: Source) -> NDArray[np.float32]:
        """The field, shape (1, cell): NaN over land."""
        if self.depth == "bottom" and self.assets.depth is not None:
            field = source.bottom(self.assets, self.step)
        else:
            level = self.depth if self.assets.depth and isinstance(self.depth, int) else None
            field = source.level(self.assets, self.step, level)
        return field.reshape(1, -1)


def revision(source: Source, levels: list[Level]) -> str:
    """The revision of the dataset that levels are of; empty if a file has changed since it was indexed."""
    unchanged = all(source.as_indexed(level.assets, None if level.step is None else [level.step]) for level in levels)
    return levels[0].assets.revision if unchanged else ""


@dataclass(frozen=True, kw_only=True)
class Tiles:
    """Makes the fields behind map tiles."""

    source: Source
    grids: Grids

    def field(self, variables: list[Assets], asked: TileRequest) -> TileField:
        """Values at the centres of a tile's pixels: of one variable, or the magnitude of two."""
        check_search(asked.radius, asked.neighbours)
        if len(variables) > 2:
            raise InvalidRequest("name one variable, or the two components of a vector", field="variable")
        levels = [Level.of(variable, asked.time, asked.depth) for variable in variables]
        maps = [self.grids.tile(level.assets.grid, tile_map(asked)) for level in levels]
        # Two components are folded alike where they are on the same grid.
        fold = maps[0].fold if asked.folded and maps[0] is maps[-1] else None
        parts = [self._pixels(*pair, folded=fold is not None) for pair in zip(levels, maps, strict=True)]
        info = variables[0].variable
        values = parts[0]
        if len(parts) == 2:
            info = info.magnitude_with(variables[1].variable)
            values = None if parts[0] is None or parts[1] is None else np.hypot(parts[0], parts[1])
        rows, columns = fold if fold is not None and values is not None else (None, None)
        return TileField(
            variable=info,
            values=_array(values, "<f4"),
            revision=revision(self.source, levels),
            rows=_array(rows, "|u1"),
            columns=_array(columns, "|u1"),
        )

    def _pixels(self, level: Level, kept: TileStencil, *, folded: bool) -> Pixels | None:
        if not kept.stencil.home.size:
            return None
        values = picture(level.read(self.source), kept, SIZE)
        return values if values is None or kept.fold is None or folded else kept.fold.expand(values)


def pixel_centres(projection: str, zoom: int, x: int, y: int, count: int = SIZE) -> tuple[Floats, Floats]:
    """Return the centres of a tile's pixels, or of other equal parts.

    Parameters
    ----------
    projection : str
        EPSG:3857, EPSG:32661 or EPSG:3031.
    zoom, x, y : int
        The tile.
    count : int
        Parts of each side.

    Returns
    -------
    latitude, longitude : ndarray of float, shape (count * count,)
        Degrees, rows from the top; longitudes from -180 to 180. Shape (0,) for a tile beside the square of a polar
        view: a map asks for these too.
    """
    if projection not in PROJECTIONS:
        raise NotSupported(
            "there are no tiles in {projection}", projection=projection[:40], field="projection", allowed=PROJECTIONS
        )
    check_tile(zoom, x, y, bounded=projection == MERCATOR)
    tile = Tile(projection, zoom, x, y)
    if not tile.exists:
        return np.empty(0), np.empty(0)
    latitude, longitude = np.broadcast_arrays(*tile.positions(pixel_offsets(count)))
    return latitude.ravel(), longitude.ravel()


def tile_map(asked: TileRequest) -> TileMap:
    """Return the parameters that the index map of a tile depends on, and no others: one map serves several tiles."""
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


def tile_stencil(grid: Grid, asked: TileMap) -> TileStencil:  # noqa: PLR0911  one for each faster way
    """Choose the cells that make the pixels of a tile: once for all variables, depths and times of a grid.

    Pixels of EPSG:3857 are a lattice of parallels and meridians: grids have faster ways for that.
    """
    lattice, nearest = None, asked.interpolation == "nearest"
    check_tile(asked.zoom, asked.x, asked.y, bounded=asked.projection == MERCATOR)
    if asked.projection == MERCATOR:
        parallels, meridians = Tile(MERCATOR, asked.zoom, asked.x, asked.y).axes(pixel_offsets())
        if nearest and (lines := grid.nearest_lines(parallels, meridians)):
            return _of_nearest(*folded(*lines))
        lattice = grid.nearest_on_lattice(parallels, meridians)
        if lattice is not None and nearest:
            return _of_nearest(lattice)
        if lattice is not None and asked.interpolation == "bilinear":
            corners = grid.corners_on_lattice(parallels, meridians)
            if corners is not None:
                pixels = np.flatnonzero(lattice >= 0)
                around = Stencil(home=lattice, cells=corners[0], weights=corners[1])
                return _stencil_of_pixels(pixels, around if pixels.size == lattice.size else taken(around, pixels))
    latitude, longitude = pixel_centres(asked.projection, asked.zoom, asked.x, asked.y)
    if not latitude.size:
        return _of_nearest(NONE)

    def stencil_of(points: NDArray[np.intp], home: Cells) -> Stencil:
        kind, radius, neighbours = asked.interpolation, asked.radius, asked.neighbours
        at = latitude[points], longitude[points]
        return stencil(grid, *at, kind, radius=radius, neighbours=neighbours, home=home)

    if lattice is not None and not grid.walks:
        pixels = np.flatnonzero(lattice >= 0)
        return _stencil_of_pixels(pixels, stencil_of(pixels, lattice[pixels]))
    order, back = morton_order()
    home = lattice[order] if lattice is not None else grid.nearest(latitude[order], longitude[order])
    if nearest:
        return _of_nearest(home[back])
    inside = home >= 0
    pixels = np.flatnonzero(inside[back])
    ordered = stencil_of(order[inside], home[inside])
    return _stencil_of_pixels(pixels, taken(ordered, (np.cumsum(inside) - 1)[back[pixels]]))


def _of_nearest(home: Cells, fold: Fold | None = None) -> TileStencil:
    """The nearest cell of each pixel, folded or not; -1 outside the grid."""
    pixels, home = (None, home) if home.max(initial=-1) >= 0 else (NONE, NONE)
    none = home.size, 0
    cells = Stencil(home=home, cells=np.empty(none, np.int32), weights=np.empty(none, np.float32))
    return TileStencil(pixels=pixels, stencil=cells, fold=fold)


def _stencil_of_pixels(pixels: NDArray[np.intp], cells: Stencil) -> TileStencil:
    complete = pixels.size == SIZE * SIZE
    return TileStencil(pixels=None if complete else pixels.astype(np.int32), stencil=cells.compact())


def _array(values: Pixels | NDArray[np.uint8] | None, dtype: str) -> Array | None:
    if values is None:
        return None
    stored = values.astype(dtype, copy=False).data.cast("B")
    return Array(dtype=dtype, shape=values.shape, data=stored)  # type: ignore[arg-type]  # bytes that are not copied
