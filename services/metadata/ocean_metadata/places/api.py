"""Routes of places: points, lines and areas of KML files that a deployment shows on its map."""

import asyncio
import math
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, SkipValidation

from ocean_common.contracts.places import Area, AreaPlaces, LinePlaces, PlaceGroup, PlaceProblem, PointPlaces
from ocean_common.http import Freshness
from ocean_common.i18n import Translator
from ocean_common.parameters import parse_choice, path_parameter, query_parameter
from ocean_common.problems import document_errors
from ocean_core.errors import InvalidRequest, Message, NotFound
from ocean_core.tiles import MERCATOR, PROJECTIONS
from ocean_metadata.catalogue.responses import JSON, MESSAGEPACK, encoded_response
from ocean_metadata.places.gazetteer import Gazetteer
from ocean_metadata.places.map_features import WORLD, MapView, area_features, line_features, point_features

FileId = Annotated[
    str, path_parameter("Id of a file of places, from the list of its kind.", ("of the sample data", "nordic_seas"))
]
MapProjection = Annotated[
    str, query_parameter("Projection of the map.", "EPSG:3857", schema_extra={"enum": list(PROJECTIONS)})
]
ViewBounds = Annotated[
    str | None,
    query_parameter(
        "Bounds of the map: `left,bottom,right,top` in metres of the projection; without them, all places. "
        "In EPSG:3857 the world is repeated: a view across the date line goes beyond ±20037508.",
        ("the Nordic Seas", "-3000000,8000000,7000000,17000000"),
    ),
]
Resolution = Annotated[
    str,
    query_parameter("Size of a pixel in metres: details smaller than 1.5 pixels are left out. 0: none are.", "9784"),
]

Places = NamedDependency[Gazetteer]
View = NamedDependency[SkipValidation[MapView]]


def parse_view(
    *, projection: FromQuery[MapProjection] = "EPSG:3857", view_bounds: FromQuery[ViewBounds] = None
) -> MapView:
    """Parse the projection and the bounds of the map."""
    map_projection = parse_choice(projection, PROJECTIONS, "projection")
    if not view_bounds:
        return MapView(map_projection, None)
    left, bottom, right, top = _parse_numbers(view_bounds, "view_bounds", 4, Message("left,bottom,right,top in metres"))
    if bottom > top:
        raise InvalidRequest("view_bounds: the bottom is above the top; exchange them", field="view_bounds")
    if left > right and projection != MERCATOR:
        raise InvalidRequest("view_bounds: left is right of right; exchange them", field="view_bounds")
    # Where right is less than left, the view crosses the date line.
    return MapView(map_projection, (left, bottom, right if left <= right else right + WORLD, top))


async def provide_places(
    request: Request[Any, Any, Any], gazetteer: Places, places_freshness: NamedDependency[Freshness]
) -> Gazetteer:
    """End with 304 if the client has the places of this address: those of a `kind`, or of a file `kind/id`."""
    await places_freshness(request, request.scope["path"].partition("/kml/")[2].strip("/"))
    return gazetteer


_ERRORS, _GEOJSON = document_errors(NotFound), "GeoJSON, longitude first"
_get = partial(get, tags=["places"], responses=document_errors())
_list = partial(_get, dependencies={"places": Provide(provide_places)})
_features = partial(
    _get, dependencies={"places": Provide(provide_places), "view": Provide(parse_view, sync_to_thread=False)}
)


@_list("/kml/point", summary="Files of points")
async def list_point_places(places: Places) -> list[PlaceGroup]:
    """Sorted by name."""
    return places.groups("point")


@_list("/kml/line", summary="Files of lines")
async def list_line_places(places: Places) -> list[PlaceGroup]:
    """Sorted by name."""
    return places.groups("line")


@_list("/kml/area", summary="Files of areas")
async def list_area_places(places: Places) -> list[PlaceGroup]:
    """Sorted by name."""
    return places.groups("area")


@_get("/kml/status", summary="Problems with files of places")
async def list_place_problems(gazetteer: Places, translate: NamedDependency[Translator]) -> list[PlaceProblem]:
    """Files that cannot be served and places that are left out, with the reasons."""
    return [PlaceProblem(kind=kind, file=file, reason=translate(reason)) for kind, file, reason in gazetteer.problems]


@_features("/kml/point/{id:str}", summary="Points in view", responses=encoded_response(PointPlaces, _GEOJSON) | _ERRORS)
async def get_point_places(places: Places, view: View, id: FromPath[FileId]) -> Response[bytes]:  # noqa: A002
    """The points of a file that are in view."""
    file = places.file("point", id)
    return await _encode_in_thread(lambda: point_features(file.places, view))


@_features("/kml/line/{id:str}", summary="Lines in view", responses=encoded_response(LinePlaces, _GEOJSON) | _ERRORS)
async def get_line_places(places: Places, view: View, id: FromPath[FileId]) -> Response[bytes]:  # noqa: A002
    """The lines of a file of which a part is in view."""
    file = places.file("line", id)
    return await _encode_in_thread(lambda: line_features(file.places, view))


@_features("/kml/area/{id:str}", summary="Areas in view", responses=encoded_response(AreaPlaces, _GEOJSON) | _ERRORS)
async def get_area_places(
    places: Places,
    view: View,
    id: FromPath[FileId],  # noqa: A002
    resolution: FromQuery[Resolution] = "0",
) -> Response[bytes]:
    """The areas of a file of which a part is in view, simplified to the map's pixels."""
    file = places.file("area", id)
    (metres,) = _parse_numbers(resolution, "resolution", 1, Message("metres of a pixel"))
    return await _encode_in_thread(lambda: area_features(file.places, id, view, metres))


@get("/areas", media_type=MESSAGEPACK)
async def get_area(gazetteer: Places, key: FromQuery[str]) -> Area:
    """A predefined area, for neighbours; its key is no part of the path, since names have slashes too."""
    return gazetteer.area(key)


ROUTES = [
    list_point_places,
    list_line_places,
    list_area_places,
    list_place_problems,
    get_point_places,
    get_line_places,
    get_area_places,
]


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
