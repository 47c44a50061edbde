"""Extractions over HTTP: what leaves early, what is broken off, what is refused, and who never waits."""

import asyncio
import socket
import threading
import tracemalloc
from contextlib import contextmanager
from types import SimpleNamespace

import httpx
import msgspec
import numpy as np
import psutil
import pytest
import uvicorn
from litestar import Request, Response, get
from litestar.params import FromQuery
from litestar.testing import TestClient

from ocean_common.clients.data import DataClient
from ocean_common.contracts.assets import Array, VariableInfo
from ocean_common.contracts.data import AreaRequest, PointsRequest
from ocean_common.http import Freshness
from ocean_common.service import create_service
from ocean_core.errors import SourceUnreadable
from ocean_data.extraction import ExtractionService
from ocean_data.grids.base import Coordinate
from ocean_data.plan.extraction import Cost, Extraction, Field
from ocean_data.reading.base import Reading, ThreadPool
from ocean_data.spool import MIB, Spool
from ocean_data.writing.netcdf import NetCdf
from ocean_data.writing.table import Csv, Ndjson
from ocean_data.writing.values import JSON

WAIT = 20  # s: how long a test waits for what must happen
FORMATS = {
    "json": JSON,
    "csv": Csv(),
    "netcdf": NetCdf(),
    "stream": Ndjson(),
    "netcdf3": NetCdf("NETCDF3_64BIT_OFFSET"),
}
BUDGET = Cost(steps=20_000, files=20_000, chunks=20_000, cells=10**9, bytes=8 * 10**9, values=10**9)
INFO = VariableInfo(dataset="made", key="t", name="T", units="degC", scale=(0.0, 1.0))


class Body:
    """Rows of noise, read when the test lets it."""

    def __init__(self, width=100, failing=None, gated=False):
        self.width, self.failing, self.gated = width, failing, gated
        self.gate, self.ended = threading.Semaphore(0), threading.Event()
        self.read_rows, self.begun = 0, threading.Event()

    def __call__(self, reading, rows):
        self.begun.set()
        if self.gated:
            assert self.gate.acquire(timeout=WAIT)
        if self.failing == rows.start:
            raise SourceUnreadable("noise.nc cannot be read: gone")
        self.read_rows += 1
        created = np.random.default_rng(rows.start).normal(size=(rows.stop - rows.start, self.width))
        return {"t": created}


def extraction(body, count, *, bytes_read):
    return Extraction(
        kind="area",
        dataset="made",
        title="made",
        dims={"time": count, "point": body.width},
        coordinates=[Coordinate(name="time", dims=("time",), values=np.arange(count, dtype=np.int64) * 3600)],
        fields=[Field(variable=INFO, dims=("time", "point"))],
        body=body,
        rows=1,
        cost=Cost(steps=count, bytes=bytes_read, cells=count * body.width, values=count * body.width),
        used=[(SimpleNamespace(revision="r1", steps=None, variable=INFO, equation=None, files=[]), None)],
    )


class FixedCatalogue:
    """A catalogue and a source of one dataset that never changes."""

    async def revision(self, dataset):
        return "r1"

    async def assets(self, dataset, variable):
        return SimpleNamespace(revision="r1", variable=INFO)

    def as_indexed(self, variable, steps):
        return True


