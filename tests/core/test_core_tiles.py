"""Tiles of the three projections, against PROJ and counting by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from tests.looping import loop_over

from ocean_core import tiles
from ocean_core.tiles import MERCATOR, PROJECTIONS, SIZE, TILE_MATRICES, Tile

# The extents that the front end gives to its projections, m: left, bottom, right, top.
EXTENTS = {
    "EPSG:3857": (-20037508.342789244, -20037508.342789244, 20037508.342789244, 20037508.342789244),
    "EPSG:32661": (-1154826.7379766018, -1154826.7379766018, 5154826.737976602, 5154826.737976601),
    "EPSG:3031": (-3087442.3458218463, -3087442.3458218463, 3087442.345821846, 3087442.345821846),
}
TO_EARTH = {name: Transformer.from_crs(name, "EPSG:4326", always_xy=True) for name in EXTENTS}
OFFSETS = np.array([-0.01, 0.0, 0.5 / SIZE, 0.4, 255.5 / SIZE, 1.0, 1.01])


@st.composite
def any_tile(draw, projections=PROJECTIONS, deepest=18):
    zoom = draw(st.integers(0, deepest))
    across = st.integers(0, (1 << zoom) - 1)
    return Tile(draw(st.sampled_from(projections)), zoom, draw(across), draw(across))


def by_proj(tile, offsets=OFFSETS):
    left, _, right, top = EXTENTS[tile.projection]
    size = (right - left) / 2**tile.zoom
    easting, northing = np.meshgrid(left + (tile.x + offsets) * size, top - (tile.y + offsets) * size)
    longitude, latitude = TO_EARTH[tile.projection].transform(easting, northing)
    return latitude, longitude


@loop_over("projection", PROJECTIONS)
def test_the_first_tile_is_the_extent_of_the_map(projection):
    np.testing.assert_allclose(Tile(projection, 0, 0, 0).bounds, EXTENTS[projection], rtol=0, atol=1e-6)


@given(any_tile())
def test_positions_are_where_proj_has_them(tile):
    latitude, longitude = by_proj(tile)
    result = np.broadcast_arrays(*tile.positions(OFFSETS))
    np.testing.assert_allclose(result[0], latitude, atol=1e-9)
    turned = (result[1] - longitude + 180) % 360 - 180
    np.testing.assert_allclose(turned * np.cos(np.radians(latitude)), 0, atol=1e-9)


@given(any_tile())
def test_positions_go_back_to_their_square(tile):
    latitude, longitude = np.broadcast_arrays(*tile.positions(OFFSETS))
    right, down = tiles.to_square(tile.projection, latitude, longitude)
    across = 2**tile.zoom
    np.testing.assert_allclose(down * across - tile.y, np.tile(OFFSETS[:, np.newaxis], OFFSETS.size), atol=1e-5)
    np.testing.assert_allclose(right * across - tile.x, np.tile(OFFSETS, (OFFSETS.size, 1)), atol=1e-5)


@given(any_tile(deepest=12), st.sampled_from([0.0, 1 / 32]))
def test_the_box_of_a_tile_is_the_smallest_that_holds_it(tile, margin):
    offsets = np.linspace(-margin, 1 + margin, 41)
    latitude, longitude = by_proj(tile, offsets)
    box = tile.box_around(margin)
    assert latitude.min() >= box.south - 1e-9
    assert latitude.max() <= box.north + 1e-9
    if box.width < 360:
        eastward = (longitude - box.west + 1e-7) % 360 - 1e-7
        assert eastward.max() <= box.width + 1e-6
        assert eastward.max() >= 0.95 * box.width
    assert latitude.min() <= box.south + 0.1 * (box.north - box.south)
    assert latitude.max() >= box.north - 0.1 * (box.north - box.south)


@loop_over(("projection", "pole"), [("EPSG:32661", 90.0), ("EPSG:3031", -90.0)])
@loop_over("zoom", [0, 1, 4])
def test_the_box_around_a_pole_goes_around_the_earth(projection, pole, zoom):
    middle = (1 << zoom) // 2
    box = Tile(projection, zoom, middle, middle).box_around()
    assert box.width == 360
    assert (box.north if pole > 0 else box.south) == pytest.approx(pole, abs=1e-9)


@loop_over("projection", PROJECTIONS)
def test_beside_the_square_no_tile_exists(projection):
    result = {(x, y) for x, y in itertools.product(range(-1, 5), repeat=2) if Tile(projection, 2, x, y).exists}
    assert result == set(itertools.product(range(4), repeat=2))


def test_the_axes_of_a_mercator_tile_are_the_textbooks():
    latitude, longitude = Tile(MERCATOR, 3, 5, 2).axes(tiles.pixel_offsets(4))
    y = np.pi * (1 - 2 * (2 + (np.arange(4) + 0.5) / 4) / 8)
    np.testing.assert_allclose(latitude, np.degrees(2 * np.arctan(np.exp(y)) - np.pi / 2))
    np.testing.assert_allclose(longitude, (5 + (np.arange(4) + 0.5) / 4) * 45 - 180)


@loop_over("projection", ["EPSG:32661", "EPSG:3031"])
def test_the_planes_of_polar_views_are_projs(projection):
    view = TILE_MATRICES[projection].polar
    latitude, longitude = view.sign * np.array([90.0, 89.999, 70.0, 45.0, 10.0, 0.0]), np.linspace(-180, 180, 6)
    result = tiles.to_polar(view, latitude, longitude)
    expected = TO_EARTH[projection].transform(longitude, latitude, direction="INVERSE")
    np.testing.assert_allclose(result, expected, atol=1e-3)
    np.testing.assert_allclose(tiles.from_polar(view, *result)[0], latitude, atol=1e-9)
