"""The planes of maps: where a tile's pixels lie on the Earth, and places in a tile."""

import math

import msgspec
import numpy as np

from ocean_plotting.basemap.relief import Box, Floats

MERCATOR = "EPSG:3857"
SIZE = 256  # px
KM_PER_DEGREE = 111.2


class Polar(msgspec.Struct, frozen=True, kw_only=True):
    """A stereographic view of a pole, and the square that its tile 0/0/0 covers."""

    north: bool
    scale: float  # at the pole
    origin: float  # easting and northing of the pole, m
    left: float  # m
    top: float
    side: float


# The squares are the extents that Ocean Navigator's front end gives to its projections.
POLAR = {
    "EPSG:32661": Polar(
        north=True,
        scale=0.994,
        origin=2_000_000.0,
        left=-1_154_826.7379766018,
        top=5_154_826.737976602,
        side=6_309_653.4759532036,
    ),
    "EPSG:3031": Polar(
        north=False,
        scale=0.9727690128917,
        origin=0.0,
        left=-3_087_442.3458218463,
        top=3_087_442.3458218463,
        side=6_174_884.6916436926,
    ),
}

# WGS 84 (Snyder 1987, pages 160 and 45).
_MAJOR, _ECCENTRICITY = 6_378_137.0, 0.081819190842622
_POLE = 2 * _MAJOR / math.sqrt((1 + _ECCENTRICITY) ** (1 + _ECCENTRICITY) * (1 - _ECCENTRICITY) ** (1 - _ECCENTRICITY))
_E2 = _ECCENTRICITY**2
_SERIES = (
    _E2 / 2 + 5 * _E2**2 / 24 + _E2**3 / 12 + 13 * _E2**4 / 360,
    7 * _E2**2 / 48 + 29 * _E2**3 / 240 + 811 * _E2**4 / 11520,
    7 * _E2**3 / 120 + 81 * _E2**4 / 1120,
)


class Tile(msgspec.Struct, frozen=True):
    """A tile of a map, 256 × 256 pixels, from the upper left."""

    projection: str
    zoom: int
    x: int
    y: int

    @property
    def exists(self) -> bool:
        """Whether it lies in the square of its projection: polar views go on beyond theirs."""
        last = (1 << self.zoom) - 1
        return 0 <= self.x <= last and 0 <= self.y <= last

    @property
    def pixel(self) -> float:
        """Size of a pixel at the equator or at the pole, degrees of latitude."""
        across = float(SIZE << self.zoom)
        polar = POLAR.get(self.projection)
        return polar.side / 1000 / KM_PER_DEGREE / across if polar else 360.0 / across

    def places(self, at: Floats) -> tuple[Floats, Floats]:
        """Latitudes and longitudes of positions in it.

        Parameters
        ----------
        at : ndarray, shape (n,)
            Positions along both sides, px from the upper left corner.

        Returns
        -------
        latitude, longitude : ndarray
            Degrees. Of shapes (n, 1) and (1, n) in EPSG:3857, where longitudes may go beyond ±180; else (n, n).
        """
        across = float(1 << self.zoom)
        right, down = (self.x + at / SIZE) / across, (self.y + at / SIZE) / across
        if self.projection == MERCATOR:
            return np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * down))))[:, np.newaxis], right[np.newaxis] * 360 - 180
        polar = POLAR[self.projection]
        easting = polar.left + polar.side * right - polar.origin
        northing = polar.top - polar.side * down - polar.origin
        return _from_polar(polar, easting[np.newaxis], northing[:, np.newaxis])


def to_plane(projection: str, latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Where places are in the square of a projection: from 0 to 1, rightwards and down."""
    if projection == MERCATOR:
        down = 0.5 - np.arcsinh(np.tan(np.radians(latitude))) / (2 * np.pi)
        return np.asarray(longitude) / 360 + 0.5, down
    polar = POLAR[projection]
    easting, northing = _to_polar(polar, latitude, longitude)
    right = (easting + polar.origin - polar.left) / polar.side
    return right, (polar.top - northing - polar.origin) / polar.side


def around(latitude: Floats, longitude: Floats) -> Box:
    """The box around places, as :meth:`Tile.places` has them: degrees, its east perhaps beyond 180."""
    south, north = float(latitude.min()), float(latitude.max())
    if latitude.shape[1] == 1:
        return float(longitude.min()), south, float(longitude.max()), north
    # With a pole among them, the neighbours of some corner are half the Earth away.
    middle = longitude[len(longitude) // 2, len(longitude) // 2]
    rim = np.concatenate([longitude[0], longitude[:, -1], longitude[-1, ::-1], longitude[::-1, 0]])
    turns = np.diff(rim, append=rim[:1])
    if abs(((turns + 180) % 360 - 180).sum()) > 180:
        return (-180.0, south, 180.0, 90.0) if north > 0 else (-180.0, -90.0, 180.0, north)
    beside = (longitude - middle + 180) % 360 - 180
    return float(middle + beside.min()), south, float(middle + beside.max()), north


def _from_polar(polar: Polar, easting: Floats, northing: Floats) -> tuple[Floats, Floats]:
    radius = np.hypot(easting, northing) / (_POLE * polar.scale)
    conformal = np.pi / 2 - 2 * np.arctan(radius)
    latitude = conformal + sum(part * np.sin(2 * (n + 1) * conformal) for n, part in enumerate(_SERIES))
    longitude = np.arctan2(easting, -northing if polar.north else northing)
    return np.degrees(latitude if polar.north else -latitude), np.degrees(longitude)


def _to_polar(polar: Polar, latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    phi = np.radians(latitude) * (1 if polar.north else -1)
    sine = _ECCENTRICITY * np.sin(phi)
    radius = _POLE * polar.scale * np.tan(np.pi / 4 - phi / 2) * ((1 + sine) / (1 - sine)) ** (_ECCENTRICITY / 2)
    east = np.radians(longitude)
    return radius * np.sin(east), radius * np.cos(east) * (-1 if polar.north else 1)
