"""Documentation hub and the merged OpenAPI document, made from the documents and the health of the services."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from typing import Any, TypeAlias

import httpx
import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import MediaType, get
from litestar.di import NamedDependency
from litestar.response import Redirect

from ocean_common.contracts.common import Health
from ocean_common.service import API
from ocean_common.settings import split_addresses
from ocean_gateway import __version__

CACHE_TIME = 2.0  # s: a documentation page and its document are requested together
METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
SUMMARIES = {
    "metadata": "Which data exist: datasets, variables, depths and time steps.",
    "data": "Numbers: values at points, over depth and time, along lines, over areas.",
    "plotting": "Pictures: plots, map tiles, colour scales.",
}
_DESCRIPTION = (
    "Ocean model data as datasets, numbers and pictures: the documents of metadata, data and plotting, merged."
)
_PAGES = Environment(
    loader=PackageLoader(__package__, "pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


Document: TypeAlias = dict[str, Any]  # an OpenAPI document as parsed JSON


class ServiceState(msgspec.Struct, frozen=True, kw_only=True):
    """State of one service."""

    name: str
    document: Document | None = None  # None: no response
    reasons: list[str] = []  # why it is degraded


class ServiceStates:
    """States of all services over HTTP, requested at the same time and cached for 2 s."""

    def __init__(
        self,
        urls: Mapping[str, str],
        timeout: float,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._urls = urls
        self._http = httpx.AsyncClient(timeout=httpx.Timeout(timeout, connect=min(1.0, timeout)), transport=transport)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._states: list[ServiceState] = []
        self._expires = float("-inf")

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def all(self) -> list[ServiceState]:
        """Return the states in the order of the addresses."""
        async with self._lock:
            if self._clock() >= self._expires:
                self._states = await asyncio.gather(*map(self._find_state, self._urls))
                self._expires = self._clock() + CACHE_TIME
            return self._states

    async def _find_state(self, name: str) -> ServiceState:
        """Return the state of the first instance of a service that answers."""
        for url in split_addresses(self._urls[name]):
            if (state := await self._request(name, url)).document is not None:
                return state
        return ServiceState(name=name)

    async def _request(self, name: str, url: str) -> ServiceState:
        try:
            document, health = await asyncio.gather(
                self._http.get(f"{url}/{name}/openapi.json"), self._http.get(f"{url}/health/ready")
            )
            return ServiceState(
                name=name,
                document=msgspec.json.decode(document.raise_for_status().content, type=Document),
                reasons=msgspec.json.decode(health.content, type=Health).reasons,
            )
        except (httpx.HTTPError, msgspec.DecodeError):
            return ServiceState(name=name)


@get("/", sync_to_thread=False)
def redirect_to_docs() -> Redirect:
    """Redirect to the documentation hub."""
    return Redirect("/docs")


@get("/docs", media_type=MediaType.HTML)
async def get_hub(services: NamedDependency[ServiceStates]) -> str:
    """Page with the state and the documents of each service."""
    return render_hub(await services.all())


@get("/docs/all", media_type=MediaType.HTML, sync_to_thread=False)
def get_swagger() -> str:
    """Swagger UI of the merged document."""
    return _PAGES.get_template("all.html").render()


@get("/openapi.json")
async def get_document(services: NamedDependency[ServiceStates]) -> Document:
    """Merged OpenAPI document of all services."""
    return merge_documents(await services.all())


@get("/plot/colormaps.png", sync_to_thread=False)
def redirect_colormaps() -> Redirect:
    """Redirect to the chart of colormaps, which front ends request without the prefix of the API."""
    return Redirect(f"{API}/plot/colormaps.png")


def merge_documents(services: Iterable[ServiceState]) -> Document:
    """Merge the OpenAPI documents of services.

    If two documents describe something differently the first one wins, and ``x-conflicts`` names it; services without
    a response are listed in ``x-missing``.
    """
    merged: Document = {
        "openapi": "3.1.0",
        "servers": [{"url": "/"}],
        "security": [],
        "tags": [],
        "paths": {},
        "components": {},
    }
    missing: list[str] = []
    conflicts: list[str] = []
    for service in services:
        if service.document is None:
            missing.append(service.name)
            continue
        tags = {tag["name"] for tag in merged["tags"]}
        merged["tags"] += [tag for tag in service.document.get("tags", []) if tag["name"] not in tags]
        for path, item in service.document.get("paths", {}).items():
            _merge_into(merged["paths"].setdefault(path, {}), item, f"paths {path}", conflicts)
        for kind, components in service.document.get("components", {}).items():
            _merge_into(merged["components"].setdefault(kind, {}), components, f"components {kind}", conflicts)
    note = f"\n\n**Incomplete:** no response from {' and '.join(missing)}." if missing else ""
    merged["info"] = {
        "title": "Ocean Navigator",
        "version": __version__,
        "description": _DESCRIPTION + note,
        "contact": {"name": "Ocean Navigator"},
        "license": {"name": "MIT", "identifier": "MIT"},
    }
    return merged | {key: names for key, names in (("x-missing", missing), ("x-conflicts", conflicts)) if names}


def _merge_into(target: dict[str, Any], source: dict[str, Any], location: str, conflicts: list[str]) -> None:
    for name, value in source.items():
        if target.setdefault(name, value) != value:
            conflicts.append(f"{location} {name}")


def list_operations(document: Document) -> list[tuple[str, str, str]]:
    """List method, path and summary of every operation of a document."""
    return [
        (method.upper(), path, operation.get("summary", ""))
        for path, item in document.get("paths", {}).items()
        for method, operation in item.items()
        if method in METHODS
    ]


def render_hub(services: Sequence[ServiceState]) -> str:
    """Render the page, a card for each service."""
    return _PAGES.get_template("hub.html").render(
        services=services,
        missing=[service.name for service in services if service.document is None],
        summaries=SUMMARIES,
        list_operations=list_operations,
        version=__version__,
    )
