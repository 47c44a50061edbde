"""Routes of observations: platforms and stations on the map, their metadata, and samples for plots."""

from functools import partial
from typing import Annotated, get_args

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ocean_common.contracts import observations as contracts
from ocean_common.i18n import Translator
from ocean_common.parameters import path_parameter
from ocean_common.problems import document_errors
from ocean_core.errors import InvalidRequest, NotFound, RequestTooLarge, ServiceUnavailable
from ocean_metadata.catalogue.responses import MESSAGEPACK
from ocean_metadata.observations.model import format_instant, parse_instant
from ocean_metadata.observations.repository import Kind, ObservationRepository
from ocean_metadata.observations.search import ANY, parse_search

_MAX_ID_DIGITS = 15
_MAX_STATIONS = 1000  # of one internal request

Repository = NamedDependency[ObservationRepository]
Translate = NamedDependency[Translator]

_KEYS = (
    "Pairs `key=value` joined with `&` or `;`, then `.json`. Keys: `start_date`, `end_date` (a date is its whole day), "
    "`platform_type` (argo, drifter, glider, mission, animal, mooring; several with commas), `meta_key`, `meta_value`, "
    "`area` (JSON list of [latitude, longitude]: a polygon, or one point with `radius` in km, by default 10)"
)
StationSearch = Annotated[
    str,
    path_parameter(
        f"{_KEYS}, `datatype`, `mindepth`, `maxdepth` (m).",
        (
            "temperatures measured in a summer",
            "start_date=1999-06-01&end_date=1999-08-31&datatype=sea_water_temperature.json",
        ),
    ),
]
TrackSearch = Annotated[
    str,
    path_parameter(
        f"{_KEYS}, `quantum` (year, month, week, day, hour, minute: positions are averaged over it).",
        ("drifters in the Barents Sea", "start_date=2022-10-07&end_date=2022-11-30&quantum=day.json"),
    ),
]
_TYPES, _FLOATS = "Types of platforms, joined with commas", "floats and drifters"
LastTypes = Annotated[str, path_parameter(f"{_TYPES}; unknown types have nothing.", (_FLOATS, "argo,drifter.json"))]
Types = Annotated[str, path_parameter(f"{_TYPES}.", (_FLOATS, "argo,drifter"))]
_KEY = "A key as listed by `meta_keys`, then `.json`; `Any` has no values."
Key = Annotated[str, path_parameter(_KEY, ("types of floats", "Type of float.json"))]
MetadataKind = Annotated[Kind, path_parameter("`platform` or `station`.", "platform")]
Id = Annotated[str, path_parameter("A number, then `.json`.", ("the first one", "1.json"))]
VariablesOf = Annotated[
    str,
    path_parameter(
        "`station=` or `platform=` and an id, then `.json`. An id that is not a number has no variables.",
        ("the first platform", "platform=1.json"),
    ),
]

_get = partial(get, tags=["observations"], responses=document_errors(ServiceUnavailable), sync_to_thread=True)
_find = partial(_get, responses=document_errors(NotFound, ServiceUnavailable))


@_get("/observation/time_range", summary="Time range of all observations")
def get_observation_time_range(observations: Repository) -> contracts.TimeRange:
    """First and last instant; null where there are no observations."""
    first, last = observations.time_range()
    return contracts.TimeRange(start_time=_format_optional(first), end_time=_format_optional(last))


@_get("/observation/datatypes.json", summary="Observed quantities")
def list_data_types(observations: Repository, translate: Translate) -> list[contracts.DataType]:
    """All quantities, by key: the standard name, where there is one."""
    return [
        contracts.DataType(id=key, value=translate.quantity(name, key) or name)
        for key, name in observations.datatypes()
    ]


@_get("/observation/meta_keys/{types:str}", summary="Keys of the metadata of platforms")
def list_platform_meta_keys(observations: Repository, types: FromPath[LastTypes]) -> list[str]:
    """Keys of any platform of these types."""
    return observations.attributes(_without_suffix(types).split(","))


@_get("/observation/meta_values/{types:str}/{key:path}", summary="Values under a key of the metadata of platforms")
def list_platform_meta_values(observations: Repository, types: FromPath[Types], key: FromPath[Key]) -> list[str]:
    """Values of any platform of these types; an empty list for `Any`."""
    name = _without_suffix(key)
    return [] if name == ANY else observations.attributes(_without_suffix(types).split(","), name)


@_find("/observation/tracktimerange/{platform:str}", summary="Time range of a platform")
def get_platform_time_range(observations: Repository, platform: FromPath[Id]) -> contracts.PlatformTimeRange:
    """Times of its first and its last station."""
    first, last = observations.platform_time_range(_parse_id(platform))
    return contracts.PlatformTimeRange(min=_format_optional(first), max=_format_optional(last))


