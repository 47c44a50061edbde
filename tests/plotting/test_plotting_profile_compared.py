"""Profiles beside those of a second dataset: dashes, the difference, one unit, and members named by their path."""

import json

import numpy as np
import pytest
from litestar.testing import TestClient
from msgspec.structs import replace
from scipy.interpolate import interp1d
from tests.looping import loop_over
from tests.plotting.casts import DEPTHS, WATER, coverage, described, field, overlapping, temperatures
from tests.plotting.fakes import FakeNumbers, array, coordinate, over_pressure

from ocean_core.errors import NotSupported, RequestTooLarge, TimeNotFound
from ocean_plotting.app import create_app
from ocean_plotting.export.output import Output
from ocean_plotting.export.text import write_odv
from ocean_plotting.plots import profile
from ocean_plotting.plots.common.comparison import check_level_units
from ocean_plotting.plots.common.coverage import CoverageReader
from ocean_plotting.plots.common.profiles import Profile, subtract_profiles
from ocean_plotting.plots.common.query import ComparedDataset
from ocean_plotting.workers import FigureRenderer

PLACES = ((45.0, -40.0), (50.0, -35.0))
OTHER_DEPTHS = np.array([5.0, 30, 75, 150, 600, 1800])
QUERY = {"dataset": "arctic", "station": [[73.0, 20.0]], "variable": "votemper", "time": 1454673600}
SECOND = {"dataset": "arctic", "time": 1454328000, "scale": "auto", "scale_diff": "auto", "colormap": "default"}


def make_both(*, units="Celsius", offset=0.0):
    """Temperatures of two datasets: the second on other levels, a degree colder."""
    warm = np.stack([temperatures(), temperatures() + 2], axis=1)
    cold = np.stack([temperatures(OTHER_DEPTHS) - 1, temperatures(OTHER_DEPTHS) + 1], axis=1) + offset
    second = described(WATER[0].key, dataset="another", dataset_name="Another model", units=units)
    return profile.ProfileData(
        time="2016-02-05T12:00:00+00:00",
        revisions={"arctic": "r1"},
        coverages=[coverage([field(WATER[0], warm)], PLACES)],
        second_coverages=[replace(coverage([field(second, cold)], PLACES, OTHER_DEPTHS), dataset="another")],
    )


def asked(**second):
    return profile.ProfileQuery(
        dataset="arctic",
        station=[list(place) for place in PLACES],
        compare_to=ComparedDataset(dataset="another", **second),
    )


def test_lines_and_dashes_share_a_panel_and_the_difference_has_its_own(context):
    figure = profile.KIND.draw(asked(), make_both(), context()).figure
    panel, apart = figure.axes[:2]
    assert [line.get_linestyle() for line in panel.lines] == ["-", "-", "--", "--"]
    assert panel.lines[0].get_color() == panel.lines[2].get_color()
    np.testing.assert_allclose(panel.lines[2].get_xdata(), temperatures(OTHER_DEPTHS) - 1)
    reference = temperatures() - interp1d(OTHER_DEPTHS, temperatures(OTHER_DEPTHS) - 1, bounds_error=False)(DEPTHS)
    present = np.isfinite(reference)
    np.testing.assert_allclose(apart.lines[0].get_xdata(), reference[present])
    np.testing.assert_allclose(apart.lines[0].get_ydata(), DEPTHS[present])
    assert apart.get_xlim()[0] == -apart.get_xlim()[1]


@pytest.mark.parametrize("size", ["15x9", "6x4", "3x2"])
def test_no_label_covers_another(context, size):
    assert not overlapping(profile.KIND.draw(asked(), make_both(), context("fr", size)).figure)


def test_the_difference_has_the_requested_scale(context):
    assert profile.KIND.draw(asked(scale_diff="-3,4"), make_both(), context()).figure.axes[1].get_xlim() == (-3, 4)


def test_another_unit_is_turned_into_the_first(context):
    figure = profile.KIND.draw(asked(), make_both(units="K", offset=273.15), context()).figure
    np.testing.assert_allclose(figure.axes[0].lines[2].get_xdata(), temperatures(OTHER_DEPTHS) - 1)


