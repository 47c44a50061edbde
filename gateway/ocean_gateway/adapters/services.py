"""Asks the services how they are, and for their documents."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic

import httpx
import msgspec

from ocean_common.contracts.health import Health
from ocean_gateway.domain.ports import Document, Service

FRESH = 2.0  # s that an answer is used again: a page and its document are asked for together


class HttpServices:
    """The services over HTTP, all asked at once."""

    def __init__(
        self,
        urls: Mapping[str, str],
        patience: float,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._urls = urls
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(patience, connect=min(1.0, patience)), transport=transport)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: list[Service] = []
        self._until = float("-inf")

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._http.aclose()

    async def all(self) -> list[Service]:
        async with self._lock:
            if self._clock() >= self._until:
                self._known = await asyncio.gather(*(self._ask(name, url) for name, url in self._urls.items()))
                self._until = self._clock() + FRESH
            return self._known

    async def _ask(self, name: str, url: str) -> Service:
        try:
            document, health = await asyncio.gather(
                self._http.get(f"{url}/{name}/openapi.json"), self._http.get(f"{url}/health/ready")
            )
            return Service(
                name=name,
                document=msgspec.json.decode(document.raise_for_status().content, type=Document),
                reasons=msgspec.json.decode(health.content, type=Health).reasons,
            )
        except (httpx.HTTPError, msgspec.DecodeError):
            return Service(name=name)
