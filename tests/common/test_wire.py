"""The connections between neighbours, against servers that behave and servers that do not."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.looping import loop_over

from ocean_common.clients.http import Neighbour, Transport

pytestmark = pytest.mark.anyio
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nx-name: caf\xe9\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Server:
    """Gives each connection the next of its answers; None closes it."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.seen = []
        self.connections = 0
        self.asked = asyncio.Semaphore(0)  # released with every request
        self.hold = asyncio.Event()
        self.hold.set()
        self.writers = []

    async def serve(self, reader, writer):
        self.connections += 1
        self.writers.append(writer)
        while self.answers:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            self.seen.append(head)
            self.asked.release()
            await self.hold.wait()
            if (answer := self.answers.pop(0)) is None:
                break
            writer.write(answer)
        writer.close()


@asynccontextmanager
async def asking(server, limit=8, path=None):
    if path:
        listening, base = await asyncio.start_unix_server(server.serve, path), "http://local"
    else:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        base = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    async with httpx.AsyncClient(base_url=base, transport=Transport(limit, path), timeout=5.0) as client:
        yield client
    server.hold.set()
    for writer in server.writers:
        writer.close()
    listening.close()
    await listening.wait_closed()


async def test_answers_are_read_whole_and_connections_are_used_again():
    server = Server(OK, CHUNKED, OK)
    async with asking(server) as client:
        for _ in range(3):
            answer = await client.get("/a b", params={"q": "é&="})
            assert (answer.status_code, answer.text) == (200, "hello")
    assert server.connections == 1
    assert server.seen[0].startswith(b"GET /a%20b?q=%C3%A9%26%3D HTTP/1.1\r\n")
    assert b"\r\nhost: 127.0.0.1:" in server.seen[0].lower()


async def test_an_answer_may_come_in_pieces_of_any_size():
    class Slow(Server):
        async def serve(self, reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            for byte in CHUNKED:
                writer.write(bytes([byte]))
                await writer.drain()
            writer.close()

    async with asking(Slow()) as client:
        assert (await client.get("/")).text == "hello"


async def test_a_unix_socket_does_as_well(tmp_path):
    async with asking(Server(OK), path=str(tmp_path / "s")) as client:
        assert (await client.get("/")).text == "hello"


async def test_a_connection_that_the_server_closed_is_not_used_again():
    server = Server(OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"), OK)
    async with asking(server) as client:
        assert (await client.get("/")).text == "hello"
        assert (await client.get("/")).text == "hello"
    assert server.connections == 2


async def test_an_idle_connection_that_is_closed_is_replaced():
    server = Server(*[b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n\x05"] * 3)
    async with asking(server) as client:
        data = Neighbour("data", str(client.base_url))
        assert await data.get("/", int) == 5
        server.writers[0].close()
        assert await data.get("/", int) == 5
        await data.aclose()
    assert server.connections == 2


@loop_over(
    ("answer", "error"),
    [
        (None, httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", httpx.ReadError),
        (b"what?\r\n\r\n", httpx.RemoteProtocolError),
    ],
)
async def test_a_broken_response_raises_the_error_of_httpx(answer, error):
    server = Server(answer)
    async with asking(server) as client:
        with pytest.raises(error):
            await client.get("/")
        server.answers[:] = [OK]
        assert (await client.get("/")).text == "hello"


async def test_a_refused_connection_raises_the_error_of_httpx():
    async with httpx.AsyncClient(transport=Transport(1)) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://127.0.0.1:9/")  # the discard port: nothing listens
        with pytest.raises(httpx.ConnectError):
            await client.get("http://nowhere.invalid/")


async def test_a_cancelled_request_leaves_no_response_for_the_next():
    server = Server(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate", OK, OK)
    server.hold.clear()
    async with asking(server) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/", timeout=0.05)
        given_up = asyncio.create_task(client.get("/"))
        for _ in range(2):
            await server.asked.acquire()
        given_up.cancel()
        server.answers.insert(0, server.answers[0])
        server.hold.set()
        assert (await client.get("/")).text == "hello"


async def test_no_more_connections_are_made_than_allowed():
    server = Server(*[OK] * 20)
    server.hold.clear()
    async with asking(server, limit=3) as client:
        requests = [asyncio.create_task(client.get("/")) for _ in range(20)]
        for _ in range(3):
            await server.asked.acquire()
        with pytest.raises(httpx.PoolTimeout):
            await client.get("/", timeout=httpx.Timeout(5.0, pool=0.05))
        server.hold.set()
        assert {answer.text for answer in await asyncio.gather(*requests)} == {"hello"}
    assert server.connections == 3


async def test_a_body_is_sent_with_its_length():
    class Echo(Server):
        async def serve(self, reader, writer):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            body = await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (length, body))
            writer.close()

    body = bytes(range(256)) * 5000
    async with asking(Echo()) as client:
        assert (await client.post("/", content=body)).content == body
