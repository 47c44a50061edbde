"""Over HTTP: clients are served in turn, none is refused, and what nobody waits for is not asked for."""

import asyncio
from collections import Counter

import httpx
import pytest
from tests.plotting.fakes import MANY, FakeNumbers

from ocean_plotting.app import create_app
from ocean_plotting.workers import FigureRenderer

pytestmark = pytest.mark.anyio
AT_ONCE = MANY
PATH = "/api/v2.0/tiles/arctic/votemper/1/0/12/{x}/3"


@pytest.fixture
def numbers():
    numbers = FakeNumbers()
    numbers.gate, numbers.many = asyncio.Event(), asyncio.Event()
    return numbers


@pytest.fixture
def ask(catalogue, numbers):
    app = create_app(catalogue=catalogue, numbers=numbers, drawing=FigureRenderer())
    transport = httpx.ASGITransport(app)
    client = httpx.AsyncClient(transport=transport, base_url="http://plotting")

    def ask(x, address="10.0.0.1"):
        return asyncio.create_task(client.get(PATH.format(x=x), headers={"x-forwarded-for": address}))

    ask.app = app
    return ask


async def settle(rounds=200):
    for _ in range(rounds):
        await asyncio.sleep(0)


@pytest.mark.ci
@pytest.mark.ci  # the queue alone is tested with as many in test_plotting_fair_queue.py
async def test_a_second_client_is_served_between_the_two_thousand_tiles_of_the_first(ask, numbers):
    many = [ask(x) for x in range(1, 2001)]
    await numbers.many.wait()
    await settle()
    few = [ask(x, "10.0.0.2") for x in range(3001, 3011)]
    await settle()
    numbers.gate.set()
    answers = await asyncio.gather(*many, *few)
    assert Counter(answer.status_code for answer in answers) == {200: 2010}
    order = [tile.x for tile in numbers.tiles]
    assert max(order.index(x) for x in range(3001, 3011)) < AT_ONCE + 2 * 10 + 2


def connection(x, left):
    """An ASGI connection whose client has gone once ``left`` is set."""
    path = PATH.format(x=x)
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": [],
        "client": ("10.0.0.3", 1), "server": ("plotting", 80), "state": {},
    }  # fmt: skip
    messages, sent = iter([{"type": "http.request", "body": b"", "more_body": False}]), []

    async def receive():
        for message in messages:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    return scope, receive, send, sent


async def test_a_tile_of_a_disconnected_client_is_not_requested(ask, numbers):
    first = [ask(x) for x in range(1, AT_ONCE + 1)]
    await numbers.many.wait()
    left = asyncio.Event()
    gone = [connection(x, left) for x in range(100, 150)]
    going = [asyncio.create_task(ask.app(*item[:3])) for item in gone]
    stays = ask(200)
    await settle()
    left.set()
    await asyncio.gather(*going)
    numbers.gate.set()
    assert {item.status_code for item in await asyncio.gather(*first, stays)} == {200}
    assert [tile.x for tile in numbers.tiles] == [*range(1, AT_ONCE + 1), 200]
    assert {sent[0]["status"] for *_, sent in gone} == {499}


async def test_a_tile_that_another_client_waits_for_too_is_made(ask, numbers):
    first = [ask(x) for x in range(1, AT_ONCE + 1)]
    await numbers.many.wait()
    left = asyncio.Event()
    going = asyncio.create_task(ask.app(*connection(200, left)[:3]))
    stays = ask(200)
    await settle()
    left.set()
    await going
    numbers.gate.set()
    assert {item.status_code for item in await asyncio.gather(*first, stays)} == {200}
    assert numbers.tiles[-1].x == 200


async def test_a_revision_that_changes_while_tiles_wait_is_in_the_answers_to_come(ask, numbers, catalogue):
    first = [ask(x) for x in range(1, AT_ONCE + 1)]
    await numbers.many.wait()
    old = ask(200)
    await settle()
    catalogue.now = numbers.revision = "r2"
    new = ask(200)
    await settle()
    numbers.gate.set()
    await asyncio.gather(*first)
    # What was asked of the old revision shows the new one: it must not be kept under the old one's tag.
    assert (await old).headers["cache-control"] == "no-cache"
    assert "max-age" in (await new).headers["cache-control"]
    assert (await ask(200)).headers["etag"] == (await new).headers["etag"]
