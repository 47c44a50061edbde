"""A variable and its steps are of one revision, whenever they are asked for."""

import asyncio

import pytest

from ocean_core.errors import ServiceUnavailable
from ocean_metadata.catalogue import store
from ocean_metadata.catalogue.model import Replaced


def axis(record, found):
    return [found.time]


def test_a_dataset_written_since_the_last_look_is_answered_as_it_is_now(tmp_path, index, make):
    make(tmp_path / "a_1.nc", times=[0, 1])
    make(tmp_path / "a_2.nc", times=[2])
    result = index(folder=tmp_path)
    before = result.dataset("a")
    make(tmp_path / "a_3.nc", times=[3, 4])
    result.indexer.run()  # by another process: this one has not looked yet

    with pytest.raises(Replaced):
        asyncio.run(result.catalogue.steps(before, 0))
    record, variable, steps = asyncio.run(store.read_variable(result.catalogue, "a", "thetao", axis))

    assert record.revision != before.revision
    assert variable in record.variables
    assert steps[0].raw.tolist() == [0, 1, 2, 3, 4]


def test_a_dataset_that_changes_each_time_is_given_up_with_a_reason(tmp_path, index, make):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)

    class Restless:
        snapshot = result.catalogue.snapshot

        async def steps(self, record, time):
            raise Replaced(record.id)

        def refresh(self):
            pass

    with pytest.raises(ServiceUnavailable, match="try again"):
        asyncio.run(store.read_variable(Restless(), "a", "thetao", axis))
