"""What an importer finds in a file: platforms with their casts."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.observations import PlatformType

Floats = NDArray[np.float64]

ATTRIBUTION = "Attribution"  # of a platform's attributes the one that says whom its values are owed to


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of one quantity in one cast."""

    key: str  # standard name, where it has one
    name: str
    unit: str
    depth: Floats  # (sample,), m, positive down
    values: Floats  # (sample,), in `unit`; no NaN


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    """A platform at one place and time, with what it measured there."""

    key: str  # unique on its platform: the same cast in another file has the same
    time: int  # ms since 1970-01-01
    latitude: float  # degrees
    longitude: float  # degrees, any turn
    name: str | None = None
    grade: int = 0  # how far it was checked: a cast never gives way to one of a lower grade
    measured: list[Measured] = []


class Platform(msgspec.Struct, frozen=True, kw_only=True):
    """A float, drifter, glider, mooring or ship, as one file knows it."""

    key: str  # unique among all platforms: the same one in another file has the same
    type: PlatformType
    name: str
    attributes: dict[str, str] = {}
    casts: list[Cast]
