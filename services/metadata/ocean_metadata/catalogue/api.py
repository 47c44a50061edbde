"""Routes of datasets, their variables and time steps; the routes for other services, in MessagePack."""

import asyncio
import hmac
from functools import partial
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import MediaType, Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, SkipValidation

from ocean_common.contracts import metadata as contracts
from ocean_common.contracts.assets import Assets, Revisions, VariableInfo, without_files
from ocean_common.http import Freshness, made_from
from ocean_common.i18n import Translator
from ocean_common.parameters import DatasetId, VariableKey, query_parameter, refuse_unknown_parameters
from ocean_common.problems import document_errors
from ocean_common.service import OPERATORS
from ocean_core import errors
from ocean_metadata.catalogue import serializers
from ocean_metadata.catalogue.completeness import rate_completeness
from ocean_metadata.catalogue.model import DatasetRecord, VariableRecord, copy_fields
from ocean_metadata.catalogue.pages import (
    as_page,
    describe_dataset,
    render_dataset,
    render_datasets,
    render_thredds_catalog,
)
from ocean_metadata.catalogue.responses import (
    MESSAGEPACK,
    CatalogueDependency,
    ResponseCache,
    encoded_response,
    json_response,
    link_header,
    parse_period_parameter,
    prefers_html,
    vary_by_accept,
)
from ocean_metadata.catalogue.serializers import localize_dataset, localize_listed
from ocean_metadata.catalogue.store import read_record, read_variable
from ocean_metadata.index.process import IndexRefresher

HttpRequest = Request[Any, Any, Any]
Fresh = NamedDependency[Freshness]
Responses = NamedDependency[ResponseCache]
Translate = NamedDependency[Translator]

_ERRORS = document_errors()
_DATASET_ERRORS = document_errors(errors.DatasetNotFound)
_VARIABLE_ERRORS = document_errors(errors.DatasetNotFound, errors.VariableNotFound)


# Datasets


@get(
    "/datasets",
    summary="List datasets",
    responses=encoded_response(
        list[contracts.Dataset], "The datasets that can be served, in the order of the configuration", _ERRORS
    ),
)
async def list_datasets(
    request: HttpRequest, catalogue: CatalogueDependency, response_cache: Responses, translate: Translate
) -> Response[bytes]:
    """Every enabled dataset whose files can be read; an HTML page for browsers."""
    snapshot, language = catalogue.snapshot, translate.language
    if prefers_html(request):
        page = await response_cache.respond(
            ("datasets page", snapshot.revision, language),
            lambda: render_datasets(localize_listed(snapshot, translate), translate),
            str.encode,
            MediaType.HTML,
        )
        return as_page(page)
    return vary_by_accept(
        await response_cache.respond(
            ("datasets", snapshot.revision, language),
            lambda: [
                copy_fields(record, contracts.Dataset, value=record.name)
                for record in localize_listed(snapshot, translate)
            ],
        )
    )


@get(
    "/datasets/variables/all",
    summary="List the variables of all datasets",
    responses=encoded_response(
        dict[str, list[contracts.VariableListing]], "Datasets and keys, by the variable's display name", _ERRORS
    ),
)
async def list_all_variables(
    catalogue: CatalogueDependency, response_cache: Responses, translate: Translate
) -> Response[bytes]:
    """Every variable of every listed dataset, by its display name."""
    snapshot = catalogue.snapshot
    return await response_cache.respond(
        ("all variables", snapshot.revision, translate.language),
        lambda: serializers.list_variables_by_name(localize_listed(snapshot, translate)),
    )


@get(
    "/datasets/status",
    summary="List the status of datasets and their files",
    responses=encoded_response(list[contracts.DatasetStatus], "Every dataset of the configuration or folder", _ERRORS),
)
async def list_dataset_status(
    catalogue: CatalogueDependency, response_cache: Responses, translate: Translate
) -> Response[bytes]:
    """Every dataset, including broken ones, with the files and variables that cannot be served and the reasons."""
    snapshot = catalogue.snapshot
    return await response_cache.respond(
        ("status", snapshot.revision, translate.language), lambda: serializers.list_statuses(snapshot, translate)
    )


async def provide_record(
    request: HttpRequest, catalogue: CatalogueDependency, freshness: Fresh, dataset: FromPath[DatasetId]
) -> DatasetRecord:
    """Find the dataset of a path; a client that has the answer of its revision gets no other."""
    await freshness(request, dataset, repeatable=True)
    return catalogue.snapshot.dataset(dataset)


