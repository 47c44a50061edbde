"""Sea water, sound in it, and horizontal derivatives: published values, brute force and exact solutions."""

import gsw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as made

from ocean_data.compute import derivatives, seawater, sound, sphere
from ocean_data.compute.expression.functions import bearing
from ocean_data.compute.expression.place import Box, Some, beside


def one(*values):
    return [np.array([float(value)]) for value in values]


def sea(place, temperature, salinity, kinds=("potential", "practical")):
    depth, latitude, longitude, temperature, salinity = one(*place, temperature, salinity)
    meant = seawater.Kinds(temperature=kinds[0], salinity=kinds[1])
    return seawater.water(depth, (latitude, longitude), temperature, salinity, meant)


@pytest.mark.parametrize(
    ("function", "temperature", "published"),  # the first of the toolbox's own check values
    [
        (seawater.sound_speed, 28.7856, 1542.426412426373),
        (seawater.density, 28.8099, 1021.839935738108),
        (seawater.adiabatic_lapse_rate, 28.7856, 0.240199646230069e-7),
    ],
)
def test_properties_have_the_published_check_values(function, temperature, published):
    salinity, warm, pressure, longitude, latitude = one(34.7118, temperature, 10, 188, 4)
    water = seawater.Water(
        salinity=salinity, temperature=warm, pressure=pressure, longitude=longitude, latitude=latitude
    )
    assert function(water)[0] == pytest.approx(published, rel=1e-9)


def test_heat_capacity_has_its_published_check_value():
    water = sea((-gsw.z_from_p(10, 4), 4, 188), 28.7856, 34.7118, ("in situ", "absolute"))
    assert seawater.heat_capacity(water)[0] == pytest.approx(4002.888003958537, rel=1e-9)


def test_nitrogen_has_the_check_value_of_its_authors():
    water = sea((0, 45, -40), 10, 35)
    assert seawater.nitrogen_solubility(water)[0] == pytest.approx(500.885, abs=1e-3)
    assert seawater.oxygen_solubility(water)[0] == pytest.approx(gsw.O2sol_SP_pt(35, 10))


def test_the_same_water_is_the_same_whatever_its_numbers_are_called():
    practical, potential = 34.5487, 10.0
    pressure = gsw.p_from_z(-1000, 4)
    absolute = gsw.SA_from_SP(practical, pressure, 188, 4)
    conservative = gsw.CT_from_pt(absolute, potential)
    speeds = [
        seawater.sound_speed(sea((1000, 4, 188), *values, kinds))[0]
        for *values, kinds in (
            (potential, practical, ("potential", "practical")),
            (conservative, absolute, ("conservative", "absolute")),
            (gsw.t_from_CT(absolute, conservative, pressure), practical, ("in situ", "practical")),
        )
    ]
    assert speeds == pytest.approx([gsw.sound_speed(absolute, conservative, pressure)] * 3, rel=1e-10)


def test_salinity_is_known_where_the_atlas_of_anomalies_is_not():
    assert seawater.density(sea((5, 50, -100), 10, 20))[0] == pytest.approx(
        gsw.rho(20 * seawater.REFERENCE, gsw.CT_from_pt(20 * seawater.REFERENCE, 10), gsw.p_from_z(-5, 50)), rel=1e-12
    )


DEPTHS = np.array([0, 10, 50, 100, 200, 400, 800, 1500, 3000.0])
SPEEDS = made.arrays(np.float64, (DEPTHS.size,), elements=st.floats(1400, 1550)).flatmap(
    lambda speed: st.integers(0, DEPTHS.size).map(lambda wet: np.where(np.arange(DEPTHS.size) < wet, speed, np.nan))
)


def brute(speed):
    """Sonic layer depth, channel and its bottom, by plain search."""
    wet = np.flatnonzero(np.isfinite(speed))
    if not wet.size:
        return np.nan, np.nan, np.nan
    axis = int(np.nanargmin(speed))
    layer = int(np.argmax(speed[:axis])) if axis else 0
    if not layer:
        return np.nan, DEPTHS[axis], np.nan
    below = wet[wet >= axis]
    crossed = [k for k in below[1:] if speed[k] >= speed[layer]]
    bottom = np.nan
    if crossed:
        k = crossed[0]
        bottom = np.interp(speed[layer], speed[k - 1 : k + 1], DEPTHS[k - 1 : k + 1])
    return DEPTHS[layer], DEPTHS[axis], bottom


