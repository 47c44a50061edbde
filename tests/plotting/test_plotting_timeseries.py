"""Time series: lines and sections, every format, numbers that are the fetched ones, wrong queries named."""

import io
import json

import gsw
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from msgspec.structs import replace
from PIL import Image
from tests.looping import loop_over
from tests.plotting import moorings
from tests.plotting.fakes import info, over_pressure
from tests.plotting.moorings import DEPTHS, FLOOR, STEPS, Moorings, Vectors, beyond, overlapping, seconds, value

from ocean_common.contracts.data import PointsRequest
from ocean_plotting.export.table import Table, compute_statistics, make_value_column
from ocean_plotting.figure.labels import LabelFormatter
from ocean_plotting.plots import timeseries
from ocean_plotting.plots.common.mooring_series import VECTOR_PARTS, MooringData, MooringSeries
from ocean_plotting.plots.timeseries import TimeseriesQuery

QUERY = {
    "dataset": "arctic", "names": [None, "Shelf"], "station": [[73.0, 20.0], [70.5, -5.25]], "showmap": 1,
    "variable": "votemper", "variable_range": None, "depth": 0, "starttime": 1454328000, "endtime": 1454673600,
    "colormap": "default", "interp": "gaussian", "radius": 25, "neighbours": 10,
}  # fmt: skip
LONG = "A station whose name has more letters than anybody should give"


@pytest.fixture
def numbers():
    return Moorings()


@pytest.fixture
def catalogue():
    return Vectors()


def plot(client, change=None, **parameters):
    query = {**QUERY, **(change or {})}
    return client.get("/plot/timeseries", params={"query": json.dumps(query), **parameters})


def drawn(context, query=None, steps=STEPS, at=None, key="votemper", *, bathymetry=False, **other):
    """A picture without the service."""
    requests = TimeseriesQuery(**{"dataset": "arctic", "station": [[73.0, 20.0]], **(query or {})})
    vector = {"variables": ["u", "v"], "vector": VECTOR_PARTS} if key == "u,v" else {"variables": [key]}
    points = [tuple(item) for item in requests.station]
    result = moorings.made(
        PointsRequest(
            dataset="arctic",
            points=points,
            depth=str(requests.depth),
            form="timeseries",
            bathymetry=bathymetry,
            **vector,
        ),
        steps,
        at=at,
    )
    about = replace(info("u"), key=key, name="Speed", zero_centered=False) if key == "u,v" else info(key, **other)
    fetched = MooringData(time="2016-02-01T12:00:00+00:00", revisions={"arctic": "r1"}, info=about, coverages=[result])
    return timeseries.KIND.draw(requests, fetched, context)


def problem(response, status=400):
    assert response.status_code == status, response.text
    return response.json()["errors"][0]


def rows_of(text):
    lines = [line for line in text.splitlines() if not line.startswith("//")]
    return lines[0].split(", "), [line.split(", ") for line in lines[1:]]


@pytest.mark.parametrize("depth", [0, "bottom", "all"])
@pytest.mark.parametrize("form", ["png", "jpeg", "svg", "pdf", "ps", "eps", "tiff", "json", "described", "csv", "odv",
                                  "stats", "nc"])  # fmt: skip
def test_every_format_is_written(client, depth, form):
    response = plot(client, {"depth": depth}, format=form, size="6x4")
    assert response.status_code == 200, response.text
    assert response.content


def test_the_size_is_the_requested_one(client):
    image = Image.open(io.BytesIO(plot(client, format="png", size="7x3", dpi=50).content))
    assert image.size == (350, 150)


def test_a_table_has_the_fetched_values(client):
    names, rows = rows_of(plot(client, {"depth": 1}, format="csv").text)
    assert names == ["Latitude", "Longitude", "Time", "Temperature (°C)"]
    assert len(rows) == 2 * STEPS
    for number, row in enumerate(rows):
        station, step = divmod(number, STEPS)
        assert [float(row[0]), float(row[1])] == QUERY["station"][station]
        assert row[2] == f"2016-02-{step + 1:02}T12:00:00+00:00"
        assert np.float32(row[3]) == np.float32(value("votemper", step, DEPTHS[1], station))


