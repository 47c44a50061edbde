"""Version 1.0 of the API through the gateway: each of its addresses, compared with what version 2.0 answers."""

import json

import httpx
import pytest
from tests.looping import loop_over

V1, V2 = "/api/v1.0", "/api/v2.0"
PLACE = {"dataset": "giops_day", "variable": "votemper"}
STEP = "2099304000"
PROFILE = {"type": "profile", "dataset": "giops_day", "variable": "votemper", "station": [[45, -40]], "time": -1}
EARTH = "-20037508,-20037508,20037508,20037508"
# Address of version 1.0, and that of version 2.0 whose answer it has.
SAME = [
    ("/gitinfo", "/git_info"),
    ("/datasets/", None),
    ("/timeunit/?dataset=giops_day", f"{V2}/giops_day/timeunit"),
    ("/variables/?dataset=giops_day", "/dataset/giops_day/variables"),
    ("/variables/?dataset=giops_day&3d_only", "/dataset/giops_day/variables?has_depth_only=true"),
    ("/variables/?vectors_only&dataset=giops_day", "/dataset/giops_day/variables?vectors_only=true"),
    ("/depth/?dataset=giops_day&variable=votemper", "/dataset/giops_day/votemper/depths?include_all_key=false"),
    ("/depth/?variable=votemper&dataset=giops_day&all=True", "/dataset/giops_day/votemper/depths?include_all_key=true"),
    ("/timestamps/?variable=votemper&dataset=giops_day", "/dataset/giops_day/votemper/timestamps"),
    ("/scale/giops_day/votemper/-2,26.png", "/scale/giops_day/votemper/-2,26"),
    (f"/range/gaussian/25/10/EPSG:3857/{EARTH}/giops_day/votemper/0/{STEP}.json", None),
    ("/class4/forecasts/ocean_predict/class4_20160710_IDEALISED_demo_profile/",
     "/class4/forecasts/ocean_predict?id=class4_20160710_IDEALISED_demo_profile"),
    ("/colormaps/", "/plot/colormaps"),
    ("/colormaps.png", "/plot/colormaps.png"),
    ("/points/", "/kml/point"),
    ("/lines/", "/kml/line"),
    ("/areas/", "/kml/area"),
    ("/class4/", "/class4"),
    (f"/tiles/gaussian/25/10/EPSG:3857/giops_day/votemper/{STEP}/0/-2,26/3/2/2.png",
     f"/tiles/giops_day/votemper/{STEP}/0/3/2/2?projection=EPSG:3857&scale=-2,26&interp=gaussian&radius=25&neighbours=10"),
    ("/tiles/topo/true/EPSG:3857/2/1/1.png", "/tiles/topo/2/1/1?shaded_relief=true&projection=EPSG:3857"),
    ("/tiles/bath/EPSG:3857/2/1/1.png", "/tiles/bath/2/1/1?projection=EPSG:3857"),
    ("/observation/datatypes.json", "/observation/datatypes.json"),
    (f"/areas/EPSG:3857/0/{EARTH}/nordic_seas.json",
     f"/kml/area/nordic_seas?projection=EPSG:3857&resolution=0&view_bounds={EARTH}"),
]  # fmt: skip


@loop_over(("old", "new"), [(old, new) for old, new in SAME if new])
def test_the_answer_is_that_of_version_2(http, old, new):
    answer, expected = http.get(V1 + old), http.get(V2 + new)
    assert (answer.status_code, expected.status_code) == (200, 200), answer.text[:300] + expected.text[:300]
    assert answer.content == expected.content, answer.text[:200] + expected.text[:200]
    assert answer.headers["content-type"] == expected.headers["content-type"]
    assert ("etag" in answer.headers) == ("etag" in expected.headers)


def ask(http, path, **query):
    answer = http.get(V1 + path, params=query or None)
    assert answer.status_code == 200, answer.text[:300]
    return answer.json()


