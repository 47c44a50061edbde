"""The nearest of many points on the Earth."""

import numpy as np
from scipy.spatial import cKDTree

from ocean_data.compute import sphere
from ocean_data.ports import Cells, Floats


class Tree:
    """Cells by their centres on the unit sphere; those without a place (NaN) are left out."""

    def __init__(self, vectors: Floats) -> None:
        valid = np.isfinite(vectors).all(axis=1)
        # The tree numbers what it holds, and one more for "none".
        self._cell_of = np.append(np.flatnonzero(valid), -1).astype(np.int32)
        self._tree = cKDTree(vectors[valid])

    def nearest(self, points: Floats, within: float = np.inf) -> tuple[Cells, Floats]:
        """The nearest cell of each point.

        Parameters
        ----------
        points : ndarray of float, shape (point, 3)
            On the unit sphere.
        within : float
            km: a cell farther than this need not be found. Without a bound, a point on the far side of the Earth is
            compared with every cell.

        Returns
        -------
        cells : ndarray of int32, shape (point,)
            -1 where none was found.
        distances : ndarray of float, shape (point,)
            km; half the way around the Earth where none was found.
        """
        chord, found = self._tree.query(points, distance_upper_bound=float(sphere.chord(np.array(within))))
        return self._cell_of[found], sphere.arc(chord)

    def neighbours(self, points: Floats, count: int, within: Floats) -> tuple[Cells, Floats]:
        """The nearest cells of each point, the nearest first: as `ocean_data.ports.Grid.neighbours` has it."""
        count = min(count, self._cell_of.size - 1)
        bound = float(sphere.chord(within.max(initial=0.0)))
        chord, found = self._tree.query(points, k=np.arange(1, count + 1), distance_upper_bound=bound)
        distances = sphere.arc(chord)
        near = np.isfinite(chord) & (distances <= within[:, np.newaxis])
        return np.where(near, self._cell_of[found], -1).astype(np.int32), np.where(near, distances, np.inf)
