"""Parameters of several routes."""

from typing import Annotated

from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

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
