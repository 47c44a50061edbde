"""The land that a map shows, in its plane: cut at its frame, over the date line and around the poles as well."""

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_plotting.basemap.land import Land
from ocean_plotting.figure.view import View

EDGE, SOUTHMOST = 179.99, -89.9  # degrees: edges of polygons that are no coast
MARGIN = 0.02  # of the map, around it

Points = NDArray[np.float64]


def land_in(view: View, land: Land) -> list[Points]:
    """The land in the rectangle of a map.

    Returns
    -------
    list of ndarray, each of shape (vertex, 2)
        Closed rings, m: rims to the left, holes to the right, as the nonzero rule of filling needs them.
    """
    polygons, _ = _known(land)
    cut = shapely.get_parts(_in_plane(view, polygons))
    cut = cut[(shapely.get_type_id(cut) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(cut)]
    rings = shapely.get_rings(shapely.orient_polygons(cut))
    return [shapely.get_coordinates(one) for one in rings]


def coast_in(view: View, land: Land) -> list[Points]:
    """The lines where land meets sea, each of shape (vertex, 2), m: no edge of the world among them."""
    _, lines = _known(land)
    cut = shapely.get_parts(_in_plane(view, lines))
    cut = cut[(shapely.get_type_id(cut) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(cut)]
    return [shapely.get_coordinates(one) for one in cut]


@lru_cache(maxsize=4)
def _known(land: Land) -> tuple[Any, Any]:
    """The land as polygons with holes, and as lines."""
    polygons = [shapely.Polygon(ring, holes) for ring, holes in zip(land.rings, land.holes, strict=True)]
    lines = [part for ring in [*land.rings, *(hole for holes in land.holes for hole in holes)] for part in _coast(ring)]
    return np.array(polygons, dtype=object), np.array([shapely.LineString(one) for one in lines], dtype=object)


def _coast(ring: NDArray[np.floating]) -> list[NDArray[np.floating]]:
    """A ring without its edges along the date line and at the pole."""
    ends = (np.abs(ring[:, 0]) > EDGE) | (ring[:, 1] < SOUTHMOST)
    made = ends[:-1] & ends[1:]  # edges
    if not made.any():
        return [ring]
    turned = np.concatenate([ring[:-1], ring[:-1]])  # begin after such an edge
    first = int(np.argmax(made)) + 1
    way, cut = turned[first : first + len(ring)], np.roll(made, -first)
    parts = np.split(way[: len(cut)], np.flatnonzero(cut[:-1]) + 1)
    return [one for one in parts if len(one) > 1]


def _in_plane(view: View, shapes: Any) -> Any:
    """Shapes of longitude and latitude in the plane of a map: those that it shows, cut a little outside of it."""
    if not len(shapes):
        return shapes
    west, south, east, north = view.box()
    more = MARGIN * max(east - west, north - south)
    south, north = max(south - more, -90.0), min(north + more, 90.0)
    around = east - west + 2 * more >= 360.0
    if around and not view.is_mercator:
        west, east = view.middle - 180.0, view.middle + 180.0
    else:
        west, east = west - more, east + more
    if view.is_mercator:
        south, north = max(south, -89.0), min(north, 89.0)
    bounds = shapely.bounds(shapes)
    found = []
    for turn in range(int((west - 180.0) // 360.0), int((east + 180.0) // 360.0) + 1):
        low, high = west - 360.0 * turn, east - 360.0 * turn
        near = (bounds[:, 2] >= low) & (bounds[:, 0] <= high) & (bounds[:, 3] >= south) & (bounds[:, 1] <= north)
        cut = shapely.clip_by_rect(shapes[near], low, south, high, north)
        cut = shapely.segmentize(cut[~shapely.is_empty(cut)], max((east - west) / 180.0, 0.1))
        found.append(shapely.transform(cut, lambda at, turn=turn: np.add(at, (360.0 * turn, 0.0))))
    left, bottom, right, top = view.extent
    wide, high = MARGIN * (right - left), MARGIN * (top - bottom)
    placed = shapely.transform(np.concatenate(found), lambda at: _placed(view, at))
    return shapely.clip_by_rect(placed, left - wide, bottom - high, right + wide, top + high)


def _placed(view: View, at: Points) -> Points:
    x, y = view.plane(at[:, 1], at[:, 0], wrapped=False)
    return np.stack([x, y], axis=-1)
