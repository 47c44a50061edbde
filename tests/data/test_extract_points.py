"""Points say the same whichever way they are asked for, and the same as xarray."""

import msgspec
import netCDF4
import numpy as np
import pytest
import xarray as xr
from pyproj import CRS, Proj
from tests.looping import loop_over

from ocean_common.contracts.data import Coverage, PointsRequest
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import great_circle_distance

API = "/api/v2.0/data/arctic_day"
SEA, LAND, SHELF = (74.5, 20.0), (78.65, 14.03), (70.1, 3.3)
AT_SEA = {"latitude": SEA[0], "longitude": SEA[1]}
LAMBERT = {
    "grid_mapping_name": "lambert_conformal_conic",
    "standard_parallel": [50.0, 60.0],
    "latitude_of_projection_origin": 55.0,
    "longitude_of_central_meridian": -50.0,
    "earth_radius": 6371229.0,
}


@pytest.fixture(scope="module")
def arctic(request):
    path = request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc"
    with xr.open_dataset(path, decode_times=False) as opened:
        yield opened.load()


def nearest(arctic, where):
    """Row and column of the nearest cell, by brute force."""
    apart = great_circle_distance(*map(np.float64, where), arctic.latitude.values, arctic.longitude.values)
    return np.unravel_index(np.nanargmin(apart), apart.shape)


def ask(client, path, **params):
    response = client.get(f"{API}/{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def post(client, path, body, **params):
    response = client.post(f"{API}/{path}", params=params, json=body)
    assert response.status_code == 200, response.text
    return response.json()


def floats(values):
    return np.array(values, dtype=float)


def test_every_kind_of_point_gives_the_same_number(client, arctic):
    y, x = nearest(arctic, SEA)
    column = arctic.temperature[-1, :, y, x].values
    votemper = ask(client, "votemper/point", **AT_SEA, depth="all")["variables"]["votemper"]
    assert votemper["dims"] == ["time", "depth"]
    np.testing.assert_allclose(floats(votemper["values"])[0], column, rtol=1e-6)
    many = post(client, "votemper/points", {"points": [SHELF, SEA], "depth": "all"})["variables"]["votemper"]
    assert many["dims"] == ["time", "depth", "point"]
    np.testing.assert_array_equal(floats(many["values"])[0, :, 1], floats(votemper["values"])[0])
    profile = ask(client, "votemper/profile", **AT_SEA, time="-1")
    np.testing.assert_array_equal(floats(profile["values"]), floats(votemper["values"]))
    series = ask(client, "votemper/timeseries", **AT_SEA, depth="3")
    assert series["values"][-1][0] == votemper["values"][0][3]


def test_variables_with_and_without_depth_and_time_come_in_one_answer(client, arctic):
    response = ask(client, "votemper,zeta,h/point", **AT_SEA, depth="all", start="2016-02-02", end="2016-02-03")
    y, x = nearest(arctic, SEA)
    assert response["dims"] == {"time": 2, "depth": 17}
    variables = response["variables"]
    assert {key: item["dims"] for key, item in variables.items()} == {
        "votemper": ["time", "depth"], "zeta": ["time"], "h": [],
    }  # fmt: skip
    np.testing.assert_allclose(floats(variables["zeta"]["values"]), arctic.zeta[1:3, y, x], rtol=1e-6)
    assert variables["h"]["values"] == float(arctic.h[y, x])
    assert response["coordinates"]["time"]["values"][0] == "2016-02-02T12:00:00+00:00"


def test_land_is_distinguished_from_cells_below_the_sea_floor(client, arctic):
    result = post(client, "votemper/points", {"points": [SEA, LAND, SHELF], "names": ["a", "b", "c"], "depth": "16"})
    y, x = nearest(arctic, SEA)
    assert np.isnan(arctic.temperature[-1, 16, y, x])
    deep = float(arctic.temperature[-1, 16, *nearest(arctic, SHELF)])
    coordinates = result["coordinates"]
    assert result["variables"]["votemper"]["values"][0][:2] == [None, None]
    assert (result["variables"]["votemper"]["values"][0][2] is None) == np.isnan(deep)
    assert coordinates["land"]["values"] == [0, 1, 0]
    assert coordinates["name"]["values"] == ["a", "b", "c"]
    assert coordinates["cell_latitude"]["values"][0] == pytest.approx(arctic.latitude.values[y, x])
    assert coordinates["cell_longitude"]["values"][0] == pytest.approx(arctic.longitude.values[y, x])


@loop_over("depth", ["0", "7", "all", "bottom", "mean"])
@loop_over("keys", ["votemper", "zeta,votemper", "x_velocity,y_velocity"])
def test_land_is_the_same_at_every_depth(client, depth, keys):
    result = post(client, f"{keys}/points", {"points": [SEA, LAND], "depth": depth, "start": "2016-02-02"})
    assert result["coordinates"]["land"]["values"] == [0, 1]


def test_the_bottom_comes_with_its_depth(client, arctic):
    response = ask(client, "votemper/point", **AT_SEA, depth="bottom")
    column = arctic.temperature[-1, :, *nearest(arctic, SEA)].values
    deepest = np.flatnonzero(np.isfinite(column))[-1]
    assert response["variables"]["votemper"]["values"] == pytest.approx([column[deepest]], rel=1e-6)
    assert response["coordinates"]["depth"]["values"] == [arctic.depth.values[deepest]]


@pytest.mark.parametrize("where", [SEA, SHELF])
def test_the_mean_over_depth_weighs_levels_by_their_thickness(client, arctic, where):
    response = ask(client, "votemper/timeseries", latitude=where[0], longitude=where[1], depth="mean", time="-1")
    column, depth = arctic.temperature[-1, :, *nearest(arctic, where)].values, arctic.depth.values
    total = weight = 0.0
    count = int(np.isfinite(column).sum())
    for level in range(count):
        upper = 0.0 if level == 0 else (depth[level - 1] + depth[level]) / 2
        lower = (depth[level] + depth[level + 1]) / 2 if level + 1 < count else 2 * depth[level] - upper
        total += column[level] * (lower - upper)
        weight += lower - upper
    assert response["values"][0][0] == pytest.approx(total / weight, rel=1e-5)


@pytest.fixture
def currents(tmp_path, described):
    """A current of 0.3 m s-1 eastward and 0.4 northward, in components along a Lambert grid turned by pyproj."""
    y, x = np.arange(-1_000_000, 1_000_001, 50_000.0), np.arange(-1_200_000, 1_200_001, 50_000.0)
    plane = Proj(CRS.from_cf(LAMBERT))
    longitude, latitude = plane(*np.meshgrid(x, y), inverse=True)
    angle = np.radians(plane.get_factors(longitude, latitude).meridian_convergence)
    east, north = 0.3, 0.4
    components = {"u": east * np.cos(angle) - north * np.sin(angle), "v": east * np.sin(angle) + north * np.cos(angle)}
    with netCDF4.Dataset(tmp_path / "lambert.nc", "w") as dataset:
        for name, values in (("y", y), ("x", x)):
            dataset.createDimension(name, values.size)
            dataset.createVariable(name, "f8", (name,))[:] = values
        for key, values in components.items():
            dataset.createVariable(key, "f8", ("y", "x"))[:] = values
            dataset[key].units = "m s-1"
            dataset[key].standard_name = f"sea_water_{'x' if key == 'u' else 'y'}_velocity"
    reported = {"kind": "projected", "y_axis": "y", "x_axis": "x", "mapping": LAMBERT}
    return [described(tmp_path / "lambert.nc", key, **reported) for key in "uv"]


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "gaussian", "inverse"])
def test_components_are_turned_to_east_and_north_as_pyproj_turns_them(extract, currents, interpolation):
    points = [(55.0, -50.0), (50.0, -60.0), (61.0, -38.5), (62.3, -61.0)]
    query = PointsRequest(
        dataset="made", variables=["u", "v"], points=points, interpolation=interpolation,
        vector=["eastward", "northward", "magnitude", "bearing"],
    )  # fmt: skip
    values = extract(currents, query)
    # A vector of the nearest cell keeps its direction in space: east is another one a few km away.
    exact = 5e-3 if interpolation == "nearest" else 1.5e-3
    np.testing.assert_allclose(values["eastward"], 0.3, atol=exact)
    np.testing.assert_allclose(values["northward"], 0.4, atol=exact)
    np.testing.assert_allclose(values["magnitude"], 0.5, atol=exact)
    np.testing.assert_allclose(values["bearing"], np.degrees(np.arctan2(0.3, 0.4)), atol=0.5)


