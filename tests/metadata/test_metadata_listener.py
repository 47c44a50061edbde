"""Instances on PostgreSQL are told what is new; those on SQLite look for it."""

import asyncio
from contextlib import aclosing, asynccontextmanager, suppress

import pytest
from tests.metadata.postgres import MISSING, REASON
from tests.metadata.serving import PATIENCE

from ocean_metadata.catalogue.database import connect, create_tables, notify_listeners
from ocean_metadata.catalogue.store import CatalogueWriter
from ocean_metadata.catalogue.watcher import DatabaseListener
from ocean_metadata.class4.store import Class4Store
from ocean_metadata.index.watch import reading_version

NEVER = 1e9  # s: who does not listen finds out nothing

needs_postgresql = pytest.mark.skipif(MISSING, reason=REASON)


@pytest.fixture
def engine(postgresql):
    result = connect(postgresql.create())
    create_tables(result)
    yield result
    result.dispose()


@asynccontextmanager
async def heard(engine):
    """The strokes of a listener that looks only when it is told to, once it listens."""
    listener = DatabaseListener(engine, notified_interval=NEVER)
    listening = asyncio.create_task(listener.listen())
    try:
        async with asyncio.timeout(PATIENCE), aclosing(listener.wait_for_changes()) as strokes:
            while not listener.listening:
                await anext(strokes)
            await anext(strokes)  # that it listens
            yield listener, strokes
    finally:
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening


async def due(strokes):
    while not await anext(strokes):
        pass


def say(engine, times=1):
    with engine.begin() as connection:
        for _ in range(times):
            notify_listeners(connection)


@needs_postgresql
def test_whoever_follows_looks_as_soon_as_the_catalogue_is_written(engine):
    async def follow():
        async with heard(engine) as (listener, strokes):
            before = listener.notifications
            await asyncio.to_thread(CatalogueWriter(engine, reading_version()).finish, set(), set())
            await due(strokes)
            assert listener.notifications > before
            before = listener.notifications
            await asyncio.to_thread(Class4Store(engine).remove_all_but, [])
            await due(strokes)
            assert listener.notifications > before

    asyncio.run(follow())


@needs_postgresql
def test_catalogues_of_other_schemas_and_what_was_taken_back_are_not_heard_of(engine, postgresql):
    other = connect(postgresql.create())

    async def follow():
        async with heard(engine) as (listener, strokes):
            before = listener.notifications
            with suppress(ZeroDivisionError), engine.begin() as connection:
                notify_listeners(connection)
                raise ZeroDivisionError
            say(other)
            say(engine, 3)  # of one transaction: one stroke
            await due(strokes)
            assert listener.notifications == before + 1

    asyncio.run(follow())
    other.dispose()


@needs_postgresql
def test_a_session_that_breaks_off_is_begun_again_and_looked_for_meanwhile(own_postgresql):
    engine = connect(own_postgresql.create())

    async def follow():
        async with heard(engine) as (listener, strokes):
            await asyncio.to_thread(own_postgresql.halt)
            while listener.listening:
                await anext(strokes)
            await due(strokes)  # nobody tells: it looks
            await asyncio.to_thread(own_postgresql.resume)
            while not listener.listening:
                await anext(strokes)
            before = listener.notifications
            await asyncio.to_thread(say, engine)
            while listener.notifications == before:
                await anext(strokes)
            assert listener.listening

    asyncio.run(follow())
    engine.dispose()


def test_on_sqlite_it_is_always_time_to_look(tmp_path):
    engine = connect(str(tmp_path / "c.sqlite3"))

    async def follow():
        listener = DatabaseListener(engine, notified_interval=NEVER)
        await asyncio.wait_for(listener.listen(), PATIENCE)  # it has nobody to listen to
        async with aclosing(listener.wait_for_changes()) as strokes:
            assert [await anext(strokes) for _ in range(3)] == [True] * 3

    say(engine)  # says nothing
    asyncio.run(follow())
    engine.dispose()


@needs_postgresql
def test_even_who_listens_looks_now_and_then(engine):
    async def follow():
        listener = DatabaseListener(engine, notified_interval=0)
        listening = asyncio.create_task(listener.listen())
        async with asyncio.timeout(PATIENCE), aclosing(listener.wait_for_changes()) as strokes:
            while not listener.listening:
                await anext(strokes)
            assert [await anext(strokes) for _ in range(3)] == [True] * 3
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening

    asyncio.run(follow())
