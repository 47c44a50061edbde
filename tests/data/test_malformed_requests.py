"""Malformed input is answered with a problem that says what would work."""

import msgspec
import pytest
from tests.looping import loop_over

from ocean_common.contracts.data import PointsRequest

GOOD = {"latitude": "74.5", "longitude": "20"}
SERIES = "/api/v2.0/data/arctic_day/votemper/timeseries"


@loop_over(
    ("wrong", "status", "says"),
    [
        ({"latitude": "147"}, 400, "latitude"),
        ({"latitude": "nan"}, 400, "latitude"),
        ({"latitude": ""}, 400, "latitude"),
        ({"longitude": "541"}, 400, "longitude"),
        ({"longitude": "east"}, 400, "longitude"),
        ({"latitude": "10"}, 422, "latitudes 64.8 to 82.38 and longitudes -10.75 to 52.19"),
        ({"depth": "99"}, 404, "0 to 16"),
        ({"depth": "-1"}, 404, "0 to 16"),
        ({"depth": "deep"}, 400, "bottom"),
        ({"depth": "1e3"}, 400, "index of a level"),
        ({"depth": "9" * 400}, 400, "index of a level"),
        ({"time": "2016-02-09"}, 404, "2016-02-05T12:00:00+00:00 (1454673600)"),
        ({"time": "1454400000"}, 404, "2016-02-01T12:00:00+00:00 (1454328000), 2016-02-02"),
        ({"time": "9" * 30}, 404, "nearest"),
        ({"time": "9" * 18}, 404, "nearest"),
        ({"time": "yesterday"}, 400, "2016-02-01T12:00:00Z"),
        ({"time": "2016-02-30"}, 400, "is no time"),
        ({"time": ""}, 400, "is no time"),
        ({"time": "-1", "start": "2016-02-01"}, 400, "not both"),
        ({"start": "2017-01-01"}, 404, "2016-02-01T12:00:00+00:00 to 2016-02-05"),
        ({"start": "2016-02-03", "end": "2016-02-01"}, 400, "end is before start"),
        ({"interpolation": "cubic"}, 400, "interpolation"),
        ({"radius": "0"}, 400, "radius"),
        ({"radius": "501"}, 400, "radius"),
        ({"neighbours": "0"}, 400, "neighbours"),
        ({"neighbours": "51"}, 400, "neighbours"),
        ({"neighbours": "many"}, 400, "neighbours"),
        ({"format": "xlsx"}, 400, "format"),
    ],
)
def test_a_wrong_parameter_is_named(client, wrong, status, says):
    response = client.get(SERIES, params=GOOD | wrong)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert says in response.json()["detail"]
    assert response.json()["errors"][0]["field"]


@pytest.mark.parametrize("missing", ["latitude", "longitude"])
def test_a_point_has_two_coordinates(client, missing):
    response = client.get(SERIES, params={key: value for key, value in GOOD.items() if key != missing})
    assert response.status_code == 400
    assert missing in response.json()["detail"]


@loop_over(
    "path",
    ["nowhere/votemper", "arctic_day/nothing", "..%2f/votemper", "arctic_day/%00", "arctic_day/x;y", "%2e%2e/votemper"],
)
def test_a_missing_resource_is_not_found(client, path):
    response = client.get(f"/api/v2.0/data/{path}/profile", params=GOOD)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@loop_over(
    ("query", "field", "text"),
    [
        ("dpeth=3", "dpeth", "did you mean depth"),
        ("bogus=1", "bogus", "there are depth, end, expression, format"),
        ("depth=3&depth=4", "depth", "more than once"),
    ],
)
def test_a_misspelt_or_repeated_parameter_is_refused(client, query, field, text):
    response = client.get(f"{SERIES}?latitude=74.5&longitude=20&{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert text in response.json()["detail"]


@loop_over(("depth", "levels"), [("all", 17), ("3", 1), ("bottom", 1)])
def test_a_profile_may_be_of_some_depths(client, depth, levels):
    answer = client.get("/api/v2.0/data/arctic_day/votemper/profile", params=GOOD | {"depth": depth}).json()
    assert len(answer["depths"]) == levels == len(answer["values"][0])


def test_an_address_may_name_its_revision(client):
    assert client.get(SERIES, params=GOOD | {"rev": "1"}).status_code == 200


@loop_over(
    ("changed", "status"),
    [
        ({"zoom": "99"}, 404),
        ({"zoom": "-1"}, 404),
        ({"x": "8"}, 404),
        ({"y": "-1"}, 404),
        ({"zoom": "three"}, 400),
        ({"projection": "EPSG:4326"}, 400),
        ({"projection": "EPSG:32661", "zoom": "99"}, 404),
        ({"depth": "all"}, 400),
        ({"depth": "40"}, 404),
        ({"time": "2020-01-01"}, 404),
        ({"interpolation": "magic"}, 400),
        ({"radius": "nan"}, 400),
        ({"radius": "1e9"}, 400),
        ({"neighbours": "1000000"}, 400),
        ({"variable": "votemper,nothing"}, 404),
        ({"variable": ","}, 400),
        ({"variable": "votemper,h,zeta"}, 400),
        ({"dataset": "nowhere"}, 404),
    ],
)
def test_a_wrong_tile_is_refused(client, changed, status):
    query = {
        "dataset": "arctic_day",
        "variable": "votemper",
        "time": "-1",
        "depth": "0",
        "zoom": "3",
        "x": "4",
        "y": "1",
    }
    response = client.get("/internal/tile-field", params=query | changed)
    assert response.status_code == status, response.text


def test_the_point_of_a_profile_outside_the_grid_is_named_by_its_number(client):
    query = PointsRequest(dataset="arctic_day", variables=["votemper"], points=[(74.5, 20.0), (10.0, 20.0)])
    body = msgspec.msgpack.encode(query)
    response = client.post("/internal/extractions", content=body, headers={"content-type": "application/x-msgpack"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "points[1]"


@loop_over(
    ("asked", "status"),
    [
        ({"variables": []}, 400),
        ({"points": []}, 400),
        ({"points": [(91.0, 0.0)]}, 400),
        ({"points": [(float("nan"), 0.0)]}, 400),
        ({"points": [(0.0, 0.0)]}, 422),
        ({"radius": -1.0}, 400),
        ({"neighbours": 0}, 400),
        ({"points": [(74.5, 20.0)] * 20_001}, 413),
        ({"variables": [f"v{number}" for number in range(20_000)]}, 413),
        ({"time": "1999-01-01"}, 404),
    ],
)
def test_wrong_profiles_are_refused(client, asked, status):
    good = {"dataset": "arctic_day", "variables": ["votemper"], "points": [(74.5, 20.0)], "depth": "all"}
    body = msgspec.msgpack.encode(PointsRequest(**good | asked))
    response = client.post("/internal/extractions", content=body, headers={"content-type": "application/x-msgpack"})
    assert response.status_code == status, response.text


def test_a_body_that_is_none_is_refused(client):
    for body in (b"", b"\xc1", msgspec.msgpack.encode([1, 2]), msgspec.msgpack.encode({"dataset": 3})):
        response = client.post("/internal/extractions", content=body, headers={"content-type": "application/x-msgpack"})
        assert response.status_code == 400
