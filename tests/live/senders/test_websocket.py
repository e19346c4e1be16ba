"""WebSocket from the page's own server, to clients of this computer."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from emocam.live.browser import BrowserView
from emocam.live.local_server import LocalServer
from emocam.live.senders.messages import message
from emocam.live.senders.sender import MOST_WAITING
from emocam.live.senders.websocket import STREAM, WebSocketSender
from tests.live.senders.conftest import EVENTS, frame, reading, until
from tests.waiting import WAIT_S


def joined(server: LocalServer, count: int = 1) -> bool:
    return server.clients(STREAM) == count


def test_who_listens_gets_each_message(clock):
    server = LocalServer()
    with (
        WebSocketSender("ws", clock, server) as sender,
        connect(server.stream_url(STREAM)) as client,
    ):
        until(lambda: joined(server))
        for event in EVENTS:
            sender.put(event)
        got = [json.loads(client.recv(timeout=WAIT_S)) for _ in EVENTS]
    assert got == [message(event, clock) for event in EVENTS]
    assert sender.take_news() == [f"readings are at {server.stream_url(STREAM)}"]
    assert sender.summary == "ws: 4 messages sent to 1 listeners"


def test_a_listener_that_stalls_gets_all_in_the_end_and_holds_up_no_other(clock):
    server, many = LocalServer(), 10 * MOST_WAITING
    with WebSocketSender("ws", clock, server) as sender:
        url = server.stream_url(STREAM)
        with connect(url) as quick, connect(url, max_queue=1) as slow:
            until(lambda: joined(server, 2))
            for number in range(many):
                sender.put(frame(number, reading()))
                assert json.loads(quick.recv(timeout=WAIT_S))["frame"] == number
            got = [json.loads(slow.recv(timeout=WAIT_S))["frame"]]
            while got[-1] < many - 1:
                got.append(json.loads(slow.recv(timeout=WAIT_S))["frame"])
            assert got == sorted(got)
            assert got[-MOST_WAITING:] == list(range(many - MOST_WAITING, many))
            lost = many - len(got)
    said = f", {lost} could not be sent" if lost else ""
    assert sender.summary == f"ws: {2 * many - lost} messages sent to 2 listeners{said}"


def test_nobody_gets_in_without_the_token_or_from_another_site(clock):
    server = LocalServer()
    with WebSocketSender("ws", clock, server):
        url = server.stream_url(STREAM)
        wrong = url.replace(url.split("/")[3], "wrong")
        for address, origin in ((wrong, None), (url, "https://evil.example")):
            with pytest.raises(InvalidStatus) as refused, connect(address, origin=origin):
                pass
            assert refused.value.response.status_code == 403


def test_the_page_and_the_readings_share_one_server(clock):
    server = LocalServer()
    with BrowserView(server) as view, WebSocketSender("ws", clock, server) as sender:
        assert server.stream_url(STREAM).split("/")[2:4] == view.url.split("/")[2:4]
        with connect(server.stream_url(STREAM)) as client:
            until(lambda: joined(server))
            assert view.clients == 0
            sender.put(EVENTS[0])
            assert json.loads(client.recv(timeout=WAIT_S))["type"] == "frame"
