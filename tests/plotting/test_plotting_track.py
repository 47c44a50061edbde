"""Tracks of platforms: their means, and the model along them."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from msgspec.structs import replace
from tests.looping import loop_over
from tests.plotting.casts import overlapping
from tests.plotting.fakes import NOON, info
from tests.plotting.measured import Measured, Moving, along_values, rows, track

from ocean_common.arrays import pack_array
from ocean_plotting.app import create_app
from ocean_plotting.plots.common.coverage import to_array as array
from ocean_plotting.plots.track import KIND, ModelledValues, TrackData, TrackQuery, _make_trajectory, average_track
from ocean_plotting.workers import FigureRenderer


@pytest.fixture
def catalogue():
    return Measured()


@pytest.fixture
def numbers():
    return Moving()


def plot(client, change=None, **parameters):
    query = {"dataset": "arctic", "track": [1], "starttime": "2016-02-05", "endtime": "2016-02-08", "showmap": True,
             "variable": "votemper", "latlon": True, "trackvariable": [0], "depth": 0, "track_quantum": "hour",
             **(change or {})}  # fmt: skip
    return client.get("/plot/track", params={"query": json.dumps(query), **parameters})


def table(client, change=None):
    names, cells = rows(plot(client, change, format="csv").text)
    return names, cells


def numbers_in(cells, first):
    return np.array([[float(item or "nan") for item in row[first:]] for row in cells]).T


def test_the_table_has_what_was_measured_and_the_model_there(client, numbers, catalogue):
    names, cells = table(client)
    assert names == ["Time", "Latitude", "Longitude", "Buoy Sea surface temperature (K)",
                     "Model Sea surface temperature (K)"]  # fmt: skip
    assert catalogue.asked == [(1, "2016-02-05", "2016-02-08")]
    latitude, longitude, measured, model = numbers_in(cells, 1)
    hours = np.arange(48)
    np.testing.assert_allclose(latitude, 60 + hours / 50)
    np.testing.assert_allclose(measured, 280 + hours / 10, rtol=1e-6)
    expected = along_values(np.stack([latitude, longitude], -1), NOON + 3600 * hours) + 273.15
    np.testing.assert_allclose(model, expected, rtol=1e-6)
    assert np.isnan(model).any()
    assert np.isfinite(model).any()
    requests = numbers.asked[0]
    assert (requests.depths, requests.between, requests.times[0]) == ([], "linear", "2016-02-05T12:00:00+00:00")


def test_the_depths_of_measurements_are_noted_and_tabulated(client, catalogue):
    values = catalogue.tracks[1].variables[0]
    varying = replace(values, depth=pack_array(np.linspace(3.0, 12.0, 48)), left_out=5)
    catalogue.tracks[1] = replace(catalogue.tracks[1], variables=[varying])
    text = plot(client, {"observed_depth": 7.5}, format="csv").text
    assert catalogue.asked == [(1, "2016-02-05", "2016-02-08", 7.5)]
    assert "observed at 3 m to 12 m" in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "5 positions were measured at other depths alone" in text
    names, cells = rows(text)
    assert names[4] == "Depth of buoy Sea surface temperature (m)"
    np.testing.assert_allclose(numbers_in(cells, 4)[0], np.linspace(3.0, 12.0, 48), rtol=1e-6)
    described = plot(client, format="described").json()["alt"].replace("\N{NO-BREAK SPACE}", " ")
    assert "observed at 3 m to 12 m" in described


def test_the_model_is_requested_at_the_depth_of_its_level(client, numbers):
    assert plot(client, {"depth": "3"}, format="csv").status_code == 200
    assert set(numbers.asked[0].depths) == {50.0}


@pytest.mark.parametrize(("platform", "words"), [(4, "has no values at these times"), (1, "has values on 73")])
def test_a_way_that_leaves_the_model_is_drawn_alone_and_says_so(client, platform, words):
    response = plot(client, {"track": [platform]}, format="csv")
    assert words in response.text
    assert plot(client, {"track": [platform]}, format="png", size="4x3").status_code == 200


def test_a_way_off_the_grid_says_so(client, catalogue):
    south = track(1)
    catalogue.tracks[1] = replace(south, latitude=pack_array(np.full(48, -70.0)))
    assert "has no values at these places" in plot(client, format="csv").text


def test_a_platform_that_measures_nothing_has_its_way(client):
    assert plot(client, {"track": 3}, format="png", size="6x4").status_code == 200
    names, _ = table(client, {"track": "3", "variable": ""})
    assert names == ["Time", "Latitude", "Longitude"]


def test_several_platforms_are_distinguished(client):
    names, cells = table(client, {"track": [1, "2"]})
    assert names[0] == "Platform"
    assert {cell[0] for cell in cells} == {"drifter 1", "drifter 2"}


@loop_over(
    ("change", "status", "field"),
    [
        ({"track": []}, 413, "$.track"),
        ({"track": list(range(30))}, 413, "$.track"),
        ({"track": ["x"]}, 400, "$.track[0]"),
        ({"track": [77]}, 404, "$.track"),
        ({"track": None}, 400, "$.track"),
        ({"trackvariable": [5]}, 400, "$.trackvariable"),
        ({"track_quantum": "decade"}, 400, "$.track_quantum"),
        ({"depth": "all"}, 400, "$.depth"),
        ({"depth": 99}, 404, "$.depth"),
        ({"variable": "nope"}, 404, "$.variable"),
        ({"dataset": "nowhere"}, 404, "$.dataset"),
        ({"starttime": 5}, 400, "$.starttime"),
        ({"interp": "cubic"}, 400, "$.interp"),
    ],
)
def test_a_wrong_member_is_named(client, change, status, field):
    response = plot(client, change)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)


def test_a_time_without_positions_is_answered_as_such(client, catalogue):
    catalogue.tracks[1] = track(1, steps=0)
    response = plot(client)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (404, "$.starttime")


def test_more_steps_than_can_be_drawn_are_refused(client, catalogue):
    catalogue.tracks[1] = track(1, steps=10_001)
    response = plot(client)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (413, "$.track_quantum")
    assert plot(client, {"track_quantum": "day"}, format="csv").status_code == 200


PARTS = {
    "minute": lambda item: item.strftime("%F %H:%M"),
    "hour": lambda item: item.strftime("%F %H"),
    "day": lambda item: item.strftime("%F"),
    "week": lambda item: item.isocalendar()[:2],
    "month": lambda item: item.strftime("%Y-%m"),
    "year": lambda item: item.year,
}


@given(
    quantum=st.sampled_from(sorted(PARTS)),
    start=st.integers(-(10**9), 2 * 10**9),
    every=st.sampled_from([7, 977, 40_000, 900_001]),
)
def test_means_are_those_of_brute_force(quantum, start, every):
    given_track = track(steps=30, start=start, every=every, east=178.9)
    steps = average_track(given_track, quantum)
    seconds = array(given_track.times) / 1000
    groups = {}
    for position, item in enumerate(seconds):
        groups.setdefault(PARTS[quantum](datetime.fromtimestamp(item, UTC)), []).append(position)
    values, latitude = array(given_track.variables[0].values), array(given_track.latitude)
    np.testing.assert_allclose(array(steps.measured[0].values), [values[item].mean() for item in groups.values()])
    np.testing.assert_allclose(array(steps.latitude), [latitude[item].mean() for item in groups.values()])
    np.testing.assert_allclose(array(steps.seconds), [seconds[item].mean() for item in groups.values()], atol=0.51)
    east = 178.9 + np.arange(30) / 25
    np.testing.assert_allclose(array(steps.longitude), [east[item].mean() for item in groups.values()])


def test_missing_values_are_left_out_of_means():
    item = track(steps=3)
    values = replace(item.variables[0], values=pack_array(np.array([np.nan, 2.0, 4.0])))
    result = average_track(replace(item, variables=[values]), "day")
    assert array(result.measured[0].values).tolist() == [3.0]


def test_a_quarter_of_the_way_round_the_world_is_ten_thousand_kilometres(context):
    for longitude, words in ((np.arange(91.0), "10008"), (np.array([179.5, 180.5]), "111")):
        north = pack_array(np.zeros(longitude.size))
        item = replace(way(1, steps=longitude.size), latitude=north, longitude=pack_array(longitude))
        assert f"at least {words}\N{NO-BREAK SPACE}km" in drawn(context(), [item]).info.alt


def way(number, *, steps=100, modelled=True):
    """A way with its values, as they are fetched."""
    result = _make_trajectory(track(number, steps=steps, east=-5.0 + 3 * number), "hour", None, "$.starttime")
    values = pack_array(array(result.measured[0].values) - 273.15 + 0.5)
    model = [ModelledValues(variable=info("votemper", standard_name="sea_water_temperature"), values=values)]
    return replace(result, modelled=model if modelled else [])


def drawn(context, ways, **query):
    requests = TrackQuery(dataset="arctic", track=[1], **query)
    return KIND.draw(requests, TrackData(time="2016-02-05T12:00:00+00:00", revisions={}, trajectories=ways), context)


def test_panels_show_the_way_what_was_measured_and_the_model(context):
    picture = drawn(context(), [way(1)])
    latitude, longitude, quantity, chart = picture.figure.axes[:4]
    assert [item.get_title("left") for item in (latitude, longitude, quantity)] == [
        "Latitude", "Longitude", "Sea surface temperature (K)",
    ]  # fmt: skip
    measured, model = quantity.get_lines()
    np.testing.assert_allclose(model.get_ydata() - measured.get_ydata(), 0.5)
    assert quantity.get_title("right") == "model: bias 0.50, RMSE 0.50 K".replace(" K", "\N{NO-BREAK SPACE}K")
    assert len(chart.collections) >= 3
    assert "at least" in picture.info.alt
    assert "observed from 280 to 289.9" in picture.info.alt


def test_latitude_and_longitude_may_be_left_out(context):
    titles = [axis.get_title("left") for axis in drawn(context(), [way(1)], latlon=False, showmap=False).figure.axes]
    assert titles == ["Sea surface temperature (K)"]


def test_a_long_time_without_positions_breaks_the_line(context):
    item = way(1)
    seconds = array(item.seconds).copy()
    seconds[50:] += 10 * 86_400
    line = drawn(context(), [replace(item, seconds=pack_array(seconds))]).figure.axes[0].get_lines()[0]
    assert np.flatnonzero(np.isnan(line.get_ydata())).tolist() == [50]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("size", ["3x2", "4x3", "6x4", "11x5"])
@pytest.mark.parametrize("number", [1, 5])
def test_no_words_lie_on_each_other(context, language, size, number):
    picture = drawn(context(language, size), [way(item) for item in range(number)])
    assert overlapping(picture.figure) == []


@pytest.mark.parametrize("form", ["png", "svg", "pdf", "described", "csv"])
def test_every_format_is_written(client, form):
    response = plot(client, format=form, size="3x2", save="True")
    assert response.status_code == 200
    assert "track_arctic_2016-02-05T1200." in response.headers["content-disposition"]


class Counted(FigureRenderer):
    """Counts the pictures."""

    drawn = 0

    async def draw(self, *given, **options):
        self.drawn += 1
        return await super().draw(*given, **options)


def test_a_client_with_the_picture_of_the_same_numbers_gets_304_before_drawing(catalogue, numbers, resources):
    drawing = Counted(resources)
    app = create_app(catalogue=catalogue, numbers=numbers, drawing=drawing)
    with TestClient(app, base_url="http://plotting/api/v2.0") as client:
        first = plot(client, format="svg", size="4x3")
        address, had = str(first.request.url), {"if-none-match": first.headers["etag"]}
        again = client.get(address, headers=had)
        assert (again.status_code, again.content, drawing.drawn) == (304, b"", 1)
        assert client.get(address.replace("svg", "csv"), headers=had).status_code == 200
        assert client.get(address + "&lang=fr", headers=had).status_code == 200
        catalogue.tracks[1] = replace(track(1), latitude=pack_array(np.full(48, 61.0)))
        assert client.get(address, headers=had).status_code == 200


def test_both_credits_are_shown(client, catalogue):
    catalogue.tracks[1] = replace(catalogue.tracks[1], attribution="The Drifter Centre")
    for form in ("svg", "csv"):
        reported = plot(client, format=form).text
        assert "Observations: The Drifter Centre" in reported
        assert "Model: " in reported
    assert "Model: " not in plot(client, {"variable": None}, format="svg").text
