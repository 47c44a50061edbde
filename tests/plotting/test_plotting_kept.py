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


async def test_what_was_used_longest_ago_makes_room():
    kept = ByteBoundedCache(100, lambda one: len(one.content))
    for key in "abc":
        await kept.get_async(key, image(40))
        await kept.get_async("a", image(40))
    assert kept.nbytes == 80
    first = await kept.get_async("a", image(1))
    assert len(first.content) == 40
    again = await kept.get_async("b", image(1))
    assert len(again.content) == 1


async def test_what_is_larger_than_the_store_is_answered_all_the_same_and_is_alone_there():
    kept = ByteBoundedCache(10, lambda one: len(one.content))
    assert len((await kept.get_async("a", image(4))).content) == 4
    assert len((await kept.get_async("b", image(40))).content) == 40
    assert kept.nbytes == 40


async def test_a_failure_reaches_everyone_who_waits_and_is_not_kept():
    kept, begun = ByteBoundedCache(100, lambda one: len(one.content)), asyncio.Event()

    async def fail():
        await begun.wait()
        raise ServiceUnavailable("away")

    waiting = [asyncio.create_task(kept.get_async("a", fail)) for _ in range(3)]
    begun.set()
    for one in waiting:
        with pytest.raises(ServiceUnavailable):
            await one
    assert len((await kept.get_async("a", image(3))).content) == 3


async def test_one_asker_who_leaves_does_not_take_the_answer_from_the_others():
    kept, begun = ByteBoundedCache(100, lambda one: len(one.content)), asyncio.Event()

    async def make():
        await begun.wait()
        return RenderedImage(b"xyz")

    leaves = asyncio.create_task(kept.get_async("a", make))
    stays = asyncio.create_task(kept.get_async("a", make))
    await asyncio.sleep(0)
    leaves.cancel()
    begun.set()
    assert (await stays).content == b"xyz"
