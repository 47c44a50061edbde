"""Stick plots: a vector through time as arrows from a line, at stations and depths. North is up."""

from dataclasses import dataclass, replace
from typing import Annotated, Any

import msgspec
import numpy as np
from matplotlib.axes import Axes

from ocean_core.errors import InvalidRequest
from ocean_plotting.export.output import Output
from ocean_plotting.export.table import Column, Role, Table, make_value_column
from ocean_plotting.figure.axes import show_message, style_ticks
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts
from ocean_plotting.figure.layout import INK, MUTED, axes_inches
from ocean_plotting.figure.map_overlays import round_down
from ocean_plotting.figure.stations import StationMark, add_panel_title
from ocean_plotting.figure.time_axis import label_time_axis, seconds_to_days
from ocean_plotting.plots.common import mooring_series
from ocean_plotting.plots.common.coverage import Floats, format_level
from ocean_plotting.plots.common.query import check_count, parse_stations
from ocean_plotting.plots.kind import PlotKind, Services

MOST_DEPTHS = 24
COLUMN_ORDER: tuple[Role, ...] = ("time", "station", "latitude", "longitude", "depth")

STICKS_PER_INCH = 30  # more are no longer told apart
FEW_STICKS = 80  # that have heads
STILL = 1e-12  # of any unit: smaller vectors have no length, and their inverse may be infinite
MOST_REACH = 0.92  # of the distance of two rows, that sticks towards each other take
WIDEST = 0.2  # of a panel's width, that a stick takes
EDGE = 0.12  # of a row's height, above and below all
LETTER_WIDTH = 0.5  # in heights of the text
KEY_HEIGHT = 2.0  # of the strip for the key, in heights of the text


class StickQuery(mooring_series.StationTimeQuery, frozen=True, kw_only=True):
    """Query of a stick plot."""

    depth: Annotated[
        int | str | list[int | str],
        msgspec.Meta(
            description="index of a depth level, bottom, mean, all, or a list of these", examples=[[0, 5, "bottom"]]
        ),
    ] = 0

    def depth_texts(self) -> list[str]:
        """Return the requested depths, each once."""
        depths = self.depth if isinstance(self.depth, list) else [self.depth]
        if not 1 <= len(depths) <= MOST_DEPTHS:
            raise InvalidRequest(
                "depth has {value_count} levels; it can have 1 to {limit}",
                value_count=len(depths),
                limit=MOST_DEPTHS,
                field="$.depth",
            )
        return list(dict.fromkeys(str(depth).strip() for depth in depths))


@dataclass(frozen=True, kw_only=True)
class StickScale:
    """Scale of vectors, the same in all panels, so that they can be compared."""

    scale: float  # rows that a vector of length one takes
    top: float  # of the panels, in rows; the first row is at 0, the next at -1
    bottom: float
    key: float  # height of the strip for the key, in rows
    edge: float  # part of a panel's width that sticks need before the first and after the last instant
    row: float  # inches


async def fetch(services: Services, query: StickQuery, _: Output) -> mooring_series.MooringData:
    """Request the vector at all stations and depths."""
    parse_stations(query.station)
    query.variable_keys(2)
    data = await mooring_series.fetch_series(services, query, query.depth_texts(), vectors=True)
    levels = sum(coverage.dims.get("depth", 1) for coverage in data.coverages)
    check_count(
        "these are {count} depths, and at most {limit} are drawn; name some of them, as [0, 5, 10]",
        levels,
        MOST_DEPTHS,
        "$.depth",
    )
    return data


def choose_stick_scale(east: Floats, north: Floats, panel: tuple[float, float], context: DrawContext) -> StickScale:
    """Choose the scale at which no stick crosses one of another row.

    Parameters
    ----------
    east, north : ndarray, shape (time, row, station)
    panel
        Width and height, inches.
    """
    width, height = panel
    number = east.shape[1]
    up, down = (np.nan_to_num(values).max(axis=0, initial=0.0) for values in (north, -north))  # (row, station)
    towards = float((down[:-1] + up[1:]).max(initial=0.0))
    highest, lowest, fastest = float(up[0].max()), float(down[-1].max()), _greatest(np.hypot(east, north))
    strip = KEY_HEIGHT * context.sizes.small / 72
    limits = [(MOST_REACH, towards), (1.0, highest + lowest), (WIDEST * width * number / height, fastest)]
    scale = min((available / size for available, size in limits if size > STILL), default=1.0)
    top, bottom = scale * highest + EDGE, 1.0 - number - scale * lowest - EDGE
    margin = max(0.0, number - (top - bottom)) / 2  # sticks that lie along the line would be too long
    top, bottom = top + margin, bottom - margin
    row_height = max(height - strip, 0.1) / (top - bottom)
    return StickScale(
        scale=scale,
        top=top,
        bottom=bottom,
        key=strip / row_height,
        edge=scale * _greatest(np.abs(east)) * row_height / width,
        row=row_height,
    )


