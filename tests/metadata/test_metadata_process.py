"""The service as it runs: with its indexer beside it."""

import os
import signal
from pathlib import Path

import pytest
from tests.metadata.serving import PATIENCE, http_client, serving, until

# Processes are started, which takes its time on a busy machine.
pytestmark = [pytest.mark.ci, pytest.mark.timeout(400)]


@pytest.fixture
def service(tmp_path):
    """The service over a folder, on a Unix socket."""
    files = tmp_path / "files"
    files.mkdir()
    path = tmp_path / "s"
    with serving(path, folder=files, database=tmp_path / "c.sqlite3", watch=0.2) as running, http_client(path) as http:
        yield running, http, files


def children(pid):
    result = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(part) for part in result.read_text().split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_new_files_appear_while_it_serves_and_nothing_is_left_when_it_is_killed(service, make):
    running, http, files = service
    assert until(lambda: http.get("/health/ready").status_code == 200)
    assert http.get("/api/v2.0/datasets").json() == []

    make(files / "a.nc")
    assert until(lambda: [item["id"] for item in http.get("/api/v2.0/datasets").json()] == ["a"])

    (files / "bad.nc").write_text("nothing")
    assert until(lambda: len(http.get("/api/v2.0/datasets/status").json()) == 2)
    assert [item["id"] for item in http.get("/api/v2.0/datasets").json()] == ["a"]

    [indexer] = children(running.pid)
    os.kill(indexer, signal.SIGKILL)
    assert until(lambda: children(running.pid) not in ([], [indexer]))
    assert "the index process: it ended with code -9; it is started again" in (files.parent / "s.log").read_text()
    make(files / "a.nc", times=[0, 1, 2, 3, 4])
    assert until(lambda: len(http.get("/api/v2.0/dataset/a/thetao/timestamps").json()) == 5)

    [indexer] = children(running.pid)
    running.send_signal(signal.SIGKILL)
    assert until(lambda: not alive(indexer))


def test_it_ends_with_its_indexer_on_a_signal(service):
    running, http, _ = service
    assert until(lambda: http.get("/health/ready").status_code == 200)
    [indexer] = children(running.pid)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=PATIENCE) in {0, -signal.SIGTERM}
    assert until(lambda: not alive(indexer))
