"""Reads chunks from a file: the bytes of several in one go, unfiltered and unpacked into a window."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_common.errors import SourceUnreadable
from ocean_core.cache import ByteBoundedCache
from ocean_data.reading.blobs import Blob, Bytes
from ocean_data.reading.hdf5.filters import Undecodable, undo
from ocean_data.reading.hdf5.index import Index
from ocean_data.reading.hdf5.kernels import Meaning, Share, place
from ocean_data.reading.hdf5.shares import Plan, Wanted
from ocean_data.reading.state import State

RUN = 128 * 1024  # bytes: chunks that lie together are read together up to here; more would keep threads idle
GAP = 4096  # bytes between two chunks that are read rather than jumped over


class Piece(NamedTuple):
    """The bytes of a chunk that a window needs, and where they go."""

    offset: int
    size: int
    filters: tuple[str, ...]  # that are undone before it is unpacked
    plane: int  # see kernels.place
    share: Share
    kept: bool  # what is undone will serve the next window too

    @property
    def end(self) -> int:
        """Where its bytes end in the file."""
        return self.offset + self.size


@dataclass(kw_only=True)
class Reading:
    """One window of one file, which is opened by the first who needs its bytes."""

    state: State
    variable: str
    index: Index
    meaning: Meaning
    plan: Plan
    opened: Callable[[State], Blob]
    window: NDArray[np.floating[Any]]
    decoded: ByteBoundedCache[Bytes]
    failures: list[SourceUnreadable] = field(default_factory=list)

    def runs(self) -> list[list[Piece]]:
        """The pieces to read, those that lie together in one list; the disk is told of them all at once."""
        pieces = list(self._pieces())
        if len(pieces) == 1:
            return [pieces]
        return list(_together(sorted(pieces, key=attrgetter("offset")), _joins))

    def announce(self, runs: list[list[Piece]]) -> None:
        """Tell the disk of all that will be read at once."""
        if self.index.inline is None and runs:
            self.opened(self.state).announce([(run[0].offset, run[-1].end) for run in runs])

    def at_hand(self, run: list[Piece]) -> bool:
        """Whether nothing has to be read or undone for pieces: not worth another thread."""
        return run[0].kept and (self.state, self.variable, run[0].offset) in self.decoded

    def read(self, run: list[Piece]) -> None:
        """Read pieces that lie together into the window."""
        if run[0].kept:
            (piece,) = run
            key = (self.state, self.variable, piece.offset)
            stored = self.decoded.get(key, lambda: self._undone(self._bytes(piece.offset, piece.end), piece))
            return place(stored, piece.plane, self.meaning, piece.share, self.window)
        together = self._bytes(run[0].offset, run[-1].end)
        for piece in run:
            stored = together[piece.offset - run[0].offset : piece.end - run[0].offset]
            place(self._undone(stored, piece), piece.plane, self.meaning, piece.share, self.window)
        return None

    @cached_property
    def _nothing(self) -> float:
        """The value of a chunk that was never written."""
        fill = self.index.fill
        return np.nan if fill is None else self.index.packing.unpack(fill, self.window.dtype.type)[0]

    def _pieces(self) -> Iterator[Piece]:
        offsets, sizes, masks = self.index.offsets, self.index.sizes, self.index.masks
        for wanted in self.plan.wanted:
            offset = int(offsets[wanted.chunk])
            if offset >= 0:
                yield self._piece(wanted, offset, int(sizes[wanted.chunk]), int(masks[wanted.chunk]))
            else:
                box = zip(wanted.share.target, wanted.share.counts, strict=True)
                self.window[tuple(slice(first, first + count) for first, count in box)] = self._nothing

    def _piece(self, wanted: Wanted, offset: int, size: int, mask: int) -> Piece:
        applied = self.index.filters
        if mask:
            applied = tuple(name for bit, name in enumerate(applied) if not mask >> bit & 1)
        # Numbers are unpacked from their lanes, unless something else is to be undone after that.
        shuffled = applied[:1] == ("shuffle",)
        filters, share = applied[shuffled:], wanted.share
        itemsize, numbers = self.index.dtype.itemsize, self.index.numbers
        if not applied:
            last = share.first + sum(
                (count - 1) * step for count, step in zip(share.counts, share.strides, strict=True)
            )
            if (last + 1) * itemsize > size:
                raise Undecodable
            # As it is in the file: only the stretch that holds the share is read.
            offset, size = offset + share.first * itemsize, (last + 1 - share.first) * itemsize
            share = Share(first=0, strides=share.strides, target=share.target, counts=share.counts)
        elif not filters and size != numbers * itemsize:
            raise Undecodable
        return Piece(
            offset=offset,
            size=size,
            filters=filters,
            plane=numbers if shuffled else 1,
            share=share,
            kept=bool(filters) and not wanted.whole,
        )

    def _bytes(self, start: int, stop: int) -> Bytes:
        if self.index.inline is not None:
            return np.frombuffer(bytearray(self.index.inline[start:stop]), np.uint8)
        return self.opened(self.state).read(start, stop)

    def _undone(self, stored: Bytes, piece: Piece) -> Bytes:
        itemsize = self.index.dtype.itemsize
        return undo(stored, piece.filters, self.index.numbers * itemsize, itemsize) if piece.filters else stored


def _joins(last: Piece, piece: Piece, start: int) -> bool:
    """Whether a piece is read together with the one before it; `start` is where that reading starts."""
    return not last.kept and not piece.kept and piece.offset - last.end <= GAP and piece.end - start <= RUN


def _together(pieces: list[Piece], joins: Callable[[Piece, Piece, int], bool]) -> Iterator[list[Piece]]:
    """Pieces in the order of the file, cut where they do not join."""
    run: list[Piece] = []
    for piece in pieces:
        if run and not joins(run[-1], piece, run[0].offset):
            yield run
            run = []
        run.append(piece)
    if run:
        yield run
