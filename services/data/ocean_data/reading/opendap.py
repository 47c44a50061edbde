"""Data on OPeNDAP servers, asked for over HTTP with a limit on time.

Not through the NetCDF library: its client can wait for ever, holds the lock that all other files need, and ends the
process at a description that it cannot parse.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from ocean_common.places import text_stamp
from ocean_core.cache import ByteBoundedCache, TTLCache
from ocean_data.reading import dap2
from ocean_data.reading.state import State, unreadable
from ocean_data.reading.storage import AGAIN
from ocean_data.reading.stored import Chunks, Variables

RECENT = 2.0  # s that a state is taken for the state now
CONNECT = 3.0  # s


class OPeNDAP:
    """Any server."""

    def __init__(self, limit: int, timeout: float) -> None:
        self._http = httpx.Client(timeout=httpx.Timeout(timeout, connect=min(CONNECT, timeout)), follow_redirects=True)
        self._states: TTLCache[tuple[State, str]] = TTLCache(RECENT)
        self._described: ByteBoundedCache[dict[str, dap2.Declared]] = ByteBoundedCache(limit, lambda _: 1)

    def state(self, path: str) -> State:
        return self._states.get(path, lambda: self._ask(path))[0]

    def _ask(self, path: str) -> tuple[State, str]:
        """The protocol has no versions: another description, and it is another file."""
        answer = self._get(path, ".dds")
        mark = (text_stamp(answer.text)[1], answer.headers.get("last-modified"))
        return State(path, 0, 0, mark), answer.text

    @contextmanager
    def opened(self, state: State) -> Iterator[Variables]:
        described = self._described.get(state, lambda: self._describe(state))
        yield lambda name: DAPVariable(described[name], self, state.path)

    def _describe(self, state: State) -> dict[str, dap2.Declared]:
        now, text = self._states.get(state.path, lambda: self._ask(state.path))
        if now != state:
            raise OSError("it was replaced")
        found, told = dap2.declared(text), dap2.attributes(self._get(state.path, ".das").text)
        return {
            name: dap2.Declared(
                name=name,
                kind=_signed(one.kind, told.get(name, {})),
                dimensions=one.dimensions,
                shape=one.shape,
                in_grid=one.in_grid,
                attributes=told.get(name, {}),
            )
            for name, one in found.items()
        }

    def numbers(self, path: str, variable: dap2.Declared, index: tuple[slice, ...]) -> NDArray[Any]:
        """A part of a variable."""
        if variable.kind not in dap2.SENT:
            raise ValueError(f"{variable.name} is not made of numbers")
        shape = tuple(part.stop - part.start for part in index)
        if 0 in shape:
            return np.empty(shape, dap2.SENT[variable.kind][0])
        answer = self._get(path, ".dods", dap2.asked(variable, index))
        try:
            return dap2.numbers(answer.content, variable, shape)
        except ValueError:
            self._states.forget(path)  # it may be that it was replaced
            raise

    def close(self) -> None:
        self._http.close()

    def _get(self, path: str, what: str, query: str = "") -> httpx.Response:
        address = httpx.URL(path.replace("dods://", "http://", 1))
        whole = address.copy_with(path=address.path + what, query=query.encode() or None)
        try:
            answer = self._http.get(whole)
        except httpx.HTTPError as error:
            raise unreadable(path, "the OPeNDAP server does not answer", retry_after=AGAIN) from error
        if not answer.is_success:
            reason = f"the OPeNDAP server answers {answer.status_code}"
            raise unreadable(path, reason, retry_after=AGAIN)
        return answer


def _signed(kind: str, told: dict[str, Any]) -> str:
    """DAP 2.0 has no signed bytes; servers that have some say so in an attribute."""
    return "int8" if kind == "byte" and str(told.get("_Unsigned", "")).lower() == "false" else kind


@dataclass(frozen=True)
class DAPVariable:
    """A variable on a server."""

    declared: dap2.Declared
    server: OPeNDAP
    path: str

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.declared.dimensions

    @property
    def shape(self) -> tuple[int, ...]:
        return self.declared.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(dap2.SENT[self.declared.kind][0])

    @property
    def attributes(self) -> dict[str, Any]:
        return self.declared.attributes

    @property
    def chunks(self) -> Chunks:
        return (*(1 for _ in self.shape[:-2]), *self.shape[-2:])  # how it is stored is not told: a level

    def read(self, index: tuple[slice, ...]) -> NDArray[Any]:
        return self.server.numbers(self.path, self.declared, index)
