"""Sound speed profiles, with the minimum and the sound channel."""

from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ocean_core.seawater import SoundChannel, find_sound_channel, sea_pressure, slowest_sound
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure.layout import INK, LabelPlacer, freeze_layout
from ocean_plotting.plots.common.profiles import Profile, StationProfileQuery, WaterData, WaterPlot, fetch_water
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


class SoundPlot(WaterPlot[SoundQuery]):
    """Profile of every station with its minimum; of a single one, the sound channel."""

    def prepare(self) -> None:
        self.profiles = [self.sound]
        super().prepare()
        # Depths and speeds by the numbers of stations, those with data.
        self.columns = {mark.number: self.sound.at_station(mark.number) for mark in self.stations if mark.data}
        is_single = len(self.stations) == 1
        self.channel = find_sound_channel(*self.columns[0]) if is_single and self.columns else None
        self.speed_name = self.translate("Sound speed")
        self.title = self.query.plotTitle or (
            self.translate("Sound speed profile at {station}", station=self.stations[0].label(self.labels))
            if is_single
            else self.translate("Sound speed profiles at {count} stations", count=len(self.stations))
        )

    def format_depth(self, metres: float) -> str:
        return self.labels.value(metres, "m", 0)

    def format_speed(self, speed: float) -> str:
        return self.labels.value(speed, SPEED_UNITS, 1)

    def draw_panels(self) -> None:
        (panel,) = self.add_panels(1)
        axis.set_depth_axis(panel, self.sound.deepest, self.context, top=self.sound.top)
        for number, (depth, speed) in self.columns.items():
            self.draw_line(panel, self.stations[number], speed, depth, zorder=3)
        axis.set_quantity_axis(panel, self.labels.with_units(self.speed_name, SPEED_UNITS), None, self.context)
        if self.columns:
            self._add_feet_axis(panel)
            self._mark_minima(panel)
        else:
            axis.show_message(panel, self.translate("no data at these stations"), self.sizes)

    def make_sentences(self) -> list[str]:
        sentences = [f"{self.title}, {self.subtitle}."]
        sentences.append(self.describe_range(self.speed_name, self.sound.values, SPEED_UNITS))
        if self.channel is not None:
            ends = {"top": self.channel.top, "bottom": self.channel.bottom, "depth": self.channel.axis}
            depths, speed = dict(zip(ends, map(self.format_depth, ends.values()), strict=True)), self.channel.slowest
            words = depths | {"speed": self.format_speed(speed)}
            sentences.append(
                self.translate("Sound channel from {top} to {bottom}, its axis at {depth}: {speed}.", **words)
            )
        elif len(self.stations) == 1 and self.columns:
            depth, speed = slowest_sound(*self.columns[0])
            words = {"depth": self.format_depth(depth), "speed": self.format_speed(speed)}
            sentences.append(self.translate("It is slowest at {depth}: {speed}; there is no sound channel.", **words))
        return sentences

    def make_table(self) -> Table:
        """Return a row for every station and depth with a sound speed."""
        sound, keys = self.sound, (self.data.temperature, self.data.salinity)
        stations, levels = np.nonzero(np.isfinite(sound.values.T))
        columns = self.make_columns([Profile(self.data.coverage, key) for key in keys if key], levels, stations)
        pressures = sea_pressure(sound.depths, np.array([latitude for latitude, _ in sound.places]))[levels, stations]
        speeds = sound.values[levels, stations]
        columns.append(Column(name=self.translate("Pressure"), units="dbar", values=pressures))
        columns.append(Column(name=self.speed_name, units=SPEED_UNITS, values=speeds))
        return self.fill_table(stations, sound.depths[levels, stations], columns)

    def _add_feet_axis(self, panel: Axes) -> None:
        """Draw depth in feet on the right, as sonars have it."""
        if self.sound.deepest <= 0 or self.context.width < 5:
            return
        right = panel.secondary_yaxis("right", functions=(partial(np.multiply, 1 / FOOT), partial(np.multiply, FOOT)))
        right.set_ylabel(self.translate("Depth (ft)"), fontsize=self.sizes.body)
        right.yaxis.set_major_locator(
            MaxNLocator(nbins=axis.count_fitting_ticks(panel, 1, self.sizes), steps=axis.TICK_STEPS)
        )
        right.yaxis.set_major_formatter(axis.NumberFormatter(self.labels))
        right.tick_params(labelsize=self.sizes.small, length=3)

    def _mark_minima(self, panel: Axes) -> None:
        """Mark the minima of sound speed, and shade the channel of a single station."""
        sizes, channel = self.sizes, self.channel
        if channel:
            panel.axhspan(channel.top, channel.bottom, color=CHANNEL_COLOUR, linewidth=0, zorder=0)
            colour = self.stations[0].colour
            panel.axhline(channel.axis, color=colour, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
        freeze_layout(self.figure)
        placer = LabelPlacer(panel)
        for depth, speed in self.columns.values():
            placer.keep_clear(speed, depth, 0.5 * sizes.marker, line=True)
        if channel:
            self._label_channel(panel, placer, channel)
        for number, column in self.columns.items():
            slowest_depth, slowest = slowest_sound(*column)
            edge: dict[str, Any] = {"markeredgecolor": self.stations[number].colour, "markersize": sizes.dot}
            panel.plot(slowest, slowest_depth, "o", color="white", **edge, zorder=4)
            if not channel:
                text = self.format_speed(slowest) if len(self.stations) == 1 else self.format_depth(slowest_depth)
                style = {"fontsize": sizes.small, "color": INK, "zorder": 5}
                placer.label_point((slowest, slowest_depth), text, 1.3 * sizes.dot, **style)

    def _label_channel(self, panel: Axes, placer: LabelPlacer, channel: SoundChannel) -> None:
        """Write the depths of a channel on its lines, first that of its axis."""
        translate, (left, right) = self.translate, panel.get_xlim()
        middle, top, bottom = map(self.format_depth, (channel.axis, channel.top, channel.bottom))
        speed = self.format_speed(channel.slowest)
        texts = [
            (channel.axis, "bottom", translate("channel axis {depth}, {speed}", depth=middle, speed=speed)),
            (channel.top, "top", translate("top of the channel {depth}", depth=top)),
            (channel.bottom, "bottom", translate("bottom of the channel {depth}", depth=bottom)),
        ]
        for depth, side, text in texts:
            line = np.array([[left, depth], [right, depth]])
            style = {"fontsize": 0.9 * self.sizes.small, "color": INK, "zorder": 2.5}
            if not placer.label_line(line, text, va=side, **style):
                placer.label_line(line, text, va=OPPOSITE[side], **style)


KIND = PlotKind(
    name="sound",
    summary="Sound speed over depth at stations, with the sound channel",
    example={"dataset": "arctic_day", "station": [[72.0, 15.0]]},
    query=SoundQuery,
    fetch=fetch,
    plot=SoundPlot,
)
