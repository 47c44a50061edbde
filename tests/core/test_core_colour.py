"""Colormaps and limits follow from what a quantity is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ocean_core import colour


def choose(name="", standard_name=None, **more):
    return colour.choose_colormap(standard_name=standard_name, name=name, **more)


@pytest.mark.parametrize(
    ("name", "standard_name", "colormap"),
    [
        ("Anything", "sea_water_potential_temperature", "thermal"),
        ("Salinity", "sea_ice_thickness", "ice"),
        ("Speed of Current", None, "speed of current"),
        ("Wind Speed", None, "speed"),
        ("Neo_SST", None, "neo_sst"),
        ("Sea Surface Height above the Geoid", None, "freesurface"),
        ("Quantity 7", None, "mercator"),
    ],
)
def test_a_colormap_goes_by_the_standard_name_then_by_the_name(name, standard_name, colormap):
    assert choose(name, standard_name) == colormap


def test_categories_come_before_magnitudes_and_both_before_names():
    pair = {"name": "Temperature", "standard_name": "sea_water_temperature"}
    assert choose(**pair, categorical=True, magnitude=True) == "seabed lithology"
    assert choose(**pair, magnitude=True) == "speed"
    assert choose(**pair, zero_centered=True) == "thermal"
    assert choose("Temperature", zero_centered=True) == "balance"


def test_a_component_without_negative_values_gets_no_diverging_colormap():
    assert choose("Wind", limits=(-20.0, 20.0)) == "velocity"
    assert choose("Wind", limits=(0.0, 20.0)) == "speed"


def test_every_colormap_that_is_chosen_exists():
    chosen = {*colour.COLORMAP_BY_STANDARD_NAME.values(), *colour.COLORMAP_BY_WORD.values(), *colour.SIGNED_COLORMAPS}
    special = {colour.FALLBACK_COLORMAP, colour.DIVERGING_COLORMAP, colour.CATEGORY_COLORMAP, colour.MAGNITUDE_COLORMAP}
    assert chosen | special <= set(colour.COLORMAPS)


def test_a_plausible_valid_range_comes_before_the_usual_limits():
    name, units = "sea_water_potential_temperature", "degree_C"
    assert colour.choose_limits((-1.0, 25.0), name, units) == (-1.0, 25.0)
    assert colour.choose_limits((-200.0, 200.0), name, units) == (-2, 30)
    assert colour.choose_limits((1e20, -1e20), name, units) == (-2, 30)
    assert colour.choose_limits((0.0, float("inf")), "unheard_of", "1") is None
    assert colour.choose_limits(None, name, "K") == (271, 303)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200))
def test_limits_from_a_sample_are_a_proper_pair(values):
    low, high = colour.sample_limits(np.array([*values, np.nan]))
    assert np.isfinite([low, high]).all()
    assert low < high


def test_limits_from_a_sample_are_round_and_hold_most_of_it():
    assert colour.sample_limits(np.linspace(3.1, 17.8, 500)) == (2.0, 18.0)
    assert colour.sample_limits(np.linspace(-0.9, 0.8, 500)) == (-1.0, 1.0)
    assert colour.sample_limits(np.full(9, np.nan)) == (0.0, 1.0)


@given(arrays(np.float32, 9, elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)))
def test_limits_of_figures_hold_all_values_and_have_a_width(values):
    low, high = colour.figure_limits(values)
    assert low < high
    finite = values[np.isfinite(values)]
    assert ((finite >= low) & (finite <= high)).all()
    low, high = colour.figure_limits(values, zero_centered=True, fallback=(-1.0, 1.0))
    assert low == -high


def test_limits_of_data_leave_out_what_is_missing():
    values = np.array([0.2, 0.4, np.nan])
    assert colour.data_limits(values) == (0.2, 0.4)
    assert colour.data_limits(values, zero_centered=True) == (-0.4, 0.4)
    assert colour.data_limits(values[2:]) is None


def test_limits_that_no_axis_can_show_are_not_distinguishable():
    assert colour.is_distinguishable(1000.0, 1000.1)
    assert not colour.is_distinguishable(1.0, 1.0 + 1e-13)
    assert not colour.is_distinguishable(-1e31, 1e31)
    assert not colour.is_distinguishable(float("nan"), 1.0)
