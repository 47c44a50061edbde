"""What clumsy and hostile queries are answered: the member that is wrong, and never a failure of the service."""

import json
from copy import copy
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from msgspec.structs import replace
from tests.looping import loop_over
from tests.plotting.fakes import FakeNumbers
from tests.plotting.paths import Waters

from ocean_common.contracts.data import PointsRequest
from ocean_core.errors import InvalidRequest, PointOutsideGrid
from ocean_plotting.figure.map_overlays import ContourField, draw_hatching
from ocean_plotting.figure.view import Area, choose_view, find_bounds
from ocean_plotting.palettes import parse_scale
from ocean_plotting.plots.common.query import parse_time

STATION, PATH = [[73.0, 20.0]], [[73.0, 20.0], [70.0, -5.0]]
PLACES = {
    "profile": {"station": STATION}, "timeseries": {"station": STATION},
    "transect": {"path": PATH}, "hovmoller": {"path": PATH},
}  # fmt: skip
RIM = [(40.0, 0.0), (40.0, 10.0), (50.0, 10.0), (50.0, 0.0), (40.0, 0.0)]
COMPARED = ["profile", "transect", "hovmoller"]


class Sea(Waters):
    """Columns, and what is beneath paths; it refuses what is asked of one variable."""

    makers: ClassVar = Waters.makers | {PointsRequest: lambda requests: FakeNumbers().profile(requests)}

    def __init__(self):
        super().__init__()
        self.refused, self.refusal = None, None
        self.timeless = False

    async def extract(self, asked):
        if self.refused in asked.variables:
            raise self.refusal
        values = await super().extract(asked)
        return without_time(values) if self.timeless else values


def without_time(coverage):
    """The same of what does not change, as a sea floor."""
    fields = [
        replace(item, dims=item.dims[1:], values=replace(item.values, shape=item.values.shape[1:]))
        for item in coverage.fields
    ]
    coordinates = [item for item in coverage.coordinates if item.name != "time"]
    return replace(coverage, fields=fields, coordinates=coordinates)


@pytest.fixture
def numbers():
    return Sea()


def plot(client, kind, change=None, **parameters):
    query = {"dataset": "arctic", "variable": "votemper", **PLACES[kind], **(change or {})}
    return client.get(f"/plot/{kind}", params={"query": json.dumps(query), **parameters})


def problem(response, status=400):
    assert response.status_code == status, response.text
    return response.json()["errors"][0]


@loop_over("kind", COMPARED)
def test_a_dataset_that_there_is_not_is_named_by_its_member(client, kind):
    assert problem(plot(client, kind, {"dataset": "nope"}), 404)["field"] == "$.dataset"
    change = {"compare_to": {"dataset": "nope", "variable": "votemper"}}
    assert problem(plot(client, kind, change), 404)["field"] == "$.compare_to.dataset"
    body = {"dataset": "nope", **PLACES[kind]}
    assert problem(client.post(f"/plot/{kind}", json=body), 404)["field"] == "$.dataset"


@loop_over("member", [{"neighbours": 51}, {"radius": 501}])
@loop_over("kind", PLACES)
def test_search_options_beyond_the_limits_of_data_are_refused_at_once(client, kind, member):
    assert f"$.{next(iter(member))}" == problem(plot(client, kind, member))["field"]


@loop_over("compared", [False, True])
@loop_over(
    ("refusal", "field"),
    [
        (PointOutsideGrid("all points are outside the grid", field="points"), "$.path"),
        (InvalidRequest("a path goes through at least two different points", field="path"), "$.path"),
        (InvalidRequest("too few places", field="points"), "$.points"),
        (InvalidRequest("too far", field="radius"), "$.radius"),
    ],
)
def test_a_field_of_both_datasets_is_named_by_the_member_of_the_query(client, numbers, refusal, field, compared):
    numbers.refused, numbers.refusal = "vosaline" if compared else "votemper", copy(refusal)
    change = {"compare_to": {"dataset": "arctic", "variable": "vosaline"}} if compared else {}
    for kind in ("transect", "hovmoller"):
        response = plot(client, kind, change)
        assert response.status_code in {400, 422}
        assert problem(response, response.status_code)["field"] == field


def test_a_variable_without_time_has_profiles_without_a_time(client, numbers):
    numbers.timeless = True
    drawn = plot(client, "profile", format="svg")
    assert drawn.status_code == 200, drawn.text
    assert "Arctic model, daily" in drawn.text
    table = plot(client, "profile", format="csv")
    assert "Temperature" in table.text
    assert all(line.partition(": ")[2] for line in table.text.splitlines() if line.startswith("//"))


@loop_over("text", ["0,1e308", "-1e308,1e308", "1e-320,2e-320", "1e12,1.0000000000001e12", "nan,1", "1,inf"])
def test_limits_between_which_nothing_can_be_written_are_refused_or_widened(client, text):
    answer = plot(client, "transect", {"scale": text})
    if text in {"1e-320,2e-320", "1e12,1.0000000000001e12"}:  # as clients round the range of a constant
        assert answer.status_code == 200
    else:
        assert problem(answer)["field"] == "$.scale"
    low, high = map(float, text.split(","))
    if np.isfinite([low, high]).all():
        wrong = plot(client, "profile", {"variable_range": [[low, high]]})
        assert problem(wrong)["field"] == "$.variable_range[0]"


@given(low=st.floats(-1e29, 1e29), width=st.floats(1e-9, 1e29))
def test_every_scale_that_is_read_has_steps_for_an_axis(low, width):
    high = low + width
    read = parse_scale(f"{low!r},{high!r}").limits
    assert read == (low, high) or high - low < 1e-11 * max(abs(low), abs(high))
    assert len(MaxNLocator(nbins=9).tick_values(*read)) > 1


@loop_over("given_", ["nan", "inf", "1e999", "deep"])
def test_a_stretched_depth_is_a_number(client, given_):
    for kind in ("timeseries", "transect"):
        assert problem(plot(client, kind, {"linearthresh": given_}))["field"] == "$.linearthresh"


def test_one_level_has_hatching_below_and_above(context):
    axes = Figure(figsize=(4, 3)).add_subplot()
    observed = choose_view(find_bounds([Area(name="", rims=[RIM])]), None, 1.0)
    values = np.linspace(-1, 1, 100).reshape(10, 10)
    keys = draw_hatching(axes, observed, ContourField(values=values, levels=[0.0]), context())
    assert [item.get_label() for item in keys] == ["< 0", "> 0"]
    assert keys[0].get_hatch() != keys[1].get_hatch()
    filled = next(item for item in axes.collections if any(getattr(item, "hatches", [])))
    assert [filled.hatches[0], filled.hatches[-1]] == [item.get_hatch() for item in keys]


def test_an_instant_that_is_none_in_utc_is_refused():
    with pytest.raises(InvalidRequest) as caught:
        parse_time("0001-01-01T00:00:00+14:00", "$.time")
    assert caught.value.field == "$.time"


@pytest.mark.parametrize("form", ["svg", "csv"])
def test_observations_of_nothing_are_refused(client, form):
    station = {
        "latitude": 73, "longitude": 20, "time": "2016-02-05T12:00:00Z", "datatypes": ["Depth [m]", "Warmth [degC]"],
        "data": [[0, 10], [3, 2]],
    }  # fmt: skip
    query = {"dataset": "arctic", "variable": None, "observation": [station], "observation_variable": []}
    refused = client.post("/plot/observation", json=query, params={"format": form})
    assert problem(refused)["field"] == "$.observation_variable"
