"""Equations of calculated variables: the variables and coordinates that their names mean, and what they make."""

from collections.abc import Mapping
from typing import Literal

import numpy as np
from msgspec.structs import replace

from ocean_common.arrays import pack_array
from ocean_common.contracts.assets import Assets, DepthAxis, Steps, VariableInfo
from ocean_core.errors import InvalidRequest
from ocean_core.expression import (
    COORDINATE_NAMES,
    FUNCTIONS,
    Call,
    Coordinate,
    Expression,
    Name,
    Node,
    child_nodes,
    parse_expression,
    walk_nodes,
)
from ocean_data.compute.depth import metres
from ocean_data.grids import has_rows
from ocean_data.plan.times import Axis, match_instants

Extent = Literal["flat", "level", "column"]  # without depth, at the depth asked for, over the whole depth axis

EXTENTS: tuple[Extent, ...] = ("flat", "level", "column")
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


def depth_extent(node: Node, assets: Assets) -> Extent:
    """Return how much of the depth axis a part of an equation spans."""
    if isinstance(node, Name):
        if node.name in assets.operands:
            deep = depth_axis(assets.operands[node.name]) if assets.operands[node.name].depth else None
        else:
            deep = depth_axis(assets) if coordinate_role(assets, node.name) == "depth" else None
        return "flat" if deep is None else ("column" if node.column else "level")
    if isinstance(node, Call) and node.reduces_column:
        return "flat"
    return max((depth_extent(child, assets) for child in child_nodes(node)), key=EXTENTS.index, default="flat")


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
    in_rows = {call.function for call in expression.calls if FUNCTIONS[call.function].neighbours}
    if in_rows and not has_rows(assets.grid):
        raise InvalidRequest(
            "{function} needs a grid of rows and columns; that of {key} has none",
            function=min(in_rows),
            key=assets.variable.key,
            field="expression",
        )
    spans = depth_extent(expression.root, assets)
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
    result = replace(
        base,
        dataset=dataset,
        variable=_describe(expression.root, text, base, operands),
        source="",
        steps=_common_steps(list(operands.values())),
        equation=text,
        operands=dict(operands),
        components={},
    )
    if depth_extent(expression.root, result) == "flat":
        dimensions = [dimension for dimension in result.dimensions if dimension.role != "depth"]
        variable = replace(result.variable, two_dimensional=True)
        result = replace(result, depth=None, levels=None, dimensions=dimensions, variable=variable)
    check_equation(expression, result)
    return result


def with_operands(assets: Assets, operands: Mapping[str, Assets]) -> Assets:
    """Add the operands to a configured variable, or raise InvalidRequest."""
    result = replace(assets, operands=dict(operands))
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
    return replace(assets, equation=None, operands={}, variable=replace(assets.variable, units=""))


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
        return replace(alone.variable, key=EXPRESSION_KEY, name=text)
    return replace(
        base.variable,
        key=EXPRESSION_KEY,
        name=text,
        long_name=None,
        units=FUNCTIONS[root.function].units if isinstance(root, Call) else "",
        standard_name=None,
        scale=DEFAULT_SCALE,
        zero_centered=False,
        categories=[],
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
    return replace(steps[0], **{name: pack_array(getattr(first, name)[common]) for name in names})
