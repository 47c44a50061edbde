"""Land as polygons, from GeoJSON: in longitude and latitude for figures, in the planes of tiles for the basemap."""

import gzip
import zlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_common.settings import SettingsError
from ocean_core.tiles import MERCATOR, PROJECTIONS, SIZE, TILE_MATRICES, Projection, Tile, to_square
from ocean_plotting.basemap.relief import file_version

FINE_PIXEL = 0.3  # degrees: where pixels are smaller, the finer coast is drawn
FARTHEST = 85.3  # degrees: where the world of EPSG:3857 ends, and a little more
EQUATORWARD = 30.0  # degrees: the rim of polar views
NEAR_SOUTH_POLE = -89.9  # degrees
BESIDE = 0.3  # of the world, to its left and right: land that crosses the antimeridian

Polygons = NDArray[Any]  # of shapely polygons


@dataclass(eq=False)
class Land:
    """The land of the world."""

    rings: list[NDArray[np.float32]] = field(default_factory=list)  # each (vertex, 2): longitude and latitude, degrees
    holes: list[list[NDArray[np.float32]]] = field(default_factory=list)  # in each of the rings: inland seas


def read_land(path: Path) -> Land:
    """Read the polygons in a GeoJSON file, perhaps gzipped."""
    rings = [
        [shapely.get_coordinates(ring).astype(np.float32) for ring in shapely.get_rings(polygon)]
        for polygon in _read_polygons(path)
    ]
    return Land([outer for outer, *_ in rings], [holes for _, *holes in rings])


class Coasts:
    """Land in the planes of tiles, from one file or from a coarser and a finer one."""

    def __init__(self, coarse: Path | None, fine: Path | None) -> None:
        self._files = [path for path in (coarse, fine) if path]
        self._reading = Lock()

    @cached_property
    def version(self) -> str:
        """Hash that changes with the files."""
        return file_version(*self._files)

    @property
    def exist(self) -> bool:
        """True if there is any file."""
        return bool(self._files)

    def load(self) -> None:
        """Read the files now, for the first tile."""
        for path in self._files:
            for projection in PROJECTIONS:
                self._plane(path, projection)

    def polygons(self, tile: Tile, margin: float) -> Polygons:
        """Return the land in a tile and ``margin`` pixels around it, where it is cut, the largest polygon first.

        Coordinates are pixels from the upper left corner of the tile.
        """
        if not self._files:
            return np.array([], dtype=object)
        across, beside = 2**tile.zoom, margin / SIZE
        left, top = (tile.x - beside) / across, (tile.y - beside) / across
        side = (1 + 2 * beside) / across
        tree, land = self._plane(self._files[-1 if tile.resolution < FINE_PIXEL else 0], tile.projection)
        near = land[tree.query(shapely.box(left, top, left + side, top + side))]
        parts = shapely.get_parts(shapely.clip_by_rect(near, left, top, left + side, top + side))
        parts = _only_polygons(parts)
        corner, scale = np.array([tile.x, tile.y]), SIZE * across
        ordered = parts[np.argsort(-shapely.area(parts))]
        in_pixels: Polygons = shapely.transform(ordered, lambda points: points * scale - corner * SIZE)
        return in_pixels

    def _plane(self, path: Path, projection: Projection) -> tuple[shapely.STRtree, Polygons]:
        with self._reading:
            return _project_land(path, projection)


def open_coasts(coarse: Path | None, fine: Path | None) -> Coasts:
    """Name the files of the land, the coarser and the finer.

    Raises
    ------
    SettingsError
        One is not there, or is no GeoJSON.
    """
    for setting, path in (("COAST", coarse), ("FINE_COAST", fine)):
        try:
            _ = path and _read_polygons(path)
        except (OSError, EOFError, shapely.errors.GEOSException, zlib.error) as error:
            raise SettingsError(f"OCEAN_PLOTTING_{setting}: {path} cannot be read: {error}") from error
    return Coasts(coarse, fine)


@lru_cache
def _read_polygons(path: Path) -> Polygons:
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return _only_polygons(shapely.get_parts(shapely.get_parts(shapely.from_geojson(text))))


@lru_cache
def _project_land(path: Path, projection: Projection) -> tuple[shapely.STRtree, Polygons]:
    """Return the polygons in a plane, from 0 to 1 across its square, and a tree of them."""
    polygons, edge = shapely.make_valid(_read_polygons(path)), 180.0
    if (polar := TILE_MATRICES[projection].polar) is None:
        cut = shapely.clip_by_rect(polygons, -edge, -FARTHEST, edge, FARTHEST)
    else:
        low, high = (EQUATORWARD, 90.0) if polar.sign > 0 else (-90.0, -EQUATORWARD)
        # An edge along a parallel is an arc in this plane.
        cut = shapely.segmentize(shapely.clip_by_rect(polygons, -edge, low, edge, high), 2.0)
    parts = shapely.get_parts(cut)
    parts = parts[~shapely.is_empty(parts)]

    def project(points: NDArray[np.float64]) -> NDArray[np.float64]:
        # Land that ends just before the pole would leave a hole in the middle of the ice.
        latitude = np.where(points[:, 1] < NEAR_SOUTH_POLE, -90.0, points[:, 1])
        return np.stack(to_square(projection, latitude, points[:, 0]), axis=-1)

    # Antarctica has an edge along the antimeridian to the pole, and back: in a polar view it closes upon itself.
    plane = _only_polygons(shapely.get_parts(shapely.make_valid(shapely.transform(parts, project))))
    if projection == MERCATOR:
        plane = _join_at_antimeridian(plane)
    return shapely.STRtree(plane), plane


def _only_polygons(geometries: Any) -> Polygons:
    are_polygons = shapely.get_type_id(geometries) == shapely.GeometryType.POLYGON
    polygons: Polygons = geometries[are_polygons & ~shapely.is_empty(geometries)]
    return polygons


def _join_at_antimeridian(polygons: Polygons) -> Polygons:
    """Join polygons that the antimeridian cuts, and repeat those near it on both sides of the world."""
    left, right = shapely.bounds(polygons)[:, 0], shapely.bounds(polygons)[:, 2]
    cut = (left < 1e-7) | (right > 1 - 1e-7)
    pieces = [_shift(polygons[cut], by) for by in (-1.0, 0.0, 1.0)]
    union = shapely.unary_union(shapely.set_precision(np.concatenate(pieces), 1e-9))
    joined = shapely.get_parts(shapely.clip_by_rect(union, -BESIDE, -1.0, 1 + BESIDE, 2.0))
    repeated = [_shift(polygons[~cut & (right > 1 - BESIDE)], -1.0), _shift(polygons[~cut & (left < BESIDE)], 1.0)]
    return np.concatenate([polygons[~cut], joined, *repeated])


def _shift(polygons: Polygons, by: float) -> Polygons:
    shifted: Polygons = shapely.transform(polygons, lambda points: points + np.array([by, 0.0]))
    return shifted
