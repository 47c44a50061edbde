"""OPeNDAP over datasets of many kinds, read by libnetcdf, pydap and our own client, against the files themselves."""

import json
import re
from contextlib import ExitStack

import httpx
import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from netCDF4 import Dataset
from tests.data.stored_files import RANDOM, SAMPLES, joined, list_sample_variables, raw
from tests.field.one_process import OneProcess
from tests.looping import loop_over

from ocean_data.reading.source import NetCDFSource


@pytest.mark.parametrize("name", ["series", "classic", "lone"])
def test_libnetcdf_reads_what_is_in_the_files(stored_server, name):
    base, files = stored_server
    with raw(f"{base}/opendap/{name}") as remote, raw(files[name][0]) as first:
        assert list(remote.variables) == list(first.variables)
        assert remote.title == first.title
        for key, variable in first.variables.items():
            own = remote[key]
            values = joined(files[name], key)
            if key == "time":
                own.set_auto_maskandscale(False)
                assert netCDF4.num2date(own[:], own.units).tolist() == netCDF4.num2date(values, variable.units).tolist()
                continue
            if key == "station":
                assert netCDF4.chartostring(own[:, :5]).tolist() == netCDF4.chartostring(values).tolist()
                continue
            np.testing.assert_array_equal(own[...], values, err_msg=key)
            assert own.dimensions == variable.dimensions
            for attribute in variable.ncattrs():
                np.testing.assert_array_equal(own.getncattr(attribute), variable.getncattr(attribute), err_msg=key)


def test_parts_with_strides_are_those_of_numpy(stored_server):
    base, files = stored_server
    with raw(f"{base}/opendap/series") as remote:
        for key in ("temp", "large", "cells"):
            values = joined(files["series"], key)
            for part in (np.s_[1:7:3, 0:6:2, 3:8:4], np.s_[5, 2, :], np.s_[7:8, 1:3, 0:8:7], np.s_[2:6, 5:6, 7:8]):
                np.testing.assert_array_equal(remote[key][part], values[part], err_msg=f"{key} {part}")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of modules that pydap imports
@pytest.mark.parametrize("name", ["series", "classic"])
def test_pydap_reads_the_same(stored_server, name):
    import pydap.client  # noqa: PLC0415  it warns when it is imported

    base, files = stored_server
    remote = pydap.client.open_url(f"{base}/opendap/{name}", protocol="dap2")
    for key in remote:
        if key in {"time", "station"}:
            continue
        values = joined(files[name], key)
        np.testing.assert_array_equal(np.asarray(remote[key].data[...]).reshape(values.shape), values, err_msg=key)
    assert [text.decode() for text in np.asarray(remote["station"].data[1:4])] == ["", "cde", "fghij"]


def test_our_own_client_reads_the_same(stored_server):
    base, files = stored_server
    source = NetCDFSource(4, 1000)
    address = f"{base}/opendap/series".replace("http://", "dods://")
    stored = source.read(
        address, lambda opened: {name: opened.find(name).read_all() for name in ("temp", "pairs", "crs")}
    )
    source.close()
    for name, values in stored.items():
        np.testing.assert_array_equal(values, joined(files["series"], name))


def test_text_has_a_line_for_each_row(stored_server):
    base, files = stored_server
    text = httpx.get(f"{base}/opendap/series.ascii?temp[5][2:3][1:2:5],crs,station[2]").text
    values = joined(files["series"], "temp")[5, 2:4, 1:6:2]
    assert text.split("-" * 45 + "\n")[1].splitlines() == [
        "temp[1][2][3]",
        *(f"[0][{row}], {', '.join(map(str, line))}" for row, line in enumerate(values)),
        "",
        "station[1]",
        '"cde"',
        "",
        "crs",
        "-7",
        "",
    ]


def test_files_that_are_packed_in_different_ways_are_decoded(stored_server):
    base, files = stored_server
    with Dataset(f"{base}/opendap/mixed") as remote:
        assert "scale_factor" not in remote["temp"].ncattrs()
        assert "decoded" in remote["temp"].comment
        values = remote["temp"][:]
    expected = []
    for path in files["mixed"]:
        with Dataset(path) as opened:
            expected.append(np.ma.filled(opened["temp"][:].astype(float), np.nan))
    np.testing.assert_allclose(np.ma.filled(values, np.nan), np.concatenate(expected), rtol=1e-6)


def test_only_the_variables_of_the_configuration_and_what_they_need_are_there(stored_server):
    with raw(f"{stored_server[0]}/opendap/chosen") as remote:
        assert list(remote.variables) == ["time", "lat", "lon", "temp"]


