"""HTTP semantics that Litestar leaves out: HEAD, conditional requests, ranges, languages, addresses, disconnecting.

A handler that answers from a dataset calls ``await freshness(request, dataset)``: it ends there with 304 when the
client has the same revision, before anything is read or drawn. One whose numbers have no revision calls
``freshness.by_content(request, numbers)`` once it has them. Other answers get a tag of their bytes.

The language of a request is that of `lang=`, else of the Accept-Language header; English where neither is known.
"""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import parse_qs

import msgspec
from litestar import Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import HttpMethod, ScopeType
from litestar.exceptions import HTTPException
from litestar.types import (
    ASGIApp,
    HTTPResponseBodyEvent,
    HTTPResponseStartEvent,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
)

from ocean_common.i18n import LANGUAGES, SOURCE, Language, RequestLanguage, request_language
from ocean_common.parameters import parse_qualities
from ocean_common.problems import MEDIA_TYPE, to_problem
from ocean_common.spreadsheet import add_byte_order_mark, wants_byte_order_mark
from ocean_core.errors import AddressTooLong, InvalidRequest

MAX_ADDRESS = 32_768  # bytes of path and query
FOREVER = "public, max-age=31536000, immutable"
# The gateway sends their bytes as they are: it compresses what is text.
BINARY_TYPES = {
    "application/pdf", "application/x-netcdf", "application/zip", "image/jpeg", "image/png", "image/tiff", "image/webp",
}  # fmt: skip
DIGEST = partial(hashlib.blake2b, digest_size=12)  # of the bytes of an answer
T = TypeVar("T")
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class NotModified(HTTPException):
    """The client has this answer already."""

    status_code = 304


class ClientDisconnected(HTTPException):
    """The client has closed the connection: nobody reads the answer, it is for logs and counts."""

    status_code = 499


def answer_without_body(_: Request[Any, Any, Any], error: HTTPException) -> Response[None]:
    """Answer what needs no body."""
    return Response(None, status_code=error.status_code, headers=error.headers or {})


class RevisionSource(Protocol):
    """Source of the revisions of datasets."""

    async def revision(self, dataset: str) -> str:
        """Return the revision of ``dataset``, or raise DatasetNotFound."""


class Origin(NamedTuple):
    """Datasets that an answer is made from, with the revisions that they have in their source."""

    source: RevisionSource
    datasets: tuple[str, ...]
    revisions: tuple[str, ...]


class Freshness:
    """Revisions of the datasets that answers are made from, as entity tags of the answers."""

    def __init__(self, revisions: RevisionSource, version: str, max_age: int) -> None:
        self._revisions = revisions
        self._version = version
        self._max_age = max_age

    async def __call__(
        self, request: Request[Any, Any, Any], *datasets: str, form: str = "", repeatable: bool = False
    ) -> None:
        """End with 304 if the client has the answer; else mark the answer that is to come.

        ``form``: the form of the answer at this address, where the Accept header chooses one of several.
        ``repeatable``: nothing but the revisions decides the answer, not the state of a file when it is read.
        """
        revisions = [await self._revisions.revision(dataset) for dataset in datasets]
        if repeatable:
            request.scope["state"]["origin"] = Origin(self._revisions, datasets, tuple(revisions))
        # An address that names the revision can never mean anything else.
        permanent = request.query_params.get("rev") in revisions
        control = FOREVER if permanent else f"public, max-age={self._max_age}"
        self._mark(request, "\n".join(revisions).encode(), control, form)

    def by_content(self, request: Request[Any, Any, Any], content: bytes, form: str = "") -> None:
        """End with 304 if the client has what ``content`` makes at this address; else mark the answer."""
        self._mark(request, content, "no-cache", form)

    def _mark(self, request: Request[Any, Any, Any], content: bytes, control: str, form: str = "") -> None:
        current = request_language.get()
        language = current.language if current and current.varies else ""
        address = [self._version, str(request.url.path), str(request.url.query), form, language, ""]
        tag = entity_tag("\n".join(address).encode() + content)
        request.scope["state"]["caching"] = (tag, control)
        if known := find_tag(request.headers.get("if-none-match"), tag):
            varying = {"vary": "accept"} if form else {}
            raise NotModified(headers={"etag": known, "cache-control": control, **varying})


def made_from(request: Request[Any, Any, Any], dataset_revision: str, answer_revision: str) -> None:
    """Remove the mark from an answer that a neighbour made from another revision than the marked one."""
    if dataset_revision != answer_revision:
        request.scope["state"].pop("caching", None)


