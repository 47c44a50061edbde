"""Answers that leave while they are made, and callers who leave before."""

import asyncio
import logging
from typing import Any

from litestar import Litestar, Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from ocean_common.disconnect import wait_for_disconnect
from ocean_common.errors import OceanError
from ocean_data.ports import Following

_log = logging.getLogger(__name__)


class Pouring(ASGIResponse):
    """Sends an answer as it grows. One that fails on the way is broken off, never ended: nobody takes it for whole."""

    _should_set_content_length = False

    def __init__(self, following: Following | None, **told: Any) -> None:
        super().__init__(**told)
        self._following = following
        if following is not None and following.size is not None:
            self.headers["content-length"] = str(following.size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._following is not None:
                self._following.close()

    async def send_body(self, send: Send, receive: Receive) -> None:
        """Send what there is, until all is sent or the caller has gone."""
        pouring = asyncio.ensure_future(self._pour(send))
        leaving = asyncio.ensure_future(wait_for_disconnect(receive))
        try:
            await asyncio.wait({pouring, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if pouring.done():
                pouring.result()
        except OceanError as error:
            _log.warning("an answer was broken off: %s", error)
        finally:
            pouring.cancel()
            leaving.cancel()

    async def _pour(self, send: Send) -> None:
        if self._following is not None:
            async for piece in self._following:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Flow(Response[Following | None]):
    """An answer that leaves while it is made; without one, its head alone."""

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **told: Any) -> ASGIResponse:  # noqa: ARG002  the framework's
        """What sends it: what is said here goes before what the route says."""
        said = {"background": self.background, "media_type": self.media_type, "status_code": self.status_code}
        told |= {name: value for name, value in said.items() if value is not None}
        told["headers"] = {**(told.get("headers") or {}), **self.headers}
        del told["type_encoders"]
        return Pouring(self.content, **told)
