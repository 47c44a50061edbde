"""The import command as a child process: started once with the service, for files that come with it."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress

GRACE = 5.0  # s to end in when it is asked to stop

_log = logging.getLogger(__name__)


class ImportProcess:
    """Runs `python -m ocean_metadata.observations import` at a low priority.

    It ends with its standard input, so with this process. There it is told the database as well: an address with a
    password is not for the list of processes.
    """

    def __init__(self, database: str, folder: str, python: str = sys.executable) -> None:
        self._command: Sequence[str] = [
            *("nice", python, "-m", "ocean_metadata.observations", "--beside", "import", folder),
        ]
        self._database = database
        self._child: asyncio.subprocess.Process | None = None
        self._waiting: asyncio.Task[None] | None = None
        self.trouble: str | None = None  # why observations are not all there

    async def start(self) -> None:
        """Start it."""
        self._waiting = asyncio.create_task(self._wait())

    async def stop(self) -> None:
        """End it: what is in is in, and the next start goes on."""
        child = self._child
        if child and child.returncode is None:
            if child.stdin:
                child.stdin.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(child.wait(), GRACE)
            with suppress(ProcessLookupError):
                child.kill()
        if self._waiting:
            await self._waiting

    async def _wait(self) -> None:
        try:
            self._child = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.PIPE)
        except OSError as error:
            self.trouble = f"observations are not imported: {error.strerror}"
            _log.warning(self.trouble)
            return
        if self._child.stdin:
            self._child.stdin.write(f"{self._database}\n".encode())
        code = await self._child.wait()
        if code:
            self.trouble = f"some observations could not be imported (code {code}); the log says which"
            _log.warning(self.trouble)
