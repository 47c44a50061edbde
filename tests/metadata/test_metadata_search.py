"""Datasets are found by words, place and time: against brute force, and over the sample data."""

import json
import random
import re
from datetime import datetime

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.contracts.assets import Dimension, Grid
from ocean_core.time import Period
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.model import DatasetRecord, GridRecord, Snapshot, TimeAxis, VariableRecord
from ocean_metadata.catalogue.search import SearchIndex, SearchQuery, fold, split_words, synonyms

API = "/api/v2.0"
DAY = 86_400


def variable(key="thetao", standard_name="sea_water_potential_temperature", **more):
    reported = {"name": key, "units": "1", "scale": (0.0, 1.0), "dimensions": [Dimension(name="x", role="x", size=1)]}
    return VariableRecord(key=key, source=key, standard_name=standard_name, file=0, grid=0, **{**reported, **more})


def dataset(key, box=(0.0, 0.0, 10.0, 10.0), times=(0, 10 * DAY), footprint=None, **more):
    grid = Grid(id=f"{box}", kind="rectilinear", shape=(2, 2), bounds=box)
    first, last = times
    units = "seconds since 1970-01-01"
    reported = {
        "name": key,
        "revision": key,
        "variables": [variable()],
        "bounds": box,
        "grids": [GridRecord(grid=grid, footprint=footprint)],
        "times": [TimeAxis(units=units, calendar="standard", files=[0], first=first, last=last, count=2)],
        "time": 0,
    }
    return DatasetRecord(id=key, **{**reported, **more})


def names(index, **asked):
    return [index.records[row].id for row in index.search(SearchQuery(**asked))[0]]


class MadeCatalogue:
    """A catalogue of made datasets."""

    def __init__(self, *records):
        self.snapshot = Snapshot(revision="1", datasets={record.id: record for record in records})

    async def revision(self, name):
        return self.snapshot.dataset(name).revision

    async def steps(self, record, time):
        raise AssertionError


@pytest.fixture
def ask(client):
    def ask(path, **params):
        response = client.get(API + path, params=params)
        assert response.status_code == 200, response.text
        return response.json()

    return ask


def list_ids(ask):
    return ",".join(listed["id"] for listed in ask("/datasets"))


# --- filters -----------------------------------------------------------------------------------------------------


@loop_over(
    ("date", "found"),
    [
        ("2016-02-03T00:00:00.000Z", ["arctic_day"]),
        ("2016-02-05", ["arctic_day"]),  # its last step is at noon
        ("2016-02-05T12:00:01Z", []),
        ("5 février 2016", ["arctic_day"]),
        ("2024-05-23T04:00:00-05:00", ["sfbofs_hour"]),
        ("2007-06", ["ostia_month"]),
        ("1800-01-01", []),
        ("2015-02-30", ["nemo_global_month"]),  # of models' calendars
    ],
)
def test_datasets_are_filtered_by_date(ask, date, found):
    assert ask("/datasets/filter/date", target_date=date, dataset_ids=list_ids(ask)) == found


def test_the_listed_time_steps_of_monthly_data_are_found(ask):
    address = f"/dataset/ostia_month/{ask('/dataset/ostia_month/variables')[0]['id']}/timestamps"
    steps = ask(address)
    for step in (steps[0], steps[-1]):
        assert "ostia_month" in ask("/datasets/filter/date", target_date=step["value"], dataset_ids=list_ids(ask))
        assert ask(address, start=step["value"], end=step["value"]) == [step]


@loop_over(
    ("latitude", "longitude", "found"),
    [
        (73.0, 20.0, ["arctic_day", "nemo_global_month"]),
        (73.0, 380.0 - 360, ["arctic_day", "nemo_global_month"]),
        (0.0, 220.5, ["nemo_global_month", "ostia_month"]),
        (0.0, -139.5, ["nemo_global_month", "ostia_month"]),
        (37.88, 237.51, ["nemo_global_month", "sfbofs_hour"]),
        (60.0, 100.0, []),  # Siberia
        (90.0, 360.0, []),
    ],
)
def test_datasets_are_filtered_by_place_in_any_convention_of_longitudes(ask, latitude, longitude, found):
    assert ask("/datasets/filter/location", latitude=latitude, longitude=longitude, dataset_ids=list_ids(ask)) == found


