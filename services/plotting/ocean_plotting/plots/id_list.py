"""Things that a query names by numbers: as numbers, or as their digits after a change in a select box."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from ocean_common.errors import InvalidRequest

Number = int | str
Numbers = Annotated[
    list[Number] | Number, msgspec.Meta(description="a number or its digits, or a list of them; texts with commas too")
]


def number(given: Number, field: str) -> int:
    """Read a number.

    Raises
    ------
    InvalidRequest
        It is none, or below zero.
    """
    text = str(given).strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidRequest("{name} is {text!r}; it is a whole number from 0", name=field, text=text[:40], field=field)
    return int(text)


def numbers(given: Numbers, field: str) -> list[int]:
    """Read several, each once."""
    if isinstance(given, list):
        return list(dict.fromkeys(number(one, f"{field}[{place}]") for place, one in enumerate(given)))
    return list(dict.fromkeys(number(one, field) for one in str(given).split(",") if one.strip()))


def chosen(given: Numbers, names: Sequence[str], field: str) -> list[int]:
    """Read which of some quantities are meant.

    Raises
    ------
    InvalidRequest
        There is none of this number.
    """
    found = numbers(given, field)
    for one in found:
        if one >= len(names):
            raise InvalidRequest(
                "{name} has {name2}; what was measured is {value}, counted from 0",
                name=field,
                name2=one,
                value=", ".join(names) or "nothing",
                field=field,
                allowed=[str(place) for place in range(len(names))],
            )
    return found
