# ruff: noqa: PLC0415, T201 - worker processes import this module and need none of the services; it prints a table
"""How fast cheap requests are answered while plots are drawn: in worker processes, in threads, on the event loop.

One process serves the real `/datasets` of the metadata service and the real pictures of the plotting service, on one
event loop; the data service runs beside it. A client asks for `/datasets` every 25 ms and another for a tile that is
not kept every 100 ms, while eight others ask for heavy plots (maps, comparisons, sections at 150 dpi) without a pause.
Run it with `python tests/benchmarks/responsiveness.py`.
"""

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

SAMPLES = Path(__file__).parents[2] / "deploy/sample_data"
MODES = {"processes": 2, "threads": 8, "inline": 1}  # and the workers that each is given
SECONDS, PLOTTERS, EVERY = 8.0, 8, 0.025
START = 60.0  # s for a service to be ready
TILE_EVERY = 0.1  # s
TEMPERATURE = {"dataset": "arctic_day", "variable": "votemper"}
PATH = {"path": [[70.5, 20.0], [74.25, 19.17], [76.5, 12.0], [75.0, 0.0]]}
HEAVY = [
    (
        "map",
        TEMPERATURE | {"area": [{"polygons": [[[68, 0], [68, 35], [78, 35], [78, 0], [68, 0]]]}], "bathymetry": True},
    ),
    ("transect", TEMPERATURE | PATH | {"surfacevariable": "zeta", "compare_to": TEMPERATURE | {"time": "2016-02-01"}}),
    ("transect", TEMPERATURE | PATH | {"variable": "x_velocity,y_velocity", "selectedPlots": "1,1,1"}),
    ("timeseries", TEMPERATURE | {"station": [[73.0, 20.0], [70.0, -5.0], [72.0, 5.0]], "depth": "all"}),
]


def main() -> None:
    """Measure every way of drawing and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/catalogue.sqlite3"
        source = ["--database", database, "--datasets", str(SAMPLES / "datasets.json")]
        subprocess.run([sys.executable, "-m", "ocean_metadata.index", *source], check=True, capture_output=True)
        print(f"/datasets every {EVERY * 1000:.0f} ms while {PLOTTERS} clients draw heavy plots, {SECONDS:.0f} s each")
        print(f"{'drawing':<10} {'p50 ms':>8} {'p99 ms':>8} {'max ms':>8} {'plots/s':>8} {'failures':>8} {'tiles':>8}")
        slowest = {mode: _report(mode, database) for mode in MODES}
    print(f"p99 of the pool: 1/{slowest['threads'] / slowest['processes']:.0f} of the threads'")


def _report(mode: str, database: str) -> float:
    front, back = _free_port(), _free_port()
    local = [sys.executable, str(Path(__file__).resolve())]
    with (
        _child([*local, mode, database, str(front), str(back)], front),
        _child(
            [sys.executable, "-m", "ocean_data"],
            back,
            OCEAN_DATA_PORT=str(back),
            OCEAN_DATA_METADATA_URL=f"http://127.0.0.1:{front}",
            OCEAN_DATA_LOG_LEVEL="warning",
        ),
    ):
        latencies, plots, failures, tiles = asyncio.run(_measure(f"http://127.0.0.1:{front}/api/v2.0"))
    cuts = statistics.quantiles(latencies, n=100)
    p50, p99, slowest = cuts[49] * 1000, cuts[98] * 1000, max(latencies) * 1000
    print(
        f"{mode:<10} {p50:8.1f} {p99:8.1f} {slowest:8.1f} {plots / SECONDS:8.1f} {failures:8d} {tiles:>8}", flush=True
    )
    return p99


async def _measure(base: str) -> tuple[list[float], int, int, str]:
    """Latencies of `/datasets` (s), plots drawn, answers that were not 200, and how many of the tiles were."""
    latencies: list[float] = []
    failed = drawn = 0
    tiles: list[bool] = []
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=base, timeout=120, limits=limits) as client:

        async def ask() -> None:
            nonlocal failed
            started = time.perf_counter()
            answer = await client.get("/datasets")
            latencies.append(time.perf_counter() - started)
            failed += answer.status_code != httpx.codes.OK

        async def tile(number: int) -> None:
            scale = f"-2,{8 + number / 100}"  # one that nobody has asked for
            answer = await client.get("/tiles/arctic_day/votemper/-1/0/4/8/3", params={"scale": scale})
            tiles.append(answer.status_code == httpx.codes.OK)

        async def plot(number: int) -> int:
            kind, query = HEAVY[number % len(HEAVY)]
            requests: dict[str, str | int] = {"query": json.dumps(query), "format": "png", "dpi": 150}
            return (await client.get(f"/plot/{kind}", params=requests)).status_code

        async def draw(number: int, until: float) -> None:
            nonlocal failed, drawn
            while time.perf_counter() < until:
                failed += await plot(number) != httpx.codes.OK
                drawn += 1
                number += 1

        for _ in range(2):  # the first plots find their caches cold
            await asyncio.gather(*map(plot, range(4)))
        started = time.perf_counter()
        plotters = [asyncio.create_task(draw(number, started + SECONDS)) for number in range(PLOTTERS)]
        asking: list[asyncio.Task[None]] = []
        for number in range(round(SECONDS / EVERY)):
            await asyncio.sleep(max(0.0, started + number * EVERY - time.perf_counter()))
            asking.append(asyncio.create_task(ask()))
            if number % round(TILE_EVERY / EVERY) == 0:
                asking.append(asyncio.create_task(tile(number)))
        await asyncio.gather(*plotters, *asking)
    return latencies, drawn, failed, f"{sum(tiles)}/{len(tiles)}"


@contextmanager
def _child(command: list[str], port: int, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(command, env={**os.environ, **environment})
    try:
        deadline = time.monotonic() + START
        while not _ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"{' '.join(command[1:3])} did not start")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=1).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as item:
        item.bind(("127.0.0.1", 0))
        return int(item.getsockname()[1])


def serve(mode: str, database: str, port: int, data_port: int) -> None:
    """Serve metadata and plotting from one event loop."""
    import uvicorn

    from ocean_common.telemetry import configure_logs
    from ocean_metadata import app as metadata
    from ocean_metadata import settings as metadata_settings
    from ocean_plotting import app as plotting
    from ocean_plotting import settings as plotting_settings

    configure_logs("warning", "text")
    own, data = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{data_port}"
    catalogue = metadata.build(metadata_settings.Settings(database=database, watch=0))
    settings = plotting_settings.Settings(
        metadata_url=own,
        data_url=data,
        drawing=mode,  # type: ignore[arg-type] # one of MODES
        workers=MODES[mode],
        coast=str(SAMPLES / "coast/ne_110m_land.geojson.gz"),
        relief=str(SAMPLES / "topo/etopo1_6min_int16.nc"),
    )
    pictures = plotting.build(settings)

    async def route(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            async with catalogue.lifespan(), pictures.lifespan():
                await receive()
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        drawn = scope["path"].startswith(("/api/v2.0/plot/", "/api/v2.0/tiles/", "/health/"))
        await (pictures if drawn else catalogue)(scope, receive, send)

    uvicorn.run(route, port=port, access_log=False, log_config=None, lifespan="on")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
