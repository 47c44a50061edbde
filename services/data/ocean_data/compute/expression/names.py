"""What the names in an equation mean: variables, or the coordinates of what is calculated."""

from typing import Literal

from ocean_common.contracts.assets import Assets, DepthAxis
from ocean_common.errors import InvalidRequest
from ocean_core.expression import (
    COORDINATE_NAMES,
    FUNCTIONS,
    Call,
    Coordinate,
    Expression,
    Name,
    Node,
    child_nodes,
    walk_nodes,
)
from ocean_data.compute.depth import metres
from ocean_data.grids import has_rows

Extent = Literal["flat", "level", "column"]  # without depth, at the depth asked for, over the whole depth axis

EXTENTS: tuple[Extent, ...] = ("flat", "level", "column")


def coordinate(assets: Assets, name: str) -> Coordinate | None:
    """Which coordinate a name is; None if it is none."""
    grid, axis = assets.grid, depth_axis(assets)
    own = {"depth": axis and axis.name, "latitude": grid.latitude, "longitude": grid.longitude}
    return next((role for role, names in COORDINATE_NAMES.items() if name in names or name == own[role]), None)


def depth_axis(assets: Assets) -> DepthAxis | None:
    """The levels of a variable, or those of the columns that it is calculated from."""
    return assets.depth or next((axis for operand in assets.operands.values() if (axis := depth_axis(operand))), None)


def subject(node: Node, operands: dict[str, Assets]) -> Assets | None:
    """The only variable in a part of an equation; None if there are several, or none."""
    names = {walk_node.name for walk_node in walk_nodes(node) if isinstance(walk_node, Name)} & operands.keys()
    return operands[names.pop()] if len(names) == 1 else None


def extent(node: Node, assets: Assets) -> Extent:
    """How much of the depth axis a part of an equation spans."""
    if isinstance(node, Name):
        if node.name in assets.operands:
            deep = depth_axis(assets.operands[node.name]) if assets.operands[node.name].depth else None
        else:
            deep = depth_axis(assets) if coordinate(assets, node.name) == "depth" else None
        return "flat" if deep is None else ("column" if node.column else "level")
    if isinstance(node, Call) and node.reduces_column:
        return "flat"
    return max((extent(child_node, assets) for child_node in child_nodes(node)), key=EXTENTS.index, default="flat")


def check(expression: Expression, assets: Assets) -> None:
    """Refuse an equation that cannot be calculated with its operands: before anything is read."""
    axis = depth_axis(assets)
    for name in expression.names:
        if name in assets.operands:
            _check_operand(name, assets, axis)
        elif coordinate(assets, name) == "depth":
            _check_depth(name, assets, axis)
        elif coordinate(assets, name) is None:
            raise unknown(assets, name)
    in_rows = {call.function for call in expression.calls if FUNCTIONS[call.function].neighbours}
    if in_rows and not has_rows(assets.grid):
        raise InvalidRequest(
            "{size} needs a grid of rows and columns; that of {key} has none",
            size=min(in_rows),
            key=assets.variable.key,
            field="expression",
        )
    spans = extent(expression.root, assets)
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


def unknown(assets: Assets, name: str) -> InvalidRequest:
    """A name means nothing."""
    names_of_assets = sorted({*assets.operands, *(one for names in COORDINATE_NAMES.values() for one in names)})
    return InvalidRequest(
        "{name!r} is neither a variable of {dataset} nor one of its coordinates, which are depth, latitude and "
        "longitude",
        name=name,
        dataset=assets.dataset,
        allowed=tuple(names_of_assets),
        field="expression",
    )


def _check_operand(name: str, assets: Assets, axis: DepthAxis | None) -> None:
    operand, key = assets.operands[name], assets.variable.key
    if operand.grid.shape != assets.grid.shape:
        first, second = (" x ".join(map(str, one.grid.shape)) for one in (operand, assets))
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
            "{name} has {values_count} depth levels, and {key} has {second_count}",
            name=name,
            values_count=len(operand.depth.values),
            key=key,
            second_count=len(axis.values),
            field="expression",
        )


def _check_depth(name: str, assets: Assets, axis: DepthAxis | None) -> None:
    if axis is None or None in metres(axis):
        raise InvalidRequest(
            "{name} is not known: {key} has no depth levels in metres",
            name=name,
            key=assets.variable.key,
            field="expression",
        )
