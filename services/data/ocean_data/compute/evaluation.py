"""Evaluation of equations on the cells, levels and time steps of a request, a bounded part at a time.

All values are (step, depth, cell); an axis of length one fits all.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets
from ocean_core import seawater
from ocean_core.errors import InvalidRequest, TimeNotFound
from ocean_core.expression import FUNCTIONS, Binary, Call, Name, Negative, Node, Number, parse_expression
from ocean_core.geometry import Floats
from ocean_core.seawater import SeaWater
from ocean_core.time import format_time
from ocean_core.vectors import Axis as VectorAxis
from ocean_data.compute import derivatives, vectors
from ocean_data.compute.depth import metres
from ocean_data.compute.equations import coordinate_role, depth_axis, only_operand, unknown_name
from ocean_data.grids.base import Cells, Grid
from ocean_data.plan.times import Axis
from ocean_data.ports import Grids, Source

VALUES_AT_ONCE = 2_000_000  # numbers of each operand
ALL = slice(None)
STILL = 1e-5  # m/s: a current slower than this in both components has no direction
Indices = NDArray[np.int64]


def bearing(north: Floats, east: Floats) -> Floats:
    """Return the direction of vectors, degrees clockwise from north, 0 to 360; NaN where they are nearly zero."""
    still = (np.abs(north) < STILL) & (np.abs(east) < STILL)
    return np.where(still, np.nan, np.mod(np.degrees(np.arctan2(east, north)), 360.0))


OPERATORS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}
ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "ln": np.log,
    "log": np.log10,
    "log2": np.log2,
    "exp": np.exp,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "magnitude": np.hypot,
    "bearing": bearing,
}
# Of two values of a cell, and of a column, whose land is left out.
EXTREMES = {"max": (np.maximum, np.fmax), "min": (np.minimum, np.fmin)}
WATER_PROPERTIES = {
    "sspeed": "sound_speed",
    "density": "density",
    "heatcap": "heat_capacity",
    "tempgradient": "adiabatic_lapse_rate",
    "oxygensaturation": "oxygen_solubility",
    "nitrogensaturation": "nitrogen_solubility",
}
CHANNELS: dict[str, Callable[..., Floats]] = {
    "soniclayerdepth": seawater.sonic_layer_depth,
    "deepsoundchannel": seawater.deep_sound_channel,
    "deepsoundchannelbottom": seawater.channel_bottom,
    "depthexcess": seawater.depth_excess,
    "potentialsubsurfacechannel": seawater.subsurface_channel,
}
SLOPES: dict[str, tuple[Callable[..., tuple[Floats, Floats]], int]] = {  # with the component of the result
    "gradient_x": (derivatives.gradient, 0),
    "gradient_y": (derivatives.gradient, 1),
    "geostrophic_x": (derivatives.geostrophic, 0),
    "geostrophic_y": (derivatives.geostrophic, 1),
}
CURRENTS = {"vorticity": derivatives.vorticity, "divergence": derivatives.divergence}


class CellSelection(Protocol):
    """Some cells of a grid."""

    @property
    def flat(self) -> Indices:
        """Flat indices of the cells: (cell,)."""

    def read(self, source: Source, variable: Assets, steps: Sequence[int] | None, levels: slice) -> Floats:
        """Read the values of a variable: (step, depth, cell)."""

    def widen(self, shape: tuple[int, int]) -> "CellSelection":
        """Add the neighbours of the cells, also around the globe."""

    def find(self, cells: Indices) -> Indices:
        """Return the positions of ``cells`` among these; -1 stays -1."""


@dataclass(frozen=True)
class CellBox:
    """All cells of some rows and columns."""

    rows: slice
    columns: slice
    width: int  # of the grid

    @property
    def flat(self) -> Indices:
        rows, columns = (np.arange(part.start, part.stop) for part in (self.rows, self.columns))
        return (rows[:, np.newaxis] * self.width + columns).ravel()

    def read(self, source: Source, variable: Assets, steps: Sequence[int] | None, levels: slice) -> Floats:
        box = self.rows, self.columns
        windows = [source.window(variable, step, levels, box) for step in (steps if steps is not None else [None])]
        return np.stack([window.reshape(window.shape[0], -1) for window in windows]).astype(np.float64)

    def widen(self, shape: tuple[int, int]) -> "CellBox":
        rows = slice(max(self.rows.start - 1, 0), min(self.rows.stop + 1, shape[0]))
        inside = self.columns.start > 0 and self.columns.stop < shape[1]
        columns = slice(self.columns.start - 1, self.columns.stop + 1) if inside else slice(0, shape[1])
        return replace(self, rows=rows, columns=columns)

    def find(self, cells: Indices) -> Indices:
        row, column = np.divmod(cells, self.width)
        position = (row - self.rows.start) * (self.columns.stop - self.columns.start) + column - self.columns.start
        return np.where(cells >= 0, position, -1)


@dataclass(frozen=True)
class CellList:
    """Single cells, ascending."""

    flat: Indices

    def read(self, source: Source, variable: Assets, steps: Sequence[int] | None, levels: slice) -> Floats:
        return source.columns(variable, steps, levels, self.flat.astype(np.int32))

    def widen(self, shape: tuple[int, int]) -> "CellList":
        cells = np.unique(np.concatenate([self.flat, neighbour_cells(self.flat, shape).ravel()]))
        return CellList(cells[cells >= 0])

    def find(self, cells: Indices) -> Indices:
        return np.where(cells >= 0, np.searchsorted(self.flat, cells), -1)


def neighbour_cells(cells: Indices, shape: tuple[int, int]) -> Indices:
    """Return the next and the previous cell along the row, then along the column: (cell, 4), -1 where there is none.

    The last column is followed by the first: the distance tells if they are neighbours on the Earth.
    """
    row, column = np.divmod(cells, shape[1])
    right, left = row * shape[1] + (column + 1) % shape[1], row * shape[1] + (column - 1) % shape[1]
    up = np.where(row + 1 < shape[0], cells + shape[1], -1)
    down = np.where(row > 0, cells - shape[1], -1)
    return np.stack([right, left, up, down], axis=1)


@dataclass(frozen=True, kw_only=True)
class EvaluationDomain:
    """The cells, levels and time steps on which a variable is calculated."""

    source: Source
    grids: Grids
    assets: Assets  # of the calculated variable
    steps: Sequence[int] | None  # of its time steps
    levels: slice  # of its depth axis
    cells: CellSelection
    mask: NDArray[np.bool_] | None = None  # (cell,): the other cells need not be calculated, and are NaN

    @property
    def grid(self) -> Grid:
        """The grid of the calculated variable."""
        return self.grids.grid(self.assets.grid)

    def read(self, operand: Assets, *, all_levels: bool) -> Floats:
        """Read the values of an operand: (step, depth, cell); with ``all_levels``, over the whole depth axis."""
        levels = ALL if all_levels or operand.depth is None else self.levels
        values = self.cells.read(self.source, operand, steps_of(operand, self.assets, self.steps), levels)
        return values if self.mask is None else np.where(self.mask, values, np.nan)

    def centres(self) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes of the cells, degrees: (cell,) each."""
        cells: Cells = self.cells.flat.astype(np.int32)
        return self.grid.centres(cells)

    def depths(self, *, all_levels: bool) -> Floats:
        """Return the depths of the levels, m: (1, depth, 1); zero where there is no depth axis."""
        axis = depth_axis(self.assets)
        if axis is None:
            return np.zeros((1, 1, 1))
        values = np.array([np.nan if depth is None else depth for depth in metres(axis)])
        return values[ALL if all_levels else self.levels][np.newaxis, :, np.newaxis]

    def widen(self) -> "EvaluationDomain":
        """Return the domain with the neighbours of its cells."""
        return replace(self, cells=self.cells.widen(self.grid.shape))


