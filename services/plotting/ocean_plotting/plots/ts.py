"""T–S diagrams: temperature over salinity at stations, with lines of equal potential density."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from msgspec.structs import replace

from ocean_core.seawater import CELSIUS, SeaWater, to_celsius
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.axes import FEW_LEVELS, TICK_STEPS, set_quantity_axis, show_message
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import typeset_units
from ocean_plotting.figure.layout import INK, MUTED, LabelPlacer, Picture, freeze_layout
from ocean_plotting.figure.legends import Shading, add_colour_bar
from ocean_plotting.figure.stations import StationMark, add_depth_panels, mark_stations
from ocean_plotting.palettes import colormap_colours
from ocean_plotting.plots.common.coverage import Floats
from ocean_plotting.plots.common.profiles import (
    StationProfileQuery,
    WaterData,
    WaterProfiles,
    describe_profile,
    describe_range,
    fetch_water,
    format_source,
    join_credits,
    make_profile_table,
)
from ocean_plotting.plots.kind import PlotKind

DENSITY_UNITS = "kg m-3"
DENSITY_POINTS = 60  # along each side of the panel
ISOPYCNALS = 9  # lines, about
MARGIN = 0.08  # of the range of values
NARROWEST = (0.1, 0.5)  # range of salinity and of temperature across the panel
MOST_DEPTHS, DEPTH_SPACING = 12, 26.0  # labels at most, and their distance in points
ISOPYCNAL_COLOUR, FREEZING_COLOUR = "#8a98a5", "#3a7fc1"
LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.6}


class TsQuery(StationProfileQuery, frozen=True, kw_only=True):
    """Query of a T–S diagram; its variables are found among those of the dataset."""


def draw(query: TsQuery, data: WaterData, context: DrawContext) -> Picture:
    """Draw every station's water, and the stations on a map."""
    translate, profiles = context.translate, WaterProfiles(data)
    salinity, temperature = _plotted_values(profiles)
    infos = [profiles.temperature.info, profiles.salinity.info]
    has_data = [bool(station.any()) for station in np.isfinite(salinity + temperature).T]
    stations = mark_stations(profiles.temperature.places, query.names, has_data)
    title, credit = query.plotTitle or _make_title(stations, context), join_credits(infos, context.labels)
    source = format_source(infos[0], data.time, query.quantum, context)
    subtitle = translate(
        "{source}, with lines of equal potential density less 1000 {units}",
        source=source,
        units=typeset_units(DENSITY_UNITS),
    )
    figure = context.add_figure(title, subtitle, credit)
    (panel,) = add_depth_panels(figure, 1, stations, context, show_map=bool(query.showmap))
    _draw_stations(figure, panel, profiles, stations, context)
    salinity_label = context.labels.axis_label(infos[1])
    set_quantity_axis(panel, salinity_label, _choose_limits(salinity, NARROWEST[0]), context)
    limits = _choose_limits(temperature, NARROWEST[1])
    set_quantity_axis(panel, _temperature_label(profiles, context), limits, context, vertical=True)
    if np.isfinite(salinity + temperature).any():
        _label_panel(figure, panel, profiles, stations, context)
    else:
        show_message(panel, translate("no data at these stations"), context.sizes)
    celsius_values = to_celsius(profiles.temperature.values, infos[0].units)
    sentences = [
        f"{title}, {source}.",
        describe_range(context.labels.variable_name(infos[0]), celsius_values, CELSIUS, context),
        describe_profile(profiles.salinity, context),
        describe_range(
            translate("Potential density anomaly"), profiles.water.potential_density_anomaly, DENSITY_UNITS, context
        ),
    ]
    return data.describe_picture(figure, context.labels.title(title, infos[0]), sentences, credit, infos[0].dataset)


def table(query: TsQuery, data: WaterData, context: DrawContext) -> Table:
    """Return a row for every station and depth with a value."""
    labels, profiles = context.labels, WaterProfiles(data)
    temperature, salinity, density = profiles.temperature, profiles.salinity, profiles.water.potential_density_anomaly
    stations, levels = np.nonzero((np.isfinite(temperature.values) | np.isfinite(salinity.values)).T)
    columns = [
        Column(
            name=labels.variable_name(profile.info), units=profile.info.units, values=profile.values[levels, stations]
        )
        for profile in (salinity, temperature)
    ]
    name = context.translate("Potential density anomaly")
    columns.append(Column(name=name, units=DENSITY_UNITS, values=density[levels, stations]))
    rows = stations, temperature.depths[levels, stations]
    return make_profile_table([temperature, salinity], rows, columns, context, query=query, time=data.time)


def _make_title(stations: list[StationMark], context: DrawContext) -> str:
    if len(stations) > 1:
        return context.translate("T–S diagram of {count} stations", count=len(stations))
    return context.translate("T–S diagram at {station}", station=stations[0].label(context.labels))


def _plotted_values(profiles: WaterProfiles) -> tuple[Floats, Floats]:
    """Return salinity and temperature of the kinds that density is computed from, at all depths."""
    water = profiles.water
    return water.salinity, water.conservative_temperature if water.temperature_kind == "in situ" else water.temperature


def _temperature_label(profiles: WaterProfiles, context: DrawContext) -> str:
    if profiles.water.temperature_kind == "in situ":
        return context.labels.with_units(context.translate("Conservative temperature"), CELSIUS)
    return context.labels.axis_label(replace(profiles.temperature.info, units=CELSIUS))


def _choose_limits(values: Floats, narrowest: float) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    margin = max(MARGIN * (high - low), (narrowest - (high - low)) / 2)
    return low - margin, high + margin


