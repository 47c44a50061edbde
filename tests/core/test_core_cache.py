"""Caches bounded in bytes and in age, and work that several ask for at once."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.looping import loop_over

from ocean_core.cache import ByteBoundedCache, SingleFlight, TTLCache
from ocean_core.errors import SourceUnreadable


def test_simultaneous_requests_are_computed_once():
    cache, created, gate = ByteBoundedCache(100, lambda _: 1), [], threading.Barrier(8)

    def ask():
        gate.wait()
        cache.get("key", lambda: created.append(1) or threading.Event().wait(0.05) or "value")

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert created == [1]


def test_a_cache_forgets_what_was_used_longest_ago():
    cache = ByteBoundedCache(3, lambda _: 1)
    for key in "abcabd":
        cache.get(key, object)
    assert cache.nbytes == 3
    requests = []
    for key in "abdc":
        cache.get(key, lambda key=key: requests.append(key))
    assert requests == ["c"]


def test_a_failure_is_not_cache():
    cache = ByteBoundedCache(3, lambda _: 1)
    with pytest.raises(SourceUnreadable):
        cache.get("key", lambda: (_ for _ in ()).throw(SourceUnreadable("broken")))
    assert cache.get("key", lambda: 5) == 5


@loop_over("fails", [False, True])
def test_who_waited_for_a_value_may_replace_it_at_once(fails):
    cache, replaced = ByteBoundedCache(3, lambda _: 1), []

    def replace(_):
        cache.discard("key")
        replaced.append(cache.get("key", lambda: 5))

    def make():
        cache._promises["key"].add_done_callback(replace)  # called as soon as those who wait are woken
        if fails:
            raise SourceUnreadable("broken")
        return 4

    with ThreadPoolExecutor() as pool:
        pool.submit(cache.get, "key", make)
    assert (replaced, cache.find("key", None)) == ([5], 5)


def test_none_is_a_value_like_any_other():
    cache, created = ByteBoundedCache(10, lambda _: 4), []
    for key in "aabbaab":
        assert cache.get(key, lambda key=key: created.append(key)) is None
    assert (created, cache.nbytes) == (["a", "b"], 8)
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


def test_values_of_an_event_loop_are_computed_once_and_cached_if_allowed():
    async def ask():
        cache, created = ByteBoundedCache(100, len), []

        async def make():
            created.append(1)
            await asyncio.sleep(0)
            return "value"

        result = await asyncio.gather(*(cache.get_async("key", make) for _ in range(60)))
        await cache.get_async("key", make)
        await cache.get_async("other", make, keep=lambda _: False)
        return set(result), len(created), "other" in cache

    assert asyncio.run(ask()) == ({"value"}, 2, False)


def test_one_caller_requests_and_the_others_wait():
    cache, requests, gate = TTLCache(60.0), [], threading.Barrier(8)

    def ask():
        gate.wait()
        return cache.get("key", lambda: requests.append(1) or "answer")

    with ThreadPoolExecutor(8) as threads:
        assert {item.result() for item in [threads.submit(ask) for _ in range(8)]} == {"answer"}
    assert requests == [1]
    cache.forget("key")
    assert cache.get("key", lambda: "another") == "another"
    assert TTLCache(0.0).get("key", lambda: 1) == 1


def test_a_simultaneous_caller_gets_the_same_value():
    async def asking():
        shared, gate, finished = SingleFlight(), asyncio.Event(), []

        async def work():
            await gate.wait()
            finished.append(1)
            return object()

        all_of_them = [asyncio.ensure_future(shared.run("a", work)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.set()
        result = await asyncio.gather(*all_of_them)
        again, joined = await shared.run("a", work)
        return result, finished, again, joined

    result, finished, again, joined = asyncio.run(asking())
    assert len({id(item) for item, _ in result}) == 1
    assert [late for _, late in result] == [False, True, True]
    assert (len(finished), joined) == (2, False)
    assert again is not result[0][0]


def test_a_cancelled_caller_does_not_cancel_the_others():
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


def test_a_failure_is_raised_for_all_callers_and_forgotten():
    async def asking():
        shared, gate = SingleFlight(), asyncio.Event()

        async def fail():
            await gate.wait()
            raise SourceUnreadable("gone")

        pair = [asyncio.ensure_future(shared.run("a", fail)) for _ in range(2)]
        await asyncio.sleep(0)
        gate.set()
        failures = await asyncio.gather(*pair, return_exceptions=True)

        async def work():
            return "made"

        return failures, await shared.run("a", work)

    failures, after = asyncio.run(asking())
    assert [type(failure) for failure in failures] == [SourceUnreadable, SourceUnreadable]
    assert after == ("made", False)