@contextmanager
def served(planned, tmp_path, *, size=64 * MIB, **changed):
    """A server with one route of the extraction service, and its address."""
    catalogue, workers, streams, plot_streams = (
        FixedCatalogue(),
        ThreadPool(2, 10),
        ThreadPool(1, 10),
        ThreadPool(1, 10),
    )
    spool = Spool(size, str(tmp_path))
    reported = {
        "catalogue": catalogue,
        "reading": Reading(source=FixedCatalogue(), grids=None),
        "workers": workers,
        "streams": streams,
        "plot_streams": plot_streams,
        "spool": spool,
        "freshness": Freshness(catalogue, "1", 60),
        "formats": FORMATS,
        "budget": BUDGET,
        "max_document": 1_000_000,
        "plans": {AreaRequest: lambda reading, assets, query: planned},
    }
    service, waiting = ExtractionService(**{**reported, **changed}), 0

    @get("/made")
    async def made(request: Request, form: FromQuery[str | None] = None, number: FromQuery[int] = 0) -> Response:
        nonlocal waiting
        query = AreaRequest(dataset="made", variables=["t"], box=(0, 0, number, 1))
        waiting += 1
        return await service.answer(request, query, form)

    @get("/plotted")
    async def plotted() -> int:
        result = await service.coverage(PointsRequest(dataset="made", variables=["t"], points=[(0, 0)]))
        return len(result.fields[0].values.data)

    @get("/waiting")
    async def asked_for() -> int:
        return waiting

    @get("/quick")
    async def quick() -> str:
        return await workers.run(lambda: "quick")

    app = create_service(
        name="data",
        title="made",
        version="1",
        description="",
        tags=[],
        api=[made, quick, plotted, asked_for],
        lifespan=(),
    )
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/api/v2.0"
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        ready = threading.Event()
        startup = server.startup

        async def signal_start(sockets=None):
            await startup(sockets)
            ready.set()

        server.startup = signal_start
        thread = threading.Thread(target=asyncio.run, args=(server.serve([taken]),))
        thread.start()
        assert ready.wait(WAIT)
        try:
            yield address, spool
        finally:
            server.should_exit = True
            thread.join(WAIT)
            streams.close()
            plot_streams.close()
            workers.close()
            asyncio.run(spool.close())


def long(body, count=10):
    return extraction(body, count, bytes_read=1 << 30)


def gated_stream(body, address, form="csv"):
    body.gate.release(1)
    return httpx.stream("GET", f"{address}/made", params={"form": form}, timeout=WAIT)


def test_rows_come_as_they_are_read(tmp_path):
    body = Body(gated=True)
    with served(long(body), tmp_path) as (address, _), gated_stream(body, address) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("time")
        assert [next(lines) for _ in range(100)]
        assert body.read_rows == 1
        assert "content-length" not in answer.headers
        assert answer.headers["content-disposition"] == 'attachment; filename="made_t_area.csv"'
        body.gate.release(9)
        assert len(list(lines)) == 900


def test_the_caller_who_leaves_stops_the_work(tmp_path):
    body = Body(gated=True, width=100_000)
    with served(long(body, count=1000), tmp_path) as (address, spool):
        with gated_stream(body, address) as answer:
            next(answer.iter_raw(1000))
        while spool._entries:
            threading.Event().wait(0.01)
        body.gate.release(1000)
        assert httpx.get(f"{address}/quick", timeout=WAIT).status_code == 200
    assert body.read_rows < 1000


def test_the_caller_who_leaves_before_the_first_byte_stops_the_work_too(tmp_path):
    body = Body(gated=True)
    with served(long(body), tmp_path) as (address, spool):
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{address}/made?form=csv", timeout=0.5)
        while spool._entries:
            threading.Event().wait(0.01)
        body.gate.release(10)
    assert body.read_rows <= 2


def test_plots_never_wait_for_files_that_are_being_written(tmp_path):
    body = Body(gated=True)
    plans = {AreaRequest: lambda *_: long(body), PointsRequest: lambda *_: long(Body(), count=3)}
    with served(None, tmp_path, plans=plans) as (address, _), gated_stream(body, address) as answer:
        lines = answer.iter_lines()
        next(lines)
        # The one thread for files waits for the gate: what a plot reads is read meanwhile.
        plotted = httpx.get(f"{address}/plotted", timeout=WAIT)
        assert (plotted.status_code, plotted.json()) == (200, 3 * 100 * 8)
        assert body.read_rows == 1
        body.gate.release(9)
        assert len(list(lines)) == 1000


def test_a_failure_before_the_first_byte_is_a_problem(tmp_path):
    with served(long(Body(failing=0)), tmp_path) as (address, _):
        for form in FORMATS:
            answer = httpx.get(f"{address}/made", params={"form": form}, timeout=WAIT)
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("form", ["csv", "stream"])
def test_a_failure_on_the_way_breaks_the_answer_off(tmp_path, form):
    body = Body(failing=7, gated=True)
    with served(long(body), tmp_path) as (address, _), gated_stream(body, address, form) as answer:
        assert answer.status_code == 200
        body.gate.release(9)
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()


