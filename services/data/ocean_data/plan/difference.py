"""Variables less those of another dataset, another time or a climatology, on the cells of one grid.

The grid is the first's own, or the one that is stated. What is taken away is read from its own cells where these are
the same, and brought there by the interpolation elsewhere.
"""

from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import AreaRequest, DifferenceRequest
from ocean_core.errors import InvalidRequest, OceanError, TimeNotFound
from ocean_core.geometry import wrap_longitude
from ocean_core.time import format_time
from ocean_core.units import unit_conversion
from ocean_data.compute import depth as depths
from ocean_data.grids.base import Coordinate
from ocean_data.plan.areas import DEPTH_WORDS, find_target, plan_over, select_instants
from ocean_data.plan.extraction import Body, Extraction, Field, Reading, Values
from ocean_data.plan.times import Axis, Instants

DAY = 86_400  # s
NEAR, SHARE = 0.05, 1e-3  # m, and of a depth: so far apart, two are called the same


def plan_difference(reading: Reading, variables: Sequence[Assets], query: DifferenceRequest) -> Extraction:
    """Plan a difference: the first half of the variables less the second."""
    half = len(variables) // 2
    minuends, subtrahends = variables[:half], variables[half:]
    if len(subtrahends) != half or half == 0:
        raise InvalidRequest("minus names as many variables as the request, in the same order", field="minus.variables")
    minus = query.minus
    target = find_target(reading, minuends, query)
    instants = select_instants(minuends, query)
    left = plan_over(reading, minuends, query, target=target, instants=instants, kind="difference")
    other: AreaRequest = msgspec.structs.replace(query, dataset=minus.dataset)
    then = _then(subtrahends, query, instants)
    with _named_as_minus({"depth"} if minus.depth else set()):
        level = depths.parse(minus.depth or query.depth, DEPTH_WORDS)
        right = plan_over(reading, subtrahends, other, target=target, instants=then, kind="difference", depth=level)
    pairs = _pairs(left, right)
    _check_depths(left, right, is_stated=minus.depth is not None)
    fields = [_field(variable, other) for variable, other in _pair_fields(left, right)]
    interpolation = {name: fact for name, fact in right.facts.items() if name == "interpolation"}
    return replace(
        left,
        fields=[*fields, *(variable for variable in left.fields if variable.auxiliary)],
        coordinates=[*left.coordinates, *_times(instants, then)],
        body=Less(
            left=left.body,
            right=right.body,
            pairs=pairs,
            apart="time" in left.dims and left.dims["time"] == right.dims.get("time"),
            total=next(iter(right.dims.values())),
        ),
        rows=min(left.rows, right.rows) if "time" in left.dims else max(left.dims.values()),
        cost=replace(left.cost + right.cost, values=left.cost.values),
        used=[*left.used, *right.used],
        facts=left.facts | interpolation | {"minus": minus.dataset} | _then_fact(then),
    )


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two fields that are subtracted, and the conversion of the second to the unit of the first."""

    left: str
    right: str
    factor: float
    offset: float
    around: bool  # bearings: the difference is the shorter way, -180 to 180


@dataclass(frozen=True, kw_only=True)
class Less:
    """Reads two fields and takes one from the other."""

    left: Body
    right: Body
    pairs: Sequence[Pair]
    apart: bool  # each row has its own on the other side; else one is for all
    total: int  # rows of the other side

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Differences of some of the rows."""
        values = dict(self.left.read(reading, rows))
        other = self.right.read(reading, rows if self.apart else slice(0, self.total))
        for pair in self.pairs:
            if pair.left in values:
                left = values[pair.left].astype(np.float64)
                right = other[pair.right].astype(np.float64)
                if right.ndim > left.ndim:  # at its one time
                    right = right[0]
                difference = left - (right * pair.factor + pair.offset)
                values[pair.left] = wrap_longitude(difference) if pair.around else difference
        return values


def _pair_fields(left: Extraction, right: Extraction) -> list[tuple[Field, Field]]:
    left_fields, right_fields = (
        [field for field in extraction.fields if not field.auxiliary] for extraction in (left, right)
    )
    return list(zip(left_fields, right_fields, strict=True))


def _pairs(left: Extraction, right: Extraction) -> list[Pair]:
    """Pair the fields of both sides, with the conversion of units."""
    pairs = []
    for left_field, right_field in _pair_fields(left, right):
        left_info, right_info = left_field.variable, right_field.variable
        conversion = unit_conversion(right_info.units, left_info.units)
        if conversion is None:
            raise InvalidRequest(
                "{key} is in {units!r} and {second_key} in {second_units!r}: these cannot be compared",
                key=left_info.key,
                units=left_info.units,
                second_key=right_info.key,
                second_units=right_info.units,
                field="minus.variables",
            )
        if [name for name in left_field.dims if name != "time"] != [
            name for name in right_field.dims if name != "time"
        ]:
            raise InvalidRequest(
                "{key} and {second_key} do not have the same levels; choose one of each with depth and "
                "minus.depth, or bottom or mean",
                key=left_info.key,
                second_key=right_info.key,
                field="minus.depth",
                allowed=("0", "bottom", "mean"),
            )
        around = left_info.key == "bearing"
        pairs.append(
            Pair(left=left_field.key, right=right_field.key, factor=conversion[0], offset=conversion[1], around=around)
        )
    return pairs