@_find(
    "/observation/track/{conditions:path}",
    summary="Tracks of platforms",
    responses=document_errors(NotFound, RequestTooLarge, ServiceUnavailable),
)
def list_tracks(observations: Repository, conditions: FromPath[TrackSearch]) -> contracts.TrackCollection:
    """Positions averaged over each quantum; platforms with a single average position are left out.

    Longitudes go on beyond ±180 where a line crosses the date line.
    """
    return contracts.TrackCollection(features=observations.search_tracks(parse_search(_without_suffix(conditions))))


@_find("/observation/point/{conditions:path}", summary="Stations on the map")
def list_stations(observations: Repository, conditions: FromPath[StationSearch]) -> contracts.StationCollection:
    """Thinned out evenly to 500 where there are more, always to the same ones."""
    return contracts.StationCollection(features=observations.search_stations(parse_search(_without_suffix(conditions))))


@_find("/observation/meta/{kind:str}/{number:str}", summary="Metadata of a platform or station")
def get_observation_metadata(
    observations: Repository, kind: FromPath[MetadataKind], number: FromPath[Id]
) -> dict[str, str]:
    """Texts by key; of a station with its time, and its name where it has one."""
    return observations.metadata(kind, _parse_id(number))


@_find("/observation/variables/{owner:str}", summary="Observed quantities of a station or platform")
def list_observed_variables(
    observations: Repository, translate: Translate, owner: FromPath[VariablesOf]
) -> list[contracts.ObservedVariable]:
    """Their ids are their positions, which plots take; an empty list for the ids that a front end gives to points."""
    kind_name, _, text = _without_suffix(owner).partition("=")
    kind = next((kind for kind in get_args(Kind) if kind == kind_name), None)
    if kind is None:
        raise InvalidRequest(
            "write station= or platform= and an id", field="owner", allowed=["station=1.json", "platform=1.json"]
        )
    number = _parse_digits(text)
    names = [] if number is None else observations.variables(kind, number)
    return [
        contracts.ObservedVariable(id=position, value=translate.quantity(name) or name)
        for position, name in enumerate(names)
    ]


@get("/observation/stations", media_type=MESSAGEPACK, sync_to_thread=True)
def get_observed_stations(observations: Repository, ids: FromQuery[str]) -> contracts.ObservedStations:
    """Stations with all their samples, in the order of their ids."""
    numbers = [_parse_id(text) for text in ids.split(",") if text.strip()]
    if len(numbers) > _MAX_STATIONS:
        raise RequestTooLarge(
            "ids: {requested_count} stations; one request returns at most {max_stations}",
            requested_count=len(numbers),
            max_stations=_MAX_STATIONS,
            field="ids",
        )
    return contracts.ObservedStations(stations=observations.read_stations(numbers))


@get("/observation/track/{platform:int}", media_type=MESSAGEPACK, sync_to_thread=True)
def get_platform_track(
    observations: Repository,
    platform: FromPath[int],
    start: FromQuery[str] = "",
    end: FromQuery[str] = "",
    datatypes: FromQuery[str] = "",
    *,
    depth: FromQuery[float | None] = None,
) -> contracts.PlatformTrack:
    """Track of a platform between two times, with the values of its quantities in one layer of depth."""
    return observations.read_track(
        platform,
        parse_instant(start, "start") if start else None,
        parse_instant(end, "end", end=True) if end else None,
        [key for key in datatypes.split(",") if key],
        depth,
    )


def _format_optional(time: int | None) -> str | None:
    return None if time is None else format_instant(time)


def _without_suffix(text: str) -> str:
    """Return the part of an address between the slash and `.json`."""
    if "\0" in text:
        raise InvalidRequest("the address contains a null character")
    return text.removeprefix("/").removesuffix(".json")


def _parse_id(segment: str) -> int:
    text = _without_suffix(segment)
    number = _parse_digits(text)
    if number is None:
        raise NotFound("nothing has the id {text!r}; ids are numbers", text=text[:40], field="id")
    return number


def _parse_digits(text: str) -> int | None:
    """Parse an id, None for other text. The existing front end writes a stray brace after it."""
    digits = text.strip().removesuffix("}")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_ID_DIGITS else None


ROUTES = [
    get_observation_time_range,
    list_data_types,
    list_platform_meta_keys,
    list_platform_meta_values,
    get_platform_time_range,
    list_tracks,
    list_stations,
    get_observation_metadata,
    list_observed_variables,
]
INTERNAL_ROUTES = [get_observed_stations, get_platform_track]
