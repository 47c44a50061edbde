"""Plots along a path: their queries, requests and numbers, and the panels that compare two datasets."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, Point, SectionRequest, TransectRequest, VectorPart
from ocean_core.colour import DIVERGING_COLORMAP, Limits
from ocean_core.errors import PointOutsideGrid
from ocean_core.units import unit_conversion
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_header
from ocean_plotting.figure.labels import LabelFormatter, shorten
from ocean_plotting.figure.legends import Shading, choose_shading
from ocean_plotting.figure.path import locate_waypoints
from ocean_plotting.figure.section import SectionPanels
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots.common import query as members
from ocean_plotting.plots.common.comparison import choose_panel_colours
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.common.query import check_count
from ocean_plotting.plots.kind import Plot, PlotData, Services

MAX_WAYPOINTS = 2000
PATH_MEMBERS = {**members.QUERY_MEMBERS, "points": "$.points"}
LEAST_POINTS = 100  # along a path, in tables and in small figures
POINTS_PER_INCH = 10  # of a figure's width
VECTOR_PARTS: list[VectorPart] = ["magnitude", "along", "across"]

MakeRequest = Callable[[members.ComparedDataset | None, list[str]], TransectRequest | SectionRequest]  # of keys


class PathQuery(members.PlotQuery, frozen=True, kw_only=True):
    """Options of the kinds of plots along a path."""

    path: Annotated[
        list[members.Station],
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
    scale: members.ScaleText = "auto"
    colormap: members.Colormap = None
    showmap: members.ShowMap = True
    compare_to: members.CompareTo = None

    def waypoints(self) -> list[Point]:
        check_count("path has {count} way-points; at most {limit} are drawn", len(self.path), MAX_WAYPOINTS, "$.path")
        return [members.parse_point(point, f"$.path[{position}]") for position, point in enumerate(self.path)]

    def count_points(self, output: Output | None) -> int:
        """Return the number of points along the path: as requested, or as a figure of this width can show.

        Figures of two datasets have those of tables, so that both tell the same numbers.
        """
        drawn = output is not None and output.file_format.content == "figure" and not self.second_dataset()
        usual = max(LEAST_POINTS, round(POINTS_PER_INCH * output.width)) if output and drawn else LEAST_POINTS
        return max(self.points or usual, len(self.path))

    def choose(self, member: str, second: members.ComparedDataset | None) -> str | None:
        """Return a member of the second dataset, or of the query where it has none of its own."""
        value = getattr(second, member, None)
        value = getattr(self, member) if value is None else value
        return None if value is None else str(value)

    def request_options(self, second: members.ComparedDataset | None, keys: list[str], points: int) -> dict[str, Any]:
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
        members.parse_scale(self.scale, "$.scale")
        validate_colormap(self.colormap, "$.colormap")
        if (second := self.second_dataset()) is not None:
            second.check_colours()
            if second.variable is not None:
                members.parse_keys(second.variable, "$.compare_to.variable", 2)


PathKindQuery = TypeVar("PathKindQuery", bound=PathQuery)


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

    def minus(self, other: Floats, labels: LabelFormatter) -> "PathField":
        info = msgspec.structs.replace(
            self.info, zero_centered=True, standard_name=None, colormap=DIVERGING_COLORMAP, logarithmic=False
        )
        name = labels.translate("{name}, difference", name=self.name)
        return PathField(info=info, name=name, values=self.values - other)

    def convert(self, units: str) -> "PathField":
        """Return the field in units to which its own can be converted."""
        factor, offset = unit_conversion(self.info.units, units) or (1.0, 0.0)
        info = msgspec.structs.replace(self.info, units=units)
        return replace(self, info=info, values=self.values * factor + offset)


async def fetch_sides(
    services: Services, query: PathQuery, make_request: MakeRequest, *, components: bool = False
) -> list[PathCoverage]:
    """Request the numbers of the query's dataset, and of the second if there is one.

    ``components``: of a vector variable of the catalogue, request these.
    """

    async def fetch_side(second: members.ComparedDataset | None) -> PathCoverage:
        prefix, dataset = ("$.compare_to", second.dataset) if second else ("$", query.dataset)
        variable = second.variable if second and second.variable is not None else query.variable
        keys = members.parse_keys(variable, f"{prefix}.variable", 2)
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
def map_path_error_fields(prefix: str = "$", renamed: Mapping[str, str] = PATH_MEMBERS) -> Iterator[None]:
    """Rename the fields of errors as `map_error_fields` does; a point off the grid is one of the path."""
    try:
        with members.map_error_fields(prefix, renamed):
            yield
    except PointOutsideGrid as error:
        error.field = "$.path"
        raise


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


@dataclass(frozen=True, kw_only=True)
class PathPanel:
    """A field with its colours."""

    field: PathField
    shading: Shading  # with the label of its values
    title: str
    name: str  # in alternative texts
    limits: Limits | None  # of the axis where it is a line, as requested or common to two datasets


class PathPlot(Plot[PathKindQuery, PathData]):
    """Plot along a path; of two datasets of both, and of their difference."""

    def prepare(self) -> None:
        self.info, names = self.data.first.about, [self.labels.dataset_name(side.about) for side in self.data.sides]
        self.dataset, self.dataset_names = self.info.dataset, names
        self.credit = self.labels.credit(*(side.about for side in self.data.sides))

    def make_title(self, names: Sequence[str], points: list[Point]) -> str:
        """Return the title of the query, or one of quantities and the path."""
        query, quantities = self.query, self.labels.join_quantities(list(dict.fromkeys(names)))
        if query.plotTitle:
            return query.plotTitle
        if query.name and query.name.strip():
            return self.translate("{names} along {path}", names=quantities, path=shorten(query.name, 80))
        start, end = self.labels.position(points[0]), self.labels.position(points[-1])
        return self.translate("{names} from {start} to {end}", names=quantities, start=start, end=end)

    def make_panels(
        self, fields: Sequence[PathField], shown: Sequence[Floats], titles: Sequence[str]
    ) -> list[PathPanel]:
        """Choose the colours of a field; or of two, and of their difference if there is one.

        ``shown``: the values of each that are visible. ``titles``: of two datasets and of their difference.
        """
        query, infos = self.query, [field.info for field in fields]
        colours = choose_panel_colours(query.scale, query.colormap, query.second_dataset(), infos, shown)
        panels: list[PathPanel] = []
        for field, values, title, (scale, colormap, limits) in zip(fields, shown, titles, colours, strict=False):
            is_difference, label, info, fitted = len(panels) == 2, field.name, field.info, scale
            if is_difference:
                label = self.translate("Difference")
            elif scale is not None and info.key == "magnitude" and scale.high > 0:  # nothing is below zero
                fitted = scale._replace(low=max(scale.low, 0.0))
            label = self.labels.with_units(label, info.units)
            shading = choose_shading(self.context, info, values, scale=fitted, colormap=colormap, label=label)
            name = f"{field.name} ({title})" if title and not is_difference else field.name
            panels.append(PathPanel(field=field, shading=shading, title=title, name=name, limits=limits))
        return panels

    def finish(self, layout: SectionPanels, points: list[Point], distance: Floats) -> None:
        """Draw distances, waypoints and the map."""
        layout.finish(locate_waypoints(self.query.waypoints(), points, distance), self.context)

    def find_extremes(self, values: Floats) -> list[tuple[int, ...]]:
        """Return the indices of minimum and maximum; none where there is no value."""
        if not np.isfinite(values).any():
            return []
        ends = (np.unravel_index(find(values), values.shape) for find in (np.nanargmin, np.nanargmax))
        return [tuple(map(int, end)) for end in ends]

    def fill_table(self, columns: list[Column], fields: list[PathField], index: Any, times: Sequence[str]) -> Table:
        """Return a table of the values of fields at an index, behind columns; ``times``: of both datasets."""
        attribution = self.translate.attribution(self.data.first.about)
        header = make_header(self.translate, self.dataset_names[0], attribution, times[0])
        header += [
            (self.translate("Compared with"), f"{name}, {time}")
            for name, time in zip(self.dataset_names[1:], times[1:], strict=False)
        ]
        infos = [(field, field.info) for field in fields]
        columns += [
            Column(name=field.name, units=info.units, values=field.values[index], categorical=info.is_discrete)
            for field, info in infos
        ]
        return Table(header=header, columns=columns)
