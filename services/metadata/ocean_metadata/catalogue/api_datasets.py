"""Which datasets there are."""

from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocean_common.caching import Freshness
from ocean_common.contracts.finding import Completeness
from ocean_common.contracts.metadata import Dataset, DatasetPage, DatasetStatus, Quantum, VariableListing
from ocean_common.errors import DatasetNotFound
from ocean_common.i18n import Translator
from ocean_common.parameters import DatasetId
from ocean_common.problems import documented
from ocean_common.strict import known_only
from ocean_metadata.catalogue import serializers as answers
from ocean_metadata.catalogue.completeness import rate_completeness
from ocean_metadata.catalogue.dataset_page import describe_dataset
from ocean_metadata.catalogue.encoded import Encoded, answers_with, json_text
from ocean_metadata.catalogue.localized import in_language, localized
from ocean_metadata.catalogue.pages import as_page, prefers_html, render_dataset, render_datasets, vary_by_accept
from ocean_metadata.ports import Catalogue

TAGS = ["datasets"]


@get(
    "/datasets",
    operation_id="listDatasets",
    summary="The list of datasets",
    tags=TAGS,
    responses={
        **answers_with(list[Dataset], "The datasets that can be served, in the order of the configuration"),
        **documented(),
    },
)
async def list_datasets(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    encoded: NamedDependency[Encoded],
    translate: NamedDependency[Translator],
) -> Response[bytes]:
    """Every enabled dataset whose files can be read; a page for those who like HTML better."""
    now, language = catalogue.snapshot, translate.language
    if prefers_html(request):
        made = await encoded.answer(
            ("datasets page", now.revision, language),
            lambda: render_datasets(in_language(now, translate).listed, translate),
            str.encode,
            MediaType.HTML,
        )
        return as_page(made)
    key = ("datasets", now.revision, language)
    return vary_by_accept(await encoded.answer(key, lambda: answers.datasets(in_language(now, translate))))


@get(
    "/datasets/variables/all",
    operation_id="listAllVariables",
    summary="Where each variable is found",
    tags=TAGS,
    responses={
        **answers_with(dict[str, list[VariableListing]], "Datasets and keys, by the variable's display name"),
        **documented(),
    },
)
async def list_all_variables(
    catalogue: NamedDependency[Catalogue], encoded: NamedDependency[Encoded], translate: NamedDependency[Translator]
) -> Response[bytes]:
    """Every variable of every listed dataset, by its display name."""
    now = catalogue.snapshot
    key = ("all variables", now.revision, translate.language)
    return await encoded.answer(key, lambda: answers.by_name(in_language(now, translate)))


@get(
    "/datasets/status",
    operation_id="listDatasetStatus",
    summary="Which datasets and files can be served, and why others cannot",
    tags=TAGS,
    responses={**answers_with(list[DatasetStatus], "Every dataset of the configuration or folder"), **documented()},
)
async def list_status(
    catalogue: NamedDependency[Catalogue], encoded: NamedDependency[Encoded], translate: NamedDependency[Translator]
) -> Response[bytes]:
    """Every dataset, the broken ones too, with the files and variables that are left out and the reasons."""
    now = catalogue.snapshot
    key = ("status", now.revision, translate.language)
    return await encoded.answer(key, lambda: answers.statuses(in_language(now, translate)))


@get(
    "/dataset/{dataset:str}",
    operation_id="getDataset",
    summary="One dataset",
    tags=TAGS,
    responses={**answers_with(DatasetPage, "The dataset"), **documented(DatasetNotFound)},
)
async def get_dataset(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
) -> Response[bytes]:
    """What a dataset is, where and when; a page with schema.org's description for those who like HTML better."""
    html = prefers_html(request)
    await freshness(request, dataset, form="page" if html else "")
    found = localized(catalogue.snapshot.dataset(dataset), translate)
    if html:
        text = render_dataset(found, str(request.base_url).rstrip("/"), translate)
        return as_page(Response(text.encode(), media_type=MediaType.HTML))
    return vary_by_accept(Response(msgspec.json.encode(describe_dataset(found, translate)), media_type=MediaType.JSON))


@get(
    "/dataset/{dataset:str}/completeness",
    operation_id="getCompleteness",
    summary="How well the files of a dataset describe themselves",
    tags=TAGS,
    before_request=known_only,
    responses=documented(DatasetNotFound),
)
async def get_completeness(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
) -> Completeness:
    """Which attributes that CF and ACDD recommend are there, which are missing, and what to write in them."""
    await freshness(request, dataset)
    return rate_completeness(catalogue.snapshot.dataset(dataset), translate)


@get(
    "/dataset/{dataset:str}/quantum",
    operation_id="getQuantum",
    summary="The spacing of a dataset's time steps",
    tags=TAGS,
    responses=documented(DatasetNotFound),
)
async def get_quantum(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
) -> Quantum:
    """hour, day, month, season or year; null where there are not two time steps."""
    await freshness(request, dataset)
    return Quantum(value=catalogue.snapshot.dataset(dataset).quantum)


@get(
    "/dataset/{dataset:str}/timeunit",
    operation_id="getTimeUnit",
    summary="The units of a dataset's raw times",
    tags=TAGS,
    responses={**answers_with(str | None, "CF units of the raw times"), **documented(DatasetNotFound)},
)
async def get_time_unit(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
) -> Response[bytes]:
    """CF units, such as `seconds since 1970-01-01 00:00:00`; null for a dataset without time."""
    await freshness(request, dataset)
    return json_text(catalogue.snapshot.dataset(dataset).time_dim_units)


@get(
    "/api/v2.0/{dataset:str}/timeunit",
    operation_id="getTimeUnitAsBefore",
    summary="The units of a dataset's raw times, at the address that old clients know",
    tags=TAGS,
    deprecated=True,
    responses={**answers_with(str | None, "CF units of the raw times"), **documented(DatasetNotFound)},
)
async def get_time_unit_as_before(
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
) -> Response[bytes]:
    """The same as `/dataset/{dataset}/timeunit`; its prefix was doubled by mistake once."""
    await freshness(request, dataset)
    return json_text(catalogue.snapshot.dataset(dataset).time_dim_units)
