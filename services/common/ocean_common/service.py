"""Builds an app: what makes three services one family."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi.spec import Tag
from litestar.types import ASGIApp, ControllerRouterHandler

from ocean_common import problems
from ocean_common.caching import NotModified, answer_not_modified
from ocean_common.docs import assets_router, openapi
from ocean_common.health import Readiness, health_router
from ocean_common.http import HttpSemantics
from ocean_common.language import Multilingual, provide_translator
from ocean_common.telemetry import Metrics, Telemetry

API = "/api/v2.0"

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def create_service(
    *,
    name: str,
    title: str,
    version: str,
    description: str,
    tags: Sequence[Tag],
    api: Sequence[ControllerRouterHandler],
    internal: Sequence[ControllerRouterHandler] = (),
    pages: Sequence[ControllerRouterHandler] = (),
    layers: Sequence[Callable[[ASGIApp], ASGIApp]] = (),
    dependencies: Mapping[str, object] | None = None,
    readiness: Readiness | None = None,
    lifespan: Sequence[Lifespan] = (),
    metrics: Metrics | None = None,
    texts: Sequence[str] = (),
) -> Litestar:
    """Make the app of one service.

    ``api``: the public handlers, under `/api/v2.0`. ``internal``: those for neighbours, under `/internal`, which no
    gateway router matches. ``pages``: handlers elsewhere, with their whole paths. ``layers``: what sees a request
    before the router does. ``dependencies``: what handlers ask for by name, ready made. ``readiness``: how the service
    finds out whether it can work. ``lifespan``: what lives as long as the app. ``texts``: packages whose texts have
    catalogues in other languages (none: English alone); a handler translates them with
    ``translate: NamedDependency[Translator]``.
    """
    metrics = metrics or Metrics(name)
    app = Litestar(
        route_handlers=[
            Router(API, route_handlers=list(api)),
            Router("/internal", route_handlers=list(internal), include_in_schema=False),
            health_router(name, version, readiness or Readiness(), metrics),
            assets_router(name),
            *pages,
        ],
        dependencies={
            "translate": Provide(provide_translator),
            **{key: Provide(_giver(value), sync_to_thread=False) for key, value in (dependencies or {}).items()},
        },
        exception_handlers={**problems.HANDLERS, NotModified: answer_not_modified},
        openapi_config=openapi(name, title, version, description, list(tags)),
        lifespan=list(lifespan),
        logging_config=None,  # `telemetry.configure_logs`, once a process
    )
    handler = app.asgi_handler
    for layer in layers:
        handler = layer(handler)
    # Around the router, so that what it refuses is counted and answers HEAD as well.
    app.asgi_handler = Telemetry(Multilingual(HttpSemantics(handler), texts), metrics)
    return app


def _giver(value: object) -> Callable[[], Any]:
    def give() -> Any:
        return value

    return give
