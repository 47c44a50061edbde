"""Wiring of the metadata service."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from litestar import Litestar
from litestar.openapi.spec import Tag
from litestar.types import ControllerRouterHandler

from ocean_common.background import BackgroundTask
from ocean_common.contracts.metadata import GitInfo
from ocean_common.http import Freshness
from ocean_common.service import Lifespan, Readiness, create_service
from ocean_metadata import __version__
from ocean_metadata.catalogue import api
from ocean_metadata.catalogue.api_search import SEARCH_ROUTES
from ocean_metadata.catalogue.database import DatabaseUnusable, connect, create_tables, shown
from ocean_metadata.catalogue.responses import ResponseCache
from ocean_metadata.catalogue.search import SearchIndexCache
from ocean_metadata.catalogue.store import Catalogue
from ocean_metadata.catalogue.watcher import CatalogueWatcher
from ocean_metadata.class4 import api as class4_routes
from ocean_metadata.class4.store import Class4Repository
from ocean_metadata.events import api as events
from ocean_metadata.events.broadcaster import EventBroadcaster
from ocean_metadata.index.process import IndexRefresher, import_task, index_task
from ocean_metadata.observations import api as observation_routes
from ocean_metadata.observations import schema as observation_tables
from ocean_metadata.observations.repository import ObservationRepository
from ocean_metadata.ogc.api import ogc_router, stac_router
from ocean_metadata.places import api as places
from ocean_metadata.places.gazetteer import Gazetteer
from ocean_metadata.scripts.api import get_script
from ocean_metadata.settings import Settings, child_environment

PLACES_INTERVAL = 2.0  # s between two looks at the files of places

_TAGS = {
    "datasets": "Datasets: lists, descriptions, status.",
    "finding": "Search and filters.",
    "variables": "Variables and their depth levels.",
    "time steps": "Time steps of variables.",
    "events": "Changes of datasets.",
    "places": "Points, lines and areas for maps.",
    "observations": "Observations of platforms: stations, profiles, tracks.",
    "class 4": "Class 4 files: observed profiles with model forecasts.",
    "scripts": "Scripts in Python and R that repeat a request.",
    "collections": "Datasets as collections of OGC API – Common.",
    "service": "The service itself.",
}

# In the order of the OpenAPI document.
INTERFACES = ("ogc", "maps", "opendap", "zarr", "wms", "wmts", "stac")  # settings that turn interfaces on
_API: list[ControllerRouterHandler] = [
    api.DATASET_ROUTES,
    SEARCH_ROUTES,
    api.VARIABLE_ROUTES,
    api.TIME_STEP_ROUTES,
    *events.ROUTES,
    api.refresh_datasets,
    *places.ROUTES,
    *observation_routes.ROUTES,
    *class4_routes.ROUTES,
    api.get_git_info,
    get_script,
]
_INTERNAL = [
    *api.INTERNAL_ROUTES,
    places.get_area,
    *observation_routes.INTERNAL_ROUTES,
    *class4_routes.INTERNAL,
]


def create_app(
    catalogue: Catalogue,
    settings: Settings | None = None,
    *,
    gazetteer: Gazetteer | None = None,
    observations: ObservationRepository | None = None,
    feed: EventBroadcaster | None = None,
    refresher: IndexRefresher | None = None,
    class4: Class4Repository | None = None,
    search_index_cache: SearchIndexCache | None = None,
    degraded: Callable[[], Awaitable[list[str]]] | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """Create the metadata service over a catalogue."""
    settings = settings or Settings()
    gazetteer = gazetteer or Gazetteer(None)
    without_tables = sa.create_engine("sqlite://", poolclass=sa.NullPool)
    class4 = class4 or Class4Repository(without_tables)

    async def unready() -> list[str]:
        return [] if catalogue.snapshot.revision is not None else ["the catalogue has not been indexed yet"]

    return create_service(
        name="metadata",
        title="Ocean Navigator: metadata",
        version=__version__,
        description="Which data exist: datasets, variables, depths and time steps; and places on the map.",
        tags=[Tag(name=name, description=description) for name, description in _TAGS.items()],
        api=_API,
        internal=_INTERNAL,
        pages=[
            *([api.get_thredds_catalog] if settings.opendap or settings.zarr else []),
            *([ogc_router] if settings.ogc else []),
            *([stac_router] if settings.stac else []),
        ],
        dependencies={
            "catalogue": catalogue,
            "response_cache": ResponseCache(),
            "search_index_cache": search_index_cache or SearchIndexCache(),
            "freshness": Freshness(catalogue, __version__, settings.max_age),
            "gazetteer": gazetteer,
            "places_freshness": Freshness(gazetteer, __version__, settings.max_age),
            "observations": observations or ObservationRepository(without_tables),
            "events": feed or EventBroadcaster(without_tables),
            "refresher": refresher,
            "token": settings.token,
            "class4": class4,
            "class4_freshness": Freshness(class4, __version__, settings.max_age),
            "interfaces": {name for name in INTERFACES if getattr(settings, name)},
            "public_url": settings.public_url,
            "git": GitInfo(git_hash=settings.git_hash, git_tag=settings.git_tag),
        },
        readiness=Readiness(unready, degraded),
        lifespan=lifespan,
        texts=["ocean_metadata"],
    )


def build(settings: Settings) -> Litestar:
    """Create the service over its database, with the indexer as a child process."""
    _check_settings(settings)
    engine, observations_engine = _open_databases(settings)
    feed = EventBroadcaster(engine, settings.heartbeat, settings.listeners)
    feed.begin()
    catalogue, class4, gazetteer = Catalogue(engine), Class4Repository(engine), Gazetteer(settings.places)
    for source in (catalogue, class4, gazetteer):
        source.refresh()
    search_index_cache = SearchIndexCache()
    search_index_cache.make(catalogue.snapshot)
    watcher = CatalogueWatcher(catalogue, feed, search_index_cache.make, [class4.refresh])
    arguments, environment = _index_arguments(settings), child_environment(settings)
    has_files = bool(settings.datasets or settings.folder)
    refresher = IndexRefresher(engine, arguments, environment, watcher.renew) if has_files else None

    async def follow_catalogue() -> None:
        await watcher.follow(lambda: bool(app.state.get("stopping")))
        await asyncio.Event().wait()  # the service stops: until the task is cancelled

    tasks = [
        BackgroundTask("the catalogue is not followed", follow_catalogue),
        BackgroundTask("files of places are not followed", lambda: _refresh_places(gazetteer)),
    ]
    if refresher and settings.watch:
        tasks.append(index_task([*arguments, "--watch", str(settings.watch)], environment))
    if settings.observations_folder:
        tasks.append(import_task(settings.observations_folder, environment))

    async def degraded() -> list[str]:
        return [*filter(None, [watcher.trouble, *(task.failure for task in tasks)])]

    @asynccontextmanager
    async def run_background_work(_: Litestar) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if refresher:
                stack.push_async_callback(refresher.stop)
            for task in tasks:
                await stack.enter_async_context(task)
            yield
        engine.dispose()
        observations_engine.dispose()

    app = create_app(
        catalogue,
        settings,
        gazetteer=gazetteer,
        observations=ObservationRepository(observations_engine),
        feed=feed,
        refresher=refresher,
        class4=class4,
        search_index_cache=search_index_cache,
        degraded=degraded,
        lifespan=[run_background_work],
    )
    return app


def _observations_database(settings: Settings) -> str:
    return settings.observations or observation_tables.default_database(settings.database)


def _open_databases(settings: Settings) -> tuple[sa.Engine, sa.Engine]:
    """Open the databases of the catalogue and of observations, and create their tables."""
    try:
        engine, observations_engine = connect(settings.database), connect(_observations_database(settings))
        create_tables(engine)
        observation_tables.create_tables(observations_engine)
        return engine, observations_engine
    except (DatabaseUnusable, OSError) as error:
        sys.exit(f"{shown(settings.database)}: {error}")


def _check_settings(settings: Settings) -> None:
    """End with a message where the settings contradict each other or name a missing file."""
    if settings.datasets and settings.folder:
        sys.exit("settings: give one of OCEAN_METADATA_DATASETS and OCEAN_METADATA_FOLDER, not both")
    for path in (settings.datasets, settings.folder):
        if path and not Path(path).exists():
            sys.exit(f"settings: {path} does not exist")


async def _refresh_places(gazetteer: Gazetteer) -> None:
    """Read the files of places again soon after they change."""
    while True:
        await asyncio.to_thread(gazetteer.refresh)
        await asyncio.sleep(PLACES_INTERVAL)


def _index_arguments(settings: Settings) -> list[str]:
    """Return the settings that are no secrets as arguments of the index command."""
    names = ("datasets", "folder", "stubs", "class4", "class4_riops")
    values = {name: getattr(settings, name) for name in names}
    return [word for name, value in values.items() if value for word in (f"--{name.replace('_', '-')}", value)]
