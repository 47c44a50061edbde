"""Scan of files: which there are, whether they changed, and their headers, read in several processes.

The HDF5 library serves one thread at a time, so many files are read in processes.
"""

import multiprocessing
import os
import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import netCDF4
import numpy as np

from ocean_common.arrays import pack_array
from ocean_common.background import end_with_parent
from ocean_common.dataset_uri import Kind, is_remote, kind_of, local
from ocean_core.cache import TTLCache
from ocean_core.errors import Message
from ocean_core.packing import InvalidPacking, Packing
from ocean_metadata.index.auxiliary import list_static_terms
from ocean_metadata.index.axes import (
    find_layout,
    is_latitude,
    is_longitude,
    is_run_time,
    is_time,
    is_time_axis,
    list_fields,
    names_time,
    vertical_coordinate,
)
from ocean_metadata.index.coordinate_prints import CoordinatePrint, print_coordinate
from ocean_metadata.index.model import FileHeader, VariableHeader, digest_structure
from ocean_metadata.index.storage import (
    BROKEN,
    Stamp,
    Unreadable,
    Variable,
    check_size,
    describe_error,
    open_dataset,
    read_coordinate,
    read_floats,
    read_stamp,
    read_texts,
)
from ocean_metadata.index.time_axes import parse_text_times

T = TypeVar("T")

SUFFIXES = {".nc", ".nc3", ".nc4", ".cdf", ".netcdf", ".grd", ".h5", ".hdf5"}
RISKY: Kind = "opendap"  # the library ends its process on a response that it cannot parse
MAX_AXIS = 200_000  # steps or levels
REMOTE_TIME = 60.0  # s for which the state of a remote file is cached
_ZARR = {"zarr.json", ".zgroup", ".zmetadata"}
_ICECHUNK = ({"snapshots", "refs"}, {"snapshots", "repo"})  # of format 1 and 2
_SKIPPED = re.compile(r"variable '(.+)' has unsupported datatype")
_UNKNOWN_TYPE = Message("its values are of a type that is not known")
LIBRARY_FAILS = Message("the NetCDF library fails on it")
_FEW = 12  # files that are read before processes would have started


# Files of a folder


def list_files(root: Path) -> list[str]:
    """List the NetCDF files, Zarr stores and Icechunk repositories below a folder, sorted; hidden ones are skipped."""
    return sorted(_walk_folder(str(root), frozenset()))


def _walk_folder(folder: str, parents: frozenset[tuple[int, int]]) -> Iterator[str]:
    """Walk a folder; a link to one of its parents (device, inode) is not followed."""
    # Paths are texts: a Path for each of 100,000 files takes a second.
    try:
        status = os.stat(folder)  # noqa: PTH116
        entries = list(os.scandir(folder))
    except OSError:  # no permission, or it no longer exists
        return
    identity = (status.st_dev, status.st_ino)
    if identity in parents:
        return
    names = {entry.name for entry in entries}
    if not _ZARR.isdisjoint(names) or any(marks <= names for marks in _ICECHUNK):
        yield folder
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk_folder(entry.path, parents | {identity})
        elif os.path.splitext(entry.name)[1].lower() in SUFFIXES:  # noqa: PTH122
            yield entry.path


class FileStates:
    """Current states of files; those of remote files are cached for a minute."""

    def __init__(self) -> None:
        self._remote = TTLCache[Stamp](REMOTE_TIME, max_entries=1_000_000)

    def read(self, path: str, indexed: Mapping[str, Stamp]) -> Stamp:
        """Return the state of a file, (0, 0) if it does not exist, that in ``indexed`` if it cannot be reached."""
        if not is_remote(path):
            return _read_stamp(path, (0, 0))
        return self._remote.get(path, lambda: _read_stamp(path, indexed.get(path, (0, 0))))


def _read_stamp(path: str, default: Stamp) -> Stamp:
    try:
        return read_stamp(path)
    except FileNotFoundError:
        return 0, 0
    except (OSError, Unreadable):
        return default


