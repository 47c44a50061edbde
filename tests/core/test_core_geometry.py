"""Longitudes, rings and great circles, against pyproj, shapely and counting by hand."""

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Geod
from tests.looping import loop_over

from ocean_core import geometry
from ocean_core.geometry import EARTH_RADIUS

BALL = Geod(a=EARTH_RADIUS * 1000, b=EARTH_RADIUS * 1000)

latitudes = st.floats(-90, 90)
longitudes = st.floats(-720, 720)


def same_meridian(one, other):
    return np.abs((np.asarray(one) - np.asarray(other) + 180.0) % 360.0 - 180.0) < 1e-9


# Longitudes


@given(longitudes)
def test_a_wrapped_longitude_is_the_same_meridian_within_half_a_turn(longitude):
    wrapped = geometry.wrap_longitude(longitude)
    assert -180 <= wrapped < 180
    assert same_meridian(wrapped, longitude)


@given(st.floats(-180, 180, exclude_max=True))
def test_a_wrapped_longitude_stays_as_it_is_to_the_last_bit(longitude):
    assert geometry.wrap_longitude(longitude) == longitude


def test_absent_longitudes_stay_absent():
    assert np.isnan(geometry.wrap_longitude([np.nan, 190.0])).tolist() == [True, False]


@given(longitudes, longitudes)
def test_a_longitude_near_another_is_at_most_half_a_turn_away(longitude, middle):
    near = geometry.longitude_near(longitude, middle)
    assert abs(near - middle) <= 180 + 1e-9
    assert same_meridian(near, longitude)


@given(st.lists(st.floats(-179.9, 179.9), min_size=1, max_size=12))
def test_unwrapped_longitudes_are_those_of_numpy(longitude):
    steps = np.abs(np.diff(longitude))
    assume(not np.isclose(steps, 180).any())
    unwrapped = geometry.unwrap_longitudes(longitude)
    np.testing.assert_allclose(unwrapped, np.unwrap(longitude, period=360), atol=1e-9)
    assert unwrapped[0] == longitude[0]


@loop_over(
    ("given", "expected"),
    [
        ([], []),
        ([170.0, -170.0, 170.0], [170, 190, 170]),
        ([350.0, 10.0], [350, 370]),
        ([-180.0, 0.0, 180.0], [-180, 0, 180]),  # half turns, as they are written
        ([-180.0, 180.0, 180.0, -180.0], [-180, 180, 180, -180]),  # whole turns too
        ([0.0, 120.0, 240.0, 0.0], [0, 120, 240, 360]),
    ],
)
def test_lines_go_the_shorter_way_round(given, expected):
    assert geometry.unwrap_longitudes(given).tolist() == expected


@loop_over(
    ("span", "inside", "outside"),
    [
        ((-10.0, 10.0), [-10, 0, 10, 350, 370], [11, 180, 349]),
        ((170.0, 190.0), [170, 180, -180, -170], [169, 0, -169]),
        ((-180.0, 180.0), [-180, 0, 180, 900], [np.nan]),
    ],
)
def test_longitudes_of_any_convention_lie_in_a_span(span, inside, outside):
    assert geometry.longitudes_in_span(np.array(inside, dtype=float), span).all()
    assert not geometry.longitudes_in_span(np.array(outside, dtype=float), span).any()


spans = st.lists(st.tuples(st.floats(-180, 180), st.floats(0, 90)).map(lambda s: (s[0], s[0] + s[1])), min_size=1)


@given(spans)
def test_the_smallest_span_holds_all_and_begins_and_ends_with_one_of_them(given):
    west, east = geometry.smallest_span(given)
    for span in given:
        assert geometry.longitudes_in_span(np.linspace(*span, 5), (west, east), slack=1e-9).all()
    if east - west < 360:
        assert any(same_meridian(west, item) for item, _ in given)
        assert any(same_meridian(east, item) for _, item in given)


def test_the_smallest_span_crosses_the_antimeridian_where_that_is_shorter():
    assert geometry.smallest_span([(170.0, 175.0), (-175.0, -170.0)]) == (170.0, 190.0)
    assert geometry.smallest_span([(0.0, 1.0), (5.0, 365.0)]) == (5.0, 365.0)


def test_an_outline_across_the_antimeridian_is_split_there():
    parts = geometry.split_at_antimeridian(shapely.box(170, -10, 200, 10))
    assert sorted(part.bounds for part in parts.geoms) == [(-180, -10, -160, 10), (170, -10, 180, 10)]
    full = shapely.box(-20, -10, 20, 10)
    assert geometry.split_at_antimeridian(full) is full
    west = geometry.split_at_antimeridian(shapely.box(-190, -10, -170, 10))
    assert sorted(part.bounds for part in west.geoms) == [(-180, -10, -170, 10), (170, -10, 180, 10)]
    far = geometry.split_at_antimeridian(shapely.box(530, 0, 560, 10))
    assert sorted(part.bounds for part in far.geoms) == [(-180, 0, -160, 10), (170, 0, 180, 10)]


