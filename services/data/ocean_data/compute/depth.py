"""Depth levels: which one a request means, how deep they are, and the bottom and the mean of columns."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import LENGTH_TERMS, Assets, DepthAxis, Levels
from ocean_core.errors import DepthNotFound, InvalidRequest, NotSupported
from ocean_core.geometry import Floats
from ocean_core.units import length_in_metres
from ocean_data.compute.interpolation import LocalStencil, stencil
from ocean_data.grids.base import Cells
from ocean_data.plan.times import Axis, common_scale
from ocean_data.reading.base import GridStore, Source

Depth = int | tuple[int, ...] | Literal["bottom", "all", "mean"]  # a level, several ascending ones, or words
Terms = dict[str, Floats]
ALL = slice(None)

_LEVELS = re.compile(r"\d{1,5}(:\d{1,5})?(,\d{1,5}(:\d{1,5})?){0,999}", re.ASCII)


def parse(text: str, words: tuple[str, ...] = ("bottom", "all", "mean")) -> Depth:
    """Read a depth as it is written in an address: the index of a level, or one of ``words``.

    With `all` there may be several levels: `0:9` with both ends, `0,4,9`.
    """
    if text in words:
        return text  # type: ignore[return-value]  # `words` are some of those of `Depth`
    if text.isascii() and text.removeprefix("-").isdigit() and len(text) <= 9:
        return int(text)
    if "all" in words and _LEVELS.fullmatch(text):
        ends = [part.split(":") for part in text.split(",")]
        levels = sorted({level for end in ends for level in range(int(end[0]), int(end[-1]) + 1)})
        if levels:
            return levels[0] if len(levels) == 1 else tuple(levels)
    raise InvalidRequest(
        "depth {text!r} is neither the index of a level (0 is the first) nor one of {words}",
        text=text[:40],
        words=", ".join(words),
        field="depth",
        allowed=("0", *words),
    )


def check(assets: Assets, depth: Depth) -> None:
    """Refuse a level that the variable does not have."""
    count = len(assets.depth.values) if assets.depth else 1
    if isinstance(depth, tuple):
        depth = depth[-1]
    if not isinstance(depth, int) or 0 <= depth < count:
        return
    name = assets.variable.key
    if assets.depth is None:
        raise DepthNotFound(
            "{name} has no depth: 0 and bottom are its only level", name=name, field="depth", allowed=("0", "bottom")
        )
    raise DepthNotFound(
        "{name} has no depth level {depth}; its levels are 0 to {count}, or bottom",
        name=name,
        depth=depth,
        count=count - 1,
        field="depth",
        allowed=(f"0..{count - 1}", "bottom"),
    )


def level_slice(assets: Assets, depth: Depth) -> slice:
    """Return the levels that are read for a depth: of several the first to the last."""
    if assets.depth is None or isinstance(depth, str):
        return ALL
    first, last = (depth[0], depth[-1]) if isinstance(depth, tuple) else (depth, depth)
    return slice(first, last + 1)


def pick_levels(assets: Assets, depth: Depth) -> slice | list[int]:
    """Return which of the levels that are read for a depth it means."""
    if assets.depth is None or not isinstance(depth, tuple) or len(depth) == depth[-1] - depth[0] + 1:
        return ALL
    return [level - depth[0] for level in depth]


def metres(axis: DepthAxis | None) -> Floats:
    """Depth of each level in m, positive down, (level,); NaN where a level is no depth."""
    values = np.array(axis.values if axis else [np.nan], dtype=np.float64)
    if axis is None or axis.kind == "depth":
        return values
    return -values if axis.kind == "height" else np.full(values.shape, np.nan)


def deepest_first(axis: DepthAxis) -> list[int]:
    """The levels of an axis from the sea floor up."""
    values = np.asarray(axis.values)
    # Heights and s-levels grow upwards: -1 is the floor.
    downwards = values if axis.kind == "depth" or (axis.kind == "sigma" and (values > 0).any()) else -values
    if axis.kind == "index":
        # Numbered from the surface, unless the numbers are the file's own: those can mean anything.
        downwards = values if (np.sort(values) == np.arange(values.size)).all() else np.arange(values.size)
    return [int(level) for level in np.argsort(-downwards, kind="stable")]


def bottom_level(values: NDArray[np.floating], order: list[int]) -> NDArray[np.intp]:
    """Level of the deepest wet cell in each column, (..., cell), of values (..., depth, cell); -1 over land.

    ``order``: the levels from the sea floor up.
    """
    wet = ~np.isnan(values[..., order, :])
    levels = np.asarray(order)[wet.argmax(axis=-2)]
    return np.where(wet.any(axis=-2), levels, -1)


def bottom_values(values: NDArray[np.float64], levels: NDArray[np.intp]) -> NDArray[np.float64]:
    """The values at ``levels``, shape (..., cell), of ``values``, shape (..., depth, cell)."""
    taken = np.take_along_axis(values, np.maximum(levels, 0)[..., np.newaxis, :], axis=-2)[..., 0, :]
    return np.where(levels >= 0, taken, np.nan)


def reduce_columns(values: Floats, deep: Floats, depth: Depth, axis: DepthAxis) -> tuple[Floats, Floats | None]:
    """The bottom values of columns with their depths, or their means: (step, 1, cell) of (step, level, cell)."""
    if depth == "mean":
        return average(values, deep)[:, np.newaxis], None
    bottom = bottom_level(values, deepest_first(axis))
    deep = np.broadcast_to(deep, values.shape)
    return bottom_values(values, bottom)[:, np.newaxis], bottom_values(deep, bottom)[:, np.newaxis]


def average(values: Floats, deep: Floats) -> Floats:
    """Mean over the water column, weighted by the thickness of the layers: (step, cell); NaN where no level is wet.

    A level stands for the water half-way to its neighbours; the first reaches up to the datum (one above it as far up
    as down), and the deepest wet one as far down as up. ``values``: (step, level, cell), NaN where it is dry; ``deep``:
    their depths, m.
    """
    deep = np.broadcast_to(deep, values.shape)
    order = np.argsort(deep, axis=1, kind="stable")
    values, deep = np.take_along_axis(values, order, axis=1), np.take_along_axis(deep, order, axis=1)
    wet = np.isfinite(values) & np.isfinite(deep)
    if values.shape[1] == 1:
        return np.where(wet, values, np.nan)[:, 0]
    middle = (deep[:, 1:] + deep[:, :-1]) / 2
    top = np.where(deep[:, :1] < 0, 2 * deep[:, :1] - middle[:, :1], 0.0)
    upper = np.concatenate([top, middle], axis=1)
    lower = np.concatenate([middle, 2 * deep[:, -1:] - middle[:, -1:]], axis=1)
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


def depth_stencil(grids: GridStore, variable: Assets, cells: Cells) -> LocalStencil | None:
    """Positions of the depths of a variable's cells: velocities lie between the points of that grid; None: here."""
    terms = variable.levels.terms.values() if variable.levels else ()
    other_grid = next((term.grid for term in terms if _has_places(term) and term.grid.id != variable.grid.id), None)
    if other_grid is None:
        return None
    centres = grids.grid(variable.grid).centres(cells)
    return LocalStencil.of(stencil(grids.grid(other_grid), *centres, "bilinear", radius=1.0, neighbours=1))