# Headers


class HeaderResult(msgspec.Struct, frozen=True, kw_only=True):
    """Header of a file in a state, or the reason why it cannot be read."""

    path: str
    stat: Stamp
    header: FileHeader | None = None
    reason: Message | None = None


def read_header(path: str) -> HeaderResult:
    """Read the header of a file; errors, and a change while it is read, become the reason."""
    stat = (0, 0)
    try:
        stat = read_stamp(path)
        header = _read_header(path, stat)
        if read_stamp(path) != stat:
            raise Unreadable("it is being written")
    except BROKEN as error:
        return HeaderResult(path=path, stat=stat, reason=describe_error(error))
    return HeaderResult(path=path, stat=stat, header=header)


def _read_header(path: str, stamp: Stamp) -> FileHeader:
    if kind_of(path) == "file":
        check_size(local(path), stamp[0])
    with warnings.catch_warnings(record=True) as skipped, open_dataset(path) as data:
        variables = {name: _read_declaration(name, variable) for name, variable in data.variables.items()}
        # The library tells in a warning which variables it leaves out.
        for name in _SKIPPED.findall("\n".join(str(warning.message) for warning in skipped)):
            variables[name] = VariableHeader(
                name=name, dtype="str", dimensions=(), shape=(), attributes={}, reason=_UNKNOWN_TYPE
            )
        header = FileHeader(
            structure=digest_structure(variables),
            dimensions={name: len(dimension) for name, dimension in data.dimensions.items()},
            variables=variables,
            attributes=_read_attributes(data),
            groups=list(data.groups),
            values={},
            prints={},
        )
        along = {dimension: vertical_coordinate(dimension, header) for dimension in header.dimensions}
        for dimension, vertical in along.items():
            if vertical is not None and header.dimensions[dimension] <= MAX_AXIS:
                index = tuple(slice(None) if other == dimension else 0 for other in vertical.dimensions)
                header.values[vertical.name] = pack_array(read_floats(data.variables[vertical.name], index))
        for name, variable in header.variables.items():
            if variable.is_text and is_time(variable) and is_time_axis(variable):
                texts, calendar = read_texts(data.variables[name]), variable.text("calendar")
                header.values[name] = pack_array(parse_text_times(texts, calendar))
            # Vtransform selects the formula of the levels of ROMS.
            elif variable.numeric and (_is_numeric_time_axis(name, header) or name == "Vtransform"):
                header.values[name] = pack_array(read_coordinate(data.variables[name]))
        for name in _list_horizontal(header):
            header.prints[name] = _print_coordinate(header.variables[name], data.variables[name])
        for name in set(list_static_terms(header)) - header.prints.keys():
            header.prints[name] = _print_coordinate(header.variables[name], data.variables[name], exact=True)
    return header


def _is_numeric_time_axis(name: str, header: FileHeader) -> bool:
    """Return True for times along one dimension, also those of the runs of forecasts."""
    variable = header.variables[name]
    if is_run_time(variable):
        return True
    return (is_time(variable) or (variable.dimensions == (name,) and names_time(name, header))) and is_time_axis(
        variable
    )


def _list_horizontal(header: FileHeader) -> list[str]:
    """List the coordinates that all files of a series must share."""
    names = {name for name, variable in header.variables.items() if is_latitude(variable) or is_longitude(variable)}
    for field in list_fields(header):
        placement = find_layout(field, header).placement
        names.update(placement.coordinates if placement else ())
    return sorted(name for name in names if 1 <= len(header.variables[name].dimensions) <= 3)


