"""The idealised North Atlantic of the sample data: the file is what its script computes, and it is a possible ocean."""

import gsw
import numpy as np
import pytest
import xarray as xr

import idealised_atlantic as ocean
import idealised_observations as observations


@pytest.fixture(scope="module")
def shipped():
    with xr.open_dataset(ocean.OCEAN) as data:
        yield data.load()


@pytest.fixture(scope="module")
def columns():
    """The fifth day, land included."""
    return ocean.make_columns(ocean.make_sea(), 4.0)


def test_the_script_computes_the_shipped_values_again(shipped, columns):
    day = shipped.isel(time=4)
    height, eastward, northward = ocean.balance(*columns)
    fields = dict(zip(("votemper", "vosaline", "vozocrtx", "vomecrty"), (*columns, eastward, northward), strict=True))
    for name, values in fields.items():
        wet = np.isfinite(day[name].values)
        scale, _ = ocean.PACKING[name]
        np.testing.assert_allclose(day[name].values[wet], values[wet], rtol=0, atol=0.501 * scale, err_msg=name)
        assert (wet == (shipped.depth < shipped.deptho).values.astype(bool)).mean() > 0.9999
    apart = (day.sossheig.values - height)[np.isfinite(day.sossheig.values)]
    assert np.ptp(apart) < 1.01 * ocean.PACKING["sossheig"][0]


def test_nobody_can_take_it_for_a_model_run(shipped):
    assert "not a model run" in shipped.title
    assert all("idealised" in shipped[name].long_name for name in shipped.data_vars if name != "deptho")


def test_water_is_nowhere_lighter_than_what_lies_on_it(columns):
    temperature, salinity = columns
    latitude = ocean.LATITUDE[:, np.newaxis]
    pressure = gsw.p_from_z(-ocean.DEPTH[:, np.newaxis, np.newaxis], latitude)
    absolute = gsw.SA_from_SP(salinity, pressure, ocean.LONGITUDE, latitude)
    density = gsw.sigma0(absolute, gsw.CT_from_pt(absolute, temperature))
    assert np.diff(density, axis=0).min() > -1e-3  # kg m-3


def test_currents_follow_from_the_height_of_the_surface(shipped):
    day = shipped.isel(time=-1)
    height, eastward = day.sossheig.values, day.vozocrtx.values[0]
    slope = np.gradient(height, ocean.KILOMETRES * 1000 * 0.4, axis=0)
    expected = -ocean.GRAVITY * slope / gsw.f(day.latitude.values)[:, np.newaxis]
    both = np.isfinite(expected) & np.isfinite(eastward)
    both[[0, -1]] = False
    assert np.abs(expected - eastward)[both].max() < 0.02  # m s-1


def test_eddies_drift_to_the_west():
    sea = ocean.make_sea()
    first, last = ocean.make_eddies(sea, 0.0), ocean.make_eddies(sea, 9.0)
    kilometres = (last.x - first.x) * ocean.KILOMETRES * np.cos(np.radians(first.y))
    np.testing.assert_allclose(kilometres, -9 * ocean.DRIFT, atol=2)


def test_the_file_is_small():
    assert ocean.OCEAN.stat().st_size < 4_000_000


def test_the_script_makes_the_shipped_observations_again(tmp_path):
    observations.make(tmp_path)
    created = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.nc"))
    assert len(created) == 3
    for path in created:
        with xr.open_dataset(ocean.SAMPLES / path) as shipped, xr.open_dataset(tmp_path / path) as again:
            assert "idealised" in shipped.title
            assert shipped.attrs == again.attrs
            xr.testing.assert_allclose(shipped, again, rtol=0, atol=2e-4)


def test_drifters_follow_the_surface_current(shipped):
    with xr.open_dataset(ocean.SAMPLES / "obs" / "idealised_drifters.nc") as drifters:
        first, second = drifters.isel(obs=0), drifters.isel(obs=1)
        seconds = (second.time - first.time) / np.timedelta64(1, "s")
        east = (second.longitude - first.longitude) * ocean.KILOMETRES * 1000 * np.cos(np.radians(first.latitude))
        speed = east / seconds
        expected = shipped.vozocrtx.interp(
            time=first.time[0], depth=0.5, latitude=first.latitude, longitude=first.longitude
        )
        np.testing.assert_allclose(speed, expected, atol=0.03)
