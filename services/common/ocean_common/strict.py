"""Refuses query parameters that a route does not read: one that is misspelt would change the answer unseen."""

import difflib
from functools import cache
from typing import Any

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.params import QueryParameter

from ocean_common.errors import InvalidRequest

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
