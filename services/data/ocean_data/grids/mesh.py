"""Meshes of triangles: values at their nodes, or one in each of them.

Seen from the Earth's centre, a point is a mixture of the three corners of its triangle: the shares are the
barycentric weights, and there is no pole and no date line in that.
"""

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ocean_data.compute import sphere
from ocean_data.grids.curvilinear import usable_points
from ocean_data.grids.tree import Tree
from ocean_data.ports import Cells, Floats

RIM = 0.02  # of the height of a triangle: so far beyond the rim, a point still belongs to the mesh
BRANCH = 8  # boxes in one box


class Triangles:
    """The nodes or the triangles of a mesh, in one row."""

    def __init__(
        self,
        nodes: tuple[Floats, Floats],
        corners: Cells,
        location: Literal["node", "face"],
        centres: tuple[Floats, Floats] | None = None,
    ) -> None:
        """Make a mesh.

        Parameters
        ----------
        nodes : tuple of ndarray of float, shape (node,)
            Latitudes and longitudes, degrees.
        corners : ndarray of int32, shape (face, 3)
            The nodes of each triangle; one with -1 is no triangle.
        location : {"node", "face"}
            Where the values are.
        centres : tuple of ndarray of float, shape (face,), optional
            Latitudes and longitudes of the triangles; where they are missing, the middle of the corners.
        """
        placed = usable_points(*nodes)
        nodes = np.where(placed, nodes[0], np.nan), np.where(placed, nodes[1], np.nan)
        vectors = sphere.unit_vectors(*nodes)
        usable = np.asarray(((corners >= 0) & placed[corners]).all(axis=1))
        faces = np.flatnonzero(usable).astype(np.int32)
        sides = _sides(vectors, corners[faces])
        self._at_nodes = location == "node"
        self._search = Search(vectors, corners, faces, sides)
        if self._at_nodes:
            self._latitude, self._longitude = nodes
        else:
            self._latitude, self._longitude = _middles(vectors, corners, usable)
            if centres is not None:
                known = usable & np.isfinite(centres[0]) & np.isfinite(centres[1])
                self._latitude = np.where(known, centres[0], self._latitude)
                self._longitude = np.where(known, centres[1], self._longitude)
        self.shape = (1, self._latitude.size)
        self._sizes = np.zeros(self.shape[1])
        of = corners[faces] if self._at_nodes else faces
        np.maximum.at(self._sizes, of, sides[:, np.newaxis] if self._at_nodes else sides)
        places = sphere.unit_vectors(self._latitude, self._longitude)
        self._tree = Tree(places)
        self.nbytes = int(4 * places.nbytes + self._search.nbytes)

    def nearest(self, latitude: Floats, longitude: Floats) -> Cells:
        points = sphere.unit_vectors(latitude, longitude)
        face, _ = self._search.locate(points)
        inside = face >= 0
        found = np.full(inside.shape, -1, dtype=np.int32)
        found[inside] = self._tree.nearest(points[inside])[0]
        return found

    def neighbours(self, latitude: Floats, longitude: Floats, count: int, within: Floats) -> tuple[Cells, Floats]:
        return self._tree.neighbours(sphere.unit_vectors(latitude, longitude), count, within)

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        face, weights = self._search.locate(sphere.unit_vectors(latitude, longitude))
        face = np.where(home >= 0, face, -1).astype(np.int32)
        if not self._at_nodes:
            return face[:, np.newaxis], (face >= 0).astype(np.float64)[:, np.newaxis]
        inside = face[:, np.newaxis] >= 0
        return np.where(inside, self._search.corners[face], -1).astype(np.int32), np.where(inside, weights, 0.0)

    def centres(self, cells: Cells) -> tuple[Floats, Floats]:
        return self._latitude[cells], self._longitude[cells]

    def sizes(self, cells: Cells) -> Floats:
        return self._sizes[cells]


