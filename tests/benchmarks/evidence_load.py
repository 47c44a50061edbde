"""Clients of evidence.py: one request after the other, several at once, and cheap ones while plots are drawn."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, cycle, product
from threading import Event, Thread

import evidence_work as work
import httpx
import psutil
from evidence_servers import Server

from ocean_common.clients.http import Transport

CLIENTS = 8  # at once
EVERY, TILE_EVERY = 0.025, 0.1  # s between two cheap requests, and between two tiles
MB = 1e6


@dataclass(frozen=True)
class Rounds:
    """How often everything is done."""

    requests: dict[str, int]  # by endpoint, one after the other
    seconds: float  # of cheap requests beside plots
    throughput: float  # s


@dataclass(kw_only=True)
class Figures:
    """Figures of one server; times in ms, memory in MB."""

    processor: dict[str, float]  # of a request, by endpoint
    median: dict[str, float]  # latency of a request, by endpoint
    throughput: dict[str, float]  # requests a second
    latencies: list[float]  # of cheap requests beside plots
    tiles: list[float]  # latencies of tiles beside plots
    plots: float  # a second
    failures: int
    idle: float
    busy: float

    @property
    def p50(self) -> float:
        """Median latency of cheap requests beside plots."""
        return statistics.median(self.latencies)

    @property
    def p99(self) -> float:
        """Latency that one cheap request of a hundred exceeds."""
        return statistics.quantiles(self.latencies, n=100, method="inclusive")[98]

    @property
    def tile_p50(self) -> float:
        """Median latency of tiles beside plots."""
        return statistics.median(self.tiles)


def processes(process: int) -> list[psutil.Process]:
    """Return a process and all beneath it."""
    parent = psutil.Process(process)
    return [parent, *parent.children(recursive=True)]


def processor_time(process: int) -> float:
    """Return the milliseconds that a process and those beneath it have used."""
    used = 0.0
    for item in processes(process):
        with suppress(psutil.NoSuchProcess):
            times = item.cpu_times()
            used += times.user + times.system
    return used * 1000


def memory(process: int) -> float:
    """Return the memory of a process and those beneath it: shared pages count once (PSS)."""
    total = 0
    for item in processes(process):
        with suppress(psutil.NoSuchProcess):
            total += item.memory_full_info().pss
    return total / MB


@contextmanager
def watch_memory(process: int, samples: list[tuple[float, float]]) -> Iterator[None]:
    """Append the memory every 50 ms, with the clock's seconds."""
    ended = Event()

    def watch() -> None:
        while not ended.wait(0.05):
            samples.append((time.perf_counter(), memory(process)))

    thread = Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def open_client() -> httpx.AsyncClient:
    """Return a client of one server, with little work of its own, which takes nothing compressed."""
    headers = {"accept-encoding": "identity"}
    return httpx.AsyncClient(transport=Transport(1000), timeout=300, headers=headers)


async def ask_in_turn(server: Server, addresses: Sequence[str]) -> tuple[float, float]:
    """Return the processor time of a request and the median latency, ms; the first address only warms up."""
    async with open_client() as http:
        (await http.get(addresses[0])).raise_for_status()
        taken, used = [], processor_time(server.process)
        for address in addresses[1:]:
            start = time.perf_counter()
            (await http.get(address)).raise_for_status()
            taken.append((time.perf_counter() - start) * 1000)
    return (processor_time(server.process) - used) / len(taken), statistics.median(taken)


async def ask_at_once(addresses: Iterable[str], seconds: float) -> float:
    """Return the answers a second that several clients get."""
    remaining, answered, start = iter(addresses), 0, time.perf_counter()

    async def client(http: httpx.AsyncClient) -> None:
        nonlocal answered
        for address in remaining:
            (await http.get(address)).raise_for_status()
            answered += 1
            if time.perf_counter() - start > seconds:
                return

    async with open_client() as http:
        await asyncio.gather(*(client(http) for _ in range(CLIENTS)))
    return answered / (time.perf_counter() - start)


