"""Files of a family that differ: values in another unit are converted, coefficients are those of each file."""

from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from msgspec.structs import replace
from tests.data.test_hdf5_files import NX, NY, STEPS, write

from ocean_common.contracts.assets import LandMask
from ocean_core.cells import MaskMeaning

ZERO = 273.15  # K


@dataclass
class Family:
    """Two files of one variable in °C, the second in K."""

    variable: object
    celsius: np.ndarray  # (time, y, x)


@pytest.fixture(params=["NETCDF4", "NETCDF3_CLASSIC", "left to the library"])
def family(request, tmp_path: Path, described) -> Family:
    celsius = np.random.default_rng(1).uniform(-2, 30, (2 * STEPS, NY, NX)).astype("f4")
    celsius[:, 3, 4] = np.nan
    how = {"compression": "zstd"} if request.param == "left to the library" else {"form": request.param}
    how |= {"zlib": False} if "compression" in how else {}
    parts = {"a": celsius[:STEPS], "b": celsius[STEPS:] + np.float32(ZERO)}
    paths = [write(tmp_path / f"{name}.nc", part, first=STEPS * (name == "b"), **how) for name, part in parts.items()]
    variable = described(paths, "v", kind="rectilinear", latitude="lat", longitude="lon")
    files = [variable.files[0], replace(variable.files[1], conversion=(1.0, -ZERO))]
    return Family(replace(variable, files=files), celsius)


def test_levels_columns_and_windows_are_in_the_unit_of_the_variable(family, source):
    variable, celsius = family.variable, family.celsius
    cells = np.array([3 * NX + 4, 7 * NX + 9], np.int32)
    columns = source.columns(variable, list(range(2 * STEPS)), slice(None), cells)[:, 0]
    np.testing.assert_allclose(columns, celsius.reshape(2 * STEPS, -1)[:, cells], atol=5e-5)
    for step in (0, STEPS, 2 * STEPS - 1):
        np.testing.assert_allclose(source.level(variable, step, None), celsius[step], atol=5e-5)
        np.testing.assert_allclose(source.level(variable, step, "bottom"), celsius[step], atol=5e-5)
        window = source.window(variable, step, slice(None), (slice(2, 9), slice(3, 20)))
        np.testing.assert_allclose(window[0], celsius[step, 2:9, 3:20], atol=5e-5)


def test_a_level_is_kept_for_each_unit(family, source):
    in_kelvin = replace(family.variable, files=[replace(file, conversion=None) for file in family.variable.files])
    kelvin, celsius = (source.level(variable, STEPS, None) for variable in (in_kelvin, family.variable))
    np.testing.assert_allclose(kelvin - celsius, np.where(np.isnan(celsius), np.nan, ZERO), atol=5e-5)


def test_each_file_has_the_digits_of_its_own_type(tmp_path, described, source):
    values = np.full((2 * STEPS, NY, NX), 1.23456789012)
    paths = [
        write(tmp_path / f"{name}.nc", values[:STEPS], dtype=kind, first=first)
        for name, kind, first in (("a", "f4", 0), ("b", "f8", STEPS))
    ]
    variable = described(paths, "v", kind="rectilinear", latitude="lat", longitude="lon")
    windows = [source.window(variable, step, slice(None), (slice(2), slice(3))) for step in (0, STEPS)]
    assert [window.dtype for window in windows] == [np.float32, np.float64]
    assert windows[1].max() == values.max()
    kinds = [source.precision(variable, steps) for steps in ([0, 1], [STEPS], [0, STEPS])]
    assert kinds == [np.float32, np.float64, np.float64]


def test_a_coefficient_is_read_from_the_file_of_each_step(family, source):
    variable = family.variable
    for number, file in enumerate(variable.files):
        with netCDF4.Dataset(file.path, "a") as data:
            data.createVariable("hc", "f8", ())[...] = 10.0 * (number + 1)
    grid = replace(variable.grid, kind="none", shape=(1, 1))
    coefficient = replace(variable, source="hc", dimensions=[], grid=grid, depth=None, files=[
        replace(file, conversion=None) for file in variable.files
    ])  # fmt: skip
    steps = [0, STEPS - 1, STEPS, 2 * STEPS - 1]
    values = source.columns(coefficient, steps, slice(None), np.zeros(1, np.int32))
    assert values.ravel().tolist() == [10.0, 10.0, 20.0, 20.0]


def test_a_mask_beside_converted_values_is_not_converted(family, source):
    variable = family.variable
    for file in variable.files:
        with netCDF4.Dataset(file.path, "a") as data:
            data.createVariable("mask", "i1", ("lat", "lon"))[:] = np.arange(NY * NX).reshape(NY, NX) % 2
    dimensions = [dimension for dimension in variable.dimensions if dimension.role != "time"]
    mask = replace(variable, source="mask", dimensions=dimensions)
    hidden = replace(variable, land=LandMask(mask=mask, meaning=MaskMeaning(land=[0])))
    is_sea = np.arange(NY * NX).reshape(NY, NX) % 2 == 1
    for step in (0, STEPS):
        has_value = np.isfinite(source.level(hidden, step, None))
        np.testing.assert_array_equal(has_value, is_sea & np.isfinite(family.celsius[step]))
