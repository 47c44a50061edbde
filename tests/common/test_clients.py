"""Clients against neighbours that answer, fail, restart and go away."""

import asyncio
from itertools import product

import httpx
import msgspec
import pytest
from tests.looping import loop_over

from ocean_common.clients.data import DataClient
from ocean_common.clients.http import Neighbour, segment
from ocean_common.clients.metadata import MetadataClient
from ocean_common.contracts.assets import Assets, File, Grid, Revisions, VariableInfo
from ocean_common.contracts.common import Problem
from ocean_common.contracts.data import TileField, TileRequest
from ocean_common.contracts.metadata import Quantum
from ocean_common.problems import STATUS, from_problem, to_problem
from ocean_core import errors


def packed(value, status=200):
    return httpx.Response(status, content=msgspec.msgpack.encode(value))


def ask(answer, method="get"):
    async def go():
        neighbour = Neighbour("books", "http://books", httpx.MockTransport(answer))
        try:
            if method == "post":
                return await neighbour.post("/internal/x", Quantum(value="asked"), Quantum)
            return await neighbour.get("/internal/x", Quantum, n=1)
        finally:
            await neighbour.aclose()

    return asyncio.run(go())


def test_an_answer_is_decoded_as_its_struct():
    assert ask(lambda request: packed(Quantum(value=request.url.params["n"]))) == Quantum(value="1")
    assert ask(lambda request: httpx.Response(200, content=request.content), "post") == Quantum(value="asked")


@loop_over("kind", STATUS)
def test_a_neighbours_failure_is_raised_again_as_the_same_class(kind):
    problem = to_problem(kind("it would work with a", field="$.x", allowed=["a"]))
    with pytest.raises(kind) as raised:
        ask(lambda _: httpx.Response(problem.status, content=msgspec.json.encode(problem)))
    assert type(raised.value) is kind
    assert (str(raised.value), raised.value.field, raised.value.allowed) == ("it would work with a", "$.x", ("a",))
    assert from_problem(problem).args == raised.value.args


@pytest.mark.parametrize(("status", "kind"), [(400, errors.InvalidRequest), (404, errors.ServiceUnavailable)])
def test_a_400_of_a_neighbour_becomes_a_400_or_an_outage(status, kind):
    problem = Problem(type="about:blank", title="No", status=status, detail="radius: too large", message="radius")
    with pytest.raises(kind, match="radius: too large"):
        ask(lambda _: httpx.Response(status, content=msgspec.json.encode(problem)))


def test_a_busy_neighbour_says_when_to_come_back():
    problem = to_problem(errors.TooBusy("later"))
    busy = httpx.Response(503, content=msgspec.json.encode(problem), headers={"retry-after": "4"})
    with pytest.raises(errors.TooBusy) as raised:
        ask(lambda _: busy)
    assert raised.value.retry_after == 4


@loop_over("body", [b"<html>", b"{}", b""])
def test_an_answer_that_is_no_problem_of_ours_is_an_outage_with_the_neighbours_name(body):
    with pytest.raises(errors.ServiceUnavailable, match="books"):
        ask(lambda _: httpx.Response(500, content=body))


def test_a_failed_connection_is_retried_and_then_reported():
    tries = []

    def refuse_twice(request):
        tries.append(request)
        if len(tries) < 3:
            raise httpx.ConnectError("refused", request=request)
        return packed(Quantum(value="late"))

    assert ask(refuse_twice) == Quantum(value="late")

    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(errors.ServiceUnavailable, match="books service does not answer"):
        ask(refuse)


def test_a_timed_out_request_is_not_repeated():
    tries = []

    def slow(request):
        tries.append(request)
        raise httpx.ReadTimeout("slow", request=request)

    with pytest.raises(errors.ServiceUnavailable, match="too long"):
        ask(slow)
    assert len(tries) == 1


class Instances:
    """Instances of one service at `http://a`, `http://b` … Each answers with its name; a test ends some."""

    def __init__(self, names="abc"):
        self.url = ",".join(f"http://{name}" for name in names)
        self.errors, self.requests = {}, []

    def __call__(self, request):
        name = request.url.host
        if request.url.path != "/health/live":
            self.requests.append(name)
        if name in self.errors:
            raise self.errors[name]("gone", request=request)
        return packed(Quantum(value=name))

    def use(self, work):
        async def go():
            neighbour = Neighbour("books", self.url, httpx.MockTransport(self))
            try:
                return await work(neighbour)
            finally:
                await neighbour.aclose()

        return asyncio.run(go())


async def get_by_key(neighbour, key):
    return (await neighbour.get("/internal/x", Quantum, key)).value


KEYS = [str(number).encode() for number in range(60)]


