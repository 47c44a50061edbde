"""Transects: panels of what is requested, numbers that are the fetched ones, every format, wrong queries named."""

import io
import json
import re
import xml.etree.ElementTree as ET

import gsw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import QuadMesh
from msgspec.structs import replace
from PIL import Image
from tests.looping import loop_over
from tests.plotting import paths
from tests.plotting.fakes import NOON, info, over_pressure
from tests.plotting.paths import EARLIER, LEVELS, Vectors, Waters, misplaced

from ocean_common.contracts.data import TransectRequest
from ocean_core.errors import NotSupported
from ocean_plotting.figure import section
from ocean_plotting.figure.axes import choose_depth_ticks, depth_scale
from ocean_plotting.plots import transect
from ocean_plotting.plots.common.path import PathCoverage, PathData
from ocean_plotting.plots.transect import TransectQuery

AGAINST = {"dataset": "arctic", "variable": "votemper", "time": EARLIER, "scale": "auto", "scale_diff": "auto",
           "colormap": "default", "colormap_diff": "default"}  # fmt: skip
QUERY = {
    "dataset": "arctic", "variable": "votemper", "scale": "auto", "path": [[73.0, 20.0], [71.0, 5.0], [70.0, -5.25]],
    "colormap": "default", "showmap": True, "time": NOON, "linearthresh": False, "surfacevariable": "none",
    "depth_limit": False, "profile_distance": -1, "selectedPlots": "0,1,1", "compare_to": False, "name": "Bear Island",
}  # fmt: skip
LONG = "A section whose name has rather more letters than anybody should give it, and goes on"
IMAGES = ["png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described"]


@pytest.fixture
def numbers():
    return Waters()


@pytest.fixture
def catalogue():
    return Vectors()


def plot(client, change=None, **parameters):
    query = {**QUERY, **(change or {})}
    return client.get("/plot/transect", params={"query": json.dumps(query), **parameters})


def problem(response, status=400):
    assert response.status_code == status, response.text
    return response.json()["errors"][0]


def drawn(context, change=None, **given):
    """A picture without the service."""
    query = TransectQuery(**{"dataset": "arctic", "path": QUERY["path"], **(change or {})})
    return transect.KIND.draw(query, fetched(query, **given), context)


def fetched(query, **given):
    keys = query.variable.split(",")

    def side(time):
        requests = TransectRequest(
            dataset="arctic", variables=keys, vector=list(paths.PARTS) if len(keys) == 2 else [],
            path=[tuple(item[:2]) for item in query.path], points=100, time=str(time),
        )  # fmt: skip
        return PathCoverage(about=info(keys[0]), coverage=paths.transect(requests, **given))

    surface = None
    if query.surfacevariable:
        requests = TransectRequest(
            dataset="arctic", variables=[query.surfacevariable], path=query.path, points=100, depth="0"
        )
        surface = paths.transect(requests)
    return PathData(
        time="2016-02-05T12:00:00+00:00", revisions={"arctic": "r1"}, first=side(NOON),
        second=side(EARLIER) if query.compare_to else None, surface=surface,
    )  # fmt: skip


def meshes(picture):
    return [
        collection
        for axes in picture.figure.axes
        for collection in axes.collections
        if isinstance(collection, QuadMesh)
    ]


def panels(picture):
    return [
        axes
        for axes in picture.figure.axes
        if axes.get_ylim()[0] > axes.get_ylim()[1] and any(isinstance(part, QuadMesh) for part in axes.collections)
    ]


def table(client, change=None):
    """The header, the names of columns, and the numbers of a CSV."""
    lines = plot(client, change, format="csv").text.splitlines()
    rows = [line for line in lines if not line.startswith("//")]
    values = [[float(cell) if cell else np.nan for cell in row.split(", ")] for row in rows[1:]]
    return lines[: len(lines) - len(rows)], rows[0].split(", "), np.array(values)


@loop_over("form", IMAGES)
@pytest.mark.ci
def test_every_form_of_picture_is_made(client, form):
    response = plot(client, format=form, size="6x4")
    assert response.status_code == 200, response.text
    assert len(response.content) > 5000


