"""Parameters of several routes."""

from collections.abc import Sequence
from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from ocean_common.errors import InvalidRequest

Variables = Annotated[
    str,
    PathParameter(
        description="Key of a variable; two keys with a comma: the magnitude of the vector.",
        examples=[Example(summary="sea water potential temperature", value="votemper")],
    ),
]
Colormap = Annotated[
    str | None,
    QueryParameter(
        description="Id of a colormap, as listed by `/api/v2.0/plot/colormaps`. Left out: by what the variable is.",
        examples=[Example(value="thermal")],
    ),
]
Revision = Annotated[
    str | None,
    QueryParameter(
        name="rev", description="Revision of the dataset: an address that names it may be kept by browsers for ever."
    ),
]


def one_of(given: str, allowed: Sequence[str], field: str) -> str:
    """Refuse a word that is not in a list, and show the list."""
    if given not in allowed:
        raise InvalidRequest(f"{field} is {given[:40]!r}; it can be {', '.join(allowed)}", field=field, allowed=allowed)
    return given
