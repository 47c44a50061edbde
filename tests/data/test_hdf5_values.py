"""Reading chunks ourselves never changes a value: bit for bit what the library and `Packing` make of the same file."""

import itertools
import os
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.looping import loop_over

from ocean_common.contracts.assets import Assets, Dimension, Grid, VariableInfo
from ocean_core.packing import Packing
from ocean_data.reading.chunks import ChunkReader
from ocean_data.reading.files import ORDER, Library
from ocean_data.settings import MIB

SHAPE = (5, 3, 17, 23)
CHUNKS = (2, 2, 7, 10)


@pytest.fixture
def reader():
    created = ChunkReader(Library(4), MIB, 1)
    yield created
    created.close()


def numbers(dtype, shape=SHAPE):
    """Numbers over the whole range of a type, with the odd ones among them."""
    rng = np.random.default_rng(7)
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        created = rng.normal(scale=100, size=shape).astype(dtype)
        created.ravel()[:7] = [np.nan, np.inf, -np.inf, -0.0, 1e20, 9.96921e36, 1e-40]
        return created
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype=dtype.newbyteorder("="), endpoint=True).astype(dtype)


def write(path, values, *, said=None, roles=ORDER, unlimited=False, **made):
    """A file with one variable `v` and dimensions that are called as their roles."""
    with netCDF4.Dataset(path, "w") as opened:
        for name, size in zip(roles, values.shape, strict=True):
            opened.createDimension(name, None if unlimited and name == roles[0] else size)
        order = {"<": "little", ">": "big"}.get(values.dtype.byteorder, "native")
        variable = opened.createVariable("v", values.dtype, roles, endian=order, **made)
        variable.set_auto_maskandscale(False)
        variable.setncatts(said or {})
        variable[:] = values
    return path


def assets(path, name="v", roles=None):
    """What the metadata service would say of a variable."""
    with netCDF4.Dataset(path) as opened:
        return describe_variable(opened[name], path, roles)


def describe_variable(variable, path, roles=None):
    """The assets of a variable of an open file."""
    name, roles = variable.name, roles or variable.dimensions
    sizes = dict(zip(roles, variable.shape, strict=True))
    return Assets(
        dataset="made",
        revision="r1",
        variable=VariableInfo(dataset="made", key=name, name=name, units="1", scale=(0.0, 1.0)),
        source=name,
        dimensions=[
            Dimension(name=dimension, size=size, role=role)
            for dimension, size, role in zip(variable.dimensions, variable.shape, roles, strict=True)
        ],
        grid=Grid(id="made", kind="rectilinear", shape=(sizes.get("y", 1), sizes.get("x", 1)), file=str(path)),
        depth=None,
        files=[],
        steps=None,
    )


def box_of(variable, picks):
    """What is picked along each dimension of a window."""
    sizes = {dimension.role: dimension.size for dimension in variable.dimensions}
    return tuple(range(sizes.get(role, 1))[picks.get(role, slice(None))] for role in ORDER)


def expected(path, variable, picks, dtype):
    """The same window through the library and `Packing`."""
    with netCDF4.Dataset(path) as opened:
        opened.set_auto_maskandscale(False)
        return read_window(opened[variable.source], variable, picks, dtype)


def read_window(result, variable, picks, dtype):
    """A window of a variable of an open file."""
    roles = [dimension.role for dimension in variable.dimensions]
    box = tuple(picks.get(role, slice(None)) if role in ORDER else slice(0, 1) for role in roles)
    output = {name: result.getncattr(name) for name in result.ncattrs()}
    values = Packing.from_attributes(output, np.dtype(result.dtype)).unpack(np.asarray(result[box]), dtype)
    values = values.reshape([size for role, size in zip(roles, values.shape, strict=True) if role in ORDER])
    stored = [role for role in roles if role in ORDER]
    values = values.transpose([stored.index(role) for role in ORDER if role in stored])
    return values.reshape(
        [values.shape[[r for r in ORDER if r in stored].index(r)] if r in stored else 1 for r in ORDER]
    )


