"""The range of a variable in view."""

import asyncio
from typing import Annotated, Any, get_args

from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi.spec import Example
from litestar.params import PathParameter

from ocean_common import errors, problems
from ocean_common.caching import Freshness, made_from
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation, ValueRange
from ocean_common.parameters import DatasetId
from ocean_data.api.map_parameters import PLANES, Depth, Time, Variables, one_of
from ocean_data.compute import vectors
from ocean_data.compute.range import Ranges, View
from ocean_data.plan.sampling import Search
from ocean_data.ports import Workers

Between = Annotated[
    str,
    PathParameter(
        description="How values between cells are made.",
        examples=[Example(value="gaussian")],
        schema_extra={"enum": list(get_args(Interpolation))},
    ),
]
Radius = Annotated[
    float,
    PathParameter(description=f"km, for gaussian and inverse: up to {MAX_RADIUS:g}.", examples=[Example(value=25)]),
]
Neighbours = Annotated[
    int,
    PathParameter(
        description=f"Cells at most, for gaussian and inverse: 1 to {MAX_NEIGHBOURS}.", examples=[Example(value=10)]
    ),
]
Plane = Annotated[
    str,
    PathParameter(
        description="Of the map.", examples=[Example(value="EPSG:3857")], schema_extra={"enum": list(PLANES)}
    ),
]
Extent = Annotated[
    str,
    PathParameter(
        description="`x0,y0,x1,y1`: two opposite corners of the view, in metres of the projection.",
        examples=[Example(summary="the Barents Sea", value="1113194.9,10000000.5,5565974.5,12500000")],
    ),
]


def read_view(
    *,
    interp: Between,
    radius: Radius,
    neighbours: Neighbours,
    projection: Plane,
    extent: Extent,
    depth: Depth,
    time: Time,
) -> View:
    """Read what is in view."""
    how: Interpolation = one_of(interp, get_args(Interpolation), "interp")
    search = Search(interpolation=how, radius=radius, neighbours=neighbours)
    plane = one_of(projection, PLANES, "projection")
    return View(projection=plane, extent=extent, depth=depth, time=time, search=search)


@get(
    "/range/{dataset:str}/{variable:str}/{interp:str}/{radius:str}/{neighbours:str}/{projection:str}/{extent:str}"
    "/{depth:str}/{time:str}",
    operation_id="getRange",
    summary="The range of a variable in view",
    description="Least and greatest of a sample of 50 × 50 points: limits for colours. They are symmetric where the "
    "variable is centred at zero, and 0 and 1 for fractions.",
    tags=["maps"],
    dependencies={"view": Provide(read_view, sync_to_thread=False)},
    responses=problems.documented(
        errors.DatasetNotFound,
        errors.VariableNotFound,
        errors.TimeNotFound,
        errors.DepthNotFound,
        errors.NothingInView,
        errors.SourceUnreadable,
        errors.ServiceUnavailable,
        errors.TooBusy,
    ),
)
async def value_range(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    ranges: NamedDependency[Ranges],
    workers: NamedDependency[Workers],
    freshness: NamedDependency[Freshness],
    dataset: DatasetId,
    variable: Variables,
    view: NamedDependency[View],
) -> Response[ValueRange]:
    """The least and the greatest value in view."""
    await freshness(request, dataset)
    assets = await asyncio.gather(*(catalogue.assets(dataset, name) for name in vectors.keys(variable)))
    found, revision = await workers.run(ranges.limits, assets, view)
    made_from(request, assets[0].revision, revision)
    return Response(found)
