"""HTTP semantics that Litestar leaves out.

HEAD, conditional requests, byte ranges, a bound on addresses, and cancelling when the client disconnects.
"""

import asyncio
import re
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import HttpMethod, ScopeType
from litestar.types import (
    ASGIApp,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    Message,
    Receive,
    Scope,
    Send,
)

from ocean_common.caching import entity_tag, matches
from ocean_common.problems import MEDIA_TYPE, to_problem
from ocean_core.errors import AddressTooLong

MAX_ADDRESS = 32_768  # bytes of path and query
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class HttpSemantics:
    """ASGI layer around a whole service, its error responses included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        size = len(scope["raw_path"]) + len(scope["query_string"])
        if size > MAX_ADDRESS:
            await _refuse_address(size, send)
            return
        # Only "&" parts parameters (WHATWG URL); the framework takes ";" for one too, and a path has it between points.
        scope["query_string"] = scope["query_string"].replace(b";", b"%3B")
        method, headers = str(scope["method"]), dict(scope["headers"])
        if method == "HEAD":
            scope["method"] = HttpMethod.GET
            scope.setdefault("state", {})["head"] = True  # a long answer need not be made
        # Neighbours keep answers by revision, and ask for no range: to hash a field would take longer than to make it.
        readable = method in {"GET", "HEAD"} and not scope["path"].startswith("/internal/")
        sender = _ResponseSender(send, head=method == "HEAD", readable=readable, request_headers=headers, scope=scope)
        await self.app(scope, receive, sender)


class _ResponseSender:
    """Sender that holds the head of a response back until it has the first piece of the body."""

    def __init__(
        self, send: Send, *, head: bool, readable: bool, request_headers: dict[bytes, bytes], scope: Scope
    ) -> None:
        self._send = send
        self._head = head
        self._readable = readable
        self._request_headers = request_headers
        self._scope = scope
        self._start: HTTPResponseStartEvent | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        if self._start is not None:
            start, self._start = self._start, None
            message = self._finish(start, message)
            if self._head and self._scope["type"] == ScopeType.HTTP:
                # The server holds the same scope, and would miss the body that content-length promises.
                self._scope["method"] = HttpMethod.HEAD
            await self._send(start)
        if self._head:
            message = _body(b"", more=message.get("more_body", False))
        await self._send(message)

    def _finish(self, start: HTTPResponseStartEvent, body: HTTPResponseBodyEvent) -> HTTPResponseBodyEvent:
        """Tag a response, and cut it to what the client does not have yet."""
        if not self._readable or start["status"] != HTTPStatus.OK:
            return body
        headers = MutableScopeHeaders(start)
        marked = self._scope.get("state", {}).get("caching")
        complete = not body.get("more_body")
        if marked:
            headers["etag"], headers["cache-control"] = marked
        elif complete and "etag" not in headers:
            headers["etag"] = entity_tag(body["body"])
        if "cache-control" not in headers:
            headers["cache-control"] = "no-cache"  # keep it, but ask whether it is still right
        if not complete:
            return body
        if matches(self._header(b"if-none-match"), headers.get("etag", "")):
            start["status"] = HTTPStatus.NOT_MODIFIED
            for name in ("content-length", "content-type"):
                headers.pop(name, None)
            return _body(b"")
        headers["accept-ranges"] = "bytes"
        return self._cut(start, headers, body)

    def _cut(
        self, start: HTTPResponseStartEvent, headers: MutableScopeHeaders, body: HTTPResponseBodyEvent
    ) -> HTTPResponseBodyEvent:
        """Cut to one byte range (RFC 9110 §14); several ranges, and other units, get the whole."""
        match = _RANGE.fullmatch(self._header(b"range") or "")
        if not match or not (match[1] or match[2]) or self._header(b"if-range"):
            return body
        size = len(body["body"])
        first = int(match[1]) if match[1] else max(0, size - int(match[2]))
        last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
        if first > last:
            start["status"] = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            headers["content-range"], headers["content-length"] = f"bytes */{size}", "0"
            return _body(b"")
        start["status"] = HTTPStatus.PARTIAL_CONTENT
        headers["content-range"] = f"bytes {first}-{last}/{size}"
        headers["content-length"] = str(last + 1 - first)
        return _body(body["body"][first : last + 1])

    def _header(self, name: bytes) -> str | None:
        value = self._request_headers.get(name)
        return value.decode("latin-1") if value is not None else None


def _body(content: bytes, *, more: bool = False) -> HTTPResponseBodyEvent:
    return {"type": "http.response.body", "body": content, "more_body": more}


async def _refuse_address(size: int, send: Send) -> None:
    """Refuse an address that is longer than the service reads."""
    problem = to_problem(
        AddressTooLong(
            "the address has {size} bytes, at most {max_address} are read", size=size, max_address=MAX_ADDRESS
        )
    )
    content = msgspec.json.encode(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send(_body(content))


T = TypeVar("T")
CLIENT_CLOSED_REQUEST = 499  # nobody reads it: it is for logs and counts


class ClientDisconnected(Exception):
    """The client has closed the connection."""


def answer_disconnected(_: Request[Any, Any, Any], __: ClientDisconnected) -> Response[None]:
    """Answer a client that has gone, for the log."""
    return Response(None, status_code=CLIENT_CLOSED_REQUEST)


async def cancel_on_disconnect(request: Request[Any, Any, Any], work: Awaitable[T]) -> T:
    """Return the result of ``work``, which is cancelled when the client leaves. The request's body must have been read.

    Raises
    ------
    ClientDisconnected
        The client has left.
    """
    task = asyncio.ensure_future(work)
    disconnect = asyncio.ensure_future(wait_for_disconnect(request.receive))
    try:
        await asyncio.wait({task, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnected
    finally:
        task.cancel()
        disconnect.cancel()


async def wait_for_disconnect(receive: Receive) -> None:
    """Wait until the connection is closed."""
    while (await receive())["type"] != "http.disconnect":
        pass


def client_address(request: Request[Any, Any, Any]) -> str:
    """Return the address of the client as the gateway saw it, else that of the connection."""
    forwarded = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return forwarded or (request.client.host if request.client else "")