def _draw_stations(
    figure: Figure, panel: Axes, profiles: WaterProfiles, stations: list[StationMark], context: DrawContext
) -> None:
    """Draw a line for each station; of a single one, its depths in colour."""
    x, y = _plotted_values(profiles)
    sizes, depths = context.sizes, profiles.temperature.depths
    if len(stations) > 1:
        for station in stations:
            finite = np.isfinite(x[:, station.number] + y[:, station.number])
            if finite.any():
                style = station.style(sizes, markers=finite.sum() <= FEW_LEVELS)
                panel.plot(x[finite, station.number], y[finite, station.number], **style, zorder=3)
        return
    finite = np.isfinite(x[:, 0] + y[:, 0])
    if not finite.any():
        return
    depth = depths[finite, 0]
    # Most levels, and most of what differs, lie in the first few hundred metres.
    norm = PowerNorm(0.5, vmin=0.0, vmax=max(float(depth.max()), 1.0))
    colours = ListedColormap(colormap_colours("deep") / 255)
    panel.plot(x[finite, 0], y[finite, 0], color=MUTED, linewidth=0.6 * sizes.line, zorder=2.5)
    panel.scatter(
        x[finite, 0], y[finite, 0], c=depth, cmap=colours, norm=norm, s=(1.9 * sizes.marker) ** 2, edgecolors=INK,
        linewidths=0.5, zorder=3,
    )  # fmt: skip
    shading = Shading(colours=colours, norm=norm, label=context.translate("Depth (m)"))
    add_colour_bar(figure, panel, shading, context).ax.invert_yaxis()


def _label_panel(
    figure: Figure, panel: Axes, profiles: WaterProfiles, stations: list[StationMark], context: DrawContext
) -> None:
    """Label lines of equal density, and the depths of a single station; no label covers another."""
    x, y = _plotted_values(profiles)
    freeze_layout(figure)
    placer = LabelPlacer(panel)
    for station in stations:
        number = station.number
        placer.keep_clear(x[:, number], y[:, number], 0.6 * context.sizes.marker, line=True)
        placer.keep_clear(x[:, number], y[:, number], context.sizes.marker)
    if len(stations) == 1:
        _label_depths(placer, profiles, context)
    _draw_isopycnals(panel, placer, profiles.water, context)


def _label_depths(placer: LabelPlacer, profiles: WaterProfiles, context: DrawContext) -> None:
    """Write depths beside points far from each other: the first, the last, then always the farthest."""
    x, y = (values[:, 0] for values in _plotted_values(profiles))
    depths = profiles.temperature.depths[:, 0]
    finite = np.flatnonzero(np.isfinite(x + y))
    positions = placer.to_points(x[finite], y[finite])
    distance, point = np.full(len(finite), np.inf), 0
    for count in range(min(MOST_DEPTHS, len(finite))):
        level = finite[point]
        placer.label_point(
            (x[level], y[level]), context.labels.value(float(depths[level]), "m", 0), 1.9 * context.sizes.marker,
            fontsize=0.9 * context.sizes.small, color=INK, zorder=4,
        )  # fmt: skip
        distance = np.minimum(distance, np.hypot(*(positions - positions[point]).T))
        point = len(finite) - 1 if count == 0 else int(distance.argmax())
        if distance[point] < DEPTH_SPACING:
            return


def _draw_isopycnals(panel: Axes, placer: LabelPlacer, water: SeaWater, context: DrawContext) -> None:
    """Draw lines of equal potential density, and the freezing point, for water in the middle of the stations."""
    west, east = panel.get_xlim()
    south, north = panel.get_ylim()
    salinity, temperature = np.meshgrid(
        np.linspace(max(west, 0.0), east, DENSITY_POINTS), np.linspace(south, north, DENSITY_POINTS)
    )
    surface = SeaWater(
        temperature=temperature,
        salinity=salinity,
        depth=np.zeros(1),
        latitude=np.median(water.latitude, keepdims=True),
        longitude=water.longitude[:1],
        temperature_kind="conservative" if water.temperature_kind == "in situ" else water.temperature_kind,
        salinity_kind=water.salinity_kind,
    )
    size = 0.85 * context.sizes.small
    density = surface.potential_density_anomaly
    levels = MaxNLocator(nbins=ISOPYCNALS, steps=TICK_STEPS).tick_values(density.min(), density.max())
    digits = max(0, -math.floor(math.log10(levels[1] - levels[0]) + 1e-9))
    contours = panel.contour(
        salinity, temperature, density, levels=levels, colors=ISOPYCNAL_COLOUR, linewidths=0.7, zorder=1.5
    )
    for level, segments in zip(contours.levels, contours.allsegs, strict=True):
        for line in (segment for segment in segments if len(segment) > 1):
            text = context.labels.number(float(level), digits)
            placer.label_line(line, text, fontsize=size, color=MUTED, bbox=LABEL_BOX, zorder=1.6)
    freezing = surface.freezing_temperature[0]
    visible = (freezing > south) & (freezing < north)
    if visible.sum() > 1:
        line = np.column_stack([salinity[0][visible], freezing[visible]])
        panel.plot(*line.T, color=FREEZING_COLOUR, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5)
        text = context.translate("freezing point")
        placer.label_line(line, text, fontsize=size, color=FREEZING_COLOUR, bbox=LABEL_BOX, zorder=1.6)


KIND = PlotKind(
    name="ts",
    summary="Temperature over salinity at stations, with lines of equal density",
    example={"dataset": "arctic_day", "station": [[70.0, 0.0]]},
    query=TsQuery,
    fetch=fetch_water,
    draw=draw,
    table=table,
)
