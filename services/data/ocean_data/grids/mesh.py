"""Meshes of triangles, quadrilaterals and other polygons: values at their nodes, or one in each of them.

A polygon is cut into triangles.

Seen from the Earth's centre, a point is a mixture of the three corners of its triangle: the shares are the
barycentric weights, and there is no pole and no date line in that.
"""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_core.cells import find_usable_cells
from ocean_core.geometry import EARTH_RADIUS, Floats, chord_to_distance, distance_to_chord, positions_of, unit_vectors
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
from ocean_data.grids.neighbours import Search, Weights, chord_bound, weigh_all
from ocean_data.jit import kernel, kernel_part

RIM = 0.02  # of the height of a triangle: so far beyond the rim, a point still belongs to the mesh
BRANCH = 8  # boxes in one box
TRIANGLES = "triangles"  # the coordinate that has the nodes of each triangle
FACE_ROLES = ("face_latitude", "face_longitude")


class Mesh(Grid):
    """The nodes or the faces of a mesh, in one row."""

    has_rows = False

    def __init__(
        self,
        nodes: tuple[Floats, Floats],
        corners: Cells,
        location: Literal["node", "face"],
        centres: tuple[Floats, Floats] | None = None,
    ) -> None:
        """Make a mesh whose values are at a location.

        ``nodes`` and ``centres``: latitudes and longitudes, degrees, (node,) and (face,) each; where a face has no
        centre, the middle of its corners. ``corners``: the nodes of each face in their order, (face, most corners), -1
        where one has fewer; with less than three it is none.
        """
        placed = find_usable_cells(*nodes)
        nodes = np.where(placed, nodes[0], np.nan), np.where(placed, nodes[1], np.nan)
        vectors = unit_vectors(*nodes)
        corners, usable = _order_corners(corners, placed)
        faces = np.flatnonzero(usable).astype(np.int32)
        self._split, self._face_of = _split_faces(vectors, corners, faces)
        self._nodes, self._corners, self._usable = nodes, corners, usable
        self._at_nodes = location == "node"
        numbers = np.arange(len(self._split), dtype=np.int32)
        self._triangles = TriangleSearch(vectors, self._split, numbers, _longest_sides(vectors, self._split))
        if self._at_nodes:
            self._latitude, self._longitude = nodes
        else:
            present = (corners >= 0)[..., np.newaxis]
            middles = np.where(present, np.nan_to_num(vectors)[corners], 0.0).sum(axis=1)
            self._latitude, self._longitude = positions_of(np.where(usable[:, np.newaxis], middles, np.nan))
            if centres is not None:
                with_centre = usable & np.isfinite(centres[0]) & np.isfinite(centres[1])
                self._latitude = np.where(with_centre, centres[0], self._latitude)
                self._longitude = np.where(with_centre, centres[1], self._longitude)
        self.shape = (1, self._latitude.size)
        self._sizes = np.zeros(self.shape[1])
        around = _close_faces(corners[faces])
        sides = _longest_sides(vectors, around)
        np.maximum.at(
            self._sizes, around if self._at_nodes else faces, sides[:, np.newaxis] if self._at_nodes else sides
        )
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

    def neighbours(self, latitude: Floats, longitude: Floats, home: Cells, search: Search) -> tuple[Cells, Weights]:
        points = unit_vectors(latitude, longitude).reshape(-1, 3)
        return self._tree.neighbours(points, home, search)

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        triangle, weights = self._triangles.locate(unit_vectors(latitude, longitude).reshape(-1, 3))
        inside = ((triangle >= 0) & (home >= 0))[:, np.newaxis]
        if not self._at_nodes:
            face = np.where(inside, self._face_of[triangle][:, np.newaxis], -1).astype(np.int32)
            return face, inside.astype(np.float64)
        return np.where(inside, self._split[triangle], -1).astype(np.int32), np.where(inside, weights, 0.0)

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
            number = np.full(self._nodes[0].size, -1)
            number[cells] = np.arange(cells.size)
            corners = number[self._split]
            triangles = corners[(corners >= 0).all(axis=1)].astype(np.int64)
            if triangles.size:
                text, dims = "the nodes of each triangle, from 0", ("face", "corner")
                coordinates.append(Coordinate(name=TRIANGLES, dims=dims, values=triangles, long_name=text))
                extra = {"face": len(triangles), "corner": 3}
                return Frame(dims={name: cells.size}, coordinates=coordinates, extra_dims=extra)
        return Frame(dims={name: cells.size}, coordinates=coordinates)

    def areas(self, window: Window) -> Floats:
        """Areas of faces; or of nodes, an equal share of each face around them."""
        vectors = unit_vectors(*self._nodes)
        triangles = EARTH_RADIUS**2 * triangle_areas(*(vectors[self._split[:, k]] for k in range(3)))
        sums = np.bincount(self._face_of, triangles, minlength=len(self._corners))
        faces: Floats = np.where(self._usable, sums, np.nan)
        if not self._at_nodes:
            return faces[window.columns].reshape(window.shape)
        present = (self._corners >= 0) & self._usable[:, np.newaxis]
        shares = np.repeat((faces / present.sum(axis=1).clip(1))[self._usable], present.sum(axis=1)[self._usable])
        nodes = np.bincount(self._corners[present], shares, minlength=len(vectors)).astype(np.float64)
        areas: Floats = nodes[window.columns].reshape(window.shape)
        return areas

    def outlines(self, window: Window, stride: int = 1) -> Outlines | None:
        del stride
        if self._at_nodes:
            return None
        nodes, complete = _close_faces(self._corners[window.columns]), self._usable[window.columns, np.newaxis]
        latitude, longitude = self._nodes
        return np.where(complete, latitude[nodes], np.nan), np.where(complete, longitude[nodes], np.nan)