Record = NamedDependency[SkipValidation[DatasetRecord]]


@get(
    "/dataset/{dataset:str}",
    summary="Get a dataset",
    responses=encoded_response(contracts.DatasetPage, "The dataset", _DATASET_ERRORS),
)
async def get_dataset(
    *,
    request: HttpRequest,
    catalogue: CatalogueDependency,
    freshness: Fresh,
    translate: Translate,
    interfaces: NamedDependency[set[str]],
    dataset: FromPath[DatasetId],
) -> Response[bytes]:
    """Description, extent in space and time, and links; for browsers an HTML page with metadata of schema.org."""
    html = prefers_html(request)
    await freshness(request, dataset, form="page" if html else "", repeatable=True)
    record = localize_dataset(catalogue.snapshot.dataset(dataset), translate)
    if html:
        text = render_dataset(record, str(request.base_url).rstrip("/"), translate, interfaces)
        return as_page(Response(text.encode(), media_type=MediaType.HTML))
    return vary_by_accept(json_response(describe_dataset(record, translate)))


@get(
    "/dataset/{dataset:str}/completeness",
    summary="Rate the metadata of a dataset's files",
    before_request=refuse_unknown_parameters,
    responses=_DATASET_ERRORS,
)
async def get_completeness(record: Record, translate: Translate) -> contracts.Completeness:
    """Attributes that CF and ACDD recommend: which are present, which are missing, and what to write in them."""
    return rate_completeness(record, translate)


@get("/dataset/{dataset:str}/quantum", summary="Get the spacing of a dataset's time steps", responses=_DATASET_ERRORS)
async def get_quantum(record: Record) -> contracts.Quantum:
    """hour, day, month, season or year; null where there are fewer than two time steps."""
    return contracts.Quantum(value=record.quantum)


@get(
    "/dataset/{dataset:str}/timeunit",
    summary="Get the units of a dataset's raw times",
    responses=encoded_response(str | None, "CF units of the raw times", _DATASET_ERRORS),
)
async def get_time_unit(record: Record) -> Response[bytes]:
    """CF units, such as `seconds since 1970-01-01 00:00:00`; null for a dataset without time."""
    return json_response(record.time_dim_units)


@get(
    "/api/v2.0/{dataset:str}/timeunit",
    summary="Get the units of a dataset's raw times, at the address that old clients use",
    deprecated=True,
    responses=encoded_response(str | None, "CF units of the raw times", _DATASET_ERRORS),
)
async def get_time_unit_as_before(record: Record) -> Response[bytes]:
    """The same as `/dataset/{dataset}/timeunit`; a former version doubled the prefix by mistake."""
    return json_response(record.time_dim_units)


# Variables


@get("/dataset/{dataset:str}/variables", summary="List the variables of a dataset", responses=_DATASET_ERRORS)
async def list_variables(
    *,
    record: Record,
    translate: Translate,
    has_depth_only: Annotated[bool, query_parameter("Only variables that have a depth axis.")] = False,
    vectors_only: Annotated[bool, query_parameter("Only variables that can be drawn as arrows.")] = False,
) -> list[contracts.Variable]:
    """Sorted by name, without those that the configuration hides."""
    localized = localize_dataset(record, translate)
    return serializers.list_variables(localized, has_depth_only=has_depth_only, vectors_only=vectors_only)


@get(
    "/dataset/{dataset:str}/{variable:str}/depths",
    summary="List the depth levels of a variable",
    responses=_VARIABLE_ERRORS,
)
async def list_depths(
    *,
    record: Record,
    translate: Translate,
    variable: FromPath[VariableKey],
    include_all_key: Annotated[bool, query_parameter("Include `all` depths besides `bottom` and the levels.")] = True,
) -> list[contracts.Depth]:
    """`bottom`, `all`, then the levels from 0 in the order of the file; empty for a variable without depth."""
    number = record.variable(variable).depth
    axis = record.depths[number] if number is not None else None
    return serializers.list_depths(axis, translate, include_all_key=include_all_key)


# Time steps


class SelectedSteps(NamedTuple):
    """Time steps of a variable within a period."""

    steps: serializers.DatedSteps
    key: tuple[object, ...]  # all that they depend on


