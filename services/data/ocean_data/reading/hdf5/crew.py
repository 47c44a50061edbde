"""Several threads for the chunks of one request."""

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")

LATE = 0.0005  # s: a helper that starts later than that has no core of its own, and costs more than it brings
REST = 0.1  # s without helpers after that


class Crew:
    """Helps the thread that asks. Who asks works too: it never waits for a thread that others keep busy."""

    def __init__(self, helpers: int, clock: Callable[[], float] = time.perf_counter) -> None:
        self._helpers = helpers
        self._clock = clock
        self._rested = clock()  # when helpers are asked again
        self._pool = ThreadPoolExecutor(max(1, helpers), thread_name_prefix="chunks")

    def each(self, work: Callable[[T], None], tasks: Iterable[T]) -> None:
        """Do all tasks; the first error ends it, when no thread works on it any more."""
        queue, asked = deque(tasks), self._clock()

        def drain() -> None:
            try:
                while (task := _next(queue)) is not None:
                    work(task[0])
            finally:
                queue.clear()

        def help_() -> None:
            now = self._clock()
            if now - asked > LATE:
                self._rested = now + REST
            drain()

        count = min(self._helpers, len(queue) - 1) if asked >= self._rested else 0
        helpers = [self._pool.submit(help_) for _ in range(count)]
        try:
            drain()
        finally:
            started = [helper for helper in helpers if not helper.cancel()]
            wait(started)
        for helper in started:
            helper.result()

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def _next(queue: deque[T]) -> tuple[T] | None:
    try:
        return (queue.popleft(),)
    except IndexError:  # another thread took the last one
        return None
