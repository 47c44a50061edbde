"""Places as a map shows them: those in view, areas no finer than its pixels."""

from collections.abc import Iterable
from functools import cache
from typing import cast, get_args

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from ocean_common.contracts.geojson import PointGeometry
from ocean_common.contracts.places import (
    Area,
    AreaGeometry,
    AreaPlace,
    AreaPlaceProperties,
    AreaPlaces,
    LineGeometry,
    LinePlace,
    LinePlaceProperties,
    LinePlaces,
    PointPlace,
    PointPlaceProperties,
    PointPlaces,
    Position,
)
from ocean_core.tiles import Projection
from ocean_metadata.places.kml import Place

PROJECTIONS: tuple[Projection, ...] = get_args(Projection)
MERCATOR, ANTARCTIC = "EPSG:3857", "EPSG:3031"
RADIUS = 6_378_137.0  # m, of the sphere of EPSG:3857
WORLD = 2 * np.pi * RADIUS  # m, once around it
EDGE = 85.06  # degrees: the square of EPSG:3857 ends there
FARTHEST = 89.0  # degrees: of the other hemisphere in a polar view; the other pole is infinitely far
FINENESS = 1.5  # of the pixels: so much of a rim may be smoothed away
DIGITS = 6  # of degrees: 0.1 m

Bounds = tuple[float, float, float, float]  # left, bottom, right, top: m in the projection
Floats = NDArray[np.float64]


def points(places: Iterable[Place], projection: str, view: Bounds | None) -> PointPlaces:
    """The points that are in view."""
    return PointPlaces(
        features=[
            PointPlace(
                geometry=PointGeometry(coordinates=_positions(one.geometry)[0]),
                properties=PointPlaceProperties(name=one.name),
            )
            for one in places
            if _in_view(one.geometry, projected(one.geometry, projection), projection, view)
        ]
    )


def lines(places: Iterable[Place], projection: str, view: Bounds | None) -> LinePlaces:
    """The lines of which a part is in view."""
    return LinePlaces(
        features=[
            LinePlace(
                geometry=LineGeometry(coordinates=_positions(one.geometry)),
                properties=LinePlaceProperties(name=one.name),
            )
            for one in places
            if _in_view(one.geometry, projected(one.geometry, projection), projection, view)
        ]
    )


def areas(
    places: Iterable[Place], group: str, projection: str, view: Bounds | None, resolution: float = 0.0
) -> AreaPlaces:
    """The areas of which a part is in view.

    Parameters
    ----------
    places : iterable of Place
        With MultiPolygons.
    group : str
        Id of their file, the first word of their keys.
    projection : str
        EPSG:3857, EPSG:32661 or EPSG:3031.
    view : tuple of float, or None
        Left, bottom, right, top: m. None: everything.
    resolution : float
        m of a pixel; 0: as fine as they are.
    """
    found = []
    for one in places:
        plane = projected(one.geometry, projection)
        if not _in_view(one.geometry, plane, projection, view):
            continue
        middle = one.geometry.centroid
        about = AreaPlaceProperties(
            name=one.name,
            resolution=resolution,
            key=f"{group}/{one.name}",
            centroid=(round(middle.x, DIGITS), round(middle.y, DIGITS)),
        )
        found.append(AreaPlace(geometry=_multipolygon(simplified(one.geometry, plane, resolution)), properties=about))
    return AreaPlaces(features=found)


def area(group: str, place: Place) -> Area:
    """An area as it is in its file."""
    return Area(key=f"{group}/{place.name}", name=place.name, geometry=_multipolygon(place.geometry))


def projected(geometry: shapely.Geometry, projection: str) -> shapely.Geometry:
    """A geometry on a plane; its third coordinate tells which of its positions each is.

    Parameters
    ----------
    geometry : shapely.Geometry
        Degrees, longitude first; in EPSG:3857 longitudes beyond 180 degrees go on beyond the edge of the map.

    Returns
    -------
    shapely.Geometry
        m, with edges that are straight on the plane, as the map draws them.
    """
    degrees = shapely.get_coordinates(geometry)
    x, y = _plane(degrees[:, 0], degrees[:, 1], projection)
    raised = shapely.force_3d(geometry)
    return cast(
        "shapely.Geometry",
        shapely.set_coordinates(raised, np.stack([x, y, np.arange(float(x.size))], axis=1)),
    )


def simplified(geometry: shapely.Geometry, plane: shapely.Geometry, resolution: float) -> shapely.Geometry:
    """An area without what is smaller than 1.5 pixels; its positions are some of those that it had."""
    if resolution <= 0:
        return geometry
    kept = shapely.simplify(plane, FINENESS * resolution, preserve_topology=True)
    numbers = shapely.get_coordinates(kept, include_z=True)[:, 2].astype(np.intp)
    found = shapely.set_coordinates(shapely.force_2d(kept), shapely.get_coordinates(geometry)[numbers])
    return found if found.is_valid and not found.is_empty else geometry


def _plane(longitude: Floats, latitude: Floats, projection: str) -> tuple[Floats, Floats]:
    """Metres on the plane of a projection, each of the shape of the degrees."""
    if projection == MERCATOR:
        upright = np.radians(np.clip(latitude, -EDGE, EDGE))
        return RADIUS * np.radians(longitude), RADIUS * np.arcsinh(np.tan(upright))
    south = projection == ANTARCTIC
    near = np.clip(latitude, *((-90, FARTHEST) if south else (-FARTHEST, 90)))
    x, y = _from_earth(projection).transform(longitude, near)
    return x, y


@cache
def _from_earth(projection: str) -> Transformer:
    return Transformer.from_crs("EPSG:4326", projection, always_xy=True)


def _in_view(degrees: shapely.Geometry, plane: shapely.Geometry, projection: str, view: Bounds | None) -> bool:
    """Whether a part of a geometry is in view; in EPSG:3857 the world goes on and on beside itself."""
    if view is None:
        return True
    left, bottom, right, top = view
    if projection != MERCATOR:
        # What surrounds one pole would seem to surround the other as well.
        beyond = degrees.bounds[1] > 0 if projection == ANTARCTIC else degrees.bounds[3] < 0
        return not beyond and bool(shapely.intersects(plane, shapely.box(left, bottom, right, top)))
    west, south, east, north = plane.bounds
    if south > top or north < bottom:
        return False
    if right - left >= WORLD:
        left, right = west, east
    first, last = np.ceil((left - east) / WORLD), np.floor((right - west) / WORLD)
    turns = np.arange(first, last + 1)[:3] * WORLD
    boxes = shapely.box(left - turns, bottom, right - turns, top)
    return bool(shapely.intersects(plane, boxes).any())


def _multipolygon(geometry: shapely.Geometry) -> AreaGeometry:
    return AreaGeometry(
        coordinates=[
            [_positions(one.exterior), *(_positions(hole) for hole in one.interiors)]
            for one in shapely.get_parts(geometry)
        ]
    )


def _positions(geometry: shapely.Geometry) -> list[Position]:
    return [(x, y) for x, y in np.round(shapely.get_coordinates(geometry), DIGITS).tolist()]
