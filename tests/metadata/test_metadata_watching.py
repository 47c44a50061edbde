"""Services as they run: everybody sees what is new, nobody half of it, and nothing is lost or doubled."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack, ExitStack

import httpx
import pytest
from tests.metadata.postgres import MISSING, REASON
from tests.metadata.serving import PATIENCE, environment, http_client, serving, until

from ocean_metadata.catalogue.database import ProcessLock, connect, create_tables, reading
from ocean_metadata.catalogue.store import Catalogue
from ocean_metadata.events import store as events

API = "/api/v2.0"
TOKEN = "the-operators-own-token"
MANY = 50

# Processes are started, which takes its time on a busy machine.
pytestmark = [pytest.mark.ci, pytest.mark.timeout(400)]


def client(path):
    limits = httpx.Limits(max_connections=None)
    transport = httpx.AsyncHTTPTransport(uds=str(path), limits=limits)
    return httpx.AsyncClient(transport=transport, base_url="http://local", timeout=PATIENCE)


def ask(path, method, address, **more):
    with http_client(path) as http:
        return http.request(method, address, **more)


async def listen(http, until_type, ready):
    """Events up to one of this type, and what the service answers then."""
    result = []
    async with http.stream("GET", API + "/events") as answer:
        ready.release()
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                result.append(json.loads(line.removeprefix("data: ")))
                if result[-1]["type"] == until_type:
                    break
    steps = (await http.get(f"{API}/dataset/a/thetao/timestamps")).json()
    return result, len(steps)


async def poll(http, seen, stop):
    """Numbers of time steps that were ever answered."""
    while not stop.is_set():
        answer = await http.get(f"{API}/dataset/a/thetao/timestamps")
        seen.add((answer.status_code, len(answer.json())))
        await asyncio.sleep(0.2)


async def _crowd(sockets, arrive):
    observed, stop, ready = set(), asyncio.Event(), asyncio.Semaphore(0)
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE):
        clients = [await stack.enter_async_context(client(path)) for path in sockets]
        listening = [asyncio.create_task(listen(clients[number % 2], "time_steps", ready)) for number in range(MANY)]
        polling = [asyncio.create_task(poll(clients[number % 2], observed, stop)) for number in range(MANY)]
        for _ in listening:
            await ready.acquire()
        await asyncio.to_thread(arrive)
        heard = await asyncio.gather(*listening)
        stop.set()
        await asyncio.gather(*polling)
    return heard, observed


def test_a_turn_is_one_process_s_until_it_is_given_back(database):
    engine = connect(database)
    create_tables(engine)
    entry, other, third = (
        ProcessLock(engine, "indexing"),
        ProcessLock(engine, "indexing"),
        ProcessLock(engine, "watching"),
    )
    assert [entry.acquire(), entry.acquire(), other.acquire(), third.acquire()] == [True, True, False, True]
    entry.release()
    assert [other.acquire(), entry.acquire()] == [True, False]
    for item in (entry, other, third):
        item.release()
    engine.dispose()


def test_a_file_that_arrives_is_seen_by_all_and_half_of_it_by_nobody(tmp_path, database, make):
    files = tmp_path / "files"
    files.mkdir()
    make(files / "a_1.nc", times=[0, 1, 2])
    make(files / "a_2.nc", times=[3, 4, 5])
    contents = make(tmp_path / "elsewhere", times=[6, 7]).read_bytes()
    sockets = [tmp_path / "one", tmp_path / "other"]

    def put(content):
        (tmp_path / "part").write_bytes(content)
        (tmp_path / "part").replace(files / "a_3.nc")

    def arrive():
        put(contents[: len(contents) // 2])
        status = until(lambda: ask(sockets[0], "GET", f"{API}/datasets/status").json()[0]["problems"])
        assert status, "the half is noticed, and kept from those who ask"
        put(contents)

    with ExitStack() as stack:
        for path in sockets:
            stack.enter_context(serving(path, database=database, folder=files, watch=0.1))
        for path in sockets:
            assert until(lambda path=path: ask(path, "GET", "/health/ready").status_code == 200)
            assert until(lambda path=path: len(ask(path, "GET", f"{API}/datasets").json()) == 1)
        heard, observed = asyncio.run(_crowd(sockets, arrive))

    assert observed == {(200, 6), (200, 8)}
    assert {steps for _, steps in heard} == {8}
    # Who begins to listen at once after the dataset was added may still hear of that.
    since = [[item for item in result if item["type"] != "added"] for result, _ in heard]
    first = since[0]
    assert since == [first] * MANY
    assert [item["type"] for item in first] == ["changed", "time_steps"]
    assert first[-1]["steps"]["count"] == 2


def command(database, *more):
    return [sys.executable, "-m", "ocean_metadata.index", "--database", database, *more]


def everything(engine):
    """All datasets, and all that was told of them."""
    catalogue = Catalogue(engine)
    catalogue.refresh()
    with reading(engine) as connection:
        return catalogue.snapshot, events.read_events(connection, 0, 10_000)


def test_an_index_that_is_killed_again_and_again_loses_and_doubles_nothing(
    tmp_path, new_database, index_once, make, write
):
    names = [f"d{number:02d}" for number in range(24)]
    for name in names:
        make(tmp_path / f"{name}.nc")
    configuration = write({name: {"url": f"{name}.nc"} for name in names})
    words = ("--datasets", str(configuration))
    alone = environment(workers=1)
    database = new_database()
    engine = connect(database)
    create_tables(engine)

    def indexed():
        with reading(engine) as connection:
            return len(events.read_events(connection, 0, 1000))

    for so_many in (1, 15):
        running = subprocess.Popen(command(database, *words), env=alone, stderr=subprocess.DEVNULL)
        assert until(lambda so_many=so_many: indexed() >= so_many)
        running.kill()
        running.wait()
    index_once(database, datasets=configuration)
    result, happened = everything(engine)
    engine.dispose()
    undisturbed = index_once(datasets=configuration)
    assert result == everything(undisturbed.engine)[0]
    assert [(entry.type, entry.dataset) for entry in happened] == [("added", name) for name in names]
    assert [entry.id - happened[0].id for entry in happened] == list(range(len(names)))


def test_of_several_instances_one_watches_and_another_takes_over_when_it_is_killed(tmp_path, database, make):
    files = tmp_path / "files"
    files.mkdir()
    make(files / "a.nc")
    watching = command(database, "--folder", str(files), "--watch", "0.1")
    environ = environment(log_format="json")

    def start():
        return subprocess.Popen(watching, env=environ, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with start() as first, start() as second:
        output = {first: json.loads(first.stderr.readline()), second: json.loads(second.stderr.readline())}
        words = {word: line["event"] for word, line in output.items()}
        assert sorted(words.values()) == ["another process watches the files", "indexed"]
        leader = next(word for word, line in words.items() if line == "indexed")
        follower = next(word for word in words if word is not leader)
        leader.send_signal(signal.SIGKILL)
        assert json.loads(follower.stderr.readline())["event"] == "indexed"
        make(files / "b.nc", variable="so")
        assert json.loads(follower.stderr.readline())["replaced"] == 1
        follower.stdin.close()
        assert follower.wait(PATIENCE) == 0


@pytest.fixture
def files(tmp_path, make):
    folder = tmp_path / "files"
    folder.mkdir()
    make(folder / "a.nc")
    return folder


def refresh(path, token=TOKEN):
    return ask(path, "POST", f"{API}/datasets/refresh", headers={"authorization": f"Bearer {token}".encode()})


def test_operators_have_files_indexed_and_get_the_result(tmp_path, database, files, make):
    path = tmp_path / "s"
    with serving(path, database=database, folder=files, watch=0, token=TOKEN):
        first = refresh(path)
        assert (first.status_code, ask(path, "GET", "/health/ready").status_code) == (202, 200)
        assert [(item["type"], item["dataset"]) for item in first.json()["found"]] == [("added", "a")]
        assert refresh(path).json() == {"complete": True, "found": []}
        make(files / "b.nc", variable="so")
        (files / "a.nc").unlink()
        assert [(item["type"], item["dataset"]) for item in refresh(path).json()["found"]] == [
            ("added", "b"), ("removed", "a"),
        ]  # fmt: skip
        assert [item["id"] for item in ask(path, "GET", f"{API}/datasets").json()] == ["b"]
        for wrong in ("x", TOKEN + "x", TOKEN[:-1], "clé"):
            answer = refresh(path, wrong)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert ask(path, "POST", f"{API}/datasets/refresh").status_code == 401


def test_operators_get_the_reason_why_files_cannot_be_indexed(tmp_path, files, write):
    reported = write({"a": {"url": "files/a.nc"}})
    path = tmp_path / "s"
    with serving(path, database=tmp_path / "c.sqlite3", datasets=reported, watch=0, token=TOKEN):
        reported.write_text('{"a": {"url": 7}}')
        answer = refresh(path)
    assert answer.status_code == 503
    assert "datasets.json: a.url" in answer.json()["detail"]


def test_nobody_refreshes_a_service_without_token_or_files(tmp_path, files):
    path = tmp_path / "s"
    with serving(path, database=tmp_path / "c.sqlite3", folder=files, watch=0):
        assert refresh(path).status_code == 404
        assert "OCEAN_METADATA_TOKEN" in refresh(path).json()["detail"]
    with serving(path, database=tmp_path / "c.sqlite3", token=TOKEN):
        assert refresh(path).status_code == 400


def test_the_password_of_the_database_is_in_no_command_line_and_no_message(tmp_path, files):
    reported = environment(database="postgresql://ocean:secret@127.0.0.1:1/x", folder=files)
    failed = subprocess.run(
        [sys.executable, "-m", "ocean_metadata"], env=reported, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 1
    assert "postgresql://ocean:***@127.0.0.1:1/x" in failed.stderr
    assert "secret" not in failed.stderr


def test_listeners_are_disconnected_when_the_service_stops(tmp_path, files):
    path = tmp_path / "s"
    with serving(path, database=tmp_path / "c.sqlite3", folder=files) as running:

        async def hang():
            async with client(path) as http, http.stream("GET", API + "/events") as answer:
                async for line in answer.aiter_lines():
                    if line.startswith("id: "):
                        os.kill(running.pid, signal.SIGTERM)

        asyncio.run(asyncio.wait_for(hang(), PATIENCE))  # no error: the stream came to its end
        assert running.wait(PATIENCE) in {0, -signal.SIGTERM}
    assert "exceeded" not in path.with_suffix(".log").read_text()


@pytest.mark.skipif(MISSING, reason=REASON)
def test_a_service_goes_on_without_its_database_and_follows_it_again(tmp_path, own_postgresql, files, make):
    server = own_postgresql
    url, path = server.create(), tmp_path / "s"
    with serving(path, database=url, folder=files, watch=0.1, token=TOKEN):
        assert until(lambda: [item["id"] for item in ask(path, "GET", f"{API}/datasets").json()] == ["a"])
        server.halt()
        assert until(lambda: "cannot be read" in ask(path, "GET", "/health/ready").text)
        assert ask(path, "GET", "/health/ready").status_code == 200
        assert ask(path, "GET", f"{API}/dataset/a/thetao/depths").status_code == 200
        for name in ("dataset/a/thetao/timestamps", "observation/time_range"):  # what only the database knows
            answer = ask(path, "GET", f"{API}/{name}")
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert ask(path, "GET", "/internal/assets/a/thetao").status_code == 503
        refused = ask(path, "POST", f"{API}/datasets/refresh", headers={"authorization": f"Bearer {TOKEN}"})
        assert refused.status_code == 503
        make(files / "b.nc", variable="so")
        server.resume()
        assert until(lambda: len(ask(path, "GET", f"{API}/datasets").json()) == 2)
        assert until(lambda: ask(path, "GET", "/health/ready").json()["status"] == "ready")
