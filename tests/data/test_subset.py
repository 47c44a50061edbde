"""Subsets: the files of the API's version 2.0, read back with other libraries."""

import io
import zipfile

import netCDF4
import numpy as np
import pytest
import xarray as xr
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_data.extraction import ONE_PIECE
from ocean_data.spool import MIB

API = "/api/v2.0/subset"
ARCTIC = {"min_range": "72,5", "max_range": "78,20", "time": "2016-02-01,2016-02-03"}
OSTIA = {"min_range": "-2,160", "max_range": "2,-160", "time": "2006-04-16,2006-07-16"}
FORMATS = {
    "NETCDF4": "NETCDF4",
    "NETCDF4_CLASSIC": "NETCDF4_CLASSIC",
    "NETCDF3_64BIT": "NETCDF3_64BIT_OFFSET",
    "NETCDF3_CLASSIC": "NETCDF3_CLASSIC",
    "NETCDF3_NC": "NETCDF3_CLASSIC",
}


def ask(client, path, **params):
    response = client.get(f"{API}/{path}", params={"should_zip": "0", **params})
    assert response.status_code == 200, response.text
    return response


def opened(response):
    return netCDF4.Dataset("subset.nc", memory=response.content)


def refused(client, path, **params):
    response = client.get(f"{API}/{path}", params={**ARCTIC, **params})
    assert response.headers["content-type"] == "application/problem+json", response.text
    return response.status_code, response.json()["detail"]


@pytest.fixture(scope="module")
def samples(request):
    return request.path.parents[2] / "deploy" / "sample_data"


@pytest.fixture(scope="module")
def arctic(samples):
    with xr.open_dataset(samples / "projected/arctic20_roms_z.nc", decode_times=False) as dataset:
        yield dataset.load()


def in_box(arctic, south=72, west=5, north=78, east=20):
    latitude, longitude = arctic.latitude, arctic.longitude
    return ((latitude >= south) & (latitude <= north) & (longitude >= west) & (longitude <= east)).values


@loop_over("form", [item for item in FORMATS if item != "NETCDF3_NC"])
def test_every_form_holds_the_values_of_the_cells_in_the_box(client, arctic, form):
    response = ask(client, "arctic_day/votemper,x_velocity", **ARCTIC, output_format=form, depth="all")
    assert response.headers["content-type"] == "application/x-netcdf"
    inside = in_box(arctic)
    with opened(response) as result:
        assert result.data_model == FORMATS[form]
        assert result["votemper"].shape[:2] == (3, 17)
        for key, source in (("votemper", "temperature"), ("x_velocity", "u")):
            got = result[key][:].filled(np.nan)
            expected = arctic[source].values[:3][..., inside]
            stored = np.isfinite(result["latitude"][:]) & in_box_of(result)
            np.testing.assert_allclose(got[..., stored], expected, rtol=1e-6)


def in_box_of(found):
    latitude, longitude = found["latitude"][:].filled(np.nan), found["longitude"][:].filled(np.nan)
    return (latitude >= 72) & (latitude <= 78) & (longitude >= 5) & (longitude <= 20)


def test_without_a_word_the_file_is_netcdf4_in_a_zip(client):
    response = client.get(f"{API}/arctic_day/votemper", params={**ARCTIC, "depth": "0"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/zip"
    name = "arctic_day_72N5E-78N20E_20160201-20160203_NETCDF4"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}.zip"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{name}.nc"]
        contents = archive.read(f"{name}.nc")
    with netCDF4.Dataset("subset.nc", memory=contents) as dataset:
        assert dataset.data_model == "NETCDF4"
        assert dataset["votemper"].ndim == 3


@loop_over("form", FORMATS)
def test_a_zip_holds_the_same_file(client, form):
    query = {**ARCTIC, "output_format": form, "depth": "0"}
    plain = ask(client, "arctic_day/votemper", **query)
    packed = client.get(f"{API}/arctic_day/votemper", params={**query, "should_zip": "1"})
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        (name,) = archive.namelist()
        with netCDF4.Dataset("x", memory=archive.read(name)) as dataset, opened(plain) as other:
            assert list(dataset.variables) == list(other.variables)
            for key, variable in dataset.variables.items():
                np.testing.assert_array_equal(variable[...], other[key][...])


