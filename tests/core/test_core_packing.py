"""Packed numbers: what the attributes of files mean, and those with which nothing can be unpacked."""

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_core.packing import Encoding, InvalidPacking, Packing


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


@loop_over("attributes", [{"scale_factor": "0.5"}, {"scale_factor": b"0.5 "}, {"scale_factor": [0.5, 0.5]}])
def test_a_factor_in_another_form_is_a_number(attributes):
    assert Packing.from_attributes(attributes, np.dtype("i2")).scale == 0.5


@loop_over(("fill", "missing"), [("-999", (-999.0,)), ("N/A", ()), ("", ()), (b"1e20", (1e20,))])
def test_a_fill_in_text_is_a_number_or_nothing(fill, missing):
    assert Packing.from_attributes({"missing_value": fill}, np.dtype("f4")).missing == missing


@loop_over("value", ["ten", np.nan, np.inf, 0, [1.0, 2.0], "0.1 0.2", [np.nan, np.nan]])
def test_a_factor_that_is_none_is_refused_with_its_value(value):
    with pytest.raises(InvalidPacking, match="its scale_factor"):
        Packing.from_attributes({"scale_factor": value}, np.dtype("i2"))


def test_an_empty_factor_and_an_offset_of_zero_change_nothing():
    packing = Packing.from_attributes({"scale_factor": "", "add_offset": 0}, np.dtype("i2"))
    assert (packing.scale, packing.offset) == (1.0, 0.0)


@loop_over("limits", [{"valid_min": "2", "valid_max": "4"}, {"valid_range": "2, 4"}])
def test_valid_limits_in_text_are_numbers(limits):
    packing = Packing.from_attributes(limits, np.dtype("f4"))
    assert np.isnan(packing.unpack(np.arange(6, dtype="f4"), np.float32)).tolist() == [True, True, *[False] * 3, True]


@loop_over("limits", [{"valid_range": "0 to 10"}, {"valid_range": [4.0, 2.0]}, {"valid_range": 3.0}])
def test_limits_that_are_no_range_mask_nothing(limits):
    packing = Packing.from_attributes(limits, np.dtype("f4"))
    assert not np.isnan(packing.unpack(np.arange(6, dtype="f4"), np.float32)).any()


NUMBERS = st.floats(1e-6, 1e4).flatmap(lambda size: st.sampled_from([size, -size]))
OFFSETS = st.one_of(st.just(0.0), NUMBERS)
FLOATS = st.sampled_from([np.float32, np.float64])


@given(
    dtype=st.sampled_from(["i1", "u1", "i2", "u2", "i4", "u4"]),
    order=st.sampled_from("<>"),
    scale=st.builds(lambda kind, number: kind(number), FLOATS, NUMBERS),
    offset=st.builds(lambda kind, number: kind(number), FLOATS, OFFSETS),
    unsigned=st.booleans(),
    numbers=st.data(),
)
def test_integers_come_back_from_their_values(*, dtype, order, scale, offset, unsigned, numbers):
    dtype = np.dtype(order + dtype)
    limits = np.iinfo(dtype)
    whole = st.integers(limits.min, limits.max)
    raw = np.array(numbers.draw(st.lists(whole, min_size=1, max_size=30)), dtype)
    fill = dtype.type(numbers.draw(whole))
    attributes = {"scale_factor": scale, "add_offset": offset, "_FillValue": fill}
    attributes |= {"_Unsigned": "true"} if unsigned else {}
    packing, encoding = Packing.from_attributes(attributes, dtype), Encoding.from_attributes(attributes, dtype)
    values = packing.unpack(raw, packing.working)
    if encoding is None:  # two neighbours may have one value
        reach = abs(packing.offset) + abs(packing.scale) * 2.0 ** (8 * dtype.itemsize)
        assert np.spacing(packing.working(reach)) * 4 >= abs(packing.scale)
        return
    for form in (encoding, encoding.signed):
        packed = form.pack(values)
        assert packed.dtype == form.dtype
        stored = np.where(np.isnan(values), fill, raw).astype(dtype.newbyteorder("="))
        np.testing.assert_array_equal(packed, stored.view(form.dtype))
        again = Packing.from_attributes(form.attributes, packed.dtype)
        np.testing.assert_array_equal(again.unpack(packed, packing.working), values)


@loop_over(
    ("attributes", "dtype"),
    [
        ({}, "f4"),
        ({"_FillValue": -1}, "i8"),
        ({"scale_factor": 0.1}, "i1"),  # no number for missing values
        ({"scale_factor": np.float32(1e-6), "add_offset": np.float32(273.15)}, "i2"),  # neighbours are one float32
    ],
)
def test_floats_long_integers_and_too_fine_steps_have_no_encoding(attributes, dtype):
    assert Encoding.from_attributes(attributes, np.dtype(dtype)) is None


def test_an_encoding_has_the_attributes_of_the_file():
    attributes = {
        "scale_factor": "0.5",  # as numbers, which every reader knows
        "add_offset": np.float32(20),
        "missing_value": np.int16(-9),
        "valid_range": np.array([-5, 70], "i2"),
    }
    encoding = Encoding.from_attributes(attributes, np.dtype(">i2"))
    assert encoding.attributes == {
        "_FillValue": -9, "scale_factor": 0.5, "add_offset": 20, "valid_min": -5, "valid_max": 70,
    }  # fmt: skip
    assert encoding.attributes["add_offset"].dtype == np.float32
    assert encoding.attributes["valid_min"].dtype == np.int16


def test_values_of_another_packing_are_refused():
    encoding = Encoding.from_attributes({"scale_factor": 0.1, "_FillValue": -1}, np.dtype("i2"))
    assert encoding.pack(np.array([1.0, np.nan])).tolist() == [10, -1]
    for value in (0.05, 4000.0, -4000.0):
        with pytest.raises(InvalidPacking):
            encoding.pack(np.array([value]))


def test_the_valid_range_of_unsigned_bytes_is_unsigned():
    attributes = {"_Unsigned": "true", "valid_range": np.array([0, -6], "i1"), "_FillValue": np.int8(-1)}
    packing = Packing.from_attributes(attributes, np.dtype("i1"))
    values = packing.unpack(np.array([0, -7, -6, -5, -1], "i1"), np.float64)
    np.testing.assert_array_equal(values, [0, 249, 250, np.nan, np.nan])
    written = Encoding.from_attributes(attributes, np.dtype("i1")).attributes
    assert (written["valid_min"], written["valid_max"]) == (0, -6)
    assert Packing.from_attributes(written, np.dtype("i1")).high == 250
