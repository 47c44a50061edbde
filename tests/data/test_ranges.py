"""The range in view: of a sample of 50 × 50 places, in every projection."""

import msgspec
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from pyproj import Proj
from tests.looping import loop_over

from ocean_core.errors import InvalidRequest
from ocean_core.geometry import great_circle_distance
from ocean_data.compute.field import HALF_WORLD, read_extent, sample_view

BARENTS = "1113194.9,10000000.5,5565974.5,12500000"
PACIFIC = "-13393126.236065727,-400028.1,-10391028.25,300000.75"
PLANES = {
    "EPSG:3857": "+proj=merc +a=6378137 +b=6378137 +units=m",
    "EPSG:32661": "+proj=stere +lat_0=90 +k_0=0.994 +x_0=2000000 +y_0=2000000 +datum=WGS84",
    "EPSG:3031": "+proj=stere +lat_0=-90 +lat_ts=-71 +datum=WGS84",
}


def address(variable="votemper", extent=BARENTS, *, dataset="arctic_day", projection="EPSG:3857", **changed):
    parts = {"interp": "nearest", "radius": "25", "neighbours": "10", "depth": "0", "time": "-1"} | changed
    search = f"{parts['interp']}/{parts['radius']}/{parts['neighbours']}"
    where = f"{projection}/{extent}/{parts['depth']}/{parts['time']}"
    return f"/api/v2.0/range/{dataset}/{variable}/{search}/{where}"


def get_range(client, *names, **parts):
    response = client.get(address(*names, **parts))
    assert response.status_code == 200, response.text
    assert set(response.json()) == {"min", "max"}
    return response.json()["min"], response.json()["max"]


def places(projection, extent):
    """Centres of 50 × 50 pixels, by pyproj with projections written out."""
    x0, y0, x1, y1 = map(float, extent.split(","))
    into = np.arange(0.01, 1, 0.02)
    x, y = np.meshgrid(x0 + into * (x1 - x0), y0 + into * (y1 - y0))
    longitude, latitude = Proj(PLANES[projection])(x.ravel(), y.ravel(), inverse=True)
    return latitude, longitude


@pytest.fixture(scope="module")
def arctic(request):
    path = request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc"
    with xr.open_dataset(path, decode_times=False) as opened:
        return opened.load()


def nearest(arctic, field, latitudes, longitudes):
    """Values at the nearest cells by brute force, of the places that are certainly in the grid."""
    values = []
    for latitude, longitude in zip(latitudes, longitudes, strict=True):
        apart = great_circle_distance(latitude, longitude, arctic.latitude.values, arctic.longitude.values)
        row, column = np.unravel_index(apart.argmin(), apart.shape)
        if 0 < row < apart.shape[0] - 1 and 0 < column < apart.shape[1] - 1:
            values.append(field[row, column])
    return np.array(values)


INSIDE = [
    ("EPSG:3857", "2226389.8,10800000,3896182.2,12200000"),
    ("EPSG:32661", "2500000.25,200000,3200000,900000"),
]


@pytest.mark.parametrize(("projection", "extent"), INSIDE)
def test_the_range_is_that_of_the_nearest_cells_by_brute_force(client, arctic, projection, extent):
    expected = nearest(arctic, arctic.temperature[-1, 0].values, *places(projection, extent))
    assert np.isfinite(expected).sum() > 500
    limits = np.nanmin(expected), np.nanmax(expected)
    assert get_range(client, "votemper", extent, projection=projection) == pytest.approx(limits, rel=1e-6)


def test_two_components_have_the_range_of_their_magnitude_element_by_element(client, arctic):
    projection, extent = INSIDE[0]
    field = np.hypot(arctic.u[-1, 0].values, arctic.v[-1, 0].values)
    expected = nearest(arctic, field, *places(projection, extent))
    limits = np.nanmin(expected), np.nanmax(expected)
    assert get_range(client, "x_velocity,y_velocity", extent) == pytest.approx(limits, rel=1e-5)


def test_components_on_their_own_points_have_a_range(client):
    extent = "-13900000,5550000,-13850000,5620000"
    low, high = get_range(client, "u_sur,v_sur", extent, dataset="wcofs_hour", interp="bilinear")
    assert 0 <= low < high < 3


def test_bilinear_is_what_xarray_interpolates(client, request):
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/regular/ostia_monthly.nc") as opened:
        field = opened.surface_temperature[-1].load()
    latitude, longitude = places("EPSG:3857", PACIFIC)
    points = {"latitude": ("p", latitude), "longitude": ("p", longitude % 360)}
    field = field.assign_coords(longitude=field.longitude % 360).sortby("longitude")
    expected = field.interp(points).values
    limits = float(np.nanmin(expected)), float(np.nanmax(expected))
    reported = get_range(client, "surface_temperature", PACIFIC, dataset="ostia_month", interp="bilinear")
    assert reported == pytest.approx(limits, rel=1e-6)


@loop_over("interp", ["nearest", "bilinear", "gaussian", "inverse"])
def test_every_interpolation_stays_within_the_field(client, arctic, interp):
    low, high = get_range(client, interp=interp)
    assert np.nanmin(arctic.temperature[-1, 0]) - 1e-4 <= low < high <= np.nanmax(arctic.temperature[-1, 0]) + 1e-4


