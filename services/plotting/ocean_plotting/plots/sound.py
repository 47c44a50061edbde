"""Sound speed profiles, with the minimum and the sound channel."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ocean_core.seawater import SoundChannel, find_sound_channel, sea_pressure, slowest_sound
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.axes import (
    FEW_LEVELS,
    TICK_STEPS,
    NumberFormatter,
    count_fitting_ticks,
    set_depth_axis,
    set_quantity_axis,
    show_message,
)
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.layout import INK, LabelPlacer, Picture, freeze_layout
from ocean_plotting.figure.stations import StationMark, add_depth_panels, mark_stations
from ocean_plotting.plots.common.profiles import (
    StationProfileQuery,
    WaterData,
    WaterProfiles,
    describe_range,
    fetch_water,
    format_source,
    make_profile_table,
)
from ocean_plotting.plots.kind import PlotKind, Services

SPEED_UNITS = "m s-1"
FOOT = 0.3048  # m
OPPOSITE = {"top": "bottom", "bottom": "top"}
CHANNEL_COLOUR = "#d9e6f2"


class SoundQuery(StationProfileQuery, frozen=True, kw_only=True):
    """Query of sound speed profiles; their variables are found among those of the dataset."""


async def fetch(services: Services, query: SoundQuery, output: Output) -> WaterData:
    """Request the sound speed, and temperature and salinity that it is computed from."""
    return await fetch_water(services, query, output, sound=True)


def draw(query: SoundQuery, data: WaterData, context: DrawContext) -> Picture:
    """Draw every station's profile and its minimum, and the stations on a map."""
    translate, profiles = context.translate, WaterProfiles(data)
    sound, info = profiles.sound, profiles.sound.info
    has_data = [sound.at_station(number)[0].size > 0 for number in range(len(sound.places))]
    stations = mark_stations(sound.places, query.names, has_data)
    title = query.plotTitle or _make_title(stations, context)
    subtitle = format_source(info, data.time, query.quantum, context)
    figure = context.add_figure(title, subtitle, context.labels.credit(info))
    (panel,) = add_depth_panels(figure, 1, stations, context, show_map=bool(query.showmap))
    set_depth_axis(panel, sound.deepest, context, label=True, top=sound.top)
    for station in stations:
        depth, speed = sound.at_station(station.number)
        if depth.size:
            style = station.style(context.sizes, markers=len(depth) <= FEW_LEVELS)
            panel.plot(speed, depth, **style, zorder=3)
    name = translate("Sound speed")
    set_quantity_axis(panel, context.labels.with_units(name, SPEED_UNITS), None, context)
    if any(has_data):
        _add_feet_axis(panel, sound.deepest, context)
        _mark_minima(figure, panel, profiles, stations, context)
    else:
        show_message(panel, translate("no data at these stations"), context.sizes)
    sentences = [f"{title}, {subtitle}.", describe_range(name, sound.values, SPEED_UNITS, context)]
    sentences += _describe_channel(profiles, stations, context)
    return data.describe_picture(
        figure, context.labels.title(title, info), sentences, context.labels.credit(info), info.dataset
    )


def table(query: SoundQuery, data: WaterData, context: DrawContext) -> Table:
    """Return a row for every station and depth with a sound speed."""
    labels, translate, profiles = context.labels, context.translate, WaterProfiles(data)
    sound = profiles.sound
    stations, levels = np.nonzero(np.isfinite(sound.values.T))
    columns = [
        Column(
            name=labels.variable_name(profile.info), units=profile.info.units, values=profile.values[levels, stations]
        )
        for profile in profiles.temperature_and_salinity
    ]
    pressures = sea_pressure(sound.depths, np.array([latitude for latitude, _ in sound.places]))
    columns += [
        Column(name=translate("Pressure"), units="dbar", values=pressures[levels, stations]),
        Column(name=translate("Sound speed"), units=SPEED_UNITS, values=sound.values[levels, stations]),
    ]
    rows = stations, sound.depths[levels, stations]
    return make_profile_table([sound], rows, columns, context, query=query, time=data.time)


def _make_title(stations: list[StationMark], context: DrawContext) -> str:
    if len(stations) > 1:
        return context.translate("Sound speed profiles at {count} stations", count=len(stations))
    return context.translate("Sound speed profile at {station}", station=stations[0].label(context.labels))


