"""Areas as polygons on the Earth, and their bounds, from which a map is chosen.

Edges are straight in latitude and longitude, as in the data service. An edge that would span more than half of the
Earth crosses the antimeridian instead. A ring around a pole contains that pole.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_core.errors import InvalidRequest
from ocean_core.geometry import densify, smallest_span, unwrap_longitudes

EDGE_STEP = 1.0  # degrees between points along an edge

Floats = NDArray[np.float64]
Ring = Floats  # (vertex, 2): latitude and longitude, degrees; closed, without a jump at the antimeridian


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """An area that is shown, and over which statistics are computed."""

    name: str
    rims: list[list[tuple[float, float]]]  # each a closed ring of latitude and longitude
    holes: list[list[tuple[float, float]]] = []  # in any of the rims


def read_ring(positions: list[list[float]], field: str) -> list[tuple[float, float]]:
    """Read a ring of [latitude, longitude], and close it."""
    for number, position in enumerate(positions):
        if len(position) < 2 or not (-90 <= position[0] <= 90 and -720 <= position[1] <= 720):
            path = f"{field}[{number}]"
            raise InvalidRequest(
                "{path} is {name}; it is [latitude, longitude], in degrees",
                path=path,
                name=str(position)[:60],
                field=path,
            )
    ring = [(float(position[0]), float(position[1])) for position in positions]
    if ring and ring[0] != ring[-1]:
        ring.append(ring[0])
    if len(ring) < 4:  # positions, the last as the first
        raise InvalidRequest(
            "{name} has {count} positions; a polygon has at least three", name=field, count=len(set(ring)), field=field
        )
    return ring


def to_geojson(areas: list[Area]) -> dict[str, Any]:
    """Return all areas as one GeoJSON MultiPolygon: longitude first."""
    polygons = [
        [[(east, north) for north, east in ring] for ring in [rim, *area.holes]] for area in areas for rim in area.rims
    ]
    return {"type": "MultiPolygon", "coordinates": polygons}


def unwrap_ring(positions: list[tuple[float, float]]) -> Ring:
    """Return a ring with continuous longitudes and points along its edges, shape (vertex, 2)."""
    ring = np.array(positions, dtype=np.float64)
    ring[:, 1] = unwrap_longitudes(ring[:, 1])
    return densify(ring, EDGE_STEP)


class AreaBounds(msgspec.Struct, frozen=True, kw_only=True):
    """Box around areas, and every ring in it without a jump."""

    west: float  # degrees; west <= east <= west + 360
    south: float
    east: float
    north: float
    rings: list[Any]  # of Ring

    @property
    def middle(self) -> tuple[float, float]:
        """Latitude and longitude of the middle of the box, degrees."""
        return (self.south + self.north) / 2, (self.west + self.east) / 2

    @property
    def global_longitude(self) -> bool:
        """True for a box that goes around the Earth."""
        return self.east - self.west >= 360.0 - 1e-9


def find_bounds(areas: list[Area]) -> AreaBounds:
    """Find the smallest box around areas, wherever the antimeridian is."""
    rings = [unwrap_ring(rim) for area in areas for rim in area.rims]
    south, north = min(ring[:, 0].min() for ring in rings), max(ring[:, 0].max() for ring in rings)
    polar = [ring for ring in rings if abs(ring[-1, 1] - ring[0, 1]) > 180.0]
    for ring in polar:
        south, north = (south, 90.0) if ring[:, 0].mean() > 0 else (-90.0, north)
    spans = [(float(ring[:, 1].min()), float(ring[:, 1].max())) for ring in rings]
    if polar or any(high - low >= 360.0 for low, high in spans):
        west, east = -180.0, 180.0
    else:
        west, east = smallest_span(spans)
    if not (south < north and west < east):
        raise InvalidRequest("the area has no extent: it is a point or a line; a polygon has a surface", field="$.area")
    middle = (west + east) / 2
    for ring in rings:
        ring[:, 1] -= 360.0 * np.round(((ring[:, 1].min() + ring[:, 1].max()) / 2 - middle) / 360.0)
    return AreaBounds(west=west, south=float(south), east=east, north=float(north), rings=rings)
