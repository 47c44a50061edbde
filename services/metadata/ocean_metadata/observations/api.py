"""What was measured: platforms and stations on the map, and what is known of them."""

from typing import Annotated, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, PathParameter

from ocean_common.contracts.observations import (
    DataType,
    ObservedVariable,
    PlatformTimeRange,
    StationCollection,
    TimeRange,
    TrackCollection,
)
from ocean_common.errors import InvalidRequest, NotFound, RequestTooLarge, ServiceUnavailable
from ocean_common.i18n import Translator
from ocean_common.problems import documented
from ocean_metadata.observations import answers
from ocean_metadata.observations.ports import Observations
from ocean_metadata.observations.search import ANY, read
from ocean_metadata.observations.times import iso

TAGS = ["observations"]

_KEYS = (
    "Pairs `key=value` joined with `&` or `;`, then `.json`. Keys: `start_date`, `end_date` (a date is its whole day), "
    "`platform_type` (argo, drifter, glider, mission, animal, mooring; several with commas), `meta_key`, `meta_value`, "
    "`area` (JSON list of [latitude, longitude]: a polygon, or one point with `radius` in km, by default 10)"
)
Points = Annotated[
    str,
    PathParameter(
        description=f"{_KEYS}, `datatype`, `mindepth`, `maxdepth` (m).",
        examples=[
            Example(
                summary="temperatures measured in a summer",
                value="start_date=1999-06-01&end_date=1999-08-31&datatype=sea_water_temperature.json",
            )
        ],
    ),
]
Tracks = Annotated[
    str,
    PathParameter(
        description=f"{_KEYS}, `quantum` (year, month, week, day, hour, minute: positions are averaged over it).",
        examples=[
            Example(
                summary="drifters in the Barents Sea",
                value="start_date=2022-10-07&end_date=2022-11-30&quantum=day.json",
            )
        ],
    ),
]
Types = Annotated[
    str,
    PathParameter(
        description="Types of platforms, joined with commas; those that are not known have nothing.",
        examples=[Example(summary="floats and drifters", value="argo,drifter.json")],
    ),
]
TypesAlone = Annotated[
    str,
    PathParameter(
        description="Types of platforms, joined with commas.",
        examples=[Example(summary="floats and drifters", value="argo,drifter")],
    ),
]
Key = Annotated[
    str,
    PathParameter(
        description="A key as listed by `meta_keys`, then `.json`; `Any` has no values.",
        examples=[Example(summary="what floats are", value="Type of float.json")],
    ),
]
Kind = Annotated[
    Literal["platform", "station"],
    PathParameter(description="`platform` or `station`.", examples=[Example(value="platform")]),
]
Id = Annotated[
    str,
    PathParameter(description="A number, then `.json`.", examples=[Example(summary="the first one", value="1.json")]),
]
Which = Annotated[
    str,
    PathParameter(
        description="`station=` or `platform=` and an id, then `.json`. An id that is no number has no variables.",
        examples=[Example(summary="the first platform", value="platform=1.json")],
    ),
]


@get(
    "/observation/time_range",
    operation_id="getObservationTimeRange",
    summary="From the first observation to the last",
    tags=TAGS,
    responses=documented(ServiceUnavailable),
    sync_to_thread=True,
)
def get_time_range(observations: NamedDependency[Observations]) -> TimeRange:
    """Null where there are no observations."""
    first, last = observations.time_range()
    return TimeRange(start_time=iso(first), end_time=iso(last))


@get(
    "/observation/datatypes.json",
    operation_id="listDataTypes",
    summary="What was measured",
    tags=TAGS,
    responses=documented(ServiceUnavailable),
    sync_to_thread=True,
)
def list_datatypes(
    observations: NamedDependency[Observations], translate: NamedDependency[Translator]
) -> list[DataType]:
    """Every quantity, by its key: the standard name, where it has one."""
    return answers.datatypes(observations.datatypes(), translate)


