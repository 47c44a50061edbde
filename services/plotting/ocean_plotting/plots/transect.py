"""Transects: the vertical section beneath a path, at one time."""

import asyncio
from dataclasses import replace
from functools import partial
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, TransectRequest
from ocean_core.errors import InvalidRequest, NotSupported
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table, make_place_columns
from ocean_plotting.figure import section as section_panels
from ocean_plotting.figure.labels import LabelFormatter, TimePrecision, join_parts
from ocean_plotting.figure.layout import INK, LINE_COLOURS, axes_inches, fold_text
from ocean_plotting.figure.legends import add_colour_bar
from ocean_plotting.figure.path import SMALLEST_FIGURE, has_map_column
from ocean_plotting.plots.common import path
from ocean_plotting.plots.common.comparison import check_level_units, have_difference
from ocean_plotting.plots.common.coverage import CoverageReader, Floats, compare_coverages
from ocean_plotting.plots.common.query import ComparedDataset, Length, LinearDepth, Time, parse_length
from ocean_plotting.plots.kind import PlotKind, Services

NO_VARIABLE = ("", "none")  # as front ends write it
NARROWEST = 1.5  # inches of a column of panels
STRIP_FIGURE = 2.6  # inches that a figure must be high for a strip above its panels
LINE_MARGIN = 0.08  # of a scale, above and below lines


class TransectQuery(path.PathQuery, frozen=True, kw_only=True):
    """Query of a transect."""

    time: Time = -1
    surfacevariable: (
        Annotated[
            str, msgspec.Meta(max_length=200, description="key of a variable to draw above; none, empty, null: none")
        ]
        | None
    ) = None
    selectedPlots: Annotated[  # noqa: N815 - as the API spells it
        str | list[int] | None,
        msgspec.Meta(
            description="of a vector: flags for its magnitude, its part along the path and that across it",
            examples=["0,1,1"],
        ),
    ] = None
    linearthresh: LinearDepth = None
    depth_limit: Annotated[
        Length,
        msgspec.Meta(
            description="m, dbar where levels are pressures: depth of the lower end; false or null: the sea floor",
            examples=[500],
        ),
    ] = None
    profile_distance: Annotated[
        Length,
        msgspec.Meta(
            description="metres along the path, of a profile to draw on the right; -1 or null: none", examples=[-1]
        ),
    ] = None

    def surface_key(self) -> list[str]:
        """Return the key of the variable above, if one is asked for."""
        key = (self.surfacevariable or "").strip()
        return [] if key.lower() in NO_VARIABLE else [key]

    def selected_parts(self) -> list[int]:
        """Return the selected parts of a vector: 0 for magnitude, 1 for along, 2 for across."""
        selection = "0,1,1" if self.selectedPlots is None else self.selectedPlots
        flags = [str(flag).strip() for flag in (selection.split(",") if isinstance(selection, str) else selection)]
        if len(flags) != len(path.VECTOR_PARTS) or not set(flags) <= {"0", "1"}:
            raise InvalidRequest(
                "selectedPlots is {value!r}; it is three flags, 0 or 1, for magnitude, along and across: 0,1,1",
                value=str(selection)[:40],
                field="$.selectedPlots",
            )
        return [number for number, flag in enumerate(flags) if flag == "1"]

    def linear_depth(self) -> float:
        """Return the depth below which the depth axis is stretched, m or dbar; 0: nowhere."""
        return parse_length(self.linearthresh, "$.linearthresh") or 0.0

    def deepest(self) -> float | None:
        """Return the depth of the lower end, m or dbar; None: the sea floor."""
        return parse_length(self.depth_limit, "$.depth_limit")

    def profile_position(self) -> float | None:
        """Return the distance of a profile along the path, m; None: no profile."""
        return parse_length(self.profile_distance, "$.profile_distance", allow_zero=True)


