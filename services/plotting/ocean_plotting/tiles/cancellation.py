"""Who waits for an answer: what nobody waits for any more is not worth making."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from litestar import Request, Response

T = TypeVar("T")


def client_of(request: Request[Any, Any, Any]) -> str:
    """Who asks, for turns that are fair: the address that the gateway saw, else that of the connection."""
    seen = request.headers.get("x-forwarded-for", "").split(",")[0].strip()
    return seen or (request.client.host if request.client else "")


class ClientLeft(Exception):
    """The caller closed the connection."""


def answer_nobody(_: Request[Any, Any, Any], __: ClientLeft) -> Response[None]:
    """Nobody reads it; logs and counts show it by its usual number."""
    return Response(None, status_code=499)


async def while_wanted(request: Request[Any, Any, Any], work: Coroutine[Any, Any, T]) -> T:
    """Do ``work`` unless the caller leaves: what still waits in a queue is then taken out of it."""
    job = asyncio.create_task(work)
    left = asyncio.create_task(_leaves(request))
    try:
        await asyncio.wait({job, left}, return_when=asyncio.FIRST_COMPLETED)
        if job.done():
            return job.result()
        raise ClientLeft
    finally:
        job.cancel()
        left.cancel()


async def _leaves(request: Request[Any, Any, Any]) -> None:
    """Wait for the end of the connection; the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
