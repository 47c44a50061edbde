"""Time steps as intervals: together they are the steps, whatever these are."""

import re
from datetime import UTC, datetime, timedelta

import msgspec
import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.i18n import get_translator
from ocean_core.time import DateScale, Period, format_duration
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.serializers import DatedSteps, list_time_steps, split_into_runs

API = "/api/v2.0"
HOUR, DAY = 3600, 86_400


def months(first, count, step=1):
    full = np.datetime64(first, "M") + np.arange(count) * step
    return full.astype("datetime64[s]").astype(np.int64)


def list_runs(seconds, quantum=None):
    return [
        (run.last - run.first + 1, run.step)
        for run in split_into_runs(np.asarray(seconds, dtype=np.int64), quantum=quantum)
    ]


def expanded(seconds, found):
    """The steps that intervals stand for: as a reader of the answer makes them."""
    for entry in found:
        first = np.datetime64(int(seconds[entry.first]), "s")
        count = entry.last - entry.first + 1
        if entry.step is None:
            yield int(seconds[entry.first])
        elif match := re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)M)?", entry.step):
            month = first.astype("datetime64[M]")
            item = 12 * int(match[1] or 0) + int(match[2] or 0)
            for number in range(count):
                yield int((month + number * item).astype("datetime64[s]").astype(int) + (first - month).astype(int))
        else:
            parts = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", entry.step).groups()
            item = sum(int(part or 0) * size for part, size in zip(parts, (DAY, HOUR, 60, 1), strict=True))
            yield from (int(seconds[entry.first]) + number * item for number in range(count))


@loop_over(
    ("seconds", "found"),
    [
        ([], []),
        ([7], [(1, None)]),
        (np.arange(100_000) * HOUR, [(100_000, "PT1H")]),
        (np.arange(5) * DAY * 7, [(5, "P7D")]),
        (np.arange(4) * 36 * HOUR, [(4, "P1DT12H")]),
        (months("2000-01", 240), [(240, "P1M")]),
        (months("2000-01", 10, 12), [(10, "P1Y")]),
        (months("2000-01", 8, 3) + 14 * DAY, [(8, "P3M")]),
        ([0, HOUR, 2 * HOUR, 9 * HOUR, 10 * HOUR, 11 * HOUR], [(3, "PT1H"), (3, "PT1H")]),  # a gap
        ([0, 10, 20, 20, 20], [(3, "PT10S"), (2, "PT0S")]),
        ([0, 100, 101, 102, 103], [(1, None), (4, "PT1S")]),
        ([0, 5], [(2, "PT5S")]),
    ],
)
def test_even_steps_are_one_interval(seconds, found):
    assert list_runs(seconds) == found


def test_of_monthly_data_only_the_month_counts():
    middles = months("2015-01", 6) + np.array([15, 14, 15, 14, 15, 14]) * DAY
    assert list_runs(middles, "month") == [(6, "P1M")]
    assert len(list_runs(middles)) > 1


steps = st.lists(st.one_of(st.sampled_from([HOUR, DAY, 6 * HOUR]), st.integers(1, 10 * DAY)), max_size=60).map(
    lambda gaps: np.cumsum([0, *gaps])
)
series = st.one_of(
    steps,
    st.lists(st.tuples(st.integers(1, 20), st.sampled_from([60, HOUR, DAY])), max_size=5).map(
        lambda parts: np.cumsum([0, *(size for count, size in parts for _ in range(count))])
    ),
    st.tuples(st.integers(-600, 600), st.integers(1, 50), st.integers(1, 14)).map(
        lambda item: months(np.datetime64(item[0], "M"), item[1], item[2])
    ),
)


@given(series)
def test_intervals_stand_for_exactly_the_steps(seconds):
    result = split_into_runs(seconds.astype(np.int64))
    assert list(expanded(seconds, result)) == seconds.tolist()
    assert [item.first for item in result] == [0, *(item.last + 1 for item in result[:-1])]


