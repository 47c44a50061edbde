"""Statistics: weighted by true areas, against xarray, brute force and pyproj's geodesics on a sphere."""

import json
from dataclasses import replace

import netCDF4
import numpy as np
import pytest
import shapely
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from msgspec import structs
from pyproj import Geod, Transformer
from tests.data.area_twins import ask, reading_of, write
from tests.data.test_triangles import TEMP, U
from tests.looping import loop_over

from ocean_common.contracts.data import StatisticsRequest
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import EARTH_RADIUS
from ocean_data.compute.region import box_region, covered_shares, polygon_region
from ocean_data.grids.curvilinear import Curvilinear
from ocean_data.grids.mesh import Mesh
from ocean_data.grids.neighbours import Search
from ocean_data.grids.rectilinear import Rectilinear
from ocean_data.plan.statistics import statistics, weighted_quantiles

AT = "/api/v2.0/data"
EARTH = 4 * np.pi * EARTH_RADIUS**2  # km2
BALL = Geod(a=EARTH_RADIUS * 1000, b=EARTH_RADIUS * 1000)


@pytest.fixture
def reading(source):
    return reading_of(source)


def sizes(grid, box=(-180, -90, 180, 90)):
    return grid.areas(grid.window(box_region(box)))


# Areas of cells


@loop_over("first", [-180.0, 0.5, 30.0])
@loop_over("step", [1.0, 2.5, 30.0])
def test_the_cells_of_a_global_grid_cover_the_earth(first, step):
    latitude, longitude = np.arange(-90 + step / 2, 90, step), first + np.arange(0, 360, step)
    assert sizes(Rectilinear(latitude[::-1], longitude)).sum() == pytest.approx(EARTH)


def test_cells_between_parallels_and_meridians_are_exact():
    latitude, longitude = np.array([10.0, 11, 13, 14]), np.array([170.0, 172, -186, -184])
    result = sizes(Rectilinear(latitude, longitude), (160, 0, 200, 20))
    south, north = np.array([9.5, 10.5, 12, 13.5]), np.array([10.5, 12, 13.5, 14.5])
    band = np.sin(np.radians(north)) - np.sin(np.radians(south))
    np.testing.assert_allclose(result, EARTH_RADIUS**2 * np.radians(2) * band[:, np.newaxis] * np.ones(4))


def test_curvilinear_cells_are_nearly_those_of_parallels_and_meridians():
    latitude, longitude = np.arange(40.25, 50, 0.5), np.arange(-30.0, -10, 0.5)
    rows, columns = np.meshgrid(latitude, longitude, indexing="ij")
    box = (-31, 39, -9, 51)
    exact = sizes(Rectilinear(latitude, longitude), box)
    np.testing.assert_allclose(sizes(Curvilinear(rows, columns), box), exact, rtol=1e-3)


def test_a_curvilinear_cell_is_the_polygon_between_its_neighbours():
    rng = np.random.default_rng(3)
    rows, columns = np.meshgrid(np.arange(60.0, 64), np.arange(0.0, 4), indexing="ij")
    rows, columns = rows + rng.uniform(-0.2, 0.2, rows.shape), columns + rng.uniform(-0.2, 0.2, rows.shape)
    result = sizes(Curvilinear(rows, columns), (-5, 50, 10, 70))[1, 1]
    phi, lam = np.radians(rows), np.radians(columns)
    field = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    corners = [field[:, j : j + 2, i : i + 2].sum(axis=(1, 2)) for j, i in ((0, 0), (0, 1), (1, 1), (1, 0))]
    degrees = [(np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))) for x, y, z in corners]
    exact = BALL.polygon_area_perimeter(*zip(*degrees, strict=True))[0] / 1e6
    assert result == pytest.approx(abs(exact), rel=1e-6)


