"""Health and OpenAPI documents of the services."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any, TypeAlias

import httpx
import msgspec

from ocean_common.contracts.common import Health

CACHE_TIME = 2.0  # s: a documentation page and its document are requested together

Document: TypeAlias = dict[str, Any]  # an OpenAPI document as parsed JSON


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """State of one service."""

    name: str
    document: Document | None = None  # None: no response
    reasons: list[str] = []  # why it is degraded


class ServiceStates:
    """States of all services over HTTP, requested at the same time and cached for 2 s."""

    def __init__(
        self,
        urls: Mapping[str, str],
        timeout: float,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._urls = urls
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(timeout, connect=min(1.0, timeout)), transport=transport)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._states: list[ServiceState] = []
        self._expires = float("-inf")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def all(self) -> list[ServiceState]:
        """Return the states in the order of the addresses."""
        async with self._lock:
            if self._clock() >= self._expires:
                self._states = await asyncio.gather(*(self._request(name, url) for name, url in self._urls.items()))
                self._expires = self._clock() + CACHE_TIME
            return self._states

    async def _request(self, name: str, url: str) -> ServiceState:
        try:
            document, health = await asyncio.gather(
                self._http.get(f"{url}/{name}/openapi.json"), self._http.get(f"{url}/health/ready")
            )
            return ServiceState(
                name=name,
                document=msgspec.json.decode(document.raise_for_status().content, type=Document),
                reasons=msgspec.json.decode(health.content, type=Health).reasons,
            )
        except (httpx.HTTPError, msgspec.DecodeError):
            return ServiceState(name=name)
