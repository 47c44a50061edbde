"""Packed files: NetCDF of their unchanged values has the same integers, in every form."""

import netCDF4
import numpy as np
import pytest
import xarray as xr
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.looping import leave_to_ci, loop_over

API = "/api/v2.0"
FORMS = ("NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_64BIT", "NETCDF3_CLASSIC", "NETCDF3_NC")
BOX = {"min_range": "40,-60", "max_range": "46,-50", "should_zip": "0"}
EAST, NORTH = "eastward_sea_water_velocity", "northward_sea_water_velocity"
PACKINGS = {
    "two bytes": ("i2", {"_FillValue": np.int16(-32767), "scale_factor": 0.001, "add_offset": 20.0}),
    "single precision": ("i2", {"_FillValue": np.int16(-1), "scale_factor": np.float32(0.01)}),
    "a byte": ("i1", {"_FillValue": np.int8(-128), "scale_factor": 0.5, "valid_min": np.int8(-99)}),
    "unsigned": ("u2", {"_FillValue": np.uint16(65535), "add_offset": np.float32(-5), "scale_factor": np.float32(0.5)}),
    "unsigned by an attribute": ("i1", {"_FillValue": np.int8(-1), "_Unsigned": "true", "scale_factor": 0.5}),
    "counts": ("u1", {"_FillValue": np.uint8(255)}),
    "four bytes": ("i4", {"_FillValue": np.int32(-(2**31)), "scale_factor": np.float32(0.1)}),
    "no fill of its own": ("i2", {"scale_factor": 0.1, "valid_max": np.int16(20_000)}),
}


def write(path, packings, *, days=(0,), seed=1, **attributes):
    """Write variables of random integers, a tenth of them missing."""
    random = np.random.default_rng(seed)
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", len(days)), ("lat", 7), ("lon", 11)):
            file.createDimension(name, size)
        file.createVariable("time", "i4", ("time",))[:] = days
        file["time"].units = "days since 2020-01-01"
        file.createVariable("lat", "f8", ("lat",))[:] = np.arange(40.0, 47.0)
        file.createVariable("lon", "f8", ("lon",))[:] = np.arange(-60.0, -49.0)
        for name, (dtype, packing) in packings.items():
            variable = file.createVariable(name, dtype, ("time", "lat", "lon"), fill_value=packing.get("_FillValue"))
            variable.setncatts({key: value for key, value in (packing | attributes).items() if key != "_FillValue"})
            variable.set_auto_maskandscale(False)
            limits = np.iinfo(dtype)
            numbers = random.integers(max(limits.min, -99), min(limits.max, 20_000), variable.shape).astype(dtype)
            fill = packing.get("_FillValue", netCDF4.default_fillvals.get(dtype))
            variable[:] = np.where(random.random(variable.shape) < 0.1, fill, numbers)
    return path


def opened(response):
    assert response.status_code == 200, response.text
    file = netCDF4.Dataset("subset.nc", memory=response.content)
    file.set_auto_maskandscale(False)
    return file


def stored(path, name):
    with netCDF4.Dataset(path) as file:
        file.set_auto_maskandscale(False)
        return file[name][:]


@pytest.fixture
def serve(app_over, described):
    """Serves variables of files."""

    def start(paths, *names, **changes):
        assets = [
            replace(made, **changes)
            for made in (
                described(paths, name, kind="rectilinear", latitude="lat", longitude="lon", key=name) for name in names
            )
        ]
        return TestClient(app_over(assets))

    return start


@pytest.mark.parametrize("packing", leave_to_ci(PACKINGS, 3))
@loop_over("form", FORMS[:-1])
def test_a_subset_has_the_integers_of_its_source(serve, tmp_path, packing, form):
    dtype, attributes = PACKINGS[packing]
    path = write(tmp_path / f"{form}.nc", {"v": PACKINGS[packing]})
    with serve(path, "v") as client, opened(
        client.get(f"{API}/subset/made/v", params=BOX | {"time": "2020-01-01", "output_format": form})
    ) as file:  # fmt: skip
        variable, source = file["v"], stored(path, "v")
        assert variable.dtype == (np.dtype(dtype) if form == "NETCDF4" else np.dtype(dtype.replace("u", "i")))
        np.testing.assert_array_equal(variable[:].view(source.dtype), source)
        for name in set(attributes) - {"_FillValue", "_Unsigned"}:
            assert getattr(variable, name) == attributes[name]
            assert getattr(variable, name).dtype == np.asarray(attributes[name]).dtype
        assert "comment" not in variable.ncattrs()


