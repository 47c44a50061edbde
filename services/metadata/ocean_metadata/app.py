"""The wiring: who implements what."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from litestar import Litestar
from litestar.openapi.spec import Tag
from sqlalchemy.exc import DatabaseError

from ocean_common.caching import Freshness
from ocean_common.contracts.metadata import GitInfo
from ocean_common.health import Readiness
from ocean_common.later import not_yet
from ocean_common.service import Lifespan, create_service
from ocean_metadata import __version__
from ocean_metadata.adapters.catalogue import StoredCatalogue
from ocean_metadata.adapters.class4 import NoClass4, StoredClass4
from ocean_metadata.adapters.database import DatabaseUnusable, connect, upgrade
from ocean_metadata.adapters.indexer import IndexerProcess
from ocean_metadata.domain.class4.ports import Class4
from ocean_metadata.domain.ports import Catalogue
from ocean_metadata.routes import build as build_routes
from ocean_metadata.routes import datasets, internal, time_steps, variables
from ocean_metadata.routes import class4 as class4_routes
from ocean_metadata.routes.encoded import Encoded
from ocean_metadata.settings import Settings

LOOK = 0.5  # s between two looks at the catalogue's revision

LATER = {
    "/datasets/filter/...": "filters of datasets",
    "/kml/...": "places",
    "/observation/...": "observations",
    "/generate_script": "scripts",
    "/events": "events",
}

_TAGS = [
    Tag(name="datasets", description="Which datasets there are."),
    Tag(name="variables", description="What they hold."),
    Tag(name="time steps", description="When."),
    Tag(name="class 4", description="Observed profiles beside what models say."),
    Tag(name="service", description="The service itself."),
]


def create_app(
    catalogue: Catalogue,
    *,
    class4: Class4 | None = None,
    git: GitInfo | None = None,
    max_age: int = 60,
    degraded: Callable[[], Awaitable[list[str]]] | None = None,
    lifespan: Sequence[Lifespan] = (),
) -> Litestar:
    """The metadata service over a catalogue."""
    class4 = class4 or NoClass4()

    async def unready() -> list[str]:
        return [] if catalogue.snapshot.revision is not None else ["the catalogue has not been indexed yet"]

    return create_service(
        name="metadata",
        title="Ocean Navigator: metadata",
        version=__version__,
        description="Which data exist: datasets, variables, depths and time steps.",
        tags=_TAGS,
        api=[
            datasets.list_datasets,
            datasets.list_all_variables,
            datasets.list_status,
            datasets.get_dataset,
            datasets.get_quantum,
            datasets.get_time_unit,
            datasets.get_time_unit_as_before,
            variables.list_variables,
            variables.list_depths,
            time_steps.list_time_steps,
            *class4_routes.ROUTES,
            build_routes.get_git_info,
            *not_yet(LATER),
        ],
        internal=[internal.get_revisions, internal.get_assets, *class4_routes.INTERNAL],
        dependencies={
            "catalogue": catalogue,
            "encoded": Encoded(),
            "freshness": Freshness(catalogue, __version__, max_age),
            "class4": class4,
            "class4_freshness": Freshness(class4, __version__, max_age),
            "git": git or GitInfo(git_hash=None, git_tag=None),
        },
        readiness=Readiness(unready, degraded),
        lifespan=lifespan,
    )


def build(settings: Settings) -> Litestar:
    """The service as it runs: over its database, with the indexer beside it."""
    if settings.datasets and settings.folder:
        sys.exit("settings: give one of OCEAN_METADATA_DATASETS and OCEAN_METADATA_FOLDER, not both")
    for path in (settings.datasets, settings.folder):
        if path and not Path(path).exists():
            sys.exit(f"settings: {path} does not exist")
    try:
        engine = connect(settings.database)
        upgrade(engine)
    except (DatabaseUnusable, OSError) as error:
        sys.exit(f"{settings.database}: {error}")
    catalogue = StoredCatalogue(engine)
    catalogue.refresh()
    class4 = StoredClass4(engine)
    class4.refresh()
    watching = settings.watch and (settings.datasets or settings.folder)
    indexer = IndexerProcess(_arguments(settings)) if watching else None

    async def degraded() -> list[str]:
        return [indexer.trouble] if indexer and indexer.trouble else []

    @asynccontextmanager
    async def alive(_: Litestar) -> AsyncIterator[None]:
        looking = asyncio.create_task(_look(catalogue))
        if indexer:
            await indexer.start()
        yield
        if indexer:
            await indexer.stop()
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        engine.dispose()

    return create_app(
        catalogue,
        class4=class4,
        git=GitInfo(git_hash=settings.git_hash, git_tag=settings.git_tag),
        max_age=settings.max_age,
        degraded=degraded,
        lifespan=[alive, class4.alive],
    )


async def _look(catalogue: StoredCatalogue) -> None:
    """Take a new catalogue soon after it is written."""
    while True:
        with suppress(DatabaseError):  # locked for a moment
            await asyncio.to_thread(catalogue.refresh)
        await asyncio.sleep(LOOK)


def _arguments(settings: Settings) -> list[str]:
    """The settings again, as the index command's arguments."""
    given = {
        "--database": settings.database,
        "--datasets": settings.datasets,
        "--folder": settings.folder,
        "--stubs": settings.stubs,
        "--class4": settings.class4,
        "--class4-riops": settings.class4_riops,
        "--watch": str(settings.watch),
    }
    return [word for name, value in given.items() if value for word in (name, value)]
