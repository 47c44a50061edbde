"""Undoes what HDF5 did to the bytes of a chunk: shuffle, deflate and checksums, in whatever order they were applied."""

from collections.abc import Sequence

import deflate
import numpy as np
from h5py import h5z
from numba import njit
from numpy.typing import NDArray

from ocean_data.reading.hdf5.kernels import assemble

NAMES = {h5z.FILTER_SHUFFLE: "shuffle", h5z.FILTER_DEFLATE: "deflate", h5z.FILTER_FLETCHER32: "fletcher32"}
CHECKSUM = 4  # bytes
BLOCK = 1 << 16  # words that are added up before their sums could grow over 64 bits

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


def warm() -> None:
    """Compile what checks and joins bytes before the first request."""
    for itemsize in (1, 2, 4, 8):
        _unshuffled(np.zeros(itemsize, np.uint8), itemsize)
    fletcher32(np.zeros(2, np.uint8))


def _inflated(stored: Bytes, size: int) -> Bytes:
    try:
        return np.frombuffer(deflate.zlib_decompress(stored, size), np.uint8)
    except deflate.DeflateError as error:
        raise Undecodable from error


def _unshuffled(stored: Bytes, itemsize: int) -> Bytes:
    """Numbers whose bytes lie side by side again; what is too short to be one stays behind them."""
    made, count = np.empty_like(stored), stored.size // itemsize
    assemble(stored, 0, 1, count, itemsize, False, made[: count * itemsize].view(f"u{itemsize}"))
    made[count * itemsize :] = stored[count * itemsize :]
    return made


def _checked(stored: Bytes) -> Bytes:
    if stored.size < CHECKSUM:
        raise Undecodable
    numbers, told = stored[:-CHECKSUM], stored[-CHECKSUM:]
    found = np.frombuffer(int(fletcher32(numbers)).to_bytes(CHECKSUM, "little"), np.uint8)
    # HDF5 before 1.6.3 wrote it with the bytes of each half exchanged.
    if not np.array_equal(told, found) and not np.array_equal(told, found[[1, 0, 3, 2]]):
        raise Undecodable
    return numbers


@njit(nogil=True, cache=True)
def fletcher32(data):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  numba's types
    """The checksum of some bytes, as HDF5 makes it: of words of 16 bits, the high byte first."""
    first = second = np.uint64(0)
    words = (data.size + 1) // 2
    for start in range(0, words, BLOCK):
        count = min(BLOCK, words - start)
        whole = min(count, data.size // 2 - start)
        part = data[2 * start : 2 * (start + whole)]
        plain = weighed = np.uint64(0)
        for i in range(whole):
            word = np.uint64(part[2 * i]) << np.uint64(8) | np.uint64(part[2 * i + 1])
            plain += word
            weighed += word * np.uint64(count - i)
        if whole < count:  # a byte without its second
            word = np.uint64(data[-1]) << np.uint64(8)
            plain += word
            weighed += word
        second = _folded(second + first * np.uint64(count) + weighed)
        first = _folded(first + plain)
    return second << np.uint64(16) | first


@njit(nogil=True, cache=True)
def _folded(number):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  numba's types
    """A sum modulo 65535 as HDF5 folds it: what is not zero stays above it."""
    while number > 0xFFFF:
        number = (number >> np.uint64(16)) + (number & np.uint64(0xFFFF))
    return number
