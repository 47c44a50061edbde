"""What a map is asked for, and what that means for the data service."""

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from ocean_common.contracts.extractions import AreaRequest, DifferenceRequest, Minuend
from ocean_common.errors import InvalidRequest, NotFound
from ocean_plotting.figure.outline import MAX_VERTICES, Area, geojson, ring
from ocean_plotting.figure.view import ASKED
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import (
    Colormap,
    Common,
    CompareTo,
    Comparison,
    Level,
    ScaleText,
    Time,
    Variables,
    keys_of,
    scale_of,
)
from ocean_plotting.plots.words import one_of

MAX_AREAS, MAX_LEVELS = 50, 20
Magnitude = Literal["length", "color", "none"]
NOTHING = {"", "none", "None"}  # how front ends say that a variable is not chosen

Rings = list[list[list[float]]]
Flag = Annotated[bool | int | None, msgspec.Meta(description="whether it is drawn")]


class DrawnArea(msgspec.Struct, frozen=True, kw_only=True):
    """Polygons as they are drawn in the web front end."""

    polygons: Annotated[
        Rings,
        msgspec.Meta(
            min_length=1,
            max_length=500,
            description="rims, each a list of [latitude, longitude]",
            examples=[[[[70, 10], [70, 30], [76, 30], [76, 10], [70, 10]]]],
        ),
    ]
    innerrings: Annotated[Rings | None, msgspec.Meta(description="holes in the polygons, written in the same way")] = (
        None
    )
    name: Annotated[str, msgspec.Meta(max_length=200, description="shown with the outline and in the title")] | None = (
        ""
    )


class Arrowed(msgspec.Struct, frozen=True, kw_only=True):
    """Arrows over the map."""

    variable: Annotated[
        Variables | None,
        msgspec.Meta(description="the two components of a vector, or a variable that has them; none: no arrows"),
    ] = None
    magnitude: Annotated[
        str,
        msgspec.Meta(
            extra_json_schema={
                "description": "what tells the magnitude: the arrows' length, their color, or nothing",
                "extra": {"enum": list(get_args(Magnitude))},
            }
        ),
    ] = "length"
    colormap: Colormap = None


