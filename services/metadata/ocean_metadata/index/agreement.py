"""Agreement of the files of a family: which continue each other, and what the difference is where they do not."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from ocean_common.arrays import unpack_array
from ocean_common.contracts.assets import DepthAxis
from ocean_core.errors import Message
from ocean_core.time import find_calendar
from ocean_core.units import canonical_units, unit_conversion
from ocean_core.vectors import component_axis
from ocean_metadata.index.axes import Layout, find_layout, is_run_time, is_time, list_fields
from ocean_metadata.index.coordinate_prints import PART_OF_CELL, is_same_place
from ocean_metadata.index.depth_axis import make_depth_axis
from ocean_metadata.index.flags import FLAG_ATTRIBUTES, read_flags
from ocean_metadata.index.model import FileHeader, VariableHeader

T = TypeVar("T")

_COMPARED = ("units", "standard_name", "positive", "calendar", *FLAG_ATTRIBUTES)
_SALINITY_SCALE = {"PSU", "1e-3", "1"}  # units of one and the same practical salinity


def sort_into_series(
    items: Sequence[T], describe: Callable[[T], Hashable], differ: Callable[[T, T], Message | None]
) -> list[list[T]]:
    """Sort items into series that agree with their first item; equal descriptions need no comparison."""
    alike: dict[Hashable, list[T]] = {}
    for item in items:
        alike.setdefault(describe(item), []).append(item)
    series: list[list[T]] = []
    for members in alike.values():
        fitting = next((known for known in series if differ(members[0], known[0]) is None), None)
        if fitting is None:
            series.append(members)
        else:
            fitting += members
    order = {id(item): number for number, item in enumerate(items)}
    return [sorted(members, key=lambda item: order[id(item)]) for members in series]


# Files of a folder


def describe_file(header: FileHeader) -> Hashable:
    """Describe all that the files of a series have in common."""
    return tuple((name, describe_field(name, header)) for name in sorted(list_fields(header)))


def find_file_difference(header: FileHeader, reference: FileHeader, file: str) -> Message | None:
    """Return why a file does not continue a reference of the name ``file``."""
    names, others = set(list_fields(header)), set(list_fields(reference))
    if names != others:
        differing = ", ".join(sorted(names ^ others))
        return Message("its variables are not those of {file} ({names})", file=file, names=differing)
    differences = (find_difference(name, header, reference, file) for name in sorted(names))
    return next((difference for difference in differences if difference is not None), None)


# Variables of files


def describe_field(name: str, header: FileHeader) -> Hashable:
    """Describe all that a variable has in common in the files of a series."""
    layout = find_layout(name, header)
    dimensions = [(item.name, item.role, 0 if item.role == "time" else item.size) for item in layout.dimensions]
    coordinates = layout.placement.coordinates if layout.placement else ()
    places = [(other, header.prints[other].digest) for other in coordinates if other in header.prints]
    verticals = [
        (other, axis.data)
        for other, axis in header.values.items()
        if not (is_time(header.variables[other]) or is_run_time(header.variables[other]))
    ]
    names = dict.fromkeys([name, layout.time, layout.depth, *(other for other, _ in verticals)])
    attributes = [
        repr([header.variables[other].attributes.get(attribute) for attribute in _COMPARED])
        for other in names
        if other in header.variables
    ]
    return *dimensions, *places, *verticals, *attributes, repr(_list_mapping_numbers(layout, header))


def find_difference(name: str, header: FileHeader, reference: FileHeader, file: str) -> Message | None:
    """Return why a variable does not continue that of a reference, the file of the name ``file``."""
    layout, other_layout = find_layout(name, header), find_layout(name, reference)
    variable, other = header.variables[name], reference.variables[name]
    if layout.placement is None or variable.dimensions != other.dimensions:
        return Message("its variable {variable} has other dimensions than in {file}", variable=name, file=file)
    if not _is_same_grid(layout, header, other_layout, reference):
        return Message("its grid differs from that of {file}", file=file)
    if not _is_same_axis(layout, header, other_layout, reference):
        return Message("its depth levels differ from those of {file}", file=file)
    own, expected = _get_calendar(layout, header), _get_calendar(other_layout, reference)
    if own != expected:
        return Message("its calendar is {calendar}, that of {file} is {other}", calendar=own, other=expected, file=file)
    return _find_value_difference(variable, other, file)


def _find_value_difference(variable: VariableHeader, other: VariableHeader, file: str) -> Message | None:
    if convert_units(variable, other.text("units")) is None:
        return Message(
            "its variable {variable} is in {units}, in {file} in {other}: they cannot be converted",
            variable=variable.name,
            units=variable.text("units"),
            other=other.text("units"),
            file=file,
        )
    axes = [component_axis(item.text("standard_name") or None) for item in (variable, other)]
    if None not in axes and axes[0] != axes[1]:
        return Message(
            "its variable {variable} has another direction than in {file}", variable=variable.name, file=file
        )
    flags, other_flags = read_flags(variable), read_flags(other)
    if None not in (flags, other_flags) and flags != other_flags:
        return Message(
            "the categories of its variable {variable} differ from those of {file}", variable=variable.name, file=file
        )
    return None


def convert_units(variable: VariableHeader, target: str) -> tuple[float, float] | None:
    """Return factor and offset from the units of a variable to others; None if they cannot be converted.

    Where a unit is not given the values are taken as they are.
    """
    units = variable.text("units")
    if not units or not target:
        return 1.0, 0.0
    is_salinity = "salinity" in variable.text("standard_name") or "salinity" in variable.text("long_name").lower()
    if is_salinity and {canonical_units(units), canonical_units(target)} <= _SALINITY_SCALE:
        return 1.0, 0.0
    return unit_conversion(units, target)


def _is_same_grid(layout: Layout, header: FileHeader, other_layout: Layout, reference: FileHeader) -> bool:
    first, second = layout.placement, other_layout.placement
    roles = [
        [(item.role, item.size) for item in side.dimensions if item.role not in {"time", "depth"}]
        for side in (layout, other_layout)
    ]
    if first is None or second is None or first.kind != second.kind or roles[0] != roles[1]:
        return False
    if _list_mapping_numbers(layout, header) != _list_mapping_numbers(other_layout, reference):
        return False
    pairs = zip(first.coordinates, second.coordinates, strict=False)
    return len(first.coordinates) == len(second.coordinates) and all(
        is_same_place(header.prints.get(name), reference.prints.get(other)) for name, other in pairs
    )


def _list_mapping_numbers(layout: Layout, header: FileHeader) -> Mapping[str, Any]:
    """List the parameters of the grid mapping, without texts."""
    mapping = layout.placement.mapping if layout.placement else None
    attributes = header.variables[mapping].attributes if mapping else {}
    return {name: value for name, value in sorted(attributes.items()) if not isinstance(value, str)}


def _is_same_axis(layout: Layout, header: FileHeader, other_layout: Layout, reference: FileHeader) -> bool:
    if layout.depth is None or other_layout.depth is None:
        return layout.depth == other_layout.depth
    (first, _), (second, _) = make_depth_axis(layout.depth, header), make_depth_axis(other_layout.depth, reference)
    described = [(axis.kind, axis.units, axis.order) for axis in (first, second)]
    formulas = [_describe_formula(axis, side) for axis, side in ((first, header), (second, reference))]
    return described[0] == described[1] and formulas[0] == formulas[1] and _agree(first, second)


def _describe_formula(axis: DepthAxis, header: FileHeader) -> tuple[str, list[float]]:
    """Describe the formula of levels that follow the sea floor; ROMS numbers its formulas."""
    if axis.kind != "sigma":
        return "", []
    numbers = header.values.get("Vtransform")
    standard_name = header.variables[axis.name].text("standard_name") if axis.name in header.variables else ""
    return standard_name, [] if numbers is None else np.ravel(unpack_array(numbers)).tolist()


def _agree(first: DepthAxis, second: DepthAxis) -> bool:
    """Return True if levels are the same to a part of their distances, or as float32."""
    values, others = np.array(first.values), np.array(second.values)
    if values.size != others.size or not values.size:
        return values.size == others.size
    distance = float(np.abs(np.diff(values)).min()) if values.size > 1 else 0.0
    rounding = float(np.spacing(np.abs(values).max().astype(np.float32)))
    return bool(np.abs(values - others).max() <= max(PART_OF_CELL * distance, rounding))


def _get_calendar(layout: Layout, header: FileHeader) -> str:
    """Return the calendar of a variable's times: all real ones are the same since 1582."""
    text = header.variables[layout.time].text("calendar") if layout.time else ""
    calendar = find_calendar(text) or "standard"
    return "standard" if calendar == "proleptic_gregorian" else calendar


def has_no_times(layout: Layout, header: FileHeader) -> bool:
    """Return True for a time axis without a step."""
    return layout.time in header.values and unpack_array(header.values[str(layout.time)]).size == 0
