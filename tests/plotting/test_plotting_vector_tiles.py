"""Vector tiles, read back by another library."""

import mapbox_vector_tile
import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_plotting.basemap.vector_tiles import encode_layer

points = st.tuples(st.integers(-200, 4300), st.integers(-200, 4300))


def decode(content):
    return mapbox_vector_tile.decode(content, default_options={"y_coord_down": True, "geojson": False})


def lines_of(*parts):
    return shapely.multilinestrings([shapely.linestrings(np.array(part, dtype=float)) for part in parts])


@given(st.lists(st.lists(points, min_size=2, max_size=400, unique=True), min_size=1, max_size=3))
def test_lines_are_read_back_as_they_were_written(lines):
    created = encode_layer("bath", [lines_of(*lines)], [{"depth": 200}])
    layer = decode(created)["bath"]
    (feature,) = layer["features"]
    coordinates = feature["geometry"]["coordinates"]
    result = coordinates if feature["geometry"]["type"] == "MultiLineString" else [coordinates]
    assert [[tuple(point) for point in line] for line in result] == lines
    assert (layer["extent"], layer["version"], feature["properties"]) == (4096, 2, {"depth": 200})


hundredths = st.integers(-6000, 416_000).map(lambda number: number / 100)


@given(st.lists(st.tuples(hundredths, hundredths), min_size=3, max_size=30, unique=True))
def test_polygons_keep_their_shape(corners):
    hull = shapely.convex_hull(shapely.multipoints(corners))
    if hull.geom_type != "Polygon" or hull.area < 5e4:
        return
    geometry = decode(encode_layer("lands", [hull]))["lands"]["features"][0]["geometry"]
    assert shapely.geometry.shape(geometry).symmetric_difference(hull).area < hull.length


def test_outer_rings_turn_one_way_and_holes_the_other_however_they_come():
    outer, hole = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)], [(20, 20), (40, 20), (40, 40), (20, 40), (20, 20)]
    for first in (outer, outer[::-1]):
        for second in (hole, hole[::-1]):
            geometry = decode(encode_layer("lands", [shapely.Polygon(first, [second])]))["lands"]["features"][0][
                "geometry"
            ]
            assert shapely.geometry.shape(geometry).area == 100 * 100 - 20 * 20


@loop_over(
    "geometry",
    [
        shapely.Polygon([(5.1, 5.1), (5.2, 5.1), (5.2, 5.2), (5.1, 5.1)]),
        shapely.Polygon([(0, 0), (10, 10), (20, 20), (0, 0)]),
        shapely.LineString([[7.0, 7.0], [7.2, 7.1]]),
        shapely.MultiLineString([]),
    ],
)
def test_tiny_features_are_left_out_and_an_empty_tile_has_no_bytes(geometry):
    assert encode_layer("lands", [geometry]) == b""


def test_a_tile_without_features_has_no_bytes():
    assert encode_layer("lands", []) == b""


def test_a_hole_that_vanishes_leaves_its_polygon():
    polygon = shapely.Polygon([(0, 0), (9, 0), (9, 9), (0, 9)], [[(4, 4), (4.1, 4), (4.1, 4.1)]])
    created = encode_layer("lands", [polygon])
    assert shapely.geometry.shape(decode(created)["lands"]["features"][0]["geometry"]).area == 81


def test_equal_attributes_are_written_once():
    lines = [shapely.LineString([[0, n], [9, n]]) for n in range(50)]
    created = encode_layer("bath", lines, [{"depth": n % 2} for n in range(50)])
    assert created.count(b"depth") == 1
    assert [feature["properties"]["depth"] for feature in decode(created)["bath"]["features"]] == [
        n % 2 for n in range(50)
    ]
