"""What listens does so at home only, for those who know its token, and within limits."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from emocam.live.local_server import _MOST_CLIENTS, LocalServer


def wait_for_client(connection: object) -> None:
    for _ in connection:  # type: ignore[attr-defined]
        pass


@pytest.fixture
def server() -> Iterator[LocalServer]:
    server = LocalServer()
    server.add_page(b"<p>page</p>", "default-src 'none'")
    server.add_stream("stream", wait_for_client)
    with server:
        yield server


def raw(server: LocalServer, request: bytes) -> bytes:
    """What comes back for some bytes, until the server closes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    return answer


def get(server: LocalServer, path: str, *headers: str) -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return raw(server, "\r\n".join(lines).encode("latin-1"))


def test_it_listens_on_the_loopback_interface_alone(server: LocalServer) -> None:
    assert server._server.socket.getsockname()[0] == "127.0.0.1"
    assert server._server.socket.family == socket.AF_INET


def test_no_answer_lets_another_site_read_it(server: LocalServer) -> None:
    place = urlsplit(server.url).path
    for path in (place, "/", place + "stream", place + "other"):
        for origin in ("http://127.0.0.1", "http://evil.example", "null"):
            answer = get(server, path, f"Origin: {origin}")
            assert b"access-control" not in answer.lower()
            assert answer.startswith(b"HTTP/1.1 403") == (
                origin != "http://127.0.0.1" or path == "/"
            )


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        b"GET /\xff\xfe/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(300) + b"\r\n\r\n",
    ],
    ids=["POST", "two hosts", "bytes in the path", "a long header", "a long path", "TLS"],
)
def test_odd_requests_get_nothing_and_harm_nobody(
    server: LocalServer, request_bytes: bytes
) -> None:
    try:
        answer = raw(server, request_bytes)
    except ConnectionError:  # closed while we were still sending
        answer = b""
    assert b"page" not in answer.partition(b"\r\n\r\n")[2].replace(b"This page", b"")
    assert get(server, urlsplit(server.url).path).startswith(b"HTTP/1.1 200")


def test_so_many_may_listen_and_no_more(server: LocalServer) -> None:
    with ExitStack() as stack:
        for _ in range(_MOST_CLIENTS):
            stack.enter_context(connect(server.stream_url("stream")))
        with pytest.raises(InvalidStatus) as refused:
            connect(server.stream_url("stream"))
        assert refused.value.response.status_code == 503


def test_a_client_that_sends_too_much_is_closed(server: LocalServer) -> None:
    with connect(server.stream_url("stream")) as client:
        client.send("x" * 5000)
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)