def test_files_with_one_time_each_are_joined_along_a_new_dimension(tmp_path):
    values = RANDOM.normal(size=(3, 4, 5)).astype("f4")
    for day in range(3):
        with Dataset(tmp_path / f"day_{day}.nc", "w") as out:
            out.createVariable("time", "f8", ())[...] = 10 + day
            out["time"].units = "days since 2020-01-01"
            for name, size, units in (("lat", 4, "degrees_north"), ("lon", 5, "degrees_east")):
                out.createDimension(name, size)
                out.createVariable(name, "f4", (name,))[:] = np.arange(size)
                out[name].units = units
            out.createVariable("temp", "f4", ("lat", "lon"))[:] = values[day]
            out["temp"].units, out["temp"].coordinates = "degC", "time"
    datasets = {"days": {"name": "days", "url": str(tmp_path / "day_*.nc")}}
    (tmp_path / "datasets.json").write_text(json.dumps(datasets))
    services = OneProcess(tmp_path / "catalogue.sqlite", datasets=tmp_path / "datasets.json")
    with services, services.listen() as base, Dataset(f"{base}/opendap/days") as remote:
        assert remote["temp"].dimensions == ("time", "lat", "lon")
        np.testing.assert_array_equal(remote["temp"][:], values)
        np.testing.assert_array_equal(remote["temp"][2:3, 1:4:2, 0:2], values[2:3, 1:4:2, 0:2])
        dates = netCDF4.num2date(remote["time"][:], remote["time"].units)
        assert [date.day for date in dates] == [11, 12, 13]


def test_names_that_mean_different_things_in_different_files_are_numbered(tmp_path):
    for point, shift, days in (("T", 0.0, 3), ("U", 0.5, 3), ("W", 0.0, 2)):
        with Dataset(tmp_path / f"ocean_{point}.nc", "w") as out:
            for name, size in (("time", None), ("y", 4), ("x", 5)):
                out.createDimension(name, size)
            out.createVariable("time", "i4", ("time",))[:] = np.arange(days)
            out["time"].units = "days since 2020-01-01"
            for name, axis, units in (("nav_lat", 0, "degrees_north"), ("nav_lon", 1, "degrees_east")):
                values = np.indices((4, 5))[axis] + np.indices((4, 5))[1 - axis] / 10
                out.createVariable(name, "f4", ("y", "x"))[:] = values + shift
                out[name].units = units
            own = out.createVariable(f"field{point}", "f4", ("time", "y", "x"))
            own[:], own.coordinates, own.units = RANDOM.normal(size=(days, 4, 5)), "nav_lat nav_lon", "m s-1"
    datasets = {"ocean": {"name": "ocean", "url": str(tmp_path / "ocean_*.nc")}}
    (tmp_path / "datasets.json").write_text(json.dumps(datasets))
    services = OneProcess(tmp_path / "catalogue.sqlite", datasets=tmp_path / "datasets.json")
    with services, services.listen() as base, raw(f"{base}/opendap/ocean") as remote:
        fields = {name: remote[name] for name in ("fieldT", "fieldU", "fieldW")}
        for name, own in fields.items():
            with raw(tmp_path / f"ocean_{name[-1]}.nc") as opened:
                np.testing.assert_array_equal(own[:], opened[name][:])
                for coordinate, written in zip(own.coordinates.split(), ("nav_lat", "nav_lon"), strict=True):
                    np.testing.assert_array_equal(remote[coordinate][:], opened[written][:], err_msg=coordinate)
        assert fields["fieldT"].coordinates == fields["fieldW"].coordinates == "nav_lat nav_lon"
        assert fields["fieldU"].coordinates == "nav_lat_2 nav_lon_2"
        assert remote["nav_lat_2"].original_name == "nav_lat"
        assert fields["fieldW"].dimensions == ("time_2", "y", "x")
        assert remote["time_2"][:].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("address", "status", "text", "french"),
    [
        ("nowhere.dds", 404, "no dataset 'nowhere'", "il n'y a pas de jeu de données"),
        ("series.dods?nothing", 400, "there is no variable 'nothing'", "il n'y a pas de variable 'nothing'"),
        ("series.dods?temp[0:99][0][0]", 400, "no part of time", "n'est pas une partie de time"),
        ("series.das/more", 404, "nothing is served", "rien n'est servi"),
    ],
)
def test_failures_have_the_form_of_the_protocol(stored_server, address, status, text, french):
    answer = httpx.get(f"{stored_server[0]}/opendap/{address}")
    assert answer.status_code == status
    if "/" not in address:
        assert answer.headers["content-description"] == "dods_error"
        assert answer.text.startswith(f"Error {{\n    code = {status};\n    message = ")
    assert text in answer.text
    translated = httpx.get(f"{stored_server[0]}/opendap/{address}", headers={"accept-language": "fr"})
    assert translated.status_code == status
    assert french in translated.text


