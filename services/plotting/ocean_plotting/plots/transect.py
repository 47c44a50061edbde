"""Transects: the vertical section beneath a path, at one time."""

import asyncio
import math
from dataclasses import dataclass
from typing import Annotated

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from msgspec.structs import replace

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage, TransectRequest
from ocean_core.colour import Limits
from ocean_core.errors import InvalidRequest, NotSupported
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts
from ocean_plotting.figure.layout import Picture, add_titles, get_figure, thin_ticks
from ocean_plotting.figure.legends import Shading, add_colour_bar, choose_shading
from ocean_plotting.figure.path import SMALLEST_FIGURE, draw_path_map, has_map_column, locate_waypoints
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
from ocean_plotting.plots.common.coverage import CoverageReader, Floats
from ocean_plotting.plots.common.path import (
    PATH_MEMBERS,
    VECTOR_PARTS,
    PathCoverage,
    PathField,
    PathQuery,
    choose_difference_colormap,
    choose_scales,
    convert_field,
    fetch_path_coverage,
    find_extremes,
    find_unit_conversion,
    join_dataset_credits,
    make_path_title,
    map_path_error_fields,
    name_dataset,
    name_part,
    name_vector,
)
from ocean_plotting.plots.common.query import ComparedDataset, PlotData, Time, parse_scale
from ocean_plotting.plots.common.services import Services
from ocean_plotting.plots.kind import PlotKind

NO_VARIABLE = ("", "none")  # as front ends write it
NARROWEST = 1.5  # inches of a column of panels
STRIP_FIGURE = 2.6  # inches that a figure must be high for a strip above its panels
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
        Metres,
        msgspec.Meta(description="m: depth of the lower end; false or null: the sea floor", examples=[500]),
    ] = None
    profile_distance: Annotated[
        Metres,
        msgspec.Meta(
            description="metres along the path, of a profile to draw on the right; -1 or null: none", examples=[-1]
        ),
    ] = None

    def selected_parts(self) -> list[int]:
        """Return the selected parts of a vector: 0 for magnitude, 1 for along, 2 for across.

        Raises
        ------
        InvalidRequest
            It is not three flags.
        """
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


class TransectData(PlotData, frozen=True, kw_only=True):
    """Sections of one or two datasets, and a variable of the surface above."""

    first: PathCoverage
    second: PathCoverage | None = None
    surface: Coverage | None = None


class PathSection:
    """Section of one dataset."""

    def __init__(self, data: PathCoverage, context: DrawContext) -> None:
        reader = CoverageReader(data.coverage)
        self.about = data.about
        self.time = reader.time
        self.points = reader.places
        fields = [reader.field(info.key, "time", "depth", "distance")[0] for info in reader.variables]
        self.has_depths = reader.has("depth") or not any("depth" in field.dims for field in data.coverage.fields)
        self.deep = len(fields[0]) > 1
        depths = reader.coordinate("depth", "time", "depth", "distance")
        depths = np.broadcast_to(depths[0] if depths.size else np.zeros((1, 1)), fields[0].shape)
        upwards = self.deep and np.nanmean(depths[0]) > np.nanmean(depths[-1])
        order = slice(None, None, -1 if upwards else 1)
        self.parts = [
            PathField(info=info, name=name_part(reader, info, context.labels), values=values[order])
            for info, values in zip(reader.variables, fields, strict=True)
        ]
        self.name = name_vector(reader, context.labels) if len(self.parts) > 1 else self.parts[0].name
        has_floor = reader.has("bathymetry") and reader.info("bathymetry").standard_name
        self.grid = SectionGrid(
            distance=reader.coordinate("distance"),
            depths=depths[order],
            wet=np.isfinite(self.parts[0].values),
            model_floor=reader.field("bathymetry") if has_floor else None,
        )

    def choose_parts(self, query: TransectQuery) -> list[int]:
        """Return which parts are drawn: of one variable the only one."""
        return query.selected_parts() if len(self.parts) > 1 else [0]

    def format_time(self, query: TransectQuery, context: DrawContext) -> str:
        """Format the time of the section."""
        return context.labels.time(self.time, query.quantum or self.about.quantum) if self.time else ""


@dataclass(frozen=True, kw_only=True)
class ComparedField:
    """A part in two datasets, and the first less the second on the levels of the first."""

    first: PathField
    second: PathField  # in the units of the first
    second_on_first: Floats  # its values on the levels of the first
    difference: PathField


