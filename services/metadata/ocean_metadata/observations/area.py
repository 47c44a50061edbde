"""Where on the sphere observations are asked for: a box, a polygon or a circle; and the 1° cells that it touches."""

from functools import cached_property
from math import asin, cos, degrees, floor, pi, radians, sin

import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_common.errors import InvalidRequest

RADIUS = 6371.0  # km; of the Earth
HALF_WAY = pi * RADIUS  # km; to the other side of the Earth
CELLS_AT_ONCE = 1500  # more are not named one by one
_WIDTH = 360  # cells of a row
_MARGIN = 1e-9  # degrees; edges belong to the area

Floats = NDArray[np.float64]


def wrap(longitude: float) -> float:
    """A longitude from -180 to below 180."""
    return longitude if -180 <= longitude < 180 else (longitude + 180) % 360 - 180


def cell(latitude: float, longitude: float) -> int:
    """The 1° cell that a point is in: longitudes from -180 to below 180."""
    return min(floor(latitude + 90), 179) * _WIDTH + min(floor(longitude + 180), _WIDTH - 1)


class Area:
    """A region of the sphere; longitudes may go on beyond 180."""

    def __init__(self, shape: shapely.Geometry, box: tuple[float, float, float, float]) -> None:
        self._shape = shape
        self.west, self.south, self.east, self.north = box

    def contains(self, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
        """Which points are inside.

        Parameters
        ----------
        latitude, longitude : ndarray, shape (point,)
            Degrees; longitudes from -180 to below 180.

        Returns
        -------
        ndarray of bool, shape (point,)
        """
        turned = [shapely.intersects_xy(self._shape, longitude + turn, latitude) for turn in (-360, 0, 360)]
        inside: NDArray[np.bool_] = np.logical_or.reduce(turned)
        return inside

    @cached_property
    def cells(self) -> list[int] | None:
        """The cells that the area touches, ascending; None where they are too many to name."""
        rows = np.arange(max(floor(self.south + 90), 0), min(floor(self.north + 90), 179) + 1)
        columns = np.arange(floor(self.west + 180), floor(min(self.east, self.west + 360) + 180) + 1)
        if rows.size * columns.size > 4 * CELLS_AT_ONCE:
            return None
        row, column = (each.ravel() for each in np.meshgrid(rows, columns, indexing="ij"))
        boxes = shapely.box(column - 180.0, row - 90.0, column - 179.0, row - 89.0)
        touched = shapely.intersects(self._shape, boxes)
        found = np.unique(row[touched] * _WIDTH + column[touched] % _WIDTH)
        return found.tolist() if found.size <= CELLS_AT_ONCE else None


class Circle(Area):
    """All that is within a distance of a point."""

    def __init__(self, latitude: float, longitude: float, radius: float) -> None:
        self._centre = (latitude, wrap(longitude))
        self._radius = radius  # km
        angle = min(radius / RADIUS, pi)
        south, north = latitude - degrees(angle), latitude + degrees(angle)
        reach = 180.0  # with a pole inside, all longitudes
        if south > -90 and north < 90:
            reach = degrees(asin(min(1.0, sin(angle) / cos(radians(latitude)))))
        west, east = self._centre[1] - reach, self._centre[1] + reach
        box = (west - _MARGIN, max(south, -90.0) - _MARGIN, east + _MARGIN, min(north, 90.0) + _MARGIN)
        super().__init__(shapely.box(*box), box)

    def contains(self, latitude: Floats, longitude: Floats) -> NDArray[np.bool_]:
        """Which points are within the distance, on a great circle."""
        return distances(self._centre, latitude, longitude) <= self._radius * (1 + 1e-12)


def distances(centre: tuple[float, float], latitude: Floats, longitude: Floats) -> Floats:
    """Great-circle distances (km) from a point (latitude, longitude) to others, shape (point,)."""
    lat, lon = np.radians(latitude), np.radians(longitude)
    lat0, lon0 = np.radians(centre[0]), np.radians(centre[1])
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat0) * np.cos(lat) * np.sin((lon - lon0) / 2) ** 2
    found: Floats = 2 * RADIUS * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
    return found


def enclosed(corners: list[tuple[float, float]]) -> Area:
    """The polygon of corners (latitude, longitude); of two, the box between them.

    From each corner to the next it goes the shorter way round, over the date line where that is shorter.
    """
    longitudes = np.unwrap([longitude for _, longitude in corners], period=360)
    latitudes = np.array([latitude for latitude, _ in corners])
    west, east = float(longitudes.min()), float(longitudes.max())
    turns = 360 * floor((west + 180) / 360)
    longitudes, west, east = longitudes - turns, west - turns, east - turns
    south, north = float(latitudes.min()), float(latitudes.max())
    box = (west - _MARGIN, south - _MARGIN, east + _MARGIN, north + _MARGIN)
    if len(corners) == 2:
        return Area(shapely.box(*box), box)
    shape = shapely.make_valid(shapely.Polygon(np.column_stack([longitudes, latitudes]))).buffer(_MARGIN)
    if shape.is_empty:
        raise InvalidRequest("area: the corners enclose nothing", field="area")
    shapely.prepare(shape)
    return Area(shape, box)
