"""The service's database of observations, and the import command as a child process for the files that come with it."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from litestar import Litestar

from ocean_metadata.catalogue.database import connect
from ocean_metadata.observations.repository import ObservationRepository
from ocean_metadata.observations.schema import create_in_memory, create_tables

_GRACE = 5.0  # s that the command has to end in when it is asked to stop

_log = logging.getLogger(__name__)


class ServiceObservations(ObservationRepository):
    """Database of observations for as long as the service lives; empty where none is configured."""

    def __init__(self, database: str | None = None, folder: str | None = None) -> None:
        engine = connect(database) if database else create_in_memory()
        if database:
            create_tables(engine)
        super().__init__(engine)
        self._import = ImportProcess(database, folder) if database and folder else None

    @property
    def problems(self) -> list[str]:
        """Reasons why observations are incomplete."""
        return [self._import.problem] if self._import and self._import.problem else []

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Import the files of the folder meanwhile."""
        if self._import:
            await self._import.start()
        yield
        if self._import:
            await self._import.stop()
        self._engine.dispose()


class ImportProcess:
    """`python -m ocean_metadata.observations import` at a low priority.

    It ends with its standard input, so with this process. It reads the database from there as well: a URL with a
    password must not appear in the list of processes.
    """

    def __init__(self, database: str, folder: str) -> None:
        self._command = ("nice", sys.executable, "-m", "ocean_metadata.observations", "--child", "import", folder)
        self._database = database
        self._child: asyncio.subprocess.Process | None = None
        self._waiting: asyncio.Task[None] | None = None
        self.problem: str | None = None

    async def start(self) -> None:
        """Start the command."""
        self._waiting = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End the command: what is imported stays, and the next start goes on."""
        child = self._child
        if child and child.returncode is None:
            if child.stdin:
                child.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), _GRACE)
            with suppress(ProcessLookupError):
                child.kill()
        if self._waiting:
            await self._waiting

    async def _run(self) -> None:
        try:
            self._child = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.PIPE)
        except OSError as error:
            self.problem = f"observations are not imported: {error.strerror}"
            _log.warning(self.problem)
            return
        if self._child.stdin:
            self._child.stdin.write(f"{self._database}\n".encode())
        code = await self._child.wait()
        if code:
            self.problem = f"some observations could not be imported (code {code}); the log says which"
            _log.warning(self.problem)
