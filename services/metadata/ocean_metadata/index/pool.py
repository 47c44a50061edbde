"""Reads many files at once, in processes: the HDF5 library serves one thread at a time."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from typing import ParamSpec, TypeVar

from ocean_common.dataset_uri import Kind, kind_of
from ocean_metadata.index.headers import Read, read
from ocean_metadata.index.reasons import Unreadable

P = ParamSpec("P")
T = TypeVar("T")

RISKY: tuple[Kind, ...] = ("opendap",)  # the library ends its process on an answer that it cannot parse
FEW = 12  # files that are read sooner than processes start


def read_all(paths: Sequence[str], workers: int, stop: threading.Event) -> Iterator[Read]:
    """Read headers, in any order, until ``stop`` is set."""
    risky = [path for path in paths if kind_of(path) in RISKY]
    yield from _one_by_one(risky, stop)
    paths = [path for path in paths if path not in set(risky)] if risky else paths
    if not paths:
        return
    workers = min(workers or os.cpu_count() or 1, len(paths))
    if len(paths) <= FEW or workers < 2:
        for path in paths:
            if stop.is_set():
                return
            yield read(path)
        return
    yield from _in_processes(list(paths), workers, stop)


def _in_processes(paths: list[str], workers: int, stop: threading.Event) -> Iterator[Read]:
    left = dict.fromkeys(paths)
    try:
        with _pool(workers) as pool:
            pending: dict[Future[Read], str] = {}
            queue = iter(paths)
            while not stop.is_set():
                # Only a few are handed over at a time, so that the command ends soon when it is told to.
                for path in queue:
                    pending[pool.submit(read, path)] = path
                    if len(pending) >= 4 * workers:
                        break
                if not pending:
                    return
                for done in wait(pending, timeout=0.5, return_when=FIRST_COMPLETED).done:
                    yield done.result()
                    del left[pending.pop(done)]
            pool.shutdown(wait=False, cancel_futures=True)
            return
    except BrokenProcessPool:
        yield from _one_by_one(list(left), stop)


def _one_by_one(paths: list[str], stop: threading.Event) -> Iterator[Read]:
    """A file broke the library, and the process with it: read each in its own."""
    for path in paths:
        if stop.is_set():
            return
        try:
            yield alone(read, path)
        except Unreadable as error:
            yield Read(path=path, size=-1, mtime_ns=0, reason=str(error))


def each(function: Callable[[str], T], paths: Sequence[str], stop: threading.Event) -> Iterator[tuple[str, T | None]]:
    """Call a function for one path after the other, in one process; None where the process does not live through it."""
    left = deque(paths)
    while left and not stop.is_set():
        with _pool(1) as pool, suppress(BrokenProcessPool):
            while left and not stop.is_set():
                asked = pool.submit(function, left[0])
                while not asked.done() and not stop.is_set():
                    wait([asked], timeout=0.5)
                if asked.done():
                    broken = isinstance(asked.exception(), BrokenProcessPool)
                    yield left.popleft(), None if broken else asked.result()


def alone(function: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
    """Call a function in a process of its own; Unreadable if the process does not live through it."""
    with _pool(1) as pool:
        try:
            return pool.submit(function, *given, **named).result()
        except BrokenProcessPool as error:
            raise Unreadable("it breaks the NetCDF library") from error


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_end_with_parent)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