def test_the_cells_of_a_tripolar_grid_cover_the_earth_once(reading, shipped):
    tos = shipped["nemo_global_month", "tos"]
    extraction, result = ask(reading, [tos], StatisticsRequest, box=(-180, -90, 180, 90))
    covered = result["tos_area"][0] / (1 - result["tos_missing"][0])
    assert 0.9 * EARTH < covered < EARTH  # Antarctica is not in it
    assert result["tos_area"][0] == pytest.approx(361e6, rel=0.02)
    assert extraction.facts["weights"] == "areas of the cells"


def test_the_areas_of_nodes_and_of_triangles_are_those_of_the_mesh():
    latitude, longitude = np.array([0.0, 0, 1, 1, 5]), np.array([0.0, 1, 0, 1, 5])
    corners = np.array([[0, 1, 2], [1, 3, 2], [0, -1, 2]], dtype=np.int32)
    everywhere = box_region((-180, -90, 180, 90))
    faces, nodes = (
        mesh.areas(replace(mesh.window(everywhere), columns=np.arange(mesh.shape[1]))).ravel()
        for mesh in (Mesh((latitude, longitude), corners, location) for location in ("face", "node"))
    )
    exact = [abs(BALL.polygon_area_perimeter(longitude[corner], latitude[corner])[0]) / 1e6 for corner in corners[:2]]
    np.testing.assert_allclose(faces[:2], exact, rtol=1e-6)
    assert np.isnan(faces[2])
    assert nodes.sum() == pytest.approx(sum(exact))
    np.testing.assert_allclose(nodes[[0, 1, 4]], [exact[0] / 3, sum(exact) / 3, 0])


# Statistics of values

numbers = st.floats(-100, 100, width=32)
weighted = st.integers(1, 40).flatmap(
    lambda size: st.tuples(
        arrays.arrays(np.float64, size, elements=st.one_of(numbers, st.just(np.nan))),
        arrays.arrays(np.float64, size, elements=st.floats(0.1, 10)),
    )
)
QUANTILES = np.array([0.0, 0.1, 0.5, 0.75, 1.0])


@given(weighted)
def test_statistics_are_those_of_xarray(made):
    values, weights = made
    size = values.size
    result = statistics(values, weights, np.arange(size) * 1.0, -np.arange(size) * 1.0, QUANTILES)
    wet = np.isfinite(values)
    assert result["count"] == wet.sum()
    assert result["missing"] == pytest.approx(weights[~wet].sum() / weights.sum(), abs=1e-12)
    if not wet.any():
        assert np.isnan(result["mean"])
        assert np.isnan(result["quantiles"]).all()
        return
    array, by = xr.DataArray(values, dims="cell"), xr.DataArray(weights, dims="cell")
    assert result["mean"] == pytest.approx(float(array.weighted(by).mean()), rel=1e-9, abs=1e-9)
    assert result["deviation"] == pytest.approx(float(array.weighted(by).std()), rel=1e-6, abs=1e-5)
    assert result["minimum"] == np.nanmin(values)
    assert values[int(result["maximum_latitude"])] == result["maximum"] == np.nanmax(values)
    assert values[-int(result["minimum_longitude"])] == result["minimum"]
    expected = array[wet].weighted(by[wet]).quantile(QUANTILES)
    np.testing.assert_allclose(result["quantiles"], expected, rtol=1e-6, atol=1e-6)


@given(arrays.arrays(np.float64, st.integers(1, 50), elements=numbers))
def test_quantiles_of_equal_weights_are_numpys(values):
    result = weighted_quantiles(values, np.full(values.shape, 3.0), QUANTILES)
    np.testing.assert_allclose(result, np.quantile(values, QUANTILES), rtol=1e-9, atol=1e-9)


# Of areas


