"""Observed profiles beside the model's: units, times and places, and the values of tables."""

import asyncio
import json

import numpy as np
import pytest
from msgspec.structs import replace
from tests.looping import loop_over
from tests.plotting.casts import coverage, field, overlapping
from tests.plotting.fakes import DEPTHS, NOON, FakeCatalogue, info, profile_values
from tests.plotting.measured import DAY, LEVELS, Measured, observed, rows, station

from ocean_common.arrays import pack_array
from ocean_common.contracts.assets import Steps
from ocean_plotting.export import write_csv, write_odv
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_place_columns
from ocean_plotting.plots import observation as kind
from ocean_plotting.plots.common.comparison import Measure, interpolate_column, match_measures
from ocean_plotting.plots.common.coverage import to_array as array
from ocean_plotting.plots.common.profiles import Profile

CAST = {
    "station": "CTD 7",
    "latitude": 61.0,
    "longitude": -5.0,
    "time": "2016-02-06T10:00:00Z",
    "datatypes": ["Depth [m]", "Sea water temperature [K]"],
    "data": [[400, 2, 20, None], [277.15, 281.15, 280.15, 5]],
}


@pytest.fixture
def catalogue():
    return Measured()


def plot(client, change=None, **parameters):
    query = {"dataset": "arctic", "names": [None], "variable": ["votemper"], "observation": [1],
             "observation_variable": [0], **(change or {})}  # fmt: skip
    return client.get("/plot/observation", params={"query": json.dumps(query), **parameters})


def temperature(latitude, depths):
    """The model's, linear between its levels."""
    column = profile_values((latitude, -5.0), DEPTHS, 0)
    present = ~np.isnan(column)
    return np.interp(depths, DEPTHS[present], column[present], right=np.nan)


def test_a_station_is_compared_with_the_model_at_the_nearest_time_step(client, numbers):
    response = plot(client, format="csv")
    requests = numbers.asked[0]
    assert requests.time == str((NOON + DAY) // DAY)  # raw: 6 February
    assert (requests.points, requests.depth) == ([(61.0, -5.0)], "all")
    names, cells = rows(response.text)
    assert names[4:] == ["Depth (m)", "Sea water temperature Observed (°C)", "Sea water temperature Model (°C)"]
    depth, measured, model = np.array([cell[4:] for cell in cells], dtype=float).T
    np.testing.assert_array_equal(depth, LEVELS)
    np.testing.assert_allclose(measured, observed(), rtol=1e-6)
    np.testing.assert_allclose(model, temperature(61.0, LEVELS), rtol=1e-6)
    assert "Note" not in response.text


@loop_over("chosen", [["0", "1"], "0,1", [0, 1], None])
def test_quantities_are_chosen_by_numbers_or_their_digits(client, chosen):
    names, _ = rows(plot(client, {"observation_variable": chosen, "variable": "votemper,vosaline"}, format="csv").text)
    assert [name for name in names if "Observed" in name] == [
        "Sea water temperature Observed (°C)",
        "Sea water salinity Observed",
    ]
    assert "Sea water salinity Model" in names


def test_stations_of_one_time_step_share_a_request(client, numbers, catalogue):
    catalogue.stations[3] = replace(catalogue.stations[3], time="2016-02-08T01:00:00+00:00")
    assert plot(client, {"observation": [1, 2, 3]}, format="csv").status_code == 200
    assert sorted(len(item.points) for item in numbers.asked) == [1, 2]


def test_a_station_off_the_grid_keeps_its_observations(client):
    response = plot(client, {"observation": [1, 9]}, format="csv")
    _, cells = rows(response.text)
    assert [cell[6] != "" for cell in cells] == [True] * 6 + [False] * 6
    assert all(cell[5] for cell in cells)
    alone = plot(client, {"observation": [9]}, format="csv").text
    assert "// Note: Arctic model; daily has no values here" in alone or "has no values here" in alone
    assert plot(client, {"observation": [9]}, format="png", size="4x3").status_code == 200


@loop_over(
    ("time", "words"),
    [("2016-02-06T10:00:00+00:00", None), ("2010-02-06T10:00:00+00:00", "6 years later"),
     ("2016-02-19T12:00:00+00:00", "10 days earlier")],
)  # fmt: skip
def test_a_model_of_another_time_is_reported(client, catalogue, time, words):
    catalogue.stations[1] = station(1, 61.0, time=time)
    text = plot(client, format="csv").text
    assert (words in text) if words else ("// Note" not in text)


@loop_over(("time", "month"), [("2016-02-06T10:00:00Z", 1), ("1999-12-31T00:00:00Z", 11), ("2001-01-01T00:00:00Z", 0)])
def test_a_climatology_is_compared_at_the_time_of_the_year(time, month):
    middles = np.arange("0000-01", "0001-01", dtype="datetime64[M]").astype("datetime64[s]").astype(np.int64) + 15 * DAY
    file = pack_array(np.zeros(12, np.int32))
    steps = Steps(
        raw=pack_array(np.arange(12)),
        seconds=pack_array(middles),
        file=file,
        position=file,
        units="1",
        climatology=True,
    )
    assets = replace(asyncio.run(FakeCatalogue().assets("arctic", "votemper")), steps=steps)
    assert kind._find_nearest_step(assets, time) == (str(month), middles[month])


def test_a_model_in_other_units_is_converted_to_those_of_the_observation(client, catalogue):
    catalogue.stations[1] = station(1, 61.0, units="K")
    names, cells = rows(plot(client, format="csv").text)
    assert names[5:] == ["Sea water temperature Observed (K)", "Sea water temperature Model (K)"]
    _, measured, model = np.array([cell[4:] for cell in cells], dtype=float).T
    np.testing.assert_allclose(measured, observed() + 273.15, rtol=1e-6)
    np.testing.assert_allclose(model, temperature(61.0, LEVELS) + 273.15, rtol=1e-6)


def test_another_quantity_has_an_axis_of_its_own(client, context):
    measured = [Measure(key="sea_water_temperature", name="T", units="degC"), Measure(key="x", name="X", units="m")]
    modelled = [Measure(key="votemper", name="Temperature", units="kg m-3"), Measure(key="t", name="temp", units="K")]
    assert match_measures(measured, modelled) == [(0, 1), (1, None), (None, 0)]
    surface = [Measure(key="sea_surface_temperature", name="SST", units="K")]
    tos = Measure(key="tos", name="Surface", units="K", standard_name="sea_surface_temperature")
    assert match_measures(measured[:1] + surface, [tos]) == [(0, None), (1, 0)]
    air = [Measure(key="air_temperature", name="Air temperature", units="K")]
    assert match_measures(air, modelled) == [(0, None), (None, 0), (None, 1)]


@loop_over("units", ["1", "PSU", "1e-3", "psu", ""])
def test_practical_salinities_are_the_same_number_in_any_spelling(units):
    salt = Measure(key="so", name="Salinity", units=units)
    assert salt.convert(np.array([35.0]), "PSU").tolist() == [35.0]
    assert Measure(key="ice", name="Ice", units="1").convert(np.array([0.5]), "1e-3") is None


def test_a_station_may_come_with_its_values(client, numbers):
    response = plot(client, {"observation": [CAST]}, format="csv")
    names, cells = rows(response.text)
    assert names[5] == "Sea water temperature Observed (K)"
    assert [cell[0] for cell in cells] == ["CTD 7"] * 3
    depth, measured, model = np.array([cell[4:] for cell in cells], dtype=float).T
    assert depth.tolist() == [2, 20, 400]
    assert measured.tolist() == [281.15, 280.15, 277.15]
    np.testing.assert_allclose(model, temperature(61.0, depth) + 273.15, rtol=1e-6)
    assert numbers.asked[0].points == [(61.0, -5.0)]


@loop_over(
    ("change", "field"),
    [
        ({"data": [[1]]}, "$.observation[0].data"),
        ({"data": [[1, 2], [1]]}, "$.observation[0].data[1]"),
        ({"datatypes": ["A [m]", "B [K]"]}, "$.observation[0].depth"),
        ({"time": "soon"}, "$.observation[0].time"),
        ({"latitude": 95}, "$.observation[0][0]"),
        ({"latitude": "north"}, "$.observation[0].latitude"),
    ],
)
def test_a_wrong_station_of_the_query_is_named(client, change, field):
    response = plot(client, {"observation": [CAST | change]})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)


