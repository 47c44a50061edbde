"""Values between cells: which cells make a point, with which weights, and the gathering of them.

Land never bleeds into water, nor water onto land: a point belongs to its nearest cell. Where that is land the
answer is land; elsewhere the weights are shared out among the wet cells.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats
from ocean_data.grids.base import Cells, Grid
from ocean_data.ports import Stencil, TileStencil

F = TypeVar("F", bound=np.floating[Any])

TOUCHING = 1e-3  # km: nearer than this, a point lies on the centre of a cell


def check_search(radius: float, neighbours: int) -> None:
    """Refuse a search for cells that is too wide, or finds none."""
    if not 0 < radius <= MAX_RADIUS:
        raise InvalidRequest(
            "radius {radius:g} is not between 0 and {limit:g} km", radius=radius, limit=MAX_RADIUS, field="radius"
        )
    if not 1 <= neighbours <= MAX_NEIGHBOURS:
        raise InvalidRequest(
            "neighbours {neighbours} is not between 1 and {limit}",
            neighbours=neighbours,
            limit=MAX_NEIGHBOURS,
            field="neighbours",
        )


def stencil(
    grid: Grid,
    latitude: Floats,
    longitude: Floats,
    kind: Interpolation,
    *,
    radius: float,
    neighbours: int,
    home: NDArray[np.int32] | None = None,
) -> Stencil:
    """Choose the cells and weights of points.

    ==========  ==================================================================================
    nearest     the nearest cell alone
    bilinear    the four cells around, in the grid's own coordinates
    gaussian    the nearest ``neighbours`` within ``radius``, by exp(-(r/sigma)²), sigma = radius/2
    inverse     the same cells, by 1/r²
    ==========  ==================================================================================

    Where the cells are larger than ``radius``, the size of the cell takes its place: a coarse grid would have holes
    between its cells.

    Parameters
    ----------
    grid : Grid
        Where the cells are.
    latitude, longitude : ndarray of float, shape (point,)
        Degrees.
    kind : {"nearest", "bilinear", "gaussian", "inverse"}
        The interpolation.
    radius : float
        km.
    neighbours : int
        How many cells at most.
    home : ndarray of int32, shape (point,), optional
        The nearest cells, where they are known already.
    """
    home = grid.nearest(latitude, longitude) if home is None else home
    if kind == "nearest":
        return Stencil(home=home, cells=np.empty((home.size, 0), np.int32), weights=np.empty((home.size, 0)))
    if kind == "bilinear":
        cells, weights = grid.corners(latitude, longitude, home)
        return Stencil(home=home, cells=cells, weights=weights)
    reach = np.full(home.shape, max(radius, TOUCHING), dtype=np.float64)
    inside = home >= 0
    reach[inside] = np.maximum(radius, grid.sizes(home[inside]))
    cells, distances = grid.neighbours(latitude, longitude, neighbours, reach)
    weights = np.zeros(cells.shape)
    used = max(1, _WEIGHTS[kind](cells, distances, reach, weights))
    return Stencil(home=home, cells=np.ascontiguousarray(cells[:, :used]), weights=weights[:, :used])


@njit(nogil=True, cache=True)
def _gaussian(cells, distances, reach, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Fill in weights; how many cells a point has at most."""
    used = 0
    for point in range(len(cells)):
        steep = -4.0 / (reach[point] * reach[point])
        for k in range(cells.shape[1]):
            if cells[point, k] < 0:
                break
            weights[point, k] = np.exp(steep * distances[point, k] * distances[point, k])
            used = max(used, k + 1)
    return used


@njit(nogil=True, cache=True)
def _inverse(cells, distances, reach, weights):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, ARG001  numba's types
    """Fill in weights; how many cells a point has at most."""
    used = 0
    for point in range(len(cells)):
        # Relative to the nearest: no number is out of the range of single precision.
        nearest = max(distances[point, 0], TOUCHING)
        for k in range(cells.shape[1]):
            if cells[point, k] < 0:
                break
            weights[point, k] = (nearest / max(distances[point, k], TOUCHING)) ** 2
            used = max(used, k + 1)
    return used