def test_statistics_of_a_box_are_those_of_xarray_with_exact_weights(reading, shipped):
    sst = shipped["ostia_month", "surface_temperature"]
    extraction, result = ask(
        reading,
        [sst],
        StatisticsRequest,
        box=(170, -3, -170, 3),
        start="2007-01-01",
        end="2007-12-31",
        quantiles=(0.5,),
        cover="part",
    )
    assert extraction.dims == {"time": 12, "quantile": 1}
    with xr.open_dataset(sst.files[0].path) as opened:
        full = opened.assign_coords(longitude=np.mod(opened.longitude.astype("f8"), 360.0)).sortby("longitude")
        box = full.surface_temperature.sel(time="2007", latitude=slice(-3, 3), longitude=slice(170, 190)).astype("f8")
        # Of equal widths, cells are as large as the cosine of their latitude, where the box does not cut them.
        shares = [
            (np.minimum(axis + step / 2, high) - np.maximum(axis - step / 2, low)) / step
            for axis, low, high in ((box.latitude, -3, 3), (box.longitude, 170, 190))
            for step in [float(axis[1] - axis[0])]
        ]
        by = box.weighted((np.cos(np.radians(box.latitude)) * shares[0] * shares[1]).broadcast_like(box[0]))
        key = "surface_temperature"
        np.testing.assert_allclose(result[f"{key}_mean"], by.mean(("latitude", "longitude")), rtol=1e-7)
        np.testing.assert_allclose(result[f"{key}_deviation"], by.std(("latitude", "longitude")), rtol=1e-4)
        np.testing.assert_allclose(
            result[f"{key}_quantiles"][:, 0], by.quantile(0.5, dim=("latitude", "longitude")), rtol=1e-6
        )
        np.testing.assert_allclose(result[f"{key}_maximum"], box.max(("latitude", "longitude")))
        np.testing.assert_array_equal(result[f"{key}_count"], box.notnull().sum(("latitude", "longitude")))


@given(st.floats(-9, -1), st.floats(1, 9), st.floats(-9, -1), st.floats(1, 9), st.integers(-2, 2))
def test_cells_count_as_far_as_a_polygon_covers_them(west, east, south, north, turns):
    polygon = shapely.Polygon([(west, south), (east, south / 2), (east / 2, north), (west, north / 3)])
    rows, columns = (degrees.ravel() for degrees in np.mgrid[-10:10:2, -10:10:2])
    cells = [shapely.box(x, y, x + 2, y + 2) for y, x in zip(rows, columns, strict=True)]
    corners = np.array([cell.exterior.coords[:4] for cell in cells])
    shares = covered_shares(polygon_region([[polygon.exterior.coords]]), corners[..., 1], corners[..., 0] + 360 * turns)
    np.testing.assert_allclose(shares, [cell.intersection(polygon).area / 4 for cell in cells], atol=1e-9)


@pytest.mark.parametrize(
    ("columns", "weights"),
    [(1000, "as far as they lie in the area"), pytest.param(1_000_001, "cells", marks=pytest.mark.ci)],
)
def test_the_answer_says_whether_parts_of_cells_were_weighed(reading, described, tmp_path, columns, weights):
    path = tmp_path / "made.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, values in (("lat", [0.0, 1.0]), ("lon", np.linspace(0, 9, columns))):
            data.createDimension(name, len(values))
            data.createVariable(name, "f8", (name,))[:] = values
        data.createVariable("sst", "i1", ("lat", "lon"))[:] = 1
    sst = described(path, "sst", kind="rectilinear", latitude="lat", longitude="lon")
    extraction, result = ask(reading, [sst], StatisticsRequest, box=(-1, 0, 10, 1), cover="part")
    assert extraction.facts["weights"].endswith(weights)
    whole = ask(reading, [sst], StatisticsRequest, box=(-1, 0, 10, 1))[1]["sst_area"]
    assert result["sst_area"] / whole == pytest.approx(0.5 if columns == 1000 else 1, rel=1e-3)


