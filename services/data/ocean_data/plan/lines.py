"""Plan extractions along lines: beneath a path, of a path through time, and along the way of a moving platform."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import PathRequest, Point, SectionRequest, TrajectoryRequest, TransectRequest
from ocean_core.errors import InvalidRequest, Message, RequestTooLarge, TimeNotFound
from ocean_core.geometry import WGS84, Floats, wrap_longitude
from ocean_core.time import DAY, format_time
from ocean_data.compute import depth as depths
from ocean_data.compute.depth import cell_depths
from ocean_data.compute.interpolation import choose_interpolation, describe_interpolation
from ocean_data.grids.base import Coordinate, horizontal
from ocean_data.plan.extraction import Cost, Extraction, Field, Values
from ocean_data.plan.points import (
    MAX_POINTS,
    TIME,
    find_samples,
    on_earth,
    plan_fields,
    vector_fields,
    with_sea_floor,
)
from ocean_data.plan.sampling import Places, Sample, VectorSample, level_count
from ocean_data.plan.times import Axis, parse_time, select_instants
from ocean_data.reading.base import Reading, Source

POINTS_AT_ONCE = 2_000  # points that are read together: of a platform, they share their steps
ALL = slice(None)
Between = Literal["nearest", "linear"]

# How long a step stands for, where there is no other beside it to tell.
QUANTA = {"second": 1, "hour": 3_600, "day": DAY, "month": 30 * DAY, "year": 365 * DAY}


def path_places(query: PathRequest) -> Places:
    """Place points along a path, by their distance."""
    way = cut_path(query.path, query.points, query.spacing)
    dims = ("distance",)
    to_next = "where the path goes on to, clockwise from north"
    return Places(
        latitude=way.latitude,
        longitude=way.longitude,
        dims={"distance": way.distance.size},
        coordinates=[
            Coordinate(
                name="distance", dims=dims, values=way.distance, units="km", long_name="distance along the path"
            ),
            *horizontal(way.latitude, way.longitude, dims),
            Coordinate(name="bearing", dims=dims, values=way.bearing, units="degree", long_name=to_next),
        ],
        along=way.bearing,
    )


def plan_transect(reading: Reading, variables: Sequence[Assets], query: TransectRequest) -> Extraction:
    """Plan the reading of variables beneath a path; of the last time where none is asked for."""
    places, depth = path_places(query), depths.parse(query.depth)
    instants = select_instants(variables, query, latest=True)

    def fewer_points(share: float) -> Message:
        return Message(f"points={max(2, int(places.latitude.size * share))}")

    extraction = plan_fields(
        reading,
        query,
        find_samples(reading, variables, query, places.where, depth, line=True),
        kind="transect",
        frame=places,
        instants=instants,
        depth=depth,
        fitting=fewer_points if instants is None or instants.seconds.size == 1 else None,
    )
    return with_sea_floor(extraction, reading, variables, query, places) if query.bathymetry else extraction


def plan_section(reading: Reading, variables: Sequence[Assets], query: SectionRequest) -> Extraction:
    """Plan the reading of variables along a path at one level, at all times where none are asked for."""
    places, depth = path_places(query), depths.parse(query.depth, ("bottom", "mean"))
    instants = select_instants(variables, query)
    if instants is None:
        raise InvalidRequest(
            "{key} does not change with time: ask for a transect", key=variables[0].variable.key, field="variables"
        )
    samples = find_samples(reading, variables, query, places.where, depth, line=True)
    return plan_fields(reading, query, samples, kind="section", frame=places, instants=instants, depth=depth)


@dataclass(frozen=True, kw_only=True)
class TrajectoryVariable:
    """One variable along the way."""

    sample: Sample
    steps: NDArray[np.intp]  # (2, point): the steps that make each point; -1: none
    weights: Floats  # (2, point)
    directions: Floats | None  # (cell, 3): of a component, where it points to in space
    depths: Floats | None  # (point,): m; None: the first level
    between: Between  # levels and steps

    def read(self, source: Source, rows: NDArray[np.intp]) -> Floats:
        """Values of some points: (1 or 3, point)."""
        steps, weights = (
            np.where(self.sample.near.local.home[rows] >= 0, self.steps[:, rows], -1),
            self.weights[:, rows],
        )
        out = np.zeros((1 if self.directions is None else 3, rows.size))
        out[:, (steps < 0).all(axis=0)] = np.nan
        for step in np.unique(steps[steps >= 0]):
            points = np.flatnonzero((steps == step).any(axis=0))
            share = np.where(steps[:, points] == step, weights[:, points], 0.0).sum(axis=0)
            out[:, points] += share * self._at(source, int(step), rows[points])
        return out

    def _at(self, source: Source, step: int, points: NDArray[np.intp]) -> Floats:
        """Values of points at one step, each at its own depth: (1 or 3, point)."""
        sample = self.sample.some(points)
        assets, near = sample.assets, sample.near
        steps = None if assets.steps is None else [step]
        level = slice(0, 1) if assets.depth is not None and self.depths is None else ALL
        columns = source.columns(assets, steps, level, near.cells)[0]
        components = columns[np.newaxis]
        if self.directions is not None:
            directions = self.directions[np.searchsorted(self.sample.near.cells, near.cells)]
            components = columns * directions.T[:, np.newaxis, :]
        values = near.gather(components)
        if assets.depth is None or self.depths is None:
            return values[:, 0]
        deep = near.gather(cell_depths(source, assets, steps, ALL, near.cells, between=sample.between)[0])
        return interpolate_depth(values, deep, self.depths[points], self.between)

    def used(self) -> list[int] | None:
        """Return the steps that are read."""
        if self.sample.assets.steps is None:
            return None
        steps: list[int] = np.unique(self.steps[self.steps >= 0]).tolist()
        return steps

    def cost(self, source: Source) -> Cost:
        """Estimate the cost from the shapes of chunks."""
        assets, near = self.sample.assets, self.sample.near
        along, deep, rows, across = source.chunking(assets)
        levels = 1 if self.depths is None else level_count(assets)
        slots, point = np.nonzero(self.steps >= 0)
        cells = near.cells[np.maximum(near.local.home[point], 0)].astype(np.int64)
        y, x = np.divmod(cells, assets.grid.shape[-1])
        chunks = np.unique(np.stack([self.steps[slots, point] // along, y // rows, x // across]), axis=1).shape[1]
        used = self.used()
        files = 1 if assets.steps is None or used is None else len(Axis.of(assets.steps).files(used))
        read = point.size * max(1, near.local.cells.shape[1]) * levels
        return Cost(
            steps=1 if used is None else len(used),
            files=files,
            chunks=max(chunks, files) * -(-levels // deep),
            cells=read,
            bytes=read * np.dtype(np.float64).itemsize,
        )


def plan_trajectory(reading: Reading, variables: Sequence[Assets], query: TrajectoryRequest) -> Extraction:
    """Plan the reading of variables along a way. Points outside their grid or time have no values."""
    latitude, longitude = where = on_earth(query.points, "points", MAX_POINTS)
    seconds, point_depths = _seconds(query), _depths(variables, query)
    samples = find_samples(reading, variables, query, where, "all", line=True)
    vector = VectorSample.of(reading, samples, where, query.vector, bearings(latitude, longitude))
    tracks = []
    for number, sample in enumerate(samples):
        between = choose_interpolation(sample.assets.variable, query.between)
        steps, weights = _steps_of_points(sample.assets, between, seconds)
        directions = vector.directions[number] if vector and number < 2 else None
        tracks.append(
            TrajectoryVariable(
                sample=sample,
                steps=steps,
                weights=weights,
                directions=directions,
                depths=point_depths,
                between=between,
            )
        )
    dims = ("point",)
    fields = [Field(variable=variable.variable, dims=dims) for variable in variables]
    if query.vector:
        fields = [*vector_fields(variables, query.vector, fields), *fields[2:]]
    coordinates = [Coordinate(name="time", dims=dims, values=seconds, **TIME), *horizontal(latitude, longitude, dims)]
    if point_depths is not None:
        coordinates.append(Coordinate(name="depth", dims=dims, values=point_depths, units="m", standard_name="depth"))
    return Extraction(
        kind="trajectory",
        dataset=query.dataset,
        title=variables[0].variable.dataset_name,
        dims={"point": latitude.size},
        coordinates=coordinates,
        fields=fields,
        body=partial(_read_trajectory, tracks, vector),
        rows=POINTS_AT_ONCE,
        cost=sum((track.cost(reading.source) for track in tracks), Cost(values=len(fields) * latitude.size)),
        used=[(track.sample.assets, track.used()) for track in tracks],
        facts=describe_interpolation(variables, query.interpolation)
        | {"between": tracks[0].between if len(tracks) == 1 else query.between},
        fitting=lambda share: Message("the first {count} points", count=max(1, int(latitude.size * share))),
    )


def _read_trajectory(
    tracks: Sequence[TrajectoryVariable], vector: VectorSample | None, reading: Reading, rows: slice
) -> dict[str, Values]:
    """Read values of some of the points."""
    points = np.arange(tracks[0].steps.shape[1])[rows]
    values = [track.read(reading.source, points) for track in tracks]
    result = {} if vector is None else vector.resolve(values[0] + values[1], points)
    for track, own in list(zip(tracks, values, strict=True))[2 if vector else 0 :]:
        result[track.sample.assets.variable.key] = own[0]
    return result


def _steps_of_points(assets: Assets, between: Between, seconds: NDArray[np.int64]) -> tuple[NDArray[np.intp], Floats]:
    """Find the steps of a variable at the times of the points, as `find_steps` does."""
    if assets.steps is None:
        always = np.repeat(np.array([[0], [-1]], dtype=np.intp), seconds.size, axis=1)
        return always, np.where(always < 0, 0.0, 1.0)
    axis = Axis.of(assets.steps).seconds
    if axis.size == 0:
        raise TimeNotFound("{key} has no time steps", key=assets.variable.key, field="times")
    if not assets.steps.dated:
        raise TimeNotFound("the time steps of {key} have no dates", key=assets.variable.key, field="times")
    steps, weights = find_steps(axis, seconds, between, assets.variable.quantum)
    if (steps < 0).all():
        raise TimeNotFound(
            "no point is in the time of {key}, which goes from {first} to {last}",
            key=assets.variable.key,
            first=format_time(axis[0]),
            last=format_time(axis[-1]),
            field="times",
        )
    return steps, weights


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
        if variable.depth is not None and variable.levels is None and np.isnan(depths.metres(variable.depth)).any():
            raise InvalidRequest(
                "the levels of {key} have no depth in metres: leave depths out for the first level",
                key=variable.variable.key,
                field="depths",
            )
    return query_depths


def find_steps(
    axis: NDArray[np.int64], seconds: NDArray[np.int64], between: Between, quantum: str | None = None
) -> tuple[NDArray[np.intp], Floats]:
    """Return the steps that make the value at each instant: ``axis`` (step,) ascending and ``seconds`` (point,), s.

    A step stands for the time half-way to its neighbours. Between the first and the last step a linear value is made
    of the two around; up to half a step beyond, the nearest holds.

    Returns
    -------
    steps : ndarray of int, shape (2, point)
        -1 where there is none: outside the time of the axis.
    weights : ndarray of float, shape (2, point)
        They add up to one where there is a step.
    """
    low = np.clip(np.searchsorted(axis, seconds, side="right") - 1, 0, axis.size - 1)
    high = np.minimum(low + 1, axis.size - 1)
    share = _share(seconds, axis[low], axis[high], between)
    # How long before the first step and after the last one these still hold, s.
    first, last = (axis[1] - axis[0], axis[-1] - axis[-2]) if axis.size > 1 else (QUANTA.get(quantum or "", 0),) * 2
    inside = (seconds >= axis[0] - first / 2) & (seconds <= axis[-1] + last / 2)
    steps = np.where(inside, np.stack([low, high]), -1)
    weights = np.stack([1.0 - share, share])
    return np.where(weights > 0, steps, -1), np.where(inside, weights, 0.0)


def interpolate_depth(values: Floats, deep: Floats, target: Floats, between: Between) -> Floats:
    """Return values at a depth of each column, (..., point); NaN below the sea floor.

    A level stands for the water half-way to its neighbours, the shallowest for all above it, and the deepest wet one
    as far down as up. Between two wet levels a linear value is made of both; elsewhere that of the nearest holds:
    the sea floor does not thin the water above it.

    Parameters
    ----------
    values : ndarray of float, shape (..., level, point)
        NaN over land and below the sea floor.
    deep : ndarray of float, shape (level, point)
        m, positive down, in any order; NaN where a level has none.
    target : ndarray of float, shape (point,)
        m, positive down.
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
    share = _share(target, _pick(deep, low), _pick(deep, high), between)
    shallower, deeper = _pick(values, low), _pick(values, high)
    values_at_depth = np.where(
        share == 0, shallower, np.where(share == 1, deeper, (1 - share) * shallower + share * deeper)
    )
    # The deepest wet level reaches as far down as up.
    bottom, above = _pick(deep, last), _pick(deep, np.maximum(last - 1, 0))
    floor = 2 * bottom - np.where(last > 0, (bottom + above) / 2, np.minimum(bottom, 0.0))
    return np.where((wet > 0) & (target <= floor), values_at_depth, np.nan)


