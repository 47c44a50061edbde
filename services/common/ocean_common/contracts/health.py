"""How a service is."""

from typing import Literal

import msgspec

Status = Literal["live", "ready", "degraded", "unready"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How a service is: degraded means it answers, but something it needs for part of its work is away."""

    status: Status
    service: str
    version: str
    reasons: list[str] = []
