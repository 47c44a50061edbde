"""Views of a map of 200 tiles through TLS: HTTP/1.1 on six connections beside HTTP/2 on one, near and far.

curl is the client. "Far" goes through a relay on loopback that holds back what it passes on, in both directions.
"""

import asyncio
import statistics
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from evidence_servers import tile_address

# curl opens another connection where 100 requests are under way on one.
PROTOCOLS = {"HTTP/1.1": ("--http1.1", "--parallel-max", "6"), "HTTP/2": ("--http2", "--parallel-max", "100")}
TRIPS = (0, 20, 80)  # ms there and back
ZOOM, VIEW = 7, list(product(range(40, 60), range(40, 50)))  # x, y: 200 tiles within the grid


@dataclass(frozen=True, kw_only=True)
class View:
    """Time of a view, ms, and how it was transferred."""

    protocol: str
    trip: int
    tiles: str  # new, or kept
    taken: float
    fastest: float
    client: float  # processor time of curl
    connections: int
    kilobytes: float


def can_measure() -> bool:
    """Return whether there is a curl with HTTP/2."""
    try:
        return "HTTP2" in subprocess.run(["curl", "-V"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.SubprocessError):
        return False


@asynccontextmanager
async def relay(port: int, trip: int) -> AsyncIterator[int]:
    """Pass connections on to a port of this machine, each direction later by half the trip: the relay's own port."""
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def receive() -> None:
            piece = b"-"
            while piece:
                try:
                    piece = await reader.read(1 << 16)
                except ConnectionError:
                    piece = b""
                pieces.put_nowait((time.perf_counter() + trip / 2000, piece))

        receiving = asyncio.create_task(receive())
        with suppress(ConnectionError):
            while True:
                due, piece = await pieces.get()
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
                if not piece:
                    break
                writer.write(piece)
        receiving.cancel()
        writer.close()

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        for ends in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(carry(*ends))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    for task in tasks:
        task.cancel()


async def ask_for_view(base: str, protocol: str, step: int, folder: Path) -> tuple[float, float, int, float]:
    """Return the time of a view and of curl's processor, ms, its connections, and its kilobytes."""
    lines = []
    for x, y in VIEW:
        lines += [f'url = "{tile_address(base, step, (ZOOM, x, y))}"', 'output = "/dev/null"']
    (folder / "view.curl").write_text("\n".join(lines))
    command = ["curl", "--silent", "--insecure", "--fail", "--parallel", *PROTOCOLS[protocol]]
    command += [
        "--config",
        str(folder / "view.curl"),
        "--write-out",
        r"%{num_connects} %{http_version} %{size_download}\n",
    ]
    before, start = getrusage(RUSAGE_CHILDREN), time.perf_counter()
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    output = (await process.communicate())[0].decode().split()
    taken = (time.perf_counter() - start) * 1000
    after = getrusage(RUSAGE_CHILDREN)
    versions, sizes = set(output[1::3]), [int(size) for size in output[2::3]]
    if process.returncode or versions != {protocol.removeprefix("HTTP/")} or len(sizes) != len(VIEW):
        raise RuntimeError(f"curl ended with {process.returncode}: {len(sizes)} answers, HTTP {versions}")
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return taken, used * 1000, sum(map(int, output[::3])), sum(sizes) / 1000


async def measure(secure: str, folder: Path, rounds: int) -> list[View]:
    """Ask for views, new ones once with each protocol, kept ones in turns over every distance."""
    port, results = int(secure.rpartition(":")[2]), []
    api = f"{secure}/api/v2.0"
    await ask_for_view(api, "HTTP/2", 0, folder)  # finds the cells of the pixels
    new: dict[str, list[tuple[float, float, int, float]]] = {name: [] for name in PROTOCOLS}
    for number in range(rounds):
        for place, name in enumerate(PROTOCOLS):
            new[name].append(await ask_for_view(api, name, 1 + 2 * number + place, folder))
    results += [_summarise(name, 0, "new", taken) for name, taken in new.items()]
    for trip in TRIPS:
        kept: dict[str, list[tuple[float, float, int, float]]] = {name: [] for name in PROTOCOLS}
        async with relay(port, trip) as near:
            base = f"https://127.0.0.1:{near}/api/v2.0"
            for _ in range(rounds):
                for name in PROTOCOLS:
                    kept[name].append(await ask_for_view(base, name, 0, folder))
        results += [_summarise(name, trip, "kept", taken) for name, taken in kept.items()]
    return results


def _summarise(protocol: str, trip: int, tiles: str, taken: list[tuple[float, float, int, float]]) -> View:
    times, used, connections, kilobytes = zip(*taken, strict=True)
    return View(
        protocol=protocol,
        trip=trip,
        tiles=tiles,
        taken=statistics.median(times),
        fastest=min(times),
        client=statistics.median(used),
        connections=max(connections),
        kilobytes=statistics.median(kilobytes),
    )
