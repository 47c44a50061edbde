"""How a service is."""

from typing import Literal

import msgspec


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a service is: degraded means it answers, but something it needs for part of its work is away."""

    status: Literal["live", "ready", "degraded", "unready"]
    service: str
    version: str
    reasons: list[str] = []
