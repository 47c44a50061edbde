"""Properties of sea water, and sound channels: published values, the toolbox, and plain searches."""

import gsw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy
from tests.looping import loop_over
from tests.plotting.casts import DEPTHS, salinities, temperatures

from ocean_core import seawater
from ocean_core.seawater import SeaWater, find_sound_channel, slowest_sound, to_celsius, to_grams_per_kilogram

PLACE = (45.0, -40.0)


def sea(place, temperature, salinity, kinds=("potential", "practical")):
    depth, latitude, longitude = place
    numbers = {
        "temperature": temperature, "salinity": salinity, "depth": depth, "latitude": latitude, "longitude": longitude
    }  # fmt: skip
    arrays = {name: np.array([float(value)]) for name, value in numbers.items()}
    return SeaWater(**arrays, temperature_kind=kinds[0], salinity_kind=kinds[1])


@loop_over(
    ("name", "temperature", "published"),  # the first of the toolbox's own check values
    [
        ("sound_speed", 28.7856, 1542.426412426373),
        ("density", 28.8099, 1021.839935738108),
        ("adiabatic_lapse_rate", 28.7856, 0.240199646230069e-7),
    ],
)
def test_properties_have_the_published_check_values(name, temperature, published):
    water = sea((-gsw.z_from_p(10, 4), 4, 188), temperature, 34.7118, ("conservative", "absolute"))
    assert getattr(water, name)[0] == pytest.approx(published, rel=1e-9)


def test_heat_capacity_has_its_published_check_value():
    water = sea((-gsw.z_from_p(10, 4), 4, 188), 28.7856, 34.7118, ("in situ", "absolute"))
    assert water.heat_capacity[0] == pytest.approx(4002.888003958537, rel=1e-9)


def test_nitrogen_has_the_check_value_of_its_authors():
    water = sea((0, 45, -40), 10, 35)
    assert water.nitrogen_solubility[0] == pytest.approx(500.885, abs=1e-3)
    assert water.oxygen_solubility[0] == pytest.approx(gsw.O2sol_SP_pt(35, 10))


def test_the_same_water_is_the_same_whatever_its_numbers_are_called():
    practical, potential = 34.5487, 10.0
    pressure = gsw.p_from_z(-1000, 4)
    absolute = gsw.SA_from_SP(practical, pressure, 188, 4)
    conservative = gsw.CT_from_pt(absolute, potential)
    speeds = [
        sea((1000, 4, 188), *values, kinds).sound_speed[0]
        for *values, kinds in (
            (potential, practical, ("potential", "practical")),
            (conservative, absolute, ("conservative", "absolute")),
            (gsw.t_from_CT(absolute, conservative, pressure), practical, ("in situ", "practical")),
        )
    ]
    assert speeds == pytest.approx([gsw.sound_speed(absolute, conservative, pressure)] * 3, rel=1e-10)


def test_salinity_is_known_where_the_atlas_of_anomalies_is_not():
    assert sea((5, 50, -100), 10, 20).density[0] == pytest.approx(
        gsw.rho(
            20 * seawater.REFERENCE_SALINITY, gsw.CT_from_pt(20 * seawater.REFERENCE_SALINITY, 10), gsw.p_from_z(-5, 50)
        ),
        rel=1e-12,
    )


def water(**kinds):
    return SeaWater(
        temperature=temperatures(),
        salinity=salinities(),
        depth=DEPTHS,
        latitude=np.array([PLACE[0]]),
        longitude=np.array([PLACE[1]]),
        **kinds,
    )


@loop_over("saltiness", ["practical", "absolute"])
@loop_over("warmth", ["potential", "conservative", "in situ"])
def test_density_and_sound_are_those_of_the_toolbox(warmth, saltiness):
    made = water(temperature_kind=warmth, salinity_kind=saltiness)
    pressure = gsw.p_from_z(-DEPTHS, PLACE[0])
    absolute = salinities() if saltiness == "absolute" else gsw.SA_from_SP(salinities(), pressure, PLACE[1], PLACE[0])
    turned = {
        "potential": lambda: gsw.CT_from_pt(absolute, temperatures()),
        "conservative": temperatures,
        "in situ": lambda: gsw.CT_from_t(absolute, temperatures(), pressure),
    }[warmth]()
    np.testing.assert_allclose(made.potential_density_anomaly, gsw.rho(absolute, turned, 0.0) - 1000, rtol=1e-12)
    np.testing.assert_allclose(
        made.sound_speed,
        gsw.sound_speed_t_exact(absolute, gsw.t_from_CT(absolute, turned, pressure), pressure),
        atol=0.2,
    )


def test_sound_is_as_fast_as_mackenzie_measured():
    pressure = gsw.p_from_z(-DEPTHS, PLACE[0])
    t = gsw.t_from_CT(water().absolute_salinity, water().conservative_temperature, pressure)
    s = salinities() - 35
    existing = (
        1448.96 + 4.591 * t - 5.304e-2 * t**2 + 2.374e-4 * t**3 + 1.340 * s + 1.630e-2 * DEPTHS
        + 1.675e-7 * DEPTHS**2 - 1.025e-2 * t * s - 7.139e-13 * t * DEPTHS**3
    )  # fmt: skip
    np.testing.assert_allclose(water().sound_speed, existing, atol=0.6)


@loop_over("warmth", ["potential", "conservative", "in situ"])
def test_water_freezes_where_ice_begins(warmth):
    freezing = water(temperature_kind=warmth).freezing_temperature
    exact = gsw.t_freezing(water(temperature_kind=warmth).absolute_salinity, 0.0, 0.0)
    np.testing.assert_allclose(freezing, exact, atol=0.06)


