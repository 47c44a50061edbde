"""Zarr stores over HTTP, read by xarray and zarr, against the files themselves."""

import base64
import json

import h5py
import httpx
import numpy as np
import pytest
import xarray as xr
import zarr
from netCDF4 import Dataset
from tests.data.stored_files import SAMPLES, joined, list_sample_variables, raw
from tests.field.one_process import OneProcess
from tests.looping import loop_over

RANDOM = np.random.default_rng(11)
# Of zarr and fsspec: version 3 has no consolidated metadata yet, and types of texts that may still change.
pytestmark = [
    pytest.mark.filterwarnings("ignore::zarr.errors.ZarrUserWarning"),
    pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning"),
]
RAW = {"mask_and_scale": False, "decode_times": False, "decode_coords": False, "decode_cf": False, "chunks": None}


def open_store(base, name, version=3, **options):
    return xr.open_zarr(f"{base}/zarr/{name}", zarr_format=version, **(RAW | options))


@pytest.mark.parametrize("version", [3, 2])
@pytest.mark.parametrize("name", ["series", "classic", "lone"])
def test_xarray_reads_what_is_in_the_files(stored_server, name, version):
    base, files = stored_server
    store = open_store(base, name, version)
    with raw(files[name][0]) as first:
        assert set(store.variables) == set(first.variables)
        for key, variable in first.variables.items():
            own, values = store[key], joined(files[name], key)
            if key == "time" and len(files[name]) > 1:
                continue
            np.testing.assert_array_equal(own.values, values, err_msg=key)
            assert own.dtype == values.dtype.newbyteorder("=")
            assert own.dims == variable.dimensions
            assert own.attrs.get("units") == getattr(variable, "units", None)
    decoded = xr.open_zarr(f"{base}/zarr/{name}", zarr_format=version, chunks=None)
    local = xr.concat([xr.open_dataset(path) for path in files[name]], "time", data_vars="minimal")
    for key in ("time", "salt", "temp"):
        np.testing.assert_allclose(
            decoded[key].values.astype(float), local[key].values.astype(float), rtol=1e-6, atol=1e-6, err_msg=key
        )


LAYOUTS = {
    # name: (dtype, shape, options of the variable)
    "whole": ("f4", (4, 6, 8), {"contiguous": True}),
    "packed": ("i2", (5, 6, 7), {"chunksizes": (2, 4, 3), "zlib": True}),
    "shuffled": ("f8", (5, 6, 7), {"chunksizes": (1, 6, 7), "zlib": True, "shuffle": True}),
    "checked": ("i4", (5, 6, 7), {"chunksizes": (5, 2, 7), "zlib": True, "shuffle": True, "fletcher32": True}),
    "only_checked": ("i4", (5, 6, 7), {"chunksizes": (5, 2, 7), "fletcher32": True}),
    "big": (">i2", (5, 6, 7), {"chunksizes": (2, 6, 7), "zlib": True, "endian": "big"}),
    "plain_chunks": ("u1", (5, 6, 7), {"chunksizes": (3, 4, 5)}),
    "large": ("i8", (5, 6, 7), {"chunksizes": (2, 6, 7), "zlib": True}),
    "szip_like": ("f4", (5, 6, 7), {"chunksizes": (2, 6, 7), "compression": "zstd"}),
    "never": ("f4", (5, 6, 7), {"chunksizes": (2, 6, 7), "zlib": True, "fill_value": -1.0}),
    "parts": ("i2", (600, 30, 40), {"contiguous": True}),
}


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    """A file whose variables are stored in many ways, and the address of its store."""
    folder = tmp_path_factory.mktemp("zarr")
    path = folder / "varied.nc"
    with Dataset(path, "w") as out:
        for axis in (4, 5, 6, 7, 8, 600, 30, 40):
            out.createDimension(f"n{axis}", axis)
        for name, units in (("lat", "degrees_north"), ("lon", "degrees_east")):
            size = {"lat": 6, "lon": 7}[name]
            out.createVariable(name, "f8", (f"n{size}",))[:] = np.arange(size)
            out[name].units = units
        out.createVariable("names", str, ("n6",))[:] = np.array(["a", "é", "", "long name", "x", "y"], object)
        for name, (dtype, shape, options) in LAYOUTS.items():
            dimensions = [f"n{size}" for size in shape]
            variable = out.createVariable(name, dtype, dimensions, **options)
            variable.set_auto_maskandscale(False)
            limits = (0, 1) if np.dtype(dtype).kind == "f" else (0, 100)
            values = RANDOM.uniform(*limits, shape).astype(dtype)
            if name == "never":
                variable[2:4] = values[2:4]
            else:
                variable[:] = values
    with h5py.File(path, "r+") as out:  # a chunk that went around a filter
        chunk = RANDOM.integers(0, 100, (2, 4, 3)).astype("<i2")
        out["packed"].id.write_direct_chunk((0, 0, 0), chunk.tobytes(), filter_mask=0b11)
    services = OneProcess(folder / "catalogue.sqlite", folder=folder)
    with services, services.listen() as base:
        yield base, services.catalogue.snapshot.served[0].id, path


