"""Parts read by a cluster of two processes: the same numbers, in order, and everything here when it is away."""

import sys
from itertools import islice

import cloudpickle
import numpy as np
import pytest
from distributed import LocalCluster

from ocean_common.contracts.data import AreaRequest
from ocean_core.errors import SourceUnreadable
from ocean_data.app import open_reading
from ocean_data.cluster import AHEAD, Cluster
from ocean_data.plan import areas
from ocean_data.plan.extraction import Extraction, read_parts
from ocean_data.reading.base import Reading
from ocean_data.settings import MIB, Settings

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # workers do not have the tests
SETTINGS = Settings(chunk_bytes=8 * MIB, level_bytes=8 * MIB, grid_bytes=8 * MIB)

pytestmark = [pytest.mark.ci, pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def scheduler():
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def joined(scheduler):
    created = Cluster(scheduler, open_reading, SETTINGS, least=1)
    yield created
    created.close()


@pytest.fixture(scope="module")
def reading():
    return open_reading(SETTINGS)


@pytest.fixture
def extraction(reading, shipped):
    query = AreaRequest(
        dataset="arctic_day",
        variables=["votemper"],
        box=(5, 70, 30, 78),
        start="2016-02-01",
        end="2016-02-05",
        depth="all",
    )
    planned = areas.plan_area(reading, [shipped["arctic_day", "votemper"]], query)
    return rows_of(planned, 1)


def rows_of(extraction, rows):
    return Extraction(**{**{name: getattr(extraction, name) for name in extraction.__dataclass_fields__}, "rows": rows})


def same(one, other):
    one, other = list(one), list(other)
    assert [rows for rows, _ in one] == [rows for rows, _ in other]
    for (_, got), (_, expected) in zip(one, other, strict=True):
        assert got.keys() == expected.keys()
        for key, values in got.items():
            np.testing.assert_array_equal(values, expected[key])


def test_the_cluster_reads_the_same_parts_in_the_same_order(joined, extraction, reading):
    assert len(extraction.parts()) == 5
    same(joined.read(extraction, Nobody()), read_parts(extraction, reading))


class Nobody(Reading):
    """What reads nothing: the cluster must."""

    def __init__(self):
        object.__setattr__(self, "source", Still())
        object.__setattr__(self, "grids", None)


class Still:
    """Files that never change."""

    def signature(self, path):
        return path


class Slow:
    """A body that tells which process has read, and may fail."""

    def __init__(self, failing=None):
        self.failing = failing

    def __call__(self, reading, rows):
        if rows.start == self.failing:
            raise SourceUnreadable("gone", retry_after=7)
        return {"votemper": np.array([float(rows.start)])}


def with_body(extraction, body, count=20):
    names = {name: getattr(extraction, name) for name in extraction.__dataclass_fields__}
    return Extraction(**{**names, "body": body, "dims": {"time": count}, "rows": 1})


def test_a_failure_of_a_worker_is_raised_as_it_is(joined, extraction):
    parts = joined.read(with_body(extraction, Slow(failing=3)), Nobody())
    assert [rows.start for rows, _ in islice(parts, 3)] == [0, 1, 2]
    with pytest.raises(SourceUnreadable, match="gone") as failure:
        next(parts)
    assert failure.value.retry_after == 7


def test_only_a_few_parts_are_requested_ahead_and_none_after_a_disconnect(joined, extraction):
    parts = joined.read(with_body(extraction, Slow(), count=1000), Nobody())
    next(parts)
    client = joined._joined()
    assert len(client.futures) <= 2 * AHEAD + 2
    parts.close()
    assert len(client.futures) <= 2  # what was read, and what reads it: none of those ahead


def test_short_extractions_are_read_here(scheduler, extraction, reading):
    short = Cluster(scheduler, open_reading, SETTINGS, least=1 << 40)
    same(short.read(extraction, reading), read_parts(extraction, reading))
    assert short._client is None


def test_everything_is_read_in_process_while_the_scheduler_is_away_and_it_is_not_tried_each_time(extraction, reading):
    now = [100.0]
    away = Cluster("tcp://127.0.0.1:9", open_reading, SETTINGS, least=1, clock=lambda: now[0])
    same(away.read(extraction, reading), read_parts(extraction, reading))
    requests = away._again
    assert requests > now[0]
    same(away.read(extraction, reading), read_parts(extraction, reading))
    assert away._again == requests


def test_the_address_of_the_scheduler_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    assert Settings().dask_scheduler is None
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", "tcp://127.0.0.1:8786")
    assert Settings().dask_scheduler == "tcp://127.0.0.1:8786"