class Search:
    """Which triangle holds a point: boxes around the triangles, boxes around those, and so on."""

    def __init__(self, vectors: Floats, corners: Cells, faces: Cells, sides: Floats) -> None:
        self.corners = corners
        self._vectors = vectors
        places = vectors[corners[faces]]  # (triangle, corner, 3)
        # The leaves of a tree list together what lies together.
        order = cKDTree(places.mean(axis=1), leafsize=BRANCH).indices
        self._faces = faces[order]
        # The Earth bulges beyond a triangle by less than the square of a side; its rim belongs to it.
        side = sides[order] / sphere.EARTH_RADIUS
        more = (side * side + RIM * side)[:, np.newaxis]
        low, high = [places[order].min(axis=1) - more], [places[order].max(axis=1) + more]
        while len(low[-1]) > 1:
            starts = np.arange(0, len(low[-1]), BRANCH)
            low.append(np.minimum.reduceat(low[-1], starts))
            high.append(np.maximum.reduceat(high[-1], starts))
        self._starts = np.cumsum([0, *(len(level) for level in low)])
        self._low, self._high = np.concatenate(low), np.concatenate(high)
        self.nbytes = int(corners.nbytes + vectors.nbytes + self._faces.nbytes + 2 * self._low.nbytes)

    def locate(self, points: Floats) -> tuple[Cells, Floats]:
        """The triangle that holds each point, or comes nearest to it at the rim.

        Parameters
        ----------
        points : ndarray of float, shape (point, 3)
            On the unit sphere.

        Returns
        -------
        face : ndarray of int32, shape (point,)
            -1 outside the mesh.
        weights : ndarray of float, shape (point, 3)
            Of its corners; they add up to one.
        """
        return _locate(points, self._vectors, self.corners, self._faces, self._low, self._high, self._starts)  # type: ignore[no-any-return]


def _sides(vectors: Floats, corners: Cells) -> Floats:
    """The longest side of each triangle, km."""
    places = vectors[corners]
    longest: Floats = sphere.arc(np.linalg.norm(places - np.roll(places, 1, axis=1), axis=2)).max(axis=1)
    return longest


def _middles(vectors: Floats, corners: Cells, usable: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Latitudes and longitudes of the middles of triangles, degrees; NaN where there is none."""
    x, y, z = np.where(usable, vectors[corners].mean(axis=1).T, np.nan)
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))


@njit(nogil=True, cache=True)
def _triple(point, a, b):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The volume that a point spans with two others, from differences: exact for small triangles too."""
    ax, ay, az = a[0] - point[0], a[1] - point[1], a[2] - point[2]
    bx, by, bz = b[0] - point[0], b[1] - point[1], b[2] - point[2]
    return point[0] * (ay * bz - az * by) + point[1] * (az * bx - ax * bz) + point[2] * (ax * by - ay * bx)


@njit(nogil=True, cache=True)
def _shares(point, a, b, c):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Barycentric weights of a point; below zero outside the triangle."""
    u, v, w = _triple(point, b, c), _triple(point, c, a), _triple(point, a, b)
    whole = u + v + w
    if abs(whole) < 1e-26:  # no area
        return -np.inf, -np.inf, -np.inf
    return u / whole, v / whole, w / whole


@njit(nogil=True, cache=True)
def _locate(points, vectors, corners, faces, low, high, starts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    found = np.full(len(points), -1, np.int32)
    weights = np.zeros((len(points), 3))
    top = len(starts) - 2
    levels, boxes = np.empty(BRANCH * (top + 2), np.int64), np.empty(BRANCH * (top + 2), np.int64)
    for p in range(len(points)):
        x, y, z = points[p]
        best, waiting = -RIM, min(len(faces), 1)
        levels[0], boxes[0] = top, 0
        while waiting:
            waiting -= 1
            level, box = levels[waiting], boxes[waiting]
            k = starts[level] + box
            if not (low[k, 0] <= x <= high[k, 0] and low[k, 1] <= y <= high[k, 1] and low[k, 2] <= z <= high[k, 2]):
                continue
            if level:
                for one in range(box * BRANCH, min((box + 1) * BRANCH, starts[level] - starts[level - 1])):
                    levels[waiting], boxes[waiting] = level - 1, one
                    waiting += 1
                continue
            a, b, c = corners[faces[box]]
            u, v, w = _shares(points[p], vectors[a], vectors[b], vectors[c])
            least = min(u, v, w)
            if least > best:
                best, found[p] = least, faces[box]
                u, v, w = max(u, 0.0), max(v, 0.0), max(w, 0.0)
                weights[p, 0], weights[p, 1], weights[p, 2] = u / (u + v + w), v / (u + v + w), w / (u + v + w)
                if least >= 0.0:
                    break
    return found, weights
