"""Members that queries of several kinds of plots have in common: their types, and how they are read.

Wrong members are refused with an InvalidRequest or RequestTooLarge that has their path.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal, get_args

import msgspec

from ocean_common.contracts.data import Interpolation, Point, PointsRequest
from ocean_common.parameters import parse_choice
from ocean_core.colour import Scale, is_distinguishable
from ocean_core.errors import InvalidRequest, Message, OceanError, RequestTooLarge
from ocean_core.geometry import MAX_LONGITUDE, wrap_far_longitudes
from ocean_core.time import parse_instant
from ocean_plotting import palettes
from ocean_plotting.palettes import validate_colormap

MAX_VARIABLES = 8
MAX_STATIONS = 200

# Members of a query, by the names of the data service's parameters.
QUERY_MEMBERS = {
    "points": "$.station", "path": "$.path", "variable": "$.variable", "variables": "$.variable", "time": "$.time",
    "latitude": "$.station[0]",  # of a single point
    "start": "$.starttime", "end": "$.endtime", "depth": "$.depth", "dataset": "$.dataset", "polygon": "$.area",
    "radius": "$.radius", "neighbours": "$.neighbours", "interpolation": "$.interp",
    "minus.dataset": "$.compare_to.dataset", "minus.variables": "$.compare_to.variable",
    "minus.time": "$.compare_to.time", "minus.depth": "$.compare_to.depth",
}  # fmt: skip
COMPARED_MEMBERS = {"variable", "variables", "time", "start", "end", "depth", "dataset"}  # also in `compare_to`

ValueRange = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2, description="minimum and maximum")]
Station = Annotated[
    list[float | str | None],
    msgspec.Meta(min_length=2, description="latitude and longitude in degrees; further elements are ignored"),
]
Variables = Annotated[
    str | list[str],
    msgspec.Meta(description="keys of variables, as a list or with commas", examples=["votemper,vosaline"]),
]
Time = Annotated[
    int | str, msgspec.Meta(description="raw time as listed by timestamps, ISO 8601, or -1: the last", examples=[-1])
]
Level = Annotated[
    int | str,
    msgspec.Meta(description="index of a depth level, or bottom; some kinds take all", examples=[0, "bottom"]),
]
Length = float | str | bool | None
LinearDepth = Annotated[
    Length,
    msgspec.Meta(
        description="m, dbar where levels are pressures: below it the depth axis is stretched; false, null or 0: "
        "nowhere",
        examples=[200],
    ),
]
ScaleText = Annotated[
    str,
    msgspec.Meta(
        max_length=80,
        description="min,max in the variable's units; min,max,log for a logarithmic scale; or auto",
        examples=["auto", "-5,30"],
    ),
]
Colormap = Annotated[
    str | None,
    msgspec.Meta(description="id of a colormap; default or null: that of the variable", examples=["thermal"]),
]
Title = Annotated[str, msgspec.Meta(max_length=300, description="instead of the generated title")] | None
ShowMap = Annotated[bool | int | None, msgspec.Meta(description="draw a map of the stations or the path")]
Number = int | str
Numbers = Annotated[
    list[Number] | Number, msgspec.Meta(description="a number or its digits, or a list of them; texts with commas too")
]


def parse_length(value: Length, field: str, *, allow_zero: bool = False) -> float | None:
    """Read a depth or distance as front ends write it: false, null, nothing and negative ones are none."""
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        return None
    try:
        length = math.nan if value is True else float(value)
    except ValueError:
        length = math.nan
    if not math.isfinite(length):
        raise InvalidRequest("{field} is {value!r}; it is a number, or false", value=str(value)[:40], field=field)
    return length if length > 0 or (length == 0 and allow_zero) else None


def choice_schema(description: str, choices: Sequence[Any]) -> msgspec.Meta:
    """Document a text that must be one of ``choices``."""
    return msgspec.Meta(extra_json_schema={"description": description, "extra": {"enum": list(choices)}})


class PlotQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Options of all kinds of plots. Unknown members are ignored, as the web front end needs."""

    dataset: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="id of a dataset", examples=["arctic_day"])
    ]
    variable: Variables = "votemper"
    quantum: Annotated[str | None, msgspec.Meta(description="precision of written times: year, month, day, hour")] = (
        None
    )
    interp: Annotated[str, choice_schema("interpolation between grid cells", get_args(Interpolation))] = "nearest"
    radius: Annotated[float, msgspec.Meta(gt=0, le=500, description="km, for gaussian and inverse")] = 25
    neighbours: Annotated[int, msgspec.Meta(ge=1, le=50, description="cells, for gaussian and inverse")] = 10
    plotTitle: Title = None  # noqa: N815 - as the API spells it

    def second_dataset(self) -> "ComparedDataset | None":
        """Return the second dataset of a comparison, in the kinds that have one."""
        second: ComparedDataset | Literal[False] | None = getattr(self, "compare_to", None)
        return second or None

    def dataset_ids(self) -> list[str]:
        second = self.second_dataset()
        return [self.dataset, *([second.dataset] if second else [])]

    def variable_keys(self, most: int = MAX_VARIABLES) -> list[str]:
        return parse_keys(self.variable, "$.variable", most)

    def search_options(self) -> dict[str, Any]:
        """Return the members of a data request that say how values between cells are found."""
        interpolation = parse_choice(self.interp, get_args(Interpolation), "$.interp")
        return {"interpolation": interpolation, "radius": self.radius, "neighbours": self.neighbours}

    def request_points(self, variables: list[str], points: list[Point], **options: Any) -> PointsRequest:
        return PointsRequest(
            dataset=self.dataset, variables=variables, points=points, **self.search_options(), **options
        )


