"""Datasets from files that nobody described."""

import asyncio
import json
from pathlib import Path

import pytest

from ocean_metadata.index.families import RESERVED
from ocean_metadata.index.scan import list_files


def ids(indexed):
    return list(indexed.datasets)


def test_files_that_differ_in_time_are_one_dataset(tmp_path, index, make):
    make(tmp_path / "sst_1997.nc", times=[0, 1])
    make(tmp_path / "sst_1998.nc", times=[2, 3, 4])
    result = index(folder=tmp_path)
    assert ids(result) == ["sst"]
    assert result.dataset("sst").times[0].count == 5


def test_files_with_other_grids_or_variables_are_not(tmp_path, index, make):
    make(tmp_path / "a_1.nc", times=[0])
    make(tmp_path / "a_2.nc", times=[1], shape=(6, 5))
    make(tmp_path / "a_3.nc", times=[2], variable="so")
    assert ids(index(folder=tmp_path)) == ["a_1", "a_2", "a_3"]


def test_members_of_an_ensemble_are_not_a_series(tmp_path, index, make):
    for member in (1, 2):
        make(tmp_path / f"run{member}.nc", times=[0, 1])
    assert ids(index(folder=tmp_path)) == ["run1", "run2"]


def test_ids_are_safe_in_addresses_and_unique(tmp_path, index, make):
    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        make(tmp_path / folder / "sea level?#%.nc")
    make(tmp_path / "été 2020.nc")
    assert ids(index(folder=tmp_path)) == ["north_sea_level", "south_sea_level", "t_2020"]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_no_dataset_is_called_like_a_word_of_the_addresses(tmp_path, index, make, name):
    make(tmp_path / f"{name}.nc")
    assert ids(index(folder=tmp_path)) == [f"{name}_data"]


def test_a_broken_file_of_a_series_stays_with_it(tmp_path, index, make):
    make(tmp_path / "day_01.nc", times=[0])
    make(tmp_path / "day_02.nc", times=[1])
    (tmp_path / "day_03.nc").write_bytes(b"not yet a file")
    result = index(folder=tmp_path).dataset("day")
    assert (result.state, result.times[0].count, result.problems[0].name) == ("partly", 2, "day_03.nc")


def test_an_instant_in_two_files_is_read_from_the_later(tmp_path, index, make):
    make(tmp_path / "forecast_01.nc", times=[0, 1, 2])
    make(tmp_path / "forecast_02.nc", times=[1, 2, 3])
    result = index(folder=tmp_path)
    steps = asyncio.run(result.catalogue.steps(result.dataset("forecast"), 0))
    assert steps.raw.tolist() == [0, 1, 2, 3]
    assert steps.file.tolist() == [0, 1, 1, 1]
    assert steps.position.tolist() == [0, 0, 1, 2]


def test_files_of_other_kinds_and_hidden_ones_are_left_alone(tmp_path, index, make):
    make(tmp_path / "good.nc")
    make(tmp_path / ".hidden.nc")
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "list.json").write_text(json.dumps({}))
    assert ids(index(folder=tmp_path)) == ["good"]


def test_links_between_folders_are_followed_but_not_in_circles(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.nc").touch()
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    (tmp_path / "a" / "to_b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "to_a").symlink_to(tmp_path / "a")
    result = [str(Path(file).relative_to(tmp_path)) for file in list_files(tmp_path)]
    assert result == ["a/a.nc", "a/to_b/b.nc", "b/b.nc", "b/to_a/a.nc"]
