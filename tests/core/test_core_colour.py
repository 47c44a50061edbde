"""Colormaps and limits follow from what a quantity is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.looping import loop_over

from ocean_core import colour


def choose(name="", standard_name=None, units="", **more):
    return colour.choose_colours(standard_name=standard_name, name=name, units=units, **more).colormap


@loop_over(
    ("name", "standard_name", "units", "colormap"),
    [
        ("Anything", "sea_water_potential_temperature", "degree_C", "thermal"),
        ("Salinity", "sea_ice_thickness", "m", "ice"),
        ("Speed of Current", None, "", "speed of current"),
        ("Wind Speed", None, "m s-1", "speed"),
        ("Neo_SST", None, "K", "neo_sst"),
        ("Sea Surface Height above the Geoid", None, "m", "freesurface"),
        ("time-averaged free-surface", None, "m", "freesurface"),
        ("bedrock elevation (ETOPO1 Bed: base of the ice sheets), positive up", "bedrock_altitude", "m", "topography"),
        ("air pressure at sea level", "air_pressure_at_sea_level", "Pa", "viridis"),
        ("Wave direction", "sea_surface_wave_from_direction", "degree", "direction"),
        ("average ice thickness in cell", None, "m", "ice"),
        ("u-momentum component", "x_sea_water_velocity", "m s-1", "velocity"),
        ("Current density", None, "A m-2", "viridis"),
        ("Depth of the chlorophyll maximum", None, "m", "bathymetry"),
        ("potential density anomaly", "sea_water_sigma_theta", "kg m-3", "density"),
        ("Daily sea surface temperature anomalies", None, "degree_C", "balance"),
        ("tos", None, "K", "temperature"),
        ("Quantity 7", None, "", "viridis"),
        ("Température de l'eau", None, "K", "temperature"),
    ],
)
def test_a_colormap_goes_by_the_standard_name_then_by_name_and_units(name, standard_name, units, colormap):
    assert choose(name, standard_name, units, limits=(-1.0, 2.0)) == colormap


def test_categories_come_before_names_and_what_is_centred_has_a_diverging_colormap():
    pair = {"name": "Temperature", "standard_name": "sea_water_temperature"}
    assert choose(**pair, categorical=True) == "seabed lithology"
    assert choose(**pair, zero_centered=True) == "balance"
    assert choose("Vorticity", zero_centered=True) == "vorticity"
    assert choose("Transport", limits=(-3.0, 3.0)) == "balance"


def test_a_component_without_negative_values_gets_no_diverging_colormap():
    assert choose("Wind", limits=(-20.0, 20.0)) == "velocity"
    assert choose("Wind", limits=(0.0, 20.0)) == "speed"


def test_every_colormap_that_is_chosen_exists_and_none_is_a_rainbow_by_default():
    chosen = {quantity.colormap for quantity in colour.QUANTITIES} | {*colour.COLORMAP_BY_UNITS.values()}
    special = {colour.FALLBACK_COLORMAP, colour.DIVERGING_COLORMAP, colour.CATEGORY_COLORMAP, colour.MAGNITUDE_COLORMAP}
    assert chosen | special | colour.DIVERGING_COLORMAPS <= set(colour.COLORMAPS)
    assert "rainbow" not in {colour.COLORMAPS[colormap][1] for colormap in chosen | special}


def test_only_chlorophyll_and_its_like_have_logarithmic_scales_where_limits_allow_it():
    name = "mass_concentration_of_chlorophyll_a_in_sea_water"
    colours = colour.choose_colours(standard_name=name, name="CHL", units="mg m-3")
    assert colours.scale((0.01, 10.0)) == (0.01, 10.0, True)
    assert colours.scale((0.0, 10.0)) == (0.0, 10.0, False)
    assert not colour.choose_colours(standard_name="sea_water_temperature", name="T", units="K").logarithmic
    assert colour.suit_limits((0.0, 5.0), colours) == (0.005, 5.0)
    assert colour.choose_limits((0.0, 100.0), name, "mg m-3") is None


@given(st.floats(1e-6, 1e3), st.floats(1.01, 1e6), st.booleans(), st.lists(st.floats(0, 1), min_size=1))
def test_positions_in_a_scale_and_their_values_are_inverse(low, factor, logarithmic, positions):
    scale = colour.Scale(low, low * factor, logarithmic)
    assert scale.position(scale.value(np.array(positions))) == pytest.approx(positions, abs=1e-6)


def test_what_has_no_logarithm_lies_below_a_logarithmic_scale():
    positions = colour.Scale(0.01, 10.0, True).position(np.array([0.01, 10.0, 0.1, 0.0, -5.0, np.nan]))
    assert positions[:3] == pytest.approx([0, 1, 1 / 3])
    assert (positions[3:5] < 0).all()
    assert np.isnan(positions[5])


@given(st.floats(-100, 100), st.floats(0.1, 100))
def test_zero_is_the_middle_of_a_diverging_colormap(low, width):
    scale = colour.Scale(low, low + width)
    start, end = colour.ramp_span("balance", scale)
    if low < 0 < low + width:
        assert start + (end - start) * -low / width == pytest.approx(0.5)
        assert max(0.5 - start, end - 0.5) == pytest.approx(0.5)
    else:
        assert (start, end) == ((0.5, 1.0) if low >= 0 else (0.0, 0.5))
    assert colour.ramp_span("thermal", scale) == (0.0, 1.0)


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


THERMAL, BALANCE, ALGAE = colour.Colours("thermal"), colour.Colours("balance"), colour.Colours("chlorophyll", True)


@given(arrays(np.float32, 9, elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)))
def test_scales_of_figures_have_a_width_and_hold_most_values(values):
    finite = values[np.isfinite(values)].astype(float)
    low, high, _ = colour.fit_scale(values, THERMAL)
    assert low < high
    assert ((finite >= low) & (finite <= high)).sum() >= finite.size - 2
    low, high, _ = colour.fit_scale(values, THERMAL, zero_centered=True, fallback=(-1.0, 1.0))
    assert low == -high
    low, high = colour.line_limits(values, (0.0, 1.0))
    assert ((finite >= low) & (finite <= high)).all()


def test_an_outlier_does_not_take_all_colours():
    values = np.append(np.linspace(0, 10, 1000), 1e4)
    assert colour.fit_scale(values, THERMAL).limits == pytest.approx(np.percentile(values, (2, 98)))
    assert colour.fit_scale(np.append(np.zeros(999), 1.0), THERMAL).limits == (0.0, 1.0)
    assert colour.fit_scale(values - 2, BALANCE).low == -colour.fit_scale(values - 2, BALANCE).high
    low, high, logarithmic = colour.fit_scale(np.append(np.geomspace(0.02, 5, 500), [0.0, -1.0]), ALGAE)
    assert 0.02 < low < high < 5
    assert logarithmic


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
