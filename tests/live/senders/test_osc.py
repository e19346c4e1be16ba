"""OSC bundles, to a server of python-osc."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from emocam.readings import FrameReadings
from emocam.types import Face, Reading
from tests.live.senders.conftest import EVENTS, MARK, until

pytest.importorskip("pythonosc")

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_bundle import OscBundle
from pythonosc.osc_server import ThreadingOSCUDPServer

from emocam.live.senders.osc import OscSender


@contextmanager
def server() -> Iterator[tuple[int, list[tuple[object, ...]]]]:
    got: list[tuple[object, ...]] = []
    dispatcher = Dispatcher()
    dispatcher.set_default_handler(lambda *arguments: got.append(arguments))
    with ThreadingOSCUDPServer(("127.0.0.1", 0), dispatcher) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield serving.server_address[1], got
        serving.shutdown()
        thread.join()


def test_a_server_hears_each_face_and_the_largest(clock):
    with server() as (port, got), OscSender("osc", clock, "127.0.0.1", port) as sender:
        sender.put(EVENTS[1])
        until(lambda: len(got) == 1 + 3 * 10)
    heard = {str(address): arguments for address, *arguments in got}
    assert heard["/emocam/frame"] == [1, pytest.approx(2.0333, abs=1e-3), 2]
    assert heard["/emocam/face/3/emotion"] == ["happy"]
    assert heard["/emocam/face/3/box"] == [10, 20, 50, 60]
    assert heard["/emocam/face/5/certainty"] == [pytest.approx(0.7)]
    assert heard["/emocam/face/3/happy"] == [pytest.approx(0.7)]
    assert heard["/emocam/largest/box"] == [10, 20, 70, 80]


def test_marks_and_gaps_are_heard(clock):
    with server() as (port, got), OscSender("osc", clock, "127.0.0.1", port) as sender:
        for event in EVENTS[2:]:
            sender.put(event)
        until(lambda: len(got) == 2)
    heard = {str(address): arguments for address, *arguments in got}
    assert heard["/emocam/mark"] == ["stimulus", 2.5]
    assert heard["/emocam/gap"] == ["unplugged", 3.0, 1.5]


def test_the_time_tag_is_when_the_frame_was_taken(clock):
    bundle = OscBundle(OscSender("osc", clock, "127.0.0.1", 9).encode(MARK))
    assert bundle.timestamp == pytest.approx(clock.unix_s(2.5), abs=1e-3)
    assert bundle.timestamp == pytest.approx(time.time() + 0.5, abs=5.0)


def test_labels_of_a_users_own_become_addresses(clock):
    one = Reading(Face((0, 0, 9, 9)), "a b", 0.6, 0, (0.6, 0.4), ("a b", "très/#1"))
    bundle = OscBundle(OscSender("osc", clock, "127.0.0.1", 9).encode(FrameReadings((one,))))
    addresses = {message.address for message in bundle}
    assert {"/emocam/face/0/a_b", "/emocam/face/0/tr_s__1"} <= addresses
