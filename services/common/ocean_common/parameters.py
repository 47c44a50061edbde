"""Parameters that all services read the same way, and the refusal of those that a route does not read."""

import difflib
from functools import cache
from typing import Annotated, Any

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from ocean_core.errors import InvalidRequest, TileNotFound
from ocean_core.tiles import MAX_ZOOM

DatasetId = Annotated[
    str,
    PathParameter(
        description="Id of a dataset, as listed by `/api/v2.0/datasets`. Case matters.",
        examples=[Example(summary="the Arctic model of the sample data", value="giops_day")],
    ),
]
VariableKey = Annotated[
    str,
    PathParameter(
        description="Key of a variable, as listed by `/api/v2.0/dataset/{dataset}/variables`.",
        examples=[Example(summary="sea water potential temperature", value="votemper")],
    ),
]
Zoom = Annotated[int, PathParameter(description=f"Zoom level, 0 to {MAX_ZOOM}.", examples=[Example(value=4)])]
TileColumn = Annotated[int, PathParameter(description="From the left, 0 to 2^zoom - 1.", examples=[Example(value=8)])]
TileRow = Annotated[int, PathParameter(description="From the top, 0 to 2^zoom - 1.", examples=[Example(value=3)])]


def check_tile(zoom: int, x: int, y: int, *, bounded: bool = True) -> None:
    """Refuse a tile that its projection does not have.

    Parameters
    ----------
    zoom, x, y : int
        From the upper left.
    bounded : bool
        Whether the map ends at its square; maps also ask for what lies beside the square of a polar view.

    Raises
    ------
    TileNotFound
        With the range that there is.
    """
    if not 0 <= zoom <= MAX_ZOOM:
        raise TileNotFound(
            "there is no zoom {zoom}; zooms go from 0 to {limit}", zoom=zoom, limit=MAX_ZOOM, field="zoom"
        )
    last = (1 << zoom) - 1
    for name, value in (("x", x), ("y", y)):
        if bounded and not 0 <= value <= last:
            raise TileNotFound(
                "at zoom {zoom}, {name} goes from 0 to {last}: {value} is outside",
                zoom=zoom,
                name=name,
                last=last,
                value=value,
                field=name,
            )


EVERYWHERE = {"rev", "lang"}  # read by `caching.Freshness` and `language.Multilingual`


async def known_only(request: Request[Any, Any, Any]) -> None:
    """Litestar's ``before_request`` of a route whose parameters are all its own: not of those that old clients know."""
    known = _read_by(request.route_handler)
    for name in request.query_params:
        if name not in known | EVERYWHERE:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean {near[0]}" if near else f"there are {', '.join(sorted(known))}"
            raise InvalidRequest(
                "there is no parameter {name!r}; {suggestion}",
                name=name[:40],
                suggestion=meant,
                field=name[:40],
                allowed=sorted(known),
            )
        if len(request.query_params.getall(name)) > 1:
            raise InvalidRequest("{name} is given more than once; give it once", name=name, field=name)


@cache
def _read_by(handler: BaseRouteHandler) -> frozenset[str]:
    """The query parameters of a handler, and of what it depends on."""
    providers = handler.resolve_dependencies()
    found: set[str] = set()
    seen, ahead = set[str](), [handler.parsed_fn_signature]
    while ahead:
        for name, one in ahead.pop().parameters.items():
            if isinstance(one.kwarg_definition, QueryParameter):
                found.add(one.kwarg_definition.name or name)
            elif name in providers and name not in seen:
                seen.add(name)
                ahead.append(providers[name].parsed_fn_signature)
    return frozenset(found)
