"""Routes of maps: the range of a variable in view, and arrows of vectors."""

from typing import Annotated, get_args

from litestar import Response, get
from litestar.openapi import ResponseSpec

from ocean_common import problems
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation, TileRequest, ValueRange
from ocean_common.contracts.places import ArrowCollection
from ocean_common.http import made_from
from ocean_common.parameters import DatasetId, TileColumn, TileRow, Zoom, parse_choice, path_parameter, query_parameter
from ocean_core import errors
from ocean_core.errors import InvalidRequest
from ocean_core.tiles import Projection
from ocean_data.api.parameters import READING_ERRORS, HttpRequest, Service
from ocean_data.compute.field import View, range_in_view
from ocean_data.compute.vectors import Vector, match_units, tile_arrows

GEOJSON = "application/geo+json"
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)
INTERPOLATIONS: tuple[Interpolation, ...] = get_args(Interpolation)

Components = Annotated[
    str,
    path_parameter(
        "Keys of the two components of a vector, separated by a comma; or the key of a vector whose components or "
        "bearing are named in the dataset's configuration.",
        ("currents along the axes of the grid", "x_velocity,y_velocity"),
    ),
]
MapDepth = Annotated[
    str,
    path_parameter(
        "Index of a depth level (0 is the first), or `bottom`: the deepest wet cell.", ("the first level", "0")
    ),
]
MapTime = Annotated[
    str,
    path_parameter(
        "Raw integer of a time step as listed by `timestamps`, ISO 8601, or -1: the last.", ("the last", "-1")
    ),
]


async def find_variables(catalogue: Catalogue, dataset: str, variable: str) -> list[Assets]:
    """Find a variable by its key, or the two components of a vector, in one unit, by their keys with a comma."""
    keys = variable.split(",")
    if len(keys) > 2 or not all(key.strip() for key in keys):
        raise InvalidRequest(
            "variable {variable!r} is neither one key nor the two of a vector, as u,v",
            variable=variable[:60],
            field="variable",
        )
    assets = [await catalogue.assets(dataset, key) for key in keys]
    return match_units(*assets) if len(assets) == 2 else assets


@get(
    "/range/{dataset:str}/{variable:str}/{interp:str}/{radius:str}/{neighbours:str}/{projection:str}/{extent:str}"
    "/{depth:str}/{time:str}",
    summary="Range of a variable in view",
    description="Minimum and maximum of a sample of 50 × 50 points: limits for colours. They are symmetric where the "
    "variable is centred at zero, and 0 and 1 for fractions.",
    tags=["maps"],
    responses=problems.document_errors(*READING_ERRORS, errors.NothingInView),
)
async def get_range(
    *,
    request: HttpRequest,
    service: Service,
    dataset: DatasetId,
    variable: Annotated[
        str,
        path_parameter(
            "Key of a variable, or two keys separated by a comma for the magnitude of a vector.",
            ("sea water potential temperature", "votemper"),
        ),
    ],
    interp: Annotated[
        str, path_parameter("Interpolation between cells.", "gaussian", schema_extra={"enum": list(INTERPOLATIONS)})
    ],
    radius: Annotated[float, path_parameter(f"km, for gaussian and inverse: up to {MAX_RADIUS:g}.", 25)],
    neighbours: Annotated[
        int, path_parameter(f"Maximum number of cells, for gaussian and inverse: 1 to {MAX_NEIGHBOURS}.", 10)
    ],
    projection: Annotated[
        str, path_parameter("Projection of the map.", "EPSG:3857", schema_extra={"enum": list(PROJECTIONS)})
    ],
    extent: Annotated[
        str,
        path_parameter(
            "`x0,y0,x1,y1`: two opposite corners of the view, in metres of the projection.",
            ("the Barents Sea", "1113194.9,10000000.5,5565974.5,12500000"),
        ),
    ],
    depth: MapDepth,
    time: MapTime,
) -> Response[ValueRange]:
    interpolation = parse_choice(interp, INTERPOLATIONS, "interp")
    plane = parse_choice(projection, PROJECTIONS, "projection")
    view = View(
        projection=plane,
        extent=extent,
        depth=depth,
        time=time,
        interpolation=interpolation,
        radius=radius,
        neighbours=neighbours,
    )
    await service.freshness(request, dataset)
    assets = await find_variables(service.catalogue, dataset, variable)
    limits, revision = await service.workers.run(range_in_view, service.reading, assets, view)
    made_from(request, assets[0].revision, revision)
    return Response(limits)


async def find_vector(catalogue: Catalogue, dataset: str, variable: str) -> Vector:
    """Find the parts of a vector: two keys, or one whose parts are configured."""
    assets = await find_variables(catalogue, dataset, variable)
    if len(assets) == 2:
        return Vector(parts=(assets[0], assets[1]))
    (vector,) = assets
    parts = vector.components
    if "east" in parts and "north" in parts:
        east, north = await find_variables(catalogue, dataset, f"{parts['east']},{parts['north']}")
        return Vector(parts=(east, north), info=vector.variable)
    if "bearing" in parts:
        (bearing,) = await find_variables(catalogue, dataset, parts["bearing"])
        return Vector(parts=(vector, bearing), by_bearing=True, info=vector.variable)
    raise InvalidRequest(
        "{variable!r} is one variable; name the two components of a vector with a comma, as u,v",
        variable=variable[:60],
        field="variable",
    )


@get(
    "/tiles/quiver/{dataset:str}/{variable:str}/{time:str}/{depth:str}/{density_adj:str}/{zoom:str}/{x:str}/{y:str}",
    summary="Arrows of a vector on a map tile",
    description="Points at a regular spacing on the screen, interpolated between cells; none on land. The bearing is "
    "true: components along the axes of a grid are rotated to east and north.",
    tags=["maps"],
    media_type=GEOJSON,
    responses={200: ResponseSpec(ArrowCollection, media_type=GEOJSON, description="Arrows.", generate_examples=False)}
    | problems.document_errors(*READING_ERRORS, errors.TileNotFound),
)
async def get_arrows(
    *,
    request: HttpRequest,
    service: Service,
    dataset: DatasetId,
    variable: Components,
    time: MapTime,
    depth: MapDepth,
    density_adj: Annotated[
        int,
        path_parameter(
            "-1, 0 or 1: 8, 16 or 32 arrows along each side of the tile.", 0, schema_extra={"enum": [-1, 0, 1]}
        ),
    ],
    zoom: Zoom,
    x: TileColumn,
    y: TileRow,
    projection: Annotated[
        str, query_parameter("Projection of the map.", schema_extra={"enum": list(PROJECTIONS)})
    ] = "EPSG:3857",
) -> Response[ArrowCollection]:
    plane = parse_choice(projection, PROJECTIONS, "projection")
    tile = TileRequest(
        dataset=dataset, variable=variable, time=time, depth=depth, zoom=zoom, x=x, y=y, projection=plane
    )
    await service.freshness(request, dataset)
    vector = await find_vector(service.catalogue, dataset, variable)
    collection, revision = await service.workers.run(tile_arrows, service.reading, vector, tile, density_adj)
    made_from(request, vector.parts[0].revision, revision)
    return Response(collection, media_type=GEOJSON)