class Contoured(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of equal value over the map."""

    variable: Annotated[Variables | None, msgspec.Meta(description="key of a variable; none: no lines")] = None
    colormap: Colormap = None
    levels: Annotated[
        str | list[float] | None,
        msgspec.Meta(description="auto, or values with commas or in a list", examples=["auto", "-10,0,10"]),
    ] = "auto"
    hatch: Annotated[bool | int | None, msgspec.Meta(description="hatching between the levels instead of lines")] = (
        False
    )
    legend: Annotated[bool | int | None, msgspec.Meta(description="explain the levels below the map")] = False


class MapQuery(Common, frozen=True, kw_only=True):
    """What a map is asked for."""

    area: Annotated[
        list[DrawnArea | str],
        msgspec.Meta(
            min_length=1,
            max_length=MAX_AREAS,
            description="what is shown: drawn areas, or keys group/name of predefined ones",
            examples=[[{"polygons": [[[70, 10], [70, 30], [76, 30], [76, 10]]], "name": "Barents Sea"}]],
        ),
    ]
    time: Time = -1
    depth: Level = 0
    scale: ScaleText = "auto"
    colormap: Colormap = None
    projection: Annotated[
        str | None,
        msgspec.Meta(
            extra_json_schema={
                "description": "of the map; null: a conformal one that is fitted to the area",
                "extra": {"enum": [*ASKED, None]},
            }
        ),
    ] = None
    bathymetry: Annotated[bool | int | None, msgspec.Meta(description="draw lines of equal depth")] = False
    showarea: Annotated[bool | int | None, msgspec.Meta(description="draw the outlines of the areas")] = False
    quiver: Annotated[Arrowed | bool | str | None, msgspec.Meta(description="arrows; null or false: none")] = None
    contour: Annotated[Contoured | bool | str | None, msgspec.Meta(description="lines; null or false: none")] = None
    compare_to: CompareTo = None

    def areas(self) -> list[Area]:
        """The areas, all of them drawn.

        Raises
        ------
        InvalidRequest
            A ring is none.
        """
        read = []
        for number, one in enumerate(self.area):
            path = f"$.area[{number}]"
            if isinstance(one, str):
                raise InvalidRequest("{path} names an area that was not looked up", path=path, field=path)
            rims = [ring(each, f"{path}.polygons[{at}]") for at, each in enumerate(one.polygons)]
            holes = [ring(each, f"{path}.innerrings[{at}]") for at, each in enumerate(one.innerrings or [])]
            read.append(Area(name=(one.name or "").strip(), rims=rims, holes=holes))
        if sum(len(each) for area in read for each in [*area.rims, *area.holes]) > MAX_VERTICES:
            raise InvalidRequest(
                "area has more than {max_vertices} positions; draw it with fewer",
                max_vertices=MAX_VERTICES,
                field="$.area",
            )
        return read

    def arrows(self) -> Arrowed | None:
        """The arrows, if there are any."""
        return self.quiver if isinstance(self.quiver, Arrowed) and _chosen(self.quiver.variable) else None

    def lines(self) -> Contoured | None:
        """The lines of equal value, if there are any."""
        return self.contour if isinstance(self.contour, Contoured) and _chosen(self.contour.variable) else None

    def compared(self) -> Comparison | None:
        """The second dataset, if there is one."""
        return self.compare_to if isinstance(self.compare_to, Comparison) else None


def _chosen(variable: str | list[str] | None) -> bool:
    return bool(variable) and not (isinstance(variable, str) and variable.strip() in NOTHING)


def check(query: MapQuery) -> None:
    """Refuse what can be refused before anything is asked.

    Raises
    ------
    InvalidRequest
        A scale, a colormap, a depth, levels or a magnitude is wrong.
    """
    compared, arrows, lines = query.compared(), query.arrows(), query.lines()
    scale_of(query.scale, "$.scale")
    maps: list[tuple[str, str | None]] = [("$.colormap", query.colormap)]
    if compared:
        scale_of(compared.scale, "$.compare_to.scale")
        scale_of(compared.scale_diff, "$.compare_to.scale_diff")
        maps += [
            ("$.compare_to.colormap", compared.colormap),
            ("$.compare_to.colormap_diff", compared.colormap_diff),
        ]
    if arrows:
        one_of(arrows.magnitude, get_args(Magnitude), "$.quiver.magnitude")
        maps.append(("$.quiver.colormap", arrows.colormap))
    if lines:
        levels_of(lines)
        maps.append(("$.contour.colormap", lines.colormap))
    for path, colormap in maps:
        try:
            validate_colormap(colormap)
        except InvalidRequest as error:
            error.field = path
            raise
    for path, depth in (("$.depth", query.depth), ("$.compare_to.depth", compared.depth if compared else None)):
        if depth == "all":
            raise InvalidRequest("{path} is all; a map is of one level: an index, or bottom", path=path, field=path)
    query.interpolation()
    keys_of(query.variable, "$.variable", 2)


def levels_of(lines: Contoured) -> list[float] | None:
    """Read levels; None: they are chosen by the values.

    Raises
    ------
    InvalidRequest
        They are no numbers, or too many.
    """
    given, path = lines.levels, "$.contour.levels"
    if given is None or (isinstance(given, str) and ("auto" in given or not given.strip())):
        return None
    try:
        read = [float(one) for one in (given.split(",") if isinstance(given, str) else given)]
    except ValueError:
        read = []
    if not 1 <= len(set(read)) <= MAX_LEVELS or any(abs(one) > 1e30 or one != one for one in read):  # noqa: PLR0124 - NaN
        raise InvalidRequest(
            "{path} is {value!r}; it is auto, or 1 to {max_levels} numbers: -10,0,10",
            path=path,
            value=str(given)[:60],
            max_levels=MAX_LEVELS,
            field=path,
        )
    return sorted(set(read))


async def settled(near: Neighbours, query: MapQuery) -> MapQuery:
    """The query with predefined areas as polygons."""
    areas = []
    for number, one in enumerate(query.area):
        if isinstance(one, str):
            try:
                found = await near.areas.area(one)
            except NotFound as error:
                error.field = f"$.area[{number}]"
                raise
            polygons = [[[[north, east] for east, north in each] for each in each_one]
                        for each_one in found.geometry.coordinates]  # fmt: skip
            holes = [hole for each_one in polygons for hole in each_one[1:]]
            drawn = DrawnArea(polygons=[each_one[0] for each_one in polygons], innerrings=holes, name=found.name)
            areas.append(drawn)
        else:
            areas.append(one)
    return replace(query, area=areas)


def common(query: MapQuery) -> dict[str, Any]:
    """What every question about the first dataset has."""
    keys = query.variables(2)
    return {
        "dataset": query.dataset,
        "variables": keys,
        "vector": ["magnitude"] if len(keys) > 1 else [],
        "time": str(query.time),
        "depth": str(query.depth),
        "interpolation": query.interpolation(),
        "radius": query.radius,
        "neighbours": query.neighbours,
    }


def minuend(other: Comparison) -> Minuend:
    """What the difference is taken from."""
    return Minuend(
        dataset=other.dataset,
        variables=keys_of(other.variable, "$.compare_to.variable", 2) if other.variable else [],
        time=None if other.time is None else str(other.time),
        depth=None if other.depth is None else str(other.depth),
    )


def other_of(query: MapQuery, other: Comparison, time: str) -> dict[str, Any]:
    """What every question about the second dataset has; what is left out is as in the query."""
    asked = common(query)
    if other.variable:
        keys = keys_of(other.variable, "$.compare_to.variable", 2)
        asked |= {"variables": keys, "vector": ["magnitude"] if len(keys) > 1 else []}
    depth = query.depth if other.depth is None else other.depth
    return asked | {"dataset": other.dataset, "time": time, "depth": str(depth)}


def asked(query: MapQuery) -> AreaRequest:
    """The model's own cells in the area, as they are in the files; of a comparison, the differences on them."""
    check(query)
    where = common(query) | {"polygon": geojson(query.areas())}
    if (other := query.compared()) is not None:
        return DifferenceRequest(**where, minus=minuend(other))
    return AreaRequest(**where)
