"""States of files, which distinguish one version from the next, and errors about files that cannot be read."""

import os
from collections.abc import Hashable
from typing import NamedTuple

from ocean_common.dataset_uri import local
from ocean_core.errors import SourceUnreadable
from ocean_core.messages import Message


class State(NamedTuple):
    """A file, or what stands for one, as it is at one moment: made and compared many times in each request."""

    path: str
    size: int
    mtime_ns: int
    mark: Hashable = None  # what else tells it from another: device, inode and change, an ETag, a snapshot


def state_of(path: str, descriptor: int | None = None) -> State:
    """The state of a file of this machine now; of the one that is open, if there is a descriptor."""
    try:
        stat = os.stat(local(path) if descriptor is None else descriptor)  # noqa: PTH116  a Path costs more than the call, and this is asked for every file
    except OSError as error:
        raise unreadable(path, error.strerror) from error
    # Whoever writes can set the time of the last change of the content, but not that of the file.
    return State(path, stat.st_size, stat.st_mtime_ns, (stat.st_dev, stat.st_ino, stat.st_ctime_ns))


def name_of(path: str) -> str:
    """Return the public name of a file, without folders, hosts and the query after a `?`."""
    return path.partition("?")[0].rstrip("/").rpartition("/")[2]


def unreadable(path: str, reason: str | Message | None, *, retry_after: int | None = None) -> SourceUnreadable:
    """Tell a caller."""
    cause = Message(reason) if isinstance(reason, str) else reason
    return SourceUnreadable(
        "{name} cannot be read: {reason}", name=name_of(path), reason=cause, retry_after=retry_after
    )


def being_written(path: str) -> SourceUnreadable:
    """Tell a caller that a file changes faster than it can be read."""
    return SourceUnreadable("{name} is being written; try again in a few seconds", name=name_of(path), retry_after=2)


def cut_short(path: str, size: int, least: int) -> SourceUnreadable:
    """Tell a caller that the end of a file is missing."""
    return SourceUnreadable(
        "{name} is cut short: {size} bytes, at least {minimum} are announced",
        name=name_of(path),
        size=size,
        minimum=least,
    )


def damaged(path: str) -> SourceUnreadable:
    """Tell a caller that the bytes of a file are not those that were written."""
    return SourceUnreadable("{name} is damaged: some of its bytes are not those that were written", name=name_of(path))


def changed(path: str) -> SourceUnreadable:
    """Tell a caller that a file is not what the catalogue knows."""
    return SourceUnreadable(
        "{name} was replaced by a file of another form; it is read again in a few seconds",
        name=name_of(path),
        retry_after=5,
    )
