"""Two components make a vector, whichever way each of them points."""

from ocean_common.contracts.assets import VariableInfo
from ocean_core.errors import InvalidRequest
from ocean_core.vectors import TRUE_AXIS, Axis, component_axes

JUMP = 3.0  # times: a neighbour this much farther than the other one is across a cut in the file


def keys(variable: str) -> list[str]:
    """Read the key of a variable, or with a comma those of the two components of a vector."""
    names = variable.split(",")
    if len(names) > 2 or not all(name.strip() for name in names):
        raise InvalidRequest(
            "variable {variable!r} is neither one key nor the two of a vector, as u,v",
            variable=variable[:60],
            field="variable",
        )
    return names


def no_vector(variable: str) -> InvalidRequest:
    """Return the error for one variable in the place of a vector."""
    return InvalidRequest(
        "{variable!r} is one variable; name the two components of a vector with a comma, as u,v",
        variable=variable[:60],
        field="variable",
    )


def axes(first: VariableInfo, second: VariableInfo) -> tuple[Axis, Axis]:
    """Return the axes of two components: as their standard names say, else along the grid's rows and columns."""
    if first.units != second.units:
        raise InvalidRequest(
            "{key} is in {units!r} and {second_key} in {second_units!r}: these are not the two components of a vector",
            key=first.key,
            units=first.units,
            second_key=second.key,
            second_units=second.units,
            field="variable",
        )
    axis, other_axis = component_axes(first.standard_name, second.standard_name)
    if TRUE_AXIS[axis] == TRUE_AXIS[other_axis]:
        raise InvalidRequest(
            "{key} and {second_key} point the same way, {value}; a vector has a component each way, as u,v",
            key=first.key,
            second_key=second.key,
            value=TRUE_AXIS[axis],
            field="variable",
        )
    return axis, other_axis
