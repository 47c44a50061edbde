"""Index maps of tiles: which cells make the pixels, and the values there.

Where neighbouring rows or columns of pixels have the same cells, a tile is folded: each of them is there once.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import BLOCKS, Interpolation, TileRequest
from ocean_common.parameters import check_tile
from ocean_core.errors import NotSupported
from ocean_core.geometry import Floats
from ocean_core.tiles import MERCATOR, PROJECTIONS, SIZE, Tile, pixel_offsets
from ocean_data.compute.interpolation import Stencil, choose_interpolation, gather, search_around, stencil
from ocean_data.grids.base import Cells, Grid
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.means import LatticeMeans
from ocean_data.grids.mesh import Mesh
from ocean_data.grids.rectilinear import Rectilinear

Pixels = NDArray[np.float32]

SEARCHED = frozenset({"gaussian", "inverse"})  # interpolations between the nearest cells, however many
NO_CELLS = np.empty(0, np.int32)
LARGEST_BLOCK = 4 * SIZE * SIZE  # cells of a block of tiles: more take longer than a client waits for its first tile
OVERHEAD = 1_000  # bytes of what is kept of a tile beside its arrays


class TileMap(NamedTuple):
    """A tile, and how its pixels are made from cells."""

    projection: str
    zoom: int
    x: int
    y: int
    interpolation: Interpolation
    radius: float  # km
    neighbours: int
    block: int = 1  # tiles along each side of the block that begins with it


class Fold(NamedTuple):
    """Rows and columns of a folded field, by row and by column of pixels: (size,) each, from 0."""

    rows: NDArray[np.uint16]
    columns: NDArray[np.uint16]

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of the folded field."""
        return int(self.rows[-1]) + 1, int(self.columns[-1]) + 1

    def expand(self, values: Pixels) -> Pixels:
        """Return a folded field with a value for every pixel again: (size, size)."""
        return values.take(self.rows, axis=0).take(self.columns, axis=1)


@dataclass(frozen=True, kw_only=True)
class TileStencil:
    """The pixels of a tile that lie in the grid, and which cells make them; of a folded tile, those of its field."""

    pixels: NDArray[np.int32] | None  # flat positions in the tile; None: all of them
    stencil: Stencil
    fold: Fold | None = None
    means: LatticeMeans | None = None  # of all pixels; the stencil is of those that it does not know

    @property
    def nbytes(self) -> int:
        pixels = 0 if self.pixels is None else self.pixels.nbytes
        means = 0 if self.means is None else self.means.nbytes
        return self.stencil.nbytes + pixels + means + sum(array.nbytes for array in self.fold or ()) + OVERHEAD

    @property
    def outside(self) -> bool:
        """True for a tile outside the grid."""
        return self.means is None and not self.stencil.home.size

    def values(self, field: Pixels) -> Pixels | None:
        """Return values at the pixels, (size, size) or as the folded tile, of those of the cells, (1, cell).

        NaN where there is nothing; None if there is nothing at all.
        """
        values = gather(field, self.stencil)
        if self.means is not None:
            means = self.means.average(field[0])
            means.ravel()[self.pixels] = values[0]
            return None if np.isnan(means).all() else means
        if np.isnan(values).all():
            return None
        if self.pixels is None:
            return values.reshape(self.fold.shape if self.fold else (SIZE, SIZE))
        pixels = np.full(SIZE * SIZE, np.nan, dtype=np.float32)
        pixels[self.pixels] = values[0]
        return pixels.reshape(SIZE, SIZE)


def folded(rows: Cells, columns: Cells) -> tuple[Cells, Fold]:
    """Fold a tile whose pixels have the cells ``row + column``: the cells of its field, flat, and its fold.

    ``rows``, ``columns``: what each row and each column of pixels, (size,), adds to a flat index; -1 outside the grid.
    """
    (row, of_rows), (column, of_columns) = _runs(rows), _runs(columns)
    cells = np.where((row[:, np.newaxis] < 0) | (column < 0), -1, row[:, np.newaxis] + column)
    return cells.astype(np.int32).ravel(), Fold(of_rows, of_columns)


def _runs(values: Cells) -> tuple[Cells, NDArray[np.uint16]]:
    """Equal values that follow each other, once; and which of them each value is."""
    begins = np.diff(values, prepend=values[0] - 1) != 0
    return values[begins], (np.cumsum(begins) - 1).astype(np.uint16)