def test_units_are_turned_into_those_of_the_toolbox():
    np.testing.assert_allclose(to_celsius(np.array([273.15, 283.15]), "K"), [0, 10])
    np.testing.assert_allclose(to_celsius(np.array([3.0]), ""), [3])
    np.testing.assert_allclose(to_grams_per_kilogram(np.array([0.035]), "kg kg-1"), [35])
    np.testing.assert_allclose(to_grams_per_kilogram(np.array([35.0]), "1e-3"), [35])


LEVELS = np.array([0, 10, 50, 100, 200, 400, 800, 1500, 3000.0])
SPEEDS = hypothesis_numpy.arrays(np.float64, (LEVELS.size,), elements=st.floats(1400, 1550)).flatmap(
    lambda speed: st.integers(0, LEVELS.size).map(lambda wet: np.where(np.arange(LEVELS.size) < wet, speed, np.nan))
)


def brute(speed):
    """Sonic layer depth, channel and its bottom, by plain search."""
    wet = np.flatnonzero(np.isfinite(speed))
    if not wet.size:
        return np.nan, np.nan, np.nan
    axis = int(np.nanargmin(speed))
    layer = int(np.argmax(speed[:axis])) if axis else 0
    if not layer:
        return np.nan, LEVELS[axis], np.nan
    below = wet[wet >= axis]
    crossed = [k for k in below[1:] if speed[k] >= speed[layer]]
    bottom = np.nan
    if crossed:
        k = crossed[0]
        bottom = np.interp(speed[layer], speed[k - 1 : k + 1], LEVELS[k - 1 : k + 1])
    return LEVELS[layer], LEVELS[axis], bottom


@given(SPEEDS)
def test_sound_channels_are_those_of_a_plain_search(speed):
    depth = LEVELS[np.newaxis]
    result = [
        function(depth, speed[np.newaxis])[0]
        for function in (seawater.sonic_layer_depth, seawater.deep_sound_channel, seawater.channel_bottom)
    ]
    np.testing.assert_allclose(result, brute(speed), rtol=1e-9)


def test_the_sea_floor_ends_the_sound_channel():
    speed = np.array([[1500, 1505, 1490, 1480, 1470, 1475, 1480, 1490, 1510.0]])
    bottom = seawater.channel_bottom(LEVELS[np.newaxis], speed)[0]
    assert bottom == pytest.approx(1500 + 1500 * 15 / 20)
    assert np.isnan(seawater.channel_bottom(LEVELS[np.newaxis], speed, np.array([2000.0]))[0])
    assert seawater.depth_excess(LEVELS[np.newaxis], speed, np.array([4000.0]))[0] == pytest.approx(4000 - bottom)


def test_a_channel_below_the_surface_holds_high_frequencies_alone():
    depth = np.array([[0, 20, 50, 100, 150, 200, 300, 500, 900, 1200.0]])
    speed = np.array([[1490, 1488, 1470, 1450, 1475, 1489, 1480, 1470, 1485, 1500.0]])
    assert seawater.subsurface_channel(depth, speed)[0] == 1
    assert seawater.subsurface_channel(depth, speed, 5.0)[0] == 0
    assert seawater.subsurface_channel(depth, np.sort(speed))[0] == 0
    assert np.isnan(seawater.subsurface_channel(depth, np.full_like(speed, np.nan))[0])


@loop_over(("lower", "holds"), [(1470.0, 1), (1455.0, 0)])  # 13.4 m/s above the axis are required
def test_a_channel_below_the_surface_needs_both_of_its_limits(lower, holds):
    depth = np.array([[0, 20, 50, 100, 150, 200, 300, 500, 900, 1200.0]])
    speed = np.array([[1490, 1488, 1470, 1450, 1452, lower, 1448, 1440, 1485, 1500.0]])
    assert seawater.subsurface_channel(depth, speed, 20.0)[0] == holds


def test_a_channel_reaches_as_far_as_the_slower_of_its_limits_holds():
    depths = np.array([0.0, 100, 500, 1000, 2000, 4000])
    speeds = np.array([1520.0, 1530, 1500, 1480, 1500, 1540])
    result = find_sound_channel(depths, speeds)
    assert (result.axis, result.slowest, result.limit) == (1000, 1480, 1530)
    assert (result.top, result.bottom) == (100, 3500)


@loop_over("speeds", [[1450.0, 1460, 1470], [1500.0, 1490, 1480], [1500.0], [1500.0, 1500, 1500], []])
def test_sound_that_is_slowest_at_an_end_is_held_by_no_channel(speeds):
    assert find_sound_channel(np.arange(len(speeds)) * 100.0, np.array(speeds)) is None


@given(st.lists(st.integers(14300, 15600), min_size=3, max_size=30))
def test_nothing_within_a_channel_is_faster_than_at_its_limits(tenths):
    speeds, depths = np.array(tenths) / 10, np.arange(len(tenths)) ** 1.5 * 10
    result = find_sound_channel(depths, speeds)
    assert slowest_sound(depths, speeds) == (depths[np.argmin(speeds)], speeds.min())
    if result is None:
        return
    fine = np.linspace(result.top, result.bottom, 500)
    assert np.interp(fine, depths, speeds).max() <= result.limit + 1e-6
    assert np.interp([result.top, result.bottom], depths, speeds) == pytest.approx([result.limit] * 2)
    assert result.top < result.axis < result.bottom
