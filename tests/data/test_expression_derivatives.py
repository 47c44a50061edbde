"""Horizontal derivatives, bearings and neighbouring cells: brute force and exact solutions."""

import gsw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocean_core.geometry import unit_vectors
from ocean_data.compute import derivatives
from ocean_data.compute.equations import CellBox, CellList, bearing, neighbour_cells


def as_arrays(*values):
    return [np.array([float(value)]) for value in values]


@pytest.mark.parametrize(
    ("north", "east", "expected"), [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270), (9e-6, -9e-6, np.nan)]
)
def test_a_bearing_is_clockwise_from_north(north, east, expected):
    np.testing.assert_allclose(bearing(*as_arrays(north, east)), [expected])


SPIN = np.array([0.3, -0.2, 0.7]) * 1e-5  # rad/s, about an axis off the pole
SLOPE = np.array([1.0, 2.0, 3.0])


def stretched():
    """A curvilinear grid near the pole: turned, sheared and unevenly spaced."""
    y, x = np.meshgrid(
        np.linspace(-1, 1, 61) ** 3 / 8 + np.linspace(-0.2, 0.2, 61), np.linspace(-0.3, 0.3, 81), indexing="ij"
    )
    points = np.stack([x + 0.4 * y, y - 0.2 * x, np.ones_like(x)], axis=-1)
    points /= np.linalg.norm(points, axis=-1, keepdims=True)
    return np.degrees(np.arcsin(points[..., 2])), np.degrees(np.arctan2(points[..., 1], points[..., 0]))


GRIDS = {
    "around the globe, north first": np.meshgrid(np.linspace(89, -89, 179), np.arange(0, 360, 2.0), indexing="ij"),
    "over the pole": stretched(),
    "regional, across the date line": np.meshgrid(
        np.linspace(50, 60, 41), (np.linspace(170, 190, 61) + 180) % 360 - 180, indexing="ij"
    ),
}


def near(latitude, longitude):
    cells = np.arange(latitude.size)
    return derivatives.neighbourhood(cells, neighbour_cells(cells, latitude.shape), latitude.ravel(), longitude.ravel())


@pytest.mark.parametrize("name", GRIDS)
def test_derivatives_are_exact_on_the_sphere_however_the_grid_is_turned(name):
    latitude, longitude = GRIDS[name]
    around = near(latitude, longitude)
    points = unit_vectors(latitude.ravel(), longitude.ravel())
    inner = np.zeros(latitude.shape, dtype=bool)
    inner[1:-1, 1:-1] = True
    inner = inner.ravel()
    slope = derivatives.gradient(points @ SLOPE, around)
    for result, direction in zip(slope, around.compass, strict=True):
        np.testing.assert_allclose(result[inner] * derivatives.METRES, (direction @ SLOPE)[inner], atol=4e-3)
    spinning = np.cross(SPIN, points).T[:, np.newaxis] * derivatives.METRES
    curl = derivatives.vorticity(spinning, around)[0]
    np.testing.assert_allclose(curl[inner], (2 * points @ SPIN)[inner], atol=5e-8)
    np.testing.assert_allclose(derivatives.divergence(spinning, around)[0][inner], 0, atol=5e-8)


def test_the_globe_has_no_seam():
    latitude, longitude = GRIDS["around the globe, north first"]
    slope = derivatives.gradient(unit_vectors(latitude, longitude).reshape(-1, 3) @ SLOPE, near(latitude, longitude))
    turned = derivatives.gradient(
        unit_vectors(np.roll(latitude, 7, 1), np.roll(longitude, 7, 1)).reshape(-1, 3) @ SLOPE,
        near(np.roll(latitude, 7, 1), np.roll(longitude, 7, 1)),
    )
    for one_way, other in zip(slope, turned, strict=True):
        np.testing.assert_allclose(
            np.roll(one_way.reshape(latitude.shape), 7, 1), other.reshape(latitude.shape), rtol=1e-6, atol=1e-16
        )


def test_at_a_coast_the_wet_side_is_enough():
    latitude, longitude = np.meshgrid(np.arange(40, 42, 0.1), np.arange(-60, -58, 0.1), indexing="ij")
    field = 3e-6 * derivatives.METRES * np.radians(latitude)
    field[:, 8] = np.nan
    east, north = (part.reshape(field.shape) for part in derivatives.gradient(field.ravel(), near(latitude, longitude)))
    assert np.isnan(north[:, 8]).all()
    np.testing.assert_allclose(np.delete(north, 8, axis=1), 3e-6, rtol=1e-4)
    np.testing.assert_allclose(np.delete(east, 8, axis=1), 0, atol=2e-8)


def test_a_single_wet_cell_has_no_slope():
    latitude, longitude = np.meshgrid([40, 41, 42.0], [1, 2, 3.0], indexing="ij")
    field = np.full(9, np.nan)
    field[4] = 1.0
    assert np.isnan(derivatives.gradient(field, near(latitude, longitude))).all()


def test_currents_balance_the_slope_of_the_sea_surface():
    latitude, longitude = np.meshgrid(np.arange(-2, 50, 0.25), np.arange(0, 5, 0.25), indexing="ij")
    height = 1e-6 * derivatives.METRES * np.radians(latitude)
    east, north = derivatives.geostrophic(height.ravel(), near(latitude, longitude))
    far = np.where(np.abs(latitude) < 1, np.nan, latitude)
    expected = -gsw.grav(far, 0) / gsw.f(far) * 1e-6
    np.testing.assert_allclose(east.reshape(latitude.shape), expected, rtol=1e-6)
    assert np.nanmax(np.abs(north)) < 2e-3 * np.nanmin(np.abs(expected))


CELLS = st.lists(st.integers(0, 7 * 9 - 1), min_size=1, unique=True).map(sorted)


@given(CELLS, st.integers(0, 6), st.integers(1, 7), st.integers(0, 8), st.integers(1, 9))
def test_cells_find_their_neighbours(cells, top, high, left, wide):
    places = [CellList(np.array(cells)), CellBox(slice(top, min(top + high, 7)), slice(left, min(left + wide, 9)), 9)]
    for where in places:
        around = neighbour_cells(where.flat, (7, 9))
        wider = where.widen((7, 9))
        results = wider.find(around)
        assert (results[around < 0] == -1).all()
        np.testing.assert_array_equal(wider.flat[results[around >= 0]], around[around >= 0])
        np.testing.assert_array_equal(wider.flat[wider.find(where.flat)], where.flat)