def test_the_query_of_the_front_end_is_sent_to_the_data_service(client, numbers):
    assert plot(client, format="png", size="6x4").status_code == 200
    (requests,) = numbers.asked
    assert requests == TransectRequest(
        dataset="arctic", variables=["votemper"], path=[(73.0, 20.0), (71.0, 5.0), (70.0, -5.25)], points=100,
        time=str(NOON),
    )  # fmt: skip


@loop_over(("size", "form", "points"), [("6x4", "png", 100), ("20x8", "png", 200), ("20x8", "csv", 100)])
def test_a_wide_figure_has_more_places_and_a_table_as_many_as_ever(client, numbers, size, form, points):
    numbers.asked.clear()  # of the case before
    plot(client, size=size, format=form, dpi=30)
    assert [item.points for item in numbers.asked] == [points]


def test_the_numbers_of_a_table_are_the_fetched_ones(client):
    header, names, rows = table(client, {"surfacevariable": "vosaline"})
    assert names == ["Latitude", "Longitude", "Distance (km)", "Depth (m)", "Salinity (PSU)", "Temperature (°C)"]
    assert "// Dataset: Arctic model; daily" in header or "// Dataset: Arctic model, daily" in header
    assert (rows[:, 3] <= paths.floor(rows[:, 2]) + 1e-3).all()
    np.testing.assert_allclose(rows[:, 5], paths.value("votemper", rows[:, 3], rows[:, 2]), rtol=1e-5)
    np.testing.assert_allclose(rows[:, 4], paths.value("vosaline", 0.0, rows[:, 2]), rtol=1e-6)
    distance = np.unique(rows[:, 2])
    wet = (LEVELS[:, np.newaxis] <= paths.floor(distance)).sum()
    assert (len(distance), len(rows)) == (100, wet)


def test_the_parts_of_a_vector_are_the_columns_that_were_chosen(client):
    _, names, rows = table(client, {"variable": "u,v", "selectedPlots": "1,0,1"})
    assert [name.partition(" (")[0] for name in names[4:]] == ["Speed", "Velocity across the path; to its left"]
    np.testing.assert_allclose(rows[:, 5], paths.value("v", rows[:, 3], rows[:, 2]), atol=1e-6)


def test_a_comparison_has_both_datasets_and_their_difference_on_the_levels_of_the_first(client):
    _, names, rows = table(client, {"compare_to": AGAINST})
    assert names[4:] == ["Temperature (°C)", "Temperature; Arctic model; daily (°C)", "Temperature; difference (°C)"]
    first, second, difference = rows[:, 4:].T
    pair = np.isfinite(second)
    # The formula is linear in depth: interpolation is exact.
    np.testing.assert_allclose(second[pair], paths.value("votemper", rows[pair, 3], rows[pair, 2], EARLIER), rtol=1e-5)
    np.testing.assert_allclose(difference[pair], (first - second)[pair], atol=1e-5)
    assert np.isnan(second[rows[:, 3] == 0]).all(), "above its first level there is nothing"
    assert np.isnan(difference[~pair]).all()


def test_different_quantities_are_drawn_beside_each_other(client):
    change = {"compare_to": {**AGAINST, "variable": "vosaline"}}
    _, names, _ = table(client, change)
    assert names[4:] == ["Temperature (°C)", "Salinity; Arctic model; daily (PSU)"]
    text = plot(client, change, format="svg", size="15x9").text
    assert "Temperature and Salinity" in text
    assert "Difference" not in text


def test_words_tell_the_numbers_of_the_table(client):
    _, _, rows = table(client, {"compare_to": AGAINST})
    alt = plot(client, {"compare_to": AGAINST}, format="described").json()["alt"]
    told = [
        re.findall(r"from (−?[\d.]+)\W*°C at .*? to (−?[\d.]+)\W*°C", part) for part in alt.split("Temperature")[2:]
    ]
    pairs = [[float(number.replace("−", "-")) for number in pair] for (pair,) in filter(None, told)]
    ends = [(np.nanmin(column), np.nanmax(column)) for column in rows[:, 4:].T]
    np.testing.assert_allclose(pairs, ends, atol=2e-3)


