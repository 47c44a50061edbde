"""Depths of levels: of those at one depth everywhere, and of those that follow the sea floor and the surface."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, Levels
from ocean_core.errors import NotSupported
from ocean_core.geometry import Floats
from ocean_data.compute import depth as depths
from ocean_data.compute.interpolation import gather, narrowed, stencil
from ocean_data.grids.base import Cells
from ocean_data.plan.times import Axis
from ocean_data.ports import Grids, Source, Stencil

ALL = slice(None)
Terms = dict[str, Floats]


@dataclass(frozen=True, kw_only=True)
class Between:
    """Interpolation of depths that are on another grid than the cells: velocities lie between its points."""

    cells: Cells  # of that grid: those that are needed, ascending
    local: Stencil  # on `cells`: (point,) are the cells of the variable

    @classmethod
    def of(cls, grids: Grids, variable: Assets, cells: Cells) -> "Between | None":
        """Between which of its cells the cells of a variable lie; None where depths are told on its own grid."""
        terms = variable.levels.terms.values() if variable.levels else ()
        other_grid = next((term.grid for term in terms if _placed(term) and term.grid.id != variable.grid.id), None)
        if other_grid is None:
            return None
        places = grids.grid(variable.grid).centres(cells)
        needed, local = narrowed(stencil(grids.grid(other_grid), *places, "bilinear", radius=1.0, neighbours=1))
        return cls(cells=needed, local=local)

    def some(self, points: NDArray[np.integer] | slice) -> "Between":
        """The same of some of the cells."""
        stencil_ = self.local
        part = Stencil(home=stencil_.home[points], cells=stencil_.cells[points], weights=stencil_.weights[points])
        needed, local = narrowed(part)
        return Between(cells=self.cells[needed], local=local)

    def gathered(self, values: Floats) -> Floats:
        """Values at the cells of the variable, (..., point), of values on the other grid, (..., cell)."""
        flat = gather(np.ascontiguousarray(values.reshape(-1, self.cells.size)), self.local)
        values_at_cells: Floats = flat.reshape(*values.shape[:-1], self.local.home.size)
        return values_at_cells


def metres(
    source: Source,
    variable: Assets,
    steps: Sequence[int] | None,
    levels: slice,
    cells: Cells,
    *,
    between: Between | None = None,
) -> Floats:
    """Depth of cells in m, positive down.

    Parameters
    ----------
    source : Source
        Who reads the terms of the levels, where they are not the same everywhere.
    variable : Assets
        The variable that has these levels.
    steps : sequence of int or None
        Of the variable's time steps.
    levels : slice
        Of its depth axis.
    cells : ndarray of int32, shape (cell,)
        Of its grid.
    between : Between, optional
        Where the depths of these cells are told, if that is on another grid.

    Returns
    -------
    ndarray of float, shape (step or 1, level, cell)
        NaN where a level has no depth in metres. The first axis has the length one where the depths stay.
    """
    if variable.levels is None:
        axis = [np.nan if metre is None else metre for metre in depths.metres(variable.depth)]
        flat = np.array(axis, dtype=np.float64)[levels]
        return np.broadcast_to(flat[np.newaxis, :, np.newaxis], (1, flat.size, cells.size)).copy()
    formula = FORMULAS.get(variable.levels.kind)
    if formula is None:
        raise NotSupported(
            "the depths of {key} follow {kind}, which is not known here",
            key=variable.variable.key,
            kind=variable.levels.kind,
            field="depth",
        )
    term_cells = cells if between is None else between.cells
    terms = {
        name: _term(source, term, _steps(term, variable, steps), levels, term_cells)
        for name, term in variable.levels.terms.items()
    }
    depth = _followed(formula, terms, variable)
    return depth if between is None else between.gathered(np.broadcast_to(depth, (*depth.shape[:2], term_cells.size)))


def _followed(formula: Callable[[Terms], Floats], terms: Terms, variable: Assets) -> Floats:
    try:
        return formula(terms)
    except KeyError as error:
        raise NotSupported(
            "the depths of {key} need the term {values}, which its files lack",
            key=variable.variable.key,
            values=error.args[0],
            field="depth",
        ) from error


def moving(levels: Levels | None) -> bool:
    """Return whether the depths change with time."""
    return levels is not None and any(term.steps is not None for term in levels.terms.values())


def _term(source: Source, term: Assets, steps: list[int] | None, levels: slice, cells: Cells) -> Floats:
    """A term of a formula at cells: (step or 1, level or 1, cell or 1)."""
    term_levels = levels if term.depth is not None else ALL
    return source.columns(term, steps, term_levels, cells if _placed(term) else np.zeros(1, np.int32))


def _placed(term: Assets) -> bool:
    """Return whether a term differs from place to place."""
    return any(dimension.role in {"y", "x", "node", "face"} for dimension in term.dimensions)


def _steps(term: Assets, variable: Assets, steps: Sequence[int] | None) -> list[int] | None:
    """The steps of a term at the times of the variable's; its only one, or the last before, where it has no such."""
    if term.steps is None:
        return None
    own = Axis.of(term.steps).seconds
    if variable.steps is None or steps is None or own.size == 1:
        return [own.size - 1] if own.size else None
    at = Axis.of(variable.steps).seconds[list(steps)]
    return [int(step) for step in np.clip(np.searchsorted(own, at, side="right") - 1, 0, None)]


