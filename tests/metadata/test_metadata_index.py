"""The index: incremental, and never held up by one bad file."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import h5py
import netCDF4
import numpy as np
import pytest
import sqlalchemy as sa

from ocean_metadata.catalogue import database as schema
from ocean_metadata.catalogue.database import DatabaseUnusable, connect, create_tables
from ocean_metadata.catalogue.store import Catalogue, CatalogueWriter
from ocean_metadata.index import scan
from ocean_metadata.index.process import index_task
from ocean_metadata.index.scan import read_header
from ocean_metadata.index.storage import Unreadable, check_size
from ocean_metadata.index.watch import DatasetIndexer, reading_version

SAMPLES = Path(__file__).parents[2] / "deploy" / "sample_data"


def reason_of(path):
    return str(read_header(str(path)).reason)


@pytest.mark.parametrize("name", ["projected/arctic20_roms_z.nc", "regular/ostia_monthly.nc"])
@pytest.mark.parametrize("part", [0.0, 0.0005, 0.1, 0.5, 0.999])
def test_a_cut_file_is_never_served(tmp_path, name, part):
    contents = (SAMPLES / name).read_bytes()
    cut = tmp_path / "cut.nc"
    cut.write_bytes(contents[: int(len(contents) * part)])
    assert reason_of(cut)


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET", "NETCDF3_64BIT_DATA"])
@pytest.mark.parametrize("records", [0, 1, 3])
def test_the_size_of_a_classic_file_follows_from_its_header(tmp_path, form, records):
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w", format=form) as data:
        data.title = "odd"
        data.createDimension("t", None)
        data.createDimension("x", 3)
        data.createVariable("a", "i2", ("t", "x"))[:] = np.zeros((records, 3))
        data.createVariable("b", "f8", ("x",))[:] = 1.0
        data.createVariable("c", "i1", ("t", "x"))[:] = np.zeros((records, 3))
    size = path.stat().st_size
    check_size(str(path), size)
    with pytest.raises(Unreadable, match="truncated"):
        check_size(str(path), size - 4)


def test_a_file_that_can_be_read_later_is_served_though_it_did_not_change(tmp_path, database, make):
    """As where its rights or its file system were put right."""
    path = make(tmp_path / "a.nc")
    contents = path.read_bytes()
    path.write_bytes(b"?" * len(contents))
    long_ago = 10**18
    os.utime(path, ns=(long_ago, long_ago))
    engine = connect(database)
    create_tables(engine)
    indexer = DatasetIndexer(CatalogueWriter(engine, reading_version()), threading.Event(), folder=tmp_path, retry=0)
    assert indexer.run() == 1
    assert indexer.run() == 0
    path.write_bytes(contents)
    os.utime(path, ns=(long_ago, long_ago))
    assert indexer.run() == 1
    catalogue = Catalogue(engine)
    catalogue.refresh()
    assert catalogue.snapshot.dataset("a").state == "served"
    engine.dispose()


async def _failure_without_python():
    async with index_task([], {}, python="/nowhere/python") as task, asyncio.timeout(100):
        while task.failure is None:  # noqa: ASYNC110  nothing tells of it but its state
            await asyncio.sleep(0.01)
    return task.failure


def test_an_indexer_that_cannot_be_started_is_reported():
    assert "the index process: FileNotFoundError" in asyncio.run(_failure_without_python())


LOOK = """
import sys
from ocean_metadata.index import storage
data = storage.open_dataset(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


def test_a_file_that_is_looked_at_can_be_written_by_its_model(tmp_path):
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w") as model:
        model.createDimension("x", 3)
    looking = [sys.executable, "-c", LOOK, str(path)]
    with subprocess.Popen(looking, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"open\n"
        netCDF4.Dataset(path, "r+").close()


def test_reasons_are_words_without_folders(tmp_path):
    (tmp_path / "text.nc").write_text("hello")
    (tmp_path / "folder.nc").mkdir()
    (tmp_path / "empty.nc").touch()
    for name in ("text.nc", "folder.nc", "empty.nc", "gone.nc"):
        assert str(tmp_path) not in reason_of(tmp_path / name)
    assert reason_of(tmp_path / "gone.nc") == "it no longer exists"
    assert reason_of(tmp_path / "empty.nc") == "it is empty (0 bytes)"


def test_broken_files_do_not_hide_the_others(tmp_path, index, make):
    make(tmp_path / "good.nc")
    (tmp_path / "bad.nc").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    (tmp_path / "empty.nc").touch()
    result = index(folder=tmp_path)
    assert {name: item.state for name, item in result.datasets.items()} == {
        "bad": "broken", "empty": "broken", "good": "served",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["roms/wcofs_surface_uv.nc", "nemo/nemo_1m_20150101-20150201_grid-T.nc"])
def test_a_damaged_file_is_served_or_reported_with_its_reason(tmp_path, index, name):
    contents = (SAMPLES / name).read_bytes()
    random = np.random.default_rng(7)
    for letter in "abcdef":
        damaged = bytearray(contents)
        at = int(random.integers(8, len(contents) - 64))
        damaged[at : at + 64] = random.bytes(64)
        (tmp_path / f"{letter}.nc").write_bytes(damaged)
    result = index(folder=tmp_path).datasets
    assert list(result) == list("abcdef")
    assert all(item.reason for item in result.values() if item.state == "broken")


def test_a_file_that_is_damaged_after_its_header_is_distinguished(tmp_path, index, make):
    make(tmp_path / "good.nc")
    values = np.random.default_rng(7).random((1, 200, 300))
    with netCDF4.Dataset(tmp_path / "bad.nc", "w") as data:
        for dimension, size in zip(("time", "lat", "lon"), values.shape, strict=True):
            data.createDimension(dimension, size)
        data.createVariable("lat", "f8", ("lat",))[:] = np.linspace(0, 10, 200)
        data.createVariable("lon", "f8", ("lon",))[:] = np.linspace(0, 10, 300)
        data.createVariable("t", "f8", ("time", "lat", "lon"), zlib=True)[:] = values
    content = bytearray((tmp_path / "bad.nc").read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1000] = bytes(1000)  # within the only packed chunk
    (tmp_path / "bad.nc").write_bytes(content)
    result = index(folder=tmp_path).datasets
    assert {name: item.state for name, item in result.items()} == {"bad": "broken", "good": "served"}
    assert "cannot be" in str(result["bad"].reason)


def test_a_damaged_variable_costs_neither_the_others_of_its_file_nor_its_other_files(tmp_path, index, make):
    for day in (1, 2):
        path = make(tmp_path / f"day_{day}.nc", times=[day], shape=(200, 300))
        with netCDF4.Dataset(path, "a") as data:
            other = data.createVariable("other", "f8", ("time", "lat", "lon"), zlib=True)
            other[:] = np.random.default_rng(day).random(other.shape)
    with h5py.File(tmp_path / "day_1.nc") as file:
        chunk = file["other"].id.get_chunk_info(0)
    with (tmp_path / "day_1.nc").open("r+b") as file:
        file.seek(chunk.byte_offset + chunk.size // 2)
        file.write(bytes(1000))
    result = index(folder=tmp_path).dataset("day")
    assert {variable.key: result.times[variable.time].count for variable in result.variables} == {
        "thetao": 2,
        "other": 1,
    }
    assert [(item.name, "cannot be" in str(item.reason)) for item in result.problems] == [("day_1.nc", True)]


def test_an_unchanged_file_is_not_read_again(tmp_path, index, make):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)
    before = result.dataset("a").revision
    (tmp_path / "a.nc").chmod(0)  # a stat still works, opening it would not for most users
    assert result.run() == 0
    assert result.dataset("a").revision == before


def test_only_what_changed_is_replaced(tmp_path, index, make):
    for name in ("a", "b"):
        make(tmp_path / f"{name}.nc", variable=name)
    result = index(folder=tmp_path)
    before = {name: item.revision for name, item in result.datasets.items()}
    make(tmp_path / "b.nc", times=[0, 1, 2, 3], variable="b")
    assert result.run() == 1
    assert result.dataset("a").revision == before["a"]
    assert result.dataset("b").revision != before["b"]
    assert result.dataset("b").times[0].count == 4


def test_new_and_vanished_files_are_noticed(tmp_path, index, make):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)
    make(tmp_path / "b.nc", variable="so")
    result.run()
    assert list(result.datasets) == ["a", "b"]
    (tmp_path / "a.nc").unlink()
    result.run()
    assert list(result.datasets) == ["b"]


def test_a_file_on_its_way_becomes_visible_when_it_is_whole(tmp_path, index, make):
    contents = make(tmp_path / "elsewhere").read_bytes()
    arriving = tmp_path / "a.nc"
    arriving.write_bytes(contents[: len(contents) // 2])
    result = index(folder=tmp_path)
    assert result.dataset("a").state == "broken"
    arriving.write_bytes(contents)
    result.run()
    assert result.dataset("a").state == "served"


def test_a_change_of_the_configuration_changes_the_revision(tmp_path, index, make):
    make(tmp_path / "a.nc")
    reported = {"a": {"url": "a.nc", "name": "First"}}
    path = tmp_path / "datasets.json"
    path.write_text(json.dumps(reported))
    result = index(datasets=path)
    before = result.dataset("a").revision
    reported["a"]["name"] = "Second"
    path.write_text(json.dumps(reported))
    result.run()
    assert (result.dataset("a").name, result.dataset("a").revision == before) == ("Second", False)


def test_equal_grids_share_their_id(tmp_path, index, make):
    make(tmp_path / "a.nc")
    make(tmp_path / "b.nc", variable="so")
    make(tmp_path / "c.nc", shape=(7, 7))
    result = index(folder=tmp_path)
    item, same, other = (result.dataset(name).grids[0].grid.id for name in "abc")
    assert item == same != other


def test_many_files_are_read_in_processes(tmp_path, make):
    paths = [str(make(tmp_path / f"d_{day:02d}.nc", times=[day])) for day in range(scan._FEW + 4)]
    result = {header.path: header.header for header in scan.read_headers(paths, 2, threading.Event())}
    assert sorted(result) == paths
    assert all(result.values())


def test_tables_that_are_there_stay(tmp_path, make, index):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)
    create_tables(result.engine)
    assert Catalogue(result.engine).refresh()


# A table of each kind that former versions had, a view of none: these had a table for each part of a dataset.
FORMER = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
    "CREATE TABLE catalogue (id INTEGER PRIMARY KEY, revision TEXT NOT NULL)",
    "CREATE TABLE datasets (id TEXT PRIMARY KEY, name TEXT NOT NULL, bounds TEXT)",
    "CREATE TABLE files (dataset TEXT REFERENCES datasets (id), number INTEGER, path TEXT NOT NULL)",
    "CREATE TABLE headers (path TEXT PRIMARY KEY, size BIGINT, header TEXT)",
    "CREATE TABLE of_another (id INTEGER PRIMARY KEY)",
    "INSERT INTO catalogue VALUES (1, 'of before')",
    "INSERT INTO datasets VALUES ('old', 'Of before', '[0, 1]')",
    "INSERT INTO of_another VALUES (7)",
)


def test_a_catalogue_of_another_version_is_indexed_again(tmp_path, make, database, caplog):
    engine = connect(database)
    with engine.begin() as connection:
        for statement in FORMER:
            connection.exec_driver_sql(statement)
    create_tables(engine)
    assert "indexed anew" in caplog.text
    catalogue = Catalogue(engine)
    assert not catalogue.refresh()
    assert catalogue.snapshot.revision is None
    make(tmp_path / "a.nc")
    indexer = DatasetIndexer(CatalogueWriter(engine, reading_version()), threading.Event(), folder=tmp_path)
    assert indexer.run() == 1
    assert catalogue.refresh()
    assert list(catalogue.snapshot.datasets) == ["a"]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT id FROM of_another").scalars().all() == [7]
        assert not set(schema.FORMER_TABLES) & set(sa.inspect(connection).get_table_names())
    engine.dispose()


def test_documents_of_another_form_are_not_read(tmp_path, make, index, caplog):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)
    with result.engine.begin() as connection:
        connection.execute(schema.catalogue_formats.update().values(format="of another version"))
    create_tables(result.engine)
    assert "indexed anew" in caplog.text
    assert not Catalogue(result.engine).snapshot.datasets
    assert index(folder=tmp_path).dataset("a").variables