def compare_parts(first: PathSection, second: PathSection, number: int, context: DrawContext) -> ComparedField:
    """Subtract a part of the second dataset from that of the first."""
    part = first.parts[number]
    converted = convert_field(second.parts[number], part.info)
    on_first = converted.values
    if first.deep:
        on_first = interpolate_columns(converted.values, second.grid.depths, first.grid.depths)
    difference = part.minus(on_first, context)
    return ComparedField(first=part, second=converted, second_on_first=on_first, difference=difference)


def make_request(query: TransectQuery) -> TransectRequest:
    """Request the variable, or the parts of the two, beneath the path."""
    return _make_request(query, query.variable_keys(2), query.dataset, query.time, query.count_points(None))


def _make_request(query: TransectQuery, keys: list[str], dataset: str, time: Time, points: int) -> TransectRequest:
    return TransectRequest(
        dataset=dataset,
        variables=keys,
        vector=VECTOR_PARTS if len(keys) == 2 else [],
        path=query.waypoints(),
        points=points,
        time=str(time),
        **query.search_options(),
    )


def parse_metres(value: Metres, field: str, *, allow_zero: bool = False) -> float | None:
    """Read a number of metres as front ends write it: false, null, nothing and negative ones are none.

    Raises
    ------
    InvalidRequest
        It is no number.
    """
    if value is None or value is False or (isinstance(value, str) and not value.strip()):
        return None
    try:
        metres = math.nan if value is True else float(value)
    except ValueError:
        metres = math.nan
    if not math.isfinite(metres):
        raise InvalidRequest(
            "{name} is {value!r}; it is a number of metres, or false", name=field, value=str(value)[:40], field=field
        )
    return metres if metres > 0 or (metres == 0 and allow_zero) else None


async def fetch(services: Services, query: TransectQuery, output: Output) -> TransectData:
    """Request the sections of both datasets, and the variable above."""
    query.check_members()
    selected = query.selected_parts()
    query.linear_depth(), query.deepest(), query.profile_position()
    second, points = query.second_dataset(), query.count_points(output)
    first, other, surface = await asyncio.gather(
        _fetch_section(services, query, None, points),
        _fetch_section(services, query, second, points) if second else _fetch_nothing(),
        _fetch_surface(services, query, points),
    )
    assert first is not None  # noqa: S101 - the query's own
    data = TransectData(
        time=CoverageReader(first.coverage).time,
        revisions={side.about.dataset: side.coverage.revision for side in (other, first) if side},
        first=first,
        second=other,
        surface=surface,
    )
    _check_data(query, data, selected)
    return data


async def _fetch_nothing() -> None:
    return None


async def _fetch_section(
    services: Services, query: TransectQuery, second: ComparedDataset | None, points: int
) -> PathCoverage | None:
    time = query.time if second is None or second.time is None else second.time

    def request(keys: list[str], dataset: str) -> TransectRequest:
        return _make_request(query, keys, dataset, time, points)

    components = query.selectedPlots is not None
    return await fetch_path_coverage(services, query, second, request, components=components)


async def _fetch_surface(services: Services, query: TransectQuery, points: int) -> Coverage | None:
    key = (query.surfacevariable or "").strip()
    if key.lower() in NO_VARIABLE:
        return None
    request = _make_request(query, [key], query.dataset, query.time, points)
    members = PATH_MEMBERS | dict.fromkeys(("variable", "variables"), "$.surfacevariable")
    with map_path_error_fields(members=members):
        return await services.data.extract(replace(request, depth="0", bathymetry=False))


def _check_data(query: TransectQuery, data: TransectData, selected: list[int]) -> None:
    """Refuse what cannot be drawn."""
    sections = [PathSection(side, DrawContext()) for side in (data.first, data.second) if side]
    for section, field in zip(sections, ("$.variable", "$.compare_to.variable"), strict=False):
        if not section.has_depths:
            raise NotSupported(
                "the levels of {key} have no depth in m: there is no section to draw of them",
                key=section.about.key,
                field=field,
            )
    first = sections[0]
    if len(sections) == 2:
        second = sections[1]
        if len(first.parts) != len(second.parts) or first.deep != second.deep:
            raise NotSupported(
                "{key} and {second_key} cannot be compared: both are vectors, or none is, and both have depths, or "
                "none has",
                key=first.about.key,
                second_key=second.about.key,
                field="$.compare_to.variable",
            )
        find_unit_conversion(first.parts[0].info, second.parts[0].info)
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


