"""The window of a region: which rows and columns of any kind of grid hold it, and which of their cells lie in it."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import GridKind
from ocean_data.compute import sphere
from ocean_data.compute.region import SLACK, Region
from ocean_data.ports import Cells, Floats, Grid

AT_ONCE = 1_000_000  # cells that are looked at together
NEXT = 1.5  # columns: so near, the last column of a grid is followed by its first
SAME = 0.01  # columns: so near, two columns are the same one, written twice

Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Run:
    """Rows or columns that lie together in the file."""

    file: slice
    answer: slice  # where they are in the window
    picked: Positions  # of `file`


@dataclass(frozen=True, kw_only=True)
class Window:
    """Cells of a grid: those at the crossings of some rows and columns, in the order of the answer."""

    rows: Positions  # (y,): of the file
    columns: Positions  # (x,)
    width: int  # columns of the grid
    inside: NDArray[np.bool_] | None = None  # (y, x): which cells are meant; None: all

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows.size, self.columns.size

    @cached_property
    def cells(self) -> Cells:
        """Flat indices, (y, x)."""
        return (self.rows[:, np.newaxis] * self.width + self.columns).astype(np.int32)

    @property
    def count(self) -> int:
        """Cells that are meant."""
        return int(self.rows.size * self.columns.size if self.inside is None else self.inside.sum())

    def part(self, rows: slice) -> "Window":
        """Some of the rows."""
        inside = None if self.inside is None else self.inside[rows]
        return replace(self, rows=self.rows[rows], inside=inside)

    def thinned(self, stride: int) -> "Window":
        """Every so many rows and columns."""
        if stride == 1:
            return self
        inside = None if self.inside is None else self.inside[::stride, ::stride]
        return replace(self, rows=self.rows[::stride], columns=self.columns[::stride], inside=inside)


def window(grid: Grid, kind: GridKind, region: Region) -> Window:
    """Find the cells whose centres lie in a region.

    Parameters
    ----------
    grid : Grid
        Where the centres are.
    kind : str
        Of the grid.
    region : Region
        A box or polygons.

    Returns
    -------
    Window
        Rows as they are in the file; columns towards the east, over the date line and the seam of the file, where the
        grid has parallels and meridians or goes around the Earth. Without cells if none lies in the region.
    """
    if kind == "rectilinear":
        return _crossings(grid, region)
    if kind == "triangles":
        cells = np.arange(grid.shape[1], dtype=np.int32)
        held = np.flatnonzero(region.holds(*grid.centres(cells)))
        return Window(rows=np.arange(min(1, held.size)), columns=held, width=grid.shape[1])
    return _bounded(grid, region)


def runs(positions: Positions, most: int | None = None) -> list[Run]:
    """Split positions into what is read at once: neighbours in the file, up or down, with or without a stride.

    ``most``: of the file's rows or columns; they are cut at its multiples.
    """
    if positions.size == 0:
        return []
    steps = np.diff(positions)
    usual = float(np.median(steps)) if steps.size else 1.0
    # A break is where the direction changes, or more is left out than a stride leaves out.
    breaks = (np.abs(steps) > max(abs(usual), 1)) | (np.sign(steps) != np.sign(usual))
    if most is not None:
        breaks |= np.diff(positions // most) != 0
    edges = [0, *(np.flatnonzero(breaks) + 1).tolist(), positions.size]
    made = []
    for first, last in pairwise(edges):
        own = positions[first:last]
        low, high = int(own.min()), int(own.max())
        made.append(Run(slice(low, high + 1), slice(first, last), own - low))
    return made


def _crossings(grid: Grid, region: Region) -> Window:
    """Of a rectilinear grid: its axes tell."""
    rows, columns = grid.shape
    latitude = grid.centres(np.arange(rows, dtype=np.int32) * columns)[0]
    longitude = grid.centres(np.arange(columns, dtype=np.int32))[1]
    kept = np.flatnonzero((latitude >= region.south - SLACK) & (latitude <= region.north + SLACK))
    held = np.flatnonzero(region.within(longitude))
    # From the western edge on; a meridian that the file has twice is taken once.
    into = np.round(np.mod(longitude[held] - region.west + SLACK, 360.0), 7)
    across = held[np.unique(into, return_index=True)[1]]
    whole = Window(rows=kept, columns=across, width=columns)
    if not region.polygons or 0 in whole.shape:
        return whole
    return _trimmed(replace(whole, inside=_inside(grid, whole, region)))


def _bounded(grid: Grid, region: Region) -> Window:
    """Of a grid whose rows and columns go anywhere: the least window around the cells in the region."""
    rows, columns = grid.shape
    whole = Window(rows=np.arange(rows), columns=_order(grid), width=columns)
    used_rows, used_columns = np.zeros(rows, np.bool_), np.zeros(whole.columns.size, np.bool_)
    block = max(1, AT_ONCE // columns)
    for first in range(0, rows, block):
        held = _inside(grid, whole.part(slice(first, first + block)), region)
        used_rows[first : first + block] = held.any(axis=1)
        used_columns |= held.any(axis=0)
    kept, across = _between(used_rows), np.flatnonzero(used_columns)
    if across.size and _around(grid):
        # The columns are a circle: the window begins after the widest gap in it.
        gaps = np.diff(across, append=across[0] + whole.columns.size)
        begin = int(across[(int(gaps.argmax()) + 1) % across.size])
        across = (begin + np.arange(whole.columns.size - int(gaps.max()) + 1)) % whole.columns.size
    else:
        across = _between(used_columns)
    found = Window(rows=kept, columns=whole.columns[across], width=columns)
    return found if 0 in found.shape else replace(found, inside=_inside(grid, found, region))


def _inside(grid: Grid, of: Window, region: Region) -> NDArray[np.bool_]:
    """Which cells of a window lie in the region: (y, x)."""
    held = np.zeros(of.shape, np.bool_)
    block = max(1, AT_ONCE // max(1, of.columns.size))
    for first in range(0, of.rows.size, block):
        part = slice(first, first + block)
        held[part] = region.holds(*grid.centres(of.part(part).cells))
    return held


def _trimmed(found: Window) -> Window:
    """Without the rows and columns at the rim of which no cell is meant."""
    if found.inside is None:
        return found
    used = np.asarray(found.inside.any(axis=1)), np.asarray(found.inside.any(axis=0))
    rows, columns = (_between(one) for one in used)
    inside = found.inside[np.ix_(rows, columns)]
    return replace(found, rows=found.rows[rows], columns=found.columns[columns], inside=inside)


def _between(used: NDArray[np.bool_]) -> Positions:
    """All positions from the first that is used to the last."""
    found = np.flatnonzero(used)
    return np.arange(found[0], found[-1] + 1) if found.size else found


def _middle(grid: Grid) -> Floats:
    """The row half way up: (x, 3) on the unit sphere."""
    rows, columns = grid.shape
    cells = (rows // 2) * columns + np.arange(columns, dtype=np.int32)
    return sphere.unit_vectors(*grid.centres(cells))


def _around(grid: Grid) -> bool:
    """Whether the columns go around the Earth: the last is followed by the first."""
    row = _middle(grid)[_order(grid)]
    steps = np.linalg.norm(np.diff(row, axis=0), axis=1)
    steps = steps[np.isfinite(steps)]
    apart = np.linalg.norm(row[0] - row[-1])
    return bool(steps.size > 2 and apart < NEXT * np.median(steps))


def _order(grid: Grid) -> Positions:
    """The columns, without those at the end that repeat the first ones: models overlap there."""
    row = _middle(grid)
    steps = np.linalg.norm(np.diff(row, axis=0), axis=1)
    steps = steps[np.isfinite(steps)]
    columns = np.arange(row.shape[0])
    if steps.size < 4:
        return columns
    near = SAME * np.median(steps)
    repeated = next(
        (n for n in range(1, min(5, columns.size // 2)) if (np.linalg.norm(row[:n] - row[-n:], axis=1) < near).all()), 0
    )
    return columns[: columns.size - repeated]
