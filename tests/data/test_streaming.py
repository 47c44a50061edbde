"""Answers while they are made: done once for all who ask, bounded, and stopped when nobody waits."""

import asyncio
import os
import threading
from pathlib import Path

import pytest

from ocean_core.errors import RequestTooLarge, SourceUnreadable, TooBusy
from ocean_data.reading.base import ThreadPool
from ocean_data.spool import MIB, ScratchFolder, Spool

WAIT = 20  # s: how long a test waits for what must happen


@pytest.fixture
def threads():
    created = ThreadPool(4, 4)
    yield created
    created.close()


@pytest.fixture
def spool(tmp_path):
    created = Spool(64 * MIB, str(tmp_path))
    yield created
    asyncio.run(created.close())


class Tap:
    """Work that writes a piece whenever the test lets it, and tells how it ended."""

    def __init__(self, *pieces, failing=None):
        self.pieces, self.failing = pieces, failing
        self.open = threading.Semaphore(0)
        self.ended = threading.Event()
        self.runs = self.written = 0

    def __call__(self, sink):
        self.runs += 1
        try:
            for piece in self.pieces:
                assert self.open.acquire(timeout=WAIT)
                sink.write(piece)
                self.written += 1
            if self.failing:
                raise self.failing
        finally:
            self.ended.set()

    def let(self, count=None):
        self.open.release(len(self.pieces) if count is None else count)

    async def end(self):
        assert await asyncio.to_thread(self.ended.wait, WAIT)


async def all_of(following):
    try:
        return b"".join([piece async for piece in following])
    finally:
        following.close()


async def settled(spool):
    """Until the writers' ends have reached the loop."""
    async with asyncio.timeout(WAIT):
        while spool._used or spool._entries or spool._tasks:  # noqa: ASYNC110  the loop's turns are what it waits for
            await asyncio.sleep(0)


def test_the_first_bytes_leave_while_the_rest_is_made(spool, threads):
    async def scene():
        work = Tap(b"first ", b"last")
        following = spool.follow("a", work, threads)
        work.let(1)
        await following.wait_ready(complete=False)
        coming = aiter(following)
        assert await anext(coming) == b"first "
        assert following.size is None
        assert not work.ended.is_set()
        work.let(1)
        assert await anext(coming) == b"last"
        assert [piece async for piece in coming] == []
        assert following.size == 10
        following.close()
        await settled(spool)

    asyncio.run(scene())


def test_equal_requests_at_once_are_done_once_and_read_the_same_bytes(spool, threads):
    pieces = [os.urandom(3 * MIB + 17) for _ in range(5)]

    async def scene():
        work = Tap(*pieces)
        early = [spool.follow("a", work, threads) for _ in range(3)]
        reading = [asyncio.create_task(all_of(item)) for item in early]
        work.let(2)
        late = spool.follow("a", work, threads)
        await late.wait_ready(complete=False)
        work.let(3)
        assert set(await asyncio.gather(*reading, all_of(late))) == {b"".join(pieces)}
        assert work.runs == 1
        await settled(spool)
        again = Tap(b"new")
        again.let()
        assert await all_of(spool.follow("a", again, threads)) == b"new"

    asyncio.run(scene())


def test_other_keys_are_other_answers(spool, threads):
    async def scene():
        item, two = Tap(b"1"), Tap(b"2")
        item.let()
        two.let()
        follow = [spool.follow("one", item, threads), spool.follow("two", two, threads)]
        assert await asyncio.gather(*map(all_of, follow)) == [b"1", b"2"]

    asyncio.run(scene())


def test_work_goes_on_while_one_of_its_readers_is_left_and_stops_with_the_last(spool, threads):
    async def scene():
        work = Tap(b"1", b"2", b"3", b"4")
        first, second = (spool.follow("a", work, threads) for _ in range(2))
        work.let(1)
        await first.wait_ready(complete=False)
        first.close()
        work.let(1)
        coming = aiter(second)
        assert (await anext(coming) + await anext(coming, b""))[:1] == b"1"
        second.close()
        work.let()
        await work.end()
        assert work.written < 4
        await settled(spool)

    asyncio.run(scene())


def test_a_caller_after_the_last_cancellation_gets_a_new_computation(spool, threads):
    async def scene():
        left, work = Tap(b"1", b"2"), Tap(b"whole")
        following = spool.follow("a", left, threads)
        following.close()
        new = spool.follow("a", work, threads)
        left.let()
        work.let()
        assert await all_of(new) == b"whole"
        await left.end()
        await settled(spool)

    asyncio.run(scene())


def test_a_failure_before_the_first_byte_is_raised_for_everybody(spool, threads):
    async def scene():
        work = Tap(failing=SourceUnreadable("gone"))
        pair = [spool.follow("a", work, threads) for _ in range(2)]
        for item in pair:
            with pytest.raises(SourceUnreadable, match="gone"):
                await item.wait_ready(complete=False)
        again = Tap(b"new")
        again.let()
        assert await all_of(spool.follow("a", again, threads)) == b"new"  # though the failure still has readers
        for item in pair:
            item.close()
        await settled(spool)

    asyncio.run(scene())


