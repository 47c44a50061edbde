"""Routes of datasets, their variables and time steps; the routes for other services, in MessagePack."""

import asyncio
import hmac
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from ocean_common.contracts.assets import Assets, Revisions, VariableInfo, without_files
from ocean_common.contracts.metadata import (
    Completeness,
    Dataset,
    DatasetPage,
    DatasetStatus,
    Depth,
    GitInfo,
    Quantum,
    Refreshed,
    TimeIntervals,
    TimeStep,
    Variable,
    VariableListing,
)
from ocean_common.http import Freshness, made_from
from ocean_common.i18n import Translator
from ocean_common.parameters import DatasetId, VariableKey, refuse_unknown_parameters
from ocean_common.problems import document_errors
from ocean_common.service import OPERATORS
from ocean_core.errors import (
    DatasetNotFound,
    NotFound,
    NotSupported,
    ServiceUnavailable,
    Unauthorized,
    VariableNotFound,
)
from ocean_metadata.catalogue import serializers
from ocean_metadata.catalogue.completeness import rate_completeness
from ocean_metadata.catalogue.dataset_page import describe_dataset
from ocean_metadata.catalogue.localized import localize_dataset, localize_snapshot
from ocean_metadata.catalogue.model import DatasetRecord, StepArrays, VariableRecord
from ocean_metadata.catalogue.pages import as_page, prefers_html, render_dataset, render_datasets, vary_by_accept
from ocean_metadata.catalogue.responses import (
    MESSAGEPACK,
    ResponseCache,
    encoded_response,
    json_response,
    link_header,
    parse_period_parameter,
)
from ocean_metadata.catalogue.store import read_variable
from ocean_metadata.ports import Catalogue, Refresher

DATASETS = ["datasets"]
VARIABLES = ["variables"]
TIME_STEPS = ["time steps"]


@get(
    "/datasets",
    operation_id="listDatasets",
    summary="List datasets",
    tags=DATASETS,
    responses={
        **encoded_response(list[Dataset], "The datasets that can be served, in the order of the configuration"),
        **document_errors(),
    },
)
async def list_datasets(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    response_cache: NamedDependency[ResponseCache],
    translate: NamedDependency[Translator],
) -> Response[bytes]:
    """Every enabled dataset whose files can be read; an HTML page for browsers."""
    snapshot, language = catalogue.snapshot, translate.language
    if prefers_html(request):
        page = await response_cache.respond(
            ("datasets page", snapshot.revision, language),
            lambda: render_datasets(localize_snapshot(snapshot, translate).listed, translate),
            str.encode,
            MediaType.HTML,
        )
        return as_page(page)
    return vary_by_accept(
        await response_cache.respond(
            ("datasets", snapshot.revision, language),
            lambda: serializers.list_datasets(localize_snapshot(snapshot, translate)),
        )
    )


@get(
    "/datasets/variables/all",
    operation_id="listAllVariables",
    summary="List the variables of all datasets",
    tags=DATASETS,
    responses={
        **encoded_response(dict[str, list[VariableListing]], "Datasets and keys, by the variable's display name"),
        **document_errors(),
    },
)
async def list_all_variables(
    catalogue: NamedDependency[Catalogue],
    response_cache: NamedDependency[ResponseCache],
    translate: NamedDependency[Translator],
) -> Response[bytes]:
    """Every variable of every listed dataset, by its display name."""
    snapshot = catalogue.snapshot
    return await response_cache.respond(
        ("all variables", snapshot.revision, translate.language),
        lambda: serializers.list_variables_by_name(localize_snapshot(snapshot, translate)),
    )


@get(
    "/datasets/status",
    operation_id="listDatasetStatus",
    summary="List the status of datasets and their files",
    tags=DATASETS,
    responses={
        **encoded_response(list[DatasetStatus], "Every dataset of the configuration or folder"),
        **document_errors(),
    },
)
async def list_status(
    catalogue: NamedDependency[Catalogue],
    response_cache: NamedDependency[ResponseCache],
    translate: NamedDependency[Translator],
) -> Response[bytes]:
    """Every dataset, including broken ones, with the files and variables that cannot be served and the reasons."""
    snapshot = catalogue.snapshot
    return await response_cache.respond(
        ("status", snapshot.revision, translate.language),
        lambda: serializers.list_statuses(snapshot, translate),
    )


