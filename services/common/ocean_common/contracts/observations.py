"""What was measured: for people, as the v2.0 API tells it, and for plotting, as arrays."""

from typing import Literal

import msgspec

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.geojson import PointGeometry

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
    """What a feature of the map is."""

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


class LineGeometry(msgspec.Struct, frozen=True, kw_only=True):
    """A line; its longitudes go on beyond ±180 where it crosses the date line."""

    type: Literal["LineString"] = "LineString"
    coordinates: list[tuple[float, float]]  # longitude, latitude: degrees


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
    """What a station measured of one quantity."""

    key: str  # standard name, where it has one
    name: str
    units: str
    depth: Array  # (sample,), "<f8": m, positive down
    values: Array  # (sample,), "<f8": in `units`


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


class TrackValues(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform measured of one quantity on its way: at each station its shallowest sample."""

    key: str
    name: str
    units: str
    depth: Array  # (station,), "<f8": m; NaN where nothing was measured
    values: Array  # (station,), "<f8": in `units`; NaN where nothing was measured


class PlatformTrack(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The way of a platform, ascending in time; `variables` in the order of the public list, or as asked for."""

    id: int
    name: str
    platform_type: PlatformType
    times: Array  # (station,), "<i8": ms since 1970-01-01
    latitude: Array  # (station,), "<f8": degrees
    longitude: Array  # (station,), "<f8": degrees
    variables: list[TrackValues]
    attribution: str = ""  # whom the values are owed to; empty where the file does not say it