def pixel_centres(projection: str, zoom: int, x: int, y: int, count: int = SIZE) -> tuple[Floats, Floats]:
    """Return latitudes and longitudes (-180 to 180) of a tile's pixels, or of ``count`` × ``count`` equal parts.

    Shape (count * count,), degrees, rows from the top. Shape (0,) for a tile beside the square of a polar view: a map
    asks for these too.
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


def tile_map(query: TileRequest, info: VariableInfo, block: int = 1) -> TileMap:
    """Return the parameters that the index map of a tile depends on, and no others: one map serves several tiles.

    ``block``: that of the block in which the tile is.
    """
    interpolation = choose_interpolation(info, query.interpolation)
    searched = interpolation in SEARCHED
    return TileMap(
        query.projection,
        query.zoom,
        query.x - query.x % block,
        query.y - query.y % block,
        interpolation,
        radius=query.radius if searched else 0.0,
        neighbours=query.neighbours if searched else 0,
        block=block,
    )


def block_stencil(grid: Grid, tile: TileMap) -> TileStencil | None:
    """Choose the cells that make the pixels of a block of tiles; None if that costs much more than one tile."""
    if tile.projection != MERCATOR or tile.block > BLOCKS.get(tile.interpolation, 1):
        return None
    axes = Tile(MERCATOR, tile.zoom, tile.x, tile.y).axes(pixel_offsets(tiles=tile.block))
    lines = grid.nearest_lines(*axes)
    if lines is None or math.prod(np.count_nonzero(np.diff(line)) + 1 for line in lines) > LARGEST_BLOCK:
        return None
    if tile.interpolation == "nearest":
        return _of_nearest(*folded(*lines))
    rows, columns = lines
    home = np.where((rows[:, np.newaxis] < 0) | (columns < 0), -1, rows[:, np.newaxis] + columns).astype(np.int32)
    return _average_lattice(grid, tile, home.ravel()) if home.max() >= 0 else _of_nearest(NO_CELLS)


def tile_stencil(grid: Grid, tile: TileMap) -> TileStencil:
    """Choose the cells that make the pixels of a tile: once for all variables, depths and times of a grid.

    Pixels of EPSG:3857 are a lattice of parallels and meridians: grids have faster ways for that.
    """
    projection, zoom, x, y, kind, radius, neighbours, _ = tile
    lattice, nearest = None, kind == "nearest"
    if projection == MERCATOR:
        check_tile(zoom, x, y)
        parallels, meridians = Tile(MERCATOR, zoom, x, y).axes(pixel_offsets())
        if nearest and (lines := grid.nearest_lines(parallels, meridians)):
            return _of_nearest(*folded(*lines))
        lattice = grid.nearest_on_lattice(parallels, meridians)
        if lattice is not None and nearest:
            return _of_nearest(lattice)
        if lattice is not None and (made := _average_lattice(grid, tile, lattice)):
            return made
    latitude, longitude = pixel_centres(projection, zoom, x, y)
    home = lattice if lattice is not None else grid.nearest(latitude, longitude) if latitude.size else NO_CELLS
    if nearest or home.max(initial=-1) < 0:
        return _of_nearest(home)
    if lattice is not None:
        latitude, longitude = parallels[:, np.newaxis], meridians
    cells = stencil(grid, latitude, longitude, kind, radius=radius, neighbours=neighbours, home=home)
    pixels = np.flatnonzero(home >= 0)
    return _stencil_of_pixels(pixels, cells if pixels.size == home.size else cells.some(pixels))


def _average_lattice(grid: Grid, tile: TileMap, home: Cells) -> TileStencil | None:
    """The means of cells of all pixels in the grid, if that is faster; ``home``: their nearest cells."""
    if home.max() < 0:
        return None
    parallels, meridians = Tile(MERCATOR, tile.zoom, tile.x, tile.y).axes(pixel_offsets(tiles=tile.block))
    radius, neighbours = tile.radius, tile.neighbours
    if tile.interpolation in SEARCHED:
        search = search_around(grid, home, tile.interpolation, radius, neighbours)
        means = grid.means_on_lattice(parallels, meridians, home, search)
    else:
        means = grid.corner_means_on_lattice(parallels, meridians, home)
    if means is None:
        return None
    pixels = means.unknown
    places = parallels[pixels // meridians.size], meridians[pixels % meridians.size]
    cells = stencil(grid, *places, tile.interpolation, radius=radius, neighbours=neighbours, home=home[pixels])
    return TileStencil(pixels=pixels.astype(np.int32), stencil=cells, means=means)


def _of_nearest(home: Cells, fold: Fold | None = None) -> TileStencil:
    """The nearest cell of each pixel, folded or not; -1 outside the grid."""
    pixels, home = (None, home) if home.max(initial=-1) >= 0 else (NO_CELLS, NO_CELLS)
    none = home.size, 0
    cells = Stencil(home=home, cells=np.empty(none, np.int32), weights=np.empty(none, np.float32))
    return TileStencil(pixels=pixels, stencil=cells, fold=fold)


def _stencil_of_pixels(pixels: NDArray[np.intp], cells: Stencil) -> TileStencil:
    complete = pixels.size == SIZE * SIZE
    return TileStencil(pixels=None if complete else pixels.astype(np.int32), stencil=cells.compact())


def _small_rectilinear() -> Grid:
    return Rectilinear(np.linspace(0.0, 3.0, 4), np.linspace(0.0, 4.0, 5))


def _small_curvilinear() -> Grid:
    return Curvilinear(*np.meshgrid(np.linspace(0.0, 3.0, 4), np.linspace(0.0, 4.0, 5), indexing="ij"))


def _small_mesh() -> Grid:
    nodes = np.linspace(0.0, 3.0, 4), np.linspace(0.0, 3.0, 4) ** 2
    return Mesh(nodes, np.array([[0, 1, 2], [1, 2, 3]], dtype=np.int32), "node")


SMALL_GRIDS = {"rectilinear": _small_rectilinear, "curvilinear": _small_curvilinear, "triangular": _small_mesh}


def compile_grid_kernels(kind: str) -> None:
    """Run every kernel once, on a grid of a few cells, with the types that requests have."""
    grid, point = SMALL_GRIDS[kind](), np.array([1.2])
    interpolations: tuple[Interpolation, ...] = ("nearest", "bilinear", "gaussian")
    for interpolation in interpolations:
        gather(np.zeros((1, 20)), stencil(grid, point, point, interpolation, radius=25.0, neighbours=4))
        tile = TileMap(MERCATOR, 8, 128, 127, interpolation, radius=25.0, neighbours=4)
        tile_stencil(grid, tile).values(np.zeros((1, 20), dtype=np.float32))
