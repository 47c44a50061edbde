"""Routes that search datasets by words, place and time."""

import asyncio
from typing import Annotated, Any

import numpy as np
from litestar import Request, Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import SkipValidation

from ocean_common.contracts.metadata import SearchPage
from ocean_common.i18n import Translator
from ocean_common.parameters import query_parameter, refuse_unknown_parameters
from ocean_common.problems import document_errors
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import MAX_LONGITUDE, Bounds
from ocean_core.time import Period, unix_seconds
from ocean_metadata.catalogue.responses import (
    CatalogueDependency,
    encoded_response,
    link_header,
    parse_period_parameter,
)
from ocean_metadata.catalogue.search import FACETS, SearchIndexCache, SearchQuery, search_page, select_ids

Indexes = NamedDependency[SearchIndexCache]
DatasetIds = Annotated[
    str | None,
    query_parameter(
        "Ids of datasets between commas, to which the result is limited: none if empty. Default: all datasets.",
        "arctic_day,ostia_month",
    ),
]


@get("/datasets/filter/date", summary="Filter datasets by date", responses=document_errors())
async def filter_datasets_by_date(
    catalogue: CatalogueDependency,
    search_index_cache: Indexes,
    target_date: Annotated[
        str,
        query_parameter(
            "A date or an instant, in ISO 8601 or as English and French write it; UTC where no zone is given.",
            ("a day", "2016-02-03"),
            "2015-02-15T00:00:00.000Z",
        ),
    ],
    dataset_ids: DatasetIds = None,
) -> list[str]:
    """Ids of the listed datasets whose time steps begin before and end after a date; unknown ids are ignored."""
    index = await search_index_cache.index(catalogue.snapshot)
    return select_ids(index, index.during(_parse_date(target_date, "target_date")), dataset_ids)


@get("/datasets/filter/location", summary="Filter datasets by location", responses=document_errors())
async def filter_datasets_by_location(
    *,
    catalogue: CatalogueDependency,
    search_index_cache: Indexes,
    latitude: Annotated[float, query_parameter("Degrees north.", 73, ge=-90, le=90)],
    longitude: Annotated[float, query_parameter("Degrees east, of any turn.", 20, ge=-MAX_LONGITUDE, le=MAX_LONGITUDE)],
    dataset_ids: DatasetIds = None,
) -> list[str]:
    """Ids of the listed datasets that cover a point: by the outline of the wet cells, not by a bounding box."""
    index = await search_index_cache.index(catalogue.snapshot)
    mask = await asyncio.to_thread(index.at, latitude, longitude)
    return select_ids(index, mask, dataset_ids)


async def provide_search_query(
    *,
    q: Annotated[
        str | None,
        query_parameter(
            "Words in English or French that must all occur in names, descriptions, variables or standard "
            "names. The beginning of a word is enough; accents, case and plurals are ignored.",
            ("in French", "température de surface"),
            "sea ice",
            max_length=400,
        ),
    ] = None,
    bbox: Annotated[
        str | None,
        query_parameter(
            "`west,south,east,north` in degrees: datasets with a wet cell in this box. A box with west "
            "greater than east crosses the antimeridian.",
            ("the Nordic Seas", "-20,60,30,80"),
        ),
    ] = None,
    start: Annotated[
        str | None,
        query_parameter("Datasets that end after the beginning of this year, month, day or instant.", "2016-02"),
    ] = None,
    end: Annotated[
        str | None,
        query_parameter("Datasets that begin before the end of this year, month, day or instant.", "2016-02-03"),
    ] = None,
    group: Annotated[str | None, query_parameter("Datasets of this group.", "Sample data")] = None,
    quantum: Annotated[
        str | None,
        query_parameter("Datasets with this spacing of time steps: hour, day, month, season or year.", "month"),
    ] = None,
    model_class: Annotated[
        str | None, query_parameter("Datasets with this kind of grid: Mercator, Nemo, Fvcom.", "Nemo")
    ] = None,
    standard_name: Annotated[
        str | None,
        query_parameter(
            "Datasets with a variable of this CF standard name, or of one of several between commas.",
            "sea_water_potential_temperature",
        ),
    ] = None,
    variable: Annotated[
        str | None,
        query_parameter("Datasets with a variable of this key, or of one of several between commas.", "votemper"),
    ] = None,
) -> SearchQuery:
    """Collect the conditions of a search."""
    values = (group, quantum, model_class, standard_name, variable)
    return SearchQuery(
        words=q or "",
        bounds=_parse_box(bbox) if bbox else None,
        period=_parse_period(start, end) if start or end else None,
        values={name: value for name, value in zip(FACETS, values, strict=True) if value},
    )


@get(
    "/datasets/search",
    summary="Search datasets",
    before_request=refuse_unknown_parameters,
    dependencies={"search_query": Provide(provide_search_query)},
    responses=encoded_response(SearchPage, "A page of results, the best first", document_errors()),
)
async def search_datasets(
    *,
    request: Request[Any, Any, Any],
    catalogue: CatalogueDependency,
    search_index_cache: Indexes,
    translate: NamedDependency[Translator],
    search_query: NamedDependency[SkipValidation[SearchQuery]],
    limit: Annotated[int, query_parameter("Maximum number of results.", 20, ge=0, le=1000)] = 20,
    offset: Annotated[int, query_parameter("Number of results to skip.", 0, ge=0, le=10_000_000)] = 0,
) -> Response[SearchPage]:
    """All conditions must hold. Facets count the values of all results; Link headers (RFC 8288) lead to other pages."""
    index = await search_index_cache.index(catalogue.snapshot)
    page = await asyncio.to_thread(search_page, index, search_query, limit, offset, translate)
    return Response(page, headers=link_header(request, page.total, limit, offset))


def _parse_box(text: str) -> Bounds:
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise InvalidRequest("bbox is west,south,east,north in degrees: -20,60,30,80", field="bbox") from None
    if not (-90 <= south <= north <= 90 and max(abs(west), abs(east)) <= MAX_LONGITUDE):
        raise InvalidRequest(
            "bbox is west,south,east,north: latitudes from -90 to 90, the southern first; longitudes from -{limit:g} "
            "to {limit:g}",
            limit=MAX_LONGITUDE,
            field="bbox",
        )
    return west, south, east, north


def _parse_date(text: str, field: str) -> Period:
    """Parse a date of any calendar: 29 and 30 February of models' calendars are the end of that month."""
    try:
        return parse_period_parameter(text, field)
    except InvalidRequest:
        period = parse_period_parameter(text, field, "360_day")
        return Period(*unix_seconds(np.array(period), "360_day").tolist())


def _parse_period(start: str | None, end: str | None) -> Period:
    """Return the period from the beginning of ``start`` to the end of ``end``; a missing one leaves it open."""
    first = _parse_date(start, "start").first if start else -(2**61)
    last = _parse_date(end, "end").last if end else 2**61
    if first > last:
        raise InvalidRequest("start is after end; exchange them", field="start")
    return Period(first, last)


SEARCH_ROUTES = Router(
    "/", tags=["finding"], route_handlers=[filter_datasets_by_date, filter_datasets_by_location, search_datasets]
)