def test_a_filter_looks_only_at_the_datasets_that_are_named(ask):
    some = {"latitude": 73, "longitude": 20}
    assert ask("/datasets/filter/location", **some, dataset_ids="nemo_global_month,gone") == ["nemo_global_month"]
    assert ask("/datasets/filter/location", **some, dataset_ids="") == []
    assert ask("/datasets/filter/location", **some) == ["arctic_day", "nemo_global_month"]
    assert ask("/datasets/filter/date", target_date="2016-02-03", dataset_ids="") == []
    assert ask("/datasets/filter/date", target_date="2016-02-03", dataset_ids="ostia_month") == []


def test_the_front_ends_address_of_a_filter_is_read(client):
    address = "/datasets/filter/date?target_date=2016-02-03T00%3A00%3A00.000Z&dataset_ids=arctic_day%2Costia_month&_=1"
    assert client.get(API + address).json() == ["arctic_day"]


@loop_over(
    ("path", "field"),
    [
        ("/datasets/filter/date?target_date=garbage", "target_date"),
        ("/datasets/filter/date", "target_date"),
        ("/datasets/filter/location?latitude=91&longitude=0", "latitude"),
        ("/datasets/filter/location?latitude=nan&longitude=0", "latitude"),
        ("/datasets/filter/location?latitude=0&longitude=x", "longitude"),
        ("/datasets/search?bbox=1,2,3", "bbox"),
        ("/datasets/search?bbox=0,50,10,40", "bbox"),
        ("/datasets/search?bbox=nan,0,1,1", "bbox"),
        ("/datasets/search?start=2016&end=2015", "start"),
        ("/datasets/search?end=never", "end"),
        ("/datasets/search?limit=1001", "limit"),
        ("/datasets/search?offset=-1", "offset"),
        ("/datasets/search?qu=x", "qu"),
    ],
)
def test_a_wrong_question_is_a_400_that_names_the_field(client, path, field):
    response = client.get(API + path)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_a_dataset_that_is_not_listed_is_not_found():
    hidden = dataset("hidden", enabled=False)
    with TestClient(create_app(MadeCatalogue(dataset("shown"), hidden))) as client:
        params = {"latitude": 5, "longitude": 5, "dataset_ids": "hidden,shown"}
        document = client.get(API + "/datasets/filter/location", params=params).json()
        assert document == ["shown"]
        assert client.get(API + "/datasets/search").json()["total"] == 1


boxes = st.tuples(st.integers(-180, 179), st.integers(-90, 80), st.integers(1, 300), st.integers(1, 40)).map(
    lambda item: (
        float(item[0]),
        float(item[1]),
        float((item[0] + item[2] + 180) % 360 - 180),
        float(min(90, item[1] + item[3])),
    )
)


def inside(box, latitude, longitude):
    west, south, east, north = box
    return south <= latitude <= north and (longitude - west) % 360 <= (east - west) % 360


@given(st.lists(boxes, min_size=1, max_size=6), st.integers(-90, 90), st.integers(-180, 360))
def test_a_place_is_found_in_boxes_as_by_arithmetic(some, latitude, longitude):
    places = [(latitude + 0.5 if latitude < 90 else 89.5), longitude + 0.5]
    index = SearchIndex([dataset(f"d{number}", box=box) for number, box in enumerate(some)])
    assert index.at(*places).tolist() == [inside(box, *places) for box in some]


def test_a_footprint_with_a_hole_does_not_cover_what_is_in_the_hole():
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    index = SearchIndex([dataset("ring", footprint=shapely.to_geojson(ring)), dataset("whole")])
    assert index.at(5, 5).tolist() == [False, True]
    assert index.at(2, 2).tolist() == [True, True]
    assert names(index, bounds=(4.5, 4.5, 5.5, 5.5)) == ["whole"]


@loop_over(
    ("bounds", "found"),
    [
        ((170.0, -10.0, -170.0, 10.0), ["pacific"]),
        ((170.0, -10.0, 190.0, 10.0), ["pacific"]),
        ((-180.0, -90.0, 180.0, 90.0), ["atlantic", "pacific"]),
        ((0.0, -90.0, 360.0, 90.0), ["atlantic", "pacific"]),
        ((320.0, 0.0, 340.0, 5.0), ["atlantic"]),
        ((0.0, 0.0, 1.0, 1.0), []),
    ],
)
def test_a_box_may_cross_the_antimeridian(bounds, found):
    index = SearchIndex(
        [dataset("atlantic", box=(-40.0, -10.0, -20.0, 10.0)), dataset("pacific", box=(160.0, -10.0, -160.0, 10.0))]
    )
    assert names(index, bounds=bounds) == found


