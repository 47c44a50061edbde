"""Draws tracks: panels through time beside a map on which colour is time; and puts them in a table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import numpy as np
from babel.dates import format_date
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec

from ocean_core.geometry import wrap_longitude
from ocean_core.time import format_times
from ocean_plotting.export.table import Column, Table
from ocean_plotting.figure.axes import set_quantity_axis
from ocean_plotting.figure.context import DrawContext
from ocean_plotting.figure.labels import join_parts, shorten
from ocean_plotting.figure.layout import (
    INK,
    LINE_COLOURS,
    MUTED,
    Picture,
    PictureInfo,
    Sizes,
    add_titles,
    axes_inches,
)
from ocean_plotting.figure.locator import add_map_over_list, draw_locator_map, project_points
from ocean_plotting.figure.stations import ComparedSeries, DottedStation, add_comparison_legend, has_side_column
from ocean_plotting.figure.time_axis import DAY, label_time_axis, seconds_to_days
from ocean_plotting.palettes import colormap_colours
from ocean_plotting.plots.common.comparison import describe_observed_and_modelled, format_credit
from ocean_plotting.plots.common.coverage import Floats, to_array
from ocean_plotting.plots.track.query import TrackData, TrackQuery
from ocean_plotting.plots.track.trajectories import (
    Trajectory,
    TrajectoryQuantity,
    match_quantities,
    measure_length,
)

FEW_STEPS = 60  # that are marked one by one
GAP = 8  # usual steps without a position, after which the line is broken
NARROWEST = 120.0  # km from the middle of the map to its edge, at least
OUTLINE_POINTS = 60  # of a trajectory, that decide what the map shows
TIME_COLORMAP = "salinity"  # from dark to light
PANELS_HEIGHT, LEAST_PANEL = 0.62, 6.5  # of the height of the figure; and of a panel, in heights of its text
MAP_WIDTH = 0.42  # of the width of the panels
MAP_LABELS = 0.85  # size of the labels of the map, in those of the panels
LONG_SPAN = 90 * DAY  # s, from which on a trajectory's first and last time are written as months
AXIS_QUANTA = {"week": "day", "day": "day", "month": "month", "year": "year"}


@dataclass(frozen=True, kw_only=True)
class TrackLine(ComparedSeries):
    """A line of a colour of its own."""

    colour: str = INK
    dashed: bool = False

    def style(self, station: DottedStation, sizes: Sizes, values: int = FEW_STEPS + 1) -> dict[str, Any]:  # noqa: ARG002
        """Return its style."""
        return {
            "color": self.colour,
            "linestyle": (0, (4, 1.6)) if self.dashed else "-",
            "linewidth": sizes.line,
            "marker": "o" if values <= FEW_STEPS and not self.dashed else None,
            "markersize": sizes.marker,
        }


@dataclass(frozen=True, kw_only=True)
class TrackPanels:
    """Contents of a figure of tracks."""

    trajectories: list[Trajectory]
    quantities: list[TrajectoryQuantity]
    model: str  # its name
    show_positions: bool
    show_map: bool
    quantum: str

    @property
    def single(self) -> bool:
        """True for a single trajectory: colours stand for measurement and model."""
        return len(self.trajectories) == 1

    def line(self, number: int, *, modelled: bool = False) -> TrackLine:
        """Return the line of a trajectory."""
        if self.single:
            return TrackLine(role="model", label="", colour=LINE_COLOURS[1] if modelled else INK)
        return TrackLine(role="model", label="", colour=LINE_COLOURS[number % len(LINE_COLOURS)], dashed=modelled)


def draw(query: TrackQuery, data: TrackData, context: DrawContext) -> Picture:
    """Draw a panel for each quantity through time, and beside them the map."""
    figure, translate, trajectories = Figure(figsize=context.size), context.translate, data.trajectories
    notes = _make_notes(data, context)
    quantities = [
        quantity for quantity in match_quantities(trajectories) if quantity.is_measured or quantity.is_modelled
    ]
    title = query.plotTitle or _make_title(trajectories, quantities, context)
    when, credit = _format_times(trajectories, query, context), _make_credit(query, data, context)
    add_titles(figure, title, join_parts(when, *notes), credit, context.sizes)
    panels = TrackPanels(
        trajectories=trajectories,
        quantities=quantities,
        model=_name_model(query, data),
        show_positions=bool(query.latlon) or not quantities,
        show_map=bool(query.showmap),
        quantum=query.track_quantum or "hour",
    )
    _draw_panels(figure, panels, context)
    sentences = [translate("{title}, {time}.", title=title, time=when)]
    sentences += [_describe_trajectory(trajectory, context) for trajectory in trajectories]
    sentences += [_describe_quantity(quantity, context) for quantity in quantities] + [f"{note}." for note in notes]
    info = PictureInfo(
        title=title,
        alt=" ".join(sentences),
        source=credit,
        dataset=query.dataset if trajectories[0].modelled else "",
        revision=data.revisions.get(query.dataset, ""),
        time=data.time,
    )
    return Picture(figure=figure, info=info)


def _draw_panels(figure: Figure, panels: TrackPanels, context: DrawContext) -> None:
    """Draw the panels one below the other, and beside them the map."""
    _add_legend(figure, panels, context)
    painters: list[Callable[[Axes], None]] = []
    most = int(PANELS_HEIGHT * 72 * context.height / (LEAST_PANEL * context.sizes.small))
    if panels.show_positions and (2 + len(panels.quantities) <= most or not panels.quantities):
        painters += [
            partial(_draw_coordinate, panels=panels, context=context, is_longitude=flag) for flag in (False, True)
        ]
    painters += [
        partial(_draw_quantity, quantity=quantity, panels=panels, context=context) for quantity in panels.quantities
    ]
    side = panels.show_map and has_side_column(context)
    grid = figure.add_gridspec(len(painters), 1 + side, width_ratios=[1.0, MAP_WIDTH] if side else [1.0])
    all_axes: list[Axes] = []
    seconds = np.unique(np.concatenate([to_array(trajectory.seconds) for trajectory in panels.trajectories]))
    begin, end = seconds_to_days(seconds[[0, -1]]).tolist()
    margin = 0.02 * (end - begin) or 0.5
    for row, paint in enumerate(painters):
        axes = figure.add_subplot(grid[row, 0], sharex=all_axes[0] if all_axes else None)
        paint(axes)
        axes.set_xlim(begin - margin, end + margin)
        all_axes.append(axes)
    label_time_axis(all_axes[-1], seconds, AXIS_QUANTA.get(panels.quantum), context)
    for axes in all_axes[:-1]:
        axes.tick_params(labelbottom=False)
    if side:
        _draw_map(figure, grid[:, 1], panels, context)


def _add_legend(figure: Figure, panels: TrackPanels, context: DrawContext) -> None:
    lines: list[TrackLine] = []
    measured = any(quantity.is_measured for quantity in panels.quantities)
    modelled = any(quantity.is_modelled for quantity in panels.quantities)
    if panels.single:
        observed_colour, model_colour = panels.line(0).colour, panels.line(0, modelled=True).colour
    else:
        lines += [
            TrackLine(role="model", label=trajectory.name, colour=panels.line(number).colour)
            for number, trajectory in enumerate(panels.trajectories)
        ]
        observed_colour = model_colour = MUTED
    if measured and modelled:
        lines.append(TrackLine(role="model", label=context.translate("Observed"), colour=observed_colour))
    if modelled:
        lines.append(TrackLine(role="model", label=panels.model, colour=model_colour, dashed=not panels.single))
    if lines:
        add_comparison_legend(figure, lines, context, alone=True)


def _draw_coordinate(axes: Axes, panels: TrackPanels, context: DrawContext, *, is_longitude: bool) -> None:
    """Draw latitude or longitude through time."""
    translate, labels = context.translate, context.labels
    for number, trajectory in enumerate(panels.trajectories):
        degrees = to_array(trajectory.longitude if is_longitude else trajectory.latitude)
        _draw_line(axes, trajectory, degrees, panels.line(number), context.sizes)
    _set_title(axes, translate("Longitude") if is_longitude else translate("Latitude"), "", "", context)
    low, high = axes.get_ylim()
    digits = 0 if high - low > 8 else 1 if high - low > 0.8 else 2
    format_degrees = labels.longitude if is_longitude else labels.latitude
    axes.yaxis.set_major_formatter(lambda value, _: format_degrees(value, digits))


def _draw_quantity(axes: Axes, quantity: TrajectoryQuantity, panels: TrackPanels, context: DrawContext) -> None:
    """Draw measurements and model values through time."""
    labels, agreement = context.labels, quantity.agreement
    for number, trajectory in enumerate(panels.trajectories):
        for values, modelled in ((quantity.measured[number], False), (quantity.modelled[number], True)):
            if values.size:
                _draw_line(axes, trajectory, values, panels.line(number, modelled=modelled), context.sizes)
    text = ""
    if agreement is not None:
        error = labels.value(agreement.error, quantity.units, 2)
        bias = labels.number(agreement.bias, 2)
        text = context.translate("model: bias {bias}, RMSE {error}", bias=bias, error=error)
    _set_title(axes, labels.quantity_name(quantity.name), quantity.units, text, context)


def _set_title(axes: Axes, name: str, units: str, agreement: str, context: DrawContext) -> None:
    """Label a panel above it, since the axis of a low one has no room, and write the agreement on the right."""
    labels, sizes = context.labels, context.sizes
    set_quantity_axis(axes, "", None, context, vertical=True)
    letters = int(axes_inches(axes)[0] * 72 / (0.58 * sizes.body))
    rest = len(labels.with_units("", units)) + (len(agreement) + 2 if letters >= len(agreement) + 30 else 0)
    title = labels.with_units(shorten(name, max(letters - rest, 10)), units)
    axes.set_title(title, loc="left", fontsize=sizes.body, pad=3)
    if rest > len(agreement):
        axes.set_title(agreement, loc="right", fontsize=sizes.small, color=MUTED, pad=3)


def _draw_line(axes: Axes, trajectory: Trajectory, values: Floats, line: TrackLine, sizes: Sizes) -> None:
    """Draw a line that is broken where the platform was not seen for long."""
    days, finite = seconds_to_days(to_array(trajectory.seconds)), np.isfinite(values)
    days, values = days[finite], values[finite]
    steps = np.diff(days)
    if steps.size:
        breaks = np.flatnonzero(steps > GAP * np.median(steps)) + 1
        days, values = np.insert(days, breaks, np.nan), np.insert(values, breaks, np.nan)
    station = DottedStation(place=(0, 0), name=None, number=0, data=True)
    axes.plot(days, values, **line.style(station, sizes, len(values)))


def _draw_map(figure: Figure, area: SubplotSpec, panels: TrackPanels, context: DrawContext) -> None:
    """Draw the trajectories, coloured by time, each from an open to a full dot."""
    sizes = context.sizes
    tracks = [trajectory.positions() for trajectory in panels.trajectories]
    outline = [point for track in tracks for point in track[:: max(1, len(track) // OUTLINE_POINTS)] + track[-1:]]
    width = area.get_position(figure).width * context.width
    axes, _, _ = add_map_over_list(figure, area, outline, narrowest=NARROWEST, most=0.75, anchor="N")
    draw_locator_map(axes, outline, context, NARROWEST)
    instants = [to_array(trajectory.seconds) for trajectory in panels.trajectories]
    norm = Normalize(min(float(seconds[0]) for seconds in instants), max(float(seconds[-1]) for seconds in instants))
    colours = ListedColormap(colormap_colours(TIME_COLORMAP) / 255)
    for number, (track, seconds) in enumerate(zip(tracks, instants, strict=True)):
        points = project_points(track, outline)
        segments = np.stack([points[:-1], points[1:]], axis=1)
        short = np.hypot(*(points[1:] - points[:-1]).T) < 0.5 * np.ptp(axes.get_xlim())  # not once round the world
        segments, middles = segments[short], (seconds[1:] + seconds[:-1])[short] / 2
        axes.add_collection(LineCollection(list(segments), colors=INK, linewidths=1.9 * sizes.line, zorder=3))
        axes.add_collection(
            LineCollection(
                list(segments), array=middles, cmap=colours, norm=norm, linewidths=1.3 * sizes.line, zorder=4
            )
        )
        colour = panels.line(number).colour
        for point, fill in ((points[0], "white"), (points[-1], colour)):
            axes.plot(*point, "o", color=fill, markeredgecolor=colour, markersize=sizes.dot, zorder=5)
    if norm.vmin != norm.vmax:
        _add_time_bar(figure, axes, ScalarMappable(norm, colours), width, context)


def _add_time_bar(figure: Figure, axes: Axes, colours: ScalarMappable, width: float, context: DrawContext) -> None:
    """Explain the colours of times below the map, by the first and the last day; ``width``: of the column, inches."""
    small = context.sizes.small
    aspect = np.ptp(axes.get_xlim()) / np.ptp(axes.get_ylim())
    letter = small / 72 / max(width, 0.5) * aspect  # of the map's height
    bar = figure.colorbar(colours, cax=axes.inset_axes((0.0, -3.1 * letter, 1.0, letter)), orientation="horizontal")
    bar.outline.set_visible(False)
    low, high = colours.get_clim()
    letters = 0.72 * width * 72 / (0.55 * MAP_LABELS * small) - 2
    patterns = ("d MMM y", "LLL y" if high - low > LONG_SPAN else "d MMM")
    language = context.labels.language
    candidates = (
        [format_date(datetime.fromtimestamp(instant, UTC), pattern, language) for instant in (low, high)]
        for pattern in patterns
    )
    texts = next((pair for pair in candidates if sum(map(len, pair)) <= letters), ["", ""])
    bar.set_ticks([low, high], labels=texts)
    bar.ax.tick_params(labelsize=MAP_LABELS * small, length=2)
    first, last = bar.ax.get_xticklabels()
    first.set_horizontalalignment("left")
    last.set_horizontalalignment("right")


def _name_model(query: TrackQuery, data: TrackData) -> str:
    names = [values.variable.dataset_name for trajectory in data.trajectories for values in trajectory.modelled]
    return next(filter(None, names), query.dataset)


def _make_credit(query: TrackQuery, data: TrackData, context: DrawContext) -> str:
    model = ""
    if data.trajectories[0].modelled:
        attributions = (
            values.variable.attribution for trajectory in data.trajectories for values in trajectory.modelled
        )
        model = next(filter(None, attributions), _name_model(query, data))
    return format_credit((trajectory.attribution for trajectory in data.trajectories), model, context)


def _make_title(trajectories: list[Trajectory], quantities: list[TrajectoryQuantity], context: DrawContext) -> str:
    translate, labels = context.translate, context.labels
    platforms = labels.join_names([shorten(trajectory.name, 40) for trajectory in trajectories[:3]])
    if len(trajectories) > 3:
        platforms = translate("{count} platforms", count=len(trajectories))
    if not quantities:
        return translate("Track of {platforms}", platforms=platforms)
    names = labels.join_quantities([labels.quantity_name(quantity.name) for quantity in quantities])
    return translate("{names} along the track of {platforms}", names=names, platforms=platforms)


def _format_times(trajectories: list[Trajectory], query: TrackQuery, context: DrawContext) -> str:
    first = min(to_array(trajectory.seconds)[0] for trajectory in trajectories)
    last = max(to_array(trajectory.seconds)[-1] for trajectory in trajectories)
    begin, end = format_times(np.array([first, last]))
    return context.labels.time_span(begin, end, "day" if last - first > 2 * DAY else query.quantum)


def _make_notes(data: TrackData, context: DrawContext) -> list[str]:
    """Note places and times without values of the model."""
    translate = context.translate
    modelled = [values for trajectory in data.trajectories for values in trajectory.modelled]
    if not modelled:
        return []
    model = next(values.variable.dataset_name or values.variable.dataset for values in modelled)
    if all(values.outside == "time" for values in modelled):
        return [translate("{model} has no values at these times", model=model)]
    if all(values.outside == "grid" for values in modelled):
        return [translate("{model} has no values at these places", model=model)]
    steps = sum(to_array(trajectory.seconds).size * len(trajectory.modelled) for trajectory in data.trajectories)
    count = sum(int(np.isfinite(to_array(values.values)).sum()) for values in modelled if values.values is not None)
    if count == 0:
        return [translate("{model} has no values here", model=model)]
    if count < steps:
        share = context.labels.number(100 * count / steps, 0)
        return [translate("{model} has values on {share} % of the way", model=model, share=share)]
    return []


def _describe_trajectory(trajectory: Trajectory, context: DrawContext) -> str:
    """Describe the ends and the length of a trajectory."""
    labels, positions = context.labels, trajectory.positions()
    length = measure_length(to_array(trajectory.latitude), to_array(trajectory.longitude))
    return context.translate(
        "{platform} went from {begin} to {end}, at least {distance}.",
        platform=trajectory.name,
        begin=labels.position(positions[0]),
        end=labels.position(positions[-1]),
        distance=labels.value(length, "km", 0),
    )


def _describe_quantity(quantity: TrajectoryQuantity, context: DrawContext) -> str:
    """Describe the ranges of a quantity, and how well the model agrees."""
    labels, agreement = context.labels, quantity.agreement
    measured, modelled = np.concatenate(quantity.measured), np.concatenate(quantity.modelled)
    name = labels.quantity_name(quantity.name)
    sentences = describe_observed_and_modelled(name, measured, modelled, quantity.units, context)
    if agreement is not None:
        error = labels.value(agreement.error, quantity.units, 2)
        bias = labels.number(agreement.bias, 2)
        sentences.append(context.translate("Model: bias {bias}, RMSE {error}.", bias=bias, error=error))
    return " ".join(sentences)


def table(query: TrackQuery, data: TrackData, context: DrawContext) -> Table:
    """Return a row for every step of every trajectory."""
    translate, trajectories, quantities = context.translate, data.trajectories, match_quantities(data.trajectories)
    lengths = [to_array(trajectory.seconds).size for trajectory in trajectories]

    def join(parts: list[Floats]) -> Floats:
        filled = [part if part.size else np.full(length, np.nan) for part, length in zip(parts, lengths, strict=True)]
        return np.concatenate(filled)

    names = [trajectory.name for trajectory, length in zip(trajectories, lengths, strict=True) for _ in range(length)]
    times = [time for trajectory in trajectories for time in format_times(to_array(trajectory.seconds))]
    latitude = join([to_array(trajectory.latitude) for trajectory in trajectories])
    longitude = wrap_longitude(join([to_array(trajectory.longitude) for trajectory in trajectories]))
    columns = [
        Column(name=translate("Platform"), role="station", values=names, context=len(trajectories) == 1),
        Column(name=translate("Time"), role="time", values=times),
        Column(name=translate("Latitude"), role="latitude", values=latitude),
        Column(name=translate("Longitude"), role="longitude", values=longitude),
    ]
    for quantity in quantities:
        name, units = context.labels.quantity_name(quantity.name), quantity.units
        if quantity.is_measured:
            columns.append(
                Column(name=translate("Buoy {name}", name=name), units=units, values=join(quantity.measured))
            )
        if quantity.variable is not None:
            columns.append(
                Column(name=translate("Model {name}", name=name), units=units, values=join(quantity.modelled))
            )
    header = [
        (translate("Platform"), ", ".join(trajectory.name for trajectory in trajectories)),
        (translate("Dataset"), _name_model(query, data)),
        (translate("Attribution"), _make_credit(query, data, context)),
        (translate("Timestamp"), _format_times(trajectories, query, context)),
        *((translate("Note"), note) for note in _make_notes(data, context)),
    ]
    return Table(header=header, columns=columns)
