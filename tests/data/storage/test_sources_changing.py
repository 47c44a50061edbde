"""Places that are down, break or change: told for that file alone, in time, and never a mixture."""

import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import icechunk
import netCDF4
import numpy as np
import obstore
import pytest
import zarr
from tests.looping import loop_over

from ocean_common.dataset_uri import folder_stamp, kind_of, text_stamp
from ocean_core.errors import SourceUnreadable
from ocean_data.reading import zarr as stores
from ocean_data.reading.objects import Storage
from ocean_data.reading.source import NetCDFSource
from ocean_data.settings import MIB

STEPS, NY, NX = 3, 8, 12
FORMS = ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"]


def write(path, first=0.0, form="NETCDF4", **how):
    """A file of values (time, lat, lon) that count from `first`."""
    with netCDF4.Dataset(path, "w", format=form) as made:
        for name, size in (("time", None), ("lat", NY), ("lon", NX), ("odd", NX - 1)):
            made.createDimension(name, size)
        time_ = made.createVariable("time", "f8", ("time",))
        time_.units, time_[:] = "hours since 2020-01-01", np.arange(STEPS)
        made.createVariable("flags", "i1", ("time", "odd"))[:] = np.tile(np.arange(NX - 1) - 6, (STEPS, 1))
        made.createVariable("lat", "f4", ("lat",))[:] = np.arange(NY)
        made.createVariable("lon", "f4", ("lon",))[:] = np.arange(NX)
        made.createVariable("v", "f4", ("time", "lat", "lon"), **how)[:] = ramp() + first
    return path


def ramp():
    return np.arange(STEPS * NY * NX, dtype=float).reshape(STEPS, NY, NX)


@pytest.fixture
def made(tmp_path, described, put, moved):
    """A made file, elsewhere: its assets."""

    def make(place, **how):
        path = write(tmp_path / "made.nc", **how)
        return moved(described(path, "v", kind="rectilinear", latitude="lat", longitude="lon"), put(path, place))

    return make


def values(source, assets):
    return source.columns(assets, range(STEPS), slice(None), np.arange(NY * NX, dtype=np.int32))[:, 0]


@pytest.mark.parametrize("how", [{"form": form} for form in FORMS] + [{"fletcher32": True}, {"compression": "zstd"}])
def test_an_object_of_any_format_is_read(source, made, how):
    assets = made("object", **how)
    np.testing.assert_array_equal(values(source, assets), ramp().reshape(STEPS, -1))
    np.testing.assert_array_equal(source.coordinates(assets.grid).longitude, np.arange(NX))


@pytest.mark.parametrize("place", ["object", "zarr 3", "icechunk"])
def test_a_chunk_and_a_window_have_their_shapes_anywhere(source, made, place):
    assets = made(place, chunksizes=(1, 4, 6))
    steps, depths, ny, nx = source.chunking(assets)
    assert (depths, steps <= STEPS, ny <= NY, nx <= NX) == (1, True, True, True)
    result = source.window(assets, 1, slice(0, 1), (slice(2, 5), slice(3, 4)))
    assert (result.dtype, result.tolist()) == (np.float32, ramp()[1:2, 2:5, 3:4].tolist())


def test_a_replaced_object_is_never_mixed_with_the_old_one(source, made, storage, tmp_path):
    assets = made("object")
    root, key = storage.root("s3://sea"), assets.files[0].path.removeprefix("s3://sea/")
    assert values(source, assets)[0, 0] == 0
    for first in (1000, 2000, 3000):
        obstore.put(root, key, write(tmp_path / f"{first}.nc", first=first).read_bytes())
        # Its state is taken as known for a moment: what is kept may be old, but what is read is of one version.
        result = values(source, assets)
        np.testing.assert_array_equal(result - result[0, 0], ramp().reshape(STEPS, -1))
        deadline = time.monotonic() + 20
        while values(source, assets)[0, 0] != first:
            assert time.monotonic() < deadline


def test_a_replaced_or_appended_store_is_read_again(source, made, put, tmp_path):
    assets = made("zarr 3")
    folder = assets.files[0].path
    before = source.signature(folder)
    assert source.level(assets, 0, None)[0, 0] == 0
    write(tmp_path / "made.nc", first=500)
    shutil.rmtree(folder)
    with pytest.raises(SourceUnreadable, match=r"\.zarr cannot be read"):
        source.level(assets, 0, None)
    put(tmp_path / "made.nc", "zarr 3")
    assert source.level(assets, 0, None)[0, 0] == 500
    after = source.signature(folder)
    assert after != before
    opened = zarr.open_group(folder)["v"]
    opened.resize((STEPS + 1, NY, NX))
    assert source.signature(folder) != after


