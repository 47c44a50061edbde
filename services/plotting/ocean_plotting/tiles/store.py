"""Rendered tiles and the fields behind them, kept in memory by the revision of their data; new ones in fair turns."""

import math
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, Protocol, TypeVar

import msgspec
from litestar.concurrency import sync_to_thread

from ocean_common.caching import Freshness
from ocean_common.clients.data import Numbers
from ocean_common.clients.metadata import Catalogue
from ocean_common.contracts.assets import Grid
from ocean_common.contracts.data import TileField, TileRequest
from ocean_core.cache import ByteBoundedCache, FairQueue
from ocean_core.errors import TooBusy
from ocean_core.tiles import MERCATOR, Tile
from ocean_plotting.tiles.render import EMPTY_TILES, TileFormat, TileStyle, render_tile

RETRY_AFTER = 5  # s after which to try again where the queue is full
OVERHEAD = 500  # bytes of an entry beside its content
# Rendered in a third of a millisecond: a thread would not begin much sooner.
RENDERED_INLINE: set[TileFormat] = {"image/png"}
# Cells are not equally large, and bounds are of their centres: the margin around a grid is this many mean cells, and
# at least this many degrees.
MARGIN_CELLS, LEAST_MARGIN = 10.0, 1.0


class Revised(Protocol):
    """Something made from one revision of the data."""

    @property
    def revision(self) -> str:
        """The revision of the data that it was made from."""


V = TypeVar("V", bound=Revised)


class RevisionCache(Generic[V]):
    """Cache bounded in bytes; equal requests at once are answered once, those of many clients in fair turns."""

    def __init__(self, max_bytes: int, size_of: Callable[[V], int], queue: FairQueue | None = None) -> None:
        self.values = ByteBoundedCache(max_bytes, size_of, queue=queue)

    def find(self, key: tuple[Hashable, ...], revision: str) -> V | None:
        """Return a value that is kept."""
        return self.values.find((*key, revision), None)

    async def get(
        self, key: tuple[Hashable, ...], make: Callable[[], Awaitable[V]], revision: str, client: str | None = None
    ) -> V:
        """Return a value, made by ``make`` where there is none; it is kept if it is of this ``revision``.

        ``client``: in whose line of the queue it waits; None: it begins at once.
        """
        return await self.values.get_async(
            (*key, revision), make, client=client, keep=lambda value: value.revision == revision
        )


class RenderedImage(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered image, and the revision of the data that it shows."""

    content: bytes
    revision: str


ImageCache = RevisionCache[RenderedImage]


def create_image_cache(max_bytes: int, queue: FairQueue | None = None) -> ImageCache:
    """Create the cache of rendered images."""
    return RevisionCache(max_bytes, lambda image: OVERHEAD + len(image.content), queue)


def create_field_cache(max_bytes: int) -> RevisionCache[TileField]:
    """Create the cache of the fields behind tiles: another style of a tile needs no data request."""
    return RevisionCache(max_bytes, lambda field: OVERHEAD + (len(field.values.data) if field.values else 0))


def create_tile_queue(slots: int, max_waiting: int) -> FairQueue:
    """Create the queue in which tiles wait for their turn."""
    return FairQueue(slots, max_waiting, _refuse_tile)


def _refuse_tile(waiting: int) -> TooBusy:
    return TooBusy(
        "{waiting} tiles are already queued; try again in {seconds} s",
        waiting=waiting,
        seconds=RETRY_AFTER,
        retry_after=RETRY_AFTER,
    )


class TileStore:
    """Tiles of variables: kept, or rendered from fields that are kept or fetched.

    It is all that the handler needs: Litestar makes a task of every dependency but the first.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        numbers: Numbers,
        freshness: Freshness,
        fields: RevisionCache[TileField],
        images: ImageCache,
    ) -> None:
        self.catalogue = catalogue
        self.freshness = freshness
        self._numbers = numbers
        self._fields = fields
        self._images = images

    def find(self, key: tuple[Hashable, ...], revision: str) -> RenderedImage | None:
        """Return the image that :meth:`render` made before for this key."""
        return self._images.find(key, revision)

    async def render(
        self, key: tuple[Hashable, ...], request: TileRequest, style: TileStyle, revision: str, client: str
    ) -> RenderedImage:
        """Return the image of a tile, rendered in the client's turn, and keep it."""

        async def make() -> RenderedImage:
            field = await self._fields.get((request,), lambda: self._numbers.tile_field(request), revision)
            if style.format in RENDERED_INLINE:
                content = render_tile(field, style)
            else:
                content = await sync_to_thread(render_tile, field, style)
            return RenderedImage(content=content, revision=field.revision)

        if await self._is_empty(request):
            return RenderedImage(content=EMPTY_TILES[style.format], revision=revision)
        return await self._images.get(key, make, revision, client)

    async def _is_empty(self, request: TileRequest) -> bool:
        """Return whether a tile can hold no data, as geometry alone tells: the data service need not be asked."""
        tile = Tile(request.projection, request.zoom, request.x, request.y)
        # Maps also ask for tiles beside the square of a polar view.
        if tile.projection != MERCATOR and not tile.exists:
            return True
        assets = [await self.catalogue.assets(request.dataset, key) for key in request.variable.split(",")]
        return any(tile_misses_grid(tile, variable.grid) for variable in assets)


def tile_misses_grid(tile: Tile, grid: Grid) -> bool:
    """Return whether a tile is so far from all cells of a grid that it can hold none.

    Cells are taken for larger than they are: a tile near the rim of the grid may hold some.
    """
    if grid.bounds is None:
        return False
    box = tile.box
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
