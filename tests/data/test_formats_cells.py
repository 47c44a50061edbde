"""The cells of an area as polygons: they cover it without gaps, over the date line and the pole as well."""

import json

import numpy as np
import pytest
import shapely
from tests.data.area_twins import ask, reading_of, write
from tests.data.test_triangles import TEMP, U
from tests.looping import loop_over

from ocean_common.contracts import data as contracts
from ocean_core.geometry import EARTH_RADIUS
from ocean_data.plan.extraction import read_parts
from ocean_data.writing.geojson import GEOJSON, cell_polygons

AT = "/api/v2.0/data"
GRIDS = {
    "rectilinear": ("ostia_month", "surface_temperature", (-40, -4, -20, 4)),
    "projected": ("arctic_day", "votemper", (5, 70, 25, 77)),
    "curvilinear": ("nemo_global_month", "tos", (-40, 20, -10, 45)),
    "staggered": ("wcofs_hour", "u_sur", (-125.5, 44, -124, 45.5)),
}


@pytest.fixture
def reading(source):
    return reading_of(source)


def features(extraction, reading):
    parts = read_parts(extraction, reading)
    return json.loads(b"".join(GEOJSON.pieces(extraction, parts, "r1")))["features"]


def shapes(found):
    return [shapely.geometry.shape(item["geometry"]) for item in found]


def size(polygon):
    """km2 on the sphere: exact where the rim follows parallels and meridians, close for small cells."""
    west, _, east, _ = polygon.bounds
    flat = shapely.transform(polygon, lambda at: np.stack([np.radians(at[:, 0]), np.sin(np.radians(at[:, 1]))], axis=1))
    assert east - west < 180
    return EARTH_RADIUS**2 * flat.area


@loop_over("name", GRIDS)
def test_cells_hold_their_centres_and_cover_the_area_once(name, reading, shipped):
    dataset, key, box = GRIDS[name]
    extraction, _ = ask(reading, [shipped[dataset, key]], box=box)
    result = features(extraction, reading)
    cells = shapes(result)
    assert {cell.geom_type for cell in cells} == {"Polygon"}
    centres = shapely.points([(item["properties"]["longitude"], item["properties"]["latitude"]) for item in result])
    assert shapely.contains(cells, centres).all()
    assert all(cell.exterior.is_ccw and cell.is_valid for cell in cells)
    overlap = sum(cell.area for cell in cells) / shapely.union_all(cells).area
    assert overlap == pytest.approx(1.0, abs=1e-6)


@loop_over("name", GRIDS)
def test_cells_are_as_large_as_statistics_weigh_them(name, reading, shipped):
    dataset, key, box = GRIDS[name]
    assets = shipped[dataset, key]
    extraction, values = ask(reading, [assets], box=box)
    window = extraction.body.keywords["readers"][0].window
    expected = reading.grids.grid(assets.grid).areas(window)
    wet = np.isfinite(values[key].reshape(window.shape))
    own = sum(size(cell) for cell in shapes(features(extraction, reading)))
    assert own == pytest.approx(expected[wet].sum(), rel=2e-3)


def test_every_so_many_cells_stay_as_large_as_they_are(reading, shipped):
    sst = shipped["ostia_month", "surface_temperature"]
    box = (-40, -4, -20, 4)
    full = {shape.wkt for shape in shapes(features(ask(reading, [sst], box=box)[0], reading))}
    some = {shape.wkt for shape in shapes(features(ask(reading, [sst], box=box, stride=3)[0], reading))}
    assert some < full


def test_cells_over_the_date_line_are_cut_there(reading, tmp_path, described):
    path = write(tmp_path / "line.nc", np.arange(-2.0, 3.0), np.arange(176.4, 186.0, 1.2), np.ones((1, 5, 8)), times=1)
    assets = described(path, "sst", kind="rectilinear", latitude="latitude", longitude="longitude")
    cells = shapes(features(ask(reading, [assets], box=(176, -2, -174, 2))[0], reading))
    across = [cell for cell in cells if cell.geom_type == "MultiPolygon"]
    assert len(across) == 5
    west, south, east, north = shapely.union_all(cells).bounds
    assert (west, east, south, north) == (-180, 180, -2.5, 2.5)
    assert shapely.union_all(cells).area == pytest.approx(8 * 1.2 * 5)


def test_the_cell_around_a_pole_reaches_up_to_it():
    meridian = np.array([[10.0, 100.0, -170.0, -80.0]])
    (cap,) = cell_polygons((np.full((1, 4), 89.0), meridian), np.array([0.0]))
    shape = shapely.geometry.shape(cap)
    assert shape.is_valid
    assert shape.area == pytest.approx(360.0)
    assert shape.bounds == (-180, 89, 180, 90)
    (south,) = cell_polygons((np.full((1, 4), -89.0), meridian), np.array([0.0]))
    assert shapely.geometry.shape(south).bounds == (-180, -90, 180, -89)


def test_cells_without_corners_or_area_are_left_out():
    latitude = np.array([[1.0, 1.0, np.nan, 2.0], [1.0, 1.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]])
    longitude = np.array([[0.0, 1.0, 1.0, 0.0]] * 3)
    assert [polygon is None for polygon in cell_polygons((latitude, longitude), np.full(3, 0.5))] == [True, True, False]


def test_a_map_has_the_cells_of_its_plane(reading, shipped):
    arctic = shipped["arctic_day", "votemper"]
    extraction, _ = ask(reading, [arctic], box=(5, 70, 25, 77), projection="EPSG:32661", shape=(12, 9))
    cells = shapes(features(extraction, reading))
    shared = shapely.union_all(cells).area
    assert {cell.geom_type for cell in cells} == {"Polygon"}
    assert sum(cell.area for cell in cells) == pytest.approx(shared, rel=1e-6)
    flat, _ = ask(reading, [arctic], box=(5, 70, 25, 77), projection="EPSG:4326", shape=(14, 20))
    assert {cell.bounds[2] - cell.bounds[0] for cell in shapes(features(flat, reading))} == {1.0}


def test_triangles_are_cells_where_values_are_theirs_and_nodes_are_points(reading, described):
    kinds = [
        {
            cell.geom_type
            for cell in shapes(features(ask(reading, [item], box=(-122.6, 37.7, -122.3, 37.9))[0], reading))
        }
        for item in (U, TEMP)
    ]
    assert kinds == [{"Polygon"}, {"Point"}]


def test_points_are_answered_at_the_requested_positions(client):
    query = {"bbox": "10,72,14,74", "format": "geojson"}
    for geometry, kind in (("point", "Point"), ("cell", "Polygon")):
        answer = client.get(f"{AT}/arctic_day/votemper/area", params=query | {"geometry": geometry})
        assert {feature["geometry"]["type"] for feature in answer.json()["features"]} == {kind}
    posted = client.post(f"{AT}/arctic_day/votemper/area?format=geojson", json={"box": [10, 72, 14, 74]})
    assert posted.json()["features"][0]["geometry"]["type"] == "Polygon"
    wrong = client.get(f"{AT}/arctic_day/votemper/area", params=query | {"geometry": "hexagon"})
    assert wrong.status_code == 400


def test_differences_have_the_cells_of_what_is_less(reading, shipped):
    arctic = shipped["arctic_day", "votemper"]
    minus = contracts.Minuend(dataset="arctic_day", time="2016-02-01")
    extraction, _ = ask(
        reading, [arctic, arctic], contracts.DifferenceRequest, box=(10, 72, 14, 74), minus=minus, time="2016-02-02"
    )
    assert {cell.geom_type for cell in shapes(features(extraction, reading))} == {"Polygon"}
