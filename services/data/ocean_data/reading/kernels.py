"""From the bytes of a chunk to values in a window: filters undone, numbers assembled and unpacked, without the lock.

Shuffled float32 chunks, which most files are, are unpacked from their byte lanes in one pass. Whatever a kernel does
with numbers is what `Packing.unpack` does, bit by bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import deflate
import numpy as np
from h5py import h5z
from numcodecs.fletcher32 import Fletcher32
from numpy.typing import NDArray

from ocean_core.packing import DEFAULT_FILL, Packing, as_stored
from ocean_data.jit import kernel, kernel_part

KINDS = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
I1, _, I2, _, I4, _, F4, F8 = range(len(KINDS))
UINT8, UINT32, UINT64, FLOAT64 = (np.dtype(name) for name in ("u1", "u4", "u8", "f8"))
NO_WORDS, NO_LONGS = np.empty(0, UINT32), np.empty(0, UINT64)
NO_SINGLES, NO_DOUBLES = np.empty((0, 0, 0, 0), np.float32), np.empty((0, 0, 0, 0), np.float64)


@dataclass(frozen=True, kw_only=True)
class KernelPacking:
    """A packing as the kernel wants it. All limits are float64, which holds each number of KINDS as it is."""

    kind: int  # of the numbers: index in KINDS
    itemsize: int
    swapped: bool  # the bytes are in the other order
    single: bool  # the values are worked out in float32
    scale: float
    offset: float
    missing: NDArray[np.float64]
    limits: NDArray[np.float64]  # low and high of what is stored; low and high of what is unpacked

    @classmethod
    def of(cls, packing: Packing, dtype: np.dtype[Any]) -> Self:
        """Translate a packing of numbers of `dtype`."""
        native = packing.number_type(dtype.newbyteorder("="))
        single = packing.working is np.float32
        missing = [float(as_stored(native, value)) for value in packing.missing]
        with np.errstate(over="ignore"):
            stored = [native.type(value) if native.kind == "f" else value for value in (packing.low, packing.high)]
            unpacked = [packing.working(value) for value in (packing.low, packing.high)]
        largest = native.type(DEFAULT_FILL) if native.kind == "f" else np.inf
        low, high = max(stored[0], -largest), min(stored[1], largest)
        nowhere = [-np.inf, np.inf]
        ranges = np.array([*nowhere, *unpacked] if packing.unpacked_range else [low, high, *nowhere], np.float64)
        return cls(
            kind=KINDS.index(native.str[1:]),
            itemsize=dtype.itemsize,
            swapped=not dtype.isnative,
            single=single,
            scale=float(packing.working(packing.scale)),
            offset=float(packing.working(packing.offset or -0.0)),  # adding zero would lose the sign of -0
            missing=np.array(sorted({value for value in missing if ranges[0] <= value <= ranges[1]}), np.float64),
            limits=ranges,
        )


class ChunkPart(NamedTuple):
    """The part of a window that one chunk fills. All in numbers, by (time, depth, y, x)."""

    first: int  # its position in the chunk
    strides: tuple[int, int, int, int]  # in the chunk
    target: tuple[int, int, int, int]  # its position in the window
    counts: tuple[int, int, int, int]

    @property
    def last(self) -> int:
        """The position in the chunk of its last number."""
        return self.first + sum((count - 1) * step for count, step in zip(self.counts, self.strides, strict=True))


def place(
    stored: NDArray[np.uint8], plane: int, meaning: KernelPacking, part: ChunkPart, window: NDArray[np.floating[Any]]
) -> None:
    """Unpack a part of a chunk, or of the stretch of it that holds the part, into a contiguous window.

    ``plane``: how many bytes lie between two bytes of one number: 1, or in a shuffled chunk the count of its numbers.
    ``window``: float32 or float64, (time, depth, y, x).
    """
    packing = meaning.scale, meaning.offset, meaning.missing, meaning.limits
    singles = meaning.kind == F4 and meaning.single
    if singles and plane > 1 and part.strides[3] == 1 and not meaning.swapped and meaning.missing.size <= 1:
        _place_lanes(stored, plane, *packing, part.first, part.strides, part.target, part.counts, window)
        return
    # A row as bytes, words and numbers: views are made here, since kernels that make views compile slowly.
    if meaning.kind == F8:
        words, longs = NO_WORDS, np.empty(part.counts[3], UINT64)
        octets, numbers = longs.view(UINT8), longs.view(FLOAT64)
    else:
        words, longs = np.empty(part.counts[3], UINT32), NO_LONGS
        octets, numbers = words.view(UINT8), np.empty(part.counts[3])
    narrow, wide = (window, NO_DOUBLES) if window.itemsize == 4 else (NO_SINGLES, window)
    _place_rows(
        stored, 1 if plane > 1 else meaning.itemsize, plane, meaning.kind, meaning.itemsize, meaning.swapped,
        meaning.single, *packing, part.first, part.strides, part.target, part.counts,
        octets, words, longs, numbers, narrow, wide,
    )  # fmt: skip


def compile_chunk_kernels() -> None:
    """Compile the kernels before the first request."""
    dtype = np.dtype(np.float32)
    meaning = KernelPacking.of(Packing.from_attributes({}, dtype), dtype)
    part = ChunkPart(first=0, strides=(0, 0, 0, 1), target=(0, 0, 0, 0), counts=(1, 1, 1, 1))
    for plane in (1, 2):
        for kind in (np.float32, np.float64):
            place(np.zeros(16, np.uint8), plane, meaning, part, np.zeros((1, 1, 1, 1), kind))


@kernel_part()
def _join_bytes(stored, start, step, plane, itemsize, octets, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Numbers put together from their bytes: number i has its byte b at ``start + i * step + b * plane``."""
    if step == itemsize == out.itemsize:
        row = stored[start : start + out.size * itemsize]
        for i in range(row.size):
            octets[i] = row[i]
        return
    for i in range(out.size):
        out[i] = 0
    for byte in range(itemsize):
        shift, lane = out.dtype.type(8 * byte), stored[start + byte * plane :]
        if step == 1:  # said apart, so that it is compiled to vector instructions
            for i in range(out.size):
                out[i] |= out.dtype.type(lane[i]) << shift
        else:
            for i in range(out.size):
                out[i] |= out.dtype.type(lane[i * step]) << shift


