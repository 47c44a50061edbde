"""Zarr, Icechunk, OPeNDAP and object storage: what is not a NetCDF file of this machine."""

import shutil
import socket
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx
import icechunk
import netCDF4
import numpy as np
import obstore
import pytest
import zarr
from obstore.store import S3Store

from ocean_common import dataset_uri
from ocean_metadata.index.scan import FileStates, read_header


def to_zarr(path: Path, group: zarr.Group) -> None:
    """The stored numbers of a NetCDF file, as arrays of a Zarr group."""
    version = group.metadata.zarr_format
    with netCDF4.Dataset(path) as data:
        data.set_auto_maskandscale(False)
        group.attrs.update({name: str(data.getncattr(name)) for name in data.ncattrs()})
        for name, item in data.variables.items():
            if item.dtype.kind not in "iuf":
                continue
            attributes = {ncattr: plain(item.getncattr(ncattr)) for ncattr in item.ncattrs()}
            reported = {"dimension_names": item.dimensions} if version == 3 else {}
            fill = attributes.pop("_FillValue", None) if version == 2 else 0
            array = group.create_array(name, shape=item.shape, dtype=item.dtype, fill_value=fill, **reported)
            array[...] = item[...]
            array.attrs.update(attributes | ({} if reported else {"_ARRAY_DIMENSIONS": list(item.dimensions)}))


def plain(value):
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def same(found, other) -> bool:
    """Whether two datasets have the same variables, grids, levels and times."""

    def summarise(one):
        return (
            sorted((item.key, item.units, item.scale, len(item.dimensions)) for item in one.variables),
            [(item.units, item.first, item.last, item.count) for item in one.times],
            [item.values for item in one.depths],
        )

    assert summarise(found) == summarise(other)
    return True


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_stores_are_like_the_files_that_they_were_made_of(tmp_path, make, index, index_once, version):
    path = make(tmp_path / "a.nc", levels=(0, 10, 100))
    (tmp_path / "stores").mkdir()
    to_zarr(path, zarr.open_group(tmp_path / "stores" / "b.zarr", mode="w", zarr_format=version))
    path.rename(tmp_path / "alone.nc")
    stored = index(folder=tmp_path / "stores").dataset("b")
    (tmp_path / "files").mkdir()
    (tmp_path / "alone.nc").rename(tmp_path / "files" / "b.nc")
    assert same(stored, index_once(folder=tmp_path / "files").dataset("b"))
    assert stored.files[0].path == str(tmp_path / "stores" / "b.zarr")


def test_a_zarr_store_that_grows_is_read_again(tmp_path, make, index):
    path = make(tmp_path / "a.nc")
    group = zarr.open_group(tmp_path / "stores" / "a.zarr", mode="w", zarr_format=3)
    to_zarr(path, group)
    result = index(folder=tmp_path / "stores")
    assert result.run() == 0
    for name in ("time", "thetao"):
        group[name].append(np.asarray(group[name][-1:]) + 1)
    assert result.run() == 1
    assert result.dataset("a").times[0].count == 4


def test_icechunk_repositories_are_read_at_their_newest_snapshot(tmp_path, make, index):
    place = tmp_path / "stores" / "ice"
    repository = icechunk.Repository.create(icechunk.local_filesystem_storage(str(place)))
    session = repository.writable_session("main")
    to_zarr(make(tmp_path / "a.nc"), zarr.open_group(session.store, mode="w"))
    session.commit("first")
    result = index(folder=tmp_path / "stores")
    assert result.dataset("ice").times[0].count == 3
    session = repository.writable_session("main")
    group = zarr.open_group(session.store, mode="r+")
    for name in ("time", "thetao"):
        group[name].append(np.asarray(group[name][-1:]) + 1)
    session.commit("second")
    assert result.run() == 1
    assert result.dataset("ice").times[0].count == 4


