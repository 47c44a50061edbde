"""Web Map Tile Service 1.0.0 (RESTful): capabilities whose addresses are those of the map tiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, SkipValidation

from ocean_common import problems
from ocean_common.clients.metadata import MetadataClient
from ocean_common.contracts.assets import Steps
from ocean_common.contracts.metadata import DatasetLayer, DatasetLayers
from ocean_common.http import Freshness, made_from, request_address
from ocean_common.i18n import Translator
from ocean_common.parameters import path_parameter
from ocean_core import errors
from ocean_core.cache import ByteBoundedCache
from ocean_core.tiles import SIZE
from ocean_plotting.ogc.matrices import MATRIX_SETS, Matrix, MatrixSet, list_matrices
from ocean_plotting.palettes import choose_colours
from ocean_plotting.templates import load_template
from ocean_plotting.wms.dimensions import date_steps, format_steps

PATH = "/wmts"
XML = "application/xml"
TITLE = "Ocean Navigator"
MAX_TIMES = 1_000  # of a layer that are listed: of more, the last
DOCUMENT_BYTES = 32 * 2**20  # of capabilities that are kept


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """Dimension of a layer, as capabilities write it."""

    name: str
    units: str
    default: str
    values: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class TileLayer:
    """Layer, as capabilities write it."""

    name: str
    title: str
    abstract: str
    lower: str  # longitude latitude
    upper: str
    style: str  # id of its colormap
    legend: str  # address
    template: str  # of addresses of tiles
    dimensions: list[Dimension]


def describe_layer(
    layer: DatasetLayer, levels: int, steps: Steps | None, base_url: str, translate: Translator
) -> TileLayer:
    """Return a layer; ``levels``: how many it has, 0 without a depth; ``base_url``: the public address of the API."""
    info = translate.describe(layer.variable)
    west, south, east, north = layer.bounds or (-180.0, -90.0, 180.0, 90.0)
    if west > east or east > 180.0 or west < -180.0:  # across the date line
        west, east = -180.0, 180.0
    dimensions, time, depth = [], "-1", "0"
    if steps is not None and steps.dated:
        values = format_steps(date_steps(steps))[-MAX_TIMES:]
        dimensions.append(Dimension(name="time", units="ISO8601", default=values[-1], values=values))
        time = "{time}"
    if levels > 1:
        numbers = [str(level) for level in range(levels)]
        dimensions.append(Dimension(name="level", units="", default="0", values=numbers))
        depth = "{level}"
    dataset, key = quote(info.dataset, safe=""), quote(info.key, safe="")
    scale = ",".join(f"{limit:g}" for limit in info.scale)
    query = f"projection={{TileMatrixSet}}&colormap={{Style}}&scale={scale}"
    return TileLayer(
        name=f"{info.dataset}/{info.key}",
        title=f"{info.name} ({info.units})" if info.units not in {"", "1"} else info.name,
        abstract=info.long_name or "",
        lower=f"{west:.9g} {max(south, -90.0):.9g}",
        upper=f"{east:.9g} {min(north, 90.0):.9g}",
        style=choose_colours(info, None).colormap,
        legend=f"{base_url}/scale/{dataset}/{key}/{scale}",
        template=f"{base_url}/tiles/{dataset}/{key}/{time}/{depth}/{{TileMatrix}}/{{TileCol}}/{{TileRow}}?{query}",
        dimensions=dimensions,
    )


def write_capabilities(layers: Sequence[TileLayer], title: str, address: str, translate: Translator) -> bytes:
    """Write the document; ``title``: of the service."""

    def corner(item: MatrixSet, matrix: Matrix) -> str:
        edges = (matrix.top, matrix.left) if item.north_first else (matrix.left, matrix.top)
        return " ".join(map(repr, edges))

    text = load_template(__package__, "wmts.xml.jinja").render(
        title=title,
        abstract=translate("Map tiles of ocean models: any time step and level."),
        layers=layers,
        matrix_sets=MATRIX_SETS.values(),
        list_matrices=list_matrices,
        corner=corner,
        tile_size=SIZE,
        address=address,
    )
    return text.encode()


class WmtsService:
    """Capabilities of datasets, kept by revision."""

    def __init__(self, catalogue: MetadataClient, freshness: Freshness) -> None:
        self.catalogue = catalogue
        self.freshness = freshness
        self._documents: ByteBoundedCache[bytes] = ByteBoundedCache(DOCUMENT_BYTES, len)

    async def answer(self, request: Request[Any, Any, Any], translate: Translator, dataset: str) -> Response[bytes]:
        """Answer with the capabilities of a dataset, or of all."""
        base = request_address(request)
        if dataset:
            await self.freshness(request, dataset, repeatable=True)
            names, title = [dataset], ""
        else:
            names, title = [item.id for item in await self.catalogue.map_datasets()], TITLE
        records = [await self.catalogue.layers(name) for name in names]
        if dataset:
            made_from(request, await self.catalogue.revision(dataset), records[0].revision)
        key = (dataset, base, translate.language, *(record.revision for record in records))

        async def make() -> bytes:
            layers = [layer for record in records for layer in await self._describe(record, base, translate)]
            address = "/".join([base + PATH, *map(quote, names if dataset else []), "1.0.0/WMTSCapabilities.xml"])
            return await sync_to_thread(write_capabilities, layers, title or records[0].name, address, translate)

        content = await self._documents.get_async(key, make)
        return Response(content, media_type=XML, headers={"vary": "Host, X-Forwarded-Host"})

    async def _describe(self, record: DatasetLayers, base: str, translate: Translator) -> list[TileLayer]:
        steps: dict[int | None, Steps | None] = {None: None}
        for layer in record.layers:
            if layer.time not in steps:
                steps[layer.time] = (await self.catalogue.assets(record.dataset, layer.variable.key)).steps
        counts = [len(axis.values) for axis in record.depths]
        return [
            describe_layer(
                layer,
                0 if layer.depth is None else counts[layer.depth],
                steps[layer.time],
                f"{base}/api/v2.0",
                translate,
            )
            for layer in record.layers
        ]


Service = NamedDependency[SkipValidation[WmtsService]]
_DOCUMENT: dict[str, Any] = {
    "tags": ["tiles"],
    "media_type": XML,
    "responses": {200: ResponseSpec(str, media_type=XML, description="Capabilities.", generate_examples=False)}
    | problems.document_errors(errors.DatasetNotFound, errors.ServiceUnavailable),
}


@get(
    f"{PATH}/1.0.0/WMTSCapabilities.xml",
    operation_id="getWmts",
    summary="Web Map Tile Service of all datasets",
    description="WMTS 1.0.0, RESTful: the layers, times, levels and addresses of map tiles. Give this address to QGIS,"
    " GDAL or OWSLib.",
    **_DOCUMENT,
)
async def get_wmts(
    request: Request[Any, Any, Any], wmts: Service, translate: NamedDependency[Translator]
) -> Response[bytes]:
    """Capabilities of all datasets."""
    return await wmts.answer(request, translate, "")


@get(
    f"{PATH}/{{dataset:str}}/1.0.0/WMTSCapabilities.xml",
    operation_id="getDatasetWmts",
    summary="Web Map Tile Service of a dataset",
    description="The same for one dataset.",
    **_DOCUMENT,
)
async def get_dataset_wmts(
    request: Request[Any, Any, Any],
    wmts: Service,
    translate: NamedDependency[Translator],
    dataset: Annotated[str, path_parameter("Id of a dataset.", ("the Arctic model", "arctic_day"))],
) -> Response[bytes]:
    """Capabilities of one dataset."""
    return await wmts.answer(request, translate, dataset)


@get(PATH, include_in_schema=False)
async def find_wmts(
    request: Request[Any, Any, Any], wmts: Service, translate: NamedDependency[Translator]
) -> Response[bytes]:
    """Capabilities at the address of the service, where clients ask for them with parameters."""
    return await wmts.answer(request, translate, "")


@get(f"{PATH}/{{dataset:str}}", include_in_schema=False)
async def find_dataset_wmts(
    request: Request[Any, Any, Any], wmts: Service, translate: NamedDependency[Translator], dataset: FromPath[str]
) -> Response[bytes]:
    """The same of one dataset."""
    return await wmts.answer(request, translate, dataset)


HANDLERS = [get_wmts, get_dataset_wmts, find_wmts, find_dataset_wmts]
