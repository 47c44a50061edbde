"""Which variables are temperature and salinity, what they are turned into, and where sound stays."""

import gsw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plotting.casts import DEPTHS, described, salinities, temperatures

from ocean_plotting.plots import seawater
from ocean_plotting.plots.seawater import Water, celsius, per_thousand
from ocean_plotting.plots.sound_channel import channel, minimum

PLACE = (45.0, -40.0)


def keys(*named):
    return [described("votemper", key=key, standard_name=name, units=units) for key, name, units in named]


@pytest.mark.parametrize(
    ("listed", "warm", "salt"),
    [
        (keys(("a", "sea_water_temperature", "K"), ("b", "sea_water_potential_temperature", "degC")), "b", None),
        (keys(("a", "sea_water_temperature", "K"), ("b", "sea_water_conservative_temperature", "K")), "b", None),
        (keys(("votemper", None, "Celsius"), ("vosaline", None, "PSU"), ("t", None, "degC")), "votemper", "vosaline"),
        (keys(("thetao", None, ""), ("so", None, "1e-3"), ("sob", None, "1")), "thetao", "so"),
        (keys(("temp_flux", None, "W m-2"), ("salt", None, "")), None, "salt"),
        (keys(("a", "sea_water_absolute_salinity", "g kg-1"), ("b", "sea_water_salinity", "1e-3")), None, "b"),
        (keys(("temperature", "air_temperature", "K"), ("u", None, "m s-1")), None, None),
        ([], None, None),
    ],
)
def test_variables_are_found_by_standard_name_first_and_then_by_key(listed, warm, salt):
    found = seawater.temperature_of(listed), seawater.salinity_of(listed)
    assert tuple(one and one.key for one in found) == (warm, salt)


def test_a_variable_without_depth_is_no_water_column():
    surface = [described("votemper", two_dimensional=True, standard_name="sea_water_potential_temperature")]
    assert seawater.temperature_of(surface) is None


def water(**kinds):
    return Water(
        temperature=temperatures(),
        salinity=salinities(),
        depth=DEPTHS,
        latitude=np.array([PLACE[0]]),
        longitude=np.array([PLACE[1]]),
        **kinds,
    )


@pytest.mark.parametrize("saltiness", ["practical", "absolute"])
@pytest.mark.parametrize("warmth", ["potential", "conservative", "in situ"])
def test_density_and_sound_are_those_of_the_toolbox(warmth, saltiness):
    made = water(warmth=warmth, saltiness=saltiness)
    pressure = gsw.p_from_z(-DEPTHS, PLACE[0])
    absolute = salinities() if saltiness == "absolute" else gsw.SA_from_SP(salinities(), pressure, PLACE[1], PLACE[0])
    turned = {
        "potential": lambda: gsw.CT_from_pt(absolute, temperatures()),
        "conservative": temperatures,
        "in situ": lambda: gsw.CT_from_t(absolute, temperatures(), pressure),
    }[warmth]()
    np.testing.assert_allclose(made.potential_density, gsw.rho(absolute, turned, 0.0) - 1000, rtol=1e-12)
    np.testing.assert_allclose(
        made.sound_speed,
        gsw.sound_speed_t_exact(absolute, gsw.t_from_CT(absolute, turned, pressure), pressure),
        atol=0.2,
    )


def test_sound_is_as_fast_as_mackenzie_measured():
    pressure = gsw.p_from_z(-DEPTHS, PLACE[0])
    t = gsw.t_from_CT(water().absolute, water().conservative, pressure)
    s = salinities() - 35
    known = (
        1448.96 + 4.591 * t - 5.304e-2 * t**2 + 2.374e-4 * t**3 + 1.340 * s + 1.630e-2 * DEPTHS
        + 1.675e-7 * DEPTHS**2 - 1.025e-2 * t * s - 7.139e-13 * t * DEPTHS**3
    )  # fmt: skip
    np.testing.assert_allclose(water().sound_speed, known, atol=0.6)


@pytest.mark.parametrize("warmth", ["potential", "conservative", "in situ"])
def test_water_freezes_where_ice_begins(warmth):
    freezing = water(warmth=warmth).freezing
    exact = gsw.t_freezing(water(warmth=warmth).absolute, 0.0, 0.0)
    np.testing.assert_allclose(freezing, exact, atol=0.06)


def test_units_are_turned_into_those_of_the_toolbox():
    np.testing.assert_allclose(celsius(np.array([273.15, 283.15]), "K"), [0, 10])
    np.testing.assert_allclose(celsius(np.array([3.0]), ""), [3])
    np.testing.assert_allclose(per_thousand(np.array([0.035]), "kg kg-1"), [35])
    np.testing.assert_allclose(per_thousand(np.array([35.0]), "1e-3"), [35])


def test_a_channel_reaches_as_far_as_the_slower_of_its_limits_holds():
    depths = np.array([0.0, 100, 500, 1000, 2000, 4000])
    speeds = np.array([1520.0, 1530, 1500, 1480, 1500, 1540])
    found = channel(depths, speeds)
    assert (found.axis, found.slowest, found.limit) == (1000, 1480, 1530)
    assert (found.top, found.bottom) == (100, 3500)


@pytest.mark.parametrize("speeds", [[1450.0, 1460, 1470], [1500.0, 1490, 1480], [1500.0], [1500.0, 1500, 1500], []])
def test_sound_that_is_slowest_at_an_end_is_held_by_no_channel(speeds):
    assert channel(np.arange(len(speeds)) * 100.0, np.array(speeds)) is None


@given(st.lists(st.integers(14300, 15600), min_size=3, max_size=30))
def test_nothing_within_a_channel_is_faster_than_at_its_limits(tenths):
    speeds, depths = np.array(tenths) / 10, np.arange(len(tenths)) ** 1.5 * 10
    found = channel(depths, speeds)
    assert minimum(depths, speeds) == (depths[np.argmin(speeds)], speeds.min())
    if found is None:
        return
    fine = np.linspace(found.top, found.bottom, 500)
    assert np.interp(fine, depths, speeds).max() <= found.limit + 1e-6
    assert np.interp([found.top, found.bottom], depths, speeds) == pytest.approx([found.limit] * 2)
    assert found.top < found.axis < found.bottom