def test_lists_have_the_members_of_version_1(http):
    datasets = ask(http, "/datasets/")
    assert [item["id"] for item in datasets] == [item["id"] for item in http.get(f"{V2}/datasets").json()]
    assert {"id", "value", "quantum", "help", "attribution", "time_dim_units"} <= set(datasets[0])
    assert ask(http, "/quantum/", dataset="giops_day") == "day"
    assert [colour["id"] for colour in ask(http, "/colors/")[:3]] == ["k", "b", "g"]
    areas = ask(http, "/areas/north_atlantic.json")
    assert {"name", "polygons", "innerrings", "centroids", "key"} <= set(areas[0])
    profiles = ask(http, "/class4/class4_20160710_IDEALISED_demo_profile/ocean_predict.json")
    assert {"name", "loc", "id"} <= set(profiles[0])


def test_plots_are_asked_for_with_their_kind_in_the_query(http):
    picture = http.get(f"{V1}/plot/", params={"query": json.dumps(PROFILE)})
    assert picture.content.startswith(b"\x89PNG")
    posted = http.post(f"{V1}/plot/", data={"query": json.dumps(PROFILE), "format": "csv"})
    query = json.dumps({name: value for name, value in PROFILE.items() if name != "type"})
    assert posted.text == http.get(f"{V2}/plot/profile", params={"query": query, "format": "csv"}).text
    script = http.get(
        f"{V1}/generatescript/", params={"query": json.dumps(PROFILE), "lang": "python", "scriptType": "PLOT"}
    )
    assert "API_script_PLOT.py" in script.headers["content-disposition"]
    assert "/plot/profile" in script.text


def test_numbers_of_areas_and_grids(http):
    grid = ask(http, "/data/", dataset="giops_day", variable="votemper", time=STEP, depth="0", geometry_type="area")
    assert len(grid["features"]) > 100
    area = [{"polygons": [[[40, -45], [40, -40], [45, -40], [45, -45], [40, -45]]], "innerrings": [[]], "name": "box"}]
    query = {**PLACE, "time": int(STEP), "depth": 0, "area": area}
    found = ask(http, "/stats/", query=json.dumps(query))
    ring = [[-45, 40], [-40, 40], [-40, 45], [-45, 45], [-45, 40]]
    body = {"polygon": {"type": "Polygon", "coordinates": [ring]}, "time": STEP, "depth": "0"}
    expected = http.post(f"{V2}/data/giops_day/votemper/statistics", json=body).json()["variables"]
    mean = expected["votemper_mean"]["values"]
    while isinstance(mean, list):
        mean = mean[0]
    assert found[0]["name"] == "box"
    assert abs(float(found[0]["variables"][0]["mean"]) - mean) < 1e-3


def test_a_subset_is_asked_for_by_address_or_form(http):
    query = {"dataset_name": "giops_day", "variables": "votemper", "min_range": "42,-45", "max_range": "44,-40",
             "time": f"{STEP},{STEP}", "output_format": "NETCDF4", "should_zip": "0"}  # fmt: skip
    got, posted = http.get(f"{V1}/subset/", params=query), http.post(f"{V1}/subset/", data=query)
    assert got.content == posted.content
    assert got.content[1:4] == b"HDF"


@pytest.mark.parametrize(
    ("path", "words"),
    [("/variables/", "dataset"), ("/variables/?dataset=nowhere", "nowhere"), ("/nothing/", "documentation"),
     ("/plot/?query={}", "type"), ("/datasets/../../internal/revisions", "")],
)  # fmt: skip
def test_failures_are_messages(http, path, words):
    answer = http.get(V1 + path)
    if answer.url.path.startswith(V1):
        assert answer.status_code == 400
        assert words in answer.json()["message"]
    else:
        assert answer.status_code == 404


def test_it_tells_where_the_documents_are(http):
    for path in ("/api/", f"{V1}/"):
        answer = http.get(path)
        assert answer.status_code == 400
        assert httpx.URL(answer.json()["link"]).path
