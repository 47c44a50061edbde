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


def list_events(indexed, after=0):
    with reading(indexed.engine) as connection:
        return events.read_events(connection, after, 10_000)


def brief(found):
    return [(item.type, item.dataset) for item in found]


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
def test_events_follow_from_the_states_before_and_after(before, after, expected):
    assert find_change("a", before, after) == expected


instants = st.sets(st.integers(-(2**40), 2**40), max_size=30)


@given(instants, instants)
def test_new_steps_are_those_that_were_not_there(before, after):
    result = find_change("a", known("1", *before), known("2", *after))
    new = after - before
    assert (result.count, result.first, result.last) == (len(new), min(new, default=None), max(new, default=None))
    assert result.type == ("time_steps" if new and before <= after else "changed")


# ---- with the catalogue ------------------------------------------------------------------------------------------


def test_every_indexing_pass_logs_its_result(tmp_path, index, make):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)
    assert brief(list_events(result)) == [("added", "a")]
    make(tmp_path / "b.nc", variable="so")
    make(tmp_path / "a.nc", times=[0, 1, 2, 3, 4])
    result.run()
    (tmp_path / "b.nc").unlink()
    make(tmp_path / "a.nc", times=[3, 4])
    result.run()
    result.run()
    assert brief(list_events(result)) == [
        ("added", "a"), ("time_steps", "a"), ("added", "b"), ("changed", "a"), ("removed", "b"),
    ]  # fmt: skip
    steps = list_events(result)[1].steps
    assert (steps.count, steps.first, steps.last) == (2, "2000-01-04T00:00:00+00:00", "2000-01-05T00:00:00+00:00")
    assert list_events(result)[3].revision == result.dataset("a").revision


def test_an_unreadable_dataset_is_absent_until_it_can_be_read(tmp_path, index, make):
    contents = make(tmp_path / "a.nc").read_bytes()
    result = index(folder=tmp_path)
    (tmp_path / "a.nc").write_bytes(contents[:100])
    result.run()
    (tmp_path / "a.nc").write_bytes(contents)
    result.run()
    assert brief(list_events(result)) == [("added", "a"), ("removed", "a"), ("added", "a")]


def test_ids_follow_each_other_over_restarts_and_the_oldest_are_forgotten(tmp_path, database, index, make):
    make(tmp_path / "a.nc")
    result = index(folder=tmp_path)
    [first] = list_events(result)
    many = [Change(dataset="a", type="changed")] * (events.MAX_EVENTS // 2)
    for _ in range(3):
        again = connect(database)
        with again.begin() as connection:
            events.write_changes(connection, many)
        again.dispose()
    with reading(result.engine) as connection:
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
        result = []
        async with asyncio.timeout(ENOUGH), aclosing(self.feed.follow(since, datasets)) as following:
            while len(result) < count:
                item = await anext(following)
                result += [item] if isinstance(item, Event) else []
        return result

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


def test_all_instances_send_the_same_events(indexed):
    async def listen():
        entry, other = Instance(indexed), Instance(indexed)
        hearing = [asyncio.create_task(item.hear(3)) for item in (entry, entry, other)]
        await asyncio.sleep(0)
        add(indexed, ("changed", "a"), ("added", "b"))
        await entry.news.renew()
        add(indexed, ("removed", "b"))
        for item in (other, entry):
            await item.news.renew()
        return await asyncio.gather(*hearing)

    first, second, third = asyncio.run(listen())
    assert first == second == third
    assert brief(first) == [("changed", "a"), ("added", "b"), ("removed", "b")]
    assert [entry.id - first[0].id for entry in first] == [0, 1, 2]


@pytest.mark.parametrize("known", [0, 1, 3])
def test_a_reconnected_listener_gets_missed_events_from_any_instance(indexed, known):
    [first] = list_events(indexed)
    add(indexed, ("changed", "a"), ("added", "b"), ("removed", "b"))
    add(indexed, ("added", "c"))

    async def listen(instance):
        return await instance.hear(4 - known, since=first.id + known)

    full = [("changed", "a"), ("added", "b"), ("removed", "b"), ("added", "c")]
    assert brief(asyncio.run(listen(Instance(indexed)))) == full[known:]


@pytest.mark.parametrize("wrong", [-1_000_000, -2, 7, 1_000_000])
def test_a_listener_that_missed_too_much_is_sent_a_reset(indexed, wrong):
    [first] = list_events(indexed)

    async def listen():
        instance = Instance(indexed)
        [reset] = await instance.hear(1, since=max(0, first.id + wrong))
        add(indexed, ("added", "b"))
        await instance.news.renew()
        return reset, await instance.hear(1, since=reset.id)

    reset, after = asyncio.run(listen())
    assert (reset.type, reset.id, reset.dataset) == ("reset", first.id, None)
    assert brief(after) == [("added", "b")]


def test_an_instance_behind_another_sends_no_event_twice(indexed):
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


def test_a_listener_receives_events_of_its_datasets_and_their_positions(indexed):
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

    result = asyncio.run(listen())
    assert result == list(range(result[0], result[0] + 1500))


def test_there_is_room_for_so_many_listeners(indexed):
    async def listen():
        instance = Instance(indexed, max_listeners=1)
        following = instance.feed.follow(None, frozenset())
        async with aclosing(following):
            await anext(following)
            during = instance.feed.full
        return during, instance.feed.full

    assert asyncio.run(listen()) == (True, False)


def test_the_first_index_is_reported_when_there_is_a_catalogue(tmp_path, index, make):
    result = index(folder=tmp_path)
    with result.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM catalogue")  # as while the first pass is under way

    async def listen():
        instance = Instance(result)
        following = instance.feed.follow(None, frozenset())
        assert await anext(following) == 0
        add(result, ("added", "a"))
        await instance.news.renew()
        assert not instance.feed._loaded
        with result.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO catalogue (id, revision) VALUES (1, 'r')")
        await instance.news.renew()
        await instance.news.renew()
        async with asyncio.timeout(ENOUGH), aclosing(following):
            return await anext(following)

    assert brief([asyncio.run(listen())]) == [("added", "a")]


def test_responses_of_the_catalogue_are_ready_before_the_first_request(tmp_path, indexed, make):
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
        for event in EVENTS:
            yield event


class Empty:
    """A catalogue without datasets."""

    snapshot = Snapshot(revision="r", datasets={})

    async def revision(self, dataset):
        return self.snapshot.dataset(dataset).revision

    async def steps(self, record, time):
        raise AssertionError


@pytest.fixture
def http():
    with TestClient(create_app(Empty(), feed=Spoken())) as result:
        yield result


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
def test_the_last_event_is_given_in_the_header_or_in_the_url(http, asked, headers):
    assert "id: 3\n" in http.get(API + "/events" + asked, headers=headers).text


def test_the_head_of_a_stream_ends(http):
    answer = http.head(API + "/events")
    assert (answer.status_code, answer.content) == (200, b"")
    assert {"etag", "accept-ranges"}.isdisjoint(answer.headers)


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


def test_a_listener_reconnects_for_a_removed_dataset(http):
    assert http.get(API + "/events?dataset=gone&last_event_id=3").status_code == 200


def test_a_websocket_has_the_same_events(http):
    with http.websocket_connect(API + "/events?last_event_id=3") as socket:
        result = [json.loads(socket.receive_text()) for _ in range(2)]
    assert [(item["id"], item["type"]) for item in result] == [(8, "added"), (10, "removed")]


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
