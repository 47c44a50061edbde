"""The nearest cells of points, on any grid of rows and columns, exactly: the kernels.

The idea. Neighbours in the file are mostly neighbours on the Earth, and points are mostly asked for one beside the
other, as the pixels of a picture are. So the search walks: it begins with the cell of the point before, extrapolates
the grid from there to the new point, and steps to a nearer one of the eight cells around until none is nearer. That
takes a few comparisons, but it is no proof: where a grid folds, is cut open, overlaps or has long cells, another cell
far away in the file may be nearer.

The proof is the *clearance* of a cell, measured once for a grid. Nearer to a cell than half the way from there to any
other cell, a point has nothing nearer: most points are done with one comparison. Nearer than half the way to any cell
but the eight around it, only these eight need be compared. For several neighbours the same holds of the square of
cells around the nearest one: they are the nearest ones if the farthest of them is within the clearance of that square,
less the way to the nearest cell.

What cannot be proven so is searched in a *pyramid*: boxes around 4 × 4 cells, boxes around 4 × 4 of those, up to one
around all. Nothing is sorted. Where neighbours in the file are not neighbours on the Earth (a seam, a fold, land that
was left out) a box is larger than it need be and the search is slower there, never wrong: what is left out is proven to
be too far.

All distances are chords on the unit sphere, mostly their squares; NaN is a cell without a place.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_core.geometry import Floats, unit_vectors
from ocean_data.grids.base import Cells
from ocean_data.grids.neighbours import SLACK, TOUCHING_CHORD, Search, Weights, choose_nearest, chord_bound, weigh
from ocean_data.jit import kernel, kernel_part

SIDE = 4  # cells or boxes along each side of a box
WAITING = 512  # boxes that may wait to be opened: more than are on all levels
EXTRAPOLATIONS = 3  # of the grid, at most
LEAST_SQUARE = 2  # cells on each side, at least
LARGEST_SQUARE = 6
# Half diagonals of a box of 4 × 4 cells: the clearance of LEAST_SQUARE is measured so far around its middle.
REACH_OF_BOX = 2.6
NOT_MEASURED = -1.0  # a clearance
NEAREST_STEPS = 8  # of a walk, at most
LONG_JUMP = 4  # cells: after such a jump, another may come nearer
PATCH = 3 * SIDE  # cells along each side of a box and those beside it
OFF_EARTH = 10.0  # where a cell without a place is put: off the Earth, near to nothing
MOST_BOXES = 256  # boxes that may be near to what is measured together
UNSURE = -2  # a cell that is not proven to be the nearest
HALF_SQUARED = (1 - 1e-5) / 4  # of a square: half the distance, rounded down

# Centres of cells (cell, 3), NaN without a place; boxes (box, low and high x, y, z), from the smallest to the one
# around all; how many cells are in each; rows and columns of the cells and of the boxes of each level (level + 1, 2);
# where the boxes of each level begin (level + 1,).
Pyramid = tuple[Floats, Floats, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
Clearances = NDArray[np.float32]


class CentreSearch:
    """Cells by their centres on the unit sphere; those without a place (NaN) are left out.

    The closer each point is to the one before, the faster it is found.
    """

    def __init__(self, vectors: Floats, shape: tuple[int, int]) -> None:
        """Take the centres of the cells, (cell, 3), of a grid with these rows and columns."""
        self._shape = shape
        self._pyramid = build_pyramid(vectors, shape)
        self._count = int(self._pyramid[2][-1])
        self._clearances = measure_clearances(self._pyramid)
        # By the width of the square, measured where needed; two threads may do that at once: they measure the same.
        self._square_clearances: dict[int, Clearances] = {}
        clearances = 4 * (LARGEST_SQUARE - LEAST_SQUARE + 3) * len(vectors)
        self.nbytes = int(sum(part.nbytes for part in self._pyramid) + clearances)

    def nearest(self, points: Floats, within: float = np.inf) -> tuple[Cells, Floats]:
        """Return the nearest cell of each point, (point, 3), and the square of the chord to it: (point,) each.

        Of several that are equally near, the first in the file; -1 and infinite where none is found ``within`` so
        many km. Without that bound, a point on the far side of the Earth is compared with many cells.
        """
        cells, squares = np.full(len(points), -1, np.int32), np.full(len(points), np.inf)
        if len(points) and self._count:
            farthest = chord_bound(within) ** 2
            walk_nearest(self._pyramid, self._clearances, self._start(points[:1]), points, farthest, cells, squares)
        return cells, squares

    def nearest_on_lattice(self, latitude: Floats, longitude: Floats, limit: Floats) -> tuple[Cells, NDArray[np.intp]]:
        """Return the nearest cells where parallels, (row,), and meridians, (column,), cross; and the unsure crossings.

        Cells: (row * column,). Unsure are those that take a search, or are farther than the limit of the cell: the
        square of a chord, (cell,).
        """
        parallels, meridians = cosine_and_sine(np.radians(latitude)), cosine_and_sine(np.radians(longitude))
        cells = np.empty((latitude.size, longitude.size), np.int32)
        start = self._start(unit_vectors(latitude[:1], longitude[:1]))
        walk_lattice(self._pyramid[0], self._shape, self._clearances, start, parallels, meridians, limit, cells)
        return cells.ravel(), np.flatnonzero(cells == UNSURE)

    def _start(self, point: Floats) -> int:
        """Return where a walk begins: the cell that is nearest to a point, (1, 3)."""
        best, cell = np.full(1, np.inf), np.zeros(1, np.int32)
        _search(self._pyramid, point[0, 0], point[0, 1], point[0, 2], best, cell, np.empty((WAITING, 2), np.int64))
        return int(cell[0])

    def neighbours(self, points: Floats, home: Cells, search: Search) -> tuple[Cells, Weights]:
        """Return the nearest cells of each point, (point, 3), and their weights: as `Grid.neighbours` has it."""
        count = min(search.most, self._count)
        cells, weights = np.empty((len(points), count), np.int32), np.empty((len(points), count), np.float32)
        if weights.size:
            # A disc of so many cells, half as wide again where cells are longer one way, and the way to the cell.
            width = min(LARGEST_SQUARE, int(np.ceil(1.4 * np.sqrt(count / np.pi) + 0.5)))
            pyramid, _, clearance = self.squares_around(width)
            walk_neighbours(pyramid, width, clearance, points, home, search.within, search.gaussian, cells, weights)
        return cells, weights

    def squares_around(self, width: int) -> "Squares":
        """Return the squares of cells around each cell, so many on each side of it."""
        if width not in self._square_clearances:
            self._square_clearances[width] = np.full(len(self._pyramid[0]), NOT_MEASURED, np.float32)
        return Squares(self._pyramid, width, self._square_clearances[width])


class Squares(NamedTuple):
    """The squares of cells around the cells of a grid, so many on each side."""

    pyramid: Pyramid
    width: int
    clearances: Clearances  # (cell,): measured where they are needed


def cosine_and_sine(angle: Floats) -> Floats:
    """Return cosine and sine of angles, (..., 2)."""
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


# The pyramid


@kernel_part()
def _difference(vectors, cell, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    return vectors[cell, 0] - x, vectors[cell, 1] - y, vectors[cell, 2] - z


@kernel_part()
def square_of_chord(vectors, cell, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Return the square of the chord from the centre of a cell to a place on the unit sphere."""
    dx, dy, dz = vectors[cell, 0] - x, vectors[cell, 1] - y, vectors[cell, 2] - z
    return dx * dx + dy * dy + dz * dz


