"""The service as it runs: observations come in beside it, and are there when it is started again."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest
from tests.metadata.observing import SHIPPED

PATIENCE = 60.0  # s


def until(condition):
    """Wait until ``condition`` is true, not longer than patience lasts."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def start(tmp_path):
    """Start the service over a folder of observations, on a Unix socket."""
    running = []

    def begin(folder):
        environ = {name: value for name, value in os.environ.items() if not name.startswith("OCEAN_")} | {
            "OCEAN_METADATA_DATABASE": str(tmp_path / "c.sqlite3"), "OCEAN_METADATA_SOCKET": str(tmp_path / "s"),
            "OCEAN_METADATA_OBSERVATIONS_FOLDER": str(folder), "OCEAN_METADATA_WATCH": "0",
        }  # fmt: skip
        running.append(
            subprocess.Popen([sys.executable, "-m", "ocean_metadata"], env=environ, stderr=subprocess.DEVNULL)
        )
        assert until(lambda: listens(tmp_path / "s"))
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(tmp_path / "s")), base_url="http://local"), running[
            -1
        ]

    yield begin
    for one in running:
        one.kill()
        one.wait()


def listens(path):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


def features(http):
    return len(http.get("/api/v2.0/observation/track/platform_type=drifter&quantum=day.json").json()["features"])


def test_observations_come_in_beside_the_service_and_stay(start, tmp_path):
    folder = tmp_path / "obs"
    folder.mkdir()
    shutil.copy(SHIPPED / "drifters_barents_2022.nc", folder)
    http, running = start(folder)
    with http:
        assert until(lambda: features(http) == 2)
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE) is not None
    http, _ = start(tmp_path / "nothing")  # a folder that is not there is no trouble
    with http:
        assert until(lambda: features(http) == 2)
        assert "observations" not in str(http.get("/health/ready").json()["reasons"])
