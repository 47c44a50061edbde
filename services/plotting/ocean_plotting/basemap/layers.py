"""Layers of maps as images: true colours, and one colour of which each pixel has more or less."""

import struct
from io import BytesIO

import deflate
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocean_plotting.tiles.png import LEVEL, SIGNATURE, chunk

TRUE_COLOUR, PALETTE = 2, 3
FILTER_UP = 2
QUALITY, METHOD = 92, 2  # of WebP: less shows at the edges of tiles, more effort saves little


def true_colour(pixels: NDArray[np.uint8]) -> bytes:
    """Write colours (y, x, 3)."""
    height, width, channels = pixels.shape
    rows = np.empty((height, 1 + width * channels), dtype=np.uint8)
    rows[:, 0] = FILTER_UP
    flat = pixels.reshape(height, -1)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])  # modulo 256
    return _png(width, height, TRUE_COLOUR, rows)


def true_colour_webp(pixels: NDArray[np.uint8]) -> bytes:
    """Write colours (y, x, 3) as a WebP: a sixth of the PNG, and no eye sees what it leaves out."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=QUALITY, method=METHOD)
    return buffer.getvalue()


def single_colour(opacity: NDArray[np.uint8], colour: tuple[int, int, int]) -> bytes:
    """Write how opaque one colour is, (y, x)."""
    height, width = opacity.shape
    rows = np.zeros((height, 1 + width), dtype=np.uint8)  # no filter: most is empty
    rows[:, 1:] = opacity
    return _png(width, height, PALETTE, rows, chunk(b"PLTE", bytes(colour) * 256), chunk(b"tRNS", bytes(range(256))))


def _png(width: int, height: int, kind: int, rows: NDArray[np.uint8], *before: bytes) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    pixels = chunk(b"IDAT", bytes(deflate.zlib_compress(rows.tobytes(), LEVEL)))
    return b"".join((SIGNATURE, header, *before, pixels, chunk(b"IEND", b"")))