def _surface(terms: Terms) -> Floats:
    return terms.get("eta", np.zeros(1))


def _field(terms: Terms) -> Floats:
    return terms["depth"] if "depth" in terms else -terms["height"]


def _sigma(terms: Terms) -> Floats:
    eta = _surface(terms)
    return -(eta + terms["sigma"] * (terms["depth"] + eta))


def _s(terms: Terms) -> Floats:
    s, a, b = terms["s"], terms["a"], terms["b"]
    stretched = (1 - b) * np.sinh(a * s) / np.sinh(a) + b * (np.tanh(a * (s + 0.5)) / (2 * np.tanh(0.5 * a)) - 0.5)
    height: Floats = _surface(terms) * (1 + s) + terms["depth_c"] * s + (terms["depth"] - terms["depth_c"]) * stretched
    return -height


def _s_g1(terms: Terms) -> Floats:
    still = terms["depth_c"] * terms["s"] + (terms["depth"] - terms["depth_c"]) * terms["C"]
    return -(still + _surface(terms) * (1 + still / terms["depth"]))


def _s_g2(terms: Terms) -> Floats:
    depth, eta = terms["depth"], _surface(terms)
    share = (terms["depth_c"] * terms["s"] + depth * terms["C"]) / (terms["depth_c"] + depth)
    return -(eta + (eta + depth) * share)


# CF conventions 1.11, appendix D. Heights above the datum there; depths here.
FORMULAS: dict[str, Callable[[Terms], Floats]] = {
    "field": _field,
    "ocean_sigma_coordinate": _sigma,
    "ocean_s_coordinate": _s,
    "ocean_s_coordinate_g1": _s_g1,
    "ocean_s_coordinate_g2": _s_g2,
}


def average(values: Floats, deep: Floats) -> Floats:
    """Mean over the water column, weighted by the thickness of the layers.

    A level stands for the water half-way to its neighbours; the first reaches up to the surface, and the deepest wet
    one as far down as up.

    Parameters
    ----------
    values : ndarray of float, shape (step, level, cell)
        NaN over land and below the sea floor.
    deep : ndarray of float, shape (step or 1, level, cell)
        m, positive down.

    Returns
    -------
    ndarray of float, shape (step, cell)
        NaN where no level is wet.
    """
    deep = np.broadcast_to(deep, values.shape)
    order = np.argsort(deep, axis=1, kind="stable")
    values, deep = np.take_along_axis(values, order, axis=1), np.take_along_axis(deep, order, axis=1)
    wet = np.isfinite(values) & np.isfinite(deep)
    if values.shape[1] == 1:
        return np.where(wet, values, np.nan)[:, 0]
    middle = (deep[:, 1:] + deep[:, :-1]) / 2
    upper = np.concatenate([np.minimum(deep[:, :1], 0.0), middle], axis=1)
    last = 2 * deep[:, -1:] - middle[:, -1:]
    lower = np.concatenate([middle, last], axis=1)
    # Below the deepest wet level there is no water: that level is as thick downwards as upwards.
    beneath = np.concatenate([wet[:, 1:], np.zeros_like(wet[:, :1])], axis=1)
    lower = np.where(wet & ~beneath, 2 * deep - upper, lower)
    thickness = np.where(wet, np.maximum(lower - upper, 0.0), 0.0)
    total = thickness.sum(axis=1)
    summed = np.where(wet, values, 0.0) * thickness
    mean = np.divide(summed.sum(axis=1), total, out=np.full(total.shape, np.nan), where=total > 0)
    # One level at the very surface has no thickness, and is its own mean.
    only = wet.any(axis=1) & (total <= 0)
    return np.where(only, np.take_along_axis(values, wet.argmax(axis=1)[:, np.newaxis], axis=1)[:, 0], mean)
