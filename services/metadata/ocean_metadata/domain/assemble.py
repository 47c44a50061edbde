"""A dataset from what is told of it and from the headers of its files."""

import posixpath
import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from ocean_common.contracts.assets import DepthAxis, File
from ocean_common.contracts.metadata import FileProblem, VariableProblem
from ocean_metadata.domain import scale, time
from ocean_metadata.domain.coordinates import TO_METRES, depth_kind
from ocean_metadata.domain.detail import Detail
from ocean_metadata.domain.header import FileHeader, VariableHeader, unpack
from ocean_metadata.domain.layout import Layout, data_variables, layout
from ocean_metadata.domain.places import join
from ocean_metadata.domain.records import Built, DatasetRecord, GridRecord, TimeAxis, TimePart, VariableRecord
from ocean_metadata.domain.spec import DatasetSpec, VariableSpec
from ocean_metadata.domain.units import canonical

_MODEL_CLASS = {"rectilinear": "Mercator", "projected": "Nemo", "curvilinear": "Nemo", "triangles": "Fvcom"}
_CLASS_NAMES = {name.lower(): name for name in _MODEL_CLASS.values()}


class Source(NamedTuple):
    """A file of a dataset: read, or with the reason why not."""

    file: File
    header: FileHeader | None
    reason: str | None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What must be read of one file beside its header."""

    file: int
    variables: list[str]
    unscaled: list[str]


class _Member(NamedTuple):
    """A variable in the files that hold it."""

    spec: VariableSpec
    lying: Layout
    header: VariableHeader
    files: list[int]


class _Plan(NamedTuple):
    members: list[_Member]
    left_out: list[VariableProblem]
    problems: dict[int, str]  # file → why it is not served


def wanted(spec: DatasetSpec, sources: Sequence[Source]) -> list[Wanted]:
    """Which coordinates, masks and samples to read, and from which files: the first that holds each variable."""
    by_file: dict[int, list[_Member]] = {}
    for member in _plan(spec, sources).members:
        by_file.setdefault(member.files[0], []).append(member)
    return [
        Wanted(
            file=number,
            variables=sorted({each.spec.source for each in members}),
            unscaled=sorted({each.spec.source for each in members if _known_scale(each) is None}),
        )
        for number, members in sorted(by_file.items())
    ]


def assemble(spec: DatasetSpec, sources: Sequence[Source], details: dict[int, Detail], revision: str) -> Built:
    """Build a dataset.

    Parameters
    ----------
    spec : DatasetSpec
        What it is told to be.
    sources : sequence of Source
        Its files, in the order of the specification.
    details : dict of int to Detail
        For each of `wanted`: by number of the file.
    revision : str
        Of its configuration and files.

    Returns
    -------
    Built
        The dataset, served as far as it can be, with the reasons for what cannot.
    """
    plan = _plan(spec, sources)
    building = _Building(spec, sources)
    left_out = list(plan.left_out)
    for member in plan.members:
        detail = details[member.files[0]]
        if (reason := detail.reasons.get(member.spec.source)) is not None:
            left_out.append(VariableProblem(variable=member.spec.key, reason=reason))
        else:
            building.add(member, detail)
    return building.finish(revision, left_out, plan.problems)


def _plan(spec: DatasetSpec, sources: Sequence[Source]) -> _Plan:
    """Which variables are in which files, and which files do not fit to the first of a variable."""
    left_out: list[VariableProblem] = []
    problems = {number: each.reason for number, each in enumerate(sources) if each.reason is not None}
    headers = {number: each.header for number, each in enumerate(sources) if each.header is not None}
    specs = spec.variables
    if specs is None:
        names = dict.fromkeys(name for header in headers.values() for name in _fields(header))
        specs = [VariableSpec(key=name, source=name) for name in names]
    members = []
    for one in specs:
        holding = [number for number, header in headers.items() if one.source in header.variables]
        if one.refused or not holding:
            reason = one.refused or f"no file holds {one.source}"
            if headers:
                left_out.append(VariableProblem(variable=one.key, reason=reason))
            continue
        first = headers[holding[0]]
        lying = layout(one.source, first)
        if lying.places is None:
            left_out.append(VariableProblem(variable=one.key, reason=lying.reason or "it is not a map"))
            continue
        fitting = []
        for number in holding:
            misfit = _misfit(one.source, first, lying, headers[number])
            if misfit is None:
                fitting.append(number)
            else:
                problems.setdefault(number, misfit)
        if fitting:
            members.append(_Member(one, lying, headers[fitting[0]].variables[one.source], fitting))
    for number, header in headers.items():
        if number not in problems and not any(number in each.files for each in members):
            problems[number] = _why_nothing(header)
    return _Plan(members, left_out, problems)


def _fields(header: FileHeader) -> list[str]:
    """Data variables that are worth a word: those that are maps, or look like one."""
    return [
        name for name in data_variables(header) if len(header.variables[name].dimensions) > 1 or _is_map(name, header)
    ]


def _is_map(name: str, header: FileHeader) -> bool:
    return layout(name, header).places is not None


def _why_nothing(header: FileHeader) -> str:
    if not header.variables and header.groups:
        return f"its variables are in groups ({', '.join(header.groups)}), which are not read"
    fields = _fields(header)
    if not fields:
        return "it holds no fields on a map, only coordinates or the description of a grid"
    return f"none of its variables can be served: of {fields[0]}, {layout(fields[0], header).reason or 'none is asked for'}"


def _misfit(source: str, first: FileHeader, lying: Layout, other: FileHeader) -> str | None:
    """Why a variable in another file does not continue that of the first."""
    own = layout(source, other)
    if own.time is not None and unpack(other.values[own.time]).size == 0:
        return "its time axis is empty"
    if other is first:
        return None
    if own.places is None or [each.name for each in own.dimensions] != [each.name for each in lying.dimensions]:
        return f"its variable {source} lies otherwise than in the first file"
    moving = "time"
    sizes = [(a.size, b.size) for a, b in zip(own.dimensions, lying.dimensions, strict=True) if a.role != moving]
    same_cells = all(other.prints.get(name) == first.prints.get(name) for name in own.places.coordinates)
    if not same_cells or any(a != b for a, b in sizes):
        return "its grid differs from that of the first file"
    return None


def _known_scale(member: _Member) -> scale.Scale | None:
    given, header = member.spec.scale, member.header
    units = member.spec.units or header.text("units")
    return given or scale.valid(header) or scale.usual(header.text("standard_name"), units)


class _Building:
    """A dataset that grows by one variable at a time; equal grids and axes are kept once."""

    def __init__(self, spec: DatasetSpec, sources: Sequence[Source]) -> None:
        self._spec = spec
        self._sources = sources
        self._grids: dict[str, GridRecord] = {}
        self._depths: list[DepthAxis] = []
        self._times: dict[tuple[str | None, tuple[int, ...]], int] = {}
        self._axes: list[TimeAxis] = []
        self._steps: list[list[TimePart]] = []
        self._variables: list[VariableRecord] = []

    def add(self, member: _Member, detail: Detail) -> None:
        """Add a variable."""
        spec, header = member.spec, member.header
        placed = detail.grids[detail.grid_of[spec.source]]
        path = self._sources[member.files[0]].file.path
        grid = GridRecord(grid=msgspec.structs.replace(placed.grid, file=path), footprint=placed.footprint)
        # The same cells may be told by other variables (nodes, faces): these are another way to read them.
        key = repr(msgspec.structs.astuple(grid.grid))
        self._grids.setdefault(key, grid)
        units = spec.units or canonical(header.text("units"))
        self._variables.append(
            VariableRecord(
                key=spec.key,
                source=spec.source,
                name=spec.name or _display_name(header),
                units=units,
                scale=_known_scale(member) or detail.scales.get(spec.source, scale.DEFAULT),
                standard_name=header.text("standard_name") or None,
                long_name=spec.long_name or header.text("long_name") or None,
                zero_centered=bool(spec.zero_centered),
                categories=spec.categories,
                hidden=spec.hidden,
                vector=spec.key in self._spec.vector_variables,
                interpolation=spec.interpolation,
                attributes=header.attributes,
                dimensions=member.lying.dimensions,
                file=member.files[0],
                grid=list(self._grids).index(key),
                depth=self._depth(member),
                time=self._time(member),
            )
        )

    def _depth(self, member: _Member) -> int | None:
        name = member.lying.depth
        if name is None:
            return None
        header = self._header(member.files[0])
        axis = _depth_axis(name, header)
        if axis not in self._depths:
            self._depths.append(axis)
        return self._depths.index(axis)

    def _time(self, member: _Member) -> int | None:
        along = next((each for each in member.lying.dimensions if each.role == "time"), None)
        if member.lying.time is None and along is None:
            return None
        key = (member.lying.time or (along.name if along else None), tuple(member.files))
        if key not in self._times:
            found = _time_axis(
                [_raw_times(self._header(number), member) for number in member.files],
                member.files,
                self._spec.time_dim_units,
            )
            if found is None:
                return None
            self._times[key] = len(self._axes)
            self._axes.append(found[0])
            self._steps.append(found[1])
        return self._times[key]

    def _header(self, number: int) -> FileHeader:
        header = self._sources[number].header
        assert header is not None  # noqa: S101  only files that were read have variables
        return header

    def finish(self, revision: str, left_out: list[VariableProblem], problems: dict[int, str]) -> Built:
        """The dataset as it stands."""
        spec = self._spec
        told = [
            FileProblem(file=posixpath.basename(self._sources[number].file.path), reason=reason)
            for number, reason in sorted(problems.items())
        ]
        reason = None
        if not self._variables:
            reason = spec.refused or _why_broken(spec, told, left_out)
        longest = max(range(len(self._axes)), key=lambda each: self._axes[each].count, default=None)
        kinds = [each.grid.kind for each in self._grids.values()]
        record = DatasetRecord(
            id=spec.id,
            name=spec.name or re.sub(r"[_]+", " ", spec.id),
            enabled=spec.enabled,
            state="broken" if reason else "partly" if told or left_out else "served",
            reason=reason,
            revision=revision,
            quantum=spec.quantum or self._quantum(longest),
            help=spec.help,
            attribution=spec.attribution,
            model_class=_class_of(spec.model_class, kinds),
            group=spec.group,
            subgroup=spec.subgroup,
            time_dim_units=self._axes[longest].units if longest is not None else spec.time_dim_units,
            default_location=spec.default_location,
            bounds=join([each.grid.bounds for each in self._grids.values() if each.grid.bounds]),
            time=longest,
            files=[each.file for each in self._sources],
            grids=list(self._grids.values()),
            depths=self._depths,
            times=self._axes,
            variables=self._variables,
            problems=told,
            left_out=left_out,
        )
        return Built(record=record, steps=self._steps)

    def _quantum(self, longest: int | None) -> str | None:
        if longest is None:
            return None
        seconds = np.concatenate([np.frombuffer(each.seconds, "<i8") for each in self._steps[longest]])
        return time.spacing(np.sort(seconds))


def _class_of(told: str | None, kinds: list[str]) -> str | None:
    if told is not None:
        return _CLASS_NAMES.get(told.lower(), told)
    return _MODEL_CLASS.get(kinds[0]) if kinds else None


def _why_broken(spec: DatasetSpec, told: list[FileProblem], left_out: list[VariableProblem]) -> str:
    if not spec.files:
        return "no file has the name that its configuration gives"
    if told:
        return f"{told[0].file}: {told[0].reason}"
    return f"{left_out[0].variable}: {left_out[0].reason}" if left_out else "its files hold no fields on a map"


def _display_name(header: VariableHeader) -> str:
    for attribute in ("long_name", "standard_name"):
        if text := header.text(attribute):
            return text.replace("_", " ") if attribute == "standard_name" or " " not in text else text
    return header.name


def _depth_axis(name: str, header: FileHeader) -> DepthAxis:
    """The levels along a dimension, in the order of the file; numbered where there is no coordinate."""
    one = header.variables.get(name)
    if one is None or name not in header.values:
        return DepthAxis(name=name, kind="index", values=[float(each) for each in range(header.dimensions[name])])
    kind = depth_kind(one)
    values = unpack(header.values[name]).astype(np.float64)
    if kind in {"depth", "height"}:
        values = values * TO_METRES.get(one.text("units").lower(), 1.0)
    if kind == "depth" and values.size and np.nanmax(values) <= 0:
        values = np.abs(values)  # told as heights below the surface
    return DepthAxis(name=name, kind=kind, values=np.nan_to_num(values).tolist())


def _raw_times(header: FileHeader, member: _Member) -> time.RawTimes:
    along = next((each.name for each in member.lying.dimensions if each.role == "time"), None)
    if member.lying.time is None:  # a time dimension without times: numbered
        return time.RawTimes(values=np.arange(header.dimensions[str(along)]), units="")
    one = header.variables[member.lying.time]
    values = np.atleast_1d(unpack(header.values[member.lying.time]))
    return time.RawTimes(values=values, units=one.text("units"), calendar=one.text("calendar"))


def _time_axis(
    parts: list[time.RawTimes], files: list[int], configured: str | None
) -> tuple[TimeAxis, list[TimePart]] | None:
    """The steps of several files on one scale; of an instant that two files hold, the later file's."""
    positions = [np.flatnonzero(np.isfinite(each.values.astype(np.float64))) for each in parts]
    axis = time.merge(
        [msgspec.structs.replace(each, values=each.values[kept]) for each, kept in zip(parts, positions, strict=True)],
        configured,
    )
    seen: set[int] = set()
    steps = []
    for file, raw, seconds, position in reversed(list(zip(files, axis.raw, axis.seconds, positions, strict=True))):
        new = np.array([each not in seen for each in raw.tolist()], dtype=bool)
        _, first = np.unique(raw, return_index=True)
        new &= np.isin(np.arange(raw.size), first)
        seen.update(raw.tolist())
        if new.any():
            steps.append(
                TimePart(
                    file=file,
                    raw=raw[new].astype("<i8").tobytes(),
                    seconds=seconds[new].astype("<i8").tobytes(),
                    position=position[new].astype("<i4").tobytes(),
                )
            )
    if not steps:
        return None
    every = np.concatenate([np.frombuffer(each.seconds, "<i8") for each in steps])
    return (
        TimeAxis(
            units=axis.units,
            calendar=axis.calendar,
            files=sorted(each.file for each in steps),
            first=int(every.min()),
            last=int(every.max()),
            count=int(every.size),
        ),
        steps[::-1],
    )
