"""The scale of a map says how long something is in its middle, and nothing where that would be wrong elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from pyproj import Geod
from tests.looping import loop_over

from ocean_core.tiles import PROJECTIONS
from ocean_plotting.figure.map_overlays import MOST_UNEVEN, ROUND_LENGTHS, choose_scale_bar, draw_scale_bar
from ocean_plotting.figure.view import Area, View, choose_view, find_bounds

WGS84 = Geod(ellps="WGS84")


def box(south, west, north, east):
    return Area(name="", rims=[[(south, west), (south, east), (north, east), (north, west), (south, west)]])


def choose(area, asked=None, aspect=1.4):
    return choose_view(find_bounds([area]), asked, aspect)


def between(one: View, share):
    """Metres of the Earth between the ends of a line in the middle of a map, along many short pieces."""
    left, bottom, right, top = one.extent
    x = np.linspace(-share / 2, share / 2, 101) * (right - left) + (left + right) / 2
    latitude, longitude = one.earth(x, np.full(x.shape, (bottom + top) / 2))
    return WGS84.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])[2].sum()


@given(
    latitude=st.floats(-80, 80),
    longitude=st.floats(-180, 180),
    height=st.floats(0.02, 15),
    narrowness=st.floats(0.2, 4),
    asked=st.sampled_from([None, *PROJECTIONS]),
)
def test_a_ruler_is_as_long_as_it_says(latitude, longitude, height, narrowness, asked):
    south, north = max(latitude - height / 2, -84), min(latitude + height / 2, 84)
    width = min(height * narrowness / np.cos(np.radians(latitude)), 90)
    item = choose(box(south, longitude, north, longitude + width), asked)
    result = choose_scale_bar(item, 0.25)
    if result is None:
        return
    assert between(item, result.fraction) == pytest.approx(result.length, rel=0.01)
    assert 0.09 < result.fraction <= 0.25
    digit = result.length / 10 ** np.floor(np.log10(result.length) + 1e-9)
    assert min(abs(digit - length) for length in ROUND_LENGTHS) < 1e-9


@pytest.mark.parametrize("area", [box(-80, -180, 80, 180), box(-70, 10, 70, 60)])
def test_the_world_has_none(area):
    assert choose_scale_bar(choose(area, "EPSG:3857"), 0.25) is None


def test_mercator_s_map_of_a_sea_has_one_that_is_longer_than_at_the_equator():
    """A metre of EPSG:3857 is half a metre of the Earth at 60°."""
    item = choose(box(59, 0, 61, 4), "EPSG:3857")
    result = choose_scale_bar(item, 0.25)
    left, _, right, _ = item.extent
    assert result.fraction * (right - left) == pytest.approx(2 * result.length, rel=0.02)


def test_a_map_whose_scale_differs_much_has_none():
    for north in range(2, 70, 4):
        item = choose(box(0, 0, north, 40), "EPSG:3857", None)
        latitude = item.earth(*(np.array([item.extent[0]] * 2), np.array([item.extent[1], item.extent[3]])))[0]
        farthest = np.cos(np.radians(np.abs(latitude).max()))
        most = MOST_UNEVEN * (0.99 if choose_scale_bar(item, 0.25) is None else 1.01)
        assert (1 / farthest > most) == (choose_scale_bar(item, 0.25) is None)


@loop_over(("empty", "corner"), [((0, 0), (0, 1)), ((0, -1), (1, 1)), ((-1, 0), (0, 0)), ((-1, -1), (1, 0))])
def test_it_stands_where_it_hides_the_fewest_values(context, empty, corner):
    figure = Figure(figsize=(6, 4))
    axes = figure.add_axes((0.1, 0.1, 0.8, 0.8))
    values = np.ones((40, 60))
    row, column = empty
    values[slice(-20, None) if row else slice(20), slice(-30, None) if column else slice(30)] = np.nan
    draw_scale_bar(axes, choose(box(70, 0, 75, 20)), values, context("fr", "6x4"))
    (text,) = axes.texts
    assert text.get_text() == "200\N{NO-BREAK SPACE}km"
    assert tuple(int(item > 0.5) for item in text.get_position()) == corner


def test_a_small_map_has_none(context):
    axes = Figure(figsize=(1.2, 1.2)).add_axes((0.1, 0.1, 0.8, 0.8))
    draw_scale_bar(axes, choose(box(70, 0, 75, 20)), np.ones((4, 4)), context("en", "2x2"))
    assert not axes.texts
