"""Draws figures in the service's own process: slower for everyone else. For measuring the difference."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

from ocean_common.errors import TooBusy
from ocean_plotting.export.output import Output
from ocean_plotting.figure.resources import Ground
from ocean_plotting.ports import Drawn
from ocean_plotting.worker import Job


class Inline:
    """Draws on the event loop: nothing else is answered meanwhile."""

    def __init__(self, ground: Ground | None = None) -> None:
        self._ground = ground or Ground()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to end."""

    def unready(self) -> list[str]:
        """It is always ready."""
        return []

    async def draw(self, output: Output, make: Callable[..., object], *given: object) -> Drawn:
        """Draw now."""
        return Job(output=output, make=make, given=given).run(self._ground)


class Threads(Inline):
    """Draws in threads, which share the interpreter lock with the event loop."""

    def __init__(self, workers: int, queue: int, ground: Ground | None = None) -> None:
        super().__init__(ground)
        self._most = workers + queue
        self._under_way = 0
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="figures")

    async def __aexit__(self, *_: object) -> None:
        self._threads.shutdown()

    async def draw(self, output: Output, make: Callable[..., object], *given: object) -> Drawn:
        """Draw in the next free thread."""
        if self._under_way >= self._most:
            raise TooBusy("too many figures wait already; try again in 2 s", retry_after=2)
        self._under_way += 1
        try:
            job = Job(output=output, make=make, given=given)
            return await asyncio.get_running_loop().run_in_executor(self._threads, job.run, self._ground)
        finally:
            self._under_way -= 1
