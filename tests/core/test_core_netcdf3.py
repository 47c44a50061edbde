"""Headers of NetCDF-3 files, against the NetCDF library."""

import netCDF4
import numpy as np
import pytest
from tests.looping import loop_over

from ocean_core.netcdf3 import HeaderIncomplete, read_netcdf3_header

FORMATS = ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"]


def written(path, form, variables, records=3, title="made"):
    with netCDF4.Dataset(path, "w", format=form) as out:
        out.createDimension("time", None)
        for name, size in (("y", 5), ("x", 7)):
            out.createDimension(name, size)
        out.title = title
        for name, dtype, dims in variables:
            variable = out.createVariable(name, dtype, dims)
            variable.units, variable.scale_factor = "m", np.float32(0.5)
            variable.set_auto_maskandscale(False)
            shape = [records if dim == "time" else out.dimensions[dim].size for dim in dims]
            variable[:] = np.arange(np.prod(shape)).reshape(shape) % 100
    return path.read_bytes()


def header_of(content):
    return read_netcdf3_header(lambda length: content[:length], len(content))


SEVERAL = [("h", "f8", ("y", "x")), ("t", "i2", ("time", "y", "x")), ("b", "i1", ("time",)), ("u", "f4", ("time", "x"))]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("variables", [SEVERAL, SEVERAL[:1], SEVERAL[1:2], SEVERAL[2:3]])
def test_values_lie_where_the_header_says(tmp_path, form, variables):
    content = written(tmp_path / "made.nc", form, variables)
    header = header_of(content)
    assert list(header.variables) == [name for name, *_ in variables]
    assert not header.streaming
    assert len(content) - 4 < header.end <= len(content)
    for name, dtype, dims in variables:
        result = header.variables[name]
        assert (result.dimensions, result.dtype) == (dims, np.dtype(dtype).newbyteorder(">"))
        assert result.attributes["units"] == "m"
        assert result.attributes["scale_factor"] == np.float32(0.5)
        count = result.shape[0] if result.record_step else 1
        parts = [content[result.begin + n * (result.record_step or 0) :][: result.record_size] for n in range(count)]
        values = np.frombuffer(b"".join(parts), result.dtype)
        np.testing.assert_array_equal(values, np.arange(values.size) % 100)


def test_the_number_of_records_of_a_stream_follows_from_the_file_size(tmp_path):
    content = bytearray(written(tmp_path / "made.nc", FORMATS[0], SEVERAL))
    content[4:8] = b"\xff" * 4
    header = header_of(bytes(content))
    assert header.streaming
    assert header.end is None
    assert header.variables["t"].shape == (3, 5, 7)


def test_without_records_nothing_is_missing(tmp_path):
    content = written(tmp_path / "made.nc", FORMATS[0], SEVERAL, records=0)
    header = header_of(content)
    assert header.variables["t"].shape == (0, 5, 7)
    assert header.end <= len(content)


@loop_over("content", [b"", b"CD", b"CDF\x03aaaa", b"\x89HDF\r\n\x1a\n"])
def test_other_formats_have_no_such_header(content):
    assert header_of(content) is None


def test_a_header_that_is_cut_or_damaged_is_refused(tmp_path):
    content = written(tmp_path / "made.nc", FORMATS[0], SEVERAL)
    for length in (4, 8, 50, 200):
        with pytest.raises(HeaderIncomplete):
            header_of(content[:length])
    damaged = content.replace((2).to_bytes(4, "big") + b"\0\0\0\1m\0\0\0", b"\0\0\0\x63\0\0\0\1m\0\0\0")
    with pytest.raises((LookupError, ValueError)):
        header_of(damaged)


def test_a_long_header_is_read_in_several_steps(tmp_path):
    content = written(tmp_path / "made.nc", FORMATS[1], SEVERAL, title="a long one" * 15_000)
    lengths = []

    def read(length):
        lengths.append(length)
        return content[:length]

    assert len(read_netcdf3_header(read, len(content)).variables) == len(SEVERAL)
    assert len(lengths) > 3
    assert lengths == sorted(lengths)
