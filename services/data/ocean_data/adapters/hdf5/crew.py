"""Several threads for the chunks of one request."""

from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


class Crew:
    """Helps the thread that asks. Who asks works too: it never waits for a thread that others keep busy."""

    def __init__(self, helpers: int) -> None:
        self._helpers = helpers
        self._pool = ThreadPoolExecutor(max(1, helpers), thread_name_prefix="chunks")

    def each(self, work: Callable[[T], None], tasks: Iterable[T]) -> None:
        """Do all tasks; the first error ends it, when no thread works on it any more."""
        queue = deque(tasks)

        def drain() -> None:
            try:
                while (task := _next(queue)) is not None:
                    work(task[0])
            finally:
                queue.clear()

        helpers = [self._pool.submit(drain) for _ in range(min(self._helpers, len(queue) - 1))]
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
