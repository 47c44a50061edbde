"""Curvilinear grids: latitude(y, x) and longitude(y, x), tripolar ones with their seam and fold included."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ocean_core.cells import find_usable_cells
from ocean_core.geometry import EARTH_RADIUS, Floats, chord_to_distance, positions_of, unit_vectors
from ocean_core.vectors import Axis
from ocean_data.compute.region import Region
from ocean_data.grids.base import (
    Cells,
    Frame,
    Grid,
    Outlines,
    Positions,
    Window,
    around_cells,
    cells_in_region,
    first_to_last,
    frame_of_cells,
    plane_coordinates,
    triangle_areas,
)
from ocean_data.grids.centre_means import CentreMeans, square_of_most
from ocean_data.grids.means import suits_lanes
from ocean_data.grids.neighbours import Search, Weights
from ocean_data.grids.search import CentreSearch
from ocean_data.jit import kernel, kernel_part

REACH = 0.55  # of the diagonal of a cell: farther from its centre, a point is outside the grid
MARGIN = 0.5 + 1e-6  # cells beyond the centres at the rim that still belong to the grid
LONE = 25.0  # km: the size of a cell that has no neighbours
JUMP = 3.0  # times: a neighbour so much farther than the opposite one is across a cut in the file
LONGEST_STEP = 3.0  # times the usual one: beyond, a neighbour in the file is none on the Earth
FOLLOWED = 1.5  # columns: so near, the last column of a grid is followed by its first
REPEATED = 0.01  # columns: so near, two columns are the same one, written twice
NO_FOLD = -1
UNKNOWN = 0.05  # of the pixels of a tile: where more have no proven mean, the cells of all are listed
WALK = 16  # cells from the nearest one to the one that holds a point


@dataclass(frozen=True, kw_only=True)
class PlaneAxes:
    """The straight axes that a file gives its rows and columns, as they are written."""

    y: Floats  # m, or degrees
    x: Floats
    crs_wkt: str | None  # None: no projection is understood
    of_moved_pole: bool  # degrees on a sphere whose pole was moved


class Curvilinear(Grid):
    """Cells anywhere, each with its own centre."""

    rotated = True

    def __init__(self, latitude: Floats, longitude: Floats, axes: PlaneAxes | None = None) -> None:
        """Take the centres of the cells: (y, x) each, degrees; and the axes of their rows and columns, if any."""
        self._axes = axes
        self.crs_wkt = axes.crs_wkt if axes else None
        self.shape = (latitude.shape[0], latitude.shape[1])
        usable = find_usable_cells(latitude, longitude)
        self._latitude = np.where(usable, latitude, np.nan).ravel()
        self._longitude = np.where(usable, longitude, np.nan).ravel()
        vectors = unit_vectors(self._latitude, self._longitude)
        self._vectors = vectors
        self._search = CentreSearch(vectors, self.shape)
        field = vectors.reshape(*self.shape, 3)
        height, width = _side(field, 0), _side(field, 1)
        self._sizes = np.maximum(height, width).ravel()
        self._reach = REACH * np.hypot(height, width).ravel()
        self._limit = (2 * np.sin(self._reach / (2 * EARTH_RADIUS))) ** 2  # of the square of a chord
        self._seam = _has_seam(field)
        self._fold = _fold(field)
        self._rim = np.zeros(len(vectors), np.bool_)
        _mark_rim(vectors, self.shape, self._seam, self._fold, self._rim)
        self._inner = np.where(self._rim, -1.0, self._limit)  # at the rim there is more to ask
        self._listed = set[int]()  # numbers of neighbours whose means would take longer than listing them
        self.nbytes = int(2 * vectors.nbytes + self._search.nbytes)

    def nearest(self, latitude: Floats, longitude: Floats) -> Cells:
        points = unit_vectors(latitude, longitude)
        cells, squares = self._search.nearest(points, within=self._reach.max())
        cells[squares > self._limit[cells]] = -1
        _trim(self._vectors, points, cells, self._rim, self.shape, self._seam, self._fold)
        return cells

    def nearest_on_lattice(self, latitude: Floats, longitude: Floats) -> Cells | None:
        cells, unsure = self._search.nearest_on_lattice(latitude, longitude, self._inner)
        if unsure.size:
            cells[unsure] = self.nearest(latitude[unsure // longitude.size], longitude[unsure % longitude.size])
        return cells

    def neighbours(self, latitude: Floats, longitude: Floats, home: Cells, search: Search) -> tuple[Cells, Weights]:
        points = unit_vectors(latitude, longitude).reshape(-1, 3)
        return self._search.neighbours(points, home, search)

    def means_on_lattice(self, latitude: Floats, longitude: Floats, home: Cells, search: Search) -> CentreMeans | None:
        squares, shape = self._search.squares_around(square_of_most(search.most)), (latitude.size, longitude.size)
        side = 2 * squares.width + 1
        if search.most in self._listed or not suits_lanes(shape, (side, side), search):
            return None
        means = CentreMeans(home.reshape(shape), search, squares, (latitude, longitude))
        if means.unknown.size > UNKNOWN * home.size:  # cells are long or oblique: wider squares take longer than lists
            self._listed.add(search.most)
            return None
        return means

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        points = unit_vectors(latitude, longitude).reshape(-1, 3)
        cells, weights = np.full((home.size, 4), -1, np.int32), np.zeros((home.size, 4))
        _find_corners(self._vectors, points, home, self.shape, self._seam, self._fold, cells, weights)
        return cells, weights

    def centres(self, cells: Cells) -> tuple[Floats, Floats]:
        return self._latitude[cells], self._longitude[cells]

    def sizes(self, cells: Cells) -> Floats:
        return self._sizes[cells]

    def directions(self, cells: Cells, axis: Axis) -> Floats:
        if axis in {"east", "north"}:
            return super().directions(cells, axis)
        rows, columns = self.shape
        position, count, stride = (cells % columns, columns, 1) if axis == "x" else (cells // columns, rows, columns)
        after = self._vectors[np.where(position + 1 < count, cells + stride, cells)] - self._vectors[cells]
        before = self._vectors[cells] - self._vectors[np.where(position > 0, cells - stride, cells)]
        ahead, behind = np.linalg.norm(after, axis=-1), np.linalg.norm(before, axis=-1)
        along = np.where(_is_adjacent(ahead, behind), after, 0.0) + np.where(_is_adjacent(behind, ahead), before, 0.0)
        length = np.linalg.norm(along, axis=-1, keepdims=True)
        directions: Floats = np.divide(along, length, out=np.full_like(along, np.nan), where=length > 0)
        return directions * self._sense(axis)

    def _sense(self, axis: Axis) -> float:
        """-1 where columns or rows are written against the sense of their own axis: components count along the axis."""
        if self._axes is None:
            return 1.0
        written = self._axes.x if axis == "x" else self._axes.y
        return -1.0 if written[-1] < written[0] else 1.0

    def window(self, region: Region) -> Window:
        """The least window around the cells in the region."""
        rows, width = self.shape
        columns, goes_around = self._own_columns
        all_cells = Window(rows=np.arange(rows), columns=columns, width=width)
        inside = cells_in_region(self, all_cells, region)
        used = np.asarray(inside.any(axis=0))
        if used.any() and goes_around:
            # The columns are a circle: the window begins after the widest gap in it.
            across = np.flatnonzero(used)
            gaps = np.diff(across, append=across[0] + used.size)
            first = int(across[(int(gaps.argmax()) + 1) % across.size])
            picked = (first + np.arange(used.size - int(gaps.max()) + 1)) % used.size
        else:
            picked = first_to_last(used)
        used_rows = first_to_last(np.asarray(inside.any(axis=1)))
        window = Window(rows=used_rows, columns=columns[picked], width=width)
        return window if 0 in window.shape else replace(window, inside=inside[np.ix_(used_rows, picked)])

    @cached_property
    def _own_columns(self) -> tuple[Positions, bool]:
        """The columns, without those at the end that repeat the first ones, and whether they go around the Earth.

        Models overlap there. Going around, the last column is followed by the first.
        """
        row = self._vectors.reshape(*self.shape, 3)[self.shape[0] // 2]
        steps = _lengths(np.diff(row, axis=0))
        columns, usual, known = np.arange(self.shape[1]), _typical(steps), np.isfinite(steps).sum()
        if known > 3:
            overlaps = range(1, min(5, columns.size // 2))
            repeated = (n for n in overlaps if (_lengths(row[:n] - row[-n:]) < REPEATED * usual).all())
            columns = columns[: columns.size - next(repeated, 0)]
        apart = np.linalg.norm(row[0] - row[columns[-1]])
        return columns, bool(known > 2 and apart < FOLLOWED * usual)

    def frame(self, window: Window, region: Region) -> Frame:
        latitude, longitude = self.centres(window.cells)
        coordinates = []
        if self._axes is not None:
            y, x = self._axes.y[window.rows], self._axes.x[window.columns]
            coordinates = plane_coordinates(y, x, of_moved_pole=self._axes.of_moved_pole)
        return frame_of_cells(latitude, region.unwrapped(longitude), coordinates)

    def areas(self, window: Window) -> Floats:
        """Areas of the quadrilaterals between the middles of four centres each."""
        corners, usable = self._corners_of(window)
        a, b, c, d = corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]
        areas = np.where(usable, triangle_areas(a, b, c) + triangle_areas(a, c, d), np.nan) * EARTH_RADIUS**2
        # One cell alone has no neighbours that tell its size.
        return np.where(areas > 0, areas, self.sizes(window.cells) ** 2)

    def outlines(self, window: Window, stride: int = 1) -> Outlines | None:
        if 1 in self.shape:
            return None
        corners, usable = self._corners_of(window)
        latitude, longitude = positions_of(corners)
        latitude[~corners.any(axis=-1)] = np.nan
        outlines = around_cells(latitude)[::stride, ::stride], around_cells(longitude)[::stride, ::stride]
        for degrees in outlines:
            degrees[~usable[::stride, ::stride]] = np.nan
        return outlines

    def _corners_of(self, window: Window) -> tuple[Floats, NDArray[np.bool_]]:
        """The middles of four centres each, and which cells are usable: (y, x).

        Middles: (y + 1, x + 1, 3), on the unit sphere; 0 where there are no centres around. Beyond the rim of the grid
        the centres are continued as they were.
        """
        # One more on each side. Around the Earth the first column follows the last; where it does not, it is too far
        # away to count.
        rows = np.concatenate([window.rows[:1] - 1, window.rows, window.rows[-1:] + 1])
        columns = np.concatenate([window.columns[:1] - 1, window.columns, window.columns[-1:] + 1]) % self.shape[1]
        exist = (rows >= 0) & (rows < self.shape[0])
        wide = self._vectors[np.where(exist, rows, 0)[:, np.newaxis] * self.shape[1] + columns]
        wide[~exist] = np.nan
        usable: NDArray[np.bool_] = np.asarray(np.isfinite(wide[1:-1, 1:-1]).all(axis=-1))
        wide = np.nan_to_num(_continued(_continued(wide, 0), 1))  # what has no place has no share in a corner
        corners = wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]
        length = np.linalg.norm(corners, axis=-1, keepdims=True)
        return np.divide(corners, length, out=np.zeros_like(corners), where=length > 0), usable


def _is_adjacent(length: Floats, opposite: Floats) -> NDArray[np.bool_]:
    """Return which steps lead to a true neighbour, not across a cut in the file: (cell, 1)."""
    beside: NDArray[np.bool_] = (length > 0) & (length < JUMP * np.where(opposite > 0, opposite, np.inf))
    return beside[:, np.newaxis]


def _continued(wide: Floats, axis: int) -> Floats:
    """Mirror what lies on the inner side of the rim where nothing lies beyond it; a jump counts as nothing."""
    field = np.moveaxis(wide, axis, 0).copy()
    steps = np.linalg.norm(np.diff(field[1:-1], axis=0), axis=-1)
    positive = steps[np.isfinite(steps) & (steps > 0)]
    most = LONGEST_STEP * np.median(positive) if positive.size else np.inf
    for outer, rim, inner in ((0, 1, 2), (-1, -2, -3)):
        near = np.linalg.norm(field[outer] - field[rim], axis=-1, keepdims=True) < most
        field[outer] = np.where(near, field[outer], 2 * field[rim] - field[inner])
    return np.moveaxis(field, 0, axis)


def _side(vectors: Floats, axis: int) -> Floats:
    """Length (km) of the cells along an axis: (y, x).

    The larger of the distances to the two neighbours, unless it is a jump: where a grid is cut open, neighbours in
    the file are far apart on the Earth.
    """
    if vectors.shape[axis] == 1:
        return np.full(vectors.shape[:2], LONE)
    apart = chord_to_distance(_lengths(np.diff(vectors, axis=axis)))
    edge = np.full_like(np.take(apart, [0], axis=axis), np.nan)
    before, after = np.concatenate([edge, apart], axis=axis), np.concatenate([apart, edge], axis=axis)
    least = np.fmin(before, after)
    side = np.fmin(np.fmax(before, after), 2 * least)
    return np.where(np.isfinite(side) & (side > 0), side, LONE)


def _lengths(vectors: Floats) -> Floats:
    """Of vectors, (..., 3); in a fifth of the time that `numpy.linalg.norm` takes of many short ones."""
    lengths: Floats = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return lengths


def _typical(apart: Floats) -> float:
    finite = apart[np.isfinite(apart)]
    return float(np.median(finite)) if finite.size else np.inf


def _has_seam(vectors: Floats) -> bool:
    """Return whether the last column is followed by the first."""
    if vectors.shape[1] < 4:
        return False
    width = _typical(_lengths(np.diff(vectors, axis=1)))
    return _typical(np.linalg.norm(vectors[:, 0] - vectors[:, -1], axis=-1)) < 1.5 * width


def _fold(vectors: Floats) -> int:
    """The ``s`` for which the cell beyond (ny-1, i), over the pole, is (ny-1, (s - i) mod nx); or NO_FOLD."""
    rows, columns = vectors.shape[:2]
    if columns < 4 or rows < 2:
        return NO_FOLD
    height = _typical(np.linalg.norm(vectors[-1] - vectors[-2], axis=-1))
    positions = np.arange(columns)
    apart = {
        s: _typical(np.linalg.norm(vectors[-1] - vectors[-1, (s - positions) % columns], axis=-1))
        for s in range(columns - 3, columns + 3)
    }
    best = min(apart, key=lambda s: apart[s])
    return best if 0.1 * height < apart[best] < 1.5 * height else NO_FOLD


@kernel_part()
def _cell(row, column, shape, seam, fold):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Flat index of a cell that may lie beyond the seam or the fold; -1 if there is none."""
    rows, columns = shape
    if column < 0 or column >= columns:
        if not seam:
            return -1
        column %= columns
    if row == rows and fold >= 0:
        return (rows - 1) * columns + (fold - column) % columns
    return row * columns + column if 0 <= row < rows else -1


