"""Draws maps, and puts their numbers in columns or on a georeferenced grid."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage
from ocean_core.colour import Scale, data_limits, fit_scale
from ocean_core.errors import NotSupported
from ocean_plotting.export.geotiff import Raster
from ocean_plotting.export.table import Column, Statistics, Table, make_header, make_place_columns
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import TimePrecision, join_parts
from ocean_plotting.figure.layout import INK, MUTED, Picture, fold_text, get_content_box, get_figure
from ocean_plotting.figure.legends import BAR_THICKNESS, Shading, add_colour_bar, choose_shading
from ocean_plotting.figure.map import (
    LEFT,
    STATISTICS_LINE,
    Z_FIELD,
    Rectangle,
    add_map_axes,
    draw_graticule,
    draw_land,
    draw_outlines,
)
from ocean_plotting.figure.map_overlays import (
    ContourField,
    choose_levels,
    draw_arrows,
    draw_contours,
    draw_hatching,
    draw_isobaths,
    draw_scale_bar,
)
from ocean_plotting.figure.view import find_cells_inside
from ocean_plotting.palettes import choose_colours, colormap_colours, resample_colours
from ocean_plotting.plots.common.coverage import CoverageReader, Floats, format_level
from ocean_plotting.plots.common.panels import choose_panel_colours, have_difference
from ocean_plotting.plots.common.query import check_count
from ocean_plotting.plots.map.query import (
    ArrowOptions,
    ContourOptions,
    MapCells,
    MapData,
    MapQuery,
    make_map_layout,
)

LETTER_WIDTH = 0.56  # in heights of the text
MOST_NAMES = 3  # of areas in a title
MOST_ROWS = 500_000
DIFFERENCE = 2  # number of its map in a comparison


@dataclass(frozen=True, kw_only=True)
class MapPanel:
    """One map."""

    info: VariableInfo
    values: Floats  # (row, column)
    shading: Shading
    statistics: Statistics | None  # in the areas
    name: str = ""  # its own title


def draw(query: MapQuery, data: MapData, context: DrawContext) -> Picture:
    """Draw the map; of a comparison both, and the difference of the same quantity."""
    labels, view = context.labels, data.view
    panels = _make_panels(query, data, context)
    info = panels[0].info
    when = labels.time(data.time, TimePrecision.of(info, query.quantum)) if data.time else ""
    title = query.plotTitle or _make_title(query, panels, data, context)
    subtitle = _make_subtitle(query, panels, when, context)
    figure = context.add_figure(title, subtitle, context.labels.credit(info))
    _, bottom, _, height = get_content_box(figure)
    vertical = bottom * context.height, (bottom + height) * context.height
    figure.set_layout_engine("none")  # everything has its place
    layout, all_axes = make_map_layout(query, *context.size, len(panels)), list[Axes]()
    for number, (rectangle, panel) in enumerate(zip(layout.rectangles(data.grid, vertical), panels, strict=True)):
        frame = rectangle.fit_inside(view.aspect)
        axes = add_map_axes(figure, frame, view, context)
        _draw_field(axes, data, panel)
        draw_land(axes, view, context)
        draw_graticule(axes, view, context)
        if query.bathymetry and context.relief is not None:
            draw_isobaths(axes, view, context.relief, context)
        if number == 0:
            _draw_overlays(axes, query, data, layout.bottom_rectangles(vertical, frame), context)
        if query.showarea:
            draw_outlines(axes, view, data.areas, context)
        if number == 0:
            draw_scale_bar(axes, view, panel.values, context)
        _add_bar_and_title(figure, axes, frame, panel, context)
        all_axes.append(axes)
    _write_statistics(all_axes, panels, layout.lines, data.grid[1], context)
    sentences = _describe(title, "" if query.second_dataset() else when, panels, context)
    return data.describe_picture(
        figure, context.labels.title(title, info), sentences, context.labels.credit(info), info.dataset
    )


def _make_subtitle(query: MapQuery, panels: list[MapPanel], when: str, context: DrawContext) -> str:
    """Return the dataset and its time; of a comparison both, whose maps have the times and depths."""
    if not query.second_dataset():
        return join_parts(context.labels.dataset_name(panels[0].info), when)
    first, second = (context.labels.dataset_name(panel.info) for panel in panels[:2])
    return first if first == second else context.translate("{first} compared with {second}", first=first, second=second)


def _choose_fields(query: MapQuery, infos: list[VariableInfo]) -> list[VariableInfo]:
    """Return the variable; of a comparison both, and the difference of the same quantity."""
    is_compared = query.second_dataset() is not None
    return infos[:2] if is_compared and not have_difference(infos[0], infos[1]) else infos


def _read_plane(coverage: Coverage, info: VariableInfo) -> Floats:
    """Return values in the plane of a map (row, column)."""
    plane: Floats = CoverageReader(coverage).field(info.key, "time", "y", "x")[0]
    return plane


def _make_panels(query: MapQuery, data: MapData, context: DrawContext) -> list[MapPanel]:
    second, infos = query.second_dataset(), _choose_fields(query, CoverageReader(data.fields).variables)
    fields = [_read_plane(data.fields, info) for info in infos]
    statistics = read_statistics(data.statistics, infos) if data.statistics is not None else []
    inside = find_cells_inside(data.view, data.areas, (fields[0].shape[0], fields[0].shape[1]))
    seen = [values[inside] if np.isfinite(values[inside]).any() else values for values in fields]
    colours = choose_panel_colours(query.scale, query.colormap, second, infos, seen)
    panels: list[MapPanel] = []
    for number, (info, values, (requested, colormap, _)) in enumerate(zip(infos, fields, colours, strict=True)):
        label = context.labels.with_units(context.translate("Difference"), info.units) if number == DIFFERENCE else None
        scale = requested or fit_scale(
            seen[number], choose_colours(info, colormap), zero_centered=info.zero_centered, fallback=info.scale
        )
        shading = choose_shading(context, info, values, scale=scale, colormap=colormap, label=label)
        name = _make_panel_title(query, data.fields, infos, number, context) if second else ""
        own = statistics[number] if statistics else None
        panels.append(MapPanel(info=info, values=values, shading=shading, statistics=own, name=name))
    return panels


def _make_panel_title(
    query: MapQuery, coverage: Coverage, infos: list[VariableInfo], number: int, context: DrawContext
) -> str:
    """Return time, depth and dataset, in this order: a name may be too long for a small map."""
    if number == DIFFERENCE:
        return context.translate("The first less the second")
    info, reader = infos[number], CoverageReader(coverage)
    time = str(coverage.facts.get("minus_time", "")) if number else reader.time
    level = describe_level(coverage, context, second=bool(number))
    when = context.labels.time(time, TimePrecision.of(info, query.quantum)) if time else ""
    name = context.labels.variable_name(info) if len(infos) == DIFFERENCE else ""
    label = context.labels.dataset_name(info)
    source = "" if infos[0].dataset_label == infos[1].dataset_label else label  # the subtitle has it
    return join_parts(name, when, level, source) or label


def _draw_field(axes: Axes, data: MapData, panel: MapPanel) -> None:
    """Draw the values as one image: the cells lie in the plane of the map already."""
    left, bottom, right, top = data.view.extent
    pixels = panel.shading.colours(panel.shading.norm(np.ma.masked_invalid(panel.values)), bytes=True)
    axes.imshow(
        pixels, extent=(left, right, bottom, top), origin="upper", aspect="auto", interpolation="nearest",
        zorder=Z_FIELD,
    )  # fmt: skip


def _draw_overlays(
    axes: Axes, query: MapQuery, data: MapData, rectangles: list[Rectangle], context: DrawContext
) -> None:
    """Draw arrows and contours, and explain them below the map."""
    arrows, contours, free = query.arrows(), query.contours(), list(rectangles)
    if contours is not None and data.contours is not None:
        handles, label = _draw_contours(axes, contours, data, data.contours, context)
        if contours.legend and handles:
            _add_contour_legend(axes, free.pop(), handles, label, context)
    if arrows is not None and data.arrows is not None:
        _draw_arrows(axes, arrows, data, data.arrows, rectangle=free[0], context=context)


def _draw_contours(
    axes: Axes, options: ContourOptions, data: MapData, coverage: Coverage, context: DrawContext
) -> tuple[list[Any], str]:
    """Draw contours; return the handles and the title of their legend."""
    info = CoverageReader(coverage).variables[0]
    values = _read_plane(coverage, info)
    levels = choose_levels(values, options.parse_levels())
    low, high = data_limits(values) or (0.0, 0.0)
    if not any(low <= level <= high for level in levels):
        return [], ""
    colours = None
    if options.colormap and options.colormap != "default":
        ramp = resample_colours(colormap_colours(options.colormap), max(len(levels), 2)) / 255
        colours = [tuple(colour) for colour in ramp[: len(levels)]]
    field = ContourField(values=values, levels=levels, colours=colours)
    draw_levels = draw_hatching if options.hatch else draw_contours
    return list(draw_levels(axes, data.view, field, context)), context.labels.axis_label(info)


def _add_contour_legend(axes: Axes, rectangle: Rectangle, handles: list[Any], label: str, context: DrawContext) -> None:
    size = 0.9 * context.sizes.small
    widest = max(len(handle.get_label()) for handle in handles)
    columns = max(1, int(rectangle.width * 72 / size / (0.57 * widest + 4.2)))
    get_figure(axes).legend(
        handles=handles, title=fold_text(label, rectangle.width, size, 1), loc="upper left",
        bbox_to_anchor=rectangle.fractions(context.size), ncols=min(columns, len(handles)), fontsize=size,
        title_fontsize=size, alignment="left", frameon=False, borderpad=0, borderaxespad=0, handlelength=2.2,
        columnspacing=1.2, labelspacing=0.3,
    )  # fmt: skip


def _draw_arrows(
    axes: Axes, options: ArrowOptions, data: MapData, coverage: Coverage, *, rectangle: Rectangle, context: DrawContext
) -> None:
    """Draw arrows, and explain their colours by a bar, or their lengths by a key."""
    reader = CoverageReader(coverage)
    east, north = (reader.field(key, "time", "y", "x")[0] for key in ("eastward", "northward"))
    info = reader.info("magnitude")
    shading = None
    if options.magnitude == "color":
        size = np.hypot(east, north)
        high = float(np.nanmax(size)) if np.isfinite(size).any() else 1.0
        colormap = options.colormap if options.colormap and options.colormap != "default" else "speed"
        shading = choose_shading(context, info, size, scale=Scale(0.0, high or 1.0), colormap=colormap)
    lengths = options.magnitude == "length"
    arrows = draw_arrows(axes, data.view, (east, north), lengths=lengths, shading=shading)
    if arrows is None:
        return
    if shading is not None:
        bar = Rectangle(x=rectangle.x, y=rectangle.y + rectangle.height - 0.1, width=rectangle.width, height=0.1)
        figure = get_figure(axes)
        bar_axes = figure.add_axes(bar.fractions(context.size))
        add_colour_bar(figure, axes, shading, context, vertical=False, bar_axes=bar_axes)
    elif arrows.key is not None:
        x, y, _, height = rectangle.fractions(context.size)
        em = context.sizes.body / 72 / context.width
        axes.quiverkey(
            arrows.quiver, x + em, y + 0.7 * height, arrows.key, context.labels.value(arrows.key, info.units),
            coordinates="figure", labelpos="E", labelsep=0.08, fontproperties={"size": context.sizes.small},
            color=INK, angle=0,
        )  # fmt: skip


def _add_bar_and_title(figure: Figure, axes: Axes, frame: Rectangle, panel: MapPanel, context: DrawContext) -> None:
    """Add the colour bar along the whole side of the map, and the map's own title."""
    em, size = context.sizes.body / 72, context.sizes.small
    width = min(BAR_THICKNESS, 1.3 * em)
    bar = Rectangle(x=frame.x + frame.width + 0.7 * em, y=frame.y, width=width, height=frame.height)
    add_colour_bar(figure, axes, panel.shading, context, bar_axes=figure.add_axes(bar.fractions(context.size)))
    if panel.name:
        title = fold_text(panel.name, frame.width + 6 * em, size, 1)
        axes.set_title(title, loc="left", fontsize=size, pad=0.5 * size)


