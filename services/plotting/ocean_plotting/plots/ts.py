"""T–S diagrams: temperature over salinity at stations, with lines of equal potential density."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.ticker import MaxNLocator
from msgspec.structs import replace

from ocean_core.seawater import CELSIUS, SeaWater, to_celsius
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.axes import TICK_STEPS, set_quantity_axis, show_message
from ocean_plotting.figure.labels import typeset_units
from ocean_plotting.figure.layout import INK, MUTED, LabelPlacer, freeze_layout
from ocean_plotting.figure.legends import Shading, add_colour_bar
from ocean_plotting.palettes import colormap_colours
from ocean_plotting.plots.common.coverage import Floats
from ocean_plotting.plots.common.profiles import StationProfileQuery, WaterPlot, fetch_water
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


def _choose_limits(values: Floats, narrowest: float) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = float(finite.min()), float(finite.max())
    margin = max(MARGIN * (high - low), (narrowest - (high - low)) / 2)
    return low - margin, high + margin


class TsPlot(WaterPlot[TsQuery]):
    """Temperature over salinity: a line for each station; of a single one, its depths in colour."""

    def prepare(self) -> None:
        self.profiles, water = [self.temperature, self.salinity], self.water
        self.is_in_situ = water.temperature_kind == "in situ"
        # Salinity and temperature of the kinds that density is computed from, at all depths.
        self.values = water.salinity, water.conservative_temperature if self.is_in_situ else water.temperature
        self.finite = np.isfinite(self.values[0] + self.values[1])
        super().prepare()
        self.facts, units, count = self.subtitle, typeset_units(DENSITY_UNITS), len(self.stations)
        self.subtitle = self.translate(
            "{source}, with lines of equal potential density less 1000 {units}", source=self.facts, units=units
        )
        self.title = self.query.plotTitle or (
            self.translate("T–S diagram of {count} stations", count=count)
            if count > 1
            else self.translate("T–S diagram at {station}", station=self.stations[0].label(self.labels))
        )
        self.density_name = self.translate("Potential density anomaly")

    def has_data(self, station: int) -> bool:
        return bool(self.finite[:, station].any())

    def draw_panels(self) -> None:
        (panel,) = self.add_panels(1)
        if len(self.stations) > 1:
            for station, finite, x, y in zip(
                self.stations, self.finite.T, *(values.T for values in self.values), strict=True
            ):
                self.draw_line(panel, station, x[finite], y[finite], zorder=3)
        elif self.finite.any():
            self._draw_depths(panel)
        salinity, temperature = self.values
        set_quantity_axis(
            panel, self.labels.axis_label(self.salinity.info), _choose_limits(salinity, NARROWEST[0]), self.context
        )
        limits = _choose_limits(temperature, NARROWEST[1])
        label = self.labels.axis_label(replace(self.temperature.info, units=CELSIUS))
        if self.is_in_situ:
            label = self.labels.with_units(self.translate("Conservative temperature"), CELSIUS)
        set_quantity_axis(panel, label, limits, self.context, vertical=True)
        if self.finite.any():
            self._label_panel(panel)
        else:
            show_message(panel, self.translate("no data at these stations"), self.sizes)

    def make_sentences(self) -> list[str]:
        celsius_values = to_celsius(self.temperature.values, self.temperature.info.units)
        return [
            f"{self.title}, {self.facts}.",
            self.describe_range(self.labels.variable_name(self.temperature.info), celsius_values, CELSIUS),
            self.describe_profile(self.salinity),
            self.describe_range(self.density_name, self.water.potential_density_anomaly, DENSITY_UNITS),
        ]

    def make_table(self) -> Table:
        """Return a row for every station and depth with a value."""
        has_value = np.isfinite(self.temperature.values) | np.isfinite(self.salinity.values)
        stations, levels = np.nonzero(has_value.T)
        columns = self.make_columns([self.salinity, self.temperature], levels, stations)
        density = self.water.potential_density_anomaly[levels, stations]
        columns.append(Column(name=self.density_name, units=DENSITY_UNITS, values=density))
        return self.fill_table(stations, self.temperature.depths[levels, stations], columns)

    def _draw_depths(self, panel: Axes) -> None:
        finite = self.finite[:, 0]
        x, y = (values[finite, 0] for values in self.values)
        depth = self.temperature.depths[finite, 0]
        # Most levels, and most of what differs, lie in the first few hundred metres.
        norm = PowerNorm(0.5, vmin=0.0, vmax=max(float(depth.max()), 1.0))
        colours = ListedColormap(colormap_colours("deep") / 255)
        panel.plot(x, y, color=MUTED, linewidth=0.6 * self.sizes.line, zorder=2.5)
        panel.scatter(
            x, y, c=depth, cmap=colours, norm=norm, s=(1.9 * self.sizes.marker) ** 2, edgecolors=INK, linewidths=0.5,
            zorder=3,
        )  # fmt: skip
        shading = Shading(colours=colours, norm=norm, label=self.translate("Depth (m)"))
        add_colour_bar(self.figure, panel, shading, self.context).ax.invert_yaxis()

    def _label_panel(self, panel: Axes) -> None:
        """Label lines of equal density, and the depths of a single station; no label covers another."""
        freeze_layout(self.figure)
        placer = LabelPlacer(panel)
        for x, y in zip(*(values.T for values in self.values), strict=True):
            placer.keep_clear(x, y, 0.6 * self.sizes.marker, line=True)
            placer.keep_clear(x, y, self.sizes.marker)
        if len(self.stations) == 1:
            self._label_depths(placer)
        self._draw_isopycnals(panel, placer)

    def _label_depths(self, placer: LabelPlacer) -> None:
        """Write depths beside points far from each other: the first, the last, then always the farthest."""
        finite = np.flatnonzero(self.finite[:, 0])
        x, y = (values[finite, 0] for values in self.values)
        depths, positions = self.temperature.depths[finite, 0], placer.to_points(x, y)
        distance, point = np.full(len(finite), np.inf), 0
        style = {"fontsize": 0.9 * self.sizes.small, "color": INK, "zorder": 4}
        for count in range(min(MOST_DEPTHS, len(finite))):
            text = self.labels.value(float(depths[point]), "m", 0)
            placer.label_point((x[point], y[point]), text, 1.9 * self.sizes.marker, **style)
            distance = np.minimum(distance, np.hypot(*(positions - positions[point]).T))
            point = len(finite) - 1 if count == 0 else int(distance.argmax())
            if distance[point] < DEPTH_SPACING:
                return

    def _draw_isopycnals(self, panel: Axes, placer: LabelPlacer) -> None:
        """Draw lines of equal potential density, and the freezing point, for water in the middle of the stations."""
        water, (west, east), (south, north) = self.water, panel.get_xlim(), panel.get_ylim()
        salinity, temperature = np.meshgrid(
            np.linspace(max(west, 0.0), east, DENSITY_POINTS), np.linspace(south, north, DENSITY_POINTS)
        )
        surface = SeaWater(
            temperature=temperature,
            salinity=salinity,
            depth=np.zeros(1),
            latitude=np.median(water.latitude, keepdims=True),
            longitude=water.longitude[:1],
            temperature_kind="conservative" if self.is_in_situ else water.temperature_kind,
            salinity_kind=water.salinity_kind,
        )
        density = surface.potential_density_anomaly
        style: dict[str, Any] = {"fontsize": 0.85 * self.sizes.small, "bbox": LABEL_BOX, "zorder": 1.6}
        levels = MaxNLocator(nbins=ISOPYCNALS, steps=TICK_STEPS).tick_values(density.min(), density.max())
        digits = max(0, -math.floor(math.log10(levels[1] - levels[0]) + 1e-9))
        contours = panel.contour(
            salinity, temperature, density, levels=levels, colors=ISOPYCNAL_COLOUR, linewidths=0.7, zorder=1.5
        )
        for level, segments in zip(contours.levels, contours.allsegs, strict=True):
            for line in (segment for segment in segments if len(segment) > 1):
                placer.label_line(line, self.labels.number(float(level), digits), color=MUTED, **style)
        freezing = surface.freezing_temperature[0]
        visible = (freezing > south) & (freezing < north)
        if visible.sum() > 1:
            line = np.column_stack([salinity[0][visible], freezing[visible]])
            panel.plot(*line.T, color=FREEZING_COLOUR, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5)
            placer.label_line(line, self.translate("freezing point"), color=FREEZING_COLOUR, **style)


KIND = PlotKind(
    name="ts",
    summary="Temperature over salinity at stations, with lines of equal density",
    example={"dataset": "arctic_day", "station": [[70.0, 0.0]]},
    query=TsQuery,
    fetch=fetch_water,
    plot=TsPlot,
)
