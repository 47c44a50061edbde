"""Where and when an equation is evaluated: which cells, levels and time steps are read of its operands.

All values are (step, depth, cell), whichever cells these are; an axis of one fits all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_common.errors import TimeNotFound
from ocean_core.geometry import Floats
from ocean_core.time import format_time
from ocean_data.compute.depth import metres
from ocean_data.compute.expression.names import depth_axis
from ocean_data.grids.base import Cells, Grid
from ocean_data.plan.times import Axis
from ocean_data.ports import Grids, Source

ALL = slice(None)
Indices = NDArray[np.int64]


class Where(Protocol):
    """Some cells of a grid."""

    @property
    def flat(self) -> Indices:
        """Their flat indices: (cell,)."""

    def read(self, source: Source, variable: Assets, steps: Sequence[int] | None, levels: slice) -> Floats:
        """Values of a variable: (step, depth, cell)."""

    def wider(self, shape: tuple[int, int]) -> "Where":
        """These cells and those beside them, also around the globe."""

    def find(self, cells: Indices) -> Indices:
        """Where cells are among these: -1 stays -1."""


@dataclass(frozen=True)
class Box:
    """All cells of some rows and columns."""

    rows: slice
    columns: slice
    width: int  # of the grid

    @property
    def flat(self) -> Indices:
        rows, columns = (np.arange(span.start, span.stop) for span in (self.rows, self.columns))
        return (rows[:, np.newaxis] * self.width + columns).ravel()

    def read(self, source: Source, variable: Assets, steps: Sequence[int] | None, levels: slice) -> Floats:
        box = self.rows, self.columns
        windows = [source.window(variable, step, levels, box) for step in (steps if steps is not None else [None])]
        return np.stack([window.reshape(window.shape[0], -1) for window in windows]).astype(np.float64)

    def wider(self, shape: tuple[int, int]) -> "Box":
        rows = slice(max(self.rows.start - 1, 0), min(self.rows.stop + 1, shape[0]))
        inside = self.columns.start > 0 and self.columns.stop < shape[1]
        columns = slice(self.columns.start - 1, self.columns.stop + 1) if inside else slice(0, shape[1])
        return replace(self, rows=rows, columns=columns)

    def find(self, cells: Indices) -> Indices:
        row, column = np.divmod(cells, self.width)
        position = (row - self.rows.start) * (self.columns.stop - self.columns.start) + column - self.columns.start
        return np.where(cells >= 0, position, -1)


@dataclass(frozen=True)
class Some:
    """Single cells."""

    flat: Indices

    def read(self, source: Source, variable: Assets, steps: Sequence[int] | None, levels: slice) -> Floats:
        return source.columns(variable, steps, levels, self.flat.astype(np.int32))

    def wider(self, shape: tuple[int, int]) -> "Some":
        around = np.unique(np.concatenate([self.flat, beside(self.flat, shape).ravel()]))
        return Some(around[around >= 0])

    def find(self, cells: Indices) -> Indices:
        return np.where(cells >= 0, np.searchsorted(self.flat, cells), -1)


def beside(cells: Indices, shape: tuple[int, int]) -> Indices:
    """The next and the previous cell along the row, then along the column: (cell, 4), -1 where there is none.

    The last column is followed by the first: whether they are neighbours on the Earth, the distance tells.
    """
    row, column = np.divmod(cells, shape[1])
    right, left = row * shape[1] + (column + 1) % shape[1], row * shape[1] + (column - 1) % shape[1]
    up = np.where(row + 1 < shape[0], cells + shape[1], -1)
    down = np.where(row > 0, cells - shape[1], -1)
    return np.stack([right, left, up, down], axis=1)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where and when something is calculated."""

    source: Source
    grids: Grids
    assets: Assets  # of what is calculated
    steps: Sequence[int] | None  # of its time steps
    levels: slice  # of its depth axis
    where: Where
    wanted: NDArray[np.bool_] | None = None  # (cell,): the others need not be calculated, and are NaN

    @property
    def grid(self) -> Grid:
        """The grid of what is calculated."""
        return self.grids.grid(self.assets.grid)

    def read(self, operand: Assets, *, whole: bool) -> Floats:
        """The values of an operand: (step, depth, cell); with ``whole``, over the whole depth axis."""
        levels = ALL if whole or operand.depth is None else self.levels
        values = self.where.read(self.source, operand, steps_of(operand, self.assets, self.steps), levels)
        return values if self.wanted is None else np.where(self.wanted, values, np.nan)

    def centres(self) -> tuple[Floats, Floats]:
        """Latitudes and longitudes of the cells, degrees: (cell,) each."""
        cells: Cells = self.where.flat.astype(np.int32)
        return self.grid.centres(cells)

    def depths(self, *, whole: bool) -> Floats:
        """Depths of the levels, m: (1, depth, 1); zero where there is no depth axis.

        True depths of sigma levels and partial cells come here.
        """
        axis = depth_axis(self.assets)
        if axis is None:
            return np.zeros((1, 1, 1))
        values = np.array([np.nan if metre is None else metre for metre in metres(axis)])
        return values[ALL if whole else self.levels][np.newaxis, :, np.newaxis]

    def at(self, where: Where) -> "Place":
        """The same at other cells."""
        return replace(self, where=where)


def steps_of(operand: Assets, result: Assets, steps: Sequence[int] | None) -> list[int] | None:
    """The time steps of an operand that are at the instants of those of the result."""
    if operand.steps is None or result.steps is None or steps is None:
        return None
    if operand.steps is result.steps or operand.steps == result.steps:
        return list(steps)
    result_seconds, operand_seconds = Axis.of(result.steps).seconds[list(steps)], Axis.of(operand.steps).seconds
    position = np.minimum(np.searchsorted(operand_seconds, result_seconds), operand_seconds.size - 1)
    missing = (
        np.flatnonzero(operand_seconds[position] != result_seconds)
        if operand_seconds.size
        else np.arange(result_seconds.size)
    )
    if missing.size:
        raise TimeNotFound(
            "{key} has no time step at {time}, and {second_key} is calculated from it",
            key=operand.variable.key,
            time=format_time(result_seconds[missing[0]]),
            second_key=result.variable.key,
            field="time",
        )
    return [int(step) for step in position]
