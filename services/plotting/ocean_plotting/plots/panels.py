"""What the panels of a transect show, and how it is said in words."""

from dataclasses import dataclass

import numpy as np

from ocean_core.colour import Limits
from ocean_plotting.figure.context import Sheet
from ocean_plotting.figure.section import deepest, floor_of
from ocean_plotting.figure.shading import Shading, shading
from ocean_plotting.plots.coverage import Floats
from ocean_plotting.plots.path import AlongPath, difference_colours, extremes, scales_of, source_of
from ocean_plotting.plots.query_common import Comparison, scale_of
from ocean_plotting.plots.sea_floor import Beneath, Part, compared
from ocean_plotting.plots.section_cells import Slice


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A panel."""

    title: str
    cut: Slice
    part: Part
    shaded: Shading  # with the label of its values
    floor: Floats | None  # m; None: a line, not a section
    deepest: float  # m
    limits: Limits | None  # of the values of a line
    of: str = ""  # which dataset, where there are two


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the panels of a dataset have in common."""

    beneath: Beneath
    floor: Floats | None
    deepest: float
    title: str = ""

    def visible(self, values: Floats) -> Floats:
        """The values that are not below where the panel ends."""
        return np.where(self.beneath.cut.edges[:-1] < self.deepest, values, np.nan)

    def shown(
        self, part: Part, scale: Limits | None, colormap: str | None, sheet: Sheet, *, difference: bool = False,
        limits: Limits | None = None,
    ) -> Shown:  # fmt: skip
        """A panel of it."""
        cut, translate = self.beneath.cut, sheet.translate
        label = sheet.words.measured(translate("Difference") if difference else part.name, part.info.units)
        title = translate("Difference: the first less the second") if difference else self.title
        values = self.visible(part.values) if self.floor is not None else part.values
        shaded = shading(sheet, part.info, values, scale=_proper(part, scale), colormap=colormap, label=label)
        return Shown(
            title=title, cut=cut, part=part, shaded=shaded, floor=self.floor, deepest=self.deepest,
            limits=limits, of="" if difference else self.title,
        )  # fmt: skip


def columns_of(
    query: AlongPath, first: Beneath, second: Beneath | None, sheet: Sheet, *, chosen: list[int], limit: float | None
) -> list[list[Shown]]:
    """The panels, by column and from above: the parts of one dataset, or each part of two and its difference."""
    sides = [one for one in (first, second) if one]
    floors = [floor_of(one.cut, one.places, sheet) if one.deep else None for one in sides]
    known = [floor for floor in floors if floor is not None]
    bottom = deepest([one.cut for one in sides], known, limit) if known else 0.0
    grounds = [
        Ground(beneath=one, floor=floor, deepest=bottom, title=_title(one, query, sheet) if second else "")
        for one, floor in zip(sides, floors, strict=True)
    ]
    against = query.compare_to or None
    if second is None or against is None:
        asked = scale_of(query.scale, "$.scale")
        parts = [first.parts[number] for number in chosen]
        return [[grounds[0].shown(one, asked, query.colormap, sheet, limits=asked) for one in parts]]
    return [_compared(query, against, grounds, number, sheet) for number in chosen]


def _compared(query: AlongPath, against: Comparison, grounds: list[Ground], number: int, sheet: Sheet) -> list[Shown]:
    """A part in both datasets, in one scale if none is asked for, and the first less the second."""
    one, other = grounds
    both = compared(one.beneath, other.beneath, number, sheet)
    pairs = zip((one, other), (both.first, both.second), strict=True)
    values = [part.values if ground.floor is None else ground.visible(part.values) for ground, part in pairs]
    first_scale, second_scale = scales_of(query, against, both.first.info, values)
    # Room above and below a line, of which the scale is just its range.
    ranges = [
        None if one.floor is not None or scale is None else _wider(scale) for scale in (first_scale, second_scale)
    ]
    first_colours, second_colours = query.colormap, against.colormap or query.colormap
    return [
        one.shown(both.first, first_scale, first_colours, sheet, limits=ranges[0]),
        other.shown(both.second, second_scale, second_colours, sheet, limits=ranges[1]),
        one.shown(
            both.difference,
            scale_of(against.scale_diff, "$.compare_to.scale_diff"),
            difference_colours(against),
            sheet,
            difference=True,
        ),
    ]


def _proper(part: Part, scale: Limits | None) -> Limits | None:
    """A magnitude has nothing below zero."""
    if scale is None or part.info.key != "magnitude" or scale[1] <= 0:
        return scale
    return max(scale[0], 0.0), scale[1]


def _wider(scale: Limits) -> Limits:
    room = 0.08 * (scale[1] - scale[0])
    return scale[0] - room, scale[1] + room


def _title(one: Beneath, query: AlongPath, sheet: Sheet) -> str:
    when = sheet.words.instant(one.time, query.quantum or one.about.quantum)
    # The time first: a name may be too long for a narrow panel.
    return f"{when}  ·  {source_of(one.about)}" if when else source_of(one.about)


def told(columns: list[list[Shown]], sheet: Sheet) -> list[str]:
    """The panels in words: from where to where values go, and where; how deep the sea is."""
    translate, words = sheet.translate, sheet.words
    sentences = [_range(one, sheet) for column in columns for one in column]
    below = columns[0][0].floor
    if below is not None and np.isfinite(below).any():
        low, high = (words.value(float(end), "m", 0) for end in (np.nanmin(below), np.nanmax(below)))
        sentences.append(translate("The sea floor lies between {low} and {high}.", low=low, high=high))
    return sentences


def _range(one: Shown, sheet: Sheet) -> str:
    translate, words = sheet.translate, sheet.words
    found, name = extremes(one.part.values), one.part.name
    if one.of:
        name = f"{name} ({one.of})"
    if found is None:
        return translate("{name}: no data along this path.", name=name)
    low, high = (words.value(float(one.part.values[at]), one.part.info.units) for at in found)
    where = [_where(one, at, sheet) for at in found]
    return translate(
        "{name} from {low} at {low_place} to {high} at {high_place}.",
        name=name,
        low=low,
        low_place=where[0],
        high=high,
        high_place=where[1],
    )


def _where(one: Shown, at: tuple[int, ...], sheet: Sheet) -> str:
    words = sheet.words
    distance = words.value(float(one.cut.distance[at[1]]), "km", 0)
    if one.floor is None:
        return distance
    depth = words.value(float(one.cut.depths[at]), "m", 0)
    return sheet.translate("{distance}, {depth} deep", distance=distance, depth=depth)