class StationQuery(PlotQuery, frozen=True, kw_only=True):
    """Options of the kinds of plots at stations."""

    station: Annotated[
        list[Station], msgspec.Meta(min_length=1, description="points [latitude, longitude]", examples=[[[73.0, 20.0]]])
    ]
    names: Annotated[list[str | None] | None, msgspec.Meta(description="names of the stations; null: generated")] = None
    showmap: ShowMap = True


class ObservedQuery(PlotQuery, frozen=True, kw_only=True):
    """Options of the kinds of plots of observations, with or without a model beside them."""

    variable: Variables | None = "votemper"  # type: ignore[assignment] # null: no model
    showmap: ShowMap = True

    def dataset_ids(self) -> list[str]:  # observations have no revision
        return []

    def model_keys(self) -> list[str]:
        """Return the keys of the model's variables; there may be none."""
        return self.variable_keys() if self.variable else []


class ComparedDataset(msgspec.Struct, frozen=True, kw_only=True):
    """The second dataset of a comparison; members that are left out are as in the query."""

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

    def check_colours(self) -> None:
        """Refuse invalid scales and colormaps."""
        for scale in ("scale", "scale_diff"):
            parse_scale(getattr(self, scale), f"$.compare_to.{scale}")
        for colormap in ("colormap", "colormap_diff"):
            validate_colormap(getattr(self, colormap), f"$.compare_to.{colormap}")


# Null and false, as front ends write "no comparison".
CompareTo = Annotated[
    ComparedDataset | Literal[False] | None, msgspec.Meta(description="comparison with a second dataset")
]


def parse_keys(variable: str | list[str], field: str, most: int = MAX_VARIABLES) -> list[str]:
    """Read keys of variables, as a list or with commas."""
    texts = variable.split(",") if isinstance(variable, str) else variable
    keys = [key.strip() for text in texts for key in text.split(",")]
    if not keys or not all(keys) or len(keys) > most:
        raise InvalidRequest(
            "{field} names {keys_count} variables, or an empty one; it can be 1 to {limit} keys: votemper",
            keys_count=len(keys),
            limit=most,
            field=field,
        )
    return keys


def parse_scale(text: str, field: str) -> Scale | None:
    """Read ``min,max`` or ``min,max,log``; None for a scale that the values decide: any text with `auto` in it."""
    return None if "auto" in text or not text.strip() else palettes.parse_scale(text, field)


