"""The outline of a grid's wet cells as a GeoJSON geometry."""

import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_core.geometry import longitude_near, split_at_antimeridian, wrap_longitude
from ocean_metadata.index.places import Floats, edges

BLOCKS = 72  # along each dimension: an outline, not a coast
_DIGITS = 0.001  # degrees


def of_quads(latitude: Floats, longitude: Floats, wet: NDArray[np.bool_]) -> str | None:
    """The blocks of a (y, x) grid that hold a wet cell, united."""
    rows, columns = edges(latitude.shape[0], BLOCKS), edges(latitude.shape[1], BLOCKS)
    corners = [
        np.stack([longitude[np.ix_(y, x)], latitude[np.ix_(y, x)]], axis=-1)
        for y, x in (
            (rows[:-1], columns[:-1]),
            (rows[:-1], columns[1:]),
            (rows[1:], columns[1:]),
            (rows[1:], columns[:-1]),
        )
    ]
    filled = np.maximum.reduceat(np.maximum.reduceat(wet, rows[:-1], axis=0), columns[:-1], axis=1)
    return _united(np.stack(corners, axis=-2)[filled.astype(bool)])


def of_triangles(latitude: Floats, longitude: Floats, corners: NDArray[np.intp]) -> str | None:
    """The triangles of a mesh, united; of a large mesh one in several."""
    some = corners[:: max(1, len(corners) // 20_000)]
    return _united(np.stack([longitude[some], latitude[some]], axis=-1))


def _united(rings: Floats) -> str | None:
    """Unite rings of (longitude, latitude), cut at the antimeridian."""
    rings = rings[np.isfinite(rings).all(axis=(-1, -2))]
    if not len(rings):
        return None
    rings = rings.copy()
    first = wrap_longitude(rings[:, :1, 0])
    # Every ring stays together; what then lies beyond 180 degrees is moved to the other side.
    rings[..., 0] = longitude_near(rings[..., 0], first)
    flat = shapely.buffer(shapely.polygons(rings), 1e-4, join_style="mitre", quad_segs=1)
    whole = shapely.unary_union(flat)
    united = shapely.set_precision(split_at_antimeridian(whole), _DIGITS)
    return str(shapely.to_geojson(united)) if not united.is_empty else None
