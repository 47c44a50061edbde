"""What the routes of observations need from outside."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol, runtime_checkable

from ocean_common.contracts.observations import DataType, ObservedStation, PlatformTrack, PlatformType
from ocean_metadata.observations.search import Search


class Found(NamedTuple):
    """A station on the map."""

    id: int
    type: PlatformType
    name: str | None
    latitude: float
    longitude: float


class Track(NamedTuple):
    """The way of a platform on the map."""

    id: int
    type: PlatformType
    points: list[tuple[float, float]]  # longitude, latitude


@runtime_checkable
class Observations(Protocol):
    """Who knows what was measured. Everything blocks: ask in a thread."""

    def time_range(self) -> tuple[int | None, int | None]:
        """The first and the last instant of all, in ms."""

    def datatypes(self) -> list[DataType]:
        """Every quantity, by its key."""

    def meta_keys(self, types: Sequence[str]) -> list[str]:
        """The keys of the metadata of platforms."""

    def meta_values(self, types: Sequence[str], key: str) -> list[str]:
        """The values under a key of the metadata of platforms."""

    def stations(self, search: Search) -> list[Found]:
        """Stations, thinned out evenly where they are many."""

    def tracks(self, search: Search) -> list[Track]:
        """Ways of platforms."""

    def platform_time_range(self, platform: int) -> tuple[int | None, int | None]:
        """The first and the last instant of a platform, or NotFound."""

    def platform_metadata(self, platform: int) -> dict[str, str]:
        """What is known of a platform, or NotFound."""

    def station_metadata(self, station: int) -> dict[str, str]:
        """What is known of a station and its platform, or NotFound."""

    def station_variables(self, station: int) -> list[str]:
        """The names of what was measured at a station, or NotFound."""

    def platform_variables(self, platform: int) -> list[str]:
        """The names of what a platform measures, or NotFound."""

    def observed(self, stations: Sequence[int]) -> list[ObservedStation]:
        """Stations with their samples, or NotFound."""

    def track(self, platform: int, start: int | None, end: int | None, datatypes: Sequence[str]) -> PlatformTrack:
        """The way of a platform with what it measured, or NotFound."""
