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


class Desk:
    """What points are answered with: who knows the files, who reads, who writes tables."""

    def __init__(
        self, catalogue: Catalogue, points: Points, workers: Workers, freshness: Freshness, tables: Tables
    ) -> None:
        self._catalogue = catalogue
        self._points = points
        self._workers = workers
        self._freshness = freshness
        self._tables = tables

    async def answer(
        self, request: Request[Any, Any, Any], kind: str, named: tuple[str, str], asked: PointAsked, form: Format | None
    ) -> Response[Any]:
        """Read one variable (``named``: dataset and key) at a point, and write it as ``form``, or as Accept says."""
        form = form or _accepted(request)
        await self._freshness(request, named[0], form=form)
        assets = await self._catalogue.assets(*named)
        found = await self._workers.run(self._points.values, assets, asked)
        made_from(request, assets.revision, found.revision)
        vary = {"vary": "accept"}
        if form == "json":
            return Response(found, headers=vary)
        content, name = self._tables.table(found, kind)
        saved = {**vary, "content-disposition": f'attachment; filename="{name}"'}
        return Response(content, media_type=self._tables.media_type, headers=saved)


def _accepted(request: Request[Any, Any, Any]) -> Format:
    return "csv" if request.accept.best_match(["application/json", "text/csv"]) == "text/csv" else "json"


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
    point_desk: NamedDependency[Desk],
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
    search = Search(interpolation=interpolation, radius=radius, neighbours=neighbours)
    place, level = {"latitude": latitude, "longitude": longitude}, depths.parse(depth)
    asked = PointAsked(**place, depth=level, time=time, start=start, end=end, search=search)
    return await point_desk.answer(request, "profile", (dataset, variable), asked, format)


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
    point_desk: NamedDependency[Desk],
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
    search = Search(interpolation=interpolation, radius=radius, neighbours=neighbours)
    place, level = {"latitude": latitude, "longitude": longitude}, depths.parse(depth)
    asked = PointAsked(**place, depth=level, time=time, start=start, end=end, search=search)
    return await point_desk.answer(request, "timeseries", (dataset, variable), asked, format)
