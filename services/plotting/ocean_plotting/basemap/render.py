"""The map under the data: topography, depth contours, and land and contours as vector tiles."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import shapely
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.path import Path as Line
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ocean_core.errors import NotFound
from ocean_core.tiles import MERCATOR, SIZE, Tile
from ocean_plotting import encoders
from ocean_plotting.basemap import terrain
from ocean_plotting.basemap.land import Coasts
from ocean_plotting.basemap.relief import Floats, ReliefFile
from ocean_plotting.basemap.vector_tiles import BUFFER, EXTENT, MbTiles, encode_layer

SUBPIXELS = 4  # along a pixel's side, each of which is land or not
RELIEF_COAST = 0.02  # degrees: a finer relief has a better coast than the polygons
EQUATOR = 40_075_016.7  # m around
LATTICE = 2  # px between the heights that contours are drawn from
AROUND = 8  # px of them around a tile
TOLERANCE = 0.1  # px: lines in vector tiles are simplified by this

CONTOUR_COLOUR = (30, 52, 74)
WIDTHS = {100: 0.55, 500: 0.55}  # px, of lines by their depth; 0.7 of others
OPACITY = 0.62
SHORTEST = 12.0  # px: a closed line that is shorter looks like a dot

EMPTY_TILE = encoders.encode_palette_png(np.zeros((SIZE, SIZE), dtype=np.uint8), b"")


class BasemapRenderer:
    """Draws from a relief and the land, or passes on the tiles of MBTiles files."""

    def __init__(
        self,
        relief: ReliefFile | None,
        coasts: Coasts,
        files: Mapping[str, MbTiles] | None = None,
        vector_zoom: int = 0,
    ) -> None:
        self._relief = relief
        self._coasts = coasts
        self._files = files or {}
        self._vector_zoom = vector_zoom
        self._loaded = False
        self._layers: dict[str, Callable[[Tile], bytes]] = {
            "topo": self._draw_topography,
            "shaded": lambda tile: self._draw_shaded(tile, encoders.encode_rgb_png),
            "shaded_webp": lambda tile: self._draw_shaded(tile, encoders.encode_rgb_webp),
            "contours": self._draw_contours,
            "lands": self._encode_land,
            "bath": self._encode_contours,
        }

    def load(self) -> None:
        """Read now what stays in memory, for the first tile."""
        self._coasts.load()
        if self._relief is not None:
            self._relief.levels()
        self._loaded = True

    def close(self) -> None:
        """Close the MBTiles files."""
        for file in self._files.values():
            file.close()

    def unready(self) -> list[str]:
        """Return the reasons why it cannot draw yet: a large relief gets its overview with the first start."""
        return [] if self._loaded else ["the coast and the relief are being read"]

    async def revision(self, dataset: str) -> str:
        """Return the revision of a layer: a hash of the files that it is drawn from; or raise NotFound."""
        if dataset in self._files:
            return self._files[dataset].version
        if dataset != "lands":
            return f"{self._require_relief().version}-{self._coasts.version}-{self._vector_zoom}"
        if not self._coasts.exist:
            raise NotFound(
                "this server has no land polygons: its operator can set OCEAN_PLOTTING_FINE_COAST or"
                " OCEAN_PLOTTING_COAST to a GeoJSON file"
            )
        return f"{self._coasts.version}-{self._vector_zoom}"

    def draw(self, layer: str, tile: Tile) -> bytes:
        """Return a layer in a tile: an image, or a vector tile. It takes milliseconds: call it in a thread."""
        if layer in {"lands", "bath"}:
            if tile.projection != MERCATOR or tile.zoom < self._vector_zoom:
                return b""
            if layer in self._files:
                return self._files[layer].read_tile(tile.zoom, tile.x, tile.y)
        elif not tile.exists:
            return EMPTY_TILE
        return self._layers[layer](tile)

    def _require_relief(self) -> ReliefFile:
        if self._relief is None:
            raise NotFound(
                "this server has no relief of land and sea floor: its operator can set OCEAN_PLOTTING_RELIEF to a"
                " NetCDF file such as ETOPO or GEBCO"
            )
        return self._relief

    def _draw_topography(self, tile: Tile) -> bytes:
        pixels = np.arange(SIZE) + 0.5
        heights, latitude = self._heights(tile, pixels, tile.resolution), tile.positions(pixels / SIZE)[0]
        indices = terrain.colour_indices(heights, self._land_share(tile), latitude)
        return encoders.encode_palette_png(indices, terrain.palette().tobytes())

    def _draw_shaded(self, tile: Tile, encode: Callable[[NDArray[np.uint8]], bytes]) -> bytes:
        pixels = np.arange(-1, SIZE + 1) + 0.5  # a pixel more on each side for the slopes
        heights, latitude = self._heights(tile, pixels, tile.resolution), tile.positions(pixels[1:-1] / SIZE)[0]
        indices = terrain.colour_indices(heights[1:-1, 1:-1], self._land_share(tile), latitude)
        shrinking = np.cos(np.radians(latitude)) if tile.projection == MERCATOR else 1.0
        light = terrain.hill_shade(heights, tile.resolution * EQUATOR / 360 * shrinking)
        return encode(terrain.lit_colours(indices, light))

    def _draw_contours(self, tile: Tile) -> bytes:
        lines = self._contour_lines(tile)
        if not lines:
            return EMPTY_TILE
        opacity, land = _line_coverage(lines) * OPACITY, self._land_share(tile)
        opacity = opacity if land is None else opacity * (1 - land)
        return encoders.encode_opacity_png(opacity.astype(np.uint8), CONTOUR_COLOUR)

    def _encode_land(self, tile: Tile) -> bytes:
        scale = EXTENT / SIZE
        land = shapely.transform(self._coasts.polygons(tile, BUFFER / scale), lambda points: points * scale)
        return encode_layer("lands", land)

    def _encode_contours(self, tile: Tile) -> bytes:
        margin, scale = BUFFER * SIZE / EXTENT, EXTENT / SIZE
        contours = self._contour_lines(tile)
        if not contours:
            return b""
        land = shapely.union_all(shapely.make_valid(self._coasts.polygons(tile, AROUND)))
        lines = [shapely.multilinestrings([shapely.linestrings(part) for part in parts]) for parts in contours.values()]
        clipped = shapely.clip_by_rect(
            shapely.simplify(lines, TOLERANCE), -margin, -margin, SIZE + margin, SIZE + margin
        )
        in_water = shapely.difference(clipped, land) if self._uses_polygons() else clipped
        in_units = shapely.transform(in_water, lambda points: points * scale)
        return encode_layer("bath", in_units, [{"depth": depth} for depth in contours])

    def _heights(self, tile: Tile, pixels: Floats, spacing: float) -> NDArray[np.float32]:
        box = tile.box_around(float(np.abs(pixels / SIZE - 0.5).max()) - 0.5)
        window = self._require_relief().window((box.west, box.south, box.west + box.width, box.north), spacing)
        return terrain.interpolate_heights(window, *tile.positions(pixels / SIZE))

    def _contour_lines(self, tile: Tile) -> dict[int, list[Floats]]:
        """Return depth contours, px from the upper left corner, a little beyond the tile so that they join the next."""
        pixels = np.arange(-AROUND, SIZE + AROUND + 1, LATTICE, dtype=float)
        contours = terrain.depth_contours(self._heights(tile, pixels, tile.resolution * LATTICE), pixels)

        def is_dot(line: Floats) -> bool:
            return bool((line[0] == line[-1]).all() and np.abs(np.diff(line, axis=0)).sum() < SHORTEST)

        long_enough = {depth: [line for line in lines if not is_dot(line)] for depth, lines in contours.items()}
        return {depth: lines for depth, lines in long_enough.items() if lines}

    def _uses_polygons(self) -> bool:
        """Return whether the polygons of the land have a better coast than the relief."""
        return self._coasts.exist and self._require_relief().spacing > RELIEF_COAST

    def _land_share(self, tile: Tile) -> NDArray[np.float32] | None:
        """Return the share of land in each pixel, 0 to 1; None where the relief has the coast."""
        if not self._uses_polygons():
            return None
        image = Image.new("L", (SIZE * SUBPIXELS, SIZE * SUBPIXELS))
        draw = ImageDraw.Draw(image)
        for polygon in self._coasts.polygons(tile, 2.0):
            outer, *holes = shapely.get_rings(polygon)
            draw.polygon(_subpixels(outer), fill=255)
            for hole in holes:
                draw.polygon(_subpixels(hole), fill=0)
        return np.asarray(image.reduce(SUBPIXELS), dtype=np.float32) / np.float32(255)


def _line_coverage(lines: Mapping[int, list[Floats]]) -> NDArray[np.uint8]:
    """Return how much of each pixel lines cover, 0 to 255."""
    renderer: Any = RendererAgg(SIZE, SIZE, 72)  # type: ignore[no-untyped-call] # matplotlib leaves it so
    upright = Affine2D().scale(1, -1).translate(0, SIZE)
    for depth, parts in lines.items():
        pen = renderer.new_gc()
        pen.set_linewidth(WIDTHS.get(depth, 0.7))
        pen.set_joinstyle("round")
        for part in parts:
            renderer.draw_path(pen, Line(part), upright)
    return np.asarray(renderer.buffer_rgba())[..., 3]


def _subpixels(ring: Any) -> Any:
    return (shapely.get_coordinates(ring) * SUBPIXELS - 0.5).ravel().tolist()
