"""The parameters of the routes of maps, as the OpenAPI document shows them."""

from collections.abc import Sequence
from typing import Annotated, TypeVar, get_args

from litestar.openapi.spec import Example
from litestar.params import PathParameter

from ocean_common.errors import InvalidRequest
from ocean_core.tiles import Projection

T = TypeVar("T", bound=str)

PLANES: tuple[Projection, ...] = get_args(Projection)

Variables = Annotated[
    str,
    PathParameter(
        description="Key of a variable; two keys with a comma: the magnitude of the vector.",
        examples=[Example(summary="sea water potential temperature", value="votemper")],
    ),
]
Depth = Annotated[
    str,
    PathParameter(
        description="Index of a depth level (0 is the first), or `bottom`: the deepest wet cell.",
        examples=[Example(summary="the first level", value="0")],
    ),
]
Time = Annotated[
    str,
    PathParameter(
        description="Raw integer of a time step as listed by `timestamps`, ISO 8601, or -1: the last.",
        examples=[Example(summary="the last", value="-1")],
    ),
]


def one_of(given: str, allowed: Sequence[T], field: str) -> T:
    """Refuse a word that is not in a list, and show the list."""
    for one in allowed:
        if given == one:
            return one
    raise InvalidRequest(
        "{name} {value!r} is none of {choices}",
        name=field,
        value=given[:40],
        choices=", ".join(allowed),
        field=field,
        allowed=allowed,
    )
