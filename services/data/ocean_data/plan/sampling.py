"""Variables at points and in windows of their grids: the reading that all extractions share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.contracts.data import ExtractionRequest, VectorPart
from ocean_core.errors import Message, PointOutsideGrid
from ocean_core.geometry import Floats, east_and_north, great_circle_distance, wrap_longitude
from ocean_core.vectors import vector_part
from ocean_data.compute.depth import Depth, cell_depths, depth_stencil, level_slice, pick_levels, reduce_columns
from ocean_data.compute.interpolation import LocalStencil, check_search, choose_interpolation, stencil
from ocean_data.compute.vectors import cell_directions, vector_axes
from ocean_data.grids.base import Cells, Frame, Grid, Window, split_runs
from ocean_data.plan.extraction import Cost, Values
from ocean_data.plan.times import Axis, first_and_last
from ocean_data.reading.base import Reading, Source

ALL = slice(None)
REDUCED = {"bottom", "mean"}  # depths that take whole columns
DENSE = 2_000  # cells: from here on it is looked whether a box around them is read at less cost
LOOSE = 4  # times as many cells as are needed: the most that a box may hold
COLUMN_VALUES_AT_ONCE = 4_000_000  # values of whole columns


@dataclass(frozen=True, kw_only=True)
class Places(Frame):
    """The places of an answer: points, whose number is the product of the dimensions."""

    latitude: Floats  # (point,): degrees
    longitude: Floats
    along: Floats | None = None  # (point,): bearing of the line, degrees clockwise from north

    @property
    def where(self) -> tuple[Floats, Floats]:
        """Latitudes and longitudes."""
        return self.latitude, self.longitude


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One variable at points."""

    assets: Assets
    near: LocalStencil
    between: LocalStencil | None = None  # where the depths of the cells of `near` are told, if on another grid

    @classmethod
    def of(
        cls,
        reading: Reading,
        assets: Assets,
        where: tuple[Floats, Floats],
        query: ExtractionRequest,
        *,
        outside: str | None = None,
    ) -> "Sample":
        """Find the cells of points: latitudes and longitudes, degrees, (point,) each.

        ``outside``: what a point outside the grid is called in the error, with `{}` for its number; if it is None
        such points have no values, as long as one of them has. So have those of several that are outside a mesh: it
        has no cells on land, where other grids have cells without a value.
        """
        check_search(query.radius, query.neighbours)
        grid = reading.grids.grid(assets.grid)
        home = grid.nearest(*where)
        missing = np.flatnonzero(home < 0)
        must_be_inside = outside is not None and grid.has_rows
        if missing.size and (must_be_inside or missing.size == home.size):
            first = int(missing[0])
            raise _outside(assets, grid, (where[0][first], where[1][first]), outside and outside.format(first))
        kind = choose_interpolation(assets.variable, query.interpolation)
        chosen = stencil(grid, *where, kind, radius=query.radius, neighbours=query.neighbours, home=home)
        near = LocalStencil.of(chosen)
        return cls(assets=assets, near=near, between=depth_stencil(reading.grids, assets, near.cells))

    def some(self, points: NDArray[np.intp]) -> "Sample":
        """Return that of some of the points."""
        near = self.near.some(points)
        between = self.between and self.between.some(np.searchsorted(self.near.cells, near.cells))
        return replace(self, near=near, between=between)

    def read(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> tuple[Values, Values | None]:
        """Read values at the points, (step, level, point), and their depths where these are not the axis's."""
        values, metres = self.columns(source, steps, depth)
        return self.near.gather(values), None if metres is None else self.near.gather(metres)

    def columns(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> tuple[Floats, Floats | None]:
        """Read values at the cells, (step, level, cell), and their depths where these are not the axis's."""
        assets, cells, levels = self.assets, self.near.cells, level_slice(self.assets, depth)
        values = read_columns(source, assets, steps, levels, cells)
        picked = pick_levels(assets, depth)
        if assets.depth is None or (depth not in REDUCED and assets.levels is None):
            return values[:, picked], None
        deep = cell_depths(source, assets, steps, levels, cells, between=self.between)
        if depth in REDUCED:
            return reduce_columns(values, deep, depth, assets.depth)
        return values[:, picked], deep[:, picked]

    def cost(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> Cost:
        """Estimate the cost from the shapes of chunks."""
        return _cost_of_cells(source, self.assets, steps, depth, self.near.cells)


@dataclass(frozen=True, kw_only=True)
class WindowReader:
    """One variable in a window of its grid."""

    assets: Assets
    window: Window
    mesh: bool  # the columns of the window are its cells
    between: LocalStencil | None = None  # where the depths of the window are told, if that is on another grid

    @classmethod
    def of(cls, reading: Reading, assets: Assets, window: Window) -> "WindowReader":
        """Find where the depths of a window of a variable's grid are told."""
        mesh = not reading.grids.grid(assets.grid).has_rows
        between = depth_stencil(reading.grids, assets, window.cells.ravel())
        return cls(assets=assets, window=window, mesh=mesh, between=between)

    def part(self, rows: slice) -> "WindowReader":
        """Return that of some of the rows; of a mesh, of its cells."""
        if self.mesh:
            between = self.between and self.between.some(rows)
            return replace(self, window=replace(self.window, columns=self.window.columns[rows]), between=between)
        first, last, _ = rows.indices(self.window.rows.size)
        width = self.window.columns.size
        between = self.between and self.between.some(slice(first * width, last * width))
        return replace(self, window=self.window.part(rows), between=between)

    def read(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> tuple[Values, Values | None]:
        """Read values, (step, level, y, x), and their depths where these are not the axis's."""
        if self.assets.depth is None or depth not in REDUCED:
            levels = level_slice(self.assets, depth)
            picked = pick_levels(self.assets, depth)
            values = self._levels(source, steps, levels)[:, picked]
            return values, None if self.assets.levels is None else self._depths(source, steps, levels)[:, picked]
        # Whole columns are read step by step, in blocks of rows.
        axis = -1 if self.mesh else -2
        size = self.window.shape[axis]
        block = max(1, COLUMN_VALUES_AT_ONCE * size // max(1, len(self.assets.depth.values) * self.window.cells.size))
        parts = [self.part(slice(first, min(first + block, size))) for first in range(0, size, block)]
        each = [None] if steps is None else [[step] for step in steps]
        columns = [[part.reduced(source, step, depth) for part in parts] for step in each]
        values = np.concatenate([np.concatenate([block[0] for block in row], axis) for row in columns])
        if depth == "mean":
            return values, None
        metres = np.concatenate([np.concatenate([block[1] for block in row], axis) for row in columns])
        return values.astype(source.precision(self.assets, steps)), metres

    def reduced(self, source: Source, steps: list[int] | None, depth: Depth) -> list[Values]:
        """Read the bottom and its depth, or the mean over depth: (step, 1, y, x)."""
        whole = self._levels(source, steps, ALL).astype(np.float64), self._depths(source, steps, ALL)
        values, deep = (part.reshape(*part.shape[:2], -1) for part in whole)
        reduced = reduce_columns(values, deep, depth, self.assets.depth) if self.assets.depth else ()
        return [part.reshape(-1, 1, *self.window.shape) for part in reduced if part is not None]

    def _levels(self, source: Source, steps: Sequence[int] | None, levels: slice) -> Values:
        """Read values as they are in the files: (step, level, y, x)."""
        assets, window = self.assets, self.window
        precise = source.precision(assets, steps)
        if self.mesh:
            columns = read_columns(source, assets, steps, levels, window.cells.ravel()).astype(precise)
            cells: Values = columns.reshape(*columns.shape[:2], *window.shape)
            return cells
        each: Sequence[int | None] = [None] if steps is None else steps
        numbers = range(level_count(assets))[levels]
        out = np.full((len(each), len(numbers), *window.shape), np.nan, precise)
        # Whole chunks at once, within the bound of memory.
        _, deep, tall, _ = source.chunking(assets)
        width = max(1, window.columns.size)
        high = max(tall, COLUMN_VALUES_AT_ONCE // (width * min(deep, len(numbers))) // tall * tall)
        deep = max(deep, COLUMN_VALUES_AT_ONCE // (width * high) // deep * deep)
        boxes = [(row, column) for row in split_runs(window.rows, high) for column in split_runs(window.columns)]
        for number, step in enumerate(each):
            for first in range(0, len(numbers), deep):
                part = numbers[first : first + deep]
                for row, column in boxes:
                    block = source.window(assets, step, slice(part.start, part.stop), (row.file, column.file))
                    place = slice(first, first + len(part))
                    out[number, place, row.window, column.window] = block[:, row.picked][:, :, column.picked]
        if window.inside is not None:
            out[..., ~window.inside] = np.nan
        return out

    def _depths(self, source: Source, steps: Sequence[int] | None, levels: slice) -> Floats:
        """Read depths of the cells: (step or 1, level, y, x)."""
        deep = cell_depths(source, self.assets, steps, levels, self.window.cells.ravel(), between=self.between)
        deep = deep.reshape(*deep.shape[:2], *self.window.shape)
        return deep if self.window.inside is None else np.where(self.window.inside, deep, np.nan)

    def cost(self, source: Source, steps: Sequence[int] | None, depth: Depth) -> Cost:
        """Estimate the cost from the shapes of chunks."""
        assets, window = self.assets, self.window
        if self.mesh:
            return _cost_of_cells(source, assets, steps, depth, window.cells.ravel())
        _, _, rows, across = source.chunking(assets)
        blocks = np.unique(window.rows // rows).size * np.unique(window.columns // across).size
        itemsize = np.dtype(source.precision(assets, first_and_last(steps))).itemsize
        return _cost(source, assets, steps, depth, cells=window.cells.size, blocks=blocks, itemsize=itemsize)


@dataclass(frozen=True, kw_only=True)
class VectorSample:
    """Two components at points, as vectors on the Earth."""

    samples: Sequence[Sample]
    directions: Sequence[Floats]  # (cell, 3): where the component of each cell points to, in space
    east: Floats  # (point, 3)
    north: Floats
    parts: Sequence[VectorPart]
    along: Floats | None  # (point,): bearing of the line, degrees

    @classmethod
    def of(
        cls,
        reading: Reading,
        samples: Sequence[Sample],
        where: tuple[Floats, Floats],
        parts: Sequence[VectorPart],
        along: Floats | None,
    ) -> "VectorSample | None":
        """Find where the components, the first two samples, point to at their cells; None if no parts are wanted."""
        if not parts:
            return None
        first, second = samples[:2]
        axes = vector_axes(first.assets.variable, second.assets.variable)
        directions = [
            cell_directions(reading, part.assets, part.near.cells, axis)
            for part, axis in zip((first, second), axes, strict=True)
        ]
        east, north = east_and_north(*where)
        return cls(samples=(first, second), directions=directions, east=east, north=north, parts=parts, along=along)

    def read(
        self, source: Source, steps: Sequence[Sequence[int] | None], depth: Depth
    ) -> tuple[dict[str, Values], Values | None]:
        """Read the parts, (step, level, point) each, and their depths where these are not the axis's."""
        # Cells turn their own components: beyond a fold and around a pole the same component points elsewhere.
        total, metres = np.zeros(1), None
        for sample, directions, own in zip(self.samples, self.directions, steps, strict=True):
            values, deep = sample.columns(source, own, depth)
            total = total + sample.near.gather(values[:, :, np.newaxis, :] * directions.T)
            if deep is not None and metres is None:
                metres = sample.near.gather(deep)
        return self.resolve(total, ALL), metres

    def resolve(self, vectors: Floats, points: NDArray[np.intp] | slice) -> dict[str, Values]:
        """Return the parts, (..., point) each, of vectors in space at some of the points, (..., 3, point)."""
        east, north = (np.einsum("...ap,pa->...p", vectors, axis[points]) for axis in (self.east, self.north))
        along = None if self.along is None else self.along[points]
        return {part: vector_part(part, east, north, along) for part in self.parts}


def read_columns(source: Source, assets: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells) -> Floats:
    """Read values of cells, (step, level, cell): of many that lie together, from the box around them."""
    y, x = np.divmod(cells.astype(np.intp), assets.grid.shape[-1])
    if cells.size >= DENSE:
        box = slice(int(y.min()), int(y.max()) + 1), slice(int(x.min()), int(x.max()) + 1)
        rows, columns = y - box[0].start, x - box[1].start
        if (box[0].stop - box[0].start) * (box[1].stop - box[1].start) <= LOOSE * cells.size:
            each: Sequence[int | None] = [None] if steps is None else steps
            return np.stack(
                [source.window(assets, step, depths, box)[:, rows, columns].astype(np.float64) for step in each]
            )
    return source.columns(assets, steps, depths, cells)


def level_count(assets: Assets, depth: Depth = "all") -> int:
    """Return how many levels are read for a depth."""
    return 1 if assets.depth is None else len(range(len(assets.depth.values))[level_slice(assets, depth)])


def _cost_of_cells(source: Source, assets: Assets, steps: Sequence[int] | None, depth: Depth, cells: Cells) -> Cost:
    _, _, rows, across = source.chunking(assets)
    y, x = np.divmod(cells.astype(np.int64), assets.grid.shape[-1])
    blocks = np.unique(y // rows * (1 << 32) + x // across).size
    return _cost(source, assets, steps, depth, cells=cells.size, blocks=blocks)


def _cost(
    source: Source,
    assets: Assets,
    steps: Sequence[int] | None,
    depth: Depth,
    *,
    cells: int,
    blocks: int,  # of chunks, of one level and step
    itemsize: int = 8,
) -> Cost:
    along, deep, _, _ = source.chunking(assets)
    count, levels = 1 if steps is None else len(steps), level_count(assets, depth)
    files = 1 if assets.steps is None or steps is None else len(Axis.of(assets.steps).files(steps))
    read = count * levels * cells
    chunks = max(files, -(-count // along)) * -(-levels // deep) * blocks
    return Cost(steps=count, files=files, chunks=chunks, cells=read, bytes=read * itemsize)


def _outside(assets: Assets, grid: Grid, point: tuple[float, float], field: str | None) -> PointOutsideGrid:
    """Return the error of a point outside a grid, with the nearest place that is inside."""
    texts: dict[str, Any] = {
        "position": f"{point[0]:g}, {point[1]:g}",
        "name": assets.variable.key,
        "location": describe_extent(assets, grid),
        "nearest": _nearest_place(grid, point),
        "field": field or "points",
    }
    if field is None:
        return PointOutsideGrid(
            "all points ({position} is the first) are outside the grid of {name}, {location}; the nearest place "
            "inside is {nearest}",
            **texts,
        )
    if not grid.has_rows:
        return PointOutsideGrid(
            "the point {position} is on land or outside the mesh of {name}, {location}; the nearest place inside is "
            "{nearest}",
            **texts,
        )
    return PointOutsideGrid(
        "the point {position} is outside the grid of {name}, {location}; the nearest place inside is {nearest}",
        **texts,
    )


def _nearest_place(grid: Grid, point: tuple[float, float]) -> str:
    """Return latitude and longitude of the centre of the cell that is nearest to a point, however far it is."""
    centres = grid.centres(grid.all_cells)
    cell = np.nanargmin(great_circle_distance(*point, *centres))
    latitude, longitude = (float(degrees[cell]) for degrees in centres)
    return f"{latitude:.5g}, {float(wrap_longitude(longitude)):.6g}"


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