def test_categories_have_no_mean(reading, described, tmp_path):
    path = write_cells(tmp_path / "made.nc", *np.mgrid[0:4.0, 0:5.0], np.mod(np.arange(20), 3).reshape(4, 5))
    ice = described(path, "sst", kind="curvilinear", latitude="nav_lat", longitude="nav_lon")
    ice = structs.replace(ice, variable=structs.replace(ice.variable, categories=["none", "thin", "thick"]))
    _, result = ask(reading, [ice], StatisticsRequest, box=(-1, -1, 9, 9))
    assert {"sst_count", "sst_area", "sst_missing"} == {name for name in result if name.startswith("sst")}
    assert result["sst_count"] == 20


def test_a_cell_that_the_grid_has_twice_counts_once(reading, described, tmp_path):
    """Columns 0 and 1 are those at the end again, as in models that overlap."""
    latitude, longitude = np.meshgrid(np.arange(-5.5, 5), np.mod(np.arange(0.0, 362, 10), 360), indexing="ij")
    path = write_cells(tmp_path / "made.nc", latitude, longitude, np.mod(longitude, 20))
    sst = described(path, "sst", kind="curvilinear", latitude="nav_lat", longitude="nav_lon")
    _, result = ask(reading, [sst], StatisticsRequest, box=(-180, -10, 180, 10))
    assert result["sst_count"] == 11 * 36
    assert result["sst_mean"][0] == pytest.approx(5.0)


def test_a_row_that_the_grid_has_twice_at_its_fold_counts_once(reading, described, tmp_path):
    """Rows run along x below the pole and come back above it; the last is the one before it, read backwards."""
    x, y = np.meshgrid(np.linspace(-2e6, 2e6, 41), np.arange(-1.95e6, 1e5, 1e5))
    plane = Transformer.from_crs(4326, 3995, always_xy=True)
    places = np.hstack([x, x[:, ::-1]]), np.hstack([y, -y])
    longitude, latitude = plane.transform(*places, direction="INVERSE")
    path = write_cells(tmp_path / "made.nc", latitude, longitude, np.abs(places[0]) / 1e6)
    sst = described(path, "sst", kind="curvilinear", latitude="nav_lat", longitude="nav_lon")
    _, result = ask(reading, [sst], StatisticsRequest, box=(-180, 60, 180, 90))
    assert result["sst_count"] == 40 * 41


def write_cells(path, latitude, longitude, values):
    """A field on cells that have their own latitudes and longitudes: (y, x) each."""
    with netCDF4.Dataset(path, "w") as out:
        for name, size in zip(("time", "y", "x"), (1, *latitude.shape), strict=True):
            out.createDimension(name, size)
        out.createVariable("time", "f8", ("time",))[:] = 0
        out["time"].units = "days since 2001-01-01"
        for name, coordinates in (("nav_lat", latitude), ("nav_lon", longitude)):
            out.createVariable(name, "f8", ("y", "x"))[:] = coordinates
        out.createVariable("sst", "f4", ("time", "y", "x"))[:] = values
    return path


def area_between_centres(latitude, longitude, row, column, box):
    """The polygon between the means of the usable centres around the corners of a cell, inside of a box: km2."""
    phi, lam = np.radians(latitude), np.radians(longitude)
    field = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=-1)
    corners = []
    for j, i in ((0, 0), (0, 1), (1, 1), (1, 0)):
        around = field[row - 1 + j : row + 1 + j, column - 1 + i : column + 1 + i].reshape(-1, 3)
        x, y, z = np.nansum(around, axis=0)
        corners.append((np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))))
    cell = shapely.Polygon(corners)
    share = cell.intersection(shapely.box(*box)).area / cell.area
    return share * abs(BALL.polygon_area_perimeter(*zip(*corners, strict=True))[0]) / 1e6