@get(
    "/dataset/{dataset:str}",
    operation_id="getDataset",
    summary="Get a dataset",
    tags=DATASETS,
    responses={**encoded_response(DatasetPage, "The dataset"), **document_errors(DatasetNotFound)},
)
async def get_dataset(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
) -> Response[bytes]:
    """Description, extent in space and time, and links; for browsers an HTML page with metadata of schema.org."""
    html = prefers_html(request)
    await freshness(request, dataset, form="page" if html else "")
    record = localize_dataset(catalogue.snapshot.dataset(dataset), translate)
    if html:
        text = render_dataset(record, str(request.base_url).rstrip("/"), translate)
        return as_page(Response(text.encode(), media_type=MediaType.HTML))
    content = msgspec.json.encode(describe_dataset(record, translate))
    return vary_by_accept(Response(content, media_type=MediaType.JSON))


@get(
    "/dataset/{dataset:str}/completeness",
    operation_id="getCompleteness",
    summary="Rate the metadata of a dataset's files",
    tags=DATASETS,
    before_request=refuse_unknown_parameters,
    responses=document_errors(DatasetNotFound),
)
async def get_completeness(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
) -> Completeness:
    """Attributes that CF and ACDD recommend: which are present, which are missing, and what to write in them."""
    await freshness(request, dataset)
    return rate_completeness(catalogue.snapshot.dataset(dataset), translate)


@get(
    "/dataset/{dataset:str}/quantum",
    operation_id="getQuantum",
    summary="Get the spacing of a dataset's time steps",
    tags=DATASETS,
    responses=document_errors(DatasetNotFound),
)
async def get_quantum(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
) -> Quantum:
    """hour, day, month, season or year; null where there are fewer than two time steps."""
    await freshness(request, dataset)
    return Quantum(value=catalogue.snapshot.dataset(dataset).quantum)


@get(
    "/dataset/{dataset:str}/timeunit",
    operation_id="getTimeUnit",
    summary="Get the units of a dataset's raw times",
    tags=DATASETS,
    responses={**encoded_response(str | None, "CF units of the raw times"), **document_errors(DatasetNotFound)},
)
async def get_time_unit(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
) -> Response[bytes]:
    """CF units, such as `seconds since 1970-01-01 00:00:00`; null for a dataset without time."""
    await freshness(request, dataset)
    return json_response(catalogue.snapshot.dataset(dataset).time_dim_units)


@get(
    "/api/v2.0/{dataset:str}/timeunit",
    operation_id="getTimeUnitAsBefore",
    summary="Get the units of a dataset's raw times, at the address that old clients use",
    tags=DATASETS,
    deprecated=True,
    responses={**encoded_response(str | None, "CF units of the raw times"), **document_errors(DatasetNotFound)},
)
async def get_time_unit_at_old_address(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
) -> Response[bytes]:
    """The same as `/dataset/{dataset}/timeunit`; a former version doubled the prefix by mistake."""
    await freshness(request, dataset)
    return json_response(catalogue.snapshot.dataset(dataset).time_dim_units)


WithDepth = Annotated[bool, QueryParameter(description="Only variables that have a depth axis.")]
VectorsOnly = Annotated[bool, QueryParameter(description="Only variables that can be drawn as arrows.")]
IncludeAll = Annotated[bool, QueryParameter(description="Include `all` depths besides `bottom` and the levels.")]


@get(
    "/dataset/{dataset:str}/variables",
    operation_id="listVariables",
    summary="List the variables of a dataset",
    tags=VARIABLES,
    responses=document_errors(DatasetNotFound),
)
async def list_variables(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
    has_depth_only: FromQuery[WithDepth] = False,
    vectors_only: FromQuery[VectorsOnly] = False,
) -> list[Variable]:
    """Sorted by name, without those that the configuration hides."""
    await freshness(request, dataset)
    record = localize_dataset(catalogue.snapshot.dataset(dataset), translate)
    return serializers.list_variables(record, has_depth_only=has_depth_only, vectors_only=vectors_only)


