"""What the routes need from outside."""

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.data import TileField
from ocean_core.tiles import Tile
from ocean_plotting.basemap.relief import Box, Window
from ocean_plotting.export.output import Output


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered image, and the revision of the data that it shows."""

    content: bytes
    revision: str


class Drawn(msgspec.Struct, frozen=True):
    """A figure or table as a file, and the picture in words; empty for tables."""

    content: bytes
    alt: str = ""


class Land:
    """The land of the world."""

    def __init__(self, rings: list[NDArray[np.float32]], holes: list[list[NDArray[np.float32]]] | None = None) -> None:
        self.rings = rings  # each (vertex, 2): longitude and latitude, degrees
        self.holes = holes or [[] for _ in rings]  # in each of the rings: inland seas


@runtime_checkable
class Relief(Protocol):
    """Who knows the heights of land and sea floor. It blocks, and may be sent to another process."""

    @property
    def version(self) -> str:
        """Another one for other heights."""

    @property
    def spacing(self) -> float:
        """Size of its finest cells, degrees."""

    def load(self) -> None:
        """Read what is kept in memory now, rather than with the first question."""

    def heights(self, box: Box, cells: int) -> Window:
        """Latitudes (y), longitudes (x) and heights (y, x) of a box, at about ``cells`` along its longer side.

        The box is (west, south, east, north), degrees; west > east crosses the antimeridian. Latitudes go from south
        to north, longitudes on and on from the west, both evenly and a little beyond the box; heights are in m,
        positive up, NaN where there is none.
        """

    def window(self, box: Box, spacing: float) -> Window:
        """The same from cells no larger than ``spacing`` (degrees); rows beyond a pole repeat the last."""


# The map under the data: images (one of them in two formats) and vector tiles.
Piece = Literal["topo", "shaded", "shaded_webp", "contours", "lands", "bath"]


@runtime_checkable
class Basemap(Protocol):
    """Who draws the map under the data."""

    def version(self, piece: Piece) -> str:
        """Another one when the files that a piece is drawn from are others. NotFound: there are none."""

    def draw(self, piece: Piece, tile: Tile) -> bytes:
        """The piece in a tile. It takes milliseconds: never on the loop."""


@runtime_checkable
class Drawing(Protocol):
    """Who draws figures, off the event loop."""

    async def draw(self, output: Output, make: Callable[..., object], *given: object) -> Drawn:
        """Call ``make(*given, sheet)`` and write the Picture or Table that it returns as ``output`` says.

        The sheet has the size and language of ``output``, and the ground of maps.

        Raises TooBusy when too many wait already, and RequestTooLarge when it takes too long.
        """

    def unready(self) -> list[str]:
        """Why it cannot draw yet."""


@runtime_checkable
class Fields(Protocol):
    """Keeps the fields behind tiles. Equal questions at once are asked once."""

    async def get(self, key: tuple[object, ...], make: Callable[[], Awaitable[TileField]], revision: str) -> TileField:
        """What is kept, or what ``make`` answers; that is kept if it is of this ``revision``."""


@runtime_checkable
class Images(Protocol):
    """Keeps rendered images. Equal questions at once are rendered once, and those of many clients in fair turns."""

    async def get(
        self, key: tuple[object, ...], make: Callable[[], Awaitable[Image]], revision: str, client: str | None = None
    ) -> Image:
        """What is kept, or what ``make`` answers; that is kept if it is of this ``revision``.

        ``client``: in whose line it waits for its turn; None: it begins at once.
        """
