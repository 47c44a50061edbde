"""Cells as polygons of GeoJSON: counter-clockwise, and cut where they cross the date line (RFC 7946)."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.polygon import orient

from ocean_data.compute.sphere import wrap
from ocean_data.grids.outlines import Corners

Geometry = dict[str, Any]
Floats = NDArray[np.float64]

DIGITS = 7  # of a degree: a centimetre
WORLD = shapely.box(-180.0, -90.0, 180.0, 90.0)


def polygons(corners: Corners, longitude: Floats) -> list[Geometry | None]:
    """A polygon for each cell; None for one without an area.

    Parameters
    ----------
    corners : tuple of ndarray of float, shape (cell, corner)
        Latitudes and longitudes around the cells, degrees.
    longitude : ndarray of float, shape (cell,)
        Of their centres, -180 to 180.
    """
    latitude, meridian = corners
    latitude = np.concatenate([latitude, latitude[:, :1]], axis=1)
    steps = wrap(np.diff(np.concatenate([meridian, meridian[:, :1]], axis=1), axis=1))
    first = longitude + wrap(meridian[:, 0] - longitude)
    meridian = first[:, np.newaxis] + np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)
    doubled = np.sum((meridian[:, 1:] - meridian[:, :-1]) * (latitude[:, 1:] + latitude[:, :-1]), axis=1)
    rings = np.round(np.stack([meridian, latitude], axis=2), DIGITS)
    rings[doubled > 0] = rings[doubled > 0, ::-1]
    polar = np.abs(steps.sum(axis=1)) > 180.0
    whole = np.isfinite(rings).all(axis=(1, 2)) & (polar | (np.abs(doubled) > 0))
    inside = whole & ~polar & (np.abs(meridian) <= 180.0).all(axis=1)
    plain = iter(rings[inside].tolist())
    return [
        {"type": "Polygon", "coordinates": [next(plain)]}
        if simple
        else _cut(_around_pole(ring) if polar[number] else ring)
        if whole[number]
        else None
        for number, (ring, simple) in enumerate(zip(rings, inside.tolist(), strict=True))
    ]


def _around_pole(ring: Floats) -> Floats:
    """A ring that gets around the Earth, up to its pole."""
    pole = np.copysign(90.0, ring[:, 1].mean())
    return np.concatenate([ring, [[ring[-1, 0], pole], [ring[0, 0], pole], ring[0]]])


def _cut(ring: Floats) -> Geometry | None:
    """What lies in the world of a ring that reaches beyond -180 or 180."""
    shape = shapely.make_valid(shapely.Polygon(ring))
    met = shapely.union_all([WORLD.intersection(translate(shape, turn)) for turn in (-360.0, 0.0, 360.0)])
    pieces = [one for one in getattr(met, "geoms", [met]) if one.geom_type == "Polygon" and one.area > 0]
    rings = [[np.round(orient(one).exterior.coords, DIGITS).tolist()] for one in pieces]
    if len(rings) > 1:
        return {"type": "MultiPolygon", "coordinates": rings}
    return {"type": "Polygon", "coordinates": rings[0]} if rings else None
