"""Answers of every service: Problem Details (RFC 9457) and health; and the kinds of plots."""

from typing import Literal

import msgspec


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One wrong field of a request."""

    field: str  # a parameter's name, or the path of a member of the body: $.station[0]
    message: str
    allowed: list[str] = []  # what would work, where that is a list


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a request was not answered, and what would work (RFC 9457)."""

    type: str  # urn:ocean:<error>, or about:blank
    title: str
    status: int
    detail: str
    message: str  # the same text as detail: the member that clients of the old server read
    errors: list[FieldProblem] = []
    request_id: str | None = None


Status = Literal["live", "ready", "degraded", "unready"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """State of a service: degraded means it answers, but something it needs for part of its work is away."""

    status: Status
    service: str
    version: str
    reasons: list[str] = []


# The last segment of /plot/{kind}; scripts can be generated for all of them.
PLOT_KINDS = (
    "class4",
    "hovmoller",
    "map",
    "observation",
    "profile",
    "sound",
    "stick",
    "timeseries",
    "track",
    "transect",
    "ts",
)
