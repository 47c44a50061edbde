"""OpenAPI document and docs pages of a service, from files that are installed with it, not from another host."""

from importlib.resources import files
from pathlib import Path

from litestar import Router
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, RedocRenderPlugin, SwaggerRenderPlugin
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Server, Tag
from litestar.static_files import create_static_files_router

ASSETS = Path(str(files("drf_spectacular_sidecar"))) / "static" / "drf_spectacular_sidecar"
REPOSITORY_LICENCE = License(name="MIT", identifier="MIT")


OPERATORS = "operators"  # the security scheme of what only they may do


def openapi(name: str, title: str, version: str, description: str, tags: list[Tag]) -> OpenAPIConfig:
    """Configure `/{name}/openapi.json`, and Swagger UI and ReDoc under `/{name}/docs`."""
    assets = f"/{name}/docs/assets"
    icon = f"<link rel='icon' type='image/png' href='{assets}/swagger-ui-dist/favicon-32x32.png'>"
    return OpenAPIConfig(
        title=title,
        version=version,
        description=description,
        contact=Contact(name="Ocean Navigator"),
        license=REPOSITORY_LICENCE,
        servers=[Server(url="/")],
        tags=tags,
        path=f"/{name}",
        components=Components(security_schemes={OPERATORS: SecurityScheme(type="http", scheme="bearer")}),
        render_plugins=[
            JsonRenderPlugin(path="/openapi.json"),
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


def assets_router(name: str) -> Router:
    """Return the route of the scripts and styles of the docs pages."""
    return create_static_files_router(
        path=f"/{name}/docs/assets", directories=[ASSETS], include_in_schema=False, name=f"{name}-docs-assets"
    )
