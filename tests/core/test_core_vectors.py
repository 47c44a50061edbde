"""Two components make a vector, whichever way each of them points."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_common.contracts.assets import VariableInfo
from ocean_core import vectors


def make_magnitude(names, standard_names, limits):
    components = [
        VariableInfo(dataset="d", key=key, name=name, units="m s-1", standard_name=standard_name, scale=scale)
        for key, name, standard_name, scale in zip("uv", names, standard_names, limits, strict=True)
    ]
    created = components[0].magnitude_with(components[1])
    return created.key, created.name, created.standard_name, created.scale


@loop_over(("medium", "standard_name"), [("sea_water_velocity", "sea_water_speed"), ("wind", None)])
def test_the_magnitude_of_a_velocity_is_a_speed(medium, standard_name):
    standard_names = [f"{direction}_{medium}" for direction in ("eastward", "northward")]
    magnitude = make_magnitude(["Eastward", "Northward"], standard_names, [(-1.0, 1.0), (-3.0, 2.0)])
    assert magnitude == ("u,v", "Speed", standard_name, (0.0, 3.0))


def test_the_magnitude_of_anything_else_is_named_after_its_components():
    magnitude = make_magnitude(["Stress x", "Stress y"], [None, None], [(0.0, 2.0)] * 2)
    assert magnitude == ("u,v", "Magnitude of Stress x and Stress y", None, (0.0, 2.0))


@loop_over(
    ("names", "axes"),
    [
        (("eastward_wind", "northward_wind"), ("east", "north")),
        (("northward_wind", None), ("north", "east")),
        ((None, "sea_water_x_velocity"), ("y", "x")),
        ((None, None), ("x", "y")),
        (("sea_water_x_velocity", "northward_sea_water_velocity"), ("x", "north")),
        (("maximum_of_flux", "index"), ("x", "y")),  # words, not letters within them
    ],
)
def test_axes_go_by_the_standard_names_and_else_by_each_other(names, axes):
    assert vectors.component_axes(*names) == axes


def test_a_part_in_a_direction_keeps_what_the_components_are_of():
    assert vectors.rename_component("eastward", "sea_water_x_velocity") == "sea_water_eastward_velocity"
    assert vectors.rename_component("northward", "eastward_wind") == "northward_wind"
    assert vectors.rename_component("northward", "wind_speed") is None
    assert vectors.rename_component("northward", None) is None


@given(st.floats(0.1, 50.0), st.floats(0.0, 359.0), st.floats(0.0, 359.0))
def test_rotating_a_vector_keeps_its_length_and_direction(length, toward, line):
    east, north = length * np.sin(np.radians(toward)), length * np.cos(np.radians(toward))
    components = np.array([east]), np.array([north])
    along, across = (vectors.vector_part(part, *components, np.array([line])) for part in ("along", "across"))
    assert np.hypot(along, across)[0] == pytest.approx(length)
    assert vectors.vector_part("magnitude", *components)[0] == pytest.approx(length)
    # To the left of the line is 90 degrees less.
    turned = line - np.degrees(np.arctan2(across[0], along[0]))
    assert (turned - toward + 180) % 360 - 180 == pytest.approx(0, abs=1e-6)


def test_bearings_are_clockwise_from_north_and_below_a_full_turn():
    east, north = np.array([0.0, 1.0, 0.0, -1.0, -1e-6]), np.array([1.0, 0.0, -1.0, 0.0, 1.0])
    assert vectors.bearing(east, north, decimals=1).tolist() == [0.0, 90.0, 180.0, 270.0, 0.0]
