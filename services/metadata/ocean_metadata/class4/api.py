"""Routes of Class 4: observed profiles beside forecasts."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter

from ocean_common.contracts.observations import (
    Class4Days,
    Class4Forecast,
    Class4Kind,
    Class4Model,
    Class4ModelProfiles,
    Class4Points,
    Class4Profile,
    Class4Profiles,
    Class4Status,
)
from ocean_common.http import Freshness
from ocean_common.i18n import Translator
from ocean_common.problems import document_errors
from ocean_core.errors import InvalidRequest, NotFound
from ocean_core.tiles import PROJECTIONS
from ocean_metadata.catalogue.responses import MESSAGEPACK, ResponseCache, encoded_response
from ocean_metadata.class4.map_points import find_same_profile, map_points, parse_extent, parse_projection
from ocean_metadata.class4.model import FoundFile, list_forecasts, parse_ids, parse_kind
from ocean_metadata.class4.store import Class4Repository

TAGS = ["class 4"]
MAX_PROFILES = 100  # or models, of one plot
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
        description="Extent of the map: `left,bottom,right,top` in metres of the projection; without it, all profiles.",
        examples=[Example(summary="the tropical Atlantic", value="-5000000,-2000000,1000000,2000000")],
    ),
]
MapProjection = Annotated[
    str,
    QueryParameter(
        description=f"Projection of the map: {', '.join(PROJECTIONS)}.",
        examples=[Example(summary="web maps", value="EPSG:3857")],
    ),
]


@get(
    "/class4",
    operation_id="listClass4",
    summary="Days with Class 4 profiles",
    tags=TAGS,
    responses=encoded_response(Class4Days, "The days of each kind, ascending"),
)
async def list_class4(
    class4: NamedDependency[Class4Repository], response_cache: NamedDependency[ResponseCache]
) -> Response[bytes]:
    """One file for each day and kind: that of GIOPS or RIOPS, else the first by its name."""
    index = class4.index
    return await response_cache.respond(("class 4 days", index.revision), index.days)


@get(
    "/class4/status",
    operation_id="listClass4Status",
    summary="Status of the Class 4 files",
    tags=TAGS,
    responses={
        **encoded_response(list[Class4Status], "All files, with the reason where one cannot be served"),
        **document_errors(),
    },
)
async def list_status(
    class4: NamedDependency[Class4Repository],
    response_cache: NamedDependency[ResponseCache],
    translate: NamedDependency[Translator],
) -> Response[bytes]:
    """All files, with the reason where one cannot be served."""
    index = class4.index
    key = ("class 4 status", index.revision, translate.language)
    return await response_cache.respond(key, lambda: index.status(translate))


@get(
    "/class4/{class4_type:str}",
    operation_id="listClass4Profiles",
    summary="Class 4 profiles of a file on a map",
    tags=TAGS,
    responses=document_errors(NotFound, InvalidRequest),
)
async def list_profiles(
    *,
    request: Request[Any, Any, Any],
    class4: NamedDependency[Class4Repository],
    class4_freshness: NamedDependency[Freshness],
    class4_type: FromPath[Kind],
    file: FileId,
    extent: Extent = "",
    projection: MapProjection = "EPSG:3857",
) -> Class4Points:
    """Profiles in view, each with the error of the best estimate; null where no value can be compared."""
    await class4_freshness(request, "")
    kind, map_projection, map_extent = parse_kind(class4_type), parse_projection(projection), parse_extent(extent)
    file_id = class4.index.find(kind, file).file.id
    points = await class4.points(kind, file_id)
    return await asyncio.to_thread(map_points, kind, file_id, points, map_projection, map_extent)


@get(
    "/class4/models/{class4_type:str}",
    operation_id="listClass4Models",
    summary="Other models of the same day",
    tags=TAGS,
    responses=document_errors(NotFound),
)
async def list_models(
    request: Request[Any, Any, Any],
    class4: NamedDependency[Class4Repository],
    class4_freshness: NamedDependency[Freshness],
    class4_type: FromPath[Kind],
    profile: ProfileId,
) -> list[Class4Model]:
    """Files of other models that have profiles of the same day."""
    await class4_freshness(request, "")
    return class4.index.other_models(class4.index.find(parse_kind(class4_type), profile))


@get(
    "/class4/forecasts/{class4_type:str}",
    operation_id="listClass4Forecasts",
    summary="Forecasts that a profile can be compared with",
    tags=TAGS,
    responses=document_errors(NotFound),
)
async def list_profile_forecasts(
    *,
    request: Request[Any, Any, Any],
    class4: NamedDependency[Class4Repository],
    class4_freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    class4_type: FromPath[Kind],
    profile: ProfileId,
) -> list[Class4Forecast]:
    """The best estimate, then the forecasts by the dates of their fields."""
    await class4_freshness(request, "")
    return list_forecasts(class4.index.find(parse_kind(class4_type), profile).about, translate)


@get("/class4/{class4_type:str}", media_type=MESSAGEPACK)
async def get_profiles(
    class4: NamedDependency[Class4Repository],
    class4_type: FromPath[str],
    ids: FromQuery[str],
    models: FromQuery[str] = "",
) -> Class4Profiles:
    """Profiles for plots, and those of other models at the same places."""
    kind = parse_kind(class4_type)
    profile_ids, model_ids = parse_ids(ids, "ids", MAX_PROFILES), parse_ids(models, "models", MAX_PROFILES)
    class4_files = [class4.index.find(kind, text) for text in profile_ids]
    if not class4_files:
        raise InvalidRequest("no profile was requested; give its id: file_index", field="ids")
    for text, file in zip(profile_ids, class4_files, strict=True):
        if file.profile is None:
            raise InvalidRequest("{text} is a file; write {text}_0 for its first profile", text=text, field="ids")
    other_files = [class4.index.find(kind, text) for text in model_ids]
    own = await _read_profiles(class4, kind, [(file.file.id, file.profile) for file in class4_files])
    return Class4Profiles(
        kind=kind,
        profiles=[profile for profile in own if profile is not None],
        forecasts=list_forecasts(class4_files[0].about),
        title=class4_files[0].about.title,
        models=[await _read_model(class4, kind, class4_files, model) for model in other_files],
    )


async def _read_model(
    class4: Class4Repository, kind: Class4Kind, class4_files: Sequence[FoundFile], model: FoundFile
) -> Class4ModelProfiles:
    """Read a model's values at each of the profiles, whatever their indices are in its file."""
    model_points = await class4.points(kind, model.file.id)
    same: list[tuple[str, int | None]] = []
    for file in class4_files:
        index = None
        if file.about.day == model.about.day:
            points = await class4.points(kind, file.file.id)
            index = find_same_profile(points, file.profile or 0, model_points)
        same.append((model.file.id, index))
    return Class4ModelProfiles(
        file=model.file.id,
        model=model.about.model,
        title=model.about.title,
        forecasts=list_forecasts(model.about),
        profiles=await _read_profiles(class4, kind, same),
    )


async def _read_profiles(
    class4: Class4Repository, kind: Class4Kind, profiles: Sequence[tuple[str, int | None]]
) -> list[Class4Profile | None]:
    """Read profiles by file and index, in their order; each file is read once."""
    indices: defaultdict[str, list[int]] = defaultdict(list)
    for file, index in profiles:
        if index is not None:
            indices[file].append(index)
    read = {
        (profile.file, profile.index): profile
        for file, numbers in indices.items()
        for profile in await class4.profiles(kind, file, numbers)
    }
    return [None if index is None else read[file, index] for file, index in profiles]


ROUTES = [list_class4, list_status, list_profiles, list_models, list_profile_forecasts]
INTERNAL = [get_profiles]
