"""A pass of the index command now, for an operator who does not want to wait for the watching one."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence

import sqlalchemy as sa

from ocean_common.contracts.metadata import Event, Refreshed
from ocean_core.errors import NotSupported, ServiceUnavailable
from ocean_metadata.catalogue.database import answering
from ocean_metadata.events.store import read_events, stored_ids

PATIENCE = 20.0  # s that an operator waits for a pass
AT_MOST = 1000  # events in one answer


class IndexRefresher:
    """Starts `python -m ocean_metadata.index`; who asks while a pass waits for another one shares it."""

    def __init__(
        self,
        engine: sa.Engine,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        renew: Callable[[], Awaitable[None]],
        patience: float = PATIENCE,
    ) -> None:
        self._engine = engine
        self._command = [sys.executable, "-m", "ocean_metadata.index", *arguments]
        self._environment = environment
        self._renew = renew  # takes the new catalogue
        self._patience = patience
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None  # a pass that did not begin yet
        self._passes: set[asyncio.Task[None]] = set()

    async def refresh(self) -> Refreshed:
        before = await asyncio.to_thread(self._newest)
        if self._next is None:
            self._next = asyncio.create_task(self._pass())
            self._passes.add(self._next)
            self._next.add_done_callback(self._passes.discard)
        done, _ = await asyncio.wait([self._next], timeout=self._patience)
        for one in done:
            one.result()
        await self._renew()
        return Refreshed(complete=bool(done), found=await asyncio.to_thread(self._after, before))

    async def stop(self) -> None:
        """End what is running."""
        for one in self._passes:
            one.cancel()
        await asyncio.gather(*self._passes, return_exceptions=True)

    async def _pass(self) -> None:
        async with self._turn:
            self._next = None
            process = await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                _, said = await process.communicate()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
        if process.returncode:
            last = said.decode(errors="replace").strip().rpartition("\n")[2]
            raise ServiceUnavailable("the files could not be indexed: {value}", value=last or "the command was ended")

    def _newest(self) -> int:
        with answering(self._engine) as connection:
            found = stored_ids(connection)
        return found[1] if found else 0

    def _after(self, number: int) -> list[Event]:
        with answering(self._engine) as connection:
            return read_events(connection, number, AT_MOST)


class NullRefresher:
    """Of a service that was told no files: others index its catalogue."""

    async def refresh(self) -> Refreshed:
        raise NotSupported("this service indexes no files; ask one that does")
