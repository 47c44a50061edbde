"""The coast, from GeoJSON."""

import gzip
from pathlib import Path

import msgspec
import numpy as np

from ocean_plotting.ports import Land

Ring = list[tuple[float, float]]


class _Geometry(msgspec.Struct):
    type: str
    coordinates: msgspec.Raw


class _Feature(msgspec.Struct):
    geometry: _Geometry


class _Collection(msgspec.Struct):
    features: list[_Feature]


def read_land(path: Path) -> Land:
    """Read the polygons in a GeoJSON file, perhaps gzipped."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    features = msgspec.json.decode(content, type=_Collection).features
    polygons = [one for feature in features for one in _polygons(feature.geometry)]
    rings = [[np.array(ring, dtype=np.float32) for ring in polygon] for polygon in polygons]
    return Land([rim for rim, *_ in rings], [holes for _, *holes in rings])


def _polygons(geometry: _Geometry) -> list[list[Ring]]:
    if geometry.type == "Polygon":
        return [msgspec.json.decode(geometry.coordinates, type=list[Ring])]
    return msgspec.json.decode(geometry.coordinates, type=list[list[Ring]])