@settings(deadline=None)  # the kernel is compiled at the first call
@given(SPEEDS)
def test_sound_channels_are_those_of_a_plain_search(speed):
    depth = DEPTHS[np.newaxis]
    found = [
        function(depth, speed[np.newaxis])[0]
        for function in (sound.sonic_layer_depth, sound.deep_sound_channel, sound.channel_bottom)
    ]
    np.testing.assert_allclose(found, brute(speed), rtol=1e-9)


def test_the_sea_floor_ends_the_sound_channel():
    speed = np.array([[1500, 1505, 1490, 1480, 1470, 1475, 1480, 1490, 1510.0]])
    bottom = sound.channel_bottom(DEPTHS[np.newaxis], speed)[0]
    assert bottom == pytest.approx(1500 + 1500 * 15 / 20)
    assert np.isnan(sound.channel_bottom(DEPTHS[np.newaxis], speed, np.array([2000.0]))[0])
    assert sound.depth_excess(DEPTHS[np.newaxis], speed, np.array([4000.0]))[0] == pytest.approx(4000 - bottom)


def test_a_channel_below_the_surface_holds_high_frequencies_alone():
    depth = np.array([[0, 20, 50, 100, 150, 200, 300, 500, 900, 1200.0]])
    speed = np.array([[1490, 1488, 1470, 1450, 1475, 1489, 1480, 1470, 1485, 1500.0]])
    assert sound.subsurface_channel(depth, speed)[0] == 1
    assert sound.subsurface_channel(depth, speed, 5.0)[0] == 0
    assert sound.subsurface_channel(depth, np.sort(speed))[0] == 0
    assert np.isnan(sound.subsurface_channel(depth, np.full_like(speed, np.nan))[0])


@pytest.mark.parametrize(
    ("north", "east", "expected"), [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270), (9e-6, -9e-6, np.nan)]
)
def test_a_bearing_is_clockwise_from_north(north, east, expected):
    np.testing.assert_allclose(bearing(*one(north, east)), [expected])


SPIN = np.array([0.3, -0.2, 0.7]) * 1e-5  # rad/s, about an axis off the pole
SLOPE = np.array([1.0, 2.0, 3.0])


def stretched():
    """A curvilinear grid near the pole: turned, sheared and unevenly spaced."""
    y, x = np.meshgrid(
        np.linspace(-1, 1, 61) ** 3 / 8 + np.linspace(-0.2, 0.2, 61), np.linspace(-0.3, 0.3, 81), indexing="ij"
    )
    points = np.stack([x + 0.4 * y, y - 0.2 * x, np.ones_like(x)], axis=-1)
    points /= np.linalg.norm(points, axis=-1, keepdims=True)
    return np.degrees(np.arcsin(points[..., 2])), np.degrees(np.arctan2(points[..., 1], points[..., 0]))


GRIDS = {
    "around the globe, north first": np.meshgrid(np.linspace(89, -89, 179), np.arange(0, 360, 2.0), indexing="ij"),
    "over the pole": stretched(),
    "regional, across the date line": np.meshgrid(
        np.linspace(50, 60, 41), (np.linspace(170, 190, 61) + 180) % 360 - 180, indexing="ij"
    ),
}


def near(latitude, longitude):
    cells = np.arange(latitude.size)
    return derivatives.neighbourhood(cells, beside(cells, latitude.shape), latitude.ravel(), longitude.ravel())


