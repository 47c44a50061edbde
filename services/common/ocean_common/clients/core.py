"""A call to a neighbour: timeouts, retries, and its problems as our errors."""

import asyncio
from typing import TypeVar, cast
from urllib.parse import quote, urlencode

import httpx
import msgspec

from ocean_common.clients.wire import Wire
from ocean_common.errors import ServiceUnavailable
from ocean_common.language import outgoing_language
from ocean_common.problems import decode, from_problem
from ocean_common.telemetry import outgoing_headers

T = TypeVar("T")
TIMEOUT = httpx.Timeout(60.0, connect=1.0, pool=30.0)  # s
PROBE = httpx.Timeout(1.0)  # s for a neighbour to say that it lives
CONNECTIONS = 64
LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=32)
ATTEMPTS, PAUSE = 3, 0.1  # only what never got an answer is asked again; the pause (s) doubles
MESSAGEPACK = "application/x-msgpack"

# The request never arrived, or the neighbour closed a kept connection under it: it was restarted.
_UNANSWERED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError)


class Neighbour:
    """One neighbouring service, over one pool of kept connections."""

    def __init__(self, name: str, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Take ``http://host:port``, or ``unix:/path`` of a socket on the same machine."""
        self.name = name
        self._base = "http://local" if url.startswith("unix:") else url.rstrip("/")
        # Asked itself: neighbours have no cookies, redirects and passwords, for which a client looks in every answer.
        self._wire = transport or _transport(url)

    async def aclose(self) -> None:
        """Close the kept connections."""
        await self._wire.aclose()

    async def away(self) -> str | None:
        """Why it does not answer; None if it does."""
        try:
            response = await self._send("GET", "/health/live", {}, times=PROBE)
        except httpx.TransportError:
            return f"the {self.name} service does not answer"
        return f"the {self.name} service failed" if response.is_error else None

    async def get(self, path: str, kind: type[T], **params: str | float) -> T:
        """GET ``path`` and decode its MessagePack body as ``kind``."""
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        return await self._ask("GET", path + query, kind)

    async def post(self, path: str, body: msgspec.Struct, kind: type[T]) -> T:
        """POST ``body`` as MessagePack, and decode the answer as ``kind``. It must be safe to ask twice."""
        return await self._ask("POST", path, kind, content=msgspec.msgpack.encode(body))

    async def file(self, path: str, body: msgspec.Struct) -> bytes:
        """POST ``body`` as MessagePack, and take the answer as it is."""
        return await self._ask("POST", path, bytes, content=msgspec.msgpack.encode(body))

    async def _ask(self, method: str, path: str, kind: type[T], content: bytes | None = None) -> T:
        for attempt in range(ATTEMPTS):
            headers = {"accept": MESSAGEPACK, **outgoing_headers(), **outgoing_language()}
            if content is not None:
                headers["content-type"] = MESSAGEPACK
            try:
                response = await self._send(method, path, headers, content)
            except _UNANSWERED:
                await asyncio.sleep(PAUSE * 2**attempt)
                continue
            except httpx.TimeoutException as error:
                raise ServiceUnavailable("the {service} service took too long to answer", service=self.name) from error
            except httpx.TransportError as error:
                raise ServiceUnavailable("the {service} service broke off its answer", service=self.name) from error
            return self._read(response, kind)
        raise ServiceUnavailable("the {service} service does not answer; try again in a few seconds", service=self.name)

    async def _send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes | None = None,
        times: httpx.Timeout = TIMEOUT,
    ) -> httpx.Response:
        told = {"timeout": times.as_dict()}
        request = httpx.Request(method, self._base + path, headers=headers, content=content, extensions=told)
        response = await self._wire.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        return response

    def _read(self, response: httpx.Response, kind: type[T]) -> T:
        if not response.is_error:
            if kind is bytes:
                return cast(T, response.content)
            try:
                return msgspec.msgpack.decode(response.content, type=kind)
            except msgspec.MsgspecError as error:
                raise ServiceUnavailable(
                    "the {service} service gave an answer that cannot be read", service=self.name
                ) from error
        problem = decode(response.content)
        if problem is None or response.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            raise ServiceUnavailable("the {service} service failed", service=self.name)
        later = response.headers.get("retry-after", "")
        raise from_problem(problem, int(later) if later.isdecimal() else None)


def _transport(url: str) -> httpx.AsyncBaseTransport:
    if url.startswith("https:"):
        return httpx.AsyncHTTPTransport(limits=LIMITS)
    return Wire(CONNECTIONS, url.removeprefix("unix:") if url.startswith("unix:") else None)


def segment(text: str) -> str:
    """``text`` as one segment of a path, whatever is in it: dots too, since `..` would be the path above."""
    return quote(text, safe="").replace(".", "%2E")
