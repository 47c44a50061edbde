"""T–S diagrams and sound speed profiles: what is drawn where, what is told, and which labels find room."""

import io
import json
import runpy
from pathlib import Path

import gsw
import numpy as np
import pytest
from matplotlib.colors import to_hex
from PIL import Image
from tests.looping import loop_over
from tests.plotting.casts import (
    DEPTHS,
    KINDS,
    SALT,
    WARM,
    WATER,
    Listing,
    Water,
    casts,
    described,
    overlapping,
    salinities,
    temperatures,
)

from ocean_plotting.figure.layout import LINE_COLOURS
from ocean_plotting.plots import sound, ts

ONE, MANY = ((45.0, -40.0),), tuple((45.0 + n, -40.0 + 2 * n) for n in range(30))
QUERY = {"dataset": "arctic", "names": [None], "station": [[45.0, -40.0]], "showmap": True, "time": 1454673600}
PLOTS = {"ts": ts, "sound": sound}


def drawn(kind, context, places=ONE, fetched=None, **query):
    plot = PLOTS[kind]
    requests = plot.KIND.query(dataset="arctic", station=[list(place) for place in places], **query)
    return plot.KIND.draw(requests, fetched or casts(places), context)


def table(kind, context, fetched, places=ONE):
    plot = PLOTS[kind]
    return plot.KIND.table(
        plot.KIND.query(dataset="arctic", station=[list(place) for place in places]), fetched, context
    )


def written(panel):
    return [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in panel.texts]


def test_the_example_of_the_documents_is_a_kind_of_plot(context, tmp_path):
    text = (Path(__file__).parents[2] / "docs/architecture.md").read_text("utf-8")
    (tmp_path / "density.py").write_text(text.partition("```python\n")[2].partition("```")[0])
    kind = runpy.run_path(str(tmp_path / "density.py"))["KIND"]
    request = kind.query(dataset="arctic", station=[list(place) for place in MANY[:2]]), casts(MANY[:2]), context()
    picture = kind.draw(*request)
    assert not overlapping(picture.figure)
    assert "Potential density anomaly from 2" in picture.info.alt
    column = kind.table(*request).columns[-1]
    assert (column.units, column.values.size) == ("kg m-3", 2 * len(DEPTHS))


# What both kinds are asked


@pytest.fixture
def catalogue():
    return Listing()


@pytest.fixture
def numbers():
    return Water()


def plot(client, kind, query=QUERY, **parameters):
    return client.get(f"/plot/{kind}", params={"query": json.dumps(query), **parameters})


@pytest.mark.parametrize("kind", PLOTS)
def test_the_query_of_the_front_end_is_understood(client, numbers, kind):
    response = plot(client, kind, format="png", size="6x4")
    assert Image.open(io.BytesIO(response.content)).size == (432, 288)
    assert [item.variables for item in numbers.asked] == [[WARM, SALT]]
    assert (numbers.asked[0].depth, numbers.asked[0].time) == ("all", "1454673600")
    assert response.headers["alt-text"]


@pytest.mark.parametrize("kind", PLOTS)
def test_tables_are_written_as_every_text_and_no_file_is(client, kind):
    lines = plot(client, kind, format="csv").text.splitlines()
    assert len(lines) == 4 + len(DEPTHS)
    samples = [line for line in plot(client, kind, format="odv").text.splitlines() if not line.startswith("//")]
    assert len(samples) == 1 + len(DEPTHS)
    assert "\nMin, " in plot(client, kind, format="stats").text
    refused = plot(client, kind, format="nc")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "format")


