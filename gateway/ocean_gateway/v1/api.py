"""The routes of version 1.0: one handler over the table of rows."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec
from litestar import Request, Response, route
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.response import Stream

from ocean_common.contracts.common import Problem
from ocean_common.http import cancel_on_disconnect
from ocean_common.problems import answer_problem
from ocean_core.errors import InvalidRequest, OceanError
from ocean_gateway.v1.forwarding import ServiceForwarder, V1Request, V2Request
from ocean_gateway.v1.rows import PREFIX, Reshape, find_row

HTTPRequest = Request[Any, Any, Any]

LINK = "/docs"
JSON = "application/json"
# What the client says to the service; not what it accepts, which chooses forms that version 1.0 does not have.
_CLIENT_HEADERS = ("accept-language", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto")
_CONDITIONS = ("if-none-match",)
_RANGES = ("range", "if-range")  # of bytes, which those of another document are not
# What belongs to one connection, or is added by this service.
_HOP_HEADERS = {"connection", "date", "keep-alive", "server", "transfer-encoding", "x-request-id"}
_BODY_HEADERS = {"accept-ranges", "content-disposition", "content-length", "content-range", "content-type"}


def answer_error(request: HTTPRequest, error: Exception) -> Response[Any]:
    """Answer an error as version 1.0 did."""
    answer = answer_problem(request, error)
    return respond_with_message(answer.content.message, answer.content.status, dict(answer.headers))


def respond_with_message(message: str, status: int, headers: dict[str, str] | None = None) -> Response[Any]:
    """Return an error of version 1.0: 400 for what is wrong with the request, 500 or 503 for the rest."""
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Response({"message": message, "link": LINK}, status_code=400, media_type=JSON)
    later = {name: value for name, value in (headers or {}).items() if name.lower() == "retry-after"}
    return Response({"message": message}, status_code=503 if status == 503 else 500, headers=later, media_type=JSON)


@route(
    ["/api", PREFIX, f"{PREFIX}/{{rest:path}}"],
    http_method=["GET", "POST"],
    include_in_schema=False,
    status_code=200,
    exception_handlers=dict.fromkeys((OceanError, HTTPException, Exception), answer_error),
)
async def answer_v1(request: HTTPRequest, forwarder: NamedDependency[ServiceForwarder]) -> Response[Any]:
    """Answer a request of version 1.0."""
    # Some servers leave the query in it.
    path = request.scope["raw_path"].partition(b"?")[0].decode("latin-1")
    row, segments = find_row(path)
    if request.method == "POST" and not row.posts:
        raise InvalidRequest("this address answers GET")
    old_request = V1Request(
        segments=segments,
        parameters=await read_parameters(request),
        accept_language=request.headers.get("accept-language", ""),
        posted=request.method == "POST",
    )
    new_requests = row.make(old_request)
    if row.reshape is None:
        return await forward(request, forwarder, new_requests[0])
    return await gather(request, forwarder, new_requests, row.reshape, old_request)


async def read_parameters(request: HTTPRequest) -> dict[str, str]:
    """Read the query, and the form of a POST; the first of several values counts, and a flag has an empty one."""
    query = request.scope["query_string"].decode("latin-1")
    pairs = parse_qsl(query, keep_blank_values=True, separator="&")
    if request.method == "POST":
        form = await request.form()
        pairs = [*((name, text) for name, text in form.multi_items() if isinstance(text, str)), *pairs]
    return dict(reversed(pairs))


async def forward(request: HTTPRequest, forwarder: ServiceForwarder, new_request: V2Request) -> Response[Any]:
    """Answer with the bytes of another request while they arrive."""
    is_head = request.scope["state"].get("head", False)
    headers = select_headers(request, _CLIENT_HEADERS + _CONDITIONS + _RANGES)
    sending = forwarder.send(new_request, headers, "HEAD" if is_head else "GET")
    response = await cancel_on_disconnect(request, sending)
    if response.is_error and response.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return await respond_otherwise(forwarder, response, new_request)
    passed = pass_headers(response)
    if new_request.file_name:
        passed["content-disposition"] = f'attachment; filename="{new_request.file_name}"'
    return Stream(stream_body(response), status_code=response.status_code, headers=passed)


async def gather(
    request: HTTPRequest,
    forwarder: ServiceForwarder,
    new_requests: Sequence[V2Request],
    reshape: Reshape,
    old_request: V1Request,
) -> Response[Any]:
    """Answer with a document that is made of the answers to other requests."""
    # With one answer the tag of its document is that of what is made of it.
    is_single = len(new_requests) == 1
    headers = select_headers(request, _CLIENT_HEADERS + (_CONDITIONS if is_single else ()))
    contents, passed = [], {"vary": "accept-language"}
    for new_request in new_requests:
        response = await cancel_on_disconnect(request, forwarder.send(new_request, headers))
        if response.status_code != HTTPStatus.OK:
            return await respond_otherwise(forwarder, response, new_request)
        passed = pass_headers(response, _BODY_HEADERS) if is_single else passed
        contents.append(await forwarder.read(response, new_request.service))

    def encode() -> bytes:
        return msgspec.json.encode(reshape([msgspec.json.decode(content) for content in contents], old_request))

    return Response(await asyncio.to_thread(encode), media_type=JSON, headers=passed)


async def respond_otherwise(
    forwarder: ServiceForwarder, response: httpx.Response, new_request: V2Request
) -> Response[Any]:
    """Answer what is not the document: the client has it already, or an error."""
    content = await forwarder.read(response, new_request.service)
    if response.status_code == HTTPStatus.NOT_MODIFIED:
        return Response(None, status_code=response.status_code, headers=pass_headers(response, _BODY_HEADERS))
    try:
        message = msgspec.json.decode(content, type=Problem).message
    except msgspec.DecodeError:
        message = f"the {new_request.service} service failed"
    return respond_with_message(message, response.status_code, dict(response.headers))


async def stream_body(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the body of an answer as it arrives. If it breaks off, so does that to the client."""
    try:
        async for piece in response.aiter_raw():
            yield piece
    finally:
        await response.aclose()


def select_headers(request: HTTPRequest, names: Iterable[str]) -> dict[str, str]:
    """Return the headers of these names that the client sent; its address of the gateway is always among them."""
    headers = {name: text for name in names if (text := request.headers.get(name))}
    return {"x-forwarded-host": request.headers.get("host", ""), **headers}


def pass_headers(response: httpx.Response, without: Collection[str] = ()) -> dict[str, str]:
    """Return the headers of a service's answer that are those of the answer to the client."""
    return {name: text for name, text in response.headers.items() if name not in _HOP_HEADERS and name not in without}
