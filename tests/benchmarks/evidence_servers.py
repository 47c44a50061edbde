"""Servers that evidence.py compares, and the requests recorded for them."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import count
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any
from urllib.parse import quote

import evidence_work as work
import httpx
import msgspec
import netCDF4
import numpy as np
import reading
from serving import Stack, child, free_port

from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient
from ocean_plotting.plots import KINDS
from ocean_plotting.plots.kind import Services

HERE = Path(__file__).parent
FRAMEWORKS = HERE.parents[1] / ".venv-frameworks"
LARGE_ROWS, LARGE_COLUMNS = 812, 900  # of the variable behind the large subset: 42 MB of CSV a day


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server: its process and the addresses of what it is asked for."""

    process: int
    base: str
    empty: str
    datasets: str
    tile: Callable[[int, int, int], str]  # of a time step and a place
    plot: Callable[[int], str]


Start = Callable[[Path], AbstractContextManager[Server]]


def install_frameworks() -> bool:
    """Install the frameworks into a folder of their own, with the versions of everything else; False if impossible."""
    requirements = HERE / "frameworks.txt"
    stamp = FRAMEWORKS / "installed"
    if stamp.exists() and stamp.read_text() == requirements.read_text():
        return True
    sys.stdout.write("installing the frameworks into .venv-frameworks …\n")
    shutil.rmtree(FRAMEWORKS, ignore_errors=True)
    uv = Path(sys.executable).with_name("uv")
    pip = (
        [str(uv), "pip", "install", "--python", sys.executable]
        if uv.exists()
        else [sys.executable, "-m", "pip", "install"]
    )
    constraints = str(HERE.parents[1] / "constraints.txt")
    try:
        command = [*pip, "-q", "--target", str(FRAMEWORKS), "-c", constraints, "-r", str(requirements)]
        subprocess.run(command, check=True, capture_output=True, timeout=240)
    except (OSError, subprocess.SubprocessError) as error:
        sys.stdout.write(f"the frameworks cannot be installed: {type(error).__name__}\n")
        return False
    stamp.write_text(requirements.read_text())
    return True


def make_datasets(folder: Path, days: int) -> None:
    """Make the files: the sample data, 30 days of a sea surface, and a large variable of some days."""
    shutil.copytree(work.SAMPLES, folder, dirs_exist_ok=True)
    reading.make(folder)
    make_large(folder, days)
    configuration = json.loads((folder / "datasets.json").read_text("utf-8"))
    made: dict[str, Any] = {"sst": ("sst_*.nc", "sst"), "large": ("large_*.nc", "v")}
    for key, (url, variable) in made.items():
        configuration[key] = {"name": key, "url": url, "quantum": "day", "variables": {variable: {}}}
    (folder / "datasets.json").write_text(json.dumps(configuration), "utf-8")


def make_large(folder: Path, days: int) -> None:
    """Make a smooth field that moves, one file a day."""
    rows, columns = np.ogrid[:LARGE_ROWS, :LARGE_COLUMNS]
    for day in range(days):
        with netCDF4.Dataset(folder / f"large_{day:02d}.nc", "w") as file:
            for name, size in (("time", None), ("latitude", LARGE_ROWS), ("longitude", LARGE_COLUMNS)):
                file.createDimension(name, size)
            moment = file.createVariable("time", "f8", ("time",))
            moment.standard_name, moment.units, moment[:] = "time", "days since 2020-01-01", [day]
            for name, units, values in (
                ("latitude", "degrees_north", np.linspace(0.05, 79.95, LARGE_ROWS)),
                ("longitude", "degrees_east", np.linspace(-89.95, -0.05, LARGE_COLUMNS)),
            ):
                axis = file.createVariable(name, "f8", (name,))
                axis.standard_name, axis.units, axis[:] = name, units, values
            field = file.createVariable(
                "v", "f4", ("time", "latitude", "longitude"),
                zlib=True, complevel=1, shuffle=True, chunksizes=(1, 400, 450),
            )  # fmt: skip
            field.units = "1"
            field[0] = np.round((np.sin(rows / 50 + day / 9) + np.cos(columns / 70)) * 256) / 256


