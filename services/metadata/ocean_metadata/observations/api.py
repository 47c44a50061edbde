"""Routes of observations: platforms and stations on the map, their metadata, and samples for plots."""

from typing import Annotated, Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, PathParameter

from ocean_common.contracts.observations import (
    DataType,
    ObservationProperties,
    ObservedStations,
    ObservedVariable,
    PlatformTimeRange,
    PlatformTrack,
    StationCollection,
    StationFeature,
    TimeRange,
    TrackCollection,
    TrackFeature,
)
from ocean_common.contracts.places import LineGeometry, PointGeometry
from ocean_common.i18n import Translator
from ocean_common.problems import document_errors
from ocean_core.errors import InvalidRequest, NotFound, RequestTooLarge, ServiceUnavailable
from ocean_metadata.observations.model import format_instant, parse_instant
from ocean_metadata.observations.repository import ObservationRepository
from ocean_metadata.observations.search import ANY, parse_search

TAGS = ["observations"]
MESSAGEPACK = "application/x-msgpack"
_SUFFIX = ".json"
_MAX_ID_DIGITS = 15
_MAX_STATIONS = 1000  # of one internal request

_KEYS = (
    "Pairs `key=value` joined with `&` or `;`, then `.json`. Keys: `start_date`, `end_date` (a date is its whole day), "
    "`platform_type` (argo, drifter, glider, mission, animal, mooring; several with commas), `meta_key`, `meta_value`, "
    "`area` (JSON list of [latitude, longitude]: a polygon, or one point with `radius` in km, by default 10)"
)
StationSearch = Annotated[
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
TrackSearch = Annotated[
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
        description="Types of platforms, joined with commas; unknown types have nothing.",
        examples=[Example(summary="floats and drifters", value="argo,drifter.json")],
    ),
]
TypesSegment = Annotated[
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
        examples=[Example(summary="types of floats", value="Type of float.json")],
    ),
]
MetadataKind = Annotated[
    Literal["platform", "station"],
    PathParameter(description="`platform` or `station`.", examples=[Example(value="platform")]),
]
IdSegment = Annotated[
    str,
    PathParameter(description="A number, then `.json`.", examples=[Example(summary="the first one", value="1.json")]),
]
VariablesOf = Annotated[
    str,
    PathParameter(
        description="`station=` or `platform=` and an id, then `.json`. An id that is not a number has no variables.",
        examples=[Example(summary="the first platform", value="platform=1.json")],
    ),
]


@get(
    "/observation/time_range",
    operation_id="getObservationTimeRange",
    summary="Time range of all observations",
    tags=TAGS,
    responses=document_errors(ServiceUnavailable),
    sync_to_thread=True,
)
def get_time_range(observations: NamedDependency[ObservationRepository]) -> TimeRange:
    """First and last instant; null where there are no observations."""
    first, last = observations.time_range()
    return TimeRange(start_time=_format_optional(first), end_time=_format_optional(last))


@get(
    "/observation/datatypes.json",
    operation_id="listDataTypes",
    summary="Observed quantities",
    tags=TAGS,
    responses=document_errors(ServiceUnavailable),
    sync_to_thread=True,
)
def list_datatypes(
    observations: NamedDependency[ObservationRepository], translate: NamedDependency[Translator]
) -> list[DataType]:
    """All quantities, by key: the standard name, where there is one."""
    return [
        DataType(id=datatype.id, value=translate.quantity(datatype.value, datatype.id) or datatype.value)
        for datatype in observations.datatypes()
    ]


@get(
    "/observation/meta_keys/{types:str}",
    operation_id="listPlatformMetaKeys",
    summary="Keys of the metadata of platforms",
    tags=TAGS,
    responses=document_errors(ServiceUnavailable),
    sync_to_thread=True,
)
def list_meta_keys(observations: NamedDependency[ObservationRepository], types: FromPath[Types]) -> list[str]:
    """Keys of any platform of these types."""
    return observations.attribute_keys(_without_suffix(types).split(","))


@get(
    "/observation/meta_values/{types:str}/{key:path}",
    operation_id="listPlatformMetaValues",
    summary="Values under a key of the metadata of platforms",
    tags=TAGS,
    responses=document_errors(ServiceUnavailable),
    sync_to_thread=True,
)
def list_meta_values(
    observations: NamedDependency[ObservationRepository], types: FromPath[TypesSegment], key: FromPath[Key]
) -> list[str]:
    """Values of any platform of these types; an empty list for `Any`."""
    name = _without_suffix(key)
    return [] if name == ANY else observations.attribute_values(_without_suffix(types).split(","), name)


