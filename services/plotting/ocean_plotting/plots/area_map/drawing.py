"""Draws maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coverage
from ocean_core.colour import Limits, figure_limits
from ocean_plotting.figure import arrows, contours, ruler
from ocean_plotting.figure import map_frame as chart
from ocean_plotting.figure.arrangement import LEFT, LINE, Room
from ocean_plotting.figure.cell_weights import inside, sizes
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.labels import units
from ocean_plotting.figure.picture import INK, MUTED, About, Picture, figure_of, folded, frame
from ocean_plotting.figure.shading import THICK, Shading, bar, shading
from ocean_plotting.palettes import colormap_colours, resample_colours
from ocean_plotting.plots.area_map.numbers import Map, Maps, plan_of
from ocean_plotting.plots.area_map.query import Arrowed, Contoured, MapQuery, levels_of
from ocean_plotting.plots.area_map.tables import level_of, listed, summed
from ocean_plotting.plots.coverage import Floats, Read
from ocean_plotting.plots.query_common import scale_of
from ocean_plotting.plots.table import Statistics

DIFFERENCE = "balance"
LETTER = 0.56  # width of a letter, in heights of its text
MOST_NAMES = 3  # of areas in a title


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One map."""

    values: Floats  # (row, column)
    shaded: Shading
    numbers: Statistics | None  # in the areas
    name: str = ""  # its own title


