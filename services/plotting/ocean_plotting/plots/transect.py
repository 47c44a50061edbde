"""Transects: the vertical section beneath a path, at one time."""

import asyncio
import math
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
from ocean_plotting.export.table import Column, Table, make_header, make_place_columns
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import TimePrecision, join_parts
from ocean_plotting.figure.layout import Picture, get_figure
from ocean_plotting.figure.legends import add_colour_bar
from ocean_plotting.figure.path import SMALLEST_FIGURE, has_map_column, locate_waypoints
from ocean_plotting.figure.section import (
    SectionGrid,
    add_section_panels,
    choose_deepest,
    draw_path_line,
    draw_section,
    draw_section_profile,
    draw_strip,
    interpolate_columns,
    label_path_line,
    locate_sea_floor,
    mark_profile,
    set_panel_title,
)
from ocean_plotting.plots.common.coverage import CoverageReader, Floats, compare_coverages
from ocean_plotting.plots.common.panels import have_difference
from ocean_plotting.plots.common.path import (
    PATH_MEMBERS,
    VECTOR_PARTS,
    PathCoverage,
    PathData,
    PathField,
    PathPanel,
    PathQuery,
    fetch_sides,
    find_extremes,
    join_path_credits,
    make_panels,
    make_path_title,
    map_path_error_fields,
    name_vector,
    read_parts,
)
from ocean_plotting.plots.common.query import ComparedDataset, Time
from ocean_plotting.plots.kind import PlotKind, Services

NO_VARIABLE = ("", "none")  # as front ends write it
NARROWEST = 1.5  # inches of a column of panels
STRIP_FIGURE = 2.6  # inches that a figure must be high for a strip above its panels
LINE_MARGIN = 0.08  # of a scale, above and below lines
Metres = float | str | bool | None


class TransectQuery(PathQuery, frozen=True, kw_only=True):
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
    linearthresh: Annotated[
        Metres,
        msgspec.Meta(description="m: below it the depth axis is stretched; false, null or 0: nowhere", examples=[200]),
    ] = None
    depth_limit: Annotated[
        Metres, msgspec.Meta(description="m: depth of the lower end; false or null: the sea floor", examples=[500])
    ] = None
    profile_distance: Annotated[
        Metres,
        msgspec.Meta(
            description="metres along the path, of a profile to draw on the right; -1 or null: none", examples=[-1]
        ),
    ] = None

    def selected_parts(self) -> list[int]:
        """Return the selected parts of a vector: 0 for magnitude, 1 for along, 2 for across."""
        selection = "0,1,1" if self.selectedPlots is None else self.selectedPlots
        flags = [str(flag).strip() for flag in (selection.split(",") if isinstance(selection, str) else selection)]
        if len(flags) != len(VECTOR_PARTS) or not set(flags) <= {"0", "1"}:
            raise InvalidRequest(
                "selectedPlots is {value!r}; it is three flags, 0 or 1, for magnitude, along and across: 0,1,1",
                value=str(selection)[:40],
                field="$.selectedPlots",
            )
        return [number for number, flag in enumerate(flags) if flag == "1"]

    def linear_depth(self) -> float:
        """Return the depth below which the depth axis is stretched, m; 0: nowhere."""
        return parse_metres(self.linearthresh, "$.linearthresh") or 0.0

    def deepest(self) -> float | None:
        """Return the depth of the lower end, m; None: the sea floor."""
        return parse_metres(self.depth_limit, "$.depth_limit")

    def profile_position(self) -> float | None:
        """Return the distance of a profile along the path, m; None: no profile."""
        return parse_metres(self.profile_distance, "$.profile_distance", allow_zero=True)