@dataclass(frozen=True, kw_only=True)
class TransectPanel:
    """A field with its colours and sea floor."""

    title: str
    grid: SectionGrid
    field: PathField
    shading: Shading  # with the label of its values
    floor: Floats | None  # m; None: a line, not a section
    deepest: float  # m
    limits: Limits | None  # of the values of a line
    dataset: str = ""  # title of the dataset, where there are two


@dataclass(frozen=True, kw_only=True)
class PanelMaker:
    """Makes the panels of one dataset."""

    section: PathSection
    floor: Floats | None
    deepest: float
    title: str = ""

    def cut_values(self, values: Floats) -> Floats:
        """Remove the values below the lower end of the panel."""
        if self.floor is None:
            return values
        return np.where(self.section.grid.edges[:-1] < self.deepest, values, np.nan)

    def make_panel(
        self,
        field: PathField,
        scale: Limits | None,
        colormap: str | None,
        context: DrawContext,
        *,
        is_difference: bool = False,
        limits: Limits | None = None,
    ) -> TransectPanel:
        """Return a panel of a field."""
        translate = context.translate
        name = translate("Difference") if is_difference else field.name
        if scale is not None and field.info.key == "magnitude" and scale[1] > 0:  # nothing is below zero
            scale = max(scale[0], 0.0), scale[1]
        shading = choose_shading(
            context,
            field.info,
            self.cut_values(field.values),
            scale=scale,
            colormap=colormap,
            label=context.labels.with_units(name, field.info.units),
        )
        return TransectPanel(
            title=translate("Difference: the first less the second") if is_difference else self.title,
            grid=self.section.grid,
            field=field,
            shading=shading,
            floor=self.floor,
            deepest=self.deepest,
            limits=limits,
            dataset="" if is_difference else self.title,
        )


def _make_panels(
    query: TransectQuery, first: PathSection, second: PathSection | None, context: DrawContext
) -> list[list[TransectPanel]]:
    """Return panels by column and from above: the parts of one dataset, or each part of two and its difference."""
    sections = [section for section in (first, second) if section]
    floors = [locate_sea_floor(section.grid, section.points, context) if section.deep else None for section in sections]
    section_floors = [floor for floor in floors if floor is not None]
    deepest = (
        choose_deepest([section.grid for section in sections], section_floors, query.deepest())
        if section_floors
        else 0.0
    )
    makers = []
    for section, floor in zip(sections, floors, strict=True):
        # The time first: a name may be too long for a narrow panel.
        title = join_parts(section.format_time(query, context), name_dataset(section.about)) if second else ""
        makers.append(PanelMaker(section=section, floor=floor, deepest=deepest, title=title))
    numbers, compared = first.choose_parts(query), query.second_dataset()
    if second is None or compared is None:
        scale = parse_scale(query.scale, "$.scale")
        parts = [first.parts[number] for number in numbers]
        return [[makers[0].make_panel(part, scale, query.colormap, context, limits=scale) for part in parts]]
    return [_make_compared_panels(query, compared, makers, number, context) for number in numbers]


def _make_compared_panels(
    query: TransectQuery, compared: ComparedDataset, makers: list[PanelMaker], number: int, context: DrawContext
) -> list[TransectPanel]:
    """Return the panels of a part in both datasets, in one scale if none is requested, and of the difference."""
    first, second = makers
    fields = compare_parts(first.section, second.section, number, context)
    values = [first.cut_values(fields.first.values), second.cut_values(fields.second.values)]
    scales = choose_scales(query, compared, fields.first.info, values)
    # Lines need a margin above and below, as the scale is just their range.
    limits = [_widen(scale) if first.floor is None and scale is not None else None for scale in scales]
    scale_diff = parse_scale(compared.scale_diff, "$.compare_to.scale_diff")
    colormap = compared.colormap or query.colormap
    colormap_diff = choose_difference_colormap(compared)
    return [
        first.make_panel(fields.first, scales[0], query.colormap, context, limits=limits[0]),
        second.make_panel(fields.second, scales[1], colormap, context, limits=limits[1]),
        first.make_panel(fields.difference, scale_diff, colormap_diff, context, is_difference=True),
    ]