@given(st.integers(1, 10**9))
def test_durations_are_read_back(seconds):
    parts = re.fullmatch(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", format_duration(seconds)).groups()
    assert sum(int(part or 0) * size for part, size in zip(parts, (DAY, HOUR, 60, 1), strict=True)) == seconds


@given(st.lists(st.integers(0, 50), max_size=20).map(sorted), st.integers(-5, 55), st.integers(-5, 55))
def test_a_period_cuts_steps_as_comparing_does(seconds, first, last):
    full = np.array(seconds, dtype=np.int64)
    steps = DatedSteps(full, DateScale(full, "proleptic_gregorian"))
    inside = steps.between(Period(first, first), Period(last, last))
    assert inside.raw.tolist() == [second for second in seconds if first <= second <= last]


def test_steps_of_a_climatology_are_labelled_without_a_year():
    seconds = np.array(["0000-01-16", "0000-02-15"], dtype="datetime64[s]").astype(np.int64)
    steps = DatedSteps(np.arange(2), DateScale(seconds, "proleptic_gregorian"), "month", climatology=True)
    french = get_translator("fr", "ocean_metadata")
    assert msgspec.to_builtins(list_time_steps(steps)) == [
        {"id": 0, "value": "0000-01-15T00:00:00", "label": "January, climatology"},
        {"id": 1, "value": "0000-02-15T00:00:00", "label": "February, climatology"},
    ]
    assert [step.label for step in list_time_steps(steps, french)] == ["janvier, climatologie", "février, climatologie"]
    assert list_time_steps(steps._replace(quantum="day"))[0].label == "16 January, climatology"
    assert msgspec.to_builtins(list_time_steps(steps._replace(climatology=False), limit=1)) == [
        {"id": 0, "value": "0000-01-15T00:00:00"}
    ]


@pytest.fixture(scope="module")
def hourly(tmp_path_factory, index_once):
    """A service over 100,000 hourly steps."""
    folder = tmp_path_factory.mktemp("hourly")
    with netCDF4.Dataset(folder / "a.nc", "w") as data:
        for name, size in (("time", 100_000), ("lat", 1), ("lon", 1)):
            data.createDimension(name, size)
            data.createVariable(name, "f8", (name,))[:] = np.arange(size)
        for name, units in (("time", "hours since 1990-01-01"), ("lat", "degrees_north"), ("lon", "degrees_east")):
            data[name].units = units
        data.createVariable("thetao", "f4", ("time", "lat", "lon")).units = "Celsius"
    with TestClient(create_app(index_once(folder=folder).catalogue)) as client:
        yield client


def test_100_000_steps_answer_small(hourly):
    response = hourly.get(API + "/dataset/a/thetao/times")
    document = response.json()
    assert len(response.content) < 500
    assert document["count"] == 100_000
    assert document["intervals"] == [
        {"start": "1990-01-01T00:00:00+00:00", "end": "2001-05-29T15:00:00+00:00", "step": "PT1H", "count": 100_000,
         "start_id": 0, "end_id": 99_999}
    ]  # fmt: skip


def test_steps_can_be_cut_to_a_period(hourly):
    document = hourly.get(API + "/dataset/a/thetao/times", params={"start": "1991", "end": "1991-01-31"}).json()
    assert (document["count"], document["start"]) == (31 * 24, "1991-01-01T00:00:00+00:00")
    some = hourly.get(API + "/dataset/a/thetao/timestamps", params={"start": "1991", "limit": 2}).json()
    start = int((datetime(1991, 1, 1, tzinfo=UTC) - datetime(1990, 1, 1, tzinfo=UTC)) / timedelta(hours=1))
    assert some == [
        {"id": start, "value": "1991-01-01T00:00:00+00:00"}, {"id": start + 1, "value": "1991-01-01T01:00:00+00:00"}
    ]  # fmt: skip
    assert hourly.get(API + "/dataset/a/thetao/timestamps", params={"start": "2050"}).json() == []
    assert hourly.get(API + "/dataset/a/thetao/times", params={"start": "2050"}).json()["count"] == 0


def test_intervals_of_the_sample_data_are_their_steps(client):
    for dataset in client.get(API + "/datasets").json():
        key = client.get(f"{API}/dataset/{dataset['id']}/variables").json()[0]["id"]
        steps = client.get(f"{API}/dataset/{dataset['id']}/{key}/timestamps").json()
        document = client.get(f"{API}/dataset/{dataset['id']}/{key}/times").json()
        ends = (document["intervals"][0]["start_id"], document["intervals"][-1]["end_id"])
        assert (document["count"], *ends) == (len(steps), steps[0]["id"], steps[-1]["id"])
        assert (document["start"], document["end"]) == (steps[0]["value"], steps[-1]["value"])


def test_intervals_come_in_pages(tmp_path, index, make):
    make(tmp_path / "a.nc", times=[0, 1, 2, 10, 11, 12, 20, 21, 22])
    with TestClient(create_app(index(folder=tmp_path).catalogue)) as client:
        response = client.get(API + "/dataset/a/thetao/times", params={"limit": 2})
        document = response.json()
        assert (document["count"], document["total"], len(document["intervals"])) == (9, 3, 2)
        assert 'offset=2>; rel="next"' in response.headers["link"]


@loop_over("asked", ["start=never", "limit=0", "steps=3", "end="])
def test_a_wrong_question_about_times_is_refused_or_means_nothing(client, asked):
    status = client.get(f"{API}/dataset/arctic_day/votemper/times?{asked}").status_code
    assert status == (200 if asked == "end=" else 400)


def test_the_answer_that_the_caller_has_is_not_sent_again(client):
    first = client.get(API + "/dataset/arctic_day/votemper/times")
    again = client.get(API + "/dataset/arctic_day/votemper/times", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304