def _share(values: NDArray[Any], low: NDArray[Any], high: NDArray[Any], between: Between) -> Floats:
    """Fraction of the distance from low to high, 0 to 1; for the nearest, 0 or 1."""
    apart = high - low
    share = np.clip(np.divide(values - low, apart, out=np.zeros(values.shape), where=apart > 0), 0.0, 1.0)
    return np.where(share > 0.5, 1.0, 0.0) if between == "nearest" else share


def _pick(values: Floats, levels: NDArray[np.intp]) -> Floats:
    """The values at a level of each point."""
    taken = np.take_along_axis(values, np.broadcast_to(levels, (*values.shape[:-2], 1, levels.size)), axis=-2)
    return np.asarray(taken[..., 0, :], dtype=np.float64)


# Paths: way-points joined by geodesics of WGS 84

MOST = 5_000  # points of a path
USUAL = 100  # points of a path that does not say how many
SHORTEST = 0.001  # km: spacing of points
SAME = 1e-6  # km: way-points nearer than this are one


@dataclass(frozen=True, kw_only=True)
class Path:
    """Points along a path: (point,) each."""

    latitude: Floats  # degrees
    longitude: Floats  # degrees, -180 to 180
    distance: Floats  # km from the first, along the path
    bearing: Floats  # degrees clockwise from north, 0 up to 360: where the path goes on to from here


