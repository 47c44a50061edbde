"""How heights become colours, light and lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import map_coordinates

from ocean_plotting.basemap import terrain

LATITUDES, LONGITUDES = np.arange(10.0, 20.0, 0.5), np.arange(170.0, 190.0, 0.5)


def make_heights(seed=1):
    return np.random.default_rng(seed).normal(0, 1000, (LATITUDES.size, LONGITUDES.size)).astype(np.float32)


def window(heights=None):
    return LATITUDES, LONGITUDES, make_heights() if heights is None else heights


@given(
    arrays(float, (5, 1), elements=st.floats(11.0, 18.5, allow_nan=False)),
    arrays(float, (1, 7), elements=st.floats(171.0, 188.5, allow_nan=False)),
)
def test_heights_between_cells_are_those_of_scipy_s_splines(latitude, longitude):
    rows, columns = np.broadcast_arrays((latitude - 10) / 0.5, (longitude - 170) / 0.5)
    expected = map_coordinates(make_heights(), [rows, columns], order=3, prefilter=False, output=float)
    np.testing.assert_allclose(terrain.interpolate_heights(window(), latitude, longitude), expected, atol=0.02)
    turned = np.where(longitude > 180, longitude - 360, longitude)  # as the other side of the date line writes it
    full = np.broadcast_arrays(latitude, turned)
    np.testing.assert_allclose(terrain.interpolate_heights(window(), *full), expected, atol=0.02)


def test_near_cells_without_a_height_there_is_none():
    heights = make_heights()
    heights[:, :20] = np.nan
    result = terrain.interpolate_heights(window(heights), np.array([[15.0]]), np.array([[175.0, 179.0, 181.5]]))
    assert np.isnan(result).tolist() == [[True, True, False]]


def shown(heights, land=None, latitude=40.0):
    heights = np.array([heights], dtype=np.float32)
    share = None if land is None else np.array([land], dtype=np.float32)
    indices = terrain.colour_indices(heights, share, np.full((1, 1), latitude))
    return [tuple(terrain.palette()[index - 1].astype(int)) if index else None for index in indices[0]]


def luminance(colour):
    return float(np.dot(colour, (0.2126, 0.7152, 0.0722)))


def test_the_palette_fits_into_a_png_and_none_is_nothing():
    assert len(terrain.palette()) <= 255
    assert shown([np.nan, 5.0])[0] is None


def test_the_deeper_the_darker_and_blue():
    colours = shown([-5, -60, -250, -1500, -3500, -5500, -9000, -12_000])
    lights = [luminance(colour) for colour in colours]
    assert lights == sorted(lights, reverse=True)
    assert all(blue > red for red, _, blue in colours)


def test_land_is_never_blue_and_antarctica_is_white():
    assert all(red > blue for red, _, blue in shown([1, 50, 400, 1500, 3000]))
    assert min(min(item) for item in shown([1, 400, 3000], latitude=-75.0)) > 235


@pytest.mark.parametrize("height", [-900.0, 900.0])
def test_configured_polygons_separate_land_from_sea(height):
    sea, edge, land = shown([height] * 3, land=[0.0, 0.5, 1.0])
    assert sea[2] > sea[0]
    assert land[0] > land[2]
    assert all(
        min(a, b) - 1 <= c <= max(a, b) + 1 for a, b, c in zip(*shown([0.0, 0.0], [0.0, 1.0]), edge, strict=True)
    )


def test_light_comes_from_the_upper_left():
    across, down = np.meshgrid(np.arange(12.0), np.arange(12.0))
    facing, away = (
        terrain.hill_shade(1000 * (across + down), 10_000.0),
        terrain.hill_shade(-1000 * (across + down), 10_000.0),
    )
    assert facing.shape == (10, 10)
    assert facing.max() > 1 > away.min()
    np.testing.assert_allclose(terrain.hill_shade(np.full((12, 12), -4000.0), 10_000.0), 1.0, atol=1e-6)
    assert np.isfinite(terrain.hill_shade(np.full((12, 12), np.nan), 10.0)).all()


def test_contours_lie_at_their_depths():
    at = np.linspace(0.0, 10.0, 41)
    heights = np.repeat(-700.0 * at[np.newaxis], at.size, axis=0).astype(np.float32)  # deeper to the right
    lines = terrain.depth_contours(heights, at)
    assert set(lines) == set(terrain.DEPTHS)
    for depth, parts in lines.items():
        (line,) = parts
        np.testing.assert_allclose(line[:, 0], depth / 700, atol=1e-5)
    assert terrain.depth_contours(np.full((5, 5), 10.0, dtype=np.float32), at[:5]) == {}
    assert terrain.depth_contours(np.full((5, 5), np.nan, dtype=np.float32), at[:5]) == {}
