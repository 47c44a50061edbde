"""Variables at any points: the reading that points, lines, trajectories and stated grids share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import Interpolation
from ocean_core.errors import PointOutsideGrid
from ocean_core.geometry import Floats, east_and_north
from ocean_core.messages import Message
from ocean_core.vectors import Axis
from ocean_data.compute import depth as depths
from ocean_data.compute import levels, vectors
from ocean_data.compute.depth import Depth
from ocean_data.compute.interpolation import check_search, gather, narrowed, stencil
from ocean_data.grids.base import Cells, Grid
from ocean_data.plan.extraction import Cost, Reading
from ocean_data.ports import Source, Stencil

ALL = slice(None)
DENSE = 2_000  # cells: from here on it is looked whether a box around them is read at less cost
LOOSE = 4  # times as many cells as are needed: the most that a box may hold


@dataclass(frozen=True, kw_only=True)
class Search:
    """Interpolation of values between cells."""

    interpolation: Interpolation = "nearest"
    radius: float = 25.0  # km
    neighbours: int = 10


class SampledColumn(NamedTuple):
    """Values read at points: (step, level, point), and the depth of each value in m where it is not the axis's."""

    values: Floats
    metres: Floats | None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One variable at points."""

    assets: Assets
    home: Cells  # (point,): the nearest cell, -1 outside the grid
    cells: Cells  # (cell,): those that are needed, ascending
    local: Stencil  # on `cells`
    between: levels.Between | None = None  # where the depths of `cells` are told, if that is on another grid

    @classmethod
    def of(
        cls,
        reading: Reading,
        assets: Assets,
        latitude: Floats,
        longitude: Floats,
        search: Search,
        *,
        outside: str | None = None,
    ) -> "Sample":
        """Find the cells of points: (point,) each, degrees.

        ``outside``: what a point outside the grid is called in the error, with `{}` for its number; if it is None
        such points have no values, as long as one of them has.
        """
        check_search(search.radius, search.neighbours)
        grid = reading.grids.grid(assets.grid)
        home = grid.nearest(latitude, longitude)
        missing = np.flatnonzero(home < 0)
        if missing.size and (outside is not None or missing.size == home.size):
            raise _outside(assets, grid, (latitude[missing[0]], longitude[missing[0]]), outside, int(missing[0]))
        sample_stencil = stencil(
            grid,
            latitude,
            longitude,
            search.interpolation,
            radius=search.radius,
            neighbours=search.neighbours,
            home=home,
        )
        cells, local = narrowed(sample_stencil)
        between = levels.Between.of(reading.grids, assets, cells)
        return cls(assets=assets, home=home, cells=cells, local=local, between=between)

    def some(self, points: NDArray[np.intp]) -> tuple["Sample", Cells]:
        """The same of some of the points, and which of the cells these need."""
        part = self.local
        part = Stencil(home=part.home[points], cells=part.cells[points], weights=part.weights[points])
        positions, local = narrowed(part)
        between = self.between and self.between.some(positions)
        return replace(
            self, home=self.home[points], cells=self.cells[positions], local=local, between=between
        ), positions

    def read(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> SampledColumn:
        """Values at the points."""
        values, metres = self.columns(source, steps, depth)
        return SampledColumn(self.gathered(values), None if metres is None else self.gathered(metres))

    def gathered(self, values: Floats) -> Floats:
        """Values at the points, (..., point), of values at the cells, (..., cell)."""
        flat = gather(np.ascontiguousarray(values.reshape(-1, self.cells.size)), self.local)
        gathered: Floats = flat.reshape(*values.shape[:-1], self.home.size)
        return gathered

    def columns(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> tuple[Floats, Floats | None]:
        """Values at the cells, (step, level, cell), and their depths where these are not the axis's."""
        levels_read = slice(depth, depth + 1) if isinstance(depth, int) and self.assets.depth is not None else ALL
        values = read_columns(source, self.assets, steps, levels_read, self.cells)
        if self.assets.depth is None:
            return values, None
        if depth in {"bottom", "mean"}:
            deep = levels.metres(source, self.assets, steps, ALL, self.cells, between=self.between)
            if depth == "mean":
                return levels.average(values, deep)[:, np.newaxis], None
            bottom = depths.bottom_level(values, depths.deepest_first(self.assets.depth))
            deep = np.broadcast_to(deep, values.shape)
            return depths.bottom_values(values, bottom)[:, np.newaxis], depths.bottom_values(deep, bottom)[:, None]
        if self.assets.levels is None:
            return values, None
        return values, levels.metres(source, self.assets, steps, levels_read, self.cells, between=self.between)

    def cost(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> Cost:
        """Estimate the cost from the shapes of chunks."""
        vertical = 1 if self.assets.depth is None or isinstance(depth, int) else len(self.assets.depth.values)
        return read_cost(source, self.assets, steps, vertical, self.cells)


@dataclass(frozen=True, kw_only=True)
class VectorSample:
    """Two components at points, as vectors on the Earth."""

    first: Sample
    second: Sample
    ways: tuple[Floats, Floats]  # (cell, 3): where the component of each cell points to, in space
    east: Floats  # (point, 3)
    north: Floats

    @classmethod
    def of(cls, reading: Reading, first: Sample, second: Sample, latitude: Floats, longitude: Floats) -> "VectorSample":
        """Find where the components point to at their cells."""
        axes = vectors.axes(first.assets.variable, second.assets.variable)
        ways = _component_directions(reading, first, axes[0]), _component_directions(reading, second, axes[1])
        east, north = east_and_north(latitude, longitude)
        return cls(first=first, second=second, ways=ways, east=east, north=north)

    def read(
        self, source: Source, steps: tuple[Sequence[int] | None, Sequence[int] | None], depth: Depth
    ) -> tuple[Floats, Floats, Floats | None]:
        """The eastward and northward parts, (step, level, point) each, and their depths where not the axis's."""
        # Cells turn their own components: beyond a fold and around a pole the same component points elsewhere.
        total, metres = np.zeros(1), None
        for sample, way, own in zip((self.first, self.second), self.ways, steps, strict=True):
            values, deep = sample.columns(source, own, depth)
            total = total + sample.gathered(values[:, :, np.newaxis, :] * way.T)
            if deep is not None and metres is None:
                metres = sample.gathered(deep)
        return np.einsum("slap,pa->slp", total, self.east), np.einsum("slap,pa->slp", total, self.north), metres


def _component_directions(reading: Reading, sample: Sample, axis: Axis) -> Floats:
    """Unit vectors in space along a component: (cell, 3)."""
    assets, grid = sample.assets, reading.grids.grid(sample.assets.grid)
    if grid.rotated and axis in {"x", "y"} and assets.angle:
        alpha = _angle(reading, sample)
        east, north = east_and_north(*grid.centres(sample.cells))
        cosine, sine = np.cos(alpha)[:, np.newaxis], np.sin(alpha)[:, np.newaxis]
        way: Floats = cosine * east + sine * north if axis == "x" else cosine * north - sine * east
        return way
    return grid.directions(sample.cells, axis)


def _angle(reading: Reading, sample: Sample) -> Floats:
    """The angle of the x axis from east, counter-clockwise, at cells: radians, (cell,)."""
    read = {
        name: reading.source.columns(assets, None if assets.steps is None else [0], ALL, sample.cells)[0, 0]
        for name, assets in sample.assets.angle.items()
    }
    if "alpha" in read:
        degrees = "rad" not in sample.assets.angle["alpha"].variable.units
        return np.asarray(np.radians(read["alpha"]) if degrees else read["alpha"], dtype=np.float64)
    angle: Floats = np.arctan2(read["sine"], read["cosine"])
    return angle


def read_columns(source: Source, assets: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells) -> Floats:
    """Values of cells, (step, level, cell): of many that lie together, from the box around them."""
    box = _box(assets, cells) if cells.size >= DENSE else None
    if box is None:
        return source.columns(assets, steps, depths, cells)
    y, x = np.divmod(cells.astype(np.intp), _width(assets))
    rows, across = y - box[0].start, x - box[1].start
    cells_read: Sequence[int | None] = [None] if steps is None else steps
    return np.stack(
        [source.window(assets, step, depths, box)[:, rows, across].astype(np.float64) for step in cells_read]
    )


def read_cost(source: Source, assets: Assets, steps: Sequence[int] | None, vertical: int, cells: Cells) -> Cost:
    """Estimate the cost of some cells from the shapes of chunks."""
    along, deep, rows, across = source.chunking(assets)
    count = 1 if steps is None else len(steps)
    y, x = np.divmod(cells.astype(np.int64), _width(assets))
    flat = np.unique(y // rows * (1 << 32) + x // across).size
    files = 1
    if assets.steps is not None and steps is not None:
        files = np.unique(np.frombuffer(assets.steps.file.data, assets.steps.file.dtype)[list(steps)]).size
    times = max(files, -(-count // along))
    read = count * vertical * cells.size
    return Cost(
        steps=count,
        files=files,
        chunks=times * -(-vertical // deep) * flat,
        cells=read,
        bytes=read * np.dtype(np.float64).itemsize,
    )


def _box(assets: Assets, cells: Cells) -> tuple[slice, slice] | None:
    y, x = np.divmod(cells, _width(assets))
    box = slice(int(y.min()), int(y.max()) + 1), slice(int(x.min()), int(x.max()) + 1)
    held = (box[0].stop - box[0].start) * (box[1].stop - box[1].start)
    return box if held <= LOOSE * cells.size else None


def _width(assets: Assets) -> int:
    return assets.grid.shape[-1]


def _outside(
    assets: Assets, grid: Grid, point: tuple[float, float], field: str | None, number: int
) -> PointOutsideGrid:
    name, place = assets.variable.key, f"{point[0]:g}, {point[1]:g}"
    where = describe_extent(assets, grid)
    if not field:
        return PointOutsideGrid(
            "all points ({position} is the first) are outside the grid of {name}, {location}",
            position=place,
            name=name,
            location=where,
            field="points",
        )
    return PointOutsideGrid(
        "the point {position} is outside the grid of {name}, {location}",
        position=place,
        name=name,
        location=where,
        field=field.format(number),
    )


def describe_extent(assets: Assets, grid: Grid) -> Message:
    """Describe the extent of a grid."""
    if (bounds := assets.grid.bounds) is None:
        latitude, longitude = grid.centres(grid.all_cells)
        bounds = np.nanmin(longitude), np.nanmin(latitude), np.nanmax(longitude), np.nanmax(latitude)
    west, south, east, north = bounds
    box = Message(
        "latitudes {south:g} to {north:g} and longitudes {west:g} to {east:g}",
        south=south,
        north=north,
        west=west,
        east=east,
    )
    if grid.fills_bounds:
        return Message("which covers {box}", box=box)
    return Message("which lies within {box}, but does not fill it", box=box)
