"""Vectors from two components, whichever way each of them points, and their arrows on a map tile."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from ocean_common.contracts.assets import Assets, VariableInfo
from ocean_common.contracts.data import TileRequest
from ocean_common.contracts.places import Arrow, ArrowCollection, ArrowProperties, PointGeometry
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats, east_and_north
from ocean_core.units import unit_conversion
from ocean_core.vectors import TRUE_AXIS, Axis, bearing, component_axes
from ocean_data.compute.field import Level, revision
from ocean_data.compute.interpolation import LocalStencil, gather, stencil
from ocean_data.compute.tiles import pixel_centres
from ocean_data.grids.base import Cells
from ocean_data.reading.base import Reading

ARROWS = {-1: 8, 0: 16, 1: 32}  # along each side of a tile, by density
LONGEST = 9
SAME_UNITS = 1.0, 0.0


def vector_axes(first: VariableInfo, second: VariableInfo) -> tuple[Axis, Axis]:
    """Return the axes of two components in one unit: as their standard names say, else along rows and columns."""
    axis, other_axis = component_axes(first.standard_name, second.standard_name)
    if TRUE_AXIS[axis] == TRUE_AXIS[other_axis]:
        raise InvalidRequest(
            "{key} and {other_key} point the same way, {axis}; a vector has a component each way, as u,v",
            key=first.key,
            other_key=second.key,
            axis=TRUE_AXIS[axis],
            field="variable",
        )
    return axis, other_axis


def match_units(first: Assets, second: Assets) -> list[Assets]:
    """Return two components, the second in the unit of the first."""
    conversion = unit_conversion(second.variable.units, first.variable.units)
    if conversion == SAME_UNITS:
        return [first, second]
    if conversion is None or second.equation is not None:
        raise no_vector(first.variable, second.variable)
    factor, offset = conversion
    files = [
        replace(file, conversion=(own_factor * factor, own_offset * factor + offset))
        for file in second.files
        for own_factor, own_offset in [file.conversion or SAME_UNITS]
    ]
    low, high = (limit * factor + offset for limit in second.variable.scale)
    info = replace(second.variable, units=first.variable.units, scale=(low, high))
    return [first, replace(second, variable=info, files=files)]


def cell_directions(reading: Reading, assets: Assets, cells: Cells, axis: Axis) -> Floats:
    """Return unit vectors in space along a component at cells, (cell, 3): by the angle of the grid's files if any."""
    grid = reading.grids.grid(assets.grid)
    if not (grid.rotated and axis in {"x", "y"} and assets.angle):
        return grid.directions(cells, axis)
    # The angle of the x axis from east, counter-clockwise.
    angle = {
        role: reading.source.columns(term, None if term.steps is None else [0], slice(None), cells)[0, 0]
        for role, term in assets.angle.items()
    }
    if "alpha" in angle:
        in_radians = "rad" in assets.angle["alpha"].variable.units
        alpha = angle["alpha"] if in_radians else np.radians(angle["alpha"])
    else:
        alpha = np.arctan2(angle["sine"], angle["cosine"])
    east, north = east_and_north(*grid.centres(cells))
    cosine, sine = np.cos(alpha)[:, np.newaxis], np.sin(alpha)[:, np.newaxis]
    directions: Floats = cosine * east + sine * north if axis == "x" else cosine * north - sine * east
    return directions


def no_vector(first: VariableInfo, second: VariableInfo, field: str = "variable") -> InvalidRequest:
    """Make the error of two components whose units do not go together."""
    return InvalidRequest(
        "{key} is in {units!r} and {other_key} in {other_units!r}: these are not the two components of a vector",
        key=first.key,
        units=first.units,
        other_key=second.key,
        other_units=second.units,
        field=field,
    )


@dataclass(frozen=True, kw_only=True)
class Vector:
    """Variables of a vector: two components, or a length and its bearing."""

    parts: tuple[Assets, Assets]
    by_bearing: bool = False  # the second part is degrees clockwise from north
    info: VariableInfo | None = None  # of the vector, if it has a name of its own


