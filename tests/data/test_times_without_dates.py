"""Time steps without dates: found by their numbers, written as in the files, and no date anywhere."""

import json

import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.data.area_twins import reading_of
from tests.data.conftest import array

from ocean_common.contracts.data import DifferenceRequest, Minuend
from ocean_data.extraction import PLANS

PLACE = {"latitude": 41, "longitude": -49}
VALUES = np.arange(3 * 3 * 4, dtype="f4").reshape(3, 3, 4)


@pytest.fixture
def assets(tmp_path, described):
    """Variables of one file: with dates, with times in `second`, and without time."""
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, values in (("time", [0, 6, 12]), ("lat", [40, 41, 42]), ("lon", [-50, -49, -48, -47])):
            data.createDimension(name, len(values))
            axis = data.createVariable(name, "f8", (name,))
            axis[:] = values
        data["time"].units = "hours since 2020-01-01"
        for name, dimensions in (
            ("dated", ("time", "lat", "lon")),
            ("sst", ("time", "lat", "lon")),
            ("h", ("lat", "lon")),
        ):
            field = data.createVariable(name, "f4", dimensions)
            field.units = "degC"
            field[:] = VALUES if "time" in dimensions else VALUES[0]
    dated, sst, depth = (
        described(path, name, kind="rectilinear", latitude="lat", longitude="lon") for name in ("dated", "sst", "h")
    )
    numbers = array(np.arange(3), "<i8")
    values = array([0.0, 21_600.5, 43_200.0], "<f8")
    steps = replace(sst.steps, raw=numbers, seconds=numbers, dated=False, units="second", values=values)
    sst = replace(sst, steps=steps, variable=replace(sst.variable, dated=False))
    return [dated, sst, depth]


@pytest.fixture
def client(assets, app_over):
    with TestClient(app_over(assets)) as opened:
        yield opened


def get(client, path, **parameters):
    response = client.get(f"/api/v2.0/data/made/{path}", params=PLACE | parameters)
    assert "1970" not in response.text
    return response


@pytest.mark.parametrize(("time", "step"), [("0", 0), ("1", 1), ("2", 2), ("-1", 2)])
def test_a_step_is_found_by_its_number(client, time, step):
    answer = get(client, "sst/point", time=time).json()
    assert np.ravel(answer["variables"]["sst"]["values"]).tolist() == [VALUES[step, 1, 1]]
    assert answer["coordinates"]["raw_time"]["values"] == [step]


@pytest.mark.parametrize(("time", "status"), [("2020-01-01", 400), ("1970-01-01T00:00:00Z", 400), ("7", 404)])
def test_a_date_or_a_number_that_there_is_not_is_refused(client, time, status):
    response = client.get("/api/v2.0/data/made/sst/point", params=PLACE | {"time": time})
    assert response.status_code == status
    assert response.json()["errors"][0]["field"] == "time"


def test_json_has_no_dates(client):
    answer = get(client, "sst/timeseries").json()
    assert (answer["times"], answer["raw_times"]) == ([], [0, 1, 2])


def test_tables_have_the_numbers_of_the_file_in_their_units(client):
    header, *rows = get(client, "sst/timeseries", format="csv").text.splitlines()
    assert header.startswith("time (second),")
    assert [float(row.split(",")[0]) for row in rows] == [0.0, 21_600.5, 43_200.0]
    lines = get(client, "sst/timeseries", format="ndjson").text.splitlines()
    assert [json.loads(line)["time"] for line in lines] == [0.0, 21_600.5, 43_200.0]


def test_coverages_have_no_calendar(client):
    document = get(client, "sst/timeseries", format="covjson").json()
    assert document["domain"]["axes"]["t"]["values"] == [0.0, 21_600.5, 43_200.0]
    systems = {entry["system"]["type"] for entry in document["domain"]["referencing"]}
    assert systems == {"GeographicCRS"}


def test_files_have_the_numbers_in_their_units(client):
    response = client.get("/api/v2.0/data/made/sst/timeseries", params=PLACE | {"format": "netcdf"})
    with netCDF4.Dataset("a", memory=response.content) as data:
        assert data["time"][:].tolist() == [0.0, 21_600.5, 43_200.0]
        assert (data["time"].units, data["time"].axis) == ("second", "T")
        assert "time_coverage_start" not in data.ncattrs()
        assert "standard_name" not in data["time"].ncattrs()


def test_steps_with_and_without_dates_are_not_taken_for_the_same(client):
    response = client.get("/api/v2.0/data/made/dated,sst/point", params=PLACE | {"time": "-1"})
    assert (response.status_code, "dates" in response.json()["detail"]) == (404, True)


def test_a_variable_without_time_takes_the_times_of_its_dataset_but_no_nonsense(client):
    assert get(client, "h/point", time="2020-01-01").status_code == 200
    assert get(client, "h/point", time="someday").status_code == 400


@pytest.mark.parametrize(("time", "status"), [("2020-01-01", 400), ("0", 200), ("-1", 200)])
def test_a_date_is_refused_where_no_variable_of_the_dataset_has_time(assets, app_over, time, status):
    with TestClient(app_over([replace(assets[2], timeless=True)])) as client:
        assert get(client, "h/point", time=time).status_code == status


def test_both_times_of_a_difference_are_in_the_units_of_the_file(assets, source):
    sst = assets[1]
    query = DifferenceRequest(
        dataset="made", variables=["sst"], minus=Minuend(dataset="made", time="1"), box=(-50, 40, -47, 42), time="2"
    )
    extraction = PLANS[DifferenceRequest](reading_of(source), [sst, sst], query)
    assert extraction.facts["minus_time"] == "21600.5 second"
