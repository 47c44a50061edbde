"""Which datasets are found by words, place and time."""

import asyncio
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromQuery, QueryParameter, SkipValidation

from ocean_common.contracts.finding import SearchPage
from ocean_common.errors import InvalidRequest
from ocean_common.i18n import Translator
from ocean_common.problems import documented
from ocean_common.strict import known_only
from ocean_core.time import Period
from ocean_metadata.catalogue import search_results as found
from ocean_metadata.catalogue.indexed import Indexed
from ocean_metadata.catalogue.intervals import parse_period_parameter
from ocean_metadata.catalogue.paging import linked
from ocean_metadata.catalogue.search_index import FACETS, Asked
from ocean_metadata.index.places import Bounds
from ocean_metadata.ports import Catalogue

TAGS = ["finding"]

TargetDate = Annotated[
    str,
    QueryParameter(
        description="A date or an instant, in ISO 8601 or as English and French write it; UTC where no zone is given.",
        examples=[Example(summary="a day", value="2016-02-03"), Example(value="2015-02-15T00:00:00.000Z")],
    ),
]
DatasetIds = Annotated[
    str | None,
    QueryParameter(
        description="Ids of datasets between commas: only these are looked at. Left out: all.",
        examples=[Example(value="giops_day,ostia_month")],
    ),
]
Latitude = Annotated[float, QueryParameter(ge=-90, le=90, description="Degrees north.", examples=[Example(value=73)])]
Longitude = Annotated[
    float,
    QueryParameter(
        ge=-360, le=360, description="Degrees east: -180 to 180, or 0 to 360.", examples=[Example(value=20)]
    ),
]
Words = Annotated[
    str | None,
    QueryParameter(
        max_length=400,
        description="Words in English or French that must all be there: in names, descriptions, variables and standard "
        "names. The beginning of a word will do; accents, case and plurals do not count.",
        examples=[Example(summary="in French", value="température de surface"), Example(value="sea ice")],
    ),
]
Box = Annotated[
    str | None,
    QueryParameter(
        description="`west,south,east,north` in degrees: datasets with a cell in there. West greater than east crosses "
        "the antimeridian.",
        examples=[Example(summary="the Nordic Seas", value="-20,60,30,80")],
    ),
]
Start = Annotated[
    str | None,
    QueryParameter(
        description="Datasets that go on until then: a year, a month, a day or an instant.",
        examples=[Example(value="2016-02")],
    ),
]
End = Annotated[
    str | None,
    QueryParameter(description="Datasets that began by the end of it.", examples=[Example(value="2016-02-03")]),
]
Group = Annotated[str | None, QueryParameter(description="Of this group.", examples=[Example(value="Sample data")])]
Quantum = Annotated[
    str | None,
    QueryParameter(
        description="With this spacing of time steps: hour, day, month, season or year.",
        examples=[Example(value="month")],
    ),
]
ModelClass = Annotated[
    str | None, QueryParameter(description="Of this kind of grid: Mercator, Nemo, Fvcom.", examples=[])
]
StandardName = Annotated[
    str | None,
    QueryParameter(
        description="With a variable of this CF standard name; of several between commas, one.",
        examples=[Example(value="sea_water_potential_temperature")],
    ),
]
Variable = Annotated[
    str | None,
    QueryParameter(description="With a variable of this key; of several, one.", examples=[Example(value="votemper")]),
]
Limit = Annotated[int, QueryParameter(ge=0, le=1000, description="At most so many.", examples=[Example(value=20)])]
Offset = Annotated[
    int, QueryParameter(ge=0, le=10_000_000, description="How many to leave out first.", examples=[Example(value=0)])
]


