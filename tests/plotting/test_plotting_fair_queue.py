"""Turns are fair between clients, the line is long, and who leaves it frees the place."""

import asyncio
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocean_core.errors import TooBusy
from ocean_plotting.tiles.store import RenderedImage, create_image_cache

pytestmark = pytest.mark.anyio
MANY = 2000


class ImageMaker:
    """Makes images one step at a time, and notes in which order they were begun."""

    def __init__(self, at_once=1, most=20_000):
        self.begun = []
        self.gate = asyncio.Semaphore(0)
        self.kept = create_image_cache(10**7, at_once, most)

    def ask(self, client, name, revision="r1"):
        async def make():
            self.begun.append(name)
            await self.gate.acquire()
            return RenderedImage(name.encode())

        return asyncio.create_task(self.kept.get_async((name, revision), make, client=client))

    def ask_at_once(self, name):
        async def make():
            return RenderedImage(name.encode())

        return self.kept.get_async((name, "r1"), make)

    @property
    def waiting(self):
        return self.kept._flights._queue.waiting

    def finish(self, count=2 * MANY):
        for _ in range(count):
            self.gate.release()


async def settle():
    """Let every task go on until it waits."""
    for _ in range(10):
        await asyncio.sleep(0)


@pytest.mark.ci
async def test_a_client_with_two_thousand_tiles_does_not_keep_another_waiting():
    studio = ImageMaker(at_once=4)
    many = [studio.ask("a", f"a{number}") for number in range(MANY)]
    await settle()
    few = [studio.ask("b", f"b{number}") for number in range(10)]
    await settle()
    assert studio.waiting == MANY + 10 - 4
    studio.finish()
    await asyncio.gather(*many, *few)
    last = max(studio.begun.index(f"b{number}") for number in range(10))
    assert last <= 4 + 2 * 10  # one of hers, one of his
    assert studio.begun[-1] == f"a{MANY - 1}"


async def test_nobody_is_refused_while_two_thousand_wait():
    studio = ImageMaker(at_once=2)
    requests = [studio.ask(f"client {number % 7}", f"tile {number}") for number in range(MANY + 2)]
    await settle()
    assert studio.waiting == MANY
    studio.finish()
    assert len({image.content for image in await asyncio.gather(*requests)}) == MANY + 2


async def test_a_request_beyond_the_memory_limit_is_refused_with_retry_after():
    studio = ImageMaker(most=3)
    requests = [studio.ask("a", str(number)) for number in range(4)]
    await settle()
    with pytest.raises(TooBusy) as caught:
        await studio.ask("a", "one more")
    assert caught.value.retry_after
    studio.finish()
    await asyncio.gather(*requests)
    assert (await studio.ask("b", "one more")).content == b"one more"


async def test_where_no_more_may_wait_the_client_with_the_longest_line_is_refused():
    studio = ImageMaker(most=4)
    many = [studio.ask("a", f"a{number}") for number in range(5)]  # one is made, four wait
    await settle()
    few = [studio.ask("b", f"b{number}") for number in range(3)]
    await settle()
    assert [task.done() for task in many] == [False, False, False, True, True]
    assert [task.done() for task in few] == [False, False, True]  # its line would be longer than the other
    assert studio.waiting == 4
    studio.finish()
    outcomes = await asyncio.gather(*many, *few, return_exceptions=True)
    assert [isinstance(outcome, TooBusy) for outcome in outcomes] == [False] * 3 + [True] * 2 + [False] * 2 + [True]
    assert studio.waiting == 0


async def test_what_another_client_waits_for_too_is_not_refused():
    studio = ImageMaker(most=3)
    many = [studio.ask("a", f"a{number}") for number in range(4)]
    await settle()
    same = studio.ask("c", "a3")
    await settle()
    new = studio.ask("b", "b")
    await settle()
    assert [task.done() for task in [*many, same, new]] == [False, False, True, False, False, False]
    studio.finish()
    await asyncio.gather(*many, same, new, return_exceptions=True)


async def test_an_abandoned_task_is_not_run_and_frees_its_slot():
    studio = ImageMaker()
    first = studio.ask("a", "first")
    gone = [studio.ask("a", f"gone {number}") for number in range(50)]
    stays = studio.ask("a", "stays")
    await settle()
    for item in gone:
        item.cancel()
    await settle()
    assert studio.waiting == 1
    studio.finish()
    await asyncio.gather(first, stays)
    assert studio.begun == ["first", "stays"]


async def test_a_computation_is_cached_although_its_caller_left():
    studio = ImageMaker()
    leaves = studio.ask("a", "tile")
    await settle()
    leaves.cancel()
    await settle()
    studio.finish(1)
    await settle()
    assert (await studio.ask("b", "tile")).content == b"tile"
    assert studio.begun == ["tile"]


async def test_equal_questions_are_made_once_in_the_better_of_their_places():
    studio = ImageMaker()
    requests = [studio.ask("a", f"a{number}") for number in range(20)]
    await settle()
    requests += [studio.ask("b", "a19"), studio.ask("b", "b0")]
    await settle()
    assert studio.waiting == 20
    studio.finish()
    await asyncio.gather(*requests)
    assert studio.begun[:4] == ["a0", "a1", "a19", "a2"]
    assert Counter(studio.begun).most_common(1)[0][1] == 1


async def test_one_of_two_who_leaves_does_not_take_the_place_from_the_other():
    studio = ImageMaker()
    first, leaves, stays = studio.ask("a", "first"), studio.ask("a", "tile"), studio.ask("b", "tile")
    await settle()
    leaves.cancel()
    await settle()
    studio.finish()
    await first
    assert (await stays).content == b"tile"


async def test_a_request_after_a_cancellation_is_answered():
    studio = ImageMaker()
    first, leaves = studio.ask("a", "first"), studio.ask("a", "tile")
    await settle()
    leaves.cancel()
    studio.finish()
    again = studio.ask("a", "tile")
    await first
    assert (await again).content == b"tile"


async def test_stored_tiles_are_served_although_all_slots_are_taken():
    studio = ImageMaker()
    waiting = studio.ask("a", "tile")
    await settle()
    assert (await studio.ask_at_once("legend")).content == b"legend"
    studio.finish()
    await waiting


async def test_a_new_revision_is_another_question():
    studio = ImageMaker()
    studio.finish()
    await studio.ask("a", "tile", "r1")
    await studio.ask("a", "tile", "r2")
    await studio.ask("a", "tile", "r2")
    assert studio.begun == ["tile", "tile"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "leave", "finish"]), st.sampled_from("abc"), st.integers(0, 5)), max_size=60
)


@given(STEPS, st.integers(1, 3))
def test_however_clients_come_and_go_every_place_is_free_in_the_end(steps, at_once):
    async def live():
        studio = ImageMaker(at_once)
        requests = []
        for content, client, number in steps:
            if content == "ask":
                requests.append(studio.ask(client, f"tile {number}"))
            elif content == "leave" and requests:
                requests[number % len(requests)].cancel()
            else:
                studio.finish(1)
            for _ in range(number % 4):
                await asyncio.sleep(0)
        studio.finish()
        outcomes = await asyncio.gather(*requests, return_exceptions=True)
        await settle()
        assert all(isinstance(outcome, RenderedImage | asyncio.CancelledError) for outcome in outcomes)
        assert studio.waiting == 0
        # All turns can be had again.
        again = [studio.ask("z", f"new {number}") for number in range(at_once)]
        await settle()
        assert studio.begun[-at_once:] == [f"new {number}" for number in range(at_once)]
        await asyncio.gather(*again)

    asyncio.run(live())
