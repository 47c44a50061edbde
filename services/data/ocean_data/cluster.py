"""Parts of long extractions read by the workers of a Dask cluster, in order, a few ahead."""

import importlib
import logging
from collections import deque
from collections.abc import Callable
from functools import cache, partial
from itertools import islice
from threading import Lock
from time import monotonic
from typing import Any

from ocean_data.plan.extraction import Body, Extraction, Parts, Values, check_unchanged, read_parts
from ocean_data.reading.base import Reading

AHEAD = 2  # parts for each thread of the cluster that are asked for before they are needed
ALONE = 30.0  # s after which a cluster that was away is asked again
CONNECT = "3s"

_log = logging.getLogger(__name__)

Open = Callable[[Any], Reading]


class Cluster:
    """A Dask cluster, by the address of its scheduler. While it is away, everything is read here."""

    def __init__(
        self, address: str, opened: Open, settings: object, least: int, clock: Callable[[], float] = monotonic
    ) -> None:
        """``opened`` makes what a process reads with, by the ``settings``; ``least``: bytes, for less it is not asked.

        The module is imported here alone: whoever has no cluster need not install it.
        """
        self._dask: Any = importlib.import_module("distributed")
        self._address = address
        self._from = opened, settings
        self._least = least
        self._clock = clock
        self._client: Any = None
        self._again = 0.0
        self._lock = Lock()

    def close(self) -> None:
        """Leave the cluster."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def read(self, extraction: Extraction, reading: Reading) -> Parts:
        """The parts of an extraction, in order; by the cluster if it is long."""
        client = self._joined() if extraction.cost.bytes >= self._least and len(extraction.parts()) > 1 else None
        if client is None:
            yield from read_parts(extraction, reading)
        else:
            yield from check_unchanged(extraction, reading, self._far(client, extraction, reading))

    def _far(self, client: Any, extraction: Extraction, reading: Reading) -> Parts:
        lost = (self._dask.CancelledError, self._dask.KilledWorker, OSError, TimeoutError)
        try:
            body = client.scatter(extraction.body, hash=False)
        except lost as error:
            _log.warning("the cluster takes nothing, and everything is read here: %s", type(error).__name__)
            yield from read_parts(extraction, reading)
            return
        submit = partial(client.submit, _part, *self._from, body, pure=False)
        left = iter(extraction.parts())
        waiting: deque[tuple[slice, Any]] = deque()
        ahead = max(1, sum(client.nthreads().values())) * AHEAD
        try:
            waiting.extend((rows, submit(rows)) for rows in islice(left, ahead))
            while waiting:
                rows, future = waiting.popleft()
                try:
                    values: dict[str, Values] = future.result()
                except lost as error:
                    _log.warning("the cluster lost a part, which is read here: %s", type(error).__name__)
                    values = extraction.body(reading, rows)
                yield rows, values
                waiting.extend((more, submit(more)) for more in islice(left, 1))
        finally:
            # Whoever has gone needs none of these.
            if waiting:
                client.cancel([future for _, future in waiting], force=True)

    def _joined(self) -> Any:
        """The client of the cluster; None while it is away."""
        with self._lock:
            if self._client is not None and self._client.status == "running":
                return self._client if self._client.nthreads() else None
            if self._clock() < self._again:
                return None
            if self._client is not None:
                self._client.close(timeout=1)
                self._client = None
            try:
                self._client = self._dask.Client(self._address, timeout=CONNECT, set_as_default=False)
            except (OSError, TimeoutError) as error:
                self._again = self._clock() + ALONE
                _log.warning("the Dask scheduler %s is away, and everything is read here: %s", self._address, error)
                return None
            return self._client


@cache
def _reading(opened: Open, settings: object) -> Reading:
    """Return the source and grids of this process, made once."""
    return opened(settings)


def _part(opened: Open, settings: object, body: Body, rows: slice) -> dict[str, Values]:
    return body(_reading(opened, settings), rows)