def steps_of(operand: Assets, result: Assets, steps: Sequence[int] | None) -> list[int] | None:
    """Return the time steps of an operand at the instants of those of the result."""
    if operand.steps is None or result.steps is None or steps is None:
        return None
    if operand.steps is result.steps or operand.steps == result.steps:
        return list(steps)
    seconds, axis = Axis.of(result.steps).seconds[list(steps)], Axis.of(operand.steps).seconds
    indices = np.minimum(np.searchsorted(axis, seconds), axis.size - 1)
    missing = np.flatnonzero(axis[indices] != seconds) if axis.size else np.arange(seconds.size)
    if missing.size:
        raise TimeNotFound(
            "{key} has no time step at {instant}, and {second_key} is calculated from it",
            key=operand.variable.key,
            instant=format_time(seconds[missing[0]]),
            second_key=result.variable.key,
            field="time",
        )
    return [int(index) for index in indices]


@dataclass(frozen=True)
class Evaluation:
    """The values of the parts of an equation on a domain; with ``all_levels``, on all levels."""

    domain: EvaluationDomain
    repeated: frozenset[str]  # names that occur more than once: they are read once
    read: dict[tuple[str, bool], Floats] = field(default_factory=dict)

    def value(self, node: Node, *, all_levels: bool = False) -> Floats:
        """Evaluate a part of the equation."""
        if isinstance(node, Number):
            return np.full((1, 1, 1), node.value)
        if isinstance(node, Name):
            return self._name(node, all_levels=all_levels)
        if isinstance(node, Negative):
            return -self.value(node.operand, all_levels=all_levels)
        if isinstance(node, Binary):
            left, right = (self.value(side, all_levels=all_levels) for side in (node.left, node.right))
            return OPERATORS[node.operator](left, right)
        return self._call(node, all_levels=all_levels or node.reduces_column)

    def _name(self, node: Name, *, all_levels: bool) -> Floats:
        all_levels = all_levels or node.column
        operand = self.domain.assets.operands.get(node.name)
        if operand is not None:
            values = self.read.get((node.name, all_levels))
            if values is None:
                values = self.domain.read(operand, all_levels=all_levels)
                if node.name in self.repeated:
                    self.read[node.name, all_levels] = values
            return values
        role = coordinate_role(self.domain.assets, node.name)
        if role == "depth":
            return self.domain.depths(all_levels=all_levels)
        if role is None:
            raise unknown_name(self.domain.assets, node.name)
        latitude, longitude = self.domain.centres()
        return (latitude if role == "latitude" else longitude)[np.newaxis, np.newaxis, :]

    def _call(self, node: Call, *, all_levels: bool) -> Floats:  # noqa: PLR0911  a table of kinds of functions
        name, arguments = node.function, node.arguments
        if name in ELEMENTWISE:
            result: Floats = ELEMENTWISE[name](*(self.value(argument, all_levels=all_levels) for argument in arguments))
            return result
        if name in EXTREMES:
            of_two, of_column = EXTREMES[name]
            values = [self.value(argument, all_levels=all_levels) for argument in arguments]
            result = reduce(of_two, values)
            return of_column.reduce(result, axis=1, keepdims=True) if len(values) == 1 else result
        if name in WATER_PROPERTIES:
            return self._water(WATER_PROPERTIES[name], arguments, all_levels=all_levels)
        if name in CHANNELS:
            return self._channel(node, all_levels=all_levels)
        if name in SLOPES:
            function, component = SLOPES[name]
            wider, neighbourhood = self._neighbourhood()
            return function(wider.field_values(arguments[0], all_levels=all_levels), neighbourhood)[component]
        if name in CURRENTS:
            wider, neighbourhood = self._neighbourhood()
            return CURRENTS[name](wider.space_vectors(arguments[:2], all_levels=all_levels), neighbourhood)
        return self._unstaggered_speed(arguments, all_levels=all_levels)

    def _water(self, name: str, arguments: Sequence[Node], *, all_levels: bool) -> Floats:
        """Evaluate a property of sea water; temperature and salinity may follow depth and latitude."""
        operands, values = (
            self.domain.assets.operands,
            [self.value(node, all_levels=all_levels) for node in arguments[:4]],
        )
        variables = [only_operand(node, operands) for node in arguments[:4]][-2:]
        # The unit of a whole argument is known; an expression of variables has the unit that its author meant.
        units = [
            assets.variable.units if assets and isinstance(node, Name) else ""
            for node, assets in zip(arguments[:4][-2:], variables, strict=True)
        ]
        names = [assets.variable.standard_name or "" if assets else "" for assets in variables]
        latitude, longitude = (degrees[np.newaxis, np.newaxis] for degrees in self.domain.centres())
        depth = self.domain.depths(all_levels=all_levels)
        if len(values) == 4:
            depth, latitude = values[:2]
        temperature = seawater.to_celsius(values[-2], units[0])
        salinity = seawater.to_grams_per_kilogram(values[-1], units[1])
        arrays = np.broadcast_arrays(depth, latitude, longitude, temperature, salinity)
        wet = np.isfinite(arrays[3]) & np.isfinite(arrays[4])
        depth, latitude, longitude, temperature, salinity = (array[wet] for array in arrays)
        water = SeaWater(
            temperature=temperature,
            salinity=salinity,
            depth=depth,
            latitude=latitude,
            longitude=longitude,
            temperature_kind=seawater.TEMPERATURES.get(names[0], "potential"),
            salinity_kind=seawater.SALINITIES.get(names[1], "practical"),
        )
        result = np.full(wet.shape, np.nan)
        result[wet] = getattr(water, name)
        return result

    def _channel(self, node: Call, *, all_levels: bool) -> Floats:
        """Evaluate a function of the speed of sound along columns, from the surface down."""
        speed = self._water("sound_speed", node.arguments, all_levels=all_levels)
        depth = self.value(node.arguments[0], all_levels=all_levels)
        options: list[Any] = [self.value(argument, all_levels=all_levels) for argument in node.arguments[4:]]
        if options and node.function == "potentialsubsurfacechannel":
            if options[0].size != 1:
                raise InvalidRequest(
                    "the cutoff frequency of potentialsubsurfacechannel is a number, in Hz", field="expression"
                )
            options = [float(options[0].item())]
        elif options:
            if options[0].shape[1] > 1:
                raise InvalidRequest(
                    "the bathymetry of {function} has no depth axis; make one value of it, as max([name])",
                    function=node.function,
                    field="expression",
                )
            speed = np.broadcast_to(speed, np.broadcast_shapes(speed.shape, options[0].shape))
            options = [np.broadcast_to(options[0], (speed.shape[0], 1, speed.shape[2])).ravel()]
        steps, levels, cells = speed.shape
        depth = np.broadcast_to(depth, speed.shape)
        speed, depth = (np.moveaxis(values, 1, 2).reshape(-1, levels) for values in (speed, depth))
        if not (np.diff(depth, axis=1) >= 0).all():
            order = np.argsort(depth, axis=1)
            speed, depth = (np.take_along_axis(values, order, axis=1) for values in (speed, depth))
        return CHANNELS[node.function](depth, speed, *options).reshape(steps, 1, cells)

    def _widened(self) -> "Evaluation":
        """Return the evaluation on the cells and their neighbours."""
        return Evaluation(self.domain.widen(), self.repeated)

    def _neighbourhood(self) -> tuple["Evaluation", derivatives.Neighbourhood]:
        """Return the evaluation on the cells and their neighbours, and how these lie."""
        wider, cells = self._widened(), self.domain.cells.flat
        find, beside = wider.domain.cells.find, neighbour_cells(cells, self.domain.grid.shape)
        return wider, derivatives.neighbourhood(find(cells), find(beside), *wider.domain.centres())

    def field_values(self, node: Node, *, all_levels: bool) -> Floats:
        """Evaluate a part at every cell, also if it does not depend on the cell."""
        values, count = self.value(node, all_levels=all_levels), self.domain.cells.flat.size
        return np.broadcast_to(values, (*values.shape[:2], count)) if values.shape[2] == 1 else values

    def space_vectors(self, components: Sequence[Node], *, all_levels: bool) -> Floats:
        """Evaluate two components as vectors in space: (3, step, depth, cell)."""
        variables = [only_operand(node, self.domain.assets.operands) for node in components]
        axes: tuple[VectorAxis, VectorAxis] = ("x", "y")
        if variables[0] is not None and variables[1] is not None:
            axes = vectors.axes(variables[0].variable, variables[1].variable)
        cells = self.domain.cells.flat.astype(np.int32)
        total: Floats = np.zeros((3, 1, 1, 1))
        for component, axis in zip(components, axes, strict=True):
            directions = self.domain.grid.directions(cells, axis)
            total = (
                total + self.field_values(component, all_levels=all_levels) * directions.T[:, np.newaxis, np.newaxis, :]
            )
        return total

    def _unstaggered_speed(self, components: Sequence[Node], *, all_levels: bool) -> Floats:
        """Evaluate the speed at the centres of an Arakawa C grid: u is on a cell's right side, v on its upper one."""
        shape, cells, wider = self.domain.grid.shape, self.domain.cells.flat, self._widened()
        beside, find = neighbour_cells(cells, shape), wider.domain.cells.find
        previous_cells = np.where(cells % shape[1] == 0, -1, beside[:, 1]), beside[:, 3]
        means = []
        for component, previous in zip(components, previous_cells, strict=True):
            values = wider.field_values(component, all_levels=all_levels)
            before = np.where(previous >= 0, values[..., find(previous)], np.nan)
            means.append((values[..., find(cells)] + before) / 2)
        speed: Floats = np.hypot(*means)
        return speed