@get(
    "/observation/meta_keys/{types:str}",
    operation_id="listPlatformMetaKeys",
    summary="The keys of the metadata of platforms",
    tags=TAGS,
    responses=documented(ServiceUnavailable),
    sync_to_thread=True,
)
def list_meta_keys(observations: NamedDependency[Observations], types: FromPath[Types]) -> list[str]:
    """Those of any platform of these types."""
    return observations.meta_keys(answers.told(types).split(","))


@get(
    "/observation/meta_values/{types:str}/{key:path}",
    operation_id="listPlatformMetaValues",
    summary="The values under a key of the metadata of platforms",
    tags=TAGS,
    responses=documented(ServiceUnavailable),
    sync_to_thread=True,
)
def list_meta_values(
    observations: NamedDependency[Observations], types: FromPath[TypesAlone], key: FromPath[Key]
) -> list[str]:
    """Those of any platform of these types; an empty list for `Any`."""
    asked = answers.told(key)
    return [] if asked == ANY else observations.meta_values(answers.told(types).split(","), asked)


@get(
    "/observation/tracktimerange/{platform:str}",
    operation_id="getPlatformTimeRange",
    summary="From the first station of a platform to its last",
    tags=TAGS,
    responses=documented(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def get_platform_time_range(observations: NamedDependency[Observations], platform: FromPath[Id]) -> PlatformTimeRange:
    """When a platform was under way."""
    first, last = observations.platform_time_range(answers.number(answers.told(platform)))
    return PlatformTimeRange(min=iso(first), max=iso(last))


@get(
    "/observation/track/{asked:path}",
    operation_id="listTracks",
    summary="The ways of platforms",
    tags=TAGS,
    responses=documented(NotFound, RequestTooLarge, ServiceUnavailable),
    sync_to_thread=True,
)
def list_tracks(observations: NamedDependency[Observations], asked: FromPath[Tracks]) -> TrackCollection:
    """Positions averaged over each quantum; platforms of which one position is left are left out.

    Longitudes go on beyond ±180 where a line crosses the date line.
    """
    return answers.tracks(observations.tracks(read(answers.told(asked))))


@get(
    "/observation/point/{asked:path}",
    operation_id="listStations",
    summary="Stations on the map",
    tags=TAGS,
    responses=documented(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def list_stations(observations: NamedDependency[Observations], asked: FromPath[Points]) -> StationCollection:
    """Thinned out evenly to 500 where there are more, always to the same ones."""
    return answers.stations(observations.stations(read(answers.told(asked))))


@get(
    "/observation/meta/{kind:str}/{number:str}",
    operation_id="getObservationMetadata",
    summary="What is known of a platform or station",
    tags=TAGS,
    responses=documented(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def get_metadata(
    observations: NamedDependency[Observations], kind: FromPath[Kind], number: FromPath[Id]
) -> dict[str, str]:
    """As texts, by key; for a station with its time, and its name where it has one."""
    found = answers.number(answers.told(number))
    return observations.station_metadata(found) if kind == "station" else observations.platform_metadata(found)


@get(
    "/observation/variables/{which:str}",
    operation_id="listObservedVariables",
    summary="What was measured at a station, or by a platform",
    tags=TAGS,
    responses=documented(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def list_variables(
    observations: NamedDependency[Observations], translate: NamedDependency[Translator], which: FromPath[Which]
) -> list[ObservedVariable]:
    """By their places, which plots know them by; an empty list for the ids that a front end gives to points."""
    kind, _, text = answers.told(which).partition("=")
    if kind not in {"station", "platform"}:
        raise InvalidRequest(
            "write station= or platform= and an id", field="which", allowed=["station=1.json", "platform=1.json"]
        )
    found = answers.whole(text)
    if found is None:
        return []
    ask = observations.station_variables if kind == "station" else observations.platform_variables
    return answers.variables(ask(found), translate)


ROUTES = [
    get_time_range,
    list_datatypes,
    list_meta_keys,
    list_meta_values,
    get_platform_time_range,
    list_tracks,
    list_stations,
    get_metadata,
    list_variables,
]
