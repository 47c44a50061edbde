"""Meshes of triangles: values at their nodes, or one in each of them.

Seen from the Earth's centre, a point is a mixture of the three corners of its triangle: the shares are the
barycentric weights, and there is no pole and no date line in that.
"""

from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ocean_common.contracts import assets
from ocean_core.cells import find_usable_cells
from ocean_core.geometry import EARTH_RADIUS, Floats, chord_to_distance, positions_of, unit_vectors
from ocean_data.compute.region import Region
from ocean_data.grids.base import (
    Cells,
    Coordinate,
    Coordinates,
    Frame,
    Grid,
    Outlines,
    Window,
    horizontal,
    triangle_areas,
    without_time,
)
from ocean_data.grids.search import chord_bound

RIM = 0.02  # of the height of a triangle: so far beyond the rim, a point still belongs to the mesh
BRANCH = 8  # boxes in one box
TRIANGLES = "triangles"  # the coordinate that has the nodes of each triangle
FACE_ROLES = ("face_latitude", "face_longitude")


class Mesh(Grid):
    """The nodes or the triangles of a mesh, in one row."""

    has_rows = False

    def __init__(
        self,
        nodes: tuple[Floats, Floats],
        corners: Cells,
        location: Literal["node", "face"],
        centres: tuple[Floats, Floats] | None = None,
    ) -> None:
        """Make a mesh of triangles, whose values are at a location.

        ``nodes`` and ``centres``: latitudes and longitudes, degrees, (node,) and (face,) each; where a triangle has no
        centre, the middle of its corners. ``corners``: the nodes of each triangle, (face, 3); one with -1 is none.
        """
        placed = find_usable_cells(*nodes)
        nodes = np.where(placed, nodes[0], np.nan), np.where(placed, nodes[1], np.nan)
        vectors = unit_vectors(*nodes)
        usable = np.asarray(((corners >= 0) & placed[corners]).all(axis=1))
        faces = np.flatnonzero(usable).astype(np.int32)
        places = vectors[corners[faces]]
        # The longest side of each triangle, km.
        sides = chord_to_distance(np.linalg.norm(places - np.roll(places, 1, axis=1), axis=2)).max(axis=1)
        self._nodes, self._corners = nodes, corners
        self._at_nodes = location == "node"
        self._triangles = TriangleSearch(vectors, corners, faces, sides)
        if self._at_nodes:
            self._latitude, self._longitude = nodes
        else:
            middles = np.where(usable[:, np.newaxis], vectors[corners].mean(axis=1), np.nan)
            self._latitude, self._longitude = positions_of(middles)
            if centres is not None:
                with_centre = usable & np.isfinite(centres[0]) & np.isfinite(centres[1])
                self._latitude = np.where(with_centre, centres[0], self._latitude)
                self._longitude = np.where(with_centre, centres[1], self._longitude)
        self.shape = (1, self._latitude.size)
        self._sizes = np.zeros(self.shape[1])
        of = corners[faces] if self._at_nodes else faces
        np.maximum.at(self._sizes, of, sides[:, np.newaxis] if self._at_nodes else sides)
        centre_vectors = unit_vectors(self._latitude, self._longitude)
        self._tree = CentreTree(centre_vectors)
        self.nbytes = int(4 * centre_vectors.nbytes + self._triangles.nbytes)

    def nearest(self, latitude: Floats, longitude: Floats) -> Cells:
        points = unit_vectors(latitude, longitude)
        face, _ = self._triangles.locate(points)
        inside = face >= 0
        cells = np.full(inside.shape, -1, dtype=np.int32)
        cells[inside] = self._tree.nearest(points[inside])
        return cells

    def neighbours(self, latitude: Floats, longitude: Floats, count: int, within: Floats) -> tuple[Cells, Floats]:
        return self._tree.neighbours(unit_vectors(latitude, longitude), count, within)

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        face, weights = self._triangles.locate(unit_vectors(latitude, longitude))
        face = np.where(home >= 0, face, -1).astype(np.int32)
        if not self._at_nodes:
            return face[:, np.newaxis], (face >= 0).astype(np.float64)[:, np.newaxis]
        inside = face[:, np.newaxis] >= 0
        return np.where(inside, self._triangles.corners[face], -1).astype(np.int32), np.where(inside, weights, 0.0)

    def centres(self, cells: Cells) -> tuple[Floats, Floats]:
        return self._latitude[cells], self._longitude[cells]

    def sizes(self, cells: Cells) -> Floats:
        return self._sizes[cells]

    def window(self, region: Region) -> Window:
        inside = np.flatnonzero(region.holds(self._latitude, self._longitude))
        return Window(rows=np.arange(min(1, inside.size)), columns=inside, width=self.shape[1])

    def frame(self, window: Window, region: Region) -> Frame:
        """The nodes, with the triangles that have all of their corners in the window; or the triangles alone."""
        name, cells = "node" if self._at_nodes else "face", window.columns
        latitude, longitude = self.centres(cells.astype(np.int32))
        coordinates = horizontal(latitude, region.unwrapped(longitude), (name,))
        if self._at_nodes:
            number = np.full(self._nodes[0].size + 1, -1)  # the last for corners that are missing
            number[cells] = np.arange(cells.size)
            corners = number[self._corners]
            triangles = corners[(corners >= 0).all(axis=1)].astype(np.int64)
            if triangles.size:
                text, dims = "the nodes of each triangle, from 0", ("face", "corner")
                coordinates.append(Coordinate(name=TRIANGLES, dims=dims, values=triangles, long_name=text))
                extra = {"face": len(triangles), "corner": 3}
                return Frame(dims={name: cells.size}, coordinates=coordinates, extra_dims=extra)
        return Frame(dims={name: cells.size}, coordinates=coordinates)

    def areas(self, window: Window) -> Floats:
        """Areas of triangles; or of nodes, a third of each triangle around them."""
        vectors, usable = unit_vectors(*self._nodes), (self._corners >= 0).all(axis=1)
        faces = np.full(len(self._corners), np.nan)
        faces[usable] = EARTH_RADIUS**2 * triangle_areas(*(vectors[self._corners[usable, k]] for k in range(3)))
        if not self._at_nodes:
            return faces[window.columns].reshape(window.shape)
        has_area = np.isfinite(faces)
        thirds = np.repeat(faces[has_area] / 3, 3)
        nodes = np.bincount(self._corners[has_area].ravel(), thirds, minlength=len(vectors)).astype(np.float64)
        areas: Floats = nodes[window.columns].reshape(window.shape)
        return areas

    def outlines(self, window: Window, stride: int = 1) -> Outlines | None:
        del stride
        if self._at_nodes:
            return None
        nodes = self._corners[window.columns]
        complete = (nodes >= 0).all(axis=1, keepdims=True)
        latitude, longitude = self._nodes
        return np.where(complete, latitude[nodes], np.nan), np.where(complete, longitude[nodes], np.nan)


