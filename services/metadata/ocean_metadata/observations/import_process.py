"""The import command as a child process of the service, for the files that come with it."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from ocean_metadata.index.process import end_process

_log = logging.getLogger(__name__)


class ImportProcess:
    """`python -m ocean_metadata.observations import` at a low priority.

    It ends with its standard input, so with this process. It reads the database from there as well: a URL with a
    password must not appear in the list of processes.
    """

    def __init__(self, database: str, folder: str) -> None:
        self._command = ("nice", sys.executable, "-m", "ocean_metadata.observations", "--child", "import", folder)
        self._database = database
        self._child: asyncio.subprocess.Process | None = None
        self.problem: str | None = None  # why observations are incomplete

    @asynccontextmanager
    async def lifespan(self, _: Litestar) -> AsyncIterator[None]:
        """Import while the service lives; what is imported stays, and the next start goes on."""
        task = asyncio.create_task(self._run())
        yield
        await end_process(self._child)
        await task

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
