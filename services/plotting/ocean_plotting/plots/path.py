"""What the kinds along a path are asked the same way."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import msgspec
import numpy as np

from ocean_common.contracts.assets import VariableInfo
from ocean_common.contracts.extractions import Coverage, Point, SectionRequest, TransectRequest, VectorPart
from ocean_common.errors import InvalidRequest, NotSupported, PointOutsideGrid, RequestTooLarge
from ocean_core.colour import DEFAULT_COLORMAP, DIVERGING_COLORMAP, Limits, figure_limits
from ocean_core.units import unit_conversion
from ocean_plotting.export.output import Output
from ocean_plotting.figure.labels import shortened
from ocean_plotting.figure.speech import Words
from ocean_plotting.palettes import validate_colormap
from ocean_plotting.plots.coverage import Floats, Read
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.plots.query_common import (
    MEMBERS,
    Colormap,
    Common,
    CompareTo,
    Comparison,
    ScaleText,
    ShowMap,
    Station,
    keys_of,
    named_as_asked,
    point,
    scale_of,
)

MAX_WAY_POINTS = 2000
OF_PATH = {**MEMBERS, "points": "$.points"}
USUAL, PER_INCH = 100, 10  # places along a path: of tables, and at least; of the width of a figure
VECTOR: list[VectorPart] = ["magnitude", "along", "across"]


class AlongPath(Common, frozen=True, kw_only=True):
    """Options of the kinds that are about a path."""

    path: Annotated[
        list[Station],
        msgspec.Meta(
            min_length=2,
            description="way-points [latitude, longitude], joined by geodesics",
            examples=[[[73, 20], [70, -5]]],
        ),
    ]
    points: (
        Annotated[int, msgspec.Meta(ge=2, le=MAX_WAY_POINTS, description="places along the path, way-points included")]
        | None
    ) = None
    name: Annotated[str, msgspec.Meta(max_length=300, description="of the path; null: its ends")] | None = None
    scale: ScaleText = "auto"
    colormap: Colormap = None
    showmap: ShowMap = True
    compare_to: CompareTo = None


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one dataset."""

    about: VariableInfo  # the first variable, which tells of the dataset
    coverage: Coverage


def way_points(query: AlongPath) -> list[Point]:
    """Read the path.

    Raises
    ------
    InvalidRequest, RequestTooLarge
        A way-point is not on the Earth, or there are too many.
    """
    if len(query.path) > MAX_WAY_POINTS:
        raise RequestTooLarge(
            "path has {path_count} way-points; at most {max_way_points} are drawn",
            path_count=len(query.path),
            max_way_points=MAX_WAY_POINTS,
            field="$.path",
        )
    return [point(one, f"$.path[{position}]") for position, one in enumerate(query.path)]


def places_of(query: AlongPath, output: Output | None) -> int:
    """How many places along the path: as many as asked, or as a figure of this width can show."""
    wide = output is not None and output.form.made == "draw"
    usual = max(USUAL, round(PER_INCH * output.width)) if output and wide else USUAL
    return max(query.points or usual, len(query.path))


def check(query: AlongPath) -> None:
    """Refuse what is wrong before anything is asked."""
    way_points(query)
    query.variables(2)
    query.interpolation()
    scale_of(query.scale, "$.scale")
    _colormap(query.colormap, "$.colormap")
    if (second := query.compare_to or None) is not None:
        for name in ("scale", "scale_diff"):
            scale_of(getattr(second, name), f"$.compare_to.{name}")
        for name in ("colormap", "colormap_diff"):
            _colormap(getattr(second, name), f"$.compare_to.{name}")
        if second.variable is not None:
            keys_of(second.variable, "$.compare_to.variable", 2)


def _colormap(asked: str | None, field: str) -> None:
    try:
        validate_colormap(asked)
    except InvalidRequest as error:
        error.field = field
        raise


async def side(
    near: Neighbours,
    query: AlongPath,
    second: Comparison | None,
    ask: Callable[[list[str], str], TransectRequest | SectionRequest],
    *,
    parts: bool,
) -> Side:
    """Ask for the numbers of the query's dataset, or of the ``second``.

    ``ask`` makes the question from keys and dataset; ``parts``: a vector variable of the catalogue means its parts.
    """
    compared = second is not None
    given = second.variable if second is not None and second.variable is not None else query.variable
    dataset = second.dataset if second is not None else query.dataset
    keys = keys_of(given, "$.compare_to.variable" if compared else "$.variable", 2)
    with on_the_path("$.compare_to" if compared else "$"):
        found = await asyncio.gather(*(near.catalogue.assets(dataset, key) for key in keys))
        components = found[0].components
        if len(keys) == 1 and parts and {"east", "north"} <= components.keys():
            keys = [components["east"], components["north"]]
        return Side(about=found[0].variable, coverage=await near.numbers.extract(ask(keys, dataset)))


