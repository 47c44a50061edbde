"""Where numbers are never changes them: the same files in other places, bit for bit. And places that break or change."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import icechunk
import msgspec
import numpy as np
import obstore
import pytest
import xarray

from ocean_common.contracts.assets import File
from ocean_data.adapters.source import NetCDFSource
from ocean_data.adapters.storage import Storage
from ocean_data.settings import MIB

SHIPPED = Path(__file__).parents[2] / "deploy" / "sample_data"
NAMED = [
    ("giops_day", "votemper"),
    ("giops_day", "zeta"),
    ("giops_day", "h"),
    ("nemo_global_month", "tos"),
    ("ostia_month", "surface_temperature"),
    ("wcofs_hour", "u_sur"),
]
PLACES = ["a file address", "zarr 2", "zarr 3", "icechunk", "object", "zarr in objects", "icechunk in objects"]


@contextmanager
def neighbour(*said):
    """A server in a process of its own: its address."""
    command = [sys.executable, "-W", "ignore", str(Path(__file__).with_name("neighbours.py")), *said]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}", process


@pytest.fixture(scope="session")
def storage():
    """An S3 service, with a bucket."""
    with neighbour("s3") as (endpoint, _):
        httpx.put(f"{endpoint}/sea").raise_for_status()
        yield Storage(endpoint=endpoint, access_key="test", secret_key="test", timeout=5)


@pytest.fixture(scope="session")
def dap(tmp_path_factory):
    """An OPeNDAP server, and the folder whose files it serves."""
    folder = tmp_path_factory.mktemp("dap")
    with neighbour("opendap", str(folder)) as (address, _):
        yield address, folder


@pytest.fixture
def source(storage):
    opened = NetCDFSource(8, MIB, storage=storage)
    yield opened
    opened.close()


def raw(path):
    """A file as it is stored."""
    return xarray.open_dataset(path, engine="netcdf4", decode_cf=False).load()


def as_zarr(path, store, **how):
    """A copy of its numbers and attributes."""
    with raw(path) as found:
        numbers = found.drop_vars([name for name, one in found.variables.items() if one.dtype.kind not in "iuf"])
        for one in numbers.variables.values():
            one.encoding = {}
        numbers.to_zarr(store, **{"zarr_format": 3, "consolidated": False, "mode": "w"} | how)
    return store


def to_objects(storage, folder, name):
    """A file or a folder in the bucket: its address."""
    for one in [folder] if folder.is_file() else sorted(folder.rglob("*")):
        if one.is_file():
            key = name if one == folder else f"{name}/{one.relative_to(folder).as_posix()}"
            obstore.put(storage.root("s3://sea"), key, one.read_bytes())
    return f"s3://sea/{name}"


def as_icechunk(path, folder):
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(folder)))
    session = repository.writable_session("main")
    as_zarr(path, session.store)
    session.commit("all")
    return folder


@pytest.fixture
def put(storage, tmp_path):
    """Puts a copy of a file into a place: its path there."""

    def put(path, place):
        name = f"{tmp_path.name}-{Path(path).stem}"
        match place:
            case "a file address":
                return f"file://{path}"
            case "zarr 2":
                return str(as_zarr(path, tmp_path / f"{name}.zarr", zarr_format=2, consolidated=True))
            case "zarr 3":
                return str(as_zarr(path, tmp_path / f"{name}.zarr"))
            case "icechunk":
                return str(as_icechunk(path, tmp_path / name))
            case "object":
                return to_objects(storage, Path(path), f"{name}.nc")
            case "zarr in objects":
                return to_objects(storage, as_zarr(path, tmp_path / f"{name}.zarr"), f"{name}.zarr")
            case "icechunk in objects":
                return "icechunk:" + to_objects(storage, as_icechunk(path, tmp_path / name), name)

    return put


def moved(assets, paths):
    """The same variable, elsewhere."""
    files = [File(path=paths[one.path], size=0, mtime_ns=0) for one in assets.files]
    grid = msgspec.structs.replace(assets.grid, file=paths[assets.grid.file])
    return msgspec.structs.replace(assets, files=files, grid=grid)


def same(source, here, there):
    """Every way of reading gives the same numbers, to the last bit."""
    count = 1 if here.steps is None else here.steps.seconds.shape[0]
    steps = None if here.steps is None else list(range(count))
    last = None if steps is None else count - 1
    levels = len(here.depth.values) if here.depth else 1
    ny, nx = here.grid.shape
    cells = np.random.default_rng(1).integers(0, ny * nx, 40).astype(np.int32)
    box = (slice(ny // 3, ny // 3 + max(1, ny // 4)), slice(nx // 2, nx))
    assert source.precision(here) is source.precision(there)
    asked = {
        "level": lambda one: source.level(one, last, levels - 1 if here.depth else None),
        "bottom": lambda one: source.bottom(one, last),
        "columns": lambda one: source.columns(one, steps, slice(None), cells),
        "window": lambda one: source.window(one, last, slice(0, levels), box),
    }
    for what, ask in asked.items():
        found, expected = ask(there), ask(here)
        assert found.dtype == expected.dtype, what
        assert found.tobytes() == expected.tobytes(), what
    ours, theirs = source.coordinates(here.grid), source.coordinates(there.grid)
    for name in ("latitude", "longitude", "y_axis", "x_axis"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("named", NAMED, ids=lambda named: named[1])
def test_the_same_numbers_are_read_from_any_place(shipped, source, put, named, place):
    assets = shipped[named]
    paths = {one.path: put(one.path, place) for one in assets.files[:1]}
    alone = msgspec.structs.replace(assets, files=assets.files[:1], steps=first_file(assets.steps))
    same(source, alone, moved(alone, paths))


def first_file(steps):
    """The steps of the first file alone."""
    if steps is None:
        return None
    mine = np.frombuffer(steps.file.data, steps.file.dtype) == 0
    parts = {}
    for name in ("raw", "seconds", "file", "position"):
        array = getattr(steps, name)
        values = np.frombuffer(array.data, array.dtype)[mine]
        parts[name] = msgspec.structs.replace(array, shape=values.shape, data=values.tobytes())
    return msgspec.structs.replace(steps, **parts)
