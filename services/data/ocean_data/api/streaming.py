"""Responses that are sent while they are made."""

import logging
from typing import Any

from litestar import Litestar, Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from ocean_common.http import ClientDisconnected, cancel_on_disconnect
from ocean_core.errors import OceanError
from ocean_data.spool import SpoolReader

_log = logging.getLogger(__name__)


class StreamedASGIResponse(ASGIResponse):
    """Sends an answer as it grows. A failure ends it without its last chunk: no client takes it for complete."""

    _should_set_content_length = False

    def __init__(self, reader: SpoolReader | None, request: Request[Any, Any, Any], **options: Any) -> None:
        super().__init__(**options)
        self._reader = reader
        self._request = request
        if reader is not None and reader.size is not None:
            self.headers["content-length"] = str(reader.size)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._reader is not None:
                self._reader.close()

    async def send_body(self, send: Send, receive: Receive) -> None:  # noqa: ARG002  the request has it
        """Send all, or stop when the client disconnects."""
        try:
            await cancel_on_disconnect(self._request, self._send_pieces(send))
        except ClientDisconnected:
            pass
        except OceanError as error:
            _log.warning("an answer was broken off: %s", error)

    async def _send_pieces(self, send: Send) -> None:
        if self._reader is not None:
            async for piece in self._reader:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class StreamedResponse(Response[SpoolReader | None]):
    """An answer that is sent while it is made; without a reader, its head alone."""

    def to_asgi_response(self, app: Litestar | None, request: Request[Any, Any, Any], **options: Any) -> ASGIResponse:  # noqa: ARG002  the framework's
        """Make the ASGI response; the options of this response precede those of the route."""
        own_options = {"background": self.background, "media_type": self.media_type, "status_code": self.status_code}
        options |= {name: value for name, value in own_options.items() if value is not None}
        options["headers"] = {**(options.get("headers") or {}), **self.headers}
        del options["type_encoders"]
        return StreamedASGIResponse(self.content, request, **options)