def test_another_quantity_has_a_panel_of_its_own_and_no_difference(context):
    both = make_both()
    salinity = described(
        "vosaline", dataset="another", name="Salinity", units="PSU", standard_name="sea_water_salinity"
    )
    (second,) = both.second_coverages
    other = replace(second, fields=[replace(second.fields[0], variable=salinity)])
    figure = profile.KIND.draw(asked(variable="vosaline"), replace(both, second_coverages=[other]), context()).figure
    assert [axes.get_xlabel() for axes in figure.axes[:2]] == ["Temperature (°C)", "Salinity (PSU)"]
    assert {line.get_linestyle() for line in figure.axes[1].lines} == {"--"}
    columns = profile.KIND.table(asked(), replace(both, second_coverages=[other]), context()).columns
    assert [column.name.partition(" – ")[0] for column in columns[-2:]] == ["Temperature", "Salinity"]


def test_the_subtitle_and_the_alternative_text_name_both(context):
    picture = profile.KIND.draw(asked(), make_both(), context())
    words = [item.get_text() for item in picture.figure.texts]
    assert any("(lines)" in text and "Another model" in text and "(dashes)" in text for text in words)
    assert "Difference" in picture.info.alt


def test_two_times_of_one_dataset_are_labelled_by_their_times(context):
    fetched = make_both()
    again = replace(fetched, second_coverages=[replace(fetched.second_coverages[0], dataset="arctic")])
    one_time = profile.KIND.draw(asked(), again, context()).figure.texts[1].get_text()
    assert one_time.count("5 February 2016") == 2  # nothing tells them apart: both in full


