"""Arrows point where the water goes, on every grid."""

import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from msgspec.structs import replace
from pyproj import CRS, Proj
from scipy.interpolate import LinearNDInterpolator
from tests.looping import loop_over

from ocean_core.geometry import east_and_north, great_circle_distance
from ocean_core.vectors import bearing
from ocean_data.compute.vectors import lengths
from ocean_data.grids.curvilinear import Curvilinear

EAST, NORTH = 0.3, 0.4  # m s-1
TRUE = np.degrees(np.arctan2(EAST, NORTH))


def arrows(client, rest, **asked):
    response = client.get(f"/api/v2.0/tiles/quiver/{rest}", params=asked)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/geo+json"
    assert response.json()["type"] == "FeatureCollection"
    return response.json()["features"]


def columns(features):
    """Longitudes, latitudes, speeds and bearings."""
    rows = [
        (*feature["geometry"]["coordinates"], feature["properties"]["data"], feature["properties"]["bearing"])
        for feature in features
    ]
    return np.array(rows).T


def bearing_difference(first, second):
    """Degrees between bearings."""
    return np.abs((np.asarray(first) - second + 180) % 360 - 180)


def true_north(plane, longitude, latitude):
    """Where north is in the plane of a projection, by pyproj: degrees clockwise from its y axis."""
    return -plane.get_factors(longitude, latitude).meridian_convergence


def write(path, coordinates, values, names):
    """A file of two components, u and v, on y and x."""
    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in zip(("y", "x"), values[0].shape, strict=True):
            dataset.createDimension(name, size)
        for name, (dimensions, numbers) in coordinates.items():
            dataset.createVariable(name, "f8", dimensions)[:] = numbers
        for key, field, name in zip("uv", values, names, strict=True):
            dataset.createVariable(key, "f4", ("y", "x"))[:] = field
            dataset[key].units = "m s-1"
            if name:
                dataset[key].standard_name = name
    return path


@pytest.fixture
def asking(app_over, described):
    """A client of an app over the components of a file."""

    def make(path, **grid):
        return TestClient(app_over([described(path, key, **grid) for key in "uv"]))

    return make


LAMBERT = {
    "grid_mapping_name": "lambert_conformal_conic",
    "standard_parallel": [50.0, 60.0],
    "latitude_of_projection_origin": 55.0,
    "longitude_of_central_meridian": -50.0,
    "earth_radius": 6371229.0,
}


