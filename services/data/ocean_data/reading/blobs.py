"""Bytes of files, wherever these are: what the reader of chunks needs of a place."""

import os
from collections.abc import Sequence
from typing import BinaryIO, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from ocean_common.dataset_uri import local
from ocean_data.reading.state import State, being_written, cut_short, state_of, unreadable

NEAR = 64 * 1024  # bytes between two ranges of which the disk is told as one

Bytes = NDArray[np.uint8]
Range = tuple[int, int]  # first byte, and the one after the last


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


class Blobs(Protocol):
    """A place that gives bytes."""

    def state(self, path: str) -> State:
        """The state of a file now."""

    def blob(self, state: State) -> Blob:
        """The file in that state; an error comes now or when it is read, if that is gone."""


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LocalBlobs:
    """The files of this machine."""

    def state(self, path: str) -> State:
        return state_of(path)

    def blob(self, state: State) -> LocalBlob:
        return LocalBlob(state)


def joined(ranges: Sequence[Range], gap: int) -> list[Range]:
    """Ranges in their order, those with at most `gap` bytes between them as one."""
    merged: list[Range] = []
    for start, stop in ranges:
        if merged and start - merged[-1][1] <= gap:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
