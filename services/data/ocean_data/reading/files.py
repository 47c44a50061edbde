"""Files as bytes: their states, which tell one version from the next; their ranges; errors if they cannot be read."""

import os
from collections.abc import Hashable, Sequence
from typing import BinaryIO, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ocean_common.dataset_uri import local
from ocean_core.errors import Message, SourceUnreadable

ATTEMPTS = 3  # to read a file that is replaced meanwhile
NEAR = 64 * 1024  # bytes between two ranges of which the disk is told as one

Bytes = NDArray[np.uint8]
Range = tuple[int, int]  # first byte, and the one after the last


class State(NamedTuple):
    """A file, or what stands for one, as it is at one moment: made and compared many times in each request."""

    path: str
    size: int
    mtime_ns: int
    mark: Hashable = None  # what else tells it from another: device, inode and change, an ETag, a snapshot


class Blob(Protocol):
    """The bytes of one file in one state."""

    @property
    def size(self) -> int:
        """Number of bytes."""

    def announce(self, ranges: Sequence[Range]) -> None:
        """Tell which ranges will be read, in their order in the file."""

    def read(self, start: int, stop: int) -> Bytes:
        """Some bytes, to be written to if one likes; SourceUnreadable if there are fewer."""

    def file(self) -> BinaryIO | str:
        """For a library that opens a path, or a file object."""

    def close(self) -> None:
        """Nothing more will be read."""


class LocalBlob:
    """A file of this machine."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.size = state.size
        try:
            self._descriptor = os.open(local(state.path), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise unreadable(state.path, error.strerror) from error
        if state_of(state.path, self._descriptor) != state:  # replaced since somebody looked
            self.close()
            raise being_written(state.path)

    def announce(self, ranges: Sequence[Range]) -> None:
        if not hasattr(os, "posix_fadvise"):  # macOS has none
            return
        for start, stop in joined(ranges, NEAR):
            os.posix_fadvise(self._descriptor, start, stop - start, os.POSIX_FADV_WILLNEED)

    def read(self, start: int, stop: int) -> Bytes:
        content = np.empty(stop - start, np.uint8)
        try:
            count = os.preadv(self._descriptor, [content.data], start)
        except OSError as error:
            raise unreadable(self._state.path, error.strerror) from error
        if count < content.size:
            raise cut_short(self._state.path, start + count, stop)
        return content

    def file(self) -> BinaryIO | str:
        return local(self._state.path)

    def close(self) -> None:
        os.close(self._descriptor)


def joined(ranges: Sequence[Range], gap: int) -> list[Range]:
    """Ranges in their order, those with at most `gap` bytes between them as one."""
    merged: list[Range] = []
    for start, stop in ranges:
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


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
    """Make the error of a file that cannot be read."""
    cause = Message(reason) if isinstance(reason, str) else reason
    return SourceUnreadable(
        "{name} cannot be read: {reason}", name=name_of(path), reason=cause, retry_after=retry_after
    )


def being_written(path: str) -> SourceUnreadable:
    """Make the error of a file that changes faster than it can be read."""
    return SourceUnreadable("{name} is being written; try again in a few seconds", name=name_of(path), retry_after=2)


def cut_short(path: str, size: int, least: int) -> SourceUnreadable:
    """Make the error of a file whose end is missing."""
    return SourceUnreadable(
        "{name} is cut short: {size} bytes, at least {minimum} are announced",
        name=name_of(path),
        size=size,
        minimum=least,
    )


def damaged(path: str) -> SourceUnreadable:
    """Make the error of a file whose bytes are not those that were written."""
    return SourceUnreadable("{name} is damaged: some of its bytes are not those that were written", name=name_of(path))


def changed(path: str) -> SourceUnreadable:
    """Make the error of a file that is not what the catalogue knows."""
    return SourceUnreadable(
        "{name} was replaced by a file of another form; it is read again in a few seconds",
        name=name_of(path),
        retry_after=5,
    )
