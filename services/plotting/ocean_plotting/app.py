"""Wires the plotting service: the only module that names implementations."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from litestar import Litestar
from litestar.openapi.spec import Tag

from ocean_common.caching import Freshness
from ocean_common.clients.data import DataClient, Numbers
from ocean_common.clients.metadata import Areas, Catalogue, Compared, Listed, MetadataClient, Observed
from ocean_common.contracts.data import TileField
from ocean_common.health import Readiness
from ocean_common.service import Lifespan, create_service
from ocean_plotting import __version__
from ocean_plotting.basemap import api as maps
from ocean_plotting.basemap.cartographer import Cartographer
from ocean_plotting.basemap.land_polygons import Coasts, open_coasts
from ocean_plotting.basemap.mbtiles import open_mbtiles
from ocean_plotting.basemap.relief_file import ReliefFile, open_relief
from ocean_plotting.figure.resources import Ground
from ocean_plotting.in_process import Inline, Threads
from ocean_plotting.plots import api as plot
from ocean_plotting.plots.neighbours import Neighbours
from ocean_plotting.ports import Basemap, Drawing, Image
from ocean_plotting.settings import Settings
from ocean_plotting.tiles import api as tiles
from ocean_plotting.tiles import api_colormaps as colormaps
from ocean_plotting.tiles import api_scale as scale
from ocean_plotting.tiles.store import RevisionCache, create_tile_queue
from ocean_plotting.workers import Processes

TAGS = [
    Tag(name="plots", description="Figures of profiles and more, in picture and table formats."),
    Tag(name="tiles", description="Map tiles and their legends."),
]
MEGABYTE = 10**6


class Knowing(Catalogue, Listed, Areas, Observed, Compared, Protocol):
    """Who knows what the metadata service knows."""


def create_app(
    *,
    catalogue: Knowing,
    numbers: Numbers,
    drawing: Drawing,
    settings: Settings | None = None,
    basemap: Basemap | None = None,
    readiness: Readiness | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """Make the app from its parts."""
    settings = settings or Settings()
    queue = create_tile_queue(settings.tiles_at_once, settings.tiles_waiting)
    fields: RevisionCache[TileField] = RevisionCache(settings.field_megabytes * MEGABYTE, _field_size)
    images: RevisionCache[Image] = RevisionCache(
        settings.image_megabytes * MEGABYTE, lambda image: len(image.content) + OVERHEAD, queue
    )
    freshness = Freshness(catalogue, __version__, settings.max_age)
    near = Neighbours(
        numbers=numbers, catalogue=catalogue, listed=catalogue, areas=catalogue, observed=catalogue, compared=catalogue
    )
    return create_service(
        name="plotting",
        title="Ocean Navigator: plotting",
        version=__version__,
        description="Pictures of the ocean: plots, map tiles, colour bars.",
        tags=TAGS,
        api=[tiles.tile, scale.scale, colormaps.colormaps, colormaps.chart, *plot.HANDLERS, *maps.HANDLERS],
        dependencies={
            "drawing": drawing,
            "images": images,
            "freshness": freshness,
            "studio": plot.Studio(near, drawing, freshness),
            "scale_studio": scale.Studio(catalogue, drawing, images),
            "map_studio": maps.Studio(
                basemap or Cartographer(None, Coasts(None, None)), images, __version__, settings.max_age
            ),
            "tile_studio": tiles.Studio(
                catalogue=catalogue,
                numbers=numbers,
                fields=fields,
                images=images,
                freshness=freshness,
            ),
        },
        readiness=readiness,
        lifespan=lifespan,
        texts=["ocean_plotting"],
    )


OVERHEAD = 500  # bytes of an entry beside its content


def _field_size(field: TileField) -> int:
    return OVERHEAD + (len(field.values.data) if field.values else 0)


def build(settings: Settings) -> Litestar:
    """Make the app that is served."""
    metadata, data = MetadataClient(settings.metadata_url, files=False), DataClient(settings.data_url)
    drawing, basemap = _drawing(settings), _basemap(settings)

    @asynccontextmanager
    async def neighbours(_: Litestar) -> AsyncIterator[None]:
        loading = asyncio.create_task(asyncio.to_thread(basemap.load))
        async with metadata, drawing:
            yield
        await asyncio.gather(loading, return_exceptions=True)
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


def _basemap(settings: Settings) -> Cartographer:
    coarse, fine, relief, files = (
        Path(name) if name else None
        for name in (settings.coast, settings.fine_coast, settings.relief, settings.mbtiles)
    )
    return Cartographer(
        open_relief(relief) if relief else None,
        open_coasts(coarse, fine),
        open_mbtiles(files) if files else {},
        settings.vector_zoom,
    )


def _drawing(settings: Settings) -> Processes | Threads | Inline:
    relief = ReliefFile(Path(settings.relief)) if settings.relief else None
    ground = Ground(settings.coast, relief, settings.fine_coast)
    match settings.drawing:
        case "inline":
            return Inline(ground)
        case "threads":
            return Threads(settings.workers, settings.queue, ground)
        case _:
            per = settings.figures_per_worker
            return Processes(settings.workers, settings.queue, settings.figure_time, per, ground=ground)
