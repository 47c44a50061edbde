"""The store of rendered images is bounded, and its failures reach everyone who waits."""

import asyncio

import pytest

from ocean_core.cache import ByteBoundedCache
from ocean_core.errors import ServiceUnavailable
from ocean_plotting.tiles.store import RenderedImage

pytestmark = pytest.mark.anyio


def image(size):
    async def make():
        return RenderedImage(b"x" * size)

    return make


async def test_the_least_recently_used_value_is_evicted():
    stored = ByteBoundedCache(100, lambda item: len(item.content))
    for key in "abc":
        await stored.get_async(key, image(40))
        await stored.get_async("a", image(40))
    assert stored.nbytes == 80
    first = await stored.get_async("a", image(1))
    assert len(first.content) == 40
    again = await stored.get_async("b", image(1))
    assert len(again.content) == 1


async def test_a_value_larger_than_the_store_is_answered_and_stored_alone():
    stored = ByteBoundedCache(10, lambda item: len(item.content))
    assert len((await stored.get_async("a", image(4))).content) == 4
    assert len((await stored.get_async("b", image(40))).content) == 40
    assert stored.nbytes == 40


async def test_a_failure_reaches_every_waiting_caller_and_is_not_stored():
    stored, started = ByteBoundedCache(100, lambda item: len(item.content)), asyncio.Event()

    async def fail():
        await started.wait()
        raise ServiceUnavailable("away")

    waiting = [asyncio.create_task(stored.get_async("a", fail)) for _ in range(3)]
    started.set()
    for item in waiting:
        with pytest.raises(ServiceUnavailable):
            await item
    assert len((await stored.get_async("a", image(3))).content) == 3


async def test_one_asker_who_leaves_does_not_take_the_answer_from_the_others():
    stored, started = ByteBoundedCache(100, lambda item: len(item.content)), asyncio.Event()

    async def make():
        await started.wait()
        return RenderedImage(b"xyz")

    leaves = asyncio.create_task(stored.get_async("a", make))
    stays = asyncio.create_task(stored.get_async("a", make))
    await asyncio.sleep(0)
    leaves.cancel()
    started.set()
    assert (await stays).content == b"xyz"
