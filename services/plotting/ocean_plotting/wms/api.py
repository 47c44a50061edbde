"""Routes of the Web Map Service, and its errors in the form of the standard."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

import msgspec
from litestar import Request, Response, Router, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation

from ocean_common import problems
from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient
from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import MAX_MAP_SIDE, Coverage, Interpolation, MapRequest, PointsRequest
from ocean_common.http import Freshness, cancel_on_disconnect, client_address, made_from, request_address
from ocean_common.i18n import request_translator
from ocean_common.parameters import parse_choice, path_parameter
from ocean_core import errors
from ocean_core.cache import ByteBoundedCache
from ocean_core.colour import FALLBACK_COLORMAP, data_limits
from ocean_core.errors import InvalidRequest, OceanError
from ocean_plotting.figure.labels import LabelFormatter
from ocean_plotting.figure.legends import draw_layer_legend
from ocean_plotting.palettes import choose_colours
from ocean_plotting.tiles.legends import LegendService
from ocean_plotting.wms.animation import (
    AnimationFormat,
    list_frames,
    parse_animation_format,
    parse_frame_rate,
    write_animation,
)
from ocean_plotting.wms.capabilities import (
    MEDIA_TYPES,
    DatasetText,
    describe_dataset,
    describe_layers,
    write_capabilities,
)
from ocean_plotting.wms.dimensions import Choice, choose_level, choose_time
from ocean_plotting.wms.information import (
    Point,
    describe_layer,
    describe_value,
    find_point,
    list_clock_times,
    write_values,
)
from ocean_plotting.wms.maps import (
    MapPicture,
    MapStore,
    choose_scale,
    draw_colour_strip,
    draw_message,
    field_values,
)
from ocean_plotting.wms.parameters import (
    AUTOMATIC,
    INFO_FORMATS,
    Colour,
    MapFormat,
    Version,
    WmsQuery,
    check_pixels,
    parse_interpolation,
    parse_layers,
    parse_legend_style,
    parse_size,
    parse_styles,
    parse_window,
)

PATH = "/wms"
TITLE = "Ocean Navigator"
XML = "text/xml"
ERROR_TYPES: dict[Version, str] = {"1.3.0": XML, "1.1.1": "application/vnd.ogc.se_xml"}
MAX_LISTED = 1000  # layers of all datasets in one document
DOCUMENT_BYTES = 64 * 2**20  # of capabilities that are kept
BLANK_SIDE = 256  # pixels, of a picture of an error whose size cannot be read

HttpRequest = Request[Any, Any, Any]

# Codes of the standard: by the kind of error, else by the parameter that is wrong.
CODES_OF_KINDS: dict[type[OceanError], str] = {
    errors.DatasetNotFound: "LayerNotDefined",
    errors.VariableNotFound: "LayerNotDefined",
    errors.TimeNotFound: "InvalidDimensionValue",
    errors.DepthNotFound: "InvalidDimensionValue",
    errors.PointOutsideGrid: "InvalidPoint",
}
CODES_OF_FIELDS = {
    "crs": "InvalidCRS",
    "srs": "InvalidSRS",
    "format": "InvalidFormat",
    "info_format": "InvalidFormat",
    "layers": "LayerNotDefined",
    "query_layers": "LayerNotDefined",
    "layer": "LayerNotDefined",
    "layername": "LayerNotDefined",
    "styles": "StyleNotDefined",
    "style": "StyleNotDefined",
    "palette": "StyleNotDefined",
    "i": "InvalidPoint",
    "j": "InvalidPoint",
    "x": "InvalidPoint",
    "y": "InvalidPoint",
    "time": "InvalidDimensionValue",
    "elevation": "InvalidDimensionValue",
    "depth": "InvalidDimensionValue",
    "request": "OperationNotSupported",
}


@dataclass(frozen=True)
class MapLayer:
    """A layer of a map: its variable, and the time step and level that are drawn."""

    assets: Assets
    time: Choice
    level: Choice

    @property
    def warnings(self) -> list[str]:
        """Texts about values that were not requested."""
        return [choice.warning for choice in (self.time, self.level) if choice.warning]


class WmsService:
    """All that answering needs."""

    def __init__(
        self,
        catalogue: MetadataClient,
        numbers: DataClient,
        freshness: Freshness,
        *,
        maps: MapStore,
        legends: LegendService,
    ) -> None:
        self.catalogue = catalogue
        self.numbers = numbers
        self.legends = legends
        self.maps = maps
        self.freshness = freshness
        self._documents: ByteBoundedCache[bytes] = ByteBoundedCache(DOCUMENT_BYTES, len)

    async def get_capabilities(self, request: HttpRequest, query: WmsQuery, dataset: str) -> Response[Any]:
        """Describe the layers of a dataset, or of all; very many of all are listed by the datasets alone."""
        dataset = dataset or query.find("dataset")
        version, translate = query.version, request_translator()
        address = "/".join([request_address(request) + PATH, *([quote(dataset, safe="")] if dataset else [])])
        title, datasets = TITLE, list[DatasetText]()
        if dataset:
            await self.freshness(request, dataset, repeatable=True)
            record = await self.catalogue.layers(dataset)
            made_from(request, await self.catalogue.revision(dataset), record.revision)
            revisions, records, title = record.revision, [record], record.name
        else:
            listed = await self.catalogue.map_datasets()
            revisions, records = " ".join(item.revision for item in listed), []
            if sum(item.layers for item in listed) <= MAX_LISTED:
                records = [await self.catalogue.layers(item.id) for item in listed]
            else:
                datasets = [describe_dataset(item, address, version) for item in listed]

        def make() -> bytes:
            texts = datasets or [describe_layers(record, address, version, translate) for record in records]
            return write_capabilities(texts, title, address, version, translate)

        key = (dataset, version, address, translate.language, revisions)
        content = await self._documents.get_async(key, lambda: sync_to_thread(make))
        return Response(content, media_type=MEDIA_TYPES[version], headers={"vary": "Host, X-Forwarded-Host"})

    async def find_layers(self, query: WmsQuery, dataset: str, *names: str) -> list[MapLayer]:
        """Find the layers of a request, and their time steps and levels."""
        layers = parse_layers(query.require(*names), dataset, names[0])
        assets = await asyncio.gather(*(self.catalogue.assets(*layer) for layer in layers))
        time, elevation = query.find("time", "dim_time"), query.find("elevation", "dim_elevation")
        return [MapLayer(item, choose_time(item, time), choose_level(item, elevation)) for item in assets]

    async def make_requests(self, query: WmsQuery, layers: list[MapLayer]) -> tuple[MapRequest, ...]:
        """Return what the data service is asked for."""
        window, interpolation = parse_window(query), parse_interpolation(query)
        return tuple(
            MapRequest(
                dataset=layer.assets.dataset,
                variable=layer.assets.variable.key,
                time=layer.time.value,
                depth=layer.level.value,
                crs=window.projection.code,
                box=window.box,
                width=window.width,
                height=window.height,
                interpolation=interpolation,
            )
            for layer in layers
        )

    async def get_map(self, request: HttpRequest, query: WmsQuery, dataset: str) -> Response[Any]:
        """Draw a map, or an animation."""
        if (animation := parse_animation_format(query)) is not None:
            return await self.get_animation(request, query, dataset, animation)
        form = query.map_format
        background: Colour | None = query.background
        if query.is_transparent and form != "image/jpeg":
            background = None
        layers = await self.find_layers(query, dataset, "layers")
        styles = parse_styles(query, len(layers))
        check_pixels(parse_window(query), len(layers))
        requests = await self.make_requests(query, layers)
        await self.freshness(request, *dict.fromkeys(item.dataset for item in requests), repeatable=True)
        revisions = [layer.assets.revision for layer in layers]
        picture = MapPicture(layers=requests, styles=tuple(styles), form=form, background=background)
        rendering = self.maps.render(picture, revisions, client_address(request))
        image = await cancel_on_disconnect(request, rendering)
        current = [await self.catalogue.revision(item.dataset) for item in requests]
        made_from(request, " ".join(current), image.revision)
        warnings = ", ".join(dict.fromkeys(text for layer in layers for text in layer.warnings))
        headers = {"warning": warnings.encode("latin-1", "replace").decode("latin-1")} if warnings else {}
        return Response(image.content, media_type=form, headers=headers)

    async def get_animation(
        self, request: HttpRequest, query: WmsQuery, dataset: str, form: AnimationFormat
    ) -> Response[Any]:
        """Draw a map for each time step of an interval or list."""
        window, rate = parse_window(query), parse_frame_rate(query)
        layers = await self.find_layers(query.without("time"), dataset, "layers")
        check_pixels(window, len(layers))
        moving = next((layer.assets for layer in layers if layer.assets.steps is not None), layers[0].assets)
        frames = list_frames(moving, query.find("time", "dim_time"), (window.width, window.height))
        styles = parse_styles(query, len(layers))
        if any(style.limits == AUTOMATIC for style in styles):
            raise InvalidRequest("frames share their colours: give COLORSCALERANGE=min,max", field="colorscalerange")
        requests = await self.make_requests(query, layers)
        await self.freshness(request, *dict.fromkeys(item.dataset for item in requests), repeatable=True)
        revisions = [layer.assets.revision for layer in layers]
        background = None if query.is_transparent else query.background
        pictures = []
        for time, label in frames:
            at_time = tuple(
                msgspec.structs.replace(item, time=label if layer.assets is not moving else time)
                if layer.assets.steps is not None
                else item
                for item, layer in zip(requests, layers, strict=True)
            )
            picture = MapPicture(layers=at_time, styles=tuple(styles), form="image/png", background=background)
            rendering = self.maps.render(picture, revisions, client_address(request))
            pictures.append(await cancel_on_disconnect(request, rendering))
        current = [await self.catalogue.revision(item.dataset) for item in requests]
        for revision in dict.fromkeys(picture.revision for picture in pictures):
            made_from(request, " ".join(current), revision)
        contents, labels = [picture.content for picture in pictures], [label for _, label in frames]
        content = await sync_to_thread(write_animation, contents, labels, form, rate)
        return Response(content, media_type=form)

    async def get_feature_info(self, request: HttpRequest, query: WmsQuery, dataset: str) -> Response[Any]:
        """Answer with the values of layers at a pixel."""
        form = parse_choice(query.find("info_format", default="application/json").lower(), INFO_FORMATS, "info_format")
        layers = await self.find_layers(query, dataset, "query_layers", "layers")
        window, interpolation, translate = parse_window(query), parse_interpolation(query), request_translator()
        point = find_point(query, window)
        await self.freshness(request, *dict.fromkeys(layer.assets.dataset for layer in layers), form=form)
        coverages = await asyncio.gather(*(self._extract(layer, point, interpolation) for layer in layers))
        for layer, coverage in zip(layers, coverages, strict=True):
            made_from(request, layer.assets.revision, coverage.revision if coverage else layer.assets.revision)
        features = [
            describe_value(layer.assets, coverage, translate) for layer, coverage in zip(layers, coverages, strict=True)
        ]
        return Response(write_values(features, point, form, translate), media_type=form)

    async def _extract(self, layer: MapLayer, point: Point, interpolation: Interpolation) -> Coverage | None:
        request = PointsRequest(
            dataset=layer.assets.dataset,
            variables=[layer.assets.variable.key],
            points=[point],
            time=layer.time.value if layer.assets.steps is not None else None,
            depth=layer.level.value,
            interpolation=interpolation,
            form="point",
        )
        try:
            return await self.numbers.extract(request)
        except errors.PointOutsideGrid:
            return None

    async def get_legend_graphic(self, request: HttpRequest, query: WmsQuery, dataset: str) -> Response[Any]:
        """Draw the legend of a layer, or its colours alone."""
        style, translate = parse_legend_style(query), request_translator()
        info = None
        if query.find("layer", "layers"):
            ((name, key),) = parse_layers(query.require("layer", "layers"), dataset, "layer")[:1]
            await self.freshness(request, name, repeatable=True)
            info = await self.legends.describe_variable(name, key, LabelFormatter(translate))
        if query.find("colorbaronly").lower() == "true" or info is None:
            width = parse_size(query.find("width", default="50"), "width")
            height = parse_size(query.find("height", default="200"), "height")
            colormap = choose_colours(info, style.colormap).colormap if info else style.colormap or FALLBACK_COLORMAP
            is_vertical = query.find("vertical", default="true").lower() != "false"
            content = draw_colour_strip(colormap, style.bands, (width, height), is_vertical=is_vertical)
            return Response(content, media_type="image/png")
        scale, colormap = choose_scale(info, style, None), choose_colours(info, style.colormap).colormap
        revision = await self.catalogue.revision(info.dataset)
        parts = ("legend", info.dataset, info.key, scale, colormap, style.bands, revision)
        make = partial(draw_layer_legend, bands=style.bands)
        return await self.legends.draw(parts, translate, make, info, scale, colormap)

    async def get_metadata(self, request: HttpRequest, query: WmsQuery, dataset: str) -> Response[Any]:
        """Answer what ncWMS tells of layers."""
        item = query.require("item").lower()
        if item == "menu":
            return Response(await self._list_menu(dataset or query.find("dataset")), media_type="application/json")
        if item not in {"layerdetails", "timesteps", "minmax"}:
            raise InvalidRequest("there is no item {item!r}", item=item[:40], field="item")
        (layer, *_) = await self.find_layers(query, dataset, "layername", "layers", "layer")
        await self.freshness(request, layer.assets.dataset)
        answer: dict[str, Any]
        if item == "layerdetails":
            info = request_translator().describe(layer.assets.variable)
            answer = describe_layer(layer.assets, info, query.find("targettimeiso", "time"))
        elif item == "timesteps":
            answer = {"timesteps": list_clock_times(layer.assets, query.require("day"))}
        else:
            (map_request, *_) = await self.make_requests(query, [layer])
            field = await self.maps.field(map_request, layer.assets.revision)
            made_from(request, layer.assets.revision, field.revision)
            values = field_values(field)
            limits = None if values is None else data_limits(values)
            low, high = limits or layer.assets.variable.scale
            answer = {"min": low, "max": high}
        return Response(answer, media_type="application/json")

    async def _list_menu(self, dataset: str) -> dict[str, Any]:
        translate = request_translator()
        if dataset:
            names = [dataset]
        else:
            listed = await self.catalogue.map_datasets()
            if sum(item.layers for item in listed) > MAX_LISTED:
                return {"label": "", "children": [{"label": item.value, "id": item.id} for item in listed]}
            names = [item.id for item in listed]
        records = [await self.catalogue.layers(name) for name in names]
        children = [
            {
                "label": record.name,
                "children": [
                    {
                        "id": f"{layer.variable.dataset}/{layer.variable.key}",
                        "label": translate.variable_name(layer.variable),
                        "plottable": True,
                    }
                    for layer in record.layers
                ],
            }
            for record in records
        ]
        return {"label": TITLE, "children": children}


Operation = Callable[[HttpRequest, WmsQuery, str], Awaitable[Response[Any]]]


def _list_operations(service: WmsService) -> dict[str, Operation]:
    return {
        "getcapabilities": service.get_capabilities,
        "capabilities": service.get_capabilities,
        "getmap": service.get_map,
        "map": service.get_map,
        "getfeatureinfo": service.get_feature_info,
        "feature_info": service.get_feature_info,
        "getlegendgraphic": service.get_legend_graphic,
        "getmetadata": service.get_metadata,
    }


DatasetOfMaps = Annotated[
    str, path_parameter("Id of a dataset, whose layers alone are served.", ("the Arctic model", "arctic_day"))
]
Service = NamedDependency[SkipValidation[WmsService]]
_DOCUMENT: dict[str, Any] = {
    "tags": ["maps"],
    "media_type": XML,
    "responses": {
        200: ResponseSpec(str, media_type=XML, description="Capabilities, a map or values.", generate_examples=False),
        400: ResponseSpec(str, media_type=XML, description="A parameter is wrong.", generate_examples=False),
        413: ResponseSpec(str, media_type=XML, description="The map is too large.", generate_examples=False),
        503: ResponseSpec(str, media_type=XML, description="Another service is away.", generate_examples=False),
    },
}


@get(
    PATH,
    operation_id="getWms",
    summary="Web Map Service of all datasets",
    description="WMS 1.3.0 and 1.1.1: GetCapabilities, GetMap, GetFeatureInfo, GetLegendGraphic, and GetMetadata as"
    " ncWMS has it. Layers are `{dataset}/{variable}`. Give this address to QGIS, OpenLayers, Leaflet or OWSLib.",
    **_DOCUMENT,
)
async def get_wms(*, request: HttpRequest, wms: Service) -> Response[Any]:
    """Maps, values and capabilities of all datasets."""
    return await _answer(request, wms, "")


@get(
    f"{PATH}/{{dataset:str}}",
    operation_id="getDatasetWms",
    summary="Web Map Service of a dataset",
    description="The same for one dataset, with all its layers in the capabilities.",
    **_DOCUMENT,
)
async def get_dataset_wms(*, request: HttpRequest, wms: Service, dataset: DatasetOfMaps) -> Response[Any]:
    """Maps, values and capabilities of one dataset."""
    return await _answer(request, wms, dataset)


async def _answer(request: HttpRequest, service: WmsService, dataset: str) -> Response[Any]:
    query = read_query(request)
    if (name := query.find("service")) and name.upper() != "WMS":
        raise InvalidRequest("SERVICE is {name!r}; it is WMS", name=name[:40], field="service")
    operations = _list_operations(service)
    name = query.find("request", default="GetCapabilities")
    operation = operations.get(name.lower())
    if operation is None:
        raise InvalidRequest("there is no operation {name!r}", name=name[:40], field="request")
    return await operation(request, query, dataset)


def read_query(request: HttpRequest) -> WmsQuery:
    """Read the parameters of a request."""
    return WmsQuery(request.query_params.multi_items())


def find_code(error: Exception, field: str) -> str:
    """Return the code of the standard; empty where it has none."""
    return (
        CODES_OF_KINDS.get(type(error), "")
        if isinstance(error, OceanError) and type(error) in CODES_OF_KINDS
        else (CODES_OF_FIELDS.get(field, ""))
    )


def _answer_error(request: HttpRequest, error: Exception) -> Response[bytes]:
    """Answer a failure in the form that the standard has for it, or as a picture if the client asks for that."""
    response = problems.answer_problem(request, error)
    problem, query = response.content, read_query(request)
    style = query.find("exceptions").lower().rpartition("_")[2]
    if style in {"inimage", "blank"} and query.find("request").lower() in {"getmap", "map"}:
        return _draw_error(problem.detail if style == "inimage" else "", query, dict(response.headers))
    code = find_code(error, getattr(error, "field", None) or "")
    attribute = f" code={quoteattr(code)}" if code else ""
    version = query.version
    namespace = (
        ' xmlns="http://www.opengis.net/ogc" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://www.opengis.net/ogc http://schemas.opengis.net/wms/1.3.0/exceptions_1_3_0.xsd"'
        if version == "1.3.0"
        else ""
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<ServiceExceptionReport version="{version}"{namespace}>\n'
        f"  <ServiceException{attribute}>{escape(_legal(problem.detail))}</ServiceException>\n"
        "</ServiceExceptionReport>\n"
    )
    # Clients read the report of a 400, and of no other failure of theirs.
    status = 400 if problem.status in {404, 422} else problem.status
    return Response(text.encode(), status_code=status, media_type=ERROR_TYPES[version], headers=response.headers)


def _legal(text: str) -> str:
    """Replace what no XML may hold."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _draw_error(text: str, query: WmsQuery, headers: dict[str, str]) -> Response[bytes]:
    width, height, background = BLANK_SIDE, BLANK_SIDE, None
    form: MapFormat = "image/png"
    with suppress(OceanError):
        width, height = (parse_size(query.require(name), name, MAX_MAP_SIDE // 2) for name in ("width", "height"))
    with suppress(OceanError):
        form = query.map_format
        background = None if query.is_transparent else query.background
    content = draw_message(text, (width, height), form, background)
    return Response(content, media_type=form, headers={**headers, "cache-control": "no-store"})


wms_router = Router(
    "/",
    route_handlers=[get_wms, get_dataset_wms],
    exception_handlers={OceanError: _answer_error, HTTPException: _answer_error, Exception: _answer_error},
)
