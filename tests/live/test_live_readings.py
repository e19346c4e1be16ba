"""read_live, on a network camera on loopback and on a file at its own pace."""

from __future__ import annotations

import itertools
import threading
import time
from contextlib import closing

import pytest

import emocam
from emocam.errors import SourceError, UsageError
from tests.conftest import SAMPLES
from tests.loopback_camera import LoopbackCamera, read_stamp, sample_pictures


@pytest.fixture(scope="module")
def recognizer() -> emocam.EmotionRecognizer:
    return emocam.EmotionRecognizer.load("pixels")


def test_the_newest_frame_wins_however_slow_the_loop_is(recognizer):
    threads = threading.active_count()
    with LoopbackCamera(sample_pictures(most=40), (400, 300), fps=30) as camera:
        live = emocam.read_live(camera.url, recognizer)
        with closing(live):
            numbers = []
            for frame, readings in live:
                assert (readings.index, readings.time_s) == (frame.index, frame.time_s)
                numbers.append((frame.index, read_stamp(frame.image_bgr).number))
                if len(numbers) == 4:
                    break
                sent = camera.sent
                while camera.sent < sent + 15:
                    time.sleep(0.01)
    steps = [after[1] - before[1] for before, after in itertools.pairwise(numbers)]
    assert min(steps) >= 10  # none of those that came meanwhile
    assert threading.active_count() == threads


def test_a_file_ends_by_itself_or_in_time(recognizer):
    live = emocam.read_live(SAMPLES / "webcam.mp4", recognizer, realtime=True, duration_s=0.5)
    times = [frame.time_s for frame, _ in live]
    assert times
    assert max(times) < 0.6


def test_what_is_no_source_is_told(recognizer):
    with pytest.raises(UsageError, match=r"is no camera: .* realtime=True"):
        next(emocam.read_live("clip.mp4", recognizer))
    with pytest.raises(SourceError, match="can't open stream"):
        next(emocam.read_live("http://127.0.0.1:9/camera.mjpg", recognizer))
