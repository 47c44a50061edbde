"""Where something is asked for: a box, or a predefined area by its key."""

from typing import Annotated, Any

import msgspec
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import QueryParameter

from ocean_common.clients.metadata import Areas
from ocean_common.contracts.places import Area
from ocean_common.errors import InvalidRequest, NotFound
from ocean_data.api.parameters import numbers

Box = tuple[float, float, float, float]

Extent = Annotated[
    str | None,
    QueryParameter(
        description="`west,south,east,north`: degrees. West > east crosses the date line. This, or `area`.",
        examples=[Example(summary="the western Barents Sea", value="15,70,30,78")],
    ),
]
AreaKey = Annotated[
    str | None,
    QueryParameter(
        description="Key `group/name` of a predefined area, as `/api/v2.0/kml/area/{group}` tells it.",
    ),
]


class NoAreas:
    """Where no areas are predefined."""

    async def area(self, key: str) -> Area:
        raise NotFound("there is no area {key!r}; see /api/v2.0/kml/area", key=key[:120], field="area")


async def read_where(*, areas: NamedDependency[Areas], bbox: Extent = None, area: AreaKey = None) -> dict[str, Any]:
    """Read a box, or find the polygons of an area."""
    if (bbox is None) == (area is None):
        raise InvalidRequest("give bbox or area, one of the two", field="bbox")
    return {"box": box_of(bbox)} if bbox is not None else {"polygon": polygon_of(await areas.area(area or ""))}


def polygon_of(area: Area) -> dict[str, Any]:
    """The polygons of an area as GeoJSON."""
    found: dict[str, Any] = msgspec.to_builtins(area.geometry)
    return found


def box_of(text: str) -> Box:
    """Read a box as it is written in an address."""
    found = numbers(text, "bbox", "15,70,30,78")
    if len(found) != 4:
        raise InvalidRequest(
            "bbox {text!r} is not west,south,east,north: four numbers, as 15,70,30,78", text=text[:60], field="bbox"
        )
    west, south, east, north = found
    return west, south, east, north
