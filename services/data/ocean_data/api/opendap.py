"""OPeNDAP (DAP 2.0) over every dataset: descriptions, numbers of any part, and errors in the protocol's own form."""

from functools import partial
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from litestar import MediaType, Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.params import SkipValidation
from litestar.response import Redirect

from ocean_common import problems
from ocean_common.parameters import path_parameter
from ocean_core.errors import OceanError
from ocean_data.aggregation import AggregationService, StoredParts
from ocean_data.api.parameters import ExtractionOperation, HttpRequest
from ocean_data.plan.constraint import parse_constraint
from ocean_data.writing import dap2

PATH = "/opendap"
PROTOCOL = "2.0"
SERVER = "dods/3.7"  # the version of the reference server that clients know this protocol by
PLAIN, BINARY = "text/plain", "application/octet-stream"
FORMS = ("dds", "das", "dods", "ascii", "asc", "ver", "html")
Aggregations = NamedDependency[SkipValidation[AggregationService]]

Resource = Annotated[
    str,
    path_parameter(
        "Id of a dataset and what of it: `.dds` (declarations), `.das` (attributes), `.dods` (numbers), `.ascii`.",
        ("declarations of the Arctic model", "arctic_day.dds"),
    ),
]


class DescribedOperation(ExtractionOperation):
    """Operation whose descriptions are text."""

    formats: ClassVar = {"text/plain": "Declarations, attributes, or numbers as text."}


@get(PATH, include_in_schema=False)
async def list_opendap() -> Redirect:
    """Redirect to the list of datasets."""
    return Redirect("/api/v2.0/datasets", media_type=MediaType.TEXT)


@get(
    f"{PATH}/{{resource:str}}",
    operation_id="getOpendap",
    summary="A dataset for OPeNDAP clients",
    description="DAP 2.0: give `…/opendap/{dataset}` to xarray, netCDF4, pydap, R, Matlab, CDO, NCO, Ferret or Panoply."
    " Files are joined along time; names, types, packing and attributes are those of the files. The query is a"
    " constraint expression: `temperature[0][0:2:10]`.",
    tags=["files"],
    operation_class=DescribedOperation,
    media_type=BINARY,
    responses={
        200: ResponseSpec(bytes, media_type=BINARY, description="As the suffix says.", generate_examples=False),
        302: ResponseSpec(None, description="Without a suffix, or with `.html`: the page of the dataset."),
        400: ResponseSpec(str, media_type=PLAIN, description="The constraint is wrong.", generate_examples=False),
        404: ResponseSpec(str, media_type=PLAIN, description="There is no such dataset.", generate_examples=False),
        413: ResponseSpec(str, media_type=PLAIN, description="This is too much.", generate_examples=False),
        503: ResponseSpec(str, media_type=PLAIN, description="A file cannot be read now.", generate_examples=False),
    },
)
async def get_opendap(*, request: HttpRequest, aggregations: Aggregations, resource: Resource) -> Response[Any]:
    """A description, or numbers, of a dataset."""
    name, _, form = resource.rpartition(".")
    if form not in FORMS:
        name, form = resource, "html"
    if form == "ver":
        return _describe(f"Server Version: {SERVER}\n", "dods_version")
    if form == "html":
        await aggregations.check(name)
        return Redirect(f"/api/v2.0/dataset/{quote(name)}", media_type=MediaType.TEXT)
    await aggregations.freshness(request, name)
    entry = await aggregations.find(name)
    projections = parse_constraint(request.url.query, entry.aggregation.variables)
    if form in {"das", "dds"}:
        await aggregations.mark(request, entry)
    if form == "das":
        return _describe(dap2.write_das(entry.aggregation), "dods_das")
    if form == "dds":
        return _describe(dap2.write_dds(name, projections), "dods_dds")
    writer, media_type = (dap2.write_dods, BINARY) if form == "dods" else (dap2.write_ascii, PLAIN)
    parts = StoredParts(projections, dap2.sent_size(projections), partial(writer, name, projections))
    aggregations.check_budget(projections, parts.size)
    headers = _headers("dods_data" if form == "dods" else "dods_ascii")
    return await aggregations.stream(request, entry, parts, media_type=media_type, headers=headers)


def _headers(description: str) -> dict[str, str]:
    return {"content-description": description, "xdods-server": SERVER, "xdap": PROTOCOL}


def _describe(text: str, description: str) -> Response[bytes]:
    return Response(text.encode(), media_type=PLAIN, headers=_headers(description))


def _answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer a failure in the form of the protocol."""
    response = problems.answer_problem(request, error)
    problem = response.content
    text = dap2.write_error(problem.status, problem.detail)
    headers = {**response.headers, **_headers("dods_error")}
    return Response(text.encode(), status_code=problem.status, media_type=PLAIN, headers=headers)


opendap_router = Router(
    "/",
    route_handlers=[list_opendap, get_opendap],
    exception_handlers={OceanError: _answer_error, HTTPException: _answer_error, Exception: _answer_error},
)