def _widen(scale: Limits) -> Limits:
    margin = 0.08 * (scale[1] - scale[0])
    return scale[0] - margin, scale[1] + margin


def draw(query: TransectQuery, data: TransectData, context: DrawContext) -> Picture:
    """Draw a panel for each part; of two datasets, both and their difference."""
    figure, translate = Figure(figsize=context.size), context.translate
    first = PathSection(data.first, context)
    second = PathSection(data.second, context) if data.second else None
    source, when = name_dataset(first.about), first.format_time(query, context)
    numbers = first.choose_parts(query)
    columns = _make_panels(query, first, second, context)
    columns = columns[: max(1, int(context.width / NARROWEST))]
    name = first.parts[numbers[0]].name if len(numbers) == 1 else first.name
    title = make_path_title(query, name, first.points, context.labels)
    subtitle = join_parts(source, when)
    if second:
        names = [f"{name_dataset(side.about)}, {side.format_time(query, context)}" for side in (first, second)]
        subtitle = translate("{first} compared with {second}", first=names[0], second=names[1])
    credit = join_dataset_credits([section.about for section in (first, second) if section])
    add_titles(figure, title, subtitle, credit, context.sizes)
    path = locate_waypoints(query.waypoints(), first.points, first.grid.distance)
    profile_place = None
    if first.deep and context.width >= SMALLEST_FIGURE[0]:
        profile_place = _locate_profile(query, first.grid.distance)
    layout = add_section_panels(
        figure,
        len(columns[0]),
        len(columns),
        context,
        strip=data.surface is not None and context.height >= STRIP_FIGURE,
        profile=profile_place is not None,
        show_map=bool(query.showmap) and has_map_column(context, len(columns)),
    )
    for number, column in enumerate(columns):
        axes = layout.panels[number], layout.profiles[number]
        _draw_column(query, column, axes, context, profile_place=profile_place, letters_above=not layout.strips)
        if data.surface and layout.strips:
            surface_info, values = _read_surface(data.surface)
            label = context.labels.axis_label(surface_info)
            draw_strip(layout.strips[number], first.grid.distance, values, label, context)
    layout.finish(path, context)
    if layout.map_area is not None:
        draw_path_map(figure, layout.map_area, path, context)
    thin_ticks(figure, [panel for column in layout.panels for panel in column])
    sentences = [translate("{title}, {time}.", title=title, time=when), *_describe(columns, context)]
    return Picture(figure=figure, info=data.make_picture_info(title, sentences, first.about, credit))


def _locate_profile(query: TransectQuery, distance: Floats) -> int | None:
    """Return the place of the profile; None: there is none."""
    position = query.profile_position()
    return None if position is None else int(np.abs(distance - position / 1000).argmin())


def _draw_column(
    query: TransectQuery,
    column: list[TransectPanel],
    axes: tuple[list[Axes], list[Axes]],
    context: DrawContext,
    *,
    profile_place: int | None,
    letters_above: bool,
) -> None:
    """Draw the panels of a column, one above the other, and profiles at a place on their right."""
    linear = query.linear_depth()
    for row, (panel, panel_axes) in enumerate(zip(column, axes[0], strict=True)):
        grid, values, deepest = panel.grid, panel.field.values, panel.deepest
        if panel.title:
            set_panel_title(panel_axes, panel.title, context, above_letters=row == 0 and letters_above)
        if panel.floor is None:
            draw_path_line(panel_axes, grid.distance, values[0], panel.limits, context)
            label_path_line(panel_axes, panel.shading.label, context)
            continue
        draw_section(
            panel_axes, grid, values, panel.floor, panel.shading, deepest=deepest, linear=linear, context=context
        )
        add_colour_bar(get_figure(panel_axes), panel_axes, panel.shading, context)
        if profile_place is not None:
            mark_profile(panel_axes, float(grid.distance[profile_place]))
            draw_section_profile(
                axes[1][row],
                grid,
                values,
                profile_place,
                panel.shading.label,
                deepest=deepest,
                linear=linear,
                context=context,
            )


