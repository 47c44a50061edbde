"""Variables less those of another dataset, another time or a climatology, on the cells of one grid.

The grid is the first's own, or the one that is stated. What is taken away is read from its own cells where these are
the same, and brought there by the interpolation elsewhere.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import AreaRequest, DifferencePart, DifferenceRequest, Minuend, StatisticsRequest
from ocean_core.colour import DIVERGING_COLORMAP
from ocean_core.errors import InvalidRequest, OceanError, TimeNotFound
from ocean_core.geometry import wrap_longitude
from ocean_core.time import DAY, DateScale, split_dates
from ocean_core.units import unit_conversion
from ocean_data.grids.base import Coordinate
from ocean_data.plan.areas import find_target, plan_over
from ocean_data.plan.extraction import Body, Extraction, Field, Values
from ocean_data.plan.times import Axis, Instants, common_scale, select_instants, take_steps
from ocean_data.reading.base import Reading

NEAR, SHARE = 0.05, 1e-3  # m, and of a depth: so far apart, two are called the same


def plan_difference(
    reading: Reading, variables: Sequence[Assets], query: DifferenceRequest | StatisticsRequest
) -> Extraction:
    """Plan a difference: the first half of the variables less the second; with both, if these are requested."""
    if query.minus is None:
        raise TypeError
    half = len(variables) // 2
    minuends, subtrahends = variables[:half], variables[half:]
    if len(subtrahends) != half or half == 0:
        raise InvalidRequest("minus names as many variables as the request, in the same order", field="minus.variables")
    minus = query.minus
    target = find_target(reading, minuends, query)
    instants = select_instants(minuends, query, latest=True)
    left = plan_over(reading, minuends, query, target=target, instants=instants, kind="difference")
    other: AreaRequest = msgspec.structs.replace(query, dataset=minus.dataset, depth=minus.depth or query.depth)
    then = _select_then(subtrahends, minus, instants)
    with _named_as_minus({"depth"} if minus.depth else set()):
        right = plan_over(reading, subtrahends, other, target=target, instants=then, kind="difference")
    pairs = [
        pair
        for fields in zip(left.variables, right.variables, strict=True)
        for pair in _make_pairs(*fields, query.parts)
    ]
    _check_depths(left, right, is_stated=minus.depth is not None)
    facts = left.facts | {"minus": minus.dataset}
    if "interpolation" in right.facts:
        facts["interpolation"] = right.facts["interpolation"]
    facts |= {f"minus_{name}": right.facts[name] for name in ("depth", "level", "levels") if name in right.facts}
    coordinates = [*left.coordinates, *_describe_level(right)]
    if then is not None and len(then.seconds) == 1:
        facts["minus_time"] = _describe_time(then, 0)
    same_count = then is not None and instants is not None and len(then.seconds) == len(instants.seconds)
    if then is not None and instants is not None and same_count and not np.array_equal(then.seconds, instants.seconds):
        text = "time of what is taken away"
        texts = [_describe_time(then, row) for row in range(len(then.seconds))]
        coordinates.append(Coordinate(name="minus_time", dims=("time",), values=texts, long_name=text))
    # Each row has its own on the other side, or one is for all.
    apart = "time" in left.dims and left.dims["time"] == right.dims.get("time")
    all_rows = None if apart else slice(0, next(iter(right.dims.values())))
    return replace(
        left,
        fields=[*(pair.field for pair in pairs), *(field for field in left.fields if field.auxiliary)],
        encodings={},
        coordinates=coordinates,
        body=partial(_read_difference, left=left.body, right=right.body, pairs=pairs, right_rows=all_rows),
        rows=min(left.rows, right.rows) if "time" in left.dims else max(left.dims.values()),
        cost=replace(left.cost + right.cost, values=left.cost.values * len(query.parts)),
        used=[*left.used, *right.used],
        facts=facts,
    )


def _describe_time(instants: Instants, row: int) -> str:
    """Describe a time by its date, or by the value in the files and its unit."""
    if instants.values is None:
        return instants.label(row)
    return f"{instants.values[row]:.12g} {instants.units or ''}".strip()


class Pair(NamedTuple):
    """A part of two fields that are subtracted, and the conversion of the second to the unit of the first."""

    part: DifferencePart
    field: Field
    left: str  # keys
    right: str
    factor: float
    offset: float


def _read_difference(
    reading: Reading, rows: slice, *, left: Body, right: Body, pairs: Sequence[Pair], right_rows: slice | None
) -> dict[str, Values]:
    """Read two extractions and take one from the other."""
    first, second = left(reading, rows), right(reading, right_rows or rows)
    compared = {pair.left for pair in pairs}
    values = {key: array for key, array in first.items() if key not in compared}
    for pair in pairs:
        if pair.left not in first:
            continue
        minuend, subtrahend = first[pair.left].astype(np.float64), second[pair.right].astype(np.float64)
        if subtrahend.ndim > minuend.ndim:  # at its one time
            subtrahend = subtrahend[0]
        subtrahend = np.broadcast_to(subtrahend * pair.factor + pair.offset, minuend.shape)
        if pair.part == "difference":
            difference = minuend - subtrahend
            # Between bearings it is the shorter way, -180 to 180.
            values[pair.field.key] = wrap_longitude(difference) if pair.left == "bearing" else difference
        else:
            values[pair.field.key] = minuend if pair.part == "first" else subtrahend
    return values


def _make_pairs(left: Field, right: Field, parts: Sequence[DifferencePart]) -> list[Pair]:
    is_discrete = left.variable.is_discrete or right.variable.is_discrete
    conversion = None if is_discrete else unit_conversion(right.variable.units, left.variable.units)
    if is_discrete and set(parts) == {"difference"}:
        raise InvalidRequest(
            "the numbers of {key} or {other_key} stand for categories or flags, which have no difference",
            key=left.key,
            other_key=right.key,
            field="variables",
        )
    if conversion is None and set(parts) == {"difference"}:
        raise InvalidRequest(
            "{key} is in {units!r} and {other_key} in {other_units!r}: these cannot be compared",
            key=left.key,
            units=left.variable.units,
            other_key=right.key,
            other_units=right.variable.units,
            field="minus.variables",
        )
    if {*left.dims} - {"time"} != {*right.dims} - {"time"}:
        raise InvalidRequest(
            "{key} and {other_key} do not have the same levels; choose one of each with depth and "
            "minus.depth, or bottom or mean",
            key=left.key,
            other_key=right.key,
            field="minus.depth",
            allowed=("0", "bottom", "mean"),
        )
    units = right.variable.units if conversion is None else left.variable.units
    first, second = (
        msgspec.structs.replace(field.variable, key=f"{field.key}_{part}", units=units_of_part)
        for field, part, units_of_part in ((left, "first", left.variable.units), (right, "second", units))
    )
    fields = {
        "first": replace(left, variable=first, dtype=np.float64),
        "second": replace(left, variable=second, dtype=np.float64),
        "difference": _describe(left, right),
    }
    return [
        Pair(part, fields[part], left.key, right.key, *(conversion or (1.0, 0.0)))
        for part in parts
        if part != "difference" or conversion is not None
    ]


def _describe_level(right: Extraction) -> list[Coordinate]:
    """Describe the single level of what is taken away."""
    return [
        replace(
            coordinate,
            name=f"minus_{coordinate.name}",
            standard_name=None,  # the values have one depth
            long_name=f"{coordinate.name} of what is taken away",
        )
        for coordinate in right.coordinates
        if coordinate.name in {"depth", "level"} and not coordinate.dims
    ]


def _describe(left: Field, right: Field) -> Field:
    info = left.variable
    half = (info.scale[1] - info.scale[0]) / 2
    difference = info.as_quantity(
        name=f"Difference of {info.name}",
        long_name=f"{info.long_name or info.name} less {right.variable.key} of {right.variable.dataset}",
        standard_name=None,  # a difference of temperatures is no temperature: 0 K is not -273.15 degC
        scale=(-half, half),
        zero_centered=True,
        colormap=DIVERGING_COLORMAP,
        logarithmic=False,
    )
    return replace(left, variable=difference, dtype=np.float64)


@contextmanager
def _named_as_minus(members: Set[str]) -> Iterator[None]:
    """Have what is refused of members of what is taken away named as its own."""
    try:
        yield
    except OceanError as error:
        if error.field in members:
            error.field = f"minus.{error.field}"
        raise


def _select_then(subtrahends: Sequence[Assets], minus: Minuend, instants: Instants | None) -> Instants | None:
    """Select the times of the subtrahend."""
    if not any(variable.steps for variable in subtrahends):
        return None
    is_stated = not (minus.time is None and minus.start is None and minus.end is None)
    if minus.climatology and is_stated:
        raise InvalidRequest(
            "a climatology has the step of the same month or day: leave its time out", field="minus.time"
        )
    if is_stated:
        with _named_as_minus({"time", "start", "end"}):
            chosen = select_instants(subtrahends, minus)
        count = 1 if instants is None else len(instants.seconds)
        if chosen is not None and len(chosen.seconds) not in {1, count}:
            raise InvalidRequest(
                "there are {count} time steps on one side and {other_count} on the other; choose as many, or "
                "one to be taken from all",
                count=count,
                other_count=len(chosen.seconds),
                field="minus.time",
            )
        return chosen
    if instants is None:
        raise InvalidRequest("the variables have no time: say at which time minus is wanted", field="minus.time")
    match = _of_the_year if minus.climatology else _at_the_same
    steps = [
        match(Axis.of(variable.steps), instants, minus.dataset) if variable.steps else None for variable in subtrahends
    ]
    leading = next(variable.steps for variable in subtrahends if variable.steps)
    axis, own = Axis.of(leading), next(own for own in steps if own is not None)
    return take_steps(axis, own, leading.units, steps)


def _at_the_same(axis: Axis, instants: Instants, dataset: str) -> NDArray[np.intp]:
    """The steps at the same instants; or of the same days, of a dataset with one step a day at most."""
    own_seconds, seconds = common_scale(axis, instants)
    for unit in (1, DAY):
        own, requested = own_seconds // unit, seconds // unit
        if np.unique(own).size < own.size:
            continue
        place = np.minimum(np.searchsorted(own, requested), own.size - 1)
        if (own[place] == requested).all():
            return place.astype(np.intp)
    lacking = np.flatnonzero(~np.isin(seconds, own_seconds))
    first = instants.label(lacking[0] if lacking.size else 0)
    raise TimeNotFound(
        "{dataset} has no time step at {first}; its steps go from {low} to {high}: choose one as minus.time",
        dataset=dataset,
        first=first,
        low=axis.label(0),
        high=axis.label(-1),
        field="minus.time",
    )


def _of_the_year(axis: Axis, instants: Instants, dataset: str) -> NDArray[np.intp]:
    """The steps of the same month, or of the same day of the year."""
    if not (axis.dated and instants.dated):
        raise InvalidRequest("time steps without dates have no month or day of the year", field="minus.climatology")
    own, dates = _dates(axis.dates), _dates(instants.dates)
    months, days = own[:, 0], own[:, 0] * 100 + own[:, 1]
    if np.unique(months).size == months.size:
        requested, available = dates[:, 0], months
    elif np.unique(days).size == days.size:
        requested, available = dates[:, 0] * 100 + dates[:, 1], days
        if 229 not in available:
            requested = np.where(requested == 229, 228, requested)  # a leap day is compared with the day before
    else:
        raise InvalidRequest(
            "{dataset} is no climatology: it has several steps of the same day or month",
            dataset=dataset,
            field="minus.climatology",
        )
    order = np.argsort(available)
    place = order[np.minimum(np.searchsorted(available[order], requested), available.size - 1)]
    lacking = np.flatnonzero(available[place] != requested)
    if lacking.size:
        raise TimeNotFound(
            "the climatology {dataset} lacks the month or day of {time}",
            dataset=dataset,
            time=instants.label(lacking[0]),
            field="minus.dataset",
        )
    return place.astype(np.intp)


def _dates(dates: DateScale) -> NDArray[np.int64]:
    """Month and day, (time, 2)."""
    months, days, _ = split_dates(*dates)
    return np.stack([months % 12 + 1, days], axis=1)


def _check_depths(left: Extraction, right: Extraction, *, is_stated: bool) -> None:
    """Refuse to compare different depths, unless both were chosen."""
    left_depths = {
        coordinate.name: coordinate for coordinate in left.coordinates if coordinate.name.startswith(("depth", "level"))
    }
    for right_coordinate in right.coordinates:
        coordinate = left_depths.get(right_coordinate.name)
        if coordinate is None or (is_stated and not right_coordinate.dims):
            continue
        a, b = np.asarray(coordinate.values, dtype=np.float64), np.asarray(right_coordinate.values, dtype=np.float64)
        if a.shape != b.shape or not np.allclose(a, b, rtol=SHARE, atol=NEAR):
            raise InvalidRequest(
                "the levels lie at different depths, {depths} and {other_depths}; choose a level of each with depth "
                "and minus.depth, or bottom or mean",
                depths=_few(a),
                other_depths=_few(b),
                field="minus.depth",
                allowed=("0", "bottom", "mean"),
            )


def _few(values: NDArray[np.float64]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:3])
    return f"{shown}{', …' if values.size > 3 else ''} m"