async def provide_steps(
    *,
    request: HttpRequest,
    catalogue: CatalogueDependency,
    freshness: Fresh,
    dataset: FromPath[DatasetId],
    variable: FromPath[VariableKey],
    start: Annotated[
        str | None,
        query_parameter(
            "Only time steps from this year, month, day or instant on; UTC where no zone is given.", "2016-02-02"
        ),
    ] = None,
    end: Annotated[
        str | None, query_parameter("Only time steps until the end of this year, month, day or instant.", "2016-02-04")
    ] = None,
) -> SelectedSteps:
    """Read the time steps of a variable, or of its dataset where it has no time."""
    await freshness(request, dataset, repeatable=True)
    revision = await catalogue.revision(dataset)
    record, _, steps = await read_variable(catalogue, dataset, variable, _time_axes)
    made_from(request, revision, record.revision)
    axis = next((axis for axis in steps if record.times[axis].dated), None)  # steps without dates are not listed
    dated = serializers.NO_STEPS
    if axis is not None:
        dated = serializers.date_steps(record, record.times[axis], steps[axis])
    first, last = (
        parse_period_parameter(text, field, dated.dates.calendar) if text else None
        for text, field in ((start, "start"), (end, "end"))
    )
    return SelectedSteps(dated.between(first, last), (dataset, record.revision, axis, first, last))


def _time_axes(record: DatasetRecord, variable: VariableRecord) -> list[int]:
    axis = variable.time if variable.time is not None else record.time
    return [axis] if axis is not None else []


Selected = NamedDependency[SkipValidation[SelectedSteps]]


@get(
    "/dataset/{dataset:str}/{variable:str}/timestamps",
    summary="List the time steps of a variable",
    responses=encoded_response(list[contracts.TimeStep], "Raw times and their dates, ascending", _VARIABLE_ERRORS),
)
async def list_time_steps(
    selected: Selected,
    response_cache: Responses,
    translate: Translate,
    limit: Annotated[int | None, query_parameter("Maximum number of time steps.", 100, ge=1, le=1_000_000)] = None,
) -> Response[bytes]:
    """Ascending. Monthly data have the date of the 15th; a variable without time has the steps of its dataset."""
    make = partial(serializers.list_time_steps, selected.steps, translate, limit=limit)
    return await response_cache.respond(("time steps", selected.key, limit, translate.language), make)


@get(
    "/dataset/{dataset:str}/{variable:str}/times",
    summary="List the time steps of a variable as intervals of equal spacing",
    before_request=refuse_unknown_parameters,
    responses=encoded_response(contracts.TimeIntervals, "Intervals, ascending", _VARIABLE_ERRORS),
)
async def list_time_intervals(
    *,
    request: HttpRequest,
    selected: Selected,
    limit: Annotated[int, query_parameter("Maximum number of intervals.", ge=1, le=10_000)] = 1000,
    offset: Annotated[int, query_parameter("Number of intervals to skip.", ge=0, le=10_000_000)] = 0,
) -> Response[contracts.TimeIntervals]:
    """Start, end and spacing (ISO 8601 duration): a series of 100,000 even time steps is one interval."""
    make = partial(serializers.list_time_intervals, selected.steps, limit=limit, offset=offset)
    intervals = await asyncio.to_thread(make)
    return Response(intervals, headers=link_header(request, intervals.total, limit, offset))


# The service


@post(
    "/datasets/refresh",
    summary="Index the files now",
    tags=["events"],
    status_code=202,
    response_description="The changes that were found up to now",
    security=[{OPERATORS: []}],
    before_request=refuse_unknown_parameters,
    responses=document_errors(errors.NotFound, errors.Unauthorized, errors.NotSupported, errors.ServiceUnavailable),
)
async def refresh_datasets(
    request: HttpRequest, refresher: NamedDependency[IndexRefresher | None], token: NamedDependency[str | None]
) -> contracts.Refreshed:
    """Looks for new, changed and removed files at once, and returns the changes of datasets.

    Files are watched anyway: this is for operators who do not want to wait some seconds, and for services that do not
    watch. The token is the setting `OCEAN_METADATA_TOKEN`; without the setting the route is closed.
    """
    if token is None:
        raise errors.NotFound("this service has no OCEAN_METADATA_TOKEN, so nobody may refresh its datasets")
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(credentials.strip().encode(), token.encode()):
        raise errors.Unauthorized("send the token of this service's operators: Authorization: Bearer …")
    if refresher is None:
        raise errors.NotSupported("this service has no index process; send the request to one that has")
    return await refresher.refresh()


