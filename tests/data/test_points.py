"""Profiles and time series: the numbers of xarray and scipy at the same place."""

import csv
import io

import numpy as np
import pytest
import xarray as xr
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_core.geometry import great_circle_distance

API = "/api/v2.0/data"
# Decoding 30-day months would warn: times are compared elsewhere.
OPEN = {"decode_times": False}


def ask(client, path, **params):
    response = client.get(f"{API}/{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def numbers(answer):
    return np.array([[np.nan if value is None else value for value in row] for row in answer["values"]])


def nearest(latitude, longitude, where):
    """Row and column of the nearest cell, by brute force."""
    distances = great_circle_distance(np.float64(where[0]), np.float64(where[1]), latitude, longitude)
    return np.unravel_index(np.nanargmin(distances), distances.shape)


@pytest.fixture(scope="module")
def arctic(request):
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/projected/arctic20_roms_z.nc", **OPEN) as opened:
        yield opened.load()


@loop_over("where", [(74.5, 20.0), (70.1, 3.3), (79.2, 15.0), (69.0, 2.0)])
def test_a_profile_is_that_of_xarray_at_the_nearest_cell(client, arctic, where):
    answer = ask(client, "arctic_day/votemper/profile", latitude=where[0], longitude=where[1])
    y, x = nearest(arctic.latitude.values, arctic.longitude.values, where)
    np.testing.assert_allclose(numbers(answer), arctic.temperature[:, :, y, x], rtol=1e-6)
    assert answer["cell"] == pytest.approx([arctic.latitude.values[y, x], arctic.longitude.values[y, x]])
    assert answer["depths"] == arctic.depth.values.tolist()
    assert answer["raw_times"] == arctic.time.values.tolist()
    assert answer["times"][0] == "2016-02-01T12:00:00+00:00"
    assert answer["units"] == "Celsius"


@pytest.mark.parametrize("where", [(75.0, -30.0), (10.2, 179.9), (10.2, -179.9), (-60.0, 300.0), (89.0, 45.0)])
def test_a_series_goes_through_the_files_of_a_tripolar_model(client, request, where):
    paths = sorted((request.path.parents[2] / "deploy/sample_data/nemo").glob("*.nc"))
    answer = ask(client, "nemo_global_month/tos/timeseries", latitude=where[0], longitude=where[1])
    expected = []
    for path in paths:
        with xr.open_dataset(path, **OPEN) as opened:
            y, x = nearest(opened.nav_lat.values, opened.nav_lon.values, where)
            expected.append(float(opened.tos[0, y, x]))
    np.testing.assert_allclose(numbers(answer)[:, 0], expected, rtol=1e-6)
    assert answer["times"] == ["2015-01-16T00:00:00+00:00", "2015-02-16T00:00:00+00:00", "2015-03-16T00:00:00+00:00"]


@pytest.mark.parametrize("longitude", [-140.3, 219.7, 0.1, 359.8, -0.2, 180.0, -180.0])
def test_a_long_series_is_that_of_xarray_in_both_conventions_of_longitude(client, request, longitude):
    answer = ask(client, "ostia_month/surface_temperature/timeseries", latitude=1.1, longitude=longitude)
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/regular/ostia_monthly.nc", **OPEN) as opened:
        y, x = nearest(*np.meshgrid(opened.latitude, opened.longitude, indexing="ij"), (1.1, longitude))
        expected = opened.surface_temperature[:, y, x].values
    np.testing.assert_allclose(numbers(answer)[:, 0], expected, rtol=1e-6)
    assert len(answer["times"]) == 54


@pytest.mark.parametrize(("key", "point"), [("u_sur", "u"), ("v_sur", "v")])
def test_the_components_of_a_staggered_grid_are_read_at_their_own_points(client, request, key, point):
    answer = ask(client, f"wcofs_hour/{key}/timeseries", latitude=44.81, longitude=-124.63)
    with xr.open_dataset(request.path.parents[2] / "deploy/sample_data/roms/wcofs_surface_uv.nc", **OPEN) as opened:
        y, x = nearest(opened[f"lat_{point}"].values, opened[f"lon_{point}"].values, (44.81, -124.63))
        np.testing.assert_allclose(numbers(answer)[:, 0], opened[key][:, y, x], rtol=1e-9)


def test_the_bottom_is_the_deepest_wet_cell(client, arctic):
    answer = ask(client, "arctic_day/votemper/timeseries", latitude=74.5, longitude=20.0, depth="bottom")
    y, x = nearest(arctic.latitude.values, arctic.longitude.values, (74.5, 20.0))
    column = arctic.temperature[:, :, y, x].values
    deepest = np.flatnonzero(np.isfinite(column[0]))[-1]
    np.testing.assert_allclose(numbers(answer)[:, 0], column[:, deepest], rtol=1e-6)
    assert answer["depths"] == [arctic.depth.values[deepest]]


def test_a_point_on_land_says_nothing_but_names_its_cell(client):
    answer = ask(client, "arctic_day/votemper/profile", latitude=78.65, longitude=14.03, time="-1")  # Svalbard
    assert {value for row in answer["values"] for value in row} == {None}
    assert answer["cell"] == pytest.approx([78.65, 14.03], abs=0.1)


def test_a_variable_without_time_has_one_row_and_no_times(client):
    answer = ask(client, "arctic_day/h/profile", latitude=74.5, longitude=20.0)
    assert (answer["times"], answer["raw_times"], answer["depths"], answer["values"]) == ([], [], [None], [[98.0]])


@loop_over("depth", ["0", "bottom", "all"])
def test_a_variable_without_depth_has_one_level(client, depth):
    answer = ask(client, "arctic_day/zeta/timeseries", latitude=74.5, longitude=20.0, depth=depth)
    assert answer["depths"] == [None]
    assert numbers(answer).shape == (5, 1)


@loop_over(
    ("asked", "days"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"time": "-1"}, [5]),
        ({"time": "1454414400"}, [2]),
        ({"time": "2016-02-03"}, [3]),
        ({"time": "2016-02-03T12:00:00Z"}, [3]),
        ({"time": "2016-02-03T12:00:00"}, [3]),
        ({"time": "2016-02-03T12:00:00+00:00"}, [3]),
        ({"time": "2016-02-03T13:00:00+01:00"}, [3]),
        ({"start": "2016-02-02", "end": "2016-02-03"}, [2, 3]),
        ({"start": "2016-02-04"}, [4, 5]),
        ({"end": "1454414400"}, [1, 2]),
        ({"start": "-1"}, [5]),
        ({"start": "1900-01-01", "end": "2100-01-01"}, [1, 2, 3, 4, 5]),
    ],
)
def test_times_are_found_however_they_are_written(client, asked, days):
    answer = ask(client, "arctic_day/zeta/timeseries", latitude=74.5, longitude=20.0, **asked)
    assert answer["times"] == [f"2016-02-0{day}T12:00:00+00:00" for day in days]