def test_a_commit_is_seen_soon_and_whole(made, source, monkeypatch):
    assets = made("icechunk")
    repository = icechunk.Repository.open(icechunk.local_filesystem_storage(assets.files[0].path))
    before = source.signature(assets.files[0].path)
    assert values(source, assets)[0, 0] == 0
    session = repository.writable_session("main")
    zarr.open_group(session.store)["v"][:] = ramp() + 700
    np.testing.assert_array_equal(values(source, assets), ramp().reshape(STEPS, -1))  # not committed
    snapshot = session.commit("newer")
    deadline = time.monotonic() + 20
    while source.signature(assets.files[0].path) == before:
        assert time.monotonic() < deadline
    result = source.signature(assets.files[0].path)
    assert (result.size, result.mtime_ns) == text_stamp(snapshot)
    np.testing.assert_array_equal(values(source, assets), ramp().reshape(STEPS, -1) + 700)


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_damaged_chunk_of_a_store_is_reported(source, made, damage):
    assets = made("zarr 3")
    chunk = max((path for path in Path(assets.files[0].path, "v", "c").rglob("*") if path.is_file()), key=str)
    chunk.write_bytes(chunk.read_bytes()[:10] if damage == "cut" else b"nothing that can be inflated")
    with pytest.raises(SourceUnreadable, match=r"\.zarr cannot be read"):
        values(source, assets)


def test_a_server_that_is_down_or_silent_is_reported_in_time(made, moved):
    with socket.create_server(("127.0.0.1", 0)) as silent, socket.create_server(("127.0.0.1", 0)) as closed:
        ports = [item.getsockname()[1] for item in (silent, closed)]
        closed.close()
        assets = made("a file address")
        for port in ports:
            address = f"http://127.0.0.1:{port}"
            storage = Storage(endpoint=address, access_key="a", secret_key="a", timeout=0.5)
            source = NetCDFSource(4, MIB, storage=storage)
            for path in (f"{address}/a.nc", "s3://sea/a.nc", "s3://sea/a.zarr"):
                started = time.monotonic()
                with pytest.raises(SourceUnreadable, match=r"does not answer") as error_info:
                    values(source, moved(assets, path))
                assert error_info.value.retry_after
                assert time.monotonic() - started < 5
                assert not source.as_indexed(moved(assets, path), [0])  # known for a moment: nobody waits again
            source.close()


def test_a_missing_file_is_reported_without_its_folders(source, made, moved, dap, tmp_path):
    assets = made("a file address")
    addresses = ["s3://sea/deep/none.nc", "s3://sea/deep/none.zarr", f"{dap[0]}/deep/none.nc", "icechunk:/deep/none"]
    for path in [*addresses, f"{tmp_path}/none.zarr", f"file://{tmp_path}/none.nc"]:
        with pytest.raises(SourceUnreadable, match=r"^none[.a-z]* cannot be read") as error_info:
            source.level(moved(assets, path), 0, None)
        assert "deep" not in str(error_info.value)
        assert str(tmp_path) not in str(error_info.value)


@pytest.mark.parametrize("place", ["zarr 2", "zarr in objects", "object", "icechunk"])
def test_many_threads_read_the_same_numbers(source, made, place):
    assets, expected = made(place), ramp().reshape(STEPS, -1)

    def ask(number):
        for step in range(number, number + 6):
            np.testing.assert_array_equal(source.level(assets, step % STEPS, None).ravel(), expected[step % STEPS])
            np.testing.assert_array_equal(values(source, assets), expected)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(ask, range(8)))


def test_a_path_says_what_it_is(tmp_path, made):
    assert {
        path: kind_of(path) for path in ("a/b.nc", "file:///a/b.nc", "s3://a/b.nc", "dods://a/b", "s3://a/b.zarr")
    } == {
        "a/b.nc": "file",
        "file:///a/b.nc": "file",
        "s3://a/b.nc": "object",
        "dods://a/b": "opendap",
        "s3://a/b.zarr": "zarr",
    }
    assert kind_of(made("icechunk").files[0].path) == "icechunk"
    assert kind_of(made("zarr 2").files[0].path) == "zarr"
    (tmp_path / "bare").mkdir()
    assert kind_of(f"{tmp_path}/bare") == "zarr"
    assert folder_stamp(f"{tmp_path}/bare") == (0, 0)


@loop_over(
    ("value", "dtype", "expected"),
    [
        (0.0007325336337089539, "i2", np.float32(0.00073253363)),
        (0.01, "i2", np.float64(0.01)),
        ("AAAAAAAA+H8=", "f4", np.float64("nan")),
        ("true", "i1", "true"),
        (-32767, "i2", -32767),
    ],
)
def test_an_attribute_is_what_it_was_before_it_became_json(value, dtype, expected):
    result = stores._typed(value, np.dtype(dtype))
    assert np.asarray(result).dtype == np.asarray(expected).dtype
    np.testing.assert_array_equal(result, expected)