def _print_coordinate(declaration: VariableHeader, variable: Variable, *, exact: bool = False) -> CoordinatePrint:
    """Print a coordinate: an axis whole, three rows of a 2-D one (all of it would take long for every file)."""
    if len(variable.shape) <= 1 or 0 in variable.shape:
        values = read_floats(variable)
    else:
        *outer, count, _ = variable.shape
        middle = tuple(size // 2 for size in outer)  # of coordinates with a time dimension, or of depths with levels
        rows = sorted({0, count // 2, count - 1})
        values = np.stack([read_floats(variable, (*middle, row, slice(None))) for row in rows])
    is_table = np.dtype(declaration.dtype).kind in "iu" and not (is_latitude(declaration) or is_longitude(declaration))
    return print_coordinate(values, variable.shape, cyclic=is_longitude(declaration), exact=exact or is_table)


def _read_declaration(name: str, variable: Variable) -> VariableHeader:
    attributes, dtype = _read_attributes(variable), variable.dtype
    is_array = isinstance(dtype, np.dtype)
    reason = None
    if isinstance(getattr(variable, "datatype", None), netCDF4.VLType) and is_array:
        reason = Message("its values are lists of different lengths")
    elif is_array and dtype.fields:
        reason = Message("its values are records ({fields})", fields=", ".join(dtype.fields))
    elif is_array and dtype.kind in "iuf":
        try:
            Packing.from_attributes(attributes, dtype)
        except InvalidPacking as error:
            reason = error.message
    elif len(variable.dimensions) > 1 and not (is_array and dtype.kind in "SU"):
        # The library takes some types that it does not know for texts.
        reason = Message("its values are texts, or of a type that is not known")
    return VariableHeader(
        name=name,
        dtype=dtype.str if is_array else "str",
        dimensions=variable.dimensions,
        shape=variable.shape,
        attributes=attributes,
        reason=reason,
    )


def _read_attributes(owner: Any) -> dict[str, Any]:
    """Read attributes, without those of types that the library does not know."""
    attributes = {}
    for name in owner.ncattrs():
        with suppress(*BROKEN):
            attributes[name] = _plain_value(owner.getncattr(name))
    return attributes


def _plain_value(value: Any) -> Any:
    """Convert an attribute to a type that MessagePack has."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "iufbU":
        return value.tolist()
    return value if isinstance(value, str | int | float | list) else str(value)


# Processes


def read_headers(paths: Sequence[str], workers: int, stop: threading.Event) -> Iterator[HeaderResult]:
    """Read headers in any order, until ``stop`` is set; ``workers`` 0 is one process for each core."""
    risky = [path for path in paths if kind_of(path) == RISKY]
    safe = [path for path in paths if path not in set(risky)] if risky else paths
    workers = min(workers or os.cpu_count() or 1, len(safe))
    if len(safe) <= _FEW or workers < 2:
        for path in safe:
            if stop.is_set():
                return
            yield read_header(path)
        safe = []
    for paths_of_pool, size in ((risky, 1), (safe, workers)):
        for path, result in map_in_processes(read_header, paths_of_pool, stop, size):
            yield result or HeaderResult(path=path, stat=(-1, 0), reason=LIBRARY_FAILS)


def map_in_processes(
    function: Callable[[str], T], paths: Sequence[str], stop: threading.Event, workers: int = 1
) -> Iterator[tuple[str, T | None]]:
    """Call a function for each path in processes, in any order; None where the call ends its process."""
    # Of several processes it is not known which one a call ended: the remaining paths are read one after the other.
    remaining = dict.fromkeys(paths)
    while remaining and not stop.is_set():
        # Only a few are submitted at a time, so that the command ends soon after a signal.
        limit = 4 * workers if workers > 1 else 1
        pending: dict[Future[T], str] = {}
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context, initializer=end_with_parent) as pool:
            waiting = iter(list(remaining))
            try:
                while not stop.is_set():
                    for path in islice(waiting, limit - len(pending)):
                        pending[pool.submit(function, path)] = path
                    if not pending:
                        break
                    for future in wait(pending, timeout=0.5, return_when=FIRST_COMPLETED).done:
                        result = future.result()
                        path = pending.pop(future)
                        del remaining[path]
                        yield path, result
                pool.shutdown(wait=False, cancel_futures=True)
            except BrokenProcessPool:
                if workers == 1:
                    path = next(iter(remaining))
                    del remaining[path]
                    yield path, None
        workers = 1