class PathSection:
    """Section of one dataset."""

    def __init__(self, data: PathCoverage, context: DrawContext) -> None:
        reader = CoverageReader(data.coverage)
        self.about, self.time, self.points = data.about, reader.time, reader.places
        parts = read_parts(reader, context.labels, "time", "depth", "distance")
        self.has_depths = reader.has("depth") or not any("depth" in field.dims for field in data.coverage.fields)
        _, levels, places = parts[0].values.shape
        self.deep = levels > 1
        depths = reader.coordinate("depth", "time", "depth", "distance")
        depths = np.broadcast_to(depths[0] if depths.size else np.zeros((1, 1)), (levels, places))
        upwards = self.deep and np.nanmean(depths[0]) > np.nanmean(depths[-1])
        self.order = order = slice(None, None, -1 if upwards else 1)  # from the surface down
        self.parts = [replace(part, values=part.values[0, order]) for part in parts]
        self.name = name_vector(reader, context.labels) if len(parts) > 1 else parts[0].name
        has_floor = reader.has("bathymetry") and reader.info("bathymetry").standard_name
        self.grid = SectionGrid(
            distance=reader.coordinate("distance"),
            depths=depths[order],
            wet=np.isfinite(self.parts[0].values),
            model_floor=reader.field("bathymetry") if has_floor else None,
        )
        self.floor: Floats | None = None  # m; None: lines are drawn, no section
        self.deepest = 0.0  # m: lower end of the panels

    def choose_parts(self, query: TransectQuery) -> list[int]:
        """Return which parts are drawn: of one variable the only one."""
        return query.selected_parts() if len(self.parts) > 1 else [0]

    def format_time(self, query: TransectQuery, context: DrawContext) -> str:
        return context.labels.time(self.time, TimePrecision.of(self.about, query.quantum)) if self.time else ""

    def cut_values(self, values: Floats) -> Floats:
        """Remove the values below the lower end of the panels."""
        return values if self.floor is None else np.where(self.grid.edges[:-1] < self.deepest, values, np.nan)


def compare_parts(
    sections: list[PathSection], number: int, context: DrawContext, *, on_first: bool = False
) -> list[PathField]:
    """Return a part; of two datasets both, and of the same quantity in the units of the first, with the difference.

    ``on_first``: the second on the levels of the first, as the difference is.
    """
    first, part = sections[0], sections[0].parts[number]
    if len(sections) == 1:
        return [part]
    second = sections[1].parts[number]
    is_same = have_difference(part.info, second.info)
    if is_same:
        second = second.convert(part.info.units)
    moved = second
    if first.deep:
        moved = replace(second, values=interpolate_columns(second.values, sections[1].grid.depths, first.grid.depths))
    difference = [part.minus(moved.values, context)] if is_same else []
    return [part, moved if on_first else second, *difference]


def make_request(query: TransectQuery) -> TransectRequest:
    """Request the variable, or the parts of the two, beneath the path."""
    return _make_request(query, query.count_points(None), None, query.variable_keys(2))


def _make_request(
    query: TransectQuery, points: int, second: ComparedDataset | None, keys: list[str]
) -> TransectRequest:
    options = query.request_options(second, keys, points)
    return TransectRequest(**options, time=query.choose("time", second), vector=VECTOR_PARTS if len(keys) == 2 else [])


def parse_metres(value: Metres, field: str, *, allow_zero: bool = False) -> float | None:
    """Read a number of metres as front ends write it: false, null, nothing and negative ones are none."""
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        return None
    try:
        metres = math.nan if value is True else float(value)
    except ValueError:
        metres = math.nan
    if not math.isfinite(metres):
        raise InvalidRequest(
            "{field} is {value!r}; it is a number of metres, or false", value=str(value)[:40], field=field
        )
    return metres if metres > 0 or (metres == 0 and allow_zero) else None


async def fetch(services: Services, query: TransectQuery, output: Output) -> PathData:
    """Request the sections of both datasets, and the variable above."""
    query.check_members()
    selected = query.selected_parts()
    query.linear_depth(), query.deepest(), query.profile_position()
    make = partial(_make_request, query, query.count_points(output))
    sides, surface = await asyncio.gather(
        fetch_sides(services, query, make, components=query.selectedPlots is not None),
        _fetch_surface(services, query, query.count_points(output)),
    )
    data = PathData.of_sides(sides, surface)
    _check_data(query, data, selected)
    return data


async def _fetch_surface(services: Services, query: TransectQuery, points: int) -> Coverage | None:
    key = (query.surfacevariable or "").strip()
    if key.lower() in NO_VARIABLE:
        return None
    request = _make_request(query, points, None, [key])
    members = PATH_MEMBERS | dict.fromkeys(("variable", "variables"), "$.surfacevariable")
    with map_path_error_fields(members=members):
        return await services.data.extract(msgspec.structs.replace(request, depth="0", bathymetry=False))


def _check_data(query: TransectQuery, data: PathData, selected: list[int]) -> None:
    sections = [PathSection(side, DrawContext()) for side in data.sides]
    for section, field in zip(sections, ("$.variable", "$.compare_to.variable"), strict=False):
        if not section.has_depths:
            raise NotSupported(
                "the levels of {key} have no depth in m: there is no section to draw of them",
                key=section.about.key,
                field=field,
            )
    first = sections[0]
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


