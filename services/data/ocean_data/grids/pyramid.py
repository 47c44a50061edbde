"""The nearest of the cells of a grid, whatever its form: by boxes around 4 × 4 cells, and around 4 × 4 of those.

Neighbours in the file are mostly neighbours on the Earth, so the boxes are small and nothing has to be sorted. Where
they are not (a seam, a fold, land that was left out), a box is larger than it need be and the search is slower there,
never wrong: what is left out is proven to be too far.

Points that follow each other closely, as the pixels of a picture do block by block, are searched together: a quarter of
the points looks only at what its whole could not leave out.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ocean_data.ports import Floats

SIDE = 4  # cells or boxes along each side of a box
ROOM = 2048  # boxes and cells that a group of points may look at; beyond, boxes stay closed
TOGETHER = 4  # points whose cells are compared one by one
DEEPEST = 18  # times that points are quartered
SLACK = 1 + 1e-9  # of bounds, against rounding


Grid = tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]


def pyramid(vectors: Floats, shape: tuple[int, int]) -> Grid:
    """Make boxes around cells.

    Parameters
    ----------
    vectors : ndarray of float, shape (cell, 3)
        Centres on the unit sphere; NaN for a cell without a place.
    shape : tuple of int
        Rows and columns of the grid.

    Returns
    -------
    vectors : ndarray of float, shape (cell, 3)
    boxes : ndarray of float, shape (box, 6)
        Least x, y, z and greatest x, y, z, from the smallest boxes to the one around all.
    counts : ndarray of int, shape (box,)
        How many cells are in each.
    sizes : ndarray of int, shape (level + 1, 2)
        Rows and columns of the cells, and of the boxes of each level.
    starts : ndarray of int, shape (level + 1,)
        Where the boxes of each level begin.
    """
    sizes = [shape]
    while len(sizes) == 1 or sizes[-1] != (1, 1):
        sizes.append((-(-sizes[-1][0] // SIDE), -(-sizes[-1][1] // SIDE)))
    starts = np.cumsum([0, *(rows * columns for rows, columns in sizes[1:])])
    boxes, counts = _enclose(vectors, np.array(sizes, np.int64), starts)
    return vectors, boxes, counts, np.array(sizes, np.int64), starts


@njit(nogil=True, cache=True)
def _enclose(vectors, sizes, starts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The boxes of all levels, (box, low and high of x, y, z), and how many cells are in each."""
    boxes = np.empty((starts[-1], 6))
    boxes[:, :3], boxes[:, 3:] = np.inf, -np.inf
    counts = np.zeros(starts[-1], np.int64)
    rows, columns = sizes[0]
    for row in range(rows):
        for column in range(columns):
            vector = vectors[row * columns + column]
            box = (row // SIDE) * sizes[1, 1] + column // SIDE
            if vector[0] + vector[1] + vector[2] == vector[0] + vector[1] + vector[2]:  # not NaN
                counts[box] += 1
                for k in range(3):
                    boxes[box, k] = min(boxes[box, k], vector[k])
                    boxes[box, 3 + k] = max(boxes[box, 3 + k], vector[k])
    for level in range(1, len(sizes) - 1):
        for row in range(sizes[level, 0]):
            for column in range(sizes[level, 1]):
                part = starts[level - 1] + row * sizes[level, 1] + column
                box = starts[level] + (row // SIDE) * sizes[level + 1, 1] + column // SIDE
                counts[box] += counts[part]
                for k in range(3):
                    boxes[box, k] = min(boxes[box, k], boxes[part, k])
                    boxes[box, 3 + k] = max(boxes[box, 3 + k], boxes[part, 3 + k])
    return boxes, counts


@njit(nogil=True, cache=True, inline="always")
def apart(box, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Squares of the least and the greatest distance from a place to a box."""
    a, b = box[0] - x, x - box[3]
    c, d = box[1] - y, y - box[4]
    e, f = box[2] - z, z - box[5]
    near_x, near_y, near_z = max(a, b, 0.0), max(c, d, 0.0), max(e, f, 0.0)
    far_x, far_y, far_z = max(-a, -b), max(-c, -d), max(-e, -f)
    least = near_x * near_x + near_y * near_y + near_z * near_z
    return least, far_x * far_x + far_y * far_y + far_z * far_z


@njit(nogil=True, cache=True)
def _keep(best, cells, square, cell):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Insert a cell into the list of the nearest, by distance and then by number."""
    place = best.size - 1
    if square > best[place] or (square == best[place] and cell > cells[place]):
        return
    while place > 0 and (best[place - 1] > square or (best[place - 1] == square and cells[place - 1] > cell)):
        best[place], cells[place] = best[place - 1], cells[place - 1]
        place -= 1
    best[place], cells[place] = square, cell


@njit(nogil=True, cache=True)
def _ball(points, first, last):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """A ball around points: its middle and radius."""
    x, y, z = 0.0, 0.0, 0.0
    for p in range(first, last):
        x, y, z = x + points[p, 0], y + points[p, 1], z + points[p, 2]
    x, y, z = x / (last - first), y / (last - first), z / (last - first)
    radius = 0.0
    for p in range(first, last):
        dx, dy, dz = points[p, 0] - x, points[p, 1] - y, points[p, 2] - z
        radius = max(radius, dx * dx + dy * dy + dz * dz)
    return x, y, z, np.sqrt(radius)


@njit(nogil=True, cache=True)
def _open(grid, box, level, place, seen, squares, length, best, names):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Append what is in a box; the length then, and the square within which there is as much as is asked for."""
    vectors, boxes, counts, sizes, starts = grid
    x, y, z = place
    across = sizes[level + 1, 1]
    row, column = (box - starts[level]) // across * SIDE, (box - starts[level]) % across * SIDE
    reached = np.inf
    for r in range(row, min(row + SIDE, sizes[level, 0])):
        for c in range(column, min(column + SIDE, sizes[level, 1])):
            inner = r * sizes[level, 1] + c
            if level == 0:
                dx, dy, dz = vectors[inner, 0] - x, vectors[inner, 1] - y, vectors[inner, 2] - z
                square = dx * dx + dy * dy + dz * dz
                if not square < np.inf:
                    continue
                _keep(best, names, square, inner)
            else:
                inner += starts[level - 1]
                if counts[inner] == 0:
                    continue
                square, far = apart(boxes[inner], x, y, z)
                if counts[inner] >= best.size:
                    reached = min(reached, far)
            seen[length, 0], seen[length, 1], squares[length] = inner, level - 1, square
            length += 1
    return length, min(reached, best[best.size - 1])


@njit(nogil=True, cache=True)
def _measure(grid, place, seen, squares, length, best, names):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """How far what was seen is from a place; the square within which there is as much as is asked for."""
    vectors, boxes, counts, _, _ = grid
    x, y, z = place
    best[:], names[:] = np.inf, -1
    reached = np.inf
    for i in range(length):
        one = seen[i, 0]
        if seen[i, 1] < 0:
            dx, dy, dz = vectors[one, 0] - x, vectors[one, 1] - y, vectors[one, 2] - z
            squares[i] = dx * dx + dy * dy + dz * dz
            _keep(best, names, squares[i], one)
        else:
            squares[i], far = apart(boxes[one], x, y, z)
            if counts[one] >= best.size:
                reached = min(reached, far)
    return min(reached, best[best.size - 1])


@njit(nogil=True, cache=True)
def _narrow(grid, ball, bound, farthest, seen, squares, length, best, names):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Leave out what is too far from every point of a ball, and open the boxes that are larger than it.

    ``seen`` and ``squares`` are two each, (2, ...): what there is, and room for what is in it. Returns which of the two
    it is at last, its length, and the distance from the middle within which there is as much as is asked for.
    """
    x, y, z, radius = ball
    boxes, place, this = grid[1], (x, y, z), 0
    bound = min(bound, np.sqrt(_measure(grid, place, seen[0], squares[0], length, best, names)))
    while True:
        # A point is at most a radius away from the middle: its nearest cell is at most that much farther, and nearer.
        limit = (min(bound + 2 * radius, farthest + radius) * SLACK) ** 2
        other, count, opened = 1 - this, 0, False
        for i in range(length):
            if squares[this, i] > limit:
                continue
            box, level = seen[this, i, 0], seen[this, i, 1]
            wide = 0.0
            if level >= 0:
                edges = boxes[box]
                wide = (edges[3] - edges[0]) ** 2 + (edges[4] - edges[1]) ** 2 + (edges[5] - edges[2]) ** 2
            if level >= 0 and wide >= 4 * radius * radius and count + length - i + SIDE * SIDE <= ROOM:
                count, reached = _open(grid, box, level, place, seen[other], squares[other], count, best, names)
                if reached < bound * bound:
                    bound = np.sqrt(reached)
                    limit = (min(bound + 2 * radius, farthest + radius) * SLACK) ** 2
                opened = True
            else:
                seen[other, count], squares[other, count] = seen[this, i], squares[this, i]
                count += 1
        this, length = other, count
        if not opened:
            return this, length, bound


@njit(nogil=True, cache=True)
def _answer(grid, points, first, last, farthest, seen, length, cells, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Compare points with all cells that were not left out."""
    vectors = grid[0]
    for p in range(first, last):
        x, y, z = points[p]
        limit = farthest[p] * farthest[p]
        for i in range(length):
            one = seen[i, 0]
            dx, dy, dz = vectors[one, 0] - x, vectors[one, 1] - y, vectors[one, 2] - z
            square = dx * dx + dy * dy + dz * dz
            if square <= limit:
                _keep(found[p], cells[p], square, one)


@njit(nogil=True, cache=True)
def search(grid, points, farthest, cells, found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Quarter the points until few cells are left for them; squares of chords in ``found``."""
    seen, squares = np.empty((DEEPEST, 2, ROOM, 2), np.int32), np.empty((DEEPEST, 2, ROOM))
    best, names = np.empty(found.shape[1]), np.empty(found.shape[1], np.int32)
    waiting = np.empty((4 * DEEPEST, 3), np.int64)
    lengths, sides, bounds, middles = (
        np.zeros(DEEPEST, np.int64), np.zeros(DEEPEST, np.int64), np.full(DEEPEST, np.inf), np.zeros((DEEPEST, 3)),
    )  # fmt: skip
    top, count = len(grid[3]) - 2, 1
    seen[0, 0, 0], lengths[0] = (len(grid[1]) - 1, top), 1
    waiting[0] = 0, len(points), 1
    while count:
        count -= 1
        first, last, depth = waiting[count]
        ball = _ball(points, first, last)
        above, length = depth - 1, lengths[depth - 1]
        seen[depth, 0, :length] = seen[above, sides[above], :length]
        x, y, z = ball[0] - middles[above, 0], ball[1] - middles[above, 1], ball[2] - middles[above, 2]
        moved = np.sqrt(x * x + y * y + z * z)
        reach = farthest[first:last].max()
        sides[depth], lengths[depth], bounds[depth] = _narrow(
            grid, ball, bounds[above] + moved, reach, seen[depth], squares[depth], length, best, names
        )
        middles[depth] = ball[0], ball[1], ball[2]
        left = seen[depth, sides[depth], : lengths[depth]]
        if last - first == 1 or (last - first <= TOGETHER and (left[:, 1] < 0).all()):
            _answer(grid, points, first, last, farthest, left, lengths[depth], cells, found)
            continue
        step = max(1, -(-(last - first) // 4)) if depth < DEEPEST - 1 else 1
        for start in range(first, last, step):
            waiting[count] = start, min(start + step, last), depth + 1
            count += 1
