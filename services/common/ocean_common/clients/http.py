"""Requests to a neighbour: timeouts, retries, its problems as errors, and the HTTP/1.1 transport beneath.

Between neighbours there are no proxies, redirects, upgrades or HTTP/2; httptools, with which the servers read requests,
reads the answers: a third of the processor time of httpx's own transport (docs/decisions/0021).
"""

import asyncio
import secrets
from collections import deque
from time import monotonic
from typing import Any, TypeVar, cast
from urllib.parse import quote, urlencode

import httptools
import httpx
import msgspec

from ocean_common.contracts.common import Problem
from ocean_common.i18n import outgoing_language
from ocean_common.problems import from_problem
from ocean_common.settings import split_addresses
from ocean_common.telemetry import outgoing_headers
from ocean_core.errors import ServiceUnavailable
from ocean_core.rendezvous import choose_node


class _Connection(asyncio.Protocol):
    """Connection that carries one request at a time. The loop calls it, and the parser of the answer does."""

    def __init__(self) -> None:
        self.reusable = False  # for the next request
        self._answer: asyncio.Future[httpx.Response] | None = None
        self._began = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    async def send(self, request: bytes) -> httpx.Response:
        """Send a request and return the whole response."""
        self.reusable = self._began = False
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None

    def close(self) -> None:
        """Close the connection at once."""
        self.reusable = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answer is None:  # bytes without a request
            self.close()
            return
        self._began = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.reusable = False
        kind = httpx.ReadError if self._began else httpx.RemoteProtocolError
        self._fail(kind(str(error) if error else "the connection was closed"))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self._parts.append(body)

    def on_message_complete(self) -> None:
        if self._answer and not self._answer.done():
            self.reusable = self._parser.should_keep_alive()
            content = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            status = self._parser.get_status_code()
            self._answer.set_result(httpx.Response(status, headers=self._headers, content=content))

    def _fail(self, error: httpx.TransportError) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error)


