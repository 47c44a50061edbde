"""Responses and parameters of the catalogue: bodies encoded once, pages or JSON, links between pages, dates."""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import MediaType, Request, Response
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation

from ocean_common.http import entity_tag
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import InvalidRequest
from ocean_core.time import LONGEST_DATE, AmbiguousDateError, Calendar, Period, parse_period
from ocean_metadata.catalogue.store import Catalogue

MAX_BYTES = 64 * 2**20
JSON = "application/json"
MESSAGEPACK = "application/x-msgpack"

CatalogueDependency = NamedDependency[SkipValidation[Catalogue]]


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

        async def make_entry() -> tuple[bytes, str]:
            content = await asyncio.to_thread(lambda: encode(make()))
            return content, entity_tag(content)

        content, tag = await self._bodies.get_async(key, make_entry)
        return Response(content, media_type=media_type, headers={"etag": tag})


def encoded_response(
    kind: Any, description: str, errors: Mapping[int, ResponseSpec] | None = None
) -> dict[int, ResponseSpec]:
    """Describe an encoded body, and errors, for the OpenAPI document."""
    body = ResponseSpec(kind, description=description, media_type=JSON, generate_examples=False)
    return {200: body, **(errors or {})}


def json_response(value: msgspec.Struct | str | None) -> Response[bytes]:
    """Encode a body, also a string: Litestar would send the bare text."""
    return Response(msgspec.json.encode(value), media_type=JSON)


def prefers_html(request: Request[Any, Any, Any]) -> bool:
    """Return whether the client prefers HTML to JSON, as browsers do; one that accepts anything gets JSON."""
    return request.accept.best_match([MediaType.JSON, MediaType.HTML]) == MediaType.HTML


def vary_by_accept(response: Response[bytes]) -> Response[bytes]:
    """Tell caches that the answer depends on the Accept header."""
    response.headers["vary"] = "accept"
    return response


def link_header(request: Request[Any, Any, Any], total: int, limit: int, offset: int) -> dict[str, str]:
    """Return the Link header (RFC 8288) of a page."""
    pages = link_pages(request, total, limit, offset)
    links = [f'<{address}>; rel="{relation}"' for relation, address in pages.items()]
    return {"link": ", ".join(links)} if links else {}


def link_pages(request: Request[Any, Any, Any], total: int, limit: int, offset: int) -> dict[str, str]:
    """Return the addresses of other pages: first, prev, next and last, as far as these pages exist."""
    offsets = {}
    if limit and offset:
        offsets = {"first": 0, "prev": max(0, offset - limit)}
    if limit and offset + limit < total:
        offsets |= {"next": offset + limit, "last": (total - 1) // limit * limit}
    query = [(name, value) for name, value in request.query_params.multi_items() if name not in {"limit", "offset"}]
    return {
        relation: f"{request.url.path}?{urlencode([*query, ('limit', limit), ('offset', start)])}"
        for relation, start in offsets.items()
    }


def parse_period_parameter(text: str, field: str, calendar: Calendar = "proleptic_gregorian") -> Period:
    """Parse a date of a request on the scale of a calendar; InvalidRequest if it is no date, or may be two."""
    try:
        return parse_period(text, calendar)
    except AmbiguousDateError as error:
        raise InvalidRequest(
            "{text!r} may mean two days; write the year first: {first} or {second}",
            text=error.text,
            first=error.readings[0],
            second=error.readings[1],
            field=field,
        ) from error
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            "{text!r} is no date; write it as 2022-04-05, 2022-04-05T12:00Z or 5 April 2022",
            text=text[:LONGEST_DATE],
            field=field,
        ) from error