@kernel_part()
def _box_gap(boxes, box, other):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The square of the distance between one of the boxes and another box."""
    x = max(boxes[box, 0] - other[3], other[0] - boxes[box, 3], 0.0)
    y = max(boxes[box, 1] - other[4], other[1] - boxes[box, 4], 0.0)
    z = max(boxes[box, 2] - other[5], other[2] - boxes[box, 5], 0.0)
    return x * x + y * y + z * z


@kernel_part()
def _box_edges(boxes, box):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    return boxes[box, 0], boxes[box, 1], boxes[box, 2], boxes[box, 3], boxes[box, 4], boxes[box, 5]


def build_pyramid(vectors: Floats, shape: tuple[int, int]) -> Pyramid:
    """Make the boxes around the cells of a grid with these rows and columns."""
    sizes = [shape]
    while len(sizes) == 1 or sizes[-1] != (1, 1):
        sizes.append((-(-sizes[-1][0] // SIDE), -(-sizes[-1][1] // SIDE)))
    starts = np.cumsum([0, *(rows * columns for rows, columns in sizes[1:])])
    boxes, counts = np.empty((starts[-1], 6)), np.zeros(starts[-1], np.int64)
    boxes[:, :3], boxes[:, 3:] = np.inf, -np.inf
    grid = vectors, boxes, counts, np.array(sizes, np.int64), starts
    _enclose(grid)
    return grid


@kernel()
def _enclose(grid):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Fill in the boxes of all levels, (box, low and high of x, y, z), and how many cells are in each."""
    vectors, boxes, counts, sizes, starts = grid
    rows, columns = sizes[0, 0], sizes[0, 1]
    for row in range(rows):
        for column in range(columns):
            cell = row * columns + column
            box = (row // SIDE) * sizes[1, 1] + column // SIDE
            if not np.isnan(vectors[cell, 0] + vectors[cell, 1] + vectors[cell, 2]):
                counts[box] += 1
                for k in range(3):
                    boxes[box, k] = min(boxes[box, k], vectors[cell, k])
                    boxes[box, 3 + k] = max(boxes[box, 3 + k], vectors[cell, k])
    for level in range(1, len(sizes) - 1):
        for row in range(sizes[level, 0]):
            for column in range(sizes[level, 1]):
                part = starts[level - 1] + row * sizes[level, 1] + column
                box = starts[level] + (row // SIDE) * sizes[level + 1, 1] + column // SIDE
                counts[box] += counts[part]
                for k in range(3):
                    boxes[box, k] = min(boxes[box, k], boxes[part, k])
                    boxes[box, 3 + k] = max(boxes[box, 3 + k], boxes[part, 3 + k])


@kernel_part()
def insert(best, cells, square, cell):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """Insert a cell into the list of the nearest, by distance and then by number."""
    place = best.size - 1
    if square == best[place] and cell > cells[place]:
        return
    while place > 0 and (best[place - 1] > square or (best[place - 1] == square and cells[place - 1] > cell)):
        best[place], cells[place] = best[place - 1], cells[place - 1]
        place -= 1
    best[place], cells[place] = square, cell


@kernel_part()
def _compare_cells(vectors, shape, window, x, y, z, best, cells_found):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Insert the cells of a window of the grid, from its first row to before its last, that are near enough."""
    last = best.size - 1
    for i in range(max(window[0], 0), min(window[1], shape[0])):
        for j in range(max(window[2], 0), min(window[3], shape[1])):
            square = square_of_chord(vectors, i * shape[1] + j, x, y, z)
            if square <= best[last]:  # not NaN
                insert(best, cells_found, square, i * shape[1] + j)


@kernel()
def _search(grid, x, y, z, best, cells_found, waiting):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Insert the cells that are nearer to a point than the last of ``best``: of boxes, the nearest is opened first."""
    vectors, boxes, counts, sizes, starts = grid
    place, last, left = (x, y, z, x, y, z), best.size - 1, 1
    waiting[0, 0], waiting[0, 1] = len(boxes) - 1, len(sizes) - 2
    while left:
        left -= 1
        box, level = waiting[left, 0], waiting[left, 1]
        if _box_gap(boxes, box, place) > best[last]:
            continue
        across, columns = sizes[level + 1, 1], sizes[level, 1]
        row, column = (box - starts[level]) // across * SIDE, (box - starts[level]) % across * SIDE
        if level == 0:
            window = (row, row + SIDE, column, column + SIDE)
            _compare_cells(vectors, (sizes[0, 0], columns), window, x, y, z, best, cells_found)
            continue
        nearest, least = left, np.inf
        for r in range(row, min(row + SIDE, sizes[level, 0])):
            for c in range(column, min(column + SIDE, columns)):
                inner = starts[level - 1] + r * columns + c
                gap = _box_gap(boxes, inner, place)
                if counts[inner] and gap <= best[last]:
                    waiting[left, 0], waiting[left, 1] = inner, level - 1
                    nearest, least = (left, gap) if gap < least else (nearest, least)
                    left += 1
        if least < np.inf:
            for k in range(2):
                waiting[nearest, k], waiting[left - 1, k] = waiting[left - 1, k], waiting[nearest, k]


@kernel_part()
def _boxes_within(grid, place, reach, listed, waiting):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """List the smallest boxes within a distance from a box; how many, or -1 if they are too many."""
    _, boxes, counts, sizes, starts = grid
    count, left = 0, 1
    waiting[0, 0], waiting[0, 1] = len(boxes) - 1, len(sizes) - 2
    while left:
        left -= 1
        box, level = waiting[left, 0], waiting[left, 1]
        if counts[box] == 0 or _box_gap(boxes, box, place) > reach * reach:
            continue
        if level == 0:
            if count == len(listed):
                return -1
            listed[count] = box
            count += 1
            continue
        across = sizes[level + 1, 1]
        row, column = (box - starts[level]) // across * SIDE, (box - starts[level]) % across * SIDE
        for r in range(row, min(row + SIDE, sizes[level, 0])):
            for c in range(column, min(column + SIDE, sizes[level, 1])):
                waiting[left, 0], waiting[left, 1] = starts[level - 1] + r * sizes[level, 1] + c, level - 1
                left += 1
    return count


# Walking to the nearest cell


@kernel_part(error_model="numpy")
def _extrapolate(vectors, rows, columns, r, c, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Row and column of a point if the grid went on as it does around a cell."""
    if not (0 < r < rows - 1 and 0 < c < columns - 1):
        return r, c
    cell = r * columns + c
    east, west, above, below = cell + 1, cell - 1, cell + columns, cell - columns
    ax, ay, az = _difference(vectors, east, vectors[west, 0], vectors[west, 1], vectors[west, 2])
    bx, by, bz = _difference(vectors, above, vectors[below, 0], vectors[below, 1], vectors[below, 2])
    dx, dy, dz = _difference(vectors, cell, x, y, z)
    aa, ab, bb = ax * ax + ay * ay + az * az, ax * bx + ay * by + az * bz, bx * bx + by * by + bz * bz
    da, db = dx * ax + dy * ay + dz * az, dx * bx + dy * by + dz * bz
    scale = 2.0 / (aa * bb - ab * ab)
    right, up = (db * ab - da * bb) * scale, (da * ab - db * aa) * scale
    if not (abs(right) < 1e6 and abs(up) < 1e6):
        return r, c
    return min(max(r + int(np.rint(up)), 0), rows - 1), min(max(c + int(np.rint(right)), 0), columns - 1)


def measure_clearances(grid: Pyramid) -> Clearances:
    """Measure how far around the cells of a pyramid it is proven that they are the nearest: (cell, 2).

    Squares of half the chord to the nearest other cell, and to the nearest but the eight around it in the file; never
    more than there is, less where it would take long to find.
    """
    clearances = np.zeros((len(grid[0]), 2), np.float32)
    if len(grid[3]) > 2:
        _measure_all(grid, clearances)
    clearances *= np.float32(HALF_SQUARED)
    return clearances


@kernel()
def _measure_all(grid, clearances):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Fill in the squares of whole chords: for 4 × 4 boxes of cells after the others."""
    _, boxes, counts, sizes, starts = grid
    listed, waiting = np.empty(MOST_BOXES, np.int64), np.empty((512, 2), np.int64)
    cells, squares = np.empty((3, PATCH * PATCH)), np.empty(PATCH * PATCH)
    for block in range(starts[2] - starts[1]):
        edges = _box_edges(boxes, starts[1] + block)
        widest = (edges[3] - edges[0]) ** 2 + (edges[4] - edges[1]) ** 2 + (edges[5] - edges[2]) ** 2
        first, reach = (block // sizes[2, 1] * SIDE, block % sizes[2, 1] * SIDE), 0.0
        for k in range(SIDE * SIDE):
            row, column = first[0] + k // SIDE, first[1] + k % SIDE
            if row < sizes[1, 0] and column < sizes[1, 1] and counts[row * sizes[1, 1] + column]:
                reach = max(reach, _near_by(grid, row * SIDE, column * SIDE, widest, cells, squares, clearances))
        count = _boxes_within(grid, edges, np.sqrt(reach), listed, waiting)
        for k in range(SIDE * SIDE):
            row, column = first[0] + k // SIDE, first[1] + k % SIDE
            if row < sizes[1, 0] and column < sizes[1, 1] and counts[row * sizes[1, 1] + column]:
                _far_off(grid, row, column, listed, count, clearances)


@kernel_part()
def _near_by(grid, row, column, widest, cells, squares, clearances):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Compare the cells of a box, which begins here, with those of the boxes beside it; the greatest square."""
    vectors, sizes = grid[0], grid[3]
    rows, columns = sizes[0, 0], sizes[0, 1]
    for k in range(PATCH * PATCH):
        r, c = row - SIDE + k // PATCH, column - SIDE + k % PATCH
        exists = 0 <= r < rows and 0 <= c < columns and vectors[r * columns + c, 0] < OFF_EARTH  # not NaN
        for axis in range(3):
            cells[axis, k] = vectors[r * columns + c, axis] if exists else OFF_EARTH
    greatest = 0.0
    for r in range(row, min(row + SIDE, rows)):
        for c in range(column, min(column + SIDE, columns)):
            own = (r - row + SIDE) * PATCH + c - column + SIDE
            if cells[0, own] < OFF_EARTH:
                around, beyond = _clear(cells, own, widest, squares)
                clearances[r * columns + c, 0], clearances[r * columns + c, 1] = min(around, beyond), beyond
                greatest = max(greatest, beyond)
    return greatest


@kernel_part(fastmath=True)
def _clear(cells, own, widest, squares):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Least squares from one of these cells to the eight around it, and to the others."""
    x, y, z = cells[0, own], cells[1, own], cells[2, own]
    for k in range(PATCH * PATCH):  # all of them, without a question in between: several in one instruction
        dx, dy, dz = cells[0, k] - x, cells[1, k] - y, cells[2, k] - z
        squares[k] = dx * dx + dy * dy + dz * dz
    around = beyond = squares[own] = widest
    for i in range(own - PATCH, own + PATCH + 1, PATCH):
        for k in range(i - 1, i + 2):
            around = min(around, squares[k])
            squares[k] = widest
    for k in range(PATCH * PATCH):
        beyond = min(beyond, squares[k])
    return around, beyond


@kernel_part()
def _far_off(grid, row, column, listed, count, clearances):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Compare the cells of a box with those of boxes that are near on the Earth, and not beside it in the file."""
    vectors, boxes, _, sizes, _ = grid
    widest, edges = 0.0, _box_edges(boxes, row * sizes[1, 1] + column)
    for i in range(row * SIDE, min(row * SIDE + SIDE, sizes[0, 0])):
        for own in range(i * sizes[0, 1] + column * SIDE, i * sizes[0, 1] + min(column * SIDE + SIDE, sizes[0, 1])):
            if count < 0:  # too many
                clearances[own, 0] = clearances[own, 1] = 0.0
            widest = max(widest, clearances[own, 1])
    for k in range(count):
        r, c = listed[k] // sizes[1, 1], listed[k] % sizes[1, 1]
        beside = abs(r - row) <= 1 and abs(c - column) <= 1
        if beside or not _box_gap(boxes, listed[k], edges) < widest:
            continue
        for i in range(row * SIDE, min(row * SIDE + SIDE, sizes[0, 0])):
            for j in range(column * SIDE, min(column * SIDE + SIDE, sizes[0, 1])):
                own = i * sizes[0, 1] + j
                x, y, z = vectors[own, 0], vectors[own, 1], vectors[own, 2]
                if _box_gap(boxes, listed[k], (x, y, z, x, y, z)) < clearances[own, 1]:
                    _compare(vectors, sizes, own, r, c, clearances)


@kernel_part()
def _compare(vectors, sizes, own, row, column, clearances):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Compare a cell with those of a box, none of which is around it in the file."""
    x, y, z = vectors[own, 0], vectors[own, 1], vectors[own, 2]
    for i in range(row * SIDE, min(row * SIDE + SIDE, sizes[0, 0])):
        for j in range(column * SIDE, min(column * SIDE + SIDE, sizes[0, 1])):
            square = square_of_chord(vectors, i * sizes[0, 1] + j, x, y, z)
            if square < clearances[own, 1]:  # not NaN
                clearances[own, 0], clearances[own, 1] = min(square, clearances[own, 0]), square


@kernel_part()
def _step(vectors, shape, own, least, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The nearest of a cell and the eight around it, and the square of its distance; the first of equal ones."""
    best, columns = own, shape[1]
    neighbour = own - columns - 1
    if neighbour < 0 or own + columns + 1 >= len(vectors):
        return _step_at_rim(vectors, shape, own, least, x, y, z)
    # Without a question whether each is there: in the first and last column, three are cells at the other end.
    for _ in range(3):
        for _ in range(3):
            square = square_of_chord(vectors, neighbour, x, y, z)
            if square < least or (square == least and neighbour < best):
                best, least = neighbour, square
            neighbour += 1
        neighbour += columns - 3
    return best, least


@kernel_part()
def _step_at_rim(vectors, shape, own, least, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The same in the first and last row."""
    r, c, best = own // shape[1], own % shape[1], own
    for i in range(max(r - 1, 0), min(r + 2, shape[0])):
        for j in range(max(c - 1, 0), min(c + 2, shape[1])):
            neighbour = i * shape[1] + j
            square = square_of_chord(vectors, neighbour, x, y, z)
            if square < least or (square == least and neighbour < best):
                best, least = neighbour, square
    return best, least


@kernel_part()
def _settle(vectors, shape, clearance, own, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The nearest cell of a point that is farther away, the square of its distance, and whether that is proven."""
    r, c = own // shape[1], own % shape[1]
    for _ in range(EXTRAPOLATIONS):
        r_from, c_from = r, c
        r, c = _extrapolate(vectors, shape[0], shape[1], r, c, x, y, z)
        if abs(r - r_from) + abs(c - c_from) < LONG_JUMP:
            break
    own = r * shape[1] + c
    least = np.fmin(square_of_chord(vectors, own, x, y, z), np.inf)  # not NaN
    for _ in range(NEAREST_STEPS):
        proven = least < clearance[own, 1]
        best, least = _step(vectors, shape, own, least, x, y, z)
        if proven or best == own:
            return best, least, proven
        own = best
    return own, least, False


@kernel_part()
def _move(vectors, shape, clearance, own, least, x, y, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The nearest cell of a point, from that of one beside it; the square of its distance; whether it is proven.

    ``least``: the square of the distance from there. Callers compare it with the clearance, which mostly proves it.
    """
    if least < clearance[own, 1]:
        cell, least = _step(vectors, shape, own, least, x, y, z)
        return cell, least, True
    return _settle(vectors, shape, clearance, own, x, y, z)


@kernel()
def walk_nearest(grid, clearance, start, points, farthest, cells, squares):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the nearest cell of each point, and the square of its distance: none beyond ``farthest``, a square."""
    vectors, shape = grid[0], (grid[3][0, 0], grid[3][0, 1])
    best, cells_found, waiting = np.empty(1), np.empty(1, np.int32), np.empty((WAITING, 2), np.int64)
    own = start
    for p in range(len(points)):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
        cell, least, proven = own, square_of_chord(vectors, own, x, y, z), True
        if not least < clearance[own, 0]:
            cell, least, proven = _move(vectors, shape, clearance, own, least, x, y, z)
        own = cell if least < np.inf else own
        if not proven:
            best[0], cells_found[0] = min(farthest, least * SLACK) + TOUCHING_CHORD * TOUCHING_CHORD, -1
            _search(grid, x, y, z, best, cells_found, waiting)
            cell, least = cells_found[0], best[0]
        if cell >= 0:
            own, cells[p], squares[p] = cell, cell, least


@kernel()
def walk_lattice(vectors, shape, clearance, start, parallels, meridians, limit, cells):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the nearest cell where parallels and meridians cross; UNSURE where it is not proven or beyond its limit.

    ``parallels``, ``meridians``: cosines and sines of latitudes and longitudes, (row, 2) and (column, 2). ``limit``:
    the square of the distance up to which a cell is answered, (cell,).
    """
    first = start
    for j in range(len(parallels)):
        own, across, z = first, parallels[j, 0], parallels[j, 1]
        for i in range(len(meridians)):
            x, y = across * meridians[i, 0], across * meridians[i, 1]
            cell, least, proven = own, square_of_chord(vectors, own, x, y, z), True
            if not least < clearance[own, 0]:
                cell, least, proven = _move(vectors, shape, clearance, own, least, x, y, z)
            own = cell if least < np.inf else own
            first = own if i == 0 else first
            cells[j, i] = own if proven and least <= limit[own] else UNSURE


# Walking to several neighbours


@kernel_part()
def measure_clearance(grid, around, cell, clearance, listed, waiting):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the clearance of a cell and of the others in its smallest box: never more than there is."""
    vectors, boxes, _, sizes, _ = grid
    row, column = cell // sizes[0, 1] // SIDE * SIDE, cell % sizes[0, 1] // SIDE * SIDE
    edges = _box_edges(boxes, row // SIDE * sizes[1, 1] + column // SIDE)
    x, y, z = (edges[0] + edges[3]) / 2, (edges[1] + edges[4]) / 2, (edges[2] + edges[5]) / 2
    dx, dy, dz = edges[3] - edges[0], edges[4] - edges[1], edges[5] - edges[2]
    reach = REACH_OF_BOX * (around + 3) / (LEAST_SQUARE + 3) / 2 * np.sqrt(dx * dx + dy * dy + dz * dz)
    count = _boxes_within(grid, (x, y, z, x, y, z), reach, listed, waiting)
    for r in range(row, min(row + SIDE, sizes[0, 0])):
        for c in range(column, min(column + SIDE, sizes[0, 1])):
            own = r * sizes[0, 1] + c
            middle = np.sqrt(square_of_chord(vectors, own, x, y, z))
            if count < 0 or not middle < reach:
                clearance[own] = 0.0
                continue
            least = (reach - middle) ** 2
            own_x, own_y, own_z = vectors[own, 0], vectors[own, 1], vectors[own, 2]
            for k in range(count):
                top, left = listed[k] // sizes[1, 1] * SIDE, listed[k] % sizes[1, 1] * SIDE
                for i in range(top, min(top + SIDE, sizes[0, 0])):
                    for j in range(left, min(left + SIDE, sizes[0, 1])):
                        if abs(i - r) > around or abs(j - c) > around:
                            least = min(least, square_of_chord(vectors, i * sizes[0, 1] + j, own_x, own_y, own_z))
            clearance[own] = np.sqrt(least) * (1 - 1e-6)  # rounded to float32: down


@kernel_part()
def _measure_square(vectors, shape, own, around, x, y, z, squares):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Measure the cells around one, a square of them, row by row: NaN for cells without a place, or outside."""
    rows, columns, k = shape[0], shape[1], 0
    row, column = own // columns, own % columns
    complete = around <= row < rows - around and around <= column < columns - around
    for r in range(row - around, row + around + 1):
        for c in range(column - around, column + around + 1):
            exists = complete or (0 <= r < rows and 0 <= c < columns)
            squares[k] = square_of_chord(vectors, r * columns + c, x, y, z) if exists else np.nan
            k += 1


@kernel()
def walk_neighbours(grid, around, clearance, points, home, within, gaussian, cells, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201, PLR0917  numba's types
    """Find the nearest cells of points that follow each other, and their weights; none where ``home`` is -1."""
    vectors, shape, count, side = grid[0], (grid[3][0, 0], grid[3][0, 1]), cells.shape[1], 2 * around + 1
    listed, waiting = np.empty(128, np.int64), np.empty((WAITING, 2), np.int64)
    best, chosen, searched = np.empty(count), np.full(count, -1), np.empty(count, np.int32)
    squares, offsets, candidates = np.empty(side * side), np.arange(side * side), np.empty(side * side + 1, np.int64)
    offsets = (offsets // side - around) * shape[1] + offsets % side - around  # from the cell in the middle
    radius, limit = -1.0, 0.0
    for p in range(len(points)):
        own, x, y, z = home[p], points[p, 0], points[p, 1], points[p, 2]
        if own < 0:
            cells[p], weights[p] = -1, 0.0
            continue
        if within[p] != radius:
            radius = within[p]
            limit = chord_bound(radius) ** 2
        if clearance[own] < 0:
            measure_clearance(grid, around, own, clearance, listed, waiting)
        _measure_square(vectors, shape, own, around, x, y, z, squares)
        away = np.sqrt(squares[squares.size // 2])
        found, farthest = choose_nearest(squares, squares.size, limit, candidates, chosen, best)
        # What is not around the cell is farther than its clearance, less the way to the cell.
        if np.sqrt(farthest) + away < clearance[own]:
            for k in range(count):
                cells[p, k] = own + offsets[chosen[k]] if k < found else -1
        else:
            best[:], searched[:], found = limit, -1, 0
            _search(grid, x, y, z, best, searched, waiting)
            for k in range(count):
                cells[p, k] = searched[k]
                found += searched[k] >= 0
        weigh(gaussian, radius, best, found, weights[p])