def _describe(columns: list[list[TransectPanel]], context: DrawContext) -> list[str]:
    """Describe the ranges of the panels with places, and the depth of the sea floor."""
    labels = context.labels
    sentences = [_describe_panel(panel, context) for column in columns for panel in column]
    floor = columns[0][0].floor
    if floor is not None and np.isfinite(floor).any():
        low, high = (labels.value(float(end), "m", 0) for end in (np.nanmin(floor), np.nanmax(floor)))
        sentences.append(context.translate("The sea floor lies between {low} and {high}.", low=low, high=high))
    return sentences


def _describe_panel(panel: TransectPanel, context: DrawContext) -> str:
    values, name = panel.field.values, panel.field.name
    extremes = find_extremes(values)
    if panel.dataset:
        name = f"{name} ({panel.dataset})"
    if extremes is None:
        return context.translate("{name}: no data along this path.", name=name)
    low, high = (context.labels.value(float(values[index]), panel.field.info.units) for index in extremes)
    low_place, high_place = (_format_place(panel, index, context) for index in extremes)
    return context.translate(
        "{name} from {low} at {low_place} to {high} at {high_place}.",
        name=name,
        low=low,
        low_place=low_place,
        high=high,
        high_place=high_place,
    )


def _format_place(panel: TransectPanel, index: tuple[int, ...], context: DrawContext) -> str:
    distance = context.labels.value(float(panel.grid.distance[index[1]]), "km", 0)
    if panel.floor is None:
        return distance
    depth = context.labels.value(float(panel.grid.depths[index]), "m", 0)
    return context.translate("{distance}, {depth} deep", distance=distance, depth=depth)


def _read_surface(surface: Coverage) -> tuple[VariableInfo, Floats]:
    reader = CoverageReader(surface)
    info = reader.variables[0]
    return info, reader.field(info.key, "time", "depth", "distance")[0, 0]


def table(query: TransectQuery, data: TransectData, context: DrawContext) -> Table:
    """Return a row for every place and depth with a value; of two datasets, on the levels of the first."""
    translate = context.translate
    first = PathSection(data.first, context)
    second = PathSection(data.second, context) if data.second else None
    fields = [field for number in first.choose_parts(query) for field in _list_fields(first, second, number, context)]
    finite = np.any([np.isfinite(field.values) for field in fields], axis=0)
    place, level = np.nonzero(finite.T)  # place by place, from the surface down
    latitude, longitude = np.array(first.points, dtype=float).T
    columns = [
        Column(name=translate("Time"), role="time", values=[data.time] * len(place), context=True),
        Column(name=translate("Latitude"), role="latitude", values=latitude[place]),
        Column(name=translate("Longitude"), role="longitude", values=longitude[place]),
        Column(name=translate("Distance"), role="distance", units="km", values=first.grid.distance[place]),
    ]
    if first.deep:
        depths = first.grid.depths[level, place]
        columns.append(Column(name=translate("Depth"), role="depth", units="m", values=depths))
    if data.surface:
        info, values = _read_surface(data.surface)
        name = context.labels.variable_name(info)
        columns.append(Column(name=name, role="other", units=info.units, values=values[place]))
    columns += [Column(name=field.name, units=field.info.units, values=field.values[level, place]) for field in fields]
    header = [
        (translate("Dataset"), name_dataset(first.about)),
        (translate("Attribution"), first.about.attribution or ""),
        (translate("Timestamp"), data.time),
    ]
    if second:
        header.append((translate("Compared with"), f"{name_dataset(second.about)}, {second.time}"))
    return Table(header=header, columns=columns)


def _list_fields(first: PathSection, second: PathSection | None, number: int, context: DrawContext) -> list[PathField]:
    """Return a part; in two datasets, both on the levels of the first, and the difference."""
    if second is None:
        return [first.parts[number]]
    fields = compare_parts(first, second, number, context)
    name = f"{fields.second.name}, {name_dataset(second.about)}"
    on_first = PathField(info=fields.second.info, name=name, values=fields.second_on_first)
    return [fields.first, on_first, fields.difference]


KIND = PlotKind(
    name="transect",
    summary="The vertical section beneath a path",
    example={
        "dataset": "giops_day",
        "variable": "votemper",
        "path": [[73.0, 20.0], [70.0, -5.0]],
        "linearthresh": 200,
        "surfacevariable": "zeta",
    },
    query=TransectQuery,
    fetch=fetch,
    draw=draw,
    table=table,
    station_formats=True,
    statistics=True,
    data_request=make_request,
)
