"""Plots along a path: their queries, requests and numbers, and the panels that compare two datasets."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import numpy as np

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, Point, SectionRequest, TransectRequest, VectorPart
from ocean_core.colour import DEFAULT_COLORMAP, DIVERGING_COLORMAP, Limits, figure_limits
from ocean_core.errors import NotSupported, PointOutsideGrid
from ocean_core.units import unit_conversion
from ocean_plotting.export.output import Output
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import LabelFormatter, shorten
from ocean_plotting.figure.legends import Shading, choose_shading
from ocean_plotting.palettes import validate_colormap
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
    check_count,
    map_error_fields,
    parse_keys,
    parse_point,
    parse_scale,
)
from ocean_plotting.plots.kind import PlotData, Services

MAX_WAYPOINTS = 2000
PATH_MEMBERS = {**QUERY_MEMBERS, "points": "$.points"}
LEAST_POINTS = 100  # along a path, in tables and in small figures
POINTS_PER_INCH = 10  # of a figure's width
VECTOR_PARTS: list[VectorPart] = ["magnitude", "along", "across"]

MakeRequest = Callable[[ComparedDataset | None, list[str]], TransectRequest | SectionRequest]  # of keys


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

    def waypoints(self) -> list[Point]:
        check_count("path has {count} way-points; at most {limit} are drawn", len(self.path), MAX_WAYPOINTS, "$.path")
        return [parse_point(point, f"$.path[{position}]") for position, point in enumerate(self.path)]

    def count_points(self, output: Output | None) -> int:
        """Return the number of points along the path: as requested, or as a figure of this width can show."""
        drawn = output is not None and output.file_format.content == "figure"
        usual = max(LEAST_POINTS, round(POINTS_PER_INCH * output.width)) if output and drawn else LEAST_POINTS
        return max(self.points or usual, len(self.path))

    def choose(self, member: str, second: ComparedDataset | None) -> str | None:
        """Return a member of the second dataset, or of the query where it has none of its own."""
        value = getattr(second, member, None)
        value = getattr(self, member) if value is None else value
        return None if value is None else str(value)

    def request_options(self, second: ComparedDataset | None, keys: list[str], points: int) -> dict[str, Any]:
        """Return the members of every request for the dataset of the query, or for the second."""
        return {
            "dataset": second.dataset if second else self.dataset,
            "variables": keys,
            "path": self.waypoints(),
            "points": points,
            **self.search_options(),
        }

    def check_members(self) -> None:
        self.waypoints()
        self.variable_keys(2)
        self.search_options()
        parse_scale(self.scale, "$.scale")
        validate_colormap(self.colormap, "$.colormap")
        if (second := self.second_dataset()) is not None:
            second.check_colours()
            if second.variable is not None:
                parse_keys(second.variable, "$.compare_to.variable", 2)


class PathCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one dataset along the path."""

    about: VariableInfo  # the first variable, with the dataset's name and attribution
    coverage: Coverage


class PathData(PlotData, frozen=True, kw_only=True):
    """The numbers of one or two datasets along the path, and a variable of the surface above."""

    first: PathCoverage
    second: PathCoverage | None = None
    surface: Coverage | None = None

    @classmethod
    def of_sides(cls, sides: Sequence[PathCoverage], surface: Coverage | None = None) -> "PathData":
        """Collect the numbers, with the time and the revisions of their datasets."""
        revisions = {side.about.dataset: side.coverage.revision for side in reversed(sides)}
        time = CoverageReader(sides[0].coverage).time
        second = sides[1] if len(sides) > 1 else None
        return cls(time=time, revisions=revisions, first=sides[0], second=second, surface=surface)

    @property
    def sides(self) -> list[PathCoverage]:
        return [side for side in (self.first, self.second) if side]


@dataclass(frozen=True, kw_only=True)
class PathField:
    """A variable, or a part of a vector, along the path."""

    info: VariableInfo
    name: str
    values: Floats  # (level or time, place)

    def minus(self, other: Floats, context: DrawContext) -> "PathField":
        info = msgspec.structs.replace(self.info, zero_centered=True, categories=[], standard_name=None)
        name = context.translate("{name}, difference", name=self.name)
        return PathField(info=info, name=name, values=self.values - other)

    def convert(self, first: VariableInfo) -> "PathField":
        factor, offset = find_unit_conversion(first, self.info)
        info = msgspec.structs.replace(self.info, units=first.units)
        return replace(self, info=info, values=self.values * factor + offset)


