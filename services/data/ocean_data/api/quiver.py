"""Arrows of vectors."""

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from ocean_common import errors, problems
from ocean_common.caching import Freshness, made_from
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.geojson import ArrowCollection
from ocean_common.parameters import DatasetId, TileColumn, TileRow, Zoom
from ocean_data.api.map_parameters import PLANES, Depth, Time, one_of
from ocean_data.compute import vectors
from ocean_data.compute.quiver import Arrows, ArrowsAsked, Vector
from ocean_data.ports import Workers

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
Plane = Annotated[str, QueryParameter(description="Of the map.", schema_extra={"enum": list(PLANES)})]


def read_asked(
    *,
    time: Time,
    depth: Depth,
    density_adj: Density,
    zoom: Zoom,
    x: TileColumn,
    y: TileRow,
    projection: Plane = "EPSG:3857",
) -> ArrowsAsked:
    """Read which arrows are asked for."""
    plane = one_of(projection, PLANES, "projection")
    return ArrowsAsked(time=time, depth=depth, density=density_adj, zoom=zoom, x=x, y=y, projection=plane)


async def vector_of(catalogue: Catalogue, dataset: str, variable: str) -> Vector:
    """The parts of a vector: of two keys, or of one whose parts are configured."""
    found = await asyncio.gather(*(catalogue.assets(dataset, name) for name in vectors.keys(variable)))
    if len(found) == 2:
        return Vector(parts=(found[0], found[1]))
    (whole,) = found
    parts = whole.components
    if "east" in parts and "north" in parts:
        east, north = await asyncio.gather(*(catalogue.assets(dataset, parts[way]) for way in ("east", "north")))
        return Vector(parts=(east, north), info=whole.variable)
    if "bearing" in parts:
        bearing = await catalogue.assets(dataset, parts["bearing"])
        return Vector(parts=(whole, bearing), by_bearing=True, info=whole.variable)
    raise vectors.no_vector(variable)


@get(
    "/tiles/quiver/{dataset:str}/{variable:str}/{time:str}/{depth:str}/{density_adj:str}/{zoom:str}/{x:str}/{y:str}",
    operation_id="getArrows",
    summary="Arrows of a vector on a map tile",
    description="Points at a regular spacing on the screen, interpolated between cells; none on land. The bearing is "
    "true: components along the axes of a grid are turned to east and north.",
    tags=["maps"],
    dependencies={"asked": Provide(read_asked, sync_to_thread=False)},
    media_type=GEOJSON,
    responses={200: ResponseSpec(ArrowCollection, media_type=GEOJSON, description="Arrows.", generate_examples=False)}
    | problems.documented(
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
async def arrows(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    quiver: NamedDependency[Arrows],
    workers: NamedDependency[Workers],
    freshness: NamedDependency[Freshness],
    dataset: DatasetId,
    variable: Components,
    asked: NamedDependency[ArrowsAsked],
) -> Response[ArrowCollection]:
    """A vector on the map."""
    await freshness(request, dataset)
    vector = await vector_of(catalogue, dataset, variable)
    found, revision = await workers.run(quiver.tile, vector, asked)
    made_from(request, vector.parts[0].revision, revision)
    return Response(found, media_type=GEOJSON)