def test_a_file_is_read_again_by_other_code(tmp_path, make, index):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)
    assert result.store.file_states()
    assert not CatalogueWriter(result.engine, reading_version() + 1).file_states()


def test_a_file_that_is_no_database_is_reported_in_one_line(tmp_path):
    (tmp_path / "c.sqlite3").write_text("this is not a database, though it is long enough to look at" * 20)
    engine = connect(str(tmp_path / "c.sqlite3"))
    with pytest.raises(DatabaseUnusable, match="not a database"):
        create_tables(engine)
    engine.dispose()


def command(database, folder, *more):
    return [sys.executable, "-m", "ocean_metadata.index", "--database", str(database), "--folder", str(folder), *more]


@pytest.mark.ci
def test_two_indexers_at_once_leave_one_sound_catalogue(tmp_path, database, index, make):
    files = tmp_path / "files"
    files.mkdir()
    for name in "abcd":
        make(files / f"{name}.nc", variable=name)
    pair = [subprocess.Popen(command(database, files), stderr=subprocess.PIPE) for _ in range(2)]
    errors = [item.communicate()[1] for item in pair]
    assert [item.returncode for item in pair] == [0, 0], errors
    result = index(folder=files)
    assert list(result.datasets) == list("abcd")


@pytest.mark.ci
def test_the_catalogue_reads_after_the_command_is_killed(tmp_path, database, index, make):
    files = tmp_path / "files"
    files.mkdir()
    for day in range(30):
        make(files / f"d_{day:02d}.nc", times=[day])
    running = subprocess.Popen(command(database, files, "--watch", "0.1"), stderr=subprocess.PIPE)
    running.stderr.readline()  # it says so when the first pass is done
    make(files / "d_30.nc", times=[30])
    running.send_signal(signal.SIGKILL)
    running.communicate()
    result = index(folder=files)
    assert result.dataset("d").times[0].count == 31


@pytest.mark.ci
def test_the_watching_command_ends_with_its_input(tmp_path, make):
    make(tmp_path / "a.nc")
    watching = command(tmp_path / "c.sqlite3", tmp_path, "--watch", "60")
    running = subprocess.Popen(watching, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b"indexed" in running.stderr.readline()
    running.stdin.close()
    assert running.wait(timeout=100) == 0
    running.stderr.close()


def test_numbers_and_texts_that_databases_dislike_are_no_hindrance(tmp_path, index, make):
    with netCDF4.Dataset(make(tmp_path / "a.nc"), "a") as data:
        for where in (data, data["thetao"]):
            where.setncatts(
                {
                    "odd": np.nan,
                    "far": np.float32(np.inf),
                    "words": "a\u0000b \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
                    "many": [1.0, np.nan],
                }
            )
        data["thetao"].long_name = "one\u0000two"
    assert index(folder=tmp_path).dataset("a").state == "served"
