# ruff: noqa: T201 - it prints a table
"""The session of a person at a map, request by request, as a browser sends it: over 6 connections.

The map is opened, played through five times, moved three times, zoomed twice, taken to another depth and given another
scale: about 600 requests. Each step begins when the one before is complete. With an address, a server that runs
already is asked; it must serve the same files (``--keep`` makes them).
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import maps
import peers
import reading
from views import CONNECTIONS, processor_time

from ocean_common.clients.http import Transport

COLUMNS, ROWS = 8, 6  # tiles of a window of 2,048 × 1,536 pixels
ZOOM, LEFT, TOP = 6, 17, 17
MOVES = ((3, 0), (0, 2), (-2, 1))  # tiles


def day(number: int) -> str:
    """A time of the files, as `timestamps` lists its number."""
    return str(number - 1)


def tiles(level: str, scale: str, zoom: int, corner: tuple[int, int]) -> list[str]:
    """Addresses of the tiles in a window, from its corner on, the middle first."""
    left, top = corner
    middle = left + (COLUMNS - 1) / 2, top + (ROWS - 1) / 2
    places = [(x, y) for x in range(left, left + COLUMNS) for y in range(top, top + ROWS)]
    places.sort(key=lambda place: (place[0] - middle[0]) ** 2 + (place[1] - middle[1]) ** 2)
    look = f"projection=EPSG:3857&interp=gaussian&radius=25&neighbours=10&scale={scale}"
    return [f"tiles/{level}/{zoom}/{x}/{y}?{look}" for x, y in places]


def steps() -> Iterator[tuple[str, list[str]]]:
    """What the person does, and the addresses that the map asks for."""
    corner, scale, seen = (LEFT, TOP), "0,30", set[str]()

    def fresh(addresses: list[str]) -> list[str]:
        wanted = [address for address in addresses if address not in seen]  # a browser has the others
        seen.update(addresses)
        return wanted

    lists = ["datasets", "dataset/sst", "dataset/sst/variables", "dataset/sst/sst/timestamps", "dataset/sst/sst/depths"]
    legend = "scale/sst/sst/0,30"
    yield "open", fresh([*lists, legend, *tiles(f"sst/sst/{day(1)}/0", scale, ZOOM, corner)])
    for number in range(2, 7):
        yield f"time {number - 1}", fresh(tiles(f"sst/sst/{day(number)}/0", scale, ZOOM, corner))
    level = f"sst/sst/{day(6)}/0"
    for move in MOVES:
        corner = corner[0] + move[0], corner[1] + move[1]
        yield "move", fresh(tiles(level, scale, ZOOM, corner))
    for deeper in (1, 2):
        place = corner[0] * 2**deeper + 4 * deeper, corner[1] * 2**deeper + 3 * deeper
        yield "zoom", fresh(tiles(level, scale, ZOOM + deeper, place))
    yield "depth", fresh(["dataset/deep/temp/depths", *tiles(f"deep/temp/{day(1)}/12", "0,20", ZOOM, corner)])
    yield "scale", fresh(["scale/sst/sst/2,28", *tiles(level, "2,28", ZOOM, corner)])


async def play(base: str) -> None:
    """Print the time of each step, and of all."""
    total, asked = 0.0, 0
    used = processor_time()
    async with httpx.AsyncClient(transport=Transport(CONNECTIONS), base_url=f"{base}/api/v2.0/", timeout=120) as http:
        for name, addresses in steps():
            rest = iter(addresses)

            async def connection(rest: Iterator[str] = rest) -> None:
                for address in rest:
                    (await http.get(address)).raise_for_status()

            start = time.perf_counter()
            await asyncio.gather(*(connection() for _ in range(CONNECTIONS)))
            took = (time.perf_counter() - start) * 1000
            total, asked = total + took, asked + len(addresses)
            print(f"{name:<8}{len(addresses):5} requests{took:9.0f} ms")
    spent = sum(seconds - used[name] for name, seconds in processor_time().items())
    print(f"{'all':<8}{asked:5} requests{total:9.0f} ms, {1000 * spent:.0f} ms of processor time")


def main() -> None:
    """Make the files, serve them, and play the session."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="address of a gateway that serves the files already")
    parser.add_argument("--keep", type=Path, help="make the files in this folder, and end")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as created, ExitStack() as running:
        folder = options.keep or Path(created)
        if not options.base:
            reading.make(folder)
            peers.make_deep(folder)
        if options.keep:
            return
        files = {"sst": ("sst_*.nc", "sst"), "deep": ("deep.nc", "temp")}
        asyncio.run(play(options.base or running.enter_context(maps.stack(folder, files))))


if __name__ == "__main__":
    main()
