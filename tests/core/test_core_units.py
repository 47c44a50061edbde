"""Units: one list of spellings for depths, differences, labels and colour limits."""

import numpy as np
import pytest
from tests.looping import loop_over

from ocean_core.units import SPELLINGS, angle_in_degrees, canonical_units, length_in_metres, unit_conversion


@loop_over(
    ("units", "metres"),
    [
        *(("m", 1.0), ("Metres", 1.0), ("km", 1000.0), ("kilometer", 1000.0), ("kilometres", 1000.0)),
        *(("cm", 0.01), ("centimetres", 0.01), ("feet", 0.3048), ("fathom", 1.8288036576)),
    ],
)
def test_lengths_are_known_in_metres(units, metres):
    assert length_in_metres(units) == pytest.approx(metres)


@loop_over("units", ["", "1", "dbar", "degrees_north", "level", "sigma_level", "count", "PSU", "unknown"])
def test_a_unit_that_is_no_length_is_not_converted(units):
    assert length_in_metres(units) is None


@loop_over(
    ("source", "target", "factor", "offset"),
    [
        ("knots", "m s-1", 1852 / 3600, 0),
        ("decibars", "hPa", 100, 0),
        ("radians", "degrees_north", 57.29577951308232, 0),
        ("degF", "degree_C", 5 / 9, -160 / 9),
        ("K", "deg C", 1, -273.15),
        ("umol kg-1", "mmol/kg", 0.001, 0),
        ("practical_salinity_unit", "1e-3", 1, 0),
        ("no such unit", "no such unit", 1, 0),
    ],
)
def test_values_are_converted_by_a_factor_and_an_offset(source, target, factor, offset):
    assert unit_conversion(source, target) == pytest.approx((factor, offset))


@loop_over(
    ("source", "target"),
    [
        *(("K", "m"), ("PSU", "1"), ("PSU", "g kg-1"), ("", "1"), ("leagues?", "m")),
        ("s", "s-1"),  # UDUNITS converts to reciprocals
        ("days since 1950-01-01", "hours since 1950-01-01"),
    ],
)
def test_other_units_are_not_converted(source, target):
    assert unit_conversion(source, target) is None


def test_every_spelling_means_the_unit_under_which_it_stands():
    for units, spellings in SPELLINGS.items():
        for spelling in filter(None, spellings):
            assert canonical_units(spelling.upper()) == units
            assert unit_conversion(spelling, units) == (1.0, 0.0)


@loop_over("units", ["radian", "radians", "rad", "radians_north", "radian_east", "Radian north"])
def test_radians_are_angles_with_or_without_their_direction(units):
    assert angle_in_degrees(units) == pytest.approx(np.degrees(1))


@loop_over("units", ["", "1", "m", "m s-1", "degree_C", "s"])
def test_numbers_lengths_and_temperatures_are_no_angles(units):
    assert angle_in_degrees(units) is None
    assert angle_in_degrees("degrees_north") == angle_in_degrees("degreeE") == 1.0


@loop_over("units", ["metres below surface", "m (positive down)", "meters_down", "m, positive up"])
def test_lengths_are_known_with_their_direction(units):
    assert length_in_metres(units) == 1.0
