"""What happens to datasets is written with the catalogue, and told to whoever listens."""

import asyncio
import json
from contextlib import aclosing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.exceptions import WebSocketDisconnect
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.contracts.metadata import Event
from ocean_metadata.app import create_app
from ocean_metadata.catalogue.database import connect, reading
from ocean_metadata.catalogue.model import Snapshot
from ocean_metadata.catalogue.store import Catalogue
from ocean_metadata.catalogue.watcher import CatalogueWatcher
from ocean_metadata.events import store as events
from ocean_metadata.events.broadcaster import EventBroadcaster
from ocean_metadata.events.store import Change, DatasetState, find_change

API = "/api/v2.0"
ENOUGH = 100  # s


def told(indexed, after=0):
    with reading(indexed.engine) as connection:
        return events.read_events(connection, after, 10_000)


def brief(found):
    return [(one.type, one.dataset) for one in found]


# ---- what happened -----------------------------------------------------------------------------------------------


def known(revision, *seconds):
    return DatasetState(revision, np.array(seconds, dtype=np.int64))


def of_a(kind, **more):
    return Change(dataset="a", type=kind, **more)


@loop_over(
    ("before", "after", "expected"),
    [
        (None, None, None),
        (known("1", 5), known("1", 5), None),
        (None, known("1", 5, 3), of_a("added", revision="1", count=2, first=3, last=5)),
        (None, known("1"), of_a("added", revision="1")),
        (known("1", 5), None, of_a("removed")),
        (known("1", 5), known("2", 9, 5, 7), of_a("time_steps", revision="2", count=2, first=7, last=9)),
        (known("1", 5), known("2", 5), of_a("changed", revision="2")),
        (known("1", 5, 6), known("2", 6, 7), of_a("changed", revision="2", count=1, first=7, last=7)),
    ],
)  # fmt: skip
def test_what_happened_follows_from_before_and_after(before, after, expected):
    assert find_change("a", before, after) == expected


instants = st.sets(st.integers(-(2**40), 2**40), max_size=30)


@given(instants, instants)
def test_new_steps_are_those_that_were_not_there(before, after):
    found = find_change("a", known("1", *before), known("2", *after))
    new = after - before
    assert (found.count, found.first, found.last) == (len(new), min(new, default=None), max(new, default=None))
    assert found.type == ("time_steps" if new and before <= after else "changed")


# ---- with the catalogue ------------------------------------------------------------------------------------------


def test_every_pass_tells_what_it_found(tmp_path, index, make):
    make(tmp_path / "a.nc")
    found = index(folder=tmp_path)
    assert brief(told(found)) == [("added", "a")]
    make(tmp_path / "b.nc", variable="so")
    make(tmp_path / "a.nc", times=[0, 1, 2, 3, 4])
    found.run()
    (tmp_path / "b.nc").unlink()
    make(tmp_path / "a.nc", times=[3, 4])
    found.run()
    found.run()
    assert brief(told(found)) == [
        ("added", "a"), ("time_steps", "a"), ("added", "b"), ("changed", "a"), ("removed", "b"),
    ]  # fmt: skip
    steps = told(found)[1].steps
    assert (steps.count, steps.first, steps.last) == (2, "2000-01-04T00:00:00+00:00", "2000-01-05T00:00:00+00:00")
    assert told(found)[3].revision == found.dataset("a").revision


def test_a_dataset_that_cannot_be_read_is_gone_until_it_can(tmp_path, index, make):
    whole = make(tmp_path / "a.nc").read_bytes()
    found = index(folder=tmp_path)
    (tmp_path / "a.nc").write_bytes(whole[:100])
    found.run()
    (tmp_path / "a.nc").write_bytes(whole)
    found.run()
    assert brief(told(found)) == [("added", "a"), ("removed", "a"), ("added", "a")]


