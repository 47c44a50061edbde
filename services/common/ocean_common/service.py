"""The app of a service, its health routes, and the server that runs it: what makes several services one family."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import uvicorn
from litestar import Litestar, Response, Router, get
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import RedocRenderPlugin, SwaggerRenderPlugin
from litestar.openapi.spec import Components, Contact, License, OpenAPIType, Schema, SecurityScheme, Server, Tag
from litestar.plugins import OpenAPISchemaPlugin
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, ControllerRouterHandler
from prometheus_client import generate_latest

from ocean_common import problems
from ocean_common.answers import AnswerCache
from ocean_common.contracts.common import Health, Status
from ocean_common.http import ClientDisconnected, HttpSemantics, NotModified, answer_without_body
from ocean_common.i18n import provide_translator
from ocean_common.openapi import SimpleJsonPlugin, StructDescriptions
from ocean_common.settings import SettingsT, load_or_exit
from ocean_common.telemetry import Metrics, Telemetry, configure_logs

ASSETS = Path(str(files("drf_spectacular_sidecar"))) / "static" / "drf_spectacular_sidecar"
OPERATORS = "operators"  # the security scheme of what only they may do
PROMETHEUS = "text/plain; version=0.0.4"  # Litestar adds the charset


class Readiness(NamedTuple):
    """Checks of a service: reasons why it cannot work, and why it is degraded."""

    unready: Callable[[], Awaitable[list[str]]] | None = None
    degraded: Callable[[], Awaitable[list[str]]] | None = None


def health_router(service: str, version: str, readiness: Readiness, metrics: Metrics) -> Router:
    """Return the routes for operators and load balancers."""

    @get("/health/live")
    async def live() -> Health:
        """The process answers."""
        return Health(status="live", service=service, version=version)

    @get("/health/ready")
    async def ready() -> Response[Health]:
        """The service can do its own job."""
        unready, degraded = [await check() if check else [] for check in readiness]
        status: Status = "unready" if unready else "degraded" if degraded else "ready"
        health = Health(status=status, service=service, version=version, reasons=unready + degraded)
        return Response(health, status_code=503 if unready else 200)

    @get("/metrics")
    async def measured() -> Response[bytes]:
        """Return the metrics for Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=PROMETHEUS)

    return Router("/", route_handlers=[live, ready, measured], include_in_schema=False)


class BinarySchema(OpenAPISchemaPlugin):
    """Bytes of answers have no type in the documents (OpenAPI 3.1, 4.8.14.3): they are no JSON string."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return value is bytes

    def to_openapi_schema(self, field_definition: Any, schema_creator: Any) -> Schema:  # noqa: ARG002  the framework's
        return Schema()


def body_schema(media_type: str, description: str | None = None) -> Schema:
    """Return the schema of a body: a string for text, no type for bytes."""
    if media_type.startswith("text/") or media_type.endswith(("json", "xml")):
        return Schema(type=OpenAPIType.STRING, description=description)
    return Schema(content_media_type=media_type, description=description)


def _name_operation(handler: HTTPRouteHandler, *_: object) -> str:
    """Return the operation id of a handler that states none: its name, as getTimeSeries."""
    first, *others = handler.handler_name.split("_")
    return first + "".join(word.capitalize() for word in others)


def openapi(name: str, title: str, version: str, description: str, tags: list[Tag]) -> OpenAPIConfig:
    """Configure `/{name}/openapi.json`, and Swagger UI and ReDoc under `/{name}/docs`."""
    assets = f"/{name}/docs/assets"
    icon = f"<link rel='icon' type='image/png' href='{assets}/swagger-ui-dist/favicon-32x32.png'>"
    return OpenAPIConfig(
        title=title,
        operation_id_creator=_name_operation,
        use_handler_docstrings=True,
        version=version,
        description=description,
        contact=Contact(name="Ocean Navigator"),
        license=License(name="MIT", identifier="MIT"),
        servers=[Server(url="/")],
        tags=tags,
        path=f"/{name}",
        components=Components(security_schemes={OPERATORS: SecurityScheme(type="http", scheme="bearer")}),
        render_plugins=[
            SimpleJsonPlugin(path="/openapi.json"),
            SwaggerRenderPlugin(
                path=["/docs", "/docs/swagger"],
                js_url=f"{assets}/swagger-ui-dist/swagger-ui-bundle.js",
                css_url=f"{assets}/swagger-ui-dist/swagger-ui.css",
                standalone_preset_js_url=f"{assets}/swagger-ui-dist/swagger-ui-standalone-preset.js",
                favicon=icon,
            ),
            RedocRenderPlugin(
                path="/docs/redoc",
                js_url=f"{assets}/redoc/bundles/redoc.standalone.js",
                google_fonts=False,
                favicon=icon,
            ),
        ],
    )


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
    texts: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
) -> Litestar:
    """Make the app of one service.

    ``api``: the public handlers, under `/api/v2.0`. ``internal``: those for neighbours, under `/internal`, which no
    gateway router matches. ``pages``: handlers elsewhere, with their whole paths. ``layers``: what sees a request
    before the router does. ``dependencies``: what handlers ask for by name, ready made. ``lifespan``: what lives as
    long as the app. ``texts``: packages whose texts have catalogues in other languages (none: English alone).
    ``headers``: those of every response, errors included.
    """
    metrics = Metrics(name)
    app = Litestar(
        route_handlers=[
            Router(API, route_handlers=list(api)),
            Router("/internal", route_handlers=list(internal), include_in_schema=False),
            health_router(name, version, readiness or Readiness(), metrics),
            create_static_files_router(f"/{name}/docs/assets", [ASSETS], name="docs-assets", include_in_schema=False),
            *pages,
        ],
        dependencies={
            "translate": Provide(provide_translator),
            **{key: _provide(value) for key, value in (dependencies or {}).items()},
        },
        exception_handlers={
            **problems.HANDLERS,
            **dict.fromkeys((NotModified, ClientDisconnected), answer_without_body),
        },
        openapi_config=openapi(name, title, version, description, list(tags)),
        lifespan=list(lifespan),
        plugins=[BinarySchema(), StructDescriptions()],
        logging_config=None,  # `telemetry.configure_logs`, once a process
    )
    handler = app.asgi_handler
    for layer in layers:
        handler = layer(handler)
    # Around the router, so that what it refuses is counted and answers HEAD as well.
    app.asgi_handler = Telemetry(AnswerCache(HttpSemantics(handler, texts)), metrics, headers or {})
    return app


def _provide(value: object) -> Provide:
    def give() -> Any:
        return value

    return Provide(give, use_cache=True, sync_to_thread=False)  # called once, not for each request


NOT_STARTED = 3  # the exit code, as that of uvicorn's own command
GRACE = 5  # s for requests under way when the service is told to stop


class _Server(uvicorn.Server):
    """Server that tells the app when it stops, so that endless responses end."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._litestar = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._litestar.state["stopping"] = True
        super().handle_exit(sig, frame)


def serve(kind: type[SettingsT], build: Callable[[SettingsT], Litestar]) -> None:
    """Read the settings, build the app and serve it until a signal ends it."""
    settings = load_or_exit(kind)
    configure_logs(settings.log_level, settings.log_format)
    app = build(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        uds=settings.socket,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
    )
    server = _Server(config, app)
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        if settings.socket:
            Path(settings.socket).unlink(missing_ok=True)
    if not server.started:
        sys.exit(NOT_STARTED)
