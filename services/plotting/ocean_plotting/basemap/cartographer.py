"""Draws the map under the data: topography, depth contours, and land and contours as vector tiles."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path as Line
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocean_common.errors import NotFound
from ocean_core.geometry import wrap_longitude
from ocean_core.tiles import MERCATOR, SIZE, Tile
from ocean_plotting import encoders
from ocean_plotting.basemap import terrain
from ocean_plotting.basemap.land_polygons import Coasts, Rings
from ocean_plotting.basemap.mbtiles import MbTiles
from ocean_plotting.basemap.relief import Box, Floats
from ocean_plotting.basemap.vector_tiles import BUFFER, EXTENT, Feature, Kind
from ocean_plotting.basemap.vector_tiles import encode as encode_vectors
from ocean_plotting.ports import Piece, Relief

SHARE = 4  # parts of a pixel's side, each of which is land or not
OWN_COAST = 0.02  # degrees: finer heights know the coast better than its polygons do
EQUATOR = 40_075_016.7  # m around
LATTICE = 2  # px between the heights that contours are drawn from
AROUND = 8  # px of them around a tile
FINEST = 0.1  # px: what is left out of lines in vector tiles

INK = (30, 52, 74)
WIDTHS = {100: 0.55, 200: 0.7, 500: 0.55}  # px, of lines by their depth
THOUSANDS = 0.7
OPACITY = 0.62
SPECK = 12.0  # px: a closed line that is shorter is no more than a dot

BLANK = encoders.encode_palette_png(np.zeros((SIZE, SIZE), dtype=np.uint8), b"")


class Cartographer:
    """Draws from the heights and the land that it was given, or passes on what is in files of vector tiles."""

    def __init__(
        self, relief: Relief | None, coasts: Coasts, files: Mapping[str, MbTiles] | None = None, vector_zoom: int = 0
    ) -> None:
        self._relief = relief
        self._coasts = coasts
        self._files = files or {}
        self._vector_zoom = vector_zoom
        self._loaded = False
        self._pieces: dict[Piece, Callable[[Tile], bytes]] = {
            "topo": self._topography,
            "shaded": lambda tile: self._shaded(tile, encoders.encode_rgb_png),
            "shaded_webp": lambda tile: self._shaded(tile, encoders.encode_rgb_webp),
            "contours": self._contours,
            "lands": self._land,
            "bath": self._depths,
        }

    def load(self) -> None:
        """Read what is kept in memory now, for the first tile."""
        self._coasts.load()
        if self._relief is not None:
            self._relief.load()
        self._loaded = True

    def unready(self) -> list[str]:
        """Why it cannot draw yet: a large relief gets its overview with the first start."""
        return [] if self._loaded else ["the coast and the relief are being read"]

    def version(self, piece: Piece) -> str:
        """Another one when the files that a piece is drawn from are others."""
        if piece in self._files:
            return self._files[piece].version
        known = [self._coasts.version] if piece == "lands" else [self._heights_known().version, self._coasts.version]
        if piece == "lands" and not self._coasts.known:
            raise NotFound(
                "this server knows no land: its operator can give it a GeoJSON file"
                " (OCEAN_PLOTTING_FINE_COAST or OCEAN_PLOTTING_COAST)"
            )
        return f"{'-'.join(known)}-{self._vector_zoom}"

    def draw(self, piece: Piece, tile: Tile) -> bytes:
        """The piece in a tile: an image, or a vector tile."""
        return self._pieces[piece](tile)

    def _heights_known(self) -> Relief:
        if self._relief is None:
            raise NotFound(
                "this server knows no heights of land and sea floor: its operator can give it a NetCDF file"
                " such as ETOPO or GEBCO (OCEAN_PLOTTING_RELIEF)"
            )
        return self._relief

    def _topography(self, tile: Tile) -> bytes:
        if not tile.exists:
            return BLANK
        at = np.arange(SIZE) + 0.5
        colours = terrain.colours(
            self._heights(tile, at, tile.resolution), self._share(tile), tile.positions(at / SIZE)[0]
        )
        return encoders.encode_palette_png(colours, terrain.palette().tobytes())

    def _shaded(self, tile: Tile, encode: Callable[[NDArray[np.uint8]], bytes]) -> bytes:
        if not tile.exists:
            return BLANK
        at = np.arange(-1, SIZE + 1) + 0.5  # a pixel more on each side for the slopes
        heights, latitude = self._heights(tile, at, tile.resolution), tile.positions(at[1:-1] / SIZE)[0]
        colours = terrain.colours(heights[1:-1, 1:-1], self._share(tile), latitude)
        pixel = tile.resolution * EQUATOR / 360 * (np.cos(np.radians(latitude)) if tile.projection == MERCATOR else 1.0)
        return encode(terrain.lit(colours, terrain.shade(heights, pixel)))

    def _contours(self, tile: Tile) -> bytes:
        lines = self._lines(tile) if tile.exists else {}
        if not lines:
            return BLANK
        drawn, share = _ink(lines) * OPACITY, self._share(tile)
        return encoders.encode_opacity_png((drawn if share is None else drawn * (1 - share)).astype(np.uint8), INK)

    def _land(self, tile: Tile) -> bytes:
        if (ready := self._ready("lands", tile)) is not None:
            return ready
        scale = EXTENT / SIZE
        polygons = self._coasts.land(tile, BUFFER / scale)
        return encode_vectors(
            "lands", [Feature(kind=Kind.POLYGON, parts=[ring * scale for ring in rings]) for rings in polygons]
        )

    def _depths(self, tile: Tile) -> bytes:
        if (ready := self._ready("bath", tile)) is not None:
            return ready
        margin, scale = BUFFER * SIZE / EXTENT, EXTENT / SIZE
        land = [_polygon(rings) for rings in self._coasts.land(tile, AROUND)] if self._coast_is_known() else []
        dry = shapely.union_all(land)
        features = []
        for depth, parts in self._lines(tile).items():
            lines = shapely.simplify(shapely.multilinestrings([shapely.linestrings(part) for part in parts]), FINEST)
            lines = shapely.clip_by_rect(lines, -margin, -margin, SIZE + margin, SIZE + margin)
            wet = shapely.get_parts(shapely.difference(lines, dry))
            cut = [shapely.get_coordinates(line) * scale for line in wet]
            features.append(Feature(kind=Kind.LINES, parts=cut, attributes={"depth": depth}))
        return encode_vectors("bath", features)

    def _ready(self, piece: str, tile: Tile) -> bytes | None:
        """A vector tile that need not be made."""
        if tile.projection != MERCATOR or tile.zoom < self._vector_zoom:
            return b""
        return self._files[piece].tile(tile.zoom, tile.x, tile.y) if piece in self._files else None

    def _heights(self, tile: Tile, at: Floats, spacing: float) -> NDArray[np.float32]:
        latitude, longitude = tile.positions(at / SIZE)
        window = self._heights_known().window(box_around(latitude, longitude), spacing)
        return terrain.between(window, latitude, longitude)

    def _lines(self, tile: Tile) -> dict[int, list[Floats]]:
        """Depth contours, px from the upper left corner; a little beyond the tile, so that they go on in the next."""
        at = np.arange(-AROUND, SIZE + AROUND + 1, LATTICE, dtype=float)
        made = terrain.contours(self._heights(tile, at, tile.resolution * LATTICE), at)
        found = {depth: [line for line in lines if not _is_speck(line)] for depth, lines in made.items()}
        return {depth: lines for depth, lines in found.items() if lines}

    def _coast_is_known(self) -> bool:
        """Whether polygons tell the coast better than heights do."""
        return self._coasts.known and self._heights_known().spacing > OWN_COAST

    def _share(self, tile: Tile) -> NDArray[np.float32] | None:
        """How much of each pixel is land, 0 to 1."""
        if not self._coast_is_known():
            return None
        image = Image.new("L", (SIZE * SHARE, SIZE * SHARE))
        draw = ImageDraw.Draw(image)
        for outer, *holes in self._coasts.land(tile, 2.0):
            draw.polygon(_corners(outer), fill=255)
            for hole in holes:
                draw.polygon(_corners(hole), fill=0)
        return np.asarray(image.reduce(SHARE), dtype=np.float32) / np.float32(255)


def box_around(latitude: Floats, longitude: Floats) -> Box:
    """Return the box around positions, as :meth:`Tile.positions` has them: degrees, its east perhaps beyond 180."""
    south, north = float(latitude.min()), float(latitude.max())
    if latitude.shape[1] == 1:
        return float(longitude.min()), south, float(longitude.max()), north
    # With a pole among them, the neighbours of some corner are half the Earth away.
    middle = longitude[len(longitude) // 2, len(longitude) // 2]
    rim = np.concatenate([longitude[0], longitude[:, -1], longitude[-1, ::-1], longitude[::-1, 0]])
    if abs(wrap_longitude(np.diff(rim, append=rim[:1])).sum()) > 180:
        return (-180.0, south, 180.0, 90.0) if north > 0 else (-180.0, -90.0, 180.0, north)
    beside = wrap_longitude(longitude - middle)
    return float(middle + beside.min()), south, float(middle + beside.max()), north


def _ink(lines: Mapping[int, list[Floats]]) -> NDArray[np.uint8]:
    """How much of each pixel lines cover, 0 to 255."""
    renderer: Any = RendererAgg(SIZE, SIZE, 72)  # type: ignore[no-untyped-call] # matplotlib leaves it so
    upright = Affine2D().scale(1, -1).translate(0, SIZE)
    for depth, parts in lines.items():
        pen = renderer.new_gc()
        pen.set_linewidth(WIDTHS.get(depth, THOUSANDS))
        pen.set_joinstyle("round")
        for part in parts:
            renderer.draw_path(pen, Line(part), upright)
    return np.asarray(renderer.buffer_rgba())[..., 3]


def _corners(ring: Floats) -> list[float]:
    corners: list[float] = (ring * SHARE - 0.5).ravel().tolist()
    return corners


def _polygon(rings: Rings) -> shapely.Geometry:
    outer, *holes = rings
    return shapely.make_valid(shapely.polygons(outer, [shapely.linearrings(hole) for hole in holes] or None))


def _is_speck(line: Floats) -> bool:
    return bool((line[0] == line[-1]).all() and np.abs(np.diff(line, axis=0)).sum() < SPECK)
