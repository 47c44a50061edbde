"""Profiles of the speed of sound, with its minimum and the channel about it."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ocean_core.seawater import SoundChannel, find_sound_channel, sea_pressure, slowest_sound
from ocean_plotting.figure import axes as axis
from ocean_plotting.figure import over_depth
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.label_placement import Room, settle
from ocean_plotting.figure.picture import INK, About, Picture, frame
from ocean_plotting.figure.stations import Marked
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.over_depth import OverDepth, credits_of, header, source, table_columns, told_range
from ocean_plotting.plots.table import Column, Rows, Table
from ocean_plotting.plots.water import Casts, Columns, fetch_water

SPEED = "m s-1"
FOOT = 0.3048  # m
OTHER_SIDE = {"top": "bottom", "bottom": "top"}
CHANNEL = "#d9e6f2"


class SoundQuery(OverDepth, frozen=True, kw_only=True):
    """What sound speed profiles are asked for; their variables are found among those of the dataset."""


Query = SoundQuery


async def fetch(near: Neighbours, query: Query) -> Casts:
    """Ask for the speed of sound, and for the temperature and salinity that it comes from."""
    return await fetch_water(near, query, sound=True)


def draw(query: Query, fetched: Casts, sheet: Sheet) -> Picture:
    """Draw every station's profile, where sound is slowest, and where the stations are."""
    figure, translate, columns = Figure(figsize=sheet.size), sheet.translate, Columns(fetched)
    info, known = columns.sound.info, [columns.sound.at(one)[0].size > 0 for one in range(len(columns.sound.places))]
    marked = over_depth.mark(columns.sound.places, query.names, known)
    title, subtitle = query.plotTitle or _title(marked, sheet), source(info, fetched.time, query.quantum, sheet)
    frame(figure, title, subtitle, info.attribution or info.dataset_name, sheet.sizes)
    (panel,) = over_depth.panels(figure, 1, marked, sheet, chart=bool(query.showmap))
    axis.depth_down(panel, columns.sound.deepest, sheet, named=True)
    for one in marked:
        depth, speed = columns.sound.at(one.number)
        if depth.size:
            style = one.style(sheet.sizes, markers=len(depth) <= axis.FEW_LEVELS)
            panel.plot(speed, depth, **style, zorder=3)
    axis.quantity(panel, sheet.words.measured(translate("Sound speed"), SPEED), None, sheet)
    if any(known):
        _in_feet(panel, columns.sound.deepest, sheet)
        _minima(figure, panel, columns, marked, sheet)
    else:
        axis.nothing(panel, translate("no data at these stations"), sheet.sizes)
    words = [f"{title}, {subtitle}.", told_range(translate("Sound speed"), columns.sound.values, SPEED, sheet)]
    about = About.of(
        title=f"{title} ({info.dataset_name or info.dataset})",
        alt=" ".join([*words, *_told(columns, marked, sheet)]),
        source=credits_of([info]),
        dataset=info.dataset,
        revision=fetched.revisions[info.dataset],
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def table(query: Query, fetched: Casts, sheet: Sheet) -> Table:
    """Put every station and depth at which sound has a speed in a row."""
    translate, words, columns, rows, stations = sheet.translate, sheet.words, Columns(fetched), Rows(), list[int]()
    sound, parts = columns.sound, columns.known
    pressures = sea_pressure(sound.depths, np.array([latitude for latitude, _ in sound.places]))
    for station, place in enumerate(sound.places):
        there = np.isfinite(sound.values[:, station])
        arrays = [sound.depths, *(one.values for one in parts), pressures, sound.values]
        values = (one[there, station].tolist() for one in arrays)
        rows.rows += [(*place, *row) for row in zip(*values, strict=True)]
        stations += [station] * int(there.sum())
    names = [(words.name(one.info), one.info.units) for one in parts]
    names += [(translate("Pressure"), "dbar"), (translate("Sound speed"), SPEED)]
    return Table(
        header=header([sound.info], fetched.time, sheet),
        columns=[
            *table_columns(query, rows, stations, fetched.time, sheet),
            *(Column(name=name, units=units, values=rows.column(3 + at)) for at, (name, units) in enumerate(names)),
        ],
    )


def _title(marked: list[Marked], sheet: Sheet) -> str:
    translate = sheet.translate
    if len(marked) > 1:
        return translate("Sound speed profiles at {count} stations", count=len(marked))
    return translate("Sound speed profile at {station}", station=marked[0].label(sheet.words))


def _told(columns: Columns, marked: list[Marked], sheet: Sheet) -> list[str]:
    """Where a lone station's sound is slowest, and what holds it."""
    translate, words = sheet.translate, sheet.words
    depth, speed = columns.sound.at(marked[0].number)
    if len(marked) > 1 or not depth.size:
        return []
    found = find_sound_channel(depth, speed)
    if found is None:
        where, slowest = slowest_sound(depth, speed)
        return [
            translate(
                "It is slowest at {depth}: {speed}; there is no sound channel.",
                depth=words.value(where, "m", 0),
                speed=words.value(slowest, SPEED, 1),
            )
        ]
    return [
        translate(
            "Sound channel from {top} to {bottom}, its axis at {depth}: {speed}.",
            top=words.value(found.top, "m", 0),
            bottom=words.value(found.bottom, "m", 0),
            depth=words.value(found.axis, "m", 0),
            speed=words.value(found.slowest, SPEED, 1),
        )
    ]


def _in_feet(panel: Axes, deepest: float, sheet: Sheet) -> None:
    """Depth in feet on the right, as sonars have it."""
    translate, sizes = sheet.translate, sheet.sizes
    if deepest <= 0 or sheet.width < 5:
        return
    right = panel.secondary_yaxis("right", functions=(partial(np.multiply, 1 / FOOT), partial(np.multiply, FOOT)))
    right.set_ylabel(translate("Depth (ft)"), fontsize=sizes.body)
    right.yaxis.set_major_locator(MaxNLocator(nbins=axis.fitting(panel, 1, sizes), steps=axis.STEPS))
    right.yaxis.set_major_formatter(axis.Numbers(sheet.words))
    right.tick_params(labelsize=sizes.small, length=3)


def _minima(figure: Figure, panel: Axes, columns: Columns, marked: list[Marked], sheet: Sheet) -> None:
    """Mark where sound is slowest; the channel of a lone station is shaded."""
    words, sizes = sheet.words, sheet.sizes
    profiles = {one.number: columns.sound.at(one.number) for one in marked if one.data}
    found = find_sound_channel(*profiles[marked[0].number]) if len(marked) == 1 else None
    if found:
        panel.axhspan(found.top, found.bottom, color=CHANNEL, linewidth=0, zorder=0)
        panel.axhline(found.axis, color=marked[0].colour, linewidth=0.9, linestyle=(0, (4, 2)), zorder=2)
    settle(figure)
    room = Room(panel)
    for depth, speed in profiles.values():
        room.keep_clear(speed, depth, 0.5 * sizes.marker, line=True)
    if found:
        _channel(panel, room, found, sheet)
    for one in marked:
        if one.data:
            where, slowest = slowest_sound(*profiles[one.number])
            panel.plot(slowest, where, "o", color="white", markeredgecolor=one.colour, markersize=sizes.dot, zorder=4)
            if not found:
                text = words.value(slowest, SPEED, 1) if len(marked) == 1 else words.value(where, "m", 0)
                room.beside((slowest, where), text, 1.3 * sizes.dot, fontsize=sizes.small, color=INK, zorder=5)


def _channel(panel: Axes, room: Room, found: SoundChannel, sheet: Sheet) -> None:
    """Write the depths of a channel on its lines: first that of its axis."""
    translate, words, (left, right) = sheet.translate, sheet.words, panel.get_xlim()
    speed, axis_depth = words.value(found.slowest, SPEED, 1), words.value(found.axis, "m", 0)
    texts = [
        (found.axis, "bottom", translate("channel axis {depth}, {speed}", depth=axis_depth, speed=speed)),
        (found.top, "top", translate("top of the channel {depth}", depth=words.value(found.top, "m", 0))),
        (found.bottom, "bottom", translate("bottom of the channel {depth}", depth=words.value(found.bottom, "m", 0))),
    ]
    for depth, side, text in texts:
        line = np.array([[left, depth], [right, depth]])
        style = {"fontsize": 0.9 * sheet.sizes.small, "color": INK, "zorder": 2.5}
        _ = room.along(line, text, va=side, **style) or room.along(line, text, va=OTHER_SIDE[side], **style)
