"""The wiring: who implements what."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import sqlalchemy as sa
from litestar import Litestar
from litestar.openapi.spec import Tag

from ocean_common.background import BackgroundTask
from ocean_common.caching import Freshness
from ocean_common.contracts.metadata import GitInfo
from ocean_common.health import Readiness
from ocean_common.service import Lifespan, create_service
from ocean_metadata import __version__
from ocean_metadata.catalogue import api_build as build_routes
from ocean_metadata.catalogue import api_datasets as datasets
from ocean_metadata.catalogue import api_internal as internal
from ocean_metadata.catalogue import api_refresh as refresh
from ocean_metadata.catalogue import api_search as finding
from ocean_metadata.catalogue import api_time_steps as time_steps
from ocean_metadata.catalogue import api_variables as variables
from ocean_metadata.catalogue.database import DatabaseUnusable, connect, create_tables, shown
from ocean_metadata.catalogue.encoded import Encoded
from ocean_metadata.catalogue.indexed import Indexed
from ocean_metadata.catalogue.listener import DatabaseListener
from ocean_metadata.catalogue.store import StoredCatalogue
from ocean_metadata.catalogue.token import Token
from ocean_metadata.catalogue.watcher import CatalogueWatcher
from ocean_metadata.class4 import api as class4_routes
from ocean_metadata.class4.store import Class4Repository
from ocean_metadata.events import api as events
from ocean_metadata.events.broadcaster import EventBroadcaster, NullEvents
from ocean_metadata.index.process import IndexerProcess
from ocean_metadata.index.refresher import IndexRefresher, NullRefresher
from ocean_metadata.observations import api as observation_routes
from ocean_metadata.observations.import_process import ServiceObservations
from ocean_metadata.observations.repository import ObservationRepository
from ocean_metadata.observations.schema import default_database
from ocean_metadata.places import api as places
from ocean_metadata.places.gazetteer import FolderGazetteer
from ocean_metadata.ports import Catalogue, Events, Refresher
from ocean_metadata.scripts.api import PublicAddress, get_script
from ocean_metadata.settings import Settings, handed_on

LOOK_AT_PLACES = 2.0  # s between two looks at the files of places

_TAGS = [
    Tag(name="datasets", description="Which datasets there are."),
    Tag(name="finding", description="Which of them one looks for."),
    Tag(name="variables", description="What they hold."),
    Tag(name="time steps", description="When."),
    Tag(name="events", description="What is new."),
    Tag(name="places", description="Points, lines and areas that maps show."),
    Tag(name="observations", description="What was measured, where and when."),
    Tag(name="class 4", description="Observed profiles beside what models say."),
    Tag(name="scripts", description="Programs that ask for the same again."),
    Tag(name="service", description="The service itself."),
]

_API = [
    datasets.list_datasets,
    datasets.list_all_variables,
    datasets.list_status,
    datasets.get_dataset,
    datasets.get_completeness,
    datasets.get_quantum,
    datasets.get_time_unit,
    datasets.get_time_unit_as_before,
    *finding.ROUTES,
    variables.list_variables,
    variables.list_depths,
    time_steps.list_time_steps,
    time_steps.list_time_intervals,
    *events.ROUTES,
    refresh.refresh_datasets,
    *places.ROUTES,
    *observation_routes.ROUTES,
    *class4_routes.ROUTES,
    build_routes.get_git_info,
    get_script,
]
_INTERNAL = [
    internal.get_revisions,
    internal.get_assets,
    internal.get_variables,
    places.get_area,
    *observation_routes.INTERNAL_ROUTES,
    *class4_routes.INTERNAL,
]


def create_app(
    catalogue: Catalogue,
    *,
    gazetteer: FolderGazetteer | None = None,
    observations: ObservationRepository | None = None,
    feed: Events | None = None,
    refresher: Refresher | None = None,
    token: str | None = None,
    class4: Class4Repository | None = None,
    indexed: Indexed | None = None,
    public: PublicAddress | None = None,
    git: GitInfo | None = None,
    max_age: int = 60,
    degraded: Callable[[], Awaitable[list[str]]] | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """The metadata service over a catalogue, and the places of a gazetteer."""
    gazetteer = gazetteer or FolderGazetteer(None)
    class4 = class4 or Class4Repository(sa.create_engine("sqlite://"))

    async def unready() -> list[str]:
        return [] if catalogue.snapshot.revision is not None else ["the catalogue has not been indexed yet"]

    return create_service(
        name="metadata",
        title="Ocean Navigator: metadata",
        version=__version__,
        description="Which data exist: datasets, variables, depths and time steps; and places on the map.",
        tags=_TAGS,
        api=_API,
        internal=_INTERNAL,
        dependencies={
            "catalogue": catalogue,
            "encoded": Encoded(),
            "indexed": indexed or Indexed(),
            "freshness": Freshness(catalogue, __version__, max_age),
            "places": gazetteer,
            "fresh": Freshness(gazetteer, __version__, max_age),
            "observations": observations or ServiceObservations(),
            "events": feed or NullEvents(),
            "refresher": refresher or NullRefresher(),
            "token": Token(secret=token),
            "class4": class4,
            "class4_freshness": Freshness(class4, __version__, max_age),
            "public": public or PublicAddress(),
            "git": git or GitInfo(git_hash=None, git_tag=None),
        },
        readiness=Readiness(unready, degraded),
        lifespan=lifespan,
        texts=["ocean_metadata"],
    )


def build(settings: Settings) -> Litestar:
    """The service as it runs: over its database, with the indexer beside it."""
    _check(settings)
    engine, service_observations = _open(settings)
    feed = EventBroadcaster(engine, settings.heartbeat, settings.listeners)
    feed.begin()
    catalogue = StoredCatalogue(engine)
    catalogue.refresh()
    class4 = Class4Repository(engine)
    class4.refresh()
    indexed = Indexed()
    indexed.make(catalogue.snapshot)
    news = CatalogueWatcher(catalogue, feed, indexed.make)
    gazetteer = FolderGazetteer(settings.places)
    gazetteer.refresh()
    told = bool(settings.datasets or settings.folder)
    arguments, environment = _arguments(settings), handed_on(settings)
    watch = ["--watch", str(settings.watch)]
    indexer = IndexerProcess([*arguments, *watch], environment=environment) if told and settings.watch else None
    refresher = IndexRefresher(engine, arguments, environment, news.renew) if told else None

    tasks: list[BackgroundTask] = []

    async def degraded() -> list[str]:
        troubles = [news.trouble, indexer.trouble if indexer else None, *(task.failure for task in tasks)]
        return [*(one for one in troubles if one), *service_observations.problems]

    @asynccontextmanager
    async def alive(app: Litestar) -> AsyncIterator[None]:
        bell = DatabaseListener(engine)

        async def follow_catalogue() -> None:
            await news.follow(bell.wait_for_changes(), lambda: bool(app.state.get("stopping")))
            await asyncio.Event().wait()  # the service stops: until the task is cancelled

        tasks[:] = [
            BackgroundTask("the catalogue is not followed", follow_catalogue),
            BackgroundTask("Class 4 files are not followed", lambda: class4.follow(bell.wait_for_changes())),
            BackgroundTask("files of places are not followed", lambda: _follow(gazetteer)),
        ]
        if engine.dialect.name == "postgresql":
            tasks.append(BackgroundTask("changes of the database are not heard", bell.listen))
        async with AsyncExitStack() as stack, _indexing(indexer, refresher):
            for task in tasks:
                await stack.enter_async_context(task)
            yield
        engine.dispose()

    return create_app(
        catalogue,
        gazetteer=gazetteer,
        observations=service_observations,
        feed=feed,
        refresher=refresher,
        token=settings.token,
        class4=class4,
        indexed=indexed,
        public=PublicAddress(url=settings.public_url),
        git=GitInfo(git_hash=settings.git_hash, git_tag=settings.git_tag),
        max_age=settings.max_age,
        degraded=degraded,
        lifespan=[alive, service_observations.lifespan],
    )


def _open(settings: Settings) -> tuple[sa.Engine, ServiceObservations]:
    """The databases, brought up to date."""
    try:
        engine = connect(settings.database)
        create_tables(engine)
        database = settings.observations or default_database(settings.database)
        return engine, ServiceObservations(database, settings.observations_folder)
    except (DatabaseUnusable, OSError) as error:
        sys.exit(f"{shown(settings.database)}: {error}")


def _check(settings: Settings) -> None:
    """Find out what cannot work, before anything is opened."""
    if settings.datasets and settings.folder:
        sys.exit("settings: give one of OCEAN_METADATA_DATASETS and OCEAN_METADATA_FOLDER, not both")
    for path in (settings.datasets, settings.folder):
        if path and not Path(path).exists():
            sys.exit(f"settings: {path} does not exist")


@asynccontextmanager
async def _indexing(indexer: IndexerProcess | None, refresher: IndexRefresher | None) -> AsyncIterator[None]:
    """The commands that index files live no longer than the service."""
    if indexer:
        await indexer.start()
    yield
    if indexer:
        await indexer.stop()
    if refresher:
        await refresher.stop()


async def _follow(gazetteer: FolderGazetteer) -> None:
    """Read files of places again soon after they change."""
    while True:
        await asyncio.to_thread(gazetteer.refresh)
        await asyncio.sleep(LOOK_AT_PLACES)


def _arguments(settings: Settings) -> list[str]:
    """The settings again, as the index command's arguments: what everybody on this machine may see."""
    given = {
        "--datasets": settings.datasets,
        "--folder": settings.folder,
        "--stubs": settings.stubs,
        "--class4": settings.class4,
        "--class4-riops": settings.class4_riops,
    }
    return [word for name, value in given.items() if value for word in (name, value)]
