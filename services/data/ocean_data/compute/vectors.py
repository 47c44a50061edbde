"""Two components make a vector, whichever way each of them points."""

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import VariableInfo
from ocean_common.errors import InvalidRequest
from ocean_core.geometry import east_and_north
from ocean_core.vectors import TRUE_AXIS, Axis, component_axes
from ocean_data.compute import sphere
from ocean_data.ports import Cells, Floats, Grid

JUMP = 3.0  # times: a neighbour this much farther than the other one is across a cut in the file


def keys(variable: str) -> list[str]:
    """Read the key of a variable, or with a comma those of the two components of a vector."""
    found = variable.split(",")
    if len(found) > 2 or not all(one.strip() for one in found):
        raise InvalidRequest(
            "variable {variable!r} is neither one key nor the two of a vector, as u,v",
            variable=variable[:60],
            field="variable",
        )
    return found


def no_vector(variable: str) -> InvalidRequest:
    """What is said of one variable where a vector is asked for."""
    return InvalidRequest(
        "{variable!r} is one variable; name the two components of a vector with a comma, as u,v",
        variable=variable[:60],
        field="variable",
    )


def axes(first: VariableInfo, second: VariableInfo) -> tuple[Axis, Axis]:
    """Which way two components point: as their standard names say, else along the grid's rows and columns."""
    if first.units != second.units:
        raise InvalidRequest(
            "{key} is in {units!r} and {second_key} in {second_units!r}: these are not the two components of a vector",
            key=first.key,
            units=first.units,
            second_key=second.key,
            second_units=second.units,
            field="variable",
        )
    axis, other = component_axes(first.standard_name, second.standard_name)
    if TRUE_AXIS[axis] == TRUE_AXIS[other]:
        raise InvalidRequest(
            "{key} and {second_key} point the same way, {value}; a vector has a component each way, as u,v",
            key=first.key,
            second_key=second.key,
            value=TRUE_AXIS[axis],
            field="variable",
        )
    return axis, other


def directions(grid: Grid, cells: Cells, axis: Axis) -> Floats:
    """Unit vectors in space that point along an axis at cells: with these there is no pole, fold or date line.

    Parameters
    ----------
    grid : Grid
        With rows and columns for the axes x and y.
    cells : ndarray of int32, shape (cell,)
        Flat indices.
    axis : {"east", "north", "x", "y"}
        True east or north, or towards the next column or row.

    Returns
    -------
    ndarray of float, shape (cell, 3)
        NaN where no neighbour tells where the axis goes.
    """
    if axis in {"east", "north"}:
        return east_and_north(*grid.centres(cells))[0 if axis == "east" else 1]
    position, count = (cells % grid.shape[1], grid.shape[1]) if axis == "x" else (cells // grid.shape[1], grid.shape[0])
    stride = 1 if axis == "x" else grid.shape[1]
    own = sphere.unit_vectors(*grid.centres(cells))
    after = _at(grid, np.where(position + 1 < count, cells + stride, cells)) - own
    before = own - _at(grid, np.where(position > 0, cells - stride, cells))
    ahead, behind = np.linalg.norm(after, axis=-1), np.linalg.norm(before, axis=-1)
    along = np.where(_near(ahead, behind), after, 0.0) + np.where(_near(behind, ahead), before, 0.0)
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    found: Floats = np.divide(along, length, out=np.full_like(along, np.nan), where=length > 0)
    return found


def _at(grid: Grid, cells: NDArray[np.int32]) -> Floats:
    return sphere.unit_vectors(*grid.centres(cells.astype(np.int32)))


def _near(apart: Floats, other: Floats) -> NDArray[np.bool_]:
    """Which distances are to a true neighbour: (cell, 1)."""
    near: NDArray[np.bool_] = (apart > 0) & (apart < JUMP * np.where(other > 0, other, np.inf))
    return near[:, np.newaxis]
