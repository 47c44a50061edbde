"""Plan extractions along lines: beneath a path, of a path through time, and along the way of a moving platform."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import (
    PathRequest,
    SectionRequest,
    TrajectoryRequest,
    TransectRequest,
    VectorPart,
)
from ocean_core.errors import InvalidRequest, TimeNotFound
from ocean_core.geometry import Floats
from ocean_core.messages import Message
from ocean_core.time import DAY, format_time
from ocean_core.vectors import vector_part
from ocean_data.compute import depth as depths
from ocean_data.compute import levels, path
from ocean_data.grids.base import Coordinate
from ocean_data.plan.ancillary import sea_floor_field, with_ancillary
from ocean_data.plan.extraction import Cost, Extraction, Field, Reading, Values
from ocean_data.plan.points import (
    EPOCH,
    Places,
    check_variables,
    find_samples,
    horizontal,
    plan_at_places,
    vector_fields,
)
from ocean_data.plan.sampling import Sample, Search, VectorSample
from ocean_data.plan.times import Axis, Instants, parse_time
from ocean_data.ports import Source

DEPTH_WORDS = ("bottom", "all", "mean")
SECTION_DEPTH_WORDS = ("bottom", "mean")
MAX_POINTS = 20_000  # points
POINTS_AT_ONCE = 2_000  # points that are read together: of a platform, they share their steps
ALL = slice(None)
Between = Literal["nearest", "linear"]

# How long a step stands for, where there is no other beside it to tell.
QUANTA = {"second": 1, "hour": 3_600, "day": DAY, "month": 30 * DAY, "year": 365 * DAY}


def path_places(query: PathRequest) -> Places:
    """Place points along a path, by their distance."""
    way = path.along(query.path, query.points, query.spacing)
    dims = ("distance",)
    return Places(
        latitude=way.latitude,
        longitude=way.longitude,
        dims={"distance": way.distance.size},
        coordinates=[
            Coordinate(
                name="distance", dims=dims, values=way.distance, units="km", long_name="distance along the path"
            ),
            *horizontal(dims, way.latitude, way.longitude),
            Coordinate(
                name="bearing",
                dims=dims,
                values=way.bearing,
                units="degree",
                long_name="where the path goes on to, clockwise from north",
            ),
        ],
        along=way.bearing,
    )


def plan_transect(reading: Reading, variables: Sequence[Assets], query: TransectRequest) -> Extraction:
    """Plan the reading of variables beneath a path; of the last time where none is asked for."""
    places = path_places(query)
    depth = depths.parse(query.depth, DEPTH_WORDS)
    latest = query.time is None and query.start is None and query.end is None
    instants = Instants.of(variables, "-1" if latest else query.time, query.start, query.end)
    extraction = plan_at_places(
        reading,
        variables,
        query,
        kind="transect",
        places=places,
        instants=instants,
        depth=depth,
        fitting=_shorter(places) if instants is None or instants.seconds.size == 1 else None,
    )
    if not query.bathymetry:
        return extraction
    floor = _floor(reading, variables, query, places)
    return with_ancillary(extraction, sea_floor_field(variables, extraction, floor, places.dims))


def _floor(reading: Reading, variables: Sequence[Assets], query: TransectRequest, places: Places) -> Sample | None:
    """Find the cells of the model's own sea floor, if it has one."""
    bathymetry = next((variable.bathymetry for variable in variables if variable.bathymetry is not None), None)
    if bathymetry is None:
        return None
    search = Search(interpolation=query.interpolation, radius=query.radius, neighbours=query.neighbours)
    return Sample.of(reading, bathymetry, places.latitude, places.longitude, search)


def _shorter(places: Places) -> Callable[[float], Message]:
    """Suggest a number of points that would fit."""
    return lambda share: Message(f"points={max(2, int(places.latitude.size * share))}")


def plan_section(reading: Reading, variables: Sequence[Assets], query: SectionRequest) -> Extraction:
    """Plan the reading of variables along a path at one level, at all times where none are asked for."""
    places = path_places(query)
    depth = depths.parse(query.depth, SECTION_DEPTH_WORDS)
    instants = Instants.of(variables, query.time, query.start, query.end)
    if instants is None:
        raise InvalidRequest(
            "{key} does not change with time: ask for a transect", key=variables[0].variable.key, field="variables"
        )
    return plan_at_places(reading, variables, query, kind="section", places=places, instants=instants, depth=depth)