def test_statistics_are_those_of_the_table(client):
    _, _, rows = table(client)
    lines = [line for line in plot(client, format="stats").text.splitlines() if not line.startswith("//")]
    names, *result = (line.split(", ")[1:] for line in lines)
    depths = np.unique(rows[:, 3])
    assert [name.partition(" – ")[2].partition(" ")[0] for name in names] == [f"{depth:g}" for depth in depths]
    for number, depth in enumerate(depths):
        values = rows[rows[:, 3] == depth, 4]
        expected = [values.min(), values.max(), values.mean(), values.std(), values.size]
        np.testing.assert_allclose([float(row[number]) for row in result], expected, rtol=1e-5, atol=1e-6)


def test_ocean_data_view_gets_each_place_as_a_station(client):
    lines = plot(client, format="odv").text.splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("//")]
    assert rows[0][-2:] == ["Depth [m]", "Temperature [Celsius]"]
    assert sum(bool(row[1]) for row in rows[1:]) == 100


def test_a_file_of_the_numbers_is_the_data_service_s_own(client, numbers):
    response = plot(client, {"variable": "u,v"}, format="nc")
    assert response.content == b"netcdf of u,v"
    assert numbers.asked[-1].vector == ["magnitude", "along", "across"]
    response = plot(client, {"surfacevariable": "vosaline"}, format="nc")
    assert response.content == b"netcdf of votemper,vosaline"


@loop_over(
    ("change", "asked"),
    [
        ({"variable": "u,v"}, [("u", "v")]),
        ({"variable": ["u", "v"], "selectedPlots": "1,0,0"}, [("u", "v")]),
        ({"variable": "aice"}, [("u", "v")]),
        ({"variable": "aice", "selectedPlots": None}, [("aice",)]),
        ({"surfacevariable": "vosaline"}, [("votemper",), ("vosaline",)]),
        ({"surfacevariable": ""}, [("votemper",)]),
        ({"compare_to": AGAINST}, [("votemper",), ("votemper",)]),
        ({"compare_to": None, "profile_distance": None, "linearthresh": 200, "showmap": 1}, [("votemper",)]),
    ],
)
def test_options_request_the_data_they_need(client, numbers, change, asked):
    numbers.asked.clear()  # of the case before
    response = plot(client, change, format="png", size="6x4")
    assert response.status_code == 200, response.text
    assert sorted(tuple(item.variables) for item in numbers.asked) == sorted(asked)