def test_the_depth_is_in_metres(client):
    assert "// Depth: 10 m" in plot(client, {"depth": "1"}, format="csv").text


def test_the_bottom_has_its_true_depth(client):
    names, rows = rows_of(plot(client, {"depth": "bottom"}, format="csv").text)
    assert names[3] == "Depth (m)"
    assert {row[3] for row in rows[:STEPS]} == {"100.0"}
    assert {row[3] for row in rows[STEPS:]} == {"50.0"}
    assert np.float32(rows[STEPS][4]) == np.float32(value("votemper", 0, 50.0, 1))


def test_all_depths_are_columns_of_the_csv(client):
    names, rows = rows_of(plot(client, {"depth": "all"}, format="csv").text)
    assert names == ["Latitude", "Longitude", "Time", "0.5m", "10m", "25m", "50m", "100m"]
    assert len(rows) == 2 * STEPS
    expected = [np.float32(value("votemper", 2, depth, 1)) for depth in DEPTHS[:-1]]
    assert [np.float32(item) for item in rows[STEPS + 2][3:-1]] == expected
    assert rows[STEPS + 2][-1] == ""


def test_all_depths_stand_below_each_other_in_odv(client):
    lines = [line.split("\t") for line in plot(client, {"depth": "all"}, format="odv").text.splitlines()
             if not line.startswith("//")]  # fmt: skip
    assert lines[0][6:] == ["Depth [m]", "Temperature [Celsius]"]
    wet = (DEPTHS <= FLOOR).sum()
    assert len(lines) - 1 == STEPS * (len(DEPTHS) + wet)
    assert [line[1] for line in lines[1:] if line[1]] == ["1"] * STEPS + ["Shelf"] * STEPS
    assert [float(line[6]) for line in lines[1 : 1 + len(DEPTHS)]] == DEPTHS.tolist()
    assert np.float32(lines[2][7]) == np.float32(value("votemper", 0, DEPTHS[1], 0))


def test_statistics_are_those_of_all_values_at_each_depth(client):
    text = plot(client, {"depth": "all"}, format="stats").text
    lines = [line.split(", ") for line in text.splitlines() if not line.startswith("//")]
    result = {line[0]: list(map(float, line[1:])) for line in lines[1:]}
    for number, depth in enumerate(DEPTHS):
        values = np.array([value("votemper", step, depth, station) for station in (0, 1) for step in range(STEPS)
                           if not (station and depth > FLOOR)]).astype(np.float32)  # fmt: skip
        assert result["Min"][number] == pytest.approx(values.min())
        assert result["Mean"][number] == pytest.approx(values.astype(float).mean(), rel=1e-6)
        assert result["Standard Deviation"][number] == pytest.approx(values.astype(float).std(), rel=1e-6)
        assert result["Count"][number] == values.size


def test_two_variables_are_a_vector(client, numbers):
    names, rows = rows_of(plot(client, {"variable": ["u", "v"]}, format="csv").text)
    assert names[3:] == ["Magnitude of Eastward and Northward Current (m s⁻¹)",
                         "Eastward part of speed (m s⁻¹)", "Northward part of speed (m s⁻¹)",
                         "bearing (°)"]  # fmt: skip
    speed, east, north, bearing = map(float, rows[3][3:])
    assert speed == pytest.approx(np.hypot(east, north))
    assert bearing == pytest.approx(np.degrees(np.arctan2(east, north)) % 360)
    assert numbers.asked[0].vector == VECTOR_PARTS
    assert "bearing" not in plot(client, {"variable": ["u", "v"]}, format="stats").text


def test_a_vector_of_the_catalogue_has_its_parts_as_variables(client, numbers):
    names, rows = rows_of(plot(client, {"variable": "aice"}, format="csv").text)
    assert numbers.asked[0].variables == ["u", "v", "aice"]
    assert names[3:6] == ["Sea Ice Fraction", "Eastward part of speed (m s⁻¹)", "Northward part of speed (m s⁻¹)"]
    assert np.float32(rows[0][3]) == np.float32(value("aice", 0, DEPTHS[0], 0))


