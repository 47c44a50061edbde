"""The box of heights that a tile of the map needs."""

import numpy as np
from hypothesis import given
from tests.core.test_core_tiles import any_tile
from tests.looping import loop_over

from ocean_core.tiles import SIZE, Tile
from ocean_plotting.basemap.render import box_around


@given(any_tile())
def test_the_box_around_a_tile_holds_its_pixels(tile):
    latitude, longitude = tile.positions((np.arange(SIZE) + 0.5) / SIZE)
    west, south, east, north = box_around(latitude, longitude)
    assert south <= latitude.min() <= latitude.max() <= north
    assert ((longitude - west + 1e-9) % 360 <= east - west + 2e-9).all() or east - west == 360
    assert east - west <= 360


@loop_over(("projection", "pole"), [("EPSG:32661", 90.0), ("EPSG:3031", -90.0)])
@loop_over("zoom", [0, 3, 7])
def test_the_box_around_a_pole_goes_around_the_earth(projection, pole, zoom):
    middle = (1 << zoom) // 2
    box = box_around(*Tile(projection, zoom, middle, middle).positions(np.arange(-8.0, SIZE + 9) / SIZE))
    assert (box[0], box[2]) == (-180.0, 180.0)
    assert pole in box
