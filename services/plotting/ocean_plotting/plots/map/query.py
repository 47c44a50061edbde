"""The query of a map, and the data request that it means."""

from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec.structs import replace

from ocean_common.contracts.data import MAX_VERTICES, AreaRequest, DifferenceRequest, Minuend
from ocean_core.errors import InvalidRequest, NotFound
from ocean_core.tiles import PROJECTIONS
from ocean_plotting.figure.view import Area, read_ring, to_geojson
from ocean_plotting.plots.common.query import (
    Colormap,
    ComparedDataset,
    CompareTo,
    Level,
    PlotQuery,
    ScaleText,
    Time,
    Variables,
    check_choice,
    check_colormap,
    choice_schema,
    parse_keys,
    parse_scale,
)
from ocean_plotting.plots.common.services import Services

MAX_AREAS, MAX_LEVELS = 50, 20
NO_VARIABLE = {"", "none", "None"}  # as front ends write it
Magnitude = Literal["length", "color", "none"]

Rings = list[list[list[float]]]
Flag = bool | int | None


class DrawnArea(msgspec.Struct, frozen=True, kw_only=True):
    """Polygons drawn in the web front end."""

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


class ArrowOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Arrows over the map."""

    variable: Annotated[
        Variables | None,
        msgspec.Meta(description="the two components of a vector, or a variable that has them; none: no arrows"),
    ] = None
    magnitude: Annotated[
        str,
        choice_schema("how the magnitude is shown: by the arrows' length, by their color, or not", get_args(Magnitude)),
    ] = "length"
    colormap: Colormap = None


class ContourOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Contours over the map."""

    variable: Annotated[Variables | None, msgspec.Meta(description="key of a variable; none: no contours")] = None
    colormap: Colormap = None
    levels: Annotated[
        str | list[float] | None,
        msgspec.Meta(description="auto, or values with commas or in a list", examples=["auto", "-10,0,10"]),
    ] = "auto"
    hatch: Annotated[Flag, msgspec.Meta(description="hatching between the levels instead of lines")] = False
    legend: Annotated[Flag, msgspec.Meta(description="explain the levels below the map")] = False

    def parse_levels(self) -> list[float] | None:
        """Read the levels; None: they are chosen by the values.

        Raises
        ------
        InvalidRequest
            They are no numbers, or too many.
        """
        text, path = self.levels, "$.contour.levels"
        if text is None or (isinstance(text, str) and ("auto" in text or not text.strip())):
            return None
        try:
            levels = {float(level) for level in (text.split(",") if isinstance(text, str) else text)}
        except ValueError:
            levels = set()
        if not 1 <= len(levels) <= MAX_LEVELS or not all(abs(level) <= 1e30 for level in levels):
            raise InvalidRequest(
                "{path} is {value!r}; it is auto, or 1 to {max_levels} numbers: -10,0,10",
                path=path,
                value=str(text)[:60],
                max_levels=MAX_LEVELS,
                field=path,
            )
        return sorted(levels)


