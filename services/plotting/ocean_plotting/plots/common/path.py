"""Plots along a path: their queries, requests and numbers, and names and scales that they share."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, Point, SectionRequest, TransectRequest, VectorPart
from ocean_core.colour import DEFAULT_COLORMAP, DIVERGING_COLORMAP, Limits, figure_limits
from ocean_core.errors import NotSupported, PointOutsideGrid, RequestTooLarge
from ocean_core.units import unit_conversion
from ocean_plotting.export.output import Output
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import LabelFormatter, shorten
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.common.query import (
    QUERY_MEMBERS,
    Colormap,
    ComparedDataset,
    CompareTo,
    PlotQuery,
    ScaleText,
    ShowMap,
    Station,
    check_colormap,
    map_error_fields,
    parse_keys,
    parse_point,
    parse_scale,
)
from ocean_plotting.plots.common.services import Services

MAX_WAYPOINTS = 2000
PATH_MEMBERS = {**QUERY_MEMBERS, "points": "$.points"}
LEAST_POINTS = 100  # along a path, in tables and in small figures
POINTS_PER_INCH = 10  # of a figure's width
VECTOR_PARTS: list[VectorPart] = ["magnitude", "along", "across"]


class PathQuery(PlotQuery, frozen=True, kw_only=True):
    """Options of the kinds of plots along a path."""

    path: Annotated[
        list[Station],
        msgspec.Meta(
            min_length=2,
            description="waypoints [latitude, longitude], joined by geodesics",
            examples=[[[73, 20], [70, -5]]],
        ),
    ]
    points: (
        Annotated[int, msgspec.Meta(ge=2, le=MAX_WAYPOINTS, description="points along the path, waypoints included")]
        | None
    ) = None
    name: Annotated[str, msgspec.Meta(max_length=300, description="of the path; null: its ends")] | None = None
    scale: ScaleText = "auto"
    colormap: Colormap = None
    showmap: ShowMap = True
    compare_to: CompareTo = None

    def second_dataset(self) -> ComparedDataset | None:
        """Return the second dataset of a comparison, if there is one."""
        return self.compare_to or None

    def waypoints(self) -> list[Point]:
        """Read the path.

        Raises
        ------
        InvalidRequest, RequestTooLarge
            A waypoint is not on the Earth, or there are too many.
        """
        if len(self.path) > MAX_WAYPOINTS:
            raise RequestTooLarge(
                "path has {path_count} way-points; at most {max_way_points} are drawn",
                path_count=len(self.path),
                max_way_points=MAX_WAYPOINTS,
                field="$.path",
            )
        return [parse_point(point, f"$.path[{position}]") for position, point in enumerate(self.path)]

    def count_points(self, output: Output | None) -> int:
        """Return the number of points along the path: as requested, or as a figure of this width can show."""
        drawn = output is not None and output.file_format.content == "figure"
        usual = max(LEAST_POINTS, round(POINTS_PER_INCH * output.width)) if output and drawn else LEAST_POINTS
        return max(self.points or usual, len(self.path))

    def check_members(self) -> None:
        """Refuse invalid members before anything is requested."""
        self.waypoints()
        self.variable_keys(2)
        self.interpolation()
        parse_scale(self.scale, "$.scale")
        check_colormap(self.colormap, "$.colormap")
        if (second := self.second_dataset()) is not None:
            parse_scale(second.scale, "$.compare_to.scale")
            parse_scale(second.scale_diff, "$.compare_to.scale_diff")
            check_colormap(second.colormap, "$.compare_to.colormap")
            check_colormap(second.colormap_diff, "$.compare_to.colormap_diff")
            if second.variable is not None:
                parse_keys(second.variable, "$.compare_to.variable", 2)


class PathCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one dataset along the path."""

    about: VariableInfo  # the first variable, with the dataset's name and attribution
    coverage: Coverage


@dataclass(frozen=True, kw_only=True)
class PathField:
    """A variable, or a part of a vector, along the path."""

    info: VariableInfo
    name: str
    values: Floats  # (level or time, place)

    def minus(self, other: Floats, context: DrawContext) -> "PathField":
        """Subtract values in the same units."""
        info = replace(self.info, zero_centered=True, categories=[], standard_name=None)
        name = context.translate("{name}, difference", name=self.name)
        return PathField(info=info, name=name, values=self.values - other)


async def fetch_path_coverage(
    services: Services,
    query: PathQuery,
    second: ComparedDataset | None,
    make_request: Callable[[list[str], str], TransectRequest | SectionRequest],
    *,
    components: bool,
) -> PathCoverage:
    """Request the numbers of the query's dataset, or of the ``second``.

    ``make_request`` takes keys and dataset; ``components``: request those of a vector variable of the catalogue.
    """
    compared = second is not None
    variable = second.variable if second is not None and second.variable is not None else query.variable
    dataset = second.dataset if second is not None else query.dataset
    keys = parse_keys(variable, "$.compare_to.variable" if compared else "$.variable", 2)
    with map_path_error_fields("$.compare_to" if compared else "$"):
        assets = await asyncio.gather(*(services.metadata.assets(dataset, key) for key in keys))
        pair = assets[0].components
        if len(keys) == 1 and components and {"east", "north"} <= pair.keys():
            keys = [pair["east"], pair["north"]]
        coverage = await services.data.extract(make_request(keys, dataset))
        return PathCoverage(about=assets[0].variable, coverage=coverage)