@get(
    "/datasets/filter/date",
    operation_id="filterDatasetsByDate",
    summary="Which datasets cover a date",
    tags=TAGS,
    responses=documented(),
)
async def filter_by_date(
    catalogue: NamedDependency[Catalogue],
    indexed: NamedDependency[Indexed],
    target_date: FromQuery[TargetDate],
    dataset_ids: FromQuery[DatasetIds] = None,
) -> list[str]:
    """Ids of the listed datasets whose first to last time step covers a date; ids that are not listed are passed by."""
    index = await indexed.index(catalogue.snapshot)
    return found.ids(index, index.during(parse_period_parameter(target_date, "target_date")), dataset_ids)


@get(
    "/datasets/filter/location",
    operation_id="filterDatasetsByLocation",
    summary="Which datasets cover a place",
    tags=TAGS,
    responses=documented(),
)
async def filter_by_location(
    *,
    catalogue: NamedDependency[Catalogue],
    indexed: NamedDependency[Indexed],
    latitude: FromQuery[Latitude],
    longitude: FromQuery[Longitude],
    dataset_ids: FromQuery[DatasetIds] = None,
) -> list[str]:
    """Ids of the listed datasets whose wet cells lie around a place: by the outline of the grid, not by its box."""
    index = await indexed.index(catalogue.snapshot)
    mask = await asyncio.to_thread(index.at, latitude, longitude)
    return found.ids(index, mask, dataset_ids)


async def provide_asked(
    *,
    q: FromQuery[Words] = None,
    bbox: FromQuery[Box] = None,
    start: FromQuery[Start] = None,
    end: FromQuery[End] = None,
    group: FromQuery[Group] = None,
    quantum: FromQuery[Quantum] = None,
    model_class: FromQuery[ModelClass] = None,
    standard_name: FromQuery[StandardName] = None,
    variable: FromQuery[Variable] = None,
) -> Asked:
    """What a search is for."""
    values = (group, quantum, model_class, standard_name, variable)
    return Asked(
        words=q or "",
        bounds=_box(bbox) if bbox else None,
        period=_between(start, end) if start or end else None,
        values={name: value for name, value in zip(FACETS, values, strict=True) if value},
    )


@get(
    "/datasets/search",
    operation_id="searchDatasets",
    summary="Datasets by words, place, time and what they hold",
    tags=TAGS,
    before_request=known_only,
    dependencies={"asked": Provide(provide_asked)},
    responses={
        200: ResponseSpec(SearchPage, description="A page of what was found, the best first", generate_examples=False),
        **documented(),
    },
)
async def search_datasets(
    *,
    request: Request[Any, Any, Any],
    catalogue: NamedDependency[Catalogue],
    indexed: NamedDependency[Indexed],
    translate: NamedDependency[Translator],
    asked: NamedDependency[SkipValidation[Asked]],
    limit: FromQuery[Limit] = 20,
    offset: FromQuery[Offset] = 0,
) -> Response[SearchPage]:
    """Everything that is told must fit. Facets count what was found; Link headers (RFC 8288) lead to other pages."""
    index = await indexed.index(catalogue.snapshot)
    page = await asyncio.to_thread(found.page, index, asked, limit, offset, translate)
    return Response(page, headers=linked(request, page.total, limit, offset))


def _box(text: str) -> Bounds:
    """`west,south,east,north`."""
    try:
        west, south, east, north = (float(one) for one in text.split(","))
    except ValueError:
        raise InvalidRequest("bbox is west,south,east,north in degrees: -20,60,30,80", field="bbox") from None
    if not (-90 <= south <= north <= 90 and all(-360 <= one <= 360 for one in (west, east))):
        raise InvalidRequest(
            "bbox is west,south,east,north: latitudes from -90 to 90, the southern first; longitudes from -360 to 360",
            field="bbox",
        )
    return west, south, east, north


def _between(start: str | None, end: str | None) -> Period:
    """From the beginning of the one to the end of the other."""
    first = parse_period_parameter(start, "start").first if start else -(2**61)
    last = parse_period_parameter(end, "end").last if end else 2**61
    if first > last:
        raise InvalidRequest("start is after end; exchange them", field="start")
    return Period(first, last)


ROUTES = [filter_by_date, filter_by_location, search_datasets]
