"""Routes of OGC API: landing page, conformance, collections and the predefined areas in them."""

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
import shapely
from litestar import MediaType, Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, Operation
from litestar.params import FromPath

from ocean_common import problems
from ocean_common.http import Freshness, request_address
from ocean_common.i18n import Translator
from ocean_common.parameters import DatasetId, query_parameter, refuse_unknown_parameters
from ocean_common.service import body_schema
from ocean_core import errors
from ocean_core.errors import OceanError
from ocean_core.geometry import wrap_longitude
from ocean_metadata.catalogue.model import DatasetRecord
from ocean_metadata.catalogue.pages import as_page, render_dataset, render_datasets
from ocean_metadata.catalogue.responses import (
    CatalogueDependency,
    ResponseCache,
    encoded_response,
    link_pages,
    prefers_html,
    vary_by_accept,
)
from ocean_metadata.catalogue.serializers import localize_dataset, localize_listed
from ocean_metadata.catalogue.store import read_record
from ocean_metadata.ogc import documents, stac
from ocean_metadata.places.gazetteer import Gazetteer
from ocean_metadata.places.map_features import area_of

HttpRequest = Request[Any, Any, Any]
Translate = NamedDependency[Translator]
Interfaces = NamedDependency[set[str]]
Json = dict[str, Any]
Form = Annotated[
    Literal["json", "html"] | None,
    query_parameter(
        "`json`, or `html`: the pages for people; else the Accept header decides.",
        "json",
        schema_extra={"title": "PageFormat"},
    ),
]
_ERRORS = problems.document_errors(errors.DatasetNotFound)
_GEOJSON = {200: ResponseSpec(Json, description="GeoJSON.", media_type=stac.GEOJSON, generate_examples=False)} | _ERRORS
_get = partial(get, tags=["collections"], before_request=refuse_unknown_parameters)


def _wants_html(request: HttpRequest, form: str | None) -> bool:
    return form == "html" or (form is None and prefers_html(request))


def _show_page(text: str) -> Response[bytes]:
    return as_page(Response(text.encode(), media_type=MediaType.HTML))


@dataclass
class PageOperation(Operation):
    """Operation that answers JSON, or a page for people."""

    def __post_init__(self) -> None:
        response = (self.responses or {}).get("200")
        if isinstance(response, OpenAPIResponse) and response.content:
            response.content[documents.HTML] = OpenAPIMediaType(
                schema=body_schema(documents.HTML, "A page for people.")
            )


def _answer(document: Json, media_type: str = documents.JSON) -> Response[bytes]:
    return vary_by_accept(Response(msgspec.json.encode(document), media_type=media_type))


_page = partial(_get, operation_class=PageOperation)


@_page("/", operation_id="getLandingPage", summary="Landing page", responses=encoded_response(Json, "Links", _ERRORS))
async def get_landing_page(
    request: HttpRequest, catalogue: CatalogueDependency, translate: Translate, f: Form = None
) -> Response[bytes]:
    """Links to the collections, the conformance classes and the OpenAPI document."""
    if _wants_html(request, f):
        return _show_page(render_datasets(localize_listed(catalogue.snapshot, translate), translate))
    return _answer(documents.write_landing(request_address(request), translate))


@_get(
    "/conformance",
    operation_id="getConformance",
    summary="Conformance classes",
    responses=encoded_response(Json, "URIs of conformance classes", _ERRORS),
)
async def get_conformance(interfaces: Interfaces, f: Form = None) -> Response[bytes]:  # noqa: ARG001  it has but one form
    """Parts of the standards that are followed."""
    classes = [*documents.CONFORMANCE, *(documents.OF_MAPS if "maps" in interfaces else ())]
    return _answer({"conformsTo": classes})


@_page(
    "/collections",
    operation_id="getCollections",
    summary="List collections",
    responses=encoded_response(Json, "A page of collections", _ERRORS),
)
async def get_collections(
    *,
    request: HttpRequest,
    catalogue: CatalogueDependency,
    translate: Translate,
    interfaces: Interfaces,
    limit: Annotated[int, query_parameter("Maximum number of collections.", 100, ge=1, le=1000)] = 1000,
    offset: Annotated[int, query_parameter("Number of collections to skip.", 0, ge=0, le=10_000_000)] = 0,
    f: Form = None,
) -> Response[Any]:
    """All listed datasets; their time steps are listed by each alone."""
    if _wants_html(request, f):
        return _show_page(render_datasets(localize_listed(catalogue.snapshot, translate), translate))
    listed = catalogue.snapshot.listed
    records = [localize_dataset(record, translate) for record in listed[offset : offset + limit]]
    pages = link_pages(request, len(listed), limit, offset)
    return _answer(documents.write_collections(records, request_address(request), pages, interfaces, translate))