@pytest.mark.parametrize("dummies", [[], [(4, 5)], [(4, 5), (15, 25)], [(4, 5), (5, 5), (15, 25)]])
def test_areas_do_not_depend_on_how_many_dummy_cells_a_window_holds(reading, described, tmp_path, dummies):
    """Models write zeros for the coordinates of land blocks that they leave out."""
    rows, columns = np.meshgrid(np.arange(20.0), np.arange(30.0), indexing="ij")
    latitude, longitude = 40 + 0.5 * rows + 0.05 * columns, -50 + 0.5 * columns - 0.1 * rows
    values = 3 * rows + np.mod(7 * columns, 5)
    for cell in dummies:
        latitude[cell], longitude[cell], values[cell] = 0, 0, np.nan
    path = write_cells(tmp_path / "made.nc", latitude, longitude, np.ma.masked_invalid(values))
    sst = described(path, "sst", kind="curvilinear", latitude="nav_lat", longitude="nav_lon")
    box = (-49.3, 40.9, -46.2, 44.1)
    _, result = ask(reading, [sst], StatisticsRequest, box=box, cover="part")
    for cell in dummies:
        latitude[cell] = longitude[cell] = np.nan
    inside = (longitude >= box[0]) & (longitude <= box[2]) & (latitude >= box[1]) & (latitude <= box[3])
    cells = np.argwhere(inside & np.isfinite(values))
    weights = [area_between_centres(latitude, longitude, *cell, box) for cell in cells]
    assert result["sst_count"] == len(cells) > 20
    assert result["sst_area"][0] == pytest.approx(sum(weights), rel=1e-6)
    assert result["sst_mean"][0] == pytest.approx(np.average(values[tuple(cells.T)], weights=weights), rel=1e-6)


def test_a_dummy_cell_has_no_position_in_any_request():
    latitude, longitude = np.meshgrid(np.arange(40.0, 44), np.arange(-50.0, -45), indexing="ij")
    for cell in ((0, 0), (2, 3)):
        latitude[cell] = longitude[cell] = 0
    grid = Curvilinear(latitude, longitude)
    for cells in ([0], [13], [0, 13], np.arange(20)):
        at = grid.centres(np.array(cells, dtype=np.int32))
        expected = np.isin(cells, [0, 13])
        np.testing.assert_array_equal(np.isnan(at), [expected, expected])
    once = Curvilinear(np.array([[-1.0, -1], [0, 0]]), np.array([[-1.0, 0], [-1, 0]]))
    assert once.centres(np.array([3], dtype=np.int32)) == (0, 0)  # a cell of the Gulf of Guinea


def test_a_dummy_node_of_a_mesh_has_no_place():
    latitude, longitude = np.array([0.0, 0.0, 1, 1, 2]), np.array([0.0, 0.0, 1, 2, 2])
    mesh = Mesh((latitude, longitude), np.array([[2, 3, 4], [0, 2, 3]], dtype=np.int32), "node")
    assert np.isnan(mesh.centres(np.arange(2, dtype=np.int32))).all()
    assert mesh.nearest(np.array([0.6]), np.array([0.6])) == -1
    cells, _ = mesh.neighbours(np.zeros(1), np.zeros(1), np.array([2]), Search(2, np.array([1000.0]), False))
    assert cells.tolist() == [[2, 3]]


def test_every_level_and_variable_has_its_own(reading, shipped):
    temperature, ice = shipped["arctic_day", "votemper"], shipped["arctic_day", "zeta"]
    box = (10, 70, 30, 80)
    extraction, result = ask(reading, [temperature, ice], StatisticsRequest, box=box, depth="all", time="2016-02-02")
    assert result["votemper_mean"].shape == (1, 17)
    assert result["zeta_mean"].shape == (1,)
    _, alone = ask(reading, [temperature], StatisticsRequest, box=box, depth="4", time="2016-02-02")
    for name in ("mean", "deviation", "maximum_latitude", "area"):
        assert result[f"votemper_{name}"][0, 4] == alone[f"votemper_{name}"][0]
    units = {field.key: field.variable.units for field in extraction.fields}
    assert units["votemper_area"] == "km2"
    assert units["votemper_mean"] == "Celsius"


