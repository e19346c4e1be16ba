from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from emocam.readings import FrameReadings
from emocam.recognition.labels import EMOTIONS
from emocam.types import Face, Reading
from emocam.video.clip_summary import ClipSummary


def reading(emotion: str = "happy", certainty: float = 0.7, face: int = 0) -> Reading:
    rest = (1 - certainty) / 6
    odds = tuple(certainty if label == emotion else rest for label in EMOTIONS)
    return Reading(Face((40, 30, 80, 70), 0.9, face), emotion, certainty, 0, odds, EMOTIONS)


def frame(time_s: float, readings: list[Reading]) -> FrameReadings:
    return FrameReadings(tuple(readings), time_s=time_s)


def summary_of(readings_at, frames: int, fps: float = 25.0) -> ClipSummary:
    summary = ClipSummary(EMOTIONS)
    for index in range(frames):
        summary.add(frame(index / fps, readings_at(index / fps)))
    summary.finish()
    return summary


def test_shares_of_time():
    summary = summary_of(lambda t: [reading("happy" if t < 3 else "sad")], 250)
    person = summary.persons[0]
    assert person.seconds == pytest.approx(9.96)
    shares = summary.shares(person)
    assert list(shares) == ["happy", "sad"]
    assert shares["happy"] == pytest.approx(0.3, abs=0.005)
    assert sum(shares.values()) == pytest.approx(1)


def test_shares_count_time_and_not_frames():
    summary = ClipSummary(EMOTIONS)
    for time_s in (0.0, 0.1, 0.2, 0.3, 1.0):
        summary.add(frame(time_s, [reading("sad" if time_s == 1.0 else "happy")]))
    assert summary.shares(summary.persons[0])["sad"] == pytest.approx(0.7)


def test_gaps_without_a_face():
    summary = summary_of(lambda t: [] if 2 <= t < 4.5 or t > 8 or 6 < t < 6.5 else [reading()], 250)
    assert summary.gaps == [pytest.approx((1.96, 4.52), abs=0.05), pytest.approx((8, 9.96))]
    assert summary.frames_with_face == pytest.approx(125, abs=3)


def test_a_clip_without_faces_is_one_gap():
    summary = summary_of(lambda t: [], 100)
    assert summary.gaps == [pytest.approx((0.0, 3.96))]
    assert summary.persons == {}


def test_spans_tell_when_a_face_went_and_came_back():
    summary = summary_of(lambda t: [] if 2 <= t < 4.5 else [reading()], 250)
    spans = summary.persons[0].spans
    assert spans == [pytest.approx((0, 1.96)), pytest.approx((4.52, 9.96), abs=0.05)]
    assert summary.persons[0].seconds == pytest.approx(7.4, abs=0.1)


def test_timeline_of_a_long_clip_stays_small():
    summary = ClipSummary(EMOTIONS)
    for second in range(4000):
        summary.add(frame(float(second), [reading("happy" if second < 2000 else "sad")]))
    line = summary.timeline(summary.persons[0])
    times, values = line.times_s, line.probabilities
    assert 600 <= len(times) <= 1200
    assert values.shape == (len(times), 7)
    assert values.sum(axis=1) == pytest.approx(np.ones(len(times)))
    happy = values[:, EMOTIONS.index("happy")]
    assert happy[times < 1990] == pytest.approx(0.7)
    assert happy[times > 2010] == pytest.approx(0.05)
    assert set(line.label_indices[times < 1990]) == {EMOTIONS.index("happy")}
    assert set(line.label_indices[times > 2010]) == {EMOTIONS.index("sad")}


def test_the_clearest_moment_is_kept_as_a_picture():
    summary = ClipSummary(EMOTIONS)
    for time_s, certainty, level in [(0.0, 0.5, 20), (1.0, 0.9, 200), (2.0, 0.6, 90)]:
        picture = np.full((100, 120, 3), level, np.uint8)
        summary.add(frame(time_s, [reading("happy", certainty)]), picture)
    moment = summary.persons[0].moments["happy"]
    assert (moment.time_s, moment.certainty) == (1.0, 0.9)
    image = cv2.imdecode(np.frombuffer(moment.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert max(image.shape) <= 128
    assert image.mean() == pytest.approx(200, abs=3)


def test_thumbnails_can_be_blurred():
    stripes = np.zeros((100, 120, 3), np.uint8)
    stripes[:, ::2] = 255
    for blur in (False, True):
        summary = ClipSummary(EMOTIONS, blur=blur)
        summary.add(frame(0.0, [reading()]), stripes)
        jpeg = summary.persons[0].moments["happy"].jpeg
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        face = image[14:54, 14:54]
        assert (face.std() < 20) == blur


def test_looking_away_is_a_share_of_the_time_in_which_that_is_known() -> None:
    summary = ClipSummary(EMOTIONS)
    for index, yaw in enumerate((0.0, 10.0, -45.0, 31.0, None)):
        one = reading()
        turned = replace(one, face=replace(one.face, yaw=yaw))
        summary.add(frame(index * 0.5, [turned]))
    person = summary.persons[0]
    assert summary.share_away(person) == pytest.approx(2 / 3)


def test_without_any_pose_nothing_is_said_of_looking_away() -> None:
    summary = summary_of(lambda t: [reading()], 10)
    assert summary.share_away(summary.persons[0]) is None


def test_a_face_in_frames_far_apart_is_there_all_the_time_without_gaps() -> None:
    summary = ClipSummary(EMOTIONS)
    for index in range(13):
        summary.add(frame(5.0 * index, [reading()]))
    summary.finish()
    person = summary.persons[0]
    assert (person.seconds, person.spans) == (60.0, [(0.0, 60.0)])
    assert summary.gaps == []


def test_the_timeline_of_a_late_part_of_a_clip_is_as_fine_as_that_of_an_early_one() -> None:
    for begin_s in (0.0, 3000.0):
        summary = ClipSummary(EMOTIONS)
        for index in range(250):
            summary.add(frame(begin_s + index / 25, [reading()]))
        times_s = summary.timeline(summary.persons[0]).times_s
        assert len(times_s) == 100
        assert times_s[[0, -1]] == pytest.approx([begin_s + 0.05, begin_s + 9.95])
