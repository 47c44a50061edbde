"""Areas: boxes and polygons on every kind of grid against xarray, brute force and shapely; stated grids."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import assume, given
from hypothesis import strategies as st
from litestar.testing import TestClient
from pyproj import Transformer
from scipy.interpolate import RegularGridInterpolator
from tests.data.area_twins import ask, reading_of, values_of, write
from tests.data.test_triangles import SFBOFS, TEMP, U
from tests.looping import loop_over

from ocean_common.contracts.data import PointsRequest
from ocean_core.errors import InvalidRequest, NothingInView
from ocean_data.compute import region as regions
from ocean_data.grids.base import split_runs
from ocean_data.plan.extraction import read_parts

AT = "/api/v2.0/data"
RING = [[170.0, -3.0], [190.0, -3.0], [185.0, 4.0], [170.0, -3.0]]


@pytest.fixture
def reading(source):
    return reading_of(source)


@pytest.fixture
def sst(shipped):
    return shipped["ostia_month", "surface_temperature"]


@pytest.fixture
def arctic(shipped):
    return shipped["arctic_day", "votemper"]


def around(dataset, west):
    """A dataset turned so that its longitudes begin at ``west``."""
    turned = west + np.mod(dataset.longitude.astype("f8") - west, 360.0)
    return dataset.assign_coords(longitude=turned).sortby("longitude")


# Boxes on parallels and meridians


@loop_over(("west", "east"), [(-140, -100), (170, -170), (350, 10), (0, 359), (-180, 180), (200, 220)])
def test_a_box_is_what_xarray_selects(reading, sst, west, east):
    extraction, result = ask(reading, [sst], box=(west, -3, east, 3))
    width = east - west if east > west else east - west + 360
    with xr.open_dataset(sst.files[0].path) as opened:
        expected = around(opened.surface_temperature[-1:], west).sel(
            latitude=slice(-3, 3), longitude=slice(west, west + width)
        )
        np.testing.assert_array_equal(result["surface_temperature"], expected.values)
        np.testing.assert_allclose(values_of(extraction, "longitude"), expected.longitude, atol=1e-5)
        np.testing.assert_array_equal(values_of(extraction, "latitude"), expected.latitude)
    assert result["surface_temperature"].dtype == np.float32


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("first", [0.0, -180.0, 20.0])
def test_a_box_does_not_care_how_the_file_runs(reading, described, tmp_path, first, descending):
    latitude = np.arange(-89.5, 90)[:: -1 if descending else 1]
    longitude = first + np.arange(0.5, 360)
    field = np.hypot(latitude[:, np.newaxis], np.mod(longitude, 360.0))
    path = write(tmp_path / "made.nc", latitude, longitude, field)
    sst = described(path, "sst", kind="rectilinear", latitude="latitude", longitude="longitude")
    extraction, result = ask(reading, [sst], box=(175, -20, -175, 20), stride=2)
    rows, columns = values_of(extraction, "latitude"), values_of(extraction, "longitude")
    assert columns.tolist() == [175.5, 177.5, 179.5, 181.5, 183.5]
    assert rows.size == 20
    assert (np.diff(rows) == (-2 if descending else 2)).all()
    np.testing.assert_allclose(result["sst"][0], np.hypot(rows[:, np.newaxis], columns), rtol=1e-6)


def test_a_meridian_that_the_file_has_twice_is_answered_once(reading, described, tmp_path):
    latitude, longitude = np.array([0.0, 1.0]), np.arange(0, 361, 30.0)
    path = write(tmp_path / "made.nc", latitude, longitude, np.ones((1, 2, 13)))
    sst = described(path, "sst", kind="rectilinear", latitude="latitude", longitude="longitude")
    extraction, _ = ask(reading, [sst], box=(-180, 0, 180, 1))
    assert values_of(extraction, "longitude").tolist() == np.arange(-180, 180, 30.0).tolist()


def test_a_period_is_answered_step_by_step(reading, sst):
    extraction, result = ask(reading, [sst], box=(-140, -3, -100, 3), start="2007-01-01", end="2007-12-31")
    with xr.open_dataset(sst.files[0].path) as opened:
        full = around(opened, -140).surface_temperature
        expected = full.sel(time="2007", latitude=slice(-3, 3), longitude=slice(-140, -100))
        np.testing.assert_array_equal(result["surface_temperature"], expected.values)
    assert extraction.dims["time"] == 12


@loop_over("rows", [1, 2, 5, 1000])
def test_how_much_is_read_at_once_changes_nothing(reading, shipped, sst, rows):
    for variable, box in ((sst, (-140, -3, -100, 3)), (shipped["arctic_day", "h"], (15, 70, 30, 78))):
        extraction, full = ask(reading, [variable], box=box, start=None)
        key = variable.variable.key
        parts = [part[key] for _, part in read_parts(replace(extraction, rows=rows), reading)]
        np.testing.assert_array_equal(np.concatenate(parts), full[key])


# Boxes on other grids


def brute(latitude, longitude, box):
    """Which centres lie in a box: NaN is outside."""
    west, south, east, north = box
    width = 360 if east - west == 360 else np.mod(east - west, 360)
    return (latitude >= south) & (latitude <= north) & (np.mod(longitude - west, 360) <= width)


@loop_over(
    "box",
    [
        (-180, 60, 180, 90),
        (60, -10, 80, 10),
        (170, -30, -170, 30),
        (-60, 70, 60, 90),
        (72, -5, 76, 5),
        (100, 80, 300, 90),
    ],
)
def test_a_box_on_a_tripolar_grid_holds_every_cell_once(reading, shipped, box):
    tos = shipped["nemo_global_month", "tos"]
    extraction, result = ask(reading, [tos], box=box)
    with xr.open_dataset(tos.files[-1].path, decode_times=False) as opened:
        latitude, longitude = opened.nav_lat.values.astype("f8"), opened.nav_lon.values.astype("f8")
        held = brute(latitude, longitude, box)
        values = opened.tos.values[-1][held]
    rows, columns = values_of(extraction, "latitude"), values_of(extraction, "longitude")
    meant = brute(rows, np.mod(columns, 360), box)
    assert meant.sum() == held.sum()
    assert np.isnan(result["tos"][0][~meant]).all()
    assert np.nansum(result["tos"], dtype="f8") == pytest.approx(np.nansum(values, dtype="f8"), rel=1e-6)
    assert (np.abs(columns[meant] - (box[0] + np.mod(box[2] - box[0], 360.1) / 2)) <= 180.1).all()


def test_a_box_over_the_seam_of_a_file_is_narrow(reading, shipped):
    extraction, _ = ask(reading, [shipped["nemo_global_month", "tos"]], box=(60, -10, 86, 10))
    assert extraction.dims["x"] < 30  # the file begins at 73 degrees east
    assert (np.diff(values_of(extraction, "longitude"), axis=1) > 0).all()


def test_a_projected_grid_answers_the_plane_too(reading, arctic):
    extraction, result = ask(reading, [arctic], box=(10, 70, 30, 80), depth="all", time="2016-02-02")
    with xr.open_dataset(arctic.files[0].path, decode_times=False) as opened:
        held = brute(opened.latitude.values, opened.longitude.values, (10, 70, 30, 80))
        rows, columns = np.flatnonzero(held.any(axis=1)), np.flatnonzero(held.any(axis=0))
        expected = opened.temperature.where(held)[1, :, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        np.testing.assert_allclose(result["votemper"][0], expected.values, rtol=1e-6)
        np.testing.assert_allclose(values_of(extraction, "x"), 1000.0 * expected.X)
        np.testing.assert_allclose(values_of(extraction, "y"), 1000.0 * expected.Y)
    assert extraction.facts["crs_wkt"].startswith("PROJCRS")


def test_the_bottom_and_the_mean_are_those_of_points(reading, arctic):
    for depth in ("bottom", "mean", "3"):
        extraction, area = ask(reading, [arctic], box=(18, 73, 22, 75), depth=depth)
        places = zip(values_of(extraction, "latitude").ravel(), values_of(extraction, "longitude").ravel(), strict=True)
        _, points = ask(reading, [arctic], PointsRequest, points=list(places), depth=depth)
        flat = area["votemper"].ravel()
        expected = np.isfinite(flat)
        assert expected.sum() > 20
        np.testing.assert_allclose(flat[expected], points["votemper"].ravel()[expected], rtol=1e-6)
        if depth == "bottom":
            np.testing.assert_allclose(area["depth"].ravel()[expected], points["depth"].ravel()[expected])


def test_a_mesh_answers_its_nodes_and_whole_triangles(reading):
    box = (-122.6, 37.7, -122.45, 37.9)
    extraction, result = ask(reading, [TEMP], box=box, depth="all", time="-1")
    with xr.open_dataset(SFBOFS, decode_times=False) as opened:
        latitude, longitude, corners = opened.lat.values, opened.lon.values, opened.nv.values.T - 1
        held = np.flatnonzero(brute(latitude, longitude, box))
        np.testing.assert_array_equal(result["temp"][0], opened.temp.values[-1][:, held])
        full = np.isin(corners, held).all(axis=1).sum()
    np.testing.assert_allclose(values_of(extraction, "latitude"), latitude[held])
    triangles = values_of(extraction, "triangles")
    assert triangles.shape == (full, 3)
    assert 0 <= triangles.min() <= triangles.max() < held.size


def test_values_in_triangles_are_those_whose_middles_lie_in_the_box(reading):
    box = (-122.6, 37.7, -122.45, 37.9)
    _, result = ask(reading, [U], box=box, depth="0")
    with xr.open_dataset(SFBOFS, decode_times=False) as opened:
        held = brute(opened.latc.values, opened.lonc.values, box)
        np.testing.assert_array_equal(result["u"][0], opened.u.values[-1, 0][held])


def test_components_on_other_points_come_to_the_cells_of_the_first(reading, shipped):
    u, v = shipped["wcofs_hour", "u_sur"], shipped["wcofs_hour", "v_sur"]
    box = (-125, 44, -124, 45)
    extraction, pair = ask(reading, [u, v], box=box)
    _, alone = ask(reading, [u], box=box)
    np.testing.assert_array_equal(pair["u_sur"], alone["u_sur"].astype("f8"))
    assert extraction.facts["grid"] == "of u_sur"
    _, parts = ask(reading, [u, v], box=box, vector=["eastward", "northward", "magnitude"])
    np.testing.assert_allclose(np.hypot(parts["eastward"], parts["northward"]), parts["magnitude"])
    known = np.isfinite(parts["magnitude"])
    np.testing.assert_allclose(parts["magnitude"][known], np.hypot(pair["u_sur"], pair["v_sur"])[known], atol=0.02)


# Polygons


def test_a_polygon_over_the_date_line_is_the_same_however_it_is_written(reading, sst):
    def turned(ring, by):
        return [[longitude + by, latitude] for longitude, latitude in ring]

    _, first = ask(reading, [sst], polygon={"type": "Polygon", "coordinates": [RING]})
    for ring in (turned(RING, -360), RING[::-1], [*RING[1:], RING[1]]):
        _, result = ask(reading, [sst], polygon={"type": "Polygon", "coordinates": [ring]})
        np.testing.assert_array_equal(result["surface_temperature"], first["surface_temperature"])
    cut = [[[[170, -3], [180, -3], [180, 4], [170, -3]]], [[[-180, -3], [-170, -3], [-180, 4], [-180, -3]]]]
    extraction, _ = ask(reading, [sst], polygon={"type": "MultiPolygon", "coordinates": cut})
    columns = values_of(extraction, "longitude")
    assert 170 <= columns[0] < 172
    assert 188 < columns[-1] <= 190
    assert (np.diff(columns) < 1).all()


def test_a_polygon_with_a_hole_is_cut_out_of_any_grid(reading, shipped, arctic):
    rim = [[10, 68], [40, 69], [35, 79], [12, 78], [10, 68]]
    hole = [[18, 72], [25, 72], [22, 76], [18, 72]]
    extraction, result = ask(reading, [arctic], polygon={"type": "Polygon", "coordinates": [rim, hole]}, depth="0")
    _, box = ask(reading, [arctic], box=(-20, 60, 60, 90))
    with xr.open_dataset(arctic.files[0].path, decode_times=False) as opened:
        held = shapely.contains_xy(shapely.Polygon(rim, [hole]), opened.longitude.values, opened.latitude.values)
        expected = opened.temperature.values[-1, 0][held]
    values = result["votemper"][0]
    assert np.isfinite(values).sum() == np.isfinite(expected).sum() > 200
    assert np.nanmean(values, dtype="f8") == pytest.approx(np.nanmean(expected, dtype="f8"), rel=1e-6)
    assert np.isfinite(box["votemper"]).sum() > np.isfinite(values).sum()
    assert extraction.dims["y"] * extraction.dims["x"] < box["votemper"].size


@pytest.mark.parametrize("last", [160, 180])
def test_a_ring_around_the_pole_holds_the_pole(reading, shipped, last):
    ring = [[float(number), 70.0] for number in range(-180, last + 1, 20)]
    ring += [[180, 90], [-180, 90]] if last == 180 else []
    polygon = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    _, cap = ask(reading, [shipped["nemo_global_month", "tos"]], polygon=polygon)
    _, box = ask(reading, [shipped["nemo_global_month", "tos"]], box=(-180, 70, 180, 90))
    assert np.isfinite(cap["tos"]).sum() == np.isfinite(box["tos"]).sum() > 1000


@pytest.mark.parametrize(
    "box",
    [
        (-101, 111, -21, 21), (-180, 180, -90, 90), (0, 360, -90, 90), (-180, 180, 60, 90), (-180, 0, -90, 0),
        (-540, -180, -30, 30), (-1, 181, 59, 87), (100, 459, 0, 10), (-229, -130, 20, 50), (-180, 179, -5, 5),
    ],
)  # fmt: skip
def test_edges_go_the_way_that_their_numbers_say(sst, reading, box):
    west, east, south, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    region = regions.polygon_region([[ring]])
    latitude, longitude = np.meshgrid(np.arange(-89.5, 90), np.arange(-179.5, 180), indexing="ij")
    held = region.holds(latitude, longitude)
    assert held.sum() == (east - west) * (north - south)
    assert (region.east - region.west, region.west >= -180, region.west < 360) == (east - west, True, True)
    if south < 5 and north > -5:
        _, result = ask(reading, [sst], polygon={"type": "Polygon", "coordinates": [ring]}, stride=7)
        _, expected = ask(reading, [sst], box=(west, south, east, north), stride=7)
        np.testing.assert_array_equal(result["surface_temperature"], expected["surface_temperature"])


@pytest.mark.parametrize("box", [(-540, -60, 540, 60), (-500, -60, 100, 60), (-180, -60, 180, 60), (0, -60, 360, 60)])
def test_a_box_wider_than_the_earth_is_all_around_it(box):
    region = regions.box_region(box)
    assert region.east - region.west == 360
    assert region.holds(np.zeros(360), np.arange(360.0)).all()


@given(
    st.lists(st.tuples(st.floats(0.2, 1), st.floats(0, 1)), min_size=3, max_size=12),
    st.floats(1, 360),
    st.floats(-540, 180),
    st.floats(2, 178),
)
def test_a_polygon_of_any_width_holds_the_cells_that_shapely_says(corners, width, west, height):
    turns = np.linspace(0, 2 * np.pi, len(corners), endpoint=False)
    star = np.stack([np.cos(turns), np.sin(turns)], axis=1) * np.array([reach for reach, _ in corners])[:, np.newaxis]
    star = (star - star.min(axis=0)) / np.ptp(star, axis=0)
    ring = np.clip(star * (width, height) + (west, -height / 2), (-540, -90), (west + 360, 90))
    rim = shapely.Polygon(ring)
    assume(rim.is_valid and rim.area > 0)
    region = regions.polygon_region([[[*ring.tolist(), ring[0].tolist()]]])
    latitude, longitude = (axis.ravel() for axis in np.meshgrid(np.arange(-88.0, 89, 4), np.arange(-178.0, 180, 4)))
    cells = [shapely.points(longitude + 360 * turn, latitude) for turn in (-2, -1, 0, 1, 2)]
    near = np.any([shapely.distance(rim.exterior, points) < 1e-6 for points in cells], axis=0)
    expected = np.any([shapely.contains(rim, points) for points in cells], axis=0)
    np.testing.assert_array_equal(region.holds(latitude, longitude)[~near], expected[~near])


boxes = st.tuples(st.floats(-180, 180), st.floats(-89, 80), st.floats(0.1, 359), st.floats(0.1, 100)).map(
    lambda item: (item[0], item[1], item[0] + item[2], min(item[1] + item[3], 90.0))
)
places = st.lists(st.tuples(st.floats(-90, 90), st.floats(-360, 360)), min_size=1, max_size=30)


@given(boxes, places)
def test_a_box_and_the_polygon_of_its_corners_hold_the_same(box, points):
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    latitude, longitude = np.array(points).T
    clear = (np.abs(latitude - south) > 1e-6) & (np.abs(latitude - north) > 1e-6)
    for edge in (west, east):
        clear &= np.abs(np.mod(longitude - edge + 180, 360) - 180) > 1e-6
    polygon = regions.polygon_region([[ring]])
    held = regions.box_region(box).holds(latitude, longitude)
    np.testing.assert_array_equal(polygon.holds(latitude, longitude)[clear], held[clear])
    np.testing.assert_array_equal(brute(latitude, longitude, box)[clear], held[clear])


@loop_over(
    "coordinates",
    [
        [],
        [[]],
        5,
        [[5]],
        [{"a": 1}],
        [[["a", 0], [1, 1], [0, 1], ["a", 0]]],
        [[[0, 0], [10, 10], [0, 10]]],
        [[[0, 0], [10, 10], [0, 10], [10, 0], [0, 0]]],
        [[[0, 0], [10, 0], [10, 10], [0, 10]]],
        [[[0, 0], [10, 0], [10, 95], [0, 0]]],
        [[[0], [10, 0], [10, 5], [0, 0]]],
        [[[0, 0], [10, 0], [20, 0], [0, 0]]],
        [[[0, 0], [9, 0], [9, 9], [0, 0]], [[-5, -5], [20, -5], [20, 20], [-5, 20], [-5, -5]]],
        [[[number / 30, 0] for number in range(20_001)]],
    ],
)
def test_a_polygon_that_makes_no_sense_is_refused(coordinates):
    with pytest.raises(InvalidRequest) as refused:
        regions.read_region(None, {"type": "Polygon", "coordinates": coordinates})
    assert refused.value.field == "polygon"


# Stated grids


def test_a_stated_grid_is_interpolated_like_scipy(reading, sst):
    extraction, result = ask(
        reading, [sst], box=(-140, -2, -120, 2), projection="EPSG:4326", shape=(8, 40), interpolation="bilinear"
    )
    rows, columns = values_of(extraction, "latitude"), values_of(extraction, "longitude")
    np.testing.assert_allclose(rows, np.arange(1.75, -2, -0.5))
    np.testing.assert_allclose(columns, np.arange(-139.75, -120, 0.5))
    with xr.open_dataset(sst.files[0].path) as opened:
        item = around(opened, -150).surface_temperature[-1]
        between = RegularGridInterpolator((item.latitude.values, item.longitude.values), item.values.astype("f8"))
        expected = between(np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1))
    np.testing.assert_allclose(result["surface_temperature"][0], expected, rtol=1e-6)


@loop_over("projection", ["EPSG:32661", "EPSG:3857", "EPSG:3995"])
def test_a_stated_grid_lies_where_its_projection_says(reading, arctic, projection):
    box = (10, 70, 30, 78)
    extraction, result = ask(reading, [arctic], box=box, projection=projection, shape=(30, 20))
    x, y = np.meshgrid(values_of(extraction, "x"), values_of(extraction, "y"))
    longitude, latitude = Transformer.from_crs("EPSG:4326", projection, always_xy=True).transform(
        x, y, direction="INVERSE"
    )
    np.testing.assert_allclose(values_of(extraction, "latitude"), latitude, atol=1e-6)
    np.testing.assert_allclose(values_of(extraction, "longitude"), longitude, atol=1e-6)
    assert np.ptp(np.diff(values_of(extraction, "x"))) < 1e-3
    assert np.isfinite(result["votemper"]).any()
    assert extraction.facts["crs"] == projection


def test_a_stated_grid_goes_on_over_the_date_line(reading, sst):
    extraction, result = ask(reading, [sst], box=(170, -3, -170, 3), projection="EPSG:3857", shape=(6, 20))
    np.testing.assert_allclose(np.diff(values_of(extraction, "x")), np.radians(1) * 6378137, rtol=1e-9)
    np.testing.assert_allclose(values_of(extraction, "longitude")[0], np.arange(170.5, 190))
    assert np.isfinite(result["surface_temperature"]).mean() > 0.9


def test_a_polygon_on_a_stated_grid_is_all_that_has_values(reading, sst):
    extraction, result = ask(
        reading, [sst], polygon={"type": "Polygon", "coordinates": [RING]}, projection="EPSG:4326", shape=(20, 40)
    )
    held = regions.polygon_region([[RING]]).holds(
        *np.meshgrid(values_of(extraction, "latitude"), values_of(extraction, "longitude"), indexing="ij")
    )
    assert np.isnan(result["surface_temperature"][0][~held]).all()
    assert np.isfinite(result["surface_temperature"][0][held]).mean() > 0.9


def test_positions_of_cells_may_be_left_out(reading, arctic):
    query = {"box": (0, 70, 30, 78), "projection": "EPSG:32661", "shape": (30, 20)}
    reported, untold = (ask(reading, [arctic], **query, places=places) for places in (True, False))
    names = [{coordinate.name for coordinate in extraction.coordinates} for extraction, _ in (reported, untold)]
    assert names[0] - names[1] == {"latitude", "longitude"}
    np.testing.assert_array_equal(untold[1]["votemper"], reported[1]["votemper"])


@loop_over(
    "projection",
    [
        "EPSG:32661",
        "+proj=lcc +lat_1=71 +lat_2=76 +lat_0=73.5 +lon_0=20 +datum=WGS84 +units=m +no_defs",
        "+proj=tmerc +lon_0=20 +datum=WGS84",
        "+proj=omerc +lat_0=73 +lonc=20 +alpha=30 +gamma=0 +datum=WGS84",
        "+proj=merc +lon_0=20",
        "+proj=stere +lat_0=90 +lat_ts=75 +lon_0=-40 +datum=WGS84",
    ],
)
def test_the_extent_of_a_regular_grid_can_be_given_in_its_projection(reading, arctic, projection):
    across = Transformer.from_crs("EPSG:4326", projection, always_xy=True)
    x, y = across.transform(20.0, 74.0)
    extent = (x - 3e5, y - 2e5, x + 3e5, y + 2e5)
    extraction, result = ask(reading, [arctic], projection=projection, shape=(4, 6), extent=extent)
    np.testing.assert_allclose(values_of(extraction, "x"), x + np.arange(-2.5, 3) * 1e5)
    np.testing.assert_allclose(values_of(extraction, "y"), y + np.arange(1.5, -2, -1) * 1e5)
    latitude, longitude = values_of(extraction, "latitude"), values_of(extraction, "longitude")
    points = [*zip(latitude.ravel().tolist(), longitude.ravel().tolist(), strict=True)]
    _, expected = ask(reading, [arctic], kind=PointsRequest, points=points)
    np.testing.assert_array_equal(result["votemper"].ravel(), expected["votemper"].ravel())


@pytest.mark.parametrize("beyond", [170.0, 190.0])
def test_the_rectangle_of_a_mercator_map_goes_on_over_the_date_line(reading, sst, beyond):
    metres = np.radians(1) * 6378137
    extent = ((beyond - 5) * metres, -2 * metres, (beyond + 15) * metres, 2 * metres)
    extraction, result = ask(reading, [sst], projection="EPSG:3857", shape=(4, 20), extent=extent)
    east = values_of(extraction, "longitude")[0]
    np.testing.assert_allclose(np.mod(east - beyond + 5, 360), np.arange(0.5, 20))
    assert np.isfinite(result["surface_temperature"]).mean() > 0.9


@loop_over(
    ("fields", "field"),
    [
        ({"projection": "EPSG:3857"}, "shape"),
        ({"shape": (3, 3)}, "projection"),
        ({"projection": "EPSG:1", "shape": (3, 3)}, "projection"),
        ({"projection": "+proj=merc +nadgrids=/etc/passwd", "shape": (3, 3)}, "projection"),
        ({"projection": "+init=epsg:3857", "shape": (3, 3)}, "projection"),
        ({"projection": "+proj=lcc +lat_1=100 +lat_2=100", "shape": (3, 3)}, "projection"),
        ({"projection": "EPSG:3857", "shape": (3, 3), "extent": (0, 0, 1, 1)}, "extent"),
        ({"box": None, "extent": (0, 0, 1, 1)}, "extent"),
        ({"box": None, "projection": "EPSG:3857", "shape": (3, 3), "extent": (0, 0, 0, 1)}, "extent"),
        ({"box": None, "projection": "EPSG:3857", "shape": (3, 3), "extent": (0, 0, np.nan, 1)}, "extent"),
        ({"box": None, "projection": "EPSG:3857", "extent": (0, 0, 1, 1)}, "shape"),
        ({"projection": "EPSG:4978", "shape": (3, 3)}, "projection"),
        ({"projection": "EPSG:3031", "shape": (3, 3)}, "projection"),
        ({"projection": "EPSG:3857", "shape": (0, 3)}, "shape"),
        ({"projection": "EPSG:3857", "shape": (3, 20_000)}, "shape"),
        ({"projection": "EPSG:3857", "shape": (3, 3), "stride": 2}, "stride"),
        ({"stride": 0}, "stride"),
        ({"box": (10, 80, 20, 70)}, "bbox"),
        ({"box": (10, -91, 20, 70)}, "bbox"),
        ({"box": (10, 70, np.nan, 80)}, "bbox"),
        ({"box": (10, 70, 999, 80)}, "bbox"),
        ({"box": None}, "bbox"),
        ({"polygon": {"type": "Polygon", "coordinates": [RING]}}, "bbox"),
        ({"depth": "deep"}, "depth"),
    ],
)
def test_a_wrong_area_is_refused_with_its_field(reading, arctic, fields, field):
    with pytest.raises(InvalidRequest) as refused:
        ask(reading, [arctic], **{"box": (10, 70, 30, 78), **fields})
    assert refused.value.field == field


def test_an_area_without_a_cell_says_where_the_grid_is(reading, arctic):
    for box in ((100, -10, 110, 10), (20.1, 75.11, 20.11, 75.12)):
        with pytest.raises(NothingInView, match=r"latitudes 64\.8 to 82\.38"):
            ask(reading, [arctic], box=box)


# Sample files

SAMPLES = os.environ.get("OCEAN_SAMPLES")
FILES = [
    ("regular/cobe_sst_1997.nc", "sst", "rectilinear", "time", "lat", "lon"),
    ("regular/oisst_tasmania_2003_2004.nc", "sst", "rectilinear", "time", "lat", "lon"),
    ("nemo/ctorca_gdt13.nc", "sosstsst", "curvilinear", "time_counter", "nav_lat", "nav_lon"),
    ("nemo/nemo_test.nc", "votemper", "curvilinear", "time_counter", "nav_lat", "nav_lon"),
    ("nemo/amm7_1d_20000301_20000331_ptrc_T.nc", "N3_n", "curvilinear", "time_counter", "nav_lat", "nav_lon"),
]


def known(latitude, longitude, values):
    """Values with their places, in order; a place that a grid has twice is taken once."""
    wet = np.isfinite(values)
    rows = np.stack([latitude[wet], np.mod(longitude[wet] + 1e-4, 360.0), values[wet]], axis=1)
    _, first = np.unique(np.round(rows[:, :2], 3), axis=0, return_index=True)
    return rows[first]


@pytest.mark.full
@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES names no folder of sample files")
@pytest.mark.parametrize("sample", FILES, ids=[item[0] for item in FILES])
def test_boxes_on_sample_files_hold_what_brute_force_finds(reading, described, sample):
    path, name, kind, time, *axes = sample
    file = Path(SAMPLES) / path
    variable = described(file, name, kind=kind, time=time, latitude=axes[0], longitude=axes[1])
    with xr.open_dataset(file, decode_times=False) as opened:
        places = [opened[item].values.astype("f8") for item in axes]
        latitude, longitude = places if places[0].ndim == 2 else np.meshgrid(*places, indexing="ij")
        values = opened[name].values
    values = values.reshape(values.shape[0], -1, *latitude.shape)[-1, 0]
    usable = (latitude != 0) | (longitude != 0)
    axes_of = "latitude", "longitude"
    for share in (0.15, 0.3, 0.8):
        middle, half = latitude[latitude.shape[0] // 2, latitude.shape[1] // 2], np.ptp(latitude) / 2 * share
        centre, across = (
            longitude[latitude.shape[0] // 2, latitude.shape[1] // 2],
            min(np.ptp(longitude), 360) / 2 * share,
        )
        box = (centre - across, max(middle - half, -90), centre + across, min(middle + half, 90))
        extraction, result = ask(reading, [variable], box=box)
        own = values_of(extraction, axes_of[0]), values_of(extraction, axes_of[1])
        own = own if own[0].ndim == 2 else np.meshgrid(*own, indexing="ij")
        np.testing.assert_allclose(
            known(*own, result[name].reshape(own[0].shape)),
            known(latitude, longitude, np.where(brute(latitude, longitude, box) & usable, values, np.nan)),
            rtol=1e-6,
        )


# The pieces


@given(st.integers(1, 400), st.integers(1, 7), st.integers(0, 399), st.booleans(), st.none() | st.integers(1, 500))
def test_runs_are_the_positions_in_order(size, stride, begin, down, most):
    positions = np.mod(begin % size + np.arange(size), size)[::stride]
    positions = positions[::-1] if down else positions
    full = np.arange(400)
    parts = [full[run.file][run.picked] for run in split_runs(positions, most)]
    np.testing.assert_array_equal(np.concatenate(parts), positions)
    assert len(parts) <= 3 + (400 // most + 1 if most else 0)
    assert all(most is None or run.file.stop - run.file.start <= most for run in split_runs(positions, most))


def test_cost_is_of_the_window_alone(reading, sst):
    extraction, result = ask(reading, [sst], box=(-140, -3, -100, 3), start="2007-01-01", end="2007-12-31")
    assert extraction.cost.values == extraction.cost.cells == result["surface_temperature"].size
    assert extraction.cost.bytes == result["surface_temperature"].nbytes
    assert extraction.cost.steps == 12


# Through the service


def test_an_area_is_answered_and_estimated(client):
    query = {"bbox": "15,70,30,78", "depth": "0", "time": "2016-02-02"}
    answer = client.get(f"{AT}/arctic_day/votemper/area", params=query)
    document = client.get(f"{AT}/arctic_day/votemper/estimate/area", params=query).json()
    assert answer.status_code == 200
    assert document["dims"] == answer.json()["dims"]
    assert document["allowed"]


def test_a_calculated_variable_has_an_area_statistics_and_a_difference(client):
    query = {"bbox": "15,70,30,78", "time": "2016-02-02", "expression": "votemper + 273.15"}
    where = f"{AT}/arctic_day/votemper"
    area = client.get(f"{where}/area", params=query).json()["variables"]
    kelvin, celsius = (np.array(area[key]["values"], dtype=float) for key in ("expression", "votemper"))
    np.testing.assert_allclose(kelvin, celsius + 273.15, atol=1e-4)
    variables = client.get(f"{where}/statistics", params=query).json()["variables"]
    means = [variables[f"{key}_mean"]["values"][0] for key in ("expression", "votemper")]
    assert means[0] - means[1] == pytest.approx(273.15)
    apart = client.get(f"{where}/difference", params={**query, "minus_time": "2016-02-01"}).json()["variables"]
    pair = [np.array(apart[key]["values"], dtype=float) for key in ("expression", "votemper")]
    np.testing.assert_allclose(*pair, atol=1e-4)


@pytest.mark.parametrize(
    "params",
    [
        {"projection": "EPSG:3857", "shape": "9000,9000"},
        {"projection": "EPSG:3857", "shape": "2000,2000", "interpolation": "gaussian", "neighbours": "50"},
    ],
)
def test_a_regular_grid_that_is_too_large_is_refused_before_it_is_searched(client, params):
    answer = client.get(f"{AT}/arctic_day/votemper/area", params={"bbox": "15,70,30,78", **params})
    assert answer.status_code == 413
    assert "shape=" in answer.json()["detail"]


def test_a_polygon_is_posted(client):
    ring = [[10, 70], [30, 70], [30, 76], [10, 76], [10, 70]]
    body = {"polygon": {"type": "Polygon", "coordinates": [ring]}, "time": "2016-02-02", "stride": 2}
    posted = client.post(f"{AT}/arctic_day/votemper/area", content=json.dumps(body))
    got = client.get(
        f"{AT}/arctic_day/votemper/area", params={"bbox": "10,70,30,76", "time": "2016-02-02", "stride": 2}
    )
    assert posted.status_code == got.status_code == 200
    assert posted.json()["variables"] == got.json()["variables"]


def test_an_area_that_is_too_large_is_refused_with_what_fits(app_over, shipped):
    with TestClient(app_over([shipped["arctic_day", "votemper"]], max_document=500)) as small:
        query = {"bbox": "15,70,30,78"}
        answer = small.get(f"{AT}/arctic_day/votemper/area", params=query)
        assert answer.status_code == 413
        fitting = answer.json()["detail"].partition("bbox=")[2].partition(",")[0]
        stride = int(answer.json()["detail"].partition("stride=")[2].partition(",")[0])
        assert float(fitting) > 15
        assert small.get(f"{AT}/arctic_day/votemper/area", params={**query, "stride": stride}).status_code == 200
