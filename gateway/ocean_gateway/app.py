"""Wires the gateway's own app, which needs none of the services to be up."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from litestar import Litestar

from ocean_common.service import Lifespan, create_service
from ocean_gateway import __version__
from ocean_gateway.adapters.services import HttpServices
from ocean_gateway.domain.ports import Services
from ocean_gateway.routes import documents, failures
from ocean_gateway.settings import Settings


def build(settings: Settings) -> Litestar:
    """The app as it is served."""
    urls = {"metadata": settings.metadata_url, "data": settings.data_url, "plotting": settings.plotting_url}
    services = HttpServices(urls, settings.patience)

    @asynccontextmanager
    async def connected(_: Litestar) -> AsyncIterator[None]:
        yield
        await services.aclose()

    return create_app(services, lifespan=[connected])


def create_app(services: Services, lifespan: Sequence[Lifespan] = ()) -> Litestar:
    """The app, over what knows how the services are."""
    return create_service(
        name="gateway",
        title="Gateway",
        version=__version__,
        description="The docs hub, the merged document and the gateway's own errors.",
        tags=[],
        api=[],
        internal=[failures.failure, failures.no_route],
        pages=[
            documents.start,
            documents.docs,
            documents.docs_of_all,
            documents.document,
            documents.colormaps,
        ],
        lifespan=lifespan,
        dependencies={"services": services},
        layers=[failures.StandIn],
    )
