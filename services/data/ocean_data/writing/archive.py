"""A file of another format in a zip archive, which leaves while it is packed."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from zipstream import ZipStream

from ocean_data.plan.extraction import Extraction, Parts
from ocean_data.writing import FileWriter, StreamWriter

PIECE = 1 << 20  # bytes of the file that are packed at once
LEVEL = 1  # of compression: NetCDF-4 files are compressed already


class ZipArchive:
    """Writes a zip archive with one file."""

    media_type = "application/zip"
    suffix = "zip"

    def __init__(self, writer: StreamWriter | FileWriter, name: str, path: Callable[[], Path]) -> None:
        """``path`` makes the path of a file that must be complete before it is packed."""
        self._writer = writer
        self._name = name
        self._path = path

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """The archive, piece by piece; the size of the file follows it, so nothing is sought back."""
        archive = ZipStream(compress_type=zipfile.ZIP_DEFLATED, compress_level=LEVEL)
        archive.add(self._file_pieces(extraction, parts, revision), self._name)
        yield from archive

    def _file_pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        if isinstance(self._writer, StreamWriter):
            yield from self._writer.pieces(extraction, parts, revision)
            return
        path = self._path()
        try:
            self._writer.save(extraction, parts, revision, str(path))
            file = path.open("rb")
        finally:
            path.unlink(missing_ok=True)  # an open file can still be read
        with file:
            while piece := file.read(PIECE):
                yield piece