@kernel_part()
def _join_pairs(stored, start, step, plane, words):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Numbers of two bytes that lie side by side, or in two lanes: packed files are such."""
    first_bytes, second_bytes = stored[start:], stored[start + plane :]
    if step == 2:
        for i in range(words.size):
            words[i] = np.uint32(first_bytes[2 * i]) | np.uint32(second_bytes[2 * i]) << np.uint32(8)
    elif step == 1:
        for i in range(words.size):
            words[i] = np.uint32(first_bytes[i]) | np.uint32(second_bytes[i]) << np.uint32(8)
    else:
        for i in range(words.size):
            words[i] = np.uint32(first_bytes[0]) | np.uint32(second_bytes[0]) << np.uint32(8)


@kernel_part()
def _swap(words, itemsize):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Turn the order of the bytes around: of neighbours, then of pairs, then of fours."""
    for width, mask in ((1, 0x00FF00FF00FF00FF), (2, 0x0000FFFF0000FFFF), (4, 0x00000000FFFFFFFF)):
        if width < itemsize:
            shift, every = words.dtype.type(8 * width), words.dtype.type(mask & 0xFFFFFFFFFFFFFFFF)
            for i in range(words.size):
                words[i] = (words[i] & every) << shift | words[i] >> shift & every


@kernel_part()
def _to_doubles(words, kind, numbers):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """Words of 32 bits as the numbers that they are."""
    if kind == F4:
        for i in range(words.size):
            numbers[i] = np.uint32(words[i]).view(np.float32)
    elif kind == I4:
        for i in range(words.size):
            numbers[i] = np.int32(words[i])
    elif kind == I2:
        for i in range(words.size):
            numbers[i] = np.int16(words[i])
    elif kind == I1:
        for i in range(words.size):
            numbers[i] = np.int8(words[i])
    else:
        for i in range(words.size):
            numbers[i] = words[i]