def test_a_failure_on_the_way_comes_after_the_bytes_before_it(spool, threads):
    async def scene():
        work = Tap(b"so far", failing=SourceUnreadable("gone"))
        following = spool.follow("a", work, threads)
        work.let()
        coming = aiter(following)
        assert await anext(coming) == b"so far"
        with pytest.raises(SourceUnreadable):
            await anext(coming)
        following.close()
        await settled(spool)

    asyncio.run(scene())


def test_a_full_queue_is_reported(spool):
    async def scene():
        narrow = ThreadPool(1, 1)
        works = [Tap(b"x") for _ in range(3)]
        follow = [spool.follow(str(number), work, narrow) for number, work in enumerate(works)]
        with pytest.raises(TooBusy):
            await follow[2].wait_ready(complete=False)
        for work in works:
            work.let()
        assert await all_of(follow[0]) == await all_of(follow[1]) == b"x"
        follow[2].close()
        narrow.close()

    asyncio.run(scene())


def test_a_file_leaves_when_it_is_whole_and_nothing_of_it_stays(spool, threads, tmp_path):
    content = os.urandom(5 * MIB)

    async def scene():
        following = spool.follow("a", lambda sink: sink.save(lambda path: Path(path).write_bytes(content)), threads)
        await following.wait_ready(complete=True)
        assert following.size == len(content)
        assert not list(tmp_path.rglob("*.part"))
        assert await all_of(following) == content
        await settled(spool)

    asyncio.run(scene())


def test_a_file_that_fails_leaves_nothing(spool, threads, tmp_path):
    def fail(path):
        Path(path).write_bytes(b"half")
        raise SourceUnreadable("gone")

    async def scene():
        following = spool.follow("a", lambda sink: sink.save(fail), threads, reserved=MIB)
        with pytest.raises(SourceUnreadable):
            await following.wait_ready(complete=True)
        following.close()
        await settled(spool)

    asyncio.run(scene())
    assert not list(tmp_path.rglob("*.part"))


def test_files_hold_their_room_from_the_beginning(spool, threads):
    async def scene():
        work = Tap(b"x")
        first = spool.follow("a", work, threads, reserved=40 * MIB)
        with pytest.raises(TooBusy):
            spool.follow("b", work, threads, reserved=40 * MIB)
        with pytest.raises(RequestTooLarge, match="the limit is"):
            spool.follow("c", work, threads, reserved=65 * MIB)
        work.let()
        assert await all_of(first) == b"x"
        await settled(spool)

    asyncio.run(scene())


def test_a_writer_waits_for_its_reader_and_holds_a_bounded_number_of_bytes(tmp_path, threads):
    spool, pieces = Spool(32 * MIB, str(tmp_path)), [bytes([number]) * MIB for number in range(60)]
    most = 0

    async def scene():
        nonlocal most
        work = Tap(*pieces)
        work.let()
        following = spool.follow("a", work, threads)
        coming = aiter(following)
        for expected in pieces:
            got = b""
            while len(got) < MIB:
                got += await anext(coming)
            assert got == expected
            most = max(most, spool._used)
        following.close()
        await settled(spool)

    asyncio.run(scene())
    assert 0 < most <= 32 * MIB // 4
    asyncio.run(spool.close())


def test_a_reader_after_the_start_was_dropped_gets_its_own_response(tmp_path, threads):
    spool = Spool(8 * MIB, str(tmp_path))

    async def scene():
        work, own = Tap(*[b"x" * MIB] * 8), Tap(b"own")
        work.let()
        own.let()
        following = spool.follow("a", work, threads)
        coming = aiter(following)
        for _ in range(6):
            await anext(coming)
        assert await all_of(spool.follow("a", own, threads)) == b"own"
        assert sum([len(piece) async for piece in coming]) == 2 * MIB
        following.close()
        await settled(spool)

    asyncio.run(scene())
    asyncio.run(spool.close())


def test_a_reader_who_does_not_read_is_not_waited_for_without_end(tmp_path, threads):
    spool = Spool(8 * MIB, str(tmp_path), patience=0.05)

    async def scene():
        work = Tap(*[b"x" * MIB] * 8)
        work.let()
        following = spool.follow("a", work, threads)
        await work.end()
        with pytest.raises(TooBusy):
            await all_of(following)
        await settled(spool)

    asyncio.run(scene())
    asyncio.run(spool.close())


def test_closing_stops_all_writers_and_removes_the_folder(tmp_path):
    threads, spool = ThreadPool(2, 2), Spool(64 * MIB, str(tmp_path))

    async def scene():
        work = Tap(*[b"x" * 2 * MIB] * 4)
        following = spool.follow("a", work, threads)
        work.let(2)
        await following.wait_ready(complete=False)
        closing = asyncio.create_task(spool.close())
        await asyncio.sleep(0)
        work.let()
        await closing
        assert work.ended.is_set()
        assert work.written < 4
        following.close()

    asyncio.run(scene())
    threads.close()
    assert not list(tmp_path.iterdir())


def test_the_next_process_removes_what_a_dead_one_has_left_and_nothing_else(tmp_path):
    left = tmp_path / "ocean-data-left"
    left.mkdir()
    (left / "lock").touch()
    (left / "0.part").write_bytes(b"half a file")
    strange = tmp_path / "ocean-data-strange"
    strange.mkdir()
    living = ScratchFolder(str(tmp_path))
    new = ScratchFolder(str(tmp_path))
    assert sorted(tmp_path.iterdir()) == sorted([strange, living.path, new.path])
    new.close()
    living.close()