def test_one_day_has_one_date_in_its_name(client):
    query = {**ARCTIC, "time": "2016-02-02,2016-02-02", "output_format": "NETCDF3_CLASSIC"}
    by_name = ask(client, "arctic_day/zeta", **query).headers["content-disposition"]
    assert by_name == 'attachment; filename="arctic_day_72N5E-78N20E_20160202_NETCDF3_CLASSIC.nc"'


def test_raw_times_are_those_of_the_iso_ones(client, arctic):
    raw = f"{int(arctic.time[0])},{int(arctic.time[2])}"
    with opened(ask(client, "arctic_day/zeta", **{**ARCTIC, "time": raw})) as result:
        np.testing.assert_array_equal(result["time"][:], arctic.time[:3])


def test_a_box_over_the_date_line_is_joined_from_west_to_east(client, samples):
    with opened(ask(client, "ostia_month/surface_temperature", **OSTIA)) as result:
        longitude, latitude = result["longitude"][:], result["latitude"][:]
        assert (np.diff(longitude) > 0).all()
        assert longitude[0] == pytest.approx(160, abs=1)
        assert longitude[-1] == pytest.approx(200, abs=1)
        got = result["surface_temperature"][0].filled(np.nan)
    with xr.open_dataset(samples / "regular/ostia_monthly.nc", decode_times=False) as dataset:
        turned = dataset.assign_coords(longitude=dataset.longitude % 360).sortby("longitude")
        expected = turned.surface_temperature.sel(longitude=slice(160, 200)).sel(
            latitude=dataset.latitude[(dataset.latitude >= -2) & (dataset.latitude <= 2)]
        )
        np.testing.assert_allclose(latitude, expected.latitude)
        np.testing.assert_allclose(got, expected[0], rtol=1e-6)


def test_exchanged_corners_are_put_right(client):
    right = ask(client, "arctic_day/zeta", **ARCTIC, output_format="NETCDF3_CLASSIC")
    wrong = {**ARCTIC, "min_range": ARCTIC["max_range"], "max_range": ARCTIC["min_range"]}
    assert ask(client, "arctic_day/zeta", **wrong, output_format="NETCDF3_CLASSIC").content == right.content


def test_the_plain_form_has_fixed_names_and_units_on_fifty_by_fifty_cells(client, arctic):
    keys = "arctic_day/votemper,x_velocity,y_velocity"
    with opened(ask(client, keys, **ARCTIC, output_format="NETCDF3_NC", depth="all")) as result:
        assert {"water_temp", "water_u", "water_v", "lat", "lon", "time", "depth"} <= set(result.variables)
        assert result["water_temp"].shape == (3, 17, 50, 50)
        assert result["water_temp"].units == "degC"
        assert result["time"].units == "hours since 1950-01-01 00:00:00"
        assert result["time"][0] == (np.datetime64("2016-02-01T12") - np.datetime64("1950-01-01T00")).astype(int)
        assert result["depth"].dtype == np.int32
        latitude, longitude = result["lat"][25], result["lon"][25]
        y, x = np.unravel_index(
            np.argmin(
                (arctic.latitude.values - latitude) ** 2
                + ((arctic.longitude.values - longitude) * np.cos(np.radians(latitude))) ** 2
            ),
            arctic.latitude.shape,
        )
        assert result["water_temp"][0, 0, 25, 25] == pytest.approx(float(arctic.temperature[0, 0, y, x]), rel=1e-6)


def test_the_plain_form_is_in_celsius_where_the_dataset_is_in_kelvin(client):
    with opened(ask(client, "ostia_month/surface_temperature", **OSTIA, output_format="NETCDF3_NC")) as result:
        assert result["water_temp"].units == "degC"
        assert 20 < result["water_temp"][:].mean() < 35


def test_the_bottom_has_no_depth_axis(client):
    with opened(ask(client, "arctic_day/votemper", **ARCTIC, depth="bottom")) as result:
        assert result["votemper"].ndim == 3


