"""Bounding boxes, colour limits and spellings."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.units import canonical_units
from ocean_metadata.index.grids import bounding_box, join_boxes
from ocean_metadata.index.model import VariableHeader
from ocean_metadata.index.selection import header_limits, valid_range


def variable(**attributes):
    kind = attributes.pop("dtype", "<f4")
    return VariableHeader(name="x", dtype=kind, dimensions=("y",), shape=(1,), attributes=attributes)


@given(st.floats(-180, 179.99), st.floats(1, 300), st.integers(-2, 2))
def test_a_box_holds_its_cells_in_any_convention_of_longitudes(west, width, turns):
    longitude = west + np.linspace(0, width, 200) + 360.0 * turns
    found_west, _, found_east, _ = bounding_box(np.array([0.0]), longitude)
    span = (found_east - found_west) % 360
    assert abs((found_west - west + 180) % 360 - 180) < 1e-5
    assert span == pytest.approx(width, abs=1e-5)


def test_cells_all_around_the_earth_give_the_whole_circle():
    for first in (0.5, -179.5, 20.5):
        assert bounding_box(np.array([-5.0, 5.0]), np.arange(360) + first)[::2] == (-180.0, 180.0)


def test_a_box_over_the_date_line_has_its_west_in_the_east():
    assert bounding_box(np.array([80.0]), np.array([171.0, 179.0, -179.0, -172.0])) == (171.0, 80.0, -172.0, 80.0)


def test_two_boxes_are_joined_the_short_way_round():
    assert join_boxes([(170.0, 0.0, 175.0, 5.0), (-178.0, 1.0, -170.0, 9.0)]) == (170.0, 0.0, -170.0, 9.0)


def test_a_valid_range_in_packed_units_is_unpacked():
    item = variable(dtype="<i2", valid_min=0, valid_max=1000, scale_factor=0.01, add_offset=-2.0)
    assert valid_range(item) == pytest.approx((-2.0, 8.0))


@pytest.mark.parametrize(
    "limits",
    [{"valid_min": 1e20, "valid_max": -1e20}, {"valid_min": "-1.0", "valid_max": "0.0"}, {"valid_range": [5, 5]}],
)
def test_an_invalid_range_is_not_used(limits):
    assert header_limits(variable(**limits), "1") is None


def test_a_valid_range_far_wider_than_usual_gives_way():
    item = variable(standard_name="sea_water_potential_temperature", valid_min=-200.0, valid_max=200.0)
    assert header_limits(item, "degC") == (-2, 30)


@loop_over("units", ["C", "Celsius", "degC", "Deg C", "degree_C", "degrees_C", "degrees C", "Degrees Celsius"])
def test_degrees_have_one_spelling(units):
    assert canonical_units(units) == "degree_C"


def test_unknown_units_stay_as_they_are():
    assert canonical_units("mmol N/m^3") == "mmol N/m^3"
