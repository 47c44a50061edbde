"""Where the cells of a grid end: their corners, as long as they have neighbours that tell."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_data.grids.areas import corners_of, sides
from ocean_data.grids.box import Window
from ocean_data.ports import Coordinates, Floats, Grid

Corners = tuple[Floats, Floats]
"""Latitudes and longitudes, degrees, (..., corner) each, around the cell; NaN for a cell without corners."""


def outlines(
    grid: Grid, described: assets.Grid, window: Window, stride: int, read: Callable[[], Coordinates]
) -> Corners | None:
    """The corners of the cells of a window, half-way to their neighbours; None where the values are of points.

    Parameters
    ----------
    grid, described : Grid
        Of any kind.
    window : Window
        Without gaps.
    stride : int
        Every so many of its rows and columns are wanted: the cells stay as large as they are.
    read : callable
        Tells the triangles of a mesh.

    Returns
    -------
    tuple of ndarray of float, shape (y, x, 4) or (face, 3), or None
    """
    if described.kind == "triangles":
        return _triangles(read(), window) if described.location == "face" else None
    if 1 in grid.shape:
        return None
    if described.kind == "rectilinear":
        height, width = grid.shape
        latitude = grid.centres(np.arange(height, dtype=np.int32) * width)[0]
        longitude = grid.centres(np.arange(width, dtype=np.int32))[1]
        south, north = (np.clip(side, -90.0, 90.0)[window.rows][::stride] for side in sides(latitude, np.inf))
        west, east = (side[window.columns][::stride] for side in sides(np.mod(longitude, 360.0), 360.0))
        return boxes(south, north, west, east)
    corners, own = corners_of(grid, window)
    latitude = np.degrees(np.arcsin(np.clip(corners[..., 2], -1.0, 1.0)))
    longitude = np.degrees(np.arctan2(corners[..., 1], corners[..., 0]))
    latitude[~corners.any(axis=-1)] = np.nan
    found = _around(latitude)[::stride, ::stride], _around(longitude)[::stride, ::stride]
    for one in found:
        one[~own[::stride, ::stride]] = np.nan
    return found


def boxes(south: Floats, north: Floats, west: Floats, east: Floats) -> Corners:
    """The corners of all crossings of bands of latitude and of longitude, (y,) and (x,): (y, x, 4) each."""
    shape = (south.size, west.size, 4)
    latitude = np.stack([south, south, north, north], axis=-1)[:, np.newaxis]
    longitude = np.stack([west, east, east, west], axis=-1)
    return np.broadcast_to(latitude, shape).copy(), np.broadcast_to(longitude, shape).copy()


def of_plane(y: Floats, x: Floats, to_earth: Callable[[Floats, Floats], tuple[Floats, Floats]]) -> Corners:
    """The corners of the cells between straight lines of a plane, (y + 1,) and (x + 1,): (y, x, 4) each.

    ``to_earth``: longitudes and latitudes of places ``x, y``; not finite where there are none.
    """
    longitude, latitude = to_earth(*np.meshgrid(x, y))
    nowhere = ~(np.isfinite(latitude) & np.isfinite(longitude))
    return _around(np.where(nowhere, np.nan, latitude)), _around(np.where(nowhere, np.nan, longitude))


def _around(crossings: NDArray[np.float64]) -> Floats:
    """What is known where lines cross, (y + 1, x + 1), of the corners of each cell: (y, x, 4)."""
    return np.stack([crossings[:-1, :-1], crossings[:-1, 1:], crossings[1:, 1:], crossings[1:, :-1]], axis=-1)


def _triangles(mesh: Coordinates, window: Window) -> Corners | None:
    if mesh.corners is None or mesh.latitude is None or mesh.longitude is None:
        return None
    nodes = mesh.corners[window.columns]
    known = (nodes >= 0).all(axis=1, keepdims=True)
    return np.where(known, mesh.latitude[nodes], np.nan), np.where(known, mesh.longitude[nodes], np.nan)
