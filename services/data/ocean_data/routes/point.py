"""Numbers at a point: profiles and time series."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency

from ocean_common import problems
from ocean_common.caching import Freshness, made_from
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.data import PointValues
from ocean_common.errors import (
    DatasetNotFound,
    DepthNotFound,
    PointOutsideGrid,
    RequestTooLarge,
    ServiceUnavailable,
    SourceUnreadable,
    TimeNotFound,
    TooBusy,
    VariableNotFound,
)
from ocean_common.parameters import DatasetId, VariableKey
from ocean_common.strict import known_only
from ocean_data.domain import depth as depths
from ocean_data.domain.point import PointAsked, Points, Search
from ocean_data.domain.ports import Tables, Workers
from ocean_data.routes.parameters import (
    Between,
    DepthLevel,
    End,
    Form,
    Format,
    Latitude,
    Longitude,
    Neighbours,
    Radius,
    Start,
    Tabular,
    Time,
)

PROBLEMS = problems.documented(
    DatasetNotFound,
    VariableNotFound,
    TimeNotFound,
    DepthNotFound,
    PointOutsideGrid,
    RequestTooLarge,
    SourceUnreadable,
    ServiceUnavailable,
    TooBusy,
)


@get(
    "/data/{dataset:str}/{variable:str}/profile",
    operation_id="getProfile",
    operation_class=Tabular,
    summary="A variable over depth",
    tags=["points"],
    responses=PROBLEMS,
    before_request=known_only,
)
async def profile(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    points: NamedDependency[Points],
    workers: NamedDependency[Workers],
    freshness: NamedDependency[Freshness],
    tables: NamedDependency[Tables],
    dataset: DatasetId,
    variable: VariableKey,
    latitude: Latitude,
    longitude: Longitude,
    depth: DepthLevel = "all",
    time: Time = None,
    start: Start = None,
    end: End = None,
    interpolation: Between = "nearest",
    radius: Radius = 25.0,
    neighbours: Neighbours = 10,
    format: Form = None,  # noqa: A002  the word of the API
) -> Response[PointValues]:
    """Levels (all, or one) at one point: a row per time step, a column per level; null on land and in the ground."""
    form = _form(request, format)
    await freshness(request, dataset, form=form)
    search = Search(interpolation=interpolation, radius=radius, neighbours=neighbours)
    place = {"latitude": latitude, "longitude": longitude}
    asked = PointAsked(**place, depth=depths.parse(depth), time=time, start=start, end=end, search=search)
    assets = await catalogue.assets(dataset, variable)
    found = await workers.run(points.values, assets, asked)
    made_from(request, assets.revision, found.revision)
    return _written(found, form, "profile", tables)


@get(
    "/data/{dataset:str}/{variable:str}/timeseries",
    operation_id="getTimeSeries",
    operation_class=Tabular,
    summary="A variable through time",
    tags=["points"],
    responses=PROBLEMS,
    before_request=known_only,
)
async def timeseries(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    points: NamedDependency[Points],
    workers: NamedDependency[Workers],
    freshness: NamedDependency[Freshness],
    tables: NamedDependency[Tables],
    dataset: DatasetId,
    variable: VariableKey,
    latitude: Latitude,
    longitude: Longitude,
    depth: DepthLevel = "0",
    time: Time = None,
    start: Start = None,
    end: End = None,
    interpolation: Between = "nearest",
    radius: Radius = 25.0,
    neighbours: Neighbours = 10,
    format: Form = None,  # noqa: A002  the word of the API
) -> Response[PointValues]:
    """One level, the bottom or all levels at one point through time: a row per time step, a column per level."""
    form = _form(request, format)
    await freshness(request, dataset, form=form)
    search = Search(interpolation=interpolation, radius=radius, neighbours=neighbours)
    place = {"latitude": latitude, "longitude": longitude}
    asked = PointAsked(**place, depth=depths.parse(depth), time=time, start=start, end=end, search=search)
    assets = await catalogue.assets(dataset, variable)
    found = await workers.run(points.values, assets, asked)
    made_from(request, assets.revision, found.revision)
    return _written(found, form, "timeseries", tables)


def _form(request: Request[Any, Any, Any], asked: Format | None) -> Format:
    """The form of the answer: as the address says, else as the Accept header does."""
    if asked is None and request.accept.best_match(["application/json", "text/csv"]) == "text/csv":
        return "csv"
    return asked or "json"


def _written(found: PointValues, form: Format, kind: str, tables: Tables) -> Response[Any]:
    """JSON, or a table if that was asked for."""
    vary = {"vary": "accept"}
    if form == "json":
        return Response(found, headers=vary)
    content, name = tables.table(found, kind)
    saved = {**vary, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=tables.media_type, headers=saved)