def test_periods_are_found_as_by_comparing_every_dataset():
    chance = random.Random(4)
    spans = [sorted(chance.sample(range(1000), 2)) for _ in range(200)]
    index = SearchIndex([dataset(f"d{number}", times=tuple(span)) for number, span in enumerate(spans)])
    for _ in range(50):
        first, last = sorted(chance.choices(range(-10, 1010), k=2))
        expected = [item[0] <= last and item[1] >= first for item in spans]
        assert index.during(Period(first, last)).tolist() == expected


def test_a_dataset_without_time_is_in_no_period_but_in_every_place():
    still = dataset("still", time=None)
    index = SearchIndex([still])
    assert names(index, period=Period(-(2**61), 2**61)) == []
    assert names(index) == ["still"]
    assert index.at(5, 5).tolist() == [True]


# --- words -------------------------------------------------------------------------------------------------------


def test_words_are_compared_without_accents_case_and_plurals():
    assert fold("Température de l'OCÉAN, Œuvre, Ærø") == "temperature de l'ocean, oeuvre, aero"
    assert split_words("Les courants de la mer") == split_words("courant mer")
    assert split_words("sea_water_salinity") == ("sea", "water", "salinity")


@loop_over(
    ("name", "word"),
    [
        ("sea_water_potential_temperature", "température"),
        ("sea_water_salinity", "salinité"),
        ("eastward_sea_water_velocity", "courant"),
        ("sea_ice_area_fraction", "glace"),
        ("sea_surface_height_above_geoid", "marée"),
        ("mass_concentration_of_chlorophyll_in_sea_water", "chlorophylle"),
        ("Vitesse du vent", "wind"),
        ("Salinité", "salinity"),
        ("Épaisseur de la glace", "thickness"),
        ("speed_of_sound_in_sea_water", "acoustique"),
    ],
)
def test_quantities_are_found_by_their_names_in_the_other_language(name, word):
    index = SearchIndex(
        [dataset("one", variables=[variable("v", name)]), dataset("other", variables=[variable("w", None)])]
    )
    assert names(index, words=word) == ["one"]
    assert synonyms(name)


@loop_over(
    ("asked", "best"),
    [
        ("température de surface", "ostia_month"),
        ("SST", "ostia_month"),
        ("salinité", "arctic_day"),
        ("GLACE", "arctic_day"),
        ("courants Oregon", "wcofs_hour"),
        ("marée san francisco", "sfbofs_hour"),
        ("votem", "arctic_day"),  # the beginning of a word
        ("salnity", "sfbofs_hour"),  # a letter is missing
        ("tempreature", "ostia_month"),  # two letters changed places
    ],
)
def test_people_find_what_they_mean(ask, asked, best):
    results = ask("/datasets/search", q=asked)["results"]
    assert best in [item["id"] for item in results][:2]
    assert all(item["score"] > 0 for item in results)


def test_all_words_must_be_there_and_names_weigh_more_than_descriptions():
    by_name, reported = dataset("a", name="Baltic waves"), dataset("b", name="North Sea", help="Not the Baltic")
    index = SearchIndex([reported, by_name])
    assert names(index, words="baltic") == ["a", "b"]
    assert names(index, words="baltic waves") == ["a"]
    assert names(index, words="baltic volcano") == []


def test_attributes_of_files_are_searched():
    index = SearchIndex([dataset("a", attributes={"summary": "Coupled with a wave model", "title": 3}), dataset("b")])
    assert names(index, words="coupled") == ["a"]


@given(st.text(max_size=60))
def test_no_words_are_a_failure(text):
    index = SearchIndex([dataset("a"), dataset("b")])
    assert set(names(index, words=text)) <= {"a", "b"}


# --- search ------------------------------------------------------------------------------------------------------


def test_a_search_without_question_lists_everything_in_order(ask):
    response = ask("/datasets/search")
    assert [result["id"] for result in response["results"]] == [result["id"] for result in ask("/datasets")]
    assert (response["total"], response["limit"], response["offset"]) == (6, 20, 0)
    assert response["results"][0]["href"] == "/api/v2.0/dataset/giops_day"


