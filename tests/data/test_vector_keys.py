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
    with netCDF4.Dataset(path, "w") as dataset:
        for name, values in (("latitude", latitude), ("longitude", longitude)):
            dataset.createDimension(name, values.size)
            dataset.createVariable(name, "f8", (name,))[:] = values
        for name, values in fields.items():
            dataset.createVariable(name, "f4", ("latitude", "longitude"))[:] = values
            dataset[name].units = "degree" if name == "towards" else "m s-1"
        dataset["u"].standard_name, dataset["v"].standard_name = (
            "eastward_sea_water_velocity",
            "northward_sea_water_velocity",
        )
    axes = {"kind": "rectilinear", "latitude": "latitude", "longitude": "longitude"}
    existing = {name: described(path, name, **axes) for name in fields}

    def ask(components, variable):
        full = msgspec.structs.replace(existing["speed"], components=components)
        with TestClient(app_over([*existing.values(), full])) as client:
            return client.get(WHERE.format(variable))

    return ask


def read_features(response):
    assert response.status_code == 200, response.text
    features = [
        feature["properties"] | {"at": feature["geometry"]["coordinates"]} for feature in response.json()["features"]
    ]
    assert len(features) > 100
    return features


def test_a_vector_with_named_components_is_drawn_from_these_under_its_own_name(asking):
    features, plain = read_features(asking({"east": "u", "north": "v"}, "speed")), read_features(asking({}, "u,v"))
    for key in ("at", "bearing", "data"):
        assert [feature[key] for feature in features] == [feature[key] for feature in plain]
    assert {feature["name"] for feature in features} == {"Speed"}


def test_a_length_with_a_named_bearing_points_there_and_turns_through_north(asking):
    features = read_features(asking({"bearing": "towards"}, "speed"))
    bearings = np.array([feature["bearing"] for feature in features])
    assert (np.minimum(bearings, 360 - bearings) <= 10.05).all()
    np.testing.assert_allclose([feature["data"] for feature in features], 0.5, atol=1e-3)


def test_components_are_preferred_to_a_bearing(asking):
    features = read_features(asking({"bearing": "towards", "east": "u", "north": "v"}, "speed"))
    plain = read_features(asking({}, "u,v"))
    assert [feature["data"] for feature in features] == [feature["data"] for feature in plain]


def test_one_variable_without_parts_is_no_vector(asking):
    response = asking({}, "speed")
    assert response.status_code == 400
    assert "u,v" in response.json()["detail"]
