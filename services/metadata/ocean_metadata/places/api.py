"""Routes of places: points, lines and areas of KML files that a deployment shows on its map."""

import asyncio
import math
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter, SkipValidation

from ocean_common.contracts.places import Area, AreaPlaces, LinePlaces, PlaceGroup, PlaceProblem, PointPlaces
from ocean_common.http import Freshness
from ocean_common.i18n import Translator
from ocean_common.problems import document_errors
from ocean_core.errors import InvalidRequest, NotFound
from ocean_core.messages import Message
from ocean_core.tiles import MERCATOR, PROJECTIONS
from ocean_metadata.catalogue.responses import JSON, MESSAGEPACK, encoded_response
from ocean_metadata.places.gazetteer import FolderGazetteer
from ocean_metadata.places.map_features import WORLD, MapView, area_features, line_features, point_features

TAGS = ["places"]
LIST_RESPONSES = document_errors()
FEATURE_RESPONSES = document_errors(NotFound)

FileId = Annotated[
    str,
    PathParameter(
        description="Id of a file of places, from the list of its kind.",
        examples=[Example(summary="of the sample data", value="nordic_seas")],
    ),
]
Projection = Annotated[
    str,
    QueryParameter(
        description="Projection of the map: EPSG:3857, EPSG:32661 or EPSG:3031.", examples=[Example(value="EPSG:3857")]
    ),
]
ViewBounds = Annotated[
    str | None,
    QueryParameter(
        description="Bounds of the map: `left,bottom,right,top` in metres of the projection; without them, all places. "
        "In EPSG:3857 the world is repeated: a view across the date line goes beyond ±20037508.",
        examples=[Example(summary="the Nordic Seas", value="-3000000,8000000,7000000,17000000")],
    ),
]
Resolution = Annotated[
    str,
    QueryParameter(
        description="Size of a pixel in metres: details smaller than 1.5 pixels are left out. 0: none are.",
        examples=[Example(value="9784")],
    ),
]

FreshPlaces = NamedDependency[SkipValidation[Freshness]]


def parse_view(
    *, projection: FromQuery[Projection] = "EPSG:3857", view_bounds: FromQuery[ViewBounds] = None
) -> MapView:
    """Parse the projection and the bounds of the map."""
    if projection not in PROJECTIONS:
        raise InvalidRequest(
            "projection {projection!r} is none of {projections}",
            projection=projection[:40],
            projections=", ".join(PROJECTIONS),
            field="projection",
            allowed=PROJECTIONS,
        )
    if not view_bounds:
        return MapView(projection, None)
    left, bottom, right, top = _parse_numbers(view_bounds, "view_bounds", 4, Message("left,bottom,right,top in metres"))
    if bottom > top:
        raise InvalidRequest("view_bounds: the bottom is above the top; exchange them", field="view_bounds")
    if left > right and projection != MERCATOR:
        raise InvalidRequest("view_bounds: left is right of right; exchange them", field="view_bounds")
    # Where right is less than left, the view crosses the date line.
    return MapView(projection, (left, bottom, right if left <= right else right + WORLD, top))


@get(
    "/kml/point",
    operation_id="listPointPlaces",
    summary="Files of points",
    tags=TAGS,
    responses=LIST_RESPONSES,
)
async def list_points(
    request: Request[Any, Any, Any], places: NamedDependency[FolderGazetteer], fresh: FreshPlaces
) -> list[PlaceGroup]:
    """Sorted by name."""
    await fresh(request, "point")
    return places.current.groups("point")


@get("/kml/line", operation_id="listLinePlaces", summary="Files of lines", tags=TAGS, responses=LIST_RESPONSES)
async def list_lines(
    request: Request[Any, Any, Any], places: NamedDependency[FolderGazetteer], fresh: FreshPlaces
) -> list[PlaceGroup]:
    """Sorted by name."""
    await fresh(request, "line")
    return places.current.groups("line")


@get("/kml/area", operation_id="listAreaPlaces", summary="Files of areas", tags=TAGS, responses=LIST_RESPONSES)
async def list_areas(
    request: Request[Any, Any, Any], places: NamedDependency[FolderGazetteer], fresh: FreshPlaces
) -> list[PlaceGroup]:
    """Sorted by name."""
    await fresh(request, "area")
    return places.current.groups("area")


