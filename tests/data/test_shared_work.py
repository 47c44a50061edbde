"""Work that several ask for at once is done once."""

import asyncio

from ocean_common.errors import SourceUnreadable
from ocean_data.api.shared import Shared


def test_who_asks_meanwhile_gets_the_same():
    async def asking():
        shared, gate, done = Shared(), asyncio.Event(), []

        async def work():
            await gate.wait()
            done.append(1)
            return object()

        all_of_them = [asyncio.ensure_future(shared.get("a", work)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        found = await asyncio.gather(*all_of_them)
        again, joined = await shared.get("a", work)
        return found, done, again, joined

    found, done, again, joined = asyncio.run(asking())
    assert len({id(one) for one, _ in found}) == 1
    assert [late for _, late in found] == [False, True, True]
    assert (len(done), joined) == (2, False)
    assert again is not found[0][0]


def test_who_leaves_does_not_take_the_answer_of_the_others_away():
    async def asking():
        shared, gate = Shared(), asyncio.Event()

        async def work():
            await gate.wait()
            return "made"

        first = asyncio.ensure_future(shared.get("a", work))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(shared.get("a", work))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.set()
        return await second

    assert asyncio.run(asking()) == ("made", True)


def test_a_failure_is_told_to_all_and_forgotten():
    async def asking():
        shared, gate = Shared(), asyncio.Event()

        async def fail():
            await gate.wait()
            raise SourceUnreadable("gone")

        both = [asyncio.ensure_future(shared.get("a", fail)) for _ in range(2)]
        await asyncio.sleep(0)
        gate.set()
        failures = await asyncio.gather(*both, return_exceptions=True)

        async def work():
            return "made"

        return failures, await shared.get("a", work)

    failures, after = asyncio.run(asking())
    assert [type(one) for one in failures] == [SourceUnreadable, SourceUnreadable]
    assert after == ("made", False)
