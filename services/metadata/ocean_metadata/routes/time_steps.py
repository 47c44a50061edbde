"""The time steps of a variable."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from ocean_common.caching import Freshness
from ocean_common.contracts.metadata import TimeStep
from ocean_common.errors import DatasetNotFound, VariableNotFound
from ocean_common.parameters import DatasetId, VariableKey
from ocean_common.problems import documented
from ocean_metadata.domain import answers
from ocean_metadata.domain.ports import Catalogue
from ocean_metadata.routes.encoded import Encoded, answers_with


@get(
    "/dataset/{dataset:str}/{variable:str}/timestamps",
    operation_id="listTimeSteps",
    summary="The time steps of a variable",
    tags=["time steps"],
    responses={
        **answers_with(list[TimeStep], "Raw times and their dates, ascending"),
        **documented(DatasetNotFound, VariableNotFound),
    },
)
async def list_time_steps(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    encoded: NamedDependency[Encoded],
    dataset: FromPath[DatasetId],
    variable: FromPath[VariableKey],
) -> Response[bytes]:
    """Ascending. Monthly data are told by the 15th; a variable without time has those of its dataset."""
    await freshness(request, dataset)
    record, found = catalogue.snapshot.variable(dataset, variable)
    axis = found.time if found.time is not None else record.time
    steps = await catalogue.steps(record, axis) if axis is not None else None
    key = ("time steps", dataset, record.revision, axis)
    return await encoded.answer(key, lambda: answers.time_steps(steps, record.quantum))
