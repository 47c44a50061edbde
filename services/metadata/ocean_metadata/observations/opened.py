"""The observations as the service has them: the tables, and the import of the files that come with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar

from ocean_metadata.observations.database import connect, in_memory, upgrade
from ocean_metadata.observations.importer import ImportProcess
from ocean_metadata.observations.stored import StoredObservations


class OpenedObservations(StoredObservations):
    """The database of observations, open for as long as the service lives."""

    def __init__(self, database: str | None = None, folder: str | None = None) -> None:
        engine = connect(database) if database else in_memory()
        if database:
            upgrade(engine)
        super().__init__(engine)
        self._importer = ImportProcess(database, folder) if database and folder else None

    @property
    def troubles(self) -> list[str]:
        """Why observations are not all there."""
        return [self._importer.trouble] if self._importer and self._importer.trouble else []

    @asynccontextmanager
    async def alive(self, _: Litestar) -> AsyncIterator[None]:
        """What lives as long as the service."""
        if self._importer:
            await self._importer.start()
        yield
        if self._importer:
            await self._importer.stop()
        self._engine.dispose()
