"""What happens, as it happens: Server-Sent Events, and the same on a WebSocket."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.di import NamedDependency
from litestar.handlers import send_websocket_stream
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromHeader, FromQuery, HeaderParameter, QueryParameter
from litestar.response import Stream

from ocean_common.contracts.events import Event
from ocean_common.errors import DatasetNotFound, InvalidRequest, OceanError, TooBusy
from ocean_common.problems import STATUS, documented, to_problem
from ocean_common.strict import known_only
from ocean_metadata.ports import Catalogue, Events

EVENT_STREAM = "text/event-stream"
RETRY = 2000  # ms after which a browser comes again
LARGEST = 10**18 - 1  # of ids
_ASKED_FOR = {"dataset", "last_event_id"}
_CLOSED = 4000  # added to the status of a problem: how a WebSocket ends
_REASON = 123  # bytes: no more fit into the frame that closes it

Datasets = Annotated[
    str | None,
    QueryParameter(
        description="Ids of datasets, with commas between them; without, events of all are told.",
        examples=[Example(summary="the Arctic model of the sample data", value="giops_day")],
    ),
]
Since = Annotated[
    int | None,
    QueryParameter(
        description="The `id` of the last event that is known, where a header cannot be sent.", ge=0, le=LARGEST
    ),
]
LastEventId = Annotated[
    str | None, HeaderParameter(name="Last-Event-ID", description="The last `id`: what came after it is told first.")
]


@get(
    "/events",
    operation_id="followEvents",
    summary="What happens to datasets, as it happens",
    description=(
        "Server-Sent Events. The events are `added`, `time_steps`, `changed`, `removed`, and `reset`: then some were "
        "missed, and everything is to be asked for again. The `data` of each is the JSON of the schema below. After an "
        "event, the service answers with what it tells of. A browser that comes again sends `Last-Event-ID` by itself, "
        "and misses nothing. Where nothing happens, a comment comes every 15 s.\n\n"
        "A WebSocket at the same address has the same events, each a JSON text; there `last_event_id` resumes."
    ),
    tags=["events"],
    before_request=known_only,
    responses={
        200: ResponseSpec(
            Event, description="Events, until the caller goes", media_type=EVENT_STREAM, generate_examples=False
        ),
        **documented(DatasetNotFound, InvalidRequest, TooBusy),
    },
)
async def follow_events(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    events: NamedDependency[Events],
    dataset: FromQuery[Datasets] = None,
    last_event_id: FromQuery[Since] = None,
    header: FromHeader[LastEventId] = None,
) -> Stream:
    """Events from now on, or from the last one that the caller knows."""
    since = _number(header) if header else last_event_id
    names = _admitted(catalogue, events, dataset, since)
    told = events.follow(since, names)
    head = request.scope["state"].get("head", False)
    return Stream(
        _nothing() if head else _as_text(told),
        media_type=EVENT_STREAM,
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )


@websocket("/events")
async def listen(
    socket: WebSocket[Any, Any, Any], catalogue: NamedDependency[Catalogue], events: NamedDependency[Events]
) -> None:
    """The same events, each a JSON text; pings of the protocol keep the connection."""
    await socket.accept()
    try:
        unknown = set(socket.query_params) - _ASKED_FOR
        if unknown:
            raise InvalidRequest(
                "there is no parameter {unknown!r}; there are dataset and last_event_id", unknown=min(unknown)[:40]
            )
        asked = socket.query_params.get("last_event_id")
        since = _number(asked) if asked else None
        names = _admitted(catalogue, events, socket.query_params.get("dataset"), since)
    except OceanError as error:
        reason = to_problem(error).detail.encode()[:_REASON].decode(errors="ignore")
        await socket.close(code=_CLOSED + STATUS[type(error)], reason=reason)
        return
    told = events.follow(since, names)
    await send_websocket_stream(socket, _as_messages(told), listen_for_disconnect=True, warn_on_data_discard=False)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidRequest("Last-Event-ID is the id of an event: a number", field="last_event_id")
    return int(text)


def _admitted(catalogue: Catalogue, events: Events, asked: str | None, since: int | None) -> frozenset[str]:
    """The datasets that are asked for. One that a listener comes back for may be gone."""
    if events.full:
        raise TooBusy("there are as many listeners as this service has room for; try again", retry_after=10)
    names = frozenset(asked.split(",")) if asked else frozenset[str]()
    now = catalogue.snapshot
    for name in names - set(now.datasets) if since is None else ():
        now.dataset(name)
    return names


async def _as_text(told: AsyncIterator[Event | int]) -> AsyncIterator[bytes]:
    yield b"retry: %d\n" % RETRY
    async for one in told:
        if isinstance(one, int):  # nothing to tell, but whoever comes again knows from where
            yield b": nothing new\nid: %d\n\n" % one
        else:
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (one.id, one.type.encode(), msgspec.json.encode(one))


async def _as_messages(told: AsyncIterator[Event | int]) -> AsyncGenerator[str]:
    async for one in told:
        if not isinstance(one, int):
            yield msgspec.json.encode(one).decode()


async def _nothing() -> AsyncIterator[bytes]:
    yield b""


ROUTES = [follow_events, listen]