class PathSection:
    """Section of one dataset."""

    def __init__(self, data: path.PathCoverage, labels: LabelFormatter, quantum: str | None = None) -> None:
        reader = CoverageReader(data.coverage)
        self.about, self.time, self.points = data.about, reader.time, reader.places
        self.when = labels.time(self.time, TimePrecision.of(self.about, quantum)) if self.time else ""
        parts = path.read_parts(reader, labels, "time", "depth", "distance")
        _, levels, places = parts[0].values.shape
        self.deep = levels > 1
        depths, units = reader.depths("depth", "time", "depth", "distance")
        self.has_depths = depths.size > 0 or not any("depth" in field.dims for field in data.coverage.fields)
        depths = np.broadcast_to(depths[0] if depths.size else np.zeros((1, 1)), (levels, places))
        upwards = self.deep and np.nanmean(depths[0]) > np.nanmean(depths[-1])
        self.order = order = slice(None, None, -1 if upwards else 1)  # from the surface down
        self.parts = [replace(part, values=part.values[0, order]) for part in parts]
        self.name = parts[0].name
        if len(parts) > 1 and reader.info("magnitude").name == "Speed":
            self.name = labels.translate("Velocity")
        has_floor = reader.has("bathymetry") and reader.info("bathymetry").standard_name
        self.grid = section_panels.SectionGrid(
            distance=reader.coordinate("distance"),
            depths=depths[order],
            wet=np.isfinite(self.parts[0].values),
            model_floor=section_panels.to_level_units(reader.field("bathymetry"), self.points, units)
            if has_floor
            else None,
            units=units,
        )
        self.floor: Floats | None = None  # None: lines are drawn, no section
        self.deepest = 0.0  # lower end of the panels


def make_request(query: TransectQuery) -> TransectRequest:
    """Request the variable, or the parts of the two, beneath the path, and the variable above."""
    request = _make_request(query, query.count_points(None), None, query.variable_keys(2))
    keys = dict.fromkeys([*request.variables, *query.surface_key()])
    return msgspec.structs.replace(request, variables=list(keys))


def _make_request(
    query: TransectQuery, points: int, second: ComparedDataset | None, keys: list[str]
) -> TransectRequest:
    options = query.request_options(second, keys, points)
    return TransectRequest(
        **options, time=query.choose("time", second), vector=path.VECTOR_PARTS if len(keys) == 2 else []
    )


async def fetch(services: Services, query: TransectQuery, output: Output) -> path.PathData:
    """Request the sections of both datasets, and the variable above."""
    query.check_members()
    selected = query.selected_parts()
    query.linear_depth(), query.deepest(), query.profile_position()
    make = partial(_make_request, query, query.count_points(output))
    sides, surface = await asyncio.gather(
        path.fetch_sides(services, query, make, components=query.selectedPlots is not None),
        _fetch_surface(services, query, query.count_points(output)),
    )
    data = path.PathData.of_sides(sides, surface)
    _check_data(query, data, selected)
    return data


async def _fetch_surface(services: Services, query: TransectQuery, points: int) -> Coverage | None:
    keys = query.surface_key()
    if not keys:
        return None
    request = _make_request(query, points, None, keys)
    members = path.PATH_MEMBERS | dict.fromkeys(("variable", "variables"), "$.surfacevariable")
    with path.map_path_error_fields(renamed=members):
        return await services.data.extract(msgspec.structs.replace(request, depth="0", bathymetry=False))


def _check_data(query: TransectQuery, data: path.PathData, selected: list[int]) -> None:
    sections = [PathSection(side, LabelFormatter()) for side in data.sides]
    for section, field in zip(sections, ("$.variable", "$.compare_to.variable"), strict=False):
        if not section.has_depths:
            raise NotSupported(
                "the levels of {key} have no depth in m: there is no section to draw of them",
                key=section.about.key,
                field=field,
            )
    first = sections[0]
    check_level_units([(side.about, side.grid.units) for side in sections if side.deep], "$.compare_to.variable")
    for second in sections[1:]:
        if len(first.parts) != len(second.parts) or first.deep != second.deep:
            raise NotSupported(
                "{key} and {second_key} cannot be compared: both are vectors, or none is, and both have depths, or "
                "none has",
                key=first.about.key,
                second_key=second.about.key,
                field="$.compare_to.variable",
            )
    position, length = query.profile_position(), 1000 * float(first.grid.distance[-1])
    if position is not None and position > length + 1:
        raise InvalidRequest(
            "profile_distance is {position:.0f} m, and the path is {length:.0f} m long",
            position=position,
            length=length,
            field="$.profile_distance",
        )
    if len(first.parts) > 1 and not selected:
        raise InvalidRequest(
            "selectedPlots chooses nothing; of magnitude, along and across one is 1: 0,1,1", field="$.selectedPlots"
        )