def _write_statistics(
    all_axes: list[Axes], panels: list[MapPanel], lines: int, columns: int, context: DrawContext
) -> None:
    """Write the statistics of all maps below the labels of the meridians, if all lines fit."""
    size, texts = 0.9 * context.sizes.small, [_format_statistics(panel, context) for panel in panels]
    if lines > 1:
        halves = [text.find(",  ", len(text) // 2 - 4) for text in texts]
        pairs = zip(texts, halves, strict=True)
        texts = [f"{text[: half + 1]}\n{text[half + 3 :]}" if half > 0 else text for text, half in pairs]
    width = context.width / columns - LEFT * context.sizes.body / 72
    if LETTER_WIDTH * size / 72 * max(len(line) for text in texts for line in text.split("\n")) > width:
        return
    for axes, text in zip(all_axes, texts, strict=True):
        axes.annotate(
            text, (0, 0), xycoords="axes fraction", xytext=(0, -1.9 * context.sizes.body), textcoords="offset points",
            va="top", ha="left", fontsize=size, color=MUTED, annotation_clip=False, linespacing=STATISTICS_LINE / 1.2,
        )  # fmt: skip


def _format_statistics(panel: MapPanel, context: DrawContext) -> str:
    translate, labels, statistics = context.translate, context.labels, panel.statistics
    if statistics is None or not statistics.count:
        return translate("No data in the area")
    count = labels.number(statistics.count, 0)
    if not np.isfinite(statistics.mean):  # of categories
        return translate("In the area: {count} cells", count=count)
    parts = [
        translate("In the area: minimum {value}", value=labels.number(statistics.minimum)),
        translate("maximum {value}", value=labels.number(statistics.maximum)),
        translate("mean {value}", value=labels.number(statistics.mean)),
        translate("standard deviation {value}", value=labels.value(statistics.deviation, statistics.units)),
        translate("{count} cells", count=count),
    ]
    return ",  ".join(parts)


def _make_title(query: MapQuery, panels: list[MapPanel], data: MapData, context: DrawContext) -> str:
    """Return the variable, its depth, and the names of the areas; of a comparison the maps have the depths."""
    quantities = [context.labels.variable_name(panel.info) for panel in panels]
    title = context.labels.join_quantities(list(dict.fromkeys(quantities[: 2 if len(panels) == DIFFERENCE else 1])))
    level = "" if query.second_dataset() else describe_level(data.fields, context)
    title = context.translate("{name} {level}", name=title, level=level) if level else title
    names = list(dict.fromkeys(area.name for area in data.areas if area.name))
    return ", ".join([title, *names[:MOST_NAMES], *(["…"] if len(names) > MOST_NAMES else [])])


def _describe(title: str, when: str, panels: list[MapPanel], context: DrawContext) -> list[str]:
    translate, labels = context.translate, context.labels
    sentences = [translate("{title}, {time}.", title=title, time=when) if when else f"{title}."]
    for panel in panels:
        statistics, name = panel.statistics, panel.name
        if statistics is None or not statistics.count:
            empty = translate("{name}: no data in the area.", name=name) if name else translate("No data in the area.")
            sentences.append(empty)
            continue
        count = labels.number(statistics.count, 0)
        if not np.isfinite(statistics.mean):
            sentences.append(translate("In the area: {count} cells", count=count) + ".")
            continue
        low, high = labels.number(statistics.minimum), labels.value(statistics.maximum, statistics.units)
        mean = labels.value(statistics.mean, statistics.units)
        sentences.append(
            translate(
                "{name}: in the area from {low} to {high}, mean {mean} ({count} cells).",
                name=name,
                low=low,
                high=high,
                mean=mean,
                count=count,
            )
            if name
            else translate(
                "In the area from {low} to {high}, mean {mean} ({count} cells).",
                low=low,
                high=high,
                mean=mean,
                count=count,
            )
        )
    return sentences


def table(query: MapQuery, data: MapCells, context: DrawContext) -> Table:
    """Return a row for every cell of the model in the areas with a value."""
    translate, coverage = context.translate, data.fields or data.statistics
    assert coverage is not None  # noqa: S101 - one of them was requested
    info = CoverageReader(coverage).variables[0]
    header = make_header(translate, context.labels.dataset_name(info), translate.attribution(info), data.time)
    header += [(translate("Area"), area.name) for area in data.areas if area.name]
    if query.second_dataset():
        second = context.labels.dataset_name(CoverageReader(coverage).variables[1])
        level = describe_level(coverage, context, second=True)
        told = [second, str(coverage.facts.get("minus_time", "")), level]
        header.append((translate("Compared with"), ", ".join(filter(None, told))))
    if data.fields is None:
        infos = _choose_fields(query, _find_measured(coverage))
        statistics, names = read_statistics(coverage, infos), _name_columns(query, infos, context)
        statistics = [replace(item, name=name) for item, name in zip(statistics, names, strict=True)]
        return Table(header=header, columns=[], statistics=statistics)
    reader = CoverageReader(data.fields)
    infos = _choose_fields(query, reader.variables)
    values = [_flatten(data.fields, info.key) for info in infos]
    finite = np.any(np.isfinite(values), axis=0)
    check_count(
        "there are {count} cells in the area, and a table has at most {limit} rows: choose a smaller "
        "area, or format=nc",
        int(finite.sum()),
        MOST_ROWS,
        "$.area",
    )
    latitude, longitude = _flatten_places(reader)
    depth = reader.coordinate("depth").ravel() if reader.has("depth") else np.empty(0)
    if depth.size != finite.size:
        depth = np.full(finite.size, depth[0] if depth.size == 1 else np.nan)
    time = [data.time] * finite.size
    columns = [
        *make_place_columns(
            translate, context=("time",), time=time, latitude=latitude, longitude=longitude, depth=depth
        ),
        *(
            Column(name=name, units=info.units, values=column)
            for name, info, column in zip(_name_columns(query, infos, context), infos, values, strict=True)
        ),
    ]
    if data.arrows is not None:
        columns += _make_arrow_columns(data.arrows, (latitude, longitude), context)
    columns = [replace(column, values=np.asarray(column.values)[finite]) for column in columns]
    return Table(header=header, columns=columns)


def _name_columns(query: MapQuery, infos: list[VariableInfo], context: DrawContext) -> list[str]:
    """Name the columns of a table: the second with its dataset, and the difference."""
    names, second = [context.labels.variable_name(info) for info in infos], query.second_dataset()
    if second is not None:
        names[1:] = [f"{names[1]} ({second.dataset})", context.translate("Difference")][: len(names) - 1]
    return names


def _make_arrow_columns(arrows: Coverage, places: tuple[Floats, Floats], context: DrawContext) -> list[Column]:
    """Return components and bearing of the arrows, which must be on the same cells."""
    reader = CoverageReader(arrows)
    if not all(map(np.array_equal, places, _flatten_places(reader))):
        raise NotSupported(
            "the arrows are on other points than the variable: a table has one or the other; leave quiver out",
            field="$.quiver",
        )
    name, units = context.translate("Arrow"), reader.info("eastward").units
    bearing = _flatten(arrows, "bearing")
    return [
        Column(name=f"{name} X", units=units, values=_flatten(arrows, "eastward")),
        Column(name=f"{name} Y", units=units, values=_flatten(arrows, "northward")),
        Column(name=context.translate("Bearing"), units="degree", values=bearing, circular=True),
    ]


def _flatten(coverage: Coverage, key: str) -> Floats:
    """Return the values of every cell: of a day with several time steps, those of the first, as the map has them."""
    reader = CoverageReader(coverage)
    values, dims = reader.field(key), reader.dims(key)
    return (values.take(0, axis=dims.index("time")) if "time" in dims else values).ravel()


def _flatten_places(reader: CoverageReader) -> tuple[Floats, Floats]:
    """Return latitude and longitude of every cell."""
    dims = [dim for dim in reader.dims(reader.variables[0].key) if dim != "time"]
    shape = [reader.coverage.dims[dim] for dim in dims]
    latitude, longitude = (
        np.broadcast_to(reader.coordinate(name, *dims), shape).ravel() for name in ("latitude", "longitude")
    )
    return latitude, longitude


def read_statistics(coverage: Coverage, infos: list[VariableInfo]) -> list[Statistics]:
    """Read the statistics of variables in the areas from the data service; of categories there are only counts."""
    reader, parts = CoverageReader(coverage), ("minimum", "maximum", "mean", "deviation")

    def read(info: VariableInfo, part: str) -> float:
        key = f"{info.key}_{part}"
        return float(reader.field(key).ravel()[0]) if reader.has(key) else np.nan

    return [
        Statistics(
            name=info.name,
            units=info.units,
            count=int(read(info, "count")),
            **{part: read(info, part) for part in parts},
        )
        for info in infos
    ]


def _find_measured(coverage: Coverage) -> list[VariableInfo]:
    """Return the variables that statistics are of."""
    infos = {info.key: info for info in CoverageReader(coverage).variables}
    keys = [key.removesuffix("_count") for key in infos if key.endswith("_count")]
    return [msgspec.structs.replace(infos.get(f"{key}_minimum", infos[f"{key}_count"]), key=key) for key in keys]


def describe_level(coverage: Coverage, context: DrawContext, *, second: bool = False) -> str:
    """Return the depth of a field, in words that follow a name; empty for a variable without depth.

    ``second``: of the second dataset of a comparison.
    """
    if second:
        coverage = _take_second_level(coverage)
    translate, labels, reader = context.translate, context.labels, CoverageReader(coverage)
    if coverage.facts.get("depth") == "bottom":
        return translate("at the bottom")
    names = {coordinate.name for coordinate in coverage.coordinates}
    depth = reader.coordinate("depth").ravel() if "depth" in names else np.empty(0)
    if depth.size == 1:
        return translate("at {depth}", depth=labels.value(float(depth[0]), "m"))
    return format_level(coverage, context)


def _take_second_level(coverage: Coverage) -> Coverage:
    """Return a coverage that has the level of the second dataset as its own."""
    named = [
        (item.name.removeprefix("minus_"), item) for item in coverage.coordinates if item.name.startswith("minus_")
    ]
    facts = {name.removeprefix("minus_"): fact for name, fact in coverage.facts.items() if name.startswith("minus_")}
    coordinates = [msgspec.structs.replace(item, name=name) for name, item in named]
    return msgspec.structs.replace(coverage, coordinates=coordinates, facts=facts)


def make_raster(query: MapQuery, data: MapData, context: DrawContext) -> Raster:
    """Return the field on the cells of the map; of a comparison, the difference."""
    infos = _choose_fields(query, CoverageReader(data.fields).variables)
    info = infos[DIFFERENCE] if len(infos) > DIFFERENCE else infos[0]
    return Raster(
        values=_read_plane(data.fields, info).astype(np.float32),
        extent=data.view.extent,
        projection=data.view.projection,
        name=context.labels.axis_label(info),
        source=context.labels.credit(info),
        time=data.time,
    )
