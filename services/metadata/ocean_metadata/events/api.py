"""Routes of events: Server-Sent Events, and the same on a WebSocket."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Request, WebSocket, get, websocket
from litestar.di import NamedDependency
from litestar.handlers import send_websocket_stream
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromHeader, FromQuery, HeaderParameter, SkipValidation
from litestar.response import Stream

from ocean_common.contracts.metadata import Event
from ocean_common.parameters import query_parameter, refuse_unknown_parameters
from ocean_common.problems import STATUS, document_errors, to_problem
from ocean_core.errors import DatasetNotFound, InvalidRequest, OceanError, TooBusy
from ocean_metadata.catalogue.responses import CatalogueDependency
from ocean_metadata.catalogue.store import Catalogue
from ocean_metadata.events.broadcaster import EventBroadcaster

EVENT_STREAM = "text/event-stream"
RETRY = 2000  # ms after which a browser comes again
_MAX_ID = 10**18 - 1
_PARAMETERS = {"dataset", "last_event_id"}
_CLOSE_CODE = 4000  # plus the status of a problem: the code by which a WebSocket is closed
_MAX_REASON = 123  # bytes: no more fit into the closing frame

Datasets = Annotated[
    str | None,
    query_parameter(
        "Ids of datasets, separated by commas; without them, events of all datasets.",
        ("the Arctic model of the sample data", "arctic_day"),
    ),
]
_SINCE = "The `id` of the last event received, for clients that cannot send the header."
Since = Annotated[int | None, query_parameter(_SINCE, 12, ge=0, le=_MAX_ID)]
LastEventId = Annotated[
    str | None,
    HeaderParameter(
        name="Last-Event-ID",
        description="The `id` of the last event received: later events are sent first.",
        examples=[Example(value="12")],
    ),
]
Events = NamedDependency[SkipValidation[EventBroadcaster]]


@get(
    "/events",
    summary="Stream of events of datasets",
    description=(
        "Server-Sent Events: `added`, `time_steps`, `changed`, `removed`, and `reset`, after which everything must be "
        "requested again because events were missed. The `data` of each is JSON of the schema below. Once an event is "
        "sent, all routes answer with the new state. A browser that reconnects sends `Last-Event-ID` by itself, and "
        "misses nothing. Without events, a comment is sent every 15 s.\n\n"
        "A WebSocket at the same address sends the same events as JSON texts; `last_event_id` resumes it."
    ),
    tags=["events"],
    before_request=refuse_unknown_parameters,
    responses={
        200: ResponseSpec(
            Event, description="Events, until the client disconnects", media_type=EVENT_STREAM, generate_examples=False
        ),
        **document_errors(DatasetNotFound, InvalidRequest, TooBusy),
    },
)
async def follow_events(
    *,
    request: Request[Any, Any, Any],
    catalogue: CatalogueDependency,
    events: Events,
    dataset: FromQuery[Datasets] = None,
    last_event_id: FromQuery[Since] = None,
    header: FromHeader[LastEventId] = None,
) -> Stream:
    """Send events from now on, or from the last one that the client received."""
    since = _parse_id(header) if header else last_event_id
    names = _check_listener(catalogue, events, dataset, since)
    stream = events.follow(since, names)
    head = request.scope["state"].get("head", False)
    return Stream(
        iter((b"",)) if head else _encode_stream(stream),  # nothing at all would be a whole body, with an entity tag
        media_type=EVENT_STREAM,
        headers={"cache-control": "no-cache", "x-accel-buffering": "no"},
    )


@websocket("/events")
async def listen(socket: WebSocket[Any, Any, Any], catalogue: CatalogueDependency, events: Events) -> None:
    """Send the same events as JSON texts; pings of the protocol keep the connection open."""
    await socket.accept()
    try:
        unknown = set(socket.query_params) - _PARAMETERS
        if unknown:
            raise InvalidRequest(
                "there is no parameter {unknown!r}; there are dataset and last_event_id", unknown=min(unknown)[:40]
            )
        last_event_id = socket.query_params.get("last_event_id")
        since = _parse_id(last_event_id) if last_event_id else None
        names = _check_listener(catalogue, events, socket.query_params.get("dataset"), since)
    except OceanError as error:
        reason = to_problem(error).detail.encode()[:_MAX_REASON].decode(errors="ignore")
        await socket.close(code=_CLOSE_CODE + STATUS[type(error)], reason=reason)
        return
    stream = events.follow(since, names)
    await send_websocket_stream(
        socket, _encode_messages(stream), listen_for_disconnect=True, warn_on_data_discard=False
    )


def _parse_id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise InvalidRequest("Last-Event-ID is the id of an event: a number", field="last_event_id")
    return int(text)


def _check_listener(
    catalogue: Catalogue, events: EventBroadcaster, dataset: str | None, since: int | None
) -> frozenset[str]:
    """Return the datasets of a request, or raise. A listener that comes back may name one that was removed since."""
    if events.full:
        raise TooBusy("there are too many listeners; try again", retry_after=10)
    names = frozenset(dataset.split(",")) if dataset else frozenset[str]()
    snapshot = catalogue.snapshot
    for name in names - set(snapshot.datasets) if since is None else ():
        snapshot.dataset(name)
    return names


async def _encode_stream(stream: AsyncIterator[Event | int]) -> AsyncIterator[bytes]:
    yield b"retry: %d\n" % RETRY
    async for event in stream:
        if isinstance(event, int):  # no event, but the id to resume from
            yield b": nothing new\nid: %d\n\n" % event
        else:
            yield b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.type.encode(), msgspec.json.encode(event))


async def _encode_messages(stream: AsyncIterator[Event | int]) -> AsyncGenerator[str]:
    async for event in stream:
        if not isinstance(event, int):
            yield msgspec.json.encode(event).decode()


ROUTES = [follow_events, listen]
