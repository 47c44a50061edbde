"""The time steps of a variable."""

import asyncio
from functools import partial
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath, FromQuery, QueryParameter, SkipValidation

from ocean_common.caching import Freshness, made_from
from ocean_common.contracts.finding import TimeIntervals
from ocean_common.contracts.metadata import TimeStep
from ocean_common.errors import DatasetNotFound, VariableNotFound
from ocean_common.parameters import DatasetId, VariableKey
from ocean_common.problems import documented
from ocean_common.strict import known_only
from ocean_metadata.catalogue import serializers as answers
from ocean_metadata.catalogue import store
from ocean_metadata.catalogue.encoded import Encoded, answers_with
from ocean_metadata.catalogue.intervals import parse_period_parameter
from ocean_metadata.catalogue.model import DatasetRecord, StepArrays, VariableRecord
from ocean_metadata.catalogue.paging import linked
from ocean_metadata.ports import Catalogue

Start = Annotated[
    str | None,
    QueryParameter(
        description="Only time steps from then on: a year, a month, a day or an instant; UTC where no zone is given.",
        examples=[Example(value="2016-02-02")],
    ),
]
End = Annotated[
    str | None,
    QueryParameter(description="Only time steps until the end of then.", examples=[Example(value="2016-02-04")]),
]
Limit = Annotated[
    int | None, QueryParameter(ge=1, le=1_000_000, description="At most so many, the first.", examples=[])
]
PageSize = Annotated[int, QueryParameter(ge=1, le=10_000, description="At most so many intervals.", examples=[])]
Offset = Annotated[int, QueryParameter(ge=0, le=10_000_000, description="How many to leave out first.", examples=[])]


class Within(msgspec.Struct, frozen=True, kw_only=True):
    """Which time steps are asked for: s since 1970-01-01 UTC, both included."""

    first: int | None
    last: int | None


async def provide_within(start: FromQuery[Start] = None, end: FromQuery[End] = None) -> Within:
    """The period that `start` and `end` tell."""
    return Within(
        first=parse_period_parameter(start, "start").first if start else None,
        last=parse_period_parameter(end, "end").last if end else None,
    )


PERIOD = {"within": Provide(provide_within)}


@get(
    "/dataset/{dataset:str}/{variable:str}/timestamps",
    operation_id="listTimeSteps",
    summary="The time steps of a variable",
    tags=["time steps"],
    dependencies=PERIOD,
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
    within: NamedDependency[SkipValidation[Within]],
    limit: FromQuery[Limit] = None,
) -> Response[bytes]:
    """Ascending. Monthly data are told by the 15th; a variable without time has those of its dataset."""
    await freshness(request, dataset)
    record, axis, steps = await _steps(request, catalogue, dataset, variable)
    make = partial(answers.time_steps, steps, record.quantum, within.first, within.last, limit=limit)
    return await encoded.answer(("time steps", dataset, record.revision, axis, within, limit), make)


@get(
    "/dataset/{dataset:str}/{variable:str}/times",
    operation_id="listTimeIntervals",
    summary="The time steps of a variable, as intervals of equal spacing",
    tags=["time steps"],
    before_request=known_only,
    dependencies=PERIOD,
    responses={
        200: ResponseSpec(TimeIntervals, description="Intervals, ascending", generate_examples=False),
        **documented(DatasetNotFound, VariableNotFound),
    },
)
async def list_time_intervals(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    freshness: NamedDependency[Freshness],
    dataset: FromPath[DatasetId],
    variable: FromPath[VariableKey],
    within: NamedDependency[SkipValidation[Within]],
    limit: FromQuery[PageSize] = 1000,
    offset: FromQuery[Offset] = 0,
) -> Response[TimeIntervals]:
    """Start, end and spacing (ISO 8601 duration): a series of 100,000 even time steps is one interval."""
    await freshness(request, dataset)
    record, _, steps = await _steps(request, catalogue, dataset, variable)
    make = partial(answers.time_intervals, steps, record.quantum, within.first, within.last, limit=limit, offset=offset)
    found = await asyncio.to_thread(make)
    return Response(found, headers=linked(request, found.total, limit, offset))


async def _steps(
    request: Request[Any, Any, Any], catalogue: Catalogue, dataset: str, variable: str
) -> tuple[DatasetRecord, int | None, StepArrays | None]:
    """The dataset, the time axis of a variable, or of the dataset, and its steps."""
    marked = await catalogue.revision(dataset)
    record, _, steps = await store.read_variable(catalogue, dataset, variable, _axis)
    made_from(request, marked, record.revision)
    axis = next(iter(steps), None)
    return record, axis, None if axis is None else steps[axis]


def _axis(record: DatasetRecord, found: VariableRecord) -> list[int]:
    axis = found.time if found.time is not None else record.time
    return [axis] if axis is not None else []
