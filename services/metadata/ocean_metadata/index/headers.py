"""The header of a file: what it declares, and the values of its axes."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from ocean_common.dataset_uri import kind_of, local
from ocean_metadata.index import classic
from ocean_metadata.index.coordinates import is_latitude, is_longitude, is_time, is_vertical
from ocean_metadata.index.file_header import FileHeader, VariableHeader, pack, structure
from ocean_metadata.index.layout import data_variables, layout
from ocean_metadata.index.reading import floats, plain
from ocean_metadata.index.reasons import BROKEN, Unreadable, why
from ocean_metadata.index.stores import Attributed, Stamp, Variable, opened, stamp

LONGEST = 200_000  # steps or levels of an axis


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """What became of reading a file, in the state in which it was found."""

    path: str
    size: int
    mtime_ns: int
    header: FileHeader | None = None
    reason: str | None = None


def read(path: str) -> Read:
    """Read a header; a file that changes meanwhile, or cannot be read, is told with its reason."""
    try:
        before = stamp(path)
    except (OSError, Unreadable) as error:
        return Read(path=path, size=0, mtime_ns=0, reason=why(error))
    found = Read(path=path, size=before[0], mtime_ns=before[1])
    try:
        header = _header(path, before)
        after = stamp(path)
    except BROKEN as error:
        return msgspec.structs.replace(found, reason=why(error))
    if after != before:
        return msgspec.structs.replace(found, reason="it is being written")
    return msgspec.structs.replace(found, header=header)


def check_whole(path: str, size: int) -> None:
    """Refuse a file that is empty or cut short."""
    if size == 0:
        raise Unreadable("it is empty (0 bytes)")
    classic_size = classic.expected_size(Path(path))
    if classic_size is not None and size < classic_size:
        raise Unreadable("it is cut short: {size} of {classic_size} bytes", size=size, classic_size=classic_size)


def _header(path: str, found: Stamp) -> FileHeader:
    if kind_of(path) == "file":
        check_whole(local(path), found[0])
    with opened(path) as data:
        variables = {name: _variable(each) for name, each in data.variables.items()}
        header = FileHeader(
            structure=structure(variables),
            dimensions={name: len(each) for name, each in data.dimensions.items()},
            variables=variables,
            attributes=_attributes(data),
            groups=list(data.groups),
            values={},
            prints={},
        )
        for name, one in header.variables.items():
            own = data.variables[name]
            # Vtransform tells which formula the levels of ROMS follow.
            if (is_time(one) and len(one.dimensions) <= 1) or (name == "Vtransform" and one.numeric):
                header.values[name] = pack(plain(own))
            elif is_vertical(one) and name in one.dimensions and header.dimensions[name] <= LONGEST:
                first = tuple(slice(None) if each == name else 0 for each in one.dimensions)
                header.values[name] = pack(floats(own, first))
        for name in _horizontal(header):
            header.prints[name] = _print(data.variables[name])
    return header


def _horizontal(header: FileHeader) -> list[str]:
    """Coordinates whose places two files of one series must share."""
    found = {name for name, one in header.variables.items() if is_latitude(one) or is_longitude(one)}
    for name in data_variables(header):
        places = layout(name, header).places
        found.update(places.coordinates if places else ())
    return sorted(name for name in found if 1 <= len(header.variables[name].dimensions) <= 3)


def _print(variable: Variable) -> str:
    """A fingerprint: of an axis whole, of a 2-D coordinate three rows (whole ones take long in every file)."""
    if len(variable.shape) == 1 or 0 in variable.shape:
        values = floats(variable)
    else:
        first = (0,) * (len(variable.shape) - 2)  # of places that are told at every time step
        count = variable.shape[-2]
        rows = sorted({0, count // 2, count - 1})
        values = np.stack([floats(variable, (*first, row, slice(None))) for row in rows])
    digest = hashlib.blake2b(values.tobytes(), digest_size=12)
    digest.update(repr(variable.shape[-2:]).encode())
    return digest.hexdigest()


def _variable(one: Variable) -> VariableHeader:
    kind = np.dtype(one.dtype).str if isinstance(one.dtype, np.dtype) else "str"
    return VariableHeader(
        name=one.name, dtype=kind, dimensions=one.dimensions, shape=one.shape, attributes=_attributes(one)
    )


def _attributes(one: Attributed) -> dict[str, Any]:
    return {name: _simple(one.getncattr(name)) for name in one.ncattrs()}


def _simple(value: Any) -> Any:
    """An attribute as plain Python: what MessagePack can hold."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, str | int | float | list) else str(value)
