"""Files whose chunks we do not read ourselves; files that are damaged, cut, replaced; many at once."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import pytest
from tests.looping import loop_over

from ocean_core.errors import SourceUnreadable
from ocean_data.reading.chunk_index import read_index
from ocean_data.reading.chunks import AT_ONCE, LATE, REST, ChunkThreadPool
from ocean_data.reading.files import LocalBlob, state_of
from ocean_data.reading.source import NetCDFSource
from ocean_data.settings import MIB

STEPS, NY, NX = 3, 20, 30


def write(path, values=None, *, name="v", dtype="f4", form="NETCDF4", first=0, chunksizes=(1, 10, 15), **how):
    """A small file: values (time, y, x)."""
    values = np.arange(STEPS * NY * NX).reshape(STEPS, NY, NX) if values is None else values
    with netCDF4.Dataset(path, "w", format=form) as dataset:
        for axis, size in (("time", None), ("lat", NY), ("lon", NX)):
            dataset.createDimension(axis, size)
        time = dataset.createVariable("time", "f8", ("time",))
        time.units, time[:] = "hours since 2020-01-01", np.arange(first, first + len(values))
        dataset.createVariable("lat", "f4", ("lat",))[:] = np.arange(NY)
        dataset.createVariable("lon", "f4", ("lon",))[:] = np.arange(NX)
        storage = {} if form.startswith("NETCDF3") else {"zlib": True, "shuffle": True, "chunksizes": chunksizes} | how
        dataset.createVariable(name, dtype, ("time", "lat", "lon"), **storage)[:] = values
    return path


@pytest.fixture
def described_as(described):
    """Assets of a made file, or of several."""
    return lambda paths: described(paths, "v", kind="rectilinear", latitude="lat", longitude="lon")


def chunk_of(path, number=0):
    with h5py.File(path) as opened:
        return opened["v"].id.get_chunk_info(number)


def linked(path, link):
    """The variable is only a link."""
    write(path, name="w")
    with h5py.File(path, "a") as opened:
        opened["v"] = link
    return path


def bare(path):
    """A file that was not written for NetCDF: its dimensions have no names."""
    with h5py.File(path, "w") as opened:
        opened["v"] = np.zeros((STEPS, NY, NX), "f4")
    return path


def strings(path):
    with netCDF4.Dataset(path, "w") as opened:
        opened.createDimension("time", 2)
        opened.createVariable("v", str, ("time",))[:] = np.array(["a", "b"], object)
    return path


def records(path):
    with netCDF4.Dataset(path, "w") as opened:
        opened.createDimension("time", 2)
        kind = opened.createCompoundType(np.dtype([("a", "f4"), ("b", "f4")]), "pair")
        opened.createVariable("v", kind, ("time",))
    return path


def plain(path, make, **how):
    """A file of HDF5 alone, whose variable is made by a function; its dimensions have scales."""
    with h5py.File(path, "w", **how) as opened:
        created = make(opened)
        for number, (name, size) in enumerate((("lat", NY), ("lon", NX))):
            opened[name] = np.arange(size, dtype="f4")
            opened[name].make_scale(name)
            created.dims[number].attach_scale(opened[name])
    return path


def virtual(opened):
    layout = h5py.VirtualLayout((NY, NX), "f4")
    layout[:] = h5py.VirtualSource("other.nc", "v", (NY, NX))
    return opened.create_virtual_dataset("v", layout)


FIELD = np.arange(NY * NX, dtype="f4").reshape(NY, NX)
ODD = {
    "an enumeration": {"data": FIELD.astype("i1") % 2, "dtype": h5py.enum_dtype({"a": 0, "b": 1}, basetype="i1")},
    "booleans": {"data": FIELD > 3},
    "half floats": {"data": FIELD.astype("f2")},
    "packed bits": {"data": FIELD.astype("i4"), "scaleoffset": 0, "chunks": (5, 5)},
    "a filter of h5py": {"data": FIELD, "compression": "lzf", "chunks": (5, 5)},
    "bytes in another file": {"shape": FIELD.shape, "dtype": "f4", "external": [("raw.bin", 0, FIELD.nbytes)]},
}

LEFT = {
    "szip": lambda path: write(path, zlib=False, shuffle=False, compression="szip"),
    "zstandard": lambda path: write(path, zlib=False, compression="zstd"),
    "64-bit integers": lambda path: write(path, dtype="i8"),
    "a soft link": lambda path: linked(path, h5py.SoftLink("/w")),
    "an external link": lambda path: linked(path, h5py.ExternalLink("other.nc", "/w")),
    "dimensions without names": bare,
    "text": strings,
    "records": records,
    "another variable": lambda path: write(path, name="w"),
    "no NetCDF": lambda path: path.write_text("nothing") and path,
}


def indexed(path, name):
    with closing(LocalBlob(state_of(str(path)))) as blob:
        return read_index(blob, name)


@pytest.mark.parametrize("what", ODD)
def test_files_of_other_programs_are_left_to_the_library(tmp_path, what):
    assert indexed(plain(tmp_path / "made.nc", lambda opened: opened.create_dataset("v", **ODD[what])), "v") is None


def test_arrays_of_other_files_and_shifted_files_are_left_to_the_library(tmp_path):
    assert indexed(plain(tmp_path / "made.nc", virtual), "v") is None
    shifted = plain(tmp_path / "it.nc", lambda opened: opened.create_dataset("v", data=FIELD), userblock_size=512)
    assert indexed(shifted, "v") is None


@pytest.mark.parametrize("version", ["earliest", "latest"])
def test_every_way_to_find_chunks_is_known(tmp_path, source, described, version):
    how = {"data": FIELD, "chunks": (7, 11), "maxshape": (None, None), "compression": "gzip", "shuffle": True}
    path = plain(tmp_path / "made.nc", lambda opened: opened.create_dataset("v", **how), libver=version)
    assert indexed(path, "v") is not None
    variable = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
    np.testing.assert_array_equal(source.level(variable, None, None), FIELD)


@pytest.mark.parametrize("what", LEFT)
def test_unusual_hdf5_features_are_left_to_the_library(tmp_path, what):
    path = LEFT[what](tmp_path / "made.nc")
    assert indexed(path, "v") is None


def test_an_axis_is_left_to_the_library(tmp_path):
    path = write(tmp_path / "made.nc")
    assert indexed(path, "lat") is None
    assert indexed(path, "v") is not None


@pytest.mark.parametrize("what", ["szip", "zstandard", "64-bit integers"])
def test_unsupported_chunks_are_read_by_the_library(tmp_path, source, described_as, what):
    variable = described_as(LEFT[what](tmp_path / "made.nc"))
    expected = np.arange(STEPS * NY * NX).reshape(STEPS, NY, NX)
    np.testing.assert_array_equal(source.level(variable, 1, None), expected[1])
    cell = np.array([5 * NX + 7], np.int32)
    np.testing.assert_array_equal(source.columns(variable, None, slice(None), cell)[0, 0], expected[0, 5, 7])


def test_a_damaged_chunk_is_reported_and_hides_no_other(tmp_path, source, described_as):
    path = write(tmp_path / "made.nc")
    variable, chunk = described_as(path), chunk_of(path)
    with path.open("r+b") as opened:
        opened.seek(chunk.byte_offset + chunk.size // 2)
        opened.write(b"\xff" * 8)
    with pytest.raises(SourceUnreadable, match=r"made\.nc is damaged"):
        source.level(variable, 0, None)
    assert source.level(variable, 1, None)[0, 0] == NY * NX


def test_a_chunk_that_inflates_to_too_little_is_no_answer(tmp_path, source, described_as):
    path = write(tmp_path / "made.nc")
    variable = described_as(path)
    with h5py.File(path, "a") as opened:
        opened["v"].id.write_direct_chunk((0, 0, 0), np.zeros(4, np.float32).tobytes(), 0b11)
    with pytest.raises(SourceUnreadable, match=r"made\.nc is damaged"):
        source.level(variable, 0, None)


@pytest.mark.parametrize("keep", [0.5, 0.95])
def test_a_truncated_file_is_reported(tmp_path, source, described_as, keep):
    path = write(tmp_path / "made.nc", np.random.default_rng(0).normal(size=(STEPS, NY, NX)))
    variable = described_as(path)
    source.level(variable, 0, None)
    os.truncate(path, int(path.stat().st_size * keep))
    for step in range(STEPS):
        with pytest.raises(SourceUnreadable, match=r"made\.nc"):
            source.level(variable, step, None)


def test_numbers_that_lie_beyond_the_end_of_their_file_are_not_read_as_zeros(tmp_path, source, described_as):
    variable = described_as(write(tmp_path / "made.nc"))
    path = tmp_path / "made.nc"
    values = np.ones((STEPS, NY, NX), "f4")
    with h5py.File(path, "w", libver="earliest") as opened:
        dataset = opened.create_dataset("v", data=values)
        for number, name in enumerate(("time", "lat", "lon")):
            opened[name] = np.arange(values.shape[number], dtype="f8")
            opened[name].make_scale(name)
            dataset.dims[number].attach_scale(opened[name])
        end = dataset.id.get_offset() + values.nbytes // 2
    with path.open("r+b") as opened:
        opened.seek(40)  # where a superblock of version 0 says how long the file is
        opened.write(int(end).to_bytes(8, "little"))
    os.truncate(path, end)
    with pytest.raises(SourceUnreadable, match=r"made\.nc"):
        source.level(variable, STEPS - 1, None)


def test_a_removed_file_is_reported(tmp_path, source, described_as):
    path = write(tmp_path / "made.nc")
    variable = described_as(path)
    source.level(variable, 0, None)
    path.unlink()
    with pytest.raises(SourceUnreadable, match=r"made\.nc cannot be read"):
        source.level(variable, 1, None)


def test_a_chunk_is_inflated_once_for_all_its_times(tmp_path, described_as):
    path = write(tmp_path / "made.nc", chunksizes=(STEPS, 10, 15))
    variable, opened = described_as(path), NetCDFSource(4, 1, chunk_bytes=MIB)
    cells = np.array([0, NX + 1, 14 * NX + 20], np.int32)
    series = opened.columns(variable, range(STEPS), slice(None), cells)[:, 0]
    stored = opened._chunks["file"]._decoded.nbytes
    again = opened.columns(variable, range(STEPS), slice(None), cells + 1)[:, 0]
    assert stored == opened._chunks["file"]._decoded.nbytes == 2 * STEPS * 10 * 15 * 4
    np.testing.assert_array_equal(series, cells + NY * NX * np.arange(STEPS)[:, np.newaxis])
    np.testing.assert_array_equal(again, series + 1)
    write(tmp_path / "new.nc", np.full((STEPS, NY, NX), 5.0), chunksizes=(STEPS, 10, 15)).replace(path)
    assert (opened.columns(variable, range(STEPS), slice(None), cells) == 5).all()
    opened.close()


def test_the_chunk_cache_is_bounded(tmp_path, described_as):
    variable, opened = described_as(write(tmp_path / "made.nc")), NetCDFSource(4, 1, chunk_bytes=1500)
    everywhere = np.arange(0, NY * NX, 7, dtype=np.int32)
    for cell in everywhere:
        assert opened.columns(variable, [2], slice(None), np.array([cell]))[0, 0, 0] == 2 * NY * NX + cell
    assert opened._chunks["file"]._decoded.nbytes <= 1500
    opened.close()


def test_files_are_closed_after_a_series_of_many(tmp_path, source, described_as):
    count = AT_ONCE + 5
    paths = [write(tmp_path / f"{day:03d}.nc", np.full((1, NY, NX), day), first=day) for day in range(count)]
    variable, local = described_as(paths), Path("/proc/self/fd")
    cells = np.array([3, 599], np.int32)
    before = len(list(local.iterdir()))
    result = source.columns(variable, range(count), slice(None), cells)
    assert len(list(local.iterdir())) == before
    np.testing.assert_array_equal(result[:, 0], np.repeat(np.arange(count), 2).reshape(count, 2))


def test_a_file_that_is_replaced_again_and_again_is_never_mixed(tmp_path, source, described_as):
    path = write(tmp_path / "made.nc", np.zeros((STEPS, NY, NX)))
    variable, finished = described_as(path), threading.Event()
    rest = [write(tmp_path / f"{number}.nc", np.full((STEPS, NY, NX), number)) for number in range(1, 40)]

    def replace():
        for number, other in enumerate(rest):
            other.replace(path)
            finished.wait(0.001 * number)
        finished.set()

    source.level(variable, 0, None)  # all is compiled
    writer = threading.Thread(target=replace)
    writer.start()
    observed = set()
    while not finished.is_set():
        with suppress(SourceUnreadable):  # it is being written; try again
            window = source.columns(variable, range(STEPS), slice(None), np.arange(NY * NX, dtype=np.int32)[::50])
            level = source.level(variable, 1, None)
            assert np.unique(window).size == np.unique(level).size == 1
            observed.add(int(level[0, 0]))
    writer.join()
    assert len(observed) > 1
    assert (source.level(variable, 0, None) == 39).all()


def test_many_threads_read_the_same_numbers_at_once(tmp_path, source, described_as):
    plain = described_as(write(tmp_path / "plain.nc"))
    odd = described_as(write(tmp_path / "odd.nc", zlib=False, compression="zstd"))
    expected = np.arange(STEPS * NY * NX).reshape(STEPS, NY, NX)

    def ask(number):
        rng = np.random.default_rng(number)
        cells = rng.integers(0, NY * NX, 5).astype(np.int32)
        for _ in range(10):
            variable, step = (plain, odd)[rng.integers(2)], int(rng.integers(STEPS))
            np.testing.assert_array_equal(source.level(variable, step, None), expected[step])
            result = source.columns(variable, range(STEPS), slice(None), cells)[:, 0]
            np.testing.assert_array_equal(result, expected.reshape(STEPS, -1)[:, cells])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))


@loop_over("helpers", [0, 1, 3])
def test_a_thread_pool_runs_every_task_once(helpers):
    crew, finished = ChunkThreadPool(helpers), []
    crew.each(finished.append, range(200))
    crew.each(lambda number: crew.each(finished.append, [number]), range(200, 210))
    assert sorted(finished) == list(range(210))
    crew.close()


def test_a_slow_neighbour_is_not_requested_for_a_while():
    now, me = [0.0], threading.get_ident()
    crew = ChunkThreadPool(1, clock=lambda: now[0])
    free, came = threading.Event(), threading.Event()

    def work(number):
        if threading.get_ident() != me:
            came.set()
        elif number == 0:
            now[0] += 2 * LATE
            free.set()
            assert came.wait(30)

    crew._pool.submit(free.wait, 30)  # somebody keeps the helper busy
    crew.each(work, range(2))
    finished = []
    crew.each(lambda _: finished.append(threading.get_ident()), range(100))
    assert set(finished) == {me}
    now[0] += 2 * REST
    came.clear()
    crew.each(work, range(2))
    assert came.is_set()
    crew.close()


@pytest.mark.parametrize("helpers", [0, 3])
def test_an_error_ends_the_work_of_a_thread_pool(helpers):
    crew, finished = ChunkThreadPool(helpers), []

    def work(number):
        if number == 50:
            raise IndexError(number)
        finished.append(number)

    with pytest.raises(IndexError, match="50"):
        crew.each(work, range(100_000))
    assert len(finished) < 100_000
    crew.each(finished.append, [])
    crew.close()


def test_a_file_that_is_rewritten_with_its_size_and_time_is_read_again(tmp_path, source, described_as):
    path = write(tmp_path / "made.nc", zlib=False, shuffle=False)
    variable, before = described_as(path), path.stat()
    cells = np.array([NX + 1], np.int32)
    assert source.level(variable, 0, None)[1, 1] == source.columns(variable, [0], slice(None), cells)[0, 0, 0] == NX + 1
    with h5py.File(path, "a") as opened:
        opened["v"][...] = 5
    while path.stat().st_ctime_ns == before.st_ctime_ns or path.stat().st_mtime_ns != before.st_mtime_ns:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))  # the clock of a file has ticks
    assert path.stat().st_size == before.st_size
    assert source.level(variable, 0, None)[1, 1] == source.columns(variable, [0], slice(None), cells)[0, 0, 0] == 5


def deep(path, value, land):
    """Two levels of one value; the lower one is land in the left half."""
    with netCDF4.Dataset(path, "w") as dataset:
        for axis, size in (("depth", 2), ("lat", NY), ("lon", NX)):
            dataset.createDimension(axis, size)
            dataset.createVariable(axis, "f4", (axis,))[:] = np.arange(size)
        dataset.createVariable("v", "f4", ("depth", "lat", "lon"), zlib=True, fill_value=land)[:] = value
        dataset["v"][1, :, : NX // 2] = land
    return path


class Meanwhile(NetCDFSource):
    """Does something each time before it reads a level."""

    def __init__(self, changes):
        super().__init__(4, MIB)
        self.changes = changes

    def _read_level(self, *args):
        if self.changes:
            self.changes.pop(0)()
        return super()._read_level(*args)


def test_the_deepest_values_are_never_of_an_old_and_of_a_new_file(tmp_path, described):
    path, new = deep(tmp_path / "made.nc", 1, -1), deep(tmp_path / "new.nc", 2, -1)
    variable = described(path, "v", kind="rectilinear", latitude="lat", longitude="lon")
    opened = Meanwhile([lambda: None, lambda: new.replace(path)])
    assert (opened.level(variable, None, "bottom") == 2).all()
    opened.close()


def test_a_link_that_is_turned_and_turned_back_leads_to_its_own_file(tmp_path, described_as):
    link, item = tmp_path / "made.nc", write(tmp_path / "one.nc", np.full((STEPS, NY, NX), 1))
    other = write(tmp_path / "other.nc", np.full((STEPS, NY, NX), 2))

    def relink(target):
        (tmp_path / "link").symlink_to(target)
        (tmp_path / "link").replace(link)

    relink(item)
    variable, opened = described_as(link), Meanwhile([lambda: relink(other)])
    assert (opened.level(variable, 0, None) == 2).all()
    relink(item)
    assert (opened.level(variable, 0, None) == 1).all()
    assert (opened.columns(variable, [0], slice(None), np.array([5], np.int32)) == 1).all()
    opened.close()


def test_bytes_of_another_file_than_the_one_looked_at_are_not_read(tmp_path):
    path, new = write(tmp_path / "made.nc"), write(tmp_path / "new.nc")
    state = state_of(str(path))
    new.replace(path)
    with pytest.raises(SourceUnreadable, match="is being written"):
        LocalBlob(state)
