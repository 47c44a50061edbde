"""Vectors from two components: the axes of these, and how they are rotated."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Axis = Literal["east", "north", "x", "y"]
Floats = NDArray[np.float64]

PERPENDICULAR: dict[Axis, Axis] = {"east": "north", "north": "east", "x": "y", "y": "x"}
# The axis that x and y become on a grid whose rows and columns follow parallels and meridians.
TRUE_AXIS: dict[Axis, Axis] = {"x": "east", "y": "north", "east": "east", "north": "north"}
AXIS_BY_WORD: dict[str, Axis] = {"eastward": "east", "northward": "north", "x": "x", "y": "y"}  # of standard names


def is_velocity(*standard_names: str | None) -> bool:
    """Return whether components with these standard names are those of a velocity."""
    return all("velocity" in (name or "") or (name or "").endswith("_wind") for name in standard_names)


def component_axis(standard_name: str | None) -> Axis | None:
    """Return the axis along which a component points, as its standard name says."""
    words = (standard_name or "").split("_")
    return next((axis for word, axis in AXIS_BY_WORD.items() if word in words), None)


def component_axes(first: str | None, second: str | None) -> tuple[Axis, Axis]:
    """Return the axes of two components by their standard names, else along the rows and columns of the grid.

    They are parallel, and make no vector, if :data:`TRUE_AXIS` has the same for both.
    """
    axis, other = component_axis(first), component_axis(second)
    axis = axis or (PERPENDICULAR[other] if other else "x")
    return axis, other or PERPENDICULAR[axis]


def rename_component(direction: str, standard_name: str | None) -> str | None:
    """Return the standard name of the part of a vector in a direction (eastward), from that of a component."""
    words = (standard_name or "").split("_")
    axis_word = next((word for word in AXIS_BY_WORD if word in words), None)
    return "_".join(direction if word == axis_word else word for word in words) if axis_word else None


def bearing(east: Floats, north: Floats, *, decimals: int | None = None) -> Floats:
    """Return the directions to which vectors point: degrees clockwise from north, 0 up to 360, perhaps rounded."""
    degrees = np.degrees(np.arctan2(east, north))
    directions: Floats = np.mod(degrees if decimals is None else np.round(degrees, decimals), 360.0)
    return directions


def vector_part(part: str, east: Floats, north: Floats, line_bearing: Floats | None = None) -> Floats:
    """Return a part of vectors by its name: eastward, northward, magnitude, bearing, along or across a line.

    A line goes on in ``line_bearing``, degrees clockwise from north; across it is to its left.
    """
    match part:
        case "eastward":
            return east
        case "northward":
            return north
        case "magnitude":
            return np.hypot(east, north)
        case "bearing":
            return bearing(east, north)
    angle = np.radians(0.0 if line_bearing is None else line_bearing)
    sine, cosine = np.sin(angle), np.cos(angle)
    return east * sine + north * cosine if part == "along" else north * sine - east * cosine