@loop_over(
    ("change", "field"),
    [
        ({"path": [[1]]}, "$.path[0]"),
        ({"path": [[73, 20]]}, "$.path"),
        ({"path": [[73, 20], [147, 20]]}, "$.path[1][0]"),
        ({"path": [[73, 20], [47, None]]}, "$.path[1][1]"),
        ({"path": "home"}, "$.path"),
        ({"variable": "u,v,votemper"}, "$.variable"),
        ({"variable": ""}, "$.variable"),
        ({"scale": "nan,nan"}, "$.scale"),
        ({"scale": "3,1"}, "$.scale"),
        ({"colormap": "gaudy"}, "$.colormap"),
        ({"linearthresh": True}, "$.linearthresh"),
        ({"linearthresh": "deep"}, "$.linearthresh"),
        ({"linearthresh": []}, "$.linearthresh"),
        ({"depth_limit": "nan"}, "$.depth_limit"),
        ({"profile_distance": "far"}, "$.profile_distance"),
        ({"profile_distance": 1e9}, "$.profile_distance"),
        ({"selectedPlots": "0,0,0", "variable": "u,v"}, "$.selectedPlots"),
        ({"selectedPlots": "1,1"}, "$.selectedPlots"),
        ({"selectedPlots": "a,b,c"}, "$.selectedPlots"),
        ({"points": 1}, "$.points"),
        ({"points": 5000}, "$.points"),
        ({"interp": "cubic"}, "$.interp"),
        ({"time": "soon"}, "$.time"),
        ({"compare_to": {**AGAINST, "time": "soon"}}, "$.compare_to.time"),
        ({"compare_to": {**AGAINST, "scale_diff": "1"}}, "$.compare_to.scale_diff"),
        ({"compare_to": {**AGAINST, "colormap_diff": "gaudy"}}, "$.compare_to.colormap_diff"),
        ({"compare_to": {**AGAINST, "variable": "u,v"}}, "$.compare_to.variable"),
        ({"compare_to": {**AGAINST, "variable": "aice"}, "selectedPlots": None}, "$.compare_to.variable"),
        ({"compare_to": {"variable": "votemper"}}, "$.compare_to"),
        ({"compare_to": True}, "$.compare_to"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(client, change, field):
    assert problem(plot(client, change, format="png"))["field"] == field
    assert problem(plot(client, change, format="csv"))["field"] == field


@loop_over(
    ("change", "field"),
    [
        ({"variable": "nope"}, "$.variable"),
        ({"surfacevariable": "nope"}, "$.surfacevariable"),
        ({"compare_to": {**AGAINST, "variable": "nope"}}, "$.compare_to.variable"),
    ],
)
def test_an_unknown_variable_is_named_by_its_field(client, change, field):
    assert problem(plot(client, change), 404)["field"] == field


def test_a_path_of_ten_thousand_way_points_is_too_long(client):
    query = {**QUERY, "path": [[70, n / 100] for n in range(10_000)]}
    assert problem(client.post("/plot/transect", json=query), 413)["field"] == "$.path"


def test_levels_without_a_depth_are_no_section(client, numbers):
    def levels(asked):
        result = paths.transect(asked)
        coordinates = [coordinate for coordinate in result.coordinates if coordinate.name != "depth"]
        return replace(result, coordinates=coordinates)

    numbers.makers = {TransectRequest: levels}
    assert problem(plot(client))["field"] == "$.variable"


def test_a_panel_has_the_colours_of_the_values_and_the_sea_floor_below(context):
    picture = drawn(context())
    (panel,) = panels(picture)
    assert panel.get_xlim()[0] == 0
    assert panel.get_ylim()[1] == 0
    assert panel.get_ylim()[0] == pytest.approx(1.02 * 500, rel=0.02)  # the deepest floor
    (floor,) = [collection for collection in panel.collections if not isinstance(collection, QuadMesh)]
    top = floor.get_paths()[0].vertices
    assert top[:, 1].min() == pytest.approx(100, abs=1)
    assert picture.figure.axes[1].get_ylabel() == "Temperature (°C)"


def test_vectors_have_a_panel_for_each_chosen_part_symmetric_about_zero(context):
    picture = drawn(context(), {"variable": "u,v", "selectedPlots": "1,1,1"})
    assert len(panels(picture)) == 3
    limits = [mesh.norm for mesh in meshes(picture) if mesh.norm is not None][:3]
    assert [norm.vmin + norm.vmax == pytest.approx(0) for norm in limits] == [False, True, True]


def test_a_given_scale_of_a_vector_is_cut_at_zero_for_its_magnitude(context):
    picture = drawn(context(), {"variable": "u,v", "selectedPlots": "1,1,0", "scale": "-0.5,0.5"})
    scales = [(item.norm.vmin, item.norm.vmax) for item in (panel.collections[0] for panel in panels(picture))]
    assert scales == [(0.0, 0.5), (-0.5, 0.5)]


def test_a_given_scale_of_the_difference_of_magnitudes_is_not_cut(context):
    compare_to = replace(AGAINST_STRUCT, variable="u,v", scale_diff="-0.2,0.2")
    picture = drawn(
        context(), {"variable": "u,v", "selectedPlots": "1,0,0", "scale": "-0.5,0.5", "compare_to": compare_to}
    )
    scales = [(item.norm.vmin, item.norm.vmax) for item in (panel.collections[0] for panel in panels(picture))]
    assert scales == [(0.0, 0.5), (0.0, 0.5), (-0.2, 0.2)]


def test_two_datasets_share_a_scale_and_their_difference_is_the_first_less_the_second(context):
    picture = drawn(context(), {"compare_to": AGAINST_STRUCT})
    first, second, difference = (panel.collections[0] for panel in panels(picture))
    assert (first.norm.vmin, first.norm.vmax) == (second.norm.vmin, second.norm.vmax)
    assert (difference.norm.vmin, difference.norm.vmax) == pytest.approx((-1, 1), abs=1e-6)
    assert np.ma.compressed(difference.get_array()) == pytest.approx(-1, abs=1e-6)
    assert "first less the second" in panels(picture)[2].get_title("left")


def test_a_variable_without_depth_is_a_line(context):
    picture = drawn(context(), {"variable": "aice"})
    assert not meshes(picture)
    (line,) = picture.figure.axes[0].lines[:1]
    np.testing.assert_allclose(line.get_ydata(), paths.value("aice", 0.0, line.get_xdata()))


def test_depth_is_stretched_below_the_threshold_and_shown_to_the_requested_depth(context):
    (panel,) = panels(drawn(context(), {"linearthresh": 100, "depth_limit": 250}))
    assert panel.get_ylim() == (250, 0)
    place = panel.transData.transform
    assert place((0, 50))[1] == pytest.approx((place((0, 0))[1] + place((0, 100))[1]) / 2)
    assert 100 in panel.get_yticks()


def test_a_profile_is_drawn_at_its_distance(context):
    picture = drawn(context(), {"profile_distance": 200_000})
    (panel,) = panels(picture)
    at = [item.get_xdata()[0] for item in panel.lines]
    distance = min(at, key=lambda item: abs(item - 200))
    assert abs(distance - 200) < 5
    beside = next(axes for axes in picture.figure.axes if axes.get_ylim() == panel.get_ylim() and axes is not panel)
    line = beside.lines[0]
    np.testing.assert_allclose(line.get_xdata(), paths.value("votemper", line.get_ydata(), distance), rtol=1e-6)


def test_land_has_no_values_and_a_floor_at_the_surface(context):
    picture = drawn(context(), {"path": [[75.0, 20.0], [85.0, 20.0], [75.0, 40.0]]})
    (panel,) = panels(picture)
    (floor,) = [collection for collection in panel.collections if not isinstance(collection, QuadMesh)]
    assert floor.get_paths()[0].vertices[:, 1].min() == 0


def test_a_path_on_land_says_that_there_is_nothing(context):
    picture = drawn(context(), {"path": [[82.0, 20.0], [85.0, 20.0]]})
    assert "no data along this path" in [text for text, _ in paths.texts(picture.figure)]
    assert "no data along this path" in picture.info.alt


def test_the_picture_in_words_has_what_where_when_and_from_where_to_where(context):
    alt = drawn(context(), {"surfacevariable": "vosaline"}).info.alt.replace("\N{NO-BREAK SPACE}", " ")
    assert "Temperature from 73.00° N, 20.00° E to 70.00° N, 5.25° W, 5 February 2016." in alt
    assert "km, 0 m deep." in alt
    assert "The sea floor lies between 100 m and 500 m." in alt


CASES = {
    "value": {},
    "all": {"linearthresh": 100, "surfacevariable": "vosaline", "profile_distance": 300_000},
    "vector": {"variable": "u,v", "selectedPlots": "1,1,1"},
    "compared": {"compare_to": True},
    "compared vectors": {"variable": "u,v", "compare_to": True, "surfacevariable": "vosaline"},
    "line": {"variable": "aice", "compare_to": True},
    "many": {"path": [[60 + n / 2, 2 * (n % 2) + n] for n in range(30)], "name": LONG},
    "short": {"path": [[70, 0], [70.001, 0]]},
    "date line": {"path": [[60, 175], [55, -170]]},
    "world": {"path": [[10, -170], [-20, -60], [0, 100]]},
}


@pytest.mark.parametrize(("size", "language"), [("15x9", "en"), ("11x5", "fr"), ("6x4", "fr"), ("3x2", "en")])
@pytest.mark.parametrize("case", CASES)
def test_no_text_lies_on_another_or_runs_out_of_the_figure(context, case, size, language):
    change = CASES[case]
    if change.get("compare_to"):
        change = {**change, "compare_to": AGAINST_STRUCT}
    assert misplaced(drawn(context(language, size), change).figure) == []


@pytest.mark.parametrize("size", ["2x2", "40x2", "2x20"])
@pytest.mark.parametrize("case", ["all", "compared vectors", "line", "many"])
def test_a_figure_of_any_shape_is_drawn_without_a_warning(context, case, size):
    change = {**CASES[case], **({"compare_to": AGAINST_STRUCT} if CASES[case].get("compare_to") else {})}
    figure = drawn(context("en", size), change).figure
    assert misplaced(figure) == []
    shown = [axis.get_position() for axis in figure.axes]
    assert all(0 <= axis.x0 < axis.x1 <= 1 and 0 <= axis.y0 < axis.y1 <= 1 for axis in shown)


def test_a_french_picture_has_french_numbers_and_positions(client):
    words = "".join(ET.fromstring(plot(client, format="svg", lang="fr").content).itertext())
    assert "5 février 2016" in words
    assert "5,25°\N{NO-BREAK SPACE}O" in words


def test_a_picture_has_its_size(client):
    image = Image.open(io.BytesIO(plot(client, format="png", size="6x4", dpi=200).content))
    assert image.size == (1200, 800)
    assert "Bear Island" in image.text["Title"]


AGAINST_STRUCT = transect.ComparedDataset(dataset="arctic", time=EARLIER)


def test_cells_end_half_way_between_their_centres():
    np.testing.assert_array_equal(section.make_level_edges(np.array([0.0, 10, 30])), [0, 5, 20, 40])
    # Water above the datum reaches as far up from its level as down; else the datum is the upper end.
    np.testing.assert_array_equal(section.make_level_edges(np.array([-2.0, 2, 8])), [-4, 0, 5, 11])
    np.testing.assert_array_equal(section.make_level_edges(np.array([0.5, 2, 8])), [0, 1.25, 5, 11])
    np.testing.assert_array_equal(section.distance_edges(np.array([0.0, 10, 30])), [0, 5, 20, 30])


def test_the_last_of_levels_that_follow_the_sea_floor_reaches_it():
    depths, wet = np.array([[5.0, 10], [30, 60]]), np.ones((2, 2), dtype=bool)
    grid = section.SectionGrid(distance=np.arange(2.0), depths=depths, wet=wet, model_floor=np.array([40.0, np.nan]))
    np.testing.assert_array_equal(grid.edges, [[0, 0], [17.5, 35], [40, 85]])
    even = section.SectionGrid(
        distance=np.arange(2.0), depths=np.array([[5.0, 5], [30, 30]]), wet=wet, model_floor=np.array([90.0, 90])
    )
    np.testing.assert_array_equal(even.edges[-1], [42.5, 42.5])


def test_cells_beside_land_are_as_deep_as_their_column_and_no_gap_is_above_the_floor():
    depths = np.array([[10.0, 20, 1], [30, 60, 3]])
    wet = np.array([[True, True, False], [True, True, False]])
    grid = section.SectionGrid(distance=np.arange(3.0), depths=depths, wet=wet, model_floor=np.array([40.0, 80, 4]))
    np.testing.assert_array_equal(grid.corners[:, :3], [[0, 0, 0], [20, 30, 40], [40, 80, 80]])


def test_the_floor_is_the_model_s_then_that_of_its_lowest_value_then_the_relief_s():
    wet = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]], dtype=bool)
    depths = np.repeat([[0.0], [10.0], [30.0]], 4, axis=1)
    cut = section.SectionGrid(distance=np.arange(4.0), depths=depths, wet=wet)
    no_land = np.zeros(4, dtype=bool)
    np.testing.assert_array_equal(section.find_sea_floor(cut, None, no_land), [np.nan, 20, 5, np.nan])
    np.testing.assert_array_equal(section.find_sea_floor(cut, None, ~no_land), [np.nan, 20, 5, 0])
    relief = np.array([500.0, 500, 500, -20])
    np.testing.assert_array_equal(section.find_sea_floor(cut, relief, no_land), [500, 20, 5, 0])
    reported = section.SectionGrid(
        distance=cut.distance, depths=depths, wet=wet, model_floor=np.array([35.0, 18, np.nan, np.nan])
    )
    np.testing.assert_array_equal(section.find_sea_floor(reported, relief, no_land), [35, 18, 5, 0])


