"""What tells one version of a file from the next."""

from dataclasses import dataclass
from pathlib import Path

from ocean_common.errors import SourceUnreadable


@dataclass(frozen=True)
class State:
    """A file as it is at one moment."""

    path: str
    device: int
    inode: int
    size: int
    mtime_ns: int

    @property
    def name(self) -> str:
        """The file as it is told to callers: folders are nobody's business."""
        return Path(self.path).name


def state_of(path: str) -> State:
    """The state of a file now."""
    try:
        found = Path(path).stat()
    except OSError as error:
        raise SourceUnreadable(f"{Path(path).name} cannot be read: {error.strerror}") from error
    return State(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