@kernel_part()
def _unpack(numbers, single, scale, offset, missing, limits, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Numbers as values, NaN where there is nothing; rounded where `Packing.unpack` rounds."""
    low, high, least, most = limits[0], limits[1], limits[2], limits[3]
    for i in range(numbers.size):
        number = numbers[i]
        if single:
            narrow = np.float32(np.float32(number) * np.float32(scale))
            value = np.float64(np.float32(narrow + np.float32(offset)))
        else:
            value = number * scale + offset
        nothing = (number < low) | (number > high) | (value < least) | (value > most)
        values[i] = np.nan if nothing else value
    for k in range(missing.size):
        absent = missing[k]
        for i in range(numbers.size):
            values[i] = np.nan if numbers[i] == absent else values[i]


@kernel_part()
def _unpack_singles(words, scale, offset, missing, limits, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Do the work of `_to_doubles` and `_unpack` for float32 that are unpacked in single precision: eight at a time."""
    low, high, nan = np.float32(limits[0]), np.float32(limits[1]), np.float32(np.nan)
    by, plus = np.float32(scale), np.float32(offset)
    for i in range(words.size):
        number = np.uint32(words[i]).view(np.float32)
        out[i] = np.float32(number * by) + plus if (number >= low) & (number <= high) else nan
    for k in range(missing.size):
        absent = np.float32(missing[k])
        for i in range(words.size):
            out[i] = nan if np.uint32(words[i]).view(np.float32) == absent else out[i]


@kernel()
def _place_lanes(  # type: ignore[no-untyped-def]  # noqa: ANN202, PLR0917
    stored, plane, scale, offset, missing, limits, first, strides, target, counts, window  # noqa: ANN001  numba's types
):  # fmt: skip
    """Do the work of `_join_bytes` and `_unpack_singles` in one pass for shuffled float32: most files are such."""
    low, high, nan = np.float32(limits[0]), np.float32(limits[1]), np.float32(np.nan)
    by, plus = np.float32(scale), np.float32(offset)
    fill = np.float32(missing[0]) if missing.size else nan
    for t in range(counts[0]):
        for d in range(counts[1]):
            for y in range(counts[2]):
                at = first + t * strides[0] + d * strides[1] + y * strides[2]
                first_lane, second_lane = stored[at : at + counts[3]], stored[at + plane : at + plane + counts[3]]
                at += 2 * plane
                third_lane, fourth_lane = stored[at : at + counts[3]], stored[at + plane : at + plane + counts[3]]
                out = window[target[0] + t, target[1] + d, target[2] + y, target[3] : target[3] + counts[3]]
                for i in range(counts[3]):
                    lower = np.uint32(first_lane[i]) | np.uint32(second_lane[i]) << np.uint32(8)
                    upper = np.uint32(third_lane[i]) << np.uint32(16) | np.uint32(fourth_lane[i]) << np.uint32(24)
                    number = np.uint32(lower | upper).view(np.float32)
                    valid = (number >= low) & (number <= high) & (number != fill)
                    out[i] = np.float32(number * by) + plus if valid else nan


@kernel_part()
def _join_row(stored, start, step, plane, kind, itemsize, swapped, octets, words, longs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917  numba's types
    """Join the bytes of a row of numbers to words of 64 bits, or of 32."""
    if kind == F8:
        _join_bytes(stored, start, step, plane, itemsize, octets, longs)
        if swapped:
            _swap(longs, itemsize)
        return
    if itemsize == 2 and step <= 2:
        _join_pairs(stored, start, step, plane, words)
    else:
        _join_bytes(stored, start, step, plane, itemsize, octets, words)
    if swapped:
        _swap(words, itemsize)


@kernel()
def _place_rows(  # type: ignore[no-untyped-def]  # noqa: ANN202, PLR0917
    stored, step, plane, kind, itemsize, swapped, single, scale, offset, missing, limits,  # noqa: ANN001  numba's types
    first, strides, target, counts, octets, words, longs, numbers, narrow, wide,  # noqa: ANN001
):  # fmt: skip
    """Fill a window of single or of double precision, whichever is not empty, row by row."""
    left, right, direct = target[3], target[3] + counts[3], kind == F4 and single
    for row in range(counts[0] * counts[1] * counts[2]):
        t, d, y = row // (counts[1] * counts[2]), row // counts[2] % counts[1], row % counts[2]
        start = (first + t * strides[0] + d * strides[1] + y * strides[2]) * step
        _join_row(stored, start, step * strides[3], plane, kind, itemsize, swapped, octets, words, longs)
        i, j, k = target[0] + t, target[1] + d, target[2] + y
        if not direct and kind != F8:
            _to_doubles(words, kind, numbers)
        if direct and narrow.size:
            _unpack_singles(words, scale, offset, missing, limits, narrow[i, j, k, left:right])
        elif direct:
            _unpack_singles(words, scale, offset, missing, limits, wide[i, j, k, left:right])
        elif narrow.size:
            _unpack(numbers, single, scale, offset, missing, limits, narrow[i, j, k, left:right])
        else:
            _unpack(numbers, single, scale, offset, missing, limits, wide[i, j, k, left:right])


FILTERS = {h5z.FILTER_SHUFFLE: "shuffle", h5z.FILTER_DEFLATE: "deflate", h5z.FILTER_FLETCHER32: "fletcher32"}
CHECKSUM = 4  # bytes

Bytes = NDArray[np.uint8]


class Undecodable(Exception):
    """The bytes of a chunk are not those that were written.

    They are not for the library either: what is too short for its filters ends the whole process there.
    """


def undo(stored: Bytes, filters: Sequence[str], size: int, itemsize: int) -> Bytes:
    """The `size` bytes to which `filters` were applied in this order."""
    sizes = [size]  # what each filter was given; what deflate makes of it is not known
    for name in filters[:-1]:
        sizes.append(sizes[-1] + CHECKSUM if name == "fletcher32" else sizes[-1])
    for name, before in zip(reversed(filters), reversed(sizes), strict=True):
        if name == "deflate":
            stored = _inflated(stored, before)
        elif name == "shuffle":
            stored = _unshuffled(stored, itemsize)
        else:
            stored = _checked(stored)
    if stored.size != size:
        raise Undecodable
    return stored


def _inflated(stored: Bytes, size: int) -> Bytes:
    try:
        return np.frombuffer(deflate.zlib_decompress(stored, size), np.uint8)
    except deflate.DeflateError as error:
        raise Undecodable from error


def _unshuffled(stored: Bytes, itemsize: int) -> Bytes:
    """Numbers whose bytes lie side by side again; what is too short to be one stays behind them."""
    joined, count = np.empty_like(stored), stored.size // itemsize
    joined[: count * itemsize] = stored[: count * itemsize].reshape(itemsize, count).T.ravel()
    joined[count * itemsize :] = stored[count * itemsize :]
    return joined


def _checked(stored: Bytes) -> Bytes:
    if stored.size <= CHECKSUM:
        raise Undecodable
    numbers, announced = stored[:-CHECKSUM], stored[-CHECKSUM:]
    expected = checksum(numbers)
    # HDF5 before 1.6.3 wrote it with the bytes of each half exchanged.
    if not np.array_equal(announced, expected) and not np.array_equal(announced, expected[[1, 0, 3, 2]]):
        raise Undecodable
    return numbers


def checksum(numbers: Bytes) -> Bytes:
    """Return Fletcher's checksum of some bytes, as HDF5 writes it."""
    return np.frombuffer(Fletcher32().encode(numbers)[-CHECKSUM:], np.uint8)
