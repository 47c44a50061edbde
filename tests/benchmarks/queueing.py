# ruff: noqa: T201 - it prints tables
"""How the services would scale: a queueing model of a machine of 1 to 64 cores with 10 to 10,000 users of a map page.

Users open views at random; a view asks for its tiles at once. Each request is a way through the programs: Traefik, the
event loop of a plotting instance, the event loop and the threads of a data instance, a drawing worker. On each part of
the way it waits for its turn in the program, and then for a core. Cores take turns between the programs in slices, as
operating systems do; drawing yields to all else (it has a lower priority). It prints the tables of docs/scaling.md and
draws its picture.
"""

import heapq
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

PICTURE = Path(__file__).parents[2] / "docs/images/queueing.png"

# Processor time of one request in each program, ms. Measured with `make views` and `make maps` on two cores, 1 December
# 2026 (docs/performance.md); a tile's part of the data loop is an estimate: its field is found in a thread.
#                    traefik  plotting  data loop  data threads  metadata  drawing
COSTS = {
    "nearest tile": (0.4, 0.9, 0.2, 0.2, 0.0, 0.0),
    "gaussian tile": (1.3, 2.1, 0.3, 13.1, 0.0, 0.0),
    "kept tile": (0.4, 0.4, 0.0, 0.0, 0.0, 0.0),
    "list": (0.4, 0.0, 0.0, 0.0, 1.0, 0.0),
    "plot": (0.4, 2.0, 1.0, 4.0, 0.0, 150.0),
}
PROGRAMS = ("traefik", "plotting", "data", "data threads", "metadata", "drawing")
THREADS, WORKERS = 4, 2  # of a data instance, and of a plotting instance: their settings' defaults
SLICE = 3.0  # ms on a core after which others have their turn

# What users do.
VIEW_EVERY, TILES, KEPT, BLOCK = 10.0, 47, 0.7, 6  # s; tiles; share of kept ones; tiles of a block that are in view
PLOT_EVERY = 120.0  # s
MIXES = {"nearest": "nearest tile", "gaussian": "gaussian tile"}

CORES = (1, 2, 4, 8, 16, 32, 64)
USERS = (10, 100, 1_000, 10_000)
BUSY = 0.7  # utilisation of the cores at which numbers of processes are compared
ENOUGH = 1.1  # times the best: fewer processes are preferred to a gain that is less
EVENTS = 60_000  # tiles in one simulation


class Part(NamedTuple):
    """A part of a request's way: a program, one of its instances, and processor time in s."""

    program: str
    instance: int
    seconds: float


class Request:
    """A request on its way."""

    __slots__ = ("at", "kind", "left", "started", "way")

    def __init__(self, kind: str, started: float, way: Sequence[Part]) -> None:
        self.kind, self.started, self.way = kind, started, way
        self.at = 0  # number of the part
        self.left = 0.0  # s of it


@dataclass
class Line:
    """Turns in one instance of a program: so many requests at once, the others wait in order."""

    free: int
    waiting: deque[Request] = field(default_factory=deque)


class Machine:
    """Instances of programs on cores.

    ``slots``: of each program, the requests that an instance works at at once. ``low``: the program of lower priority.
    ``seconds``: those on a core after which it is another's turn.
    """

    def __init__(self, cores: int, slots: dict[str, int], low: str = "", seconds: float = SLICE / 1000) -> None:
        self._slots, self._low, self._free, self._slice = slots, low, cores, seconds
        self._lines: dict[tuple[str, int], Line] = {}
        self._ready: tuple[deque[Request], deque[Request]] = (deque(), deque())  # have their turn, and wait for a core
        self._events: list[tuple[float, int, Request | None]] = []
        self._number = 0
        self.busy = 0.0  # s of all cores
        self.finished: dict[str, list[float]] = {}  # kind → s from start to end

    def run(self, arrivals: Iterator[Request]) -> float:
        """Let requests come in the order of their start, and finish all; return the time of the last arrival."""
        following = next(arrivals, None)
        last = 0.0
        while following or self._events:
            if following and (not self._events or following.started <= self._events[0][0]):
                last = following.started
                self._enter(following, last)
                following = next(arrivals, None)
                continue
            now, _, request = heapq.heappop(self._events)
            assert request is not None
            self._free += 1
            if request.left > 1e-12:
                self._wait_for_core(request)
            else:
                self._leave(request, now)
            self._give_cores(now)
        return last

    def _enter(self, request: Request, now: float) -> None:
        part = request.way[request.at]
        request.left = part.seconds
        key = part.program, part.instance
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(self._slots[part.program])
        if line.free:
            line.free -= 1
            self._wait_for_core(request)
            self._give_cores(now)
        else:
            line.waiting.append(request)

    def _wait_for_core(self, request: Request) -> None:
        self._ready[request.way[request.at].program == self._low].append(request)

    def _give_cores(self, now: float) -> None:
        while self._free and (self._ready[0] or self._ready[1]):
            request = self._ready[not self._ready[0]].popleft()
            seconds = min(request.left, self._slice)
            request.left -= seconds
            self.busy += seconds
            self._free -= 1
            self._number += 1
            heapq.heappush(self._events, (now + seconds, self._number, request))

    def _leave(self, request: Request, now: float) -> None:
        part = request.way[request.at]
        line = self._lines[part.program, part.instance]
        if line.waiting:
            self._wait_for_core(line.waiting.popleft())
        else:
            line.free += 1
        request.at += 1
        if request.at < len(request.way):
            self._enter(request, now)
        else:
            self.finished.setdefault(request.kind, []).append(now - request.started)


