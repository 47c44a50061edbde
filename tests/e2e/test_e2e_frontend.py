"""The requests of the web front end that exists, as it writes them, and the fields that it reads."""

import asyncio

import httpx
import pytest
from tests.looping import loop_over

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

# What a page shows at first, 1600 × 1000 px around 53° N 50° W: tiles of zoom 4, and those above them beforehand.
SEEN = [(4, x, y) for x in range(2, 9) for y in range(3, 8)]
ABOVE = [(3, x, y) for x in range(1, 5) for y in range(1, 4)]
LOOK = "projection=EPSG:3857&scale=-5,30&interp=gaussian&radius=25&neighbours=10"
PNG, VECTOR = "image/png", "application/vnd.mapbox-vector-tile"
LAYERS = {  # address → media type and tiles
    f"/tiles/giops_day/votemper/{{time}}/0/{{tile}}?{LOOK}": (PNG, SEEN + ABOVE),
    "/tiles/topo/{tile}?shaded_relief=false&projection=EPSG:3857": (PNG, SEEN + ABOVE),
    "/tiles/bath/{tile}?projection=EPSG:3857": (PNG, SEEN + ABOVE),
    "/mbt/lands/{tile}?projection=EPSG:3857": (VECTOR, SEEN),
    "/mbt/bath/{tile}?projection=EPSG:3857": (VECTOR, SEEN),
}


@pytest.fixture
def ask(run, http):
    run.imported()
    files = http.get(f"{API}/class4").json()["ocean_predict"]

    def ask(address):
        response = http.get(API + address.replace("{class4}", files[0]["id"]), headers={"cache-control": "no-cache"})
        assert response.status_code == 200, f"{address}: {response.text[:500]}"
        return response.json()

    return ask


@loop_over("address", LISTS)
def test_a_list_has_what_the_front_end_reads(ask, address):
    response = ask(address)
    assert isinstance(response, list)
    assert all(LISTS[address] <= set(item) for item in response)
    assert response or "/models/" in address


@loop_over("address", FEATURES)
def test_features_have_what_the_front_end_reads(ask, address):
    response = ask(address)
    assert response["type"] == "FeatureCollection"
    assert response["features"]
    assert all(FEATURES[address] <= set(feature["properties"]) for feature in response["features"])


@loop_over("address", OBJECTS)
def test_an_object_has_what_the_front_end_reads(ask, address):
    response = ask(address)
    assert response
    assert OBJECTS[address] <= set(response)


@loop_over("address", TEXTS)
def test_a_list_is_a_list_even_where_nothing_is_found(ask, address):
    assert isinstance(ask(address), list)


def test_the_page_starts_with_the_dataset_variables_and_depth_that_it_expects(ask):
    assert "giops_day" in {item["id"] for item in ask("/datasets")}
    assert {"votemper", "vosaline"} <= {item["id"] for item in ask("/dataset/giops_day/variables")}
    assert 0 in {item["id"] for item in ask("/dataset/giops_day/votemper/depths?include_all_key=true")}


def test_a_page_view_of_211_simultaneous_tiles_has_no_hole(run, ask):
    time = ask("/dataset/giops_day/votemper/timestamps")[-1]["id"]
    requests = [
        (API + address.format(time=time, tile="/".join(map(str, tile))), media)
        for address, (media, tiles) in LAYERS.items()
        for tile in tiles
    ]

    async def view():
        async with httpx.AsyncClient(base_url=run.web, timeout=60) as browser:
            return await asyncio.gather(*(browser.get(address) for address, _ in requests))

    answers = asyncio.run(view())
    assert len(answers) == 211
    for (address, media), answer in zip(requests, answers, strict=True):
        assert (answer.status_code, answer.headers["content-type"]) == (200, media), f"{address}: {answer.text[:500]}"


@loop_over("projection", ["EPSG:3857", "EPSG:32661", "EPSG:3031"])
def test_the_map_under_the_data_is_there_in_every_projection(http, projection):
    for address in ("/tiles/topo/5/13/11?shaded_relief=true", "/tiles/bath/5/13/11?", "/mbt/lands/8/84/89?"):
        answer = http.get(f"{API}{address}&projection={projection}")
        assert answer.status_code == 200, answer.text[:500]
        assert answer.content or "/mbt/" in address
