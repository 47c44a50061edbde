"""Which windows of which files hold some cells at some times: as few as possible, none larger than it must be."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, File
from ocean_data.grids.base import Cells
from ocean_data.plan.time import Axis
from ocean_data.reading.windows import Picks, plane

BLOCK = 16  # cells: those of one block of the grid are read together
AT_ONCE = 4_000_000  # numbers in one reading


class Block(NamedTuple):
    """Cells that lie together, at consecutive times of one file."""

    file: File
    picks: Picks
    rows: NDArray[np.intp]  # of the answer
    cells: NDArray[np.intp]  # of the answer
    inside: tuple[NDArray[np.intp], NDArray[np.intp]]  # where they are in the window
    numbers: int  # in the window


def only(position: int) -> slice:
    """One place along a dimension."""
    return slice(position, position + 1)


def place(variable: Assets, step: int | None) -> tuple[File, int]:
    """The file of a time step, and its position there."""
    if variable.steps is None or step is None:
        return variable.files[0], 0
    axis = Axis.of(variable.steps)
    return variable.files[int(axis.file[step])], int(axis.position[step])


def blocks(variable: Assets, steps: Sequence[int] | None, levels: range, cells: Cells) -> Iterator[list[Block]]:
    """The windows that hold the cells, file by file; in one list those that are read together."""
    part: list[Block] = []
    count = 0
    for one in _jobs(variable, steps, levels, cells):
        if part and count + one.numbers > AT_ONCE:
            yield part
            part, count = [], 0
        part.append(one)
        count += one.numbers
    if part:
        yield part


def _jobs(variable: Assets, steps: Sequence[int] | None, levels: range, cells: Cells) -> Iterator[Block]:
    depth = slice(levels.start, levels.stop) if variable.depth else only(0)
    together = _together(cells, plane(variable.grid))
    for file, rows, positions in _runs(variable, steps):
        for some, (y, x), inside in together:
            box = (y.stop - y.start) * (x.stop - x.start) * len(levels)
            longest = max(1, AT_ONCE // box)
            for first in range(0, len(rows), longest):
                part = slice(first, first + longest)
                time = slice(int(positions[part][0]), int(positions[part][-1]) + 1)
                picks = {"time": time, "depth": depth, "y": y, "x": x}
                yield Block(
                    file=file, picks=picks, rows=rows[part], cells=some, inside=inside, numbers=box * len(rows[part])
                )


def _runs(variable: Assets, steps: Sequence[int] | None) -> list[tuple[File, NDArray[np.intp], NDArray[np.intp]]]:
    """The steps by file and consecutive positions: (file, indices in `steps`, positions)."""
    if variable.steps is None or steps is None:
        return [(variable.files[0], np.array([0]), np.array([0]))]
    axis = Axis.of(variable.steps)
    files, positions = axis.file[list(steps)], axis.position[list(steps)].astype(np.intp)
    # By file first, so that each is opened once, however the steps are spread.
    order = np.lexsort((positions, files))
    breaks = np.flatnonzero((np.diff(files[order]) != 0) | (np.diff(positions[order]) != 1)) + 1
    return [(variable.files[int(files[run[0]])], run, positions[run]) for run in np.split(order, breaks) if run.size]


def _together(
    cells: Cells, shape: tuple[int, int]
) -> list[tuple[NDArray[np.intp], tuple[slice, slice], tuple[NDArray[np.intp], NDArray[np.intp]]]]:
    """Cells that lie together: (indices in `cells`, box in the grid, places in that box)."""
    y, x = np.divmod(cells.astype(np.intp), shape[-1])
    block = (y // BLOCK) * (shape[-1] // BLOCK + 1) + x // BLOCK
    order = np.argsort(block, kind="stable")
    made = []
    for some in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
        ys, xs = y[some], x[some]
        box = slice(int(ys.min()), int(ys.max()) + 1), slice(int(xs.min()), int(xs.max()) + 1)
        made.append((some, box, (ys - box[0].start, xs - box[1].start)))
    return made
