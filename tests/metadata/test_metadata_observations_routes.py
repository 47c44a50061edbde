"""Observations over HTTP: what the existing front end reads, with its quirks, and what plotting asks."""

import re
from itertools import pairwise

import httpx
import numpy as np
import pytest
import sqlalchemy as sa
import xarray as xr
from litestar.testing import TestClient
from tests.looping import loop_over
from tests.metadata.observing import SHIPPED, array, observed_client, observing, shipped

from ocean_common.clients.metadata import MetadataClient
from ocean_core.errors import NotFound
from ocean_metadata.observations.search import parse_search

__all__ = ["observed_client", "observing", "shipped"]

API = "/api/v2.0/observation"


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def ask(observed_client):
    """Ask for a path under /observation; its answer."""

    def get(path, status=200):
        response = observed_client.get(f"{API}/{path}")
        assert response.status_code == status, response.text
        return response.json()

    return get


def test_the_dialog_has_what_it_reads(ask):
    assert ask("time_range") == {"start_time": "1997-07-29T20:03:00+00:00", "end_time": "2022-11-23T13:30:28+00:00"}
    assert {"id": "sea_water_temperature", "value": "Sea water temperature"} in ask("datatypes.json")
    keys = ask("meta_keys/argo,drifter,animal,mission,glider.json")
    assert "Type of float" in keys
    assert keys == sorted(keys)
    assert ask("meta_values/argo,drifter/Type of float.json") == ["HM2000", "PALACE"]
    assert ask("meta_values/argo,drifter/Type%20of%20float.json") == ["HM2000", "PALACE"]
    assert ask("meta_values/argo,drifter,mission,animal,glider/Any.json") == []
    assert ask("meta_keys/unheard-of.json") == []


def test_points_are_features_with_numbers_for_ids(ask):
    response = ask("point/start_date=1999-06-01&end_date=1999-08-31&datatype=sea_water_temperature.json")
    assert response["type"] == "FeatureCollection"
    with xr.open_dataset(SHIPPED / "argo_13857_prof.nc") as data:
        times = data.JULD.values
        expected = ((times >= np.datetime64("1999-06-01")) & (times < np.datetime64("1999-09-01"))).sum()
    assert len(response["features"]) == expected > 0
    for feature in response["features"]:
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "Point"
        assert feature["properties"] == {"id": feature["properties"]["id"], "type": "argo", "class": "observation"}
        assert isinstance(feature["properties"]["id"], int)


def test_a_search_with_all_keys_as_the_front_end_writes_them_is_answered(ask):
    requests = (
        "start_date=2012-08-01&end_date=2012-08-31&datatype=sea_water_temperature&area=[[71.2,-164.2]]&radius=60"
        "&platform_type=mission,argo&meta_key=&meta_value=&mindepth=0&maxdepth=10.json"
    )
    names = [feature["properties"]["name"] for feature in ask(f"point/{requests}")["features"]]
    assert names
    assert names == [
        feature["properties"]["name"] for feature in ask(f"point/{requests.replace('&', ';')}")["features"]
    ]


def test_many_points_are_thinned_to_the_same_500(ask):
    response = ask("point/.json")
    assert len(response["features"]) == 500
    assert response == ask("point/.json")
    assert {feature["properties"]["type"] for feature in response["features"]} >= {"drifter", "mooring", "mission"}


def test_tracks_are_lines_by_platform(ask):
    features = ask("track/start_date=2022-10-07&end_date=2022-10-10&quantum=day.json")["features"]
    assert [item["geometry"]["type"] for item in features] == ["LineString"] * 2
    assert [len(item["geometry"]["coordinates"]) for item in features] == [4, 4]
    assert [item["properties"]["type"] for item in features] == ["drifter"] * 2
    assert all(isinstance(item["properties"]["id"], int) for item in features)


def test_a_track_over_the_date_line_has_no_jump(ask):
    for feature in ask("track/start_date=2015-06-01&end_date=2015-12-31&quantum=hour&platform_type=mission.json")[
        "features"
    ]:
        longitudes = [longitude for longitude, _ in feature["geometry"]["coordinates"]]
        assert max(abs(b - a) for a, b in pairwise(longitudes)) < 10


def test_the_hover_request_with_a_stray_brace_is_answered(ask, shipped):
    platform = shipped.platform("argo:13857")
    response = ask(f"meta/platform/{platform}%7D.json")
    assert response["Platform Type"] == "argo"
    assert list(response) == sorted(response)
    station = ask(f"meta/station/{shipped.station('argo:13857', '1A')}%7D.json")
    assert station["Time"] == "1997-07-29T20:03:00+00:00"
    assert station["Float unique identifier"] == "13857"


def test_points_that_are_drawn_have_no_variables(ask, shipped):
    assert ask("variables/station=id1613bd109bbaa.json") == []
    assert ask(f"variables/platform={shipped.platform('argo:2902696')}.json") == [
        {"id": 0, "value": "Sea water salinity"}, {"id": 1, "value": "Sea water temperature"},
    ]  # fmt: skip


