"""What was done to the bytes of chunks is undone in whatever order it was done; a wrong checksum is told."""

from contextlib import closing
from itertools import permutations

import h5py
import netCDF4
import numpy as np
import pytest
from h5py import h5d, h5p, h5s, h5t, h5z
from tests.looping import loop_over

from ocean_core.errors import SourceUnreadable
from ocean_data.reading.chunk_index import read_index
from ocean_data.reading.files import LocalBlob, state_of
from ocean_data.reading.kernels import checksum

NY, NX = 20, 30
CHUNKS = (7, 11)  # of an odd number of numbers, the last ones beyond the edge
FILTERS = {
    "shuffle": lambda plist: plist.set_shuffle(),
    "deflate": lambda plist: plist.set_deflate(4),
    "fletcher32": lambda plist: plist.set_fletcher32(),
}
ORDERS = [order for count in range(1, 4) for order in permutations(FILTERS, count)]


def write(path, values, order, chunks=CHUNKS):
    """A file whose variable `v` went through filters in this order."""
    with h5py.File(path, "w", track_order=True) as opened:
        for name, size in (("lat", NY), ("lon", NX)):
            opened[name] = np.arange(size, dtype="f4")
            opened[name].make_scale(name)
        plist = h5p.create(h5p.DATASET_CREATE)
        plist.set_chunk(chunks)
        for name in order:
            FILTERS[name](plist)
        space = h5s.create_simple(values.shape)
        dataset = h5py.Dataset(h5d.create(opened.id, b"v", h5t.py_create(values.dtype), space, plist))
        dataset[...] = values
        for dimension, name in zip(dataset.dims, ("lat", "lon"), strict=True):
            dimension.attach_scale(opened[name])
    return path


def some(dtype):
    """Numbers that fill their bytes, and never the library's own fill."""
    return np.random.default_rng(3).integers(0, 100, (NY, NX)).astype(dtype)


def indexed(path):
    with closing(LocalBlob(state_of(str(path)))) as blob:
        return read_index(blob, "v")


@pytest.fixture
def described_as(described):
    return lambda path: described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
def test_filters_are_undone_in_the_order_in_which_they_were_applied(tmp_path, source, described_as, order):
    for dtype in ("i1", "<i2", ">i2", "<f4", ">f4", "<f8"):
        values = some(dtype)
        path = write(tmp_path / f"{np.dtype(dtype).str[1:]}{dtype[0] == '>'}.nc", values, order)
        assert indexed(path).filters == order
        variable = described_as(path)
        cells = np.array([0, 3 * NX + 4, NY * NX - 1], np.int32)
        np.testing.assert_array_equal(source.columns(variable, None, slice(None), cells)[0, 0], values.ravel()[cells])
        np.testing.assert_array_equal(source.level(variable, None, None), values)
        with netCDF4.Dataset(path) as opened:
            np.testing.assert_array_equal(opened["v"][:], values)


@pytest.mark.parametrize("how", [{}, {"shuffle": True, "zlib": True}])
def test_checksums_of_the_netcdf_library_are_read_without_it(tmp_path, source, described_as, how):
    path, values = tmp_path / "made.nc", some("f4")
    with netCDF4.Dataset(path, "w") as opened:
        for name, size in (("lat", NY), ("lon", NX)):
            opened.createDimension(name, size)
            opened.createVariable(name, "f4", (name,))[:] = np.arange(size)
        opened.createVariable("v", "f4", ("lat", "lon"), fletcher32=True, chunksizes=CHUNKS, **how)[:] = values
    assert "fletcher32" in indexed(path).filters
    np.testing.assert_array_equal(source.level(described_as(path), None, None), values)


@pytest.mark.parametrize("order", [order for order in ORDERS if "fletcher32" in order], ids="-".join)
def test_a_changed_byte_is_reported(tmp_path, source, described_as, order):
    path = write(tmp_path / "made.nc", some("f4"), order)
    variable = described_as(path)
    with h5py.File(path) as opened:
        chunk = opened["v"].id.get_chunk_info(0)
    with path.open("r+b") as opened:
        opened.seek(chunk.byte_offset + chunk.size // 2)
        flipped = opened.read(1)[0] ^ 1
        opened.seek(-1, 1)
        opened.write(bytes([flipped]))
    with pytest.raises(SourceUnreadable, match=r"made\.nc is damaged"):
        source.level(variable, None, None)
    far = np.array([NY * NX - 1], np.int32)  # in another chunk
    assert source.columns(variable, None, slice(None), far)[0, 0, 0] == some("f4")[-1, -1]


def test_a_chunk_that_went_around_its_checksum_is_read(tmp_path, source, described_as):
    values = some("f4")
    path = write(tmp_path / "made.nc", values, ("shuffle", "deflate", "fletcher32"), chunks=(NY, NX))
    with h5py.File(path, "a") as opened:
        opened["v"].id.write_direct_chunk((0, 0), values.tobytes(), 0b111)
    np.testing.assert_array_equal(source.level(described_as(path), None, None), values)


@pytest.mark.parametrize("order", [("fletcher32",), ("deflate", "fletcher32"), ("shuffle",), ("deflate",)])
def test_a_chunk_that_is_too_short_is_reported_without_the_library(tmp_path, source, described_as, order):
    path = write(tmp_path / "made.nc", some("f4"), order, chunks=(NY, NX))
    variable = described_as(path)
    with h5py.File(path, "a") as opened:
        opened["v"].id.write_direct_chunk((0, 0), b"abc", 0)
    with pytest.raises(SourceUnreadable, match=r"made\.nc is damaged"):
        source.level(variable, None, None)


def by_hand(data):
    """Fletcher's checksum, word by word."""
    first = second = 0
    for high, low in zip(data[::2], [*data[1::2], 0][: (len(data) + 1) // 2], strict=True):
        first += int(high) << 8 | int(low)
        second += first
        first, second = (value if value < 0x10000 else (value & 0xFFFF) + (value >> 16) for value in (first, second))
    first, second = (value if value < 0x10000 else (value & 0xFFFF) + (value >> 16) for value in (first, second))
    return second << 16 | first


@loop_over("size", [1, 2, 3, 720, 721, 131_071, 131_072, 131_075])
def test_a_checksum_is_that_of_its_definition(size):
    for data in (np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8), np.full(size, 255, np.uint8)):
        assert int.from_bytes(checksum(data), "little") == by_hand(data)
        assert not checksum(np.zeros(size, np.uint8)).any()


def test_the_filters_are_those_of_hdf5():
    assert (h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE, h5z.FILTER_FLETCHER32) == (1, 2, 3)