@kernel_part(error_model="numpy")
def _locate(quad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Locate the origin in a quadrilateral (corner, east and north): the (u, v) of its bilinear mixture."""
    # A place is the first corner + u * along + v * up + u * v * twist: solved by Newton's method.
    x0, y0 = quad[0, 0], quad[0, 1]
    along_x, along_y, up_x, up_y = quad[1, 0] - x0, quad[1, 1] - y0, quad[2, 0] - x0, quad[2, 1] - y0
    twist_x, twist_y = quad[3, 0] - quad[1, 0] - up_x, quad[3, 1] - quad[1, 1] - up_y
    u = v = 0.5
    for _ in range(12):
        x_u, y_u, x_v, y_v = along_x + v * twist_x, along_y + v * twist_y, up_x + u * twist_x, up_y + u * twist_y
        x, y = x0 + u * x_u + v * up_x, y0 + u * y_u + v * up_y
        area = x_u * y_v - x_v * y_u
        if abs(area) < 1e-18:
            return np.inf, np.inf
        du, dv = (x * y_v - y * x_v) / area, (y * x_u - x * y_u) / area
        u, v = u - du, v - dv
        if abs(du) + abs(dv) < 1e-7:  # the error is of the order of its square
            return u, v
        if not (abs(u) < 10 and abs(v) < 10):
            return np.inf, np.inf
    return u, v


@kernel_part()
def _plane(points, p):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """A point, and the directions to the east and to the north there."""
    px, py, pz = points[p, 0], points[p, 1], points[p, 2]
    flat = np.sqrt(px * px + py * py)
    ex, ey = (-py / flat, px / flat) if flat > 1e-12 else (1.0, 0.0)
    return px, py, pz, ex, ey, -pz * ey, pz * ex, px * ey - py * ex


@kernel_part()
def _within(vectors, plane, row, column, shape, seam, fold, quad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Locate a point in the quadrilateral that begins at a cell: (u, v); infinite if there is none."""
    px, py, pz, ex, ey, nx, ny, nz = plane
    inner = 0 <= row < shape[0] - 1 and 0 <= column < shape[1] - 1
    for k in range(4):
        r, c = row + (k >> 1), column + (k & 1)
        cell = r * shape[1] + c if inner else _cell(r, c, shape, seam, fold)
        if cell < 0:
            return np.inf, np.inf
        vx, vy, vz = vectors[cell, 0], vectors[cell, 1], vectors[cell, 2]
        if not vx * px + vy * py + vz * pz > 0.5:  # across the Earth, or nowhere
            return np.inf, np.inf
        quad[k, 0] = vx * ex + vy * ey
        quad[k, 1] = vx * nx + vy * ny + vz * nz
    return _locate(quad)


@kernel_part()
def _beyond(u, v):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Return the distance of a place from its quadrilateral, in sides of it; 0 inside."""
    return max(-u, u - 1, -v, v - 1, 0.0)


@kernel()
def _mark_rim(vectors, shape, seam, fold, rim):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Mark the cells that lack one of the eight around them: (cell,)."""
    for cell in range(rim.size):
        for k in range(9):
            neighbour = _cell(cell // shape[1] + k // 3 - 1, cell % shape[1] + k % 3 - 1, shape, seam, fold)
            if neighbour < 0 or np.isnan(vectors[neighbour, 0]):
                rim[cell] = True


@kernel()
def _trim(vectors, points, home, rim, shape, seam, fold):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Take from the cells at the rim the points that are more than half a cell beyond them: -1 in ``home``."""
    quad = np.empty((4, 2))
    for p in range(home.size):
        if home[p] < 0 or not rim[home[p]]:
            continue
        least, plane = np.inf, _plane(points, p)
        for corner in range(4):
            r, c = home[p] // shape[1] - corner // 2, home[p] % shape[1] - corner % 2
            u, v = _within(vectors, plane, r, c, shape, seam, fold, quad)
            least = min(least, _beyond(u, v))
        if MARGIN < least < np.inf:
            home[p] = -1


@kernel_part()
def _holder(vectors, plane, row, column, likely, shape, seam, fold, quad):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The quadrilateral that holds a point, by its first cell, and where the point lies in it.

    ``likely``: which corner of it the nearest cell is, from 0 to 3; its own one is returned.
    """
    r, c, u, v, out, first = 0, 0, np.inf, np.inf, np.inf, likely
    for k in range(4):
        corner = first ^ k
        u_there, v_there = _within(vectors, plane, row - corner // 2, column - corner % 2, shape, seam, fold, quad)
        out_there = _beyond(u_there, v_there)
        if out_there < out:
            r, c, u, v, out, likely = row - corner // 2, column - corner % 2, u_there, v_there, out_there, corner
        if out == 0.0:
            break
    for _ in range(WALK):
        if not 1e-9 < out < np.inf:
            break
        r_there, c_there = r + (v > 1) - (v < 0), c + (u > 1) - (u < 0)
        u_there, v_there = _within(vectors, plane, r_there, c_there, shape, seam, fold, quad)
        out_there = _beyond(u_there, v_there)
        if not out_there < out:
            break
        r, c, u, v, out = r_there, c_there, u_there, v_there, out_there
    return r, c, u, v, likely


@kernel()
def _find_corners(vectors, points, home, shape, seam, fold, cells, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """The quadrilateral that holds each point, or comes nearest to it at the rim.

    The search begins at the four around the nearest cell and walks on where cells are so skewed that none of them
    holds the point. Seen along the line of sight from the Earth's centre, the bilinear mixture of the corners' unit
    vectors is the point: there is no pole and no date line in that.
    """
    quad, likely = np.empty((4, 2)), np.int64(0)
    for p in range(home.size):
        if home[p] < 0:
            continue
        row, column = home[p] // shape[1], home[p] % shape[1]
        row, column, u, v, likely = _holder(vectors, _plane(points, p), row, column, likely, shape, seam, fold, quad)
        if _beyond(u, v) == np.inf:
            continue
        u, v = min(max(u, 0.0), 1.0), min(max(v, 0.0), 1.0)
        for k in range(4):
            cells[p, k] = _cell(row + k // 2, column + k % 2, shape, seam, fold)
            weights[p, k] = (u if k % 2 else 1 - u) * (v if k // 2 else 1 - v)