def test_a_file_is_sent_when_it_is_whole_with_its_length(tmp_path):
    with served(long(Body()), tmp_path) as (address, _):
        answer = httpx.get(f"{address}/made?form=netcdf", timeout=WAIT)
        assert int(answer.headers["content-length"]) == len(answer.content)
        failed = long(Body(failing=7))
    with served(failed, tmp_path) as (address, _):
        assert httpx.get(f"{address}/made?form=netcdf", timeout=WAIT).status_code == 503


def test_a_small_request_does_not_wait_for_large_ones(tmp_path):
    body = Body(gated=True)
    with served(long(body), tmp_path) as (address, _), gated_stream(body, address):
        rest = [
            threading.Thread(target=lost, args=(f"{address}/made?form=csv&number={number}",)) for number in range(1, 5)
        ]
        for number in rest:
            number.start()
        assert httpx.get(f"{address}/quick", timeout=WAIT).text == "quick"
        body.gate.release(1000)
        for number in rest:
            number.join(WAIT)


def lost(address):
    httpx.get(address, timeout=WAIT)


def test_equal_requests_at_once_are_read_once(tmp_path):
    body = Body(gated=True)
    with served(long(body), tmp_path) as (address, spool):
        answers = []
        asking = [
            threading.Thread(target=lambda: answers.append(httpx.get(f"{address}/made?form=csv", timeout=WAIT).content))
            for _ in range(5)
        ]
        with gated_stream(body, address) as first:
            lines = first.iter_lines()
            next(lines)
            for entry in asking:
                entry.start()
            while [len(entry.followers) for entry in spool._entries.values()] != [6]:
                threading.Event().wait(0.01)
            body.gate.release(1000)
            for entry in asking:
                entry.join(WAIT)
            list(lines)
        assert len(set(answers)) == 1
        assert body.read_rows == 10


def test_another_format_of_a_request_is_another_answer(tmp_path):
    body = Body(gated=True)
    with served(long(body), tmp_path) as (address, spool), gated_stream(body, address) as first:
        lines, answers = first.iter_lines(), []
        next(lines)
        other = threading.Thread(target=lambda: answers.append(httpx.get(f"{address}/made?form=stream", timeout=WAIT)))
        other.start()
        while sum(len(entry.followers) for entry in list(spool._entries.values())) != 2:
            threading.Event().wait(0.01)
        body.gate.release(1000)
        other.join(WAIT)
    assert answers[0].text.startswith("{")


def test_small_simultaneous_requests_are_read_once(tmp_path):
    body = Body(gated=True)
    with served(extraction(body, 10, bytes_read=8000), tmp_path) as (address, _):
        answers = []
        asking = [
            threading.Thread(target=lambda: answers.append(httpx.get(f"{address}/made?form=csv", timeout=WAIT)))
            for _ in range(3)
        ]
        for item in asking:
            item.start()
        assert body.begun.wait(WAIT)
        # Each is in the service when its work has been asked for: then it can only join.
        while httpx.get(f"{address}/waiting").json() < 3:
            threading.Event().wait(0.01)
        body.gate.release(1000)
        for item in asking:
            item.join(WAIT)
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["etag"] for answer in answers} == {answers[0].headers["etag"]}
    assert body.read_rows == 10


def test_a_small_answer_whose_file_changes_while_it_is_read_is_not_marked_as_of_a_revision(tmp_path):
    class Changing(FixedCatalogue):
        def as_indexed(self, variable, steps):
            return body.read_rows == 0

    body = Body()
    reported = {"reading": Reading(source=Changing(), grids=None)}
    with served(extraction(body, 10, bytes_read=8000), tmp_path, **reported) as (address, _):
        answers = [httpx.get(f"{address}/made?form=json", timeout=WAIT) for _ in range(2)]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-cache"}
    assert [answer.json()["revision"] for answer in answers] == ["", ""]
    assert body.read_rows == 20


def test_only_the_head_of_a_long_answer_is_not_worth_reading(tmp_path):
    body = Body()
    with served(long(body), tmp_path) as (address, _):
        answer = httpx.head(f"{address}/made?form=csv", timeout=WAIT)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert body.read_rows == 0


