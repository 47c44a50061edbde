"""What is kept open: bounded in number, the one used longest ago is closed first."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from ocean_data.reading.state import State

V = TypeVar("V")


class Opened(Generic[V]):
    """Open files by path, each in one state. Whoever uses it holds a lock."""

    def __init__(self, limit: int, open_: Callable[[State], V], close: Callable[[V], None]) -> None:
        self._limit = limit
        self._open = open_
        self._close = close
        self._kept: OrderedDict[str, tuple[State, V]] = OrderedDict()

    def get(self, state: State) -> V:
        """The file in this state."""
        kept = self._kept.pop(state.path, None)
        if kept is not None and kept[0] != state:
            self._close(kept[1])
            kept = None
        if kept is None:
            kept = (state, self._open(state))
        self._kept[state.path] = kept
        while len(self._kept) > self._limit:
            self._close(self._kept.popitem(last=False)[1][1])
        return kept[1]

    def clear(self) -> None:
        """Close all."""
        for _, found in self._kept.values():
            self._close(found)
        self._kept.clear()