@loop_over(
    ("params", "status", "words"),
    [
        ({"min_range": "NaN,NaN"}, 400, "write numbers"),
        ({"min_range": "72"}, 400, "latitude,longitude"),
        ({"max_range": "95,10"}, 400, "latitudes go from"),
        ({"output_format": "HDF9"}, 400, "NETCDF4_CLASSIC"),
        ({"should_zip": "perhaps"}, 400, "should_zip"),
        ({"time": "yesterday,today"}, 400, "is no time"),
        ({"time": "2030-01-01,2030-02-01"}, 404, "no time step"),
        ({"time": "2016-02-03,2016-02-01"}, 400, "exchange"),
        ({"depth": "floor"}, 400, "bottom"),
        ({"depth": "99"}, 404, "0 to 16"),
        ({"area": "gulf"}, 404, "kml/area"),
        ({"min_range": "-50,100", "max_range": "-40,120"}, 404, "outside"),
        ({"min_range": "75,10", "max_range": "75.0001,10.0001"}, 404, "smaller than a cell"),
    ],
)
def test_a_malformed_request_is_refused_with_what_would_work(client, params, status, words):
    result, detail = refused(client, "arctic_day/votemper", **params)
    assert (result, words in detail) == (status, True), detail


@loop_over("missing", ["min_range", "max_range", "time"])
def test_a_missing_part_is_named(client, missing):
    params = {name: value for name, value in ARCTIC.items() if name != missing}
    response = client.get(f"{API}/arctic_day/votemper", params=params)
    assert response.status_code == 400
    assert missing in response.json()["detail"]


def test_parameters_that_old_scripts_append_change_nothing(client):
    assert ask(client, "arctic_day/zeta", **ARCTIC, dataset_name="arctic_day", variables="zeta").status_code == 200


def test_an_extraction_over_the_budget_is_refused_with_what_would_fit(app_over, shipped):
    with TestClient(app_over(shipped.values(), max_streamed=1000)) as small:
        status, detail = refused(small, "arctic_day/votemper", depth="all")
    assert status == 413
    assert "would fit" in detail


def test_a_broken_download_of_a_long_file_goes_on_where_the_bytes_are_the_same(app_over, described, tmp_path):
    side = 1100
    with netCDF4.Dataset(tmp_path / "large.nc", "w") as file:
        for name in ("lat", "lon"):
            file.createDimension(name, side)
            file.createVariable(name, "f8", (name,))[:] = np.linspace(0, 50, side)
        file.createVariable("v", "f4", ("lat", "lon"))[:] = np.random.default_rng(1).random((side, side))
    assets = described(tmp_path / "large.nc", "v", kind="rectilinear", latitude="lat", longitude="lon")
    params = {"min_range": "0,0", "max_range": "50,50", "time": "-1", "output_format": "NETCDF3_CLASSIC"}
    with TestClient(app_over([assets])) as client:
        whole = ask(client, "made/v", **params)
        tag, size = whole.headers["etag"], len(whole.content)
        assert size == int(whole.headers["content-length"]) > ONE_PIECE
        assert tag[0] == '"'
        assert whole.headers["accept-ranges"] == "bytes"

        def resume(first, last="", **headers):
            headers = {"range": f"bytes={first}-{last}"} | headers
            return client.get(f"{API}/made/v", params={"should_zip": "0", **params}, headers=headers)

        rest = resume(size // 2, **{"if-range": tag})
        assert rest.status_code == 206
        assert rest.headers["content-range"] == f"bytes {size // 2}-{size - 1}/{size}"
        assert rest.content == whole.content[size // 2 :]
        assert resume(MIB - 5, MIB + 5).content == whole.content[MIB - 5 : MIB + 6]  # of two pieces
        assert resume(size).status_code == 416
        other = resume(5, **{"if-range": '"older"'})
        assert (other.status_code, other.content) == (200, whole.content)
        known = resume(0, **{"if-none-match": tag})
        assert (known.status_code, known.content) == (304, b"")
