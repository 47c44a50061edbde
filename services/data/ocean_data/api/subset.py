"""Subsets as files, as clients of the API's version 2.0 ask for them."""

import math
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec

from ocean_common import problems
from ocean_common.clients.metadata import Areas
from ocean_common.contracts.data import AreaRequest
from ocean_common.parameters import DatasetId, parse_choice, query_parameter
from ocean_core import errors
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import MAX_LONGITUDE, wrap_longitude
from ocean_data.api.parameters import (
    EXTRACTION_ERRORS,
    AreaKey,
    ExtractionOperation,
    HttpRequest,
    Service,
    Variables,
    find_polygon,
    parse_keys,
)
from ocean_data.extraction import Output, safe_name
from ocean_data.plan.extraction import Extraction
from ocean_data.plan.subset import SHAPE, plain
from ocean_data.writing.netcdf import NetCdf, ZipArchive
from ocean_data.writing.size import largest_file_size

NETCDF = "application/x-netcdf"
FIXED_NAMES_FORM = "NETCDF3_NC"
WRITERS = {  # by the word for `output_format`
    "NETCDF4": NetCdf(),
    "NETCDF4_CLASSIC": NetCdf("NETCDF4_CLASSIC"),
    "NETCDF3_64BIT": NetCdf("NETCDF3_64BIT_OFFSET"),
    "NETCDF3_CLASSIC": NetCdf("NETCDF3_CLASSIC"),
    FIXED_NAMES_FORM: NetCdf("NETCDF3_CLASSIC"),
}

Times = Annotated[
    str,
    query_parameter(
        "`first,last`: both inclusive, as raw integers of time steps or in ISO 8601; -1 is the last step.",
        ("three days", "2016-02-01,2016-02-03"),
    ),
]
Depth = Annotated[str, query_parameter("Index of a depth level, `bottom` (the deepest wet cell), or `all`.", "0")]


class ArchiveOperation(ExtractionOperation):
    """Operation whose file may be in a zip archive."""

    formats: ClassVar = {"application/zip": "The file in a zip archive."}


@get(
    "/subset/{dataset:str}/{variables:str}",
    operation_class=ArchiveOperation,
    summary="Subset of a dataset as a NetCDF file",
    description="The cells of the variables' own grid whose centres lie between two corners. The corners lie on "
    "either side of the date line where that is the shorter way from the first, eastward, to the second.",
    tags=["areas"],
    media_type=NETCDF,
    responses={
        200: ResponseSpec(bytes, media_type=NETCDF, description="The file, zipped or not.", generate_examples=False)
    }
    | problems.document_errors(*EXTRACTION_ERRORS, errors.NothingInView),
)
async def get_subset(
    *,
    request: HttpRequest,
    service: Service,
    areas: NamedDependency[Areas],
    dataset: DatasetId,
    variables: Variables,
    time: Times,
    min_range: Annotated[
        str | None,
        query_parameter(
            "`latitude,longitude` of the south-western corner: degrees. Together with `max_range`, or `area` instead.",
            ("west of Svalbard", "72,5"),
        ),
    ] = None,
    max_range: Annotated[
        str | None,
        query_parameter("`latitude,longitude` of the north-eastern corner. Exchanged corners are put right.", "78,20"),
    ] = None,
    output_format: Annotated[
        str,
        query_parameter(
            "Format of the file. NETCDF3_NC: 50 × 50 cells between the corners, nearest values, with fixed names "
            "(water_temp in degC, salinity, water_u, water_v, lat, lon) and hours since 1950.",
            "NETCDF4",
            schema_extra={"enum": list(WRITERS)},
        ),
    ] = "NETCDF4",
    depth: Depth = "all",
    should_zip: Annotated[
        str, query_parameter("1: in a zip archive. 0: the file itself.", "0", schema_extra={"enum": ["1", "0"]})
    ] = "1",
    area: AreaKey = None,
) -> Response[Any]:
    where: dict[str, Any]
    if area:
        where, place = {"polygon": await find_polygon(areas, area)}, area.replace("/", "_")[:80]
    else:
        west, south, east, north = parse_corners(min_range, max_range)
        where, place = {"box": (west, south, east, north)}, f"{_place(south, west)}-{_place(north, east)}"
    if output_format == FIXED_NAMES_FORM:
        where |= {"projection": "EPSG:4326", "shape": SHAPE}
    first, _, last = time.partition(",")
    keys, start, end = parse_keys(variables), first.strip(), (last or first).strip()
    query = AreaRequest(dataset=dataset, variables=keys, start=start, end=end, depth=depth, **where)
    zipped = parse_choice(should_zip.lower(), ("1", "0", "true", "false"), "should_zip") in {"1", "true"}
    form = parse_choice(output_format, tuple(WRITERS), "output_format")
    planned = await service.begin(request, query, form)
    if form == FIXED_NAMES_FORM:
        planned = replace(planned, extraction=plain(planned.extraction))
    name = subset_file_name(dataset, place, planned.extraction, form)
    output = Output(form=form, writer=WRITERS[form], name=f"{name}.nc")
    if zipped:
        archive = ZipArchive(WRITERS[form], f"{name}.nc", service.spool.path)
        # The file lies on the disk while its archive is sent.
        reserved = largest_file_size(planned.extraction)
        output = Output(form=f"{form} zip", writer=archive, name=f"{name}.zip", reserved=reserved)
    return await service.send(request, planned, output)


def parse_corners(min_range: str | None, max_range: str | None) -> tuple[float, float, float, float]:
    """Parse two corners: west, south, east, north; exchanged ones are put right."""
    if min_range is None or max_range is None:
        missing = "min_range" if min_range is None else "max_range"
        raise InvalidRequest("min_range and max_range are required, or area", field=missing)
    first, second = parse_corner(min_range, "min_range"), parse_corner(max_range, "max_range")
    south, north = sorted((first[0], second[0]))
    west, east = first[1], second[1]
    if west > east and (east - west) % 360 > 180:
        west, east = east, west
    return west, south, east, north


def parse_corner(text: str, field: str) -> tuple[float, float]:
    """Parse `latitude,longitude`, degrees."""
    try:
        latitude, longitude = (float(number) for number in text.split(","))
    except ValueError as error:
        raise InvalidRequest(
            "{name} {text!r} is not latitude,longitude, as 72,5", name=field, text=text[:40], field=field
        ) from error
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise InvalidRequest(
            "{name} is {text}: write numbers of degrees, as 72,5", name=field, text=text[:40], field=field
        )
    if not (abs(latitude) <= 90 and abs(longitude) <= MAX_LONGITUDE):
        raise InvalidRequest(
            "{name}: latitudes go from -90 to 90, longitudes from -{limit:g} to {limit:g}",
            name=field,
            limit=MAX_LONGITUDE,
            field=field,
        )
    return latitude, longitude


def subset_file_name(dataset: str, place: str, extraction: Extraction, form: str) -> str:
    """Return the name of a file: dataset, corners or area, days and form."""
    time = extraction.coordinate("time")
    times = time.format_times() if time is not None and time.is_time else []
    days = [text.partition("T")[0].replace("-", "") for text in times[:: max(1, len(times) - 1)]]
    return safe_name("_".join([dataset, place, *(["-".join(dict.fromkeys(days))] if days else []), form]))


def _place(latitude: float, longitude: float) -> str:
    turned = float(wrap_longitude(longitude)) if abs(longitude) > 180 else longitude
    return f"{abs(latitude):.0f}{'S' if latitude < 0 else 'N'}{abs(turned):.0f}{'W' if turned < 0 else 'E'}"