_WEIGHTS: dict[str, Callable[[Cells, Floats, Floats, Floats], int]] = {"gaussian": _gaussian, "inverse": _inverse}


def taken(made: Stencil, points: NDArray[np.intp]) -> Stencil:
    """A stencil of some of the points, in this order."""
    return Stencil(home=made.home[points], cells=made.cells[points], weights=made.weights[points])


def narrowed(made: Stencil) -> tuple[NDArray[np.int32], Stencil]:
    """The cells that a stencil needs, ascending, and the same stencil on these alone."""
    needed = np.unique(np.concatenate([made.home, made.cells.ravel()]))
    needed = needed[needed >= 0]
    return needed, Stencil(home=_index(needed, made.home), cells=_index(needed, made.cells), weights=made.weights)


def _index(needed: NDArray[np.int32], cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the positions of ``cells`` among the ``needed`` ones; -1 stays -1."""
    return np.where(cells >= 0, np.searchsorted(needed, cells), -1).astype(np.int32)


@njit(nogil=True, cache=True)
def _gather(fields, home, cells, weights, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    layers, points = out.shape
    width = cells.shape[1]
    if width == 0:
        for layer in range(layers):
            for point in range(points):
                own = home[point]
                out[layer, point] = fields[layer, own] if own >= 0 else np.nan
        return
    for layer in range(layers):
        for point in range(points):
            own = home[point]
            value = fields[layer, own] if own >= 0 else np.nan
            if np.isnan(value):
                out[layer, point] = value
                continue
            total, wet = 0.0, 0.0
            for k in range(width):
                cell = cells[point, k]
                if cell < 0:
                    continue
                number = fields[layer, cell]
                if not np.isnan(number):
                    total += weights[point, k] * number
                    wet += weights[point, k]
            out[layer, point] = total / wet if wet > 0.0 else value


@njit(nogil=True, cache=True)
def _empty(values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    for number in values:  # noqa: SIM110  the compiler knows no all()
        if not np.isnan(number):
            return False
    return True


@njit(nogil=True, cache=True)
def _spread(values, pixels, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Values where their pixels are; NaN elsewhere."""
    out[:] = np.nan
    for point in range(pixels.size):
        out[pixels[point]] = values[point]


def gather(fields: NDArray[F], made: Stencil) -> NDArray[F]:
    """Values at the points of a stencil.

    Parameters
    ----------
    fields : ndarray, shape (layer, cell)
        NaN over land.
    made : Stencil
        Of ``point`` points, on these cells.

    Returns
    -------
    ndarray, shape (layer, point), of the type of ``fields``
        NaN outside the grid and where the nearest cell is land.
    """
    out = np.empty((fields.shape[0], made.home.size), dtype=fields.dtype)
    _gather(np.ascontiguousarray(fields), made.home, made.cells, made.weights, out)
    return out


def picture(field: NDArray[np.float32], kept: TileStencil, size: int) -> NDArray[np.float32] | None:
    """Values at the pixels of a tile.

    Parameters
    ----------
    field : ndarray of float32, shape (1, cell)
        NaN over land.
    kept : TileStencil
        Which cells make the pixels.
    size : int
        Pixels along a side of the tile.

    Returns
    -------
    ndarray of float32, shape (size, size) or that of the folded tile, or None
        NaN where there is nothing; None if there is nothing at all.
    """
    stencil_ = kept.stencil
    values = np.empty((1, stencil_.home.size), dtype=np.float32)
    _gather(np.ascontiguousarray(field), stencil_.home, stencil_.cells, stencil_.weights, values)
    if _empty(values[0]):
        return None
    if kept.pixels is None:
        return values.reshape(kept.fold.shape if kept.fold else (size, size))
    pixels = np.empty(size * size, dtype=np.float32)
    _spread(values[0], kept.pixels, pixels)
    return pixels.reshape(size, size)
