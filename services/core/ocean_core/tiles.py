"""Map tiles: squares of 256 × 256 pixels, ``zoom/x/y`` from the upper left, in three projections.

EPSG:3857 (Web Mercator) is a square around the Earth; longitudes go on beyond it. EPSG:32661 and EPSG:3031 are polar
stereographic views. Tile 0/0/0 of these is the square that Ocean Navigator's front end gives to its projections; maps
also ask for the tiles beside it, which hold nothing.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from ocean_core.geometry import Floats, wrap_longitude

Projection = Literal["EPSG:3857", "EPSG:32661", "EPSG:3031"]
PROJECTIONS: tuple[Projection, ...] = get_args(Projection)
MERCATOR: Projection = "EPSG:3857"

SIZE = 256  # pixels along each side
METRES_PER_DEGREE = 111_200.0  # of latitude
MAX_ZOOM = 24

MAJOR = 6_378_137.0  # m: half the major axis of WGS 84, and the radius of the sphere of EPSG:3857
_ECCENTRICITY = 0.0818191908426215  # of WGS 84
_E2 = _ECCENTRICITY**2
# The radius of the pole's surroundings, and the series from conformal to geodetic latitude in sin 2χ, sin 4χ, …
# (J. P. Snyder, Map Projections: A Working Manual, 1987, equations 21-33 and 3-5; the
# last line from Deakin and Hunter).
_POLE = 2 * MAJOR / np.sqrt((1 + _ECCENTRICITY) ** (1 + _ECCENTRICITY) * (1 - _ECCENTRICITY) ** (1 - _ECCENTRICITY))
_SERIES = (
    _E2 / 2 + 5 * _E2**2 / 24 + _E2**3 / 12 + 13 * _E2**4 / 360,
    7 * _E2**2 / 48 + 29 * _E2**3 / 240 + 811 * _E2**4 / 11520,
    7 * _E2**3 / 120 + 81 * _E2**4 / 1120,
    4279 * _E2**4 / 161280,
)


@dataclass(frozen=True, kw_only=True)
class PolarView:
    """A polar stereographic projection of WGS 84."""

    sign: int  # 1: of the north pole; -1: of the south pole
    scale: float  # at the pole
    origin: float  # easting and northing of the pole, m


@dataclass(frozen=True, kw_only=True)
class TileMatrix:
    """The square that tile 0/0/0 of a projection covers."""

    left: float  # m
    top: float
    side: float
    polar: PolarView | None = None


_HALF = np.pi * MAJOR
_TOUCHING = 1e-3  # m: so near, a tile touches the pole

TILE_MATRICES: dict[Projection, TileMatrix] = {
    "EPSG:3857": TileMatrix(left=-_HALF, top=_HALF, side=2 * _HALF),
    "EPSG:32661": TileMatrix(
        left=-1_154_826.7379766018,
        top=5_154_826.737976602,
        side=6_309_653.4759532036,
        polar=PolarView(sign=1, scale=0.994, origin=2_000_000.0),
    ),
    # Ocean Navigator's own server had its corners at ±3,333,134 m: it drew tiles 8 % too small.
    "EPSG:3031": TileMatrix(
        left=-3_087_442.3458218463,
        top=3_087_442.3458218463,
        side=6_174_884.6916436926,
        polar=PolarView(sign=-1, scale=0.9727690128917, origin=0.0),
    ),
}


@dataclass(frozen=True)
class GeographicBox:
    """Degrees; ``width`` to the east of ``west``, 360 around a pole or the Earth."""

    west: float
    south: float
    width: float
    north: float


@dataclass(frozen=True)
class Tile:
    """A tile of a projection."""

    projection: Projection
    zoom: int
    x: int
    y: int

    @classmethod
    def of_box(cls, projection: str, box: tuple[float, float, float, float]) -> "Tile | None":
        """Return the tile whose bounds a box has, but for a thousandth of a pixel; None if there is none."""
        known = next((name for name in PROJECTIONS if name == projection), None)
        left, _, right, top = box
        if known is None or not right - left > 0:
            return None
        matrix = TILE_MATRICES[known]
        zoom = round(float(np.log2(matrix.side / (right - left))))
        if not 0 <= zoom <= MAX_ZOOM:
            return None
        size = matrix.side / (1 << zoom)
        tile = cls(known, zoom, round((left - matrix.left) / size), round((matrix.top - top) / size))
        return tile if tile.exists and np.abs(np.subtract(tile.bounds, box)).max() < size / SIZE / 1000 else None

    @property
    def matrix(self) -> TileMatrix:
        return TILE_MATRICES[self.projection]

    @property
    def exists(self) -> bool:  # in the square of its projection
        across = 1 << self.zoom
        return 0 <= self.x < across and 0 <= self.y < across

    @property
    def bounds(self) -> tuple[float, float, float, float]:  # left, bottom, right, top: m
        matrix, size = self.matrix, self.matrix.side / (1 << self.zoom)
        left, top = matrix.left + self.x * size, matrix.top - self.y * size
        return left, top - size, left + size, top

    @property
    def resolution(self) -> float:
        """Size of a pixel at the equator or at the pole, degrees of latitude."""
        return self.matrix.side / (SIZE << self.zoom) / (METRES_PER_DEGREE if self.matrix.polar else _HALF / 180.0)

    def axes(self, offsets: ArrayLike) -> tuple[Floats, Floats]:
        """Return the latitudes and longitudes of parallels and meridians at positions along both sides in EPSG:3857.

        ``offsets``, (n,), are in sides of the tile from its upper left corner. Longitudes go on beyond 180.
        """
        across = float(1 << self.zoom)
        right, down = (self.x + np.asarray(offsets)) / across, (self.y + np.asarray(offsets)) / across
        return np.degrees(np.arctan(np.sinh(np.pi * (1.0 - 2.0 * down)))), right * 360.0 - 180.0

    def positions(self, offsets: ArrayLike) -> tuple[Floats, Floats]:
        """Return the latitudes and longitudes of all positions that lie at ``offsets``, (n,), along both sides.

        They are of shapes (n, 1) and (1, n) in EPSG:3857, as :meth:`axes` has them; else (n, n).
        """
        matrix = self.matrix
        if matrix.polar is None:
            latitude, longitude = self.axes(offsets)
            return latitude[:, np.newaxis], longitude[np.newaxis]
        across = float(1 << self.zoom)
        right, down = (self.x + np.asarray(offsets)) / across, (self.y + np.asarray(offsets)) / across
        easting, northing = matrix.left + matrix.side * right, matrix.top - matrix.side * down
        return from_polar(matrix.polar, easting[np.newaxis], northing[:, np.newaxis])

    def box_around(self, margin: float = 0.0) -> GeographicBox:
        """Return the smallest box of latitudes and longitudes around the tile and a ``margin``, in sides of it."""
        if self.matrix.polar is None:
            (north, south), (west, east) = self.axes([-margin, 1.0 + margin])
            return GeographicBox(float(west), float(south), float(east - west), float(north))
        view, metres = self.matrix.polar, margin * self.matrix.side / (1 << self.zoom)
        left, bottom, right, top = np.add(self.bounds, (-metres, -metres, metres, metres))
        # Latitude depends on the distance from the pole alone, and of that a square has the extremes at its rim.
        nearest = np.clip(view.origin, left, right), np.clip(view.origin, bottom, top)
        corners = np.array([left, right, right, left]), np.array([bottom, bottom, top, top])
        (poleward,), _ = from_polar(view, nearest[0][np.newaxis], nearest[1][np.newaxis])
        latitude, longitude = from_polar(view, *corners)
        away = float(latitude.min() if view.sign > 0 else latitude.max())
        south, north = sorted((float(poleward), away))
        if float(np.hypot(nearest[0] - view.origin, nearest[1] - view.origin)) < _TOUCHING:
            return GeographicBox(-180.0, south, 360.0, north)
        # Seen from the pole, a square that does not hold it is less than 180° wide.
        turned = wrap_longitude(longitude - longitude[0])
        return GeographicBox(float(longitude[0] + turned.min()), south, float(np.ptp(turned)), north)


def pixel_offsets(count: int = SIZE, tiles: int = 1) -> Floats:
    """Return where the centres of ``count`` equal parts of a tile's side lie, in sides of the tile.

    Of several tiles in a row: (tiles * count,).
    """
    offsets: Floats = (np.arange(tiles * count) + 0.5) / count
    return offsets


def to_plane(projection: Projection, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
    """Return easting and northing (m) of positions; in EPSG:3857, longitudes beyond 180 go on beyond the edge."""
    view = TILE_MATRICES[projection].polar
    if view is not None:
        return to_polar(view, latitude, longitude)
    return MAJOR * np.radians(longitude), MAJOR * np.arcsinh(np.tan(np.radians(latitude)))


def to_square(projection: Projection, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
    """Return where positions lie in tile 0/0/0: from 0 to 1, rightwards and down.

    In EPSG:3857, longitudes beyond 180 go on beyond 1.
    """
    matrix = TILE_MATRICES[projection]
    if matrix.polar is None:
        down = 0.5 - np.arcsinh(np.tan(np.radians(latitude))) / (2 * np.pi)
        return np.asarray(longitude, dtype=np.float64) / 360.0 + 0.5, down
    easting, northing = to_polar(matrix.polar, latitude, longitude)
    return (easting - matrix.left) / matrix.side, (matrix.top - northing) / matrix.side


def from_polar(view: PolarView, easting: Floats, northing: Floats) -> tuple[Floats, Floats]:
    """Return the latitudes and longitudes (-180 to 180) of places on the plane of a polar view, m."""
    x, y = easting - view.origin, northing - view.origin
    conformal = np.pi / 2 - 2 * np.arctan(np.hypot(x, y) / (_POLE * view.scale))
    latitude = conformal + sum(part * np.sin(2 * (n + 1) * conformal) for n, part in enumerate(_SERIES))
    return view.sign * np.degrees(latitude), np.degrees(np.arctan2(x, -view.sign * y))


def scale_at_pole(parallel: float) -> float:
    """Return the scale at the pole of a polar stereographic projection that is true at a parallel, degrees.

    Snyder, equations 14-15, 15-9 and 21-34.
    """
    phi = np.radians(parallel)
    sine = _ECCENTRICITY * np.sin(phi)
    radius = np.cos(phi) / np.sqrt(1 - sine**2)
    chord = np.tan(np.pi / 4 - phi / 2) * ((1 + sine) / (1 - sine)) ** (_ECCENTRICITY / 2)
    return float(MAJOR * radius / (_POLE * chord))


def to_polar(view: PolarView, latitude: ArrayLike, longitude: ArrayLike) -> tuple[Floats, Floats]:
    """Return easting and northing (m) of positions on the plane of a polar view; the other pole is infinitely far."""
    phi, lam = view.sign * np.radians(latitude), np.radians(longitude)
    sine = _ECCENTRICITY * np.sin(phi)
    radius = _POLE * view.scale * np.tan(np.pi / 4 - phi / 2) * ((1 + sine) / (1 - sine)) ** (_ECCENTRICITY / 2)
    return view.origin + radius * np.sin(lam), view.origin - view.sign * radius * np.cos(lam)
