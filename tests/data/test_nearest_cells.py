"""The nearest cells of grids that make it hard, against brute force: the same cells, ties included."""

import numpy as np
from pyproj import Transformer
from tests.looping import loop_over

from ocean_core.geometry import chord_to_distance, unit_vectors
from ocean_core.tiles import SIZE
from ocean_data.compute.interpolation import gather, stencil
from ocean_data.compute.tiles import TileMap, block_stencil, pixel_centres, tile_stencil
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.neighbours import Search
from ocean_data.grids.rectilinear import Rectilinear
from ocean_data.grids.search import CentreSearch, build_pyramid, measure_clearances

MADE = np.random.default_rng(11)


def skewed(rows=60, columns=80):
    j, i = np.meshgrid(np.linspace(0, 1, rows), np.linspace(0, 1, columns), indexing="ij")
    return 30 + 30 * j + 12 * i**2, 150 + 60 * i - 25 * j  # across the date line


def tripolar(rows=40, columns=60):
    """Rows along x below the pole that come back above it: a fold, and a pole inside."""
    crs = "+proj=stere +lat_0=90 +lon_0=0 +ellps=sphere"
    x, y = np.meshgrid(np.linspace(-2e6, 2e6, columns), np.linspace(-1.98e6, -2e4, rows))
    place = np.hstack([x, x[:, ::-1]]), np.hstack([y, -y])
    longitude, latitude = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*place, direction="INVERSE")
    return latitude, longitude


def globe():
    return np.meshgrid(np.linspace(-78, 89, 84), np.arange(73.0, 433.0, 4.0), indexing="ij")


def long_cells():
    return np.meshgrid(np.linspace(40, 42, 50), np.linspace(0, 30, 20), indexing="ij")


def shuffled():
    """Neighbours in the file are nowhere near each other."""
    latitude, longitude = skewed()
    order = MADE.permutation(latitude.size)
    return latitude.ravel()[order].reshape(latitude.shape), longitude.ravel()[order].reshape(latitude.shape)


def twice():
    """Every cell twice: ties everywhere."""
    latitude, longitude = skewed(30, 40)
    return np.vstack([latitude, latitude]), np.vstack([longitude, longitude])


def with_land_left_out():
    latitude, longitude = skewed()
    gone = MADE.uniform(size=latitude.shape) < 0.3
    gone[10:30, 20:50] = True
    return np.where(gone, np.nan, latitude), np.where(gone, np.nan, longitude)


GRIDS = [skewed, tripolar, globe, long_cells, shuffled, twice, with_land_left_out]


def near(vectors, count):
    present = vectors[np.isfinite(vectors).all(axis=1)]
    points = present[MADE.integers(0, len(present), count)] + MADE.normal(scale=0.02, size=(count, 3))
    points = points[np.argsort(np.round(points[:, 2], 1) * 10 + points[:, 0])]
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@loop_over("made", GRIDS)
@loop_over("count", [1, 3, 10, 40])
def test_cells_and_weights_are_those_of_brute_force(made, count):
    latitude, longitude = made()
    vectors = unit_vectors(latitude, longitude).reshape(-1, 3)
    points = near(vectors, 400)
    within = MADE.uniform(20, 900, 400)
    centres = CentreSearch(vectors, latitude.shape)
    home, _ = centres.nearest(points)
    cells, weights = centres.neighbours(points, home, Search(count, within, True))
    squares = ((points[:, np.newaxis] - vectors) ** 2).sum(axis=2)
    squares[np.isnan(squares)] = np.inf
    # The kernel adds in another order: cells that are equally far to the last bit may be exchanged.
    expected = np.sort(squares, axis=1)[:, :count]
    arcs = chord_to_distance(np.sqrt(expected))
    present = arcs <= within[:, np.newaxis]
    assert ((cells >= 0) == present).all()
    got = np.where(cells >= 0, np.take_along_axis(squares, np.maximum(cells, 0), axis=1), np.inf)
    np.testing.assert_allclose(np.sort(got, axis=1)[present], expected[present], rtol=1e-12, atol=1e-18)
    with np.errstate(invalid="ignore"):
        gaussian = np.exp(-((2 * chord_to_distance(np.sqrt(got)) / within[:, np.newaxis]) ** 2))
    np.testing.assert_allclose(weights, np.where(cells >= 0, gaussian, 0.0), rtol=4e-6)
    assert all(np.unique(row[row >= 0]).size == (row >= 0).sum() for row in cells)
    none, empty = centres.neighbours(points, np.full_like(home, -1), Search(count, within, False))
    assert (none == -1).all()
    assert not empty.any()


