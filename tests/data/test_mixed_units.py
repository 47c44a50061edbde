"""Values in one unit, where files of a family or the components of a vector have several."""

import msgspec
import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import TileField

API = "/api/v2.0"
WHOLE = "nearest/25/10/EPSG:3857/-1113194,-1113194,1113194,1113194"
POINT = {"latitude": 1, "longitude": 2}
CELSIUS = (4.0, 9.0)  # of the two days
UNITS = {"metres": "m s-1", "centimetres": "cm s-1", "temperature": "degree_C"}


def write(path, fields, day=0):
    """Write fields of one value everywhere."""
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", 1), ("lat", 21), ("lon", 21)):
            file.createDimension(name, size)
        file.createVariable("time", "i4", ("time",))[:] = day
        file["time"].units = "days since 2020-01-01"
        for name in ("lat", "lon"):
            file.createVariable(name, "f8", (name,))[:] = np.arange(-10.0, 11.0)
        for name, (value, units) in fields.items():
            file.createVariable(name, "f4", ("time", "lat", "lon"))[:] = value
            file[name].units = units
    return path


@pytest.fixture
def open_client(app_over, described):
    def start(paths, *names, conversions=()):
        assets = [described(paths, name, kind="rectilinear", latitude="lat", longitude="lon") for name in names]
        converted = dict(enumerate(conversions))
        return TestClient(
            app_over([
                replace(item, files=[
                    replace(file, conversion=converted.get(number)) for number, file in enumerate(item.files)
                ])
                for item in assets
            ])
        )  # fmt: skip

    return start


def get(client, path, **params):
    response = client.get(path, params=params)
    assert response.status_code == 200, response.text
    return response


def read_tile(client, variable, time="-1"):
    query = {"dataset": "made", "variable": variable, "time": time, "depth": 0, "zoom": 6, "x": 32, "y": 31}
    field = msgspec.msgpack.decode(get(client, "/internal/tile-field", **query).content, type=TileField)
    values = np.frombuffer(field.values.data, field.values.dtype)
    return field.variable, values


def test_kelvins_and_celsius_of_a_family_are_one_unit_everywhere(open_client, tmp_path):
    values = (CELSIUS[0], "degree_C"), (CELSIUS[1] + 273.15, "K")
    paths = [write(tmp_path / f"{day}.nc", {"t": value}, day) for day, value in enumerate(values)]
    with open_client(paths, "t", conversions=[None, (1.0, -273.15)]) as client:
        for day, expected in zip(("2020-01-01", "2020-01-02"), CELSIUS, strict=True):
            limits = get(client, f"{API}/range/made/t/{WHOLE}/0/{day}").json()
            assert (limits["min"] + limits["max"]) / 2 == pytest.approx(expected, abs=1e-4)
            np.testing.assert_allclose(read_tile(client, "t", day)[1], expected, atol=1e-4)
            area = get(client, f"{API}/data/made/t/statistics", bbox="-5,-5,5,5", time=day).json()
            assert area["variables"]["t_mean"]["values"] == [pytest.approx(expected, abs=1e-4)]
        series = get(client, f"{API}/data/made/t/timeseries", **POINT).json()
        np.testing.assert_allclose(np.ravel(series["values"]), CELSIUS, atol=1e-4)
        corners = {"min_range": "-1,-1", "max_range": "1,1", "should_zip": 0, "time": "2020-01-01,2020-01-02"}
        with netCDF4.Dataset("a", memory=get(client, f"{API}/subset/made/t", **corners).content) as file:
            np.testing.assert_allclose(file["t"][:, 0, 0], CELSIUS, atol=1e-4)


@pytest.mark.parametrize(
    ("first", "second", "speed"), [("metres", "centimetres", 5.0), ("centimetres", "metres", 500.0)]
)
def test_components_in_two_units_make_a_vector_in_that_of_the_first(open_client, tmp_path, first, second, speed):
    eastward, northward = ({"metres": 3.0, "centimetres": 300.0}, {"metres": 4.0, "centimetres": 400.0})
    fields = {"u": (eastward[first], UNITS[first]), "v": (northward[second], UNITS[second])}
    with open_client(write(tmp_path / "a.nc", fields), "u", "v") as client:
        info, values = read_tile(client, "u,v")
        assert info.units == UNITS[first]
        np.testing.assert_allclose(values, speed, rtol=1e-6)
        limits = get(client, f"{API}/range/made/u,v/{WHOLE}/0/-1").json()
        assert (limits["min"] + limits["max"]) / 2 == pytest.approx(speed)
        arrows = get(client, f"{API}/tiles/quiver/made/u,v/-1/0/0/6/32/31").json()["features"]
        for arrow in (item["properties"] for item in arrows):
            assert arrow["units"] == UNITS[first]
            assert (arrow["data"], arrow["bearing"]) == pytest.approx((speed, 36.9), rel=1e-3)
        parts = {"vector": "magnitude,northward"}
        for path, params in (("point", POINT), ("area", {"bbox": "-1,-1,1,1"})):
            made = get(client, f"{API}/data/made/u,v/{path}", **params, **parts).json()["variables"]
            for part, value in (("magnitude", speed), ("northward", 0.8 * speed)):
                assert made[part]["units"] == UNITS[first]
                np.testing.assert_allclose(np.ravel(made[part]["values"]), value, rtol=1e-6)


def test_components_that_cannot_be_converted_are_refused_by_name(open_client, tmp_path):
    fields = {"u": (1.0, "m s-1"), "t": (1.0, "degree_C")}
    with open_client(write(tmp_path / "a.nc", fields), "u", "t") as client:
        for path in (
            f"range/made/u,t/{WHOLE}/0/-1",
            "tiles/quiver/made/u,t/-1/0/0/6/32/31",
            "data/made/u,t/area?bbox=-1,-1,1,1&vector=magnitude",
        ):
            response = client.get(f"{API}/{path}")
            assert response.status_code == 400, response.text
            assert "'m s-1' and t in 'degree_C'" in response.json()["detail"]


def test_the_scale_of_a_magnitude_is_in_the_units_of_the_first_component():
    u = VariableInfo(dataset="made", key="u", name="U", units="m s-1", scale=(-1.0, 1.0))
    v = VariableInfo(dataset="made", key="v", name="V", units="cm s-1", scale=(-250.0, 250.0))
    assert u.magnitude_with(v).scale == (0.0, 2.5)
    assert v.magnitude_with(u).scale == (0.0, 250.0)