def test_descriptions_are_kept_by_revision(stored_server):
    for address in ("series.dds", "series.das", "series.dods?temp[0][0][0]"):
        first = httpx.get(f"{stored_server[0]}/opendap/{address}")
        known = {"if-none-match": first.headers["etag"]}
        assert httpx.get(f"{stored_server[0]}/opendap/{address}", headers=known).status_code == 304


@pytest.mark.ci
@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES does not name a folder of sample files")
def test_every_sample_file_is_read_bit_for_bit(tmp_path):
    compared, different, opened = 0, [], {}
    with ExitStack() as remotes:
        for base, record, steps, variable in list_sample_variables(tmp_path / "catalogue.sqlite"):
            if record.id not in opened:
                opened[record.id] = remotes.enter_context(raw(f"{base}/opendap/{record.id}"))
            for place, equal in compare_ends(record, variable, opened[record.id], steps):
                compared += 1
                different += [] if equal else [place]
    assert not different
    assert compared > 200


def compare_ends(record, variable, remote, steps):
    """Yield, of the first and last step of a variable, whether it is as in its file."""
    axis = None if variable.time is None else steps[variable.time]
    places = [(0, variable.file, 0)]
    if axis is not None:
        places = [(number, axis.file[number], axis.position[number]) for number in (0, axis.raw.size - 1)]
    time = next((item.name for item in variable.dimensions if item.role == "time"), None)
    for number, file, position in places:
        with raw(record.files[file].path) as opened:
            stored, own = opened[variable.source], remote[variable.source]
            part = tuple(int(position) if name == time else slice(None) for name in stored.dimensions)
            sent = tuple(number if name == time else slice(None) for name in own.dimensions)
            sent = sent if own.ndim == stored.ndim else (number,)
            equal = np.array_equal(stored[part], own[sent], equal_nan=stored.dtype.kind == "f")
            yield (record.id, variable.source, number), equal


def test_an_interface_that_is_off_is_not_there(app_over, shipped):
    with TestClient(app_over(shipped.values(), opendap=False, zarr=False)) as client:
        for address in ("/opendap/ostia_month.dds", "/zarr/ostia_month/zarr.json", "/opendap", "/zarr"):
            assert client.get(address).status_code == 404
        document = client.get("/data/openapi.json").json()
        assert not [path for path in document["paths"] if path.startswith(("/opendap", "/zarr"))]


@loop_over(
    ("limit", "kind"), [({"max_streamed": 1000}, "values"), ({"max_bytes": 4000}, "bytes"), ({"max_files": 2}, "files")]
)
def test_more_than_the_budget_is_refused_with_a_part_that_fits(app_over, shipped, limit, kind):
    dataset, name = ("nemo_global_month", "tos") if kind == "files" else ("ostia_month", "surface_temperature")
    with TestClient(app_over(shipped.values(), **limit)) as client:
        refusal = client.get(f"/opendap/{dataset}.dods?{name}")
        assert refusal.status_code == 413, refusal.text
        count, dimension = re.search(rf" {kind}, .* at most (\d+) indices of (\w+) at a time", refusal.text).groups()
        assert dimension in {"time", "time_counter"}
        rest = "[0:17][0:10]" if kind != "files" else "[0:1][0:1]"
        assert client.get(f"/opendap/{dataset}.dods?{name}[0:{int(count) - 1}]{rest}").status_code == 200


def test_the_part_that_fits_is_of_the_dimension_along_which_the_limit_is_exceeded(app_over, shipped):
    with TestClient(app_over(shipped.values(), max_files=2)) as client:
        # The corners of the cells have more values, and all lie in one file.
        refusal = client.get("/opendap/nemo_global_month.dods?tos,bounds_lon")
        assert refusal.status_code == 413
        assert "indices of time_counter" in refusal.text
    with TestClient(app_over(shipped.values(), max_bytes=4)) as client:
        refusal = client.get("/opendap/ostia_month.dods?forecast_period,latitude_longitude")
        assert refusal.status_code == 413
        assert "ask for fewer variables" in refusal.text