def test_a_variable_without_time_has_statistics(reading, shipped):
    extraction, result = ask(reading, [shipped["arctic_day", "h"]], StatisticsRequest, box=(10, 70, 30, 80))
    assert list(extraction.dims) == ["quantile"]
    assert result["h_maximum"] == 2736
    _, without = ask(reading, [shipped["arctic_day", "h"]], StatisticsRequest, box=(10, 70, 30, 80), quantiles=())
    assert without["h_mean"] == result["h_mean"]
    assert "h_quantiles" not in without


def test_the_magnitude_of_a_vector_has_statistics(reading, shipped):
    pair = [shipped["wcofs_hour", "u_sur"], shipped["wcofs_hour", "v_sur"]]
    _, result = ask(reading, pair, StatisticsRequest, box=(-125, 44, -124, 45), vector=["magnitude"])
    assert 0 <= result["magnitude_minimum"][0] < result["magnitude_mean"][0] < result["magnitude_maximum"][0] < 1


@pytest.mark.parametrize("variable", [TEMP, U])
def test_meshes_have_statistics(reading, variable):
    _, result = ask(reading, [variable], StatisticsRequest, box=(-123, 37, -122, 38.5), depth="0")
    key = variable.variable.key
    assert result[f"{key}_minimum"][0] < result[f"{key}_mean"][0] < result[f"{key}_maximum"][0]
    assert result[f"{key}_missing"][0] == 0


def test_an_area_of_land_has_no_statistics(reading, described, tmp_path):
    latitude, longitude = np.arange(0.0, 5), np.arange(0.0, 5)
    path = write(tmp_path / "made.nc", latitude, longitude, np.full((1, 5, 5), np.nan))
    sst = described(path, "sst", kind="rectilinear", latitude="latitude", longitude="longitude")
    _, result = ask(reading, [sst], StatisticsRequest, box=(0, 0, 4, 4))
    assert result["sst_count"] == result["sst_area"] == 0
    assert result["sst_missing"] == 1
    assert np.isnan(result["sst_mean"])


@loop_over(
    ("fields", "field"),
    [
        ({"quantiles": (1.5,)}, "quantiles"),
        ({"quantiles": (np.nan,)}, "quantiles"),
        ({"quantiles": (0.5,) * 21}, "quantiles"),
        ({"projection": "EPSG:3857", "shape": (3, 3)}, "projection"),
        ({"stride": 2}, "stride"),
        ({"vector": ["bearing"]}, "vector"),
    ],
)
def test_wrong_statistics_are_refused(reading, shipped, fields, field):
    with pytest.raises(InvalidRequest) as refused:
        ask(reading, [shipped["arctic_day", "votemper"]], StatisticsRequest, box=(10, 70, 30, 80), **fields)
    assert refused.value.field == field


def test_statistics_are_answered_by_box_and_by_polygon(client, shipped):
    ring = [[10, 70], [30, 70], [30, 76], [10, 76], [10, 70]]
    body = {"polygon": {"type": "Polygon", "coordinates": [ring]}, "quantiles": [0.5]}
    posted = client.post(f"{AT}/arctic_day/votemper/statistics", content=json.dumps(body))
    got = client.get(f"{AT}/arctic_day/votemper/statistics", params={"bbox": "10,70,30,76", "quantiles": "0.5"})
    assert posted.status_code == got.status_code == 200
    assert posted.json()["variables"] == got.json()["variables"]
    with xr.open_dataset(shipped["arctic_day", "votemper"].files[0].path) as opened:
        held = (opened.latitude >= 70) & (opened.latitude <= 76) & (opened.longitude >= 10) & (opened.longitude <= 30)
        count = int((held & opened.temperature[-1, 0].notnull()).sum())
    assert got.json()["variables"]["votemper_count"]["values"] == [count]
    none = client.get(f"{AT}/arctic_day/votemper/statistics", params={"bbox": "10,70,30,76", "quantiles": ""})
    assert "votemper_quantiles" not in none.json()["variables"]
    csv = client.get(f"{AT}/arctic_day/votemper/statistics", params={"bbox": "10,70,30,76", "format": "csv"})
    assert csv.status_code == 200
