from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from emocam.errors import SetupError
from emocam.live import local_server
from emocam.live.browser import BrowserView, readings_json
from emocam.live.local_server import LocalServer
from emocam.recognition.labels import EMOTIONS, color_rgb
from emocam.types import Face, ImageU8, Reading
from tests.waiting import WAIT_S

READING = Reading(
    Face((10, 10, 60, 60), 0.9, 3), "happy", 0.7, 2, (0.05, 0.05, 0.05, 0.7, 0.05, 0.05, 0.05),
    EMOTIONS,
)  # fmt: skip


NOISE = np.random.default_rng(0).integers(0, 256, (720, 1280, 3)).astype(np.uint8)


def frame(value: int, height: int = 48, width: int = 64) -> ImageU8:
    return np.full((height, width, 3), value, np.uint8)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "_OPEN_S", WAIT_S)
    monkeypatch.setattr(local_server, "_END_S", WAIT_S)


@pytest.fixture
def view() -> Iterator[BrowserView]:
    with BrowserView() as view:
        yield view


def get(view: BrowserView, path: str | None = None, **headers: str) -> tuple[int, str, str]:
    parts = urlsplit(view.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=WAIT_S)
    connection.request("GET", parts.path if path is None else path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.headers.get("Content-Security-Policy", ""), body


def join(view: BrowserView, **options: object) -> ClientConnection:
    return connect(view.url.replace("http", "ws", 1) + "stream", **options)  # type: ignore[arg-type]


def next_picture(client: ClientConnection) -> tuple[dict[str, object], ImageU8]:
    client.send("next")
    text, coded = client.recv(timeout=WAIT_S), client.recv(timeout=WAIT_S)
    assert isinstance(text, str)
    assert isinstance(coded, bytes)
    return json.loads(text), cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)


def test_the_page_is_whole_and_may_fetch_nothing_else(view: BrowserView) -> None:
    status, policy, body = get(view)
    assert status == 200
    assert "<canvas" in body
    assert "http://" not in body
    assert "https://" not in body
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/", "/wrong/", "/wrong/stream", "//", "/%20/"])
def test_without_the_token_there_is_nothing(view: BrowserView, path: str) -> None:
    assert get(view, path)[0] == 403


def test_there_is_no_other_page(view: BrowserView) -> None:
    assert get(view, urlsplit(view.url).path + "passwords")[0] == 404


def test_the_token_is_new_each_time(view: BrowserView) -> None:
    with BrowserView() as other:
        assert urlsplit(other.url).path != urlsplit(view.url).path


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:9000", 200),  # an SSH tunnel that begins at another port
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example", 403),  # a name rebound to 127.0.0.1
        ("127.0.0.1.evil.example:80", 403),
        ("", 403),
    ],
)
def test_only_names_of_this_computer_are_answered(
    view: BrowserView, host: str, status: int
) -> None:
    assert get(view, Host=host)[0] == status


def test_pages_of_other_sites_get_no_pictures(view: BrowserView) -> None:
    with pytest.raises(InvalidStatus):
        join(view, origin="http://evil.example")
    with join(view, origin=view.url.rsplit("/", 2)[0]):
        pass


def test_a_page_gets_the_picture_and_its_readings(view: BrowserView) -> None:
    with join(view) as client:
        view.show(frame(200), readings_json([READING], notice="camera lost"))
        state, picture = next_picture(client)
    assert picture.shape == (48, 64, 3)
    assert abs(int(picture.mean()) - 200) <= 2
    assert state["notice"] == "camera lost"
    (face,) = state["faces"]  # type: ignore[misc]
    assert (face["id"], face["emotion"], face["certainty"]) == (3, "happy", 0.7)
    assert [bar["label"] for bar in face["bars"]] == list(EMOTIONS)
    color = "#" + bytes(color_rgb("happy")).hex()
    assert face["bars"][3] == {"label": "happy", "probability": 0.7, "color": color}


def test_large_pictures_are_shrunk(view: BrowserView) -> None:
    with join(view) as client:
        view.show(frame(90, 2160, 3840), readings_json([]))
        assert next_picture(client)[1].shape == (720, 1280, 3)


def test_each_picture_is_the_newest_and_none_comes_twice(view: BrowserView) -> None:
    with join(view) as client:
        for value in (10, 60, 110):
            view.show(frame(value), readings_json([]))
        assert abs(int(next_picture(client)[1].mean()) - 110) <= 2
        client.send("next")
        with pytest.raises(TimeoutError):
            client.recv(timeout=0.3)
        view.show(frame(200), readings_json([]))
        client.recv(timeout=WAIT_S)
        client.recv(timeout=WAIT_S)


def test_a_page_that_reads_nothing_holds_up_neither_the_loop_nor_other_pages(
    view: BrowserView,
) -> None:
    with raw_page(view) as stalled, join(view) as eager:
        for _ in range(12):
            view.show(NOISE, readings_json([]))
            stalled.sendall(masked(b"next"))
            time.sleep(0.02)
        assert next_picture(eager)[1].shape == (720, 1280, 3)


def wait_for_clients(view: BrowserView, count: int) -> None:
    until = time.monotonic() + WAIT_S
    while view.clients != count:
        assert time.monotonic() < until, view.clients
        time.sleep(0.01)


def test_pages_are_counted(view: BrowserView) -> None:
    wait_for_clients(view, 0)
    with join(view), join(view):
        wait_for_clients(view, 2)
    wait_for_clients(view, 0)


def test_the_end_is_told_to_pages_and_leaves_no_thread() -> None:
    before = set(threading.enumerate())
    with ExitStack() as pages:
        with BrowserView() as view:
            asking, silent = (pages.enter_context(join(view)) for _ in range(2))
            asking.send("next")
        for page in (asking, silent):
            with pytest.raises(ConnectionClosed) as caught:
                page.recv(timeout=WAIT_S)
            assert caught.value.rcvd is not None
            assert caught.value.rcvd.code == 1001
    assert_no_thread_but(before)


def test_it_ends_although_a_page_has_stopped_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "_END_S", 1.0)
    before = set(threading.enumerate())
    with BrowserView() as view, raw_page(view) as page:
        for _ in range(12):
            view.show(NOISE, readings_json([]))
            page.sendall(masked(b"next"))
            time.sleep(0.02)
        wait_for_clients(view, 1)
        began = time.monotonic()
    assert time.monotonic() - began < WAIT_S  # it would be for ever
    assert_no_thread_but(before)


def assert_no_thread_but(expected: set[threading.Thread]) -> None:
    until = time.monotonic() + WAIT_S
    while set(threading.enumerate()) - expected and time.monotonic() < until:
        time.sleep(0.01)
    assert set(threading.enumerate()) - expected == set()


def raw_page(view: BrowserView) -> socket.socket:
    """A page that has joined and then reads nothing."""
    parts = urlsplit(view.url)
    page = socket.socket()
    page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # so that it is full at once
    page.connect((parts.hostname, parts.port))
    key = base64.b64encode(bytes(16)).decode()
    page.sendall(
        f"GET {parts.path}stream HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
        .encode()
    )  # fmt: skip
    assert page.recv(12, socket.MSG_WAITALL) == b"HTTP/1.1 101"
    return page


def masked(text: bytes) -> bytes:
    """A WebSocket text frame whose mask is zero."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


def test_a_taken_port_is_said_plainly(view: BrowserView) -> None:
    port = urlsplit(view.url).port
    assert port is not None
    with pytest.raises(SetupError, match=f"port {port}"), BrowserView(LocalServer(port)):
        pass
