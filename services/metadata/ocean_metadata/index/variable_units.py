"""Units of a variable: that of its files, or the configured one; conversions of files in other units, and notes."""

from collections.abc import Mapping, Sequence

import msgspec

from ocean_core.colour import Limits
from ocean_core.errors import Message
from ocean_core.units import canonical_units, is_known_unit, unit_conversion
from ocean_metadata.catalogue.model import Note
from ocean_metadata.index.agreement import convert_units
from ocean_metadata.index.model import VariableHeader, VariableSpec

Conversion = tuple[float, float]  # factor and offset

_SAME = (1.0, 0.0)


class UnitChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Unit of a variable, and what its files need for it."""

    label: str  # as people read it
    stored: str  # unit of the values after `conversions`
    conversions: dict[int, Conversion]  # by number of the file; none for files in this unit
    without: list[int]  # files that give no unit


def choose_units(spec: VariableSpec, variables: Mapping[int, VariableHeader]) -> UnitChoice | Message:
    """Choose the unit of a variable in files (number → declaration), or return why it cannot be had.

    It is the configured one if values are to be converted to it; else a unit of the files, best the configured one.
    """
    given = dict.fromkeys(units for variable in variables.values() if (units := variable.text("units")))
    stored = next(iter(given), "")
    if spec.units:
        stored = next((units for units in given if unit_conversion(units, spec.units) == _SAME), stored)
    if spec.convert and spec.units:
        stored = spec.units
    conversions = {}
    for number, variable in variables.items():
        conversion = convert_units(variable, stored)
        if conversion is None:
            return Message(
                "its units cannot be converted from {units} to {target}", units=variable.text("units"), target=stored
            )
        if conversion != _SAME:
            conversions[number] = conversion
    return UnitChoice(
        label=spec.units or canonical_units(stored),
        stored=stored,
        conversions=conversions,
        without=[number for number, variable in variables.items() if given and not variable.text("units")],
    )


def convert_limits(limits: Limits, conversion: Conversion | None) -> Limits:
    """Convert colour limits to another unit."""
    if conversion is None:
        return limits
    factor, offset = conversion
    low, high = sorted(limit * factor + offset for limit in limits)
    return low, high


def note_units(spec: VariableSpec, header: VariableHeader, choice: UnitChoice, files: Mapping[int, str]) -> list[Note]:
    """Note conversions, files without units, and a configured unit that is not that of the values."""
    notes = []
    if choice.conversions:
        text = Message(
            "its values are converted to {units} in {files}",
            units=canonical_units(choice.stored),
            files=_list_names(choice.conversions, files),
        )
        notes.append(Note(spec.key, "converted", text))
    if choice.without:
        text = Message(
            "{files} give no units: {units} are assumed", files=_list_names(choice.without, files), units=choice.label
        )
        notes.append(Note(spec.key, "guessed", text))
    if spec.units and choice.stored and _contradict(header, choice.stored, spec.units):
        text = Message(
            "its unit in the configuration is {units}, in the files {stored}: the values are those of the files",
            units=spec.units,
            stored=choice.stored,
        )
        advice = Message("write the unit of the files, or {setting} to convert the values", setting='"convert": true')
        notes.append(Note(spec.key, "guessed", text, advice))
    return notes


def _contradict(header: VariableHeader, stored: str, configured: str) -> bool:
    """Return True if two units are known and differ."""
    stored_header = msgspec.structs.replace(header, attributes={**header.attributes, "units": stored})
    conversion = convert_units(stored_header, configured)
    if conversion is None:
        return is_known_unit(stored) and is_known_unit(configured)
    return conversion != _SAME


def note_packing(header: VariableHeader) -> list[Note]:
    """Note numbers that are written as text."""
    return [
        Note(header.name, "guessed", Message("its {attribute} is the text {value}: it is read as a number", **texts))
        for attribute in ("scale_factor", "add_offset")
        if (texts := {"attribute": attribute, "value": header.text(attribute)})["value"]
    ]


def _list_names(numbers: Sequence[int] | Mapping[int, Conversion], files: Mapping[int, str]) -> str:
    """Return the names of a few files."""
    names = [files[number] for number in numbers]
    return ", ".join(names if len(names) <= 3 else [names[0], "…", names[-1]])