def same(left, right):
    """Equal bits, but for the payload of NaN."""
    assert left.dtype == right.dtype
    assert left.shape == right.shape
    bits = np.uint32 if left.dtype == np.float32 else np.uint64
    nothing = np.isnan(left)
    np.testing.assert_array_equal(nothing, np.isnan(right))
    np.testing.assert_array_equal(left.view(bits)[~nothing], right.view(bits)[~nothing])


def assert_as_the_library_reads(reader, path, picks, variable=None):
    variable = variable or assets(path)
    for dtype in (np.float32, np.float64):
        (window,) = reader.windows(variable, [(str(path), box_of(variable, picks))], dtype)
        assert window is not None, "left to the library"
        same(window, expected(path, variable, picks, dtype))


def some_boxes(shape=SHAPE, roles=ORDER, count=12):
    """All of it, single cells, and boxes at random."""
    rng = np.random.default_rng(3)
    yield {}
    yield dict.fromkeys(roles, slice(0, 1))
    yield {role: slice(size - 1, size) for role, size in zip(roles, shape, strict=True)}
    for _ in range(count):
        picks = {}
        for role, size in zip(roles, shape, strict=True):
            start = int(rng.integers(0, size))
            picks[role] = slice(start, int(rng.integers(start + 1, size + 1)))
        yield picks


