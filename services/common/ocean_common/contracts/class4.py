"""Class 4: observed profiles beside what models say of the same places and times."""

from typing import Literal

import msgspec

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.geojson import PointGeometry

Class4Kind = Literal["ocean_predict", "riops_obs"]


class Class4Day(msgspec.Struct, frozen=True, kw_only=True):
    """A day that has profiles, and the file that stands for it."""

    name: str  # YYYY-MM-DD
    id: str
    title: str | None = None  # what the file says of itself


class Class4Days(msgspec.Struct, frozen=True, kw_only=True):
    """The days of each kind, ascending."""

    ocean_predict: list[Class4Day]
    riops_obs: list[Class4Day]


class Class4Properties(msgspec.Struct, frozen=True, kw_only=True):
    """What a map tells of a profile."""

    name: str  # of the platform
    id: str  # `file/index`
    error: float | None  # root mean square of best estimate minus observation, of the file's first variable
    error_norm: float | None  # `error` from 0 to 1
    type: Literal["class4"] = "class4"
    class4_type: Class4Kind
    resolution: int = 0


class Class4Point(msgspec.Struct, frozen=True, kw_only=True):
    """A profile on the map."""

    type: Literal["Feature"] = "Feature"
    geometry: PointGeometry
    properties: Class4Properties


class Class4Points(msgspec.Struct, frozen=True, kw_only=True):
    """The profiles of a file that are in view."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Class4Point]


class Class4Model(msgspec.Struct, frozen=True, kw_only=True):
    """Another model's file of the same day."""

    id: str
    value: str  # display name


class Class4Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The best estimate, or one of the forecasts, that an observation can be compared with."""

    id: int | Literal["best"]
    value: str  # display name


class Class4Status(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a file can be served, and why not."""

    id: str
    kind: Class4Kind
    file: str  # its name, without folders
    profiles: int
    title: str | None = None
    reason: str | None = None  # why it cannot be served


class Class4Values(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was measured of one quantity at one place, and what a model says of it: NaN where there is nothing.

    Arrays are "<f4" in `units`; those of a profile have the length of its `depth`. None: the file has no such values.
    """

    key: str  # as in the file: votemper
    name: str  # display name
    units: str  # empty where the file does not tell
    observed: Array  # (level,)
    best_estimate: Array  # (level,)
    analysis: Array | None = None  # (level,): of near real time
    climatology: Array | None = None  # (level,)
    forecasts: Array | None = None  # (lead, level)
    persistence: Array | None = None  # (lead, level)
    flags: Array | None = None  # (level,): of quality, as in the file; 0 is good


class Class4Profile(msgspec.Struct, frozen=True, kw_only=True):
    """An observed profile, and one model's values at its levels."""

    file: str  # its name without its ending: the day's and the model's
    index: int  # in the file
    name: str  # of the platform
    instrument: str  # code of its type; empty where the file does not tell
    latitude: float
    longitude: float
    time: str | None  # ISO 8601, UTC; None where the file does not tell
    depth: Array  # (level,), "<f4": m, positive down
    variables: list[Class4Values]


class Class4ModelProfiles(msgspec.Struct, frozen=True, kw_only=True):
    """A model's values at the profiles that were asked for, in their order; None where it has no such profile."""

    file: str
    model: str  # display name
    title: str | None  # what the file says of itself
    forecasts: list[Class4Forecast]
    profiles: list[Class4Profile | None]


class Class4Profiles(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Profiles for a plot: as their own files have them, and beside them the other models that were asked for."""

    kind: Class4Kind
    profiles: list[Class4Profile]
    forecasts: list[Class4Forecast]  # of the first profile's file
    title: str | None = None  # what the first profile's file says of itself
    models: list[Class4ModelProfiles] = []
