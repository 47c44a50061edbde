"""Stick plots: arrows to scale, north up, never over those of another depth; numbers that are the fetched ones."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from matplotlib.quiver import Quiver
from msgspec.structs import replace
from tests.looping import loop_over
from tests.plotting import moorings
from tests.plotting.fakes import info
from tests.plotting.moorings import DEPTHS, FLOOR, STEPS, Moorings, Vectors, beyond, overlapping, value

from ocean_common.contracts.data import PointsRequest
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.map_overlays import round_down
from ocean_plotting.plots import stick
from ocean_plotting.plots.common.mooring_series import VECTOR_PARTS, MooringData
from ocean_plotting.plots.stick import StickQuery

QUERY = {
    "dataset": "arctic", "names": ["Deep", None], "station": [[73.0, 20.0], [70.5, -5.25]], "showmap": True,
    "variable": "u,v", "depth": [0, "2", "bottom"], "starttime": 1454328000, "endtime": 1454673600, "plotTitle": None,
}  # fmt: skip


@pytest.fixture
def numbers():
    return Moorings()


@pytest.fixture
def catalogue():
    return Vectors()


def plot(client, change=None, **parameters):
    return client.get("/plot/stick", params={"query": json.dumps({**QUERY, **(change or {})}), **parameters})


def drawn(context, query=None, steps=STEPS):
    """A picture without the service."""
    requests = StickQuery(**{"dataset": "arctic", "station": [[73.0, 20.0]], **(query or {})})
    points = [tuple(depth) for depth in requests.station]
    depths = requests.depth if isinstance(requests.depth, list) else [requests.depth]
    result = [
        moorings.made(
            PointsRequest(
                dataset="arctic",
                points=points,
                depth=str(depth),
                form="timeseries",
                variables=["u", "v"],
                vector=VECTOR_PARTS,
            ),
            steps,
        )
        for depth in depths
    ]
    about = replace(info("u"), key="u,v", name="Speed", zero_centered=False)
    fetched = MooringData(time="2016-02-01T12:00:00+00:00", revisions={"arctic": "r1"}, info=about, coverages=result)
    return stick.KIND.draw(requests, fetched, context)


def arrows(axes):
    return [collection for collection in axes.collections if isinstance(collection, Quiver)]


@pytest.mark.parametrize("form", ["png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described", "csv"])
def test_every_format_is_written(client, form):
    response = plot(client, format=form, size="6x4")
    assert response.status_code == 200, response.text
    assert response.content


@loop_over("form", ["nc", "geotiff"])
def test_the_others_are_refused(client, form):
    assert plot(client, format=form).status_code == 400


def test_statistics_are_of_the_parts_and_not_of_bearings(client):
    text = plot(client, format="stats").text
    assert "Eastward part of speed – 0.5 m (m s⁻¹)" in text
    assert "bearing" not in text
    assert "Eastward part of speed [m s-1]" in plot(client, format="odv").text


def test_a_table_has_the_fetched_vectors(client):
    lines = [line for line in plot(client, format="csv").text.splitlines() if not line.startswith("//")]
    assert lines[0] == (
        "Time, Station, Latitude, Longitude, Depth (m), Eastward part of speed (m s⁻¹), "
        "Northward part of speed (m s⁻¹), Magnitude of Eastward and Northward Current (m s⁻¹), bearing (°)"
    )
    rows = [line.split(", ") for line in lines[1:]]
    assert len(rows) == 3 * 2 * STEPS
    deepest = {"Deep": DEPTHS[-1], "2": DEPTHS[DEPTHS <= FLOOR][-1]}
    for number, row in enumerate(rows):
        station, step = ("Deep", "2").index(row[1]), number % STEPS
        depth = [DEPTHS[0], DEPTHS[2], deepest[row[1]]][number // (2 * STEPS)]
        east, north = (value(key, step, depth, station) for key in ("u", "v"))
        assert float(row[4]) == depth
        expected = [east, north, np.hypot(east, north), np.degrees(np.arctan2(east, north)) % 360]
        np.testing.assert_array_equal(np.float32(row[5:]), np.float32(expected))


def test_every_depth_is_requested_once(client, numbers):
    plot(client, {"depth": [0, "0", 2]}, format="csv")
    assert [item.depth for item in numbers.asked] == ["0", "2"]


@loop_over("depth", [0, "1", "bottom", "all", [3, 0]])
def test_depths_are_read_in_every_spelling(client, depth):
    assert plot(client, {"depth": depth}, format="svg", size="6x4").status_code == 200


def test_a_vector_of_the_catalogue_is_enough(client, numbers):
    assert plot(client, {"variable": ["aice"]}, format="csv").status_code == 200
    assert (numbers.asked[0].variables, numbers.asked[0].vector) == (["u", "v"], VECTOR_PARTS)


@loop_over(
    ("change", "field"),
    [
        ({"variable": "votemper"}, "$.variable"),
        ({"variable": "u,v,votemper"}, "$.variable"),
        ({"variable": "u,nothing"}, "$.variable"),
        ({"depth": []}, "$.depth"),
        ({"depth": list(range(25))}, "$.depth"),
        ({"depth": [0, 99]}, "$.depth"),
        ({"depth": [None]}, "$.depth[0]"),
        ({"station": []}, "$.station"),
        ({"endtime": {}}, "$.endtime"),
    ],
)
def test_the_wrong_field_is_named(client, change, field):
    response = plot(client, change)
    assert response.status_code in {400, 404, 413}, response.text
    assert response.json()["errors"][0]["field"] == field


def test_sticks_are_the_vectors_from_a_line_for_each_depth(context):
    axes = drawn(context(), {"depth": [0, 2]}).figure.axes[0]
    rows = arrows(axes)[:2]
    for line, (yticklabel, depth) in enumerate(zip(rows, (DEPTHS[0], DEPTHS[2]), strict=True)):
        np.testing.assert_allclose(yticklabel.U, [value("u", step, depth, 0) for step in range(STEPS)])
        np.testing.assert_allclose(yticklabel.V, [value("v", step, depth, 0) for step in range(STEPS)])
        np.testing.assert_array_equal(yticklabel.XY[:, 1], -line)
        assert (yticklabel.angles, yticklabel.scale_units) == ("uv", "y")
    assert [yticklabel.get_text() for yticklabel in axes.get_yticklabels()] == [
        "0.5\N{NO-BREAK SPACE}m",
        "25\N{NO-BREAK SPACE}m",
    ]


def test_a_stick_of_a_labelled_length_has_the_scale_of_the_others(context):
    axes = drawn(context(), {"depth": [0, 2]}).figure.axes[0]
    *rows, key = arrows(axes)
    assert {item.scale for item in rows} == {key.scale}
    assert any(f"{key.U[0]:g}\N{NO-BREAK SPACE}m\N{NO-BREAK SPACE}s⁻¹" in item.get_text() for item in axes.texts)


ROW = st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=2, max_size=8)


@example([[(0.0, 5e-324), (0.0, 0.0)]], (8.0, 5.0))
@given(st.lists(ROW, min_size=1, max_size=6), st.sampled_from([(2.0, 1.0), (8.0, 5.0), (12.0, 1.5)]))
def test_no_stick_crosses_those_of_another_depth(given_rows, panel):
    vectors = np.full((2, 8, len(given_rows), 1), np.nan)
    for number, row in enumerate(given_rows):
        vectors[:, : len(row), number, 0] = np.array(row).T
    frame = stick.choose_stick_scale(*vectors, panel, DrawContext(width=panel[0], height=panel[1]))
    tips = [frame.scale * north[np.isfinite(north)] - number for number, north in enumerate(vectors[1, ..., 0].T)]
    for number, (upper, lower) in enumerate(itertools.pairwise(tips)):
        assert min(upper.min(), -number) >= max(lower.max(), -number - 1) - 1e-9
    assert max(tip.max() for tip in tips) <= frame.top
    assert min(tip.min() for tip in tips) >= frame.bottom
    assert frame.scale * np.nanmax(np.hypot(*vectors)) * frame.row <= stick.WIDEST * panel[0] + 1e-9


@given(st.floats(1e-6, 1e6))
def test_a_key_has_a_round_length(size):
    result = round_down(size)
    assert result <= size * (1 + 1e-9) < 2.5 * result * (1 + 1e-9)
    assert f"{result:.0e}"[0] in "125"


def test_more_steps_than_pixels_are_averaged_and_labelled_as_means(context):
    picture = drawn(context(size="6x4"), {"depth": 0}, 5000)
    assert len(arrows(picture.figure.axes[0])[0].U) < 300
    assert any("means of" in text.get_text() for text in picture.figure.texts)


@pytest.mark.parametrize(("size", "language"), [("3x2", "en"), ("6x4", "fr"), ("11x5", "en"), ("15x9", "fr")])
@pytest.mark.parametrize("asked", [(1, [0], 5), (1, "all", 400), (3, [0, 2, "bottom"], 1), (30, [0, 1], 5)], ids=str)
def test_no_words_lie_on_each_other(context, size, language, asked):
    number, depth, steps = asked
    points = [[60 + 0.5 * item, -8 + 1.2 * item] for item in range(number)]
    names = ["A station whose name has more letters than anybody should give", None, "B"] * 10
    picture = drawn(context(language, size), {"depth": depth, "station": points, "names": names[:number]}, steps)
    assert overlapping(picture.figure) == []
    assert beyond(picture.figure) == []


def test_words_say_where_vectors_lead(context):
    alt = drawn(context(), {"depth": [0, 2]}).info.alt
    parts = {key: [value(key, step, DEPTHS[line], 0) for step in range(STEPS) for line in (0, 2)] for key in ("u", "v")}
    mean = np.degrees(np.arctan2(np.mean(parts["u"]), np.mean(parts["v"]))) % 360
    assert f"towards {mean:.0f}°." in alt
    assert "strongest" in alt


def test_stations_on_land_are_reported(context):
    picture = drawn(context(), {"station": [[85, 0], [73, 0]]})
    picture.figure.draw_without_rendering()
    assert len(arrows(picture.figure.axes[0])) <= 1
    assert "no data" in drawn(context(), {"station": [[85, 0]]}).info.alt


def test_a_depth_below_the_sea_floor_of_a_station_says_so(context):
    figure = drawn(context(), {"station": [[73.0, 20.0], [70.5, -5.25]], "depth": [0, 4, "bottom"]}).figure
    deep, shallow = figure.axes[:2]
    messages = [text.get_text() for text in shallow.texts if "no data" in text.get_text()]
    assert messages == ["no data at this depth"]
    assert not any("no data" in text.get_text() for text in deep.texts)
    assert (len(arrows(deep)) - 1, len(arrows(shallow))) == (3, 2)  # one is the key
