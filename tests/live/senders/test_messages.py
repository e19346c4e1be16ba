"""The message that every protocol carries which carries text."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from emocam.io.camera import Gap
from emocam.live.senders.messages import Mark, SessionClock, json_line, message
from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from tests.live.senders.conftest import EVENTS, GAP, MARK, SHARES, frame, reading


def test_a_clock_ties_the_session_to_both_clocks_of_the_computer():
    clock = SessionClock.at(5.0)
    assert clock.unix_s(5.0) == pytest.approx(time.time(), abs=1.0)
    assert clock.monotonic_s(5.0) == pytest.approx(time.monotonic(), abs=1.0)
    assert clock.unix_s(7.5) - clock.unix_s(5.0) == pytest.approx(2.5)


def test_a_frame_has_its_time_on_three_clocks_and_each_face():
    told = message(EVENTS[1], SessionClock(1000.0, 100.0))
    assert (told["type"], told["source"], told["frame"]) == ("frame", "0", 1)
    assert (told["time_s"], told["unix_s"], told["monotonic_s"]) == (2.0333, 1002.0333, 102.0333)
    first, second = told["faces"]
    assert (first["face"], first["box"], first["emotion"]) == (3, [10, 20, 50, 60], "happy")
    assert first["probabilities"] == dict(zip(EMOTIONS, SHARES, strict=True))
    assert second["face"] == 5


def test_a_face_has_its_angles_as_far_as_they_are_known():
    face = replace(reading().face, yaw=-31.26, roll=4.0)
    told = message(frame(0, replace(reading(), face=face)), SessionClock(0.0, 0.0))["faces"][0]
    assert (told["yaw"], told["pitch"], told["roll"]) == (-31.3, None, 4.0)


def test_a_frame_without_faces_is_a_message_too():
    assert message(EVENTS[0], SessionClock(0.0, 0.0))["faces"] == []


def test_marks_and_gaps():
    clock = SessionClock(1000.0, 100.0)
    mark = message(MARK, clock)
    assert (mark["type"], mark["name"], mark["unix_s"]) == ("mark", "stimulus", 1002.5)
    gap = message(GAP, clock)
    assert (gap["type"], gap["reason"], gap["time_s"], gap["seconds"]) == (
        "gap", "unplugged", 3.0, 1.5,
    )  # fmt: skip


@pytest.mark.parametrize("event", EVENTS)
def test_each_is_one_line_of_json(event):
    line = json_line(event, SessionClock(1000.0, 100.0))
    assert "\n" not in line
    assert json.loads(line) == message(event, SessionClock(1000.0, 100.0))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("rtsp://me:p@ss@camera/stream", "rtsp://camera/stream"),
        ("rtsp://me:secret@one/a + http://you@two/b", "rtsp://one/a + http://two/b"),
        ("http://camera/a@b", "http://camera/a@b"),
        ("0", "0"),
    ],
)
def test_nobody_is_told_the_password_of_a_camera(source: str, told: str):
    clock = SessionClock(0.0, 0.0)
    events = (FrameReadings(source=source), Mark("a", 0.0, source), Gap(0.0, 1.0, "a", 1, source))
    assert [message(event, clock)["source"] for event in events] == [told] * 3
