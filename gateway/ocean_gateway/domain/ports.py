"""What the gateway's own app needs of the outside."""

from typing import Any, Protocol, TypeAlias, runtime_checkable

import msgspec

Document: TypeAlias = dict[str, Any]  # an OpenAPI document, as JSON has it


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """One service, as it was a moment ago."""

    name: str
    document: Document | None = None  # None: it does not answer
    reasons: list[str] = []  # why it cannot do all of its work


@runtime_checkable
class Services(Protocol):
    """Who knows how the services are."""

    async def all(self) -> list[Service]:
        """The services, in the order in which they are shown."""