@get(
    "/kml/status",
    operation_id="listPlaceProblems",
    summary="Problems with files of places",
    tags=TAGS,
    responses=LIST_RESPONSES,
)
async def list_problems(
    places: NamedDependency[FolderGazetteer], translate: NamedDependency[Translator]
) -> list[PlaceProblem]:
    """Files that cannot be served and places that are left out, with the reasons."""
    return [
        PlaceProblem(kind=problem.kind, file=problem.file, reason=translate(problem.reason))
        for problem in places.current.problems
    ]


@get(
    "/kml/point/{id:str}",
    operation_id="getPointPlaces",
    summary="Points in view",
    tags=TAGS,
    dependencies={"view": Provide(parse_view, sync_to_thread=False)},
    responses={**encoded_response(PointPlaces, "GeoJSON, longitude first"), **FEATURE_RESPONSES},
)
async def get_points(
    *,
    request: Request[Any, Any, Any],
    places: NamedDependency[FolderGazetteer],
    fresh: FreshPlaces,
    view: NamedDependency[SkipValidation[MapView]],
    id: FromPath[FileId],  # noqa: A002  the word of the API
) -> Response[bytes]:
    """The points of a file that are in view."""
    await fresh(request, f"point/{id}")
    file = places.current.file("point", id)
    return await _encode_in_thread(lambda: point_features(file.places, view))


@get(
    "/kml/line/{id:str}",
    operation_id="getLinePlaces",
    summary="Lines in view",
    tags=TAGS,
    dependencies={"view": Provide(parse_view, sync_to_thread=False)},
    responses={**encoded_response(LinePlaces, "GeoJSON, longitude first"), **FEATURE_RESPONSES},
)
async def get_lines(
    *,
    request: Request[Any, Any, Any],
    places: NamedDependency[FolderGazetteer],
    fresh: FreshPlaces,
    view: NamedDependency[SkipValidation[MapView]],
    id: FromPath[FileId],  # noqa: A002  the word of the API
) -> Response[bytes]:
    """The lines of a file of which a part is in view."""
    await fresh(request, f"line/{id}")
    file = places.current.file("line", id)
    return await _encode_in_thread(lambda: line_features(file.places, view))


@get(
    "/kml/area/{id:str}",
    operation_id="getAreaPlaces",
    summary="Areas in view",
    tags=TAGS,
    dependencies={"view": Provide(parse_view, sync_to_thread=False)},
    responses={**encoded_response(AreaPlaces, "GeoJSON, longitude first"), **FEATURE_RESPONSES},
)
async def get_areas(
    *,
    request: Request[Any, Any, Any],
    places: NamedDependency[FolderGazetteer],
    fresh: FreshPlaces,
    view: NamedDependency[SkipValidation[MapView]],
    id: FromPath[FileId],  # noqa: A002  the word of the API
    resolution: FromQuery[Resolution] = "0",
) -> Response[bytes]:
    """The areas of a file of which a part is in view, simplified to the map's pixels."""
    await fresh(request, f"area/{id}")
    file = places.current.file("area", id)
    (metres,) = _parse_numbers(resolution, "resolution", 1, Message("metres of a pixel"))
    return await _encode_in_thread(lambda: area_features(file.places, id, view, metres))


@get("/areas", media_type=MESSAGEPACK)
async def get_area(places: NamedDependency[FolderGazetteer], key: FromQuery[str]) -> Area:
    """A predefined area, for neighbours; its key is no part of the path, since names have slashes too."""
    return places.current.area(key)


ROUTES = [list_points, list_lines, list_areas, list_problems, get_points, get_lines, get_areas]


def _parse_numbers(text: str, field: str, count: int, form: Message) -> list[float]:
    """Parse finite numbers with commas between them."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != count or not all(math.isfinite(number) and abs(number) < 1e12 for number in numbers):
        raise InvalidRequest("{name} {text!r} is not {subject}", name=field, text=text[:80], subject=form, field=field)
    return numbers


async def _encode_in_thread(make: Callable[[], Any]) -> Response[bytes]:
    content = await asyncio.to_thread(lambda: msgspec.json.encode(make()))
    return Response(content, media_type=JSON)