@pytest.mark.parametrize("order", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
@pytest.mark.parametrize("names", [("x_sea_water_velocity", "sea_water_surface_y_velocity"), (None, None)])
def test_components_along_the_axes_of_a_projected_grid_are_turned_as_pyproj_turns_them(tmp_path, asking, order, names):
    y, x = (np.arange(-1_500_000, 1_500_001, 25_000.0)[:: order[k]] for k in (0, 1))
    plane = Proj(CRS.from_cf(LAMBERT))
    longitude, latitude = plane(*np.meshgrid(x, y), inverse=True)
    angle = np.radians(true_north(plane, longitude, latitude))
    u = EAST * np.cos(angle) + NORTH * np.sin(angle)
    v = -EAST * np.sin(angle) + NORTH * np.cos(angle)
    path = write(tmp_path / "p.nc", {"yc": (("y",), y), "xc": (("x",), x)}, (u, v), names)
    with asking(path, kind="projected", y_axis="yc", x_axis="xc", mapping=LAMBERT) as client:
        features = arrows(client, "made/u,v/-1/0/0/4/5/4")
    _, _, speed, bearing = columns(features)
    assert len(features) > 200
    assert bearing_difference(bearing, TRUE).max() < 0.11  # told to a tenth
    assert speed == pytest.approx(0.5, abs=1e-3)


def test_the_currents_of_a_model_are_turned_as_pyproj_turns_them(client, request):
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc") as opened:
        last = opened.isel(time=-1, depth=0).load()
    # Its axes are half a cell off its latitudes and longitudes, which count.
    plane = Proj(last.polar_stereographic.proj4_string)
    places = np.stack(plane(last.longitude.values.ravel(), last.latitude.values.ravel()), axis=1)
    longitude, latitude, speed, bearing = columns(
        arrows(client, "arctic_day/x_velocity,y_velocity/1454673600/0/1/4/8/3")
    )
    flow = np.stack([last[name].values.ravel() for name in "uv"], axis=1)
    u, v = LinearNDInterpolator(places, flow)(plane(longitude, latitude)).T
    full = np.isfinite(u) & np.isfinite(v)
    assert full.sum() > 500
    assert np.quantile(np.abs(speed - np.hypot(u, v))[full], 0.9) < 0.01  # linear on triangles is not bilinear
    fast = full & (speed > 0.1)
    assert fast.sum() > 100
    apart = bearing_difference(bearing, np.degrees(np.arctan2(u, v)) - true_north(plane, longitude, latitude))[fast]
    assert np.median(apart) < 0.5
    assert np.quantile(apart, 0.9) < 3


def test_components_on_their_own_points_are_rotated_by_the_angle_of_their_file(client, request):
    with xr.open_dataset(
        request.path.parents[2] / "deploy/sample_data/roms/wcofs_surface_uv.nc", decode_times=False
    ) as opened:
        last = opened.isel(ocean_time=-1).load()
    longitude, latitude, speed, bearing = columns(arrows(client, "wcofs_hour/u_sur,v_sur/-1/0/1/8/39/91"))
    sent = np.stack([longitude, latitude], axis=1)

    def at(name, point):
        places = np.stack([last[f"lon_{point}"].values.ravel(), last[f"lat_{point}"].values.ravel()], axis=1)
        around = np.all((places > np.min(sent, axis=0) - 1) & (places < np.max(sent, axis=0) + 1), axis=1)
        return LinearNDInterpolator(places[around], last[name].values.ravel()[around])(longitude, latitude)

    u, v, angle = at("u_sur", "u"), at("v_sur", "v"), at("angle", "rho")
    east, north = u * np.cos(angle) - v * np.sin(angle), u * np.sin(angle) + v * np.cos(angle)
    fast = np.isfinite(east) & np.isfinite(north) & (speed > 0.2)
    assert fast.sum() > 200
    apart = bearing_difference(bearing, np.degrees(np.arctan2(east, north)))[fast]
    assert np.median(apart) < 0.5
    assert np.quantile(apart, 0.95) < 5  # linear on triangles is not bilinear


def test_the_angle_of_a_file_turns_arrows_whatever_its_coordinates_say(tmp_path, app_over, described):
    y, x = np.arange(-1_500_000, 1_500_001, 25_000.0), np.arange(-1_500_000, 1_500_001, 25_000.0)
    flow = np.full((y.size, x.size), 0.5), np.zeros((y.size, x.size))
    path = write(tmp_path / "p.nc", {"yc": (("y",), y), "xc": (("x",), x)}, flow, (None, None))
    with netCDF4.Dataset(path, "a") as dataset:
        dataset.createVariable("angle", "f4", ("y", "x"))[:] = 45.0  # degrees from east, counter-clockwise
        dataset["angle"].units = "degrees"
    grid = {"kind": "projected", "y_axis": "yc", "x_axis": "xc", "mapping": LAMBERT}
    angle = {"alpha": described(path, "angle", **grid)}
    parts = [replace(described(path, key, **grid), angle=angle) for key in "uv"]
    with TestClient(app_over(parts)) as client:
        _, _, speed, degrees = columns(arrows(client, "made/u,v/-1/0/0/4/5/4"))
    assert degrees == pytest.approx(45.0, abs=0.1)
    assert speed == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("kind", ["rectilinear", "curvilinear"])
def test_eastward_and_northward_components_are_taken_as_they_are(tmp_path, asking, kind):
    latitude, longitude = np.arange(70.0, 29.0, -0.5), np.arange(300.0, 330.0, 0.5)
    places = np.meshgrid(latitude, longitude, indexing="ij")
    if kind == "curvilinear":
        tilted = places[0] + 0.3 * (places[1] - 315), places[1]
        coordinates = {"lat": (("y", "x"), tilted[0]), "lon": (("y", "x"), tilted[1])}
    else:
        coordinates = {"lat": (("y",), latitude), "lon": (("x",), longitude)}
    values = np.full((2, *places[0].shape), [[[EAST]], [[NORTH]]])
    names = ("surface_eastward_sea_water_velocity", "surface_northward_sea_water_velocity")
    path = write(tmp_path / "e.nc", coordinates, values, names)
    with asking(path, kind=kind, latitude="lat", longitude="lon") as client:
        _, _, speed, bearing = columns(arrows(client, "made/u,v/-1/0/0/4/5/5"))
        swapped = columns(arrows(client, "made/v,u/-1/0/0/4/5/5"))
    assert bearing_difference(bearing, TRUE).max() < 0.11
    assert speed == pytest.approx(0.5, abs=1e-3)
    np.testing.assert_array_equal(swapped[3], bearing)


def test_a_regular_grid_without_standard_names_is_not_turned_upside_down(tmp_path, asking):
    latitude, longitude = np.arange(70.0, 29.0, -0.5), np.arange(330.0, 300.0, -0.5)
    values = np.full((2, latitude.size, longitude.size), [[[EAST]], [[NORTH]]])
    coordinates = {"lat": (("y",), latitude), "lon": (("x",), longitude)}
    path = write(tmp_path / "r.nc", coordinates, values, (None, None))
    with asking(path, kind="rectilinear", latitude="lat", longitude="lon") as client:
        _, _, _, bearing = columns(arrows(client, "made/u,v/-1/0/0/4/5/5"))
    assert bearing_difference(bearing, TRUE).max() < 0.11


@pytest.mark.parametrize("tile", ["3/2/0", "3/4/0", "4/11/1", "3/7/1"])
def test_the_flow_over_the_fold_of_a_tripolar_grid_is_whole(tmp_path, asking, request, tile):
    """Water that streams straight over the pole: its components change sign at the fold, and the arrows do not."""
    source = request.path.parents[2] / "deploy/sample_data/nemo/nemo_1m_20150301-20150401_grid-T.nc"
    with xr.open_dataset(source, decode_times=False) as opened:
        latitude, longitude = opened.nav_lat.values.astype(float), opened.nav_lon.values.astype(float)
    cells = np.arange(latitude.size, dtype=np.int32)
    grid, flow = Curvilinear(latitude, longitude), np.array([1.0, 0.5, 0.2])
    values = [(grid.directions(cells, axis) @ flow).reshape(latitude.shape) for axis in ("x", "y")]
    places = {"lat": (("y", "x"), latitude), "lon": (("y", "x"), longitude)}
    path = write(tmp_path / "t.nc", places, values, (None, None))
    with asking(path, kind="curvilinear", latitude="lat", longitude="lon") as client:
        longitude, latitude, speed, bearing = columns(arrows(client, f"made/u,v/-1/0/0/{tile}"))
    east, north = (item @ flow for item in east_and_north(latitude, longitude))
    assert len(speed) > 150
    assert np.quantile(bearing_difference(bearing, np.degrees(np.arctan2(east, north))), 0.98) < 5
    assert np.quantile(np.abs(speed - np.hypot(east, north)), 0.98) < 0.05


@pytest.mark.parametrize(("density", "side"), [(-1, 8), (0, 16), (1, 32)])
def test_arrows_are_regular_on_the_screen(tmp_path, asking, density, side):
    latitude, longitude = np.arange(-85.0, 86.0, 5.0), np.arange(0.0, 360.0, 5.0)
    coordinates = {"lat": (("y",), latitude), "lon": (("x",), longitude)}
    path = write(tmp_path / "w.nc", coordinates, np.ones((2, latitude.size, longitude.size)), (None, None))
    with asking(path, kind="rectilinear", latitude="lat", longitude="lon") as client:
        features = arrows(client, f"made/u,v/-1/0/{density}/1/0/1", projection="EPSG:3857")
    result, north, _, _ = columns(features)
    assert len(features) == side * side
    rows, row = np.log(np.tan(np.pi / 4 + np.radians(north) / 2)).reshape(side, side)[:, 0], result[:side]
    assert np.diff(rows) == pytest.approx(-np.pi / side, abs=1e-6)
    assert np.diff(row) == pytest.approx(180 / side, abs=1e-6)
    assert (row[0], rows[0]) == pytest.approx((-180 + 90 / side, -np.pi / side / 2), abs=1e-6)


@loop_over(
    "rest",
    [
        "arctic_day/x_velocity,y_velocity/1454673600/0/0/4/8/3?projection=EPSG:3857",
        "arctic_day/x_velocity,y_velocity/1454673600/bottom/-1/4/8/3?projection=EPSG:3857",
        "arctic_day/x_velocity,y_velocity/1454673600/16/1/3/4/1?projection=EPSG:3857",
    ],
)
def test_the_requests_of_the_front_end_are_answered(client, rest):
    response = client.get(f"/api/v2.0/tiles/quiver/{rest}")
    assert response.status_code == 200, response.text
    features = response.json()["features"]
    assert features
    for feature in features:
        properties = feature["properties"]
        assert (feature["type"], feature["geometry"]["type"]) == ("Feature", "Point")
        assert set(properties) == {"scale", "bearing", "name", "data", "units"}
        assert properties["scale"] in range(10)
        assert 0 <= properties["bearing"] < 360
        assert properties["name"] == "Speed"
        assert round(properties["data"], 3) == properties["data"]


def test_a_tile_outside_the_data_has_no_arrows(client):
    assert arrows(client, "arctic_day/x_velocity,y_velocity/-1/0/0/4/0/12") == []


def test_no_arrow_stands_on_land(client, request):
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc") as opened:
        u, latitudes, longitudes = opened.u[-1, 0].values, opened.latitude.values, opened.longitude.values
    longitude, latitude, _, _ = columns(arrows(client, "arctic_day/x_velocity,y_velocity/-1/0/0/5/17/6"))
    for place in zip(latitude, longitude, strict=True):
        cell = great_circle_distance(*place, latitudes, longitudes).argmin()
        assert np.isfinite(u.ravel()[cell])


def test_arrows_carry_the_tag_of_their_revision(client):
    path = "/api/v2.0/tiles/quiver/arctic_day/x_velocity,y_velocity/-1/0/0/4/8/3"
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"if-none-match": tag})
    assert (again.status_code, again.content) == (304, b"")


