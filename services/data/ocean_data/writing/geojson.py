"""GeoJSON (RFC 7946): a feature for every place that has a value, with its values as properties.

It is the polygon of a cell where the places are cells, with its centre among the properties; and a point elsewhere.
Values at several times or depths are lists (time, then depth), as long as the members `times` and `depths` of the
collection.
"""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.polygon import orient

from ocean_core.geometry import Floats, longitude_near, polygonal_parts, split_at_antimeridian, unwrap_ring
from ocean_data.grids.base import Coordinate, Outlines
from ocean_data.plan.extraction import Extraction, Values
from ocean_data.writing import DocumentWriter, format_coordinate, nest_numbers, no_places

Json = dict[str, Any]

ELSEWHERE = {"latitude", "longitude", "raw_time"}  # coordinates that are no properties
DIGITS = 7  # of a degree: a centimetre


def write_geojson(extraction: Extraction, values: dict[str, Values], revision: str) -> Json:
    """Return the collection of all features."""
    places, y, x = extraction.places, extraction.coordinate("latitude"), extraction.coordinate("longitude")
    if x is None or y is None:
        raise no_places(extraction)
    latitude, longitude = (_at_places(np.asarray(item.values, np.float64), item, extraction) for item in (y, x))
    longitude = np.where(longitude > 180, longitude - 360, longitude)
    columns = {
        item.name: nest_numbers(_at_places(format_coordinate(item), item, extraction))
        for item in extraction.coordinates
        if item.name not in ELSEWHERE and item.dims and set(item.dims) <= set(places)
    }
    wet = np.zeros(latitude.size, dtype=bool)
    for field in extraction.fields:
        if set(places) <= set(field.dims):
            # Values as (place, time, depth): without those of the last two that have the length one.
            array = values[field.key]
            before = [size for size in array.shape[: array.ndim - len(places)] if size > 1]
            by_place = np.moveaxis(array.reshape(*before, latitude.size), -1, 0)
            columns[field.key] = nest_numbers(by_place)
            if not field.auxiliary:
                wet |= np.isfinite(by_place).reshape(latitude.size, -1).any(axis=1)
    wet &= np.isfinite(latitude) & np.isfinite(longitude)
    cells = _cells(extraction, longitude, wet)
    if cells:
        columns = {"latitude": nest_numbers(latitude), "longitude": nest_numbers(longitude)} | columns
    points = nest_numbers(np.stack([longitude, latitude], axis=1))
    features = [
        {
            "type": "Feature",
            "geometry": cells.get(place) or {"type": "Point", "coordinates": points[place]},
            "properties": {name: column[place] for name, column in columns.items()},
        }
        for place in np.flatnonzero(wet).tolist()
    ]
    return {"type": "FeatureCollection", **_collection_members(extraction, revision), "features": features}


GEOJSON = DocumentWriter("application/geo+json", "geojson", write_geojson)


def _at_places(values: NDArray[Any], coordinate: Coordinate, extraction: Extraction) -> NDArray[Any]:
    """Return the values of a coordinate at every place, flat."""
    shape = [extraction.dims[name] for name in extraction.places]
    own = [extraction.dims[name] if name in coordinate.dims else 1 for name in extraction.places]
    return np.broadcast_to(values.reshape(own), shape).ravel()


def _cells(extraction: Extraction, longitude: Floats, wet: NDArray[np.bool_]) -> dict[int, Json]:
    """Return the polygons of the cells with a value, by their places."""
    corners = extraction.outline() if extraction.outline else None
    if corners is None:
        return {}
    numbers = np.flatnonzero(wet)
    latitudes, longitudes = (values.reshape(wet.size, -1)[numbers] for values in corners)
    polygons = cell_polygons((latitudes, longitudes), longitude[numbers])
    return {number: polygon for number, polygon in zip(numbers.tolist(), polygons, strict=True) if polygon is not None}


def _collection_members(extraction: Extraction, revision: str) -> Json:
    time = extraction.coordinate("time")
    members: Json = {
        "dataset": extraction.dataset,
        "kind": extraction.kind,
        "variables": {
            item.key: {
                "name": item.variable.name,
                "units": item.variable.units,
                "standard_name": item.variable.standard_name,
                **({"categories": categories} if (categories := item.variable.numbered_categories) else {}),
            }
            for item in extraction.variables
        },
    }
    if time is not None and time.is_time and time.dims in {(), ("time",)}:
        members["times"] = time.format_times()
    for item in extraction.coordinates:
        if item.name.startswith(("depth", "level")) and len(item.dims) <= 1 and item.dims != ("point",):
            members[f"{item.name}s"] = nest_numbers(np.ravel(np.asarray(item.values, dtype=np.float64)))
            if item.units and item.units != "m":
                members[f"{item.name}_units"] = item.units
    members["facts"] = {key: fact for key, fact in extraction.facts.items() if key != "crs_wkt"}
    beside = {"attribution": extraction.attribution, "revision": revision}
    return members | {key: text for key, text in beside.items() if text}


def cell_polygons(corners: Outlines, longitude: Floats) -> list[Json | None]:
    """Return a polygon for each cell; None for one without an area.

    Parameters
    ----------
    corners : tuple of ndarray of float, shape (cell, corner)
        Latitudes and longitudes around the cells, degrees.
    longitude : ndarray of float, shape (cell,)
        Of their centres, -180 to 180.
    """
    latitude = np.concatenate([corners[0], corners[0][:, :1]], axis=1)
    first = longitude_near(corners[1][:, :1], longitude[:, np.newaxis])
    meridian = np.unwrap(np.concatenate([first, corners[1][:, 1:], first], axis=1), axis=1, period=360.0)
    doubled = np.sum(np.diff(meridian, axis=1) * (latitude[:, 1:] + latitude[:, :-1]), axis=1)
    rings = np.round(np.stack([meridian, latitude], axis=2), DIGITS)
    rings[doubled > 0] = rings[doubled > 0, ::-1]
    polar = np.abs(meridian[:, -1] - meridian[:, 0]) > 180.0
    valid = np.isfinite(rings).all(axis=(1, 2)) & (polar | (doubled != 0))
    inside = valid & ~polar & (np.abs(meridian) <= 180.0).all(axis=1)
    polygons: list[Json | None] = [{"type": "Polygon", "coordinates": [ring]} for ring in rings.tolist()]
    for number in np.flatnonzero(~inside).tolist():
        polygons[number] = _cut(rings[number]) if valid[number] else None
    return polygons


def _cut(ring: Floats) -> Json | None:
    """Cut a ring at the antimeridian; one that goes around the Earth is led up to its pole."""
    shape = split_at_antimeridian(shapely.make_valid(shapely.Polygon(unwrap_ring(ring[:-1]))))
    rings = [[np.round(orient(part).exterior.coords, DIGITS).tolist()] for part in polygonal_parts(shape)]
    if len(rings) > 1:
        return {"type": "MultiPolygon", "coordinates": rings}
    return {"type": "Polygon", "coordinates": rings[0]} if rings else None
