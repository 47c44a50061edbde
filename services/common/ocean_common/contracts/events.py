"""What the metadata service tells as it happens."""

from typing import Literal

import msgspec

EventType = Literal["added", "time_steps", "changed", "removed", "reset"]


class NewSteps(msgspec.Struct, frozen=True, kw_only=True):
    """Time steps that a dataset did not have before."""

    count: int
    first: str  # ISO 8601, UTC
    last: str


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What happened to a dataset; `reset`: the listener missed some of it, and is to ask for everything again."""

    id: int  # ascending, for all instances of the service and over restarts
    type: EventType
    at: str  # when it was noticed, ISO 8601, UTC
    dataset: str | None = None  # None: all
    revision: str | None = None  # of the dataset from then on; None: it is gone
    steps: NewSteps | None = None


class Refreshed(msgspec.Struct, frozen=True, kw_only=True):
    """What was found where the service was told to look."""

    complete: bool  # False: it is still looking; what else it finds is told at `/api/v2.0/events`
    found: list[Event]
