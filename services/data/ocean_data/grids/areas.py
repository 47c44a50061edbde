"""How large the cells of a grid are, on the sphere."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_data.compute import sphere
from ocean_data.grids.box import Window
from ocean_data.ports import Cells, Coordinates, Floats, Grid

LONE = 1.0  # degrees: the side of a cell along an axis of one point
WIDER = 1.5  # times: a gap so much wider than those beside it is none between cells
JUMP = 3.0  # times the usual side: beyond, a neighbour in the file is none on the Earth


def of_crossings(latitude: Floats, longitude: Floats, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Floats:
    """Areas of the cells of parallels and meridians: exact, between the middles to the neighbours.

    Parameters
    ----------
    latitude, longitude : ndarray of float, shape (y,), (x,)
        Of the whole grid, degrees, in any order and convention.
    rows, columns : ndarray of int
        Which are wanted.

    Returns
    -------
    ndarray of float, shape (rows, columns)
        km2.
    """
    south, north = sides(latitude, np.inf)
    west, east = sides(np.mod(longitude, 360.0), 360.0)
    south, north = np.clip(south, -90, 90), np.clip(north, -90, 90)
    band = np.sin(np.radians(north)) - np.sin(np.radians(south))
    found: Floats = sphere.EARTH_RADIUS**2 * band[rows, np.newaxis] * np.radians(east - west)[columns]
    return found


def sides(axis: Floats, turn: float) -> tuple[Floats, Floats]:
    """Where each point's cell begins and ends; an axis that gets around begins again after ``turn``."""
    finite = np.isfinite(axis)
    points, place = np.unique(np.round(axis[finite], 7), return_inverse=True)
    after = np.diff(points, append=points[0] + turn)
    before = np.roll(after, 1)
    # The widest gap is where the axis ends, unless it is like those beside it: there is then no end.
    end = int(after.argmax())
    first = (end + 1) % points.size
    if points.size < 3 or after[end] > WIDER * max(before[end], after[first]):
        lone = points.size == 1
        after[end], before[first] = (LONE, LONE) if lone else (before[end], after[first])
    low, high = np.full(axis.shape, np.nan), np.full(axis.shape, np.nan)
    low[finite], high[finite] = (points - before / 2)[place], (points + after / 2)[place]
    return low, high


def of_quadrilaterals(grid: Grid, window: Window) -> Floats:
    """Areas of the cells of a grid whose rows and columns go anywhere, between the middles of four centres each.

    Returns
    -------
    ndarray of float, shape (y, x)
        km2; NaN for cells without a place.
    """
    corners, own = corners_of(grid, window)
    a, b, c, d = corners[:-1, :-1], corners[:-1, 1:], corners[1:, 1:], corners[1:, :-1]
    return np.where(own, of_triangles(a, b, c) + of_triangles(a, c, d), np.nan)


def corners_of(grid: Grid, window: Window) -> tuple[Floats, NDArray[np.bool_]]:
    """The middles of four centres each, and which cells have a place.

    Beyond the rim of the grid the centres are thought on as they were.

    Returns
    -------
    corners : ndarray of float, shape (y + 1, x + 1, 3)
        On the unit sphere; 0 where there are no centres around.
    own : ndarray of bool, shape (y, x)
    """
    # One more on each side. Around the Earth the first column follows the last; where it does not, it is too far away
    # to count.
    rows = np.concatenate([window.rows[:1] - 1, window.rows, window.rows[-1:] + 1])
    columns = np.concatenate([window.columns[:1] - 1, window.columns, window.columns[-1:] + 1]) % grid.shape[1]
    known = (rows >= 0) & (rows < grid.shape[0])
    wide = sphere.unit_vectors(
        *grid.centres((np.where(known, rows, 0)[:, np.newaxis] * grid.shape[1] + columns).astype(np.int32))
    )
    wide[~known] = np.nan
    own: NDArray[np.bool_] = np.asarray(np.isfinite(wide[1:-1, 1:-1]).all(axis=-1))
    wide = np.nan_to_num(_continued(_continued(wide, 0), 1))  # what has no place has no share in a corner
    corners = wide[:-1, :-1] + wide[1:, :-1] + wide[:-1, 1:] + wide[1:, 1:]
    length = np.linalg.norm(corners, axis=-1, keepdims=True)
    return np.divide(corners, length, out=np.zeros_like(corners), where=length > 0), own


def _continued(wide: Floats, axis: int) -> Floats:
    """Mirror what lies on the inner side of the rim where nothing lies beyond it; a jump counts as nothing."""
    field = np.moveaxis(wide, axis, 0).copy()
    steps = np.linalg.norm(np.diff(field[1:-1], axis=0), axis=-1)
    known = steps[np.isfinite(steps) & (steps > 0)]
    most = JUMP * np.median(known) if known.size else np.inf
    for outer, rim, inner in ((0, 1, 2), (-1, -2, -3)):
        near = np.linalg.norm(field[outer] - field[rim], axis=-1, keepdims=True) < most
        field[outer] = np.where(near, field[outer], 2 * field[rim] - field[inner])
    return np.moveaxis(field, 0, axis)


def of_triangles(a: Floats, b: Floats, c: Floats) -> Floats:
    """Areas of spherical triangles between unit vectors, (..., 3): km2, (...)."""
    volume = np.abs(np.einsum("...i,...i->...", a, np.cross(b, c)))
    sides = 1 + sum(np.einsum("...i,...i->...", p, q) for p, q in ((a, b), (b, c), (c, a)))
    found: Floats = 2 * np.arctan2(volume, sides) * sphere.EARTH_RADIUS**2
    return found


def of_mesh(nodes: tuple[Floats, Floats], corners: Cells, location: assets.Location) -> Floats:
    """Areas of triangles; or of nodes, a third of each triangle around them.

    Parameters
    ----------
    nodes : tuple of ndarray of float, shape (node,)
        Latitudes and longitudes, degrees.
    corners : ndarray of int, shape (face, 3)
        The nodes of each triangle; one with -1 is no triangle.

    Returns
    -------
    ndarray of float, shape (node,) or (face,)
        km2.
    """
    vectors = sphere.unit_vectors(*nodes)
    usable = (corners >= 0).all(axis=1)
    faces = np.full(len(corners), np.nan)
    faces[usable] = of_triangles(*(vectors[corners[usable, k]] for k in range(3)))
    if location == "face":
        return faces
    known = np.isfinite(faces)
    shares = np.repeat(faces[known] / 3, 3)
    found: Floats = np.bincount(corners[known].ravel(), shares, minlength=len(vectors)).astype(np.float64)
    return found


def areas(grid: Grid, described: assets.Grid, window: Window, read: Callable[[], Coordinates]) -> Floats:
    """Areas of the cells of a window, (y, x): km2. ``read`` tells the triangles of a mesh."""
    if described.kind == "rectilinear":
        height, width = grid.shape
        latitude = grid.centres(np.arange(height, dtype=np.int32) * width)[0]
        longitude = grid.centres(np.arange(width, dtype=np.int32))[1]
        return of_crossings(latitude, longitude, window.rows, window.columns)
    if described.kind == "triangles":
        mesh = read()
        if mesh.latitude is None or mesh.longitude is None or mesh.corners is None:
            return grid.sizes(window.cells) ** 2
        whole = of_mesh((mesh.latitude, mesh.longitude), mesh.corners, described.location)
        return whole[window.columns].reshape(window.shape)
    found = of_quadrilaterals(grid, window)
    # One cell alone has no neighbours that tell its size.
    return np.where(found > 0, found, grid.sizes(window.cells) ** 2)
