"""The neighbours' client against the real app."""

import httpx
import numpy as np
import pytest
import xarray as xr
from tests.looping import loop_over

from ocean_common.arrays import unpack_array
from ocean_common.clients.metadata import MetadataClient
from ocean_core.errors import DatasetNotFound, VariableNotFound
from ocean_metadata.app import create_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


pytestmark = pytest.mark.anyio


def client_of(indexed):
    return MetadataClient("http://metadata", httpx.ASGITransport(create_app(indexed.catalogue)))


async def test_assets_lead_to_the_numbers(sample_catalogue):
    async with client_of(sample_catalogue) as client:
        assets = await client.assets("nemo_global_month", "tos")
    assert [dimension.role for dimension in assets.dimensions] == ["time", "y", "x"]
    steps = assets.steps
    assert unpack_array(steps.file).tolist() == [0, 1, 2]
    for raw, file, position in zip(
        unpack_array(steps.raw), unpack_array(steps.file), unpack_array(steps.position), strict=True
    ):
        with xr.open_dataset(assets.files[file].path, decode_times=False) as data:
            assert data.time_centered.values[position] == raw
    with xr.open_dataset(assets.grid.file, decode_times=False) as data:
        assert data[assets.grid.latitude].shape == assets.grid.shape
    assert (steps.units, steps.calendar) == ("seconds since 1900-01-01 00:00:00", "360_day")


async def test_arrays_have_the_types_of_the_contract(sample_catalogue):
    async with client_of(sample_catalogue) as client:
        steps = (await client.assets("arctic_day", "votemper")).steps
    assert [item.dtype for item in (steps.raw, steps.seconds, steps.file, steps.position)] == [
        "<i8",
        "<i8",
        "<i4",
        "<i4",
    ]
    assert np.diff(unpack_array(steps.seconds)).tolist() == [86_400] * 4


async def test_a_variable_under_another_key_has_its_source(sample_catalogue):
    async with client_of(sample_catalogue) as client:
        assets = await client.assets("arctic_day", "votemper")
    assert (assets.source, assets.variable.key, assets.variable.dataset) == ("temperature", "votemper", "arctic_day")
    assert assets.depth.kind == "depth"
    assert assets.depth.values[:3] == [0.0, 3.0, 10.0]


async def test_triangles_are_written_with_their_table(sample_catalogue):
    async with client_of(sample_catalogue) as client:
        zeta, u = [await client.assets("sfbofs_hour", name) for name in ("zeta", "u")]
    assert (zeta.grid.kind, zeta.grid.connectivity, zeta.grid.shape) == ("triangles", "nv", (551,))
    assert (u.grid.shape, u.grid.face_latitude, u.grid.face_longitude) == ((903,), "latc", "lonc")
    assert [(dimension.start_index, dimension.corners_first) for dimension in (zeta.grid, u.grid)] == [(1, True)] * 2
    assert (zeta.grid.location, u.grid.location) == ("node", "face")
    assert zeta.grid.id != u.grid.id
    assert [dimension.role for dimension in u.dimensions] == ["time", "depth", "face"]


async def test_a_variable_without_time_has_no_steps(sample_catalogue):
    async with client_of(sample_catalogue) as client:
        assets = await client.assets("arctic_day", "h")
    assert assets.steps is None
    assert len(assets.files) == 1


async def test_a_missing_resource_raises_the_same_error(sample_catalogue):
    async with client_of(sample_catalogue) as client:
        with pytest.raises(DatasetNotFound, match="giops_day"):
            await client.revision("giops")
        with pytest.raises(DatasetNotFound):
            await client.assets("nowhere", "tos")
        with pytest.raises(VariableNotFound):
            await client.assets("arctic_day", "nothing")


async def test_the_variables_of_a_dataset_are_listed_in_order_and_cached_until_it_changes(tmp_path, index, make):
    make(tmp_path / "a.nc")
    indexed = index(folder=tmp_path)
    async with client_of(indexed) as client:
        result = await client.variables("a")
        assert [variable.key for variable in result] == [
            variable.key for variable in indexed.catalogue.snapshot.dataset("a").variables
        ]
        assert await client.variables("a") is result
        make(tmp_path / "a.nc", times=[0, 1, 2, 3])
        indexed.run()
        await client.refresh()
        after = await client.variables("a")
        assert (after[0].key, after[0].revision != result[0].revision) == (result[0].key, True)
        with pytest.raises(DatasetNotFound):
            await client.variables("nowhere")


async def test_revisions_are_sent_once(sample_catalogue):
    app = create_app(sample_catalogue.catalogue)
    async with MetadataClient("http://metadata", httpx.ASGITransport(app)) as client:
        first = await client.revision("arctic_day")
        await client.refresh()
        assert await client.revision("arctic_day") == first
    existing = sample_catalogue.catalogue.snapshot.revision
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://m") as http:
        short = await http.get("/internal/revisions", params={"known": existing})
        long = await http.get("/internal/revisions", params={"known": "another"})
    assert len(short.content) < len(long.content)


async def test_a_changed_file_changes_what_the_client_gets(tmp_path, index, make):
    make(tmp_path / "a.nc")
    indexed = index(folder=tmp_path)
    async with client_of(indexed) as client:
        before = await client.assets("a", "thetao")
        make(tmp_path / "a.nc", times=[0, 1, 2, 3])
        indexed.run()
        await client.refresh()
        after = await client.assets("a", "thetao")
    assert (len(unpack_array(before.steps.raw)), len(unpack_array(after.steps.raw))) == (3, 4)
    assert before.revision != after.revision


async def test_a_scalar_time_is_a_step_of_every_file(tmp_path, index):
    for day in (1, 2):
        xr.Dataset(
            {"u": (("lat", "lon"), np.ones((3, 4)))},
            {"lat": [1.0, 2, 3], "lon": [4.0, 5, 6, 7], "time": np.datetime64(f"2020-01-0{day}", "ns")},
        ).to_netcdf(tmp_path / f"u_{day}.nc", encoding={"time": {"units": "days since 2020-01-01"}})
    async with client_of(index(folder=tmp_path)) as client:
        assets = await client.assets("u", "u")
    assert [dimension.role for dimension in assets.dimensions] == ["y", "x"]
    assert unpack_array(assets.steps.file).tolist() == [0, 1]
    assert unpack_array(assets.steps.position).tolist() == [0, 0]


@loop_over("name", ["", ".", "..", "a/b", "%2e%2e", "?", "\N{FISH}"])
async def test_names_that_mean_something_in_addresses_are_only_unknown(sample_catalogue, name):
    async with client_of(sample_catalogue) as client:
        with pytest.raises(DatasetNotFound):
            await client.assets(name, "votemper")
        with pytest.raises(DatasetNotFound):
            await client.revision(name)
        with pytest.raises(VariableNotFound):
            await client.assets("arctic_day", name)