def draw(query: TransectQuery, data: PathData, context: DrawContext) -> Picture:
    """Draw a panel for each part; of two datasets, both and their difference."""
    translate, sections = context.translate, [PathSection(side, context) for side in data.sides]
    first, labels = sections[0], [context.labels.dataset_name(side.about) for side in data.sides]
    times = [section.format_time(query, context) for section in sections]
    _locate_floors(query, sections, context)
    numbers = first.choose_parts(query)
    columns = [_make_column(query, sections, number, context) for number in numbers]
    if not data.second:  # the parts of a vector one above the other
        columns = [[panel for (panel,) in columns]]
    columns = columns[: max(1, int(context.width / NARROWEST))]
    name = _name_quantities(sections, numbers, context, is_one=not data.second or len(columns[0]) > len(sections))
    title = make_path_title(query, name, first.points, context.labels)
    sources = [f"{label}, {time}" for label, time in zip(labels, times, strict=True)]
    subtitle = (
        translate("{first} compared with {second}", first=sources[0], second=sources[1])
        if data.second
        else join_parts(labels[0], times[0])
    )
    credit = join_path_credits(data, context.labels)
    figure = context.add_figure(title, subtitle, credit)
    distance, position, profile_place = first.grid.distance, query.profile_position(), None
    if first.deep and context.width >= SMALLEST_FIGURE[0] and position is not None:
        profile_place = int(np.abs(distance - position / 1000).argmin())
    rows, strip, profile = len(columns[0]), data.surface and context.height >= STRIP_FIGURE, profile_place is not None
    show_map = bool(query.showmap) and has_map_column(context, len(columns))
    layout = add_section_panels(
        figure, rows, len(columns), context, strip=bool(strip), profile=profile, show_map=show_map
    )
    for number, column in enumerate(columns):
        for row, (panel, section) in enumerate(column):
            axes = layout.panels[number][row]
            if panel.title:
                set_panel_title(axes, panel.title, context, above_letters=row == 0 and not layout.strips)
            _draw_panel(query, panel, section, axes, context)
            if profile_place is not None and section.floor is not None:
                mark_profile(axes, float(distance[profile_place]))
                draw_section_profile(
                    layout.profiles[number][row],
                    section.grid,
                    panel.field.values,
                    profile_place,
                    panel.shading.label,
                    deepest=section.deepest,
                    linear=query.linear_depth(),
                    context=context,
                )
        if data.surface and layout.strips:
            surface_info, values = _read_surface(data.surface)
            label = context.labels.axis_label(surface_info)
            draw_strip(layout.strips[number], distance, values, label, context)
    layout.finish(locate_waypoints(query.waypoints(), first.points, distance), context)
    sentences = [translate("{title}, {time}.", title=title, time=times[0])]
    sentences += _describe_columns(sections, columns, numbers, context)
    if first.floor is not None and np.isfinite(first.floor).any():
        low, high = (context.labels.value(float(end(first.floor)), "m", 0) for end in (np.nanmin, np.nanmax))
        sentences.append(translate("The sea floor lies between {low} and {high}.", low=low, high=high))
    return data.describe_picture(
        figure, context.labels.title(title, first.about), sentences, credit, first.about.dataset
    )


def _name_quantities(sections: list[PathSection], numbers: list[int], context: DrawContext, *, is_one: bool) -> str:
    """Return the name of what is drawn of all sections, or of different quantities each."""
    names = [section.parts[numbers[0]].name if len(numbers) == 1 else section.name for section in sections]
    return context.labels.join_quantities(names[:1] if is_one else list(dict.fromkeys(names)))


def _locate_floors(query: TransectQuery, sections: list[PathSection], context: DrawContext) -> None:
    """Find the sea floor of sections, and the depth down to which they are shown."""
    deep = [section for section in sections if section.deep]
    floors = [locate_sea_floor(section.grid, section.points, context) for section in deep]
    for section, floor in zip(deep, floors, strict=True):
        section.floor = floor
        section.deepest = choose_deepest([section.grid for section in deep], floors, query.deepest())


def _make_column(
    query: TransectQuery, sections: list[PathSection], number: int, context: DrawContext
) -> list[tuple[PathPanel, PathSection]]:
    """Return the panels of a part from above, each with the section that it is of."""
    fields = compare_parts(sections, number, context)
    of_fields = [*sections, sections[0]][: len(fields)]
    shown = [section.cut_values(field.values) for section, field in zip(of_fields, fields, strict=True)]
    titles = [""]
    if len(sections) > 1:  # the time first: a name may be too long for a narrow panel
        titles = [
            join_parts(section.format_time(query, context), context.labels.dataset_name(section.about))
            for section in sections
        ]
        titles.append(context.translate("Difference: the first less the second"))
        titles = titles[: len(fields)]
    return list(zip(make_panels(query, fields, shown, titles, context), of_fields, strict=True))


