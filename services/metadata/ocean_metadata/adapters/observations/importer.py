"""The import command as a child process: started once with the service, for files that come with it."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from contextlib import suppress

GRACE = 5.0  # s to end in when it is asked to stop

_log = logging.getLogger(__name__)


class ImportProcess:
    """Runs `python -m ocean_metadata.observations import` beside the service, at a low priority."""

    def __init__(self, database: str, folder: str, python: str = sys.executable) -> None:
        self._command: Sequence[str] = [
            *("nice", python, "-m", "ocean_metadata.observations", "--database", database, "--beside"),
            *("import", folder),
        ]
        self._child: asyncio.subprocess.Process | None = None
        self._waiting: asyncio.Task[None] | None = None
        self.trouble: str | None = None  # why observations are not all there

    async def start(self) -> None:
        """Start it."""
        self._waiting = asyncio.create_task(self._wait())

    async def stop(self) -> None:
        """End it: what is in is in, and the next start goes on."""
        if self._child and self._child.returncode is None:
            with suppress(ProcessLookupError):
                self._child.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._child.wait(), GRACE)
            with suppress(ProcessLookupError):
                self._child.kill()
        if self._waiting:
            await self._waiting

    async def _wait(self) -> None:
        try:
            self._child = await asyncio.create_subprocess_exec(*self._command, stdin=asyncio.subprocess.DEVNULL)
        except OSError as error:
            self.trouble = f"observations are not imported: {error.strerror}"
            _log.warning(self.trouble)
            return
        code = await self._child.wait()
        if code:
            self.trouble = f"some observations could not be imported (code {code}); the log says which"
            _log.warning(self.trouble)