def test_a_plus_that_arrives_as_a_blank_is_still_a_zone(client):
    response = client.get(f"{API}/arctic_day/zeta/timeseries?latitude=74.5&longitude=20&time=2016-02-03T12:00:00+00:00")
    assert response.json()["raw_times"] == [1454500800]


@loop_over("interpolation", ["bilinear", "gaussian", "inverse"])
def test_interpolated_values_lie_among_their_cells(client, arctic, interpolation):
    answer = ask(
        client, "arctic_day/votemper/timeseries", latitude=74.47, longitude=20.4, interpolation=interpolation, radius=60
    )
    y, x = nearest(arctic.latitude.values, arctic.longitude.values, (74.47, 20.4))
    around = arctic.temperature[:, 0, y - 3 : y + 4, x - 3 : x + 4].values.reshape(5, -1)
    value = numbers(answer)[:, 0]
    assert (value >= np.nanmin(around, axis=1)).all()
    assert (value <= np.nanmax(around, axis=1)).all()
    assert not np.allclose(value, arctic.temperature[:, 0, y, x])


@pytest.mark.parametrize(
    ("kind", "weigh"), [("gaussian", lambda r: np.exp(-((r / 30) ** 2))), ("inverse", lambda r: r**-2)]
)
def test_weights_are_as_defined_over_the_wet_cells(client, arctic, kind, weigh):
    where = (69.6, 17.5)  # off Norway, with land around
    answer = ask(
        client, "arctic_day/votemper/timeseries", latitude=where[0], longitude=where[1], interpolation=kind, radius=60,
        neighbours=9, time="-1",
    )  # fmt: skip
    apart = great_circle_distance(*map(np.float64, where), arctic.latitude.values, arctic.longitude.values).ravel()
    field = arctic.temperature[-1, 0].values.ravel()
    cells = np.argsort(apart)[:9]
    cells = cells[(apart[cells] <= 60) & np.isfinite(field[cells])]
    assert 0 < cells.size < 9
    weights = weigh(apart[cells])
    assert numbers(answer)[0, 0] == pytest.approx((field[cells] * weights).sum() / weights.sum(), rel=1e-6)


@pytest.mark.parametrize("by", [{"params": {"format": "csv"}}, {"headers": {"accept": "text/csv"}}])
def test_a_table_says_the_same_as_json(client, by):
    query = {"latitude": 74.5, "longitude": 20.0, "time": "2016-02-02"}
    answer = ask(client, "arctic_day/votemper/profile", **query)
    response = client.get(
        f"{API}/arctic_day/votemper/profile", params=query | by.get("params", {}), headers=by.get("headers")
    )
    assert response.headers["content-type"] == "text/csv; header=present; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="arctic_day_votemper_profile.csv"'
    header, *rows = csv.reader(io.StringIO(response.text, newline=""))
    assert header == [
        "time", "latitude (degrees_north)", "longitude (degrees_east)", "depth (m)", "Votemper (Celsius)",
    ]  # fmt: skip
    assert response.text.count("\r\n") == len(rows) + 1
    assert [row[0] for row in rows] == ["2016-02-02T12:00:00+00:00"] * 17
    assert [float(row[3]) for row in rows] == answer["depths"]
    assert [float(row[4]) if row[4] else None for row in rows] == answer["values"][0]


def test_a_caller_with_the_current_response_gets_304(client):
    path = f"{API}/arctic_day/zeta/timeseries?latitude=74.5&longitude=20"
    first = client.get(path)
    assert first.headers["vary"] == "accept, accept-language"
    again = client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_etag_of_the_json_does_not_match_the_table(client):
    path = f"{API}/arctic_day/zeta/timeseries?latitude=74.5&longitude=20"
    etag = client.get(path).headers["etag"]
    table = client.get(path, headers={"if-none-match": etag, "accept": "text/csv"})
    assert table.status_code == 200
    assert table.headers["etag"] != etag


def test_a_request_over_the_budget_is_refused_with_what_would_fit(shipped, app_over):
    path, where = f"{API}/arctic_day/votemper/profile", {"latitude": 74.5, "longitude": 20}
    with TestClient(app_over(shipped.values(), max_document=40)) as client:
        refused = client.get(path, params=where)
        assert refused.status_code == 413
        assert "this takes 85 values, and the limit is 40" in refused.json()["detail"]
        fits = {"start": "2016-02-01T12:00:00+00:00", "end": "2016-02-02T12:00:00+00:00"}
        assert "start={start} and end={end}".format(**fits) in refused.json()["detail"]
        assert client.get(path, params=where | fits).status_code == 200