def _draw_panel(query: TransectQuery, panel: PathPanel, section: PathSection, axes: Axes, context: DrawContext) -> None:
    values, shading = panel.field.values, panel.shading
    if section.floor is None:
        limits = panel.limits
        if query.second_dataset() and limits is not None:  # a scale of two is just their range
            margin = LINE_MARGIN * (limits[1] - limits[0])
            limits = limits[0] - margin, limits[1] + margin
        draw_path_line(axes, section.grid.distance, values[0], limits, context)
        label_path_line(axes, shading.label, context)
        return
    deepest, linear = section.deepest, query.linear_depth()
    draw_section(axes, section.grid, values, section.floor, shading, deepest=deepest, linear=linear, context=context)
    add_colour_bar(get_figure(axes), axes, shading, context)


def _describe_columns(
    sections: list[PathSection],
    columns: list[list[tuple[PathPanel, PathSection]]],
    numbers: list[int],
    context: DrawContext,
) -> list[str]:
    sentences = []
    for column, number in zip(columns, numbers, strict=False):
        fields = [panel.field for panel, _ in column]
        if len(sections) > 1:  # as in tables: the second dataset on the levels of the first
            fields = compare_parts(sections, number, context, on_first=True)
        panels = zip(column, fields, strict=True)
        sentences += [_describe(panel.name, field, sections[0], context) for (panel, _), field in panels]
    return sentences


def _describe(name: str, field: PathField, section: PathSection, context: DrawContext) -> str:
    """Describe the range of a field with places."""
    translate, labels, values = context.translate, context.labels, field.values
    if (extremes := find_extremes(values)) is None:
        return translate("{name}: no data along this path.", name=name)
    texts = []
    for level, place in extremes:
        where = labels.value(float(section.grid.distance[place]), "km", 0)
        if section.floor is not None:
            depth = labels.value(float(section.grid.depths[level, place]), "m", 0)
            where = translate("{distance}, {depth} deep", distance=where, depth=depth)
        texts += [labels.value(float(values[level, place]), field.info.units), where]
    low, low_place, high, high_place = texts
    return translate(
        "{name} from {low} at {low_place} to {high} at {high_place}.",
        name=name, low=low, low_place=low_place, high=high, high_place=high_place,
    )  # fmt: skip


def _read_surface(surface: Coverage) -> tuple[VariableInfo, Floats]:
    reader = CoverageReader(surface)
    info = reader.variables[0]
    return info, reader.field(info.key, "time", "depth", "distance")[0, 0]


def table(query: TransectQuery, data: PathData, context: DrawContext) -> Table:
    """Return a row for every place and depth with a value; of two datasets, on the levels of the first."""
    translate, sections = context.translate, [PathSection(side, context) for side in data.sides]
    first, about = sections[0], data.first.about
    fields = []
    for number in first.choose_parts(query):
        part, *compared = compare_parts(sections, number, context, on_first=True)
        fields.append(part)
        if data.second:
            second, *difference = compared
            fields += [
                replace(second, name=f"{second.name}, {context.labels.dataset_name(data.second.about)}"),
                *difference,
            ]
    finite = np.any([np.isfinite(field.values) for field in fields], axis=0)
    place, level = np.nonzero(finite.T)  # place by place, from the surface down
    latitude, longitude = np.array(first.points, dtype=float).T
    columns = make_place_columns(
        translate,
        context=("time",),
        time=[data.time] * len(place),
        latitude=latitude[place],
        longitude=longitude[place],
        distance=first.grid.distance[place],
        depth=first.grid.depths[level, place] if first.deep else None,
    )
    if data.surface:
        info, values = _read_surface(data.surface)
        name = context.labels.variable_name(info)
        columns.append(Column(name=name, role="other", units=info.units, values=values[place]))
    columns += [field.make_column(field.values[level, place]) for field in fields]
    header = make_header(translate, context.labels.dataset_name(about), translate.attribution(about), data.time)
    if data.second:
        header.append(
            (translate("Compared with"), f"{context.labels.dataset_name(data.second.about)}, {sections[1].time}")
        )
    return Table(header=header, columns=columns)


def compare(query: TransectQuery, data: PathData) -> Coverage:
    """Return both datasets on the levels of the first, and their difference, as tables have them."""
    sections = [PathSection(side, DrawContext()) for side in data.sides]
    numbers, order = sections[0].choose_parts(query), sections[0].order
    parts = [compare_parts(sections, number, DrawContext(), on_first=True) for number in numbers]
    first, second = (side.coverage for side in data.sides)
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
    draw=draw,
    table=table,
    more_formats=("nc",),
    data_request=make_request,
    compare=compare,
)
