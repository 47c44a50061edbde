"""Answers sent again from memory, without the framework, while what they were made from has the same revisions."""

from http import HTTPStatus
from typing import NamedTuple

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from ocean_common.http import Origin, find_tag
from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import OceanError

MAX_BYTES = 64 * 2**20  # of all answers
MAX_ANSWER = 2**20  # bytes of one
OVERHEAD = 1_000  # bytes of an answer beside its body
# Headers that an answer depends on; pages name their own address.
CHOOSING = (b"accept", b"accept-language", b"host", b"x-forwarded-host", b"x-forwarded-proto")
Headers = list[tuple[bytes, bytes]]
_OF_BODY = {b"content-length", b"content-type"}


class Answer(NamedTuple):
    """A response to GET, and what it was made from."""

    headers: Headers
    body: bytes
    etag: str
    route: str
    origin: Origin

    async def is_current(self) -> bool:
        """Return whether it would be made from the same revisions again."""
        try:
            return [await self.origin.source.revision(dataset) for dataset in self.origin.datasets] == [
                *self.origin.revisions
            ]
        except OceanError:  # the dataset is gone
            return False


class AnswerCache:
    """ASGI layer that keeps complete answers that only revisions decide, by address and by what the client accepts.

    It is within the layer that counts requests, and around the one that marks answers with their revision.
    """

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BYTES) -> None:
        self.app = app
        self._answers = ByteBoundedCache[Answer](max_bytes, lambda answer: OVERHEAD + len(answer.body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request from memory, or pass it on and keep the answer."""
        if scope["type"] != ScopeType.HTTP or scope["method"] not in {"GET", "HEAD"}:
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        key = (scope["raw_path"], scope["query_string"], *map(headers.get, CHOOSING))
        answer = self._answers.find(key, None)
        if answer is None or b"range" in headers or not await answer.is_current():
            recorder = _Recorder(send)
            await self.app(scope, receive, recorder)
            if (made := recorder.make_answer(scope)) is not None:
                self._answers.put(key, made)
            return
        scope["path_template"] = answer.route
        is_known = find_tag(headers.get(b"if-none-match", b"").decode("latin-1"), answer.etag) is not None
        status = HTTPStatus.NOT_MODIFIED if is_known else HTTPStatus.OK
        sent = [header for header in answer.headers if not is_known or header[0] not in _OF_BODY]
        body = b"" if is_known or scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.start", "status": status, "headers": sent})
        await send({"type": "http.response.body", "body": body, "more_body": False})


class _Recorder:
    """Sender that remembers a response of one piece."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._headers: Headers | None = None
        self._body: bytes | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
            self._headers = list(message["headers"])
        elif message["type"] == "http.response.body":
            is_whole = self._body is None and not message["more_body"] and len(message["body"]) <= MAX_ANSWER
            self._headers = self._headers if is_whole else None
            self._body = message["body"]
        await self._send(message)

    def make_answer(self, scope: HTTPScope) -> Answer | None:
        """Return the answer to keep; None for an error, a part, a stream, or what has no revision."""
        state = scope.get("state", {})
        if (
            self._headers is None
            or self._body is None
            or scope["method"] == "HEAD"
            or not {"caching", "origin"} <= state.keys()
        ):
            return None
        etag = next(value.decode("latin-1") for name, value in self._headers if name == b"etag")
        return Answer(self._headers, self._body, etag, scope.get("path_template", ""), state["origin"])
