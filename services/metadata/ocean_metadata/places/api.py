"""Places that a deployment shows on its map, from KML files."""

import asyncio
import math
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter, SkipValidation

from ocean_common.caching import Freshness
from ocean_common.contracts.places import Area, AreaPlaces, LinePlaces, PlaceGroup, PlaceProblem, PointPlaces
from ocean_common.errors import InvalidRequest, NotFound
from ocean_common.i18n import Translator
from ocean_common.problems import documented
from ocean_core.messages import Message
from ocean_metadata.catalogue.api_internal import MESSAGEPACK
from ocean_metadata.catalogue.encoded import JSON, answers_with
from ocean_metadata.places import features
from ocean_metadata.places.features import PROJECTIONS, Bounds
from ocean_metadata.ports import Places

TAGS = ["places"]
LISTED = documented()
SHOWN = documented(NotFound)

FileId = Annotated[
    str,
    PathParameter(
        description="Id of a file of places, as the list of its kind tells it.",
        examples=[Example(summary="of the sample data", value="nordic_seas")],
    ),
]
Projection = Annotated[
    str,
    QueryParameter(
        description="Of the map: EPSG:3857, EPSG:32661 or EPSG:3031.", examples=[Example(value="EPSG:3857")]
    ),
]
ViewBounds = Annotated[
    str | None,
    QueryParameter(
        description="`left,bottom,right,top`: metres in the projection. Left out: everything. In EPSG:3857 the world "
        "goes on beside itself: a view over the date line goes beyond ±20037508.",
        examples=[Example(summary="the Nordic Seas", value="-3000000,8000000,7000000,17000000")],
    ),
]
Resolution = Annotated[
    str,
    QueryParameter(
        description="Metres of a pixel: what is smaller than 1.5 pixels is smoothed away. 0: nothing.",
        examples=[Example(value="9784")],
    ),
]