@get(
    "/observation/tracktimerange/{platform:str}",
    operation_id="getPlatformTimeRange",
    summary="Time range of a platform",
    tags=TAGS,
    responses=document_errors(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def get_platform_time_range(
    observations: NamedDependency[ObservationRepository], platform: FromPath[IdSegment]
) -> PlatformTimeRange:
    """Times of its first and its last station."""
    first, last = observations.platform_time_range(_parse_id(_without_suffix(platform)))
    return PlatformTimeRange(min=_format_optional(first), max=_format_optional(last))


@get(
    "/observation/track/{asked:path}",
    operation_id="listTracks",
    summary="Tracks of platforms",
    tags=TAGS,
    responses=document_errors(NotFound, RequestTooLarge, ServiceUnavailable),
    sync_to_thread=True,
)
def list_tracks(observations: NamedDependency[ObservationRepository], asked: FromPath[TrackSearch]) -> TrackCollection:
    """Positions averaged over each quantum; platforms with a single average position are left out.

    Longitudes go on beyond ±180 where a line crosses the date line.
    """
    return TrackCollection(
        features=[
            TrackFeature(
                geometry=LineGeometry(coordinates=track.points),
                properties=ObservationProperties(id=track.id, type=track.type, class_="observation"),
            )
            for track in observations.search_tracks(parse_search(_without_suffix(asked)))
        ]
    )


@get(
    "/observation/point/{asked:path}",
    operation_id="listStations",
    summary="Stations on the map",
    tags=TAGS,
    responses=document_errors(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def list_stations(
    observations: NamedDependency[ObservationRepository], asked: FromPath[StationSearch]
) -> StationCollection:
    """Thinned out evenly to 500 where there are more, always to the same ones."""
    return StationCollection(
        features=[
            StationFeature(
                geometry=PointGeometry(coordinates=(station.longitude, station.latitude)),
                properties=ObservationProperties(
                    id=station.id, type=station.type, class_="observation", name=station.name
                ),
            )
            for station in observations.search_stations(parse_search(_without_suffix(asked)))
        ]
    )


@get(
    "/observation/meta/{kind:str}/{number:str}",
    operation_id="getObservationMetadata",
    summary="Metadata of a platform or station",
    tags=TAGS,
    responses=document_errors(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def get_metadata(
    observations: NamedDependency[ObservationRepository], kind: FromPath[MetadataKind], number: FromPath[IdSegment]
) -> dict[str, str]:
    """Texts by key; of a station with its time, and its name where it has one."""
    id_ = _parse_id(_without_suffix(number))
    return observations.station_metadata(id_) if kind == "station" else observations.platform_metadata(id_)


@get(
    "/observation/variables/{which:str}",
    operation_id="listObservedVariables",
    summary="Observed quantities of a station or platform",
    tags=TAGS,
    responses=document_errors(NotFound, ServiceUnavailable),
    sync_to_thread=True,
)
def list_variables(
    observations: NamedDependency[ObservationRepository],
    translate: NamedDependency[Translator],
    which: FromPath[VariablesOf],
) -> list[ObservedVariable]:
    """Their ids are their positions, which plots take; an empty list for the ids that a front end gives to points."""
    kind, _, text = _without_suffix(which).partition("=")
    if kind not in {"station", "platform"}:
        raise InvalidRequest(
            "write station= or platform= and an id", field="which", allowed=["station=1.json", "platform=1.json"]
        )
    id_ = _parse_digits(text)
    if id_ is None:
        return []
    names = observations.station_variables(id_) if kind == "station" else observations.platform_variables(id_)
    return [
        ObservedVariable(id=position, value=translate.quantity(name) or name) for position, name in enumerate(names)
    ]


@get("/observation/stations", media_type=MESSAGEPACK, sync_to_thread=True)
def get_observed_stations(
    observations: NamedDependency[ObservationRepository], ids: FromQuery[str]
) -> ObservedStations:
    """Stations with all their samples, in the order of their ids."""
    numbers = [_parse_id(text) for text in ids.split(",") if text.strip()]
    if len(numbers) > _MAX_STATIONS:
        raise RequestTooLarge(
            "ids: {requested_count} stations; one request returns at most {max_stations}",
            requested_count=len(numbers),
            max_stations=_MAX_STATIONS,
            field="ids",
        )
    return ObservedStations(stations=observations.read_stations(numbers))


@get("/observation/track/{platform:int}", media_type=MESSAGEPACK, sync_to_thread=True)
def get_platform_track(
    observations: NamedDependency[ObservationRepository],
    platform: FromPath[int],
    start: FromQuery[str] = "",
    end: FromQuery[str] = "",
    datatypes: FromQuery[str] = "",
) -> PlatformTrack:
    """Track of a platform between two times, with the shallowest values of its quantities."""
    return observations.read_track(
        platform,
        parse_instant(start, "start") if start else None,
        parse_instant(end, "end", end=True) if end else None,
        [key for key in datatypes.split(",") if key],
    )


def _format_optional(time: int | None) -> str | None:
    return None if time is None else format_instant(time)


def _without_suffix(text: str) -> str:
    """Return the part of an address between the slash and `.json`."""
    if "\0" in text:
        raise InvalidRequest("the address contains a null character")
    return text.removeprefix("/").removesuffix(_SUFFIX)


def _parse_id(text: str) -> int:
    number = _parse_digits(text)
    if number is None:
        raise NotFound("nothing has the id {text!r}; ids are numbers", text=text[:40], field="id")
    return number


def _parse_digits(text: str) -> int | None:
    """Parse an id, None for other text. The existing front end writes a stray brace after it."""
    digits = text.strip().removesuffix("}")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_ID_DIGITS else None


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
INTERNAL_ROUTES = [get_observed_stations, get_platform_track]
