"""Draws figures in processes of their own, so that the service goes on answering meanwhile.

A worker is spawned (a forked one would share the server's signal handlers), loads what drawing needs and says
that it is ready before it is given work. Each has a pipe of its own: one that dies, idle or busy, takes nothing
from the others, and another takes its place. Workers outlive neither their service nor their number of figures.
"""

import asyncio
import hashlib
import logging
import multiprocessing
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from threading import Lock
from typing import Any, Self, TypeVar, cast

from ocean_common.errors import OceanError, RequestTooLarge, ServiceUnavailable, TooBusy
from ocean_plotting.export.output import Output
from ocean_plotting.figure.resources import Ground
from ocean_plotting.ports import Drawn
from ocean_plotting.worker import Broken, Job, main

START_TIME = 60.0  # s for a worker to load everything
PAUSE = 1.0  # s before a worker that did not start is started again
GRACE = 1.0  # s that a figure may still take when no client waits for it any more
RETRY_AFTER = 2  # s told to those who are refused

T = TypeVar("T")

_log = logging.getLogger(__name__)


class WorkerLost(Exception):
    """The process at the other end of the pipe is gone."""


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, nice: int, ground: Ground) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=main, args=(theirs, nice, ground), name="figures", daemon=True
        )
        self.process.start()
        theirs.close()
        self.drawn = 0
        self.lost = False
        self._asked = Lock()  # its pipe is not closed under who waits for an answer

    def ready(self) -> bool:
        """Wait until it has loaded everything; False if it never will."""
        with suppress(EOFError, OSError):
            return self.pipe.poll(START_TIME) and bool(self.pipe.recv())
        return False

    def do(self, job: bytes, limit: float) -> Drawn:
        """Give it a figure to draw, a pickled Job, and wait (s)."""
        try:
            with self._asked:
                self.pipe.send_bytes(job)
                answered = self.pipe.poll(limit)
                answer = self.pipe.recv() if answered else None
        except (EOFError, OSError) as error:
            self.lost = True
            raise WorkerLost from error
        if answer is None:
            self.lost = True
            self.kill()
            raise RequestTooLarge(
                "the figure took longer than {limit:g} s; ask for fewer points or a smaller size", limit=limit
            )
        if isinstance(answer, OceanError):
            raise answer
        if isinstance(answer, Broken):
            raise RuntimeError(f"a figure could not be drawn\n{answer.traceback}")
        self.drawn += 1
        return cast(Drawn, answer)

    def kill(self) -> None:
        """Stop the process, unless it is gone already."""
        with suppress(ValueError):
            self.process.kill()

    def end(self) -> None:
        """Stop the process, whatever it does, and free what it held."""
        self.lost = True
        if self.pipe.closed:
            return
        self.process.kill()
        self.process.join()
        with self._asked:
            self.process.close()
            self.pipe.close()


class _Drawing:
    """A figure that waits for a worker or is being drawn, and the number of clients that wait for it."""

    def __init__(self) -> None:
        self.task: asyncio.Task[Drawn]
        self.worker: _Worker | None = None
        self.clients = 0