CENTIMETRES = st.integers(-10_000, 600_000).map(lambda number: number / 100)  # m


@given(st.lists(CENTIMETRES, min_size=1, max_size=12, unique=True), st.lists(CENTIMETRES, min_size=1, max_size=8))
def test_interpolation_in_depth_is_numpy_s_between_the_first_and_the_last_level(depths, new_depths):
    levels, new = np.sort(depths), np.array(new_depths)
    result = section.interpolate_columns(np.cos(levels)[:, np.newaxis], levels[:, np.newaxis], new[:, np.newaxis])
    np.testing.assert_allclose(result[:, 0], np.interp(new, levels, np.cos(levels), left=np.nan, right=np.nan))


def test_nothing_is_interpolated_over_a_level_without_a_value():
    values = np.array([[1.0], [np.nan], [3.0]])
    result = section.interpolate_columns(
        values, np.array([[0.0], [10], [20]]), np.array([[0.0], [5], [10], [15], [20]])
    )
    np.testing.assert_array_equal(result[:, 0], [1, np.nan, np.nan, np.nan, 3])


def test_each_tenfold_depth_takes_as_much_of_the_axis_as_the_linear_part():
    places = depth_scale(200.0).transform(np.array([0.0, 100, 200, 2000, 20_000]))
    np.testing.assert_allclose(places / places[2], [0, 0.5, 1, 2, 3])


