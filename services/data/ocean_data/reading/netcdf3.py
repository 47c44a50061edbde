"""Variables of NetCDF-3 files, from their headers alone: chunk indexes, and coordinates that are read whole."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ocean_core.netcdf3 import HeaderVariable, read_netcdf3_header
from ocean_data.reading.blobs import Blob
from ocean_data.reading.hdf5.index import DTYPES, MOST_CHUNKS, Index, contiguous
from ocean_data.reading.packing import ATTRIBUTES, Packing
from ocean_data.reading.stored import Chunks


def index(blob: Blob, name: str) -> Index | None:
    """Return the index of a variable; None if the file is of another format, or the library is to read the variable."""
    variable = (header_variables(blob) or {}).get(name)
    if variable is None or variable.dtype not in DTYPES or not variable.shape or 0 in variable.shape:
        return None
    gapless = variable.record_step in {None, variable.record_size}
    shape, itemsize = variable.shape, variable.dtype.itemsize
    table = contiguous(shape, itemsize, variable.begin) if gapless else _record_chunks(variable)
    if table is None:
        return None
    return Index(
        dimensions=variable.dimensions,
        shape=shape,
        dtype=variable.dtype,
        filters=(),
        fill=None,
        packing=Packing.from_attributes(variable.attributes, variable.dtype),
        **table,
    )


def _record_chunks(variable: HeaderVariable) -> dict[str, Any] | None:
    """Return the parts of each record, record by record."""
    count, *shape = variable.shape
    record = contiguous((1, *shape), variable.dtype.itemsize, variable.begin)
    if record is None or count * record["offsets"].size > MOST_CHUNKS:
        return None
    steps = np.arange(count, dtype=np.int64).reshape(-1, *[1] * len(shape)) * (variable.record_step or 0)
    offsets = record["offsets"] + steps
    return record | {
        "offsets": offsets,
        "sizes": np.broadcast_to(record["sizes"], offsets.shape),
        "masks": np.zeros(offsets.shape, np.uint32),
    }


def header_variables(blob: Blob) -> dict[str, HeaderVariable] | None:
    """Return the variables of a NetCDF-3 file; None if it is none, or its header is damaged."""
    try:
        header = read_netcdf3_header(lambda length: blob.read(0, length).tobytes(), blob.size, ATTRIBUTES)
    except (LookupError, ValueError):
        return None
    return header.variables if header else None


@dataclass(frozen=True)
class ClassicVariable:
    """A variable of a NetCDF-3 file: for coordinates, which are read whole."""

    header: HeaderVariable
    blob: Blob

    @property
    def dimensions(self) -> tuple[str, ...]:
        return self.header.dimensions

    @property
    def shape(self) -> tuple[int, ...]:
        return self.header.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.header.dtype.newbyteorder("=")

    @property
    def attributes(self) -> dict[str, Any]:
        return self.header.attributes

    @property
    def chunks(self) -> Chunks:
        return self.shape if self.header.record_step is None else (1, *self.shape[1:])

    def read(self, index: tuple[slice, ...]) -> NDArray[Any]:
        if not self.shape or self.header.record_step is None:
            return self._part(self.header.begin, self.shape)[index]
        first, *rest = index
        starts = [self.header.begin + record * self.header.record_step for record in range(self.shape[0])[first]]
        self.blob.announce([(start, start + self.header.record_size) for start in starts])
        parts = [self._part(start, self.shape[1:]) for start in starts]
        return np.stack(parts)[(slice(None), *rest)] if parts else np.empty((0, *self.shape[1:]), self.dtype)

    def _part(self, start: int, shape: tuple[int, ...]) -> NDArray[Any]:
        stop = start + math.prod(shape) * self.header.dtype.itemsize
        return self.blob.read(start, stop).view(self.header.dtype).reshape(shape).astype(self.dtype)
