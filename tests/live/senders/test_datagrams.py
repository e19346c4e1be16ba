"""JSON by UDP, to a plain socket."""

from __future__ import annotations

import json
import socket

import pytest

from emocam.errors import SetupError
from emocam.live.senders.datagrams import DatagramSender
from emocam.live.senders.messages import message
from tests.live.senders.conftest import EVENTS, frame, reading, until
from tests.waiting import WAIT_S


def receiver() -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    bound.settimeout(WAIT_S)
    return bound


def test_each_datagram_is_a_message(clock):
    with receiver() as bound:
        port = bound.getsockname()[1]
        with DatagramSender("udp", clock, "127.0.0.1", port) as sender:
            for event in EVENTS:
                sender.put(event)
            got = [json.loads(bound.recv(65536)) for _ in EVENTS]
    assert got == [message(event, clock) for event in EVENTS]
    assert (sender.sent, sender.unsent) == (len(EVENTS), 0)


def test_where_nobody_listens_it_is_counted_until_somebody_does(clock):
    with receiver() as bound:
        port = bound.getsockname()[1]
    with DatagramSender("udp", clock, "127.0.0.1", port) as sender:
        for number in range(4):
            sender.put(frame(number))
        until(lambda: sender.unsent == 4)
        assert sender.sent == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as late:
            late.bind(("127.0.0.1", port))
            late.settimeout(WAIT_S)
            sender.put(frame(4))
            assert json.loads(late.recv(65536))["frame"] == 4
        until(lambda: sender.sent == 1)
    first, again = sender.take_news()
    assert "gets nothing: Connection refused" in first
    assert "4 were not sent" in again


def test_more_than_a_datagram_holds_is_not_sent(clock):
    with receiver() as bound:
        port = bound.getsockname()[1]
        with DatagramSender("udp", clock, "127.0.0.1", port) as sender:
            sender.put(frame(0, *(reading(number) for number in range(1000))))
            until(lambda: sender.unsent == 1)
            sender.put(frame(1))
            assert json.loads(bound.recv(65536))["frame"] == 1


def test_a_computer_that_is_not_known_is_told_at_once(clock):
    sender = DatagramSender("udp://nowhere.invalid:9", clock, "nowhere.invalid", 9)
    with pytest.raises(SetupError, match=r"can't send to udp://nowhere\.invalid:9"):
        sender.__enter__()
