"""What several kinds of plot are asked the same way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, cast, get_args

import msgspec

from ocean_common.contracts.data import Interpolation
from ocean_common.errors import InvalidRequest, NotSupported, OceanError, RequestTooLarge
from ocean_plotting.domain.words import one_of

MAX_VARIABLES = 8
MAX_STATIONS = 200

# Members of a query, by what the data service calls what it is asked for them.
MEMBERS = {"points": "$.station", "variable": "$.variable", "time": "$.time"}

Range = Annotated[list[float], msgspec.Meta(min_length=2, max_length=2, description="lowest and highest value")]
Station = Annotated[
    list[float | str | None],
    msgspec.Meta(min_length=2, description="latitude and longitude in degrees; what follows them is not read"),
]


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """Options of every kind of plot. Members that a kind does not know are ignored, as the web front end needs."""

    dataset: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="id of a dataset", examples=["giops_day"])
    ]
    variable: Annotated[
        str | list[str],
        msgspec.Meta(description="keys of variables, as a list or with commas", examples=["votemper,vosaline"]),
    ] = "votemper"
    time: Annotated[
        int | str,
        msgspec.Meta(description="raw time as listed by timestamps, ISO 8601, or -1: the last", examples=[-1]),
    ] = -1
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
    radius: Annotated[float, msgspec.Meta(gt=0, le=1000, description="km, for gaussian and inverse")] = 25
    neighbours: Annotated[int, msgspec.Meta(ge=1, le=100, description="cells, for gaussian and inverse")] = 10
    plotTitle: Annotated[str, msgspec.Meta(max_length=300, description="instead of the generated title")] | None = None  # noqa: N815 - as the API spells it
    compare_to: Annotated[Any, msgspec.Meta(description="comparison with a second dataset: a later version")] = None

    def variables(self) -> list[str]:
        """The keys of the variables.

        Raises
        ------
        InvalidRequest, NotSupported
            There are none or too many; or a comparison is asked for.
        """
        if self.compare_to:
            raise NotSupported("compare_to comes with a later version; leave it out", field="$.compare_to")
        given = self.variable.split(",") if isinstance(self.variable, str) else self.variable
        keys = [key.strip() for key in given]
        if not keys or not all(keys) or len(keys) > MAX_VARIABLES:
            raise InvalidRequest(
                f"variable names {len(keys)} variables, or an empty one; it can be 1 to {MAX_VARIABLES} keys:"
                " votemper,vosaline",
                field="$.variable",
            )
        return keys

    def interpolation(self) -> Interpolation:
        """How values between grid cells are found.

        Raises
        ------
        InvalidRequest
            There is no such way.
        """
        return cast(Interpolation, one_of(self.interp, get_args(Interpolation), "$.interp"))


@contextmanager
def named_as_asked() -> Iterator[None]:
    """Have what the data service refuses named by the member of the query that it came from."""
    try:
        yield
    except OceanError as error:
        name, bracket, rest = (error.field or "").partition("[")
        error.field = MEMBERS[name] + bracket + rest if name in MEMBERS else error.field
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
            f"station has {len(stations)} points; at most {MAX_STATIONS} are drawn", field="$.station"
        )
    return [
        (
            _degrees(one[0], 90.0, f"$.station[{position}][0]", "latitude, -90 to 90"),
            _degrees(one[1], 360.0, f"$.station[{position}][1]", "longitude, -180 to 360"),
        )
        for position, one in enumerate(stations)
    ]


def _degrees(value: float | str | None, most: float, path: str, what: str) -> float:
    if isinstance(value, str) or value is None or not -min(most, 180.0) <= value <= most:
        raise InvalidRequest(f"{path} is {str(value)[:40]!r}; it is the {what} degrees", field=path)
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
        if one is not None and not one[0] < one[1]:
            path = f"$.variable_range[{position}]"
            raise InvalidRequest(f"{path} is {one}; it is [min, max] with min below max, or null", field=path)
        read.append((one[0], one[1]) if one else None)
    return read + [None] * (number - len(read))