# Great circles


@given(latitudes, longitudes, latitudes, longitudes)
def test_distances_are_those_of_a_geodesic_on_a_sphere(latitude, longitude, other_latitude, other_longitude):
    result = geometry.great_circle_distance(latitude, longitude, other_latitude, other_longitude)
    expected = BALL.inv(longitude, latitude, other_longitude, other_latitude)[2] / 1000
    assert result == pytest.approx(expected, rel=1e-7, abs=1e-6)
    vectors = geometry.unit_vectors([latitude, other_latitude], [longitude, other_longitude])
    chord = np.linalg.norm(vectors[0] - vectors[1])
    assert geometry.chord_to_distance(chord) == pytest.approx(expected, abs=1e-3)
    assert geometry.distance_to_chord(result) == pytest.approx(chord, abs=1e-9)


@given(latitudes, longitudes)
def test_vectors_have_their_positions(latitude, longitude):
    result = geometry.positions_of(3.0 * geometry.unit_vectors(latitude, longitude))
    assert result[0] == pytest.approx(latitude, abs=1e-6)
    assert abs(latitude) > 89.99 or same_meridian(result[1], longitude)


@given(st.floats(-89, 89), longitudes, st.floats(0, 360))
def test_east_and_north_make_the_direction_of_a_geodesic(latitude, longitude, bearing):
    east, north = geometry.east_and_north(latitude, longitude)
    local = geometry.unit_vectors(latitude, longitude)
    present = geometry.unit_vectors(*BALL.fwd(longitude, latitude, bearing, 1000.0)[1::-1])
    step = (present - local) * EARTH_RADIUS
    expected = np.sin(np.radians(bearing)), np.cos(np.radians(bearing))
    np.testing.assert_allclose([step @ east, step @ north], expected, atol=1e-3)
    assert abs(east @ local) + abs(north @ local) + abs(east @ north) < 1e-12


def test_the_mean_of_positions_is_between_them_across_the_antimeridian():
    assert geometry.mean_position([0.0, 0.0], [170.0, -150.0]) == pytest.approx((0.0, -170.0))
    assert geometry.mean_position([80.0, 80.0], [0.0, 180.0])[0] == pytest.approx(90.0)


@given(latitudes, st.floats(-180, 180), st.floats(1, 25_000), st.floats(0, 360), st.floats(0, 1))
def test_the_box_of_a_circle_holds_every_point_of_it(latitude, longitude, radius, bearing, share):
    west, south, east, north = geometry.circle_bounds(latitude, longitude, radius)
    away = min(radius, np.pi * EARTH_RADIUS) * share * 1000
    there_longitude, there_latitude, _ = BALL.fwd(longitude, latitude, bearing, away)
    assert south - 1e-6 <= there_latitude <= north + 1e-6
    assert geometry.longitudes_in_span(there_longitude, (west, east), slack=1e-4) or abs(there_latitude) > 89.999


# Rings and polygons


def ring_around(latitude, *, step=30.0, first=-180.0):
    return [(first + step * n, latitude) for n in range(int(360 / step) + 1)]


def test_a_ring_is_closed_and_goes_on_beyond_the_antimeridian():
    ring = geometry.unwrap_ring([(170, 0), (-170, 0), (-170, 10), (170, 10)])
    assert ring.tolist() == [[170, 0], [190, 0], [190, 10], [170, 10], [170, 0]]


@loop_over(("latitude", "pole"), [(70.0, 90.0), (-65.0, -90.0)])
@loop_over("first", [-180.0, -175.0, 20.0])
def test_a_ring_around_a_pole_holds_it(latitude, pole, first):
    wrapped = [(float(geometry.wrap_longitude(east)), north) for east, north in ring_around(latitude, first=first)]
    for positions in (wrapped, wrapped[:-1], wrapped[::-1]):
        polygon = shapely.Polygon(geometry.unwrap_ring(positions))
        assert polygon.is_valid
        assert polygon.bounds[1::2] == tuple(sorted((latitude, pole)))
        assert polygon.area == pytest.approx(360 * abs(pole - latitude))


def test_a_ring_with_edges_of_half_a_turn_is_a_band_around_the_earth():
    ring = geometry.unwrap_ring([(-180, -10), (0, -10), (180, -10), (180, 10), (0, 10), (-180, 10)])
    assert shapely.Polygon(ring).bounds == (-180, -10, 180, 10)


