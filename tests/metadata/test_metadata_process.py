"""The service as it runs: with its indexer beside it."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

PATIENCE = 40.0  # s


@pytest.fixture
def service(tmp_path):
    """The service over a folder, on a Unix socket."""
    files = tmp_path / "files"
    files.mkdir()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("OCEAN_")} | {
        "OCEAN_METADATA_FOLDER": str(files), "OCEAN_METADATA_DATABASE": str(tmp_path / "c.sqlite3"),
        "OCEAN_METADATA_SOCKET": str(tmp_path / "s"), "OCEAN_METADATA_WATCH": "0.2",
    }  # fmt: skip
    with (tmp_path / "log").open("w") as log:
        running = subprocess.Popen([sys.executable, "-m", "ocean_metadata"], env=environ, stderr=log)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(tmp_path / "s")), base_url="http://local") as http:
            assert until(lambda: listens(tmp_path / "s"))
            yield running, http, files
        running.kill()
        running.wait()


def until(condition):
    """Wait until ``condition`` is true, not longer than patience lasts."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def listens(path):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


def children(pid):
    found = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in found.read_text().split()]


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
    assert until(lambda: [one["id"] for one in http.get("/api/v2.0/datasets").json()] == ["a"])

    (files / "bad.nc").write_text("nothing")
    assert until(lambda: len(http.get("/api/v2.0/datasets/status").json()) == 2)
    assert [one["id"] for one in http.get("/api/v2.0/datasets").json()] == ["a"]

    [indexer] = children(running.pid)
    os.kill(indexer, signal.SIGKILL)
    assert until(lambda: json.loads(http.get("/health/ready").content)["status"] == "degraded")
    assert until(lambda: children(running.pid) not in ([], [indexer]))
    make(files / "a.nc", times=[0, 1, 2, 3, 4])
    assert until(lambda: len(http.get("/api/v2.0/dataset/a/thetao/timestamps").json()) == 5)

    [indexer] = children(running.pid)
    running.send_signal(signal.SIGKILL)
    assert until(lambda: not alive(indexer))


def test_it_ends_with_its_indexer_when_it_is_told_to(service):
    running, http, _ = service
    assert until(lambda: http.get("/health/ready").status_code == 200)
    [indexer] = children(running.pid)
    running.send_signal(signal.SIGTERM)
    assert running.wait(timeout=PATIENCE) in {0, -signal.SIGTERM}
    assert until(lambda: not alive(indexer))
