"""Map tiles of variables: fields of the data service in the colours of palettes, kept by the revision of their data."""

import math
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from litestar.concurrency import sync_to_thread
from msgspec import structs
from numpy.typing import NDArray

from ocean_common.arrays import unpack_array
from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import Assets, Grid
from ocean_common.contracts.data import BLOCKS, TileField, TileRequest
from ocean_common.http import Freshness
from ocean_core.cache import ByteBoundedCache, FairQueue
from ocean_core.colour import Scale
from ocean_core.errors import Message
from ocean_core.tiles import MERCATOR, SIZE, Tile
from ocean_plotting.encoders import encode_palette_png, encode_palette_webp
from ocean_plotting.palettes import category_positions, choose_colours, make_palette, palette_indices
from ocean_plotting.tiles.ahead import IdleQueue

TileFormat: TypeAlias = Literal["image/png", "image/webp"]

ENCODERS = {"image/png": encode_palette_png, "image/webp": encode_palette_webp}
EMPTY_TILES = {form: encode(np.zeros((SIZE, SIZE), dtype=np.uint8), b"") for form, encode in ENCODERS.items()}
# Rendered in a third of a millisecond: a thread would not begin much sooner.
RENDERED_INLINE: set[TileFormat] = {"image/png"}

RETRY_AFTER = 5  # s after which to try again where the queue is full
QUEUE_FULL = Message("{waiting} tiles are already queued; try again in {seconds} s")
OVERHEAD = 500  # bytes of an entry beside its content
MOST_LONE = 10_000  # variables of which it is remembered that there are no blocks of tiles
# Cells are not equally large, and bounds are of their centres: the margin around a grid is this many mean cells, and
# at least this many degrees.
MARGIN_CELLS, LEAST_MARGIN = 10.0, 1.0


class TileStyle(NamedTuple):
    """Scale, colormap and format of a tile; None: that of its variable."""

    scale: Scale | None
    colormap: str | None
    format: TileFormat


def render_tile(field: TileField, style: TileStyle, x: int = 0, y: int = 0) -> bytes:
    """Return the image of a field, or of one tile of a block."""
    info = field.variable
    colours = choose_colours(info, style.colormap)
    if field.values is None:
        return EMPTY_TILES[style.format]
    palette = make_palette(colours.colormap, style.scale or colours.scale(info.scale), len(info.categories))
    values = unpack_array(field.values)
    if field.rows and field.columns:
        # Rows and columns that repeat were sent once, for all tiles of the block.
        rows, columns = cut_tile(unpack_array(field.rows), y), cut_tile(unpack_array(field.columns), x)
        values = values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    else:
        values = cut_tile(cut_tile(values, y), x, axis=1)
    indices = palette_indices(category_positions(info, values), palette)
    if not indices.any():
        return EMPTY_TILES[style.format]
    if field.rows and field.columns:
        indices = indices.take(rows - rows[0], axis=0).take(columns - columns[0], axis=1)
    return ENCODERS[style.format](indices, palette.colours)


def cut_tile(block: NDArray[Any], number: int, axis: int = 0) -> NDArray[Any]:
    """Cut the pixels of a tile along an axis out of those of the block in which it is."""
    first = number * SIZE % block.shape[axis]
    return block[(slice(None),) * axis + (slice(first, first + SIZE),)]


class RenderedImage(NamedTuple):
    """A rendered image, and the revision of the data that it shows where that may differ from the requested one."""

    content: bytes
    revision: str = ""


ImageCache = ByteBoundedCache[RenderedImage]


def create_image_cache(max_bytes: int, slots: int, max_waiting: int) -> ImageCache:
    """Create the cache of rendered images; ``slots`` of them are made at once, and ``max_waiting`` may wait."""
    queue = FairQueue(slots, max_waiting, QUEUE_FULL, RETRY_AFTER)
    return ByteBoundedCache(max_bytes, lambda image: OVERHEAD + len(image.content), queue=queue)


