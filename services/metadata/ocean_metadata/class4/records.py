"""Class 4 files as the catalogue keeps them."""

import msgspec

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.class4 import Class4Kind, Class4Profile


class Lead(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says of one of its forecasts."""

    time: int | None = None  # s since 1970-01-01 UTC: the day of the model's fields
    lead: float | None = None
    units: str = ""  # of `lead`; empty where the file does not tell


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a file holds."""

    day: str  # YYYY-MM-DD
    model: str
    version: str = ""
    title: str | None = None
    variables: list[str] = []  # keys, the one of the errors first
    leads: list[Lead] = []
    profiles: int = 0


class Points(msgspec.Struct, frozen=True, kw_only=True):
    """What a map shows of a file: arrays "<f8" of shape (profile,)."""

    names: list[str]
    latitude: Array  # degrees north
    longitude: Array  # degrees east
    error: Array  # root mean square; NaN where nothing can be compared


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """All that is read of a file."""

    about: About
    points: Points
    profiles: list[Class4Profile]


class FileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the catalogue."""

    kind: Class4Kind
    id: str
    reason: str | None = None  # why it cannot be served
    about: About | None = None  # None: it cannot
