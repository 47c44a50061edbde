"""Caching by browsers and proxies: entity tags, by revision where there is one, and how long they hold.

A handler that answers from a dataset calls ``await freshness(request, dataset)``: it ends there with 304 when the
client has the same revision, before anything is read or drawn. One whose numbers have no revision calls
``freshness.by_content(request, numbers)`` once it has them. Other answers get a tag of their bytes in the ASGI layer
(`ocean_common.http`).
"""

import hashlib
from typing import Any, Protocol, runtime_checkable

from litestar import Request, Response
from litestar.exceptions import HTTPException

from ocean_common.language import answer_language

FOREVER = "public, max-age=31536000, immutable"


@runtime_checkable
class RevisionSource(Protocol):
    """Source of the revisions of datasets."""

    async def revision(self, dataset: str) -> str:
        """Return the revision of ``dataset``, or raise DatasetNotFound."""


class NotModified(HTTPException):
    """The client has this answer already."""

    status_code = 304


class Freshness:
    """Revisions of the datasets that answers are made from, as entity tags of the answers."""

    def __init__(self, revisions: RevisionSource, version: str, max_age: int) -> None:
        self._revisions = revisions
        self._version = version
        self._max_age = max_age

    async def __call__(self, request: Request[Any, Any, Any], *datasets: str, form: str = "") -> None:
        """End with 304 if the client has the answer; else mark the answer that is to come.

        ``form``: the form of the answer at this address, where the Accept header chooses one of several.
        """
        revisions = [await self._revisions.revision(dataset) for dataset in datasets]
        # An address that names the revision can never mean anything else.
        permanent = request.query_params.get("rev") in revisions
        control = FOREVER if permanent else f"public, max-age={self._max_age}"
        self._mark(request, "\n".join(revisions).encode(), control, form)

    def by_content(self, request: Request[Any, Any, Any], content: bytes) -> None:
        """End with 304 if the client has what ``content`` makes at this address; else mark the answer."""
        self._mark(request, content, "no-cache")

    def _mark(self, request: Request[Any, Any, Any], content: bytes, control: str, form: str = "") -> None:
        address = [self._version, str(request.url.path), str(request.url.query), form, answer_language(), ""]
        tag = entity_tag("\n".join(address).encode() + content)
        request.scope["state"]["caching"] = (tag, control)
        if matches(request.headers.get("if-none-match"), tag):
            varying = {"vary": "accept"} if form else {}
            raise NotModified(headers={"etag": tag, "cache-control": control, **varying})


def made_from(request: Request[Any, Any, Any], dataset_revision: str, answer_revision: str) -> None:
    """Remove the mark from an answer that a neighbour made from another revision than the marked one."""
    if dataset_revision != answer_revision:
        request.scope["state"].pop("caching", None)


def entity_tag(content: bytes) -> str:
    """Return a weak tag: the gateway may send the same content compressed in several ways."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def matches(if_none_match: str | None, tag: str) -> bool:
    """Return whether the client's If-None-Match names ``tag`` (weak comparison, RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    tags = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in tags or tag.removeprefix("W/") in tags


def answer_not_modified(_: Request[Any, Any, Any], error: NotModified) -> Response[None]:
    """Answer without a body."""
    return Response(None, status_code=304, headers=error.headers or {})
