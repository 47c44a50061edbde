"""PNG and WebP of pixels, written directly: faster and smaller than a general library writes tiles.

PNG rows are stored as differences from the row above (filter "Up"): of a smooth field that is half the bytes in half
the time. Deflating is done by libdeflate.
"""

import struct
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import deflate
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

TRUE_COLOUR, PALETTE, TRUE_COLOUR_ALPHA = 2, 3, 6
FILTER_NONE, FILTER_UP = 0, 2
TILE_LEVEL = 2  # of libdeflate: faster than 1 where pixels repeat, as they do in most tiles; 3 is slower and saves 2 %
FIGURE_LEVEL = 6  # of figures, which have large even surfaces: half the size of level 1


def encode_palette_png(indices: Pixels, colours: bytes, background: bytes | None = None) -> bytes:
    """Write indices (y, x) as a PNG; index 0 is transparent, index 1 the first of ``colours`` (RGB).

    ``background``: the colour of index 0, which then is not transparent.
    """
    if background is not None:
        return _png(indices, _chunk(b"PLTE", background + colours))
    return _png(indices, _chunk(b"PLTE", b"\x00\x00\x00" + colours), _chunk(b"tRNS", b"\x00"))


def encode_opacity_png(opacity: Pixels, colour: tuple[int, int, int]) -> bytes:
    """Write one colour (RGB) of varying opacity (y, x) as a PNG, for layers that are mostly empty."""
    palette = _chunk(b"PLTE", bytes(colour) * 256), _chunk(b"tRNS", bytes(range(256)))
    return _png(opacity, *palette, row_filter=FILTER_NONE)


def encode_rgb_png(pixels: Pixels) -> bytes:
    """Write colours (y, x, 3) as the PNG of a tile, or with their opacity (y, x, 4) as that of a map."""
    return _png(pixels)


def encode_jpeg(pixels: Pixels) -> bytes:
    """Write colours (y, x, 3) as a JPEG."""
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def encode_rgba_webp(pixels: Pixels) -> bytes:
    """Write colours with their opacity (y, x, 4) as a lossless WebP."""
    return _webp(pixels, lossless=True, exact=True, method=1, quality=0)


def encode_figure_png(pixels: Pixels, texts: Mapping[str, str], dpi: float) -> bytes:
    """Write colours (y, x, 3) as the PNG of a figure, with texts about it by keyword."""
    per_metre = round(dpi / 0.0254)
    size = _chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))
    about = (_chunk(b"iTXt", key.encode() + b"\0\0\0\0\0" + text.encode()) for key, text in texts.items())
    return _png(pixels, size, *about, level=FIGURE_LEVEL)


def encode_palette_webp(indices: Pixels, colours: bytes) -> bytes:
    """Write indices (y, x) as a lossless WebP; index 0 is transparent, index 1 the first of ``colours`` (RGB)."""
    rgb = np.frombuffer(colours, dtype=np.uint8).reshape(-1, 3)
    rgba = np.zeros((256, 4), dtype=np.uint8)
    rgba[1 : len(rgb) + 1] = np.insert(rgb, 3, 255, axis=1)
    # More effort takes 10 ms and is hardly smaller; less is larger than the PNG.
    return _webp(rgba[indices], lossless=True, exact=True, method=1, quality=0)


def encode_rgb_webp(pixels: Pixels) -> bytes:
    """Write colours (y, x, 3) as a lossy WebP: a sixth of the PNG, without a visible difference."""
    return _webp(pixels, quality=92, method=2)  # less shows at the edges of tiles, more effort saves little


def _webp(pixels: Pixels, **options: Any) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", **options)
    return buffer.getvalue()


def _png(pixels: Pixels, *chunks: bytes, level: int = TILE_LEVEL, row_filter: int = FILTER_UP) -> bytes:
    """Write indices (y, x) or colours (y, x, 3 or 4), with chunks between the header and the image data."""
    height, width = pixels.shape[:2]
    colour_type = PALETTE if pixels.ndim == 2 else TRUE_COLOUR if pixels.shape[2] == 3 else TRUE_COLOUR_ALPHA
    flat = pixels.reshape(height, -1)
    rows = np.empty((height, 1 + flat.shape[1]), dtype=np.uint8)
    rows[:, 0] = row_filter
    rows[:, 1:] = flat
    if row_filter == FILTER_UP:
        np.subtract(flat[1:], flat[:-1], out=rows[1:, 1:])  # modulo 256
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, colour_type, 0, 0, 0))
    content = _chunk(b"IDAT", bytes(deflate.zlib_compress(rows.tobytes(), level)))
    return b"".join((b"\x89PNG\r\n\x1a\n", header, *chunks, content, _chunk(b"IEND", b"")))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", deflate.crc32(name + content))