def test_no_event_is_sent_for_time_without_a_request(client, numbers):
    plot(client, {"starttime": None, "endtime": None}, format="csv")
    requests = numbers.asked[0]
    assert (requests.start, requests.end, requests.time, requests.form) == (None, None, None, "timeseries")


def test_times_and_interpolation_are_requested_as_the_front_end_writes_them(client, numbers):
    plot(client, {"starttime": "2016-02-01T12:00:00Z", "endtime": -1}, format="csv")
    requests = numbers.asked[0]
    assert (requests.start, requests.end, requests.interpolation, requests.radius) == (
        "2016-02-01T12:00:00Z",
        "-1",
        "gaussian",
        25,
    )


@loop_over(("given", "showmap"), [(None, True), ([None], 1), ([1, 5], 0), ([[1, 5]], None), ([], False)])
def test_ranges_and_maps_are_read_in_every_spelling(client, given, showmap):
    assert plot(client, {"variable_range": given, "showmap": showmap}, format="svg", size="6x4").status_code == 200


@loop_over(
    ("change", "field"),
    [
        ({"station": []}, "$.station"),
        ({"station": [[200, 0]]}, "$.station[0][0]"),
        ({"station": [[-60, 0], [70, 0]]}, "$.station[0]"),
        ({"variable": "u,v,votemper"}, "$.variable"),
        ({"variable": "nothing"}, "$.variable"),
        ({"depth": 99}, "$.depth"),
        ({"depth": [1, 2]}, "$.depth"),
        ({"variable_range": [5, 1]}, "$.variable_range[0]"),
        ({"variable_range": [1, 2, 3]}, "$.variable_range"),
        ({"variable_range": [[1]]}, "$.variable_range"),
        ({"variable_range": [1, None]}, "$.variable_range"),
        ({"variable_range": "auto"}, "$.variable_range"),
        ({"scale": "5"}, "$.scale"),
        ({"colormap": "nice"}, "$.colormap"),
        ({"linearthresh": "deep"}, "$.linearthresh"),
        ({"starttime": "4000-01-01"}, "$.starttime"),
        ({"starttime": [1]}, "$.starttime"),
        ({"interp": "best"}, "$.interp"),
        ({"names": "A"}, "$.names"),
    ],
)
def test_the_wrong_field_is_named(client, change, field):
    response = plot(client, change)
    assert response.status_code in {400, 404, 422}, response.text
    assert response.json()["errors"][0]["field"] == field


def test_a_variable_without_time_is_refused(client, numbers):
    numbers.series = None

    class Still(Moorings):
        def still(self, asked):
            found = moorings.made(asked, 1)
            fields = [replace(one, dims=one.dims[1:]) for one in found.fields]
            return replace(
                found, dims={name: size for name, size in found.dims.items() if name != "time"}, fields=fields
            )

        makers = {**Moorings.makers, PointsRequest: still}  # noqa: RUF012 - as the class that it extends

    numbers.makers = Still.makers
    assert problem(plot(client))["field"] == "$.variable"


def test_there_is_a_line_for_each_station(context):
    picture = drawn(context(), {"station": [[73, 20], [70, 0], [85, 0]], "names": ["A", None, "Land"]})
    panel = picture.figure.axes[0]
    lines = [line for line in panel.lines if np.isfinite(np.asarray(line.get_ydata(), float)).any()]
    assert len(lines) == 2
    assert [len(line.get_xdata()) for line in lines] == [STEPS, STEPS]
    assert panel.get_ylabel() == "Temperature (°C)"
    assert "3 stations" in picture.info.title
    assert "5 February 2016" in picture.info.alt


def test_the_range_is_the_requested_one(context):
    panel = drawn(context(), {"variable_range": [[-3.0, 12.0]]}).figure.axes[0]
    assert panel.get_ylim() == (-3, 12)
    mesh = drawn(context(), {"variable_range": [-3.0, 12.0], "depth": "all"}).figure.axes[0].collections[0]
    assert mesh.get_clim() == (-3, 12)


