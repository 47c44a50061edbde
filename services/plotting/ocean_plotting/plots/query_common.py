"""What several kinds of plot are asked the same way."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Literal, cast, get_args

import msgspec

from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation
from ocean_common.errors import InvalidRequest, OceanError, RequestTooLarge
from ocean_core.colour import Limits, is_distinguishable
from ocean_core.messages import Message
from ocean_core.time import parse_instant
from ocean_plotting.palettes import parse_scale
from ocean_plotting.plots.words import one_of

MAX_VARIABLES = 8
MAX_STATIONS = 200

# Members of a query, by what the data service calls what it is asked for them.
MEMBERS = {
    "points": "$.station", "path": "$.path", "variable": "$.variable", "variables": "$.variable", "time": "$.time",
    "latitude": "$.station[0]",  # of one point alone
    "start": "$.starttime", "end": "$.endtime", "depth": "$.depth", "dataset": "$.dataset", "polygon": "$.area",
    "radius": "$.radius", "neighbours": "$.neighbours", "interpolation": "$.interp",
    "minus.dataset": "$.compare_to.dataset", "minus.variables": "$.compare_to.variable",
    "minus.time": "$.compare_to.time", "minus.depth": "$.compare_to.depth",
}  # fmt: skip
COMPARED = {"variable", "variables", "time", "start", "end", "depth", "dataset"}  # what a second dataset has of its own

Range = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2, description="lowest and highest value")]
Station = Annotated[
    list[float | str | None],
    msgspec.Meta(min_length=2, description="latitude and longitude in degrees; what follows them is not read"),
]
Variables = Annotated[
    str | list[str],
    msgspec.Meta(description="keys of variables, as a list or with commas", examples=["votemper,vosaline"]),
]
Time = Annotated[
    int | str,
    msgspec.Meta(description="raw time as listed by timestamps, ISO 8601, or -1: the last", examples=[-1]),
]
Level = Annotated[
    int | str,
    msgspec.Meta(description="index of a depth level, or bottom; some kinds take all", examples=[0, "bottom"]),
]
ScaleText = Annotated[
    str,
    msgspec.Meta(max_length=80, description="min,max in the variable's units, or auto", examples=["auto", "-5,30"]),
]
Colormap = Annotated[
    str | None,
    msgspec.Meta(description="id of a colormap; default or null: by what the variable is", examples=["thermal"]),
]
Title = Annotated[str, msgspec.Meta(max_length=300, description="instead of the generated title")] | None
ShowMap = Annotated[bool | int | None, msgspec.Meta(description="draw a map of where it is")]


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """Options of every kind of plot. Members that a kind does not know are ignored, as the web front end needs."""

    dataset: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="id of a dataset", examples=["giops_day"])
    ]
    variable: Variables = "votemper"
    quantum: Annotated[
        str | None, msgspec.Meta(description="how exactly times are written: year, month, day or hour")
    ] = None
    interp: Annotated[
        str,
        msgspec.Meta(
            extra_json_schema={
                "description": "how values between grid cells are found",
                "extra": {"enum": list(get_args(Interpolation))},
            }
        ),
    ] = "nearest"
    radius: Annotated[float, msgspec.Meta(gt=0, le=MAX_RADIUS, description="km, for gaussian and inverse")] = 25
    neighbours: Annotated[int, msgspec.Meta(ge=1, le=MAX_NEIGHBOURS, description="cells, for gaussian and inverse")] = (
        10
    )
    plotTitle: Title = None  # noqa: N815 - as the API spells it

    def datasets(self) -> list[str]:
        """The ids of all datasets that are asked about."""
        compared = getattr(self, "compare_to", None)
        return [self.dataset, *([compared.dataset] if isinstance(compared, Comparison) else [])]

    def variables(self, most: int = MAX_VARIABLES) -> list[str]:
        """The keys of the variables.

        Raises
        ------
        InvalidRequest
            There are none, or more than ``most``.
        """
        return keys_of(self.variable, "$.variable", most)

    def interpolation(self) -> Interpolation:
        """How values between grid cells are found.

        Raises
        ------
        InvalidRequest
            There is no such way.
        """
        return cast(Interpolation, one_of(self.interp, get_args(Interpolation), "$.interp"))


class AtStations(Common, frozen=True, kw_only=True):
    """Options of the kinds that are about stations."""

    station: Annotated[
        list[Station], msgspec.Meta(min_length=1, description="points [latitude, longitude]", examples=[[[73.0, 20.0]]])
    ]
    names: Annotated[list[str | None] | None, msgspec.Meta(description="names of the stations; null: generated")] = None
    showmap: ShowMap = True


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The second dataset of a comparison; what is left out is as in the query."""

    dataset: Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="id of the second dataset")]
    variable: Variables | None = None
    time: Time | None = None
    starttime: Time | None = None
    endtime: Time | None = None
    depth: Level | None = None
    scale: ScaleText = "auto"
    scale_diff: ScaleText = "auto"
    colormap: Colormap = None
    colormap_diff: Colormap = None