class TriangleSearch:
    """Search for the triangle that holds a point: boxes around the triangles, boxes around those, and so on."""

    def __init__(self, vectors: Floats, corners: Cells, faces: Cells, sides: Floats) -> None:
        self.corners = corners
        self._vectors = vectors
        places = vectors[corners[faces]]  # (triangle, corner, 3)
        # The leaves of a tree list together what lies together.
        order = cKDTree(places.mean(axis=1), leafsize=BRANCH).indices
        self._faces = faces[order]
        # The Earth bulges beyond a triangle by less than the square of a side; its rim belongs to it.
        side = sides[order] / EARTH_RADIUS
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
        """Return the triangle that holds each point, or comes nearest to it at the rim, and the weights of its corners.

        ``points``: (point, 3), on the unit sphere. Triangles: (point,), -1 outside the mesh. Weights: (point, 3), they
        add up to one.
        """
        return _locate(points, self._vectors, self.corners, self._faces, self._low, self._high, self._starts)  # type: ignore[no-any-return]


class CentreTree:
    """Cells by their centres on the unit sphere; those without a place (NaN) are left out."""

    def __init__(self, vectors: Floats) -> None:
        valid = np.isfinite(vectors).all(axis=1)
        # The tree numbers what it holds, and one more for "none".
        self._cell_of = np.append(np.flatnonzero(valid), -1).astype(np.int32)
        self._tree = cKDTree(vectors[valid])

    def nearest(self, points: Floats) -> Cells:
        """Return the nearest cell of each point, (point, 3), on the unit sphere: (point,); -1 if there is no cell."""
        cells: Cells = self._cell_of[self._tree.query(points)[1]]
        return cells

    def neighbours(self, points: Floats, count: int, within: Floats) -> tuple[Cells, Floats]:
        """The nearest cells of each point, the nearest first: as `Grid.neighbours` has it."""
        count = min(count, self._cell_of.size - 1)
        bound = float(chord_bound(within.max(initial=0.0)))
        chord, numbers = self._tree.query(points, k=np.arange(1, count + 1), distance_upper_bound=bound)
        distances = chord_to_distance(chord)
        near = np.isfinite(chord) & (distances <= within[:, np.newaxis])
        return np.where(near, self._cell_of[numbers], -1).astype(np.int32), np.where(near, distances, np.inf)