def cut_path(way: Sequence[Point], points: int | None = None, spacing: float | None = None) -> Path:
    """Return points along way-points, which are among them; one that repeats the one before adds nothing.

    ``points``: how many in all, shared out among the legs by their lengths; or ``spacing``, km: each leg is cut into
    equal pieces no longer than this.
    """
    if points is not None and spacing is not None:
        raise InvalidRequest("give either points or spacing, not both", field="spacing")
    latitude, longitude = on_earth(way, "path", MOST)
    bearing, length = _legs(latitude, longitude)
    distinct = np.concatenate([[True], length > SAME])
    latitude, longitude = latitude[distinct], longitude[distinct]
    if latitude.size < 2:
        raise InvalidRequest("a path goes through at least two different points, as 60,-20;62,-10", field="path")
    bearing, length = _legs(latitude, longitude)
    pieces = _by_spacing(length, spacing) if spacing is not None else _by_number(length, points)
    return _cut(latitude, longitude, bearing, length, pieces)


def bearings(latitude: Floats, longitude: Floats) -> Floats:
    """Return the bearing of each point, (point,), from the one before it; of the first, that of the way on.

    A point that stands still keeps its bearing; where nothing moves it is NaN.
    """
    if latitude.size < 2:
        return np.full(latitude.shape, np.nan)
    _, back, length = WGS84.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    moved = np.flatnonzero(np.asarray(length) / 1000 > SAME)
    if not moved.size:
        return np.full(latitude.shape, np.nan)
    last = np.searchsorted(moved, np.arange(latitude.size) - 1, side="right") - 1
    bearing = np.mod(np.asarray(back)[moved[np.maximum(last, 0)]] + 180.0, 360.0)
    start, _, _ = WGS84.inv(*(axis[moved[0] + k] for k in (0, 1) for axis in (longitude, latitude)))
    bearing[: moved[0] + 1] = np.mod(start, 360.0)
    return np.asarray(bearing, dtype=np.float64)