@pytest.mark.parametrize("name", GRIDS)
def test_derivatives_are_exact_on_the_sphere_however_the_grid_is_turned(name):
    latitude, longitude = GRIDS[name]
    around = near(latitude, longitude)
    points = sphere.unit_vectors(latitude.ravel(), longitude.ravel())
    inner = np.zeros(latitude.shape, dtype=bool)
    inner[1:-1, 1:-1] = True
    inner = inner.ravel()
    slope = derivatives.gradient(points @ SLOPE, around)
    for found, direction in zip(slope, around.compass, strict=True):
        np.testing.assert_allclose(found[inner] * derivatives.METRES, (direction @ SLOPE)[inner], atol=4e-3)
    spinning = np.cross(SPIN, points).T[:, np.newaxis] * derivatives.METRES
    curl = derivatives.vorticity(spinning, around)[0]
    np.testing.assert_allclose(curl[inner], (2 * points @ SPIN)[inner], atol=5e-8)
    np.testing.assert_allclose(derivatives.divergence(spinning, around)[0][inner], 0, atol=5e-8)


def test_the_globe_has_no_seam():
    latitude, longitude = GRIDS["around the globe, north first"]
    slope = derivatives.gradient(
        sphere.unit_vectors(latitude, longitude).reshape(-1, 3) @ SLOPE, near(latitude, longitude)
    )
    turned = derivatives.gradient(
        sphere.unit_vectors(np.roll(latitude, 7, 1), np.roll(longitude, 7, 1)).reshape(-1, 3) @ SLOPE,
        near(np.roll(latitude, 7, 1), np.roll(longitude, 7, 1)),
    )
    for one_way, other in zip(slope, turned, strict=True):
        np.testing.assert_allclose(
            np.roll(one_way.reshape(latitude.shape), 7, 1), other.reshape(latitude.shape), rtol=1e-6, atol=1e-16
        )


def test_at_a_coast_the_wet_side_is_enough():
    latitude, longitude = np.meshgrid(np.arange(40, 42, 0.1), np.arange(-60, -58, 0.1), indexing="ij")
    field = 3e-6 * derivatives.METRES * np.radians(latitude)
    field[:, 8] = np.nan
    east, north = (part.reshape(field.shape) for part in derivatives.gradient(field.ravel(), near(latitude, longitude)))
    assert np.isnan(north[:, 8]).all()
    np.testing.assert_allclose(np.delete(north, 8, axis=1), 3e-6, rtol=1e-4)
    np.testing.assert_allclose(np.delete(east, 8, axis=1), 0, atol=2e-8)


def test_a_single_wet_cell_has_no_slope():
    latitude, longitude = np.meshgrid([40, 41, 42.0], [1, 2, 3.0], indexing="ij")
    field = np.full(9, np.nan)
    field[4] = 1.0
    assert np.isnan(derivatives.gradient(field, near(latitude, longitude))).all()


def test_currents_balance_the_slope_of_the_sea_surface():
    latitude, longitude = np.meshgrid(np.arange(-2, 50, 0.25), np.arange(0, 5, 0.25), indexing="ij")
    height = 1e-6 * derivatives.METRES * np.radians(latitude)
    east, north = derivatives.geostrophic(height.ravel(), near(latitude, longitude))
    far = np.where(np.abs(latitude) < 1, np.nan, latitude)
    expected = -gsw.grav(far, 0) / gsw.f(far) * 1e-6
    np.testing.assert_allclose(east.reshape(latitude.shape), expected, rtol=1e-6)
    assert np.nanmax(np.abs(north)) < 2e-3 * np.nanmin(np.abs(expected))


CELLS = st.lists(st.integers(0, 7 * 9 - 1), min_size=1, unique=True).map(sorted)


@given(CELLS, st.integers(0, 6), st.integers(1, 7), st.integers(0, 8), st.integers(1, 9))
def test_cells_find_those_beside_them(cells, top, high, left, wide):
    places = [Some(np.array(cells)), Box(slice(top, min(top + high, 7)), slice(left, min(left + wide, 9)), 9)]
    for where in places:
        around = beside(where.flat, (7, 9))
        wider = where.wider((7, 9))
        found = wider.find(around)
        assert (found[around < 0] == -1).all()
        np.testing.assert_array_equal(wider.flat[found[around >= 0]], around[around >= 0])
        np.testing.assert_array_equal(wider.flat[wider.find(where.flat)], where.flat)