def mesh_coordinates(described: assets.Grid, variables: dict[str, Floats]) -> Coordinates:
    """Read the nodes and triangles of a mesh from its variables: turned either way, numbered from 0 or 1, with gaps.

    Raises
    ------
    KeyError, ValueError
        They are not as the catalogue describes them.
    """
    latitude, longitude = without_time(variables["latitude"], 1), without_time(variables["longitude"], 1)
    corners = _corner_numbers(without_time(variables["connectivity"], 2), described, latitude.size)
    centres = {role: without_time(variables[role], 1) for role in FACE_ROLES if role in variables}
    cells = corners.shape[0] if described.location == "face" else latitude.size
    sizes = {values.size for values in centres.values()}
    if latitude.shape != longitude.shape or described.shape != (cells,) or sizes - {corners.shape[0]}:
        raise ValueError
    return Coordinates(latitude=latitude, longitude=longitude, corners=corners, **centres)


def _corner_numbers(table: Floats, described: assets.Grid, nodes: int) -> Cells:
    """Return the nodes of each triangle, from 0: (face, 3); -1 for one that is missing or is no node."""
    table = table.T if described.corners_first else table
    if table.shape[1] != 3:
        raise ValueError
    present = np.isfinite(table)
    first = described.start_index if described.start_index is not None else table[present].min(initial=nodes)
    numbers: NDArray[np.int64] = np.where(present, table - first, -1).astype(np.int64)
    return np.where((numbers >= 0) & (numbers < nodes), numbers, -1).astype(np.int32)


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
    volume = u + v + w
    if abs(volume) < 1e-26:  # no area
        return -np.inf, -np.inf, -np.inf
    return u / volume, v / volume, w / volume


@njit(nogil=True, cache=True)
def _locate(points, vectors, corners, faces, low, high, starts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    faces_found = np.full(len(points), -1, np.int32)
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
                for child in range(box * BRANCH, min((box + 1) * BRANCH, starts[level] - starts[level - 1])):
                    levels[waiting], boxes[waiting] = level - 1, child
                    waiting += 1
                continue
            a, b, c = corners[faces[box]]
            u, v, w = _shares(points[p], vectors[a], vectors[b], vectors[c])
            least = min(u, v, w)
            if least > best:
                best, faces_found[p] = least, faces[box]
                u, v, w = max(u, 0.0), max(v, 0.0), max(w, 0.0)
                weights[p, 0], weights[p, 1], weights[p, 2] = u / (u + v + w), v / (u + v + w), w / (u + v + w)
                if least >= 0.0:
                    break
    return faces_found, weights
