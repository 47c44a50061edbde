"""Palette images as PNG, written directly: a tile's pixels are one byte each."""

import struct

import deflate
import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PALETTE_TYPE = 3
LEVEL = 1  # of libdeflate: a higher one halves the speed and saves little on smooth fields


def encode(indices: NDArray[np.uint8], colours: bytes) -> bytes:
    """Write indices (y, x) as a PNG; index 0 is transparent, index 1 the first of ``colours`` (RGB)."""
    height, width = indices.shape
    rows = np.zeros((height, width + 1), dtype=np.uint8)  # before each row its filter: none
    rows[:, 1:] = indices
    header = struct.pack(">IIBBBBB", width, height, 8, PALETTE_TYPE, 0, 0, 0)
    return b"".join(
        (
            SIGNATURE,
            _chunk(b"IHDR", header),
            _chunk(b"PLTE", b"\x00\x00\x00" + colours),
            _chunk(b"tRNS", b"\x00"),
            _chunk(b"IDAT", bytes(deflate.zlib_compress(rows.tobytes(), LEVEL))),
            _chunk(b"IEND", b""),
        )
    )


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", deflate.crc32(name + content))