STORAGE = {
    "deflated and shuffled": {"zlib": True, "complevel": 4, "shuffle": True, "chunksizes": CHUNKS},
    "deflated": {"zlib": True, "complevel": 9, "shuffle": False, "chunksizes": CHUNKS},
    "shuffled": {"zlib": False, "shuffle": True, "chunksizes": CHUNKS},
    "in chunks": {"chunksizes": CHUNKS},
    "in one piece": {"contiguous": True},
    "in chunks of one number": {"zlib": True, "shuffle": True, "chunksizes": (1, 1, 1, 1)},
    "in one chunk": {"zlib": True, "shuffle": True, "chunksizes": SHAPE},
    "in long chunks": {"zlib": True, "shuffle": True, "chunksizes": (5, 1, 1, 1)},
}
TYPES = [order + kind for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8") for order in "<>"]
PACKINGS = {
    "plain": {},
    "single": {"scale_factor": np.float32(0.01), "add_offset": np.float32(273.15)},
    "double": {"scale_factor": 0.01, "add_offset": 273.15},
    "offset alone": {"add_offset": np.float32(-0.5)},
    "scale alone": {"scale_factor": np.float64(1e-3)},
    "range": {"valid_min": np.int16(-50), "valid_max": np.int16(100)},
    "range of floats": {"scale_factor": 0.5, "valid_range": np.array([-20.0, 30.0], np.float32)},
    "range upside down": {"valid_min": np.float32(100), "valid_max": np.float32(-100)},
    "one limit": {"valid_max": np.float64(77.7)},
    "text": {"missing_value": "none", "valid_min": "low", "_Unsigned": "false"},
    "unsigned": {"_Unsigned": "true", "scale_factor": np.float32(0.1)},
    "several": {"missing_value": np.array([3, 5, 7], np.int16), "add_offset": 1.0},
    "the same twice": {"missing_value": np.float32(17), "scale_factor": np.float32(2)},
    "numbers as text": {"missing_value": "17", "scale_factor": "0.5", "add_offset": " -3 "},
    "odd": {"missing_value": np.array([1e20, np.nan, -1e300, 1e300])},
}


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("dtype", ["<i2", ">f4"])
def test_a_window_is_the_same_however_it_is_stored(tmp_path, reader, storage, dtype):
    path = write(tmp_path / "made.nc", numbers(dtype), fill_value=5, **STORAGE[storage])
    for picks in some_boxes(count=6):
        assert_as_the_library_reads(reader, path, picks)


@pytest.mark.parametrize("dtype", TYPES)
def test_a_window_is_the_same_of_whatever_type(tmp_path, reader, dtype):
    for shuffle in (True, False):
        path = write(tmp_path / f"{shuffle}.nc", numbers(dtype), zlib=True, shuffle=shuffle, chunksizes=CHUNKS)
        for picks in some_boxes(count=3):
            assert_as_the_library_reads(reader, path, picks)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast", "ignore:invalid value encountered")
@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8"])
@loop_over("said", PACKINGS)
def test_a_window_is_the_same_however_it_is_packed(tmp_path, reader, said, dtype):
    values = numbers(dtype, SHAPE[2:])
    values.ravel()[10:40] = np.arange(30)
    fill = 200 if dtype == "u1" else 17
    path = tmp_path / f"{said}.nc"
    write(path, values, said=PACKINGS[said], roles=("y", "x"), fill_value=fill, zlib=True, shuffle=True)
    assert_as_the_library_reads(reader, path, {})


@pytest.mark.parametrize("fill", [None, 7, np.nan])
@pytest.mark.parametrize("unlimited", [True, False])
def test_a_chunk_may_be_larger_than_what_is_in_it(tmp_path, reader, unlimited, fill):
    chunks = (64, 3, 17, 23) if unlimited else SHAPE
    path = tmp_path / "made.nc"
    write(path, numbers("f4"), unlimited=unlimited, zlib=True, shuffle=True, chunksizes=chunks, fill_value=fill)
    for picks in some_boxes(count=4):
        assert_as_the_library_reads(reader, path, picks)


@pytest.mark.parametrize("fill", [None, 7])
@pytest.mark.parametrize("dtype", ["i2", "f4", "f8"])
def test_unwritten_chunks_have_the_fill_value(tmp_path, reader, dtype, fill):
    path = tmp_path / "made.nc"
    with netCDF4.Dataset(path, "w") as opened:
        for name, size in zip(ORDER, (None, 3, 17, 23), strict=True):
            opened.createDimension(name, size)
        variable = opened.createVariable("v", dtype, ORDER, zlib=True, chunksizes=CHUNKS, fill_value=fill)
        variable[4, 0, :9, :9] = 3
    for picks in some_boxes():
        assert_as_the_library_reads(reader, path, picks)


def test_an_array_that_was_never_written_is_the_fill(tmp_path, reader):
    path = tmp_path / "made.nc"
    with netCDF4.Dataset(path, "w") as opened:
        for name, size in zip(ORDER[2:], (17, 23), strict=True):
            opened.createDimension(name, size)
        opened.createVariable("v", "i2", ORDER[2:], contiguous=True, fill_value=9).add_offset = np.float32(2)
    assert_as_the_library_reads(reader, path, {})


@pytest.mark.parametrize("roles", [("x", "y", "depth", "time"), ("y", "time", "x"), ("time", "other", "y", "x")])
@pytest.mark.parametrize("storage", [{"zlib": True, "shuffle": True}, {"contiguous": True}])
def test_the_order_of_dimensions_does_not_matter(tmp_path, reader, roles, storage):
    values = numbers("f4", tuple(dict(zip((*ORDER, "other"), (*SHAPE, 2), strict=True))[role] for role in roles))
    path = write(tmp_path / "made.nc", values, roles=roles, **storage)
    shape = [size for role, size in zip(roles, values.shape, strict=True) if role in ORDER]
    for picks in some_boxes(shape, [role for role in roles if role in ORDER], 8):
        assert_as_the_library_reads(reader, path, picks, assets(path, roles=roles))


def test_an_array_in_the_header_of_its_file_is_read(tmp_path, reader):
    path = write(tmp_path / "made.nc", numbers("f4", (17, 23)), roles=("y", "x"), contiguous=True)
    with h5py.File(path, "a") as opened:
        values, scales = opened["v"][...], [opened["y"], opened["x"]]
        del opened["v"]
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple(values.shape)
        dataset = h5py.Dataset(h5py.h5d.create(opened.id, b"v", h5py.h5t.IEEE_F32LE, space, plist))
        dataset[...] = values
        for dimension, scale in zip(dataset.dims, scales, strict=True):
            dimension.attach_scale(scale)
    for picks in some_boxes((17, 23), ("y", "x")):
        assert_as_the_library_reads(reader, path, picks)


def test_a_chunk_that_went_around_a_filter_is_read(tmp_path, reader):
    values = numbers("f4", (14, 20))
    path = write(tmp_path / "made.nc", values, roles=("y", "x"), zlib=True, shuffle=True, chunksizes=(7, 10))
    shuffled = np.ascontiguousarray(values[:7, :10]).view(np.uint8).reshape(-1, 4).T.tobytes()
    with h5py.File(path, "a") as opened:
        opened["v"].id.write_direct_chunk((0, 0), shuffled, 0b10)
        opened["v"].id.write_direct_chunk((0, 10), values[:7, 10:].tobytes(), 0b11)
    with h5py.File(path) as opened:
        assert [opened["v"].id.get_chunk_info(number).filter_mask for number in range(4)] == [2, 3, 0, 0]
    for picks in some_boxes((14, 20), ("y", "x")):
        assert_as_the_library_reads(reader, path, picks)


LIMITS = [st.tuples(st.integers(0, size - 1), st.integers(1, size)) for size in SHAPE]


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    boxes=st.lists(st.tuples(*LIMITS), min_size=1, max_size=4),
    chunks=st.tuples(*(st.integers(1, size) for size in SHAPE)),
    dtype=st.sampled_from(["<i2", ">i4", "<f4", "<f8", "u1"]),
    flags=st.fixed_dictionaries({name: st.booleans() for name in ("zlib", "shuffle", "unlimited")}),
)
def test_any_window_of_any_chunks_is_the_same(tmp_path_factory, boxes, chunks, dtype, flags):
    path = tmp_path_factory.mktemp("twins") / "made.nc"
    output = {"scale_factor": np.float32(0.1)}
    write(path, numbers(dtype), said=output, chunksizes=chunks, complevel=1, **flags)
    variable = assets(path)
    requests = [
        {role: slice(min(a, b - 1), max(a + 1, b)) for role, (a, b) in zip(ORDER, box, strict=True)} for box in boxes
    ]
    reader = ChunkReader(Library(4), MIB, 1)
    result = reader.windows(variable, [(str(path), box_of(variable, picks)) for picks in requests], np.float32)
    reader.close()
    for picks, window in zip(requests, result, strict=True):
        same(window, expected(path, variable, picks, np.float32))


