"""Services as they run, in processes of their own."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx

PATIENCE = 100.0  # s: a machine may be busy; who waits that long for nothing has failed


def until(condition):
    """Wait until ``condition`` is true, not longer than patience lasts; what it was."""
    end = time.monotonic() + PATIENCE
    while not (result := condition()) and time.monotonic() < end:
        time.sleep(0.02)
    return result


def listens(path):
    with socket.socket(socket.AF_UNIX) as item:
        return item.connect_ex(str(path)) == 0


def environment(**told):
    """Of a process that is told this, and nothing else."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OCEAN_")}
    return clean | {f"OCEAN_METADATA_{name.upper()}": str(value) for name, value in told.items()}


def http_client(path):
    """Asks the service that listens on a Unix socket."""
    transport = httpx.HTTPTransport(uds=str(path), verify=False)  # to read the certificates takes longer than to ask
    return httpx.Client(transport=transport, base_url="http://local", timeout=PATIENCE)


@contextmanager
def serving(path, **told):
    """A service that listens on the Unix socket ``path``; its process."""
    with path.with_suffix(".log").open("w") as log:
        environ = environment(socket=path, **told)
        running = subprocess.Popen([sys.executable, "-m", "ocean_metadata"], env=environ, stderr=log)
    try:
        assert until(lambda: listens(path)), path.with_suffix(".log").read_text()
        yield running
    finally:
        running.kill()
        running.wait()