@dataclass(frozen=True)
class Processes:
    """Instances of each service."""

    metadata: int = 1
    data: int = 1
    plotting: int = 1

    def __str__(self) -> str:
        return f"{self.metadata}, {self.data}, {self.plotting}"


def work_of_user(mix: str) -> float:
    """Return the processor time that one user takes in a second, s."""
    fresh, kept = sum(COSTS[MIXES[mix]]), sum(COSTS["kept tile"])
    view = TILES * ((1 - KEPT) * fresh + KEPT * kept) + sum(COSTS["list"])
    return (view / VIEW_EVERY + sum(COSTS["plot"]) / PLOT_EVERY) / 1000


def make_requests(
    users: float, mix: str, processes: Processes, draw: random.Random, tiles: int, *, by_client: bool = False
) -> Iterator[Request]:
    """Generate the requests of many users.

    Instances of plotting take turns, or are chosen by client (``by_client``); those of data are chosen by block.
    """
    views = users / VIEW_EVERY
    rate = views + users / PLOT_EVERY
    now, turn, made = 0.0, 0, 0
    while made < tiles:
        now += draw.expovariate(rate)
        client = draw.randrange(max(1, round(users)))
        if draw.random() * rate >= views:
            turn += 1
            yield Request("plot", now, _way("plot", client if by_client else turn, draw.random(), processes))
            continue
        yield Request("list", now, _way("list", client, 0.0, processes))
        for number in range(TILES):
            if not number % BLOCK:
                block = draw.random()
            turn += 1
            made += 1
            kind = "kept tile" if draw.random() < KEPT else MIXES[mix]
            yield Request("tile", now, _way(kind, client if by_client else turn, block, processes))


def _way(kind: str, turn: int, block: float, processes: Processes) -> list[Part]:
    costs = dict(zip(PROGRAMS, COSTS[kind], strict=True))
    data, plotting = int(block * processes.data), turn % processes.plotting
    half = costs["plotting"] / (2 if costs["data"] else 1)  # before and after the answer of the data service
    way = [
        Part("traefik", 0, costs["traefik"]),
        Part("plotting", plotting, half),
        Part("data", data, costs["data"]),
        Part("data threads", data, costs["data threads"]),
        Part("metadata", turn % processes.metadata, costs["metadata"]),
        Part("drawing", plotting, costs["drawing"]),
        Part("plotting", plotting, half if costs["data"] else 0.0),
    ]
    return [part._replace(seconds=part.seconds / 1000) for part in way if part.seconds]


class Outcome(NamedTuple):
    """What a simulation gave."""

    utilisation: float  # of the cores
    tiles: float  # in a second
    tile_ms: tuple[float, float]  # p50, p99
    plot_ms: tuple[float, float]


def simulate(
    cores: int, users: float, mix: str, processes: Processes, tiles: int = EVENTS, *, by_client: bool = False
) -> Outcome:
    """Simulate a machine; the same random numbers for all, so that differences are of the machines."""
    slots = {"traefik": cores, "plotting": 1, "data": 1, "data threads": THREADS, "metadata": 1, "drawing": WORKERS}
    machine = Machine(cores, slots, low="drawing")
    requests = make_requests(users, mix, processes, random.Random(1), tiles, by_client=by_client)
    seconds = machine.run(requests)
    tile_ms, plot_ms = (_percentiles(machine.finished.get(kind, [])) for kind in ("tile", "plot"))
    return Outcome(machine.busy / cores / seconds, len(machine.finished["tile"]) / seconds, tile_ms, plot_ms)


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000 if seconds else (np.nan, np.nan)
    return float(p50), float(p99)


def choose_processes(cores: int, mix: str) -> Processes:
    """Return the fewest processes whose slow tiles are about as fast as with any number, at a busy hour."""
    users = BUSY * cores / work_of_user(mix)
    counts = [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= cores]
    best = Processes(*([cores] * 3))
    p99 = simulate(cores, users, mix, best).tile_ms[1] * ENOUGH
    for name in ("plotting", "data", "metadata"):
        for count in counts:
            fewer = replace(best, **{name: count})
            if simulate(cores, users, mix, fewer).tile_ms[1] <= p99:
                best = fewer
                break
    return best