def test_components_on_their_own_points_make_one_vector(client):
    where = {"latitude": 44.81, "longitude": -124.63, "vector": "magnitude,eastward,northward"}
    response = client.get("/api/v2.0/data/wcofs_hour/u_sur,v_sur/timeseries", params=where)
    assert response.status_code == 200, response.text
    parts = {key: floats(item["values"]) for key, item in response.json()["variables"].items()}
    np.testing.assert_allclose(np.hypot(parts["eastward"], parts["northward"]), parts["magnitude"], rtol=1e-9)


def test_an_estimate_agrees_with_the_response(client):
    query = {**AT_SEA, "depth": "all"}
    reported = ask(client, "votemper/estimate/point", **query)
    response = ask(client, "votemper/point", **query)
    assert (reported["allowed"], reported["dims"], reported["values"], reported["steps"]) == (
        True,
        response["dims"],
        17,
        1,
    )
    posted = post(client, "votemper/estimate/points", {"points": [SEA, SHELF]})
    assert (posted["kind"], posted["values"]) == ("points", 2)


@pytest.mark.parametrize("keys", [["votemper"], ["votemper", "zeta", "h"]])
def test_a_neighbour_reads_the_same_as_people(client, keys):
    query = PointsRequest(dataset="arctic_day", variables=keys, points=[SEA, SHELF], depth="all")
    response = client.post("/internal/extractions", content=msgspec.msgpack.encode(query))
    assert response.status_code == 200, response.text
    result = msgspec.msgpack.decode(response.content, type=Coverage)
    people = post(client, ",".join(keys) + "/points", {"points": [SEA, SHELF], "depth": "all"})["variables"]
    for field in result.fields:
        if not field.auxiliary:
            values = np.frombuffer(field.values.data, field.values.dtype).reshape(field.values.shape)
            np.testing.assert_allclose(values, floats(people[field.variable.key]["values"]), rtol=1e-6)


