"""Clients that close the connection before they have their answer: nothing more is done for them."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

from litestar import Request, Response
from litestar.types import Receive

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
