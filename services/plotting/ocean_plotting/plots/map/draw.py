"""Draws maps, and puts their numbers in columns or on a georeferenced grid."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from matplotlib.axes import Axes

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.data import Coverage
from ocean_core.colour import Scale, data_limits, fit_scale
from ocean_core.errors import NotSupported
from ocean_plotting.export.geotiff import Raster
from ocean_plotting.export.table import Column, Statistics, Table, make_header, make_place_columns
from ocean_plotting.figure import map as maps
from ocean_plotting.figure import map_overlays as overlays
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import TimePrecision, join_parts
from ocean_plotting.figure.layout import INK, MUTED, fold_text, get_content_box
from ocean_plotting.figure.legends import BAR_THICKNESS, Shading, add_colour_bar, choose_shading
from ocean_plotting.figure.view import find_cells_inside
from ocean_plotting.palettes import choose_colours, colormap_colours, resample_colours
from ocean_plotting.plots.common.comparison import choose_panel_colours, have_difference
from ocean_plotting.plots.common.coverage import CoverageReader, Floats, format_level
from ocean_plotting.plots.common.query import check_count
from ocean_plotting.plots.kind import Plot
from ocean_plotting.plots.map.query import ArrowOptions, ContourOptions, MapData, MapQuery, make_map_layout

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


def _choose_fields(query: MapQuery, infos: list[VariableInfo]) -> list[VariableInfo]:
    """Return the variable; of a comparison both, and the difference of the same quantity."""
    is_compared = query.second_dataset() is not None
    return infos[:2] if is_compared and not have_difference(infos[0], infos[1]) else infos


def _break_line(text: str) -> str:
    """Break a line between parts so that the longer half is as short as it can be."""
    parts = text.split(",  ")
    halves = [(",  ".join(parts[:count]) + ",", ",  ".join(parts[count:])) for count in range(1, len(parts))]
    return "\n".join(min(halves, key=lambda pair: max(map(len, pair)))) if halves else text


def _read_plane(coverage: Coverage, info: VariableInfo) -> Floats:
    """Return values in the plane of a map (row, column)."""
    plane: Floats = CoverageReader(coverage).field(info.key, "time", "y", "x")[0]
    return plane


class MapPlot(Plot[MapQuery, Any]):
    """The map; of a comparison both, and the difference of the same quantity. Tables have the model's own cells."""

    def prepare(self) -> None:
        self.second, self.coverage = self.query.second_dataset(), self.data.fields or self.data.statistics
        self.reader = CoverageReader(self.coverage)
        if isinstance(self.data, MapData):
            self._prepare_picture()

    def _prepare_picture(self) -> None:
        labels, translate, query, areas = self.labels, self.translate, self.query, self.data.areas
        self.panels = self._make_panels()
        self.info = info = self.panels[0].info
        self.credit, self.dataset = labels.credit(*(panel.info for panel in self.panels)), info.dataset
        self.when = self._format_time(self.data.time, info)
        names = [labels.dataset_name(panel.info) for panel in self.panels[:2]]
        self.subtitle = join_parts(names[0], self.when)
        if self.second:  # the maps have the times and depths
            compared = translate("{first} compared with {second}", first=names[0], second=names[-1])
            self.subtitle = names[0] if names[0] == names[1] else compared
        quantities = [labels.variable_name(panel.info) for panel in self.panels]
        title = labels.join_quantities(list(dict.fromkeys(quantities[: 2 if len(self.panels) == DIFFERENCE else 1])))
        if level := "" if self.second else self.describe_level():
            title = translate("{name} {level}", name=title, level=level)
        area_names = list(dict.fromkeys(area.name for area in areas if area.name))
        rest = ["…"] if len(area_names) > MOST_NAMES else []
        self.title = query.plotTitle or ", ".join([title, *area_names[:MOST_NAMES], *rest])

    def _format_time(self, time: str, info: VariableInfo) -> str:
        return self.labels.time(time, TimePrecision.of(info, self.query.quantum)) if time else ""

    def _make_panels(self) -> list[MapPanel]:
        query, data, infos = self.query, self.data, _choose_fields(self.query, self.reader.variables)
        fields = [_read_plane(data.fields, info) for info in infos]
        statistics = read_statistics(data.statistics, infos) if data.statistics is not None else []
        inside = find_cells_inside(data.view, data.areas, (fields[0].shape[0], fields[0].shape[1]))
        seen = [values[inside] if np.isfinite(values[inside]).any() else values for values in fields]
        colours = choose_panel_colours(query.scale, query.colormap, self.second, infos, seen)
        panels: list[MapPanel] = []
        for number, (info, values, (scale, colormap, _)) in enumerate(zip(infos, fields, colours, strict=True)):
            label = self.labels.with_units(self.translate("Difference"), info.units) if number == DIFFERENCE else None
            fitted = scale or fit_scale(
                seen[number], choose_colours(info, colormap), zero_centered=info.zero_centered, fallback=info.scale
            )
            shading = choose_shading(self.context, info, values, scale=fitted, colormap=colormap, label=label)
            name = self._make_panel_title(infos, number) if self.second else ""
            own = statistics[number] if statistics else None
            panels.append(MapPanel(info=info, values=values, shading=shading, statistics=own, name=name))
        return panels

    def _make_panel_title(self, infos: list[VariableInfo], number: int) -> str:
        """Return time, depth and dataset, in this order: a name may be too long for a small map."""
        if number == DIFFERENCE:
            return self.translate("The first less the second")
        info = infos[number]
        time = str(self.coverage.facts.get("minus_time", "")) if number else self.reader.time
        level = self.describe_level(second=bool(number))
        name = self.labels.variable_name(info) if len(infos) == DIFFERENCE else ""
        label = self.labels.dataset_name(info)
        source = "" if infos[0].dataset_label == infos[1].dataset_label else label  # the subtitle has it
        return join_parts(name, self._format_time(time, info), level, source) or label

    def describe_level(self, *, second: bool = False) -> str:
        """Return the depth of the field, in words that follow a name; empty for a variable without depth.

        ``second``: of the second dataset of a comparison.
        """
        coverage, labels = self.coverage, self.labels
        if second:  # its level is named as one beside that of the first
            named, facts = ({item.name: item for item in coverage.coordinates}, coverage.facts)
            own, own_facts = (
                {name.removeprefix("minus_"): item for name, item in items.items() if name.startswith("minus_")}
                for items in (named, facts)
            )
            coordinates = [msgspec.structs.replace(item, name=name) for name, item in own.items()]
            coverage = msgspec.structs.replace(coverage, coordinates=coordinates, facts=own_facts)
        if coverage.facts.get("depth") == "bottom":
            return self.translate("at the bottom")
        if any(coordinate.name == "depth" for coordinate in coverage.coordinates):
            depth = CoverageReader(coverage).coordinate("depth").ravel()
            if depth.size == 1:
                return self.translate("at {depth}", depth=labels.value(float(depth[0]), "m"))
        return format_level(coverage, labels)

    def draw_panels(self) -> None:
        query, data, context, view = self.query, self.data, self.context, self.data.view
        _, bottom, _, height = get_content_box(self.figure)
        vertical = bottom * context.height, (bottom + height) * context.height
        self.figure.set_layout_engine("none")  # everything has its place
        layout = make_map_layout(query, *context.size, len(self.panels))
        rectangles, all_axes = layout.rectangles(data.grid, vertical), list[Axes]()
        for number, (rectangle, panel) in enumerate(zip(rectangles, self.panels, strict=True)):
            frame = rectangle.fit_inside(view.aspect)
            axes = maps.add_map_axes(self.figure, frame, view, context)
            left, low, right, top = view.extent
            # One image: the cells lie in the plane of the map already.
            axes.imshow(
                panel.shading.colours(panel.shading.norm(np.ma.masked_invalid(panel.values)), bytes=True),
                extent=(left, right, low, top), origin="upper", aspect="auto", interpolation="nearest",
                zorder=maps.Z_FIELD,
            )  # fmt: skip
            maps.draw_land(axes, view, context)
            maps.draw_graticule(axes, view, context)
            if query.bathymetry and context.relief is not None:
                overlays.draw_isobaths(axes, view, context.relief, context)
            if number == 0:
                self._draw_overlays(axes, layout.bottom_rectangles(vertical, frame))
            if query.showarea:
                maps.draw_outlines(axes, view, data.areas, context)
            if number == 0:
                overlays.draw_scale_bar(axes, view, panel.values, context)
            self._add_bar_and_title(axes, frame, panel)
            all_axes.append(axes)
        self._write_statistics(all_axes, layout.lines)

    def _draw_overlays(self, axes: Axes, rectangles: list[maps.Rectangle]) -> None:
        """Draw arrows and contours, and explain them below the map."""
        arrows, contours, data, free = self.query.arrows(), self.query.contours(), self.data, list(rectangles)
        if contours is not None and data.contours is not None:
            handles, label = self._draw_contours(axes, contours, data.contours)
            if contours.legend and handles:
                self._add_contour_legend(free.pop(), handles, label)
        if arrows is not None and data.arrows is not None:
            self._draw_arrows(axes, arrows, data.arrows, free[0])

    def _draw_contours(self, axes: Axes, options: ContourOptions, coverage: Coverage) -> tuple[list[Any], str]:
        """Draw contours; return the handles and the title of their legend."""
        info = CoverageReader(coverage).variables[0]
        values = _read_plane(coverage, info)
        levels = overlays.choose_levels(values, options.parse_levels())
        low, high = data_limits(values) or (0.0, 0.0)
        if not any(low <= level <= high for level in levels):
            return [], ""
        colours = None
        if options.colormap and options.colormap != "default":
            ramp = resample_colours(colormap_colours(options.colormap), max(len(levels), 2)) / 255
            colours = [tuple(colour) for colour in ramp[: len(levels)]]
        field = overlays.ContourField(values=values, levels=levels, colours=colours)
        draw_levels = overlays.draw_hatching if options.hatch else overlays.draw_contours
        return list(draw_levels(axes, self.data.view, field, self.context)), self.labels.axis_label(info)

    def _add_contour_legend(self, rectangle: maps.Rectangle, handles: list[Any], label: str) -> None:
        size = 0.9 * self.sizes.small
        widest = max(len(handle.get_label()) for handle in handles)
        columns = max(1, int(rectangle.width * 72 / size / (0.57 * widest + 4.2)))
        self.figure.legend(
            handles=handles, title=fold_text(label, rectangle.width, size, 1), loc="upper left",
            bbox_to_anchor=rectangle.fractions(self.context.size), ncols=min(columns, len(handles)), fontsize=size,
            title_fontsize=size, alignment="left", frameon=False, borderpad=0, borderaxespad=0, handlelength=2.2,
            columnspacing=1.2, labelspacing=0.3,
        )  # fmt: skip

    def _draw_arrows(self, axes: Axes, options: ArrowOptions, coverage: Coverage, rectangle: maps.Rectangle) -> None:
        """Draw arrows, and explain their colours by a bar, or their lengths by a key."""
        reader, context, size = CoverageReader(coverage), self.context, self.context.size
        east, north = (reader.field(key, "time", "y", "x")[0] for key in ("eastward", "northward"))
        info = reader.info("magnitude")
        shading = None
        if options.magnitude == "color":
            speed = np.hypot(east, north)
            high = float(np.nanmax(speed)) if np.isfinite(speed).any() else 1.0
            colormap = options.colormap if options.colormap and options.colormap != "default" else "speed"
            shading = choose_shading(context, info, speed, scale=Scale(0.0, high or 1.0), colormap=colormap)
        lengths = options.magnitude == "length"
        arrows = overlays.draw_arrows(axes, self.data.view, (east, north), lengths=lengths, shading=shading)
        if arrows is None:
            return
        if shading is not None:
            bar = maps.Rectangle(
                x=rectangle.x, y=rectangle.y + rectangle.height - 0.1, width=rectangle.width, height=0.1
            )
            bar_axes = self.figure.add_axes(bar.fractions(size))
            add_colour_bar(self.figure, axes, shading, context, vertical=False, bar_axes=bar_axes)
        elif arrows.key is not None:
            x, y, _, height = rectangle.fractions(size)
            em = self.sizes.body / 72 / context.width
            axes.quiverkey(
                arrows.quiver, x + em, y + 0.7 * height, arrows.key, self.labels.value(arrows.key, info.units),
                coordinates="figure", labelpos="E", labelsep=0.08, fontproperties={"size": self.sizes.small},
                color=INK, angle=0,
            )  # fmt: skip

    def _add_bar_and_title(self, axes: Axes, frame: maps.Rectangle, panel: MapPanel) -> None:
        """Add the colour bar along the whole side of the map, and the map's own title."""
        em, size, figure = self.sizes.body / 72, self.sizes.small, self.figure
        width = min(BAR_THICKNESS, 1.3 * em)
        bar = maps.Rectangle(x=frame.x + frame.width + 0.7 * em, y=frame.y, width=width, height=frame.height)
        bar_axes = figure.add_axes(bar.fractions(self.context.size))
        add_colour_bar(figure, axes, panel.shading, self.context, bar_axes=bar_axes)
        if panel.name:
            title = fold_text(panel.name, frame.width + 6 * em, size, 1)
            axes.set_title(title, loc="left", fontsize=size, pad=0.5 * size)

    def _write_statistics(self, all_axes: list[Axes], lines: int) -> None:
        """Write the statistics of all maps below the labels of the meridians, if all lines fit."""
        size, texts = 0.9 * self.sizes.small, list(map(self._format_statistics, self.panels))
        if lines > 1:
            texts = [_break_line(text) for text in texts]
        width = self.context.width / self.data.grid[1] - maps.LEFT * self.sizes.body / 72
        if LETTER_WIDTH * size / 72 * max(len(line) for text in texts for line in text.split("\n")) > width:
            return
        for axes, text in zip(all_axes, texts, strict=True):
            axes.annotate(
                text, (0, 0), xycoords="axes fraction", xytext=(0, -1.9 * self.sizes.body),
                textcoords="offset points", va="top", ha="left", fontsize=size, color=MUTED, annotation_clip=False,
                linespacing=maps.STATISTICS_LINE / 1.2,
            )  # fmt: skip

    def _format_statistics(self, panel: MapPanel) -> str:
        translate, labels, statistics = self.translate, self.labels, panel.statistics
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

    def make_sentences(self) -> list[str]:
        when = "" if self.second else self.when
        first = self.translate("{title}, {time}.", title=self.title, time=when) if when else f"{self.title}."
        return [first, *map(self._describe, self.panels)]

    def _describe(self, panel: MapPanel) -> str:
        """Describe the range of a map in a sentence."""
        translate, labels, statistics, name = self.translate, self.labels, panel.statistics, panel.name
        if statistics is None or not statistics.count:
            return translate("{name}: no data in the area.", name=name) if name else translate("No data in the area.")
        count = labels.number(statistics.count, 0)
        if not np.isfinite(statistics.mean):
            return translate("In the area: {count} cells", count=count) + "."
        words = {
            "low": labels.number(statistics.minimum),
            "high": labels.value(statistics.maximum, statistics.units),
            "mean": labels.value(statistics.mean, statistics.units),
            "count": count,
        }
        if name:
            return translate(
                "{name}: in the area from {low} to {high}, mean {mean} ({count} cells).", name=name, **words
            )
        return translate("In the area from {low} to {high}, mean {mean} ({count} cells).", **words)

    def make_table(self) -> Table:
        """Return a row for every cell of the model in the areas with a value."""
        translate, data, info, reader = self.translate, self.data, self.reader.variables[0], self.reader
        header = make_header(translate, self.labels.dataset_name(info), translate.attribution(info), data.time)
        header += [(translate("Area"), area.name) for area in data.areas if area.name]
        if self.second:
            name, time = self.labels.dataset_name(reader.variables[1]), self.coverage.facts.get("minus_time", "")
            parts = [name, str(time), self.describe_level(second=True)]
            header.append((translate("Compared with"), ", ".join(filter(None, parts))))
        if data.fields is None:
            infos = _choose_fields(self.query, _find_measured(reader))
            statistics = zip(read_statistics(self.coverage, infos), self._name_columns(infos), strict=True)
            return Table(header=header, columns=[], statistics=[replace(item, name=name) for item, name in statistics])
        infos = _choose_fields(self.query, reader.variables)
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
        places: dict[str, Any] = {"time": time, "latitude": latitude, "longitude": longitude, "depth": depth}
        columns = make_place_columns(translate, context=("time",), **places) + [
            Column(name=name, units=info.units, values=column, categorical=info.is_discrete)
            for name, info, column in zip(self._name_columns(infos), infos, values, strict=True)
        ]
        if data.arrows is not None:
            columns += self._make_arrow_columns(data.arrows, (latitude, longitude))
        columns = [replace(column, values=np.asarray(column.values)[finite]) for column in columns]
        return Table(header=header, columns=columns)

    def _name_columns(self, infos: list[VariableInfo]) -> list[str]:
        """Name the columns of a table: the second with its dataset, and the difference."""
        names = [self.labels.variable_name(info) for info in infos]
        if self.second is not None:
            own = [f"{names[1]} ({self.second.dataset})", self.translate("Difference")]
            names[1:] = own[: len(names) - 1]
        return names

    def _make_arrow_columns(self, arrows: Coverage, places: tuple[Floats, Floats]) -> list[Column]:
        """Return components and bearing of the arrows, which must be on the same cells."""
        reader = CoverageReader(arrows)
        if not all(map(np.array_equal, places, _flatten_places(reader))):
            raise NotSupported(
                "the arrows are on other points than the variable: a table has one or the other; leave quiver out",
                field="$.quiver",
            )
        name, units = self.translate("Arrow"), reader.info("eastward").units
        bearing = _flatten(arrows, "bearing")
        return [
            Column(name=f"{name} X", units=units, values=_flatten(arrows, "eastward")),
            Column(name=f"{name} Y", units=units, values=_flatten(arrows, "northward")),
            Column(name=self.translate("Bearing"), units="degree", values=bearing, circular=True),
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


def _find_measured(reader: CoverageReader) -> list[VariableInfo]:
    """Return the variables that statistics are of."""
    infos = {info.key: info for info in reader.variables}
    keys = [key.removesuffix("_count") for key in infos if key.endswith("_count")]
    return [msgspec.structs.replace(infos.get(f"{key}_minimum", infos[f"{key}_count"]), key=key) for key in keys]


def make_raster(query: MapQuery, data: MapData, context: DrawContext) -> Raster:
    """Return the field on the cells of the map; of a comparison, the difference."""
    infos = _choose_fields(query, CoverageReader(data.fields).variables)
    info = infos[DIFFERENCE] if len(infos) > DIFFERENCE else infos[0]
    return Raster(
        values=_read_plane(data.fields, info).astype(np.float32),
        extent=data.view.extent,
        projection=data.view.projection,
        name=context.labels.axis_label(info),
        source=context.labels.credit(*infos),
        time=data.time,
    )
