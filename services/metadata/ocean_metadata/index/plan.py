"""Which variables of a dataset are in which of its files, and what else must be read of these."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from ocean_common.contracts.assets import File
from ocean_common.contracts.metadata import VariableProblem
from ocean_core.colour import Limits
from ocean_core.expression import parse_expression
from ocean_metadata.index.file_header import FileHeader, VariableHeader, unpack
from ocean_metadata.index.layout import Layout, data_variables, layout
from ocean_metadata.index.scale import header_limits
from ocean_metadata.index.spec import DatasetSpec, VariableSpec


class Borrowed(NamedTuple):
    """Coordinates that are in another file."""

    source: int  # number of that file
    names: frozenset[str]


class Source(NamedTuple):
    """A file of a dataset: read, or with the reason why not."""

    file: File
    header: FileHeader | None
    reason: str | None
    reference: bool = False  # it goes with the others, and holds no data
    borrowed: Borrowed | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What must be read of one file beside its header."""

    file: int
    variables: list[str]
    unscaled: list[str]
    places: File | None = None  # the file that holds the coordinates, where it is another
    borrowed: list[str] = []  # which


class Member(NamedTuple):
    """A variable in the files that hold it."""

    spec: VariableSpec
    lying: Layout
    header: VariableHeader
    files: list[int]


class Plan(NamedTuple):
    """What is served, what is not, and why."""

    members: list[Member]
    left_out: list[VariableProblem]
    problems: dict[int, str]  # file → why it is not served


def wanted(spec: DatasetSpec, sources: Sequence[Source]) -> list[Wanted]:
    """Which coordinates, masks and samples to read, and from which files: the first that holds each variable."""
    by_file: dict[int, list[Member]] = {}
    for member in plan(spec, sources).members:
        by_file.setdefault(member.files[0], []).append(member)
    return [
        Wanted(
            file=number,
            variables=sorted({each.spec.source for each in members}),
            unscaled=sorted({each.spec.source for each in members if told_scale(each) is None}),
            **_elsewhere(sources, number),
        )
        for number, members in sorted(by_file.items())
    ]


def _elsewhere(sources: Sequence[Source], number: int) -> dict[str, Any]:
    borrowed = sources[number].borrowed
    if borrowed is None:
        return {}
    return {"places": sources[borrowed.source].file, "borrowed": sorted(borrowed.names)}


def plan(spec: DatasetSpec, sources: Sequence[Source]) -> Plan:
    """Which variables are in which files, and which files do not fit to the first of a variable."""
    left_out: list[VariableProblem] = []
    problems = {number: each.reason for number, each in enumerate(sources) if each.reason is not None}
    headers = {
        number: each.header for number, each in enumerate(sources) if each.header is not None and not each.reference
    }
    members = []
    for one in _specs(spec, headers):
        holding = [number for number, header in headers.items() if one.source in header.variables]
        if headers and (reason := _refusal(one, [headers[number] for number in holding[:1]])):
            left_out.append(VariableProblem(variable=one.key, reason=reason))
        elif holding:
            first = headers[holding[0]]
            lying = layout(one.source, first)
            misfits = {number: _misfit(one.source, first, lying, headers[number]) for number in holding}
            fitting = [number for number, misfit in misfits.items() if misfit is None]
            problems = {number: misfit for number, misfit in misfits.items() if misfit is not None} | problems
            if fitting:
                members.append(Member(one, lying, headers[fitting[0]].variables[one.source], fitting))
    for number, header in headers.items():
        if number not in problems and not any(number in each.files for each in members):
            problems[number] = _why_nothing(header)
    return Plan(members, left_out, problems)


def _specs(spec: DatasetSpec, headers: Mapping[int, FileHeader]) -> list[VariableSpec]:
    """The variables that are told, else all that the files hold."""
    if spec.variables is not None:
        return [one for one in spec.variables if one.equation is None] + operands(spec, headers)
    names = dict.fromkeys(name for header in headers.values() for name in _fields(header))
    return [VariableSpec(key=name, source=name) for name in names]


def operands(spec: DatasetSpec, headers: Mapping[int, FileHeader]) -> list[VariableSpec]:
    """Variables of the files that only equations and vectors name: they are hidden."""
    told = spec.variables or []
    keys = {one.key for one in told}
    found: dict[str, VariableSpec] = {}
    for one in told:
        names = parse_expression(one.equation).names if one.equation else ()
        for name in (*names, *one.components.values()):
            if name == one.key and one.equation:  # its own name means what is stored under it
                found[stored(one)] = VariableSpec(key=stored(one), source=one.source, auxiliary=True)
            elif name not in keys and _on_a_map(name, headers):
                found[name] = VariableSpec(key=name, source=name, hidden=True)
    return list(found.values())


def stored(one: VariableSpec) -> str:
    """The key of the stored variable that an equation of the same name means."""
    return f"@{one.source}"


def _on_a_map(name: str, headers: Mapping[int, FileHeader]) -> bool:
    holding = next((header for header in headers.values() if name in header.variables), None)
    return holding is not None and name in data_variables(holding) and _is_map(name, holding)


def _refusal(one: VariableSpec, holding: Sequence[FileHeader]) -> str | None:
    """Why a variable cannot be served, as far as headers say."""
    if one.refused:
        return one.refused
    if not holding:
        return f"no file holds {one.source}"
    lying = layout(one.source, holding[0])
    return lying.reason or "it is not a map" if lying.places is None else None


def _fields(header: FileHeader) -> list[str]:
    """Data variables that are worth a word: those that are maps, or look like one."""
    found = data_variables(header)
    return [name for name in found if len(header.variables[name].dimensions) > 1 or _is_map(name, header)]


def _is_map(name: str, header: FileHeader) -> bool:
    return layout(name, header).places is not None


def _why_nothing(header: FileHeader) -> str:
    if not header.variables and header.groups:
        return f"its variables are in groups ({', '.join(header.groups)}), which are not read"
    fields = _fields(header)
    if not fields:
        return "it holds no fields on a map, only coordinates or the description of a grid"
    reason = layout(fields[0], header).reason or "none is asked for"
    return f"none of its variables can be served: of {fields[0]}, {reason}"


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


def told_scale(member: Member) -> Limits | None:
    """Colour limits from the configuration, the file or custom; None: a sample is needed."""
    units = member.spec.units or member.header.text("units")
    return member.spec.scale or header_limits(member.header, units)