def test_short_answers_are_whole_with_a_tag_and_ranges(tmp_path):
    with served(extraction(Body(), 10, bytes_read=8000), tmp_path) as (address, _):
        answer = httpx.get(f"{address}/made?form=csv")
        again = httpx.get(f"{address}/made?form=csv", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        part = httpx.get(f"{address}/made?form=csv", headers={"range": "bytes=4-9"})
        assert (part.status_code, part.content) == (206, answer.content[4:10])


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("*/*", "application/json"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv", "text/csv"),
        ("application/x-netcdf, text/csv;q=0.5", "application/x-netcdf"),
    ],
)
def test_accept_chooses_the_format(tmp_path, accept, found):
    with served(extraction(Body(), 10, bytes_read=8000), tmp_path) as (address, _):
        answer = httpx.get(f"{address}/made", headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == found
    assert answer.headers["vary"] == "accept"


@pytest.mark.parametrize("asked", [{"params": {"form": "pdf"}}, {"headers": {"accept": "image/png"}}])
def test_an_unknown_format_is_refused_with_the_list_of_formats(tmp_path, asked):
    with served(extraction(Body(), 10, bytes_read=8000), tmp_path) as (address, _):
        answer = httpx.get(f"{address}/made", **asked)
    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:ocean:UnsupportedFormat"
    assert answer.json()["errors"][0]["allowed"] == list(FORMATS)


def test_documents_that_are_read_whole_have_a_smaller_limit(tmp_path):
    with served(extraction(Body(), 10, bytes_read=8000), tmp_path, max_document=999) as (address, _):
        refused = httpx.get(f"{address}/made?form=json")
        assert refused.status_code == 413
        assert "1000 values, and the limit is 999" in refused.json()["detail"]
        assert "in another format: csv, netcdf, stream" in refused.json()["detail"]
        assert httpx.get(f"{address}/made?form=csv").status_code == 200


@pytest.mark.parametrize("form", ["csv", "stream"])
@pytest.mark.ci
def test_memory_does_not_grow_with_the_request(tmp_path, form):
    peaks = []
    for count in (10, 130):  # rows of 40 kB
        with served(long(Body(width=5_000), count), tmp_path) as (address, _):
            tracemalloc.start()
            with httpx.stream("GET", f"{address}/made", params={"form": form}, timeout=60) as answer:
                size = sum(len(piece) for piece in answer.iter_raw())
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert size > count * 20_000
    assert peaks[1] < peaks[0] + 4 * MIB


@pytest.mark.timeout(600)
@pytest.mark.full
@pytest.mark.parametrize("form", ["netcdf3", "netcdf"])
def test_two_gigabytes_take_less_than_300_more_of_memory(tmp_path, form):
    process, body = psutil.Process(), Body(width=500_000)  # rows of 4 MB
    before = most = process.memory_info().rss
    with (
        served(long(body, 500), tmp_path, size=4096 * MIB) as (address, _),
        httpx.stream("GET", f"{address}/made", params={"form": form}, timeout=300) as answer,
    ):
        size = 0
        for piece in answer.iter_raw():
            size += len(piece)
            most = max(most, process.memory_info().rss)
    assert size > 1_700_000_000
    assert most - before < 300 * MIB


def test_neighbours_get_any_extraction_as_one_message(shipped, source, app_over):
    query = PointsRequest(dataset="arctic_day", variables=["votemper"], points=[(74.5, 20.0)], depth="all", time="-1")
    with TestClient(app_over(shipped.values())) as client:

        def hand_over(request):
            answer = client.request(request.method, request.url.path, content=request.content)
            return httpx.Response(answer.status_code, content=answer.content, headers=dict(answer.headers))

        async def scene():
            data = DataClient("http://data", httpx.MockTransport(hand_over))
            try:
                return await data.extract(query)
            finally:
                await data.aclose()

        result = asyncio.run(scene())
        path = "/api/v2.0/data/arctic_day/votemper/profile"
        document = client.get(path, params={"latitude": 74.5, "longitude": 20, "time": "-1"}).json()
    (field,) = [item for item in result.fields if item.variable.key == "votemper"]
    assert isinstance(field.values, Array)
    values = np.frombuffer(field.values.data, field.values.dtype)
    expected = [np.nan if item is None else item for item in document["values"][0]]
    np.testing.assert_allclose(values, expected, rtol=1e-6)
    assert result.revision == document["revision"]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(result), type=type(result)) == result
