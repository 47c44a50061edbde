"""What plotting asks about observations, in MessagePack."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ocean_common.contracts.observations import ObservedStations, PlatformTrack
from ocean_common.errors import RequestTooLarge
from ocean_metadata.observations import answers
from ocean_metadata.observations.ports import Observations
from ocean_metadata.observations.times import parse

MESSAGEPACK = "application/x-msgpack"
MOST_STATIONS = 1000


@get("/observation/stations", media_type=MESSAGEPACK, sync_to_thread=True)
def get_observed(observations: NamedDependency[Observations], ids: FromQuery[str]) -> ObservedStations:
    """Stations with all their samples, in the order asked for."""
    asked = answers.numbers(ids)
    if len(asked) > MOST_STATIONS:
        raise RequestTooLarge(
            "ids: {requested_count} stations; at most {max_stations} are told at once",
            requested_count=len(asked),
            max_stations=MOST_STATIONS,
            field="ids",
        )
    return ObservedStations(stations=observations.observed(asked))


@get("/observation/track/{platform:int}", media_type=MESSAGEPACK, sync_to_thread=True)
def get_track(
    observations: NamedDependency[Observations],
    platform: FromPath[int],
    start: FromQuery[str] = "",
    end: FromQuery[str] = "",
    datatypes: FromQuery[str] = "",
) -> PlatformTrack:
    """The way of a platform between two times, with the shallowest values of its quantities."""
    return observations.track(
        platform,
        parse(start, "start") if start else None,
        parse(end, "end", end=True) if end else None,
        [one for one in datatypes.split(",") if one],
    )


ROUTES = [get_observed, get_track]
