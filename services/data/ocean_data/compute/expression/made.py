"""What a calculated variable is, from what it is calculated from."""

from collections.abc import Mapping

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.contracts.arrays import Array
from ocean_common.contracts.assets import Assets, Steps, VariableInfo
from ocean_common.errors import InvalidRequest
from ocean_core.expression import FUNCTIONS, Call, Name, Node, parse_expression
from ocean_data.compute.expression.names import check, extent
from ocean_data.plan.times import Axis

KEY = "expression"
SCALE = (0.0, 100.0)  # where nothing tells


def calculated_assets(dataset: str, text: str, operands: Mapping[str, Assets]) -> Assets:
    """A variable that nobody configured.

    Parameters
    ----------
    dataset : str
        Its dataset.
    text : str
        The equation.
    operands : mapping of str to Assets
        The variables in it, by name: those that are calculated with their own operands. What is missing here is one of
        the coordinates, or InvalidRequest.
    """
    expression = parse_expression(text)
    if not operands:
        raise InvalidRequest(
            "an expression has at least one variable of {dataset}, whose grid is that of the result",
            dataset=dataset,
            field="expression",
        )
    base = max(operands.values(), key=lambda one: (one.depth is not None, one.steps is not None))
    made = replace(
        base,
        dataset=dataset,
        variable=_info(expression.root, text, base, operands),
        source="",
        steps=_common(list(operands.values())),
        equation=text,
        operands=dict(operands),
        levels=base.levels,
        components={},
    )
    if extent(expression.root, made) == "flat":
        made = _flat(made)
    check(expression, made)
    return made


def resolved(assets: Assets, operands: Mapping[str, Assets]) -> Assets:
    """A configured variable with its operands, or InvalidRequest that says why it cannot be calculated."""
    made = replace(assets, operands=dict(operands))
    check(parse_expression(assets.equation or ""), made)
    return made


def stored(assets: Assets) -> Assets:
    """The variable in the files, beside which the configuration has an equation of the same name.

    Whoever describes the variable tells it among the operands, or its name in the files as the source. Its units are
    not known then: those that are configured are of what is calculated.
    """
    configured = assets.operands.get(assets.variable.key)
    if configured is not None and configured.equation is None:
        return configured
    return replace(assets, equation=None, operands={}, variable=replace(assets.variable, units=""))


def circle(names: tuple[str, ...]) -> InvalidRequest:
    """Variables are calculated from each other."""
    return InvalidRequest(
        "{names} cannot be calculated, for its equation goes in a circle: {second_names}",
        names=names[0],
        second_names=", ".join(names),
        field="variable",
    )


def _flat(assets: Assets) -> Assets:
    return replace(
        assets,
        depth=None,
        levels=None,
        dimensions=[dimension for dimension in assets.dimensions if dimension.role != "depth"],
        variable=replace(assets.variable, two_dimensional=True),
    )


def _info(root: Node, text: str, base: Assets, operands: Mapping[str, Assets]) -> VariableInfo:
    """What is known of the result: of a variable alone all, of a function its units, else nothing."""
    alone = operands.get(root.name) if isinstance(root, Name) else None
    if alone is not None:
        return replace(alone.variable, key=KEY, name=text)
    return replace(
        base.variable,
        key=KEY,
        name=text,
        long_name=None,
        units=FUNCTIONS[root.function].units if isinstance(root, Call) else "",
        standard_name=None,
        scale=SCALE,
        zero_centered=False,
        categories=[],
    )


def _common(operands: list[Assets]) -> Steps | None:
    """The time steps that all operands have; None if none of them has time."""
    steps = [operand.steps for operand in operands if operand.steps is not None]
    if not steps or all(step == steps[0] for step in steps):
        return steps[0] if steps else None
    first, *rest = (Axis.of(step) for step in steps)
    common = np.ones(first.seconds.shape, dtype=bool)
    for axis in rest:
        common &= np.isin(first.seconds, axis.seconds)
    if not common.any():
        raise InvalidRequest("the variables of this expression have no time step in common", field="expression")
    return replace(
        steps[0],
        raw=_array(first.raw[common]),
        seconds=_array(first.seconds[common]),
        file=_array(first.file[common]),
        position=_array(first.position[common]),
    )


def _array(values: NDArray[np.generic]) -> Array:
    return Array(dtype=values.dtype.str, shape=values.shape, data=values.tobytes())
