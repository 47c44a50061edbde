"""Child processes of the service: the index command, watching or for one pass, and the import of observations."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import sqlalchemy as sa

from ocean_common.contracts.metadata import Event, Refreshed
from ocean_core.errors import Message, ServiceUnavailable
from ocean_metadata.catalogue.database import answering
from ocean_metadata.events.store import read_events, stored_ids

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # s before a restart; doubles
STABLE = 60.0  # s after which a process counts as working
GRACE = 5.0  # s to end after its input is closed
REFRESH_TIMEOUT = 20.0  # s that an operator waits for a pass
MAX_EVENTS = 1000  # in one response

_log = logging.getLogger(__name__)


class IndexProcess:
    """Process of `python -m ocean_metadata.index --watch …`; it ends with its standard input, so with this process."""

    def __init__(
        self, arguments: Sequence[str], python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = [python, "-m", "ocean_metadata.index", *arguments]
        self._environment = environment  # None: that of this process
        self._child: asyncio.subprocess.Process | None = None
        self.trouble: str | None = None  # why it does not run

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run it in an ``async with`` block; it is restarted when it ends."""
        task = asyncio.create_task(self._keep_running())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await end_process(self._child)

    async def _keep_running(self) -> None:
        pause = FIRST_PAUSE
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            try:
                self._child = await asyncio.create_subprocess_exec(
                    *self._command, stdin=asyncio.subprocess.PIPE, env=self._environment
                )
            except OSError as error:  # no memory or no process left
                self.trouble = f"the index process cannot be started: {error.strerror}"
            else:
                self.trouble = None
                code = await self._child.wait()
                self.trouble = f"the index process ended with code {code}; it is restarted"
            _log.warning(self.trouble)
            pause = FIRST_PAUSE if clock() - started > STABLE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)


async def end_process(child: asyncio.subprocess.Process | None) -> None:
    """End a process that stops with its standard input; kill it where it does not."""
    if child is None or child.returncode is not None:
        return
    if child.stdin:
        child.stdin.close()
    try:
        await asyncio.wait_for(child.wait(), GRACE)
    except TimeoutError:
        child.kill()
        await child.wait()


class ImportProcess:
    """`python -m ocean_metadata.observations import` at a low priority; it ends with its standard input as well.

    It reads the database from there: a URL with a password must not appear in the list of processes.
    """

    def __init__(self, database: str, folder: str) -> None:
        self._command = ("nice", sys.executable, "-m", "ocean_metadata.observations", "--child", "import", folder)
        self._database = database
        self._child: asyncio.subprocess.Process | None = None
        self.trouble: str | None = None  # why observations are incomplete

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Import in an ``async with`` block; what is imported stays, and the next start goes on."""
        task = asyncio.create_task(self._run())
        yield
        await end_process(self._child)
        await task

    async def _run(self) -> None:
        try:
            self._child = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.PIPE)
        except OSError as error:
            self.trouble = f"observations are not imported: {error.strerror}"
            _log.warning(self.trouble)
            return
        if self._child.stdin:
            self._child.stdin.write(f"{self._database}\n".encode())
        if code := await self._child.wait():
            self.trouble = f"some observations could not be imported (code {code}); the log says which"
            _log.warning(self.trouble)


class IndexRefresher:
    """One pass of `python -m ocean_metadata.index` for operators; requests that wait for a pass share the next one."""

    def __init__(
        self,
        engine: sa.Engine,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        reload: Callable[[], Awaitable[None]],
        timeout: float = REFRESH_TIMEOUT,
    ) -> None:
        self._engine = engine
        self._command = [sys.executable, "-m", "ocean_metadata.index", *arguments]
        self._environment = environment
        self._reload = reload  # loads the new catalogue
        self._timeout = timeout
        self._lock = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None  # a pass that has not begun
        self._passes: set[asyncio.Task[None]] = set()

    async def refresh(self) -> Refreshed:
        """Index the files and return the changes; ServiceUnavailable where that fails."""
        before = await asyncio.to_thread(self._newest_event)
        if self._next is None:
            self._next = asyncio.create_task(self._run_pass())
            self._passes.add(self._next)
            self._next.add_done_callback(self._passes.discard)
        done, _ = await asyncio.wait([self._next], timeout=self._timeout)
        for task in done:
            task.result()
        await self._reload()
        return Refreshed(complete=bool(done), found=await asyncio.to_thread(self._events_after, before))

    async def stop(self) -> None:
        for task in self._passes:
            task.cancel()
        await asyncio.gather(*self._passes, return_exceptions=True)

    async def _run_pass(self) -> None:
        async with self._lock:
            self._next = None
            process = await asyncio.create_subprocess_exec(
                *self._command, env=self._environment, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
            try:
                _, output = await process.communicate()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
        if process.returncode:
            last = output.decode(errors="replace").strip().rpartition("\n")[2]
            raise ServiceUnavailable(
                "the files could not be indexed: {error}", error=last or Message("the index process was ended")
            )

    def _newest_event(self) -> int:
        with answering(self._engine) as connection:
            ids = stored_ids(connection)
        return ids[1] if ids else 0

    def _events_after(self, number: int) -> list[Event]:
        with answering(self._engine) as connection:
            return read_events(connection, number, MAX_EVENTS)
