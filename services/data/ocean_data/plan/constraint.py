"""Constraint expressions of OPeNDAP (DAP 2.0, section 6.1.1): which variables are wanted, and which parts of them."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

from ocean_core.errors import InvalidRequest
from ocean_data.reading.aggregation import JoinedVariable, Ranges

FIELD = "constraint"
MOST_LENGTH = 20_000  # characters of an expression
_SLICE = re.compile(r"\[(\d{1,18})(?::(\d{1,18}))?(?::(\d{1,18}))?\]")
_PROJECTION = re.compile(rf"([^\[\]]+)((?:{_SLICE.pattern})*)")
# What may stand in a name; everything else is percent-encoded.
SAFE = "!~*'-\"_."


class Projection(NamedTuple):
    """Part of a variable."""

    variable: JoinedVariable
    ranges: Ranges


def encode_name(name: str) -> str:
    """Encode a name as identifiers of the protocol are."""
    return quote(name, safe=SAFE)


def parse_constraint(query: str, variables: Mapping[str, JoinedVariable]) -> list[Projection]:
    """Return what an expression asks for, in the order of ``variables``: everything, if it is empty.

    Clients read the answer in the order of the whole description, whatever the order of their request.
    """
    if len(query) > MOST_LENGTH:
        raise InvalidRequest("the constraint has more than {most} characters", most=MOST_LENGTH, field=FIELD)
    text = unquote(query)
    if not text:
        return [Projection(item, tuple(range(size) for size in item.shape)) for item in variables.values()]
    projections, _, selection = text.partition("&")
    if selection:
        raise InvalidRequest(
            "selections ({selection!r}) are for sequences; give index ranges of arrays: temperature[0][0:2:10]",
            selection="&" + selection[:40],
            field=FIELD,
        )
    by_name = {encoded: item for name, item in variables.items() for encoded in (name, encode_name(name))}
    wanted: dict[str, Ranges] = {}
    for projection in projections.split(","):
        variable, ranges = _parse_projection(projection.strip(), by_name)
        if wanted.setdefault(variable.name, ranges) != ranges:
            raise InvalidRequest("{name} is asked for twice, in two parts", name=variable.name, field=FIELD)
    return [Projection(item, wanted[name]) for name, item in variables.items() if name in wanted]


def _parse_projection(text: str, variables: Mapping[str, JoinedVariable]) -> Projection:
    match = _PROJECTION.fullmatch(text)
    if match is None:
        raise InvalidRequest(
            "{text!r} is no variable with index ranges, such as temperature[0][0:2:10]",
            text=text[:60],
            field=FIELD,
        )
    name = match[1]
    variable = variables.get(name)
    if variable is None and "." in name:  # of a grid, the array of the same name
        group, _, member = name.partition(".")
        variable = variables.get(group) if member == group else None
    if variable is None:
        raise InvalidRequest(
            "there is no variable {name!r}; there are {names}",
            name=name[:60],
            names=", ".join(list(variables)[:100]),
            field=FIELD,
            allowed=list(variables)[:100],
        )
    whole = tuple(range(size) for size in variable.shape)
    slices, shape = _SLICE.findall(match[2]), variable.shape_of_elements
    if not slices:
        return Projection(variable, whole)
    if len(slices) != len(shape):
        raise InvalidRequest(
            "{name} has {count} dimensions, and the constraint has index ranges for {given}",
            name=variable.name,
            count=len(shape),
            given=len(slices),
            field=FIELD,
        )
    sizes = zip(slices, variable.dimensions, shape, strict=False)
    ranges = tuple(_parse_slice(parts, name, size) for parts, name, size in sizes)
    return Projection(variable, ranges + whole[len(ranges) :])


def _parse_slice(parts: tuple[str, str, str], dimension: str, size: int) -> range:
    """Return the indices of ``[index]``, ``[first:last]`` or ``[first:step:last]``, the last one included."""
    numbers = [int(part) for part in parts if part]
    first, last = numbers[0], numbers[-1]
    step = numbers[1] if len(numbers) == 3 else 1
    if not 0 <= first <= last < size or step < 1:
        raise InvalidRequest(
            "[{text}] is no part of {dimension}, whose indices go from 0 to {last}",
            text=":".join(part for part in parts if part),
            dimension=dimension,
            last=size - 1,
            field=FIELD,
        )
    return range(first, last + 1, step)
