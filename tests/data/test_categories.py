"""Categories and flags: nearest cells whatever is asked for, no mean and no difference, and their meanings in files."""

import netCDF4
import numpy as np
import pytest
from litestar.testing import TestClient
from msgspec import structs
from tests.data.area_twins import ask, reading_of, write
from tests.looping import loop_over

from ocean_common.contracts.assets import DepthAxis
from ocean_common.contracts.data import (
    AreaRequest,
    DifferenceRequest,
    Minuend,
    PointsRequest,
    StatisticsRequest,
    TileRequest,
    TrajectoryRequest,
)
from ocean_common.coverages import describe_parameter
from ocean_core.errors import InvalidRequest
from ocean_data.compute.equations import calculated_assets
from ocean_data.compute.field import View, range_in_view, tile_field
from ocean_data.plan.difference import plan_difference
from ocean_data.writing.geojson import write_geojson
from ocean_data.writing.values import extracted_values

LATITUDE, LONGITUDE = np.arange(40.0, 46), np.arange(-60.0, -52)
KINDS = np.array([1.0, 7, 50])[np.arange(48).reshape(6, 8) % 3]
CLASSES = {"categories": ["open water", "thin ice", "land-fast ice"], "category_values": [1.0, 7.0, 50.0]}
BITS = {"flags": {"flag_masks": [1, 2, 64], "flag_meanings": "cloud ice land"}}
BETWEEN = [(42.4, -57.6), (43.3, -55.3)]


@pytest.fixture
def reading(source):
    return reading_of(source)


KINDS_OF_CLASSES = {"categories": CLASSES, "bits": BITS, "status": {"standard_name": "status_flag"}}


@pytest.fixture(params=KINDS_OF_CLASSES)
def kind(request, described, tmp_path):
    """Classes that differ from cell to cell, over three days."""
    values = np.stack([KINDS, np.roll(KINDS, 1, 1), np.roll(KINDS, 2, 1)])
    path = write(tmp_path / "kinds.nc", LATITUDE, LONGITUDE, values, times=3, units="1", key="kind")
    assets = described(path, "kind", kind="rectilinear", latitude="latitude", longitude="longitude")
    variable = structs.replace(assets.variable, standard_name=None)
    return structs.replace(assets, variable=structs.replace(variable, **KINDS_OF_CLASSES[request.param]))


@pytest.mark.parametrize("kind", ["categories"], indirect=True)
def test_answers_in_json_have_the_names_of_the_classes(reading, kind):
    names = {"1": "open water", "7": "thin ice", "50": "land-fast ice"}
    extraction, values = ask(reading, [kind], PointsRequest, points=BETWEEN)
    assert extracted_values(extraction, values, "").variables["kind"].categories == names
    assert write_geojson(extraction, values, "")["variables"]["kind"]["categories"] == names


@loop_over("interpolation", ["nearest", "bilinear", "gaussian", "inverse"])
def test_points_have_the_class_of_the_nearest_cell(reading, kind, interpolation):
    extraction, values = ask(reading, [kind], PointsRequest, points=BETWEEN, interpolation=interpolation)
    assert values["kind"].ravel().tolist() == [np.roll(KINDS, 2, 1)[2, 2], np.roll(KINDS, 2, 1)[3, 5]]
    assert extraction.facts["interpolation"] == "nearest"


def test_beside_a_quantity_only_the_classes_are_of_the_nearest_cell(reading, kind):
    quantity = structs.replace(
        kind, variable=structs.replace(kind.variable, key="q", categories=[], flags={}, standard_name=None)
    )
    extraction, values = ask(reading, [quantity, kind], PointsRequest, points=BETWEEN, interpolation="bilinear")
    assert (extraction.facts["interpolation"], extraction.facts["nearest"]) == ("bilinear", "kind")
    assert set(values["kind"].ravel()) <= {1, 7, 50}
    assert not set(values["q"].ravel()) & {1, 7, 50}


def test_a_trajectory_has_no_class_between_two_times(reading, kind):
    times = ["2001-01-01T10:00:00Z", "2001-01-02T14:00:00Z"]
    extraction, values = ask(
        reading, [kind], TrajectoryRequest, points=BETWEEN, times=times, between="linear", interpolation="bilinear"
    )
    assert values["kind"].tolist() == [KINDS[2, 2], np.roll(KINDS, 2, 1)[3, 5]]
    assert extraction.facts == {"interpolation": "nearest", "between": "nearest"}


def test_tiles_and_ranges_have_no_values_between_classes(reading, kind):
    query = TileRequest(
        dataset="made", variable="kind", time="-1", depth="0", zoom=4, x=5, y=5, interpolation="gaussian"
    )
    field = tile_field(reading, [kind], query)
    values = np.frombuffer(field.values.data, field.values.dtype)
    assert set(values[np.isfinite(values)]) == {1, 7, 50}
    extent = "-6679169,4865942,-5788613,5780349"
    view = View(
        projection="EPSG:3857",
        extent=extent,
        depth="0",
        time="-1",
        interpolation="gaussian",
        radius=300.0,
        neighbours=20,
    )
    limits, _ = range_in_view(reading, [kind], view)
    assert (limits.min, limits.max) == (1, 50)


