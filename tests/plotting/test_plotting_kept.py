"""The store of rendered images is bounded, and its failures reach everyone who waits."""

import asyncio

import pytest

from ocean_core.errors import ServiceUnavailable
from ocean_plotting.tiles.store import RenderedImage, RevisionCache

pytestmark = pytest.mark.anyio


def image(size, revision="r1"):
    async def make():
        return RenderedImage(content=b"x" * size, revision=revision)

    return make


async def test_what_was_used_longest_ago_makes_room():
    kept = RevisionCache(100, lambda one: len(one.content))
    for key in "abc":
        await kept.get((key,), image(40), "r1")
        await kept.get(("a",), image(40), "r1")
    assert kept.values.nbytes == 80
    first = await kept.get(("a",), image(1), "r1")
    assert len(first.content) == 40
    again = await kept.get(("b",), image(1), "r1")
    assert len(again.content) == 1


async def test_what_is_larger_than_the_store_is_answered_all_the_same_and_is_alone_there():
    kept = RevisionCache(10, lambda one: len(one.content))
    assert len((await kept.get(("a",), image(4), "r1")).content) == 4
    assert len((await kept.get(("b",), image(40), "r1")).content) == 40
    assert kept.values.nbytes == 40


async def test_a_failure_reaches_everyone_who_waits_and_is_not_kept():
    kept, begun = RevisionCache(100, lambda one: len(one.content)), asyncio.Event()

    async def fail():
        await begun.wait()
        raise ServiceUnavailable("away")

    waiting = [asyncio.create_task(kept.get(("a",), fail, "r1")) for _ in range(3)]
    begun.set()
    for one in waiting:
        with pytest.raises(ServiceUnavailable):
            await one
    assert len((await kept.get(("a",), image(3), "r1")).content) == 3


async def test_one_asker_who_leaves_does_not_take_the_answer_from_the_others():
    kept, begun = RevisionCache(100, lambda one: len(one.content)), asyncio.Event()

    async def make():
        await begun.wait()
        return RenderedImage(content=b"xyz", revision="r1")

    leaves = asyncio.create_task(kept.get(("a",), make, "r1"))
    stays = asyncio.create_task(kept.get(("a",), make, "r1"))
    await asyncio.sleep(0)
    leaves.cancel()
    begun.set()
    assert (await stays).content == b"xyz"
