"""Child processes of the service: the index command, watching or for one pass, and the import of observations."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

import sqlalchemy as sa

from ocean_common.background import BackgroundTask
from ocean_common.contracts.metadata import Event, Refreshed
from ocean_core.errors import Message, ServiceUnavailable
from ocean_metadata.catalogue.database import answering
from ocean_metadata.events.store import read_events, stored_ids

PYTHON = sys.executable
GRACE = 5.0  # s to end after its input is closed
REFRESH_TIMEOUT = 20.0  # s that an operator waits for a pass
MAX_EVENTS = 1000  # in one response

_log = logging.getLogger(__name__)


async def run_child(*command: str, environment: Mapping[str, str] | None = None) -> int:
    """Run a command that ends with its standard input, until it ends or this is cancelled; return its exit code."""
    child = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.PIPE, env=environment)
    try:
        return await child.wait()
    finally:
        if child.returncode is None and child.stdin:
            child.stdin.close()
            try:
                await asyncio.wait_for(child.wait(), GRACE)
            except TimeoutError:
                child.kill()
                await child.wait()


def index_task(arguments: Sequence[str], environment: Mapping[str, str], python: str = PYTHON) -> BackgroundTask:
    """Return the task that runs `python -m ocean_metadata.index --watch …`, again where it ends."""

    async def run_index() -> str:
        code = await run_child(python, "-m", "ocean_metadata.index", *arguments, environment=environment)
        return f"it ended with code {code}"

    return BackgroundTask("the index process", run_index)


def import_task(folder: str, environment: Mapping[str, str]) -> BackgroundTask:
    """Return the task that imports the observations of a folder once, at a low priority; the next start goes on."""
    command = ("nice", PYTHON, "-m", "ocean_metadata.observations", "--child", "import", folder)

    async def import_folder() -> None:
        if code := await run_child(*command, environment=environment):
            task.failure = f"some observations could not be imported (code {code}); the log says which"
            _log.warning(task.failure)
        await asyncio.Event().wait()  # it is done: until the task is cancelled

    task = BackgroundTask("the import of observations", import_folder)
    return task


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
        self._command = [PYTHON, "-m", "ocean_metadata.index", *arguments]
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
