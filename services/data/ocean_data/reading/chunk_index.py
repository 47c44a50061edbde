"""Chunk index of a variable, built once per file and variable: with h5py, or from the header of a NetCDF-3 file.

What is not plain (filters that we do not decode, user types, links, dimensions without names) has no index: the
library reads it.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import h5py
import numpy as np
from h5py import h5d, h5ds, h5f, h5fd, h5i, h5l, h5o, h5p, h5s, h5t, h5z
from numpy.typing import NDArray

from ocean_core.netcdf3 import Header, HeaderVariable, read_netcdf3_header
from ocean_core.packing import InvalidPacking, Packing
from ocean_data.reading.files import LIBRARY, Blob, StoredVariable
from ocean_data.reading.kernels import FILTERS, KernelPacking

NO_VARIABLE = b"This is a netCDF dimension but not a netCDF variable"
SIGNATURE = b"\x89HDF\r\n\x1a\n"
MOST_CHUNKS = 100_000  # of one variable: a larger index costs more than it saves
PART = 256 * 1024  # bytes of the parts in which an array without chunks is read
DTYPES = tuple(np.dtype(order + kind) for kind in ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8") for order in "<>")


@dataclass(frozen=True, kw_only=True)
class Index:
    """The chunks of one variable, and what their bytes mean.

    `offsets` (-1: never written), `sizes` and `masks` have an element per chunk, in the shape of the grid of chunks.
    """

    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    dtype: np.dtype[Any]
    filters: tuple[str, ...]  # in the order in which they were applied
    offsets: NDArray[np.int64]  # bytes from the start of the file
    sizes: NDArray[np.int64]  # bytes as stored
    masks: NDArray[np.uint32]  # bit i: this chunk went around filter i
    fill: NDArray[Any] | None  # one number as stored: what was never written; None: that is not defined
    inline: bytes | None  # the whole array, if it lies within the header of the file
    packing: Packing

    @cached_property
    def meaning(self) -> KernelPacking:
        """The packing for the kernels."""
        return KernelPacking.of(self.packing, self.dtype)

    @property
    def nbytes(self) -> int:
        """Bytes kept."""
        return self.offsets.nbytes + self.sizes.nbytes + self.masks.nbytes + len(self.inline or b"") + 2000

    @cached_property
    def numbers(self) -> int:
        """Number of elements of a chunk."""
        return math.prod(self.chunks)

    @property
    def end(self) -> int:
        """The least size of a file that holds all chunks."""
        return 0 if self.inline is not None else int((self.offsets + self.sizes).max(initial=0))


def read_index(blob: Blob, name: str) -> Index | None:
    """Make the index of a variable; None if it is one for the library."""
    if header := read_header(blob):
        return _header_index(header.variables[name]) if name in header.variables else None
    if blob.size < len(SIGNATURE) or blob.read(0, len(SIGNATURE)).tobytes() != SIGNATURE:
        return None
    with LIBRARY:
        try:
            file = open_hdf5(blob)
        except OSError:
            return None  # the library says what is wrong with it
        try:
            return _hdf5_index(file, name.encode())
        except (LookupError, OSError, OverflowError, RuntimeError, TypeError, ValueError):  # a damaged, strange header
            return None
        finally:
            file.close()


def open_hdf5(blob: Blob) -> h5f.FileID:
    """Open a file with the HDF5 library."""
    access = h5p.create(h5p.FILE_ACCESS)
    # A lock of ours would keep the model from writing its file.
    access.set_file_locking(False, True)
    file = blob.file()
    if isinstance(file, str):
        return h5f.open(file.encode(), h5f.ACC_RDONLY, access)
    access.set_fileobj_driver(h5fd.fileobj_driver, file)
    return h5f.open(b"object", h5f.ACC_RDONLY, access)


def _hdf5_index(file: h5f.FileID, name: bytes) -> Index | None:
    if b"/" in name or name not in file or file.get_create_plist().get_userblock():
        return None
    if file.links.get_info(name).type != h5l.TYPE_HARD or h5o.get_info(file, name).type != h5o.TYPE_DATASET:
        return None
    dataset = h5d.open(file, name)
    dtype = _dtype(dataset.get_type())
    plist = dataset.get_create_plist()
    filters = _filters(plist, dtype)
    # A scale may stand for a dimension without a variable: the library knows NetCDF's rules for their names.
    if dtype is None or filters is None or h5ds.is_scale(dataset) or not dataset.rank or 0 in dataset.shape:
        return None
    dimensions = dimensions_of(dataset)
    stored = _stored(dataset, plist, dtype)
    if dimensions is None or stored is None:
        return None
    return Index(
        dimensions=dimensions,
        shape=dataset.shape,
        dtype=dtype,
        filters=filters,
        fill=_fill(plist, dtype),
        packing=Packing.from_attributes(attributes_of(h5py.Dataset(dataset)), dtype),
        **stored,
    )


def _dtype(kind: h5t.TypeID) -> np.dtype[Any] | None:
    """The plain type of the numbers. 64-bit integers are for the library: our kernel works in float64."""
    return next((dtype for dtype in DTYPES if kind.equal(h5t.py_create(dtype))), None)


def _filters(plist: h5p.PropDCID, dtype: np.dtype[Any] | None) -> tuple[str, ...] | None:
    filters = [plist.get_filter(number) for number in range(plist.get_nfilters())]
    names = tuple(FILTERS.get(code, "") for code, *_ in filters)
    sizes = {values[:1] for code, _, values, _ in filters if code == h5z.FILTER_SHUFFLE}
    plain = "" not in names and len(set(names)) == len(names) and dtype is not None and sizes <= {(dtype.itemsize,)}
    return names if plain else None


def dimensions_of(found: h5d.DatasetID) -> tuple[str, ...] | None:
    """The names of the dimensions, as NetCDF stores them: each has a scale in the root group."""
    scales: list[bytes] = []
    for axis in range(found.rank):
        if h5ds.get_num_scales(found, axis) != 1:
            return None
        h5ds.iterate(found, axis, lambda scale: scales.append(h5i.get_name(scale)))
    if any(name is None or name.count(b"/") != 1 for name in scales):
        return None
    return tuple(name[1:].decode() for name in scales)


def _fill(plist: h5p.PropDCID, dtype: np.dtype[Any]) -> NDArray[Any] | None:
    if plist.get_fill_time() == h5d.FILL_TIME_NEVER:
        return None
    value = np.zeros(1, dtype)
    if plist.fill_value_defined() != h5d.FILL_VALUE_UNDEFINED:
        plist.get_fill_value(value)
    return value


# Attributes with which NetCDF-4 and dimension scales describe the file itself.
STRUCTURAL = {"CLASS", "DIMENSION_LIST", "NAME", "REFERENCE_LIST", "_NCProperties", "_nc3_strict"}


def is_variable(found: h5py.Group | h5py.Dataset) -> bool:
    """Return True for what NetCDF takes for a variable: not for a dimension without one."""
    return isinstance(found, h5py.Dataset) and not found.attrs.get("NAME", b"").startswith(NO_VARIABLE)


def attributes_of(found: h5py.Group | h5py.Dataset) -> dict[str, Any]:
    """Return the attributes of a file or a variable as netCDF4 tells them."""
    names = (name for name in found.attrs if name not in STRUCTURAL and not name.startswith("_Netcdf4"))
    values = {name: _plain(found.attrs[name]) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    """Return a number, numbers or a text; None for references and the like."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iuf":
        array = np.asarray(value.astype(value.dtype.newbyteorder("=")))
        return array[0] if array.shape == (1,) else array
    if isinstance(value, np.ndarray) and value.dtype.kind in "SO":
        texts = [text.decode(errors="replace") if isinstance(text, bytes) else text for text in value.ravel()]
        return texts[0] if len(texts) == 1 else texts if all(isinstance(text, str) for text in texts) else None
    return value if isinstance(value, str) else None


