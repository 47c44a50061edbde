"""Arrows of a vector that has a key of its own."""

import msgspec
import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient

WHERE = "/api/v2.0/tiles/quiver/made/{}/0/0/0/3/4/3"


@pytest.fixture
def asking(tmp_path, app_over, described):
    """A client over components, their length and their bearing; the bearing turns through north."""
    latitude, longitude = np.linspace(0, 40, 41), np.linspace(0, 45, 46)
    bearing = np.where(np.arange(46) % 2, 350.0, 10.0) * np.ones((41, 1))
    speed = 0.5 * np.ones((41, 46))
    fields = {
        "u": speed * np.sin(np.radians(bearing)),
        "v": speed * np.cos(np.radians(bearing)),
        "speed": speed,
        "towards": bearing,
    }
    path = tmp_path / "vectors.nc"
    with netCDF4.Dataset(path, "w") as made:
        for name, values in (("latitude", latitude), ("longitude", longitude)):
            made.createDimension(name, values.size)
            made.createVariable(name, "f8", (name,))[:] = values
        for name, values in fields.items():
            made.createVariable(name, "f4", ("latitude", "longitude"))[:] = values
            made[name].units = "degree" if name == "towards" else "m s-1"
        made["u"].standard_name, made["v"].standard_name = "eastward_sea_water_velocity", "northward_sea_water_velocity"
    axes = {"kind": "rectilinear", "latitude": "latitude", "longitude": "longitude"}
    known = {name: described(path, name, **axes) for name in fields}

    def ask(components, variable):
        whole = msgspec.structs.replace(known["speed"], components=components)
        with TestClient(app_over([*known.values(), whole])) as client:
            return client.get(WHERE.format(variable))

    return ask


def told(response):
    assert response.status_code == 200, response.text
    features = [one["properties"] | {"at": one["geometry"]["coordinates"]} for one in response.json()["features"]]
    assert len(features) > 100
    return features


def test_a_vector_with_named_components_is_drawn_from_these_under_its_own_name(asking):
    features, plain = told(asking({"east": "u", "north": "v"}, "speed")), told(asking({}, "u,v"))
    for key in ("at", "bearing", "data"):
        assert [one[key] for one in features] == [one[key] for one in plain]
    assert {one["name"] for one in features} == {"Speed"}


def test_a_length_with_a_named_bearing_points_there_and_turns_through_north(asking):
    features = told(asking({"bearing": "towards"}, "speed"))
    bearings = np.array([one["bearing"] for one in features])
    assert (np.minimum(bearings, 360 - bearings) <= 10.05).all()
    np.testing.assert_allclose([one["data"] for one in features], 0.5, atol=1e-3)


def test_components_are_preferred_to_a_bearing(asking):
    features = told(asking({"bearing": "towards", "east": "u", "north": "v"}, "speed"))
    plain = told(asking({}, "u,v"))
    assert [one["data"] for one in features] == [one["data"] for one in plain]


def test_one_variable_without_parts_is_no_vector(asking):
    response = asking({}, "speed")
    assert response.status_code == 400
    assert "u,v" in response.json()["detail"]
