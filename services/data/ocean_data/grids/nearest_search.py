"""The nearest cell of points that follow each other closely: by walking through the file, where that can be proven.

Neighbours in the file are mostly neighbours on the Earth. Two distances prove which cell is the nearest of all. Nearer
to a cell than half the way from there to any other, a point has nothing nearer: most are done with one comparison.
Nearer than half the way to any cell but the eight around it in the file, only these need be compared. Where a grid
folds, is cut open or has long cells the proof fails, and the search has to ask the `pyramid`.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ocean_data.grids.neighbour_search import crowd, gap, jump
from ocean_data.grids.pyramid import SIDE, Grid, apart

STEPS = 8
JUMPS = 3
FAR = 4  # cells: after such a jump, another may come nearer
WIDE = 3 * SIDE  # cells along each side of a box and those beside it
ASIDE = 10.0  # where a cell without a place is put: off the Earth, near to nothing
MOST = 256  # boxes that may be near to what is measured together
UNSURE = -2
HALF = (1 - 1e-5) / 4  # of a square: half the distance, rounded down

Rooms = NDArray[np.float32]


def rooms(grid: Grid) -> Rooms:
    """How far around the cells of a pyramid it is proven that they are the nearest.

    Returns
    -------
    ndarray of float32, shape (cell, 2)
        Squares of half the chord to the nearest other cell, and to the nearest but the eight around it in the file.
        Never more than there is; less where it would take long to find.
    """
    found = np.zeros((len(grid[0]), 2), np.float32)
    if len(grid[3]) > 2:
        _measure(grid, found)
    found *= np.float32(HALF)
    return found


@njit(nogil=True, cache=True, inline="always")
def _square(vectors, cell, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    dx, dy, dz = vectors[cell, 0] - x, vectors[cell, 1] - y, vectors[cell, 2] - z
    return dx * dx + dy * dy + dz * dz


@njit(nogil=True, cache=True)
def _measure(grid, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Fill in the squares of whole chords: for 4 × 4 boxes of cells after the others."""
    _, boxes, counts, sizes, starts = grid
    listed, waiting = np.empty(MOST, np.int64), np.empty((512, 2), np.int64)
    cells, squares = np.empty((3, WIDE * WIDE)), np.empty(WIDE * WIDE)
    for block in range(starts[2] - starts[1]):
        edges = boxes[starts[1] + block]
        widest = (edges[3] - edges[0]) ** 2 + (edges[4] - edges[1]) ** 2 + (edges[5] - edges[2]) ** 2
        first, reach = (block // sizes[2, 1] * SIDE, block % sizes[2, 1] * SIDE), 0.0
        for k in range(SIDE * SIDE):
            row, column = first[0] + k // SIDE, first[1] + k % SIDE
            if row < sizes[1, 0] and column < sizes[1, 1] and counts[row * sizes[1, 1] + column]:
                reach = max(reach, _near_by(grid, row * SIDE, column * SIDE, widest, cells, squares, found))
        count = crowd(grid, edges, np.sqrt(reach), listed, waiting)
        for k in range(SIDE * SIDE):
            row, column = first[0] + k // SIDE, first[1] + k % SIDE
            if row < sizes[1, 0] and column < sizes[1, 1] and counts[row * sizes[1, 1] + column]:
                _far_off(grid, row, column, listed, count, found)


@njit(nogil=True, cache=True)
def _near_by(grid, row, column, widest, cells, squares, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Compare the cells of a box, which begins here, with those of the boxes beside it; the greatest square found."""
    vectors, sizes = grid[0], grid[3]
    rows, columns = sizes[0]
    for k in range(WIDE * WIDE):
        r, c = row - SIDE + k // WIDE, column - SIDE + k % WIDE
        there = 0 <= r < rows and 0 <= c < columns and vectors[r * columns + c, 0] < ASIDE  # not NaN
        for axis in range(3):
            cells[axis, k] = vectors[r * columns + c, axis] if there else ASIDE
    greatest = 0.0
    for r in range(row, min(row + SIDE, rows)):
        for c in range(column, min(column + SIDE, columns)):
            own = (r - row + SIDE) * WIDE + c - column + SIDE
            if cells[0, own] < ASIDE:
                around, beyond = _clear(cells, own, widest, squares)
                found[r * columns + c] = min(around, beyond), beyond
                greatest = max(greatest, beyond)
    return greatest


@njit(nogil=True, cache=True, fastmath=True)
def _clear(cells, own, widest, squares):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Least squares from one of these cells to the eight around it, and to the others."""
    x, y, z = cells[0, own], cells[1, own], cells[2, own]
    for k in range(WIDE * WIDE):  # all of them, without a question in between: several in one instruction
        dx, dy, dz = cells[0, k] - x, cells[1, k] - y, cells[2, k] - z
        squares[k] = dx * dx + dy * dy + dz * dz
    around = beyond = squares[own] = widest
    for i in range(own - WIDE, own + WIDE + 1, WIDE):
        for k in range(i - 1, i + 2):
            around = min(around, squares[k])
            squares[k] = widest
    for k in range(WIDE * WIDE):
        beyond = min(beyond, squares[k])
    return around, beyond


@njit(nogil=True, cache=True)
def _far_off(grid, row, column, listed, count, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Compare the cells of a box with those of boxes that are near on the Earth, and not beside it in the file."""
    vectors, boxes, _, sizes, _ = grid
    widest = 0.0
    for i in range(row * SIDE, min(row * SIDE + SIDE, sizes[0, 0])):
        for own in range(i * sizes[0, 1] + column * SIDE, i * sizes[0, 1] + min(column * SIDE + SIDE, sizes[0, 1])):
            if count < 0:  # too many
                found[own] = 0.0
            widest = max(widest, found[own, 1])
    for k in range(count):
        r, c = listed[k] // sizes[1, 1], listed[k] % sizes[1, 1]
        beside = abs(r - row) <= 1 and abs(c - column) <= 1
        if beside or not gap(boxes[listed[k]], boxes[row * sizes[1, 1] + column]) < widest:
            continue
        for i in range(row * SIDE, min(row * SIDE + SIDE, sizes[0, 0])):
            for j in range(column * SIDE, min(column * SIDE + SIDE, sizes[0, 1])):
                own = i * sizes[0, 1] + j
                if apart(boxes[listed[k]], vectors[own, 0], vectors[own, 1], vectors[own, 2])[0] < found[own, 1]:
                    _compare(vectors, sizes, own, r, c, found[own])


@njit(nogil=True, cache=True)
def _compare(vectors, sizes, own, row, column, room):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Compare a cell with those of a box, none of which is around it in the file."""
    x, y, z = vectors[own]
    for i in range(row * SIDE, min(row * SIDE + SIDE, sizes[0, 0])):
        for j in range(column * SIDE, min(column * SIDE + SIDE, sizes[0, 1])):
            square = _square(vectors, i * sizes[0, 1] + j, x, y, z)
            if square < room[1]:  # not NaN
                room[0], room[1] = min(square, room[0]), square


@njit(nogil=True, cache=True)
def _step(vectors, shape, own, least, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The nearest of a cell and the eight around it, and the square of its distance; the first of equal ones."""
    best, columns = own, shape[1]
    other = own - columns - 1
    if other < 0 or own + columns + 1 >= len(vectors):
        return _step_at_rim(vectors, shape, own, least, x, y, z)
    # Without a question whether each is there: in the first and last column, three are cells at the other end.
    for _ in range(3):
        for _ in range(3):
            square = _square(vectors, other, x, y, z)
            if square < least or (square == least and other < best):
                best, least = other, square
            other += 1
        other += columns - 3
    return best, least


@njit(nogil=True, cache=True)
def _step_at_rim(vectors, shape, own, least, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The same in the first and last row."""
    r, c, best = own // shape[1], own % shape[1], own
    for i in range(max(r - 1, 0), min(r + 2, shape[0])):
        for j in range(max(c - 1, 0), min(c + 2, shape[1])):
            other = i * shape[1] + j
            square = _square(vectors, other, x, y, z)
            if square < least or (square == least and other < best):
                best, least = other, square
    return best, least


@njit(nogil=True, cache=True)
def _settle(vectors, shape, room, own, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The nearest cell of a point that is farther away, the square of its distance, and whether that is proven."""
    r, c = own // shape[1], own % shape[1]
    for _ in range(JUMPS):
        r_from, c_from = r, c
        r, c = jump(vectors, shape[0], shape[1], r, c, x, y, z)
        if abs(r - r_from) + abs(c - c_from) < FAR:
            break
    own = r * shape[1] + c
    least = np.fmin(_square(vectors, own, x, y, z), np.inf)  # not NaN
    for _ in range(STEPS):
        proven = least < room[own, 1]
        best, least = _step(vectors, shape, own, least, x, y, z)
        if proven or best == own:
            return best, least, proven
        own = best
    return own, least, False


@njit(nogil=True, cache=True, inline="always")
def _nearest(vectors, shape, room, own, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The nearest cell of a point, from that of one beside it; the square of its distance; whether it is proven."""
    least = _square(vectors, own, x, y, z)
    if least < room[own, 0]:
        return own, least, True
    if least < room[own, 1]:
        found, least = _step(vectors, shape, own, least, x, y, z)
        return found, least, True
    return _settle(vectors, shape, room, own, x, y, z)


@njit(nogil=True, cache=True)
def walk(vectors, shape, room, start, points, cells, squares):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the nearest cell of each point, and the square of its distance; which of them are proven: (point,)."""
    proven = np.zeros(len(points), np.bool_)
    own = start
    for p in range(len(points)):
        found, least, proven[p] = _nearest(vectors, shape, room, own, points[p, 0], points[p, 1], points[p, 2])
        own = found if least < np.inf else own
        if proven[p]:
            cells[p], squares[p] = own, least
    return proven


@njit(nogil=True, cache=True)
def walk_lattice(vectors, shape, room, start, parallels, meridians, limit, cells):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the nearest cell where parallels and meridians cross; UNSURE where it is not proven or beyond its limit.

    ``parallels``, ``meridians``: cosines and sines of latitudes and longitudes, (row, 2) and (column, 2). ``limit``:
    the square of the distance up to which a cell is answered, (cell,).
    """
    first = start
    for j in range(len(parallels)):
        own, across, z = first, parallels[j, 0], parallels[j, 1]
        for i in range(len(meridians)):
            x, y = across * meridians[i, 0], across * meridians[i, 1]
            found, least, proven = _nearest(vectors, shape, room, own, x, y, z)
            own = found if least < np.inf else own
            first = own if i == 0 else first
            cells[j, i] = own if proven and least <= limit[own] else UNSURE
