"""What browsers and proxies may keep: entity tags, by revision where there is one, and how long.

A handler that answers from a dataset says so with ``await freshness(request, dataset)``: it ends there with
304 when the caller has the same revision, before anything is read or drawn. One that is drawn from numbers
without a revision says ``freshness.by_content(request, numbers)`` once it has them, and ends there likewise.
Other answers get a tag of their bytes in the ASGI layer (`ocean_common.http`).
"""

import hashlib
from typing import Any, Protocol, runtime_checkable

from litestar import Request, Response
from litestar.exceptions import HTTPException

from ocean_common.language import varies_by

FOREVER = "public, max-age=31536000, immutable"


@runtime_checkable
class Revisions(Protocol):
    """Who knows the revision of a dataset."""

    async def revision(self, dataset: str) -> str:
        """The revision of ``dataset``, or DatasetNotFound."""


class NotModified(HTTPException):
    """The caller has this answer already."""

    status_code = 304


class Freshness:
    """Ties answers to the revisions of the datasets that they are made from."""

    def __init__(self, revisions: Revisions, version: str, max_age: int) -> None:
        self._revisions = revisions
        self._version = version
        self._max_age = max_age

    async def __call__(self, request: Request[Any, Any, Any], *datasets: str, form: str = "") -> None:
        """End with 304 if the caller has the answer; else mark the answer that is to come.

        ``form``: which of several forms of the answer at this address, where the Accept header chooses one.
        """
        revisions = [await self._revisions.revision(one) for one in datasets]
        # The address names the revision: it can never mean anything else.
        named = request.query_params.get("rev") in revisions
        control = FOREVER if named else f"public, max-age={self._max_age}"
        self._mark(request, "\n".join(revisions).encode(), control, form)

    def by_content(self, request: Request[Any, Any, Any], content: bytes) -> None:
        """End with 304 if the caller has what is made from ``content`` here; else mark the answer that is to come."""
        self._mark(request, content, "no-cache")

    def _mark(self, request: Request[Any, Any, Any], content: bytes, control: str, form: str = "") -> None:
        asked = "\n".join([self._version, str(request.url.path), str(request.url.query), form, varies_by(), ""])
        tag = entity_tag(asked.encode() + content)
        request.scope["state"]["caching"] = (tag, control)
        if matches(request.headers.get("if-none-match"), tag):
            varying = {"vary": "accept"} if form else {}
            raise NotModified(headers={"etag": tag, "cache-control": control, **varying})


def made_from(request: Request[Any, Any, Any], dataset_revision: str, answer_revision: str) -> None:
    """Take the mark away from an answer that a neighbour made from another revision than the one marked."""
    if dataset_revision != answer_revision:
        request.scope["state"].pop("caching", None)


def entity_tag(content: bytes) -> str:
    """A weak tag: the gateway may send the same content compressed in several ways."""
    return f'W/"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def matches(if_none_match: str | None, tag: str) -> bool:
    """Whether the caller's If-None-Match names ``tag`` (weak comparison, RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    asked = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in asked or tag.removeprefix("W/") in asked


def answer_not_modified(_: Request[Any, Any, Any], error: NotModified) -> Response[None]:
    """304 has no body."""
    return Response(None, status_code=304, headers=error.headers or {})
