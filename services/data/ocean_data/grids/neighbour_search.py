"""Several of the nearest cells by walking through the file, where that can be proven.

Neighbours in the file are mostly neighbours on the Earth: the nearest cells are mostly in a square around the nearest
one. It is proven by the room around that: how far from it the first cell is that is not in the square.
Where a grid folds, is cut open or has long cells the proof fails, and the search has to ask the `Pyramid`.
"""

import numpy as np
from numba import njit

from ocean_data.grids.pyramid import SIDE, SLACK

AROUND = 2  # cells on each side, at least
WIDEST = 6
JUMPS = 3
STEPS = 6
WIDE = 2.6  # half diagonals of a box of 4 × 4 cells: so far around its middle the room of AROUND is looked at
UNKNOWN = -1.0  # room: not looked at yet


def around_for(count: int) -> int:
    """How many cells on each side hold the nearest ones, mostly."""
    # A disc of so many cells, half as wide again where cells are longer one way, and the way to the cell itself.
    return min(WIDEST, int(np.ceil(1.4 * np.sqrt(count / np.pi) + 0.5)))


@njit(nogil=True, cache=True, inline="always")
def _square(vectors, cell, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    dx, dy, dz = vectors[cell, 0] - x, vectors[cell, 1] - y, vectors[cell, 2] - z
    return dx * dx + dy * dy + dz * dz


@njit(nogil=True, cache=True, inline="always")
def gap(one, other):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """The square of the distance between two boxes."""
    x = max(one[0] - other[3], other[0] - one[3], 0.0)
    y = max(one[1] - other[4], other[1] - one[4], 0.0)
    z = max(one[2] - other[5], other[2] - one[5], 0.0)
    return x * x + y * y + z * z


@njit(nogil=True, cache=True)
def crowd(grid, place, reach, listed, waiting):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """List the smallest boxes within a distance from a box; how many, or -1 if they are too many."""
    _, boxes, counts, sizes, starts = grid
    count, left = 0, 1
    waiting[0] = len(boxes) - 1, len(sizes) - 2
    while left:
        left -= 1
        one, level = waiting[left]
        if counts[one] == 0 or gap(boxes[one], place) > reach * reach:
            continue
        if level == 0:
            if count == len(listed):
                return -1
            listed[count] = one
            count += 1
            continue
        across = sizes[level + 1, 1]
        row, column = (one - starts[level]) // across * SIDE, (one - starts[level]) % across * SIDE
        for r in range(row, min(row + SIDE, sizes[level, 0])):
            for c in range(column, min(column + SIDE, sizes[level, 1])):
                waiting[left] = starts[level - 1] + r * sizes[level, 1] + c, level - 1
                left += 1
    return count


@njit(nogil=True, cache=True)
def _room(grid, around, r, c, box, least):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The least square from a cell to those of a box that are not around it in the file; at most ``least``."""
    vectors, sizes = grid[0], grid[3]
    own = r * sizes[0, 1] + c
    x, y, z = vectors[own, 0], vectors[own, 1], vectors[own, 2]
    row, column = box // sizes[1, 1] * SIDE, box % sizes[1, 1] * SIDE
    for i in range(row, min(row + SIDE, sizes[0, 0])):
        for j in range(column, min(column + SIDE, sizes[0, 1])):
            if abs(i - r) > around or abs(j - c) > around:
                square = _square(vectors, i * sizes[0, 1] + j, x, y, z)
                least = min(least, square)
    return least


@njit(nogil=True, cache=True)
def _measure(grid, around, box, room, listed, waiting):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Find the room of the cells in one of the smallest boxes: never more than there is."""
    vectors, boxes, _, sizes, _ = grid
    edges = boxes[box]
    x, y, z = (edges[0] + edges[3]) / 2, (edges[1] + edges[4]) / 2, (edges[2] + edges[5]) / 2
    dx, dy, dz = edges[3] - edges[0], edges[4] - edges[1], edges[5] - edges[2]
    reach = WIDE * (around + 3) / (AROUND + 3) / 2 * np.sqrt(dx * dx + dy * dy + dz * dz)
    count = crowd(grid, (x, y, z, x, y, z), reach, listed, waiting)
    row, column = box // sizes[1, 1] * SIDE, box % sizes[1, 1] * SIDE
    for r in range(row, min(row + SIDE, sizes[0, 0])):
        for c in range(column, min(column + SIDE, sizes[0, 1])):
            own = r * sizes[0, 1] + c
            middle = np.sqrt(_square(vectors, own, x, y, z))
            if count < 0 or not middle < reach:
                room[own] = 0.0
                continue
            least = (reach - middle) ** 2
            for k in range(count):
                least = _room(grid, around, r, c, listed[k], least)
            room[own] = np.sqrt(least) * (1 - 1e-6)  # rounded to float32: down


@njit(nogil=True, cache=True, error_model="numpy")
def jump(vectors, rows, columns, r, c, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Row and column of a point if the grid went on as it does around a cell."""
    if not (0 < r < rows - 1 and 0 < c < columns - 1):
        return r, c
    cell = r * columns + c
    east, west, above, below = cell + 1, cell - 1, cell + columns, cell - columns
    ax, ay, az = (
        vectors[east, 0] - vectors[west, 0],
        vectors[east, 1] - vectors[west, 1],
        vectors[east, 2] - vectors[west, 2],
    )
    bx, by, bz = (
        vectors[above, 0] - vectors[below, 0],
        vectors[above, 1] - vectors[below, 1],
        vectors[above, 2] - vectors[below, 2],
    )
    dx, dy, dz = x - vectors[cell, 0], y - vectors[cell, 1], z - vectors[cell, 2]
    aa, ab, bb = ax * ax + ay * ay + az * az, ax * bx + ay * by + az * bz, bx * bx + by * by + bz * bz
    da, db = dx * ax + dy * ay + dz * az, dx * bx + dy * by + dz * bz
    whole = 2.0 / (aa * bb - ab * ab)
    right, up = (da * bb - db * ab) * whole, (db * aa - da * ab) * whole
    if not (abs(right) < 1e6 and abs(up) < 1e6):
        return r, c
    return min(max(r + int(np.rint(up)), 0), rows - 1), min(max(c + int(np.rint(right)), 0), columns - 1)


@njit(nogil=True, cache=True)
def _walk(vectors, rows, columns, r, c, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """A cell that is nearer than the 24 around it, by row and column, and the square of its distance."""
    for _ in range(JUMPS):
        r_there, c_there = jump(vectors, rows, columns, r, c, x, y, z)
        if r_there == r and c_there == c:
            break
        r, c = r_there, c_there
    least = _square(vectors, r * columns + c, x, y, z)
    if not least < np.inf:
        return r, c, np.inf
    for _ in range(STEPS):
        r_best, c_best = r, c
        for i in range(max(r - AROUND, 0), min(r + AROUND + 1, rows)):
            for j in range(max(c - AROUND, 0), min(c + AROUND + 1, columns)):
                square = _square(vectors, i * columns + j, x, y, z)
                if square < least:
                    r_best, c_best, least = i, j, square
        if r_best == r and c_best == c:
            return r, c, least
        r, c = r_best, c_best
    return r, c, np.inf


@njit(nogil=True, cache=True)
def _around(vectors, rows, columns, around, r, c, x, y, z, limit, best, names):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Sort the nearest of a cell and those around it into ``best``, their squares, and ``names``.

    ``limit``: the square beyond which none is wanted.
    """
    last = best.size - 1
    best[:], names[:] = limit, -1
    for i in range(max(r - around, 0), min(r + around + 1, rows)):
        for j in range(max(c - around, 0), min(c + around + 1, columns)):
            square = _square(vectors, i * columns + j, x, y, z)
            if not square <= best[last] or (square == best[last] and names[last] >= 0):
                continue
            place = last
            while place > 0 and best[place - 1] > square:
                best[place], names[place] = best[place - 1], names[place - 1]
                place -= 1
            best[place], names[place] = square, i * columns + j


@njit(nogil=True, cache=True)
def near(grid, around, room, points, farthest, cells, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the nearest cells of points that follow each other; which of them are proven: (point,)."""
    vectors, sizes, count = grid[0], grid[3], found.shape[1]
    rows, columns, across = sizes[0, 0], sizes[0, 1], sizes[1, 1]
    proven = np.zeros(len(points), np.bool_)
    listed, waiting = np.empty(128, np.int64), np.empty((512, 2), np.int64)
    best, names = np.empty(count), np.empty(count, np.int32)
    r, c = rows // 2, columns // 2
    x, y, z, last = 0.0, 0.0, 0.0, np.inf
    for p in range(len(points)):
        dx, dy, dz = points[p, 0] - x, points[p, 1] - y, points[p, 2] - z
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        # As many cells as are wanted are within this distance: those of the point before. Most others are passed over.
        enough, last = (last + np.sqrt(dx * dx + dy * dy + dz * dz)) * SLACK, np.inf
        r, c, least = _walk(vectors, rows, columns, r, c, x, y, z)
        if not least < np.inf:
            continue
        cell = r * columns + c
        if room[cell] < 0:
            _measure(grid, around, r // SIDE * across + c // SIDE, room, listed, waiting)
        away, reach = np.sqrt(least), farthest[p]
        # What is not around the cell is farther than its room, less the way to the cell.
        if 2 * away >= room[cell]:
            continue
        within = min(reach, enough)
        _around(vectors, rows, columns, around, r, c, x, y, z, within * within, best, names)
        if np.sqrt(best[count - 1]) + away >= room[cell]:
            continue
        last = np.sqrt(best[count - 1]) if names[count - 1] >= 0 else np.inf
        proven[p] = True
        for k in range(count):
            if names[k] >= 0:
                cells[p, k], found[p, k] = names[k], best[k]
    return proven