def test_a_quantity_of_both_signs_is_centred_on_zero(context):
    low, high = drawn(context(), key="u").figure.axes[0].get_ylim()
    assert low == pytest.approx(-high)
    low, high = drawn(context(), {"depth": "all"}, key="u").figure.axes[0].collections[0].get_clim()
    assert low == pytest.approx(-high)


def test_a_section_has_every_cell_at_its_true_depth(context):
    panel = drawn(context(), {"depth": "all"}).figure.axes[0]
    mesh = next(collection for collection in panel.collections if isinstance(collection, QuadMesh))
    corners = mesh.get_coordinates()
    np.testing.assert_allclose(corners[:, 0, 1], [0, 5.25, 17.5, 37.5, 75, 125])
    np.testing.assert_allclose(corners[0, :, 0] * 86_400, seconds()[0] + 86_400 * (np.arange(STEPS + 1) - 0.5))
    expected = [[value("votemper", step, depth, 0) for step in range(STEPS)] for depth in DEPTHS]
    np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(5, -1), np.float32(expected))
    assert panel.get_ylim() == (125, 0)


def test_a_section_has_the_sea_floor_where_its_column_ends(context):
    figure = drawn(context(), {"depth": "all", "station": [[73, 20], [70, 0]]}).figure
    first, second = figure.axes[:2]
    assert not first.patches
    beneath = second.patches[0].get_data()
    assert set(beneath.values) == {75.0}
    assert second.get_ylim()[0] == pytest.approx(78)


def test_a_section_ends_at_the_sea_floor_of_the_model(context):
    query = {"depth": "all", "station": [[73, 20], [70, 0]]}
    first, second = drawn(context(), query, bathymetry=True).figure.axes[:2]
    assert not first.patches  # unknown there
    assert set(second.patches[0].get_data().values) == {FLOOR}


def test_categories_are_counted_and_not_averaged():
    told = info("votemper", categories=["mud", "sand"])
    table = Table(header=[], columns=[make_value_column(LabelFormatter(), told, np.array([0.0, 1, 1, np.nan]))])
    (result,) = compute_statistics(table)
    assert result.count == 3
    assert np.isnan([result.minimum, result.maximum, result.mean, result.deviation]).all()


def test_depth_is_stretched_on_request(context):
    assert drawn(context(), {"depth": "all", "linearthresh": 20.0}).figure.axes[0].get_yscale() == "symlog"
    assert drawn(context(), {"depth": "all", "linearthresh": False}).figure.axes[0].get_yscale() == "linear"


def test_sections_share_one_bar_and_one_scale(context):
    figure = drawn(context(), {"depth": "all", "station": [[73, 20], [70, 0], [71, 1]]}).figure
    meshes = [item for axes in figure.axes for item in axes.collections if isinstance(item, QuadMesh)]
    limits = {item.get_clim() for item in meshes if item.get_array().size == 5 * STEPS}
    assert len(limits) == 1
    assert sum(item.get_label() == "<colorbar>" for item in figure.axes) == 1


@loop_over("steps", [1, 2, 61, 100_000])
@loop_over("depth", [0, "all"])
def test_any_number_of_steps_is_drawn(context, steps, depth):
    picture = drawn(context(size="6x4"), {"depth": depth}, steps)
    panel = picture.figure.axes[0]
    assert sum(len(item.get_xdata()) for item in panel.lines) <= 4 * 200 * 6 + 2
    assert sum(item.get_array().size for item in panel.collections if isinstance(item, QuadMesh)) < 10_000
    picture.figure.draw_without_rendering()


def test_no_extreme_of_a_long_series_is_lost(context):
    panel = drawn(context(size="6x4"), steps=100_000).figure.axes[0]
    values = np.float32(value("votemper", np.arange(100_000), DEPTHS[0], 0))
    shown = np.asarray(panel.lines[0].get_ydata())
    assert (np.nanmin(shown), np.nanmax(shown)) == (values.min(), values.max())


