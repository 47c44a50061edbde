"""What tells one version of a file from the next, and what is said of a file that cannot be read."""

import os
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


def state_of(path: str) -> State:
    """The state of a file now."""
    try:
        found = os.stat(path)  # noqa: PTH116  a Path costs more than the call, and this is asked for every file
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    return State(path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)


def unreadable(path: str, reason: str | None) -> SourceUnreadable:
    """Tell a caller. Folders are nobody's business."""
    return SourceUnreadable(f"{Path(path).name} cannot be read: {reason}")


def being_written(path: str) -> SourceUnreadable:
    """Tell a caller that a file changes faster than it can be read."""
    return SourceUnreadable(f"{Path(path).name} is being written; try again in a few seconds", retry_after=2)


def cut_short(path: str, size: int, least: int) -> SourceUnreadable:
    """Tell a caller that the end of a file is missing."""
    return SourceUnreadable(f"{Path(path).name} is cut short: {size} bytes, at least {least} are announced")


def changed(path: str) -> SourceUnreadable:
    """Tell a caller that a file is not what the catalogue knows."""
    return SourceUnreadable(
        f"{Path(path).name} was replaced by a file of another form; it is read again in a few seconds", retry_after=5
    )
