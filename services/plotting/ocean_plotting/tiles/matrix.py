"""Formats of map tiles."""

from typing import Literal

TileForm = Literal["image/png", "image/webp"]

SIZE = 256  # px