@loop_over(
    ("asked", "found"),
    [
        ({"bbox": "-20,60,30,80"}, ["giops_day", "arctic_day", "nemo_global_month"]),
        ({"start": "2016", "end": "2016-02"}, ["arctic_day"]),
        ({"start": "2024-06"}, ["wcofs_hour"]),
        ({"quantum": "MONTH"}, ["nemo_global_month", "ostia_month"]),
        ({"quantum": "day,month"}, ["giops_day", "arctic_day", "nemo_global_month", "ostia_month"]),
        ({"standard_name": "sea_water_salinity"}, ["arctic_day", "sfbofs_hour"]),
        ({"variable": "tos,u_sur"}, ["nemo_global_month", "wcofs_hour"]),
        ({"group": "sample data", "model_class": "Fvcom"}, ["sfbofs_hour"]),
        ({"group": "nothing of this name"}, []),
        ({"q": "temperature", "quantum": "month", "bbox": "-180,-5,180,5"}, ["ostia_month", "nemo_global_month"]),
    ],
)
def test_everything_that_is_requested_must_fit(ask, asked, found):
    assert [result["id"] for result in ask("/datasets/search", **asked)["results"]] == found


def test_facets_count_what_was_found(ask):
    response = ask("/datasets/search", quantum="month,day")
    assert response["facets"]["quantum"] == [{"value": "day", "count": 2}, {"value": "month", "count": 2}]
    assert response["facets"]["group"] == [{"value": "Sample data", "count": 4}]
    for name, values in ask("/datasets/search")["facets"].items():
        for value in values:
            assert ask("/datasets/search", **{name: value["value"]})["total"] == value["count"]


def test_pages_follow_each_other_by_their_links(client):
    address, observed = API + "/datasets/search?q=temperature%20of&limit=2", []
    while address:
        response = client.get(address)
        links = {rel: to for to, rel in re.findall(r'<([^>]+)>; rel="(\w+)"', response.headers.get("link", ""))}
        observed += [result["id"] for result in response.json()["results"]]
        if "prev" in links:
            assert "offset=" in links["prev"]
        address = links.get("next")
    document = client.get(API + "/datasets/search?q=temperature%20of").json()
    assert len(observed) == len(set(observed)) == document["total"] > 2
    assert observed == [result["id"] for result in document["results"]]


def test_a_page_without_results_still_counts(ask):
    response = ask("/datasets/search", limit=0)
    assert (response["total"], response["results"]) == (6, [])
    assert ask("/datasets/search", offset=1000)["results"] == []


def test_an_answer_that_the_caller_has_is_not_sent_again(client):
    first = client.get(API + "/datasets/search?q=ice")
    again = client.get(API + "/datasets/search?q=ice", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


def test_only_what_changed_is_made_again():
    records = [dataset("a"), dataset("b")]
    index = SearchIndex(records)
    changed = dataset("b", revision="2", help="now with krill")
    later = SearchIndex([records[0], changed, dataset("c")], index)
    assert later.documents["a"] is index.documents["a"]
    assert names(later, words="krill") == ["b"]
    assert names(index, words="krill") == []


def test_a_search_with_everything_agrees_with_looking_at_every_dataset():
    chance = np.random.default_rng(4)
    records = []
    for number in range(300):
        west, south = float(chance.integers(-180, 160)), float(chance.integers(-90, 80))
        first = int(chance.integers(0, 1000)) * DAY
        records.append(
            dataset(f"d{number}", box=(west, south, west + 15, south + 8), times=(first, first + 30 * DAY),
                    quantum=("hour", "day", "month")[number % 3], help=("cold", "warm")[number % 2])
        )  # fmt: skip
    index = SearchIndex(records)
    result = names(index, words="warm", bounds=(-100.0, -40.0, 100.0, 40.0), period=Period(200 * DAY, 400 * DAY),
                  values={"quantum": "day"})  # fmt: skip
    box = shapely.box(-100, -40, 100, 40)
    expected = [
        record.id
        for record in records
        if record.help == "warm" and record.quantum == "day" and box.intersects(shapely.box(*record.bounds))
        and record.times[0].first <= 400 * DAY and record.times[0].last >= 200 * DAY
    ]  # fmt: skip
    assert result == expected
    assert 3 < len(result) < 100


def test_answers_are_json_of_the_documented_form(client):
    document = client.get("/metadata/openapi.json").json()
    shown = document["paths"]["/api/v2.0/datasets/search"]["get"]
    assert {parameter["name"] for parameter in shown["parameters"]} >= {"q", "bbox", "start", "end", "limit", "offset"}
    assert "SearchPage" in json.dumps(shown["responses"]["200"])
    assert datetime.fromisoformat(client.get(API + "/datasets/search").json()["results"][0]["start"])
