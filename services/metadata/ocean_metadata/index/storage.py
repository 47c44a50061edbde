"""Opening of files and stores for the index, and reading of their variables.

NetCDF files and OPeNDAP addresses are opened by the NetCDF library; Zarr, Icechunk and object storage by
`ocean_metadata.index.remote`. Everything that is opened has the interface of a `netCDF4.Dataset` that the readers use.
"""

import importlib
import os
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import EllipsisType
from typing import Any, TypeAlias

import netCDF4
import numpy as np
from numpy.typing import NDArray

from ocean_common import dataset_uri
from ocean_core.errors import Message, MessageError
from ocean_core.netcdf3 import read_netcdf3_header
from ocean_core.packing import PACKING_ATTRIBUTES, Packing

# Imported when first needed: Zarr, Icechunk and object storage take half a second.
REMOTE = f"{__package__}.remote"
TIMEOUT = 10  # s without a response

Stamp = tuple[int, int]  # size and mtime_ns, or their substitutes (`ocean_common.dataset_uri`)
Index: TypeAlias = tuple[slice | int, ...] | EllipsisType
Floats: TypeAlias = NDArray[np.float64]
OpenDataset: TypeAlias = netCDF4.Dataset  # or an object with the part of its interface that is used here
Variable: TypeAlias = "netCDF4.Variable[Any]"

_MAX_VALUE = 1e30  # beyond any quantity of the sea: an undeclared fill value


class Unreadable(MessageError):
    """A file or store cannot be served."""


# Raised by the NetCDF library and numpy for damaged or unusual files.
BROKEN = (Unreadable, OSError, RuntimeError, ValueError, AttributeError, IndexError, OverflowError, TypeError, KeyError)


def describe_error(error: Exception) -> Message:
    """Describe an error of `BROKEN` for users, without folders."""
    if isinstance(error, Unreadable):
        return error.message
    if isinstance(error, FileNotFoundError):
        return Message("it no longer exists")
    if isinstance(error, OSError):
        text = Message((error.strerror or str(error)).removeprefix("NetCDF: "))
        return Message("it cannot be opened: {error}", error=text)
    text = Message(str(error).removeprefix("NetCDF: ") or type(error).__name__)
    return Message("it cannot be read: {error}", error=text)


def read_stamp(path: str) -> Stamp:
    """Return what changes when a file or store changes; raise OSError or Unreadable if it does not exist."""
    kind = dataset_uri.kind_of(path)
    if kind == "opendap":
        return 0, 0  # the protocol has no versions
    if kind == "file":
        status = os.stat(dataset_uri.local(path))  # noqa: PTH116  a Path for each of 100,000 files takes a second
        return status.st_size, status.st_mtime_ns
    stamp: Stamp = importlib.import_module(REMOTE).read_stamp(path)
    return stamp


def open_dataset(path: str) -> AbstractContextManager[OpenDataset]:
    """Open a file or store."""
    kind = dataset_uri.kind_of(path)
    if kind == "file":
        return read_as_stored(netCDF4.Dataset(dataset_uri.local(path)))
    if kind == "opendap":
        for name in ("HTTP.TIMEOUT", "HTTP.CONNECTTIMEOUT"):
            netCDF4.rc_set(name, str(TIMEOUT))
        address = f"http://{path.removeprefix('dods://')}" if path.startswith("dods://") else path
        return read_as_stored(netCDF4.Dataset(address))
    data: AbstractContextManager[OpenDataset] = importlib.import_module(REMOTE).open_dataset(path)
    return data


def read_as_stored(data: netCDF4.Dataset) -> netCDF4.Dataset:
    """Make the NetCDF library return values as they are stored."""
    data.set_auto_maskandscale(False)
    data.set_auto_chartostring(False)
    return data


def check_size(path: str, size: int) -> None:
    """Raise Unreadable if a file is empty, or NetCDF-3 and truncated: the library reads zeros beyond its end."""
    if size == 0:
        raise Unreadable("it is empty (0 bytes)")

    def read_first(count: int) -> bytes:
        with Path(path).open("rb") as file:
            return file.read(count)

    try:
        header = read_netcdf3_header(read_first, size)
        expected = header.end if header else None
    except (LookupError, ValueError):
        expected = size + 1  # the header itself is truncated
    if expected is not None and size < expected:
        raise Unreadable("it is truncated: {size} of {expected} bytes", size=size, expected=expected)


def get_attribute(owner: Any, name: str, default: Any = None) -> Any:
    """Return an attribute, or the default."""
    return owner.getncattr(name) if name in owner.ncattrs() else default


def read_floats(variable: Variable, index: Index = ...) -> Floats:
    """Read and unpack values, NaN where they are missing.

    valid_min and valid_max do not mask: in some files they are exchanged.
    """
    raw = np.asarray(variable[index])
    attributes = {name: variable.getncattr(name) for name in PACKING_ATTRIBUTES if name in variable.ncattrs()}
    packing = replace(Packing.from_attributes(attributes, raw.dtype), low=-np.inf, high=np.inf)
    values: Floats = packing.unpack(raw, np.float64)  # type: ignore[assignment]
    values[~(np.abs(raw.astype(np.float64)) < _MAX_VALUE)] = np.nan
    if not packing.missing and raw.dtype.kind in "iu" and raw.dtype.itemsize > 1:  # CF: single bytes have no default
        values[raw == np.array(netCDF4.default_fillvals[raw.dtype.str[1:]]).astype(raw.dtype)] = np.nan
    return values


def read_coordinate(variable: Variable) -> NDArray[Any]:
    """Read a coordinate; integers stay integers."""
    if np.dtype(variable.dtype).kind in "iu" and "scale_factor" not in variable.ncattrs():
        return np.asarray(variable[...])
    values = read_floats(variable)
    return values.astype(np.float32) if variable.dtype == np.float32 else values


def read_texts(variable: Variable) -> list[str]:
    """Read texts, flat: an array of characters has them along its last dimension."""
    values = np.asarray(variable[...])
    if values.dtype == np.dtype("S1") and values.ndim:
        values = np.ascontiguousarray(values).view(f"S{values.shape[-1]}")[..., 0]
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values.flat]
    return [text.strip("\0 ") for text in texts]
