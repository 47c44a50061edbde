"""Land as polygons, from GeoJSON: in longitude and latitude for figures, in the planes of tiles for the basemap."""

import gzip
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
from ocean_plotting.basemap.relief import file_version

FINE_PIXEL = 0.3  # degrees: where pixels are smaller, the finer coast is drawn
FARTHEST = 85.3  # degrees: where the world of EPSG:3857 ends, and a little more
EQUATORWARD = 30.0  # degrees: the rim of polar views
NEAR_SOUTH_POLE, EDGE = -89.9, 179.99  # degrees: edges of polygons that are no coast
BESIDE = 0.3  # of the world, to its left and right: land that crosses the antimeridian

Polygons = NDArray[Any]  # of shapely polygons


class Land:
    """The land of the world, in longitude and latitude."""

    def __init__(self, polygons: Polygons | None = None) -> None:
        self.polygons: Polygons = np.array([], dtype=object) if polygons is None else polygons

    @cached_property
    def rings(self) -> list[NDArray[np.float64]]:
        """The outer rings of the polygons, each (vertex, 2)."""
        return [shapely.get_coordinates(ring) for ring in shapely.get_exterior_ring(self.polygons)]

    @cached_property
    def coast(self) -> NDArray[Any]:
        """Lines where land meets sea, without edges along the antimeridian and at the pole."""
        rings = map(shapely.get_coordinates, shapely.get_rings(self.polygons))
        return np.array([shapely.LineString(part) for ring in rings for part in _coast_parts(ring)], dtype=object)


def _coast_parts(ring: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return a ring without its edges that are no coast."""
    at_edge = (np.abs(ring[:, 0]) > EDGE) | (ring[:, 1] < NEAR_SOUTH_POLE)
    artificial = at_edge[:-1] & at_edge[1:]  # of each edge
    if not artificial.any():
        return [ring]
    twice = np.concatenate([ring[:-1], ring[:-1]])
    first = int(np.argmax(artificial)) + 1  # begin after such an edge
    line, cut = twice[first : first + len(ring)], np.roll(artificial, -first)
    parts = np.split(line[: len(cut)], np.flatnonzero(cut[:-1]) + 1)
    return [part for part in parts if len(part) > 1]


def read_land(path: Path) -> Land:
    """Read the polygons in a GeoJSON file, perhaps gzipped."""
    return Land(_read_polygons(path))


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
        parts = select_parts(shapely.clip_by_rect(near, left, top, left + side, top + side))
        ordered = parts[np.argsort(-shapely.area(parts))]
        return _transform(ordered, SIZE * across, (-SIZE * tile.x, -SIZE * tile.y))

    def _plane(self, path: Path, projection: Projection) -> tuple[shapely.STRtree, Polygons]:
        with self._reading:
            return _project_land(path, projection)


def open_coasts(coarse: Path | None, fine: Path | None) -> Coasts:
    """Name the files of the land, the coarser and the finer; raise SettingsError if one is no GeoJSON."""
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
    return select_parts(shapely.get_parts(shapely.from_geojson(text)))


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
    plane = select_parts(shapely.make_valid(shapely.transform(parts, project)))
    if projection == MERCATOR:
        plane = _join_at_antimeridian(plane)
    return shapely.STRtree(plane), plane


def select_parts(geometries: Any, kind: shapely.GeometryType = shapely.GeometryType.POLYGON) -> Polygons:
    """Return the parts of geometries that are of a kind and not empty: polygons, or others."""
    parts = shapely.get_parts(geometries)
    return np.asarray(parts[(shapely.get_type_id(parts) == kind) & ~shapely.is_empty(parts)])


def _transform(polygons: Polygons, factor: float, offset: tuple[float, float]) -> Polygons:
    return np.asarray(shapely.transform(polygons, lambda points: points * factor + np.array(offset)))


def _join_at_antimeridian(polygons: Polygons) -> Polygons:
    """Join polygons that the antimeridian cuts, and repeat those near it on both sides of the world."""
    left, right = shapely.bounds(polygons)[:, 0], shapely.bounds(polygons)[:, 2]
    cut = (left < 1e-7) | (right > 1 - 1e-7)
    pieces = [_transform(polygons[cut], 1.0, (by, 0.0)) for by in (-1.0, 0.0, 1.0)]
    union = shapely.unary_union(shapely.set_precision(np.concatenate(pieces), 1e-9))
    joined = shapely.get_parts(shapely.clip_by_rect(union, -BESIDE, -1.0, 1 + BESIDE, 2.0))
    on_the_left = _transform(polygons[~cut & (right > 1 - BESIDE)], 1.0, (-1.0, 0.0))
    on_the_right = _transform(polygons[~cut & (left < BESIDE)], 1.0, (1.0, 0.0))
    return np.concatenate([polygons[~cut], joined, on_the_left, on_the_right])
