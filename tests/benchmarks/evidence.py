# ruff: noqa: T201 - it prints tables
"""Does the framework matter, or the compute? The same functions behind Flask, FastAPI, Litestar and these services.

`make evidence` measures everything in one run, prints tables, and writes docs/evidence.md and its pictures. `--quick`
tries it with fewer repetitions; `--missing` goes on with a run that was interrupted; `--draw` measures nothing, and
writes the document of the last run anew.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import distributions
from pathlib import Path

import evidence_document
import evidence_load
import evidence_servers
import evidence_subset
import evidence_views
import evidence_work
import msgspec
from evidence_load import Rounds
from evidence_servers import FRAMEWORKS, OURS
from serving import stack

RESULTS = Path(__file__).parents[2] / "build/evidence.json"
COUNTS = {"empty": 400, "datasets": 400, "tile": 40, "profile": 4, "map": 3}
FULL, QUICK = Rounds(COUNTS, 6.0, 2.0), Rounds({**COUNTS, "tile": 20, "profile": 1, "map": 1}, 1.0, 0.5)

COMPARED = {
    "flask": "Flask",
    "gunicorn": "gunicorn",
    "fastapi": "FastAPI",
    "litestar": "Litestar",
    "uvicorn": "uvicorn",
}


def main(options: list[str]) -> None:
    """Measure what is to be measured, and write the document."""
    results = evidence_document.Results()
    if "--draw" in options or "--missing" in options:
        results = msgspec.json.decode(RESULTS.read_bytes(), type=evidence_document.Results)
    if "--draw" not in options:
        if not evidence_servers.install_frameworks():
            sys.exit(1)
        with tempfile.TemporaryDirectory() as folder:
            measure(results, Path(folder), quick="--quick" in options)
    for name, table in evidence_document.make_tables(results).items():
        print(f"\n{name}\n{table}")
    evidence_document.write(results)


def measure(results: evidence_document.Results, folder: Path, *, quick: bool) -> None:
    """Measure what is not there yet, and save each part."""
    rounds, days = (QUICK, 1) if quick else (FULL, 12)
    results.quick |= quick
    results.began = results.began or time.strftime("%Y-%m-%d %H:%M")
    found = distributions(path=[str(FRAMEWORKS), *sys.path])
    versions = {item.name.lower(): item.version for item in found if item.name.lower() in COMPARED}
    results.versions = {COMPARED[name]: versions[name] for name in COMPARED} | {OURS: _find_revision()}
    evidence_servers.make_datasets(folder, days)
    with stack(folder / "datasets.json", folder / "state") as running:
        asyncio.run(evidence_servers.record(folder, running))
        if OURS not in results.servers:
            server = evidence_servers.describe_services(running)
            _save(results, "these services")
            results.servers[OURS] = asyncio.run(evidence_load.measure(server, rounds))
        if not results.views and evidence_views.can_measure():
            _save(results, "views of a map")
            secure = running.urls["websecure"]
            results.views = asyncio.run(evidence_views.measure(secure, folder, 2 if quick else 5))
        if OURS not in results.subsets:
            _save(results, "a large subset")
            path = evidence_subset.describe_subset(days)
            server = evidence_servers.describe_services(running)
            results.subsets[OURS] = evidence_subset.fetch(server, server.base + path)
    if not results.functions:
        _save(results, "the functions alone")
        command = [sys.executable, evidence_work.__file__, json.dumps(rounds.requests)]
        environment = {**os.environ, evidence_work.FOLDER: str(folder)}
        output = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
        results.functions = json.loads(output)
    for name, start in evidence_servers.SERVERS.items():
        if name not in results.servers:
            _save(results, name)
            with start(folder) as server:
                results.servers[name] = asyncio.run(evidence_load.measure(server, rounds))
    if len(results.subsets) == 1:
        _save(results, "a large subset by Flask")
        results.subsets |= evidence_subset.compare_flask(folder, days)
    results.ended = time.strftime("%H:%M")
    _save(results, "end")


def _find_revision() -> str:
    """Return the commit of the code, where there is git to tell."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    result = subprocess.run(command, cwd=RESULTS.parents[1], check=False, capture_output=True, text=True)
    return result.stdout.strip() or "unknown"


def _save(results: evidence_document.Results, part: str) -> None:
    """Save what has been measured, and note the load of the machine before the next part."""
    results.load.append(os.getloadavg()[0])
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_bytes(msgspec.json.encode(results))
    print(f"{time.strftime('%H:%M:%S')} load {results.load[-1]:.1f}: {part} …", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
