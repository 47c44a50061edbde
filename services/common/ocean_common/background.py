"""Tasks that run as long as a service; one that ends unexpectedly is restarted, logged and shown as degraded.

Commands that a service runs beside it learn from `stop_event` when they are to end, and worker processes end with the
process that spawned them (`end_with_parent`).
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import stat
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self

FIRST_PAUSE, MAX_PAUSE = 1.0, 60.0  # s before a restart; the pause doubles

Work = Callable[[], Awaitable[str | None]]
_log = logging.getLogger(__name__)


class BackgroundTask:
    """A task that never ends by itself; use it as an async context manager.

    ``work`` runs until it is cancelled, or returns why it ended; ``name`` says what it does, for the log and for
    `/health/ready`.
    """

    def __init__(self, name: str, work: Work, *, first_pause: float = FIRST_PAUSE) -> None:
        self.name = name
        self._work = work
        self._first_pause = first_pause
        self._task: asyncio.Task[None] | None = None
        self.failure: str | None = None  # why it ended; None once it has run again for as long as the last pause

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._supervise())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _supervise(self) -> None:
        loop, pause = asyncio.get_running_loop(), self._first_pause
        while True:
            started = loop.time()
            recovery = loop.call_later(pause, self._recover) if self.failure else None
            try:
                reason = await self._work() or "it ended"
            except Exception as error:  # noqa: BLE001 - whatever ends it must not end it for good
                reason = f"{type(error).__name__}: {error}"
                _log.error("background task failed: %s", self.name, exc_info=error)
            finally:
                if recovery:
                    recovery.cancel()
            self.failure = f"{self.name}: {reason}; it is started again"
            _log.warning("%s", self.failure)
            pause = self._first_pause if loop.time() - started > MAX_PAUSE else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE)

    def _recover(self) -> None:
        self.failure = None


def stop_event(*, with_input: bool) -> threading.Event:
    """Return an event that SIGTERM and SIGINT set, and with ``with_input`` the end of the standard input.

    The process that started a command holds its input; a terminal, or no input at all, does not count.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        stop.set()

    kind = os.fstat(sys.stdin.fileno()).st_mode if with_input else 0
    if stat.S_ISFIFO(kind) or stat.S_ISSOCK(kind):
        threading.Thread(target=wait_for_end, daemon=True).start()
    return stop


def end_with_parent() -> None:
    """End this process, whatever it does, when the one that spawned it ends: killed, it cannot end its children."""

    def wait_for_parent() -> None:
        if (parent := multiprocessing.parent_process()) is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait_for_parent, daemon=True).start()
