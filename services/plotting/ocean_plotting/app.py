"""Wiring of the plotting service: the only module that chooses implementations."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar
from litestar.openapi.spec import Tag

from ocean_common.clients.data import DataClient
from ocean_common.clients.metadata import MetadataClient
from ocean_common.http import Freshness
from ocean_common.service import Lifespan, Readiness, create_service
from ocean_plotting import __version__
from ocean_plotting.basemap import api as basemap_api
from ocean_plotting.basemap.land import Coasts, open_coasts
from ocean_plotting.basemap.relief import ReliefFile, open_relief
from ocean_plotting.basemap.render import BasemapRenderer
from ocean_plotting.basemap.vector_tiles import open_mbtiles
from ocean_plotting.figure.context import FigureResources
from ocean_plotting.ogc import wmts
from ocean_plotting.ogc.api import ogc_router
from ocean_plotting.plots import api as plots_api
from ocean_plotting.plots.kind import Services
from ocean_plotting.settings import Settings
from ocean_plotting.tiles import api as tiles_api
from ocean_plotting.tiles import legends, tilejson
from ocean_plotting.tiles.ahead import IdleQueue
from ocean_plotting.tiles.store import TileStore, create_image_cache
from ocean_plotting.wms.api import WmsService, wms_router
from ocean_plotting.wms.maps import MapStore
from ocean_plotting.workers import FigureRenderer, ProcessRenderer

TAGS = [
    Tag(name="plots", description="Figures of profiles and more, in picture and table formats."),
    Tag(name="tiles", description="Map tiles and their legends."),
    Tag(name="maps", description="Maps of any box for map programs: Web Map Service."),
    Tag(name="collections", description="Maps and tiles of collections: OGC API – Maps and Tiles."),
]
MEGABYTE = 10**6


def create_app(
    *,
    catalogue: MetadataClient,
    numbers: DataClient,
    drawing: FigureRenderer,
    settings: Settings | None = None,
    basemap: BasemapRenderer | None = None,
    readiness: Readiness | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """Create the app from its parts."""
    settings = settings or Settings()
    images = create_image_cache(settings.image_megabytes * MEGABYTE, settings.tiles_at_once, settings.tiles_waiting)
    freshness = Freshness(catalogue, __version__, settings.max_age)
    basemap = basemap or BasemapRenderer(None, Coasts(None, None))
    services = Services(data=numbers, metadata=catalogue)
    ahead = IdleQueue(settings.tiles_ahead)
    layer_legends = legends.LegendService(catalogue, drawing, images)
    fields = settings.field_megabytes * MEGABYTE

    @asynccontextmanager
    async def prepare_tiles(_: Litestar) -> AsyncIterator[None]:
        async with ahead.task:
            yield

    return create_service(
        name="plotting",
        title="Ocean Navigator: plotting",
        version=__version__,
        description="Pictures of the ocean: plots, map tiles, colour bars.",
        tags=TAGS,
        api=[tiles_api.get_tile, *legends.HANDLERS, *tilejson.HANDLERS, *plots_api.HANDLERS, *basemap_api.HANDLERS],
        dependencies={
            "freshness": freshness,
            "plotter": plots_api.Plotter(services, drawing, freshness),
            "tile_store": TileStore(catalogue, numbers, freshness, images=images, field_bytes=fields, ahead=ahead),
            "wms": WmsService(
                catalogue,
                numbers,
                freshness,
                maps=MapStore(numbers, images, fields // 2),
                legends=layer_legends,
            ),
            "wmts": wmts.WmtsService(catalogue, freshness),
            "legends": layer_legends,
            "basemap": basemap_api.BasemapService(basemap, images, Freshness(basemap, __version__, settings.max_age)),
        },
        pages=[
            *([ogc_router] if settings.ogc else []),
            *([wms_router] if settings.wms else []),
            *(wmts.HANDLERS if settings.wmts else []),
        ],
        readiness=readiness,
        lifespan=[*lifespan, prepare_tiles],
        texts=["ocean_plotting"],
    )


def build(settings: Settings) -> Litestar:
    """Create the app that is served."""
    metadata, data = MetadataClient(settings.metadata_url, files=False), DataClient(settings.data_url)
    drawing, basemap = _create_figure_renderer(settings), _open_basemap(settings)

    @asynccontextmanager
    async def neighbours(_: Litestar) -> AsyncIterator[None]:
        loading = asyncio.create_task(asyncio.to_thread(basemap.load))
        async with metadata, drawing:
            yield
        await asyncio.gather(loading, return_exceptions=True)
        basemap.close()
        await data.aclose()

    async def unready() -> list[str]:
        return [*drawing.unready(), *basemap.unready()]

    async def degraded() -> list[str]:
        return [reason for reason in (metadata.away, await data.away()) if reason]

    return create_app(
        catalogue=metadata,
        numbers=data,
        drawing=drawing,
        settings=settings,
        basemap=basemap,
        readiness=Readiness(unready, degraded),
        lifespan=[neighbours],
    )


def _open_basemap(settings: Settings) -> BasemapRenderer:
    coarse, fine, relief, files = (
        Path(name) if name else None
        for name in (settings.coast, settings.fine_coast, settings.relief, settings.mbtiles)
    )
    return BasemapRenderer(
        open_relief(relief) if relief else None,
        open_coasts(coarse, fine),
        open_mbtiles(files) if files else {},
        settings.vector_zoom,
    )


def _create_figure_renderer(settings: Settings) -> FigureRenderer:
    relief = ReliefFile(Path(settings.relief)) if settings.relief else None
    resources = FigureResources(settings.coast, relief, settings.fine_coast)
    if settings.drawing == "inline":
        return FigureRenderer(resources)
    return ProcessRenderer(
        settings.workers, settings.queue, settings.figure_time, settings.figures_per_worker, resources=resources
    )
