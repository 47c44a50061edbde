"""A folder for temporary files of this process alone: what a process that died has left is removed by the next."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "ocean-data-"
LOCK = "lock"


class Scratch:
    """A folder of its own in ``parent``, or where the system has temporary files."""

    def __init__(self, parent: str | None = None) -> None:
        place = Path(parent or tempfile.gettempdir())
        place.mkdir(parents=True, exist_ok=True)
        _sweep(place)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
        # The system lets go of it however the process ends.
        self._lock = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def close(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _sweep(place: Path) -> None:
    """Remove the folders whose process is gone."""
    for left in place.glob(f"{PREFIX}*"):
        try:
            lock = os.open(left / LOCK, os.O_RDWR)
        except OSError:
            continue  # another's, or being made or removed at this moment
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # its process lives
        else:
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(lock)