# Null and false, as front ends write "no comparison".
CompareTo = Annotated[Comparison | Literal[False] | None, msgspec.Meta(description="comparison with a second dataset")]


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What every kind's ``fetch`` answers: the numbers, and of which revision of which dataset they are."""

    time: str  # the (first) time that it is about, ISO 8601
    revisions: dict[str, str]  # by dataset


def keys_of(variable: str | list[str], field: str, most: int = MAX_VARIABLES) -> list[str]:
    """Read keys of variables, as a list or with commas.

    Raises
    ------
    InvalidRequest
        There are none, an empty one, or more than ``most``.
    """
    given = variable.split(",") if isinstance(variable, str) else variable
    keys = [key.strip() for one in given for key in one.split(",")]
    if not keys or not all(keys) or len(keys) > most:
        raise InvalidRequest(
            "{name} names {keys_count} variables, or an empty one; it can be 1 to {limit} keys: votemper",
            name=field,
            keys_count=len(keys),
            limit=most,
            field=field,
        )
    return keys


def scale_of(text: str, field: str) -> Limits | None:
    """Read ``min,max``; None for a scale that the values decide: any text with `auto` in it.

    Raises
    ------
    InvalidRequest
        It is neither.
    """
    return None if "auto" in text or not text.strip() else parse_scale(text, field)


@contextmanager
def named_as_asked(prefix: str = "$", members: Mapping[str, str] = MEMBERS) -> Iterator[None]:
    """Have what a neighbour refuses named by the member of the query that it came from.

    ``prefix``: of the members that a second dataset has of its own, for it `$.compare_to`. ``members``: by what the
    neighbour calls them.
    """
    try:
        yield
    except OceanError as error:
        name, bracket, rest = (error.field or "").partition("[")
        if name in members:
            error.field = members[name].replace("$", prefix if name in COMPARED else "$", 1) + bracket + rest
        raise


def positions(stations: list[Station]) -> list[tuple[float, float]]:
    """Read latitude and longitude (degrees) of stations.

    Raises
    ------
    InvalidRequest, RequestTooLarge
        One is not on the Earth, or there are too many.
    """
    if len(stations) > MAX_STATIONS:
        raise RequestTooLarge(
            "station has {stations_count} points; at most {max_stations} are drawn",
            stations_count=len(stations),
            max_stations=MAX_STATIONS,
            field="$.station",
        )
    return [point(one, f"$.station[{position}]") for position, one in enumerate(stations)]


def point(given: Station, field: str) -> tuple[float, float]:
    """Read latitude and longitude (degrees) of one point.

    Raises
    ------
    InvalidRequest
        It is not on the Earth.
    """
    return (
        _degrees(given[0], 90.0, f"{field}[0]", Message("latitude, -90 to 90")),
        _degrees(given[1], 360.0, f"{field}[1]", Message("longitude, -180 to 360")),
    )


def _degrees(value: float | str | None, most: float, path: str, what: Message) -> float:
    if isinstance(value, str) or value is None or not -min(most, 180.0) <= value <= most:
        raise InvalidRequest(
            "{path} is {value!r}; it is the {subject} degrees",
            path=path,
            value=str(value)[:40],
            subject=what,
            field=path,
        )
    return float(value)


def ranges(given: list[Range | None] | None, number: int) -> list[tuple[float, float] | None]:
    """Read the range of each variable's axis; None where the values decide.

    Raises
    ------
    InvalidRequest
        A minimum is not below its maximum.
    """
    read: list[tuple[float, float] | None] = []
    for position, one in enumerate((given or [])[:number]):
        if one is not None and not is_distinguishable(one[0], one[1]):
            path = f"$.variable_range[{position}]"
            raise InvalidRequest(
                "{path} is {name}; it is [min, max] with min below max, or null", path=path, name=one, field=path
            )
        read.append((one[0], one[1]) if one else None)
    return read + [None] * (number - len(read))


def instant(given: str, field: str) -> str:
    """Read an instant of ISO 8601, in UTC where it has no zone of its own.

    Raises
    ------
    InvalidRequest
        It is none.
    """
    try:
        found = parse_instant(given)
    except (ValueError, OverflowError) as error:  # also one whose UTC is before the year 1
        raise InvalidRequest(
            "{name} is {value!r}; it is an instant like 2016-02-05T12:00:00Z", name=field, value=given[:40], field=field
        ) from error
    return found.isoformat()
