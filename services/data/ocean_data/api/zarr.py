"""Every dataset as a Zarr store over HTTP, with the chunks of NetCDF-4 files as they lie in the files."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from litestar import MediaType, Response, Router, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import SkipValidation
from litestar.response import Redirect

from ocean_common import problems
from ocean_common.http import cancel_on_disconnect, made_from
from ocean_common.parameters import DatasetId, path_parameter
from ocean_core import errors
from ocean_core.errors import NotFound
from ocean_data.api.parameters import HttpRequest
from ocean_data.writing.zarr import DOCUMENTS
from ocean_data.zarr_stores import ZarrStores

PATH = "/zarr"
BINARY = "application/octet-stream"
Stores = NamedDependency[SkipValidation[ZarrStores]]
StoreKey = Annotated[
    str,
    path_parameter(
        "`zarr.json`, `{variable}/zarr.json`, `{variable}/c/{i}/{j}` (version 3); `.zmetadata`, `{variable}/.zarray`,"
        " `{variable}/{i}.{j}` (version 2).",
        ("all metadata", "zarr.json"),
    ),
]


@dataclass
class StoreOperation(Operation):
    """Operation that answers a document or bytes."""

    def __post_init__(self) -> None:
        response = (self.responses or {}).get("200")
        if isinstance(response, OpenAPIResponse) and response.content:
            response.content["application/json"] = OpenAPIMediaType(schema=Schema(type=OpenAPIType.OBJECT))


@get(PATH, include_in_schema=False)
async def list_stores() -> Redirect:
    """Redirect to the list of datasets."""
    return Redirect("/api/v2.0/datasets", media_type=MediaType.TEXT)


@get(f"{PATH}/{{dataset:str}}", include_in_schema=False)
async def show_store(dataset: DatasetId) -> Redirect:
    """Redirect to the page of a dataset."""
    return Redirect(f"/api/v2.0/dataset/{quote(dataset)}", media_type=MediaType.TEXT)


@get(
    f"{PATH}/{{dataset:str}}/{{key:path}}",
    operation_id="getZarr",
    summary="A dataset as a Zarr store",
    description='`xarray.open_zarr("…/zarr/{dataset}")` opens the files of a dataset, joined along time. Chunks of'
    " NetCDF-4 files are sent as they lie in the files, with the codecs that read them. Versions 3 and 2 of the format,"
    " with consolidated metadata.",
    tags=["files"],
    operation_class=StoreOperation,
    media_type=BINARY,
    responses={
        200: ResponseSpec(bytes, media_type=BINARY, description="A document, or a chunk.", generate_examples=False)
    }
    | problems.document_errors(
        errors.DatasetNotFound, errors.NotFound, errors.SourceUnreadable, errors.ServiceUnavailable
    ),
)
async def get_zarr(*, request: HttpRequest, stores: Stores, dataset: DatasetId, key: StoreKey) -> Response[bytes]:
    """A document or a chunk of a store."""
    key = key.removeprefix("/")
    await stores.aggregations.freshness(request, dataset, repeatable=True)
    if key.rpartition("/")[2] in DOCUMENTS:
        store = await stores.find(dataset)
        if document := store.documents.get(key):
            await stores.aggregations.mark(request, store.entry)
            return Response(document, media_type=MediaType.JSON)
    elif chunk := await cancel_on_disconnect(request, stores.read(dataset, key)):
        made_from(request, await stores.aggregations.catalogue.revision(dataset), chunk.revision)
        return Response(chunk.content, media_type=BINARY)
    raise NotFound("there is no {key!r} in the store of {dataset}", key=key[:100], dataset=dataset, field="key")


zarr_router = Router("/", route_handlers=[list_stores, show_store, get_zarr])
