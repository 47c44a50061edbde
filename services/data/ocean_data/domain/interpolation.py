"""Values between cells: which cells make a point, with which weights, and the gathering of them.

Land never bleeds into water, nor water onto land: a point belongs to its nearest cell. Where that is land the
answer is land; elsewhere the weights are shared out among the wet cells.
"""

from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ocean_common.contracts.data import Interpolation
from ocean_data.domain.ports import Floats, Grid, Stencil

F = TypeVar("F", bound=np.floating[Any])

TOUCHING = 1e-3  # km: nearer than this, a point lies on the centre of a cell


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
    reach = np.full(home.shape, radius, dtype=np.float64)
    inside = home >= 0
    reach[inside] = np.maximum(radius, grid.sizes(home[inside]))
    cells, distances = grid.neighbours(latitude, longitude, neighbours, reach)
    used = max(1, int((cells >= 0).sum(axis=1).max(initial=0)))
    cells, distances = np.ascontiguousarray(cells[:, :used]), distances[:, :used]
    weights = _WEIGHTS[kind](distances, reach[:, np.newaxis])
    return Stencil(home=home, cells=cells, weights=np.where(cells >= 0, weights, 0.0))


def _gaussian(distances: Floats, reach: Floats) -> Floats:
    return np.exp(-((distances / (reach / 2)) ** 2))


def _inverse(distances: Floats, _: Floats) -> Floats:
    # Relative to the nearest: no number is out of the range of single precision.
    floored = np.maximum(distances, TOUCHING)
    nearest = floored.min(axis=1, keepdims=True)
    return (np.where(np.isfinite(nearest), nearest, 0.0) / floored) ** 2


_WEIGHTS = {"gaussian": _gaussian, "inverse": _inverse}


def narrowed(made: Stencil) -> tuple[NDArray[np.int32], Stencil]:
    """The cells that a stencil needs, ascending, and the same stencil on these alone."""
    needed = np.unique(np.concatenate([made.home, made.cells.ravel()]))
    needed = needed[needed >= 0]
    return needed, Stencil(home=_index(needed, made.home), cells=_index(needed, made.cells), weights=made.weights)


def _index(needed: NDArray[np.int32], cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """Where ``cells`` are among the ``needed`` ones; -1 stays -1."""
    return np.where(cells >= 0, np.searchsorted(needed, cells), -1).astype(np.int32)


@njit(nogil=True, cache=True)
def _gather(fields, home, cells, weights, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    layers, points = out.shape
    width = cells.shape[1]
    for layer in range(layers):
        for point in range(points):
            own = home[point]
            value = fields[layer, own] if own >= 0 else np.nan
            if np.isnan(value) or width == 0:
                out[layer, point] = value
                continue
            total, wet = 0.0, 0.0
            for k in range(width):
                cell = cells[point, k]
                if cell < 0:
                    continue
                one = fields[layer, cell]
                if not np.isnan(one):
                    total += weights[point, k] * one
                    wet += weights[point, k]
            out[layer, point] = total / wet if wet > 0.0 else value


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
