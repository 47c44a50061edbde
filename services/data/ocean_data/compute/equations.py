"""Equations of calculated variables: what their names mean, and their evaluation, a bounded part at a time.

All values are (step, depth, cell); an axis of length one fits all.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.arrays import pack_array
from ocean_common.contracts.assets import Assets, DepthAxis, Steps, VariableInfo
from ocean_core import seawater, vectors
from ocean_core.errors import InvalidRequest, TimeNotFound
from ocean_core.expression import (
    COORDINATE_NAMES,
    FUNCTIONS,
    Binary,
    Call,
    Coordinate,
    Expression,
    Name,
    Negative,
    Node,
    Number,
    depth_extent,
    parse_expression,
    walk_nodes,
)
from ocean_core.geometry import Floats
from ocean_core.seawater import SeaWater
from ocean_core.units import is_known_unit, unit_conversion
from ocean_core.vectors import Axis as VectorAxis
from ocean_data.compute import derivatives
from ocean_data.compute.depth import metres
from ocean_data.compute.vectors import SAME_UNITS, cell_directions, no_vector, vector_axes
from ocean_data.grids import has_rows
from ocean_data.grids.base import Cells, Grid
from ocean_data.plan.times import Axis, match_instants
from ocean_data.reading.base import Reading, Source
from ocean_data.reading.files import levels_of, plane

EXPRESSION_KEY = "expression"
DEFAULT_SCALE = (0.0, 100.0)  # where nothing tells


def coordinate_role(assets: Assets, name: str) -> Coordinate | None:
    """Return the coordinate that a name means; None if it means none."""
    grid, axis = assets.grid, depth_axis(assets)
    own = {"depth": axis and axis.name, "latitude": grid.latitude, "longitude": grid.longitude}
    return next((role for role, names in COORDINATE_NAMES.items() if name in names or name == own[role]), None)


def depth_axis(assets: Assets) -> DepthAxis | None:
    """Return the levels of a variable, or those of the columns that it is calculated from."""
    return assets.depth or next((axis for operand in assets.operands.values() if (axis := depth_axis(operand))), None)


def only_operand(node: Node, operands: dict[str, Assets]) -> Assets | None:
    """Return the only variable in a part of an equation; None if there are several, or none."""
    names = {name_node.name for name_node in walk_nodes(node) if isinstance(name_node, Name)} & operands.keys()
    return operands[names.pop()] if len(names) == 1 else None


def known_units(node: Node, operands: Mapping[str, Assets]) -> str:
    """Return the units of a variable that is a whole argument; an expression has those that its author meant."""
    return operands[node.name].variable.units if isinstance(node, Name) and node.name in operands else ""


def match_components(call: Call, operands: Mapping[str, Assets]) -> tuple[Node, ...]:
    """Return the arguments of a function, the second component of a vector in the unit of the first."""
    if not FUNCTIONS[call.function].vector:
        return call.arguments
    first, second, *more = call.arguments
    units = [known_units(node, operands) for node in (first, second)]
    conversion = unit_conversion(units[1], units[0]) if all(map(is_known_unit, units)) and all(units) else SAME_UNITS
    if conversion is None and isinstance(first, Name) and isinstance(second, Name):
        raise no_vector(operands[first.name].variable, operands[second.name].variable, field="expression")
    factor, offset = conversion or SAME_UNITS
    if (factor, offset) != SAME_UNITS:
        second = Binary("+", Binary("*", second, Number(factor)), Number(offset))
    return first, second, *more


def has_levels(name: str, assets: Assets) -> bool:
    """Return whether a variable or coordinate of an equation has values at the levels of a depth axis."""
    if name in assets.operands:
        return assets.operands[name].depth is not None
    return coordinate_role(assets, name) == "depth" and depth_axis(assets) is not None


def check_equation(expression: Expression, assets: Assets) -> None:
    """Refuse an equation that cannot be calculated with its operands, before anything is read."""
    axis = depth_axis(assets)
    for name in expression.names:
        role = coordinate_role(assets, name)
        if name in assets.operands:
            _check_operand(name, assets, axis)
        elif role is None:
            allowed = sorted({*assets.operands, *(name for names in COORDINATE_NAMES.values() for name in names)})
            raise InvalidRequest(
                "{name!r} is neither a variable of {dataset} nor one of its coordinates, which are depth, latitude and "
                "longitude",
                name=name,
                dataset=assets.dataset,
                allowed=tuple(allowed),
                field="expression",
            )
        elif role == "depth" and (axis is None or np.isnan(metres(axis)).any()):
            raise InvalidRequest(
                "{name} is not known: {key} has no depth levels in metres",
                name=name,
                key=assets.variable.key,
                field="expression",
            )
    for call in expression.calls:
        match_components(call, assets.operands)
    discrete = [name for name, operand in assets.operands.items() if operand.variable.is_discrete]
    is_calculated = not isinstance(expression.root, Name) and not assets.variable.is_discrete
    if is_calculated and len(discrete) == len(assets.operands) > 0:
        raise InvalidRequest(
            "the numbers of {name} stand for categories or flags: nothing can be calculated from them alone",
            name=discrete[0],
            field="expression",
        )
    in_rows = {call.function for call in expression.calls if FUNCTIONS[call.function].neighbours}
    if in_rows and not has_rows(assets.grid):
        raise InvalidRequest(
            "{function} needs a grid of rows and columns; that of {key} has none",
            function=min(in_rows),
            key=assets.variable.key,
            field="expression",
        )
    spans = depth_extent(expression.root, lambda name: has_levels(name, assets))
    if spans == "column":
        raise InvalidRequest(
            "[name] is a whole column; make one value of it: max([name]), or soniclayerdepth and the like",
            field="expression",
        )
    if spans == "level" and assets.depth is None:
        raise InvalidRequest(
            "{key} has no depth, and what it is calculated from has; give it a depth, or make one "
            "value of each column, as max([name])",
            key=assets.variable.key,
            field="expression",
        )


def _check_operand(name: str, assets: Assets, axis: DepthAxis | None) -> None:
    operand, key = assets.operands[name], assets.variable.key
    if operand.grid.shape != assets.grid.shape:
        first, second = (" x ".join(map(str, variable.grid.shape)) for variable in (operand, assets))
        raise InvalidRequest(
            "{name} and {key} are on different grids, of {first} and {second} cells; only equal shapes go together",
            name=name,
            key=key,
            first=first,
            second=second,
            field="expression",
        )
    if operand.steps is not None and assets.steps is None:
        raise InvalidRequest("{name} has times, and {key} has none", name=name, key=key, field="expression")
    if operand.depth and axis and len(operand.depth.values) != len(axis.values):
        raise InvalidRequest(
            "{name} has {count} depth levels, and {key} has {other_count}",
            name=name,
            count=len(operand.depth.values),
            key=key,
            other_count=len(axis.values),
            field="expression",
        )


def calculated_assets(dataset: str, text: str, operands: Mapping[str, Assets]) -> Assets:
    """Describe the variable that an expression of a request makes.

    ``operands``: the variables in it, by name, those that are calculated with their own operands. What is missing there
    is one of the coordinates, or InvalidRequest.
    """
    expression = parse_expression(text)
    if not operands:
        raise InvalidRequest(
            "an expression has at least one variable of {dataset}, whose grid is that of the result",
            dataset=dataset,
            field="expression",
        )
    base = max(operands.values(), key=lambda operand: (operand.depth is not None, operand.steps is not None))
    result = msgspec.structs.replace(
        base,
        dataset=dataset,
        variable=_describe(expression.root, text, base, operands),
        source="",
        steps=_common_steps(list(operands.values())),
        equation=text,
        operands=dict(operands),
        components={},
    )
    if depth_extent(expression.root, lambda name: has_levels(name, result)) == "flat":
        dimensions = [dimension for dimension in result.dimensions if dimension.role != "depth"]
        variable = msgspec.structs.replace(result.variable, two_dimensional=True)
        result = msgspec.structs.replace(result, depth=None, levels=None, dimensions=dimensions, variable=variable)
    check_equation(expression, result)
    return result


def with_operands(assets: Assets, operands: Mapping[str, Assets]) -> Assets:
    """Add the operands to a configured variable, or raise InvalidRequest."""
    result = msgspec.structs.replace(assets, operands=dict(operands))
    check_equation(parse_expression(assets.equation or ""), result)
    return result


def stored_variable(assets: Assets) -> Assets:
    """Return the variable in the files, where the configuration has an equation of the same name.

    It is among the operands, or the source is its name in the files. Then its units are not known: those of the
    configuration are of the calculated variable.
    """
    operand = assets.operands.get(assets.variable.key)
    if operand is not None and operand.equation is None:
        return operand
    return msgspec.structs.replace(
        assets, equation=None, operands={}, variable=msgspec.structs.replace(assets.variable, units="")
    )


def circular_equation(names: tuple[str, ...]) -> InvalidRequest:
    """Make the error of variables that are calculated from each other."""
    return InvalidRequest(
        "{name} cannot be calculated, for its equation goes in a circle: {circle}",
        name=names[0],
        circle=", ".join(names),
        field="variable",
    )


def _describe(root: Node, text: str, base: Assets, operands: Mapping[str, Assets]) -> VariableInfo:
    """Describe the result: a variable alone keeps its description, a function has units, all else nothing."""
    alone = operands.get(root.name) if isinstance(root, Name) else None
    if alone is not None:
        return msgspec.structs.replace(alone.variable, key=EXPRESSION_KEY, name=text)
    return base.variable.as_quantity(
        key=EXPRESSION_KEY,
        name=text,
        long_name=None,
        units=FUNCTIONS[root.function].units if isinstance(root, Call) else "",
        standard_name=None,
        scale=DEFAULT_SCALE,
        zero_centered=False,
        colormap="",
        logarithmic=False,
    )


def _common_steps(operands: list[Assets]) -> Steps | None:
    """Return the time steps that all operands have; None if none of them has time."""
    steps = [axis.steps for axis in operands if axis.steps is not None]
    if not steps or all(axis == steps[0] for axis in steps):
        return steps[0] if steps else None
    first, *rest = (Axis.of(axis) for axis in steps)
    common = np.ones(first.seconds.shape, dtype=bool)
    for axis in rest:
        common &= match_instants(axis, first)[1]
    if not common.any():
        raise InvalidRequest("the variables of this expression have no time step in common", field="expression")
    names = ("raw", "seconds", "file", "position", *(("values",) if first.values is not None else ()))
    return msgspec.structs.replace(steps[0], **{name: pack_array(getattr(first, name)[common]) for name in names})


# Evaluation on the cells, levels and time steps of a request

VALUES_AT_ONCE = 2_000_000  # numbers of each operand
ALL = slice(None)
STILL = 1e-5  # m/s: a current slower than this in both components has no direction
Indices = NDArray[np.int64]


def bearing(north: Floats, east: Floats) -> Floats:
    """Return the direction of vectors, degrees clockwise from north, 0 to 360; NaN where they are nearly zero."""
    still = (np.abs(north) < STILL) & (np.abs(east) < STILL)
    return np.where(still, np.nan, vectors.bearing(east, north))


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


@dataclass(frozen=True)
class CellBox:
    """All cells of some rows and columns of a grid."""

    rows: slice
    columns: slice
    width: int  # of the grid

    @property
    def flat(self) -> Indices:
        """Flat indices of the cells: (cell,)."""
        rows, columns = (np.arange(part.start, part.stop) for part in (self.rows, self.columns))
        return (rows[:, np.newaxis] * self.width + columns).ravel()

    def read(self, source: Source, variable: Assets, steps: Sequence[int] | None, levels: slice) -> Floats:
        """Read the values of a variable: (step, depth, cell)."""
        box = self.rows, self.columns
        windows = [source.window(variable, step, levels, box) for step in (steps if steps is not None else [None])]
        return np.stack([window.reshape(window.shape[0], -1) for window in windows]).astype(np.float64)

    def widen(self, shape: tuple[int, int]) -> "CellBox":
        """Add the neighbours of the cells, also around the globe."""
        rows = slice(max(self.rows.start - 1, 0), min(self.rows.stop + 1, shape[0]))
        inside = self.columns.start > 0 and self.columns.stop < shape[1]
        columns = slice(self.columns.start - 1, self.columns.stop + 1) if inside else slice(0, shape[1])
        return replace(self, rows=rows, columns=columns)

    def find(self, cells: Indices) -> Indices:
        """Return the positions of ``cells`` among these; -1 stays -1."""
        row, column = np.divmod(cells, self.width)
        position = (row - self.rows.start) * (self.columns.stop - self.columns.start) + column - self.columns.start
        return np.where(cells >= 0, position, -1)


@dataclass(frozen=True)
class CellList:
    """Single cells, ascending: with the members of `CellBox`."""

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


def steps_of(operand: Assets, result: Assets, steps: Sequence[int] | None) -> list[int] | None:
    """Return the time steps of an operand at the instants of those of the result."""
    if operand.steps is None or result.steps is None or steps is None:
        return None
    if operand.steps is result.steps or operand.steps == result.steps:
        return list(steps)
    axis = Axis.of(result.steps)
    indices, exists = (of_all[list(steps)] for of_all in match_instants(Axis.of(operand.steps), axis))
    if not exists.all():
        raise TimeNotFound(
            "{key} has no time step at {instant}, and {result} is calculated from it",
            key=operand.variable.key,
            instant=axis.label(steps[int(np.flatnonzero(~exists)[0])]),
            result=result.variable.key,
            field="time",
        )
    steps_of_operand: list[int] = indices.tolist()
    return steps_of_operand


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Evaluates the parts of an equation on some cells, levels and time steps."""

    reading: Reading
    assets: Assets  # of the calculated variable
    steps: Sequence[int] | None  # of its time steps
    levels: slice  # of its depth axis
    cells: CellBox | CellList
    mask: NDArray[np.bool_] | None = None  # (cell,): the other cells need not be calculated, and are NaN
    read: dict[tuple[str, bool], Floats] = field(default_factory=dict)  # of names that occur more than once

    def result(self, *shape: int) -> Floats:
        """Calculate the variable: (step, depth, cell); NaN where there is no number."""
        with np.errstate(all="ignore"):  # of land, and of what has no value
            values = self.value(parse_expression(self.assets.equation or "").root)
        return np.broadcast_to(np.where(np.isfinite(values), values, np.nan), shape)

    def value(self, node: Node) -> Floats:
        """Evaluate a part of the equation."""
        match node:
            case Number():
                return np.full((1, 1, 1), node.value)
            case Name():
                return self.value_of(node.name) if not node.column else replace(self, levels=ALL).value_of(node.name)
            case Negative():
                return -self.value(node.operand)
            case Binary():
                return OPERATORS[node.operator](self.value(node.left), self.value(node.right))
            case Call():
                return (replace(self, levels=ALL) if node.reduces_column else self).call(node)

    def value_of(self, name: str) -> Floats:
        operand, key = self.assets.operands.get(name), (name, self.levels == ALL)
        if operand is not None and key in self.read:
            return self.read[key]
        if operand is not None:
            levels = ALL if operand.depth is None else self.levels
            steps = steps_of(operand, self.assets, self.steps)
            values = self.cells.read(self.reading.source, operand, steps, levels)
            values = values if self.mask is None else np.where(self.mask, values, np.nan)
            if parse_expression(self.assets.equation or "").repeats(name):
                self.read[key] = values
            return values
        role = coordinate_role(self.assets, name)
        if role == "depth":
            return self._depths()
        latitude, longitude = self.centres()
        return latitude if role == "latitude" else longitude

    def _depths(self) -> Floats:
        """The depths of the levels, m: (1, depth, 1); zero where there is no depth axis."""
        axis = depth_axis(self.assets)
        return metres(axis)[self.levels][np.newaxis, :, np.newaxis] if axis else np.zeros((1, 1, 1))

    def centres(self) -> tuple[Floats, Floats]:
        """Latitudes and longitudes of the cells, degrees: (1, 1, cell) each."""
        latitude, longitude = self._grid.centres(self.cells.flat.astype(np.int32))
        return latitude[np.newaxis, np.newaxis], longitude[np.newaxis, np.newaxis]

    @property
    def _grid(self) -> Grid:
        return self.reading.grids.grid(self.assets.grid)

    def call(self, node: Call) -> Floats:
        name, arguments = node.function, match_components(node, self.assets.operands)
        if name in ELEMENTWISE:
            result: Floats = ELEMENTWISE[name](*map(self.value, arguments))
            return result
        if name in EXTREMES:
            of_two, of_column = EXTREMES[name]
            result = reduce(of_two, map(self.value, arguments))
            return of_column.reduce(result, axis=1, keepdims=True) if len(arguments) == 1 else result
        if name in WATER_PROPERTIES:
            return self._water(WATER_PROPERTIES[name], arguments)
        if name in CHANNELS:
            return self._channel(node)
        return self._of_neighbours(name, arguments)

    def _water(self, name: str, arguments: Sequence[Node]) -> Floats:
        """Evaluate a property of sea water; temperature and salinity may follow depth and latitude."""
        *place, temperature, salinity = (self.value(node) for node in arguments[:4])
        latitude, longitude = self.centres()
        depth, latitude = place or (self._depths(), latitude)
        nodes = arguments[:4][-2:]
        variables = [only_operand(node, self.assets.operands) for node in nodes]
        units = [known_units(node, self.assets.operands) for node in nodes]
        names = [assets.variable.standard_name or "" if assets else "" for assets in variables]
        temperature = seawater.to_celsius(temperature, units[0])
        salinity = seawater.to_grams_per_kilogram(salinity, units[1])
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

    def _channel(self, node: Call) -> Floats:
        """Evaluate a function of the speed of sound along columns, from the surface down."""
        speed = self._water("sound_speed", node.arguments)
        depth = self.value(node.arguments[0])
        options: list[Any] = [self.value(argument) for argument in node.arguments[4:]]
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

    def _of_neighbours(self, name: str, arguments: Sequence[Node]) -> Floats:
        """Evaluate a function of the values around each cell."""
        cells, shape = self.cells.flat, self._grid.shape
        wider = replace(self, cells=self.cells.widen(shape), read={})
        find, beside = wider.cells.find, neighbour_cells(cells, shape)
        if name == "unstaggered_speed":
            # Of an Arakawa C grid: u is on a cell's right side, v on its upper one.
            means = []
            previous_cells = np.where(cells % shape[1] == 0, -1, beside[:, 1]), beside[:, 3]
            for component, previous in zip(arguments, previous_cells, strict=True):
                values = wider.at_cells(component)
                before = np.where(previous >= 0, values[..., find(previous)], np.nan)
                means.append((values[..., find(cells)] + before) / 2)
            speed: Floats = np.hypot(*means)
            return speed
        latitude, longitude = (degrees[0, 0] for degrees in wider.centres())
        near = derivatives.neighbourhood(find(cells), find(beside), latitude, longitude)
        if name in CURRENTS:
            return CURRENTS[name](wider.in_space(arguments[:2]), near)
        function, axis = SLOPES[name]
        return function(wider.at_cells(arguments[0]), near)[axis]

    def at_cells(self, node: Node) -> Floats:
        """Evaluate a part at every cell, also if it does not depend on the cell."""
        values = self.value(node)
        return np.broadcast_to(values, (*values.shape[:2], self.cells.flat.size))

    def in_space(self, components: Sequence[Node]) -> Floats:
        """Evaluate two components as vectors in space: (3, step, depth, cell)."""
        first, second = (only_operand(node, self.assets.operands) for node in components)
        axes: tuple[VectorAxis, VectorAxis] = ("x", "y")
        if first is not None and second is not None:
            axes = vector_axes(first.variable, second.variable)
        cells, total = self.cells.flat.astype(np.int32), np.zeros((3, 1, 1, 1))
        for component, operand, axis in zip(components, (first, second), axes, strict=True):
            directions = cell_directions(self.reading, operand or self.assets, cells, axis).T[
                :, np.newaxis, np.newaxis, :
            ]
            total = total + self.at_cells(component) * directions
        return total