def _describe_channel(profiles: WaterProfiles, stations: list[StationMark], context: DrawContext) -> list[str]:
    """Describe a single station's slowest sound and its channel."""
    labels = context.labels
    depth, speed = profiles.sound.at_station(stations[0].number)
    if len(stations) > 1 or not depth.size:
        return []
    sound_channel = find_sound_channel(depth, speed)
    if sound_channel is None:
        slowest_depth, slowest = slowest_sound(depth, speed)
        return [
            context.translate(
                "It is slowest at {depth}: {speed}; there is no sound channel.",
                depth=labels.value(slowest_depth, "m", 0),
                speed=labels.value(slowest, SPEED_UNITS, 1),
            )
        ]
    return [
        context.translate(
            "Sound channel from {top} to {bottom}, its axis at {depth}: {speed}.",
            top=labels.value(sound_channel.top, "m", 0),
            bottom=labels.value(sound_channel.bottom, "m", 0),
            depth=labels.value(sound_channel.axis, "m", 0),
            speed=labels.value(sound_channel.slowest, SPEED_UNITS, 1),
        )
    ]


def _add_feet_axis(panel: Axes, deepest: float, context: DrawContext) -> None:
    """Draw depth in feet on the right, as sonars have it."""
    sizes = context.sizes
    if deepest <= 0 or context.width < 5:
        return
    right = panel.secondary_yaxis("right", functions=(partial(np.multiply, 1 / FOOT), partial(np.multiply, FOOT)))
    right.set_ylabel(context.translate("Depth (ft)"), fontsize=sizes.body)
    right.yaxis.set_major_locator(MaxNLocator(nbins=count_fitting_ticks(panel, 1, sizes), steps=TICK_STEPS))
    right.yaxis.set_major_formatter(NumberFormatter(context.labels))
    right.tick_params(labelsize=sizes.small, length=3)


def _mark_minima(
    figure: Figure, panel: Axes, profiles: WaterProfiles, stations: list[StationMark], context: DrawContext
) -> None:
    """Mark the minima of sound speed, and shade the channel of a single station."""
    labels, sizes = context.labels, context.sizes
    columns = {station.number: profiles.sound.at_station(station.number) for station in stations if station.data}
    sound_channel = find_sound_channel(*columns[stations[0].number]) if len(stations) == 1 else None
    if sound_channel:
        panel.axhspan(sound_channel.top, sound_channel.bottom, color=CHANNEL_COLOUR, linewidth=0, zorder=0)
        panel.axhline(sound_channel.axis, color=stations[0].colour, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
    freeze_layout(figure)
    placer = LabelPlacer(panel)
    for depth, speed in columns.values():
        placer.keep_clear(speed, depth, 0.5 * sizes.marker, line=True)
    if sound_channel:
        _label_channel(panel, placer, sound_channel, context)
    for station in stations:
        if station.data:
            slowest_depth, slowest = slowest_sound(*columns[station.number])
            edge: dict[str, Any] = {"color": "white", "markeredgecolor": station.colour, "markersize": sizes.dot}
            panel.plot(slowest, slowest_depth, "o", **edge, zorder=4)
            if not sound_channel:
                alone, style = len(stations) == 1, {"fontsize": sizes.small, "color": INK, "zorder": 5}
                text = labels.value(slowest, SPEED_UNITS, 1) if alone else labels.value(slowest_depth, "m", 0)
                placer.label_point((slowest, slowest_depth), text, 1.3 * sizes.dot, **style)


def _label_channel(panel: Axes, placer: LabelPlacer, sound_channel: SoundChannel, context: DrawContext) -> None:
    """Write the depths of a channel on its lines, first that of its axis."""
    translate, labels, (left, right) = context.translate, context.labels, panel.get_xlim()
    axis, top, bottom = (
        labels.value(depth, "m", 0) for depth in (sound_channel.axis, sound_channel.top, sound_channel.bottom)
    )
    speed = labels.value(sound_channel.slowest, SPEED_UNITS, 1)
    texts = [
        (sound_channel.axis, "bottom", translate("channel axis {depth}, {speed}", depth=axis, speed=speed)),
        (sound_channel.top, "top", translate("top of the channel {depth}", depth=top)),
        (sound_channel.bottom, "bottom", translate("bottom of the channel {depth}", depth=bottom)),
    ]
    for depth, side, text in texts:
        line = np.array([[left, depth], [right, depth]])
        style = {"fontsize": 0.9 * context.sizes.small, "color": INK, "zorder": 2.5}
        if not placer.label_line(line, text, va=side, **style):
            placer.label_line(line, text, va=OPPOSITE[side], **style)


KIND = PlotKind(
    name="sound",
    summary="Sound speed over depth at stations, with the sound channel",
    example={"dataset": "arctic_day", "station": [[72.0, 15.0]]},
    query=SoundQuery,
    fetch=fetch,
    draw=draw,
    table=table,
)
