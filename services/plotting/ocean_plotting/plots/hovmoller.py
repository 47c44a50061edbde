"""Hovmöller diagrams: one level along a path, through time."""

import asyncio
from dataclasses import dataclass
from typing import cast

import numpy as np
from matplotlib.figure import Figure
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.contracts.extractions import SectionRequest
from ocean_common.errors import NotSupported
from ocean_core.colour import Limits
from ocean_plotting.export.output import Output
from ocean_plotting.figure import along, instants, section
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.picture import About, Picture, frame
from ocean_plotting.figure.shading import Shading, bar, shading
from ocean_plotting.figure.tick_thinning import relieve
from ocean_plotting.plots import path as paths
from ocean_plotting.plots.coverage import Floats, Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.path import AlongPath, Side, extremes, source_of
from ocean_plotting.plots.query_common import Comparison, Fetched, Level, Time, scale_of
from ocean_plotting.plots.sea_floor import Part
from ocean_plotting.plots.section_cells import coasts, joint
from ocean_plotting.plots.table import Column, Table

Steps = NDArray[np.intp]


class HovmollerQuery(AlongPath, frozen=True, kw_only=True):
    """What a Hovmöller diagram is asked for."""

    starttime: Time | None = None
    endtime: Time | None = None
    depth: Level = 0


Query = HovmollerQuery


class Courses(Fetched, frozen=True, kw_only=True):
    """One level along the path through time, in one or two datasets."""

    first: Side
    second: Side | None = None


class Course:
    """One dataset along the path through time."""

    def __init__(self, side: Side, sheet: Sheet) -> None:
        read = Read(side.coverage)
        info = read.variables[0]
        self.about = side.about
        self.seconds, self.times = read.seconds, read.times
        self.distance, self.places = read.coordinate("distance"), read.places
        self.part = Part(
            info=info,
            name=paths.part_name(info.key, read, info, sheet.words),
            values=read.field(info.key, "time", "distance"),
        )
        self.level = side.coverage.facts.get("depth")
        known = read.coordinate("depth").ravel()
        self.depth = float(known[0]) if known.size == 1 else None

    def where(self, sheet: Sheet) -> str:
        """How deep it is."""
        translate = sheet.translate
        if self.level == "bottom":
            return translate("at the sea floor")
        if self.level == "mean":
            return translate("mean over the depth")
        return "" if self.depth is None else translate("at {depth}", depth=sheet.words.value(self.depth, "m"))

    def title(self, quantum: str | None, sheet: Sheet) -> str:
        """Which dataset, when, how deep."""
        when = sheet.words.span(self.times[0], self.times[-1], quantum or self.about.quantum)
        return "  ·  ".join(filter(None, (source_of(self.about), when, self.where(sheet))))


def asked(query: Query) -> SectionRequest:
    """Its variable, or the magnitude of its two, at one level through time."""
    return _asked(query, None, query.variables(2), query.dataset, paths.places_of(query, None))


def _asked(query: Query, second: Comparison | None, keys: list[str], dataset: str, points: int) -> SectionRequest:

    def of(name: str) -> Time | Level | None:
        own = getattr(second, name, None)
        return cast(Time | Level | None, getattr(query, name) if own is None else own)

    start, end = of("starttime"), of("endtime")
    return SectionRequest(
        dataset=dataset,
        variables=keys,
        vector=["magnitude"] if len(keys) == 2 else [],
        path=paths.way_points(query),
        points=points,
        start=None if start is None else str(start),
        end=None if end is None else str(end),
        depth=str(of("depth")),
        interpolation=query.interpolation(),
        radius=query.radius,
        neighbours=query.neighbours,
    )


async def fetch(near: Neighbours, query: Query, output: Output | None = None) -> Courses:
    """Ask for the level through time, in both datasets."""
    paths.check(query)
    second, points = query.compare_to or None, paths.places_of(query, output)
    first, other = await asyncio.gather(
        _side(near, query, None, points), _side(near, query, second, points) if second else _nobody()
    )
    assert first is not None  # noqa: S101 - the query's own
    found = Courses(
        time=Read(first.coverage).times[0],
        revisions={one.about.dataset: one.coverage.revision for one in (other, first) if one},
        first=first,
        second=other,
    )
    if other is not None:
        matched(*(Course(one, Sheet()) for one in (first, other)))
    return found


async def _nobody() -> Side | None:
    return None


async def _side(near: Neighbours, query: Query, second: Comparison | None, points: int) -> Side | None:
    return await paths.side(
        near, query, second, lambda keys, dataset: _asked(query, second, keys, dataset, points), parts=False
    )


