"""A tile that is said to be far from a grid has no pixel near it, by pyproj."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from tests.looping import loop_over

from ocean_common.contracts.assets import Grid
from ocean_core.tiles import Tile
from ocean_plotting.tiles.store import tile_misses_grid

WORLD = 20037508.342789244
SQUARES = {  # left, top, side of tile 0/0/0, m
    "EPSG:3857": (-WORLD, WORLD, 2 * WORLD),
    "EPSG:32661": (-1154826.7379766018, 5154826.737976602, 6309653.4759532036),
    "EPSG:3031": (-3087442.3458218463, 3087442.3458218463, 6174884.6916436926),
}
TO_EARTH = {one: Transformer.from_crs(one, "EPSG:4326", always_xy=True) for one in SQUARES}


def pixels(projection, zoom, x, y, count=24):
    """Latitudes and longitudes of points all over a tile, its edges included."""
    left, top, side = SQUARES[projection]
    into = np.linspace(0, 1, count)
    easting, northing = np.meshgrid(left + side * (x + into) / 2**zoom, top - side * (y + into) / 2**zoom)
    longitude, latitude = TO_EARTH[projection].transform(easting.ravel(), northing.ravel())
    return latitude, longitude


def grid(bounds, shape=(100, 100)):
    return Grid(id="g", kind="curvilinear", shape=shape, bounds=bounds)


BOUNDS = st.tuples(
    st.floats(-180, 180), st.floats(-90, 80), st.floats(-180, 180), st.floats(0, 40)
).map(lambda b: (b[0], b[1], b[2], min(90.0, b[1] + b[3])))  # fmt: skip


@given(st.sampled_from(list(SQUARES)), st.integers(0, 7), st.floats(0, 0.999), st.floats(0, 0.999), BOUNDS)
def test_a_tile_outside_the_grid_has_no_pixel_in_its_box(projection, zoom, across, down, bounds):
    x, y = int(across * 2**zoom), int(down * 2**zoom)
    if not tile_misses_grid(Tile(projection, zoom, x, y), grid(bounds)):
        return
    west, south, east, north = bounds
    latitude, longitude = pixels(projection, zoom, x, y)
    margin = 0.5  # degrees: half a cell, or the Earth's flattening
    lengthways = margin / np.cos(np.radians(np.minimum(np.abs(latitude), 89)))
    eastward = (longitude - (west - lengthways)) % 360
    inside = (latitude >= south - margin) & (latitude <= north + margin)
    inside &= eastward <= ((east - west) % 360) + 2 * lengthways
    assert not inside.any()


@loop_over(
    ("projection", "zoom", "x", "y", "far"),
    [
        ("EPSG:3857", 4, 8, 3, False),
        ("EPSG:3857", 4, 2, 3, True),
        ("EPSG:3857", 4, 8, 8, True),
        ("EPSG:3857", 0, 0, 0, False),
        ("EPSG:32661", 2, 2, 2, False),
        ("EPSG:32661", 2, 0, 0, True),
        ("EPSG:3031", 0, 0, 0, True),
    ],
)
def test_of_an_arctic_grid_the_tiles_of_other_seas_are_apart(projection, zoom, x, y, far):
    assert tile_misses_grid(Tile(projection, zoom, x, y), grid((0.0, 66.0, 40.0, 82.0))) is far


def test_a_grid_across_the_antimeridian_is_on_both_sides_of_the_map():
    pacific = grid((170.0, -10.0, -170.0, 10.0))
    assert [tile_misses_grid(Tile("EPSG:3857", 4, x, 8), pacific) for x in (0, 7, 15)] == [False, True, False]


@pytest.mark.parametrize("bounds", [None, (-180.0, -80.0, 180.0, 90.0)])
def test_of_a_grid_around_the_world_or_of_unknown_bounds_no_tile_is_apart(bounds):
    assert not any(tile_misses_grid(Tile("EPSG:3857", 3, x, y), grid(bounds)) for x in range(8) for y in range(8))
