"""Class 4: observed profiles beside what models say."""

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter

from ocean_common.caching import Freshness
from ocean_common.contracts.class4 import (
    Class4Days,
    Class4Forecast,
    Class4Model,
    Class4Points,
    Class4Profiles,
    Class4Status,
)
from ocean_common.errors import InvalidRequest, NotFound
from ocean_common.i18n import Translator
from ocean_common.problems import documented
from ocean_metadata.catalogue.api_internal import MESSAGEPACK
from ocean_metadata.catalogue.encoded import Encoded, answers_with
from ocean_metadata.class4 import view
from ocean_metadata.class4.index import forecasts
from ocean_metadata.class4.names import kind_of, several
from ocean_metadata.class4.plotting import MOST, assemble
from ocean_metadata.class4.ports import Class4

TAGS = ["class 4"]
DEMONSTRATION = "class4_19970729_ATLANTIC_demo_profile"

Kind = Annotated[
    str,
    PathParameter(
        description="`ocean_predict` or `riops_obs`.",
        examples=[Example(summary="files as OceanPredict exchanges them", value="ocean_predict")],
    ),
]
FileId = Annotated[
    str,
    QueryParameter(
        name="id",
        description="Id of a file, as `/api/v2.0/class4` lists it; `_<index>` of a profile may follow.",
        examples=[Example(summary="the demonstration", value=DEMONSTRATION)],
    ),
]
ProfileId = Annotated[
    str,
    QueryParameter(
        name="id",
        description="Id of a profile: that of its file, `_` (or `/`), and its index.",
        examples=[Example(summary="the first profile of the demonstration", value=f"{DEMONSTRATION}_0")],
    ),
]
Extent = Annotated[
    str,
    QueryParameter(
        description="What the map shows: `left,bottom,right,top` in metres of the projection. Without it, everything.",
        examples=[Example(summary="the tropical Atlantic", value="-5000000,-2000000,1000000,2000000")],
    ),
]
MapProjection = Annotated[
    str,
    QueryParameter(
        description=f"Of the map: {', '.join(view.PROJECTIONS)}.",
        examples=[Example(summary="web maps", value="EPSG:3857")],
    ),
]


@get(
    "/class4",
    operation_id="listClass4",
    summary="The days that have Class 4 profiles",
    tags=TAGS,
    responses=answers_with(Class4Days, "The days of each kind, ascending"),
)
async def list_class4(class4: NamedDependency[Class4], encoded: NamedDependency[Encoded]) -> Response[bytes]:
    """One file for each day and kind: that of GIOPS or RIOPS, else the first by its name."""
    shelf = class4.shelf
    return await encoded.answer(("class 4 days", shelf.revision), shelf.days)


@get(
    "/class4/status",
    operation_id="listClass4Status",
    summary="Which Class 4 files can be served, and why others cannot",
    tags=TAGS,
    responses={**answers_with(list[Class4Status], "Every file, the broken ones too"), **documented()},
)
async def list_status(
    class4: NamedDependency[Class4], encoded: NamedDependency[Encoded], translate: NamedDependency[Translator]
) -> Response[bytes]:
    """Every file, the broken ones too."""
    shelf = class4.shelf
    key = ("class 4 status", shelf.revision, translate.language)
    return await encoded.answer(key, lambda: shelf.status(translate))


@get(
    "/class4/{class4_type:str}",
    operation_id="listClass4Profiles",
    summary="The Class 4 profiles of a file, on a map",
    tags=TAGS,
    responses=documented(NotFound, InvalidRequest),
)
async def list_profiles(
    *,
    request: Request[Any, Any, Any],
    class4: NamedDependency[Class4],
    class4_freshness: NamedDependency[Freshness],
    class4_type: FromPath[Kind],
    file: FileId,
    extent: Extent = "",
    projection: MapProjection = "EPSG:3857",
) -> Class4Points:
    """Those in view, each with the error of the best estimate; null where there is nothing to compare."""
    await class4_freshness(request, "")
    kind, shown, seen = kind_of(class4_type), view.projection_of(projection), view.extent(extent)
    found = class4.shelf.find(kind, file)
    points = await class4.points(kind, found.file.id)
    return await asyncio.to_thread(view.features, kind, found.file.id, points, shown, seen)


@get(
    "/class4/models/{class4_type:str}",
    operation_id="listClass4Models",
    summary="The other models of the same day",
    tags=TAGS,
    responses=documented(NotFound),
)
async def list_models(
    request: Request[Any, Any, Any],
    class4: NamedDependency[Class4],
    class4_freshness: NamedDependency[Freshness],
    class4_type: FromPath[Kind],
    profile: ProfileId,
) -> list[Class4Model]:
    """Files of other models that have profiles of the same day."""
    await class4_freshness(request, "")
    return class4.shelf.models(class4.shelf.find(kind_of(class4_type), profile))


@get(
    "/class4/forecasts/{class4_type:str}",
    operation_id="listClass4Forecasts",
    summary="What a profile can be compared with",
    tags=TAGS,
    responses=documented(NotFound),
)
async def list_forecasts(
    *,
    request: Request[Any, Any, Any],
    class4: NamedDependency[Class4],
    class4_freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    class4_type: FromPath[Kind],
    profile: ProfileId,
) -> list[Class4Forecast]:
    """The best estimate, then the forecasts by the dates of their fields."""
    await class4_freshness(request, "")
    return forecasts(class4.shelf.find(kind_of(class4_type), profile).about, translate)


@get("/class4/{class4_type:str}", media_type=MESSAGEPACK)
async def get_profiles(
    class4: NamedDependency[Class4], class4_type: FromPath[str], ids: FromQuery[str], models: FromQuery[str] = ""
) -> Class4Profiles:
    """Profiles for plots, and beside them other models."""
    kind = kind_of(class4_type)
    return await assemble(class4, kind, several(ids, "ids", MOST), several(models, "models", MOST))


ROUTES = [list_class4, list_status, list_profiles, list_models, list_forecasts]
INTERNAL = [get_profiles]