@loop_over(
    ("rest", "status", "words"),
    [
        ("arctic_day/x_velocity,y_velocity/-1/0/2/4/8/3", 400, "-1, 0 and 1"),
        ("arctic_day/x_velocity,y_velocity/-1/0/-3/4/8/3", 400, "-1, 0 and 1"),
        ("arctic_day/x_velocity,y_velocity/-1/0/dense/4/8/3", 400, "density_adj"),
        ("arctic_day/x_velocity,y_velocity/-1/0/0/99/8/3", 404, "zooms go from 0 to 24"),
        ("arctic_day/x_velocity,y_velocity/-1/0/0/4/16/3", 404, "x goes from 0 to 15"),
        ("arctic_day/x_velocity,y_velocity/-1/0/0/4/8/-1", 404, "y goes from 0 to 15"),
        ("arctic_day/x_velocity,y_velocity/-1/all/0/4/8/3", 400, "bottom"),
        ("arctic_day/x_velocity,y_velocity/-1/17/0/4/8/3", 404, "levels are 0 to 16"),
        ("arctic_day/x_velocity,y_velocity/1/0/0/4/8/3", 404, "nearest"),
        ("arctic_day/x_velocity,y_velocity/-1/0/0/4/8/3?projection=EPSG:4326", 400, "EPSG:3857"),
        ("arctic_day/votemper/-1/0/0/4/8/3", 400, "u,v"),
        ("arctic_day/x_velocity,votemper/-1/0/0/4/8/3", 400, "not the two components"),
        ("arctic_day/x_velocity,x_velocity/-1/0/0/4/8/3", 400, "the same way"),
        ("arctic_day/x_velocity,nothing/-1/0/0/4/8/3", 404, "no variable"),
        ("arctic_day/u,v,w/-1/0/0/4/8/3", 400, "u,v"),
        ("nowhere/u,v/-1/0/0/4/8/3", 404, "no dataset"),
    ],
)
def test_wrong_arrows_are_refused_with_what_would_work(client, rest, status, words):
    response = client.get(f"/api/v2.0/tiles/quiver/{rest}")
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert words in response.text


@given(st.floats(-720, 720), st.floats(1e-6, 1e3))
def test_a_bearing_is_clockwise_from_north(angle, speed):
    east, north = speed * np.sin(np.radians([angle])), speed * np.cos(np.radians([angle]))
    (result,) = bearing(east, north, decimals=1)
    assert 0 <= result < 360
    assert bearing_difference(result, angle) <= 0.051


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=9), st.floats(-10, 10), st.floats(0.01, 100))
def test_longer_vectors_have_arrows_that_are_no_shorter(values, low, span):
    result = lengths(np.sort(values), (low, low + span))
    assert ((result >= 0) & (result <= 9)).all()
    assert (np.diff(result) >= 0).all()


def test_lengths_are_tenths_of_the_scale_counted_up():
    values = np.array([0.0, 0.01, 0.1, 0.11, 0.55, 0.9, 1.0, 7.0])
    assert lengths(values, (0.0, 1.0)).tolist() == [0, 1, 1, 2, 6, 9, 9, 9]
