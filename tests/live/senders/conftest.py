"""Results to send, and a clock whose times can be told by heart."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from emocam.io.camera import Gap
from emocam.live.senders.messages import Event, Mark, SessionClock
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.types import Face, Reading
from tests.waiting import WAIT_S

SHARES = (0.05, 0.05, 0.05, 0.7, 0.05, 0.05, 0.05)


def reading(face: int = 0, size: int = 40) -> Reading:
    box = Face((10, 20, 10 + size, 20 + size), 0.9, face)
    return Reading(box, "happy", 0.7, 2, SHARES, EMOTIONS)


def frame(number: int, *readings: Reading) -> FrameReadings:
    return FrameReadings(readings, number, 2.0 + number / 30, "0")


MARK = Mark("stimulus", 2.5, "0")
GAP = Gap(3.0, 4.5, "unplugged", 12, "0")
EVENTS: tuple[Event, ...] = (frame(0), frame(1, reading(3), reading(5, 60)), MARK, GAP)


@pytest.fixture
def clock() -> SessionClock:
    return SessionClock.at(2.0)


def until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end_s, "it did not come to pass"
        time.sleep(0.01)
