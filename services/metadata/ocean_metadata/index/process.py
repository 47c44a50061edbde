"""The index command as a child process: started with the service, and again when it dies."""

import asyncio
import logging
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0  # s before it is started again; doubles
LASTING = 60.0  # s after which it counts as having worked
GRACE = 5.0  # s to end in when its input is closed

_log = logging.getLogger(__name__)


class IndexerProcess:
    """Runs `python -m ocean_metadata.index --watch …`; it ends with its standard input, so with this process."""

    def __init__(
        self, arguments: Sequence[str], python: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = [python, "-m", "ocean_metadata.index", *arguments]
        self._environment = environment  # all of it; None: that of this process
        self._child: asyncio.subprocess.Process | None = None
        self._keeping: asyncio.Task[None] | None = None
        self.trouble: str | None = None  # why it does not run

    async def start(self) -> None:
        """Start it, and keep it running."""
        self._keeping = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """End it."""
        if self._keeping:
            self._keeping.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeping
        child = self._child
        if child is None or child.returncode is not None:
            return
        if child.stdin:
            child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), GRACE)
        except TimeoutError:
            child.kill()
            await child.wait()

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        clock = asyncio.get_running_loop().time
        while True:
            started = clock()
            try:
                self._child = await asyncio.create_subprocess_exec(
                    *self._command, stdin=asyncio.subprocess.PIPE, env=self._environment
                )
            except OSError as error:  # no memory or no process left: later
                self.trouble = f"the indexer cannot be started: {error.strerror}"
            else:
                self.trouble = None
                code = await self._child.wait()
                self.trouble = f"the indexer ended with code {code}; it is started again"
            _log.warning(self.trouble)
            pause = FIRST_PAUSE if clock() - started > LASTING else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)
