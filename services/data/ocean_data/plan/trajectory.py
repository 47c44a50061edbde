"""Variables along the way of a moving platform: each point has its own time and depth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.extractions import TrajectoryRequest, VectorPart
from ocean_common.errors import InvalidRequest, TimeNotFound
from ocean_core.geometry import Floats
from ocean_core.time import format_time
from ocean_core.vectors import vector_part
from ocean_data.compute import depth as depths
from ocean_data.compute import levels, path
from ocean_data.plan import point_extraction as located
from ocean_data.plan import time, track
from ocean_data.plan.extraction import Coordinate, Cost, Extraction, Field, Reading, Values
from ocean_data.plan.point_extraction import EPOCH, Places
from ocean_data.plan.points import horizontal
from ocean_data.plan.sampling import Sample, VectorSample
from ocean_data.ports import Source

MOST = 20_000  # points
AT_ONCE = 2_000  # points that are read together: of a platform, they share their steps
ALL = slice(None)


@dataclass(frozen=True, kw_only=True)
class Way:
    """One variable along the way."""

    sample: Sample
    steps: NDArray[np.intp]  # (2, point): the steps that make each point; -1: none
    weights: Floats  # (2, point)
    ways: Floats | None = None  # (cell, 3): of a component, where it points to in space

    @classmethod
    def of(cls, sample: Sample, asked: TrajectoryRequest, seconds: NDArray[np.int64]) -> "Way":
        """Find the steps of each point."""
        assets = sample.assets
        if assets.steps is None:
            always = np.repeat(np.array([[0], [-1]], dtype=np.intp), seconds.size, axis=1)
            return cls(sample=sample, steps=always, weights=np.where(always < 0, 0.0, 1.0))
        axis = time.Axis.of(assets.steps)
        if axis.seconds.size == 0:
            raise TimeNotFound("{key} has no time steps", key=assets.variable.key, field="times")
        steps, weights = track.in_time(axis.seconds, seconds, asked.between, assets.variable.quantum)
        if (steps < 0).all():
            raise TimeNotFound(
                "no point is in the time of {key}, which goes from {time} to {time2}",
                key=assets.variable.key,
                time=format_time(axis.seconds[0]),
                time2=format_time(axis.seconds[-1]),
                field="times",
            )
        return cls(sample=sample, steps=steps, weights=weights)

    def read(self, source: Source, rows: NDArray[np.intp], asked: "Wanted") -> Floats:
        """Values of some points: (1 or 3, point)."""
        steps, weights = np.where(self.sample.home[rows] >= 0, self.steps[:, rows], -1), self.weights[:, rows]
        out = np.zeros((1 if self.ways is None else 3, rows.size))
        out[:, (steps < 0).all(axis=0)] = np.nan
        for step in np.unique(steps[steps >= 0]):
            mine = np.flatnonzero((steps == step).any(axis=0))
            share = np.where(steps[:, mine] == step, weights[:, mine], 0.0).sum(axis=0)
            out[:, mine] += share * self._at(source, int(step), rows[mine], asked)
        return out

    def _at(self, source: Source, step: int, points: NDArray[np.intp], asked: "Wanted") -> Floats:
        """Values of points at one step, each at its own depth: (1 or 3, point)."""
        sample, cells = self.sample.some(points)
        steps = None if self.sample.assets.steps is None else [step]
        vertical = self.sample.assets.depth
        wanted = slice(0, 1) if vertical is not None and asked.depths is None else ALL
        columns = source.columns(sample.assets, steps, wanted, sample.cells)[0]
        whole = columns[np.newaxis] if self.ways is None else columns * self.ways[cells].T[:, np.newaxis, :]
        values = sample.gathered(whole)
        if vertical is None or asked.depths is None:
            return values[:, 0]
        deep = sample.gathered(
            levels.metres(source, sample.assets, steps, ALL, sample.cells, between=sample.between)[0]
        )
        return track.at_depth(values, deep, asked.depths[points], asked.between)

    def cost(self, source: Source, asked: "Wanted") -> Cost:
        """What reading takes, from the shapes of chunks alone."""
        assets, sample = self.sample.assets, self.sample
        along, deep, rows, across = source.chunking(assets)
        vertical = len(assets.depth.values) if assets.depth is not None and asked.depths is not None else 1
        used, point = np.nonzero(self.steps >= 0)
        steps = self.steps[used, point]
        y, x = np.divmod(sample.cells[np.maximum(sample.local.home[point], 0)].astype(np.int64), assets.grid.shape[-1])
        chunks = np.unique(np.stack([steps // along, y // rows, x // across]), axis=1).shape[1]
        read = point.size * max(1, sample.local.cells.shape[1]) * vertical
        distinct = np.unique(steps)
        files = 1
        if assets.steps is not None:
            files = np.unique(time.Axis.of(assets.steps).file[distinct]).size
        return Cost(
            steps=distinct.size,
            files=files,
            chunks=max(chunks, files) * -(-vertical // deep),
            cells=read,
            bytes=read * np.dtype(np.float64).itemsize,
        )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is wanted at each point."""

    depths: Floats | None  # (point,): m; None: the first level
    between: track.Between


