"""A file of another format in a zip archive."""

import shutil
import zipfile
from pathlib import Path

from ocean_data.domain.extraction import Extraction
from ocean_data.domain.ports import Parts, Saved, Stream

PIECE = 1 << 20  # bytes
LEVEL = 1  # of compression: what is in NetCDF-4 is compressed already


class Zipped:
    """Writes a zip archive with one file."""

    media_type = "application/zip"
    suffix = "zip"

    def __init__(self, inner: Stream | Saved, name: str) -> None:
        self._inner = inner
        self._name = name

    def save(self, extraction: Extraction, parts: Parts, revision: str, path: str) -> None:
        """Write the archive: from the pieces of the file as they come, or from the file when it is whole."""
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive,
            archive.open(self._name, "w", force_zip64=True) as file,
        ):
            if isinstance(self._inner, Stream):
                for piece in self._inner.pieces(extraction, parts, revision):
                    file.write(piece)
                return
            whole = Path(f"{path}.whole")
            try:
                self._inner.save(extraction, parts, revision, str(whole))
                with whole.open("rb") as read:
                    shutil.copyfileobj(read, file, PIECE)
            finally:
                whole.unlink(missing_ok=True)
