"""Drawing of figures in worker processes, so that the service goes on answering meanwhile.

A worker is forked by a process that has loaded what drawing needs (forked by the service, it would share its signal
handlers). It draws once and reports that it is ready before it is given work. Each has a pipe of its own: one that
dies, idle or busy, takes nothing from the others, and another takes its place. Workers outlive neither their service
nor their number of figures.

Drawing on the event loop is for tests, and for measurements.
"""

import asyncio
import importlib
import logging
import multiprocessing
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from threading import Lock
from typing import Any, Self, TypeVar, cast

import msgspec

from ocean_common.background import end_with_parent
from ocean_core.cache import FairQueue, SingleFlight
from ocean_core.errors import Message, OceanError, RequestTooLarge, ServiceUnavailable
from ocean_plotting.export import WRITERS
from ocean_plotting.export.output import Output, RenderedFile
from ocean_plotting.figure.context import FigureResources
from ocean_plotting.figure.layout import Picture, draw_warmup

START_TIME = 60.0  # s for a worker to load everything
PAUSE = 1.0  # s before a worker that did not start is started again
GRACE = 1.0  # s that a figure may still take when no client waits for it any more
RETRY_AFTER = 2  # s after which clients that are refused may try again
QUEUE_FULL = Message("{waiting} figures are already queued; try again in {seconds} s")
# Exceptions of a broken figure; any other ends the process, and another takes its place.
BUGS = (ArithmeticError, AssertionError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
PLOTS = "ocean_plotting.plots"  # loaded by a worker before its first figure

T = TypeVar("T")

_log = logging.getLogger(__name__)


class Job(msgspec.Struct, frozen=True):
    """A figure or table to make, and the form to write it in."""

    output: Output
    make: Callable[..., object]
    arguments: tuple[object, ...]

    def run(self, resources: FigureResources) -> RenderedFile:
        """Make and write it."""
        figure = self.make(*self.arguments, resources.make_context(self.output))
        content = WRITERS[self.output.format](figure, self.output)
        return RenderedFile(content, figure.info.alt if isinstance(figure, Picture) else "")


class FigureRenderer:
    """Renders figures and tables as files; this one on the event loop, where nothing else is answered meanwhile."""

    def __init__(self, resources: FigureResources | None = None) -> None:
        self._resources = resources or FigureResources()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """End without anything to clean up."""

    def unready(self) -> list[str]:
        """Return the reasons why it cannot draw yet."""
        return []

    async def draw(
        self, output: Output, make: Callable[..., object], *arguments: object, client: str = ""
    ) -> RenderedFile:
        """Call ``make(*arguments, context)`` and write the Picture or Table that it returns as ``output`` says.

        Clients take turns. It raises TooBusy if too many figures wait, RequestTooLarge if it takes too long.
        """
        return await self._render(Job(output, make, arguments), client)

    async def _render(self, job: Job, _client: str) -> RenderedFile:
        return job.run(self._resources)


# In the worker process


class DrawingFailure(msgspec.Struct, frozen=True):
    """A bug met while drawing."""

    traceback: str


def run_worker(pipe: Connection, nice: int, resources: FigureResources) -> None:
    """Work until the other end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends its workers
    os.nice(nice)
    # A letter that no font has is drawn as a box: a name full of them must not fill the log.
    warnings.filterwarnings("ignore", message="Glyph .* missing from")
    end_with_parent()
    importlib.import_module(PLOTS)
    resources.make_context(Output())  # reads the coast, for the first figure
    draw_warmup()
    pipe.send(True)
    try:
        while True:
            pipe.send(_run_job(pipe.recv(), resources))
    except (EOFError, BrokenPipeError):
        sys.exit()


def _run_job(job: Job, resources: FigureResources) -> RenderedFile | OceanError | DrawingFailure:
    try:
        return job.run(resources)
    except OceanError as error:
        return error
    except BUGS:
        return DrawingFailure(traceback.format_exc())


# In the service


class WorkerLost(Exception):
    """The process at the other end of the pipe is gone."""


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, nice: int, resources: FigureResources) -> None:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([PLOTS])
        self.pipe: Connection
        self.pipe, far_end = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=run_worker, args=(far_end, nice, resources), name="figures", daemon=True
        )
        self.process.start()
        far_end.close()
        self.drawn = 0
        self.lost = False
        self._in_use = Lock()  # its pipe is not closed while a thread waits for an answer

    def wait_until_ready(self) -> bool:
        """Wait until it has loaded everything; False if it never will."""
        with suppress(EOFError, OSError):
            return self.pipe.poll(START_TIME) and bool(self.pipe.recv())
        return False

    def run(self, job: bytes, limit: float) -> RenderedFile:
        """Give it a pickled job and wait for the result, at most ``limit`` s."""
        try:
            with self._in_use:
                self.pipe.send_bytes(job)
                result = self.pipe.recv() if self.pipe.poll(limit) else None
        except (EOFError, OSError) as error:
            self.lost = True
            raise WorkerLost from error
        if result is None:
            self.kill()
            raise RequestTooLarge(
                "drawing the figure took longer than {limit:g} s; request fewer points or a smaller size", limit=limit
            )
        if isinstance(result, OceanError):
            raise result
        if isinstance(result, DrawingFailure):
            raise RuntimeError(f"a figure could not be drawn\n{result.traceback}")
        self.drawn += 1
        return cast(RenderedFile, result)

    def kill(self) -> None:
        """Stop the process, unless it is gone already; it gets no more work."""
        self.lost = True
        with suppress(ValueError):
            self.process.kill()

    def end(self) -> None:
        """Stop the process and free what it held."""
        self.lost = True
        if self.pipe.closed:
            return
        self.process.kill()
        self.process.join()
        with self._in_use:
            self.process.close()
            self.pipe.close()


class ProcessRenderer(FigureRenderer):
    """Worker processes and the short queue before them. Use it as an async context manager."""

    def __init__(
        self,
        workers: int,
        queue: int,
        figure_time: float,
        figures_per_worker: int,
        *,
        resources: FigureResources | None = None,
        nice: int = 10,
    ) -> None:
        super().__init__(resources)
        self._workers = workers
        queue_of_clients = FairQueue(workers, queue, QUEUE_FULL, RETRY_AFTER)
        self._flights = SingleFlight[RenderedFile](queue_of_clients, grace=GRACE)
        self._figure_time = figure_time
        self._figures_per_worker = figures_per_worker
        self._nice = nice
        self._started: set[_Worker] = set()
        self._ready: set[_Worker] = set()
        self._threads = ThreadPoolExecutor(2 * workers, thread_name_prefix="figures")
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended = False

    async def __aenter__(self) -> Self:
        self._idle: asyncio.Queue[_Worker | None] = asyncio.Queue()  # None: the service ends
        for _ in range(self._workers):
            self._start_task(self._start_worker())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ended = True
        for worker in list(self._ready):
            self._forget(worker)
        for worker in self._started:
            worker.kill()  # a thread that waits for its answer gets none, and goes on
        for _worker in range(self._workers):
            self._idle.put_nowait(None)
        await self._flights.finish()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._started:
            worker.end()
        self._threads.shutdown()

    def unready(self) -> list[str]:
        return [] if self._ready else ["the worker processes that draw figures are starting"]

    async def _render(self, job: Job, client: str) -> RenderedFile:
        """Draw in the next free process, in the client's turn; equal figures at the same time are drawn once."""
        pickled = bytes(ForkingPickler.dumps(job))
        return (await self._flights.run(pickled, lambda: self._run(pickled), client))[0]

    async def _run(self, job: bytes) -> RenderedFile:
        try:
            while worker := None if self._ended else await self._idle.get():
                if not worker.lost:
                    break  # else it died idle; its successor comes
            else:
                raise WorkerLost
            try:
                run = asyncio.get_running_loop().run_in_executor
                return await run(self._threads, worker.run, job, self._figure_time)
            except asyncio.CancelledError:  # no client waits for it any more
                worker.kill()
                raise
            finally:
                if worker.drawn >= self._figures_per_worker:
                    worker.kill()
                elif not worker.lost:
                    self._idle.put_nowait(worker)
        except WorkerLost as error:
            raise ServiceUnavailable("the process that drew the figure ended; try again") from error

    async def _start_worker(self, dead: _Worker | None = None) -> None:
        """Start a worker, in the place of a dead one, and watch for its end once it is ready."""
        loop = asyncio.get_running_loop()
        if dead:
            await self._end(dead)
        while not self._ended:
            worker = await loop.run_in_executor(self._threads, _Worker, self._nice, self._resources)
            self._started.add(worker)
            if await loop.run_in_executor(self._threads, worker.wait_until_ready):
                break
            if self._ended:
                return
            _log.error("a process for figures did not start (exit code %s)", worker.process.exitcode)
            await self._end(worker)
            await asyncio.sleep(PAUSE)
        if self._ended:
            return
        self._ready.add(worker)
        loop.add_reader(worker.process.sentinel, self._on_exit, worker)
        self._idle.put_nowait(worker)

    def _on_exit(self, worker: _Worker) -> None:
        _log.info("a process for figures ended after %s figures; another takes its place", worker.drawn)
        self._forget(worker)
        self._start_task(self._start_worker(worker))

    async def _end(self, worker: _Worker) -> None:
        self._started.discard(worker)
        await asyncio.get_running_loop().run_in_executor(self._threads, worker.end)

    def _forget(self, worker: _Worker) -> None:
        worker.lost = True
        self._ready.discard(worker)
        asyncio.get_running_loop().remove_reader(worker.process.sentinel)

    def _start_task(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish_task)
        return task

    def _finish_task(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # asyncio complains of failures that nobody has seen