def calculate_window(
    reading: Reading,
    assets: Assets,
    step: int | None,
    depths: slice,
    box: tuple[slice, slice],
    *,
    mask: NDArray[np.bool_] | None = None,
    at_once: int = VALUES_AT_ONCE,
) -> Floats:
    """Calculate a box of cells at one time: (depth, y, x); with a mask, (y, x), at least its cells."""
    if any(FUNCTIONS[call.function].neighbours for call in parse_expression(assets.equation or "").calls):
        mask = None
    shape = plane(assets)
    rows, columns = (range(size)[part] for size, part in zip(shape, box, strict=True))
    levels = levels_of(assets, depths)
    result = np.full((len(levels), len(rows), len(columns)), np.nan)
    if not result.size:
        return result
    # Levels and rows are calculated together, as many as the values that are read for them allow.
    read, width, steps = _levels_read(assets), len(columns), None if step is None else [step]
    deep = len(levels) if read > 1 else max(1, min(len(levels), at_once // (len(rows) * width)))
    high = max(1, at_once // (max(deep, read) * width))
    for top in range(0, len(rows), high):
        row = rows[top : top + high]
        cells = CellBox(slice(row.start, row.stop), slice(columns.start, columns.stop), shape[1])
        part = None if mask is None else mask[top : top + high].ravel()
        for first in range(0, len(levels), deep):
            level = levels[first : first + deep]
            depth = slice(level.start, level.stop)
            evaluation = Evaluation(reading=reading, assets=assets, steps=steps, levels=depth, cells=cells, mask=part)
            values = evaluation.result(1, len(level), len(row) * width)
            result[first : first + deep, top : top + high] = values.reshape(len(level), len(row), width)
    return result


def calculate_columns(
    reading: Reading,
    assets: Assets,
    steps: Sequence[int] | None,
    depths: slice,
    cells: Cells,
    *,
    at_once: int = VALUES_AT_ONCE,
) -> Floats:
    """Calculate a few cells: (step, depth, cell)."""
    # Ascending and each once, as `CellList.find` needs them.
    ascending, inverse = np.unique(cells.astype(np.int64), return_inverse=True)
    levels = levels_of(assets, depths)
    count = 1 if steps is None else len(steps)
    result = np.full((count, len(levels), cells.size), np.nan)
    if not result.size:
        return result
    whole = Evaluation(
        reading=reading,
        assets=assets,
        steps=steps,
        levels=slice(levels.start, levels.stop),
        cells=CellList(ascending),
    )
    longest = max(1, at_once // (ascending.size * max(len(levels), _levels_read(assets))))
    for first in range(0, count, longest):
        part = replace(whole, steps=None if steps is None else list(steps[first : first + longest]), read={})
        values = part.result(len(part.steps or [0]), len(levels), ascending.size)
        result[first : first + longest] = values[:, :, inverse.ravel()]
    return result


def _levels_read(assets: Assets) -> int:
    """Count the levels that are read at least: all of them, where an equation takes whole columns."""
    takes_columns = any(call.reduces_column for call in parse_expression(assets.equation or "").calls)
    axis = depth_axis(assets)
    return len(axis.values) if takes_columns and axis else 1