async def record(folder: Path, running: Stack) -> None:
    """Record what the functions need, from the services: the list of datasets, variables, and numbers of plots."""
    data = DataClient(running.urls["data"])
    async with MetadataClient(running.urls["metadata"]) as metadata:
        for dataset, variable in (("sst", "sst"), ("large", "v")):
            assets = await metadata.assets(dataset, variable)
            (folder / f"{dataset}.assets").write_bytes(msgspec.msgpack.encode(assets))
        jobs = []
        for number, (kind, query) in enumerate(work.PLOTS):
            job = work.record_job(number, None)
            read = msgspec.convert(query, KINDS[kind].query)
            numbers = await KINDS[kind].fetch(Services(data=data, metadata=metadata), read, job.output)
            jobs.append(work.record_job(number, numbers))
    await data.aclose()
    async with httpx.AsyncClient(base_url=running.urls["web"]) as http:
        (folder / "listing.json").write_bytes((await http.get("/api/v2.0/datasets")).raise_for_status().content)
    (folder / "jobs").write_bytes(bytes(ForkingPickler.dumps(jobs)))


def framework(script: str, mode: str, *options: str) -> Start:
    """Return how a framework is started: a script, or an application of gunicorn with its options."""

    @contextmanager
    def start(folder: Path) -> Iterator[Server]:
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        gunicorn = ["-m", "gunicorn", script, "--bind", f"127.0.0.1:{port}", "--log-level", "error", *options]
        command = [sys.executable, *(gunicorn if options else [str(HERE / script), str(port)])]
        paths = f"{HERE}:{FRAMEWORKS}"
        environment = {work.FOLDER: str(folder), work.MODE: mode, "PYTHONPATH": paths}
        with child(command, f"{base}/empty", **environment) as process:
            yield Server(
                process=process,
                base=base,
                empty=f"{base}/empty",
                datasets=f"{base}/datasets",
                tile=lambda step, x, y: f"{base}/tile/{step}/{work.ZOOM}/{x}/{y}",
                plot=lambda number: f"{base}/plot/{number}",
            )

    return start


def describe_services(running: Stack) -> Server:
    """Return the addresses of these services, started as `make run` does: requests go through the gateway."""
    base, numbers = f"{running.urls['web']}/api/v2.0", count()
    return Server(
        process=running.process,
        base=running.urls["web"],
        empty=f"{running.urls['plotting']}/health/live",  # the gateway passes no such request on
        datasets=f"{base}/datasets",
        tile=lambda step, x, y: tile_address(base, step, (work.ZOOM, x, y)),
        # No two addresses are the same: the services keep answers.
        plot=lambda number: f"{plot_address(base, number)}&n={next(numbers)}",
    )


def tile_address(base: str, step: int, tile: tuple[int, int, int]) -> str:
    """Return the address of a tile of these services."""
    where = f"sst/sst/2020-01-{step + 1:02d}T00:00:00/0/{'/'.join(map(str, tile))}"
    return f"{base}/tiles/{where}?interp=bilinear&scale=0,30"


def plot_address(base: str, number: int) -> str:
    """Return the address of a plot of these services."""
    kind, query = work.PLOTS[number]
    return f"{base}/plot/{kind}?query={quote(json.dumps(query))}&format=png&size=15x9&dpi=150"


OURS = "these services"
GUNICORN = "evidence_flask:app"
SERVERS: dict[str, Start] = {
    "FastAPI, async def": framework("evidence_fastapi.py", "async"),
    "FastAPI, def": framework("evidence_fastapi.py", "threads"),
    "FastAPI + pool": framework("evidence_fastapi.py", "pool"),
    "Flask, 2 sync workers": framework(GUNICORN, "inline", "--workers", "2"),
    "Flask, 2 × 8 threads": framework(GUNICORN, "inline", "--workers", "2", "--threads", "8"),
    "Flask, 16 threads + pool": framework(GUNICORN, "pool", "--workers", "1", "--threads", "16"),
    "Litestar + pool": framework("evidence_litestar.py", "pool"),
}