def evaluate(domain: EvaluationDomain) -> Floats:
    """Calculate a variable: (step, depth, cell), or with axes of one; NaN where there is no number."""
    expression = parse_expression(domain.assets.equation or "")
    counts = Counter(node.name for node in expression.nodes() if isinstance(node, Name))
    repeated = frozenset(name for name, count in counts.items() if count > 1)
    with np.errstate(all="ignore"):  # of land, and of what has no value
        values = Evaluation(domain, repeated).value(expression.root)
    return np.where(np.isfinite(values), values, np.nan)


@dataclass(frozen=True, kw_only=True)
class Calculator:
    """Calculates the values of variables that have an equation."""

    source: Source  # of the operands, which may be calculated themselves
    grids: Grids
    at_once: int = VALUES_AT_ONCE

    def window(
        self,
        assets: Assets,
        step: int | None,
        depths: slice,
        box: tuple[slice, slice],
        mask: NDArray[np.bool_] | None = None,
    ) -> Floats:
        """Calculate a box of cells at one time: (depth, y, x); with a mask, (y, x), at least its cells."""
        calls = parse_expression(assets.equation or "").calls
        if any(FUNCTIONS[call.function].neighbours for call in calls):
            mask = None
        rows, columns = (range(size)[part] for size, part in zip(grid_shape(assets), box, strict=True))
        levels = range(len(assets.depth.values) if assets.depth else 1)[depths if assets.depth else ALL]
        result = np.full((len(levels), len(rows), len(columns)), np.nan)
        if not result.size:
            return result
        steps = None if step is None else [step]
        for level, row in _split_levels_and_rows(_levels_read(assets), levels, rows, len(columns), self.at_once):
            cells = CellBox(slice(row.start, row.stop), slice(columns.start, columns.stop), grid_shape(assets)[1])
            first, top = level.start - levels.start, row.start - rows.start
            domain = self._domain(assets, steps, slice(level.start, level.stop), cells)
            if mask is not None:
                domain = replace(domain, mask=mask[top : top + len(row)].ravel())
            values = np.broadcast_to(evaluate(domain), (1, len(level), len(row) * len(columns)))
            result[first : first + len(level), top : top + len(row)] = values.reshape(len(level), len(row), -1)
        return result

    def columns(self, assets: Assets, steps: Sequence[int] | None, depths: slice, cells: Cells) -> Floats:
        """Calculate a few cells: (step, depth, cell)."""
        # Ascending and each once, as `CellList.find` needs them.
        ascending, inverse = np.unique(cells.astype(np.int64), return_inverse=True)
        levels = range(len(assets.depth.values) if assets.depth else 1)[depths if assets.depth else ALL]
        count = 1 if steps is None else len(steps)
        result = np.full((count, len(levels), cells.size), np.nan)
        if not result.size:
            return result
        longest = max(1, self.at_once // (ascending.size * max(len(levels), _levels_read(assets))))
        for first in range(0, count, longest):
            part = None if steps is None else list(steps[first : first + longest])
            domain = self._domain(assets, part, slice(levels.start, levels.stop), CellList(ascending))
            shape = (1 if part is None else len(part), len(levels), ascending.size)
            result[first : first + longest] = np.broadcast_to(evaluate(domain), shape)[:, :, inverse.ravel()]
        return result

    def _domain(
        self, assets: Assets, steps: Sequence[int] | None, levels: slice, cells: CellSelection
    ) -> EvaluationDomain:
        return EvaluationDomain(
            source=self.source, grids=self.grids, assets=assets, steps=steps, levels=levels, cells=cells
        )


def grid_shape(assets: Assets) -> tuple[int, int]:
    """Return rows and columns of a variable's grid; the cells of a mesh are one row."""
    shape = assets.grid.shape
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def _levels_read(assets: Assets) -> int:
    """Count the levels that are read at least: all of them, where an equation takes whole columns."""
    takes_columns = any(call.reduces_column for call in parse_expression(assets.equation or "").calls)
    axis = depth_axis(assets)
    return len(axis.values) if takes_columns and axis else 1


def _split_levels_and_rows(
    levels_read: int, levels: range, rows: range, width: int, at_once: int
) -> Iterator[tuple[range, range]]:
    """Split a window into levels and rows that are calculated together, each part reading ``levels_read`` levels."""
    deep = len(levels) if levels_read > 1 else max(1, min(len(levels), at_once // (len(rows) * width)))
    high = max(1, at_once // (max(deep, levels_read) * width))
    for top in range(0, len(rows), high):
        for first in range(0, len(levels), deep):
            yield levels[first : first + deep], rows[top : top + high]