def test_a_line_stops_where_steps_are_missing(context):
    at = np.delete(seconds(20), slice(8, 14))
    shown = np.asarray(drawn(context(), at=at).figure.axes[0].lines[0].get_ydata())
    assert np.flatnonzero(np.isnan(shown)).tolist() == [8]


@pytest.mark.parametrize(("size", "language"), [("3x2", "fr"), ("6x4", "en"), ("11x5", "fr"), ("15x9", "en")])
@pytest.mark.parametrize("asked", [(0, 1, 5), (0, 30, 700), ("all", 1, 700), ("all", 4, 5), ("all", 30, 40)], ids=str)
def test_no_words_lie_on_each_other(context, language, size, asked):
    depth, number, steps = asked
    points = [[60 + 0.5 * item, -8 + 1.2 * item] for item in range(number)]
    names = [LONG, None, "B"] * 10
    picture = drawn(
        context(language, size), {"depth": depth, "station": points, "names": names[:number]}, steps, key="u,v"
    )
    assert overlapping(picture.figure) == []
    assert beyond(picture.figure) == []


def test_words_say_what_is_seen(context):
    alt = drawn(context(), {"names": ["Mooring A"]}, 40).info.alt
    assert "Mooring A" in alt
    assert "1 February 2016 to 11 March 2016" in alt
    assert "°C" in alt
    assert "rises" in drawn(context(), steps=300).info.alt


def test_a_station_on_land_is_reported(context):
    for depth in (0, "all"):
        picture = drawn(context(), {"station": [[85, 0]], "depth": depth})
        assert "no data" in picture.info.alt
        picture.figure.draw_without_rendering()


@loop_over("depth", [0, "all"])
def test_the_axis_of_times_without_dates_has_their_unit(context, depth):
    stations = [[73.0, 20.0], [70.5, -5.25]]
    query = TimeseriesQuery(dataset="arctic", station=stations, depth=depth)
    points = [tuple(item) for item in stations]
    request = PointsRequest(
        dataset="arctic", points=points, depth=str(depth), form="timeseries", variables=["votemper"]
    )
    coverage = moorings.made(request, STEPS)
    undated = replace(
        coverage,
        coordinates=[
            replace(item, units="fortnights") if item.name == "time" else item for item in coverage.coordinates
        ],
        fields=[replace(item, variable=replace(item.variable, dated=False)) for item in coverage.fields],
    )
    data = MooringData(time="", revisions={}, info=info("votemper", dated=False), coverages=[undated])
    panels = [axes for axes in timeseries.KIND.draw(query, data, context()).figure.axes if axes.get_xlabel()]
    assert [axes.get_xlabel() for axes in panels] == ["Time (fortnights)"]


def test_levels_in_pressure_through_time_are_drawn_over_pressure(context):
    query = TimeseriesQuery(dataset="arctic", station=[[73.0, 20.0], [70.5, -5.25]], depth="all")
    request = PointsRequest(
        dataset="arctic", variables=["votemper"], points=[(73.0, 20.0), (70.5, -5.25)], depth="all", form="timeseries",
        bathymetry=True,
    )  # fmt: skip
    coverage = over_pressure(moorings.made(request))
    data = MooringData(time="", revisions={"arctic": "r1"}, info=info("votemper"), coverages=[coverage])
    picture = timeseries.KIND.draw(query, data, context())
    assert "Pressure (dbar)" in {axes.get_ylabel() for axes in picture.figure.axes}
    assert "over pressure and time" in picture.info.title
    series = MooringSeries(coverage, info("votemper"))
    np.testing.assert_allclose(series.depths[0, :, 0], 10 * DEPTHS)
    np.testing.assert_allclose(series.model_floor[1], gsw.p_from_z(-FLOOR, 70.5))
    columns = {column.role: column for column in timeseries.KIND.table(query, data, context()).columns}
    assert (columns["depth"].name, columns["depth"].units) == ("Pressure", "dbar")