@loop_over("kind", PLOTS)
@loop_over(
    ("change", "status", "field"),
    [
        ({"station": [[147, 20]]}, 400, "$.station[0][0]"),
        ({"station": []}, 400, "$.station"),
        ({"time": "soon"}, 400, "$.time"),
        ({"dataset": "nowhere"}, 404, "$.dataset"),
        ({"station": [[-70, 0]]}, 422, "$.station[0]"),
        ({"interp": "cubic"}, 400, "$.interp"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(client, kind, change, status, field):
    response = plot(client, kind, {**QUERY, **change})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)


@loop_over("kind", PLOTS)
@loop_over("listed", [[], WATER[:1], WATER[1:]])
def test_a_dataset_without_the_water_is_refused(client, catalogue, kind, listed):
    catalogue.listed = listed
    response = plot(client, kind)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "$.dataset")
    assert "arctic has n" in response.json()["detail"]


def test_the_dataset_s_own_speed_of_sound_is_drawn(client, catalogue, numbers):
    own = described("u", standard_name=KINDS["sound"])
    catalogue.listed = [own]
    numbers.listed = {"u": own}
    lines = plot(client, "sound", format="csv").text.splitlines()
    assert lines[3] == "Latitude, Longitude, Depth (m), Pressure (dbar), Sound speed (m s⁻¹)"
    assert {line.split(", ")[-1] for line in lines[4:]} == {"1500.0"}


# T–S diagrams


@pytest.mark.parametrize(("places", "size"), [(ONE, "15x9"), (ONE, "6x4"), (MANY, "11x5"), (ONE, "3x2")])
@pytest.mark.parametrize("kind", PLOTS)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_label_covers_another(context, kind, places, size, language):
    names = ["a mooring of a very long name, in the North Atlantic, number 1"] * len(places)
    assert not overlapping(drawn(kind, context(language, size), places, names=names).figure)


def test_lines_of_equal_density_are_where_their_labels_say(context):
    panel = drawn("ts", context()).figure.axes[0]
    levels = [item for item in panel.texts if item.get_rotation()]
    assert len(levels) >= 4
    for item in levels:
        salinity, temperature = item.get_position()
        absolute = gsw.SA_from_SP(salinity, 0, -40, 45)
        assert gsw.sigma0(absolute, gsw.CT_from_pt(absolute, temperature)) == pytest.approx(
            float(item.get_text()), abs=0.02
        )


def test_depths_of_a_lone_station_stand_at_its_points(context):
    figure = drawn("ts", context()).figure
    depths = [item for item in figure.axes[0].texts if item.get_text().endswith("m")]
    assert {"0", "4000"} < {item.get_text().split("\N{NO-BREAK SPACE}")[0] for item in depths}
    for item in depths:
        depth = np.array([float(item.get_text().split("\N{NO-BREAK SPACE}")[0])])
        np.testing.assert_allclose(item.xy, [salinities(depth)[0], temperatures(depth)[0]], rtol=1e-6)
    assert "Depth (m)" in {item.get_ylabel() for item in figure.axes}


def test_several_stations_have_their_own_colours_and_no_depths(context):
    figure = drawn("ts", context(), MANY[:3]).figure
    panel = figure.axes[0]
    assert [to_hex(line.get_color()) for line in panel.lines] == list(LINE_COLOURS[:3])
    assert not [text for text in written(panel) if text.endswith(" m")]
    np.testing.assert_array_equal(panel.lines[1].get_ydata(), temperatures() + 1)


def test_water_in_situ_is_drawn_with_the_temperature_that_density_is_made_of(context):
    infos = (described(WARM, standard_name="sea_water_temperature", units="K"), WATER[1])
    fetched = casts(warm=temperatures() + 273.15, infos=infos)
    panel = drawn("ts", context(), fetched=fetched).figure.axes[0]
    pressure = gsw.p_from_z(-DEPTHS, 45.0)
    absolute = gsw.SA_from_SP(salinities(), pressure, -40, 45)
    assert panel.get_ylabel() == "Conservative temperature (°C)"
    np.testing.assert_allclose(panel.lines[0].get_ydata(), gsw.CT_from_t(absolute, temperatures(), pressure), rtol=1e-6)
    values = table("ts", context(), fetched).columns
    np.testing.assert_allclose(values[-2].values, temperatures() + 273.15)  # as the data service has them
    np.testing.assert_allclose(values[-1].values, gsw.sigma0(absolute, panel.lines[0].get_ydata()), rtol=1e-9)


def test_kelvins_are_drawn_as_degrees(context):
    infos = (described(WARM, standard_name=KINDS["temperature"], units="K"), WATER[1])
    panel = drawn("ts", context(), fetched=casts(warm=temperatures() + 273.15, infos=infos)).figure.axes[0]
    assert panel.get_ylabel() == "Temperature (°C)"
    np.testing.assert_allclose(panel.lines[0].get_ydata(), temperatures(), atol=1e-9)


def test_the_freezing_point_is_drawn_where_it_is_that_cold(context):
    assert "freezing point" not in written(drawn("ts", context()).figure.axes[0])
    cold = casts(warm=temperatures() - 5.5)
    assert "freezing point" in written(drawn("ts", context(), fetched=cold).figure.axes[0])


def test_the_table_has_the_columns_of_the_old_server_and_the_density(context):
    columns = table("ts", context(), casts(MANY[:2]), MANY[:2]).columns
    reported = [column for column in columns if not column.context]
    assert [column.name for column in reported[:5]] == ["Latitude", "Longitude", "Depth", "Salinity", "Temperature"]
    np.testing.assert_array_equal(reported[2].values, [*DEPTHS, *DEPTHS])
    np.testing.assert_array_equal(reported[4].values, [*temperatures(), *(temperatures() + 1)])
    assert reported[5].units == "kg m-3"


@pytest.mark.parametrize("kind", PLOTS)
def test_a_station_on_land_says_so(context, kind):
    nothing = casts(warm=np.full(len(DEPTHS), np.nan), salt=np.full(len(DEPTHS), np.nan))
    picture = drawn(kind, context(), fetched=nothing)
    assert "no data at these stations" in written(picture.figure.axes[0])
    assert "no data" in picture.info.alt
    assert not len(table(kind, context(), nothing).columns[-1].values)


def test_a_lone_level_is_a_point(context):
    for kind in PLOTS:
        assert drawn(kind, context(), fetched=casts(depths=DEPTHS[:1])).info.alt


# Sound speed


def speeds():
    pressure = gsw.p_from_z(-DEPTHS, 45.0)
    absolute = gsw.SA_from_SP(salinities(), pressure, -40, 45)
    return gsw.sound_speed(absolute, gsw.CT_from_pt(absolute, temperatures()), pressure)


def test_sound_is_drawn_over_depth_on_an_axis_that_fits(context):
    panel = drawn("sound", context()).figure.axes[0]
    line = panel.lines[0]
    np.testing.assert_allclose(line.get_xdata(), speeds(), rtol=1e-9)
    np.testing.assert_array_equal(line.get_ydata(), DEPTHS)
    low, high = panel.get_xlim()
    assert low > speeds().min() - 10
    assert high < speeds().max() + 10
    assert panel.yaxis_inverted()


def test_the_channel_of_a_lone_station_is_marked(context):
    picture = drawn("sound", context())
    slowest = DEPTHS[speeds().argmin()]
    texts = written(picture.figure.axes[0])
    assert f"channel axis {slowest:.0f} m, {speeds().min():.1f} m s⁻¹" in texts
    assert [text for text in texts if text.startswith("top of the channel")]
    assert f"its axis at {slowest:.0f}\N{NO-BREAK SPACE}m" in picture.info.alt


def test_every_station_s_minimum_is_marked(context):
    panel = drawn("sound", context(), MANY[:3]).figure.axes[0]
    marks = [line for line in panel.lines if len(line.get_xdata()) == 1]
    assert len(marks) == 3
    assert marks[0].get_ydata() == [DEPTHS[speeds().argmin()]]


def test_sound_that_is_slowest_at_the_surface_has_no_channel(context):
    cold = casts(warm=np.zeros(len(DEPTHS)), salt=np.full(len(DEPTHS), 35.0))
    assert "there is no sound channel" in drawn("sound", context(), fetched=cold).info.alt


def test_depths_are_in_feet_on_the_right(context):
    panel = drawn("sound", context()).figure.axes[0]
    (right,) = panel.child_axes
    panel.get_figure().draw_without_rendering()
    assert right.get_ylabel() == "Depth (ft)"
    np.testing.assert_allclose(np.array(right.get_ylim()) * 0.3048, panel.get_ylim())


def test_the_table_of_sound_has_what_it_is_made_of(context):
    reported = [column for column in table("sound", context(), casts()).columns if not column.context]
    assert [column.name for column in reported[3:]] == ["Temperature", "Salinity", "Pressure", "Sound speed"]
    np.testing.assert_allclose(reported[5].values, gsw.p_from_z(-DEPTHS, 45.0))
    np.testing.assert_allclose(reported[6].values, speeds(), rtol=1e-9)
