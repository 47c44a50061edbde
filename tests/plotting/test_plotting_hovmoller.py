"""Hovmöller diagrams: a level along a path through time, numbers that are the fetched ones, two datasets matched."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import QuadMesh
from tests.looping import loop_over
from tests.plotting import paths
from tests.plotting.fakes import NOON, info
from tests.plotting.paths import DAY, EARLIER, Waters, misplaced

from ocean_common.contracts.data import SectionRequest
from ocean_plotting.plots import hovmoller
from ocean_plotting.plots.common.path import PathCoverage, PathData
from ocean_plotting.plots.common.query import ComparedDataset
from ocean_plotting.plots.hovmoller import HovmollerQuery, pair_steps, time_edges

LATER = NOON + 3 * DAY
AGAINST = {
    "dataset": "arctic", "variable": "votemper", "starttime": EARLIER + 5 * DAY, "endtime": NOON + 5 * DAY, "depth": 0,
    "scale": "auto", "scale_diff": "auto", "colormap": "default", "colormap_diff": "default",
}  # fmt: skip
QUERY = {
    "dataset": "arctic", "variable": "votemper", "scale": "auto", "path": [[73.0, 20.0], [70.0, -5.25]], "name": None,
    "colormap": "default", "showmap": True, "starttime": EARLIER, "endtime": NOON, "depth": 2,
}  # fmt: skip
IMAGES = ["png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described"]


@pytest.fixture
def numbers():
    return Waters()


def plot(client, change=None, **parameters):
    query = {**QUERY, **(change or {})}
    return client.get("/plot/hovmoller", params={"query": json.dumps(query), **parameters})


def problem(response, status=400):
    assert response.status_code == status, response.text
    return response.json()["errors"][0]


def drawn(context, change=None, at=None, other=None):
    """A picture without the service; ``at``, ``other``: times of the first and of the second dataset."""
    query = HovmollerQuery(**{"dataset": "arctic", "path": QUERY["path"], **(change or {})})
    keys = query.variable.split(",")

    def side(at):
        vector = ["magnitude"] if len(keys) == 2 else []
        path = [tuple(item) for item in query.path]
        requests = SectionRequest(
            dataset="arctic", variables=keys, vector=vector, path=path, points=100, depth=str(query.depth)
        )
        return PathCoverage(about=info(keys[0]), coverage=paths.course(requests, at))

    fetched = PathData(
        time="2016-02-01T12:00:00+00:00", revisions={"arctic": "r1"}, first=side(at),
        second=side(other) if query.compare_to else None,
    )  # fmt: skip
    return hovmoller.KIND.draw(query, fetched, context)


def panels(picture):
    """The images, with their axes."""
    result = [
        (axes, collection)
        for axes in picture.figure.axes
        for collection in axes.collections
        if isinstance(collection, QuadMesh)
    ]
    return [(axes, collection) for axes, collection in result if axes.get_xlim()[0] == 0 and axes.get_xlim()[1] > 1]


def rows_of(response):
    lines = [line for line in response.text.splitlines() if not line.startswith("//")]
    return lines[0].split(", "), [line.split(", ") for line in lines[1:]]


@loop_over("form", IMAGES)
@pytest.mark.ci
def test_every_form_of_picture_is_made(client, form):
    response = plot(client, format=form, size="6x4")
    assert response.status_code == 200, response.text
    assert len(response.content) > 5000


def test_the_query_of_the_front_end_is_sent_to_the_data_service(client, numbers):
    assert plot(client, format="csv").status_code == 200
    assert numbers.asked == [
        SectionRequest(
            dataset="arctic",
            variables=["votemper"],
            path=[(73.0, 20.0), (70.0, -5.25)],
            points=100,
            start=str(EARLIER),
            end=str(NOON),
            depth="2",
        )
    ]


def test_the_numbers_of_a_table_are_the_fetched_ones(client):
    names, rows = rows_of(plot(client, format="csv"))
    assert names == ["Time", "Latitude", "Longitude", "Distance (km)", "Temperature (°C)"]
    assert len(rows) == 5 * 100
    days = np.array([row[0][:10] for row in rows], dtype="datetime64[D]").astype(int) - EARLIER // DAY
    distance, values = np.array([row[3:] for row in rows], dtype=float).T
    np.testing.assert_allclose(values, paths.value("votemper", 0.0, distance) + days, rtol=1e-5)


def test_a_comparison_has_both_and_the_difference_of_steps_that_belong_together(client):
    names, rows = rows_of(plot(client, {"compare_to": AGAINST}, format="csv"))
    assert names[-1] == "Temperature; difference (°C)"
    first, second, difference = np.array([row[4:] for row in rows], dtype=float).T
    np.testing.assert_allclose(first - second, difference, atol=1e-5)
    np.testing.assert_allclose(difference, -5, atol=1e-5)


def test_different_quantities_are_drawn_beside_each_other(client, context):
    change = {"compare_to": {**AGAINST, "variable": "vosaline"}}
    names, rows = rows_of(plot(client, change, format="csv"))
    assert [name.partition(";")[0] for name in names[4:]] == ["Temperature (°C)", "Salinity"]
    assert rows
    text = plot(client, change, format="svg", size="15x9").text
    assert "Temperature and Salinity" in text
    assert "Difference" not in text


def test_statistics_have_both_datasets_and_the_difference(client):
    lines = plot(client, {"compare_to": AGAINST}, format="stats").text.splitlines()
    last = {line.partition(", ")[0]: line.rpartition(", ")[2] for line in lines}
    assert (last["Statistic"], last["Mean"]) == ("Temperature; difference (°C)", "-5.0")


def test_a_file_of_the_numbers_is_the_data_service_s_own(client, numbers):
    assert plot(client, {"variable": "u,v"}, format="nc").content == b"netcdf of u,v"
    assert numbers.asked[-1].vector == ["magnitude"]


@loop_over("form", ["geotiff"])
def test_formats_that_it_does_not_have_are_refused(client, form):
    assert problem(plot(client, format=form))["field"] == "format"


@loop_over(
    ("change", "field"),
    [
        ({"path": [[73, 20]]}, "$.path"),
        ({"path": [[73, 20], ["a", 20]]}, "$.path[1][0]"),
        ({"variable": "u,v,u"}, "$.variable"),
        ({"scale": "a"}, "$.scale"),
        ({"colormap": "gaudy"}, "$.colormap"),
        ({"depth": 1.5}, "$.depth"),
        ({"starttime": NOON, "endtime": EARLIER}, "$.endtime"),
        ({"starttime": []}, "$.starttime"),
        ({"compare_to": {**AGAINST, "starttime": NOON, "endtime": EARLIER}}, "$.compare_to.endtime"),
        ({"compare_to": {**AGAINST, "colormap": "gaudy"}}, "$.compare_to.colormap"),
        ({"compare_to": {**AGAINST, "endtime": "x" * 3, "depth": {}}}, "$.compare_to.depth"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(client, change, field):
    assert problem(plot(client, change))["field"] == field


def test_datasets_without_steps_that_belong_together_are_not_compared(client, numbers):
    def uneven(asked):
        odd = np.array([EARLIER, EARLIER + 7 * DAY + 4000, EARLIER + 20 * DAY])
        return paths.course(asked, odd if asked.start == str(AGAINST["starttime"]) else None)

    numbers.makers = {SectionRequest: uneven}
    result = problem(plot(client, {"compare_to": AGAINST}))
    assert result["field"] == "$.compare_to.starttime"


def test_the_second_dataset_is_requested_at_its_own_times_or_those_of_the_query(client, numbers):
    plot(client, {"compare_to": {"dataset": "arctic", "endtime": LATER, "starttime": LATER - 4 * DAY}}, format="csv")
    first, second = numbers.asked
    assert (first.start, first.end) == (str(EARLIER), str(NOON))
    assert (second.start, second.end, second.depth) == (str(LATER - 4 * DAY), str(LATER), "2")


def test_an_image_has_distance_across_and_time_upwards(context):
    ((axes, mesh),) = panels(drawn(context()))
    assert axes.get_ylim() == pytest.approx(((EARLIER - DAY / 2) / DAY, (NOON + DAY / 2) / DAY))
    assert mesh.get_array().shape == (5, 100)
    assert mesh.get_array()[4, 0] - mesh.get_array()[0, 0] == pytest.approx(4)


def test_one_time_step_is_a_band_of_a_day(context):
    ((axes, mesh),) = panels(drawn(context(), at=np.array([NOON])))
    assert np.diff(axes.get_ylim()) == pytest.approx(1)
    assert mesh.get_array().shape == (1, 100)


def test_a_given_title_is_the_title_and_else_it_is_made(context):
    assert drawn(context(), {"plotTitle": "My own"}).info.title == "My own (Arctic model, daily)"
    assert "Temperature along Fram Strait" in drawn(context(), {"name": "Fram Strait"}).info.title


def test_two_datasets_share_a_scale_and_their_difference_has_one_of_its_own(context):
    other = np.arange(EARLIER + 5 * DAY, NOON + 6 * DAY, DAY)
    shown = panels(drawn(context(), {"compare_to": ComparedDataset(dataset="arctic")}, other=other))
    first, second, difference = (mesh.norm for _, mesh in shown)
    assert (first.vmin, first.vmax) == (second.vmin, second.vmax)
    assert (difference.vmin, difference.vmax) == pytest.approx((-5, 5))


def test_a_given_scale_of_magnitudes_is_cut_at_zero_and_that_of_their_difference_is_not(context):
    compare_to = ComparedDataset(dataset="arctic", scale_diff="-0.2,0.2")
    change = {"variable": "u,v", "scale": "-0.5,0.5", "compare_to": compare_to}
    shown = panels(drawn(context(), change))
    assert [(mesh.norm.vmin, mesh.norm.vmax) for _, mesh in shown] == [(0.0, 0.5), (0.0, 0.5), (-0.2, 0.2)]


def test_the_alternative_text_names_both_datasets_where_two_are_compared(context):
    other = np.arange(EARLIER + 5 * DAY, NOON + 6 * DAY, DAY)
    picture = drawn(context(), {"compare_to": ComparedDataset(dataset="arctic")}, other=other)
    titles = [axes.get_title("left") for axes, _ in panels(picture)][:2]
    assert all(f"({title})" in picture.info.alt for title in titles)


def test_a_path_on_land_says_that_there_is_nothing(context):
    picture = drawn(context(), {"path": [[82.0, 20.0], [85.0, 20.0]]})
    assert "no data along this path" in [text for text, _ in paths.texts(picture.figure)]


def test_the_alternative_text_describes_the_course_of_the_mean(context):
    alt = drawn(context(), {"depth": "bottom"}).info.alt.replace("\N{NO-BREAK SPACE}", " ")
    assert "1 February 2016 to 5 February 2016" in alt
    assert "at the sea floor" in alt
    assert "Its mean goes from 8." in alt
    assert "°C to 12." in alt


CASES = {
    "days": {},
    "vector": {"variable": "u,v"},
    "compared": {"compare_to": ComparedDataset(dataset="arctic")},
    "bent": {"path": [[60 + n / 2, 2 * (n % 2) + n] for n in range(30)], "name": "A name of many letters " * 4},
}


@pytest.mark.parametrize(
    ("steps", "size", "language"),
    [(4, "15x9", "en"), (4, "6x4", "fr"), (4, "3x2", "en"), (1, "6x4", "fr"), (500, "11x5", "en")],
)
@pytest.mark.parametrize("case", CASES)
def test_no_text_lies_on_another_or_runs_out_of_the_figure(context, case, steps, size, language):
    at = EARLIER + DAY * np.arange(steps)
    assert misplaced(drawn(context(language, size), CASES[case], at, at).figure) == []


@pytest.mark.parametrize("size", ["2x2", "40x2", "2x20"])
@pytest.mark.parametrize("case", ["vector", "compared"])
def test_a_figure_of_any_shape_is_drawn_without_a_warning(context, case, size):
    picture = drawn(context("en", size), CASES[case])
    assert misplaced(picture.figure) == []
    assert len(panels(picture)) == (3 if case == "compared" else 1)


def test_steps_end_half_way_between_them():
    np.testing.assert_array_equal(time_edges(np.array([0.0, 100, 300])), [-50, 50, 200, 400])


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 10**9))
def test_as_many_steps_belong_together_by_their_order_and_others_by_the_time_since_the_first(daily, times, later):
    days = np.arange(daily) * float(DAY)
    hours = later + np.arange(0, daily * DAY, DAY / 24)[: 24 * times]
    item, other = pair_steps(days, hours)
    if len(days) == len(hours):
        np.testing.assert_array_equal(item, other)
    else:
        np.testing.assert_array_equal(days[item], hours[other] - later)
        assert len(item) == min(daily, -(-len(hours) // 24))
