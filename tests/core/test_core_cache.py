"""Caches bounded in bytes and in age, and work that several ask for at once."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ocean_core.cache import ByteBoundedCache, SingleFlight, TTLCache
from ocean_core.errors import SourceUnreadable


def test_what_many_ask_for_at_once_is_made_once():
    cache, made, gate = ByteBoundedCache(100, lambda _: 1), [], threading.Barrier(8)

    def ask():
        gate.wait()
        cache.get("key", lambda: made.append(1) or threading.Event().wait(0.05) or "value")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert made == [1]


def test_a_cache_forgets_what_was_used_longest_ago():
    cache = ByteBoundedCache(3, lambda _: 1)
    for key in "abcabd":
        cache.get(key, object)
    assert cache.nbytes == 3
    asked = []
    for key in "abdc":
        cache.get(key, lambda key=key: asked.append(key))
    assert asked == ["c"]


def test_a_failure_is_not_cache():
    cache = ByteBoundedCache(3, lambda _: 1)
    with pytest.raises(SourceUnreadable):
        cache.get("key", lambda: (_ for _ in ()).throw(SourceUnreadable("broken")))
    assert cache.get("key", lambda: 5) == 5


def test_none_is_a_value_like_any_other():
    cache, made = ByteBoundedCache(10, lambda _: 4), []
    for key in "aabbaab":
        assert cache.get(key, lambda key=key: made.append(key)) is None
    assert (made, cache.nbytes) == (["a", "b"], 8)
    assert cache.find("a", "missing") is None
    assert cache.find("c", "missing") == "missing"


def test_a_value_in_the_place_of_another_is_counted_once():
    closed = []
    cache = ByteBoundedCache(10, len, on_evict=closed.append)
    for value in ("one", "three", "seven"):
        cache.put("key", value)
    assert (cache.nbytes, closed) == (5, ["one", "three"])
    cache.put("other", "eleven")
    assert (cache.nbytes, closed[2:]) == (6, ["seven"])
    cache.clear()
    cache.discard("other")
    assert (cache.nbytes, closed[3:]) == (0, ["eleven"])


def test_one_value_stays_although_it_is_larger_but_none_where_nothing_may():
    large, nothing = ByteBoundedCache(3, len), ByteBoundedCache(0, len)
    for cache in (large, nothing):
        assert cache.get("key", lambda: "large") == "large"
    assert ("key" in large, "key" in nothing) == (True, False)


def test_values_of_an_event_loop_are_made_once_and_kept_if_they_may_be():
    async def ask():
        cache, made = ByteBoundedCache(100, len), []

        async def make():
            made.append(1)
            await asyncio.sleep(0)
            return "value"

        found = await asyncio.gather(*(cache.get_async("key", make) for _ in range(60)))
        await cache.get_async("key", make)
        await cache.get_async("other", make, keep=lambda _: False)
        return set(found), len(made), "other" in cache

    assert asyncio.run(ask()) == ({"value"}, 2, False)


def test_one_asks_and_the_others_wait():
    cache, asked, gate = TTLCache(60.0), [], threading.Barrier(8)

    def ask():
        gate.wait()
        return cache.get("key", lambda: asked.append(1) or "answer")

    with ThreadPoolExecutor(8) as threads:
        assert {one.result() for one in [threads.submit(ask) for _ in range(8)]} == {"answer"}
    assert asked == [1]
    cache.forget("key")
    assert cache.get("key", lambda: "another") == "another"
    assert TTLCache(0.0).get("key", lambda: 1) == 1


def test_who_asks_meanwhile_gets_the_same():
    async def asking():
        shared, gate, done = SingleFlight(), asyncio.Event(), []

        async def work():
            await gate.wait()
            done.append(1)
            return object()

        all_of_them = [asyncio.ensure_future(shared.run("a", work)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        found = await asyncio.gather(*all_of_them)
        again, joined = await shared.run("a", work)
        return found, done, again, joined

    found, done, again, joined = asyncio.run(asking())
    assert len({id(one) for one, _ in found}) == 1
    assert [late for _, late in found] == [False, True, True]
    assert (len(done), joined) == (2, False)
    assert again is not found[0][0]


def test_who_leaves_does_not_take_the_answer_of_the_others_away():
    async def asking():
        shared, gate = SingleFlight(), asyncio.Event()

        async def work():
            await gate.wait()
            return "made"

        first = asyncio.ensure_future(shared.run("a", work))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(shared.run("a", work))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        gate.set()
        return await second

    assert asyncio.run(asking()) == ("made", True)


def test_a_failure_is_told_to_all_and_forgotten():
    async def asking():
        shared, gate = SingleFlight(), asyncio.Event()

        async def fail():
            await gate.wait()
            raise SourceUnreadable("gone")

        both = [asyncio.ensure_future(shared.run("a", fail)) for _ in range(2)]
        await asyncio.sleep(0)
        gate.set()
        failures = await asyncio.gather(*both, return_exceptions=True)

        async def work():
            return "made"

        return failures, await shared.run("a", work)

    failures, after = asyncio.run(asking())
    assert [type(one) for one in failures] == [SourceUnreadable, SourceUnreadable]
    assert after == ("made", False)
