"""The service as a whole: how it is, and what it does for callers who left."""

import asyncio

import pytest
from litestar.testing import TestClient
from tests.looping import loop_over

from ocean_common.http import ClientDisconnected, cancel_on_disconnect
from ocean_common.service import Readiness
from ocean_common.settings import SettingsError, load
from ocean_plotting.app import build, create_app
from ocean_plotting.settings import Settings
from ocean_plotting.workers import FigureRenderer


class Connection:
    """A request whose caller leaves when told to."""

    def __init__(self):
        self.leave = asyncio.Event()
        self.messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive(self):
        for message in self.messages:
            return message
        await self.leave.wait()
        return {"type": "http.disconnect"}


@pytest.mark.anyio
async def test_work_is_given_up_when_its_asker_leaves():
    connection, ended = Connection(), asyncio.Event()

    async def work():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    waiting = asyncio.create_task(cancel_on_disconnect(connection, work()))
    await asyncio.sleep(0)
    connection.leave.set()
    with pytest.raises(ClientDisconnected):
        await waiting
    await ended.wait()


@pytest.mark.anyio
async def test_work_is_answered_while_its_asker_waits():
    async def work():
        return 5

    assert await cancel_on_disconnect(Connection(), work()) == 5


def test_the_service_is_unready_until_it_can_draw_and_degraded_without_its_neighbours(catalogue, numbers):
    drawing, away = ["starting"], ["the data service does not answer"]

    async def unready():
        return drawing

    async def degraded():
        return away

    readiness = Readiness(unready, degraded)
    app = create_app(catalogue=catalogue, numbers=numbers, drawing=FigureRenderer(), readiness=readiness)
    with TestClient(app) as client:
        first = client.get("/health/ready")
        assert (first.status_code, first.json()["status"]) == (503, "unready")
        drawing.clear()
        second = client.get("/health/ready")
        assert (second.status_code, second.json()["status"], second.json()["reasons"]) == (200, "degraded", away)
        away.clear()
        assert client.get("/health/ready").json()["status"] == "ready"


def test_without_neighbours_it_starts_and_says_what_is_away():
    nobody = "http://127.0.0.1:9"  # the discard port: nothing listens
    settings = Settings(metadata_url=nobody, data_url=nobody, drawing="inline")
    with TestClient(build(settings), raise_server_exceptions=False) as client:
        ready = client.get("/health/ready")
        assert ready.status_code == 200
        assert any("data" in reason for reason in ready.json()["reasons"])
        tile = client.get("/api/v2.0/tiles/arctic_day/votemper/-1/0/4/8/3")
        assert (tile.status_code, tile.json()["type"]) == (503, "urn:ocean:ServiceUnavailable")
        assert client.get("/api/v2.0/plot/colormaps").status_code == 200


@loop_over(
    ("name", "value"), [("DRAWING", "fork"), ("WORKERS", "0"), ("QUEUE", "-1"), ("DATA_URL", "data"), ("COSAT", "x")]
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=f"OCEAN_PLOTTING_{name}"):
        load(Settings, {f"OCEAN_PLOTTING_{name}": value})
