"""Responses and parameters of the catalogue: bodies encoded once, links between pages of long lists, dates."""

import asyncio
from collections.abc import Callable, Hashable
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response
from litestar.openapi import ResponseSpec

from ocean_common.http import entity_tag
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import InvalidRequest
from ocean_core.time import LONGEST_DATE, AmbiguousDateError, Period, parse_period

MAX_BYTES = 64 * 2**20
JSON = "application/json"
MESSAGEPACK = "application/x-msgpack"


class ResponseCache:
    """Encoded bodies with their entity tags; a key holds all that a body depends on, a revision included."""

    def __init__(self) -> None:
        self._bodies = ByteBoundedCache[tuple[bytes, str]](MAX_BYTES, lambda entry: len(entry[0]))

    async def respond(
        self,
        key: Hashable,
        make: Callable[[], Any],
        encode: Callable[[Any], bytes] = msgspec.json.encode,
        media_type: str = JSON,
    ) -> Response[bytes]:
        """Return the body cached under ``key``; else ``make`` it in a thread and encode it."""
        entry = self._bodies.find(key, None)
        if entry is None:
            content = await asyncio.to_thread(lambda: encode(make()))
            entry = (content, entity_tag(content))
            self._bodies.put(key, entry)
        content, tag = entry
        return Response(content, media_type=media_type, headers={"etag": tag})


def encoded_response(kind: Any, description: str) -> dict[int, ResponseSpec]:
    """Describe an encoded body for the OpenAPI document."""
    return {200: ResponseSpec(kind, description=description, media_type=JSON, generate_examples=False)}


def json_response(text: str | None) -> Response[bytes]:
    """Return a JSON string: Litestar would send the bare text."""
    return Response(msgspec.json.encode(text), media_type=JSON)


def link_header(request: Request[Any, Any, Any], total: int, limit: int, offset: int) -> dict[str, str]:
    """Return the Link header (RFC 8288) of a page: first, prev, next and last, as far as these pages exist."""
    if not limit:
        return {}
    has_next = offset + limit < total
    offsets = {
        "first": 0 if offset else None,
        "prev": max(0, offset - limit) if offset else None,
        "next": offset + limit if has_next else None,
        "last": (total - 1) // limit * limit if has_next else None,
    }
    links = [
        f'<{_page_address(request, limit, start)}>; rel="{relation}"'
        for relation, start in offsets.items()
        if start is not None
    ]
    return {"link": ", ".join(links)} if links else {}


def _page_address(request: Request[Any, Any, Any], limit: int, offset: int) -> str:
    query = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]
    return f"{request.url.path}?{urlencode([*query, ('limit', limit), ('offset', offset)])}"


def parse_period_parameter(text: str, field: str) -> Period:
    """Parse a date of a request.

    Raises
    ------
    InvalidRequest
        It is no date, or may be two.
    """
    try:
        return parse_period(text)
    except AmbiguousDateError as error:
        raise InvalidRequest(
            "{text!r} may mean two days; write the year first: {first} or {second}",
            text=error.text,
            first=error.readings[0],
            second=error.readings[1],
            field=field,
        ) from error
    except (ValueError, OverflowError) as error:  # also 31 February, and the year 0
        raise InvalidRequest(
            "{text!r} is no date; write it as 2022-04-05, 2022-04-05T12:00Z or 5 April 2022",
            text=text[:LONGEST_DATE],
            field=field,
        ) from error
