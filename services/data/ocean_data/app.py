"""Wire the data service: the only place that names implementations."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Router
from litestar.openapi.spec import Tag

from ocean_common.clients.metadata import Areas, MetadataClient
from ocean_common.http import Freshness
from ocean_common.service import Lifespan, Readiness, create_service
from ocean_data import __version__
from ocean_data.aggregation import AggregationService, FileCatalogue, FileSource
from ocean_data.api import internal
from ocean_data.api.areas import areas_router
from ocean_data.api.edr import edr_router
from ocean_data.api.lines import lines_router
from ocean_data.api.maps import get_arrows, get_range
from ocean_data.api.opendap import opendap_router
from ocean_data.api.points import points_router
from ocean_data.api.subset import get_subset
from ocean_data.api.zarr import zarr_router
from ocean_data.cluster import Cluster
from ocean_data.extraction import ExtractionService, ReadParts
from ocean_data.kernels import compile_kernels
from ocean_data.plan.extraction import Cost, read_parts
from ocean_data.reading.base import GridStore, Reading, Source, ThreadPool
from ocean_data.reading.calculated import Calculated, Calculating
from ocean_data.reading.objects import Storage
from ocean_data.reading.source import NetCDFSource
from ocean_data.settings import Settings
from ocean_data.spool import Spool
from ocean_data.writing.formats import FORMATS
from ocean_data.zarr_stores import ZarrStores

DESCRIPTION = """Numbers of ocean models, at any point of any grid: nearest cell, or interpolated between wet cells.

Times are UTC; depths are in m, positive down; `null` means land, below the sea floor, or absent."""

TAGS = {
    "points": "Values at points: over depth and through time.",
    "lines": "Values along lines: sections, paths through time, and trajectories.",
    "areas": "Values over boxes and polygons, their statistics, and their differences.",
    "files": "Datasets as files, for programs that read files: OPeNDAP and Zarr.",
    "collections": "Datasets as collections of OGC API – Environmental Data Retrieval.",
    "maps": "Values on maps: the range of a variable in view, arrows of a vector.",
}


def create_app(
    *,
    catalogue: FileCatalogue,
    areas: Areas,
    source: FileSource,
    workers: ThreadPool,
    read: ReadParts = read_parts,
    settings: Settings | None = None,
    readiness: Readiness | None = None,
    lifespan: tuple[Lifespan, ...] = (),
) -> Litestar:
    """Make the app over any catalogue and source."""
    settings = settings or Settings()
    shared: dict[str, Any] = {
        "workers": workers,
        "streams": ThreadPool(settings.stream_threads, settings.stream_queue),
        "spool": Spool(settings.spool_bytes, settings.spool_folder),
        "freshness": Freshness(catalogue, __version__, settings.max_age),
        "budget": read_budget(settings),
    }
    aggregations = AggregationService(catalogue=catalogue, source=source, **shared)
    stores = ZarrStores(aggregations=aggregations)
    service = ExtractionService(
        **shared,
        catalogue=Calculating(catalogue),
        reading=make_reading(source, settings),
        plot_streams=ThreadPool(settings.stream_threads, settings.stream_queue),
        formats=FORMATS,
        max_document=settings.max_document,
        read=read,
    )

    @asynccontextmanager
    async def streaming(_: Litestar) -> AsyncIterator[None]:
        yield
        await service.spool.close()
        service.streams.close()
        service.plot_streams.close()

    return create_service(
        name="data",
        title="Ocean Navigator: data",
        version=__version__,
        description=DESCRIPTION,
        tags=[Tag(name=name, description=description) for name, description in TAGS.items()],
        api=[points_router, lines_router, areas_router, get_range, get_arrows, get_subset],
        internal=internal.HANDLERS,
        pages=list_interfaces(settings),
        dependencies={
            "areas": areas,
            "catalogue": catalogue,
            "service": service,
            "aggregations": aggregations,
            "stores": stores,
        },
        readiness=readiness,
        lifespan=(*lifespan, streaming),
        texts=["ocean_data"],
    )


def list_interfaces(settings: Settings) -> list[Router]:
    """Return the routers of the interfaces that are on."""
    routers = ((edr_router, settings.ogc), (opendap_router, settings.opendap), (zarr_router, settings.zarr))
    return [router for router, on in routers if on]


def open_source(settings: Settings) -> NetCDFSource:
    """Open what reads files."""
    return NetCDFSource(
        settings.open_files,
        settings.level_bytes,
        chunk_bytes=settings.chunk_bytes,
        helpers=settings.chunk_helpers,
        storage=Storage(
            endpoint=settings.s3_endpoint,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key,
            anonymous=settings.s3_anonymous,
            timeout=settings.remote_timeout,
        ),
    )


def make_reading(source: Source, settings: Settings) -> Reading:
    """Add the grids and the calculated variables to a source."""
    grids = GridStore(source, settings.grid_bytes, settings.map_bytes)
    return Reading(source=Calculated(source, grids, settings.calculated_bytes), grids=grids)


def open_reading(settings: Settings) -> Reading:
    """Open source and grids in another process."""
    return make_reading(open_source(settings), settings)


def read_budget(settings: Settings) -> Cost:
    """Return the limits of one request."""
    return Cost(
        steps=settings.max_steps,
        files=settings.max_files,
        chunks=settings.max_chunks,
        cells=settings.max_bytes // 8,
        bytes=settings.max_bytes,
        values=settings.max_streamed,
    )


def build(settings: Settings) -> Litestar:
    """Make the app as it is served."""
    catalogue = MetadataClient(settings.metadata_url)
    source = open_source(settings)
    scheduler = settings.dask_scheduler
    cluster = None if scheduler is None else Cluster(scheduler, open_reading, settings, settings.dask_bytes)
    workers = ThreadPool(settings.threads, settings.queue)

    @asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        # The server listens when this is done: the first tile does not wait for the compiler.
        await asyncio.to_thread(compile_kernels)
        async with catalogue:
            yield
        workers.close()
        if cluster is not None:
            cluster.close()
        source.close()

    async def degraded() -> list[str]:
        return [f"metadata: {catalogue.away}"] if catalogue.away else []

    return create_app(
        catalogue=catalogue,
        areas=catalogue,
        source=source,
        workers=workers,
        read=read_parts if cluster is None else cluster.read,
        settings=settings,
        readiness=Readiness(degraded=degraded),
        lifespan=(lifespan,),
    )
