"""Evaluates equations: on the cells, levels and steps asked for, a bounded part at a time."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_core.expression import FUNCTIONS, Binary, Name, Negative, Node, Number, parse_expression
from ocean_core.geometry import Floats
from ocean_data.compute.expression.functions import CALLS, Values
from ocean_data.compute.expression.names import coordinate, depth_axis, unknown
from ocean_data.compute.expression.place import ALL, Box, Place, Some
from ocean_data.grids.base import Cells
from ocean_data.ports import Grids, Source

AT_ONCE = 2_000_000  # numbers of each operand

OPERATORS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}


@dataclass(frozen=True)
class Evaluation:
    """The values of the parts of an equation at one place: (step, depth, cell) each, an axis of one fitting all."""

    place: Place
    again: frozenset[str]  # names that come more than once: they are read once
    read: dict[tuple[str, bool], Floats] = field(default_factory=dict)

    @property
    def operands(self) -> dict[str, Assets]:
        """The variables in the equation."""
        return self.place.assets.operands

    def value(self, node: Node, *, whole: bool = False) -> Floats:
        """The values of a part; with ``whole``, of all levels."""
        if isinstance(node, Number):
            return np.full((1, 1, 1), node.value)
        if isinstance(node, Name):
            return self._named(node, whole=whole)
        if isinstance(node, Negative):
            return -self.value(node.operand, whole=whole)
        if isinstance(node, Binary):
            left, right = (self.value(operand, whole=whole) for operand in (node.left, node.right))
            return OPERATORS[node.operator](left, right)
        return CALLS[node.function](self, node, whole or node.reduces_column)

    def at(self, place: Place) -> Values:
        """The same elsewhere."""
        return Evaluation(place, self.again)

    def _named(self, node: Name, *, whole: bool) -> Floats:
        operand = self.operands.get(node.name)
        if operand is not None:
            return self._read(node.name, operand, whole=whole or node.column)
        role = coordinate(self.place.assets, node.name)
        if role == "depth":
            return self.place.depths(whole=whole or node.column)
        if role is None:
            raise unknown(self.place.assets, node.name)
        latitude, longitude = self.place.centres()
        return (latitude if role == "latitude" else longitude)[np.newaxis, np.newaxis, :]

    def _read(self, name: str, operand: Assets, *, whole: bool) -> Floats:
        values = self.read.get((name, whole))
        if values is None:
            values = self.place.read(operand, whole=whole)
            if name in self.again:
                self.read[name, whole] = values
        return values


def evaluate(place: Place) -> Floats:
    """The values of what is calculated: (step, depth, cell), or with axes of one; NaN where there is no number."""
    expression = parse_expression(place.assets.equation or "")
    counted = Counter(node.name for node in expression.nodes() if isinstance(node, Name))
    again = frozenset(name for name, count in counted.items() if count > 1)
    with np.errstate(all="ignore"):  # of land, and of what has no value
        values = Evaluation(place, again).value(expression.root)
    return np.where(np.isfinite(values), values, np.nan)


@dataclass(frozen=True, kw_only=True)
class Calculator:
    """Calculates the values of variables that have an equation."""

    source: Source  # of the operands, which may be calculated themselves
    grids: Grids
    at_once: int = AT_ONCE

    def window(
        self,
        assets: Assets,
        step: int | None,
        depths: slice,
        box: tuple[slice, slice],
        wanted: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """A box of cells at one time: (depth, y, x); of the cells ``wanted``, (y, x), at least."""
        if _in_rows(assets):
            wanted = None  # cells look at those beside them
        rows, columns = (range(size)[part] for size, part in zip(plane(assets), box, strict=True))
        levels = range(len(assets.depth.values) if assets.depth else 1)[depths if assets.depth else ALL]
        out = np.full((len(levels), len(rows), len(columns)), np.nan)
        if not out.size:
            return out
        steps = None if step is None else [step]
        for level, row in _parts(_spanned(assets), levels, rows, len(columns), self.at_once):
            where = Box(slice(row.start, row.stop), slice(columns.start, columns.stop), plane(assets)[1])
            first, top = level.start - levels.start, row.start - rows.start
            place = self._place(assets, steps, slice(level.start, level.stop), where)
            if wanted is not None:
                place = replace(place, wanted=wanted[top : top + len(row)].ravel())
            values = np.broadcast_to(evaluate(place), (1, len(level), len(row) * len(columns)))
            out[first : first + len(level), top : top + len(row)] = values.reshape(len(level), len(row), -1)
        return out

    def columns(self, assets: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells) -> Floats:
        """Values of a few cells: (step, depth, cell)."""
        # Ascending and each once: that is how they are found among their neighbours.
        ascending, inverse = np.unique(cells.astype(np.int64), return_inverse=True)
        levels = range(len(assets.depth.values) if assets.depth else 1)[depths if assets.depth else ALL]
        count = 1 if steps is None else len(steps)
        out = np.full((count, len(levels), cells.size), np.nan)
        if not out.size:
            return out
        longest = max(1, self.at_once // (ascending.size * max(len(levels), _spanned(assets))))
        for first in range(0, count, longest):
            part = None if steps is None else list(steps[first : first + longest])
            place = self._place(assets, part, slice(levels.start, levels.stop), Some(ascending))
            shape = (1 if part is None else len(part), len(levels), ascending.size)
            out[first : first + longest] = np.broadcast_to(evaluate(place), shape)[:, :, inverse.ravel()]
        return out

    def _place(self, assets: Assets, steps: Sequence[int] | None, levels: slice, where: Box | Some) -> Place:
        return Place(source=self.source, grids=self.grids, assets=assets, steps=steps, levels=levels, where=where)


def plane(assets: Assets) -> tuple[int, int]:
    """Rows and columns; the cells of a mesh are one row."""
    shape = assets.grid.shape
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def _spanned(assets: Assets) -> int:
    """How many levels are read at least, whatever is asked for: all of them, where an equation takes whole columns."""
    whole = any(call.reduces_column for call in parse_expression(assets.equation or "").calls)
    axis = depth_axis(assets)
    return len(axis.values) if whole and axis else 1


def _in_rows(assets: Assets) -> bool:
    """Whether an equation looks at the cells beside a cell."""
    return any(FUNCTIONS[call.function].neighbours for call in parse_expression(assets.equation or "").calls)


def _parts(spanned: int, levels: range, rows: range, width: int, at_once: int) -> Iterator[tuple[range, range]]:
    """Levels and rows that are calculated together, where each reads ``spanned`` levels at least."""
    deep = len(levels) if spanned > 1 else max(1, min(len(levels), at_once // (len(rows) * width)))
    high = max(1, at_once // (max(deep, spanned) * width))
    for top in range(0, len(rows), high):
        for first in range(0, len(levels), deep):
            yield levels[first : first + deep], rows[top : top + high]
