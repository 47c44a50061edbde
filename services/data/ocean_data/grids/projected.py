"""Projected grids: straight axes in the plane of a map projection, or on a sphere whose pole was moved."""

from contextlib import suppress
from typing import Any

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError

from ocean_core.geometry import Floats, longitude_near, unit_vectors, wrap_longitude
from ocean_data.grids.base import Cells, SortedAxis, bilinear_corners
from ocean_data.grids.curvilinear import Curvilinear, PlaneAxes

# Files that say more than CF asks for say it in one of these; CF's own attributes often lack the figure of the Earth.
FULL_TEXTS = ("crs_wkt", "spatial_ref", "proj4_string", "proj4", "proj4_params", "proj4text")


class Plane:
    """The axes of a grid, and the way from the Earth to them."""

    def __init__(self, crs: CRS, y: Floats, x: Floats) -> None:
        # From the same figure of the Earth: no shift between datums is wanted.
        geodetic = crs.geodetic_crs if not crs.is_geographic else crs.source_crs
        self._transform = Transformer.from_crs(geodetic or CRS.from_epsg(4326), crs, always_xy=True)
        self._around = crs.is_geographic
        self._y_file, self._x_file = y, x
        self.rows, self.columns = SortedAxis.of(y), SortedAxis.of(x)

    def centres(self) -> tuple[Floats, Floats]:
        """Latitudes and longitudes of the centres of the cells, degrees: (y, x) each."""
        x, y = np.meshgrid(self._x_file, self._y_file)
        longitude, latitude = self._transform.transform(x, y, direction="INVERSE")
        return np.where(np.isfinite(latitude), latitude, np.nan), np.where(np.isfinite(longitude), longitude, np.nan)

    def locate(self, latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
        """Return y and x of points in the plane, infinite where the projection does not reach."""
        x, y = self._transform.transform(wrap_longitude(longitude), latitude)
        if self._around:  # a moved pole: x is a longitude
            middle = (self.columns.values[0] + self.columns.values[-1]) / 2
            x = longitude_near(x, middle)
        return y, x


def read_projections(mapping: dict[str, Any]) -> list[CRS]:
    """Return what the attributes of a grid mapping can mean, the fullest text first."""
    projections = []
    for text in (mapping.get(name) for name in FULL_TEXTS):
        with suppress(ProjError):
            if isinstance(text, str) and text.strip():
                projections.append(CRS.from_user_input(text))
    with suppress(ProjError, KeyError):
        projections.append(CRS.from_cf(mapping))
    return projections


class Projected(Curvilinear):
    """Straight rows and columns in a plane; the nearest cell is still the nearest on the Earth."""

    def __init__(self, plane: Plane, latitude: Floats, longitude: Floats, axes: PlaneAxes) -> None:
        super().__init__(latitude, longitude, axes)
        self._plane = plane
        self._lone = 1.0 if plane.columns.values.size == 1 else float(np.median(np.diff(plane.columns.values)))

    def nearest(self, latitude: Floats, longitude: Floats) -> Cells:
        y, x = self._plane.locate(latitude, longitude)
        inside = self._plane.rows.covers(y, self._lone) & self._plane.columns.covers(x, self._lone)
        cells = np.full(latitude.shape, -1, dtype=np.int32)
        cells[inside] = self._search.nearest(unit_vectors(latitude[inside], longitude[inside]))[0]
        return cells

    def nearest_on_lattice(self, latitude: Floats, longitude: Floats) -> None:
        """None: whether a point is in the grid, only its plane tells."""

    def corners(self, latitude: Floats, longitude: Floats, home: Cells) -> tuple[Cells, Floats]:
        y, x = self._plane.locate(latitude, longitude)
        rows, columns = self._plane.rows, self._plane.columns
        order = rows.order * np.int32(self.shape[1]), columns.order
        cells, weights = bilinear_corners(rows.bracket(y), columns.bracket(x), order)
        cells[home < 0], weights[home < 0] = -1, 0.0
        return cells, weights
