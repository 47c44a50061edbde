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
from numpy.typing import NDArray

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
# A block of nearest cells that another plotting instance has asked for already: with 1, 2 and 4 instances a tile of a
# view took 1.5, 1.9 and 2.6 ms of data and plotting. Other tiles are asked for one by one.
REPEATED = (0.0, 1.7, 0.2, 0.6, 0.0, 0.0)
PROGRAMS = ("traefik", "plotting", "data", "data threads", "metadata", "drawing")
THREADS, WORKERS = 4, 2  # of a data instance, and of a plotting instance: their settings' defaults
SLICE = 3.0  # ms on a core after which others have their turn

# What users do.
VIEW_EVERY, TILES, KEPT, BLOCK = 10.0, 47, 0.7, 6  # s; tiles; share of kept ones; tiles of a block that are in view
PLOT_EVERY = 120.0  # s
MIXES = {"nearest": "nearest tile", "gaussian": "gaussian tile"}

# Views of 47 kept tiles at random moments, `make run` and the client on two quiet cores, 1 December 2026: views a
# second, and p50, p90 and p99 of the tiles, ms; processor time of a tile in each program, ms.
MEASURED = {2.52: (21, 42, 68), 4.30: (18, 29, 39), 8.15: (21, 51, 111)}
MEASURED_COSTS = {"traefik": 0.6, "plotting": 0.31, "client": 0.53}

CORES = (1, 2, 4, 8, 16, 32, 64)
USERS = (10, 100, 1_000, 10_000)
BUSY = 0.7  # utilisation of the cores at which numbers of processes are compared
ENOUGH = 1.1  # times the best: fewer processes are preferred to a gain that is less
EVENTS, FEWER_EVENTS = 60_000, 15_000  # tiles in one simulation, and in one of many that are compared


Work = NDArray[np.float64]  # (program,), in the order of PROGRAMS


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


def work_of_user(mix: str, plotting: int = 1) -> Work:
    """Return the processor time that a user takes of each program in a second, s; ``plotting``: instances in turns."""
    blocks = TILES * (1 - KEPT) / BLOCK if MIXES[mix] == "nearest tile" else 0.0
    repeated = blocks * (min(plotting, BLOCK) - 1)
    view = TILES * ((1 - KEPT) * np.array(COSTS[MIXES[mix]]) + KEPT * np.array(COSTS["kept tile"]))
    view += np.array(COSTS["list"]) + repeated * np.array(REPEATED)
    return (view / VIEW_EVERY + np.array(COSTS["plot"]) / PLOT_EVERY) / 1000


def count_users(cores: int, mix: str, share: float = 1.0) -> float:
    """Return the users that keep a share of the cores busy, with the default processes."""
    return float(share * cores / work_of_user(mix, default_processes(cores).plotting).sum())


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
                block, kind, known = draw.random(), "kept tile" if draw.random() < KEPT else MIXES[mix], set[int]()
            turn += 1
            made += 1
            instance = (client if by_client else turn) % processes.plotting
            is_repeated = kind == "nearest tile" and bool(known) and instance not in known
            known.add(instance)
            yield Request("tile", now, _way(kind, instance, block, processes, is_repeated=is_repeated))


def _way(kind: str, turn: int, block: float, processes: Processes, *, is_repeated: bool = False) -> list[Part]:
    sums = np.add(COSTS[kind], REPEATED) if is_repeated else COSTS[kind]
    costs = dict(zip(PROGRAMS, map(float, sums), strict=True))
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
    users = count_users(cores, mix, BUSY)
    counts = [count for count in (1, 2, 4, 8, 16, 32, 64) if count <= cores]
    best = Processes(cores, cores, cores)
    for name in ("plotting", "data", "metadata"):
        options = [replace(best, **{name: count}) for count in counts]
        times = [_find_slow_tile(cores, users, mix, option) for option in options]
        best = next(option for option, time in zip(options, times, strict=True) if time <= ENOUGH * min(times))
    return best