@contextmanager
def on_the_path(prefix: str = "$", members: Mapping[str, str] = OF_PATH) -> Iterator[None]:
    """Have what a neighbour refuses named as asked; to it, places are points, and so is their number."""
    try:
        with named_as_asked(prefix, members):
            yield
    except PointOutsideGrid as error:
        error.field = "$.path"
        raise


def fitting(first: VariableInfo, second: VariableInfo) -> tuple[float, float]:
    """What turns values of the second variable into the units of the first.

    Raises
    ------
    NotSupported
        They cannot be subtracted from one another.
    """
    found = unit_conversion(second.units, first.units)
    if found is None:
        raise NotSupported(
            "{key} is in {units} and {second_key} in {second_units}: their difference means nothing; "
            "compare a variable in the same units",
            key=second.key,
            units=second.units,
            second_key=first.key,
            second_units=first.units,
            field="$.compare_to.variable",
        )
    if first.categories or second.categories:
        raise NotSupported(
            "{key} and {second_key} are categories: their difference means nothing",
            key=first.key,
            second_key=second.key,
            field="$.compare_to.variable",
        )
    return found


def converted(info: VariableInfo, values: Floats, first: VariableInfo) -> Floats:
    """Values in the units of the first variable."""
    factor, offset = fitting(first, info)
    return values * factor + offset


def title_of(query: AlongPath, names: str, places: list[Point], words: Words) -> str:
    """Name what is drawn along which path."""
    translate = words.translate
    if query.plotTitle:
        return query.plotTitle
    if query.name and query.name.strip():
        return translate("{names} along {path}", names=names, path=shortened(query.name, 80))
    start, end = words.place(places[0]), words.place(places[-1])
    return translate("{names} from {start} to {end}", names=names, start=start, end=end)


def part_name(role: str, read: Read, info: VariableInfo, words: Words) -> str:
    """Call a variable, or a part of a vector, by its name."""
    translate = words.translate
    if role not in VECTOR or info.key != role:
        return words.name(info)
    whole = read.info("magnitude")
    speed = whole.name == "Speed"
    if role == "along":
        return (
            translate("Velocity along the path")
            if speed
            else translate("{name} along the path", name=words.name(whole))
        )
    if role == "across":
        return (
            translate("Velocity across the path, to its left")
            if speed
            else translate("{name} across the path, to its left", name=words.name(whole))
        )
    return words.name(whole)


def whole_name(read: Read, words: Words) -> str:
    """Call a vector as a whole."""
    translate = words.translate
    whole = read.info("magnitude")
    return translate("Velocity") if whole.name == "Speed" else words.name(whole)


def source_of(about: VariableInfo) -> str:
    """What a dataset is called."""
    return about.dataset_name or about.dataset


def extremes(values: Floats) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    """Where the least and the greatest value are; None without any."""
    if not np.isfinite(values).any():
        return None
    low, high = (
        np.unravel_index(np.nanargmin(values), values.shape),
        np.unravel_index(np.nanargmax(values), values.shape),
    )
    return tuple(map(int, low)), tuple(map(int, high))


def scales_of(
    query: AlongPath, against: Comparison, info: VariableInfo, values: list[Floats]
) -> tuple[Limits | None, Limits | None]:
    """The scales of two datasets: one for both, if none is asked for."""
    first, second = scale_of(query.scale, "$.scale"), scale_of(against.scale, "$.compare_to.scale")
    if first is None and second is None:
        both = np.concatenate([one.ravel() for one in values])
        first = figure_limits(both, zero_centered=info.zero_centered, fallback=info.scale)
    return first, second or first


def difference_colours(against: Comparison) -> str:
    """The colormap of the difference."""
    asked = against.colormap_diff
    return DIVERGING_COLORMAP if asked is None or asked == DEFAULT_COLORMAP else asked


def credit_of(sides: list[VariableInfo]) -> str:
    """Who made the data."""
    return "; ".join(dict.fromkeys(one.attribution or source_of(one) for one in sides))