@dataclass(frozen=True, kw_only=True)
class Travelled:
    """Reads variables along the way."""

    ways: Sequence[Way]
    vector: VectorSample | None
    parts: Sequence[VectorPart]
    along: Floats  # (point,): bearing, degrees
    wanted: Wanted

    def read(self, reading: Reading, rows: slice) -> dict[str, Values]:
        """Values of some of the points."""
        points = np.arange(self.along.size)[rows]
        found = [way.read(reading.source, points, self.wanted) for way in self.ways]
        out: dict[str, Values] = {}
        if self.vector is not None:
            total = found[0] + found[1]
            east = (total * self.vector.east[points].T).sum(axis=0)
            north = (total * self.vector.north[points].T).sum(axis=0)
            out |= {part: vector_part(part, east, north, self.along[points]) for part in self.parts}
        for way, values in [*zip(self.ways, found, strict=True)][2 if self.vector else 0 :]:
            out[way.sample.assets.variable.key] = values[0]
        return out


def plan(reading: Reading, variables: Sequence[Assets], asked: TrajectoryRequest) -> Extraction:
    """Plan the reading of variables along a way. Points outside their grid or time have no values."""
    latitude, longitude = path.on_earth(asked.points, "points", MOST)
    seconds = _seconds(asked)
    wanted = Wanted(depths=_depths(variables, asked), between=asked.between)
    located.check(variables, asked.vector, "all", line=True)
    bearing = path.bearings(latitude, longitude)
    places = Places(
        latitude=latitude,
        longitude=longitude,
        dims={"point": latitude.size},
        coordinates=_coordinates(latitude, longitude, seconds, wanted.depths),
        along=bearing,
    )
    samples = located.found(reading, variables, asked, places)
    vector = VectorSample.of(reading, samples[0], samples[1], latitude, longitude) if asked.vector else None
    ways = [Way.of(sample, asked, seconds) for sample in samples]
    if vector:
        ways[:2] = [replace(way, ways=to) for way, to in zip(ways[:2], vector.ways, strict=True)]
    fields = [Field(variable=one.variable, dims=("point",)) for one in variables]
    if asked.vector:
        fields = [*located.vector_fields(variables, asked.vector, fields), *fields[2:]]
    cost = sum((way.cost(reading.source, wanted) for way in ways), Cost(values=len(fields) * latitude.size))
    return Extraction(
        kind="trajectory",
        dataset=asked.dataset,
        title=variables[0].variable.dataset_name,
        dims=places.dims,
        coordinates=places.coordinates,
        fields=fields,
        body=Travelled(ways=ways, vector=vector, parts=asked.vector, along=bearing, wanted=wanted),
        rows=AT_ONCE,
        cost=cost,
        used=[(way.sample.assets, _used(way)) for way in ways],
        facts={"interpolation": asked.interpolation, "between": asked.between},
        fitting=lambda share: f"the first {max(1, int(latitude.size * share))} points",
    )


def _seconds(asked: TrajectoryRequest) -> NDArray[np.int64]:
    """When the points are wanted: a day is its first instant."""
    if len(asked.times) != len(asked.points):
        raise InvalidRequest(
            "{times_count} times are given for {points_count} points: give one each",
            times_count=len(asked.times),
            points_count=len(asked.points),
            field="times",
        )
    found = np.empty(len(asked.times), np.int64)
    for number, text in enumerate(asked.times):
        span = time.parse(text, f"times[{number}]")
        if span is None or span.raw:
            raise InvalidRequest(
                "the time {text!r} is no instant; write 2016-02-01T12:00:00Z", text=text[:40], field=f"times[{number}]"
            )
        found[number] = span.first
    return found


def _depths(variables: Sequence[Assets], asked: TrajectoryRequest) -> Floats | None:
    """How deep the points are; None if they do not say."""
    if not asked.depths:
        return None
    if len(asked.depths) != len(asked.points):
        raise InvalidRequest(
            "{depths_count} depths are given for {points_count} points: give none, or one each",
            depths_count=len(asked.depths),
            points_count=len(asked.points),
            field="depths",
        )
    found = np.array(asked.depths, dtype=np.float64)
    if not np.isfinite(found).all():
        raise InvalidRequest("depths are numbers in m, positive down", field="depths")
    for one in variables:
        if one.depth is not None and one.levels is None and None in depths.metres(one.depth):
            raise InvalidRequest(
                "the levels of {key} have no depth in metres: leave depths out for the first level",
                key=one.variable.key,
                field="depths",
            )
    return found


def _coordinates(
    latitude: Floats, longitude: Floats, seconds: NDArray[np.int64], deep: Floats | None
) -> list[Coordinate]:
    dims = ("point",)
    found = [
        Coordinate(name="time", dims=dims, values=seconds, units=EPOCH, standard_name="time"),
        *horizontal(dims, latitude, longitude),
    ]
    if deep is not None:
        found.append(Coordinate(name="depth", dims=dims, values=deep, units="m", standard_name="depth"))
    return found


def _used(way: Way) -> list[int] | None:
    """The steps that are read."""
    if way.sample.assets.steps is None:
        return None
    found: list[int] = np.unique(way.steps[way.steps >= 0]).tolist()
    return found