Fresh = NamedDependency[SkipValidation[Freshness]]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a map shows."""

    projection: str
    view: Bounds | None


def read_shown(*, projection: FromQuery[Projection] = "EPSG:3857", view_bounds: FromQuery[ViewBounds] = None) -> Shown:
    """Read what the map shows."""
    if projection not in PROJECTIONS:
        raise InvalidRequest(
            "projection {projection!r} is none of {projections}",
            projection=projection[:40],
            projections=", ".join(PROJECTIONS),
            field="projection",
            allowed=PROJECTIONS,
        )
    if not view_bounds:
        return Shown(projection=projection, view=None)
    left, bottom, right, top = _numbers(view_bounds, "view_bounds", 4, Message("left,bottom,right,top in metres"))
    if bottom > top:
        raise InvalidRequest("view_bounds: the bottom is above the top; exchange them", field="view_bounds")
    if left > right and projection != features.MERCATOR:
        raise InvalidRequest("view_bounds: left is right of right; exchange them", field="view_bounds")
    # Left of left: the view begins before the date line and ends behind it.
    return Shown(projection=projection, view=(left, bottom, right if left <= right else right + features.WORLD, top))


@get(
    "/kml/point",
    operation_id="listPointPlaces",
    summary="The files of points",
    tags=TAGS,
    responses=LISTED,
)
async def list_points(
    request: Request[Any, Any, Any], places: NamedDependency[Places], fresh: Fresh
) -> list[PlaceGroup]:
    """Sorted by name."""
    await fresh(request, "point")
    return places.now.groups("point")


@get("/kml/line", operation_id="listLinePlaces", summary="The files of lines", tags=TAGS, responses=LISTED)
async def list_lines(
    request: Request[Any, Any, Any], places: NamedDependency[Places], fresh: Fresh
) -> list[PlaceGroup]:
    """Sorted by name."""
    await fresh(request, "line")
    return places.now.groups("line")


@get("/kml/area", operation_id="listAreaPlaces", summary="The files of areas", tags=TAGS, responses=LISTED)
async def list_areas(
    request: Request[Any, Any, Any], places: NamedDependency[Places], fresh: Fresh
) -> list[PlaceGroup]:
    """Sorted by name."""
    await fresh(request, "area")
    return places.now.groups("area")


@get(
    "/kml/status",
    operation_id="listPlaceProblems",
    summary="Files of places that cannot be served, and places that are left out",
    tags=TAGS,
    responses=LISTED,
)
async def list_problems(places: NamedDependency[Places], translate: NamedDependency[Translator]) -> list[PlaceProblem]:
    """With the reasons."""
    return [msgspec.structs.replace(one, reason=translate(one.reason)) for one in places.now.problems]


@get(
    "/kml/point/{id:str}",
    operation_id="getPointPlaces",
    summary="Points in view",
    tags=TAGS,
    dependencies={"shown": Provide(read_shown, sync_to_thread=False)},
    responses={**answers_with(PointPlaces, "GeoJSON, longitude first"), **SHOWN},
)
async def get_points(
    *,
    request: Request[Any, Any, Any],
    places: NamedDependency[Places],
    fresh: Fresh,
    shown: NamedDependency[SkipValidation[Shown]],
    id: FromPath[FileId],  # noqa: A002  the word of the API
) -> Response[bytes]:
    """The points of a file that are in view."""
    await fresh(request, f"point/{id}")
    file = places.now.file("point", id)
    return await _encoded(lambda: features.points(file.places, shown.projection, shown.view))


@get(
    "/kml/line/{id:str}",
    operation_id="getLinePlaces",
    summary="Lines in view",
    tags=TAGS,
    dependencies={"shown": Provide(read_shown, sync_to_thread=False)},
    responses={**answers_with(LinePlaces, "GeoJSON, longitude first"), **SHOWN},
)
async def get_lines(
    *,
    request: Request[Any, Any, Any],
    places: NamedDependency[Places],
    fresh: Fresh,
    shown: NamedDependency[SkipValidation[Shown]],
    id: FromPath[FileId],  # noqa: A002  the word of the API
) -> Response[bytes]:
    """The lines of a file of which a part is in view."""
    await fresh(request, f"line/{id}")
    file = places.now.file("line", id)
    return await _encoded(lambda: features.lines(file.places, shown.projection, shown.view))


@get(
    "/kml/area/{id:str}",
    operation_id="getAreaPlaces",
    summary="Areas in view",
    tags=TAGS,
    dependencies={"shown": Provide(read_shown, sync_to_thread=False)},
    responses={**answers_with(AreaPlaces, "GeoJSON, longitude first"), **SHOWN},
)
async def get_areas(
    *,
    request: Request[Any, Any, Any],
    places: NamedDependency[Places],
    fresh: Fresh,
    shown: NamedDependency[SkipValidation[Shown]],
    id: FromPath[FileId],  # noqa: A002  the word of the API
    resolution: FromQuery[Resolution] = "0",
) -> Response[bytes]:
    """The areas of a file of which a part is in view, as fine as the map can show them."""
    await fresh(request, f"area/{id}")
    file = places.now.file("area", id)
    (metres,) = _numbers(resolution, "resolution", 1, Message("metres of a pixel"))
    return await _encoded(lambda: features.areas(file.places, id, shown.projection, shown.view, metres))


@get("/areas", media_type=MESSAGEPACK)
async def get_area(places: NamedDependency[Places], key: FromQuery[str]) -> Area:
    """A predefined area, for neighbours; its key is no part of the path, since names have slashes too."""
    return places.now.area(key)


ROUTES = [list_points, list_lines, list_areas, list_problems, get_points, get_lines, get_areas]


def _numbers(text: str, field: str, count: int, what: Message) -> list[float]:
    """Read finite numbers with commas between them."""
    try:
        found = [float(one) for one in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count or not all(math.isfinite(one) and abs(one) < 1e12 for one in found):
        raise InvalidRequest("{name} {text!r} is not {subject}", name=field, text=text[:80], subject=what, field=field)
    return found


async def _encoded(make: Any) -> Response[bytes]:
    """Made and encoded in a thread."""
    content = await asyncio.to_thread(lambda: msgspec.json.encode(make()))
    return Response(content, media_type=JSON)