class Processes:
    """Worker processes and the short queue before them. Use it as an async context manager."""

    def __init__(
        self,
        workers: int,
        queue: int,
        figure_time: float,
        figures_per_worker: int,
        *,
        ground: Ground | None = None,
        nice: int = 10,
    ) -> None:
        self._number = workers
        self._queue = queue
        self._limit = figure_time
        self._recycle = figures_per_worker
        self._nice = nice
        self._ground = ground or Ground()
        self._drawings: dict[bytes, _Drawing] = {}
        self._started: set[_Worker] = set()
        self._ready: set[_Worker] = set()
        self._threads = ThreadPoolExecutor(2 * workers, thread_name_prefix="figures")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended = False

    async def __aenter__(self) -> Self:
        self._idle: asyncio.Queue[_Worker | None] = asyncio.Queue()  # None: the service ends
        for _ in range(self._number):
            self._start(self._hire())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        for worker in list(self._ready):
            self._forget(worker)
        for worker in self._started:
            worker.kill()  # a thread that waits for its answer gets none, and goes on
        for _drawing in self._drawings:
            self._idle.put_nowait(None)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._started:
            worker.end()
        self._threads.shutdown()

    def unready(self) -> list[str]:
        """Why it cannot draw yet."""
        return [] if self._ready else ["the worker processes that draw figures are starting"]

    async def draw(self, output: Output, make: Callable[..., object], *given: object) -> Drawn:
        """Draw in the next free process; equal figures at the same time are drawn once."""
        job = bytes(ForkingPickler.dumps(Job(output=output, make=make, given=given)))
        key = hashlib.blake2b(job).digest()
        drawing = self._drawings.get(key)
        if drawing is None:
            drawing = self._drawings[key] = self._begin(key, job)
        drawing.clients += 1
        try:
            return await asyncio.shield(drawing.task)
        finally:
            drawing.clients -= 1
            if not drawing.clients and not drawing.task.done():
                self._abandon(key, drawing)

    def _begin(self, key: bytes, job: bytes) -> _Drawing:
        waiting = len(self._drawings) - self._number
        if waiting >= self._queue:
            raise TooBusy(
                "{waiting} figures wait already; try again in {seconds} s",
                waiting=waiting,
                seconds=RETRY_AFTER,
                retry_after=RETRY_AFTER,
            )
        drawing = _Drawing()
        drawing.task = self._start(self._draw(drawing, job))
        drawing.task.add_done_callback(lambda _: self._remove(key, drawing))
        return drawing

    def _remove(self, key: bytes, drawing: _Drawing) -> None:
        if self._drawings.get(key) is drawing:
            del self._drawings[key]

    def _abandon(self, key: bytes, drawing: _Drawing) -> None:
        """Take a figure that no client waits for out of the queue; one that is being drawn is ended a little later."""
        if drawing.worker is None:
            self._remove(key, drawing)
            drawing.task.cancel()
        else:
            self._start(self._end_abandoned(key, drawing, drawing.worker))

    async def _end_abandoned(self, key: bytes, drawing: _Drawing, worker: _Worker) -> None:
        """End a figure unless it ends soon by itself, since a new process takes seconds, or a client joins."""
        await asyncio.wait({drawing.task}, timeout=GRACE)
        if not drawing.task.done() and not drawing.clients:
            self._remove(key, drawing)
            worker.lost = True
            worker.kill()

    async def _draw(self, drawing: _Drawing, job: bytes) -> Drawn:
        while (worker := await self._idle.get()) and worker.lost:
            pass  # it died idle; its successor comes
        if worker is None:
            raise ServiceUnavailable("the process that drew the figure ended; try again")
        drawing.worker = worker
        try:
            content = await asyncio.get_running_loop().run_in_executor(self._threads, worker.do, job, self._limit)
        except WorkerLost as error:
            raise ServiceUnavailable("the process that drew the figure ended; try again") from error
        finally:
            if worker.drawn >= self._recycle:
                worker.kill()
            elif not worker.lost:
                self._idle.put_nowait(worker)
        return content

    async def _hire(self) -> None:
        """Start a worker; once it is ready, have its end noticed."""
        loop = asyncio.get_running_loop()
        while not self._ended:
            worker = await loop.run_in_executor(self._threads, _Worker, self._nice, self._ground)
            self._started.add(worker)
            if await loop.run_in_executor(self._threads, worker.ready):
                break
            if self._ended:
                return
            _log.error("a process for figures did not start (exit code %s)", worker.process.exitcode)
            await self._end(worker)
            await asyncio.sleep(PAUSE)
        if self._ended:
            return
        self._ready.add(worker)
        loop.add_reader(worker.process.sentinel, self._died, worker)
        self._idle.put_nowait(worker)

    def _died(self, worker: _Worker) -> None:
        _log.info("a process for figures ended after %s figures; another takes its place", worker.drawn)
        self._forget(worker)
        self._start(self._replace(worker))

    async def _replace(self, worker: _Worker) -> None:
        await self._end(worker)
        await self._hire()

    async def _end(self, worker: _Worker) -> None:
        self._started.discard(worker)
        await asyncio.get_running_loop().run_in_executor(self._threads, worker.end)

    def _forget(self, worker: _Worker) -> None:
        worker.lost = True
        self._ready.discard(worker)
        asyncio.get_running_loop().remove_reader(worker.process.sentinel)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also if the asker has left