def test_of_cells_that_are_equally_near_the_first_in_the_file_is_taken():
    latitude, longitude = twice()
    vectors = unit_vectors(latitude, longitude).reshape(-1, 3)
    cells, _ = CentreSearch(vectors, latitude.shape).nearest(near(vectors, 300))
    assert (cells < latitude.size // 2).all()


@loop_over("shape", [(1, 1), (1, 3), (4, 4), (9, 7)])
def test_a_point_on_a_centre_is_in_its_cell_however_few_there_are(shape):
    latitude, longitude = np.meshgrid(60.0 + np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    vectors, cells = unit_vectors(latitude, longitude).reshape(-1, 3), np.arange(latitude.size)
    centres, points = CentreSearch(vectors, shape), np.repeat(vectors, 2, axis=0)
    assert (centres.nearest(points, within=1.0)[0] == np.repeat(cells, 2)).all()
    home, nowhere = np.repeat(cells, 2).astype(np.int32), np.full(len(points), 0.0)
    assert (centres.neighbours(points, home, Search(1, nowhere, False))[0][:, 0] == home).all()


def test_points_far_from_every_cell_have_none_or_the_nearest():
    latitude, longitude = skewed()
    vectors = unit_vectors(latitude, longitude).reshape(-1, 3)
    centres, points = CentreSearch(vectors, latitude.shape), -near(vectors, 200)
    assert (centres.nearest(points, within=100.0)[0] == -1).all()
    expected = ((points[:, np.newaxis] - vectors) ** 2).sum(axis=2).argmin(axis=1)
    assert (centres.nearest(points)[0] == expected).all()


@loop_over("made", GRIDS)
def test_no_other_cell_is_nearer_than_the_nearest_cell(made):
    latitude, longitude = made()
    vectors = unit_vectors(latitude, longitude).reshape(-1, 3)
    reported = measure_clearances(build_pyramid(vectors, latitude.shape))
    row, column = np.divmod(np.arange(len(vectors)), latitude.shape[1])
    for own in MADE.permutation(np.flatnonzero(np.isfinite(vectors[:, 0])))[:300]:
        squares = ((vectors - vectors[own]) ** 2).sum(axis=1)
        squares[own] = np.nan
        beyond = (abs(row - row[own]) > 1) | (abs(column - column[own]) > 1)
        assert reported[own, 0] <= np.nanmin(squares) / 4
        assert reported[own, 1] <= np.nanmin(squares[beyond]) / 4


def make_tile(kind, zoom=3, x=7, y=2, projection="EPSG:3857"):
    return TileMap(projection=projection, zoom=zoom, x=x, y=y, interpolation=kind, radius=60.0, neighbours=7)


def nearest_of_pixels(stored):
    """The nearest cell of each pixel of a tile, -1 outside the grid."""
    if stored.means is not None:
        return stored.means.home.ravel()
    home, own = np.full(SIZE**2, -1), stored.stencil.home
    if stored.fold is not None and own.size:
        own = stored.fold.expand(own.reshape(stored.fold.shape)).ravel()
    home[slice(None) if stored.pixels is None else stored.pixels] = own
    return home


@loop_over("kind", ["nearest", "bilinear", "gaussian", "inverse"])
@loop_over("projection", ["EPSG:3857", "EPSG:32661"])
@loop_over("made", [skewed, tripolar, globe])
def test_the_map_of_a_tile_is_what_each_of_its_pixels_says_alone(made, projection, kind):
    grid, item = Curvilinear(*made()), make_tile(kind, projection=projection, x=6, y=1)
    stored = tile_stencil(grid, item)
    latitude, longitude = pixel_centres(projection, item.zoom, item.x, item.y)
    home = nearest_of_pixels(stored)
    some = MADE.permutation(SIZE**2)[:500]
    np.testing.assert_array_equal(home[some], grid.nearest(latitude[some], longitude[some]))
    if kind != "bilinear":
        return
    place = {int(pixel): k for k, pixel in enumerate(stored.pixels)} if stored.pixels is not None else None
    for pixel in some[home[some] >= 0][:50]:
        k = place[int(pixel)] if place else pixel
        alone = grid.corners(latitude[[pixel]], longitude[[pixel]], home[[pixel]].astype(np.int32))
        np.testing.assert_array_equal(stored.stencil.cells[k], alone[0][0])
        np.testing.assert_allclose(stored.stencil.weights[k], alone[1][0], atol=1e-6)


@loop_over("kind", ["nearest", "bilinear", "gaussian"])
@loop_over(("zoom", "x", "y"), [(0, 0, 0), (2, 1, 1), (5, 9, 11), (4, 0, 5), (7, 40, 45)])
def test_rows_and_columns_of_a_tile_find_the_cells_of_its_pixels(zoom, x, y, kind):
    for grid in (
        Rectilinear(np.linspace(80, 20, 90), np.linspace(-100, -40, 120)),
        Rectilinear(np.linspace(-80, 85, 60), np.arange(0.0, 360.0, 3.0)),
        Rectilinear(np.array([60.0, 70.0, 85.0]), np.array([-100.0, -60.0, -20.0, 20.0])),
    ):
        stored = tile_stencil(grid, make_tile(kind, zoom, x, y))
        latitude, longitude = pixel_centres("EPSG:3857", zoom, x, y)
        home = grid.nearest(latitude, longitude)
        np.testing.assert_array_equal(nearest_of_pixels(stored), home)


def mirrored(rows=40, columns=60):
    """Rows and columns on both sides of the equator and of Greenwich, alike: cells that are equally far."""
    return np.meshgrid(np.linspace(-20, 20, rows), np.linspace(-30, 30, columns), indexing="ij")


MEANS = {
    "regional": Rectilinear(np.linspace(80, 20, 180), np.linspace(-100, -40, 240)),
    "around the Earth": Rectilinear(np.linspace(-80, 85, 166), np.arange(0.0, 360.0, 1.0)),
    "not in order": Rectilinear(np.roll(np.linspace(-60, 60, 81), 7), MADE.permutation(np.linspace(-100, 70, 170))),
    "few columns": Rectilinear(np.linspace(-60, 60, 81), np.array([-100.0, -20.0, 60.0, 140.0])),
    "mirrored": Curvilinear(*mirrored()),
    "skewed, across the date line": Curvilinear(*skewed(120, 160)),
    "folded": Curvilinear(*tripolar(80, 120)),
    "with every cell twice": Curvilinear(*twice()),
    "with land left out": Curvilinear(*with_land_left_out()),
}


@loop_over(
    ("kind", "radius", "neighbours"),
    [
        *[("gaussian", 25.0, 10), ("inverse", 25.0, 10), ("gaussian", 400.0, 4), ("inverse", 500.0, 30)],
        ("bilinear", 0.0, 0),
    ],
)
@loop_over("place", [(0, 0, 0), (2, 1, 1), (3, 7, 2), (7, 40, 45), (7, 63, 63)])
@loop_over("name", MEANS)
def test_means_of_a_tile_are_those_of_the_cells_of_each_pixel(name, place, radius, neighbours, kind):
    grid = MEANS[name]
    if kind == "bilinear" and name == "with every cell twice":
        return  # the cells around a pixel are not told apart: any two of each are right
    field = MADE.normal(size=(1, grid.shape[0] * grid.shape[1])).astype(np.float32)
    field[0, MADE.uniform(size=field.size) < 0.2] = np.nan
    made = tile_stencil(grid, TileMap("EPSG:3857", *place, kind, radius, neighbours)).values(field)
    some = MADE.permutation(SIZE**2)[:1_000]
    latitude, longitude = (degrees[some] for degrees in pixel_centres("EPSG:3857", *place))
    listed = gather(field, stencil(grid, latitude, longitude, kind, radius=radius, neighbours=neighbours))[0]
    result = np.full(some.size, np.nan) if made is None else made.ravel()[some]
    np.testing.assert_allclose(result, listed, rtol=1e-5, atol=1e-5)


@loop_over(("step", "answered"), [(0.05, True), (0.01, False)])
def test_a_block_of_tiles_of_a_fine_grid_is_too_large(step, answered):
    grid = Rectilinear(np.arange(40, 60, step), np.arange(-60, -20, step))
    block = block_stencil(grid, TileMap("EPSG:3857", 6, 24, 20, "nearest", 0.0, 0, 4))
    assert (block is not None) == answered
