"""Files with odd times and levels, in every format that is written of them: values, units, times and levels."""

import csv
import io

import cftime
import netCDF4
import numpy as np
import pytest
import xarray as xr
from tests.data.indexed_files import IndexedFiles

FORMS = ("NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_64BIT", "NETCDF3_CLASSIC")
PRESSURE = {"units": "dbar", "standard_name": "sea_water_pressure", "positive": "down"}
SIGMA = {"units": "1", "standard_name": "ocean_sigma_coordinate", "positive": "up"}
# Values, units and calendar of times; values and attributes of levels; what CSV has of the first time.
FILES = {
    "months of a climatology": (list(range(1, 13)), "months", None, None, "0000-01-15T00:00:00+00:00"),
    "units of no known meaning": ([3, 5, 9], "fortnights since the flood", None, None, "3.0"),
    "30 February": ([59, 60, 61], "days since 2000-01-01", "360_day", None, "2000-02-30T00:00:00+00:00"),
    "29 February of every year": ([59, 60], "days since 2001-01-01", "all_leap", None, "2001-02-29T00:00:00+00:00"),
    "a year without leap days": ([59, 60], "days since 2000-01-01", "noleap", None, "2000-03-01T00:00:00+00:00"),
    "the year 0": ([15, 45], "days since 0000-01-01", "proleptic_gregorian", None, "0000-01-16T00:00:00+00:00"),
    "pressures": ([0, 1], "days since 2020-01-01", None, ([5.0, 10, 500], PRESSURE), "2020-01-01T00:00:00+00:00"),
    "sigma": ([0, 1], "days since 2020-01-01", None, ([-0.9, -0.5, -0.1], SIGMA), "2020-01-01T00:00:00+00:00"),
}


def write(path, times, units, calendar, levels):
    """Write random values in single precision; return them with the levels from the surface down."""
    numbers, attributes = levels or ([0.0], {})
    values = np.random.default_rng(2).uniform(-2, 30, (len(times), len(numbers), 5, 6)).astype("f4")
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", len(times)), ("lev", len(numbers)), ("lat", 5), ("lon", 6)):
            file.createDimension(name, size)
        file.createVariable("time", "f8", ("time",))[:] = times
        file["time"].setncatts({"units": units, "standard_name": "time"} | ({"calendar": calendar} if calendar else {}))
        file.createVariable("lat", "f8", ("lat",))[:] = np.arange(40.0, 45.0)
        file.createVariable("lon", "f8", ("lon",))[:] = np.arange(-60.0, -54.0)
        for name, direction in (("lat", "north"), ("lon", "east")):
            file[name].units = f"degrees_{direction}"
        if levels:
            file.createVariable("lev", "f8", ("lev",))[:] = numbers
            file["lev"].setncatts(attributes)
        variable = file.createVariable("temp", "f4", ("time", *(("lev",) if levels else ()), "lat", "lon"))
        variable.units = "degC"
        variable[:] = values if levels else values[:, 0]
    upwards = attributes.get("positive") == "up"
    return values[:, ::-1] if upwards else values


@pytest.mark.parametrize("name", FILES)
def test_what_is_odd_in_a_file_is_right_in_its_exports(tmp_path, served_files, name):
    times, units, calendar, levels, first = FILES[name]
    folder = tmp_path / "data"
    folder.mkdir()
    values = write(folder / "odd.nc", times, units, calendar, levels)
    files = IndexedFiles(tmp_path / "catalogue.sqlite3", served_files, folder=folder)
    depth = "all" if levels else "0"

    def get(path, **params):
        response = files.client.get(f"/api/v2.0/{path}", params=params)
        assert response.status_code == 200, response.text
        return response

    box = {"min_range": "40,-60", "max_range": "44,-55", "should_zip": "0", "depth": depth}
    area = {"bbox": "-60,40,-55,44", "depth": depth}
    for step in range(len(times)):
        whole = get("data/odd/temp/area", **area, time=format_step(files, step)).json()["variables"]["temp"]
        assert whole["units"] == files.assets["odd", "temp"].variable.units
        np.testing.assert_array_equal(np.float32(whole["values"]).reshape(values[step].shape), values[step])
    for form in FORMS:
        period = ",".join(format_step(files, step) for step in (0, -1))
        content = get("subset/odd/temp", **box, time=period, output_format=form).content
        path = tmp_path / f"{form}.nc"
        path.write_bytes(content)
        check_file(path, values, FILES[name])
    one = area | {"time": format_step(files, 0)}
    _, *rows = csv.reader(io.StringIO(get("data/odd/temp/area", **one, format="csv").text))
    assert rows[0][0] == first
    np.testing.assert_array_equal(np.float32([row[-1] for row in rows]), values[0].ravel())
    coverage = get("data/odd/temp/area", **one, format="covjson").json()
    np.testing.assert_array_equal(np.float32(coverage["ranges"]["temp"]["values"]), values[0].ravel())
    files.close()


def format_step(files, step):
    """Return the id of a time step."""
    raw = files.assets["odd", "temp"].steps.raw
    return str(np.frombuffer(raw.data, raw.dtype)[step])


def check_file(path, values, described):
    times, units, calendar, levels, _ = described
    with xr.open_dataset(path, decode_times=False) as file:
        np.testing.assert_array_equal(file.temp.values, values if levels else values[:, 0])
        assert file.temp.attrs["units"] in {"degC", "degree_C"}
        np.testing.assert_array_equal(file.latitude, np.arange(40.0, 45.0))
        np.testing.assert_array_equal(file.longitude, np.arange(-60.0, -54.0))
        if levels:
            numbers, attributes = levels
            np.testing.assert_array_equal(file.level, sorted(numbers, reverse=attributes["positive"] == "up"))
            assert file.level.attrs["positive"] == attributes["positive"]
            assert file.level.attrs["units"] == attributes["units"]
        if calendar is None and "since 2" not in units:  # neither dates nor a calendar
            np.testing.assert_array_equal(file.time, times)
            assert file.time.attrs["units"].rstrip("s") == units.rstrip("s")
            return
        own = file.time.attrs
        dates = cftime.num2date(file.time.values, own["units"], own["calendar"])
        expected = cftime.num2date(times, units, calendar or "standard")
    for date, wanted in zip(dates, expected, strict=True):
        assert date.timetuple()[:6] == wanted.timetuple()[:6]
