"""Parameters that all services read the same way, and the refusal of those that a route does not read."""

import difflib
from collections.abc import Collection
from functools import cache, lru_cache
from typing import Annotated, Any, TypeVar

from litestar import Request
from litestar.handlers import BaseRouteHandler
from litestar.openapi.spec import Example
from litestar.params import PathParameter, QueryParameter

from ocean_core.errors import InvalidRequest, Message, OceanError, TileNotFound
from ocean_core.tiles import MAX_ZOOM

T = TypeVar("T", bound=str)
_NO_CHOICE = Message("{name} is {value!r}; it can be {choices}")


def path_parameter(description: str, *examples: object, **options: Any) -> PathParameter:
    """Describe a path parameter; an example is a value, or a pair of its summary and its value."""
    return PathParameter(description=description, examples=_list_examples(examples), **options)


def query_parameter(description: str, *examples: object, **options: Any) -> QueryParameter:
    """Describe a query parameter; an example is a value, or a pair of its summary and its value."""
    return QueryParameter(description=description, examples=_list_examples(examples), **options)


def _list_examples(examples: tuple[object, ...]) -> list[Example] | None:
    pairs = [example if isinstance(example, tuple) else (None, example) for example in examples]
    return [Example(summary=summary, value=value) for summary, value in pairs] or None


DatasetId = Annotated[
    str,
    path_parameter(
        "Id of a dataset, as listed by `/api/v2.0/datasets`. Case matters.",
        ("the Arctic model of the sample data", "arctic_day"),
    ),
]
VariableKey = Annotated[
    str,
    path_parameter(
        "Key of a variable, as listed by `/api/v2.0/dataset/{dataset}/variables`.",
        ("sea water potential temperature", "votemper"),
    ),
]
Zoom = Annotated[int, path_parameter(f"Zoom level, 0 to {MAX_ZOOM}.", 4)]
TileColumn = Annotated[int, path_parameter("From the left, 0 to 2^zoom - 1.", 8)]
TileRow = Annotated[int, path_parameter("From the top, 0 to 2^zoom - 1.", 3)]


def parse_choice(
    text: str,
    choices: Collection[T],
    field: str,
    refusal: Message = _NO_CHOICE,
    error: type[OceanError] = InvalidRequest,
) -> T:
    """Return the choice that a text is, or raise an error with the template of ``refusal``."""
    for choice in choices:
        if text == choice:
            return choice
    raise error(refusal.template, name=field, value=text[:40], choices=", ".join(choices), field=field, allowed=choices)


def check_tile(zoom: int, x: int, y: int, *, bounded: bool = True) -> None:
    """Refuse a tile that its projection does not have, with the range that there is.

    Maps also ask for what lies beside the square of a polar view: it is not ``bounded``.
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


EVERYWHERE = {"rev", "lang", "bom"}  # read by `ocean_common.http`


async def refuse_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """Refuse query parameters that a route does not read: one that is misspelt would change the answer unseen.

    It is Litestar's ``before_request`` of a route, but not of those that old clients know.
    """
    parameters = _list_parameters(request.route_handler)
    for name in request.query_params:
        if name not in parameters | EVERYWHERE:
            suggestion = Message("there are {names}", names=", ".join(sorted(parameters)))
            if near := difflib.get_close_matches(name, parameters, n=1):
                suggestion = Message("did you mean {name}", name=near[0])
            raise InvalidRequest(
                "there is no parameter {name!r}; {suggestion}",
                name=name[:40],
                suggestion=suggestion,
                field=name[:40],
                allowed=sorted(parameters),
            )
        if len(request.query_params.getall(name)) > 1:
            raise InvalidRequest("{name} is given more than once; give it once", name=name, field=name)


@lru_cache  # browsers send the same header with every tile
def parse_qualities(header: str) -> dict[str, float]:
    """Return the quality, 0 to 1, of each range of an Accept or Accept-Language header (RFC 9110 §12.4.2)."""
    qualities = {}
    for item in header.lower().split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            qualities[name] = min(1.0, max(0.0, float(quality)))
        except ValueError:
            qualities[name] = 0.0
    return qualities


@cache
def _list_parameters(handler: BaseRouteHandler) -> frozenset[str]:
    """Return the query parameters of a handler, and of its dependencies."""
    providers = handler.resolve_dependencies()
    parameters, visited = set[str](), set[str]()
    signatures = [handler.parsed_fn_signature]
    while signatures:
        for name, parameter in signatures.pop().parameters.items():
            if isinstance(parameter.kwarg_definition, QueryParameter):
                parameters.add(parameter.kwarg_definition.name or name)
            elif name in providers and name not in visited:
                visited.add(name)
                signatures.append(providers[name].parsed_fn_signature)
    return frozenset(parameters)
