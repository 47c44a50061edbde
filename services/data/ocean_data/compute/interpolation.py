"""Values between cells: which cells make a point, with which weights, and the gathering of them.

Land never bleeds into water, nor water onto land: a point belongs to its nearest cell. Where that is land the
answer is land; elsewhere the weights are shared out among the wet cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import MAX_NEIGHBOURS, MAX_RADIUS, Interpolation
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats
from ocean_data.grids.base import Cells, Grid
from ocean_data.grids.neighbours import TOUCHING, Search
from ocean_data.jit import kernel

K = TypeVar("K", bound=str)
F = TypeVar("F", bound=np.floating[Any])


@dataclass(frozen=True, kw_only=True)
class Stencil:
    """Cells and weights of each point."""

    home: NDArray[np.int32]  # (point,): the nearest cell, -1 outside the grid
    cells: NDArray[np.int32]  # (point, k), -1 where there are fewer; k = 0: the nearest alone
    weights: NDArray[np.floating]  # (point, k)

    @property
    def nbytes(self) -> int:
        return self.home.nbytes + self.cells.nbytes + self.weights.nbytes

    def compact(self) -> "Stencil":
        """Return the same with weights in single precision: half the memory, enough for a picture."""
        return replace(self, weights=self.weights.astype(np.float32, copy=False))

    def some(self, points: NDArray[np.integer] | slice) -> "Stencil":
        """Return that of some of the points, in this order."""
        return Stencil(home=self.home[points], cells=self.cells[points], weights=self.weights[points])


@dataclass(frozen=True, kw_only=True)
class LocalStencil:
    """A stencil on no more cells than it needs."""

    cells: Cells  # (cell,): of the grid, ascending
    local: Stencil  # on `cells`

    @classmethod
    def of(cls, made: Stencil) -> "LocalStencil":
        cells = np.unique(np.concatenate([made.home, made.cells.ravel()]))
        cells = cells[cells >= 0]
        home, around = (
            np.where(wanted >= 0, np.searchsorted(cells, wanted), -1).astype(np.int32)
            for wanted in (made.home, made.cells)
        )
        return cls(cells=cells, local=replace(made, home=home, cells=around))

    def some(self, points: NDArray[np.integer] | slice) -> "LocalStencil":
        """Return that of some of the points."""
        part = LocalStencil.of(self.local.some(points))
        return replace(part, cells=self.cells[part.cells])

    def gather(self, values: Floats) -> Floats:
        """Return values at the points, (..., point), of values at the cells, (..., cell)."""
        flat = gather(values.reshape(-1, self.cells.size), self.local)
        return flat.reshape(*values.shape[:-1], self.local.home.size)


def choose_interpolation(info: VariableInfo, requested: K) -> K | Literal["nearest"]:
    """Return how values of a variable are made: between the numbers of categories or flags there is nothing."""
    return "nearest" if info.is_discrete else requested


def describe_interpolation(variables: Sequence[Assets], requested: Interpolation) -> dict[str, str | float]:
    """Describe the interpolation of variables: the requested one, and which have the nearest cell instead."""
    infos = [assets.variable for assets in variables]
    nearest = [info.key for info in infos if choose_interpolation(info, requested) != requested]
    facts: dict[str, str | float] = {"interpolation": requested if len(nearest) < len(infos) else "nearest"}
    return facts | {"nearest": ", ".join(nearest)} if 0 < len(nearest) < len(infos) else facts


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
    radius: float = 0.0,  # km
    neighbours: int = 0,  # at most
    home: Cells | None = None,
) -> Stencil:
    """Choose the cells and weights of points, degrees; ``home``: their nearest cells, if known.

    Latitudes and longitudes are (point,) each; with ``home``, also (row, 1) and (1, column) of points on a lattice.

    ==========  ==================================================================================
    nearest     the nearest cell alone
    bilinear    the four cells around, in the grid's own coordinates
    gaussian    the nearest ``neighbours`` within ``radius``, by exp(-(r/sigma)²), sigma = radius/2
    inverse     the same cells, by 1/r²
    ==========  ==================================================================================

    Where the cells are larger than ``radius``, the size of the cell takes its place: a coarse grid would have holes
    between its cells.
    """
    home = grid.nearest(latitude, longitude) if home is None else home
    if kind == "nearest":
        return Stencil(home=home, cells=np.empty((home.size, 0), np.int32), weights=np.empty((home.size, 0)))
    if kind == "bilinear":
        cells, weights = grid.corners(latitude, longitude, home)
        return Stencil(home=home, cells=cells, weights=weights)
    cells, shares = grid.neighbours(latitude, longitude, home, search_around(grid, home, kind, radius, neighbours))
    used = cells.shape[1]
    while used > 1 and not (cells[:, used - 1] >= 0).any():
        used -= 1
    return Stencil(home=home, cells=np.ascontiguousarray(cells[:, :used]), weights=shares[:, :used])


def search_around(grid: Grid, home: Cells, kind: Interpolation, radius: float, neighbours: int) -> Search:
    """Return the search for the cells around points whose nearest ones are known; see :func:`stencil`."""
    inside = home >= 0
    reach = np.full(home.shape, max(radius, TOUCHING))
    reach[inside] = np.maximum(radius, grid.sizes(home[inside]))
    return Search(neighbours, reach, kind == "gaussian")


@kernel()
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


def gather(fields: NDArray[F], made: Stencil) -> NDArray[F]:
    """Return values at the points of a stencil, (layer, point), of ``fields``, (layer, cell).

    NaN outside the grid and where the nearest cell is land.
    """
    out = np.empty((fields.shape[0], made.home.size), dtype=fields.dtype)
    # Weights of single precision are multiplied in double precision anyway, where the fields have that.
    weights = made.weights.astype(np.promote_types(made.weights.dtype, fields.dtype), copy=False)
    _gather(np.ascontiguousarray(fields), made.home, made.cells, weights, out)
    return out