@pytest.mark.parametrize("form", FORMS[:-1])
def test_other_readers_unpack_the_values_of_the_source(serve, tmp_path, form):
    names = [f"v{number}" for number in range(len(PACKINGS))]
    path = write(tmp_path / "a.nc", dict(zip(names, PACKINGS.values(), strict=True)))
    with serve(path, *names) as client:
        params = BOX | {"time": "2020-01-01", "output_format": form}
        response = client.get(f"{API}/subset/made/{','.join(names)}", params=params)
    (tmp_path / "b.nc").write_bytes(response.content)
    with xr.open_dataset(path) as source, xr.open_dataset(tmp_path / "b.nc") as subset:
        for name in names[:-1]:  # xarray knows no fill that a file does not name
            np.testing.assert_array_equal(subset[name].values, source[name].values)
    with netCDF4.Dataset(path) as source, netCDF4.Dataset(tmp_path / "b.nc") as subset:
        for name in names:
            np.testing.assert_array_equal(subset[name][:].filled(0), source[name][:].filled(0))
            np.testing.assert_array_equal(subset[name][:].mask, source[name][:].mask)


def test_the_plain_form_packs_what_it_does_not_convert(serve, tmp_path):
    packing = PACKINGS["two bytes"]
    path = write(tmp_path / "a.nc", {"v": packing, "w": packing})
    with serve(path, "v", "w") as client:
        params = BOX | {"time": "2020-01-01", "output_format": "NETCDF3_NC"}
        with opened(client.get(f"{API}/subset/made/v,w", params=params)) as file:
            for name in ("v", "w"):
                assert file[name].dtype == np.int16
                assert file[name].scale_factor == 0.001
                rows, columns = file["lat"][:] - 40, file["lon"][:] + 60
                y, x = (np.rint(places).astype(int) for places in (rows, columns))
                near = np.ix_(*(np.abs(places - np.rint(places)) < 0.3 for places in (rows, columns)))
                np.testing.assert_array_equal(file[name][0][near], stored(path, name)[0, y][:, x][near])


def changed(client, path, **params):
    """Return type and comment of the last variable that a request answers."""
    with opened(client.get(f"{API}{path}", params={"format": "netcdf"} | params)) as file:
        variable = [item for item in file.variables.values() if "_FillValue" in item.ncattrs()][-1]
        assert "scale_factor" not in variable.ncattrs()
        return variable.dtype.kind, getattr(variable, "comment", "")


WORDS = "not packed as in the source: "


def test_kelvins_that_become_celsius_are_floats(serve, tmp_path):
    path = write(tmp_path / "a.nc", {"v": PACKINGS["two bytes"]}, units="K", standard_name="sea_water_temperature")
    with serve(path, "v") as client:
        params = BOX | {"time": "2020-01-01", "output_format": "NETCDF3_NC"}
        assert changed(client, "/subset/made/v", **params) == ("f", f"{WORDS}converted to degC")


def test_files_that_pack_differently_are_floats_where_they_are_joined(serve, tmp_path):
    dtype, packing = PACKINGS["two bytes"]
    paths = [
        write(tmp_path / f"{day}.nc", {"v": (dtype, packing | {"scale_factor": scale})}, days=(day,))
        for day, scale in enumerate([0.001, 0.001, 0.002])
    ]
    with serve(paths, "v") as client:
        assert changed(client, "/subset/made/v", **BOX, time="2020-01-01,2020-01-03") == (
            "f",
            f"{WORDS}files are packed differently",
        )
        for days, numbers in (("2020-01-01,2020-01-02", (0, 1)), ("2020-01-03", (2,))):
            with opened(client.get(f"{API}/subset/made/v", params=BOX | {"time": days})) as file:
                expected = np.concatenate([stored(paths[number], "v") for number in numbers])
                np.testing.assert_array_equal(file["v"][:], expected)


def test_values_that_are_changed_are_floats_with_the_reason(serve, tmp_path):
    packings = {"u": PACKINGS["two bytes"], "v": PACKINGS["two bytes"]}
    path = write(tmp_path / "a.nc", packings, units="m s-1")
    area = {"bbox": "-60,40,-50,46"}
    with serve(path, "u", "v") as client:
        for path, params, reason in (
            ("/data/made/u,v/area", area | {"vector": "magnitude"}, "calculated from u and v"),
            ("/data/made/u/area", area | {"expression": "u + v"}, "calculated"),
            (
                "/data/made/u/area",
                area | {"projection": "EPSG:4326", "shape": "5,5", "interpolation": "bilinear"},
                "interpolated (bilinear)",
            ),
        ):
            assert changed(client, path, **params) == ("f", WORDS + reason)
        assert changed(client, "/data/made/u/difference", **area, minus_variables="v")[0] == "f"
        assert changed(client, "/data/made/u/statistics", **area)[0] == "f"


def test_converted_files_are_floats_with_the_unit(serve, tmp_path, described):
    path = write(tmp_path / "a.nc", {"v": PACKINGS["two bytes"]})
    files = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon").files
    with serve(path, "v", files=[replace(file, conversion=(0.01, 0.0)) for file in files]) as client:
        reason = f"{WORDS}converted to 1"
        assert changed(client, "/data/made/v/area", bbox="-60,40,-50,46") == ("f", reason)