def entity_tag(content: bytes) -> str:
    """Return a weak tag: the gateway may send the same content compressed in several ways."""
    return f'W/"{_digest(content)}"'


def strong_tag(tag: str, digest: str) -> str:
    """Return a tag that names the very bytes of an answer, besides what its weak ``tag`` names (RFC 9110 §8.8.3)."""
    return f'"{_opaque(tag)}.{digest}"'


def find_tag(if_none_match: str | None, tag: str) -> str | None:
    """Return the tag of the client's If-None-Match that names ``tag`` (weak comparison, RFC 9110 §13.1.2)."""
    for part in (if_none_match or "").split(","):
        known = part.strip()
        if known == "*":
            return tag
        if known and _opaque(tag) in {_opaque(known), _opaque(known).partition(".")[0]}:
            return known
    return None


def _opaque(tag: str) -> str:
    return tag.removeprefix("W/").strip('"')


def _digest(content: bytes) -> str:
    return DIGEST(content).hexdigest()


class HttpSemantics:
    """ASGI layer around a whole service, its error responses included; ``packages`` have the texts of its answers."""

    def __init__(self, app: ASGIApp, packages: Sequence[str]) -> None:
        self.app = app
        self.packages = tuple(packages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request in its language."""
        # Half an answer in French would be worse than none: a service without catalogues speaks English.
        language = RequestLanguage(_find_language(scope) if self.packages else SOURCE, self.packages)
        request_language.set(language)
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        sender = _ResponseSender(send, scope, language)
        size = len(scope["raw_path"]) + len(scope["query_string"])
        if size > MAX_ADDRESS:
            await _refuse_address(size, sender)
            return
        # Only "&" parts parameters (WHATWG URL); the framework takes ";" for one too, and a path has it between points.
        scope["query_string"] = scope["query_string"].replace(b";", b"%3B")
        if scope["method"] == "HEAD":
            scope["method"] = HttpMethod.GET
            scope.setdefault("state", {})["head"] = True  # a long answer need not be made
        await self.app(scope, receive, sender)


def _add_head(headers: MutableScopeHeaders) -> None:
    """Add HEAD to the methods of an Allow header that has GET: it is answered wherever GET is."""
    methods = {name.strip() for name in headers.get("allow", "").split(",")}
    if "GET" in methods:
        headers["allow"] = ", ".join(sorted(methods | {"HEAD"}))


class _ResponseSender:
    """Sender that holds the head of a response back until it has the first piece of the body."""

    def __init__(self, send: Send, scope: HTTPScope, language: RequestLanguage) -> None:
        self._send, self._scope, self._language = send, scope, language
        self._request_headers = dict(scope["headers"])
        self._head = scope["method"] == "HEAD"
        # Neighbours keep answers by revision, and ask for no range: to hash a field would take longer than to make it.
        self._readable = scope["method"] in {"GET", "HEAD"} and not scope["path"].startswith("/internal/")
        self._byte_order_mark = wants_byte_order_mark(scope["query_string"])
        self._start: HTTPResponseStartEvent | None = None
        self._chosen: slice | None = None  # bytes of the body; None: all
        self._position = 0  # in the body

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        if self._start is not None:
            start, self._start = self._start, None
            if self._byte_order_mark:
                message = add_byte_order_mark(start, message)
            _add_head(MutableScopeHeaders(start))
            self._finish(start, message)
            if self._language.varies:
                self._mark_language(MutableScopeHeaders(start))
            if self._head:
                # The server holds the same scope, and would miss the body that content-length promises.
                self._scope["method"] = HttpMethod.HEAD
            await self._send(start)
        await self._send(self._cut(message))

    def _mark_language(self, headers: MutableScopeHeaders) -> None:
        headers["content-language"] = self._language.language
        names = [name.strip() for name in headers.get("vary", "").split(",") if name.strip()]
        if self._language.packages and "accept-language" not in map(str.lower, names):
            headers["vary"] = ", ".join([*names, "accept-language"])

    def _finish(self, start: HTTPResponseStartEvent, body: HTTPResponseBodyEvent) -> None:
        """Tag a response, and choose the bytes that the client does not have yet."""
        if not self._readable or start["status"] != HTTPStatus.OK:
            return
        headers, state = MutableScopeHeaders(start), self._scope.get("state", {})
        marked, digest = state.get("caching"), state.get("digest")
        complete = not body.get("more_body")
        if marked:
            headers["etag"], headers["cache-control"] = marked
        elif complete and "etag" not in headers:
            headers["etag"] = entity_tag(body["body"])
        if complete and body["body"] and headers.get("content-type", "").partition(";")[0] in BINARY_TYPES:
            digest = digest or _digest(body["body"])
        if digest:
            headers["etag"] = strong_tag(headers.get("etag", ""), digest)
        if "cache-control" not in headers:
            headers["cache-control"] = "no-cache"  # keep it, but ask whether it is still right
        if not (complete or digest):
            return
        if find_tag(self._header(b"if-none-match"), headers.get("etag", "")):
            start["status"] = HTTPStatus.NOT_MODIFIED
            for name in ("content-length", "content-type"):
                headers.pop(name, None)
            self._chosen = slice(0, 0)
            return
        headers["accept-ranges"] = "bytes"
        self._choose_range(start, headers, len(body["body"]) if complete else int(headers["content-length"]))

    def _choose_range(self, start: HTTPResponseStartEvent, headers: MutableScopeHeaders, size: int) -> None:
        """Choose one byte range (RFC 9110 §14); of several ranges, and of other units, the whole is sent.

        So it is for a range of other bytes than these: If-Range names a strong tag.
        """
        match, condition = _RANGE.fullmatch(self._header(b"range")), self._header(b"if-range")
        other = condition and (condition.startswith("W/") or condition != headers["etag"])
        if not match or not (match[1] or match[2]) or other:
            return
        first = int(match[1]) if match[1] else max(0, size - int(match[2]))
        last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
        if first > last:
            start["status"] = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
            headers["content-range"], headers["content-length"] = f"bytes */{size}", "0"
            self._chosen = slice(0, 0)
            return
        start["status"] = HTTPStatus.PARTIAL_CONTENT
        headers["content-range"] = f"bytes {first}-{last}/{size}"
        headers["content-length"] = str(last + 1 - first)
        self._chosen = slice(first, last + 1)

    def _cut(self, body: HTTPResponseBodyEvent) -> HTTPResponseBodyEvent:
        """Return the chosen part of a piece of the body; none for HEAD."""
        content, start = body["body"], self._position
        self._position += len(content)
        if self._chosen is not None:
            content = content[max(0, self._chosen.start - start) : max(0, self._chosen.stop - start)]
        return {**body, "body": b"" if self._head else content}

    def _header(self, name: bytes) -> str:
        return self._request_headers.get(name, b"").decode("latin-1")


async def _refuse_address(size: int, send: Send) -> None:
    """Refuse an address that is longer than the service reads."""
    error = AddressTooLong(
        "the address has {size} bytes, at most {max_address} are read", size=size, max_address=MAX_ADDRESS
    )
    problem = to_problem(error)
    content = msgspec.json.encode(problem)
    headers = [(b"content-type", MEDIA_TYPE.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": problem.status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})


def _find_language(scope: Scope) -> Language:
    query = scope["query_string"]
    languages = parse_qs(query.decode("latin-1")).get("lang", []) if b"lang=" in query else []
    lang = next((language for language in languages if language in LANGUAGES), None)
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    return negotiate_language(lang, header.decode("latin-1")) if lang or header else SOURCE


def negotiate_language(lang: str | None, accept_language: str) -> Language:
    """Return the language to answer in: that of the query parameter, else of the header (RFC 9110 §12.5.4)."""
    if lang in LANGUAGES:
        return lang
    best: tuple[float, Language] = (0.0, SOURCE)
    for tag, quality in parse_qualities(accept_language).items():
        primary = tag.split("-")[0]
        language = next((choice for choice in LANGUAGES if primary == choice), SOURCE if primary == "*" else None)
        if language and quality > best[0]:
            best = (quality, language)
    return best[1]


async def cancel_on_disconnect(request: Request[Any, Any, Any], work: Awaitable[T]) -> T:
    """Return the result of ``work``; cancel it and raise ClientDisconnected when the client leaves.

    The request's body must have been read.
    """
    task = asyncio.ensure_future(work)
    disconnect = asyncio.ensure_future(wait_for_disconnect(request.receive))
    try:
        await asyncio.wait({task, disconnect}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientDisconnected(detail="the client closed the connection")
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


def request_address(request: Request[Any, Any, Any]) -> str:
    """Return the address by which the client reached the gateway, from X-Forwarded-*."""
    headers = request.headers
    scheme = headers.get("x-forwarded-proto", request.url.scheme)
    host = headers.get("x-forwarded-host") or headers.get("host") or ""
    if scheme not in {"http", "https"} or not _HOST.fullmatch(host):
        raise InvalidRequest("{host!r} is not the name of a host", host=host[:80], field="host")
    return f"{scheme}://{host}"
