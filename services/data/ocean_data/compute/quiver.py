"""Arrows of a vector on a map tile."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts import assets
from ocean_common.contracts.places import Arrow, ArrowCollection, ArrowProperties, PointGeometry
from ocean_core.errors import InvalidRequest
from ocean_core.geometry import Floats, east_and_north
from ocean_core.tiles import Projection
from ocean_core.vectors import Axis, bearing
from ocean_data.compute import vectors
from ocean_data.compute.field import Level, pixel_centres, revision
from ocean_data.compute.interpolation import gather, narrowed, stencil
from ocean_data.grids.base import Cells
from ocean_data.ports import Grids, Source, Stencil

ARROWS = {-1: 8, 0: 16, 1: 32}  # along each side of a tile, by density
LONGEST = 9
TURNED = {"projected", "curvilinear"}  # grids whose rows and columns go their own way


@dataclass(frozen=True, kw_only=True)
class ArrowsRequest:
    """Request for arrows."""

    time: str
    depth: str
    density: int
    zoom: int
    x: int
    y: int
    projection: Projection = "EPSG:3857"


@dataclass(frozen=True, kw_only=True)
class Vector:
    """Variables of a vector: two components, or a length and its bearing."""

    parts: tuple[assets.Assets, assets.Assets]
    by_bearing: bool = False  # the second part is degrees clockwise from north
    info: assets.VariableInfo | None = None  # of the vector, if it has a name of its own


@dataclass(frozen=True, kw_only=True)
class Arrows:
    """Makes arrows, at the centres of equal squares of a tile."""

    source: Source
    grids: Grids

    def tile(self, vector: Vector, asked: ArrowsRequest) -> tuple[ArrowCollection, str]:
        """The arrows of a vector, and the revision; none on land and outside the grid."""
        if asked.density not in ARROWS:
            raise InvalidRequest(
                "density {density} is none of -1, 0 and 1",
                density=asked.density,
                field="density_adj",
                allowed=map(str, ARROWS),
            )
        latitude, longitude = pixel_centres(asked.projection, asked.zoom, asked.x, asked.y, ARROWS[asked.density])
        levels = [Level.of(part, asked.time, asked.depth) for part in vector.parts]
        combine = self._along_bearing if vector.by_bearing else self._of_components
        vectors_in_space = combine(levels, latitude, longitude)
        east, north = (
            np.einsum("ij,ij->i", vectors_in_space, direction) for direction in east_and_north(latitude, longitude)
        )
        first, second = (part.variable for part in vector.parts)
        info = vector.info or first.magnitude_with(second)
        return draw(latitude, longitude, east, north, info), revision(self.source, levels)

    def _of_components(self, levels: list[Level], latitude: Floats, longitude: Floats) -> Floats:
        """The sum of two components: vectors in space, (point, 3)."""
        first, second = (level.assets.variable for level in levels)
        parts = zip(levels, vectors.axes(first, second), strict=True)
        return sum((self._component(*part, latitude, longitude) for part in parts), start=np.zeros((latitude.size, 3)))

    def _along_bearing(self, levels: list[Level], latitude: Floats, longitude: Floats) -> Floats:
        """A length, the first, along a bearing in degrees, the second: vectors in space, (point, 3)."""
        length, angle = levels
        cells, local = self._cells(length, latitude, longitude)
        lengths = gather(length.read(self.source)[:, cells].astype(np.float64), local)
        cells, local = self._cells(angle, latitude, longitude)
        turned = np.radians(angle.read(self.source)[0, cells].astype(np.float64))[:, np.newaxis]
        east, north = east_and_north(*self.grids.grid(angle.assets.grid).centres(cells))
        # Between 350° and 10° is 0°, not 180°: directions are interpolated, not numbers of degrees.
        ways = gather((np.sin(turned) * east + np.cos(turned) * north).T, local).T
        far = np.linalg.norm(ways, axis=1, keepdims=True)
        vectors_in_space: Floats = np.divide(ways, far, out=np.full_like(ways, np.nan), where=far > 0) * lengths.T
        return vectors_in_space

    def _cells(self, level: Level, latitude: Floats, longitude: Floats) -> tuple[Cells, Stencil]:
        cells = stencil(self.grids.grid(level.assets.grid), latitude, longitude, "bilinear", radius=0.0, neighbours=0)
        return narrowed(cells)

    def _component(self, level: Level, axis: Axis, latitude: Floats, longitude: Floats) -> Floats:
        """A component as vectors in space: (point, 3).

        Cells give it their own direction before it is interpolated: beyond the fold of a tripolar grid, and around
        a pole, the same component points elsewhere.
        """
        grid = self.grids.grid(level.assets.grid)
        cells, local = self._cells(level, latitude, longitude)
        if not cells.size:
            return np.full((latitude.size, 3), np.nan)
        values = level.read(self.source)[0, cells].astype(np.float64)
        return gather((values[:, np.newaxis] * grid.directions(cells, axis)).T, local).T


def draw(
    latitude: Floats, longitude: Floats, east: Floats, north: Floats, info: assets.VariableInfo
) -> ArrowCollection:
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