class TransectPlot(path.PathPlot[TransectQuery]):
    """A panel for each part; of two datasets, both and their difference."""

    def prepare(self) -> None:
        super().prepare()
        self.sections = [PathSection(side, self.labels, self.query.quantum) for side in self.data.sides]
        self.first = first = self.sections[0]
        self.compared, self.linear = len(self.sections) > 1, self.query.linear_depth()
        self.numbers = self.query.selected_parts() if len(first.parts) > 1 else [0]
        self.surface: tuple[VariableInfo, Floats] | None = None
        if self.data.surface:
            reader = CoverageReader(self.data.surface)
            info = reader.variables[0]
            self.surface = info, reader.field(info.key, "time", "depth", "distance")[0, 0]
        self.subtitle = join_parts(self.dataset_names[0], first.when)
        if self.compared:
            pairs = zip(self.dataset_names, self.sections, strict=True)
            of_first, of_second = (f"{name}, {section.when}" for name, section in pairs)
            self.subtitle = self.translate("{first} compared with {second}", first=of_first, second=of_second)
        fields = self.compare_parts(self.numbers[0])
        of = self.sections if self.compared and len(fields) == len(self.sections) else [first]
        is_one = len(self.numbers) == 1
        names = [section.parts[self.numbers[0]].name if is_one else section.name for section in of]
        self.title = self.make_title(names, first.points)

    def compare_parts(self, number: int, *, on_first: bool = False) -> list[path.PathField]:
        """Return a part; of two datasets both, and of the same quantity, in units of the first, the difference.

        ``on_first``: the second on the levels of the first, as the difference is.
        """
        first, part = self.first, self.first.parts[number]
        if not self.compared:
            return [part]
        second = self.sections[1].parts[number]
        is_same = have_difference(part.info, second.info)
        if is_same:
            second = second.convert(part.info.units)
        moved = second
        if first.deep:
            depths = self.sections[1].grid.depths, first.grid.depths
            moved = replace(second, values=section_panels.interpolate_columns(second.values, *depths))
        difference = [part.minus(moved.values, self.labels)] if is_same else []
        return [part, moved if on_first else second, *difference]

    def draw_panels(self) -> None:
        first, context, distance = self.first, self.context, self.first.grid.distance
        self._locate_floors()
        columns = list(map(self._make_column, self.numbers))
        if not self.compared:  # the parts of a vector one above the other
            columns = [[panel for (panel,) in columns]]
        self.columns = columns = columns[: max(1, int(context.width / NARROWEST))]
        position, place = self.query.profile_position(), None
        if first.deep and context.width >= SMALLEST_FIGURE[0] and position is not None:
            place = int(np.abs(distance - position / 1000).argmin())
        layout = section_panels.add_section_panels(
            self.figure, len(columns[0]), len(columns), context,
            strip=self.surface is not None and context.height >= STRIP_FIGURE, profile=place is not None,
            show_map=self.show_map and has_map_column(context, len(columns)),
        )  # fmt: skip
        for number, column in enumerate(columns):
            for row, (panel, section) in enumerate(column):
                axes = layout.panels[number][row]
                if panel.title:
                    section_panels.set_panel_title(
                        axes, panel.title, context, above_letters=row == 0 and not layout.strips
                    )
                self._draw_panel(panel, section, axes)
                if place is not None and section.floor is not None:
                    axes.axvline(float(distance[place]), color="white", linewidth=2.6, zorder=4)
                    axes.axvline(float(distance[place]), color=LINE_COLOURS[1], linewidth=1.3, zorder=5)
                    section_panels.draw_section_profile(
                        layout.profiles[number][row], section.grid, panel.field.values, place, panel.shading.label,
                        info=panel.field.info, deepest=section.deepest, linear=self.linear, context=context,
                    )  # fmt: skip
            if self.surface and layout.strips:
                info, values = self.surface
                section_panels.draw_strip(layout.strips[number], distance, values, info, context)
        self.finish(layout, first.points, distance)

    def _locate_floors(self) -> None:
        """Find the sea floor of sections, and the depth down to which they are shown."""
        deep = [section for section in self.sections if section.deep]
        floors = [section_panels.locate_sea_floor(section.grid, section.points, self.context) for section in deep]
        for section, floor in zip(deep, floors, strict=True):
            section.floor = floor
            section.deepest = section_panels.choose_deepest(
                [section.grid for section in deep], floors, self.query.deepest()
            )

    def _make_column(self, number: int) -> list[tuple[path.PathPanel, PathSection]]:
        """Return the panels of a part from above, each with the section that it is of."""
        fields, titles, sections = self.compare_parts(number), [""], [*self.sections, self.first]
        # Without the values below the lower end of the panels.
        shown = [
            field.values
            if section.floor is None
            else np.where(section.grid.edges[:-1] < section.deepest, field.values, np.nan)
            for field, section in zip(fields, sections, strict=False)
        ]
        if self.compared:  # the time first: a name may be too long for a narrow panel
            pairs = zip(self.sections, self.dataset_names, strict=True)
            titles = [join_parts(section.when, name) for section, name in pairs]
            titles.append(self.translate("Difference: the first less the second"))
        return list(zip(self.make_panels(fields, shown, titles), sections, strict=False))

    def _draw_panel(self, panel: path.PathPanel, section: PathSection, axes: Axes) -> None:
        values, shading, grid, context = panel.field.values, panel.shading, section.grid, self.context
        if section.floor is None:
            limits = panel.limits
            if self.compared and limits is not None:  # a scale of two is just their range
                margin = LINE_MARGIN * (limits[1] - limits[0])
                limits = limits[0] - margin, limits[1] + margin
            section_panels.draw_path_line(axes, grid.distance, values[0], panel.field.info, context, limits=limits)
            label = fold_text(shading.label, axes_inches(axes)[1], self.sizes.body)
            axes.set_ylabel(label, fontsize=self.sizes.body, color=INK)
            return
        depths: dict[str, float] = {"deepest": section.deepest, "linear": self.linear}
        section_panels.draw_section(axes, grid, values, section.floor, shading, **depths, context=context)
        add_colour_bar(self.figure, axes, shading, context)

    def make_sentences(self) -> list[str]:
        first, labels = self.first, self.labels
        sentences = [self.translate("{title}, {time}.", title=self.title, time=first.when)]
        columns = self.columns if self.compared else [[panel] for panel in self.columns[0]]
        for column, number in zip(columns, self.numbers, strict=False):
            # As in tables: the second dataset on the levels of the first.
            fields = self.compare_parts(number, on_first=True)
            sentences += [self._describe(panel.name, field) for (panel, _), field in zip(column, fields, strict=True)]
        if first.floor is not None and np.isfinite(first.floor).any():
            low, high = (labels.value(float(end(first.floor)), first.grid.units, 0) for end in (np.nanmin, np.nanmax))
            sentences.append(self.translate("The sea floor lies between {low} and {high}.", low=low, high=high))
        return sentences

    def _describe(self, name: str, field: path.PathField) -> str:
        """Describe the range of a field with places."""
        labels, grid, words = self.labels, self.first.grid, {}
        if not (extremes := self.find_extremes(field.values)):
            return self.translate("{name}: no data along this path.", name=name)
        if field.info.is_discrete:
            return labels.list_categories(name, field.info, field.values)
        for end, (level, place) in zip(("low", "high"), extremes, strict=True):
            where = labels.value(float(grid.distance[place]), "km", 0)
            if self.first.floor is not None:
                depth = labels.value(float(grid.depths[level, place]), grid.units, 0)
                where = self.translate("{distance}, {depth} deep", distance=where, depth=depth)
            words[end] = labels.value(float(field.values[level, place]), field.info.units)
            words[f"{end}_place"] = where
        return self.translate("{name} from {low} at {low_place} to {high} at {high_place}.", name=name, **words)

    def make_table(self) -> Table:
        """Return a row for every place and depth with a value; of two datasets, on the levels of the first."""
        first, fields = self.first, list[path.PathField]()
        for number in self.numbers:
            compared = self.compare_parts(number, on_first=True)
            if self.compared:
                compared[1] = replace(compared[1], name=f"{compared[1].name}, {self.dataset_names[1]}")
            fields += compared
        finite = np.any([np.isfinite(field.values) for field in fields], axis=0)
        place, level = np.nonzero(finite.T)  # place by place, from the surface down
        latitude, longitude = np.array(first.points, dtype=float).T
        columns = make_place_columns(
            self.translate,
            context=("time",),
            time=[self.data.time] * len(place),
            latitude=latitude[place],
            longitude=longitude[place],
            distance=first.grid.distance[place],
            depth=first.grid.depths[level, place] if first.deep else None,
            level_units=first.grid.units,
        )
        if self.surface:
            info, values = self.surface
            name = self.labels.variable_name(info)
            columns.append(Column(name=name, role="other", units=info.units, values=values[place]))
        return self.fill_table(columns, fields, (level, place), [section.time for section in self.sections])

    def make_comparison(self) -> Coverage:
        """Return both datasets on the levels of the first, and their difference."""
        order, (first, second) = self.first.order, (side.coverage for side in self.data.sides)
        parts = [self.compare_parts(number, on_first=True) for number in self.numbers]
        return compare_coverages(first, second, [[(item.info, item.values[order]) for item in part] for part in parts])


KIND = PlotKind(
    name="transect",
    summary="The vertical section beneath a path",
    example={
        "dataset": "arctic_day",
        "variable": "votemper",
        "path": [[73.0, 20.0], [70.0, -5.0]],
        "linearthresh": 200,
        "surfacevariable": "zeta",
    },
    query=TransectQuery,
    fetch=fetch,
    plot=TransectPlot,
    data_request=make_request,
)