@_page(
    "/collections/{dataset:str}",
    operation_id="getCollection",
    summary="Describe a collection",
    responses=encoded_response(Json, "Extent, parameters and queries", _ERRORS),
)
async def get_collection(
    *,
    request: HttpRequest,
    catalogue: CatalogueDependency,
    freshness: NamedDependency[Freshness],
    response_cache: NamedDependency[ResponseCache],
    translate: Translate,
    interfaces: Interfaces,
    dataset: FromPath[DatasetId],
    f: Form = None,
) -> Response[Any]:
    """One dataset, with its time steps and levels."""
    is_page, base_url = _wants_html(request, f), request_address(request)
    await freshness(request, dataset, form=f"page {base_url}" if is_page else base_url)
    record, steps = await read_record(catalogue, dataset, _main_time_axis)
    localized = localize_dataset(record, translate)
    if is_page:
        return _show_page(render_dataset(localized, base_url, translate, interfaces))
    key = ("collection", dataset, record.revision, translate.language, base_url)
    make = partial(documents.write_collection, localized, steps, base_url, interfaces, translate)
    return vary_by_accept(await response_cache.respond(key, make))


def _main_time_axis(record: DatasetRecord) -> list[int]:
    return [] if record.time is None else [record.time]


@_get(
    "/collections/{dataset:str}/locations",
    operation_id="getLocations",
    summary="List predefined areas in a collection",
    responses=_GEOJSON,
)
async def get_locations(
    *,
    request: HttpRequest,
    catalogue: CatalogueDependency,
    gazetteer: NamedDependency[Gazetteer],
    dataset: FromPath[DatasetId],
    f: Annotated[Literal["GeoJSON", "json"] | None, query_parameter("`GeoJSON`, the only form.", "GeoJSON")] = None,
) -> Response[bytes]:
    """The areas known by name of which a part is in the bounds of the dataset."""
    del f
    bounds = catalogue.snapshot.dataset(dataset).bounds or (-180.0, -90.0, 180.0, 90.0)
    root = f"{request_address(request)}{documents.PATH}/collections/{quote(dataset, safe='')}/locations"
    features = []
    for group in gazetteer.groups("area"):
        for place in gazetteer.file("area", group.id).places:
            if _overlap(place.geometry, bounds):
                area = area_of(group.id, place)
                features.append(
                    {
                        "type": "Feature",
                        "id": area.key,
                        "geometry": msgspec.to_builtins(area.geometry),
                        "properties": {
                            "label": area.name,
                            "edrqueryendpoint": f"{root}/{quote(area.key)}",
                        },
                    }
                )
    return _answer({"type": "FeatureCollection", "features": features}, stac.GEOJSON)


def _overlap(geometry: shapely.Geometry, bounds: tuple[float, float, float, float]) -> bool:
    """Return whether a part of the bounds of a geometry is in others, whose longitudes are of any turn."""
    west, south, east, north = geometry.bounds
    width = bounds[2] - bounds[0] if bounds[2] >= bounds[0] else bounds[2] + 360.0 - bounds[0]
    shift = float(wrap_longitude(west - bounds[0])) % 360.0
    meets = shift <= width or shift + (east - west) >= 360.0
    return meets and bool(south <= bounds[3] and north >= bounds[1])


ogc_router = Router(
    documents.PATH,
    route_handlers=[get_landing_page, get_conformance, get_collections, get_collection, get_locations],
    exception_handlers=dict.fromkeys((OceanError, HTTPException, Exception), problems.answer_ogc_problem),
)


# STAC


@_get("/", operation_id="getStacCatalog", summary="STAC catalogue", responses=encoded_response(Json, "Links", _ERRORS))
async def get_stac_catalog(
    request: HttpRequest, catalogue: CatalogueDependency, translate: Translate
) -> Response[bytes]:
    """All listed datasets as STAC collections."""
    records = localize_listed(catalogue.snapshot, translate)
    return _answer(stac.write_catalog(records, request_address(request), translate))


@_get(
    "/collections/{dataset:str}",
    operation_id="getStacCollection",
    summary="STAC collection of a dataset",
    responses=encoded_response(Json, "The collection", _ERRORS),
)
async def get_stac_collection(
    request: HttpRequest, catalogue: CatalogueDependency, translate: Translate, dataset: FromPath[DatasetId]
) -> Response[bytes]:
    """Extent, licence and providers."""
    record = localize_dataset(catalogue.snapshot.dataset(dataset), translate)
    return _answer(stac.write_collection(record, request_address(request), translate))


@_get(
    "/collections/{dataset:str}/items/{item:str}",
    operation_id="getStacItem",
    summary="STAC item of a dataset",
    responses=_GEOJSON,
)
async def get_stac_item(
    *,
    request: HttpRequest,
    catalogue: CatalogueDependency,
    translate: Translate,
    interfaces: Interfaces,
    dataset: FromPath[DatasetId],
    item: FromPath[DatasetId],
) -> Response[bytes]:
    """The interfaces that open the dataset, as assets; its only item has its id."""
    record = localize_dataset(catalogue.snapshot.dataset(dataset), translate)
    if item != dataset or not stac.has_item(record):
        raise errors.NotFound("there is no item {item!r} of {dataset}", item=item[:80], dataset=dataset, field="item")
    return _answer(stac.write_item(record, request_address(request), interfaces, translate), stac.GEOJSON)


stac_router = Router(stac.PATH, route_handlers=[get_stac_catalog, get_stac_collection, get_stac_item])