def test_another_grid_has_the_classes_of_the_nearest_cells(reading, kind):
    shape = {"box": (-59, 41, -54, 44), "projection": "EPSG:4326", "shape": (23, 31)}
    _, values = ask(reading, [kind], AreaRequest, interpolation="bilinear", **shape)
    assert set(values["kind"].ravel()) == {1, 7, 50}


def test_statistics_are_counts(reading, kind):
    _, values = ask(reading, [kind], StatisticsRequest, box=(-70, 30, -40, 50))
    assert {name for name in values if name.startswith("kind")} == {"kind_count", "kind_area", "kind_missing"}
    assert values["kind_count"] == 48


def test_classes_have_no_difference_and_are_shown_side_by_side(reading, kind):
    minus = Minuend(dataset="made", time="0")
    query = {"box": (-70, 30, -40, 50), "minus": minus}
    with pytest.raises(InvalidRequest, match="have no difference"):
        ask(reading, [kind, kind], DifferenceRequest, **query)
    with pytest.raises(InvalidRequest, match="have no difference"):
        ask(reading, [kind, kind], StatisticsRequest, **query)
    parts = ("first", "second", "difference")
    request = DifferenceRequest(dataset="made", variables=["kind"], parts=parts, **query)
    extraction = plan_difference(reading, [kind, kind], request)
    assert [field.key for field in extraction.fields] == ["kind_first", "kind_second"]


def test_classes_have_no_mean_over_depth(reading, kind):
    deep = structs.replace(kind, depth=DepthAxis(name="depth", kind="depth", values=[0.0]))
    with pytest.raises(InvalidRequest, match="which have no mean") as refused:
        ask(reading, [deep], PointsRequest, points=BETWEEN, depth="mean")
    assert refused.value.field == "depth"


def test_classes_are_no_components_of_a_vector(reading, kind):
    other = structs.replace(kind, variable=structs.replace(kind.variable, key="other"))
    for request, where in ((PointsRequest, {"points": BETWEEN}), (AreaRequest, {"box": (-70, 30, -40, 50)})):
        with pytest.raises(InvalidRequest, match="no components of a vector") as refused:
            ask(reading, [other, kind], request, vector=["magnitude"], **where)
        assert refused.value.field == "variables"


def test_nothing_is_calculated_from_classes_alone(kind):
    with pytest.raises(InvalidRequest, match="nothing can be calculated"):
        calculated_assets("made", "kind * 2", {"kind": kind})
    assert calculated_assets("made", "kind", {"kind": kind}).variable.is_discrete


def test_a_mask_may_be_a_factor(kind):
    quantity = structs.replace(
        kind, variable=structs.replace(kind.variable, key="q", categories=[], flags={}, standard_name=None)
    )
    result = calculated_assets("made", "q * kind", {"kind": kind, "q": quantity})
    assert not result.variable.is_discrete


@pytest.mark.parametrize("kind", ["categories"], indirect=True)
def test_files_have_the_meanings_of_classes(app_over, kind):
    with TestClient(app_over([kind])) as client:
        response = client.get("/api/v2.0/data/made/kind/area", params={"bbox": "-70,30,-40,50", "format": "netcdf"})
    with netCDF4.Dataset("memory", memory=response.content) as file:
        assert file["kind"].flag_values.tolist() == [1, 7, 50]
        assert file["kind"].flag_values.dtype == file["kind"].dtype
        assert file["kind"].flag_meanings == "open_water thin_ice land-fast_ice"
        assert set(np.unique(file["kind"][:].compressed())) == {1, 7, 50}


@pytest.mark.parametrize("kind", ["bits"], indirect=True)
def test_files_have_the_attributes_of_bit_fields(app_over, kind):
    with TestClient(app_over([kind])) as client:
        response = client.get("/api/v2.0/data/made/kind/area", params={"bbox": "-70,30,-40,50", "format": "netcdf"})
    with netCDF4.Dataset("memory", memory=response.content) as file:
        assert (file["kind"].flag_masks.tolist(), file["kind"].flag_meanings) == ([1, 2, 64], "cloud ice land")


@pytest.mark.parametrize("kind", ["categories"], indirect=True)
def test_documents_have_the_numbers_of_classes(kind):
    described = describe_parameter(kind.variable)
    assert described["categoryEncoding"] == {"#0": 1, "#1": 7, "#2": 50}
    assert [item["label"]["en"] for item in described["observedProperty"]["categories"]] == CLASSES["categories"]
    assert "unit" not in described