@get("/git_info", summary="Get the commit of this build", tags=["service"], responses=_ERRORS)
async def get_git_info(git: NamedDependency[contracts.GitInfo]) -> contracts.GitInfo:
    """Commit and tag, where the deployment sets them."""
    return git


# For other services


@get("/revisions", media_type=MESSAGEPACK)
async def get_revisions(
    catalogue: CatalogueDependency, known: FromQuery[str] = "", dataset: FromQuery[str] = ""
) -> Revisions:
    """Revisions of all datasets; without the list where ``known`` is the present revision of the catalogue."""
    snapshot = catalogue.snapshot
    if dataset:
        snapshot.dataset(dataset)
    revision = snapshot.revision or ""
    if known and known == revision:
        return Revisions(catalogue=revision)
    return Revisions(catalogue=revision, datasets={record.id: record.revision for record in snapshot.served})


@get("/assets/{dataset:str}/{variable:str}")
async def get_assets(
    catalogue: CatalogueDependency,
    response_cache: Responses,
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


@get("/files/{dataset:str}")
async def get_files(
    catalogue: CatalogueDependency, response_cache: Responses, dataset: FromPath[str]
) -> Response[bytes]:
    """The files of a dataset, by what they hold."""
    record, steps = await read_record(catalogue, dataset, lambda record: range(len(record.times)))
    key = ("files", dataset, record.revision)
    make = partial(serializers.collect_files, record, steps)
    return await response_cache.respond(key, make, msgspec.msgpack.encode, MESSAGEPACK)


@get("/variables/{dataset:str}", media_type=MESSAGEPACK)
async def get_variables(catalogue: CatalogueDependency, dataset: FromPath[str]) -> list[VariableInfo]:
    """Names, units and scales of the listed variables, in the order of the configuration."""
    record = catalogue.snapshot.dataset(dataset)
    return [serializers.describe_variable(record, variable) for variable in record.visible_variables]


@get("/catalog.xml", media_type="application/xml", include_in_schema=False)
async def get_thredds_catalog(
    catalogue: CatalogueDependency,
    response_cache: Responses,
    translate: Translate,
    interfaces: NamedDependency[set[str]],
) -> Response[bytes]:
    """All datasets as a THREDDS catalogue."""
    snapshot = catalogue.snapshot
    return await response_cache.respond(
        ("thredds", snapshot.revision, translate.language),
        lambda: render_thredds_catalog(localize_listed(snapshot, translate), interfaces, translate),
        str.encode,
        "application/xml",
    )


@get("/map-datasets", media_type=MESSAGEPACK)
async def get_map_datasets(catalogue: CatalogueDependency, translate: Translate) -> list[contracts.MapDataset]:
    """The listed datasets that have layers of maps."""
    return serializers.list_map_datasets(localize_listed(catalogue.snapshot, translate))


@get("/layers/{dataset:str}")
async def get_layers(
    catalogue: CatalogueDependency, response_cache: Responses, translate: Translate, dataset: FromPath[str]
) -> Response[bytes]:
    """The layers of a dataset, and the axes that they share."""
    record, steps = await read_record(catalogue, dataset, lambda record: range(len(record.times)))
    key = ("layers", dataset, record.revision, translate.language)
    make = partial(serializers.collect_layers, record, steps, translate)
    return await response_cache.respond(key, make, msgspec.msgpack.encode, MESSAGEPACK)


_RECORD = {"record": Provide(provide_record)}
DATASET_ROUTES = Router(
    "/",
    tags=["datasets"],
    dependencies=_RECORD,
    route_handlers=[
        list_datasets,
        list_all_variables,
        list_dataset_status,
        get_dataset,
        get_completeness,
        get_quantum,
        get_time_unit,
        get_time_unit_as_before,
    ],
)
VARIABLE_ROUTES = Router("/", tags=["variables"], dependencies=_RECORD, route_handlers=[list_variables, list_depths])
TIME_STEP_ROUTES = Router(
    "/",
    tags=["time steps"],
    dependencies={"selected": Provide(provide_steps)},
    route_handlers=[list_time_steps, list_time_intervals],
)
INTERNAL_ROUTES = [get_revisions, get_assets, get_files, get_variables, get_map_datasets, get_layers]