def _field(left: Field, right: Field) -> Field:
    """Describe a difference."""
    left_info = left.variable
    half = (left_info.scale[1] - left_info.scale[0]) / 2
    info: VariableInfo = msgspec.structs.replace(
        left_info,
        name=f"Difference of {left_info.name}",
        long_name=f"{left_info.long_name or left_info.name} less {right.variable.key} of {right.variable.dataset}",
        standard_name=None,  # a difference of temperatures is no temperature: 0 K is not -273.15 degC
        scale=(-half, half),
        zero_centered=True,
        categories=[],
    )
    return replace(left, variable=info, dtype=np.float64)


@contextmanager
def _named_as_minus(members: Set[str]) -> Iterator[None]:
    """Have what is refused of members of what is taken away named as its own."""
    try:
        yield
    except OceanError as error:
        if error.field in members:
            error.field = f"minus.{error.field}"
        raise


def _then(subtrahends: Sequence[Assets], query: DifferenceRequest, instants: Instants | None) -> Instants | None:
    """Select the times of the subtrahend."""
    minus = query.minus
    if not any(variable.steps for variable in subtrahends):
        return None
    is_stated = not (minus.time is None and minus.start is None and minus.end is None)
    if minus.climatology and is_stated:
        raise InvalidRequest(
            "a climatology has the step of the same month or day: leave its time out", field="minus.time"
        )
    if is_stated:
        with _named_as_minus({"time", "start", "end"}):
            chosen_instants = Instants.of(subtrahends, minus.time, minus.start, minus.end)
        count = 1 if instants is None else len(instants.seconds)
        if chosen_instants is not None and len(chosen_instants.seconds) not in {1, count}:
            raise InvalidRequest(
                "there are {count} time steps on one side and {seconds_count} on the other; choose as many, or "
                "one to be taken from all",
                count=count,
                seconds_count=len(chosen_instants.seconds),
                field="minus.time",
            )
        return chosen_instants
    if instants is None:
        raise InvalidRequest("the variables have no time: say at which time minus is wanted", field="minus.time")
    axes = [Axis.of(variable.steps) if variable.steps else None for variable in subtrahends]
    match = _of_the_year if minus.climatology else _at_the_same
    steps = [None if axis is None else match(axis, instants.seconds, minus.dataset) for axis in axes]
    axis, chosen = next((a, s) for a, s in zip(axes, steps, strict=True) if a is not None and s is not None)
    leading = next(variable.steps for variable in subtrahends if variable.steps)
    return Instants(seconds=axis.seconds[chosen], raw=axis.raw[chosen], units=leading.units, steps=steps)


def _at_the_same(axis: Axis, seconds: NDArray[np.int64], dataset: str) -> NDArray[np.intp]:
    """The steps at the same instants; or of the same days, of a dataset with one step a day at most."""
    for unit in (1, DAY):
        own, requested = axis.seconds // unit, seconds // unit
        if np.unique(own).size < own.size:
            continue
        place = np.minimum(np.searchsorted(own, requested), own.size - 1)
        if (own[place] == requested).all():
            return place.astype(np.intp)
    low, high = format_time(axis.seconds[0]), format_time(axis.seconds[-1])
    lacking = np.flatnonzero(~np.isin(seconds, axis.seconds))
    first = format_time(seconds[lacking[0] if lacking.size else 0])
    raise TimeNotFound(
        "{dataset} has no time step at {first}; its steps go from {low} to {high}: choose one as minus.time",
        dataset=dataset,
        first=first,
        low=low,
        high=high,
        field="minus.time",
    )


def _of_the_year(axis: Axis, seconds: NDArray[np.int64], dataset: str) -> NDArray[np.intp]:
    """The steps of the same month, or of the same day of the year."""
    own, dates = _dates(axis.seconds), _dates(seconds)
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
            time=format_time(seconds[lacking[0]]),
            field="minus.dataset",
        )
    return place.astype(np.intp)


def _dates(seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Month and day, (time, 2)."""
    days = seconds.astype("datetime64[s]").astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    return np.stack([months.astype(np.int64) % 12 + 1, (days - months).astype(np.int64) + 1], axis=1)


def _times(instants: Instants | None, then: Instants | None) -> list[Coordinate]:
    """Return the times of the subtrahend, where each row has its own."""
    if instants is None or then is None or len(then.seconds) != len(instants.seconds):
        return []
    if np.array_equal(then.seconds, instants.seconds):
        return []
    texts = [format_time(second) for second in then.seconds]
    return [Coordinate(name="minus_time", dims=("time",), values=texts, long_name="time of what is taken away")]


def _then_fact(then: Instants | None) -> dict[str, str | float]:
    return {"minus_time": format_time(then.seconds[0])} if then is not None and len(then.seconds) == 1 else {}


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
                "the levels lie at different depths, {coarser} and {coarser2}; choose a level of each with depth and "
                "minus.depth, or bottom or mean",
                coarser=_few(a),
                coarser2=_few(b),
                field="minus.depth",
                allowed=("0", "bottom", "mean"),
            )


def _few(values: NDArray[np.float64]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:3])
    return f"{shown}{', …' if values.size > 3 else ''} m"