@loop_over(
    ("ring", "area"),
    [
        ([(170, 0), (180, 0), (-180, 5), (170, 5)], 50),
        ([(170, 0), (180, 0), (-180, 0), (-170, 0), (-170, 5), (-180, 5), (180, 5), (170, 5)], 100),
        ([(-180, -60), (180, -60), (180, -90), (-180, -90)], 360 * 30),
        ([(-180, -90), (180, -90), (180, 90), (-180, 90)], 360 * 180),
        ([(0, 0), (180, 0), (180, 90), (0, 90)], 180 * 90),
    ],
)
def test_a_step_from_180_to_minus_180_is_a_way_around_the_earth_or_none(ring, area):
    polygon = shapely.Polygon(geometry.unwrap_ring(ring))
    assert polygon.buffer(0).area == pytest.approx(area)


def test_a_closed_ring_is_as_wide_as_its_numbers_say():
    assert geometry.close_ring([(-100, 0), (110, 0), (110, 10)]).tolist() == [[-100, 0], [110, 0], [110, 10], [-100, 0]]
    with pytest.raises(ValueError, match="a ring"):
        geometry.close_ring([(-200, 0), (161, 0), (110, 10)])


def test_positions_far_from_greenwich_are_turned_and_others_stay():
    assert geometry.wrap_far_longitudes([-424, -540, -180, 296, 360, 361]).tolist() == [-64, -180, -180, 296, 360, 1]
    assert [geometry.wrap_span(span) for span in [(-434, -414), (170, 190), (370, 380)]] == [
        (-74, -54), (170, 190), (10, 20),
    ]  # fmt: skip


TWICE = [(float(geometry.wrap_longitude(90.0 * n)), 50.0 + n / 10) for n in range(8)]


@loop_over("ring", [[], [(0, 0)], [(0, 0), (1, 1)], [(0, 0), (1, 1), (0, 0)], TWICE])
def test_an_invalid_ring_is_refused(ring):
    with pytest.raises(ValueError, match="a ring"):
        geometry.unwrap_ring(ring)


def test_an_edge_has_points_no_farther_apart_than_the_spacing():
    line = np.array([[0.0, 0.0], [10.0, 1.0], [10.0, 1.0], [10.0, -2.5]])
    dense = geometry.densify(line, 1.0)
    assert np.abs(np.diff(dense, axis=0)).max() <= 1.0 + 1e-12
    assert shapely.LineString(dense).hausdorff_distance(shapely.LineString(line)) < 1e-12
    assert len(dense) == 10 + 1 + 4 + 1


@loop_over("turn", [-360.0, 0.0, 360.0, 720.0])
def test_a_hole_is_cut_out_whichever_turn_it_is_written_on(turn):
    hole = shapely.box(172 + turn, -1, 174 + turn, 1)
    assert geometry.cut_holes(shapely.box(170, -10, 190, 10), [hole]).area == 400 - 4


def test_a_hole_over_the_seam_of_a_band_is_cut_out_on_both_ends():
    band = geometry.cut_holes(shapely.box(-180, -10, 180, 10), [shapely.box(170, -1, 190, 1)])
    assert band.area == 360 * 20 - 20 * 2
    assert geometry.cut_holes(shapely.box(0, 0, 1, 1), [shapely.box(-1, -1, 2, 2)] * 2).is_empty


@given(st.floats(-720, 720), st.floats(1, 359), latitudes, longitudes)
def test_a_polygon_holds_points_of_any_turn(west, width, latitude, longitude):
    polygon = shapely.box(west, -45, west + width, 45)
    into = (longitude - west) % 360.0
    assume(min(into, abs(into - width), 360 - into, abs(abs(latitude) - 45)) > 1e-6)
    result = geometry.polygon_holds(polygon, np.array([latitude]), np.array([longitude]))
    assert result[0] == (into < width and abs(latitude) < 45)


def test_the_rim_of_a_polygon_belongs_to_it_and_nothing_to_an_empty_one():
    at = np.array([0.0, 0.0, 0.0]), np.array([170.0, -170.0, 190.0])
    assert geometry.polygon_holds(shapely.box(170, -1, 190, 1), *at).all()
    assert not geometry.polygon_holds(shapely.Polygon(), *at).any()
    assert not geometry.polygon_holds(shapely.box(0, 0, 1, 1), np.array([np.nan]), np.array([0.5])).any()


def test_of_mended_geometries_the_parts_with_an_area_are_taken():
    bow = shapely.make_valid(shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]))
    mixed = shapely.GeometryCollection([bow, shapely.LineString([(0, 0), (9, 9)]), shapely.box(5, 5, 6, 6)])
    assert sorted(part.area for part in geometry.polygonal_parts(mixed)) == [1, 1, 1]
    assert geometry.polygonal_parts(shapely.Point(0, 0)) == []