def cell_depths(
    source: Source,
    variable: Assets,
    steps: Sequence[int] | None,
    levels: slice,
    cells: Cells,
    *,
    between: LocalStencil | None,
) -> Floats:
    """Read depths of cells in m, positive down: (step, level, cell), or (1, level, cell) where the depths stay.

    NaN where a level has no depth in metres. ``between``: as `depth_stencil` makes it of these cells.
    """
    if variable.levels is None:
        flat = metres(variable.depth)[levels]
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
        name: source.columns(
            term,
            _term_steps(term, variable, steps),
            ALL if term.depth is None else levels,
            term_cells if _has_places(term) else np.zeros(1, np.int32),
        )
        * (metres_per_unit(term) if name in LENGTH_TERMS else 1.0)
        for name, term in variable.levels.terms.items()
    }
    try:
        depth = formula(terms)
    except KeyError as error:
        raise NotSupported(
            "the depths of {key} need the term {term}, which its files lack",
            key=variable.variable.key,
            term=error.args[0],
            field="depth",
        ) from error
    return depth if between is None else between.gather(np.broadcast_to(depth, (*depth.shape[:2], term_cells.size)))


def metres_per_unit(variable: Assets) -> float:
    """Return how many metres the unit of a depth is; 1 where its files do not tell."""
    return length_in_metres(variable.variable.units) or 1.0


def moving(levels: Levels | None) -> bool:
    """Return whether the depths change with time."""
    return levels is not None and any(term.steps is not None for term in levels.terms.values())


def _has_places(term: Assets) -> bool:
    return any(dimension.role in {"y", "x", "node", "face"} for dimension in term.dimensions)


def _term_steps(term: Assets, variable: Assets, steps: Sequence[int] | None) -> list[int] | None:
    """The steps of a term at the times of the variable's; its only one, or the last before, where it has no such."""
    if term.steps is None:
        return None
    axis = Axis.of(term.steps)
    if variable.steps is None or steps is None or axis.raw.size == 1:
        return [axis.raw.size - 1] if axis.raw.size else None
    own, at = common_scale(axis, Axis.of(variable.steps))
    return [int(step) for step in np.clip(np.searchsorted(own, at[list(steps)], side="right") - 1, 0, None)]


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