def _stored(found: h5d.DatasetID, plist: h5p.PropDCID, dtype: np.dtype[Any]) -> dict[str, Any] | None:
    layout = plist.get_layout()
    if layout == h5d.CHUNKED:
        return _chunked(found, plist.get_chunk())
    if layout == h5d.COMPACT:
        inline = np.empty(found.shape, dtype)
        found.read(h5s.ALL, h5s.ALL, inline, found.get_type())
        size = np.full((1,) * found.rank, inline.nbytes, np.int64)
        return _table(found.shape, np.zeros_like(size), size) | {"inline": inline.tobytes()}
    if layout == h5d.CONTIGUOUS and not plist.get_external_count():
        return _contiguous(found.shape, dtype.itemsize, found.get_offset())
    return None


def _chunked(found: h5d.DatasetID, chunks: tuple[int, ...]) -> dict[str, Any] | None:
    grid = tuple(-(-size // chunk) for size, chunk in zip(found.shape, chunks, strict=True))
    if math.prod(grid) > MOST_CHUNKS:
        return None
    rows: list[tuple[Any, ...]] = []
    found.chunk_iter(lambda one: rows.append((*one.chunk_offset, one.byte_offset, one.size, one.filter_mask)))
    table = _table(chunks, np.full(grid, -1, np.int64), np.zeros(grid, np.int64))
    if rows:
        numbers = np.array(rows, np.int64)
        places = tuple((numbers[:, : len(grid)] // chunks).T)
        table["offsets"][places], table["sizes"][places], table["masks"][places] = numbers[:, len(grid) :].T
    return table


def _contiguous(shape: tuple[int, ...], itemsize: int, offset: int | None) -> dict[str, Any] | None:
    """An array in one piece, cut into parts that are one piece each."""
    part, left = [], max(1, PART // itemsize)
    for size in reversed(shape):
        part.append(min(size, left))
        left = left // size if part[-1] == size else 1
        left = max(1, left)
    chunks = tuple(reversed(part))
    grid = tuple(-(-size // chunk) for size, chunk in zip(shape, chunks, strict=True))
    if math.prod(grid) > MOST_CHUNKS:
        return None
    if offset is None:
        return _table(chunks, np.full(grid, -1, np.int64), np.zeros(grid, np.int64))
    strides = np.cumprod((itemsize, *shape[:0:-1]))[::-1]
    firsts = [np.arange(count) * chunk for count, chunk in zip(grid, chunks, strict=True)]
    starts = sum(np.ix_(*[first * stride for first, stride in zip(firsts, strides, strict=True)]), np.int64(offset))
    lengths = [np.minimum(chunk, size - first) for first, chunk, size in zip(firsts, chunks, shape, strict=True)]
    sizes = np.multiply.reduce(np.broadcast_arrays(*np.ix_(*lengths))) * itemsize
    return _table(chunks, np.asarray(starts, np.int64), np.asarray(sizes, np.int64))


def _table(chunks: tuple[int, ...], offsets: NDArray[np.int64], sizes: NDArray[np.int64]) -> dict[str, Any]:
    masks = np.zeros(offsets.shape, np.uint32)
    return {"chunks": chunks, "offsets": offsets, "sizes": sizes, "masks": masks, "inline": None}


# NetCDF-3


def read_header(blob: Blob) -> Header | None:
    """Read the header of a NetCDF-3 file; None if it is none, or its header is damaged."""
    try:
        return read_netcdf3_header(lambda length: blob.read(0, length).tobytes(), blob.size)
    except (LookupError, ValueError):
        return None


def _header_index(variable: HeaderVariable) -> Index | None:
    shape, dtype = variable.shape, variable.dtype
    if dtype not in DTYPES or not shape or 0 in shape:
        return None
    gapless = variable.record_step in {None, variable.record_size}
    table = _contiguous(shape, dtype.itemsize, variable.begin) if gapless else _record_chunks(variable)
    if table is None:
        return None
    try:
        packing = Packing.from_attributes(variable.attributes, dtype)
    except InvalidPacking:
        return None  # the library's reader says what is wrong with it
    return Index(
        dimensions=variable.dimensions, shape=shape, dtype=dtype, filters=(), fill=None, packing=packing, **table
    )


def _record_chunks(variable: HeaderVariable) -> dict[str, Any] | None:
    """Return the parts of each record, record by record."""
    count, *shape = variable.shape
    record = _contiguous((1, *shape), variable.dtype.itemsize, variable.begin)
    if record is None or count * record["offsets"].size > MOST_CHUNKS:
        return None
    steps = np.arange(count, dtype=np.int64).reshape(-1, *[1] * len(shape)) * (variable.record_step or 0)
    offsets = record["offsets"] + steps
    return _table(record["chunks"], offsets, np.broadcast_to(record["sizes"], offsets.shape))


def header_variable(header: HeaderVariable, blob: Blob) -> StoredVariable:
    """Make a variable of a NetCDF-3 file, for coordinates, which are read whole."""
    dtype, shape, step = header.dtype.newbyteorder("="), header.shape, header.record_step

    def part(start: int, shape: tuple[int, ...]) -> NDArray[Any]:
        stop = start + math.prod(shape) * dtype.itemsize
        return blob.read(start, stop).view(header.dtype).reshape(shape).astype(dtype)

    def read(index: tuple[slice, ...]) -> NDArray[Any]:
        if step is None:
            return part(header.begin, shape)[index]
        first, *rest = index
        starts = [header.begin + record * step for record in range(shape[0])[first]]
        blob.announce([(start, start + header.record_size) for start in starts])
        records = [part(start, shape[1:]) for start in starts]
        return np.stack(records)[(slice(None), *rest)] if records else np.empty((0, *shape[1:]), dtype)

    return StoredVariable(
        dimensions=header.dimensions,
        shape=shape,
        dtype=dtype,
        attributes=header.attributes,
        chunks=shape if step is None else (1, *shape[1:]),
        read=read,
    )
