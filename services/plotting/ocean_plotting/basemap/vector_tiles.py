"""Mapbox vector tiles: encoded from shapes, or read from an operator's own MBTiles files."""

import gzip
import sqlite3
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import mapbox_vector_tile
import numpy as np
import shapely
from numpy.typing import NDArray

from ocean_common.settings import SettingsError
from ocean_plotting.basemap.relief import file_version

EXTENT = 4096  # units along each side of a tile
BUFFER = 64  # units around it: strokes are cut where they are not seen

TILE_QUERY = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"


def encode_layer(
    name: str, geometries: Sequence[Any] | NDArray[Any], attributes: Sequence[dict[str, int]] | None = None
) -> bytes:
    """Write a tile of one layer of shapely geometries, in units of the tile, y downwards, and attributes of each.

    Geometries that vanish are left out, and an empty tile has no bytes.
    """
    # On whole numbers, and still valid: a polygon that would touch itself is split.
    with np.errstate(all="ignore"):  # GEOS leaves flags of the processor behind
        snapped = shapely.set_precision(np.asarray(geometries, dtype=object), 1.0)
    features = [
        {"geometry": geometry, "properties": properties}
        for geometry, properties in zip(snapped, attributes or [{}] * len(snapped), strict=True)
        if not geometry.is_empty
    ]
    if not features:
        return b""
    options = {"y_coord_down": True, "extents": EXTENT}
    content: bytes = mapbox_vector_tile.encode({"name": name, "features": features}, default_options=options)
    return content


class MbTiles:
    """The vector tiles in one MBTiles file, a SQLite database."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._lock = Lock()

    @cached_property
    def version(self) -> str:
        """Hash that changes with the file."""
        return file_version(self._path)

    def read_tile(self, zoom: int, x: int, y: int) -> bytes:
        """Return a tile without its gzip; empty if there is none."""
        with self._lock:  # its rows are counted from below
            row = self._database.execute(TILE_QUERY, (zoom, x, (1 << zoom) - 1 - y)).fetchone()
        content = bytes(row[0]) if row and row[0] else b""
        return gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content

    def close(self) -> None:
        """Close the database."""
        self._database.close()


def open_mbtiles(folder: Path) -> dict[str, MbTiles]:
    """Open the files `lands.mbtiles` and `bath.mbtiles` in a folder; either may be absent, but not both."""
    paths = [path for name in ("lands", "bath") if (path := folder / f"{name}.mbtiles").is_file()]
    if not paths:
        raise SettingsError(f"OCEAN_PLOTTING_MBTILES: there is neither lands.mbtiles nor bath.mbtiles in {folder}")
    files = {}
    for path in paths:
        files[path.stem] = MbTiles(path)
        try:
            files[path.stem].read_tile(0, 0, 0)
        except (sqlite3.Error, OSError) as error:
            for file in files.values():
                file.close()
            raise SettingsError(f"OCEAN_PLOTTING_MBTILES: {path} cannot be read: {error}") from error
    return files