@pytest.mark.parametrize("version", [3, 2])
def test_every_layout_of_chunks_is_read_bit_for_bit(varied, version):
    base, name, path = varied
    store = open_store(base, name, version)
    with raw(path) as opened:
        for key in LAYOUTS:
            np.testing.assert_array_equal(store[key].values, np.asarray(opened[key][...]), err_msg=key)
    assert [text.decode() for text in store["names"].values] == ["a", "é", "", "long name", "x", "y"]


def test_chunks_are_the_bytes_of_the_file(varied):
    base, name, path = varied
    with h5py.File(path) as opened, httpx.Client(base_url=f"{base}/zarr/{name}/") as http:
        for key in ("packed", "shuffled", "checked", "only_checked", "big", "plain_chunks"):
            stored = opened[key].id
            for number in range(stored.get_num_chunks()):
                place = stored.get_chunk_info(number)
                if place.filter_mask:
                    continue
                _, content = stored.read_direct_chunk(place.chunk_offset)
                position = np.array(place.chunk_offset) // opened[key].chunks
                assert http.get(f"{key}/c/{'/'.join(map(str, position))}").content == content, (key, position)
                assert http.get(f"{key}/{'.'.join(map(str, position))}").content == content


def test_what_was_never_written_is_not_there_in_version_3(varied):
    base, name, _ = varied
    assert httpx.get(f"{base}/zarr/{name}/never/c/0/0/0").status_code == 404
    document = httpx.get(f"{base}/zarr/{name}/never/zarr.json").json()
    assert document["fill_value"] == -1.0
    assert base64.b64decode(document["attributes"]["_FillValue"]) == np.array(-1.0, "<f8").tobytes()


@loop_over(
    "key",
    ["zarr.json.gz", "packed/c/9/0/0", "packed/c/0/0", "packed/c/0/0/0/0", "packed/0.0", "nothing/zarr.json", "packed",
     "packed/c/-1/0/0", "packed/c/x/0/0", "..%2f..%2fetc/passwd", "packed/.zgroup", "c/0", f"packed/c/{10**20}/0/0"],
)  # fmt: skip
def test_what_is_not_in_a_store_is_not_found(varied, key):
    base, name, _ = varied
    answer = httpx.get(f"{base}/zarr/{name}/{key}")
    assert answer.status_code == 404, key
    assert answer.json()["status"] == 404


def test_chunks_have_tags_ranges_and_heads(varied):
    base, name, _ = varied
    address = f"{base}/zarr/{name}/shuffled/c/1/0/0"
    whole = httpx.get(address)
    assert httpx.get(address, headers={"if-none-match": whole.headers["etag"]}).status_code == 304
    part = httpx.get(address, headers={"range": "bytes=3-9"})
    assert (part.status_code, part.content) == (206, whole.content[3:10])
    head = httpx.head(address)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.content)))


def test_consolidated_metadata_are_those_of_the_arrays(varied):
    base, name, _ = varied
    with httpx.Client(base_url=f"{base}/zarr/{name}/") as http:
        arrays = http.get("zarr.json").json()["consolidated_metadata"]["metadata"]
        older = http.get(".zmetadata").json()["metadata"]
        assert set(arrays) == {"lat", "lon", "names", *LAYOUTS}
        for key, document in arrays.items():
            assert http.get(f"{key}/zarr.json").json() == document
        for key, document in older.items():
            assert http.get(key).json() == document