@get(
    "/dataset/{dataset:str}/{variable:str}/depths",
    operation_id="listDepths",
    summary="List the depth levels of a variable",
    tags=VARIABLES,
    responses=document_errors(DatasetNotFound, VariableNotFound),
)
async def list_depths(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
    variable: FromPath[VariableKey],
    include_all_key: FromQuery[IncludeAll] = True,
) -> list[Depth]:
    """`bottom`, `all`, then the levels from 0 in the order of the file; empty for a variable without depth."""
    await freshness(request, dataset)
    record, variable_record = catalogue.snapshot.variable(dataset, variable)
    axis = record.depths[variable_record.depth] if variable_record.depth is not None else None
    return serializers.list_depths(axis, translate, include_all_key=include_all_key)


Start = Annotated[
    str | None,
    QueryParameter(
        description="Only time steps from this year, month, day or instant on; UTC where no zone is given.",
        examples=[Example(value="2016-02-02")],
    ),
]
End = Annotated[
    str | None,
    QueryParameter(
        description="Only time steps until the end of this year, month, day or instant.",
        examples=[Example(value="2016-02-04")],
    ),
]
Limit = Annotated[
    int | None, QueryParameter(ge=1, le=1_000_000, description="Maximum number of time steps.", examples=[])
]
PageSize = Annotated[int, QueryParameter(ge=1, le=10_000, description="Maximum number of intervals.", examples=[])]
Offset = Annotated[int, QueryParameter(ge=0, le=10_000_000, description="Number of intervals to skip.", examples=[])]


class TimeRange(msgspec.Struct, frozen=True, kw_only=True):
    """Requested time steps: s since 1970-01-01 UTC, both included."""

    first: int | None
    last: int | None


async def provide_time_range(start: FromQuery[Start] = None, end: FromQuery[End] = None) -> TimeRange:
    """Parse the query parameters `start` and `end`."""
    return TimeRange(
        first=parse_period_parameter(start, "start").first if start else None,
        last=parse_period_parameter(end, "end").last if end else None,
    )


TIME_RANGE = {"time_range": Provide(provide_time_range)}


@get(
    "/dataset/{dataset:str}/{variable:str}/timestamps",
    operation_id="listTimeSteps",
    summary="List the time steps of a variable",
    tags=TIME_STEPS,
    dependencies=TIME_RANGE,
    responses={
        **encoded_response(list[TimeStep], "Raw times and their dates, ascending"),
        **document_errors(DatasetNotFound, VariableNotFound),
    },
)
async def list_time_steps(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    response_cache: NamedDependency[ResponseCache],
    dataset: FromPath[DatasetId],
    variable: FromPath[VariableKey],
    time_range: NamedDependency[SkipValidation[TimeRange]],
    limit: FromQuery[Limit] = None,
) -> Response[bytes]:
    """Ascending. Monthly data have the date of the 15th; a variable without time has the steps of its dataset."""
    await freshness(request, dataset)
    record, axis, steps = await _read_steps(request, catalogue, dataset, variable)
    make = partial(serializers.list_time_steps, steps, record.quantum, time_range.first, time_range.last, limit=limit)
    return await response_cache.respond(("time steps", dataset, record.revision, axis, time_range, limit), make)


@get(
    "/dataset/{dataset:str}/{variable:str}/times",
    operation_id="listTimeIntervals",
    summary="List the time steps of a variable as intervals of equal spacing",
    tags=TIME_STEPS,
    before_request=refuse_unknown_parameters,
    dependencies=TIME_RANGE,
    responses={
        200: ResponseSpec(TimeIntervals, description="Intervals, ascending", generate_examples=False),
        **document_errors(DatasetNotFound, VariableNotFound),
    },
)
async def list_time_intervals(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
    variable: FromPath[VariableKey],
    time_range: NamedDependency[SkipValidation[TimeRange]],
    limit: FromQuery[PageSize] = 1000,
    offset: FromQuery[Offset] = 0,
) -> Response[TimeIntervals]:
    """Start, end and spacing (ISO 8601 duration): a series of 100,000 even time steps is one interval."""
    await freshness(request, dataset)
    record, _, steps = await _read_steps(request, catalogue, dataset, variable)
    make = partial(
        serializers.list_time_intervals,
        steps,
        record.quantum,
        time_range.first,
        time_range.last,
        limit=limit,
        offset=offset,
    )
    intervals = await asyncio.to_thread(make)
    return Response(intervals, headers=link_header(request, intervals.total, limit, offset))


