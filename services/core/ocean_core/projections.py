"""Projections in which maps of any box are drawn, by the codes that web maps name them with."""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike
from pyproj import Transformer

from ocean_core.geometry import Floats, wrap_longitude
from ocean_core.tiles import MAJOR, TILE_MATRICES, PolarView, from_polar, scale_at_pole

Box = tuple[float, float, float, float]
"""Left, bottom, right, top on the plane of a projection; or west, south, east, north."""

LARGEST_COORDINATE = 1e9  # m or degrees
EDGE_POINTS = 21  # along each side of a box that is projected
WORLD: Box = (-180.0, -90.0, 180.0, 90.0)
ARCTIC: Box = (-180.0, 30.0, 180.0, 90.0)
ANTARCTIC: Box = (-180.0, -90.0, 180.0, -30.0)

_UPS = 0.994, 2_000_000.0  # scale at the pole; false easting and northing, m
UPS_NORTH, UPS_SOUTH = (PolarView(sign=sign, scale=_UPS[0], origin=_UPS[1]) for sign in (1, -1))


@dataclass(frozen=True, kw_only=True)
class MapProjection:
    """Plane of maps: x to the right and y upwards, in m; in degrees where it is `geographic`."""

    code: str
    area: Box  # degrees: where it is of use
    north_first: bool = False  # its definition names northings or latitudes before eastings
    geographic: bool = False
    # Polar stereographic planes of WGS 84: the same formulas as those of tiles, a tenth of the time that PROJ takes.
    polar: PolarView | None = None
    meridian: float = 0.0  # of a polar plane, degrees: downwards from the north pole, upwards from the south pole

    @property
    def is_lattice(self) -> bool:
        """True if rows and columns of a map are parallels and meridians."""
        return self.geographic or self.code == "EPSG:3857"

    def to_earth(self, x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        """Return latitudes and longitudes of places on the plane; not finite where there are none.

        On a lattice latitudes depend on ``y`` alone, and longitudes on ``x``, which goes on beyond 180°.
        """
        across, upwards = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if self.geographic:
            return upwards, across
        if self.is_lattice:
            return np.degrees(np.arctan(np.sinh(upwards / MAJOR))), np.degrees(across / MAJOR)
        if self.polar is not None:
            latitude, longitude = from_polar(self.polar, across, upwards)
            return latitude, wrap_longitude(longitude + self.meridian) if self.meridian else longitude
        across, upwards = np.broadcast_arrays(across, upwards)
        longitude, latitude = _to_earth(self.code).transform(across, upwards)
        return latitude, longitude

    @lru_cache(maxsize=4096)  # noqa: B019  projections are a few, and live as long as the process
    def cover(self, box: Box) -> Box | None:
        """Return the box on the plane around what it shows of a box of degrees; None if that is nothing."""
        west, south, east, north = box
        bottom, top = max(south, self.area[1]), min(north, self.area[3])
        left, right = max(west, self.area[0]), min(east, self.area[2])
        if left > right or bottom > top:
            return None
        if self.geographic:
            return left, bottom, right, top
        bounds = _to_plane(self.code).transform_bounds(left, bottom, right, top, densify_pts=EDGE_POINTS)
        return bounds if np.isfinite(bounds).all() else None


def pixel_axes(box: Box, width: int, height: int) -> tuple[Floats, Floats]:
    """Return x of the columns, (width,), and y of the rows, (height,), of the centres of a map's pixels, north up."""
    left, bottom, right, top = box
    x: Floats = left + (np.arange(width, dtype=np.float64) + 0.5) * ((right - left) / width)
    y: Floats = top - (np.arange(height, dtype=np.float64) + 0.5) * ((top - bottom) / height)
    return x, y


@cache
def _to_earth(code: str) -> Transformer:
    return Transformer.from_crs(code, "EPSG:4326", always_xy=True)


@cache
def _to_plane(code: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", code, always_xy=True)


def _polar_plane(parallel: float) -> PolarView:
    """Return the view of a pole with true scale at a parallel."""
    sign = 1 if parallel > 0 else -1
    return PolarView(sign=sign, scale=scale_at_pole(abs(parallel)), origin=0.0)


MAP_PROJECTIONS: dict[str, MapProjection] = {
    projection.code: projection
    for projection in (
        MapProjection(code="EPSG:3857", area=(-180.0, -85.06, 180.0, 85.06)),
        MapProjection(code="CRS:84", area=WORLD, geographic=True),
        MapProjection(code="EPSG:4326", area=WORLD, geographic=True, north_first=True),
        # Polar stereographic: UPS, Arctic and Antarctic, NSIDC (the older of them on another ellipsoid).
        MapProjection(code="EPSG:32661", area=ARCTIC, north_first=True, polar=UPS_NORTH),
        MapProjection(code="EPSG:5041", area=ARCTIC, polar=UPS_NORTH),
        MapProjection(code="EPSG:3995", area=ARCTIC, polar=_polar_plane(71.0)),
        MapProjection(code="EPSG:3413", area=ARCTIC, polar=_polar_plane(70.0), meridian=-45.0),
        MapProjection(code="EPSG:3411", area=ARCTIC),
        MapProjection(code="EPSG:32761", area=ANTARCTIC, north_first=True, polar=UPS_SOUTH),
        MapProjection(code="EPSG:5042", area=ANTARCTIC, polar=UPS_SOUTH),
        MapProjection(code="EPSG:3031", area=ANTARCTIC, polar=TILE_MATRICES["EPSG:3031"].polar),
        MapProjection(code="EPSG:3976", area=ANTARCTIC, polar=_polar_plane(-70.0)),
        MapProjection(code="EPSG:3412", area=ANTARCTIC),
        # Lambert, of equal areas around the north pole, and of Canada.
        MapProjection(code="EPSG:3573", area=ARCTIC),
        MapProjection(code="EPSG:3575", area=ARCTIC),
        MapProjection(code="EPSG:3978", area=(-150.0, 35.0, -30.0, 90.0)),
        # Of equal areas: the Earth.
        MapProjection(code="EPSG:8857", area=WORLD),
    )
}