async def ask_beside_plots(
    http: httpx.AsyncClient, server: Server, seconds: float
) -> tuple[list[float], list[float], float, Counter[int]]:
    """Return latencies of the list of datasets and of tiles, asked for in a fixed rhythm, plots a second, and statuses.

    Slow answers do not delay the next request: what a client waits is counted in full.
    """
    latencies: list[float] = []
    tiles: list[float] = []
    statuses: Counter[int] = Counter()
    started, drawn = 0.0, 0

    async def ask(address: str, taken: list[float]) -> None:
        start = time.perf_counter()
        statuses[(await http.get(address)).status_code] += 1
        taken.append((time.perf_counter() - start) * 1000)

    async def draw(first: int) -> None:
        nonlocal drawn
        for number in count(first):
            statuses[(await http.get(server.plot(work.HEAVY[number % len(work.HEAVY)]))).status_code] += 1
            drawn += 1
            if time.perf_counter() - started > seconds:
                return

    await asyncio.gather(*(http.get(server.plot(number)) for number in work.HEAVY))  # caches are cold
    started = time.perf_counter()
    plots = [asyncio.create_task(draw(number)) for number in range(CLIENTS)]
    cheap = []
    for number in range(round(seconds / EVERY)):
        await asyncio.sleep(max(0.0, started + number * EVERY - time.perf_counter()))
        cheap.append(asyncio.create_task(ask(server.datasets, latencies)))
        if number % round(TILE_EVERY / EVERY) == 0:
            place = work.PLACES[number % len(work.PLACES)]
            cheap.append(asyncio.create_task(ask(server.tile(number % work.FIRST_STEP, *place), tiles)))
    await asyncio.gather(*plots)
    rate = drawn / (time.perf_counter() - started)
    await asyncio.gather(*cheap)
    return latencies, tiles, rate, statuses


async def measure(server: Server, rounds: Rounds) -> Figures:
    """Ask one server for everything."""
    idle, requests = memory(server.process), rounds.requests
    addresses = {
        "empty": [server.empty] * (requests["empty"] + 1),
        "datasets": [server.datasets] * (requests["datasets"] + 1),
        "tile": [server.tile(work.FIRST_STEP, *place) for place in work.PLACES[: requests["tile"] + 1]],
        "profile": [server.plot(work.LIGHT) for _ in range(requests["profile"] + 1)],
        "map": [server.plot(work.HEAVY[0]) for _ in range(requests["map"] + 1)],
    }
    later = product(range(work.FIRST_STEP + 1, work.STEPS), work.PLACES)
    async with open_client() as http:
        # Every process of a server loads what it loads once.
        plots = [server.plot(number) for number in (work.LIGHT, work.HEAVY[0]) for _ in range(2 * work.WORKERS)]
        first = [server.tile(0, *work.PLACES[-1])] * CLIENTS + plots
        answers = await asyncio.gather(*(http.get(address) for address in first))
        for answer in answers:
            answer.raise_for_status()
    taken = {name: await ask_in_turn(server, urls) for name, urls in addresses.items()}
    throughput = {
        "empty": await ask_at_once(cycle([server.empty]), rounds.throughput),
        "datasets": await ask_at_once(cycle([server.datasets]), rounds.throughput),
        "tile": await ask_at_once((server.tile(step, *place) for step, place in later), rounds.throughput),
    }
    samples: list[tuple[float, float]] = []
    async with open_client() as http:
        with watch_memory(server.process, samples):
            latencies, tiles, rate, statuses = await ask_beside_plots(http, server, rounds.seconds)
    return Figures(
        processor={name: pair[0] for name, pair in taken.items()},
        median={name: pair[1] for name, pair in taken.items()},
        throughput=throughput,
        latencies=latencies,
        tiles=tiles,
        plots=rate,
        failures=statuses.total() - statuses[200],
        idle=idle,
        busy=max(megabytes for _, megabytes in samples),
    )
