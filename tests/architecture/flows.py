"""Count the files under services/ that a request passes: `python tests/architecture/flows.py [CHECKOUT ...]`.

Each checkout is served by its own `deploy/run.py` with the sample data. A tracer in every process of the services
notes the files of the functions that are called between two signals. Two figures are given: the files of the first
request of a kind, which fills caches, and those that every one of the requests after it passes.

Before the core was written and the folders were made by feature: /datasets 9, time series 70 and 49, subset 59 and 48,
profile plot 93 and 80, new tile 71 and 49, kept tile 13.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
API = "/api/v2.0"
READY = 300.0  # s
REPETITIONS = 4

# Imported by each Python process before anything else. SIGUSR1 forgets what was noted, SIGUSR2 writes it to a file.
TRACER = """
import json, os, signal, sys, threading
folder, services, passed = os.environ["FLOWS_FOLDER"], os.environ["FLOWS_SERVICES"], set()

def note(frame, event, argument):
    if event == "call":
        code = frame.f_code
        if code.co_name != "<module>":
            passed.add(code.co_filename)

def forget(*_):
    passed.clear()
    mark("cleared")

def write(*_):
    mark("passed", [name for name in passed if name.startswith(services)])

def mark(what, content=()):
    path = os.path.join(folder, f"{os.getpid()}.{what}")
    with open(path + ".part", "w") as file:
        json.dump(list(content), file)
    os.replace(path + ".part", path)

names = {"ocean_metadata", "ocean_data", "ocean_plotting"}
if names & set(sys.orig_argv) or "multiprocessing.spawn" in " ".join(sys.orig_argv):
    signal.signal(signal.SIGUSR1, forget)
    signal.signal(signal.SIGUSR2, write)
    threading.setprofile(note)
    sys.setprofile(note)
    mark("traced")
"""


@contextmanager
def serve(checkout: Path, folder: Path, port: int) -> Iterator[httpx.Client]:
    """Serve the sample data of a checkout with the tracer in its processes."""
    (folder / "sitecustomize.py").write_text(TRACER)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("OCEAN_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(folder), "FLOWS_FOLDER": str(folder), "FLOWS_SERVICES": f"{checkout}/services/"}
    command = [checkout / ".venv/bin/python", checkout / "deploy/run.py", "--state", folder / "state"]
    command += ["--port", str(port), "--https-port", str(port + 1)]
    log = folder / "run.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--port", str(port), "--https-port", str(port + 1)],
            stdout=output,
            stderr=output,
            env=environment,
        )
    try:
        deadline = time.monotonic() + READY
        while "is ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{checkout} cannot be served:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}{API}/", timeout=120) as http:
            yield http
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)


def traced_processes(folder: Path) -> list[int]:
    """List the traced processes that live."""
    pids = [int(path.stem) for path in folder.glob("*.traced")]
    return [pid for pid in pids if Path(f"/proc/{pid}/stat").exists()]


def send(folder: Path, number: signal.Signals, what: str) -> list[Path]:
    """Send a signal to the traced processes, and wait until each has done what it asks for."""
    pids = traced_processes(folder)
    answers = [folder / f"{pid}.{what}" for pid in pids]
    for pid, answer in zip(pids, answers, strict=True):
        answer.unlink(missing_ok=True)
        os.kill(pid, number)
    deadline = time.monotonic() + 10
    while not all(answer.exists() for answer in answers) and time.monotonic() < deadline:
        time.sleep(0.01)
    return [answer for answer in answers if answer.exists()]


def trace(folder: Path, request: Callable[[int], httpx.Response], number: int) -> set[str]:
    """Return the files that one request passes."""
    send(folder, signal.SIGUSR1, "cleared")
    response = request(number)
    time.sleep(0.3)  # what follows the last byte belongs to the request
    response.raise_for_status()
    return {name for path in send(folder, signal.SIGUSR2, "passed") for name in json.loads(path.read_text())}


def flows(http: httpx.Client) -> dict[str, Callable[[int], httpx.Response]]:
    """Return the flows by name: functions that send the n-th request of a kind."""
    last = http.get("dataset/arctic_day/votemper/timestamps").json()[-1]["id"]
    tile = f"tiles/arctic_day/aice/{last}/0"

    def profile(number: int) -> httpx.Response:
        query = {"dataset": "arctic_day", "variable": "x_velocity", "station": [[73.0, 20.0 + number]], "time": last}
        return http.get("plot/profile", params={"query": json.dumps(query), "format": "png"})

    return {
        "/datasets": lambda _: http.get("datasets"),
        "time series at a point": lambda number: http.get(
            f"data/arctic_day/votemper/timeseries?latitude={73 + number / 10}&longitude=20&depth=0"
        ),
        "subset": lambda number: http.get(
            f"subset/arctic_day/vosaline?min_range=72,{10 + number}&max_range=76,30&time=2016-02-01,2016-02-03"
        ),
        "profile plot": profile,
        "tile, new": lambda number: http.get(f"{tile}/6/{33 + number}/15"),
        "tile, kept": lambda _: http.get(f"{tile}/6/33/15"),
    }


def measure(checkout: Path, port: int) -> dict[str, tuple[list[str], list[str]]]:
    """Return the files that each flow passes the first time and later, relative to the checkout."""
    measured = {}
    with tempfile.TemporaryDirectory(prefix="flows-") as name:
        folder = Path(name)
        with serve(checkout, folder, port) as http:
            for flow, request in flows(http).items():
                first, *later = [trace(folder, request, number) for number in range(REPETITIONS)]
                measured[flow] = tuple(
                    sorted(path.removeprefix(f"{checkout}/") for path in passed)
                    for passed in (first, set.intersection(*later))
                )
    return measured


def main() -> None:
    """Print a table with a column for each checkout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", type=Path, nargs="*", default=[ROOT])
    parser.add_argument("--port", type=int, default=18751)
    parser.add_argument("--files", action="store_true", help="name the files")
    options = parser.parse_args()
    columns = [measure(checkout.resolve(), options.port) for checkout in options.checkouts]
    for flow in columns[0]:
        counts = ("{:6} {:4}".format(*map(len, column[flow])) for column in columns)
        print(f"{flow:25}" + "   ".join(counts))
        if options.files:
            for column in columns:
                print("\n".join(f"    {path}" for path in column[flow][0]))


if __name__ == "__main__":
    sys.exit(main())
