"""GeoJSON (RFC 7946): a feature for every place that has a value, with its values as properties.

It is the polygon of a cell where the places are cells, with its centre among the properties; and a point elsewhere.
Values at several times or depths are lists (time, then depth), as long as the members `times` and `depths` of the
collection.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.polygon import orient

from ocean_core.errors import UnsupportedFormat
from ocean_core.geometry import wrap_longitude
from ocean_core.time import format_times
from ocean_data.grids.base import Coordinate, Outlines
from ocean_data.plan.extraction import Extraction, Parts, Values
from ocean_data.writing.metadata import attribution, is_time, variable_fields
from ocean_data.writing.numbers import nest_numbers

Json = dict[str, Any]

PLACE = {"latitude", "longitude", "raw_time"}  # told elsewhere, or nowhere
Floats = NDArray[np.float64]

DIGITS = 7  # of a degree: a centimetre
WORLD = shapely.box(-180.0, -90.0, 180.0, 90.0)


class GeoJson:
    """Writes GeoJSON."""

    media_type = "application/geo+json"
    suffix = "geojson"

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """One piece: a place needs its values of all times."""
        yield msgspec.json.encode(write_geojson(extraction, extraction.collect(parts), revision))


def write_geojson(extraction: Extraction, values: dict[str, Values], revision: str) -> Json:
    """The whole."""
    places = _places(extraction)
    latitude, longitude = (_at(extraction, name, places) for name in ("latitude", "longitude"))
    columns = {
        coordinate.name: _texts(coordinate, extraction, places)
        for coordinate in extraction.coordinates
        if coordinate.name not in PLACE and coordinate.dims and set(coordinate.dims) <= set(places)
    }
    wet = np.zeros(latitude.size, dtype=bool)
    for field in extraction.fields:
        if set(places) <= set(field.dims):
            flat = _by_place(values[field.key], extraction, places)
            columns[field.key] = nest_numbers(flat)
            if not field.auxiliary:
                wet |= np.isfinite(flat).reshape(latitude.size, -1).any(axis=1)
    longitude = np.where(longitude > 180, longitude - 360, longitude)
    wet &= np.isfinite(latitude) & np.isfinite(longitude)
    cells = _cells(extraction, longitude, wet)
    centres = {"latitude": nest_numbers(latitude), "longitude": nest_numbers(longitude)} if cells else {}
    points = nest_numbers(np.stack([longitude, latitude], axis=1))
    rows = zip(*(centres | columns).values(), strict=True)
    features = [
        {
            "type": "Feature",
            "geometry": cells.get(place) or {"type": "Point", "coordinates": point},
            "properties": dict(zip(centres | columns, row, strict=True)),
        }
        for place, (point, row, has_value) in enumerate(zip(points, rows, wet.tolist(), strict=True))
        if has_value
    ]
    return {"type": "FeatureCollection", **_collection_members(extraction, revision), "features": features}


def _cells(extraction: Extraction, longitude: NDArray[np.float64], wet: NDArray[np.bool_]) -> dict[int, Json]:
    """The polygons of the cells with a value, by their places."""
    corners = extraction.outline() if extraction.outline else None
    if corners is None:
        return {}
    numbers = np.flatnonzero(wet)
    wet_corners = tuple(values.reshape(wet.size, -1)[numbers] for values in corners)
    shapes = cell_polygons((wet_corners[0], wet_corners[1]), longitude[numbers])
    return {number: values for number, values in zip(numbers.tolist(), shapes, strict=True) if values is not None}


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
            }
            for item in variable_fields(extraction)
        },
    }
    if time is not None and time.dims in {(), ("time",)}:
        members["times"] = format_times(np.asarray(time.values))
    for item in extraction.coordinates:
        if item.name.startswith(("depth", "level")) and len(item.dims) <= 1 and item.dims != ("point",):
            members[f"{item.name}s"] = nest_numbers(np.ravel(np.asarray(item.values, dtype=np.float64)))
    beside = {"attribution": attribution(extraction), "revision": revision}
    facts = {key: fact for key, fact in extraction.facts.items() if key != "crs_wkt"}
    return members | {"facts": facts} | {key: text for key, text in beside.items() if text}


def _places(extraction: Extraction) -> tuple[str, ...]:
    """The dimensions of the places."""
    first = variable_fields(extraction)[0]
    return tuple(name for name in first.dims if name != "time" and not name.startswith("depth"))


def _at(extraction: Extraction, name: str, places: Sequence[str]) -> NDArray[np.float64]:
    """A coordinate at every place, flat."""
    coordinate = extraction.coordinate(name)
    if coordinate is None:
        raise UnsupportedFormat(
            "{kind} have no places of their own: ask for json or csv",
            kind=extraction.kind,
            field="format",
            allowed=["json", "csv"],
        )
    return _spread(np.asarray(coordinate.values, dtype=np.float64), coordinate, extraction, places)


def _texts(coordinate: Coordinate, extraction: Extraction, places: Sequence[str]) -> Any:
    if isinstance(coordinate.values, list):
        return _spread(np.array(coordinate.values, dtype=object), coordinate, extraction, places).tolist()
    if is_time(coordinate):
        return _spread(np.array(format_times(coordinate.values), dtype=object), coordinate, extraction, places).tolist()
    return nest_numbers(_spread(np.asarray(coordinate.values), coordinate, extraction, places))


def _spread(
    values: NDArray[Any], coordinate: Coordinate, extraction: Extraction, places: Sequence[str]
) -> NDArray[Any]:
    shape = [extraction.dims[name] for name in places]
    own = [extraction.dims[name] if name in coordinate.dims else 1 for name in places]
    return np.broadcast_to(values.reshape(own), shape).ravel()


def _by_place(values: Values, extraction: Extraction, places: Sequence[str]) -> Values:
    """Values of a field as (place, time, depth): without those of the last two that have the length one."""
    count = int(np.prod([extraction.dims[name] for name in places]))
    before = [size for size in values.shape[: values.ndim - len(places)] if size > 1]
    return np.moveaxis(values.reshape(*before, count), -1, 0)


def cell_polygons(corners: Outlines, longitude: Floats) -> list[Json | None]:
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
    steps = wrap_longitude(np.diff(np.concatenate([meridian, meridian[:, :1]], axis=1), axis=1))
    first = longitude + wrap_longitude(meridian[:, 0] - longitude)
    meridian = first[:, np.newaxis] + np.concatenate([np.zeros((len(steps), 1)), np.cumsum(steps, axis=1)], axis=1)
    doubled = np.sum((meridian[:, 1:] - meridian[:, :-1]) * (latitude[:, 1:] + latitude[:, :-1]), axis=1)
    rings = np.round(np.stack([meridian, latitude], axis=2), DIGITS)
    rings[doubled > 0] = rings[doubled > 0, ::-1]
    polar = np.abs(steps.sum(axis=1)) > 180.0
    valid = np.isfinite(rings).all(axis=(1, 2)) & (polar | (np.abs(doubled) > 0))
    inside = valid & ~polar & (np.abs(meridian) <= 180.0).all(axis=1)
    plain = iter(rings[inside].tolist())
    return [
        {"type": "Polygon", "coordinates": [next(plain)]}
        if simple
        else _cut(_around_pole(ring) if polar[number] else ring)
        if valid[number]
        else None
        for number, (ring, simple) in enumerate(zip(rings, inside.tolist(), strict=True))
    ]


def _around_pole(ring: Floats) -> Floats:
    """A ring that gets around the Earth, up to its pole."""
    pole = np.copysign(90.0, ring[:, 1].mean())
    return np.concatenate([ring, [[ring[-1, 0], pole], [ring[0, 0], pole], ring[0]]])


def _cut(ring: Floats) -> Json | None:
    """Clip a ring that reaches beyond -180 or 180 to the world."""
    shape = shapely.make_valid(shapely.Polygon(ring))
    met = shapely.union_all([WORLD.intersection(translate(shape, turn)) for turn in (-360.0, 0.0, 360.0)])
    pieces = [part for part in getattr(met, "geoms", [met]) if part.geom_type == "Polygon" and part.area > 0]
    rings = [[np.round(orient(part).exterior.coords, DIGITS).tolist()] for part in pieces]
    if len(rings) > 1:
        return {"type": "MultiPolygon", "coordinates": rings}
    return {"type": "Polygon", "coordinates": rings[0]} if rings else None