async def _read_steps(
    request: Request[Any, Any, Any], catalogue: Catalogue, dataset: str, variable: str
) -> tuple[DatasetRecord, int | None, StepArrays | None]:
    """Return a dataset, the time axis of a variable (or of the dataset), and its steps."""
    revision = await catalogue.revision(dataset)
    record, _, steps = await read_variable(catalogue, dataset, variable, _time_axes)
    made_from(request, revision, record.revision)
    axis = next(iter(steps), None)
    return record, axis, None if axis is None else steps[axis]


def _time_axes(record: DatasetRecord, variable: VariableRecord) -> list[int]:
    axis = variable.time if variable.time is not None else record.time
    return [axis] if axis is not None else []


class OperatorToken(msgspec.Struct, frozen=True, kw_only=True):
    """Token of the operators; None: the routes of operators are closed."""

    secret: str | None = None


@post(
    "/datasets/refresh",
    operation_id="refreshDatasets",
    summary="Index the files now",
    tags=["events"],
    status_code=202,
    response_description="The changes that were found up to now",
    security=[{OPERATORS: []}],
    before_request=refuse_unknown_parameters,
    responses=document_errors(NotFound, Unauthorized, NotSupported, ServiceUnavailable),
)
async def refresh_datasets(
    request: Request[Any, Any, Any], refresher: NamedDependency[Refresher], token: NamedDependency[OperatorToken]
) -> Refreshed:
    """Looks for new, changed and removed files at once, and returns the changes of datasets.

    Files are watched anyway: this is for operators who do not want to wait some seconds, and for services that do not
    watch. The token is the setting `OCEAN_METADATA_TOKEN`; without the setting the route is closed.
    """
    _check_token(request.headers.get("authorization", ""), token.secret)
    return await refresher.refresh()


def _check_token(header: str, secret: str | None) -> None:
    if secret is None:
        raise NotFound("this service has no OCEAN_METADATA_TOKEN, so nobody may refresh its datasets")
    scheme, _, credentials = header.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(credentials.strip().encode(), secret.encode()):
        raise Unauthorized("send the token of this service's operators: Authorization: Bearer …")


@get("/git_info", operation_id="getGitInfo", summary="Get the commit of this build", tags=["service"])
async def get_git_info(git: NamedDependency[GitInfo]) -> GitInfo:
    """Commit and tag, where the deployment sets them."""
    return git


@get("/revisions", media_type=MESSAGEPACK)
async def get_revisions(
    catalogue: NamedDependency[Catalogue], known: FromQuery[str] = "", dataset: FromQuery[str] = ""
) -> Revisions:
    """Revisions of all datasets; without the list where ``known`` is the present revision of the catalogue."""
    snapshot = catalogue.snapshot
    if dataset:
        snapshot.dataset(dataset)
    return serializers.list_revisions(snapshot, known)


@get("/assets/{dataset:str}/{variable:str}")
async def get_assets(
    catalogue: NamedDependency[Catalogue],
    response_cache: NamedDependency[ResponseCache],
    dataset: FromPath[str],
    variable: FromPath[str],
    *,
    files: FromQuery[bool] = True,
) -> Response[bytes]:
    """All that is needed to read a variable; without ``files``, what labels and maps need."""
    record, variable_record, steps = await read_variable(catalogue, dataset, variable, serializers.needed_time_axes)

    def make() -> Assets:
        assets = serializers.collect_assets(record, variable_record, steps)
        return assets if files else without_files(assets)

    key = ("assets", dataset, variable, record.revision, files)
    return await response_cache.respond(key, make, msgspec.msgpack.encode, MESSAGEPACK)


@get("/variables/{dataset:str}", media_type=MESSAGEPACK)
async def get_variables(catalogue: NamedDependency[Catalogue], dataset: FromPath[str]) -> list[VariableInfo]:
    """Names, units and scales of the listed variables, in the order of the configuration."""
    return serializers.list_variable_infos(catalogue.snapshot.dataset(dataset))


# In the order of the OpenAPI document; the search stands between the datasets and the variables.
DATASET_ROUTES = [
    list_datasets,
    list_all_variables,
    list_status,
    get_dataset,
    get_completeness,
    get_quantum,
    get_time_unit,
    get_time_unit_at_old_address,
]
VARIABLE_ROUTES = [list_variables, list_depths, list_time_steps, list_time_intervals]
INTERNAL_ROUTES = [get_revisions, get_assets, get_variables]
