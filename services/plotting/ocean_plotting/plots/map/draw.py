"""Draws maps, and puts their numbers in columns or on a georeferenced grid."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage
from ocean_core.colour import DEFAULT_COLORMAP, DIVERGING_COLORMAP, Limits, data_limits, figure_limits
from ocean_core.errors import NotSupported
from ocean_plotting.export.geotiff import Raster
from ocean_plotting.export.table import Column, Statistics, Table, make_header, make_place_columns, make_value_column
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import TimePrecision, join_parts, typeset_units
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
from ocean_plotting.figure.view import compute_cell_areas, find_cells_inside
from ocean_plotting.palettes import colormap_colours, resample_colours
from ocean_plotting.plots.common.coverage import CoverageReader, Floats, format_level
from ocean_plotting.plots.common.query import check_count, parse_scale
from ocean_plotting.plots.map.query import (
    ArrowOptions,
    ContourOptions,
    MapCells,
    MapData,
    MapField,
    MapQuery,
    make_map_layout,
)

LETTER_WIDTH = 0.56  # in heights of the text
MOST_NAMES = 3  # of areas in a title
MOST_ROWS = 500_000


@dataclass(frozen=True, kw_only=True)
class MapPanel:
    """One map."""

    values: Floats  # (row, column)
    shading: Shading
    statistics: Statistics | None  # in the areas
    name: str = ""  # its own title


def draw(query: MapQuery, data: MapData, context: DrawContext) -> Picture:
    """Draw the map; of a comparison both, and their difference."""
    labels, view = context.labels, data.view
    info, panels = _read_field(data.first.field)[0], _make_panels(query, data, context)
    when = labels.time(data.time, TimePrecision.of(info, query.quantum)) if data.time else ""
    title = query.plotTitle or _make_title(info, data, context)
    figure = context.add_figure(title, join_parts(info.dataset_label, when), info.credit)
    _, bottom, _, height = get_content_box(figure)
    vertical = bottom * context.height, (bottom + height) * context.height
    figure.set_layout_engine("none")  # everything has its place
    layout = make_map_layout(query, *context.size)
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
        width = context.width / data.grid[1] - LEFT * context.sizes.body / 72
        _write_statistics(axes, panel, layout.lines, width, context)
    sentences = _describe(title, when, panels, context)
    return data.describe_picture(figure, title, sentences, info.credit, info)


def _read_field(coverage: Coverage) -> tuple[VariableInfo, Floats]:
    """Return the variable of a coverage in the plane of a map, and its values (row, column)."""
    reader = CoverageReader(coverage)
    info = reader.variables[0]
    return info, reader.field(info.key, "time", "y", "x")[0]


def _make_panels(query: MapQuery, data: MapData, context: DrawContext) -> list[MapPanel]:
    second, translate = query.second_dataset(), context.translate
    fields, scales, colormaps = [_read_field(data.first.field)], [parse_scale(query.scale, "$.scale")], [query.colormap]
    names, labels, statistics = [""], [""], [_read_statistics(data.first)]
    if second and data.second and data.difference:
        fields += [_read_field(data.second.field), _read_field(data.difference)]
        scales += [
            parse_scale(second.scale, "$.compare_to.scale"),
            parse_scale(second.scale_diff, "$.compare_to.scale_diff"),
        ]
        (info, values), (second_info, second_values), (_, difference) = fields
        if scales[:2] == [None, None] and typeset_units(info.units) == typeset_units(second_info.units):
            scales[:2] = [_fit_scale_in_areas(info, [values, second_values], data)] * 2
        diverging = DIVERGING_COLORMAP if second.colormap_diff in {None, DEFAULT_COLORMAP} else second.colormap_diff
        colormaps += [second.colormap or query.colormap, diverging]
        names = [_make_panel_title(side.field, query, context) for side in (data.first, data.second)]
        names.append(translate("The first less the second"))
        labels += ["", context.labels.with_units(translate("Difference"), info.units)]
        statistics += [_read_statistics(data.second), _compute_statistics(difference, data, labels[2])]
    panels: list[MapPanel] = []
    for (info, values), scale, colormap, label in zip(fields, scales, colormaps, labels, strict=True):
        limits = scale or _fit_scale_in_areas(info, [values], data)
        shading = choose_shading(context, info, values, scale=limits, colormap=colormap, label=label)
        number = len(panels)
        panels.append(MapPanel(values=values, shading=shading, statistics=statistics[number], name=names[number]))
    return panels


def _fit_scale_in_areas(info: VariableInfo, fields: list[Floats], data: MapData) -> Limits | None:
    """Fit a scale to the values in the areas; None where there are none."""
    inside = find_cells_inside(data.view, data.areas, (fields[0].shape[0], fields[0].shape[1]))
    values = np.concatenate([field[inside] for field in fields])
    if info.categories or not np.isfinite(values).any():
        return None
    return figure_limits(values, zero_centered=info.zero_centered)


def _make_panel_title(coverage: Coverage, query: MapQuery, context: DrawContext) -> str:
    """Return time and dataset, in this order: a name may be too long for a small map."""
    info, time = _read_field(coverage)[0], CoverageReader(coverage).time
    when = context.labels.time(time, TimePrecision.of(info, query.quantum)) if time else ""
    return join_parts(when, info.dataset_label)


def _read_statistics(field: MapField) -> Statistics | None:
    return read_statistics(field.statistics) if field.statistics is not None else None


def _compute_statistics(values: Floats, data: MapData, name: str) -> Statistics | None:
    """Compute statistics of the map's own cells in the areas, weighted by their true areas."""
    shape = (values.shape[0], values.shape[1])
    inside = np.isfinite(values) & find_cells_inside(data.view, data.areas, shape)
    if not inside.any():
        return None
    cells, weights = values[inside], compute_cell_areas(data.view, shape)[inside]
    mean = float(np.average(cells, weights=weights))
    return Statistics(
        name=name,
        units=_read_field(data.first.field)[0].units,
        minimum=float(cells.min()),
        maximum=float(cells.max()),
        mean=mean,
        deviation=float(np.sqrt(np.average((cells - mean) ** 2, weights=weights))),
        count=cells.size,
    )


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
    info, values = _read_field(coverage)
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
        shading = choose_shading(context, info, size, scale=(0.0, high or 1.0), colormap=colormap)
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