def _order_corners(corners: Cells, placed: NDArray[np.bool_]) -> tuple[Cells, NDArray[np.bool_]]:
    """Return the corners of faces, those that are missing last, and which faces have three or more with a place."""
    present = corners >= 0
    if not present.all():
        corners = np.take_along_axis(corners, np.argsort(~present, axis=1, kind="stable"), axis=1)
        present = corners >= 0
    return corners, np.asarray((present.sum(axis=1) > 2) & (placed[corners] | ~present).all(axis=1))


def _close_faces(corners: Cells) -> Cells:
    """Return the corners of faces with the first one again for those that are missing: (face, most corners)."""
    return np.where(corners >= 0, corners, corners[:, :1])


def _longest_sides(vectors: Floats, corners: Cells) -> Floats:
    """Return the longest side of each face, km: (face,)."""
    places = vectors[corners]
    chords = np.linalg.norm(places - np.roll(places, 1, axis=1), axis=2)
    return chord_to_distance(chords.max(axis=1, initial=0.0))


def _split_faces(vectors: Floats, corners: Cells, faces: Cells) -> tuple[Cells, Cells]:
    """Cut faces into triangles that share a corner: their nodes, (triangle, 3), and their faces, (triangle,).

    The shared corner is the first from which all triangles turn the same way round, as those of a convex face do from
    any, and those of a quadrilateral from the corner that is bent inwards.
    """
    counts = (corners[faces] >= 0).sum(axis=1)
    triangles, face_of = [np.empty((0, 3), np.int32)], [np.empty(0, np.int32)]
    for count in np.unique(counts).tolist():
        own = faces[counts == count]
        fan = _cut_fan(corners[own, :count])
        is_done = np.zeros(own.size, np.bool_)
        for first in range(count if count > 3 else 0):
            turned = _cut_fan(np.roll(corners[own, :count], -first, axis=1))
            a, b, c = np.moveaxis(vectors[turned], 2, 0)
            turns = np.einsum("...i,...i->...", a, np.cross(b, c)) > 0
            fits = ~is_done & (turns == turns[:, :1]).all(axis=1)
            fan[fits], is_done = turned[fits], is_done | fits
        triangles.append(fan.reshape(-1, 3))
        face_of.append(np.repeat(own, count - 2))
    return np.concatenate(triangles), np.concatenate(face_of)


def _cut_fan(corners: Cells) -> Cells:
    """Return the triangles between the first corner and each further side: (face, corners - 2, 3)."""
    first = np.broadcast_to(corners[:, :1], corners[:, 2:].shape)
    return np.stack([first, corners[:, 1:-1], corners[:, 2:]], axis=-1).astype(np.int32)


def _make_tree(points: Floats, **options: int) -> Any:
    # Imported here: scipy takes a second and 30 MB, and most services have no mesh.
    from scipy.spatial import cKDTree  # noqa: PLC0415

    return cKDTree(points, **options)