class Transport(httpx.AsyncBaseTransport):
    """Pool of kept connections to one server, at a host and port or a Unix socket."""

    def __init__(self, limit: int, path: str | None = None) -> None:
        self._path = path
        self._free: deque[_Connection] = deque()
        self._room = asyncio.Semaphore(limit)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on a free connection, or a new one."""
        times: dict[str, Any] = request.extensions.get("timeout", {})
        try:
            async with asyncio.timeout(times.get("pool")):
                await self._room.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("no connection became free") from error
        try:
            connection = await self._connection(request.url, times.get("connect"))
            try:
                async with asyncio.timeout(times.get("read")):
                    return await connection.send(_write_request(request))
            except TimeoutError as error:
                raise httpx.ReadTimeout("the answer took too long") from error
            finally:
                if connection.reusable:
                    self._free.append(connection)
                else:
                    connection.close()  # what it still says would be taken for the next answer
        finally:
            self._room.release()

    async def _connection(self, url: httpx.URL, limit: float | None) -> _Connection:
        while self._free:
            connection = self._free.pop()  # the one used last: the others may grow old and be closed
            if connection.reusable:
                return connection
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(limit):
                if self._path:
                    return (await loop.create_unix_connection(_Connection, self._path))[1]
                return (await loop.create_connection(_Connection, url.host, url.port or 80))[1]
        except TimeoutError as error:
            raise httpx.ConnectTimeout("no connection in time") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error

    async def aclose(self) -> None:
        """Close the kept connections."""
        while self._free:
            self._free.pop().close()


def _write_request(request: httpx.Request) -> bytes:
    lines = [request.method.encode(), b" ", request.url.raw_path, b" HTTP/1.1\r\n"]
    for name, value in request.headers.raw:
        lines += name, b": ", value, b"\r\n"
    return b"".join([*lines, b"\r\n", request.content])


T = TypeVar("T")
TIMEOUT = httpx.Timeout(60.0, connect=1.0, pool=30.0)  # s
PROBE = httpx.Timeout(1.0)  # s for a neighbour to say that it lives
CONNECTIONS = 64
LIMITS = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=32)
# Only what never got an answer is sent again: at another instance at once, else after a pause (s) that doubles. An
# answer that broke off is asked for again once, at another instance.
ATTEMPTS, PAUSE = 3, 0.1
SUSPENSION = 5.0  # s without requests for an instance that did not answer
MESSAGEPACK = "application/x-msgpack"

# The request never arrived, or the neighbour closed a kept connection under it: it was restarted.
_UNANSWERED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError)


class _Instance:
    """One instance of a neighbouring service."""

    def __init__(self, address: str, transport: httpx.AsyncBaseTransport | None) -> None:
        self.base = "http://local" if address.startswith("unix:") else address
        # Without an httpx client, which looks for cookies, redirects and passwords in every answer.
        self.transport = transport or _create_transport(address)
        self.suspended_until = 0.0  # s of the monotonic clock

    async def send(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes | None = None,
        times: httpx.Timeout = TIMEOUT,
    ) -> httpx.Response:
        """Send a request and return the whole response."""
        extensions = {"timeout": times.as_dict()}
        request = httpx.Request(method, self.base + path, headers=headers, content=content, extensions=extensions)
        response = await self.transport.handle_async_request(request)
        try:
            await response.aread()
        finally:
            await response.aclose()
        self.suspended_until = 0.0
        return response


class Neighbour:
    """Neighbouring service: one or several instances, each over a pool of kept connections.

    Requests with the same key go to the same instance (`ocean_core.rendezvous`). One that does not answer is suspended
    for `SUSPENSION` seconds, in which its keys belong to the others.
    """

    def __init__(self, name: str, url: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Take ``http://host:port``, or ``unix:/path`` of a socket on the same machine; several as `Url` allows."""
        self.name = name
        self._instances = {address: _Instance(address, transport) for address in split_addresses(url)}
        # Requests without a key see one instance, and so no older state than before; other processes prefer others.
        self._own_key = secrets.token_bytes(8)

    async def aclose(self) -> None:
        """Close the kept connections."""
        for instance in self._instances.values():
            await instance.transport.aclose()

    @property
    def degradation(self) -> str | None:
        """Reason why the service is degraded: the instances that are suspended; None if there are none."""
        addresses = [address for address in self._instances if address not in self._in_use()]
        return f"the {self.name} service does not answer at {', '.join(addresses)}" if addresses else None

    async def away(self) -> str | None:
        """Return why it does not answer, or which of its instances do not; None if all do."""
        responses = await asyncio.gather(*map(self._probe, self._instances))
        if not any(responses):
            return f"the {self.name} service does not answer"
        if any(response and response.is_error for response in responses):
            return f"the {self.name} service failed"
        return self.degradation

    async def _probe(self, address: str) -> httpx.Response | None:
        try:
            return await self._instances[address].send("GET", "/health/live", {}, times=PROBE)
        except httpx.TransportError:
            self._suspend(address)
            return None

    def _in_use(self) -> list[str]:
        now = monotonic()
        return [address for address, instance in self._instances.items() if instance.suspended_until <= now]

    def _suspend(self, address: str) -> bool:
        """Suspend an instance; return whether another is in use."""
        self._instances[address].suspended_until = monotonic() + SUSPENSION
        return bool(self._in_use())

    async def get(self, path: str, kind: type[T], hash_key: bytes = b"", /, **params: str | float) -> T:
        """GET ``path`` and decode its MessagePack body as ``kind``. ``hash_key``: what decides on the instance."""
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        return await self._request("GET", path + query, kind, hash_key or self._own_key)

    async def post(self, path: str, body: msgspec.Struct, kind: type[T], hash_key: bytes = b"", /) -> T:
        """POST ``body`` as MessagePack, and decode the answer as ``kind``, or return its ``bytes``.

        It must be safe to send twice. Equal bodies go to the same instance, or those with the same ``hash_key``.
        """
        content = msgspec.msgpack.encode(body)
        return await self._request("POST", path, kind, hash_key or content, content)

    async def _request(self, method: str, path: str, kind: type[T], hash_key: bytes, content: bytes | None = None) -> T:
        for attempt in range(ATTEMPTS):
            headers = {"accept": MESSAGEPACK, **outgoing_headers(), **outgoing_language()}
            if content is not None:
                headers["content-type"] = MESSAGEPACK
            address = choose_node(hash_key, self._in_use() or list(self._instances))
            try:
                response = await self._instances[address].send(method, path, headers, content)
            except _UNANSWERED:
                if not self._suspend(address):
                    await asyncio.sleep(PAUSE * 2**attempt)
                continue
            except httpx.TimeoutException as error:
                raise self._outage("the {service} service took too long to answer") from error
            except httpx.TransportError as error:
                if attempt or not self._suspend(address):
                    raise self._outage("the {service} service broke off its answer") from error
                continue
            return self._read(response, kind)
        raise self._outage("the {service} service does not answer; try again in a few seconds")

    def _outage(self, text: str) -> ServiceUnavailable:
        return ServiceUnavailable(text, service=self.name)

    def _read(self, response: httpx.Response, kind: type[T]) -> T:
        if not response.is_error:
            if kind is bytes:
                return cast(T, response.content)
            try:
                return msgspec.msgpack.decode(response.content, type=kind)
            except msgspec.MsgspecError as error:
                raise self._outage("the {service} service gave an answer that cannot be read") from error
        try:
            problem = msgspec.json.decode(response.content, type=Problem)
        except msgspec.DecodeError:
            problem = None
        if problem is None or response.status_code == httpx.codes.INTERNAL_SERVER_ERROR:
            raise self._outage("the {service} service failed")
        later = response.headers.get("retry-after", "")
        raise from_problem(problem, int(later) if later.isdecimal() else None)


def _create_transport(url: str) -> httpx.AsyncBaseTransport:
    if url.startswith("https:"):
        return httpx.AsyncHTTPTransport(limits=LIMITS)
    return Transport(CONNECTIONS, url.removeprefix("unix:") if url.startswith("unix:") else None)


def segment(text: str) -> str:
    """Quote ``text`` as one segment of a path, dots too, since `..` would be the path above."""
    return quote(text, safe="").replace(".", "%2E")