def test_a_key_has_one_instance_and_keys_have_all():
    instances = Instances()

    async def work(neighbour):
        return [[await get_by_key(neighbour, key) for key in KEYS] for _ in range(2)]

    first, second = instances.use(work)
    assert first == second
    assert set(first) == set("abc")
    assert instances.use(work)[0] == first  # of another process too


def test_requests_without_a_key_see_one_instance():
    async def work(neighbour):
        return {(await neighbour.get("/internal/x", Quantum)).value for _ in KEYS}

    assert len(Instances().use(work)) == 1


def test_equal_bodies_go_to_one_instance_and_different_ones_to_all():
    async def work(neighbour):
        bodies = [Quantum(value=str(number)) for number in range(60)]
        return [[(await neighbour.post("/internal/x", body, Quantum)).value for body in bodies] for _ in range(2)]

    first, second = Instances().use(work)
    assert first == second
    assert set(first) == set("abc")


@loop_over("error", [httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ReadError])
def test_a_request_that_an_instance_cannot_answer_is_sent_to_another_once_and_the_keys_of_that_one_move(error):
    instances = Instances()

    async def work(neighbour):
        before = [await get_by_key(neighbour, key) for key in KEYS]
        instances.errors["b"] = error
        instances.requests.clear()
        after = [await get_by_key(neighbour, key) for key in KEYS]
        return before, after, neighbour.degradation

    before, after, degradation = instances.use(work)
    assert all(new == old for new, old in zip(after, before, strict=True) if old != "b")
    assert {new for new, old in zip(after, before, strict=True) if old == "b"} == {"a", "c"}
    assert instances.requests.count("b") == 1  # then it is suspended
    assert degradation == "the books service does not answer at http://b"


def test_an_answer_that_breaks_off_everywhere_is_an_outage_after_two_requests():
    instances = Instances()
    instances.errors = dict.fromkeys("abc", httpx.ReadError)
    with pytest.raises(errors.ServiceUnavailable, match="broke off"):
        instances.use(lambda neighbour: neighbour.get("/internal/x", Quantum))
    assert len(instances.requests) == len(set(instances.requests)) == 2


def test_a_slow_instance_is_neither_left_nor_asked_twice():
    instances = Instances()
    instances.errors = dict.fromkeys("abc", httpx.ReadTimeout)

    async def work(neighbour):
        with pytest.raises(errors.ServiceUnavailable, match="too long"):
            await neighbour.get("/internal/x", Quantum)
        return neighbour.degradation

    assert instances.use(work) is None
    assert len(instances.requests) == 1


def test_the_last_instance_is_asked_although_it_is_suspended_and_an_answer_brings_it_back():
    instances = Instances("ab")

    async def work(neighbour):
        instances.errors = dict.fromkeys("ab", httpx.ConnectError)
        silent = await neighbour.away()
        instances.errors = {}
        return silent, await get_by_key(neighbour, b"k") in set("ab"), await neighbour.away(), neighbour.degradation

    assert instances.use(work) == ("the books service does not answer", True, None, None)


def test_health_names_the_instances_that_do_not_answer():
    instances = Instances()

    async def work(neighbour):
        instances.errors = dict.fromkeys("ac", httpx.ConnectError)
        return await neighbour.away(), {await get_by_key(neighbour, key) for key in KEYS}

    assert instances.use(work) == ("the books service does not answer at http://a, http://c", {"b"})
    assert set(instances.requests) == {"b"}


def test_the_tiles_of_a_block_are_requested_from_one_instance_at_all_times():
    requests = {}

    def answer(request):
        params = request.url.params
        block = params["variable"], params["depth"], params["zoom"], int(params["x"]) // 4, int(params["y"]) // 4
        requests.setdefault(block, set()).add(request.url.host)
        info = VariableInfo(dataset="d", key="v", name="V", units="1", scale=(0, 1), revision="r")
        return packed(TileField(variable=info, values=None, revision="r"))

    async def go():
        client = DataClient("http://a,http://b,http://c", httpx.MockTransport(answer))
        for x, y, depth, time in product(range(8, 24), range(4, 12), ("0", "bottom"), ("1", "2")):
            tile = TileRequest(dataset="d", variable="v", time=time, depth=depth, zoom=6, x=x, y=y)
            await client.tile_field(tile)

    asyncio.run(go())
    assert len(requests) == 4 * 2 * 2
    assert all(len(instances) == 1 for instances in requests.values())
    assert set.union(*requests.values()) == set("abc")


def test_a_segment_may_hold_anything():
    assert segment("a/b c?#%") == "a%2Fb%20c%3F%23%25"


