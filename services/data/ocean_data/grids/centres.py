"""The nearest of the cells of a grid whose rows and columns go anywhere on the Earth."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ocean_data.compute import sphere
from ocean_data.compute.sphere import across, chord
from ocean_data.grids.nearest_search import UNSURE, rooms, walk, walk_lattice
from ocean_data.grids.neighbour_search import AROUND, UNKNOWN, WIDEST, around_for, near
from ocean_data.grids.pyramid import pyramid, search
from ocean_data.ports import Cells, Floats


class Centres:
    """Cells by their centres on the unit sphere; those without a place (NaN) are left out.

    Points are asked for the faster, the closer each is to the one before.
    """

    def __init__(self, vectors: Floats, shape: tuple[int, int]) -> None:
        """Take the centres of the cells: (cell, 3), of a grid with these rows and columns."""
        self._shape = shape
        self._pyramid = pyramid(vectors, shape)
        self._count = int(self._pyramid[2][-1])
        self._clear = rooms(self._pyramid)
        # By the width of the square. Found where it is needed; two threads may do that at once: they find the same.
        self._rooms: dict[int, NDArray[np.float32]] = {}
        self.nbytes = int(sum(part.nbytes for part in self._pyramid) + 4 * (WIDEST - AROUND + 3) * len(vectors))

    def nearest(self, points: Floats, within: float = np.inf) -> tuple[Cells, Floats]:
        """The nearest cell of each point; of several that are equally near, the first in the file.

        Parameters
        ----------
        points : ndarray of float, shape (point, 3)
            On the unit sphere.
        within : float
            km: a cell farther than this need not be found. Without a bound, a point on the far side of the Earth is
            compared with many cells.

        Returns
        -------
        cells : ndarray of int32, shape (point,)
            -1 where none was found.
        squares : ndarray of float, shape (point,)
            Of the chords between points and cells; infinite where none was found.
        """
        cells, squares = np.full((len(points), 1), -1, np.int32), np.full((len(points), 1), np.inf)
        if len(points) and self._count:
            start = self._start(points[:1])
            proven = walk(self._pyramid[0], self._shape, self._clear, start, points, cells[:, 0], squares[:, 0])
            left = np.flatnonzero(~proven)
            self._search(points, left, chord(np.full(left.size, within)), cells, squares)
        return cells[:, 0], squares[:, 0]

    def nearest_on_lattice(self, latitude: Floats, longitude: Floats, limit: Floats) -> tuple[Cells, NDArray[np.intp]]:
        """The nearest cells where parallels and meridians cross, as far as that takes no search.

        Parameters
        ----------
        latitude, longitude : ndarray of float, shape (row,) and (column,)
            Degrees.
        limit : ndarray of float, shape (cell,)
            The square of the chord up to which a cell is taken.

        Returns
        -------
        cells : ndarray of int32, shape (row * column,)
        unsure : ndarray of int, shape (k,)
            Of which crossings it is not known, or farther than the limit.
        """
        parallels, meridians = sphere.on_circle(np.radians(latitude)), sphere.on_circle(np.radians(longitude))
        cells = np.empty((latitude.size, longitude.size), np.int32)
        start = self._start(sphere.unit_vectors(latitude[:1], longitude[:1]))
        walk_lattice(self._pyramid[0], self._shape, self._clear, start, parallels, meridians, limit, cells)
        return cells.ravel(), np.flatnonzero(cells == UNSURE)

    def _start(self, point: Floats) -> int:
        """Where a walk begins: the cell that is nearest to a point, (1, 3)."""
        cell, square = np.zeros((1, 1), np.int32), np.full((1, 1), np.inf)
        search(self._pyramid, point, np.full(1, np.inf), cell, square)
        return int(cell[0, 0])

    def neighbours(self, points: Floats, count: int, within: Floats) -> tuple[Cells, Floats]:
        """The nearest cells of each point, the nearest first: as `ocean_data.ports.Grid.neighbours` has it."""
        count = min(count, self._count)
        cells, found = np.full((len(points), count), -1, np.int32), np.full((len(points), count), np.inf)
        if found.size:
            farthest = chord(within)
            around = around_for(count)
            if around not in self._rooms:
                self._rooms[around] = np.full(len(self._pyramid[0]), UNKNOWN, np.float32)
            proven = near(self._pyramid, around, self._rooms[around], points, farthest, cells, found)
            left = np.flatnonzero(~proven)
            self._search(points, left, farthest[left], cells, found)
            _to_arcs(cells, found, within)
        return cells, found

    def _search(self, points: Floats, left: NDArray[np.intp], farthest: Floats, cells: Cells, squares: Floats) -> None:
        """Fill in what could not be proven; ``farthest`` and no farther, (left,)."""
        if left.size:
            more, found = (
                np.full((left.size, cells.shape[1]), -1, np.int32),
                np.full((left.size, cells.shape[1]), np.inf),
            )
            search(self._pyramid, points[left], farthest, more, found)
            cells[left], squares[left] = more, found


@njit(nogil=True, cache=True)
def _to_arcs(cells, found, within):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Squares of chords to great-circle distances in km; what is beyond ``within`` is taken out."""
    for p in range(len(found)):
        for k in range(found.shape[1]):
            if cells[p, k] < 0:
                break
            found[p, k] = across(found[p, k] / 4)
            if found[p, k] > within[p]:
                cells[p, k], found[p, k] = -1, np.inf
