"""The services over made files, each in a process of its own on loopback."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

RUN = Path(__file__).parents[2] / "deploy/run.py"
START = 90.0  # s for a service to be ready


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as item:
        item.bind(("127.0.0.1", 0))
        return int(item.getsockname()[1])


@contextmanager
def child(command: Sequence[str], url: str, **environment: str) -> Iterator[int]:
    """A process that has answered ``url``; it is ended by its id, which is returned."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{' '.join(command[:3])} did not start")
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


class Stack(NamedTuple):
    """Everything that `make run` starts."""

    process: int  # id of the program that started the others
    urls: dict[str, str]  # of the services, and of the gateway: web, websecure


@contextmanager
def stack(datasets: Path, state: Path) -> Iterator[Stack]:
    """All of it, as `make run` starts it, once it is ready."""
    command = [sys.executable, str(RUN), "--datasets", str(datasets), "--state", str(state)]
    command += ["--port", str(free_port()), "--https-port", str(free_port())]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OCEAN_")}
    environment |= {f"{name}_PROCESSES": "1" for name in ("METADATA", "DATA", "PLOTTING")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            output = iter(process.stdout or ())
            while "is ready" not in (line := next(output, "")):
                if not line:
                    sys.exit("the services did not start")
            yield Stack(process.pid, json.loads((state / "urls.json").read_text()))
        finally:
            process.terminate()


@contextmanager
def services(folder: Path, datasets: dict[str, dict[str, object]], *, plotting: bool = False) -> Iterator[list[str]]:
    """The data service (and plotting) over a folder of files with this configuration: their addresses."""
    (folder / "datasets.json").write_text(json.dumps(datasets))
    database = str(folder / "catalogue.sqlite3")
    reported = ["--database", database, "--datasets", str(folder / "datasets.json")]
    subprocess.run([sys.executable, "-m", "ocean_metadata.index", *reported], check=True, capture_output=True)
    ports = [free_port() for _ in range(3 if plotting else 2)]
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    with ExitStack() as running:
        for name, port, url in zip(("METADATA", "DATA", "PLOTTING"), ports, urls, strict=False):
            own = {"PORT": str(port), "LOG_LEVEL": "warning"}
            own |= {"DATABASE": database, "WATCH": "0"} if name == "METADATA" else {"METADATA_URL": urls[0]}
            own |= {"DATA_URL": urls[1]} if name == "PLOTTING" else {}
            settings = {f"OCEAN_{name}_{key}": value for key, value in own.items()}
            command = [sys.executable, "-m", f"ocean_{name.lower()}"]
            running.enter_context(child(command, f"{url}/health/ready", **settings))
        yield urls[1:]
