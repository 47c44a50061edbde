# ruff: noqa: T201 - it prints a table
"""Views of a map, 47 tiles over 6 connections, through the gateway and both services: time, and processor time a tile.

"New" are tiles whose cells are not known yet; "next" are the same at the next time step, as a map plays through time.
"""

import asyncio
import tempfile
import time
from collections import defaultdict
from itertools import islice, product
from pathlib import Path

import httpx
import maps
import psutil
import reading

from ocean_common.clients.http import Transport

TILES, CONNECTIONS = 47, 6
VIEWS = ((6, 18, 18), (7, 38, 38), (8, 78, 78))  # zoom, and the first column and row: all within both grids
SERVICES = ("ocean_data", "ocean_plotting", "ocean_metadata", "ocean_gateway", "traefik")


def processor_time() -> dict[str, float]:
    """Seconds that the programs beneath this one have used, by service."""
    used: dict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        command = " ".join(process.cmdline())
        times = process.cpu_times()
        used[next((name for name in SERVICES if name in command), "others")] += times.user + times.system
    return used


async def view(http: httpx.AsyncClient, level: str, interpolation: str, corner: tuple[int, int, int]) -> str:
    """Ask for a view of a level, from its corner on, and return a row of the table."""
    zoom, left, top = corner
    tiles = islice(product(range(left, left + 8), range(top, top + 8)), TILES)

    async def client() -> None:
        for x, y in tiles:
            (await http.get(f"{level}/{zoom}/{x}/{y}?interp={interpolation}&scale=0,30")).raise_for_status()

    before, start = processor_time(), time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    took = (time.perf_counter() - start) * 1000
    used = {name: 1000 * (seconds - before[name]) / TILES for name, seconds in processor_time().items()}
    parts = ", ".join(f"{name.removeprefix('ocean_')} {used[name]:.1f}" for name in SERVICES if name in used)
    return f"{took:8.0f} ms, a tile {sum(used.values()):5.1f} ms of processor time ({parts})"


async def measure(base: str) -> None:
    """Print the table: the third view counts, since the first ones find grids and levels."""
    async with httpx.AsyncClient(transport=Transport(CONNECTIONS), timeout=120) as http:
        for dataset, interpolation in product(maps.DATASETS, ("nearest", "bilinear", "gaussian")):
            for name, step in (("new", 3), ("next", 4)):
                level = f"{base}/api/v2.0/tiles/{dataset}/sst/2020-01-{step:02d}T00:00:00/0"
                rows = [await view(http, level, interpolation, corner) for corner in VIEWS]
                print(f"{dataset:<6}{interpolation:<10}{name:<6}{rows[-1]}")


def main() -> None:
    """Make the files, serve them, and ask."""
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        reading.make(folder)
        maps.make_skew(folder)
        with maps.stack(folder) as base:
            asyncio.run(measure(base))


if __name__ == "__main__":
    main()
