"""A file with the coordinates of another: some models write the places of their cells once, into a file of its own."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ocean_metadata.index.coordinates import is_latitude, is_longitude, named_role
from ocean_metadata.index.file_header import FileHeader, VariableHeader, structure
from ocean_metadata.index.plan import Borrowed, Source
from ocean_metadata.index.spec import DatasetSpec


def prepare(spec: DatasetSpec, sources: Sequence[Source]) -> list[Source]:
    """The files of a dataset as they are to be understood: with the coordinates that the configuration tells.

    Parameters
    ----------
    spec : DatasetSpec
        What the dataset is told to be.
    sources : sequence of Source
        One for each of `spec.paths`: the data first, then the files that go with them.

    Returns
    -------
    list of Source
        In the same order.
    """
    found = [each._replace(reference=number >= len(spec.files)) for number, each in enumerate(sources)]
    return [each if each.reference else _prepared(spec, each, found) for each in found]


def _prepared(spec: DatasetSpec, source: Source, sources: Sequence[Source]) -> Source:
    if source.header is None:
        return source
    header, borrowed = source.header, None
    for reference in spec.references:
        number = spec.paths.index(reference.path)
        other = sources[number].header
        wanted = reference == spec.geo or not _has_places(header)
        if other is not None and other is not header and wanted:
            merged, names = borrow(header, other, reference.dropped)
            if names:
                header, borrowed = merged, Borrowed(number, names)
                break
    header = _with_attributes(header, spec.told)
    if spec.latitude and spec.longitude:
        header = name_coordinates(header, spec.latitude, spec.longitude)
    return source._replace(header=header, borrowed=borrowed)


def _has_places(header: FileHeader) -> bool:
    found = header.variables.values()
    return any(is_latitude(one) for one in found) and any(is_longitude(one) for one in found)


def borrow(header: FileHeader, other: FileHeader, dropped: Iterable[str] = ()) -> tuple[FileHeader, frozenset[str]]:
    """Add the latitudes and longitudes of another file, and tell their names.

    Their dimensions take the names that those of the same length have here; what fits to none is left where it is.
    """
    left = set(dropped)
    taken: dict[str, VariableHeader] = {}
    for name, one in other.variables.items():
        if name in left or not one.dimensions or not (is_latitude(one) or is_longitude(one)):
            continue
        names = matched(dict(zip(one.dimensions, one.shape, strict=True)), header.dimensions)
        if names is not None:
            dimensions = tuple(names[each] for each in one.dimensions)
            taken[name] = msgspec.structs.replace(one, dimensions=dimensions)
    variables = {**header.variables, **taken}
    merged = msgspec.structs.replace(
        header,
        structure=structure(variables),
        variables=variables,
        prints={**header.prints, **{name: other.prints[name] for name in taken if name in other.prints}},
    )
    return merged, frozenset(taken)


def matched(sizes: Mapping[str, int], among: Mapping[str, int]) -> dict[str, str] | None:
    """Which dimension is which in another file: by name, else by length and meaning, else by length alone.

    Parameters
    ----------
    sizes : mapping of str to int
        Lengths of the dimensions to be found.
    among : mapping of str to int
        Lengths of those of the other file.

    Returns
    -------
    dict of str to str or None
        One name for each, no name twice; None where one of them has no fellow.
    """
    found: dict[str, str] = {}
    for name, size in sizes.items():
        alike = [each for each, length in among.items() if length == size and each not in found.values()]
        if not alike:
            return None
        meant = named_role(name)
        found[name] = max(alike, key=lambda each: (each == name, meant != "other" and named_role(each) == meant))
    return found


def name_coordinates(header: FileHeader, latitude: str, longitude: str) -> FileHeader:
    """Take these two variables for the latitude and longitude of all that have their dimensions."""
    if latitude not in header.variables or longitude not in header.variables:
        return header
    variables = dict(header.variables)
    for name, units in ((latitude, "degrees_north"), (longitude, "degrees_east")):
        variables[name] = _told(variables[name], units=units, standard_name="")
    own = set(variables[latitude].dimensions) | set(variables[longitude].dimensions)
    for name, one in variables.items():
        if name not in {latitude, longitude} and own <= set(one.dimensions):
            variables[name] = _told(one, coordinates=f"{latitude} {longitude}")
    return msgspec.structs.replace(header, structure=structure(variables), variables=variables)


def _with_attributes(header: FileHeader, told: Mapping[str, Mapping[str, Any]]) -> FileHeader:
    """Attributes that the file itself does not have."""
    found = {name: attributes for name, attributes in told.items() if name in header.variables}
    if not found:
        return header
    variables = dict(header.variables)
    for name, attributes in found.items():
        own = variables[name].attributes
        variables[name] = msgspec.structs.replace(variables[name], attributes={**attributes, **own})
    return msgspec.structs.replace(header, structure=structure(variables), variables=variables)


def _told(one: VariableHeader, **attributes: str) -> VariableHeader:
    return msgspec.structs.replace(one, attributes={**one.attributes, **attributes})
