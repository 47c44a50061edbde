"""App of the gateway; it works without any of the services."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar

from ocean_common.service import Lifespan, create_service
from ocean_gateway import __version__, documents, errors
from ocean_gateway.documents import ServiceStates
from ocean_gateway.settings import Settings
from ocean_gateway.v1.api import answer_v1
from ocean_gateway.v1.forwarding import ServiceForwarder


def build(settings: Settings) -> Litestar:
    """Build the app from its settings."""
    urls = {"metadata": settings.metadata_url, "data": settings.data_url, "plotting": settings.plotting_url}
    services = ServiceStates(urls, settings.patience)
    forwarder = ServiceForwarder(urls) if settings.v1 else None

    @asynccontextmanager
    async def close_connections(_: Litestar) -> AsyncIterator[None]:
        yield
        await services.aclose()
        if forwarder:
            await forwarder.aclose()

    return create_app(services, forwarder, lifespan=[close_connections])


def create_app(
    services: ServiceStates, forwarder: ServiceForwarder | None = None, lifespan: Sequence[Lifespan] = ()
) -> Litestar:
    """Create the app over the states of the services; version 1.0 is answered where there is a ``forwarder``."""
    return create_service(
        name="gateway",
        title="Gateway",
        version=__version__,
        description="Documentation hub, merged OpenAPI document and the gateway's own errors.",
        tags=[],
        api=[],
        internal=[errors.get_error, errors.raise_not_found],
        pages=[
            documents.redirect_to_docs,
            documents.get_hub,
            documents.get_swagger,
            documents.get_document,
            documents.redirect_colormaps,
            *([answer_v1] if forwarder else []),
        ],
        lifespan=lifespan,
        dependencies={"services": services, "forwarder": forwarder},
        layers=[errors.FailoverMiddleware],
    )