@loop_over(
    "rest",
    [
        "arctic_day/votemper/gaussian/25/10/EPSG:3857/-13393126.236065727,2091028.1,2393126.5,11991028.75/0/1454673600",
        "arctic_day/votemper/bilinear/5/1/EPSG:3857/-200371.25,8091028.1,5393126.5,15991028.75/bottom/1454673600",
        "arctic_day/votemper/inverse/100/50/EPSG:32661/-6000000.5,-6000000.5,10000000,10000000/3/1454673600",
        "nemo_global_month/tos/gaussian/25/10/EPSG:3031/-6000000.5,-6000000.5,6000000,6000000/0/-1",
        "ostia_month/surface_temperature/gaussian/25/10/EPSG:3857/15037508.25,-900000,25037508.25,900000/0/-1",
    ],
)
def test_the_requests_of_the_front_end_are_answered(client, rest):
    response = client.get(f"/api/v2.0/range/{rest}")
    assert response.status_code == 200, response.text
    assert response.json()["min"] < response.json()["max"]


def test_a_view_over_the_date_line_is_the_views_on_both_its_sides(client):
    step = 10_000_000 / 50
    query = {"dataset": "ostia_month", "interp": "bilinear"}
    left, seam, right = HALF_WORLD - 25 * step, HALF_WORLD, HALF_WORLD + 25 * step
    pair = get_range(client, "surface_temperature", f"{left},-500000,{right},500000", **query)
    west = get_range(client, "surface_temperature", f"{left},-500000,{seam},500000", **query)
    east = get_range(client, "surface_temperature", f"{-seam},-500000,{right - 2 * HALF_WORLD},500000", **query)
    halves = min(west[0], east[0]), max(west[1], east[1])
    assert pair == pytest.approx(halves, abs=0.1)  # the halves are sampled twice as densely
    turned = f"{left - 2 * HALF_WORLD},-500000,{right - 2 * HALF_WORLD},500000"
    assert get_range(client, "surface_temperature", turned, **query) == pytest.approx(pair, rel=1e-6)


def test_corners_may_come_in_any_order(client):
    x0, y0, x1, y1 = BARENTS.split(",")
    straight = get_range(client)
    for extent in (f"{x1},{y1},{x0},{y0}", f"{x0},{y1},{x1},{y0}"):
        assert get_range(client, "votemper", extent) == straight


def test_a_view_larger_than_the_world_is_cut_to_it(client):
    full = f"{-HALF_WORLD},{-HALF_WORLD},{HALF_WORLD},{HALF_WORLD}"
    assert get_range(client, "votemper", "-9e8,-9e8,9e8,9e8") == pytest.approx(
        get_range(client, "votemper", full), rel=1e-6
    )


def test_a_variable_centred_at_zero_has_symmetric_limits(app_over, shipped):
    assets = shipped["arctic_day", "zeta"]
    centred = msgspec.structs.replace(assets.variable, zero_centered=True)
    with TestClient(app_over([assets])) as client:
        low, high = get_range(client, "zeta")
    with TestClient(app_over([msgspec.structs.replace(assets, variable=centred)])) as client:
        limits = get_range(client, "zeta")
    assert limits == (-max(-low, high), max(-low, high))
    assert limits != (low, high)


def test_fractions_go_from_zero_to_one(app_over, shipped):
    assets = shipped["arctic_day", "votemper"]
    fraction = msgspec.structs.replace(assets.variable, units="fraction")
    with TestClient(app_over([msgspec.structs.replace(assets, variable=fraction)])) as client:
        assert get_range(client) == (0.0, 1.0)


def test_an_answer_carries_the_tag_of_its_revision(client):
    first = client.get(address())
    assert first.headers["etag"]
    again = client.get(address(), headers={"if-none-match": first.headers["etag"], "cache-control": "no-cache"})
    assert (again.status_code, again.content) == (304, b"")


@loop_over(
    ("changed", "status", "words"),
    [
        ({"extent": "0,0,1000,1000"}, 404, "no values"),
        ({"extent": "1,2,3"}, 400, "x0,y0,x1,y1"),
        ({"extent": "1,2,3,four"}, 400, "x0,y0,x1,y1"),
        ({"extent": "nan,2,3,4"}, 400, "x0,y0,x1,y1"),
        ({"extent": "-inf,2,inf,4"}, 400, "x0,y0,x1,y1"),
        ({"extent": "1,2,1,4"}, 400, "no area"),
        ({"extent": "1,21000000,2,22000000"}, 400, "no area"),
        ({"extent": "1e300,2,2e300,4"}, 400, "no area"),
        ({"extent": "9e7,2,8e7,4", "projection": "EPSG:3031"}, 400, "no area"),
        ({"projection": "EPSG:4326"}, 400, "EPSG:3857"),
        ({"interp": "magic"}, 400, "nearest"),
        ({"radius": "wide"}, 400, "radius"),
        ({"radius": "nan"}, 400, "radius"),
        ({"radius": "0"}, 400, "radius"),
        ({"neighbours": "2.5"}, 400, "neighbours"),
        ({"neighbours": "1000"}, 400, "neighbours"),
        ({"depth": "all"}, 400, "bottom"),
        ({"depth": "99"}, 404, "levels are 0 to"),
        ({"time": "1999-01-01"}, 404, "nearest"),
        ({"time": "noon"}, 400, "time"),
        ({"dataset": "nowhere"}, 404, "no dataset"),
    ],
)
def test_a_wrong_range_is_refused_with_what_would_work(client, changed, status, words):
    response = client.get(address(**changed))
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert words in response.text


@loop_over(("variable", "status"), [("nothing", 404), (",", 400), ("u,", 400), ("h,zeta,h", 400)])
def test_a_wrong_variable_has_no_range(client, variable, status):
    assert client.get(address(variable)).status_code == status


@given(
    corners=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=5),
    projection=st.sampled_from(sorted(PLANES)),
)
def test_any_extent_is_refused_or_lies_on_the_earth(corners, projection):
    try:
        extent = read_extent(",".join(map(repr, corners)), projection)
    except InvalidRequest:
        return
    latitude, longitude = sample_view(projection, extent)
    assert np.abs(latitude).max() <= 90
    assert np.abs(longitude).max() <= 180
