"""Routes of maps: the range of a variable in view, and arrows of vectors."""

import asyncio
from typing import Annotated, get_args

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from ocean_common import problems
from ocean_common.caching import Freshness, made_from
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation, ValueRange
from ocean_common.contracts.places import ArrowCollection
from ocean_common.parameters import DatasetId, TileColumn, TileRow, Zoom
from ocean_core import errors
from ocean_data.api.parameters import MAP_PROJECTIONS, HttpRequest, MapDepth, MapTime, MapVariables, parse_choice
from ocean_data.compute import vectors
from ocean_data.compute.quiver import Arrows, ArrowsRequest, Vector
from ocean_data.compute.range import Ranges, View
from ocean_data.plan.sampling import Search
from ocean_data.threads import ThreadPool

GEOJSON = "application/geo+json"

Components = Annotated[
    str,
    PathParameter(
        description="Keys of the two components of a vector, with a comma; or the key of a vector that the dataset's "
        "configuration tells the components of, or the bearing.",
        examples=[Example(summary="currents along the axes of the grid", value="x_velocity,y_velocity")],
    ),
]
Density = Annotated[
    int,
    PathParameter(
        description="-1, 0 or 1: 8, 16 or 32 arrows along each side of the tile.",
        examples=[Example(value=0)],
        schema_extra={"enum": [-1, 0, 1]},
    ),
]
TileProjection = Annotated[str, QueryParameter(description="Of the map.", schema_extra={"enum": list(MAP_PROJECTIONS)})]
ViewInterpolation = Annotated[
    str,
    PathParameter(
        description="How values between cells are made.",
        examples=[Example(value="gaussian")],
        schema_extra={"enum": list(get_args(Interpolation))},
    ),
]
ViewRadius = Annotated[
    float,
    PathParameter(description=f"km, for gaussian and inverse: up to {MAX_RADIUS:g}.", examples=[Example(value=25)]),
]
ViewNeighbours = Annotated[
    int,
    PathParameter(
        description=f"Cells at most, for gaussian and inverse: 1 to {MAX_NEIGHBOURS}.", examples=[Example(value=10)]
    ),
]
ViewProjection = Annotated[
    str,
    PathParameter(
        description="Of the map.", examples=[Example(value="EPSG:3857")], schema_extra={"enum": list(MAP_PROJECTIONS)}
    ),
]
ViewExtent = Annotated[
    str,
    PathParameter(
        description="`x0,y0,x1,y1`: two opposite corners of the view, in metres of the projection.",
        examples=[Example(summary="the Barents Sea", value="1113194.9,10000000.5,5565974.5,12500000")],
    ),
]


def parse_view(
    *,
    interp: ViewInterpolation,
    radius: ViewRadius,
    neighbours: ViewNeighbours,
    projection: ViewProjection,
    extent: ViewExtent,
    depth: MapDepth,
    time: MapTime,
) -> View:
    """Parse the view."""
    interpolation: Interpolation = parse_choice(interp, get_args(Interpolation), "interp")
    search = Search(interpolation=interpolation, radius=radius, neighbours=neighbours)
    plane = parse_choice(projection, MAP_PROJECTIONS, "projection")
    return View(projection=plane, extent=extent, depth=depth, time=time, search=search)


@get(
    "/range/{dataset:str}/{variable:str}/{interp:str}/{radius:str}/{neighbours:str}/{projection:str}/{extent:str}"
    "/{depth:str}/{time:str}",
    operation_id="getRange",
    summary="The range of a variable in view",
    description="Least and greatest of a sample of 50 × 50 points: limits for colours. They are symmetric where the "
    "variable is centred at zero, and 0 and 1 for fractions.",
    tags=["maps"],
    dependencies={"view": Provide(parse_view, sync_to_thread=False)},
    responses=problems.document_errors(
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
async def get_range(
    *,
    request: HttpRequest,
    catalogue: NamedDependency[Catalogue],
    ranges: NamedDependency[Ranges],
    workers: NamedDependency[ThreadPool],
    freshness: NamedDependency[Freshness],
    dataset: DatasetId,
    variable: MapVariables,
    view: NamedDependency[View],
) -> Response[ValueRange]:
    await freshness(request, dataset)
    assets = await asyncio.gather(*(catalogue.assets(dataset, name) for name in vectors.keys(variable)))
    limits, revision = await workers.run(ranges.limits, assets, view)
    made_from(request, assets[0].revision, revision)
    return Response(limits)


def parse_arrows(
    *,
    time: MapTime,
    depth: MapDepth,
    density_adj: Density,
    zoom: Zoom,
    x: TileColumn,
    y: TileRow,
    projection: TileProjection = "EPSG:3857",
) -> ArrowsRequest:
    """Parse the request of arrows."""
    plane = parse_choice(projection, MAP_PROJECTIONS, "projection")
    return ArrowsRequest(time=time, depth=depth, density=density_adj, zoom=zoom, x=x, y=y, projection=plane)


async def find_vector(catalogue: Catalogue, dataset: str, variable: str) -> Vector:
    """Find the parts of a vector: two keys, or one whose parts are configured."""
    assets = await asyncio.gather(*(catalogue.assets(dataset, name) for name in vectors.keys(variable)))
    if len(assets) == 2:
        return Vector(parts=(assets[0], assets[1]))
    (vector,) = assets
    parts = vector.components
    if "east" in parts and "north" in parts:
        east, north = await asyncio.gather(*(catalogue.assets(dataset, parts[way]) for way in ("east", "north")))
        return Vector(parts=(east, north), info=vector.variable)
    if "bearing" in parts:
        bearing = await catalogue.assets(dataset, parts["bearing"])
        return Vector(parts=(vector, bearing), by_bearing=True, info=vector.variable)
    raise vectors.no_vector(variable)


@get(
    "/tiles/quiver/{dataset:str}/{variable:str}/{time:str}/{depth:str}/{density_adj:str}/{zoom:str}/{x:str}/{y:str}",
    operation_id="getArrows",
    summary="Arrows of a vector on a map tile",
    description="Points at a regular spacing on the screen, interpolated between cells; none on land. The bearing is "
    "true: components along the axes of a grid are turned to east and north.",
    tags=["maps"],
    dependencies={"arrows": Provide(parse_arrows, sync_to_thread=False)},
    media_type=GEOJSON,
    responses={200: ResponseSpec(ArrowCollection, media_type=GEOJSON, description="Arrows.", generate_examples=False)}
    | problems.document_errors(
        errors.DatasetNotFound,
        errors.VariableNotFound,
        errors.TimeNotFound,
        errors.DepthNotFound,
        errors.TileNotFound,
        errors.SourceUnreadable,
        errors.ServiceUnavailable,
        errors.TooBusy,
    ),
)
async def get_arrows(
    *,
    request: HttpRequest,
    catalogue: NamedDependency[Catalogue],
    quiver: NamedDependency[Arrows],
    workers: NamedDependency[ThreadPool],
    freshness: NamedDependency[Freshness],
    dataset: DatasetId,
    variable: Components,
    arrows: NamedDependency[ArrowsRequest],
) -> Response[ArrowCollection]:
    await freshness(request, dataset)
    vector = await find_vector(catalogue, dataset, variable)
    collection, revision = await workers.run(quiver.tile, vector, arrows)
    made_from(request, vector.parts[0].revision, revision)
    return Response(collection, media_type=GEOJSON)