def _greatest(values: Floats) -> float:
    """Return the greatest value; 0 where there is none, or none above."""
    return float(np.nan_to_num(values).max(initial=0.0))


class StickPlot(mooring_series.MooringPlot[StickQuery]):
    """A panel for each station, and in it a line for each depth."""

    def prepare(self) -> None:
        super().prepare()
        self.rows = [  # series, requested depth, and level of each line
            (series, depth, level)
            for series, depth in zip(self.all_series, self.query.depth_texts(), strict=True)
            for level in np.flatnonzero(np.isfinite(series.values).any(axis=(0, 2))).tolist() or [0]
        ]
        self.row_labels = [[self._label_row(*row, mark.number) for row in self.rows] for mark in self.stations]
        self.add_panels(len(self.stations), row_labels=self.row_labels[0])
        steps, (width, _) = len(self.series.seconds), axes_inches(self.layout.panels[0])
        self.count = -(-steps // max(10, int(STICKS_PER_INCH * width)))  # time steps whose mean a stick is
        is_single = len(self.rows) == 1 and len(self.stations) == 1
        self.facts = [*filter(None, self.row_labels[0] if is_single else []), self.span]
        if self.count > 1:
            self.notes.insert(0, self.translate("means of {count} time steps", count=self.count))
        title = self.translate("{name} and direction at {where}", name=self.quantity, where=self.where)
        self.title = self.query.plotTitle or title
        self.subtitle = join_parts(self.labels.dataset_name(self.data.info), *self.facts, *self.notes)

    def _label_row(self, series: mooring_series.MooringSeries, depth: str, level: int, station: int) -> str:
        depths = series.depths[:, level, station]
        finite = depths[np.isfinite(depths)]
        if depth == "mean":
            return self.translate("mean over the water column")
        if depth == "bottom" and not finite.size:
            return self.translate("bottom")
        if not finite.size:
            return format_level(series.reader.coverage, self.labels, alone=True)
        metres = self.labels.value(float(finite.mean()), "m")
        return self.translate("bottom, {depth}", depth=metres) if depth == "bottom" else metres

    def draw_panels(self) -> None:
        panels, most = self.layout.panels, -(-len(self.series.seconds) // self.count)
        days = seconds_to_days(mooring_series.average_neighbours(self.series.seconds, most))
        vectors = np.stack(  # (component, time, row, station)
            [
                mooring_series.average_neighbours(
                    np.stack([series.parts[part][:, level] for series, _, level in self.rows], axis=1), most
                )
                for part in ("eastward", "northward")
            ]
        )
        east, north = vectors[..., : len(panels)]
        scale = choose_stick_scale(east, north, axes_inches(panels[0]), self.context)
        for station, panel in zip(self.stations, panels, strict=False):
            if len(self.stations) > 1:
                add_panel_title(panel, station, self.context)
            self._draw_panel(panel, days, vectors[..., station.number], scale, station)
        if (fastest := _greatest(np.hypot(east, north))) > 0:
            self._draw_key(panels[0], round_down(0.75 * fastest), scale)
        for number, panel in enumerate(panels):
            units = self.series.reader.time_units
            label_time_axis(panel, self.series.seconds, self.precision, self.context, units=units)
            panel.tick_params(labelbottom=self.layout.is_lowest(number))
            if not self.layout.is_lowest(number):
                panel.set_xlabel("")
        self.draw_stations()

    def _draw_panel(self, panel: Axes, days: Floats, vectors: Floats, scale: StickScale, station: StationMark) -> None:
        """Draw vectors (component, time, row), rows from above, with lines that sticks begin at."""
        margin = (float(days[-1] - days[0]) or 1.0) * max(scale.edge / (1 - 2 * scale.edge), 0.02)
        panel.set(xlim=(float(days[0]) - margin, float(days[-1]) + margin), ylim=(scale.bottom, scale.top + scale.key))
        if not station.data:
            show_message(panel, self.translate("no data at this station"), self.sizes)
            return
        positions = [-row for row in range(len(self.rows))]
        panel.grid(visible=False, axis="y")
        panel.set_yticks(positions, self.row_labels[station.number])
        style_ticks(panel, self.context)
        panel.tick_params(axis="y", length=0)
        panel.hlines(positions, *panel.get_xlim(), color=MUTED, linewidth=0.6, zorder=1)
        style = self._make_style(scale, heads=len(days) <= FEW_STICKS)
        for position, east, north in zip(positions, *np.moveaxis(vectors, -1, 1), strict=True):
            finite = np.isfinite(east) & np.isfinite(north)
            if not finite.any():
                panel.text(
                    0.5, position, self.translate("no data at this depth"), transform=panel.get_yaxis_transform(),
                    ha="center", va="center", fontsize=self.sizes.small, color=MUTED,
                    backgroundcolor=panel.get_facecolor(),
                )  # fmt: skip
                continue
            heights = np.full(finite.sum(), float(position))
            panel.quiver(days[finite], heights, east[finite], north[finite], color=station.colour, **style)

    def _draw_key(self, panel: Axes, size: float, scale: StickScale) -> None:
        """Draw a stick of a round length, in the corner above all rows."""
        speed, width, small = self.labels.value(size, self.data.info.units), axes_inches(panel)[0], self.sizes.small
        text, letter = self.translate("{speed}; north is up", speed=speed), LETTER_WIDTH * small / 72
        if (len(text) + 4) * letter + size * scale.scale * scale.row > width:
            text = speed
        low, high = panel.get_xlim()
        middle = scale.top + 0.5 * scale.key
        tip = high - (len(text) + 1.5) * letter / width * (high - low)
        panel.quiver([tip], [middle], [size], [0.0], color=INK, pivot="tip", **self._make_style(scale, heads=True))
        panel.text(high, middle, text, ha="right", va="center", fontsize=small)

    def _make_style(self, scale: StickScale, *, heads: bool) -> dict[str, Any]:
        shape = {} if heads else {"headwidth": 0, "headlength": 0, "headaxislength": 0}
        return {
            "angles": "uv", "scale_units": "y", "scale": 1 / scale.scale, "units": "inches",
            "width": 0.9 * self.sizes.line / 72, "zorder": 3, **shape,
        }  # fmt: skip

    def make_sentences(self) -> list[str]:
        """Describe the strongest vector with place and time, and the mean of all."""
        labels, name, units = self.labels, self.quantity, self.data.info.units
        sentences = [self.translate("{title}, {time}.", title=self.title, time=", ".join(self.facts))]
        with_data = [series for series in self.all_series if any(series.has_data)]
        if not with_data:
            return [*sentences, self.translate("{name}: no data at these stations.", name=name)]
        strongest = max(with_data, key=lambda series: float(np.nanmax(series.values)))
        index = np.unravel_index(np.nanargmax(strongest.values), strongest.values.shape)
        east, north = (
            float(np.nanmean(np.concatenate([series.parts[part].ravel() for series in with_data])))
            for part in ("eastward", "northward")
        )
        return [
            *sentences,
            self.translate(
                "{name}: strongest {speed} towards {direction} ({where}).",
                name=name,
                speed=labels.value(float(strongest.values[index]), units),
                direction=f"{labels.number(float(strongest.parts['bearing'][index]), 0)}°",
                where=self.locate(strongest, index, with_depth=True),
            ),
            self.translate(
                "The mean of all is {speed} towards {direction}.",
                speed=labels.value(float(np.hypot(east, north)), units),
                direction=f"{labels.number(float(np.degrees(np.arctan2(east, north))) % 360.0, 0)}°",
            ),
        ]

    def make_table(self) -> Table:
        """Return a row for every station, depth and time."""
        parts = list(map(self._make_columns, self.all_series))
        fewest = min(parts, key=len)  # a depth column only where every level has one
        columns = [
            replace(column, values=np.concatenate([part[name].values for part in parts]))
            for name, column in fewest.items()
        ]
        header = [*self.make_header(), (self.translate("Variable"), self.labels.axis_label(self.data.info))]
        return Table(header=header, columns=columns)

    def _make_columns(self, series: mooring_series.MooringSeries) -> dict[str, Column]:
        """Return columns by their names."""
        rows = series.row_index()
        places = sorted(self.make_place_columns(series, rows), key=lambda column: COLUMN_ORDER.index(column.role))
        columns = [replace(column, context=False) for column in places]
        parts = {part: (series.reader.info(part), values) for part, values in series.parts.items()}
        parts["magnitude"] = self.data.info, series.values
        for part in mooring_series.VECTOR_PARTS:
            info, values = parts[part]
            columns.append(make_value_column(self.labels, info, values[rows], circular=part == "bearing"))
        return {column.name: column for column in columns}


KIND = PlotKind(
    name="stick",
    summary="Vectors through time at stations and depths, as arrows",
    example={
        "dataset": "arctic_day",
        "variable": "x_velocity,y_velocity",
        "station": [[73.0, 20.0]],
        "depth": [0, 5, 8],
    },
    query=StickQuery,
    fetch=fetch,
    plot=StickPlot,
)
