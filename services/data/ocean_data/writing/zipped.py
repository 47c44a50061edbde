"""A file of another format in a zip archive, which leaves while it is made."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ocean_data.plan.extraction import Extraction
from ocean_data.ports import Parts, Saved, Stream

PIECE = 1 << 20  # bytes of the file that are packed at once
LEAST = 1 << 16  # bytes of the archive that are worth sending
LEVEL = 1  # of compression: what is in NetCDF-4 is compressed already


class Zipped:
    """Writes a zip archive with one file."""

    media_type = "application/zip"
    suffix = "zip"

    def __init__(self, inner: Stream | Saved, name: str, path: Callable[[], Path]) -> None:
        """``path``: where a file that must be whole before it is packed may lie meanwhile."""
        self._inner = inner
        self._name = name
        self._path = path

    def pieces(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """The archive, as the file comes; its size stands after it, as in every archive that is not sought back in."""
        packed = _Packed()
        with (
            zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive,
            archive.open(self._name, "w", force_zip64=True) as file,
        ):
            for piece in self._plain(extraction, parts, revision):
                file.write(piece)
                if packed.size >= LEAST:
                    yield packed.taken()
        yield packed.taken()

    def _plain(self, extraction: Extraction, parts: Parts, revision: str) -> Iterator[bytes]:
        """The file itself, piece by piece."""
        if isinstance(self._inner, Stream):
            yield from self._inner.pieces(extraction, parts, revision)
            return
        path = self._path()
        try:
            self._inner.save(extraction, parts, revision, str(path))
            file = path.open("rb")
        finally:
            path.unlink(missing_ok=True)  # what is open can still be read
        with file:
            while piece := file.read(PIECE):
                yield piece


class _Packed:
    """Takes what is written, until it is taken; there is no way back in it."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: bytes, /) -> int:
        self._pieces.append(bytes(piece))
        self.size += len(piece)
        return len(piece)

    def flush(self) -> None:
        """All that is written is there at once."""

    def close(self) -> None:
        """What is there can still be taken."""

    def taken(self) -> bytes:
        found, self._pieces, self.size = b"".join(self._pieces), [], 0
        return found
