"""Palette images as PNG, written directly: a tile's pixels are one byte each."""

import struct
from collections.abc import Mapping

import deflate
import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TRUE_COLOUR, PALETTE_TYPE, FILTER_UP = 2, 3, 2
FIGURE_LEVEL = 6  # of figures, which have large even surfaces: half the size of level 1
LEVEL = 2  # of libdeflate: faster than 1 where pixels repeat, as they do in most tiles; 3 is slower and saves 2 %


def encode(indices: NDArray[np.uint8], colours: bytes) -> bytes:
    """Write indices (y, x) as a PNG; index 0 is transparent, index 1 the first of ``colours`` (RGB)."""
    height, width = indices.shape
    rows = np.empty((height, width + 1), dtype=np.uint8)
    # Each row as its difference from the one above: of a smooth field half the bytes, in half the time.
    rows[:, 0] = FILTER_UP
    rows[0, 1:] = indices[0]
    np.subtract(indices[1:], indices[:-1], out=rows[1:, 1:])  # modulo 256
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE_TYPE, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            chunk(b"IHDR", header),
            chunk(b"PLTE", b"\x00\x00\x00" + colours),
            chunk(b"tRNS", b"\x00"),
            chunk(b"IDAT", bytes(deflate.zlib_compress(rows.tobytes(), LEVEL))),
            chunk(b"IEND", b""),
        )
    )


def write(pixels: NDArray[np.uint8], texts: Mapping[str, str], dpi: float) -> bytes:
    """Write colours (y, x, 3) with texts about them."""
    height, width, channels = pixels.shape
    rows = np.empty((height, 1 + width * channels), dtype=np.uint8)
    rows[:, 0] = FILTER_UP
    flat = pixels.reshape(height, -1)
    rows[0, 1:] = flat[0]
    np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])  # modulo 256
    per_metre = round(dpi / 0.0254)
    return b"".join(
        (
            SIGNATURE,
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, TRUE_COLOUR, 0, 0, 0)),
            chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
            *(chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + text.encode()) for key, text in texts.items()),
            chunk(b"IDAT", bytes(deflate.zlib_compress(rows.tobytes(), FIGURE_LEVEL))),
            chunk(b"IEND", b""),
        )
    )


def chunk(name: bytes, content: bytes) -> bytes:
    """A part of a PNG file."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", deflate.crc32(name + content))
