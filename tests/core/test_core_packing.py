"""Packed numbers: what the attributes of files mean, and those with which nothing can be unpacked."""

import netCDF4
import numpy as np
import pytest

from ocean_core.packing import InvalidPacking, Packing


@pytest.mark.parametrize(
    "attributes",
    [
        {"scale_factor": 0.5, "add_offset": 3.0, "_FillValue": np.int16(-1)},
        {"scale_factor": np.float32(0.25), "missing_value": np.array([7], "i2")},
        {"add_offset": np.float64(-2.5), "valid_range": np.array([0, 50], "i2")},
    ],
)
def test_values_are_those_of_the_netcdf_library(tmp_path, attributes):
    raw = np.arange(-3, 60, dtype="i2")
    with netCDF4.Dataset(tmp_path / "a.nc", "w") as data:
        data.createDimension("x", raw.size)
        fill = attributes.pop("_FillValue", False)
        variable = data.createVariable("v", "i2", ("x",), fill_value=fill)
        variable.setncatts(attributes)
        variable.set_auto_maskandscale(False)
        variable[:] = raw
        variable.set_auto_maskandscale(True)
        expected = np.ma.filled(variable[:].astype("f8"), np.nan)
    attributes |= {} if fill is False else {"_FillValue": fill}
    values = Packing.from_attributes(attributes, raw.dtype).unpack(raw, np.float64)
    np.testing.assert_allclose(values, expected)


@pytest.mark.parametrize(
    "attributes", [{"scale_factor": "0.5"}, {"scale_factor": b"0.5 "}, {"scale_factor": [0.5, 0.5]}]
)
def test_a_factor_in_another_form_is_a_number(attributes):
    assert Packing.from_attributes(attributes, np.dtype("i2")).scale == 0.5


@pytest.mark.parametrize(("fill", "missing"), [("-999", (-999.0,)), ("N/A", ()), ("", ()), (b"1e20", (1e20,))])
def test_a_fill_in_text_is_a_number_or_nothing(fill, missing):
    assert Packing.from_attributes({"missing_value": fill}, np.dtype("f4")).missing == missing


@pytest.mark.parametrize("value", ["ten", np.nan, np.inf, 0, [1.0, 2.0], "0.1 0.2", [np.nan, np.nan]])
def test_a_factor_that_is_none_is_refused_with_its_value(value):
    with pytest.raises(InvalidPacking, match="its scale_factor"):
        Packing.from_attributes({"scale_factor": value}, np.dtype("i2"))


def test_an_empty_factor_and_an_offset_of_zero_change_nothing():
    packing = Packing.from_attributes({"scale_factor": "", "add_offset": 0}, np.dtype("i2"))
    assert (packing.scale, packing.offset) == (1.0, 0.0)


@pytest.mark.parametrize("limits", [{"valid_min": "2", "valid_max": "4"}, {"valid_range": "2, 4"}])
def test_valid_limits_in_text_are_numbers(limits):
    packing = Packing.from_attributes(limits, np.dtype("f4"))
    assert np.isnan(packing.unpack(np.arange(6, dtype="f4"), np.float32)).tolist() == [True, True, *[False] * 3, True]


@pytest.mark.parametrize("limits", [{"valid_range": "0 to 10"}, {"valid_range": [4.0, 2.0]}, {"valid_range": 3.0}])
def test_limits_that_are_no_range_mask_nothing(limits):
    packing = Packing.from_attributes(limits, np.dtype("f4"))
    assert not np.isnan(packing.unpack(np.arange(6, dtype="f4"), np.float32)).any()