def _write_statistics(axes: Axes, panel: MapPanel, lines: int, width: float, context: DrawContext) -> None:
    """Write the statistics below the labels of the meridians, if their lines fit into a width in inches."""
    text = _format_statistics(panel, context)
    size = 0.9 * context.sizes.small
    if lines > 1:
        half = text.find(",  ", len(text) // 2 - 4)
        text = f"{text[: half + 1]}\n{text[half + 3 :]}" if half > 0 else text
    if LETTER_WIDTH * size / 72 * max(map(len, text.split("\n"))) > width:
        return
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


def _make_title(info: VariableInfo, data: MapData, context: DrawContext) -> str:
    """Return the variable, its depth, and the names of the areas."""
    name, level = context.labels.variable_name(info), describe_level(data.first.field, context)
    title = context.translate("{name} {level}", name=name, level=level) if level else name
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
    translate, statistics = context.translate, [read_statistics(coverage) for coverage in data.statistics]
    info = CoverageReader(data.statistics[0]).variables[0]
    header = make_header(translate, info.dataset_label, info.attribution, data.time)
    header += [(translate("Area"), area.name) for area in data.areas if area.name]
    if data.first is None:
        return Table(header=header, columns=[], statistics=statistics)
    reader = CoverageReader(data.first)
    info = reader.variables[0]
    values = _flatten(data.first, info.key)
    finite = np.isfinite(values)
    check_count(
        "there are {count} cells in the area, and a table has at most {limit} rows: choose a smaller "
        "area, or format=nc",
        int(finite.sum()),
        MOST_ROWS,
        "$.area",
    )
    latitude, longitude = _flatten_places(reader)
    depth = reader.coordinate("depth").ravel() if reader.has("depth") else np.empty(0)
    if depth.size != values.size:
        depth = np.full(values.size, depth[0] if depth.size == 1 else np.nan)
    columns = [
        *make_place_columns(translate, latitude=latitude, longitude=longitude, depth=depth),
        make_value_column(context.labels, info, values),
    ]
    if data.difference is not None:
        difference = _flatten(data.difference, CoverageReader(data.difference).variables[0].key)
        second = query.second_dataset()
        name = f"{context.labels.variable_name(info)} ({second.dataset if second else ''})"
        columns += [
            Column(name=name, units=info.units, values=values - difference),
            Column(name=translate("Difference"), units=info.units, values=difference),
        ]
    if data.arrows is not None:
        columns += _make_arrow_columns(data.arrows, (latitude, longitude), context)
    columns = [replace(column, values=np.asarray(column.values)[finite]) for column in columns]
    return Table(header=header, columns=columns)


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


def read_statistics(coverage: Coverage) -> Statistics:
    """Read the statistics of the areas from the data service; of categories there are only counts."""
    reader = CoverageReader(coverage)
    keys = {info.key.rpartition("_")[2]: info.key for info in reader.variables}
    values = {
        name: float(reader.field(keys[name]).ravel()[0]) if name in keys else np.nan
        for name in ("minimum", "maximum", "mean", "deviation")
    }
    info = reader.info(keys.get("minimum", keys["count"]))
    count = int(reader.field(keys["count"]).ravel()[0])
    return Statistics(name=info.name.partition(":")[0], units=info.units, count=count, **values)


def describe_level(coverage: Coverage, context: DrawContext) -> str:
    """Return the depth of a field, in words that follow a name; empty for a variable without depth."""
    translate, labels, reader = context.translate, context.labels, CoverageReader(coverage)
    if coverage.facts.get("depth") == "bottom":
        return translate("at the bottom")
    names = {coordinate.name for coordinate in coverage.coordinates}
    depth = reader.coordinate("depth").ravel() if "depth" in names else np.empty(0)
    if depth.size == 1:
        return translate("at {depth}", depth=labels.value(float(depth[0]), "m"))
    return format_level(coverage, context)


def make_raster(query: MapQuery, data: MapData, context: DrawContext) -> Raster:
    """Return the field on the cells of the map; of a comparison, the difference."""
    coverage = (
        data.difference if query.second_dataset() is not None and data.difference is not None else data.first.field
    )
    reader = CoverageReader(coverage)
    info = reader.variables[0]
    return Raster(
        values=reader.field(info.key, "time", "y", "x")[0].astype(np.float32),
        extent=data.view.extent,
        projection=data.view.projection,
        name=context.labels.axis_label(info),
        source=info.credit,
        time=data.time,
    )
