"""Layouts of datasets as Zarr arrays: which chunk of which file is a chunk of an array.

Where the chunks of all files fit one regular grid of chunks, they are sent as they lie in the files. Else an array has
chunks of its own, which are read and compressed when they are asked for.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ocean_data.reading.aggregation import JoinedVariable, Ranges, TimeJoin
from ocean_data.reading.chunk_index import Index

Position = tuple[int, ...]  # of a chunk along each dimension
MADE = 1 << 20  # bytes of a chunk that is made, about
LARGEST = 64 << 20  # bytes of a chunk of a file that is sent or made at once


class FileChunk(NamedTuple):
    """A chunk in a file."""

    path: str
    position: Position


@dataclass(frozen=True, kw_only=True)
class ChunkLayout:
    """The chunks of a variable as an array."""

    variable: JoinedVariable
    chunks: tuple[int, ...]
    index: Index | None  # of the first file, if chunks are sent as they lie in the files
    blocks: NDArray[np.int64] | None = None  # (chunk along time, 2): file, and position of its chunk there

    @property
    def count(self) -> tuple[int, ...]:
        """Number of chunks along each dimension."""
        return tuple(-(-size // chunk) for size, chunk in zip(self.variable.shape, self.chunks, strict=True))

    def ranges(self, position: Position) -> Ranges:
        """Return what a chunk holds of the variable: less than a chunk at its ends."""
        places = zip(position, self.chunks, self.variable.shape, strict=True)
        return tuple(range(at * chunk, min(at * chunk + chunk, size)) for at, chunk, size in places)

    def file_chunk(self, position: Position) -> FileChunk:
        """Return the chunk of a file that is a chunk of the array."""
        variable = self.variable
        if self.blocks is None or variable.join is None:
            return FileChunk(variable.first.path, position)
        file, own = (int(number) for number in self.blocks[position[variable.time_axis]])
        place = list(position)
        if variable.axis is None:
            del place[0]
        else:
            place[variable.axis] = own
        return FileChunk(variable.join.group.files[file].path, tuple(place))


def plan_chunks(variable: JoinedVariable, index: Index | None) -> ChunkLayout:
    """Choose the chunks of a variable; ``index``: those of its first file, None if only a library reads them."""
    stored = variable.values is None and variable.mixed is None
    if stored and index is not None and index.dimensions == variable.stored.dimensions and _fits_memory(index):
        join = variable.join
        if join is None or (join.whole and variable.axis is not None):
            return ChunkLayout(variable=variable, chunks=index.chunks, index=index)
        if variable.axis is None:
            blocks = np.stack([join.file, np.zeros_like(join.file)], axis=1)
            return ChunkLayout(variable=variable, chunks=(1, *index.chunks), index=index, blocks=blocks)
        if (found := _find_blocks(join, index.chunks[variable.axis])) is not None:
            return ChunkLayout(variable=variable, chunks=index.chunks, index=index, blocks=found)
    return ChunkLayout(variable=variable, chunks=_choose_chunks(variable), index=None)


def _fits_memory(index: Index) -> bool:
    return math.prod(index.chunks) * index.dtype.itemsize <= LARGEST


def _find_blocks(join: TimeJoin, length: int) -> NDArray[np.int64] | None:
    """Return file and chunk of each ``length`` time steps; None where chunks of files are no such blocks."""
    blocks = []
    for first in range(0, join.size, length):
        files, positions = join.file[first : first + length], join.position[first : first + length]
        start = positions[0]
        together = (files == files[0]).all() and (positions == start + np.arange(positions.size)).all()
        # The last block may be short: what its chunk holds beyond the array is not read.
        if not together or start % length:
            return None
        blocks.append((files[0], start // length))
    return np.array(blocks, np.int64).reshape(-1, 2)


def _choose_chunks(variable: JoinedVariable) -> tuple[int, ...]:
    """Choose chunks of about a megabyte: whole where the variable is small, else one time step, and rows of it."""
    itemsize = max(1, variable.dtype.itemsize if variable.dtype.kind != "O" else 32)
    sizes = [max(1, size) for size in variable.shape]
    if math.prod(sizes) * itemsize <= MADE:
        return tuple(sizes)
    chunks = [1] * len(sizes)
    left = max(1, MADE // itemsize)
    for axis in reversed(range(len(sizes))):
        if axis == variable.time_axis and variable.join is not None and len(sizes) > 1:
            continue
        chunks[axis] = min(sizes[axis], left)
        left = max(1, left // sizes[axis])
    return tuple(chunks)
