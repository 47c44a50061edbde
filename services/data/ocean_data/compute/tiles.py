"""Index maps of tiles: which cells make the pixels, and the values there.

Where neighbouring rows or columns of pixels have the same cells, a tile is folded: each of them is there once.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import BLOCKS, Interpolation, MapRequest, TileRequest
from ocean_common.parameters import check_tile
from ocean_core.errors import NotSupported
from ocean_core.geometry import Floats
from ocean_core.projections import MAP_PROJECTIONS, Box, pixel_axes
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

    @property
    def sampling(self) -> "Sampling":
        """The interpolation alone."""
        return Sampling(self.interpolation, self.radius, self.neighbours)


class Sampling(NamedTuple):
    """Interpolation between cells, and the search for them; see `ocean_data.compute.interpolation.stencil`."""

    interpolation: Interpolation
    radius: float = 0.0  # km
    neighbours: int = 0

    @classmethod
    def of(cls, query: "TileRequest | MapRequest", info: VariableInfo) -> "Sampling":
        """Return that of a request, as far as the cells of pixels depend on it: equal ones share an index map."""
        interpolation = choose_interpolation(info, query.interpolation)
        searched = interpolation in SEARCHED
        return cls(interpolation, query.radius if searched else 0.0, query.neighbours if searched else 0)


class MapPart(NamedTuple):
    """Rows of a map of any box, and how their pixels are made from cells."""

    crs: str
    box: Box
    width: int
    height: int
    first: int  # row from the top
    last: int  # the row after the last
    sampling: Sampling


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
    """The pixels of a tile or map that lie in the grid, and their cells; of a folded one, those of its field."""

    pixels: NDArray[np.int32] | None  # flat positions in the tile; None: all of them
    stencil: Stencil
    fold: Fold | None = None
    means: LatticeMeans | None = None  # of all pixels; the stencil is of those that it does not know
    shape: tuple[int, int] = (SIZE, SIZE)  # rows and columns of pixels

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
        """Return values at the pixels, (row, column) or as the folded tile, of those of the cells, (1, cell).

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
            return values.reshape(self.fold.shape if self.fold else self.shape)
        pixels = np.full(math.prod(self.shape), np.nan, dtype=np.float32)
        pixels[self.pixels] = values[0]
        return pixels.reshape(self.shape)


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
    sampling = Sampling.of(query, info)
    return TileMap(
        query.projection,
        query.zoom,
        query.x - query.x % block,
        query.y - query.y % block,
        *sampling,
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
    return _average_lattice(grid, axes, tile.sampling, home.ravel()) if home.max() >= 0 else _of_nearest(NO_CELLS)


def tile_stencil(grid: Grid, tile: TileMap) -> TileStencil:
    """Choose the cells that make the pixels of a tile: once for all variables, depths and times of a grid."""
    if tile.projection == MERCATOR:
        check_tile(tile.zoom, tile.x, tile.y)
        return _stencil_on_lattice(grid, Tile(MERCATOR, tile.zoom, tile.x, tile.y).axes(pixel_offsets()), tile.sampling)
    latitude, longitude = pixel_centres(tile.projection, tile.zoom, tile.x, tile.y)
    home = grid.nearest(latitude, longitude) if latitude.size else NO_CELLS
    return _stencil_at_points(grid, (latitude, longitude), tile.sampling, home, (SIZE, SIZE))


def map_stencil(grid: Grid, part: MapPart) -> TileStencil:
    """Choose the cells that make the pixels of rows of a map, as those of a tile."""
    projection = MAP_PROJECTIONS[part.crs]
    x, y = pixel_axes(part.box, part.width, part.height)
    y = y[part.first : part.last]
    if projection.is_lattice:
        latitude, longitude = projection.to_earth(x, y)
        return _stencil_on_lattice(grid, (latitude, longitude), part.sampling)
    latitude, longitude = (degrees.ravel() for degrees in projection.to_earth(x[np.newaxis], y[:, np.newaxis]))
    exists = np.isfinite(latitude) & np.isfinite(longitude)
    home = np.full(latitude.size, -1, np.int32)
    home[exists] = grid.nearest(latitude[exists], longitude[exists])
    return _stencil_at_points(grid, (latitude, longitude), part.sampling, home, (y.size, x.size))


def rows_on_earth(query: MapRequest) -> slice:
    """Return the rows of a map between the poles: a map of latitudes and longitudes may go on beyond them."""
    projection = MAP_PROJECTIONS[query.crs]
    if not projection.geographic:
        return slice(0, query.height)
    _, y = pixel_axes(query.box, query.width, query.height)
    first, last = np.searchsorted(-y, -90.0, side="left"), np.searchsorted(-y, 90.0, side="right")
    return slice(int(first), int(last))


def _stencil_on_lattice(grid: Grid, axes: tuple[Floats, Floats], sampling: Sampling) -> TileStencil:
    """Choose the cells at the crossings of parallels and meridians: grids have faster ways for these."""
    parallels, meridians = axes
    shape, nearest = (parallels.size, meridians.size), sampling.interpolation == "nearest"
    if nearest and (lines := grid.nearest_lines(parallels, meridians)):
        return _of_nearest(*folded(*lines), shape=shape)
    lattice = grid.nearest_on_lattice(parallels, meridians)
    if lattice is None:
        latitude, longitude = np.broadcast_arrays(parallels[:, np.newaxis], meridians[np.newaxis])
        points = latitude.ravel(), longitude.ravel()
        return _stencil_at_points(grid, points, sampling, grid.nearest(*points), shape)
    if nearest:
        return _of_nearest(lattice, shape=shape)
    means = _average_lattice(grid, axes, sampling, lattice)
    return means or _stencil_at_points(grid, (parallels[:, np.newaxis], meridians), sampling, lattice, shape)


def _stencil_at_points(
    grid: Grid, points: tuple[Floats, Floats], sampling: Sampling, home: Cells, shape: tuple[int, int]
) -> TileStencil:
    """Choose the cells of points, latitudes and longitudes, whose nearest cells are known."""
    if sampling.interpolation == "nearest" or home.max(initial=-1) < 0:
        return _of_nearest(home, shape=shape)
    kind, radius, neighbours = sampling
    cells = stencil(grid, *points, kind, radius=radius, neighbours=neighbours, home=home)
    pixels = np.flatnonzero(home >= 0)
    if pixels.size == home.size:
        return TileStencil(pixels=None, stencil=cells.compact(), shape=shape)
    return TileStencil(pixels=pixels.astype(np.int32), stencil=cells.some(pixels).compact(), shape=shape)


def _average_lattice(grid: Grid, axes: tuple[Floats, Floats], sampling: Sampling, home: Cells) -> TileStencil | None:
    """The means of cells of all pixels in the grid, if that is faster; ``home``: their nearest cells."""
    if home.max(initial=-1) < 0:
        return None
    (parallels, meridians), (kind, radius, neighbours) = axes, sampling
    if kind in SEARCHED:
        search = search_around(grid, home, kind, radius, neighbours)
        means = grid.means_on_lattice(parallels, meridians, home, search)
    else:
        means = grid.corner_means_on_lattice(parallels, meridians, home)
    if means is None:
        return None
    pixels = means.unknown
    places = parallels[pixels // meridians.size], meridians[pixels % meridians.size]
    cells = stencil(grid, *places, kind, radius=radius, neighbours=neighbours, home=home[pixels])
    shape = parallels.size, meridians.size
    return TileStencil(pixels=pixels.astype(np.int32), stencil=cells, means=means, shape=shape)


def _of_nearest(home: Cells, fold: Fold | None = None, shape: tuple[int, int] = (SIZE, SIZE)) -> TileStencil:
    """The nearest cell of each pixel, folded or not; -1 outside the grid."""
    pixels, home = (None, home) if home.max(initial=-1) >= 0 else (NO_CELLS, NO_CELLS)
    none = home.size, 0
    cells = Stencil(home=home, cells=np.empty(none, np.int32), weights=np.empty(none, np.float32))
    return TileStencil(pixels=pixels, stencil=cells, fold=fold, shape=shape)


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