def test_the_track_window_knows_from_when_to_when(ask, shipped):
    assert ask(f"tracktimerange/{shipped.platform('drifter:UIB-2022-TILL-01')}.json") == {
        "min": "2022-10-07T00:00:38+00:00", "max": "2022-11-17T17:59:39+00:00",
    }  # fmt: skip


@loop_over(
    ("path", "status"),
    [
        ("tracktimerange/999999.json", 404), ("tracktimerange/x.json", 404), ("meta/platform/0.json", 404),
        ("meta/station/99999999999999999999.json", 404), ("meta/planet/1.json", 400), ("variables/ship=1.json", 400),
        ("variables/station=999999.json", 404), ("variables/platform=999999.json", 404),
        ("point/datatype=x'; DROP TABLE stations;.json", 404), ("point/start_date=soon.json", 400),
        ("track/quantum=fortnight.json", 400), ("point/area=[[1,2].json", 400), ("point/datatype=%00.json", 400),
        ("meta_values/argo/%00.json", 400), ("point/nonsense.json", 400), ("nothing", 404),
    ],
)  # fmt: skip
def test_an_error_is_a_problem_document(observed_client, path, status):
    response = observed_client.get(f"{API}/{path}")
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_a_service_without_observations_answers_that_there_are_none(observing):
    with TestClient(observing.app()) as client:
        assert client.get(f"{API}/time_range").json() == {"start_time": None, "end_time": None}
        assert client.get(f"{API}/datatypes.json").json() == []
        assert client.get(f"{API}/point/.json").json()["features"] == []
        assert client.get(f"{API}/track/.json").json()["features"] == []


def test_answers_that_have_not_changed_are_not_sent_again(observed_client):
    first = observed_client.get(f"{API}/datatypes.json")
    again = observed_client.get(f"{API}/datatypes.json", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.anyio
async def test_plotting_requests_through_its_client(shipped):
    async with MetadataClient("http://metadata", httpx.ASGITransport(shipped.app())) as client:
        numbers = [shipped.station("argo:2902696", "3A"), shipped.station("argo:13857", "2A")]
        stations = await client.observed(numbers)
        assert [item.id for item in stations] == numbers
        assert [item.key for item in stations[0].variables] == ["sea_water_salinity", "sea_water_temperature"]
        track = await client.track(shipped.platform("argo:13857"), "1999-01-01", "1999-12-31")
        assert array(track.times).size == array(track.variables[0].values).size == 33
        assert array(track.variables[0].depth)[0] == pytest.approx(11.83, abs=0.01)
        with pytest.raises(NotFound):
            await client.observed([10**9])
        with pytest.raises(NotFound):
            await client.track(shipped.platform("argo:13857"), datatypes=["speed"])


def plan(engine, query):
    """How a database goes about a query."""
    text = query.compile(engine, compile_kwargs={"literal_binds": True})
    words = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.begin() as connection:
        if engine.dialect.name != "sqlite":
            connection.execute(sa.text("SET LOCAL enable_seqscan = off"))  # the tables of tests are small
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{words} {text}".replace("%", "%%")))


def plans(shipped, function, *arguments):
    """The plans of all queries that a function of the repository makes."""
    queries = []

    def record(connection, query, *_):
        if isinstance(query, sa.Select):
            queries.append(query)

    sa.event.listen(shipped.engine, "before_execute", record)
    try:
        function(*arguments)
    finally:
        sa.event.remove(shipped.engine, "before_execute", record)
    return [plan(shipped.engine, query) for query in queries]


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ("start_date=1999-01-01&datatype=sea_water_temperature", "holdings_time"),
        ("area=[[0,-20]]&radius=100&datatype=sea_water_temperature", "holdings_cell"),
        ("platform_type=argo&datatype=sea_water_temperature", "holdings_platform"),
        ("mindepth=10&maxdepth=20&datatype=sea_water_temperature", "holdings_time"),
    ],
)
def test_searches_go_by_an_index(shipped, asked, index):
    result = plans(shipped, shipped.stored.search_stations, parse_search(asked))
    reported = next(item for item in result if "holdings" in item)
    if shipped.engine.dialect.name == "sqlite":
        assert re.search(rf"SEARCH holdings USING INDEX {index} \(datatype=\? AND ", reported), reported
    assert "Seq Scan" not in reported
    assert "SCAN" not in reported.replace("SCAN 1", "")


def test_tracks_are_read_from_an_index_alone(shipped):
    search = parse_search("start_date=1999-01-01&end_date=1999-02-01")
    reported = plans(shipped, shipped.stored.search_tracks, search)[0]
    assert "stations_track" in reported
    assert "SCAN stations" not in reported
    if shipped.engine.dialect.name == "sqlite":
        assert "USING COVERING INDEX stations_track (platform=? AND time>? AND time<?)" in reported


@loop_over(
    ("name", "arguments"),
    [
        ("read_stations", ([1, 2],)),
        ("variables", ("station", 1)),
        ("variables", ("platform", 1)),
        ("read_track", (1, 0, 9, [])),
    ],
)
def test_lookups_never_go_through_all_samples(shipped, name, arguments):
    for reported in plans(shipped, getattr(shipped.stored, name), *arguments):
        assert not re.search(r"SCAN (samples|stations|holdings)|Seq Scan on (samples|stations|holdings)", reported), (
            reported
        )
