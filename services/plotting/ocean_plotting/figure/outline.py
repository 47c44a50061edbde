"""Areas as polygons on the Earth, and what is to be known of them before a map is chosen.

Edges are straight in latitude and longitude, as the data service has them. An edge that would span more than half of
the Earth crosses the date line instead. A ring around a pole holds that pole.
"""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.errors import InvalidRequest
from ocean_core.geometry import densify, smallest_span, unwrap_longitudes

MAX_VERTICES = 20_000  # as the data service has it
CLOSED = 4  # positions of the smallest ring, the last as the first
FINE = 1.0  # degrees between points along an edge

Floats = NDArray[np.float64]
Ring = Floats  # (vertex, 2): latitude and longitude, degrees; closed, without a jump at the date line


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """An area that is shown and summed up."""

    name: str
    rims: list[list[tuple[float, float]]]  # each a closed ring of latitude and longitude
    holes: list[list[tuple[float, float]]] = []  # in any of the rims


def ring(given: list[list[float]], field: str) -> list[tuple[float, float]]:
    """Read a ring of [latitude, longitude], and close it.

    Raises
    ------
    InvalidRequest
        It is none.
    """
    for number, one in enumerate(given):
        if len(one) < 2 or not (-90 <= one[0] <= 90 and -720 <= one[1] <= 720):
            path = f"{field}[{number}]"
            raise InvalidRequest(
                "{path} is {name}; it is [latitude, longitude], in degrees", path=path, name=str(one)[:60], field=path
            )
    read = [(float(one[0]), float(one[1])) for one in given]
    if read and read[0] != read[-1]:
        read.append(read[0])
    if len(read) < CLOSED:
        raise InvalidRequest(
            "{name} has {count} positions; a polygon has at least three", name=field, count=len(set(read)), field=field
        )
    return read


def geojson(areas: list[Area]) -> dict[str, Any]:
    """All areas as one GeoJSON MultiPolygon: longitude first."""
    polygons = [
        [[(east, north) for north, east in each] for each in [rim, *area.holes]] for area in areas for rim in area.rims
    ]
    return {"type": "MultiPolygon", "coordinates": polygons}


def unwrapped(positions: list[tuple[float, float]]) -> Ring:
    """A ring whose longitudes go on over the date line, with points along its edges, shape (vertex, 2)."""
    known = np.array(positions, dtype=np.float64)
    known[:, 1] = unwrap_longitudes(known[:, 1])
    return densify(known, FINE)


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """Where areas lie: their box, and every ring in it without a jump."""

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
    def around(self) -> bool:
        """Whether it goes around the Earth."""
        return self.east - self.west >= 360.0 - 1e-9


def span(areas: list[Area]) -> Span:
    """Find the least box that holds areas, wherever the date line is.

    Raises
    ------
    InvalidRequest
        The areas have no extent.
    """
    rings = [unwrapped(rim) for area in areas for rim in area.rims]
    south, north = min(one[:, 0].min() for one in rings), max(one[:, 0].max() for one in rings)
    turning = [one for one in rings if abs(one[-1, 1] - one[0, 1]) > 180.0]
    for one in turning:  # around a pole, which it holds
        south, north = (south, 90.0) if one[:, 0].mean() > 0 else (-90.0, north)
    spans = [(float(one[:, 1].min()), float(one[:, 1].max())) for one in rings]
    if turning or any(high - low >= 360.0 for low, high in spans):
        west, east = -180.0, 180.0
    else:
        west, east = smallest_span(spans)
    if not (south < north and west < east):
        raise InvalidRequest("the area has no extent: it is a point or a line; a polygon has a surface", field="$.area")
    middle = (west + east) / 2
    for one in rings:
        one[:, 1] -= 360.0 * np.round(((one[:, 1].min() + one[:, 1].max()) / 2 - middle) / 360.0)
    return Span(west=west, south=float(south), east=east, north=float(north), rings=rings)
