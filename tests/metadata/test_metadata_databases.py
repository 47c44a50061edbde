"""Index databases that teams have: their files, variables and times are in the catalogue."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from ocean_metadata.index.configuration import InvalidIndex, read_indexes

SAMPLE_DATA = Path(__file__).parents[2] / "deploy" / "sample_data"
NOTHING = (1.17549e-38, 3.40282e38)
SCHEMA = """
CREATE TABLE Dimensions (id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL);
CREATE TABLE Variables (id INTEGER PRIMARY KEY, variable TEXT UNIQUE NOT NULL, units TEXT, longName TEXT,
    validMin REAL, validMax REAL);
CREATE TABLE VarsDims (variable_id INTEGER, dim_id INTEGER, PRIMARY KEY(variable_id, dim_id));
CREATE TABLE Filepaths (id INTEGER PRIMARY KEY, filepath TEXT UNIQUE NOT NULL);
CREATE TABLE Timestamps (id INTEGER PRIMARY KEY, timestamp INTEGER UNIQUE NOT NULL);
CREATE TABLE TimestampVariableFilepath (filepath_id INTEGER, variable_id INTEGER, timestamp_id INTEGER,
    PRIMARY KEY(filepath_id, variable_id, timestamp_id));
"""


def make_index(path: Path, files: list[str], variables=(), timestamps=()) -> Path:
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SCHEMA)
        database.executemany("INSERT INTO Filepaths(filepath) VALUES (?)", [(str(item),) for item in files])
        database.executemany("INSERT INTO Timestamps(timestamp) VALUES (?)", [(item,) for item in timestamps])
        database.executemany(
            "INSERT INTO Variables(variable, units, longName, validMin, validMax) VALUES (?, ?, ?, ?, ?)", variables
        )
    return path


def test_the_files_of_an_index_are_one_dataset(index, write, tmp_path):
    files = sorted((SAMPLE_DATA / "nemo").glob("nemo_1m_2015*.nc"))
    make_index(tmp_path / "nemo.sqlite3", [str(file) for file in files], [("tos", "degC", "SST", *NOTHING)])
    result = index(datasets=write({"nemo": {"url": "nemo.sqlite3"}})).dataset("nemo")
    assert [item.path for item in result.files] == [str(file) for file in files]
    assert (result.state, [item.key for item in result.variables], result.times[0].count) == ("served", ["tos"], 3)


def test_its_paths_may_be_relative_to_it_and_lead_nowhere(index, write, make, tmp_path):
    (tmp_path / "runs").mkdir()
    make(tmp_path / "runs" / "a.nc")
    make_index(tmp_path / "runs" / "a.sqlite3", ["a.nc", "gone.nc"])
    result = index(datasets=write({"a": {"url": "runs/a.sqlite3"}})).dataset("a")
    assert result.state == "partly"
    assert [(problem.name, str(problem.reason)) for problem in result.problems] == [("gone.nc", "it no longer exists")]


def test_its_timestamps_are_the_ids_of_the_steps(index, write, make, tmp_path):
    stamps = [2031436800, 2034072000]
    make(tmp_path / "a.nc", times=stamps, units="seconds since 1950-01-01 00:00:00")
    make_index(tmp_path / "a.sqlite3", ["a.nc"], timestamps=stamps)
    result = index(datasets=write({"a": {"url": "a.sqlite3"}}))
    steps = result.catalogue._read_steps("a", result.dataset("a").revision, 0)
    assert np.asarray(steps.raw).tolist() == stamps


@pytest.mark.parametrize("name", ["y_wind", "latent_heat", "x_velocity", "polarity"])
def test_a_variable_is_served_whatever_its_name(index, write, make, tmp_path, name):
    make(tmp_path / "a.nc", variable=name)
    make_index(tmp_path / "a.sqlite3", ["a.nc"], [(name, "m/s", "", *NOTHING)])
    assert [variable.key for variable in index(datasets=write({"a": {"url": "a.sqlite3"}})).dataset("a").variables] == [
        name
    ]


def test_it_says_what_the_files_do_not(index, write, make, tmp_path):
    make(tmp_path / "a.nc")
    make_index(tmp_path / "a.sqlite3", ["a.nc"], [("thetao", "Kelvins", "Warmth", 3.0, 33.0)])
    (result,) = index(datasets=write({"a": {"url": "a.sqlite3"}})).dataset("a").variables
    assert (result.units, result.name, result.scale) == ("degree_C", "Sea water temperature", (3.0, 33.0))


def test_attributes_of_the_file_may_have_any_name(index, write, make, tmp_path):
    with netCDF4.Dataset(make(tmp_path / "a.nc"), "a") as data:
        data["thetao"].setncatts({"variable": "temperature", "header": "none"})
    make_index(tmp_path / "a.sqlite3", ["a.nc"], [("thetao", "Kelvins", "Warmth", 3.0, 33.0)])
    (result,) = index(datasets=write({"a": {"url": "a.sqlite3"}})).dataset("a").variables
    assert (result.attributes["variable"], result.scale) == ("temperature", (3.0, 33.0))


def test_a_file_that_is_added_to_it_is_added_to_the_dataset(index, write, make, tmp_path):
    make(tmp_path / "a.nc")
    make(tmp_path / "b.nc", times=(3, 4))
    path = make_index(tmp_path / "a.sqlite3", ["a.nc"])
    result = index(datasets=write({"a": {"url": "a.sqlite3"}}))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("INSERT INTO Filepaths(filepath) VALUES ('b.nc')")
    os.utime(path, ns=(1, 1))
    assert result.run() == 1
    assert result.dataset("a").times[0].count == 5


@pytest.mark.parametrize(
    ("content", "reason"), [(b"no database", "is not an index database"), (None, "cannot be read: No such file")]
)
def test_a_value_that_is_no_index_is_reported(index, write, tmp_path, content, reason):
    if content is not None:
        (tmp_path / "a.sqlite3").write_bytes(content)
    result = index(datasets=write({"a": {"url": "a.sqlite3"}})).dataset("a")
    assert (result.state, reason in str(result.reason)) == ("broken", True)


def test_it_is_opened_for_reading_only(tmp_path):
    path = make_index(tmp_path / "a.sqlite3", ["a.nc"])
    path.chmod(0o444)
    assert read_indexes([str(path)]).files == [str(tmp_path / "a.nc")]
    assert [item.name for item in tmp_path.iterdir()] == ["a.sqlite3"]
    with pytest.raises(InvalidIndex):
        read_indexes([str(tmp_path / "b.sqlite3")])
    assert not (tmp_path / "b.sqlite3").exists()
