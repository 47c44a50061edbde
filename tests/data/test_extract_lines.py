"""Paths over the Earth, slices beneath them and through time, and the ways of platforms."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Proj
from scipy.interpolate import RegularGridInterpolator
from tests.looping import loop_over

from ocean_common.contracts.data import PointsRequest, SectionRequest, TrajectoryRequest, TransectRequest
from ocean_core.errors import InvalidRequest, RequestTooLarge, TimeNotFound
from ocean_data.extraction import PLANS
from ocean_data.plan import lines
from ocean_data.plan.extraction import read_values
from ocean_data.reading.base import GridStore, Reading
from ocean_data.settings import MIB

API = "/api/v2.0/data/arctic_day"
WGS84 = Geod(ellps="WGS84")
PATH = "70.5,18;74.5,19;77,12"
WAY = [(70.5, 18.0), (74.5, 19.0), (77.0, 12.0)]
SHARED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

latitudes = st.floats(-89.0, 89.0)
longitudes = st.floats(-180.0, 180.0)
places = st.tuples(latitudes, longitudes)


def apart(latitude, longitude, other_latitude, other_longitude):
    return np.asarray(WGS84.inv(longitude, latitude, other_longitude, other_latitude)[2]) / 1000


# Paths


@given(places, places, st.integers(2, 60))
def test_points_of_a_leg_are_where_pyproj_puts_them(start, end, count):
    length = float(apart(*start, *end))
    if length < 1 or length > 19_000:  # nearly opposite points have many shortest ways
        return
    result = lines.cut_path([start, end], points=count)
    between = WGS84.npts(*start[::-1], *end[::-1], count - 2) if count > 2 else []
    expected = np.array([start[::-1], *between, end[::-1]])
    np.testing.assert_allclose(apart(result.latitude, result.longitude, expected[:, 1], expected[:, 0]), 0, atol=1e-6)
    np.testing.assert_allclose(result.distance, np.linspace(0, length, count), rtol=1e-9, atol=1e-9)
    ahead = WGS84.inv(result.longitude[:-1], result.latitude[:-1], result.longitude[1:], result.latitude[1:])[0]
    turned = np.abs((np.asarray(ahead) - result.bearing[:-1] + 180) % 360 - 180)
    assert turned.max() < 1e-3 / min(1.0, length / count)


@given(st.lists(places, min_size=2, max_size=6), st.integers(2, 300))
def test_a_path_has_so_many_points_and_keeps_its_way_points(way, count):
    legs = apart(*np.array(way[:-1]).T, *np.array(way[1:]).T)
    if (legs < 1).any() or count < len(way):
        return
    result = lines.cut_path(way, points=count)
    assert result.latitude.size == count
    where = np.concatenate([[0], np.cumsum(legs)])
    nearest = np.abs(result.distance[:, np.newaxis] - where).argmin(axis=0)
    np.testing.assert_allclose(result.distance[nearest], where, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(
        apart(result.latitude[nearest], result.longitude[nearest], *np.array(way).T), 0, atol=1e-6
    )
    assert (np.diff(result.distance) > 0).all()


@given(places, places, st.integers(2, 40))
def test_a_path_back_has_the_same_points_and_opposite_bearings(start, end, count):
    if not 1 < float(apart(*start, *end)) < 19_000:
        return
    out, back = lines.cut_path([start, end], points=count), lines.cut_path([end, start], points=count)
    np.testing.assert_allclose(
        apart(out.latitude, out.longitude, back.latitude[::-1], back.longitude[::-1]), 0, atol=1e-5
    )
    np.testing.assert_allclose(np.cos(np.radians(out.bearing - back.bearing[::-1])), -1, atol=1e-6)


def test_a_path_goes_the_short_way_over_the_date_line_and_straight_over_the_pole():
    over = lines.cut_path([(0.0, 179.0), (0.0, -179.0)], spacing=100)
    np.testing.assert_allclose(over.longitude, [179, 179.666667, -179.666667, -179], atol=1e-5)
    np.testing.assert_allclose(over.bearing, 90)
    pole = lines.cut_path([(80.0, 0.0), (80.0, 180.0)], points=5)
    np.testing.assert_allclose(pole.latitude, [80, 85, 90, 85, 80], atol=1e-3)
    np.testing.assert_allclose(pole.bearing, [0, 0, 0, 180, 180], atol=1e-9)


def test_pieces_are_no_longer_than_the_spacing():
    result = lines.cut_path(WAY, spacing=50)
    assert np.diff(result.distance).max() <= 50 + 1e-9
    assert np.diff(result.distance).min() > 25


@loop_over(
    ("way", "asked", "kind", "says"),
    [
        ([(70.0, 10.0)], {}, InvalidRequest, "two different points"),
        ([(70.0, 10.0)] * 3, {}, InvalidRequest, "two different points"),
        ([(90.0, 10.0), (90.0, 80.0)], {}, InvalidRequest, "two different points"),
        ([(95.0, 10.0), (70.0, 0.0)], {}, InvalidRequest, "not on the Earth"),
        ([(float("nan"), 10.0), (70.0, 0.0)], {}, InvalidRequest, "not on the Earth"),
        ([], {}, InvalidRequest, "at least one point"),
        (WAY, {"points": 2}, InvalidRequest, "too few to hold"),
        (WAY, {"points": 5001}, RequestTooLarge, "the limit is 5000"),
        (WAY, {"spacing": 0.01}, RequestTooLarge, "would fit"),
        (WAY, {"spacing": -1}, InvalidRequest, "or more"),
        (WAY, {"spacing": 5e-324}, InvalidRequest, "or more"),
        (WAY, {"spacing": 5, "points": 9}, InvalidRequest, "not both"),
    ],
)
def test_a_path_that_makes_no_sense_is_refused(way, asked, kind, says):
    with pytest.raises(kind, match=says):
        lines.cut_path(way, **asked)


def test_the_spacing_that_is_offered_does_fit():
    with pytest.raises(RequestTooLarge) as refused:
        lines.cut_path(WAY, spacing=0.01)
    offered = float(str(refused.value).partition("spacing=")[2].split()[0])
    assert lines.cut_path(WAY, spacing=offered).latitude.size <= lines.MOST


def test_a_repeated_way_point_adds_nothing():
    np.testing.assert_array_equal(lines.cut_path([WAY[0], *WAY, WAY[-1]]).latitude, lines.cut_path(WAY).latitude)


# Transects and sections


@pytest.fixture(scope="module")
def arctic(request):
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc") as opened:
        yield opened.load()


def test_a_transect_has_the_profiles_of_its_points(client, arctic):
    response = client.get(f"{API}/votemper,zeta/transect", params={"path": PATH, "points": 30})
    assert response.status_code == 200, response.text
    document = response.json()
    assert document["dims"] == {"time": 1, "depth": 17, "distance": 30}
    where = [*zip(*(document["coordinates"][name]["values"] for name in ("latitude", "longitude")), strict=True)]
    points = client.post(f"{API}/votemper,zeta/points", json={"points": where, "depth": "all"}).json()
    for key in ("votemper", "zeta"):
        assert document["variables"][key]["values"] == points["variables"][key]["values"]
    column = np.array(document["variables"]["votemper"]["values"], dtype=float)[0]
    wet = np.isfinite(column)
    deepest = np.where(wet.any(axis=0), np.where(wet, arctic.depth.values[:, None], 0).max(axis=0), np.nan)
    np.testing.assert_array_equal(np.array(document["coordinates"]["bathymetry"]["values"], dtype=float), deepest)


def test_a_section_has_the_series_of_its_points(client):
    query = {"path": PATH, "spacing": 60, "depth": "bottom"}
    document = client.get(f"{API}/votemper/section", params=query).json()
    values = np.array(document["variables"]["votemper"]["values"], dtype=float)
    assert values.shape == (5, document["dims"]["distance"])
    for number in range(0, values.shape[1], 4):
        where = {name: document["coordinates"][name]["values"][number] for name in ("latitude", "longitude")}
        series = client.get(f"{API}/votemper/timeseries", params=where | {"depth": "bottom"}).json()["values"]
        np.testing.assert_array_equal(values[:, number], np.array(series, dtype=float)[:, 0])


@SHARED
@given(row=st.integers(0, 20), first=st.integers(0, 200), count=st.integers(2, 20))
def test_a_transect_through_the_nodes_of_a_grid_has_their_values(extract, shipped, row, first, count):
    ostia = shipped["ostia_month", "surface_temperature"]
    with netCDF4.Dataset(ostia.files[0].path) as opened:
        latitude, longitude = opened["latitude"][row % opened["latitude"].size], opened["longitude"][:]
        across = longitude[(first + np.arange(count)) % longitude.size]
        expected = opened["surface_temperature"][-1, row % opened["latitude"].size]
        expected = expected[(first + np.arange(count)) % longitude.size].filled(np.nan)
    way = [(float(latitude), float(item)) for item in across]
    for interpolation in ("nearest", "bilinear"):
        query = TransectRequest(
            dataset="ostia_month", variables=["surface_temperature"], path=way, points=count,
            interpolation=interpolation,
        )  # fmt: skip
        np.testing.assert_allclose(extract([ostia], query)["surface_temperature"][0], expected, rtol=1e-6)


LAMBERT = {
    "grid_mapping_name": "lambert_conformal_conic",
    "standard_parallel": [50.0, 60.0],
    "latitude_of_projection_origin": 55.0,
    "longitude_of_central_meridian": -50.0,
    "earth_radius": 6371229.0,
}


@pytest.fixture
def currents(tmp_path, described):
    """Eastward 0.3 and northward 0.4 m s-1, in components along a Lambert grid turned by pyproj."""
    y, x = np.arange(-1_000_000, 1_000_001, 25_000.0), np.arange(-1_200_000, 1_200_001, 25_000.0)
    plane = Proj(CRS.from_cf(LAMBERT))
    angle = np.radians(plane.get_factors(*plane(*np.meshgrid(x, y), inverse=True)).meridian_convergence)
    parts = {"u": 0.3 * np.cos(angle) - 0.4 * np.sin(angle), "v": 0.3 * np.sin(angle) + 0.4 * np.cos(angle)}
    with netCDF4.Dataset(tmp_path / "lambert.nc", "w") as dataset:
        for name, values in (("y", y), ("x", x)):
            dataset.createDimension(name, values.size)
            dataset.createVariable(name, "f8", (name,))[:] = values
        for key, values in parts.items():
            dataset.createVariable(key, "f8", ("y", "x"))[:] = values
            dataset[key].units = "m s-1"
    reported = {"kind": "projected", "y_axis": "y", "x_axis": "x", "mapping": LAMBERT}
    return [described(tmp_path / "lambert.nc", key, **reported) for key in "uv"]


inside = st.tuples(st.floats(51.0, 60.0), st.floats(-58.0, -42.0))


@SHARED
@given(start=inside, end=inside, count=st.integers(2, 30))
def test_along_and_across_are_the_vector_seen_from_the_path(extract, currents, start, end, count):
    if apart(*start, *end) < 10:
        return
    query = TransectRequest(
        dataset="made", variables=["u", "v"], path=[start, end], points=count, interpolation="bilinear",
        vector=["along", "across", "magnitude", "eastward", "northward"],
    )  # fmt: skip
    values = extract(currents, query)
    np.testing.assert_allclose(values["along"] ** 2 + values["across"] ** 2, values["magnitude"] ** 2, rtol=1e-9)
    bearing = np.radians(values["bearing"])
    np.testing.assert_allclose(values["along"], 0.3 * np.sin(bearing) + 0.4 * np.cos(bearing), atol=1e-3)
    np.testing.assert_allclose(values["across"], 0.4 * np.sin(bearing) - 0.3 * np.cos(bearing), atol=1e-3)
    back = extract(currents, msgspec.structs.replace(query, path=[end, start]))
    for part, sign in {"along": -1, "across": -1, "magnitude": 1, "eastward": 1, "northward": 1}.items():
        np.testing.assert_allclose(back[part][::-1], sign * values[part], atol=1e-6)


@pytest.mark.parametrize("interpolation", ["gaussian", "inverse"])
def test_the_smallest_radius_is_no_trouble_outside_the_grid(client, interpolation):
    query = {"path": "60,0;75,20", "points": 10, "interpolation": interpolation, "radius": 1e-300}
    assert client.get(f"{API}/zeta/transect", params=query).status_code == 200


def test_points_of_a_path_outside_the_grid_have_no_values(client):
    document = client.get(f"{API}/votemper/transect", params={"path": "60,0;75,20", "points": 10, "depth": "0"}).json()
    values = document["variables"]["votemper"]["values"][0]
    assert values[0] is None
    assert values[-1] is not None


@loop_over(
    ("kind", "params", "status", "says"),
    [
        ("transect", {"path": "70,18"}, 400, "two different points"),
        ("transect", {"path": "70;18"}, 400, "'70' is no point"),
        ("transect", {"path": ""}, 400, "is no point"),
        ("transect", {"path": "70,x;71,2"}, 400, "is no point"),
        ("transect", {"path": "inf,2;71,2"}, 400, "not on the Earth"),
        ("transect", {"path": "0,0;1,1"}, 422, "is the first) are outside"),
        ("transect", {"path": PATH, "points": "1"}, 400, "points"),
        ("transect", {"path": PATH, "spacing": "0"}, 400, "spacing"),
        ("transect", {"path": PATH, "depth": "99"}, 404, "0 to 16"),
        ("section", {"path": PATH, "depth": "all"}, 400, "neither the index"),
        ("section", {"path": PATH, "spacing": "nan"}, 400, "spacing"),
    ],
)
def test_a_line_that_makes_no_sense_is_refused(client, kind, params, status, says):
    response = client.get(f"{API}/votemper/{kind}", params=params)
    assert response.status_code == status, response.text
    assert says in response.json()["detail"]


def test_a_section_needs_time(client):
    response = client.get(f"{API}/h/section", params={"path": PATH})
    assert (response.status_code, "does not change with time" in response.json()["detail"]) == (400, True)


# Trajectories

DEPTHS, HOURS = np.array([0.0, 10.0, 30.0, 70.0]), np.array([0, 6, 12, 24])
ROWS, COLUMNS = np.linspace(40.0, 44.0, 9), np.linspace(-20.0, -12.0, 17)
START = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def water(tmp_path, described):
    """Random water in four dimensions, in a file for each two times."""
    values = np.random.default_rng(3).normal(size=(HOURS.size, DEPTHS.size, ROWS.size, COLUMNS.size))
    paths = []
    for part in (slice(0, 2), slice(2, 4)):
        paths.append(tmp_path / f"{part.start}.nc")
        with netCDF4.Dataset(paths[-1], "w") as dataset:
            axes = {"time": HOURS[part], "depth": DEPTHS, "lat": ROWS, "lon": COLUMNS}
            for name, axis in axes.items():
                dataset.createDimension(name, len(axis))
                dataset.createVariable(name, "f8", (name,))[:] = axis
            dataset["time"].units = "hours since 2020-01-01"
            dataset.createVariable("t", "f8", tuple(axes))[:] = values[part]
    return described(paths, "t", kind="rectilinear", latitude="lat", longitude="lon"), values


def moving(seed, count):
    """Where a platform is: rows of hour, depth, latitude and longitude."""
    ends = [(0, 24), (0, 70), (40, 44), (-20, -12)]
    return np.random.default_rng(seed).uniform(*np.array(ends, dtype=float).T, size=(count, 4))


def along(points, **asked):
    times = [(START + timedelta(hours=float(item))).isoformat() for item in points[:, 0]]
    return TrajectoryRequest(
        dataset="made", variables=["t"], points=points[:, 2:].tolist(), times=times, depths=points[:, 1].tolist(),
        **asked,
    )  # fmt: skip


def test_a_trajectory_is_that_of_scipy_between_all_four_axes(extract, water):
    assets, values = water
    points = moving(1, 200)
    points[:, 0] = np.round(points[:, 0] * 3600) / 3600  # whole seconds
    expected = RegularGridInterpolator((HOURS, DEPTHS, ROWS, COLUMNS), values)(points)
    result = extract([assets], along(points, between="linear", interpolation="bilinear"))["t"]
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-9)


def test_a_trajectory_may_take_the_nearest_step_level_and_cell(extract, water):
    assets, values = water
    points = moving(2, 200)
    expected = RegularGridInterpolator((HOURS, DEPTHS, ROWS, COLUMNS), values, method="nearest")(points)
    np.testing.assert_allclose(extract([assets], along(points))["t"], expected)


def test_a_trajectory_that_stands_still_is_a_series(extract, water):
    assets, _ = water
    place = (41.3, -15.2)
    points = np.array([(hour, 0.0, *place) for hour in HOURS], dtype=float)
    for interpolation in ("nearest", "bilinear", "gaussian", "inverse"):
        series = PointsRequest(
            dataset="made", variables=["t"], points=[place], form="timeseries", interpolation=interpolation
        )
        result = extract([assets], along(points, between="linear", interpolation=interpolation))["t"]
        np.testing.assert_allclose(result, extract([assets], series)["t"])
    without = msgspec.structs.replace(along(points), depths=[])
    np.testing.assert_array_equal(extract([assets], without)["t"], extract([assets], along(points))["t"])


def test_points_outside_the_grid_or_its_time_have_no_values(extract, water):
    assets, _ = water
    points = np.array([(6, 5, 42, -15), (6, 5, 10, 10), (500, 5, 42, -15), (6, 200, 42, -15)], dtype=float)
    result = extract([assets], along(points))["t"]
    assert np.isfinite(result).tolist() == [True, False, False, False]
    with pytest.raises(TimeNotFound, match="2020-01-01T00:00:00"):
        extract([assets], along(points[2:3]))


def test_a_step_holds_for_half_the_time_to_its_neighbour():
    axis = np.array([0, 100, 200])
    seconds = np.array([-51, -50, 0, 49, 51, 250, 251])
    steps, weights = lines.find_steps(axis, seconds, "nearest")
    assert np.where(weights[0] > 0, steps[0], steps[1]).tolist() == [-1, 0, 0, 0, 1, 2, -1]
    steps, weights = lines.find_steps(np.array([0]), np.array([-43_200, 0, 43_201]), "linear", "day")
    assert steps[0].tolist() == [0, 0, -1]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20, unique=True), st.lists(st.integers(-9, 1009)))
def test_weights_in_time_add_up_to_one_where_there_is_a_step(axis, seconds):
    steps, weights = lines.find_steps(np.array(sorted(axis)), np.array(seconds, dtype=np.int64), "linear")
    present = (steps >= 0).any(axis=0)
    np.testing.assert_allclose(weights.sum(axis=0), present)
    assert ((steps >= 0) == (weights > 0)).all()


def test_the_parts_of_a_vector_along_the_way_are_those_of_pyproj(extract, currents):
    points = [(55.0, -50.0), (55.5, -49.0), (56.5, -49.5), (56.5, -52.0)]
    query = TrajectoryRequest(
        dataset="made", variables=["u", "v"], points=points, times=["2020-01-01"] * 4, interpolation="bilinear",
        vector=["eastward", "northward", "along"],
    )  # fmt: skip
    values = extract(currents, query)
    np.testing.assert_allclose(values["eastward"], 0.3, atol=1e-3)
    np.testing.assert_allclose(values["northward"], 0.4, atol=1e-3)
    back = WGS84.inv(points[2][1], points[2][0], points[3][1], points[3][0])[1]
    bearing = np.radians(back + 180)
    assert values["along"][3] == pytest.approx(0.3 * np.sin(bearing) + 0.4 * np.cos(bearing), abs=1e-3)


GOOD = {"points": [[74.5, 20], [74.6, 19]], "times": ["2016-02-02", "2016-02-03T12:00:00Z"]}


@loop_over(
    ("wrong", "status", "says"),
    [
        ({"times": ["2016-02-02"]}, 400, "1 times are given for 2 points"),
        ({"times": ["2016-02-02", "soon"]}, 400, "is no time"),
        ({"times": ["2016-02-02", "17"]}, 400, "is no instant"),
        ({"times": ["1999-01-01", "1999-01-02"]}, 404, "2016-02-01T12:00:00"),
        ({"depths": [1.0]}, 400, "1 depths are given for 2 points"),
        ({"points": [[0, 0], [1, 1]]}, 422, "is the first) are outside"),
        ({"between": "cubic"}, 400, "between"),
        ({"form": "points"}, 400, "form"),
    ],
)
def test_a_trajectory_that_makes_no_sense_is_refused(client, wrong, status, says):
    response = client.post(f"{API}/votemper/trajectory", json=GOOD | wrong)
    assert response.status_code == status, response.text
    assert says in response.json()["detail"]


def test_reading_in_parts_equals_reading_at_once(source, water, shipped):
    reading = Reading(source=source, grids=GridStore(source, 64 * MIB, 64 * MIB))
    wide = shipped["arctic_day", "votemper"]
    where = {"dataset": "arctic_day", "variables": ["votemper"]}
    for assets, requests in [
        (wide, SectionRequest(**where, path=WAY, points=9, depth="bottom")),
        (wide, TransectRequest(**where, path=WAY, points=9, start="2016-02-02")),
        (wide, PointsRequest(**where, points=WAY, depth="all", form="timeseries")),
        (water[0], along(moving(5, 20), between="linear")),
    ]:
        planned = PLANS[type(requests)](reading, [assets], requests)
        parted = replace(planned, rows=1)
        assert len(parted.parts()) == next(iter(planned.dims.values()))
        full = read_values(planned, reading)
        for key, values in read_values(parted, reading).items():
            np.testing.assert_array_equal(values, full[key])
