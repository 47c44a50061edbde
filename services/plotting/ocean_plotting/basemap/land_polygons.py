"""The land as polygons in the planes of maps, coarser and finer."""

import gzip
import hashlib
import zlib
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_common.settings import SettingsError
from ocean_core.tiles import MERCATOR, PROJECTIONS, SIZE, TILE_MATRICES, Projection, Tile, to_square

FINE_PIXEL = 0.3  # degrees: where pixels are smaller, the finer coast is drawn
FARTHEST = 85.3  # degrees: where the world of EPSG:3857 ends, and a little more
EQUATORWARD = 30.0  # degrees: what polar views do not reach
NO_HOLE = -89.9
BESIDE = 0.3  # of the world, to its left and right: what lies across the date line

Rings = list[NDArray[np.float64]]  # the outer one first, each (vertex, 2): right and down


class Coasts:
    """The land from one file or two."""

    def __init__(self, coarse: Path | None, fine: Path | None) -> None:
        self._files = [path for path in (coarse, fine) if path]
        self._reading = Lock()

    @cached_property
    def version(self) -> str:
        """Another one for other land."""
        states = [path.stat() for path in self._files]
        told = " ".join(f"{state.st_size} {state.st_mtime_ns}" for state in states)
        return hashlib.blake2b(told.encode(), digest_size=6).hexdigest()

    @property
    def known(self) -> bool:
        """Whether there is any file."""
        return bool(self._files)

    def load(self) -> None:
        """Read the files now, for the first tile."""
        for path in self._files:
            for projection in PROJECTIONS:
                self._plane(path, projection)

    def land(self, tile: Tile, margin: float) -> list[Rings]:
        """The polygons in a tile and so many pixels around it, the largest first: px from the upper left corner.

        They are cut along that margin.
        """
        if not self._files:
            return []
        across, beside = 2**tile.zoom, margin / SIZE
        left, top = (tile.x - beside) / across, (tile.y - beside) / across
        side = (1 + 2 * beside) / across
        tree, polygons = self._plane(self._files[-1 if tile.resolution < FINE_PIXEL else 0], tile.projection)
        near = polygons[tree.query(shapely.box(left, top, left + side, top + side))]
        cut = shapely.get_parts(shapely.clip_by_rect(near, left, top, left + side, top + side))
        cut = cut[(shapely.get_type_id(cut) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(cut)]
        corner, scale = np.array([tile.x, tile.y]), SIZE * across
        return [
            [shapely.get_coordinates(ring) * scale - corner * SIZE for ring in shapely.get_rings(polygon)]
            for polygon in cut[np.argsort(-shapely.area(cut))]
        ]

    def _plane(self, path: Path, projection: Projection) -> tuple[Any, Any]:
        with self._reading:
            return _in_plane(path, projection)


def open_coasts(coarse: Path | None, fine: Path | None) -> Coasts:
    """Name the files of the land, the coarser and the finer.

    Raises
    ------
    SettingsError
        One is not there, or is no GeoJSON.
    """
    for setting, path in (("COAST", coarse), ("FINE_COAST", fine)):
        try:
            _ = path and _polygons(path)
        except (OSError, EOFError, shapely.errors.GEOSException, zlib.error) as error:
            raise SettingsError(f"OCEAN_PLOTTING_{setting}: {path} cannot be read: {error}") from error
    return Coasts(coarse, fine)


@lru_cache
def _polygons(path: Path) -> Any:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    polygons = shapely.get_parts(shapely.get_parts(shapely.from_geojson(text)))
    return shapely.make_valid(polygons[shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON])


@lru_cache
def _in_plane(path: Path, projection: Projection) -> tuple[Any, Any]:
    """The polygons in a plane, from 0 to 1 across its square, and a tree of them."""
    polygons, edge = _polygons(path), 180.0
    if (polar := TILE_MATRICES[projection].polar) is None:
        cut = shapely.clip_by_rect(polygons, -edge, -FARTHEST, edge, FARTHEST)
    else:
        low, high = (EQUATORWARD, 90.0) if polar.sign > 0 else (-90.0, -EQUATORWARD)
        # Straight along a parallel is round here.
        cut = shapely.segmentize(shapely.clip_by_rect(polygons, -edge, low, edge, high), 2.0)
    parts = shapely.get_parts(cut)
    parts = parts[~shapely.is_empty(parts)]

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        # Land that ends a hair's breadth from the pole would leave a hole in the middle of the ice.
        latitude = np.where(points[:, 1] < NO_HOLE, -90.0, points[:, 1])
        return np.stack(to_square(projection, latitude, points[:, 0]), axis=-1)

    # Antarctica has an edge along the date line to the pole, and back: in a polar view it closes upon itself.
    plane = shapely.get_parts(shapely.make_valid(shapely.transform(parts, project)))
    plane = plane[shapely.get_type_id(plane) == shapely.GeometryType.POLYGON]
    if projection == MERCATOR:
        plane = _joined(plane)
    return shapely.STRtree(plane), plane


def _joined(polygons: Any) -> Any:
    """Polygons that the date line cuts as one, on both sides of the world."""
    left, right = shapely.bounds(polygons)[:, 0], shapely.bounds(polygons)[:, 2]
    cut = (left < 1e-7) | (right > 1 - 1e-7)
    pieces = [_moved(polygons[cut], by) for by in (-1.0, 0.0, 1.0)]
    whole = shapely.unary_union(shapely.set_precision(np.concatenate(pieces), 1e-9))
    joined = shapely.get_parts(shapely.clip_by_rect(whole, -BESIDE, -1.0, 1 + BESIDE, 2.0))
    beside = [_moved(polygons[~cut & (right > 1 - BESIDE)], -1.0), _moved(polygons[~cut & (left < BESIDE)], 1.0)]
    return np.concatenate([polygons[~cut], joined, *beside])


def _moved(polygons: Any, by: float) -> Any:
    return shapely.transform(polygons, lambda points: points + np.array([by, 0.0]))