def tile_arrows(reading: Reading, vector: Vector, tile: TileRequest, density: int) -> tuple[ArrowCollection, str]:
    """Return the arrows of a vector at the centres of equal squares of a tile, and the revision.

    There are none on land and outside the grid.
    """
    if density not in ARROWS:
        raise InvalidRequest(
            "density {density} is none of -1, 0 and 1",
            density=density,
            field="density_adj",
            allowed=map(str, ARROWS),
        )
    latitude, longitude = pixel_centres(tile.projection, tile.zoom, tile.x, tile.y, ARROWS[density])
    levels = [Level.of(part, tile.time, tile.depth) for part in vector.parts]
    first, second = (part.variable for part in vector.parts)
    if vector.by_bearing:
        in_space = _along_bearing(reading, levels, latitude, longitude)
    else:
        axes = vector_axes(first, second)
        x, y = (_component(reading, *part, latitude, longitude) for part in zip(levels, axes, strict=True))
        in_space = x + y
    east, north = (np.einsum("ij,ij->i", in_space, direction) for direction in east_and_north(latitude, longitude))
    info = vector.info or first.magnitude_with(second)
    return _draw(latitude, longitude, east, north, info), revision(reading.source, levels)


def _along_bearing(reading: Reading, levels: Sequence[Level], latitude: Floats, longitude: Floats) -> Floats:
    """A length, the first, along a bearing in degrees, the second: vectors in space, (point, 3)."""
    length, angle = levels
    near = _cells_around(reading, length, latitude, longitude)
    lengths = gather(length.read(reading.source)[:, near.cells].astype(np.float64), near.local)
    near = _cells_around(reading, angle, latitude, longitude)
    turned = np.radians(angle.read(reading.source)[0, near.cells].astype(np.float64))[:, np.newaxis]
    east, north = east_and_north(*reading.grids.grid(angle.assets.grid).centres(near.cells))
    # Between 350° and 10° is 0°, not 180°: directions are interpolated, not numbers of degrees.
    ways = gather((np.sin(turned) * east + np.cos(turned) * north).T, near.local).T
    far = np.linalg.norm(ways, axis=1, keepdims=True)
    in_space: Floats = np.divide(ways, far, out=np.full_like(ways, np.nan), where=far > 0) * lengths.T
    return in_space


def _component(reading: Reading, level: Level, axis: Axis, latitude: Floats, longitude: Floats) -> Floats:
    """A component as vectors in space: (point, 3).

    Cells give it their own direction before it is interpolated: beyond the fold of a tripolar grid, and around a pole,
    the same component points elsewhere.
    """
    near = _cells_around(reading, level, latitude, longitude)
    if not near.cells.size:
        return np.full((latitude.size, 3), np.nan)
    values = level.read(reading.source)[0, near.cells].astype(np.float64)
    directions = cell_directions(reading, level.assets, near.cells, axis)
    return gather((values[:, np.newaxis] * directions).T, near.local).T


def _cells_around(reading: Reading, level: Level, latitude: Floats, longitude: Floats) -> LocalStencil:
    return LocalStencil.of(stencil(reading.grids.grid(level.assets.grid), latitude, longitude, "bilinear"))


def _draw(latitude: Floats, longitude: Floats, east: Floats, north: Floats, info: VariableInfo) -> ArrowCollection:
    """Features of the vectors that are there: (point,) each; m s-1 or whatever the units of ``info``."""
    present = np.flatnonzero(np.isfinite(east) & np.isfinite(north))
    east, north = east[present], north[present]
    length = np.hypot(east, north)
    columns = (
        longitude[present],
        latitude[present],
        lengths(length, info.scale),
        bearing(east, north, decimals=1),
        length,
    )
    return ArrowCollection(
        features=[
            Arrow(
                geometry=PointGeometry(coordinates=(round(x, 7), round(y, 7))),
                properties=ArrowProperties(
                    scale=scale, bearing=bearing, name=info.name, data=round(speed, 3), units=info.units
                ),
            )
            for x, y, scale, bearing, speed in zip(*(column.tolist() for column in columns), strict=True)
        ]
    )


def lengths(values: Floats, scale: tuple[float, float]) -> NDArray[np.int64]:
    """Return the lengths of arrows as numbers of tenths of the scale, rounded up; the longest for all beyond."""
    low, high = scale
    return np.clip(np.ceil(10 * (values - low) / (high if high > 0 else high - low)), 0, LONGEST).astype(np.int64)
