"""Observations as readers find them in files: platforms with their casts. Instants are ms since 1970-01-01."""

from datetime import timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.observations import PlatformType
from ocean_core import time
from ocean_core.errors import InvalidRequest

Floats = NDArray[np.float64]

DAY = 86_400_000  # ms

ATTRIBUTION = "Attribution"  # key of the platform attribute with the people and institutions to be credited


class QuantitySamples(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of one quantity in one cast."""

    key: str  # standard name, where it has one
    name: str
    unit: str
    depth: Floats  # (sample,), m, positive down
    values: Floats  # (sample,), in `unit`; no NaN

    @classmethod
    def where_finite(cls, key: str, name: str, unit: str, depth: Floats, values: Floats) -> "QuantitySamples | None":
        """Return the samples that have a value and a depth; None where there are none."""
        finite = np.isfinite(values) & np.isfinite(depth)
        if not finite.any():
            return None
        return cls(key=key, name=name, unit=unit, depth=depth[finite], values=values[finite])


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """A platform at one position and time, with its samples."""

    key: str  # unique on its platform: the same cast in another file has the same
    time: int  # ms since 1970-01-01
    latitude: float  # degrees
    longitude: float  # degrees, in any convention
    name: str | None = None
    grade: int = 0  # level of quality control: a cast is never replaced by one of a lower grade
    quantities: list[QuantitySamples] = []


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """A float, drifter, glider, mooring or ship, as one file describes it."""

    key: str  # unique among all platforms: the same platform in another file has the same
    type: PlatformType
    name: str
    attributes: dict[str, str] = {}
    casts: list[Cast]


def format_instant(instant: int) -> str:
    """Write an instant in ISO 8601, UTC: to the second, or to the millisecond where it has such."""
    timespec = "milliseconds" if instant % 1000 else "seconds"
    return (time.EPOCH + timedelta(milliseconds=instant)).isoformat(timespec=timespec)


def parse_instant(text: str, field: str, *, end: bool = False) -> int:
    """Parse ISO 8601; a date is its midnight, or with ``end`` the last millisecond of its day."""
    try:
        instant = time.parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(
            "{name}: {text!r} is not a date; write 2019-05-27 or 2019-05-27T12:00:00Z",
            name=field,
            text=text[:40],
            field=field,
        ) from error
    milliseconds = (instant - time.EPOCH) // timedelta(milliseconds=1)
    return milliseconds + DAY - 1 if end and len(text.strip()) <= len("2019-05-27") else milliseconds