def test_a_point_outside_the_grid_names_the_nearest_place_inside(client):
    for place in ({"latitude": "10"}, {"longitude": "120"}, {"longitude": "-424"}, {"latitude": "-90"}):
        detail = client.get(f"{API}/votemper/point", params=AT_SEA | place).json()["detail"]
        nearest = detail.rpartition("the nearest place inside is ")[2].split(", ")
        inside = {"latitude": nearest[0], "longitude": nearest[1]}
        assert client.get(f"{API}/votemper/point", params=AT_SEA | inside).status_code == 200


def test_a_longitude_of_any_turn_is_the_same_place(client):
    where = {"latitude": "74.5", "longitude": "20"}
    home = client.get(f"{API}/votemper/point", params=where).json()
    for turn in ("-340", "380"):
        answer = client.get(f"{API}/votemper/point", params=where | {"longitude": turn}).json()
        assert answer == home
    for far in ("541", "-541"):
        assert client.get(f"{API}/votemper/point", params=where | {"longitude": far}).status_code == 400
        path = {"path": f"74.5,20;74.5,{far}"}
        assert client.get(f"{API}/votemper/transect", params=path).status_code == 400
        box = {"bbox": f"10,70,{far},80"}
        assert client.get(f"{API}/votemper/area", params=box).status_code == 400


@loop_over(
    ("path", "params", "status", "says"),
    [
        ("votemper,votemper/point", {}, 400, "votemper is asked for twice"),
        ("votemper,/point", {}, 400, "write one key, or several as u,v"),
        (",".join(["votemper"] * 65) + "/point", {}, 413, "the limit is 64"),
        ("votemper/point", {"vector": "magnitude"}, 400, "a vector has two components"),
        ("votemper,zeta/point", {"vector": "magnitude"}, 400, "not the two components"),
        ("x_velocity,y_velocity/point", {"vector": "along"}, 400, "along is told of a line"),
        ("x_velocity,y_velocity/point", {"vector": "sideways"}, 400, "'sideways' is no part of a vector"),
        ("x_velocity,y_velocity/point", {"vector": ""}, 400, "name parts of a vector"),
        ("x_velocity,y_velocity/point", {"vector": "magnitude,magnitude"}, 400, "magnitude is asked for twice"),
        ("zeta/point", {"depth": "3"}, 404, "zeta has no depth"),
        ("votemper/point", {"depth": "average"}, 400, "nor one of bottom, all, mean"),
        ("votemper/point", {"latitude": "10"}, 422, "outside the grid"),
        ("votemper/point", {"format": "xlsx"}, 400, "is none of json, csv"),
        ("votemper/estimate/point", {"dept": "1"}, 400, "did you mean depth"),
    ],
)
def test_a_meaningless_request_is_refused(client, path, params, status, says):
    response = client.get(f"{API}/{path}", params=AT_SEA | params)
    assert response.status_code == status, response.text
    assert says in response.json()["detail"]


@loop_over(
    ("body", "status", "says"),
    [
        ({"points": []}, 400, "give at least one point"),
        ({"points": [[95, 0]]}, 400, "is not on the Earth"),
        ({"points": [[74.5, 20], [10, 10]]}, 422, "the point 10, 10 is outside"),
        ({"points": [[74.5, 20]] * 20_001}, 413, "the limit is 20000"),
        ({"points": [[74.5, 20]], "names": ["a", "b"]}, 400, "2 names are given for 1 points"),
        ({"points": [[74.5, 20]], "name": "a"}, 400, "name"),
        ({"points": [[74.5]]}, 400, "points"),
        ({"points": "74.5,20"}, 400, "points"),
        ({}, 400, "points"),
        ([], 400, "object"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused(client, body, status, says):
    response = client.post(f"{API}/votemper/points", json=body)
    assert response.status_code == status, response.text
    assert says in response.json()["detail"]


def test_a_number_of_a_level_means_the_same_in_all_variables(extract, shipped):
    first = shipped["arctic_day", "votemper"]
    deeper = msgspec.structs.replace(first.depth, values=[2 * value for value in first.depth.values])
    other = msgspec.structs.replace(first, depth=deeper, variable=msgspec.structs.replace(first.variable, key="other"))
    query = PointsRequest(dataset="arctic_day", variables=["votemper", "other"], points=[SEA], depth="2")
    with pytest.raises(InvalidRequest, match="have different levels"):
        extract([first, other], query)
    values = extract([first, other], msgspec.structs.replace(query, depth="all"))
    np.testing.assert_array_equal(values["depth_2"], 2 * values["depth"])


@loop_over("kind", ["point", "timeseries", "profile"])
def test_an_empty_time_is_not_the_last(client, kind):
    response = client.get(f"{API}/votemper/{kind}", params={**AT_SEA, "time": ""})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "time"
