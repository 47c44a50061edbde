"""`make run`: how it starts, refuses and ends."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest
from tests.e2e.conftest import Run, clean, until

from stack.options import ROOT

API = "/api/v2.0"
SAMPLES = ROOT / "deploy" / "sample_data"


def refused(tmp_path, *options, port="18979"):
    command = [
        sys.executable,
        str(ROOT / "deploy/run.py"),
        "--port",
        port,
        "--state",
        str(tmp_path / "state"),
        *options,
    ]
    completed = subprocess.run(command, capture_output=True, text=True, env=clean(), timeout=60, check=False)
    assert completed.returncode == 1
    lines = [
        line for line in (completed.stdout + completed.stderr).splitlines() if line.strip() and line != "stopping …"
    ]
    assert len(lines) == 1, lines
    return lines[0]


def test_a_port_in_use_is_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refused(tmp_path, "--https-port", "18980", port=str(port))
    assert str(port) in line
    assert "choose another PORT" in line


@pytest.mark.parametrize(("option", "words"), [("--datasets", "no file"), ("--data", "no folder")])
def test_a_missing_file_is_one_line(tmp_path, option, words):
    assert words in refused(tmp_path, option, str(tmp_path / "nowhere.json"))


MORE = [
    pytest.param('{"a": {"url": 7}}', marks=pytest.mark.ci),
    *(pytest.param(text, marks=pytest.mark.full) for text in ("[1, 2]", '{"a": "not an object"}', "")),
]


@pytest.mark.parametrize("text", ["{", *MORE])
def test_a_broken_configuration_is_one_line(tmp_path, text):
    (tmp_path / "datasets.json").write_text(text)
    assert "datasets.json" in refused(tmp_path, "--datasets", str(tmp_path / "datasets.json"))


@pytest.mark.ci
def test_two_runs_live_side_by_side_and_one_ends_alone_and_is_ready_in_seconds_the_second_time(run, tmp_path):
    """The second has a folder of files without a configuration, one of them broken; some of its programs crash."""
    folder = tmp_path / "files"
    folder.mkdir()
    shutil.copy(SAMPLES / "regular/ostia_monthly.nc", folder)
    (folder / "broken.nc").write_bytes(b"CDF\x01 but cut off")
    second = Run(tmp_path / "second", "--data", str(folder))
    try:
        second.wait()
        assert [reason["id"] for reason in second.http.get(f"{API}/datasets").json()] == ["ostia_monthly"]
        reasons = [json.dumps(reason) for reason in second.http.get(f"{API}/datasets/status").json()]
        assert any("broken" in reason for reason in reasons)
        assert run.http.get(f"{API}/dataset/arctic_day").is_success
        assert "example tile" in second.output()
        assert "replaced=0" not in second.output()
        for name in ("data", "gateway"):
            second.program(name).kill()
    finally:
        code = second.stop(signal.SIGINT)
    assert code == 0
    until(lambda: not second.left())
    assert run.http.get(f"{API}/datasets").is_success

    started = time.monotonic()
    again = Run(tmp_path / "second", "--data", str(folder))
    try:
        again.wait()
        assert time.monotonic() - started < 60  # a few seconds, on a machine that does nothing else
        assert "replaced=0" in again.output()
    finally:
        again.process.send_signal(signal.SIGKILL)
        again.stop()
    if sys.platform == "linux":
        until(lambda: not again.left(), 30)


@pytest.mark.ci
def test_a_run_that_is_stopped_while_it_starts_leaves_nothing(tmp_path):
    run = Run(tmp_path / "state")
    until(lambda: (tmp_path / "state/logs/plotting.log").exists() or run.process.poll() is not None, 60)
    assert run.stop(signal.SIGTERM) == 0
    assert "is ready" not in run.output()
    until(lambda: not run.left())


def test_the_example_addresses_that_are_printed_work(run):
    lines = [line.split() for line in run.output().splitlines() if "http://" in line and "dashboard" not in line]
    addresses = [
        word.replace("localhost", "127.0.0.1") for line in lines for word in line if word.startswith("http://")
    ]
    assert len(addresses) > 7
    for address in addresses:
        assert run.http.get(address, follow_redirects=True).status_code == 200, address


def test_the_certificate_key_is_private(run):
    assert (run.state / "key.pem").stat().st_mode & 0o077 == 0