def draw(query: MapQuery, fetched: Maps, sheet: Sheet) -> Picture:
    """Draw the map; of a comparison both, and their difference."""
    figure, words, sizes_ = Figure(figsize=sheet.size), sheet.words, sheet.sizes
    info, panels = values_of(fetched.own.field)[0], _panels(query, fetched, sheet)
    when = words.instant(fetched.time, query.quantum or info.quantum) if fetched.time else ""
    source = info.dataset_name or info.dataset
    title = query.plotTitle or _title(query, info, fetched, sheet)
    frame(figure, title, "  ·  ".join(one for one in (source, when) if one), info.attribution or source, sizes_)
    vertical = _vertical(figure)
    plan = plan_of(query, *sheet.size)
    for number, (room, panel) in enumerate(zip(plan.rooms(fetched.grid, vertical), panels, strict=True)):
        axes = chart.begin(figure, room.inner(fetched.view.aspect), fetched.view, sheet)
        _field(axes, fetched, panel)
        chart.land(axes, fetched.view, sheet)
        chart.graticule(axes, fetched.view, sheet)
        if query.bathymetry and sheet.relief is not None:
            contours.bathymetry(axes, fetched.view, sheet.relief, sheet)
        if number == 0:
            _over(axes, query, fetched, plan.below(vertical, room.inner(fetched.view.aspect)), sheet)
        if query.showarea:
            chart.outlines(axes, fetched.view, fetched.areas, sheet)
        if number == 0:
            ruler.draw(axes, fetched.view, panel.values, sheet)
        _beside(figure, axes, room.inner(fetched.view.aspect), panel, sheet)
        _below(axes, panel, sheet, plan.lines, sheet.width / fetched.grid[1] - LEFT * sheet.sizes.body / 72)
    about = About.of(
        title=f"{title} ({source})",
        alt=_told(title, when, panels, sheet),
        source=info.attribution or source,
        dataset=info.dataset,
        revision=fetched.revisions[info.dataset],
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def values_of(coverage: Coverage) -> tuple[VariableInfo, Floats]:
    """The variable of a coverage in the plane of a map, and its values (row, column)."""
    read = Read(coverage)
    info = read.variables[0]
    return info, read.field(info.key, "time", "y", "x")[0]


def _vertical(figure: Figure) -> tuple[float, float]:
    """Where the credit ends and the title begins, inches: between them everything has its place already."""
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # noqa: S101 - `frame` has set it
    _, bottom, _, height = engine.get()["rect"]
    figure.set_layout_engine("none")
    tall = figure.get_figheight()
    return bottom * tall, (bottom + height) * tall


def _panels(query: MapQuery, fetched: Maps, sheet: Sheet) -> list[Panel]:
    info, values = values_of(fetched.own.field)
    scale, other = scale_of(query.scale, "$.scale"), query.compared()
    if other is None or fetched.other is None or fetched.less is None:
        shaded = shading(sheet, info, values, scale=scale or _scale(info, [values], fetched), colormap=query.colormap)
        return [Panel(values=values, shaded=shaded, numbers=_numbers(fetched.own))]
    theirs, second = values_of(fetched.other.field)
    both = scale_of(other.scale, "$.compare_to.scale")
    if scale is None and both is None and units(info.units) == units(theirs.units):
        scale = both = _scale(info, [values, second], fetched)
    apart, less = values_of(fetched.less)
    colormap = other.colormap_diff if other.colormap_diff not in {None, "default"} else DIFFERENCE
    names = [_dated(one.field, query, sheet) for one in (fetched.own, fetched.other)]
    label = sheet.words.measured(sheet.translate("Difference"), info.units)
    return [
        Panel(
            values=values,
            shaded=shading(sheet, info, values, scale=scale or _scale(info, [values], fetched),
                colormap=query.colormap),
            numbers=_numbers(fetched.own),
            name=names[0],
        ),
        Panel(
            values=second,
            shaded=shading(sheet, theirs, second, scale=both or _scale(theirs, [second], fetched),
                colormap=other.colormap or query.colormap),
            numbers=_numbers(fetched.other),
            name=names[1],
        ),
        Panel(
            values=less,
            shaded=shading(
                sheet, apart, less, colormap=colormap,
                scale=scale_of(other.scale_diff, "$.compare_to.scale_diff") or _scale(apart, [less], fetched),
                label=label,
            ),
            numbers=_weighed(less, fetched, label),
            name=sheet.translate("The first less the second"),
        ),
    ]  # fmt: skip


def _scale(info: VariableInfo, fields: list[Floats], fetched: Maps) -> Limits | None:
    """The scale of the values in the areas, which are what is looked at; None where there are none."""
    shape = (fields[0].shape[0], fields[0].shape[1])
    meant = inside(fetched.view, fetched.areas, shape)
    values = np.concatenate([one[meant] for one in fields])
    if info.categories or not np.isfinite(values).any():
        return None
    return figure_limits(values, zero_centered=info.zero_centered)


def _dated(coverage: Coverage, query: MapQuery, sheet: Sheet) -> str:
    """The time and the dataset, in this order: a name may be too long for a small map."""
    info, times = values_of(coverage)[0], Read(coverage).times
    when = sheet.words.instant(times[0], query.quantum or info.quantum) if times else ""
    return "  ·  ".join(one for one in (when, info.dataset_name or info.dataset) if one)


def _numbers(of: Map) -> Statistics | None:
    return summed(of.summed) if of.summed is not None else None


def _weighed(values: Floats, fetched: Maps, name: str) -> Statistics | None:
    """Statistics of what the map itself shows in the areas, by the true areas of its cells."""
    shape = (values.shape[0], values.shape[1])
    there = np.isfinite(values) & inside(fetched.view, fetched.areas, shape)
    if not there.any():
        return None
    found, weights = values[there], sizes(fetched.view, shape)[there]
    mean = float(np.average(found, weights=weights))
    return Statistics(
        name=name,
        units=values_of(fetched.own.field)[0].units,
        minimum=float(found.min()),
        maximum=float(found.max()),
        mean=mean,
        deviation=float(np.sqrt(np.average((found - mean) ** 2, weights=weights))),
    )


def _field(axes: Axes, fetched: Maps, panel: Panel) -> None:
    """The values as one image: the cells lie in the plane of the map already."""
    left, bottom, right, top = fetched.view.extent
    shaded = panel.shaded
    coloured = shaded.colours(shaded.norm(np.ma.masked_invalid(panel.values)), bytes=True)
    axes.imshow(
        coloured, extent=(left, right, bottom, top), origin="upper", aspect="auto", interpolation="nearest",
        zorder=chart.FIELD,
    )  # fmt: skip


def _over(axes: Axes, query: MapQuery, fetched: Maps, rooms: Sequence[Room], sheet: Sheet) -> None:
    """Arrows and lines of equal value, and below the map what they mean."""
    asked, lines, free = query.arrows(), query.lines(), list(rooms)
    if lines is not None and fetched.lines is not None:
        handles, label = _lines(axes, lines, fetched, sheet)
        if lines.legend and handles:
            _legend(axes, free.pop(), handles, label, sheet)
    if asked is not None and fetched.arrows is not None:
        _arrows(axes, asked, fetched, free[0], sheet)


def _lines(axes: Axes, asked: Contoured, fetched: Maps, sheet: Sheet) -> tuple[list[Any], str]:
    assert fetched.lines is not None  # noqa: S101 - the caller has looked
    info, values = values_of(fetched.lines)
    levels = contours.chosen(values, levels_of(asked))
    low, high = (np.nanmin(values), np.nanmax(values)) if np.isfinite(values).any() else (0.0, 0.0)
    if not any(low <= one <= high for one in levels):
        return [], ""
    colours = None
    if asked.colormap and asked.colormap != "default":
        ramp = resample_colours(colormap_colours(asked.colormap), max(len(levels), 2)) / 255
        colours = [tuple(one) for one in ramp[: len(levels)]]
    drawn = contours.Overlay(values=values, levels=levels, colours=colours)
    make = contours.hatched if asked.hatch else contours.overlay
    return list(make(axes, fetched.view, drawn, sheet)), sheet.words.quantity(info)


def _legend(axes: Axes, room: Room, handles: list[Any], label: str, sheet: Sheet) -> None:
    small = 0.9 * sheet.sizes.small
    widest = max(len(one.get_label()) for one in handles)
    columns = max(1, int(room.width * 72 / small / (0.57 * widest + 4.2)))
    x, y, width, height = room.of(sheet.size)
    figure_of(axes).legend(
        handles=handles, title=folded(label, room.width, small, 1), loc="upper left",
        bbox_to_anchor=(x, y, width, height), ncols=min(columns, len(handles)), fontsize=small, title_fontsize=small,
        alignment="left", frameon=False, borderpad=0, borderaxespad=0, handlelength=2.2, columnspacing=1.2,
        labelspacing=0.3,
    )  # fmt: skip


def _arrows(axes: Axes, asked: Arrowed, fetched: Maps, room: Room, sheet: Sheet) -> None:
    assert fetched.arrows is not None  # noqa: S101 - the caller has looked
    read = Read(fetched.arrows)
    east, north = (read.field(key, "time", "y", "x")[0] for key in ("eastward", "northward"))
    info = read.info("magnitude")
    size = np.hypot(east, north)
    shaded = None
    if asked.magnitude == "color":
        high = float(np.nanmax(size)) if np.isfinite(size).any() else 1.0
        shaded = shading(sheet, info, size, scale=(0.0, high or 1.0), colormap=_ramp(asked))
    made = arrows.draw(axes, fetched.view, (east, north), lengths=asked.magnitude == "length", shaded=shaded)
    if made is None:
        return
    em = sheet.sizes.body / 72
    if shaded is not None:
        thin = Room(x=room.x, y=room.y + room.height - 0.1, width=room.width, height=0.1)
        figure = figure_of(axes)
        bar(figure, axes, shaded, sheet, down=False, room=figure.add_axes(thin.of(sheet.size)))
    elif made.key is not None:
        x, y, _, height = room.of(sheet.size)
        text = sheet.words.value(made.key, info.units)
        axes.quiverkey(
            made.made, x + em / sheet.width, y + 0.7 * height, made.key, text, coordinates="figure", labelpos="E",
            labelsep=0.08, fontproperties={"size": sheet.sizes.small}, color=INK, angle=0,
        )  # fmt: skip


def _ramp(asked: Arrowed) -> str:
    return asked.colormap if asked.colormap and asked.colormap != "default" else "speed"


def _beside(figure: Figure, axes: Axes, room: Room, panel: Panel, sheet: Sheet) -> None:
    """The bar of colours, along the whole side of the map; and the map's own title."""
    em = sheet.sizes.body / 72
    slim = Room(x=room.x + room.width + 0.7 * em, y=room.y, width=min(THICK, 1.3 * em), height=room.height)
    bar(figure, axes, panel.shaded, sheet, room=figure.add_axes(slim.of(sheet.size)))
    if panel.name:
        axes.set_title(
            folded(panel.name, room.width + 6 * em, sheet.sizes.small, 1), loc="left", fontsize=sheet.sizes.small,
            pad=0.5 * sheet.sizes.small,
        )  # fmt: skip


def _below(axes: Axes, panel: Panel, sheet: Sheet, lines: int, width: float) -> None:
    """The statistics, below the labels of the meridians, if their lines fit into a width in inches."""
    text = listed(panel.numbers, panel.shaded, sheet)
    size = 0.9 * sheet.sizes.small
    if lines > 1:
        half = text.find(",  ", len(text) // 2 - 4)
        text = f"{text[: half + 1]}\n{text[half + 3 :]}" if half > 0 else text
    if LETTER * size / 72 * max(map(len, text.split("\n"))) > width:
        return
    axes.annotate(
        text, (0, 0), xycoords="axes fraction", xytext=(0, -1.9 * sheet.sizes.body), textcoords="offset points",
        va="top", ha="left", fontsize=size, color=MUTED, annotation_clip=False, linespacing=LINE / 1.2,
    )  # fmt: skip


def _title(query: MapQuery, info: VariableInfo, fetched: Maps, sheet: Sheet) -> str:
    """The variable, its depth, and the names of the areas."""
    name, level = sheet.words.name(info), level_of(query, fetched.own.field, sheet)
    what = sheet.translate("{name} {level}", name=name, level=level) if level else name
    names = list(dict.fromkeys(one.name for one in fetched.areas if one.name))
    return ", ".join([what, *names[:MOST_NAMES], *(["…"] if len(names) > MOST_NAMES else [])])


def _told(title: str, when: str, panels: list[Panel], sheet: Sheet) -> str:
    """The map in words: what, when, from where to where."""
    translate, words = sheet.translate, sheet.words
    told = [translate("{title}, {time}.", title=title, time=when) if when else f"{title}."]
    for panel in panels:
        found, name = panel.numbers, panel.name
        if found is None or not np.isfinite(found.mean):
            told.append(
                translate("{name}: no data in the area.", name=name) if name else translate("No data in the area.")
            )
            continue
        low, high = words.number(found.minimum), words.value(found.maximum, found.units)
        mean = words.value(found.mean, found.units)
        told.append(
            translate(
                "{name}: in the area from {low} to {high}, mean {mean}.", name=name, low=low, high=high, mean=mean
            )
            if name
            else translate("In the area from {low} to {high}, mean {mean}.", low=low, high=high, mean=mean)
        )
    return " ".join(told)