@loop_over(
    ("change", "status", "field"),
    [
        ({"observation": []}, 400, "$.observation"),
        ({"observation": ["a"]}, 400, "$.observation[0]"),
        ({"observation": [1.5]}, 400, "$.observation[0]"),
        ({"observation": [77]}, 404, "$.observation"),
        ({"observation": [1] * 61}, 413, "$.observation"),
        ({"observation_variable": [5]}, 400, "$.observation_variable"),
        ({"observation_variable": ["x"]}, 400, "$.observation_variable[0]"),
        ({"variable": ["nope"]}, 404, "$.variable"),
        ({"dataset": "nowhere"}, 404, "$.dataset"),
        ({"dataset": "nowhere", "variable": ""}, 404, "$.dataset"),
        ({"interp": "cubic"}, 400, "$.interp"),
    ],
)
def test_a_wrong_member_is_named(client, change, status, field):
    response = plot(client, change)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)


def test_observations_may_be_drawn_without_a_model(client, numbers):
    response = plot(client, {"variable": ""}, format="csv")
    assert response.status_code == 200
    assert numbers.asked == []


def test_the_odv_file_has_a_row_for_each_depth(client):
    lines = plot(client, {"observation": [1, 2]}, format="odv").text.splitlines()
    table = [line.split("\t") for line in lines if not line.startswith("//")]
    assert table[0][6:] == ["Depth [m]", "Sea water temperature Observed [degree_Celsius]",
                            "Sea water temperature Model [degree_Celsius]"]  # fmt: skip
    assert len(table) == 1 + 2 * len(LEVELS)
    assert table[1][1:6] == ["cast 1", "C", "2016-02-06T10:00:00.000", "-5.0", "61.0"]