@given(st.floats(1, 2000), st.floats(1.2, 100), st.floats(2, 20))
def test_ticks_of_stretched_depth_keep_apart(linear, share, most):
    deepest = linear * share
    chosen = choose_depth_ticks(linear, deepest, most)
    place = depth_scale(linear).transform
    assert chosen[0] == 0
    assert chosen[-1] <= deepest
    assert (np.diff(place(np.array(chosen))) >= float(place(np.array(deepest))) / most - 1e-9).all()


def test_a_section_of_levels_in_pressure_is_drawn_over_pressure(context):
    query = TransectQuery(dataset="arctic", path=QUERY["path"])
    data = fetched(query)
    pressed = replace(data, first=replace(data.first, coverage=over_pressure(data.first.coverage)))
    picture = transect.KIND.draw(query, pressed, context("fr"))
    (panel,) = panels(picture)
    assert panel.get_ylabel() == "Pression (dbar)"
    assert "dbar" in picture.info.alt
    latitude, longitude = np.array(transect.PathSection(pressed.first, context().labels).points).T
    floor = gsw.p_from_z(-paths.floor(paths.distances(latitude, longitude)), latitude)
    np.testing.assert_allclose(transect.PathSection(pressed.first, context().labels).grid.model_floor, floor)
    np.testing.assert_allclose(transect.PathSection(pressed.first, context().labels).grid.depths[:, 0], 10 * LEVELS)
    columns = {column.role: column for column in transect.KIND.table(query, pressed, context()).columns}
    assert (columns["depth"].name, columns["depth"].units) == ("Pressure", "dbar")


def test_a_section_over_depth_is_not_compared_with_one_over_pressure():
    query = TransectQuery(dataset="arctic", path=QUERY["path"], compare_to=AGAINST)
    data = fetched(query)
    pressed = replace(data, second=replace(data.second, coverage=over_pressure(data.second.coverage)))
    with pytest.raises(NotSupported, match="are in m and dbar"):
        transect._check_data(query, pressed, [0])
