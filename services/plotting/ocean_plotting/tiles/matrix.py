"""Which tiles there are."""

from typing import Literal

from ocean_common.errors import TileNotFound

TileForm = Literal["image/png", "image/webp"]

SIZE = 256  # px
MAX_ZOOM = 24


def check(zoom: int, x: int, y: int, *, bounded: bool = True) -> None:
    """Refuse a tile that its projection does not have.

    Parameters
    ----------
    bounded
        Whether the map ends at its square; polar views go on beyond it.

    Raises
    ------
    TileNotFound
        With the range that there is.
    """
    if not 0 <= zoom <= MAX_ZOOM:
        raise TileNotFound("zoom is {zoom}; it can be 0 to {max_zoom}", zoom=zoom, max_zoom=MAX_ZOOM, field="zoom")
    last = (1 << zoom) - 1
    for name, value in (("x", x), ("y", y)):
        if bounded and not 0 <= value <= last:
            raise TileNotFound(
                "{name} is {value}; at zoom {zoom} it can be 0 to {last}",
                name=name,
                value=value,
                zoom=zoom,
                last=last,
                field=name,
            )