def _legs(latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Bearing at the start (degrees) and length (km) of each leg."""
    bearing, _, length = WGS84.inv(longitude[:-1], latitude[:-1], longitude[1:], latitude[1:])
    return np.asarray(bearing, dtype=np.float64), np.asarray(length, dtype=np.float64) / 1000


def _by_spacing(length: Floats, spacing: float) -> NDArray[np.int64]:
    if not (np.isfinite(spacing) and spacing >= SHORTEST):
        raise InvalidRequest(
            "spacing is a distance of {shortest} km or more, not {spacing:g}",
            shortest=SHORTEST,
            spacing=spacing,
            field="spacing",
        )
    # A leg of exactly three spacings is three pieces, whatever the last bit of its length says.
    pieces = np.maximum(np.ceil(length / spacing * (1 - 1e-12)), 1)
    if pieces.sum() + 1 > MOST:
        fits = length.sum() / max(1, MOST - 1 - length.size)
        raise RequestTooLarge(
            "{total:.0f} points are asked for, and the limit is {limit}; spacing={spacing:g} would fit",
            total=pieces.sum() + 1,
            limit=MOST,
            spacing=np.ceil(fits),
            field="spacing",
        )
    return pieces.astype(np.int64)


def _by_number(length: Floats, points: int | None) -> NDArray[np.int64]:
    if points is None:
        points = max(USUAL, length.size + 1)
    if points > MOST:
        raise RequestTooLarge(
            "{count} points are asked for, and the limit is {limit}", count=points, limit=MOST, field="points"
        )
    if points < length.size + 1:
        raise InvalidRequest(
            "the path goes through {size} way-points, and points={points} are too few to hold them",
            size=length.size + 1,
            points=points,
            field="points",
        )
    spare = points - 1 - length.size
    share = length / length.sum() * spare
    pieces = np.floor(share).astype(np.int64)
    # What is left over goes to the legs that lack the most.
    lacking = np.argsort(pieces - share, kind="stable")[: spare - int(pieces.sum())]
    pieces[lacking] += 1
    counts: NDArray[np.int64] = pieces + 1
    return counts


def _cut(latitude: Floats, longitude: Floats, bearing: Floats, length: Floats, pieces: NDArray[np.int64]) -> Path:
    """The points that cut each leg into so many equal pieces."""
    leg = np.repeat(np.arange(pieces.size), pieces)
    number = np.arange(leg.size) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    gone = number * (length / pieces)[leg]
    before = np.concatenate([[0.0], np.cumsum(length)])
    east, north, back = WGS84.fwd(longitude[leg], latitude[leg], bearing[leg], gone * 1000)
    _, last, _ = WGS84.inv(longitude[-2], latitude[-2], longitude[-1], latitude[-1])
    first = number == 0  # the way-points themselves, to the last bit
    inner = {
        "latitude": np.where(first, latitude[leg], north),
        "longitude": np.where(first, longitude[leg], east),
        "bearing": np.where(first, bearing[leg], np.asarray(back) + 180.0),
        "distance": before[leg] + gone,
    }
    ends = {"latitude": latitude[-1], "longitude": longitude[-1], "bearing": last + 180.0, "distance": before[-1]}
    columns = {name: np.append(values, ends[name]) for name, values in inner.items()}
    columns |= {"longitude": wrap_longitude(columns["longitude"]), "bearing": np.mod(columns["bearing"], 360.0)}
    return Path(**columns)
