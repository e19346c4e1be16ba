"""Lab Streaming Layer, to inlets on this computer."""

from __future__ import annotations

import time

import numpy as np
import pytest

from emocam.recognition.labels import EMOTIONS
from tests.live.senders.conftest import EVENTS, MARK, SHARES, frame, reading, until

pylsl = pytest.importorskip("pylsl", exc_type=ImportError)

from emocam.live.senders.lsl import LslSender  # noqa: E402
from tests.waiting import WAIT_S  # noqa: E402

SOURCE = f"test {time.time_ns()}"  # others may test on this computer too


def inlet(name: str):
    found = pylsl.resolve_bypred(f"name='{name}' and contains(source_id, '{SOURCE}')", 1, WAIT_S)
    assert found, f"no stream {name}"
    opened = pylsl.StreamInlet(found[0])
    opened.open_stream(WAIT_S)
    return opened


def test_streams_have_channels_units_and_capture_times(clock):
    with LslSender("lsl", clock, EMOTIONS, SOURCE) as sender:
        largest, marks = inlet("emocam largest face"), inlet("emocam marks")
        info = largest.info(WAIT_S)
        assert info.type() == "Expression"
        assert info.get_channel_labels() == [*EMOTIONS, "certainty", "face"]
        assert set(info.get_channel_units()) == {"probability", "number"}
        assert info.nominal_srate() == pylsl.IRREGULAR_RATE
        for event in EVENTS:
            sender.put(event)
        empty, _ = largest.pull_sample(WAIT_S)
        assert np.isnan(empty).all()
        values, taken_s = largest.pull_sample(WAIT_S)
        assert values == pytest.approx([*SHARES, 0.7, 5])
        wanted_s = clock.monotonic_s(EVENTS[1].time_s) - time.monotonic() + pylsl.local_clock()
        assert taken_s == pytest.approx(wanted_s, abs=0.01)
        name, marked_s = marks.pull_sample(WAIT_S)
        assert name == ["stimulus"]
        assert marked_s - taken_s == pytest.approx(MARK.time_s - EVENTS[1].time_s, abs=1e-4)
        until(lambda: sender.sent == len(EVENTS))


def test_each_face_has_a_stream_and_there_are_not_too_many(clock):
    with LslSender("lsl", clock, EMOTIONS, SOURCE) as sender:
        for number in range(20):
            sender.put(frame(number, reading(number)))
        until(lambda: sender.sent == 20)
        assert len(sender._streams) == 17  # of 16 faces, and of the largest
        opened = inlet("emocam face 19")
        sender.put(frame(20, reading(19)))
        values, _ = opened.pull_sample(WAIT_S)
        assert values[-1] == 19