def test_names_of_casts_are_no_formulas_in_tables():
    names = ["=1+1", "-3,5", "@a", "cast"]
    columns = make_place_columns(
        str, station=names, time=["-0044-03-15T00:00:00Z"] * 4, latitude=np.zeros(4), longitude=np.zeros(4)
    )
    table = Table(header=[("Dataset", "+x")], columns=[*columns, Column(name="=a", values=-np.ones(4))])
    lines = write_csv(table, Output(format="csv")).decode().splitlines()
    assert lines[0] == "// Dataset: +x"
    assert lines[1].endswith(", '=a")
    assert [line.split(", ")[:2] for line in lines[2:]] == [
        [name, "-0044-03-15T00:00:00Z"] for name in ("'=1+1", "'-3;5", "'@a", "cast")
    ]
    assert {line.rpartition(", ")[2] for line in lines[2:]} == {"-1.0"}
    odv = [line.split("\t") for line in write_odv(table, Output(format="odv")).decode().splitlines()[2:]]
    assert [row[:2] for row in odv[1:]] == [["'+x", name] for name in ("'=1+1", "'-3,5", "'@a", "cast")]


def test_a_column_is_read_between_its_levels():
    column = np.array([5.0, 10, 20]), np.array([1.0, 2, 4])
    np.testing.assert_allclose(interpolate_column(np.array([0.0, 5, 7.5, 20, 21]), column), [1, 1, 1.5, 4, np.nan])
    assert np.isnan(interpolate_column(np.array([1.0]), (np.empty(0), np.empty(0)))).all()
    alone = interpolate_column(np.array([1.0, 9.0]), (np.zeros(1), np.array([7.0])))
    np.testing.assert_array_equal(alone, [7.0, np.nan])


def fetched(number, *, modelled=True):
    """Casts, and a model of warm water beside them."""
    stations = [station(item, 60 + item, -5.0 + 2 * item) for item in range(number)]
    variable = info("votemper", long_name="x")
    values = np.array([profile_values((item.latitude, item.longitude), DEPTHS, 0) for item in stations]).T
    answer = coverage([field(variable, values)], [(item.latitude, item.longitude) for item in stations], DEPTHS)
    columns = [
        kind.ModelColumn(depth=pack_array(depth), values=pack_array(values))
        for depth, values in map(Profile(answer).at_station, range(number))
    ]
    model = kind.ModelColumns(variable=variable, columns=columns, steps=[NOON] * number)
    return kind.ObservationData(
        time=stations[0].time, revisions={}, stations=stations,
        chosen=["sea_water_temperature", "sea_water_salinity"], modelled=[model] if modelled else [],
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("size", ["6x4", "11x5", "15x9"])
@pytest.mark.parametrize("number", [1, 4, 20])
def test_no_words_lie_on_each_other(context, language, size, number):
    names = ["a mooring in the northern Norwegian Sea, the second of nine it is"] * number
    query = kind.ObservationQuery(dataset="arctic", observation=list(range(number)), names=names)
    picture = kind.KIND.draw(query, fetched(number), context(language, size))
    assert overlapping(picture.figure) == []


def test_a_panel_shows_dots_and_the_model_as_a_line(context):
    picture = kind.KIND.draw(kind.ObservationQuery(dataset="arctic", observation=[0]), fetched(1), context())
    panel = picture.figure.axes[0]
    line, dots = panel.get_lines()
    assert (line.get_marker(), dots.get_marker()) == ("None", "o")
    np.testing.assert_allclose(dots.get_xdata(), observed())
    present = DEPTHS[: len(line.get_ydata())]
    np.testing.assert_allclose(line.get_xdata(), profile_values((60, -5.0), present, 0))
    low, _ = panel.get_ylim()
    assert 400 < low < 500  # as deep as was measured, not as the model is
    assert "bias" in picture.info.alt
    assert "observed from 4 to 7.98" in picture.info.alt
    assert array(fetched(1).stations[0].variables[0].depth).tolist() == LEVELS.tolist()


@pytest.mark.parametrize("form", ["png", "svg", "pdf", "described"])
def test_every_format_is_written(client, form):
    assert plot(client, format=form, size="3x2").status_code == 200


def test_every_owner_of_observations_is_credited_once_and_of_many_the_first(client, catalogue):
    owners = ["The Mooring Group", "", "The Float Centre", "The Mooring Group"]
    for number, owner in enumerate(owners, 1):
        catalogue.stations[number] = replace(station(number, 60.0 + number / 10), attribution=owner)
    reported = plot(client, {"observation": [1, 2, 3, 4]}, format="svg").text
    assert "Observations: The Mooring Group; The Float Centre" in reported
    assert "Model: " in reported
    french = plot(client, {"observation": [1], "variable": None}, format="svg", lang="fr").text
    assert "Observations\N{NO-BREAK SPACE}: The Mooring Group<" in french
    for number in range(1, 6):
        catalogue.stations[number] = replace(station(number, 60.0 + number / 10), attribution=f"Owner {number}")
    reported = plot(client, {"observation": [1, 2, 3, 4, 5]}, format="csv").text
    assert "Owner 1; Owner 2; Owner 3; … and 2 more" in reported
    assert "Owner 4" not in reported