class Metadata:
    """A metadata service of one variable, whose state a test changes."""

    def __init__(self):
        self.revision, self.up, self.asked = "r1", True, []

    def __call__(self, request):
        if not self.up:
            raise httpx.ConnectError("down", request=request)
        self.asked.append(request.url.path)
        if request.url.path == "/internal/revisions":
            if request.url.params.get("dataset", "d") != "d":
                problem = to_problem(errors.DatasetNotFound("no"))
                return httpx.Response(404, content=msgspec.json.encode(problem))
            existing = request.url.params.get("known") == self.revision
            return packed(Revisions(catalogue=self.revision, datasets=None if existing else {"d": self.revision}))
        return packed(assets(self.revision))


def assets(revision):
    return Assets(
        dataset="d",
        revision=revision,
        variable=VariableInfo(dataset="d", key="v", name="V", units="1", scale=(0, 1), revision=revision),
        source="v",
        dimensions=[],
        grid=Grid(id="g", kind="none", shape=()),
        depth=None,
        files=[],
        steps=None,
    )


def with_metadata(use):
    metadata = Metadata()

    async def go():
        async with MetadataClient("http://metadata", httpx.MockTransport(metadata)) as client:
            await use(metadata, client)

    asyncio.run(go())


def test_assets_are_cached_until_their_revision_changes():
    async def use(metadata, client):
        assert (await client.assets("d", "v")).revision == "r1"
        await client.refresh("d")
        assert (await client.variable("d", "v")).revision == "r1"
        assert metadata.asked.count("/internal/assets/d/v") == 1
        metadata.revision = "r2"
        await client.refresh("d")
        assert (await client.assets("d", "v")).revision == "r2"
        assert await client.revision("d") == "r2"

    with_metadata(use)


def test_cached_assets_are_used_while_metadata_is_away():
    async def use(metadata, client):
        await client.assets("d", "v")
        await client.refresh("d")
        metadata.up = False
        assert (await client.assets("d", "v")).revision == "r1"
        assert await client.revision("d") == "r1"
        with pytest.raises(errors.ServiceUnavailable):
            await client.assets("d", "other")

    with_metadata(use)


def test_an_unknown_dataset_is_not_found_and_not_an_outage():
    async def use(metadata, client):
        with pytest.raises(errors.DatasetNotFound):
            await client.revision("nowhere")

    with_metadata(use)


def test_sixty_who_ask_at_once_make_one_request():
    async def use(metadata, client):
        result = await asyncio.gather(*(client.assets("d", "v") for _ in range(60)))
        assert len({id(item) for item in result}) == 1
        assert metadata.asked.count("/internal/assets/d/v") == 1

    with_metadata(use)


def test_a_failure_is_raised_for_all_callers_and_not_cached():
    async def use(metadata, client):
        metadata.up = False
        outcomes = await asyncio.gather(*(client.assets("d", "v") for _ in range(3)), return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [errors.ServiceUnavailable] * 3
        metadata.up = True
        assert (await client.assets("d", "v")).revision == "r1"

    with_metadata(use)


def test_assets_are_bounded_in_bytes():
    files = [File(path=f"/data/{number:06}.nc", size=1, mtime_ns=1) for number in range(50_000)]

    def answer(request):
        if request.url.path == "/internal/revisions":
            return packed(Revisions(catalogue="r1", datasets={"d": "r1"}))
        return packed(msgspec.structs.replace(assets("r1"), files=files))

    async def go():
        async with MetadataClient("http://metadata", httpx.MockTransport(answer)) as client:
            for number in range(12):
                await client.assets("d", f"v{number}")
            assert client._assets.nbytes <= client._assets.max_bytes

    asyncio.run(go())


def test_plotting_requests_no_files_and_drops_those_of_an_older_neighbour():
    requests = []

    def answer(request):
        requests.append(request.url.params.get("files"))
        file = File(path="/data/a.nc", size=1, mtime_ns=1)
        return packed(msgspec.structs.replace(assets("r1"), files=[file], operands={"u": assets("r1")}))

    async def go():
        client = MetadataClient("http://metadata", httpx.MockTransport(answer), files=False)
        return await client.assets("d", "v")

    result = asyncio.run(go())
    assert (requests, result.files, result.operands) == (["false"], [], {})


def test_revisions_are_followed_although_an_answer_could_not_be_read():
    readable, broken, followed = [], asyncio.Event(), asyncio.Event()

    def answer(request):
        readable.append(len(readable) != 1)
        if not readable[-1]:
            broken.set()
            return httpx.Response(200, content=b"\xc1")
        if len(readable) == 4:
            followed.set()
        return packed(Revisions(catalogue=f"r{len(readable)}", datasets={"d": f"r{len(readable)}"}))

    async def go():
        async with MetadataClient("http://metadata", httpx.MockTransport(answer), refresh=0) as client:
            await broken.wait()
            await followed.wait()
            return client.away

    assert asyncio.run(go()) is None
