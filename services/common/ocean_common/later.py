"""Addresses of the v2.0 API that this version does not serve yet: they say so, instead of "nothing here"."""

from collections.abc import Mapping

from litestar import get
from litestar.handlers import HTTPRouteHandler

from ocean_common.errors import NotFound


def not_yet(promised: Mapping[str, str]) -> list[HTTPRouteHandler]:
    """Handlers, outside the OpenAPI document, that answer 404: ``promised`` says what comes at which address.

    A path that ends in `/...` stands for all that begin with it.
    """
    return [_handler(path, what) for path, what in promised.items()]


def _handler(path: str, what: str) -> HTTPRouteHandler:
    stem = path.removesuffix("/...")
    paths = [stem] if stem == path else [stem, f"{stem}/{{rest:path}}"]

    @get(paths, include_in_schema=False, name=f"later:{path}")
    async def later() -> None:
        raise NotFound("{subject} come with a later version; /docs shows what there is now", subject=what)

    return later
