"""App of the gateway; it works without any of the services."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar

from ocean_common.service import Lifespan, create_service
from ocean_gateway import __version__, documents, errors
from ocean_gateway.documents import ServiceStates
from ocean_gateway.settings import Settings


def build(settings: Settings) -> Litestar:
    """Build the app from its settings."""
    urls = {"metadata": settings.metadata_url, "data": settings.data_url, "plotting": settings.plotting_url}
    services = ServiceStates(urls, settings.patience)

    @asynccontextmanager
    async def close_connections(_: Litestar) -> AsyncIterator[None]:
        yield
        await services.aclose()

    return create_app(services, lifespan=[close_connections])


def create_app(services: ServiceStates, lifespan: Sequence[Lifespan] = ()) -> Litestar:
    """Create the app over the states of the services."""
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
        ],
        lifespan=lifespan,
        dependencies={"services": services},
        layers=[errors.FailoverMiddleware],
    )
