"""A large subset as CSV: streamed by these services, and by Flask buffered and streamed from the same functions."""

import time
from dataclasses import dataclass
from pathlib import Path

import httpx
from evidence_load import memory, processor_time, watch_memory
from evidence_servers import GUNICORN, Server, framework

MB = 1e6


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """One subset: times in s, memory in MB above that of the idle server."""

    megabytes: float
    first_byte: float
    total: float
    processor: float
    idle: float
    memory: list[tuple[float, float]]  # s after the request, MB
    received: list[tuple[float, float]]

    @property
    def peak(self) -> float:
        """Most memory above that of the idle server."""
        return max(megabytes for _, megabytes in self.memory)


def fetch(server: Server, address: str) -> Transfer:
    """Read an answer as it comes and throw it away, while memory is watched."""
    idle, used = memory(server.process), processor_time(server.process)
    samples: list[tuple[float, float]] = []
    arrived: list[tuple[float, float]] = []
    size, noted = 0, 0.0
    limits = httpx.Timeout(900)
    headers = {"accept-encoding": "identity"}
    with watch_memory(server.process, samples):
        start = time.perf_counter()
        with httpx.stream("GET", address, timeout=limits, headers=headers) as answer:
            answer.raise_for_status()
            for piece in answer.iter_raw():
                size, now = size + len(piece), time.perf_counter() - start
                if now - noted > 0.05 or not arrived:
                    arrived.append((now, size / MB))
                    noted = now
        total = time.perf_counter() - start
    arrived.append((total, size / MB))
    return Transfer(
        megabytes=size / MB,
        first_byte=arrived[0][0],
        total=total,
        processor=(processor_time(server.process) - used) / 1000,
        idle=idle,
        memory=[(moment - start, megabytes - idle) for moment, megabytes in samples],
        received=arrived,
    )


def describe_subset(days: int) -> str:
    """Return the path of the subset of these services."""
    times = f"start=2020-01-01&end=2020-01-{days:02d}"
    return f"/api/v2.0/data/large/v/area?bbox=-90,0,0,80&{times}&format=csv"


def compare_flask(folder: Path, days: int) -> dict[str, Transfer]:
    """Fetch the same subset from Flask: while it is made, and made as a whole first."""
    start = framework(GUNICORN, "inline", "--workers", "1", "--timeout", "900")
    with start(folder) as server:
        return {
            f"Flask, {name}": fetch(server, f"{server.base}/{path}/2020-01-{days:02d}")
            for name, path in (("generator", "streamed"), ("buffered", "buffered"))
        }
