"""A dataset of many files as one file: its variables as they are stored, joined along time.

Names, types, packing and attributes are those of the first file of each group, so that a client gets what it would read
from the files themselves. Three things are made, and each says so: the times of joined files count in one unit;
variables that are not stored alike in all files are decoded (`MixedVariable`); names that mean different things in
different groups of files are numbered, with the attribute `original_name`.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ocean_common.contracts.assets import DatasetFiles, File, FileGroup, MixedVariable
from ocean_core.errors import Message
from ocean_core.packing import PACKING_ATTRIBUTES
from ocean_data.plan.times import Axis
from ocean_data.reading.chunk_index import Index
from ocean_data.reading.chunks import StoredChunk
from ocean_data.reading.files import State, StoredFile, StoredVariable, unreadable

T = TypeVar("T")
Ints = NDArray[np.int64]
Ranges = tuple[range, ...]  # what is wanted along each dimension

# Attributes that name other variables (CF 1.11, UGRID 1.0).
REFERENCES = (
    "ancillary_variables",
    "bounds",
    "cell_measures",
    "climatology",
    "coordinates",
    "edge_coordinates",
    "edge_node_connectivity",
    "face_coordinates",
    "face_face_connectivity",
    "face_node_connectivity",
    "formula_terms",
    "grid_mapping",
    "mesh",
    "node_coordinates",
)
JOINED_TIME = "time"  # the dimension along which files without one are joined
_WORD = re.compile(r"[^\s:,]+")


class StoredFiles(Protocol):
    """Files, as they are now."""

    def signature(self, path: str) -> State:
        """The state of a file."""

    def read(self, path: str, take: Callable[[StoredFile], T]) -> T:
        """Take something from a file; SourceUnreadable if it cannot be read."""

    def index(self, path: str, name: str) -> Index | None:
        """Return the chunks of a variable in a file; None if only a library reads them."""

    def stored_chunk(self, path: str, name: str, position: tuple[int, ...]) -> StoredChunk | None:
        """Read a chunk as it lies in a file; None if only a library reads it."""


@dataclass(frozen=True, kw_only=True)
class TimeJoin:
    """The files and positions of the time steps along which variables are joined."""

    group: FileGroup
    file: Ints  # (step,): index into the group's files
    position: Ints  # (step,): along the time dimension of that file
    whole: bool  # one file, as it is

    @property
    def size(self) -> int:
        """Number of time steps."""
        return self.file.size


@dataclass(frozen=True, kw_only=True)
class JoinedVariable:
    """A variable of all files of a group."""

    name: str
    source: str  # its name in the files
    first: File  # that holds it
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]  # of this machine's byte order; S1 of characters, O of texts
    attributes: dict[str, Any]
    stored: StoredVariable  # in the first file: not to be read
    join: TimeJoin | None = None  # None: all of it is in the first file
    axis: int | None = None  # of time in the files; None: they have no more than one time each
    mixed: MixedVariable | None = None
    values: NDArray[Any] | None = None  # where they are known already

    @property
    def is_characters(self) -> bool:
        """Return True if its last dimension is that of the characters of texts."""
        return self.dtype == np.dtype("S1") and bool(self.shape)

    @property
    def shape_of_elements(self) -> tuple[int, ...]:
        """Shape of its numbers or texts."""
        return self.shape[:-1] if self.is_characters else self.shape

    @property
    def time_axis(self) -> int:
        """The joined dimension."""
        return self.axis or 0


@dataclass(frozen=True, kw_only=True)
class Aggregation:
    """The variables of a dataset by name, in the order of the files."""

    variables: dict[str, JoinedVariable]
    attributes: dict[str, Any]
    joined: tuple[str, ...] = ()  # dimensions along which files are joined
    states: dict[str, State] = field(default_factory=dict)  # of the files that it was made from

    @property
    def nbytes(self) -> int:
        """Estimate the bytes that it takes in memory."""
        joins = {id(item.join): item.join for item in self.variables.values() if item.join is not None}
        steps = sum(16 * join.size + 250 * len(join.group.files) for join in joins.values())
        return steps + sum(
            2_000 + (0 if item.values is None else item.values.nbytes) for item in self.variables.values()
        )


def aggregate(files: DatasetFiles, source: StoredFiles) -> Aggregation:
    """Describe a dataset from the first file of each of its groups."""
    joins = {number: _make_join(group) for number, group in enumerate(files.groups) if group.steps is not None}
    firsts = {group.files[0].path: group.files[0] for group in files.groups}
    found: list[JoinedVariable] = []
    attributes: dict[str, Any] = {}
    states = {}
    for path, first in firsts.items():
        numbers = [number for number, group in enumerate(files.groups) if group.files[0].path == path]
        groups = [(files.groups[number], joins.get(number)) for number in numbers]
        states[path] = source.signature(path)
        in_file, of_file = source.read(path, partial(_describe, first=first, groups=groups, selected=files.selected))
        found += in_file
        attributes = attributes or of_file
    names = _Names(source)
    for _, declared in groupby(found, key=lambda variable: variable.first.path):
        names.add_file(list(declared))
    variables = names.variables
    joined = {item.dimensions[item.time_axis] for item in variables.values() if item.join and not item.join.whole}
    return Aggregation(
        variables=variables,
        attributes=attributes,
        joined=tuple(sorted(joined)),
        states=states,
    )


def _make_join(group: FileGroup) -> TimeJoin:
    assert group.steps is not None  # noqa: S101
    axis = Axis.of(group.steps)
    position = axis.position.astype(np.int64)
    return TimeJoin(
        group=group,
        file=axis.file.astype(np.int64),
        position=position,
        whole=len(group.files) == 1 and bool((position == np.arange(position.size)).all()),
    )


def _describe(
    opened: StoredFile, *, first: File, groups: Sequence[tuple[FileGroup, TimeJoin | None]], selected: bool
) -> tuple[list[JoinedVariable], dict[str, Any]]:
    """Describe the variables of a file, the first of some groups, and return its attributes."""
    names = [name for name in opened.names() if "/" not in name]
    served = {name: pair for pair in reversed(groups) for name in pair[0].variables}
    along = {group.time: (group, join) for group, join in reversed(groups) if join is not None and group.time}
    if selected:
        names = _public_names(opened, names, set(served))
    variables = []
    for name in names:
        stored = opened.find(name)
        if stored.dtype.kind not in "iufSUO" or "" in stored.dimensions:
            continue
        group, join = served.get(name, (None, None))
        if group is None:  # what no group serves is joined where it has a time dimension
            pairs = (along[dimension] for dimension in stored.dimensions if dimension in along)
            group, join = next(pairs, (None, None))
        variable = JoinedVariable(
            name=name,
            source=name,
            first=first,
            dimensions=stored.dimensions,
            shape=stored.shape,
            dtype=stored.dtype.newbyteorder("="),
            attributes=opened.attributes(name),
            stored=replace(stored, read=_refuse_reading),
        )
        variables.append(variable if group is None or join is None else _join_variable(variable, group, join))
    return _add_times(variables), opened.attributes(None)


def _add_times(variables: list[JoinedVariable]) -> list[JoinedVariable]:
    """Add the coordinate of files that have one time each, in the place of the time of the first."""
    stacked = next((item for item in variables if item.join is not None and item.axis is None), None)
    if stacked is None or stacked.join is None:
        return variables
    own = next((item for item in variables if item.name == JOINED_TIME), None)
    times = replace(
        stacked,
        name=JOINED_TIME,
        dimensions=(JOINED_TIME,),
        shape=(stacked.join.size,),
        attributes=own.attributes if own else {"standard_name": "time"},
        mixed=None,
    )
    return [_count_times(times, stacked.join.group), *(item for item in variables if item is not own)]


def _join_variable(variable: JoinedVariable, group: FileGroup, join: TimeJoin) -> JoinedVariable:
    """Join a variable of the first file with that of the others."""
    stored, attributes = variable.stored, variable.attributes
    if group.time in stored.dimensions:
        axis = stored.dimensions.index(group.time)
        if join.whole and stored.shape[axis] == join.size:
            return replace(variable, join=join, axis=axis)
        shape = (*stored.shape[:axis], join.size, *stored.shape[axis + 1 :])
        variable = replace(variable, shape=shape, join=join, axis=axis)
    elif not join.whole:
        variable = replace(
            variable,
            dimensions=(JOINED_TIME, *stored.dimensions),
            shape=(join.size, *stored.shape),
            join=join,
        )
    if variable.dimensions == (variable.name,) and not join.whole:
        return _count_times(variable, group)
    if (mixed := group.mixed.get(variable.source)) is not None and variable.join is not None:
        kept = {key: value for key, value in attributes.items() if key not in PACKING_ATTRIBUTES}
        kept |= {"units": mixed.units, "comment": "decoded: its files differ in type, packing or units"}
        variable = replace(variable, dtype=np.dtype(np.float64), attributes=kept, mixed=mixed)
    return variable


def _refuse_reading(_: object) -> NDArray[Any]:
    raise RuntimeError("the file is closed")


def _count_times(variable: JoinedVariable, group: FileGroup) -> JoinedVariable:
    """Give the coordinate of joined files the times that the catalogue counts, in one unit."""
    steps = group.steps
    assert steps is not None  # noqa: S101
    raw = Axis.of(steps).raw
    attributes = {key: value for key, value in variable.attributes.items() if key not in PACKING_ATTRIBUTES}
    if steps.dated:
        attributes |= {"units": steps.units, "calendar": steps.calendar}
    return replace(variable, dtype=np.dtype(np.int64), attributes=attributes, values=raw)


def _public_names(opened: StoredFile, names: Sequence[str], served: set[str]) -> list[str]:
    """Return the variables that are served, and the coordinates and the like that these need."""
    known, needed = set(names), set(served)
    while True:
        references = {
            word
            for name in needed & known
            for attribute, value in opened.attributes(name).items()
            if attribute in REFERENCES
            for word in _WORD.findall(str(value))
        }
        dimensions = {dimension for name in needed & known for dimension in opened.find(name).dimensions}
        more = (references | dimensions) & known - needed
        if not more:
            return [name for name in names if name in needed]
        needed |= more


# Names that mean different things in different files


class _Names:
    """Names of variables and dimensions of several files, each with one meaning."""

    def __init__(self, source: StoredFiles) -> None:
        self.variables: dict[str, JoinedVariable] = {}
        self._sizes: dict[str, int] = {}
        self._source = source

    def add_file(self, declared: Sequence[JoinedVariable]) -> None:
        """Add the variables of a file: equal ones are there once, others of the same name get a number."""
        sizes = dict(pair for item in declared for pair in zip(item.dimensions, item.shape, strict=True))
        coordinates = {item.name: item for item in declared if item.dimensions == (item.name,)}
        dimensions = {
            name: _find_free(name, partial(self._suits_dimension, size, coordinates.get(name)))
            for name, size in sizes.items()
        }
        changes = dict(dimensions)
        repeated = set()
        for item in declared:
            other = self.variables.get(changes.get(item.name, item.name))
            renamed = tuple(dimensions[name] for name in item.dimensions)
            if other is not None and renamed == other.dimensions and _are_equal(item, other, self._source):
                repeated.add(item.name)
            elif item.name not in changes:
                changes[item.name] = _find_free(item.name, lambda text: text not in self.variables)
        for item in declared:
            if item.name not in repeated:
                name = changes[item.name]
                self.variables[name] = _rename(item, name, dimensions, changes)
        self._sizes |= {dimensions[name]: size for name, size in sizes.items()}

    def _suits_dimension(self, size: int, coordinate: JoinedVariable | None, name: str) -> bool:
        other = self.variables.get(name)
        same_values = coordinate is None or other is None or _are_equal(coordinate, other, self._source)
        return self._sizes.get(name, size) == size and same_values


def _find_free(name: str, is_free: Callable[[str], bool]) -> str:
    number, text = 1, name
    while not is_free(text):
        number += 1
        text = f"{name}_{number}"
    return text


def _rename(
    variable: JoinedVariable, name: str, dimensions: Mapping[str, str], changes: Mapping[str, str]
) -> JoinedVariable:
    attributes = {
        key: _WORD.sub(lambda word: changes.get(word[0], word[0]), value)
        if key in REFERENCES and isinstance(value, str)
        else value
        for key, value in variable.attributes.items()
    }
    if name != variable.name:
        attributes["original_name"] = variable.name
    renamed = tuple(dimensions[dimension] for dimension in variable.dimensions)
    return replace(variable, name=name, dimensions=renamed, attributes=attributes)


def _are_equal(first: JoinedVariable, second: JoinedVariable, source: StoredFiles) -> bool:
    """Return whether two variables of one name are the same. Of those that are joined, only coordinates can be."""
    if (first.shape, first.dtype, first.source) != (second.shape, second.dtype, second.source):
        return False
    if first.attributes.get("units") != second.attributes.get("units"):
        return False
    if len(first.shape) > 1 and not (first.join is None and second.join is None):
        return first.join is second.join and first.first == second.first
    whole = tuple(range(size) for size in first.shape)
    values = read_stored(first, whole, source)
    return np.array_equal(values, read_stored(second, whole, source), equal_nan=first.dtype.kind == "f")


# Numbers


def split_ranges(ranges: Ranges, itemsize: int, most: int) -> Iterator[Ranges]:
    """Split what is wanted into parts of at most so many bytes, in the order of their numbers (C order)."""
    spans = [abs(part.step) * (len(part) - 1) + 1 if len(part) else 0 for part in ranges]
    size = math.prod(spans) * itemsize
    axis = next((axis for axis, part in enumerate(ranges) if len(part) > 1), None)
    if size <= most or axis is None:
        yield ranges
        return
    length = max(1, min(len(ranges[axis]) - 1, len(ranges[axis]) * most // size))
    for first in range(0, len(ranges[axis]), length):
        yield from split_ranges(
            (*ranges[:axis], ranges[axis][first : first + length], *ranges[axis + 1 :]), itemsize, most
        )


def read_stored(variable: JoinedVariable, ranges: Ranges, source: StoredFiles) -> NDArray[Any]:
    """Read numbers as they are stored, in this machine's byte order; shape as `ranges`, steps of which are positive."""
    shape = tuple(map(len, ranges))
    if variable.values is not None:
        return np.asarray(variable.values[tuple(slice(part.start, part.stop, part.step) for part in ranges)])
    if 0 in shape:
        return np.empty(shape, variable.dtype)
    join = variable.join
    if join is None or (join.whole and variable.axis is not None):
        return _read_part(variable, variable.first.path, ranges, source).astype(variable.dtype, copy=False)
    steps = np.array(ranges[variable.time_axis])
    files, positions = join.file[steps], join.position[steps]
    values = np.empty(shape, variable.dtype)
    breaks = np.flatnonzero((np.diff(files) != 0) | (np.diff(positions) < 1)) + 1
    for run in np.split(np.arange(steps.size), breaks):
        file = int(files[run[0]])
        within = positions[run] - positions[run[0]]
        times = range(int(positions[run[0]]), int(positions[run[-1]]) + 1)
        if variable.axis is None:
            part = _read_part(variable, join.group.files[file].path, ranges[1:], source, file)[np.newaxis]
        else:
            inner = (*ranges[: variable.axis], times, *ranges[variable.axis + 1 :])
            part = _read_part(variable, join.group.files[file].path, inner, source, file)
            part = part.take(within, axis=variable.axis)
        values[(slice(None),) * variable.time_axis + (run,)] = part
    return values


