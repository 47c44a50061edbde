"""Selection of variables: their coordinates, the files of a dataset that hold them, and what else must be read."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from ocean_common.contracts.assets import File
from ocean_core.colour import Limits, choose_limits
from ocean_core.errors import Message
from ocean_core.expression import parse_expression
from ocean_core.packing import packing_number, read_unsigned
from ocean_core.units import angle_in_degrees
from ocean_metadata.catalogue.model import Note, Omission
from ocean_metadata.index.agreement import describe_field, find_difference, has_no_times, sort_into_series
from ocean_metadata.index.axes import (
    Layout,
    explain_samples,
    find_layout,
    is_latitude,
    is_longitude,
    list_connectivities,
    list_fields,
    role_by_name,
)
from ocean_metadata.index.flags import add_flags, read_flags
from ocean_metadata.index.mask_meaning import read_meaning
from ocean_metadata.index.model import (
    DatasetSpec,
    FileHeader,
    Reference,
    VariableHeader,
    VariableSpec,
)
from ocean_metadata.index.time_axes import explain_undated, get_raw_times
from ocean_metadata.index.variable_units import (
    UnitChoice,
    choose_units,
    convert_limits,
    note_packing,
    note_units,
)


class BorrowedCoordinates(NamedTuple):
    """Coordinates that are in another file."""

    file: File
    names: frozenset[str]


class SourceFile(NamedTuple):
    """File of a dataset, with the reason if it could not be read."""

    file: File
    header: FileHeader | None
    reason: Message | None
    is_reference: bool = False  # an auxiliary file without data
    borrowed: BorrowedCoordinates | None = None

    @property
    def readable_header(self) -> FileHeader:
        """Header of a file that could be read, as all have that hold a variable."""
        assert self.header is not None  # noqa: S101
        return self.header


class Member(NamedTuple):
    """Variable in the files that hold it."""

    spec: VariableSpec
    layout: Layout
    header: VariableHeader
    files: list[int]
    units: UnitChoice

    @property
    def conversion(self) -> tuple[float, float] | None:
        """Factor and offset of the values of the first file to `units`; None where they are in it."""
        return self.units.conversions.get(self.files[0])


class Selection(NamedTuple):
    """Variables that can be served, and the reasons for the others and for files."""

    members: list[Member]
    skipped: list[Omission]
    problems: dict[int, Message]  # by number of the file
    notes: list[Note]


# Coordinates from other files: some models write latitude and longitude once, into a separate file


def complete_headers(spec: DatasetSpec, sources: Sequence[SourceFile]) -> list[SourceFile]:
    """Complete the headers of the files at `spec.paths` with the coordinates and attributes of the configuration."""
    others = [(reference, sources[spec.paths.index(reference.path)]) for reference in spec.references]
    return [
        source._replace(is_reference=True) if number >= len(spec.files) else _complete_header(spec, source, others)
        for number, source in enumerate(sources)
    ]


def _complete_header(
    spec: DatasetSpec, source: SourceFile, others: Sequence[tuple[Reference, SourceFile]]
) -> SourceFile:
    if source.header is None:
        return source
    header, borrowed = source.header, None
    variables = header.variables.values()
    has_coordinates = any(map(is_latitude, variables)) and any(map(is_longitude, variables))
    for reference, other in others:
        is_needed = reference == spec.geo or not has_coordinates
        if other.header is not None and other.header is not header and is_needed:
            merged, names = _borrow_coordinates(header, other.header, reference.dropped)
            if names:
                header, borrowed = merged, BorrowedCoordinates(other.file, names)
                break
    header = _add_attributes(header, spec.attributes)
    if spec.latitude and spec.longitude:
        header = _set_coordinates(header, spec.latitude, spec.longitude)
    return source._replace(header=header, borrowed=borrowed)


def _borrow_coordinates(
    header: FileHeader, other: FileHeader, dropped: Iterable[str]
) -> tuple[FileHeader, frozenset[str]]:
    """Add the latitudes and longitudes of another file, and the faces of a mesh, and return their names.

    Their dimensions are renamed to those of the same length; coordinates that fit none are left out.
    """
    borrowed: dict[str, VariableHeader] = {}
    for name, variable in other.variables.items():
        is_coordinate = is_latitude(variable) or is_longitude(variable)
        if name in dropped or not variable.dimensions or not is_coordinate:
            continue
        names = match_dimensions(dict(zip(variable.dimensions, variable.shape, strict=True)), header.dimensions)
        if names is not None:
            dimensions = tuple(names[dimension] for dimension in variable.dimensions)
            borrowed[name] = msgspec.structs.replace(variable, dimensions=dimensions)
    mesh, more = _borrow_mesh(header, other, dropped)
    borrowed |= mesh
    prints = {name: other.prints[name] for name in borrowed if name in other.prints}
    merged = header.with_variables({**header.variables, **borrowed})
    merged = msgspec.structs.replace(
        merged, prints={**header.prints, **prints}, dimensions={**header.dimensions, **more}
    )
    return merged, frozenset(borrowed)


def _borrow_mesh(
    header: FileHeader, other: FileHeader, dropped: Iterable[str]
) -> tuple[dict[str, VariableHeader], dict[str, int]]:
    """Return the nodes and faces of a mesh in another file, if the data are on one of them, and new dimensions."""
    for table, face in list_connectivities(other):
        coordinates = [
            item
            for item in other.variables.values()
            if (is_latitude(item) or is_longitude(item)) and len(item.dimensions) == 1 and item.name not in dropped
        ]
        nodes = next((item.dimensions[0] for item in coordinates if item.dimensions != (face,)), None)
        if nodes is None or table.name in dropped:
            continue
        names = {name: name if name not in header.dimensions else f"mesh_{name}" for name in table.dimensions}
        names[nodes] = nodes if nodes not in header.dimensions else f"mesh_{nodes}"
        shared = {
            name: match[name]
            for name in (nodes, face)
            if (match := match_dimensions({name: other.dimensions[name]}, header.dimensions)) is not None
        }
        if not shared:
            continue
        names |= shared
        topologies = [item for item in other.variables.values() if item.text("cf_role") == "mesh_topology"]
        parts = [table, *topologies, *(item for item in coordinates if item.dimensions[0] in {nodes, face})]
        mesh = {
            item.name: msgspec.structs.replace(
                item, dimensions=tuple(names.get(name, name) for name in item.dimensions)
            )
            for item in parts
        }
        return mesh, {names[name]: other.dimensions[name] for name in (*table.dimensions, nodes)}
    return {}, {}


def match_dimensions(sizes: Mapping[str, int], candidates: Mapping[str, int]) -> dict[str, str] | None:
    """Match dimensions (name → length) by name, else by length and role, else by length; None if one has no match."""
    names: dict[str, str] = {}
    for name, size in sizes.items():
        fitting = [other for other, length in candidates.items() if length == size and other not in names.values()]
        if not fitting:
            return None
        role = role_by_name(name)
        names[name] = max(fitting, key=lambda other: (other == name, role != "other" and role_by_name(other) == role))
    return names


def _set_coordinates(header: FileHeader, latitude: str, longitude: str) -> FileHeader:
    """Make two variables the latitude and longitude of all variables with their dimensions."""
    if latitude not in header.variables or longitude not in header.variables:
        return header
    variables = dict(header.variables)
    for name, units in ((latitude, "degrees_north"), (longitude, "degrees_east")):
        factor = angle_in_degrees(variables[name].text("units"))
        changes = {"units": units} if factor in {None, 1.0} else {}  # radians stay radians
        standard_name = "latitude" if name == latitude else "longitude"
        variables[name] = _replace_attributes(variables[name], **changes, standard_name=standard_name)
    dimensions = set(variables[latitude].dimensions) | set(variables[longitude].dimensions)
    for name, variable in variables.items():
        if name not in {latitude, longitude} and dimensions <= set(variable.dimensions):
            variables[name] = _replace_attributes(variable, coordinates=f"{latitude} {longitude}")
    return header.with_variables(variables)


def _add_attributes(header: FileHeader, attributes: Mapping[str, Mapping[str, Any]]) -> FileHeader:
    variables = dict(header.variables)
    for name in attributes.keys() & variables.keys():
        variables[name] = _replace_attributes(variables[name], **{**attributes[name], **variables[name].attributes})
    return header.with_variables(variables) if variables != header.variables else header


def _replace_attributes(variable: VariableHeader, /, **attributes: Any) -> VariableHeader:
    return msgspec.structs.replace(variable, attributes={**variable.attributes, **attributes})


# Variables in files


def select_variables(spec: DatasetSpec, sources: Sequence[SourceFile]) -> Selection:
    """Select the variables of a dataset, and the files that fit the first file of each variable."""
    skipped: list[Omission] = []
    notes: dict[Note, None] = dict.fromkeys(spec.notes)
    problems = {number: source.reason for number, source in enumerate(sources) if source.reason is not None}
    headers = {
        number: source.header
        for number, source in enumerate(sources)
        if source.header is not None and not source.is_reference
    }
    names = {number: posixpath.basename(sources[number].file.path) for number in headers}
    members = []
    for variable in _list_specs(spec, headers):
        holding = [number for number, header in headers.items() if variable.source in header.variables]
        reasons = {number: _check_variable(variable, headers[number]) for number in holding}
        reason = _check_variable(variable, headers[holding[0]] if holding else None)
        if reason is not None and all(reasons.values()):
            skipped += [Omission(variable.key, reason)] if headers else []
            continue
        fitting, misfits = _choose_files(variable.source, spec, headers, names, reasons)
        problems = misfits | problems
        if fitting:
            units = choose_units(variable, {number: headers[number].variables[variable.source] for number in fitting})
            if isinstance(units, Message):
                skipped.append(Omission(variable.key, units))
                continue
            first = headers[fitting[0]]
            layout, declaration = find_layout(variable.source, first), first.variables[variable.source]
            declarations = (headers[number].variables[variable.source] for number in fitting)
            described, flag_notes = add_flags(variable, next(filter(read_flags, declarations), declaration))
            members.append(Member(described, layout, declaration, fitting, units))
            notes |= dict.fromkeys(note_units(variable, declaration, units, names) + note_packing(declaration))
            notes |= dict.fromkeys(flag_notes)
    for number, header in headers.items():
        if number not in problems and not any(number in member.files for member in members):
            problems[number] = _explain_unused(header)
    return Selection(members, skipped, problems, list(notes))


def _choose_files(
    source: str,
    spec: DatasetSpec,
    headers: Mapping[int, FileHeader],
    names: Mapping[int, str],
    reasons: Mapping[int, Message | None],
) -> tuple[list[int], dict[int, Message]]:
    """Choose the files in which a variable continues, those of the longest series, and explain the others."""
    misfits = {number: reason for number, reason in reasons.items() if reason is not None}
    layouts = {number: find_layout(source, headers[number]) for number in reasons if number not in misfits}
    empty = Message("its time axis is empty")
    misfits |= {number: empty for number, layout in layouts.items() if has_no_times(layout, headers[number])}
    misfits |= _find_undated(source, spec, {number: headers[number] for number in layouts if number not in misfits})

    def differ(number: int, reference: int) -> Message | None:
        return find_difference(source, headers[number], headers[reference], names[reference])

    series = sort_into_series(
        [number for number in layouts if number not in misfits],
        lambda number: describe_field(source, headers[number]),
        differ,
    )
    fitting = max(series, key=len, default=[])
    for other in series:
        if other is not fitting:
            reason = differ(other[0], fitting[0])
            misfits |= {number: reason for number in other if reason is not None}
    return fitting, misfits


def _list_specs(spec: DatasetSpec, headers: Mapping[int, FileHeader]) -> list[VariableSpec]:
    if spec.variables is not None:
        return [variable for variable in spec.variables if variable.equation is None] + _list_operands(spec, headers)
    names = dict.fromkeys(name for header in headers.values() for name in _list_map_fields(header))
    masks = dict.fromkeys(name for header in headers.values() for name in _list_masks(header) if name not in names)
    # Masks hide the land of the others, and flags tell their quality; they are not listed, but can be requested.
    return [
        *(VariableSpec(key=name, source=name) for name in names),
        *(VariableSpec(key=name, source=name, hidden=True) for name in masks),
    ]


def _list_operands(spec: DatasetSpec, headers: Mapping[int, FileHeader]) -> list[VariableSpec]:
    """List the variables of the files that only equations and vectors refer to: they are hidden."""
    variables = spec.variables or []
    keys = {variable.key for variable in variables}
    operands: dict[str, VariableSpec] = {}
    for variable in variables:
        names = parse_expression(variable.equation).names if variable.equation else ()
        for name in (*names, *variable.components.values()):
            first = next((header for header in headers.values() if name in header.variables), None)
            if name == variable.key and variable.equation:  # its own name means the stored variable
                key = stored_key(variable)
                operands[key] = VariableSpec(key=key, source=variable.source, auxiliary=True)
            elif name not in keys and first and name in list_fields(first) and _is_on_map(name, first):
                operands[name] = VariableSpec(key=name, source=name, hidden=True)
    return list(operands.values())


def stored_key(variable: VariableSpec) -> str:
    """Return the key of the stored variable that an equation of the same name refers to."""
    return f"@{variable.source}"


def _check_variable(variable: VariableSpec, header: FileHeader | None) -> Message | None:
    """Return why a variable of a file cannot be served, as far as headers tell."""
    if variable.error or header is None:
        return variable.error or Message("no file holds {variable}", variable=variable.source)
    if (reason := header.variables[variable.source].reason) is not None:
        return reason
    layout = find_layout(variable.source, header)
    return layout.reason or Message("it is not a map") if layout.placement is None else None


def _list_map_fields(header: FileHeader) -> list[str]:
    """List the fields to serve or to report: those on a map, or with several dimensions."""
    names = list_fields(header)
    fields = [name for name in names if len(header.variables[name].dimensions) > 1 or _is_on_map(name, header)]
    return fields + [
        variable.name
        for variable in header.variables.values()
        if variable.reason is not None and len(variable.dimensions) != 1
    ]


def _list_masks(header: FileHeader) -> list[str]:
    """List masks and flags on a map, which describe the cells of other variables."""
    masks = (item.name for item in header.variables.values() if read_meaning(item) or read_flags(item))
    return [name for name in masks if _is_on_map(name, header)]


def _is_on_map(name: str, header: FileHeader) -> bool:
    return find_layout(name, header).placement is not None


def _explain_unused(header: FileHeader) -> Message:
    if not header.variables and header.groups:
        return Message("its variables are in groups ({groups}), which are not read", groups=", ".join(header.groups))
    fields = _list_map_fields(header)
    if not fields:
        only_grid = Message("it holds no fields on a map, only coordinates or the description of a grid")
        return explain_samples(header) or only_grid
    reason = find_layout(fields[0], header).reason or Message("it is not configured")
    return Message("none of its variables can be served; {variable}: {reason}", variable=fields[0], reason=reason)


def _find_undated(source: str, spec: DatasetSpec, headers: Mapping[int, FileHeader]) -> dict[int, Message]:
    """Return the files whose times have no dates, where those of others have: they have no place among them."""
    names = {number: find_layout(source, header).time for number, header in headers.items()}
    times = {number: get_raw_times(headers[number], name) for number, name in names.items() if name}
    return explain_undated(times, spec.time_dim_units)


# Colour limits


def find_scale(member: Member) -> Limits | None:
    """Return the colour limits from the configuration, the file or the quantity; None if a sample is needed."""
    return member.spec.scale or header_limits(member.header, member.units.label, member.conversion)


def header_limits(header: VariableHeader, units: str, conversion: tuple[float, float] | None = None) -> Limits | None:
    """Return the valid range of the file, unless it is far too wide, else the usual limits of the quantity, if any."""
    name = header.text("standard_name") or header.text("long_name").replace(" ", "_").lower()
    limits = valid_range(header)
    return choose_limits(limits and convert_limits(limits, conversion), name, units)


def valid_range(header: VariableHeader) -> Limits | None:
    """Return the valid range of a variable in its own units, if the file has one.

    CF gives it in packed units; a pair of another type than the data is taken as unpacked.
    """
    pair = header.attributes.get("valid_range")
    low, high = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
    low, high = header.attributes.get("valid_min", low), header.attributes.get("valid_max", high)
    if isinstance(low, int) and isinstance(high, int):
        limits, dtype = {"low": low, "high": high, "_Unsigned": header.text("_Unsigned")}, np.dtype(header.dtype)
        low, high = (int(read_unsigned(limits, name, dtype)[0]) for name in ("low", "high"))
    if not isinstance(low, int | float) or not isinstance(high, int | float):
        return None
    if isinstance(low, int) and np.dtype(header.dtype).kind in "iu":
        factor = packing_number(header.attributes, "scale_factor", 1.0)
        offset = packing_number(header.attributes, "add_offset", 0.0)
        low, high = sorted((low * factor + offset, high * factor + offset))
    return float(low), float(high)
