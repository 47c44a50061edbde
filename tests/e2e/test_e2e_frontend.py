"""The requests of the web front end that exists, as it writes them, and the fields that it reads."""

import pytest
from tests.e2e.conftest import until

API = "/api/v2.0"
VIEW = "view_bounds=-20037508,-20037508,20037508,20037508"
EXTENT = "-20037508.342789244,-20037508.342789244,20037508.342789244,20037508.342789244"
LISTS = {  # address → what every element has
    "/datasets": {"id", "value", "quantum", "model_class", "attribution", "group", "subgroup", "default_location"},
    "/dataset/giops_day/variables": {"id", "value", "scale", "two_dimensional", "vector_variable", "data_categories"},
    "/dataset/giops_day/variables?vectors_only=True": {"id", "value", "scale", "vector_variable"},
    "/dataset/giops_day/votemper/timestamps": {"id", "value"},
    "/dataset/giops_day/votemper/depths?include_all_key=true": {"id", "value"},
    "/plot/colormaps": {"id", "value"},
    "/kml/point": {"id", "name"},
    "/kml/line": {"id", "name"},
    "/kml/area": {"id", "name"},
    "/observation/datatypes.json": {"id", "value"},
    "/class4/models/ocean_predict?id={class4}_0": set(),
    "/class4/forecasts/ocean_predict?id={class4}_0": {"id", "value"},
}
DRIFTERS = "/observation/track/start_date=2022-01-01&end_date=2022-12-31&quantum=day.json"
FEATURES = {  # address → what the properties have
    f"/kml/point/kola_section?projection=EPSG:3857&{VIEW}": {"name", "type", "resolution"},
    f"/kml/line/nordic_seas?projection=EPSG:3857&{VIEW}": {"name", "type", "resolution"},
    f"/kml/area/nordic_seas?projection=EPSG:3857&resolution=9784&{VIEW}": {"name", "key", "centroid", "class"},
    f"/class4/ocean_predict?projection=EPSG:3857&resolution=9784&extent={EXTENT}&id={{class4}}": {
        "name", "id", "error", "error_norm", "type",
    },
    "/observation/point/start_date=1997-07-01&end_date=2022-12-31&datatype=sea_water_temperature.json": {
        "id", "type", "class",
    },
    DRIFTERS: {"id", "type", "class"},
}  # fmt: skip
OBJECTS = {
    "/observation/time_range": {"start_time", "end_time"},
    "/observation/tracktimerange/1.json": {"min", "max"},
    "/observation/meta/station/1%7D.json": {"Platform Type"},
    "/observation/meta/platform/1%7D.json": {"Platform Type"},
    "/class4": {"ocean_predict", "riops_obs"},
    "/datasets/variables/all": set(),
}
TEXTS = [
    "/observation/meta_keys/argo,drifter,animal,mission,glider.json",
    "/observation/meta_values/argo,drifter/Any.json",
    "/observation/variables/station=1.json",
    "/observation/variables/station=id1613bd109bbaa.json",
    "/datasets/filter/date?target_date=2016-02-05T00%3A00%3A00.000Z&dataset_ids=giops_day%2Costia_month",
    "/datasets/filter/location?latitude=73.0000&longitude=20&dataset_ids=giops_day,ostia_month",
]


@pytest.fixture
def ask(http):
    imported = f"{API}{DRIFTERS}"  # the observations come beside the services, which serve meanwhile
    until(lambda: http.get(imported).json().get("features"), 120)
    files = http.get(f"{API}/class4").json()["ocean_predict"]

    def ask(address):
        response = http.get(API + address.replace("{class4}", files[0]["id"]), headers={"cache-control": "no-cache"})
        assert response.status_code == 200, f"{address}: {response.text[:500]}"
        return response.json()

    return ask


@pytest.mark.parametrize("address", LISTS)
def test_a_list_has_what_the_front_end_reads(ask, address):
    found = ask(address)
    assert isinstance(found, list)
    assert all(LISTS[address] <= set(one) for one in found)
    assert found or "/models/" in address


@pytest.mark.parametrize("address", FEATURES)
def test_features_have_what_the_front_end_reads(ask, address):
    found = ask(address)
    assert found["type"] == "FeatureCollection"
    assert found["features"]
    assert all(FEATURES[address] <= set(one["properties"]) for one in found["features"])


@pytest.mark.parametrize("address", OBJECTS)
def test_an_object_has_what_the_front_end_reads(ask, address):
    found = ask(address)
    assert found
    assert OBJECTS[address] <= set(found)


@pytest.mark.parametrize("address", TEXTS)
def test_a_list_is_a_list_even_where_nothing_is_found(ask, address):
    assert isinstance(ask(address), list)


def test_the_page_starts_with_the_dataset_variables_and_depth_that_it_expects(ask):
    assert "giops_day" in {one["id"] for one in ask("/datasets")}
    assert {"votemper", "vosaline"} <= {one["id"] for one in ask("/dataset/giops_day/variables")}
    assert 0 in {one["id"] for one in ask("/dataset/giops_day/votemper/depths?include_all_key=true")}
