"""HTTP/1.1 to a neighbour over kept connections, for httpx: the same as its own transport, with less work a request.

Between neighbours there are no proxies, redirects, upgrades or HTTP/2; httptools, which the servers read requests
with, reads the answers.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any, cast

import httptools
import httpx


class _Body(httpx.AsyncByteStream):
    """An answer's body, read whole already."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


class _Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self) -> None:
        self.kept = True  # for the next request
        self._answer: asyncio.Future[httpx.Response] | None = None
        self._began = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)

    async def ask(self, request: bytes) -> httpx.Response:
        """Send a request and wait for the whole answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []
        self._began = False
        self._transport.write(request)
        try:
            return await self._answer
        finally:
            self._answer = None

    def close(self) -> None:
        """End it, whatever it does."""
        self.kept = False
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._answer is None:  # words that nobody asked for
            self.close()
            return
        self._began = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(str(error)))
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        self.kept = False
        kind = httpx.ReadError if self._began else httpx.RemoteProtocolError
        self._fail(kind(str(error) if error else "the connection was closed"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser."""
        self._headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self.kept = self.kept and self._parser.should_keep_alive()
        content = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        response = httpx.Response(self._parser.get_status_code(), headers=self._headers, stream=_Body(content))
        if self._answer and not self._answer.done():
            self._answer.set_result(response)

    def _fail(self, error: httpx.TransportError) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(error)


class Wire(httpx.AsyncBaseTransport):
    """Kept connections to one server, at a host and port or a Unix socket."""

    def __init__(self, limit: int, path: str | None = None) -> None:
        self._path = path
        self._free: deque[_Connection] = deque()
        self._room = asyncio.Semaphore(limit)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Ask on a free connection, or a new one."""
        times: dict[str, Any] = request.extensions.get("timeout", {})
        try:
            async with asyncio.timeout(times.get("pool")):
                await self._room.acquire()
        except TimeoutError as error:
            raise httpx.PoolTimeout("no connection became free") from error
        try:
            return await self._ask(request, times)
        finally:
            self._room.release()

    async def _ask(self, request: httpx.Request, times: dict[str, Any]) -> httpx.Response:
        connection = await self._connection(request.url, times.get("connect"))
        try:
            async with asyncio.timeout(times.get("read")):
                response = await connection.ask(_written(request))
        except TimeoutError as error:
            connection.close()
            raise httpx.ReadTimeout("the answer took too long") from error
        except (httpx.TransportError, asyncio.CancelledError):
            connection.close()  # what it still says would be taken for the next answer
            raise
        if connection.kept:
            self._free.append(connection)
        else:
            connection.close()
        return response

    async def _connection(self, url: httpx.URL, limit: float | None) -> _Connection:
        while self._free:
            connection = self._free.pop()  # the one used last: the others may grow old and be closed
            if connection.kept:
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


def _written(request: httpx.Request) -> bytes:
    lines = [request.method.encode(), b" ", request.url.raw_path, b" HTTP/1.1\r\n"]
    for name, value in request.headers.raw:
        lines += name, b": ", value, b"\r\n"
    return b"".join([*lines, b"\r\n", request.content])