@pytest.mark.filterwarnings("ignore")  # of the library, on odd files
@pytest.mark.skipif("OCEAN_SAMPLES" not in os.environ, reason="OCEAN_SAMPLES names no folder of sample files")
def test_every_number_of_every_sample_file_is_the_same(reader):
    read = left = 0
    for path in sorted(Path(os.environ["OCEAN_SAMPLES"]).rglob("*.*")):
        for source in plain_variables(path):
            shape = source.shape
            roles = (*itertools.repeat("other", max(0, len(shape) - 4)), *ORDER[-len(shape) :])
            variable = describe_variable(source, path, roles)
            existing = [(role, size) for role, size in zip(roles, shape, strict=True) if role in ORDER]
            for picks in some_boxes([size for _, size in existing], [role for role, _ in existing], 3):
                (window,) = reader.windows(variable, [(str(path), box_of(variable, picks))], np.float32)
                left += window is None
                if window is not None:
                    read += 1
                    same(window, read_window(source, variable, picks, np.float32))
    assert read > left  # axes and 64-bit integers are the library's


def plain_variables(path):
    """The numeric arrays of a file, which is open meanwhile."""
    try:
        opened = netCDF4.Dataset(path)
    except OSError:
        return
    with opened:
        opened.set_auto_maskandscale(False)
        for variable in opened.variables.values():
            if variable.ndim and variable.size and getattr(variable.dtype, "kind", "O") in "iuf":
                yield variable
