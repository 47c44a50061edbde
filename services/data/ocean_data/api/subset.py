"""Subsets as files, as clients of the API's version 2.0 ask for them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Operation, Schema
from litestar.params import QueryParameter, SkipValidation

from ocean_common import problems
from ocean_common.clients.metadata import Areas
from ocean_common.contracts.data import AreaRequest
from ocean_common.parameters import DatasetId
from ocean_core import errors
from ocean_core.errors import InvalidRequest
from ocean_data.api.parameters import AreaKey, HttpRequest, Service, Variables, area_polygon, parse_choice, parse_keys
from ocean_data.extraction import Output, safe_name
from ocean_data.plan.extraction import Extraction
from ocean_data.plan.subset import SHAPE, plain
from ocean_data.writing import FileWriter, StreamWriter
from ocean_data.writing.size import largest_file_size

NETCDF = "application/x-netcdf"
ZIP = "application/zip"
FIXED_NAMES_FORM = "NETCDF3_NC"

Corner = tuple[float, float]  # latitude, longitude: degrees

MinRange = Annotated[
    str | None,
    QueryParameter(
        description="`latitude,longitude` of the south-western corner: degrees. This and `max_range`, or `area`.",
        examples=[Example(summary="west of Svalbard", value="72,5")],
    ),
]
MaxRange = Annotated[
    str | None,
    QueryParameter(
        description="`latitude,longitude` of the north-eastern corner. Exchanged corners are put right.",
        examples=[Example(value="78,20")],
    ),
]
Times = Annotated[
    str,
    QueryParameter(
        description="`first,last`: both included, as raw integers of time steps or in ISO 8601; -1 is the last step.",
        examples=[Example(summary="three days", value="2016-02-01,2016-02-03")],
    ),
]
Format = Annotated[
    str,
    QueryParameter(
        description="Form of the file. NETCDF3_NC: 50 × 50 cells between the corners, nearest values, with fixed "
        "names (water_temp in degC, salinity, water_u, water_v, lat, lon) and hours since 1950.",
        examples=[Example(value="NETCDF4")],
    ),
]
Depth = Annotated[
    str,
    QueryParameter(
        description="Index of a depth level, `bottom` (the deepest wet cell), or `all`.",
        examples=[Example(value="0")],
    ),
]
Zip = Annotated[
    str, QueryParameter(description="1: in a zip archive. 0: the file itself.", examples=[Example(value="0")])
]


@dataclass(frozen=True, kw_only=True)
class SubsetWriters:
    """Writers of subsets."""

    formats: Mapping[str, StreamWriter | FileWriter]  # by the word for `output_format`
    archive: Callable[[StreamWriter | FileWriter, str], StreamWriter]  # with the name of the file in it


@dataclass(frozen=True, kw_only=True)
class SubsetRequest:
    """The request of a subset, and the form of its file."""

    area: AreaRequest
    form: str
    zipped: bool
    place: str  # where it is, in the name of the file


async def parse_subset(
    *,
    areas: NamedDependency[Areas],
    dataset: DatasetId,
    variables: Variables,
    time: Times,
    min_range: MinRange = None,
    max_range: MaxRange = None,
    output_format: Format = "NETCDF4",
    depth: Depth = "all",
    should_zip: Zip = "1",
    area: AreaKey = None,
) -> SubsetRequest:
    """Parse the request of a subset."""
    where, place = await _where(areas, min_range, max_range, area)
    first, _, last = time.partition(",")
    regular_grid: dict[str, Any] = (
        {"projection": "EPSG:4326", "shape": SHAPE} if output_format == FIXED_NAMES_FORM else {}
    )
    area_query = AreaRequest(
        dataset=dataset,
        variables=parse_keys(variables),
        start=first.strip(),
        end=(last or first).strip(),
        depth=depth,
        **where,
        **regular_grid,
    )
    zipped = parse_choice(should_zip.lower(), ("1", "0", "true", "false"), "should_zip") in {"1", "true"}
    return SubsetRequest(area=area_query, form=output_format, zipped=zipped, place=place)


async def _where(
    areas: Areas, min_range: str | None, max_range: str | None, area: str | None
) -> tuple[dict[str, Any], str]:
    """The box between two corners, or the polygons of an area; and words for it."""
    if area:
        return {"polygon": area_polygon(await areas.area(area))}, area.replace("/", "_")[:80]
    if min_range is None or max_range is None:
        missing = "min_range" if min_range is None else "max_range"
        raise InvalidRequest("min_range and max_range are required, or area", field=missing)
    west, south, east, north = corner_box(parse_corner(min_range, "min_range"), parse_corner(max_range, "max_range"))
    return {"box": (west, south, east, north)}, f"{_place(south, west)}-{_place(north, east)}"


@dataclass
class ArchiveOperation(Operation):
    """Operation whose file may be in a zip archive."""

    def __post_init__(self) -> None:
        answer = (self.responses or {}).get("200")
        if isinstance(answer, OpenAPIResponse) and answer.content:
            answer.content[ZIP] = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))


@get(
    "/subset/{dataset:str}/{variables:str}",
    operation_id="getSubset",
    operation_class=ArchiveOperation,
    summary="A part of a dataset as a NetCDF file",
    description="The cells of the variables' own grid whose centres lie between two corners. The corners lie on "
    "either side of the date line where that is the shorter way from the first, eastward, to the second.",
    tags=["areas"],
    dependencies={"subset": Provide(parse_subset)},
    media_type=NETCDF,
    responses={
        200: ResponseSpec(bytes, media_type=NETCDF, description="The file, zipped or not.", generate_examples=False)
    }
    | problems.document_errors(
        errors.DatasetNotFound,
        errors.VariableNotFound,
        errors.TimeNotFound,
        errors.DepthNotFound,
        errors.NothingInView,
        errors.PointOutsideGrid,
        errors.RequestTooLarge,
        errors.SourceUnreadable,
        errors.ServiceUnavailable,
        errors.TooBusy,
    ),
)
async def get_subset(
    *,
    request: HttpRequest,
    service: Service,
    writers: NamedDependency[SkipValidation[SubsetWriters]],
    subset: NamedDependency[SkipValidation[SubsetRequest]],
) -> Response[Any]:
    form = parse_choice(subset.form, tuple(writers.formats), "output_format")
    planned = await service.begin(request, subset.area, form)
    if form == FIXED_NAMES_FORM:
        planned = replace(planned, extraction=plain(planned.extraction))
    return await service.send(request, planned, subset_output(subset, planned.extraction, writers))


def subset_output(query: SubsetRequest, extraction: Extraction, writers: SubsetWriters) -> Output:
    """Return the format and the name of the file."""
    writer, name = writers.formats[query.form], subset_file_name(query, extraction)
    if not query.zipped:
        return Output(form=query.form, writer=writer, name=f"{name}.nc")
    packed = writers.archive(writer, f"{name}.nc")
    # A file that must be complete lies on the disk while its archive is sent.
    reserved = 0 if isinstance(writer, StreamWriter) else largest_file_size(extraction)
    return Output(form=f"{query.form} zip", writer=packed, name=f"{name}.zip", reserved=reserved)


def parse_corner(text: str, field: str) -> Corner:
    """Parse `latitude,longitude`."""
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
    if not (-90 <= latitude <= 90 and -360 <= longitude <= 540):
        raise InvalidRequest(
            "{name}: latitudes go from -90 to 90, longitudes from -180 to 360", name=field, field=field
        )
    return latitude, longitude


def corner_box(first: Corner, second: Corner) -> tuple[float, float, float, float]:
    """West, south, east, north of two corners; exchanged ones are put right."""
    south, north = sorted((first[0], second[0]))
    west, east = first[1], second[1]
    if west > east and (east - west) % 360 > 180:
        west, east = east, west
    return west, south, east, north


def subset_file_name(query: SubsetRequest, extraction: Extraction) -> str:
    """Dataset, corners or area, days and form."""
    time = extraction.coordinate("time")
    seconds = np.asarray(time.values, dtype=np.int64) if time is not None else np.empty(0, dtype=np.int64)
    days = [str(np.datetime64(int(second), "s"))[:10].replace("-", "") for second in seconds[[0, -1][: seconds.size]]]
    return safe_name(
        "_".join([query.area.dataset, query.place, *(["-".join(dict.fromkeys(days))] if days else []), query.form])
    )


def _place(latitude: float, longitude: float) -> str:
    turned = (longitude + 180) % 360 - 180 if abs(longitude) > 180 else longitude
    return f"{abs(latitude):.0f}{'S' if latitude < 0 else 'N'}{abs(turned):.0f}{'W' if turned < 0 else 'E'}"