class TriangleSearch:
    """Search for the triangle that holds a point: boxes around the triangles, boxes around those, and so on."""

    def __init__(self, vectors: Floats, corners: Cells, faces: Cells, sides: Floats) -> None:
        self.corners = corners
        self._vectors = vectors
        places = vectors[corners[faces]]  # (triangle, corner, 3)
        # The leaves of a tree list together what lies together.
        order = _make_tree(places.mean(axis=1), leafsize=BRANCH).indices
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
        faces, weights = np.full(len(points), -1, np.int32), np.zeros((len(points), 3))
        boxes = self._low, self._high, self._starts
        _locate(points, self._vectors, self.corners, self._faces, *boxes, faces, weights)
        return faces, weights


class CentreTree:
    """Cells by their centres on the unit sphere; those without a place (NaN) are left out."""

    def __init__(self, vectors: Floats) -> None:
        valid = np.isfinite(vectors).all(axis=1)
        # The tree numbers what it holds, and one more for "none".
        self._cell_of = np.append(np.flatnonzero(valid), -1).astype(np.int32)
        self._tree = _make_tree(vectors[valid])

    def nearest(self, points: Floats) -> Cells:
        """Return the nearest cell of each point, (point, 3), on the unit sphere: (point,); -1 if there is no cell."""
        cells: Cells = self._cell_of[self._tree.query(points)[1]]
        return cells

    def neighbours(self, points: Floats, home: Cells, search: Search) -> tuple[Cells, Weights]:
        """Return the nearest cells of each point, (point, 3), and their weights: as `Grid.neighbours` has it."""
        inside, count = np.flatnonzero(home >= 0), min(search.most, self._cell_of.size - 1)
        cells, weights = np.full((home.size, count), -1, np.int32), np.zeros((home.size, count), np.float32)
        within = search.within[inside]
        bound = chord_bound(within.max(initial=0.0))
        chords, numbers = self._tree.query(points[inside], k=np.arange(1, count + 1), distance_upper_bound=bound)
        found = chords <= distance_to_chord(within)[:, np.newaxis]
        cells[inside] = np.where(found, self._cell_of[numbers], -1)
        weights_found = np.empty(chords.shape, np.float32)
        weigh_all(search.gaussian, within, chords**2, found.sum(axis=1), weights_found)
        weights[inside] = weights_found
        return cells, weights


def mesh_coordinates(described: assets.Grid, variables: dict[str, Floats]) -> Coordinates:
    """Read the nodes and faces of a mesh from its variables: turned either way, numbered from 0 or 1, with gaps.

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
    """Return the nodes of each face, from 0: (face, most corners); -1 for one that is missing or is no node."""
    table = table.T if described.corners_first else table
    if table.shape[1] < 3:
        raise ValueError
    present = np.isfinite(table)
    first = described.start_index if described.start_index is not None else table[present].min(initial=nodes)
    numbers: NDArray[np.int64] = np.where(present, table - first, -1).astype(np.int64)
    return np.where((numbers >= 0) & (numbers < nodes), numbers, -1).astype(np.int32)


@kernel_part()
def _triple(x, y, z, a, b):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """The volume that a point spans with two others, from differences: exact for small triangles too."""
    ax, ay, az = a[0] - x, a[1] - y, a[2] - z
    bx, by, bz = b[0] - x, b[1] - y, b[2] - z
    return x * (ay * bz - az * by) + y * (az * bx - ax * bz) + z * (ax * by - ay * bx)


@kernel_part()
def _shares(x, y, z, a, b, c):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Barycentric weights of a point; below zero outside the triangle."""
    u, v, w = _triple(x, y, z, b, c), _triple(x, y, z, c, a), _triple(x, y, z, a, b)
    volume = u + v + w
    if abs(volume) < 1e-26:  # no area
        return -np.inf, -np.inf, -np.inf
    return u / volume, v / volume, w / volume


@kernel()
def _locate(points, vectors, corners, faces, low, high, starts, faces_found, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    top = len(starts) - 2
    levels, boxes = np.empty(BRANCH * (top + 2), np.int64), np.empty(BRANCH * (top + 2), np.int64)
    for p in range(len(points)):
        x, y, z = points[p, 0], points[p, 1], points[p, 2]
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
            corner = corners[faces[box]]
            u, v, w = _shares(x, y, z, vectors[corner[0]], vectors[corner[1]], vectors[corner[2]])
            least = min(u, v, w)
            if least > best:
                best, faces_found[p] = least, faces[box]
                u, v, w = max(u, 0.0), max(v, 0.0), max(w, 0.0)
                weights[p, 0], weights[p, 1], weights[p, 2] = u / (u + v + w), v / (u + v + w), w / (u + v + w)
                if least >= 0.0:
                    break