def test_the_table_has_both_and_the_difference(context):
    table = profile.KIND.table(asked(), make_both(), context())
    first, second, less = table.columns[-3:]
    depths = table.columns[4].values
    assert sorted({*DEPTHS, *OTHER_DEPTHS}) == depths[: len(depths) // 2].tolist()
    at = np.isin(depths, OTHER_DEPTHS)
    assert np.isnan(first.values[at]).all()
    assert np.isnan(second.values[~at]).all()
    warm, cold = Profile(make_both().coverages[0]), Profile(make_both().second_coverages[0])
    np.testing.assert_allclose(less.values[np.isfinite(less.values)][: len(subtract_profiles([warm, cold], 0)[1])],
                               subtract_profiles([warm, cold], 0)[1])  # fmt: skip


def plot(client, second, **change):
    query = {**QUERY, **change, "compare_to": second}
    return client.get("/plot/profile", params={"query": json.dumps(query), "format": "csv"})


def test_the_second_dataset_is_requested_with_its_own_time_and_variables(client, numbers):
    assert plot(client, {**SECOND, "variable": "vosaline"}, variable="vosaline").status_code == 200
    assert [(item.variables, item.time) for item in numbers.asked] == [
        (["vosaline"], "1454673600"),
        (["vosaline"], "1454328000"),
    ]


@pytest.mark.parametrize("second", [None, False])
def test_no_second_dataset_is_no_comparison(client, numbers, second):
    assert plot(client, second).status_code == 200
    assert len(numbers.asked) == 1


@loop_over(
    ("change", "status", "field"),
    [
        ({"time": "soon"}, 400, "$.compare_to.time"),
        ({"variable": "nope"}, 404, "$.compare_to.variable"),
        ({"variable": "votemper,vosaline"}, 400, "$.compare_to.variable"),
        ({"scale_diff": "5,3"}, 400, "$.compare_to.scale_diff"),
        ({"dataset": "nowhere"}, 404, "$.compare_to.dataset"),
        ({"dataset": 5}, 400, "$.compare_to.dataset"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(client, change, status, field):
    response = plot(client, {**SECOND, **change})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)


def test_variables_on_levels_of_their_own_keep_them_in_one_coverage():
    deep = coverage([field(WATER[0], np.stack([temperatures()] * 2, axis=1))], PLACES)
    salinity = replace(
        field(WATER[1], np.full((len(OTHER_DEPTHS), 2), 35.0)), dims=("time", "depth_2", "point")
    )  # fmt: skip
    surface = replace(field(WATER[1], np.full((1, 2), 9.0)), variable=described("aice"), dims=("time", "point"))
    surface = replace(surface, values=array(np.full((1, 2), 9.0)))
    both_axes = replace(
        deep,
        dims={**deep.dims, "depth_2": len(OTHER_DEPTHS)},
        coordinates=[*deep.coordinates, coordinate("depth_2", ("depth_2",), OTHER_DEPTHS)],
        fields=[*deep.fields, salinity, surface],
    )
    assert Profile(both_axes, WATER[0].key).at_station(1)[0].tolist() == DEPTHS.tolist()
    assert Profile(both_axes, WATER[1].key).at_station(1)[0].tolist() == OTHER_DEPTHS.tolist()
    assert [column.tolist() for column in Profile(both_axes, "aice").at_station(1)] == [[0.0], [9.0]]


class NoSharedTimes(FakeNumbers):
    """A data service whose variables have no time in common, or are too many for one request."""

    error = TimeNotFound

    async def extract(self, asked):
        if len(asked.variables) > 1:
            self.asked.append(asked)
            raise self.error("not together", field="time")
        return await super().extract(asked)


@pytest.mark.parametrize("error", [TimeNotFound, RequestTooLarge])
def test_variables_that_do_not_go_together_are_requested_one_by_one(catalogue, resources, error):
    numbers = NoSharedTimes()
    numbers.error = error
    app = create_app(catalogue=catalogue, numbers=numbers, drawing=FigureRenderer(resources))
    with TestClient(app, base_url="http://plotting/api/v2.0") as client:
        check_separate_requests(client, numbers)


def check_separate_requests(client, numbers):
    query = {**QUERY, "variable": "votemper,vosaline"}
    assert client.get("/plot/profile", params={"query": json.dumps(query), "format": "csv"}).status_code == 200
    assert [item.variables for item in numbers.asked] == [["votemper", "vosaline"], ["votemper"], ["vosaline"]]


def test_levels_in_pressure_are_drawn_and_tabulated_over_pressure(context):
    (made,) = make_both().coverages
    data = profile.ProfileData(time="", revisions={}, coverages=[over_pressure(made)])
    query = profile.ProfileQuery(dataset="arctic", station=[list(place) for place in PLACES])
    picture = profile.KIND.draw(query, data, context("fr"))
    axes = picture.figure.axes[0]
    assert axes.get_ylabel() == "Pression (dbar)"
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 10 * DEPTHS)
    assert "dbar" in picture.info.alt
    table = profile.KIND.table(query, data, context())
    (levels,) = (column for column in table.columns if column.role == "depth")
    assert (levels.name, levels.units) == ("Pressure", "dbar")
    lines = write_odv(table, Output(format="odv")).decode().splitlines()
    assert any("\tPressure [dbar]\t" in line for line in lines)


def test_depths_and_pressures_are_not_one_axis():
    (made,), (second,) = make_both().coverages, make_both().second_coverages
    levels = [(item.info, item.level_units) for item in (Profile(made), Profile(second), Profile(over_pressure(made)))]
    check_level_units(levels[:2], "$.variable")
    with pytest.raises(NotSupported, match="m and dbar"):
        check_level_units(levels, "$.variable")


@pytest.mark.parametrize(("dated", "time"), [(True, "2016-02-05T12:00:00+00:00"), (False, "1454673600")])
def test_the_times_of_a_comparison_are_those_of_its_first_dataset(dated, time):
    own, other = replace(WATER[0], dated=dated), replace(WATER[0], dataset="other", dated=not dated)
    fields = [field(variable, temperatures()[:, np.newaxis]) for variable in (own, other)]
    assert CoverageReader(coverage(fields, [(45.0, -40.0)])).time.split(" ")[0] == time