def matched(first: Course, second: Course) -> tuple[Steps, Steps]:
    """The steps of both datasets that belong together.

    Raises
    ------
    NotSupported
        There are none.
    """
    paths.fitting(first.part.info, second.part.info)
    one, other = joint(first.seconds, second.seconds)
    if len(one) < min(2, len(first.seconds), len(second.seconds)):
        raise NotSupported(
            "{seconds_count} time steps from {times} and {second_seconds_count} from {second_times} "
            "cannot be compared: they are not as many, nor equally long after the first; choose starttime and endtime "
            "of both so that they are",
            seconds_count=len(first.seconds),
            times=first.times[0],
            second_seconds_count=len(second.seconds),
            second_times=second.times[0],
            field="$.compare_to.starttime",
        )
    return one, other


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A panel."""

    course: Course
    part: Part
    steps: Steps  # of the course that are shown
    shaded: Shading
    title: str = ""

    @property
    def seconds(self) -> Floats:
        """Of its steps."""
        return self.course.seconds[self.steps]


def draw(query: Query, fetched: Courses, sheet: Sheet) -> Picture:
    """Draw distance across and time upwards; of two datasets, both and their difference."""
    figure, translate = Figure(figsize=sheet.size), sheet.translate
    first = Course(fetched.first, sheet)
    second = Course(fetched.second, sheet) if fetched.second else None
    panels = _panels(query, first, second, sheet)
    title = paths.title_of(query, first.part.name, first.places, sheet.words)
    under = first.title(query.quantum, sheet)
    if second:
        both = [source_of(one.about) for one in (first, second)]
        under = translate("{first} compared with {second}", first=both[0], second=both[1])
    credit = paths.credit_of([one.about for one in (first, second) if one])
    frame(figure, title, under, credit, sheet.sizes)
    way = along.way_of(paths.way_points(query), first.places, first.distance)
    side = bool(query.showmap) and along.has_room(sheet)
    room = section.laid_out(figure, len(panels), 1, sheet, side=side)
    for row, (one, axes) in enumerate(zip(panels, room.panels[0], strict=True)):
        if one.title:
            section.titled(axes, one.title, sheet, above=row == 0)
        empty = np.all(np.isnan(one.course.part.values), axis=0)
        land = coasts(empty, section.on_land(sheet.land, one.course.places))
        quantum = query.quantum or one.course.about.quantum
        instants.panel(
            axes, one.course.distance, one.seconds, one.part.values, one.shaded, land=land, quantum=quantum, sheet=sheet
        )
        bar(figure, axes, one.shaded, sheet)
    section.finish(room, way, sheet)
    if room.beside is not None:
        along.beside(figure, room.beside, way, sheet)
    relieve(figure, [one for column in room.panels for one in column])
    about = About.of(
        title=f"{title} ({source_of(first.about)})",
        alt=" ".join([translate("{title}: {what}.", title=title, what=under), *(_told(one, sheet) for one in panels)]),
        source=credit,
        dataset=first.about.dataset,
        revision=fetched.revisions[first.about.dataset],
        time=fetched.time,
    )
    return Picture(figure=figure, about=about)


def _panels(query: Query, first: Course, second: Course | None, sheet: Sheet) -> list[Shown]:
    against = query.compare_to or None
    every = np.arange(len(first.seconds))
    if second is None or against is None:
        scale = scale_of(query.scale, "$.scale")
        shaded = _shaded(first.part, scale, query.colormap, sheet)
        return [Shown(course=first, part=first.part, steps=every, shaded=shaded)]
    other, difference, (steps, _) = _compared(first, second, sheet)
    scales = paths.scales_of(query, against, first.part.info, [first.part.values, other.values])
    colours = (query.colormap, against.colormap or query.colormap)
    shown = [
        Shown(
            course=course,
            part=part,
            steps=np.arange(len(course.seconds)),
            shaded=_shaded(part, scale, colour, sheet),
            title=course.title(query.quantum, sheet),
        )
        for course, part, scale, colour in zip((first, second), (first.part, other), scales, colours, strict=True)
    ]
    scale = scale_of(against.scale_diff, "$.compare_to.scale_diff")
    colormap = paths.difference_colours(against)
    shaded = _shaded(
        Part(info=difference.info, name=sheet.translate("Difference"), values=difference.values), scale, colormap, sheet
    )
    title = sheet.translate("Difference: the first less the second")
    if not _same_course(first, second):
        title = sheet.translate("Difference: the first less the second, step by step")
    return [*shown, Shown(course=first, part=difference, steps=steps, shaded=shaded, title=title)]


def _same_course(first: Course, second: Course) -> bool:
    """Whether steps that belong together are equally long after the first."""
    one, other = joint(first.seconds, second.seconds)
    apart = (first.seconds[one] - first.seconds[one[0]]) - (second.seconds[other] - second.seconds[other[0]])
    # Months are not equally long.
    spacing = float(np.diff(first.seconds[one]).min()) if len(one) > 1 else np.inf
    return bool(np.abs(apart).max() < spacing / 4)


def _compared(first: Course, second: Course, sheet: Sheet) -> tuple[Part, Part, tuple[Steps, Steps]]:
    """The second in the units of the first, the difference at the steps of both, and these."""
    steps = matched(first, second)
    turned = paths.converted(second.part.info, second.part.values, first.part.info)
    other = Part(info=replace(second.part.info, units=first.part.info.units), name=second.part.name, values=turned)
    info = replace(first.part.info, zero_centered=True, categories=[], standard_name=None)
    name = sheet.translate("{name}, difference", name=first.part.name)
    difference = Part(info=info, name=name, values=first.part.values[steps[0]] - turned[steps[1]])
    return other, difference, steps


def _shaded(part: Part, scale: Limits | None, colormap: str | None, sheet: Sheet) -> Shading:
    label = sheet.words.measured(part.name, part.info.units)
    return shading(sheet, part.info, part.values, scale=scale, colormap=colormap, label=label)


def _told(one: Shown, sheet: Sheet) -> str:
    """A panel in words: from where to where its values go, where and when, and how their mean goes on."""
    translate, words, found = sheet.translate, sheet.words, extremes(one.part.values)
    name = one.part.name if not one.title or one.part is not one.course.part else f"{one.part.name} ({one.title})"
    if found is None:
        return translate("{name}: no data along this path.", name=name)
    times = [one.course.times[step] for step in one.steps]
    quantum, units = one.course.about.quantum, one.part.info.units
    low, high = (words.value(float(one.part.values[at]), units) for at in found)
    places = [words.value(float(one.course.distance[at[1]]), "km", 0) for at in found]
    when = [words.instant(times[at[0]], quantum) for at in found]
    sentence = translate(
        "{name} from {low} at {low_place}, {low_time} to {high} at {high_place}, {high_time}.",
        name=name, low=low, low_place=places[0], low_time=when[0], high=high, high_place=places[1], high_time=when[1],
    )  # fmt: skip
    wet = np.flatnonzero(np.isfinite(one.part.values).any(axis=1))
    if len(wet) < 2:
        return sentence
    means = [words.value(float(np.nanmean(one.part.values[step])), units) for step in (wet[0], wet[-1])]
    return f"{sentence} {translate('Its mean goes from {first} to {last}.', first=means[0], last=means[1])}"


def table(_: Query, fetched: Courses, sheet: Sheet) -> Table:
    """Put every time and place that has a value in a row; of two datasets, those times that both have."""
    translate = sheet.translate
    first = Course(fetched.first, sheet)
    second = Course(fetched.second, sheet) if fetched.second else None
    steps, parts = np.arange(len(first.seconds)), [first.part]
    if second is not None:
        other, difference, (steps, others) = _compared(first, second, sheet)
        name = f"{other.name}, {source_of(second.about)}"
        parts = [
            Part(info=first.part.info, name=first.part.name, values=first.part.values[steps]),
            Part(info=other.info, name=name, values=other.values[others]),
            difference,
        ]
    there = np.any([np.isfinite(one.values) for one in parts], axis=0)
    step, place = np.nonzero(there)
    latitude, longitude = np.array(first.places, dtype=float).T
    columns = [
        Column(name=translate("Time"), role="time", values=[first.times[steps[one]] for one in step]),
        Column(name=translate("Latitude"), role="latitude", values=latitude[place]),
        Column(name=translate("Longitude"), role="longitude", values=longitude[place]),
        Column(name=translate("Distance"), role="distance", units="km", values=first.distance[place]),
        *(Column(name=one.name, units=one.info.units, values=one.values[step, place]) for one in parts),
    ]
    header = [
        (translate("Dataset"), source_of(first.about)),
        (translate("Attribution"), first.about.attribution or ""),
        (translate("Timestamp"), f"{first.times[0]}/{first.times[-1]}"),
    ]
    if first.where(sheet):
        header.append((translate("Depth"), first.where(sheet)))
    if second is not None:
        header.append((translate("Compared with"), f"{source_of(second.about)}, {second.times[0]}/{second.times[-1]}"))
    return Table(header=header, columns=columns)