class TileStore:
    """Tiles of variables: kept, or rendered from fields that are kept or fetched.

    It is all that the handler needs: Litestar makes a task of every dependency but the first.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        numbers: DataClient,
        freshness: Freshness,
        *,
        images: ImageCache,
        field_bytes: int,
        ahead: IdleQueue,
    ) -> None:
        self.catalogue = catalogue
        self.freshness = freshness
        self._numbers = numbers
        self._images = images
        self._ahead = ahead
        # Another style of a tile needs no data request.
        self._fields: ByteBoundedCache[TileField] = ByteBoundedCache(
            field_bytes, lambda field: OVERHEAD + (len(field.values.data) if field.values else 0)
        )
        # Variables of which the data service answers no blocks, at some zoom.
        self._lone: ByteBoundedCache[bool] = ByteBoundedCache(MOST_LONE, lambda _: 1)

    async def render(self, request: TileRequest, style: TileStyle, revision: str, client: str) -> RenderedImage:
        """Return the image of a tile, rendered in the client's turn, and keep it if it is of this revision."""

        def is_current(value: TileField | RenderedImage) -> bool:
            return value.revision == revision

        async def make() -> RenderedImage:
            field = await self._field(request, revision, assets)
            if field.next_time and is_current(field):
                following = structs.replace(request, time=field.next_time)
                self._ahead.add((following, revision), lambda: self._field(following, revision, assets))
            if style.format in RENDERED_INLINE:
                content = render_tile(field, style, request.x, request.y)
            else:
                content = await sync_to_thread(render_tile, field, style, request.x, request.y)
            return RenderedImage(content, field.revision)

        # Geometry alone tells of some tiles that they hold no data: the data service need not be asked. Maps also ask
        # for tiles beside the square of a polar view.
        tile = Tile(request.projection, request.zoom, request.x, request.y)
        empty, assets = tile.projection != MERCATOR and not tile.exists, list[Assets]()
        if not empty:
            assets = [await self.catalogue.assets(request.dataset, key) for key in request.variable.split(",")]
            empty = any(tile_misses_grid(tile, variable.grid) for variable in assets)
        if empty:
            return RenderedImage(EMPTY_TILES[style.format], revision)
        with self._ahead.request():
            return await self._images.get_async((request, style, revision), make, client=client, keep=is_current)

    async def _field(self, request: TileRequest, revision: str, variables: list[Assets]) -> TileField:
        """Return the field of a tile, or of the block in which it is, and keep it if it is of this revision."""
        answered: list[TileField] = []

        def is_current(field: TileField) -> bool:
            return field.revision == revision

        async def ask_for_block() -> TileField:
            field = await self._numbers.tile_field(structs.replace(request, block=side))
            answered.append(field)
            if field.block == 1 and is_current(field):
                self._fields.put((request, revision), field)
                self._lone.put(kind, value=True)
            return field

        discrete = all(asset.variable.is_discrete for asset in variables)
        side = BLOCKS.get("nearest" if discrete else request.interpolation, 1)
        kind = structs.replace(request, time="", depth="", x=0, y=0), revision
        if side > 1 and request.projection == MERCATOR and not self._lone.find(kind, default=False):
            block = structs.replace(request, x=request.x // side, y=request.y // side, block=side), revision
            field = await self._fields.get_async(
                block, ask_for_block, keep=lambda field: field.block > 1 and is_current(field)
            )
            # An answer for one tile alone is of the tile that was asked for first.
            if answered or field.block > 1:
                return field
        return await self._fields.get_async(
            (request, revision), lambda: self._numbers.tile_field(request), keep=is_current
        )


def tile_misses_grid(tile: Tile, grid: Grid) -> bool:
    """Return whether a tile is so far from all cells of a grid that it can hold none.

    Cells are taken for larger than they are: a tile near the rim of the grid may hold some.
    """
    if grid.bounds is None:
        return False
    box = tile.box_around()
    west, south, east, north = grid.bounds
    width = (east - west) % 360.0 or (360.0 if east > west else 0.0)
    cells = math.sqrt(math.prod(grid.shape)) or 1.0
    extent = max(north - south, width * math.cos(math.radians((south + north) / 2)))
    margin = max(LEAST_MARGIN, MARGIN_CELLS * extent / cells)
    if box.south > north + margin or box.north < south - margin:
        return True
    # Meridians run together towards the poles: the same distance is more degrees.
    highest = min(90.0, max(abs(south), abs(north)) + margin)
    wide = min(180.0, margin / max(1e-6, math.cos(math.radians(highest))))
    eastward = (box.west - (west - wide)) % 360.0  # from the west of the widened grid to that of the tile
    return eastward > width + 2 * wide and eastward + box.width < 360.0
