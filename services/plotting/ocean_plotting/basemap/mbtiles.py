"""Vector tiles from an operator's own MBTiles file: a table of SQLite."""

import gzip
import hashlib
import sqlite3
from functools import cached_property
from pathlib import Path
from threading import Lock

from ocean_common.settings import SettingsError

GZIP = b"\x1f\x8b"
ONE = "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?"


class MbTiles:
    """The tiles of one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._asking = Lock()

    @cached_property
    def version(self) -> str:
        """Another one for another file."""
        state = self._path.stat()
        return hashlib.blake2b(f"{state.st_size} {state.st_mtime_ns}".encode(), digest_size=6).hexdigest()

    def tile(self, zoom: int, x: int, y: int) -> bytes:
        """The tile as it is read, without its gzip; empty if there is none."""
        with self._asking:  # its rows are counted from below
            found = self._database.execute(ONE, (zoom, x, (1 << zoom) - 1 - y)).fetchone()
        content = bytes(found[0]) if found and found[0] else b""
        return gzip.decompress(content) if content.startswith(GZIP) else content


def open_mbtiles(folder: Path) -> dict[str, MbTiles]:
    """Open the files `lands.mbtiles` and `bath.mbtiles` in a folder; either may be absent.

    Raises
    ------
    SettingsError
        There is neither, or one is not such a file.
    """
    paths = [path for name in ("lands", "bath") if (path := folder / f"{name}.mbtiles").is_file()]
    if not paths:
        raise SettingsError(f"OCEAN_PLOTTING_MBTILES: there is neither lands.mbtiles nor bath.mbtiles in {folder}")
    opened = {path.stem: MbTiles(path) for path in paths}
    for path in paths:
        try:
            opened[path.stem].tile(0, 0, 0)
        except (sqlite3.Error, OSError) as error:
            raise SettingsError(f"OCEAN_PLOTTING_MBTILES: {path} cannot be read: {error}") from error
    return opened
