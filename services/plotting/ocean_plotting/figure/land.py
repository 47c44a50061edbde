"""Land on a map, in its plane: cut at its frame, across the antimeridian and around the poles as well."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_plotting.basemap.land import Land, only_polygons
from ocean_plotting.figure.view import View

MARGIN = 0.02  # of the map, around it

Points = NDArray[np.float64]


def land_in_view(view: View, land: Land) -> list[Points]:
    """Return the land in the rectangle of a map, as closed rings (vertex, 2), m.

    Rims go to the left, holes to the right, as the nonzero rule of filling needs them.
    """
    parts = only_polygons(_project_to_view(view, land.polygons))
    return [shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.orient_polygons(parts))]


def coast_in_view(view: View, land: Land) -> list[Points]:
    """Return the lines where land meets sea, each of shape (vertex, 2), m, without the edges of the world."""
    parts = shapely.get_parts(_project_to_view(view, land.coast))
    parts = parts[(shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING) & ~shapely.is_empty(parts)]
    return [shapely.get_coordinates(line) for line in parts]


def _project_to_view(view: View, shapes: Any) -> Any:
    """Return the shapes of longitude and latitude that a map shows, in its plane, cut a little outside of it."""
    if not len(shapes):
        return shapes
    west, south, east, north = view.box()
    margin = MARGIN * max(east - west, north - south)
    south, north = max(south - margin, -90.0), min(north + margin, 90.0)
    around = east - west + 2 * margin >= 360.0
    if around and not view.is_mercator:
        west, east = view.middle - 180.0, view.middle + 180.0
    else:
        west, east = west - margin, east + margin
    if view.is_mercator:
        south, north = max(south, -89.0), min(north, 89.0)
    bounds = shapely.bounds(shapes)
    copies = []
    for turn in range(int((west - 180.0) // 360.0), int((east + 180.0) // 360.0) + 1):
        low, high = west - 360.0 * turn, east - 360.0 * turn
        near = (bounds[:, 2] >= low) & (bounds[:, 0] <= high) & (bounds[:, 3] >= south) & (bounds[:, 1] <= north)
        cut = shapely.clip_by_rect(shapes[near], low, south, high, north)
        cut = shapely.segmentize(cut[~shapely.is_empty(cut)], max((east - west) / 180.0, 0.1))
        copies.append(shapely.transform(cut, lambda points, turn=turn: np.add(points, (360.0 * turn, 0.0))))
    left, bottom, right, top = view.extent
    across, up = MARGIN * (right - left), MARGIN * (top - bottom)

    def project(points: Points) -> Points:
        return np.stack(view.plane(points[:, 1], points[:, 0], wrapped=False), axis=-1)

    projected = shapely.transform(np.concatenate(copies), project)
    return shapely.clip_by_rect(projected, left - across, bottom - up, right + across, top + up)