def default_processes(cores: int) -> Processes:
    """Return what `make run` starts (deploy/stack/options.py)."""
    return Processes(max(1, cores // 16), max(1, cores // 4), max(1, cores // 2))


def print_processes(mix: str) -> None:
    """Print the table of the best numbers of processes."""
    print(f"\nProcesses (metadata, data, plotting) at {BUSY:.0%} of the cores, {mix}\n")
    print("| cores | users | best | p50, p99 of tiles, ms | default | p50, p99 | one of each | p50, p99 |")
    print("|---|---|---|---|---|---|---|---|")
    for cores in CORES:
        users = BUSY * cores / work_of_user(mix)
        cells = [str(cores), f"{users:,.0f}"]
        for processes in (choose_processes(cores, mix), default_processes(cores), Processes()):
            cells += [str(processes), _format_tiles(cores, users, mix, processes)]
        print("| " + " | ".join(cells) + " |")


def _format_tiles(cores: int, users: float, mix: str, processes: Processes) -> str:
    if saturated(cores, users, mix, processes):
        return "too few"
    return "{:.0f}, {:.0f}".format(*simulate(cores, users, mix, processes).tile_ms)


def saturated(cores: int, users: float, mix: str, processes: Processes) -> bool:
    """Return whether more work comes in than the cores, or the instances of one program, can do."""
    rates = {MIXES[mix]: TILES * (1 - KEPT) / VIEW_EVERY, "kept tile": TILES * KEPT / VIEW_EVERY}
    rates |= {"list": 1 / VIEW_EVERY, "plot": 1 / PLOT_EVERY}
    load = np.sum([np.array(COSTS[kind]) * rate for kind, rate in rates.items()], axis=0) * users / 1000
    data, plotting = processes.data, processes.plotting
    places = (cores, plotting, data, data * THREADS, processes.metadata, plotting * WORKERS)
    return bool(load.sum() >= cores or (load >= places).any())


def print_users(mix: str) -> None:
    """Print throughput, utilisation and times by cores and users."""
    print(f"\nWith the default processes, {mix}\n")
    print("| cores | users | tiles a second | utilisation | tile, p50 and p99, ms | plot, p50 and p99, ms |")
    print("|---|---|---|---|---|---|")
    for cores in CORES:
        for users in USERS:
            processes = default_processes(cores)
            if saturated(cores, users, mix, processes):
                most = cores / work_of_user(mix)
                print(f"| {cores} | {users:,} | at most {most * TILES / VIEW_EVERY:,.0f} | 100 % | | |")
                break
            outcome = simulate(cores, users, mix, processes)
            tile, plot = ("{:.0f}, {:.0f}".format(*times) for times in (outcome.tile_ms, outcome.plot_ms))
            print(f"| {cores} | {users:,} | {outcome.tiles:,.0f} | {outcome.utilisation:.0%} | {tile} | {plot} |")


def print_queues(mix: str) -> None:
    """Print how plots wait where instances take turns, and where each client stays with one instance."""
    print(f"\nPlotting instances take turns, or are chosen by client, at {BUSY:.0%}, {mix}\n")
    print("| cores | tile p99, turns | by client | plot p99, turns | by client |\n|---|---|---|---|---|")
    for cores in CORES[2:]:
        users = BUSY * cores / work_of_user(mix)
        outcomes = [
            simulate(cores, users, mix, default_processes(cores), by_client=by_client) for by_client in (False, True)
        ]
        times = [f"{times[1]:.0f}" for kind in ("tile_ms", "plot_ms") for times in (getattr(o, kind) for o in outcomes)]
        print(f"| {cores} | " + " | ".join(times) + " |")


def draw_picture() -> None:
    """Draw the slow tiles of each machine against its users, up to where it is saturated."""
    figure = Figure(figsize=(10, 4.2), dpi=110, layout="constrained")
    for axes, mix in zip(figure.subplots(1, len(MIXES), sharey=True), MIXES, strict=True):
        for cores in CORES:
            most = cores / work_of_user(mix)
            users = [most * share for share in (0.05, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95)]
            p99 = [simulate(cores, count, mix, default_processes(cores)).tile_ms[1] for count in users]
            axes.loglog(users, p99, "o-", markersize=3, label=f"{cores} core{'s' if cores > 1 else ''}")
        axes.set(title=f"New tiles: {mix}", xlabel="users of a map page")
        axes.grid(visible=True, which="both", alpha=0.3)
    figure.axes[0].set_ylabel("slowest tile in a hundred, ms")
    figure.axes[0].legend(fontsize="small")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PICTURE)


def main() -> None:
    """Simulate, print, draw."""
    actions: Sequence[Callable[[str], None]] = (print_processes, print_users, print_queues)
    for mix in MIXES:
        print(f"\n{mix}: a user takes {work_of_user(mix) * 1000:.1f} ms of processor time in a second")
        for action in actions:
            action(mix)
    draw_picture()


if __name__ == "__main__":
    main()
