"""Readings of a clip go out when their frames would be shown."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path

import pytest

from emocam.live.senders import clip_pace
from emocam.live.senders.addresses import parse_receivers
from emocam.live.senders.clip_pace import ClipSenders
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from tests.live.senders.conftest import reading
from tests.waiting import WAIT_S

CLIP = Path("talk.mp4")


def at(time_s: float) -> FrameReadings:
    return FrameReadings((reading(),), round(time_s * 10), time_s, str(CLIP))


@pytest.fixture
def receiver():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(WAIT_S)
        yield listening


def senders(receiver: socket.socket, told: list[str], stop: threading.Event) -> ClipSenders:
    address = f"udp://127.0.0.1:{receiver.getsockname()[1]}"
    return ClipSenders(parse_receivers([address]), EMOTIONS, CLIP, 60.0, stop, told.append)


def test_none_goes_out_before_its_moment(receiver, monkeypatch):
    monkeypatch.setattr(clip_pace, "HEADSTART_S", 0.3)
    told: list[str] = []
    with senders(receiver, told, threading.Event()) as playing:
        began_s = time.monotonic()
        for time_s in (60.0, 60.1, 60.4):
            playing.send(at(time_s))
            message = json.loads(receiver.recv(65536))
            assert message["time_s"] == time_s
            assert message["source"] == "talk.mp4"
            assert message["monotonic_s"] <= time.monotonic()
            # The headstart began a little before.
            assert time.monotonic() - began_s > time_s - 60.0 + 0.2
    assert told[0].endswith("3 messages sent")


def test_what_comes_too_late_is_sent_and_told(receiver, monkeypatch):
    monkeypatch.setattr(clip_pace, "HEADSTART_S", -100.0)
    told: list[str] = []
    with senders(receiver, told, threading.Event()) as playing:
        playing.send(at(61.0))
        assert json.loads(receiver.recv(65536))["frame"] == 610
    assert "late: this computer reads the clip more slowly than it plays" in told[-1]


def test_a_stop_ends_the_wait_and_sends_nothing_more(receiver):
    stop, told = threading.Event(), []
    with senders(receiver, told, stop) as playing:
        waiting = threading.Thread(target=playing.send, args=(at(3600.0),))
        waiting.start()
        stop.set()
        waiting.join(WAIT_S)
        assert not waiting.is_alive()
    assert told == [told[0]]
    assert told[0].endswith("0 messages sent")
