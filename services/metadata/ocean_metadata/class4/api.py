"""Routes of Class 4: observed profiles beside forecasts."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from ocean_common.contracts import observations as contracts
from ocean_common.contracts.observations import Class4Kind
from ocean_common.http import Freshness
from ocean_common.i18n import Translator
from ocean_common.parameters import parse_choice, path_parameter, query_parameter
from ocean_common.problems import document_errors
from ocean_core.errors import InvalidRequest, Message, NotFound
from ocean_core.tiles import PROJECTIONS
from ocean_metadata.catalogue.responses import MESSAGEPACK, ResponseCache, encoded_response
from ocean_metadata.class4.map_points import find_same_profile, map_points, parse_extent
from ocean_metadata.class4.model import FileRecord, list_forecasts, parse_ids, parse_kind
from ocean_metadata.class4.store import Class4Repository

MAX_PROFILES = 100  # or models, of one plot
DEMONSTRATION = "class4_19970729_ATLANTIC_demo_profile"

Repository = NamedDependency[Class4Repository]
Fresh = NamedDependency[Freshness]
AnyRequest = Request[Any, Any, Any]

Kind = Annotated[
    str, path_parameter("`ocean_predict` or `riops_obs`.", ("files as OceanPredict exchanges them", "ocean_predict"))
]
FileId = Annotated[
    str,
    query_parameter(
        "Id of a file, as `/api/v2.0/class4` lists it; `_<index>` of a profile may follow.",
        ("the demonstration", DEMONSTRATION),
        name="id",
    ),
]
ProfileId = Annotated[
    str,
    query_parameter(
        "Id of a profile: that of its file, `_` (or `/`), and its index.",
        ("the first profile of the demonstration", f"{DEMONSTRATION}_0"),
        name="id",
    ),
]
Extent = Annotated[
    str,
    query_parameter(
        "Extent of the map: `left,bottom,right,top` in metres of the projection; without it, all profiles.",
        ("the tropical Atlantic", "-5000000,-2000000,1000000,2000000"),
    ),
]
MapProjection = Annotated[
    str,
    query_parameter("Projection of the map.", ("web maps", "EPSG:3857"), schema_extra={"enum": list(PROJECTIONS)}),
]

_get = partial(get, tags=["class 4"], responses=document_errors(NotFound))


@_get(
    "/class4",
    summary="Days with Class 4 profiles",
    responses=encoded_response(contracts.Class4Days, "The days of each kind, ascending", document_errors()),
)
async def list_class4(class4: Repository, response_cache: NamedDependency[ResponseCache]) -> Response[bytes]:
    """One file for each day and kind: that of GIOPS or RIOPS, else the first by its name."""
    index = class4.index
    return await response_cache.respond(("class 4 days", index.revision), index.days)


@_get(
    "/class4/status",
    summary="Status of the Class 4 files",
    responses=document_errors()
    | encoded_response(list[contracts.Class4Status], "All files, with the reason where one cannot be served"),
)
async def list_class4_status(
    class4: Repository, response_cache: NamedDependency[ResponseCache], translate: NamedDependency[Translator]
) -> Response[bytes]:
    """All files, with the reason where one cannot be served."""
    index = class4.index
    key = ("class 4 status", index.revision, translate.language)
    return await response_cache.respond(key, lambda: index.status(translate))


@_get(
    "/class4/{class4_type:str}",
    summary="Class 4 profiles of a file on a map",
    responses=document_errors(NotFound, InvalidRequest),
)
async def list_class4_profiles(
    *,
    request: AnyRequest,
    class4: Repository,
    class4_freshness: Fresh,
    class4_type: FromPath[Kind],
    file: FileId,
    extent: Extent = "",
    projection: MapProjection = "EPSG:3857",
) -> contracts.Class4Points:
    """Profiles in view, each with the error of the best estimate; null where no value can be compared."""
    await class4_freshness(request, "")
    kind = parse_kind(class4_type)
    refusal = Message("unknown projection {value!r}; there are {choices}")
    map_projection = parse_choice(projection, PROJECTIONS, "projection", refusal)
    map_extent = parse_extent(extent)
    record, _ = class4.index.find(kind, file)
    points = await class4.points(kind, record.id)
    return await asyncio.to_thread(map_points, kind, record.id, points, map_projection, map_extent)


@_get("/class4/models/{class4_type:str}", summary="Other models of the same day")
async def list_class4_models(
    request: AnyRequest, class4: Repository, class4_freshness: Fresh, class4_type: FromPath[Kind], profile: ProfileId
) -> list[contracts.Class4Model]:
    """Files of other models that have profiles of the same day."""
    await class4_freshness(request, "")
    file, _ = class4.index.find(parse_kind(class4_type), profile)
    return class4.index.other_models(file)


@_get("/class4/forecasts/{class4_type:str}", summary="Forecasts that a profile can be compared with")
async def list_class4_forecasts(
    *,
    request: AnyRequest,
    class4: Repository,
    class4_freshness: Fresh,
    translate: NamedDependency[Translator],
    class4_type: FromPath[Kind],
    profile: ProfileId,
) -> list[contracts.Class4Forecast]:
    """The best estimate, then the forecasts by the dates of their fields."""
    await class4_freshness(request, "")
    file, _ = class4.index.find(parse_kind(class4_type), profile)
    return list_forecasts(file.about, translate)


@get("/class4/{class4_type:str}", media_type=MESSAGEPACK)
async def get_profiles(
    class4: Repository, class4_type: FromPath[str], ids: FromQuery[str], models: FromQuery[str] = ""
) -> contracts.Class4Profiles:
    """Profiles for plots, and those of other models at the same places."""
    kind, index = parse_kind(class4_type), class4.index
    profile_ids, model_ids = parse_ids(ids, "ids", MAX_PROFILES), parse_ids(models, "models", MAX_PROFILES)
    if not profile_ids:
        raise InvalidRequest("no profile was requested; give its id: file_index", field="ids")
    profiles: list[tuple[FileRecord, int]] = []
    for text in profile_ids:
        file, number = index.find(kind, text)
        if number is None:
            raise InvalidRequest("{text} is a file; write {text}_0 for its first profile", text=text, field="ids")
        profiles.append((file, number))
    model_files = [index.find(kind, text)[0] for text in model_ids]
    first = profiles[0][0].about
    return contracts.Class4Profiles(
        kind=kind,
        profiles=[await class4.profile(kind, file.id, number) for file, number in profiles],
        forecasts=list_forecasts(first),
        title=first.title,
        models=[await _read_model(class4, kind, profiles, model) for model in model_files],
    )


async def _read_model(
    class4: Class4Repository, kind: Class4Kind, profiles: Sequence[tuple[FileRecord, int]], model: FileRecord
) -> contracts.Class4ModelProfiles:
    """Read a model's values at each of the profiles, whatever their indices are in its file."""
    model_points = await class4.points(kind, model.id)
    same = [
        find_same_profile(await class4.points(kind, file.id), number, model_points)
        if file.about.day == model.about.day
        else None
        for file, number in profiles
    ]
    return contracts.Class4ModelProfiles(
        file=model.id,
        model=model.about.model,
        title=model.about.title,
        forecasts=list_forecasts(model.about),
        profiles=[None if index is None else await class4.profile(kind, model.id, index) for index in same],
    )


ROUTES = [list_class4, list_class4_status, list_class4_profiles, list_class4_models, list_class4_forecasts]
INTERNAL = [get_profiles]
