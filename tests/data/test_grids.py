"""Every kind of grid against brute force: the nearest on the Earth, its neighbours, and the cell around a point."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import CRS, Transformer
from scipy.interpolate import RegularGridInterpolator
from tests.looping import loop_over

from ocean_common.contracts import assets
from ocean_core.errors import SourceUnreadable
from ocean_core.geometry import EARTH_RADIUS, chord_to_distance, great_circle_distance, unit_vectors
from ocean_data.compute.interpolation import Stencil, gather
from ocean_data.grids import KINDS, build
from ocean_data.grids.base import Coordinates, Grid
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.neighbours import Search
from ocean_data.grids.projected import Projected
from ocean_data.grids.rectilinear import Rectilinear

POLAR = {
    "grid_mapping_name": "polar_stereographic",
    "straight_vertical_longitude_from_pole": 58.0,
    "latitude_of_projection_origin": 90.0,
    "standard_parallel": 60.0,
    "earth_radius": 6371000.0,
}
MOVED = {
    "grid_mapping_name": "rotated_latitude_longitude",
    "grid_north_pole_latitude": 37.5,
    "grid_north_pole_longitude": 177.5,
    "earth_radius": 6371000.0,
}


def described(kind, shape, mapping=None):
    return assets.Grid(id="g", kind=kind, shape=shape, mapping=mapping)


def projected(mapping, y, x):
    grid = described("projected", (y.size, x.size), mapping)
    return build(grid, lambda: Coordinates(y_axis=y, x_axis=x))


def around():
    """A globe of cells, joined at a seam."""
    j, i = np.meshgrid(np.linspace(-60, 89, 90), np.arange(0.0, 360.0, 4.0), indexing="ij")
    return Curvilinear(j, (i + 73.0 + 180) % 360 - 180)


def skewed():
    """A piece across the date line whose rows and columns are not straight."""
    j, i = np.meshgrid(np.linspace(0, 1, 25), np.linspace(0, 1, 30), indexing="ij")
    return Curvilinear(60 + 20 * j + 3 * i**2, (170 + 25 * i + 5 * j + 180) % 360 - 180)


GRIDS = {
    "global, 0 to 360": Rectilinear(np.arange(-89.5, 90, 3.0), np.arange(0.0, 360.0, 3.0)),
    "global, -180 to 180, north first": Rectilinear(np.arange(89.5, -90, -3.0), np.arange(-180.0, 180.0, 3.0)),
    "both ends of the circle": Rectilinear(np.arange(-80.0, 81, 2.5), np.arange(0.0, 361.0, 2.5)),
    "beyond 360": Rectilinear(np.linspace(-70, 70, 60), np.linspace(74.0, 433.0, 200)),
    "not monotonic": Rectilinear(np.linspace(-20, 20, 30), np.r_[np.arange(170.0, 180, 1), np.arange(-180.0, -150, 1)]),
    "across the date line": Rectilinear(np.linspace(50, 89, 30), np.linspace(160, 200, 30)),
    "a region": Rectilinear(np.linspace(40, 55, 40), np.linspace(-70, -45, 50)),
    "uneven": Rectilinear(np.array([0.0, 1.0, 3.0, 6.0, 10.0]), np.array([10.0, 11.0, 11.5, 15.0, 20.0])),
    "polar stereographic": projected(POLAR, np.arange(-2e6, 2e6, 8e4), np.arange(2e6, -2e6, -8e4)),
    "moved pole": projected(MOVED, np.linspace(-15, 15, 40), np.linspace(-20, 20, 50)),
    "around the globe": around(),
    "skewed, across the date line": skewed(),
}
EVERY = pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS.keys())


def everywhere(count, seed=1):
    """Points spread over the sphere, the poles and the date line among them."""
    created = np.random.default_rng(seed)
    latitude = np.degrees(np.arcsin(created.uniform(-1, 1, count)))
    longitude = created.uniform(-180, 360, count)
    return np.r_[latitude, 90.0, -90.0, 0.0, 70.0], np.r_[longitude, 0.0, 10.0, 180.0, -180.0]


def near(grid, count, seed=2):
    """Points around the cells of a grid."""
    created = np.random.default_rng(seed)
    cells = created.integers(0, grid.shape[0] * grid.shape[1], count, dtype=np.int32)
    latitude, longitude = grid.centres(cells)
    spread = np.degrees(grid.sizes(cells) / EARTH_RADIUS)
    latitude = np.clip(latitude + created.uniform(-1, 1, count) * spread, -90, 90)
    return latitude, longitude + created.uniform(-1, 1, count) * spread / np.maximum(np.cos(np.radians(latitude)), 0.01)


def brute(grid, latitude, longitude):
    """Distances (point, cell) in km."""
    cells = np.arange(grid.shape[0] * grid.shape[1], dtype=np.int32)
    present = unit_vectors(*grid.centres(cells))
    local = unit_vectors(latitude, longitude)
    return chord_to_distance(np.linalg.norm(local[:, np.newaxis] - present[np.newaxis], axis=-1))


@EVERY
def test_every_grid_implements_the_grid_protocol(grid):
    assert isinstance(grid, Grid)
    assert grid.nbytes > 0


@EVERY
def test_the_nearest_cell_is_that_of_brute_force(grid):
    for latitude, longitude in (everywhere(150), near(grid, 250)):
        result = grid.nearest(latitude, longitude)
        distances = brute(grid, latitude, longitude)
        inside = result >= 0
        rows = np.flatnonzero(inside)
        np.testing.assert_allclose(distances[rows, result[inside]], distances[rows].min(axis=1), rtol=0, atol=1e-6)


@EVERY
def test_a_point_between_centres_is_inside_and_one_beyond_the_next_cell_is_not(grid):
    latitude, longitude = everywhere(400)
    least = brute(grid, latitude, longitude).argmin(axis=1).astype(np.int32)
    distance = great_circle_distance(latitude, longitude, *grid.centres(least))
    result = grid.nearest(latitude, longitude)
    assert (result[distance > 1.5 * grid.sizes(least)] == -1).all()
    cells = np.arange(grid.shape[0] * grid.shape[1], dtype=np.int32)
    np.testing.assert_array_less(-1, grid.nearest(*grid.centres(cells)))


@EVERY
def test_a_turn_around_the_earth_changes_nothing(grid):
    latitude, longitude = near(grid, 100)
    longitude = np.round(longitude, 6)
    assert grid.nearest(latitude, longitude).tolist() == grid.nearest(latitude, longitude + 360).tolist()


@EVERY
@loop_over("count", [1, 4, 10])
def test_neighbours_are_those_of_brute_force(grid, count):
    latitude, longitude = near(grid, 60)
    within = np.full(latitude.size, 400.0)
    every = brute(grid, latitude, longitude)
    home = np.nanargmin(every, axis=1).astype(np.int32)
    cells, weights = grid.neighbours(latitude, longitude, home, Search(count, within, False))
    distances = np.sort(np.where(cells >= 0, np.take_along_axis(every, np.maximum(cells, 0), axis=1), np.inf), axis=1)
    if isinstance(grid, Rectilinear) and grid.shape[1] == 145:
        every = every.reshape(latitude.size, *grid.shape)[:, :, :-1].reshape(latitude.size, -1)  # 0° and 360° are one
    expected = np.sort(every, axis=1)[:, :count]
    expected = np.where(expected <= 400, expected, np.inf)
    np.testing.assert_allclose(distances, expected, rtol=1e-9, atol=1e-5)
    shares = 1 / np.maximum(distances, 1e-3) ** 2
    inverse = shares / np.maximum(shares[:, :1], 1e-30)
    relative = -np.sort(-weights, axis=1) / np.maximum(weights.max(axis=1, keepdims=True), 1e-30)
    np.testing.assert_allclose(relative, inverse, rtol=1e-3, atol=1e-6)


@given(latitude=st.floats(-90, 90), longitude=st.floats(-180, 360), which=st.sampled_from(sorted(GRIDS)))
def test_no_point_of_the_earth_is_given_a_cell_that_is_not_the_nearest(latitude, longitude, which):
    grid = GRIDS[which]
    local = np.array([latitude]), np.array([longitude])
    result = grid.nearest(*local)
    if result[0] >= 0:
        distances = brute(grid, *local)[0]
        assert distances[result[0]] <= distances.min() + 1e-6


@loop_over("name", ["a region", "uneven", "beyond 360", "not monotonic", "across the date line"])
def test_bilinear_weights_are_those_of_scipy(name):
    grid = GRIDS[name]
    rows, columns = grid.shape
    latitude = grid.centres(np.arange(rows, dtype=np.int32) * columns)[0]
    longitude = grid.centres(np.arange(columns, dtype=np.int32))[1]
    field = np.random.default_rng(3).normal(size=grid.shape)
    straight = np.unwrap(longitude, period=360)
    created = np.random.default_rng(4)
    y, x = created.uniform(latitude.min(), latitude.max(), 200), created.uniform(straight.min(), straight.max(), 200)
    expected = RegularGridInterpolator((latitude, straight), field)(np.stack([y, x], axis=1))
    home = grid.nearest(y, x)
    cells, weights = grid.corners(y, x, home)
    np.testing.assert_allclose((field.ravel()[cells] * weights).sum(axis=1), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("name", "mapping"), [("polar stereographic", POLAR), ("moved pole", MOVED)])
def test_bilinear_weights_of_a_projected_grid_are_those_of_scipy_in_its_plane(name, mapping):
    grid = GRIDS[name]
    y, x = (
        (np.arange(-2e6, 2e6, 8e4), np.arange(2e6, -2e6, -8e4))
        if mapping is POLAR
        else (np.linspace(-15, 15, 40), np.linspace(-20, 20, 50))
    )
    field = np.random.default_rng(3).normal(size=grid.shape)
    created = np.random.default_rng(5)
    present = created.uniform(y.min(), y.max(), 100), created.uniform(x.min(), x.max(), 100)
    crs = CRS.from_cf(mapping)
    geographic = crs.source_crs if crs.is_geographic else crs.geodetic_crs
    longitude, latitude = Transformer.from_crs(crs, geographic, always_xy=True).transform(present[1], present[0])
    up = np.argsort(x)
    expected = RegularGridInterpolator((y, x[up]), field[:, up])(np.stack(present, axis=1))
    cells, weights = grid.corners(latitude, longitude, grid.nearest(latitude, longitude))
    np.testing.assert_allclose((field.ravel()[cells] * weights).sum(axis=1), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["around the globe", "skewed, across the date line"])
def test_a_field_that_is_linear_in_the_cell_is_reproduced_on_curvilinear_grids(name):
    grid = GRIDS[name]
    rows, columns = grid.shape
    created = np.random.default_rng(6)
    j, i = created.integers(0, rows - 1, 300), created.integers(0, columns - 1, 300)
    u, v = created.uniform(0.01, 0.99, 300), created.uniform(0.01, 0.99, 300)
    quad = np.stack([j * columns + i, j * columns + i + 1, (j + 1) * columns + i, (j + 1) * columns + i + 1], axis=1)
    mixture = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], axis=1)
    vectors = unit_vectors(*grid.centres(quad.astype(np.int32)))
    place = (vectors * mixture[:, :, np.newaxis]).sum(axis=1)
    place /= np.linalg.norm(place, axis=1, keepdims=True)
    latitude, longitude = np.degrees(np.arcsin(place[:, 2])), np.degrees(np.arctan2(place[:, 1], place[:, 0]))
    cells, weights = grid.corners(latitude, longitude, grid.nearest(latitude, longitude))
    field = created.normal(size=rows * columns)
    np.testing.assert_allclose(
        (field[cells] * weights).sum(axis=1), (field[quad] * mixture).sum(axis=1), rtol=1e-6, atol=1e-6
    )


def test_the_seam_of_a_grid_around_the_globe_is_crossed():
    grid = GRIDS["around the globe"]
    latitude_of = grid.centres(np.arange(90 * 90, dtype=np.int32))[0]
    latitude, seam = np.linspace(-50, 80, 20), np.full(20, 73.0 - 2.0)  # between the last column and the first
    cells, weights = grid.corners(latitude, seam, grid.nearest(latitude, seam))
    np.testing.assert_allclose((latitude_of[cells] * weights).sum(axis=1), latitude, atol=0.1)


def test_the_fold_of_a_tripolar_grid_is_crossed():
    # Rows run along x below the pole and come back above it; between the two lies the fold, at y = 0.
    crs = CRS.from_cf(POLAR)
    to_plane = Transformer.from_crs(crs.geodetic_crs, crs, always_xy=True)
    x, y = np.meshgrid(np.linspace(-2e6, 2e6, 41), np.arange(-1.95e6, 0, 1e5))
    place = np.hstack([x, x[:, ::-1]]), np.hstack([y, -y])
    longitude, latitude = to_plane.transform(*place, direction="INVERSE")
    grid = Curvilinear(latitude, longitude)
    created = np.random.default_rng(7)
    present = created.uniform(-1.9e6, 1.9e6, 50), created.uniform(-4.9e4, 4.9e4, 50)
    where = to_plane.transform(*present, direction="INVERSE")[::-1]
    cells, weights = grid.corners(*where, grid.nearest(*where))
    for plane, expected in zip(place, present, strict=True):
        np.testing.assert_allclose((plane.ravel()[cells] * weights).sum(axis=1), expected, atol=200)
        # A field with a slope has the right value in any four cells; these are those around the point.
        assert np.abs(plane.ravel()[cells] - expected[:, np.newaxis]).max() < 1.01e5


def test_a_grid_cut_from_a_globe_does_not_join_its_ends():
    region = GRIDS["a region"]
    assert region.nearest(np.array([47.0]), np.array([130.0]))[0] == -1
    assert region.nearest(np.array([47.0]), np.array([-44.6]))[0] == -1
    assert region.nearest(np.array([47.0]), np.array([-44.8]))[0] >= 0


def test_one_point_is_a_grid():
    grid = Rectilinear(np.array([45.0]), np.array([-60.0]))
    assert grid.nearest(np.array([45.2, 47.0]), np.array([300.1, 300.0])).tolist() == [0, -1]
    cells, weights = grid.corners(np.array([45.2]), np.array([300.1]), np.array([0], dtype=np.int32))
    assert set(cells[0]) == {0}
    assert weights.sum() == pytest.approx(1)


def test_every_kind_of_the_catalogue_has_its_functions():
    assert set(KINDS) == set(get_args(assets.GridKind)) - {"none"}


def test_a_mesh_without_triangles_cannot_be_read():
    nodes = np.zeros(10)
    with pytest.raises(SourceUnreadable, match="triangles of the grid"):
        build(described("triangles", (10,)), lambda: Coordinates(latitude=nodes, longitude=nodes))


def test_a_mapping_that_contradicts_the_latitudes_is_not_believed():
    y, x = np.arange(-2e6, 2e6, 8e4), np.arange(-2e6, 2e6, 8e4)
    right = projected(POLAR, y, x)
    latitude, longitude = (part.reshape(50, 50) for part in right.centres(np.arange(2500, dtype=np.int32)))
    read = Coordinates(latitude=latitude, longitude=longitude, y_axis=y, x_axis=x)
    wrong = POLAR | {"straight_vertical_longitude_from_pole": -100.0}
    assert not isinstance(build(described("projected", (50, 50), wrong), lambda: read), Projected)
    assert isinstance(build(described("projected", (50, 50), POLAR), lambda: read), Projected)


@pytest.mark.timeout(30)
def test_the_far_side_of_the_earth_is_not_compared_with_every_cell():
    j, i = np.meshgrid(np.linspace(0, 1, 600), np.linspace(0, 1, 500), indexing="ij")
    grid = Curvilinear(47 + 4 * j + i, -126 + 4 * i + j)
    latitude, longitude = np.linspace(-60, -40, 65_536), np.linspace(50, 60, 65_536)
    assert (grid.nearest(latitude, longitude) == -1).all()


def test_a_curvilinear_grid_ends_half_a_cell_beyond_its_outermost_centres():
    j, i = np.meshgrid(np.arange(6.0), np.arange(8.0), indexing="ij")
    turned = Curvilinear(0.1 * (j + i), 0.1 * (i - j))  # a square lattice on its corner, small enough to be flat
    v, u = np.random.default_rng(5).uniform([-1.5, -1.5], [6.5, 8.5], (4000, 2)).T
    inside = (np.abs(v - 2.5) < 3) & (np.abs(u - 3.5) < 4)
    clear = (np.abs(np.abs(v - 2.5) - 3) > 1e-3) & (np.abs(np.abs(u - 3.5) - 4) > 1e-3)
    result = turned.nearest(0.1 * (v + u), 0.1 * (u - v)) >= 0
    assert (result == inside)[clear].all()


def test_a_grid_has_its_usable_cells_and_its_usual_resolution():
    latitude, longitude = np.meshgrid(np.arange(0.5, 5), np.arange(10.5, 16), indexing="ij")
    full = Rectilinear(latitude[:, 0], longitude[0])
    latitude[2, 3] = np.nan
    latitude[[0, 1], [0, 1]] = longitude[[0, 1], [0, 1]] = 0  # dummies of land that was left out
    cells = Curvilinear(latitude, longitude)
    assert np.flatnonzero(~cells.usable).tolist() == [0, 7, 15]
    assert full.usable.all()
    for grid in (full, cells):
        assert grid.resolution == pytest.approx(np.radians(1) * EARTH_RADIUS, rel=0.01)


def test_the_search_on_a_lattice_agrees_with_the_search_by_point():
    latitude, longitude = np.linspace(-70, 80, 31), np.linspace(-175, 175, 41)
    rows, columns = np.meshgrid(latitude, longitude, indexing="ij")
    grids = [
        Rectilinear(latitude, longitude),
        Curvilinear(rows, columns),
        projected(POLAR, *[np.arange(-2e6, 2e6, 8e4)] * 2),
    ]
    parallels, meridians = np.linspace(85, -60, 25), np.linspace(-179, 170, 27)
    points = np.repeat(parallels, meridians.size), np.tile(meridians, parallels.size)
    for grid in grids:
        home = grid.nearest(*points)
        if (lattice := grid.nearest_on_lattice(parallels, meridians)) is not None:
            np.testing.assert_array_equal(lattice, home)
        if lines := grid.nearest_lines(parallels, meridians):
            outside = (lines[0][:, np.newaxis] < 0) | (lines[1] < 0)
            np.testing.assert_array_equal(np.where(outside, -1, lines[0][:, np.newaxis] + lines[1]).ravel(), home)
        field = np.random.default_rng(3).normal(size=(1, grid.shape[0] * grid.shape[1])).astype(np.float32)
        field[0, ::7] = np.nan
        if means := grid.corner_means_on_lattice(parallels, meridians, home):
            cells, weights = grid.corners(*points, home)
            listed = gather(field, Stencil(home=home, cells=cells, weights=weights))[0]
            np.testing.assert_allclose(means.average(field[0]).ravel(), listed, rtol=1e-6, atol=1e-6)
    assert [grid.nearest_on_lattice(parallels, meridians) is None for grid in grids] == [False, False, True]
