"""The planes of maps: which are chosen, where things lie in them, and the land that they show."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Proj, Transformer
from tests.looping import loop_over

from ocean_core.errors import InvalidRequest
from ocean_plotting.figure.map import coast_in_view, land_in_view
from ocean_plotting.figure.map_overlays import rotate_to_plane
from ocean_plotting.figure.view import (
    MERCATOR,
    NORTH,
    PROJECTIONS,
    SOUTH,
    Area,
    choose_view,
    compute_cell_areas,
    fill_edges,
    find_bounds,
    find_cells_inside,
    fit_projection,
    read_ring,
    to_geojson,
)

BARENTS, PACIFIC, BAY = (10, 70, 30, 76), (150, -20, -120, 40), (-123, 37, -122, 38.5)
ARCTIC, ANTARCTIC, WORLD = (-180, 65, 180, 90), (-180, -90, 180, -60), (-180, -80, 180, 85)
BERING, AUSTRALIA, CHILE, AFRICA = (170, 50, -160, 65), (110, -45, 155, -10), (-80, -55, -70, -20), (-20, -36, 52, 38)
BOXES = [BARENTS, PACIFIC, BAY, ARCTIC, ANTARCTIC, WORLD, BERING, AUSTRALIA, CHILE, AFRICA]
CITIES = [(51.5, -0.1), (40.4, -3.7), (55.75, 37.6), (-25.3, 131.0), (39.1, -94.6), (-15.8, -47.9), (62.0, 129.7),
          (66.5, 178.0), (67.0, -175.0), (-80.0, 20.0), (-85.0, 179.9), (-85.0, -179.9), (72.0, -40.0)]  # fmt: skip
SEAS = [(0.0, -30.0), (30.0, 180.0), (-40.0, 80.0), (75.0, 0.0), (88.0, 120.0), (-60.0, -179.0), (42.0, 51.0)]


def area(west, south, east, north, name=""):
    if east - west >= 360:
        around = [[item, lon] for item, lon in [(south, west), (south, east), (north, east), (north, west)]]
        return Area(name=name, rims=[read_ring(around, "$")])
    east = east if east > west else east + 360
    return Area(name=name, rims=[read_ring([[south, west], [south, east], [north, east], [north, west]], "$")])


def choose(box, asked=None, aspect=1.5):
    return choose_view(find_bounds([area(*box)]), asked, aspect)


@loop_over(
    ("box", "begins"),
    [
        (BARENTS, "+proj=lcc"), (PACIFIC, "+proj=merc"), (BAY, "+proj=tmerc"), (ARCTIC, "+proj=stere +lat_0=90"),
        (ANTARCTIC, "+proj=stere +lat_0=-90"), (WORLD, "+proj=merc"), (BERING, "+proj=lcc"), (CHILE, "+proj=tmerc"),
        (AFRICA, "+proj=merc"), (AUSTRALIA, "+proj=lcc"), ((0, 70, 40, 88), "+proj=stere"),
    ],
)  # fmt: skip
def test_the_projection_is_fitted_to_where_an_area_is_and_how_far_it_reaches(box, begins):
    result = fit_projection(find_bounds([area(*box)]))
    assert result.startswith(begins) or (box == BAY and result.startswith(("+proj=lcc", "+proj=tmerc")))


def test_a_narrow_slanting_area_gets_an_oblique_projection():
    slanting = Area(name="", rims=[read_ring([[50, -60], [51, -61], [71, -21], [70, -20]], "$")])
    result = choose_view(find_bounds([slanting]), None, 1.5)
    assert result.projection.startswith("+proj=omerc")
    x, y = result.plane(np.array([60.5, 61.5]), np.array([-40.5, -40.5]))
    assert abs(x[1] - x[0]) < 0.01 * (y[1] - y[0])  # north is up


@loop_over("box", BOXES)
@loop_over("asked", [None, MERCATOR])
def test_a_map_is_conformal_and_shows_its_areas_with_room_around(box, asked):
    result = choose(box, asked)
    left, bottom, right, top = result.extent
    inner = np.concatenate(find_bounds([area(*box)]).rings)
    stored = inner[np.abs(inner[:, 0]) < 82]
    x, y = np.moveaxis(result.project(stored[:, 0], stored[:, 1]), -1, 0)
    slack = 1e-6 * (right - left)
    assert x.min() >= left - slack
    assert x.max() <= right + slack
    assert y.min() >= bottom - slack
    assert y.max() <= top + slack
    middle = result.earth(np.array((left + right) / 2), np.array((bottom + top) / 2))
    factors = Proj(result.projection).get_factors(float(middle[1]), float(middle[0]))
    if result.projection != MERCATOR:  # on an ellipsoid it is conformal but nearly
        assert factors.angular_distortion < 1e-4


@given(
    st.floats(-179, 179), st.floats(-78, 78), st.floats(0.5, 90), st.floats(0.5, 40), st.sampled_from([0.4, 1.5, 4.0])
)
def test_every_place_on_any_map_is_one_place_on_the_earth(west, south, width, height, aspect):
    result = choose((west, south, west + width, min(south + height, 85)), None, aspect)
    left, bottom, right, top = result.extent
    x, y = np.meshgrid(np.linspace(left, right, 7), np.linspace(bottom, top, 7))
    latitude, longitude = result.earth(x, y)
    assert np.isfinite(latitude).all()
    again = result.plane(latitude, longitude)
    if not result.is_mercator:
        np.testing.assert_allclose(again[0], x, atol=1e-3 * (right - left))
    np.testing.assert_allclose(again[1], y, atol=1e-3 * (top - bottom))
    rows, columns = result.shape(100)
    assert max(rows, columns) == 100
    assert rows / columns == pytest.approx((top - bottom) / (right - left), abs=0.02 * rows / columns + 0.02)


@loop_over("asked", PROJECTIONS)
def test_positions_are_those_of_proj(asked):
    box = {MERCATOR: PACIFIC, NORTH: BARENTS, SOUTH: ANTARCTIC}[asked]
    result = choose(box, asked)
    assert result.projection == asked
    latitude, longitude = (
        np.array([-75.0, -65.0]) if asked == SOUTH else np.array([30.0, 75.0]),
        np.array([20.0, 160.0]),
    )
    expected = Transformer.from_crs("EPSG:4326", asked, always_xy=True).transform(longitude, latitude)
    x, y = np.moveaxis(result.project(latitude, longitude), -1, 0)
    np.testing.assert_allclose([x, y], expected, rtol=1e-9, atol=1e-3)


def test_a_mercator_map_goes_on_over_the_date_line():
    result = choose(PACIFIC, MERCATOR)
    west, _, east, _ = result.box()
    assert west < 150
    assert east > 240
    x, _ = result.plane(np.array([0.0, 0.0]), np.array([179.0, -179.0]))
    assert x[1] - x[0] == pytest.approx(2 * np.pi * 6378137 / 180)


@loop_over(("asked", "box"), [(NORTH, AUSTRALIA), (SOUTH, BARENTS), (NORTH, WORLD)])
def test_far_from_its_pole_a_polar_projection_gives_way_to_a_fitted_one(asked, box):
    assert choose(box, asked).projection.startswith("+proj=")


@loop_over("asked", ["EPSG:4326", "", "+proj=merc", "x" * 500])
def test_a_projection_that_there_is_not_is_refused_with_those_that_there_are(asked):
    with pytest.raises(InvalidRequest) as refused:
        choose(BARENTS, asked)
    assert refused.value.field == "$.projection"
    assert tuple(refused.value.allowed) == PROJECTIONS


def test_an_area_beyond_the_end_of_a_mercator_map_is_refused():
    with pytest.raises(InvalidRequest) as refused:
        choose((0, 87, 40, 89), MERCATOR)
    assert refused.value.field == "$.projection"


def test_a_ring_around_a_pole_that_is_drawn_on_a_polar_map_holds_it():
    drawn = [[-65, 0], [-60, 90], [-65, 180], [-60, -90]]
    assert read_ring(drawn, "$", NORTH)[:4] != read_ring(drawn, "$")[:4]
    around = Area(name="", rims=[read_ring(drawn, "$", SOUTH)])
    result = find_bounds([around])
    assert (result.south, result.global_longitude) == (-90.0, True)
    assert choose_view(result, SOUTH, 1.5).pole == -90.0


@pytest.mark.parametrize("boxes", [[(170, -5, 179, 5), (-179, -5, -170, 5)], [(350, 0, 359, 5), (1, 0, 8, 5)]])
def test_areas_on_both_sides_of_a_cut_are_one_neighbourhood(boxes):
    result = find_bounds([area(*box) for box in boxes])
    assert result.east - result.west < 21
    assert np.ptp(np.concatenate(result.rings)[:, 1]) < 21


@pytest.mark.parametrize(("west", "east"), [(-101, 111), (-91, 91), (-1, 181), (0, 360), (-180, 180), (-434, -230)])
@pytest.mark.parametrize("asked", [None, MERCATOR])
def test_an_area_wider_than_half_the_earth_is_shown_whole(west, east, asked):
    wide = Area(name="", rims=[read_ring([[-21, west], [-21, east], [21, east], [21, west]], "$", asked)])
    shown = choose_view(find_bounds([wide]), asked, 1.5)
    shape = shown.shape(120)
    latitude, longitude = shown.earth(*np.meshgrid(*shown.cells(shape)))
    inside = find_cells_inside(shown, [wide], shape)
    np.testing.assert_array_equal(inside, (abs(latitude) < 21) & ((longitude - west) % 360 < east - west))
    share = min(1.0, (east - west) * 1.25 / 360) * 360  # of the Earth that the map shows
    assert inside.any(axis=0).mean() == pytest.approx((east - west) / share, abs=0.1)


def test_a_polar_map_draws_edges_the_shorter_way():
    drawn = [[70, 170], [70, -170], [75, -170], [75, 170]]
    assert [longitude for _, longitude in read_ring(drawn, "$", NORTH)] == [170, 190, 190, 170, 170]
    assert [longitude for _, longitude in read_ring(drawn, "$")] == [170, -170, -170, 170, 170]
    beyond = [[59, -1], [59, 181], [87, 181], [87, -1]]
    assert read_ring(beyond, "$", NORTH) == read_ring(beyond, "$")


def test_edges_have_a_point_a_degree():
    result = fill_edges([(0.0, 170.0), (0.0, 190.0), (9.5, 190.0), (0.0, 170.0)])
    assert np.abs(np.diff(result, axis=0)).max() <= 1.0
    assert result[:, 1].max() == 190.0


def test_the_areas_reach_the_data_service_with_their_holes_and_longitude_first():
    holed = Area(name="", rims=[[(0.0, 1.0), (0.0, 5.0), (4.0, 5.0), (0.0, 1.0)]],
                 holes=[[(1.0, 3.0), (1.0, 4.0), (2.0, 4.0), (1.0, 3.0)]])  # fmt: skip
    (polygon,) = to_geojson([holed])["coordinates"]
    assert [polygon[0][1], polygon[1][1]] == [(5.0, 0.0), (4.0, 1.0)]


@loop_over("box", BOXES)
@loop_over("asked", [None, MERCATOR])
def test_land_is_where_there_is_land(resources, box, asked):
    shown = choose(box, asked)
    rings = [shapely.Polygon(ring) for ring in land_in_view(shown, resources.land)]
    left, bottom, right, top = shown.extent
    for places, expected in ((CITIES, True), (SEAS, False)):
        for latitude, longitude in places:
            x, y = (float(ring[0]) for ring in shown.plane(np.array([latitude]), np.array([longitude])))
            if left < x < right and bottom < y < top and abs(latitude) < 84:
                wound = sum((1 if ring.exterior.is_ccw else -1) * ring.contains(shapely.Point(x, y)) for ring in rings)
                assert (wound != 0) == expected, (latitude, longitude)


@loop_over("box", [ANTARCTIC, BERING, WORLD, ARCTIC])
def test_no_coast_is_drawn_where_the_file_cuts_the_land(resources, box):
    shown = choose(box)
    for line in coast_in_view(shown, resources.land):
        latitude, longitude = shown.earth(*line.T)
        assert not (np.abs(np.abs(longitude[:-1]) - 180) + np.abs(np.abs(longitude[1:]) - 180) < 1e-3).any()
        assert latitude.min() > -89.9


@loop_over("box", [BARENTS, PACIFIC, ARCTIC, BAY])
def test_cells_have_their_true_areas(box):
    shown = choose(box)
    shape = shown.shape(24)
    cell_areas = compute_cell_areas(shown, shape)
    left, bottom, right, top = shown.extent
    x, y = np.linspace(left, right, shape[1] + 1), np.linspace(top, bottom, shape[0] + 1)
    geod = Geod(ellps="WGS84")
    for row, column in [(0, 0), (shape[0] // 2, shape[1] // 3), (shape[0] - 1, shape[1] - 1)]:
        corners = [(column, row), (column + 1, row), (column + 1, row + 1), (column, row + 1)]
        latitude, longitude = shown.earth(np.array([x[i] for i, _ in corners]), np.array([y[j] for _, j in corners]))
        expected = abs(geod.polygon_area_perimeter(longitude, latitude)[0]) / 1e6
        assert cell_areas[row, column] == pytest.approx(expected, rel=0.02)


@loop_over("box", [BARENTS, PACIFIC, CHILE])
def test_cells_inside_are_those_whose_place_lies_in_the_area(box):
    shown = choose(box)
    shape = shown.shape(40)
    latitude, longitude = shown.earth(*np.meshgrid(*shown.cells(shape)))
    west, south, east, north = box
    east += 360 * (east < west)
    expected = (latitude > south) & (latitude < north) & ((longitude - west) % 360 < east - west)
    result = find_cells_inside(shown, [area(*box)], shape)
    assert (result != expected).mean() < 0.01  # the rim is drawn with a point a degree
    hole = Area(name="", rims=area(*box).rims, holes=area(*box).rims)
    assert not find_cells_inside(shown, [hole], shape).any()


@loop_over("box", [BARENTS, ARCTIC, ANTARCTIC, BERING, AUSTRALIA, CHILE])
@loop_over("asked", [None, NORTH, SOUTH])
def test_arrows_are_turned_as_their_plane_is(box, asked):
    shown = choose(box, asked)
    left, bottom, right, top = shown.extent
    x, y = (item.ravel() for item in np.meshgrid(np.linspace(left, right, 6), np.linspace(bottom, top, 5)))
    latitude, longitude = shown.earth(x, y)
    east, north = np.full(x.size, 0.3), np.full(x.size, -0.4)
    along, up = rotate_to_plane(shown, x, y, east, north)
    np.testing.assert_allclose(np.hypot(along, up), 0.5)
    # The way that a drifter takes with this current.
    bearing = np.degrees(np.arctan2(east, north))
    lon, lat, _ = Geod(ellps="WGS84").fwd(longitude, latitude, bearing, np.full(x.size, 50.0))
    ahead = np.moveaxis(shown.project(lat, lon), -1, 0)
    local = np.moveaxis(shown.project(latitude, longitude), -1, 0)
    way = np.arctan2(ahead[0] - local[0], ahead[1] - local[1])
    np.testing.assert_allclose([along, up], 0.5 * np.array([np.sin(way), np.cos(way)]), atol=3e-3)
