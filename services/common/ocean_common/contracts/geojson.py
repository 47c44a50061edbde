"""Features on a map (RFC 7946): what the data service answers about vectors."""

from typing import Literal

import msgspec


class PointGeometry(msgspec.Struct, frozen=True, kw_only=True):
    """A place."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float]  # longitude, latitude: degrees


class ArrowProperties(msgspec.Struct, frozen=True, kw_only=True):
    """How an arrow is drawn, and what its tooltip says."""

    scale: int  # 0..9: which of ten lengths
    bearing: float  # where to: degrees clockwise from north
    name: str
    data: float  # length of the vector
    units: str


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """A vector at a place."""

    type: Literal["Feature"] = "Feature"
    geometry: PointGeometry
    properties: ArrowProperties


class ArrowCollection(msgspec.Struct, frozen=True, kw_only=True):
    """Arrows of a map tile."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[Arrow]
