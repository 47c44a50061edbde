"""The variables of a dataset, and their depths."""

from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from ocean_common.caching import Freshness
from ocean_common.contracts.metadata import Depth, Variable
from ocean_common.errors import DatasetNotFound, VariableNotFound
from ocean_common.i18n import Translator
from ocean_common.parameters import DatasetId, VariableKey
from ocean_common.problems import documented
from ocean_metadata.catalogue import serializers as answers
from ocean_metadata.catalogue.localized import localized
from ocean_metadata.ports import Catalogue

TAGS = ["variables"]

WithDepth = Annotated[bool, QueryParameter(description="Only variables that have a depth axis.")]
Vectors = Annotated[bool, QueryParameter(description="Only variables of which arrows can be drawn.")]
WithAll = Annotated[bool, QueryParameter(description="Whether to name `all` depths besides `bottom` and the levels.")]


@get(
    "/dataset/{dataset:str}/variables",
    operation_id="listVariables",
    summary="The variables of a dataset",
    tags=TAGS,
    responses=documented(DatasetNotFound),
)
async def list_variables(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
    has_depth_only: FromQuery[WithDepth] = False,
    vectors_only: FromQuery[Vectors] = False,
) -> list[Variable]:
    """Sorted by name; those that the configuration hides are left out."""
    await freshness(request, dataset)
    found = localized(catalogue.snapshot.dataset(dataset), translate)
    return answers.variables(found, has_depth_only=has_depth_only, vectors_only=vectors_only)


@get(
    "/dataset/{dataset:str}/{variable:str}/depths",
    operation_id="listDepths",
    summary="The depth levels of a variable",
    tags=TAGS,
    responses=documented(DatasetNotFound, VariableNotFound),
)
async def list_depths(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    translate: NamedDependency[Translator],
    dataset: FromPath[DatasetId],
    variable: FromPath[VariableKey],
    include_all_key: FromQuery[WithAll] = True,
) -> list[Depth]:
    """`bottom`, `all`, then the levels from 0 in the order of the file; empty for a variable without depth."""
    await freshness(request, dataset)
    record, found = catalogue.snapshot.variable(dataset, variable)
    axis = record.depths[found.depth] if found.depth is not None else None
    return answers.depths(axis, translate, include_all_key=include_all_key)