@contextmanager
def map_path_error_fields(prefix: str = "$", members: Mapping[str, str] = PATH_MEMBERS) -> Iterator[None]:
    """Rename the fields of errors as `map_error_fields` does; a point off the grid is one of the path."""
    try:
        with map_error_fields(prefix, members):
            yield
    except PointOutsideGrid as error:
        error.field = "$.path"
        raise


def find_unit_conversion(first: VariableInfo, second: VariableInfo) -> tuple[float, float]:
    """Return factor and offset that convert the second variable into the units of the first.

    Raises
    ------
    NotSupported
        They cannot be subtracted from one another.
    """
    factors = unit_conversion(second.units, first.units)
    if factors is None:
        raise NotSupported(
            "{key} is in {units} and {second_key} in {second_units}: their difference means "
            "nothing; compare a variable in the same units",
            key=second.key,
            units=second.units,
            second_key=first.key,
            second_units=first.units,
            field="$.compare_to.variable",
        )
    if first.categories or second.categories:
        raise NotSupported(
            "{key} and {second_key} are categories: their difference means nothing",
            key=first.key,
            second_key=second.key,
            field="$.compare_to.variable",
        )
    return factors


def convert_field(field: PathField, first: VariableInfo) -> PathField:
    """Convert a field into the units of the first variable."""
    factor, offset = find_unit_conversion(first, field.info)
    info = replace(field.info, units=first.units)
    return PathField(info=info, name=field.name, values=field.values * factor + offset)


def make_path_title(query: PathQuery, names: str, points: list[Point], labels: LabelFormatter) -> str:
    """Return the title of a plot along a path."""
    if query.plotTitle:
        return query.plotTitle
    if query.name and query.name.strip():
        return labels.translate("{names} along {path}", names=names, path=shorten(query.name, 80))
    start, end = labels.position(points[0]), labels.position(points[-1])
    return labels.translate("{names} from {start} to {end}", names=names, start=start, end=end)


def name_part(reader: CoverageReader, info: VariableInfo, labels: LabelFormatter) -> str:
    """Return the name of a variable, or of a part of a vector."""
    translate, part = labels.translate, info.key
    if part not in VECTOR_PARTS:
        return labels.variable_name(info)
    magnitude = reader.info("magnitude")
    velocity, name = magnitude.name == "Speed", labels.variable_name(magnitude)
    if part == "along":
        return translate("Velocity along the path") if velocity else translate("{name} along the path", name=name)
    if part == "across":
        if velocity:
            return translate("Velocity across the path, to its left")
        return translate("{name} across the path, to its left", name=name)
    return name


def name_vector(reader: CoverageReader, labels: LabelFormatter) -> str:
    """Return the name of a vector."""
    magnitude = reader.info("magnitude")
    return labels.translate("Velocity") if magnitude.name == "Speed" else labels.variable_name(magnitude)


def name_dataset(about: VariableInfo) -> str:
    """Return the name of a dataset, or its id."""
    return about.dataset_name or about.dataset


def find_extremes(values: Floats) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the indices of minimum and maximum; None where there is no value."""
    if not np.isfinite(values).any():
        return None
    low = np.unravel_index(np.nanargmin(values), values.shape)
    high = np.unravel_index(np.nanargmax(values), values.shape)
    return tuple(map(int, low)), tuple(map(int, high))


def choose_scales(
    query: PathQuery, second: ComparedDataset, info: VariableInfo, values: list[Floats]
) -> tuple[Limits | None, Limits | None]:
    """Return the scales of two datasets: a common one, if none is requested."""
    first_scale = parse_scale(query.scale, "$.scale")
    second_scale = parse_scale(second.scale, "$.compare_to.scale")
    if first_scale is None and second_scale is None:
        pooled = np.concatenate([field.ravel() for field in values])
        first_scale = figure_limits(pooled, zero_centered=info.zero_centered, fallback=info.scale)
    return first_scale, second_scale or first_scale


def choose_difference_colormap(second: ComparedDataset) -> str:
    """Return the colormap of the difference."""
    return DIVERGING_COLORMAP if second.colormap_diff in {None, DEFAULT_COLORMAP} else str(second.colormap_diff)


def join_dataset_credits(abouts: list[VariableInfo]) -> str:
    """Join the attributions of datasets."""
    return "; ".join(dict.fromkeys(about.attribution or name_dataset(about) for about in abouts))