@pytest.mark.parametrize(("length", "days", "blocks"), [(2, [4, 4, 3], True), (2, [3, 4], False), (5, [5, 5, 2], True)])
def test_files_are_joined_along_time_by_their_chunks(tmp_path, length, days, blocks):
    values, start = [], 0
    for number, count in enumerate(days):
        with Dataset(tmp_path / f"part_{number}.nc", "w") as out:
            for name, size in (("time", None), ("lat", 3), ("lon", 4)):
                out.createDimension(name, size)
            out.createVariable("time", "i4", ("time",))[:] = start + np.arange(count)
            out["time"].units = "days since 2020-01-01"
            for name, units in (("lat", "degrees_north"), ("lon", "degrees_east")):
                out.createVariable(name, "f4", (name,))[:] = np.arange(out.dimensions[name].size)
                out[name].units = units
            temp = out.createVariable("temp", "f4", ("time", "lat", "lon"), zlib=True, chunksizes=(length, 3, 4))
            temp[:] = RANDOM.normal(size=(count, 3, 4))
            temp.units = "degC"
            values.append(temp[:])
        start += count
    datasets = {"parts": {"name": "parts", "url": str(tmp_path / "part_*.nc")}}
    (tmp_path / "datasets.json").write_text(json.dumps(datasets))
    services = OneProcess(tmp_path / "catalogue.sqlite", datasets=tmp_path / "datasets.json")
    with services, services.listen() as base:
        array = zarr.open_array(f"{base}/zarr/parts/temp", mode="r", zarr_format=3)
        assert (array.chunks[0] == length) is blocks
        np.testing.assert_array_equal(array[:], np.concatenate(values))
        times = xr.open_zarr(f"{base}/zarr/parts", zarr_format=3, chunks=None)["time"].values
        assert (np.diff(times) == np.timedelta64(1, "D")).all()


def test_a_replaced_file_is_read_anew_and_never_mixed(tmp_path):
    def write(level):
        with Dataset(tmp_path / "new.nc", "w") as out:
            for name, size, units in (("lat", 3, "degrees_north"), ("lon", 4, "degrees_east")):
                out.createDimension(name, size)
                out.createVariable(name, "f4", (name,))[:] = np.arange(size)
                out[name].units = units
            out.createVariable("temp", "f4", ("lat", "lon"), zlib=True)[:] = level
            out["temp"].units = "degC"
        (tmp_path / "new.nc").rename(tmp_path / "data.nc")

    write(1.0)
    services = OneProcess(tmp_path / "catalogue.sqlite", folder=tmp_path)
    with services, services.listen() as base:
        name = services.catalogue.snapshot.served[0].id
        assert (open_store(base, name)["temp"].values == 1.0).all()
        first = httpx.get(f"{base}/zarr/{name}/temp/c/0/0")
        assert "max-age" in first.headers["cache-control"]
        write(2.0)
        second = httpx.get(
            f"{base}/zarr/{name}/temp/c/0/0", headers={"cache-control": "no-cache", "accept": "*/*;q=0.9"}
        )
        assert second.headers["cache-control"] == "no-cache"  # the catalogue knows the file before it
        assert second.content != first.content
        for address in (f"zarr/{name}/zarr.json", f"opendap/{name}.dds", f"opendap/{name}.dods?temp"):
            answer = httpx.get(f"{base}/{address}", headers={"accept": "*/*;q=0.9"})
            assert answer.headers["cache-control"] == "no-cache", address


@pytest.mark.ci
@pytest.mark.skipif(not SAMPLES, reason="OCEAN_SAMPLES does not name a folder of sample files")
def test_every_sample_file_is_read_bit_for_bit(tmp_path):
    compared, different, stores = 0, [], {}
    for base, record, steps, variable in list_sample_variables(tmp_path / "catalogue.sqlite"):
        if record.id not in stores:
            stores[record.id] = open_store(base, record.id)
        compared += 1
        different += compare_last(record, variable, stores[record.id], steps)
    assert not different
    assert compared > 100


def compare_last(record, variable, store, axes):
    """Yield the last step of a variable, if it is not as in its file."""
    time = next((item.name for item in variable.dimensions if item.role == "time"), None)
    file, position = variable.file, 0
    if variable.time is not None:
        file, position = axes[variable.time].file[-1], int(axes[variable.time].position[-1])
    with raw(record.files[file].path) as opened:
        stored, own = opened[variable.source], store[variable.source]
        values = stored[tuple(position if name == time else slice(None) for name in stored.dimensions)]
        last = own.isel({name: -1 for name in own.dims if name == time or name not in stored.dimensions}).values
        if not np.array_equal(values, last, equal_nan=values.dtype.kind == "f"):
            yield record.id, variable.source