class MapQuery(PlotQuery, frozen=True, kw_only=True):
    """Query of a map."""

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
        choice_schema("of the map; null: a conformal one that is fitted to the area", [*PROJECTIONS, None]),
    ] = None
    bathymetry: Annotated[Flag, msgspec.Meta(description="draw contours of depth")] = False
    showarea: Annotated[Flag, msgspec.Meta(description="draw the outlines of the areas")] = False
    quiver: Annotated[ArrowOptions | bool | str | None, msgspec.Meta(description="arrows; null or false: none")] = None
    contour: Annotated[
        ContourOptions | bool | str | None, msgspec.Meta(description="contours; null or false: none")
    ] = None
    compare_to: CompareTo = None

    def areas(self) -> list[Area]:
        """Read the areas, all of them drawn.

        Raises
        ------
        InvalidRequest
            A ring is invalid.
        """
        areas = []
        for number, drawn in enumerate(self.area):
            path = f"$.area[{number}]"
            if isinstance(drawn, str):
                raise InvalidRequest("{path} names an area that was not looked up", path=path, field=path)
            rims = [read_ring(ring, f"{path}.polygons[{index}]") for index, ring in enumerate(drawn.polygons)]
            holes = [
                read_ring(ring, f"{path}.innerrings[{index}]") for index, ring in enumerate(drawn.innerrings or [])
            ]
            areas.append(Area(name=(drawn.name or "").strip(), rims=rims, holes=holes))
        if sum(len(ring) for area in areas for ring in [*area.rims, *area.holes]) > MAX_VERTICES:
            raise InvalidRequest(
                "area has more than {max_vertices} positions; draw it with fewer",
                max_vertices=MAX_VERTICES,
                field="$.area",
            )
        return areas

    def arrows(self) -> ArrowOptions | None:
        """Return the arrows, if there are any."""
        return self.quiver if isinstance(self.quiver, ArrowOptions) and _is_chosen(self.quiver.variable) else None

    def contours(self) -> ContourOptions | None:
        """Return the contours, if there are any."""
        return self.contour if isinstance(self.contour, ContourOptions) and _is_chosen(self.contour.variable) else None

    def second_dataset(self) -> ComparedDataset | None:
        """Return the second dataset of a comparison, if there is one."""
        return self.compare_to or None

    def check_members(self) -> None:
        """Refuse invalid members before anything is requested.

        Raises
        ------
        InvalidRequest
            A scale, a colormap, a depth, levels or a magnitude is wrong.
        """
        second, arrows, contours = self.second_dataset(), self.arrows(), self.contours()
        parse_scale(self.scale, "$.scale")
        check_colormap(self.colormap, "$.colormap")
        if second:
            parse_scale(second.scale, "$.compare_to.scale")
            parse_scale(second.scale_diff, "$.compare_to.scale_diff")
            check_colormap(second.colormap, "$.compare_to.colormap")
            check_colormap(second.colormap_diff, "$.compare_to.colormap_diff")
        if arrows:
            check_choice(arrows.magnitude, get_args(Magnitude), "$.quiver.magnitude")
            check_colormap(arrows.colormap, "$.quiver.colormap")
        if contours:
            contours.parse_levels()
            check_colormap(contours.colormap, "$.contour.colormap")
        for path, depth in (("$.depth", self.depth), ("$.compare_to.depth", second.depth if second else None)):
            if depth == "all":
                raise InvalidRequest("{path} is all; a map is of one level: an index, or bottom", path=path, field=path)
        self.interpolation()
        self.variable_keys(2)

    def request_options(self) -> dict[str, Any]:
        """Return the members of every request for the first dataset."""
        keys = self.variable_keys(2)
        return {
            "dataset": self.dataset,
            "variables": keys,
            "vector": ["magnitude"] if len(keys) > 1 else [],
            "time": str(self.time),
            "depth": str(self.depth),
            **self.search_options(),
        }

    def second_request_options(self, second: ComparedDataset, time: str) -> dict[str, Any]:
        """Return the members of every request for the second dataset; what it leaves out is as in the query."""
        options = self.request_options()
        if second.variable:
            keys = parse_keys(second.variable, "$.compare_to.variable", 2)
            options |= {"variables": keys, "vector": ["magnitude"] if len(keys) > 1 else []}
        depth = self.depth if second.depth is None else second.depth
        return options | {"dataset": second.dataset, "time": time, "depth": str(depth)}


def _is_chosen(variable: str | list[str] | None) -> bool:
    return bool(variable) and not (isinstance(variable, str) and variable.strip() in NO_VARIABLE)


async def resolve_areas(services: Services, query: MapQuery) -> MapQuery:
    """Replace the names of predefined areas by their polygons."""
    areas: list[DrawnArea | str] = []
    for number, drawn in enumerate(query.area):
        if not isinstance(drawn, str):
            areas.append(drawn)
            continue
        try:
            area = await services.metadata.area(drawn)
        except NotFound as error:
            error.field = f"$.area[{number}]"
            raise
        polygons = [
            [[[north, east] for east, north in ring] for ring in polygon] for polygon in area.geometry.coordinates
        ]
        holes = [hole for polygon in polygons for hole in polygon[1:]]
        areas.append(DrawnArea(polygons=[polygon[0] for polygon in polygons], innerrings=holes, name=area.name))
    return replace(query, area=areas)


def make_minuend(second: ComparedDataset) -> Minuend:
    """Return the second dataset of a difference request."""
    return Minuend(
        dataset=second.dataset,
        variables=parse_keys(second.variable, "$.compare_to.variable", 2) if second.variable else [],
        time=None if second.time is None else str(second.time),
        depth=None if second.depth is None else str(second.depth),
    )


def make_request(query: MapQuery) -> AreaRequest:
    """Request the model's own cells in the areas; of a comparison, the differences on them."""
    query.check_members()
    options = query.request_options() | {"polygon": to_geojson(query.areas())}
    if (second := query.second_dataset()) is not None:
        return DifferenceRequest(**options, minus=make_minuend(second))
    return AreaRequest(**options)