@contextmanager
def map_error_fields(prefix: str = "$", members: Mapping[str, str] = QUERY_MEMBERS) -> Iterator[None]:
    """Rename the fields of errors of other services to the members of the query that they came from.

    ``prefix``: of the members that a second dataset has of its own: `$.compare_to`. ``members``: by the names of the
    other service's parameters.
    """
    try:
        yield
    except OceanError as error:
        name, bracket, rest = (error.field or "").partition("[")
        if name in members:
            error.field = members[name].replace("$", prefix if name in COMPARED_MEMBERS else "$", 1) + bracket + rest
        raise


def check_count(text: str, count: int, limit: int, field: str, *, path: str = "") -> None:
    """Refuse more than can be drawn, with a text of {count} and {limit}, and perhaps of a ``path``."""
    if count > limit:
        raise RequestTooLarge(text, count=count, limit=limit, path=path, field=field)


def parse_stations(stations: list[Station]) -> list[tuple[float, float]]:
    """Read latitude and longitude (degrees) of stations."""
    check_count("station has {count} points; at most {limit} are drawn", len(stations), MAX_STATIONS, "$.station")
    return [parse_point(station, f"$.station[{position}]") for position, station in enumerate(stations)]


def parse_point(point: Station, field: str) -> tuple[float, float]:
    """Read latitude and longitude (degrees) of one point."""
    limits = Message("longitude, -{limit:g} to {limit:g}", limit=MAX_LONGITUDE)
    latitude = _parse_degrees(point[0], 90.0, f"{field}[0]", Message("latitude, -90 to 90"))
    return latitude, float(wrap_far_longitudes(_parse_degrees(point[1], MAX_LONGITUDE, f"{field}[1]", limits)))


def _parse_degrees(value: float | str | None, most: float, path: str, limits: Message) -> float:
    if isinstance(value, str) or value is None or not abs(value) <= most:
        raise InvalidRequest(
            "{field} is {value!r}; it is the {limits} degrees", value=str(value)[:40], limits=limits, field=path
        )
    return float(value)


def parse_ranges(ranges: Sequence[list[float] | None] | None, number: int) -> list[tuple[float, float] | None]:
    """Read the range of each variable's axis; None where the values decide."""
    limits: list[tuple[float, float] | None] = []
    for position, pair in enumerate((ranges or [])[:number]):
        if pair is not None and not is_distinguishable(pair[0], pair[1]):
            raise InvalidRequest(
                "{field} is {value}; it is [min, max] with min below max, or null",
                value=pair,
                field=f"$.variable_range[{position}]",
            )
        limits.append((pair[0], pair[1]) if pair else None)
    return limits + [None] * (number - len(limits))


def parse_time(text: str, field: str) -> str:
    """Read an instant of ISO 8601, in UTC where it has no zone of its own."""
    try:
        return parse_instant(text).isoformat()
    except (ValueError, OverflowError) as error:  # also one whose UTC is before the year 1
        raise InvalidRequest(
            "{field} is {value!r}; it is an instant like 2016-02-05T12:00:00Z", value=text[:40], field=field
        ) from error


def parse_id(value: Number, field: str) -> int:
    """Read a number, or its digits."""
    text = str(value).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidRequest("{field} is {value!r}; it is a whole number from 0", value=text[:40], field=field)
    return int(text)


def parse_ids(values: Numbers, field: str) -> list[int]:
    """Read several numbers, each once: as a list, or as front ends write them after a change in a select box."""
    if isinstance(values, list):
        return list(dict.fromkeys(parse_id(value, f"{field}[{place}]") for place, value in enumerate(values)))
    return list(dict.fromkeys(parse_id(value, field) for value in str(values).split(",") if value.strip()))


def parse_selection(values: Numbers, names: Sequence[str], field: str) -> list[int]:
    """Read indices of measured quantities."""
    indices = parse_ids(values, field)
    for index in indices:
        if index >= len(names):
            raise InvalidRequest(
                "{field} has {index}; what was measured is {quantities}, counted from 0",
                index=index,
                quantities=", ".join(names) or "nothing",
                field=field,
                allowed=[str(place) for place in range(len(names))],
            )
    return indices
