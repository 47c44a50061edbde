"""Events through the gateway, whose middlewares must neither hold back a stream nor stand in the way of a WebSocket."""

import socket
from urllib.parse import urlsplit

EVENTS = "/api/v2.0/events"


def test_the_stream_of_events_begins_at_once(http):
    with http.stream("GET", EVENTS) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert next(response.iter_bytes())


def test_a_websocket_is_opened(run):
    address = urlsplit(run.web)
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        lines = [
            f"GET {EVENTS} HTTP/1.1",
            f"Host: {address.netloc}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        head = connection.recv(4096)
    assert head.startswith(b"HTTP/1.1 101")
    assert b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head  # the answer to this key, RFC 6455 §1.3
