"""Servers of others, and copies of files in all the places that there are."""

import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import icechunk
import msgspec
import obstore
import pytest
import xarray

from ocean_common.contracts.assets import File
from ocean_data.reading.objects import Storage
from ocean_data.reading.source import NetCDFSource
from ocean_data.settings import MIB


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
    with raw(path) as result:
        numbers = result.drop_vars(
            [name for name, variable in result.variables.items() if variable.dtype.kind not in "iuf"]
        )
        for variable in numbers.variables.values():
            variable.encoding = {}
        numbers.to_zarr(store, **{"zarr_format": 3, "consolidated": False, "mode": "w"} | how)
    return store


def to_objects(storage, folder, name):
    """A file or a folder in the bucket: its address."""
    for item in [folder] if folder.is_file() else sorted(folder.rglob("*")):
        if item.is_file():
            key = name if item == folder else f"{name}/{item.relative_to(folder).as_posix()}"
            obstore.put(storage.root("s3://sea"), key, item.read_bytes())
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
    present = {
        "a file address": lambda path, _: f"file://{path}",
        "zarr 2": lambda path, name: as_zarr(path, tmp_path / f"{name}.zarr", zarr_format=2, consolidated=True),
        "zarr 3": lambda path, name: as_zarr(path, tmp_path / f"{name}.zarr"),
        "icechunk": lambda path, name: as_icechunk(path, tmp_path / name),
        "object": lambda path, name: to_objects(storage, path, f"{name}.nc"),
        "zarr in objects": lambda path, name: to_objects(storage, present["zarr 3"](path, name), f"{name}.zarr"),
        "icechunk in objects": lambda path, name: (
            "icechunk:" + to_objects(storage, as_icechunk(path, tmp_path / name), name)
        ),
    }
    return lambda path, place: str(present[place](Path(path), f"{tmp_path.name}-{Path(path).stem}"))


@pytest.fixture
def moved():
    """The same variable, elsewhere."""

    def move(assets, path):
        grid = msgspec.structs.replace(assets.grid, file=path)
        return msgspec.structs.replace(assets, files=[File(path=path, size=0, mtime_ns=0)], grid=grid)

    return move
