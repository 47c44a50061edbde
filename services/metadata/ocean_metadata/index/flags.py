"""Flags of a variable (CF 3.5): the categories that its numbers stand for, or why they name none."""

import re
from typing import Any, NamedTuple

import numpy as np
from msgspec.structs import replace

from ocean_common.contracts.assets import FLAG_NAMES
from ocean_core.errors import Message
from ocean_core.packing import Packing, read_numbers
from ocean_metadata.catalogue.model import Note
from ocean_metadata.index.model import VariableHeader, VariableSpec

FLAG_ATTRIBUTES = ("flag_values", "flag_masks", "flag_meanings")
_SEPARATORS = (r"\s*,\s*", r"\s*;\s*", r"[\s,;]+")
_EXACT = 2.0**53  # integers beyond are no float64


class Flags(NamedTuple):
    """Flags as their attributes tell them; values are those that the variable is served with."""

    values: tuple[float, ...]
    masks: tuple[float, ...]  # bits
    meanings: tuple[str, ...]

    @property
    def has_categories(self) -> bool:
        """Return True for one meaning of each value."""
        return not self.masks and len(set(self.values)) == len(self.values) == len(self.meanings) > 0


def read_flags(variable: VariableHeader) -> Flags | None:
    """Read the flags of a variable; None if it has none."""
    if not variable.numeric or not any(name in variable.attributes for name in FLAG_ATTRIBUTES):
        return None
    values = _read_values(variable)
    masks = tuple(read_numbers(variable.attributes.get("flag_masks")))
    meanings = _split_meanings(variable.attributes.get("flag_meanings"), len(values or masks))
    if len(values) == len(meanings) and not masks:  # a value may be that of cells without one
        pairs = [pair for pair in zip(values, meanings, strict=True) if np.isfinite(pair[0])]
        values, meanings = (tuple(part) for part in zip(*sorted(pairs), strict=True)) if pairs else ((), ())
    return Flags(values, masks, meanings)


def _read_values(variable: VariableHeader) -> tuple[float, ...]:
    """Read the values of flags: CF gives them as they are stored, packed; others than integers are unpacked."""
    attribute, dtype = variable.attributes.get("flag_values"), np.dtype(variable.dtype)
    numbers, packing = read_numbers(attribute), Packing.from_attributes(variable.attributes, dtype)
    is_integer = all(number.is_integer() and abs(number) < _EXACT for number in numbers)
    if dtype.kind == "f" or np.asarray(attribute).dtype.kind == "f" or not is_integer:
        return tuple(numbers)
    stored = np.array(numbers, np.int64).astype(dtype)  # 255 in a signed byte is -1
    # Scale and offset leave 0.30000000000000004.
    return tuple(float(f"{value:.12g}") for value in packing.unpack(stored, np.float64).tolist())


def _split_meanings(value: Any, count: int) -> tuple[str, ...]:
    """Split meanings at commas or semicolons if that gives as many as there are numbers, else at blanks as well."""
    if isinstance(value, list):
        return tuple(map(str, value))
    text = value.strip(" ,;\n\t") if isinstance(value, str) else ""
    parts = [re.split(separator, text) for separator in _SEPARATORS]
    fitting = next((words for words in parts[:-1] if len(words) == count > 1), parts[-1])
    return tuple(filter(None, fitting))


def add_flags(spec: VariableSpec, variable: VariableHeader) -> tuple[VariableSpec, list[Note]]:
    """Add the categories that the flags of a file name, or flags that name none, to the description of a variable."""
    flags = read_flags(variable)
    if spec.categories:
        is_numbered = flags is not None and not flags.masks and len(flags.values) == len(spec.categories)
        return (replace(spec, category_values=sorted(flags.values)) if flags and is_numbered else spec), []
    if flags is None:
        return spec, [_note_flag_name(spec)] if variable.text("standard_name").endswith(FLAG_NAMES) else []
    if flags.has_categories:
        low, high = flags.values[0], flags.values[-1]
        return replace(
            spec,
            categories=[meaning.replace("_", " ") for meaning in flags.meanings],
            category_values=list(flags.values),
            scale=spec.scale or ((low, high) if low < high else (low - 0.5, high + 0.5)),
        ), []
    attributes = {name: variable.attributes[name] for name in FLAG_ATTRIBUTES if name in variable.attributes}
    return replace(spec, flags=attributes), [_note_flags(spec, flags)]


def _note_flags(spec: VariableSpec, flags: Flags) -> Note:
    if flags.masks:
        text = Message("it is a bit field (flag_masks): its numbers are neither averaged nor interpolated")
        return Note(spec.key, "guessed", text)
    numbers = {"count": len(flags.values), "meaning_count": len(flags.meanings)}
    text = Message("its flag_values name a number twice: its categories are not known")
    if len(flags.values) != len(flags.meanings):
        text = Message(
            "its {count} flag_values have {meaning_count} flag_meanings: its categories are not known", **numbers
        )
    return Note(spec.key, "left out", text, _ADVICE)


def _note_flag_name(spec: VariableSpec) -> Note:
    text = Message(
        "its standard name is that of flags, and nothing tells their meanings: its numbers are neither averaged nor "
        "interpolated"
    )
    return Note(spec.key, "guessed", text, _ADVICE)


_ADVICE = Message(
    "write flag_values and as many flag_meanings into the file, or {setting} into the configuration",
    setting='"data_categories": ["…", "…"]',
)