async def fetch_sides(
    services: Services, query: PathQuery, make_request: MakeRequest, *, components: bool = False
) -> list[PathCoverage]:
    """Request the numbers of the query's dataset, and of the second if there is one.

    ``components``: of a vector variable of the catalogue, request these.
    """

    async def fetch_side(second: ComparedDataset | None) -> PathCoverage:
        prefix, dataset = ("$.compare_to", second.dataset) if second else ("$", query.dataset)
        variable = second.variable if second and second.variable is not None else query.variable
        keys = parse_keys(variable, f"{prefix}.variable", 2)
        with map_path_error_fields(prefix):
            assets = await asyncio.gather(*(services.metadata.assets(dataset, key) for key in keys))
            pair = assets[0].components
            if len(keys) == 1 and components and {"east", "north"} <= pair.keys():
                keys = [pair["east"], pair["north"]]
            coverage = await services.data.extract(make_request(second, keys))
            return PathCoverage(about=assets[0].variable, coverage=coverage)

    sides = (None, second) if (second := query.second_dataset()) else (None,)
    return list(await asyncio.gather(*map(fetch_side, sides)))


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
    """Return factor and offset that convert the second variable into the units of the first."""
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


def make_path_title(query: PathQuery, names: str, points: list[Point], labels: LabelFormatter) -> str:
    """Return the title of a plot along a path."""
    if query.plotTitle:
        return query.plotTitle
    if query.name and query.name.strip():
        return labels.translate("{names} along {path}", names=names, path=shorten(query.name, 80))
    start, end = labels.position(points[0]), labels.position(points[-1])
    return labels.translate("{names} from {start} to {end}", names=names, start=start, end=end)


def name_vector(reader: CoverageReader, labels: LabelFormatter) -> str:
    """Return the name of a vector."""
    magnitude = reader.info("magnitude")
    return labels.translate("Velocity") if magnitude.name == "Speed" else labels.variable_name(magnitude)


def read_parts(reader: CoverageReader, labels: LabelFormatter, *dims: str) -> list[PathField]:
    """Read the variables of a coverage, or the parts of a vector, with these dimensions."""
    return [
        PathField(info=info, name=_name_part(reader, info, labels), values=reader.field(info.key, *dims))
        for info in reader.variables
    ]


def _name_part(reader: CoverageReader, info: VariableInfo, labels: LabelFormatter) -> str:
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


def find_extremes(values: Floats) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Return the indices of minimum and maximum; None where there is no value."""
    if not np.isfinite(values).any():
        return None
    low = np.unravel_index(np.nanargmin(values), values.shape)
    high = np.unravel_index(np.nanargmax(values), values.shape)
    return tuple(map(int, low)), tuple(map(int, high))


@dataclass(frozen=True, kw_only=True)
class PathPanel:
    """A field with its colours."""

    field: PathField
    shading: Shading  # with the label of its values
    title: str
    name: str  # in alternative texts
    scale: Limits | None  # as requested, or common to two datasets


def make_panels(
    query: PathQuery, fields: Sequence[PathField], shown: Sequence[Floats], titles: Sequence[str], context: DrawContext
) -> list[PathPanel]:
    """Choose the colours of a field; or of two, in one scale if none is requested, and of their difference.

    ``shown``: the values of each that are visible.
    """
    compared, scales, colormaps = query.second_dataset(), [parse_scale(query.scale, "$.scale")], [query.colormap]
    if compared is not None:
        scales.append(parse_scale(compared.scale, "$.compare_to.scale"))
        if scales == [None, None]:
            pooled, info = np.concatenate([values.ravel() for values in shown[:2]]), fields[0].info
            scales = [figure_limits(pooled, zero_centered=info.zero_centered, fallback=info.scale)]
        scales = [scales[0], scales[-1] or scales[0], parse_scale(compared.scale_diff, "$.compare_to.scale_diff")]
        diverging = DIVERGING_COLORMAP if compared.colormap_diff in {None, DEFAULT_COLORMAP} else compared.colormap_diff
        colormaps += [compared.colormap or query.colormap, diverging]
    panels: list[PathPanel] = []
    for field, values, title, scale, colormap in zip(fields, shown, titles, scales, colormaps, strict=True):
        is_difference, label, limits = len(panels) == 2, field.name, scale
        if is_difference:
            label = context.translate("Difference")
        elif limits is not None and field.info.key == "magnitude" and limits[1] > 0:  # nothing is below zero
            limits = max(limits[0], 0.0), limits[1]
        label = context.labels.with_units(label, field.info.units)
        shading = choose_shading(context, field.info, values, scale=limits, colormap=colormap, label=label)
        name = f"{field.name} ({title})" if title and not is_difference else field.name
        panels.append(PathPanel(field=field, shading=shading, title=title, name=name, scale=scale))
    return panels


def join_path_credits(data: PathData) -> str:
    """Join the attributions of both datasets."""
    return "; ".join(dict.fromkeys(side.about.credit for side in data.sides))