@dataclass(frozen=True, kw_only=True)
class TrajectoryVariable:
    """One variable along the way."""

    sample: Sample
    steps: NDArray[np.intp]  # (2, point): the steps that make each point; -1: none
    weights: Floats  # (2, point)
    ways: Floats | None = None  # (cell, 3): of a component, where it points to in space

    @classmethod
    def of(cls, sample: Sample, query: TrajectoryRequest, seconds: NDArray[np.int64]) -> "TrajectoryVariable":
        """Find the steps of each point."""
        assets = sample.assets
        if assets.steps is None:
            always = np.repeat(np.array([[0], [-1]], dtype=np.intp), seconds.size, axis=1)
            return cls(sample=sample, steps=always, weights=np.where(always < 0, 0.0, 1.0))
        axis = Axis.of(assets.steps)
        if axis.seconds.size == 0:
            raise TimeNotFound("{key} has no time steps", key=assets.variable.key, field="times")
        steps, weights = find_steps(axis.seconds, seconds, query.between, assets.variable.quantum)
        if (steps < 0).all():
            raise TimeNotFound(
                "no point is in the time of {key}, which goes from {time} to {time2}",
                key=assets.variable.key,
                time=format_time(axis.seconds[0]),
                time2=format_time(axis.seconds[-1]),
                field="times",
            )
        return cls(sample=sample, steps=steps, weights=weights)

    def read(self, source: Source, rows: NDArray[np.intp], target: "TrajectoryDepths") -> Floats:
        """Values of some points: (1 or 3, point)."""
        steps, weights = np.where(self.sample.home[rows] >= 0, self.steps[:, rows], -1), self.weights[:, rows]
        out = np.zeros((1 if self.ways is None else 3, rows.size))
        out[:, (steps < 0).all(axis=0)] = np.nan
        for step in np.unique(steps[steps >= 0]):
            points_of_step = np.flatnonzero((steps == step).any(axis=0))
            share = np.where(steps[:, points_of_step] == step, weights[:, points_of_step], 0.0).sum(axis=0)
            out[:, points_of_step] += share * self._at(source, int(step), rows[points_of_step], target)
        return out

    def _at(self, source: Source, step: int, points: NDArray[np.intp], target: "TrajectoryDepths") -> Floats:
        """Values of points at one step, each at its own depth: (1 or 3, point)."""
        sample, cells = self.sample.some(points)
        steps = None if self.sample.assets.steps is None else [step]
        vertical = self.sample.assets.depth
        level = slice(0, 1) if vertical is not None and target.depths is None else ALL
        columns = source.columns(sample.assets, steps, level, sample.cells)[0]
        components = columns[np.newaxis] if self.ways is None else columns * self.ways[cells].T[:, np.newaxis, :]
        values = sample.gathered(components)
        if vertical is None or target.depths is None:
            return values[:, 0]
        deep = sample.gathered(
            levels.metres(source, sample.assets, steps, ALL, sample.cells, between=sample.between)[0]
        )
        return interpolate_depth(values, deep, target.depths[points], target.between)

    def cost(self, source: Source, target: "TrajectoryDepths") -> Cost:
        """Estimate the cost from the shapes of chunks."""
        assets, sample = self.sample.assets, self.sample
        along, deep, rows, across = source.chunking(assets)
        vertical = len(assets.depth.values) if assets.depth is not None and target.depths is not None else 1
        step_slots, point = np.nonzero(self.steps >= 0)
        steps = self.steps[step_slots, point]
        y, x = np.divmod(sample.cells[np.maximum(sample.local.home[point], 0)].astype(np.int64), assets.grid.shape[-1])
        chunks = np.unique(np.stack([steps // along, y // rows, x // across]), axis=1).shape[1]
        read = point.size * max(1, sample.local.cells.shape[1]) * vertical
        distinct = np.unique(steps)
        files = 1
        if assets.steps is not None:
            files = np.unique(Axis.of(assets.steps).file[distinct]).size
        return Cost(
            steps=distinct.size,
            files=files,
            chunks=max(chunks, files) * -(-vertical // deep),
            cells=read,
            bytes=read * np.dtype(np.float64).itemsize,
        )


@dataclass(frozen=True, kw_only=True)
class TrajectoryDepths:
    """Depths of the points, and how values between levels and steps are made."""

    depths: Floats | None  # (point,): m; None: the first level
    between: Between


@dataclass(frozen=True, kw_only=True)
class TrajectoryReader:
    """Reads variables along the way."""

    ways: Sequence[TrajectoryVariable]
    vector: VectorSample | None
    parts: Sequence[VectorPart]
    along: Floats  # (point,): bearing, degrees
    target: TrajectoryDepths

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Values of some of the points."""
        points = np.arange(self.along.size)[rows]
        values_of_variables = [way.read(reading.source, points, self.target) for way in self.ways]
        result: dict[str, Values] = {}
        if self.vector is not None:
            total = values_of_variables[0] + values_of_variables[1]
            east = (total * self.vector.east[points].T).sum(axis=0)
            north = (total * self.vector.north[points].T).sum(axis=0)
            result |= {part: vector_part(part, east, north, self.along[points]) for part in self.parts}
        for way, values in [*zip(self.ways, values_of_variables, strict=True)][2 if self.vector else 0 :]:
            result[way.sample.assets.variable.key] = values[0]
        return result


def plan_trajectory(reading: Reading, variables: Sequence[Assets], query: TrajectoryRequest) -> Extraction:
    """Plan the reading of variables along a way. Points outside their grid or time have no values."""
    latitude, longitude = path.on_earth(query.points, "points", MAX_POINTS)
    seconds = _seconds(query)
    target = TrajectoryDepths(depths=_depths(variables, query), between=query.between)
    check_variables(variables, query.vector, "all", line=True)
    bearing = path.bearings(latitude, longitude)
    places = Places(
        latitude=latitude,
        longitude=longitude,
        dims={"point": latitude.size},
        coordinates=_coordinates(latitude, longitude, seconds, target.depths),
        along=bearing,
    )
    samples = find_samples(reading, variables, query, places)
    vector = VectorSample.of(reading, samples[0], samples[1], latitude, longitude) if query.vector else None
    ways = [TrajectoryVariable.of(sample, query, seconds) for sample in samples]
    if vector:
        ways[:2] = [replace(way, ways=to) for way, to in zip(ways[:2], vector.ways, strict=True)]
    fields = [Field(variable=variable.variable, dims=("point",)) for variable in variables]
    if query.vector:
        fields = [*vector_fields(variables, query.vector, fields), *fields[2:]]
    cost = sum((way.cost(reading.source, target) for way in ways), Cost(values=len(fields) * latitude.size))
    return Extraction(
        kind="trajectory",
        dataset=query.dataset,
        title=variables[0].variable.dataset_name,
        dims=places.dims,
        coordinates=places.coordinates,
        fields=fields,
        body=TrajectoryReader(ways=ways, vector=vector, parts=query.vector, along=bearing, target=target),
        rows=POINTS_AT_ONCE,
        cost=cost,
        used=[(way.sample.assets, _used(way)) for way in ways],
        facts={"interpolation": query.interpolation, "between": query.between},
        fitting=lambda share: Message("the first {count} points", count=max(1, int(latitude.size * share))),
    )


def _seconds(query: TrajectoryRequest) -> NDArray[np.int64]:
    """Parse the times of the points: a day is its first instant."""
    if len(query.times) != len(query.points):
        raise InvalidRequest(
            "{times_count} times are given for {points_count} points: give one each",
            times_count=len(query.times),
            points_count=len(query.points),
            field="times",
        )
    seconds = np.empty(len(query.times), np.int64)
    for number, text in enumerate(query.times):
        span = parse_time(text, f"times[{number}]")
        if span is None or span.raw:
            raise InvalidRequest(
                "the time {text!r} is no instant; write 2016-02-01T12:00:00Z", text=text[:40], field=f"times[{number}]"
            )
        seconds[number] = span.first
    return seconds


def _depths(variables: Sequence[Assets], query: TrajectoryRequest) -> Floats | None:
    """Check the depths of the points; None if there are none."""
    if not query.depths:
        return None
    if len(query.depths) != len(query.points):
        raise InvalidRequest(
            "{depths_count} depths are given for {points_count} points: give none, or one each",
            depths_count=len(query.depths),
            points_count=len(query.points),
            field="depths",
        )
    query_depths = np.array(query.depths, dtype=np.float64)
    if not np.isfinite(query_depths).all():
        raise InvalidRequest("depths are numbers in m, positive down", field="depths")
    for variable in variables:
        if variable.depth is not None and variable.levels is None and None in depths.metres(variable.depth):
            raise InvalidRequest(
                "the levels of {key} have no depth in metres: leave depths out for the first level",
                key=variable.variable.key,
                field="depths",
            )
    return query_depths


def _coordinates(
    latitude: Floats, longitude: Floats, seconds: NDArray[np.int64], depths: Floats | None
) -> list[Coordinate]:
    dims = ("point",)
    coordinates = [
        Coordinate(name="time", dims=dims, values=seconds, units=EPOCH, standard_name="time"),
        *horizontal(dims, latitude, longitude),
    ]
    if depths is not None:
        coordinates.append(Coordinate(name="depth", dims=dims, values=depths, units="m", standard_name="depth"))
    return coordinates


def _used(way: TrajectoryVariable) -> list[int] | None:
    """The steps that are read."""
    if way.sample.assets.steps is None:
        return None
    steps: list[int] = np.unique(way.steps[way.steps >= 0]).tolist()
    return steps


def find_steps(
    axis: NDArray[np.int64], seconds: NDArray[np.int64], between: Between, quantum: str | None = None
) -> tuple[NDArray[np.intp], Floats]:
    """The steps that make each point, with their weights.

    A step stands for the time half-way to its neighbours. Between the first and the last step a linear value is made
    of the two around; up to half a step beyond, the nearest holds.

    Parameters
    ----------
    axis : ndarray of int, shape (step,)
        Seconds, ascending.
    seconds : ndarray of int, shape (point,)
        When the points are wanted.
    between : {"nearest", "linear"}
        How a value between two steps is made.
    quantum : str, optional
        The spacing of the steps, as the catalogue names it.

    Returns
    -------
    steps : ndarray of int, shape (2, point)
        -1 where there is none: outside the time of the axis.
    weights : ndarray of float, shape (2, point)
        They add up to one where there is a step.
    """
    low = np.clip(np.searchsorted(axis, seconds, side="right") - 1, 0, axis.size - 1)
    high = np.minimum(low + 1, axis.size - 1)
    apart = axis[high] - axis[low]
    share = np.clip(np.divide(seconds - axis[low], apart, out=np.zeros(seconds.shape), where=apart > 0), 0.0, 1.0)
    if between == "nearest":
        share = np.where(share > 0.5, 1.0, 0.0)
    first, last = _end_durations(axis, quantum)
    inside = (seconds >= axis[0] - first) & (seconds <= axis[-1] + last)
    steps = np.where(inside, np.stack([low, high]), -1)
    weights = np.stack([1.0 - share, share])
    return np.where(weights > 0, steps, -1), np.where(inside, weights, 0.0)


def _end_durations(axis: NDArray[np.int64], quantum: str | None) -> tuple[float, float]:
    """Return how long before the first step and after the last one these still hold, s."""
    if axis.size > 1:
        return float(axis[1] - axis[0]) / 2, float(axis[-1] - axis[-2]) / 2
    return QUANTA.get(quantum or "", 0) / 2, QUANTA.get(quantum or "", 0) / 2


def interpolate_depth(values: Floats, deep: Floats, target: Floats, between: Between) -> Floats:
    """Values at a depth of each column.

    A level stands for the water half-way to its neighbours, the shallowest for all above it, and the deepest wet one
    as far down as up. Between two wet levels a linear value is made of both; elsewhere that of the nearest holds:
    the sea floor does not thin the water above it.

    Parameters
    ----------
    values : ndarray of float, shape (..., level, point)
        NaN over land and below the sea floor.
    deep : ndarray of float, shape (level, point)
        m, positive down, in any order; NaN where a level has none.
    wanted : ndarray of float, shape (point,)
        m, positive down.
    between : {"nearest", "linear"}
        How a value between two levels is made.

    Returns
    -------
    ndarray of float, shape (..., point)
        NaN below the sea floor.
    """
    sample_values = values.reshape(-1, *deep.shape)[0]
    deep = np.where(np.isfinite(sample_values) & np.isfinite(deep), deep, np.inf)
    # Dry levels go to the end: the wet ones of a column are its first.
    order = np.argsort(deep, axis=0, kind="stable")
    values = np.take_along_axis(values, np.broadcast_to(order, values.shape), axis=-2)
    deep = np.take_along_axis(deep, order, axis=0)
    wet = np.isfinite(deep).sum(axis=0)
    last = np.maximum(wet - 1, 0)
    low = np.minimum(np.maximum((deep <= target).sum(axis=0) - 1, 0), last)
    high = np.minimum(low + 1, last)
    deep = np.where(np.isfinite(deep), deep, 0.0)
    upper, apart = _pick(deep, low), _pick(deep, high) - _pick(deep, low)
    share = np.clip(np.divide(target - upper, apart, out=np.zeros(target.shape), where=apart > 0), 0.0, 1.0)
    if between == "nearest":
        share = np.where(share > 0.5, 1.0, 0.0)
    shallower, deeper = _pick(values, low), _pick(values, high)
    values_at_depth = np.where(
        share == 0, shallower, np.where(share == 1, deeper, (1 - share) * shallower + share * deeper)
    )
    return np.where((wet > 0) & (target <= _wet_bottom(deep, last)), values_at_depth, np.nan)


def _wet_bottom(deep: Floats, last: NDArray[np.intp]) -> Floats:
    """Return how far down the deepest wet level reaches: as far as it does up."""
    bottom, above = _pick(deep, last), _pick(deep, np.maximum(last - 1, 0))
    upper = np.where(last > 0, (bottom + above) / 2, np.minimum(bottom, 0.0))
    floor: Floats = 2 * bottom - upper
    return floor


def _pick(values: Floats, levels: NDArray[np.intp]) -> Floats:
    """The values at a level of each point."""
    taken = np.take_along_axis(values, np.broadcast_to(levels, (*values.shape[:-2], 1, levels.size)), axis=-2)
    return np.asarray(taken[..., 0, :], dtype=np.float64)
