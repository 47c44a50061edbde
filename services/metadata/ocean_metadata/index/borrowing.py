"""Coordinates from other files: some models write latitude and longitude once, into a separate file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ocean_metadata.index.axes import is_latitude, is_longitude, role_by_name
from ocean_metadata.index.headers import FileHeader, VariableHeader, digest_structure
from ocean_metadata.index.selection import BorrowedCoordinates, SourceFile
from ocean_metadata.index.specs import DatasetSpec


def complete_headers(spec: DatasetSpec, sources: Sequence[SourceFile]) -> list[SourceFile]:
    """Complete the headers of a dataset's files with the coordinates and attributes of its configuration.

    Parameters
    ----------
    spec : DatasetSpec
        Configuration of the dataset.
    sources : sequence of SourceFile
        One for each of `spec.paths`: the data first, then the auxiliary files.

    Returns
    -------
    list of SourceFile
        In the same order.
    """
    marked = [source._replace(is_reference=number >= len(spec.files)) for number, source in enumerate(sources)]
    return [source if source.is_reference else _complete_header(spec, source, marked) for source in marked]


def _complete_header(spec: DatasetSpec, source: SourceFile, sources: Sequence[SourceFile]) -> SourceFile:
    if source.header is None:
        return source
    header, borrowed = source.header, None
    for reference in spec.references:
        number = spec.paths.index(reference.path)
        other = sources[number].header
        is_needed = reference == spec.geo or not _has_coordinates(header)
        if other is not None and other is not header and is_needed:
            merged, names = borrow_coordinates(header, other, reference.dropped)
            if names:
                header, borrowed = merged, BorrowedCoordinates(number, names)
                break
    header = _add_attributes(header, spec.attributes)
    if spec.latitude and spec.longitude:
        header = set_coordinates(header, spec.latitude, spec.longitude)
    return source._replace(header=header, borrowed=borrowed)


def _has_coordinates(header: FileHeader) -> bool:
    variables = header.variables.values()
    return any(map(is_latitude, variables)) and any(map(is_longitude, variables))


def borrow_coordinates(
    header: FileHeader, other: FileHeader, dropped: Iterable[str] = ()
) -> tuple[FileHeader, frozenset[str]]:
    """Add the latitudes and longitudes of another file, and return their names.

    Their dimensions are renamed to those of the same length; coordinates that fit none are left out.
    """
    excluded = set(dropped)
    borrowed: dict[str, VariableHeader] = {}
    for name, variable in other.variables.items():
        is_coordinate = is_latitude(variable) or is_longitude(variable)
        if name in excluded or not variable.dimensions or not is_coordinate:
            continue
        names = match_dimensions(dict(zip(variable.dimensions, variable.shape, strict=True)), header.dimensions)
        if names is not None:
            dimensions = tuple(names[dimension] for dimension in variable.dimensions)
            borrowed[name] = msgspec.structs.replace(variable, dimensions=dimensions)
    variables = {**header.variables, **borrowed}
    prints = {name: other.prints[name] for name in borrowed if name in other.prints}
    merged = msgspec.structs.replace(
        header,
        structure=digest_structure(variables),
        variables=variables,
        prints={**header.prints, **prints},
    )
    return merged, frozenset(borrowed)


def match_dimensions(sizes: Mapping[str, int], candidates: Mapping[str, int]) -> dict[str, str] | None:
    """Match dimensions with those of another file: by name, else by length and role, else by length alone.

    Parameters
    ----------
    sizes : mapping of str to int
        Lengths of the dimensions to match.
    candidates : mapping of str to int
        Lengths of the dimensions of the other file.

    Returns
    -------
    dict of str to str or None
        A name for each dimension, no name twice; None if one of them has no match.
    """
    names: dict[str, str] = {}
    for name, size in sizes.items():
        fitting = [other for other, length in candidates.items() if length == size and other not in names.values()]
        if not fitting:
            return None
        role = role_by_name(name)
        names[name] = max(fitting, key=lambda other: (other == name, role != "other" and role_by_name(other) == role))
    return names


def set_coordinates(header: FileHeader, latitude: str, longitude: str) -> FileHeader:
    """Make two variables the latitude and longitude of all variables with their dimensions."""
    if latitude not in header.variables or longitude not in header.variables:
        return header
    variables = dict(header.variables)
    for name, units in ((latitude, "degrees_north"), (longitude, "degrees_east")):
        variables[name] = _replace_attributes(variables[name], units=units, standard_name="")
    dimensions = set(variables[latitude].dimensions) | set(variables[longitude].dimensions)
    for name, variable in variables.items():
        if name not in {latitude, longitude} and dimensions <= set(variable.dimensions):
            variables[name] = _replace_attributes(variable, coordinates=f"{latitude} {longitude}")
    return msgspec.structs.replace(header, structure=digest_structure(variables), variables=variables)


def _add_attributes(header: FileHeader, attributes: Mapping[str, Mapping[str, Any]]) -> FileHeader:
    """Add attributes that the file itself does not have."""
    variables = dict(header.variables)
    for name in attributes.keys() & variables.keys():
        variable = variables[name]
        variables[name] = msgspec.structs.replace(variable, attributes={**attributes[name], **variable.attributes})
    if not attributes.keys() & variables.keys():
        return header
    return msgspec.structs.replace(header, structure=digest_structure(variables), variables=variables)


def _replace_attributes(variable: VariableHeader, **attributes: str) -> VariableHeader:
    return msgspec.structs.replace(variable, attributes={**variable.attributes, **attributes})
