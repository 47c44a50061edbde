"""Words in questions that have a list of what they can be."""

from collections.abc import Sequence

from ocean_common.errors import InvalidRequest


def one_of(given: str, allowed: Sequence[str], field: str) -> str:
    """Refuse a word that is not in a list, and show the list."""
    if given not in allowed:
        raise InvalidRequest(
            "{name} is {value!r}; it can be {choices}",
            name=field,
            value=given[:40],
            choices=", ".join(allowed),
            field=field,
            allowed=allowed,
        )
    return given


def one_or_two(variable: str) -> list[str]:
    """Read the key of a variable, or the two of a vector's components.

    Raises
    ------
    InvalidRequest
        There are more, or one is empty.
    """
    keys = variable.split(",")
    if len(keys) > 2 or not all(key.strip() for key in keys):
        raise InvalidRequest(
            "variable is {variable!r}; it is one key, or two of a vector: u,v", variable=variable[:60], field="variable"
        )
    return keys