def test_ids_follow_each_other_over_restarts_and_the_oldest_are_forgotten(tmp_path, database, index, make):
    make(tmp_path / "a.nc")
    found = index(folder=tmp_path)
    [first] = told(found)
    many = [Change(dataset="a", type="changed")] * (events.MAX_EVENTS // 2)
    for _ in range(3):
        again = connect(database)
        with again.begin() as connection:
            events.write_changes(connection, many)
        again.dispose()
    with reading(found.engine) as connection:
        assert events.stored_ids(connection) == (
            first.id + events.MAX_EVENTS // 2 + 1,
            first.id + 3 * events.MAX_EVENTS // 2,
        )


# ---- to listeners ------------------------------------------------------------------------------------------------


class Instance:
    """One of the processes that serve a catalogue."""

    def __init__(self, indexed, **more):
        self.feed = EventBroadcaster(indexed.engine, **more)
        self.feed.begin()
        self.catalogue = Catalogue(indexed.engine)
        self.catalogue.refresh()
        self.news = CatalogueWatcher(self.catalogue, self.feed)

    async def hear(self, count, since=None, datasets=frozenset()):
        """So many events."""
        found = []
        async with asyncio.timeout(ENOUGH), aclosing(self.feed.follow(since, datasets)) as following:
            while len(found) < count:
                one = await anext(following)
                found += [one] if isinstance(one, Event) else []
        return found

    async def position(self, datasets=frozenset()):
        async with aclosing(self.feed.follow(None, datasets)) as following:
            return await anext(following)


def add(indexed, *changes):
    with indexed.engine.begin() as connection:
        events.write_changes(connection, [Change(dataset=name, type=kind, revision="r") for kind, name in changes])


@pytest.fixture
def indexed(tmp_path, index, make):
    make(tmp_path / "a.nc")
    return index(folder=tmp_path)


def test_all_instances_tell_the_same(indexed):
    async def listen():
        one, other = Instance(indexed), Instance(indexed)
        hearing = [asyncio.create_task(each.hear(3)) for each in (one, one, other)]
        await asyncio.sleep(0)
        add(indexed, ("changed", "a"), ("added", "b"))
        await one.news.renew()
        add(indexed, ("removed", "b"))
        for each in (other, one):
            await each.news.renew()
        return await asyncio.gather(*hearing)

    first, second, third = asyncio.run(listen())
    assert first == second == third
    assert brief(first) == [("changed", "a"), ("added", "b"), ("removed", "b")]
    assert [one.id - first[0].id for one in first] == [0, 1, 2]


@pytest.mark.parametrize("known", [0, 1, 3])
def test_who_comes_again_hears_what_was_missed_at_any_instance(indexed, known):
    [first] = told(indexed)
    add(indexed, ("changed", "a"), ("added", "b"), ("removed", "b"))
    add(indexed, ("added", "c"))

    async def listen(instance):
        return await instance.hear(4 - known, since=first.id + known)

    whole = [("changed", "a"), ("added", "b"), ("removed", "b"), ("added", "c")]
    assert brief(asyncio.run(listen(Instance(indexed)))) == whole[known:]


@pytest.mark.parametrize("wrong", [-1_000_000, -2, 7, 1_000_000])
def test_who_missed_too_much_is_told_to_ask_for_everything(indexed, wrong):
    [first] = told(indexed)

    async def listen():
        instance = Instance(indexed)
        [reset] = await instance.hear(1, since=max(0, first.id + wrong))
        add(indexed, ("added", "b"))
        await instance.news.renew()
        return reset, await instance.hear(1, since=reset.id)

    reset, after = asyncio.run(listen())
    assert (reset.type, reset.id, reset.dataset) == ("reset", first.id, None)
    assert brief(after) == [("added", "b")]


def test_an_instance_that_is_behind_another_one_tells_nothing_twice(indexed):
    async def listen():
        ahead, behind = Instance(indexed), Instance(indexed)
        add(indexed, ("changed", "a"))
        await ahead.news.renew()
        at = await ahead.position()
        hearing = asyncio.create_task(behind.hear(1, since=at))
        await asyncio.sleep(0)
        await behind.news.renew()
        add(indexed, ("added", "b"))
        await behind.news.renew()
        return await hearing

    assert brief(asyncio.run(listen())) == [("added", "b")]


def test_a_listener_hears_of_the_datasets_it_asked_for_and_where_it_is(indexed):
    async def listen():
        instance = Instance(indexed, heartbeat=0.01)
        following = instance.feed.follow(None, {"b"})
        begin = await anext(following)
        add(indexed, ("changed", "a"), ("added", "b"), ("changed", "a"))
        await instance.news.renew()
        async with asyncio.timeout(ENOUGH), aclosing(following):
            heard = await anext(following)
            return begin, heard, await anext(following)

    begin, heard, at = asyncio.run(listen())
    assert (heard.dataset, heard.id, at) == ("b", begin + 2, begin + 3)


def test_a_slow_listener_is_not_waited_for_and_misses_nothing(indexed, monkeypatch):
    async def listen():
        instance = Instance(indexed)
        slow = instance.feed.follow(None, frozenset())
        await anext(slow)
        for _ in range(30):
            add(indexed, *[("changed", "a")] * 50)
            await instance.news.renew()
        async with asyncio.timeout(ENOUGH), aclosing(slow):
            return [(await anext(slow)).id for _ in range(1500)]

    found = asyncio.run(listen())
    assert found == list(range(found[0], found[0] + 1500))


def test_there_is_room_for_so_many_listeners(indexed):
    async def listen():
        instance = Instance(indexed, max_listeners=1)
        following = instance.feed.follow(None, frozenset())
        async with aclosing(following):
            await anext(following)
            during = instance.feed.full
        return during, instance.feed.full

    assert asyncio.run(listen()) == (True, False)


def test_the_first_index_is_told_when_there_is_a_catalogue(tmp_path, index, make):
    found = index(folder=tmp_path)
    with found.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM catalogue")  # as while the first pass is under way

    async def listen():
        instance = Instance(found)
        following = instance.feed.follow(None, frozenset())
        assert await anext(following) == 0
        add(found, ("added", "a"))
        await instance.news.renew()
        assert not instance.feed._loaded
        with found.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO catalogue (id, revision) VALUES (1, 'r')")
        await instance.news.renew()
        await instance.news.renew()
        async with asyncio.timeout(ENOUGH), aclosing(following):
            return await anext(following)

    assert brief([asyncio.run(listen())]) == [("added", "a")]


def test_what_is_made_of_the_catalogue_is_made_before_anybody_asks(tmp_path, indexed, make):
    instance, prepared = Instance(indexed), []
    news = CatalogueWatcher(instance.catalogue, instance.feed, prepared.append)
    make(tmp_path / "b.nc", variable="so")
    indexed.run()
    asyncio.run(news.renew())
    assert prepared == [instance.catalogue.snapshot]
    assert set(prepared[0].datasets) == {"a", "b"}


# ---- over HTTP ---------------------------------------------------------------------------------------------------

EVENTS = [
    Event(id=8, type="added", at="2026-01-01T00:00:00.000+00:00", dataset="a", revision="r"),
    9,
    Event(id=10, type="removed", at="2026-01-01T00:00:01.000+00:00", dataset="a"),
]


class Spoken(EventBroadcaster):
    """Events that were, once."""

    full = False

    def __init__(self):
        pass

    async def follow(self, since, datasets):
        yield since or 7
        for one in EVENTS:
            yield one


class Empty:
    """A catalogue without datasets."""

    snapshot = Snapshot(revision="r", datasets={})

    async def revision(self, dataset):
        return self.snapshot.dataset(dataset).revision

    async def steps(self, record, time):
        raise AssertionError


@pytest.fixture
def http():
    with TestClient(create_app(Empty(), feed=Spoken())) as found:
        yield found


def test_events_are_server_sent(http):
    answer = http.get(API + "/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-cache"
    first = '{"id":8,"type":"added","at":"2026-01-01T00:00:00.000+00:00","dataset":"a","revision":"r"}'
    last = '{"id":10,"type":"removed","at":"2026-01-01T00:00:01.000+00:00","dataset":"a"}'
    assert answer.text == (
        "retry: 2000\n: nothing new\nid: 7\n\n"
        f"id: 8\nevent: added\ndata: {first}\n\n: nothing new\nid: 9\n\nid: 10\nevent: removed\ndata: {last}\n\n"
    )


@loop_over(
    ("asked", "headers"),
    [("?last_event_id=3", {}), ("", {"last-event-id": "3"}), ("?last_event_id=1", {"last-event-id": "3"})],
)
def test_the_last_event_is_told_in_the_header_or_in_the_address(http, asked, headers):
    assert "id: 3\n" in http.get(API + "/events" + asked, headers=headers).text


def test_the_head_of_a_stream_ends(http):
    answer = http.head(API + "/events")
    assert (answer.status_code, answer.content) == (200, b"")


@loop_over(
    ("asked", "headers", "status", "words"),
    [
        ("?dataset=nope", {}, 404, "there is no dataset 'nope'"),
        ("?datset=a", {}, 400, "did you mean dataset"),
        ("?last_event_id=x", {}, 400, "last_event_id"),
        ("", {"last-event-id": "٣"}, 400, "the id of an event"),
        ("", {"last-event-id": "9" * 30}, 400, "the id of an event"),
        ("?last_event_id=-1", {}, 400, "last_event_id"),
        ("?last_event_id=" + "9" * 30, {}, 400, "last_event_id"),
    ],
)
def test_a_wrong_question_is_answered_with_a_problem(http, asked, headers, status, words):
    encoded = {name: value.encode() for name, value in headers.items()}
    answer = http.get(API + "/events" + asked, headers=encoded)
    assert answer.status_code == status
    assert words in answer.text


def test_a_listener_comes_back_for_a_dataset_that_is_gone(http):
    assert http.get(API + "/events?dataset=gone&last_event_id=3").status_code == 200


def test_a_websocket_has_the_same_events(http):
    with http.websocket_connect(API + "/events?last_event_id=3") as socket:
        found = [json.loads(socket.receive_text()) for _ in range(2)]
    assert [(one["id"], one["type"]) for one in found] == [(8, "added"), (10, "removed")]


@loop_over(
    ("asked", "code"),
    [
        ("?dataset=nope", 4404), ("?wrong=1", 4400), ("?last_event_id=x", 4400), (f"?dataset={'🌊' * 90}", 4404),
        (f"?{'é' * 90}=1", 4400),
    ],
)  # fmt: skip
def test_a_wrong_question_closes_the_websocket_with_its_reason(http, asked, code):
    with http.websocket_connect(API + "/events" + asked) as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive()
    assert closed.value.code == code
    assert 0 < len(closed.value.detail.encode()) <= 123  # more do not fit into the frame that closes it


def test_a_full_service_says_when_to_come_again():
    full = Spoken()
    full.full = True
    with TestClient(create_app(Empty(), feed=full)) as client:
        answer = client.get(API + "/events")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
