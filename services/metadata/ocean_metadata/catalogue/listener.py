"""When to look at the database: at once where PostgreSQL says that it was written, and every so often besides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import psycopg
import sqlalchemy as sa

from ocean_metadata.catalogue.database import CHANNEL

LOOK = 0.5  # s between two looks where nobody tells
SELDOM = 5.0  # s between two looks where the database tells: a proxy between may swallow what it says
RETRY = 1.0  # s until a session that broke off is begun again

_ALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}  # s, s; or a dead server is waited for


class DatabaseListener:
    """One instance's ear on the database."""

    def __init__(self, engine: sa.Engine, seldom: float = SELDOM) -> None:
        self._tells = engine.dialect.name == "postgresql"
        _, told = engine.dialect.create_connect_args(engine.url)
        self._session: dict[str, Any] = {**_ALIVE, **told}
        self._seldom = seldom
        self._news = asyncio.Event()  # a new one for every stroke
        self.listening = False
        self.rung = 0  # times

    async def listen(self) -> None:
        """Hear what the database says, for as long as the service lives."""
        while self._tells:
            with suppress(psycopg.Error):
                await self._hear()
            self.listening = False
            await asyncio.sleep(RETRY)

    async def wait_for_changes(self) -> AsyncIterator[bool]:
        """Every half second: whether it is time to look."""
        clock = asyncio.get_running_loop().time
        looked, due = clock(), True
        while True:
            news = self._news  # taken before who follows looks: what is written meanwhile is not missed
            yield due
            looked = clock() if due else looked
            due = await _waited(news) or not self.listening or clock() - looked >= self._seldom

    async def _hear(self) -> None:
        async with await psycopg.AsyncConnection.connect(**self._session, autocommit=True) as session:
            found = await (await session.execute("SELECT current_schema()")).fetchone()
            await session.execute(f"LISTEN {CHANNEL}")
            self.listening = True
            self._strike()  # what was written before
            async for one in session.notifies():
                if found and one.payload == found[0]:
                    self._strike()

    def _strike(self) -> None:
        self.rung += 1
        news, self._news = self._news, asyncio.Event()
        news.set()


async def _waited(news: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(LOOK):
            await news.wait()
    except TimeoutError:
        return False
    return True
