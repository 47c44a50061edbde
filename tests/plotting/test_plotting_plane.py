"""Places of tiles on the Earth, compared with PROJ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from ocean_plotting.tiles.plane import MERCATOR, POLAR, SIZE, Tile, around, to_plane

# The extents of the world in metres: left, top, side.
SQUARES = {projection: (one.left, one.top, one.side) for projection, one in POLAR.items()}
SQUARES[MERCATOR] = (-20_037_508.342789244, 20_037_508.342789244, 2 * 20_037_508.342789244)
TO_EARTH = {projection: Transformer.from_crs(projection, "EPSG:4326", always_xy=True) for projection in SQUARES}
AT = np.array([-2.0, 0.0, 0.5, 100.0, 255.5, 258.0])


@st.composite
def tiles(draw, projections=tuple(SQUARES)):
    zoom = draw(st.integers(0, 18))
    across = st.integers(0, (1 << zoom) - 1)
    return Tile(draw(st.sampled_from(projections)), zoom, draw(across), draw(across))


@given(tiles())
def test_pixels_are_where_proj_has_them(tile):
    left, top, side = SQUARES[tile.projection]
    size = side / 2**tile.zoom / SIZE
    easting, northing = np.meshgrid(left + (tile.x * SIZE + AT) * size, top - (tile.y * SIZE + AT) * size)
    longitude, latitude = TO_EARTH[tile.projection].transform(easting, northing)
    found = np.broadcast_arrays(*tile.places(AT))
    np.testing.assert_allclose(found[0], latitude, atol=1e-8)
    turned = (found[1] - longitude + 180) % 360 - 180
    np.testing.assert_allclose(turned * np.cos(np.radians(latitude)), 0, atol=1e-8)


@given(tiles())
def test_places_go_back_to_their_pixels(tile):
    latitude, longitude = np.broadcast_arrays(*tile.places(AT))
    right, down = to_plane(tile.projection, latitude, longitude)
    across = 2**tile.zoom
    np.testing.assert_allclose(down * across - tile.y, np.tile(AT[:, np.newaxis] / SIZE, AT.size), atol=1e-3)
    if tile.projection != MERCATOR:
        np.testing.assert_allclose(right * across - tile.x, np.tile(AT / SIZE, (AT.size, 1)), atol=1e-3)


@given(tiles())
def test_the_box_around_a_tile_holds_its_pixels(tile):
    latitude, longitude = tile.places(np.arange(SIZE) + 0.5)
    west, south, east, north = around(latitude, longitude)
    assert south <= latitude.min() <= latitude.max() <= north
    assert ((longitude - west + 1e-9) % 360 <= east - west + 2e-9).all() or east - west == 360
    assert east - west <= 360


@pytest.mark.parametrize(("projection", "pole"), [("EPSG:32661", 90.0), ("EPSG:3031", -90.0)])
@pytest.mark.parametrize("zoom", [0, 3, 7])
def test_the_box_around_a_pole_goes_around_the_earth(projection, pole, zoom):
    middle = (1 << zoom) // 2
    box = around(*Tile(projection, zoom, middle, middle).places(np.arange(-8.0, SIZE + 9)))
    assert (box[0], box[2]) == (-180.0, 180.0)
    assert pole in box


def test_polar_views_go_on_beyond_their_square():
    assert [Tile("EPSG:3031", 2, x, 1).exists for x in (-1, 0, 3, 4)] == [False, True, True, False]
