"""What the names in an equation mean: variables, or the coordinates of what is calculated."""

from typing import Literal

from ocean_common.contracts.assets import Assets, DepthAxis
from ocean_common.errors import InvalidRequest
from ocean_common.expression import Call, Expression, Name, Node, children, walk, wrong
from ocean_common.functions import FUNCTIONS
from ocean_core.messages import Message
from ocean_data.compute.depth import metres

Coordinate = Literal["depth", "latitude", "longitude"]
Extent = Literal["flat", "level", "column"]  # without depth, at the depth asked for, over the whole depth axis

NAMES: dict[Coordinate, set[str]] = {
    "depth": {"depth", "deptht", "depthu", "depthv", "depthw", "lev", "z"},
    "latitude": {"latitude", "lat", "nav_lat"},
    "longitude": {"longitude", "lon", "nav_lon"},
}
EXTENTS: tuple[Extent, ...] = ("flat", "level", "column")
HORIZONTAL = {"gradient_x", "gradient_y", "geostrophic_x", "geostrophic_y", "vorticity", "divergence"}
STAGGERED = {"unstaggered_speed"}
IN_ROWS = HORIZONTAL | STAGGERED  # functions that look at the cells beside a cell


def coordinate(assets: Assets, name: str) -> Coordinate | None:
    """Which coordinate a name is; None if it is none."""
    grid, axis = assets.grid, depth_axis(assets)
    own = {"depth": axis and axis.name, "latitude": grid.latitude, "longitude": grid.longitude}
    return next((role for role, names in NAMES.items() if name in names or name == own[role]), None)


def depth_axis(assets: Assets) -> DepthAxis | None:
    """The levels of a variable, or those of the columns that it is calculated from."""
    return assets.depth or next((axis for one in assets.operands.values() if (axis := depth_axis(one))), None)


def subject(node: Node, operands: dict[str, Assets]) -> Assets | None:
    """The only variable in a part of an equation; None if there are several, or none."""
    found = {one.name for one in walk(node) if isinstance(one, Name)} & operands.keys()
    return operands[found.pop()] if len(found) == 1 else None


def over_column(call: Call) -> bool:
    """Whether a function makes one value of a column."""
    return FUNCTIONS[call.function].column or (call.function in {"max", "min"} and len(call.arguments) == 1)


def extent(node: Node, assets: Assets) -> Extent:
    """How much of the depth axis a part of an equation spans."""
    if isinstance(node, Name):
        if node.name in assets.operands:
            deep = depth_axis(assets.operands[node.name]) if assets.operands[node.name].depth else None
        else:
            deep = depth_axis(assets) if coordinate(assets, node.name) == "depth" else None
        return "flat" if deep is None else ("column" if node.column else "level")
    if isinstance(node, Call) and over_column(node):
        return "flat"
    return max((extent(one, assets) for one in children(node)), key=EXTENTS.index, default="flat")


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
    used = {node.function for node in walk(expression.root) if isinstance(node, Call)}
    if used & IN_ROWS and assets.grid.kind in {"triangles", "none"}:
        raise wrong(
            Message(
                "{size} needs a grid of rows and columns; that of {key} has none",
                size=min(used & IN_ROWS),
                key=assets.variable.key,
            )
        )
    spans = extent(expression.root, assets)
    if spans == "column":
        raise wrong("[name] is a whole column; make one value of it: max([name]), or soniclayerdepth and the like")
    if spans == "level" and assets.depth is None:
        raise wrong(
            Message(
                "{key} has no depth, and what it is calculated from has; give it a depth, or make one "
                "value of each column, as max([name])",
                key=assets.variable.key,
            )
        )


def unknown(assets: Assets, name: str) -> InvalidRequest:
    """A name means nothing."""
    known = sorted({*assets.operands, *(one for names in NAMES.values() for one in names)})
    return wrong(
        Message(
            "{name!r} is neither a variable of {dataset} nor one of its coordinates, which are depth, latitude and "
            "longitude",
            name=name,
            dataset=assets.dataset,
        ),
        tuple(known),
    )


def _check_operand(name: str, assets: Assets, axis: DepthAxis | None) -> None:
    operand, key = assets.operands[name], assets.variable.key
    if operand.grid.shape != assets.grid.shape:
        first, second = (" x ".join(map(str, one.grid.shape)) for one in (operand, assets))
        raise wrong(
            Message(
                "{name} and {key} are on different grids, of {first} and {second} cells; only equal shapes go together",
                name=name,
                key=key,
                first=first,
                second=second,
            )
        )
    if operand.steps is not None and assets.steps is None:
        raise wrong(Message("{name} has times, and {key} has none", name=name, key=key))
    if operand.depth and axis and len(operand.depth.values) != len(axis.values):
        raise wrong(
            Message(
                "{name} has {values_count} depth levels, and {key} has {second_count}",
                name=name,
                values_count=len(operand.depth.values),
                key=key,
                second_count=len(axis.values),
            )
        )


def _check_depth(name: str, assets: Assets, axis: DepthAxis | None) -> None:
    if axis is None or None in metres(axis):
        raise wrong(
            Message("{name} is not known: {key} has no depth levels in metres", name=name, key=assets.variable.key)
        )
