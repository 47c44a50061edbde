"""Places as features of a map: those in view, areas simplified to its pixels."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, cast

import numpy as np
import shapely

from ocean_common.contracts import places as contracts
from ocean_common.contracts.places import PointGeometry, Position
from ocean_core.tiles import MAJOR, MERCATOR, Projection, to_plane
from ocean_metadata.places.kml import Place

ANTARCTIC = "EPSG:3031"
WORLD = 2 * np.pi * MAJOR  # m, once around EPSG:3857
# Degrees: the square of EPSG:3857 ends there; in a polar view the other pole is infinitely far.
_LATITUDES = {MERCATOR: (-85.06, 85.06), "EPSG:32661": (-89.0, 90.0), ANTARCTIC: (-90.0, 89.0)}
_TOLERANCE = 1.5  # pixels by which a simplified rim may differ
_DIGITS = 6  # of degrees: 0.1 m

Bounds = tuple[float, float, float, float]  # left, bottom, right, top: m in the projection


class MapView(NamedTuple):
    """Projection and bounds of a map; without bounds everything is in view."""

    projection: Projection
    bounds: Bounds | None


def point_features(places: Iterable[Place], view: MapView) -> contracts.PointPlaces:
    """Return the points that are in view."""
    features = []
    for place, _ in _places_in_view(places, view):
        (position,) = _positions(place.geometry)
        properties = contracts.PointPlaceProperties(name=place.name)
        features.append(contracts.PointPlace(geometry=PointGeometry(coordinates=position), properties=properties))
    return contracts.PointPlaces(features=features)


def line_features(places: Iterable[Place], view: MapView) -> contracts.LinePlaces:
    """Return the lines of which a part is in view."""
    features = []
    for place, _ in _places_in_view(places, view):
        geometry = contracts.LineGeometry(coordinates=_positions(place.geometry))
        properties = contracts.LinePlaceProperties(name=place.name)
        features.append(contracts.LinePlace(geometry=geometry, properties=properties))
    return contracts.LinePlaces(features=features)


def area_features(places: Iterable[Place], group: str, view: MapView, resolution: float = 0.0) -> contracts.AreaPlaces:
    """Return the areas of which a part is in view, simplified to pixels of ``resolution`` m; 0: not simplified.

    ``group`` is the id of their file, the first part of their keys.
    """
    features = []
    for place, plane in _places_in_view(places, view):
        centroid = place.geometry.centroid
        properties = contracts.AreaPlaceProperties(
            name=place.name,
            resolution=resolution,
            key=f"{group}/{place.name}",
            centroid=(round(centroid.x, _DIGITS), round(centroid.y, _DIGITS)),
        )
        geometry = _multipolygon(_simplify(place.geometry, plane, resolution))
        features.append(contracts.AreaPlace(geometry=geometry, properties=properties))
    return contracts.AreaPlaces(features=features)


def area_of(group: str, place: Place) -> contracts.Area:
    """Return an area as it is in its file."""
    return contracts.Area(key=f"{group}/{place.name}", name=place.name, geometry=_multipolygon(place.geometry))


def _places_in_view(places: Iterable[Place], view: MapView) -> Iterator[tuple[Place, shapely.Geometry]]:
    """Yield the places in view, each with its geometry on the plane of the projection."""
    for place in places:
        plane = _to_plane(place.geometry, view.projection)
        if view.bounds is None or _is_in_view(place.geometry, plane, view.projection, view.bounds):
            yield place, plane


def _to_plane(geometry: shapely.Geometry, projection: Projection) -> shapely.Geometry:
    """Return a geometry in m on the plane of a projection, with the index of each position as third coordinate.

    In EPSG:3857 longitudes beyond 180 degrees go on beyond the edge of the map.
    """
    longitude, latitude = shapely.get_coordinates(geometry).T
    x, y = to_plane(projection, np.clip(latitude, *_LATITUDES[projection]), longitude)
    coordinates = np.stack([x, y, np.arange(float(x.size))], axis=1)
    return cast("shapely.Geometry", shapely.set_coordinates(shapely.force_3d(geometry), coordinates))


def _is_in_view(geometry: shapely.Geometry, plane: shapely.Geometry, projection: Projection, bounds: Bounds) -> bool:
    """Return whether a part of a geometry is in view; in EPSG:3857 the world is repeated beside itself."""
    left, bottom, right, top = bounds
    if projection != MERCATOR:
        # What surrounds one pole would seem to surround the other as well.
        on_other_side = geometry.bounds[1] > 0 if projection == ANTARCTIC else geometry.bounds[3] < 0
        return not on_other_side and bool(shapely.intersects(plane, shapely.box(*bounds)))
    west, south, east, north = plane.bounds
    if south > top or north < bottom:
        return False
    if right - left >= WORLD:
        left, right = west, east
    first, last = np.ceil((left - east) / WORLD), np.floor((right - west) / WORLD)
    shifts = np.arange(first, last + 1)[:3] * WORLD
    boxes = shapely.box(left - shifts, bottom, right - shifts, top)
    return bool(shapely.intersects(plane, boxes).any())


def _simplify(geometry: shapely.Geometry, plane: shapely.Geometry, resolution: float) -> shapely.Geometry:
    """Return an area without details smaller than the tolerance; its positions are some of the original ones."""
    if resolution <= 0:
        return geometry
    simple = shapely.simplify(plane, _TOLERANCE * resolution, preserve_topology=True)
    indices = shapely.get_coordinates(simple, include_z=True)[:, 2].astype(np.intp)
    simplified = shapely.set_coordinates(shapely.force_2d(simple), shapely.get_coordinates(geometry)[indices])
    return simplified if simplified.is_valid and not simplified.is_empty else geometry


def _multipolygon(geometry: shapely.Geometry) -> contracts.AreaGeometry:
    return contracts.AreaGeometry(
        coordinates=[
            [_positions(polygon.exterior), *(_positions(hole) for hole in polygon.interiors)]
            for polygon in shapely.get_parts(geometry)
        ]
    )


def _positions(geometry: shapely.Geometry) -> list[Position]:
    return [(x, y) for x, y in np.round(shapely.get_coordinates(geometry), _DIGITS).tolist()]
