"""Threads for work that blocks: reading, unpacking and resampling release the interpreter lock."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from ocean_core.errors import TooBusy

P = ParamSpec("P")
T = TypeVar("T")


class ThreadPool:
    """Some threads behind a bounded queue."""

    def __init__(self, count: int, queue: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="data")
        self._room = count + queue

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do ``work`` off the event loop, or raise TooBusy."""
        if self._room == 0:
            raise TooBusy("too many requests are waiting for the data service", retry_after=1)
        self._room -= 1
        try:
            call = partial(copy_context().run, work, *args, **kwargs)
            return await asyncio.get_running_loop().run_in_executor(self._pool, call)
        finally:
            self._room += 1

    def close(self) -> None:
        """Wait for running work, and start no more."""
        self._pool.shutdown(wait=True, cancel_futures=True)