def test_folders_that_are_no_stores_are_reported(tmp_path):
    (tmp_path / "a.zarr").mkdir()
    assert str(read_header(str(tmp_path / "a.zarr")).reason) == "it no longer exists"
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr" / "zarr.json").write_text("{")
    assert "cannot" in str(read_header(str(tmp_path / "b.zarr")).reason)
    assert "Icechunk" in str(read_header(f"icechunk:{tmp_path}/c").reason)


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Store]:
    """A bucket of a local S3 server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of botocore and werkzeug, at import
        from moto.server import ThreadedMotoServer  # noqa: PLC0415  it warns when it is imported

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    address = f"http://127.0.0.1:{port}"
    reported = {"ENDPOINT_URL": address, "ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "REGION": "us-east-1"}
    httpx.put(f"{address}/ocean")
    with pytest.MonkeyPatch.context() as environment:
        for name, value in reported.items():
            environment.setenv(f"AWS_{name}", value)
        yield S3Store("ocean", client_options={"allow_http": True})
    server.stop()


def test_objects_are_read_like_files(bucket, tmp_path, make, index, *, write, index_once):
    files = {"modern.nc": make(tmp_path / "modern.nc"), "classic.nc": tmp_path / "classic.nc"}
    with (
        netCDF4.Dataset(files["modern.nc"]) as source,
        netCDF4.Dataset(files["classic.nc"], "w", format="NETCDF3_CLASSIC") as copy,
    ):
        for name, size in source.dimensions.items():
            copy.createDimension(name, len(size))
        for name, item in source.variables.items():
            fill = {"fill_value": item.getncattr("_FillValue")} if "_FillValue" in item.ncattrs() else {}
            created = copy.createVariable(name, item.dtype, item.dimensions, **fill)
            created.setncatts({ncattr: item.getncattr(ncattr) for ncattr in item.ncattrs() if ncattr != "_FillValue"})
            created[:] = item[:]
    for name, path in files.items():
        obstore.put(bucket, f"runs/{name}", path)
    group = tmp_path / "b.zarr"
    to_zarr(files["modern.nc"], zarr.open_group(group, mode="w", zarr_format=3))
    for path in group.rglob("*"):
        if path.is_file():
            obstore.put(bucket, f"runs/b.zarr/{path.relative_to(group)}", path)
    urls = {"modern": "modern.nc", "classic": "classic.nc", "zarr": "b.zarr", "gone": "gone.nc"}
    result = index(datasets=write({name: {"url": f"s3://ocean/runs/{url}"} for name, url in urls.items()}))
    expected = index_once(folder=tmp_path).dataset("modern")
    for name in ("modern", "classic", "zarr"):
        assert same(result.dataset(name), expected)
    assert str(result.dataset("gone").reason) == "gone.nc: it no longer exists"
    assert result.dataset("modern").files[0].size == files["modern.nc"].stat().st_size


@pytest.mark.usefixtures("bucket")
def test_icechunk_repositories_are_read_from_object_storage(tmp_path, make, index, *, write, index_once):
    place = icechunk.s3_storage(
        bucket="ocean", prefix=tmp_path.name, allow_http=True, from_env=True, force_path_style=True
    )
    session = icechunk.Repository.create(place).writable_session("main")
    to_zarr(make(tmp_path / "a.nc"), zarr.open_group(session.store, mode="w"))
    session.commit("first")
    urls = {
        "ice": f"icechunk:s3://ocean/{tmp_path.name}",
        "none": "icechunk:s3://ocean/ice/b",
        "other": "icechunk:ftp://h/ice",
    }
    result = index(datasets=write({name: {"url": url} for name, url in urls.items()}))
    assert same(result.dataset("ice"), index_once(folder=tmp_path).dataset("a"))
    assert "cannot be opened" in str(result.dataset("none").reason)
    assert "must be in a folder or in object storage" in str(result.dataset("other").reason)


class Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def opendap(tmp_path_factory) -> Iterator[tuple[Path, str]]:
    """A folder that a local OPeNDAP server serves, and its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own dependencies, at import
        from pydap.handlers.netcdf_handler import NetCDFHandler  # noqa: PLC0415  it warns when it is imported

    folder = tmp_path_factory.mktemp("opendap")

    def answer(environ, start_response):
        file = folder / environ["PATH_INFO"].rpartition(".")[0].strip("/")
        if file.is_file():
            return NetCDFHandler(str(file))(environ, start_response)
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"there is no such file"]

    with make_server("127.0.0.1", 0, answer, handler_class=Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_opendap_servers_are_read_like_files(opendap, tmp_path, make, index, *, write, index_once):
    folder, address = opendap
    make(folder / "a.nc", levels=(0, 10))
    result = index(datasets=write({"a": {"url": f"{address}/a.nc"}, "gone": {"url": f"{address}/gone.nc"}}))
    shutil.copy(folder / "a.nc", tmp_path / "a.nc")
    assert same(result.dataset("a"), index_once(folder=tmp_path).dataset("a"))
    assert (result.dataset("a").files[0].size, result.dataset("a").files[0].mtime_ns) == (0, 0)
    assert result.dataset("gone").state == "broken"
    assert result.run() == 0


def test_a_server_that_does_not_answer_is_reported_soon():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    assert read_header(f"http://127.0.0.1:{port}/a.nc").reason
    assert dataset_uri.kind_of(f"http://127.0.0.1:{port}/a.nc") == "opendap"


def test_an_answer_that_breaks_the_library_does_not_end_the_indexer(tmp_path, index, write, make):
    def nonsense(_, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Description", "dods-dds")])
        return [b"Dataset {\n    Grid {\n Array:\n Float64 a[a = \x00 99999999999999];\n } x;\n"]

    make(tmp_path / "a.nc")
    with make_server("127.0.0.1", 0, nonsense, handler_class=Silent) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        urls = {"b": f"http://127.0.0.1:{server.server_port}/b.nc", "a": "a.nc"}
        result = index(datasets=write({name: {"url": url} for name, url in urls.items()}))
        server.shutdown()
        thread.join()
    assert {name: item.state for name, item in result.datasets.items()} == {"a": "served", "b": "broken"}


def test_a_briefly_unreachable_neighbour_is_not_removed(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
    for name, value in {
        "ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "ACCESS_KEY_ID": "a",
        "REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a")
    assert FileStates().read("s3://ocean/a.nc", {"s3://ocean/a.nc": (7, 8)}) == (7, 8)
    assert FileStates().read("s3://ocean/a.nc", {}) == (0, 0)


def test_zarr_stores_of_a_web_server_are_read_by_their_consolidated_metadata(tmp_path, make, index, write):
    group = tmp_path / "web" / "a.zarr"
    to_zarr(make(tmp_path / "a.nc"), zarr.open_group(group, mode="w", zarr_format=2))
    zarr.consolidate_metadata(group, zarr_format=2)
    handler = partial(Quiet, directory=str(tmp_path / "web"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        result = index(datasets=write({"a": {"url": f"http://127.0.0.1:{server.server_port}/a.zarr"}})).dataset("a")
        server.shutdown()
        thread.join()
    assert (result.state, result.times[0].count) == ("served", 3)