def _read_part(variable: JoinedVariable, path: str, ranges: Ranges, source: StoredFiles, file: int = 0) -> NDArray[Any]:
    """Read a part of one file, decoded if the files differ."""

    def take(opened: StoredFile) -> NDArray[Any]:
        stored = opened.find(variable.source)
        if variable.mixed is None and not _is_alike(stored, variable.stored):
            reason = Message(
                "{variable} has another type, shape, packing or unit than in the first file", variable=variable.source
            )
            raise unreadable(path, reason)
        raw = stored.read(tuple(slice(part.start, part[-1] + 1) for part in ranges))
        raw = np.asarray(raw[tuple(slice(None, None, part.step) for part in ranges)])  # an array without axes stays one
        if variable.mixed is None:
            return raw
        values = stored.packing.unpack(raw.astype(raw.dtype.newbyteorder("=")), np.float64)
        factor, offset = (variable.mixed.conversions and variable.mixed.conversions[file]) or (1.0, 0.0)
        return values * factor + offset

    return source.read(path, take)


def _is_alike(stored: StoredVariable, first: StoredVariable) -> bool:
    return (
        stored.dimensions == first.dimensions
        and stored.dtype.newbyteorder("=") == first.dtype.newbyteorder("=")
        and _packing_of(stored) == _packing_of(first)
    )


def _packing_of(stored: StoredVariable) -> str:
    """The attributes that tell what numbers mean, as text: NaN does not equal NaN."""
    return repr({name: stored.attributes.get(name) for name in (*PACKING_ATTRIBUTES, "units")})
