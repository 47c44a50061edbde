"""Observations: stations, tracks of platforms, and Class 4 profiles with the models' values at their places."""

from typing import Literal

import msgspec

from ocean_common.contracts.assets import Array
from ocean_common.contracts.places import LineGeometry, PointGeometry

PlatformType = Literal["argo", "drifter", "glider", "mission", "animal", "mooring"]


class TimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """From the first observation to the last; null where there is none."""

    start_time: str | None  # ISO 8601, UTC
    end_time: str | None


class PlatformTimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """From a platform's first station to its last; null where it has none."""

    min: str | None  # ISO 8601, UTC
    max: str | None


class DataType(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity that was measured."""

    id: str  # standard name, where it has one
    value: str  # display name


class ObservedVariable(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity of a station or platform, by its place in the list of all that it has."""

    id: int
    value: str  # display name


class ObservationProperties(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Properties of a map feature."""

    id: int  # of a station, or of a platform for tracks
    type: PlatformType
    class_: Literal["observation"] = msgspec.field(name="class")
    name: str | None = None  # of a station that has one


class StationFeature(msgspec.Struct, frozen=True, kw_only=True):
    """A station on the map."""

    type: Literal["Feature"] = "Feature"
    geometry: PointGeometry
    properties: ObservationProperties


class StationCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Stations on the map."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[StationFeature]


class TrackFeature(msgspec.Struct, frozen=True, kw_only=True):
    """The way of a platform on the map."""

    type: Literal["Feature"] = "Feature"
    geometry: LineGeometry
    properties: ObservationProperties


class TrackCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Tracks on the map."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[TrackFeature]


class ObservedValues(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of one quantity at a station, or along a track: one at each station, all in one layer, or NaN."""

    key: str  # standard name, where it has one
    name: str
    units: str
    depth: Array  # (sample,) or (station,), "<f8": m, positive down
    values: Array  # the same, in `units`
    left_out: int = 0  # stations of a track that have samples only in other layers


class ObservedStation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A station with all that was measured there; `variables` in the order of the public list."""

    id: int
    name: str | None
    platform: int
    platform_type: PlatformType
    time: str  # ISO 8601, UTC
    latitude: float
    longitude: float
    variables: list[ObservedValues]
    attribution: str = ""  # whom the values are owed to; empty where the file does not say it


class ObservedStations(msgspec.Struct, frozen=True, kw_only=True):
    """Stations, in the order in which they were asked for."""

    stations: list[ObservedStation]


class PlatformTrack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The way of a platform, ascending in time; `variables` in the order of the public list, or as asked for."""

    id: int
    name: str
    platform_type: PlatformType
    times: Array  # (station,), "<i8": ms since 1970-01-01
    latitude: Array  # (station,), "<f8": degrees
    longitude: Array  # (station,), "<f8": degrees
    variables: list[ObservedValues]
    attribution: str = ""  # whom the values are owed to; empty where the file does not say it


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
    """Properties of a profile on the map."""

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
    """State of a Class 4 file: served or not, and why."""

    id: str
    kind: Class4Kind
    file: str  # its name, without folders
    profiles: int
    title: str | None = None
    reason: str | None = None  # why it cannot be served


class Class4Values(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Observed values of one quantity in a profile beside those of a model: NaN where there is none.

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