def _find_slow_tile(cores: int, users: float, mix: str, processes: Processes) -> float:
    is_saturated = saturated(cores, users, mix, processes)
    return np.inf if is_saturated else simulate(cores, users, mix, processes, FEWER_EVENTS).tile_ms[1]


def default_processes(cores: int) -> Processes:
    """Return what `make run` starts (deploy/stack/options.py)."""
    return Processes(max(1, cores // 16), max(1, cores // 4), max(1, cores // 2))


def print_processes(mix: str) -> None:
    """Print the table of the best numbers of processes."""
    print(f"\nProcesses (metadata, data, plotting) at {BUSY:.0%} of the cores, {mix}\n")
    print("| cores | users | best | p50, p99 of tiles, ms | default | p50, p99 | one of each | p50, p99 |")
    print("|---|---|---|---|---|---|---|---|")
    for cores in CORES:
        users = count_users(cores, mix, BUSY)
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
    load = users * work_of_user(mix, processes.plotting)
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
                most = count_users(cores, mix) * TILES / VIEW_EVERY
                print(f"| {cores} | {users:,} | at most {most:,.0f} | 100% | | |")
                break
            outcome = simulate(cores, users, mix, processes)
            tile, plot = ("{:.0f}, {:.0f}".format(*times) for times in (outcome.tile_ms, outcome.plot_ms))
            print(f"| {cores} | {users:,} | {outcome.tiles:,.0f} | {outcome.utilisation:.0%} | {tile} | {plot} |")


def print_queues(mix: str) -> None:
    """Print how plots wait where instances take turns, and where each client stays with one instance."""
    print(f"\nPlotting instances take turns, or are chosen by client, at {BUSY:.0%}, {mix}\n")
    print("| cores | tile p99, turns | by client | plot p99, turns | by client |\n|---|---|---|---|---|")
    for cores in CORES[2:]:
        users = count_users(cores, mix, BUSY)
        outcomes = [
            simulate(cores, users, mix, default_processes(cores), by_client=by_client) for by_client in (False, True)
        ]
        times = [f"{times[1]:.0f}" for kind in ("tile_ms", "plot_ms") for times in (getattr(o, kind) for o in outcomes)]
        print(f"| {cores} | " + " | ".join(times) + " |")


def print_measured() -> None:
    """Print what was measured on a real machine, and the same in the model."""
    print("\n| views a second | measured p50, p90, p99, ms | model |\n|---|---|---|")
    for rate, measured in MEASURED.items():
        draw, now, requests = random.Random(1), 0.0, list[Request]()
        for _ in range(1000):
            now += draw.expovariate(rate)
            way = [Part(program, 0, cost / 1000) for program, cost in MEASURED_COSTS.items()]
            requests += [Request("tile", now, way) for _ in range(TILES)]
        machine = Machine(2, {"traefik": 2, "plotting": 1, "client": 1})
        machine.run(iter(requests))
        model = np.percentile(machine.finished["tile"], [50, 90, 99]) * 1000
        print(f"| {rate} | {', '.join(map(str, measured))} | {', '.join(f'{time:.0f}' for time in model)} |")


def draw_picture() -> None:
    """Draw the slow tiles of each machine against its users, up to where it is saturated."""
    figure = Figure(figsize=(10, 4.2), dpi=110, layout="constrained")
    for axes, mix in zip(figure.subplots(1, len(MIXES), sharey=True), MIXES, strict=True):
        for cores in CORES:
            users = [count_users(cores, mix, share) for share in (0.05, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95)]
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
    print_measured()
    actions: Sequence[Callable[[str], None]] = (print_processes, print_users, print_queues)
    for mix in MIXES:
        print(f"\n{mix}: a user takes {work_of_user(mix).sum() * 1000:.1f} ms of processor time in a second")
        for action in actions:
            action(mix)
    draw_picture()


if __name__ == "__main__":
    main()
